"""`explain` says what the middleware does, and which part did it."""

from __future__ import annotations

from typing import Any
from wsgiref.types import StartResponse, WSGIEnvironment

import pytest
from assertions import assert_head
from wsgi import PLAIN, call, environ_for, run

from wsgi_headers import (
    NONCE,
    Append,
    CacheSafety,
    ContentSecurityPolicy,
    CookieAttributes,
    CookieBudget,
    CookieRule,
    Default,
    Edit,
    Explanation,
    HeadError,
    HeadersMiddleware,
    Match,
    Merge,
    Policy,
    Remove,
    Rule,
    Set,
    explain,
    overrides,
)
from wsgi_headers._explain import explain_later

Line = tuple[str, str]
ENVIRON = {"REQUEST_METHOD": "GET", "PATH_INFO": "/", "wsgi.url_scheme": "https"}


def explained(policy: Policy, *lines: Line) -> Explanation:
    """Explain a head of status 200."""
    return explain(policy, dict(ENVIRON), "200 OK", list(lines))


def doubled(value: str) -> str | None:
    """Drop "1", double the rest."""
    return None if value == "1" else value * 2


KEEP = CookieAttributes(secure=True)
DOUBLED = Edit("X-A", doubled)

# policy, the application's lines, (before, after, parts) of each line
CASES: dict[str, tuple[Policy, list[Line], list[tuple[Line | None, Line | None, tuple[object, ...]]]]] = {
    "untouched": (Policy(Remove("X-B")), [("X-A", "1")], [(("X-A", "1"), ("X-A", "1"), ())]),
    "set": (
        Policy(Set("X-A", "2")),
        [("x-a", "1")],
        [(("x-a", "1"), ("X-A", "2"), (Set("X-A", "2"),))],
    ),
    "made": (Policy(Default("X-A", "2")), [], [(None, ("X-A", "2"), (Default("X-A", "2"),))]),
    "removed": (Policy(Remove("X-A")), [("X-A", "1")], [(("X-A", "1"), None, (Remove("X-A"),))]),
    "what came before a Set is no part of it": (
        Policy(Append("X-A", "3"), Set("X-A", "2")),
        [("X-A", "1")],
        [(("X-A", "1"), ("X-A", "2"), (Set("X-A", "2"),))],
    ),
    "each line of an edit on its own": (
        Policy(DOUBLED),
        [("X-A", "1"), ("X-A", "2")],
        [(("X-A", "1"), None, (DOUBLED,)), (("X-A", "2"), ("X-A", "22"), (DOUBLED,))],
    ),
    "two lines merged": (
        Policy(Merge("Vary", "Origin")),
        [("Vary", "Accept"), ("Vary", "Cookie")],
        [
            (("Vary", "Accept"), ("Vary", "Accept, Cookie, Origin"), (Merge("Vary", "Origin"),)),
            (("Vary", "Cookie"), None, (Merge("Vary", "Origin"),)),
        ],
    ),
    "cookies keep their places": (
        Policy(KEEP, CookieRule("a", remove=True), CookieRule("a", remove=False)),
        [("Set-Cookie", "a=1"), ("Set-Cookie", "b=2; Secure")],
        [
            (
                ("Set-Cookie", "a=1"),
                ("Set-Cookie", "a=1; Secure"),
                (KEEP, CookieRule("a", remove=True), CookieRule("a", remove=False)),
            ),
            (("Set-Cookie", "b=2; Secure"), ("Set-Cookie", "b=2; Secure"), ()),
        ],
    ),
    "a cookie that comes out as it went in": (
        Policy(CookieRule("a", remove=True), CookieRule("a", remove=False)),
        [("Set-Cookie", "a=1")],
        [(("Set-Cookie", "a=1"), ("Set-Cookie", "a=1"), ())],
    ),
}


@pytest.mark.parametrize(("policy", "lines", "expected"), CASES.values(), ids=CASES)
def test_each_line_and_the_part_that_did_it(policy: Policy, lines: list[Line], expected: list[object]) -> None:
    """Lines in the application's order, then those that are made, each with the parts that changed it."""
    assert [tuple(line) for line in explained(policy, *lines).lines] == expected


def test_rules_that_did_not_hold() -> None:
    """Each comes with the first thing that did not hold."""
    part = Set("X-A", "1")
    matches = {
        "path": Match(path="/x"),
        "method": Match(method="POST"),
        "host": Match(host="x.test"),
        "scheme": Match(scheme="http"),
        "status": Match(status=404),
        "media_type": Match(media_type="text/html"),
        "when": Match(when=lambda environ: False),
    }
    idle = explained(Policy(*(Rule(match, part) for match in matches.values()))).idle

    assert {rule.reason: rule.matches for rule in idle} == {reason: (match,) for reason, match in matches.items()}
    assert all(rule.parts == (part,) for rule in idle)


