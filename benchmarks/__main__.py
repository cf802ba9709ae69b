"""Prints one table of what the middleware and others add to an application, as ratios taken in one run.

No figure in it makes the command fail.
"""

import argparse
import logging
from collections.abc import Iterator
from statistics import median

from . import memory
from .contest import BARE, Workload
from .equivalence import differences
from .report import Row, as_json, as_table
from .timing import Times, measure
from .workloads import WORKLOADS

ROUNDS = 170


def timed_rows(workload: Workload, rounds: int) -> Iterator[Row]:
    """A row for each contestant of the workload, for the bare application only where it is the unit."""
    remarks = {contestant.name: contestant.does_not for contestant in workload.contestants}
    remarks = {name: f"not the same: {does_not}" for name, does_not in remarks.items() if does_not}
    remarks |= {name: f"NOT THE SAME HEAD: {found}" for name, found in differences(workload).items()}
    times = measure(workload, rounds)
    names = [contestant.name for contestant in workload.contestants]
    for name in [BARE, *names] if workload.unit == BARE else names:
        figures = times.figures(name)
        remark = "; ".join(filter(None, (_sizes(times, name), remarks.get(name))))
        yield Row(
            workload.key,
            workload.title,
            name,
            median(figures),
            workload.unit_name,
            figures[0],
            figures[-1],
            remark,
        )


def memory_rows(requests: int) -> Iterator[Row]:
    """A row for each reading of the memory: after a tenth of the requests, and after all."""
    for case in memory.CASES:
        for count, figure in memory.held(case, (requests // 10, requests)):
            yield Row(memory.KEY, memory.TITLE, f"{case.name}, {count:,} requests", figure, "KiB")


def _sizes(times: Times, name: str) -> str:
    """What the figure alone does not say: how large the unit was, and what whole requests have been made longer by."""
    workload = times.workload
    whole = f"a request of {times.whole(BARE):,.0f} ns"
    if name == BARE:
        return f"the unit, here {whole}"
    if name == workload.unit:
        return f"the unit, here {times.added(name):,.0f} ns added to {whole}"
    if workload.unit == BARE:
        least = times.added(workload.reference)
        if name == workload.reference:
            return f"adds {least:,.0f} ns"
        if least > 0:
            return f"adds {times.added(name) / least:.3g} times what {workload.reference} adds"
    return ""


def main() -> None:
    keys = [*(workload.key for workload in WORKLOADS), memory.KEY]
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--workload", action="append", choices=keys, help="only this one; may be repeated")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help=f"bursts of each contestant, {ROUNDS} unless given")
    parser.add_argument(
        "--requests",
        type=int,
        default=memory.REQUESTS,
        help=f"after how many the memory is read, {memory.REQUESTS:,} unless given",
    )
    parser.add_argument("--json", action="store_true", help="print JSON instead of the table")
    options = parser.parse_args()
    # What refusals tell the log is part of what they cost, and no part of the table.
    logging.getLogger("wsgi_headers").addHandler(logging.NullHandler())
    if options.rounds < 1:
        parser.error("argument --rounds: at least 1 is needed")
    if options.requests < 10:
        parser.error("argument --requests: at least 10 are needed")
    chosen = options.workload or keys
    rows = [row for workload in WORKLOADS if workload.key in chosen for row in timed_rows(workload, options.rounds)]
    if memory.KEY in chosen:
        rows += memory_rows(options.requests)
    print(as_json(rows) if options.json else as_table(rows))


if __name__ == "__main__":
    main()
