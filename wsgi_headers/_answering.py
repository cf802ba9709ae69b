"""What happens before the application is called: a guard's answer goes out, or environ is made ready.

Guards decide, this acts. The reason of a decision goes to the log as data, never into the answer.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from .exchange import Answer, Request

if TYPE_CHECKING:
    from ._plan import Chosen
    from ._state import State


def answered_early(chosen: Chosen, request: Request, state: State) -> Iterable[bytes] | None:
    """Return the body of a guard's answer, its head started with the rest of the policy.

    None where the application answers. What the policy keeps from applications, also from one that answers for a
    guard, has then left environ.
    """
    for incoming in chosen.incoming:
        incoming(request, chosen.log)
    decision = chosen.decide(request)
    if decision is None:
        return None
    chosen.log.warn(decision.event, "%(event)s: %(reason)s", reason=decision.reason, **decision.facts)
    start = chosen.bind(state)
    if not isinstance(decision.answer, Answer):
        return decision.answer(request.environ, start)
    status, lines, body = decision.answer
    start(status, lines)
    return [body] if body and request.method != "HEAD" else []
