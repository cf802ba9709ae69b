"""Referrer-Policy, as the Observatory judges it."""

from __future__ import annotations

from .scan import BLANKS, Scan

# Referrer Policy 3: the tokens that keep path and query from other origins and from http, and those that do not.
_PRIVATE = frozenset(("no-referrer", "same-origin", "strict-origin", "strict-origin-when-cross-origin"))
_UNSAFE = frozenset(("origin", "origin-when-cross-origin", "unsafe-url", "no-referrer-when-downgrade"))


def referrer_policy(scan: Scan) -> str:
    """Return the result of the test."""
    value = scan.fields.get("referrer-policy")
    if value is None:
        return "referrer-policy-not-implemented"
    # Referrer Policy 8.1: the last token that is known counts.
    for token in reversed(value.split(",")):
        token = token.strip(BLANKS).lower()
        if token in _PRIVATE:
            return "referrer-policy-private"
        if token in _UNSAFE:
            return "referrer-policy-unsafe"
    return "referrer-policy-header-invalid"
