"""Cross-Origin-Resource-Policy, as the Observatory judges it."""

from __future__ import annotations

from .scan import BLANKS, Scan

# What it reads of a value.
_READ = 256


def cross_origin_resource_policy(scan: Scan) -> str:
    """Return the result of the test."""
    value = (scan.fields.get("cross-origin-resource-policy") or "")[:_READ].strip(BLANKS).lower()
    if not value:
        return "corp-not-implemented"
    # Fetch 3.7
    if value in ("same-origin", "same-site", "cross-origin"):
        return f"corp-implemented-with-{value}"
    return "corp-header-invalid"
