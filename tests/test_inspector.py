"""One request in process: the environ that an application gets, how its head is come by, and what is shown of it."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from typing import Any
from wsgiref.types import StartResponse, WSGIEnvironment
from wsgiref.validate import validator

import pytest
from wsgi import responding

from wsgi_headers import (
    Conditional,
    CookieConsent,
    CookieRule,
    Explanation,
    HeadersMiddleware,
    Match,
    Merge,
    Policy,
    Remove,
    Rule,
    Set,
    explain,
    presets,
)
from wsgi_headers._part import Part
from wsgi_headers.exchange import Answer, Decision, Request
from wsgi_headers.inspector import (
    BadRequest,
    Inspection,
    NoHead,
    as_data,
    as_text,
    inspect,
    printable,
    request_environ,
)

PLAIN = [("Content-Type", "text/plain")]


def inspected(app: Any, *parts: Part, target: str = "/", **options: Any) -> Inspection:
    policy = Policy(*parts) if parts else presets.BASELINE
    return inspect(HeadersMiddleware(app, policy), request_environ(target, **options))


# The request.

TARGETS = {
    "/": ("/", "", "/"),
    "/a b": ("/a b", "", "/a%20b"),
    "/a%20b": ("/a b", "", "/a%20b"),
    "/café": ("/caf\xc3\xa9", "", "/caf%C3%A9"),
    "/%ff%2F": ("/\xff/", "", "/%ff%2F"),
    "/search?q=a b&r=%41": ("/search", "q=a%20b&r=%41", "/search?q=a%20b&r=%41"),
    "/search?q=é": ("/search", "q=%C3%A9", "/search?q=%C3%A9"),
    "/?a?b": ("/", "a?b", "/?a?b"),
    "//elsewhere.example/x": ("//elsewhere.example/x", "", "//elsewhere.example/x"),
    "/a#fragment": ("/a", "", "/a"),
    "/a/../b": ("/a/../b", "", "/a/../b"),
}


@pytest.mark.parametrize("target", TARGETS)
def test_a_target_reaches_the_application_as_a_server_would_hand_it_over(target: str) -> None:
    """Decoded once in PATH_INFO, raw in RAW_URI, the query apart."""
    path, query, raw = TARGETS[target]

    environ = request_environ(target)

    assert (environ["PATH_INFO"], environ["QUERY_STRING"], environ["RAW_URI"]) == (path, query, raw)
    assert environ["SCRIPT_NAME"] == ""


def test_method_scheme_and_host_are_as_told() -> None:
    """SERVER_NAME and SERVER_PORT are those of the host."""
    environ = request_environ("/", method="patch", scheme="http", host="shop.example:8000")

    assert environ["REQUEST_METHOD"] == "patch"
    assert environ["wsgi.url_scheme"] == "http"
    assert environ["HTTP_HOST"] == "shop.example:8000"
    assert (environ["SERVER_NAME"], environ["SERVER_PORT"]) == ("shop.example", "8000")


def test_fields_of_one_name_are_joined() -> None:
    """By commas, cookies by semicolons; Content-Type has its own key (RFC 3875 4.1)."""
    fields = [("Accept", " text/html"), ("accept", "*/*"), ("Cookie", "a=1"), ("cookie", "b=2"), ("X-Name", "é")]

    environ = request_environ("/", fields=[*fields, ("Content-Type", "text/csv"), ("Host", "other.example")])

    assert environ["HTTP_ACCEPT"] == "text/html, */*"
    assert environ["HTTP_COOKIE"] == "a=1; b=2"
    assert environ["HTTP_X_NAME"] == "\xc3\xa9"
    assert environ["CONTENT_TYPE"] == "text/csv"
    assert "HTTP_CONTENT_TYPE" not in environ
    assert environ["HTTP_HOST"] == "other.example"


BAD_REQUESTS: list[tuple[str, dict[str, Any], str]] = [
    ("login", {}, "'login' is no path; begin it with a slash"),
    ("", {}, "'' is no path; begin it with a slash"),
    ("https://shop.example/", {}, "'https://shop.example/' is no path; begin it with a slash"),
    ("/", {"method": "G T"}, "'G T' is no method; write GET"),
    ("/", {"host": "shop.example/login"}, "'shop.example/login' is no host; write localhost or localhost:8000"),
    ("/", {"fields": [("X Y", "1")]}, "'X Y: 1' is no field; write 'Name: value'"),
    ("/", {"fields": [("X-Y", "a\r\nb")]}, "'X-Y: a\\r\\nb' is no field; write 'Name: value'"),
]


@pytest.mark.parametrize(("target", "options", "message"), BAD_REQUESTS)
def test_what_no_client_could_send_is_refused(target: str, options: dict[str, Any], message: str) -> None:
    """BadRequest says what is wrong with it."""
    with pytest.raises(BadRequest) as raised:
        request_environ(target, **options)

    assert str(raised.value) == message


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
def test_the_environ_and_the_way_it_is_run_keep_to_pep_3333(method: str) -> None:
    """wsgiref.validate finds nothing."""

    @validator
    def app(environ: Any, start_response: Any) -> list[bytes]:
        start_response("200 OK", [*PLAIN, ("Content-Length", "0")])
        return []

    assert inspected(app, method=method).status == "200 OK"


# The head.


class Body:
    """A body that counts what is read of it and whether it was closed."""

    def __init__(self, *pieces: bytes) -> None:
        self.pieces = iter(pieces)
        self.read = 0
        self.closed = 0

    def __iter__(self) -> Body:
        return self

    def __next__(self) -> bytes:
        piece = next(self.pieces)
        self.read += 1
        return piece

    def close(self) -> None:
        self.closed += 1


def started(environ: Any, start_response: Any) -> list[bytes]:
    start_response("200 OK", PLAIN)
    return [b"body"]


def starts_late(environ: Any, start_response: Any) -> Iterable[bytes]:
    start_response("200 OK", PLAIN)
    yield b"body"


def writes(environ: Any, start_response: Any) -> list[bytes]:
    start_response("200 OK", PLAIN)(b"body")
    return []


def without_body(environ: Any, start_response: Any) -> tuple[()]:
    start_response("200 OK", tuple(PLAIN))
    return ()


def starts_again(environ: Any, start_response: Any) -> Iterable[bytes]:
    start_response("500 Too Soon", [("X-First", "1")])
    yield b""
    try:
        raise KeyError("late")
    except KeyError:
        start_response("200 OK", PLAIN, sys.exc_info())
    yield b"body"


@pytest.mark.parametrize("app", [started, starts_late, writes, without_body, starts_again])
def test_the_head_is_found_however_it_is_sent(app: Any) -> None:
    """At once, late, through `write`, or again after an error."""
    inspection = inspected(app, Set("X-Frame-Options", "DENY"))

    assert inspection.status == "200 OK"
    assert inspection.before == PLAIN
    assert inspection.after == [*PLAIN, ("X-Frame-Options", "DENY")]


def test_the_body_is_read_until_the_head_stands_and_closed() -> None:
    """The first chunk that is not empty settles the head (PEP 3333)."""
    body = Body(b"", b"first", b"second")

    def app(environ: Any, start_response: Any) -> Body:
        start_response("200 OK", PLAIN)
        return body

    inspected(app)

    assert (body.read, body.closed) == (2, 1)


def test_the_body_is_not_read_after_a_write() -> None:
    """What was written settles it as well."""
    body = Body(b"more")

    def app(environ: Any, start_response: Any) -> Body:
        start_response("200 OK", PLAIN)(b"first")
        return body

    inspected(app)

    assert (body.read, body.closed) == (0, 1)


def test_the_body_of_an_application_that_comes_to_no_head_is_closed() -> None:
    """Though there is nothing to show."""
    body = Body(b"too soon")

    with pytest.raises(NoHead):
        inspected(lambda environ, start_response: body)

    assert body.closed == 1


def raises(environ: Any, start_response: Any) -> list[bytes]:
    raise LookupError("no such\ntable")


def raises_without_words(environ: Any, start_response: Any) -> list[bytes]:
    raise LookupError


def raises_on_closing(environ: Any, start_response: Any) -> Iterable[bytes]:
    start_response("200 OK", PLAIN)
    try:
        yield b"body"
    finally:
        raise LookupError("closed")


def gives_no_body(environ: Any, start_response: Any) -> None:
    start_response("200 OK", PLAIN)


def never_starts(environ: Any, start_response: Any) -> list[bytes]:
    return []


def starts_after_the_body(environ: Any, start_response: Any) -> Iterable[bytes]:
    yield b"body"
    start_response("200 OK", PLAIN)


def gives_text(environ: Any, start_response: Any) -> list[Any]:
    start_response("200 OK", PLAIN)
    return ["body"]


def injects(environ: Any, start_response: Any) -> list[bytes]:
    start_response("200 OK", [("X-Name", "a\r\nSet-Cookie: b")])
    return []


def fails_after_the_first_octet(environ: Any, start_response: Any) -> list[bytes]:
    start_response("200 OK", PLAIN)(b"body")
    try:
        raise LookupError("too late")
    except LookupError:
        start_response("500 Internal Server Error", [], sys.exc_info())
    return []


NO_HEADS = {
    raises: "the application raised LookupError: no such table",
    raises_without_words: "the application raised LookupError",
    raises_on_closing: "the application raised LookupError: closed",
    gives_no_body: "the application raised TypeError: 'NoneType' object is not iterable",
    never_starts: "the application ended without a call of start_response [PEP 3333]",
    starts_after_the_body: "the application gave a body before it called start_response [PEP 3333]",
    gives_text: "the application gave str as body; give bytes [PEP 3333]",
    injects: "the head must not be sent: 'X-Name': the value holds a control character; refuse or encode it "
    "[RFC 9110 5.5]",
    fails_after_the_first_octet: "the application raised LookupError: too late",
}


@pytest.mark.parametrize("app", NO_HEADS, ids=lambda app: app.__name__)
def test_an_application_without_a_head_is_told_in_one_line(app: Any) -> None:
    """NoHead says what the application did instead."""
    with pytest.raises(NoHead) as raised:
        inspected(app)

    assert str(raised.value) == NO_HEADS[app]


def test_what_the_application_raised_is_the_cause() -> None:
    """So that a traceback leads to it."""
    with pytest.raises(NoHead) as raised:
        inspected(raises)

    assert isinstance(raised.value.__cause__, LookupError)


# What is shown is what the middleware sends.


def moves_on(environ: Any, start_response: Any) -> list[bytes]:
    """Change environ as middleware inside does: DispatcherMiddleware the path, ProxyFix host and scheme."""
    environ.update({"SCRIPT_NAME": "/a", "PATH_INFO": "/", "HTTP_HOST": "inner.example", "wsgi.url_scheme": "https"})
    start_response("404 Not Found", [*PLAIN, ("X-Powered-By", "x"), ("Set-Cookie", "sid=1"), ("Vary", "Cookie")])
    return []


POLICY = Policy(
    presets.BASELINE,
    Rule(Match(path="/a/"), Set("X-Path", "entered")),
    Rule(Match(host="localhost"), Set("X-Host", "entered")),
    Rule(Match(status=404), Set("X-Status", "404")),
    Rule(Match(media_type="text/html"), Set("X-Html", "1")),
    Merge("Vary", "Accept"),
    Set("X-Agent", lambda environ: environ.get("HTTP_USER_AGENT")),
)


@pytest.mark.parametrize("app", [started, starts_late, starts_again, moves_on])
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_the_head_shown_is_the_one_that_a_server_is_given(app: Any, scheme: str) -> None:
    """By the middleware itself, for each kind of application."""
    options: dict[str, Any] = {"scheme": scheme, "fields": [("User-Agent", "test")]}
    sent: list[Any] = []

    def start_response(status: str, lines: Any, exc_info: Any = None) -> Any:
        sent[:] = [status, lines]
        return lambda data: None

    inspection = inspect(HeadersMiddleware(app, POLICY), request_environ("/a/b", **options))
    list(HeadersMiddleware(app, POLICY)(request_environ("/a/b", **options), start_response))

    assert inspection.explanation.status == sent[0]
    assert sorted(inspection.after) == sorted(sent[1])


def test_the_url_is_that_of_the_request_as_it_entered() -> None:
    """Applications may move the path on."""
    assert inspected(moves_on, target="/a/b?c").url == "https://localhost/a/b?c"


# As text and as data.


def shop(environ: Any, start_response: Any) -> list[bytes]:
    start_response("200 OK", [("Content-Type", "text/html"), ("Vary", "Cookie"), ("X-Powered-By", "Shop/1")])
    return []


SHOP_POLICY = (
    Remove("X-Powered-By"),
    Merge("Vary", "Accept"),
    Set("X-Frame-Options", "DENY"),
    Rule(Match(path="/admin/"), Rule(Match(status=404), Set("Cache-Control", "no-store"))),
)

SHOP_TEXT = """\
GET https://localhost/cart

  200 OK
  Content-Type: text/html
