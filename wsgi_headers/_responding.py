"""How a request is responded to where more is to be done than to call the application: cookies are made ready, a guard
may answer, an answer may go out in the place of the application's, another middleware may stand above.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from ._answering import answered_early
from ._replacing import responded
from ._state import State, acts_above, leave, state_above
from .exchange import ENVIRON_KEY, Request

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

    from ._plan import Chosen, Plan


def respond(app: WSGIApplication, chosen: Chosen, state: State) -> Iterable[bytes]:
    """Return the body of the response to the request of a state."""
    environ = state[1]
    environ[ENVIRON_KEY] = state
    try:
        if chosen.acts_early:
            answered = answered_early(chosen, Request(environ), state)
            if answered is not None:
                return answered
        return responded(app, chosen, state)
    except BaseException:
        # Whoever catches it may use the environ again, for a retry or an error page.
        leave(state)
        raise


def respond_below(
    app: WSGIApplication, plan: Plan, environ: WSGIEnvironment, start_response: StartResponse
) -> Iterable[bytes]:
    """Respond where another middleware stands above: an equal policy acts there for both, another one after this."""
    above = state_above(environ, start_response)
    if acts_above(plan, above, start_response):
        return app(environ, start_response)
    return respond(app, plan.choose(environ), [start_response, environ, plan, above, above and above[4]])
