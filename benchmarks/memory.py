"""Whether what the middleware holds is bounded when nothing that it sees ever comes twice.

Every request has a path, host, method and cookie of its own; every response a status, field names, spellings of a
field that the policy sets, values, media type parameters and cookie attributes of its own. The figure is KiB of Python
memory (tracemalloc) above what was held before the first request, after a garbage collection.
"""

import gc
import tracemalloc
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from wsgi_headers import CookieAttributes, HeadersMiddleware, Match, Merge, Policy, Rule, Set

from .contest import BODY, Lines
from .requests import ENVIRON, path
from .timing import start_response

KEY = "memory"
TITLE = "memory held, nothing ever twice"

COUNTS = (20_000, 200_000)
"""After how many requests the memory is read."""

POLICY = Policy(
    Set("Content-Security-Policy", "default-src 'self'"),
    Set("X-Content-Type-Options", "nosniff"),
    Merge("Vary", "Cookie"),
    CookieAttributes(secure=True, http_only=True, same_site="Lax"),
    Rule(Match(path="/static/"), Set("Cache-Control", "public")),
    Rule(Match(host="*.example.com"), Set("X-Frame-Options", "DENY")),
    Rule(Match(method="PUT"), Set("Clear-Site-Data", '"cache"')),
    Rule(Match(status="5xx"), Set("Retry-After", "60")),
    Rule(Match(media_type="text/html"), Set("Cross-Origin-Opener-Policy", "same-origin")),
)


def respelled(name: str, number: int) -> str:
    """The name in a mixture of cases that tells the number: the letter at a place is a capital where its bit is set."""
    return "".join(letter.upper() if number >> place & 1 else letter for place, letter in enumerate(name))


def new_lines(serial: int) -> Lines:
    """A head with names, values, spellings and cookies that no other request has."""
    return [
        ("Content-Type", f"text/html; version={serial}"),
        (f"X-New-{serial}", f"value {serial}"),
        (respelled("content-security-policy", serial), f"default-src 'none'; report-uri /{serial}"),
        ("Vary", f"X-New-{serial}"),
        ("Set-Cookie", f"sid{serial}={serial}; Path=/{serial}; Max-Age={serial}; New-{serial}"),
    ]


def held() -> list[tuple[int, float]]:
    """KiB more than at the beginning, after each number of requests."""
    serial = 0

    def application(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        start_response(f"{200 + serial % 400} Status {serial}", new_lines(serial))
        return BODY

    middleware: WSGIApplication = HeadersMiddleware(application, POLICY)
    figures = []
    tracemalloc.start()
    try:
        gc.collect()
        before = tracemalloc.get_traced_memory()[0]
        for count in COUNTS:
            while serial < count:
                middleware(_new_environ(serial), start_response)
                serial += 1
            gc.collect()
            figures.append((count, (tracemalloc.get_traced_memory()[0] - before) / 1024))
    finally:
        tracemalloc.stop()
    return figures


def _new_environ(serial: int) -> WSGIEnvironment:
    return ENVIRON | {
        "PATH_INFO": path(serial),
        "HTTP_HOST": f"host{serial}.example.com",
        "REQUEST_METHOD": f"M{serial}",
        "HTTP_COOKIE": f"sid{serial}={serial}",
    }
