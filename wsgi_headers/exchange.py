"""One exchange as the parts of a policy see it: the request, the head, an answer, and a decision with its reason.

The facts of a request are read when it enters, since other middleware changes environ later (`DispatcherMiddleware`
moves the path, `ProxyFix` the host). Nothing here believes a forwarded field.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from . import _grammar

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication, WSGIEnvironment

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

    __slots__ = ("environ", "host", "method", "path")

    def __init__(self, environ: WSGIEnvironment) -> None:
        self.environ = environ
        self.method: str = environ.get("REQUEST_METHOD", "")
        self.path = normal_path(environ.get("PATH_INFO", ""))
        field = environ.get("HTTP_HOST")
        self.host = host_of(environ.get("SERVER_NAME", "") if field is None else field)

    @property
    def scheme(self) -> str:
        """`wsgi.url_scheme`, the only word about the scheme that is believed."""
        return str(self.environ.get("wsgi.url_scheme", ""))


class Answer(NamedTuple):
    """A response that the policy gives itself: `status` as in `start_response`, its lines, its octets."""

    status: str
    lines: list[Line]
    body: bytes = b""


class Decision(NamedTuple):
    """What a guard decided about a request, apart from acting on it.

    event     stable code for the log, `cors.preflight.refused`
    reason    data for the log, never for the answer
    answer    what is sent, or the WSGI application that answers
    facts     more data for the log record
    """

    event: str
    reason: str
    answer: Answer | WSGIApplication
    facts: Mapping[str, object] = {}


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


def _is_port(text: str) -> bool:
    # RFC 3986 3.2.3: port = *DIGIT, after a colon; `isdigit` alone would take other scripts' digits.
    return not text or (text[0] == ":" and text[1:].isascii() and (text[1:].isdigit() or text == ":"))
