"""Parameters beyond ASCII: `name*=UTF-8''...` (RFC 8187)."""

from __future__ import annotations

import re
from urllib.parse import quote, unquote_to_bytes

# RFC 8187 3.2.1
#   ext-value = charset "'" [ language ] "'" value-chars
#   value-chars = *( pct-encoded / attr-char )
#   attr-char = ALPHA / DIGIT / "!" / "#" / "$" / "&" / "+" / "-" / "." / "^" / "_" / "`" / "|" / "~"
_ATTR_CHARS = "!#$&+-.^_`|~"
_ext_value = re.compile(
    r"UTF-8'[A-Za-z0-9\-]*'((?:%[0-9A-Fa-f]{2}|[A-Za-z0-9!#$&+\-.^_`|~])*)", re.IGNORECASE | re.ASCII
)


def encode(text: str) -> str:
    """Return the ext-value of `text`, which has no lone surrogates.

    >>> encode("€ rates")
    "UTF-8''%E2%82%AC%20rates"
    """
    return f"UTF-8''{quote(text, safe=_ATTR_CHARS)}"


def decode(value: str) -> str | None:
    """Return the text of an ext-value, None where it is none in UTF-8; its language is not kept."""
    match = _ext_value.fullmatch(value)
    if match is None:
        return None
    try:
        return unquote_to_bytes(match[1]).decode("utf-8")
    except UnicodeDecodeError:
        return None
