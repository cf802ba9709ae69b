"""The members of a list field: quotes that are not closed, and names that are none."""

from __future__ import annotations

import pytest
from wsgi import PLAIN, call, responding

from wsgi_headers import HeadersMiddleware, Merge, Policy, PolicyError, Remove, Set
from wsgi_headers._members import members, merged
from wsgi_headers._registry import lookup

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


# value there, value merged in, value afterwards
LINKS = {
    "comma in an address": ("</a,b>; rel=next", "</c,d>; rel=up", "</a,b>; rel=next, </c,d>; rel=up"),
    "the same": ("</a,b>; rel=next", "</a,b>; rel=next", "</a,b>; rel=next"),
    "several": ("</a>;rel=x,</b,c>;rel=y", "</d>; rel=z", "</a>;rel=x, </b,c>;rel=y, </d>; rel=z"),
    "comma in a title": ('</a>; title="b, <c"', "</d>; rel=z", '</a>; title="b, <c", </d>; rel=z'),
    "bracket that is not closed": ("</a, b", "</d>; rel=z", "</a, b, </d>; rel=z"),
}


@pytest.mark.parametrize(("there", "added", "after"), LINKS.values(), ids=LINKS)
def test_a_comma_in_an_address_splits_no_link(there: str, added: str, after: str) -> None:
    """The address of a link stays as it was written, whatever is merged; it is a member for Link alone."""
    assert merged([there], added, lookup("Link")) == [after]
    assert merged([after], added, lookup("Link")) == [after]
    assert call(HeadersMiddleware(responding(PLAIN, ("Link", there)), Policy(Merge("Link", added)))).values("Link") == [
        after
    ]
    assert merged(["<a"], "b>", lookup("Vary")) == ["<a, b>"]


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
