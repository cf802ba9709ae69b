"""Conditional requests of clients: a reader with webtest, and connections to real servers that must stay usable."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from wsgiref.types import StartResponse, WSGIEnvironment

import pytest
import webtest
from servers import Reply, Server, reply_of, running

from wsgi_headers import CacheControl, Conditional, HeadersMiddleware, Match, Policy, Rule, presets


class Article:
    """A page that can be changed; it tells when it was, and knows nothing of preconditions."""

    def __init__(self) -> None:
        self.text = "First edition"
        self.modified = "Mon, 01 Jan 2024 10:00:00 GMT"

    @property
    def tag(self) -> str:
        return f'"{len(self.text)}"'

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        if environ["REQUEST_METHOD"] == "PUT":
            self.text = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])).decode()
            self.modified = "Tue, 02 Jan 2024 10:00:00 GMT"
            start_response("204 No Content", [("ETag", self.tag)])
            return []
        body = self.text.encode()
        lines = [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))]
        validators = [("ETag", self.tag), ("Last-Modified", self.modified)]
        start_response("200 OK", lines + (validators if environ["PATH_INFO"] == "/article" else []))
        return [body if environ["REQUEST_METHOD"] == "GET" else b""]


def test_a_reader_of_an_article() -> None:
    """Reads, asks again, reads the change, and is told where its copy is not what it took it for."""
    policy = Policy(
        presets.BASELINE, Conditional(), Rule(Match(path="/article"), CacheControl(private=True, no_cache=True))
    )
    reader = webtest.TestApp(HeadersMiddleware(Article(), policy))

    first = reader.get("/article")
    assert (first.status_int, first.text) == (200, "First edition")
    tag, date = first.headers["ETag"], first.headers["Last-Modified"]

    again = reader.get("/article", headers={"If-None-Match": tag, "If-Modified-Since": date})
    assert (again.status_int, again.body) == (304, b"")
    assert again.headers["Cache-Control"] == "private, no-cache"
    assert again.headers["X-Content-Type-Options"] == "nosniff"
    assert "Content-Type" not in again.headers and "Content-Length" not in again.headers
    assert reader.head("/article", headers={"If-Modified-Since": date}).status_int == 304
    assert reader.get("/article", headers={"If-Match": tag}).text == "First edition"

    # What acts on the resource is the application's, and so are its preconditions.
    assert reader.put("/article", b"Second, revised edition", headers={"If-None-Match": "*"}).status_int == 204

    changed = reader.get("/article", headers={"If-None-Match": tag, "If-Modified-Since": date})
    assert (changed.status_int, changed.text) == (200, "Second, revised edition")
    assert changed.headers["ETag"] != tag
    for asked in ({"If-Match": tag}, {"If-Unmodified-Since": date}):
        failed = reader.get("/article", headers=asked, status=412)
        assert failed.headers["Cache-Control"] == "no-store"
        assert failed.headers["X-Content-Type-Options"] == "nosniff"
        assert "revised" not in failed.text
        assert reader.head("/article", headers=asked, status=412).body == b""


def test_a_reader_of_a_page_without_validators() -> None:
    """A tag is made of the page, and another when it changes; HEAD has none, since it has no page."""
    reader = webtest.TestApp(HeadersMiddleware(Article(), Policy(Conditional(etag="weak"))))

    tag = reader.get("/page").headers["ETag"]
    assert tag.startswith('W/"')
    assert reader.get("/page", headers={"If-None-Match": tag}).status_int == 304
    assert "ETag" not in reader.head("/page").headers
    reader.put("/page", b"Second, revised edition")
    assert reader.get("/page", headers={"If-None-Match": tag}).headers["ETag"] != tag


SITE = """
from wsgi_headers import Conditional, HeadersMiddleware, Policy, Set

CLOSED = []

class Body:
    def __init__(self, *chunks):
        self.chunks = chunks

    def __iter__(self):
        return iter(self.chunks)

    def close(self):
        CLOSED.append(1)

def app(environ, start_response):
    path = environ["PATH_INFO"]
    lines = [("Content-Type", "text/plain"), ("Content-Length", "5")]
    if path == "/closed":
        text = str(len(CLOSED)).encode()
        start_response("200 OK", [lines[0], ("Content-Length", str(len(text)))])
        return iter([text])
    if path == "/listed":
        start_response("200 OK", lines)
        return [b"hello"]
    if path == "/late":
        return late(start_response, lines)
    write = start_response("200 OK", [*lines, ("ETag", '"a"')])
    if path == "/written":
        write(b"hello")
        return Body()
    return Body(b"hello")

