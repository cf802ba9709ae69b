"""CDN-Cache-Control: what the caches of a content delivery network may do, instead of what Cache-Control says."""

from __future__ import annotations

from .. import _structured
from .._structured import Item, NotStructured
from ..typed_field import unreadable
from .cache_directives import CacheDirectives, takes_seconds


class CDNCacheControl(CacheDirectives):
    """Value of the CDN-Cache-Control response field.

    RFC 9213 3. A structured dictionary of the directives of Cache-Control; such a cache ignores Cache-Control then.

        max-age=600, stale-while-revalidate=60

    Arguments and errors are those of CacheControl. Raises PolicyError as it does.

    >>> CDNCacheControl(max_age=600).serialize()
    'max-age=600'
    """

    field_name = "CDN-Cache-Control"

    def serialize(self) -> str:
        """Return the dictionary."""
        return _structured.serialize_dictionary({name: Item(value) for name, value in self._directives()})

    @classmethod
    def parse(cls, text: str) -> CDNCacheControl:
        """Return the field whose value is `text`. Raises PolicyError."""
        try:
            pairs = _structured.parse_pairs(text)
        except NotStructured as error:
            raise unreadable(cls, text, str(error), "RFC 9651 4.2.2") from None
        said: list[tuple[str, bool | int | str]] = []
        for name, member in pairs:
            if not isinstance(member, Item) or not isinstance(member.value, bool | int | str) or member.parameters:
                raise unreadable(cls, text, f"gives {name} a value that no directive takes", "RFC 9213 2.1")
            if isinstance(member.value, str) and takes_seconds(name):
                raise unreadable(cls, text, f"has no integer in {name}", "RFC 9213 2.1")
            said.append((name, member.value))
        return cls._read(text, said)
