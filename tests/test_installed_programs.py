"""Where a program is missing that tests ask: skipped on a developer's machine, a failure in CI."""

from __future__ import annotations

import pytest
from installed_programs import program


def test_the_first_that_is_there_is_taken() -> None:
    """By its path."""
    assert program("no-such-program", "sh", package="none").endswith("/sh")


@pytest.mark.parametrize(
    ("value", "outcome"), [("", pytest.skip.Exception), ("true", pytest.fail.Exception)], ids=["local", "CI"]
)
def test_a_missing_one(monkeypatch: pytest.MonkeyPatch, value: str, outcome: type[BaseException]) -> None:
    """The message says what to install."""
    monkeypatch.setenv("CI", value)

    with pytest.raises(outcome, match="no-such-program is not installed: apt-get install some-package"):
        program("no-such-program", package="some-package")
