"""Validators as recipients read them: entity tags, lists of them, and HTTP-dates.

RFC 9110 8.8 and 5.6.7. What cannot be read is None; nothing here raises, whatever a client or an application sent, and
all of it takes a time that is linear in the length of the text.
"""

from __future__ import annotations

import datetime
import time
from collections.abc import Iterator
from typing import NamedTuple

from . import _grammar

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


class EntityTag(NamedTuple):
    """An entity tag: whether it is weak, and its opaque tag with the quotes, which is compared as it stands."""

    weak: bool
    opaque: str


def entity_tag(text: str) -> EntityTag | None:
    """Return the entity tag that a field value is, None where it is none."""
    match = _grammar.entity_tag.fullmatch(text.strip(" \t"))
    return None if match is None else EntityTag(match[1] is not None, match[2])


def entity_tags(text: str) -> Iterator[EntityTag]:
    """Give the entity tags of a list; a member that is none is passed over, up to the next comma."""
    place = 0
    while True:
        separators = _grammar.list_separators.match(text, place)
        place = separators.end() if separators is not None else place
        if place == len(text):
            return
        tag = _grammar.entity_tag.match(text, place)
        end = None if tag is None else _grammar.end_of_member.match(text, tag.end())
        if tag is not None and end is not None:
            yield EntityTag(tag[1] is not None, tag[2])
            place = end.end()
        else:
            place = text.find(",", place)
            if place == -1:
                return


def http_date(text: str, now: float | None = None) -> int | None:
    """Return the seconds since the epoch of an HTTP-date in any of its three forms, None where `text` is none.

    now   seconds since the epoch, the clock's unless given: a year of two digits is of its century, or of the one
          before where the date would lie more than 50 years later

    The name of the day is not compared with the date.
    """
    text = text.strip(" \t")
    match = next((match for form in _grammar.http_dates if (match := form.fullmatch(text)) is not None), None)
    if match is None:
        return None
    year, month = int(match["year"]), _MONTHS.index(match["month"]) + 1
    if len(match["year"]) == 2:
        today = time.gmtime(now)
        year += today.tm_year - today.tm_year % 100
        of_day = (int(match["day"]), int(match["hour"]), int(match["minute"]), int(match["second"]))
        if (year - 50, month, *of_day) > tuple(today[:6]):
            year -= 100
    try:
        day = datetime.date(year, month, int(match["day"]))
    except ValueError:
        return None
    # By arithmetic, since a time of day of Python has no second 60.
    days = day.toordinal() - datetime.date(1970, 1, 1).toordinal()
    return ((days * 24 + int(match["hour"])) * 60 + int(match["minute"])) * 60 + int(match["second"])
