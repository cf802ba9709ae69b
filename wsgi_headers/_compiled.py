"""What heads go through under one set of rules that hold: a program, what looks at the whole head, and the programs for
the few responses that are not like the others.

Most applications ask for nothing, so the program of those knows no nonce. One with the nonce and one for 304 are made
when the first such response comes, and so are those for personal responses. Only that a head sets a cookie is found out
by every program itself.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeGuard

from ._log import Log
from ._overriding import overridden
from ._personal import sets_cookie
from ._program import Program
from ._state import Asked, State, is_outermost
from .exchange import ENVIRON_KEY, BodyPhase, Head, Line
from .operations import FieldProgram, Operation, Remove, Step, Valued

if TYPE_CHECKING:
    from ._part import Part


class WithNonce(Remove):
    """A field that was declared with a nonce leaves a 304, whose lines replace those of the stored response.

    The body that is shown again has the nonce of its own head (CSP3 7.1, RFC 9111 3.2).
    """

    cause: Part

    def __init__(self, cause: Part, name: str, /) -> None:
        super().__init__(name)
        self._keep(cause=cause)

    @property
    def part(self) -> Part:
        """The part that declares the nonce."""
        return self.cause

    def __repr__(self) -> str:
        return f"Remove({self.name!r})"


class Compiled:
    """What heads go through.

    steps         of each field, in the order in which they act
    last          those of each field that no operation removes
    if_personal   those that come after all where the response is personal
    authorized    whether it is in any case, by its request
    program       for responses that asked for nothing
    finishing     what looks at the whole head afterwards, in order, each with the parts that it acts for
    finish        the same alone
    body          what judges the application's responses; None where nothing does
    judges        the parts that it acts for
    with_nonce    what keeps the fields that a stored response may have with a nonce off its 304, by field

    `fold` gives the program of one field for its steps.
    """

    def __init__(
        self,
        steps: Mapping[str, Sequence[Step]],
        last: Mapping[str, Sequence[Step]],
        if_personal: Mapping[str, Sequence[Operation]],
        finishing: Sequence[tuple[list[Part], Callable[[Head, Log], None]]],
        body: BodyPhase | None,
        judges: Sequence[Part],
        with_nonce: Mapping[str, WithNonce],
        fold: Callable[[tuple[Step, ...]], FieldProgram],
        *,
        authorized: bool,
    ) -> None:
        self.steps = steps
        self.last = last
        self.if_personal = if_personal
        self.authorized = authorized
        self.finishing = tuple(finishing)
        self.finish = tuple(look for _, look in finishing)
        self.body = body
        self.judges = tuple(judges)
        self.with_nonce = with_nonce
        self._fold = fold
        self._stages: dict[str, list[Any]] = {}
        self._programs: dict[tuple[bool, bool, bool], Program] = {}
        self._but_last: dict[tuple[bool, bool], Program] = {}
        self.program = self._program(False, False, False)

    def _program(self, not_modified: bool, nonce: bool, personal: bool) -> Program:
        """Return the program for a 304, for a response that asked for a nonce, or for others; made when first asked."""
        takes_nonce = bool(self.with_nonce)
        key = takes_nonce and not_modified, takes_nonce and nonce, personal or self.authorized
        known = self._programs.get(key)
        if known is None:
            known = self._programs[key] = self._programmed(*key)
        self._programs[not_modified, nonce, personal] = known
        return known

    def _programmed(self, not_modified: bool, nonce: bool, personal: bool) -> Program:
        steps = self._steps_of(self.steps, not_modified, nonce)
        if_personal = self.if_personal
        if personal:
            steps, if_personal = followed(steps, if_personal), {}
        return Program([self._fold(tuple(of_field)) for of_field in steps.values()], if_personal)

    @functools.cached_property
    def asking(self) -> Program:
        """The program for responses that asked for a nonce, none of them a 304."""
        return self._program(False, True, True)

    def _steps_of(
        self, steps: Mapping[str, Sequence[Step]], not_modified: bool, nonce: bool
    ) -> dict[str, Sequence[Step]]:
        if not_modified:
            return without_nonces(steps, self.with_nonce)
        return {field: list(map(_asking, of_field)) if nonce else of_field for field, of_field in steps.items()}

    def awaits(self, operations: Iterable[Operation]) -> bool:
        """Whether something of the policy comes after one of these operations, which must not find it done already."""
        return any(self.last_if_personal.get(operation.field) for operation in operations)

    def steps_but_last(self, *, not_modified: bool) -> dict[str, Sequence[Step]]:
        """Return the steps of each field but those that no operation removes."""
        but_last = {
            field: [step for step in of_field if step not in self.last.get(field, ())]
            for field, of_field in self.steps_for(not_modified=not_modified).items()
        }
        return {field: of_field for field, of_field in but_last.items() if of_field}

    def _program_but_last(self, not_modified: bool, nonce: bool) -> Program:
        known = self._but_last.get((not_modified, nonce))
        if known is None:
            steps = self._steps_of(self.steps_but_last(not_modified=not_modified), False, nonce and not not_modified)
            known = Program([self._fold(tuple(of_field)) for of_field in steps.values()])
            self._but_last[not_modified, nonce] = known
        return known

    @functools.cached_property
    def last_if_personal(self) -> Mapping[str, Sequence[Step]]:
        """The steps of each field that no operation removes, where the response is personal."""
        return followed(self.last, self.if_personal)

    def steps_for(self, *, not_modified: bool) -> Mapping[str, Sequence[Step]]:
        """Return the steps of each field, for a 304 or for another head."""
        return without_nonces(self.steps, self.with_nonce) if not_modified else self.steps

    def stages(self, steps: Sequence[Step]) -> list[Any]:
        """Return what edits a value as the first of a field's steps do, the first two, and so on; remembered."""
        field = steps[0].field
        if field not in self._stages:
            self._stages[field] = [step.compile(steps[:count]).edit for count, step in enumerate(steps, 1)]
        return self._stages[field]

    def rewritten(self, state: State, status: str, lines: Any) -> list[Line]:
        """Return the new head of a response that asked for something, or of a 304.

        Raises as `Program.rewrite` does.
        """
        environ: Any = state[1]
        asked: Asked | None = state[4]
        nonce = asked is not None and asked.nonce is not None
        personal = nonce or (asked is not None and asked.judged)
        not_modified = status.startswith("304")
        waits = asked is not None and asked.operations != () and is_outermost(state) and self.awaits(asked.operations)
        if waits:
            program = self._program_but_last(not_modified, nonce)
        else:
            program = self._programs.get((not_modified, nonce, personal)) or self._program(
                not_modified, nonce, personal
            )
        # Values are made for what stands in environ, from which the first head takes its state away. What was asked for
        # holds for a second head too, after an error.
        again = asked is not None and state[2] is None
        if again:
            stands, environ[ENVIRON_KEY] = environ.get(ENVIRON_KEY), state
        try:
            after = program.rewrite(lines, environ)
            if asked is not None and asked.operations:
                personal = personal or self.authorized or sets_cookie(after)
                # By the response of each middleware: a head may be started again.
                asked.last[id(state)] = self.last_if_personal if personal else self.last
                if is_outermost(state):
                    last = functools.reduce(followed, asked.last.values())
                    after = overridden(after, asked.operations, last, environ, all_last=waits)
        finally:
            if again:
                environ[ENVIRON_KEY] = stands
        return self.not_modified(state, after) if not_modified and asked is not None else after

    def speaks_of(self, field: str, asked: Asked | None) -> bool:
        """Whether an operation does something to a field, by its lower-case name: of the policy or of the response."""
        return field in self.steps or (
            asked is not None and any(operation.field == field for operation in asked.operations)
        )

    def not_modified(self, state: State, lines: list[Line]) -> list[Line]:
        """Return the head of a 304 by that which was made of the response for which it stands, or of a 304 itself.

        No line of a field that the stored response may have with a nonce, whoever says it in this response, and none
        with what was made for this response: the stored one has another nonce.
        """
        asked: Asked | None = state[4]
        if asked is None and not self.with_nonce:
            return lines
        return [line for line in lines if not self.leaves_304(line, asked)]

    def leaves_304(self, line: Line, asked: Asked | None) -> bool:
        """Whether a line of what was made of a response must not be on its 304."""
        field = line[0].lower()
        if asked is None:
            return field in self.with_nonce
        if asked.nonce and asked.nonce in line[1]:
            return True
        return field in self.with_nonce or any(step.field == field for step in asked.operations if _takes_nonce(step))


