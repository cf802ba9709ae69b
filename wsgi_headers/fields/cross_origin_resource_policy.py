"""Cross-Origin-Resource-Policy: which sites may load a resource without CORS."""

from __future__ import annotations

from .._part import near_miss
from ..errors import Problems
from ..typed_field import TypedField

# Fetch 3.7, "cross-origin resource policy internal check": compared as they are, case included.
VALUES = ("same-origin", "same-site", "cross-origin")


class CrossOriginResourcePolicy(TypedField):
    """Value of the Cross-Origin-Resource-Policy response field.

    Fetch 3.7.

        same-origin

    value   `same-origin`, `same-site` or `cross-origin`

    Raises PolicyError for other values, another case included: browsers ignore them.

    >>> CrossOriginResourcePolicy("same-origin").serialize()
    'same-origin'
    """

    field_name = "Cross-Origin-Resource-Policy"

    value: str

    def __init__(self, value: str) -> None:
        problems = Problems()
        code, where = "cross_origin_resource_policy.value", "CrossOriginResourcePolicy.value"
        if not isinstance(value, str):
            problems.add(code, where, value, "is no str", near_miss("", VALUES))
        elif value not in VALUES:
            reason = "is ignored by browsers, so any site may load the resource"
            problems.add(code, where, value, reason, near_miss(value, VALUES), "Fetch 3.7")
        problems.raise_any()
        self._keep(value=value)

    def serialize(self) -> str:
        """Return the one value."""
        return self.value

    @classmethod
    def parse(cls, text: str) -> CrossOriginResourcePolicy:
        """Return the field whose value is `text`. Raises PolicyError."""
        return cls(text.strip(" \t"))
