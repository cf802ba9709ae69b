"""Redirection from http to https. No head of a page on https shows it: it is what the caller says of the site."""

from __future__ import annotations

from .scan import Scan


def redirection(scan: Scan) -> str:
    """Return the result of the test."""
    if scan.preloaded:
        return "redirection-all-redirects-preloaded"
    # A page that came over http was not redirected.
    return "redirection-to-https" if scan.secure and scan.redirects else "redirection-missing"
