"""The middleware through real servers: what stands on the wire, beside what the same application sends without it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from served_applications import BAD_HEADS, CHUNKS, FILE_OCTETS, INJECTED, POLICY_LINES
from servers import KINDS, Reply, Server, reply_of, request_octets, running

# On a second start_response with exc_info these append the new head to the old one.
DUPLICATING = ("gunicorn-sync", "gunicorn-gthread", "gunicorn-gevent", "cheroot")

# These send a line feed in a value as it comes; the others answer 500 by themselves.
SENDING_RAW = ("cheroot", "wsgiref")

# Answers that applications and frameworks make themselves: the path below /policy/, the method, the status.
ANSWERS = {
    "plain": ("plain", "GET", 200),
    "late-start": ("late", "GET", 200),
    "write": ("writes", "GET", 200),
    "file": ("file", "GET", 200),
    "stream": ("stream", "GET", 200),
    "head": ("plain", "HEAD", 200),
    "no-content": ("no-content", "GET", 204),
    "not-modified": ("not-modified", "GET", 304),
    "flask-200": ("flask/", "GET", 200),
    "flask-head": ("flask/", "HEAD", 200),
    "flask-options": ("flask/", "OPTIONS", 200),
    "flask-redirect": ("flask", "GET", 308),
    "flask-handler-403": ("flask/forbidden", "GET", 403),
    "flask-view-404": ("flask/made", "GET", 404),
    "flask-page-404": ("flask/nowhere", "GET", 404),
    "flask-page-405": ("flask/", "DELETE", 405),
    "flask-page-500": ("flask/boom", "GET", 500),
}

# Answers whose framing, body and other lines must be those of the bare application.
UNCHANGED = {
    "plain": "plain",
    "cookies": "cookies",
    "late-start": "late",
    "write": "writes",
    "file": "file",
    "stream": "stream",
    "stream-with-length": "sized-stream",
    "no-content": "no-content",
    "not-modified": "not-modified",
    "flask": "flask/",
    "flask-page-404": "flask/nowhere",
}

# What the server itself says, and what differs from one response to the next.
OF_THE_MOMENT = ("date",)


@pytest.fixture(scope="module", params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    """The kind of server that the tests are at."""
    return str(request.param)


@pytest.fixture(scope="module")
def server(kind: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server of each kind in turn, one process for all tests of it."""
    with running(kind, "served_applications:site", tmp_path_factory.mktemp(kind)) as running_server:
        yield running_server


def repeated(reply: Reply) -> dict[str, int]:
    """Return the names that stand on more than one line, Set-Cookie aside."""
    counts = Counter(name for name, _ in reply.lines)
    return {name: count for name, count in counts.items() if count > 1 and name != "set-cookie"}


def lasting(reply: Reply) -> list[tuple[str, str]]:
    """Return the lines that the same request gets each time, sorted: servers order fields as they like."""
    return sorted((name, timeless(value)) for name, value in reply.lines if name not in OF_THE_MOMENT)


def timeless(value: str) -> str:
    """Return a value without the signature of Flask's session, which holds the second that it was made in."""
    return re.sub(r"(?<=session=)[^;]*", "signed", value)


@pytest.mark.parametrize("answer", ANSWERS)
def test_every_answer_has_each_field_of_the_policy_once(server: Server, answer: str) -> None:
    """Whatever the status, the method and whoever made the answer; and no field twice."""
    path, method, code = ANSWERS[answer]
    reply = server.ask(f"/policy/{path}", method=method)
    assert reply.code == code
    assert reply.whole
    assert [(name, reply.values(name)) for name, _ in POLICY_LINES] == [(name, [value]) for name, value in POLICY_LINES]
    assert repeated(reply) == {}
    assert reply.values("Strict-Transport-Security") == []
    assert reply.values("X-Powered-By") == []


