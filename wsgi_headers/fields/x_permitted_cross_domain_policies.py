"""X-Permitted-Cross-Domain-Policies: whether PDF readers and Flash may use a policy file of this site."""

from __future__ import annotations

from .._part import near_miss
from ..errors import Problems
from ..typed_field import TypedField

# Cross-domain policy file specification (Adobe), "site-control" and its response field. `by-ftp-filename` is for FTP.
VALUES = ("none", "master-only", "by-content-type", "all", "none-this-response")


class XPermittedCrossDomainPolicies(TypedField):
    """Value of the X-Permitted-Cross-Domain-Policies response field.

    Cross-domain policy file specification (Adobe).

        none

    value   `none`, `master-only`, `by-content-type`, `all`, `none-this-response`

    Raises PolicyError for other values: readers fall back to their default, which allows the master file.

    >>> XPermittedCrossDomainPolicies("none").serialize()
    'none'
    """

    field_name = "X-Permitted-Cross-Domain-Policies"

    value: str

    def __init__(self, value: str) -> None:
        problems = Problems()
        code, where = "x_permitted_cross_domain_policies.value", "XPermittedCrossDomainPolicies.value"
        if not isinstance(value, str):
            problems.add(code, where, value, "is no str", near_miss("", VALUES))
        elif value == "by-ftp-filename":
            problems.add(code, where, value, "has a meaning over FTP alone", "'by-content-type' is that of HTTP")
        elif value not in VALUES:
            problems.add(code, where, value, "is no policy", near_miss(value, VALUES))
        problems.raise_any()
        self._keep(value=value)

    def serialize(self) -> str:
        """Return the one value."""
        return self.value

    @classmethod
    def parse(cls, text: str) -> XPermittedCrossDomainPolicies:
        """Return the field whose value is `text`. Raises PolicyError."""
        return cls(text.strip(" \t"))
