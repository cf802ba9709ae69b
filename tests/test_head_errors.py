"""What an application must not send, what it may send as it is, and what is brought to the form that servers take.

Sources: PEP 3333 ("The start_response() Callable", "Unicode Issues"), RFC 9110 5.1 and 5.5, RFC 9112 4. Of what is
refused here, wsgiref, cheroot, waitress and uWSGI send much, and for some of it a response without any field.
"""

# Applications and servers here do what a type checker would not have them do.
# mypy: disable-error-code="arg-type"

from __future__ import annotations

import collections
import enum
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple
from wsgiref.types import StartResponse, WSGIEnvironment

import pytest
from wsgi import PLAIN, call, environ_for, responding, run

from wsgi_headers import (
    Append,
    CookieAttributes,
    Default,
    Edit,
    HeadError,
    HeadersMiddleware,
    Match,
    Merge,
    Policy,
    Remove,
    Rule,
    Set,
    presets,
)

pytestmark = pytest.mark.usefixtures("each_loop")

# One policy for each way that a head can take, so that no way leaves the check out; X-Bad is the field of bad lines.
POLICIES = {
    "empty": Policy(),
    "another-field": Policy(Set("X-A", "1")),
    "set": Policy(Set("X-Bad", "1")),
    "default": Policy(Default("X-Bad", "1")),
    "append": Policy(Append("X-Bad", "1")),
    "merge": Policy(Merge("X-Bad", "1")),
    "remove": Policy(Remove("X-Bad")),
    "edit": Policy(Edit("X-Bad", lambda value: value)),
    "edit-drops": Policy(Edit("X-Bad", lambda value: None)),
    "edit-replaces": Policy(Edit("X-Bad", lambda value: "fine")),
    "callable": Policy(Set("X-Bad", lambda environ: "1")),
    "callable-for-another": Policy(Set("X-A", lambda environ: "1")),
    "sequence": Policy(Default("X-Bad", "1"), Merge("X-Bad", "2")),
    "cookies": Policy(CookieAttributes(secure=True)),
    "rule-on-path": Policy(Rule(Match(path="/elsewhere"), Set("X-Bad", "1"))),
    "rule-on-status": Policy(Rule(Match(status=404), Set("X-Bad", "1"))),
    "rule-on-scheme": Policy(Rule(Match(scheme="http"), Set("X-Bad", "1"))),
    "baseline": presets.BASELINE,
}
every_policy = pytest.mark.parametrize("policy", POLICIES.values(), ids=POLICIES)


class Text(str):
    """Text of a class of its own, as MarkupSafe's and lazy translations are."""


class Lying(str):
    """Text that says of itself what it likes."""

    def __str__(self) -> str:
        return "fine"

    def isascii(self) -> bool:
        return True

    def isprintable(self) -> bool:
        return True

    def __eq__(self, other: object) -> bool:
        return True

    def __hash__(self) -> int:
        return hash("200 OK")


class Number(str, enum.Enum):  # noqa: UP042 - such enumerations are what applications have
    """Text by way of an enumeration, whose `str` is not its text."""

    ONE = "1"


class Pair(tuple[str, str]):
    """A tuple of a class of its own."""


Field = collections.namedtuple("Field", ["name", "value"])


# ----------------------------------------------------------------------------------------------------------------------
# Refused
# ----------------------------------------------------------------------------------------------------------------------


class Bad(NamedTuple):
    """A head that must not be sent, and what the message names."""

    id: str
    lines: Any
    named: str
    status: Any = "200 OK"


def value(id: str, text: Any) -> Bad:
    return Bad(f"value-{id}", [PLAIN, ("X-Bad", text)], "X-Bad")


def name(id: str, text: Any, named: str) -> Bad:
    return Bad(f"name-{id}", [PLAIN, (text, "s3cret")], named)


def status(id: str, text: Any) -> Bad:
    return Bad(f"status-{id}", [PLAIN], "status", text)


def head(id: str, lines: Any, named: str = "head") -> Bad:
    return Bad(f"head-{id}", lines, named)


