"""What the middleware is compared with, written by hand for one workload each.

`concatenating` is the unit: nothing that adds lines to a head in Python can be faster. The others are what an engineer
writes who knows the protocol, needs this one thing and wants it fast: names compare without case through a bounded
memo of the spellings seen, the application's list is copied, `exc_info` is passed on. They know their fields when they
are written, and nothing else can be asked of them.

The unchecked ones pass on whatever the application sends. The checked ones look at what the middleware looks at: the
status line, names that are tokens, values without control characters and within latin-1, lines that are exact pairs of
exact `str`.

The types of the inner functions are comments, because an annotation is evaluated each time its function is made, which
is at every request: some 50 ns.
"""

import re
import secrets
import time
from calendar import timegm
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple, TypeAlias
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from .contest import Lines
from .requests import ASK

if TYPE_CHECKING:
    from _typeshed import OptExcInfo

ExcInfo: TypeAlias = "OptExcInfo | None"

Write = Callable[[bytes], object]

Editing = Callable[[str], str]

# RFC 9110 section 5.6.2; RFC 9112 section 4; RFC 9110 section 5.5 without the blanks at the ends, which break nothing.
TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
STATUS = re.compile(r"[2-9][0-9]{2} [\t\x20-\x7e\x80-\xff]*")
VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]*")

# RFC 6265bis sections 5.6.1 and 5.6.2; of dates only the form that servers are told to send (RFC 9110 section 5.6.7),
# and the one with dashes that some still do.
MAX_AGE = re.compile(r";[\t ]*max-age[\t ]*=[\t ]*(-?[0-9]+)[\t ]*(?=;|$)", re.IGNORECASE)
EXPIRES = re.compile(
    r";[\t ]*expires[\t ]*=[\t ]*[a-z]{3}, ([0-9]{2})[ -]([a-z]{3})[ -]([0-9]{4}) ([0-9]{2}):([0-9]{2}):([0-9]{2}) GMT",
    re.IGNORECASE,
)
MONTHS = {
    name: number for number, name in enumerate("jan feb mar apr may jun jul aug sep oct nov dec".split(), start=1)
}


class Decisions(NamedTuple):
    """What is decided in W2: lines that replace the application's, lines where it sent none, names that go, and the
    members that Vary has to have."""

    fixed: Lines
    defaults: Lines
    removed: tuple[str, ...]
    vary: tuple[str, ...]


class Keys(dict[str, str]):
    """Field names by the spellings that were seen, in lower case; refuses what is no token, holds a bounded number."""

    def __missing__(self, name: str) -> str:
        if not TOKEN.fullmatch(name):
            raise ValueError("not a field name")
        if len(self) >= 1024:
            self.clear()
        key = self[name] = name.lower()
        return key


