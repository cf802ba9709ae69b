"""The presets, byte for byte: what they add to a bare application, and what of an application's own stays."""

from __future__ import annotations

import pickle
from collections.abc import Iterable
from typing import Any

import pytest
from cookie_lines import rewriter, rewritten
from wsgi import call

import wsgi_headers
from wsgi_headers import (
    ContentSecurityPolicy,
    CookieAttributes,
    CookieRule,
    HeadersMiddleware,
    Policy,
    overrides,
    presets,
)

Line = tuple[str, str]
HTML = ("Content-Type", "text/html; charset=utf-8")


def head(*lines: Line, scheme: str = "https", policy: Policy = presets.BASELINE) -> list[Line]:
    """Return the head that leaves, in the order of names; the order of different fields has no meaning."""
    heads: list[list[Line]] = []

    def app(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        start_response("200 OK", list(lines))
        return [b"hello"]

    environ = {"REQUEST_METHOD": "GET", "PATH_INFO": "/", "HTTP_HOST": "a.test", "wsgi.url_scheme": scheme}
    middleware: Any = HeadersMiddleware(app, policy)
    assert middleware(environ, lambda status, lines, exc_info=None: heads.append(lines)) == [b"hello"]
    return sorted(heads[0], key=lambda line: line[0].lower())


# A preset's value changes only in a major release: whoever changes a byte here makes one.
BASELINE = {
    "https": [
        ("Content-Security-Policy", "base-uri 'self'"),
        HTML,
        ("Referrer-Policy", "strict-origin-when-cross-origin"),
        ("Strict-Transport-Security", "max-age=31536000"),
        ("X-Content-Type-Options", "nosniff"),
        ("X-Frame-Options", "SAMEORIGIN"),
    ],
    "http": [
        ("Content-Security-Policy", "base-uri 'self'"),
        HTML,
        ("Referrer-Policy", "strict-origin-when-cross-origin"),
        ("X-Content-Type-Options", "nosniff"),
        ("X-Frame-Options", "SAMEORIGIN"),
    ],
}


@pytest.mark.parametrize("scheme", BASELINE)
def test_baseline_of_a_bare_application(scheme: str) -> None:
    """These lines and no others are added to what an application sends that decided nothing."""
    assert head(HTML, scheme=scheme) == BASELINE[scheme]


STRICT = [
    (
        "Content-Security-Policy",
        "default-src 'self'; script-src 'none'; object-src 'none'; base-uri 'none'; form-action 'self'; "
        "frame-ancestors 'none'",
    ),
    HTML,
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Permissions-Policy", "camera=(), microphone=(), geolocation=(), payment=(), usb=()"),
    ("Referrer-Policy", "same-origin"),
    ("Strict-Transport-Security", "max-age=63072000; includeSubDomains"),
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),
    ("X-Permitted-Cross-Domain-Policies", "none"),
]
API = [
    ("Cache-Control", "no-store"),
    ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"),
    HTML,
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Referrer-Policy", "no-referrer"),
    ("Strict-Transport-Security", "max-age=63072000; includeSubDomains"),
    ("X-Content-Type-Options", "nosniff"),
]


@pytest.mark.parametrize("scheme", ["https", "http"])
@pytest.mark.parametrize(("policy", "lines"), [(presets.STRICT, STRICT), (presets.API, API)], ids=["STRICT", "API"])
def test_strict_presets_of_a_bare_application(policy: Policy, lines: list[Line], scheme: str) -> None:
    """These lines and no others are added, HSTS on https alone."""
    secure = scheme == "https"
    assert head(HTML, scheme=scheme, policy=policy) == [
        line for line in lines if secure or line[0] != "Strict-Transport-Security"
    ]


@pytest.mark.parametrize(("policy", "lines"), [(presets.STRICT, STRICT), (presets.API, API)], ids=["STRICT", "API"])
def test_strict_presets_set(policy: Policy, lines: list[Line]) -> None:
    """What the application decided about the same fields gives way, but for its caching."""
    own = [(name, "what the application says") for name, _ in lines if name not in ("Content-Type", "Cache-Control")]

    assert head(HTML, *own, policy=policy) == lines
    assert ("Cache-Control", "max-age=60") in head(HTML, ("Cache-Control", "max-age=60"), policy=policy)


CACHING: dict[str, tuple[str | None, str | None, str | None]] = {
    # What the application says; what goes out with a cookie under STRICT, and under API.
    "nothing": (None, "private", "no-store"),
    "public": ("public, max-age=60", "max-age=60, private", "max-age=60, private"),
    "private": ("private, max-age=60", "private, max-age=60", "private, max-age=60"),
    "no-store": ("no-store", "no-store", "no-store"),
}


