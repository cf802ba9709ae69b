"""X-Content-Type-Options, as the Observatory judges it."""

from __future__ import annotations

from .scan import BLANKS, Scan

# What it reads of a value.
_READ = 256


def x_content_type_options(scan: Scan) -> str:
    """Return the result of the test."""
    value = scan.fields.get("x-content-type-options")
    if not value:
        return "x-content-type-options-not-implemented"
    if value[:_READ].strip(BLANKS).lower() == "nosniff":
        return "x-content-type-options-nosniff"
    return "x-content-type-options-header-invalid"
