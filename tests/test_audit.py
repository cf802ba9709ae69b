"""What we say of heads: each result of each test of the Observatory, the score, the grade, and what it is called with.

tests/test_graders.py holds the same against the Observatory's own code.
"""

from __future__ import annotations

from typing import Any

import pytest
from observatory_rows import BOUNDS, CSP_RESULTS, DOMAINS, HEADS, HSTS, Row
from wsgi import Line

from wsgi_headers import CookieRule, HeadError, Match, Policy, Rule, Set, audit, presets
from wsgi_headers.audit.observatory import RULES, graded
from wsgi_headers.audit.results import RESULTS


def finding(lines: Any, test: str, **site: Any) -> audit.Finding:
    """Return what one test says."""
    (found,) = [found for found in audit.head(lines, **site).findings if found.test == test]
    return found


@pytest.mark.parametrize("row", HEADS.values(), ids=HEADS)
def test_results(row: Row) -> None:
    """Each field's values give the result and the points that the Observatory gives."""
    found = finding(row.lines, row.test)

    assert (found.code, found.modifier) == (row.code, row.modifier)


@pytest.mark.parametrize("value", CSP_RESULTS)
def test_results_of_policies(value: str) -> None:
    """A Content-Security-Policy gives the result that the Observatory gives, the worst first."""
    assert finding([("Content-Security-Policy", value)], "content-security-policy").code == f"csp-{CSP_RESULTS[value]}"


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
