"""The prefixes of cookie names, and what user agents demand of a cookie that carries one.

rfc6265bis 4.1.3 and 5.7 for `__Host-` and `__Secure-`; draft-ietf-httpbis-layered-cookies for the `Http` ones.
"""

from __future__ import annotations

from .attributes import NO_WISH, Wish

# By the prefix in lower case: user agents compare without regard to case, so that a server which does too is no
# way around (rfc6265bis 5.7). The longer of two that begin alike comes first.
_DEMANDS = {
    "__host-http-": Wish(secure=True, http_only=True, path="/", domain=False),
    "__host-": Wish(secure=True, path="/", domain=False),
    "__http-": Wish(secure=True, http_only=True),
    "__secure-": Wish(secure=True),
}

# The spellings that a policy may give.
PREFIXES = ("__Host-", "__Secure-", "__Http-", "__Host-Http-")


def prefix_of(name: str) -> str:
    """Return the prefix that a cookie's name begins with, in lower case; "" where it has none."""
    folded = name.lower()
    return next((prefix for prefix in _DEMANDS if folded.startswith(prefix)), "")


def demanded_by_prefix(name: str) -> Wish:
    """Return what a cookie's own name demands of it."""
    return _DEMANDS.get(prefix_of(name), NO_WISH)


def kept_for_prefix(wish: Wish, name: str) -> Wish:
    """Return `wish` without what would break the prefix that the cookie's own name carries."""
    demanded = demanded_by_prefix(name)
    if demanded is NO_WISH:
        return wish
    return wish._replace(
        secure=wish.secure or None,
        http_only=(wish.http_only or None) if demanded.http_only else wish.http_only,
        path=None if demanded.path and wish.path != demanded.path else wish.path,
        domain=(False if wish.domain is False else None) if demanded.domain is False else wish.domain,
    )


def with_prefix(wish: Wish, name: str) -> Wish:
    """Return `wish` with what the prefix of `name` demands in place of what it wants of the same attributes.

    name   with the prefix: `__Host-` before `Http-sid` makes a longer one
    """
    demanded = {
        attribute: value for attribute, value in demanded_by_prefix(name)._asdict().items() if value is not None
    }
    return wish._replace(**demanded)
