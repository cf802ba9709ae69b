"""A page that fetches across origins: the Fetch standard's CORS protocol, step by step, against a WSGI application.

Written from the standard alone, for what `fetch()` in mode "cors" does with redirects left out; it knows nothing of any
policy.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple
from wsgiref.types import WSGIApplication

from wsgi import Response, call

NORMALIZED = {"DELETE", "GET", "HEAD", "OPTIONS", "POST", "PUT"}
KNOWN = {*NORMALIZED, "PATCH"}
SAFELISTED_METHODS = {"GET", "HEAD", "POST"}
SAFELISTED_TYPES = {"application/x-www-form-urlencoded", "multipart/form-data", "text/plain"}
READABLE = {"cache-control", "content-language", "content-length", "content-type", "expires", "last-modified", "pragma"}
TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
UNSAFE_BYTE = re.compile(r"[\x00-\x08\x0a-\x1f\"():<>?@\[\\\]{}\x7f]")


class Fetched(NamedTuple):
    """What came of a fetch.

    ok         whether the page got the response
    readable   the lower-case names of the response's fields that it can read, sorted
    responses  those of the preflight, if there was one, and of the request
    """

    ok: bool
    readable: list[str]
    responses: list[Response]


def fetch(
    app: WSGIApplication,
    origin: str,
    method: str = "GET",
    headers: Mapping[str, str] | None = None,
    *,
    credentials: bool = False,
    path: str = "/",
) -> Fetched:
    """Return what a page of `origin` gets.

    credentials   whether the credentials mode is "include"
    """
    headers = {name.lower(): value for name, value in (headers or {}).items()}
    method = method.upper() if method.upper() in NORMALIZED else method
    unsafe = unsafe_names(headers)
    responses = []
    if method not in SAFELISTED_METHODS or unsafe:
        asked: dict[str, Any] = {"HTTP_ORIGIN": origin, "HTTP_ACCESS_CONTROL_REQUEST_METHOD": method}
        if unsafe:
            asked["HTTP_ACCESS_CONTROL_REQUEST_HEADERS"] = ",".join(unsafe)
        preflight = call(app, method="OPTIONS", path=path, **asked)
        responses.append(preflight)
        if not preflight_allows(preflight, origin, method, headers, unsafe, credentials):
            return Fetched(False, [], responses)
    fields: dict[str, Any] = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in headers.items()}
    if "HTTP_CONTENT_TYPE" in fields:
        fields["CONTENT_TYPE"] = fields.pop("HTTP_CONTENT_TYPE")
    if credentials:
        fields["HTTP_COOKIE"] = "sid=1"
    # wsgiref.validate warns of methods that it does not know.
    response = call(app, method=method, path=path, HTTP_ORIGIN=origin, validate=method in KNOWN, **fields)
    responses.append(response)
    if not cors_check(response, origin, credentials):
        return Fetched(False, [], responses)
    return Fetched(True, readable(response, credentials), responses)


def unsafe_names(headers: Mapping[str, str]) -> list[str]:
    """Return the CORS-unsafe request-header names, sorted."""
    safe = {name for name, value in headers.items() if safelisted(name, value)}
    if sum(len(headers[name]) for name in safe) > 1024:
        safe = set()
    return sorted(set(headers) - safe)


def safelisted(name: str, value: str) -> bool:
    """Whether it is a CORS-safelisted request-header."""
    if len(value) > 128:
        return False
    if name == "accept":
        return not UNSAFE_BYTE.search(value)
    if name in ("accept-language", "content-language"):
        return re.fullmatch(r"[0-9A-Za-z *,\-.;=]*", value) is not None
    if name == "content-type":
        return not UNSAFE_BYTE.search(value) and value.partition(";")[0].strip().lower() in SAFELISTED_TYPES
    single = re.fullmatch(r"bytes=([0-9]+)-([0-9]*)", value) if name == "range" else None
    return single is not None and (not single[2] or int(single[1]) <= int(single[2]))


def combined(response: Response, name: str) -> str | None:
    """Return the value of a field, its lines joined; None where there is none."""
    values = [value.strip(" \t") for value in response.values(name)]
    return ", ".join(values) if values else None


def names_in(response: Response, name: str) -> list[str] | None:
    """Return the tokens of a list field, none where there is no line; None where it cannot be read."""
    tokens = [token.strip(" \t") for token in (combined(response, name) or "").split(",")]
    tokens = [token for token in tokens if token]
    return tokens if all(map(TOKEN.fullmatch, tokens)) else None


def cors_check(response: Response, origin: str, credentials: bool) -> bool:
    """Whether the CORS check succeeds."""
    allowed = combined(response, "Access-Control-Allow-Origin")
    if not credentials and allowed == "*":
        return True
    if allowed != origin:
        return False
    return not credentials or combined(response, "Access-Control-Allow-Credentials") == "true"


def preflight_allows(
    response: Response, origin: str, method: str, headers: Mapping[str, str], unsafe: list[str], credentials: bool
) -> bool:
    """Whether a preflight's answer lets the request be made."""
    if not cors_check(response, origin, credentials) or not 200 <= int(response.status[:3]) <= 299:
        return False
    methods = names_in(response, "Access-Control-Allow-Methods")
    names = names_in(response, "Access-Control-Allow-Headers")
    if methods is None or names is None:
        return False
    lower = {name.lower() for name in names}
    if method not in methods and method not in SAFELISTED_METHODS and (credentials or "*" not in methods):
        return False
    if "authorization" in headers and "authorization" not in lower:
        return False
    return all(name in lower or (not credentials and "*" in lower) for name in unsafe)


def readable(response: Response, credentials: bool) -> list[str]:
    """Return the names of the fields that a page can read."""
    exposed = {name.lower() for name in names_in(response, "Access-Control-Expose-Headers") or []}
    names = {name.lower() for name, _ in response.lines} - {"set-cookie", "set-cookie2"}
    if not credentials and "*" in exposed:
        return sorted(names)
    return sorted(names & (READABLE | exposed))
