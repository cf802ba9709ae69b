"""An application and the HeadersMiddleware that it is mounted with, which may stand below others.

Flask keeps what it calls as `wsgi_app`, and middleware what is below it as `app`: werkzeug's, ProxyFix say, and ours.
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

from .middleware import HeadersMiddleware

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

_BELOW = ("wsgi_app", "app")

# How deep a middleware is looked for: more than anybody stacks, and an end for what stands below itself.
_DEPTH = 16


def middleware_of(application: WSGIApplication) -> HeadersMiddleware | None:
    """Return the HeadersMiddleware that an application has already, itself or the first below it; None without one."""
    found: Any = application
    for _ in range(_DEPTH):
        if isinstance(found, HeadersMiddleware):
            return found
        name = _below(found)
        if name is None:
            return None
        found = getattr(found, name)
    return None


def with_middleware(application: WSGIApplication, other: WSGIApplication) -> WSGIApplication:
    """Return an application, for which there is `middleware_of`, with another callable in the place of that.

    What stands outside of it is copied; the application stays as it is.
    """
    if isinstance(application, HeadersMiddleware):
        return other
    name = _below(application)
    assert name is not None
    outside = copy.copy(application)
    setattr(outside, name, with_middleware(getattr(application, name), other))
    return outside


def _below(application: Any) -> str | None:
    return next((name for name in _BELOW if hasattr(application, name)), None)
