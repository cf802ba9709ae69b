"""A program: the compiled operations for one set of rules that hold, and the loop that applies them to a head.

The loop looks each name up in a bounded memo of spellings and each value over for characters that must not be sent.
Only lines that an operation touches cost more. Nothing of it is kept from one head to the next but names.

The loop is `apply`, and once more in C, `_applying.c`, for where the package was built with a compiler. Both do the
same, and the tests run the same tables on both.
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
# left out; collected with the others of its field, for a function of them alone or of environ too; dropped. A watched
# line is kept and changed afterwards where the response proves to be personal. `_applying.c` has the same numbers.
_EDIT, _KEEP, _COLLECT, _DROP, _WATCH = range(5)
_DROPPED = (_DROP, None, 0)

# Stand for the place of the watched line where there is none, where the one there is stays as it is, and where there
# are several.
_NOWHERE, _SETTLED, _ALL = -1, -2, -3

# The compiled loop has that many bits for the fields that the application sent.
_COMPILED_BITS = 64

# Stands for the key of environ and the lines by its value where no field has such lines.
_ByKey: TypeAlias = tuple[str | None, Mapping[str, Sequence[Line]]]
_NO_KEY: _ByKey = (None, {})

# Stands for the value of a field that may be personal; an object of our own, since an application may send anything.
PERSONAL = object()

# What is known of a spelling: None where nothing touches its lines; else how they are treated, what that needs, and the
# bit of the field in the set of fields that the application sent. What is needed is the function; or the field, with
# what it gives for a single line; or, of a watched field, whether the program has lines of it and how values begin that
# stay as they are, None where that is not told.
Treatment: TypeAlias = tuple[int, Any, int]
Spellings: TypeAlias = dict[str, Treatment | None]
Collecting: TypeAlias = tuple[FieldProgram, Mapping[Line, list[Line]] | None]
Collected: TypeAlias = list[tuple[Collecting, Line]]

# What the loop needs besides what is known of spellings, in this order in `_applying.c` too:
#   the program, which does what is seldom to be done
#   the tail without the lines of the fields whose bits are set
#   a key of environ, or None, and the lines by its value
#   what gives the lines of the fields that are asked whatever the application sent, where it sent none of those that
#   are collected; None where there are no such fields
#   the bit that says that the head sets a cookie, 0 where that makes no difference
#   whether all lines are then looked at, not only the watched ones
Always: TypeAlias = "Callable[[list[Line], WSGIEnvironment], list[Line]]"
Tables: TypeAlias = (
    "tuple[Program, Mapping[int, list[Line]], str | None, Mapping[str, Sequence[Line]], Always | None, int, bool]"
)

Apply: TypeAlias = Callable[[Tables, Spellings, Any, "WSGIEnvironment"], list[Line] | None]


def apply(tables: Tables, spellings: Spellings, lines: Any, environ: WSGIEnvironment) -> list[Line] | None:
    """Return the new head, a list of its own; None for `lines` with a spelling that is not known, or not yet exact.

    Exact is a list of exact pairs of exact `str`. Raises HeadError for a value that must not be sent.
    """
    program, tails, key, lines_by, always, personal, looks_for_all = tables
    after: list[Line] = []
    sent = 0
    touches = always is not None
    collected: Collected | None = None
    watched = _NOWHERE
    for line in lines:
        try:
            name, value = line
            treatment = spellings[name]
        except (AttributeError, KeyError, TypeError, ValueError):
            return None  # a line that is no pair, a name that cannot be one, a spelling not met yet
        if type(line) is not tuple or type(value) is not str or type(name) is not str:
            return None
        if treatment is None:
            if not value.isascii() or not value.isprintable():
                checked(name, value)
            after.append(line)
            continue
        if treatment is _DROPPED:
            touches = True
            if not value.isascii() or not value.isprintable():
                checked(name, value)
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
            sent |= bit
            continue
        sent |= bit
        if kind == _WATCH:
            has_lines, leaves = payload
            if has_lines:
                touches = True
            if watched != _NOWHERE:
                watched = _ALL
            else:
                watched = _SETTLED if leaves is not None and value.startswith(leaves) else len(after)
            after.append(line)
        else:
            touches = True
            if kind == _KEEP:
                after.append(line)
            elif collected is None:
                collected = [(payload, line)]
            else:
                collected.append((payload, line))
        if not value.isascii() or not value.isprintable():
            checked(name, value)
    program.touches = touches
    after += tails[sent]
    if key is not None and key in environ:
        after += lines_by[environ[key]]
    if collected is None:
        if always is not None:
            after += always([], environ)
    else:
        (_, alone), line = collected[0]
        if alone is None or always is not None or len(collected) > 1:
            after += program.of_fields(collected, environ)
        else:
            after += alone[line]
    if sent & personal and (looks_for_all or watched >= 0 or watched == _ALL):
        program.make_personal(after, watched)
    return after


# The loop that programs use.
innermost: Apply
try:
    from ._applying import apply as innermost
except ImportError:
    innermost = apply  # the package was built without a compiler


class Program:
    """What happens to the lines of a head.

    inert     spellings of names that nothing touches, as they were met, each with the value that it had then if that is
              plain and the registry says that the field carries nothing personal, else PERSONAL. A value that comes
              again as the same object need not be looked over again.
    tail      the lines that a head gets in which nothing is touched
    by_key    a key of environ and the lines by its value that a head gets besides; None where no field has such lines
    touches   whether the next head is not tried for having nothing touched: lines depend on the request, so that no
              head can be known for it, or the last head had touched lines, or the loop is the compiled one, which is
              faster than that
    personal  the bit that says that the head sets a cookie; 0 where that makes no difference
    apply     the innermost loop, for whoever is in a hurry: with `tables` and `spellings` for its first arguments, and
              `rewrite` called where it gives None

    `if_personal` are the steps by field that come last where the head sets a cookie.
    """

    check = staticmethod(checked)

    def __init__(
        self, fields: Sequence[FieldProgram], if_personal: Mapping[str, Sequence[Operation]] | None = None
    ) -> None:
        self.inert: dict[str, object] = {}
        self.tail: list[Line] = [line for field in fields for line in field.absent]
        self.fields = {field.field: field for field in fields}
        self._always = [field for field in fields if field.always is not None]
        # One field at most has such lines: a second would fail here.
        by_key: list[_ByKey] = [field.by_key for field in fields if field.by_key is not None]
        (self.by_key,) = by_key or [_NO_KEY]
        self.spellings: Spellings = {}
        self._if_personal = if_personal or {}
        names = dict.fromkeys([*self.fields, *self._if_personal, SET_COOKIE])
        self._bits = {name: 1 << place for place, name in enumerate(names)}
        self.personal = self._bits[SET_COOKIE] if self._if_personal else 0
        watched = [self.fields[name].present for name in self._if_personal if name in self.fields]
        # Lines of these fields come from functions, so they are looked for in the whole head.
        self.looks_for_all = any(present not in (DROP, KEEP) for present in watched) or any(
            field.field in self._if_personal for field in self._always
        )
        self._watched = {name: _Alone(name, steps) for name, steps in self._if_personal.items()}
        self.apply = innermost if len(names) <= _COMPILED_BITS else apply
        self.touches = bool(self._always) or self.apply is not apply
        tails = _Tails(self._tail_without)
        # Most of these programs have one such field, which a function of its own needs not find again.
        always = self._always[0].always if len(self._always) == 1 else self._of_no_lines if self._always else None
        self.tables: Tables = (self, tails, *self.by_key, always, self.personal, self.looks_for_all)

    def rewrite(self, lines: object, environ: WSGIEnvironment) -> list[Line]:
        """Return a new head: an exact list of exact pairs of exact `str`. `lines` is not changed.

        Raises HeadError for what an application must not send, and whatever a callable of the policy raises.
        """
        after = self.apply(self.tables, self.spellings, lines, environ) if type(lines) is list else None
        if after is None:
            exact = exact_lines(lines)
            # Of its own, since the memo may be full, or forgotten by another thread at any moment.
            spellings = {name: self._treatment(name) for name, _ in exact}
            self._learn(spellings, exact)
            after = self.apply(self.tables, spellings, exact, environ)
        assert after is not None, "exact lines of known spellings are read"
        return after

    def _learn(self, spellings: Spellings, exact: list[Line]) -> None:
        """Remember how lines of these spellings, all tokens, are treated."""
        for name, value in exact:
            if name in self.spellings:
                continue
            if len(self.spellings) >= SPELLINGS:
                self.spellings.clear()
                self.inert.clear()
            treatment = self.spellings[name] = spellings[name]
            if treatment is None or (treatment[0] == _WATCH and not treatment[1][0]):
                known = _registry.lookup(name)
                impersonal = known is not None and known.impersonal and value.isascii() and value.isprintable()
                self.inert[name] = value if impersonal else PERSONAL

    def _treatment(self, name: str) -> Treatment | None:
        lower = name.lower()
        field = self.fields.get(lower)
        if lower in self._watched and not self.looks_for_all and (field is None or field.present == KEEP):
            return _WATCH, (field is not None, self._watched[lower].leaves), self._bits[lower]
        if field is None or (field.present == ADD and field.edit is None and field.always is None):
            return (_KEEP, None, self.personal) if self.personal and lower == SET_COOKIE else None
        if field.edit is not None:
            return _EDIT, field.edit, self.personal if lower == SET_COOKIE else 0
        if field.always is not None or callable(field.present):
            return _COLLECT, (field, field.alone), self._bits[field.field]
        return (_KEEP, None, self._bits[field.field]) if field.present == KEEP else _DROPPED

    def _of_no_lines(self, own: list[Line], environ: WSGIEnvironment) -> list[Line]:
        return self.of_fields([], environ)

    def of_fields(self, collected: Collected, environ: WSGIEnvironment) -> list[Line]:
        """Return the lines of the fields whose lines were collected, and of those that are asked in any case."""
        own: dict[str, list[Line]] = {field.field: [] for field in self._always}
        fields = {field.field: field for field in self._always}
        for (field, _), line in collected:
            own.setdefault(field.field, []).append(line)
            fields[field.field] = field
        made: list[Line] = []
        for name, field in fields.items():
            if field.always is not None:
                made += field.always(own[name], environ)
            elif callable(field.present):
                made += field.present(own[name])
        return made

    def make_personal(self, lines: list[Line], place: int) -> None:
        """Change the lines of a head that proved to be personal.

        place   of the one line that is watched; negative where there are several, or may be
        """
        if place < 0 or self.looks_for_all:
            lines[:] = through(lines, self._if_personal, {})
            return
        line = lines[place]
        lines[place : place + 1] = self._watched[line[0].lower()].after(line)

    def _tail_without(self, sent: int) -> list[Line]:
        """Return the tail without the lines of the fields whose bits are set."""
        fields = self.fields.values()
        tail = [line for field in fields if not self._bits[field.field] & sent for line in field.absent]
        if sent & self.personal and not self.looks_for_all:
            absent = {name: steps for name, steps in self._if_personal.items() if not self._bits[name] & sent}
            tail = through(tail, absent, {})
        return tail


class _Tails(dict[int, list[Line]]):
    """The lines that a head gets without those of the fields that the application sent itself, by their bits."""

    def __init__(self, make: Callable[[int], list[Line]]) -> None:
        self._make = make

    def __missing__(self, sent: int) -> list[Line]:
        if len(self) >= SPELLINGS:
            self.clear()
        tail = self[sent] = self._make(sent)
        return tail


class _Alone:
    """A line that is the only one of its field, where the response is personal.

    leaves   how values begin that stay as they are, None where that is not told
    """

    def __init__(self, name: str, steps: Sequence[Operation]) -> None:
        known = _registry.lookup(name)
        self._steps = {name: steps}
        self._remembered = Remembered(steps) if known is not None and known.impersonal else None
        self.leaves = (steps[0].leaves or None) if len(steps) == 1 else None

    def after(self, line: Line) -> list[Line]:
        """Return the lines that come of it."""
        return through([line], self._steps, {}) if self._remembered is None else self._remembered[line]


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
