"""Heads compared for what they mean, as a recipient reads them."""

from __future__ import annotations

from collections.abc import Sequence

from interpreter import members
from wsgi import Line

from wsgi_headers._registry import lookup


def assert_head(actual: Sequence[Line], expected: Sequence[Line]) -> None:
    """Fail unless both heads say the same: nothing missing, nothing extra.

    Names compare without case and without regard to the order of different fields. A list field is its members in
    order, on however many lines; a singleton is its lines, exactly; Set-Cookie is its lines in order.
    """
    assert meaning(actual) == meaning(expected)


def meaning(head: Sequence[Line]) -> dict[str, list[str]]:
    """Return what a head says: members or values by lower-case name."""
    said: dict[str, list[str]] = {}
    for name, value in head:
        field = lookup(name)
        of_field = said.setdefault(name.lower(), [])
        of_field += members(value) if field is None or field.combines == "list" else [value]
    return said


def by_field(head: Sequence[Line]) -> dict[str, list[Line]]:
    """Return the lines of each field in order, by its lower-case name."""
    lines: dict[str, list[Line]] = {}
    for line in head:
        lines.setdefault(line[0].lower(), []).append(line)
    return lines
