"""What the middleware is compared with, made from other packages the way their documentation shows.

Werkzeug refuses CR and LF in the values that the application sends; nothing else here checks them.
"""

import time
from collections.abc import Callable, Container, Iterable
from email.utils import parsedate_to_datetime
from http.cookies import Morsel, SimpleCookie
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from secure import CustomHeader, Secure
from secure.middleware import SecureWSGIMiddleware
from werkzeug.datastructures import Headers
from werkzeug.http import dump_cookie, parse_cookie, parse_date, parse_set_header
from wsgicors import CORS

from . import references
from .contest import Lines

Rewriting = Callable[[Lines], Lines]


def rewriting(application: WSGIApplication, rewritten: Rewriting) -> WSGIApplication:
    """Sends what `rewritten` makes of the application's lines."""

    def wrapped(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        def start(status, lines, exc_info=None):  # type: (str, Lines, references.ExcInfo) -> references.Write
            if exc_info is None:
                return start_response(status, rewritten(lines))
            return start_response(status, rewritten(lines), exc_info)

        return application(environ, start)

    return wrapped


def secure_middleware(application: WSGIApplication, tail: Lines) -> WSGIApplication:
    """The middleware of `secure` with the fields of the tail."""
    fields = Secure(custom=[CustomHeader(name, value) for name, value in tail])
    return SecureWSGIMiddleware(application, secure=fields)


def werkzeug_set(application: WSGIApplication, tail: Lines) -> WSGIApplication:
    """Sets each field of the tail on a `Headers` of the application's lines."""

    def rewritten(lines: Lines) -> Lines:
        headers = Headers(lines)
        for name, value in tail:
            headers.set(name, value)
        return headers.to_wsgi_list()

    return rewriting(application, rewritten)


def werkzeug_resolve(application: WSGIApplication, decisions: references.Decisions) -> WSGIApplication:
    """Sets, defaults, removals and a merge into Vary by the methods of `Headers`."""

    def rewritten(lines: Lines) -> Lines:
        headers = Headers(lines)
        for name in decisions.removed:
            headers.remove(name)
        for name, value in decisions.fixed:
            headers.set(name, value)
        for name, value in decisions.defaults:
            headers.setdefault(name, value)
        members = parse_set_header(", ".join(headers.getlist("Vary")))
        if "*" not in members:
            members.update(decisions.vary)
        headers.set("Vary", members.to_header())
        return headers.to_wsgi_list()

    return rewriting(application, rewritten)


def werkzeug_cookies(
    application: WSGIApplication, tail: Lines, names: Container[str] | None = None, ceiling: int | None = None
) -> WSGIApplication:
    """`werkzeug_set`, and each cookie read with `parse_cookie` and written with `dump_cookie`.

    names     of the cookies, where not all are meant
    ceiling   seconds that a cookie lives at most

    Werkzeug reads no Set-Cookie line, so that the attributes are split here; those that `dump_cookie` does not know
    are lost.
    """

    def rewritten(lines: Lines) -> Lines:
        headers = Headers(lines)
        for name, value in tail:
            headers.set(name, value)
        headers.setlist("Set-Cookie", [_dumped(line, names, ceiling) for line in headers.getlist("Set-Cookie")])
        return headers.to_wsgi_list()

    return rewriting(application, rewritten)


def standard_cookies(
    application: WSGIApplication, tail: Lines, names: Container[str] | None = None, ceiling: int | None = None
) -> WSGIApplication:
    """Each cookie read and written by `http.cookies`, and the tail set as the hand-written closure does it.

    names     of the cookies, where not all are meant
    ceiling   seconds that a cookie lives at most

    `SimpleCookie` loses the attributes that it does not know, and without a word the cookies that it cannot read.
    """
    replaced = frozenset(name.lower() for name, _ in tail)
    keys = references.Keys()

    def rewritten(lines: Lines) -> Lines:
        kept = []
        for line in lines:
            key = keys[line[0]]
            if key == "set-cookie":
                for morsel in SimpleCookie(line[1]).values():
                    if names is not None and morsel.key not in names:
                        kept.append(line)
                        continue
                    morsel["secure"] = True
                    morsel["httponly"] = True
                    if morsel["samesite"].lower() not in ("lax", "strict"):
                        morsel["samesite"] = "Lax"
                    if ceiling is not None and _outlives(morsel, ceiling):
                        morsel["max-age"] = ceiling
                    kept.append((line[0], morsel.OutputString()))
            elif key not in replaced:
                kept.append(line)
        kept += tail
        return kept

    return rewriting(application, rewritten)


def wsgicors(application: WSGIApplication) -> WSGIApplication:
    """CORS for one origin with credentials."""
    wrapped: WSGIApplication = CORS(
        application, origin="https://app.example", methods="GET,HEAD,POST", credentials="true"
    )
    return wrapped


def attributes_of(cookie: str) -> dict[str, str]:
    """The attributes of a Set-Cookie value by their names in lower case."""
    parts = [part.partition("=") for part in cookie.split(";")[1:]]
    return {name.strip().lower(): value.strip() for name, _, value in parts}


def _outlives(morsel: Morsel[str], ceiling: int) -> bool:
    """Whether a cookie lives longer than that many seconds; Max-Age counts before Expires."""
    if morsel["max-age"]:
        return int(morsel["max-age"]) > ceiling
    return bool(morsel["expires"]) and parsedate_to_datetime(morsel["expires"]).timestamp() > time.time() + ceiling


def _dumped(line: str, names: Container[str] | None, ceiling: int | None) -> str:
    ((name, value),) = parse_cookie(line.partition(";")[0]).items()
    if names is not None and name not in names:
        return line
    attributes = attributes_of(line)
    max_age = int(attributes["max-age"]) if "max-age" in attributes else None
    if ceiling is not None:
        expires = parse_date(attributes.get("expires"))
        if max_age is not None:
            max_age = min(max_age, ceiling)
        elif expires is not None and expires.timestamp() > time.time() + ceiling:
            max_age = ceiling
    same_site = attributes.get("samesite", "")
    return dump_cookie(
        name,
        value,
        max_age=max_age,
        expires=attributes.get("expires"),
        path=attributes.get("path"),
        domain=attributes.get("domain"),
        secure=True,
        httponly=True,
        sync_expires=False,
        samesite=same_site if same_site.lower() in ("lax", "strict") else "Lax",
        partitioned="partitioned" in attributes,
    )
