"""The six operations on the lines of one field: Set, Default, Append, Merge, Remove, Edit.

An operation touches the lines of its own field alone, so operations on different fields commute; those on one field
are a sequence in the order of declaration. `compile_operations` folds such a sequence into the shortest thing that
does the same, a `FieldProgram`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, TypeAlias

from . import _grammar, _registry
from ._members import members, merged
from ._part import Part
from ._state import asked_nonce
from .errors import MISSING, NOTHING, HeadError, Problems, escaped
from .exchange import ENVIRON_KEY, Line

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

Value: TypeAlias = "str | Callable[[WSGIEnvironment], str | FieldValue | None]"


class FieldValue(Part):
    """The name and the value of one line, checked when it was built: what operations take instead of two texts."""

    @property
    def name(self) -> str:
        """The name of the field."""
        raise AssertionError("a typed field has a name")  # pragma: no cover

    def serialize(self) -> str:
        """Return the value of the field; never fails."""
        raise AssertionError("a typed field has a value")  # pragma: no cover

    @property
    def takes_nonce(self) -> bool:
        """Whether the value has places for the nonce of a response."""
        return False

    def sent(self, nonce: str | None = None) -> str:
        """Return the value as it goes out: with the nonce of a response, or for one that asked for none."""
        return self.serialize()

    def sending(self) -> Callable[[str | None], str]:
        """Return `sent` for whoever asks often: what does not depend on the nonce is made once."""
        return self.sent


class Step(Protocol):
    """One part's contribution to what happens to the lines of one field."""

    @property
    def field(self) -> str:
        """The lower-case name of the field."""

    @property
    def part(self) -> Part:
        """The part that a reader is told when asked who did it."""

    @property
    def compile(self) -> Callable[[Sequence[Any]], FieldProgram]:
        """What folds all the steps of this field into its program; the same for every step of a field."""


@dataclass(frozen=True)
class FieldProgram:
    """What happens to the lines of one field, compiled.

    absent    the lines that stand in the head where the application sent none
    present   the same where it sent some: DROP (only `absent` stands), KEEP (the application's lines, without
              `absent`), ADD (both), or a function of all its lines in order, which gives those that stand
    alone     what `present` gives for a single line, remembered, where the registry allows that
    edit      instead of `present`: a function of one value in its place; None drops the line, a tuple puts several in
              its place. It raises nothing but HeadError.
    always    instead of both: a function of the application's lines, possibly none, and environ
    by_key    a key of environ and lines by its value: where the key is there, those lines stand in the head besides

    Functions give lines that were checked as far as they made them; lines that they pass on are checked by the caller,
    except for `edit`, which is handed unchecked values and answers for what it gives.
    """

    field: str
    absent: tuple[Line, ...] = ()
    present: str | Callable[[list[Line]], list[Line]] = "drop"
    alone: Mapping[Line, list[Line]] | None = None
    edit: Callable[[str], str | tuple[str, ...] | None] | None = None
    always: Callable[[list[Line], WSGIEnvironment], list[Line]] | None = None
    by_key: tuple[str, Mapping[str, Sequence[Line]]] | None = None


DROP, KEEP, ADD = "drop", "keep", "add"

# Bounds of the memo of a field's lines: an application has a few values of Vary, short ones.
_REMEMBERED = 256
_REMEMBERED_OCTETS = 256


