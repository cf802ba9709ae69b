"""Guards behind real servers: bodies as they frame them, and every request target that they let through."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from servers import Server, reply_of, running

SITE = """
from wsgi_headers import AllowedHosts, HeadersMiddleware, HttpsRedirect, Match, Policy, ReportCollector, Rule

REPORTS = []

def app(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [" ".join(report["type"] for report in REPORTS).encode()]

application = HeadersMiddleware(
    app,
    Policy(
        AllowedHosts("app.test", exempt_paths=["/health"]),
        HttpsRedirect(exempt_paths=["/health", "/reports", "/seen"]),
        ReportCollector("/reports", REPORTS.append, limit=100),
    ),
)
"""


@pytest.fixture(scope="module", params=["gunicorn-sync", "waitress", "cheroot", "wsgiref"])
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server of each kind in turn."""
    home = tmp_path_factory.mktemp("guards")
    (home / "guarded.py").write_text(SITE)
    with running(request.param, "guarded:application", home) as running_server:
        yield running_server


def sent(server: Server, octets: bytes, method: str = "GET") -> tuple[int, list[str], bytes]:
    """Send octets as they are, and return status code, Location and body of the answer."""
    with server.connect() as connection:
        connection.sendall(octets)
        raw = b""
        try:
            while received := connection.recv(65536):
                raw += received
        except ConnectionResetError:
            pass  # a server that closes while the client still sends
    reply = reply_of(raw, method)
    assert reply.whole or not reply.raw
    return reply.code, reply.values("Location"), reply.body


def head(line: str, *fields: str, host: str | None = "app.test") -> bytes:
    """Return the head of a request."""
    lines = [line, *([] if host is None else [f"Host: {host}"]), "Connection: close", *fields, "", ""]
    return "\r\n".join(lines).encode("latin-1")


# The target on the wire, and the path in Location: more than one where servers read the target differently. Of two
# slashes some make one, some take what follows for an authority; cheroot leaves %2F encoded.
TARGETS = [
    ("/a?b=c", {"/a?b=c"}),
    ("//evil.test/a", {"//evil.test/a", "/evil.test/a", "/a"}),
    ("/\\evil.test", {"/%5Cevil.test"}),
    ("/%0d%0aX-Evil:%201", {"/%0D%0AX-Evil:%201"}),
    ("/%ff%00", {"/%FF%00"}),
    ("/a%2fb%25", {"/a/b%25", "/a%252Fb%25"}),
]


@pytest.mark.parametrize(("target", "paths"), TARGETS, ids=[target for target, _ in TARGETS])
def test_the_redirect_stays_on_the_host(server: Server, target: str, paths: set[str]) -> None:
    """Where the server lets the target through."""
    code, locations, _ = sent(server, head(f"GET {target} HTTP/1.1"))

    if code == 308:
        (location,) = locations
        assert location.removeprefix("https://app.test") in paths
    else:
        assert (code, locations) == (400, [])


def test_a_plain_target_is_redirected_by_every_server(server: Server) -> None:
    """GET, HEAD and POST, the last with its body unread."""
    post = head("POST /a HTTP/1.1", "Content-Length: 5") + b"hello"
    for octets, method in ((head("GET /a HTTP/1.1"), "GET"), (head("HEAD /a HTTP/1.1"), "HEAD"), (post, "POST")):
        code, locations, body = sent(server, octets, method)
        assert (code, locations, body == b"") == (308, ["https://app.test/a"], method == "HEAD")


def test_a_probe_without_host_passes_on_its_path(server: Server) -> None:
    """HTTP/1.0 asks for none."""
    assert sent(server, head("GET /health HTTP/1.0", host=None))[0] == 200
    assert sent(server, head("GET / HTTP/1.0", host=None))[0] == 400
    assert sent(server, head("GET / HTTP/1.1", host="evil.test"))[0] == 400


def report_head(*fields: str) -> bytes:
    """Return the head of a posted report."""
    return head("POST /reports HTTP/1.1", "Content-Type: application/reports+json", *fields)


def test_reports_arrive_with_a_length_and_in_chunks(server: Server) -> None:
    """Chunks are read where the server ends them; where it does not, the client is told to send a length."""
    assert sent(server, report_head("Content-Length: 18") + b'[{"type":"sized"}]')[0] == 204

    chunks = b"a\r\n" + b'[{"type":"' + b"\r\n" + b"b\r\n" + b'in-chunks"}' + b"\r\n1\r\n]\r\n0\r\n\r\n"
    code, _, _ = sent(server, report_head("Transfer-Encoding: chunked") + chunks)
    _, _, seen = sent(server, head("GET /seen HTTP/1.1"))

    assert (code, seen) in ((204, b"sized in-chunks"), (411, b"sized"))


def test_bodies_without_a_length_and_beyond_the_limit_are_refused(server: Server) -> None:
    """In chunks too."""
    assert sent(server, report_head())[0] == 411
    assert sent(server, report_head("Content-Length: 101") + b" " * 101)[0] == 413
    chunked = b"c8\r\n" + b" " * 200 + b"\r\n0\r\n\r\n"
    assert sent(server, report_head("Transfer-Encoding: chunked") + chunked)[0] in (411, 413)
