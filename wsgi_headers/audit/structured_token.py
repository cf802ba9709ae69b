"""A structured field that is one token with parameters, as browsers read those that isolate a page."""

from __future__ import annotations

import re

from .scan import BLANKS

# What the Observatory reads of a value.
_READ = 1024

# RFC 9651 3.3.4: sf-token = ( ALPHA / "*" ) *( tchar / ":" / "/" )
_TOKEN = r"[A-Za-z*][!#$%&'*+\-.^_`|~0-9A-Za-z:/]*"
# RFC 9651 3.1.2: parameters = *( ";" *SP parameter )    parameter = param-key [ "=" param-value ]
#   param-key = ( lcalpha / "*" ) *( lcalpha / DIGIT / "_" / "-" / "." / "*" )    param-value = bare-item
# RFC 9651 3.3: sf-decimal or sf-integer or sf-date / sf-string / sf-token / sf-binary / sf-boolean / sf-displaystring
_BARE_ITEM = "|".join(
    (
        r"-?[0-9]{1,12}\.[0-9]{1,3}|@?-?[0-9]{1,15}",
        r'"(?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\["\\])*"',
        _TOKEN,
        r":[A-Za-z0-9+/=]*:",
        r"\?[01]",
        r'%"(?:[\x20\x21\x23\x24\x26-\x7e]|%[0-9a-f]{2})*"',
    )
)
_item = re.compile(rf"({_TOKEN})(?:; *[a-z*][a-z0-9_\-.*]*(?:=(?:{_BARE_ITEM}))?)*")


def token_of(value: str) -> str | None:
    """Return the token of a field value, its parameters left out; None where browsers read none (RFC 9651 4.2).

    Lines that were joined with a comma are no token: the field means nothing then.
    """
    found = _item.fullmatch(value[:_READ].strip(BLANKS))
    return found[1] if found else None
