"""The plan: a policy, compiled when the middleware is built.

Theory. An operation reads and writes the lines of one field. Operations on different fields therefore commute, and only
the order of the operations on one field means something. So the plan may

  - take the parts apart, whatever their order and nesting, and group what they do by field, keeping the order of
    declaration within a field;
  - fold the operations on a field into one small program, and those whose outcome does not depend on the response into
    constant lines;
  - put the lines of different fields into the new head in any order (RFC 9110 5.3 gives it no meaning).

Matches look at the request and at what the application sent, never at what an operation made. So the rules that hold
are known before the first operation, and the program for a set of rules that hold can be compiled once and remembered.

It follows that no operation can read another field's result, that the relative order of different fields is not kept,
and that there are no operations on patterns of names.

The plan asks a part only for its phases (`_part.Part`): `incoming`, `guard`, `body`, `operations`,
`operations_if_personal`, `finish`, `varies_on`.
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Hashable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from . import _personal, _preflight, _registry
from ._compiled import Compiled, WithNonce, fields_with_nonce
from ._log import Log
from ._part import Part
from ._selection import Holding, Selector
from ._start import start_by_scheme, start_for_heads, start_for_program
from .exchange import BodyPhase, Decision, Head, Line, Request
from .match import Match, media_type_of
from .operations import FieldProgram, Merge, Operation, Remove, Step
from .policy import Policy

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

# Bound of what is remembered. A site has few combinations of rules, and few of status and Content-Type under one of
# them.
_COMBINATIONS = 512

_HTTPS, _HTTP = "https", "http"


class Leaf(NamedTuple):
    """One part with the matches of the rules that it stands in.

    active   False where a `when` of theirs said no, or a later part speaks in its place
    """

    matches: tuple[Match, ...]
    part: Part
    active: bool = True


class DerivedVary(Merge):
    """The Vary that follows from a part which reads the request; after every operation (RFC 9110 12.5.5)."""

    cause: Part

    def __init__(self, cause: Part, fields: str, /) -> None:
        super().__init__("Vary", fields)
        self._keep(cause=cause)

    @property
    def part(self) -> Part:
        """The part whose outcome depends on the request."""
        return self.cause

    def __repr__(self) -> str:
        return f"Merge('Vary', {self.value!r})"


class HttpsOnly(Remove):
    """A field that must not be sent over an insecure transport leaves the head there (RFC 6797 7.2)."""

    cause: Part

    def __init__(self, cause: Part, name: str, /) -> None:
        super().__init__(name)
        self._keep(cause=cause)

    @property
    def part(self) -> Part:
        """The part that speaks of the field."""
        return self.cause

    def __repr__(self) -> str:
        return f"Remove({self.name!r})"


class Chosen:
    """What holds for a request as it entered: what acts before the application, and the programs for what may follow.

    acts_early   whether a part has a say before the application is called
    body         what may put an answer in the place of a response; None where nothing may
    direct       whether neither is so: the application is called at once, and what it returns goes out
    incoming     what changes the environ before the application sees it
    log          that of the plan
    settled      what heads go through on https and on any other scheme, where nothing else is left open; else None
    bind         gives the `start_response` of one response, bound to its state
    """

    def __init__(
        self, plan: Plan, leaves: Sequence[Leaf], *, preflight: bool = False, authorized: bool = False
    ) -> None:
        self._plan = plan
        self._authorized = authorized
        self.log = plan.log
        self.leaves = tuple(leaves)
        active = [leaf for leaf in leaves if leaf.active]
        early = [leaf.part for leaf in active if not any(map(_known_later, leaf.matches))]
        self.incoming = [act for _, act in together(early, _incoming)]
        guarding = [leaf for leaf in active if preflight or not leaf.part.guards_preflights_alone]
        # Of those of one rank the last declared is asked first.
        guarding = sorted((leaf for leaf in reversed(guarding) if plan.guard(leaf.part) is not None), key=_guard_rank)
        self._guards = [(leaf, plan.guard(leaf.part)) for leaf in guarding]
        self.acts_early = bool(self._guards or self.incoming)
        self.body = _judging_parts(active)[1]
        self.direct = not self.acts_early and self.body is None
        self._by_head: dict[tuple[str, str, str], Compiled] = {}
        self.settled: tuple[Compiled, Compiled] | None = None
        if not any(match.reads_head for leaf in leaves for match in leaf.matches):
            secure, plain = (plan.compiled(self.leaves, scheme, authorized) for scheme in (_HTTPS, _HTTP))
            self.settled = (secure, plain)
        if self.settled is None or any(compiled.finish for compiled in self.settled):
            start = start_for_heads(self.compiled, plan.log)
        else:
            secure, plain = self.settled
            start = start_for_program(secure)
            if plain is not secure:
                start = start_by_scheme(start, start_for_program(plain))
        self.bind = start.__get__

    @functools.cached_property
    def of_preflight(self) -> Chosen:
        """What holds for a preflight that asks for such a request: the guards of preflights have a say too."""
        return Chosen(self._plan, self.leaves, preflight=True, authorized=self._authorized)

    @functools.cached_property
    def of_authorized(self) -> Chosen:
        """What holds for such a request that has an Authorization field."""
        return Chosen(self._plan, self.leaves, authorized=True)

    def decisions(self, request: Request) -> Iterator[tuple[Part, Decision]]:
        """Give what guards decide about the request, in their order; for whoever stops at the first that answers."""
        scheme = request.scheme
        for leaf, guard in self._guards:
            if guard is not None and all(match.holds_for_scheme(scheme) for match in leaf.matches):
                decision = guard(request)
                if decision is not None:
                    yield leaf.part, decision

    def compiled(self, scheme: str, status: str, lines: Sequence[Line]) -> Compiled:
        """Return what a head goes through, by what the application sent."""
        if self.settled is not None:
            return self.settled[scheme != _HTTPS]
        content_type = next((value for name, value in lines if name.lower() == "content-type"), "")
        key = (scheme, status[:3], content_type)
        known = self._by_head.get(key)
        if known is None:
            if len(self._by_head) >= _COMBINATIONS:
                self._by_head.clear()
            code, media_type = status[:3], media_type_of(content_type)
            holding = [leaf for leaf in self.leaves if all(m.holds_for_head(code, media_type) for m in leaf.matches)]
            known = self._by_head[key] = self._plan.compiled(tuple(holding), scheme, self._authorized, self.leaves)
        return known


class Plan:
    """A policy, compiled.

    leaves               the parts of the policy in order, each with its matches
    answers_preflights   whether one of them does
    apart                the keys of environ that may set a request apart from others that the same rules hold for
    only                 what holds for every request but those, where nothing reads the request as it enters; else None
    choose               gives what holds for the request of an environ, as it enters
    log                  where parts tell what a request or a head made them do
    """

    def __init__(self, policy: Policy, log: Log | None = None) -> None:
        self.policy = policy
        self.log = Log() if log is None else log
        self.leaves = [Leaf(matches, part) for matches, part in policy.spread()]
        self._selector = Selector(leaf.matches for leaf in self.leaves)
        self._https_only = self._fields_for_https_only()
        self._compiled: dict[Hashable, Compiled] = {}
        self._chosen: dict[frozenset[Holding], Chosen] = {}
        self._folded: dict[tuple[Step, ...], FieldProgram] = {}
        self._guards: dict[int, Callable[[Request], Decision | None] | None] = {}
        unconditional = self._choose(self._selector.always)
        self.only = None if self._selector.conditional else unconditional
        self.choose = self._selector.chooser(unconditional, self._look)
        self.apart: tuple[str, ...] = ()
        if any(leaf.part.operations_if_personal(scheme) for leaf in self.leaves for scheme in (_HTTPS, _HTTP)):
            self.apart = _personal.AUTHORIZATION
            self.choose = _personal.chooser(self.choose, operator.attrgetter("of_authorized"))
        self.answers_preflights = any(leaf.part.guards_preflights_alone for leaf in self.leaves)
        if self.answers_preflights:
            self.apart = (*self.apart, _preflight.ASKED_METHOD)
            # A preflight is about the request that it asks for, and matches rules as that one.
            self.choose = _preflight.chooser(self.choose, operator.attrgetter("of_preflight"))

    def _look(self, environ: WSGIEnvironment, candidates: list[int]) -> Chosen:
        return self._choose(self._selector.holding(Request(environ), candidates))

    def _choose(self, holding: frozenset[Holding]) -> Chosen:
        chosen = self._chosen.get(holding)
        if chosen is None:
            if len(self._chosen) >= _COMBINATIONS:
                self._chosen.clear()
            holds = dict(holding)
            index = self._selector.index
            near = ((leaf, holds.get(index[leaf.matches])) for leaf in self.leaves)
            leaves = [leaf._replace(active=active) for leaf, active in near if active is not None]
            chosen = self._chosen[holding] = Chosen(self, leaves)
        return chosen

    def guard(self, part: Part) -> Callable[[Request], Decision | None] | None:
        """Return the guard of one of the parts, compiled once."""
        if id(part) not in self._guards:
            self._guards[id(part)] = part.guard
        return self._guards[id(part)]

    def compiled(
        self, leaves: tuple[Leaf, ...], scheme: str, authorized: bool, of_request: Sequence[Leaf] | None = None
    ) -> Compiled:
        """Return what a head goes through under leaves that hold but for the scheme; equal ones give one object.

        authorized   whether the request has an Authorization field
        of_request   the leaves that hold for the request, where some of them do not for the head
        """
        holding = [leaf for leaf in leaves if all(match.holds_for_scheme(scheme) for match in leaf.matches)]
        steps = self.steps(holding, scheme)
        looking = tuple(leaf.part for leaf in holding if leaf.active and leaf.part.finish is not None)
        judges, body = _judging_parts(speaking(holding))
        if_personal = self.steps_if_personal(holding, scheme)
        authorized = authorized and bool(if_personal)
        with_nonce = self.with_nonce(leaves if of_request is None else of_request, scheme)
        by_field = (tuple(map(tuple, some.values())) for some in (steps, if_personal))
        key = (*by_field, looking, tuple(judges), authorized, tuple(with_nonce.values()))
        known = self._compiled.get(key)
        if known is None:
            if len(self._compiled) >= _COMBINATIONS:
                self._compiled.clear()
            last = {
                field: [step for step in of_field if isinstance(step, DerivedVary | HttpsOnly)]
                for field, of_field in steps.items()
            }
            looks, fold = _finishing(holding), self._folded_steps
            compiled = (steps, last, if_personal, looks, body, judges, with_nonce)
            known = Compiled(*compiled, fold, authorized=authorized)
            self._compiled[key] = known
        return known

    def with_nonce(self, leaves: Sequence[Leaf], scheme: str) -> dict[str, WithNonce]:
        """Return, by field, what keeps the fields that a response may have with a nonce off its 304.

        leaves   those that hold for the request, whatever they ask of the head
        """
        holding = [
            (leaf.part, any(match.reads_head for match in leaf.matches))
            for leaf in leaves
            if leaf.active and all(match.holds_for_scheme(scheme) for match in leaf.matches)
        ]
        return fields_with_nonce(holding, scheme)

    def _folded_steps(self, steps: tuple[Step, ...]) -> FieldProgram:
        """Return the program of one field, which programs for different rules share: a list of origins may be long."""
        known = self._folded.get(steps)
        if known is None:
            if len(self._folded) >= _COMBINATIONS:
                self._folded.clear()
            known = self._folded[steps] = steps[0].compile(steps)
        return known

    def steps(self, leaves: Sequence[Leaf], scheme: str) -> dict[str, list[Step]]:
        """Return the steps of leaves that hold, by the lower-case name of their field, in the order they act."""
        by_field: dict[str, list[Step]] = {}
        leaves = speaking(leaves)
        for leaf in leaves:
            for step in leaf.part.operations(scheme) if leaf.active else ():
                by_field.setdefault(step.field, []).append(step)
        if scheme != _HTTPS:
            for step in self._https_only:
                by_field.setdefault(step.field, []).append(step)
        for leaf in leaves:
            for part in (*leaf.matches, leaf.part) if leaf.active else leaf.matches:
                if part.varies_on:
                    by_field.setdefault("vary", []).append(DerivedVary(part, ", ".join(part.varies_on)))
        return by_field

    def steps_if_personal(self, leaves: Sequence[Leaf], scheme: str) -> dict[str, list[Operation]]:
        """Return the same of the steps that come after those where the response is personal."""
        by_field: dict[str, list[Operation]] = {}
        for leaf in speaking(leaves):
            for step in leaf.part.operations_if_personal(scheme) if leaf.active else ():
                by_field.setdefault(step.field, []).append(step)
        return by_field

    def _fields_for_https_only(self) -> list[HttpsOnly]:
        found: dict[str, HttpsOnly] = {}
        for leaf in self.leaves:
            for scheme in (_HTTPS, _HTTP):
                for step in leaf.part.operations(scheme):
                    field = _registry.lookup(step.field)
                    if field is not None and field.https_only:
                        found.setdefault(step.field, HttpsOnly(leaf.part, field.name))
        return list(found.values())


def _known_later(match: Match) -> bool:
    return match.reads_head or match.scheme is not None


def speaking(leaves: Sequence[Leaf]) -> list[Leaf]:
    """Return the leaves, those inactive in whose place a later one of their type speaks."""
    last = {type(leaf.part): place for place, leaf in enumerate(leaves) if leaf.active and leaf.part.last_speaks}
    return [
        leaf if last.get(type(leaf.part), place) == place else leaf._replace(active=False)
        for place, leaf in enumerate(leaves)
    ]


def _guard_rank(leaf: Leaf) -> int:
    return leaf.part.guard_rank


def _finish_rank(part: Part) -> int:
    return part.finish_rank


def _incoming(part: Part) -> Any:
    return part.incoming


def _finish(part: Part) -> Any:
    return part.finish


def _body(part: Part) -> Any:
    return part.body


def together(parts: Sequence[Part], phase: Callable[[Part], Any]) -> list[tuple[list[Part], Any]]:
    """Return what acts in a phase, each with the parts that it acts for.

    phase   gives the function that compiles a part with all others that give the same one, None where it has no say
    """
    groups: dict[Any, list[Part]] = {}
    for part in parts:
        if phase(part) is not None:
            groups.setdefault(phase(part), []).append(part)
    compiled = [(of_group, phase(of_group[0])(of_group)) for of_group in groups.values()]
    return [(of_group, act) for of_group, act in compiled if act is not None]


def _finishing(leaves: Sequence[Leaf]) -> list[tuple[list[Part], Callable[[Head, Log], None]]]:
    """Return what looks at the whole head under leaves that hold, each with the parts that it acts for."""
    return together(sorted((leaf.part for leaf in leaves if leaf.active), key=_finish_rank), _finish)


def _judging_parts(leaves: Sequence[Leaf]) -> tuple[list[Part], BodyPhase | None]:
    """Return what judges the application's responses, None where nothing does, after the parts that it acts for."""
    # One kind of part has such a phase: a second would fail here.
    (found,) = together([leaf.part for leaf in leaves if leaf.active], _body) or [([], None)]
    return found
