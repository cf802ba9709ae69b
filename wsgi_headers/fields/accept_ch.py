"""Accept-CH: which client hints a browser shall send from now on."""

from __future__ import annotations

from .. import _structured
from .._part import near_miss
from .._structured import Item, NotStructured, Token
from ..errors import NOTHING, Problems
from ..typed_field import TypedField, unreadable

# The hints that a browser knows; it skips others. Names of fields, so case does not count (RFC 9110 5.1).
HINTS = (
    # UA Client Hints 3
    "Sec-CH-UA",
    "Sec-CH-UA-Arch",
    "Sec-CH-UA-Bitness",
    "Sec-CH-UA-Form-Factors",
    "Sec-CH-UA-Full-Version",
    "Sec-CH-UA-Full-Version-List",
    "Sec-CH-UA-Mobile",
    "Sec-CH-UA-Model",
    "Sec-CH-UA-Platform",
    "Sec-CH-UA-Platform-Version",
    "Sec-CH-UA-WoW64",
    # User Preference Media Features Client Hints Headers
    "Sec-CH-Prefers-Color-Scheme",
    "Sec-CH-Prefers-Reduced-Motion",
    "Sec-CH-Prefers-Reduced-Transparency",
    # Responsive Image Client Hints, and its names before the prefix
    "Sec-CH-DPR",
    "Sec-CH-Viewport-Height",
    "Sec-CH-Viewport-Width",
    "Sec-CH-Width",
    "DPR",
    "Viewport-Width",
    "Width",
    # Device Memory, Network Information, Save Data
    "Sec-CH-Device-Memory",
    "Device-Memory",
    "Downlink",
    "ECT",
    "RTT",
    "Save-Data",
)
_spelling = {hint.lower(): hint for hint in HINTS}


class AcceptCH(TypedField):
    """Value of the Accept-CH response field.

    RFC 8942 3.1. A structured list of tokens. Browsers obey it over https alone, and a response that depends on a hint
    names it in Vary, which is the application's to do.

        Sec-CH-UA-Model, Sec-CH-DPR

    hints   one or more names of hints, in any case; kept as their specifications spell them

    Raises PolicyError for a name that browsers skip, a repeated one, and none at all.

    >>> AcceptCH("Sec-CH-UA-Model").serialize()
    'Sec-CH-UA-Model'
    """

    field_name = "Accept-CH"

    hints: tuple[str, ...]

    def __init__(self, *hints: str) -> None:
        problems = Problems()
        if not hints:
            problems.add("accept_ch.empty", "AcceptCH.hints", NOTHING, "asks for nothing", "give a hint")
        known: list[str] = []
        for position, hint in enumerate(hints):
            where = f"AcceptCH.hints[{position}]"
            if not isinstance(hint, str):
                problems.add("accept_ch.hint", where, hint, "is no str", "give hints one by one")
            elif hint.lower() not in _spelling or not hint.isascii():
                problems.add("accept_ch.hint", where, hint, "is no client hint", near_miss(hint, HINTS), "RFC 8942 3.1")
            elif _spelling[hint.lower()] in known:
                problems.add("accept_ch.repeated", where, hint, "is repeated", "name it once")
            else:
                known.append(_spelling[hint.lower()])
        problems.raise_any()
        self._keep(hints=tuple(known))

    def serialize(self) -> str:
        """Return the hints, separated by commas."""
        return _structured.serialize_list(Item(Token(hint)) for hint in self.hints)

    @classmethod
    def parse(cls, text: str) -> AcceptCH:
        """Return the field whose value is `text`. Raises PolicyError."""
        try:
            found = _structured.parse_list(text)
        except NotStructured as error:
            raise unreadable(cls, text, str(error), "RFC 9651 4.2.1") from None
        hints = []
        for member in found:
            if not isinstance(member, Item) or not isinstance(member.value, Token) or member.parameters:
                raise unreadable(cls, text, "has a member that is no token alone", "RFC 8942 3.1")
            hints.append(member.value.text)
        return cls(*hints)
