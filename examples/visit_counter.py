"""A visit counter, without a framework: the application sends a bare cookie, the policy makes it a decent one.

Run it with `wsgi-headers serve examples.visit_counter:application`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from wsgiref.types import StartResponse, WSGIEnvironment

from werkzeug.http import parse_cookie

from wsgi_headers import CacheControl, CookieRule, HeadersMiddleware, Policy, presets

DAY = 86_400  # seconds

PAGES = {"/": "the garden", "/roses/": "the roses", "/roses/white": "the white roses"}


def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """Greet the visitor of a page with the number of visits."""
    page = PAGES.get(environ["PATH_INFO"] or "/")
    if page is None:
        # What browsers ask for by themselves, /favicon.ico say, is no visit.
        start_response("404 Not Found", [("Content-Type", "text/plain; charset=utf-8")])
        return [b"There is no such page.\n"]
    visits = visits_of(environ) + 1
    cookie = f"visits={visits}; Max-Age={3650 * DAY}"
    start_response("200 OK", [("Content-Type", "text/plain; charset=utf-8"), ("Set-Cookie", cookie)])
    return [f"Welcome to {page}. This is visit number {visits}.\n".encode()]


def visits_of(environ: WSGIEnvironment) -> int:
    """Return how often the visitor was here before; what is no sensible number counts as never."""
    value = parse_cookie(environ).get("visits", "")
    return int(value) if re.fullmatch("[0-9]{1,6}", value) else 0


POLICY = Policy(
    presets.BASELINE,
    CookieRule(
        "visits",
        # Without Path a cookie belongs to the directory of the page that set it: the roses would count for themselves.
        path="/",
        # The application asks for ten years. A month without a visit is as good as never.
        max_age=30 * DAY,
        # No script of the pages reads it, so no injected one shall.
        http_only=True,
    ),
    # Everybody gets another number: a stored page would show somebody else's, and would not count.
    CacheControl(no_store=True),
)

application = HeadersMiddleware(app, POLICY)
