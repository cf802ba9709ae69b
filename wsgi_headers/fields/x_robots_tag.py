"""X-Robots-Tag: what search engines may do with a page, all of them or one by its name."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime

from .._members import members
from .._part import near_miss
from ..errors import NOTHING, Problems
from ..typed_field import TypedField

# Google Search Central, "Robots meta tag, data-nosnippet, and X-Robots-Tag specifications"; nocache is Bing's,
# noarchive by now too; noai and noimageai are DeviantArt's. In any case.
RULES = (
    "all",
    "noindex",
    "nofollow",
    "none",
    "nosnippet",
    "indexifembedded",
    "notranslate",
    "noimageindex",
    "noarchive",
    "nocache",
    "noai",
    "noimageai",
)
# Widely written, but the default: no crawler reads them.
_DEFAULTS = ("index", "follow", "archive", "snippet", "translate", "imageindex", "cache")

_number = re.compile(r"-1|[0-9]{1,9}")
_preview = re.compile(r"none|standard|large")
# RFC 822 5.1 without the day of the week, whose comma would end the rule.
_date = re.compile(
    r"[0-9]{1,2} (?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec) [0-9]{4}"
    r"(?: [0-9]{2}:[0-9]{2}(?::[0-9]{2})?(?: (?:[a-z]{1,5}|[+-][0-9]{4}))?)?",
    re.IGNORECASE | re.ASCII,
)


# ISO 8601; `datetime.fromisoformat` takes any character before the time.
_iso_date = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[T ][0-9:.]+(?:Z|[+-][0-9:]+)?)?")


def _is_date(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return _date.fullmatch(text) is not None
    return _iso_date.fullmatch(text) is not None


# The rules with a value: whether it is one, and what it may be.
_VALUED: dict[str, tuple[Callable[[str], object], str]] = {
    "max-snippet": (_number.fullmatch, "characters, 0 for none, -1 for any number"),
    "max-image-preview": (_preview.fullmatch, "none, standard or large"),
    "max-video-preview": (_number.fullmatch, "seconds, 0 for none, -1 for any number"),
    "unavailable_after": (_is_date, "a date without commas, 2027-01-31 or 31 Jan 2027 15:00:00 GMT"),
}

# RFC 9309 2.2.1: product-token = identifier of letters, "-" and "_"; crawlers have digits in theirs too.
_agent = re.compile(r"([A-Za-z0-9_\-.]+)[ \t]*:[ \t]*(.*)", re.DOTALL)


class XRobotsTag(TypedField):
    """Value of the X-Robots-Tag response field.

    Google Search Central, "Robots meta tag". A rule after the name of a crawler is for that one, and so are those
    behind it up to the next name.

        noindex, max-snippet:0, googlebot: nofollow

    rules   one or more of `all`, `noindex`, `nofollow`, `none`, `nosnippet`, `indexifembedded`, `notranslate`,
            `noimageindex`, `noarchive`, `nocache`, `noai`, `noimageai`, `max-snippet:20`, `max-image-preview:large`,
            `max-video-preview:10`, `unavailable_after: 2027-01-31`; each may stand behind a name, `googlebot: noindex`

    Raises PolicyError for a rule that crawlers skip, one that is repeated or says the opposite of another, one for all
    crawlers behind one for a single crawler, and none at all.

    >>> XRobotsTag("noindex", "nofollow").serialize()
    'noindex, nofollow'
    """

    field_name = "X-Robots-Tag"

    rules: tuple[str, ...]

    def __init__(self, *rules: str) -> None:
        problems = Problems()
        if not rules:
            problems.add("x_robots_tag.empty", "XRobotsTag.rules", NOTHING, "names no rule", "give a rule")
        kept: list[tuple[str, str]] = []
        for position, rule in enumerate(rules):
            where = f"XRobotsTag.rules[{position}]"
            if not isinstance(rule, str) or "," in rule:
                problems.add("x_robots_tag.rule", where, rule, "is no single rule", "give rules one by one")
                continue
            agent, plain = _taken(rule)
            _check_rule(problems, where, rule, agent, plain)
            _check_place(problems, where, rule, agent, plain, kept)
            kept.append((agent, plain))
        if not problems:
            _check_together(problems, kept)
        problems.raise_any()
        self._keep(rules=tuple(f"{agent}: {rule}" if agent else rule for agent, rule in kept))

    def serialize(self) -> str:
        """Return the rules, separated by commas, a crawler's name once before all of its rules in a row."""
        texts, before = [], ""
        for text in self.rules:
            agent, rule = _taken(text)
            texts.append(rule if agent == before else text)
            before = agent
        return ", ".join(texts)

    @classmethod
    def parse(cls, text: str) -> XRobotsTag:
        """Return the field whose value is `text`. Raises PolicyError."""
        rules, before = [], ""
        for member in members(text):
            agent, rule = _taken(member)
            before = agent or before
            rules.append(f"{before}: {rule}" if before else rule)
        return cls(*rules)


