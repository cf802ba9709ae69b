"""The state of one response, which stands in environ until its head goes out:

    [start_response, environ, plan, state of the middleware above, what the application asked for]

The plan becomes None with the head, since a second head is an error unless it replaces the first (PEP 3333), and so
does the state in environ: what is asked for later comes too late.

It is a list to which the `start_response` of the application is bound, since one is made for each request and both cost
less than an object and a closure. It and environ refer to each other, so it leaves environ with the head: no request
waits for the cycle collector.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from .exchange import ENVIRON_KEY

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

State: TypeAlias = list[Any]


class Watched(list[Any]):
    """The state of a response that a policy only watches: no head is changed there."""


# Where environ keeps what a response asked for, once that is a nonce: it is read again after the head too, while a body
# is made.
NONCE_KEY = "wsgi_headers.nonce"


class Asked:
    """What the application asked for in one response; the states of stacked middlewares share it.

    nonce        the nonce of the response, None where none was asked for
    operations   those for this response alone
    judged       whether consent judged a cookie of it

    A response is personal that asked for a nonce, or that consent judged.
    """

    nonce: str | None = None
    operations: tuple[Any, ...] = ()
    judged = False

    @functools.cached_property
    def last(self) -> dict[int, Mapping[str, Sequence[Any]]]:
        """The steps by field that come after the operations, of each middleware below the outermost."""
        return {}


def live_states(environ: WSGIEnvironment) -> list[State]:
    """Return the states of the middlewares above whose heads are still to come, innermost first."""
    state: State | None = environ.get(ENVIRON_KEY)
    if state is not None and state[3] is None:
        return [state] if state[2] is not None else []  # mostly there is one
    found = []
    while state is not None:
        if state[2] is not None:
            found.append(state)
        state = state[3]
    return found


def asked_in(states: list[State]) -> Asked:
    """Return what the application asks for in the response of these states, shared by all of them."""
    asked: Asked | None = None
    for state in states:
        if state[4] is not None:
            asked = state[4]
            break
    else:
        asked = Asked()
    for state in states:
        state[4] = asked
    return asked


def note_judged(environ: WSGIEnvironment) -> None:
    """Tell the middlewares above that consent judged a cookie of the response: its line may be gone."""
    asked_in(live_states(environ)).judged = True


def is_outermost(state: State) -> bool:
    """Whether no other middleware rewrites the heads after the one of this state; one that only watches does not."""
    above: State | None = state[3]
    while isinstance(above, Watched):
        above = above[3]
    return above is None


def asked_of(environ: WSGIEnvironment) -> Asked | None:
    """Return what the application of the response in environ asked for, None where that is nothing."""
    state: State | None = environ.get(ENVIRON_KEY)
    return None if state is None else state[4]


def asked_nonce(environ: WSGIEnvironment) -> str | None:
    """Return the nonce that the application of the response in environ asked for."""
    state: State | None = environ.get(ENVIRON_KEY)
    return None if state is None or state[4] is None else state[4].nonce


def head_is_out(state: State) -> None:
    """Note that the head of a state went on, where it is the first one."""
    if state[2] is not None:
        above: State | None = state[3]
        state[2] = None
        state[1][ENVIRON_KEY] = None if above is None or above[2] is None else above


def head_was_refused(state: State, plan: Any) -> None:
    """Note that the head of a state did not go on after all: a middleware above raised HeadError.

    plan   that of the state before; None where an earlier head went on
    """
    if plan is not None:
        state[2] = plan
        state[1][ENVIRON_KEY] = state


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


def acts_above(plan: Any, above: State | None, start_response: StartResponse, *, watches: bool = False) -> bool:
    """Whether another middleware with an equal policy stands above, which then acts for both.

    The same middleware entered again is another pass of its own (a subrequest, a retry), and acts; but not where it was
    handed its own `start_response` (a forward).

    watches   whether it is asked for one that only watches; others of its kind act for it alone
    """
    given = getattr(start_response, "__self__", None)
    while above is not None:
        other = above[2]
        if other is not None and other.policy == plan.policy and (other is not plan or given is above):
            if watches or not isinstance(above, Watched):
                return True
        above = above[3]
    return False
