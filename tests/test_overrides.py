"""Overrides: the nonce that an application asks for, and the operations that it adds for its own response."""

from __future__ import annotations

import re
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

import bottle
import flask
import pytest
from assertions import assert_head
from django.http import HttpRequest, HttpResponse
from django.template import engines
from django.test import override_settings
from django.urls import path as route
from django_site import application as django_application
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from wsgi import PLAIN, Line, Response, asking, call, environ_for, responding, run, validated

from wsgi_headers import (
    CORS,
    NONCE,
    Append,
    CacheSafety,
    Conditional,
    ContentSecurityPolicy,
    CookieAttributes,
    CookieBudget,
    CookieConsent,
    Default,
    Edit,
    HeadError,
    HeadersMiddleware,
    HttpsRedirect,
    Link,
    Match,
    Merge,
    Policy,
    ReferrerPolicy,
    Remove,
    Rule,
    Set,
    StrictTransportSecurity,
    explain,
    overrides,
    presets,
)

CSP = "Content-Security-Policy"
ASKS = ContentSecurityPolicy(script_src=["'self'", NONCE])
PLAIN_CSP = ContentSecurityPolicy(default_src=["'self'"])
HSTS = StrictTransportSecurity(60, include_subdomains=False)
NOT_MODIFIED = "304 Not Modified"


def asked(policy: Policy, *lines: Line, status: str = "200 OK", **request: Any) -> Response:
    """Return the response of an application that asked for its nonce, which is the body."""
    plain = [] if status[:3] == "304" else [PLAIN]
    return call(HeadersMiddleware(asking(*plain, *lines, status=status, before=overrides.nonce), policy), **request)


def applied(
    policy: Policy, *operations: Any, lines: Iterable[Line] = (), status: str = "200 OK", **request: Any
) -> Any:
    """Return the lines of a response whose application applied operations to it."""
    plain = [] if status[:3] == "304" else [PLAIN]
    app = asking(*plain, *lines, status=status, before=lambda environ: overrides.apply(environ, *operations))
    return call(HeadersMiddleware(app, policy), **request).lines


# ----------------------------------------------------------------------------------------------------------------------
# The nonce
# ----------------------------------------------------------------------------------------------------------------------


def test_nonce_of_a_response() -> None:
    """It is in the head, has 128 bits or more of the alphabet of nonces, and is another one each time (CSP3 7.1)."""
    seen = set()
    for _ in range(50):
        response = asked(Policy(ASKS))
        nonce = response.body.decode()
        assert re.fullmatch(r"[A-Za-z0-9+/_\-]{22,}={0,2}", nonce)
        assert_head(response.lines, [PLAIN, (CSP, f"script-src 'self' 'nonce-{nonce}'")])
        seen.add(nonce)
    assert len(seen) == 50


def test_nonce_is_made_once() -> None:
    """Whoever asks again is told the same."""
    app = asking(PLAIN, before=lambda environ: overrides.nonce(environ) == overrides.nonce(environ, default="x"))
    assert call(HeadersMiddleware(app, Policy(ASKS))).body == b"True"


def test_one_nonce_for_all_lines() -> None:
    """What is enforced, appended and only reported has the same one."""
    policy = Policy(
        ASKS,
        Append(ContentSecurityPolicy(style_src=[NONCE])),
        Set(ContentSecurityPolicy(default_src=[NONCE], report_only=True)),
    )
    response = asked(policy)
    nonce = response.body.decode()
    assert response.values(CSP) == [f"script-src 'self' 'nonce-{nonce}'", f"style-src 'nonce-{nonce}'"]
    assert response.values(f"{CSP}-Report-Only") == [f"default-src 'nonce-{nonce}'"]


def test_nonce_without_a_policy_that_has_one() -> None:
    """Whoever asks is given one, and no line is changed for it."""
    for policy in (Policy(), Policy(PLAIN_CSP), Policy(Default(ASKS))):
        response = asked(policy, (CSP, "default-src 'none'"))
        assert len(response.body) >= 22 and response.body not in str(response.lines).encode()


def test_nonce_from_a_callable() -> None:
    """A policy that is made for each request takes the nonce too, asked for or not."""
    policy = Policy(Set(CSP, lambda environ: ASKS))
    response = asked(policy)
    assert response.values(CSP) == [f"script-src 'self' 'nonce-{response.body.decode()}'"]
    assert call(HeadersMiddleware(responding(PLAIN), policy)).values(CSP) == ["script-src 'self'"]


def test_application_without_a_nonce_after_one_with() -> None:
    """Nothing of one response is left in the next, of the same middleware and for the same environ."""
    middleware = HeadersMiddleware(
        asking(PLAIN, before=lambda environ: "ask" in environ and overrides.nonce(environ)), Policy(ASKS)
    )
    environ = environ_for(ask="1")
    first, second = run(middleware, environ), run(middleware, environ)
    assert len({first.body, second.body}) == 2
    assert second.values(CSP) == [f"script-src 'self' 'nonce-{second.body.decode()}'"]
    del environ["ask"]
    assert run(middleware, environ).values(CSP) == ["script-src 'self'"]


