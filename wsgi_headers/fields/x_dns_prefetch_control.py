"""X-DNS-Prefetch-Control: whether a browser looks up the hosts of a page's links before anybody follows them."""

from __future__ import annotations

from ..errors import Problems
from ..typed_field import TypedField

# Convention of browsers, read in any case: Chromium's `Document::ParseDNSPrefetchControlHeader`.
VALUES = ("on", "off")


class XDNSPrefetchControl(TypedField):
    """Value of the X-DNS-Prefetch-Control response field.

    A convention of browsers.

        off

    value   `on` or `off`, in any case; kept in lower case

    Raises PolicyError for other values, which do what the browser pleases.

    >>> XDNSPrefetchControl("off").serialize()
    'off'
    """

    field_name = "X-DNS-Prefetch-Control"

    value: str

    def __init__(self, value: str) -> None:
        problems = Problems()
        if not isinstance(value, str) or value.lower() not in VALUES:
            code, where = "x_dns_prefetch_control.value", "XDNSPrefetchControl.value"
            problems.add(code, where, value, "is neither on nor off", "'on' or 'off'")
        problems.raise_any()
        self._keep(value=value.lower())

    def serialize(self) -> str:
        """Return the one value."""
        return self.value

    @classmethod
    def parse(cls, text: str) -> XDNSPrefetchControl:
        """Return the field whose value is `text`. Raises PolicyError."""
        return cls(text.strip(" \t"))
