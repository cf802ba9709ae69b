"""No-Vary-Search: what of a query makes no difference."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wsgi_headers import NoVarySearch, PolicyError

TEXTS: list[tuple[NoVarySearch, str]] = [
    (NoVarySearch(key_order=True), "key-order"),
    (NoVarySearch(params=True), "params"),
    (NoVarySearch(params=["utm_source", "utm_medium"]), 'params=("utm_source" "utm_medium")'),
    (NoVarySearch(params="a"), 'params=("a")'),
    (NoVarySearch(except_=["id"]), 'except=("id")'),
    (NoVarySearch(key_order=True, params=("a b", "%C3%A9")), 'key-order, params=("a b" "%C3%A9")'),
    (NoVarySearch(key_order=True, except_='"'), 'key-order, except=("\\"")'),
    (NoVarySearch(key_order=True, params=[]), "key-order"),
]

# id: (options, codes)
REFUSED: dict[str, tuple[dict[str, Any], list[str]]] = {
    "nothing": ({}, ["empty"]),
    "nothing said": ({"params": [], "except_": ()}, ["empty"]),
    "both": ({"params": ["a"], "except_": ["b"]}, ["except"]),
    "all but": ({"params": True, "except_": ["b"]}, ["except"]),
    "not ASCII": ({"params": ["é"]}, ["name"]),
    "line feed": ({"params": ["a\n"]}, ["name"]),
    "number": ({"except_": [5]}, ["name"]),
    "repeated": ({"params": ["a", "a"]}, ["repeated"]),
    "no list": ({"params": 5}, ["type"]),
    "key_order": ({"key_order": 1}, ["key_order"]),
}


@pytest.mark.parametrize(("field", "text"), TEXTS, ids=[text for _, text in TEXTS])
def test_text(field: NoVarySearch, text: str) -> None:
    """The members that say something, and the text is read again as the same."""
    assert field.serialize() == text
    assert NoVarySearch.parse(text) == field


@pytest.mark.parametrize(("options", "codes"), REFUSED.values(), ids=REFUSED)
def test_refused(options: dict[str, Any], codes: list[str]) -> None:
    """What caches ignore is refused."""
    with pytest.raises(PolicyError) as caught:
        NoVarySearch(**options)
    assert [problem.code for problem in caught.value.problems] == [f"no_vary_search.{code}" for code in codes]


def test_name_as_in_a_query() -> None:
    """A name beyond ASCII is told as it stands in a query."""
    with pytest.raises(PolicyError, match="%C3%A9"):
        NoVarySearch(params=["é"])


def test_read() -> None:
    """What says that all makes a difference is left out, where something else is said."""
    assert NoVarySearch.parse("key-order, params=?0") == NoVarySearch(key_order=True)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "key-order=1",
        "params=a",
        'params="a"',
        "key-order=()",
        "params=(a)",
        "except",
        'except="a"',
        'params, except=("a")',
        "order",
        "params=?0",
        "a=(",
    ],
)
def test_unreadable(text: str) -> None:
    """Text for which caches ignore the field, and one that says nothing, are refused."""
    with pytest.raises(PolicyError):
        NoVarySearch.parse(text)


names = st.lists(st.text([chr(code) for code in range(0x20, 0x7F)], max_size=5), unique=True, min_size=1)


@given(st.booleans(), st.one_of(st.just(True), names), names, st.booleans())
def test_round_trip(key_order: bool, params: Any, but: list[str], excepting: bool) -> None:
    """Whatever was accepted is read again as the same."""
    field = NoVarySearch(key_order=key_order, **({"except_": but} if excepting else {"params": params}))  # type: ignore[arg-type]
    assert NoVarySearch.parse(field.serialize()) == field
