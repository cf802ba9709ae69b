"""The log of a policy that only watches: each kind of change is told once, and counted.

Records are those of any policy, with "shadow." before the event and the message.
"""

from __future__ import annotations

import contextlib
import os
import threading
import traceback
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, NamedTuple

from ._log import Log, plain, record
from .exchange import Answer

if TYPE_CHECKING:
    from ._part import Part
    from .errors import HeadError
    from .exchange import Decision

# How many kinds of one event are remembered. A policy makes a few dozen; names of cookies and fields can be made up for
# each response. The bound is that of an event, so that no such flood hides the others.
KINDS = 256

# Stands for the kinds of an event beyond the bound: no subject and no part has this text alone.
_OTHERS = "*"

# Bound of the memo of what parts are called; a policy has a few dozen.
_TEXTS = 1024

# Stands for the part where it is none alone that makes a change: no line of a 304 has the nonce of its response.
_THE_POLICY = "the policy"

# Counts are exact: one lock for all, held for a few look-ups and never while another is taken. A fork waits for it.
_counting = threading.Lock()
if hasattr(os, "register_at_fork"):  # not on Windows
    os.register_at_fork(before=_counting.acquire, after_in_child=_counting.release, after_in_parent=_counting.release)


class Change(NamedTuple):
    """One kind of change.

    event     stable code, as in the log: `shadow.field.added`, `shadow.cookie.changed`, `shadow.https.redirected`
    subject   the field or the cookie, what is wrong with a head, or ""
    part      the part that would make it, as it is written in a policy, or ""

    Beyond 256 kinds of an event the others are counted together, with "*" for subject and part.
    """

    event: str
    subject: str
    part: str


class ShadowLog(Log):
    """The log of a plan that is only watched: each kind of change is told once, and counted."""

    def __init__(self) -> None:
        super().__init__()
        self._counts: dict[Change, int] = {}
        self._known: dict[str, int] = {}
        # By the identity of a part of the plan, with the part itself, so that it stays the one that it was.
        self._texts: dict[int, tuple[Part, str]] = {}

    def counts(self) -> dict[Change, int]:
        """Return how often each kind of change would have been made."""
        with _counting:
            return dict(self._counts)

    def warn(self, event: str, message: str, **facts: object) -> None:
        """Tell what a policy that acts would tell, and that it does not act."""
        change = Change(f"shadow.{event}", plain(str(facts.get("cookie", ""))), str(facts.get("limit", "")))
        self.tell(change, message, **facts)

    def tell(self, change: Change, message: str, **facts: object) -> None:
        """Count one change, and tell it where it is the first of its kind."""
        event, counts = change.event, self._counts
        with _counting:
            if change not in counts:
                if self._known.get(event, 0) < KINDS:
                    self._known[event] = self._known.get(event, 0) + 1
                else:
                    change = Change(event, _OTHERS, _OTHERS)
                    message, facts = "%(event)s: more than %(kinds)d kinds; others are counted alone", {"kinds": KINDS}
            counts[change] = count = counts.get(change, 0) + 1
        if count == 1:
            # A handler of the site's own may raise, and the response is not its affair.
            with contextlib.suppress(Exception):
                record(event, f"shadow: {message}", count=1, **facts)

    def would(self, event: str, subject: Mapping[str, str], parts: Collection[Part]) -> None:
        """Tell that parts would change a field or a cookie, {"field": "Vary"}."""
        ((kind, name),) = subject.items()
        done = event.rpartition(".")[2]
        message = f"the {kind} '%({kind})s' would be {done} by %(part)s"
        for text in map(self._text, parts) if parts else (_THE_POLICY,):
            self.tell(Change(event, name, text), message, **subject, part=text)

    def decided(self, part: Part, decision: Decision) -> None:
        """Tell what a guard decides: what it would answer, or what it would tell."""
        answer, text = decision.answer, self._text(part)
        facts = {**decision.facts, "reason": decision.reason, "part": text}
        message = "%(event)s: %(reason)s"
        if answer is not None:
            message = "%(event)s: the request would be answered"
            if isinstance(answer, Answer):
                message, facts = f"{message} with %(answer)s", {**facts, "answer": answer.status}
            if decision.reason:
                message = f"{message}; %(reason)s"
        self.tell(Change(f"shadow.{decision.event}", "", text), message, **facts)

    def replaced(self, answer: Answer, part: Part) -> None:
        """Tell what a part would send in the place of the application's response."""
        text = self._text(part)
        message = "the response would be replaced by %(answer)s: %(part)s"
        self.tell(Change("shadow.response.replaced", answer.status, text), message, answer=answer.status, part=text)

    def refused(self, error: HeadError) -> None:
        """Tell that a head would be refused; the error names the field and never the value."""
        reason = plain(str(error))
        self.tell(Change("shadow.head.refused", reason, ""), "HeadError would be raised: %(reason)s", reason=reason)

    def unread(self, lines: object) -> None:
        """Tell that a head cannot be looked at without using it up."""
        kind = type(lines).__name__
        self.tell(Change("shadow.head.unread", kind, ""), "a head of type %(kind)s can be read only once", kind=kind)

    def failed(self, error: Exception) -> None:
        """Tell that the policy itself fails, with a callable of its own most likely: the error's kind and its place."""
        kind = type(error).__name__
        *_, (frame, line) = traceback.walk_tb(error.__traceback__)
        place = f"{frame.f_code.co_name}, {os.path.basename(frame.f_code.co_filename)}:{line}"
        self.tell(Change("shadow.failed", kind, place), "%(error)s in %(place)s", error=kind, place=place)

    def _text(self, part: Part) -> str:
        known = self._texts.get(id(part))
        if known is None:
            if len(self._texts) >= _TEXTS:
                self._texts.clear()
            known = self._texts[id(part)] = part, repr(part)
        return known[1]
