"""What the two errors say: shape, one line a mistake whatever it holds, and the nearest right word."""

from __future__ import annotations

import copy
import inspect
import pickle
import re
from collections.abc import Callable
from typing import Any

import pytest
from wsgi import call, responding

from wsgi_headers import (
    CookieAttributes,
    CookieRule,
    Edit,
    HeadError,
    HeadersMiddleware,
    Match,
    Policy,
    PolicyError,
    Problem,
    Remove,
    Rule,
    Set,
)
from wsgi_headers._part import Part

# What breaks a line for someone: terminals, logs, str.splitlines; and what hides or forges text in a terminal.
HOSTILE = "a\r\nError: forged\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029\x1b[31m\x00\u202e\udce9"

match: Any = Match  # called with what a type checker would refuse
rule: Any = Rule
operation: Any = Set
cookie: Any = CookieRule

# Every argument that takes text, given hostile text.
HOSTILE_ARGUMENTS: list[tuple[str, Callable[[], object]]] = [
    ("name", lambda: Set(HOSTILE, "1")),
    ("removed-name", lambda: Remove(HOSTILE)),
    ("edited-name", lambda: Edit(HOSTILE, str.upper)),
    ("value", lambda: Set("X-A", HOSTILE)),
    ("value-with-blanks", lambda: Set("X-A", " \x85 ")),
    ("name-and-value", lambda: Set(HOSTILE, HOSTILE)),
    ("function", lambda: Edit("X-A", HOSTILE)),  # type: ignore[arg-type]
    ("surplus", lambda: operation("X-A", "1", HOSTILE)),
    ("unknown", lambda: match(**{HOSTILE: 1})),
    ("unknown-near", lambda: match(**{"pa\nth": 1})),
    ("path-relative", lambda: Match(path=HOSTILE)),
    ("path-star", lambda: Match(path=f"/*{HOSTILE}")),
    ("path-query", lambda: Match(path=f"/?{HOSTILE}")),
    ("path-dots", lambda: Match(path=f"/a/../{HOSTILE}")),
    ("path-octets", lambda: match(path=re.compile(b"\n"))),
    ("paths", lambda: Match(path=[HOSTILE, f"/x//{HOSTILE}"])),
    ("method", lambda: Match(method=HOSTILE)),
    ("host", lambda: Match(host=HOSTILE)),
    ("scheme", lambda: Match(scheme=HOSTILE)),
    ("status", lambda: Match(status=HOSTILE)),
    ("status-digits", lambda: Match(status="404\n")),
    ("media-type", lambda: Match(media_type=HOSTILE)),
    ("media-type-parameters", lambda: Match(media_type=f"{HOSTILE};{HOSTILE}")),
    ("when", lambda: match(when=HOSTILE)),
    ("varies-on", lambda: Match(when=bool, varies_on=HOSTILE)),
    ("part", lambda: Policy(HOSTILE)),  # type: ignore[arg-type]
    ("rule-match", lambda: rule(HOSTILE, HOSTILE)),
    ("cookie-name", lambda: cookie(HOSTILE, secure=HOSTILE)),
    ("cookie-name-pattern", lambda: cookie("*\n", max_age=-1, path=HOSTILE)),
    ("cookie-path", lambda: CookieAttributes(path=HOSTILE)),
    ("cookie-domain", lambda: CookieAttributes(domain=HOSTILE)),
    ("cookie-same-site", lambda: CookieAttributes(same_site=HOSTILE)),
    ("cookie-exempt", lambda: cookie("a", exempt=(HOSTILE,))),
    ("app", lambda: HeadersMiddleware(HOSTILE, HOSTILE)),  # type: ignore[arg-type]
]


@pytest.mark.parametrize("build", [row[1] for row in HOSTILE_ARGUMENTS], ids=[row[0] for row in HOSTILE_ARGUMENTS])
def test_one_printable_line_a_problem(build: Callable[[], object]) -> None:
    """The message has one line a problem, which begins with the place, and no character that is not printable."""
    with pytest.raises(PolicyError) as caught:
        build()
    lines = str(caught.value).splitlines()
    assert len(lines) == len(caught.value.problems)
    for line, problem in zip(lines, caught.value.problems, strict=True):
        assert line.startswith(f"{problem.where}: {problem.reason}")
        assert line.isprintable()
        assert line.isascii()


