"""A Set-Cookie line taken apart and put together: every octet stays where nothing is changed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from user_agent import Request, read

from wsgi_headers.cookies.syntax import Attribute, added, attributes, cookie_name, effective, joined, replaced, without

ROWS = json.loads((Path(__file__).parent / "data" / "set_cookie.json").read_text())["rows"]
LINES = sorted({line for row in ROWS for line in row["lines"]})

NAMES = {
    "a=1": "a",
    " a=1": "a",
    "\ta\t =1": "a",
    "a = 1": "a",
    "a=b=c": "a",
    "=a": "",
    " = a": "",
    "a": "",
    "": "",
    "A=1": "A",
    '"a"=1': '"a"',
    "\xa0a=1": "\xa0a",
    "a\x85=1": "a\x85",
    "\x1ca=1": "\x1ca",
}


@pytest.mark.parametrize(("pair", "name"), NAMES.items(), ids=map(repr, NAMES))
def test_cookie_name(pair: str, name: str) -> None:
    """The name ends at the first equals sign; SP and TAB around it do not count, other blanks do."""
    assert cookie_name(pair) == name


def test_names_of_the_vectors() -> None:
    """Every line of the vectors has the name that user agents read."""
    request = Request("https", "www.example.test", "/")
    read_by_agent = {line: cookie for line in LINES if (cookie := read(line, request)) is not None}

    assert len(read_by_agent) > 400
    for line, cookie in read_by_agent.items():
        assert cookie_name(line.partition(";")[0]) == cookie.name


ATTRIBUTES = {
    "nothing": ("", []),
    "one": (";Secure", [("Secure", "secure", None)]),
    "blanks": ("; \tPath = / ", [(" \tPath = / ", "path", "/")]),
    "empty value": ("; Path=", [(" Path=", "path", "")]),
    "empty name": (";=x", [("=x", "", "x")]),
    "equals in the value": (";Path=/=", [("Path=/=", "path", "/=")]),
    "quotes split": (';a="x;y"', [('a="x', "a", '"x'), ('y"', 'y"', None)]),
    "comma": (";Expires=Wed, 09 Jun", [("Expires=Wed, 09 Jun", "expires", "Wed, 09 Jun")]),
    "last semicolon": (";Secure; ", [("Secure", "secure", None), (" ", "", None)]),
    "semicolons": (";;", [("", "", None), ("", "", None)]),
    "no blank but SP and TAB": (";\xa0Secure=\x85", [("\xa0Secure=\x85", "\xa0secure", "\x85")]),
}


@pytest.mark.parametrize(("tail", "found"), ATTRIBUTES.values(), ids=ATTRIBUTES)
def test_attributes(tail: str, found: list[tuple[str, str, str | None]]) -> None:
    """Attributes end at semicolons alone; their names are read in lower case, their values between SP and TAB."""
    assert attributes(tail) == found


@pytest.mark.parametrize("line", LINES, ids=lambda line: ascii(line[:40]))
def test_joined(line: str) -> None:
    """What was taken apart is put together to the very same text."""
    _, semicolon, tail = line.partition(";")

    assert joined(attributes(semicolon + tail)) == semicolon + tail


COUNTS = {
    "bare": ("; Secure", True),
    "1,024 octets": (f"; Path=/{'a' * 1023}", True),
    "1,025 octets": (f"; Path=/{'a' * 1024}", False),
    "1,024 octets between blanks": (f"; Path= /{'a' * 1023} ", True),
    "a name of any length": (f"; {'a' * 2000}", True),
}


@pytest.mark.parametrize(("tail", "counts"), COUNTS.values(), ids=COUNTS)
def test_counts(tail: str, counts: bool) -> None:
    """User agents do not look at an attribute whose value has more than 1,024 octets (rfc6265bis 5.6)."""
    (attribute,) = attributes(tail)

    assert attribute.counts is counts


LONG = "x" * 1025
EFFECTIVE = {
    "none": ("; Secure", "path", None),
    "last": ("; path=/a; Path=/b", "path", " Path=/b"),
    "not an over-long one": (f"; Path=/a; Path=/{LONG}", "path", " Path=/a"),
    "over-long ones alone": (f"; Path=/{LONG}", "path", None),
    "an empty one": ("; Path=/a; Path", "path", " Path"),
}


@pytest.mark.parametrize(("tail", "name", "raw"), EFFECTIVE.values(), ids=EFFECTIVE)
def test_effective(tail: str, name: str, raw: str | None) -> None:
    """Of a repeated attribute the last one counts."""
    found = effective(attributes(tail), name)

    assert (found.raw if found else None) == raw


REPLACED = {
    "value": ("; Path=/a; X", "path", "/", "; Path=/; X"),
    "blanks stay": ("; pATH\t=  /a ; X", "path", "/", "; pATH\t=  / ; X"),
    "no value yet": ("; Path ; X", "path", "/", "; Path=/; X"),
    "empty value": ("; Path= ; X", "path", "/", "; Path= /; X"),
    "the others go": ("; Path=/a; X; path=/b;Y", "path", "/", "; X; path=/;Y"),
    "no such attribute": ("; X", "path", "/", "; X"),
    "to a bare name": (f"; X; Secure ={LONG}; Y", "secure", None, "; X; Secure; Y"),
    "of bare names the last stays": ("; secure; SECURE", "secure", None, "; SECURE"),
}


@pytest.mark.parametrize(("tail", "name", "value", "after"), REPLACED.values(), ids=REPLACED)
def test_replaced(tail: str, name: str, value: str | None, after: str) -> None:
    """The last attribute of the name keeps place and spelling and gets the value; the others of the name go."""
    found = attributes(tail)

    assert joined(replaced(found, name, value)) == after
    assert joined(found) == tail


def test_replaced_reads_again() -> None:
    """The attribute with the new value is what its text says."""
    (found,) = replaced(attributes("; Path = /a"), "path", "/b")

    assert found == Attribute(" Path = /b", "path", "/b")


def test_without() -> None:
    """Every attribute of the name goes, whatever its value; the text of the others stays."""
    found = attributes(f"; Domain=a ;X; domain; DOMAIN={LONG};Domains")

    assert joined(without(found, "domain")) == ";X;Domains"


ADDED = {
    "to nothing": ("", "; Secure"),
    "after the last": ("; Path=/", "; Path=/; Secure"),
    "after a last semicolon": (";", "; Secure"),
    "after a last semicolon and a blank": ("; Path=/; ", "; Path=/; Secure"),
    "after a last TAB": (";\t", ";\tSecure"),
    "after two semicolons": (";;", ";; Secure"),
    "after a blank": ("; Path=/ ", "; Path=/ ; Secure"),
}


@pytest.mark.parametrize(("tail", "after"), ADDED.values(), ids=ADDED)
def test_added(tail: str, after: str) -> None:
    """An attribute is added at the end, after one blank; it fills the place that a last semicolon left."""
    assert joined(added(attributes(tail), "Secure")) == after
