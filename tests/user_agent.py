"""A user agent as cookies know it: how it reads one Set-Cookie line, whether it stores it, what it sends back.

The oracle of the cookie tests. It follows draft-ietf-httpbis-rfc6265bis-22 step by step and imports nothing of
wsgi_headers: 5.1.1 dates, 5.1.3 domains, 5.1.4 paths, 5.6 the line, 5.7 storage, 5.8 retrieval; beyond it the `__Http-`
and `__Host-Http-` prefixes of draft-ietf-httpbis-layered-cookies. Strings hold one octet a character. Left out: cookies
set by scripts or by cross-site requests, "leave secure cookies alone", and public suffixes of more than one label.

    >>> cookie = read("sid=1; Secure; SameSite=lax", Request("https", "a.example", "/"))
    >>> (cookie.name, cookie.value, cookie.secure, cookie.http_only, cookie.same_site)
    ('sid', '1', True, False, 'Lax')
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from typing import NamedTuple

PAIR_OCTETS = 4096  # 5.6 step 5
ATTRIBUTE_OCTETS = 1024  # 5.6, "ignore the cookie-av string"
LONGEST_LIFE = 400 * 24 * 3600  # seconds, 5.5
PREFIXES = ("__secure-", "__host-", "__http-", "__host-http-")

STORED = "stored"
EXPIRED = "expired"
IGNORED = "rejected: control character, empty, or larger than 4096 octets"


class Request(NamedTuple):
    """The request whose response carries the line; `clock` is in seconds since the epoch."""

    scheme: str
    host: str
    path: str
    clock: int = 0

    @property
    def default_path(self) -> str:
        """The default-path of 5.1.4."""
        if not self.path.startswith("/"):
            return "/"
        return self.path[: self.path.rindex("/")] or "/"


class Cookie(NamedTuple):
    """What a line says: the last attribute of each name that counts; None where there is none.

    max_age     seconds, at most 400 days
    expires     seconds since the epoch
    domain      lower case, without a leading dot; "" where the attribute is empty
    path        the default-path of the request where the attribute is no absolute path
    same_site   "Strict", "Lax", "None"; "Default" where it is absent or unknown
    """

    name: str
    value: str
    max_age: int | None
    expires: int | None
    domain: str | None
    path: str | None
    secure: bool
    http_only: bool
    same_site: str
    partitioned: bool


def read(line: str, request: Request) -> Cookie | None:
    """Return what a user agent reads in the line (5.6), None where it ignores the whole of it."""
    if any(octet == "\x7f" or (octet < "\x20" and octet != "\t") for octet in line):
        return None
    pair, *attributes = line.split(";")
    name, value = _split(pair) if "=" in pair else ("", _trimmed(pair))
    if not name + value or len(name + value) > PAIR_OCTETS:
        return None
    said: dict[str, str] = {}
    for attribute in attributes:
        key, text = _split(attribute)
        key = key.lower()
        if len(text) > ATTRIBUTE_OCTETS:
            continue
        if key == "max-age" and _seconds(text) is None:
            continue
        if key == "expires" and date(text) is None:
            continue
        said[key] = text
    domain = said.get("domain")
    path = said.get("path")
    return Cookie(
        name,
        value,
        _seconds(said["max-age"]) if "max-age" in said else None,
        date(said["expires"]) if "expires" in said else None,
        None if domain is None else (domain[1:] if domain.startswith(".") else domain).lower(),
        path if path is None or path.startswith("/") else request.default_path,
        "secure" in said,
        "httponly" in said,
        {"strict": "Strict", "lax": "Lax", "none": "None"}.get(said.get("samesite", "").lower(), "Default"),
        "partitioned" in said,
    )


def outcome(cookie: Cookie | None, request: Request, *, chips: bool = False) -> str:
    """Return STORED, EXPIRED (a deletion) or why the cookie is not stored, in the order of the steps of 5.7.

    chips   Partitioned without Secure is refused too (observed in Chromium 156; the draft does not know the attribute)
    """
    if cookie is None:
        return IGNORED
    if cookie.domain:
        if not cookie.domain.isascii():
            return "rejected: non-ASCII domain"
        # Every top-level domain is a public suffix by the list's default rule; more of the list is not needed here.
        if "." not in cookie.domain and cookie.domain != request.host:
            return "rejected: public suffix domain"
        if not domain_matches(request.host, cookie.domain):
            return "rejected: domain does not match host"
    if cookie.secure and request.scheme != "https":
        return "rejected: Secure on insecure connection"
    if cookie.same_site == "None" and not cookie.secure:
        return "rejected: SameSite=None without Secure"
    if chips and cookie.partitioned and not cookie.secure:
        return "rejected: Partitioned without Secure"
    name = cookie.name.lower()
    if name.startswith("__secure-") and not cookie.secure:
        return "rejected: __Secure- prefix rule"
    if name.startswith("__host-") and not (cookie.secure and not cookie.domain and cookie.path == "/"):
        return "rejected: __Host- prefix rule"
    if name.startswith("__http-") and not (cookie.secure and cookie.http_only):
        return "rejected: __Http- prefix rule"
    if name.startswith("__host-http-") and not cookie.http_only:
        return "rejected: __Host-Http- prefix rule"
    if not name and cookie.value.lower().startswith(PREFIXES):
        return "rejected: nameless cookie imitating a prefix"
    end = ends(cookie, request.clock)
    return EXPIRED if end is not None and end <= request.clock else STORED


def ends(cookie: Cookie, clock: int) -> float | None:
    """Return when the cookie's life ends, in seconds since the epoch; None for a session cookie (5.7 step 8, 5.5)."""
    if cookie.max_age is not None:
        return clock + cookie.max_age if cookie.max_age > 0 else float("-inf")
    return None if cookie.expires is None else min(cookie.expires, clock + LONGEST_LIFE)


