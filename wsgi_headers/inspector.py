"""One request to an application, in process: the head before and after a policy, line by line.

For the command line and the demo. The request goes through the middleware itself, so the application sees what it would
see behind a server; the explanation is made of the head that it sent.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote, unquote_to_bytes

from werkzeug.test import EnvironBuilder

from . import _grammar
from ._explain import ExplainedLine, Explanation, explain_later
from ._log import Silence
from ._plan import Plan
from ._program import exact_lines
from .errors import HeadError, escaped
from .exchange import Line, host_of
from .middleware import around
from .mounting import middleware_of, with_middleware

if TYPE_CHECKING:
    from _typeshed import OptExcInfo
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


class BadRequest(ValueError):
    """A request that no client could send; the message is one line."""


class NoHead(Exception):
    """An application that came to no head; the message is one line, the cause is what it raised, if it did."""


class Inspection(NamedTuple):
    """What became of one request.

    method        as sent
    url           absolute, in ASCII
    status        as the application sent it
    explanation   each line of the head before and after, and the rules that did not hold
    answered      whether the policy answered in the application's place; no line has a `before` or a part then
    cookies       the Cookie field of the request as it was sent, None without one, and as the application saw it
    """

    method: str
    url: str
    status: str
    explanation: Explanation
    answered: bool
    cookies: tuple[str | None, str | None]

    @property
    def before(self) -> list[Line]:
        """The lines as the application sent them."""
        return [line.before for line in self.explanation.lines if line.before is not None]

    @property
    def after(self) -> list[Line]:
        """The lines that go out."""
        return self.explanation.head


def request_environ(
    target: str,
    *,
    method: str = "GET",
    scheme: str = "https",
    host: str = "localhost",
    fields: Iterable[Line] = (),
) -> WSGIEnvironment:
    """Return the environ of a request without a body.

    target   path and query, "/search?q=1"; percent-encoded or not, what is beyond ASCII goes as UTF-8
    host     with a port or without, "localhost:8000"
    fields   of the request; those of one name are joined as RFC 9110 5.3 has it, Cookie as RFC 6265bis 5.7.3

    Raises BadRequest.
    """
    if not target.startswith("/"):
        raise BadRequest(f"{escaped(target)} is no path; begin it with a slash")
    if _grammar.token.fullmatch(method) is None:
        raise BadRequest(f"{escaped(method)} is no method; write GET")
    if not host_of(host):
        raise BadRequest(f"{escaped(host)} is no host; write localhost or localhost:8000")
    joined: dict[str, str] = {}
    for name, value in fields:
        octets = _as_utf_8(value.strip(" \t")).decode("latin-1")
        if _grammar.token.fullmatch(name) is None or _grammar.field_value.fullmatch(octets) is None:
            raise BadRequest(f"{escaped(f'{name}: {value}')} is no field; write 'Name: value'")
        name = name.title()
        separator = "; " if name == "Cookie" else ", "
        joined[name] = f"{joined[name]}{separator}{octets}" if name in joined else octets
    # The builder would take "//host/" for a host and decode "%ff" as text, so the octets of the target are set here.
    path, _, query = target.partition("#")[0].partition("?")
    raw = _encoded(path) + (f"?{_encoded(query)}" if query else "")
    builder = EnvironBuilder(
        base_url=f"{scheme}://{host}",
        method=method,
        headers=list(joined.items()),
        environ_base={"REMOTE_ADDR": "127.0.0.1"},
        environ_overrides={
            "PATH_INFO": unquote_to_bytes(_as_utf_8(path)).decode("latin-1"),
            "QUERY_STRING": _encoded(query),
            "RAW_URI": raw,
            "REQUEST_URI": raw,
        },
    )
    environ = builder.get_environ()
    builder.close()
    return environ


def _as_utf_8(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def _encoded(text: str) -> str:
    # RFC 3986 2.2: everything that may stand in a path or a query, and what is encoded already.
    return quote(_as_utf_8(text), safe="%/?:@!$&'()*+,;=~")


class _Exchange:
    """The two ends of a request: the server's `start_response`, and the application with its head noted down."""

    def __init__(self, application: WSGIApplication) -> None:
        self._application = application
        self.status: str | None = None
        self.lines: list[Line] = []
        self.sent: tuple[str, list[Line], WSGIEnvironment] | None = None
        self.body_began = False
        self.cookies: str | None = None
        # The body that the application returned, where it can be judged whole and its head waits for that.
        self.whole: Sequence[bytes] | None = None

    def application(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        self.cookies = environ.get("HTTP_COOKIE")

        def start(status: str, lines: Any, *exc_info: Any) -> Any:
            own = exact_lines(lines)
            seen = dict(environ)
            write = start_response(status, list(own), *exc_info)
            self.sent = status, own, seen
            replaces.extend(exc_info)
            return write

        replaces: list[Any] = []
        body = self._application(environ, start)
        if (type(body) is list or type(body) is tuple) and not replaces and not self.body_began:
            self.whole = body
        return body

    def start_response(self, status: str, lines: list[Line], exc_info: OptExcInfo | None = None) -> Any:
        if exc_info is not None and exc_info[1] is not None and self.body_began:
            raise exc_info[1].with_traceback(exc_info[2])
        self.status, self.lines = status, lines
        return self.take

    def take(self, data: object) -> None:
        """Take a piece of the body; with the first octet a server sends the head (PEP 3333, "The Server Side")."""
        if not isinstance(data, bytes):
            raise NoHead(f"the application gave {type(data).__name__} as body; give bytes [PEP 3333]")
        if self.status is None:
            raise NoHead("the application gave a body before it called start_response [PEP 3333]")
        self.body_began = self.body_began or bool(data)


def inspect(application: WSGIApplication, environ: WSGIEnvironment) -> Inspection:
    """Return what becomes of a request; its `environ`, as `request_environ` gives it, is changed on the way.

    application   a HeadersMiddleware, or what has one (`mounting.middleware_of`): the request goes through what stands
                  outside of it too, so that the policy sees what ProxyFix made of it

    The body is read until the head can no longer change, and closed. Raises NoHead.
    """
    middleware = middleware_of(application)
    assert middleware is not None
    exchange = _Exchange(middleware.app)
    # What is only looked at is told here and not in the log.
    inspected = around(exchange.application, Plan(middleware.policy, Silence()))
    asked = dict(environ)
    entered: WSGIEnvironment = {}

    def entering(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        entered.update(environ)
        return inspected(environ, start_response)

    method, url = asked["REQUEST_METHOD"], f"{asked['wsgi.url_scheme']}://{asked['HTTP_HOST']}{asked['RAW_URI']}"
    try:
        _run(with_middleware(application, entering), exchange, environ)
        if exchange.status is None:
            raise NoHead("the application ended without a call of start_response [PEP 3333]")
        if not entered:
            raise NoHead("the request did not reach the policy; what stands outside of it answered")
        cookies = asked.get("HTTP_COOKIE"), exchange.cookies
        if exchange.sent is None:
            lines = tuple(ExplainedLine(None, line, ()) for line in exchange.lines)
            explanation = Explanation(exchange.status, lines, ())
            return Inspection(method, url, exchange.status, explanation, True, cookies)
        status, own, seen = exchange.sent
        # A policy reads the request as it entered, and the scheme and its callables when the head is made.
        explanation = explain_later(middleware.policy, entered, seen, status, own, exchange.whole)
        return Inspection(method, url, status, explanation, False, cookies)
    except HeadError as error:
        raise NoHead(f"the head must not be sent: {error}") from error
    except NoHead:
        raise
    except Exception as error:
        said = " ".join(str(error).split())
        raise NoHead(f"the application raised {type(error).__name__}{f': {said}' if said else ''}") from error


def _run(application: WSGIApplication, exchange: _Exchange, environ: WSGIEnvironment) -> None:
    body = application(environ, exchange.start_response)
    try:
        if not exchange.body_began:
            for data in body:
                exchange.take(data)
                if exchange.body_began:
                    break
    finally:
        close = getattr(body, "close", None)
        if close is not None:
            close()


def as_text(inspection: Inspection) -> str:
    """Return the head line by line, each with the parts that did something to it, in ASCII.

    A Cookie field of the request comes first, as it was sent and as the application saw it. A line begins with a blank
    where it stayed, "-" as it was and "+" as it is; what is beyond ASCII is shown octet by octet.
    """
    explanation = inspection.explanation
    text = [f"{inspection.method} {inspection.url}"]
    sent, seen = inspection.cookies
    if sent is not None and not inspection.answered:
        text += _change(f"Cookie: {sent}", f"Cookie: {seen}" if seen is not None else None)
    text.append("")
    status_before = None if inspection.answered else inspection.status
    if inspection.answered:
        text += ["The policy answered; the application was not called.", ""]
    text += _change(status_before, explanation.status)
    for before, after, parts in explanation.lines:
        text += _change(before and line_text(before), after and line_text(after))
        text += [f"      {part!r}" for part in parts]
    if explanation.idle:
        text += ["", "Rules that did not hold:"]
    for matches, parts, reason in explanation.idle:
        text.append(f"  {' and '.join(map(repr, matches))}: the {reason} does not match")
        text += [f"      {part!r}" for part in parts]
    return "\n".join(map(printable, text))


def _change(before: str | None, after: str | None) -> list[str]:
    if before == after:
        return [f"  {after}"]
    return [f"{mark} {text}" for mark, text in (("-", before), ("+", after)) if text is not None]


def as_data(inspection: Inspection) -> dict[str, Any]:
    """Return the same as what `json` writes: lines as `[name, value]`, parts and matches by their `repr`."""
    explanation = inspection.explanation
    return {
        "method": inspection.method,
        "url": inspection.url,
        "answered": inspection.answered,
        "cookies": {"sent": inspection.cookies[0], "seen": inspection.cookies[1]},
        "before": None if inspection.answered else {"status": inspection.status, "lines": inspection.before},
        "after": {"status": explanation.status, "lines": inspection.after},
        "lines": [
            {"before": before, "after": after, "parts": [repr(part) for part in parts]}
            for before, after, parts in explanation.lines
        ],
        "idle": [
            {"matches": [repr(match) for match in matches], "parts": [repr(part) for part in parts], "reason": reason}
            for matches, parts, reason in explanation.idle
        ],
    }


def line_text(line: Line) -> str:
    """Return a line as it stands in a head."""
    name, value = line
    return f"{name}: {value}" if value else f"{name}:"


def printable(text: str) -> str:
    """Return `text` with all but visible ASCII and blanks escaped: a terminal acts on nothing in it."""
    return "".join(c if " " <= c <= "~" else ascii(c)[1:-1] for c in text)
