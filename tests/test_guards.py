"""What guards have in common: their order, and how an answer goes out."""

from __future__ import annotations

import itertools
import logging
import sys
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

import pytest
from assertions import assert_head
from wsgi import PLAIN, call, environ_for, responding, run, validated

from wsgi_headers import (
    AllowedHosts,
    CookieAttributes,
    CrossOriginProtection,
    Default,
    HeadError,
    HeadersMiddleware,
    HttpsRedirect,
    Match,
    Merge,
    Policy,
    PolicyError,
    ReportCollector,
    Rule,
    Set,
)
from wsgi_headers._part import GuardRank, Part
from wsgi_headers.exchange import ENVIRON_KEY, Answer, Decision, Request

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

GUARDS = (
    AllowedHosts("app.example"),
    HttpsRedirect(exempt_paths=()),
    ReportCollector("/reports"),
    CrossOriginProtection(),
)
# A request that every guard has something to say about, then without what the first one minds, and so on.
MINDED: list[tuple[dict[str, Any], str]] = [
    ({"host": "evil.test", "scheme": "http", "path": "/reports"}, "400 Bad Request"),
    ({"scheme": "http", "path": "/reports"}, "308 Permanent Redirect"),
    ({"path": "/reports"}, "415 Unsupported Media Type"),
    ({"path": "/"}, "403 Forbidden"),
    ({"path": "/", "HTTP_SEC_FETCH_SITE": "same-origin"}, "200 OK"),
]

REFUSABLE = {"method": "POST", "HTTP_SEC_FETCH_SITE": "cross-site"}


def refusing(*parts: Part, deny: WSGIApplication | None = None) -> HeadersMiddleware:
    """Return an application whose policy refuses what REFUSABLE asks."""
    return HeadersMiddleware(responding(PLAIN), Policy(CrossOriginProtection(deny=deny), *parts))


@pytest.mark.parametrize("order", list(itertools.permutations(range(4))))
def test_the_order_of_declaration_means_nothing(order: tuple[int, ...]) -> None:
    """Hosts, https, reports, other sites; rules and nested policies change nothing in that."""
    first, *others = (GUARDS[place] for place in order)
    policy = Policy(Policy(first), Rule(Match(path="/"), *others))
    app = HeadersMiddleware(responding(PLAIN), policy)

    for minded, status in MINDED:
        assert call(app, method="POST", **{"HTTP_SEC_FETCH_SITE": "cross-site", **minded}).status == status


def test_the_order_stands_in_one_table() -> None:
    """Each guard has a rank of its own there, and preflights one between."""
    ranks = [guard.guard_rank for guard in GUARDS]

    assert ranks == sorted(ranks) and len(set(ranks)) == 4
    assert GuardRank.REPORT_COLLECTOR < GuardRank.CORS_PREFLIGHT < GuardRank.CROSS_ORIGIN_PROTECTION


STORABLE = [
    ("Cache-Control", "public, max-age=60"),
    ("Expires", "Thu, 01 Jan 2032 00:00:00 GMT"),
    ("CDN-Cache-Control", "max-age=60"),
    ("Cloudflare-CDN-Cache-Control", "max-age=60"),
    ("Surrogate-Control", "max-age=60"),
    ("Edge-Control", "max-age=60"),
    ("X-Accel-Expires", "60"),
    ("Example-Cache-Control", "max-age=60"),
]


@pytest.mark.parametrize("field", STORABLE, ids=[name for name, _ in STORABLE])
@pytest.mark.parametrize("operation", [Set, Default])
def test_no_answer_is_stored(operation: Callable[[str, str], Part], field: tuple[str, str]) -> None:
    """Neither what the policy says of caching nor what the application of a refusal says is left."""
    deny = responding(PLAIN, field, ("cache-control", "private"), status="403 Forbidden")
    for app in (refusing(operation(*field)), refusing(operation(*field), deny=deny)):
        told = [line for line in call(app, **REFUSABLE).lines if not line[0].startswith("Content-")]
        assert_head(told, [("Vary", "Sec-Fetch-Site, Origin"), ("Cache-Control", "no-store")])
    assert field in call(app).lines


def test_the_rest_of_the_policy_is_there() -> None:
    """Operations, cookies and rules on status and media type of the guard's own answer."""
    app = refusing(
        Set("X-Frame-Options", "DENY"),
        Rule(Match(status=403, media_type="text/plain"), Set("X-Rule", "1")),
        Rule(Match(status=200), Set("X-Other", "1")),
        Rule(Match(scheme="https"), Set("Strict-Transport-Security", "max-age=1")),
    )
    response = call(app, **REFUSABLE)

    assert_head(
        response.lines,
        [
            ("Content-Type", "text/plain; charset=utf-8"),
            ("Content-Length", str(len(response.body))),
            ("X-Frame-Options", "DENY"),
            ("X-Rule", "1"),
            ("Strict-Transport-Security", "max-age=1"),
            ("Vary", "Sec-Fetch-Site, Origin"),
            ("Cache-Control", "no-store"),
        ],
    )


