"""The state of one response, which stands in environ until its head goes out:

    [start_response, environ, plan, state of the middleware above]

The plan becomes None with the head, since a second head is an error unless it replaces the first (PEP 3333).

It is a list to which the `start_response` of the application is bound, since one is made for each request and both cost
less than an object and a closure. It and environ refer to each other, so it leaves environ with the head: no request
waits for the cycle collector.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from .exchange import ENVIRON_KEY

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

    from ._plan import Plan

State: TypeAlias = list[Any]


def leave(state: State) -> None:
    """Take the state of a response out of its environ, where it still stands."""
    environ: WSGIEnvironment = state[1]
    if environ.get(ENVIRON_KEY) is state:
        if state[3] is None:
            del environ[ENVIRON_KEY]
        else:
            environ[ENVIRON_KEY] = state[3]


def state_above(environ: WSGIEnvironment, start_response: StartResponse) -> State | None:
    """Return the state of a middleware above whose head is still to come.

    What another pass left behind in a reused environ does not count: neither one whose head went out, nor one that was
    given the same `start_response` and so stood beside, not above (a fallback whose first application never started).
    The environ of the middleware above may be another dictionary, where something between made a copy.
    """
    state: State | None = environ[ENVIRON_KEY]
    if state is not None and state[1].get(ENVIRON_KEY) is not state:
        return None
    while state is not None and (state[2] is None or state[0] == start_response):
        state = state[3]
    return state


def acts_above(plan: Plan, above: State | None, start_response: StartResponse) -> bool:
    """Whether another middleware with an equal policy stands above, which then acts for both.

    The same middleware entered again is another pass of its own (a subrequest, a retry), and acts; but not where it was
    handed its own `start_response` (a forward).
    """
    given = getattr(start_response, "__self__", None)
    while above is not None:
        other = above[2]
        if other is not None and other.policy == plan.policy and (other is not plan or given is above):
            return True
        above = above[3]
    return False
