"""Deprecation: since when, or from when on, a resource should not be relied upon."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from .. import _structured
from .._structured import Date, Item, NotStructured
from ..errors import Problems
from ..typed_field import TypedField, unreadable
from .instants import in_utc

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Deprecation(TypedField):
    """Value of the Deprecation response field.

    RFC 9745 2.1. A structured Date (RFC 9651 3.3.7).

        @1688169599

    at   an aware datetime, past or to come; kept in UTC without fractions of a second

    Raises PolicyError for what is no datetime, and for one without a time zone. A policy refuses a Sunset that is
    earlier.

    >>> from datetime import datetime, timezone
    >>> Deprecation(datetime(2027, 1, 1, tzinfo=timezone.utc)).serialize()
    '@1798761600'
    """

    field_name = "Deprecation"

    at: datetime

    def __init__(self, at: datetime) -> None:
        problems = Problems()
        utc = in_utc(problems, "deprecation.at", "Deprecation.at", at)
        problems.raise_any()
        self._keep(at=utc)

    def serialize(self) -> str:
        """Return the date."""
        return _structured.serialize_item(Item(Date((self.at - _EPOCH) // timedelta(seconds=1))))

    @classmethod
    def parse(cls, text: str) -> Deprecation:
        """Return the field whose value is `text`. Raises PolicyError."""
        try:
            item = _structured.parse_item(text)
        except NotStructured as error:
            raise unreadable(cls, text, str(error), "RFC 9651 4.2.9") from None
        if not isinstance(item.value, Date) or item.parameters:
            raise unreadable(cls, text, "is no date alone, '@' and seconds since 1970", "RFC 9745 2.1")
        try:
            return cls(_EPOCH + timedelta(seconds=item.value.seconds))
        except OverflowError:
            raise unreadable(cls, text, "lies outside of the years 1 to 9999", "RFC 9745 2.1") from None
