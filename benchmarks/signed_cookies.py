"""What a prefix and a signature cost, out and in, against bare itsdangerous.

The request brings the session cookie under its prefix and signed, between two others. The application gets it without
both and sets it anew. The unit is what itsdangerous itself takes to verify one such value and to sign one, for code
that knows where it stands and looks at nothing else.
"""

import hashlib
import re
import time
from collections.abc import Iterable
from http.cookies import SimpleCookie
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from itsdangerous import BadSignature, Signer
from werkzeug.datastructures import Headers
from werkzeug.http import dump_cookie, parse_cookie

from wsgi_headers import CookieRule, Policy

from . import heads, ours
from .contest import BY_HAND, BY_HAND_CHECKED, OURS, Contestant, Lines, Workload, showing
from .libraries import attributes_of, rewriting
from .references import MAX_AGE, Editing, Keys, editing_checked, expiry
from .requests import scattered

ITSDANGEROUS = "itsdangerous alone"

KEY = "of the benchmarks alone, 16 octets or more"
NAME = "sid"
PREFIXED = "__Host-sid"
POLICY = Policy(CookieRule(NAME, prefix="__Host-", signing_key=KEY))

BEFORE, AFTER = f"theme=dark; {PREFIXED}=", "; consent=analytics"
SIGNED = slice(len(BEFORE), -len(AFTER))
"""Where the signed value stands in the Cookie field."""


# The 32 octets of SHA-256 in base64 without padding: the last character holds four bits.
CANONICAL = re.compile(r"\.[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]\Z")


def session_signer() -> Signer:
    """Signs in the format of `wsgi_headers.cookies.signing`, so that either verifies what the other made."""
    return Signer(KEY, f"wsgi_headers.cookie.{NAME}", key_derivation="hmac", digest_method=hashlib.sha256)


_of_the_browser = session_signer()


def cookie_field(serial: int) -> str:
    """The Cookie field with a value as long as the one that the application sets, and valid."""
    return f"{BEFORE}{_of_the_browser.sign(f'{scattered(serial):016x}').decode()}{AFTER}"


