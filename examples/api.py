"""An API, without a framework: CORS for development and for production, and fields that callables of environ give.

Run it with `wsgi-headers serve "examples.api:create_app('development')"`, or 'production'.
"""

from __future__ import annotations

import json
import re
import threading
import time
import uuid
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime
from wsgiref.types import StartResponse, WSGIEnvironment

from wsgi_headers import (
    CORS,
    Deprecation,
    HeadersMiddleware,
    Match,
    Policy,
    RateLimit,
    RateLimitPolicy,
    Rule,
    Set,
    Sunset,
    presets,
)

QUOTA, WINDOW = 20, 60  # requests of a client in so many seconds

METHODS = "GET, HEAD, PUT"

# Where environ has what the application found out.
REMAINING = "examples.remaining"
REQUEST_ID = "examples.request_id"


class Api:
    """One motto that everybody may read and change, at /v1/motto and /v2/motto."""

    def __init__(self) -> None:
        self.motto = "Festina lente"
        self._lock = threading.Lock()
        self._window = 0
        self._used: Counter[str] = Counter()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer in JSON."""
        status, answer = self.answer(environ)
        start_response(status, [("Content-Type", "application/json")])
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [json.dumps(answer).encode()]

    def answer(self, environ: WSGIEnvironment) -> tuple[str, dict[str, str]]:
        """Return the status and what the answer says."""
        if not self.within_quota(environ):
            return "429 Too Many Requests", {"error": "too many requests", "request": request_id(environ)}
        if re.fullmatch("/v[12]/motto", environ["PATH_INFO"]) is None:
            return "404 Not Found", {"error": "no such resource"}
        if environ["REQUEST_METHOD"] == "PUT":
            length = environ.get("CONTENT_LENGTH", "")
            if re.fullmatch("[0-9]{1,3}", length) is None:
                return "413 Content Too Large", {"error": "a motto has 999 octets at most, and a length"}
            self.motto = environ["wsgi.input"].read(int(length)).decode("utf-8", "replace")
        elif environ["REQUEST_METHOD"] not in ("GET", "HEAD"):
            return "405 Method Not Allowed", {"error": f"a motto answers to {METHODS}"}
        return "200 OK", {"motto": self.motto}

    def within_quota(self, environ: WSGIEnvironment) -> bool:
        """Count the request, and leave in environ how many remain to the client."""
        window = int(time.time()) // WINDOW
        client = environ.get("REMOTE_ADDR", "")
        with self._lock:
            if window != self._window:
                self._window, self._used = window, Counter()
            self._used[client] += 1
            remaining = QUOTA - self._used[client]
        environ[REMAINING] = max(remaining, 0)
        return remaining >= 0


def rate_limit(environ: WSGIEnvironment) -> RateLimit | None:
    """Return what remains; None, which sends no field, for what the application never saw: preflights."""
    if REMAINING not in environ:
        return None
    return RateLimit({"client": (environ[REMAINING], WINDOW - int(time.time()) % WINDOW)})


def request_id(environ: WSGIEnvironment) -> str:
    """Return the id of the request, the same each time: that of the client where it is a decent one, else a new one."""
    if REQUEST_ID not in environ:
        given = environ.get("HTTP_X_REQUEST_ID", "")
        environ[REQUEST_ID] = given if re.fullmatch("[A-Za-z0-9-]{8,64}", given) else uuid.uuid4().hex
    said: str = environ[REQUEST_ID]
    return said


def version(environ: WSGIEnvironment) -> str | None:
    """Return the version of the API that the path names."""
    said = re.match("/v([12])/", environ["PATH_INFO"])
    return said and said[1]


# A callable of environ is asked when the head is made, so that it can tell what the application found out.
FIELDS = Policy(
    presets.API,
    Set("API-Version", version),
    Set("RateLimit", rate_limit),
    RateLimitPolicy({"client": (QUOTA, WINDOW)}),
    Set("X-Request-Id", request_id),
    Rule(
        Match(path="/v1/"),
        Deprecation(datetime(2026, 1, 1, tzinfo=UTC)),
        Sunset(datetime(2027, 1, 1, tzinfo=UTC)),
    ),
    # RFC 9110 15.5.6 wants it of every 405.
    Rule(Match(status=405), Set("Allow", METHODS)),
)


def cross_origin(*origins: str, max_age: int) -> CORS:
    """Return what pages of `origins` may do; browsers remember the answer for `max_age` seconds."""
    return CORS(
        origins=origins,
        methods=["GET", "PUT"],
        allow_headers=["Content-Type", "X-Request-Id"],
        # A script reads these of a response only where it is told that it may.
        expose_headers=["API-Version", "RateLimit", "RateLimit-Policy", "X-Request-Id"],
        max_age=max_age,
    )


POLICIES = {
    # Whatever port the bundler chose today; and what is changed here is seen at once.
    "development": Policy(FIELDS, cross_origin("http://localhost:*", "http://127.0.0.1:*", max_age=0)),
    # The pages of one site, whose browsers need not ask more than once in ten minutes.
    "production": Policy(FIELDS, cross_origin("https://app.example", max_age=600)),
}


def create_app(stage: str = "production") -> HeadersMiddleware:
    """Return the API behind the policy of a stage."""
    return HeadersMiddleware(Api(), POLICIES[stage])
