"""Names, values, heads, operations, matches, policies and requests, made up by hypothesis.

Pools are small, so that what is made up meets: the same fields in policy and head, paths and patterns that fit.
"""

from __future__ import annotations

import random
import re
from dataclasses import dataclass
from typing import Any
from wsgiref.types import WSGIEnvironment

from hypothesis import strategies as st
from interpreter import Operation
from wsgi import Line

from wsgi_headers import Append, Default, Edit, Match, Merge, Policy, Remove, Rule, Set

# Fields whose lines combine in each of the ways, with members of each kind.
LISTS = ("X-A", "Vary", "Cache-Control", "Access-Control-Expose-Headers")
SINGLETONS = ("X-Frame-Options", "Strict-Transport-Security", "Content-Type")
OTHERS = ("X-Other", "Set-Cookie", "ETag", "Link", "Connection", "Content-Length")

tokens = st.text("!#$%&'*+-.^_`|~09azAZ", min_size=1, max_size=6)
# What an application may send, RFC 9110 5.5, with blanks at the ends and empty.
octets = st.text([*map(chr, range(0x20, 0x7F)), *map(chr, range(0x80, 0x100)), "\t"], max_size=6)
# What must not be sent, and what looks like it.
wild = st.text([*map(chr, range(0x180)), *"\r\n\0\t\x7f\x80 \u20ac\u212a" * 9], max_size=4)

MEMBERS = ("a", "b", "A", "*", "Origin", "origin", "no-store", "max-age=1", "Max-Age = 2", 'a="b, a"', r'"\", *, b\\"')


def made_up(count: int) -> list[str]:
    """Return list values as applications write them, simple ones first: commas and blanks of all sorts."""
    chance = random.Random(9110)
    made = {""}
    while len(made) < count:
        between, end = chance.choice([(", ", ""), (", ", ""), (",", ""), (" ,\t", " "), (",,", ",")])
        made.add(between.join(chance.choices(MEMBERS, k=chance.randint(1, 4))) + end)
    return sorted(made, key=lambda value: (len(value), value))


# Drawn from pools, since hypothesis takes longer to make a text up than the middleware to rewrite a head.
LIST_VALUES = made_up(300)
DECLARED: tuple[str, ...] = ("DENY", "max-age=31536000", "text/html; charset=utf-8", "a\tb\xe9", *MEMBERS)
DECLARED = (*DECLARED, *[value for value in LIST_VALUES if value == value.strip(" \t") != ""])
list_values = st.sampled_from(LIST_VALUES)
declared = st.sampled_from(DECLARED)


@dataclass(frozen=True)
class Gives:
    """A callable value that is the same for each request."""

    value: str | None

    def __call__(self, environ: WSGIEnvironment) -> str | None:
        return self.value


@dataclass(frozen=True)
class Reads:
    """A callable value that is what the client sent, if it sent something."""

    key: str

    def __call__(self, environ: WSGIEnvironment) -> str | None:
        return environ.get(self.key)


@dataclass(frozen=True)
class Says:
    """A `when` that asks for what the client sent."""

    key: str

    def __call__(self, environ: WSGIEnvironment) -> bool:
        return self.key in environ


@dataclass(frozen=True)
class Marks:
    """An Edit that shows how often and on what it was called; drops what has `dropped` in it."""

    mark: str
    dropped: str

    def __call__(self, value: str) -> str | None:
        return None if self.dropped in value else f"<{value}{self.mark}>"


EDITS = (Marks("1", "a"), Marks("2", "DENY"), Marks("3", "\0"))
CALLABLES: tuple[Gives | Reads, ...] = (Gives(None), Gives(""), Reads("HTTP_X_KEY"), *map(Gives, MEMBERS))


def spelled(*names: str) -> tuple[str, ...]:
    """Return names in several spellings."""
    return tuple(spelling for name in names for spelling in (name, name.lower(), name.swapcase()))


