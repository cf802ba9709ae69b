"""Consent: cookies of a category leave only where the visitor's consent cookie grants it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from .._part import Part
from .._state import asked_of, note_judged
from ..errors import Problem, Problems
from ..exchange import Line
from ..operations import Merge
from .arguments import check_consent
from .attributes import expiry
from .incoming import compile_incoming, consent_values
from .protection import bare_names, exempting, name_matches, speaking
from .request_field import pairs

if TYPE_CHECKING:
    from .._log import Log
    from ..exchange import Head, Request
    from ..match import Match

# What grants every category, and cookies without one.
_ALL = "*"
_NOTHING: frozenset[str] = frozenset()

# Bound of the memo of names; a site has a few dozen.
_NAMES = 512

_VARY = Merge("Vary", "Cookie")
_LAST = {_VARY.field: (_VARY,)}


class CookieConsent(Part):
    """Withholds the cookies whose category (`CookieRule(name, category=...)`) the visitor has not granted.

    cookie      the name of the cookie that says what is granted, which is always necessary itself
    necessary   names, as in CookieRule, of cookies that need no consent, whatever their category
    unknown     "withhold" or "send": what becomes of cookies without a category
    granted     reads the value of the consent cookie: a callable of it that gives the categories. Without it the value
                is names of categories joined by dots, `analytics.marketing`, or `*` for every cookie.

    Where the request has several consent cookies only what all of them grant counts; a response that sets the cookie
    decides for itself already, and one that deletes it withdraws. Deletions always pass. The head gets `Vary: Cookie`
    where a line was judged, and the log tells what was withheld.

    >>> CookieConsent(necessary=("sid", "csrf*"))
    CookieConsent(necessary=('sid', 'csrf*'))

    Raises PolicyError for names that no cookie has, and for what is no choice.
    """

    cookie: str
    necessary: tuple[str, ...]
    unknown: str
    granted: Callable[[str], Iterable[str]] | None

    def __init__(
        self,
        *,
        cookie: str = "consent",
        necessary: Iterable[str] = (),
        unknown: str = "withhold",
        granted: Callable[[str], Iterable[str]] | None = None,
    ) -> None:
        problems = Problems()
        names = check_consent(problems, cookie, necessary, unknown, granted)
        problems.raise_any()
        self._keep(cookie=cookie, necessary=names, unknown=unknown, granted=granted)

    @property
    def incoming(self) -> Callable[[Sequence[Any]], Callable[[Request, Log], None] | None] | None:
        """What reads the consent cookie once prefixes and signatures are off, for all cookie parts together."""
        return compile_incoming

    @property
    def finish(self) -> Callable[[Sequence[Any]], Callable[[Head, Log], None] | None] | None:
        """What withholds cookies, for this part and all rules together."""
        return compile_consent

    def refuses(self, matches: Sequence[Match]) -> Iterable[Problem]:
        """Return why what a visitor consents to cannot depend on the response."""
        problems = Problems()
        for match in matches:
            if match.reads_head:
                reason, fix = "cannot stand under a match on status or media type", "match on the request alone"
                problems.add("cookie.consent.match", "CookieConsent", match, reason, fix)
        return problems


def compile_consent(parts: Sequence[Any]) -> Callable[[Head, Log], None] | None:
    """Return what withholds the cookies of a head; None where no part speaks of consent.

    parts   the CookieConsent parts, of which the last one holds, and every CookieRule
    """
    consents = [part for part in parts if isinstance(part, CookieConsent)]
    rules = [part for part in parts if not isinstance(part, CookieConsent)]
    if not consents and all(rule.category is None for rule in rules):
        return None
    return _Judge(consents[-1] if consents else None, rules).judge


class _Judge:
    """Judges the lines of heads under one CookieConsent and the rules that hold.

    What has a category waits for a consent cookie, so where no CookieConsent holds it is withheld.
    """

    def __init__(self, consent: CookieConsent | None, rules: Sequence[Any]) -> None:
        self._consent = consent
        self._rules = rules
        self._bare = bare_names(rules)
        self._categories: dict[str, str | None] = {}

    def judge(self, head: Head, log: Log) -> None:
        """Take the lines out of a head that are withheld."""
        kept: list[Line] = []
        grants: list[frozenset[str]] | None = None
        judged = False
        for line in head.lines:
            category = self._category_on(line)
            if category is not None:
                judged = True
                if grants is None:
                    grants = self._grants(head, log)
                if not grants or not all(_ALL in grant or category in grant for grant in grants):
                    cookie = self._name(line[1])
                    told = category if category != _ALL else "unknown"
                    message = "the cookie '%(cookie)s' of category '%(category)s' is withheld"
                    log.warn("cookie.withheld", message, cookie=cookie, category=told)
                    continue
            kept.append(line)
        if judged:
            note_judged(head.environ)
            asked = asked_of(head.environ)
            if asked is not None:
                # For a middleware above, which carries out what the application asks for its own response.
                asked.last[id(self)] = _LAST
            vary = [line for line in kept if line[0].lower() == "vary"]
            after = _VARY.apply(vary, head.environ)
            head.lines[:] = [line for line in kept if line not in vary] + after

    def _name(self, value: str) -> str:
        name = pairs(value)[0][0]
        return self._bare.get(name, name)

    def _category_on(self, line: Line) -> str | None:
        """Return the category that must be granted for a line, `*` for a cookie without one; None where it passes."""
        field, value = line
        if field.lower() != "set-cookie":
            return None
        name = self._name(value)
        category = self._categories.get(name, "")
        if category == "":
            if len(self._categories) >= _NAMES:
                self._categories.clear()
            category = self._categories[name] = self._category(name)
        if category is not None and expiry(value) <= time.time():
            return None  # it deletes
        return category

    def _category(self, name: str) -> str | None:
        consent = self._consent
        if consent is not None and any(name_matches(pattern, name) for pattern in (consent.cookie, *consent.necessary)):
            return None
        speakers = speaking(self._rules, name)
        said = [speaker.category for speaker in speakers if speaker.category is not None]
        if said:
            return str(said[-1])
        decides = exempting(speakers)
        exempt = decides is not None and decides.exempt is True
        return None if exempt or consent is None or consent.unknown == "send" else _ALL

    def _grants(self, head: Head, log: Log) -> list[frozenset[str]]:
        """Return what each consent cookie grants: those that the response sets, else those of the request."""
        consent = self._consent
        if consent is None:
            return []
        lines = [value for field, value in head.sent if field.lower() == "set-cookie"]
        own = [line for line in lines if pairs(line)[0][0] == consent.cookie]
        if own:
            now = time.time()
            return [_NOTHING if expiry(line) <= now else _granted(consent, pairs(line)[0][1], log) for line in own]
        return [_granted(consent, value, log) for value in consent_values(head.environ, consent.cookie)]


def _granted(consent: CookieConsent, value: str, log: Log) -> frozenset[str]:
    """Return the categories that the value of a consent cookie names."""
    if consent.granted is None:
        return frozenset((_ALL,)) if value == _ALL else frozenset(value.split(".")) - {_ALL}
    try:
        categories = consent.granted(value)
        if isinstance(categories, str):
            raise TypeError("granted() gave one str, not an iterable of categories")
        return frozenset(categories)
    except Exception as error:
        log.warn("cookie.consent.unreadable", "granted() raised %(error)s", error=type(error).__name__)
        return _NOTHING