def _taken(text: str) -> tuple[str, str]:
    """Return the name of a crawler, or "", and the rule, in the one spelling that is kept."""
    agent, rule = "", text.strip(" \t")
    match = _agent.fullmatch(rule)
    if match is not None and match[1].lower() not in _VALUED:
        agent, rule = match[1], match[2]
    name, colon, value = rule.partition(":")
    name, value = name.strip(" \t").lower(), value.strip(" \t")
    if name != "unavailable_after":
        return agent, f"{name}{colon}{value.lower()}"
    return agent, f"{name}: {value}"


def _check_rule(problems: Problems, where: str, text: str, agent: str, rule: str) -> None:
    name, colon, value = rule.partition(":")
    code, reference = "x_robots_tag.rule", "Google Search Central, Robots meta tag"
    if agent.lower() in (*RULES, *_DEFAULTS):
        problems.add(code, where, text, "has a rule where a crawler is named", "give rules one by one", reference)
    elif name in _VALUED:
        is_value, accepted = _VALUED[name]
        if not is_value(value.strip(" ")):
            problems.add(code, where, text, f"has no value for {name}", f"{name}: {accepted}", reference)
    elif name in _DEFAULTS and not colon:
        problems.add(code, where, text, "is the default, which no crawler reads", "leave it out", reference)
    elif rule not in RULES:
        known = (*RULES, *_VALUED)
        fix = near_miss(name, known)
        if agent and not fix.startswith("Did"):
            fix = near_miss(agent, known)  # a valued rule misspelt reads as a crawler's name
        problems.add(code, where, text, "is no rule", fix, reference)


def _check_place(problems: Problems, where: str, text: str, agent: str, rule: str, kept: list[tuple[str, str]]) -> None:
    if not agent and kept and kept[-1][0]:
        reason = f"stands behind a rule for {kept[-1][0]} and would be read as one of its rules"
        problems.add("x_robots_tag.order", where, text, reason, "put the rules for all crawlers first")
    named = [(known.lower(), other.partition(":")[0]) for known, other in kept]
    if (agent.lower(), rule.partition(":")[0]) in named:
        problems.add("x_robots_tag.repeated", where, text, "is repeated", "name it once")


def _check_together(problems: Problems, kept: list[tuple[str, str]]) -> None:
    by_agent: dict[str, list[str]] = {}
    for agent, rule in kept:
        by_agent.setdefault(agent.lower(), []).append(rule)
    for rules in by_agent.values():
        if "all" in rules and len(rules) > 1:
            fix = "leave it out: it says that there are no rules"
            problems.add("x_robots_tag.all", "XRobotsTag.rules", "all", "contradicts the rules beside it", fix)
        if "indexifembedded" in rules and {"noindex", "none"}.isdisjoint([*rules, *by_agent.get("", ())]):
            reason, fix = "has an effect beside noindex alone", "name noindex too"
            problems.add("x_robots_tag.indexifembedded", "XRobotsTag.rules", "indexifembedded", reason, fix)
