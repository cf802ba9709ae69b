"""An environ that is used more than once: its cookies lose prefix and signature once and are shown each time."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

import pytest
from wsgi import PLAIN, call, environ_for

from wsgi_headers import CookieRule, HeadersMiddleware, Policy

pytestmark = pytest.mark.usefixtures("each_loop")

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

PREFIXED = Policy(CookieRule("sid", prefix="__Host-"))
OTHER = Policy(CookieRule("theme", prefix="__Secure-"))
BOTH = "__Host-sid=1; __Secure-theme=dark; sid=tossed"


class Seeing:
    """An application that remembers the Cookie field that it was shown, and may fail."""

    def __init__(self, status: str = "200 OK", fails: int = 0) -> None:
        self.status = status
        self.fails = fails
        self.seen: list[str | None] = []

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        self.seen.append(environ.get("HTTP_COOKIE"))
        if len(self.seen) <= self.fails:
            raise ConnectionError("try again")
        start_response(self.status, [PLAIN])
        return [b""]


def retrying(app: WSGIApplication) -> WSGIApplication:
    """Return what calls the application again with the same environ where it fails."""

    def call_again(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        try:
            return app(environ, start_response)
        except ConnectionError:
            return app(environ, start_response)

    return call_again


def cascade(*apps: WSGIApplication) -> WSGIApplication:
    """Return what tries applications in turn with the same environ until one finds something."""

    def first_found(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        for app in apps[:-1]:
            heads: list[str] = []
            body = app(environ, lambda status, lines, exc_info=None, heads=heads: heads.append(status))  # type: ignore
            if not heads[0].startswith("404"):
                raise AssertionError("only the last one finds anything here")
            list(body)
        return apps[-1](environ, start_response)

    return first_found


@pytest.mark.parametrize(
    ("wrap", "shown"),
    [
        (lambda app: HeadersMiddleware(app, PREFIXED), "sid=1; __Secure-theme=dark"),
        (lambda app: HeadersMiddleware(HeadersMiddleware(app, OTHER), PREFIXED), "sid=1; theme=dark"),
        (lambda app: HeadersMiddleware(HeadersMiddleware(app, PREFIXED), OTHER), "sid=1; theme=dark"),
        (lambda app: HeadersMiddleware(app, Policy(PREFIXED, OTHER)), "sid=1; theme=dark"),
    ],
    ids=["one policy", "another inside", "another outside", "one policy of two"],
)
def test_a_retry(wrap: Callable[[WSGIApplication], WSGIApplication], shown: str) -> None:
    """The second time the application sees what it saw the first time."""
    seeing = Seeing(fails=1)

    call(retrying(wrap(seeing)), HTTP_COOKIE=BOTH)

    assert seeing.seen == [shown, shown]


def test_a_cascade() -> None:
    """Applications that are tried in turn, each behind an equal policy, see the same."""
    first, second = Seeing("404 Not Found"), Seeing()

    call(cascade(HeadersMiddleware(first, PREFIXED), HeadersMiddleware(second, PREFIXED)), HTTP_COOKIE=BOTH)

    assert first.seen == second.seen == ["sid=1; __Secure-theme=dark"]


def test_a_cookie_field_that_was_put_in_since_is_read_anew() -> None:
    """What something else wrote into environ has gone through nothing."""
    seeing = Seeing()
    app = HeadersMiddleware(seeing, PREFIXED)
    environ = environ_for(HTTP_COOKIE=BOTH)
    for field in (BOTH, "sid=evil; a=1", "__Host-sid=2"):
        environ["HTTP_COOKIE"] = field
        list(app(environ, lambda status, lines, exc_info=None: lambda data: None))

    assert seeing.seen == ["sid=1; __Secure-theme=dark", "a=1", "sid=2"]


def test_a_field_that_needs_no_change_is_the_same_object() -> None:
    """Nothing is made where nothing is protected."""
    seeing = Seeing()
    field = "".join(["a=1; ", "b=2"])
    environ = environ_for(HTTP_COOKIE=field)

    list(HeadersMiddleware(seeing, PREFIXED)(environ, lambda status, lines, exc_info=None: lambda data: None))

    assert seeing.seen[0] is field
    assert [key for key in environ if key.startswith("wsgi_headers")] == ["wsgi_headers.response"]
