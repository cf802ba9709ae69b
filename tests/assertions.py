"""Heads compared for what they mean, as a recipient reads them; parts held against what every part is."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Sequence

import pytest
from interpreter import members
from wsgi import Line

import wsgi_headers
from wsgi_headers._part import Part
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


def assert_value(part: Part, text: str | None = None) -> None:
    """Fail unless a part is frozen, equal by value, hashable, picklable, with a repr that can be pasted back.

    text   what its repr must be
    """
    assert text is None or repr(part) == text
    pasted = eval(repr(part), vars(wsgi_headers).copy())
    for other in (pasted, copy.deepcopy(part), pickle.loads(pickle.dumps(part))):
        assert (other, hash(other)) == (part, hash(part))
    for name in vars(part):
        with pytest.raises(AttributeError):
            setattr(part, name, None)
