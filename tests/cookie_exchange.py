"""A site behind a policy of cookie parts: what its application sees of the Cookie field, what leaves of its lines."""

from __future__ import annotations

import hashlib
import logging
import time
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple
from wsgiref.types import StartResponse, WSGIEnvironment

import itsdangerous
import pytest
from wsgi import PLAIN, Line, environ_for, run

from wsgi_headers import HeadersMiddleware, Policy

# What an application sees where its environ has no HTTP_COOKIE.
ABSENT = None


class Exchange(NamedTuple):
    """One request and its response.

    seen      HTTP_COOKIE as the application saw it, None where there was no such key
    lines     the values of the Set-Cookie lines that left
    head      every line that left
    environ   the very dictionary that was handed to the middleware
    """

    seen: str | None
    lines: list[str]
    head: list[Line]
    environ: WSGIEnvironment


def site(
    *parts: Any, wrap: Callable[[Any, Policy], Any] = HeadersMiddleware, status: str = "200 OK"
) -> Callable[..., Exchange]:
    """Return a function of a Cookie field (None: none sent) and of Set-Cookie lines that runs one request.

    wrap     what puts the policy around the application
    status   of every response
    """
    sent: list[Line] = []
    seen: list[str | None] = []

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        seen.append(environ.get("HTTP_COOKIE"))
        start_response(status, list(sent))
        return [b""]

    wrapped = wrap(app, Policy(*parts))

    def exchange(
        cookie: str | None, *lines: str, more: Iterable[Line] = (), path: str = "/", scheme: str = "https", **keys: Any
    ) -> Exchange:
        sent[:] = [PLAIN, *(("Set-Cookie", line) for line in lines), *more]
        environ = environ_for(path=path, scheme=scheme, **keys)
        if cookie is not None:
            environ["HTTP_COOKIE"] = cookie
        response = run(wrapped, environ, validate=False)
        return Exchange(seen.pop(), response.values("Set-Cookie"), response.lines, environ)

    return exchange


def signer(key: str | bytes, name: str, *, salt: str | None = None, **options: Any) -> itsdangerous.Signer:
    """Return the itsdangerous signer of a cookie, `name` being the one that the application uses."""
    settings: dict[str, Any] = {"sep": ".", "key_derivation": "hmac", "digest_method": hashlib.sha256, **options}
    return itsdangerous.Signer(key, salt=salt or f"wsgi_headers.cookie.{name}", **settings)


class _Stamped(itsdangerous.TimestampSigner):
    """A signer that was used `age` seconds ago."""

    age = 0

    def get_timestamp(self) -> int:
        return int(time.time()) - self.age


def stamper(key: str | bytes, name: str, *, age: int = 0, **options: Any) -> itsdangerous.TimestampSigner:
    """Return the itsdangerous signer of a cookie under an age; what it signs is `age` seconds old."""
    settings: dict[str, Any] = {"sep": ".", "key_derivation": "hmac", "digest_method": hashlib.sha256, **options}
    made = _Stamped(key, salt=f"wsgi_headers.cookie.{name}", **settings)
    made.age = age
    return made


def signed(key: str | bytes, name: str, value: str, **options: Any) -> str:
    """Return a value, one octet a character, with its signature."""
    return signer(key, name, **options).sign(value.encode("latin-1")).decode("latin-1")


def stamped(key: str | bytes, name: str, value: str, *, age: int = 0, **options: Any) -> str:
    """Return a value, one octet a character, with a stamp of `age` seconds ago and its signature."""
    return stamper(key, name, age=age, **options).sign(value.encode("latin-1")).decode("latin-1")


def told(caplog: pytest.LogCaptureFixture) -> list[logging.LogRecord]:
    """Return the warnings of the middleware; each must name its event."""
    records = [record for record in caplog.records if record.name == "wsgi_headers"]
    assert all(record.levelno == logging.WARNING and record.__dict__.get("event") for record in records)
    return records


def everything(records: Iterable[logging.LogRecord]) -> str:
    """Return all that a handler could write of the records: messages, arguments and data."""
    return "\n".join(f"{record.getMessage()} {record.__dict__!r}" for record in records)


def split(field: str | None) -> list[str]:
    """Return the pairs of a Cookie field as they stand, without the blanks around them and without empty ones."""
    return [pair for pair in (part.strip(" \t") for part in (field or "").split(";")) if pair]
