"""Cross-Origin-Opener-Policy: which documents share a group of windows, and so can reach each other."""

from __future__ import annotations

from .reported_token import ReportedToken


class CrossOriginOpenerPolicy(ReportedToken):
    """Value of the Cross-Origin-Opener-Policy response field, or of its report-only twin.

    HTML 7.1.3.1; a token (RFC 9651), case-sensitive.

        same-origin;report-to="coop"

    value         `same-origin`, `same-origin-allow-popups`, `noopener-allow-popups` or `unsafe-none`
    report_to     the name of an endpoint that a ReportingEndpoints of the policy declares
    report_only   True: what would be cut off is reported, and nothing is

    Raises PolicyError for other values, which count as `unsafe-none`.

    >>> CrossOriginOpenerPolicy("same-origin").serialize()
    'same-origin'
    """

    field_name = "Cross-Origin-Opener-Policy"
    # HTML 7.1.3: "same-origin-plus-COEP" comes of two fields together and is never sent.
    values = ("same-origin", "same-origin-allow-popups", "noopener-allow-popups", "unsafe-none")
    reference = "HTML 7.1.3.1"
    code = "cross_origin_opener_policy"
