"""What an application says of its own response, through environ: its nonce, and operations for it alone.

    from wsgi_headers import Set, overrides

    overrides.nonce(environ)                                    the nonce of this response
    overrides.apply(environ, Set("X-Frame-Options", "DENY"))    after every policy's operations

`environ` is `request.environ` in Flask and Bottle, `request.META` in Django. Both work until the head goes out: until
`start_response` is called.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from ._part import Part
from ._state import NONCE_KEY, Asked, asked_in, live_states
from .exchange import ENVIRON_KEY
from .operations import Operation

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

# CSP3 7.1: "at least 128 bits long".
_OCTETS = 16

_NO_DEFAULT: Any = object()


def nonce(environ: WSGIEnvironment, *, default: str = _NO_DEFAULT) -> str:
    """Return the nonce of this response, 128 bits in 32 hexadecimal digits, made when it is first asked for.

    Stacked middlewares share it. It can be read again after the head went out, but not be asked for first: a body that
    is made while it is sent must ask before.

    default   what is returned where no middleware stands above (mail templates, tests of units)

    Raises RuntimeError where no middleware stands above, and where the head has gone out. CSP3 7.1.
    """
    states = live_states(environ)
    if not states:
        kept: Asked | None = environ.get(NONCE_KEY)
        if kept is not None and kept.nonce is not None:
            return kept.nonce
        if ENVIRON_KEY not in environ and default is not _NO_DEFAULT:
            return default
        raise RuntimeError(_why_not(environ, "a nonce is asked for"))
    asked = asked_in(states)
    if asked.nonce is None:
        asked.nonce = os.urandom(_OCTETS).hex()
        environ[NONCE_KEY] = asked
        for state in states:
            if state[1] is not environ:
                state[1][NONCE_KEY] = asked
    return asked.nonce


def apply(environ: WSGIEnvironment, *operations: Part) -> None:
    """Add operations, or typed fields, for this response alone; they come after those of every policy.

    What a policy derives still comes last: Vary, and that no Strict-Transport-Security leaves on http.

    Raises TypeError for what is neither, and RuntimeError as `nonce` does.
    """
    scheme = environ.get("wsgi.url_scheme", "")
    steps: list[Operation] = []
    for operation in operations:
        made = operation.operations(scheme) if isinstance(operation, Part) else ()
        own = [step for step in made if isinstance(step, Operation)]
        if not own or len(own) < len(made):
            raise TypeError(f"{operation!r} is no operation; give Set, Default, Append, Merge, Remove, Edit or a field")
        steps.extend(own)
    states = live_states(environ)
    if not states:
        raise RuntimeError(_why_not(environ, "operations are applied"))
    asked = asked_in(states)
    asked.operations += tuple(steps)


def _why_not(environ: WSGIEnvironment, what: str) -> str:
    if ENVIRON_KEY in environ:
        return f"{what} after the head went out; ask before start_response is called"
    return f"{what} and no HeadersMiddleware stands above; wrap the application, or hand on its environ"
