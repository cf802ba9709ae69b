"""The cookie parts that speak of attributes: `CookieAttributes` for every cookie, `CookieRule` for those of a name.

All parts that match a cookie apply in the order of declaration, later ones winning attribute by attribute. They are
folded into one edit of the Set-Cookie lines, which remembers what became of an attribute text (rfc6265bis 5.6).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from typing import Any, NamedTuple, TypeAlias

from .. import _grammar
from .._part import Part
from ..errors import Problems, escaped
from ..exchange import host_of
from ..operations import FieldProgram, checked
from .attributes import NO_WISH, Wish, kept_for_prefix, rewritten
from .syntax import ATTRIBUTE_VALUE_OCTETS, cookie_name

SET_COOKIE = "Set-Cookie"

# Bounds of what is remembered between requests. A site has a few dozen cookies and as many attribute texts; what grows
# beyond that changes with every response and is forgotten as a whole.
_NAMES = 512
_TAILS = 512
_TAIL_OCTETS = 512

# More digits than this Python refuses to write (sys.int_info.default_max_str_digits).
_ENDLESS = 10**4300

# The attributes that `exempt` can name, and the parts of a wish that each stands for.
_EXEMPTIBLE = {
    "secure": ("secure",),
    "http_only": ("http_only",),
    "same_site": ("same_site", "default_same_site", "none_same_site"),
    "path": ("path",),
    "domain": ("domain",),
    "max_age": ("max_age",),
    "partitioned": ("partitioned",),
}


class CookieStep(NamedTuple):
    """What one part wants of the cookies whose name its pattern takes; `pattern` None takes every cookie."""

    part: Part
    pattern: str | None
    wish: Wish
    leaves_secure: bool  # an opinion too: `secure="https"` on another scheme
    exempt: bool | tuple[str, ...] | None
    remove: bool | None

    @property
    def field(self) -> str:
        """The field of cookies."""
        return SET_COOKIE.lower()

    @property
    def compile(self) -> Callable[[Sequence[CookieStep]], FieldProgram]:
        """`compile_cookies`."""
        return compile_cookies

    def takes(self, name: str) -> bool:
        """Whether the pattern takes a cookie of that name; "" is a nameless one."""
        return self.pattern is None or name_matches(self.pattern, name)


def name_matches(pattern: str, name: str) -> bool:
    """Whether a cookie's name, case-sensitive, is `pattern` or fits its star at one end or both."""
    if pattern == "*":
        return True
    if not name:
        return False
    begins, ends = pattern.endswith("*"), pattern.startswith("*")
    text = pattern.strip("*")
    if begins and ends:
        return text in name
    if begins:
        return name.startswith(text)
    return name.endswith(text) if ends else name == text


class CookieAttributes(Part):
    """Attributes that every Set-Cookie line leaves with, whoever set the cookie. rfc6265bis 4.1.2, 5.6.

    secure              True, "https" (added on https requests alone), False (stripped)
    http_only           True, False (stripped)
    same_site           "Strict" or "Lax": at least that strict
    default_same_site   "Strict" or "Lax": where the line has none that browsers know
    insecure_same_site  "None": forced, with Secure
    path                forced
    domain              False: no Domain; a str: forced
    max_age             seconds, the longest life of a cookie that has one; never makes it longer
    partitioned         True: with Secure; False (stripped)

    None is no opinion. What is there is not moved, spelled anew or repeated.

        sid=1   under secure=True, http_only=True, same_site="Lax"   gives   sid=1; Secure; HttpOnly; SameSite=Lax

    >>> CookieAttributes(secure=True, same_site="Lax")
    CookieAttributes(secure=True, same_site='Lax')

    Raises PolicyError for a value that is none of these, and for those that contradict each other.
    """

    secure: bool | str | None
    http_only: bool | None
    same_site: str | None
    default_same_site: str | None
    insecure_same_site: str | None
    path: str | None
    domain: bool | str | None
    max_age: int | None
    partitioned: bool | None

    def __init__(
        self,
        *,
        secure: bool | str | None = None,
        http_only: bool | None = None,
        same_site: str | None = None,
        default_same_site: str | None = None,
        insecure_same_site: str | None = None,
        path: str | None = None,
        domain: bool | str | None = None,
        max_age: int | None = None,
        partitioned: bool | None = None,
    ) -> None:
        kept = {name: value for name, value in locals().items() if name != "self"}
        problems = Problems()
        _check_attributes(problems, "CookieAttributes", kept)
        problems.raise_any()
        self._keep(**kept)

    def operations(self, scheme: str) -> tuple[CookieStep, ...]:
        """Return the one step, for every cookie."""
        return (_step(self, None, scheme, None, None),)


