"""Clear-Site-Data: what a browser forgets about this site, at a logout or after an incident."""

from __future__ import annotations

import re

from .._members import members
from .._part import near_miss
from ..errors import NOTHING, Problems
from ..typed_field import TypedField, unreadable

# Clear Site Data 3.1; clientHints is Client Hints Infrastructure's, prefetchCache and prerenderCache are those of
# Prefetch and Prerendering Revamped. In this case alone.
TYPES = (
    "cache",
    "cookies",
    "storage",
    "executionContexts",
    "clientHints",
    "prefetchCache",
    "prerenderCache",
    "*",
)

# Clear Site Data 3.1: Clear-Site-Data = 1#( quoted-string )
_quoted = re.compile(r'"([^"\\]*)"')


class ClearSiteData(TypedField):
    """Value of the Clear-Site-Data response field.

    Clear Site Data 3.1. Browsers obey it where the response came by https, or from the machine itself.

        "cache", "cookies", "storage"

    types   one or more of `cache`, `cookies`, `storage`, `executionContexts`, `clientHints`, `prefetchCache`,
            `prerenderCache`, `*` for all; the quotes are added

    Raises PolicyError for a type that browsers skip, a repeated one, and none at all.

    >>> ClearSiteData("cache", "cookies").serialize()
    '"cache", "cookies"'
    """

    field_name = "Clear-Site-Data"

    types: tuple[str, ...]

    def __init__(self, *types: str) -> None:
        problems = Problems()
        if not types:
            problems.add("clear_site_data.empty", "ClearSiteData.types", NOTHING, "clears nothing", "give a type")
        for position, name in enumerate(types):
            where = f"ClearSiteData.types[{position}]"
            if not isinstance(name, str):
                problems.add("clear_site_data.type", where, name, "is no str", "give types one by one")
            elif name not in TYPES:
                bare = name.strip("\"' ")
                fix = f"write {bare!r}: the quotes are added" if bare in TYPES else near_miss(name, TYPES)
                problems.add("clear_site_data.type", where, name, "is no type of data", fix, "Clear Site Data 3.1")
            elif name in types[:position]:
                problems.add("clear_site_data.repeated", where, name, "is repeated", "name it once")
        problems.raise_any()
        self._keep(types=types)

    def serialize(self) -> str:
        """Return the types in quotes, separated by commas."""
        return ", ".join(f'"{name}"' for name in self.types)

    @classmethod
    def parse(cls, text: str) -> ClearSiteData:
        """Return the field whose value is `text`. Raises PolicyError."""
        types = []
        for member in members(text):
            match = _quoted.fullmatch(member)
            if match is None:
                reason = f"has {member!r} without quotes, which browsers skip"
                raise unreadable(cls, text, reason, "Clear Site Data 3.1")
            types.append(match[1])
        return cls(*types)
