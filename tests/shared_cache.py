"""May a shared cache store this response? The rules of RFC 9111 3 and of the fields that some caches heed instead.

Written from the specifications, the most eager cache that they allow: it knows every status code, and what has no
lifetime it keeps by heuristics.
"""

from __future__ import annotations

from interpreter import members
from wsgi import Line

from wsgi_headers._structured import Item, NotStructured, parse_dictionary

# Each heeds the first of its fields that says something, else Cache-Control. RFC 9213 2.2; Edge Architecture 2.2;
# ngx_http_proxy_module. The first reads Cache-Control alone.
CACHES: dict[str, tuple[str, ...]] = {
    "plain": (),
    "cdn": ("cdn-cache-control",),
    "cloudflare": ("cloudflare-cdn-cache-control", "cdn-cache-control"),
    "netlify": ("netlify-cdn-cache-control", "cdn-cache-control"),
    "vercel": ("vercel-cdn-cache-control", "cdn-cache-control"),
    "akamai": ("akamai-cache-control", "edge-control", "cdn-cache-control"),
    "surrogate": ("surrogate-control",),
    "nginx": ("x-accel-expires",),
}


def storable(status: str, lines: list[Line], cache: str, authorized: bool) -> bool:
    """Whether a cache of this kind may store the response to a GET."""
    for field in CACHES[cache]:
        values = [value for name, value in lines if name.lower() == field]
        allowed = _by_field(field, ", ".join(values), authorized) if any(values) else None
        if allowed is not None:
            return allowed
    values = [value for name, value in lines if name.lower() == "cache-control"]
    listed = [member for value in values for member in members(value)]
    said: dict[str, str | None] = {}
    # 4.2.1: of a repeated directive the first is used.
    for member in reversed(listed):
        name, equals, argument = member.partition("=")
        said[name.strip(" \t").lower()] = argument.strip(" \t") if equals else None
    return _by_directives(said, authorized)


def _by_field(field: str, value: str, authorized: bool) -> bool | None:
    """Whether a field in the place of Cache-Control allows it; None where it says nothing."""
    if field == "x-accel-expires":
        return value.split(", ")[-1] != "0"
    if field in ("surrogate-control", "edge-control"):
        return "no-store" not in [member.lower() for member in members(value)]
    try:
        said = parse_dictionary(value)
    except NotStructured:
        return None
    directives: dict[str, str | None] = {}
    for name, item in said.items():
        assert isinstance(item, Item) or name
        argument = item.value if isinstance(item, Item) else ""
        if argument is not False:
            directives[name] = None if argument is True else str(argument)
    return _by_directives(directives, authorized) if said else None


def _by_directives(said: dict[str, str | None], authorized: bool) -> bool:
    """Whether directives, by lower-case name with their arguments, allow it."""
    # 5.2.2.3: whoever knows the status code ignores no-store beside it.
    if "no-store" in said and said["no-store"] is None and "must-understand" not in said:
        return False
    # 5.2.2.7: with names, the rest of the response may be stored.
    if "private" in said and said["private"] is None:
        return False
    # 3.5
    return not authorized or any(name in said for name in ("must-revalidate", "public", "s-maxage"))
