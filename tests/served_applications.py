"""The applications that the servers of the tests run, and the policies before them.

`site` holds all of them: /bare/..., /policy/... and /empty/... lead to the same applications without a middleware,
under POLICY, and under a policy without parts. So one process shows what a server does by itself and what changes.
`cases` are the applications alone, for a server that brings the middleware with it.
"""

from __future__ import annotations

import io
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from flask import Flask, Response, abort, session

from wsgi_headers import (
    Append,
    CookieAttributes,
    Default,
    HeadersMiddleware,
    Match,
    Policy,
    Remove,
    Rule,
    Set,
    deploy,
)

Environ = dict[str, Any]
StartResponse = Callable[..., Any]
Application = Callable[[Environ, StartResponse], Iterable[bytes]]

TEXT = ("Content-Type", "text/plain; charset=utf-8")
FILE_OCTETS = bytes(range(256)) * 1200
CHUNKS = [f"chunk {number}\n".encode() for number in range(200)]

# Append is not idempotent by nature: a policy applied twice would show as two lines.
LINK = "</style.css>; rel=preload"
HSTS = "max-age=31536000"


def make_policy() -> Policy:
    """Return a new object each time: policies are equal by value.

    It reads the request as it enters; a policy without parts does not.
    """
    return Policy(
        Set("X-Content-Type-Options", "nosniff"),
        Default("X-Frame-Options", "SAMEORIGIN"),
        Default("Content-Security-Policy", "base-uri 'self'"),
        Rule(Match(scheme="https"), Default("Strict-Transport-Security", HSTS)),
        Remove("X-Powered-By"),
        Set("X-Policy", "served"),
        Append("Link", LINK),
        CookieAttributes(secure=True, http_only=True, default_same_site="Lax"),
        Rule(Match(path="/nobody/asks/for/this/"), Remove("X-Policy")),
    )


POLICY = make_policy()

# The fields of POLICY on a response by http, each exactly once.
POLICY_LINES = [
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "SAMEORIGIN"),
    ("content-security-policy", "base-uri 'self'"),
    ("x-policy", "served"),
    ("link", LINK),
]
NOT_A_POLICY = object()


def plain(environ: Environ, start_response: StartResponse) -> list[bytes]:
    """One octet string of known length, two cookies, a field that names the software."""
    lines = [TEXT, ("X-Powered-By", "PHP/5.2"), ("Set-Cookie", "sid=1; Path=/"), ("Set-Cookie", "theme=dark")]
    start_response("200 OK", [*lines, ("Content-Length", "5")])
    # Half of the servers send a body that an application gives to HEAD.
    return [] if environ["REQUEST_METHOD"] == "HEAD" else [b"plain"]


def cookies(environ: Environ, start_response: StartResponse) -> list[bytes]:
    """No length, and cookies whose order is not that of the alphabet; the last of the same name wins in a browser."""
    lines = [TEXT, ("Set-Cookie", "b=1"), ("Set-Cookie", "a=2; Path=/"), ("X-Between", "1"), ("Set-Cookie", "b=3")]
    start_response("200 OK", lines)
    return [b"cookies"]


def late(environ: Environ, start_response: StartResponse) -> Iterator[bytes]:
    """A generator: the head is started when the body is first asked for."""
    start_response("200 OK", [TEXT, ("Set-Cookie", "sid=late")])
    yield b"late "
    yield b"body"


def replaced(environ: Environ, start_response: StartResponse) -> list[bytes]:
    """An error before anything was sent: another head, by exc_info."""
    start_response("200 OK", [TEXT, ("X-Which", "first"), ("Set-Cookie", "sid=first")])
    try:
        raise RuntimeError("told by exc_info")
    except RuntimeError:
        start_response("500 Oops", [TEXT, ("X-Which", "second"), ("Set-Cookie", "sid=second")], sys.exc_info())
    return [b"replaced"]


def broken(environ: Environ, start_response: StartResponse) -> Iterator[bytes]:
    """An error after a first part of the body was sent: exc_info comes too late, and the server raises again."""
    start_response("200 OK", [TEXT, ("X-Which", "first")])
    yield b"before"
    try:
        raise RuntimeError("told by exc_info too late")
    except RuntimeError:
        start_response("500 Oops", [TEXT, ("X-Which", "second")], sys.exc_info())
    yield b"after"


