"""X-Robots-Tag: rules for all crawlers and for one."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wsgi_headers import PolicyError, XRobotsTag
from wsgi_headers._grammar import declared_value
from wsgi_headers.fields.x_robots_tag import RULES

# (rules, text). The examples are those of Google's documentation.
TEXTS: list[tuple[tuple[str, ...], str]] = [
    (("noindex",), "noindex"),
    (("noindex", "nofollow"), "noindex, nofollow"),
    (("max-snippet:20", "max-image-preview:large"), "max-snippet:20, max-image-preview:large"),
    (("max-video-preview:-1",), "max-video-preview:-1"),
    (("unavailable_after: 25 Jun 2010 15:00:00 PST",), "unavailable_after: 25 Jun 2010 15:00:00 PST"),
    (("unavailable_after: 2027-01-31",), "unavailable_after: 2027-01-31"),
    (("unavailable_after: 2027-01-31T10:00:00Z",), "unavailable_after: 2027-01-31T10:00:00Z"),
    (("googlebot: nofollow",), "googlebot: nofollow"),
    (("otherbot: noindex", "otherbot: nofollow"), "otherbot: noindex, nofollow"),
    (("BadBot: noindex", "BadBot: nofollow", "googlebot: nofollow"), "BadBot: noindex, nofollow, googlebot: nofollow"),
    (("noarchive", "bingbot: max-snippet:0"), "noarchive, bingbot: max-snippet:0"),
    (("a: none", "b: none", "a: nosnippet"), "a: none, b: none, a: nosnippet"),
    (("noindex", "indexifembedded"), "noindex, indexifembedded"),
    (("noindex", "googlebot: indexifembedded"), "noindex, googlebot: indexifembedded"),
]

# id: (rules, codes, what the first fix says)
REFUSED: dict[str, tuple[tuple[Any, ...], list[str], str]] = {
    "nothing": ((), ["x_robots_tag.empty"], "give a rule"),
    "several in one": (("noindex, nofollow",), ["x_robots_tag.rule"], "one by one"),
    "no text": ((None,), ["x_robots_tag.rule"], "one by one"),
    "misspelt": (("no-index",), ["x_robots_tag.rule"], "Did you mean 'noindex'?"),
    "misspelt with a value": (("max-snipet: 3",), ["x_robots_tag.rule"], "Did you mean 'max-snippet'?"),
    "unknown": (("foo",), ["x_robots_tag.rule"], "accepted"),
    "empty": (("",), ["x_robots_tag.rule"], "accepted"),
    "the default": (("index",), ["x_robots_tag.rule"], "leave it out"),
    "value missing": (("max-snippet",), ["x_robots_tag.rule"], "characters"),
    "value no number": (("max-snippet:many",), ["x_robots_tag.rule"], "characters"),
    "value with equals": (("max-snippet=3",), ["x_robots_tag.rule"], "max-snippet"),
    "value unknown": (("max-image-preview:small",), ["x_robots_tag.rule"], "standard"),
    "value where none is": (("noindex:1",), ["x_robots_tag.rule"], ""),
    "no date": (("unavailable_after: soon",), ["x_robots_tag.rule"], "2027-01-31"),
    "date that is none": (("unavailable_after: 2027-02-31",), ["x_robots_tag.rule"], "2027-01-31"),
    "date with a line feed": (("unavailable_after: 2027-01-31\n10:00",), ["x_robots_tag.rule"], "2027-01-31"),
    "rule for a crawler": (("noindex: nofollow",), ["x_robots_tag.rule"], "one by one"),
    "crawler without a rule": (("googlebot:",), ["x_robots_tag.rule"], "accepted"),
    "repeated": (("noindex", "NOINDEX"), ["x_robots_tag.repeated"], "once"),
    "two values": (("max-snippet:1", "max-snippet:2"), ["x_robots_tag.repeated"], "once"),
    "repeated for one": (("a: none", "A: none"), ["x_robots_tag.repeated"], "once"),
    "for all behind one": (("googlebot: none", "noindex"), ["x_robots_tag.order"], "first"),
    "all beside others": (("all", "noindex"), ["x_robots_tag.all"], "leave it out"),
    "without effect": (("indexifembedded",), ["x_robots_tag.indexifembedded"], "noindex"),
}

# (text, rules)
READ: list[tuple[str, tuple[str, ...] | None]] = [
    ("NoIndex ,\tnofollow,", ("noindex", "nofollow")),
    ("googlebot:noindex, nofollow", ("googlebot: noindex", "googlebot: nofollow")),
    ("max-snippet: 20", ("max-snippet:20",)),
    ("noindex, unknown", None),
    ("noindex; nofollow", None),
    ("", None),
]


@pytest.mark.parametrize(("rules", "text"), TEXTS, ids=[text for _, text in TEXTS])
def test_text(rules: tuple[str, ...], text: str) -> None:
    """Rules stand in their order, the name of a crawler before those for it."""
    field = XRobotsTag(*rules)
    assert field.rules == rules
    assert field.serialize() == text
    assert XRobotsTag.parse(text) == field


@pytest.mark.parametrize(("rules", "codes", "fix"), REFUSED.values(), ids=REFUSED)
def test_refused(rules: tuple[Any, ...], codes: list[str], fix: str) -> None:
    """What crawlers would skip or misread is refused with the fix."""
    with pytest.raises(PolicyError) as caught:
        XRobotsTag(*rules)
    assert [problem.code for problem in caught.value.problems] == codes
    assert fix in caught.value.problems[0].fix


@pytest.mark.parametrize(("text", "rules"), READ)
def test_read(text: str, rules: tuple[str, ...] | None) -> None:
    """Text is read in any case; what crawlers skip is refused."""
    if rules is None:
        with pytest.raises(PolicyError):
            XRobotsTag.parse(text)
    else:
        assert XRobotsTag.parse(text) == XRobotsTag(*rules)


plain = st.sampled_from([*RULES, "max-snippet:1", "unavailable_after: 2027-01-31T10:00:00+01:00", "index", "x:y"])
single = st.builds(lambda agent, rule: f"{agent}{rule}", st.sampled_from(["", "", "a: ", "B:"]), plain)


@given(st.lists(single | st.text(max_size=12), max_size=4))
def test_accepted_or_refused(rules: list[str]) -> None:
    """Whatever comes is refused, or can be written and read again."""
    try:
        field = XRobotsTag(*rules)
    except PolicyError:
        return
    assert declared_value.fullmatch(field.serialize())
    assert XRobotsTag.parse(field.serialize()) == field