COOKIES = {
    "plain": ("plain", ["sid=1; Path=/; Secure; HttpOnly; SameSite=Lax", "theme=dark; Secure; HttpOnly; SameSite=Lax"]),
    "late-start": ("late", ["sid=late; Secure; HttpOnly; SameSite=Lax"]),
    "write": ("writes", ["sid=written; Secure; HttpOnly; SameSite=Lax"]),
    "file": ("file", ["sid=file; Secure; HttpOnly; SameSite=Lax"]),
    "no-content": ("no-content", ["sid=204; Secure; HttpOnly; SameSite=Lax"]),
    "not-modified": ("not-modified", ["sid=304; Secure; HttpOnly; SameSite=Lax"]),
    "flask-view-404": ("flask/made", ["theme=dark; Path=/; Secure; HttpOnly; SameSite=Lax"]),
    "flask-handler-403": ("flask/forbidden", ["sid=403; Secure; HttpOnly; SameSite=Lax"]),
    "order-kept": (
        "cookies",
        [
            "b=1; Secure; HttpOnly; SameSite=Lax",
            "a=2; Path=/; Secure; HttpOnly; SameSite=Lax",
            "b=3; Secure; HttpOnly; SameSite=Lax",
        ],
    ),
}


@pytest.mark.parametrize("case", COOKIES)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_every_cookie_is_hardened_in_its_place(server: Server, case: str, method: str) -> None:
    """Each Set-Cookie line has what the policy wants, in the order of the application."""
    path, expected = COOKIES[case]
    assert server.ask(f"/policy/{path}", method=method).values("Set-Cookie") == expected


def test_session_cookie_of_a_framework_is_hardened(server: Server) -> None:
    """Flask's own attributes stay where they are, the missing ones follow."""
    [cookie] = server.ask("/policy/flask/").values("Set-Cookie")
    assert cookie.startswith("session=")
    assert cookie.partition(";")[2] == " HttpOnly; Path=/; Secure; SameSite=Lax"


@pytest.mark.parametrize("case", UNCHANGED)
def test_body_and_framing_are_those_of_the_bare_application(server: Server, case: str) -> None:
    """Content-Length where the bare application has one, chunks where it has none, and every octet of the body."""
    bare = server.ask(f"/bare/{UNCHANGED[case]}")
    reply = server.ask(f"/policy/{UNCHANGED[case]}")
    assert bare.whole
    assert reply.whole
    assert reply.status_line == bare.status_line
    assert reply.body == bare.body
    for field in ("Content-Length", "Transfer-Encoding", "Content-Type", "Connection"):
        assert reply.values(field) == bare.values(field)


@pytest.mark.parametrize("case", UNCHANGED)
def test_empty_policy_changes_no_line(server: Server, case: str) -> None:
    """Without parts, the head is that of the bare application, line for line."""
    bare = server.ask(f"/bare/{UNCHANGED[case]}")
    reply = server.ask(f"/empty/{UNCHANGED[case]}")
    assert reply.status_line == bare.status_line
    assert lasting(reply) == lasting(bare)
    assert [*map(timeless, reply.values("Set-Cookie"))] == [*map(timeless, bare.values("Set-Cookie"))]
    assert reply.body == bare.body


def test_file_on_disk_arrives_whole(server: Server, tmp_path: Path) -> None:
    """What the server may hand to sendfile keeps its length and its octets, 300 kB of them."""
    path = tmp_path / "octets"
    path.write_bytes(FILE_OCTETS)
    reply = server.ask(f"/policy/disk-file?path={path}")
    assert reply.body == FILE_OCTETS
    assert reply.values("Content-Length") == [str(len(FILE_OCTETS))]
    assert reply.values("X-Policy") == ["served"]


def test_stream_arrives_whole(server: Server) -> None:
    """Two hundred chunks without a length, in order."""
    reply = server.ask("/policy/stream")
    assert reply.whole
    assert reply.body == b"".join(CHUNKS)


def test_chunk_goes_out_when_the_application_gives_it(server: Server, tmp_path: Path) -> None:
    """The first chunk is here before the application makes the second one: nothing holds the body back."""
    signal = tmp_path / "go-on"
    with server.connect() as connection:
        connection.sendall(request_octets(f"/policy/patient?path={signal}"))
        raw = b""
        while b"first " not in raw and (received := connection.recv(65536)):
            raw += received
        signal.touch()
        while received := connection.recv(65536):
            raw += received
    reply = reply_of(raw)
    assert reply.whole
    assert reply.body == b"first in time"
    assert reply.values("X-Policy") == ["served"]


