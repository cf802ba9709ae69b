"""X-Frame-Options, and frame-ancestors in its place, as the Observatory judges them."""

from __future__ import annotations

from .content_security_policy import frame_ancestors_stand
from .scan import BLANKS, Scan

# What it reads of a value.
_READ = 1024


def x_frame_options(scan: Scan) -> str:
    """Return the result of the test."""
    # CSP3 6.4.2.1: beside frame-ancestors, browsers do not look at X-Frame-Options.
    if frame_ancestors_stand(scan.fields):
        return "x-frame-options-implemented-via-csp"
    value = scan.fields.get("x-frame-options")
    if not value:
        return "x-frame-options-not-implemented"
    value = value[:_READ].strip(BLANKS).lower()
    if value in ("deny", "sameorigin"):
        return "x-frame-options-sameorigin-or-deny"
    if value.startswith("allow-from"):
        return "x-frame-options-allow-from-origin"
    return "x-frame-options-header-invalid"
