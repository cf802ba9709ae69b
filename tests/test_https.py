"""HttpsRedirect: what comes over http is sent to https, on the same host and to the same place."""

from __future__ import annotations

import logging
from typing import Any
from urllib.parse import unquote_to_bytes, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from webtest import TestApp
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.middleware.proxy_fix import ProxyFix
from wsgi import PLAIN, call, responding

from wsgi_headers import AllowedHosts, HeadersMiddleware, HttpsRedirect, Match, Policy, PolicyError, Rule, Set

PERMANENT = "308 Permanent Redirect"
REFUSED = "400 Bad Request"


def location(*parts: Any, **request: Any) -> tuple[str, list[str]]:
    """Return status and Location of the answer to a request over http."""
    response = call(HeadersMiddleware(responding(PLAIN), Policy(*parts)), **{"scheme": "http", **request})
    return response.status, response.values("Location")


HOSTS: list[tuple[str, str | None, str | None]] = [
    ("plain", "example.com", "https://example.com/"),
    ("the port of http", "example.com:80", "https://example.com/"),
    ("the same with zeros", "example.com:0080", "https://example.com/"),
    ("the port of https", "example.com:443", "https://example.com/"),
    ("another port", "example.com:8443", "https://example.com:8443/"),
    ("an empty port", "example.com:", "https://example.com/"),
    ("upper case", "EXAMPLE.com", "https://example.com/"),
    ("trailing dot", "example.com.", "https://example.com/"),
    ("address", "192.0.2.1", "https://192.0.2.1/"),
    ("IPv6", "[2001:DB8::1]:80", "https://[2001:db8::1]/"),
    ("user", "example.com@evil.test", None),
    ("backslash", "example.com\\evil", None),
    ("two lines, joined", "example.com, evil.test", None),
    ("empty", "", None),
    ("missing", None, None),
    ("port beyond 16 bits", "example.com:99999", None),
    ("port that is none", "example.com:abc", None),
    ("path and query", "a/?x=", None),
    ("line break", "example.com\r\nX-Evil: 1", None),
    ("octets beyond ASCII", "ex\xe4mple.com", None),
    ("colon alone", ":80", None),
]


@pytest.mark.parametrize(("host", "expected"), [row[1:] for row in HOSTS], ids=[row[0] for row in HOSTS])
def test_hosts(host: str | None, expected: str | None) -> None:
    """Well-formed ones are kept, in lower case; a request without one is refused and never redirected."""
    if expected is None:
        assert location(HttpsRedirect(), host=host) == (REFUSED, [])
    else:
        assert location(HttpsRedirect(), host=host) == (PERMANENT, [expected])


@pytest.mark.parametrize("host", ["evil.test", "example.com@evil.test", "", None])
def test_a_pinned_host_is_where_everybody_is_sent(host: str | None) -> None:
    """Whatever the Host field says."""
    assert location(HttpsRedirect(host="www.Example.com"), host=host)[1] == ["https://www.example.com/"]
    assert location(HttpsRedirect(host="[::1]:8443"), host=host)[1] == ["https://[::1]:8443/"]


# Script name, path in the environ's form, query; then what follows the host.
TARGETS: list[tuple[str, str, str, str, str]] = [
    ("root", "", "/", "", "/"),
    ("empty path", "", "", "", "/"),
    ("query", "", "/a", "x=1&y=%20", "/a?x=1&y=%20"),
    ("mounted", "/app", "/a", "x=1", "/app/a?x=1"),
    ("mounted, empty path", "/app", "", "", "/app"),
    ("protocol-relative", "", "//evil.test", "", "//evil.test"),
    ("backslash", "", "/\\evil.test", "", "/%5Cevil.test"),
    ("two backslashes", "", "\\\\evil.test", "", "/%5C%5Cevil.test"),
    ("tab first", "", "\t//evil.test", "", "/%09//evil.test"),
    ("user trick", "", "@evil.test", "", "/@evil.test"),
    ("suffix trick", "", ".evil.test", "", "/.evil.test"),
    ("port trick", "", ":80@evil.test/", "", "/:80@evil.test/"),
    ("absolute form", "", "http://evil.test/", "", "/http://evil.test/"),
    ("asterisk form", "", "*", "", "/*"),
    ("percent", "", "/100%", "", "/100%25"),
    ("decoded once only", "", "/%2e%2e", "", "/%252e%252e"),
    ("question mark and number sign", "", "/a?b#c", "", "/a%3Fb%23c"),
    ("blank", "", "/a b", "", "/a%20b"),
    ("line break", "", "/a\r\nX-Evil: 1", "", "/a%0D%0AX-Evil:%201"),
    ("NUL", "", "/\0", "", "/%00"),
    ("UTF-8", "", "/caf\xc3\xa9", "", "/caf%C3%A9"),
    ("octets that are no UTF-8", "", "/\xff\xfe", "", "/%FF%FE"),
    ("beyond latin-1, by a broken server", "", "/\u20ac\ud800", "", "/%3F%3F"),
    ("what a path may hold", "", "/a;v=1,2/~x!$&'()*+:@=-._", "", "/a;v=1,2/~x!$&'()*+:@=-._"),
    ("query with a line break", "", "/", "a\r\nb", "/?a%0D%0Ab"),
    ("query with characters browsers leave", "", "/", "a=[1]|<>\"'\\#f", "/?a=%5B1%5D%7C%3C%3E%22'%5C%23f"),
    ("query with octets", "", "/", "q=\xe9", "/?q=%E9"),
    ("query that is a path", "", "/", "/a?b", "/?/a?b"),
]


