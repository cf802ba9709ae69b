"""What a 304 costs for a client that has the page already, and what it costs others that it could.

The application sends its validators and its page, and knows nothing of preconditions. It is for the middleware to
compare, to drop the fields of the content and the body, and to send the eight fields as ever.
"""

import re
from collections.abc import Callable, Iterable
from functools import partial
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from webob import Request
from werkzeug.wrappers import Response

from wsgi_headers import Conditional, HeadersMiddleware, Policy

from . import heads
from .contest import BY_HAND, OURS, Contestant, Lines, Workload
from .references import Keys
from .requests import scattered

# RFC 9110 8.8.3, and the fields that a 304 does not repeat where it has an ETag (15.4.5).
TAG = re.compile(r'(?:W/)?("[\x21\x23-\x7e\x80-\xff]*")')
OF_CONTENT = frozenset({"content-type", "content-length", "content-encoding", "content-language", "last-modified"})


def held_tag(serial: int) -> str:
    """If-None-Match with the tag that `heads.five_lines` sends for the same request."""
    return f'"{scattered(serial):08x}-{serial:x}"'


def other_tag(serial: int) -> str:
    """If-None-Match with another tag."""
    return f'"{scattered(serial):08x}-{serial:x}-old"'


def by_hand(application: WSGIApplication, tail: Lines) -> WSGIApplication:
    """If-None-Match against the ETag of a 200 and nothing else, in the manner of `references`: unchecked."""
    replaced = frozenset(name.lower() for name, _ in tail)
    keys = Keys()

    def wrapped(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        wanted = environ.get("HTTP_IF_NONE_MATCH")
        unchanged = False

        def start(status, lines, exc_info=None):  # type: (str, Lines, ExcInfo) -> Write
            nonlocal unchanged
            unchanged = False
            if wanted is not None and status[:3] == "200":
                for line in lines:
                    if keys[line[0]] == "etag":
                        unchanged = wanted == "*" or line[1].removeprefix("W/") in TAG.findall(wanted)
            leaving = replaced | OF_CONTENT if unchanged else replaced
            kept = [line for line in lines if keys[line[0]] not in leaving]
            kept += tail
            if unchanged:
                status = "304 Not Modified"
            if exc_info is None:
                return start_response(status, kept)
            return start_response(status, kept, exc_info)

        body = application(environ, start)
        if unchanged:
            if hasattr(body, "close"):
                body.close()
            return []
        return body

    return wrapped


def webob_conditional(application: WSGIApplication, tail: Lines) -> WSGIApplication:
    """WebOb's conditional response around the application, with the fields of the tail set on it."""

    def wrapped(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        response = Request(environ).get_response(application)
        for name, value in tail:
            response.headers[name] = value
        response.conditional_response = True
        body: Iterable[bytes] = response(environ, start_response)
        return body

    return wrapped


def werkzeug_conditional(application: WSGIApplication, tail: Lines) -> WSGIApplication:
    """Werkzeug's `make_conditional` on a response of the application, with the fields of the tail set on it."""

    def wrapped(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        response = Response.from_app(application, environ)
        for name, value in tail:
            response.headers.set(name, value)
        return response.make_conditional(environ)(environ, start_response)

    return wrapped


def workloads(policy: Policy, tail: Lines, limit: Callable[[str], Contestant], unit_name: str) -> tuple[Workload, ...]:
    """The workloads of conditional requests beside the fields of a policy, of which `tail` are the lines."""
    conditional = partial(HeadersMiddleware, policy=Policy(policy, Conditional()))
    tagging = partial(HeadersMiddleware, policy=Policy(policy, Conditional(etag="weak")))
    without = partial(HeadersMiddleware, policy=policy)
    others = (
        Contestant(BY_HAND, partial(by_hand, tail=tail)),
        Contestant("WebOb, conditional_response", partial(webob_conditional, tail=tail), "keeps Last-Modified"),
        Contestant("werkzeug, make_conditional", partial(werkzeug_conditional, tail=tail), "adds Date"),
    )

    def in_limits(key: str, title: str, value: Callable[[int], str], *contestants: Contestant) -> Workload:
        bare = limit("sends the page")
        return Workload(
            key,
            title,
            heads.five_lines,
            (bare, *contestants),
            unit=bare.name,
            reference=OURS,
            unit_name=unit_name,
            field="HTTP_IF_NONE_MATCH",
            field_value=value,
        )

    return (
        in_limits("W7", "W1 and a 304, If-None-Match has the tag", held_tag, Contestant(OURS, conditional), *others),
        in_limits("W7-changed", "W7, If-None-Match has another tag", other_tag, Contestant(OURS, conditional), *others),
        Workload(
            "W7-none",
            "W7 without a conditional field",
            heads.five_lines,
            (
                limit(""),
                Contestant(OURS, conditional),
                Contestant("wsgi_headers, etag='weak'", tagging),
                Contestant("wsgi_headers without Conditional", without),
            ),
            unit=limit("").name,
            reference=OURS,
            unit_name=unit_name,
        ),
    )
