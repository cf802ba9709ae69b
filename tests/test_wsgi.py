"""The middleware as a party to PEP 3333: what it hands on, what it leaves alone, and what it keeps to itself."""

# Applications and servers here do what a type checker would not have them do.
# mypy: disable-error-code="arg-type, comparison-overlap, func-returns-value, method-assign, no-any-return"

from __future__ import annotations

import contextlib
import copy
import gc
import io
import os
import pickle
import subprocess
import sys
import textwrap
import threading
import tracemalloc
import weakref
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from types import FrameType
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment
from wsgiref.util import FileWrapper

import pytest
from flask import Flask
from wsgi import PLAIN, Line, call, environ_for, responding, run, validated

import wsgi_headers
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
    overrides,
    presets,
)
from wsgi_headers.exchange import ENVIRON_KEY

pytestmark = pytest.mark.usefixtures("each_loop")

ROOT = Path(wsgi_headers.__file__).parents[1]

# One policy for each kind of `start_response` that an application may be given.
KINDS = {
    "empty": Policy(),
    "constant": Policy(Set("X-A", "1"), Remove("X-B")),
    "callable": Policy(Set("X-A", lambda environ: "1")),
    "by-request": Policy(Rule(Match(path="/"), Set("X-A", "1"))),
    "by-scheme": Policy(Rule(Match(scheme="https"), Set("X-A", "1"))),
    "by-head": Policy(Rule(Match(status="2xx"), Set("X-A", "1"))),
    "baseline": presets.BASELINE,
}
every_kind = pytest.mark.parametrize("policy", KINDS.values(), ids=KINDS)

SET_A = Policy(Set("X-A", "1"))


def failing() -> tuple[type[BaseException], BaseException, Any]:
    """Return the exc_info of an exception with a traceback."""
    try:
        raise ZeroDivisionError("in the application")
    except ZeroDivisionError:
        kind, error, traceback = sys.exc_info()
        assert kind is not None and error is not None
        return kind, error, traceback


# ----------------------------------------------------------------------------------------------------------------------
# start_response
# ----------------------------------------------------------------------------------------------------------------------


@every_kind
def test_second_call_with_exc_info(policy: Policy) -> None:
    """The whole head is made anew from the second list, and exc_info goes on."""
    exc_info = failing()

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        start_response("200 OK", [PLAIN, ("X-First", "1")])
        start_response("500 Oops", [PLAIN, ("X-Second", "1")], exc_info)
        return [b"error page"]

    for validate in (True, False):
        response = call(HeadersMiddleware(validated(app) if validate else app, policy), validate=validate)
        assert [sent.status for sent in response.calls] == ["200 OK", "500 Oops"]
        assert [sent.exc_info for sent in response.calls] == [None, exc_info]
        assert (response.values("X-First"), response.values("X-Second")) == ([], ["1"])
        assert response.values("X-A") == (["1"] if policy in (SET_A, *list(KINDS.values())[1:5]) else [])


@every_kind
def test_third_call_with_exc_info(policy: Policy) -> None:
    """An error page that fails in turn is replaced as well."""

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        start_response("200 OK", [PLAIN])
        start_response("500 Oops", [PLAIN], failing())
        start_response("503 Worse", [PLAIN], failing())
        return [b""]

    assert call(HeadersMiddleware(app, policy)).status == "503 Worse"


@every_kind
def test_first_call_with_exc_info(policy: Policy) -> None:
    """The first call may have exc_info already, where the application failed before it."""

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        start_response("500 Oops", [PLAIN], failing())
        return [b""]

    response = call(HeadersMiddleware(app, policy))
    assert (response.status, len(response.calls)) == ("500 Oops", 1)


@every_kind
def test_second_call_with_exc_info_after_the_head_was_sent(policy: Policy) -> None:
    """The server raises the application's exception again then, and that goes through."""
    exc_info = failing()

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterator[bytes]:
        start_response("200 OK", [PLAIN])
        yield b"sent"
        start_response("500 Oops", [PLAIN], exc_info)

    with pytest.raises(ZeroDivisionError) as caught:
        call(HeadersMiddleware(app, policy))
    assert caught.value is exc_info[1]


@every_kind
@pytest.mark.parametrize("late", [False, True], ids=["at-once", "generator"])
def test_second_call_without_exc_info(policy: Policy, late: bool) -> None:
    """It is refused, in the application's own call, whatever the server would say; the first head stays."""
    calls: list[Any] = []

    def start(environ: WSGIEnvironment, start_response: StartResponse) -> Iterator[bytes]:
        start_response("200 OK", [PLAIN])
        with pytest.raises(HeadError, match="second time without exc_info"):
            start_response("404 Not Found", [PLAIN])
        with pytest.raises(HeadError, match="second time without exc_info"):
            start_response("404 Not Found", [PLAIN], None)
        yield b"body"

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        return start(environ, start_response) if late else list(start(environ, start_response))

    body = HeadersMiddleware(app, policy)(environ_for(), lambda *arguments: calls.append(arguments))
    assert list(body) == [b"body"]
    assert [arguments[0] for arguments in calls] == ["200 OK"]