BAD = [
    value("cr", "s3cret\rX"),
    value("lf", "s3cret\nX"),
    value("cr-lf", "s3cret\r\nX-Evil: 1"),
    value("cr-lf-and-blank", "s3cret\r\n folded"),
    value("lf-at-the-end", "s3cret\n"),
    value("lf-at-the-start", "\ns3cret"),
    value("lf-alone", "\n"),
    value("nul", "s3cret\0"),
    *(value(f"control-{code:02x}", f"s3cret{chr(code)}") for code in (1, 8, 0x0B, 0x0C, 0x1B, 0x1C, 0x1F)),
    value("del", "s3cret\x7f"),
    value("beyond-latin-1", "s3cret \u20ac"),
    value("first-beyond-latin-1", "s3cret \u0100"),
    value("line-separator", "s3cret\u2028"),
    value("surrogate", "s3cret\udc80"),
    value("beyond-the-bmp", "s3cret\U0001f600"),
    value("none", None),
    value("number", 53),
    value("bytes", b"s3cret"),
    value("list", ["s3cret"]),
    value("subclass", Text("s3cret\n")),
    value("lying-subclass", Lying("s3cret\n")),
    name("empty", "", "''"),
    name("blank", "X Bad", "X Bad"),
    name("blank-after", "X-Bad ", "X-Bad "),
    name("blank-before", " X-Bad", " X-Bad"),
    name("tab-after", "X-Bad\t", r"X-Bad\t"),
    name("colon", "X-Bad:", "X-Bad:"),
    name("lf", "X-Bad\n", r"X-Bad\n"),
    name("cr-lf", "X-Bad: 1\r\nX-Evil", r"X-Bad: 1\r\nX-Evil"),
    name("nul", "X-Bad\0", r"X-Bad\x00"),
    name("del", "X-Bad\x7f", r"X-Bad\x7f"),
    *(name(f"delimiter-{character}", f"X-Bad{character}", "X-Bad") for character in '"(),/;<=>?@[]{}'),
    name("backslash", "X-Bad\\", "X-Bad"),
    name("latin-1", "X-B\xe4d", r"X-B\xe4d"),
    name("beyond-latin-1", "X-\u0412ad", r"X-\u0412ad"),
    name("kelvin-sign", "\u212aeep-Alive", r"\u212aeep-Alive"),
    name("bytes", b"X-Bad", "line 1"),
    name("none", None, "line 1"),
    name("number", 5, "line 1"),
    name("list", ["X-Bad"], "line 1"),
    name("subclass", Text("X-Bad\n"), r"X-Bad\n"),
    name("lying-subclass", Lying("X-Bad\n"), r"X-Bad\n"),
    head("one-item", [("X-Bad",)], "line 0"),
    head("three-items", [PLAIN, ("X-Bad", "1", "s3cret")], "line 1"),
    head("no-items", [()], "line 0"),
    head("text-for-a-line", ["X-Bad: s3cret"], "line 0"),
    head("two-letters", ["ab"], "line 0"),
    head("bytes-for-a-line", [b"X-Bad"], "line 0"),
    head("none-for-a-line", [PLAIN, None], "line 1"),
    head("number-for-a-line", [5], "line 0"),
    head("set-for-a-line", [{"X-Bad", "s3cret"}], "line 0"),
    head("none", None),
    head("number", 5),
    head("mapping", {"X-Bad": "s3cret"}, "line 0"),
    head("text", "X-Bad: s3cret", "line 0"),
    *(
        status(ascii(text).replace("\\", "/"), text)
        for text in (
            *(
                "",
                "200",
                "OK",
                "abc",
                "abc OK",
                " 200 OK",
                "20 OK",
                "2000 OK",
                "200OK",
                "200\tOK",
                "200  OK"[:3] + "-OK",
            ),
            *(
                "099 X",
                "000 X",
                "100 Continue",
                "101 Switching Protocols",
                "103 Early Hints",
                "199 X",
                "-20 OK",
                "+20 OK",
            ),
            *(
                "200 OK\n",
                "200 OK\r\nX-Evil: 1",
                "200 \r",
                "200 OK\0",
                "200 \x1b[1m",
                "200 \x7f",
                "200\n",
                "200 OK\u20ac",
            ),
            *("\u0662\u0660\u0660 OK", "\xb200 OK", "2\xb20 OK", "HTTP/1.1 200 OK", "1000 X", "200\xa0OK"),
            *(None, 200, b"200 OK", ["200 OK"], ("200", "OK"), {"200 OK": 1}, Text("200"), Lying("abc\n")),
        )
    ),
]
every_bad_head = pytest.mark.parametrize("bad", BAD, ids=lambda bad: bad.id)


class Attempt:
    """An application that tries a head and keeps what was raised in its own call."""

    def __init__(self, first: Bad) -> None:
        self.bad = first
        self.caught: list[Exception] = []

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        try:
            start_response(self.bad.status, self.bad.lines)
        except Exception as error:
            self.caught.append(error)
            start_response("500 Oops", [PLAIN])
        return [b""]


@every_bad_head
def test_refused(bad: Bad) -> None:
    """HeadError in the application's own call, nothing sent, the field named and the value not; the next head goes."""
    for policy in POLICIES.values():
        app = Attempt(bad)
        response = call(HeadersMiddleware(app, policy), validate=False)
        assert [type(error) for error in app.caught] == [HeadError], policy
        assert bad.named in str(app.caught[0]), policy
        assert "s3cret" not in str(app.caught[0]), policy
        assert [sent.status for sent in response.calls] == ["500 Oops"], policy


