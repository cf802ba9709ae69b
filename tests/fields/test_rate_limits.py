"""RateLimit-Policy and RateLimit: named limits, usually from a callable."""

from __future__ import annotations

from typing import Any
from wsgiref.types import WSGIEnvironment

import http_sf
import pytest
from assertions import assert_head
from hypothesis import given
from hypothesis import strategies as st
from wsgi import PLAIN, call, responding, validated

from wsgi_headers import HeadersMiddleware, Policy, PolicyError, RateLimit, RateLimitPolicy, Set
from wsgi_headers._grammar import declared_value

# (field, text)
TEXTS: list[tuple[RateLimit | RateLimitPolicy, str]] = [
    (RateLimitPolicy({"p": (100, 60)}), '"p";q=100;w=60'),
    (RateLimitPolicy({"burst": (100, 60), "daily": (1000, 86400)}), '"burst";q=100;w=60, "daily";q=1000;w=86400'),
    (RateLimitPolicy({"p": (0, None)}), '"p";q=0'),
    (RateLimitPolicy({'a "b" \\': (1, 1)}), r'"a \"b\" \\";q=1;w=1'),
    (RateLimit({"p": (50, 30)}), '"p";r=50;t=30'),
    (RateLimit({"p": (0, 0), "q": (5, None)}), '"p";r=0;t=0, "q";r=5'),
]

# id: (argument, the places of what is wrong)
REFUSED: dict[str, tuple[Any, list[str]]] = {
    "no mapping": ([("p", (1, 1))], [""]),
    "nothing": ({}, [""]),
    "no name": ({"": (1, 1)}, ["['']"]),
    "name beyond ASCII": ({"\xe9": (1, 1)}, ["['\xe9']"]),
    "name no text": ({5: (1, 1)}, ["[5]"]),
    "no pair": ({"p": 100}, ["['p']"]),
    "three": ({"p": (1, 2, 3)}, ["['p']"]),
    "text": ({"p": "12"}, ["['p']"]),
    "negative": ({"p": (-1, -1)}, ["['p'][0]", "['p'][1]"]),
    "bool": ({"p": (True, 60)}, ["['p'][0]"]),
    "fraction": ({"p": (1, 0.5)}, ["['p'][1]"]),
    "too long to write": ({"p": (10**15, 1)}, ["['p'][0]"]),
    "no number": ({"p": (None, 1)}, ["['p'][0]"]),
    "every one": ({"p": (1, "1"), "q": ()}, ["['p'][1]", "['q']"]),
}

UNREADABLE = [
    "",
    "p;q=1;w=1;r=1;t=1",
    '"p"',
    '"p";w=1;t=1',
    '"p";q=1.0;r=1.0',
    '"p";q=1;r=1;x=1',
    '"p";q;r',
    '"p";q=-1;r=-1',
    '"p";q=1;w="1"',
    '("p");q=1',
    '"p";q=1,',
    "100, 50",
]

both = pytest.mark.parametrize("field", [RateLimit, RateLimitPolicy])


@pytest.mark.parametrize(("field", "text"), TEXTS, ids=[text for _, text in TEXTS])
def test_text(field: Any, text: str) -> None:
    """Names stand in their order with a number and seconds, and are read again."""
    assert field.serialize() == text
    assert type(field).parse(text) == field


@both
@pytest.mark.parametrize(("argument", "places"), REFUSED.values(), ids=REFUSED)
def test_refused(field: Any, argument: Any, places: list[str]) -> None:
    """What the draft has no form for is refused, every mistake at once."""
    where = {RateLimit: "RateLimit.limits", RateLimitPolicy: "RateLimitPolicy.policies"}[field]
    with pytest.raises(PolicyError) as caught:
        field(argument)
    assert [problem.where for problem in caught.value.problems] == [f"{where}{place}" for place in places]


def test_window_of_nothing() -> None:
    """A quota is for a time; a limit may be reset at once."""
    with pytest.raises(PolicyError, match="1 or more, or None"):
        RateLimitPolicy({"p": (1, 0)})
    assert RateLimit({"p": (1, 0)})


@both
@pytest.mark.parametrize("text", UNREADABLE)
def test_unreadable(field: Any, text: str) -> None:
    """Text of another form, that of earlier drafts too, is refused."""
    with pytest.raises(PolicyError):
        field.parse(text)


def test_repeated() -> None:
    """A name stands for one limit."""
    with pytest.raises(PolicyError, match="repeats 'p'"):
        RateLimit.parse('"p";r=1, "p";r=2')
    with pytest.raises(PolicyError, match="parameters beside q and w"):
        RateLimitPolicy.parse('"p";q=1;qu="content-bytes"')


def test_replace_and_lists() -> None:
    """All limits are replaced together; a pair may be a list, and is kept as a tuple."""
    assert RateLimit({"p": (1, 1)}).replace(limits={"q": [2, 2]}) == RateLimit({"q": (2, 2)})
    assert RateLimitPolicy({"p": (1, 1)}).replace(policies={"q": (2, 2)}) == RateLimitPolicy({"q": (2, 2)})


def test_from_a_callable() -> None:
    """The state of a limit is that of the request."""

    def left(environ: WSGIEnvironment) -> RateLimit:
        return RateLimit({"burst": (int(environ["HTTP_X_LEFT"]), 30)})

    app = HeadersMiddleware(validated(responding(PLAIN)), Policy(Set("RateLimit", left)))
    assert_head(call(app, HTTP_X_LEFT="7").lines, [PLAIN, ("RateLimit", '"burst";r=7;t=30')])


numbers = st.integers(-1, 10**15) | st.none()


@both
@given(
    limits=st.dictionaries(st.text(max_size=4) | st.text(' "\\', max_size=3), st.tuples(numbers, numbers), max_size=2)
)
def test_accepted_or_refused(field: Any, limits: Any) -> None:
    """Whatever comes is refused, or can be written and read again, also by another reader."""
    try:
        built = field(limits)
    except PolicyError:
        return
    assert declared_value.fullmatch(built.serialize())
    assert field.parse(built.serialize()) == built
    http_sf.parse(built.serialize().encode(), tltype="list")
