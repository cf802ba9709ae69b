"""Strict-Transport-Security: RFC 6797 6.1, and what the preload list asks for."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wsgi import PLAIN, Line, call, responding

from wsgi_headers import (
    Default,
    Edit,
    HeadersMiddleware,
    Match,
    Policy,
    PolicyError,
    Remove,
    Rule,
    Set,
    StrictTransportSecurity,
)

HSTS = StrictTransportSecurity
YEAR = 31_536_000

# (arguments, text)
TEXTS: list[tuple[HSTS, str]] = [
    (HSTS(YEAR, include_subdomains=True), "max-age=31536000; includeSubDomains"),
    (HSTS(YEAR, include_subdomains=False), "max-age=31536000"),
    (HSTS(2 * YEAR, include_subdomains=True, preload=True), "max-age=63072000; includeSubDomains; preload"),
    (HSTS(YEAR, include_subdomains=True, preload=True), "max-age=31536000; includeSubDomains; preload"),
    (HSTS(max_age=0, include_subdomains=False), "max-age=0"),
    (HSTS(0, include_subdomains=True), "max-age=0; includeSubDomains"),
]

# Texts and what user agents make of them: RFC 6797 6.1, chromium/hstspreload header_test.go at d624d7c.
READ: dict[str, HSTS | None] = {
    "inCLUDESUBDomaINs; max-AGe=12345678": HSTS(12_345_678, include_subdomains=True),
    ";max-age=10;": HSTS(10, include_subdomains=False),
    "max-age=01234": HSTS(1234, include_subdomains=False),
    "max-age = 10": HSTS(10, include_subdomains=False),
    'max-age="10"': HSTS(10, include_subdomains=False),
    "   max-age=31536000  ;     includeSubDomains    ;     preload      ": HSTS(
        YEAR, include_subdomains=True, preload=True
    ),
    # Valid for user agents, but the preload list would not take it: here as when it is built.
    "   max-age=10886400  ;     includeSubDomains    ;     preload      ": None,
    "includeSubDomains": None,
    "max-age": None,
    "max-age=": None,
    "max-age=-101": None,
    "max-age=1e9": None,
    "max-age=abc": None,
    "max-age=1_000": None,
    "max-age=\u0661": None,
    "max-age=10; max-age=20": None,
    "max-age=10; Max-Age=10": None,
    "max-age=10, max-age=20": None,
    "max-age=10; includeSubDomains=1": None,
    "max-age=10; includeSubDomains; includesubdomains": None,
    "max-age=10; includeSubdomain": None,
    "max-age=10; includeSubDomains preload": None,
    "": None,
}

# id: (arguments, codes)
REFUSED: dict[str, tuple[tuple[Any, ...], dict[str, Any], list[str]]] = {
    "subdomains not decided": ((YEAR,), {}, ["argument.missing"]),
    "negative": ((-1,), {"include_subdomains": True}, ["strict_transport_security.max_age"]),
    "text": (("31536000",), {"include_subdomains": True}, ["strict_transport_security.max_age"]),
    "float": ((1.5,), {"include_subdomains": True}, ["strict_transport_security.max_age"]),
    "bool": ((True,), {"include_subdomains": True}, ["strict_transport_security.max_age"]),
    "too long to write": ((10**5000,), {"include_subdomains": True}, ["strict_transport_security.max_age"]),
    "subdomains no bool": ((1,), {"include_subdomains": 1}, ["strict_transport_security.include_subdomains"]),
    "preload no bool": (
        (YEAR,),
        {"include_subdomains": True, "preload": "yes"},
        ["strict_transport_security.preload"],
    ),
    "preload under a year": (
        (YEAR - 1,),
        {"include_subdomains": True, "preload": True},
        ["strict_transport_security.preload.max_age"],
    ),
    "preload without subdomains": (
        (YEAR,),
        {"include_subdomains": False, "preload": True},
        ["strict_transport_security.preload.subdomains"],
    ),
    "all at once": (
        (60,),
        {"include_subdomains": False, "preload": True, "max_ages": 1},
        [
            "argument.unknown",
            "strict_transport_security.preload.max_age",
            "strict_transport_security.preload.subdomains",
        ],
    ),
    "misspelt": (
        (YEAR,),
        {"includeSubdomains": True},
        ["argument.unknown", "argument.missing"],
    ),
}


@pytest.mark.parametrize(("field", "text"), TEXTS, ids=[text for _, text in TEXTS])
def test_text(field: HSTS, text: str) -> None:
    """The directives stand in the order of the specification, and are read again."""
    assert field.serialize() == text
    assert HSTS.parse(text) == field


@pytest.mark.parametrize(("text", "field"), READ.items(), ids=repr)
def test_read(text: str, field: HSTS | None) -> None:
    """Text is read as user agents read it; what they ignore is refused."""
    if field is None:
        with pytest.raises(PolicyError):
            HSTS.parse(text)
    else:
        assert HSTS.parse(text) == field


@pytest.mark.parametrize(("arguments", "options", "codes"), REFUSED.values(), ids=REFUSED)
def test_refused(arguments: tuple[Any, ...], options: dict[str, Any], codes: list[str]) -> None:
    """Every mistake is told at once, each with its place."""
    with pytest.raises(PolicyError) as caught:
        HSTS(*arguments, **options)
    assert [problem.code for problem in caught.value.problems] == codes
    assert all(problem.where.startswith("StrictTransportSecurity") for problem in caught.value.problems)


LINE = ("Strict-Transport-Security", "max-age=500; includeSubDomains")
OWN = ("strict-transport-security", "app")
SHORT = HSTS(500, include_subdomains=True)
LOCAL = Rule(Match(host="localhost"), Remove("Strict-Transport-Security"))

# id: (policy, the application's lines, request, lines that leave). Rows of rails/rails (ssl_test.rb) and of
# andrewlock/NetEscapades.AspNetCore.SecurityHeaders (SecurityHeadersMiddlewareTests.cs) come first.
IN_POLICIES: dict[str, tuple[Policy, list[Line], dict[str, Any], list[Line]]] = {
    "on https": (Policy(SHORT), [], {}, [LINE]),
    "disabled is an age of zero": (
        Policy(SHORT.replace(max_age=0)),
        [],
        {},
        [(LINE[0], "max-age=0; includeSubDomains")],
    ),
    "never on http": (Policy(SHORT), [], {"scheme": "http"}, []),
    "the application's own wins": (Policy(Default(SHORT)), [OWN], {}, [OWN]),
    "not for localhost": (Policy(SHORT, LOCAL), [], {"host": "localhost"}, []),
    "for others": (Policy(SHORT, LOCAL), [], {"host": "app.test"}, [LINE]),
    "the application's own, on http": (Policy(Default(SHORT)), [OWN], {"scheme": "http"}, []),
    "under another path": (Policy(Rule(Match(path="/other"), SHORT)), [OWN], {"scheme": "http"}, []),
    "removed alone": (Policy(LOCAL), [OWN], {"scheme": "http"}, []),
    "edited alone": (Policy(Edit("Strict-Transport-Security", str.upper)), [OWN], {"scheme": "http"}, []),
    "from a callable": (Policy(Set(LINE[0], lambda environ: SHORT)), [OWN], {"scheme": "http"}, []),
    "from a callable, on https": (Policy(Set(LINE[0], lambda environ: SHORT)), [OWN], {}, [LINE]),
    "by text": (Policy(Set(*LINE)), [OWN], {"scheme": "http"}, []),
    "in a policy for https": (Policy(Rule(Match(scheme="https"), SHORT)), [OWN], {"scheme": "http"}, []),
    "not spoken of": (Policy(Remove("X-Powered-By")), [OWN], {"scheme": "http"}, [OWN]),
}


@pytest.mark.parametrize(("policy", "own", "request_", "left"), IN_POLICIES.values(), ids=IN_POLICIES)
def test_in_policies(policy: Policy, own: list[Line], request_: dict[str, Any], left: list[Line]) -> None:
    """On https alone: once a policy speaks of the field anywhere, no line of it leaves on http (RFC 6797 7.2)."""
    lines = call(HeadersMiddleware(responding(PLAIN, *own), policy), **request_).lines
    assert [line for line in lines if line[0].lower() == LINE[0].lower()] == left


def test_near_miss() -> None:
    """A directive's own spelling, given as an option, is answered with the option."""
    with pytest.raises(PolicyError, match=r"Did you mean 'include_subdomains'\?"):
        HSTS(YEAR, includeSubdomains=True)  # type: ignore[call-arg]
    with pytest.raises(PolicyError, match="includeSubDomains"):
        HSTS.parse("max-age=1; includeSubdomain")


@given(st.integers(0, 10**18 - 1), st.booleans(), st.booleans())
def test_round_trip(max_age: int, include_subdomains: bool, preload: bool) -> None:
    """Whatever was accepted is read again as the same, and replaced as if it had been built so."""
    try:
        field = HSTS(max_age, include_subdomains=include_subdomains, preload=preload)
    except PolicyError:
        assert preload and (max_age < YEAR or not include_subdomains)
        return
    assert HSTS.parse(field.serialize()) == field
    assert field.replace(max_age=2 * YEAR) == HSTS(2 * YEAR, include_subdomains=include_subdomains, preload=preload)
