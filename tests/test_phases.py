"""The phases of a response: what a part may do besides operations, and that the plan asks for nothing else."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

import pytest

from wsgi_headers import HeadersMiddleware, Match, Policy, PolicyError, Problem, Rule, Set
from wsgi_headers._log import Log
from wsgi_headers._part import Part
from wsgi_headers.exchange import Answer, BodyPhase, Decision, Head, Request

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

Lines = list[tuple[str, str]]


class Served:
    """An application that remembers how it was called."""

    def __init__(self, *lines: tuple[str, str]) -> None:
        self.lines = list(lines)
        self.seen: list[dict[str, Any]] = []

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        self.seen.append(dict(environ))
        start_response("200 OK", self.lines)
        return [b"application"]


def request(app: Callable[..., Iterable[bytes]], **environ: Any) -> tuple[str, Lines, bytes]:
    """Call an application and return status, lines and body."""
    heads: list[tuple[str, Lines]] = []
    environ = {"REQUEST_METHOD": "GET", "PATH_INFO": "/", "wsgi.url_scheme": "http", **environ}
    body = b"".join(app(environ, lambda status, lines, exc_info=None: heads.append((status, lines))))
    (head,) = heads
    return (*head, body)


class Teapot(Part):
    """A guard that refuses one path."""

    def __init__(self, path: str = "/tea", rank: int = 0) -> None:
        self._keep(path=path, rank=rank)

    def guard(self, request: Request) -> Decision | None:  # type: ignore[override]
        if request.path != self.__dict__["path"]:
            return None
        return Decision("teapot.refused", "no coffee", Answer("418 I'm a teapot", [("X-Tea", "1")], b"short"))


class Deny(Part):
    """A guard that hands every request to another application."""

    guard_rank = -1

    def guard(self, request: Request) -> Decision | None:  # type: ignore[override]
        def answer(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
            start_response("403 Forbidden", [("Content-Type", "application/json")])
            return [b"{}"]

        return Decision("deny.refused", "always", answer)


class HideCookies(Part):
    """Takes the cookies out of the request."""

    @property
    def incoming(self) -> Callable[[Sequence[Part]], Callable[[Request, Log], None]]:
        return without_cookies


def without_cookies(parts: Sequence[Part]) -> Callable[[Request, Log], None]:
    """Compile the parts that hide cookies."""

    def act(request: Request, log: Log) -> None:
        request.environ.pop("HTTP_COOKIE", None)

    return act


class Instead(Part):
    """Answers in the application's place where the request says so, once it has seen the head."""

    @property
    def body(self) -> Callable[[Sequence[Part]], BodyPhase]:
        return answering_instead


class Otherwise(Instead):
    """The same by another function."""

    @property
    def body(self) -> Callable[[Sequence[Part]], BodyPhase]:
        return lambda parts: answering_instead(parts)


def answering_instead(parts: Sequence[Part]) -> BodyPhase:
    """Compile the parts that answer, the last of which would speak."""

    def read(environ: WSGIEnvironment) -> str | None:
        return environ.get("HTTP_X_INSTEAD")

    def judge(asked: str, status: str, sent: Sequence[tuple[str, str]]) -> Answer | None:
        if asked != status:
            return None
        return Answer("410 Gone", [("X-Instead", f"{len(parts)} {len(sent)}")], b"gone")

    return BodyPhase(read, bool, judge)


class CountLines(Part):
    """Looks at the whole head after every operation."""

    @property
    def finish(self) -> Callable[[Sequence[Part]], Callable[[Head, Log], None]]:
        return counting


def counting(parts: Sequence[Part]) -> Callable[[Head, Log], None]:
    """Compile the parts that count, which count together."""

    def look(head: Head, log: Log) -> None:
        head.lines.append(("X-Lines", f"{len(parts)} {len(head.sent)} {len(head.lines)}"))

    return look


class Reads(Part):
    """Depends on a request field."""

    @property
    def varies_on(self) -> tuple[str, ...]:
        return ("Origin", "Accept")