def writes(environ: Environ, start_response: StartResponse) -> list[bytes]:
    """The old way: octets through the callable that start_response returns, then the iterable."""
    write = start_response("200 OK", [TEXT, ("Set-Cookie", "sid=written")])
    write(b"written ")
    write(b"first, ")
    return [b"then returned"]


def file(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
    """A file through wsgi.file_wrapper where the server has one; its length is left to the server."""
    start_response("200 OK", [("Content-Type", "application/octet-stream"), ("Set-Cookie", "sid=file")])
    source = io.BytesIO(FILE_OCTETS)
    wrapper = environ.get("wsgi.file_wrapper")
    return wrapper(source, 8192) if wrapper is not None else iter(lambda: source.read(8192), b"")


def disk_file(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
    """A file on disk with its length: what servers hand to sendfile."""
    path = Path(parse_qs(environ["QUERY_STRING"])["path"][0])
    start_response("200 OK", [("Content-Type", "application/octet-stream"), ("Content-Length", str(len(FILE_OCTETS)))])
    opened = path.open("rb")
    wrapper = environ.get("wsgi.file_wrapper")
    return wrapper(opened, 8192) if wrapper is not None else iter(lambda: opened.read(8192), b"")


def stream(environ: Environ, start_response: StartResponse) -> Iterator[bytes]:
    """Many chunks without a length."""
    start_response("200 OK", [TEXT])
    yield from CHUNKS


def sized_stream(environ: Environ, start_response: StartResponse) -> Iterator[bytes]:
    """Many chunks with a length."""
    start_response("200 OK", [TEXT, ("Content-Length", str(sum(map(len, CHUNKS))))])
    yield from CHUNKS


def patient(environ: Environ, start_response: StartResponse) -> Iterator[bytes]:
    """A first chunk, and a second one only when the file of the query is there: whoever holds back gets "too late"."""
    start_response("200 OK", [TEXT])
    yield b"first "
    signal = Path(parse_qs(environ["QUERY_STRING"])["path"][0])
    deadline = time.monotonic() + 5
    while not signal.exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    yield b"in time" if signal.exists() else b"too late"


def not_modified(environ: Environ, start_response: StartResponse) -> list[bytes]:
    """A 304 with a cookie."""
    start_response("304 Not Modified", [("ETag", '"1"'), ("Set-Cookie", "sid=304")])
    return []


def no_content(environ: Environ, start_response: StartResponse) -> list[bytes]:
    """A 204 with a cookie."""
    start_response("204 No Content", [("Set-Cookie", "sid=204")])
    return []


class Phrase(str):
    """Text that is not exactly `str`, as StrEnum members and markup are."""


class Lines(list[tuple[str, str]]):
    """A head that is not exactly `list`."""


def inexact(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
    """A head of a subclass of list, with subclasses of str in it: some servers refuse these, some send no fields."""
    lines = [(Phrase("Content-Type"), Phrase("text/plain")), (Phrase("Set-Cookie"), Phrase("sid=1"))]
    start_response(Phrase("200 OK"), Lines(lines))
    return [b"inexact"]


def raises(environ: Environ, start_response: StartResponse) -> list[bytes]:
    """An error that nobody in the application handles."""
    raise RuntimeError("raised before start_response")


def scheme(environ: Environ, start_response: StartResponse) -> list[bytes]:
    """What the application sees of the request, and a session cookie."""
    start_response("200 OK", [TEXT, ("Set-Cookie", "sid=1")])
    return [f"{environ['wsgi.url_scheme']} {environ['REMOTE_ADDR']}".encode()]


# Heads that must not be sent: status and lines. INJECTED is never a part of a name that is sent rightly.
INJECTED = "X-Injected"
BAD_HEADS: dict[str, tuple[str, list[tuple[str, str]]]] = {
    "lf-in-value": ("200 OK", [TEXT, ("X-Value", f"a\n{INJECTED}: 1")]),
    "cr-in-value": ("200 OK", [TEXT, ("X-Value", f"a\r{INJECTED}: 1")]),
    "crlf-in-value": ("200 OK", [TEXT, ("X-Value", f"a\r\n{INJECTED}: 1")]),
    "crlf-ends-head": ("200 OK", [TEXT, ("X-Value", f"a\r\n\r\n{INJECTED}: 1")]),
    "nul-in-value": ("200 OK", [TEXT, ("X-Value", f"a\0{INJECTED}")]),
    "del-in-value": ("200 OK", [TEXT, ("X-Value", f"a\x7f{INJECTED}")]),
    "lf-in-cookie": ("200 OK", [TEXT, ("Set-Cookie", f"a=1\n{INJECTED}: 1")]),
    "crlf-in-cookie-attribute": ("200 OK", [TEXT, ("Set-Cookie", f"a=1; Path=/\r\n{INJECTED}: 1")]),
    "lf-in-location": ("302 Found", [TEXT, ("Location", f"/next\n{INJECTED}: 1")]),
    "lf-at-end": ("200 OK", [TEXT, (INJECTED, "a\n")]),
    "crlf-in-name": ("200 OK", [TEXT, (f"X-Name: 1\r\n{INJECTED}", "1")]),
    "blank-in-name": ("200 OK", [TEXT, (f"{INJECTED} Name", "1")]),
    "colon-in-name": ("200 OK", [TEXT, (f"{INJECTED}:", "1")]),
    "empty-name": ("200 OK", [TEXT, ("", f"{INJECTED}: 1")]),
    "beyond-latin-1": ("200 OK", [TEXT, (INJECTED, "€")]),
    "lf-in-status": (f"200 OK\n{INJECTED}: 1", [TEXT]),
    "crlf-in-status": (f"200 OK\r\n{INJECTED}: 1", [TEXT]),
}


def bad(environ: Environ, start_response: StartResponse) -> list[bytes]:
    """One of BAD_HEADS, by the path."""
    status, lines = BAD_HEADS[environ["PATH_INFO"].removeprefix("/bad/")]
    start_response(status, list(lines))
    return [b"a body behind a bad head"]


def make_flask() -> Flask:
    """Return an application with the framework's own error pages, a session and cookies of its own."""
    app = Flask(__name__, static_folder=None)
    app.secret_key = "a key of the tests"
    # Else errors reach the server instead of the framework's page.
    app.config["PROPAGATE_EXCEPTIONS"] = False

    @app.get("/flask/")
    def index() -> str:
        session["user"] = "1"
        return "index"

    @app.get("/flask/boom")
    def boom() -> str:
        raise RuntimeError("handled by the framework")

    @app.get("/flask/made")
    def made() -> Response:
        response = Response("made", 404)
        response.set_cookie("theme", "dark")
        return response

    @app.errorhandler(403)
    def forbidden(error: Exception) -> tuple[str, int, list[tuple[str, str]]]:
        return "forbidden", 403, [("Set-Cookie", "sid=403")]

    @app.get("/flask/forbidden")
    def refuse() -> str:
        abort(403)

    return app


_flask = make_flask()

_CASES: dict[str, Application] = {
    "plain": plain,
    "cookies": cookies,
    "late": late,
    "replaced": replaced,
    "broken": broken,
    "writes": writes,
    "file": file,
    "disk-file": disk_file,
    "stream": stream,
    "sized-stream": sized_stream,
    "patient": patient,
    "not-modified": not_modified,
    "no-content": no_content,
    "inexact": inexact,
    "raises": raises,
    "scheme": scheme,
    "bad": bad,
    "flask": _flask.wsgi_app,
}


def cases(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
    """The application that the first segment of the path names; `plain` where it names none."""
    name = environ["PATH_INFO"].split("/")[1]
    return _CASES.get(name, plain)(environ, start_response)


_SITES: dict[str, Application] = {
    "bare": cases,
    "policy": HeadersMiddleware(cases, POLICY),
    "empty": HeadersMiddleware(cases, Policy()),
}


def site(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
    """The cases, under the policy that the first segment of the path names."""
    prefix, _, rest = environ["PATH_INFO"].removeprefix("/").partition("/")
    environ["PATH_INFO"] = f"/{rest}"
    return _SITES.get(prefix, cases)(environ, start_response)


# For deployments: an application behind an equal policy already, and factories that take no arguments.
wrapped = HeadersMiddleware(cases, make_policy())


def make_wrapped() -> HeadersMiddleware:
    """Return what a server that calls a factory gets by names."""
    return deploy.wrap("served_applications:cases", "served_applications:POLICY")
