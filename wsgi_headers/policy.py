"""Policy and Rule: parts in order, flattened, with the contradictions between them refused."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TypeVar

from ._part import Part
from .errors import NOTHING, Problems
from .match import Match

_P = TypeVar("_P", bound=Part)


class Policy(Part):
    """The whole immutable declaration: an ordered tuple of parts. A Policy is a part of another Policy too.

    parts   what it was given, in order

    >>> from wsgi_headers import Remove
    >>> Policy(Remove("X-Powered-By"))
    Policy(Remove('X-Powered-By'))

    Raises PolicyError for what is no part, and for contradictions between the parts.
    """

    parts: tuple[Part, ...]

    def __init__(self, *parts: Part) -> None:
        problems = Problems()
        _check_parts(problems, "Policy", parts)
        problems.raise_any()
        self._keep(parts=parts)

    def spread(self) -> Iterator[tuple[tuple[Match, ...], Part]]:
        """Return the parts that this policy is made of, each with the matches under which it holds."""
        for part in self.parts:
            yield from part.spread()

    def find(self, part_type: type[_P]) -> _P | None:
        """Return the last part of that type that holds everywhere, else the last one under a rule, else None.

        A typed field is found inside an operation too, `Default(ReferrerPolicy("no-referrer"))`.
        """
        found: _P | None = None
        conditional: _P | None = None
        for matches, leaf in self.spread():
            for part in leaf.within():
                if isinstance(part, part_type):
                    if matches:
                        conditional = part
                    else:
                        found = part
        return found if found is not None else conditional


class Rule(Part):
    """Parts that hold where the match holds; the matches of a rule inside a rule add up.

    >>> from wsgi_headers import Set
    >>> Rule(Match(path="/admin/"), Set("Cache-Control", "no-store"))
    Rule(Match(path='/admin/'), Set('Cache-Control', 'no-store'))

    Raises PolicyError for what is no match or no part, and for contradictions between the parts and the match.
    """

    match: Match
    parts: tuple[Part, ...]

    def __init__(self, match: Match, *parts: Part) -> None:
        problems = Problems()
        if not isinstance(match, Match):
            problems.add("rule.match", "Rule.match", match, "is no Match", "Rule(Match(path='/admin/'), ...)")
        if not parts:
            problems.add(
                "rule.empty", "Rule.parts", NOTHING, "does nothing", "give the parts that hold under the match"
            )
        _check_parts(problems, "Rule", parts)
        problems.raise_any()
        self._keep(match=match, parts=parts)
        problems.extend(problem for matches, part in self.spread() for problem in part.refuses(matches))
        for matches, part in self.spread():
            if part.guard is not None and any(match.reads_head for match in matches):
                reason = "acts before the application answers, under a match on status or media type"
                fix = "match on the request alone"
                problems.add("rule.guard", f"Rule.{type(part).__name__}", match, reason, fix)
        problems.raise_any()

    def spread(self) -> Iterator[tuple[tuple[Match, ...], Part]]:
        """Return the parts, each with this match and those of the rules between."""
        for part in self.parts:
            for matches, leaf in part.spread():
                yield (self.match, *matches), leaf


def _check_parts(problems: Problems, where: str, parts: Sequence[object]) -> None:
    beside: list[Part] = []
    for position, part in enumerate(parts):
        if isinstance(part, Part) and not isinstance(part, Match):
            beside.append(part)
            continue
        fix = "give parts: operations, typed fields, cookie parts, rules, policies"
        if isinstance(part, type) and issubclass(part, Part):
            fix = f"call it: {part.__name__}(...)"
        elif isinstance(part, Match):
            fix = "Rule(Match(...), parts)"
        elif isinstance(part, Iterable) and not isinstance(part, (str, bytes)):
            fix = "spread it with a star: Policy(*parts)"
        problems.add("policy.part", f"{where}.parts[{position}]", part, "is no part of a policy", fix)
    whole = _whole(beside)
    # One and the same part may stand twice; it is asked once.
    for part in {id(part): part for part in beside}.values():
        problems.extend(part.conflicts(beside, whole))


def unresolved(policy: Policy) -> Problems:
    """Return what no part of the whole policy answers: names that refer across it."""
    problems = Problems()
    whole = _whole([policy])
    for part in whole:
        problems.extend(part.unresolved(whole))
    return problems


def _whole(parts: Sequence[Part]) -> list[Part]:
    """Return all that `parts` are made of, and what stands inside that."""
    return [part for outer in parts for _, leaf in outer.spread() for part in leaf.within()]
