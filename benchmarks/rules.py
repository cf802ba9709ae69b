"""What rules cost that do not match: the middleware with a growing number of them against the middleware with none.

The rules are for paths, hosts or methods that no request has; all contestants send the same head. A figure is the
added time, in units of the time that the same policy adds without rules: 1.0 is a cost that is flat.
"""

from collections.abc import Callable
from functools import partial

from wsgi_headers import HeadersMiddleware, Match, Policy, Rule, Set

from . import heads
from .contest import Contestant, Workload

NONE = "no rules"
COUNTS = (10, 100, 1000)

MATCHES: dict[str, Callable[[int], Match]] = {
    "paths": lambda number: Match(path=f"/x{number}/"),
    "hosts": lambda number: Match(host=f"x{number}.example.com"),
    "methods": lambda number: Match(method=f"X{number}"),
}


def workload(policy: Policy) -> Workload:
    """The policy alone and before each number of rules of each kind."""
    contestants = [Contestant(NONE, partial(HeadersMiddleware, policy=policy))]
    for kind, match in MATCHES.items():
        for count in COUNTS:
            others = [Rule(match(number), Set("X-Matched", str(number))) for number in range(count)]
            extended = Policy(policy, *others)
            contestants.append(Contestant(f"{count} {kind}", partial(HeadersMiddleware, policy=extended)))
    return Workload(
        "rules",
        "W1 and rules that do not match",
        heads.five_lines,
        tuple(contestants),
        unit=NONE,
        reference=NONE,
        unit_name="of no rules",
    )