@pytest.mark.parametrize(("sent", "strict", "api"), CACHING.values(), ids=CACHING)
def test_strict_presets_keep_cookies_from_shared_caches(sent: str | None, strict: str, api: str) -> None:
    """With a cookie or credentials, no shared cache may store it; BASELINE leaves that to the application."""
    own = [("Cache-Control", sent)] if sent is not None else []
    cookie = ("Set-Cookie", "a=1; Secure; HttpOnly; SameSite=Lax")
    for policy, lines, value in ((presets.STRICT, STRICT, strict), (presets.API, API, api)):
        rest = [line for line in lines if line[0] != "Cache-Control"]
        wanted = sorted([*rest, ("Cache-Control", value), cookie])
        assert sorted(head(HTML, *own, cookie, policy=policy)) == wanted
    assert [line for line in head(HTML, *own, cookie) if line[0] == "Cache-Control"] == own


def test_strict_with_the_nonce() -> None:
    """An application that asks for its nonce runs the scripts that carry it."""

    def app(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        start_response("200 OK", [HTML, ("X-Nonce", overrides.nonce(environ))])
        return []

    lines = dict(call(HeadersMiddleware(app, presets.STRICT)).lines)
    assert f"; script-src 'nonce-{lines['X-Nonce']}' 'strict-dynamic';" in lines["Content-Security-Policy"]
    assert lines["Cache-Control"] == "private"


@pytest.mark.parametrize("policy", [presets.STRICT, presets.API], ids=["STRICT", "API"])
@pytest.mark.parametrize("scheme", ["https", "http"])
def test_strict_presets_harden_every_cookie(policy: Policy, scheme: str) -> None:
    """On http too; a token that a page's scripts read stays readable."""
    rewrite = rewriter(policy, scheme=scheme)

    assert rewrite("a=1", "sid=1; SameSite=None; Secure", "b=1; samesite=strict", "csrftoken=1") == [
        "a=1; Secure; HttpOnly; SameSite=Lax",
        "sid=1; SameSite=Lax; Secure; HttpOnly",
        "b=1; samesite=strict; Secure; HttpOnly",
        "csrftoken=1; Secure; SameSite=Lax",
    ]


@pytest.mark.parametrize("policy", [presets.BASELINE, presets.STRICT, presets.API], ids=["BASELINE", "STRICT", "API"])
def test_presets_are_there_to_start_from(policy: Policy) -> None:
    """The commonest wish: a preset, and one more source."""
    found = policy.find(ContentSecurityPolicy)
    assert found is not None
    mine = Policy(policy, found.extend(img_src=["https://cdn.example"]))

    (value,) = (value for name, value in head(HTML, policy=mine) if name == "Content-Security-Policy")
    started = "'self' " if found.default_src == ("'self'",) else ""
    assert value.endswith(f"; img-src {started}https://cdn.example")


KNOWINGLY: dict[str, tuple[Line, ...]] = {
    "framing": (("X-Frame-Options", "sameorigin"),),
    "policy": (("content-security-policy", "default-src 'none'; frame-ancestors https://partner.test"),),
    "two policies": (
        ("Content-Security-Policy", "script-src 'self'"),
        ("Content-Security-Policy", "img-src 'self'"),
    ),
    "referrer": (("Referrer-Policy", "unsafe-url"),),
    "HSTS withdrawn": (("Strict-Transport-Security", "max-age=0"),),
    "HSTS with subdomains": (("Strict-Transport-Security", "max-age=1; includeSubDomains"),),
    "nosniff": (("X-Content-Type-Options", "nosniff"),),
    "a report-only policy": (("Content-Security-Policy-Report-Only", "default-src 'self'; report-to csp"),),
    "popups": (("Cross-Origin-Opener-Policy", "unsafe-none"),),
    "caching": (("Cache-Control", "public, max-age=60"),),
    "the server's name": (("Server", "mine"),),
}


@pytest.mark.parametrize("lines", KNOWINGLY.values(), ids=KNOWINGLY)
def test_baseline_keeps_what_was_decided(lines: tuple[Line, ...]) -> None:
    """A field that the application sent itself stays byte for byte, and gets no second line."""
    names = {name.lower() for name, _ in lines}

    after = head(HTML, *lines)
    assert [line for line in after if line[0].lower() in names] == list(lines)
    assert [line for line in after if line[0].lower() not in names] == [
        line for line in BASELINE["https"] if line[0].lower() not in names
    ]


@pytest.mark.parametrize("value", ["DENY", "sameorigin", "", "ALLOW-FROM https://partner.test"])
def test_baseline_keeps_x_frame_options(value: str) -> None:
    """The application's line stays, whatever it says."""
    assert [line for line in head(HTML, ("x-frame-options", value)) if line[0].lower() == "x-frame-options"] == [
        ("x-frame-options", value)
    ]


def framing(lines: list[Line]) -> str:
    """Return who may frame the page: frame-ancestors of an enforced CSP, else X-Frame-Options (CSP3 6.4.2.1)."""
    values = {name.lower(): value for name, value in lines}
    for directive in values.get("content-security-policy", "").split(";"):
        name, _, sources = directive.strip().partition(" ")
        if name == "frame-ancestors":
            return sources
    return {"DENY": "'none'", "SAMEORIGIN": "'self'"}.get(values.get("x-frame-options", "").upper(), "*")


FRAMING = {
    "nothing": ((), "'self'"),
    "DENY, as Django sends it": ((("X-Frame-Options", "DENY"),), "'none'"),
    "SAMEORIGIN": ((("X-Frame-Options", "SAMEORIGIN"),), "'self'"),
    "frame-ancestors": ((("Content-Security-Policy", "frame-ancestors https://a.test"),), "https://a.test"),
    "a policy without it": ((("Content-Security-Policy", "default-src 'self'"),), "'self'"),
}


@pytest.mark.parametrize(("lines", "ancestors"), FRAMING.values(), ids=FRAMING)
def test_baseline_framing(lines: tuple[Line, ...], ancestors: str) -> None:
    """The site itself alone may frame its pages, unless the application decided about framing: then that holds."""
    assert framing(head(HTML, *lines)) == ancestors


LEAKY = [
    *("X-Powered-By", "x-powered-by", "X-POWERED-BY", "X-Powered-By-Plesk", "X-Powered-CMS", "Powered-By"),
    *("X-AspNet-Version", "X-AspNetMvc-Version", "X-Framework", "X-Generator", "X-PHP-Version", "X-Turbo-Charged-By"),
]


@pytest.mark.parametrize("name", LEAKY)
def test_baseline_removes_leaky_fields(name: str) -> None:
    """Fields that tell what the site is made of go, however often they come."""
    assert head(HTML, (name, "secret/1.0"), (name, "")) == BASELINE["https"]


def test_baseline_on_http_sends_no_hsts() -> None:
    """No HSTS line leaves on http, the application's own included (RFC 6797 7.2)."""
    assert head(HTML, ("Strict-Transport-Security", "max-age=60"), scheme="http") == BASELINE["http"]


def test_baseline_insists_on_nosniff() -> None:
    """Any other value switches nothing on, so it is replaced."""
    lines = [("X-Content-Type-Options", "foo"), ("x-content-type-options", "nosniff, foo")]

    assert head(HTML, *lines) == BASELINE["https"]


# The name of the cookie as frameworks and sites spell it; whether it looks like a session or a login.
SESSIONS = [
    *("sid", "SID", "Sid"),
    *(
        "session",
        "Session",
        "SESSION",
        "sess",
        "sessionid",
        "session_id",
        "Session_Id",
        "session-token",
        "my_session_2",
    ),
    *("PHPSESSID", "JSESSIONID", "ASP.NET_SessionId", "ASPSESSIONIDQQ", "beaker.session.id", "laravel_session"),
    *("userSession", "__Host-session", "__Secure-SessionToken", "possession"),
    *("login", "Login", "LOGIN", "login_token", "userLogin", "LastLogin"),
    *("auth", "Auth", "AUTH", "auth_token", "oauth_state", "OAuth", "x-auth", ".ASPXAUTH", "authenticity_token"),
    *("remember", "remember_me", "rememberMe", "RememberMe", "REMEMBER_TOKEN", "remember_user_token"),
]
NO_SESSIONS = [
    *("theme", "lang", "a", "id", "token", "user", "consent", "_ga"),
    *("connect.sid", "ssid", "sidebar", "sid2", "asid", "Sidney", "sid-", "__Host-sid"),
    *("ses", "logged_in", "log-in", "aut", "member"),
]
SCRIPTS = [
    *("csrf", "csrftoken", "_csrf", "CSRF-Token", "Csrf", "csrf_session", "session_csrf", "auth-csrf", "CsrfAuth"),
    *("XSRF-TOKEN", "xsrf", "_xsrf", "XsrfSession", "session-xsrf", "remember_XSRF", "login_CSRF", "__Host-csrf-sess"),
]


@pytest.mark.parametrize("name", SESSIONS)
def test_baseline_hides_sessions_from_scripts(name: str) -> None:
    """Cookies that look like sessions or logins get HttpOnly, beside what every cookie gets."""
    assert rewritten(f"{name}=1; Path=/", presets.BASELINE) == f"{name}=1; Path=/; Secure; HttpOnly; SameSite=Lax"
    assert (
        rewritten(f" {name}=1; SameSite=None; Secure;", presets.BASELINE)
        == f" {name}=1; SameSite=None; Secure; HttpOnly"
    )


@pytest.mark.parametrize("name", [*NO_SESSIONS, *SCRIPTS])
def test_baseline_leaves_other_cookies_to_scripts(name: str) -> None:
    """Other cookies, and CSRF tokens whatever else their name holds, get no HttpOnly, and keep it where they had it."""
    assert rewritten(f"{name}=1; Path=/", presets.BASELINE) == f"{name}=1; Path=/; Secure; SameSite=Lax"
    assert rewritten(f"{name}=1; httponly", presets.BASELINE) == f"{name}=1; httponly; Secure; SameSite=Lax"


def test_baseline_leaves_nameless_cookies_to_scripts() -> None:
    """A value is no name."""
    assert rewriter(presets.BASELINE)("session", "=sid") == [
        "session; Secure; SameSite=Lax",
        "=sid; Secure; SameSite=Lax",
    ]


COOKIES = {
    "bare": ("a=1", "a=1; Secure; SameSite=Lax", "a=1; SameSite=Lax"),
    "None stays": ("a=1; SameSite=None; Secure", None, None),
    "None gets its Secure": ("a=1; SameSite=None", "a=1; SameSite=None; Secure", None),
    "Strict stays": ("a=1; Secure; SameSite=Strict", None, None),
    "unknown means nothing": (
        "a=1; SameSite=x",
        "a=1; SameSite=Lax; Secure",
        "a=1; SameSite=Lax",
    ),
    "life, path and domain stay": (
        "a=1; Max-Age=99999999; Path=/x; Domain=site.test; Priority=High; Partitioned",
        "a=1; Max-Age=99999999; Path=/x; Domain=site.test; Priority=High; Partitioned; Secure; SameSite=Lax",
        "a=1; Max-Age=99999999; Path=/x; Domain=site.test; Priority=High; Partitioned; SameSite=Lax",
    ),
    "a deletion": ("a=; Max-Age=0", "a=; Max-Age=0; Secure; SameSite=Lax", "a=; Max-Age=0; SameSite=Lax"),
    "Secure stays on http": ("a=1; Secure; SameSite=Lax", None, None),
    "a session": ("sid=1", "sid=1; Secure; HttpOnly; SameSite=Lax", "sid=1; HttpOnly; SameSite=Lax"),
}


@pytest.mark.parametrize(("line", "on_https", "on_http"), COOKIES.values(), ids=COOKIES)
def test_baseline_cookies(line: str, on_https: str | None, on_http: str | None) -> None:
    """Secure on https and SameSite=Lax where nothing is decided: cookies for other sites keep working."""
    assert rewritten(line, presets.BASELINE) == (on_https or line)
    assert rewritten(line, presets.BASELINE, scheme="http") == (on_http or line)


LATER = {
    "SameSite": (CookieAttributes(same_site="Strict"), "sid=1; Secure; HttpOnly; SameSite=Strict"),
    "None": (CookieRule("sid", insecure_same_site="None"), "sid=1; Secure; HttpOnly; SameSite=None"),
    "HttpOnly": (CookieRule("sid", http_only=False), "sid=1; Secure; SameSite=Lax"),
    "Secure": (CookieRule("sid", secure=False), "sid=1; HttpOnly; SameSite=Lax"),
    "exempt": (CookieRule("sid", exempt=True), "sid=1"),
}


@pytest.mark.parametrize(("part", "after"), LATER.values(), ids=LATER)
def test_a_policy_after_baseline_has_the_last_word(part: Any, after: str) -> None:
    """A preset is where a policy starts from: what follows it overrides it."""
    assert rewritten("sid=1", presets.BASELINE, part) == after


def test_lifting_the_exemption_of_csrf_cookies() -> None:
    """CSRF cookies are exempt from HttpOnly until a later rule says otherwise."""
    lines = ["csrftoken=1; Secure; SameSite=Lax"]

    assert rewriter(presets.BASELINE, CookieAttributes(http_only=True))(*lines) == lines
    assert rewriter(presets.BASELINE, CookieRule("csrftoken", http_only=True, exempt=False))(*lines) == [
        "csrftoken=1; Secure; SameSite=Lax; HttpOnly"
    ]


def test_baseline_twice() -> None:
    """Twice is once."""
    lines = [HTML, ("Set-Cookie", "sid=1"), ("Set-Cookie", "csrftoken=1"), ("Vary", "Cookie")]

    once = head(*lines)
    assert head(*once) == once
    assert head(*lines, policy=Policy(presets.BASELINE, presets.BASELINE)) == once


def test_presets_are_policies() -> None:
    """A preset is a value: equal to its copy, and to what its repr says."""
    assert isinstance(presets.BASELINE, Policy)
    assert pickle.loads(pickle.dumps(presets.BASELINE)) == presets.BASELINE
    assert eval(repr(presets.BASELINE), vars(wsgi_headers)) == presets.BASELINE
