"""Referrer-Policy: its tokens, and what browsers would skip."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wsgi_headers import PolicyError, ReferrerPolicy
from wsgi_headers.fields.referrer_policy import TOKENS

# (tokens, text)
TEXTS = [
    (("no-referrer",), "no-referrer"),
    (("no-referrer", "strict-origin-when-cross-origin"), "no-referrer, strict-origin-when-cross-origin"),
    *(((token,), token) for token in TOKENS),
]

# id: (arguments, what the message says: code, and part of the fix). Observed in Chromium 156: what is no token alone is
# skipped, quotes and a semicolon included.
REFUSED: dict[str, tuple[tuple[Any, ...], list[tuple[str, str]]]] = {
    "nothing": ((), [("referrer_policy.empty", "give a token")]),
    "unknown": (("foo",), [("referrer_policy.token", "no-referrer")]),
    "near miss": (("no-referer",), [("referrer_policy.token", "Did you mean 'no-referrer'?")]),
    "underscores": (("same_origin",), [("referrer_policy.token", "Did you mean 'same-origin'?")]),
    "upper case": (("NO-REFERRER",), [("referrer_policy.token", "Did you mean 'no-referrer'?")]),
    "quoted": (('"no-referrer"',), [("referrer_policy.token", "Did you mean 'no-referrer'?")]),
    "semicolon": (("no-referrer;",), [("referrer_policy.token", "Did you mean 'no-referrer'?")]),
    "two in one": (("no-referrer, origin",), [("referrer_policy.token", "no-referrer")]),
    "empty": (("",), [("referrer_policy.token", "accepted")]),
    "repeated": (("origin", "origin"), [("referrer_policy.repeated", "name it once")]),
    "list": ((["origin"],), [("referrer_policy.token", "one by one")]),
    "every one": (("foo", 5), [("referrer_policy.token", ""), ("referrer_policy.token", "")]),
}

# (text, tokens)
READ = [
    ("no-referrer", ("no-referrer",)),
    ("no-referrer,origin", ("no-referrer", "origin")),
    (" ,NO-Referrer ,\tOrigin,", ("no-referrer", "origin")),
]


@pytest.mark.parametrize(("tokens", "text"), TEXTS)
def test_text(tokens: tuple[str, ...], text: str) -> None:
    """The tokens stand in their order."""
    assert ReferrerPolicy(*tokens).serialize() == text
    assert ReferrerPolicy(*tokens).tokens == tokens


@pytest.mark.parametrize(("tokens", "problems"), REFUSED.values(), ids=REFUSED)
def test_refused(tokens: tuple[Any, ...], problems: list[tuple[str, str]]) -> None:
    """What a browser would skip is refused with the fix."""
    with pytest.raises(PolicyError) as caught:
        ReferrerPolicy(*tokens)
    assert [problem.code for problem in caught.value.problems] == [code for code, _ in problems]
    for problem, (_, fix) in zip(caught.value.problems, problems, strict=True):
        assert fix in problem.fix


@pytest.mark.parametrize(("text", "tokens"), READ)
def test_read(text: str, tokens: tuple[str, ...]) -> None:
    """Text is read as browsers read it: in any case, empty members skipped."""
    assert ReferrerPolicy.parse(text) == ReferrerPolicy(*tokens)


@pytest.mark.parametrize("text", ["", ",", "foo", "no-referrer, foo", '"no-referrer"', "no-referrer;"])
def test_unreadable(text: str) -> None:
    """Text that browsers would skip, in whole or in part, is refused."""
    with pytest.raises(PolicyError):
        ReferrerPolicy.parse(text)


def test_replace() -> None:
    """All tokens are replaced together, by several or by one."""
    policy = ReferrerPolicy("no-referrer", "origin")
    assert policy.replace(tokens=["same-origin"]) == ReferrerPolicy("same-origin")
    assert policy.replace(tokens="same-origin") == ReferrerPolicy("same-origin")


@given(st.lists(st.sampled_from(TOKENS), min_size=1, unique=True))
def test_round_trip(tokens: list[str]) -> None:
    """Whatever was accepted is read again as the same."""
    assert ReferrerPolicy.parse(ReferrerPolicy(*tokens).serialize()) == ReferrerPolicy(*tokens)
