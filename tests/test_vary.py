"""The Vary that the parts of a policy derive: after everything else, in one line, with `*` left alone."""

from __future__ import annotations

from typing import Any

import pytest
from wsgi import PLAIN, Line, asking, call

from wsgi_headers import (
    CORS,
    Append,
    CookieConsent,
    CookieRule,
    Edit,
    HeadersMiddleware,
    Match,
    Merge,
    Policy,
    Remove,
    Rule,
    Set,
    explain,
    overrides,
)


def always(environ: Any) -> bool:
    """Hold for every request."""
    return True


def never(environ: Any) -> bool:
    """Hold for none; the outcome depends on what it reads all the same."""
    return False


def varying(*fields: str, when: Any = always) -> Rule:
    """Return a rule that reads these fields."""
    return Rule(Match(when=when, varies_on=fields), Set("X-Held", "1"))


def dropped(value: str) -> None:
    """Drop every line."""


def vary(policy: Policy, *values: str, operations: tuple[Any, ...] = (), more: tuple[Line, ...] = ()) -> list[str]:
    """Return Vary of the response of an application that sends these values of it."""
    lines = (PLAIN, *[("Vary", value) for value in values], *more)
    app = asking(*lines, before=lambda environ: overrides.apply(environ, *operations) if operations else None)
    return call(HeadersMiddleware(app, policy), validate=False).values("Vary")


# The group `vary_merge` of the project's field vectors (RFC 9110 12.5.5): the application's lines, what is added, what
# goes out. The row that adds `*` cannot be said: no part depends on everything.
VECTORS: list[tuple[list[str], list[str], str]] = [
    ([], ["Origin"], "Origin"),
    (["origin"], ["Origin"], "origin"),
    (["*"], ["Origin"], "*"),
    (["Accept, *"], ["Origin"], "*"),
    (["Accept", "Cookie"], ["Origin"], "Accept, Cookie, Origin"),
    (["Accept,Origin"], ["Origin"], "Accept,Origin"),
    (["Accept-Encoding"], ["Origin", "Accept-Encoding"], "Accept-Encoding, Origin"),
    ([""], ["Origin"], "Origin"),
    (["Accept-Language, "], ["Cookie"], "Accept-Language, Cookie"),
    (["X-Origin"], ["Origin"], "X-Origin, Origin"),
    # Regression cases of other packages: blanks around a name, another case, a name twice.
    ([" Cookie "], ["Cookie"], " Cookie "),
    (["COOKIE, accept"], ["Cookie"], "COOKIE, accept"),
    (["a", "A, b"], ["B"], "a, A, b"),
]


@pytest.mark.parametrize(("existing", "added", "after"), VECTORS)
def test_vectors(existing: list[str], added: list[str], after: str) -> None:
    """All lines are one list; names compare without case and keep their spelling and order."""
    assert vary(Policy(varying(*added)), *existing) == [after]
    assert vary(Policy(varying(*added, when=never)), *existing) == [after]
    assert vary(Policy(*map(varying, added)), *existing) == [after]
    if added == ["Origin"]:
        assert vary(Policy(CORS(origins=["https://a.example"])), *existing) == [after]
    if added == ["Cookie"]:
        consent = Policy(CookieConsent(), CookieRule("ad", category="ads"))
        assert vary(consent, *existing, more=(("Set-Cookie", "ad=1"),)) == [after]


def test_star_of_an_operation() -> None:
    """`*` absorbs what is derived, whoever says it."""
    assert vary(Policy(varying("Origin"), Merge("Vary", "*")), "Accept") == ["*"]
    assert vary(Policy(varying("Origin")), "Accept", operations=(Merge("Vary", "*"),)) == ["*"]


READERS: dict[str, tuple[Any, ...]] = {
    "a match": (varying("Cookie", when=never),),
    "CORS": (CORS(origins=["https://a.example"]),),
    "consent": (CookieConsent(), CookieRule("ad", category="ads")),
}
OPERATIONS = (
    Remove("Vary"),
    Set("Vary", "Accept"),
    Edit("Vary", dropped),
    Append("Vary", "A"),
    Set("Vary", lambda e: "B"),
)


@pytest.mark.parametrize("operation", OPERATIONS, ids=["Remove", "Set", "Edit", "Append", "callable"])
@pytest.mark.parametrize("parts", READERS.values(), ids=READERS)
def test_nothing_removes_what_is_derived(parts: tuple[Any, ...], operation: Any) -> None:
    """No operation before or after the part that reads the request, and no override."""
    read = "Origin" if isinstance(parts[0], CORS) else "Cookie"
    more = (("Set-Cookie", "ad=1"),)
    for policy in (Policy(*parts, operation), Policy(operation, *parts), Policy(Policy(*parts), Policy(operation))):
        for values in ([], ["Accept"], ["X", "Y"]):
            (line,) = vary(policy, *values, more=more)
            assert read in line.split(", ")
    for values in ([], ["Accept"], ["X", "Y"]):
        (line,) = vary(Policy(*parts), *values, operations=(operation,), more=more)
        assert read in line.split(", ")


def test_everything_that_reads_the_request_together() -> None:
    """One line, each name once, in the order of the parts; consent judges last."""
    policy = Policy(
        Rule(Match(when=never, varies_on="Accept-Language"), varying("origin")),
        CORS(origins=["https://a.example"]),
        varying("Cookie", when=never),
        CookieConsent(),
        CookieRule("ad", category="ads"),
        Set("Vary", "Accept"),
    )
    lines = ("Set-Cookie", "ad=1")
    assert vary(policy, "X-Gone", more=(lines,)) == ["Accept, Accept-Language, origin, Cookie"]
    head = explain(policy, {}, "200 OK", [("Vary", "X-Gone"), lines]).head
    assert ("Vary", "Accept, Accept-Language, origin, Cookie") in head


def test_nothing_is_derived_where_nothing_is_read() -> None:
    """Vary stays as the application sent it, on however many lines."""
    policy = Policy(Rule(Match(path="/"), Set("X-A", "1")), CORS(origins="*"), CookieConsent())
    assert vary(policy, "Accept", "Accept", "") == ["Accept", "Accept", ""]
