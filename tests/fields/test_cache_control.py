"""Cache-Control and CDN-Cache-Control: their directives, and what contradicts what."""

from __future__ import annotations

from typing import Any

import http_sf
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wsgi_headers import CacheControl, CDNCacheControl, PolicyError
from wsgi_headers._grammar import declared_value
from wsgi_headers.fields.cache_directives import KNOWN

YEAR = 31_536_000

# (options, text), the same in both fields
TEXTS: list[tuple[dict[str, Any], str]] = [
    ({"public": True, "max_age": YEAR, "immutable": True}, "public, max-age=31536000, immutable"),
    ({"private": True}, "private"),
    ({"no_store": True}, "no-store"),
    ({"no_store": True, "max_age": 0}, "no-store, max-age=0"),
    ({"no_store": True, "private": True, "no_cache": True}, "private, no-store, no-cache"),
    ({"max_age": 0, "must_revalidate": True}, "max-age=0, must-revalidate"),
    ({"s_maxage": 1, "stale_while_revalidate": 59}, "s-maxage=1, stale-while-revalidate=59"),
    (
        {"stale_while_revalidate": 30, "stale_if_error": 60, "immutable": True},
        "immutable, stale-while-revalidate=30, stale-if-error=60",
    ),
    ({"must_understand": True, "no_store": True, "max_age": 60}, "no-store, max-age=60, must-understand"),
    ({"no_transform": True, "proxy_revalidate": True}, "proxy-revalidate, no-transform"),
    ({"no_cache": ["Set-Cookie"]}, 'no-cache="Set-Cookie"'),
    ({"private": "Set-Cookie, X-User", "max_age": 5}, 'private="Set-Cookie, X-User", max-age=5'),
    ({"max_age": 2**31}, "max-age=2147483648"),
]

# RFC 9111 5.2, RFC 8246 2, RFC 5861 3: texts and what caches make of them; None where they disagree or see none.
READ: list[tuple[str, dict[str, Any] | None]] = [
    ("private", {"private": True}),
    ("max-age=60, public", {"max_age": 60, "public": True}),
    ("MAX-AGE=60", {"max_age": 60}),
    ('max-age="60"', {"max_age": 60}),
    ("max-age=60, max-age=0", None),
    ("max-age=60, Max-Age=60", None),
    ("max-age=-1", None),
    (
        "stale-while-revalidate=30, stale-if-error=60, immutable",
        {"stale_while_revalidate": 30, "stale_if_error": 60, "immutable": True},
    ),
    (", ,max-age=1,", {"max_age": 1}),
    ("max-age", None),
    ("max-age=", None),
    ("max-age=1.5", None),
    ("max-age=\u0661", None),
    ("max-age=1e3", None),
    ("max-age=99999999999999999999", None),
    ("public=1", None),
    ("no-cache=Set-Cookie", {"no_cache": ["Set-Cookie"]}),
    ('no-cache=""', None),
    ('private="a b"', None),
    ("maxage=60", None),
    ("public; max-age=60", None),
    ("public, private", None),
    ("", None),
]
CDN_READ: list[tuple[str, dict[str, Any] | None]] = [
    ("max-age=60, no-cache", {"max_age": 60, "no_cache": True}),
    ('no-cache="Set-Cookie, A"', {"no_cache": ["Set-Cookie", "A"]}),
    # RFC 9213 2.1: an age is an Integer, and a value of another type is not made one.
    ('max-age="60"', None),
    ("max-age=60.0", None),
    ("max-age=-1", None),
    ("max-age=?1", None),
    ("max-age=60;a=1", None),
    ("max-age=(60)", None),
    ("max-age=60, max-age=60", None),
    ("Max-Age=60", None),
    ("no-store=?0", None),
    ("no-store=1", None),
    ("no-cache=Set-Cookie", None),
    ("maxage=60", None),
    ("max-age=60,", None),
    ("", None),
]

# id: (options, the options that are wrong)
REFUSED: dict[str, tuple[dict[str, Any], list[str]]] = {
    "negative": ({"max_age": -1}, ["max_age"]),
    "bool for an age": ({"s_maxage": True}, ["s_maxage"]),
    "text for an age": ({"stale_if_error": "60"}, ["stale_if_error"]),
    "fraction": ({"max_age": 1.5}, ["max_age"]),
    "milliseconds": ({"max_age": YEAR * 1000}, ["max_age"]),
    "number for a bool": ({"public": 1}, ["public"]),
    "none for a bool": ({"no_store": None}, ["no_store"]),
    "no field name": ({"private": ["Set Cookie"]}, ["private[0]"]),
    "number for a field name": ({"private": ["A", 5]}, ["private[1]"]),
    "field name twice": ({"no_cache": ["A", "a"]}, ["no_cache[1]"]),
    "no field names": ({"no_cache": []}, ["no_cache"]),
    "empty text for field names": ({"private": ""}, ["private"]),
    "neither bool nor names": ({"no_cache": 0}, ["no_cache"]),
    "every one": ({"max_age": "1", "public": "yes"}, ["public", "max_age"]),
}

