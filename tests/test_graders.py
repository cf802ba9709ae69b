"""What we say of heads, and the heads that our presets make, held against the graders' own code.

Needs Node.js and the packages of tests/graders: `pytest -m graders` after `npm ci --ignore-scripts` there.
"""

from __future__ import annotations

import string
from typing import Any

import pytest
from grading import CspFinding, Graded, csp_evaluator, observatory, serious
from heads_to_grade import HOST, HOSTS, heads, nearly_good, policies
from hypothesis import given, settings
from hypothesis import strategies as st
from observatory_rows import BOUNDS, CSP_RESULTS, DOMAINS, HEADS, Row
from wsgi import Line, asking, call, responding

from wsgi_headers import HeadersMiddleware, Policy, audit, overrides, presets

pytestmark = pytest.mark.graders


def ours(lines: list[Line], **site: Any) -> Graded:
    """Return what we say, in the form in which the Observatory says it."""
    said = audit.head(lines, rules="observatory-4", **site)
    return Graded(
        said.score,
        said.grade,
        {
            finding.test: {"result": finding.code, "modifier": finding.modifier, "passes": finding.passes}
            for finding in said.findings
        },
    )


@settings(max_examples=1500)
@given(
    lines=st.one_of(heads, nearly_good),
    preflight=st.one_of(st.none(), heads),
    scheme=st.sampled_from(["https", "https", "http"]),
    host=st.sampled_from(HOSTS),
    redirects=st.booleans(),
    preloaded=st.sampled_from([False, False, True]),
)
def test_audit_is_the_observatory(
    lines: list[Line], preflight: list[Line] | None, scheme: str, host: str, redirects: bool, preloaded: bool
) -> None:
    """On any head, every test's result, its points, the score and the grade are those of the Observatory's code."""
    site: dict[str, Any] = {
        "preflight": preflight,
        "scheme": scheme,
        "host": host,
        "redirects": redirects,
        "preloaded": preloaded,
    }

    assert ours(lines, **site) == observatory(lines, **site)


@settings(max_examples=1500)
@given(policies)
def test_content_security_policies_are_judged_alike(value: str) -> None:
    """Most of what can go wrong is in one field, so it is tried alone too."""
    lines = [("Content-Security-Policy", value)]

    assert ours(lines, host=HOST) == observatory(lines, host=HOST)


@pytest.mark.parametrize("row", HEADS.values(), ids=HEADS)
def test_rows_of_the_audit_hold_for_the_observatory(row: Row) -> None:
    """The results that we pin are the Observatory's; it has no algorithm but the fourth."""
    said = observatory(row.lines)
    if row.test in said.tests:
        expected = {"result": row.code, "modifier": row.modifier}
        if row.code == "x-frame-options-sameorigin-or-deny":
            expected["modifier"] = 0  # 5 since algorithm 5
        assert {key: said.tests[row.test][key] for key in expected} == expected


@pytest.mark.parametrize("value", CSP_RESULTS)
def test_rows_of_policies_hold_for_the_observatory(value: str) -> None:
    """The results that we pin for single policies are the Observatory's."""
    assert observatory([("Content-Security-Policy", value)]).tests["content-security-policy"]["result"] == (
        f"csp-{CSP_RESULTS[value]}"
    )


@pytest.mark.parametrize("name", BOUNDS)
def test_bounds_are_those_of_the_observatory(name: str) -> None:
    """What we leave unread of a long value, the Observatory leaves unread."""
    test, value, octet, read, unread = BOUNDS[name]

    assert observatory([(name, f"{value}{octet}")]).tests[test]["result"] == read
    assert observatory([(name, f"{value} {octet}")]).tests[test]["result"] == unread


@pytest.mark.parametrize(("host", "domain"), [(host, domain) for host, domain in DOMAINS if host])
def test_cookies_are_kept_alike(host: str, domain: str) -> None:
    """A Domain that fits the host for us fits it for the Observatory's client."""
    host = host.lower().rstrip(".")
    lines = [("Set-Cookie", f"a=1; Secure; Domain={domain}")]

    assert ours(lines, host=host) == observatory(lines, host=host)


# A source, and a broad one that is left out where it is sorted directly behind.
STEMS = {"'unsafe": "'unsafe-inline'", "http": "http:", "http://": "http://*", "https://*": "https://*.*"}
CHARACTERS = sorted(set(string.printable) - set(string.whitespace) - set(string.ascii_uppercase) - {";"})


@pytest.mark.parametrize("character", CHARACTERS)
@pytest.mark.parametrize("stem", STEMS)
def test_sources_are_sorted_alike(stem: str, character: str) -> None:
    """Which of two sources that begin alike is left out depends on the order of characters."""
    lines = [("Content-Security-Policy", f"default-src 'self' {stem} {STEMS[stem]} {stem}{character}")]

    assert ours(lines) == observatory(lines)


