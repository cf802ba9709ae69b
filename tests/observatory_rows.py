"""Heads, and what the MDN HTTP Observatory says of them: from its tests and their sources.

test_audit.py holds our results against them, test_graders.py the Observatory's own code.
"""

from __future__ import annotations

from typing import NamedTuple

from wsgi import Line


class Row(NamedTuple):
    """What one test says of a head on https, by the latest rules."""

    test: str
    code: str
    modifier: int
    lines: tuple[Line, ...]


def one(test: str, code: str, modifier: int, name: str, *values: str) -> Row:
    """Return the row of a head with lines of one field."""
    return Row(test, code, modifier, tuple((name, value) for value in values))


HSTS = ("Strict-Transport-Security", "max-age=31536000")


def set_cookie(code: str, modifier: int, *values: str, hsts: bool = False) -> Row:
    """Return the row of a head with cookies."""
    lines = one("cookies", f"cookies-{code}", modifier, "Set-Cookie", *values)
    return lines._replace(lines=(*lines.lines, HSTS)) if hsts else lines


# From the Observatory's tests and their sources (test/*.test.js, src/analyzer/tests/*.js).
HEADS: dict[str, Row] = {
    f"{row.test}: {', '.join(f'{value!r}' for _, value in row.lines) or 'no line'}": row
    for row in (
        *(
            one("x-frame-options", f"x-frame-options-{code}", modifier, "X-Frame-Options", *values)
            for code, modifier, values in (
                ("not-implemented", -20, ()),
                ("not-implemented", -20, ("",)),
                ("sameorigin-or-deny", 5, ("DENY",)),
                ("sameorigin-or-deny", 5, (" sameorigin ",)),
                ("allow-from-origin", 0, ("ALLOW-FROM https://a.test",)),
                ("header-invalid", -20, ("SAMEORIGIN, SAMEORIGIN",)),
                ("header-invalid", -20, ("DENY", "DENY")),
            )
        ),
        *(
            one("x-frame-options", "x-frame-options-implemented-via-csp", 5, "Content-Security-Policy", value)
            for value in ("frame-ancestors *", "Frame-Ancestors", "default-src 'none'; frame-ancestors https://a.test")
        ),
        # A policy that cannot be read says nothing about framing.
        one(
            "x-frame-options", "x-frame-options-not-implemented", -20, "Content-Security-Policy", "frame-ancestors;" * 2
        ),
        *(
            one("x-content-type-options", f"x-content-type-options-{code}", modifier, "X-Content-Type-Options", *values)
            for code, modifier, values in (
                ("not-implemented", -5, ()),
                ("nosniff", 0, ("NoSniff",)),
                ("header-invalid", -5, ("nosniff", "nosniff")),
            )
        ),
        *(
            one("referrer-policy", f"referrer-policy-{code}", modifier, "Referrer-Policy", *values)
            for code, modifier, values in (
                ("not-implemented", 0, ()),
                *(
                    ("private", 5, (token,))
                    for token in ("no-referrer", "same-origin", "strict-origin", "strict-origin-when-cross-origin")
                ),
                *(
                    ("unsafe", -5, (token,))
                    for token in ("origin", "unsafe-url", "no-referrer-when-downgrade", "origin-when-cross-origin")
                ),
                ("private", 5, ("unsafe-url, NO-REFERRER, x",)),
                ("unsafe", -5, ("no-referrer", "unsafe-url")),
                ("header-invalid", -5, ("no-refferer",)),
                ("header-invalid", -5, ("",)),
            )
        ),
        *(
            one("strict-transport-security", f"hsts-{code}", modifier, "Strict-Transport-Security", *values)
            for code, modifier, values in (
                ("not-implemented", -20, ()),
                ("implemented-max-age-at-least-six-months", 0, ("max-age=15552000",)),
                ("implemented-max-age-at-least-six-months", 0, ("max-age=1; MAX-AGE=15768000; includeSubDomains",)),
                ("implemented-max-age-less-than-six-months", -10, ("max-age=15551999",)),
                ("implemented-max-age-less-than-six-months", -10, ("max-age=86400",)),
                ("header-invalid", -20, ("max-age=1, max-age=2",)),
                ("header-invalid", -20, ("max-age=31536000", "max-age=31536000")),
                ("header-invalid", -20, ("includeSubDomains; preload",)),
                # Browsers ignore it (RFC 6797 6.1.1), the Observatory does not.
                ("implemented-max-age-at-least-six-months", 0, ("max-age=a-year",)),
            )
        ),
        *(
            one("cross-origin-resource-policy", f"corp-{code}", modifier, "Cross-Origin-Resource-Policy", *values)
            for code, modifier, values in (
                ("not-implemented", 0, ()),
                ("implemented-with-same-origin", 10, ("same-origin",)),
                ("implemented-with-same-site", 10, ("Same-Site",)),
                ("implemented-with-cross-origin", 0, ("cross-origin",)),
                ("header-invalid", -5, ("same-origin", "same-origin")),
            )
        ),
        *(
            one("cross-origin-opener-policy", f"coop-{code}", modifier, "Cross-Origin-Opener-Policy", *values)
            for code, modifier, values in (
                ("not-implemented", 0, ()),
                ("implemented-with-same-origin", 10, ("same-origin",)),
                ("implemented-with-same-origin", 10, ('same-origin; report-to="endpoint"',)),
                ("implemented-with-same-origin", 10, ("same-origin;report-to",)),
                ("implemented-with-same-origin-allow-popups", 10, ("same-origin-allow-popups",)),
                ("implemented-with-noopener-allow-popups", 10, ("noopener-allow-popups",)),
                ("implemented-with-unsafe-none", 0, ("unsafe-none",)),
                ("header-invalid", -5, ("same-origin", "same-origin")),
                ("header-invalid", -5, ("Same-Origin",)),
                ("header-invalid", -5, ('"same-origin"',)),
                ("header-invalid", -5, ("same-origin; report-to=coop endpoint",)),
                ("header-invalid", -5, ("whimsy",)),
            )
        ),
        *(
            one("cross-origin-embedder-policy", f"coep-{code}", modifier, "Cross-Origin-Embedder-Policy", *values)
            for code, modifier, values in (
                ("not-implemented", 0, ()),
                ("implemented-with-require-corp", 10, ("require-corp",)),
                ("implemented-with-credentialless", 10, ("credentialless",)),
                ("implemented-with-credentialless", 10, ("credentialless;a=?1;b=1.5;c=:eA==:;d=@1",)),
                ("implemented-with-unsafe-none", 0, ("unsafe-none",)),
                ("header-invalid", -5, ("require-corp", "require-corp")),
                ("header-invalid", -5, ("same-origin",)),
            )
        ),
        *(
            one("subresource-integrity", f"sri-not-implemented-{code}", 0, "Content-Type", *values)
            for code, values in (
                ("response-not-html", ()),
                ("response-not-html", ("application/json",)),
                ("response-not-html", ("Text/HTML",)),
                ("but-no-scripts-loaded", ("text/html; charset=utf-8",)),
                ("but-no-scripts-loaded", ("application/xhtml+xml", "text/plain")),
            )
        ),
        set_cookie("not-found", 0),
        set_cookie("not-found", 0, "heroku-session-affinity=1"),
        set_cookie("not-found", 0, "=1", "nameless", "a=1; Domain=com", "__Secure-a=1", "__Host-a=1; Secure; Path=/a"),
        set_cookie("secure-with-httponly-sessions", 0, "sessionid=1; Secure; HttpOnly", hsts=True),
        set_cookie("secure-with-httponly-sessions", 0, "a=1; Secure; SameSite=Lax", "b=1; Secure"),
        set_cookie(
            "secure-with-httponly-sessions-and-samesite",
            5,
            "SESSIONID=1; Secure; HttpOnly; SameSite=None",
            "b=1; Secure; SameSite=Strict",
        ),
        set_cookie("anticsrf-without-samesite-flag", -20, "csrftoken=1; Secure", hsts=True),
        set_cookie("samesite-flag-invalid", -20, "x=1; Secure; SameSite=yes", hsts=True),
        set_cookie("samesite-flag-invalid", -20, "x=1; Secure; SameSite"),
        set_cookie("samesite-flag-invalid", -20, "x=1; SameSite=None"),
        set_cookie("without-secure-flag-but-protected-by-hsts", -5, "x=1", hsts=True),
        set_cookie("session-without-secure-flag-but-protected-by-hsts", -10, "sessionid=1; HttpOnly", hsts=True),
        set_cookie("without-secure-flag", -20, "x=1"),
        set_cookie("session-without-httponly-flag", -30, "LOGIN=1; Secure", "x=1"),
        set_cookie("session-without-secure-flag", -40, "sessionid=1; HttpOnly", "x=1; Secure; SameSite=x"),
        # The later one replaces the earlier one of the same name, host and path.
        set_cookie("secure-with-httponly-sessions", 0, "a=1", "a=2; Secure"),
        set_cookie("without-secure-flag", -20, "a=1; Path=/a", "a=2; Secure"),
    )
}


