"""What fields share that are dictionaries of RFC 9651: their members read, their options by name or in a mapping."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .. import _structured
from .._structured import NotStructured
from ..errors import Problems
from ..typed_field import TypedField, unreadable


def members_of(field: type[TypedField], text: str, reference: str) -> dict[str, Any]:
    """Return the members of a field that is a dictionary. Raises PolicyError, also where a key is repeated."""
    try:
        pairs = _structured.parse_pairs(text)
    except NotStructured as error:
        raise unreadable(field, text, f"is no dictionary: {error}", reference) from None
    members = dict(pairs)
    if len(members) < len(pairs):
        raise unreadable(field, text, "repeats a key, of which the last counts", reference)
    return members


def named_options(problems: Problems, where: str, code: str, mapping: Any, named: Mapping[str, Any]) -> dict[str, Any]:
    """Return options that were given as a mapping, by keyword, or both; those that are None are left out."""
    if mapping is not None and not isinstance(mapping, Mapping):
        problems.add(f"{code}.type", where, mapping, "is no mapping", "give a dict, or options by name")
        mapping = None
    given: dict[str, Any] = {}
    for name, value in (*(mapping or {}).items(), *named.items()):
        if not isinstance(name, str):
            problems.add(f"{code}.name", where, name, "is no str", "name options by text")
        elif name in given:
            problems.add("argument.repeated", f"{where}[{name!r}]", name, "given in the mapping and by name")
        elif value is not None:
            given[str.__str__(name)] = value
    return given