class CookieRule(Part):
    """Attributes of the cookies of one name; the same as those of CookieAttributes, and:

    name     exact, or with `*` at one end or both; case-sensitive
    exempt   True: no other cookie part touches these cookies; names of attributes, ("http_only",): none touches these;
             False lifts what an earlier part said. Secure is added all the same where a part makes a cookie
             Partitioned or SameSite=None, which user agents drop without it.
    remove   True: their lines are dropped

    >>> CookieRule("theme", http_only=False, max_age=31_536_000)
    CookieRule('theme', http_only=False, max_age=31536000)

    Raises PolicyError as CookieAttributes does, and for a name that no cookie has.
    """

    name: str
    exempt: bool | tuple[str, ...] | None
    remove: bool | None

    def __init__(
        self,
        name: str,
        *,
        secure: bool | str | None = None,
        http_only: bool | None = None,
        same_site: str | None = None,
        default_same_site: str | None = None,
        insecure_same_site: str | None = None,
        path: str | None = None,
        domain: bool | str | None = None,
        max_age: int | None = None,
        partitioned: bool | None = None,
        remove: bool | None = None,
        exempt: bool | Iterable[str] | None = None,
    ) -> None:
        kept: dict[str, Any] = {key: value for key, value in locals().items() if key != "self"}
        problems = Problems()
        where = _check_name(problems, name)
        _check_attributes(problems, where, kept)
        _check_flag(problems, where, "remove", remove)
        kept["exempt"] = _checked_exempt(problems, where, exempt)
        problems.raise_any()
        self._keep(**kept)

    def operations(self, scheme: str) -> tuple[CookieStep, ...]:
        """Return the one step, for the cookies of the name."""
        return (_step(self, self.name, scheme, self.exempt, self.remove),)


def _step(part: Any, pattern: str | None, scheme: str, exempt: Any, remove: bool | None) -> CookieStep:
    secure = part.secure
    if secure == "https":
        secure = True if scheme == "https" else None
    wish = Wish(
        secure,
        part.http_only,
        part.same_site,
        part.default_same_site,
        part.insecure_same_site is not None or None,
        part.path,
        part.domain,
        part.max_age,
        part.partitioned,
    )
    return CookieStep(part, pattern, wish, part.secure == "https" and secure is None, exempt, remove)


def wish_for(steps: Sequence[CookieStep], name: str) -> Wish | None:
    """Return what the steps together want of a cookie of that name; None where its line is dropped."""
    matching = [step for step in steps if step.takes(name)]
    exempting = next((step for step in reversed(matching) if step.exempt is not None), None)
    untouched: frozenset[str] = frozenset()
    if exempting is not None and exempting.exempt is True:
        matching = [exempting]
    elif exempting is not None and isinstance(exempting.exempt, tuple):
        untouched = frozenset(part for attribute in exempting.exempt for part in _EXEMPTIBLE[attribute])
    remove: bool | None = None
    wish = NO_WISH
    for step in matching:
        remove = step.remove if step.remove is not None else remove
        said = {
            attribute: value
            for attribute, value in step.wish._asdict().items()
            if value is not None and (step is exempting or attribute not in untouched)
        }
        # The two are one decision: whoever speaks later has made it.
        if "none_same_site" in said:
            wish = wish._replace(same_site=None)
        elif "same_site" in said:
            wish = wish._replace(none_same_site=None)
        if step.leaves_secure and "secure" not in untouched:
            wish = wish._replace(secure=None)
        wish = wish._replace(**said)
    if remove:
        return None
    # rfc6265bis 5.7: SameSite=None without Secure is dropped, and so is Partitioned (observed in Chromium).
    if wish.none_same_site or wish.partitioned:
        wish = wish._replace(secure=True)
    return kept_for_prefix(wish, name)


