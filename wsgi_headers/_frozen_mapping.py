"""A mapping that never changes, for the arguments of parts: hashable, picklable, shown as a dict is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TypeVar

_V = TypeVar("_V")


class FrozenMapping(Mapping[str, _V]):
    """Texts mapped to hashable values, in order; two of another order are written otherwise, so they are not equal."""

    __slots__ = ("_pairs",)

    _pairs: dict[str, _V]

    def __init__(self, pairs: Mapping[str, _V]) -> None:
        object.__setattr__(self, "_pairs", dict(pairs))

    def __getitem__(self, key: str) -> _V:
        return self._pairs[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._pairs)

    def __len__(self) -> int:
        return len(self._pairs)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError("a mapping in a policy is frozen")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, FrozenMapping) and list(self._pairs.items()) == list(other._pairs.items())

    def __hash__(self) -> int:
        return hash(tuple(self._pairs.items()))

    def __reduce__(self) -> tuple[type, tuple[dict[str, _V]]]:
        return type(self), (dict(self._pairs),)

    def __repr__(self) -> str:
        return repr(self._pairs)
