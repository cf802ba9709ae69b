"""Entity tags and HTTP-dates as RFC 9110 8.8.3 and 5.6.7 have them; what is none is None."""

from __future__ import annotations

import datetime
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wsgi_headers._validators import EntityTag, entity_tag, entity_tags, http_date

TAGS: dict[str, EntityTag | None] = {
    '"a"': EntityTag(False, '"a"'),
    'W/"a"': EntityTag(True, '"a"'),
    '""': EntityTag(False, '""'),
    ' \t"a" ': EntityTag(False, '"a"'),
    '"a,b"': EntityTag(False, '"a,b"'),
    '"a\\b"': EntityTag(False, '"a\\b"'),
    '"\xe9"': EntityTag(False, '"\xe9"'),
    '"*"': EntityTag(False, '"*"'),
    'w/"a"': None,
    'W /"a"': None,
    'W/ "a"': None,
    "W/a": None,
    "a": None,
    "*": None,
    "": None,
    '"': None,
    '"a': None,
    'a"': None,
    '"a b"': None,
    '"a"b"': None,
    '"a\tb"': None,
    '"a\x7f"': None,
    '"a", "b"': None,
    "'a'": None,
}


@pytest.mark.parametrize("text", TAGS)
def test_an_entity_tag(text: str) -> None:
    """Opaque, without escapes and blanks; the prefix of a weak one is case-sensitive."""
    assert entity_tag(text) == TAGS[text]


LISTS: dict[str, list[str]] = {
    '"a"': ['"a"'],
    '"a", "b"': ['"a"', '"b"'],
    '"a","b"': ['"a"', '"b"'],
    ' ,, "a" ,\t, "b",': ['"a"', '"b"'],
    '"a,b", W/"c"': ['"a,b"', 'W/"c"'],
    "": [],
    " , ,": [],
    "*": [],
    '*, "a"': ['"a"'],
    'w/"x", "y"': ['"y"'],
    '"a" "b"': [],
    '"a" "b", "c"': ['"c"'],
    'a, "b"': ['"b"'],
    '"b", a': ['"b"'],
    '"a"b, "c"': ['"c"'],
    '"a b", "c"': ['"c"'],
    '"a, "b"': ['"b"'],
    '"a", "b': ['"a"'],
    'x"a,"b"': ['"b"'],
}


@pytest.mark.parametrize("text", LISTS)
def test_a_list_of_entity_tags(text: str) -> None:
    """Empty members are passed over, and so is what is no tag, up to the next comma (RFC 9110 5.6.1.2)."""
    assert list(entity_tags(text)) == [entity_tag(tag) for tag in LISTS[text]]


@given(st.text(st.characters(codec="latin-1"), max_size=30) | st.text('",W/ a*\t', max_size=30))
def test_a_list_never_raises(text: str) -> None:
    """Whatever a client sends, tags or nothing come of it, each as it stands in the list."""
    for tag in entity_tags(text):
        assert ("W/" if tag.weak else "") + tag.opaque in text