# What became of the attribute texts under one wish: the text that follows the pair, None where it stays as it is.
# The key None is the line without a semicolon.
_Memo: TypeAlias = dict[str | None, str | None]


# What a memo gives for a key that it does not have, where it may have None.
_NOT_MET: Any = object()


class _Known(NamedTuple):
    """What is wanted of the cookies of one name, and what it made of their attribute texts so far."""

    wish: Wish
    memo: _Memo


def compile_cookies(steps: Sequence[CookieStep]) -> FieldProgram:
    """Return the program of Set-Cookie for the steps of a policy, in the order of declaration."""
    memos: dict[Wish, _Memo] = {}
    by_name: dict[str, _Known | None] = {}

    def known_of(name: str) -> _Known | None:
        wish = wish_for(steps, name)
        return None if wish is None else _Known(wish, memos.setdefault(wish, {}))

    def known_by(pair: str) -> _Known | None:
        raw_name, equals, _ = pair.partition("=")
        if not equals:
            return nameless
        # Looked up in one call: another thread may forget what is remembered at any moment.
        known: _Known | None = by_name.get(raw_name, _NOT_MET)
        if known is not _NOT_MET:
            return known
        if len(by_name) >= _NAMES:
            by_name.clear()
            memos.clear()
        known = by_name[checked(SET_COOKIE, raw_name)] = known_of(cookie_name(pair))
        return known

    nameless = known_of("")
    # What every name gets that carries no prefix, where no part asks for names.
    every = nameless if all(step.pattern is None or step.pattern == "*" for step in steps) else None

    def edit(value: str) -> str | None:
        pair, semicolon, tail = value.partition(";")
        known = every
        if known is None or "__" in pair:
            known = known_by(pair)
            if known is None:
                checked(SET_COOKIE, value)
                return None
        if not (pair.isascii() and pair.isprintable()):
            checked(SET_COOKIE, pair)
        key = tail if semicolon else None
        memo = known.memo
        after = memo.get(key, _NOT_MET)
        if after is _NOT_MET:
            after = _remembered(memo, key, known.wish)
        # A line without name and value is no cookie (rfc6265bis 5.6 step 5).
        return value if after is None or not pair else pair + after

    return FieldProgram(SET_COOKIE.lower(), edit=edit)


def _remembered(memo: _Memo, key: str | None, wish: Wish) -> str | None:
    """Return what follows the pair under `wish`, None where it stays; kept in `memo` where it will always be that."""
    tail = "" if key is None else f";{checked(SET_COOKIE, key)}"
    text, lasting = rewritten(tail, wish)
    after = None if text == tail else text
    if lasting and len(tail) <= _TAIL_OCTETS:
        if len(memo) >= _TAILS:
            memo.clear()
        memo[key] = after
    return after


def _check_attributes(problems: Problems, where: str, kept: dict[str, Any]) -> None:
    for name in ("http_only", "partitioned"):
        _check_flag(problems, where, name, kept[name])
    secure = kept["secure"]
    if not (secure is None or secure is True or secure is False or secure == "https"):
        problems.add("cookie.secure", f"{where}.secure", secure, "is no choice", "True, 'https' or False")
    for name in ("same_site", "default_same_site"):
        _check_same_site(problems, f"{where}.{name}", kept[name])
    insecure = kept["insecure_same_site"]
    if insecure is not None and insecure != "None":
        fix = "'None', or same_site for 'Lax' and 'Strict'"
        problems.add("cookie.insecure_same_site", f"{where}.insecure_same_site", insecure, "is no choice", fix)
    if insecure is not None:
        for name in ("same_site", "default_same_site"):
            if kept[name] is not None:
                reason, fix = "contradicts insecure_same_site", "leave one of them out"
                problems.add("cookie.same_site.contradiction", f"{where}.{name}", kept[name], reason, fix)
    for name in ("partitioned", "insecure_same_site"):
        if secure is False and kept[name]:
            fix = "leave secure=False out: user agents drop such a cookie without Secure"
            reason = f"contradicts {name}={kept[name]!r}"
            problems.add("cookie.secure.contradiction", f"{where}.secure", secure, reason, fix, "rfc6265bis 5.7")
    _check_path(problems, where, kept["path"])
    _check_domain(problems, where, kept["domain"])
    max_age = kept["max_age"]
    if max_age is not None and (type(max_age) is not int or not 0 < max_age < _ENDLESS):
        fix = "whole seconds above 0; remove=True drops a cookie"
        problems.add("cookie.max_age", f"{where}.max_age", max_age, "is no longest life", fix, "rfc6265bis 5.6.2")


