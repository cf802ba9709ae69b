"""What a policy means, in the plainest code: the oracle that the plan is compared with.

Written from the public description. Each part in order, each line in order; nothing compiled, folded or remembered.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from wsgiref.types import WSGIEnvironment

from wsgi import Line

from wsgi_headers import Append, CacheSafety, Default, Edit, Match, Merge, Policy, Remove, Rule, Set
from wsgi_headers._structured import Item, parse_dictionary

HSTS = "strict-transport-security"
FIELD_NAMES = ("vary", "access-control-allow-headers", "access-control-expose-headers")
TOKEN = "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def expected(policy: Policy, environ: WSGIEnvironment, status: str, lines: list[Line]) -> list[Line]:
    """Return the head that goes out; the order of lines of different fields means nothing."""
    head = list(lines)
    varies: list[str] = []
    safe = False
    for matches, part in leaves_of(policy):
        if all(holds(match, environ, status, lines) for match in matches):
            for name in [name for match in matches for name in match.varies_on]:
                varies.append(name)
            if all(match.when is None or match.when(environ) for match in matches):
                if isinstance(part, CacheSafety):
                    safe = not part.insecure_off
                else:
                    head = applied(part, head, environ)
    if environ["wsgi.url_scheme"] != "https" and any(part.name.lower() == HSTS for _, part in parts_of(policy)):
        head = [line for line in head if line[0].lower() != HSTS]
    for name in varies:
        head = applied(Merge("Vary", name), head, environ)
    return kept_from_shared_caches(head) if safe and is_personal(head, environ) else head


def parts_of(policy: Policy | Rule) -> Iterator[tuple[tuple[Match, ...], Operation]]:
    """Give the operations in order, each with the matches that it stands under."""
    for matches, part in leaves_of(policy):
        if not isinstance(part, CacheSafety):
            yield matches, part


def leaves_of(
    policy: Policy | Rule, matches: tuple[Match, ...] = ()
) -> Iterator[tuple[tuple[Match, ...], Operation | CacheSafety]]:
    """Give the parts that are not made of others in order, each with the matches that it stands under."""
    for part in policy.parts:
        if isinstance(part, Rule):
            yield from leaves_of(part, (*matches, part.match))
        elif isinstance(part, Policy):
            yield from leaves_of(part, matches)
        else:
            assert isinstance(part, Operation | CacheSafety)
            yield matches, part


Operation = Set | Default | Append | Merge | Remove | Edit


def is_personal(head: list[Line], environ: WSGIEnvironment) -> bool:
    """Whether a head is for one user, as far as head and request say it."""
    cookies = [name for name, _ in head if name.lower() == "set-cookie"]
    return bool(cookies or "HTTP_AUTHORIZATION" in environ or environ.get("AUTH_TYPE"))


CDN_FIELDS = ("cdn", "akamai", "cloudflare-cdn", "netlify-cdn", "vercel-cdn")


def kept_from_shared_caches(head: list[Line]) -> list[Line]:
    """Return the head with every field that a shared cache heeds telling it not to store."""
    head = told(head, "Cache-Control", "private", {"public", "s-maxage", "private"}, says_private)
    for prefix in CDN_FIELDS:
        name = f"{prefix}-cache-control"
        if any(value for field, value in head if field.lower() == name):
            head = told(head, name, "private", {"public", "s-maxage", "private"}, says_private_to_all)
    for name, lifetimes in {"surrogate-control": {"max-age"}, "edge-control": {"max-age", "cache-maxage"}}.items():
        if any(value for field, value in head if field.lower() == name):
            head = told(head, name, "no-store", {"public", "s-maxage", *lifetimes}, says_no_store)
    expiries = [line for line in head if line[0].lower() == "x-accel-expires"]
    if any(value != "0" for _, value in expiries):
        head = [line for line in head if line not in expiries] + [(expiries[0][0], "0")]
    return head


def told(head: list[Line], name: str, word: str, goes: set[str], enough: Any) -> list[Line]:
    """Return the head with one field saying the word, unless what it says is enough."""
    own = [line for line in head if line[0].lower() == name.lower()]
    listed = [member for _, value in own for member in members(value)]
    if enough(listed, ", ".join(value for _, value in own)):
        return head
    ends = "=" if name == "Cache-Control" else "=;"
    kept = [member for member in listed if re.split(f"[{ends}]", member)[0].strip(" \t").lower() not in goes]
    value = ", ".join([*[m for m in kept if not is_open(m)], word, *[m for m in kept if is_open(m)]])
    others = [line for line in head if line[0].lower() != name.lower()]
    return [*others, (own[0][0] if own else name, value)]


def says_private(listed: list[str], text: str) -> bool:
    """Whether directives keep every shared cache from storing."""
    names = [member.split("=")[0].strip(" \t").lower() for member in listed]
    first = {word: listed[names.index(word)].lower() if word in names else "" for word in ("private", "no-store")}
    return first["private"] == "private" or (first["no-store"] == "no-store" and "must-understand" not in names)


def says_private_to_all(listed: list[str], text: str) -> bool:
    """Whether they do for readers of lists, and of dictionaries, where the last member of a name counts."""
    if not says_private(listed, text):
        return False
    try:
        last = parse_dictionary(text)
    except ValueError:
        return True
    true = [name for name, item in last.items() if isinstance(item, Item) and item.value is True]
    return "private" in true or ("no-store" in true and "must-understand" not in last)


def says_no_store(listed: list[str], text: str) -> bool:
    """Whether directives say it to every surrogate."""
    return "no-store" in [member.lower() for member in listed]


def applied(part: Operation, head: list[Line], environ: WSGIEnvironment) -> list[Line]:
    """Return the head after one operation."""
    own = [line for line in head if line[0].lower() == part.name.lower()]
    others = [line for line in head if line[0].lower() != part.name.lower()]
    if isinstance(part, Remove):
        return others
    if isinstance(part, Edit):
        edited = [(name, part.function(value)) for name, value in own]
        return others + [(name, value) for name, value in edited if value is not None]
    value = part.value(environ) if callable(part.value) else part.value
    if value is None or value == "":
        return head
    if isinstance(part, Set):
        return [*others, (part.name, value)]
    if isinstance(part, Default):
        return [*others, *own] if own else [*others, (part.name, value)]
    if isinstance(part, Append):
        return [*others, *own, (part.name, value)]
    return others + merged(part.name, value, own)


def merged(name: str, added: str, own: list[Line]) -> list[Line]:
    """Return the one line that has the members of all lines, then those that were not there."""
    there = [member for _, value in own for member in members(value)]
    together = list(there)
    for member in members(added):
        if not any(same(name, member, present) for present in together):
            together.append(member)
    if name.lower() == "vary" and "*" in together:
        together = ["*"]
    if len(own) == 1 and together == there:
        return own
    spelling = own[0][0] if own else name
    # An open quote swallows what comes after it, so who has one comes last.
    together.sort(key=is_open)
    return [(spelling, ", ".join(together))] if together else []


def is_open(member: str) -> bool:
    """Whether a quote is not closed in a member; an escaped one closes nothing."""
    quoted = escaped = False
    for character in member:
        if escaped:
            escaped = False
        elif quoted and character == "\\":
            escaped = True
        elif character == '"':
            quoted = not quoted
    return quoted


def members(value: str) -> list[str]:
    """Return the members of a list: what stands between commas, but for those in quotes."""
    found = [""]
    quoted = escaped = False
    for character in value:
        if character == "," and not quoted:
            found.append("")
            continue
        found[-1] += character
        if escaped:
            escaped = False
        elif quoted and character == "\\":
            escaped = True
        elif character == '"':
            quoted = not quoted
    return [member.strip(" \t") for member in found if member.strip(" \t")]


def same(name: str, one: str, other: str) -> bool:
    """Whether two members of a list are the same member."""
    if name.lower() in FIELD_NAMES:
        return one.lower() == other.lower()
    if name.lower() == "cache-control":
        return one.split("=")[0].strip().lower() == other.split("=")[0].strip().lower()
    return one == other


def holds(match: Match, environ: WSGIEnvironment, status: str, lines: list[Line]) -> bool:
    """Whether everything but `when` holds."""
    path = normalized(environ["PATH_INFO"])
    host = re.sub(":[0-9]*$", "", environ["HTTP_HOST"].lower()).removesuffix(".")
    content_type = [value for name, value in lines if name.lower() == "content-type"]
    media_type = content_type[0].split(";")[0].strip(" \t").lower() if content_type else ""
    return (
        (match.path is None or any(path_holds(pattern, path) for pattern in alternatives(match.path)))
        and (
            match.method is None
            or environ["REQUEST_METHOD"] in alternatives(match.method)
            or (environ["REQUEST_METHOD"] == "HEAD" and "GET" in alternatives(match.method))
        )
        and (match.host is None or any(host_holds(pattern, host) for pattern in alternatives(match.host)))
        and (match.scheme is None or environ["wsgi.url_scheme"] == match.scheme)
        and (match.status is None or any(status_holds(item, status) for item in alternatives(match.status)))
        and (
            match.media_type is None
            or any(media_type_holds(item.lower(), media_type) for item in alternatives(match.media_type))
        )
    )


def alternatives(argument: object) -> tuple[Any, ...]:
    """Return what may hold, one or several."""
    return argument if isinstance(argument, tuple) else (argument,)


def path_holds(pattern: object, path: str) -> bool:
    """Whether a path is the exact one, below the prefix, or matched as a whole."""
    if isinstance(pattern, re.Pattern):
        return re.fullmatch(native(pattern.pattern), path, pattern.flags) is not None
    assert isinstance(pattern, str)
    return pattern == "/" or path == native(pattern) or (pattern.endswith("/") and path.startswith(native(pattern)))


def native(text: str) -> str:
    """Return text as environ has it, UTF-8 octets as latin-1."""
    return text.encode("utf-8").decode("latin-1")


def normalized(path: str) -> str:
    """Return the path with doubled slashes collapsed, then RFC 3986 5.2.4 step by step; empty is "/"."""
    before, after = re.sub("/+", "/", path or "/"), ""
    while before:
        if before.startswith("/./") or before == "/.":
            before = "/" + before[3:]
        elif before.startswith("/../") or before == "/..":
            before = "/" + before[4:]
            after = after[: after.rfind("/")] if "/" in after else ""
        else:
            segment = re.match("/?[^/]*", before)
            assert segment is not None
            before, after = before[segment.end() :], after + segment[0]
    return after


def host_holds(pattern: str, host: str) -> bool:
    """Whether a host is the one that is named, or has labels before what follows the star."""
    return host.endswith(pattern[1:].lower()) if pattern.startswith("*.") else host == pattern.lower()


def status_holds(item: object, status: str) -> bool:
    """Whether a status is 404, or one of "4xx"."""
    return status.startswith(item[0]) if isinstance(item, str) else status.startswith(f"{item} ")


def media_type_holds(item: str, media_type: str) -> bool:
    """Whether a media type is "text/html", or one of "text/*"; no Content-Type, or an empty one, is of none."""
    return media_type != "" and (
        media_type == item or item == "*/*" or (item.endswith("/*") and media_type.startswith(item[:-1]))
    )


def refused(lines: list[Line]) -> bool:
    """Whether a head of pairs of text must not be sent."""
    return any(
        not name
        or any(character not in TOKEN for character in name)
        or any(
            character > "\xff" or character == "\x7f" or (character < " " and character != "\t") for character in value
        )
        for name, value in lines
    )
