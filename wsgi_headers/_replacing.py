"""What happens to a response whose body an answer may replace: a 304, a 412.

A part judges (`exchange.BodyPhase`), this acts, on two sides of the policy. The application is given a `start_response`
that has its head judged first, as it was sent; and in the place of the server's stands one that keeps what the
policy made of it. So the policy acts as for any head, errors are raised in the application's own call, and what goes on
to the server is decided in between.

A head is held back only while a judgement waits for the body; the application that calls `write`, or returns anything
but a list or tuple, has it sent at once. One that starts its head while its body is read is judged then.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from . import _registry
from ._answering import never_stored, unwritten
from ._program import SPELLINGS, checked_status, exact_lines
from ._state import head_was_refused
from .errors import HeadError
from .exchange import ENVIRON_KEY, NOT_MODIFIED, AfterBody, Answer, Line

if TYPE_CHECKING:
    from _typeshed import OptExcInfo
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

    from ._compiled import Compiled
    from ._plan import Chosen
    from ._state import State

# RFC 9110 15.4.5: a 304 has no content for these to describe, and no cache takes them from it. Nor has an answer the
# content of the response in whose place it goes out; RFC 6266 4, RFC 9110 8.7.
_OF_CONTENT = frozenset(name for name, field in _registry.FIELDS.items() if field.of_content)
_OF_REPRESENTATION = _OF_CONTENT | {"content-disposition", "content-location"}


def unless_read(
    read: Callable[[WSGIEnvironment], Any],
    passing: Callable[..., Iterable[bytes]],
    otherwise: Callable[..., Iterable[bytes]],
) -> Callable[..., Iterable[bytes]]:
    """Return the WSGI callable that is `passing` for requests of which a judging part reads nothing."""

    def call(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if read(environ) is None:
            return passing(environ, start_response)
        return otherwise(environ, start_response)

    return call


def responded(app: WSGIApplication, chosen: Chosen, state: State) -> Iterable[bytes]:
    """Return the body of the application's response, or of the answer that goes out instead."""
    environ = state[1]
    body = chosen.body
    read = None if body is None else body.read(environ)
    if body is None or read is None:
        return app(environ, chosen.bind(state))
    ending = state[0] = _Ending(state[0], chosen, read, environ.get("REQUEST_METHOD") == "HEAD")
    try:
        chunks = app(environ, _start.__get__(state))
    except BaseException:
        # The head that waited is never sent, so whoever catches this and answers makes the first one.
        ending.reopen()
        raise
    ending.returned = True
    if ending.held is not None:
        try:
            ending.settle(state, chunks)
        except BaseException:
            _close(chunks)
            raise
    if ending.answer is not None:
        return _Body(iter(ending.body), chunks) if hasattr(chunks, "close") else ending.body
    if ending.started or not body.by_head(read):
        ending.passed = True
        return chunks
    return _Body(_late(chunks, ending), chunks)


def _start(state: State, status: str, lines: Any, exc_info: OptExcInfo | None = None) -> Any:
    """The `start_response` of the application; bound to its state, as any other is."""
    try:
        return state[0].start(state, status, lines, exc_info)
    finally:
        exc_info = None  # PEP 3333, "Error Handling": no cycle through the traceback


class _Held(NamedTuple):
    """A head that waits for the body.

    above   what stands in environ when it goes on: the state of the middleware above, where its head is still to come
    """

    judgement: AfterBody
    through: Compiled
    status: str
    lines: list[Line]
    environ: WSGIEnvironment
    above: State | None

    def with_value(self, value: str | None) -> list[Line]:
        """Return the lines with the value that was waited for; with None, without that line."""
        waiting = self.judgement.line
        lines = [line for line in self.lines if line != waiting]
        return lines if value is None else [*lines, (waiting[0], value)]