def late(start_response, lines):
    try:
        start_response("200 OK", [*lines, ("ETag", '"a"')])
        yield b"hello"
    finally:
        CLOSED.append(1)

application = HeadersMiddleware(app, Policy(Conditional(etag="weak"), Set("X-Policy", "1")))
"""


@pytest.fixture(scope="module", params=["gunicorn-sync", "gunicorn-gthread", "waitress", "cheroot", "wsgiref"])
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server of each kind in turn."""
    home = tmp_path_factory.mktemp("conditional")
    (home / "conditional_site.py").write_text(SITE)
    with running(request.param, "conditional_site:application", home) as running_server:
        yield running_server


def closed(server: Server) -> int:
    """Return how many bodies the application saw closed so far."""
    return int(server.ask("/closed").body)


@pytest.mark.parametrize("path", ["/plain", "/written", "/late"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_answers_on_the_wire(server: Server, path: str, method: str) -> None:
    """A 304 has no body and none of its fields, a 412 has its own, and the application's body is closed once."""
    before = closed(server)

    unchanged = server.ask(path, method=method, fields=['If-None-Match: W/"a"'])
    failed = server.ask(path, method=method, fields=['If-Match: "b"'])

    assert (unchanged.code, unchanged.body, unchanged.whole) == (304, b"", True)
    assert (unchanged.values("ETag"), unchanged.values("X-Policy")) == (['"a"'], ["1"])
    # wsgiref writes a length of its own on any response without one.
    assert unchanged.values("Content-Length") in ([], ["0"]) and unchanged.values("Content-Type") == []
    assert (failed.code, failed.whole) == (412, True)
    assert failed.values("Cache-Control") == ["no-store"]
    assert bool(failed.body) == (method == "GET") and b"hello" not in failed.body
    assert closed(server) == before + 2


def test_a_made_tag_on_the_wire(server: Server) -> None:
    """It goes out with the page, and brings a 304."""
    page = server.ask("/listed")
    (tag,) = page.values("ETag")

    assert (page.code, page.body, page.values("Content-Length")) == (200, b"hello", ["5"])
    unchanged = server.ask("/listed", fields=[f"If-None-Match: {tag}"])
    assert (unchanged.code, unchanged.body, unchanged.values("ETag")) == (304, b"", [tag])


def one_reply(connection: socket.socket) -> Reply:
    """Return the next response on a connection that stays open, by the length in its head."""
    raw = b""
    while b"\r\n\r\n" not in raw:
        received = connection.recv(65536)
        assert received, "the server closed the connection"
        raw += received
    reply = reply_of(raw)
    rest = raw.partition(b"\r\n\r\n")[2]
    (length,) = reply.values("Content-Length") if reply.code != 304 else ["0"]
    while len(rest) < int(length):
        received = connection.recv(65536)
        assert received, "the server closed the connection"
        rest += received
    assert len(rest) == int(length), "octets that belong to no response"
    return reply._replace(body=rest)


# The others close the connection after each response.
@pytest.mark.parametrize("server", ["gunicorn-gthread", "waitress", "cheroot"], indirect=True)
def test_the_connection_stays_usable(server: Server, request: pytest.FixtureRequest) -> None:
    """What follows a 304 and a 412 on one connection is the next response, where the server keeps connections."""
    kind = request.node.callspec.params["server"]
    asked: list[tuple[str, int, bytes | None]] = [('If-Match: "b"', 412, None), ('If-None-Match: "b"', 200, b"hello")]
    if kind != "waitress":  # which closes it after any response without Content-Length, the application's 304 too
        asked.append(('If-None-Match: "a"', 304, b""))
    with server.connect() as connection:
        for field, code, body in [*asked, *asked]:
            connection.sendall(f"GET /plain HTTP/1.1\r\nHost: a.example\r\n{field}\r\n\r\n".encode())
            reply = one_reply(connection)
            assert reply.code == code
            assert reply.body == body or (body is None and reply.body.startswith(b"A precondition"))
