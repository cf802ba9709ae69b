"""Why a head becomes what it becomes: each line, the parts that did it, and the rules that did not hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from ._answering import never_stored
from ._compiled import without_nonces
from ._log import Log, Silence
from ._part import Part
from ._personal import is_authorized, sets_cookie
from ._plan import Leaf, Plan, finishing, judging_parts, speaking
from ._preflight import matched_as
from ._program import checked_status, exact_lines
from ._replacing import answered_lines, of_not_modified
from ._state import asked_of
from .exchange import NOT_MODIFIED, AfterBody, Head, Line, Request
from .match import Match, media_type_of
from .operations import Edit, Operation, Step, effective_steps
from .policy import Policy

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment


class ExplainedLine(NamedTuple):
    """One line of a head.

    before   as the application sent it, None where a part made it
    after    as it goes out, None where it was dropped
    parts    the parts that changed, made or dropped it, in the order in which they acted
    """

    before: Line | None
    after: Line | None
    parts: tuple[Part, ...]


class IdleRule(NamedTuple):
    """Parts that did nothing since a match of theirs did not hold.

    matches   the matches under which they stand, outermost first
    parts     the parts
    reason    what did not hold: "path", "method", "host", "when", "scheme", "status" or "media_type"
    """

    matches: tuple[Match, ...]
    parts: tuple[Part, ...]
    reason: str


class Explanation(NamedTuple):
    """What becomes of a head.

    status   the status line
    lines    the application's lines in their order, then those that the policy adds
    idle     the rules that did not hold
    """

    status: str
    lines: tuple[ExplainedLine, ...]
    idle: tuple[IdleRule, ...]

    @property
    def head(self) -> list[Line]:
        """The lines that go out."""
        return [line.after for line in self.lines if line.after is not None]


@dataclass
class _Traced:
    """A line on its way through the steps of its field."""

    before: Line | None
    now: Line | None
    parts: list[Part] = field(default_factory=list)


def explain(policy: Policy, environ: WSGIEnvironment, status: str, lines: Sequence[Line]) -> Explanation:
    """Return what `policy` makes of a head that an application sends to the request of `environ`, and why.

    Callables of the policy are called as the middleware would. Raises HeadError where the middleware would.
    """
    plan = Plan(policy, Silence())
    entered, environ = environ, {**environ}
    for incoming in (plan.only or plan.choose(entered)).incoming:
        incoming(Request(environ), plan.log)
    return explain_later(policy, entered, environ, status, lines)


def explain_later(
    policy: Policy, entered: WSGIEnvironment, environ: WSGIEnvironment, status: str, lines: Sequence[Line]
) -> Explanation:
    """Return the same for a request whose environ was `entered` and became `environ` until the head was made."""
    plan = Plan(policy, Silence())
    status, sent = checked_status(status), exact_lines(lines)
    request, scheme = Request(entered), Request(environ).scheme
    if plan.answers_preflights:
        request = Request(matched_as(entered))
    chosen = plan.only or plan.choose(entered)
    content_type = next((value for name, value in sent if name.lower() == "content-type"), "")
    code, media_type = status[:3], media_type_of(content_type)
    holding = _holding(chosen.leaves, code, media_type, scheme)
    held = holding
    traced = [_Traced(line, line) for line in sent]
    parts, body = judging_parts(speaking(holding))
    read = None if body is None else body.read(entered)
    answer = None if body is None or read is None else body.judge(read, status, sent)
    if isinstance(answer, AfterBody):
        answer = None  # there is no body here to judge by
    if answer is not None and answer is not NOT_MODIFIED:
        status = answer.status
        sent = answered_lines(answer, sent)
        traced.extend(_aligned(traced, sent, parts))
        content_type = next(value for name, value in answer.lines if name.lower() == "content-type")
        code, media_type = status[:3], media_type_of(content_type)
        holding = _holding(chosen.leaves, code, media_type, scheme)
    by_field: Mapping[str, Sequence[Step]] = plan.steps(holding, scheme)
    if answer is NOT_MODIFIED or code == "304":
        by_field = without_nonces(by_field, plan.with_nonce(chosen.leaves, scheme))
    _trace(traced, by_field, environ)
    asked = asked_of(environ)
    judged = asked is not None and asked.makes_personal
    if judged or is_authorized(entered) or sets_cookie(line.now for line in traced if line.now is not None):
        _trace(traced, plan.steps_if_personal(holding, scheme), environ)
    head = Head(status, [line.now for line in traced if line.now is not None], sent, environ)
    for looking, look in finishing(holding):
        given = list(head.lines)
        look(head, plan.log)
        did = _did(looking, Head(status, given, sent, environ), head.lines, plan.log)
        traced.extend(_aligned([line for line in traced if line.now is not None], head.lines, did))
    if answer is not None:
        after = of_not_modified(head.lines) if answer is NOT_MODIFIED else never_stored(head.lines)
        traced.extend(_aligned([line for line in traced if line.now is not None], after, parts))
    return Explanation(
        head.status if answer is None else answer.status,
        tuple(ExplainedLine(line.before, line.now, tuple(line.parts)) for line in traced if line.before or line.now),
        _idle(plan.leaves, [*held, *holding], request, scheme, code, media_type),
    )


def _holding(leaves: Sequence[Leaf], code: str, media_type: str, scheme: str) -> list[Leaf]:
    return [
        leaf
        for leaf in leaves
        if all(match.holds_for_head(code, media_type) and match.holds_for_scheme(scheme) for match in leaf.matches)
    ]


def _trace(traced: list[_Traced], steps: Mapping[str, Sequence[Any]], environ: WSGIEnvironment) -> None:
    """Take lines through the steps of their fields."""
    for name, of_field in steps.items():
        own = [line for line in traced if line.now is not None and line.now[0].lower() == name]
        traced.extend(_through(of_field, own, environ))


def _through(steps: Sequence[Any], own: list[_Traced], environ: WSGIEnvironment) -> list[_Traced]:
    """Take the lines of one field through its steps, and return the lines that came to be."""
    if not isinstance(steps[0], Operation):
        return [more for line in own for more in _through_folded(steps, line)]
    made: list[_Traced] = []
    for step in effective_steps(steps):
        lines = [line for line in (*own, *made) if line.now is not None]
        if isinstance(step, Edit):
            for line in lines:
                _aligned([line], step.apply([line.now] if line.now is not None else [], environ), [step.part])
        else:
            after = step.apply([line.now for line in lines if line.now is not None], environ)
            made.extend(_aligned(lines, after, [step.part]))
    return made


def _through_folded(steps: Sequence[Any], line: _Traced) -> list[_Traced]:
    """Take one line through steps that are folded into one (cookies), and return those that came to be beside it.

    A part did what comes with it and not without.
    """
    if line.now is None:
        return []
    name, value = line.now
    before: str | tuple[str, ...] | None = value
    for count, step in enumerate(steps, 1):
        edit = step.compile(steps[:count]).edit
        after = edit(value)
        if after != before:
            line.parts.append(step.part)
        before = after
    if before == value:
        line.parts.clear()
    values = before if isinstance(before, tuple) else () if before is None else (before,)
    line.now = (name, values[0]) if values else None
    return [_Traced(None, (name, more), list(line.parts)) for more in values[1:]]


def _did(parts: list[Part], given: Head, after: list[Line], log: Log) -> list[Part]:
    """Return which of the parts that look at a whole head together made `after` of it: without one it is another."""
    did = []
    for part in parts:
        others = [other for other in parts if other is not part]
        look = part.finish(others) if part.finish is not None and others else None
        head = Head(given.status, list(given.lines), given.sent, given.environ)
        if look is not None:
            look(head, log)
        if head.lines != after:
            did.append(part)
    return did or parts


def _aligned(lines: list[_Traced], after: Sequence[Line], parts: list[Part]) -> list[_Traced]:
    """Note what `parts` did to `lines`, which became `after`, and return the lines that they made."""
    left = list(after)
    changed = []
    for line in lines:
        place = next((place for place, candidate in enumerate(left) if candidate == line.now), None)
        if place is None:
            changed.append(line)
        else:
            del left[place]
    for line in changed:
        line.parts.extend(parts)
        field = line.now[0].lower() if line.now is not None else ""
        place = next((place for place, candidate in enumerate(left) if candidate[0].lower() == field), None)
        line.now = None if place is None else left.pop(place)
    return [_Traced(None, line, list(parts)) for line in left]


def _idle(
    leaves: Sequence[Leaf], holding: Sequence[Leaf], request: Request, scheme: str, code: str, media_type: str
) -> tuple[IdleRule, ...]:
    held = {leaf.matches for leaf in holding if leaf.active}
    idle: dict[tuple[Match, ...], list[Part]] = {}
    for leaf in leaves:
        if leaf.matches not in held:
            idle.setdefault(leaf.matches, []).append(leaf.part)
    return tuple(
        IdleRule(matches, tuple(parts), _reason(matches, request, scheme, code, media_type))
        for matches, parts in idle.items()
    )


def _reason(matches: Sequence[Match], request: Request, scheme: str, code: str, media_type: str) -> str:
    for match in matches:
        for name in ("path", "method", "host", "scheme", "status", "media_type"):
            value = getattr(match, name)
            if value is None:
                continue
            alone = Match(**{name: value})
            if not (
                alone.holds_for_request(request)
                and alone.holds_for_scheme(scheme)
                and alone.holds_for_head(code, media_type)
            ):
                return name
    return "when"
