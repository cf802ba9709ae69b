"""Shadow mode: what a policy would change is told once a kind and counted, and nothing is changed."""

from __future__ import annotations

import gc
import io
import itertools
import logging
import pickle
import sys
import threading
import tracemalloc
import weakref
from collections.abc import Iterable, Iterator
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

import pytest
from hypothesis import given
from strategies import heads, policies, requests, statuses
from wsgi import PLAIN, Line, Response, call, environ_for, responding

from wsgi_headers import (
    CORS,
    NONCE,
    AllowedHosts,
    Append,
    CacheSafety,
    Conditional,
    ContentSecurityPolicy,
    CookieAttributes,
    CookieBudget,
    CookieConsent,
    CookieRule,
    CrossOriginProtection,
    Default,
    Edit,
    HeadersMiddleware,
    HttpsRedirect,
    Match,
    Merge,
    Policy,
    PolicyError,
    Remove,
    ReportCollector,
    Rule,
    Set,
    StrictTransportSecurity,
    overrides,
    presets,
)
from wsgi_headers._shadow_log import KINDS, Change
from wsgi_headers.conditional import weak_tag
from wsgi_headers.exchange import ENVIRON_KEY

KEY = "0123456789abcdef-secret"


class Served:
    """An application that keeps how it was called, and the very objects that it gave."""

    def __init__(self, *lines: Any, status: Any = "200 OK") -> None:
        self.status = status
        self.lines = list(lines)
        self.body = [b"hello"]
        self.environs: list[WSGIEnvironment] = []

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        self.environs.append(dict(environ))
        start_response(self.status, self.lines)
        return self.body


def watch(policy: Policy, app: WSGIApplication, **request: Any) -> tuple[HeadersMiddleware, Response]:
    """Return a middleware that only watches, and the response to one request."""
    middleware = HeadersMiddleware(app, policy, shadow=True)
    return middleware, call(middleware, validate=False, **request)


def told(records: Iterable[logging.LogRecord]) -> list[tuple[str, str, str]]:
    """Return event, subject and part of the records of a log."""
    data = [record.__dict__ for record in records]
    return [
        (fact["event"], fact.get("field") or fact.get("cookie") or fact.get("reason") or "", fact.get("part", ""))
        for fact in data
    ]


CONSENT = CookieConsent(unknown="send")
ADS = CookieRule("ads", category="marketing")
HARD = CookieAttributes(secure=True, http_only=True)
SID = CookieRule("sid", prefix="__Host-")
SIGNED = CookieRule("sid", signing_key=KEY)
CROSS = CrossOriginProtection()
ORIGINS = CORS(origins=["https://a.example"], methods=["PUT"])
FROM_A = {"HTTP_ORIGIN": "https://a.example"}
PREFLIGHT = {**FROM_A, "method": "OPTIONS", "HTTP_ACCESS_CONTROL_REQUEST_METHOD": "PUT"}
ON_REQUEST = Match(when=lambda environ: True, varies_on=("Accept",))
NONCED = ContentSecurityPolicy(script_src=[NONCE])
HSTS = StrictTransportSecurity(60, include_subdomains=False)

WEAK = Conditional(etag="weak")
ONLY_2 = Edit("X-A", {"2": "2"}.get)

