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
from .errors import HeadError, escaped
from .exchange import Line
from .operations import ADD, KEEP, FieldProgram, checked

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

# Bound of the memos of names. Applications spell a few dozen names; what comes beyond is made up for each response
# and is forgotten as a whole, so that memory stays flat whatever is sent.
SPELLINGS = 1024

# How a touched line is treated: its value put through a function; kept, and the program's own lines of the field
# left out; collected with the others of its field, for a function of them alone or of environ too. `_applying.c` has
# the same numbers.
_EDIT, _KEEP, _COLLECT, _DROP = range(4)
_DROPPED = (_DROP, None, 0)

# Stands for the key of environ and the lines by its value where no field has such lines.
_ByKey: TypeAlias = tuple[str | None, Mapping[str, Sequence[Line]]]
_NO_KEY: _ByKey = (None, {})

# Stands for the value of a field that may be personal; an object of our own, since an application may send anything.
PERSONAL = object()

# What is known of a spelling: None where nothing touches its lines; else how they are treated, what that needs (the
# function; the field, with what it gives for a single line), and the bit of the field in the set of fields that the
# application sent.
Treatment: TypeAlias = tuple[int, Any, int]
Spellings: TypeAlias = dict[str, Treatment | None]
Collecting: TypeAlias = tuple[FieldProgram, Mapping[Line, list[Line]] | None]
Collected: TypeAlias = list[tuple[Collecting, Line]]

# What the loop needs of a program besides what is known of spellings, in this order in `_applying.c` too:
#   the program itself, to be told whether a head had touched lines
#   the tail without the lines of the fields whose bits are set
#   a key of environ, or None, and the lines by its value
#   whether some fields are asked whatever the application sent
#   the lines of the fields whose lines were collected, and of those that are asked in any case
#   the careful look at a value for a name, which raises HeadError
Tables: TypeAlias = (
    "tuple[Program, Mapping[int, list[Line]], str | None, Mapping[str, Sequence[Line]], bool, OfFields, Check]"
)
OfFields: TypeAlias = "Callable[[Collected, WSGIEnvironment], list[Line]]"
Check: TypeAlias = Callable[[str, object], str]

Apply: TypeAlias = "Callable[[Tables, Spellings, Any, WSGIEnvironment], list[Line] | None]"


def apply(tables: Tables, spellings: Spellings, lines: Any, environ: WSGIEnvironment) -> list[Line] | None:
    """Return the new head, a list of its own; None for `lines` with a spelling that is not known, or not yet exact.

    Exact is a list of exact pairs of exact `str`. Raises HeadError for a value that must not be sent.
    """
    program, tails, key, lines_by, always, of_fields, check = tables
    after: list[Line] = []
    sent = 0
    touches = always
    collected: Collected | None = None
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
                check(name, value)
            after.append(line)
            continue
        touches = True
        if treatment is _DROPPED:
            if not value.isascii() or not value.isprintable():
                check(name, value)
            continue
        kind, payload, bit = treatment
        sent |= bit
        if kind == _EDIT:
            made = payload(value)
            if made is value:
                after.append(line)
            elif type(made) is str:
                after.append((name, made))
            elif made is not None:
                after += [(name, one) for one in made]
            continue
        if kind == _KEEP:
            after.append(line)
        elif collected is None:
            collected = [(payload, line)]
        else:
            collected.append((payload, line))
        if not value.isascii() or not value.isprintable():
            check(name, value)
    program.touches = touches
    after += tails[sent]
    if key is not None and key in environ:
        after += lines_by[environ[key]]
    if always:
        after += of_fields(collected or [], environ)
    elif collected is not None:
        (_, alone), line = collected[0]
        after += of_fields(collected, environ) if alone is None or len(collected) > 1 else alone[line]
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
    apply     the innermost loop, for whoever is in a hurry: with `tables` and `spellings` for its first arguments, and
              `rewrite` called where it gives None
    """

    def __init__(self, fields: Sequence[FieldProgram]) -> None:
        self.inert: dict[str, object] = {}
        self.tail: list[Line] = [line for field in fields for line in field.absent]
        self.fields = {field.field: field for field in fields}
        self._always = [field for field in fields if field.always is not None]
        # One field at most has such lines: a second would fail here.
        by_key: list[_ByKey] = [field.by_key for field in fields if field.by_key is not None]
        (self.by_key,) = by_key or [_NO_KEY]
        self.spellings: Spellings = {}
        self._bits = {field.field: 1 << place for place, field in enumerate(fields)}
        self.apply = innermost
        self.touches = bool(self._always) or innermost is not apply
        tails = _Tails(fields)
        self.tables: Tables = (self, tails, *self.by_key, bool(self._always), self._of_fields, checked)

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
            self.spellings[name] = spellings[name]
            if spellings[name] is None:
                known = _registry.lookup(name)
                impersonal = known is not None and known.impersonal and value.isascii() and value.isprintable()
                self.inert[name] = value if impersonal else PERSONAL

    def _treatment(self, name: str) -> Treatment | None:
        field = self.fields.get(name.lower())
        if field is None or (field.present == ADD and field.edit is None and field.always is None):
            return None
        if field.edit is not None:
            return _EDIT, field.edit, 0
        if field.always is not None or callable(field.present):
            return _COLLECT, (field, field.alone), self._bits[field.field]
        return (_KEEP, None, self._bits[field.field]) if field.present == KEEP else _DROPPED

    def _of_fields(self, collected: Collected, environ: WSGIEnvironment) -> list[Line]:
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


class _Tails(dict[int, list[Line]]):
    """The lines that a head gets without those of the fields that the application sent itself, by their bits."""

    def __init__(self, fields: Sequence[FieldProgram]) -> None:
        self._fields = fields

    def __missing__(self, sent: int) -> list[Line]:
        if len(self) >= SPELLINGS:
            self.clear()
        tail = self[sent] = [
            line for place, field in enumerate(self._fields) if not sent >> place & 1 for line in field.absent
        ]
        return tail


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
