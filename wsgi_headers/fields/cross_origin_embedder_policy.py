"""Cross-Origin-Embedder-Policy: what a page may embed from other origins without their leave."""

from __future__ import annotations

from .reported_token import ReportedToken


class CrossOriginEmbedderPolicy(ReportedToken):
    """Value of the Cross-Origin-Embedder-Policy response field, or of its report-only twin.

    HTML 7.1.4.1; a token (RFC 9651), case-sensitive.

        require-corp;report-to="coep"

    value         `require-corp`, `credentialless` or `unsafe-none`
    report_to     the name of an endpoint that a ReportingEndpoints of the policy declares
    report_only   True: what would be blocked is reported, and loaded

    Raises PolicyError for other values, which count as `unsafe-none`.

    >>> CrossOriginEmbedderPolicy("require-corp").serialize()
    'require-corp'
    """

    field_name = "Cross-Origin-Embedder-Policy"
    values = ("require-corp", "credentialless", "unsafe-none")
    reference = "HTML 7.1.4.1"
    code = "cross_origin_embedder_policy"
