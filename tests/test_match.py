"""On which exchanges a rule holds, seen through the middleware, and what a match refuses."""

# Applications and servers here do what a type checker would not have them do.
# mypy: disable-error-code="arg-type"

from __future__ import annotations

import itertools
import re
from typing import Any, NamedTuple
from wsgiref.types import StartResponse, WSGIEnvironment

import pytest
from wsgi import PLAIN, Response, call, responding, validated

from wsgi_headers import HeadersMiddleware, Match, Policy, PolicyError, Remove, Rule, Set

HELD = Set("X-Held", "1")


def through(match: Match, *lines: Any, status: str = "200 OK", **request: Any) -> Response:
    """Return a response in which X-Held tells whether the match held."""
    app = responding(*(lines or (PLAIN,)), status=status)
    return call(HeadersMiddleware(app, Policy(Rule(match, HELD))), **request)


def holds(match: Match, *lines: Any, **request: Any) -> bool:
    """Whether a rule with this match holds for the request and the application's head."""
    return through(match, *lines, **request).values("X-Held") == ["1"]


def octets(text: str) -> str:
    """Return text as a WSGI server puts it into environ: UTF-8 octets as latin-1."""
    return text.encode().decode("latin-1")


# ----------------------------------------------------------------------------------------------------------------------
# Path
# ----------------------------------------------------------------------------------------------------------------------

# pattern, paths for which it holds, paths for which it does not; paths as the server decoded them once
PATHS: list[tuple[str, Any, list[str], list[str]]] = [
    ("everything", "/", ["/", "", "/a", "/a/", "/a/b", "//", "/..", "*", octets("/é")], []),
    ("exact", "/health", ["/health"], ["/", "", "/health/", "/health/x", "/healthy", "/x/health", "health"]),
    (
        "prefix",
        "/static/",
        ["/static/", "/static/x", "/static/x/y", "/static/x/"],
        ["/static", "/staticx", "/static-files/x", "/x/static/", "/", "static/"],
    ),
    ("prefix-of-two", "/a/b/", ["/a/b/", "/a/b/c"], ["/a/b", "/a/", "/a/bc", "/a/x/b/"]),
    ("exact-of-two", "/a/b", ["/a/b"], ["/a/b/", "/a", "/a/b/c"]),
    # CVE-2024-6866.
    ("case", "/Admin", ["/Admin"], ["/admin", "/ADMIN"]),
    ("prefix-case", "/Admin/", ["/Admin/x"], ["/admin/x"]),
    # CVE-2024-6844: a plus is no blank in a path.
    ("plus", "/service+path", ["/service+path"], ["/service path", "/service%2Bpath"]),
    ("blank", "/service path", ["/service path"], ["/service+path", "/service%20path"]),
    # the server decoded the path; what looks encoded after that is text.
    ("never-decoded-again", "/api/", ["/api/x"], ["/%61pi/x", "/api%2Fx", "/%2e/api"]),
    ("percent-is-text", "/%61pi/", ["/%61pi/x"], ["/api/x"]),
    # CVE-2020-25032.
    (
        "dot-segments",
        "/api/",
        ["/api/./x", "/x/../api/y", "/./api/", "/../api/x", "/../../api/x", "/api/x/..", "/api/x/../", "/api/."],
        ["/api/../secret", "/api/x/../../secret", "/apiary", "/api/..", "/api/../", "/api/.../../../x"],
    ),
    ("dot-segments-exact", "/a/b", ["/a/./b", "/a/c/../b", "/x/../a/b"], ["/a/b/.", "/a/b/c/.."]),
    ("dot-segments-directory", "/a/b/", ["/a/b/.", "/a/b/c/..", "/a/b/./"], ["/a/b", "/a/b/.."]),
    ("dots-in-names", "/.well-known/", ["/.well-known/x"], ["/well-known/x"]),
    ("three-dots", "/a/.../b", ["/a/.../b"], ["/a/b", "/b"]),
    ("dots-at-the-end-of-names", "/a./b..", ["/a./b.."], ["/a/b", "/a./b"]),
    ("doubled-slashes", "/static/", ["//static/x", "/static//x", "///static///"], ["/x//static/", "//static"]),
    ("doubled-slashes-exact", "/a/b", ["//a/b", "/a//b", "/a///b"], ["/a/b//", "/a/b/"]),
    # Slashes collapse before dot segments go, so that an empty segment does not shield its parent.
    ("doubled-then-dots", "/b", ["/a//../b", "//a/..//b", "/a/.//..//b"], ["/a/b"]),
    ("backslash-is-text", "/a/", ["/a/\\x"], ["\\a\\", "/\\a/", "/a\\b"]),
    ("semicolon-is-text", "/a", ["/a"], ["/a;x=1", "/a;"]),
    ("non-ascii-exact", "/café", [octets("/café")], ["/cafe", "/café", octets("/cafe\u0301"), octets("/cafés")]),
    ("non-ascii-prefix", "/ünder/", [octets("/ünder/x")], ["/ünder/x", octets("/ünder")]),
    ("non-ascii-first-segment", "/a/ü/", [octets("/a/ü/x")], ["/a/ü/x"]),
    ("beyond-the-bmp", "/\U0001f600", [octets("/\U0001f600")], ["/"]),
    ("pattern", re.compile(r"/v\d+/.*"), ["/v1/", "/v12/x/y"], ["/v/", "/v1", "/x/v1/", "/v1x/"]),
    ("pattern-whole-path", re.compile("/a|/ab"), ["/a", "/ab"], ["/abc", "/a/", "/ab\n", "x/a"]),
    ("pattern-search-would-hold", re.compile("special"), [], ["/special/x", "/special"]),
    ("pattern-no-line-feed", re.compile("/a$"), ["/a"], ["/a\n"]),
    ("pattern-flags", re.compile("/a/B", re.IGNORECASE), ["/A/b"], ["/a/c"]),
    ("pattern-normal-path", re.compile("/a/b"), ["/a//b", "/x/../a/b"], ["/a/b/../b/c"]),
    ("pattern-empty-path", re.compile("/?"), ["", "/"], ["/x"]),
    ("pattern-non-ascii", re.compile("/caf(é|e)/.*"), [octets("/café/x"), "/cafe/x"], ["/café/x"]),
    ("pattern-over-octets-that-are-no-utf-8", re.compile("/x.*"), ["/x\xff", "/x\xe9"], ["/\xff"]),
    ("tuple", ("/a", "/b/", re.compile("/c.")), ["/a", "/b/", "/b/x", "/cc"], ["/", "/a/", "/b", "/c"]),
    ("tuple-of-plain-ones", ("/a", "/b/"), ["/a", "/b/x"], ["/a/", "/b", "/c"]),
    ("tuple-with-everything", ("/a", "/"), ["/a", "/b", ""], []),
    ("list", ["/a", "/b"], ["/a", "/b"], ["/c"]),
    ("generator", (path for path in ("/a", "/b")), ["/a", "/b"], ["/c"]),
]


