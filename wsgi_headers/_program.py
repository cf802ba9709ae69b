"""A program: the compiled operations for one set of rules that hold, and the loop that applies them to a head.

The loop looks each name up in a bounded set of spellings that nothing touches and each value over for characters that
must not be sent. Only lines that an operation touches cost more. Nothing of it is kept from one head to the next but
names.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from . import _grammar, _registry
from .errors import HeadError, escaped
from .exchange import Line
from .operations import ADD, KEEP, FieldProgram, checked

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

# Bound of the memos of names. Applications spell a few dozen names; what comes beyond is made up for each response
# and is forgotten as a whole, so that memory stays flat whatever is sent.
SPELLINGS = 1024

# How a touched line is treated: dropped; kept, and the program's own lines of the field left out; its value put
# through a function; collected with the others of its field.
_DROP, _KEEP, _EDIT, _COLLECT, _ALWAYS = range(5)


# What is known of a spelling: None where nothing touches its lines; else how they are treated, what that needs, and the
# bit of the field in the set of fields that the application sent.
_Treatment: TypeAlias = tuple[int, Any, int]
_Spellings: TypeAlias = dict[str, _Treatment | None]


class Program:
    """What happens to the lines of a head.

    inert     spellings of names that nothing touches, as they were met, each with the last value of its line if the
              registry says that the field carries nothing personal, else None. A value that comes again as the same
              object need not be looked over again.
    tail      the lines that a head gets in which nothing is touched
    touches   whether the last head had touched lines: the next one is then not tried for having none
    apply     the innermost loop, see `_applying`; for whoever is in a hurry and calls `rewrite` where it gives None
    """

    def __init__(self, fields: Sequence[FieldProgram]) -> None:
        self.inert: dict[str, str | None] = {}
        self.tail: list[Line] = [line for field in fields for line in field.absent]
        self.fields = {field.field: field for field in fields}
        self.always = [field.always for field in fields if field.always is not None]
        self.touches = bool(self.always)
        self.spellings: _Spellings = {}
        self._bits = {field.field: 1 << place for place, field in enumerate(fields)}
        # The tail without the lines of the fields that the application sent itself, by their bits.
        self.tails: dict[int, list[Line]] = {0: self.tail}
        self.apply = _applying(self)

    def rewrite(self, lines: object, environ: WSGIEnvironment) -> list[Line]:
        """Return a new head: an exact list of exact pairs of exact `str`. `lines` is not changed.

        Raises HeadError for what an application must not send, and whatever a callable of the policy raises.
        """
        after = self.apply(self.spellings, lines, environ) if type(lines) is list else None
        if after is None:
            exact = exact_lines(lines)
            # Of its own, since the memo may be full, or forgotten by another thread at any moment.
            spellings = {name: self._treatment(name) for name, _ in exact}
            self._learn(spellings)
            after = self.apply(spellings, exact, environ)
        assert after is not None, "exact lines of known spellings are read"
        return after

    def _learn(self, spellings: _Spellings) -> None:
        """Remember how lines of these spellings, all tokens, are treated."""
        for name, treatment in spellings.items():
            if len(self.spellings) >= SPELLINGS:
                self.spellings.clear()
                self.inert.clear()
            self.spellings[name] = treatment
            if treatment is None:
                known = _registry.lookup(name)
                self.inert[name] = "" if known is not None and known.impersonal else None

    def _treatment(self, name: str) -> _Treatment | None:
        field = self.fields.get(name.lower())
        if field is None or (field.present == ADD and field.edit is None and field.always is None):
            return None
        if field.edit is not None:
            return _EDIT, field.edit, 0
        bit = self._bits[field.field]
        if field.always is not None:
            return _ALWAYS, field.always, bit
        if callable(field.present):
            return _COLLECT, field.present, bit
        return (_KEEP, None, bit) if field.present == KEEP else (_DROP, None, 0)

    def tail_without(self, sent: int) -> list[Line]:
        """Return the tail without the lines of the fields whose bits are set, and remember it."""
        if len(self.tails) >= SPELLINGS:
            self.tails.clear()
        fields = self.fields.values()
        tail = [line for field in fields if not self._bits[field.field] & sent for line in field.absent]
        self.tails[sent] = tail
        return tail


def _applying(program: Program) -> Callable[[_Spellings, Any, WSGIEnvironment], list[Line] | None]:
    """Return the innermost loop, a function over the memos, since it runs for each head that has touched lines.

    It takes what is known of spellings, the lines, and environ. It returns the new head, or None where `lines` is not
    yet an exact list of exact pairs of exact `str` or has a spelling that is not known.
    """
    always, tails = program.always, program.tails

    def apply(spellings: _Spellings, lines: Any, environ: WSGIEnvironment) -> list[Line] | None:
        after: list[Line] = []
        sent = 0
        touches = False
        collected: list[tuple[Any, Line]] | None = None
        try:
            for line in lines:
                name, value = line
                treatment = spellings[name]
                if type(line) is not tuple or type(value) is not str or type(name) is not str:
                    return None
                if treatment is None:
                    if not value.isascii() or not value.isprintable():
                        checked(name, value)
                    after.append(line)
                    continue
                touches = True
                kind, payload, bit = treatment
                if kind == _EDIT:
                    made = payload(value)
                    if made is value:
                        after.append(line)
                    elif made is not None:
                        after.append((name, made))
                    continue
                if not value.isascii() or not value.isprintable():
                    checked(name, value)
                if kind == _KEEP:
                    sent |= bit
                    after.append(line)
                elif kind >= _COLLECT:
                    sent |= bit
                    if collected is None:
                        collected = [(payload, line)]
                    else:
                        collected.append((payload, line))
        except HeadError:
            raise
        except (KeyError, TypeError, ValueError):
            return None  # a spelling not met yet, a line that is no pair, a name that cannot be one
        after += tails[sent] if sent in tails else program.tail_without(sent)
        program.touches = touches
        if collected is not None and not always:
            if len(collected) == 1:
                of_field, line = collected[0]
                after += of_field([line])
            else:
                for of_field, own in _grouped(collected).items():
                    after += of_field(own)
        elif always:
            program.touches = True
            after += _with_environ(always, _grouped(collected or []), environ)
        return after

    return apply


def _grouped(collected: list[tuple[Any, Line]]) -> dict[Any, list[Line]]:
    """Return the collected lines of each field, in order, by what is done to them."""
    grouped: dict[Any, list[Line]] = {}
    for of_field, line in collected:
        grouped.setdefault(of_field, []).append(line)
    return grouped


def _with_environ(always: list[Any], grouped: dict[Any, list[Line]], environ: WSGIEnvironment) -> list[Line]:
    """Return the lines of the fields whose lines were collected or depend on the request."""
    made: list[Line] = []
    for of_field in always:
        made += of_field(grouped.pop(of_field, []), environ)
    for of_field, own in grouped.items():
        made += of_field(own)
    return made


def exact_lines(lines: object) -> list[Line]:
    """Return the lines of a head as a new exact list of exact pairs of exact `str`; raises HeadError."""
    try:
        given = list(lines)  # type: ignore[call-overload]
    except TypeError:
        raise HeadError(
            f"the head is no list but {type(lines).__name__}; send (name, value) tuples [PEP 3333]"
        ) from None
    exact: list[Line] = []
    for line in given:
        if not isinstance(line, (tuple, list)) or len(line) != 2:
            raise HeadError(f"line {len(exact)} of the head is no (name, value) pair [PEP 3333]")
        name, value = line
        if not isinstance(name, str):
            raise HeadError(f"line {len(exact)} of the head has a name that is no str [PEP 3333]")
        name = str.__str__(name)
        if _grammar.token.fullmatch(name) is None:
            raise HeadError(f"{escaped(name)}: the name is no token; send a field name [RFC 9110 5.1]")
        exact.append((name, checked(name, value)))
    return exact


def checked_status(status: object) -> str:
    """Return a status line as an exact `str`; raises HeadError."""
    if not isinstance(status, str):
        raise HeadError(f"the status is no str but {type(status).__name__} [PEP 3333]")
    status = str.__str__(status)
    if _grammar.status.fullmatch(status) is None:
        raise HeadError("the status is not three digits from 200 to 999, a space and a reason [PEP 3333, RFC 9112 4]")
    return status