class Alone(Part):
    """Bears no other of its kind beside it, no rule on a method, and needs a Set somewhere."""

    def conflicts(self, siblings: Sequence[Part], whole: Sequence[Part]) -> Iterable[Problem]:
        if sum(isinstance(part, Alone) for part in siblings) > 1:
            yield Problem("alone.beside", "Alone", "", "stands beside another", "leave one out", "")

    def refuses(self, matches: Sequence[Match]) -> Iterable[Problem]:
        if any(match.method is not None for match in matches):
            yield Problem("alone.method", "Alone", "", "stands under a method", "move it out", "")

    def unresolved(self, whole: Sequence[Part]) -> Iterable[Problem]:
        if not any(isinstance(part, Set) for part in whole):
            yield Problem("alone.unresolved", "Alone", "", "names nothing", "add Set", "")


def test_a_guard_answers_instead_of_the_application_with_the_rest_of_the_policy() -> None:
    """The answer of a guard carries the policy's fields, and the application is not called."""
    served = Served()
    app = HeadersMiddleware(served, Policy(Set("X-Policy", "1"), Teapot()))

    status, lines, body = request(app, PATH_INFO="/tea")

    assert (status, body) == ("418 I'm a teapot", b"short")
    assert dict(lines) == {"X-Tea": "1", "Content-Length": "5", "X-Policy": "1", "Cache-Control": "no-store"}
    assert served.seen == []


def test_a_guard_lets_other_requests_pass() -> None:
    """A request that no guard answers reaches the application."""
    assert request(HeadersMiddleware(Served(), Policy(Teapot())))[2] == b"application"


def test_an_answer_to_head_has_no_body() -> None:
    """RFC 9110 9.3.2."""
    assert request(HeadersMiddleware(Served(), Policy(Teapot())), PATH_INFO="/tea", REQUEST_METHOD="HEAD")[2] == b""


def test_guards_act_by_rank_whatever_their_order() -> None:
    """The guard of lower rank decides first, and its application's head gets the policy too."""
    status, lines, body = request(
        HeadersMiddleware(Served(), Policy(Teapot(), Set("X-Policy", "1"), Deny())), PATH_INFO="/tea"
    )

    assert (status, body) == ("403 Forbidden", b"{}")
    assert ("X-Policy", "1") in lines


def test_a_guard_holds_where_its_rule_holds() -> None:
    """Path and scheme of the rules that a guard stands in decide whether it is asked."""
    app = HeadersMiddleware(Served(), Policy(Rule(Match(path="/private/", scheme="http"), Deny())))

    assert request(app, PATH_INFO="/private/x")[0] == "403 Forbidden"
    assert request(app, PATH_INFO="/private/x", **{"wsgi.url_scheme": "https"})[0] == "200 OK"
    assert request(app, PATH_INFO="/public")[0] == "200 OK"


def test_a_refusal_is_logged_as_data(caplog: pytest.LogCaptureFixture) -> None:
    """The record carries event and reason; the answer does not."""
    with caplog.at_level(logging.WARNING, "wsgi_headers"):
        _, lines, body = request(HeadersMiddleware(Served(), Policy(Teapot())), PATH_INFO="/tea")

    (record,) = caplog.records
    assert (record.__dict__["event"], record.__dict__["reason"]) == ("teapot.refused", "no coffee")
    assert "coffee" not in repr((lines, body))


@pytest.mark.parametrize("match", [Match(status=404), Match(media_type="text/html")], ids=["status", "media type"])
def test_a_guard_cannot_wait_for_the_response(match: Match) -> None:
    """A guard under a match on the response is refused."""
    with pytest.raises(PolicyError) as caught:
        Rule(match, Teapot())

    assert [problem.code for problem in caught.value.problems] == ["rule.guard"]


@pytest.mark.parametrize("match", [Match(status=200), Match(media_type="a/b"), Match(scheme="http")], ids=str)
def test_what_changes_the_request_cannot_wait_for_the_response(match: Match) -> None:
    """A part whose match is known later has no say before the application is called."""
    served = Served(("Content-Type", "a/b"))

    request(HeadersMiddleware(served, Policy(Rule(match, HideCookies()))), HTTP_COOKIE="sid=1")

    assert served.seen[0]["HTTP_COOKIE"] == "sid=1"


