"""Access-Control-Allow-Origin and its kin in the answer to a preflight, as the Observatory judges them."""

from __future__ import annotations

from .scan import BLANKS, Scan

# The origin that the Observatory's preflight comes from (its src/config.js).
PROBE_ORIGIN = "https://http-observatory.security.mozilla.org"

# What it reads of a value.
_READ = 256


def cross_origin_resource_sharing(scan: Scan) -> str:
    """Return the result of the test."""
    allowed = scan.preflight.get("access-control-allow-origin")
    if not allowed:
        return "cross-origin-resource-sharing-not-implemented"
    if allowed[:_READ].strip(BLANKS) == "*":
        return "cross-origin-resource-sharing-implemented-with-public-access"
    credentials = scan.preflight.get("access-control-allow-credentials") or ""
    if allowed == PROBE_ORIGIN and credentials.strip(BLANKS).lower() == "true":
        return "cross-origin-resource-sharing-implemented-with-universal-access"
    return "cross-origin-resource-sharing-implemented-with-restricted-access"
