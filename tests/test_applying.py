"""The innermost loop in both its forms: the same result for every head, and nothing held, lost or freed on any way.

What a head becomes is for the other modules, which run on both; see `each_loop` in conftest.py.
"""

# Callables here do what a type checker would not have them do.
# mypy: disable-error-code="arg-type"

from __future__ import annotations

import collections
import enum
import gc
import sys
from collections.abc import Callable
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st
from loops import LOOPS, can_compile
from strategies import heads, lines, operations, wild

from wsgi_headers import CORS, Append, CookieAttributes, Default, HeadError, Merge, Policy, Remove, Set, _program
from wsgi_headers._plan import Plan
from wsgi_headers._program import Program
from wsgi_headers.operations import FieldProgram

Line = tuple[str, str]

every_loop = pytest.mark.parametrize("loop", LOOPS.values(), ids=LOOPS)


def program_of(*parts: Any) -> Program:
    """Return the program of a policy without rules, on https."""
    only = Plan(Policy(*parts)).only
    assert only is not None and only.settled is not None
    return only.settled[0].program


def test_compiled_where_a_compiler_is() -> None:
    """An installation on a machine that can compile has the compiled loop, and uses it."""
    if not can_compile():
        pytest.skip("no C compiler, or no headers of Python")
    assert "compiled" in LOOPS, "install the package again: .venv/bin/pip install -e ."
    assert _program.innermost is LOOPS["compiled"]


# ----------------------------------------------------------------------------------------------------------------------
# Both do the same
# ----------------------------------------------------------------------------------------------------------------------


class Text(str):
    """Text of a class of its own."""


class Pair(tuple[str, str]):
    """A pair of a class of its own."""


class Number(str, enum.Enum):  # noqa: UP042 - such enumerations are what applications have
    """Text by way of an enumeration."""

    ONE = "1"


Field = collections.namedtuple("Field", ["name", "value"])

odd = st.sampled_from(
    [
        ["Vary", "Accept"],
        Pair(("Vary", "Accept")),
        Field("Vary", "Accept"),
        ("Vary",),
        ("Vary", "Accept", "Cookie"),
        (),
        "ab",
        None,
        5,
        (Text("Vary"), "Accept"),
        ("Vary", Text("Accept")),
        ("Server", Text("1")),
        (Text("Server"), "1"),
        ("X-A", Number.ONE),
        ("Server", None),
        (["Server"], "1"),
        (None, "1"),
        ("Set-Cookie", b"a=1"),
        ("Set-Cookie", "a=1\n"),
    ]
)
some_lines = st.one_of(lines, st.tuples(wild, wild), odd)


def outcome(loop: _program.Apply, program: Program, head: list[Any], environ: dict[str, Any]) -> Any:
    """Return what a loop gives, or the error."""
    try:
        return loop(program.tables, program.spellings, head, environ)
    except HeadError as error:
        return str(error)


@pytest.mark.skipif("compiled" not in LOOPS, reason="test_compiled_where_a_compiler_is says whether that may be")
@given(st.lists(operations, max_size=6), st.lists(heads, max_size=3), st.lists(some_lines, max_size=8))
def test_both_do_the_same(parts: list[Any], before: list[list[Line]], head: list[Any]) -> None:
    """The same new head, the same refusal, and the same heads left to the careful path, whatever is known before."""
    cookies = CookieAttributes(secure=True, http_only=True, same_site="Lax")
    cors = [CORS(origins=["https://a.example"], credentials=True)]
    if any(part.field.startswith("access-control-") for part in parts):
        cors = []  # which owns these
    program = program_of(*parts, cookies, *cors, Remove("Server"))
    environ = {"HTTP_ORIGIN": "https://a.example", "wsgi.url_scheme": "https"}
    for known in before:
        program.rewrite(known, environ)
    whole = [line for known in before for line in known] + head
    in_python, compiled = (outcome(loop, program, whole, environ) for loop in LOOPS.values())
    assert compiled == in_python


