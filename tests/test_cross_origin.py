"""CrossOriginProtection: unsafe requests that a browser makes for another site are refused."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import pytest
from assertions import assert_head, assert_value
from hypothesis import given
from hypothesis import strategies as st
from webtest import TestApp
from wsgi import PLAIN, call, environ_for, responding, run

from wsgi_headers import CrossOriginProtection, HeadersMiddleware, Match, Policy, PolicyError, Remove, Rule, Set

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

OWN = "https://app.test"
PARTNER = "https://partner.test"

# Title, method, Sec-Fetch-Site, Origin, whether it passes; the request is for https://app.test.
GO: list[tuple[str, str, str | None, str | None, bool]] = [
    # golang/go, src/net/http/csrf_test.go
    ("same-origin", "POST", "same-origin", None, True),
    ("none, a person typed it", "POST", "none", None, True),
    ("same-site", "POST", "same-site", None, False),
    ("cross-site", "POST", "cross-site", None, False),
    ("neither field", "POST", None, None, True),
    ("the own Origin", "POST", None, OWN, True),
    ("another Origin", "POST", None, "https://evil.test", False),
    ("safe GET", "GET", "cross-site", None, True),
    ("safe HEAD", "HEAD", "cross-site", None, True),
    ("safe OPTIONS", "OPTIONS", "cross-site", None, True),
    ("unsafe PUT", "PUT", "cross-site", None, False),
    ("unsafe DELETE", "DELETE", "cross-site", None, False),
    ("unsafe PATCH", "PATCH", "cross-site", None, False),
]
TOWER: list[tuple[str, str, str | None, str | None, bool]] = [
    # tower-rs/tower-http, tower-http/src/csrf/mod.rs
    ("Origin without scheme", "POST", None, "app.test", False),
    ("Origin of another kind", "POST", None, "ftp://app.test", False),
    ("Sec-Fetch-Site that is no text", "POST", "\xff\xfe", None, False),
    ("Origin that is no text", "POST", None, "\xff\xfe", False),
]
OURS: list[tuple[str, str, str | None, str | None, bool]] = [
    # rails/rails counts QUERY as safe; here only GET, HEAD and OPTIONS are, which no later registration changes.
    ("unsafe QUERY", "QUERY", "cross-site", None, False),
    ("unsafe TRACE", "TRACE", "cross-site", None, False),
    ("methods have case", "get", "cross-site", None, False),
    ("no method", "", "cross-site", None, False),
    ("Sec-Fetch-Site has case", "POST", "SAME-ORIGIN", None, False),
    ("Sec-Fetch-Site twice", "POST", "same-origin, cross-site", None, False),
    ("Sec-Fetch-Site twice, run together", "POST", "same-originnone", None, False),
    ("Sec-Fetch-Site empty", "POST", "", None, False),
    ("Sec-Fetch-Site empty beside the own Origin", "POST", "", OWN, False),
    ("Sec-Fetch-Site unknown", "POST", "same-galaxy", None, False),
    ("same-origin beside another Origin", "POST", "same-origin", "https://evil.test", True),
    ("cross-site beside the own Origin", "POST", "cross-site", OWN, False),
    ("trusted Origin", "POST", None, PARTNER, True),
    ("trusted Origin beside cross-site", "POST", "cross-site", PARTNER, True),
    ("trusted Origin beside same-site", "POST", "same-site", PARTNER, True),
    ("trusted Origin beside the empty value", "POST", "", PARTNER, True),
    ("Origin below a trusted pattern", "POST", "cross-site", "https://a.b.tenant.test", True),
    ("Origin beside a trusted pattern", "POST", "cross-site", "https://tenant.test", False),
    ("untrusted Origin beside cross-site", "POST", "cross-site", "https://evil.test", False),
    ("trusted host, another scheme", "POST", None, "http://partner.test", False),
    ("trusted host, another port", "POST", None, "https://partner.test:8443", False),
    ("trusted host as a prefix", "POST", None, "https://partner.test.evil.test", False),
    ("own host, another scheme", "POST", None, "http://app.test", False),
    ("own host, another port", "POST", None, "https://app.test:8443", False),
    ("own Origin in upper case, which no browser sends", "POST", None, "https://APP.test", False),
    ("own Origin with the default port", "POST", None, "https://app.test:443", True),
    ("own Origin with a slash", "POST", None, "https://app.test/", False),
    ("own host with a dot is another", "POST", None, "https://app.test.", False),
    ("opaque Origin", "POST", None, "null", False),
    ("Origin empty", "POST", None, "", False),
    ("Origin twice", "POST", None, f"{OWN},{OWN}", False),
]
ROWS = [*GO, *TOWER, *OURS]

TRUSTING = CrossOriginProtection(trusted_origins=[PARTNER, "https://*.tenant.test"])


def fields(site: str | None, origin: str | None) -> dict[str, str]:
    """Return the keys of environ for the two fields; None is a field that was not sent."""
    keys = {"HTTP_SEC_FETCH_SITE": site, "HTTP_ORIGIN": origin}
    return {key: value for key, value in keys.items() if value is not None}


@pytest.mark.parametrize(
    ("method", "site", "origin", "passes"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS]
)
def test_decisions(method: str, site: str | None, origin: str | None, passes: bool) -> None:
    """`check` alone and the guard agree; the application is not called for what is refused."""
    environ = environ_for(method=method, host="app.test", **fields(site, origin))
    assert (TRUSTING.check(environ) is None) == passes

    called: list[str] = []

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        called.append(environ["REQUEST_METHOD"])
        start_response("200 OK", [PLAIN])
        return [b""]

    response = run(HeadersMiddleware(app, Policy(TRUSTING)), environ, validate=False)
    assert (response.status, called) == (("200 OK", [method]) if passes else ("403 Forbidden", []))


# Scheme, Host (None: SERVER_NAME and SERVER_PORT), Origin, whether it is the request's own.
OWN_ORIGINS: list[tuple[str, str | None, str, bool]] = [
    ("https", "app.test:8443", "https://app.test:8443", True),
    ("https", "app.test:8443", "https://app.test", False),
    # tower-http refuses this one; a default port and none are the same origin (RFC 6454 4).
    ("https", "app.test:443", "https://app.test", True),
    ("http", "app.test:80", "http://app.test", True),
    ("http", "app.test:443", "http://app.test", False),
    ("http", "app.test:443", "http://app.test:443", True),
    ("http", "app.test", "http://app.test", True),
    ("http", "app.test", "https://app.test", False),
    ("http", "example.com", "http://attacker.example", False),
    ("https", "APP.test", "https://app.test", True),
    ("https", "app.test.", "https://app.test.", True),
    ("https", "app.test.", "https://app.test", False),
    ("https", "app.test:", "https://app.test", True),
    ("https", "[::1]:8443", "https://[::1]:8443", True),
    ("https", "[::1]", "https://[::1]", True),
    ("https", "not a host", "https://not a host", False),
    ("https", "not a host", "https://app.test", False),
    ("https", "", "https://", False),
    ("https", "app.test:99999", "https://app.test:99999", False),
    ("https", "app.test@evil.test", "https://app.test@evil.test", False),
    ("https", None, "https://server.example", True),
    ("https", None, "https://app.test", False),
]


@pytest.mark.parametrize(("scheme", "host", "origin", "own"), OWN_ORIGINS)
def test_the_own_origin(scheme: str, host: str | None, origin: str, own: bool) -> None:
    """Scheme, host and port are compared, as text."""
    environ = environ_for(method="POST", scheme=scheme, host=host, HTTP_ORIGIN=origin)
    assert (CrossOriginProtection().check(environ) is None) == own


@pytest.mark.parametrize(
    "more",
    [
        {"CONTENT_TYPE": "Application/X-WWW-Form-Urlencoded"},
        {"CONTENT_TYPE": "application/json"},
        {"CONTENT_TYPE": ""},
        {"HTTP_X_HTTP_METHOD_OVERRIDE": "GET"},
        {"QUERY_STRING": "_method=GET"},
        {"HTTP_REFERER": "https://app.test/"},
        {"HTTP_X_FORWARDED_HOST": "evil.test", "HTTP_X_FORWARDED_PROTO": "https"},
        {"HTTP_SEC_FETCH_MODE": "same-origin", "HTTP_SEC_FETCH_DEST": "empty"},
    ],
)
@pytest.mark.parametrize("site", ["cross-site", None])
def test_nothing_else_is_believed(more: dict[str, str], site: str | None) -> None:
    """Not the media type, no other method than that of the request, no Referer, no forwarded field."""
    environ = environ_for(method="POST", host="app.test", **fields(site, "https://evil.test"), **more)
    assert CrossOriginProtection().check(environ) is not None


def test_referer_that_agrees_with_a_foreign_origin_is_no_help() -> None:
    """Both are the other site's."""
    environ = environ_for(method="POST", HTTP_ORIGIN="https://evil.test", HTTP_REFERER="https://evil.test/page")
    assert CrossOriginProtection().check(environ) is not None