class Operation(Part):
    """What the six operations share: the name of their field, checked."""

    name: str

    @property
    def field(self) -> str:
        """The lower-case name of the field."""
        return self.name.lower()

    @property
    def part(self) -> Part:
        """This operation itself."""
        return self

    @property
    def compile(self) -> Callable[[Sequence[Any]], FieldProgram]:
        """`compile_operations`."""
        return compile_operations

    # Whether the outcome is the same whatever lines came before.
    absolute: ClassVar[bool] = False
    # How values begin that it leaves as they are in an only line; "" where that does not tell. It is no more than a
    # short way: others may stay as well.
    leaves: ClassVar[str] = ""

    @property
    def literal(self) -> bool:
        """Whether the outcome depends on the lines before it alone."""
        return True

    def operations(self, scheme: str) -> tuple[Operation, ...]:
        """Return this operation."""
        return (self,)

    def apply(self, lines: list[Line], environ: WSGIEnvironment) -> list[Line]:
        """Return the lines of this field after the operation; `lines` is not changed. Raises HeadError."""
        raise AssertionError("an operation says what it does")  # pragma: no cover


class Valued(Operation):
    """An operation with a value: literal text, a callable of environ, or a typed field, which brings the name too."""

    value: Value | FieldValue

    # Whether the operation makes or joins several lines, which a singleton does not bear.
    repeats: ClassVar[bool] = False

    def __init__(self, name: str | FieldValue, value: Value = MISSING) -> None:  # type: ignore[assignment]
        problems = Problems()
        operation = type(self).__name__
        if isinstance(name, FieldValue):
            field: FieldValue | None = name
            where = check_name(problems, operation, name.name, repeats=self.repeats)
            if value is not MISSING:
                reason = "stands beside a typed field, which brings its own"
                problems.add("operation.value.surplus", f"{where}.value", value, reason, "leave it out")
            problems.raise_any()
            self._keep(name=name.name, value=field)
            return
        if value is MISSING:
            problems.add("argument.missing", f"{operation}.value", NOTHING, "is required")
        where = check_name(problems, operation, name, repeats=self.repeats)
        if value is not MISSING:
            check_value(problems, where, value)
        problems.raise_any()
        self._keep(name=str.__str__(name), value=str.__str__(value) if isinstance(value, str) else value)

    def _arguments(self) -> tuple[tuple[Any, ...], dict[str, Any]]:
        return ((self.value,), {}) if isinstance(self.value, FieldValue) else ((self.name, self.value), {})

    def within(self) -> Iterator[Part]:
        """Give this operation, and the typed field in it."""
        yield self
        if isinstance(self.value, FieldValue):
            yield self.value

    @property
    def literal(self) -> bool:
        """Whether the value is known when the policy is declared."""
        return isinstance(self.value, str | FieldValue)

    def _line(self, environ: WSGIEnvironment) -> Line | None:
        value = self.value
        if isinstance(value, str):
            return (self.name, value)
        if type(value) is _Sending:
            return (self.name, value.text(asked_nonce(environ)))
        if isinstance(value, FieldValue):
            return (self.name, value.sent(asked_nonce(environ)))
        made = value(environ)
        if made is None or made == "":
            return None
        if isinstance(made, FieldValue):
            if made.name.lower() != self.field:
                raise HeadError(f"{self.name}: a callable of the policy gave a value of {made.name}")
            return (self.name, made.sent(asked_nonce(environ)))
        return (self.name, checked_value(self.name, made))

    @property
    def takes_nonce(self) -> bool:
        """Whether the value has places for the nonce of a response."""
        return isinstance(self.value, FieldValue) and self.value.takes_nonce

    def plain(self) -> Valued:
        """Return this operation with literal text for a typed field: what is compiled."""
        return self._with(self.value.sent()) if isinstance(self.value, FieldValue) else self

    def asking(self) -> Valued:
        """Return this operation for responses that asked for a nonce: its value is known when the head is made."""
        assert isinstance(self.value, FieldValue)
        return self._with(_Sending(self.value.sending()))

    def _with(self, value: Any) -> Valued:
        other = object.__new__(type(self))
        other._keep(name=self.name, value=value)
        return other


