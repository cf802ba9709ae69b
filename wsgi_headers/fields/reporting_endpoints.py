"""Reporting-Endpoints: where browsers send reports, under the names that other fields refer to."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from .. import _structured
from .._frozen_mapping import FrozenMapping
from .._part import Part
from .._structured import NotStructured, Parameters, Token
from ..errors import NOTHING, Problem, Problems
from ..operations import Valued
from ..typed_field import TypedField, unreadable
from .dictionaries import members_of, named_options

# Reporting API 3.2: a URL that is potentially trustworthy, or a path on the site itself. Printable ASCII, as a String.
_endpoint = re.compile(r"(?:https://[A-Za-z0-9\-._~%\[\]:]+(?:[/?][!-~]*)?|/(?!/)[!-~]*)")
# Secure Contexts 3.1: loopback is trustworthy without TLS.
_loopback = re.compile(
    r"http://(?:localhost|(?:[a-z0-9\-]+\.)+localhost|127(?:\.[0-9]{1,3}){3}|\[::1\])(?::[0-9]+)?(?:[/?][!-~]*)?"
)

_CODE = "reporting_endpoints"


class ReportingEndpoints(TypedField):
    """Value of the Reporting-Endpoints response field.

    Reporting API 3.2; a dictionary of strings (RFC 9651). Reports that name no endpoint go to the one named `default`.

        csp="https://reports.example/csp", default="/reports"

    endpoints   addresses by name, as a mapping or by keyword: `https://` or a path on the site itself. Names are as
                given: lower-case letters, digits, `_`, `-`, `.` and `*`, beginning with a letter or `*`

    Raises PolicyError for a name that no dictionary has, and for an address that browsers ignore.

    >>> ReportingEndpoints(csp="https://reports.example/csp").serialize()
    'csp="https://reports.example/csp"'
    """

    field_name = "Reporting-Endpoints"
    open_argument = "endpoints"

    endpoints: FrozenMapping[str]

    def __init__(self, endpoints: Mapping[str, str] | None = None, /, **named: str) -> None:
        problems = Problems()
        where = "ReportingEndpoints"
        given = named_options(problems, where, _CODE, endpoints, named)
        if not given and not problems:
            problems.add(f"{_CODE}.empty", where, NOTHING, "names no endpoint", "ReportingEndpoints(csp='https://...')")
        for name, address in given.items():
            check_endpoint_name(problems, f"{where}[{name!r}]", name)
            if not isinstance(address, str) or not (_endpoint.fullmatch(address) or _loopback.fullmatch(address)):
                reason, fix = "is no address that browsers report to", "https://..., or a path on the site itself"
                problems.add(f"{_CODE}.address", f"{where}[{name!r}]", address, reason, fix, "Reporting API 3.2")
        problems.raise_any()
        self._keep(endpoints=FrozenMapping({name: str.__str__(address) for name, address in given.items()}))

    def _arguments(self) -> tuple[tuple[Any, ...], dict[str, Any]]:
        return (self.endpoints,), {}

    def serialize(self) -> str:
        """Return the dictionary of addresses."""
        return _structured.serialize_dictionary(
            {name: _structured.Item(address) for name, address in self.endpoints.items()}
        )

    @classmethod
    def parse(cls, text: str) -> ReportingEndpoints:
        """Return the field whose value is `text`. Raises PolicyError."""
        members = members_of(cls, text, "Reporting API 3.2")
        # What is no item, an inner list, is told as no address.
        addresses: dict[str, Any] = {name: getattr(member, "value", member) for name, member in members.items()}
        return cls(addresses)


def check_endpoint_name(problems: Problems, where: str, name: Any) -> bool:
    """Note why an endpoint cannot be called `name`, which is a key of a dictionary (RFC 9651 3.2)."""
    if isinstance(name, str) and _structured.is_key(name):
        return True
    reason, fix = "is no name of an endpoint", "lower-case letters, digits, '_', '-' and '.', beginning with a letter"
    problems.add(f"{_CODE}.name", where, name, reason, fix, "RFC 9651 3.2")
    return False


def undeclared(where: str, names: Iterable[str], whole: Sequence[Part]) -> Iterator[Problem]:
    """Give a problem for each endpoint that a part refers to and no part of the `whole` policy declares."""
    declared: set[str] = set()
    for part in whole:
        if isinstance(part, ReportingEndpoints):
            declared.update(part.endpoints)
        elif isinstance(part, Valued) and part.field == "reporting-endpoints":
            if callable(part.value):
                return  # It may declare any name, for each response another.
            if isinstance(part.value, str):
                declared.update(_names(part.value))
    problems = Problems()
    for name in names:
        if name not in declared:
            known = f"declared: {', '.join(sorted(declared))}" if declared else "no endpoint is declared"
            fix = f"add ReportingEndpoints({{{name!r}: 'https://...'}}); {known}"
            reason = "is no endpoint that the policy declares"
            problems.add(f"{_CODE}.undeclared", where, name, reason, fix, "Reporting API 3.2")
    yield from problems


def _names(text: str) -> Iterable[str]:
    try:
        return _structured.parse_dictionary(text)
    except NotStructured:
        return ()


def check_reporting(problems: Problems, where: str, code: str, report_only: Any, report_to: Any) -> None:
    """Note what is wrong with the two options of policies that report under a parameter of their members."""
    if type(report_only) is not bool:
        problems.add(f"{code}.report_only", f"{where}.report_only", report_only, "is no bool", "True or False")
    if report_to is not None:
        check_endpoint_name(problems, f"{where}.report_to", report_to)


def reported_to(field: type[TypedField], text: str, parameters: Iterable[Parameters]) -> str | None:
    """Return the one endpoint that the parameters of all members name, None for none. Raises PolicyError."""
    endpoints: set[Any] = set()
    for of_member in parameters:
        found = dict(of_member)
        endpoint = found.pop("report-to", None)
        endpoints.add(endpoint.text if isinstance(endpoint, Token) else endpoint)
        if found:
            raise unreadable(field, text, f"has a parameter {next(iter(found))!r} that browsers skip", "Reporting API")
    if len(endpoints) > 1:
        raise unreadable(field, text, "reports to several endpoints, where one is for all members", "Reporting API")
    return next(iter(endpoints), None)
