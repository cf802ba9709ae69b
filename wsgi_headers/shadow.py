"""Shadow mode: a policy is only watched. What it would change is told to the log and counted, and nothing is changed.

The application's head and body reach the server as they are, and its cookies reach the application. What the policy
makes of them is found on copies, with the same plan that acts elsewhere, so what is told is what would be
done. Whatever goes wrong there is told as well and reaches nobody.

Two things are the application's own wish and hold here too: the nonce that it asks for, and the operations that it
applies to its own response, on the lines that it sends.
"""

from __future__ import annotations

import contextlib
import os
import threading
import traceback
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from . import _registry
from ._explain import ExplainedLine, explained_lines
from ._log import Log, plain, record
from ._overriding import overridden
from ._program import checked_status, exact_lines
from ._state import NONCE_KEY, Asked, State, Watched, acts_above, head_is_out, is_outermost, leave, state_above
from .cookies.request_field import pairs
from .errors import HeadError
from .exchange import ENVIRON_KEY, Answer, Line, Request

if TYPE_CHECKING:
    from _typeshed import OptExcInfo
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

    from ._part import Part
    from ._plan import Chosen, Plan
    from .exchange import Decision
    from .operations import Operation

# How many kinds of one event are remembered. A policy makes a few dozen; names of cookies and fields can be made up for
# each response. The bound is that of an event, so that no such flood hides the others.
KINDS = 256

# Stands for the kinds of an event beyond the bound: no subject and no part has this text alone.
_OTHERS = "*"

# Bound of the memo of what parts are called; a policy has a few dozen.
_TEXTS = 1024

# Stands for the part where it is none alone that makes a change: no line of a 304 has the nonce of its response.
THE_POLICY = "the policy"

# Counts are exact: one lock for all, held for a few look-ups and never while another is taken. A fork waits for it.
_counting = threading.Lock()
if hasattr(os, "register_at_fork"):  # not on Windows
    os.register_at_fork(before=_counting.acquire, after_in_child=_counting.release, after_in_parent=_counting.release)


class Change(NamedTuple):
    """One kind of change.

    event     stable code, as in the log: `shadow.field.added`, `shadow.cookie.changed`, `shadow.https.redirected`
    subject   the field or the cookie, what is wrong with a head, or ""
    part      the part that would make it, as it is written in a policy, or ""

    Beyond 256 kinds of an event the others are counted together, with "*" for subject and part.
    """

    event: str
    subject: str
    part: str


