"""RateLimit: how many requests a client has left, and until when."""

from __future__ import annotations

from collections.abc import Mapping

from ..errors import Problems
from ..typed_field import TypedField
from . import quotas
from .quotas import Quotas


class RateLimit(TypedField):
    """Value of the RateLimit response field.

    draft-ietf-httpapi-ratelimit-headers-11, section 4. A structured list of strings with parameters. It usually comes
    from a callable: `Set("RateLimit", lambda environ: RateLimit({...}))`.

        "burst";r=50;t=30

    limits   names of policies mapped to (remaining, reset): requests, int, 0 or more; seconds, int, 0 or more, or None

    Raises PolicyError for other types and numbers, for a name that is not printable ASCII, and for none at all.

    >>> RateLimit({"burst": (50, 30)}).serialize()
    '"burst";r=50;t=30'
    """

    field_name = "RateLimit"

    limits: Quotas

    def __init__(self, limits: Mapping[str, tuple[int, int | None]]) -> None:
        problems = Problems()
        kept = quotas.checked(problems, "RateLimit.limits", limits, least=(0, 0))
        problems.raise_any()
        self._keep(limits=kept)

    def serialize(self) -> str:
        """Return the limits in their order, separated by commas."""
        return quotas.serialize(self.limits, "r", "t")

    @classmethod
    def parse(cls, text: str) -> RateLimit:
        """Return the field whose value is `text`; `pk` has no argument here. Raises PolicyError."""
        return cls(quotas.parse(cls, text, "r", "t"))