def test_an_isolated_frame_is_no_matter_of_this_part() -> None:
    """A safe request passes, whatever it is for."""
    environ = environ_for(
        HTTP_SEC_FETCH_SITE="cross-site", HTTP_SEC_FETCH_MODE="navigate", HTTP_SEC_FETCH_DEST="object"
    )
    assert CrossOriginProtection().check(environ) is None


@pytest.mark.parametrize(
    ("path", "passes"),
    [
        ("/hooks/a", True),
        ("/hooks/", True),
        ("/only", True),
        ("/only/x", False),
        ("/hooks", False),
        ("/api/", False),
        ("/hooks/../api/", False),
        ("//hooks/a", False),
        ("/hooks/%2e%2e/api", True),  # decoded once: these are characters of the name
    ],
)
def test_exempt_paths(path: str, passes: bool) -> None:
    """Exact or a prefix, and nothing that needs normalising."""
    part = CrossOriginProtection(exempt_paths=["/hooks/", "/only"])
    assert (part.check(environ_for(method="POST", path=path, HTTP_SEC_FETCH_SITE="cross-site")) is None) == passes


def test_a_refusal() -> None:
    """403, not stored, with the rest of the policy; what it depends on is told whatever operations say."""
    policy = Policy(CrossOriginProtection(), Set("X-Policy", "1"), Remove("Vary"), Set("Cache-Control", "public"))
    response = call(HeadersMiddleware(responding(PLAIN), policy), method="POST", HTTP_SEC_FETCH_SITE="cross-site")

    assert response.status == "403 Forbidden"
    assert_head(
        response.lines,
        [
            ("Content-Type", "text/plain; charset=utf-8"),
            ("Content-Length", str(len(response.body))),
            ("X-Policy", "1"),
            ("Vary", "Sec-Fetch-Site, Origin"),
            ("Cache-Control", "no-store"),
        ],
    )
    assert response.body


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_what_passes_varies_on_nothing_more(method: str) -> None:
    """A safe request gets the same answer whatever the fields say, and the others are not reused."""
    app = HeadersMiddleware(responding(PLAIN, ("Vary", "Accept")), Policy(CrossOriginProtection()))
    assert call(app, method=method, HTTP_SEC_FETCH_SITE="same-origin").values("Vary") == ["Accept"]


