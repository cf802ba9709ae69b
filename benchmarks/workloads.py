"""The table of workloads: what each policy and each application is, and who is compared.

Every figure is the time that a contestant adds to the bare application, in limits: the limit is what the closure adds
that concatenates the eight fields without looking. Another workload is another entry of `WORKLOADS`.
"""

from collections.abc import Callable
from functools import partial
from wsgiref.types import WSGIApplication

from wsgi_headers import (
    NONCE,
    CacheControl,
    CacheSafety,
    ContentSecurityPolicy,
    CookieAttributes,
    CookieRule,
    CrossOriginOpenerPolicy,
    CrossOriginResourcePolicy,
    Default,
    Merge,
    PermissionsPolicy,
    Policy,
    ReferrerPolicy,
    Remove,
    Set,
    XContentTypeOptions,
    XFrameOptions,
    XPermittedCrossDomainPolicies,
    overrides,
)

from . import conditional_requests, flask_requests, heads, libraries, ours, references, rules, sharing, signed_cookies
from .contest import BY_HAND, BY_HAND_CHECKED, OURS, TYPED, Contestant, Feed, Lines, Workload, asking, plain
from .requests import ASK, ENVIRON

SAFE = "wsgi_headers, CacheSafety too"
LIMIT = "closure that concatenates"
STANDARD = "http.cookies"
WERKZEUG = "werkzeug Headers, dump_cookie"

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

PAGE_ALONE = ContentSecurityPolicy(
    default_src=["'self'"], object_src=[], base_uri=["'self'"], frame_ancestors=["'none'"]
)
PERMISSIONS = PermissionsPolicy(camera=(), geolocation=(), microphone=())
SEVEN_TYPED = Policy(
    CrossOriginOpenerPolicy("same-origin"),
    CrossOriginResourcePolicy("same-origin"),
    PERMISSIONS,
    ReferrerPolicy("strict-origin-when-cross-origin"),
    XContentTypeOptions(),
    XFrameOptions("DENY"),
    XPermittedCrossDomainPolicies("none"),
)
EIGHT_TYPED = Policy(PAGE_ALONE, SEVEN_TYPED)

WITH_NONCE = ContentSecurityPolicy(
    default_src=["'self'"],
    script_src=["'self'", NONCE],
    object_src=[],
    base_uri=["'self'"],
    frame_ancestors=["'none'"],
)
NONCED = references.Nonced(
    WITH_NONCE.name,
    (
        "default-src 'self'; script-src 'self' 'nonce-",
        "'; object-src 'none'; base-uri 'self'; frame-ancestors 'none'",
    ),
    "default-src 'self'; script-src 'self'; object-src 'none'; base-uri 'self'; frame-ancestors 'none'",
)
ASKING = ENVIRON | {ASK: partial(overrides.nonce, default="")}

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

CONFLICTS_TYPED = Policy(
    PAGE_ALONE,
    ReferrerPolicy("strict-origin-when-cross-origin"),
    XContentTypeOptions(),
    XFrameOptions("DENY"),
    Default(CacheControl(no_store=True)),
    Default(PERMISSIONS),
    *[Remove(name) for name in DECISIONS.removed],
    Merge("Vary", ", ".join(DECISIONS.vary)),
)

COOKIES = Policy(EIGHT_SETS, CookieAttributes(secure=True, http_only=True, same_site="Lax"))

SAFE_COOKIES = Policy(COOKIES, CacheSafety())

NAMES = frozenset(heads.TEN_COOKIES)
NAMED = Policy(
    EIGHT_SETS, *[CookieRule(name, secure=True, http_only=True, same_site="Lax") for name in heads.TEN_COOKIES]
)

HARDENED_BY_NAME = references.hardened_of(NAMES)

CEILING = 14 * 24 * 60 * 60
LIMITED = Policy(EIGHT_SETS, CookieAttributes(secure=True, http_only=True, same_site="Lax", max_age=CEILING))
HARDENED_WITHIN = references.hardened_within(CEILING)


def limit(does_not: str = "") -> Contestant:
    """The unit, in every workload the same."""
    return Contestant(LIMIT, partial(references.concatenating, tail=EIGHT_FIELDS), does_not)


def in_limits(
    key: str, title: str, head: Callable[[int], Lines], *contestants: Contestant, requests: int = 64
) -> Workload:
    """A workload whose unit is the limit and whose heads are judged by ours."""
    return Workload(key, title, head, contestants, unit=LIMIT, reference=OURS, unit_name="limits", requests=requests)


def with_nonce(key: str, title: str, application: Callable[[Feed], WSGIApplication]) -> Workload:
    """W1 with a nonce in its Content-Security-Policy, for an application that asks for it or does not."""
    return Workload(
        key,
        title,
        heads.five_lines,
        (
            limit("no nonce"),
            *ours.both(Policy(WITH_NONCE, SEVEN_TYPED)),
            Contestant(BY_HAND, partial(references.nonced, tail=EIGHT_FIELDS[1:], field=NONCED)),
            Contestant(BY_HAND_CHECKED, partial(references.nonced_checked, tail=EIGHT_FIELDS[1:], field=NONCED)),
        ),
        unit=LIMIT,
        reference=OURS,
        unit_name="limits",
        application=application,
        environ=ASKING,
    )


