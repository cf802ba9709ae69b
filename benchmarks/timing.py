"""Interleaved timing of WSGI applications.

A burst is a short stretch of requests to one contestant. Every round has one burst of each contestant, in shuffled
order, so that whatever slows the machine down for longer than a round slows all of them. All times are nanoseconds a
request. What a contestant adds is its time less the time of the bare application.
"""

import gc
import random
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import nan
from time import perf_counter_ns
from types import FunctionType
from typing import TypeVar, cast
from wsgiref.types import WSGIApplication, WSGIEnvironment

from .contest import BARE, Feed, Workload
from .requests import path

PARTS = 7
"""A run is read in this many consecutive parts. The figure is the median of theirs, which a machine that changes its
speed within the run does not move; the spread is from the least to the greatest."""

WARM_UP = 20
"""Rounds that are not counted: memos and the interpreter's specialisation settle in them."""

LEVEL = 0.25
"""The time of a contestant is this quantile of its bursts: low enough to leave out those that the machine disturbed,
and steadier from run to run than the least."""

FunctionLike = TypeVar("FunctionLike", bound=Callable[..., object])


def with_own_code(function: FunctionLike) -> FunctionLike:
    """A copy of a function that shares no code object with it.

    CPython rewrites the call sites of a code object to suit what they call. In a process that serves one application
    they all suit that application; a loop shared by all contestants would suit none.
    """
    if not isinstance(function, FunctionType):
        return function
    code = function.__code__.replace()
    copy = FunctionType(code, function.__globals__, function.__name__, function.__defaults__, function.__closure__)
    return cast(FunctionLike, copy)


def write(data: bytes) -> object:
    return None


def start_response(status: str, lines: object, exc_info: object = None, /) -> Callable[[bytes], object]:
    """The server's, which does nothing."""
    return write


def serve(
    application: WSGIApplication, template: WSGIEnvironment, field: str, requests: Sequence[tuple[str, str]]
) -> int:
    """Nanoseconds that the requests take, each with its path and its value of a field in an environ of its own.

    The body of each response is read and closed.
    """
    copy = template.copy
    began = perf_counter_ns()
    for path_info, value in requests:
        environ = copy()
        environ["PATH_INFO"] = path_info
        environ[field] = value
        body = application(environ, start_response)
        for _ in body:
            pass
        if hasattr(body, "close"):
            body.close()
    return perf_counter_ns() - began


@dataclass(frozen=True, slots=True)
class Times:
    """Nanoseconds a request, for each contestant the bursts in the order of the rounds."""

    workload: Workload
    bursts: dict[str, list[float]]

    def whole(self, name: str, part: slice = slice(None)) -> float:
        """Nanoseconds of a request to a contestant, by the bursts of a part of the run."""
        bursts = sorted(self.bursts[name][part])
        return bursts[int(len(bursts) * LEVEL)]

    def added(self, name: str, part: slice = slice(None)) -> float:
        """Nanoseconds that a contestant adds to a request."""
        return self.whole(name, part) - self.whole(BARE, part)

    def figures(self, name: str) -> list[float]:
        """The contestant's time in the unit of the workload by each part of the run, in rising order.

        Not a number where the unit drowned in noise.
        """
        rounds = len(self.bursts[BARE])
        cuts = sorted({rounds * part // PARTS for part in range(PARTS + 1)})
        return sorted(self._figure(name, slice(start, stop)) for start, stop in pairwise(cuts))

    def _figure(self, name: str, part: slice) -> float:
        if self.workload.unit == BARE:
            return self.whole(name, part) / self.whole(BARE, part)
        unit = self.added(self.workload.unit, part)
        return self.added(name, part) / unit if unit > 0 else nan


def measure(workload: Workload, rounds: int) -> Times:
    """The times of all contestants of a workload, the bare application among them.

    The garbage collector runs between the rounds, never within a burst; it leaves alone what was there before.
    """
    runners = {BARE: _runner(workload, lambda application: application)}
    runners |= {contestant.name: _runner(workload, contestant.wrap) for contestant in workload.contestants}
    bursts: dict[str, list[float]] = {name: [] for name in runners}
    order = list(runners)
    shuffle = random.Random(workload.key).shuffle
    gc.collect()
    gc.freeze()
    gc.disable()
    try:
        for number in range(-WARM_UP, rounds):
            shuffle(order)
            first = (number + WARM_UP) * workload.requests
            for name in order:
                elapsed = runners[name](first)
                if number >= 0:
                    bursts[name].append(elapsed)
            gc.collect()
    finally:
        gc.enable()
        gc.unfreeze()
    return Times(workload, bursts)


def _runner(workload: Workload, wrap: Callable[[WSGIApplication], WSGIApplication]) -> Callable[[int], float]:
    """Gives, for the serial number of a first request, the nanoseconds a request of a burst that begins with it."""
    feed: Feed = deque()
    application = wrap(with_own_code(workload.application(feed)))
    timed = with_own_code(serve)
    count = workload.requests

    def burst(first: int) -> float:
        serials = range(first, first + count)
        feed.extend(map(workload.head, serials))
        requests = [(path(serial), workload.field_value(serial)) for serial in serials]
        return timed(application, workload.environ, workload.field, requests) / count

    return burst
