"""Personal responses: those that are made for one user and must not be shown to another.

A response is personal where its head sets a cookie, where the application asked for its nonce, where consent judged one
of its cookies, and where its request is authorized. What the request says is read when it enters, since applications
may take the credentials out of environ; the rest is known when the head is made.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, TypeVar

from .exchange import Line

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

_T = TypeVar("_T")

SET_COOKIE = "set-cookie"

# The keys of environ that may tell it. RFC 3875 4.1.1: AUTH_TYPE has the scheme of the Authorization field where the
# server has verified it, and is empty on servers that always set it; such a server may keep the field to itself
# (mod_wsgi does).
AUTHORIZATION = ("HTTP_AUTHORIZATION", "AUTH_TYPE")
_FIELD, _SCHEME = AUTHORIZATION


def is_authorized(environ: WSGIEnvironment) -> bool:
    """Whether the request has an Authorization field (RFC 9110 11.6.2), an empty one too."""
    return _FIELD in environ or bool(environ.get(_SCHEME))


def chooser(
    ordinary: Callable[[WSGIEnvironment], _T], authorized: Callable[[_T], _T]
) -> Callable[[WSGIEnvironment], _T]:
    """Return the function that gives what `ordinary` gives, for an authorized request what `authorized` makes of it."""

    def choose(environ: WSGIEnvironment) -> _T:
        return authorized(ordinary(environ)) if is_authorized(environ) else ordinary(environ)

    return choose


def sets_cookie(lines: Iterable[Line]) -> bool:
    """Whether a head has a Set-Cookie line."""
    return any(name.lower() == SET_COOKIE for name, _ in lines)