@pytest.mark.parametrize("build", [row[1] for row in HOSTILE_ARGUMENTS], ids=[row[0] for row in HOSTILE_ARGUMENTS])
def test_every_attribute_of_a_problem_is_text(build: Callable[[], object]) -> None:
    """code, where, value, reason, fix and reference are exact texts; a code is words with dots, for programs."""
    with pytest.raises(PolicyError) as caught:
        build()
    assert caught.value.problems
    for problem in caught.value.problems:
        assert problem._fields == ("code", "where", "value", "reason", "fix", "reference")
        assert {type(text) for text in problem} == {str}
        assert re.fullmatch(r"[a-z_]+(\.[a-z_-]+)+", problem.code)


# code, where, value, reason, fix, reference; the whole message
MESSAGES = [
    (("c", "Set.name", "a b", "is bad", "do better", "RFC 1"), "Set.name: is bad 'a b'; do better [RFC 1]"),
    (("c", "Set.name", "", "is bad", "do better", "RFC 1"), "Set.name: is bad; do better [RFC 1]"),
    (("c", "Set.name", "x", "is bad", "", "RFC 1"), "Set.name: is bad 'x' [RFC 1]"),
    (("c", "Set.name", "x", "is bad", "do better", ""), "Set.name: is bad 'x'; do better"),
    (("c", "Set.name", "", "is bad", "", ""), "Set.name: is bad"),
    (("c", "w", "it's\n\xe9", "r", "", ""), 'w: r "it\'s\\n\\xe9"'),
    (("c", "w", "x" * 200, "r", "", ""), f"w: r '{'x' * 200}'"),
    (("c", "w", "x" * 201, "r", "", ""), f"w: r '{'x' * 200}'..."),
]


@pytest.mark.parametrize(("problem", "message"), MESSAGES)
def test_message(problem: tuple[str, ...], message: str) -> None:
    """A problem reads `where: reason 'value'; fix [reference]`, without what it does not have."""
    assert str(Problem(*problem)) == message
    assert str(PolicyError([Problem(*problem), Problem(*problem)])) == f"{message}\n{message}"


# A part, and the attributes of one of its problems.
EXAMPLES: list[tuple[str, Callable[[], object], Problem]] = [
    (
        "match.path.relative",
        lambda: Match(path=("/a", "b")),
        Problem("match.path.relative", "Match.path[1]", "b", "does not begin with a slash", "write '/b'", ""),
    ),
    (
        "operation.value.blanks",
        lambda: Set("X-A", "a "),
        Problem(
            "operation.value.blanks",
            "Set('X-A').value",
            "a ",
            "begins or ends with a blank",
            "write 'a'",
            "RFC 9110 5.5",
        ),
    ),
    (
        "operation.value.empty",
        lambda: Set("X-A", ""),
        Problem("operation.value.empty", "Set('X-A').value", "", "is empty", "use Remove to send no line", ""),
    ),
    (
        "value-that-is-no-text",
        lambda: match(status=[99.5]),
        Problem(
            "match.status", "Match.status[0]", "99.5", "is no status of a final response", "404 or '5xx'", "RFC 9110 15"
        ),
    ),
]


@pytest.mark.parametrize(("build", "problem"), [row[1:] for row in EXAMPLES], ids=[row[0] for row in EXAMPLES])
def test_problem(build: Callable[[], object], problem: Problem) -> None:
    """A problem has the offending value's own text, what is wrong, what to write instead, and the specification."""
    with pytest.raises(PolicyError) as caught:
        build()
    assert caught.value.problems == (problem,)


def test_long_value_is_whole_in_the_problem() -> None:
    """The message repeats 200 characters of a value, the problem has all of it."""
    with pytest.raises(PolicyError) as caught:
        Set("X-A", "\n" + "x" * 10_000)
    assert len(str(caught.value)) < 500
    assert caught.value.problems[0].value == "\n" + "x" * 10_000


def test_long_value_in_a_fix() -> None:
    """A fix that repeats the value does not make the message as long as the value."""
    with pytest.raises(PolicyError) as caught:
        Match(path="x" * 10_000)
    assert len(str(caught.value)) < 1_000


@pytest.mark.parametrize("part", [Set, Policy], ids=["value", "part"])
def test_none_is_shown(part: Any) -> None:
    """None where a value is wanted is shown as such, since that is what a forgotten setting gives."""
    with pytest.raises(PolicyError) as caught:
        part(*(("X-A", None) if part is Set else (None,)))
    assert caught.value.problems[0].value == "None"