- Vary: Cookie
+ Vary: Cookie, Accept
      Merge('Vary', 'Accept')
- X-Powered-By: Shop/1
      Remove('X-Powered-By')
+ X-Frame-Options: DENY
      Set('X-Frame-Options', 'DENY')

Rules that did not hold:
  Match(path='/admin/') and Match(status=404): the path does not match
      Set('Cache-Control', 'no-store')"""


def test_the_text_has_each_line_and_the_part_that_did_it() -> None:
    """With the rules that did not hold after them."""
    assert as_text(inspected(shop, *SHOP_POLICY, target="/cart")) == SHOP_TEXT


def test_the_data_says_the_same() -> None:
    """As what JSON can hold."""
    data = json.loads(json.dumps(as_data(inspected(shop, *SHOP_POLICY, target="/cart"))))

    assert data["before"]["lines"][1:] == [["Vary", "Cookie"], ["X-Powered-By", "Shop/1"]]
    assert data["after"]["lines"][1:] == [["Vary", "Cookie, Accept"], ["X-Frame-Options", "DENY"]]
    assert data["lines"][2] == {
        "before": ["X-Powered-By", "Shop/1"],
        "after": None,
        "parts": ["Remove('X-Powered-By')"],
    }
    assert data["idle"] == [
        {
            "matches": ["Match(path='/admin/')", "Match(status=404)"],
            "parts": ["Set('Cache-Control', 'no-store')"],
            "reason": "path",
        }
    ]
    assert (data["method"], data["url"], data["answered"]) == ("GET", "https://localhost/cart", False)


def test_a_terminal_acts_on_nothing_in_the_text() -> None:
    """Controls and what is beyond ASCII are shown as escapes."""

    def app(environ: Any, start_response: Any) -> list[bytes]:
        start_response("200 \xc9a", [("X-Name", "\x9b31m caf\xc3\xa9\ta"), ("X-Empty", "")])
        return []

    lines = as_text(inspected(app)).splitlines()

    assert lines[2:5] == ["  200 \\xc9a", "  X-Name: \\x9b31m caf\\xc3\\xa9\\ta", "  X-Empty:"]
    assert printable("a\r\n\x1b[0m €") == "a\\r\\n\\x1b[0m \\u20ac"


def test_a_changed_status_is_shown_as_a_changed_line() -> None:
    """Before and after, as a field is."""
    inspection = Inspection(
        "GET", "https://localhost/", "200 OK", Explanation("412 Precondition Failed", (), ()), False, (None, None)
    )

    assert as_text(inspection).splitlines()[2:] == ["- 200 OK", "+ 412 Precondition Failed"]
    assert as_data(inspection)["before"]["status"] == "200 OK"
    assert as_data(inspection)["after"]["status"] == "412 Precondition Failed"


PROTECTED = Policy(
    CookieRule("sid", prefix="__Host-"), CookieRule("ad", category="marketing"), CookieConsent(unknown="send")
)


@pytest.mark.parametrize(
    ("sent", "shown", "seen"),
    [
        ("", [], None),
        ("theme=dark", ["  Cookie: theme=dark"], "theme=dark"),
        ("sid=tossed", ["- Cookie: sid=tossed"], None),
        ("__Host-sid=1; sid=2", ["- Cookie: __Host-sid=1; sid=2", "+ Cookie: sid=1"], "sid=1"),
    ],
    ids=["none", "nothing changed", "nothing left", "prefix taken off"],
)
def test_the_cookies_of_the_request_are_shown_as_the_application_saw_them(
    sent: str, shown: list[str], seen: str | None, caplog: pytest.LogCaptureFixture
) -> None:
    """Where the policy changed or dropped one."""
    environ = request_environ("/", fields=[("Cookie", sent)] if sent else [])
    inspection = inspect(HeadersMiddleware(responding(*PLAIN, ("Set-Cookie", "ad=1")), PROTECTED), environ)

    assert as_text(inspection).splitlines()[1:][: len(shown) + 1] == [*shown, ""]
    assert as_data(inspection)["cookies"] == {"sent": sent or None, "seen": seen}
    assert caplog.records == [], "what is only looked at is not told to the log"


def test_a_consent_cookie_is_read_as_the_application_sees_it() -> None:
    """After prefixes, also where only the head is explained."""
    policy = Policy(PROTECTED, CookieRule("consent", prefix="__Host-"))
    for cookies, sent in (("__Host-consent=marketing", ["ad=1"]), ("consent=marketing", [])):
        environ = request_environ("/", fields=[("Cookie", cookies)])
        inspection = inspect(HeadersMiddleware(responding(*PLAIN, ("Set-Cookie", "ad=1")), policy), dict(environ))
        explained = explain(policy, environ, "200 OK", [("Set-Cookie", "ad=1")])

        assert [value for name, value in inspection.after if name == "Set-Cookie"] == sent
        assert [value for name, value in explained.head if name == "Set-Cookie"] == sent


def test_a_line_that_is_withheld_does_not_become_another() -> None:
    """What consent took out is shown as dropped, and the Vary that follows from it as made."""
    explained = explain(PROTECTED, request_environ("/"), "200 OK", [("Set-Cookie", "ad=1")])

    # The rule alone would withhold it too: what has a category waits for a consent cookie.
    parts = (CookieRule("ad", category="marketing"),)
    assert [tuple(line) for line in explained.lines] == [
        (("Set-Cookie", "ad=1"), None, parts),
        (None, ("Vary", "Cookie"), parts),
    ]


class Closed(Part):
    """Answers every request."""

    def __init__(self) -> None:
        self._keep()

    def guard(self, request: Request) -> Decision:
        return Decision("closed", "by night", Answer("503 Service Unavailable", [("Retry-After", "60")], b"later"))


def test_an_answer_of_the_policy_is_told_from_one_of_the_application() -> None:
    """Its lines are all new, and the text says who answered."""
    inspection = inspected(raises, Closed(), Set("X-Frame-Options", "DENY"))

    assert inspection.answered
    assert inspection.before == []
    assert as_data(inspection)["before"] is None
    assert as_text(inspection).splitlines()[2:] == [
        "The policy answered; the application was not called.",
        "",
        "+ 503 Service Unavailable",
        "+ Retry-After: 60",
        "+ Content-Length: 5",
        "+ X-Frame-Options: DENY",
        "+ Cache-Control: no-store",
    ]


TAG = 'W/"46fb7408d4f285228f4af516ea25851b"'


def writes(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
    """Write a part of the body."""
    start_response("200 OK", [("Content-Type", "text/plain")])(b"hel")
    return [b"lo"]


@pytest.mark.parametrize(
    ("app", "parts", "fields", "status", "tags"),
    [
        (responding(*PLAIN, body=[b"hello"]), [], [], "200 OK", [TAG]),
        (responding(*PLAIN, body=[b"hello"]), [], [("If-None-Match", TAG)], "304 Not Modified", [TAG]),
        (responding(*PLAIN, body=[b"hello"]), [Remove("ETag")], [("If-None-Match", TAG)], "200 OK", []),
        (writes, [], [("If-None-Match", TAG)], "200 OK", []),
    ],
    ids=["made", "met", "an operation on ETag", "write"],
)
def test_a_made_tag_is_explained(
    app: Any, parts: list[Part], fields: list[tuple[str, str]], status: str, tags: list[str]
) -> None:
    """The entity tag of a body, and what a client gets that has it, by the part that makes it."""
    conditional = Conditional(etag="weak")
    inspection = inspected(app, conditional, *parts, fields=fields)

    assert inspection.explanation.status == status
    assert [line.after for line in inspection.explanation.lines if line.parts == (conditional,) and line.after] == [
        ("ETag", tag) for tag in tags
    ]