class _Sending:
    """The value of a typed field, as a function of the nonce of the response."""

    __slots__ = ("text",)

    def __init__(self, text: Callable[[str | None], str]) -> None:
        self.text = text

    def __call__(self, environ: WSGIEnvironment) -> str:
        return self.text(asked_nonce(environ))

    def lines_of(self, name: str) -> Callable[[list[Line], WSGIEnvironment], list[Line]]:
        """Return what gives the one line with this value, whatever lines there are."""
        text = self.text

        def line(own: list[Line], environ: WSGIEnvironment) -> list[Line]:
            # What `asked_nonce` does, for one call less where an application asks in each response.
            state = environ.get(ENVIRON_KEY)
            return [(name, text(None if state is None or state[4] is None else state[4].nonce))]

        return line


class Set(Valued):
    """Exactly one line of the field, with this value, whatever the application sent.

    value   text, or a callable of environ that gives text or a typed field; None or "" from it changes nothing

    One typed field may stand for both.

    >>> Set("X-Content-Type-Options", "nosniff")
    Set('X-Content-Type-Options', 'nosniff')

    Raises PolicyError for a name that is no token or not a policy's to set, and for a value that is no field value
    (RFC 9110 5.1, 5.5).
    """

    absolute = True

    def apply(self, lines: list[Line], environ: WSGIEnvironment) -> list[Line]:
        """Return the one line."""
        line = self._line(environ)
        return lines if line is None else [line]


class Default(Valued):
    """The application's lines of the field, or one with this value where it sent none; an empty one counts as sent.

    >>> Default("Referrer-Policy", "no-referrer")
    Default('Referrer-Policy', 'no-referrer')

    Arguments and errors as for Set.
    """

    def apply(self, lines: list[Line], environ: WSGIEnvironment) -> list[Line]:
        """Return the lines there, or the one line."""
        if lines:
            return lines
        line = self._line(environ)
        return lines if line is None else [line]


class Append(Valued):
    """The lines there and one more, for fields that are lists (RFC 9110 5.3).

    >>> Append("Link", "</style.css>; rel=preload")
    Append('Link', '</style.css>; rel=preload')

    Arguments and errors as for Set; a singleton field is refused.
    """

    repeats = True

    def apply(self, lines: list[Line], environ: WSGIEnvironment) -> list[Line]:
        """Return the lines there and the one line."""
        line = self._line(environ)
        return lines if line is None else [*lines, line]


class Merge(Valued):
    """One line: the members of all lines there, then those of the value that are not there yet.

    Order and spelling stay, empty members go, quoted commas do not split; a line that has everything is left as it is,
    and `*` in Vary absorbs the rest (RFC 9110 5.6.1, 12.5.5).

    >>> Merge("Vary", "Accept-Encoding")
    Merge('Vary', 'Accept-Encoding')

    Arguments and errors as for Set; a singleton field is refused.
    """

    repeats = True

    def apply(self, lines: list[Line], environ: WSGIEnvironment) -> list[Line]:
        """Return the one line."""
        line = self._line(environ)
        if line is None:
            return lines
        values = [value for _, value in lines]
        after = merged(values, line[1], _registry.lookup(self.name))
        if after is values:
            return lines
        return [(lines[0][0] if lines else self.name, value) for value in after]


class Remove(Operation):
    """No line of the field.

    >>> Remove("X-Powered-By")
    Remove('X-Powered-By')

    Raises PolicyError for a name that is no token or not a policy's to remove.
    """

    absolute = True

    def __init__(self, name: str) -> None:
        problems = Problems()
        check_name(problems, "Remove", name)
        problems.raise_any()
        self._keep(name=str.__str__(name))

    def apply(self, lines: list[Line], environ: WSGIEnvironment) -> list[Line]:
        """Return no lines."""
        return []