class _Ending:
    """What stands in the place of the server's `start_response`, below the policy.

    started    whether a head was made
    returned   whether the application returned: from then on no head is held
    passed     whether its body went on to the server: from then on no answer can take its place
    held       the head that waits for the body, None where none does
    answer     what goes out instead of the application's response, None where that does
    """

    __slots__ = (
        *("_bodiless", "_chosen", "_made", "_read", "_server", "_write"),
        *("answer", "held", "passed", "returned", "started"),
    )

    def __init__(self, server: StartResponse, chosen: Chosen, read: Any, bodiless: bool) -> None:
        self._server: Any = server
        self._chosen = chosen
        self._read = read
        self._bodiless = bodiless
        self._made: tuple[str, list[Line]] = ("", [])
        self._write: Any = None
        self.answer: Answer | None = None
        self.held: _Held | None = None
        self.passed = self.returned = self.started = False

    def __eq__(self, other: object) -> bool:
        # As the server's would: an application beside this one is told by what it was given (`_state.state_above`).
        return other is self or bool(self._server == other)

    __hash__ = None  # type: ignore[assignment]

    def __call__(self, status: str, lines: list[Line], exc_info: OptExcInfo | None = None) -> None:
        """Keep what the policy made of a head; `start` sends it."""
        self._made = status, lines

    @property
    def body(self) -> list[bytes]:
        """The body of the answer."""
        return [self.answer.body] if self.answer is not None and self.answer.body and not self._bodiless else []

    def start(self, state: State, status: str, lines: Any, exc_info: OptExcInfo | None) -> Any:
        """Have a head judged and made, and send it on unless it waits for the body; return what is to write with."""
        more = () if exc_info is None else (exc_info,)
        try:
            environ, plan, asked = state[1], state[2], state[4]
            sent = lines if _are_exact(lines) else exact_lines(lines)
            if type(status) is not str:
                status = checked_status(status)
            through = self._chosen.compiled(environ.get("wsgi.url_scheme", ""), status, sent)
            judged = None
            if through.body is not None and not self.passed:
                judged = through.body.judge(self._read, status, sent)
            waits: AfterBody | None = None
            if isinstance(judged, AfterBody):
                if not self.returned and not more and not through.speaks_of(judged.line[0].lower(), asked):
                    waits = judged
                    sent = [*sent, waits.line]
                judged = None
            elif judged is not None and judged is not NOT_MODIFIED:
                # What leaves with the body must have been fit to be sent too.
                checked_status(status)
                status, sent = judged.status, answered_lines(judged, exact_lines(sent))
            if more:
                self.reopen()
            self._chosen.bind(state)(status, sent, *more)
            status, after = self._made
            write: Any = unwritten
            if waits is not None:
                held = _Held(waits, through, status, after, environ, environ[ENVIRON_KEY])
                # The head is made: for the middlewares above, too, what is asked for from now on comes too late.
                environ[ENVIRON_KEY] = None
                write = self._write_held
            elif judged is NOT_MODIFIED:
                self._server(judged.status, of_not_modified(through.not_modified(state, after)), *more)
            elif judged is not None:
                self._server(status, never_stored(after), *more)
            else:
                write = self._write = self._server(status, after, *more)
            self.started, self.answer, self.held = True, judged, None if waits is None else held
            return write
        except HeadError:
            head_was_refused(state, plan)
            raise
        finally:
            exc_info = None
            del more

    def reopen(self) -> None:
        """Have the middlewares above wait for a head again, where the one that waits for the body may never be sent."""
        if self.held is not None:
            self.held.environ[ENVIRON_KEY] = self.held.above

    def settle(self, state: State, chunks: Iterable[bytes]) -> None:
        """Send the head that waited for the body, or that of a 304 in its place."""
        held = self.held
        assert held is not None
        judged = held.judgement.judge(chunks) if type(chunks) is list or type(chunks) is tuple else None
        if judged is not None and judged[1]:
            lines = held.through.not_modified(state, held.with_value(judged[0]))
            self._send(NOT_MODIFIED.status, of_not_modified(lines))
            self.answer = NOT_MODIFIED
        else:
            self._send(held.status, held.with_value(None if judged is None else judged[0]))

    def _send(self, status: str, lines: list[Line]) -> None:
        held, self.held = self.held, None
        assert held is not None
        held.environ[ENVIRON_KEY] = held.above
        self._write = self._server(status, lines)

    def _write_held(self, data: bytes) -> None:
        if self.held is not None:
            self._send(self.held.status, self.held.with_value(None))
        self._write(data)


def _are_exact(lines: Any) -> bool:
    """Whether the lines of a head are of the types that they must have; else they are brought to them."""
    if type(lines) is not list:
        return False
    for line in lines:
        if type(line) is not tuple or len(line) != 2 or type(line[0]) is not str or type(line[1]) is not str:
            return False
    return True


def answered_lines(answer: Answer, sent: Sequence[Line]) -> list[Line]:
    """Return what goes through the policy for an answer: its own lines, and the application's but for its content's."""
    kept = [line for line in sent if line[0].lower() not in _OF_REPRESENTATION]
    return [*kept, *answer.lines, ("Content-Length", str(len(answer.body)))]


# Spellings of names that a 304 repeats in any case, as they were met: a bounded memo.
_repeated: set[str] = set()


def of_not_modified(lines: list[Line]) -> list[Line]:
    """Return the lines that a 304 repeats: Last-Modified only where there is no ETag (RFC 9110 15.4.5)."""
    repeated = _repeated
    kept = [line for line in lines if line[0] in repeated or _is_repeated(line[0])]
    for name, _ in kept:
        if len(name) == 4 and name.lower() == "etag":
            return kept
    return [line for line in lines if line[0].lower() not in _OF_CONTENT]


def _is_repeated(name: str) -> bool:
    """Whether lines of a name stay beside an ETag too; then its spelling is remembered."""
    field = name.lower()
    if field in _OF_CONTENT or field == "last-modified":
        return False
    if len(_repeated) >= SPELLINGS:
        _repeated.clear()
    _repeated.add(name)
    return True


class _Body:
    """A body in the place of that of the application, which is closed with it.

    pieces   what goes out
    """

    def __init__(self, pieces: Iterator[bytes], chunks: Iterable[bytes]) -> None:
        self._pieces = pieces
        self._chunks = chunks

    def __iter__(self) -> _Body:
        return self

    def __next__(self) -> bytes:
        return next(self._pieces)

    def close(self) -> None:
        """Close the body of the application."""
        _close(self._chunks)


def _late(chunks: Iterable[bytes], ending: _Ending) -> Iterator[bytes]:
    """Give the body of an application that makes its head meanwhile, or of the answer that goes out instead."""
    for chunk in chunks:
        if ending.answer is not None:
            break
        yield chunk
    yield from ending.body


def _close(chunks: Iterable[bytes]) -> None:
    if hasattr(chunks, "close"):
        chunks.close()
