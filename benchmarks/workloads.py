"""The table of workloads: what each policy and each application is, and who is compared.

Every figure is the time that a contestant adds to the bare application, in limits: the limit is what the closure adds
that concatenates the eight fields without looking. Another workload is another entry of `WORKLOADS`.
"""

from collections.abc import Callable
from functools import partial
from wsgiref.types import WSGIApplication

from wsgi_headers import CookieAttributes, Default, HeadersMiddleware, Merge, Policy, Remove, Set

from . import flask_requests, heads, libraries, references, rules, sharing
from .contest import Contestant, Lines, Workload

OURS = "wsgi_headers"
LIMIT = "closure that concatenates"
BY_HAND = "closure by hand, unchecked"
BY_HAND_CHECKED = "closure by hand, checked"

# Strict-Transport-Security is not among them: RFC 6797 section 7.2 makes it depend on the scheme of the request.
EIGHT_FIELDS: Lines = [
    ("Content-Security-Policy", "default-src 'self'; object-src 'none'; base-uri 'self'; frame-ancestors 'none'"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Permissions-Policy", "camera=(), geolocation=(), microphone=()"),
    ("Referrer-Policy", "strict-origin-when-cross-origin"),
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),
    ("X-Permitted-Cross-Domain-Policies", "none"),
]

EIGHT_SETS = Policy(*[Set(name, value) for name, value in EIGHT_FIELDS])

DECISIONS = references.Decisions(
    fixed=[
        ("Content-Security-Policy", "default-src 'self'; object-src 'none'; base-uri 'self'; frame-ancestors 'none'"),
        ("Referrer-Policy", "strict-origin-when-cross-origin"),
        ("X-Content-Type-Options", "nosniff"),
        ("X-Frame-Options", "DENY"),
    ],
    defaults=[("Cache-Control", "no-store"), ("Permissions-Policy", "camera=(), geolocation=(), microphone=()")],
    removed=("Server", "X-Powered-By"),
    vary=("Accept-Encoding", "Cookie"),
)

CONFLICTS = Policy(
    *[Set(name, value) for name, value in DECISIONS.fixed],
    *[Default(name, value) for name, value in DECISIONS.defaults],
    *[Remove(name) for name in DECISIONS.removed],
    Merge("Vary", ", ".join(DECISIONS.vary)),
)

COOKIES = Policy(EIGHT_SETS, CookieAttributes(secure=True, http_only=True, same_site="Lax"))


def ours(policy: Policy) -> Callable[[WSGIApplication], WSGIApplication]:
    """What wraps an application in the middleware with this policy."""
    return partial(HeadersMiddleware, policy=policy)


def limit(does_not: str = "") -> Contestant:
    """The unit, in every workload the same."""
    return Contestant(LIMIT, partial(references.concatenating, tail=EIGHT_FIELDS), does_not)


def in_limits(key: str, title: str, head: Callable[[int], Lines], *contestants: Contestant) -> Workload:
    """A workload whose unit is the limit and whose heads are judged by ours."""
    return Workload(key, title, head, contestants, unit=LIMIT, reference=OURS, unit_name="limits")


WORKLOADS = (
    in_limits(
        "W1",
        "eight fixed fields, five plain lines",
        heads.five_lines,
        limit(),
        Contestant(OURS, ours(EIGHT_SETS)),
        Contestant(BY_HAND, partial(references.replacing, tail=EIGHT_FIELDS)),
        Contestant(BY_HAND_CHECKED, partial(references.replacing_checked, tail=EIGHT_FIELDS)),
        Contestant("secure", partial(libraries.secure_middleware, tail=EIGHT_FIELDS)),
        Contestant("werkzeug Headers", partial(libraries.werkzeug_set, tail=EIGHT_FIELDS)),
        Contestant("wsgicors", libraries.wsgicors, "CORS for one origin, none of the eight fields, Vary not merged"),
    ),
    in_limits(
        "W2",
        "conflicts and removals, ten lines",
        heads.conflicting_lines,
        limit("resolves nothing"),
        Contestant(OURS, ours(CONFLICTS)),
        Contestant(BY_HAND, partial(references.resolving, decisions=DECISIONS)),
        Contestant(BY_HAND_CHECKED, partial(references.resolving_checked, decisions=DECISIONS)),
        Contestant("werkzeug Headers", partial(libraries.werkzeug_resolve, decisions=DECISIONS)),
    ),
    in_limits(
        "W4",
        "W1 and two cookies hardened",
        heads.two_cookies,
        limit("leaves the cookies"),
        Contestant(OURS, ours(COOKIES)),
        Contestant(BY_HAND, partial(references.hardening, tail=EIGHT_FIELDS)),
        Contestant(BY_HAND_CHECKED, partial(references.hardening_checked, tail=EIGHT_FIELDS)),
        Contestant("http.cookies", partial(libraries.standard_cookies, tail=EIGHT_FIELDS)),
        Contestant("werkzeug Headers, dump_cookie", partial(libraries.werkzeug_cookies, tail=EIGHT_FIELDS)),
    ),
    in_limits(
        "W6",
        "W1 with thirty lines and five cookies hardened",
        heads.thirty_lines_and_five_cookies,
        limit("leaves the cookies"),
        Contestant(OURS, ours(COOKIES)),
        Contestant(BY_HAND, partial(references.hardening, tail=EIGHT_FIELDS)),
        Contestant(BY_HAND_CHECKED, partial(references.hardening_checked, tail=EIGHT_FIELDS)),
    ),
    *sharing.workloads(EIGHT_SETS, EIGHT_FIELDS, limit("resolves nothing, no CORS"), "limits"),
    rules.workload(EIGHT_SETS),
    flask_requests.WORKLOAD,
)