def followed(steps: Mapping[str, Sequence[Step]], by_others: Mapping[str, Sequence[Step]]) -> dict[str, Sequence[Step]]:
    """Return the steps of each field with those of the same field by others after them."""
    return {field: [*steps.get(field, ()), *by_others.get(field, ())] for field in {**steps, **by_others}}


def without_nonces(
    steps: Mapping[str, Sequence[Step]], with_nonce: Mapping[str, WithNonce]
) -> dict[str, Sequence[Step]]:
    """Return the steps of a 304: no line of a field that a stored response may have with a nonce."""
    return {**steps, **{field: [step] for field, step in with_nonce.items()}}


def fields_with_nonce(parts: Iterable[tuple[Part, bool]], scheme: str) -> dict[str, WithNonce]:
    """Return what keeps the fields that a response may have with a nonce off a 304, by field.

    parts   those that hold for a request by `scheme`, each with whether that depends on the head: a 304 tells neither
            the status nor, often, the media type of the response that is stored
    """
    found: dict[str, WithNonce] = {}
    for part, depends in parts:
        for step in part.operations(scheme):
            if _takes_nonce(step):
                found[step.field] = WithNonce(step.part, step.name)
            elif isinstance(step, Operation) and step.absolute and step.literal and not depends:
                found.pop(step.field, None)
    return found


def _takes_nonce(step: Step) -> TypeGuard[Valued]:
    return isinstance(step, Valued) and step.takes_nonce


def _asking(step: Step) -> Step:
    return step.asking() if _takes_nonce(step) else step
