"""What heads go through under one set of rules that hold: a program, what looks at the whole head, and the programs for
the few responses that are not like the others.

Most applications ask for nothing, so the program of those knows no nonce. One with the nonce and one for 304 are made
when the first such response comes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from ._log import Log
from ._overriding import overridden
from ._program import Program
from ._state import Asked, State, is_outermost
from .exchange import Head, Line
from .operations import FieldProgram, Remove, Step, Valued, compile_operations, effective_steps

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
    last          those of each field that come after overrides too
    program       for responses that asked for nothing
    finishing     what looks at the whole head afterwards, in order, each with the parts that it acts for
    finish        the same alone
    takes_nonce   whether a nonce makes a difference

    `fold` gives the program of one field for its steps.
    """

    def __init__(
        self,
        steps: Mapping[str, Sequence[Step]],
        last: Mapping[str, Sequence[Step]],
        finishing: Sequence[tuple[list[Part], Callable[[Head, Log], None]]],
        fold: Callable[[tuple[Step, ...]], FieldProgram],
    ) -> None:
        self.steps = steps
        self.last = last
        self.finishing = tuple(finishing)
        self.finish = tuple(look for _, look in finishing)
        self._fold = fold
        self._stages: dict[str, list[Any]] = {}
        self.program = self._programmed(steps)
        self.takes_nonce = any(map(_taking, steps.values()))

    @cached_property
    def _asked(self) -> Program:
        """The program for responses that asked for a nonce."""
        return self._programmed({field: list(map(_asking, steps)) for field, steps in self.steps.items()})

    @cached_property
    def _not_modified(self) -> Program:
        """The program for a 304."""
        return self._programmed(without_nonces(self.steps))

    def _programmed(self, steps: Mapping[str, Sequence[Step]]) -> Program:
        return Program([self._fold(tuple(of_field)) for of_field in steps.values()])

    def steps_for(self, status: str) -> Mapping[str, Sequence[Step]]:
        """Return the steps of each field for a head of that status."""
        return without_nonces(self.steps) if self.takes_nonce and status.startswith("304") else self.steps

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
        not_modified = status.startswith("304")
        nonce = None if asked is None else asked.nonce
        program = self.program
        if self.takes_nonce and (not_modified or nonce is not None):
            program = self._not_modified if not_modified else self._asked
        after = program.rewrite(lines, environ)
        if asked is not None and asked.operations and is_outermost(state):
            after = overridden(after, asked.operations, self.last, environ)
            asked.applied_by = id(state)
        if not_modified and nonce is not None:
            # What was computed for this response: the stored one has another nonce.
            after = [line for line in after if nonce not in line[1]]
        return after


def without_nonces(steps: Mapping[str, Sequence[Step]]) -> dict[str, Sequence[Step]]:
    """Return the steps of a 304: no line of a field that is declared with a nonce."""
    made: dict[str, Sequence[Step]] = {}
    for field, of_field in steps.items():
        taking = _taking(of_field)
        made[field] = of_field if taking is None else [WithNonce(taking.part, taking.name)]
    return made


def _taking(steps: Sequence[Any]) -> Valued | None:
    """Return the step of one field that takes a nonce, None where none does that counts."""
    if steps[0].compile is not compile_operations:
        return None
    return next((step for step in effective_steps(steps) if isinstance(step, Valued) and step.takes_nonce), None)


def _asking(step: Step) -> Step:
    return step.asking() if isinstance(step, Valued) and step.takes_nonce else step
