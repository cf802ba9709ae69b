"""What stands behind the caching proxy of the tests: PAGES, which shared caches store although they should not.

All of them lie below /alone/, without a policy; below /bare/, with a policy that has no CacheSafety; below /safe/,
where the same policy has it; and below /strict/.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from wsgi_headers import (
    CORS,
    NONCE,
    CacheSafety,
    ContentSecurityPolicy,
    CookieConsent,
    CookieRule,
    HeadersMiddleware,
    Match,
    Policy,
    Rule,
    overrides,
    presets,
)

HTML = ("Content-Type", "text/html")
STORE = ("Cache-Control", "public, max-age=60")

_numbers = itertools.count(1)


def page(environ: WSGIEnvironment, lines: list[tuple[str, str]], start_response: StartResponse) -> list[bytes]:
    """A page that no other response is equal to, which says who asked: the value of X-Visitor."""
    start_response("200 OK", [HTML, *lines])
    return [f"{next(_numbers)} for {environ.get('HTTP_X_VISITOR', 'nobody')}".encode()]


def public(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
    """The same for everybody."""
    return page(environ, [STORE], start_response)


def setting(*lines: tuple[str, str]) -> WSGIApplication:
    """Return a page that begins a session of the visitor's own, with more lines."""

    def session(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        return page(environ, [*lines, ("Set-Cookie", f"sid={environ.get('HTTP_X_VISITOR')}")], start_response)

    return session


def nonce(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
    """A page with a nonce, which whoever gets it from the cache knows beforehand."""
    text = f"<script nonce={overrides.nonce(environ)}>".encode()
    return [text, *page(environ, [STORE], start_response)]


def measured(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
    """A cookie for those who agreed to it."""
    return page(environ, [STORE, ("Set-Cookie", "ga=1")], start_response)


def readable(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
    """A page for other origins, of somebody who forgot Vary."""
    return page(environ, [STORE, ("Access-Control-Allow-Origin", environ.get("HTTP_ORIGIN", ""))], start_response)


PAGES: dict[str, WSGIApplication] = {
    "/public": public,
    "/cookie": setting(STORE),
    "/silent-cookie": setting(),
    "/shared-cookie": setting(("Cache-Control", "max-age=0, s-maxage=60")),
    "/expiring-cookie": setting(("Expires", "Fri, 31 Dec 9999 23:59:59 GMT")),
    "/accelerated-cookie": setting(("X-Accel-Expires", "60"), ("Cache-Control", "max-age=0")),
    "/nonce": nonce,
    "/consent": measured,
    "/cors": readable,
}


def pages(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """The page of the path, the public one where it is nobody's."""
    return PAGES.get(environ["PATH_INFO"], public)(environ, start_response)


BARE = Policy(
    Rule(Match(path="/nonce"), ContentSecurityPolicy(script_src=[NONCE])),
    Rule(Match(path="/consent"), CookieRule("ga", category="analytics"), CookieConsent()),
    Rule(Match(path="/cors"), CORS(origins=["https://a.example", "https://b.example"])),
)

SITES: dict[str, WSGIApplication] = {
    "alone": pages,
    "bare": HeadersMiddleware(pages, BARE),
    "safe": HeadersMiddleware(pages, Policy(BARE, CacheSafety())),
    "strict": HeadersMiddleware(pages, presets.STRICT),
}


def site(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """The pages, under the policy that the first segment of the path names."""
    name, _, rest = environ["PATH_INFO"].removeprefix("/").partition("/")
    environ["PATH_INFO"] = f"/{rest}"
    return SITES.get(name, pages)(environ, start_response)
