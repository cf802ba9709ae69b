"""What becomes of the Set-Cookie lines: the steps of all parts for a cookie, folded into one edit.

All parts that match a cookie apply in the order of declaration, later ones winning attribute by attribute. The edit
remembers what became of an attribute text, since applications repeat them (rfc6265bis 5.6).
"""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from .._part import Part
from ..operations import FieldProgram, checked
from .attributes import NO_WISH, Wish, expiry, rewritten
from .date import cookie_date
from .prefixes import kept_for_prefix, with_prefix
from .protection import UNPROTECTED, Protection, exempting, protection_of, speaking
from .syntax import BLANKS, attributes, cookie_name

SET_COOKIE = "Set-Cookie"

# Bounds of what is remembered between requests. A site has a few dozen cookies and as many attribute texts; what grows
# beyond that changes with every response and is forgotten as a whole.
_NAMES = 512
_TAILS = 512
_TAIL_OCTETS = 512

# The attributes that `exempt` can name, and the parts of a wish that each stands for.
EXEMPTIBLE = {
    "secure": ("secure",),
    "http_only": ("http_only",),
    "same_site": ("same_site", "default_same_site", "none_same_site"),
    "path": ("path",),
    "domain": ("domain",),
    "max_age": ("max_age",),
    "partitioned": ("partitioned",),
}


class CookieStep(NamedTuple):
    """What one part wants of the cookies whose name fits `name`, which is `*` for every cookie."""

    part: Part
    is_rule: bool  # of a CookieRule, which may protect its cookies too
    name: str
    wish: Wish
    leaves_secure: bool  # an opinion too: `secure="https"` on another scheme
    exempt: bool | tuple[str, ...] | None
    remove: bool | None

    @property
    def field(self) -> str:
        """The field of cookies."""
        return SET_COOKIE.lower()

    @property
    def compile(self) -> Callable[[Sequence[CookieStep]], FieldProgram]:
        """`compile_cookies`."""
        return compile_cookies


def wish_for(steps: Sequence[CookieStep], name: str) -> Wish | None:
    """Return what the steps together want of a cookie of that name; None where its line is dropped."""
    speakers = speaking(steps, name)
    decides = exempting(speakers)
    untouched: frozenset[str] = frozenset()
    if decides is not None and isinstance(decides.exempt, tuple):
        untouched = frozenset(part for attribute in decides.exempt for part in EXEMPTIBLE[attribute])
    remove: bool | None = None
    wish = NO_WISH
    for step in speakers:
        remove = step.remove if step.remove is not None else remove
        said = {
            attribute: value
            for attribute, value in step.wish._asdict().items()
            if value is not None and (step is decides or attribute not in untouched)
        }
        # The two are one decision: whoever speaks later has made it.
        if "none_same_site" in said:
            wish = wish._replace(same_site=None)
        elif "same_site" in said:
            wish = wish._replace(none_same_site=None)
        if step.leaves_secure and "secure" not in untouched:
            wish = wish._replace(secure=None)
        wish = wish._replace(**said)
    if remove:
        return None
    # rfc6265bis 5.7: SameSite=None without Secure is dropped, and so is Partitioned (observed in Chromium).
    if wish.none_same_site or wish.partitioned:
        wish = wish._replace(secure=True)
    return kept_for_prefix(wish, name)


def protected(pair: str, tail: str, protection: Protection) -> str:
    """Return a pair as the browser gets it: its value signed unless the line deletes the cookie, its name prefixed.

    Blanks around name and value stay where they are; the value that is signed is the one that user agents store.
    """
    name, equals, value = pair.partition("=")
    if not equals:
        name, value = "", pair
    if protection.signature is not None and _expiry(tail) > time.time():
        bare = value.strip(BLANKS)
        signed = protection.signature.sign(bare)
        value = signed if bare == value else f"{value}{signed}" if not bare else value.replace(bare, signed, 1)
    if protection.prefix:
        bare = name.strip(BLANKS)
        name = name.replace(bare, protection.prefix + bare, 1)
    return f"{name}{equals}{value}"


# What a memo gives for a key that it does not have, where it may have None.
_NOT_MET: Any = object()

# What stands before a date, in the spellings of the frameworks; another one is read like any text.
_EXPIRES = "xpires="
# Stand where the date was, for one that does not count or has passed and for one that is far; no text that was checked
# has them.
_PLACE, _FAR_PLACE = "\0", "\0 31 Dec 9999 23:59:59"