class Shadow(Log):
    """The log of a plan that is only watched: each kind of change is told once, and counted."""

    def __init__(self) -> None:
        super().__init__()
        self._counts: dict[Change, int] = {}
        self._known: dict[str, int] = {}
        # By the identity of a part of the plan, with the part itself, so that it stays the one that it was.
        self._texts: dict[int, tuple[Part, str]] = {}

    def counts(self) -> dict[Change, int]:
        """Return how often each kind of change would have been made."""
        with _counting:
            return dict(self._counts)

    def warn(self, event: str, message: str, **facts: object) -> None:
        """Tell what a policy that acts would tell, and that it does not act."""
        change = Change(f"shadow.{event}", plain(str(facts.get("cookie", ""))), str(facts.get("limit", "")))
        self.tell(change, message, **facts)

    def tell(self, change: Change, message: str, **facts: object) -> None:
        """Count one change, and tell it where it is the first of its kind."""
        event, counts = change.event, self._counts
        with _counting:
            if change not in counts:
                if self._known.get(event, 0) < KINDS:
                    self._known[event] = self._known.get(event, 0) + 1
                else:
                    change = Change(event, _OTHERS, _OTHERS)
                    message, facts = "%(event)s: more than %(kinds)d kinds; others are counted alone", {"kinds": KINDS}
            counts[change] = count = counts.get(change, 0) + 1
        if count == 1:
            # A handler of the site's own may raise, and the response is not its affair.
            with contextlib.suppress(Exception):
                record(event, f"shadow: {message}", count=1, **facts)

    def would(self, event: str, subject: Mapping[str, str], parts: Sequence[Part]) -> None:
        """Tell that parts would change a field or a cookie, {"field": "Vary"}."""
        ((kind, name),) = subject.items()
        done = event.rpartition(".")[2]
        message = f"the {kind} '%({kind})s' would be {done} by %(part)s"
        for text in map(self._text, parts) if parts else (THE_POLICY,):
            self.tell(Change(event, name, text), message, **subject, part=text)

    def decided(self, part: Part, decision: Decision) -> None:
        """Tell what a guard decides: what it would answer, or what it would tell."""
        answer, text = decision.answer, self._text(part)
        facts = {**decision.facts, "reason": decision.reason, "part": text}
        message = "%(event)s: %(reason)s"
        if answer is not None:
            message = "%(event)s: the request would be answered"
            if isinstance(answer, Answer):
                message, facts = f"{message} with %(answer)s", {**facts, "answer": answer.status}
            if decision.reason:
                message = f"{message}; %(reason)s"
        self.tell(Change(f"shadow.{decision.event}", "", text), message, **facts)

    def refused(self, error: HeadError) -> None:
        """Tell that a head would be refused; the error names the field and never the value."""
        reason = plain(str(error))
        self.tell(Change("shadow.head.refused", reason, ""), "HeadError would be raised: %(reason)s", reason=reason)

    def unread(self, lines: object) -> None:
        """Tell that a head cannot be looked at without using it up."""
        kind = type(lines).__name__
        self.tell(Change("shadow.head.unread", kind, ""), "a head of type %(kind)s can be read only once", kind=kind)

    def failed(self, error: Exception) -> None:
        """Tell that the policy itself fails, with a callable of its own most likely: the error's kind and its place."""
        kind = type(error).__name__
        *_, (frame, line) = traceback.walk_tb(error.__traceback__)
        place = f"{frame.f_code.co_name}, {os.path.basename(frame.f_code.co_filename)}:{line}"
        self.tell(Change("shadow.failed", kind, place), "%(error)s in %(place)s", error=kind, place=place)

    def _text(self, part: Part) -> str:
        known = self._texts.get(id(part))
        if known is None:
            if len(self._texts) >= _TEXTS:
                self._texts.clear()
            known = self._texts[id(part)] = part, repr(part)
        return known[1]


