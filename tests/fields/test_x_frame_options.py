"""X-Frame-Options: two values, and what leaves a page open to frames."""

from __future__ import annotations

from typing import Any

import pytest

from wsgi_headers import PolicyError, XFrameOptions


@pytest.mark.parametrize(("value", "text"), [("DENY", "DENY"), ("deny", "DENY"), ("SameOrigin", "SAMEORIGIN")])
def test_text(value: str, text: str) -> None:
    """Either value in any case, as browsers read it; sent in upper case."""
    assert XFrameOptions(value).serialize() == text
    assert XFrameOptions(value) == XFrameOptions(text) == XFrameOptions.parse(f" {value}\t")


# Observed in Chromium 156: each of these lets any site frame the page, or forbids what was to be allowed.
REFUSED: dict[str, tuple[Any, str]] = {
    "ALLOW-FROM": ("ALLOW-FROM https://a.example", "frame_ancestors"),
    "allow-from": ("allow-from https://a.example", "frame_ancestors"),
    "ALLOWALL": ("ALLOWALL", "frame_ancestors"),
    "garbage": ("foo", "'DENY' or 'SAMEORIGIN'"),
    "empty": ("", "'DENY'"),
    "semicolon": ("DENY;", "'DENY'"),
    "quoted": ('"DENY"', "'DENY'"),
    "list": ("SAMEORIGIN, DENY", "'DENY'"),
    "long s": ("\u017fAMEORIGIN", "'DENY'"),
    "no text": (True, "'DENY'"),
}


@pytest.mark.parametrize(("value", "fix"), REFUSED.values(), ids=REFUSED)
def test_refused(value: Any, fix: str) -> None:
    """What browsers ignore is refused; who wants single sites is told where that goes now."""
    with pytest.raises(PolicyError) as caught:
        XFrameOptions(value)
    (problem,) = caught.value.problems
    assert (problem.code, problem.where) == ("x_frame_options.value", "XFrameOptions.value")
    assert fix in problem.fix


@pytest.mark.parametrize("text", [value for value, _ in REFUSED.values() if isinstance(value, str)])
def test_unreadable(text: str) -> None:
    """The same holds for text that is read."""
    with pytest.raises(PolicyError):
        XFrameOptions.parse(text)
