"""Referrer-Policy: how much of an address a browser tells the site that a request goes to."""

from __future__ import annotations

from .._members import members
from .._part import near_miss
from ..errors import NOTHING, Problems
from ..typed_field import TypedField

# Referrer Policy 3: the values of a referrer policy, without the empty string, which is for attributes in HTML.
TOKENS = (
    "no-referrer",
    "no-referrer-when-downgrade",
    "same-origin",
    "origin",
    "strict-origin",
    "origin-when-cross-origin",
    "strict-origin-when-cross-origin",
    "unsafe-url",
)


class ReferrerPolicy(TypedField):
    """Value of the Referrer-Policy response field.

    Referrer Policy 4.1. A browser takes the last token that it knows; those before it are for older ones.

        no-referrer, strict-origin-when-cross-origin

    tokens   one or more of `no-referrer`, `no-referrer-when-downgrade`, `same-origin`, `origin`, `strict-origin`,
             `origin-when-cross-origin`, `strict-origin-when-cross-origin`, `unsafe-url`

    Raises PolicyError for a token that browsers skip, a repeated one, and none at all.

    >>> ReferrerPolicy("strict-origin-when-cross-origin").serialize()
    'strict-origin-when-cross-origin'
    """

    field_name = "Referrer-Policy"

    tokens: tuple[str, ...]

    def __init__(self, *tokens: str) -> None:
        problems = Problems()
        if not tokens:
            problems.add("referrer_policy.empty", "ReferrerPolicy.tokens", NOTHING, "names no policy", "give a token")
        for position, token in enumerate(tokens):
            where = f"ReferrerPolicy.tokens[{position}]"
            if not isinstance(token, str):
                problems.add("referrer_policy.token", where, token, "is no str", "give tokens one by one")
            elif token not in TOKENS:
                fix = near_miss(token, TOKENS)
                problems.add("referrer_policy.token", where, token, "is no policy", fix, "Referrer Policy 3")
            elif token in tokens[:position]:
                problems.add("referrer_policy.repeated", where, token, "is repeated", "name it once")
        problems.raise_any()
        self._keep(tokens=tokens)

    def serialize(self) -> str:
        """Return the tokens, separated by commas."""
        return ", ".join(self.tokens)

    @classmethod
    def parse(cls, text: str) -> ReferrerPolicy:
        """Return the field whose value is `text`, in any case as browsers read it. Raises PolicyError."""
        return cls(*(member.lower() for member in members(text)))
