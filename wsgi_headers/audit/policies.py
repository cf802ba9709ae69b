"""The grade of a policy: of the head that it makes of a bare application's."""

from __future__ import annotations

import io
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from ..exchange import Line
from ..middleware import HeadersMiddleware
from ..policy import Policy
from .cross_origin_resource_sharing import PROBE_ORIGIN
from .observatory import Audit, head

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

_HTML: tuple[Line, ...] = (("Content-Type", "text/html; charset=utf-8"),)

# The Observatory grades pages with these statuses and no others (its src/scanner/index.js).
_REFUSED = (401, 403)


def policy(
    policy: Policy,
    *,
    lines: Iterable[Line] = _HTML,
    host: str = "site.example",
    redirects: bool = True,
    preloaded: bool = False,
    rules: str = "observatory-6",
) -> Audit:
    """Return the findings and the grade of an application that sends `lines` behind `policy`, on https.

    Two requests are made up as the Observatory sends them and go through the middleware, in memory: for the page "/",
    and a preflight from the Observatory's origin.

    lines       what the application sends, `list[tuple[str, str]]`; an API: `[("Content-Type", "application/json")]`
    host        that the requests are for, without port
    redirects   whether http is redirected to https, in front of the application or by the policy
    preloaded   as in `audit.head`
    rules       as in `audit.head`

    Raises HeadError where the middleware would, ValueError where the policy answers the page with a status that the
    Observatory does not grade, and for another argument.
    """
    lines = list(lines)
    status, page = _answer(policy, lines, host, "GET")
    code = int(status[:3])
    if code >= 400 and code not in _REFUSED:
        raise ValueError(f"policy: answers GET https://{host}/ with {status!r}; give a host that it lets pass")
    _, preflight = _answer(
        policy, lines, host, "OPTIONS", HTTP_ORIGIN=PROBE_ORIGIN, HTTP_ACCESS_CONTROL_REQUEST_METHOD="GET"
    )
    return head(page, host=host, preflight=preflight, redirects=redirects, preloaded=preloaded, rules=rules)


def _answer(policy: Policy, lines: list[Line], host: str, method: str, **fields: str) -> tuple[str, list[Line]]:
    """Return the head of the answer to one request."""
    heads: list[tuple[str, list[Line]]] = []

    def app(environ: WSGIEnvironment, start_response: Any) -> list[bytes]:
        start_response("200 OK", list(lines))
        return []

    def start_response(status: str, lines: list[Line], exc_info: object = None, /) -> Any:
        heads.append((status, lines))
        return lambda chunk: None

    environ: WSGIEnvironment = {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": "",
        "PATH_INFO": "/",
        "QUERY_STRING": "",
        "SERVER_NAME": host,
        "SERVER_PORT": "443",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_HOST": host,
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "https",
        "wsgi.input": io.BytesIO(),
        "wsgi.errors": io.StringIO(),
        "wsgi.multithread": False,
        "wsgi.multiprocess": False,
        "wsgi.run_once": True,
        **fields,
    }
    body: Any = HeadersMiddleware(app, policy)(environ, start_response)
    for _ in body:
        pass
    if hasattr(body, "close"):
        body.close()
    return heads[-1]