# the parts, the request, the application's head, and the changes: event without "shadow.", subject, part
CASES: dict[str, tuple[list[Any], dict[str, Any], list[Line], list[tuple[str, str, Any]]]] = {
    "nothing": ([], {}, [PLAIN], []),
    "nothing that is not so already": ([Set("X-A", "1")], {}, [("x-a", "1")], []),
    "a field is added": ([Set("X-A", "1")], {}, [PLAIN], [("field.added", "X-A", Set("X-A", "1"))]),
    "a field is changed": (
        [Set("X-Frame-Options", "DENY")],
        {},
        [("x-frame-options", "ALLOWALL")],
        [("field.changed", "X-Frame-Options", Set("X-Frame-Options", "DENY"))],
    ),
    "a field is removed": (
        [Remove("X-Powered-By")],
        {},
        [("X-Powered-By", "me")],
        [("field.removed", "X-Powered-By", Remove("X-Powered-By"))],
    ),
    "a default that is not needed": ([Default("X-A", "1")], {}, [("X-A", "2")], []),
    "two parts on one field": (
        [Merge("Vary", "Cookie"), Merge("Vary", "Accept"), Merge("Vary", "origin")],
        {},
        [("Vary", "Origin")],
        [("field.changed", "Vary", Merge("Vary", "Cookie")), ("field.changed", "Vary", Merge("Vary", "Accept"))],
    ),
    "a line more": (
        [Append("Link", "</a>; rel=x")],
        {},
        [("Link", "</b>; rel=y")],
        [("field.changed", "Link", Append("Link", "</a>; rel=x"))],
    ),
    "an edit that drops one line of two": (
        [ONLY_2],
        {},
        [("X-A", "1"), ("X-A", "2")],
        [("field.changed", "X-A", ONLY_2)],
    ),
    "there and back": ([Set("X-A", "2"), Set("X-A", "1")], {}, [("X-A", "1")], []),
    "a rule that holds": (
        [Rule(Match(path="/"), Set("X-A", "1")), Rule(Match(status=404), Set("X-B", "1"))],
        {},
        [],
        [("field.added", "X-A", Set("X-A", "1"))],
    ),
    "a derived Vary": ([Rule(ON_REQUEST, CookieAttributes())], {}, [], [("field.added", "Vary", ON_REQUEST)]),
    "HSTS on http": (
        [HSTS],
        {"scheme": "http"},
        [("Strict-Transport-Security", "max-age=1")],
        [("field.removed", "Strict-Transport-Security", HSTS)],
    ),
    "a policy with a nonce that is not asked for": (
        [NONCED],
        {},
        [],
        [("field.added", "Content-Security-Policy", NONCED)],
    ),
    "a cookie is hardened": (
        [HARD, CookieRule("b", same_site="Lax")],
        {},
        [("Set-Cookie", "a=1; Secure; HttpOnly"), ("Set-Cookie", "b=2")],
        [("cookie.changed", "b", HARD), ("cookie.changed", "b", CookieRule("b", same_site="Lax"))],
    ),
    "a cookie is removed": (
        [CookieRule("a", remove=True)],
        {},
        [("Set-Cookie", "a=1")],
        [("cookie.removed", "a", CookieRule("a", remove=True))],
    ),
    "a cookie gets its prefix": ([SID], {}, [("Set-Cookie", "sid=1")], [("cookie.changed", "sid", SID)]),
    "a deletion of two names": (
        [CookieRule("sid", prefix="__Secure-", insecure_accept_unprefixed=True)],
        {},
        [("Set-Cookie", "sid=; Max-Age=0")],
        [
            ("cookie.added", "sid", CookieRule("sid", prefix="__Secure-", insecure_accept_unprefixed=True)),
            ("cookie.changed", "sid", CookieRule("sid", prefix="__Secure-", insecure_accept_unprefixed=True)),
        ],
    ),
    "a cookie without its prefix comes": (
        [SID],
        {"HTTP_COOKIE": "sid=1"},
        [],
        [("cookie.unprefixed.refused", "sid", "")],
    ),
    "a cookie without its signature comes": (
        [SIGNED],
        {"HTTP_COOKIE": "sid=1"},
        [],
        [("cookie.signature.refused", "sid", "")],
    ),
    "consent is missing": (
        [ADS, CONSENT],
        {},
        [("Set-Cookie", "ads=1")],
        [
            ("cookie.withheld", "ads", ""),
            ("cookie.removed", "ads", ADS),
            ("field.added", "Vary", ADS),
        ],
    ),
    "consent is there, and judged": (
        [ADS, CONSENT],
        {"HTTP_COOKIE": "consent=marketing"},
        [("Set-Cookie", "ads=1")],
        [("field.added", "Vary", ADS), ("field.added", "Vary", CONSENT)],
    ),
    "a budget is exceeded": (
        [CookieBudget(name_value=4)],
        {},
        [("Set-Cookie", "long=1")],
        [("cookie.budget.exceeded", "long", "name_value")],
    ),
    "a budget refuses": (
        [CookieBudget(name_value=4, excess="refuse")],
        {},
        [("Set-Cookie", "long=1")],
        [
            (
                "head.refused",
                "Set-Cookie: name and value of the cookie 'long' have 5 octets, more than the 4 of"
                " CookieBudget.name_value; send less [rfc6265bis 5.6]",
                "",
            )
        ],
    ),
    "CORS for an actual request": (
        [ORIGINS],
        FROM_A,
        [("Access-Control-Allow-Origin", "*"), ("Access-Control-Max-Age", "1")],
        [
            ("field.removed", "Access-Control-Max-Age", ORIGINS),
            ("field.changed", "Access-Control-Allow-Origin", ORIGINS),
            ("field.added", "Vary", ORIGINS),
        ],
    ),
    "a preflight goes to the application": ([ORIGINS], PREFLIGHT, [PLAIN], [("cors.preflight.allowed", "", ORIGINS)]),
    "a refused preflight too": (
        [ORIGINS],
        {**PREFLIGHT, "HTTP_ORIGIN": "https://b.example"},
        [("Access-Control-Allow-Origin", "*")],
        [("cors.preflight.refused", "", ORIGINS)],
    ),
    "another site": (
        [CROSS, Set("X-A", "1")],
        {"method": "POST", "HTTP_SEC_FETCH_SITE": "cross-site"},
        [],
        [("cross_origin.refused", "", CROSS)],
    ),
    "a guard that only reports": (
        [CrossOriginProtection(report_only=True), Set("X-A", "1")],
        {"method": "POST", "HTTP_SEC_FETCH_SITE": "cross-site"},
        [],
        [
            ("cross_origin.reported", "", CrossOriginProtection(report_only=True)),
            ("field.added", "X-A", Set("X-A", "1")),
        ],
    ),
    "another host, which is asked before the scheme": (
        [HttpsRedirect(), AllowedHosts("www.example")],
        {"scheme": "http"},
        [],
        [("hosts.refused", "", AllowedHosts("www.example"))],
    ),
    "http": ([HttpsRedirect(), CROSS], {"scheme": "http"}, [], [("https.redirected", "", HttpsRedirect())]),
    "the client has it already": (
        [Conditional(), Set("X-A", "1")],
        {"HTTP_IF_NONE_MATCH": '"1"'},
        [("ETag", '"1"')],
        [("response.replaced", "304 Not Modified", Conditional()), ("field.added", "X-A", Set("X-A", "1"))],
    ),
    "the client has another": ([Conditional()], {"HTTP_IF_NONE_MATCH": '"2"'}, [("ETag", '"1"')], []),
    "the client wants another": (
        [Conditional(), Set("X-A", "1")],
        {"HTTP_IF_MATCH": '"2"'},
        [("ETag", '"1"')],
        [("response.replaced", "412 Precondition Failed", Conditional())],
    ),
    "an entity tag is made": ([WEAK], {}, [PLAIN], [("field.added", "ETag", WEAK)]),
    "an entity tag is made, and the client has it": (
        [WEAK],
        {"HTTP_IF_NONE_MATCH": str(weak_tag([b"hello"], 5))},
        [PLAIN],
        [("field.added", "ETag", WEAK), ("response.replaced", "304 Not Modified", WEAK)],
    ),
    "an entity tag that an operation speaks of": (
        [WEAK, Remove("ETag")],
        {"HTTP_IF_NONE_MATCH": str(weak_tag([b"hello"], 5))},
        [PLAIN],
        [],
    ),
    "a cookie that a shared cache would keep": (
        [CacheSafety()],
        {},
        [("Set-Cookie", "a=1"), ("Cache-Control", "public, max-age=60")],
        [("field.changed", "Cache-Control", CacheSafety())],
    ),
    "what a shared cache would keep of a user": (
        [CacheSafety()],
        {"HTTP_AUTHORIZATION": "Basic s3cr3t"},
        [("Cache-Control", "public, max-age=60")],
        [("field.changed", "Cache-Control", CacheSafety())],
    ),
    "a report": (
        [ReportCollector("/r")],
        {"path": "/r", "method": "POST"},
        [],
        [("reports.received", "", ReportCollector("/r"))],
    ),
}


