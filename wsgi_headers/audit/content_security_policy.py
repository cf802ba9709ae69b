"""Content-Security-Policy, as the Observatory reads and judges it."""

from __future__ import annotations

import re

from .scan import BLANKS, Fields, Scan

# The shortest directive with a list of sources is img-src; the Observatory asks for one octet less.
_SHORTEST = 6
# Every other directive that stands twice makes the policy invalid.
_MAY_REPEAT = frozenset(("report-uri", "report-to"))

_ANYWHERE = frozenset(("ftp:", "http:", "https:", "*", "http://*", "http://*.*", "https://*", "https://*.*"))
_ANYWHERE_OR_INLINE = _ANYWHERE | {"'unsafe-inline'", "data:"}
_NONCE_OR_HASH = ("'sha256-", "'sha384-", "'sha512-", "'nonce-")
_INSECURE = ("http:", "ftp:")
_PASSIVE = ("img-src", "media-src")

# The order in which sources are sorted before longer ones with the same beginning are left out: that of the Unicode
# root collation (UTS 35, "Root Collation"), which puts punctuation before digits and these before letters. What is not
# ASCII, and no part of any source (CSP3 2.3.1), comes last here.
_COLLATION = {character: place for place, character in enumerate("_-,;:!?.'\"()[]{}@*/\\&#%`^+<=>|~$0123456789")}

_blanks = re.compile(f"[{BLANKS}]+")


class InvalidPolicy(ValueError):
    """A policy that the Observatory does not read."""


class SourceLists(dict[str, set[str]]):
    """The sources of each directive, all in lower case; `repeated` where a directive stands twice that may."""

    repeated = False


def source_lists(value: str | None) -> SourceLists:
    """Return the directives of a field value, none for None; raises InvalidPolicy.

    Several lines arrive as one value with commas, which the Observatory reads as text like any other.
    """
    lists = SourceLists()
    if value is None:
        return lists
    if len(value.strip(BLANKS)) < _SHORTEST:
        raise InvalidPolicy(value)
    for directive in value.split(";"):
        name, *sources = _blanks.split(directive.strip(BLANKS).lower())
        if not name:
            continue
        if name in lists:
            if name not in _MAY_REPEAT:
                raise InvalidPolicy(value)
            lists.repeated = True
        # CSP3 2.3.1: a list without sources is 'none'. The Observatory takes directives that have no list for one too.
        lists[name] = _distinct(sources) or {"'none'"}
    return lists


def _distinct(sources: list[str]) -> set[str]:
    """Return the sources without those that begin like the one sorted before them, which covers more."""
    ordered = sorted(sources, key=lambda source: [_COLLATION.get(char, 0x80 + ord(char)) for char in source])
    return {
        source
        for before, source in zip(["", *ordered], ordered, strict=False)
        if not (before and source.startswith(before))
    }


def frame_ancestors_stand(fields: Fields) -> bool:
    """Whether an enforced policy that can be read says who may frame the page."""
    try:
        return "frame-ancestors" in source_lists(fields.get("content-security-policy"))
    except InvalidPolicy:
        return False


def content_security_policy(scan: Scan) -> str:
    """Return the result of the test."""
    try:
        lists = source_lists(scan.fields.get("content-security-policy"))
    except InvalidPolicy:
        return "csp-header-invalid"
    if not lists:
        reported = scan.fields.get("content-security-policy-report-only")
        return "csp-not-implemented-but-reporting-enabled" if reported else "csp-not-implemented"
    result = _judged(lists, scan.secure)
    if lists.repeated and result in _FORGIVEN:
        return "csp-implemented-but-duplicate-directives"
    return result


_FORGIVEN = frozenset(
    (
        "csp-implemented-with-no-unsafe",
        "csp-implemented-with-no-unsafe-default-src-none",
        "csp-implemented-with-unsafe-inline-in-style-src-only",
        "csp-implemented-with-insecure-scheme-in-passive-content-only",
    )
)


def _judged(lists: SourceLists, secure: bool) -> str:
    """Return the worst that can be said of a policy; the order of the checks is the order of seriousness."""
    # CSP3 6.8.3: a directive that is absent falls back to default-src. The list is then one and the same: what a nonce
    # makes void in it counts for none of the directives that share it.
    default = lists.get("default-src")
    scripts, styles, plugins = (
        lists[name] if name in lists else {"*"} if default is None else default
        for name in ("script-src", "style-src", "object-src")
    )
    # CSP3 6.7.3.2: beside a nonce or hash, 'unsafe-inline' allows nothing.
    for sources in (scripts, styles):
        if _has_nonce_or_hash(sources):
            sources.discard("'unsafe-inline'")
    # CSP3 8.2: 'strict-dynamic' makes schemes and hosts void.
    if "'strict-dynamic'" in scripts:
        if not _has_nonce_or_hash(scripts):
            return "csp-header-invalid"
        scripts -= {source for source in scripts if source.startswith(tuple(_ANYWHERE))}
    if scripts & _ANYWHERE_OR_INLINE or plugins & _ANYWHERE:
        return "csp-implemented-with-unsafe-inline"
    active = scripts.union(*(found for name, found in lists.items() if name not in (*_PASSIVE, "script-src")))
    if secure and _has_insecure(active):
        return "csp-implemented-with-insecure-scheme"
    if "'unsafe-eval'" in scripts | styles:
        return "csp-implemented-with-unsafe-eval"
    if secure and any(_has_insecure(lists.get(name, set())) for name in _PASSIVE):
        return "csp-implemented-with-insecure-scheme-in-passive-content-only"
    if styles & _ANYWHERE_OR_INLINE:
        return "csp-implemented-with-unsafe-inline-in-style-src-only"
    if default == {"'none'"}:
        return "csp-implemented-with-no-unsafe-default-src-none"
    return "csp-implemented-with-no-unsafe"


def _has_nonce_or_hash(sources: set[str]) -> bool:
    return any(source.startswith(_NONCE_OR_HASH) for source in sources)


def _has_insecure(sources: set[str]) -> bool:
    return any(source.startswith(_INSECURE) for source in sources)
