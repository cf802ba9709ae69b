"""On which exchanges a rule holds: a predicate on the request, and on status and media type of the response.

A match is read in three moments. Path, host, method and `when` are facts of the request as it entered; the scheme is
read when the head is made, since a proxy middleware inside may have set it right; status and media type are those that
the application sent.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Set
from typing import TYPE_CHECKING, Any, TypeAlias

from . import _grammar
from ._part import Part
from .errors import Problems, escaped
from .exchange import Request, host_of, normal_path

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

PathPattern: TypeAlias = "str | re.Pattern[str]"

# RFC 9110 9.3, RFC 5789: methods whose lower-case spelling is a mistake, since methods are case-sensitive (9.1).
_METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH")


class Match(Part):
    """Holds where all that is given holds; without arguments, everywhere.

    path         "/exact", "/prefix/" (on a segment boundary), a compiled pattern that must match the whole path, or a
                 tuple of these. Compared with PATH_INFO as the server decoded it, after RFC 3986 5.2.4.
    method       "GET" or a tuple; case-sensitive; "GET" also holds for HEAD
    host         "www.example.com", "*.example.com" (one or more labels below), "[::1]", or a tuple; no port
    scheme       "https" or "http"
    status       404, "5xx", or a tuple
    media_type   "text/html", "text/*", or a tuple; parameters and case do not count
    when         callable(environ) -> bool, called once a request before the application
    varies_on    the request fields that `when` reads; they are added to Vary

    >>> Match(path="/static/", method="GET")
    Match(path='/static/', method='GET')

    Raises PolicyError for what could never hold.
    """

    path: PathPattern | tuple[PathPattern, ...] | None
    method: str | tuple[str, ...] | None
    host: str | tuple[str, ...] | None
    scheme: str | None
    status: int | str | tuple[int | str, ...] | None
    media_type: str | tuple[str, ...] | None
    when: Callable[[WSGIEnvironment], bool] | None

    def __init__(
        self,
        *,
        path: PathPattern | Iterable[PathPattern] | None = None,
        method: str | Iterable[str] | None = None,
        host: str | Iterable[str] | None = None,
        scheme: str | None = None,
        status: int | str | Iterable[int | str] | None = None,
        media_type: str | Iterable[str] | None = None,
        when: Callable[[WSGIEnvironment], bool] | None = None,
        varies_on: str | Iterable[str] = (),
    ) -> None:
        problems = Problems()
        kept: dict[str, Any] = {
            "path": _alternatives(problems, "path", path, check_path),
            "method": _alternatives(problems, "method", method, _check_method),
            "host": _alternatives(problems, "host", host, check_host),
            "scheme": scheme,
            "status": _alternatives(problems, "status", status, _check_status),
            "media_type": _alternatives(problems, "media_type", media_type, _check_media_type),
            "when": when,
            "varies_on": _alternatives(problems, "varies_on", varies_on, _check_field_name, empty=True),
        }
        if scheme is not None and scheme not in ("https", "http"):
            problems.add("match.scheme", "Match.scheme", scheme, "is no scheme of a WSGI server", "'https' or 'http'")
        if when is not None and not callable(when):
            problems.add("match.when", "Match.when", when, "is no callable", "give callable(environ) -> bool")
        if when is None and kept["varies_on"]:
            fix = "name the request fields that `when` reads"
            problems.add("match.varies_on", "Match.varies_on", kept["varies_on"], "stands without `when`", fix)
        problems.raise_any()
        if isinstance(kept["varies_on"], str):
            kept["varies_on"] = (kept["varies_on"],)
        self._keep(**kept)

    @property
    def varies_on(self) -> tuple[str, ...]:
        """The request fields that `when` reads."""
        fields: tuple[str, ...] = self.__dict__["varies_on"]
        return fields

    @property
    def reads_request(self) -> bool:
        """Whether it depends on the request as it entered."""
        return any(part is not None for part in (self.path, self.method, self.host, self.when))

    @property
    def reads_head(self) -> bool:
        """Whether it depends on what the application sent."""
        return self.status is not None or self.media_type is not None

    def holds_for_request(self, request: Request) -> bool:
        """Whether path, method and host hold; `when` is asked apart, by whoever counts the calls."""
        return (
            (self.path is None or any(path_holds(pattern, request.path) for pattern in listed(self.path)))
            and (self.method is None or method_holds(listed(self.method), request.method))
            and (self.host is None or any(host_holds(pattern, request.host) for pattern in listed(self.host)))
        )

    def holds_for_scheme(self, scheme: str) -> bool:
        """Whether the scheme holds."""
        return self.scheme is None or self.scheme == scheme

    def holds_for_head(self, code: str, media_type: str) -> bool:
        """Whether status and media type hold.

        code         the three digits
        media_type   type/subtype in lower case, "" where there is no Content-Type
        """
        return (self.status is None or any(status_holds(item, code) for item in listed(self.status))) and (
            self.media_type is None or any(media_type_holds(item, media_type) for item in listed(self.media_type))
        )


def listed(value: Any) -> tuple[Any, ...]:
    """Return the alternatives of an argument that may be a single one."""
    return value if type(value) is tuple else (value,)


def path_holds(pattern: PathPattern, path: str) -> bool:
    """Whether a normal path in the environ's form is the exact one, lies below the prefix, or matches the pattern."""
    if isinstance(pattern, str):
        native = environ_form(pattern)
        if native == "/":
            return True
        return path.startswith(native) if native.endswith("/") else path == native
    # The pattern was written in characters, so it reads characters: UTF-8 octets that PEP 3333 shows as latin-1.
    if not path.isascii():
        path = path.encode("latin-1", "replace").decode("utf-8", "surrogateescape")
    return pattern.fullmatch(path) is not None


