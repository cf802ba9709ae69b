"""What we say of heads: each result of each test of the Observatory, the score, the grade, and what it is called with.

tests/test_graders.py holds the same against the Observatory's own code.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest
from wsgi import Line

from wsgi_headers import CookieRule, HeadError, Match, Policy, Rule, Set, audit, presets
from wsgi_headers.audit.observatory import RULES, graded
from wsgi_headers.audit.results import RESULTS


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


def finding(lines: Any, test: str, **site: Any) -> audit.Finding:
    """Return what one test says."""
    (found,) = [found for found in audit.head(lines, **site).findings if found.test == test]
    return found


@pytest.mark.parametrize("row", HEADS.values(), ids=HEADS)
def test_results(row: Row) -> None:
    """Each field's values give the result and the points that the Observatory gives."""
    found = finding(row.lines, row.test)

    assert (found.code, found.modifier) == (row.code, row.modifier)


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


@pytest.mark.parametrize("value", CSP_RESULTS)
def test_results_of_policies(value: str) -> None:
    """A Content-Security-Policy gives the result that the Observatory gives, the worst first."""
    assert finding([("Content-Security-Policy", value)], "content-security-policy").code == f"csp-{CSP_RESULTS[value]}"


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


@pytest.mark.parametrize("name", BOUNDS)
def test_long_values_are_read_up_to_a_bound(name: str) -> None:
    """What stands behind the bound is not read, the last octet before it is."""
    test, value, octet, read, unread = BOUNDS[name]

    assert finding([(name, f"{value}{octet}")], test).code == read
    assert finding([(name, f"{value} {octet}")], test).code == unread


def test_no_policy_and_a_reported_one() -> None:
    """A policy that is only reported on is none."""
    reported = ("Content-Security-Policy-Report-Only", "default-src 'none'")

    assert finding([], "content-security-policy").code == "csp-not-implemented"
    assert finding([reported], "content-security-policy").code == "csp-not-implemented-but-reporting-enabled"
    assert finding([(reported[0], "")], "content-security-policy").code == "csp-not-implemented"


def test_two_policies_are_read_as_they_arrive() -> None:
    """Lines of one field reach the Observatory joined with a comma, which it reads as text."""
    lines = [("Content-Security-Policy", "default-src 'none'"), ("Content-Security-Policy", "script-src 'self'")]

    assert finding(lines, "content-security-policy").code == "csp-implemented-with-no-unsafe"


def test_on_http() -> None:
    """A page that came by http was not redirected, cannot have HSTS, and may load over http what it likes."""
    lines = [("Content-Security-Policy", "default-src http://a.test"), HSTS, ("Set-Cookie", "x=1")]

    said = audit.head(lines, scheme="http")
    assert said.codes["redirection"] == "redirection-missing"
    assert said.codes["strict-transport-security"] == "hsts-not-implemented-no-https"
    assert said.codes["cookies"] == "cookies-without-secure-flag"
    assert said.codes["content-security-policy"] == "csp-implemented-with-no-unsafe"


def test_what_a_head_does_not_show() -> None:
    """Redirection and the preload list are what the caller says."""
    assert audit.head([]).codes["redirection"] == "redirection-to-https"
    assert audit.head([], redirects=False).codes["redirection"] == "redirection-missing"
    preloaded = audit.head([], redirects=False, preloaded=True)
    assert preloaded.codes["redirection"] == "redirection-all-redirects-preloaded"
    assert preloaded.codes["strict-transport-security"] == "hsts-preloaded"
    assert audit.head([], scheme="http", preloaded=True).codes["strict-transport-security"] == (
        "hsts-not-implemented-no-https"
    )


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


@pytest.mark.parametrize(("host", "domain"), DOMAINS)
def test_cookies_of_other_hosts_are_not_judged(host: str | None, domain: str) -> None:
    """A cookie whose Domain does not fit the host is not kept, so it is not judged."""
    code = finding([("Set-Cookie", f"a=1; Secure; Domain={domain}")], "cookies", host=host).code

    assert (code != "cookies-not-found") is DOMAINS[host, domain]


ORIGIN = "Access-Control-Allow-Origin"
CREDENTIALS = ("Access-Control-Allow-Credentials", "true")
SHARING: dict[str, tuple[tuple[Line, ...], str, int]] = {
    "nothing": ((CREDENTIALS,), "not-implemented", 0),
    "everybody": (((ORIGIN, "*"), CREDENTIALS), "implemented-with-public-access", 0),
    "another": (((ORIGIN, "https://a.test"), CREDENTIALS), "implemented-with-restricted-access", 0),
    "reflected": (((ORIGIN, audit.PROBE_ORIGIN),), "implemented-with-restricted-access", 0),
    "reflected with credentials": (
        ((ORIGIN, audit.PROBE_ORIGIN), CREDENTIALS),
        "implemented-with-universal-access",
        -50,
    ),
}


@pytest.mark.parametrize(("lines", "result", "modifier"), SHARING.values(), ids=SHARING)
def test_cross_origin_resource_sharing(lines: tuple[Line, ...], result: str, modifier: int) -> None:
    """The answer to the preflight counts; where none is given, the page's head stands for it."""
    code = f"cross-origin-resource-sharing-{result}"

    for found in (
        finding(lines, "cross-origin-resource-sharing"),
        finding([(ORIGIN, "x")], "cross-origin-resource-sharing", preflight=lines),
    ):
        assert (found.code, found.modifier) == (code, modifier)


SCORES = {
    "nothing": ((), 100, "A+"),
    "bonuses alone": ((10, 5, 0), 115, "A+"),
    "bonuses count from 90": ((-10, 10, 10), 110, "A+"),
    "and not below": ((-15, 40), 85, "A-"),
    "none below zero": ((-50, -40, -30, 100), 0, "F"),
    "all at once": ((-5, 4), 99, "A"),
}


