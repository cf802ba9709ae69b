"""The members of a list field: taken apart, and brought together (RFC 9110 5.6.1).

A member's text is never changed, only the commas and blanks around it. Quoted commas do not split.
"""

from __future__ import annotations

from collections.abc import Callable

from . import _grammar
from ._registry import Field


def members(value: str, *, links: bool = False) -> list[str]:
    """Return the members of one list value in order, without the blanks around them and without empty ones.

    links   whether an address in angle brackets can stand in a member, whose commas do not split either
    """
    if links and "<" in value:
        found = [member.strip(" \t") for member in _grammar.link_member.findall(value)]
    elif '"' not in value:
        found = [member.strip(" \t") for member in value.split(",")]
    else:
        found = [member.strip(" \t") for member in _grammar.list_member.findall(value)]
    return [member for member in found if member]


def _text(member: str) -> str:
    return member


def _directive_name(member: str) -> str:
    # RFC 9111 5.2: cache-directive = token [ "=" ( token / quoted-string ) ], names without regard to case.
    return member.partition("=")[0].rstrip(" \t").lower()


_SAMENESS: dict[str, Callable[[str], str]] = {
    "text": _text,
    "field names": str.lower,
    "directives": _directive_name,
    "links": _text,
}


def merged(values: list[str], added: str, field: Field | None) -> list[str]:
    """Return the values of a list field's lines after `added` was merged in: one value, or none.

    values  what the lines hold now, in order
    added   the members to bring in
    field   the registry's facts about the field; None for a name that it does not know

    A single value that already has every member comes back as it is. `*` among the members of Vary absorbs the others
    (RFC 9110 12.5.5).
    """
    same = _SAMENESS[field.members if field is not None else "text"]
    links = field is not None and field.members == "links"
    present = [member for value in values for member in members(value, links=links)]
    if field is not None and field.name == "Vary" and "*" in present + members(added):
        return values if values == ["*"] else ["*"]
    known = {same(member) for member in present}
    missing = []
    for member in members(added, links=links):
        if same(member) not in known:
            known.add(same(member))
            missing.append(member)
    if not missing and len(values) == 1:
        return values
    # What follows a quote that is never closed would be read as part of it, so such a member stays last.
    unclosed = [member for member in present if _grammar.unclosed_member.fullmatch(member)]
    closed = [member for member in present if member not in unclosed]
    together = ", ".join(closed + missing + unclosed)
    return [together] if together else []
