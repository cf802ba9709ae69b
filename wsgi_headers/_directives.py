"""Directives: `name` or `name=value`, separated by commas (Cache-Control) or semicolons (Strict-Transport-Security).

    RFC 9111 5.2    Cache-Control   = #cache-directive       cache-directive = token [ "=" ( token / quoted-string ) ]
    RFC 6797 6.1    field value     = [ directive ] *( ";" [ directive ] )       directive = token [ "=" value ]

Names have no case. What a directive means, and which may stand together, is its field's business.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Literal, NamedTuple

from . import _grammar

Separator = Literal[",", ";"]


class NotDirectives(ValueError):
    """A text that is no list of directives; the message says why."""


class Directive(NamedTuple):
    """One directive: `name` as it was written, `value` without quotes, None where there is none."""

    name: str
    value: str | None = None


# Blanks around the equals sign are in no grammar, yet user agents skip them.
_directive = re.compile(
    rf'({_grammar.token.pattern})(?:[ \t]*=[ \t]*(?:({_grammar.token.pattern})|"((?:[^"\\]|\\.)*)"))?'
)
_pieces = {
    ",": _grammar.list_member,
    ";": re.compile(_grammar.list_member.pattern.replace(",", ";"), re.DOTALL),
}
_to_escape = re.compile(r'["\\]')


def parse(text: str, separator: Separator) -> list[Directive]:
    """Return the directives in order, repeated ones included; empty ones are skipped. Raises NotDirectives.

    >>> parse('max-age=60, no-cache="Set-Cookie, Vary"', ",")
    [Directive(name='max-age', value='60'), Directive(name='no-cache', value='Set-Cookie, Vary')]
    """
    found = []
    for piece in _pieces[separator].findall(text):
        piece = piece.strip(" \t")
        if not piece:
            continue
        match = _directive.fullmatch(piece)
        if match is None:
            raise NotDirectives(f"{piece!r} is no directive")
        name, plain, quoted = match.groups()
        found.append(Directive(name, re.sub(r"\\(.)", r"\1", quoted) if quoted is not None else plain))
    return found


def serialize(directives: Iterable[Directive], separator: Separator) -> str:
    """Return the text; a value that is no token is put in quotes.

    >>> serialize([Directive("max-age", "60"), Directive("includeSubDomains")], ";")
    'max-age=60; includeSubDomains'
    """
    return f"{separator} ".join(map(_text, directives))


def _text(directive: Directive) -> str:
    name, value = directive
    if value is None:
        return name
    if _grammar.token.fullmatch(value) is None:
        value = '"{}"'.format(_to_escape.sub(r"\\\g<0>", value))
    return f"{name}={value}"


def repeated(directives: Iterable[Directive]) -> list[str]:
    """Return the lower-case names that occur more than once, each once, in order."""
    seen: dict[str, int] = {}
    for directive in directives:
        name = directive.name.lower()
        seen[name] = seen.get(name, 0) + 1
    return [name for name, count in seen.items() if count > 1]