FINE = Bad("fine", [PLAIN, ("X-Bad", "fine")], "")


@every_bad_head
def test_refused_after_heads_that_were_fine(bad: Bad) -> None:
    """What was learnt from good heads with the same names and status lets no bad one through."""
    for policy in POLICIES.values():
        app = Attempt(FINE)
        middleware = HeadersMiddleware(app, policy)
        for _ in range(3):
            call(middleware, validate=False)
        assert app.caught == [], policy
        app.bad = bad
        for _ in range(2):  # and a head that was refused once is refused again
            call(middleware, validate=False)
        assert [type(error) for error in app.caught] == [HeadError, HeadError], policy


@every_policy
@pytest.mark.parametrize(
    "bad", [BAD[3], name("cr-lf", "X-Bad\r\nX-Evil", ""), status("lf", "200 OK\n")], ids=lambda b: b.id
)
def test_refused_with_exc_info(bad: Bad, policy: Policy) -> None:
    """The head of an error page is looked at as the first one is, and the first one stays."""
    caught: list[HeadError] = []

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        start_response("200 OK", [PLAIN])
        error = ValueError()
        try:
            start_response(bad.status, bad.lines, (ValueError, error, None))
        except HeadError as refused:
            caught.append(refused)
        return [b""]

    response = call(HeadersMiddleware(app, policy), validate=False)
    assert (len(caught), response.status) == (1, "200 OK")


@every_policy
def test_refused_in_a_generator_application(policy: Policy) -> None:
    """An application that starts late gets the error where it starts."""

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterator[bytes]:
        with pytest.raises(HeadError, match="X-Bad"):
            start_response("200 OK", [("X-Bad", "\r\n")])
        start_response("500 Oops", [PLAIN])
        yield b"late"

    response = call(HeadersMiddleware(app, policy), validate=False)
    assert (response.status, response.body) == ("500 Oops", b"late")


@every_policy
def test_uncaught(policy: Policy) -> None:
    """An application that does not catch it lets it through to the server, which was told nothing."""
    calls: list[Any] = []
    middleware = HeadersMiddleware(responding(("X-Bad", "1\r\nSet-Cookie: a=1")), policy)
    with pytest.raises(HeadError, match="X-Bad"):
        middleware(environ_for(), lambda *arguments: calls.append(arguments))
    assert calls == []


# ----------------------------------------------------------------------------------------------------------------------
# Passed on, byte for byte
# ----------------------------------------------------------------------------------------------------------------------

PASSED = [
    ("tab", ("X-B", "a\tb")),
    ("tab-at-the-ends", ("X-B", "\ta\t")),
    ("blanks-at-the-ends", ("X-B", "  a ")),
    ("blank-alone", ("X-B", " ")),
    ("octets-80-ff", ("X-B", "".join(map(chr, range(0x80, 0x100))))),
    ("no-break-space", ("X-B", "\xa0a\x85")),
    ("visible-ascii", ("X-B", "".join(map(chr, range(0x20, 0x7F))))),
    ("empty", ("X-B", "")),
    ("long", ("X-B", "x" * 100_000)),
    ("long-name", ("X" * 10_000, "1")),
    ("every-token-character", ("!#$%&'*+-.^_`|~0aZ", "1")),
    ("connection", ("Connection", "close")),
    ("transfer-encoding", ("Transfer-Encoding", "chunked")),
    ("upgrade", ("Upgrade", "websocket")),
    ("keep-alive", ("keep-alive", "timeout=5")),
    ("content-length", ("Content-Length", "5")),
    ("content-length-wrong", ("content-length", "many")),
    ("status", ("Status", "404")),
    ("set-cookie-odd", ("Set-Cookie", ' a = "b ; c , ;; secure=x')),
    ("vary-odd", ("vAry", ",,Accept ,*,accept")),
    ("cache-control-odd", ("Cache-Control", 'max-age = x, "')),
]
every_passed_line = pytest.mark.parametrize("line", [row[1] for row in PASSED], ids=[row[0] for row in PASSED])

# Policies that touch none of these fields.
BYSTANDERS = {id: POLICIES[id] for id in POLICIES if id not in ("cookies", "baseline")}


@pytest.mark.parametrize("policy", BYSTANDERS.values(), ids=BYSTANDERS)
@every_passed_line
def test_passed(line: tuple[str, str], policy: Policy) -> None:
    """What an application may send passes as it is, its framing and hop-by-hop lines included, wherever it stands."""
    middleware = HeadersMiddleware(responding(line, PLAIN, line), policy)
    for _ in range(3):
        lines = call(middleware, validate=False).lines
        assert lines[:3] == [line, PLAIN, line]


