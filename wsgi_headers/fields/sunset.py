"""Sunset: when a resource is expected to be gone."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from email.utils import format_datetime

from .._part import Part
from ..errors import Problem, Problems
from ..typed_field import TypedField, unreadable
from .deprecation import Deprecation
from .instants import in_utc

# RFC 9110 5.6.7: IMF-fixdate = day-name "," SP date1 SP time-of-day SP GMT, the one form that is still written
_date = re.compile(r"[A-Z][a-z]{2}, ([0-9]{2}) ([A-Z][a-z]{2}) ([0-9]{4}) ([0-9]{2}):([0-9]{2}):([0-9]{2}) GMT")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


class Sunset(TypedField):
    """Value of the Sunset response field.

    RFC 8594 3. An HTTP-date (RFC 9110 5.6.7).

        Fri, 01 Jan 2027 00:00:00 GMT

    at   an aware datetime; kept in UTC without fractions of a second

    Raises PolicyError for what is no datetime, and for one without a time zone. A policy refuses one that is earlier
    than the Deprecation beside it (RFC 9745 4).

    >>> from datetime import datetime, timezone
    >>> Sunset(datetime(2027, 1, 1, tzinfo=timezone.utc)).serialize()
    'Fri, 01 Jan 2027 00:00:00 GMT'
    """

    field_name = "Sunset"

    at: datetime

    def __init__(self, at: datetime) -> None:
        problems = Problems()
        utc = in_utc(problems, "sunset.at", "Sunset.at", at)
        problems.raise_any()
        self._keep(at=utc)

    def conflicts(self, siblings: Sequence[Part], whole: Sequence[Part]) -> Iterator[Problem]:
        """Give the Deprecation beside it that begins later."""
        for part in (inner for sibling in siblings for inner in sibling.within()):
            if isinstance(part, Deprecation) and part.at > self.at:
                reason, fix = "is earlier than the Deprecation beside it", f"{part.serialize()} or later"
                yield Problem("sunset.deprecation", "Sunset.at", self.serialize(), reason, fix, "RFC 9745 4")

    def serialize(self) -> str:
        """Return the date in the one form that is still written."""
        return format_datetime(self.at, usegmt=True)

    @classmethod
    def parse(cls, text: str) -> Sunset:
        """Return the field whose value is `text`, a date in that form. Raises PolicyError."""
        match = _date.fullmatch(text.strip(" \t"))
        if match is None:
            raise unreadable(cls, text, "is no HTTP-date", "RFC 9110 5.6.7")
        day, month, year, hour, minute, second = match.groups()
        try:
            at = datetime(
                int(year), _MONTHS.index(month) + 1, int(day), int(hour), int(minute), int(second), tzinfo=UTC
            )
        except ValueError:
            raise unreadable(cls, text, "is a date that there is none of", "RFC 9110 5.6.7") from None
        field = cls(at)
        if field.serialize() != match[0]:
            raise unreadable(cls, text, "has another day of the week than that date", "RFC 9110 5.6.7")
        return field
