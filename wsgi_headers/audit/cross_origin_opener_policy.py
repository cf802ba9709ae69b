"""Cross-Origin-Opener-Policy, as the Observatory judges it since algorithm 6."""

from __future__ import annotations

from .scan import Scan
from .structured_token import token_of

# HTML, "Cross-origin opener policies"
_VALUES = frozenset(("same-origin", "same-origin-allow-popups", "noopener-allow-popups", "unsafe-none"))


def cross_origin_opener_policy(scan: Scan) -> str:
    """Return the result of the test."""
    value = scan.fields.get("cross-origin-opener-policy")
    if not value:
        return "coop-not-implemented"
    token = token_of(value)
    return f"coop-implemented-with-{token}" if token in _VALUES else "coop-header-invalid"
