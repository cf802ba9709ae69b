"""A Set-Cookie line as user agents read it: split, changed in one attribute, put back with every other octet as it was.

rfc6265bis 5.6: the line ends at nothing but its end, the pair at the first semicolon, the name at the first equals
sign; blanks (SP, HTAB) around names and values do not count; there are no quoted strings.
"""

from __future__ import annotations

from typing import NamedTuple

BLANKS = " \t"

# rfc6265bis 5.6: "If the attribute-value is longer than 1024 octets, ignore the cookie-av string". Native strings
# hold one octet a character.
ATTRIBUTE_VALUE_OCTETS = 1024


class Attribute(NamedTuple):
    """One cookie-av: `raw` as it stands between semicolons, `name` in lower case, `value` None without equals sign."""

    raw: str
    name: str
    value: str | None

    @property
    def counts(self) -> bool:
        """Whether user agents look at it (rfc6265bis 5.6)."""
        return self.value is None or len(self.value) <= ATTRIBUTE_VALUE_OCTETS


def cookie_name(pair: str) -> str:
    """Return the name that user agents read in the text before the first semicolon; "" for a nameless cookie."""
    name, equals, _ = pair.partition("=")
    return name.strip(BLANKS) if equals else ""


def attributes(tail: str) -> list[Attribute]:
    """Return the attributes in what follows the pair: "" or a text that begins with a semicolon."""
    return [_attribute(raw) for raw in tail.split(";")[1:]]


def joined(found: list[Attribute]) -> str:
    """Return the text that `attributes` reads as `found`."""
    return "".join(f";{attribute.raw}" for attribute in found)


def effective(found: list[Attribute], name: str) -> Attribute | None:
    """Return the attribute of that lower-case name that counts: the last one (rfc6265bis 5.7)."""
    for attribute in reversed(found):
        if attribute.name == name and attribute.counts:
            return attribute
    return None


def replaced(found: list[Attribute], name: str, value: str | None) -> list[Attribute]:
    """Return `found` with `value` in the last attribute of that name, its spelling and place kept, and without the
    others.

    Without an attribute of that name the same list comes back.
    """
    places = [place for place, attribute in enumerate(found) if attribute.name == name]
    if not places:
        return found
    raw = found[places[-1]].raw
    before, equals, after = raw.partition("=")
    if value is None:
        raw = before.rstrip(BLANKS)
    else:
        bare = after.strip(BLANKS)
        lead = after[: len(after) - len(after.lstrip(BLANKS))]
        trail = after[len(lead) + len(bare) :]
        raw = f"{before}={lead}{value}{trail}" if equals else f"{before.rstrip(BLANKS)}={value}"
    return [
        _attribute(raw) if place == places[-1] else attribute
        for place, attribute in enumerate(found)
        if place == places[-1] or attribute.name != name
    ]


def without(found: list[Attribute], name: str) -> list[Attribute]:
    """Return `found` without the attributes of that lower-case name."""
    return [attribute for attribute in found if attribute.name != name]


def added(found: list[Attribute], text: str) -> list[Attribute]:
    """Return `found` with the attribute `text` at the end; it fills an empty place that a last semicolon left."""
    if found and not found[-1].raw.strip(BLANKS):
        return [*found[:-1], _attribute((found[-1].raw or " ") + text)]
    return [*found, _attribute(f" {text}")]


def _attribute(raw: str) -> Attribute:
    name, equals, value = raw.partition("=")
    return Attribute(raw, name.strip(BLANKS).lower(), value.strip(BLANKS) if equals else None)