def signing_alone(application: WSGIApplication) -> WSGIApplication:
    """Verifies the value of the request and signs it again; the application gets and sends what it would without."""
    signer = session_signer()

    def wrapped(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        signer.sign(signer.unsign(environ["HTTP_COOKIE"][SIGNED]))
        return application(environ, start_response)

    return wrapped


def protecting(application: WSGIApplication) -> WSGIApplication:
    """The prefix and the signature by hand, in the manner of `references`: what the application sends is unchecked."""
    signer = session_signer()
    keys = Keys()
    protected = protecting_line(signer)

    def shown(field: str) -> str:
        kept = []
        for pair in field.split(";"):
            name, _, value = pair.partition("=")
            bare = name.strip()
            if bare == PREFIXED:
                try:
                    kept.append(f"{name.replace(PREFIXED, NAME)}={signer.unsign(value.strip()).decode('latin-1')}")
                except BadSignature:
                    pass
            elif bare != NAME:
                kept.append(pair)
        return ";".join(kept)

    def rewritten(lines: Lines) -> Lines:
        return [(line[0], protected(line[1])) if keys[line[0]] == "set-cookie" else line for line in lines]

    return both_ways(rewriting(application, rewritten), shown)


def protecting_checked(application: WSGIApplication) -> WSGIApplication:
    """`protecting`, refusing what must not be sent, what frameworks take for the cookie, and other spellings of a
    signature.
    """
    signer = session_signer()

    def shown(field: str) -> str:
        kept = []
        for pair in field.split(";"):
            name, equals, value = pair.partition("=")
            bare = (name if equals else "").strip(" \t")
            if bare == PREFIXED:
                signed = value.strip(" \t")
                try:
                    if CANONICAL.search(signed) is None:
                        continue
                    verified = signer.unsign(signed.encode("latin-1")).decode("latin-1")
                except (BadSignature, ValueError):
                    continue
                kept.append(f"{name.replace(PREFIXED, NAME)}={verified}")
            elif not imitates(bare or pair):
                kept.append(pair)
        return ";".join(kept)

    return both_ways(editing_checked(application, [], protecting_line(signer)), shown)


def imitates(name: str) -> bool:
    """Whether the name is the one without prefix, or one that frameworks make either of by stripping blanks."""
    if name.strip() in (NAME, PREFIXED):
        return True
    return not name.isascii() and name.encode("latin-1", "replace").decode("utf-8", "replace").strip() in (
        NAME,
        PREFIXED,
    )


def protecting_line(signer: Signer) -> Editing:
    """What becomes of a Set-Cookie value."""

    def protected(cookie: str) -> str:
        pair, _, tail = cookie.partition(";")
        name, _, value = pair.partition("=")
        if name.strip() != NAME:
            return cookie
        if not deletes(cookie):
            value = signer.sign(value.strip().encode("latin-1")).decode()
        parts = [part for part in tail.split(";") if part.partition("=")[0].strip().lower() not in ("path", "domain")]
        if all(part.strip().lower() != "secure" for part in parts):
            parts.append(" Secure")
        return ";".join((f"{PREFIXED}={value}", " Path=/", *parts))

    return protected


def standard_protecting(application: WSGIApplication) -> WSGIApplication:
    """Both fields read and written by `http.cookies`, the values by itsdangerous."""
    signer = session_signer()

    def shown(field: str) -> str:
        kept = []
        for name, morsel in SimpleCookie(field).items():
            if name == PREFIXED:
                try:
                    kept.append(f"{NAME}={signer.unsign(morsel.coded_value).decode('latin-1')}")
                except BadSignature:
                    pass
            elif name != NAME:
                kept.append(f"{name}={morsel.coded_value}")
        return "; ".join(kept)

    def rewritten(lines: Lines) -> Lines:
        kept = []
        for line in lines:
            if line[0].lower() == "set-cookie":
                for name, morsel in SimpleCookie(line[1]).items():
                    if name == NAME:
                        value = morsel.coded_value
                        if not deletes(line[1]):
                            value = signer.sign(value.encode("latin-1")).decode("latin-1")
                        morsel.set(PREFIXED, value, value)
                        morsel["path"] = "/"
                        morsel["domain"] = ""
                        morsel["secure"] = True
                    kept.append((line[0], morsel.OutputString()))
            else:
                kept.append(line)
        return kept

    return both_ways(rewriting(application, rewritten), shown)


def werkzeug_protecting(application: WSGIApplication) -> WSGIApplication:
    """Both fields read by `parse_cookie`, the response's written by `dump_cookie`, the values by itsdangerous."""
    signer = session_signer()

    def shown(field: str) -> str:
        kept = []
        for name, value in parse_cookie(field).items(multi=True):
            if name == PREFIXED:
                try:
                    kept.append(f"{NAME}={signer.unsign(value).decode('latin-1')}")
                except BadSignature:
                    pass
            elif name != NAME:
                kept.append(f"{name}={value}")
        return "; ".join(kept)

    def protected(cookie: str) -> str:
        ((name, value),) = parse_cookie(cookie.partition(";")[0]).items()
        if name != NAME:
            return cookie
        attributes = attributes_of(cookie)
        return dump_cookie(
            PREFIXED,
            value if deletes(cookie) else signer.sign(value.encode("latin-1")).decode("latin-1"),
            max_age=int(attributes["max-age"]) if "max-age" in attributes else None,
            expires=attributes.get("expires"),
            path="/",
            secure=True,
            httponly="httponly" in attributes,
            sync_expires=False,
            samesite=attributes.get("samesite"),
            partitioned="partitioned" in attributes,
        )

    def rewritten(lines: Lines) -> Lines:
        headers = Headers(lines)
        headers.setlist("Set-Cookie", [protected(line) for line in headers.getlist("Set-Cookie")])
        return headers.to_wsgi_list()

    return both_ways(rewriting(application, rewritten), shown)


def both_ways(around: WSGIApplication, shown: Editing) -> WSGIApplication:
    """Hands over what `shown` makes of the Cookie field, none for ""; `around` rewrites the head."""

    def wrapped(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        field = environ.get("HTTP_COOKIE")
        if field:
            kept = shown(field)
            if kept:
                environ["HTTP_COOKIE"] = kept
            else:
                del environ["HTTP_COOKIE"]
        return around(environ, start_response)

    return wrapped


def deletes(cookie: str) -> bool:
    """Whether a Set-Cookie value ends the cookie at once; Max-Age counts before Expires."""
    max_age = MAX_AGE.search(cookie)
    if max_age is not None:
        return int(max_age[1]) <= 0
    end = expiry(cookie)
    return end is not None and end <= time.time()


WORKLOAD = Workload(
    "C2",
    "one cookie with a prefix and a signature, out and in",
    heads.session_cookie,
    (
        Contestant(ITSDANGEROUS, signing_alone, "verifies and signs one value, touches no field"),
        *ours.both(POLICY),
        Contestant(BY_HAND, protecting),
        Contestant(BY_HAND_CHECKED, protecting_checked),
        Contestant("http.cookies", standard_protecting),
        Contestant("werkzeug Headers, dump_cookie", werkzeug_protecting),
    ),
    unit=ITSDANGEROUS,
    reference=OURS,
    unit_name="of itsdangerous",
    application=showing,
    field_value=cookie_field,
)