def test_incoming_changes_what_the_application_sees() -> None:
    """The environ is changed before the application is called, where the rule holds."""
    served = Served()
    app = HeadersMiddleware(served, Policy(Rule(Match(path="/a"), HideCookies())))

    request(app, PATH_INFO="/a", HTTP_COOKIE="sid=1")
    request(app, PATH_INFO="/b", HTTP_COOKIE="sid=1")

    assert [environ.get("HTTP_COOKIE") for environ in served.seen] == [None, "sid=1"]


def test_an_application_that_answers_for_a_guard_sees_no_more_than_the_application() -> None:
    """What the policy keeps from applications has left environ before any is called."""
    served = Served()

    class Elsewhere(Part):
        def guard(self, request: Request) -> Decision | None:  # type: ignore[override]
            return Decision("elsewhere.refused", "always", served)

    request(HeadersMiddleware(Served(), Policy(Elsewhere(), HideCookies())), HTTP_COOKIE="sid=1")

    assert [environ.get("HTTP_COOKIE") for environ in served.seen] == [None]


def test_an_answer_in_the_place_of_a_response() -> None:
    """It goes through the policy with the application's lines, those of its content aside, and is never stored."""
    served = Served(("Content-Type", "a/b"), ("X-Own", "1"), ("Cache-Control", "public"))
    app = HeadersMiddleware(served, Policy(Instead(), Set("X-Policy", "1"), Instead(), CountLines()))

    status, lines, body = request(app, HTTP_X_INSTEAD="200 OK")

    assert (status, body) == ("410 Gone", b"gone")
    assert dict(lines) == {
        "X-Own": "1",
        "X-Instead": "2 3",
        "Content-Length": "4",
        "X-Policy": "1",
        "X-Lines": "1 4 5",
        "Cache-Control": "no-store",
    }
    assert len(served.seen) == 1
    assert request(app, HTTP_X_INSTEAD="404 Not Found")[0] == request(app)[0] == "200 OK"


def test_a_body_is_replaced_by_one_kind_of_part() -> None:
    """Two of them would each have to judge what the other made."""
    with pytest.raises(ValueError, match="too many values"):
        HeadersMiddleware(Served(), Policy(Instead(), Otherwise()))


def test_finish_sees_the_whole_head_after_every_operation() -> None:
    """It gets the application's lines and those that go out, and may change the latter."""
    app = HeadersMiddleware(Served(("X-A", "1")), Policy(CountLines(), Set("X-B", "2"), CountLines()))

    assert dict(request(app)[1]) == {"X-A": "1", "X-B": "2", "X-Lines": "2 1 2"}


def test_vary_is_derived_after_every_operation() -> None:
    """What a part reads of the request is merged into Vary; no operation of the policy removes it."""
    app = HeadersMiddleware(Served(("vary", "accept")), Policy(Reads(), Set("Vary", "Cookie")))

    assert request(app)[1] == [("Vary", "Cookie, Origin, Accept")]


def test_contradictions_are_refused_where_they_stand_together() -> None:
    """Siblings in one Policy contradict each other; in a nested policy they do not stand side by side."""
    with pytest.raises(PolicyError) as caught:
        Policy(Alone(), Alone())

    assert {problem.code for problem in caught.value.problems} == {"alone.beside"}
    assert len(Policy(Alone(), Policy(Alone())).parts) == 2


def test_a_part_refuses_matches_above_it() -> None:
    """The matches of every rule that a part stands in are told to it."""
    with pytest.raises(PolicyError) as caught:
        Rule(Match(method="GET"), Rule(Match(path="/a"), Alone()))

    assert [problem.code for problem in caught.value.problems] == ["alone.method"]


def test_names_that_refer_across_the_policy_are_checked_when_the_middleware_is_built() -> None:
    """A policy may be a fragment of another, so it is complete only there."""
    fragment = Policy(Alone())
    with pytest.raises(PolicyError) as caught:
        HeadersMiddleware(Served(), fragment)

    assert [problem.code for problem in caught.value.problems] == ["alone.unresolved"]
    assert HeadersMiddleware(Served(), Policy(fragment, Set("X-A", "1"))).policy.parts[0] == fragment
