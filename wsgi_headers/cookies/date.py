"""The dates of Expires as user agents read them (rfc6265bis 5.1.1): a time, a day, a month and a year."""

from __future__ import annotations

import datetime
import re

# delimiter = %x09 / %x20-2F / %x3B-40 / %x5B-60 / %x7B-7E
_tokens = re.compile(r"[^\x09\x20-\x2f\x3b-\x40\x5b-\x60\x7b-\x7e]+")
# hms-time = time-field ":" time-field ":" time-field [ non-digit *OCTET ]        time-field = 1*2DIGIT
_time = re.compile(r"([0-9]{1,2}):([0-9]{1,2}):([0-9]{1,2})(?:[^0-9].*)?", re.DOTALL)
# day-of-month = 1*2DIGIT [ non-digit *OCTET ]
_day = re.compile(r"([0-9]{1,2})(?:[^0-9].*)?", re.DOTALL)
# month = ( "jan" / "feb" / ... ) *OCTET, without regard to case
_months = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
# year = 2*4DIGIT [ non-digit *OCTET ]
_year = re.compile(r"([0-9]{2,4})(?:[^0-9].*)?", re.DOTALL)
# The form that servers are told to send (rfc6265bis 4.1.1), and that with dashes of Netscape, which some still do; the
# productions above read both so too.
_usual = re.compile(
    rf"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), ([0-9]{{2}})[ -]({'|'.join(_months)})[ -]([0-9]{{4}}) "
    r"([0-9]{2}):([0-9]{2}):([0-9]{2}) GMT",
    re.IGNORECASE | re.ASCII,
)

_EPOCH = datetime.date(1970, 1, 1).toordinal()


def cookie_date(text: str) -> int | None:
    """Return the seconds since the epoch that `text` names, or None where user agents would ignore the attribute."""
    usual = _usual.fullmatch(text)
    if usual is not None:
        digits = usual.groups()
        return _moment(int(digits[2]), _month(digits[1]), int(digits[0]), *map(int, digits[3:]))
    time: tuple[int, int, int] | None = None
    day = month = year = None
    for found in _tokens.findall(text):
        # The order of the productions is the specification's; each takes the first token that it can.
        if time is None and (match := _time.fullmatch(found)):
            time = (int(match[1]), int(match[2]), int(match[3]))
        elif day is None and (match := _day.fullmatch(found)):
            day = int(match[1])
        elif month is None and found[:3].lower() in _months:
            month = _month(found[:3])
        elif year is None and (match := _year.fullmatch(found)):
            year = int(match[1])
    if time is None or day is None or month is None or year is None:
        return None
    return _moment(year, month, day, *time)


def _month(name: str) -> int:
    return _months.index(name.lower()) + 1


def _moment(year: int, month: int, day: int, hour: int, minute: int, second: int) -> int | None:
    """Return the seconds since the epoch, or None for what is no date or no time of the day."""
    if year <= 99:
        year += 1900 if year >= 70 else 2000
    if year < 1601 or hour > 23 or minute > 59 or second > 59:
        return None
    try:
        # Refuses days that the month does not have, as they do.
        days = datetime.date(year, month, day).toordinal() - _EPOCH
    except ValueError:
        return None
    return ((days * 24 + hour) * 60 + minute) * 60 + second