def cookie_field(lines: Iterable[str], request: Request, later: Request) -> str:
    """Return the Cookie field of a `later` same-site request, after a response to `request` with these lines (5.8)."""
    jar: dict[tuple[str, str, bool, str], Cookie] = {}
    for line in lines:
        cookie = read(line, request)
        verdict = outcome(cookie, request)
        if cookie is None or verdict not in (STORED, EXPIRED):
            continue
        place = (cookie.name, cookie.domain or request.host, not cookie.domain, cookie.path or request.default_path)
        if verdict == STORED:
            jar[place] = cookie  # a replaced cookie keeps its place: its creation time stays
        else:
            jar.pop(place, None)
    sent = [
        (place, cookie)
        for place, cookie in jar.items()
        if (later.host == place[1] if place[2] else domain_matches(later.host, place[1]))
        and path_matches(later.path, place[3])
        and (later.scheme == "https" or not cookie.secure)
    ]
    sent.sort(key=lambda kept: -len(kept[0][3]))
    return "; ".join(f"{cookie.name}={cookie.value}" if cookie.name else cookie.value for _, cookie in sent)


def domain_matches(host: str, domain: str) -> bool:
    """Whether a host domain-matches (5.1.3)."""
    return host == domain or (host.endswith(f".{domain}") and not host.replace(".", "").isdigit())


def path_matches(path: str, cookie_path: str) -> bool:
    """Whether a request's path path-matches that of a cookie (5.1.4)."""
    if not path.startswith(cookie_path):
        return False
    return cookie_path.endswith("/") or path[len(cookie_path) :][:1] in ("", "/")


def date(text: str) -> int | None:
    """Return the seconds since the epoch that a cookie-date names (5.1.1), None where the algorithm fails."""
    time: tuple[int, int, int] | None = None
    day = month = year = None
    for token in "".join(" " if octet in _DELIMITERS else octet for octet in text).split(" "):
        digits = _digits(token)
        if time is None and (found := _time(token)):
            time = found
        elif day is None and len(digits) in (1, 2):
            day = int(digits)
        elif month is None and token[:3].lower() in _MONTHS:
            month = 1 + _MONTHS.index(token[:3].lower())
        elif year is None and len(digits) in (2, 3, 4):
            year = int(digits)
    if time is None or day is None or month is None or year is None:
        return None
    if year <= 99:
        year += 1900 if year >= 70 else 2000
    if year < 1601:
        return None
    try:
        moment = datetime.datetime(year, month, day, *time, tzinfo=datetime.UTC)
    except ValueError:
        return None
    return (moment - datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)) // datetime.timedelta(seconds=1)


_MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split()
# delimiter = %x09 / %x20-2F / %x3B-40 / %x5B-60 / %x7B-7E
_DELIMITERS = {"\t", *map(chr, [*range(0x20, 0x30), *range(0x3B, 0x41), *range(0x5B, 0x61), *range(0x7B, 0x7F)])}


def _time(token: str) -> tuple[int, int, int] | None:
    # hms-time = time-field ":" time-field ":" time-field [ non-digit *OCTET ], time-field = 1*2DIGIT
    fields = token.split(":", 2)
    if len(fields) < 3:
        return None
    hours, minutes, seconds = map(_digits, fields)
    if [hours, minutes] != fields[:2] or not all(1 <= len(field) <= 2 for field in (hours, minutes, seconds)):
        return None
    return int(hours), int(minutes), int(seconds)


def _digits(text: str) -> str:
    """Return the digits that `text` begins with."""
    return text[: len(text) - len(text.lstrip("0123456789"))]


def _seconds(text: str) -> int | None:
    """Return what a Max-Age says (5.6.2): at most 400 days; None where the attribute is ignored."""
    digits = _digits(text.removeprefix("-"))
    if not digits or digits != text.removeprefix("-"):
        return None
    # Every age below zero is the same; the vectors write those that no clock holds as -1.
    return (-1 if len(digits) > 18 else -int(digits)) if text.startswith("-") else min(int(digits), LONGEST_LIFE)


def _split(text: str) -> tuple[str, str]:
    """Return both sides of the first equals sign, or the whole and ""."""
    left, _, right = text.partition("=")
    return _trimmed(left), _trimmed(right)


def _trimmed(text: str) -> str:
    return text.strip(" \t")
