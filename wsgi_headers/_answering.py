"""What happens before the application is called: a guard's answer goes out, or environ is made ready.

Guards decide, this acts. The reason of a decision goes to the log as data, never into the answer. An answer passes
the policy like a response of the application, except for caching: it depends on things that no cache keys on, so it
is never stored, whatever the policy or the application of a refusal says.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from . import _registry
from ._members import merged
from .exchange import Answer, Deferred, Line, Request

if TYPE_CHECKING:
    from _typeshed import OptExcInfo

    from ._plan import Chosen
    from ._state import State
    from .exchange import Decision

# The fields, beside those whose names end in Cache-Control (RFC 9111 5.2, RFC 9213 2), that tell a cache how long to
# keep a response: RFC 9111 5.3; Edge Architecture 2.2; Akamai's own; nginx, ngx_http_proxy_module.
_LIFETIMES = {"expires", "surrogate-control", "edge-control", "x-accel-expires"}


def answered_early(chosen: Chosen, request: Request, state: State) -> Iterable[bytes] | None:
    """Return the body of a guard's answer, its head started with the rest of the policy.

    None where the application answers. What the policy keeps from applications, also from one that answers for a
    guard, has then left environ.
    """
    for incoming in chosen.incoming:
        incoming(request, chosen.log)
    for _, decision in chosen.decisions(request):
        if decision.reason:
            chosen.log.warn(decision.event, "%(event)s: %(reason)s", reason=decision.reason, **decision.facts)
        if decision.answer is not None:
            return _answered(decision, chosen, request, state)
    return None


def _answered(decision: Decision, chosen: Chosen, request: Request, state: State) -> Iterable[bytes]:
    bodiless = request.method == "HEAD"
    # In the place of the server's, so that it comes after every operation and after what looks at the whole head.
    ending = state[0] = _Ending(state[0], decision.last, bodiless)
    start = chosen.bind(state)
    answer = decision.answer
    if isinstance(answer, Deferred):
        answer = answer.make(request, chosen.log)
    if isinstance(answer, Answer):
        status, lines, body = answer
        start(status, [*lines, ("Content-Length", str(len(body)))] if body else lines)
        return [body] if body and not bodiless else []
    assert answer is not None, "a decision without an answer is only told"
    chunks = answer(request.environ, start)
    return _nothing_of(chunks, ending) if bodiless else chunks


class _Ending:
    """The `start_response` of an answer, below the policy: the head goes on as one that is not to be stored."""

    __slots__ = ("_bodiless", "_last", "_start_response", "started")

    def __init__(self, start_response: Any, last: Mapping[str, str | None], bodiless: bool) -> None:
        self._start_response = start_response
        self._last = last
        self._bodiless = bodiless
        self.started = False

    def __call__(self, status: str, lines: list[Line], exc_info: OptExcInfo | None = None) -> Any:
        self.started = True
        after = never_stored(lines, self._last)
        try:
            more = () if exc_info is None else (exc_info,)
            write = self._start_response(status, after, *more)
        finally:
            exc_info = None  # PEP 3333, "Error Handling": no cycle through the traceback
            del more
        return unwritten if self._bodiless else write


def never_stored(lines: list[Line], last: Mapping[str, str | None] = MappingProxyType({})) -> list[Line]:
    """Return the lines of an answer with those that stand last, and without any that would let a cache keep it."""
    replaced = {name.lower() for name in last}
    after = [line for line in lines if (name := line[0].lower()) not in replaced and not _is_lifetime(name)]
    for name, value in last.items():
        if name == "Vary" and value is not None:
            sent = [told for field, told in lines if field.lower() == "vary"]
            after += [(name, told) for told in merged(sent, value, _registry.lookup(name))]
        elif value is not None:
            after.append((name, value))
    return [*after, ("Cache-Control", "no-store")]


def _is_lifetime(name: str) -> bool:
    return name.endswith("cache-control") or name in _LIFETIMES


def _nothing_of(chunks: Iterable[bytes], ending: _Ending) -> list[bytes]:
    """Return no body; the application of a refusal may start its head with its first chunk, and is closed."""
    try:
        if not ending.started:
            for _ in chunks:
                if ending.started:
                    break
    finally:
        if hasattr(chunks, "close"):
            chunks.close()
    return []


def unwritten(_: bytes) -> None:
    """Stand in for the server's `write` where a response has no body, or another one."""