# Octets at the ends of what is plain and of what is legal.
EDGES = "\0\b\t\n\x1f !}~\x7f\x80\xff\u0100\u2028\U0001f600"


@every_loop
@pytest.mark.parametrize("length", [*range(1, 10), 15, 16, 17, 24])
def test_every_octet_is_looked_at(loop: _program.Apply, length: int) -> None:
    """A control character is found wherever it stands, beside seven others and behind them; what is legal passes."""
    program = program_of()
    program.rewrite([("X-A", "1")], {})
    for place in range(length):
        for character in EDGES:
            value = "x" * place + character + "y" * (length - place - 1)
            legal = character == "\t" or (" " <= character <= "\xff" and character != "\x7f")
            after = outcome(loop, program, [("X-A", value)], {})
            assert (after == [("X-A", value)]) is legal, (place, character)


@pytest.mark.parametrize("count", [62, 63, 64, 65, 99])
def test_fields_without_number(count: int) -> None:
    """A program may have more fields than the compiled loop has bits: each is told apart from the others."""
    names = [f"X-{number}" for number in range(count)]
    program = Program([FieldProgram(name.lower(), ((name, "0"),), "keep") for name in names])
    assert program.rewrite([], {}) == [(name, "0") for name in names]
    for sent in (names[:1], names[-1:], names[::2], names):
        for _ in range(2):
            after = program.rewrite([(name, "1") for name in sent], {})
            assert sorted(after) == sorted((name, "1" if name in sent else "0") for name in names)


# ----------------------------------------------------------------------------------------------------------------------
# What is called may do anything
# ----------------------------------------------------------------------------------------------------------------------


class Broken(Exception):
    """What a callable raises."""


def raising(*arguments: Any) -> Any:
    """A callable that fails."""
    raise Broken


class Way(NamedTuple):
    """A way through the loop.

    outcome   what comes out: a list, None, or the class of an error
    """

    id: str
    fields: list[FieldProgram]
    head: list[Any]
    outcome: Any
    known: tuple[str, ...] = ("X-A", "X-B", "x-b")


def edited(function: Callable[[str], Any]) -> list[FieldProgram]:
    """Return fields of which X-B is edited."""
    return [FieldProgram("x-c", (("X-C", "3"),)), FieldProgram("x-b", edit=function)]


A, B, C = ("X-A", "a value"), ("X-B", "another value"), ("X-C", "3")

