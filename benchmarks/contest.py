"""What a row of the benchmark is made of: an application, the heads that it sends, and who wraps it."""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from dataclasses import field as attribute
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from .requests import ASK, ENVIRON, cookie_field

Lines = list[tuple[str, str]]

Feed = deque[Lines]
"""The heads that an application is going to send, one a request, each taken out when it is sent."""

BARE = "bare application"
"""The contestant that every workload has without naming it."""

OURS = "wsgi_headers"
IN_PYTHON = "wsgi_headers, Python alone"
TYPED = "wsgi_headers, typed fields"
BY_HAND = "closure by hand, unchecked"
BY_HAND_CHECKED = "closure by hand, checked"

BODY = [b"ok"]


def plain(feed: Feed) -> WSGIApplication:
    """The bare application: sends the next head of the feed."""
    following = feed.popleft

    def application(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        start_response("200 OK", following())
        return BODY

    return application


def showing(feed: Feed) -> WSGIApplication:
    """`plain`, except that the body is the Cookie field of the request as the application got it."""
    following = feed.popleft

    def application(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        start_response("200 OK", following())
        return [environ.get("HTTP_COOKIE", "").encode("latin-1")]

    return application


def asking(feed: Feed) -> WSGIApplication:
    """`plain`, except that it asks for the nonce of its response first."""
    following = feed.popleft

    def application(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        environ[ASK](environ)
        start_response("200 OK", following())
        return BODY

    return application


WSGI_APPLICATIONS = (plain, showing, asking)
"""The bare applications that are nothing but a WSGI callable, which is all that a contestant may rely on there."""


@dataclass(frozen=True, slots=True)
class Contestant:
    """A way to wrap the application of a workload.

    wrap        gives the application that is timed; it gets one of its own, never shared with another contestant
    does_not    what its result lacks, for a contestant that does not claim the result of the reference; "" claims it,
                and the claim is checked
    """

    name: str
    wrap: Callable[[WSGIApplication], WSGIApplication]
    does_not: str = ""


@dataclass(frozen=True, slots=True)
class Workload:
    """One comparison: its contestants serve the same requests, interleaved.

    head            the field lines that the application sends for a request with this serial number, as new strings
    unit            name of the contestant whose added time is 1 in this workload; with BARE the figures are whole
                    requests, and one to the bare application is 1
    reference       name of the contestant whose heads the others' must equal in meaning
    unit_name       how the table calls the unit
    application     makes the bare application over a feed
    requests        in a burst
    environ         what each request gets a copy of
    field           the key of environ for the request field that every request has in a value of its own
    field_value     that value for the request with this serial number, as a new string
    """

    key: str
    title: str
    head: Callable[[int], Lines]
    contestants: tuple[Contestant, ...]
    unit: str
    reference: str
    unit_name: str
    application: Callable[[Feed], WSGIApplication] = plain
    requests: int = 64
    environ: WSGIEnvironment = attribute(default_factory=lambda: ENVIRON)
    field: str = "HTTP_COOKIE"
    field_value: Callable[[int], str] = cookie_field
