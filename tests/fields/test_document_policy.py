"""Document-Policy: features and their values."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wsgi_headers import DocumentPolicy, PolicyError
from wsgi_headers.fields.document_policy import FEATURES

TEXTS: list[tuple[DocumentPolicy, str]] = [
    (DocumentPolicy({"document-write": False, "js-profiling": True}), "document-write=?0, js-profiling"),
    (DocumentPolicy(oversized_images=2), "oversized-images=2.0"),
    (DocumentPolicy(oversized_images=Decimal("2.5")), "oversized-images=2.5"),
    (DocumentPolicy({"lossy-images-max-bpp": 0.125}), "lossy-images-max-bpp=0.125"),
    (
        DocumentPolicy(js_profiling=True, sync_xhr=False, report_to="a"),
        "js-profiling;report-to=a, sync-xhr=?0;report-to=a",
    ),
]

# id: (features, codes)
REFUSED: dict[str, tuple[Any, list[str]]] = {
    "nothing": ({}, ["empty"]),
    "unknown": ({"js-profilng": True}, ["feature"]),
    "upper case": ({"JS-Profiling": True}, ["feature"]),
    "no bool": ({"js-profiling": 1}, ["value"]),
    "text": ({"js-profiling": "?1"}, ["value"]),
    "no number": ({"oversized-images": True}, ["value"]),
    "negative": ({"oversized-images": -1.0}, ["value"]),
    "too fine": ({"oversized-images": 0.0001}, ["value"]),
    "too great": ({"oversized-images": 10**12}, ["value"]),
    "endless": ({"oversized-images": float("inf")}, ["value"]),
    "not a number": ({"oversized-images": float("nan")}, ["value"]),
    "list": (["js-profiling"], ["type"]),
}


@pytest.mark.parametrize(("policy", "text"), TEXTS, ids=[text for _, text in TEXTS])
def test_text(policy: DocumentPolicy, text: str) -> None:
    """Features stand in the order given, and the text is read again as the same."""
    assert policy.serialize() == text
    assert DocumentPolicy.parse(text) == policy


@pytest.mark.parametrize(("features", "codes"), REFUSED.values(), ids=REFUSED)
def test_refused(features: Any, codes: list[str]) -> None:
    """What browsers ignore is refused."""
    with pytest.raises(PolicyError) as caught:
        DocumentPolicy(features)
    assert [problem.code for problem in caught.value.problems] == [f"document_policy.{code}" for code in codes]


@pytest.mark.parametrize(
    "text",
    ["", "js-profiling=1", "js-profiling=(1)", "nothing", "js-profiling, js-profiling=?0", "js-profiling;x", "a=("],
)
def test_unreadable(text: str) -> None:
    """Text that browsers ignore, in whole or in part, is refused."""
    with pytest.raises(PolicyError):
        DocumentPolicy.parse(text)


def test_replace() -> None:
    """A feature is replaced, added, or left out by None."""
    policy = DocumentPolicy({"js-profiling": True})
    assert policy.replace(js_profiling=False, sync_xhr=True) == DocumentPolicy(
        {"js-profiling": False, "sync-xhr": True}
    )
    assert policy.replace(report_only=True).name == "Document-Policy-Report-Only"


values = {
    feature: st.booleans() if kind is bool else st.integers(0, 10**9).map(lambda thousandths: thousandths / 1000)
    for feature, kind in FEATURES.items()
}


@given(st.fixed_dictionaries({"js-profiling": values.pop("js-profiling")}, optional=values))
def test_round_trip(features: dict[str, Any]) -> None:
    """Whatever was accepted is read again as the same."""
    policy = DocumentPolicy(features)
    assert DocumentPolicy.parse(policy.serialize()) == policy