@pytest.mark.parametrize(("modifiers", "score", "grade"), SCORES.values(), ids=SCORES)
def test_scores(modifiers: tuple[int, ...], score: int, grade: str) -> None:
    """Bonuses count only where the penalties leave an A."""
    assert graded(modifiers) == (score, grade)


GRADES = "F F F F F D- D D D+ C- C C C+ B- B B B+ A- A A A+".split()


@pytest.mark.parametrize("score", range(101))
def test_grades(score: int) -> None:
    """A grade spans what rounds down to the same five."""
    assert graded([score - 100]) == (score, GRADES[score // 5])


def test_versions_of_the_rules() -> None:
    """A version is named, and the older one has what it had: no opener and embedder policy, no bonus for framing."""
    lines = [("X-Frame-Options", "DENY"), ("Cross-Origin-Opener-Policy", "same-origin")]

    new, old = audit.head(lines), audit.head(lines, rules="observatory-4")
    assert (new.rules, old.rules) == ("observatory-6", "observatory-4")
    assert set(new.codes) - set(old.codes) == {"cross-origin-opener-policy", "cross-origin-embedder-policy"}
    assert list(old.codes) == list(new.codes)[:10]
    assert [finding(lines, "x-frame-options", rules=rules).modifier for rules in RULES] == [0, 5]


def test_results_have_a_row() -> None:
    """Every result of the table is one that these tests bring about, and says what it means; penalties say a fix."""
    found = {row.code for row in HEADS.values()} | {f"csp-{code}" for code in CSP_RESULTS.values()}
    found |= {f"cross-origin-resource-sharing-{result}" for _, result, _ in SHARING.values()}
    found |= {"csp-not-implemented-but-reporting-enabled", "hsts-preloaded", "hsts-not-implemented-no-https"}
    found |= {"redirection-to-https", "redirection-missing", "redirection-all-redirects-preloaded"}

    assert found == set(RESULTS)
    assert all(result.meaning for result in RESULTS.values())
    assert all(result.fix for result in RESULTS.values() if result.modifier < 0 or not result.passes)


BAD_ARGUMENTS: dict[str, tuple[dict[str, Any], str]] = {
    "rules": ({"rules": "observatory-5"}, "rules: no such version 'observatory-5'; Did you mean 'observatory-"),
    "scheme": ({"scheme": "ftp"}, "scheme: 'ftp' is none; write 'https' or 'http'"),
    "host": ({"host": "https://site.example"}, "host: 'https://site.example' is none; write 'www.example.com'"),
    "an empty host": ({"host": ""}, "host: '' is none; write 'www.example.com'"),
}


@pytest.mark.parametrize(("arguments", "message"), BAD_ARGUMENTS.values(), ids=BAD_ARGUMENTS)
def test_bad_arguments(arguments: dict[str, Any], message: str) -> None:
    """A wrong argument is named, with what is accepted."""
    with pytest.raises(ValueError) as caught:
        audit.head([], **arguments)
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize("lines", [[("X-A", "a\r\nb")], [("X A", "b")], [("X-A",)], None])
def test_bad_heads(lines: Any) -> None:
    """A head that cannot be sent is no head to grade, as page or as answer to a preflight."""
    with pytest.raises(HeadError):
        audit.head(lines)
    if lines is not None:
        with pytest.raises(HeadError):
            audit.head([], preflight=lines)


def test_audit_of_baseline() -> None:
    """BASELINE is graded B+ with an application that decided nothing: all it lacks is what would limit scripts."""
    said = audit.policy(presets.BASELINE)

    assert (said.score, said.grade, said.rules) == (80, "B+", "observatory-6")
    assert [found.code for found in said.findings if not found.passes] == ["csp-implemented-with-unsafe-inline"]


def test_audit_of_a_policy_reads_its_head() -> None:
    """The policy acts on what the application sends, on https, for the host that is given."""
    policy = Policy(
        Rule(Match(host="www.site.test", scheme="https"), Set("Content-Security-Policy", "default-src 'none'")),
        CookieRule("session", http_only=True, secure=True, same_site="Lax"),
    )
    lines = [("Content-Type", "application/json"), ("Set-Cookie", "session=1; Domain=site.test")]

    here, elsewhere = audit.policy(policy, lines=lines, host="www.site.test"), audit.policy(policy, lines=lines)
    assert here.codes["content-security-policy"] == "csp-implemented-with-no-unsafe-default-src-none"
    assert here.codes["cookies"] == "cookies-secure-with-httponly-sessions-and-samesite"
    assert here.codes["subresource-integrity"] == "sri-not-implemented-response-not-html"
    assert elsewhere.codes["content-security-policy"] == "csp-not-implemented"
    assert elsewhere.codes["cookies"] == "cookies-not-found"
    assert audit.policy(policy, redirects=False).codes["redirection"] == "redirection-missing"
    assert audit.policy(policy, preloaded=True).codes["strict-transport-security"] == "hsts-preloaded"


def reflected(environ: dict[str, Any]) -> str | None:
    """Return the origin of the request, as careless sites do."""
    return environ.get("HTTP_ORIGIN") if environ["REQUEST_METHOD"] == "OPTIONS" else None


def test_audit_of_a_policy_asks_with_a_preflight() -> None:
    """An origin that is reflected with credentials in the answer to a preflight is found out."""
    policy = Policy(Set(ORIGIN, reflected), Set(*CREDENTIALS))

    assert audit.policy(policy).codes["cross-origin-resource-sharing"] == (
        "cross-origin-resource-sharing-implemented-with-universal-access"
    )
