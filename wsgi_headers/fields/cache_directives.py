"""What caches may do with a response, in the words that Cache-Control and the fields targeted at some caches share."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Literal, NamedTuple, Self

from .. import _grammar
from .._members import members
from .._part import near_miss
from ..errors import NOTHING, Problems
from ..typed_field import TypedField, unreadable


class _Known(NamedTuple):
    """A response directive: the option that it is here, what stands behind its equals sign, and where it is defined."""

    option: str
    takes: Literal["nothing", "seconds", "field names"]
    reference: str

    @property
    def name(self) -> str:
        """The name that goes over the wire."""
        return self.option.replace("_", "-")


# In the order in which they are written: who may store, how long, what then.
KNOWN = (
    _Known("public", "nothing", "RFC 9111 5.2.2.9"),
    _Known("private", "field names", "RFC 9111 5.2.2.7"),
    _Known("no_store", "nothing", "RFC 9111 5.2.2.5"),
    _Known("no_cache", "field names", "RFC 9111 5.2.2.4"),
    _Known("max_age", "seconds", "RFC 9111 5.2.2.1"),
    _Known("s_maxage", "seconds", "RFC 9111 5.2.2.10"),
    _Known("must_revalidate", "nothing", "RFC 9111 5.2.2.2"),
    _Known("proxy_revalidate", "nothing", "RFC 9111 5.2.2.8"),
    _Known("must_understand", "nothing", "RFC 9111 5.2.2.3"),
    _Known("no_transform", "nothing", "RFC 9111 5.2.2.6"),
    _Known("immutable", "nothing", "RFC 8246 2"),
    _Known("stale_while_revalidate", "seconds", "RFC 5861 3"),
    _Known("stale_if_error", "seconds", "RFC 5861 4"),
)
_BY_NAME = {known.name: known for known in KNOWN}
_AGES = tuple(known for known in KNOWN if known.takes == "seconds")

# RFC 9111 1.2.2: delta-seconds = 1*DIGIT; caches take what is more than this for this.
GREATEST_AGE = 2**31
_seconds = re.compile(r"[0-9]{1,18}")


class CacheDirectives(TypedField):
    """What the fields that carry cache directives share: the options, and what contradicts what."""

    public: bool
    private: bool | tuple[str, ...]
    no_store: bool
    no_cache: bool | tuple[str, ...]
    max_age: int | None
    s_maxage: int | None
    must_revalidate: bool
    proxy_revalidate: bool
    must_understand: bool
    no_transform: bool
    immutable: bool
    stale_while_revalidate: int | None
    stale_if_error: int | None

    def __init__(
        self,
        *,
        public: bool = False,
        private: bool | str | list[str] | tuple[str, ...] = False,
        no_store: bool = False,
        no_cache: bool | str | list[str] | tuple[str, ...] = False,
        max_age: int | None = None,
        s_maxage: int | None = None,
        must_revalidate: bool = False,
        proxy_revalidate: bool = False,
        must_understand: bool = False,
        no_transform: bool = False,
        immutable: bool = False,
        stale_while_revalidate: int | None = None,
        stale_if_error: int | None = None,
    ) -> None:
        self._keep(
            public=public,
            private=_names(private),
            no_store=no_store,
            no_cache=_names(no_cache),
            max_age=max_age,
            s_maxage=s_maxage,
            must_revalidate=must_revalidate,
            proxy_revalidate=proxy_revalidate,
            must_understand=must_understand,
            no_transform=no_transform,
            immutable=immutable,
            stale_while_revalidate=stale_while_revalidate,
            stale_if_error=stale_if_error,
        )
        problems = Problems()
        for known in KNOWN:
            self._check(problems, known)
        if not problems:
            self._contradictions(problems)
        problems.raise_any()

    def _check(self, problems: Problems, known: _Known) -> None:
        code, where = self._place(known.option)
        value = getattr(self, known.option)
        if known.takes == "seconds":
            if value is None:
                return
            if type(value) is not int or value < 0:
                problems.add(code, where, value, "is no age", "whole seconds, 0 or more", "RFC 9111 1.2.2")
            elif value > GREATEST_AGE:
                reason, fix = "is more than caches count", f"seconds, at most {GREATEST_AGE}; 31_536_000 is a year"
                problems.add(code, where, value, reason, fix, "RFC 9111 1.2.2")
        elif known.takes == "field names" and type(value) is tuple:
            if not value:
                fix = "True for the whole response, or the names of fields"
                problems.add(code, where, value, "names no field", fix, known.reference)
            lower = [name.lower() if isinstance(name, str) else name for name in value]
            for position, name in enumerate(value):
                if not isinstance(name, str) or _grammar.token.fullmatch(name) is None:
                    problems.add(code, f"{where}[{position}]", name, "is no field name", "", "RFC 9110 5.1")
                elif lower[position] in lower[:position]:
                    problems.add(code, f"{where}[{position}]", name, "is repeated", "name it once")
        elif type(value) is not bool:
            fix = "True or False" if known.takes == "nothing" else "True, False or a list of field names"
            problems.add(code, where, value, "is no bool", fix, known.reference)

    def _contradictions(self, problems: Problems) -> None:
        ages = [known for known in _AGES if getattr(self, known.option)]
        stale = [known for known in ages if known.option.startswith("stale_")]
        if not self._directives():
            problems.add(self._place("")[0] + "empty", type(self).__name__, NOTHING, "says nothing", "give a directive")
        if self.public and self.private:
            self._contradiction(problems, "public", "private", "a shared cache may store it, or it may not")
        if self.private is True and self.s_maxage:
            self._contradiction(problems, "s_maxage", "private", "it is for the shared caches that private keeps out")
        if self.no_store and not self.must_understand:
            for known in ages:
                fix = "leave one out, or say must_understand=True for caches that know the status code"
                self._contradiction(problems, known.option, "no_store", "nothing is stored that could be reused", fix)
            if self.immutable:
                self._contradiction(problems, "immutable", "no_store", "nothing is stored that could be reused")
        if self.must_understand and not self.no_store:
            code, where = self._place("must_understand")
            reason = "leaves caches that do not know it free to store"
            problems.add(code, where, True, reason, "say no_store=True beside it", "RFC 9111 5.2.2.3")
        if self.immutable and self.no_cache is True:
            self._contradiction(problems, "immutable", "no_cache", "it is never reused without asking")
        if self.immutable and self.max_age == 0:
            self._contradiction(problems, "immutable", "max_age=0", "it speaks of the time while the response is fresh")
        for option in ("must_revalidate", "no_cache"):
            if getattr(self, option) is True:
                for known in stale:
                    self._contradiction(problems, known.option, option, "it is never used stale")

    def _contradiction(
        self, problems: Problems, option: str, other: str, why: str, fix: str = "leave one of them out"
    ) -> None:
        code, where = self._place(option)
        reference = _BY_NAME[option.replace("_", "-")].reference
        value = getattr(self, option)
        problems.add(f"{code}.contradiction", where, value, f"contradicts {other} ({why})", fix, reference)

    def _place(self, option: str) -> tuple[str, str]:
        return f"{self.field_name.replace('-', '_').lower()}.{option}", f"{type(self).__name__}.{option}"

    def _directives(self) -> list[tuple[str, bool | int | str]]:
        """Return what is said, in order: names as on the wire, with True, seconds, or names of fields as one text."""
        said: list[tuple[str, bool | int | str]] = []
        for known in KNOWN:
            value = getattr(self, known.option)
            if value is not None and value is not False:
                said.append((known.name, ", ".join(value) if type(value) is tuple else value))
        return said

    @classmethod
    def _read(cls, text: str, said: Iterable[tuple[str, bool | int | str]]) -> Self:
        """Return the field that says this; `text` is what it was read from. Raises PolicyError."""
        options: dict[str, object] = {}
        for name, value in said:
            known = _BY_NAME.get(name.lower())
            if known is None:
                fix = near_miss(name, _BY_NAME)
                raise unreadable(cls, text, f"has an unknown directive {name!r}; {fix}", "RFC 9111 5.2.2")
            if known.option in options:
                raise unreadable(
                    cls, text, f"repeats {known.name}, which caches read in different ways", "RFC 9111 4.2.1"
                )
            if known.takes == "seconds":
                digits = _seconds.fullmatch(str(value))
                if value is True or digits is None:
                    raise unreadable(cls, text, f"has no whole seconds in {known.name}", "RFC 9111 1.2.2")
                options[known.option] = int(digits[0])
            elif value is True or (known.takes == "field names" and isinstance(value, str)):
                options[known.option] = value
            else:
                raise unreadable(cls, text, f"gives {known.name} a value that it does not take", known.reference)
        return cls(**options)  # type: ignore[arg-type]


def takes_seconds(name: str) -> bool:
    """Whether the directive of this name, in lower case, takes an age."""
    return name in _BY_NAME and _BY_NAME[name].takes == "seconds"


def _names(value: object) -> bool | tuple[str, ...]:
    """Return field names, however they were given, as a tuple; whatever else it is stays for the check."""
    if isinstance(value, str):
        return tuple(members(value))
    if isinstance(value, bool):
        return value
    return tuple(value) if isinstance(value, list | tuple) else value  # type: ignore[return-value]
