"""Points in time, as the fields that name one take them: aware, in UTC, to the second."""

from __future__ import annotations

from datetime import UTC, datetime

from ..errors import Problems


def in_utc(problems: Problems, code: str, where: str, value: object) -> datetime | None:
    """Return an aware datetime in UTC without fractions of a second, or note why `value` is none and return None."""
    fix = "an aware datetime, datetime(2027, 1, 1, tzinfo=timezone.utc)"
    if not isinstance(value, datetime):
        problems.add(code, where, value, "is no datetime", fix)
        return None
    if value.utcoffset() is None:
        problems.add(code, where, value, "has no time zone", fix)
        return None
    try:
        utc = value.astimezone(UTC)
    except OverflowError:
        problems.add(code, where, value, "lies outside of what can be written", fix)
        return None
    return datetime(utc.year, utc.month, utc.day, utc.hour, utc.minute, utc.second, tzinfo=UTC)
