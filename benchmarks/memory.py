"""Whether what the middleware holds is bounded when nothing that it sees ever comes twice.

Every request has a path, host, method and Cookie field of its own; every response a status, field names, spellings of
a field that the policy sets, values, media type parameters, cookie names, values, dates and attributes of its own. The
figure is KiB of Python memory (tracemalloc) above what was held before the first request, after a garbage collection.
"""

import gc
import logging
import tracemalloc
from collections.abc import Callable, Sequence
from typing import NamedTuple
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from wsgi_headers import CookieAttributes, CookieConsent, HeadersMiddleware, Match, Merge, Policy, Rule, Set

from . import signed_cookies
from .contest import BODY, OURS, Lines
from .heads import far_date
from .requests import ENVIRON, path
from .timing import start_response

KEY = "memory"
TITLE = "memory held, nothing ever twice"

REQUESTS = 8_000
"""After how many requests the memory is read, unless another number is asked for."""


class Case(NamedTuple):
    """A policy, the head that its application sends for a serial number, and the Cookie field of that request."""

    name: str
    policy: Policy
    lines: Callable[[int], Lines]
    cookie: Callable[[int], str]


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
        ("Set-Cookie", f"theme={serial}; Path=/; Expires={far_date(serial)}"),
    ]


def new_cookie(serial: int) -> str:
    """A Cookie field with a name and a value that no other request has."""
    return f"sid{serial}={serial}"


def new_cookies(serial: int) -> Lines:
    """The protected cookie with a value and a date of its own, and three with names that no other request has."""
    return [
        ("Set-Cookie", f"sid={serial}; Path=/; Expires={far_date(serial)}"),
        ("Set-Cookie", f"new{serial}={serial}; Expires={far_date(serial)}; New-{serial}"),
        ("Set-Cookie", f"__Host-new{serial}={serial}; Path=/{serial}; Max-Age={serial}"),
        ("Set-Cookie", f"{long_name(serial)}={serial}"),
    ]


def hostile_field(serial: int) -> str:
    """The protected cookie as it should come, between others that must not reach the application, and new names."""
    valid = signed_cookies.cookie_field(serial)
    refused = f"sid={serial}; __Host-sid={serial}; __Host-sid\xa0={serial}"
    return f"new{serial}={serial}; {refused}; {valid}; {long_name(serial)}={serial}; {serial}"


def long_name(serial: int) -> str:
    """A name of 4,000 octets, which no other request has and nobody should remember."""
    return f"{serial:04000}"


CASES = (
    Case(
        OURS,
        Policy(
            Set("Content-Security-Policy", "default-src 'self'"),
            Set("X-Content-Type-Options", "nosniff"),
            Merge("Vary", "Cookie"),
            CookieAttributes(secure=True, http_only=True, same_site="Lax"),
            CookieConsent(unknown="send"),
            Rule(Match(path="/static/"), Set("Cache-Control", "public")),
            Rule(Match(host="*.example.com"), Set("X-Frame-Options", "DENY")),
            Rule(Match(method="PUT"), Set("Clear-Site-Data", '"cache"')),
            Rule(Match(status="5xx"), Set("Retry-After", "60")),
            Rule(Match(media_type="text/html"), Set("Cross-Origin-Opener-Policy", "same-origin")),
        ),
        new_lines,
        new_cookie,
    ),
    Case(
        f"{OURS}, cookies",
        Policy(CookieAttributes(secure=True, http_only=True, max_age=86_400), signed_cookies.POLICY),
        new_cookies,
        hostile_field,
    ),
)


def held(case: Case, counts: Sequence[int]) -> list[tuple[int, float]]:
    """KiB more than at the beginning, after each number of requests."""
    serial = 0

    def application(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        start_response(f"{200 + serial % 400} Status {serial}", case.lines(serial))
        return BODY

    # Cookies that do not reach the application are told to the log, which nobody reads here.
    logging.getLogger("wsgi_headers").addHandler(logging.NullHandler())
    middleware: WSGIApplication = HeadersMiddleware(application, case.policy)
    figures = []
    tracemalloc.start()
    try:
        gc.collect()
        before = tracemalloc.get_traced_memory()[0]
        for count in counts:
            while serial < count:
                middleware(_new_environ(serial, case.cookie(serial)), start_response)
                serial += 1
            gc.collect()
            figures.append((count, (tracemalloc.get_traced_memory()[0] - before) / 1024))
    finally:
        tracemalloc.stop()
    return figures


def _new_environ(serial: int, cookie: str) -> WSGIEnvironment:
    return ENVIRON | {
        "PATH_INFO": path(serial),
        "HTTP_HOST": f"host{serial}.example.com",
        "REQUEST_METHOD": f"M{serial}",
        "HTTP_COOKIE": cookie,
    }
