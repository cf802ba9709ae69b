"""The dates of Expires, against the algorithm of rfc6265bis 5.1.1 done twice."""

from __future__ import annotations

import calendar
import json
from itertools import permutations
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from user_agent import date

from wsgi_headers.cookies.date import cookie_date

ROWS = json.loads((Path(__file__).parent / "data" / "set_cookie.json").read_text())["rows"]

# Every value of Expires in the vectors.
VALUES = sorted(
    {
        attribute.partition("=")[2].strip(" \t")
        for row in ROWS
        for line in row["lines"]
        for attribute in line.split(";")[1:]
        if attribute.partition("=")[0].strip(" \t").lower() == "expires"
    }
)

DATES = {
    "IMF-fixdate": ("Wed, 09 Jun 2021 10:18:14 GMT", (2021, 6, 9, 10, 18, 14)),
    "RFC 850": ("Wednesday, 09-Jun-21 10:18:14 GMT", (2021, 6, 9, 10, 18, 14)),
    "asctime": ("Wed Jun  9 10:18:14 2021", (2021, 6, 9, 10, 18, 14)),
    "Netscape": ("Wed, 09-Jun-2021 10:18:14 GMT", (2021, 6, 9, 10, 18, 14)),
    "no weekday, no zone": ("9 jun 2021 10:18:14", (2021, 6, 9, 10, 18, 14)),
    "any zone is none": ("Wed, 09 Jun 2021 10:18:14 -0700", (2021, 6, 9, 10, 18, 14)),
    "any order": ("10:18:14 2021x Jun 9", (2021, 6, 9, 10, 18, 14)),
    "the day is the first number of one or two digits": ("10:18:14 21 Jun 09", (2009, 6, 21, 10, 18, 14)),
    "time in short": ("9 Jun 2021 1:2:3", (2021, 6, 9, 1, 2, 3)),
    "time and what follows": ("9 Jun 2021 10:18:14Z", (2021, 6, 9, 10, 18, 14)),
    "the first time": ("9 Jun 2021 10:18:14 11:22:33", (2021, 6, 9, 10, 18, 14)),
    "a second time may be the day": ("10:18:14 09:22:33 Jun 2021", (2021, 6, 9, 10, 18, 14)),
    "a month by its first letters": ("9 JUNEBUG 2021 10:18:14", (2021, 6, 9, 10, 18, 14)),
    "year 69": ("9 Jun 69 10:18:14", (2069, 6, 9, 10, 18, 14)),
    "year 70": ("9 Jun 70 10:18:14", (1970, 6, 9, 10, 18, 14)),
    "year 99": ("9 Jun 99 10:18:14", (1999, 6, 9, 10, 18, 14)),
    "year 00": ("9 Jun 00 10:18:14", (2000, 6, 9, 10, 18, 14)),
    "year of three digits": ("9 Jun 100 10:18:14", None),
    "year 1600": ("9 Jun 1600 10:18:14", None),
    "year 1601": ("1 Jan 1601 00:00:00", (1601, 1, 1, 0, 0, 0)),
    "year 9999": ("31 Dec 9999 23:59:59", (9999, 12, 31, 23, 59, 59)),
    "year of five digits": ("9 Jun 20211 10:18:14", None),
    "day of three digits": ("009 Jun 2021 10:18:14", None),
    "day 0": ("0 Jun 2021 10:18:14", None),
    "31 June": ("31 Jun 2021 10:18:14", None),
    "29 February": ("29 Feb 2020 10:18:14", (2020, 2, 29, 10, 18, 14)),
    "29 February of a common year": ("29 Feb 2021 10:18:14", None),
    "29 February 1900": ("29 Feb 1900 10:18:14", None),
    "hour 23, minute 59, second 59": ("9 Jun 2021 23:59:59", (2021, 6, 9, 23, 59, 59)),
    "hour 24": ("9 Jun 2021 24:00:00", None),
    "minute 60": ("9 Jun 2021 23:60:00", None),
    "second 60": ("9 Jun 2021 23:59:60", None),
    "time of three digits": ("9 Jun 2021 010:18:14", None),
    "time without seconds": ("9 Jun 2021 10:18", None),
    "nothing": ("", None),
    "words": ("never", None),
    "no day": ("Jun 2021 10:18:14", None),
    "no month": ("9 2021 10:18:14", None),
    "no year": ("9 Jun 10:18:14", None),
    "no time": ("9 Jun 2021", None),
    "delimiters": ("9~Jun`2021@10:18:14", (2021, 6, 9, 10, 18, 14)),
    "TAB": ("9\tJun\t2021\t10:18:14", (2021, 6, 9, 10, 18, 14)),
    "a colon is no delimiter": ("9 Jun 2021 :10:18:14", None),
    "digits are ASCII": ("\xb2 Jun 2021 10:18:14", None),
    "no blank but those": ("9\xa0Jun 2021 10:18:14", None),
}


