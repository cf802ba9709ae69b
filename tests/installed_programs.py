"""Programs that some tests need and pip cannot install."""

from __future__ import annotations

import os
import shutil

import pytest

# Servers are in a folder that only the administrator's shells look into.
_PATH = os.pathsep.join((os.environ.get("PATH", os.defpath), "/usr/sbin"))


def program(*names: str, package: str) -> str:
    """Return the path of the first of these programs that there is.

    Where there is none the test is skipped, but in CI (where the variable CI is set) it fails.

    package   Debian's, for the message
    """
    for name in names:
        if found := shutil.which(name, path=_PATH):
            return found
    message = f"{names[0]} is not installed: apt-get install {package}"
    if os.environ.get("CI"):
        pytest.fail(message)
    pytest.skip(message)