def test_kinds_of_error() -> None:
    """Both are ValueErrors, and neither is the other."""
    assert issubclass(PolicyError, ValueError)
    assert issubclass(HeadError, ValueError)
    assert not issubclass(PolicyError, HeadError)
    assert not issubclass(HeadError, PolicyError)


@pytest.mark.parametrize("again", [copy.copy, copy.deepcopy, lambda error: pickle.loads(pickle.dumps(error))])
def test_policy_error_survives_a_process_boundary(again: Callable[[PolicyError], PolicyError]) -> None:
    """A copied or pickled error has the same problems and the same message."""
    with pytest.raises(PolicyError) as caught:
        Set("X A", "a\n")
    assert again(caught.value).problems == caught.value.problems
    assert str(again(caught.value)) == str(caught.value)
    assert len(caught.value.problems) == 2


def test_problems_are_a_tuple() -> None:
    """The problems of an error cannot be changed by whoever catches it."""
    with pytest.raises(PolicyError) as caught:
        Set("X A", "1")
    assert type(caught.value.problems) is tuple


# ----------------------------------------------------------------------------------------------------------------------
# Near misses
# ----------------------------------------------------------------------------------------------------------------------

PARTS: list[Any] = [Match, CookieAttributes, CookieRule]


def misspellings(name: str) -> set[str]:
    """Return slips of the hand: a letter doubled, left out or swapped with the next, other separators and case."""
    turned = {name[:place] + name[place + 1] + name[place] + name[place + 2 :] for place in range(len(name) - 1)}
    missing = {name[:place] + name[place + 1 :] for place in range(len(name))} if len(name) > 4 else set()
    doubled = {name[:place] + name[place] + name[place:] for place in range(len(name))}
    other = {name.replace("_", "-"), name.replace("_", ""), name.title().replace("_", ""), name.upper(), f"{name}s"}
    return turned | missing | doubled | other


OPTIONS = [
    (part, name)
    for part in PARTS
    for name, parameter in inspect.signature(part.__init__).parameters.items()
    if parameter.kind is parameter.KEYWORD_ONLY
]


@pytest.mark.parametrize(("part", "name"), OPTIONS, ids=[f"{part.__name__}-{name}" for part, name in OPTIONS])
def test_near_miss(part: type[Part], name: str) -> None:
    """Whatever slip of the hand made a keyword wrong, the right one is named."""
    accepted = set(inspect.signature(part.__init__).parameters)
    for wrong in sorted(misspellings(name) - accepted):
        with pytest.raises(PolicyError) as caught:
            part(**{wrong: None})
        (problem,) = [problem for problem in caught.value.problems if problem.code == "argument.unknown"]
        assert (problem.where, problem.value) == (part.__name__, wrong)
        assert problem.fix == f"Did you mean {name!r}?", wrong


def test_no_near_miss() -> None:
    """A keyword that is near none is told together with all that there are."""
    with pytest.raises(PolicyError) as caught:
        match(zzz=1)
    fix = caught.value.problems[0].fix
    assert fix == "accepted: path, method, host, scheme, status, media_type, when, varies_on"


# ----------------------------------------------------------------------------------------------------------------------
# HeadError
# ----------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "lines",
    [[(HOSTILE, "1")], [("X-A", HOSTILE)], [(HOSTILE, HOSTILE)], [("X" * 100_000 + "\n", "1")]],
    ids=["name", "value", "both", "long-name"],
)
def test_head_error_is_one_short_printable_line(lines: list[tuple[str, str]]) -> None:
    """Whatever the application sends, the message is one line of printable ASCII that fits a log."""
    with pytest.raises(HeadError) as caught:
        call(HeadersMiddleware(responding(*lines), Policy()), validate=False)
    assert str(caught.value).isprintable()
    assert str(caught.value).isascii()
    assert len(str(caught.value)) < 500


@pytest.mark.parametrize("again", [copy.copy, lambda error: pickle.loads(pickle.dumps(error))])
def test_head_error_survives_a_process_boundary(again: Callable[[HeadError], HeadError]) -> None:
    """A copied or pickled error has the same message."""
    with pytest.raises(HeadError) as caught:
        call(HeadersMiddleware(responding(("X-A", "\n")), Policy()), validate=False)
    assert str(again(caught.value)) == str(caught.value) != ""
