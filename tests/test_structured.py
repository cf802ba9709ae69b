"""RFC 9651: values to text and back, by the working group's own rows and beside another implementation."""

from __future__ import annotations

import base64
import datetime
import json
import string
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import http_sf
import pytest
from hypothesis import given
from hypothesis import strategies as st

from wsgi_headers._structured import (
    Date,
    DisplayString,
    InnerList,
    Item,
    NotStructured,
    Token,
    is_key,
    is_string,
    is_token,
    parse_dictionary,
    parse_item,
    parse_list,
    parse_pairs,
    serialize_dictionary,
    serialize_item,
    serialize_list,
)

ROWS = json.loads(Path(__file__).with_name("structured_field_rows.json").read_text(encoding="utf-8"))
SERIALIZE: dict[str, Callable[[Any], str]] = {
    "item": serialize_item,
    "list": serialize_list,
    "dictionary": serialize_dictionary,
}
PARSE: dict[str, Callable[[str], Any]] = {"item": parse_item, "list": parse_list, "dictionary": parse_dictionary}


def bare_item(value: Any) -> Any:
    """Return the bare item that the rows write in JSON."""
    if isinstance(value, dict):
        kinds: dict[str, Callable[[Any], Any]] = {
            "token": Token,
            "date": Date,
            "displaystring": DisplayString,
            "binary": base64.b32decode,
        }
        return kinds[value["__type"]](value["value"])
    return Decimal(repr(value)) if isinstance(value, float) else value


def member(written: Any) -> Item | InnerList:
    value, parameters = written[0], tuple((key, bare_item(value)) for key, value in written[1])
    if isinstance(value, list):
        return InnerList(tuple(member(item) for item in value), parameters)  # type: ignore[misc]
    return Item(bare_item(value), parameters)


def field(kind: str, written: Any) -> Any:
    if kind == "item":
        return member(written)
    if kind == "list":
        return [member(one) for one in written]
    return {key: member(one) for key, one in written}


@pytest.mark.parametrize(
    ("kind", "value", "text"), [row[1:] for row in ROWS["serialise"]], ids=[row[0] for row in ROWS["serialise"]]
)
def test_serialize(kind: str, value: Any, text: str | None) -> None:
    """A value has its canonical text, or none."""
    if text is None:
        with pytest.raises(NotStructured):
            SERIALIZE[kind](field(kind, value))
    else:
        assert SERIALIZE[kind](field(kind, value)) == text


@pytest.mark.parametrize(
    ("kind", "text", "value", "canonical"), [row[1:] for row in ROWS["parse"]], ids=[row[0] for row in ROWS["parse"]]
)
def test_parse(kind: str, text: str, value: Any, canonical: str | None) -> None:
    """A text has its value, which has its canonical text, or none."""
    if value is None:
        with pytest.raises(NotStructured):
            PARSE[kind](text)
    else:
        parsed = PARSE[kind](text)
        assert parsed == field(kind, value)
        assert SERIALIZE[kind](parsed) == canonical


REFUSED: dict[str, Item] = {
    "decimal-of-13-digits": Item(Decimal("1000000000000.0")),
    "decimal-rounded-to-13-digits": Item(Decimal("999999999999.9999")),
    "no-number": Item(Decimal("NaN")),
    "endless": Item(Decimal("Infinity")),
    "integer-of-16-digits": Item(10**15),
    "date-of-16-digits": Item(Date(-(10**15))),
    "parameter": Item(1, (("A", 1),)),
}


@pytest.mark.parametrize("item", REFUSED.values(), ids=REFUSED)
def test_no_text(item: Item) -> None:
    """What no structured field can say raises, whatever is asked."""
    with pytest.raises(NotStructured):
        serialize_item(item)


def test_pairs_keep_what_is_repeated() -> None:
    """A reader who wants to tell of repeated keys sees them; the last one counts."""
    assert parse_pairs("a=1, b, a=2") == [("a", Item(1)), ("b", Item(True)), ("a", Item(2))]
    assert parse_dictionary("a=1, b, a=2") == {"a": Item(2), "b": Item(True)}


