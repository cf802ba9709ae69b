"""What heads go through under one set of rules that hold: a program, what looks at the whole head, and the programs for
the few responses that are not like the others.

Most applications ask for nothing, so the program of those knows no nonce. One with the nonce and one for 304 are made
when the first such response comes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeGuard

from ._log import Log
from ._overriding import overridden
from ._program import Program
from ._state import Asked, State, is_outermost
from .exchange import ENVIRON_KEY, Head, Line
from .operations import FieldProgram, Operation, Remove, Step, Valued

if TYPE_CHECKING:
    from ._part import Part


NOT_MODIFIED = "304"


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

    program       for responses that asked for nothing
    finish        what looks at the whole head afterwards, in order
    with_nonce    what keeps the fields that a stored response may have with a nonce off its 304, by field

    `fold` gives the program of one field for its steps.
    """

    def __init__(
        self,
        steps: Mapping[str, Sequence[Step]],
        last: Mapping[str, Sequence[Step]],
        finish: Sequence[Callable[[Head, Log], None]],
        with_nonce: Mapping[str, WithNonce],
        fold: Callable[[tuple[Step, ...]], FieldProgram],
    ) -> None:
        self._steps = steps
        self._last = last
        self.finish = tuple(finish)
        self.with_nonce = with_nonce
        self._fold = fold
        self.program = self._programmed(steps)

    @cached_property
    def _asked(self) -> Program:
        """The program for responses that asked for a nonce."""
        return self._programmed({field: list(map(_asking, steps)) for field, steps in self._steps.items()})

    @cached_property
    def _not_modified(self) -> Program:
        """The program for a 304."""
        return self._programmed(without_nonces(self._steps, self.with_nonce))

    def _programmed(self, steps: Mapping[str, Sequence[Step]]) -> Program:
        return Program([self._fold(tuple(of_field)) for of_field in steps.values()])

    def rewritten(self, state: State, status: str, lines: Any) -> list[Line]:
        """Return the new head of a response that asked for something, or of a 304.

        Raises as `Program.rewrite` does.
        """
        environ: Any = state[1]
        asked: Asked | None = state[4]
        nonce = None if asked is None else asked.nonce
        not_modified = status.startswith(NOT_MODIFIED)
        program = self.program
        if self.with_nonce and (not_modified or nonce is not None):
            program = self._not_modified if not_modified else self._asked
        # Values are made for what stands in environ, from which the first head takes its state away. What was asked for
        # holds for a second head too, after an error.
        again = asked is not None and state[2] is None
        if again:
            stands, environ[ENVIRON_KEY] = environ.get(ENVIRON_KEY), state
        try:
            after = program.rewrite(lines, environ)
            if asked is not None and asked.operations and is_outermost(state):
                after = overridden(after, asked.operations, self._last, environ)
        finally:
            if again:
                environ[ENVIRON_KEY] = stands
        if not_modified and asked is not None:
            # What was made for this response: the stored one has another nonce, or has one in that field.
            fields = {step.field for step in asked.operations if _takes_nonce(step)}.union(self.with_nonce)
            after = [line for line in after if not (line[0].lower() in fields or (nonce and nonce in line[1]))]
        return after


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
