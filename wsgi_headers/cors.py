"""CORS: which pages of other origins may read responses, and which requests they may make (Fetch, "CORS protocol").

A preflight is answered in the application's place. Every other response gets the Access-Control fields that its Origin
may have, and none of those that the application sent.

CORS is no authorization. A request that needs no preflight reaches the application from anywhere; what is refused is
that a page reads the response.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from typing import TYPE_CHECKING, Any, ClassVar, cast

from . import _grammar, _registry
from ._part import GuardRank, Part
from ._preflight import ASKED_PRIVATE_NETWORK, ORIGIN, VARY, asked_headers, asked_method
from .errors import Problem, Problems, escaped
from .exchange import Answer, Decision, Line, Request, answer_in_words
from .operations import FieldProgram, Operation, Remove, Step
from .origins import Origins, check_origin, parse

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

ANY = "*"

ALLOW_ORIGIN = "Access-Control-Allow-Origin"
ALLOW_CREDENTIALS = "Access-Control-Allow-Credentials"
ALLOW_METHODS = "Access-Control-Allow-Methods"
ALLOW_HEADERS = "Access-Control-Allow-Headers"
ALLOW_PRIVATE_NETWORK = "Access-Control-Allow-Private-Network"
EXPOSE_HEADERS = "Access-Control-Expose-Headers"
MAX_AGE = "Access-Control-Max-Age"

_OWNED_PREFIX = "access-control-"
# Every field of the protocol; those of requests mean nothing in a response, and do not belong there.
_OWNED = tuple(field.name for name, field in _registry.FIELDS.items() if name.startswith(_OWNED_PREFIX))

# Fetch, "forbidden method".
_FORBIDDEN_METHODS = {"CONNECT", "TRACE", "TRACK"}
# Fetch, "normalize a method": browsers send these in upper case, however a page spells them.
_NORMALIZED_METHODS = {"DELETE", "GET", "HEAD", "OPTIONS", "POST", "PUT"}

# Fetch, "forbidden request-header", and Private Network Access 2.3: no page can set them, no preflight asks for them.
_FORBIDDEN_REQUEST_HEADERS = {
    *("accept-charset", "accept-encoding", "access-control-request-headers", "access-control-request-method"),
    *("access-control-request-private-network", "connection", "content-length", "cookie", "cookie2", "date", "dnt"),
    *("expect", "host", "keep-alive", "origin", "referer", "set-cookie", "te", "trailer", "transfer-encoding"),
    *("upgrade", "via"),
}
_FORBIDDEN_REQUEST_PREFIXES = ("proxy-", "sec-")
# Defined for responses alone: Fetch 3.3.3, RFC 9110 10.2.2-10.2.4, 11.6.1, 12.5.5 and 14.3, RFC 9111 5.1.
_RESPONSE_ONLY = {
    *("access-control-allow-credentials", "access-control-allow-headers", "access-control-allow-methods"),
    *("access-control-allow-origin", "access-control-allow-private-network", "access-control-expose-headers"),
    *("access-control-max-age", "accept-ranges", "age", "location", "retry-after", "server", "vary"),
    "www-authenticate",
}
# Fetch, "forbidden response-header name": no page ever reads them.
_FORBIDDEN_RESPONSE_HEADERS = {"set-cookie", "set-cookie2"}
# What only requests and answers to preflights carry, which no page reads: Fetch 3.2 and 3.3.2-3.3.3.
_NEVER_IN_ACTUAL_RESPONSES = {
    *("access-control-allow-headers", "access-control-allow-methods", "access-control-allow-private-network"),
    *("access-control-max-age", "access-control-request-headers", "access-control-request-method"),
    *("access-control-request-private-network", "origin"),
}

# Fetch, "CORS non-wildcard request-header name": a star in Allow-Headers does not stand for it.
_NOT_COVERED = "authorization"

# Firefox keeps the answer to a preflight no longer than a day, Chromium two hours, WebKit ten minutes.
_LONGEST_MAX_AGE = 86_400


class CORS(Part):
    """The CORS protocol: owns every Access-Control field of the responses that it holds for, and answers preflights.

    origins                    "*", or a list of "https://example.com", "https://*.example.com" (one or more labels) and
                               "https://example.com:*" (any port)
    methods                    those that a preflight may ask for; "*" for any
    allow_headers              names of request fields that a preflight may ask for; "*" for all but Authorization
    expose_headers             names of response fields that pages may read, beside those that they always may; "*" for
                               all
    credentials                whether responses to requests with cookies may be read
    max_age                    seconds for which a browser may keep the answer to a preflight, at most 86,400
    insecure_private_network   lets pages of the internet into a private network (Private Network Access 2.3)
    insecure_origins           lets pages that came without TLS read responses to requests with credentials

    >>> CORS(origins=["https://app.example"], credentials=True, allow_headers=["Authorization"])
    CORS(origins=('https://app.example',), allow_headers=('Authorization',), credentials=True)

    Of several that hold for a request, the last declared speaks. Raises PolicyError for what no browser would send or
    heed, and for what would let every site in.
    """

    origins: str | tuple[str, ...]
    methods: str | tuple[str, ...]
    allow_headers: str | tuple[str, ...]
    expose_headers: str | tuple[str, ...]
    credentials: bool
    max_age: int | None
    insecure_private_network: bool
    insecure_origins: bool

    guard_rank: ClassVar[int] = GuardRank.CORS_PREFLIGHT
    guards_preflights_alone = True
    last_speaks = True

    def __init__(
        self,
        *,
        origins: str | Iterable[str],
        methods: str | Iterable[str] = ("GET", "HEAD", "POST"),
        allow_headers: str | Iterable[str] = (),
        expose_headers: str | Iterable[str] = (),
        credentials: bool = False,
        max_age: int | None = None,
        insecure_private_network: bool = False,
        insecure_origins: bool = False,
    ) -> None:
        problems = Problems()
        lists = {
            "origins": _items(problems, "origins", origins, "https://app.example"),
            "methods": _items(problems, "methods", methods, "PUT"),
            "allow_headers": _items(problems, "allow_headers", allow_headers, "Authorization"),
            "expose_headers": _items(problems, "expose_headers", expose_headers, "ETag"),
        }
        switches = {
            "credentials": credentials,
            "insecure_private_network": insecure_private_network,
            "insecure_origins": insecure_origins,
        }
        for name, value in switches.items():
            if type(value) is not bool:
                problems.add(f"cors.{name}", f"CORS.{name}", value, "is no bool", "True or False")
        tolerant = credentials is not True or insecure_origins is True
        _check_origins(problems, lists["origins"], tolerant)
        for name, check in (
            ("methods", _check_method),
            ("allow_headers", _check_request_header),
            ("expose_headers", _check_response_header),
        ):
            for position, item in enumerate(lists[name]):
                if item != ANY:
                    check(problems, f"CORS.{name}[{position}]", item)
        if credentials is True:
            for name, items in lists.items():
                if ANY in items:
                    reason = "stands for itself alone in requests with credentials"
                    if name == "origins":
                        reason = "would let every site read what belongs to the user"
                    fix = f"list the {name.rpartition('_')[2]}, or leave credentials out"
                    problems.add(f"cors.{name}.credentials", f"CORS.{name}", ANY, reason, fix, "Fetch 3.3.5")
        if max_age is not None and (type(max_age) is not int or not 0 <= max_age <= _LONGEST_MAX_AGE):
            fix = "seconds from 0 to 86400; browsers keep it no longer"
            problems.add("cors.max_age", "CORS.max_age", max_age, "is no time to keep an answer", fix, "Fetch 3.3.3")
        problems.raise_any()
        given = {
            "origins": origins,
            "methods": methods,
            "allow_headers": allow_headers,
            "expose_headers": expose_headers,
        }
        kept = {name: value if value == ANY else lists[name] for name, value in given.items()}
        self._keep(**kept, **switches, max_age=max_age)

    @property
    def any_origin(self) -> bool:
        """Whether every origin is allowed."""
        return ANY in self.origins

    @property
    def varies_on(self) -> tuple[str, ...]:
        """Origin, where the outcome depends on it."""
        return () if self.any_origin else ("Origin",)

    @property
    def guard(self) -> Callable[[Request], Decision | None]:
        """What answers preflights."""
        return _preflights(self)

    def operations(self, scheme: str) -> tuple[Step, ...]:
        """Return the steps that drop the application's Access-Control lines and make those of an actual response."""
        # Last, since it makes lines of the other fields too.
        return *(_Owned(self, name) for name in _OWNED if name != ALLOW_ORIGIN), _AllowOrigin(self)

    def conflicts(self, siblings: Sequence[Part], whole: Sequence[Part]) -> Iterable[Problem]:
        """Return the operations on Access-Control fields, which are this part's alone."""
        for part in whole:
            if isinstance(part, CORS):
                continue
            names = {step.field for scheme in ("https", "http") for step in part.operations(scheme)}
            for name in sorted(name for name in names if name.startswith(_OWNED_PREFIX)):
                reason = "has an operation in a policy with CORS, which owns the field"
                yield Problem("cors.operation", "CORS", name, reason, "say it with the arguments of CORS", "Fetch 3.3")