def test_vary_of_the_policy_stays_beside_that_of_a_refusal() -> None:
    """It is one list, each name once."""
    app = HeadersMiddleware(responding(PLAIN), Policy(Set("Vary", "Cookie, origin"), CrossOriginProtection()))
    response = call(app, method="POST", HTTP_SEC_FETCH_SITE="cross-site")

    assert response.values("Vary") == ["Cookie, origin, Sec-Fetch-Site"]


def test_the_reason_is_data_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    """It names the fields that decided, escaped once, and is nowhere in the answer."""
    app = HeadersMiddleware(responding(PLAIN), Policy(CrossOriginProtection()))
    with caplog.at_level(logging.WARNING, "wsgi_headers"):
        response = call(app, method="POST", path="/p", HTTP_SEC_FETCH_SITE="cross\n-site", HTTP_ORIGIN="\x1b")

    (record,) = caplog.records
    assert {name: record.__dict__[name] for name in ("event", "reason", "method", "path")} == {
        "event": "cross_origin.refused",
        "reason": r"Sec-Fetch-Site is 'cross\n-site', and Origin '\x1b' is not trusted",
        "method": "POST",
        "path": "/p",
    }
    assert b"cross" not in response.body and b"\x1b" not in response.body


def test_report_only_tells_and_lets_pass(caplog: pytest.LogCaptureFixture) -> None:
    """The application answers; `check` gives the reason all the same."""
    part = CrossOriginProtection(report_only=True)
    request = {"method": "POST", "HTTP_SEC_FETCH_SITE": "cross-site"}
    with caplog.at_level(logging.WARNING, "wsgi_headers"):
        response = call(HeadersMiddleware(responding(PLAIN), Policy(part)), **request)

    assert (response.status, response.lines) == ("200 OK", [PLAIN])
    (record,) = caplog.records
    assert record.__dict__["event"] == "cross_origin.reported"
    assert record.__dict__["reason"] == part.check(environ_for(**request))


def test_one_that_refuses_acts_beside_one_that_reports() -> None:
    """The report of a stricter part does not switch the other off."""
    policy = Policy(
        CrossOriginProtection(report_only=True), Rule(Match(path="/api/"), CrossOriginProtection(exempt_paths=["/x"]))
    )
    app = HeadersMiddleware(responding(PLAIN), policy)

    assert call(app, method="POST", path="/api/", HTTP_SEC_FETCH_SITE="cross-site").status == "403 Forbidden"
    assert call(app, method="POST", path="/", HTTP_SEC_FETCH_SITE="cross-site").status == "200 OK"


