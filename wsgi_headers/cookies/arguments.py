"""Which arguments the cookie parts accept; every mistake is noted with its place and the fix."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from typing import Any

from .. import _grammar
from .._part import near_miss
from ..errors import NOTHING, Problems, escaped
from ..exchange import host_of
from .prefixes import PREFIXES, demanded_by_prefix, prefix_of
from .rewriting import EXEMPTIBLE
from .signing import KEY_OCTETS, is_installed, octets
from .syntax import ATTRIBUTE_VALUE_OCTETS

# More digits than this Python refuses to write (sys.int_info.default_max_str_digits).
_ENDLESS = 10**4300


def check_attributes(problems: Problems, where: str, kept: dict[str, Any]) -> None:
    """Note what no attribute can be, and which attributes contradict each other."""
    for name in ("http_only", "partitioned"):
        check_flag(problems, where, name, kept[name])
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


def check_flag(problems: Problems, where: str, name: str, value: object) -> None:
    """Note a `value` that is neither a bool nor None."""
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


def check_name(problems: Problems, name: object) -> str:
    """Note why no cookie has such a name, and return how messages call the rule."""
    if _check_pattern(problems, "CookieRule.name", name, _PATTERNS):
        return f"CookieRule({escaped(str(name))})"
    return "CookieRule"


_PATTERNS = "an exact name, or one with * at one end or both"


def _check_pattern(problems: Problems, where: str, name: object, fix: str, *, stars: bool = True) -> bool:
    if not isinstance(name, str):
        problems.add("cookie.name", where, name, "is no str", fix)
        return False
    text = name.removeprefix("*").removesuffix("*") if stars else name
    bad = "*" in text or any(character in text for character in "=;\t")
    if bad or (not text and name != "*") or _grammar.declared_value.fullmatch(name) is None:
        problems.add("cookie.name", where, name, "is no name of a cookie", fix, "rfc6265bis 4.1.1")
        return False
    return True


def checked_exempt(problems: Problems, where: str, value: Any) -> bool | tuple[str, ...] | None:
    """Note what cannot be exempted, and return the choice, names as a tuple."""
    if value is None or type(value) is bool:
        return value
    fix = f"True, or a tuple of {', '.join(EXEMPTIBLE)}"
    if isinstance(value, (str, bytes, Set, Mapping)) or not isinstance(value, Iterable):
        problems.add("cookie.exempt", f"{where}.exempt", value, "is no choice", fix)
        return None
    names = tuple(value)
    if not names:
        problems.add("cookie.exempt", f"{where}.exempt", names, "names no attribute", fix)
    for position, name in enumerate(names):
        if not isinstance(name, str) or name not in EXEMPTIBLE:
            problems.add("cookie.exempt", f"{where}.exempt[{position}]", name, "is no attribute", fix)
    return names


def check_prefix(problems: Problems, where: str, kept: Mapping[str, Any]) -> None:
    """Note why a rule cannot give its cookies the prefix."""
    prefix, name = kept["prefix"], kept["name"]
    check_flag(problems, where, "insecure_accept_unprefixed", kept["insecure_accept_unprefixed"])
    if prefix is None:
        return
    place = f"{where}.prefix"
    if not isinstance(prefix, str) or prefix not in PREFIXES:
        fix = near_miss(prefix, PREFIXES) if isinstance(prefix, str) else f"accepted: {', '.join(PREFIXES)}"
        problems.add("cookie.prefix", place, prefix, "is no prefix that user agents know", fix, "rfc6265bis 4.1.3")
        return
    if isinstance(name, str) and "*" in name:
        fix = "write one rule for each name"
        problems.add("cookie.prefix.glob", place, prefix, "needs an exact name", fix)
    elif isinstance(name, str) and prefix_of(name):
        fix = f"give the name that the application uses, without {escaped(name[: len(prefix_of(name))])}"
        problems.add("cookie.prefix.repeated", place, prefix, "comes before a name that has a prefix", fix)
    demanded = demanded_by_prefix(f"{prefix}{name}")
    contradicts = {
        "secure": kept["secure"] is False,
        "http_only": demanded.http_only is True and kept["http_only"] is False,
        "path": demanded.path is not None and isinstance(kept["path"], str) and kept["path"] != demanded.path,
        "domain": demanded.domain is False and isinstance(kept["domain"], str),
    }
    for attribute in (attribute for attribute, contradiction in contradicts.items() if contradiction):
        reason = f"contradicts prefix={prefix!r}"
        fix = f"leave {attribute} out: the prefix gives the cookie what it needs"
        place = f"{where}.{attribute}"
        problems.add(f"cookie.{attribute}.contradiction", place, kept[attribute], reason, fix, "rfc6265bis 4.1.3")


def checked_keys(problems: Problems, where: str, kept: Mapping[str, Any]) -> tuple[Any, ...] | None:
    """Note why a rule cannot sign its cookies, and return the retired keys. No key stands in a problem."""
    key, retired = kept["signing_key"], kept["retired_signing_keys"]
    if key is not None:
        _check_key(problems, f"{where}.signing_key", key)
        if not is_installed():
            reason, fix = "needs itsdangerous", "install wsgi-headers[signing]"
            problems.add("cookie.signing_key.extra", f"{where}.signing_key", NOTHING, reason, fix)
    check_flag(problems, where, "insecure_accept_unsigned", kept["insecure_accept_unsigned"])
    max_age = kept["signature_max_age"]
    if max_age is not None and (type(max_age) is not int or not 0 < max_age < _ENDLESS):
        fix = "whole seconds above 0"
        problems.add("cookie.signature_max_age", f"{where}.signature_max_age", max_age, "is no longest age", fix)
    if retired is None:
        return None
    if isinstance(retired, (str, bytes, Set, Mapping)) or not isinstance(retired, Iterable):
        fix = "a tuple of keys, in any order"
        problems.add("cookie.retired_signing_keys", f"{where}.retired_signing_keys", NOTHING, "is no tuple", fix)
        return None
    keys = tuple(retired)
    for position, old in enumerate(keys):
        _check_key(problems, f"{where}.retired_signing_keys[{position}]", old)
    return keys


def _check_key(problems: Problems, place: str, key: object) -> None:
    fix = f"{KEY_OCTETS} octets or more: secrets.token_hex() makes one"
    if not isinstance(key, (str, bytes)):
        problems.add("cookie.signing_key.type", place, NOTHING, f"is no str or bytes but {type(key).__name__}", fix)
        return
    try:
        length = len(octets(key))
    except UnicodeEncodeError:
        problems.add("cookie.signing_key.type", place, NOTHING, "is text that UTF-8 cannot write", fix)
        return
    if length < KEY_OCTETS:
        problems.add("cookie.signing_key.short", place, NOTHING, f"has {length} octets", fix, "NIST SP 800-131A")


def check_category(problems: Problems, where: str, category: object) -> None:
    """Note why no consent cookie can grant the category."""
    if category is None:
        return
    fix = "a name such as 'analytics'"
    if not isinstance(category, str):
        problems.add("cookie.category", f"{where}.category", category, "is no str", fix)
    elif category in ("", "*") or "." in category:
        reason = "has a dot, which separates categories" if "." in category else "names no category"
        problems.add("cookie.category", f"{where}.category", category, reason, fix)


def check_consent(
    problems: Problems, cookie: object, necessary: object, unknown: object, granted: object
) -> tuple[str, ...]:
    """Note what is wrong with the arguments of CookieConsent, and return the necessary names."""
    _check_pattern(problems, "CookieConsent.cookie", cookie, "an exact name", stars=False)
    if unknown not in ("withhold", "send"):
        problems.add("cookie.unknown", "CookieConsent.unknown", unknown, "is no choice", "'withhold' or 'send'")
    if granted is not None and not callable(granted):
        fix = "a callable of the value that gives an iterable of categories"
        problems.add("cookie.granted", "CookieConsent.granted", granted, "is not callable", fix)
    if isinstance(necessary, (str, bytes, Mapping)) or not isinstance(necessary, Iterable):
        fix = "a tuple of names"
        problems.add("cookie.necessary", "CookieConsent.necessary", necessary, "is no tuple of names", fix)
        return ()
    names = tuple(sorted(necessary, key=repr)) if isinstance(necessary, Set) else tuple(necessary)
    for position, name in enumerate(names):
        _check_pattern(problems, f"CookieConsent.necessary[{position}]", name, _PATTERNS)
    return names


def check_budget(problems: Problems, kept: Mapping[str, Any]) -> None:
    """Note which limits of CookieBudget are none."""
    for name in ("name_value", "attribute", "count", "head"):
        if type(kept[name]) is not int or kept[name] < 0:
            fix = "a whole number of lines" if name == "count" else "a whole number of octets"
            problems.add("cookie.budget", f"CookieBudget.{name}", kept[name], "is no limit", fix)
    if kept["excess"] not in ("log", "refuse"):
        fix = "'log' or 'refuse'"
        problems.add("cookie.budget.excess", "CookieBudget.excess", kept["excess"], "is no choice", fix)