def test_hsts_on_http_is_taken_out_by_who_speaks_of_it() -> None:
    """The part that declares the field is named for its absence (RFC 6797 7.2)."""
    part = Default("Strict-Transport-Security", "max-age=1")
    sent = ("Strict-Transport-Security", "max-age=2")
    (line,) = explain(Policy(part), {"wsgi.url_scheme": "http"}, "200 OK", [sent]).lines

    assert (line.before, line.after, line.parts) == (sent, None, (part,))


def test_callables_are_called_as_the_middleware_calls_them() -> None:
    """One whose value is replaced afterwards is not called, and cannot fail."""

    def fails(environ: object) -> str:
        raise RuntimeError("called")

    assert explained(Policy(Set("X-A", fails), Set("X-A", "1"))).head == [("X-A", "1")]
    with pytest.raises(HeadError):
        explained(Policy(Set("X-A", lambda environ: "\n")))


def test_rules_read_the_request_as_it_entered_and_values_what_it_became() -> None:
    """What an inner dispatcher did to environ reaches callable values, not the choice of rules."""
    policy = Policy(Rule(Match(path="/mount/"), Set("X-Path", lambda environ: environ["PATH_INFO"])))
    entered, later = {"PATH_INFO": "/mount/inner"}, {"PATH_INFO": "/inner"}

    assert explain_later(policy, entered, later, "200 OK", []).head == [("X-Path", "/inner")]


def test_a_line_that_becomes_two() -> None:
    """A deletion that deletes a cookie of two names is shown as the line that it was and one beside it."""
    rule = CookieRule("sid", prefix="__Secure-", insecure_accept_unprefixed=True)
    explained = explain(Policy(rule), {}, "200 OK", [("Set-Cookie", "sid=; Max-Age=0")])

    assert [tuple(line) for line in explained.lines] == [
        (("Set-Cookie", "sid=; Max-Age=0"), ("Set-Cookie", "__Secure-sid=; Max-Age=0; Secure"), (rule,)),
        (None, ("Set-Cookie", "sid=; Max-Age=0"), (rule,)),
    ]


WITH_NONCE = ContentSecurityPolicy(script_src=[NONCE])


@pytest.mark.parametrize("name", ["content-security-policy", "Content-Security-Policy"])
def test_a_304_has_no_line_that_is_declared_with_a_nonce(name: str) -> None:
    """It is the part that declares it which takes the line out (CSP3 7.1, RFC 9111 3.2)."""
    sent = (name, "default-src 'self'")
    (line,) = explain(Policy(WITH_NONCE), dict(ENVIRON), "304 Not Modified", [sent]).lines

    assert (line.before, line.after, line.parts) == (sent, None, (WITH_NONCE,))


def test_what_looks_at_a_head_and_leaves_it_did_nothing() -> None:
    """A budget that is kept is no reason for anything."""
    (line,) = explained(Policy(CookieBudget()), ("Set-Cookie", "a=1")).lines

    assert line.parts == ()


def test_overrides_of_the_response_come_after_the_policy() -> None:
    """Before the head goes out, environ says what the application asked for; what a policy derives stays last."""
    policy = Policy(WITH_NONCE, Set("X-A", "policy"), Rule(Match(when=bool, varies_on=("Accept",)), Set("X-B", "1")))
    wish, other = Set("X-A", "application"), Set("Vary", "Cookie")
    told: list[Explanation] = []
    nonces: list[str] = []

    def app(environ: dict[str, object], start_response: object) -> list[bytes]:
        overrides.apply(environ, wish, other)
        nonces.append(overrides.nonce(environ))
        told.append(explain_later(policy, environ, environ, "200 OK", []))
        assert callable(start_response)
        start_response("200 OK", [])
        return []

    sent = run(HeadersMiddleware(app, policy), environ_for(), validate=False).lines

    assert sorted(told[0].head) == sorted(sent)
    assert ("Content-Security-Policy", f"script-src 'nonce-{nonces[0]}'") in sent
    assert {line.after: line.parts for line in told[0].lines}["X-A", "application"] == (Set("X-A", "policy"), wish)


@pytest.mark.parametrize("scheme", ["https", "http"])
@pytest.mark.parametrize(
    "operation", [Set("Strict-Transport-Security", "max-age=1"), Default("Cache-Control", "no-store")]
)
def test_overrides_are_explained_as_they_act(operation: Any, scheme: str) -> None:
    """With what comes after them: no HSTS on http (RFC 6797 7.2), and the word of CacheSafety."""
    policy = Policy(Set("X-A", "1"), CacheSafety())
    told: list[Any] = []
    sent = [PLAIN, ("Set-Cookie", "a=1")]

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        overrides.apply(environ, operation)
        told.extend(explain(policy, environ, "200 OK", sent).head)
        start_response("200 OK", [*sent])
        return []

    response = call(HeadersMiddleware(app, policy), scheme=scheme)

    assert_head(told, response.lines)
    assert bool(response.values("Strict-Transport-Security")) == (scheme == "https" and operation.name[0] == "S")
