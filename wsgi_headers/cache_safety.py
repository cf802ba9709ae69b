"""CacheSafety: what is made for one user is never left for a shared cache to keep (RFC 9111 3, 3.5, 7.3)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from . import _grammar, _structured
from ._members import members
from ._part import Part
from ._structured import Item, NotStructured
from .errors import Problems
from .operations import Operation

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

    from .exchange import Line


class CacheSafety(Part):
    """Keeps shared caches from storing a response that is personal: that sets a cookie, carries the nonce that its
    application asked for, was judged by consent, or answers a request with an Authorization field.

    insecure_off   True: personal responses stay as they are

    In Cache-Control `public` and `s-maxage` go and `private` comes, after what else is there, unless `private` is
    there or `no-store` (without `must-understand`, which undoes it). A list of names, `private="Set-Cookie"`, keeps
    nobody from storing, so it gives way. The fields that caches heed instead follow, where they are there:
    CDN-Cache-Control and its kin say `private`; Surrogate-Control and Edge-Control, which have no such word, say
    `no-store`, X-Accel-Expires 0. All other directives stay, also those that cannot be read. It comes after every
    operation and every override, and changes no other response. Of several parts that hold the last speaks:

        Rule(Match(path="/public/"), CacheSafety(insecure_off=True))

    >>> CacheSafety()
    CacheSafety()

    Raises PolicyError for what is no bool.
    """

    insecure_off: bool

    last_speaks = True

    def __init__(self, *, insecure_off: bool = False) -> None:
        problems = Problems()
        if type(insecure_off) is not bool:
            code, where = "cache_safety.insecure_off", "CacheSafety.insecure_off"
            problems.add(code, where, insecure_off, "is no bool", "True or False")
        problems.raise_any()
        self._keep(insecure_off=insecure_off)

    def operations_if_personal(self, scheme: str) -> tuple[Operation, ...]:
        """Return the steps, one for each field that a shared cache may heed."""
        return () if self.insecure_off else tuple(step(self, name) for name, step in _STEPS.items())


class _Step(Operation):
    """What is done to the lines of one field of a personal response."""

    cause: CacheSafety

    def __init__(self, cause: CacheSafety, name: str, /) -> None:
        self._keep(name=name, cause=cause)

    @property
    def part(self) -> Part:
        """The part that asks for it."""
        return self.cause

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name!r})"


class _ListStep(_Step):
    """A list of directives: what lets a shared cache store goes, and the word comes that keeps it from storing."""

    word: ClassVar[str]
    # Names of directives that let a shared cache store, or say the word in another way.
    goes: ClassVar[frozenset[str]]

    def suffices(self, values: Sequence[str]) -> bool:
        """Whether these values, one list, keep every shared cache from storing already."""
        raise AssertionError("a step says what suffices")  # pragma: no cover

    def directive(self, member: str) -> str:
        """Return the name of a directive in lower case, without what may follow a semicolon."""
        return _name(member.partition(";")[0])

    def apply(self, lines: list[Line], environ: WSGIEnvironment) -> list[Line]:
        """Return the one line that says it; the lines themselves where they do."""
        if self.suffices([value for _, value in lines]):
            return lines
        kept = [member for _, value in lines for member in members(value) if self.directive(member) not in self.goes]
        # What follows a quote that is never closed would be read as part of it, so such a member stays last.
        kept.sort(key=_is_unclosed)
        place = sum(not _is_unclosed(member) for member in kept)
        return [(lines[0][0] if lines else self.name, ", ".join([*kept[:place], self.word, *kept[place:]]))]


class _CacheControl(_ListStep):
    """Cache-Control (RFC 9111 5.2.2). Without it a cache may go by heuristics (4.2.2), so it is there in any case."""

    word = "private"
    # 5.2.2.7: with names `private` speaks of these fields alone, and of two that differ the first counts (4.2.1).
    goes = frozenset({"public", "s-maxage", "private"})
    leaves = "private,"

    def directive(self, member: str) -> str:
        """Return the name of a directive in lower case; a semicolon means nothing."""
        return _name(member)

    def suffices(self, values: Sequence[str]) -> bool:
        """Whether they do."""
        return _said_in_list(values)


class _TargetedCacheControl(_ListStep):
    """A field for some caches, which ignore Cache-Control where they can read it (RFC 9213 2.2).

    A dictionary of the directives of Cache-Control (2.1). Caches that read it less strictly take it for a list.
    """

    word = "private"
    goes = frozenset({"public", "s-maxage", "private"})

    def suffices(self, values: Sequence[str]) -> bool:
        """Whether they do, or there are none."""
        # RFC 9213 2.1: what is empty or no dictionary is ignored, and Cache-Control counts.
        if not any(values):
            return True
        return _said_in_list(values) and _said_in_dictionary(values)


class _SurrogateControl(_ListStep):
    """Surrogate-Control (Edge Architecture 2.2), for surrogates, which ignore Cache-Control then.

    Its only word against storing is `no-store`; with a parameter that is for one surrogate alone (2.2.1).
    """

    word = "no-store"
    goes = frozenset({"public", "s-maxage", "max-age"})

    def suffices(self, values: Sequence[str]) -> bool:
        """Whether they do, or there are none."""
        return not any(values) or any(member.lower() == self.word for value in values for member in members(value))


class _EdgeControl(_SurrogateControl):
    """Edge-Control, which Akamai heeds instead; its own word for the time to keep is `cache-maxage`."""

    goes = frozenset({"public", "s-maxage", "max-age", "cache-maxage"})


class _AccelExpires(_Step):
    """X-Accel-Expires, which nginx heeds before all others: seconds, or `@` and a time; 0 is not to store."""

    def apply(self, lines: list[Line], environ: WSGIEnvironment) -> list[Line]:
        """Return one line of 0 for those that are there."""
        return lines if all(value == "0" for _, value in lines) else [(lines[0][0], "0")]


# RFC 9213 3; the fields of CDNs that follow it (2) by their documentation; ngx_http_proxy_module, proxy_cache_valid.
_STEPS: dict[str, Callable[[CacheSafety, str], _Step]] = {
    "Cache-Control": _CacheControl,
    "CDN-Cache-Control": _TargetedCacheControl,
    "Akamai-Cache-Control": _TargetedCacheControl,
    "Cloudflare-CDN-Cache-Control": _TargetedCacheControl,
    "Netlify-CDN-Cache-Control": _TargetedCacheControl,
    "Vercel-CDN-Cache-Control": _TargetedCacheControl,
    "Surrogate-Control": _SurrogateControl,
    "Edge-Control": _EdgeControl,
    "X-Accel-Expires": _AccelExpires,
}


def _name(member: str) -> str:
    # RFC 9111 5.2: cache-directive = token [ "=" ( token / quoted-string ) ]
    return member.partition("=")[0].rstrip(" \t").lower()


def _is_unclosed(member: str) -> bool:
    return _grammar.unclosed_member.fullmatch(member) is not None


def _said_in_list(values: Sequence[str]) -> bool:
    """Whether a list of directives says `private`, or `no-store` to every cache (RFC 9111 5.2.2.5, 5.2.2.7).

    One with an argument does not count: `private` is then about fields, and of `no-store` nobody says what it means.
    """
    said: dict[str, str] = {}
    for value in values:
        for member in members(value):
            said.setdefault(_name(member), member.lower())  # 4.2.1: of a repeated directive the first counts
    # 5.2.2.3: a cache that knows `must-understand` and the status code ignores `no-store`.
    no_store = said.get("no-store") == "no-store" and "must-understand" not in said
    return no_store or said.get("private") == "private"


def _said_in_dictionary(values: Sequence[str]) -> bool:
    """Whether a dictionary says the same, or cannot be read (RFC 9651 4.2.2: of a repeated key the last counts)."""
    try:
        said = _structured.parse_dictionary(", ".join(values))
    except NotStructured:
        return True
    on: dict[str, Any] = {name: isinstance(item, Item) and item.value is True for name, item in said.items()}
    return on.get("private", False) or (on.get("no-store", False) and "must-understand" not in said)