WAYS = [
    Way("nothing", [], [A], [A]),
    Way("no-lines", [FieldProgram("x-c", (C,))], [], [C]),
    Way("kept", [FieldProgram("x-b", (("X-B", "0"),), "keep")], [A, B], [A, B]),
    Way("absent", [FieldProgram("x-b", (("X-B", "0"),), "keep")], [A], [A, ("X-B", "0")]),
    Way("dropped", [FieldProgram("x-b")], [B, A, B, ("x-b", "1"), A, B], [A, A]),
    Way("all-dropped", [FieldProgram("x-b")], [B, B], []),
    Way("edited", edited(str.upper), [B, A], [("X-B", "ANOTHER VALUE"), A, C]),
    Way("edited-to-the-same", edited(lambda value: value), [B, A], [B, A, C]),
    Way("edited-away", edited(lambda value: None), [B, A, B], [A, C]),
    Way("edited-to-several", edited(lambda value: (value, "2")), [B, A, B], [B, ("X-B", "2"), A, B, ("X-B", "2"), C]),
    Way("edited-to-none-of-several", edited(lambda value: ()), [A, B, A], [A, A, C]),
    Way("edited-by-something-broken", edited(raising), [A, B], Broken),
    Way("collected", [FieldProgram("x-b", present=lambda own: own * 2)], [B, A], [A, B, B]),
    Way("collected-two", [FieldProgram("x-b", present=lambda own: own[1:])], [B, A, ("x-b", "1")], [A, ("x-b", "1")]),
    Way("collected-by-something-broken", [FieldProgram("x-b", present=raising)], [A, B], Broken),
    Way("remembered", [FieldProgram("x-b", present=list, alone={B: [C]})], [B, A], [A, C]),
    Way("remembered-not", [FieldProgram("x-b", present=list, alone={})], [B, A], KeyError),
    Way("always", [FieldProgram("x-b", always=lambda own, environ: [*own, C])], [A], [A, C]),
    Way("always-with-lines", [FieldProgram("x-b", always=lambda own, environ: [*own, C])], [B, A], [A, B, C]),
    Way("always-something-broken", [FieldProgram("x-b", always=raising)], [A], Broken),
    Way("by-key", [FieldProgram("x-c", by_key=("key", {"1": (C, C)}))], [A], [A, C, C]),
    Way("by-another-key", [FieldProgram("x-c", by_key=("no key", {}))], [A], [A]),
    Way("by-an-unknown-key", [FieldProgram("x-c", by_key=("key", {}))], [A], KeyError),
    Way("unknown-name", edited(str.upper), [A, B, ("X-New", "1")], None),
    Way("odd-line", edited(str.upper), [A, B, list(A)], None),
    Way("odd-value", edited(str.upper), [A, B, ("X-A", Text("1"))], None),
    Way("refused", edited(str.upper), [A, B, ("X-A", "1\n")], HeadError),
    Way("refused-among-dropped", [FieldProgram("x-b")], [A, ("X-B", "1\n")], HeadError),
    Way("tab", [FieldProgram("x-b")], [("X-A", "1\t2"), B], [("X-A", "1\t2")]),
    Way("latin-1", [FieldProgram("x-b")], [("X-A", "\xe4"), B], [("X-A", "\xe4")]),
]
every_way = pytest.mark.parametrize("way", WAYS, ids=lambda way: way.id)


def prepared(way: Way) -> Program:
    """Return the program of a way, which knows its spellings."""
    program = Program(way.fields)
    for name in way.known:
        program.spellings[name] = program._treatment(name)
    return program


def gone(loop: _program.Apply, program: Program, way: Way, environ: dict[str, Any]) -> Any:
    """Return the outcome of a way."""
    try:
        return loop(program.tables, program.spellings, way.head, environ)
    except (Broken, HeadError, KeyError) as error:
        return type(error)


@every_loop
@every_way
def test_way(way: Way, loop: _program.Apply) -> None:
    """What comes out, with the list of the application as it was, and a list of its own for each head."""
    head = list(way.head)
    after = [gone(loop, prepared(way), way, {"key": "1"}) for _ in range(2)]
    assert after == [way.outcome] * 2
    assert way.head == head
    assert after[0] is None or after[0] is not way.head
    assert not isinstance(after[0], list) or after[0] is not after[1]


@every_loop
@every_way
def test_nothing_is_held_or_freed(way: Way, loop: _program.Apply) -> None:
    """After any number of heads each object that took part is referred to as often as before."""
    program = prepared(way)
    environ = {"key": "1"}
    texts = [text for line in way.head for text in line]
    takes_part = [
        *(program.tables, program.spellings, way.head, environ, way.fields, None, 0, *program.tables),
        *(*way.head, *texts, *program.spellings.values(), *program.spellings, *way.fields, *environ.values()),
        *(line for field in way.fields for line in field.absent),
    ]
    gone(loop, program, way, environ)
    gc.collect()
    before = [sys.getrefcount(thing) for thing in takes_part]
    for _ in range(300):
        gone(loop, program, way, environ)
    gc.collect()
    after = [sys.getrefcount(thing) for thing in takes_part]
    # The interpreter's own business moves the counts of what everybody shares by a few.
    assert all(abs(now - then) < 100 for now, then in zip(after, before, strict=True))


