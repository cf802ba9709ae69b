"""Budgets: what is measured on the head that leaves, what is logged and what is refused."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import pytest
from assertions import assert_value
from cookie_exchange import everything, signed, site, told
from wsgi import Line, environ_for, responding, run

from wsgi_headers import (
    CookieAttributes,
    CookieBudget,
    CookieConsent,
    CookieRule,
    HeadError,
    HeadersMiddleware,
    Match,
    Policy,
    PolicyError,
    Remove,
    Rule,
    Set,
)

KEY = "the signing key of the tests"
SECRET = "SECRET"


def on_the_wire(head: list[Line], status: str = "200 OK") -> int:
    """Return the octets of a head as HTTP/1.1 puts it on the wire (RFC 9112 2.1, 4, 5)."""
    lines = [f"HTTP/1.1 {status}", *(f"{name}: {value}" for name, value in head), "", ""]
    return len("\r\n".join(lines).encode("latin-1"))


def value(octets: int) -> str:
    """Return a value of that many octets that no log may show."""
    return (SECRET * (octets // len(SECRET) + 1))[:octets]


def judged(caplog: pytest.LogCaptureFixture, *parts: Any, lines: tuple[str, ...], **request: Any) -> bool:
    """Return whether a budget was exceeded, the same by both ways of saying it."""
    caplog.clear()
    limits = parts[-1]
    exchange = site(*parts[:-1], CookieBudget(**limits))
    left = exchange(request.get("field"), *lines).lines
    records = told(caplog)
    refusing = site(*parts[:-1], CookieBudget(**limits, excess="refuse"))
    if not records:
        assert refusing(request.get("field"), *lines).lines == left
        return False
    assert SECRET not in everything(records)
    with pytest.raises(HeadError) as raised:
        refusing(request.get("field"), *lines)
    assert SECRET not in f"{raised.value!s} {raised.value!r}"
    return True


# The limits, lines that keep them, and lines that do not.
Lines = tuple[str, ...]
LIMITS: dict[str, tuple[dict[str, int], list[Lines], list[Lines]]] = {
    "name and value by default": (
        {},
        [(f"sid={value(4093)}",), (f"sid={value(4093)}; Path=/{value(1000)}; HttpOnly",), (value(4096),)],
        [(f"sid={value(4094)}",), (f"{'n' * 4090}=1234567",), ("a=1", f"sid={value(5000)}", "b=1")],
    ),
    "name and value": (
        {"name_value": 10},
        [("sid=1234567",), ("sid=1234567; Path=/abcdefghijklmnop",), (" sid = 1234567 ; Path=/",), ("=1234567890",)],
        [("sid=12345678",), ("sid=1234567=",), ("abcdefghijk=",), ("abcdefghijk",), ('sid="123456"',)],
    ),
    "one octet a character": (
        {"name_value": 10},
        [("sid=\xe9\xe9\xe9\xe9\xe9\xe9\xe9",)],
        [("sid=\xe9\xe9\xe9\xe9\xe9\xe9\xe9\xe9",)],
    ),
    "each cookie for itself": (
        {"name_value": 10},
        [("a=12345678", "b=12345678", "c=12345678")],
        [("a=1", "b=1234567890")],
    ),
    "attributes by default": (
        {},
        [(f"a=1; Path=/{value(1023)}",), (f"a=1; Path=/{value(1023)}; Domain={value(1024)}",)],
        [
            (f"a=1; Path=/{value(1024)}",),
            (f"a=1; HttpOnly; Foo={value(1025)}; Secure",),
            (f"a=1; Secure={value(1025)}",),
        ],
    ),
    "attributes": (
        {"attribute": 10},
        [("a=1; Path=/123456789",), ("a=12345678901; Path=/; Priority=High",), ("a=1; AttributeWithoutValue",)],
        [
            ("a=1; Path=/1234567890",),
            ("a=1; Path=/; Expires=Fri, 01 Jan 2100 00:00:00 GMT",),
            ("b=1", "a=1; x==1234567890"),
        ],
    ),
    "an attribute without the blanks around it": (
        {"attribute": 10},
        [("a=1; Path =   /123456789  ; Secure",)],
        [("a=1; Path = 1 345678 01 ",)],
    ),
    "lines by default": (
        {},
        [tuple(f"c{number}=1" for number in range(50))],
        [tuple(f"c{number}=1" for number in range(51)), ("a=1",) * 51],
    ),
    "lines": (
        {"count": 2},
        [(), ("a=1",), ("a=1", "b=1")],
        [("a=1", "b=1", "c=1"), ("a=1", "a=1", "a=1"), ("a=; Max-Age=0", "b=; Max-Age=0", "c=; Max-Age=0")],
    ),
    "one line": ({"count": 1}, [("a=1",)], [("a=1", "b=1")]),
}
ROWS = [
    pytest.param(limits, lines, exceeds, id=f"{row}: {'more' if exceeds else 'kept'} {number}")
    for row, (limits, kept, exceeded) in LIMITS.items()
    for exceeds, heads in ((False, kept), (True, exceeded))
    for number, lines in enumerate(heads)
]


@pytest.mark.parametrize(("limits", "lines", "exceeds"), ROWS)
def test_limits(limits: dict[str, int], lines: Lines, exceeds: bool, caplog: pytest.LogCaptureFixture) -> None:
    """What is as large as the limit is within it; "log" and "refuse" judge the same."""
    assert judged(caplog, limits, lines=lines) == exceeds


@pytest.mark.parametrize("status", ["200 OK", "404 Not Found", "500 ", "299 a reason of many words"])
@pytest.mark.parametrize("lines", [("sid=1",), ("sid=caf\xe9", "b=2; Path=/")], ids=["one line", "two lines"])
def test_head(status: str, lines: Lines, caplog: pytest.LogCaptureFixture) -> None:
    """The status line, each line with its colon, blank and line end, and the empty line."""
    head = site(status=status)(None, *lines, more=[("X-Name", "caf\xe9"), ("Content-Length", "0")]).head
    octets = on_the_wire(head, status)

    for limit, exceeds in ((octets, False), (octets - 1, True), (octets + 1, False)):
        caplog.clear()
        budget = CookieBudget(head=limit)
        after = site(budget, status=status)(None, *lines, more=[("X-Name", "caf\xe9"), ("Content-Length", "0")])
        assert after.head == head
        assert bool(told(caplog)) == exceeds


def test_head_by_default(caplog: pytest.LogCaptureFixture) -> None:
    """8,192 octets, whatever they are made of."""
    small = site()(None, "sid=1", more=[("X-Large", "")]).head
    room = 8192 - on_the_wire(small)

    for more, exceeds in ((room, False), (room + 1, True)):
        caplog.clear()
        site(CookieBudget())(None, "sid=1", more=[("X-Large", value(more))])
        assert bool(told(caplog)) == exceeds
        assert SECRET not in everything(told(caplog))


# What is measured is what leaves: the parts, the lines, and a limit that is just enough for it.
FINAL: dict[str, tuple[tuple[Any, ...], Lines, str, int]] = {
    "after a prefix": ((CookieRule("sid", prefix="__Host-"),), ("sid=1",), "name_value", 11),
    "after a signature": ((CookieRule("sid", signing_key=KEY),), ("sid=1",), "name_value", 3 + 1 + 1 + 43),
    "after both": (
        (CookieRule("sid", signing_key=KEY, prefix="__Secure-"),),
        ("sid=1",),
        "name_value",
        12 + 1 + 1 + 43,
    ),
    "after an attribute": ((CookieAttributes(path="/a/path"),), ("sid=1",), "attribute", 7),
    "a signature that is none for a deletion": (
        (CookieRule("sid", signing_key=KEY),),
        ("sid=1; Max-Age=0",),
        "name_value",
        4,
    ),
    "what is removed does not count": ((CookieRule("a", remove=True),), ("a=1", "b=1", "a=2", "c=1"), "count", 2),
    "what is withheld does not count": ((CookieConsent(necessary=("b", "c")),), ("a=1", "b=1", "c=1"), "count", 2),
    "a removed one may be large": ((CookieRule("a", remove=True),), (f"a={value(99)}", "b=1"), "name_value", 2),
    "an exempt cookie counts": ((CookieRule("a", exempt=True),), (f"a={value(99)}", "b=1"), "name_value", 100),
    "exempt cookies are counted": ((CookieRule("*", exempt=True),), ("a=1", "b=1", "c=1"), "count", 3),
    "an exempt attribute counts": ((CookieRule("a", exempt=("path",)),), ("a=1; Path=/123456",), "attribute", 7),
}


@pytest.mark.parametrize(("parts", "lines", "limit", "octets"), FINAL.values(), ids=FINAL)
@pytest.mark.parametrize("budget_first", [True, False], ids=["declared first", "declared last"])
def test_final(
    parts: tuple[Any, ...],
    lines: Lines,
    limit: str,
    octets: int,
    budget_first: bool,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Prefixes, signatures and attributes count, wherever the budget stands; what does not leave does not."""
    for allowed, exceeds in ((octets, False), (octets - 1, True)):
        budget = CookieBudget(**{limit: allowed}, excess="refuse")
        exchange = site(budget, *parts) if budget_first else site(*parts, budget)
        if exceeds:
            with pytest.raises(HeadError):
                exchange(None, *lines)
        else:
            exchange(None, *lines)


