"""The WSGI protocol (PEP 3333): a callable around an application that rewrites each head which the application starts.

One bound function is made for each request; `_state` says what it is bound to.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from ._answering import answered_early
from ._plan import Chosen, Plan
from ._replacing import responded, unless_read
from ._state import State, acts_above, leave, state_above
from .errors import Problems
from .exchange import ENVIRON_KEY, Request
from .policy import Policy, unresolved

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


class HeadersMiddleware(functools.partial[Any]):
    """A WSGI callable: the application, with its heads rewritten as the policy says.

    app      the WSGI application that it wraps
    policy   the Policy; compiled once, here

    Raises PolicyError for a policy that refers to what it does not declare. A response may raise HeadError inside the
    application's own `start_response` call; nothing was sent then.

    A subclass of `partial`, since calling a class with a `__call__` of its own costs a request twice as much.
    """

    def __new__(cls, app: WSGIApplication, policy: Policy) -> HeadersMiddleware:
        """Return the callable, with the policy compiled."""
        problems = Problems()
        if not callable(app):
            problems.add("middleware.app", "HeadersMiddleware.app", app, "is no WSGI application", "give the callable")
        if not isinstance(policy, Policy):
            fix = "HeadersMiddleware(app, Policy(...))"
            problems.add("middleware.policy", "HeadersMiddleware.policy", policy, "is no Policy", fix)
        problems.raise_any()
        unresolved(policy).raise_any()
        self = super().__new__(cls, around(app, Plan(policy)))
        self.__dict__.update(app=app, policy=policy)
        return self

    @property
    def app(self) -> WSGIApplication:
        """The WSGI application that it wraps."""
        app: WSGIApplication = self.__dict__["app"]
        return app

    @property
    def policy(self) -> Policy:
        """The policy that decides."""
        policy: Policy = self.__dict__["policy"]
        return policy

    def __get__(self, instance: object, owner: type | None = None) -> HeadersMiddleware:
        """Return itself: as an attribute of a class it is no method, on 3.14 and later too."""
        return self

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.app!r}, {self.policy!r})"

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.app, self.policy)


def around(app: WSGIApplication, plan: Plan) -> Callable[..., Iterable[bytes]]:
    """Return the WSGI callable for `app` under `plan`."""
    choose = plan.choose

    def call(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if ENVIRON_KEY in environ:
            return _below_another(app, plan, environ, start_response)
        chosen = choose(environ)
        state = [start_response, environ, plan, None, None]
        if not chosen.direct:
            return _respond(app, chosen, state)
        environ[ENVIRON_KEY] = state
        try:
            return app(environ, chosen.bind(state))
        except BaseException:
            leave(state)
            raise

    if plan.only is None or plan.only.acts_early:
        return call
    passing = _always_the_same(app, plan, plan.only, call)
    return passing if plan.only.body is None else unless_read(plan.only.body.read, passing, call)


def _always_the_same(
    app: WSGIApplication, plan: Plan, chosen: Chosen, otherwise: Callable[..., Iterable[bytes]]
) -> Callable[..., Iterable[bytes]]:
    """Return the WSGI callable for a plan in which nothing depends on the request as it enters, few set apart."""
    bind, (first, other, third) = chosen.bind, (*plan.apart, None, None, None)[:3]

    def call(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if ENVIRON_KEY in environ:
            return otherwise(environ, start_response)
        environ[ENVIRON_KEY] = state = [start_response, environ, plan, None, None]
        try:
            return app(environ, bind(state))
        except BaseException:
            leave(state)
            raise

    def call_unless_apart(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if ENVIRON_KEY in environ or first in environ or (other and (other in environ or (third and third in environ))):
            return otherwise(environ, start_response)
        environ[ENVIRON_KEY] = state = [start_response, environ, plan, None, None]
        try:
            return app(environ, bind(state))
        except BaseException:
            leave(state)
            raise

    return call_unless_apart if plan.apart else call


def _respond(app: WSGIApplication, chosen: Chosen, state: State) -> Iterable[bytes]:
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


def _below_another(
    app: WSGIApplication, plan: Plan, environ: WSGIEnvironment, start_response: StartResponse
) -> Iterable[bytes]:
    """Respond where another middleware stands above: an equal policy acts there for both, another one after this."""
    above = state_above(environ, start_response)
    if acts_above(plan, above, start_response):
        return app(environ, start_response)
    return _respond(app, plan.choose(environ), [start_response, environ, plan, above, above and above[4]])
