"""What a policy wants of the attributes of one cookie, and how the text after its pair is brought to it.

Only what is wanted changes; every other octet, the order and the spelling stay (rfc6265bis 5.6-5.7 says what counts).
"""

from __future__ import annotations

import math
import re
import time
from typing import NamedTuple

from .date import cookie_date
from .syntax import Attribute, added, attributes, effective, joined, replaced, without

# rfc6265bis 5.6.7: what a user agent knows of SameSite, from weakest to strictest.
_STRICTNESS = {"none": 0, "lax": 1, "strict": 2}

# rfc6265bis 5.6.2: "If the first character of the attribute-value is neither a DIGIT, nor a '-' [...] ignore the
# cookie-av. If the remainder of attribute-value contains a non-DIGIT character, ignore the cookie-av."
_max_age = re.compile(r"-?[0-9]+")


class Wish(NamedTuple):
    """What is wanted of each attribute; None is no opinion.

    secure, http_only, partitioned   True: there; False: not there
    same_site           "Strict" or "Lax": at least that strict
    default_same_site   "Strict" or "Lax" where the line has none that a user agent knows; read before same_site
    none_same_site      True: SameSite=None, forced
    path                forced
    domain              a str: forced; False: no Domain
    max_age             seconds: the longest life
    """

    secure: bool | None = None
    http_only: bool | None = None
    same_site: str | None = None
    default_same_site: str | None = None
    none_same_site: bool | None = None
    path: str | None = None
    domain: str | bool | None = None
    max_age: int | None = None
    partitioned: bool | None = None


NO_WISH = Wish()


def rewritten(tail: str, wish: Wish) -> tuple[str, bool]:
    """Return the text after the pair as `wish` has it, and whether the same text will always become that.

    tail   "" or a text that begins with a semicolon
    """
    found = attributes(tail)
    missing: list[str] = []
    lasting = True
    if wish.path is not None:
        found = _forced(found, missing, "Path", wish.path)
    if wish.domain is False:
        found = without(found, "domain")
    elif isinstance(wish.domain, str):
        found = _forced_domain(found, missing, wish.domain)
    if wish.max_age is not None:
        found, lasting = _limited(found, missing, wish.max_age)
    found = _flag(found, missing, "Secure", wish.secure)
    found = _flag(found, missing, "HttpOnly", wish.http_only)
    found = _same_site(found, missing, wish)
    found = _flag(found, missing, "Partitioned", wish.partitioned)
    for text in missing:
        found = added(found, text)
    return joined(found), lasting


def _flag(found: list[Attribute], missing: list[str], name: str, wanted: bool | None) -> list[Attribute]:
    lower = name.lower()
    if wanted is None:
        return found
    if wanted is False:
        return without(found, lower)
    # rfc6265bis 5.6.5-5.6.6: the attribute counts "regardless of the attribute-value".
    if effective(found, lower) is not None:
        return found
    if all(attribute.name != lower for attribute in found):
        missing.append(name)
    return replaced(found, lower, None)


def _forced(found: list[Attribute], missing: list[str], name: str, value: str) -> list[Attribute]:
    lower = name.lower()
    now = effective(found, lower)
    if now is not None and now.value == value:
        return found
    if all(attribute.name != lower for attribute in found):
        missing.append(f"{name}={value}")
    return replaced(found, lower, value)


def _forced_domain(found: list[Attribute], missing: list[str], domain: str) -> list[Attribute]:
    # rfc6265bis 5.6.3: one leading dot is dropped, and the rest is compared in lower case.
    now = effective(found, "domain")
    if now is not None and (now.value or "").removeprefix(".").lower() == domain.removeprefix(".").lower():
        return found
    return _forced(found, missing, "Domain", domain)


def _same_site(found: list[Attribute], missing: list[str], wish: Wish) -> list[Attribute]:
    now = effective(found, "samesite")
    strictness = _STRICTNESS.get((now.value or "").lower()) if now is not None else None
    if wish.none_same_site:
        return found if strictness == 0 else _forced(found, missing, "SameSite", "None")
    wanted = None
    if wish.default_same_site is not None and strictness is None:
        wanted = wish.default_same_site
        strictness = _STRICTNESS[wanted.lower()]
    if wish.same_site is not None and (strictness is None or strictness < _STRICTNESS[wish.same_site.lower()]):
        wanted = wish.same_site
    return found if wanted is None else _forced(found, missing, "SameSite", wanted)


def _limited(found: list[Attribute], missing: list[str], ceiling: int) -> tuple[list[Attribute], bool]:
    """Return `found` with a life of at most `ceiling` seconds, and whether that does not depend on the clock."""
    seconds = _seconds(found)
    if seconds is not None:
        return replaced(found, "max-age", str(ceiling)) if _longer(seconds, ceiling) else found, True
    expires = _expires(found)
    if expires is None:
        return found, True
    if expires <= int(time.time()) + ceiling:
        return found, False
    if all(other.name != "max-age" for other in found):
        missing.append(f"Max-Age={ceiling}")
    return replaced(found, "max-age", str(ceiling)), False


def expiry(tail: str) -> float:
    """Return when a cookie that is set with the attributes of `tail` ends: seconds since the epoch.

    Infinity where it lives on from now or ends with the session, minus infinity for a Max-Age of nothing or less. A
    cookie that has ended when it is set is deleted (rfc6265bis 5.7).
    """
    found = attributes(tail)
    seconds = _seconds(found)
    if seconds is not None:
        return math.inf if _longer(seconds, 0) else -math.inf
    expires = _expires(found)
    return math.inf if expires is None else expires


# rfc6265bis 5.7: Max-Age beats Expires wherever it stands; what cannot be read is not there, and the last one counts.


def _seconds(found: list[Attribute]) -> str | None:
    """Return the Max-Age that counts."""
    for attribute in reversed(found):
        if attribute.name == "max-age" and attribute.counts and _max_age.fullmatch(attribute.value or ""):
            return attribute.value
    return None


def _expires(found: list[Attribute]) -> int | None:
    """Return the Expires that counts, in seconds since the epoch."""
    for attribute in reversed(found):
        if attribute.name == "expires" and attribute.counts:
            expires = cookie_date(attribute.value or "")
            if expires is not None:
                return expires
    return None


def _longer(seconds: str, ceiling: int) -> bool:
    # Compared by length first: int() refuses numbers of more than 4,300 digits, and an application may send any.
    digits = seconds.lstrip("0")
    if seconds.startswith("-"):
        return False
    return (len(digits), digits) > (len(str(ceiling)), str(ceiling))