def test_the_final_head(caplog: pytest.LogCaptureFixture) -> None:
    """Fields that the policy adds count, Vary included; those that it removes do not."""
    parts = (
        Set("X-Added", "by the policy"),
        Remove("X-Removed"),
        CookieRule("sid", signing_key=KEY, prefix="__Host-"),
        CookieConsent(necessary=("sid",)),
    )
    lines, more = ("sid=1", "ga=1"), [("X-Removed", value(500))]
    head = site(*parts)(None, *lines, more=more).head
    assert ("Vary", "Cookie") in head
    caplog.clear()

    for limit, exceeds in ((on_the_wire(head), False), (on_the_wire(head) - 1, True)):
        for order in (
            (CookieBudget(head=limit, excess="refuse"), *parts),
            (*parts, CookieBudget(head=limit, excess="refuse")),
        ):
            if exceeds:
                with pytest.raises(HeadError):
                    site(*order)(None, *lines, more=more)
            else:
                assert site(*order)(None, *lines, more=more).head == head


def test_refuse() -> None:
    """The error is raised in the application's own call, with nothing sent; a smaller head may follow."""
    raised: list[BaseException] = []

    def app(environ: Any, start_response: Callable[..., Any]) -> list[bytes]:
        try:
            start_response("200 OK", [("Content-Type", "text/plain"), ("Set-Cookie", f"sid={value(4094)}")])
        except HeadError as error:
            raised.append(error)
            start_response("500 Oops", [("Content-Type", "text/plain")])
        return [b""]

    response = run(HeadersMiddleware(app, Policy(CookieBudget(excess="refuse"))), environ_for())
    (error,) = raised
    assert isinstance(error, ValueError) and "sid" in str(error) and SECRET not in str(error)
    assert [call.status for call in response.calls] == ["500 Oops"]


