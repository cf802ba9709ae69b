"""Structured field values: their text from Python values, and back (RFC 9651).

    Integer         int                 String          str
    Decimal         decimal.Decimal     Token           Token
    Boolean         bool                Byte Sequence   bytes
    Date            Date                Display String  DisplayString

An item or inner list has parameters, pairs of a key and a bare item. A list is a sequence of members, a dictionary a
mapping of keys to members. What cannot be written or read raises `NotStructured`.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable, Mapping
from decimal import ROUND_HALF_EVEN, Decimal
from typing import NamedTuple, TypeAlias


class NotStructured(ValueError):
    """A value that no structured field has, or a text that is none; the message says why."""


class Token(NamedTuple):
    """A bare word (3.3.4), which a String of the same text is not."""

    text: str


class Date(NamedTuple):
    """Seconds since 1970-01-01T00:00:00Z (3.3.7)."""

    seconds: int


class DisplayString(NamedTuple):
    """Text beyond ASCII (3.3.8)."""

    text: str


BareItem: TypeAlias = int | Decimal | bool | str | bytes | Token | Date | DisplayString
Parameters: TypeAlias = tuple[tuple[str, BareItem], ...]


class Item(NamedTuple):
    """A bare item with its parameters (3.3)."""

    value: BareItem
    parameters: Parameters = ()


class InnerList(NamedTuple):
    """Items in parentheses, with the parameters of the whole (3.1.1)."""

    items: tuple[Item, ...]
    parameters: Parameters = ()


Member: TypeAlias = Item | InnerList

# 3.1.2   key = ( lcalpha / "*" ) *( lcalpha / DIGIT / "_" / "-" / "." / "*" )
_key = re.compile(r"[a-z*][a-z0-9_\-.*]*")
# 3.3.4   sf-token = ( ALPHA / "*" ) *( tchar / ":" / "/" )
_token = re.compile(r"[A-Za-z*][!#$%&'*+\-.^_`|~0-9A-Za-z:/]*")
# 3.3.3   sf-string = DQUOTE *( unescaped / "%" / bs-escaped ) DQUOTE        bs-escaped = "\" ( DQUOTE / "\" )
_string = re.compile(r'"((?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\["\\])*)"')
_string_text = re.compile(r"[\x20-\x7e]*")
# 3.3.1   sf-integer = ["-"] 1*15DIGIT        3.3.2   sf-decimal = ["-"] 1*12DIGIT "." 1*3DIGIT
_number = re.compile(r"(-?)([0-9]+)(?:(\.)([0-9]*))?")
# 3.3.5   sf-binary = ":" base64 ":"          3.3.6   sf-boolean = "?" ( "0" / "1" )
_binary = re.compile(r":([A-Za-z0-9+/=]*):")
_boolean = re.compile(r"\?([01])")
# 3.3.8   sf-displaystring = "%" DQUOTE *( unescaped / "\" / pct-encoded ) DQUOTE      pct-encoded in lower case
_display_string = re.compile(r'%"((?:[\x20\x21\x23\x24\x26-\x7e]|%[0-9a-f]{2})*)"')

_blanks = re.compile(r" *")
_white_space = re.compile(r"[ \t]*")

_GREATEST_INTEGER = 999_999_999_999_999  # 15 digits (3.3.1)
_GREATEST_DECIMAL = 999_999_999_999  # 12 digits before the point (3.3.2)


def is_key(text: str) -> bool:
    """Whether `text` may name a member of a dictionary or a parameter."""
    return _key.fullmatch(text) is not None


def is_token(text: str) -> bool:
    """Whether `text` can stand without quotes."""
    return _token.fullmatch(text) is not None


def is_string(text: str) -> bool:
    """Whether `text` can stand in quotes: printable ASCII."""
    return _string_text.fullmatch(text) is not None


def serialize_item(item: Item) -> str:
    """Return the text of a field that is one item (4.1.3)."""
    return _bare_item(item.value) + _parameters(item.parameters)


def serialize_list(members: Iterable[Member]) -> str:
    """Return the text of a field that is a list (4.1.1); no members give "", which no line of a field can have."""
    return ", ".join(map(_member, members))


def serialize_dictionary(members: Mapping[str, Member]) -> str:
    """Return the text of a field that is a dictionary (4.1.2); a member that is true stands as its key alone."""
    texts = []
    for key, member in members.items():
        text = _checked_key(key)
        if isinstance(member, Item) and member.value is True:
            texts.append(text + _parameters(member.parameters))
        else:
            texts.append(f"{text}={_member(member)}")
    return ", ".join(texts)


def _member(member: Member) -> str:
    if isinstance(member, InnerList):
        return f"({' '.join(map(serialize_item, member.items))}){_parameters(member.parameters)}"
    return serialize_item(member)


def _parameters(parameters: Parameters) -> str:
    text = ""
    for key, value in parameters:
        text += f";{_checked_key(key)}" if value is True else f";{_checked_key(key)}={_bare_item(value)}"
    return text


def _checked_key(key: str) -> str:
    if not is_key(key):
        raise NotStructured("a key is of lower-case letters, digits, '_', '-', '.' and '*'")
    return key


def _bare_item(value: BareItem) -> str:
    if isinstance(value, bool):
        return f"?{value:d}"
    if isinstance(value, int):
        if abs(value) > _GREATEST_INTEGER:
            raise NotStructured("an integer has at most 15 digits")
        return str(value)
    if isinstance(value, Decimal):
        return _decimal(value)
    if isinstance(value, bytes):
        return f":{base64.b64encode(value).decode('ascii')}:"
    if isinstance(value, Token):
        if not is_token(value.text):
            raise NotStructured("a token begins with a letter or '*' and has no blanks and no quotes")
        return value.text
    if isinstance(value, Date):
        return f"@{_bare_item(value.seconds)}"
    if isinstance(value, DisplayString):
        octets = value.text.encode("utf-8")
        plain = (chr(octet) if 0x20 <= octet < 0x7F and octet not in b'%"' else f"%{octet:02x}" for octet in octets)
        return f'%"{"".join(plain)}"'
    if not is_string(value):
        raise NotStructured("a string is of printable ASCII")
    return '"{}"'.format(value.replace("\\", "\\\\").replace('"', '\\"'))


def _decimal(value: Decimal) -> str:
    # 4.1.5: rounded to three places, a last 5 to the even neighbour; one place at least is written.
    if not value.is_finite():
        raise NotStructured("a decimal is a number")
    rounded = value.quantize(Decimal("0.001"), ROUND_HALF_EVEN) if value.adjusted() < 20 else value
    if abs(rounded) >= _GREATEST_DECIMAL + 1:
        raise NotStructured("a decimal has at most 12 digits before the point")
    whole, _, fraction = f"{rounded:f}".partition(".")
    return f"{whole}.{fraction.rstrip('0') or '0'}"


def parse_item(text: str) -> Item:
    """Return the item that the value of a field is (4.2)."""
    reader = _Reader(text)
    item = reader.item()
    reader.end()
    return item


def parse_list(text: str) -> list[Member]:
    """Return the members of a field that is a list (4.2.1); several lines of one field are joined by commas first."""
    reader = _Reader(text)
    members = []
    if not reader.ended():
        members.append(reader.member())
        while reader.comma():
            members.append(reader.member())
    reader.end()
    return members


def parse_dictionary(text: str) -> dict[str, Member]:
    """Return the members of a field that is a dictionary (4.2.2); of a repeated key the last member counts.

    >>> parse_dictionary("a=1, b;x")
    {'a': Item(value=1, parameters=()), 'b': Item(value=True, parameters=(('x', True),))}
    """
    return dict(parse_pairs(text))


def parse_pairs(text: str) -> list[tuple[str, Member]]:
    """Return the members of a dictionary as they stand, repeated keys included."""
    reader = _Reader(text)
    pairs = []
    if not reader.ended():
        pairs.append(reader.pair())
        while reader.comma():
            pairs.append(reader.pair())
    reader.end()
    return pairs


class _Reader:
    """A text and the place up to which it was read."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._take(_blanks)

    def _take(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        match = pattern.match(self._text, self._at)
        if match is not None:
            self._at = match.end()
        return match

    def _next(self, characters: str) -> bool:
        if self._text.startswith(characters, self._at):
            self._at += len(characters)
            return True
        return False

    def _wrong(self, reason: str) -> NotStructured:
        return NotStructured(f"{reason} at character {self._at + 1}")

    def ended(self) -> bool:
        """Whether nothing is left."""
        return self._at == len(self._text)

    def end(self) -> None:
        """Take the blanks at the end; there must be nothing else."""
        self._take(_blanks)
        if not self.ended():
            raise self._wrong("something is left")

    def comma(self) -> bool:
        """Take a comma and the blanks around it; False where there is none. A member must follow."""
        self._take(_white_space)
        if not self._next(","):
            return False
        self._take(_white_space)
        if self.ended():
            raise self._wrong("a comma is the last")
        return True

    def pair(self) -> tuple[str, Member]:
        """Take a member of a dictionary with its key; without a value it is true."""
        key = self._key()
        if self._next("="):
            return key, self.member()
        return key, Item(True, self._parameters())

    def member(self) -> Member:
        """Take an item or an inner list."""
        if not self._next("("):
            return self.item()
        items: list[Item] = []
        while True:
            self._take(_blanks)
            if self._next(")"):
                return InnerList(tuple(items), self._parameters())
            items.append(self.item())
            if not self._text.startswith((" ", ")"), self._at):
                raise self._wrong("an inner list goes on with neither a blank nor a parenthesis")

    def item(self) -> Item:
        """Take an item."""
        return Item(self._bare_item(), self._parameters())

    def _parameters(self) -> Parameters:
        found: dict[str, BareItem] = {}
        while self._next(";"):
            self._take(_blanks)
            key = self._key()
            found[key] = self._bare_item() if self._next("=") else True
        return tuple(found.items())

    def _key(self) -> str:
        match = self._take(_key)
        if match is None:
            raise self._wrong("no key")
        return match[0]

    def _bare_item(self) -> BareItem:
        first = self._text[self._at : self._at + 1]
        if first == '"':
            return re.sub(r"\\(.)", r"\1", self._group(_string, "no string"))
        if first == ":":
            return self._octets()
        if first == "?":
            return self._group(_boolean, "no boolean") == "1"
        if first == "%":
            return self._display_string()
        if first == "@":
            self._at += 1
            seconds = self._number()
            if isinstance(seconds, Decimal):
                raise self._wrong("no date")
            return Date(seconds)
        match = self._take(_token)
        return Token(match[0]) if match is not None else self._number()

    def _group(self, pattern: re.Pattern[str], reason: str) -> str:
        match = self._take(pattern)
        if match is None:
            raise self._wrong(reason)
        return match[1]

    def _number(self) -> int | Decimal:
        match = self._take(_number)
        if match is None:
            raise self._wrong("no item")
        sign, whole, point, fraction = match.groups()
        if point is None:
            if len(whole) > 15:
                raise self._wrong("an integer of more than 15 digits")
            return int(sign + whole)
        if len(whole) > 12 or not 1 <= len(fraction) <= 3:
            raise self._wrong("a decimal of more than 12 digits before the point or not 1 to 3 after it")
        return Decimal(f"{sign}{whole}.{fraction}")

    def _octets(self) -> bytes:
        # 4.2.7: padding that is missing is made up for; bits that encode nothing may be anything.
        text = self._group(_binary, "no byte sequence")
        bare = text.rstrip("=")
        try:
            return base64.b64decode(bare + "=" * (-len(bare) % 4), validate=True)
        except binascii.Error:
            raise self._wrong("no byte sequence") from None

    def _display_string(self) -> DisplayString:
        text = self._group(_display_string, "no display string")
        octets = re.sub(rb"%([0-9a-f]{2})", lambda match: bytes([int(match[1], 16)]), text.encode("ascii"))
        try:
            return DisplayString(octets.decode("utf-8"))
        except UnicodeDecodeError:
            raise self._wrong("no display string") from None
