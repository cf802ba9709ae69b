"""Integrity-Policy: what a page may load only with integrity metadata."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any

from .. import _structured
from .._part import Part, near_miss
from .._structured import InnerList, Item, Token
from ..errors import NOTHING, Problem, Problems
from ..typed_field import TypedField, unreadable
from .dictionaries import members_of
from .reporting_endpoints import check_endpoint_name, undeclared

# Subresource Integrity 3.8: the destinations and sources that a policy may name.
DESTINATIONS = ("script", "style")
SOURCES = ("inline",)

_CODE = "integrity_policy"
_REFERENCE = "Subresource Integrity 3.8"
_KEYS = ("blocked-destinations", "sources", "endpoints")


class IntegrityPolicy(TypedField):
    """Value of the Integrity-Policy response field, or of its report-only twin.

    Subresource Integrity 3.8; a dictionary of lists of tokens (RFC 9651).

        blocked-destinations=(script), endpoints=(integrity)

    blocked_destinations   `script`, `style`: what is blocked without integrity metadata
    sources                where the metadata may stand: `inline`, which is meant where none is named
    endpoints              names of endpoints that a ReportingEndpoints of the policy declares
    report_only            True: what would be blocked is reported, and loaded

    Raises PolicyError for destinations and sources that browsers do not know, and where nothing is blocked.

    >>> IntegrityPolicy(blocked_destinations=["script"]).serialize()
    'blocked-destinations=(script)'
    """

    field_name = "Integrity-Policy"

    blocked_destinations: tuple[str, ...]
    sources: tuple[str, ...]
    endpoints: tuple[str, ...]
    report_only: bool

    def __init__(
        self,
        *,
        blocked_destinations: str | Iterable[str],
        sources: str | Iterable[str] = (),
        endpoints: str | Iterable[str] = (),
        report_only: bool = False,
    ) -> None:
        problems = Problems()
        where = "IntegrityPolicy"
        destinations = _listed(problems, f"{where}.blocked_destinations", blocked_destinations)
        known_sources = _listed(problems, f"{where}.sources", sources)
        names = _listed(problems, f"{where}.endpoints", endpoints)
        if not destinations and not problems:
            place = f"{where}.blocked_destinations"
            problems.add(f"{_CODE}.empty", place, NOTHING, "names no destination", "'script', 'style'", _REFERENCE)
        for option, given, known in (
            ("blocked_destinations", destinations, DESTINATIONS),
            ("sources", known_sources, SOURCES),
        ):
            for position, one in enumerate(given):
                if one not in known:
                    place, fix = f"{where}.{option}[{position}]", near_miss(str(one), known)
                    problems.add(f"{_CODE}.{option}", place, one, "is ignored by browsers", fix, _REFERENCE)
        for position, name in enumerate(names):
            check_endpoint_name(problems, f"{where}.endpoints[{position}]", name)
        if type(report_only) is not bool:
            problems.add(f"{_CODE}.report_only", f"{where}.report_only", report_only, "is no bool", "True or False")
        problems.raise_any()
        self._keep(blocked_destinations=destinations, sources=known_sources, endpoints=names, report_only=report_only)

    def serialize(self) -> str:
        """Return the dictionary of lists; empty ones are left out."""
        lists = zip(_KEYS, (self.blocked_destinations, self.sources, self.endpoints), strict=True)
        members = {key: InnerList(tuple(Item(Token(name)) for name in names)) for key, names in lists if names}
        return _structured.serialize_dictionary(members)

    @classmethod
    def parse(cls, text: str, *, report_only: bool = False) -> IntegrityPolicy:
        """Return the field whose value is `text`. Raises PolicyError, also for what browsers skip in it."""
        lists: dict[str, tuple[str, ...]] = {}
        for key, member in members_of(cls, text, _REFERENCE).items():
            items = member.items if isinstance(member, InnerList) else ()
            names = tuple(item.value.text for item in items if isinstance(item.value, Token) and not item.parameters)
            if key not in _KEYS or member != InnerList(tuple(Item(Token(name)) for name in names)):
                raise unreadable(cls, text, f"has a member {key!r} that browsers skip", _REFERENCE)
            lists[key.replace("-", "_")] = names
        return cls(**{"blocked_destinations": (), **lists}, report_only=report_only)

    def unresolved(self, whole: Sequence[Part]) -> Iterable[Problem]:
        """Return that no ReportingEndpoints of the policy declares what endpoints name."""
        return undeclared("IntegrityPolicy.endpoints", self.endpoints, whole)


def _listed(problems: Problems, where: str, value: Any) -> tuple[Any, ...]:
    if isinstance(value, str):
        return (value,)
    if isinstance(value, (bytes, Mapping, AbstractSet)) or not isinstance(value, Iterable):
        problems.add(f"{_CODE}.type", where, value, "is no list", "a list of names, or one name", _REFERENCE)
        return ()
    names = tuple(str.__str__(one) if isinstance(one, str) else one for one in value)
    for position, name in enumerate(names):
        if name in names[:position]:
            problems.add(f"{_CODE}.repeated", f"{where}[{position}]", name, "is repeated", "name it once")
    return names
