"""A program: the compiled operations for one set of rules that hold, and the loop that applies them to a head.

The loop looks each name up in a bounded set of spellings that nothing touches and each value over for characters that
must not be sent. Only lines that an operation touches cost more. Nothing of it is kept from one head to the next but
names.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from . import _grammar, _registry
from ._overriding import through
from ._personal import SET_COOKIE
from .errors import HeadError, escaped
from .exchange import Line
from .operations import ADD, DROP, KEEP, FieldProgram, Operation, Remembered, checked

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

# Bound of the memos of names. Applications spell a few dozen names; what comes beyond is made up for each response
# and is forgotten as a whole, so that memory stays flat whatever is sent.
SPELLINGS = 1024

# How a touched line is treated: its value put through a function; kept, and the program's own lines of the field
# left out; collected with the others of its field, for a function of them alone or of environ too. A watched line is
# kept and changed afterwards where the response proves to be personal.
_EDIT, _WATCH, _KEEP, _COLLECT, _DROP = range(5)
_DROPPED = (_DROP, None, 0)

# Stands for the watched lines of a head where they are several, or may be anywhere in it.
_ALL: Any = object()

# Stands for the key of environ and the lines by its value where no field has such lines.
_ByKey: TypeAlias = tuple[str | None, Mapping[str, Sequence[Line]]]
_NO_KEY: _ByKey = (None, {})

# Stands for the value of a field that may be personal; an object of our own, since an application may send anything.
PERSONAL = object()

# What is known of a spelling: None where nothing touches its lines; else how they are treated, what that needs, and the
# bit of the field in the set of fields that the application sent.
_Treatment: TypeAlias = tuple[int, Any, int]
_Spellings: TypeAlias = dict[str, _Treatment | None]


class Program:
    """What happens to the lines of a head.

    inert     spellings of names that nothing touches, as they were met, each with the value that it had then if that is
              plain and the registry says that the field carries nothing personal, else PERSONAL. A value that comes
              again as the same object need not be looked over again.
    tail      the lines that a head gets in which nothing is touched
    by_key    a key of environ and the lines by its value that a head gets besides; None where no field has such lines
    depends   whether lines depend on the request, so that no head can be known to have nothing touched
    touches   whether that is so, or the last head had touched lines: the next one is then not tried for having none
    personal  the bit that says that the head sets a cookie; 0 where that makes no difference
    apply     the innermost loop, see `_applying`; for whoever is in a hurry and calls `rewrite` where it gives None

    `if_personal` are the steps by field that come last where the head sets a cookie.
    """

    def __init__(
        self, fields: Sequence[FieldProgram], if_personal: Mapping[str, Sequence[Operation]] | None = None
    ) -> None:
        self.inert: dict[str, object] = {}
        self.tail: list[Line] = [line for field in fields for line in field.absent]
        self.fields = {field.field: field for field in fields}
        self.always = [field for field in fields if field.always is not None]
        # One field at most has such lines: a second would fail here.
        by_key: list[_ByKey] = [field.by_key for field in fields if field.by_key is not None]
        (self.by_key,) = by_key or [_NO_KEY]
        self.depends = self.touches = bool(self.always)
        self.spellings: _Spellings = {}
        self._if_personal = if_personal or {}
        names = {*self.fields, *self._if_personal} - {SET_COOKIE}
        self._bits = {name: 1 << place for place, name in enumerate([*names, SET_COOKIE])}
        self.personal = self._bits[SET_COOKIE] if self._if_personal else 0
        watched = [self.fields[name].present for name in self._if_personal if name in self.fields]
        # Lines of these fields come from functions, so they are looked for in the whole head.
        self.looks_for_all = any(present not in (DROP, KEEP) for present in watched) or any(
            field.field in self._if_personal for field in self.always
        )
        self._watched = {name: _Alone(name, steps) for name, steps in self._if_personal.items()}
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
            self._learn(spellings, exact)
            after = self.apply(spellings, exact, environ)
        assert after is not None, "exact lines of known spellings are read"
        return after

    def _learn(self, spellings: _Spellings, exact: list[Line]) -> None:
        """Remember how lines of these spellings, all tokens, are treated."""
        for name, value in exact:
            if name in self.spellings:
                continue
            if len(self.spellings) >= SPELLINGS:
                self.spellings.clear()
                self.inert.clear()
            treatment = self.spellings[name] = spellings[name]
            if treatment is None or (treatment[0] == _WATCH and name.lower() not in self.fields):
                known = _registry.lookup(name)
                impersonal = known is not None and known.impersonal and value.isascii() and value.isprintable()
                self.inert[name] = value if impersonal else PERSONAL

    def _treatment(self, name: str) -> _Treatment | None:
        lower = name.lower()
        field = self.fields.get(lower)
        if lower in self._watched and not self.looks_for_all and (field is None or field.present == KEEP):
            return _WATCH, (*self._watched[lower].leaves, field is not None), self._bits[lower]
        if field is None or (field.present == ADD and field.edit is None and field.always is None):
            return (_KEEP, None, self.personal) if self.personal and lower == SET_COOKIE else None
        if field.edit is not None:
            return _EDIT, field.edit, self.personal if lower == SET_COOKIE else 0
        if field.always is not None or callable(field.present):
            return _COLLECT, field, self._bits[field.field]
        return (_KEEP, None, self._bits[field.field]) if field.present == KEEP else _DROPPED

    def tail_without(self, sent: int) -> list[Line]:
        """Return the tail without the lines of the fields whose bits are set, and remember it."""
        if len(self.tails) >= SPELLINGS:
            self.tails.clear()
        fields = self.fields.values()
        tail = [line for field in fields if not self._bits[field.field] & sent for line in field.absent]
        if sent & self.personal and not self.looks_for_all:
            absent = {name: steps for name, steps in self._if_personal.items() if not self._bits[name] & sent}
            tail = through(tail, absent, {})
        self.tails[sent] = tail
        return tail

    def make_personal(self, lines: list[Line], watched: Any) -> None:
        """Change the lines of a head that proved to be personal."""
        if watched is _ALL:
            lines[:] = through(lines, self._if_personal, {})
            return
        line = lines[watched]
        lines[watched : watched + 1] = self._watched[line[0].lower()].after(line)


class _Alone:
    """A line that is the only one of its field, where the response is personal.

    leaves   two texts between which, by code points, lie the values that begin as those do that stay as they are:
             comparing takes half the time of `str.startswith`
    """

    def __init__(self, name: str, steps: Sequence[Operation]) -> None:
        known = _registry.lookup(name)
        self._steps = {name: steps}
        self._remembered = Remembered(steps) if known is not None and known.impersonal else None
        beginning = steps[0].leaves if len(steps) == 1 else ""
        self.leaves = (beginning, beginning[:-1] + chr(ord(beginning[-1]) + 1)) if beginning else ("", "")

    def after(self, line: Line) -> list[Line]:
        """Return the lines that come of it."""
        return through([line], self._steps, {}) if self._remembered is None else self._remembered[line]


def _applying(program: Program) -> Callable[[_Spellings, Any, WSGIEnvironment], list[Line] | None]:
    """Return the innermost loop, a function over the memos, since it runs for each head that has touched lines.

    It takes what is known of spellings, the lines, and environ. It returns the new head, or None where `lines` is not
    yet an exact list of exact pairs of exact `str` or has a spelling that is not known.
    """
    always, tails, dropped = program.always, program.tails, _DROPPED
    key, lines_by = program.by_key
    personal, unwatched = program.personal, _ALL if program.looks_for_all else None

    def apply(spellings: _Spellings, lines: Any, environ: WSGIEnvironment) -> list[Line] | None:
        after: list[Line] = []
        sent = 0
        touches = program.depends
        collected: list[tuple[FieldProgram, Line]] | None = None
        watched: Any = unwatched
        try:
            for line in lines:
                name, value = line
                treatment = spellings[name]
                if treatment is dropped and type(value) is str and type(line) is tuple:
                    touches = True
                    if not value.isascii() or not value.isprintable():
                        checked(name, value)
                    continue
                if type(line) is not tuple or type(value) is not str or type(name) is not str:
                    return None
                if treatment is None:
                    if not value.isascii() or not value.isprintable():
                        checked(name, value)
                    after.append(line)
                    continue
                kind, payload, bit = treatment
                if kind == _EDIT:
                    touches = True
                    made = payload(value)
                    if made is value:
                        after.append(line)
                    elif type(made) is str:
                        after.append((name, made))
                    elif made is not None:
                        after += [(name, one) for one in made]
                    else:
                        continue
                    if bit > sent:  # the greatest bit
                        sent |= bit
                    continue
                if kind == _WATCH:
                    least, beyond, touching = payload
                    if touching:
                        touches = True
                    if not least <= value < beyond:
                        watched = len(after) if watched is None and not sent & bit else _ALL
                    elif watched is not None:
                        watched = _ALL
                    sent |= bit
                    after.append(line)
                else:
                    touches = True
                    sent |= bit
                    if kind == _KEEP:
                        after.append(line)
                    elif collected is None:
                        collected = [(payload, line)]
                    else:
                        collected.append((payload, line))
                if not value.isascii() or not value.isprintable():
                    checked(name, value)
        except HeadError:
            raise
        except (AttributeError, KeyError, TypeError, ValueError):
            return None  # a spelling not met yet, a line that is no pair, a name or value that cannot be one
        program.touches = touches
        tail = tails.get(sent)
        after += program.tail_without(sent) if tail is None else tail
        if key is not None and key in environ:
            after += lines_by[environ[key]]
        if always:
            after += _of_fields(always, collected or [], environ)
        elif collected is not None:
            alone = collected[0][0].alone if len(collected) == 1 else None
            after += alone[collected[0][1]] if alone is not None else _of_fields(always, collected, environ)
        if watched is not None and sent & personal:
            program.make_personal(after, watched)
        return after

    return apply


def _of_fields(
    always: list[FieldProgram], collected: list[tuple[FieldProgram, Line]], environ: WSGIEnvironment
) -> list[Line]:
    """Return the lines of the fields whose lines were collected, and of those that are asked in any case."""
    own: dict[str, list[Line]] = {field.field: [] for field in always}
    fields = {field.field: field for field in always}
    for field, line in collected:
        own.setdefault(field.field, []).append(line)
        fields[field.field] = field
    made: list[Line] = []
    for name, field in fields.items():
        if field.always is not None:
            made += field.always(own[name], environ)
        elif callable(field.present):
            made += field.present(own[name])
    return made


def exact_lines(lines: object) -> list[Line]:
    """Return the lines of a head as a new exact list of exact pairs of exact `str`; raises HeadError."""
    try:
        given = iter(lines)  # type: ignore[call-overload]
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