def test_log() -> None:
    """The head goes out as it is: the very same lines."""
    line = f"sid={value(4094)}; Path=/{value(1024)}"

    assert site(CookieBudget())(None, line).lines[0] is line


# The limits, the lines, and what the log must name: the cookie, the octets or lines, the limit.
TOLD: dict[str, tuple[dict[str, int], Lines, tuple[str, ...]]] = {
    "name and value": ({}, ("a=1", f"sid={value(4100)}; Path=/"), ("sid", "4103", "4096")),
    "an attribute": ({}, (f"theme=1; Path=/{value(1999)}",), ("theme", "2000", "1024")),
    "a long name": ({}, (f"{'n' * 300}={value(4000)}",), ("nnn", "4300", "4096")),
    "a long name of many escapes": ({"name_value": 99}, (f"{chr(233) * 100}=1",), ("xe9", "101", "99")),
    "an attribute of a long name": ({}, (f"{'n' * 300}=1; Path=/{value(1999)}",), ("nnn", "2000", "1024")),
    "lines": ({"count": 7}, ("a=1",) * 9, ("9", "7")),
}


@pytest.mark.parametrize(("limits", "lines", "words"), TOLD.values(), ids=TOLD)
def test_what_the_log_says(
    limits: dict[str, int], lines: Lines, words: tuple[str, ...], caplog: pytest.LogCaptureFixture
) -> None:
    """Which cookie, how large, which limit; never a value."""
    site(CookieBudget(**limits))(None, *lines)

    (record,) = told(caplog)
    shown = f"{record.getMessage()} {record.__dict__!r}"
    assert all(word in record.getMessage().replace(",", "") for word in words), record.getMessage()
    assert record.levelno == logging.WARNING and SECRET not in shown


def test_what_the_log_says_of_a_head(caplog: pytest.LogCaptureFixture) -> None:
    """The octets and the limit."""
    head = site(CookieBudget(head=50))(None, "sid=SECRET", more=[("X-A", "SECRET")]).head

    (record,) = told(caplog)
    assert str(on_the_wire(head)) in record.getMessage() and "50" in record.getMessage()
    assert SECRET not in everything([record])


def test_a_prefixed_cookie_is_told_by_a_name_that_is_known(caplog: pytest.LogCaptureFixture) -> None:
    """Whichever of its names, a reader finds it."""
    site(CookieRule("sid", prefix="__Host-", signing_key=KEY), CookieBudget(name_value=20))(None, f"sid={SECRET}")

    (record,) = told(caplog)
    assert "sid" in record.getMessage()
    assert SECRET not in everything([record]) and signed(KEY, "sid", SECRET).rpartition(".")[2] not in everything(
        [record]
    )


def test_names_are_escaped(caplog: pytest.LogCaptureFixture) -> None:
    """A name may hold any octet but a control, and a log is read by terminals."""
    site(CookieBudget(name_value=5))(None, "caf\xe9\x9b31m=123")

    (record,) = told(caplog)
    assert record.getMessage().isascii() and record.getMessage().isprintable()