HOSTILE = {
    "commas": "," * 65_536,
    "blanks": " " * 65_536,
    "blanks and commas": " ," * 32_768,
    "quotes": '"' * 65_536,
    "open quotes": '"a,' * 21_845,
    "one open quote": '"' + "a," * 32_767,
    "no commas": '"a" ' * 16_384,
    "blanks after tags": ('"a"' + " " * 1_000) * 65,
    "tags": '"a",' * 16_384,
    "weak prefixes": "W/" * 32_768,
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_a_long_list_takes_linear_time(text: str) -> None:
    """64 KiB are read in milliseconds; what is quadratic in them takes many seconds."""
    began = time.process_time()
    for _ in entity_tags(text):
        pass
    assert time.process_time() - began < 0.5


def seconds(*moment: int) -> int:
    """Return the seconds since the epoch of a moment in UTC."""
    return int(datetime.datetime(*moment, tzinfo=datetime.UTC).timestamp())  # type: ignore[misc, arg-type]


NOW = seconds(2026, 11, 30, 12)

DATES: dict[str, int | None] = {
    # The example of RFC 9110 5.6.7 in the form that is written and the two that were
    "Sun, 06 Nov 1994 08:49:37 GMT": 784111777,
    "Sunday, 06-Nov-94 08:49:37 GMT": 784111777,
    "Sun Nov  6 08:49:37 1994": 784111777,
    "Sun Nov 16 08:49:37 1994": 784111777 + 864_000,
    " \tSun, 06 Nov 1994 08:49:37 GMT ": 784111777,
    # The name of the day is not compared
    "Mon, 06 Nov 1994 08:49:37 GMT": 784111777,
    "Thu, 01 Jan 1970 00:00:00 GMT": 0,
    "Wed, 31 Dec 1969 23:59:59 GMT": -1,
    "Mon, 01 Jan 0001 00:00:00 GMT": seconds(1, 1, 1),
    "Fri, 31 Dec 9999 23:59:59 GMT": seconds(9999, 12, 31, 23, 59, 59),
    "Thu, 29 Feb 2024 00:00:00 GMT": seconds(2024, 2, 29),
    # A leap second is the first second of the next minute
    "Sat, 31 Dec 2016 23:59:60 GMT": seconds(2017, 1, 1),
    # Two digits of a year: no more than 50 years later than now
    "Monday, 30-Nov-76 12:00:00 GMT": seconds(2076, 11, 30, 12),
    "Monday, 30-Nov-76 12:00:01 GMT": seconds(1976, 11, 30, 12, 0, 1),
    "Monday, 01-Jan-00 00:00:00 GMT": seconds(2000, 1, 1),
    "Monday, 01-Jan-99 00:00:00 GMT": seconds(1999, 1, 1),
    "": None,
    "0": None,
    "now": None,
    "784111777": None,
    "Sun, 06 Nov 1994 08:49:37": None,
    "Sun, 06 Nov 1994 08:49:37 UTC": None,
    "Sun, 06 Nov 1994 08:49:37 +0000": None,
    "Sun, 06 Nov 1994 08:49:37 gmt": None,
    "sun, 06 nov 1994 08:49:37 GMT": None,
    "Sun, 6 Nov 1994 08:49:37 GMT": None,
    "06 Nov 1994 08:49:37 GMT": None,
    "Sun, 06-Nov-1994 08:49:37 GMT": None,
    "Sun, 06-Nov-94 08:49:37 GMT": None,
    "Sun Nov 6 08:49:37 1994": None,
    "Sun, 06 Nov 1994 08:49:37 GMT; length=5": None,
    "Sun, 06 Nov 1994 08:49:37 GMT, Sun, 06 Nov 1994 08:49:37 GMT": None,
    "Sun, 31 Nov 1994 08:49:37 GMT": None,
    "Thu, 29 Feb 2023 00:00:00 GMT": None,
    "Sun, 00 Nov 1994 08:49:37 GMT": None,
    "Sun, 06 Nov 0000 08:49:37 GMT": None,
    "Sun, 06 Nov 1994 24:00:00 GMT": None,
    "Sun, 06 Nov 1994 08:60:00 GMT": None,
    "Sun, 06 Nov 1994 08:49:61 GMT": None,
    "Sun, \u0660\u0666 Nov 1994 08:49:37 GMT": None,
    "Sun, 06 Nov 1994 08:49:37 GMT\n": None,
}


@pytest.mark.parametrize("text", DATES)
def test_a_date(text: str) -> None:
    """All three forms are read, and nothing else is."""
    assert http_date(text, NOW) == DATES[text]


@given(st.datetimes(datetime.datetime(1, 1, 1), datetime.datetime(9999, 12, 31)))
def test_a_date_is_read_as_the_standard_library_writes_it(moment: datetime.datetime) -> None:
    """Two of the forms, for any moment."""
    moment = moment.replace(microsecond=0, tzinfo=datetime.UTC)
    year, time_of_day = f"{moment.year:04}", f"{moment:%H:%M:%S}"
    for text in (
        f"{moment:%a, %d %b} {year} {time_of_day} GMT",
        f"{moment:%a %b} {moment.day:2} {time_of_day} {year}",
    ):
        assert http_date(text) == int(moment.timestamp())


@given(st.text(max_size=40))
def test_a_date_never_raises(text: str) -> None:
    """What is no date is None."""
    assert http_date(text) is None