@pytest.mark.parametrize("origin", ["a.test", "https://", "https://a.test/", "https://a.test/p", "https://a.test?q=1"])
@pytest.mark.parametrize("more", ["https://a.test#f", "", "null", "javascript:alert(1)", "https://A.test", None, 1])
def test_trusted_origins_that_no_browser_sends_are_refused(origin: str, more: object) -> None:
    """golang/go, csrf_test.go and tower-http, csrf/url.rs: each one, all at once."""
    with pytest.raises(PolicyError) as caught:
        CrossOriginProtection(trusted_origins=["https://a.test", origin, more])  # type: ignore[list-item]

    assert [problem.where for problem in caught.value.problems] == [
        "CrossOriginProtection.trusted_origins[1]",
        "CrossOriginProtection.trusted_origins[2]",
    ]


@pytest.mark.parametrize(
    ("options", "problems"),
    [
        ({"trusted_origins": "https://a.test"}, {"cross_origin.trusted_origins"}),
        ({"trusted_origins": ["*"]}, {"cross_origin.trusted_origins.any"}),
        ({"trusted_origins": None}, {"cross_origin.trusted_origins"}),
        ({"report_only": 1}, {"cross_origin.report_only"}),
        ({"exempt_paths": ["api"]}, {"match.path.relative"}),
        ({"deny": 403}, {"guard.deny"}),
        (
            {"trusted": [], "exempt_paths": "/a", "report_only": "yes", "deny": "x"},
            {"argument.unknown", "guard.exempt_paths", "cross_origin.report_only", "guard.deny"},
        ),
    ],
)
def test_mistakes(options: dict[str, Any], problems: set[str]) -> None:
    """All of them at once."""
    with pytest.raises(PolicyError) as caught:
        CrossOriginProtection(**options)

    assert {problem.code for problem in caught.value.problems} == problems


def test_a_pattern_is_no_exempt_path() -> None:
    """What is exempt shall be plain to see."""
    import re

    with pytest.raises(PolicyError, match="is a pattern"):
        CrossOriginProtection(exempt_paths=[re.compile("/api/.*")])  # type: ignore[list-item]


def test_it_is_a_value() -> None:
    """Equal by value, hashable, picklable, with a repr that can be pasted back."""
    assert_value(TRUSTING, "CrossOriginProtection(trusted_origins=('https://partner.test', 'https://*.tenant.test'))")
    assert hash(eval(repr(TRUSTING))) == hash(TRUSTING)


anything = st.none() | st.text(max_size=300) | st.sampled_from(["none", "same-origin", "null", OWN, PARTNER])


@given(st.text(max_size=6) | st.sampled_from(["GET", "POST"]), anything, anything, anything, st.text(max_size=8))
def test_any_request_gets_a_clean_answer(
    method: str, site: str | None, origin: str | None, host: str | None, path: str
) -> None:
    """`check` raises nothing, and its reason is one plain line of at most 200 characters."""
    environ = environ_for(method=method, host=host, path=path, **fields(site, origin))
    reason = TRUSTING.check(environ)

    assert reason is None or (reason.isascii() and reason.isprintable() and 0 < len(reason) <= 200)
    expected = "200 OK" if reason is None else "403 Forbidden"
    assert run(HeadersMiddleware(responding(PLAIN), Policy(TRUSTING)), environ, validate=False).status == expected


def test_check_reads_nothing_but_environ() -> None:
    """And does not change it."""
    environ = {"REQUEST_METHOD": "POST"}
    assert CrossOriginProtection().check(environ) is None
    assert environ == {"REQUEST_METHOD": "POST"}
    assert CrossOriginProtection().check({"REQUEST_METHOD": "POST", "HTTP_ORIGIN": "https://a.test"}) is not None


def test_a_form_is_sent_from_its_own_page_and_not_from_another() -> None:
    """A journey: the page, its form, the same form on another site, in a browser with and without Fetch Metadata."""
    app = TestApp(HeadersMiddleware(responding(PLAIN), Policy(CrossOriginProtection())))

    app.get("/", headers={"Sec-Fetch-Site": "cross-site"}, status=200)
    app.post("/", headers={"Sec-Fetch-Site": "same-origin", "Origin": "http://localhost"}, status=200)
    app.post("/", headers={"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.test"}, status=403)
    app.post("/", headers={"Origin": "http://localhost"}, status=200)
    app.post("/", headers={"Origin": "https://evil.test"}, status=403)
    app.post("/", status=200)