def test_nonce_is_kept_out_of_head_and_log(caplog: pytest.LogCaptureFixture) -> None:
    """It stands in the lines that have a place for it and nowhere else."""
    response = asked(presets.STRICT)
    nonce = response.body.decode()
    assert [name for name, value in response.lines if nonce in value] == [CSP]
    assert nonce not in caplog.text


def test_nonces_of_many_threads() -> None:
    """Responses at the same time have nonces of their own, each the one of its own head."""
    start = threading.Barrier(8)
    middleware = HeadersMiddleware(asking(PLAIN, before=overrides.nonce), presets.STRICT)

    def responses(_: int) -> list[Response]:
        start.wait()
        return [call(middleware) for _ in range(25)]

    with ThreadPoolExecutor(8) as pool:
        made = [response for several in pool.map(responses, range(8)) for response in several]
    assert all(f"'nonce-{response.body.decode()}'" in response.values(CSP)[0] for response in made)
    assert len({response.body for response in made}) == 200


# id: (policy, the CSP lines of the application, those of its 304)
UNMODIFIED: dict[str, tuple[Policy, list[str], list[str]]] = {
    "declared with a nonce": (Policy(ASKS), [], []),
    "the application's own leave too": (Policy(Default(ASKS)), ["img-src *"], []),
    "appended": (Policy(Append(ASKS)), ["img-src *"], []),
    "edited": (Policy(ASKS, Edit(CSP, str.lower)), ["img-src *"], []),
    "without a nonce": (Policy(PLAIN_CSP), ["img-src *"], ["default-src 'self'"]),
    "the application's own": (Policy(Set("X-A", "1")), ["img-src *"], ["img-src *"]),
    "replaced by one without": (Policy(Policy(ASKS), PLAIN_CSP), ["img-src *"], ["default-src 'self'"]),
    "for HTML, which a 304 does not say it is": (
        Policy(PLAIN_CSP, Rule(Match(media_type="text/html"), ASKS)),
        ["img-src *"],
        [],
    ),
    "for HTML alone": (Policy(Rule(Match(media_type="text/html"), ASKS)), ["img-src *"], []),
    "for the status of what is stored": (Policy(PLAIN_CSP, Rule(Match(status=200), ASKS)), ["img-src *"], []),
    "replaced for HTML": (Policy(Policy(ASKS), Rule(Match(media_type="text/html"), PLAIN_CSP)), ["img-src *"], []),
    "replaced after all": (
        Policy(Rule(Match(media_type="text/html"), ASKS), PLAIN_CSP),
        ["img-src *"],
        ["default-src 'self'"],
    ),
    "replaced, it may be": (Policy(Policy(ASKS), Set(CSP, lambda environ: None)), ["img-src *"], []),
    "where another request has it": (
        Policy(PLAIN_CSP, Rule(Match(when=lambda environ: "HTTP_X_A" in environ), ASKS)),
        [],
        ["default-src 'self'"],
    ),
    "for another path": (Policy(PLAIN_CSP, Rule(Match(path="/other"), ASKS)), [], ["default-src 'self'"]),
    "for another scheme": (Policy(PLAIN_CSP, Rule(Match(scheme="http"), ASKS)), [], ["default-src 'self'"]),
}


@pytest.mark.usefixtures("each_loop")
def test_nonce_and_operations_in_every_response() -> None:
    """Both hold in the first response of a status and in those after it, also for a head that replaces another."""
    again = False

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        nonce = overrides.nonce(environ)
        if not again:
            overrides.apply(environ, Set("X-A", "1"))
        start_response("200 OK", [PLAIN])
        if again:
            start_response("200 OK", [PLAIN], (ValueError, ValueError(), None))
        return [nonce.encode()]

    middleware = HeadersMiddleware(app, Policy(ASKS))
    for again in (False, False, True, True):
        response = call(middleware)
        own = [] if again else [("X-A", "1")]
        assert_head(response.lines, [PLAIN, *own, (CSP, f"script-src 'self' 'nonce-{response.body.decode()}'")])