def _check_flag(problems: Problems, where: str, name: str, value: object) -> None:
    if value is not None and type(value) is not bool:
        problems.add(f"cookie.{name}", f"{where}.{name}", value, "is no bool", "True, False or None")


def _check_same_site(problems: Problems, where: str, value: object) -> None:
    if value is None or (isinstance(value, str) and value in ("Strict", "Lax")):
        return
    fix = "'Strict' or 'Lax'"
    if isinstance(value, str) and value.lower() == "none":
        fix = "write insecure_same_site='None' where cross-site requests must carry the cookie"
    elif isinstance(value, str) and value.lower() in ("strict", "lax"):
        fix = f"Did you mean {value.capitalize()!r}?"
    problems.add("cookie.same_site", where, value, "is no choice", fix, "rfc6265bis 5.6.7")


def _check_path(problems: Problems, where: str, value: object) -> None:
    if value is None:
        return
    fix = "an absolute path of at most 1,024 octets without semicolon"
    if not (isinstance(value, str) and value.startswith("/") and _is_attribute_value(value)):
        problems.add("cookie.path", f"{where}.path", value, "is no path of a cookie", fix, "rfc6265bis 5.6.4")


def _check_domain(problems: Problems, where: str, value: object) -> None:
    if value is None or value is False:
        return
    fix = "False for a cookie of this host alone, or a domain name"
    if not (isinstance(value, str) and _is_attribute_value(value) and ":" not in value):
        problems.add("cookie.domain", f"{where}.domain", value, "is no domain", fix, "rfc6265bis 5.6.3")
    elif not host_of(value.removeprefix(".")) or value.endswith("."):
        problems.add("cookie.domain", f"{where}.domain", value, "is no domain", fix, "rfc6265bis 5.6.3")


def _is_attribute_value(value: str) -> bool:
    return (
        len(value) <= ATTRIBUTE_VALUE_OCTETS
        and ";" not in value
        and _grammar.declared_value.fullmatch(value) is not None
    )


def _check_name(problems: Problems, name: object) -> str:
    """Note why no cookie has such a name, and return how messages call the rule."""
    fix = "an exact name, or one with * at one end or both"
    where = "CookieRule.name"
    if not isinstance(name, str):
        problems.add("cookie.name", where, name, "is no str", fix)
        return "CookieRule"
    text = name.removeprefix("*").removesuffix("*")
    bad = "*" in text or any(character in text for character in "=;\t")
    if bad or (not text and name != "*") or _grammar.declared_value.fullmatch(name) is None:
        problems.add("cookie.name", where, name, "is no name of a cookie", fix, "rfc6265bis 4.1.1")
        return "CookieRule"
    return f"CookieRule({escaped(name)})"


def _checked_exempt(problems: Problems, where: str, value: Any) -> bool | tuple[str, ...] | None:
    if value is None or type(value) is bool:
        return value
    fix = f"True, or a tuple of {', '.join(_EXEMPTIBLE)}"
    if isinstance(value, (str, bytes, Set, Mapping)) or not isinstance(value, Iterable):
        problems.add("cookie.exempt", f"{where}.exempt", value, "is no choice", fix)
        return None
    names = tuple(value)
    if not names:
        problems.add("cookie.exempt", f"{where}.exempt", names, "names no attribute", fix)
    for position, name in enumerate(names):
        if not isinstance(name, str) or name not in _EXEMPTIBLE:
            problems.add("cookie.exempt", f"{where}.exempt[{position}]", name, "is no attribute", fix)
    return names
