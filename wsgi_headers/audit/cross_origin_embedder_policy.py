"""Cross-Origin-Embedder-Policy, as the Observatory judges it since algorithm 6."""

from __future__ import annotations

from .scan import Scan
from .structured_token import token_of

# HTML, "Cross-origin embedder policies"
_VALUES = frozenset(("require-corp", "credentialless", "unsafe-none"))


def cross_origin_embedder_policy(scan: Scan) -> str:
    """Return the result of the test."""
    value = scan.fields.get("cross-origin-embedder-policy")
    if not value:
        return "coep-not-implemented"
    token = token_of(value)
    return f"coep-implemented-with-{token}" if token in _VALUES else "coep-header-invalid"