def test_nonce_is_read_again_outside_of_a_copy() -> None:
    """What stands above the middleware that made a copy of environ may read it after the head too."""
    read: list[str] = []

    def copying(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        body = asking(PLAIN, before=overrides.nonce)({**environ}, start_response)
        read.append(overrides.nonce(environ))
        return body

    assert call(HeadersMiddleware(copying, Policy(ASKS))).body.decode() == read[0]


@pytest.mark.usefixtures("each_loop")
@pytest.mark.parametrize("kind", [list, tuple, iter], ids=["list", "tuple", "iterator"])
def test_nonce_on_a_head_of_any_kind(kind: Callable[[list[Line]], Any]) -> None:
    """What is no list is brought to one here too, whatever was sent before."""
    said: list[str] = []

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        said.append(overrides.nonce(environ))
        start_response("200 OK", kind([PLAIN, (f"X-{len(said)}", "1")]))
        return [b""]

    middleware = HeadersMiddleware(app, Policy(ASKS))
    for _ in range(3):
        response = call(middleware, validate=False)
        own = [PLAIN, (f"X-{len(said)}", "1")]
        assert_head(response.lines, [*own, (CSP, f"script-src 'self' 'nonce-{said[-1]}'")])
        assert type(response.calls[0].lines) is list


@pytest.mark.parametrize("ask", [False, True], ids=["unasked", "asked"])
@pytest.mark.parametrize(("policy", "own", "left"), UNMODIFIED.values(), ids=UNMODIFIED)
def test_304(policy: Policy, own: list[str], left: list[str], ask: bool) -> None:
    """No line of a field that a stored response may have with its nonce is on a 304, whose lines replace them."""
    before: Any = overrides.nonce if ask else len
    app = HeadersMiddleware(asking(*((CSP, value) for value in own), status=NOT_MODIFIED, before=before), policy)
    for _ in range(2):
        assert call(app, validate=False).values(CSP) == left
    assert call(app, validate=False).values("X-A") == (["1"] if policy == Policy(Set("X-A", "1")) else [])


@pytest.mark.parametrize("paths", [("/a", "/b"), ("/b", "/a")])
def test_304_of_one_path_is_not_that_of_another(paths: tuple[str, str]) -> None:
    """What a 304 says is remembered by what holds for its request, whichever comes first."""
    policy = Policy(PLAIN_CSP, Rule(Match(path="/a", media_type="text/html"), ASKS))
    app = HeadersMiddleware(asking(status=NOT_MODIFIED, before=len), policy)
    left = {"/a": [], "/b": ["default-src 'self'"]}
    for path in (*paths, *paths):
        assert call(app, path=path, validate=False).values(CSP) == left[path]


@pytest.mark.parametrize("ask", [False, True], ids=["unasked", "asked"])
@pytest.mark.parametrize(("policy", "own", "left"), UNMODIFIED.values(), ids=UNMODIFIED)
def test_304_that_is_made_of_a_200(policy: Policy, own: list[str], left: list[str], ask: bool) -> None:
    """The same holds for a 304 that Conditional makes, whatever the application said of the 200."""
    before: Any = overrides.nonce if ask else len
    lines = [("Content-Type", "text/html"), ("ETag", '"1"'), *((CSP, value) for value in own)]
    app = HeadersMiddleware(asking(*lines, before=before), Policy(policy, Conditional()))
    response = call(app, validate=False, HTTP_IF_NONE_MATCH='"1"')
    assert (response.status[:3], response.values(CSP)) == ("304", left)


@pytest.mark.parametrize("operation", [ASKS, PLAIN_CSP], ids=["with a nonce", "without"])
def test_304_that_is_made_of_a_200_with_an_override(operation: Any) -> None:
    """What the application says of this response in such a field is not said of the stored one."""
    app = asking(
        *[("Content-Type", "text/html"), ("ETag", '"1"')], before=lambda environ: overrides.apply(environ, operation)
    )
    for policy in (Policy(ASKS, Conditional()), Policy(Conditional())):
        response = call(HeadersMiddleware(app, policy), validate=False, HTTP_IF_NONE_MATCH='"1"')
        kept = policy == Policy(Conditional()) and operation is PLAIN_CSP
        assert (response.status[:3], response.values(CSP)) == ("304", ["default-src 'self'"] if kept else [])


def test_304_keeps_the_other_field() -> None:
    """What is enforced without a nonce stays, where the reported one has one; and other lines stay in any case."""
    policy = Policy(PLAIN_CSP, ASKS.replace(report_only=True), Set("X-A", "1"))
    lines = asked(
        policy, (f"{CSP}-Report-Only", "img-src *"), ("ETag", '"1"'), status=NOT_MODIFIED, validate=False
    ).lines
    assert_head(lines, [(CSP, "default-src 'self'"), ("ETag", '"1"'), ("X-A", "1")])


def test_304_of_an_application_that_writes_its_nonce_itself() -> None:
    """A line that holds the nonce was made for this response, and the stored one has another."""

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        nonce = overrides.nonce(environ)
        start_response(NOT_MODIFIED, [(CSP, f"script-src 'nonce-{nonce}'"), (CSP, "img-src *")])
        return []

    assert call(HeadersMiddleware(app, Policy()), validate=False).lines == [(CSP, "img-src *")]


@pytest.mark.parametrize("policy", [Policy(), Policy(ASKS), Policy(Rule(Match(status=200), ASKS))])
@pytest.mark.parametrize("ask", [False, True], ids=["unasked", "asked"])
def test_304_of_an_application_with_an_override(policy: Policy, ask: bool) -> None:
    """The same holds for a policy with a nonce that comes by override, and for overrides of a field with a nonce."""

    def before(environ: WSGIEnvironment) -> None:
        if ask:
            overrides.nonce(environ)
        overrides.apply(environ, ASKS if policy == Policy() else PLAIN_CSP)

    app = HeadersMiddleware(asking((CSP, "img-src *"), status=NOT_MODIFIED, before=before), policy)
    assert call(app, validate=False).lines == []


def test_304_is_explained() -> None:
    """Whoever asks is told the part that keeps the field off."""
    for policy in (Policy(ASKS), Policy(Rule(Match(status=200), ASKS))):
        (line, *_) = explain(policy, environ_for(), NOT_MODIFIED, [(CSP, "img-src *")]).lines
        assert (line.after, line.parts) == (None, (ASKS,))
        assert explain(policy, environ_for(), NOT_MODIFIED, []).head == []


# ----------------------------------------------------------------------------------------------------------------------
# Operations of one response
# ----------------------------------------------------------------------------------------------------------------------

FRAMES = Set("X-Frame-Options", "DENY")

# id: (policy, operations, lines of the application, lines expected beside PLAIN)
APPLIED: dict[str, tuple[Policy, list[Any], list[Line], list[Line]]] = {
    "set": (Policy(), [FRAMES], [], [("X-Frame-Options", "DENY")]),
    "after the policy's": (
        Policy(FRAMES),
        [Set("x-frame-options", "SAMEORIGIN")],
        [],
        [("x-frame-options", "SAMEORIGIN")],
    ),
    "default": (Policy(FRAMES), [Default("X-Frame-Options", "SAMEORIGIN")], [], [("X-Frame-Options", "DENY")]),
    "default of what is absent": (Policy(), [Default(ReferrerPolicy("origin"))], [], [("Referrer-Policy", "origin")]),
    "append": (Policy(), [Append("X-A", "2")], [("x-a", "1")], [("x-a", "1"), ("X-A", "2")]),
    "merge": (Policy(Set("Vary", "Accept")), [Merge("Vary", "Cookie")], [], [("Vary", "Accept, Cookie")]),
    "remove": (Policy(FRAMES), [Remove("X-Frame-Options")], [("X-A", "1")], [("X-A", "1")]),
    "edit": (Policy(FRAMES), [Edit("X-Frame-Options", str.lower)], [], [("X-Frame-Options", "deny")]),
    "field": (Policy(), [ReferrerPolicy("origin")], [("Referrer-Policy", "x")], [("Referrer-Policy", "origin")]),
    "link": (
        Policy(),
        [Link("/a", rel="next")],
        [("Link", "</b>; rel=prev")],
        [("Link", "</b>; rel=prev, </a>; rel=next")],
    ),
    "several, in their order": (
        Policy(),
        [Set("X-A", "1"), Append("X-A", "2"), Append("X-A", "3")],
        [],
        [("X-A", "1, 2, 3")],
    ),
    "callable": (Policy(), [Set("X-A", lambda environ: environ["REQUEST_METHOD"])], [], [("X-A", "GET")]),
    "callable that says nothing": (Policy(), [Set("X-A", lambda environ: None)], [("X-A", "1")], [("X-A", "1")]),
    "callable that gives a field": (
        Policy(),
        [Set("Referrer-Policy", lambda environ: ReferrerPolicy("origin"))],
        [],
        [("Referrer-Policy", "origin")],
    ),
    "a rule does not matter": (
        Policy(Rule(Match(media_type="text/plain"), FRAMES)),
        [Remove("X-Frame-Options")],
        [],
        [],
    ),
    "nothing": (Policy(FRAMES), [], [], [("X-Frame-Options", "DENY")]),
}


@pytest.mark.parametrize("scheme", ["https", "http"])
@pytest.mark.parametrize(("policy", "operations", "lines", "expected"), APPLIED.values(), ids=APPLIED)
def test_applied(policy: Policy, operations: list[Any], lines: list[Line], expected: list[Line], scheme: str) -> None:
    """Operations for one response come after all of the policy, and are gone with it."""
    app = asking(
        PLAIN,
        *lines,
        before=lambda environ: "apply" in environ and overrides.apply(environ, *operations),
    )
    middleware = HeadersMiddleware(app, policy)
    bare = call(middleware, scheme=scheme).lines
    for _ in range(2):
        assert_head(call(middleware, scheme=scheme, apply="1").lines, [PLAIN, *expected])
        assert call(middleware, scheme=scheme).lines == bare


def test_applied_in_several_calls() -> None:
    """What is applied later comes later."""

    def before(environ: WSGIEnvironment) -> None:
        overrides.apply(environ, Set("X-A", "1"))
        overrides.apply(environ, Append("X-A", "2"))

    assert_head(call(HeadersMiddleware(asking(PLAIN, before=before), Policy())).lines, [PLAIN, ("X-A", "1, 2")])


def test_applied_policy_with_the_nonce() -> None:
    """A policy for one page takes the nonce, whenever it was asked for."""

    def before(environ: WSGIEnvironment) -> str:
        overrides.apply(environ, ContentSecurityPolicy(script_src=[NONCE, "'strict-dynamic'"]))
        return overrides.nonce(environ)

    response = call(HeadersMiddleware(asking(PLAIN, before=before), presets.BASELINE))
    assert response.values(CSP) == [f"script-src 'nonce-{response.body.decode()}' 'strict-dynamic'"]
    assert applied(Policy(), ContentSecurityPolicy(script_src=[NONCE, "'strict-dynamic'"])) == [
        PLAIN,
        (CSP, "script-src 'none'"),
    ]


def test_vary_that_a_policy_derives_stays() -> None:
    """No operation takes out what a cache must know."""
    policy = Policy(CORS(origins=["https://a.example"]))
    assert_head(applied(policy, Remove("Vary")), [PLAIN, ("Vary", "Origin")])
    assert_head(applied(policy, Set("Vary", "Accept")), [PLAIN, ("Vary", "Accept, Origin")])


@pytest.mark.parametrize("policy", [Policy(), Policy(HSTS), Policy(Rule(Match(path="/other"), HSTS)), Policy(FRAMES)])
@pytest.mark.parametrize(
    "operation",
    [HSTS, Set("strict-transport-security", "max-age=1"), Default(HSTS), Set(HSTS.name, lambda environ: HSTS)],
)
def test_hsts_on_https_alone(policy: Policy, operation: Any) -> None:
    """Whoever applies it: no line leaves on http, not the application's own either (RFC 6797 7.2)."""
    own = [("Strict-Transport-Security", "max-age=5")]
    assert "Strict-Transport-Security" not in dict(applied(policy, operation, scheme="http"))
    assert [name for name, _ in applied(policy, operation, lines=own, scheme="http")] == [
        name for name, _ in applied(policy, scheme="http")
    ]
    assert any(name.lower() == "strict-transport-security" for name, _ in applied(policy, operation))


@pytest.mark.parametrize(
    "operation",
    [
        Policy(FRAMES),
        Rule(Match(path="/"), FRAMES),
        CookieAttributes(secure=True),
        HttpsRedirect(),
        Match(),
        "X-A",
        Set,
        None,
    ],
    ids=repr,
)
def test_what_is_no_operation(operation: Any) -> None:
    """Only operations and fields are for a single response; nothing of the call is applied."""
    with pytest.raises(TypeError, match="is no operation"):
        applied(Policy(), FRAMES, operation)


def test_callable_that_gives_what_cannot_be_sent() -> None:
    """A dynamic value is checked as it comes, in the application's own call."""
    with pytest.raises(HeadError, match="X-A"):
        applied(Policy(), Set("X-A", lambda environ: "a\r\nb"))
    with pytest.raises(HeadError, match="X-A"):
        applied(Policy(), Edit("X-A", lambda value: value + "\n"), lines=[("X-A", "1")])


def test_head_that_must_not_be_sent() -> None:
    """An override changes nothing about what an application must not send."""
    with pytest.raises(HeadError, match="X-A"):
        applied(Policy(), Remove("X-A"), lines=[("X-A", "a\nb")])
    with pytest.raises(HeadError, match="status"):
        applied(Policy(), FRAMES, status="100 Continue")


# ----------------------------------------------------------------------------------------------------------------------
# Where and when
# ----------------------------------------------------------------------------------------------------------------------

USES: dict[str, Callable[[WSGIEnvironment], object]] = {
    "nonce": overrides.nonce,
    "apply": lambda environ: overrides.apply(environ, FRAMES),
    "apply nothing": lambda environ: overrides.apply(environ),
}
every_use = pytest.mark.parametrize("use", USES.values(), ids=USES)


@every_use
def test_no_middleware_above(use: Callable[[WSGIEnvironment], object]) -> None:
    """Without a middleware nothing can be done, and that is said in the application's own call."""
    with pytest.raises(RuntimeError, match="no HeadersMiddleware stands above"):
        call(asking(PLAIN, before=use))


def test_default_where_no_middleware_stands_above() -> None:
    """Mail templates and tests of units get the default, whatever it is; under a middleware it plays no part."""
    for default in ("", "abc"):
        assert overrides.nonce({}, default=default) == default
        assert overrides.nonce(environ_for(), default=default) == default
    response = call(
        HeadersMiddleware(asking(PLAIN, before=lambda environ: overrides.nonce(environ, default="abc")), Policy(ASKS))
    )
    assert response.body != b"abc" and response.body in str(response.lines).encode()


@every_use
@pytest.mark.parametrize("policy", [Policy(), presets.STRICT], ids=["empty", "STRICT"])
def test_too_late(policy: Policy, use: Callable[[WSGIEnvironment], object]) -> None:
    """After `start_response` the head has gone out, and nothing is lost in silence."""

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        start_response("200 OK", [PLAIN])
        use(environ)
        return []

    def later(environ: WSGIEnvironment, start_response: StartResponse) -> Iterator[bytes]:
        start_response("200 OK", [PLAIN])
        yield b""
        use(environ)

    for late in (app, later):
        with pytest.raises(RuntimeError, match="after the head went out"):
            call(HeadersMiddleware(late, policy))


def test_too_late_with_a_default() -> None:
    """A default is for where no middleware stands; here the page would have a nonce that no head has."""

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        start_response("200 OK", [PLAIN])
        return [overrides.nonce(environ, default="abc").encode()]

    with pytest.raises(RuntimeError, match="after the head went out"):
        call(HeadersMiddleware(app, Policy(ASKS)))


def test_reading_again_is_never_late() -> None:
    """A body that is made while it is sent reads the nonce that was asked for before, and so does `close`."""
    read = []

    class Body:
        def __init__(self, environ: WSGIEnvironment) -> None:
            self.environ = environ

        def __iter__(self) -> Iterator[bytes]:
            yield overrides.nonce(self.environ).encode()

        def close(self) -> None:
            read.append(overrides.nonce(self.environ))

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        read.append(overrides.nonce(environ))
        start_response("200 OK", [PLAIN])
        read.append(overrides.nonce(environ))
        return Body(environ)

    response = call(HeadersMiddleware(app, Policy(ASKS)))
    assert {response.body.decode(), *read} == {read[0]}
    assert len(read) == 3 and read[0] in response.values(CSP)[0]


def test_generator_that_asks() -> None:
    """A generator starts when its body is read; until its head it can ask."""

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterator[bytes]:
        nonce = overrides.nonce(environ)
        overrides.apply(environ, FRAMES)
        start_response("200 OK", [PLAIN])
        yield nonce.encode()
        yield overrides.nonce(environ).encode()

    response = call(HeadersMiddleware(validated(app), Policy(ASKS)))
    nonce = response.body.decode()[: len(response.body) // 2]
    assert response.body.decode() == nonce * 2
    assert_head(response.lines, [PLAIN, (CSP, f"script-src 'self' 'nonce-{nonce}'"), ("X-Frame-Options", "DENY")])


def test_second_head_after_an_error() -> None:
    """The head of an error page has the same nonce, and what was applied before."""

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        nonce = overrides.nonce(environ)
        overrides.apply(environ, FRAMES)
        start_response("200 OK", [PLAIN])
        try:
            raise ValueError
        except ValueError:
            start_response("500 Oops", [PLAIN], sys.exc_info())
        return [nonce.encode()]

    environ = environ_for()
    response = run(HeadersMiddleware(app, Policy(ASKS)), environ)
    assert response.status == "500 Oops"
    assert environ["wsgi_headers.response"] is None  # and no request waits for the cycle collector
    for of_call in response.calls:
        assert_head(
            of_call.lines,
            [PLAIN, (CSP, f"script-src 'self' 'nonce-{response.body.decode()}'"), ("X-Frame-Options", "DENY")],
        )


@pytest.mark.parametrize("ask", [False, True], ids=["unasked", "asked"])
def test_second_head_through_two(ask: bool) -> None:
    """What was applied is done once to each head, by the outermost."""

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        nonce = overrides.nonce(environ) if ask else ""
        overrides.apply(environ, Append("X-A", "1"))
        start_response("200 OK", [PLAIN])
        try:
            raise ValueError
        except ValueError:
            start_response("500 Oops", [PLAIN], sys.exc_info())
        return [nonce.encode()]

    response = call(HeadersMiddleware(HeadersMiddleware(app, Policy(ASKS)), Policy(ASKS, Set("X-B", "1"))))
    nonce = f" 'nonce-{response.body.decode()}'" if ask else ""
    for of_call in response.calls:
        assert_head(of_call.lines, [PLAIN, (CSP, f"script-src 'self'{nonce}"), ("X-A", "1"), ("X-B", "1")])


INNER = Policy(Set("X-Inner", "1"), ContentSecurityPolicy(img_src=[NONCE]).replace(report_only=True))


@pytest.mark.parametrize("outer", [Policy(ASKS), Policy(), presets.STRICT], ids=["nonce", "empty", "STRICT"])
def test_stacked(outer: Policy) -> None:
    """Middlewares above one another share one nonce; operations come after those of the outermost."""

    def before(environ: WSGIEnvironment) -> str:
        overrides.apply(environ, Set("X-Inner", "mine"), Set("Referrer-Policy", "origin"))
        return overrides.nonce(environ)

    inner = HeadersMiddleware(validated(asking(PLAIN, before=before)), INNER)
    response = call(HeadersMiddleware(validated(inner), outer))
    nonce = response.body.decode()
    assert response.values(f"{CSP}-Report-Only") == [f"img-src 'nonce-{nonce}'"]
    assert response.values("X-Inner") == ["mine"]
    assert response.values("Referrer-Policy") == ["origin"]
    if outer != Policy():
        assert f"'nonce-{nonce}'" in response.values(CSP)[0]


def test_stacked_with_equal_policies() -> None:
    """Applied twice is applied once, overrides included."""
    app = asking(PLAIN, before=lambda environ: overrides.apply(environ, Append("X-A", "1")) or overrides.nonce(environ))
    response = call(HeadersMiddleware(HeadersMiddleware(app, Policy(ASKS)), Policy(ASKS)))
    assert_head(response.lines, [PLAIN, (CSP, f"script-src 'self' 'nonce-{response.body.decode()}'"), ("X-A", "1")])


def test_what_stands_between_asks() -> None:
    """Middleware between two of ours, and between ours and the application, shares the nonce with both."""

    def between(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        nonce = overrides.nonce(environ)
        return [
            nonce.encode(),
            *HeadersMiddleware(asking(PLAIN, before=overrides.nonce), INNER)(environ, start_response),
        ]

    response = call(HeadersMiddleware(between, Policy(ASKS)))
    nonce = response.body.decode()[: len(response.body) // 2]
    assert response.body.decode() == 2 * nonce
    assert_head(
        response.lines,
        [
            PLAIN,
            (CSP, f"script-src 'self' 'nonce-{nonce}'"),
            (f"{CSP}-Report-Only", f"img-src 'nonce-{nonce}'"),
            ("X-Inner", "1"),
        ],
    )


def test_copied_environ() -> None:
    """What stands between may hand on a copy of environ; what is asked through it is heard."""
    app = asking(PLAIN, before=lambda environ: overrides.apply(environ, FRAMES) or overrides.nonce(environ))
    response = call(HeadersMiddleware(lambda environ, start: app(dict(environ), start), Policy(ASKS)))
    assert_head(
        response.lines,
        [PLAIN, (CSP, f"script-src 'self' 'nonce-{response.body.decode()}'"), ("X-Frame-Options", "DENY")],
    )


def test_retry_with_the_same_environ() -> None:
    """An attempt that failed before its head leaves nothing behind for the next."""
    attempts = []

    def attempt(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        attempts.append(overrides.nonce(environ))
        if len(attempts) == 1:
            overrides.apply(environ, FRAMES)
            raise ConnectionError
        start_response("200 OK", [PLAIN])
        return []

    middleware = HeadersMiddleware(attempt, Policy(ASKS))
    environ = environ_for()
    with pytest.raises(ConnectionError):
        run(middleware, environ)
    assert_head(run(middleware, environ).lines, [PLAIN, (CSP, f"script-src 'self' 'nonce-{attempts[1]}'")])
    assert attempts[0] != attempts[1]


# ----------------------------------------------------------------------------------------------------------------------
# Frameworks
# ----------------------------------------------------------------------------------------------------------------------

TEMPLATE = '<script nonce="{{ nonce }}">go()</script>'


def page(nonce: str) -> str:
    return f'<script nonce="{nonce}">go()</script>'


def flask_site() -> Any:
    app = flask.Flask(__name__)

    @app.context_processor
    def with_nonce() -> dict[str, Any]:
        return {"nonce": lambda: overrides.nonce(flask.request.environ)}

    @app.get("/")
    def index() -> str:
        overrides.apply(flask.request.environ, FRAMES)
        return flask.render_template_string(TEMPLATE.replace("nonce }", "nonce() }"))

    @app.get("/plain")
    def plain() -> str:
        return "plain"

    return app


def bottle_site() -> Any:
    app = bottle.Bottle()

    @app.get("/")
    def index() -> Any:
        overrides.apply(bottle.request.environ, FRAMES)
        return bottle.template(TEMPLATE, nonce=overrides.nonce(bottle.request.environ))

    @app.get("/plain")
    def plain() -> str:
        return "plain"

    return app


def django_index(request: HttpRequest) -> HttpResponse:
    overrides.apply(request.META, FRAMES)
    return HttpResponse(engines["django"].from_string(TEMPLATE).render({"nonce": overrides.nonce(request.META)}))


def django_plain(request: HttpRequest) -> HttpResponse:
    return HttpResponse("plain")


urlpatterns = [route("", django_index), route("plain", django_plain)]


def bare_site(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    body = "plain"
    if environ["PATH_INFO"] == "/":
        overrides.apply(environ, FRAMES)
        body = page(overrides.nonce(environ))
    start_response("200 OK", [("Content-Type", "text/html")])
    return [body.encode()]


SITES: dict[str, Callable[[], Any]] = {
    "Flask": flask_site,
    "Bottle": bottle_site,
    "Django": lambda: django_application,
    "bare": lambda: bare_site,
}


@pytest.mark.parametrize("mounted", [False, True], ids=["alone", "under a dispatcher"])
@pytest.mark.parametrize("make", SITES.values(), ids=SITES)
def test_frameworks(make: Callable[[], Any], mounted: bool) -> None:
    """A page with an inline script, and one without, from each framework and under DispatcherMiddleware."""
    app = make()
    prefix = "/mount" if mounted else ""
    middleware = HeadersMiddleware(
        DispatcherMiddleware(responding(PLAIN), {"/mount": app}) if mounted else app, presets.STRICT
    )
    with override_settings(ROOT_URLCONF=__name__):
        response = call(middleware, path=f"{prefix}/")
        plain = call(middleware, path=f"{prefix}/plain")
    (policy,) = response.values(CSP)
    found = re.search(r"script-src 'nonce-([^']+)' 'strict-dynamic'", policy)
    assert found is not None
    assert response.body.decode() == page(found[1])
    assert response.values("X-Frame-Options") == ["DENY"]
    assert "script-src 'none'" in plain.values(CSP)[0]
    assert plain.body == b"plain"


def broken(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """Ask for a nonce, start a head, and fail."""
    overrides.nonce(environ)
    start_response("200 OK", [PLAIN])
    raise ZeroDivisionError


def mended(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """Ask for a nonce, start a head, and replace it after an error."""
    nonce = overrides.nonce(environ)
    start_response("200 OK", [PLAIN])
    start_response("500 Oops", [PLAIN], error())
    return [nonce.encode()]


def error() -> Any:
    """Return what `sys.exc_info` gives for an error."""
    try:
        raise ZeroDivisionError
    except ZeroDivisionError:
        return sys.exc_info()


def catching(app: WSGIApplication) -> WSGIApplication:
    """Return `app` with error pages that have a script and say so in the head."""

    def catch(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        try:
            return app(environ, start_response)
        except ZeroDivisionError:
            overrides.apply(environ, Set("X-Error-Page", "1"))
            start_response("500 Oops", [PLAIN], sys.exc_info())
            return [overrides.nonce(environ).encode()]

    return catch


@pytest.mark.parametrize(
    ("app", "lines"), [(broken, [("X-Error-Page", "1")]), (mended, [])], ids=["error page above", "error page below"]
)
def test_a_head_that_waited_and_was_never_sent_is_not_out(app: WSGIApplication, lines: list[Line]) -> None:
    """What is asked for in the error page counts, and its policy has the nonce: nothing was sent before."""
    waiting = HeadersMiddleware(app, Policy(Conditional(etag="weak")))

    response = call(HeadersMiddleware(catching(waiting), Policy(ASKS)))

    csp = (CSP, f"script-src 'self' 'nonce-{response.body.decode()}'")
    assert response.status == "500 Oops"
    assert_head(response.lines, [PLAIN, csp, *lines])


@pytest.mark.parametrize("above", [None, Policy(Set("X-A", "1")), Policy(CookieConsent(unknown="send"))])
@pytest.mark.parametrize("operation", [Set("Vary", "Accept"), Default("Vary", "Accept"), Edit("Vary", lambda _: None)])
def test_consent_varies_after_every_operation(operation: Any, above: Policy | None) -> None:
    """Vary names Cookie wherever consent judged a line, whatever the application says, and whoever stands above."""
    app = asking(PLAIN, ("Set-Cookie", "ga=1"), before=lambda environ: overrides.apply(environ, operation) or "")
    app = HeadersMiddleware(app, Policy(CookieConsent()))
    response = call(app if above is None else HeadersMiddleware(app, above))

    assert "Cookie" in ", ".join(response.values("Vary"))
    assert not response.values("Set-Cookie")


REFUSING = Policy(CookieBudget(count=1, excess="refuse"))
INSIDE: dict[str, Policy] = {
    "alone": Policy(ASKS),
    "reading heads": Policy(Rule(Match(status=200), ASKS)),
    "judging": Policy(Rule(Match(status=200), ASKS), Conditional()),
}


@pytest.mark.parametrize("more", [lambda: (), lambda: (error(),)], ids=["first", "after an error"])
@pytest.mark.parametrize("inside", INSIDE.values(), ids=INSIDE)
def test_a_head_that_a_policy_above_refused_is_not_out(inside: Policy, more: Callable[[], tuple[Any, ...]]) -> None:
    """The application may start another one, and ask for a nonce before: nothing was sent."""

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        with pytest.raises(HeadError, match="Set-Cookie lines"):
            start_response("200 OK", [PLAIN, ("Set-Cookie", "a=1"), ("Set-Cookie", "b=2")])
        nonce = overrides.nonce(environ)
        start_response("200 OK", [PLAIN], *more())
        return [nonce.encode()]

    response = call(HeadersMiddleware(HeadersMiddleware(app, inside), REFUSING), **{"HTTP_IF_NONE_MATCH": '"x"'})

    assert_head(response.lines, [PLAIN, (CSP, f"script-src 'self' 'nonce-{response.body.decode()}'")])


@pytest.mark.parametrize(
    ("operation", "field", "value"),
    [
        (Default("Cache-Control", "no-store"), "Cache-Control", "no-store"),
        (Append("Cache-Control", "max-age=5"), "Cache-Control", "max-age=5, private"),
        (Edit("Cache-Control", str.upper), "Cache-Control", "private"),
        (Default("Vary", "Accept"), "Vary", "Accept, Origin"),
        (Append("Vary", "origin"), "Vary", "origin"),
        (Set("X-A", "1"), "Cache-Control", "private"),
    ],
)
def test_what_comes_after_overrides_is_not_what_they_find(operation: Any, field: str, value: str) -> None:
    """An operation acts on the policy's lines, and what the policy derives or CacheSafety asks for comes afterwards."""
    policy = Policy(CacheSafety(), CORS(origins=["https://a.example"]))
    app = asking(PLAIN, ("Set-Cookie", "a=1"), before=lambda environ: overrides.apply(environ, operation) or "")

    response = call(HeadersMiddleware(app, policy))

    assert response.values(field) == [value]
    assert (response.values("Vary") == ["Origin"]) == (field != "Vary")
    assert (response.values("Cache-Control") == ["private"]) == (value == "private" or field == "Vary")
