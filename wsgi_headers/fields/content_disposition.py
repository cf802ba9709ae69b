"""Content-Disposition: whether a browser shows a response or saves it, and under which name."""

from __future__ import annotations

import re
import unicodedata

from .. import _directives
from .._directives import Directive, NotDirectives
from .._part import near_miss
from ..errors import Problems
from ..typed_field import TypedField, unreadable
from . import extended_value

# RFC 6266 4.2. `form-data` is for the parts of a request (RFC 7578 4.2).
DISPOSITIONS = ("attachment", "inline")

# What may stand in `filename` and means the same to every browser: RFC 6266 D advises against a backslash, and against
# a percent sign before two hexadecimal digits, which some decode; a quote needs the backslash.
_plain = re.compile(r"(?:[\x20\x21\x23-\x24\x26-\x5b\x5d-\x7e]|%(?![0-9A-Fa-f]{2}))*")
_not_plain = re.compile(r'[^\x20-\x7e]|["%/\\]')

# What turns the direction of text, Unicode's UAX 9 2.1, 2.2 and 2.3: with it "cod.exe" is shown as "exe.doc".
_TURNS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")

# RFC 6266 4.3: recipients take no path from a name.
_SEPARATORS = "/\\"


class ContentDisposition(TypedField):
    """Value of the Content-Disposition response field.

    RFC 6266 4. A name that not every browser reads alike in quotes goes out as RFC 8187 says, too, beside one in plain
    ASCII for those that do not know that.

        attachment; filename="_ rates.pdf"; filename*=UTF-8''%E2%82%AC%20rates.pdf

    filename      text, any that a file can be called; None leaves the name to the browser
    disposition   `attachment` (saved) or `inline` (shown)

    Raises PolicyError for another disposition and for a name with a path, with controls, with what turns the direction
    of text, with blanks at an end, and for `.` and `..`.

    >>> ContentDisposition("report.pdf").serialize()
    'attachment; filename="report.pdf"'
    """

    field_name = "Content-Disposition"

    filename: str | None
    disposition: str

    def __init__(self, filename: str | None = None, *, disposition: str = "attachment") -> None:
        problems = Problems()
        if filename is not None:
            _check_filename(problems, filename)
        code, where = "content_disposition.disposition", "ContentDisposition.disposition"
        if not isinstance(disposition, str):
            problems.add(code, where, disposition, "is no str", "'attachment' or 'inline'")
        elif disposition not in DISPOSITIONS:
            reason, fix = "is no disposition of a response", near_miss(disposition, DISPOSITIONS)
            problems.add(code, where, disposition, reason, fix, "RFC 6266 4.2")
        problems.raise_any()
        self._keep(filename=filename, disposition=disposition)

    def serialize(self) -> str:
        """Return the disposition and the name, as far as one is given, in the forms that it needs."""
        if self.filename is None:
            return self.disposition
        if _plain.fullmatch(self.filename):
            return f'{self.disposition}; filename="{self.filename}"'
        extended = extended_value.encode(self.filename)
        return f'{self.disposition}; filename="{_in_ascii(self.filename)}"; filename*={extended}'

    @classmethod
    def parse(cls, text: str) -> ContentDisposition:
        """Return the field whose value is `text`. Raises PolicyError."""
        reference = "RFC 6266 4.1"
        try:
            directives = _directives.parse(text, ";")
        except NotDirectives as error:
            raise unreadable(cls, text, str(error), reference) from None
        if not directives or directives[0].value is not None:
            raise unreadable(cls, text, "has no disposition", reference)
        for name in _directives.repeated(directives):
            raise unreadable(cls, text, f"repeats {name}", reference)
        disposition, *parameters = directives
        given = {parameter.name.lower(): _text(cls, text, parameter) for parameter in parameters}
        return cls(given.get("filename*", given.get("filename")), disposition=disposition.name.lower())


def _text(cls: type[ContentDisposition], text: str, parameter: Directive) -> str:
    name, value = parameter
    if name.lower() not in ("filename", "filename*"):
        raise unreadable(cls, text, f"has a parameter {name!r}, which no browser reads", "RFC 6266 4.3")
    if value is None:
        raise unreadable(cls, text, f"has no value for {name}", "RFC 6266 4.1")
    if name.lower() == "filename":
        if not value.isascii():
            raise unreadable(cls, text, "has a filename beyond ASCII, which browsers read differently", "RFC 6266 4.3")
        return value
    decoded = extended_value.decode(value)
    if decoded is None:
        raise unreadable(cls, text, "has a filename* that is no UTF-8''...", "RFC 8187 3.2.1")
    return decoded


def _check_filename(problems: Problems, filename: object) -> None:
    code, where = "content_disposition.filename", "ContentDisposition.filename"
    if not isinstance(filename, str):
        problems.add(code, where, filename, "is no str", "a name as text, or None")
        return
    if any(separator in filename for separator in _SEPARATORS):
        last = re.split(r"[/\\]", filename)[-1]
        problems.add(code, where, filename, "has a path", f"write {last!r}" if last else "give a name", "RFC 6266 4.3")
    elif filename in ("", ".", ".."):
        problems.add(code, where, filename, "is no name of a file", "give one, or None", "RFC 6266 4.3")
    elif any(unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp") for character in filename):
        problems.add(code, where, filename, "has characters that no text has", "leave them out", "RFC 6266 4.3")
    elif not _TURNS.isdisjoint(filename):
        reason, fix = "is shown in another order than it is read in", "leave the characters that turn text out"
        problems.add(code, where, filename, reason, fix, "UAX 9 2")
    elif filename != filename.strip():
        problems.add(code, where, filename, "has blanks at an end, which browsers drop", "leave them out")


def _in_ascii(filename: str) -> str:
    """Return a name like this one in printable ASCII that every browser reads as it stands."""
    letters = unicodedata.normalize("NFKD", filename)
    plain = "".join(letter for letter in letters if not unicodedata.combining(letter))
    plain = _not_plain.sub("_", plain).strip(" ")
    # Letters of other widths can come out as dots alone.
    return plain if plain.strip(".") else "_" * max(len(plain), 1)