def _items(problems: Problems, name: str, value: object, example: str) -> tuple[Any, ...]:
    """Return the items of an argument that is a list or ANY; none, and a mistake noted, for anything else."""
    if value == ANY:
        return (ANY,)
    # The order of a set is another one in each process, and with it the text of a line.
    if isinstance(value, (str, bytes, Set, Mapping)) or not isinstance(value, Iterable):
        fix = f"write [{escaped(value)}]" if isinstance(value, str) else f"'*' or [{example!r}]"
        problems.add(f"cors.{name}.type", f"CORS.{name}", value, "is no list", fix)
        return ()
    items = tuple(str.__str__(item) if isinstance(item, str) else item for item in value)
    if not items and name == "origins":
        problems.add("cors.origins.empty", "CORS.origins", items, "allows no origin", "leave CORS out", "Fetch 3.3")
    return items


def _check_origins(problems: Problems, origins: Sequence[Any], tolerant: bool) -> None:
    if ANY in origins:
        if len(origins) > 1:
            reason, fix = "stands beside others, which it covers", "'*' alone, or the others"
            problems.add("cors.origins.any", "CORS.origins", ANY, reason, fix, "Fetch 3.3.3")
    for position, origin in enumerate(origins):
        if origin == ANY:
            continue
        where = f"CORS.origins[{position}]"
        found = len(problems)
        check_origin(problems, where, origin)
        if len(problems) == found and not tolerant:
            pattern = parse(origin)
            if pattern.scheme != "https" and not pattern.loopback:
                reason = "lets whoever is on the network between read responses to requests with credentials"
                fix = "use https, or insecure_origins=True"
                problems.add("cors.origins.insecure", where, origin, reason, fix, "Secure Contexts 3.1")