# id: (options, the options that contradict)
CONTRADICTIONS: dict[str, tuple[dict[str, Any], list[str]]] = {
    "public and private": ({"public": True, "private": True}, ["public"]),
    "public and private for a field": ({"public": True, "private": ["Set-Cookie"]}, ["public"]),
    "shared age and private": ({"private": True, "s_maxage": 60}, ["s_maxage"]),
    "stored for a time": ({"no_store": True, "max_age": 60}, ["max_age"]),
    "stored for two times": (
        {"no_store": True, "s_maxage": 60, "stale_while_revalidate": 1, "immutable": True},
        ["s_maxage", "stale_while_revalidate", "immutable"],
    ),
    "immutable, asked for each time": ({"immutable": True, "no_cache": True}, ["immutable"]),
    "immutable, for no time": ({"immutable": True, "max_age": 0}, ["immutable"]),
    "stale, never used stale": ({"must_revalidate": True, "stale_if_error": 60}, ["stale_if_error"]),
    "stale, asked for each time": ({"no_cache": True, "stale_while_revalidate": 60}, ["stale_while_revalidate"]),
}

both = pytest.mark.parametrize("field", [CacheControl, CDNCacheControl])


@both
@pytest.mark.parametrize(("options", "text"), TEXTS, ids=[text for _, text in TEXTS])
def test_text(field: Any, options: dict[str, Any], text: str) -> None:
    """Directives stand in one order, names of fields in quotes, and are read again."""
    assert field(**options).serialize() == text
    assert field.parse(text) == field(**options)


@pytest.mark.parametrize(("text", "options"), READ)
def test_read(text: str, options: dict[str, Any] | None) -> None:
    """Text is read as caches read it; what they read in different ways is refused."""
    if options is None:
        with pytest.raises(PolicyError):
            CacheControl.parse(text)
    else:
        assert CacheControl.parse(text) == CacheControl(**options)


@pytest.mark.parametrize(("text", "options"), CDN_READ)
def test_read_by_the_cdn(text: str, options: dict[str, Any] | None) -> None:
    """The targeted field is a structured dictionary, and stricter."""
    if options is None:
        with pytest.raises(PolicyError):
            CDNCacheControl.parse(text)
    else:
        assert CDNCacheControl.parse(text) == CDNCacheControl(**options)


@both
@pytest.mark.parametrize(("options", "places"), REFUSED.values(), ids=REFUSED)
def test_refused(field: Any, options: dict[str, Any], places: list[str]) -> None:
    """Wrong types and numbers are refused, every one at once, each at its place."""
    with pytest.raises(PolicyError) as caught:
        field(**options)
    assert [problem.where for problem in caught.value.problems] == [f"{field.__name__}.{place}" for place in places]


@both
@pytest.mark.parametrize(("options", "names"), CONTRADICTIONS.values(), ids=CONTRADICTIONS)
def test_contradictions(field: Any, options: dict[str, Any], names: list[str]) -> None:
    """What cannot hold together is refused, with the section that says so."""
    prefix = field.field_name.replace("-", "_").lower()
    with pytest.raises(PolicyError) as caught:
        field(**options)
    assert [problem.code for problem in caught.value.problems] == [f"{prefix}.{name}.contradiction" for name in names]
    assert all(problem.reference.startswith("RFC ") for problem in caught.value.problems)


@both
def test_must_understand(field: Any) -> None:
    """It needs no-store for the caches that do not know it, and lifts what no-store forbids for those that do."""
    with pytest.raises(PolicyError, match=r"say no_store=True beside it \[RFC 9111 5.2.2.3\]"):
        field(must_understand=True, max_age=60)
    assert field(must_understand=True, no_store=True, max_age=60, immutable=True)


@both
def test_says_something(field: Any) -> None:
    """A field without a value cannot be sent."""
    with pytest.raises(PolicyError, match="says nothing; give a directive"):
        field()


def test_near_miss() -> None:
    """A directive's own spelling, or a misspelt one, is answered with the option."""
    for name, option in {
        "maxage": "max_age",
        "s_max_age": "s_maxage",
        "max-age": "max_age",
        "nostore": "no_store",
    }.items():
        with pytest.raises(PolicyError, match=f"Did you mean '{option}'"):
            CacheControl(**{name: 1})  # type: ignore[arg-type]
    with pytest.raises(PolicyError, match="Did you mean 'must-revalidate'"):
        CacheControl.parse("must-revalidat")


def test_one_is_not_the_other() -> None:
    """The fields say the same to different caches."""
    assert CacheControl(no_store=True) != CDNCacheControl(no_store=True)
    assert not issubclass(CDNCacheControl, CacheControl)


def test_replace() -> None:
    """One directive can be changed, and taken back."""
    field = CacheControl(public=True, max_age=60)
    assert field.replace(max_age=None, s_maxage=5) == CacheControl(public=True, s_maxage=5)
    with pytest.raises(PolicyError):
        field.replace(private=True)


ages = st.none() | st.integers(-1, 2**31 + 1) | st.just(0)
flags = st.booleans()
names = st.booleans() | st.lists(st.text("!#aA-5", min_size=1, max_size=3), max_size=2)
KINDS = {"nothing": flags, "seconds": ages, "field names": names}
made_up = st.fixed_dictionaries({}, optional={known.option: KINDS[known.takes] for known in KNOWN})


@given(st.sampled_from([CacheControl, CDNCacheControl]), made_up)
def test_accepted_or_refused(field: Any, options: dict[str, Any]) -> None:
    """Whatever comes is refused, or can be written and read again."""
    try:
        built = field(**options)
    except PolicyError:
        return
    assert declared_value.fullmatch(built.serialize())
    assert field.parse(built.serialize()) == built
    if field is CDNCacheControl:
        http_sf.parse(built.serialize().encode(), tltype="dictionary")
