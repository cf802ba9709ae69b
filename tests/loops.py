"""The innermost loop in its two forms."""

from __future__ import annotations

import os
import shutil
import sysconfig
from pathlib import Path

from wsgi_headers import _program

# The compiled one is there where the package was built with a compiler.
LOOPS = {"in-python": _program.apply}
if _program.innermost is not _program.apply:
    LOOPS["compiled"] = _program.innermost


def can_compile() -> bool:
    """Whether this machine has a C compiler and the headers of Python, so that the package is built with both."""
    compiler = (os.environ.get("CC") or sysconfig.get_config_var("CC") or "cc").split()[0]
    header = Path(sysconfig.get_path("include"), "Python.h")
    return shutil.which(compiler) is not None and header.exists()
