"""The WSGI protocol (PEP 3333): a callable around an application that rewrites each head which the application starts.

One bound function is made for each request; `_state` says what it is bound to.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from ._plan import Chosen, Plan
from ._replacing import unless_read
from ._responding import respond, respond_below
from ._shadow_log import Change, ShadowLog
from ._state import leave
from .errors import Problems
from .exchange import ENVIRON_KEY
from .policy import Policy, unresolved
from .shadow import shadowing

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


class HeadersMiddleware(functools.partial[Any]):
    """A WSGI callable: the application, with its heads rewritten as the policy says.

    app      the WSGI application that it wraps
    policy   the Policy; compiled once, here
    shadow   True: nothing is changed, and what would be is told to the log (`shadow.py`)

    Raises PolicyError for a policy that refers to what it does not declare. A response may raise HeadError inside the
    application's own `start_response` call; nothing was sent then.

    A subclass of `partial`, since calling a class with a `__call__` of its own costs a request twice as much.
    """

    def __new__(cls, app: WSGIApplication, policy: Policy, *, shadow: bool = False) -> HeadersMiddleware:
        """Return the callable, with the policy compiled."""
        problems = Problems()
        if not callable(app):
            problems.add("middleware.app", "HeadersMiddleware.app", app, "is no WSGI application", "give the callable")
        if not isinstance(policy, Policy):
            fix = "HeadersMiddleware(app, Policy(...))"
            problems.add("middleware.policy", "HeadersMiddleware.policy", policy, "is no Policy", fix)
        if type(shadow) is not bool:
            problems.add("middleware.shadow", "HeadersMiddleware.shadow", shadow, "is no bool", "True or False")
        problems.raise_any()
        unresolved(policy).raise_any()
        log = ShadowLog() if shadow else None
        call = around(app, Plan(policy)) if log is None else shadowing(app, Plan(policy, log), log)
        self = super().__new__(cls, call)
        self.__dict__.update(app=app, policy=policy, log=log)
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

    @property
    def shadow(self) -> Mapping[Change, int] | None:
        """How often each kind of change would have been made until now, in this process; None without `shadow`."""
        log: ShadowLog | None = self.__dict__["log"]
        return None if log is None else log.counts()

    def __get__(self, instance: object, owner: type | None = None) -> HeadersMiddleware:
        """Return itself: as an attribute of a class it is no method, on 3.14 and later too."""
        return self

    def __repr__(self) -> str:
        shown = "" if self.shadow is None else ", shadow=True"
        return f"{type(self).__name__}({self.app!r}, {self.policy!r}{shown})"

    def __reduce__(self) -> tuple[Any, ...]:
        build = type(self) if self.shadow is None else functools.partial(type(self), shadow=True)
        return build, (self.app, self.policy)


def around(app: WSGIApplication, plan: Plan) -> Callable[..., Iterable[bytes]]:
    """Return the WSGI callable for `app` under `plan`."""
    choose = plan.choose

    def call(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if ENVIRON_KEY in environ:
            return respond_below(app, plan, environ, start_response)
        chosen = choose(environ)
        state = [start_response, environ, plan, None, None]
        if not chosen.direct:
            return respond(app, chosen, state)
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
        if ENVIRON_KEY in environ or first in environ or other in environ or (third and third in environ):
            return otherwise(environ, start_response)
        environ[ENVIRON_KEY] = state = [start_response, environ, plan, None, None]
        try:
            return app(environ, bind(state))
        except BaseException:
            leave(state)
            raise

    return call_unless_apart if plan.apart else call