@pytest.mark.parametrize(("parts", "request_", "lines", "changes"), CASES.values(), ids=CASES)
def test_told_and_not_done(
    parts: list[Any],
    request_: dict[str, Any],
    lines: list[Line],
    changes: list[tuple[str, str, Any]],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The application's own objects go out and its cookies come in; each change is a record and a count."""
    app = Served(*lines)
    middleware = HeadersMiddleware(app, Policy(*parts), shadow=True)
    environ = environ_for(**request_)
    bodies, heads = [], []
    for _ in range(2):
        bodies.append(middleware(environ, lambda *head: heads.append(head)))
        del environ[ENVIRON_KEY]

    assert all(body is app.body for body in bodies)
    assert all(head[0] is app.status and head[1] is app.lines and len(head) == 2 for head in heads)
    assert app.lines == lines
    for seen in app.environs:
        assert {key: value for key, value in seen.items() if key != ENVIRON_KEY} == environ_with(request_, seen)
    expected = {
        (f"shadow.{event}", subject, part if isinstance(part, str) else repr(part)) for event, subject, part in changes
    }
    assert middleware.shadow == dict.fromkeys((Change(*change) for change in expected), 2)
    assert sorted(event for event, _, _ in told(caplog.records)) == sorted(event for event, _, _ in expected)
    assert all(record.__dict__["count"] == 1 for record in caplog.records)


def environ_with(request: dict[str, Any], seen: WSGIEnvironment) -> WSGIEnvironment:
    """Return the environ of a request, with the streams of one that was seen."""
    streams = {key: seen[key] for key in ("wsgi.input", "wsgi.errors")}
    return {**environ_for(**request), **streams}


@given(policies, requests, statuses, heads)
def test_what_is_told_is_what_would_be_done(
    policy: Policy, request: dict[str, Any], status: str, head: list[Line]
) -> None:
    """The fields that are told are those that the same policy changes when it acts, and only those."""
    app = responding(*head, status=status)
    middleware, response = watch(policy, app, **request)
    acting = call(HeadersMiddleware(app, policy), validate=False, **request)

    assert response.lines == head
    assert middleware.shadow is not None
    fields = {change.subject.lower() for change in middleware.shadow if change.event.startswith("shadow.field.")}
    assert fields == {name for name in names(head + acting.lines) if values(head, name) != values(acting.lines, name)}


def names(head: list[Line]) -> set[str]:
    """Return the lower-case names of a head, but for cookies."""
    return {name.lower() for name, _ in head} - {"set-cookie"}


def values(head: list[Line], name: str) -> list[str]:
    """Return the values of one field in order."""
    return [value for field, value in head if field.lower() == name]


BAD_HEADS: dict[str, tuple[Any, Any, str]] = {
    "a line break": ("200 OK", [("X-A", "secret\r\nEvil: 1")], "'X-A': the value holds a control character"),
    "a name that is no token": ("200 OK", [("X A", "secret")], "'X A': the name is no token"),
    "beyond latin-1": ("200 OK", [("X-A", "secret\u20ac")], "'X-A': the value holds a character beyond latin-1"),
    "no str": ("200 OK", [("X-A", 1)], "'X-A': the value is no str but int"),
    "no pair": ("200 OK", [("X-A",)], "line 0 of the head is no (name, value) pair"),
    "no status": ("OK", [], "the status is not three digits"),
    "a status that is no text": (200, [], "the status is no str but int"),
    "no list": ("200 OK", None, "the head is no list but NoneType"),
}


@pytest.mark.parametrize("policy", [Policy(), presets.BASELINE], ids=["empty", "baseline"])
@pytest.mark.parametrize(("status", "lines", "reason"), BAD_HEADS.values(), ids=BAD_HEADS)
def test_a_head_that_must_not_be_sent_is_left_to_the_server(
    policy: Policy, status: Any, lines: Any, reason: str, caplog: pytest.LogCaptureFixture
) -> None:
    """What would raise HeadError in the application's own call is told, with the field and never the value."""
    app = Served(status=status)
    app.lines = lines
    heads: list[Any] = []
    middleware = HeadersMiddleware(app, policy, shadow=True)
    assert middleware(environ_for(), lambda *head: heads.append(head)) is app.body

    ((sent_status, sent_lines),) = heads
    assert sent_status is status and sent_lines is lines
    (record,) = caplog.records
    assert record.__dict__["event"] == "shadow.head.refused"
    assert record.__dict__["reason"].startswith(reason)
    assert "secret" not in record.getMessage()
    assert middleware.shadow == {Change("shadow.head.refused", record.__dict__["reason"], ""): 1}


def test_a_second_head_without_an_error_is_left_to_the_server(caplog: pytest.LogCaptureFixture) -> None:
    """PEP 3333 calls it an error, and some servers take it."""

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        start_response("200 OK", [PLAIN])
        start_response("404 Not Found", [PLAIN])
        return []

    heads: list[Any] = []
    HeadersMiddleware(app, Policy(), shadow=True)(environ_for(), lambda *head: heads.append(head))

    assert [head[0] for head in heads] == ["200 OK", "404 Not Found"]
    assert [event for event, _, _ in told(caplog.records)] == ["shadow.head.refused"]


@pytest.mark.parametrize("make", [iter, lambda head: (line for line in head), lambda head: map(tuple, head)])
def test_a_head_that_can_be_read_once_reaches_the_server_unread(make: Any) -> None:
    """Looking at it would use it up."""
    lines = make([PLAIN])
    app = Served()
    app.lines = lines
    heads: list[Any] = []
    middleware = HeadersMiddleware(app, Policy(Set("X-A", "1")), shadow=True)
    middleware(environ_for(), lambda *head: heads.append(head))

    assert heads[0][1] is lines and list(lines) == [PLAIN]
    assert middleware.shadow == {Change("shadow.head.unread", type(lines).__name__, ""): 1}


@pytest.mark.parametrize("lines", [(PLAIN,), {"Content-Type": "text/plain"}.items(), [list(PLAIN)]])
def test_a_head_that_is_no_list_of_tuples_is_judged_all_the_same(lines: Any) -> None:
    """It reaches the server as it is."""
    app = Served()
    app.lines = lines
    heads: list[Any] = []
    middleware = HeadersMiddleware(app, Policy(Remove("Content-Type")), shadow=True)
    middleware(environ_for(), lambda *head: heads.append(head))

    assert heads[0][1] is lines
    assert middleware.shadow == {Change("shadow.field.removed", "Content-Type", "Remove('Content-Type')"): 1}


# ----------------------------------------------------------------------------------------------------------------------
# Once a kind, bounded
# ----------------------------------------------------------------------------------------------------------------------


def test_each_kind_is_told_once_and_counted(caplog: pytest.LogCaptureFixture) -> None:
    """However often; another part or field is another kind."""
    policy = Policy(Set("X-A", "1"), Rule(Match(path="/b"), Set("X-A", "2"), Set("X-B", "2")))
    middleware = HeadersMiddleware(responding(PLAIN), policy, shadow=True)
    for path in ("/a", "/b", "/a", "/b", "/a"):
        call(middleware, path=path)

    assert middleware.shadow == {
        ("shadow.field.added", "X-A", "Set('X-A', '1')"): 3,
        ("shadow.field.added", "X-A", "Set('X-A', '2')"): 2,
        ("shadow.field.added", "X-B", "Set('X-B', '2')"): 2,
    }
    assert len(caplog.records) == 3


def test_counts_are_a_copy() -> None:
    """Whoever reads them may go through them while requests come."""
    middleware = HeadersMiddleware(responding(PLAIN), Policy(Set("X-A", "1")), shadow=True)
    before = middleware.shadow
    call(middleware)

    assert before == {}
    assert middleware.shadow == {Change("shadow.field.added", "X-A", "Set('X-A', '1')"): 1}


def test_kinds_are_bounded_and_one_flood_hides_no_other_event(caplog: pytest.LogCaptureFixture) -> None:
    """Beyond the bound of an event its kinds are counted together, which is told once."""
    numbers = itertools.count()

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        number = next(numbers)
        start_response("200 OK", [("Set-Cookie", f"a{number}=1"), (f"X-{number}", "1\n" if number % 2 else "1")])
        return []

    middleware = HeadersMiddleware(app, Policy(HARD, Set("X-A", "1")), shadow=True)
    for _ in range(4 * KINDS):
        call(middleware, validate=False)

    counts = middleware.shadow
    assert counts is not None and sum(counts.values()) == 4 * KINDS + 2 * KINDS
    assert counts[Change("shadow.cookie.changed", "*", "*")] == KINDS
    assert counts[Change("shadow.head.refused", "*", "*")] == KINDS
    assert counts[Change("shadow.field.added", "X-A", "Set('X-A', '1')")] == 2 * KINDS
    assert len(counts) == len(caplog.records) == 2 * (KINDS + 1) + 1


def test_memory_stays_flat_whatever_comes() -> None:
    """Names of cookies and fields, hosts, paths, and heads that are no good."""

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        name = environ["PATH_INFO"][1:]
        lines = [("Set-Cookie", f"{name}={name}"), (f"X-{name}", "1"), (f"Y {name}", "1")]
        start_response("200 OK", lines[: len(name) % 4])
        return []

    parts = [AllowedHosts("app.example", "*.test"), SID, CookieBudget(name_value=2), CONSENT, ADS, NONCED, HARD]
    middleware = HeadersMiddleware(app, Policy(*parts), shadow=True)

    def held(numbers: range) -> int:
        """Return the octets that are held after these requests by whoever watches; other memos are bounded as ever."""
        for number in numbers:
            cookies = f"sid\u00a0{number}=1; \u00a0sid=1"
            environ = environ_for(path=f"/{'a' * (number % 5)}{number}", host=f"h{number}.test", HTTP_COOKIE=cookies)
            middleware(environ, lambda *head: bytes.__len__)
        gc.collect()
        ours = [
            tracemalloc.Filter(True, f"*/{name}.py") for name in ("shadow", "_shadow_log", "_explain", "_log", "_part")
        ]
        traces = tracemalloc.take_snapshot().filter_traces(ours).traces
        return sum(trace.size for trace in traces)

    logging.disable()
    tracemalloc.start()
    try:
        before = held(range(6 * KINDS))
        after = held(range(6 * KINDS, 9 * KINDS))
    finally:
        tracemalloc.stop()
        logging.disable(logging.NOTSET)
    assert 10_000 < before and after - before < 2_000


def test_counts_are_exact_with_many_threads(caplog: pytest.LogCaptureFixture) -> None:
    """Nothing is lost and each kind is told once."""
    policy = Policy(*(Set(f"X-{number}", "1") for number in range(20)))
    middleware = HeadersMiddleware(responding(PLAIN), policy, shadow=True)
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        threads = [
            threading.Thread(target=lambda: [call(middleware, validate=False) for _ in range(50)]) for _ in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(interval)

    assert middleware.shadow is not None
    assert set(middleware.shadow.values()) == {400} and len(middleware.shadow) == 20
    assert len(caplog.records) == 20


# ----------------------------------------------------------------------------------------------------------------------
# Nothing is changed
# ----------------------------------------------------------------------------------------------------------------------


def must_not_be_called(*arguments: Any) -> Any:
    """Stand for what acts."""
    raise AssertionError("a policy that is only watched acts")


@pytest.mark.parametrize(
    ("guard", "request_"),
    [
        (CrossOriginProtection(deny=must_not_be_called), {"HTTP_SEC_FETCH_SITE": "cross-site"}),
        (AllowedHosts("a.test", deny=must_not_be_called), {}),
        (ReportCollector("/r", must_not_be_called), {"CONTENT_TYPE": "application/csp-report"}),
        (ReportCollector("/r"), {"CONTENT_TYPE": "application/reports+json"}),
    ],
    ids=["cross-origin", "hosts", "reports", "reports that are logged"],
)
def test_guards_do_not_act(guard: Any, request_: dict[str, Any], caplog: pytest.LogCaptureFixture) -> None:
    """No application of refusals is called, no report read or handed on; the application has its request whole."""
    body = b'{"csp-report": {}}'
    seen: list[bytes] = []

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        seen.append(environ["wsgi.input"].read())
        start_response("200 OK", [PLAIN])
        return [b"mine"]

    request_ = {**request_, "CONTENT_LENGTH": str(len(body)), "wsgi.input": io.BytesIO(body)}
    _, response = watch(Policy(guard), app, path="/r", method="POST", **request_)

    assert response.body == b"mine" and seen == [body]
    assert len(caplog.records) == 1


def fails(*arguments: Any) -> Any:
    """Fail with something that no log must show."""
    raise LookupError("secret")


def gives_bad_value(environ: WSGIEnvironment) -> str:
    """Give what no head bears."""
    return "secret\n"


FAILING: dict[str, tuple[Policy, str]] = {
    "a value": (Policy(Set("X-A", fails)), "shadow.failed"),
    "a value that must not be sent": (Policy(Set("X-A", gives_bad_value)), "shadow.head.refused"),
    "an edit": (Policy(Edit("Content-Type", fails)), "shadow.failed"),
    "a when": (Policy(Rule(Match(when=fails), Set("X-A", "1"))), "shadow.failed"),
    "consent": (
        Policy(CookieConsent(granted=fails, unknown="send"), ADS),
        "shadow.cookie.consent.unreadable",
    ),
}


@pytest.mark.parametrize(("policy", "event"), FAILING.values(), ids=FAILING)
def test_a_policy_that_fails_breaks_nothing(policy: Policy, event: str, caplog: pytest.LogCaptureFixture) -> None:
    """The error's kind and its place are told, its message is not."""
    app = Served(PLAIN, ("Set-Cookie", "ads=1"))
    middleware = HeadersMiddleware(app, policy, shadow=True)
    heads: list[Any] = []
    for _ in range(3):
        environ = environ_for(HTTP_COOKIE="consent=x")
        assert middleware(environ, lambda *head: heads.append(head)) is app.body

    assert [head[1] for head in heads] == [app.lines] * 3
    record = next(record for record in caplog.records if record.__dict__["event"] == event)
    assert "secret" not in record.getMessage() and "secret" not in repr(record.__dict__)
    if event == "shadow.failed":
        assert record.__dict__["error"] == "LookupError"
        assert record.__dict__["place"].startswith("fails, test_shadow.py:")
        assert middleware.shadow == {Change(event, "LookupError", record.__dict__["place"]): 3}


class Breaks(logging.Handler):
    """A handler that raises, as one of a site may."""

    def emit(self, record: logging.LogRecord) -> None:
        raise OSError("disk full")


def test_a_handler_that_fails_breaks_nothing() -> None:
    """What is told may go nowhere; it is counted."""
    logger, handler = logging.getLogger("wsgi_headers"), Breaks()
    logger.addHandler(handler)
    try:
        middleware, response = watch(Policy(Set("X-A", "1")), responding(PLAIN))
    finally:
        logger.removeHandler(handler)

    assert response.lines == [PLAIN]
    assert middleware.shadow == {Change("shadow.field.added", "X-A", "Set('X-A', '1')"): 1}


@pytest.mark.parametrize(("cookies", "left"), [("sid=tossed; b=2", "b=2"), ("sid=tossed", None)])
def test_what_the_policy_does_to_environ_stays_with_it(cookies: str, left: str | None) -> None:
    """A callable that changes its environ changes a copy, in which cookies are as the policy would leave them."""
    seen: list[str | None] = []

    def when(environ: WSGIEnvironment) -> bool:
        environ["HTTP_X"] = "when"
        return True

    def value(environ: WSGIEnvironment) -> str:
        environ["HTTP_X"] = "value"
        seen.append(environ.get("HTTP_COOKIE"))
        overrides.nonce(environ)
        overrides.apply(environ, Set("X-B", "1"))
        return "1"

    app = Served(PLAIN)
    middleware = HeadersMiddleware(app, Policy(Rule(Match(when=when), Set("X-A", value)), SID), shadow=True)
    environ = environ_for(HTTP_COOKIE=cookies)
    before = dict(environ)
    middleware(environ, lambda *head: None)

    assert environ == {**before, ENVIRON_KEY: None}
    assert seen == [left]
    assert app.environs[0]["HTTP_COOKIE"] == cookies


def test_what_the_policy_asks_for_stays_with_it() -> None:
    """A callable of it gets the nonce of the response; what it applies reaches no policy above that acts."""
    nonces: list[str] = []

    def value(environ: WSGIEnvironment) -> str:
        nonces.append(overrides.nonce(environ))
        overrides.apply(environ, Set("X-B", "policy"))
        return "1"

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        nonces.append(overrides.nonce(environ))
        overrides.apply(environ, Set("X-C", "application"))
        start_response("200 OK", [PLAIN])
        return []

    watching = HeadersMiddleware(app, Policy(Set("X-A", value)), shadow=True)
    response = call(HeadersMiddleware(watching, Policy()))

    assert response.lines == [PLAIN, ("X-C", "application")]
    assert len(nonces) == 2 and len(set(nonces)) == 1


def test_an_application_that_fails_leaves_nothing_behind() -> None:
    """Its error reaches the server, and the environ may be used again."""

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        raise LookupError

    environ = environ_for()
    before = dict(environ)
    with pytest.raises(LookupError):
        HeadersMiddleware(app, presets.STRICT, shadow=True)(environ, must_not_be_called)

    assert environ == before


def test_start_response_is_handed_on_whole() -> None:
    """Its `write` and its error come back, exc_info reaches the server, and the second head is judged too."""

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        start_response("200 OK", [PLAIN])(b"one ")
        try:
            raise LookupError
        except LookupError:
            start_response("500 Oops", [PLAIN, ("X-A", "1")], sys.exc_info())
        return [b"two"]

    written: list[bytes] = []
    heads: list[Any] = []
    middleware = HeadersMiddleware(app, Policy(Rule(Match(status=500), Remove("X-A"))), shadow=True)
    body = middleware(environ_for(), lambda *head: heads.append(head) or written.append)

    assert (written, body) == ([b"one "], [b"two"])
    assert [head[0] for head in heads] == ["200 OK", "500 Oops"] and heads[1][2][0] is LookupError
    assert middleware.shadow == {Change("shadow.field.removed", "X-A", "Remove('X-A')"): 1}


def test_an_error_that_replaces_a_head_gets_no_entity_tag() -> None:
    """Nor does what is written, or made while it is sent."""

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        start_response("200 OK", [PLAIN])
        start_response("200 OK", [PLAIN], (LookupError, LookupError(), None))
        return [b"hello"]

    def late(environ: WSGIEnvironment, start_response: StartResponse) -> Iterator[bytes]:
        start_response("200 OK", [PLAIN])
        yield b"hello"

    assert watch(Policy(WEAK), app)[0].shadow == watch(Policy(WEAK), late)[0].shadow == {}


def test_an_application_may_start_with_its_body() -> None:
    """Its generator is what the server gets."""

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterator[bytes]:
        start_response("200 OK", [PLAIN])
        yield overrides_refused(environ)

    def overrides_refused(environ: WSGIEnvironment) -> bytes:
        with pytest.raises(RuntimeError):
            overrides.nonce(environ)
        return b"late"

    middleware, response = watch(Policy(Set("X-A", "1")), app)
    assert (response.lines, response.body) == ([PLAIN], b"late")
    assert middleware.shadow == {Change("shadow.field.added", "X-A", "Set('X-A', '1')"): 1}


class Weak(dict[str, Any]):
    """An environ that can be waited for."""

    __slots__ = ("__weakref__",)


def test_no_request_waits_for_the_cycle_collector() -> None:
    """When a response is done, its environ goes at once."""

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        overrides.apply(environ, Set("X-B", "1"))
        start_response("200 OK", [PLAIN, ("Set-Cookie", "ads=1")])
        start_response("500 Oops", [PLAIN], (ValueError, ValueError(), None))
        return [b"body"]

    middleware = HeadersMiddleware(app, Policy(presets.STRICT, SID, CONSENT, ADS), shadow=True)
    gc.collect()
    gc.disable()
    try:
        environ = Weak(environ_for(HTTP_COOKIE="sid=1"))
        gone = weakref.ref(environ)
        assert list(middleware(environ, lambda *head: bytes.__len__)) == [b"body"]
        del environ
        assert gone() is None
        assert gc.collect() == 0
    finally:
        gc.enable()


# ----------------------------------------------------------------------------------------------------------------------
# Secrets and texts of clients
# ----------------------------------------------------------------------------------------------------------------------


def test_no_secret_is_told(caplog: pytest.LogCaptureFixture) -> None:
    """Neither values of cookies, nor keys, nor nonces, in a message, in data or among the counts."""
    nonces: list[str] = []

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        nonces.append(overrides.nonce(environ))
        start_response("200 OK", [PLAIN, ("Set-Cookie", "sid=s3cr3t"), ("Set-Cookie", "ads=s3cr3t"), ("X-A", "s3cr3t")])
        return []

    parts = [SIGNED, CookieRule("pre", prefix="__Host-"), ADS, CONSENT, CookieBudget(name_value=3), Set("X-A", "1")]
    middleware = HeadersMiddleware(app, Policy(presets.STRICT, *parts), shadow=True)
    call(middleware, validate=False, HTTP_COOKIE="sid=s3cr3t; pre=s3cr3t; consent=s3cr3t")

    assert middleware.shadow and len(caplog.records) == len(middleware.shadow)
    everything = repr([(record.getMessage(), record.__dict__) for record in caplog.records]) + repr(middleware.shadow)
    for secret in ("s3cr3t", KEY, nonces[0]):
        assert secret not in everything


def test_texts_of_clients_are_one_plain_line(caplog: pytest.LogCaptureFixture) -> None:
    """Names, paths and hosts are escaped and cut, in records and counts alike."""
    wild = "\x1b[0m\r\n\xe9" * 100
    policy = Policy(AllowedHosts("a.test"), CookieRule("sid", prefix="__Host-"))
    middleware, _ = watch(policy, responding(("Set-Cookie", "n\xe9=1")), host=f"x{wild}", path=f"/{wild}")
    watch(Policy(HARD), responding(("Set-Cookie", f"{chr(0xE9) * 500}=1")))
    watch(Policy(CookieRule("sid", prefix="__Host-")), responding(PLAIN), HTTP_COOKIE=f"{chr(0xA0) * 300}sid=1")

    assert len(caplog.records) == 3
    for record in caplog.records:
        texts = [fact for fact in record.__dict__.values() if isinstance(fact, str)]
        assert all(text.isascii() and text.isprintable() for text in [*texts, record.getMessage()])
        assert all(len(record.__dict__.get(name, "")) <= 200 for name in ("host", "path", "cookie"))


# ----------------------------------------------------------------------------------------------------------------------
# Overrides, and several middlewares
# ----------------------------------------------------------------------------------------------------------------------


def asking(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
    """Ask for a nonce and for operations on this response."""
    nonce = overrides.nonce(environ)
    assert overrides.nonce(environ) == nonce
    overrides.apply(environ, Append("X-A", "application"), Set("X-B", lambda environ: environ["HTTP_HOST"]))
    start_response("200 OK", [PLAIN, ("X-A", "own")])
    return [nonce.encode()]


OWN_WISH = [PLAIN, ("X-A", "own"), ("X-A", "application"), ("X-B", "app.example")]


def test_overrides_are_the_applications_own_wish(caplog: pytest.LogCaptureFixture) -> None:
    """They hold, so they are no change; what they would hide of the policy is none either."""
    policy = Policy(NONCED, Set("X-B", "policy"), Remove("X-C"))
    middleware, response = watch(policy, asking)

    assert response.lines == OWN_WISH and len(response.body) >= 22
    assert middleware.shadow == {Change("shadow.field.added", "Content-Security-Policy", repr(NONCED)): 1}


def test_overrides_are_no_part_of_the_policy() -> None:
    """Where a policy would change what the application applied, its own parts are told alone."""

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        overrides.apply(environ, Set("Vary", "Cookie"))
        start_response("200 OK", [PLAIN])
        return []

    middleware, response = watch(Policy(Rule(ON_REQUEST, CookieAttributes())), app)
    assert response.lines == [PLAIN, ("Vary", "Cookie")]
    assert middleware.shadow == {Change("shadow.field.changed", "Vary", repr(ON_REQUEST)): 1}


def test_overrides_hold_for_a_head_that_replaces_one() -> None:
    """With the nonce that was asked for before the first."""

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        nonce = overrides.nonce(environ)
        overrides.apply(environ, NONCED)
        start_response("200 OK", [PLAIN])
        start_response("500 Oops", [PLAIN], (LookupError, LookupError(), None))
        return [nonce.encode()]

    _, response = watch(Policy(NONCED), app)
    policy = f"script-src 'nonce-{response.body.decode()}'"
    assert [call.lines for call in response.calls] == [[PLAIN, ("Content-Security-Policy", policy)]] * 2


def test_overrides_that_fail_leave_the_head_as_it_is(caplog: pytest.LogCaptureFixture) -> None:
    """A policy that acts would raise in the application's own call."""

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        overrides.apply(environ, Set("X-A", lambda environ: "bad\n"))
        start_response("200 OK", [PLAIN])
        return []

    middleware, response = watch(Policy(), app)
    assert response.lines == [PLAIN]
    assert [event for event, _, _ in told(caplog.records)] == ["shadow.head.refused"]


def test_a_304_of_an_application_that_asked_for_a_nonce() -> None:
    """What it sends with the nonce itself would leave the head (CSP3 7.1, RFC 9111 3.2)."""

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        start_response("304 Not Modified", [("X-Nonce", overrides.nonce(environ)), ("ETag", '"1"')])
        return []

    middleware, response = watch(Policy(Set("X-A", "1")), app)
    assert len(response.lines) == 2
    assert middleware.shadow == {
        Change("shadow.field.removed", "X-Nonce", "the policy"): 1,
        Change("shadow.field.added", "X-A", "Set('X-A', '1')"): 1,
    }


def numbered(number: int) -> Policy:
    """Return a policy that is made anew, equal to others of its number."""
    return Policy(Append("X-Number", str(number)), Rule(Match(path="/"), Set("X-Rule", str(number))), SIGNED)


@pytest.mark.parametrize("same", [True, False], ids=["equal", "different"])
@pytest.mark.parametrize("outside", [True, False], ids=["shadow outside", "shadow inside"])
def test_beside_one_that_acts(outside: bool, same: bool) -> None:
    """What acts acts as if there were no shadow, overrides included, whichever stands outside."""

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        assert environ.get("HTTP_COOKIE") == "b=2"
        overrides.apply(environ, Append("X-Number", "application"))
        overrides.nonce(environ)
        start_response("200 OK", [PLAIN, ("Set-Cookie", "sid=1")])
        return [b"hello"]

    acting, watching = numbered(1), numbered(1 if same else 2)
    expected = call(HeadersMiddleware(app, acting), validate=False, HTTP_COOKIE="sid=forged; b=2")
    middleware: WSGIApplication
    if outside:
        middleware = shadow = HeadersMiddleware(HeadersMiddleware(app, acting), watching, shadow=True)
    else:
        shadow = HeadersMiddleware(app, watching, shadow=True)
        middleware = HeadersMiddleware(shadow, acting)
    response = call(middleware, validate=False, HTTP_COOKIE="sid=forged; b=2")

    assert response.lines == expected.lines
    assert shadow.shadow is not None
    # Where an equal policy acts above, nothing would be other if this one acted too.
    assert bool(shadow.shadow) == (outside or not same)


@pytest.mark.parametrize("outside", [True, False], ids=["shadow outside", "shadow inside"])
def test_a_nonce_beside_one_that_acts(outside: bool) -> None:
    """What acts sends the nonce that the application asked for, whichever stands outside."""

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        nonce = overrides.nonce(environ)
        start_response("200 OK", [PLAIN])
        return [nonce.encode()]

    acting, watching = Policy(NONCED), Policy(Set("X-A", "1"))
    middleware: WSGIApplication
    if outside:
        middleware = HeadersMiddleware(HeadersMiddleware(app, acting), watching, shadow=True)
    else:
        middleware = HeadersMiddleware(HeadersMiddleware(app, watching, shadow=True), acting)
    response = call(middleware)

    assert response.values("Content-Security-Policy") == [f"script-src 'nonce-{response.body.decode()}'"]


def test_two_that_watch(caplog: pytest.LogCaptureFixture) -> None:
    """Equal ones tell once, the outermost; different ones tell each its own; overrides are carried out once."""
    inner = HeadersMiddleware(asking, numbered(1), shadow=True)
    outer = HeadersMiddleware(inner, numbered(1), shadow=True)
    assert call(outer, validate=False).lines == OWN_WISH
    assert inner.shadow == {} and outer.shadow

    inner = HeadersMiddleware(asking, numbered(1), shadow=True)
    outer = HeadersMiddleware(inner, numbered(2), shadow=True)
    assert call(outer, validate=False).lines == OWN_WISH
    assert inner.shadow and outer.shadow
    assert Change("shadow.field.added", "X-Number", "Append('X-Number', '2')") in outer.shadow


def test_a_forward_is_told_once_and_a_subrequest_on_its_own() -> None:
    """As one that acts acts: an application that hands on its own start_response is still one response."""
    entered: list[HeadersMiddleware] = []
    asides: list[Any] = []

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        if path == "/old":
            return entered[0]({**environ, "PATH_INFO": "/new"}, start_response)
        if path == "/whole":
            entered[0]({**environ, "PATH_INFO": "/aside"}, lambda *head: asides.append(head))
        start_response("200 OK", [PLAIN])
        return [b"page"]

    entered.append(HeadersMiddleware(app, Policy(Set("X-A", "1")), shadow=True))
    change = Change("shadow.field.added", "X-A", "Set('X-A', '1')")
    call(entered[0], path="/old")
    assert entered[0].shadow == {change: 1}
    call(entered[0], path="/whole")
    assert entered[0].shadow == {change: 3} and asides == [("200 OK", [PLAIN])]


# ----------------------------------------------------------------------------------------------------------------------
# The middleware
# ----------------------------------------------------------------------------------------------------------------------


def test_the_argument_is_kept() -> None:
    """In repr and in a pickle, which begins to count anew."""
    middleware = HeadersMiddleware(presentable, Policy(Set("X-A", "1")), shadow=True)
    call(middleware)
    again = pickle.loads(pickle.dumps(middleware))

    assert repr(middleware) == f"HeadersMiddleware({presentable!r}, Policy(Set('X-A', '1')), shadow=True)"
    assert repr(again) == repr(middleware)
    assert again.shadow == {} and call(again).lines == [PLAIN]


def presentable(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
    """Answer; it can be pickled."""
    start_response("200 OK", [PLAIN])
    return [b"hello"]


def test_without_shadow_there_are_no_counts() -> None:
    """None, and repr says nothing of it."""
    middleware = HeadersMiddleware(presentable, Policy())

    assert middleware.shadow is None
    assert repr(middleware) == f"HeadersMiddleware({presentable!r}, Policy())"
    assert pickle.loads(pickle.dumps(middleware)).shadow is None


@pytest.mark.parametrize("shadow", [1, 0, "yes", None])
def test_what_is_no_bool_is_refused(shadow: Any) -> None:
    """Beside every other mistake."""
    with pytest.raises(PolicyError) as caught:
        HeadersMiddleware("app", "policy", shadow=shadow)  # type: ignore[arg-type]

    codes = [problem.code for problem in caught.value.problems]
    assert codes == ["middleware.app", "middleware.policy", "middleware.shadow"]


def test_a_policy_that_refers_to_nothing_is_refused() -> None:
    """As without shadow."""
    with pytest.raises(PolicyError):
        HeadersMiddleware(presentable, Policy(ADS), shadow=True)