GOOD_STATUSES = ["200 OK", "200 ", "204 No Content", "304 Not Modified", "999 X", "299 caf\xe9\t!", "404  two blanks"]


@every_policy
@pytest.mark.parametrize("text", GOOD_STATUSES)
def test_status_passed(text: str, policy: Policy) -> None:
    """A status passes as it is, its reason too, which may be empty."""
    middleware = HeadersMiddleware(responding(PLAIN, status=text), policy)
    assert [call(middleware, validate=False).status for _ in range(2)] == [text, text]


# ----------------------------------------------------------------------------------------------------------------------
# Brought to an exact list of exact pairs of exact text
# ----------------------------------------------------------------------------------------------------------------------


class Lines(list[Any]):
    """A list of a class of its own."""


def generated(lines: list[Any]) -> Iterator[Any]:
    yield from lines


SHAPES: list[tuple[str, Callable[[], Any]]] = [
    ("list", lambda: [PLAIN, ("X-A", "1")]),
    ("tuple", lambda: (PLAIN, ("X-A", "1"))),
    ("generator", lambda: generated([PLAIN, ("X-A", "1")])),
    ("iterator", lambda: iter([PLAIN, ("X-A", "1")])),
    ("items", lambda: {"Content-Type": "text/plain", "X-A": "1"}.items()),
    ("deque", lambda: collections.deque([PLAIN, ("X-A", "1")])),
    ("subclass-of-list", lambda: Lines([PLAIN, ("X-A", "1")])),
    ("lists", lambda: [list(PLAIN), ["X-A", "1"]]),
    ("a-list-among-tuples", lambda: [PLAIN, ["X-A", "1"]]),
    ("named-tuples", lambda: [Field(*PLAIN), Field("X-A", "1")]),
    ("subclass-of-tuple", lambda: [PLAIN, Pair(("X-A", "1"))]),
    ("generator-of-lists", lambda: generated([list(PLAIN), ["X-A", "1"]])),
    ("subclass-value", lambda: [PLAIN, ("X-A", Text("1"))]),
    ("enumeration-value", lambda: [PLAIN, ("X-A", Number.ONE)]),
    ("subclass-name", lambda: [PLAIN, (Text("X-A"), "1")]),
    ("lying-value", lambda: [PLAIN, ("X-A", Lying("1"))]),
    ("lying-name", lambda: [PLAIN, (Lying("X-A"), "1")]),
    ("all-at-once", lambda: generated([Field(Text("Content-Type"), Text("text/plain")), [Text("X-A"), Number.ONE]])),
]

SHAPING = {
    **{id: BYSTANDERS[id] for id in ("empty", "another-field", "callable-for-another", "rule-on-status")},
    "touches": Policy(Default("X-A", "0")),
    "merges": Policy(Merge("X-A", "1")),
    "edits": Policy(Edit("X-A", lambda text: text)),
}


@pytest.mark.parametrize("policy", SHAPING.values(), ids=SHAPING)
@pytest.mark.parametrize("build", [row[1] for row in SHAPES], ids=[row[0] for row in SHAPES])
def test_shape(build: Callable[[], Any], policy: Policy) -> None:
    """However lines are held and whatever their classes, the server gets a list of pairs of text, exact ones."""

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        start_response("200 OK", build())
        return [b""]

    middleware = HeadersMiddleware(app, policy)
    for _ in range(3):
        response = call(middleware, validate=policy != SHAPING["callable-for-another"])
        assert {PLAIN, ("X-A", "1")} <= set(response.lines)
        assert type(response.calls[0].lines) is list
        assert {type(line) for line in response.calls[0].lines} == {tuple}
        assert {type(text) for line in response.calls[0].lines for text in line} == {str}


@every_policy
@pytest.mark.parametrize("text", [Text("200 OK"), Lying("200 OK")], ids=["subclass", "lying-subclass"])
def test_shape_of_the_status(text: str, policy: Policy) -> None:
    """A status of a subclass of str goes out as the exact text, the second time as well."""
    app = responding(PLAIN, status=text)
    middleware = HeadersMiddleware(app, policy)
    for _ in range(3):
        response = call(middleware, validate=False)
        assert type(response.calls[0].status) is str
        assert response.status == "200 OK"


@every_policy
def test_error_in_the_head_of_the_application(policy: Policy) -> None:
    """What a generator of lines raises is its own error, not a mistake in the head."""

    def lines() -> Iterator[tuple[str, str]]:
        yield PLAIN
        raise TypeError("from the application")

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        start_response("200 OK", lines())
        return [b""]

    with pytest.raises(TypeError, match="from the application"):
        run(HeadersMiddleware(app, policy), environ_for(), validate=False)
