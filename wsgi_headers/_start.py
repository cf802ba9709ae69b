"""The `start_response` that an application is given: a function for each thing that may hold for a request.

It is bound to the state of one response, see `_state`.

A head in which nothing is touched and every value is plain costs one loop and one concatenation here; anything else is
the program's. What goes on is always an exact list of exact pairs of exact `str`: some servers refuse other things,
some send a response without fields for them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeAlias

from ._program import checked_status, exact_lines
from ._state import State, head_was_refused
from .errors import HeadError
from .exchange import ENVIRON_KEY, Head

if TYPE_CHECKING:
    from _typeshed import OptExcInfo

    from ._compiled import Compiled
    from ._log import Log

Start: TypeAlias = "Callable[[State, str, Any, OptExcInfo | None], Any]"

# Bound of the memo of status lines that were looked over; an application has a few dozen.
_STATUSES = 256


def start_for_program(compiled: Compiled) -> Start:
    """Return the start of responses that go through one program."""
    program, with_nonce = compiled.program, compiled.with_nonce
    inert, tail, spellings = program.inert, program.tail, program.spellings
    apply, tables = program.apply, program.tables
    key, lines_by = program.by_key
    statuses: set[str] = set()

    def start(state: State, status: str, lines: Any, exc_info: OptExcInfo | None = None) -> Any:
        start_response, environ, plan, above, asked = state
        after = None
        known = type(status) is str and status in statuses
        if not known or type(lines) is not list:
            pass
        elif asked is not None:
            # Mostly for the nonce alone; a status that is known is then no 304.
            if with_nonce and plan is not None and asked.nonce is not None and not asked.operations:
                asking = compiled.asking
                after = asking.apply(asking.tables, asking.spellings, lines, environ)
        else:
            if not program.touches:
                try:
                    for line in lines:
                        name, value = line
                        if value is not inert[name]:
                            if type(value) is not str or not value.isascii() or not value.isprintable():
                                break
                        if type(line) is not tuple or type(name) is not str:
                            break
                    else:
                        after = lines + tail
                        if key is not None and key in environ:
                            after += lines_by[environ[key]]
                except (KeyError, TypeError, ValueError):
                    pass  # a new name, a line that is no pair, a name that is none: told apart below
            if after is None:
                after = apply(tables, spellings, lines, environ)
        if after is None:
            if not known:
                status = checked_status(status)
                if len(statuses) >= _STATUSES:
                    statuses.clear()
                # A 304 is looked at each time where a nonce must not be on it.
                if not (with_nonce and status.startswith("304")):
                    statuses.add(status)
            if asked is not None or status not in statuses:
                after = compiled.rewritten(state, status, lines)
            else:
                after = program.rewrite(lines, environ)
        if plan is None:
            refuse_second(exc_info)
        else:
            state[2] = None
            if above is None or above[2] is None:
                environ[ENVIRON_KEY] = None
            else:
                environ[ENVIRON_KEY] = above
        try:
            return start_response(status, after) if exc_info is None else start_response(status, after, exc_info)
        except HeadError:
            head_was_refused(state, plan)
            raise
        finally:
            exc_info = None  # PEP 3333, "Error Handling": no cycle through the traceback

    return start


def start_by_scheme(secure: Start, plain: Start) -> Start:
    """Return the start of responses whose program depends on the scheme when the head is made."""

    def start(state: State, status: str, lines: Any, exc_info: OptExcInfo | None = None) -> Any:
        if state[1].get("wsgi.url_scheme") == "https":
            return secure(state, status, lines, exc_info)
        return plain(state, status, lines, exc_info)

    return start


def start_for_heads(compiled: Callable[[str, str, Any], Compiled], log: Log) -> Start:
    """Return the start of responses whose program depends on the head, or whose whole head is looked at afterwards."""

    def start(state: State, status: str, lines: Any, exc_info: OptExcInfo | None = None) -> Any:
        start_response, environ, plan, above, _ = state
        status = checked_status(status)
        sent = exact_lines(lines)
        through = compiled(environ.get("wsgi.url_scheme", ""), status, sent)
        after = through.rewritten(state, status, sent)
        if through.finish:
            head = Head(status, after, sent, environ)
            for look in through.finish:
                look(head, log)
            status, after = head.status, head.lines
        # From here on as in `start_for_program`, where a call of a function of both would cost a fifth of the limit.
        if plan is None:
            refuse_second(exc_info)
        else:
            state[2] = None
            if above is None or above[2] is None:
                environ[ENVIRON_KEY] = None
            else:
                environ[ENVIRON_KEY] = above
        try:
            return start_response(status, after) if exc_info is None else start_response(status, after, exc_info)
        except HeadError:
            head_was_refused(state, plan)
            raise
        finally:
            exc_info = None

    return start


def refuse_second(exc_info: OptExcInfo | None) -> None:
    """Raise HeadError where a head was started before and no error replaces it.

    PEP 3333, "The start_response() Callable". Not every server says so: some take the second head silently.
    """
    if exc_info is None:
        raise HeadError("start_response was called a second time without exc_info [PEP 3333]")
