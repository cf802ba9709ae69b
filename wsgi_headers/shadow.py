"""Shadow mode: a policy is only watched. What it would change is told to the log and counted, and nothing is changed.

The application's head and body reach the server as they are, and its cookies reach the application. What the policy
makes of them is found on copies, with the same plan that acts elsewhere, so what is told is what would be done.
Whatever goes wrong there is told as well and reaches nobody.

Two things are the application's own wish and hold here too: the nonce that it asks for, and the operations that it
applies to its own response, on the lines that it sends.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, cast

from . import _registry
from ._explain import ExplainedLine, explained_lines
from ._log import plain
from ._overriding import overridden
from ._program import checked_status, exact_lines
from ._shadow_log import ShadowLog
from ._state import Asked, State, Watched, acts_above, head_is_out, is_outermost, leave, state_above
from .cookies.request_field import pairs
from .errors import HeadError
from .exchange import ENVIRON_KEY, NOT_MODIFIED, AfterBody, Answer, Line, Request

if TYPE_CHECKING:
    from _typeshed import OptExcInfo
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

    from ._compiled import Compiled
    from ._part import Part
    from ._plan import Chosen, Plan
    from .operations import Operation


def shadowing(app: WSGIApplication, plan: Plan, log: ShadowLog) -> Callable[..., Iterable[bytes]]:
    """Return the WSGI callable: `app`, with what `plan` would change told to `log`."""

    def call(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        above = state_above(environ, start_response) if ENVIRON_KEY in environ else None
        if acts_above(plan, above, start_response, watches=True):
            return app(environ, start_response)
        state: State = Watched([start_response, environ, plan, above, None if above is None else above[4]])
        watch = _Watch(log, state)
        environ[ENVIRON_KEY] = state
        try:
            body = app(environ, _starting(watch).__get__(state))
            watch.body(body)
            return body
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

    __slots__ = ("_changed", "_chosen", "_gone", "_log", "_read", "_waiting")

    def __init__(self, log: ShadowLog, state: State) -> None:
        self._log = log
        # What holds for the request; None where it would be answered, and no head of the application judged.
        self._chosen: Chosen | None = None
        # What the policy would have done to environ before the application saw it.
        self._changed: dict[str, Any] = {}
        self._gone: list[str] = []
        # What a judgement of the response reads of the request, and one that waits for the body, with its part.
        self._read: Any = None
        self._waiting: tuple[AfterBody, Part] | None = None
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
        if chosen.body is not None:
            self._read = chosen.body.read(environ)
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
                # Values are made for what stands in environ, from which the first head takes its state away.
                after = overridden(exact_lines(lines), operations, {}, {**state[1], ENVIRON_KEY: state})
                state[4].last[id(state)] = {}  # for one that watches outside of this
            if self._chosen is not None:
                self._waiting = None
                self._judge(self._chosen, state, checked_status(status), exact_lines(lines), after, operations)
                if again:
                    self._waiting = None
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
        try:
            compiled = chosen.compiled(environ.get("wsgi.url_scheme", ""), status, sent)
            if self._is_replaced(compiled, state, status, sent):
                return
            lines = explained_lines(compiled, environ, status, sent, self._log)
        finally:
            judged.clear()  # it and environ refer to each other
        _tell(self._log, after, lines, operations)

    def _is_replaced(self, compiled: Compiled, state: State, status: str, sent: list[Line]) -> bool:
        """Tell what would go out in the place of a response, and return whether that is another one altogether."""
        if self._read is None or compiled.body is None:
            return False
        judged, part = compiled.body.judge(self._read, status, sent), compiled.judges[-1]
        if isinstance(judged, AfterBody):
            if not compiled.speaks_of(judged.line[0].lower(), state[4]):
                self._waiting = judged, part
        elif judged is not None:
            self._log.replaced(judged, part)
        return isinstance(judged, Answer) and judged is not NOT_MODIFIED

    def body(self, body: Iterable[bytes]) -> None:
        """Tell what a body would bring about that the application returned."""
        if self._waiting is None or type(body) not in (list, tuple):
            return
        try:
            judgement, part = self._waiting
            judged = judgement.judge(cast("Sequence[bytes]", body))
            if judged is not None:
                self._log.would("shadow.field.added", {"field": judgement.line[0]}, [part])
                if judged[1]:
                    self._log.replaced(NOT_MODIFIED, part)
        except Exception as error:
            self._log.failed(error)


def _own_operations(state: State) -> tuple[Operation, ...]:
    """Return the overrides that nobody but this middleware can carry out: no policy that acts stands above or below."""
    asked: Asked | None = state[4]
    if asked is None or not is_outermost(state) or not asked.last.keys() <= {id(state)}:
        return ()
    return asked.operations


def _copy(asked: Asked | None, operations: tuple[Operation, ...]) -> Asked | None:
    if asked is None:
        return None
    copy = Asked()
    copy.nonce, copy.judged, copy.operations = asked.nonce, asked.judged, operations
    return copy


def _tell(
    log: ShadowLog, sent: Iterable[Line], lines: Sequence[ExplainedLine], operations: tuple[Operation, ...]
) -> None:
    """Tell what would be other in a head.

    sent         the lines that go out
    lines        those that would go out, explained
    operations   what is among the reasons of both
    """
    before: dict[str, list[str]] = {}
    after: dict[str, list[str]] = {}
    # Parts by identity, each once.
    reasons: dict[str, tuple[str, dict[int, Part]]] = {}
    wishes = set(map(id, operations))
    for name, value in sent:
        before.setdefault(name.lower(), []).append(value)
    for line in lines:
        own = {id(part): part for part in line.parts if id(part) not in wishes}
        name, value = line.after or line.before or ("", "")
        field = name.lower()
        if field == "set-cookie":
            if line.before != line.after:
                cookie = pairs(value if line.before is None else line.before[1])[0][0]
                log.would(f"shadow.cookie.{_done(line.before, line.after)}", {"cookie": plain(cookie)}, own.values())
            continue
        if line.after is not None:
            after.setdefault(field, []).append(value)
        if line.before != line.after:
            known = _registry.lookup(field)
            reasons.setdefault(field, (name if known is None else known.name, {}))[1].update(own)
    for field, (name, parts) in reasons.items():
        if before.get(field) != after.get(field):
            log.would(f"shadow.field.{_done(before.get(field), after.get(field))}", {"field": name}, parts.values())


def _done(before: object, after: object) -> str:
    if before is None:
        return "added"
    return "removed" if after is None else "changed"