@pytest.mark.parametrize(
    ("script", "path", "query", "expected"), [row[1:] for row in TARGETS], ids=[row[0] for row in TARGETS]
)
def test_targets(script: str, path: str, query: str, expected: str) -> None:
    """The path is encoded again from its octets and never becomes part of the host; the query stays as it came."""
    # wsgiref.validate does not know paths that begin with something else than a slash.
    request = {"path": path, "SCRIPT_NAME": script, "QUERY_STRING": query, "host": "example.com", "validate": False}
    assert location(HttpsRedirect(), **request) == (PERMANENT, [f"https://example.com{expected}"])


@given(
    st.text(max_size=12) | st.text("/\\@.:?#%\t\r\n \0a\xff", max_size=8),
    st.text(max_size=8),
    st.text("a.:[]1@/\\\r\n\xff", max_size=10),
)
def test_nothing_of_a_request_leaves_the_host(path: str, query: str, host: str) -> None:
    """Any path, query and Host: a Location on the host in visible ASCII, with the same octets in its path; or 400."""
    status, (*locations,) = location(
        HttpsRedirect(), path=path, QUERY_STRING=query, host=host, SCRIPT_NAME="", validate=False
    )
    if status == REFUSED:
        assert locations == []
        return
    (target,) = locations
    assert target.isascii() and target.isprintable() and not set(target) & set(' "<>\\^`{|}')
    split = urlsplit(target)
    assert split.netloc.rpartition(":")[0] in host.lower() or split.netloc in host.lower().removesuffix(".")
    octets = path.encode("latin-1", "replace")
    assert unquote_to_bytes(split.path) in (octets, b"/" + octets)


@pytest.mark.parametrize(
    ("status", "line"),
    [(301, "301 Moved Permanently"), (302, "302 Found"), (307, "307 Temporary Redirect"), (308, PERMANENT)],
)
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "OPTIONS", "DELETE"])
def test_statuses(status: int, line: str, method: str) -> None:
    """Every method is redirected; 307 and 308 make clients keep it."""
    assert location(HttpsRedirect(status=status), method=method, host="a.test") == (line, ["https://a.test/"])


@pytest.mark.parametrize(
    ("scheme", "redirected"), [("https", False), ("http", True), ("HTTPS", True), ("", True), ("ws", True)]
)
def test_the_scheme_is_that_of_the_server(scheme: str, redirected: bool) -> None:
    """What decides about HSTS decides here: `wsgi.url_scheme`, exactly."""
    request = {"scheme": scheme, "HTTP_X_FORWARDED_PROTO": "https", "host": "a.test", "validate": False}
    assert location(HttpsRedirect(), **request)[0] == (PERMANENT if redirected else "200 OK")


@pytest.mark.parametrize(
    ("path", "passes"),
    [
        ("/.well-known/acme-challenge/token", True),
        ("/.well-known/acme-challenge/../../admin", False),
        ("/.well-known/acme-challenge", False),
        ("/.well-known/other", False),
    ],
)
def test_certificates_can_be_asked_for(path: str, passes: bool) -> None:
    """RFC 8555 8.3: the challenge comes over http."""
    assert location(HttpsRedirect(), path=path, host="a.test")[0] == ("200 OK" if passes else PERMANENT)


def test_exempt_paths_replace_the_default() -> None:
    """Who names paths names all of them."""
    part = HttpsRedirect(exempt_paths=["/health"])

    assert location(part, path="/health", host=None, SERVER_PROTOCOL="HTTP/1.0")[0] == "200 OK"
    assert location(part, path="/.well-known/acme-challenge/token", host="a.test")[0] == PERMANENT