WORKLOADS = (
    in_limits(
        "W1",
        "eight fixed fields, five plain lines",
        heads.five_lines,
        limit(),
        *ours.both(EIGHT_SETS),
        ours.middleware(EIGHT_TYPED, TYPED),
        ours.middleware(Policy(EIGHT_SETS, CacheSafety()), SAFE),
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
        *ours.both(CONFLICTS),
        ours.middleware(CONFLICTS_TYPED, TYPED),
        Contestant(BY_HAND, partial(references.resolving, decisions=DECISIONS)),
        Contestant(BY_HAND_CHECKED, partial(references.resolving_checked, decisions=DECISIONS)),
        Contestant("werkzeug Headers", partial(libraries.werkzeug_resolve, decisions=DECISIONS)),
    ),
    with_nonce("W3", "W1 with a nonce in its Content-Security-Policy, not asked for", plain),
    with_nonce("W3-asked", "W3, asked for", asking),
    in_limits(
        "W4",
        "W1 and two cookies hardened",
        heads.two_cookies,
        limit("leaves the cookies"),
        *ours.both(COOKIES),
        ours.middleware(SAFE_COOKIES, SAFE),
        Contestant(BY_HAND, partial(references.editing, tail=EIGHT_FIELDS, edited=references.hardened)),
        Contestant(BY_HAND_CHECKED, partial(references.editing_checked, tail=EIGHT_FIELDS, edited=references.hardened)),
        Contestant(STANDARD, partial(libraries.standard_cookies, tail=EIGHT_FIELDS)),
        Contestant(WERKZEUG, partial(libraries.werkzeug_cookies, tail=EIGHT_FIELDS)),
    ),
    in_limits(
        "W4-uncontrolled",
        "W4 without Cache-Control from the application",
        heads.two_cookies_uncontrolled,
        limit("leaves the cookies"),
        *ours.both(COOKIES),
        ours.middleware(SAFE_COOKIES, SAFE, "Cache-Control: private besides"),
    ),
    in_limits(
        "W6",
        "W1 with thirty lines and five cookies hardened",
        heads.thirty_lines_and_five_cookies,
        limit("leaves the cookies"),
        *ours.both(COOKIES),
        Contestant(BY_HAND, partial(references.editing, tail=EIGHT_FIELDS, edited=references.hardened)),
        Contestant(BY_HAND_CHECKED, partial(references.editing_checked, tail=EIGHT_FIELDS, edited=references.hardened)),
        Contestant(STANDARD, partial(libraries.standard_cookies, tail=EIGHT_FIELDS)),
        Contestant(WERKZEUG, partial(libraries.werkzeug_cookies, tail=EIGHT_FIELDS)),
    ),
    in_limits(
        "C1",
        "W1 and one cookie, hardened by its rule of ten",
        heads.one_of_ten_cookies,
        limit("leaves the cookie"),
        *ours.both(NAMED),
        Contestant(BY_HAND, partial(references.editing, tail=EIGHT_FIELDS, edited=HARDENED_BY_NAME)),
        Contestant(BY_HAND_CHECKED, partial(references.editing_checked, tail=EIGHT_FIELDS, edited=HARDENED_BY_NAME)),
        Contestant(STANDARD, partial(libraries.standard_cookies, tail=EIGHT_FIELDS, names=NAMES)),
        Contestant(WERKZEUG, partial(libraries.werkzeug_cookies, tail=EIGHT_FIELDS, names=NAMES)),
    ),
    signed_cookies.WORKLOAD,
    in_limits(
        "C3",
        "W1 and two cookies hardened, each response another Expires",
        heads.ever_new_expires,
        limit("leaves the cookies"),
        *ours.both(COOKIES),
        Contestant(BY_HAND, partial(references.editing, tail=EIGHT_FIELDS, edited=references.hardened)),
        Contestant(BY_HAND_CHECKED, partial(references.editing_checked, tail=EIGHT_FIELDS, edited=references.hardened)),
        Contestant(STANDARD, partial(libraries.standard_cookies, tail=EIGHT_FIELDS)),
        Contestant(WERKZEUG, partial(libraries.werkzeug_cookies, tail=EIGHT_FIELDS)),
    ),
    in_limits(
        "C3-ceiling",
        "C3 and a longest life",
        heads.ever_new_expires,
        limit("leaves the cookies"),
        *ours.both(LIMITED),
        Contestant(BY_HAND, partial(references.editing, tail=EIGHT_FIELDS, edited=HARDENED_WITHIN)),
        Contestant(BY_HAND_CHECKED, partial(references.editing_checked, tail=EIGHT_FIELDS, edited=HARDENED_WITHIN)),
        Contestant(STANDARD, partial(libraries.standard_cookies, tail=EIGHT_FIELDS, ceiling=CEILING)),
        Contestant(WERKZEUG, partial(libraries.werkzeug_cookies, tail=EIGHT_FIELDS, ceiling=CEILING)),
    ),
    in_limits(
        "C4",
        "W1 and twenty cookies hardened",
        heads.twenty_cookies,
        limit("leaves the cookies"),
        *ours.both(COOKIES),
        Contestant(BY_HAND, partial(references.editing, tail=EIGHT_FIELDS, edited=references.hardened)),
        Contestant(BY_HAND_CHECKED, partial(references.editing_checked, tail=EIGHT_FIELDS, edited=references.hardened)),
        Contestant(STANDARD, partial(libraries.standard_cookies, tail=EIGHT_FIELDS)),
        Contestant(WERKZEUG, partial(libraries.werkzeug_cookies, tail=EIGHT_FIELDS)),
        requests=16,
    ),
    *sharing.workloads(EIGHT_SETS, EIGHT_FIELDS, limit("resolves nothing, no CORS"), "limits"),
    *conditional_requests.workloads(EIGHT_SETS, EIGHT_FIELDS, limit, "limits"),
    rules.workload(EIGHT_SETS),
    flask_requests.WORKLOAD,
)