def test_blanks_at_the_end() -> None:
    """RFC 9651 4.2.1: a list may end with any blanks, an item with spaces alone; a comma there is one too many."""
    assert parse_list("0\t ") == parse_list(" 0 ") == [Item(0)]
    assert parse_dictionary("a \t") == {"a": Item(True)}
    assert parse_item("0 ") == Item(0)
    for text in ("0\t,", "0\t1"):
        with pytest.raises(NotStructured):
            parse_list(text)
    with pytest.raises(NotStructured):
        parse_item("0\t")


def test_what_may_stand_where() -> None:
    """Keys, tokens and strings are of different alphabets."""
    assert is_key("a-1_.*") and is_key("*a")
    assert not any(map(is_key, ("", "A", "-a", "1a", "a b", "a\n")))
    assert is_token("A/b:c*") and is_token("*")
    assert not any(map(is_token, ("", "1a", "/a", "a b", 'a"', "a\n", "é")))
    assert is_string('a "b" \\') and is_string("")
    assert not any(map(is_string, ("é", "a\n", "\t", "\x7f")))


# ----------------------------------------------------------------------------------------------------------------------
# Made-up values, beside http_sf
# ----------------------------------------------------------------------------------------------------------------------

printable = [chr(code) for code in range(0x20, 0x7F)]
keys = st.from_regex(r"[a-z*][a-z0-9_\-.*]{0,5}", fullmatch=True)
bare_items = st.one_of(
    st.integers(-(10**15) + 1, 10**15 - 1),
    st.decimals(-999_999_999_999, 999_999_999_999, allow_nan=False, places=3),
    st.booleans(),
    st.text(printable, max_size=8),
    st.binary(max_size=8),
    st.builds(Token, st.from_regex(r"[A-Za-z*][!#$%&'*+\-.^_`|~0-9A-Za-z:/]{0,5}", fullmatch=True)),
    st.builds(Date, st.integers(-(10**9), 4 * 10**9)),
    st.builds(DisplayString, st.text(st.characters(codec="utf-8"), max_size=8)),
)
parameters = st.dictionaries(keys, bare_items, max_size=2).map(lambda made: tuple(made.items()))
items = st.builds(Item, bare_items, parameters)
members = st.one_of(items, st.builds(InnerList, st.lists(items, max_size=3).map(tuple), parameters))


def foreign_bare(value: Any) -> Any:
    """Return a bare item as http_sf has it."""
    if isinstance(value, Token):
        return http_sf.Token(value.text)
    if isinstance(value, Date):
        return datetime.datetime.fromtimestamp(value.seconds, datetime.UTC)
    return http_sf.DisplayString(value.text) if isinstance(value, DisplayString) else value


def foreign(one: Any) -> Any:
    options = {key: foreign_bare(value) for key, value in one.parameters}
    if isinstance(one, InnerList):
        return [foreign(item) for item in one.items], options
    return foreign_bare(one.value), options


@given(st.dictionaries(keys, members, min_size=1, max_size=4))
def test_dictionary_round_trip(value: dict[str, Any]) -> None:
    """What is written is read as the same, and as the other implementation writes it."""
    text = serialize_dictionary(value)
    assert parse_dictionary(text) == value
    assert text == http_sf.ser({key: foreign(one) for key, one in value.items()})


@given(st.lists(members, min_size=1, max_size=4))
def test_list_round_trip(value: list[Any]) -> None:
    """The same for lists."""
    text = serialize_list(value)
    assert parse_list(text) == value
    assert text == http_sf.ser([foreign(one) for one in value])


@given(
    st.sampled_from(["item", "list", "dictionary"]),
    st.text(string.ascii_lowercase[:3] + '0.-_*;=,() ":?@%\\A\t/é', max_size=12),
)
def test_reads_what_the_other_reads(kind: str, text: str) -> None:
    """Any text is refused by both, or read as the same by both."""
    try:
        theirs = http_sf.parse(text.encode("utf-8"), tltype=kind)
    except Exception:
        theirs = None
    try:
        parsed = PARSE[kind](text)
    except NotStructured:
        assert theirs is None
    else:
        assert theirs is not None
        assert SERIALIZE[kind](parsed) == (http_sf.ser(theirs) if theirs or kind == "item" else "")
