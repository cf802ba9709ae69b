"""The members of a list field: quotes that are not closed, and names that are none."""

from __future__ import annotations

import pytest
from wsgi import PLAIN, call, responding

from wsgi_headers import HeadersMiddleware, Merge, Policy, PolicyError, Remove, Set
from wsgi_headers._members import members, merged

# value there, value merged in, value afterwards
UNCLOSED = {
    "alone": ('"abc', "b", 'b, "abc'),
    "after another": ('a, "b, c', "d", 'a, d, "b, c'),
    "escaped quote at the end": (r'"abc\"', "b", r'b, "abc\"'),
    "backslash at the end": ('"abc\\', "b", 'b, "abc\\'),
    "closed": ('"abc"', "b", '"abc", b'),
    "closed with an escape": (r'"a\"bc"', "b", r'"a\"bc", b'),
}


@pytest.mark.parametrize(("there", "added", "after"), UNCLOSED.values(), ids=UNCLOSED)
def test_a_quote_that_is_not_closed_swallows_nothing(there: str, added: str, after: str) -> None:
    """What is merged in stays a member of its own, and merging it again changes nothing."""
    assert merged([there], added, None) == [after]
    assert added in members(after)
    assert merged([after], added, None) == [after]


def test_derived_vary_survives_a_broken_one() -> None:
    """A Vary that the application broke does not hide what the policy adds."""
    app = HeadersMiddleware(responding(PLAIN, ("Vary", '"x')), Policy(Merge("Vary", "Origin")))

    assert call(app).values("Vary") == ['Origin, "x']


@pytest.mark.parametrize("value", ['"open', 'a, "open, b'])
def test_an_open_quote_is_no_value_to_merge(value: str) -> None:
    """It would swallow what the next one adds."""
    with pytest.raises(PolicyError) as caught:
        Merge("X-A", value)

    assert [problem.code for problem in caught.value.problems] == ["operation.value.quote"]
    assert Set("X-A", value).value == value


@pytest.mark.parametrize("name", ["*", "X-Hidden-*"])
def test_a_star_names_no_field(name: str) -> None:
    """Operations are on one field each; a name that could never be met is refused."""
    with pytest.raises(PolicyError) as caught:
        Remove(name)

    assert [problem.code for problem in caught.value.problems] == ["operation.name.glob"]
