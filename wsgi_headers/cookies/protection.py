"""What protects the cookies of a name on their way through the browser: a prefix of the name, a signature of the value.

Both are put on when the application sets the cookie and taken off when the browser sends it back, so both ways ask
here.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple, Protocol, TypeVar

from .signing import Signature

# The arguments of a rule that this is made of; later rules win one by one.
PROTECTING = (
    "prefix",
    "insecure_accept_unprefixed",
    "signing_key",
    "retired_signing_keys",
    "signature_max_age",
    "insecure_accept_unsigned",
)


class Speaker(Protocol):
    """What has a say about the cookies of a name: exact, or with a star at one end or both."""

    @property
    def name(self) -> str:
        """The names that it speaks of."""

    @property
    def exempt(self) -> bool | tuple[str, ...] | None:
        """True where no other may touch these cookies, or the attributes that none may touch."""


_T = TypeVar("_T", bound=Speaker)


class Protection(NamedTuple):
    """What the parts of a policy together want of the cookies of one name.

    prefix               before the name in the browser, "" for none
    accepts_unprefixed   whether a cookie without it reaches the application where none with it came
    signature            what signs and verifies the value, None where it goes unsigned
    accepts_unsigned     whether a value that does not look signed reaches the application
    """

    prefix: str = ""
    accepts_unprefixed: bool = False
    signature: Signature | None = None
    accepts_unsigned: bool = False


UNPROTECTED = Protection()


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


def exempting(speakers: Sequence[_T]) -> _T | None:
    """Return the one of those that match a cookie which decides on its exemption: the last that speaks of it."""
    return next((speaker for speaker in reversed(speakers) if speaker.exempt is not None), None)


def speaking(speakers: Iterable[_T], name: str) -> list[_T]:
    """Return those that have a say about a cookie of that name; "" is a nameless one."""
    matching = [speaker for speaker in speakers if name_matches(speaker.name, name)]
    alone = exempting(matching)
    return [alone] if alone is not None and alone.exempt is True else matching


def bare_names(rules: Sequence[Any]) -> dict[str, str]:
    """Return the names that the application uses by those that the browser gets, where the rules give a prefix."""
    prefixes = {rule.name: protection_of(rules, rule.name).prefix for rule in rules}
    return {prefix + name: name for name, prefix in prefixes.items() if prefix}


def protection_of(rules: Sequence[Any], name: str) -> Protection:
    """Return what the rules together want of a cookie of that name, as the application names it."""
    said: dict[str, Any] = {}
    for rule in speaking(rules, name):
        for argument in PROTECTING:
            value = getattr(rule, argument)
            if value is not None:
                said[argument] = value
    signature = None
    if "signing_key" in said:
        retired = said.get("retired_signing_keys", ())
        signature = Signature(name, said["signing_key"], retired, said.get("signature_max_age"))
    if signature is None and "prefix" not in said:
        return UNPROTECTED
    return Protection(
        said.get("prefix", ""),
        "prefix" in said and said.get("insecure_accept_unprefixed", False),
        signature,
        said.get("insecure_accept_unsigned", False),
    )
