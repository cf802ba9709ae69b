"""Document-Policy: how a document behaves, beyond what features it may use."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from .. import _structured
from .._frozen_mapping import FrozenMapping
from .._part import Part, near_miss
from .._structured import Item, Parameters, Token
from ..errors import NOTHING, Problem, Problems
from ..typed_field import TypedField
from .dictionaries import members_of, named_options
from .reporting_endpoints import check_reporting, reported_to, undeclared

# The configuration points that browsers know and the type of their value: document_policy_features.json5 of Chromium,
# the one engine with this field. Most of them are tried out behind a flag.
FEATURES: Mapping[str, type] = MappingProxyType(
    {
        "document-write": bool,
        "expect-no-linked-resources": bool,
        "font-display-late-swap": bool,
        "force-load-at-top": bool,
        "include-js-call-stacks-in-crash-reports": bool,
        "js-profiling": bool,
        "layout-animations": bool,
        "lossless-images-max-bpp": float,
        "lossless-images-strict-max-bpp": float,
        "lossy-images-max-bpp": float,
        "oversized-images": float,
        "sync-script": bool,
        "sync-xhr": bool,
        "unsized-media": bool,
    }
)

_CODE = "document_policy"
_REFERENCE = "Document Policy 7.2.1"


class DocumentPolicy(TypedField):
    """Value of the Document-Policy response field, or of its report-only twin.

    Document Policy 7.2.1 and 7.2.2; a dictionary of booleans and decimals (RFC 9651).

        document-write=?0, js-profiling, oversized-images=2.0

    features      values by feature, as a mapping or by keyword (`js_profiling` for `js-profiling`): True or False, or
                  a number, 0 or more, of three places at most, for features with a limit
    report_only   True: violations are reported and nothing is changed
    report_to     the endpoint that violations of these features are reported to

    Raises PolicyError for a feature that browsers do not know and for a value of another type.

    >>> DocumentPolicy({"document-write": False, "js-profiling": True}).serialize()
    'document-write=?0, js-profiling'
    """

    field_name = "Document-Policy"
    open_argument = "features"

    features: FrozenMapping[bool | float]
    report_only: bool
    report_to: str | None

    def __init__(
        self,
        features: Mapping[str, bool | float] | None = None,
        /,
        *,
        report_only: bool = False,
        report_to: str | None = None,
        **named: bool | float | None,
    ) -> None:
        problems = Problems()
        where = "DocumentPolicy"
        by_name = {self.option_name(name): value for name, value in named.items()}
        given = named_options(problems, where, _CODE, features, by_name)
        if not given and not problems:
            problems.add(f"{_CODE}.empty", where, NOTHING, "names no feature", "DocumentPolicy({'js-profiling': True})")
        kept: dict[str, bool | float] = {}
        for feature, value in given.items():
            place = f"{where}[{feature!r}]"
            if feature not in FEATURES:
                fix = near_miss(feature, FEATURES)
                problems.add(f"{_CODE}.feature", place, feature, "is no feature", fix, _REFERENCE)
            elif FEATURES[feature] is bool and type(value) is not bool:
                problems.add(f"{_CODE}.value", place, value, "is no bool", "True or False", _REFERENCE)
            elif FEATURES[feature] is float and not _is_limit(value):
                fix = "a number of three places at most, 0 or more"
                problems.add(f"{_CODE}.value", place, value, "is no limit", fix, _REFERENCE)
            else:
                kept[feature] = value if type(value) is bool else float(value)
        check_reporting(problems, where, _CODE, report_only, report_to)
        problems.raise_any()
        self._keep(features=FrozenMapping(kept), report_only=report_only, report_to=report_to)

    def serialize(self) -> str:
        """Return the dictionary of values."""
        parameters: Parameters = (("report-to", Token(self.report_to)),) if self.report_to is not None else ()
        members = {
            feature: Item(value if type(value) is bool else Decimal(repr(value)), parameters)
            for feature, value in self.features.items()
        }
        return _structured.serialize_dictionary(members)

    @classmethod
    def parse(cls, text: str, *, report_only: bool = False) -> DocumentPolicy:
        """Return the field whose value is `text`. Raises PolicyError, also for what browsers skip in it."""
        members = members_of(cls, text, _REFERENCE)
        features: dict[str, Any] = {name: getattr(member, "value", member) for name, member in members.items()}
        endpoint = reported_to(cls, text, (member.parameters for member in members.values()))
        return cls(features, report_only=report_only, report_to=endpoint)

    @classmethod
    def option_name(cls, name: str) -> str:
        """Return the feature that is meant by a keyword."""
        return name.replace("_", "-")

    def unresolved(self, whole: Sequence[Part]) -> Iterable[Problem]:
        """Return that no ReportingEndpoints of the policy declares what report_to names."""
        return undeclared("DocumentPolicy.report_to", [self.report_to] if self.report_to else [], whole)


def _is_limit(value: Any) -> bool:
    # RFC 9651 3.3.2: 12 digits before the point, three after it.
    return type(value) in (int, float, Decimal) and 0 <= value < 10**12 and round(float(value), 3) == float(value)
