"""Cache-Control: what every cache between here and the user may do with a response."""

from __future__ import annotations

from .. import _directives
from .._directives import Directive, NotDirectives
from ..typed_field import unreadable
from .cache_directives import CacheDirectives


class CacheControl(CacheDirectives):
    """Value of the Cache-Control response field.

    RFC 9111 5.2.2, RFC 8246, RFC 5861.

        public, max-age=31536000, immutable

    public, no_store, must_revalidate, proxy_revalidate, must_understand, no_transform, immutable    bool
    private, no_cache                                   bool, or the names of the fields that alone are meant
    max_age, s_maxage, stale_while_revalidate, stale_if_error       seconds, int, 0 or more

    Raises PolicyError for other types, an age that is negative or over 2**31, and what contradicts itself: `public`
    beside `private`, `no_store` beside a positive age (unless `must_understand`) or `immutable`, `s_maxage` beside
    `private`, `immutable` beside `no_cache` or an age of 0, use when stale beside `must_revalidate` or `no_cache`;
    also for `must_understand` without `no_store`, and where nothing is said.

    >>> CacheControl(public=True, max_age=31_536_000, immutable=True).serialize()
    'public, max-age=31536000, immutable'
    """

    field_name = "Cache-Control"

    def serialize(self) -> str:
        """Return the directives, separated by commas."""
        # RFC 9111 5.2.2.4, 5.2.2.7: names of fields stand in quotes even where there is one. They are tokens, and so
        # need no escapes.
        texts = (
            f'{name}="{value}"' if isinstance(value, str) else name if value is True else f"{name}={value}"
            for name, value in self._directives()
        )
        return ", ".join(texts)

    @classmethod
    def parse(cls, text: str) -> CacheControl:
        """Return the field whose value is `text`: directives in any order and case. Raises PolicyError."""
        try:
            directives = _directives.parse(text, ",")
        except NotDirectives as error:
            raise unreadable(cls, text, str(error), "RFC 9111 5.2") from None
        return cls._read(text, (_said(directive) for directive in directives))


def _said(directive: Directive) -> tuple[str, bool | int | str]:
    return directive.name, True if directive.value is None else directive.value
