"""AllowedHosts: requests for other hosts are refused."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from assertions import assert_head, assert_value
from hypothesis import given
from hypothesis import strategies as st
from wsgi import PLAIN, call, environ_for, responding, run

from wsgi_headers import AllowedHosts, HeadersMiddleware, Match, Policy, PolicyError, Rule, Set
from wsgi_headers.exchange import Request

REFUSED = "400 Bad Request"


def answered(*hosts: str, host: str | None, **more: Any) -> str:
    """Return the status that a request for `host` gets."""
    app = HeadersMiddleware(responding(PLAIN), Policy(AllowedHosts(*hosts)))
    return call(app, host=host, **more).status


# Rows of rails/rails, actionpack/test/dispatch/host_authorization_test.rb, in the patterns of Match: `.a.test` is
# `a.test` and `*.a.test` here, and ports belong to no pattern. Rails answers 403, and reads X-Forwarded-Host.
RAILS: list[tuple[str, tuple[str, ...], str, bool]] = [
    ("exact", ("www.a.test",), "www.a.test", True),
    ("Host that begins with a dot", ("a.test", "*.a.test"), ".a.test", False),
    ("similar suffix", ("sub.a.test",), "sub-a.test", False),
    ("prefix trick", ("a.test",), "a.test.evil.test", False),
    ("port does not count", ("a.test",), "a.test:3000", True),
]
HOSTS: list[tuple[str, tuple[str, ...], str | None, bool]] = [
    *RAILS,
    ("another host", ("a.test",), "evil.test", False),
    ("case", ("a.test",), "A.TEST", True),
    ("case of the pattern", ("A.test",), "a.test", True),
    ("trailing dot", ("a.test",), "a.test.", True),
    ("one label below", ("*.a.test",), "www.a.test", True),
    ("two labels below", ("*.a.test",), "b.www.a.test:80", True),
    ("never the apex", ("*.a.test",), "a.test", False),
    ("no label boundary", ("*.a.test",), "evila.test", False),
    ("a character is no dot", ("api.a.test",), "apixa.test", False),
    ("second of several", ("a.test", "b.test"), "b.test", True),
    ("joined names", ("foo.com", "bar.com"), "barfoo.com", False),
    ("address", ("192.0.2.1",), "192.0.2.1:8000", True),
    ("IPv6", ("[::1]",), "[0:0::1]:8000", True),
    ("empty", ("a.test",), "", False),
    ("user", ("a.test",), "a.test@evil.test", False),
    ("backslash", ("a.test",), "a.test\\evil", False),
    ("two lines, joined", ("a.test",), "a.test, evil.test", False),
    ("two lines, run together", ("a.test",), "a.testevil.test", False),
    ("path", ("a.test",), "a.test/?x=", False),
    ("port beyond 16 bits", ("a.test",), "a.test:99999", False),
    ("port of thousands of digits", ("a.test",), "a.test:" + "9" * 5000, False),
    ("port that is none", ("a.test",), "a.test:abc", False),
    ("letters of other scripts", ("kelvin.test",), "\u212aelvin.test", False),
    ("octets beyond ASCII", ("a.test",), "a\xff.test", False),
    ("control", ("a.test",), "a.test\r\nX: 1", False),
    ("no Host: SERVER_NAME", ("server.example",), None, True),
    ("no Host: another SERVER_NAME", ("a.test",), None, False),
]


@pytest.mark.parametrize(("hosts", "host", "passes"), [row[1:] for row in HOSTS], ids=[row[0] for row in HOSTS])
def test_hosts(hosts: tuple[str, ...], host: str | None, passes: bool) -> None:
    """The host of the Host field, without port, fits one of the patterns; else the request is refused."""
    assert answered(*hosts, host=host) == ("200 OK" if passes else REFUSED)


@pytest.mark.parametrize("host", ["a.test", "evil.test"])
def test_no_forwarded_field_is_believed(host: str) -> None:
    """Neither for a host nor against it: any client can send the field."""
    status = answered("a.test", host=host, HTTP_X_FORWARDED_HOST="evil.test, a.test")
    assert status == answered("a.test", host=host)
    assert status == ("200 OK" if host == "a.test" else REFUSED)


def test_a_refusal_carries_the_policy_and_nothing_of_the_request(caplog: pytest.LogCaptureFixture) -> None:
    """The reason goes to the log as data."""
    app = HeadersMiddleware(responding(PLAIN), Policy(AllowedHosts("a.test"), Set("X-Policy", "1")))
    with caplog.at_level(logging.WARNING, "wsgi_headers"):
        response = call(app, host="evil\r\n.test", path="/p")

    assert_head(
        response.lines,
        [
            ("Content-Type", "text/plain; charset=utf-8"),
            ("Content-Length", str(len(response.body))),
            ("X-Policy", "1"),
            ("Cache-Control", "no-store"),
        ],
    )
    assert b"evil" not in response.body
    (record,) = caplog.records
    data = {name: record.__dict__[name] for name in ("event", "reason", "host", "path")}
    assert data == {
        "event": "hosts.refused",
        "reason": "the host is malformed",
        "host": "evil\\r\\n.test",
        "path": "/p",
    }


def test_probes_by_address_pass_on_their_path() -> None:
    """A load balancer asks with HTTP/1.0 and no Host, or by address, over http."""
    policy = Policy(AllowedHosts("a.test", exempt_paths=["/health"]))
    app = HeadersMiddleware(responding(PLAIN), policy)

    assert call(app, path="/health", host=None, scheme="http", SERVER_PROTOCOL="HTTP/1.0").status == "200 OK"
    assert call(app, path="/health", host="10.0.0.7:8000", scheme="http").status == "200 OK"
    assert call(app, path="/healthy", host="10.0.0.7:8000").status == REFUSED
    assert call(app, path="/", host=None, SERVER_PROTOCOL="HTTP/1.0").status == REFUSED


@pytest.mark.parametrize(
    ("exempt", "path", "passes"),
    [
        ("/health", "/health", True),
        ("/health", "/health/", False),
        ("/health", "/Health", False),
        ("/health", "//health", False),
        ("/health", "/x/../health", False),
        ("/probe/", "/probe/a", True),
        ("/probe/", "/probe", False),
        ("/probe/", "/probe/../admin", False),
        ("/probe/", "/probe/./a", False),
        ("/probe/", "/probe//a", False),
        ("/probe/", "/probe/a/..", False),
        ("/", "", True),
        ("/", "/..", False),
        ("/caf\xe9", "/caf\xc3\xa9", True),
        ("/caf\xe9", "/caf\xe9", False),
        ("/.well-known/acme/", "/.well-known/acme/x", True),
    ],
)
def test_exempt_paths_need_no_normalising(exempt: str, path: str, passes: bool) -> None:
    """Exact or below a prefix as it was sent, decoded once by the server."""
    app = HeadersMiddleware(responding(PLAIN), Policy(AllowedHosts("a.test", exempt_paths=[exempt])))
    assert call(app, path=path, host="evil.test").status == ("200 OK" if passes else REFUSED)


def test_it_holds_where_its_rule_holds() -> None:
    """A rule on a path limits it to that path."""
    app = HeadersMiddleware(responding(PLAIN), Policy(Rule(Match(path="/admin/"), AllowedHosts("a.test"))))

    assert call(app, path="/admin/", host="evil.test").status == REFUSED
    assert call(app, path="/", host="evil.test").status == "200 OK"


@pytest.mark.parametrize(
    ("arguments", "options", "problems"),
    [
        ((), {}, {("hosts.empty", "AllowedHosts.hosts")}),
        (("*",), {}, {("hosts.any", "AllowedHosts.hosts[0]")}),
        (("a.test", "*"), {}, {("hosts.any", "AllowedHosts.hosts[1]")}),
        ((["a.test"],), {}, {("hosts.list", "AllowedHosts.hosts[0]")}),
        (("a.test:3000",), {}, {("match.host", "AllowedHosts.hosts[0]")}),
        ((".a.test",), {}, {("match.host", "AllowedHosts.hosts[0]")}),
        (("https://a.test",), {}, {("match.host", "AllowedHosts.hosts[0]")}),
        (("a.*.test",), {}, {("match.host", "AllowedHosts.hosts[0]")}),
        ((None,), {}, {("match.host.type", "AllowedHosts.hosts[0]")}),
        (("a.test",), {"exempt": ["/"]}, {("argument.unknown", "AllowedHosts")}),
        (
            ("a b", "*"),
            {"exempt_paths": "/health", "deny": "no"},
            {
                ("match.host", "AllowedHosts.hosts[0]"),
                ("hosts.any", "AllowedHosts.hosts[1]"),
                ("guard.exempt_paths", "AllowedHosts.exempt_paths"),
                ("guard.deny", "AllowedHosts.deny"),
            },
        ),
    ],
)
def test_mistakes(arguments: tuple[Any, ...], options: dict[str, Any], problems: set[tuple[str, str]]) -> None:
    """All of them at once, each with its place."""
    with pytest.raises(PolicyError) as caught:
        AllowedHosts(*arguments, **options)

    assert {(problem.code, problem.where) for problem in caught.value.problems} == problems


def test_a_misspelt_argument_is_told_the_right_one() -> None:
    """Hosts are positional, the others have names."""
    with pytest.raises(PolicyError, match=r"Did you mean 'exempt_paths'\?"):
        AllowedHosts("a.test", exempt_path=["/health"])  # type: ignore[call-arg]


def test_it_is_a_value() -> None:
    """Equal by value, hashable, picklable, with a repr that can be pasted back."""
    part = AllowedHosts("a.test", "*.a.test", exempt_paths=["/health"])

    assert_value(part, "AllowedHosts('a.test', '*.a.test', exempt_paths=('/health',))")
    assert hash(part) == hash(eval(repr(part)))


@given(st.text(max_size=20) | st.text("a.test:*[]0189@\\/", max_size=12), st.text("/.%a\x00\xff", max_size=6))
def test_any_host_gets_a_clean_answer(host: str, path: str) -> None:
    """It passes exactly where a match on the same pattern would hold."""
    pattern = Match(host=("a.test", "*.test"))
    environ = environ_for(path=path, host=host)
    expected = "200 OK" if pattern.holds_for_request(Request(environ)) else REFUSED

    app = HeadersMiddleware(responding(PLAIN), Policy(AllowedHosts("a.test", "*.test")))
    assert run(app, environ, validate=False).status == expected