def environ_form(text: str) -> str:
    """Return `text` as a WSGI environ holds it: its UTF-8 octets as latin-1 (PEP 3333, "Unicode Issues")."""
    return text if text.isascii() else text.encode().decode("latin-1")


def method_holds(methods: tuple[str, ...], method: str) -> bool:
    """Whether `method` is among them; HEAD is GET without a body (RFC 9110 9.3.2)."""
    return method in methods or (method == "HEAD" and "GET" in methods)


def host_holds(pattern: str, host: str) -> bool:
    """Whether a host from `host_of` is the one that is named, or lies below a `*.` pattern."""
    if pattern.startswith("*."):
        below = host_of(pattern[2:])
        return host.endswith(f".{below}") and len(host) > len(below) + 1
    return host != "" and host == host_of(pattern)


def status_holds(item: int | str, code: str) -> bool:
    """Whether the three digits are the status, or of its class."""
    return code[0] == item[0] if isinstance(item, str) else code == str(item)


def media_type_holds(item: str, media_type: str) -> bool:
    """Whether a lower-case type/subtype is the one that is named, or of its type."""
    item = item.lower()
    if item == "*/*":
        return media_type != ""
    return media_type.startswith(item[:-1]) if item.endswith("/*") else media_type == item


def media_type_of(content_type: str) -> str:
    """Return type/subtype of a Content-Type value in lower case; "" where there is none."""
    return content_type.partition(";")[0].strip(" \t").lower()


def _alternatives(
    problems: Problems,
    name: str,
    value: Any,
    check: Callable[[Problems, str, object], None],
    *,
    empty: bool = False,
) -> Any:
    """Return `value`, a single alternative or a tuple of them, after each was checked."""
    where = f"Match.{name}"
    if value is None:
        return None
    if not isinstance(value, Iterable) or isinstance(value, (str, bytes, Set, Mapping)):
        check(problems, where, value)
        return value
    items = tuple(value)
    if not items and not empty:
        problems.add(f"match.{name}.empty", where, items, "holds nowhere", "leave it out to hold everywhere")
    for position, item in enumerate(items):
        check(problems, f"{where}[{position}]", item)
    return items