@every_loop
def test_everything_is_forgotten_meanwhile(loop: _program.Apply) -> None:
    """A function of the policy may empty the memos, the list of the application and what the loop collects."""
    names = [f"X-{number}" for number in range(50)]
    head = [(name, "".join(["value of ", name])) for name in names]
    whole = list(head)

    def forget(value: str) -> str:
        for treatment in list(program.spellings):
            if treatment not in names:
                del program.spellings[treatment]
        head.clear()
        gc.collect()
        return "".join(["edited ", value])

    program = Program([FieldProgram("x-7", edit=forget), FieldProgram("x-8", edit=forget)])
    for name in names:
        program.spellings[name] = program._treatment(name)
    after = loop(program.tables, program.spellings, head, {})
    edited_too = [(n, f"edited {v}") if n in ("X-7", "X-8") else (n, v) for n, v in whole]
    # Python reads the list of the application as it goes along.
    assert after in (edited_too, edited_too[:8])


@every_loop
def test_within_itself(loop: _program.Apply) -> None:
    """A function of the policy may have a whole head made."""

    def nested(value: str) -> str:
        inner = program_of(Set("X-C", "3"))
        inner.rewrite([A], {})
        after = loop(inner.tables, inner.spellings, [A, A], {})
        return str(after)

    program = Program(edited(nested))
    program.rewrite([A, B], {})
    assert loop(program.tables, program.spellings, [A, B], {}) == [A, ("X-B", str([A, A, C])), C]


@pytest.mark.skipif("compiled" not in LOOPS, reason="test_compiled_where_a_compiler_is says whether that may be")
@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ((), {}, []),
        ((), {}, [], {}),
        ((1,) * 7, [], [], {}),
        ([1] * 7, {}, [], {}),
        ((1,) * 7, {}, [], {}, {}),
        ((None, {}, None, {}, False, 0, False), {"X-A": ()}, [A], {}),
        ((None, {}, None, {}, False, 0, False), {"X-A": 5}, [A], {}),
        ((None, {}, None, {}, False, 0, False), {"X-A": ("1", 2, 3)}, [A], {}),
        ((None, {}, None, {}, False, 0, False), {"X-A": (1, None, None)}, [A], {}),
        ((None, {}, None, {}, False, 0, False), {"X-A": (2, None, 1)}, [A], {}),
        ((None, {}, None, {}, False, 0, False), {"X-A": (0, None, 0)}, [A], {}),
        ((None, {}, None, {}, False, 0, False), {"X-A": (0, str.lower, None)}, [A], {}),
        ((None, 5, None, {}, False, 0, False), {}, [], {}),
        ((None, {0: 5}, None, {}, False, 0, False), {}, [], {}),
        ((None, {0: []}, "key", 5, False, 0, False), {}, [], {"key": 1}),
        ((None, {0: []}, "key", {}, False, 0, False), {}, [], 5),
        ((None, {0: []}, None, {}, True, 0, False), {}, [], {}),
        ((None, {1: []}, None, {}, False, 0, False), {"X-A": (2, None, 1)}, [A], {}),
        ((None, {1: []}, None, {}, False, None, False), {"X-A": (4, None, 1)}, [A], {}),
        ((None, {1: []}, None, {}, False, 1, False), {"X-A": (4, None, 1)}, [A], {}),
        ((None, {0: []}, None, {}, False, 0, False), {"X-A": None}, [("X-A", "\t")], {}),
    ],
)
def test_wrong_arguments(arguments: Any) -> None:
    """What no program gives is an error and no crash."""
    with pytest.raises((AttributeError, KeyError, TypeError)):
        LOOPS["compiled"](*arguments)


def test_programs_of_every_operation_are_told_apart() -> None:
    """The ways above are those that operations take: the treatments that they come to, by name."""
    program = program_of(
        *(Set("X-S", "1"), Default("X-D", "1"), Append("X-P", "1"), Merge("X-M", "1"), Remove("X-R")),
        CookieAttributes(secure=True),
    )
    names = ("X-S", "X-D", "X-P", "X-M", "X-R", "Set-Cookie")
    kinds = [treatment if treatment is None else treatment[0] for treatment in map(program._treatment, names)]
    assert kinds == [_program._DROP, _program._KEEP, None, _program._COLLECT, _program._DROP, _program._EDIT]
