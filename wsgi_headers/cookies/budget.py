"""Budgets: how much the cookies and the head of a response may measure before user agents and servers lose some."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from .._log import plain
from .._part import Part
from ..errors import HeadError, Problems
from .arguments import check_budget
from .request_field import pairs
from .syntax import attributes

if TYPE_CHECKING:
    from .._log import Log
    from ..exchange import Head, Line


class CookieBudget(Part):
    """Limits for the cookies and the head of a response as it goes out, in octets.

    name_value  of a cookie's name and value together; user agents ignore a longer one (rfc6265bis 5.6)
    attribute   of the value of each attribute; user agents ignore a longer one (rfc6265bis 5.6)
    count       Set-Cookie lines of one response; user agents keep 50 cookies a domain at least (rfc6265bis 6.1)
    head        the whole head as HTTP/1.1 writes it: status line, lines, empty line, without what the server adds.
                Servers and proxies refuse long ones; 8,192 is the buffer of several.
    excess      "log": a warning with the cookie's name, and the response goes out; "refuse": HeadError

    Each budget of a policy judges alone.

    >>> CookieBudget(head=16_384, excess="refuse")
    CookieBudget(head=16384, excess='refuse')

    Raises PolicyError for what is no number of octets, and for what is no choice.
    """

    name_value: int
    attribute: int
    count: int
    head: int
    excess: str

    def __init__(
        self,
        *,
        name_value: int = 4096,
        attribute: int = 1024,
        count: int = 50,
        head: int = 8192,
        excess: str = "log",
    ) -> None:
        kept = {name: value for name, value in locals().items() if name != "self"}
        problems = Problems()
        check_budget(problems, kept)
        problems.raise_any()
        self._keep(**kept)

    # After whatever else looks at the head: it measures what goes out.
    finish_rank = 2

    @property
    def finish(self) -> Callable[[Sequence[Any]], Callable[[Head, Log], None]]:
        """What measures heads, for all budgets one after the other."""
        return compile_budgets


class Excess(NamedTuple):
    """One limit that a head exceeds.

    limit    the argument of CookieBudget that gives it
    cookie   the name of the cookie; "" where the whole head is meant
    size     octets, or lines for `count`
    most     what the limit is
    """

    limit: str
    cookie: str
    size: int
    most: int

    def __str__(self) -> str:
        """Return what a person is told, without any value."""
        unit = "lines" if self.limit == "count" else "octets"
        of = {
            "name_value": f"the name and value of cookie {plain(self.cookie)!r} have",
            "attribute": f"an attribute of cookie {plain(self.cookie)!r} has",
            "count": "the response has",
            "head": "the head has",
        }
        return (
            f"Set-Cookie: {of[self.limit]} {self.size} {unit}, more than the {self.most} of CookieBudget.{self.limit}"
        )


def exceeded(budget: CookieBudget, status: str, lines: Sequence[Line]) -> Iterator[Excess]:
    """Return the limits that a head exceeds."""
    cookies = [value for name, value in lines if name.lower() == "set-cookie"]
    for line in cookies:
        ((name, value),) = pairs(line.partition(";")[0])
        size = len(name) + len(value)
        if size > budget.name_value:
            yield Excess("name_value", name, size, budget.name_value)
        for attribute in attributes(line) if len(line) > budget.attribute else ():
            if attribute.value is not None and len(attribute.value) > budget.attribute:
                yield Excess("attribute", name, len(attribute.value), budget.attribute)
    if len(cookies) > budget.count:
        yield Excess("count", "", len(cookies), budget.count)
    # RFC 9112 4 and 5: "HTTP/1.1" SP status CRLF, then name ":" SP value CRLF for each line, then CRLF.
    size = len("HTTP/1.1 ") + len(status) + 2 + sum(len(name) + len(value) + 4 for name, value in lines) + 2
    if size > budget.head:
        yield Excess("head", "", size, budget.head)


def compile_budgets(budgets: Sequence[CookieBudget]) -> Callable[[Head, Log], None]:
    """Return what measures a head."""

    def measure(head: Head, log: Log) -> None:
        for budget in budgets:
            for excess in exceeded(budget, head.status, head.lines):
                if budget.excess == "refuse":
                    raise HeadError(f"{excess}; send less [rfc6265bis 5.6]")
                log.warn(
                    "cookie.budget.exceeded",
                    "%(told)s",
                    told=str(excess),
                    limit=excess.limit,
                    cookie=excess.cookie,
                    size=excess.size,
                    most=excess.most,
                )

    return measure
