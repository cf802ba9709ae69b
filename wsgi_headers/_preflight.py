"""A CORS-preflight request: what makes it one, and what it asks for (Fetch, "CORS-preflight fetch").

It asks in the place of another request whether that one may be made. So it is told apart before rules are matched, and
matches them as the method that it asks for.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from . import _grammar

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

_T = TypeVar("_T")

# The keys of environ, PEP 3333 "environ Variables".
ORIGIN = "HTTP_ORIGIN"
ASKED_METHOD = "HTTP_ACCESS_CONTROL_REQUEST_METHOD"
ASKED_HEADERS = "HTTP_ACCESS_CONTROL_REQUEST_HEADERS"
ASKED_PRIVATE_NETWORK = "HTTP_ACCESS_CONTROL_REQUEST_PRIVATE_NETWORK"

# What the answer to a preflight depends on.
VARY = "Origin, Access-Control-Request-Method, Access-Control-Request-Headers"

# RFC 9110 5.6.1.2 asks a recipient to ignore "a reasonable number" of empty members: browsers send none, gateways that
# join lines a few, and whoever sends more is no browser.
_EMPTY_MEMBERS = 16


def asked_method(environ: WSGIEnvironment) -> str | None:
    """Return the method that a preflight asks for, any text; None where the request is no preflight."""
    if ASKED_METHOD in environ and ORIGIN in environ and environ.get("REQUEST_METHOD") == "OPTIONS":
        method: str = environ[ASKED_METHOD]
        return method
    return None


def matched_as(environ: WSGIEnvironment) -> WSGIEnvironment:
    """Return the environ by which a request matches rules: for a preflight a copy with the method that it asks for."""
    method = asked_method(environ)
    return environ if method is None else {**environ, "REQUEST_METHOD": method}


def chooser(
    ordinary: Callable[[WSGIEnvironment], _T], preflight: Callable[[_T], _T]
) -> Callable[[WSGIEnvironment], _T]:
    """Return the function that gives what `ordinary` gives, for a preflight what `preflight` makes of that."""

    def choose(environ: WSGIEnvironment) -> _T:
        if ASKED_METHOD in environ and asked_method(environ) is not None:
            return preflight(ordinary(matched_as(environ)))
        return ordinary(environ)

    return choose


def asked_headers(environ: WSGIEnvironment) -> list[str] | None:
    """Return the names of the fields that a preflight asks for, in lower case, each once; None where one is no name.

    Browsers send them in lower case, sorted and without blanks (Fetch, "CORS-preflight fetch"), but gateways may change
    that. The time is linear in the length of the field.
    """
    names: dict[str, None] = {}
    empty = 0
    for member, count in Counter(environ.get(ASKED_HEADERS, "").split(",")).items():
        name = member.strip(" \t")
        if not name:
            empty += count
        elif _grammar.token.fullmatch(name) is None:
            return None
        else:
            names[name.lower()] = None
    # A field without any member has one that is empty.
    return list(names) if empty <= _EMPTY_MEMBERS else None
