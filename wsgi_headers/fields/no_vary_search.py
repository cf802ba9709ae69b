"""No-Vary-Search: which parameters of a query make no difference to a response, for caches to treat as one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from typing import Any
from urllib.parse import quote_plus

from .. import _structured
from .._structured import InnerList, Item
from ..errors import NOTHING, Problems
from ..typed_field import TypedField, unreadable
from .dictionaries import members_of

_CODE = "no_vary_search"
_REFERENCE = "draft-ietf-httpbis-no-vary-search-10"


class NoVarySearch(TypedField):
    """Value of the No-Vary-Search response field.

    draft-ietf-httpbis-no-vary-search-10; a dictionary (RFC 9651).

        key-order, params=("utm_source" "utm_medium")

    key_order   True: the order of the parameters makes no difference
    params      True: none of them does; or the names of those that do not, as they stand in a query
    except_     the names of those that do, where no other one does; not beside params

    Raises PolicyError for params beside except_, for what is no name, and for a field that says nothing.

    >>> NoVarySearch(key_order=True, params=["utm_source", "utm_medium"]).serialize()
    'key-order, params=("utm_source" "utm_medium")'
    """

    field_name = "No-Vary-Search"

    key_order: bool
    params: bool | tuple[str, ...]
    except_: tuple[str, ...]

    def __init__(
        self, *, key_order: bool = False, params: bool | str | Iterable[str] = False, except_: str | Iterable[str] = ()
    ) -> None:
        problems = Problems()
        where = "NoVarySearch"
        if type(key_order) is not bool:
            problems.add(f"{_CODE}.key_order", f"{where}.key_order", key_order, "is no bool", "True or False")
        kept = params if type(params) is bool else _names(problems, f"{where}.params", params)
        but = _names(problems, f"{where}.except_", except_)
        # No names are what False says.
        kept = kept or False
        if kept and but:
            reason, fix = "stands beside params, for which caches ignore the field", "give one of them"
            problems.add(f"{_CODE}.except", f"{where}.except_", but, reason, fix, _REFERENCE)
        if not (kept or but or key_order or problems):
            problems.add(f"{_CODE}.empty", where, NOTHING, "says nothing", "NoVarySearch(params=['utm_source'])")
        problems.raise_any()
        self._keep(key_order=key_order, params=kept, except_=but)

    def serialize(self) -> str:
        """Return the dictionary."""
        members: dict[str, Item | InnerList] = {}
        if self.key_order:
            members["key-order"] = Item(True)
        if self.params is True:
            members["params"] = Item(True)
        elif self.params:
            members["params"] = _list_of(self.params)
        if self.except_:
            members["except"] = _list_of(self.except_)
        return _structured.serialize_dictionary(members)

    @classmethod
    def parse(cls, text: str) -> NoVarySearch:
        """Return the field whose value is `text`. Raises PolicyError, also for what caches ignore in it."""
        options: dict[str, Any] = {}
        for key, member in members_of(cls, text, _REFERENCE).items():
            listed = isinstance(member, InnerList)
            value: Any = [name.value for name in member.items] if listed else member.value
            kinds = {"key-order": (bool,), "params": (bool, list), "except": (list,)}.get(key, ())
            if type(value) not in kinds:
                raise unreadable(cls, text, f"has a member {key!r} for which caches ignore the field", _REFERENCE)
            options["except_" if key == "except" else key.replace("-", "_")] = value
        return cls(**options)


def _list_of(names: Iterable[str]) -> InnerList:
    return InnerList(tuple(Item(name) for name in names))


def _names(problems: Problems, where: str, value: Any) -> tuple[str, ...]:
    if isinstance(value, str):
        value = (value,)
    if isinstance(value, (bytes, Mapping, AbstractSet)) or not isinstance(value, Iterable):
        problems.add(f"{_CODE}.type", where, value, "is no list", "a list of names", _REFERENCE)
        return ()
    names = tuple(str.__str__(one) if isinstance(one, str) else one for one in value)
    for position, name in enumerate(names):
        place = f"{where}[{position}]"
        if not isinstance(name, str):
            problems.add(f"{_CODE}.name", place, name, "is no str", "the name of a parameter", _REFERENCE)
        elif not _structured.is_string(name):
            fix = f"as it stands in a query: {quote_plus(name, errors='replace')!r}"
            problems.add(f"{_CODE}.name", place, name, "is not ASCII", fix, _REFERENCE)
        elif name in names[:position]:
            problems.add(f"{_CODE}.repeated", place, name, "is repeated", "name it once")
    return names