@pytest.mark.parametrize(("pattern", "yes", "no"), [row[1:] for row in PATHS], ids=[row[0] for row in PATHS])
def test_path(pattern: Any, yes: list[str], no: list[str]) -> None:
    """A path is exact, a prefix on a segment boundary, or matched as a whole, after normalising; case counts."""
    match = Match(path=pattern)
    validate = all(path.startswith("/") for path in yes + no if path)
    assert [path for path in yes + no if holds(match, path=path, validate=validate)] == yes


def test_path_of_a_mounted_application() -> None:
    """PATH_INFO is what counts: the part of the path that a mount took is not looked at."""
    assert holds(Match(path="/a"), path="/a", SCRIPT_NAME="/mounted")
    assert not holds(Match(path="/mounted/a"), path="/a", SCRIPT_NAME="/mounted")


def test_request_without_path() -> None:
    """An environ without PATH_INFO, which PEP 3333 allows, has the path "/"."""
    app = HeadersMiddleware(responding(PLAIN), Policy(Rule(Match(path=("/x", "/")), HELD)))
    heads: list[Any] = []
    app({"REQUEST_METHOD": "GET"}, lambda *head: heads.append(head))
    assert ("X-Held", "1") in heads[0][1]


def test_path_is_that_at_entry() -> None:
    """What another middleware does to the path below changes nothing."""

    def moving(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        environ["SCRIPT_NAME"], environ["PATH_INFO"] = "/a", "/b"
        start_response("200 OK", [PLAIN])
        return [b""]

    policy = Policy(Rule(Match(path="/a/b"), HELD), Rule(Match(path="/b"), Set("X-Moved", "1")))
    response = call(HeadersMiddleware(moving, policy), path="/a/b")
    assert (response.values("X-Held"), response.values("X-Moved")) == (["1"], [])


# CVE-2024-6839: no order but that of declaration, however long or specific the patterns are.
@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_rules_act_in_the_order_of_declaration(order: tuple[int, ...]) -> None:
    """Of overlapping rules the one declared last has the last word."""
    rules = [
        Rule(Match(path=re.compile("/api/.*")), Set("X-Rule", "open")),
        Rule(Match(path="/api/secret"), Set("X-Rule", "closed")),
        Rule(Match(path="/"), Set("X-Rule", "any")),
    ]
    policy = Policy(*(rules[number] for number in order))
    response = call(HeadersMiddleware(responding(PLAIN), policy), path="/api/secret")
    assert response.values("X-Rule") == [("open", "closed", "any")[order[-1]]]


# ----------------------------------------------------------------------------------------------------------------------
# Host
# ----------------------------------------------------------------------------------------------------------------------

# pattern, Host fields for which it holds, Host fields for which it does not
HOSTS: list[tuple[str, Any, list[str], list[str]]] = [
    (
        "exact",
        "www.example.com",
        ["www.example.com", "WWW.Example.COM", "www.example.com:8080", "www.example.com.", "www.example.com.:443"],
        ["example.com", "a.www.example.com", "www.example.com..", "www.example.com.evil", "wwwxexample.com", ""],
    ),
    ("exact-written-in-capitals", "WWW.Example.com.", ["www.example.com"], ["example.com"]),
    (
        "below",
        "*.example.com",
        ["a.example.com", "A.B.example.com", "a.example.com:80", "a.example.com."],
        ["example.com", ".example.com", "xexample.com", "a.example.com.evil", "example.com.evil", "a.example.org"],
    ),
    ("below-of-one-label", "*.localhost", ["app.localhost"], ["localhost", "xlocalhost"]),
    ("one-label", "localhost", ["localhost", "localhost:8000"], ["a.localhost"]),
    ("address", "127.0.0.1", ["127.0.0.1", "127.0.0.1:80"], ["127.0.0.10", "1127.0.0.1"]),
    ("ipv6", "[::1]", ["[::1]", "[::1]:8080", "[0:0:0:0:0:0:0:1]"], ["::1", "[::2]", "[::1", "[::1]x", "[::1]:x"]),
    ("ipv6-long-and-capital", "[2001:DB8:0::A]", ["[2001:db8::a]"], ["[2001:db8::b]"]),
    (
        "malformed-hosts-match-none",
        ("a", "*.a", "a.b"),
        ["a", "x.a", "a.b"],
        ["a:b", "a:8:0", "a@a", "a/x", "a b", "a\\x", "http://a", "a..b", "a?", "a#", "[a]", "a:\xb2", "-", "a,a"],
    ),
    ("underscore", "my_app.internal", ["my_app.internal"], ["my-app.internal"]),
    ("punycode", "xn--bcher-kva.example", ["xn--bcher-kva.example"], ["bcher-kva.example"]),
    ("tuple", ("a.example", "*.b.example"), ["a.example", "x.b.example"], ["b.example", "x.a.example"]),
    ("empty-port", "a.example", ["a.example:"], ["a.example::"]),
]


@pytest.mark.parametrize(("pattern", "yes", "no"), [row[1:] for row in HOSTS], ids=[row[0] for row in HOSTS])
def test_host(pattern: Any, yes: list[str], no: list[str]) -> None:
    """A host compares without case, port and one trailing dot; `*.` stands for labels below and never the apex."""
    match = Match(host=pattern)
    assert [host for host in yes + no if holds(match, host=host)] == yes


def test_host_without_the_field() -> None:
    """Without a Host field the server's own name counts, with an empty one none does."""
    assert holds(Match(host="server.example"), host=None, SERVER_NAME="server.example")
    assert not holds(Match(host="server.example"), host="", SERVER_NAME="server.example")
    assert not holds(Match(host="server.example"), host="other.example", SERVER_NAME="server.example")


@pytest.mark.parametrize("key", ["HTTP_X_FORWARDED_HOST", "HTTP_FORWARDED", "HTTP_X_HOST", "HTTP_X_ORIGINAL_HOST"])
def test_host_is_never_a_forwarded_one(key: str) -> None:
    """A client's word about another host is not believed."""
    assert not holds(Match(host="www.example.com"), host="other.example", **{key: "www.example.com"})


# ----------------------------------------------------------------------------------------------------------------------
# Method, scheme, status, media type
# ----------------------------------------------------------------------------------------------------------------------

METHODS: list[tuple[str, Any, list[str], list[str]]] = [
    ("get-holds-for-head-too", "GET", ["GET", "HEAD"], ["POST", "OPTIONS", "get", "Get"]),
    ("head-alone", "HEAD", ["HEAD"], ["GET"]),
    ("post", "POST", ["POST"], ["GET", "HEAD", "post", "PUT"]),
    ("tuple", ("POST", "PUT"), ["POST", "PUT"], ["GET", "HEAD", "PATCH"]),
    ("tuple-with-get", ("POST", "GET"), ["POST", "GET", "HEAD"], ["PUT"]),
    ("own", "PROPFIND", ["PROPFIND"], ["propfind", "GET"]),
    ("own-in-lower-case", "report", ["report"], ["REPORT"]),
]


@pytest.mark.parametrize(("method", "yes", "no"), [row[1:] for row in METHODS], ids=[row[0] for row in METHODS])
def test_method(method: Any, yes: list[str], no: list[str]) -> None:
    """A method compares as sent, with case; GET also holds for HEAD."""
    match = Match(method=method)
    assert [sent for sent in yes + no if holds(match, method=sent, validate=False)] == yes


SCHEMES = [("https", "https", True), ("https", "http", False), ("http", "http", True), ("http", "https", False)]


@pytest.mark.parametrize(("declared", "scheme", "expected"), SCHEMES)
def test_scheme(declared: str, scheme: str, expected: bool) -> None:
    """The scheme is wsgi.url_scheme, whatever a field says."""
    other = "http" if scheme == "https" else "https"
    assert holds(Match(scheme=declared), scheme=scheme, HTTP_X_FORWARDED_PROTO=other) is expected


@pytest.mark.parametrize("before", ["http", "https"])
@pytest.mark.parametrize("more", [{}, {"path": "/"}, {"status": 200}], ids=str)
def test_scheme_is_that_when_the_head_is_made(before: str, more: dict[str, Any]) -> None:
    """A proxy middleware below sets the scheme right before the application answers; that is the one that counts."""
    after = "http" if before == "https" else "https"

    def fixing(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        environ["wsgi.url_scheme"] = after
        start_response("200 OK", [PLAIN])
        return [b""]

    policy = Policy(Rule(Match(scheme=after, **more), HELD), Rule(Match(scheme=before, **more), Set("X-Before", "1")))
    response = call(HeadersMiddleware(fixing, policy), scheme=before)
    assert (response.values("X-Held"), response.values("X-Before")) == (["1"], [])


STATUSES: list[tuple[str, Any, list[str], list[str]]] = [
    ("code", 404, ["404 Not Found", "404 "], ["400 Bad Request", "405 Nope", "204 No Content"]),
    ("class", "5xx", ["500 Oops", "599 x"], ["400 x", "600 x"]),
    ("tuple", (200, "4xx"), ["200 OK", "404 x", "499 x"], ["201 x", "304 x", "500 x"]),
    ("list", [204, 304], ["204 x", "304 x"], ["200 OK"]),
    ("beyond-the-registered", "9xx", ["999 x"], ["899 x"]),
    ("first-and-last", (200, 999), ["200 x", "999 x"], ["201 x", "998 x"]),
]


@pytest.mark.parametrize(("declared", "yes", "no"), [row[1:] for row in STATUSES], ids=[row[0] for row in STATUSES])
def test_status(declared: Any, yes: list[str], no: list[str]) -> None:
    """A status is one code or one class of codes, as the application sent it."""
    match = Match(status=declared)
    assert [status for status in yes + no if holds(match, status=status, validate=False)] == yes


MEDIA_TYPES: list[tuple[str, Any, list[str], list[str]]] = [
    (
        "exact",
        "text/html",
        ["text/html", "TEXT/HTML", "text/html; charset=utf-8", "text/html;charset=x", " text/html ", "text/html ;a"],
        ["text/plain", "text/htmlx", "application/text/html", "xtext/html", "", "text", ";text/html"],
    ),
    ("written-in-capitals", "Text/HTML", ["text/html"], ["text/plain"]),
    ("range", "text/*", ["text/html", "Text/Plain; a=b", "text/x"], ["textual/html", "application/text", "text"]),
    ("all", "*/*", ["text/html", "application/json"], [""]),
    (
        "tuple",
        ("text/html", "application/*"),
        ["text/html", "application/json"],
        ["text/plain", "image/png", "applications/json"],
    ),
    ("suffix", "application/problem+json", ["application/problem+json; charset=x"], ["application/json"]),
]


@pytest.mark.parametrize(
    ("declared", "yes", "no"), [row[1:] for row in MEDIA_TYPES], ids=[row[0] for row in MEDIA_TYPES]
)
@pytest.mark.parametrize("name", ["Content-Type", "content-type"])
def test_media_type(declared: Any, yes: list[str], no: list[str], name: str) -> None:
    """A media type compares without parameters and case, exactly or by its type."""
    match = Match(media_type=declared)
    assert [value for value in yes + no if holds(match, (name, value), validate=False)] == yes


@pytest.mark.parametrize("declared", ["text/html", "text/*", "*/*"])
def test_no_content_type_matches_no_media_type(declared: str) -> None:
    """A response without Content-Type is of no media type, not even of any."""
    assert not holds(Match(media_type=declared), ("X-A", "1"), status="204 No Content")


# Rules that differ in what they ask of the head, and the heads that one middleware sees in turn.
HEAD_RULES: dict[str, Match] = {
    "X-404": Match(status=404),
    "X-4xx": Match(status="4xx"),
    "X-Html": Match(media_type="text/html"),
    "X-Text": Match(media_type="text/*"),
    "X-Https": Match(scheme="https"),
    "X-404-Html-Http": Match(status=404, media_type="text/html", scheme="http"),
}


def test_heads_in_turn() -> None:
    """Each head is judged for itself, whatever heads were seen before, in whatever order."""
    policy = Policy(*(Rule(match, Set(name, "1")) for name, match in HEAD_RULES.items()))
    app = HeadersMiddleware(
        lambda environ, start: responding(*environ["x.lines"], status=environ["x.status"])(environ, start), policy
    )
    heads = list(
        itertools.product(
            ["404 X", "400 X", "204 X"], ["text/html", "Text/HTML; a=b", "text/plain", "a/b", ""], ["http", "https"]
        )
    )
    for status, content_type, scheme in [*heads, *heads[::-1], *heads[::7]]:
        lines = [("Content-Type", content_type)] if content_type else []
        response = call(app, scheme=scheme, validate=False, **{"x.lines": lines, "x.status": status})
        html = content_type.lower().startswith("text/html")
        assert {name for name, _ in response.lines} - {"Content-Type"} == {
            *(["X-404"] if status == "404 X" else []),
            *(["X-4xx"] if status[0] == "4" else []),
            *(["X-Html"] if html else []),
            *(["X-Text"] if content_type.lower().startswith("text/") else []),
            *(["X-Https"] if scheme == "https" else []),
            *(["X-404-Html-Http"] if html and status == "404 X" and scheme == "http" else []),
        }


def test_status_and_media_type_are_those_of_the_application() -> None:
    """What an operation does to Content-Type does not change which rules hold."""
    policy = Policy(
        Set("Content-Type", "text/html"),
        Rule(Match(media_type="text/html"), Set("X-After", "1")),
        Rule(Match(media_type="text/plain"), HELD, Remove("Content-Type")),
    )
    response = call(HeadersMiddleware(responding(PLAIN), policy), validate=False)
    assert response.lines == [("X-Held", "1")]


def test_replaced_head_is_matched_by_its_own_status() -> None:
    """After an error the status and media type of the second head decide."""

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        start_response("200 OK", [PLAIN])
        try:
            raise ZeroDivisionError
        except ZeroDivisionError as error:
            start_response("500 Oops", [PLAIN], (ZeroDivisionError, error, error.__traceback__))
        return [b""]

    policy = Policy(Rule(Match(status=200), Set("X-Fine", "1")), Rule(Match(status="5xx"), HELD))
    response = call(HeadersMiddleware(app, policy))
    assert (response.values("X-Held"), response.values("X-Fine")) == (["1"], [])


# ----------------------------------------------------------------------------------------------------------------------
# All that is given must hold; matches of rules inside rules add up
# ----------------------------------------------------------------------------------------------------------------------

GIVEN: dict[str, Any] = {
    "path": "/a/",
    "method": "POST",
    "host": "a.example",
    "scheme": "https",
    "status": 404,
    "media_type": "text/plain",
    "when": lambda environ: environ.get("FLAG") == "1",
}
FITS: dict[str, Any] = {
    "path": "/a/x",
    "method": "POST",
    "host": "a.example",
    "scheme": "https",
    "status": "404 Not Found",
    "lines": [PLAIN],
    "FLAG": "1",
}
MISFITS: dict[str, tuple[str, Any]] = {
    "path": ("path", "/b"),
    "method": ("method", "PUT"),
    "host": ("host", "b.example"),
    "scheme": ("scheme", "http"),
    "status": ("status", "200 OK"),
    "media_type": ("lines", [("Content-Type", "text/html")]),
    "when": ("FLAG", "0"),
}


def responds(policy: Policy, *, lines: list[Any], status: str, **request: Any) -> Response:
    return call(HeadersMiddleware(validated(responding(*lines, status=status)), policy), **request)


SUBSETS = [names for size in range(1, 8) for names in itertools.combinations(GIVEN, size) if size in (1, 2, 7)]


@pytest.mark.parametrize("names", SUBSETS, ids="-".join)
def test_all_that_is_given_must_hold(names: tuple[str, ...]) -> None:
    """A match holds where everything does, and does not where one thing does not; what is not given does not count."""
    policy = Policy(Rule(Match(**{name: GIVEN[name] for name in names}), HELD))
    assert responds(policy, **FITS).values("X-Held") == ["1"]
    for name, (argument, misfit) in MISFITS.items():
        held = responds(policy, **{**FITS, argument: misfit}).values("X-Held")
        assert held == ([] if name in names else ["1"]), name


@pytest.mark.parametrize(("outer", "inner"), list(itertools.permutations(GIVEN, 2)))
def test_matches_of_nested_rules_add_up(outer: str, inner: str) -> None:
    """A rule inside a rule holds where both matches do."""
    inside = Rule(Match(**{inner: GIVEN[inner]}), HELD)
    policy = Policy(Rule(Match(**{outer: GIVEN[outer]}), Policy(inside)))
    assert responds(policy, **FITS).values("X-Held") == ["1"]
    for name in (outer, inner):
        argument, misfit = MISFITS[name]
        assert responds(policy, **{**FITS, argument: misfit}).values("X-Held") == []


def test_match_without_arguments() -> None:
    """A match without arguments holds everywhere."""
    assert holds(Match(), ("X-A", "1"), status="204 No Content")


def test_many_rules() -> None:
    """Among many rules, filed by path, host and method, exactly those that hold act."""
    rules = [
        rule
        for number in range(200)
        for rule in (
            Rule(Match(path=f"/p{number}"), Set(f"X-Exact-{number}", "1")),
            Rule(Match(path=f"/p{number}/"), Set(f"X-Below-{number}", "1")),
            Rule(Match(host=f"h{number}.example"), Set(f"X-Host-{number}", "1")),
            Rule(Match(host=f"*.h{number}.example"), Set(f"X-Under-{number}", "1")),
            Rule(Match(method=f"M{number}"), Set(f"X-Method-{number}", "1")),
        )
    ]
    app = HeadersMiddleware(responding(PLAIN), Policy(*rules))
    response = call(app, path="/p7/x", host="a.h8.example", method="M9", validate=False)
    assert {name for name, _ in response.lines} == {"Content-Type", "X-Below-7", "X-Under-8", "X-Method-9"}
    response = call(app, path="/p17", host="h18.example", method="M19", validate=False)
    assert {name for name, _ in response.lines} == {"Content-Type", "X-Exact-17", "X-Host-18", "X-Method-19"}


# ----------------------------------------------------------------------------------------------------------------------
# when and varies_on
# ----------------------------------------------------------------------------------------------------------------------


class Asked:
    """A `when` that notes each question."""

    def __init__(self, answer: object = True) -> None:
        self.answer = answer
        self.times = 0

    def __call__(self, environ: WSGIEnvironment) -> Any:
        self.times += 1
        return self.answer


@pytest.mark.parametrize("answer", [True, False, 1, 0, "yes", "", None], ids=repr)
def test_when(answer: object) -> None:
    """The rule holds where `when` gives something true."""
    assert holds(Match(when=Asked(answer))) is bool(answer)


@pytest.mark.parametrize("answer", [True, False])
def test_when_is_called_once_a_request_before_the_application(answer: bool) -> None:
    """However many rules share it and however many heads are sent, it is asked once, before the application."""
    when = Asked(answer)

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        assert when.times % 10 == 1
        start_response("200 OK", [PLAIN])
        error = ValueError()
        start_response("500 Oops", [PLAIN], (ValueError, error, None))
        when.times += 9
        return [b""]

    match = Match(when=when)
    policy = Policy(
        Rule(match, HELD, Set("X-B", "1")),
        Rule(match, Rule(Match(path="/"), Set("X-C", "1")), Rule(Match(status=500), Set("X-D", "1"))),
        Policy(Rule(Match(path="/", when=when), Set("X-E", "1"))),
    )
    middleware = HeadersMiddleware(app, policy)
    for number in range(1, 4):
        response = call(middleware)
        assert len(response.lines) == (6 if answer else 1)
        assert when.times == 10 * number


def test_when_is_not_asked_where_path_method_or_host_do_not_hold() -> None:
    """It is not called for requests that the rest of the match leaves out."""
    when = Asked()
    match = Match(path="/a", method="POST", host="a.example", when=when)
    for request in ({"path": "/b"}, {"method": "GET"}, {"host": "b.example"}):
        assert not holds(match, **{"path": "/a", "method": "POST", "host": "a.example", **request})
    assert when.times == 0


def test_exception_of_when() -> None:
    """What `when` raises reaches the server; the application is not called."""
    raised = KeyError("from when")

    def when(environ: WSGIEnvironment) -> bool:
        raise raised

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        raise AssertionError("called")

    with pytest.raises(KeyError) as caught:
        call(HeadersMiddleware(app, Policy(Rule(Match(when=when), HELD))), validate=False)
    assert caught.value is raised


def speaks_german(environ: WSGIEnvironment) -> bool:
    return str(environ.get("HTTP_ACCEPT_LANGUAGE", "")).startswith("de")


GERMAN = Match(when=speaks_german, varies_on="Accept-Language")


class Varied(NamedTuple):
    """A policy, the Vary that the application sends, and the one that goes out."""

    id: str
    policy: Policy
    app: list[str]
    expected: list[str]


VARY = [
    Varied("absent", Policy(Rule(GERMAN, HELD)), [], ["Accept-Language"]),
    Varied("merged", Policy(Rule(GERMAN, HELD)), ["Origin"], ["Origin, Accept-Language"]),
    Varied("there", Policy(Rule(GERMAN, HELD)), ["accept-language,x"], ["accept-language,x"]),
    Varied("two-lines", Policy(Rule(GERMAN, HELD)), ["Origin", "Cookie"], ["Origin, Cookie, Accept-Language"]),
    Varied("star", Policy(Rule(GERMAN, HELD)), ["*"], ["*"]),
    Varied("not-removed", Policy(Rule(GERMAN, HELD), Remove("Vary")), ["Origin"], ["Accept-Language"]),
    Varied("not-replaced", Policy(Rule(GERMAN, HELD), Set("Vary", "X")), ["Origin"], ["X, Accept-Language"]),
    Varied("not-removed-in-the-rule", Policy(Rule(GERMAN, Remove("Vary"))), ["Accept-Language"], ["Accept-Language"]),
    Varied(
        "not-removed-by-a-later-policy",
        Policy(Policy(Rule(GERMAN, HELD)), Policy(Remove("Vary"))),
        ["Origin"],
        ["Accept-Language"],
    ),
    Varied(
        "several-fields",
        Policy(Rule(Match(when=speaks_german, varies_on=("Accept-Language", "Cookie")), HELD)),
        [],
        ["Accept-Language, Cookie"],
    ),
    Varied("several-rules", Policy(Rule(GERMAN, HELD), Rule(GERMAN, Set("X-B", "1"))), [], ["Accept-Language"]),
    Varied("inside-a-rule", Policy(Rule(Match(path="/"), Rule(GERMAN, HELD))), [], ["Accept-Language"]),
    Varied("status-holds", Policy(Rule(Match(status=200), Rule(GERMAN, HELD))), [], ["Accept-Language"]),
    # Where the rest does not hold, `when` decides nothing about this response.
    Varied("path-does-not-hold", Policy(Rule(Match(path="/x"), Rule(GERMAN, HELD))), [], []),
    Varied("scheme-does-not-hold", Policy(Rule(Match(scheme="http"), Rule(GERMAN, HELD))), [], []),
    Varied("status-does-not-hold", Policy(Rule(Match(status=404), Rule(GERMAN, HELD))), [], []),
    Varied("not-named", Policy(Rule(Match(when=speaks_german), HELD)), [], []),
]


@pytest.mark.parametrize("row", VARY, ids=lambda row: row.id)
@pytest.mark.parametrize("language", ["de", "fr"])
def test_varies_on(row: Varied, language: str) -> None:
    """The fields that `when` reads are in Vary whatever it says, after every operation, in one line."""
    app = validated(responding(PLAIN, *[("Vary", value) for value in row.app]))
    response = call(HeadersMiddleware(app, row.policy), HTTP_ACCEPT_LANGUAGE=language)
    assert response.values("Vary") == row.expected


# ----------------------------------------------------------------------------------------------------------------------
# What is refused at construction
# ----------------------------------------------------------------------------------------------------------------------


class Refused(NamedTuple):
    """Arguments of Match, the codes and places of its problems, and what a fix says."""

    id: str
    arguments: dict[str, Any]
    problems: list[tuple[str, str]]
    fix: str = ""


REFUSED = [
    Refused("path-relative", {"path": "static/"}, [("match.path.relative", "Match.path")], "'/static/'"),
    Refused("path-empty", {"path": ""}, [("match.path.relative", "Match.path")], "'/'"),
    Refused("path-star", {"path": "/static/*"}, [("match.path.glob", "Match.path")], "'/prefix/'"),
    Refused("path-query", {"path": "/a?b"}, [("match.path.query", "Match.path")], "query"),
    Refused("path-fragment", {"path": "/a#b"}, [("match.path.query", "Match.path")], "fragment"),
    Refused("path-dots", {"path": "/a/../b"}, [("match.path.normal", "Match.path")], "'/b'"),
    Refused("path-dot-at-the-end", {"path": "/a/."}, [("match.path.normal", "Match.path")], "'/a/'"),
    Refused("path-slashes", {"path": "/a//b"}, [("match.path.normal", "Match.path")], "'/a/b'"),
    Refused("path-octets-pattern", {"path": re.compile(b"/a")}, [("match.path.octets", "Match.path")], "str"),
    Refused("path-number", {"path": 5}, [("match.path.type", "Match.path")]),
    Refused("path-one-of-several", {"path": ("/a", "b")}, [("match.path.relative", "Match.path[1]")]),
    Refused(
        "path-several",
        {"path": ["a", "/b", None]},
        [("match.path.relative", "Match.path[0]"), ("match.path.type", "Match.path[2]")],
    ),
    Refused("path-none-of-them", {"path": ()}, [("match.path.empty", "Match.path")]),
    Refused("method-lower", {"method": "get"}, [("match.method.case", "Match.method")], "'GET'"),
    Refused("method-mixed", {"method": ("POST", "Put")}, [("match.method.case", "Match.method[1]")], "'PUT'"),
    Refused("method-blank", {"method": "GET POST"}, [("match.method", "Match.method")]),
    Refused("method-empty", {"method": ""}, [("match.method", "Match.method")]),
    Refused("method-number", {"method": 5}, [("match.method", "Match.method")]),
    Refused("method-none-of-them", {"method": []}, [("match.method.empty", "Match.method")]),
    *(
        Refused(f"host-{host}", {"host": host}, [("match.host", "Match.host")])
        for host in (
            *("", "*", "*.", "**.a", "a.*", "*a.example", "*.*.example", "a b", "a..b", ".a", "a/b", "a@b", "-a"),
            *("https://a.example", "a.example:443", "[::1]:80", "::1", "[::1", "*.[::1]", "[1.2.3.4]", "b\xfccher.de"),
            *("\u212aelvin.example", "a\u0661", "a\n", f"{'a' * 64}.example"),
        )
    ),
    Refused("host-number", {"host": 5}, [("match.host.type", "Match.host")]),
    Refused("host-one-of-several", {"host": ("a", "b:1")}, [("match.host", "Match.host[1]")]),
    Refused("host-none-of-them", {"host": ()}, [("match.host.empty", "Match.host")]),
    Refused("scheme-case", {"scheme": "HTTPS"}, [("match.scheme", "Match.scheme")], "'https'"),
    Refused("scheme-other", {"scheme": "ws"}, [("match.scheme", "Match.scheme")]),
    Refused("scheme-several", {"scheme": ("http", "https")}, [("match.scheme", "Match.scheme")]),
    Refused("status-text", {"status": "404"}, [("match.status", "Match.status")], "404"),
    Refused("status-line", {"status": "404 Not Found"}, [("match.status", "Match.status")]),
    Refused("status-class-capital", {"status": "5XX"}, [("match.status", "Match.status")], "'5xx'"),
    Refused("status-interim", {"status": 100}, [("match.status", "Match.status")]),
    Refused("status-interim-class", {"status": "1xx"}, [("match.status", "Match.status")]),
    Refused("status-beyond", {"status": 1000}, [("match.status", "Match.status")]),
    Refused("status-other-digits", {"status": "\u0665xx"}, [("match.status", "Match.status")]),
    Refused("status-bool", {"status": True}, [("match.status", "Match.status")]),
    Refused("status-float", {"status": 404.0}, [("match.status", "Match.status")]),
    Refused("status-one-of-several", {"status": (404, 99)}, [("match.status", "Match.status[1]")]),
    Refused("status-none-of-them", {"status": ()}, [("match.status.empty", "Match.status")]),
    Refused("media-type-half", {"media_type": "html"}, [("match.media_type", "Match.media_type")]),
    Refused(
        "media-type-parameters",
        {"media_type": "text/html; a=b"},
        [("match.media_type", "Match.media_type")],
        "'text/html'",
    ),
    Refused("media-type-star", {"media_type": "*/html"}, [("match.media_type", "Match.media_type")]),
    Refused("media-type-one-star", {"media_type": "*"}, [("match.media_type", "Match.media_type")]),
    Refused("media-type-number", {"media_type": 5}, [("match.media_type", "Match.media_type")]),
    Refused("media-type-none-of-them", {"media_type": []}, [("match.media_type.empty", "Match.media_type")]),
    Refused("when-value", {"when": True}, [("match.when", "Match.when")]),
    Refused("varies-on-alone", {"varies_on": "Cookie"}, [("match.varies_on", "Match.varies_on")], "`when`"),
    Refused(
        "varies-on-no-name",
        {"when": Asked(), "varies_on": ("Cookie", "a b")},
        [("match.varies_on.name", "Match.varies_on[1]")],
    ),
    Refused("varies-on-star", {"when": Asked(), "varies_on": "*"}, [("match.varies_on.name", "Match.varies_on")]),
    Refused("misspelt", {"pth": "/a"}, [("argument.unknown", "Match")], "'path'"),
    Refused("misspelt-dash", {"media-type": "a/b"}, [("argument.unknown", "Match")], "'media_type'"),
    Refused("misspelt-case", {"Host": "a"}, [("argument.unknown", "Match")], "'host'"),
    Refused("misspelt-plural", {"methods": "GET"}, [("argument.unknown", "Match")], "'method'"),
    Refused("misspelt-beyond-guessing", {"q": 1}, [("argument.unknown", "Match")], "path, method, host"),
    Refused(
        "everything-at-once",
        {"colour": 1, "path": "a", "method": "get", "host": "a:1", "scheme": "ftp", "status": 99, "media_type": "x"},
        [
            ("argument.unknown", "Match"),
            ("match.path.relative", "Match.path"),
            ("match.method.case", "Match.method"),
            ("match.host", "Match.host"),
            ("match.status", "Match.status"),
            ("match.media_type", "Match.media_type"),
            ("match.scheme", "Match.scheme"),
        ],
    ),
]


@pytest.mark.parametrize("row", REFUSED, ids=lambda row: row.id)
def test_refused(row: Refused) -> None:
    """What could never hold is told when the match is built, every mistake at once, with a way out."""
    with pytest.raises(PolicyError) as caught:
        Match(**row.arguments)
    problems = caught.value.problems
    assert [(problem.code, problem.where) for problem in problems] == row.problems
    assert row.fix in problems[0].fix


def test_positional_argument() -> None:
    """Arguments go by name; which ones there are is said."""
    with pytest.raises(PolicyError) as caught:
        Match("/a")  # type: ignore[call-arg]
    (problem,) = caught.value.problems
    assert (problem.code, problem.where, problem.value) == ("argument.surplus", "Match", "")
    assert "path, method, host" in problem.fix


class UnhashableWhen:
    """A callable that is equal by value and has no hash."""

    __hash__ = None  # type: ignore[assignment]

    def __call__(self, environ: WSGIEnvironment) -> bool:
        return True


def test_callable_without_hash() -> None:
    """A `when` need not be hashable; the match is hashed all the same."""
    match = Match(when=UnhashableWhen())
    assert hash(match) == hash(match)
    assert holds(match)
