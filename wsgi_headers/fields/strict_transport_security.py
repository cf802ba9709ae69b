"""Strict-Transport-Security: a browser uses https alone for this host from now on."""

from __future__ import annotations

import re

from .. import _directives
from .._directives import Directive, NotDirectives
from .._part import near_miss
from ..errors import Problems
from ..typed_field import TypedField, unreadable

# hstspreload.org, "Submission Requirements": a year at least, the subdomains too.
PRELOAD_MAX_AGE = 31_536_000

# RFC 6797 6.1, in lower case; preload is hstspreload.org's.
_DIRECTIVES = ("max-age", "includeSubDomains", "preload")

# RFC 6797 6.1.1: max-age-value = delta-seconds = 1*DIGIT
_seconds = re.compile(r"[0-9]{1,18}")


class StrictTransportSecurity(TypedField):
    """Value of the Strict-Transport-Security response field.

    RFC 6797 6.1. Sent on https only (7.2): where a policy has one, no line of the field leaves on http, the
    application's included.

        max-age=31536000; includeSubDomains

    max_age              seconds, int, 0 or more; 0 makes browsers forget the host
    include_subdomains   bool, required: whether every name below the host has https is the owner's to know
    preload              bool; asks to be built into browsers, which cannot be taken back soon. Needs
                         include_subdomains and a max_age of 31,536,000 or more

    Raises PolicyError for other types, a negative age, and for preload without what its list asks for.

    >>> StrictTransportSecurity(31_536_000, include_subdomains=True).serialize()
    'max-age=31536000; includeSubDomains'
    """

    field_name = "Strict-Transport-Security"

    max_age: int
    include_subdomains: bool
    preload: bool

    def __init__(self, max_age: int, *, include_subdomains: bool, preload: bool = False) -> None:
        problems = Problems()
        where = "StrictTransportSecurity"
        counts = type(max_age) is int and 0 <= max_age < 10**18
        if not counts:
            fix = "whole seconds, 0 or more; 31_536_000 is a year"
            problems.add(
                "strict_transport_security.max_age", f"{where}.max_age", max_age, "is no age", fix, "RFC 6797 6.1.1"
            )
        for name, value in (("include_subdomains", include_subdomains), ("preload", preload)):
            if type(value) is not bool:
                problems.add(
                    f"strict_transport_security.{name}", f"{where}.{name}", value, "is no bool", "True or False"
                )
        if preload is True and counts and max_age < PRELOAD_MAX_AGE:
            reason, fix = "is too short for preload", f"{PRELOAD_MAX_AGE} or more, a year"
            problems.add(
                "strict_transport_security.preload.max_age", f"{where}.max_age", max_age, reason, fix, "hstspreload.org"
            )
        if preload is True and include_subdomains is False:
            reason, fix = "contradicts preload=True", "preload covers the subdomains: include_subdomains=True"
            problems.add(
                "strict_transport_security.preload.subdomains",
                f"{where}.include_subdomains",
                include_subdomains,
                reason,
                fix,
                "hstspreload.org",
            )
        problems.raise_any()
        self._keep(max_age=max_age, include_subdomains=include_subdomains, preload=preload)

    def serialize(self) -> str:
        """Return the directives, separated by semicolons."""
        directives = [Directive("max-age", str(self.max_age))]
        if self.include_subdomains:
            directives.append(Directive("includeSubDomains"))
        if self.preload:
            directives.append(Directive("preload"))
        return _directives.serialize(directives, ";")

    @classmethod
    def parse(cls, text: str) -> StrictTransportSecurity:
        """Return the field whose value is `text`: directives in any order and case. Raises PolicyError."""
        reference = "RFC 6797 6.1"
        try:
            directives = _directives.parse(text, ";")
        except NotDirectives as error:
            raise unreadable(cls, text, str(error), reference) from None
        for name in _directives.repeated(directives):
            raise unreadable(cls, text, f"repeats {name}, so browsers ignore the field", reference)
        given = {directive.name.lower(): directive.value for directive in directives}
        for directive in directives:
            if directive.name.lower() not in map(str.lower, _DIRECTIVES):
                fix = near_miss(directive.name, _DIRECTIVES)
                raise unreadable(cls, text, f"has an unknown directive {directive.name!r}; {fix}", reference)
            if directive.name.lower() != "max-age" and directive.value is not None:
                raise unreadable(cls, text, f"gives a value to {directive.name}", reference)
        seconds = given.get("max-age")
        if seconds is None or _seconds.fullmatch(seconds) is None:
            raise unreadable(cls, text, "has no max-age in whole seconds", reference)
        return cls(int(seconds), include_subdomains="includesubdomains" in given, preload="preload" in given)
