"""Whether two contestants of a workload do the same, before their times are compared."""

import re
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from .contest import BODY, WSGI_APPLICATIONS, Contestant, Feed, Lines, Workload
from .requests import path
from .timing import write

if TYPE_CHECKING:
    from _typeshed import OptExcInfo

HEADS = 200
"""How many heads are compared; the workloads draw their values from smaller cycles."""

Start = tuple[str, Lines, object]

Meaning = dict[str, list[object]]

Answer = tuple[list[tuple[str, Meaning]], bytes]
"""What each call of start_response said, and the body."""


def differences(workload: Workload) -> dict[str, str]:
    """For each contestant that claims the reference's result and has another, what is different."""
    expected = _served(workload, _named(workload, workload.reference))
    found = {}
    for contestant in workload.contestants:
        if contestant.does_not or contestant.name == workload.reference:
            continue
        difference = _difference(expected, _served(workload, contestant)) or _broken_promise(workload, contestant)
        if difference:
            found[contestant.name] = difference
    return found


def meaning(lines: Lines) -> Meaning:
    """What the lines say: names without case, the order between fields without importance.

    A Set-Cookie value is its pair and a set of attributes, Vary a set of names without case, a nonce is as good as any
    other; every other field is its values in their order.
    """
    fields: Meaning = {}
    for name, value in lines:
        key = name.lower()
        read = _READERS.get(key)
        fields.setdefault(key, []).append(read(value) if read else value)
    return fields


def _cookie(value: str) -> object:
    pair, *attributes = (part.strip() for part in value.split(";"))
    return pair, frozenset(map(_attribute, attributes))


def _attribute(text: str) -> tuple[str, str]:
    name, _, value = (part.strip() for part in text.partition("="))
    key = name.lower()
    return key, value.lower() if key == "samesite" else value


def _members(value: str) -> object:
    return frozenset(member.strip().lower() for member in value.split(","))


def _policy(value: str) -> object:
    return _NONCE.sub("'nonce'", value)


# CSP3 section 2.3.1, of the length that 128 bits take at least (section 7.1).
_NONCE = re.compile(r"'nonce-[A-Za-z0-9+/_-]{22,}={0,2}'")

_READERS: dict[str, Callable[[str], object]] = {
    "set-cookie": _cookie,
    "vary": _members,
    "content-security-policy": _policy,
}


def _named(workload: Workload, name: str) -> Contestant:
    return next(contestant for contestant in workload.contestants if contestant.name == name)


def _call(workload: Workload, application: WSGIApplication, serial: int) -> tuple[list[Start], bytes]:
    """What `start_response` was called with, each time, and the body."""
    starts: list[Start] = []

    def start_response(status: str, lines: Lines, exc_info: object = None, /) -> Callable[[bytes], object]:
        starts.append((status, list(lines), exc_info))
        return write

    environ = workload.environ | {"PATH_INFO": path(serial), workload.field: workload.field_value(serial)}
    body = application(environ, start_response)
    return starts, b"".join(body)


def _served(workload: Workload, contestant: Contestant) -> list[Answer]:
    feed: Feed = deque()
    application = contestant.wrap(workload.application(feed))
    served = []
    for serial in range(HEADS):
        feed.append(workload.head(serial))
        starts, body = _call(workload, application, serial)
        served.append(([(status, meaning(lines)) for status, lines, _ in starts], body))
    return served


def _difference(expected: list[Answer], actual: list[Answer]) -> str:
    for (wanted, wanted_body), (sent, sent_body) in zip(expected, actual, strict=True):
        if len(wanted) != len(sent):
            return "another number of calls of start_response"
        for (wanted_status, wanted_fields), (status, fields) in zip(wanted, sent, strict=True):
            names = [name for name in sorted(wanted_fields | fields) if wanted_fields.get(name) != fields.get(name)]
            if names:
                return "other lines of " + ", ".join(names)
            if status != wanted_status:
                return "another status"
        if sent_body != wanted_body:
            return "another body"
    return ""


def _broken_promise(workload: Workload, contestant: Contestant) -> str:
    """What a contestant does that the protocol forbids to middleware; not looked at around a framework."""
    if workload.application not in WSGI_APPLICATIONS:
        return ""
    head = workload.head(0)
    kept = head.copy()
    error = ValueError()
    exc_info: OptExcInfo = (ValueError, error, error.__traceback__)  # type: ignore[assignment]

    def failing(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        start_response("500 Internal Server Error", head, exc_info)
        return BODY

    starts, _ = _call(workload, contestant.wrap(failing), 0)
    if not starts[0][2]:
        return ""  # answered without the application
    if head != kept:
        return "changes the application's list"
    if starts[0][2] is not exc_info:
        return "loses exc_info"
    return ""
