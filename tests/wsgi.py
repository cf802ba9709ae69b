"""A server of one request: runs a WSGI application in memory as PEP 3333 says, and keeps what it was told.

It holds nothing back and mends nothing: a head reaches the test as the object that was handed over, read when the
response is complete, as the servers do that keep a reference.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple, TypeAlias
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment
from wsgiref.validate import validator

Line: TypeAlias = tuple[str, str]

PLAIN = ("Content-Type", "text/plain")


class Call(NamedTuple):
    """One call of `start_response`, with the very objects that were handed over."""

    status: Any
    lines: Any
    exc_info: Any


class Response(NamedTuple):
    """What a client would see, and every call of `start_response` that led to it."""

    status: str
    lines: list[Line]
    body: bytes
    calls: list[Call]

    def values(self, name: str) -> list[str]:
        """Return the values of the lines of one field, in order."""
        return [value for field, value in self.lines if field.lower() == name.lower()]


def environ_for(
    *, path: str = "/", method: str = "GET", host: str | None = "app.example", scheme: str = "https", **more: Any
) -> WSGIEnvironment:
    """Return the environ of a request; `path` in the environ's own form, `host` None for a request without Host."""
    environ: WSGIEnvironment = {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": "",
        "PATH_INFO": path,
        "QUERY_STRING": "",
        "SERVER_NAME": "server.example",
        "SERVER_PORT": "443" if scheme == "https" else "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scheme,
        "wsgi.input": io.BytesIO(),
        "wsgi.errors": io.StringIO(),
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    if host is not None:
        environ["HTTP_HOST"] = host
    return {**environ, **more}


def call(
    app: WSGIApplication,
    *,
    path: str = "/",
    method: str = "GET",
    host: str | None = "app.example",
    scheme: str = "https",
    validate: bool = True,
    **environ: Any,
) -> Response:
    """Return the response of `app` to one request.

    validate   whether wsgiref.validate looks on from outside; it knows no TAB in values, no response without
               Content-Type and no names but `[A-Za-z][A-Za-z0-9_-]*`, so heads that have such are run without
    environ    more keys, HTTP_ORIGIN="https://a.example"
    """
    return run(app, environ_for(path=path, method=method, host=host, scheme=scheme, **environ), validate=validate)


def run(app: WSGIApplication, environ: WSGIEnvironment, *, validate: bool = True) -> Response:
    """Return the response of `app` to the request of an environ of one's own."""
    calls: list[Call] = []
    sent: list[bytes] = []

    def start_response(status: Any, lines: Any, exc_info: Any = None, /) -> Callable[[bytes], object]:
        if exc_info is not None and any(sent):
            raise exc_info[1].with_traceback(exc_info[2])
        if exc_info is None and calls:
            raise AssertionError("start_response was called again without exc_info")
        calls.append(Call(status, lines, exc_info))
        return sent.append

    body = (validator(app) if validate else app)(environ, start_response)
    try:
        for chunk in body:
            assert calls, "a chunk came before the head"
            sent.append(chunk)
    finally:
        if hasattr(body, "close"):
            body.close()
    assert calls, "start_response was never called"
    return Response(calls[-1].status, list(calls[-1].lines), b"".join(sent), calls)


def responding(*lines: Any, status: Any = "200 OK", body: Iterable[bytes] = (b"hello",)) -> WSGIApplication:
    """Return an application that sends the same head, as a new list, and the same body for each request."""

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        start_response(status, list(lines))
        return body

    return app


def asking(
    *lines: Line, status: str = "200 OK", before: Callable[[WSGIEnvironment], object] | None = None
) -> WSGIApplication:
    """Return an application that asks for something with its environ before it sends its head.

    before   is handed environ; the body is what it gives, as text, and empty for None
    """

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        made = None if before is None else before(environ)
        start_response(status, list(lines))
        return [b"" if made is None else str(made).encode()]

    return app


def validated(app: WSGIApplication) -> WSGIApplication:
    """Return `app` with wsgiref.validate around it: what stands above is then looked at as a server."""
    return validator(app)