def test_a_nameless_cookie_is_all_value(caplog: pytest.LogCaptureFixture) -> None:
    """Its text is not told."""
    site(CookieBudget(name_value=5))(None, f"{SECRET}{SECRET}")

    (record,) = told(caplog)
    assert SECRET not in everything([record])


def test_several_budgets(caplog: pytest.LogCaptureFixture) -> None:
    """Each judges alone, whatever the others say and in whatever order."""
    strict, lenient = CookieBudget(count=1), CookieBudget(count=3, excess="refuse")

    for parts in ((strict, lenient), (lenient, strict)):
        exchange = site(*parts)
        caplog.clear()
        exchange(None, "a=1")
        assert told(caplog) == []
        assert exchange(None, "a=1", "b=1").lines == ["a=1", "b=1"]
        assert len(told(caplog)) == 1
        with pytest.raises(HeadError):
            exchange(None, "a=1", "b=1", "c=1", "d=1")


def test_a_later_budget_does_not_lift_an_earlier_one() -> None:
    """There is no last word among budgets."""
    exchange = site(CookieBudget(name_value=10, excess="refuse"), CookieBudget(name_value=100))

    with pytest.raises(HeadError):
        exchange(None, "a=1234567890")


def test_no_budget(caplog: pytest.LogCaptureFixture) -> None:
    """Without the part nothing is measured."""
    lines = tuple(f"c{number}={value(5000)}; Path=/{value(2000)}" for number in range(60))

    assert site(CookieAttributes())(None, *lines).lines == list(lines)
    assert told(caplog) == []


def test_under_a_path(caplog: pytest.LogCaptureFixture) -> None:
    """A budget may hold for a part of a site."""
    exchange = site(Rule(Match(path="/api/"), CookieBudget(count=1, excess="refuse")))

    assert exchange(None, "a=1", "b=1").lines == ["a=1", "b=1"]
    with pytest.raises(HeadError):
        exchange(None, "a=1", "b=1", path="/api/")
    assert told(caplog) == []


def test_under_a_status() -> None:
    """Or of the responses."""
    assert site(Rule(Match(status=404), CookieBudget(count=1, excess="refuse")))(None, "a=1", "b=1").lines
    with pytest.raises(HeadError):
        site(Rule(Match(status=404), CookieBudget(count=1, excess="refuse")), status="404 Not Found")(
            None, "a=1", "b=1"
        )


def test_other_fields_are_no_cookies(caplog: pytest.LogCaptureFixture) -> None:
    """Set-Cookie alone is counted, whatever its case."""
    app = responding(("Content-Type", "text/plain"), ("Set-Cookie2", "a=1"), ("Cookie", "b=1"), ("SET-COOKIE", "c=1"))

    run(HeadersMiddleware(app, Policy(CookieBudget(count=1))), environ_for())
    assert told(caplog) == []
    app = responding(("Content-Type", "text/plain"), ("set-cookie", "a=1"), ("SET-COOKIE", "c=1"))
    run(HeadersMiddleware(app, Policy(CookieBudget(count=1))), environ_for())
    assert len(told(caplog)) == 1


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    **{
        f"{limit} {wrong!r}": ({limit: wrong}, limit)
        for limit in ("name_value", "attribute", "count", "head")
        for wrong in (-1, True, "4096", 1.5)
    },
    "excess": ({"excess": "drop"}, "excess"),
    "excess None": ({"excess": None}, "excess"),
    "excess True": ({"excess": True}, "excess"),
}


@pytest.mark.parametrize(("options", "argument"), REFUSED.values(), ids=REFUSED)
def test_refused(options: dict[str, Any], argument: str) -> None:
    """What is no number of octets or lines, and no way to say that there are more."""
    with pytest.raises(PolicyError) as raised:
        CookieBudget(**options)

    (problem,) = raised.value.problems
    assert argument in problem.where and problem.code and problem.fix


def test_every_mistake_at_once() -> None:
    """A misspelt argument included."""
    with pytest.raises(PolicyError) as raised:
        CookieBudget(count=-1, head="x", excess="x", atribute=1)  # type: ignore[call-arg, arg-type]

    assert len(raised.value.problems) == 4
    assert "Did you mean 'attribute'?" in str(raised.value)


@pytest.mark.parametrize(
    "text", ["CookieBudget()", "CookieBudget(name_value=1, attribute=2, count=3, head=4, excess='refuse')"]
)
def test_value(text: str) -> None:
    """Frozen, equal by value, hashable, picklable, and the repr pastes back."""
    budget = eval(text)

    assert_value(budget, text)
    assert budget != CookieBudget(count=1)


def test_defaults() -> None:
    """As documented."""
    budget = CookieBudget()

    assert (budget.name_value, budget.attribute, budget.count, budget.head, budget.excess) == (
        4096,
        1024,
        50,
        8192,
        "log",
    )