@pytest.mark.parametrize(("text", "moment"), DATES.values(), ids=DATES)
def test_cookie_date(text: str, moment: tuple[int, ...] | None) -> None:
    """A date is the moment that its tokens name, None where one is missing or no such moment exists."""
    assert cookie_date(text) == (None if moment is None else calendar.timegm(moment))


@pytest.mark.parametrize("text", VALUES, ids=lambda text: ascii(text[:40]))
def test_dates_of_the_vectors(text: str) -> None:
    """Each Expires of the vectors is read as the model of the user agent reads it."""
    assert cookie_date(text) == date(text)


tokens = st.one_of(
    st.sampled_from(["Jan", "feb", "MARCH", "apr1", "Mayday", "GMT", "Wed", "+0100", "-", "1:2:3x", "::", ""]),
    st.integers(0, 99_999).map(str),
    st.integers(1, 31).map("{:02}".format),
    st.integers(1601, 2100).map(str),
    st.tuples(st.integers(0, 25), st.integers(0, 61), st.integers(0, 61)).map(lambda time: "{}:{}:{}".format(*time)),
    st.text("0123456789:xJ\xb2", max_size=6),
)

nearly_usual = st.builds(
    "{}{}, {}{}{}{}{} {} GMT{}".format,
    st.sampled_from(["", " "]),
    st.sampled_from(["Mon", "tue", "Mar", "12", ""]),
    st.integers(0, 33).map("{:02}".format),
    st.sampled_from([" ", "-", "  "]),
    st.sampled_from(["Jan", "FEB", "jun", "\u017fep", "Foo"]),
    st.sampled_from([" ", "-"]),
    st.sampled_from(["2026", "0069", "0070", "0000", "1600", "1601", "9999", "26", "20266"]),
    st.sampled_from(["00:00:00", "23:59:59", "24:00:00", "0:0:0", "10:60:00"]),
    st.sampled_from(["", "x", " "]),
)


@given(st.lists(st.tuples(tokens, st.sampled_from([" ", ", ", "-", "\t", ":", "", "\xa0", "_"])), max_size=8))
def test_any_text(parts: list[tuple[str, str]]) -> None:
    """Whatever stands in Expires, it is read as the model reads it."""
    text = "".join(token + delimiter for token, delimiter in parts)

    assert cookie_date(text) == date(text)


@given(nearly_usual)
def test_the_usual_form(text: str) -> None:
    """The form that servers are told to send is read as any other."""
    assert cookie_date(text) == date(text)


@pytest.mark.parametrize("order", [*permutations(["9", "Jun", "2021", "10:18:14"])], ids=" ".join)
def test_any_order(order: tuple[str, ...]) -> None:
    """A year of four digits, a day, a month and a time are told apart wherever they stand."""
    assert cookie_date(" ".join(order)) == calendar.timegm((2021, 6, 9, 10, 18, 14))