# From the Observatory's tests (test/csp.test.js): a policy, and its result without "csp-".
CSP_RESULTS = {
    "": "header-invalid",
    "  ;  ": "header-invalid",
    ";;;;;;;": "not-implemented",
    "default-src https://a.test": "implemented-with-no-unsafe",
    "default-src 'self'; script-src": "implemented-with-no-unsafe",
    "default-src 'none'": "implemented-with-no-unsafe-default-src-none",
    "default-src": "implemented-with-no-unsafe-default-src-none",
    "default-src 'none' https://a.test": "implemented-with-no-unsafe",
    "default-src 'none'; style-src https:": "implemented-with-unsafe-inline-in-style-src-only",
    "default-src 'none'; style-src data:": "implemented-with-unsafe-inline-in-style-src-only",
    "default-src 'none'; style-src 'unsafe-inline' 'nonce-abc'": "implemented-with-no-unsafe-default-src-none",
    "base-uri 'self'": "implemented-with-unsafe-inline",
    "upgrade-insecure-requests": "implemented-with-unsafe-inline",
    "script-src https:": "implemented-with-unsafe-inline",
    "script-src 'self'": "implemented-with-unsafe-inline",
    "object-src 'none'; script-src 'unsafe-inline'": "implemented-with-unsafe-inline",
    "object-src 'none'; script-src data:": "implemented-with-unsafe-inline",
    "default-src 'self'; object-src *": "implemented-with-unsafe-inline",
    "default-src 'self'; object-src data:": "implemented-with-no-unsafe",
    "default-src *.a.test": "implemented-with-no-unsafe",
    "object-src 'none'; script-src 'strict-dynamic' 'nonce-abc' 'unsafe-inline'; style-src 'none'": (
        "implemented-with-no-unsafe"
    ),
    "default-src 'none'; script-src 'strict-dynamic' 'sha256-abc' https: http: *": (
        "implemented-with-no-unsafe-default-src-none"
    ),
    # The nonce of a list counts for every directive that falls back to it.
    "default-src 'strict-dynamic' 'nonce-abc' https:": "implemented-with-no-unsafe",
    "default-src 'nonce-abc' 'unsafe-inline'": "implemented-with-no-unsafe",
    "default-src 'none'; script-src 'strict-dynamic'": "header-invalid",
    "default-src 'none'; script-src 'unsafe-eval'": "implemented-with-unsafe-eval",
    "default-src 'self'; style-src 'unsafe-eval'": "implemented-with-unsafe-eval",
    "default-src 'self' http://a.test": "implemented-with-insecure-scheme",
    "default-src 'none'; report-uri http://a.test": "implemented-with-insecure-scheme",
    "default-src 'none'; img-src http://a.test": "implemented-with-insecure-scheme-in-passive-content-only",
    "default-src 'none'; media-src ftp:": "implemented-with-insecure-scheme-in-passive-content-only",
    "default-src 'none'; default-src 'none'": "header-invalid",
    "default-src 'none'; report-uri /a; report-uri /b": "implemented-but-duplicate-directives",
    "default-src 'none'; script-src 'unsafe-eval'; report-to a; report-to b": "implemented-with-unsafe-eval",
    "DEFAULT-SRC 'NONE'": "implemented-with-no-unsafe-default-src-none",
    # Sources that begin like the one sorted before them say nothing more, even where the host is meant for another one.
    "default-src 'self' http http://a.test": "implemented-with-no-unsafe",
    "default-src 'self' 'unsafe 'unsafe-inline'": "implemented-with-no-unsafe",
    "default-src 'self' 'unsafe 'unsafe_x 'unsafe-inline'": "implemented-with-unsafe-inline",
}


