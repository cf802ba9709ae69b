"""Named limits on requests: a structured list of strings, each with a number and a time as its parameters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

from .. import _structured
from .._frozen_mapping import FrozenMapping
from .._structured import Item, NotStructured
from ..errors import NOTHING, Problems
from ..typed_field import TypedField, unreadable

Quotas: TypeAlias = "FrozenMapping[tuple[int, int | None]]"

_REFERENCE = "draft-ietf-httpapi-ratelimit-headers"
# RFC 9651 3.3.1
_GREATEST = 999_999_999_999_999


def checked(problems: Problems, where: str, given: object, *, least: tuple[int, int]) -> Quotas:
    """Return names mapped to a number and seconds or None, and note what is wrong with them.

    where   the argument, `RateLimit.limits`
    least   the least number and the least seconds
    """
    code = "ratelimit." + where.rpartition(".")[2]
    kept: dict[str, tuple[int, int | None]] = {}
    if not isinstance(given, Mapping):
        problems.add(code, where, given, "is no mapping", "{'default': (100, 60)}", _REFERENCE)
        return FrozenMapping(kept)
    if not given:
        problems.add(code, where, NOTHING, "names no limit", "{'default': (100, 60)}", _REFERENCE)
    for name, pair in given.items():
        at = f"{where}[{name!r}]"
        if not isinstance(name, str) or not name or not _structured.is_string(name):
            problems.add(code, at, name, "is no name", "text of printable ASCII", "RFC 9651 3.3.3")
            continue
        if not isinstance(pair, tuple | list) or len(pair) != 2:
            problems.add(code, at, pair, "is no pair", "a number and seconds, (100, 60)", _REFERENCE)
            continue
        number, seconds = pair
        if type(number) is not int or not least[0] <= number <= _GREATEST:
            problems.add(
                code, f"{at}[0]", number, "is no number of requests", f"an int, {least[0]} or more", _REFERENCE
            )
        if seconds is not None and (type(seconds) is not int or not least[1] <= seconds <= _GREATEST):
            fix = f"an int, {least[1]} or more, or None"
            problems.add(code, f"{at}[1]", seconds, "is no number of seconds", fix, _REFERENCE)
        kept[str.__str__(name)] = (number, seconds)
    return FrozenMapping(kept)


def serialize(quotas: Quotas, number: str, seconds: str) -> str:
    """Return the list; `number` and `seconds` are the keys of the parameters."""
    items = []
    for name, (count, time) in quotas.items():
        timed = () if time is None else ((seconds, time),)
        items.append(Item(name, ((number, count), *timed)))
    return _structured.serialize_list(items)


def parse(cls: type[TypedField], text: str, number: str, seconds: str) -> dict[str, tuple[int, int | None]]:
    """Return what stands in the list that is the value of a field `cls`. Raises PolicyError."""
    try:
        members = _structured.parse_list(text)
    except NotStructured as error:
        raise unreadable(cls, text, str(error), "RFC 9651 4.2.1") from None
    found: dict[str, tuple[int, int | None]] = {}
    for member in members:
        if not isinstance(member, Item) or not isinstance(member.value, str):
            raise unreadable(cls, text, "has a member that is no string", _REFERENCE)
        if member.value in found:
            raise unreadable(cls, text, f"repeats {member.value!r}", _REFERENCE)
        parameters = dict(member.parameters)
        count, time = parameters.pop(number, None), parameters.pop(seconds, None)
        # Checked for their range when the field is built.
        if type(count) is not int or (time is not None and type(time) is not int):
            raise unreadable(cls, text, f"has no integers in {number} and {seconds}", _REFERENCE)
        if parameters:
            raise unreadable(cls, text, f"has parameters beside {number} and {seconds}", _REFERENCE)
        found[member.value] = (count, time)
    return found
