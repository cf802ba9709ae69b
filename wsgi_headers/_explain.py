"""Why a head becomes what it becomes: each line, the parts that did it, and the rules that did not hold."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from . import _registry
from ._answering import never_stored
from ._compiled import Compiled, followed
from ._log import Log, Silence
from ._overriding import with_last
from ._part import Part
from ._personal import is_authorized, sets_cookie
from ._plan import Leaf, Plan
from ._preflight import matched_as
from ._program import checked_status, exact_lines
from ._replacing import answered_lines, of_not_modified
from ._state import asked_of
from .exchange import NOT_MODIFIED, AfterBody, Head, Line, Request
from .match import Match, media_type_of
from .operations import Edit, Operation, effective_steps
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
    policy: Policy,
    entered: WSGIEnvironment,
    environ: WSGIEnvironment,
    status: str,
    lines: Sequence[Line],
    body: Sequence[bytes] | None = None,
) -> Explanation:
    """Return the same for a request whose environ was `entered` and became `environ` until the head was made.

    body   the whole body of the response, where it is there to be judged
    """
    plan = Plan(policy, Silence())
    status, sent = checked_status(status), exact_lines(lines)
    request, scheme = Request(entered), Request(environ).scheme
    if plan.answers_preflights:
        request = Request(matched_as(entered))
    chosen = plan.only or plan.choose(entered)
    content_type = next((value for name, value in sent if name.lower() == "content-type"), "")
    code, media_type = status[:3], media_type_of(content_type)
    holding = held = _holding(chosen.leaves, code, media_type, scheme)
    compiled = plan.compiled(tuple(holding), scheme, is_authorized(entered), chosen.leaves)
    traced = [_Traced(line, line) for line in sent]
    read = None if compiled.body is None else compiled.body.read(entered)
    answer = None if compiled.body is None or read is None else compiled.body.judge(read, status, sent)
    parts = list(compiled.judges)
    if isinstance(answer, AfterBody):
        (name, _), speaks = answer.line, compiled.speaks_of(answer.line[0].lower(), asked_of(environ))
        judged = None if body is None or speaks else answer.judge(body)
        answer = NOT_MODIFIED if judged is not None and judged[1] else None
        if judged is not None:
            traced.append(_Traced(None, (name, judged[0]), list(parts)))
    if answer is not None and answer is not NOT_MODIFIED:
        status = answer.status
        sent = answered_lines(answer, sent)
        traced.extend(_aligned(traced, sent, parts))
        content_type = next(value for name, value in answer.lines if name.lower() == "content-type")
        code, media_type = status[:3], media_type_of(content_type)
        holding = _holding(chosen.leaves, code, media_type, scheme)
        compiled = plan.compiled(tuple(holding), scheme, is_authorized(entered), chosen.leaves)
    not_modified = answer is NOT_MODIFIED or code == "304"
    head = _through_all(compiled, environ, Head(status, [], sent, environ), traced, plan.log, not_modified)
    if answer is not None:
        after = of_not_modified(head.lines) if answer is NOT_MODIFIED else never_stored(head.lines)
        traced.extend(_aligned([line for line in traced if line.now is not None], after, parts))
    told = head.status if answer is None else answer.status
    return Explanation(
        told, _explained(traced), _idle(plan.leaves, [*held, *holding], request, scheme, code, media_type)
    )


def explained_lines(
    compiled: Compiled, environ: WSGIEnvironment, status: str, sent: list[Line], log: Log
) -> tuple[ExplainedLine, ...]:
    """Return the lines that a head becomes, each with the parts that did it.

    Overrides and a nonce are read of the response in environ. Raises as `Compiled.rewritten` does, and HeadError where
    what looks at the whole head does; that tells `log` what it has to tell.
    """
    traced = [_Traced(line, line) for line in sent]
    _through_all(compiled, environ, Head(status, [], sent, environ), traced, log, status.startswith("304"))
    return _explained(traced)


def _explained(traced: Sequence[_Traced]) -> tuple[ExplainedLine, ...]:
    return tuple(ExplainedLine(line.before, line.now, tuple(line.parts)) for line in traced if line.before or line.now)


def _through_all(
    compiled: Compiled, environ: WSGIEnvironment, head: Head, traced: list[_Traced], log: Log, not_modified: bool
) -> Head:
    """Take the lines of a head through what was compiled, and return the head as it comes out.

    head           before that, without lines
    traced         its lines; those that come to be are added
    not_modified   whether it is that of a 304, or becomes one
    """
    asked = asked_of(environ)
    of_field: dict[str, list[_Traced]] = {}
    for line in traced:
        if line.now is not None:
            of_field.setdefault(line.now[0].lower(), []).append(line)

    def through(steps: Mapping[str, Sequence[Any]]) -> None:
        for name, of_name in steps.items():
            own = of_field.setdefault(name, [])
            made = _through(compiled, of_name, [line for line in own if line.now is not None], environ)
            own.extend(made)
            traced.extend(made)

    waits = asked is not None and compiled.awaits(asked.operations)
    by_field = compiled.steps_but_last if waits else compiled.steps_for
    through(by_field(not_modified=not_modified))
    judged = asked is not None and (asked.judged or asked.nonce is not None)
    personal = judged or compiled.authorized or sets_cookie(line.now for line in traced if line.now is not None)
    if personal and not waits:
        through(compiled.if_personal)
    if asked is not None:
        last = functools.reduce(followed, asked.last.values(), compiled.last_if_personal if personal else compiled.last)
        through(with_last(asked.operations, last, all_last=waits))
        for operation in asked.operations:
            known = _registry.lookup(operation.field)
            if known is not None and known.https_only and environ.get("wsgi.url_scheme") != "https":
                for line in of_field.get(operation.field, ()):
                    line.now = None
    if not_modified:
        for line in traced:
            line.now = None if line.now is not None and compiled.leaves_304(line.now, asked) else line.now
    head.lines = [line.now for line in traced if line.now is not None]
    for parts, look in compiled.finishing:
        given = list(head.lines)
        look(head, log)
        if head.lines != given:
            did = _did(parts, Head(head.status, given, head.sent, environ), head.lines)
            traced.extend(_aligned([line for line in traced if line.now is not None], head.lines, did))
    return head


def _holding(leaves: Sequence[Leaf], code: str, media_type: str, scheme: str) -> list[Leaf]:
    return [
        leaf
        for leaf in leaves
        if all(match.holds_for_head(code, media_type) and match.holds_for_scheme(scheme) for match in leaf.matches)
    ]


def _through(compiled: Compiled, steps: Sequence[Any], own: list[_Traced], environ: WSGIEnvironment) -> list[_Traced]:
    """Take the lines of one field through its steps, and return the lines that came to be."""
    if not isinstance(steps[0], Operation):
        return [more for line in own for more in _through_folded(compiled.stages(steps), steps, line)]
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


def _through_folded(stages: Sequence[Any], steps: Sequence[Any], line: _Traced) -> list[_Traced]:
    """Take one line through steps that are folded into one (cookies), and return those that came to be beside it.

    A part did what comes with it and not without.
    """
    if line.now is None:
        return []
    name, value = line.now
    before: str | tuple[str, ...] | None = value
    after = stages[-1](value)
    if after == value:
        return []
    for step, stage in zip(steps, stages, strict=True):
        made = stage(value)
        if made != before:
            line.parts.append(step.part)
        before = made
    values = after if isinstance(after, tuple) else () if after is None else (after,)
    line.now = (name, values[0]) if values else None
    return [_Traced(None, (name, more), list(line.parts)) for more in values[1:]]


def _did(parts: list[Part], given: Head, after: list[Line]) -> list[Part]:
    """Return which of the parts that look at a whole head together made `after` of it: without one it is another."""
    did = []
    for part in parts:
        others = [other for other in parts if other is not part]
        look = part.finish(others) if part.finish is not None and others else None
        head = Head(given.status, list(given.lines), given.sent, given.environ)
        if look is not None:
            look(head, Silence())
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