# From the tests of csp_evaluator (checks/*_test.ts): one type of finding, and the directives and values that have it.
EVALUATED: dict[str, tuple[str, str, list[tuple[str, str | None]]]] = {
    "default-src 'unsafe-inline'": ("HIGH", "SCRIPT_UNSAFE_INLINE", [("default-src", "'unsafe-inline'")]),
    "object-src data: http: https:": (
        "HIGH",
        "PLAIN_URL_SCHEMES",
        [("object-src", scheme) for scheme in ("data:", "http:", "https:")],
    ),
    "object-src * http://* //*": (
        "HIGH",
        "PLAIN_WILDCARD",
        [("object-src", source) for source in ("*", "http://*", "//*")],
    ),
    "script-src 'none'": ("HIGH", "MISSING_DIRECTIVES", [("object-src", None)]),
    "script-src 'sha256-abcdefgh' 'strict-dynamic'; object-src 'none'": (
        "HIGH",
        "MISSING_DIRECTIVES",
        [("base-uri", None)],
    ),
    "script-src 'sha256-abcdefgh'; object-src 'none'": ("HIGH", "MISSING_DIRECTIVES", []),
    "script-src http://a.test; object-src 'none'": ("MEDIUM", "SRC_HTTP", [("script-src", "http://a.test")]),
    "default-src 'none'; prefetch-src a.test": ("INFO", "DEPRECATED_DIRECTIVE", [("prefetch-src", None)]),
    "script-src 'none' object-src 'none'": ("SYNTAX", "MISSING_SEMICOLON", [("script-src", "object-src")]),
}


@pytest.mark.parametrize("value", EVALUATED)
def test_csp_evaluator_is_asked(value: str) -> None:
    """The grader of policies says through our script what its own tests say."""
    severity, kind, places = EVALUATED[value]

    found = [finding for finding in csp_evaluator(value) if finding.type == kind]
    assert found == [CspFinding(severity, kind, directive, source) for directive, source in places]


STRICT = (
    "script-src 'nonce-abcdefghijklmnop' 'strict-dynamic' https: 'unsafe-inline'; object-src 'none'; "
    "base-uri 'none'; require-trusted-types-for 'script'; report-uri /csp"
)


def test_csp_evaluator_has_nothing_serious_against_a_strict_policy() -> None:
    """What browsers ignore knowingly beside a nonce is mentioned, and nothing more serious."""
    findings = csp_evaluator(STRICT)

    assert findings != []
    assert serious(findings) == []
    assert serious(csp_evaluator(STRICT.replace("base-uri 'none'", "base-uri *"))) == [
        CspFinding("HIGH", "PLAIN_WILDCARD", "base-uri", "*")
    ]


BARE: tuple[Line, ...] = (("Content-Type", "text/html; charset=utf-8"),)
APPLICATIONS = {
    "a page": BARE,
    "a session": (*BARE, ("Set-Cookie", "session=1")),
    "a session and a CSRF token": (*BARE, ("Set-Cookie", "session=1"), ("Set-Cookie", "csrftoken=1")),
    "an interface": (("Content-Type", "application/json"),),
}


@pytest.mark.parametrize("lines", APPLICATIONS.values(), ids=APPLICATIONS)
def test_grade_of_baseline(lines: tuple[Line, ...]) -> None:
    """BASELINE makes 80 or more of an application that decided nothing, by the Observatory's own code."""
    response = call(HeadersMiddleware(responding(*lines), presets.BASELINE))

    said = observatory(response.lines)
    assert said.score >= 80
    assert said.grade == "B+"
    assert observatory(lines).score < 40


@pytest.mark.parametrize("before", [None, overrides.nonce], ids=["without the nonce", "with the nonce"])
@pytest.mark.parametrize("lines", APPLICATIONS.values(), ids=APPLICATIONS)
@pytest.mark.parametrize(("policy", "score"), [(presets.STRICT, 130), (presets.API, 135)], ids=["STRICT", "API"])
def test_grade_of_the_strict_presets(policy: Policy, score: int, lines: tuple[Line, ...], before: Any) -> None:
    """A+ by the Observatory's own code, and nothing more serious than information from csp_evaluator."""
    response = call(HeadersMiddleware(asking(*lines, before=before), policy))

    said = observatory(response.lines)
    sets_cookies = any(name == "Set-Cookie" for name, _ in lines)
    # Cookies that are all Secure, HttpOnly and SameSite give five points.
    assert (said.grade, said.score) == ("A+", score if sets_cookies else score - 5)
    for value in response.values("Content-Security-Policy"):
        assert serious(csp_evaluator(value)) == []


@pytest.mark.parametrize("lines", APPLICATIONS.values(), ids=APPLICATIONS)
def test_audit_of_a_policy_is_that_of_its_head(lines: tuple[Line, ...]) -> None:
    """`audit.policy` says what the Observatory would say of the site that the policy protects."""
    response = call(HeadersMiddleware(responding(*lines), presets.BASELINE), host="site.example")

    said, graded = audit.policy(presets.BASELINE, lines=lines, rules="observatory-4"), observatory(response.lines)
    assert (said.score, said.grade) == (graded.score, graded.grade)
    assert said.codes == {test: result["result"] for test, result in graded.tests.items()}