class Edit(Operation):
    """Each line's value through a function; None from it drops the line.

    function   `str -> str | None`, called with each value as it stands in the head

    >>> Edit("Location", str.strip)
    Edit('Location', <method 'strip' of 'str' objects>)

    Raises PolicyError for a name as Set does, and for a function that cannot be called.
    """

    function: Callable[[str], str | None]

    def __init__(self, name: str, function: Callable[[str], str | None]) -> None:
        problems = Problems()
        where = check_name(problems, "Edit", name)
        if not callable(function):
            problems.add(
                "operation.function", f"{where}.function", function, "is no callable", "give str -> str | None"
            )
        problems.raise_any()
        self._keep(name=str.__str__(name), function=function)

    def edited(self, value: str) -> str | None:
        """Return the value for one line, None where the line goes; raises HeadError for what is no field value."""
        made = self.function(value)
        if made is None or (made == value and type(made) is str):
            return made
        return checked_value(self.name, made)

    def apply(self, lines: list[Line], environ: WSGIEnvironment) -> list[Line]:
        """Return the lines, edited."""
        after = []
        for line in lines:
            made = self.edited(line[1])
            if made is not None:
                after.append(line if made == line[1] else (line[0], made))
        return after


def compile_operations(steps: Sequence[Operation]) -> FieldProgram:
    """Return the program of one field for the sequence `steps`, which is not empty and names that field alone."""
    field = steps[0].field
    steps = [step.plain() if isinstance(step, Valued) else step for step in effective_steps(steps)]
    nothing: list[Line] = []
    if all(step.literal and not isinstance(step, Edit) for step in steps):
        absent = tuple(_run(steps, nothing, {}))
        if steps[0].absolute:
            return FieldProgram(field, absent)
        if all(isinstance(step, Default) for step in steps):
            return FieldProgram(field, absent, KEEP)
        if all(isinstance(step, Append) for step in steps):
            return FieldProgram(field, absent, ADD)
        known = _registry.lookup(field)
        alone = Remembered(steps) if known is not None and known.impersonal else None
        return FieldProgram(field, absent, lambda lines: _run(steps, lines, {}), alone)
    if all(isinstance(step, Edit) for step in steps):
        return FieldProgram(field, (), lambda lines: _run(steps, lines, {}))
    if len(steps) == 1:
        (step,) = steps
        if isinstance(step, Set) and isinstance(step.value, _Sending):
            return FieldProgram(field, always=step.value.lines_of(step.name))
        return FieldProgram(field, always=step.apply)
    return FieldProgram(field, always=lambda lines, environ: _run(steps, lines, environ))


def effective_steps(steps: Sequence[Operation]) -> Sequence[Operation]:
    """Return the steps from the last one on whose outcome is the same whatever came before; all where there is none."""
    for start in reversed(range(len(steps))):
        if steps[start].absolute and steps[start].literal:
            return steps[start:]
    return steps


def _run(steps: Sequence[Operation], lines: list[Line], environ: WSGIEnvironment) -> list[Line]:
    for step in steps:
        lines = step.apply(lines, environ)
    return lines


class Remembered(dict[Line, list[Line]]):
    """What the steps make of single lines of a field that carries nothing personal, so that it may be remembered."""

    def __init__(self, steps: Sequence[Operation]) -> None:
        self._steps = steps

    def __missing__(self, line: Line) -> list[Line]:
        after = _run(self._steps, [line], {})
        if len(line[1]) <= _REMEMBERED_OCTETS:
            if len(self) >= _REMEMBERED:
                self.clear()
            self[line] = after
        return after


def checked(name: str, value: object) -> str:
    """Return `value` as an exact `str` where an application may send it in a line of `name`; raises HeadError.

    RFC 9110 5.5: no control but TAB; PEP 3333, "Unicode Issues": native strings, one octet a character.
    """
    if not isinstance(value, str):
        kind = type(value).__name__
        raise HeadError(f"{escaped(name)}: the value is no str but {kind}; send native strings [PEP 3333]")
    # A subclass (lazy text, markup) may say of itself what it likes, so the copy is what is looked at.
    value = str.__str__(value)
    if _grammar.field_value.fullmatch(value) is None:
        raise HeadError(
            f"{escaped(name)}: the value holds {_wrong_character(value)}; refuse or encode it [RFC 9110 5.5]"
        )
    return value


