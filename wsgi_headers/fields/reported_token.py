"""What the opener and the embedder policy share: one token of a few, and where violations are reported."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar, Self

from .. import _structured
from .._part import Part, near_miss
from .._structured import Item, NotStructured, Token
from ..errors import Problem, Problems
from ..typed_field import TypedField, unreadable
from .reporting_endpoints import check_reporting, undeclared


class ReportedToken(TypedField):
    """One token with a `report-to` parameter (RFC 9651 3.3); whatever does not parse counts as `unsafe-none`."""

    values: ClassVar[tuple[str, ...]]
    reference: ClassVar[str]
    code: ClassVar[str]

    value: str
    report_to: str | None
    report_only: bool

    def __init__(self, value: str, *, report_to: str | None = None, report_only: bool = False) -> None:
        problems = Problems()
        where = type(self).__name__
        if not isinstance(value, str):
            problems.add(f"{self.code}.value", f"{where}.value", value, "is no str", ", ".join(self.values))
        elif value not in self.values:
            reason, fix = "counts as 'unsafe-none' for browsers", near_miss(value, self.values)
            problems.add(f"{self.code}.value", f"{where}.value", value, reason, fix, self.reference)
        check_reporting(problems, where, self.code, report_only, report_to)
        problems.raise_any()
        self._keep(value=value, report_to=report_to, report_only=report_only)

    def serialize(self) -> str:
        """Return the token, and the endpoint as a parameter."""
        parameters = (("report-to", self.report_to),) if self.report_to is not None else ()
        return _structured.serialize_item(Item(Token(self.value), parameters))

    @classmethod
    def parse(cls, text: str, *, report_only: bool = False) -> Self:
        """Return the field whose value is `text`. Raises PolicyError."""
        try:
            item = _structured.parse_item(text)
        except NotStructured as error:
            raise unreadable(cls, text, f"is no item: {error}", cls.reference) from None
        parameters = dict(item.parameters)
        endpoint = parameters.pop("report-to", None)
        if not isinstance(item.value, Token) or parameters or not (endpoint is None or isinstance(endpoint, str)):
            raise unreadable(cls, text, "is no token with a report-to that is a string", cls.reference)
        return cls(item.value.text, report_to=endpoint, report_only=report_only)

    def unresolved(self, whole: Sequence[Part]) -> Iterable[Problem]:
        """Return that no ReportingEndpoints of the policy declares what report_to names."""
        where = f"{type(self).__name__}.report_to"
        return undeclared(where, [self.report_to] if self.report_to else [], whole)
