"""Steps that run when the head is made, one by one, after those that were compiled.

Overrides are the operations that an application asked for in one response, after those of every policy. What no
operation removes comes once more after them, and a field that must not be sent over an insecure transport leaves the
head there (RFC 6797 7.2).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from . import _registry
from .exchange import Line
from .operations import Operation, Step

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment


def overridden(
    lines: list[Line],
    operations: Sequence[Operation],
    last: Mapping[str, Sequence[Step]],
    environ: WSGIEnvironment,
    *,
    all_last: bool = False,
) -> list[Line]:
    """Return a new head; raises HeadError for what a callable among the operations gives.

    last       the steps of each field that come after every operation
    all_last   whether those of fields without an operation are still to come too
    """
    return through(lines, with_last(operations, last, all_last=all_last), environ)


def with_last(
    operations: Sequence[Operation], last: Mapping[str, Sequence[Step]], *, all_last: bool = False
) -> dict[str, list[Step]]:
    """Return the operations of each field in their order, and after them what comes last."""
    by_field: dict[str, list[Step]] = {field: [] for field, steps in last.items() if steps} if all_last else {}
    for operation in operations:
        by_field.setdefault(operation.field, []).append(operation)
    return {field: [*steps, *last.get(field, ())] for field, steps in by_field.items()}


def through(lines: list[Line], steps: Mapping[str, Sequence[Any]], environ: WSGIEnvironment) -> list[Line]:
    """Return a new head in which the lines of each field went through its steps."""
    after = lines
    for field, of_field in steps.items():
        own = before = [line for line in after if line[0].lower() == field]
        for step in of_field:
            own = step.apply(own, environ)
        known = _registry.lookup(field)
        if known is not None and known.https_only and environ.get("wsgi.url_scheme") != "https":
            own = []
        if own is not before:
            after = [line for line in after if line[0].lower() != field] + own
    return after
