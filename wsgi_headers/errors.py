"""The two errors of this package: a policy that cannot be right, and a head that must not be sent.

`PolicyError` is the fault of whoever wrote the policy and is raised while it is built. `HeadError` is the fault of
the application (or of a callable in the policy) and is raised inside the application's own `start_response` call.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

_SHOWN = 200  # characters of an offending value that a message repeats; the whole value stands in the Problem


class Problem(NamedTuple):
    """One mistake in a policy; every attribute is text.

    code        stable identifier, `match.path.relative`
    where       the part and the argument, `Match.path[1]`
    value       the offending value's own text, never a secret; "" where there is none to show
    reason      what is wrong
    fix         what is accepted instead
    reference   specification and section, or ""
    """

    code: str
    where: str
    value: str
    reason: str
    fix: str
    reference: str

    def __str__(self) -> str:
        """Return the one line `where: reason 'value'; fix [reference]`, free of controls."""
        shown = f" {escaped(self.value)}" if self.value else ""
        fix = f"; {self.fix}" if self.fix else ""
        reference = f" [{self.reference}]" if self.reference else ""
        return f"{self.where}: {self.reason}{shown}{fix}{reference}"


class PolicyError(ValueError):
    """Every mistake of one part, or every contradiction between the parts of one policy.

    `problems` is a `tuple[Problem, ...]`; the message has one line a problem.
    """

    problems: tuple[Problem, ...]

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        # The only argument, so that a copy or a pickle of the error is built with it again.
        super().__init__(self.problems)

    def __str__(self) -> str:
        return "\n".join(map(str, self.problems))


class HeadError(ValueError):
    """A head that must not be sent: the message names the field, never the value."""


# The value of a mistake that has none to show, or a secret one.
NOTHING = object()

# Stands for a required argument that was not given, so that the others are checked all the same. That it is missing was
# told already: what is then wrong with its type gets no code and is left out.
MISSING = object()


class Problems(list[Problem]):
    """The mistakes found so far in one part; `raise_any` ends the collection."""

    def add(self, code: str, where: str, value: object, reason: str, fix: str = "", reference: str = "") -> None:
        """Note one mistake; a `value` that is no `str` is shown as its `repr`, and NOTHING as nothing."""
        if value is MISSING:
            code, text = "", ""
        elif isinstance(value, str):
            text = str.__str__(value)
        else:
            text = "" if value is NOTHING else _shown(value)
        self.append(Problem(code, where, text, reason, fix, reference))

    def raise_any(self) -> None:
        """Raise PolicyError where a mistake was noted."""
        if self:
            raise PolicyError(self)


def _shown(value: object) -> str:
    try:
        return repr(value)
    except Exception:
        return f"<{type(value).__name__}>"


def escaped(text: str, limit: int = _SHOWN) -> str:
    """Return `text` as a quoted ASCII literal of at most `limit` characters of it: one line, whatever it holds."""
    return ascii(text) if len(text) <= limit else f"{ascii(text[:limit])}..."
