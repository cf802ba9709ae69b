"""Integrity-Policy: destinations, sources and endpoints."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wsgi import PLAIN, responding

from wsgi_headers import HeadersMiddleware, IntegrityPolicy, Policy, PolicyError, ReportingEndpoints

TEXTS: list[tuple[dict[str, Any], str]] = [
    ({"blocked_destinations": ["script"]}, "blocked-destinations=(script)"),
    ({"blocked_destinations": "script"}, "blocked-destinations=(script)"),
    (
        {"blocked_destinations": ["script", "style"], "sources": ["inline"], "endpoints": ["a", "b"]},
        "blocked-destinations=(script style), sources=(inline), endpoints=(a b)",
    ),
]

# id: (options, codes)
REFUSED: dict[str, tuple[dict[str, Any], list[str]]] = {
    "not named": ({}, ["argument.missing"]),
    "nothing": ({"blocked_destinations": []}, ["integrity_policy.empty"]),
    "unknown": ({"blocked_destinations": ["scripts"]}, ["integrity_policy.blocked_destinations"]),
    "upper case": ({"blocked_destinations": ["Script"]}, ["integrity_policy.blocked_destinations"]),
    "source": ({"blocked_destinations": "script", "sources": ["attribute"]}, ["integrity_policy.sources"]),
    "endpoint": ({"blocked_destinations": "script", "endpoints": ["A"]}, ["reporting_endpoints.name"]),
    "repeated": ({"blocked_destinations": ["script", "script"]}, ["integrity_policy.repeated"]),
    "number": ({"blocked_destinations": [5]}, ["integrity_policy.blocked_destinations"]),
    "no list": ({"blocked_destinations": 5}, ["integrity_policy.type"]),
    "report_only": ({"blocked_destinations": "script", "report_only": 1}, ["integrity_policy.report_only"]),
}


@pytest.mark.parametrize(("options", "text"), TEXTS, ids=[text for _, text in TEXTS])
def test_text(options: dict[str, Any], text: str) -> None:
    """Lists of tokens, empty ones left out; the text is read again as the same."""
    assert IntegrityPolicy(**options).serialize() == text
    assert IntegrityPolicy.parse(text) == IntegrityPolicy(**options)
    assert IntegrityPolicy.parse(text, report_only=True).name == "Integrity-Policy-Report-Only"


@pytest.mark.parametrize(("options", "codes"), REFUSED.values(), ids=REFUSED)
def test_refused(options: dict[str, Any], codes: list[str]) -> None:
    """What browsers ignore is refused."""
    with pytest.raises(PolicyError) as caught:
        IntegrityPolicy(**options)
    assert [problem.code for problem in caught.value.problems] == codes


@pytest.mark.parametrize(
    "text",
    [
        "",
        "blocked-destinations=script",
        'blocked-destinations=("script")',
        "blocked-destinations=(script);a",
        "blocked-destinations=(script;a)",
        "blocked-destinations=(script), destinations=(style)",
        "sources=(inline)",
        "blocked-destinations=(script), blocked-destinations=(style)",
    ],
)
def test_unreadable(text: str) -> None:
    """Text that browsers ignore, in whole or in part, is refused."""
    with pytest.raises(PolicyError):
        IntegrityPolicy.parse(text)


def test_endpoints_are_declared() -> None:
    """Each endpoint must be one that the policy declares."""
    field = IntegrityPolicy(blocked_destinations="script", endpoints=["a", "b"])
    with pytest.raises(PolicyError) as caught:
        HeadersMiddleware(responding(PLAIN), Policy(field, ReportingEndpoints(a="/a")))
    assert [(problem.where, problem.value) for problem in caught.value.problems] == [("IntegrityPolicy.endpoints", "b")]
    HeadersMiddleware(responding(PLAIN), Policy(field, ReportingEndpoints(a="/a", b="/b")))


@given(
    st.lists(st.sampled_from(["script", "style"]), unique=True, min_size=1),
    st.sampled_from([(), ("inline",)]),
    st.lists(st.from_regex(r"[a-z*][a-z0-9_\-.*]{0,5}", fullmatch=True), unique=True),
)
def test_round_trip(destinations: list[str], sources: tuple[str, ...], endpoints: list[str]) -> None:
    """Whatever was accepted is read again as the same."""
    policy = IntegrityPolicy(blocked_destinations=destinations, sources=sources, endpoints=endpoints)
    assert IntegrityPolicy.parse(policy.serialize()) == policy
