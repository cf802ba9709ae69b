"""What happens to the cookies of a request before the application is called.

First prefixes and signatures come off, then what the visitor consents to is read, since the application and other
middleware may change environ later.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from .request_field import compile_request_field, pairs

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

    from .._log import Log
    from ..exchange import Request

# Where environ keeps the values of consent cookies by their names, as they were when the request entered.
_CONSENT = "wsgi_headers.consent"


def compile_incoming(parts: Sequence[Any]) -> Callable[[Request, Log], None] | None:
    """Return what is done with the Cookie field; None where there is nothing to do.

    parts   every CookieRule and CookieConsent; the latter has the name of its `cookie`
    """
    names = [part.cookie for part in parts if hasattr(part, "cookie")]
    take_off = compile_request_field([part for part in parts if not hasattr(part, "cookie")])
    if not names:
        return take_off

    def act(request: Request, log: Log) -> None:
        if take_off is not None:
            take_off(request, log)
        environ = request.environ
        sent = pairs(environ.get("HTTP_COOKIE", ""))
        found = {name: [value for cookie, value in sent if cookie == name] for name in names}
        environ[_CONSENT] = {**environ.get(_CONSENT, {}), **found}

    return act


def consent_values(environ: WSGIEnvironment, name: str) -> list[str]:
    """Return the values of the consent cookies of that name that the request came with."""
    found: dict[str, list[str]] = environ.get(_CONSENT, {})
    if name in found:
        return found[name]
    # Under a match on the scheme, which is known with the head alone, nothing was read before.
    return [value for cookie, value in pairs(environ.get("HTTP_COOKIE", "")) if cookie == name]