class _Memo(dict[Any, Any]):
    """What became of the attribute texts under one wish: the text that follows the pair, None where it stays as it is.

    The key None is the line without a semicolon; a tuple is a text without the date of its Expires, which many
    applications make anew for each response, and becomes what stands before that date and after it; it says too whether
    the date exceeds the longest life.
    """

    def __init__(self, wish: Wish) -> None:
        self.wish = wish

    def __missing__(self, key: str | None) -> str | None:
        before, found, rest = (key or "").partition(_EXPIRES)
        if key is None or not found:
            return self._of_text(key)
        date, semicolon, behind = rest.partition(";")
        # Only a longest life asks what the date is, and only whether that is exceeded.
        max_age = self.wish.max_age
        exceeds = max_age is not None and (cookie_date(date) or 0) > int(time.time()) + max_age
        around = self.get((before, semicolon, behind, exceeds), _NOT_MET)
        if around is _NOT_MET or len(key) > _TAIL_OCTETS or not (date.isascii() and date.isprintable()):
            checked(SET_COOKIE, key)
            place = _FAR_PLACE if exceeds else _PLACE
            placed = f";{before}{_EXPIRES}{place}{semicolon}{behind}"
            dates = [attribute.value for attribute in attributes(placed) if attribute.name == "expires"]
            if dates != [place] or len(key) > _TAIL_OCTETS:
                return self._of_text(key)
            text, _ = rewritten(placed, self.wish)
            around = None if text == placed else text.split(place)
            self._keep((before, semicolon, behind, exceeds), around)
        return None if around is None else f"{around[0]}{date}{around[1]}"

    def _of_text(self, key: str | None) -> str | None:
        """Return what becomes of a whole text, kept where it will always be that."""
        tail = "" if key is None else f";{checked(SET_COOKIE, key)}"
        text, lasting = rewritten(tail, self.wish)
        after = None if text == tail else text
        if lasting and len(tail) <= _TAIL_OCTETS:
            self._keep(key, after)
        return after

    def _keep(self, key: Any, after: Any) -> None:
        if len(self) >= _TAILS:
            self.clear()
        self[key] = after


class _Known:
    """What is wanted of the cookies of one name, and what it made of their attribute texts so far.

    unprefixed   the same without the prefix, where cookies of both names count
    """

    # Read for each line, and the attributes of a named tuple take several times as long.
    __slots__ = ("memo", "protection", "unprefixed")

    def __init__(self, memo: _Memo, protection: Protection, unprefixed: _Known | None = None) -> None:
        self.memo = memo
        self.protection = protection
        self.unprefixed = unprefixed


def compile_cookies(steps: Sequence[CookieStep]) -> FieldProgram:
    """Return the program of Set-Cookie for the steps of a policy, in the order of declaration."""
    rules = [step.part for step in steps if step.is_rule]
    memos: dict[Wish, _Memo] = {}
    by_name: dict[str, _Known | None] = {}

    def known_of(name: str) -> _Known | None:
        wish = wish_for(steps, name)
        if wish is None:
            return None
        known = _Known(memos.setdefault(wish, _Memo(wish)), UNPROTECTED)
        protection = protection_of(rules, name)
        if protection.prefix:
            wish = with_prefix(wish, protection.prefix + name)
        unprefixed = known if protection.accepts_unprefixed else None
        return _Known(memos.setdefault(wish, _Memo(wish)), protection, unprefixed)

    def met(pair: str) -> _Known | None:
        """Return what is wanted of a cookie whose name is met for the first time."""
        raw_name = pair.partition("=")[0]
        if len(by_name) >= _NAMES:
            by_name.clear()
            memos.clear()
        by_name[checked(SET_COOKIE, raw_name)] = known = known_of(cookie_name(pair))
        return known

    nameless = known_of("")
    # What every name gets that carries no prefix, where no part asks for names.
    every = nameless if all(step.name == "*" for step in steps) else None
    if every is not None and every.protection.signature is not None:
        every = None  # a signature is bound to the name

    def edit(value: str) -> str | tuple[str, ...] | None:
        pair, semicolon, tail = value.partition(";")
        known = every
        if known is None or "__" in pair:
            raw_name, equals, _ = pair.partition("=")
            # Looked up in one call: another thread may forget what is remembered at any moment.
            known = by_name.get(raw_name, _NOT_MET) if equals else nameless
            if known is _NOT_MET:
                known = met(pair)
            if known is None:
                checked(SET_COOKIE, value)
                return None
        memo, protection, unprefixed = known.memo, known.protection, known.unprefixed
        if not (pair.isascii() and pair.isprintable()):
            checked(SET_COOKIE, pair)
        key = tail if semicolon else None
        after = memo[key]
        # A line without name and value is no cookie (rfc6265bis 5.6 step 5); with a signature it would be one.
        if not pair:
            return value
        if protection is UNPROTECTED or pair.strip(BLANKS) in ("", "="):
            return value if after is None else pair + after
        sent = protected(pair, f";{tail}", protection)
        sent += semicolon + tail if after is None else after
        if unprefixed is not None and _expiry(f";{tail}") <= time.time():
            # The browser may have both, so both are deleted.
            after = unprefixed.memo[key]
            return sent, value if after is None else pair + after
        return sent

    return FieldProgram(SET_COOKIE.lower(), edit=edit)


def _expiry(tail: str) -> float:
    """Return what `expiry` does, remembered as the texts are."""
    return _expiries(tail) if len(tail) <= _TAIL_OCTETS else expiry(tail)


_expiries = functools.lru_cache(maxsize=_TAILS)(expiry)