def checked_value(name: str, value: object) -> str:
    """Return what a callable or a function of the policy made for `name`, checked like a literal; raises HeadError."""
    if not isinstance(value, str):
        kind = type(value).__name__
        raise HeadError(f"{name}: a callable of the policy gave {kind}; give str or None [RFC 9110 5.5]")
    value = str.__str__(value)
    if _grammar.declared_value.fullmatch(value) is None:
        wrong = "no text" if not value else "blanks at an end"
        if _grammar.field_value.fullmatch(value) is None:
            wrong = _wrong_character(value)
        raise HeadError(f"{name}: a callable of the policy gave a value with {wrong} [RFC 9110 5.5]")
    return value


def _wrong_character(value: str) -> str:
    return "a character beyond latin-1" if max(value) > "\xff" else "a control character"


def check_name(problems: Problems, operation: str, name: object, *, repeats: bool = False) -> str:
    """Note what is wrong with the field name of an operation, and return how messages call the operation.

    repeats   whether it makes or joins several lines
    """
    where = f"{operation}.name"
    if not isinstance(name, str):
        fix = f"call it: {name.__name__}(...)" if isinstance(name, type) else "name one field"
        problems.add("operation.name.type", where, name, "is no str", fix)
        return operation
    if _grammar.token.fullmatch(name) is None:
        problems.add("operation.name.token", where, name, "is no field name", "name one field", "RFC 9110 5.1")
        return operation
    field = _registry.lookup(name)
    if "*" in name:
        # A star is a character of tokens, but no field has one: what is meant are several fields.
        problems.add(
            "operation.name.glob", where, name, "has a star, which stands for nothing but itself", "name one field"
        )
    elif field is None:
        pass
    elif field.hop_by_hop or field.framing:
        code, kind = ("hop-by-hop", "connection") if field.hop_by_hop else ("framing", "framing")
        reason = f"{kind} fields belong to the server"
        reference = "PEP 3333, Other HTTP Features" if field.hop_by_hop else "PEP 3333"
        problems.add(f"operation.name.{code}", where, name, reason, "remove this operation", reference)
    elif field.combines == "separate":
        fix = "use CookieAttributes or CookieRule"
        problems.add("operation.name.cookie", where, name, "is for cookie parts alone", fix, field.reference)
    elif repeats and field.combines == "singleton":
        reason = "is a field of one line and one value"
        problems.add("operation.name.singleton", where, name, reason, "use Set or Default", field.reference)
    return f"{operation}({escaped(name)})"


def check_value(problems: Problems, operation: str, value: object) -> None:
    """Note what is wrong with the value of an operation."""
    where = f"{operation}.value"
    if not isinstance(value, str):
        if isinstance(value, type) or not callable(value):
            fix = "give it alone, without a name" if isinstance(value, FieldValue) else "give text"
            problems.add("operation.value.type", where, value, "is neither str nor a callable of environ", fix)
    elif value == "":
        problems.add("operation.value.empty", where, NOTHING, "is empty", "use Remove to send no line")
    elif _grammar.field_value.fullmatch(value) is None:
        reason = f"holds {_wrong_character(value)}"
        fix = "a field value is visible text, blanks and TAB"
        problems.add("operation.value.characters", where, value, reason, fix, "RFC 9110 5.5")
    elif _grammar.declared_value.fullmatch(value) is None:
        bare = value.strip(" \t")
        fix = f"write {escaped(bare)}" if bare else "use Remove to send no line"
        problems.add("operation.value.blanks", where, value, "begins or ends with a blank", fix, "RFC 9110 5.5")
    elif operation.startswith("Merge") and any(map(_grammar.unclosed_member.fullmatch, members(value))):
        fix = "close the quote"
        problems.add("operation.value.quote", where, value, "has a quote that is not closed", fix, "RFC 9110 5.6.4")
