"""What a policy tells the log: one event code a kind, as data, and bounded in rate.

Records go to the logger `wsgi_headers` with `extra={"event": code, "count": n, ...}`. A client can cause most of them
as often as it likes, so a kind is told a few times at once and from then on now and then; `count` says how many there
were since the record before, so that nothing is lost. Values of cookies, keys and nonces are never given to it.
"""

from __future__ import annotations

import logging
import time

_logger = logging.getLogger("wsgi_headers")

# How many records of a kind come at once, and after how many seconds there may be one more. No specification asks for
# these: a site sees its first mistakes one by one, and a flood becomes ten records a minute.
BURST = 10
INTERVAL = 6.0

_SHOWN = 200  # characters of a text that a record repeats


class Log:
    """The log of one plan.

    The state of a kind is replaced as a whole and never locked (a fork could copy a lock that is held), so two threads
    that meet may count one too few.
    """

    def __init__(self) -> None:
        # By event: the records that may come at once, when that was so, what has not been told.
        self._kinds: dict[str, tuple[float, float, int]] = {}

    def warn(self, event: str, message: str, **facts: object) -> None:
        """Tell of one occurrence, unless too many of the kind were told of late.

        message   for people, with places for facts by name: "%(cookie)s is withheld"
        facts     the data of the record; texts are made one plain line each
        """
        now = time.monotonic()
        left, since, untold = self._kinds.get(event, (float(BURST), now, 0))
        left = min(float(BURST), left + (now - since) / INTERVAL)
        told = left >= 1
        self._kinds[event] = (left - 1, now, 0) if told else (left, now, untold + 1)
        if told:
            record(event, message, count=untold + 1, **facts)


class Silence(Log):
    """The log of what is only tried out: nothing is told."""

    def warn(self, event: str, message: str, **facts: object) -> None:
        """Tell nothing."""


def record(event: str, message: str, **facts: object) -> None:
    """Hand one record to the logger; texts among its facts are made one plain line each."""
    shown = {name: plain(fact) if isinstance(fact, str) else fact for name, fact in facts.items()}
    data = {"event": event, **shown}
    _logger.warning(message, data, extra=data)


def plain(text: str) -> str:
    """Return at most 200 characters of `text` as one line of printable ASCII, whatever it holds."""
    return text[:_SHOWN].encode("unicode_escape").decode("ascii")[:_SHOWN]