SINGLE, LISTED = spelled(*LISTS, *SINGLETONS), spelled(*LISTS)
LITERALS: tuple[Operation, ...] = (
    *(Remove(name) for name in SINGLE),
    *(operation(name, value) for operation in (Set, Default) for name in SINGLE for value in DECLARED[:8]),
    *(Merge(name, value) for name in LISTED for value in DECLARED),
)
OPERATIONS: tuple[Operation, ...] = (
    *(operation(name, value) for operation in (Set, Default) for name in SINGLE for value in CALLABLES[:5]),
    *(Merge(name, value) for name in LISTED for value in CALLABLES),
    *(Append(name, value) for name in LISTED for value in (*DECLARED[:8], *CALLABLES[:5])),
    *(Edit(name, function) for name in SINGLE for function in EDITS),
)
literals = st.one_of(st.sampled_from(LITERALS[: len(SINGLE)]), st.sampled_from(LITERALS))
operations = st.one_of(literals, st.sampled_from(OPERATIONS))

PATHS = ("/", "", "/a", "/a/", "/a/b", "/a//b", "/a/../b/", "/a/./b", "//a/b/..", "/b/c", "/caf\xc3\xa9", "/ab")
HOSTS = ("a.example", "A.example:80", "b.a.example.", "c.b.a.example", "other.example", "", "[::1]:80")
METHODS = ("GET", "HEAD", "POST")
STATUSES = ("200 OK", "404 Not Found", "304 Not Modified", "500 ", "503 Busy")
MEDIA_TYPES = ("text/html", "Text/HTML; charset=utf-8", "application/json", "text/plain", "")

# What a match may ask for, each on its own.
PATTERNS = ("/", "/a", "/a/", "/a/b", ("/b/", "/a/"), "/café", re.compile("/a/.*"), ("/a", re.compile("/(café|b/c)")))
CRITERIA: tuple[dict[str, Any], ...] = (
    *({"path": path} for path in PATTERNS),
    *({"method": method} for method in ("GET", "HEAD", ("POST", "GET"))),
    *({"host": host} for host in ("a.example", "*.a.example", ("[::1]", "*.example"))),
    *({"scheme": scheme} for scheme in ("https", "http")),
    *({"status": status} for status in (404, "2xx", ("5xx", 200))),
    *({"media_type": media_type} for media_type in ("text/html", "text/*", "*/*", ("application/json", "TEXT/*"))),
    {"when": Says("FLAG")},
    {"when": Says("FLAG"), "varies_on": "Cookie"},
    {"when": Says("HTTP_X_KEY"), "varies_on": ("accept", "X-Key")},
)
matches = st.lists(st.sampled_from(CRITERIA), max_size=3).map(
    lambda criteria: Match(**{name: value for criterion in criteria for name, value in criterion.items()})
)


def nested(parts: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Give policies and rules of parts, and of policies and rules in turn."""
    return st.recursive(
        parts,
        lambda below: st.one_of(
            st.lists(below, max_size=4).map(lambda some: Policy(*some)),
            st.builds(lambda match, some: Rule(match, *some), matches, st.lists(below, min_size=1, max_size=3)),
        ),
        max_leaves=8,
    )


policies = st.lists(nested(operations), min_size=1, max_size=6).map(lambda parts: Policy(*parts))
literal_policies = st.lists(literals, max_size=8).map(lambda parts: Policy(*parts))

lines: st.SearchStrategy[Line] = st.one_of(
    st.tuples(st.sampled_from(LISTED), list_values),
    st.tuples(st.sampled_from(SINGLE), declared),
    st.tuples(st.just("Content-Type"), st.sampled_from(MEDIA_TYPES)),
    st.tuples(st.sampled_from((*SINGLE, *spelled(*OTHERS))), octets),
    st.tuples(tokens, octets),
)
heads = st.lists(lines, min_size=1, max_size=8)
statuses = st.sampled_from(STATUSES)

requests: st.SearchStrategy[dict[str, Any]] = st.builds(
    lambda request, more: {**request, **more},
    st.fixed_dictionaries(
        {
            "path": st.sampled_from(PATHS),
            "method": st.sampled_from(METHODS),
            "host": st.sampled_from(HOSTS),
            "scheme": st.sampled_from(["https", "http"]),
        }
    ),
    st.fixed_dictionaries({}, optional={"HTTP_X_KEY": st.sampled_from(["a", "b, c"]), "FLAG": st.just("1")}),
)
