"""Reporting-Endpoints: names and addresses, and the names that other fields refer to."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wsgi import PLAIN, responding

from wsgi_headers import (
    ContentSecurityPolicy,
    Default,
    HeadersMiddleware,
    Match,
    Policy,
    PolicyError,
    ReportingEndpoints,
    Rule,
    Set,
)

ADDRESS = "https://r.example/csp"


@pytest.mark.parametrize(
    ("field", "text"),
    [
        (
            ReportingEndpoints(csp="https://r.test/c", pp="https://r.test/p"),
            'csp="https://r.test/c", pp="https://r.test/p"',
        ),
        (ReportingEndpoints({"csp-1.a*_": ADDRESS}), f'csp-1.a*_="{ADDRESS}"'),
        (ReportingEndpoints({"b": "/b"}, a="/a"), 'b="/b", a="/a"'),
        (ReportingEndpoints(a="/a?b=c"), 'a="/a?b=c"'),
        (ReportingEndpoints(a='/"\\'), 'a="/\\"\\\\"'),
        (ReportingEndpoints(a="http://localhost:8000/r"), 'a="http://localhost:8000/r"'),
        (ReportingEndpoints(a="https://[2001:db8::1]:8443"), 'a="https://[2001:db8::1]:8443"'),
    ],
)
def test_text(field: ReportingEndpoints, text: str) -> None:
    """A dictionary of strings, names as given."""
    assert field.serialize() == text
    assert ReportingEndpoints.parse(text) == field


# id: (endpoints, codes)
REFUSED: dict[str, tuple[Any, list[str]]] = {
    "nothing": ({}, ["reporting_endpoints.empty"]),
    "empty name": ({"": ADDRESS}, ["reporting_endpoints.name"]),
    "upper case": ({"CSP": ADDRESS}, ["reporting_endpoints.name"]),
    "blank": ({"a b": ADDRESS}, ["reporting_endpoints.name"]),
    "name no text": ({5: ADDRESS}, ["reporting_endpoints.name"]),
    "empty address": ({"csp": ""}, ["reporting_endpoints.address"]),
    "http": ({"csp": "http://r.test"}, ["reporting_endpoints.address"]),
    "no scheme": ({"csp": "r.test/csp"}, ["reporting_endpoints.address"]),
    "another host": ({"csp": "//r.test/csp"}, ["reporting_endpoints.address"]),
    "blank in the address": ({"csp": "https://r.test/a b"}, ["reporting_endpoints.address"]),
    "not ASCII": ({"csp": "https://r.test/\xe9"}, ["reporting_endpoints.address"]),
    "line feed": ({"csp": "https://r.test/\n"}, ["reporting_endpoints.address"]),
    "no text": ({"csp": 5}, ["reporting_endpoints.address"]),
    "list": ([("csp", ADDRESS)], ["reporting_endpoints.type"]),
    "every one": ({"A": ADDRESS, "b": "c"}, ["reporting_endpoints.name", "reporting_endpoints.address"]),
}


@pytest.mark.parametrize(("endpoints", "codes"), REFUSED.values(), ids=REFUSED)
def test_refused(endpoints: Any, codes: list[str]) -> None:
    """What browsers ignore is refused."""
    with pytest.raises(PolicyError) as caught:
        ReportingEndpoints(endpoints)
    assert [problem.code for problem in caught.value.problems] == codes


def test_both_ways() -> None:
    """A name in the mapping and by keyword is two decisions."""
    with pytest.raises(PolicyError) as caught:
        ReportingEndpoints({"a": "/a"}, a="/b")
    assert [problem.code for problem in caught.value.problems] == ["argument.repeated"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "default=https://r.example/x",
        'default=("https://r.example")',
        'a="http://r.example"',
        'a="/a',
        'a="/b", a="/c"',
        "a",
    ],
)
def test_unreadable(text: str) -> None:
    """Text that browsers ignore, in whole or in part, is refused."""
    with pytest.raises(PolicyError):
        ReportingEndpoints.parse(text)


def test_replace() -> None:
    """An endpoint is replaced, added, or left out by None."""
    field = ReportingEndpoints(a="/a", b="/b")
    assert field.replace(b="/c", d="/d") == ReportingEndpoints(a="/a", b="/c", d="/d")
    assert field.replace(b=None) == ReportingEndpoints(a="/a")


@given(
    st.dictionaries(
        st.from_regex(r"[a-z*][a-z0-9_\-.*]{0,5}", fullmatch=True),
        st.from_regex(r"/([!-.0-~][!-~]{0,5})?", fullmatch=True),
        min_size=1,
    )
)
def test_round_trip(endpoints: dict[str, str]) -> None:
    """Whatever was accepted is read again as the same."""
    field = ReportingEndpoints(endpoints)
    assert ReportingEndpoints.parse(field.serialize()) == field


# ----------------------------------------------------------------------------------------------------------------------
# Names across a policy
# ----------------------------------------------------------------------------------------------------------------------

REPORTS = ContentSecurityPolicy(default_src="'self'", report_to="csp")

DECLARED = [
    Policy(REPORTS, ReportingEndpoints(csp=ADDRESS)),
    Policy(ReportingEndpoints(csp=ADDRESS), Rule(Match(path="/a/"), REPORTS)),
    Policy(Policy(Default(REPORTS)), Policy(Rule(Match(path="/"), Default(ReportingEndpoints(csp=ADDRESS))))),
    Policy(REPORTS, ReportingEndpoints(a="/a"), Rule(Match(path="/a/"), ReportingEndpoints(csp=ADDRESS))),
    # Given as text, it counts for what it says; made for each request, it may say anything.
    Policy(REPORTS, Set("reporting-endpoints", f'csp="{ADDRESS}"')),
    Policy(REPORTS, Set("Reporting-Endpoints", lambda environ: environ.get("HTTP_X_ENDPOINTS"))),
]
UNDECLARED = [
    Policy(REPORTS),
    Policy(Default(REPORTS)),
    Policy(REPORTS.replace(report_only=True)),
    Policy(Rule(Match(path="/a/"), Set(REPORTS)), ReportingEndpoints(scp=ADDRESS)),
    Policy(REPORTS, Set("Reporting-Endpoints", f'CSP="{ADDRESS}"')),
    Policy(REPORTS, Set("X-Reporting-Endpoints", f'csp="{ADDRESS}"')),
]


@pytest.mark.parametrize("policy", DECLARED, ids=range(len(DECLARED)))
def test_declared(policy: Policy) -> None:
    """A name that some part of the policy declares is one to report to."""
    HeadersMiddleware(responding(PLAIN), policy)


@pytest.mark.parametrize("policy", UNDECLARED, ids=range(len(UNDECLARED)))
def test_undeclared(policy: Policy) -> None:
    """A name that none declares is refused when the whole policy is known, and not before."""
    with pytest.raises(PolicyError) as caught:
        HeadersMiddleware(responding(PLAIN), policy)
    (problem,) = caught.value.problems
    assert (problem.code, problem.where) == ("reporting_endpoints.undeclared", "ContentSecurityPolicy.report_to")
    assert problem.value == "csp" and "ReportingEndpoints" in problem.fix
    HeadersMiddleware(responding(PLAIN), Policy(policy, ReportingEndpoints(csp=ADDRESS)))
