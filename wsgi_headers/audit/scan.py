"""What a scan of the Observatory sees of a site: a head as its client reads it, and what stands beside the head."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from ..exchange import Line

# What JavaScript calls white space, as far as a value that was sent can hold it (RFC 9110 5.5: no control but HTAB).
BLANKS = " \t\xa0"

# Node.js, `message.headers`: "Duplicates of age, authorization, content-length, content-type, ... are discarded".
_FIRST_COUNTS = frozenset(
    ("age", "authorization", "content-length", "content-type", "etag", "expires", "from", "host")
    + ("if-modified-since", "if-unmodified-since", "last-modified", "location", "max-forwards")
    + ("proxy-authorization", "referer", "retry-after", "server", "user-agent")
)


class Fields:
    """The fields of a head as Node.js gives them: names in lower case, lines of one field joined with ", "."""

    def __init__(self, lines: Sequence[Line]) -> None:
        self.set_cookie: list[str] = []
        self._values: dict[str, str] = {}
        for name, value in lines:
            name, value = name.lower(), value.strip(" \t")
            if name == "set-cookie":
                self.set_cookie.append(value)
            elif name not in self._values:
                self._values[name] = value
            elif name not in _FIRST_COUNTS:
                self._values[name] += f", {value}"

    def get(self, name: str) -> str | None:
        """Return the value of a field by its name in lower case; None where no line has it."""
        return self._values.get(name)


class Scan(NamedTuple):
    """A scan of one page.

    fields      of the page
    preflight   of the answer to a preflight from the Observatory's own origin
    secure      whether the page came by https, with a certificate that verifies
    host        in lower case; None where it is not known
    redirects   whether http is redirected to https on the same host
    preloaded   whether the host is on the browsers' HSTS preload list
    """

    fields: Fields
    preflight: Fields
    secure: bool
    host: str | None
    redirects: bool
    preloaded: bool
