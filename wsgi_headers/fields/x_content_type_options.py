"""X-Content-Type-Options: a browser believes the declared media type and does not guess."""

from __future__ import annotations

from ..typed_field import TypedField, unreadable


class XContentTypeOptions(TypedField):
    """Value of the X-Content-Type-Options response field.

    Fetch 3.6. There is one value.

        nosniff

    It takes no arguments. Raises PolicyError for any.

    >>> XContentTypeOptions().serialize()
    'nosniff'
    """

    field_name = "X-Content-Type-Options"

    def __init__(self) -> None:
        self._keep()

    def serialize(self) -> str:
        """Return `nosniff`."""
        return "nosniff"

    @classmethod
    def parse(cls, text: str) -> XContentTypeOptions:
        """Return the field where the first member of `text` is `nosniff`, in any case. Raises PolicyError."""
        first = text.partition(",")[0].strip(" \t")
        if not first.isascii() or first.lower() != "nosniff":
            raise unreadable(cls, text, "does not begin with 'nosniff', so browsers ignore it", "Fetch 3.6")
        return cls()