# What the Observatory reads of a value: a test, a value whose octet at the bound decides, the results with it and with
# one octet before it.
BOUNDS: dict[str, tuple[str, str, str, str, str]] = {
    "Strict-Transport-Security": (
        "strict-transport-security",
        f"max-age=31536000;{'x' * 1006}",
        ",",
        "hsts-header-invalid",
        "hsts-implemented-max-age-at-least-six-months",
    ),
    "X-Content-Type-Options": (
        "x-content-type-options",
        f"nosniff{' ' * 248}",
        "x",
        "x-content-type-options-header-invalid",
        "x-content-type-options-nosniff",
    ),
    "X-Frame-Options": (
        "x-frame-options",
        f"DENY{' ' * 1019}",
        "x",
        "x-frame-options-header-invalid",
        "x-frame-options-sameorigin-or-deny",
    ),
    "Cross-Origin-Resource-Policy": (
        "cross-origin-resource-policy",
        f"same-site{' ' * 246}",
        "x",
        "corp-header-invalid",
        "corp-implemented-with-same-site",
    ),
}


# The host of a request (None: it is not told) and the Domain of a cookie, and whether the cookie is kept.
DOMAINS = {
    ("www.site.example", "www.site.example"): True,
    ("www.site.example", ".Site.Example"): True,
    ("WWW.Site.example.", "site.example"): True,
    ("www.site.example", "other.example"): False,
    ("www.site.example", "w.site.example"): False,
    ("site.example", "www.site.example"): False,
    ("site.example", "example"): False,
    ("localhost", "localhost"): True,
    ("127.0.0.1", "127.0.0.1"): False,
    ("127.0.0.1", ".0.0.1"): False,
    ("[::1]", "[::1]"): True,
    ("[::1]", "::1"): True,
    ("[::1]", "::2"): False,
    ("www.site.example", "::1"): False,
    (None, "::1"): True,
    (None, "127.0.0.1"): False,
    (None, "other.example"): True,
    (None, "example"): False,
}