def _check_method(problems: Problems, where: str, method: object) -> None:
    if not isinstance(method, str) or _grammar.token.fullmatch(method) is None:
        problems.add("cors.methods.token", where, method, "is no method", "'PUT'", "RFC 9110 9.1")
    elif method.upper() in _FORBIDDEN_METHODS:
        problems.add("cors.methods.forbidden", where, method, "is a method that no page can use", "", "Fetch 2.2.1")
    elif method != method.upper() and method.upper() in _NORMALIZED_METHODS:
        reason, fix = "is never asked for: browsers send it in upper case", f"Did you mean {method.upper()!r}?"
        problems.add("cors.methods.case", where, method, reason, fix, "Fetch 2.2.1")


def _check_request_header(problems: Problems, where: str, name: object) -> None:
    if not _is_field_name(problems, where, name, "allow_headers"):
        return
    lower = cast(str, name).lower()
    if lower in _FORBIDDEN_REQUEST_HEADERS or lower.startswith(_FORBIDDEN_REQUEST_PREFIXES):
        reason = "is a field that no page can set"
        problems.add("cors.allow_headers.forbidden", where, name, reason, "leave it out", "Fetch 2.2.2")
    elif lower in _RESPONSE_ONLY:
        fix = "leave it out"
        problems.add("cors.allow_headers.response", where, name, "is a field of responses alone", fix, "Fetch 3.3.3")


def _check_response_header(problems: Problems, where: str, name: object) -> None:
    if not _is_field_name(problems, where, name, "expose_headers"):
        return
    lower = cast(str, name).lower()
    if lower in _FORBIDDEN_RESPONSE_HEADERS:
        reason = "is a field that no page can read"
        problems.add("cors.expose_headers.forbidden", where, name, reason, "leave it out", "Fetch 2.2.2")
    elif lower in _NEVER_IN_ACTUAL_RESPONSES:
        reason = "is no field of responses that pages read"
        problems.add("cors.expose_headers.request", where, name, reason, "leave it out", "Fetch 3.3.2")


def _is_field_name(problems: Problems, where: str, name: object, argument: str) -> bool:
    if not isinstance(name, str) or _grammar.token.fullmatch(name) is None:
        problems.add(f"cors.{argument}.token", where, name, "is no field name", "'X-Request-ID'", "RFC 9110 5.1")
        return False
    if ANY in name:
        reason = "has a star, which stands for nothing but itself"
        problems.add(f"cors.{argument}.glob", where, name, reason, "name one field, or '*' for all", "Fetch 3.3.3")
        return False
    return True


class _Owned(Remove):
    """Drops the application's lines of a field of the protocol."""

    cause: CORS

    def __init__(self, cause: CORS, name: str, /) -> None:
        super().__init__(name)
        self._keep(cause=cause)

    @property
    def part(self) -> Part:
        """The part that owns the field."""
        return self.cause

    def __repr__(self) -> str:
        return f"Remove({self.name!r})"


