"""Integrity of the scripts that a page loads. No head shows them: the page is taken to load none of others."""

from __future__ import annotations

from .scan import Scan

# As the Observatory compares: what stands before the first semicolon, with regard to case and blanks.
_HTML = frozenset(("text/html", "application/xhtml+xml"))


def subresource_integrity(scan: Scan) -> str:
    """Return the result of the test."""
    media_type = (scan.fields.get("content-type") or "").partition(";")[0]
    return (
        "sri-not-implemented-but-no-scripts-loaded" if media_type in _HTML else "sri-not-implemented-response-not-html"
    )
