"""Cross-Origin-Opener-Policy and Cross-Origin-Embedder-Policy: a token each, and where violations are reported."""

from __future__ import annotations

from typing import Any

import pytest
from wsgi import PLAIN, responding

from wsgi_headers import (
    CrossOriginEmbedderPolicy,
    CrossOriginOpenerPolicy,
    HeadersMiddleware,
    Policy,
    PolicyError,
    ReportingEndpoints,
)
from wsgi_headers.fields.reported_token import ReportedToken

OPENER = ("same-origin", "same-origin-allow-popups", "noopener-allow-popups", "unsafe-none")
EMBEDDER = ("require-corp", "credentialless", "unsafe-none")
VALUES = [(CrossOriginOpenerPolicy, value) for value in OPENER] + [
    (CrossOriginEmbedderPolicy, value) for value in EMBEDDER
]

both = pytest.mark.parametrize(
    "field", [CrossOriginOpenerPolicy, CrossOriginEmbedderPolicy], ids=lambda field: field.__name__
)


@pytest.mark.parametrize(("field", "value"), VALUES)
def test_text(field: type[ReportedToken], value: str) -> None:
    """The token stands alone, or with the endpoint as a string."""
    assert field(value).serialize() == value
    assert field(value, report_to="ep-1").serialize() == f'{value};report-to="ep-1"'
    for options in ({}, {"report_to": "a"}, {"report_only": True}):
        policy = field(value, **options)  # type: ignore[arg-type]
        assert field.parse(policy.serialize(), report_only=policy.report_only) == policy
    assert field.parse(f'  {value}; report-to="a" ') == field(value, report_to="a")


@both
@pytest.mark.parametrize(
    "value", ["Same-Origin", "same origin", '"same-origin"', "", "same-origin-plus-COEP", "require_corp", 5]
)
def test_refused(field: type[ReportedToken], value: Any) -> None:
    """Another value counts as unsafe-none in browsers, so it is refused with the nearest right one."""
    with pytest.raises(PolicyError) as caught:
        field(value)
    (problem,) = caught.value.problems
    assert problem.code.endswith("_policy.value")
    assert any(known in problem.fix for known in field.values)


@both
@pytest.mark.parametrize(
    "text",
    [
        "",
        "same-origin, same-origin",
        "require-corp, require-corp",
        '"same-origin"',
        "unsafe-none;x",
        "unsafe-none;report-to=a",
        "?1",
    ],
)
def test_unreadable(field: type[ReportedToken], text: str) -> None:
    """Text that browsers take for unsafe-none, whatever it says, is refused."""
    with pytest.raises(PolicyError):
        field.parse(text)


def test_values_of_the_other() -> None:
    """The two fields have tokens of their own."""
    for field, value in ((CrossOriginOpenerPolicy, "require-corp"), (CrossOriginEmbedderPolicy, "same-origin")):
        with pytest.raises(PolicyError):
            field(value)


@both
@pytest.mark.parametrize("options", [{"report_to": "A"}, {"report_to": ""}, {"report_only": "yes"}])
def test_other_arguments(field: type[ReportedToken], options: dict[str, Any]) -> None:
    """The endpoint is a key of Reporting-Endpoints."""
    with pytest.raises(PolicyError):
        field("unsafe-none", **options)


@both
def test_report_only(field: type[ReportedToken]) -> None:
    """The report-only field has its own name."""
    assert field("unsafe-none").replace(report_only=True).name == f"{field.field_name}-Report-Only"


@both
def test_endpoint_is_declared(field: type[ReportedToken]) -> None:
    """The endpoint must be one that the policy declares."""
    policy = Policy(field("unsafe-none", report_to="a"))
    with pytest.raises(PolicyError) as caught:
        HeadersMiddleware(responding(PLAIN), policy)
    assert [problem.where for problem in caught.value.problems] == [f"{field.__name__}.report_to"]
    HeadersMiddleware(responding(PLAIN), Policy(policy, ReportingEndpoints(a="/a")))
