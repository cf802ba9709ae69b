"""The cookie parts that speak of single cookies: `CookieAttributes` of every one, `CookieRule` of those of a name."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from .._part import Part
from ..errors import NOTHING, Problem, Problems
from .arguments import (
    check_attributes,
    check_category,
    check_flag,
    check_name,
    check_prefix,
    checked_exempt,
    checked_keys,
)
from .attributes import Wish
from .consent import CookieConsent, compile_consent
from .incoming import compile_incoming
from .protection import PROTECTING
from .rewriting import CookieStep

if TYPE_CHECKING:
    from .._log import Log
    from ..exchange import Head, Request
    from ..match import Match


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
        check_attributes(problems, "CookieAttributes", kept)
        problems.raise_any()
        self._keep(**kept)

    def operations(self, scheme: str) -> tuple[CookieStep, ...]:
        """Return the one step, for every cookie."""
        return (_step(self, "*", scheme),)


class CookieRule(Part):
    """What is done to the cookies of one name; the arguments of CookieAttributes, and:

    name     exact, or with `*` at one end or both; case-sensitive
    exempt   True: no other cookie part touches these cookies; names of attributes, ("http_only",): none touches these;
             False lifts what an earlier part said. Secure is added all the same where a part makes a cookie
             Partitioned or SameSite=None, which user agents drop without it.
    remove   True: their lines are dropped

    Protection that the application does not see. It is taken off the Cookie field before the application is called:

    prefix   "__Host-", "__Secure-", "__Http-" or "__Host-Http-" before the name, with the attributes that it demands;
             a cookie that comes without it, from a sibling domain perhaps, does not reach the application
    insecure_accept_unprefixed   True, for a migration: it does where none with the prefix came
    signing_key   str (UTF-8) or bytes of 16 octets or more; the value is signed, bound to the name, and what fails
             verification does not reach the application. Needs itsdangerous, the extra `signing`.
    retired_signing_keys   a tuple of keys that still verify
    signature_max_age   seconds after which a signature no longer counts. Values that were signed without it are
             refused once it is given, and once it is taken away again their stamps are part of the value.
    insecure_accept_unsigned   True, for a migration: a value that does not look signed reaches the application

    Consent:

    category   the cookie is withheld until the cookie of CookieConsent grants this category

    >>> CookieRule("theme", http_only=False, max_age=31_536_000)
    CookieRule('theme', http_only=False, max_age=31536000)
    >>> CookieRule("sid", prefix="__Host-", signing_key="0123456789abcdef")
    CookieRule('sid', prefix='__Host-', signing_key=...)

    Raises PolicyError as CookieAttributes does, for a name that no cookie has, for a prefix of several names or beside
    what it forbids, and for keys that are too short. rfc6265bis 4.1.3, layered-cookies.
    """

    name: str
    prefix: str | None
    insecure_accept_unprefixed: bool | None
    signing_key: str | bytes | None
    retired_signing_keys: tuple[str | bytes, ...] | None
    signature_max_age: int | None
    insecure_accept_unsigned: bool | None
    category: str | None
    remove: bool | None
    exempt: bool | tuple[str, ...] | None

    _secret: ClassVar[frozenset[str]] = frozenset({"signing_key", "retired_signing_keys"})

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
        prefix: str | None = None,
        insecure_accept_unprefixed: bool | None = None,
        signing_key: str | bytes | None = None,
        retired_signing_keys: Iterable[str | bytes] | None = None,
        signature_max_age: int | None = None,
        insecure_accept_unsigned: bool | None = None,
        category: str | None = None,
        remove: bool | None = None,
        exempt: bool | Iterable[str] | None = None,
    ) -> None:
        kept: dict[str, Any] = {key: value for key, value in locals().items() if key != "self"}
        problems = Problems()
        where = check_name(problems, name)
        check_attributes(problems, where, kept)
        check_prefix(problems, where, kept)
        kept["retired_signing_keys"] = checked_keys(problems, where, kept)
        check_category(problems, where, category)
        check_flag(problems, where, "remove", remove)
        kept["exempt"] = checked_exempt(problems, where, exempt)
        problems.raise_any()
        self._keep(**kept)

    @property
    def incoming(self) -> Callable[[Sequence[Any]], Callable[[Request, Log], None] | None] | None:
        """What takes prefixes and signatures off the Cookie field, for all cookie parts together."""
        return compile_incoming

    @property
    def finish(self) -> Callable[[Sequence[Any]], Callable[[Head, Log], None] | None] | None:
        """What withholds cookies, for all rules and the CookieConsent together."""
        return compile_consent

    def operations(self, scheme: str) -> tuple[CookieStep, ...]:
        """Return the one step, for the cookies of the name."""
        return (_step(self, self.name, scheme, is_rule=True, exempt=self.exempt, remove=self.remove),)

    def refuses(self, matches: Sequence[Match]) -> Iterable[Problem]:
        """Return what cannot be known when a prefix or a signature is taken off, and when consent is read."""
        early = [argument for argument in PROTECTING if getattr(self, argument) is not None]
        problems = Problems()
        for match in matches:
            if early and (match.reads_head or match.method is not None or match.scheme is not None or match.when):
                reason = "cannot stand under a match on method, scheme, when, status or media type"
                fix = "match on path and host alone: the browser sends the cookie with every kind of request"
                problems.add("cookie.protection.match", f"CookieRule({self.name!r}).{early[0]}", match, reason, fix)
            if self.category is not None and match.reads_head:
                reason, fix = "cannot stand under a match on status or media type", "match on the request alone"
                problems.add("cookie.category.match", f"CookieRule({self.name!r}).category", match, reason, fix)
        return problems

    def unresolved(self, whole: Sequence[Part]) -> Iterable[Problem]:
        """Return what has no effect without another part: a category, and what speaks of a prefix or signature."""
        problems = Problems()
        if self.category is not None and not any(isinstance(part, CookieConsent) for part in whole):
            fix = "add CookieConsent() to the policy"
            problems.add(
                "cookie.category.consent", f"CookieRule({self.name!r}).category", self.category, "has no consent", fix
            )
        needs = {
            "insecure_accept_unprefixed": "prefix",
            "retired_signing_keys": "signing_key",
            "signature_max_age": "signing_key",
            "insecure_accept_unsigned": "signing_key",
        }
        for argument, needed in needs.items():
            if getattr(self, argument) and not any(getattr(part, needed, None) for part in whole):
                reason, fix = f"needs {needed}", f"give {needed} too"
                problems.add("cookie.protection.none", f"CookieRule({self.name!r}).{argument}", NOTHING, reason, fix)
        return problems


def _step(
    part: Any,
    name: str,
    scheme: str,
    *,
    is_rule: bool = False,
    exempt: bool | tuple[str, ...] | None = None,
    remove: bool | None = None,
) -> CookieStep:
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
    return CookieStep(part, is_rule, name, wish, part.secure == "https" and secure is None, exempt, remove)
