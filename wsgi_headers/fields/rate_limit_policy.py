"""RateLimit-Policy: how many requests a client may make in which time."""

from __future__ import annotations

from collections.abc import Mapping

from ..errors import Problems
from ..typed_field import TypedField
from . import quotas
from .quotas import Quotas


class RateLimitPolicy(TypedField):
    """Value of the RateLimit-Policy response field.

    draft-ietf-httpapi-ratelimit-headers-11, section 3. A structured list of strings with parameters.

        "burst";q=100;w=60, "daily";q=1000;w=86400

    policies   names mapped to (quota, window): requests, int, 0 or more; seconds, int, 1 or more, or None

    Raises PolicyError for other types and numbers, for a name that is not printable ASCII, and for none at all.

    >>> RateLimitPolicy({"burst": (100, 60)}).serialize()
    '"burst";q=100;w=60'
    """

    field_name = "RateLimit-Policy"

    policies: Quotas

    def __init__(self, policies: Mapping[str, tuple[int, int | None]]) -> None:
        problems = Problems()
        kept = quotas.checked(problems, "RateLimitPolicy.policies", policies, least=(0, 1))
        problems.raise_any()
        self._keep(policies=kept)

    def serialize(self) -> str:
        """Return the policies in their order, separated by commas."""
        return quotas.serialize(self.policies, "q", "w")

    @classmethod
    def parse(cls, text: str) -> RateLimitPolicy:
        """Return the field whose value is `text`; `qu` and `pk` have no argument here. Raises PolicyError."""
        return cls(quotas.parse(cls, text, "q", "w"))