def test_second_call_below_a_middleware_that_holds_heads_back() -> None:
    """What holds heads back between two policies does not make a second call look like the first."""

    def holding(app: WSGIApplication) -> WSGIApplication:
        def held(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
            heads: list[Any] = []
            body = list(app(environ, lambda *head: heads.append(head) or bytes.__len__))
            start_response(*heads[-1])
            return body

        return held

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        start_response("200 OK", [PLAIN])
        with pytest.raises(HeadError, match="second time without exc_info"):
            start_response("404 Not Found", [PLAIN])
        return [b""]

    inner = HeadersMiddleware(app, Policy(Set("X-B", "1")))
    response = call(HeadersMiddleware(holding(inner), SET_A))
    assert (response.status, response.values("X-A"), response.values("X-B")) == ("200 OK", ["1"], ["1"])


@every_kind
def test_exception_of_the_servers_start_response(policy: Policy) -> None:
    """What the server raises goes through; the head counts as started, so that another call needs exc_info."""

    class Refusal(Exception):
        pass

    heads: list[str] = []

    def start_response(status: str, lines: Any, exc_info: Any = None) -> Callable[[bytes], object]:
        heads.append(status)
        if exc_info is None:
            raise Refusal
        return bytes.__len__

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        with pytest.raises(Refusal):
            start_response("200 OK", [PLAIN])
        with pytest.raises(HeadError):
            start_response("200 OK", [PLAIN])
        start_response("500 Oops", [PLAIN], failing())
        return [b""]

    HeadersMiddleware(app, policy)(environ_for(), start_response)
    assert heads == ["200 OK", "500 Oops"]


@every_kind
def test_arguments_for_the_server(policy: Policy) -> None:
    """Positional ones alone, and no third where the application gave none or None: some servers take no more."""
    seen: list[int] = []

    def two(status: str, lines: Any, /) -> Callable[[bytes], object]:
        seen.append(2)
        return bytes.__len__

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        start_response("200 OK", [PLAIN], *([None] if environ["PATH_INFO"] == "/none" else []))
        return [b""]

    middleware = HeadersMiddleware(app, policy)
    for path in ("/", "/none"):
        middleware(environ_for(path=path), two)
    assert seen == [2, 2]


@every_kind
@pytest.mark.parametrize("write", [bytes.__len__, None], ids=["callable", "none"])
def test_what_start_response_gives(policy: Policy, write: Any) -> None:
    """The server's own `write` comes back, or None from the servers that have none (bjoern, granian)."""
    given: list[Any] = []

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        given.append(start_response("200 OK", [PLAIN]))
        given.append(start_response("500 Oops", [PLAIN], failing()))
        return [b""]

    HeadersMiddleware(app, policy)(environ_for(), lambda *head: write)
    assert given == [write, write]


@every_kind
def test_write(policy: Policy) -> None:
    """What is written through it comes before what is returned."""

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        write = start_response("200 OK", [PLAIN])
        write(b"written, ")
        return [b"returned"]

    assert call(HeadersMiddleware(validated(app), policy)).body == b"written, returned"


# ----------------------------------------------------------------------------------------------------------------------
# The application's body, and when it starts
# ----------------------------------------------------------------------------------------------------------------------


@every_kind
def test_generator_application(policy: Policy) -> None:
    """An application that starts at its first chunk gets its head rewritten then."""

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterator[bytes]:
        start_response("200 OK", [PLAIN, ("X-B", "1")])
        yield b"late"

    for _ in range(2):
        response = call(HeadersMiddleware(app, policy))
        assert response.body == b"late"
        assert ("X-A", "1") in response.lines or policy in (KINDS["empty"], presets.BASELINE)


class Body:
    """An iterable that counts what is done to it."""

    def __init__(self, *chunks: bytes) -> None:
        self.chunks = chunks
        self.asked: list[str] = []

    def __iter__(self) -> Iterator[bytes]:
        self.asked.append("iter")
        return iter(self.chunks)

    def __len__(self) -> int:
        self.asked.append("len")
        return len(self.chunks)

    def close(self) -> None:
        self.asked.append("close")


@every_kind
@pytest.mark.parametrize(
    "body",
    [Body(b"a"), [b"a"], (b"a",), iter([b"a"]), b"", FileWrapper(io.BytesIO(b"a"))],
    ids=lambda b: type(b).__name__,
)
def test_body_is_returned_as_it_is(policy: Policy, body: Any) -> None:
    """The application's iterable comes back as the same object, not iterated, measured or closed."""
    returned = HeadersMiddleware(responding(PLAIN, body=body), policy)(environ_for(), lambda *head: bytes.__len__)
    assert returned is body
    assert getattr(body, "asked", []) == []


@every_kind
def test_close_is_called_once(policy: Policy) -> None:
    """`close` is the server's to call, once, also where the body fails on the way."""
    body = Body(b"a", b"b")
    assert call(HeadersMiddleware(responding(PLAIN, body=body), policy), validate=False).body == b"ab"
    assert body.asked.count("close") == 1

    class Failing(Body):
        def __iter__(self) -> Iterator[bytes]:
            yield b"a"
            raise ZeroDivisionError

    body = Failing()
    with pytest.raises(ZeroDivisionError):
        call(HeadersMiddleware(responding(PLAIN, body=body), policy), validate=False)
    assert body.asked == ["close"]


@every_kind
def test_file_wrapper(policy: Policy) -> None:
    """What the server's file wrapper made comes back as such, so that the server can send the file itself."""
    made: list[FileWrapper] = []

    def wrapper(file: Any, size: int = 8192) -> FileWrapper:
        made.append(FileWrapper(file, size))
        return made[-1]

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        start_response("200 OK", [PLAIN])
        body: Iterable[bytes] = environ["wsgi.file_wrapper"](io.BytesIO(b"file"))
        return body

    environ = environ_for(**{"wsgi.file_wrapper": wrapper})
    body = HeadersMiddleware(app, policy)(environ, lambda *head: bytes.__len__)
    assert body is made[0]
    assert list(body) == [b"file"]


@every_kind
def test_chunks_come_as_they_are_made(policy: Policy) -> None:
    """No chunk is asked for before the server asks, and none is held back, the empty ones included."""
    made: list[int] = []

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterator[bytes]:
        start_response("200 OK", [PLAIN])
        for number, chunk in enumerate([b"", b"a", b"", b"b"]):
            made.append(number)
            yield chunk

    body = iter(HeadersMiddleware(app, policy)(environ_for(), lambda *head: bytes.__len__))
    assert made == []
    assert [(next(body), list(made)) for _ in range(4)] == [
        (b"", [0]),
        (b"a", [0, 1]),
        (b"", [0, 1, 2]),
        (b"b", [0, 1, 2, 3]),
    ]


@every_kind
def test_head_request(policy: Policy) -> None:
    """HEAD has the fields of GET, and the body stays the application's business."""
    app = HeadersMiddleware(validated(responding(PLAIN, ("X-B", "1"), body=[])), policy)
    assert call(app, method="HEAD").lines == call(app, method="GET").lines


@pytest.mark.parametrize("status", ["204 No Content", "304 Not Modified"])
@every_kind
def test_response_without_body(status: str, policy: Policy) -> None:
    """Nothing is added that such a response must not have; wsgiref.validate looks on."""
    response = call(HeadersMiddleware(validated(responding(status=status, body=[])), policy))
    assert (response.status, response.body) == (status, b"")


def test_flask() -> None:
    """Mounted as an application's `wsgi_app`, it sees the responses and error pages of a framework."""
    site = Flask(__name__)
    site.get("/")(lambda: "fine")
    site.wsgi_app = HeadersMiddleware(validated(site.wsgi_app), Policy(Set("X-A", "1"), Remove("Content-Type")))
    for path, code in (("/", 200), ("/missing", 404)):
        response = site.test_client().get(path)
        assert (response.status_code, response.headers.getlist("X-A"), response.content_type) == (code, ["1"], None)


# ----------------------------------------------------------------------------------------------------------------------
# Nothing of the application's is changed or kept
# ----------------------------------------------------------------------------------------------------------------------

CHANGING = {
    **KINDS,
    "merge": Policy(Merge("X-A", "2"), Merge("Vary", "Origin")),
    "append": Policy(Append("X-A", "2")),
    "edit": Policy(Edit("X-A", str.upper)),
    "cookies": Policy(CookieAttributes(secure=True)),
}


@pytest.mark.parametrize("policy", CHANGING.values(), ids=CHANGING)
def test_list_of_the_application(policy: Policy) -> None:
    """Its list is never changed, and what it appends later reaches nobody."""
    lines = [PLAIN, ("X-A", "a"), ("x-b", "1"), ("Set-Cookie", "sid=1"), ("Vary", "Accept")]
    before = list(lines)

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        start_response("200 OK", lines)
        assert lines == before
        lines.append(("X-Late", "1"))
        return [b"body"]

    middleware = HeadersMiddleware(app, policy)
    for _ in range(4):
        assert call(middleware).values("X-Late") == []
        assert lines.pop() == ("X-Late", "1")
        assert all(now is then for now, then in zip(lines, before, strict=True))


# an application that sends a module-level list.
@pytest.mark.parametrize("policy", CHANGING.values(), ids=CHANGING)
def test_list_that_is_sent_again(policy: Policy) -> None:
    """A list that the application sends for every request gathers nothing from one to the next."""
    lines = [PLAIN, ("X-A", "a"), ("Set-Cookie", "sid=1"), ("Vary", "Accept")]

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        start_response("200 OK", lines)
        return [b""]

    middleware = HeadersMiddleware(app, policy)
    first = call(middleware).lines
    assert [call(middleware).lines for _ in range(5)] == [first] * 5


@every_kind
def test_list_for_the_server(policy: Policy) -> None:
    """A server that changes the list it was given changes no other response."""

    def server(status: str, lines: list[Any], exc_info: Any = None) -> Callable[[bytes], object]:
        seen.append(list(lines))
        lines.append(("Server", "greedy"))
        lines.reverse()
        return bytes.__len__

    seen: list[Any] = []
    middleware = HeadersMiddleware(responding(PLAIN), policy)
    for _ in range(4):
        middleware(environ_for(), server)
    assert seen == [seen[0]] * 4
    assert ("Server", "greedy") not in seen[0]


def test_no_value_of_one_request_reaches_another() -> None:
    """What a callable gave or an application sent for one request is not in the next response."""
    policy = Policy(
        Set("X-Tenant", lambda environ: environ.get("HTTP_X_TENANT")),
        Default("X-Own", "default"),
        Merge("Vary", "Origin"),
        Edit("X-Edited", str.upper),
    )

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        own = environ.get("HTTP_X_TENANT")
        start_response("200 OK", [PLAIN, *((name, own) for name in ("X-Own", "Vary", "X-Edited", "X-Other") if own)])
        return [b""]

    middleware = HeadersMiddleware(app, policy)
    for number in range(3):
        assert f"t{number}" in str(call(middleware, HTTP_X_TENANT=f"t{number}").lines)
        assert sorted(call(middleware).lines) == sorted([PLAIN, ("X-Own", "default"), ("Vary", "Origin")])


# ----------------------------------------------------------------------------------------------------------------------
# Nested middlewares
# ----------------------------------------------------------------------------------------------------------------------


def numbered(prefix: str) -> Policy:
    """Return a policy that is not idempotent; each call gives an equal one."""
    return Policy(Append("X-Trace", prefix))


def test_nested_equal_policies_act_once() -> None:
    """However often an equal policy is nested, the result is that of once."""
    app = responding(PLAIN, ("X-Trace", "app"))
    for _ in range(3):
        app = HeadersMiddleware(validated(app), numbered("a"))
        assert call(app).values("X-Trace") == ["app", "a"]


def test_nested_equal_policies_the_outermost_acts() -> None:
    """It is the outermost that acts: on what a middleware between the two did to the head, too."""

    def between(app: WSGIApplication) -> WSGIApplication:
        def adding(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
            return app(
                environ, lambda status, lines, *more: start_response(status, [*lines, ("X-B", "between")], *more)
            )

        return adding

    policy = Policy(Append("X-B", "policy"))
    app = HeadersMiddleware(between(HeadersMiddleware(responding(PLAIN), policy)), Policy(Append("X-B", "policy")))
    assert call(app).values("X-B") == ["between", "policy"]


def test_nested_different_policies_act_both_the_inner_first() -> None:
    """Each acts on the head that the one below made."""
    inner = HeadersMiddleware(validated(responding(PLAIN, ("X-Trace", "app"))), numbered("inner"))
    assert call(HeadersMiddleware(validated(inner), numbered("outer"))).values("X-Trace") == ["app", "inner", "outer"]


@pytest.mark.parametrize(
    ("order", "trace"),
    [
        ("ab", ["a", "b"]),
        ("ba", ["b", "a"]),
        ("aba", ["b", "a"]),
        ("abab", ["a", "b"]),
        ("aab", ["a", "b"]),
        ("abb", ["a", "b"]),
        ("abcba", ["c", "b", "a"]),
    ],
)
def test_nested_mixture(order: str, trace: list[str]) -> None:
    """Of each policy the outermost acts, in the order from inside; named from inside to outside."""
    app = responding(PLAIN)
    for name in order:
        app = HeadersMiddleware(app, numbered(name))
    response = call(app)
    assert response.values("X-Trace") == trace
    assert len(response.calls) == 1


def test_nested_second_head() -> None:
    """An error page goes through both policies again, from its own list."""

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        start_response("200 OK", [PLAIN])
        start_response("500 Oops", [PLAIN], failing())
        with pytest.raises(HeadError):
            start_response("404 Not Found", [PLAIN])
        return [b""]

    stack = HeadersMiddleware(HeadersMiddleware(app, numbered("inner")), numbered("outer"))
    response = call(stack)
    assert (response.status, response.values("X-Trace")) == ("500 Oops", ["inner", "outer"])


def test_nested_with_the_environ_copied_between() -> None:
    """Where something between hands on a copy of environ, an equal policy acts once all the same, another one too."""

    def copying(app: WSGIApplication) -> WSGIApplication:
        return lambda environ, start_response: app(dict(environ), start_response)

    inner = HeadersMiddleware(responding(PLAIN), numbered("a"))
    assert call(HeadersMiddleware(copying(inner), numbered("a"))).values("X-Trace") == ["a"]
    assert call(HeadersMiddleware(copying(inner), numbered("b"))).values("X-Trace") == ["a", "b"]
    both = HeadersMiddleware(copying(HeadersMiddleware(copying(inner), numbered("b"))), numbered("a"))
    assert call(both).values("X-Trace") == ["b", "a"]


def test_subrequest() -> None:
    """A request that the application makes itself, through the same middleware, is one of its own: it is acted on."""
    inside: list[list[str]] = []

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        if environ["PATH_INFO"] == "/":
            response = run(middleware, {**environ, "PATH_INFO": "/part"}, validate=False)
            inside.append(response.values("X-Trace"))
        start_response("200 OK", [PLAIN])
        return [b""]

    middleware = HeadersMiddleware(app, numbered("a"))
    assert call(middleware, validate=False).values("X-Trace") == ["a"]
    assert inside == [["a"]]


# ----------------------------------------------------------------------------------------------------------------------
# environ
# ----------------------------------------------------------------------------------------------------------------------


def fails(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
    raise ZeroDivisionError


def sends_what_must_not_be_sent(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
    start_response("200 OK", [("X-Bad", "\n")])
    return [b""]


@every_kind
def test_environ_is_handed_on(policy: Policy) -> None:
    """The application gets the server's own dictionary."""
    seen: list[WSGIEnvironment] = []

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        seen.append(environ)
        start_response("200 OK", [PLAIN])
        return [b""]

    environ = environ_for()
    run(HeadersMiddleware(app, policy), environ, validate=False)
    assert seen[0] is environ


@every_kind
def test_environ_is_left_as_it_came(policy: Policy) -> None:
    """When the head has gone out, environ has no state of ours, only that it has; our keys have our prefix."""

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterator[bytes]:
        assert [key for key in environ if key not in before and not key.startswith("wsgi_headers.")] == []
        start_response("200 OK", [PLAIN])
        assert environ == {**before, ENVIRON_KEY: None}
        yield b""

    environ = environ_for()
    before = dict(environ)
    run(HeadersMiddleware(app, policy), environ, validate=False)
    assert environ == {**before, ENVIRON_KEY: None}


@pytest.mark.parametrize("application", [fails, sends_what_must_not_be_sent], ids=["raises", "head-error"])
@every_kind
def test_environ_after_an_exception(policy: Policy, application: WSGIApplication) -> None:
    """An environ in which an application failed has nothing of ours left."""
    environ = environ_for()
    before = dict(environ)
    with pytest.raises((ZeroDivisionError, HeadError)):
        run(HeadersMiddleware(application, policy), environ, validate=False)
    assert environ == before


# What came before in the same environ, and leaves the next response to it alone.
BEFORE: list[tuple[str, WSGIApplication]] = [
    ("response", responding(PLAIN)),
    ("exception", fails),
    ("head-error", sends_what_must_not_be_sent),
]


@pytest.mark.parametrize("first", [row[1] for row in BEFORE], ids=[row[0] for row in BEFORE])
@pytest.mark.parametrize("same", [True, False], ids=["same-middleware", "equal-policy"])
@pytest.mark.parametrize("inside", [False, True], ids=["alone", "below-another-policy"])
def test_environ_used_again(first: WSGIApplication, same: bool, inside: bool) -> None:
    """A retry, an error page or a test client that uses an environ again gets a response with the policy."""
    applications = iter([first, responding(PLAIN)])
    one = HeadersMiddleware(lambda environ, start: next(applications)(environ, start), numbered("a"))
    two = one if same else HeadersMiddleware(responding(PLAIN), numbered("a"))

    def retrying(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        try:
            # As a cascade does: the first response is looked at and thrown away.
            list(one(environ, lambda *head: bytes.__len__))
        except (ZeroDivisionError, HeadError):
            pass
        return two(environ, start_response)

    response = call(HeadersMiddleware(retrying, numbered("b")) if inside else retrying, validate=False)
    assert response.values("X-Trace") == (["a", "b"] if inside else ["a"])


def test_outer_head_before_the_inner_one() -> None:
    """What starts its own response before that of the application below leaves environ as it came, fit for another."""

    def early(app: WSGIApplication) -> WSGIApplication:
        def framing(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
            heads: list[Any] = []
            body = app(environ, lambda *head: heads.append(head) or bytes.__len__)
            start_response("200 OK", [PLAIN])
            return [b"<", *body, b">"]

        return framing

    def late(environ: WSGIEnvironment, start_response: StartResponse) -> Iterator[bytes]:
        start_response("200 OK", [PLAIN])
        yield b"body"

    middleware = HeadersMiddleware(early(HeadersMiddleware(late, numbered("inner"))), numbered("outer"))
    environ = environ_for()
    before = dict(environ)
    for _ in range(2):
        response = run(middleware, environ, validate=False)
        assert (response.body, response.values("X-Trace")) == (b"<body>", ["outer"])
        assert environ == {**before, ENVIRON_KEY: None}


@pytest.mark.parametrize(
    "application", [responding(PLAIN), fails, sends_what_must_not_be_sent], ids=["response", "raises", "head-error"]
)
def test_copy_of_an_environ_used_afterwards(application: WSGIApplication) -> None:
    """A copy that was made before the response and is used after it, by a retry or a task, say, is another request."""
    copies: list[WSGIEnvironment] = []

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        copies.append(dict(environ))
        return application(environ, start_response)

    with contextlib.suppress(ZeroDivisionError, HeadError):
        call(HeadersMiddleware(app, numbered("a")), validate=False)
    again = HeadersMiddleware(responding(PLAIN), numbered("a"))
    assert run(again, copies[0], validate=False).values("X-Trace") == ["a"]


@every_kind
def test_application_that_empties_environ(policy: Policy) -> None:
    """What clears environ, or sets it back to what it knows, can still start its response."""

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        environ.clear()
        start_response("200 OK", [PLAIN])
        return [b""]

    assert call(HeadersMiddleware(app, policy), validate=False).status == "200 OK"


class Weak(dict[str, Any]):
    """An environ that can be watched."""


@every_kind
@pytest.mark.parametrize("nested", [False, True], ids=["alone", "nested"])
@pytest.mark.parametrize("asks", [False, True], ids=["asks for nothing", "asks"])
def test_no_reference_cycle(policy: Policy, asks: bool, nested: bool) -> None:
    """When a response is done, its environ goes at once: no request waits for the cycle collector."""

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        if asks:
            overrides.nonce(environ)
            overrides.apply(environ, Set("X-A", "1"))
        start_response("200 OK", [PLAIN])
        start_response("500 Oops", [PLAIN], (ValueError, ValueError(), None))
        return [b"body"]

    middleware = HeadersMiddleware(app, policy)
    if nested:
        middleware = HeadersMiddleware(middleware, numbered("outer"))
    gc.disable()
    try:
        environ = Weak(environ_for())
        gone = weakref.ref(environ)
        assert list(middleware(environ, lambda *head: bytes.__len__)) == [b"body"]
        del environ
        assert gone() is None
    finally:
        gc.enable()


# ----------------------------------------------------------------------------------------------------------------------
# The middleware as an object
# ----------------------------------------------------------------------------------------------------------------------


def by_flag(environ: WSGIEnvironment) -> bool:
    return bool(environ.get("FLAG"))


def plain_application(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
    start_response("200 OK", [PLAIN])
    return [b"plain"]


def test_attributes() -> None:
    """It has the application and the policy that it was given."""
    middleware = HeadersMiddleware(plain_application, SET_A)
    assert (middleware.app, middleware.policy) == (plain_application, SET_A)
    assert middleware.app is plain_application


def test_by_keyword() -> None:
    """Both arguments can be given by name."""
    assert call(HeadersMiddleware(app=plain_application, policy=SET_A)).values("X-A") == ["1"]


def test_repr() -> None:
    """It shows the application and the policy."""
    middleware = HeadersMiddleware(plain_application, SET_A)
    assert repr(middleware) == f"HeadersMiddleware({plain_application!r}, Policy(Set('X-A', '1')))"


@pytest.mark.parametrize("again", [copy.copy, copy.deepcopy, lambda value: pickle.loads(pickle.dumps(value))])
def test_copied_and_pickled(again: Callable[[HeadersMiddleware], HeadersMiddleware]) -> None:
    """A copy, also one from another process, does the same."""
    policy = Policy(Rule(Match(when=by_flag, varies_on="X-Flag"), Set("X-A", "1")), Remove("Content-Type"))
    middleware = again(HeadersMiddleware(plain_application, policy))
    assert (middleware.app, middleware.policy) == (plain_application, policy)
    response = call(middleware, validate=False, FLAG="1")
    assert (response.body, response.lines) == (b"plain", [("X-A", "1"), ("Vary", "X-Flag")])


def test_as_an_attribute_of_a_class() -> None:
    """As an attribute of a class it is no method: nothing is bound to it."""

    class Site:
        application = HeadersMiddleware(plain_application, SET_A)

    assert call(Site().application).values("X-A") == ["1"]
    assert call(Site.application).values("X-A") == ["1"]


def test_subclass() -> None:
    """A subclass is built and shown as one."""

    class Ours(HeadersMiddleware):
        pass

    assert type(copy.copy(Ours(plain_application, SET_A))) is Ours
    assert repr(Ours(plain_application, SET_A)).startswith("Ours(")


def test_policy_shared_by_middlewares() -> None:
    """One policy stands in any number of middlewares, and what one of them learns says nothing to another."""
    one = HeadersMiddleware(responding(PLAIN, ("X-B", "1")), SET_A)
    two = HeadersMiddleware(responding(PLAIN, ("X-B", "\n")), SET_A)
    call(one)
    with pytest.raises(HeadError):
        call(two)
    assert call(one).values("X-B") == ["1"]


# ----------------------------------------------------------------------------------------------------------------------
# Threads, memory, python -O
# ----------------------------------------------------------------------------------------------------------------------


def test_threads() -> None:
    """Many threads share a middleware; each response has the values of its own request, whatever memos overflow."""
    policy = Policy(
        Set("X-Tenant", lambda environ: environ["HTTP_X_TENANT"]),
        Default("X-Own", "default"),
        Merge("Vary", "Origin"),
        Rule(Match(path="/even/"), Set("X-Even", "1")),
        Rule(Match(host="a.example"), Set("X-Host", "1")),
        Rule(Match(status=404), Set("X-Missing", "1")),
        Remove("X-Powered-By"),
        CookieAttributes(secure=True),
    )

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        own = environ["HTTP_X_TENANT"]
        lines = [
            PLAIN,
            ("X-Powered-By", "PHP"),
            (f"X-{own}", own),
            ("Vary", own),
            ("Set-Cookie", f"sid={own}; a={own}"),
        ]
        start_response(f"404 {own}" if int(own[1:]) % 3 == 0 else "200 OK", lines)
        return [own.encode()]

    middleware = HeadersMiddleware(app, policy)
    wrong: list[Any] = []

    def requests(thread: int) -> None:
        for number in range(thread * 200, thread * 200 + 200):
            own, even = f"t{number}", number % 2 == 0
            request = {"path": "/even/x" if even else "/odd", "host": "a.example" if even else f"{own}.example"}
            expected = {
                *[PLAIN, ("X-Tenant", own), (f"X-{own}", own), ("Vary", f"{own}, Origin"), ("X-Own", "default")],
                ("Set-Cookie", f"sid={own}; a={own}; Secure"),
                *([("X-Even", "1"), ("X-Host", "1")] if even else []),
                *([("X-Missing", "1")] if number % 3 == 0 else []),
            }
            try:
                response = call(middleware, validate=False, HTTP_X_TENANT=own, **request)
                if set(response.lines) != expected or response.body != own.encode():
                    wrong.append((own, response))
            except Exception as error:
                wrong.append((own, error))

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        threads = [threading.Thread(target=requests, args=(number,)) for number in range(12)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(interval)
    assert wrong[:1] == []


# The keys of environ for what a row gives.
KEYS = {
    "path": "PATH_INFO",
    "method": "REQUEST_METHOD",
    "host": "HTTP_HOST",
    "scheme": "wsgi.url_scheme",
    "lines": "test.lines",
    "status": "test.status",
}

# Requests that take the middleware through its different ways, and make it learn and forget different things.
INTERLEAVED: dict[str, dict[str, Any]] = {
    "plain": {},
    "another-plain": {"path": "/b", "host": "b.example", "lines": [PLAIN, ("Server", "s"), ("X-New", "1")]},
    "own-defaults": {"lines": [("X-Own", "a"), ("X-Other", "b"), PLAIN]},
    "merged": {"lines": [PLAIN, ("Vary", "Accept")], "status": "404 Not Found"},
    "merged-and-more": {"lines": [PLAIN, ("vary", "Accept"), ("vary", "b"), ("X-Own", "a"), ("X-Powered-By", "PHP")]},
    "cookies": {"lines": [PLAIN, ("Set-Cookie", "a=1"), ("Set-Cookie", "b=2; HttpOnly")], "path": "/even/x"},
    "no-list": {"lines": (PLAIN,)},
}

# The same policy, whose heads go through each of the kinds of `start_response`.
INTERLEAVED_RULES: dict[str, list[Rule]] = {
    "constant": [],
    "by-request": [Rule(Match(path="/even/"), Set("X-Even", "1")), Rule(Match(host="b.example"), Set("X-Host", "1"))],
    "by-head": [Rule(Match(status=404), Set("X-Missing", "1"))],
}


# What bounds the memos.
BOUNDS = """
    _program.SPELLINGS _start._STATUSES _plan._COMBINATIONS _selection._HOSTS operations._REMEMBERED
    cookies.rewriting._NAMES cookies.rewriting._TAILS
""".split()


@pytest.mark.parametrize("rules", INTERLEAVED_RULES.values(), ids=INTERLEAVED_RULES)
@pytest.mark.parametrize("computed", [False, True], ids=["literal", "callable"])
@pytest.mark.parametrize("interrupted", INTERLEAVED)
def test_interleaved(interrupted: str, computed: bool, rules: list[Rule], monkeypatch: pytest.MonkeyPatch) -> None:
    """At each step of one request another thread may respond to others: every response is as if it were alone."""
    # Memos that are full all the time, so that one request forgets what the other is about to look up.
    for bound in BOUNDS:
        monkeypatch.setattr(f"wsgi_headers.{bound}", 2)
    policy = Policy(
        Default("X-Own", "default"),
        Default("X-Other", "default"),
        Merge("Vary", "Origin"),
        Remove("X-Powered-By"),
        CookieAttributes(secure=True),
        *([Set("X-Tenant", lambda environ: "tenant")] if computed else []),
        *rules,
    )
    alone = {name: answered(HeadersMiddleware(sending, policy), name) for name in INTERLEAVED}
    for other in INTERLEAVED:
        middleware = HeadersMiddleware(sending, policy)
        for name in (interrupted, other, interrupted, other):
            assert answered(middleware, name) == alone[name]
        head, wrong = interleaved(middleware, interrupted, other, alone[other])
        assert wrong[:1] == [], other
        assert head == alone[interrupted], other


def sending(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
    """Send the head that stands in environ."""
    start_response(environ["test.status"], environ["test.lines"])
    return [b""]


def answered(middleware: HeadersMiddleware, name: str) -> list[Line]:
    """Return the head of the response to one of the requests, sorted."""
    request = {"lines": [PLAIN], "status": "200 OK", "path": "/a", "host": "a.example", **INTERLEAVED[name]}
    head: list[Line] = []
    environ = {"REQUEST_METHOD": "GET", **{KEYS[key]: value for key, value in request.items()}}
    middleware(environ, lambda status, lines, exc_info=None: head.extend(lines))
    return sorted(head)


def interleaved(
    middleware: HeadersMiddleware, interrupted: str, other: str, expected: list[Line]
) -> tuple[list[Line], list[Any]]:
    """Return the head for a request, before each step of which the other one is answered, and where that went wrong."""
    package = str(Path(wsgi_headers.__file__).parent)
    wrong: list[Any] = []
    steps = 0

    def interrupt(frame: FrameType, event: str, argument: object) -> Any:
        nonlocal steps
        if not frame.f_code.co_filename.startswith(package):
            return None
        frame.f_trace_opcodes = True
        steps += 1
        head = answered(middleware, other)  # nothing is traced in here
        if head != expected:
            wrong.append((frame.f_code.co_qualname, frame.f_lineno, head))
        return interrupt

    tracing = sys.gettrace()
    sys.settrace(interrupt)
    try:
        head = answered(middleware, interrupted)
    finally:
        sys.settrace(tracing)
    assert steps > 20  # lines at least; CPython 3.12 leaves some opcodes untraced
    return head, wrong


def long(kind: str, number: int) -> str:
    """Return a text of 200 characters that was never sent before."""
    return f"{kind}-{number:06d}-".ljust(200, "x")


# What a client or an application may make up for each request.
ENDLESS: list[tuple[str, Callable[[int], dict[str, Any]]]] = [
    ("names", lambda number: {"lines": [(long("X", number), "1")]}),
    ("names-that-are-refused", lambda number: {"lines": [(long("X", number) + "\n", "1")]}),
    ("values", lambda number: {"lines": [("Server", long("v", number)), ("X-Other", long("v", number))]}),
    ("merged-values", lambda number: {"lines": [("Vary", long("v", number)), ("X-Merged", long("v", number))]}),
    ("media-types", lambda number: {"lines": [("Content-Type", f"text/{long('x', number)}")]}),
    ("statuses", lambda number: {"status": f"200 {long('x', number)}"}),
    (
        "codes-and-media-types",
        lambda number: {"status": f"{200 + number % 800} x", "lines": [("Content-Type", long("x", number))]},
    ),
    ("cookies", lambda number: {"lines": [("Set-Cookie", f"{long('n', number)}=1; Path=/{long('p', number)}")]}),
    ("combinations", lambda number: {"lines": [(f"X-{place}", "1") for place in range(12) if number >> place & 1]}),
    ("paths", lambda number: {"path": f"/{long('p', number)}/x"}),
    ("hosts", lambda number: {"host": ".".join([f"h{number}", *["x" * 60] * 3])}),
    ("methods", lambda number: {"method": long("M", number)}),
    ("schemes", lambda number: {"scheme": long("s", number)}),
    ("values-of-callables", lambda number: {"HTTP_X_TENANT": long("t", number)}),
]


@pytest.mark.parametrize("endless", [row[1] for row in ENDLESS], ids=[row[0] for row in ENDLESS])
@pytest.mark.parametrize("by_head", [False, True], ids=["settled", "by-head"])
def test_memory_is_bounded(endless: Callable[[int], dict[str, Any]], by_head: bool) -> None:
    """Whatever is different in each request, what the middleware remembers does not grow with it."""
    policy = Policy(
        Set("X-Tenant", lambda environ: environ.get("HTTP_X_TENANT")),
        Merge("Vary", "Origin"),
        Merge("X-Merged", "a"),
        CookieAttributes(secure=True, same_site="Lax"),
        *(Default(f"X-{place}", "1") for place in range(12)),
        Rule(Match(path="/a/"), Set("X-A", "1")),
        Rule(Match(host="*.example.com"), Set("X-A", "2")),
        *([Rule(Match(status=404, media_type="text/html"), Set("X-A", "3"))] if by_head else []),
    )

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        try:
            start_response(environ["test.status"], environ["test.lines"])
        except HeadError:
            start_response("500 Oops", [PLAIN])
        return [b""]

    middleware = HeadersMiddleware(app, policy)

    def requests(numbers: range) -> int:
        for number in numbers:
            request = {"path": "/", "method": "GET", "host": "a.example", "scheme": "http", **endless(number)}
            environ = {KEYS.get(name, name): value for name, value in request.items()}
            middleware({"test.lines": [PLAIN], "test.status": "200 OK", **environ}, lambda *head: bytes.__len__)
        gc.collect()
        return tracemalloc.get_traced_memory()[0]

    # The widest memo holds 1,024 and is forgotten as a whole, narrower ones more often: it is as full after as before.
    first = 1_024 + 64
    tracemalloc.start()
    try:
        before = requests(range(first))
        # Each request leaves some 250 octets if something of it is kept.
        assert requests(range(first, first + 1_024)) - before < 100_000
    finally:
        tracemalloc.stop()


OPTIMISED = """
    from wsgi_headers import HeadError, HeadersMiddleware, Match, Policy, PolicyError, Remove, Rule, Set

    assert False, "this runs with -O"
    HEADS = [
        ("200 OK", [("X-A", "1\\r\\nX-Evil: 1")]), ("200 OK", [("X A", "1")]), ("200 OK", [("X-A", 5)]),
        ("200 OK", [("X-A", None)]), ("200 OK", [("X-A",)]), ("200 OK", None), ("100 Continue", []), (b"200 OK", []),
    ]
    refused = 0
    rule = Rule(Match(status=404), Set("X-A", "1"))
    for policy in (Policy(), Policy(Set("X-A", "1")), Policy(Remove("X-A")), Policy(rule)):
        for status, lines in HEADS:
            def app(environ, start_response):
                start_response(status, lines)
            try:
                HeadersMiddleware(app, policy)({"PATH_INFO": "/"}, print)
            except HeadError:
                refused += 1
    def twice(environ, start_response):
        start_response("200 OK", [])
        start_response("200 OK", [])
    try:
        HeadersMiddleware(twice, Policy())({"PATH_INFO": "/"}, lambda *head: None)
    except HeadError:
        refused += 1
    for build in (lambda: Set("X A", "1"), lambda: Set("X-A", "\\n"), lambda: Match(path="a"), lambda: Policy(5)):
        try:
            build()
        except PolicyError:
            refused += 1
    print(refused)
"""


def test_refuses_without_asserts() -> None:
    """`python -O` takes assertions out; everything is refused all the same."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])}
    done = subprocess.run(
        [sys.executable, "-O", "-c", textwrap.dedent(OPTIMISED)],
        capture_output=True,
        text=True,
        env=environment,
        timeout=60,
        check=False,
    )
    assert (done.stdout, done.stderr) == (f"{4 * 8 + 1 + 4}\n", "")
