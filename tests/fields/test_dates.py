"""Deprecation and Sunset: two ways to write a date, and their order."""

from __future__ import annotations

import datetime
from datetime import timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wsgi_headers import Default, Deprecation, Match, Policy, PolicyError, Rule, Sunset
from wsgi_headers._grammar import declared_value

UTC = datetime.UTC
NEW_YEAR = datetime.datetime(2027, 1, 1, tzinfo=UTC)
EARLIER = NEW_YEAR - timedelta(seconds=1)

# (datetime, text of Deprecation, text of Sunset). The first two are the examples of RFC 9745 2.1 and RFC 8594 3.
TEXTS = [
    (datetime.datetime(2023, 6, 30, 23, 59, 59, tzinfo=UTC), "@1688169599", "Fri, 30 Jun 2023 23:59:59 GMT"),
    (datetime.datetime(2018, 12, 31, 23, 59, 59, tzinfo=UTC), "@1546300799", "Mon, 31 Dec 2018 23:59:59 GMT"),
    (NEW_YEAR, "@1798761600", "Fri, 01 Jan 2027 00:00:00 GMT"),
    (
        datetime.datetime(2027, 1, 1, 2, tzinfo=timezone(timedelta(hours=2))),
        "@1798761600",
        "Fri, 01 Jan 2027 00:00:00 GMT",
    ),
    (NEW_YEAR.replace(microsecond=999_999), "@1798761600", "Fri, 01 Jan 2027 00:00:00 GMT"),
    (datetime.datetime(1969, 12, 31, 23, 59, 59, tzinfo=UTC), "@-1", "Wed, 31 Dec 1969 23:59:59 GMT"),
    (datetime.datetime(1, 1, 1, tzinfo=UTC), "@-62135596800", "Mon, 01 Jan 0001 00:00:00 GMT"),
]

# id: (argument, reason)
REFUSED: dict[str, tuple[Any, str]] = {
    "no time zone": (datetime.datetime(2027, 1, 1), "has no time zone"),
    "a day": (datetime.date(2027, 1, 1), "is no datetime"),
    "seconds": (1688169599, "is no datetime"),
    "text": ("2027-01-01", "is no datetime"),
    "nothing": (None, "is no datetime"),
    "before the first year": (datetime.datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=1))), "lies outside"),
}

UNREADABLE = {
    Deprecation: [
        "",
        "1688169599",
        "@1688169599.5",
        "@1;a",
        "@1, @2",
        "true",
        "Fri, 30 Jun 2023 23:59:59 GMT",
        f"@{10**14}",
    ],
    Sunset: [
        "",
        "@1688169599",
        "Fri, 30 Jun 2023 23:59:59",
        "Fri, 30 Jun 2023 23:59:59 UTC",
        "Fri, 30 Jun 2023 23:59:59 +0000",
        "Thu, 30 Jun 2023 23:59:59 GMT",
        "Fri, 30 Jun 2023 24:00:00 GMT",
        "30 Jun 2023 23:59:59 GMT",
        "Friday, 30-Jun-23 23:59:59 GMT",
        "Fri Jun 30 23:59:59 2023",
        "fri, 30 jun 2023 23:59:59 GMT",
    ],
}

both = pytest.mark.parametrize("field", [Deprecation, Sunset])


@pytest.mark.parametrize(("at", "deprecation", "sunset"), TEXTS, ids=[text for _, text, _ in TEXTS])
def test_text(at: datetime.datetime, deprecation: str, sunset: str) -> None:
    """A point in time is written in UTC, to the second."""
    for field, text in ((Deprecation, deprecation), (Sunset, sunset)):
        assert field(at).serialize() == text
        assert field.parse(f" {text} ") == field(at)
        assert field(at).at == at.replace(microsecond=0)
        assert field(at).at.tzinfo is UTC


@both
@pytest.mark.parametrize(("at", "reason"), REFUSED.values(), ids=REFUSED)
def test_refused(field: Any, at: Any, reason: str) -> None:
    """What names no point in time is refused."""
    with pytest.raises(PolicyError, match=rf"{field.__name__}\.at: {reason}"):
        field(at)


@pytest.mark.parametrize(("field", "text"), [(field, text) for field, texts in UNREADABLE.items() for text in texts])
def test_unreadable(field: Any, text: str) -> None:
    """Another form of a date is not taken for one, nor a date that does not exist."""
    with pytest.raises(PolicyError):
        field.parse(text)


def test_sunset_before_deprecation() -> None:
    """RFC 9745 4: nothing is gone before it is deprecated, as far as one policy or rule says both."""
    for parts in (
        (Deprecation(NEW_YEAR), Sunset(EARLIER)),
        (Sunset(EARLIER), Default(Deprecation(NEW_YEAR))),
    ):
        for build in (Policy, lambda *parts: Rule(Match(path="/v1/"), *parts)):
            with pytest.raises(PolicyError) as caught:
                build(*parts)
            assert [problem.code for problem in caught.value.problems] == ["sunset.deprecation"]
            assert "@1798761600 or later" in str(caught.value)
    assert Policy(Deprecation(NEW_YEAR), Sunset(NEW_YEAR))
    assert Policy(Deprecation(EARLIER), Sunset(NEW_YEAR))
    assert Policy(Sunset(EARLIER), Rule(Match(path="/v1/"), Deprecation(NEW_YEAR)))


@both
@given(st.datetimes(timezones=st.timezones() | st.just(UTC)))
def test_round_trip(field: Any, at: datetime.datetime) -> None:
    """Whatever is accepted can be written and read again."""
    try:
        built = field(at)
    except PolicyError:
        assert at.year in (1, 9999)
        return
    assert declared_value.fullmatch(built.serialize())
    assert field.parse(built.serialize()) == built


@both
@given(st.text("FriJun, 0123456789:GMT+@-.", max_size=32))
def test_any_text(field: Any, text: str) -> None:
    """No text does more than be refused."""
    try:
        assert field.parse(text).serialize() == text.strip(" ")
    except PolicyError:
        pass
