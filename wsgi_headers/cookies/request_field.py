"""The Cookie field of a request: what the application sees of the cookies that a policy protects.

rfc6265bis 5.8.3 and 5.6: pairs are separated by semicolons, the name ends at the first equals sign, blanks (SP, HTAB)
around names and values do not count. Quotes, commas and percent signs mean nothing. Every pair that no rule speaks of
stays as it is, octet by octet.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from .._state import live_states
from ..exchange import ENVIRON_KEY
from .protection import UNPROTECTED, Protection, bare_names, protection_of
from .signing import looks_signed
from .syntax import BLANKS

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

    from .._log import Log
    from ..exchange import Request

# Where environ says what was done to its Cookie field: the field as it was left, and the rules that it went through.
# An environ that is used again (a retry, another application after a 404) has gone through them already.
_DONE = "wsgi_headers.cookies"

# Bound of the memo of names, with the blanks around them: a browser sends a few dozen of a site, a client any.
_NAMES = 512
_NOT_MET: Any = object()  # what the memo gives for a name that it does not have, where it may have None


class Reading(NamedTuple):
    """What a name in the Cookie field means.

    bare         the name that the application uses
    protection   what its cookies must have
    prefixed     whether this name has the prefix, or needs none
    lookalike    whether this is no such name, but frameworks would read it as one
    """

    bare: str
    protection: Protection
    prefixed: bool = True
    lookalike: bool = False


def pairs(field: str) -> list[tuple[str, str]]:
    """Return the names and values of a Cookie field in order; a cookie without a name has the name ""."""
    return [_pair(piece) for piece in field.split(";")]


def _pair(piece: str) -> tuple[str, str]:
    name, equals, value = piece.partition("=")
    return (name.strip(BLANKS), value.strip(BLANKS)) if equals else ("", piece.strip(BLANKS))


def compile_request_field(rules: Sequence[Any]) -> Callable[[Request, Log], None] | None:
    """Return what takes prefixes and signatures off the Cookie field; None where no rule gives any."""
    if not any(rule.prefix is not None or rule.signing_key is not None for rule in rules):
        return None
    reader = _Reader(tuple(rules))

    def act(request: Request, log: Log) -> None:
        environ = request.environ
        field = environ.get("HTTP_COOKIE")
        if not field:
            return
        left, passes = environ.get(_DONE, (None, ()))
        if left is not field:
            passes = ()
        again = _again(reader.rules, passes, environ) if passes else None
        if again is not None:
            environ[_DONE] = field, again
            return
        kept = reader.shown(field, log)
        if kept is field:
            return
        if kept:
            environ["HTTP_COOKIE"] = kept
            environ[_DONE] = kept, (*passes, (reader.rules, id(environ.get(ENVIRON_KEY))))
        else:
            del environ["HTTP_COOKIE"]

    return act


# A set of rules, and the identity of the state of the response that they were applied for: the state itself would hold
# environ in a circle.
_Pass: TypeAlias = tuple[tuple[Any, ...], int]


def _again(rules: tuple[Any, ...], passes: tuple[_Pass, ...], environ: WSGIEnvironment) -> tuple[_Pass, ...] | None:
    """Return the passes with this one in the place of an earlier one by the same rules, None where there is none.

    The pass of a middleware above is no earlier one: different policies with the same rule both put on and take off.
    """
    states = [id(state) for state in live_states(environ)]
    for place, (by, state) in enumerate(passes):
        if by == rules and state not in states[1:]:
            return (*passes[:place], (rules, states[0] if states else 0), *passes[place + 1 :])
    return None


class _Reader:
    """Reads Cookie fields under the rules that hold for a request."""

    def __init__(self, rules: tuple[Any, ...]) -> None:
        self.rules = rules
        self._bare = bare_names(rules)
        self._readings: dict[str, Reading | None] = {}

    def _reading(self, name: str) -> Reading | None:
        """Return what the name of a pair means, None for one that no rule protects."""
        found = self._exactly(name)
        for read in _read_by_frameworks(name):
            found = _imitating(found, self._exactly(read))
        return found

    def _exactly(self, name: str) -> Reading | None:
        if name in self._bare:
            bare = self._bare[name]
            return Reading(bare, protection_of(self.rules, bare))
        protection = protection_of(self.rules, name)
        return None if protection is UNPROTECTED else Reading(name, protection, prefixed=not protection.prefix)

    def shown(self, field: str, log: Log) -> str:
        """Return the Cookie field as the application shall see it, "" where nothing is left of it."""
        pieces = field.split(";")
        readings = [self._of_piece(piece) for piece in pieces]
        if not any(readings):
            return field
        with_prefix: set[str] | None = None  # looked for once, where a pair without its prefix is met
        kept = []
        for piece, reading in zip(pieces, readings, strict=True):
            if reading is None:
                kept.append(piece)
                continue
            if with_prefix is None and not reading.prefixed:
                with_prefix = {each.bare for each in readings if each and each.prefixed and not each.lookalike}
            after = _taken_off(piece, reading, with_prefix or set(), log)
            if after is not None:
                kept.append(after)
        if len(kept) == len(pieces):
            return ";".join(kept)
        if pieces and kept and kept[0] is not pieces[0]:
            kept[0] = kept[0].lstrip(BLANKS)  # the blank after the semicolon that left with the pair before it
        shown = ";".join(kept)
        return shown if shown.strip(BLANKS + ";") else ""

    def _of_piece(self, piece: str) -> Reading | None:
        raw_name, equals, _ = piece.partition("=")
        # Looked up in one call: another thread may forget what is remembered at any moment.
        known: Reading | None = self._readings.get(raw_name, _NOT_MET) if equals else _NOT_MET
        if known is not _NOT_MET:
            return known
        name, value = _pair(piece)
        if not equals:
            # Some frameworks read a pair without an equals sign as a name without a value.
            return _imitating(self._reading(""), self._reading(value)) if value else None
        if not name:
            return self._reading("") if value else None
        if len(self._readings) >= _NAMES:
            self._readings.clear()
        known = self._readings[raw_name] = self._reading(name)
        return known


def _imitating(found: Reading | None, imitated: Reading | None) -> Reading | None:
    """Return what a name means that frameworks read as another one, `imitated`.

    found   what it means by itself, where a pattern fits it: only what verifies counts then, unless the other one comes
            as it is too
    """
    if imitated is None:
        return found
    if found is None:
        return imitated._replace(lookalike=True)
    if imitated.protection.accepts_unsigned and not imitated.protection.prefix:
        return found
    strict = found.protection._replace(accepts_unprefixed=False, accepts_unsigned=False)
    return found._replace(protection=strict)


def _taken_off(piece: str, reading: Reading, with_prefix: set[str], log: Log) -> str | None:
    """Return a pair without its prefix and signature, None where the application must not see it."""
    bare, protection, prefixed, lookalike = reading
    raw_name, equals, raw_value = piece.partition("=")
    if not equals:
        raw_name, raw_value = "", piece
    name, value = raw_name.strip(BLANKS), raw_value.strip(BLANKS)
    if lookalike:
        log.warn("cookie.lookalike.refused", "the cookie '%(cookie)s' imitates a protected one", cookie=name or value)
        return None
    if not prefixed and (bare in with_prefix or not protection.accepts_unprefixed):
        log.warn(
            "cookie.unprefixed.refused", "the cookie '%(cookie)s' came without its prefix and is not shown", cookie=bare
        )
        return None
    shown = value
    if protection.signature is not None:
        verified = protection.signature.verify(value)
        if verified is not None:
            shown = verified
        elif protection.accepts_unsigned and not looks_signed(value):
            log.warn(
                "cookie.unsigned.accepted", "the cookie '%(cookie)s' came without a signature and is shown", cookie=bare
            )
        else:
            log.warn("cookie.signature.refused", "the signature of the cookie '%(cookie)s' does not count", cookie=bare)
            return None
    if not prefixed:
        log.warn(
            "cookie.unprefixed.accepted", "the cookie '%(cookie)s' came without its prefix and is shown", cookie=bare
        )
    if name != bare:
        raw_name = raw_name.replace(name, bare, 1)
    if value != shown:
        raw_value = raw_value.replace(value, shown, 1)
    return f"{raw_name}{equals}{raw_value}"


def _read_by_frameworks(name: str) -> list[str]:
    """Return the other names that frameworks read in that of a pair.

    Several of them strip every blank that Unicode knows, from octets read as latin-1 or as UTF-8.
    """
    decoded = name.encode("latin-1", "replace").decode("utf-8", "replace")
    return [read for read in {name.strip(), decoded.strip()} if read and read != name]
