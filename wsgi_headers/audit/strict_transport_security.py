"""Strict-Transport-Security, as the Observatory judges it."""

from __future__ import annotations

import re

from .scan import BLANKS, Scan

# Seconds. The Observatory calls it six months, which are some days more, since so many sites send 180 days.
_SIX_MONTHS = 15_552_000
# What it reads of the value, and of one directive.
_READ, _READ_OF_DIRECTIVE = 1024, 128

# What JavaScript's parseInt takes: an integer, whatever follows.
_integer = re.compile(rf"[{BLANKS}]*([+-]?[0-9]+)")


def strict_transport_security(scan: Scan) -> str:
    """Return the result of the test."""
    if not scan.secure:
        return "hsts-not-implemented-no-https"
    if scan.preloaded:
        return "hsts-preloaded"
    value = scan.fields.get("strict-transport-security")
    if value is None:
        return "hsts-not-implemented"
    # A comma tells of a second line (RFC 6797 7.1: one line only).
    if "," in value[:_READ]:
        return "hsts-header-invalid"
    result = "hsts-header-invalid"
    for directive in value[:_READ].lower().split(";"):
        directive = directive.strip(BLANKS)
        if directive.startswith("max-age="):
            number = _integer.match(directive[len("max-age=") : _READ_OF_DIRECTIVE])
            # What is no number is not less than six months: the Observatory lets it pass, browsers ignore the field.
            short = number is not None and int(number[1]) < _SIX_MONTHS
            result = f"hsts-implemented-max-age-{'less-than' if short else 'at-least'}-six-months"
    return result
