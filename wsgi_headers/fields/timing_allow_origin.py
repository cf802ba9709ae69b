"""Timing-Allow-Origin: which origins may see in detail how long a resource took."""

from __future__ import annotations

from .. import origins as web_origins
from .._members import members
from ..errors import NOTHING, Problems
from ..typed_field import TypedField


class TimingAllowOrigin(TypedField):
    """Value of the Timing-Allow-Origin response field.

    Resource Timing 3.5.2; Fetch, "TAO check". Origins are compared as text with the one that browsers send.

        https://a.example, https://b.example:8443

    origins   one or more origins, or `*` for every one

    Raises PolicyError for what is never sent as an origin (a path, a default port, upper case, a pattern), for `null`,
    which any sandboxed frame sends, for a repeated one and for none at all.

    >>> TimingAllowOrigin("https://a.example").serialize()
    'https://a.example'
    """

    field_name = "Timing-Allow-Origin"

    origins: tuple[str, ...]

    def __init__(self, *origins: str) -> None:
        problems = Problems()
        if not origins:
            reason, fix = "names no origin", "give an origin, or '*' for every one"
            problems.add("timing_allow_origin.empty", "TimingAllowOrigin.origins", NOTHING, reason, fix)
        for position, origin in enumerate(origins):
            where = f"TimingAllowOrigin.origins[{position}]"
            if origin in origins[:position]:
                problems.add("timing_allow_origin.repeated", where, origin, "is repeated", "name it once")
            elif origin != web_origins.ANY:
                web_origins.check_origin(problems, where, origin, patterns=False)
        problems.raise_any()
        self._keep(origins=origins)

    def serialize(self) -> str:
        """Return the origins, separated by commas."""
        return ", ".join(self.origins)

    @classmethod
    def parse(cls, text: str) -> TimingAllowOrigin:
        """Return the field whose value is `text`. Raises PolicyError."""
        return cls(*members(text))