def concatenating(application: WSGIApplication, tail: Lines) -> WSGIApplication:
    """Adds lines and looks at nothing."""

    def wrapped(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        def start(status, lines, exc_info=None):  # type: (str, Lines, ExcInfo) -> Write
            if exc_info is None:
                return start_response(status, lines + tail)
            return start_response(status, lines + tail, exc_info)

        return application(environ, start)

    return wrapped


def replacing(application: WSGIApplication, tail: Lines) -> WSGIApplication:
    """Sets each field of the tail: the application's lines of these fields go."""
    replaced = frozenset(name.lower() for name, _ in tail)
    keys = Keys()

    def wrapped(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        def start(status, lines, exc_info=None):  # type: (str, Lines, ExcInfo) -> Write
            kept = [line for line in lines if keys[line[0]] not in replaced]
            kept += tail
            if exc_info is None:
                return start_response(status, kept)
            return start_response(status, kept, exc_info)

        return application(environ, start)

    return wrapped


def replacing_checked(application: WSGIApplication, tail: Lines) -> WSGIApplication:
    """`replacing`, refusing what must not be sent."""
    replaced = frozenset(name.lower() for name, _ in tail)
    keys = Keys()
    statuses = set()  # type: set[str]

    def wrapped(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        def start(status, lines, exc_info=None):  # type: (str, Lines, ExcInfo) -> Write
            if status not in statuses:
                check_status(status, statuses)
            kept = []
            for line in lines:
                name, value = line
                if type(line) is not tuple or type(name) is not str or type(value) is not str:
                    name, value = line = exact_line(name, value)
                if not (value.isprintable() and value.isascii()):
                    check_value(value)
                if keys[name] not in replaced:
                    kept.append(line)
            kept += tail
            if exc_info is None:
                return start_response(status, kept)
            return start_response(status, kept, exc_info)

        return application(environ, start)

    return wrapped


class Nonced(NamedTuple):
    """A field with a nonce: its name, the text around the places of the nonce, and the text for who did not ask."""

    name: str
    pieces: tuple[str, ...]
    unasked: str


def nonced(application: WSGIApplication, tail: Lines, field: Nonced) -> WSGIApplication:
    """`replacing`, and a field with a nonce that is made when it is asked for."""
    replaced = frozenset(name.lower() for name, _ in tail) | {field.name.lower()}
    full = [*tail, (field.name, field.unasked)]
    keys = Keys()

    def wrapped(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        nonce = ""

        def ask(environ):  # type: (WSGIEnvironment) -> str
            nonlocal nonce
            nonce = nonce or secrets.token_urlsafe(18)
            return nonce

        def start(status, lines, exc_info=None):  # type: (str, Lines, ExcInfo) -> Write
            kept = [line for line in lines if keys[line[0]] not in replaced]
            if nonce:
                kept += tail
                kept.append((field.name, nonce.join(field.pieces)))
            else:
                kept += full
            if exc_info is None:
                return start_response(status, kept)
            return start_response(status, kept, exc_info)

        environ[ASK] = ask
        return application(environ, start)

    return wrapped


def nonced_checked(application: WSGIApplication, tail: Lines, field: Nonced) -> WSGIApplication:
    """`nonced`, refusing what must not be sent."""
    replaced = frozenset(name.lower() for name, _ in tail) | {field.name.lower()}
    full = [*tail, (field.name, field.unasked)]
    keys = Keys()
    statuses = set()  # type: set[str]

    def wrapped(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        nonce = ""

        def ask(environ):  # type: (WSGIEnvironment) -> str
            nonlocal nonce
            nonce = nonce or secrets.token_urlsafe(18)
            return nonce

        def start(status, lines, exc_info=None):  # type: (str, Lines, ExcInfo) -> Write
            if status not in statuses:
                check_status(status, statuses)
            kept = []
            for line in lines:
                name, value = line
                if type(line) is not tuple or type(name) is not str or type(value) is not str:
                    name, value = line = exact_line(name, value)
                if not (value.isprintable() and value.isascii()):
                    check_value(value)
                if keys[name] not in replaced:
                    kept.append(line)
            if nonce:
                kept += tail
                kept.append((field.name, nonce.join(field.pieces)))
            else:
                kept += full
            if exc_info is None:
                return start_response(status, kept)
            return start_response(status, kept, exc_info)

        environ[ASK] = ask
        return application(environ, start)

    return wrapped


def sharing(application: WSGIApplication, tail: Lines, origins: frozenset[str]) -> WSGIApplication:
    """`replacing`, and CORS with credentials for some origins: its fields replaced, Origin merged into Vary."""
    replaced = frozenset(name.lower() for name, _ in tail)
    keys = Keys()

    @lru_cache(maxsize=256)
    def merged(varied: tuple[str, ...]) -> str:
        return merged_vary(varied, ("Origin",))

    def wrapped(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        def start(status, lines, exc_info=None):  # type: (str, Lines, ExcInfo) -> Write
            kept = []
            varied = []
            for line in lines:
                key = keys[line[0]]
                if key == "vary":
                    varied.append(line[1])
                elif key not in replaced and not key.startswith("access-control-"):
                    kept.append(line)
            kept += tail
            kept.append(("Vary", merged(tuple(varied))))
            origin = environ.get("HTTP_ORIGIN")
            if origin in origins:
                kept.append(("Access-Control-Allow-Origin", origin))
                kept.append(("Access-Control-Allow-Credentials", "true"))
            if exc_info is None:
                return start_response(status, kept)
            return start_response(status, kept, exc_info)

        return application(environ, start)

    return wrapped


def resolving(application: WSGIApplication, decisions: Decisions) -> WSGIApplication:
    """Sets the fixed fields, removes some, adds defaults where the application sent none, merges members into Vary."""
    fixed, defaults, removed, vary = decisions
    dropped = {name.lower() for name, _ in fixed} | set(map(str.lower, removed))
    absent = {line[0].lower(): line for line in defaults}
    touched = dropped | absent.keys() | {"vary"}
    keys = Keys()

    @lru_cache(maxsize=256)
    def merged(varied: tuple[str, ...]) -> str:
        return merged_vary(varied, vary)

    def wrapped(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        def start(status, lines, exc_info=None):  # type: (str, Lines, ExcInfo) -> Write
            kept = []
            varied = []
            missing = absent.copy()
            for line in lines:
                key = keys[line[0]]
                if key not in touched:
                    kept.append(line)
                elif key == "vary":
                    varied.append(line[1])
                elif key not in dropped:
                    kept.append(line)
                    missing.pop(key, None)
            kept += fixed
            kept += missing.values()
            kept.append(("Vary", merged(tuple(varied))))
            if exc_info is None:
                return start_response(status, kept)
            return start_response(status, kept, exc_info)

        return application(environ, start)

    return wrapped


def resolving_checked(application: WSGIApplication, decisions: Decisions) -> WSGIApplication:
    """`resolving`, refusing what must not be sent."""
    fixed, defaults, removed, vary = decisions
    dropped = {name.lower() for name, _ in fixed} | set(map(str.lower, removed))
    absent = {line[0].lower(): line for line in defaults}
    touched = dropped | absent.keys() | {"vary"}
    keys = Keys()
    statuses = set()  # type: set[str]

    @lru_cache(maxsize=256)
    def merged(varied: tuple[str, ...]) -> str:
        return merged_vary(varied, vary)

    def wrapped(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        def start(status, lines, exc_info=None):  # type: (str, Lines, ExcInfo) -> Write
            if status not in statuses:
                check_status(status, statuses)
            kept = []
            varied = []
            missing = absent.copy()
            for line in lines:
                name, value = line
                if type(line) is not tuple or type(name) is not str or type(value) is not str:
                    name, value = line = exact_line(name, value)
                if not (value.isprintable() and value.isascii()):
                    check_value(value)
                key = keys[name]
                if key not in touched:
                    kept.append(line)
                elif key == "vary":
                    varied.append(value)
                elif key not in dropped:
                    kept.append(line)
                    missing.pop(key, None)
            kept += fixed
            kept += missing.values()
            kept.append(("Vary", merged(tuple(varied))))
            if exc_info is None:
                return start_response(status, kept)
            return start_response(status, kept, exc_info)

        return application(environ, start)

    return wrapped


def editing(application: WSGIApplication, tail: Lines, edited: Editing) -> WSGIApplication:
    """Sets each field of the tail, and puts the value of each Set-Cookie line through a function."""
    replaced = frozenset(name.lower() for name, _ in tail)
    keys = Keys()

    def wrapped(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        def start(status, lines, exc_info=None):  # type: (str, Lines, ExcInfo) -> Write
            kept = []
            for line in lines:
                key = keys[line[0]]
                if key == "set-cookie":
                    kept.append((line[0], edited(line[1])))
                elif key not in replaced:
                    kept.append(line)
            kept += tail
            if exc_info is None:
                return start_response(status, kept)
            return start_response(status, kept, exc_info)

        return application(environ, start)

    return wrapped


def editing_checked(application: WSGIApplication, tail: Lines, edited: Editing) -> WSGIApplication:
    """`editing`, refusing what must not be sent."""
    replaced = frozenset(name.lower() for name, _ in tail)
    keys = Keys()
    statuses = set()  # type: set[str]

    def wrapped(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        def start(status, lines, exc_info=None):  # type: (str, Lines, ExcInfo) -> Write
            if status not in statuses:
                check_status(status, statuses)
            kept = []
            for line in lines:
                name, value = line
                if type(line) is not tuple or type(name) is not str or type(value) is not str:
                    name, value = line = exact_line(name, value)
                if not (value.isprintable() and value.isascii()):
                    check_value(value)
                key = keys[name]
                if key == "set-cookie":
                    kept.append((name, edited(value)))
                elif key not in replaced:
                    kept.append(line)
            kept += tail
            if exc_info is None:
                return start_response(status, kept)
            return start_response(status, kept, exc_info)

        return application(environ, start)

    return wrapped


def hardened(cookie: str) -> str:
    """A Set-Cookie value with the attributes that it lacks at its end, and a SameSite that is too weak replaced."""
    attributes = cookie.lower().split(";")[1:]
    names = [attribute.partition("=")[0].strip() for attribute in attributes]
    if "samesite" in names:
        # RFC 6265bis section 5.6: of a repeated attribute the last counts.
        last = len(names) - names[::-1].index("samesite")
        if attributes[last - 1].partition("=")[2].strip() not in ("lax", "strict"):
            parts = cookie.split(";")
            parts[last] = " SameSite=Lax"
            cookie = ";".join(parts)
    if "secure" not in names:
        cookie += "; Secure"
    if "httponly" not in names:
        cookie += "; HttpOnly"
    if "samesite" not in names:
        cookie += "; SameSite=Lax"
    return cookie


def hardened_of(names: frozenset[str]) -> Editing:
    """Gives `hardened` for the cookies of these names alone."""

    def edited(cookie: str) -> str:
        return hardened(cookie) if cookie.partition("=")[0].strip() in names else cookie

    return edited


def hardened_within(ceiling: int) -> Editing:
    """Gives `hardened` with no life longer than `ceiling` seconds; of Max-Age and of Expires there is one at most."""

    def edited(cookie: str) -> str:
        cookie = hardened(cookie)
        max_age = MAX_AGE.search(cookie)
        if max_age is not None:
            if int(max_age[1]) <= ceiling:
                return cookie
            return f"{cookie[: max_age.start(1)]}{ceiling}{cookie[max_age.end(1) :]}"
        end = expiry(cookie)
        return cookie if end is None or end <= time.time() + ceiling else f"{cookie}; Max-Age={ceiling}"

    return edited


def expiry(cookie: str) -> int | None:
    """The date of Expires in seconds since the epoch."""
    found = EXPIRES.search(cookie)
    if found is None:
        return None
    day, month, year, hour, minute, second = found.groups()
    return timegm((int(year), MONTHS[month.lower()], int(day), int(hour), int(minute), int(second)))


def merged_vary(values: Iterable[str], added: Iterable[str]) -> str:
    """One Vary value with the members of all the application's, then those of ours that are not there yet."""
    members = [member for value in values for part in value.split(",") if (member := part.strip())]
    if "*" in members:
        return "*"
    keys = {member.lower() for member in members}
    members += [member for member in added if member.lower() not in keys]
    return ", ".join(members)


def check_status(status: str, seen: set[str]) -> None:
    """The careful look at a status line that was not seen before."""
    if type(status) is not str or not STATUS.fullmatch(status):
        raise ValueError("not a status line")
    if len(seen) >= 256:
        seen.clear()
    seen.add(status)


def exact_line(name: object, value: object) -> tuple[str, str]:
    """A line whose parts are subclasses of `str`, or that is another kind of pair, as a server wants it."""
    if not isinstance(name, str) or not isinstance(value, str):
        raise ValueError("not native strings")
    return str.__str__(name), str.__str__(value)


def check_value(value: str) -> None:
    """The careful look at a value that is not plain ASCII: TAB and the octets 80 to FF are allowed."""
    if not VALUE.fullmatch(value):
        raise ValueError("not a field value")
