"""Permissions-Policy: features and allowlists, and what voids them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wsgi_headers import PermissionsPolicy, PolicyError
from wsgi_headers.fields.permissions_policy import FEATURES

# (policy, text)
TEXTS: list[tuple[PermissionsPolicy, str]] = [
    (
        PermissionsPolicy(camera=(), geolocation=["self", "https://a.example"], fullscreen="*"),
        'camera=(), geolocation=(self "https://a.example"), fullscreen=*',
    ),
    (PermissionsPolicy({"camera": [], "display-capture": "self"}), "camera=(), display-capture=(self)"),
    (PermissionsPolicy({"camera": ()}, display_capture=["self"]), "camera=(), display-capture=(self)"),
    (PermissionsPolicy(camera=["*"]), "camera=*"),
    (PermissionsPolicy(camera="https://a.example:8443"), 'camera=("https://a.example:8443")'),
    (PermissionsPolicy(camera=["self", "https://*.example.com"]), 'camera=(self "https://*.example.com")'),
    (PermissionsPolicy(camera=(), usb="*", report_to="ep"), "camera=();report-to=ep, usb=*;report-to=ep"),
    (PermissionsPolicy(camera=(), usb=None), "camera=()"),
    # Rows that Chromium 156 was seen to read so.
    (PermissionsPolicy(geolocation=()), "geolocation=()"),
    (PermissionsPolicy(geolocation="*"), "geolocation=*"),
    (PermissionsPolicy(geolocation="self"), "geolocation=(self)"),
    (
        PermissionsPolicy(geolocation=["https://a.example", "https://b.example:8443"]),
        'geolocation=("https://a.example" "https://b.example:8443")',
    ),
    (PermissionsPolicy(geolocation=(), report_to="ep"), "geolocation=();report-to=ep"),
    (
        PermissionsPolicy(geolocation=["self", "https://*.example.com"]),
        'geolocation=(self "https://*.example.com")',
    ),
]

# id: (features, [(code, part of the fix)])
REFUSED: dict[str, tuple[Any, list[tuple[str, str]]]] = {
    "nothing": ({}, [("empty", "camera=()")]),
    "misspelt": ({"geolocaton": ()}, [("feature", "Did you mean 'geolocation'?")]),
    "upper case": ({"Camera": ()}, [("feature", "Did you mean 'camera'?")]),
    "renamed": ({"vr": ()}, [("feature", "xr-spatial-tracking")]),
    "gone": ({"notifications": ()}, [("feature", "no browser")]),
    "none and all": ({"camera": ["none", "*"]}, [("origin", "() allows nobody"), ("star", "alone")]),
    "none": ({"camera": "none"}, [("origin", "() allows nobody")]),
    "quoted none": ({"camera": "'none'"}, [("origin", "() allows nobody")]),
    "quoted self": ({"camera": "'self'"}, [("origin", "write 'self'")]),
    "twice quoted self": ({"camera": ['"self"']}, [("origin", "write 'self'")]),
    "src": ({"camera": ["src"]}, [("origin", "write 'self'")]),
    "parentheses": ({"camera": "()"}, [("origin", "() allows nobody")]),
    "several in one text": ({"camera": "self https://a.example"}, [("origin", "one origin each")]),
    "path": ({"camera": ["https://a.example/"]}, [("origin", "no path")]),
    "host alone": ({"camera": ["a.example"]}, [("origin", "https://example.com")]),
    "upper case origin": ({"camera": ["https://A.example"]}, [("origin", "lower case")]),
    "repeated": ({"camera": ["self", "self"]}, [("repeated", "once")]),
    "True": ({"camera": True}, [("allowlist", "()")]),
    "number": ({"camera": [5]}, [("allowlist", "origin")]),
    "unordered": ({"camera": {"self"}}, [("allowlist", "list")]),
    "old syntax": ("camera 'none'", [("type", "dict")]),
    "name no text": ({5: ()}, [("name", "text")]),
    "every one": ({"camra": (), "usb": "none"}, [("feature", "camera"), ("origin", "()")]),
}

# Observed in Chromium 156: each of these is ignored as a whole or reads as an empty allowlist.
UNREADABLE = [
    "",
    "geolocation 'none'",
    "geolocation=('self')",
    "geolocation=(https://a.example)",
    "geolocation=none",
    'geolocation=("self")',
    'geolocation=("*")',
    "Geolocation=()",
    "geolocation=(), geolocation=*",
    "geolocation=(self),",
    "geolocation=(self) camera=()",
    "geolocation=(self\xa0)",
    "geolocation=(*)",
    "geolocation=(self);x=1",
    "geolocation=();report-to=1",
    "geolocation=();report-to=a, camera=()",
    "fullscreen",
    "camera=(",
]


@pytest.mark.parametrize(("policy", "text"), TEXTS, ids=[text for _, text in TEXTS])
def test_text(policy: PermissionsPolicy, text: str) -> None:
    """Features stand in the order given, and the text is read again as the same."""
    assert policy.serialize() == text
    assert PermissionsPolicy.parse(text) == policy


@pytest.mark.parametrize(("features", "problems"), REFUSED.values(), ids=REFUSED)
def test_refused(features: Any, problems: list[tuple[str, str]]) -> None:
    """One mistake would void the whole field in browsers, so each is refused with the fix."""
    with pytest.raises(PolicyError) as caught:
        PermissionsPolicy(features)
    assert [problem.code for problem in caught.value.problems] == [f"permissions_policy.{code}" for code, _ in problems]
    for problem, (_, fix) in zip(caught.value.problems, problems, strict=True):
        assert fix in problem.fix


@pytest.mark.parametrize("text", UNREADABLE)
def test_unreadable(text: str) -> None:
    """Text that browsers ignore, in whole or in part, is refused."""
    with pytest.raises(PolicyError):
        PermissionsPolicy.parse(text)


def test_read() -> None:
    """A lone token is the list of it."""
    assert PermissionsPolicy.parse("geolocation=self, usb=*") == PermissionsPolicy(geolocation="self", usb="*")
    assert PermissionsPolicy.parse('usb="https://a.example"') == PermissionsPolicy(usb="https://a.example")


def test_replace() -> None:
    """A feature is replaced, added, or left out by None; so are the other arguments."""
    policy = PermissionsPolicy({"camera": (), "display-capture": "self"})
    assert policy.replace(display_capture="*", usb=()) == PermissionsPolicy(
        {"camera": (), "display-capture": "*", "usb": ()}
    )
    assert policy.replace(camera=None) == PermissionsPolicy({"display-capture": "self"})
    assert policy.replace(report_only=True).name == "Permissions-Policy-Report-Only"


@pytest.mark.parametrize("options", [{"report_only": 1}, {"report_to": "A"}, {"report_to": 5}])
def test_other_arguments(options: dict[str, Any]) -> None:
    """The field and the endpoint are checked too."""
    with pytest.raises(PolicyError):
        PermissionsPolicy({"camera": ()}, **options)


def test_features_stand_once() -> None:
    """The table names no feature twice, each as a key of a dictionary."""
    assert len(set(FEATURES)) == len(FEATURES)
    assert PermissionsPolicy(dict.fromkeys(FEATURES, ())).features.keys() == set(FEATURES)


allowlists = st.one_of(
    st.just("*"),
    st.lists(st.sampled_from(["self", "https://a.example", "http://b.example:80", "https://*.c.example"]), unique=True),
)


@given(st.dictionaries(st.sampled_from(FEATURES), allowlists, min_size=1), st.sampled_from([None, "default", "a-1"]))
def test_round_trip(features: dict[str, Any], report_to: str | None) -> None:
    """Whatever was accepted is read again as the same."""
    policy = PermissionsPolicy(features, report_to=report_to)
    assert PermissionsPolicy.parse(policy.serialize()) == policy