def check_path(problems: Problems, where: str, value: object) -> None:
    """Note why a path pattern could never hold."""
    if isinstance(value, re.Pattern):
        if not isinstance(value.pattern, str):
            problems.add("match.path.octets", where, value, "is a pattern of bytes", "compile it from str")
        return
    if not isinstance(value, str):
        problems.add("match.path.type", where, value, "is no path", "'/exact', '/prefix/' or re.compile(...)")
        return
    if any("\ud800" <= character <= "\udfff" for character in value):
        reason = "holds a surrogate, which no server sends"
        problems.add("match.path.encoding", where, value, reason, "write it in characters", "RFC 3629 3")
    elif not value.startswith("/"):
        problems.add(
            "match.path.relative", where, value, "does not begin with a slash", f"write {escaped('/' + value)}"
        )
    elif "*" in value:
        fix = "'/prefix/' holds for all below it, or use re.compile(...)"
        problems.add("match.path.glob", where, value, "has a star, which stands for nothing but itself", fix)
    elif "?" in value or "#" in value:
        fix = "leave query and fragment out, or use re.compile(...)"
        problems.add("match.path.query", where, value, "is more than a path", fix, "RFC 3986 3.3")
    elif normal_path(value) != value:
        fix = f"write {escaped(normal_path(value))}"
        problems.add("match.path.normal", where, value, "is never the path of a request", fix, "RFC 3986 5.2.4")


def _check_method(problems: Problems, where: str, value: object) -> None:
    if not isinstance(value, str) or _grammar.token.fullmatch(value) is None:
        problems.add("match.method", where, value, "is no method", "'GET' or a tuple", "RFC 9110 9.1")
    elif value not in _METHODS and value.upper() in _METHODS:
        fix = f"Did you mean {value.upper()!r}?"
        problems.add(
            "match.method.case", where, value, "is never sent: methods are case-sensitive", fix, "RFC 9110 9.1"
        )


def check_host(problems: Problems, where: str, value: object) -> None:
    """Note why a host pattern could never hold."""
    fix = "'www.example.com', '*.example.com' or '[::1]', without scheme and port"
    if not isinstance(value, str):
        problems.add("match.host.type", where, value, "is no host", fix)
        return
    name = value.removeprefix("*.")
    host = host_of(name)
    if not host or ":" in name.rpartition("]")[2] or (name != value and host.startswith("[")):
        problems.add("match.host", where, value, "is no host", fix, "RFC 9110 7.2")


def _check_status(problems: Problems, where: str, value: object) -> None:
    if isinstance(value, str):
        good = len(value) == 3 and value[0] in "23456789" and value[1:] == "xx"
    else:
        good = type(value) is int and 200 <= value <= 999
    if not good:
        fix = (
            f"write {int(value)}" if isinstance(value, str) and re.fullmatch("[2-9][0-9]{2}", value) else "404 or '5xx'"
        )
        problems.add("match.status", where, value, "is no status of a final response", fix, "RFC 9110 15")


def _check_media_type(problems: Problems, where: str, value: object) -> None:
    if isinstance(value, str) and _grammar.media_type.fullmatch(value) is not None:
        kind, _, subtype = value.partition("/")
        if kind != "*" or subtype == "*":
            return
    fix = "'text/html' or 'text/*'"
    if isinstance(value, str) and ";" in value:
        fix = f"write {escaped(media_type_of(value))}: parameters do not count"
    problems.add("match.media_type", where, value, "is no media type", fix, "RFC 9110 8.3.1")


def _check_field_name(problems: Problems, where: str, value: object) -> None:
    if not isinstance(value, str) or _grammar.token.fullmatch(value) is None or value == "*":
        problems.add("match.varies_on.name", where, value, "is no field name", "'Accept-Language'", "RFC 9110 12.5.5")