@pytest.mark.parametrize("value", ["*", "Cookie", "origin, SEC-FETCH-SITE"])
def test_vary_is_merged_last(value: str) -> None:
    """A star absorbs; a name that is there stays as it is spelled."""
    expected = {
        "*": "*",
        "Cookie": "Cookie, Sec-Fetch-Site, Origin",
        "origin, SEC-FETCH-SITE": "origin, SEC-FETCH-SITE",
    }
    for part in (Set("Vary", value), Merge("Vary", value)):
        assert call(refusing(part), **REFUSABLE).values("Vary") == [expected[value]]


def as_json(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """Refuse as an API does."""
    start_response("403 Forbidden", [("Content-Type", "application/json"), ("Set-Cookie", "seen=1")])
    return [b'{"error": "cross-origin"}']


def late(environ: WSGIEnvironment, start_response: StartResponse) -> Iterator[bytes]:
    """Refuse, with a head that starts with the first chunk."""
    start_response("403 Forbidden", [("Content-Type", "application/json")])
    yield b'{"error": '
    yield b'"cross-origin"}'


def writing(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """Refuse through `write`."""
    start_response("403 Forbidden", [("Content-Type", "application/json")])(b'{"error": ')
    return [b'"cross-origin"}']


def failing(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """Begin another answer, fail, and refuse."""
    start_response("200 OK", [("Content-Type", "application/json"), ("Cache-Control", "public")])
    try:
        raise ValueError
    except ValueError:
        start_response("403 Forbidden", [("Content-Type", "application/json")], sys.exc_info())
    return [b'{"error": "cross-origin"}']


@pytest.mark.parametrize("deny", [as_json, late, writing, failing])
@pytest.mark.parametrize(
    ("guard", "method"),
    [
        (lambda deny: AllowedHosts("a.test", deny=deny), "POST"),
        (lambda deny: AllowedHosts("a.test", deny=deny), "HEAD"),
        (lambda deny: CrossOriginProtection(deny=deny), "POST"),
    ],
    ids=["hosts", "hosts, HEAD", "cross-origin"],
)
def test_an_application_may_answer_refusals(
    deny: WSGIApplication, guard: Callable[[WSGIApplication], Part], method: str
) -> None:
    """Its answer goes through the policy, is not stored, and has no body for HEAD."""
    policy = Policy(
        guard(validated(deny)),
        CookieAttributes(secure=True),
        Rule(Match(media_type="application/json"), Set("X-Rule", "1")),
    )
    response = call(HeadersMiddleware(responding(PLAIN), policy), method=method, HTTP_SEC_FETCH_SITE="cross-site")

    assert (response.status, response.values("X-Rule")) == ("403 Forbidden", ["1"])
    assert response.values("Cache-Control") == ["no-store"]
    assert response.values("Set-Cookie") == (["seen=1; Secure"] if deny is as_json else [])
    assert response.body == (b"" if method == "HEAD" else b'{"error": "cross-origin"}')


class Body:
    """A body that remembers whether it was closed."""

    closed = False

    def __iter__(self) -> Iterator[bytes]:
        yield b"never sent"

    def close(self) -> None:
        self.closed = True


def test_the_body_of_a_refusal_is_closed() -> None:
    """Also where HEAD asks and nobody reads it."""
    body = Body()
    app = HeadersMiddleware(responding(PLAIN), Policy(AllowedHosts("a.test", deny=responding(PLAIN, body=body))))

    assert call(app, method="HEAD", host="b.test", validate=False).body == b""
    assert body.closed


class WithoutCookies(Part):
    """Keeps every cookie from whatever application answers."""

    @property
    def incoming(self) -> Any:
        return lambda parts: lambda request, log: request.environ.pop("HTTP_COOKIE", None)


def test_what_is_kept_from_the_application_is_kept_from_that_of_a_refusal() -> None:
    """It is an application like the other."""
    seen: list[str | None] = []

    def deny(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        seen.append(environ.get("HTTP_COOKIE"))
        start_response("403 Forbidden", [PLAIN])
        return [b""]

    call(refusing(WithoutCookies(), deny=deny), **REFUSABLE, HTTP_COOKIE="sid=forged")
    assert seen == [None]


def test_an_application_of_refusals_may_have_a_policy_of_its_own() -> None:
    """Which acts first, as that of any application inside."""
    denying = responding(PLAIN, status="403 Forbidden")
    inner = HeadersMiddleware(denying, Policy(Set("X-A", "inner"), Set("X-B", "inner")))
    response = call(refusing(Set("X-A", "outer"), deny=inner), **REFUSABLE)

    assert (response.values("X-A"), response.values("X-B")) == (["outer"], ["inner"])


def test_nested_middlewares_with_equal_policies_refuse_once(caplog: pytest.LogCaptureFixture) -> None:
    """The outermost acts."""
    policy = Policy(CrossOriginProtection())
    app = HeadersMiddleware(HeadersMiddleware(responding(PLAIN), policy), policy)

    assert call(app, **REFUSABLE).status == "403 Forbidden"
    assert len(caplog.records) == 1


def test_an_answer_leaves_in_environ_only_that_its_head_went_out() -> None:
    """As a response of the application does."""
    environ = environ_for(**REFUSABLE)
    before = set(environ)
    run(refusing(), environ, validate=False)

    assert set(environ) - before == {ENVIRON_KEY} and environ[ENVIRON_KEY] is None


def test_a_head_that_must_not_be_sent_is_refused_in_an_answer_too() -> None:
    """The error is raised in the refusing application's own call."""
    with pytest.raises(HeadError):
        call(refusing(deny=responding(PLAIN, ("X-A", "1\r\n"))), **REFUSABLE)


def test_warnings_are_bounded_in_rate(caplog: pytest.LogCaptureFixture) -> None:
    """A client can cause as many as it likes."""
    app = refusing()
    with caplog.at_level(logging.WARNING, "wsgi_headers"):
        for _ in range(100):
            call(app, **REFUSABLE)

    assert len(caplog.records) == 10


class Tells(Part):
    """A guard that only tells."""

    guard_rank = -1

    @property
    def guard(self) -> Callable[[Request], Decision | None]:
        return lambda request: Decision("tells", "something", None)


class Owns(Part):
    """A guard whose answer has fields that no operation of the policy changes."""

    @property
    def guard(self) -> Callable[[Request], Decision | None]:
        answer = Answer("200 OK", [PLAIN, ("X-Own", "first")], b"1")
        return lambda request: Decision("owns", "", answer, last={"X-Own": "last", "X-Gone": None, "X-New": "new"})


def test_a_guard_may_tell_and_let_pass(caplog: pytest.LogCaptureFixture) -> None:
    """Those after it decide; what has no reason is not told."""
    app = HeadersMiddleware(responding(PLAIN), Policy(Owns(), Tells()))

    assert call(app).body == b"1"
    assert [record.__dict__["event"] for record in caplog.records] == ["tells"]


def test_fields_of_an_answer_may_stand_after_every_operation() -> None:
    """Each is replaced or gone, whatever the policy says of it."""
    policy = Policy(Owns(), Set("X-Own", "policy"), Set("X-Gone", "policy"), Set("X-Kept", "policy"))
    lines = call(HeadersMiddleware(responding(PLAIN), policy)).lines

    assert_head(
        lines,
        [
            PLAIN,
            ("Content-Length", "1"),
            ("X-Own", "last"),
            ("X-New", "new"),
            ("X-Kept", "policy"),
            ("Cache-Control", "no-store"),
        ],
    )


@pytest.mark.parametrize("match", [Match(status=404), Match(media_type="text/html")], ids=["status", "media type"])
@pytest.mark.parametrize("guard", GUARDS, ids=[type(guard).__name__ for guard in GUARDS])
def test_no_guard_stands_under_a_match_on_the_response(guard: Part, match: Match) -> None:
    """It acts before there is one."""
    with pytest.raises(PolicyError) as caught:
        Rule(match, guard)

    assert [problem.code for problem in caught.value.problems] == ["rule.guard"]


@pytest.mark.parametrize("guard", GUARDS, ids=[type(guard).__name__ for guard in GUARDS])
def test_guards_only_decide(guard: Part, caplog: pytest.LogCaptureFixture) -> None:
    """A decision tells nothing, reads no body and changes nothing of environ."""
    for minded, _ in MINDED:
        environ = environ_for(method="POST", **{"HTTP_SEC_FETCH_SITE": "cross-site", **minded})
        before = dict(environ)
        decide = guard.guard
        assert decide is not None
        first, second = decide(Request(environ)), decide(Request(environ))
        assert (first is None) == (second is None)
        assert environ == before and environ["wsgi.input"].tell() == 0
    assert caplog.records == []
