"""Middlewares below each other, beside each other, and on an environ that was used before.

Where an equal policy stands above, the outermost acts; everywhere else the policy must act, whatever an earlier pass
left behind: a response that goes out without it would be the worst outcome.
"""

from __future__ import annotations

import contextlib
import enum
from collections.abc import Callable, Iterable, Iterator
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

import pytest
from wsgi import PLAIN, call, responding

from wsgi_headers import Append, CookieAttributes, HeadersMiddleware, Match, Policy, PolicyError, Rule, Set

LINK = Policy(Append("Link", "</a>; rel=x"))


def policy() -> Policy:
    """Return a new policy, equal to every other from here."""
    return Policy(Set("X-Frame-Options", "DENY"))


def fails_late(environ: WSGIEnvironment, start_response: StartResponse) -> Iterator[bytes]:
    """Fail when the body is asked for, before any head."""
    raise RuntimeError("late")
    yield b""


def late(environ: WSGIEnvironment, start_response: StartResponse) -> Iterator[bytes]:
    """Start when the body is asked for."""
    start_response("200 OK", [PLAIN])
    yield b"late"


def test_an_error_page_after_a_late_failure() -> None:
    """An application that failed before its head leaves nothing that switches an equal policy off."""
    first, second = HeadersMiddleware(fails_late, policy()), HeadersMiddleware(responding(PLAIN), policy())

    def catching(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        with contextlib.suppress(RuntimeError):
            return list(first(environ, start_response))
        body: Iterable[bytes] = second(environ, start_response)
        return body

    assert call(catching).values("X-Frame-Options") == ["DENY"]


def test_an_application_below_one_whose_head_is_out() -> None:
    """A state above whose head went out decides nothing for what comes later."""
    outer = Policy(Set("X-Outer", "1"))
    inner = HeadersMiddleware(responding(PLAIN), outer)
    heads: list[Any] = []

    def asides(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        copied = HeadersMiddleware(late, Policy(Set("X-Middle", "1")))
        body = copied(dict(environ), lambda status, lines, exc_info=None: heads.append(lines))
        start_response("200 OK", [PLAIN])
        list(body)
        inner(environ, lambda status, lines, exc_info=None: heads.append(lines))
        return [b"whole"]

    response = call(HeadersMiddleware(asides, outer))

    assert response.values("X-Outer") == ["1"]
    assert [dict(lines) for lines in heads] == [
        dict([PLAIN, ("X-Middle", "1")]),
        dict([PLAIN, ("X-Outer", "1")]),
    ]


def test_a_forward_through_the_same_middleware_acts_once() -> None:
    """An application that hands its own start_response to the middleware again is still one response."""
    forwarding: list[WSGIApplication] = []

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if environ["PATH_INFO"] == "/old":
            environ["PATH_INFO"] = "/new"
            return forwarding[0](environ, start_response)
        start_response("200 OK", [PLAIN])
        return [b"new"]

    forwarding.append(HeadersMiddleware(app, LINK))

    assert call(forwarding[0], path="/old").values("Link") == ["</a>; rel=x"]


def test_a_subrequest_of_its_own_acts_on_its_own() -> None:
    """An application that asks the middleware for another page with another start_response gets a whole response."""
    asking: list[WSGIApplication] = []
    asides: list[Any] = []

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if environ["PATH_INFO"] == "/whole":
            asking[0](
                {**environ, "PATH_INFO": "/aside"}, lambda status, lines, exc_info=None: asides.append(lines) or write
            )
        start_response("200 OK", [PLAIN])
        return [b"page"]

    asking.append(HeadersMiddleware(app, LINK))

    assert call(asking[0], path="/whole").values("Link") == ["</a>; rel=x"]
    assert asides == [[PLAIN, ("Link", "</a>; rel=x")]]


def write(data: bytes) -> object:
    """Take a piece of a body, as servers do."""
    return None


class Values:
    """An object whose method decides."""

    calls = 0

    def holds(self, environ: WSGIEnvironment) -> bool:
        self.calls += 1
        return True


def test_a_method_is_asked_once_for_all_rules() -> None:
    """`when` of several rules is one question, also where each look at a method makes a new object."""
    values = Values()
    rules = [Rule(Match(when=values.holds, path=path), Set("X-A", "1")) for path in ("/", "/a")]

    call(HeadersMiddleware(responding(PLAIN), Policy(*rules)), path="/a")

    assert values.calls == 1


class Text(str, enum.Enum):  # noqa: UP042 - StrEnum prints its text, and hides the mistake
    """Text that prints as something else."""

    ROOT = "/"
    LAX = "Lax"


class Lying(str):
    """Text that formats itself as an injection."""

    def __format__(self, spec: str) -> str:
        return "x\r\nEvil: 1"


@pytest.mark.parametrize(
    ("part", "after"),
    [
        (lambda: CookieAttributes(path=Text.ROOT, same_site=Text.LAX), "a=1; Path=/; SameSite=Lax"),
        (lambda: CookieAttributes(path=Lying("/")), "a=1; Path=/"),
    ],
    ids=["enumeration", "formats itself"],
)
def test_text_of_a_subclass_is_the_text(part: Callable[[], CookieAttributes], after: str) -> None:
    """What a part emits is the text that was checked."""
    app = HeadersMiddleware(responding(PLAIN, ("Set-Cookie", "a=1")), Policy(part()))

    assert call(app).values("Set-Cookie") == [after]


REFUSED: dict[str, tuple[Callable[[], object], list[str]]] = {
    "surrogate": (lambda: Match(path="/\ud800"), ["match.path.encoding"]),
    "octets": (lambda: Match(path=b"/static"), ["match.path.type"]),
    "set": (lambda: Match(path={"/a", "/b"}), ["match.path.type"]),
    "parts by name": (lambda: Policy(parts=[Set("X-A", "1")]), ["argument.unknown"]),  # type: ignore[call-arg]
    "no parts": (lambda: Rule(match=Match(path="/x")), ["rule.empty"]),
}


@pytest.mark.parametrize(("build", "codes"), REFUSED.values(), ids=REFUSED)
def test_refused_as_one_mistake(build: Callable[[], object], codes: list[str]) -> None:
    """What could never hold is one mistake with its own code."""
    with pytest.raises(PolicyError) as caught:
        build()

    assert [problem.code for problem in caught.value.problems] == codes


def test_app_and_policy_cannot_be_exchanged() -> None:
    """A middleware that was built is what it is."""
    middleware = HeadersMiddleware(responding(PLAIN), policy())

    with pytest.raises(AttributeError):
        middleware.app = responding()  # type: ignore[misc]
    assert middleware.policy == policy()
