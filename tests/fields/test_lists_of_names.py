"""Fields that list names out of a table: Clear-Site-Data, Accept-CH, Timing-Allow-Origin."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wsgi_headers import AcceptCH, ClearSiteData, PolicyError, TimingAllowOrigin
from wsgi_headers._grammar import declared_value
from wsgi_headers.fields.accept_ch import HINTS
from wsgi_headers.fields.clear_site_data import TYPES
from wsgi_headers.typed_field import TypedField

# (field, text). The first is github/secure_headers', clear_site_data_spec.rb.
TEXTS: list[tuple[TypedField, str]] = [
    (ClearSiteData("cache", "cookies"), '"cache", "cookies"'),
    (ClearSiteData("*"), '"*"'),
    (ClearSiteData("executionContexts"), '"executionContexts"'),
    (AcceptCH("Sec-CH-UA-Model"), "Sec-CH-UA-Model"),
    (AcceptCH("sec-ch-ua-model", "dpr"), "Sec-CH-UA-Model, DPR"),
    (TimingAllowOrigin("*"), "*"),
    (TimingAllowOrigin("https://a.example", "https://b.example:8443"), "https://a.example, https://b.example:8443"),
    # Resource Timing: a list in which the star stands beside others is one for every origin.
    (TimingAllowOrigin("https://a.example", "*"), "https://a.example, *"),
    (TimingAllowOrigin("http://[2001:db8::1]:81"), "http://[2001:db8::1]:81"),
]

# id: (class, arguments, codes, what the first fix says)
REFUSED: dict[str, tuple[Any, tuple[Any, ...], list[str], str]] = {
    "nothing to clear": (ClearSiteData, (), ["clear_site_data.empty"], "give a type"),
    "quoted type": (ClearSiteData, ('"cache"',), ["clear_site_data.type"], "the quotes are added"),
    "type in another case": (ClearSiteData, ("Cookies",), ["clear_site_data.type"], "Did you mean 'cookies'?"),
    "type in snake case": (
        ClearSiteData,
        ("execution_contexts",),
        ["clear_site_data.type"],
        "Did you mean 'executionContexts'?",
    ),
    "type repeated": (ClearSiteData, ("cache", "cache"), ["clear_site_data.repeated"], "once"),
    "types in one": (ClearSiteData, ("cache, cookies",), ["clear_site_data.type"], ""),
    "types in a list": (ClearSiteData, (["cache"],), ["clear_site_data.type"], "one by one"),
    "every type": (ClearSiteData, ("x", 5), ["clear_site_data.type"] * 2, "accepted"),
    "no hint": (AcceptCH, (), ["accept_ch.empty"], "give a hint"),
    "hint without its prefix": (AcceptCH, ("UA-Model",), ["accept_ch.hint"], "Did you mean 'Sec-CH-UA-Model'?"),
    "unknown hint": (AcceptCH, ("Sec-CH-Nothing-Like-It",), ["accept_ch.hint"], ""),
    "hint for responses": (AcceptCH, ("Content-DPR",), ["accept_ch.hint"], ""),
    "hint beyond ASCII": (AcceptCH, ("Downlin\u212a",), ["accept_ch.hint"], "Did you mean 'Downlink'?"),
    "hint repeated": (AcceptCH, ("DPR", "dpr"), ["accept_ch.repeated"], "once"),
    "hint no text": (AcceptCH, (None,), ["accept_ch.hint"], "one by one"),
    "no origin": (TimingAllowOrigin, (), ["timing_allow_origin.empty"], "'*'"),
    "origin with a slash": (TimingAllowOrigin, ("https://a.example/",), ["origin.path"], "https://a.example"),
    "origin with a default port": (TimingAllowOrigin, ("https://a.example:443",), ["origin.port.default"], "write"),
    "origin in upper case": (TimingAllowOrigin, ("https://A.example",), ["origin.case"], "https://a.example"),
    "origin without a scheme": (TimingAllowOrigin, ("a.example",), ["origin.scheme"], "https://a.example"),
    "null": (TimingAllowOrigin, ("null",), ["origin.null"], "name the origin"),
    "pattern": (TimingAllowOrigin, ("https://*.example.com",), ["origin.pattern"], "name each"),
    "origin repeated": (
        TimingAllowOrigin,
        ("https://a.example", "https://a.example"),
        ["timing_allow_origin.repeated"],
        "once",
    ),
    "origin no text": (TimingAllowOrigin, (1, [2]), ["origin.type"] * 2, "https://"),
}

# (class, text, what it is read as)
READ: list[tuple[Any, str, TypedField | None]] = [
    (ClearSiteData, ' "cache","cookies" ,', ClearSiteData("cache", "cookies")),
    (ClearSiteData, "cookies", None),
    (ClearSiteData, '"cookies", cache', None),
    (ClearSiteData, "'cookies'", None),
    (ClearSiteData, '"cache, cookies"', None),
    (ClearSiteData, "", None),
    (AcceptCH, "sec-ch-ua , DPR", AcceptCH("Sec-CH-UA", "DPR")),
    (AcceptCH, '"Sec-CH-UA"', None),
    (AcceptCH, "DPR;a", None),
    (AcceptCH, "(DPR)", None),
    (AcceptCH, "DPR,", None),
    (AcceptCH, "", None),
    (TimingAllowOrigin, "https://a.example, *", TimingAllowOrigin("https://a.example", "*")),
    (TimingAllowOrigin, "https://a.example https://b.example", None),
    (TimingAllowOrigin, "", None),
]


@pytest.mark.parametrize(("field", "text"), TEXTS, ids=repr)
def test_text(field: TypedField, text: str) -> None:
    """The members stand in their order, and are read again."""
    assert field.serialize() == text
    assert type(field).parse(text) == field


@pytest.mark.parametrize(("field", "arguments", "codes", "fix"), REFUSED.values(), ids=REFUSED)
def test_refused(field: Any, arguments: tuple[Any, ...], codes: list[str], fix: str) -> None:
    """What browsers would skip is refused with the fix, every mistake at once."""
    with pytest.raises(PolicyError) as caught:
        field(*arguments)
    assert [problem.code for problem in caught.value.problems] == codes
    assert fix in caught.value.problems[0].fix


@pytest.mark.parametrize(("field", "text", "read"), READ)
def test_read(field: Any, text: str, read: TypedField | None) -> None:
    """A text is read as browsers read it; what they skip, in whole or in part, is refused."""
    if read is None:
        with pytest.raises(PolicyError):
            field.parse(text)
    else:
        assert field.parse(text) == read


def test_replace() -> None:
    """All members are replaced together."""
    assert ClearSiteData("cache").replace(types=["cookies", "*"]) == ClearSiteData("cookies", "*")
    assert AcceptCH("DPR").replace(hints="width") == AcceptCH("Width")


names = st.one_of(st.sampled_from(TYPES), st.sampled_from(HINTS), st.text(max_size=8), st.integers())


@given(st.sampled_from([AcceptCH, ClearSiteData, TimingAllowOrigin]), st.lists(names, max_size=4))
def test_accepted_or_refused(field: Any, arguments: list[Any]) -> None:
    """Whatever comes is refused, or can be written and read again."""
    try:
        built = field(*arguments)
    except PolicyError:
        return
    assert declared_value.fullmatch(built.serialize())
    assert field.parse(built.serialize()) == built


@given(st.sampled_from([AcceptCH, ClearSiteData, TimingAllowOrigin]), st.text(max_size=20))
def test_read_or_refused(field: Any, text: str) -> None:
    """No text does more than be refused."""
    try:
        assert field.parse(field.parse(text).serialize()) == field.parse(text)
    except PolicyError:
        pass