def test_behind_a_proxy_nobody_is_sent_in_a_circle() -> None:
    """ProxyFix outside tells the scheme; the second request arrives as https and passes."""
    inner = HeadersMiddleware(responding(PLAIN), Policy(HttpsRedirect(), Set("X-Policy", "1")))
    app = TestApp(ProxyFix(inner, x_for=0, x_proto=1, x_host=1))
    fields = {"X-Forwarded-Host": "a.test", "Host": "backend:8000"}

    sent = app.get("/p?q=1", headers={**fields, "X-Forwarded-Proto": "http"}, status=308)
    assert sent.headers["Location"] == "https://a.test/p?q=1"
    assert app.get("/p?q=1", headers={**fields, "X-Forwarded-Proto": "https"}, status=200).headers["X-Policy"] == "1"


def test_mounted_below_a_path() -> None:
    """The dispatcher moves the mount point to SCRIPT_NAME; the redirect leads to the whole path."""
    mounted = HeadersMiddleware(responding(PLAIN), Policy(HttpsRedirect()))
    app = TestApp(DispatcherMiddleware(responding(PLAIN), {"/shop": mounted}))

    assert app.get("/shop/a%20b?q=%41", status=308).headers["Location"] == "https://localhost/shop/a%20b?q=%41"


def test_a_forged_host_is_refused_before_it_is_redirected() -> None:
    """AllowedHosts decides first, wherever it stands."""
    parts = (HttpsRedirect(), AllowedHosts("a.test"))

    assert location(*parts, host="evil.test") == (REFUSED, [])
    assert location(*parts, host="a.test") == (PERMANENT, ["https://a.test/"])


def test_a_redirect_tells_the_log_nothing_and_a_refusal_does(caplog: pytest.LogCaptureFixture) -> None:
    """Redirects are what the part is for."""
    with caplog.at_level(logging.WARNING, "wsgi_headers"):
        location(HttpsRedirect(), host="a.test")
        assert caplog.records == []
        location(HttpsRedirect(), host="a b")
        location(HttpsRedirect(), host=None)

    reasons = [(record.__dict__["event"], record.__dict__["reason"]) for record in caplog.records]
    assert reasons == [
        ("https.refused", "the Host field is malformed"),
        ("https.refused", "the request has no Host field"),
    ]


def test_hsts_is_not_told_over_http() -> None:
    """The redirect goes out over http, where the field means nothing (RFC 6797 7.2)."""
    response = call(
        HeadersMiddleware(
            responding(PLAIN), Policy(HttpsRedirect(), Set("Strict-Transport-Security", "max-age=31536000"))
        ),
        scheme="http",
    )
    assert (response.status, response.values("Strict-Transport-Security")) == (PERMANENT, [])


@pytest.mark.parametrize(
    ("options", "problems"),
    [
        ({"status": 303}, {"https.status"}),
        ({"status": "308"}, {"https.status"}),
        ({"status": True}, {"https.status"}),
        ({"host": "*.a.test"}, {"https.host"}),
        ({"host": ""}, {"https.host"}),
        ({"host": 1}, {"https.host"}),
        ({"host": "a.test:80"}, {"https.host.port"}),
        ({"host": "a.test:99999"}, {"https.host"}),
        ({"exempt_paths": "/health"}, {"guard.exempt_paths"}),
        ({"exempt_paths": None}, {"guard.exempt_paths"}),
        ({"exempt_paths": ["health", "/a/../b"]}, {"match.path.relative", "match.path.normal"}),
        ({"code": 308, "host": "a b", "status": 200}, {"argument.unknown", "https.host", "https.status"}),
    ],
)
def test_mistakes(options: dict[str, Any], problems: set[str]) -> None:
    """All of them at once."""
    with pytest.raises(PolicyError) as caught:
        HttpsRedirect(**options)

    assert {problem.code for problem in caught.value.problems} == problems


def test_a_url_for_a_host_is_told_the_host() -> None:
    """The near miss has its fix in the message."""
    with pytest.raises(PolicyError, match=r"Did you mean 'a\.test'\?"):
        HttpsRedirect(host="https://a.test/")


def test_under_a_match_on_https_it_would_never_act() -> None:
    """So it is refused there."""
    with pytest.raises(PolicyError) as caught:
        Rule(Match(scheme="https"), HttpsRedirect())

    assert [problem.code for problem in caught.value.problems] == ["https.scheme"]
