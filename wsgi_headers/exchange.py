"""One exchange as the parts of a policy see it: the request, the head, an answer, and a decision with its reason.

The facts of a request are read when it enters, since other middleware changes environ later (`DispatcherMiddleware`
moves the path, `ProxyFix` the host). Nothing here believes a forwarded field.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from . import _grammar

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication, WSGIEnvironment

    from ._log import Log

Line: TypeAlias = tuple[str, str]

# The key under which environ holds the state of the response while its head is still to come. PEP 3333 ("environ
# Variables") asks for a prefix of one's own in keys that middleware adds.
ENVIRON_KEY = "wsgi_headers.response"


class Request:
    """What a policy reads of a request, taken when the request enters.

    environ   the WSGI environ itself
    method    case-sensitive as sent (RFC 9110 9.1)
    path      PATH_INFO in the environ's form, doubled slashes and dot segments resolved
    host      the Host field, else SERVER_NAME: lower case, without port and trailing dot; "" where it is malformed
    """

    __slots__ = ("_host", "_host_field", "environ", "method", "path")

    def __init__(self, environ: WSGIEnvironment) -> None:
        self.environ = environ
        self.method: str = environ.get("REQUEST_METHOD", "")
        self.path = normal_path(environ.get("PATH_INFO", ""))
        field = environ.get("HTTP_HOST")
        self._host_field = environ.get("SERVER_NAME", "") if field is None else field
        self._host: str | None = None

    @property
    def host(self) -> str:
        """The host, read as it entered; taken apart when it is first asked for, since most guards never do."""
        if self._host is None:
            self._host = host_of(self._host_field)
        return self._host

    @property
    def scheme(self) -> str:
        """`wsgi.url_scheme`, the only word about the scheme that is believed."""
        return str(self.environ.get("wsgi.url_scheme", ""))


class Answer(NamedTuple):
    """A response that the policy gives itself: `status` as in `start_response`, its lines, its octets.

    Its length is told by whoever sends it; there is no body for HEAD.
    """

    status: str
    lines: list[Line]
    body: bytes = b""


class Deferred(NamedTuple):
    """An answer that takes more than deciding: a body is read, a callback called. `make` gives it when it is sent."""

    make: Callable[[Request, Log], Answer]


class Decision(NamedTuple):
    """What a guard decided about a request, apart from acting on it.

    event     stable code for the log, `cors.preflight.refused`
    reason    data for the log, never for the answer; "" where there is nothing to tell
    answer    what is sent, or what makes it, or the WSGI application that answers a refusal; None: the decision is told
              and the request passes (a guard that only reports)
    facts     more data for the log record
    last      values of fields that stand in the answer after every operation of the policy, None for no line of the
              field; those of Vary are merged. That the answer is not stored needs no word here: no answer is.
    """

    event: str
    reason: str
    answer: Answer | Deferred | WSGIApplication | None
    facts: Mapping[str, object] = {}
    last: Mapping[str, str | None] = {}


def answer_in_words(status: str, sentence: str, *lines: Line) -> Answer:
    """Return an answer whose body is one plain sentence."""
    return Answer(status, [("Content-Type", "text/plain; charset=utf-8"), *lines], f"{sentence}\n".encode())


# RFC 9110 15.4.5. It has the lines of the response that it stands for, but those of its content; rules on status and
# media type hold for it as for that response.
NOT_MODIFIED = Answer("304 Not Modified", [])


class AfterBody(NamedTuple):
    """A judgement that takes the body, where the application returns the whole of it.

    line    goes through the policy with the application's lines; what goes out has the value that `judge` gives, or no
            such line. Nothing of this is done where an operation speaks of the field
    judge   gives, for a list or tuple of octets, that value and whether NOT_MODIFIED goes out instead; None: neither
    """

    line: Line
    judge: Callable[[Sequence[bytes]], tuple[str, bool] | None]


class BodyPhase(NamedTuple):
    """What may put an answer in the place of a response of the application, whose body is then closed unread.

    read      gives what it needs of a request, by its environ as it enters; None: whatever comes passes as it is
    by_head   whether, for what was read, a head alone may be judged; else only AfterBody comes
    judge     gives, for what was read and the application's own status and lines, what goes out instead: NOT_MODIFIED,
              or an answer that goes through the policy as itself; None: what the application sends
    """

    read: Callable[[WSGIEnvironment], Any]
    by_head: Callable[[Any], bool]
    judge: Callable[[Any, str, Sequence[Line]], Answer | AfterBody | None]


class Head:
    """A whole head after every operation, for the parts that look at all of it.

    status    as given to `start_response`
    lines     `list[tuple[str, str]]`, exact types; may be changed in place
    sent      the lines of the application before any operation
    environ   of this request
    """

    __slots__ = ("environ", "lines", "sent", "status")

    def __init__(self, status: str, lines: list[Line], sent: list[Line], environ: WSGIEnvironment) -> None:
        self.status = status
        self.lines = lines
        self.sent = sent
        self.environ = environ


def normal_path(path: str) -> str:
    """Return PATH_INFO with doubled slashes collapsed, then dot segments removed (RFC 3986 5.2.4); "" is "/".

    The server decoded it once; it is never decoded again. A path that does not begin with a slash stays as it is.
    """
    if "//" not in path and "/." not in path:
        return path or "/"
    if not path.startswith("/"):
        return path
    kept: list[str] = []
    segments = [segment for segment in path.split("/") if segment]
    for segment in segments:
        if segment == "..":
            del kept[-1:]
        elif segment != ".":
            kept.append(segment)
    # "/a/." and "/a/.." name a directory, as "/a/" does.
    directory = path.endswith("/") or segments[-1:] in (["."], [".."])
    return "/" + "/".join(kept) + ("/" if directory and kept else "")


def host_of(authority: str) -> str:
    """Return the host of `host [":" port]` in the form in which hosts are compared; "" where it is malformed.

    Lower case, without one trailing dot; an IPv6 literal in its compressed form, in brackets (RFC 5952 4).
    """
    host, bracket, port = authority.rpartition("]")
    if bracket:
        literal = _grammar.ip_literal.fullmatch(host + bracket)
        if literal is None or not _is_port(port):
            return ""
        try:
            return f"[{ipaddress.IPv6Address(literal[1]).compressed}]"
        except ValueError:
            return ""
    host, colon, port = authority.partition(":")
    # Some letters beyond ASCII have an ASCII one for their lower case.
    host = host.lower().removesuffix(".") if host.isascii() else ""
    if not _is_port(colon + port) or _grammar.host_name.fullmatch(host) is None:
        return ""
    return host


def port_of(authority: str) -> int | None:
    """Return the port of a well-formed `host [":" port]` (`host_of` gives its host); None where it has none."""
    digits = authority.rpartition("]")[2].partition(":")[2]
    return int(digits.lstrip("0") or "0") if digits else None


def _is_port(text: str) -> bool:
    # RFC 3986 3.2.3: port = *DIGIT, after a colon; `isdigit` alone would take other scripts' digits. RFC 6335 6: 16
    # bits. `int` refuses thousands of digits.
    if not text:
        return True
    digits = text[1:]
    if text[0] != ":" or not digits.isascii() or not (digits.isdigit() or not digits):
        return False
    significant = digits.lstrip("0")
    return len(significant) <= 5 and int(significant or "0") <= 65_535