class _AllowOrigin(Operation):
    """Makes the lines of an actual response: whatever is there is there because Allow-Origin is."""

    cause: CORS
    absolute = True

    def __init__(self, cause: CORS, /) -> None:
        self._keep(name=ALLOW_ORIGIN, cause=cause)

    @property
    def part(self) -> Part:
        """The part that owns the field."""
        return self.cause

    @property
    def literal(self) -> bool:
        """Whether the origin of the request makes no difference."""
        return self.cause.any_origin

    @property
    def compile(self) -> Callable[[Sequence[Any]], FieldProgram]:
        """`_compile_allow_origin`."""
        return _compile_allow_origin

    def apply(self, lines: list[Line], environ: WSGIEnvironment) -> list[Line]:
        """Return the lines that the origin of the request may have."""
        if self.cause.any_origin:
            return list(_actual_lines(self.cause, ANY))
        return list(_by_origin(self.cause)[environ[ORIGIN]]) if ORIGIN in environ else []


def _compile_allow_origin(steps: Sequence[_AllowOrigin]) -> FieldProgram:
    cors = steps[-1].cause
    if cors.any_origin:
        return FieldProgram(steps[-1].field, _actual_lines(cors, ANY))
    return FieldProgram(steps[-1].field, by_key=(ORIGIN, _by_origin(cors)))


class _ByOrigin(dict[str, tuple[Line, ...]]):
    """The lines of an actual response, by the Origin field of the request; none for an origin that is not allowed.

    Exact origins are all there from the start. What fits a pattern is not remembered: clients can make up any number.
    """

    def __init__(self, cors: CORS) -> None:
        self._cors = cors
        self._origins = Origins(cors.origins)
        super().__init__((origin, _actual_lines(cors, origin)) for origin in self._origins.exact)

    def __missing__(self, origin: str) -> tuple[Line, ...]:
        return _actual_lines(self._cors, origin) if self._origins.fit(origin) else ()


# Compiled once, for responses and for whoever explains them.
_by_origin = functools.lru_cache(maxsize=64)(_ByOrigin)


def _credentials(cors: CORS) -> dict[str, str]:
    return {ALLOW_CREDENTIALS: "true"} if cors.credentials else {}


def _actual_lines(cors: CORS, origin: str) -> tuple[Line, ...]:
    """Return the lines of an actual response to a request of an allowed origin; ANY for any."""
    exposed = ANY if ANY in cors.expose_headers else ", ".join(cors.expose_headers)
    lines = {ALLOW_ORIGIN: origin, **_credentials(cors), **({EXPOSE_HEADERS: exposed} if exposed else {})}
    return tuple(lines.items())


def _preflights(cors: CORS) -> Callable[[Request], Decision | None]:
    """Return what decides about preflights."""
    origins = None if cors.any_origin else Origins(cors.origins)
    methods = frozenset(cors.methods)
    headers = frozenset(map(str.lower, cors.allow_headers))
    credentials = _credentials(cors)
    refusal = answer_in_words("403 Forbidden", "The preflight was refused.")
    none: dict[str, str | None] = {**dict.fromkeys(_OWNED), "Vary": VARY}

    def refused(reason: str, **facts: str) -> Decision:
        return Decision("cors.preflight.refused", reason, refusal, facts, none)

    def decide(request: Request) -> Decision | None:
        environ = request.environ
        method = asked_method(environ)
        if method is None:
            return None
        origin = environ[ORIGIN]
        if origins is not None and origin not in origins:
            return refused("the origin is not allowed", origin=origin)
        if method not in methods and (ANY not in methods or _grammar.token.fullmatch(method) is None):
            return refused("the method is not allowed", origin=origin, method=method)
        asked = asked_headers(environ)
        if asked is None:
            return refused("Access-Control-Request-Headers is no list of names", origin=origin, method=method)
        for name in asked:
            if name not in headers and (ANY not in headers or name == _NOT_COVERED):
                return refused("a request header is not allowed", origin=origin, method=method, header=name)
        answer = {**none, ALLOW_ORIGIN: origin if origins is not None else ANY, **credentials}
        answer[ALLOW_METHODS] = ANY if ANY in methods else method
        if ANY in headers:
            asked = [ANY, *(name for name in asked if name == _NOT_COVERED)]
        if asked:
            answer[ALLOW_HEADERS] = ", ".join(asked)
        if cors.max_age is not None:
            answer[MAX_AGE] = str(cors.max_age)
        if cors.insecure_private_network and environ.get(ASKED_PRIVATE_NETWORK) == "true":
            answer[ALLOW_PRIVATE_NETWORK] = "true"
        return Decision("cors.preflight.allowed", "", Answer("204 No Content", []), {}, answer)

    return decide
