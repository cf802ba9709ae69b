"""X-Frame-Options: which sites may show a page in a frame, for browsers that find no `frame-ancestors`."""

from __future__ import annotations

from ..errors import Problems
from ..typed_field import TypedField

# HTML 7.7: every other value is ignored, and the page can be framed by any site.
VALUES = ("DENY", "SAMEORIGIN")


class XFrameOptions(TypedField):
    """Value of the X-Frame-Options response field.

    HTML 7.7. An enforced Content-Security-Policy with `frame-ancestors` is read instead of it.

        DENY

    value   `DENY` or `SAMEORIGIN`, in any case; kept in upper case

    Raises PolicyError for other values: browsers ignore them. `ALLOW-FROM` has `frame-ancestors` for its successor.

    >>> XFrameOptions("DENY").serialize()
    'DENY'
    """

    field_name = "X-Frame-Options"

    value: str

    def __init__(self, value: str) -> None:
        problems = Problems()
        fix = "'DENY' or 'SAMEORIGIN'"
        if not isinstance(value, str):
            problems.add("x_frame_options.value", "XFrameOptions.value", value, "is no str", fix)
        elif value.upper() not in VALUES or not value.isascii():
            reason = "is ignored by browsers, so any site may frame the page"
            if value.lower().startswith("allow"):
                fix = "ContentSecurityPolicy(frame_ancestors=[...]) names the sites that may frame a page"
            problems.add("x_frame_options.value", "XFrameOptions.value", value, reason, fix, "HTML 7.7")
        problems.raise_any()
        self._keep(value=value.upper())

    def serialize(self) -> str:
        """Return the one value."""
        return self.value

    @classmethod
    def parse(cls, text: str) -> XFrameOptions:
        """Return the field whose value is `text`. Raises PolicyError."""
        return cls(text.strip(" \t"))