def test_head_request_has_the_fields_of_get(server: Server) -> None:
    """RFC 9110 9.3.2: HEAD is GET without the body."""
    get, head = server.ask("/policy/flask/nowhere"), server.ask("/policy/flask/nowhere", method="HEAD")
    assert get.body
    assert lasting(head) == lasting(get)
    assert head.body == b""


@pytest.mark.parametrize("site", ["policy", "empty"])
@pytest.mark.parametrize("case", BAD_HEADS)
def test_bad_head_reaches_no_wire(server: Server, site: str, case: str) -> None:
    """Nothing of the bad head or of the body behind it goes out: a 500, or a connection that ends."""
    reply = server.ask(f"/{site}/bad/{case}")
    assert INJECTED.encode() not in reply.raw
    assert b"a body behind a bad head" not in reply.raw
    assert b"\0" not in reply.raw
    assert reply.code in (500, 0)


@pytest.mark.parametrize("site", ["policy", "empty"])
def test_head_is_made_exact_every_time(server: Server, site: str) -> None:
    """A list, str or status of a subclass, which some servers refuse, is sent as what it says, not once but always."""
    for _ in range(3):
        reply = server.ask(f"/{site}/inexact")
        assert reply.status_line.endswith(" 200 OK")
        assert reply.values("Content-Type") == ["text/plain"]
        assert reply.body == b"inexact"


def test_server_goes_on_after_a_bad_head(server: Server) -> None:
    """The next request gets its answer with each field once."""
    server.ask("/policy/bad/lf-in-value")
    reply = server.ask("/policy/plain")
    assert reply.code == 200
    assert repeated(reply) == {}


def test_bad_head_of_the_bare_application(server: Server, kind: str) -> None:
    """The control of the tests above: where the server does not refuse it, the injected line is there."""
    reply = server.ask("/bare/bad/crlf-in-value")
    assert reply.values(INJECTED) == (["1"] if kind in SENDING_RAW else [])
    assert reply.code == (200 if kind in SENDING_RAW else 500)


def test_log_tells_the_field_and_not_the_value(server: Server) -> None:
    """HeadError reaches the server, which logs its one line: the name of the field, why, and no octet of the value."""
    before = len(server.log)
    server.ask("/policy/bad/lf-in-cookie")
    server.until(lambda: "HeadError: " in server.log[before:], "HeadError in the log")
    told = next(line for line in server.log[before:].splitlines() if "HeadError: " in line)
    assert "Set-Cookie" in told
    assert "control character" in told
    assert INJECTED not in told


def test_head_replaced_by_exc_info(server: Server, kind: str) -> None:
    """The new head alone, under the policy; where the server sends both heads, it does so without us too."""
    bare, reply = server.ask("/bare/replaced"), server.ask("/policy/replaced")
    sent = ["first", "second"] if kind in DUPLICATING else ["second"]
    assert bare.values("X-Which") == sent
    assert reply.values("X-Which") == sent
    assert reply.values("X-Policy") == ["served"] * len(sent)
    assert reply.values("Set-Cookie") == [f"sid={which}; Secure; HttpOnly; SameSite=Lax" for which in sent]
    assert reply.status_line == bare.status_line
    assert reply.code == 500
    assert reply.body == bare.body == b"replaced"


def test_exc_info_that_comes_too_late(server: Server) -> None:
    """What was sent stays sent, nothing follows it, and the body ends as without us."""
    bare, reply = server.ask("/bare/broken"), server.ask("/policy/broken")
    assert reply.code == bare.code == 200
    assert reply.values("X-Which") == ["first"]
    assert reply.values("X-Policy") == ["served"]
    assert b"after" not in reply.body
    assert (reply.body, reply.whole) == (bare.body, bare.whole)


def test_page_of_the_server_is_its_own(server: Server) -> None:
    """An error that nobody handles never comes to start_response: the server's page has no field of the policy."""
    reply = server.ask("/policy/raises")
    assert reply.code in (500, 0)
    assert [name for name, _ in POLICY_LINES if reply.values(name)] == []
