"""Overrides: the operations that an application asked for in one response, after those of every policy.

They are known when the head is made and run then, one by one. What no operation removes comes once more after them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from .exchange import Line
from .operations import Operation, Step

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment


def overridden(
    lines: list[Line], operations: Sequence[Operation], last: Mapping[str, Sequence[Step]], environ: WSGIEnvironment
) -> list[Line]:
    """Return a new head; raises HeadError for what a callable among the operations gives.

    last   the steps of each field that come after every operation
    """
    after = lines
    for field, steps in by_field(operations).items():
        own = before = [line for line in after if line[0].lower() == field]
        lasting: Sequence[Any] = last.get(field, ())
        for step in (*steps, *lasting):
            own = step.apply(own, environ)
        if own is not before:
            after = [line for line in after if line[0].lower() != field] + own
    return after


def by_field(operations: Sequence[Operation]) -> dict[str, list[Operation]]:
    """Return the operations of each field in their order, by its lower-case name."""
    found: dict[str, list[Operation]] = {}
    for operation in operations:
        found.setdefault(operation.field, []).append(operation)
    return found
