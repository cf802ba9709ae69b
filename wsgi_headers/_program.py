"""A program: the compiled operations for one set of rules that hold, and the loop that applies them to a head.

The loop looks each name up in a bounded set of spellings that nothing touches and each value over for characters that
must not be sent. Only lines that an operation touches cost more. Nothing of it is kept from one head to the next but
names.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

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
_DROP, _KEEP, _EDIT, _COLLECT = range(4)


class Program:
    """What happens to the lines of a head.

    inert     spellings of names that nothing touches, as they were met, each with the last value of its line if the
              registry says that the field carries nothing personal, else None. A value that comes again as the same
              object need not be looked over again.
    tail      the lines that a head gets in which nothing is touched
    touches   whether the last head had touched lines: the next one is then not tried for having none
    apply     `(lines, environ) -> list | None`: the new head for an exact list of exact pairs of exact `str`, None
    where it
              is not that. `lines` is not changed. Raises HeadError, and what a callable of the policy raises.
    """

    def __init__(self, fields: Sequence[FieldProgram]) -> None:
        self.inert: dict[str, str | None] = {}
        self.tail: list[Line] = [line for field in fields for line in field.absent]
        self.fields = {field.field: field for field in fields}
        self.always = [(field.field, field.always) for field in fields if field.always is not None]
        self.touches = bool(self.always)
        # Spelling to treatment: the kind, what it needs, and the bit of the field in `sent`.
        self.touched: dict[str, tuple[int, Any, int]] = {}
        self._bits = {field.field: 1 << place for place, field in enumerate(fields)}
        # The tail without the lines of the fields that the application sent itself, by their bits.
        self.tails: dict[int, list[Line]] = {0: self.tail}
        self.apply = _applied(self)

    def rewrite(self, lines: object, environ: WSGIEnvironment) -> list[Line]:
        """Return a new head: an exact list of exact pairs of exact `str`. Raises as `apply`."""
        after = self.apply(lines, environ) if type(lines) is list else None
        if after is None:
            after = self.apply(exact_lines(lines), environ)
        assert after is not None
        return after

    def treatment(self, name: str) -> tuple[int, Any, int] | None:
        """Return how lines of this spelling are treated, None where nothing touches them, and remember it.

        Raises HeadError for a name that is no token.
        """
        if _grammar.token.fullmatch(name) is None:
            raise HeadError(f"{escaped(name)}: the name is no token; send a field name [RFC 9110 5.1]")
        if len(self.inert) + len(self.touched) >= SPELLINGS:
            self.inert.clear()
            self.touched.clear()
        field = self.fields.get(name.lower())
        if field is None or (field.present == ADD and field.edit is None and field.always is None):
            known = _registry.lookup(name)
            self.inert[name] = "" if known is not None and known.impersonal else None
            return None
        bit = self._bits[field.field]
        if field.edit is not None:
            treatment: tuple[int, Any, int] = (_EDIT, field.edit, 0)
        elif field.always is not None or callable(field.present):
            treatment = (_COLLECT, field.field, bit)
        else:
            treatment = (_KEEP, None, bit) if field.present == KEEP else (_DROP, None, 0)
        self.touched[name] = treatment
        return treatment

    def tail_without(self, sent: int) -> list[Line]:
        """Return the tail without the lines of the fields whose bits are set, and remember it."""
        if len(self.tails) >= SPELLINGS:
            self.tails.clear()
        fields = self.fields.values()
        tail = [line for field in fields if not self._bits[field.field] & sent for line in field.absent]
        self.tails[sent] = tail
        return tail


def _applied(program: Program) -> Callable[[Any, WSGIEnvironment], list[Line] | None]:
    """Return `Program.apply`: a function over the memos, since it runs for each head."""
    inert, touched, fields, always, tails = (
        program.inert,
        program.touched,
        program.fields,
        program.always,
        program.tails,
    )

    def apply(lines: Any, environ: WSGIEnvironment) -> list[Line] | None:
        after: list[Line] = []
        sent = 0
        touches = False
        collected: dict[str, list[Line]] | None = None
        try:
            for line in lines:
                name, value = line
                if type(line) is not tuple or type(value) is not str or type(name) is not str:
                    return None
                if name in inert:
                    if value is not inert[name] and not (value.isascii() and value.isprintable()):
                        checked(name, value)
                    after.append(line)
                    continue
                if name in touched:
                    kind, payload, bit = touched[name]
                else:
                    treatment = program.treatment(name)
                    if treatment is None:
                        after.append((name, checked(name, value)))
                        continue
                    kind, payload, bit = treatment
                touches = True
                if kind == _EDIT:
                    made = payload(value)
                    if made is value:
                        after.append(line)
                    elif made is not None:
                        after.append((name, made))
                    continue
                if not (value.isascii() and value.isprintable()):
                    checked(name, value)
                sent |= bit
                if kind == _KEEP:
                    after.append(line)
                elif kind == _COLLECT:
                    if collected is None:
                        collected = {}
                    if payload in collected:
                        collected[payload].append(line)
                    else:
                        collected[payload] = [line]
        except HeadError:
            raise
        except (TypeError, ValueError):
            return None  # a line that is no pair, or whose name cannot be looked up
        after += tails[sent] if sent in tails else program.tail_without(sent)
        if collected is not None:
            for field, own in collected.items():
                present = fields[field].present
                if callable(present):
                    after += present(own)
        program.touches = touches
        if always:
            program.touches = True
            for field, always_lines in always:
                after += always_lines(collected.get(field, []) if collected is not None else [], environ)
        return after

    return apply


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