def shadowing(app: WSGIApplication, plan: Plan, log: Shadow) -> Callable[..., Iterable[bytes]]:
    """Return the WSGI callable: `app`, with what `plan` would change told to `log`."""

    def call(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        above = state_above(environ, start_response) if ENVIRON_KEY in environ else None
        if acts_above(plan, above, start_response, watches=True):
            return app(environ, start_response)
        state: State = Watched([start_response, environ, plan, above, None if above is None else above[4]])
        watch = _Watch(log, state)
        environ[ENVIRON_KEY] = state
        try:
            return app(environ, _starting(watch).__get__(state))
        except BaseException:
            leave(state)
            raise

    return call


def _starting(watch: _Watch) -> Callable[..., Any]:
    """Return the start of one response; bound to its state, as that of a policy which acts."""

    def start(state: State, status: str, lines: Any, exc_info: OptExcInfo | None = None) -> Any:
        after = watch.head(state, status, lines, again=exc_info is not None)
        head_is_out(state)
        if exc_info is None:
            return state[0](status, after)
        try:
            return state[0](status, after, exc_info)
        finally:
            exc_info = None  # PEP 3333, "Error Handling": no cycle through the traceback

    return start


class _Watch:
    """What would become of one request, and of the heads that answer it."""

    __slots__ = ("_changed", "_chosen", "_gone", "_log")

    def __init__(self, log: Shadow, state: State) -> None:
        self._log = log
        # What holds for the request; None where it would be answered, and no head of the application judged.
        self._chosen: Chosen | None = None
        # What the policy would have done to environ before the application saw it.
        self._changed: dict[str, Any] = {}
        self._gone: list[str] = []
        try:
            self._enter(state)
        except Exception as error:
            log.failed(error)

    def _enter(self, state: State) -> None:
        entered: WSGIEnvironment = state[1]
        environ = {**entered}
        chosen: Chosen = state[2].choose(environ)
        environ[ENVIRON_KEY] = state
        request = Request(environ)
        for incoming in chosen.incoming:
            incoming(request, self._log)
        for part, decision in chosen.decisions(request):
            self._log.decided(part, decision)
            if decision.answer is not None:
                return
        if chosen.incoming:
            self._changed = {key: value for key, value in environ.items() if entered.get(key, self) is not value}
            self._gone = [key for key in entered if key not in environ]
        self._chosen = chosen

    def head(self, state: State, status: Any, lines: Any, *, again: bool) -> Any:
        """Tell what would become of a head, and return the lines that go out: the same object, or with overrides.

        again   whether an error replaces an earlier head
        """
        after = lines
        try:
            if state[2] is None and not again:
                raise HeadError("start_response was called a second time without exc_info [PEP 3333]")
            if hasattr(lines, "__next__"):
                self._log.unread(lines)
                return lines
            operations = _own_operations(state)
            if operations:
                after = overridden(exact_lines(lines), operations, {}, state[1])
                state[4].applied_by = id(state)
            if self._chosen is not None:
                self._judge(self._chosen, state, checked_status(status), exact_lines(lines), after, operations)
        except HeadError as error:
            self._log.refused(error)
        except Exception as error:
            self._log.failed(error)
        return after

    def _judge(
        self,
        chosen: Chosen,
        state: State,
        status: str,
        sent: list[Line],
        after: Iterable[Line],
        operations: tuple[Operation, ...],
    ) -> None:
        """Tell what the policy would make of a head.

        after        the lines that go out
        operations   the overrides that are among them
        """
        environ = {**state[1], **self._changed}
        for key in self._gone:
            environ.pop(key, None)
        # A callable of the policy may ask for a nonce, or apply something: that stays here.
        judged: State = [None, environ, state[2], None, _copy(state[4], operations)]
        environ[ENVIRON_KEY] = judged
        if NONCE_KEY in environ:
            environ[NONCE_KEY] = judged, environ[NONCE_KEY][1]
        try:
            compiled = chosen.compiled(environ.get("wsgi.url_scheme", ""), status, sent)
            _, lines = explained_lines(compiled, environ, status, sent, self._log)
        finally:
            judged.clear()  # it and environ refer to each other
        _tell(self._log, after, lines, operations)


def _own_operations(state: State) -> tuple[Operation, ...]:
    """Return the overrides that nobody but this middleware can carry out: no policy that acts stands above or below."""
    asked: Asked | None = state[4]
    if asked is None or not is_outermost(state) or asked.applied_by not in (0, id(state)):
        return ()
    return asked.operations


def _copy(asked: Asked | None, operations: tuple[Operation, ...]) -> Asked | None:
    if asked is None:
        return None
    copy = Asked()
    copy.nonce, copy.operations = asked.nonce, operations
    return copy


def _tell(log: Shadow, sent: Iterable[Line], lines: Sequence[ExplainedLine], operations: tuple[Operation, ...]) -> None:
    """Tell what would be other in a head.

    sent         the lines that go out
    lines        those that would go out, explained
    operations   what is among the reasons of both
    """
    before: dict[str, list[str]] = {}
    after: dict[str, list[str]] = {}
    reasons: dict[str, tuple[str, list[Part]]] = {}
    for name, value in sent:
        before.setdefault(name.lower(), []).append(value)
    for line in lines:
        own = [part for part in line.parts if not any(part is operation for operation in operations)]
        name, value = line.after or line.before or ("", "")
        field = name.lower()
        if field == "set-cookie":
            if line.before != line.after:
                cookie = pairs(value if line.before is None else line.before[1])[0][0]
                log.would(f"shadow.cookie.{_done(line.before, line.after)}", {"cookie": plain(cookie)}, own)
            continue
        if line.after is not None:
            after.setdefault(field, []).append(value)
        if line.before != line.after:
            known = _registry.lookup(field)
            _, of_field = reasons.setdefault(field, (name if known is None else known.name, []))
            of_field += [part for part in own if not any(part is other for other in of_field)]
    for field, (name, parts) in reasons.items():
        if before.get(field) != after.get(field):
            log.would(f"shadow.field.{_done(before.get(field), after.get(field))}", {"field": name}, parts)


def _done(before: object, after: object) -> str:
    if before is None:
        return "added"
    return "removed" if after is None else "changed"
