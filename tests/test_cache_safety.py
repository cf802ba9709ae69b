"""CacheSafety: what is made for one user is never left for a shared cache, and nothing else is changed."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from assertions import assert_value, by_field
from hypothesis import given
from hypothesis import strategies as st
from interpreter import expected
from shared_cache import CACHES, storable
from strategies import EDITS, nested, requests, statuses
from wsgi import PLAIN, Line, Response, asking, call, environ_for, responding

from wsgi_headers import (
    CORS,
    NONCE,
    Append,
    CacheControl,
    CacheSafety,
    CDNCacheControl,
    Conditional,
    ContentSecurityPolicy,
    CookieAttributes,
    CookieBudget,
    CookieConsent,
    CookieRule,
    CrossOriginProtection,
    Default,
    Edit,
    HeadersMiddleware,
    Match,
    Merge,
    Policy,
    PolicyError,
    Remove,
    Rule,
    Set,
    explain,
    overrides,
    presets,
)

pytestmark = pytest.mark.usefixtures("each_loop")

SAFE = Policy(CacheSafety())
COOKIE = ("Set-Cookie", "sid=1")
Does = Callable[[Any], object]


def respond(policy: Policy, *lines: Line, does: Does | None = None, status: str = "200 OK", **request: Any) -> Response:
    """Return the response to one request of an application that first does something with environ."""
    app = asking(*lines, status=status, before=does)
    return call(HeadersMiddleware(app, policy), validate=False, **request)


def controlled(policy: Policy, *values: str, **more: Any) -> list[str]:
    """Return Cache-Control of the response of an application that sends these values of it and a cookie."""
    return respond(policy, *[("Cache-Control", value) for value in values], COOKIE, **more).values("Cache-Control")


def asks(environ: Any) -> None:
    """Ask for the nonce."""
    overrides.nonce(environ)


def overriding(*operations: Any) -> Does:
    """Return what applies operations to the response alone."""
    return lambda environ: overrides.apply(environ, *operations)


# ----------------------------------------------------------------------------------------------------------------------
# What Cache-Control becomes
# ----------------------------------------------------------------------------------------------------------------------

# The values of the group `cache_control` of the project's field vectors (RFC 9111 5.2, RFC 8246, RFC 5861), and what
# becomes of each.
VECTORS = {
    "private": "private",
    "max-age=60, public": "max-age=60, private",
    "MAX-AGE=60": "MAX-AGE=60, private",
    'max-age="60"': 'max-age="60", private',
    "max-age=60, max-age=0": "max-age=60, max-age=0, private",
    "max-age=-1": "max-age=-1, private",
    "stale-while-revalidate=30, stale-if-error=60, immutable": (
        "stale-while-revalidate=30, stale-if-error=60, immutable, private"
    ),
    ", ,max-age=1,": "max-age=1, private",
    "max-age": "max-age, private",
}

VALUES = {
    **VECTORS,
    # What lets a shared cache store goes, whatever its case and argument.
    "public": "private",
    "PUBLIC, Max-Age=60": "Max-Age=60, private",
    "s-maxage=600, max-age=60": "max-age=60, private",
    "S-MaxAge=600": "private",
    'public, s-maxage="600", must-revalidate': "must-revalidate, private",
    "public=1": "private",
    # RFC 9111 3.5: enough for a shared cache to store what answers credentials.
    "must-revalidate": "must-revalidate, private",
    "max-age=60, must-revalidate, proxy-revalidate": "max-age=60, must-revalidate, proxy-revalidate, private",
    # It may be stored, and is asked for again.
    "no-cache": "no-cache, private",
    'no-cache="Set-Cookie", max-age=60': 'no-cache="Set-Cookie", max-age=60, private',
    # What keeps it from storing stays, with whatever stands beside it.
    "no-store": "no-store",
    "No-Store": "No-Store",
    "PRIVATE": "PRIVATE",
    "private, max-age=0": "private, max-age=0",
    "Private,max-age=0": "Private,max-age=0",
    "max-age=0 ,\tprivate": "max-age=0 ,\tprivate",
    "no-cache, no-store, must-revalidate": "no-cache, no-store, must-revalidate",
    "public, no-store": "public, no-store",
    "private, public, s-maxage=60": "private, public, s-maxage=60",
    'private, foo="bar': 'private, foo="bar',
    # RFC 9111 5.2.2.7: with names it is about these fields; of two that differ the first may count (4.2.1).
    'private="Set-Cookie"': "private",
    'private="Set-Cookie", max-age=60': "max-age=60, private",
    "private=Set-Cookie": "private",
    "private=": "private",
    'private = "A, B", private="C"': "private",
    'private="a", private, max-age=1': "max-age=1, private",
    'private, private="a"': 'private, private="a"',
    "no-store=1, no-store": "no-store=1, no-store, private",
    # RFC 9111 5.2.2.3: a cache that knows the status code ignores no-store then.
    "must-understand, no-store, max-age=60": "must-understand, no-store, max-age=60, private",
    "no-store, Must-Understand": "no-store, Must-Understand, private",
    "no-store, must-understand, private": "no-store, must-understand, private",
    "no-store=1": "no-store=1, private",
    # Quoted commas split nothing.
    'ext="private, no-store", max-age=60': 'ext="private, no-store", max-age=60, private',
    'ext="a, public", public': 'ext="a, public", private',
    r'ext="\", private", max-age=1': r'ext="\", private", max-age=1, private',
    # What cannot be read stays, and is no reason to leave it storable.
    "max-age=abc": "max-age=abc, private",
    "private;foo": "private;foo, private",
    "private public": "private public, private",
    'max-age=60, ext="open, private': 'max-age=60, private, ext="open, private',
    '"private"': '"private", private',
    "@": "@, private",
    "": "private",
    " , ": "private",
}


@pytest.mark.parametrize("value", VALUES)
def test_cache_control(value: str) -> None:
    """What lets a shared cache store goes, `private` comes, all else stays; without a cookie the line stays."""
    middleware = HeadersMiddleware(lambda environ, start: environ["test.app"](environ, start), SAFE)
    without = responding(PLAIN, ("Cache-Control", value))
    with_cookie = responding(PLAIN, ("Cache-Control", value), COOKIE)
    # Again, since the second head of a kind goes another way.
    for _ in range(2):
        assert call(middleware, validate=False, **{"test.app": without}).lines == [PLAIN, ("Cache-Control", value)]
        assert call(middleware, validate=False, **{"test.app": with_cookie}).values("Cache-Control") == [VALUES[value]]


@pytest.mark.parametrize("value", VALUES)
def test_cache_control_again(value: str) -> None:
    """What it made it leaves."""
    assert controlled(SAFE, VALUES[value]) == [VALUES[value]]


LINES: dict[str, tuple[list[str], list[str]]] = {
    "none": ([], ["private"]),
    "two": (["max-age=60", "must-revalidate"], ["max-age=60, must-revalidate, private"]),
    "two, the first of which counts": (['private="a"', "private"], ["private"]),
    "two, one of which says it": (["max-age=60", "private"], ["max-age=60", "private"]),
    "two, the first of which says it": (["private, max-age=1", "public"], ["private, max-age=1", "public"]),
    "two, the last of which says it and more": (["public", "private, max-age=1"], ["public", "private, max-age=1"]),
    "what undoes it": (["no-store", "must-understand"], ["no-store, must-understand, private"]),
    "all of one goes": (["public", "max-age=60"], ["max-age=60, private"]),
    "three": (["public", "s-maxage=1", "Private=a"], ["private"]),
    "an open quote": (['a="b', "max-age=1"], ['max-age=1, private, a="b']),
}


@pytest.mark.parametrize(("values", "after"), LINES.values(), ids=LINES)
def test_several_lines_are_one_list(values: list[str], after: list[str]) -> None:
    """Lines that keep a shared cache from storing stay as they are, others become one."""
    assert controlled(SAFE, *values) == after


def test_spelling_and_place_of_the_line_stay() -> None:
    """The name stays as the application wrote it, the line where it was."""
    lines = [PLAIN, ("cache-CONTROL", "public"), ("X-A", "1"), COOKIE]
    assert respond(SAFE, *lines).lines == [PLAIN, ("cache-CONTROL", "private"), ("X-A", "1"), COOKIE]


# ----------------------------------------------------------------------------------------------------------------------
# What makes a response personal
# ----------------------------------------------------------------------------------------------------------------------

WITH_NONCE = ContentSecurityPolicy(script_src=[NONCE])
CONSENT = Policy(CookieConsent(), CookieRule("ad", category="ads"), CacheSafety())
AD = ("Set-Cookie", "ad=1")
PUBLIC = ("Cache-Control", "public, max-age=60")

# The policy, the application's lines, what it does, what of the request; whether that makes the response personal.
PERSONAL: dict[str, tuple[Policy, list[Line], Does | None, dict[str, Any], bool]] = {
    "nothing": (SAFE, [], None, {}, False),
    "a cookie": (SAFE, [COOKIE], None, {}, True),
    "a cookie in other letters": (SAFE, [("SET-COOKIE", "a")], None, {}, True),
    "a deletion": (SAFE, [("Set-Cookie", "a=; Max-Age=0")], None, {}, True),
    "a cookie that is hardened": (Policy(CacheSafety(), CookieAttributes(secure=True)), [COOKIE], None, {}, True),
    "a cookie that stays": (Policy(CacheSafety(), CookieRule("x", remove=True)), [COOKIE], None, {}, True),
    "a cookie that is dropped": (Policy(CacheSafety(), CookieRule("sid", remove=True)), [COOKIE], None, {}, False),
    "one of two is dropped": (Policy(CacheSafety(), CookieRule("sid", remove=True)), [COOKIE, AD], None, {}, True),
    "two deletions of one": (
        Policy(CacheSafety(), CookieRule("a", prefix="__Host-", insecure_accept_unprefixed=True)),
        [("Set-Cookie", "a=; Max-Age=0")],
        None,
        {},
        True,
    ),
    "a Cookie field": (SAFE, [], None, {"HTTP_COOKIE": "sid=1"}, False),
    "the nonce": (Policy(WITH_NONCE, CacheSafety()), [], asks, {}, True),
    "the nonce, in no field": (SAFE, [], asks, {}, True),
    "no nonce asked for": (Policy(WITH_NONCE, CacheSafety()), [], None, {}, False),
    "a withheld cookie": (CONSENT, [AD], None, {}, True),
    "a granted cookie": (CONSENT, [AD], None, {"HTTP_COOKIE": "consent=ads"}, True),
    "nothing to judge": (CONSENT, [], None, {"HTTP_COOKIE": "consent=ads"}, False),
    "Authorization": (SAFE, [], None, {"HTTP_AUTHORIZATION": "Basic eDp5"}, True),
    "an empty Authorization": (SAFE, [], None, {"HTTP_AUTHORIZATION": ""}, True),
    "Authorization that the application takes away": (
        SAFE,
        [],
        lambda environ: environ.pop("HTTP_AUTHORIZATION"),
        {"HTTP_AUTHORIZATION": "Bearer x"},
        True,
    ),
    "verified by the server": (SAFE, [], None, {"AUTH_TYPE": "Basic", "REMOTE_USER": "a"}, True),
    "not verified by a server that says so": (SAFE, [], None, {"AUTH_TYPE": ""}, False),
    "Proxy-Authorization": (SAFE, [], None, {"HTTP_PROXY_AUTHORIZATION": "Basic eDp5"}, False),
    "an override": (SAFE, [], overriding(Set("X-A", "1")), {}, False),
}


@pytest.mark.parametrize("status", ["200 OK", "304 Not Modified", "404 Not Found", "500 Oops"])
@pytest.mark.parametrize(("policy", "lines", "does", "request_", "personal"), PERSONAL.values(), ids=PERSONAL)
def test_personal_responses(
    policy: Policy, lines: list[Line], does: Does | None, request_: dict[str, Any], personal: bool, status: str
) -> None:
    """Only what is made for one user is kept from shared caches, with whatever status, under any kind of policy."""
    rule = Rule(Match(status=(200, 304, 404, 500)), Set("X-Rule", "1"))
    by_path = Rule(Match(path="/"), Set("X-Rule", "1"))
    for whole in (policy, Policy(policy, rule), Policy(policy, by_path), Policy(policy, CookieBudget())):
        middleware = HeadersMiddleware(asking(PLAIN, PUBLIC, *lines, status=status, before=does), whole)
        for _ in range(2):
            response = call(middleware, validate=False, **request_)
            assert response.values("Cache-Control") == ["max-age=60, private" if personal else PUBLIC[1]]
            assert response.values("Vary") == (["Cookie"] if policy is CONSENT and lines else [])
        bare = HeadersMiddleware(asking(PLAIN, *lines, status=status, before=does), whole)
        assert call(bare, validate=False, **request_).values("Cache-Control") == (["private"] if personal else [])


# The group `caching` of the project's behaviour vectors, what it says of shared caches (ASP.NET Core, DefaultPolicy.cs
# of its output caching: code): application's lines and request. A method other than GET and HEAD makes nothing
# personal; RFC 9111 3 has caches understand the method.
SHARED = {
    "caching-020": ([COOKIE], {}),
    "caching-021": ([], {"HTTP_AUTHORIZATION": "x"}),
}


@pytest.mark.parametrize(("lines", "request_"), SHARED.values(), ids=SHARED)
def test_caching_vectors(lines: list[Line], request_: dict[str, Any]) -> None:
    """Not even where the policy says that everything is public."""
    response = respond(Policy(Set("Cache-Control", "public, max-age=60"), CacheSafety()), *lines, **request_)
    assert not any(storable(response.status, response.lines, cache, bool(request_)) for cache in CACHES)


def test_one_response_says_nothing_of_the_next() -> None:
    """Personal and other responses in any order, through one middleware."""
    policy = Policy(CacheSafety(), CookieAttributes(secure=True), Merge("Vary", "Accept"))
    app = HeadersMiddleware(lambda environ, start: environ["test.app"](environ, start), policy)
    plain, cookie = responding(PLAIN, PUBLIC), responding(PLAIN, PUBLIC, COOKIE)
    for sending in (plain, cookie, cookie, plain, plain, cookie, plain):
        for request in ({}, {"HTTP_AUTHORIZATION": "x"}, {}):
            personal = sending is cookie or bool(request)
            response = call(app, validate=False, **{"test.app": sending}, **request)
            assert response.values("Cache-Control") == ["max-age=60, private" if personal else PUBLIC[1]]


# ----------------------------------------------------------------------------------------------------------------------
# Fields that caches heed instead of Cache-Control
# ----------------------------------------------------------------------------------------------------------------------

# The name, the value, what becomes of it.
TARGETED: dict[str, tuple[str, str]] = {
    "max-age=600": ("CDN-Cache-Control", "max-age=600, private"),
    "public, s-maxage=600, stale-while-revalidate=5": ("CDN-Cache-Control", "stale-while-revalidate=5, private"),
    "max-age=1": ("cloudflare-cdn-cache-control", "max-age=1, private"),
    "max-age=2": ("Netlify-CDN-Cache-Control", "max-age=2, private"),
    "max-age=3": ("Vercel-CDN-Cache-Control", "max-age=3, private"),
    "max-age=4": ("Akamai-Cache-Control", "max-age=4, private"),
    "private": ("CDN-Cache-Control", "private"),
    "no-store, max-age=0": ("CDN-Cache-Control", "no-store, max-age=0"),
    # A dictionary of RFC 9651: parameters mean nothing, false is false, of a repeated key the last counts.
    "private;x=1, max-age=5": ("CDN-Cache-Control", "max-age=5, private"),
    "private=?0, max-age=5": ("CDN-Cache-Control", "max-age=5, private"),
    "private, private=?0": ("CDN-Cache-Control", "private"),
    "no-store, no-store=?0": ("CDN-Cache-Control", "no-store, no-store=?0, private"),
    "private=1": ("CDN-Cache-Control", "private"),
    'private="Set-Cookie"': ("CDN-Cache-Control", "private"),
    "must-understand, no-store": ("CDN-Cache-Control", "must-understand, no-store, private"),
    "s-maxage=9;x, max-age=5": ("CDN-Cache-Control", "max-age=5, private"),
    # No dictionary: those who read it all the same are told too.
    "MAX-AGE=600": ("CDN-Cache-Control", "MAX-AGE=600, private"),
    "Private, max-age=600": ("CDN-Cache-Control", "Private, max-age=600"),
    'max-age=1, a="open': ("CDN-Cache-Control", 'max-age=1, private, a="open'),
    "": ("CDN-Cache-Control", ""),
    # Edge Architecture 2.2: no word but no-store; with a parameter it is for one surrogate.
    'max-age=3600, content="ESI/1.0"': ("Surrogate-Control", 'content="ESI/1.0", no-store'),
    "max-age=3600+600": ("Surrogate-Control", "no-store"),
    "max-age=5;edge": ("surrogate-control", "no-store"),
    "no-store": ("Surrogate-Control", "no-store"),
    "No-Store, max-age=7": ("Surrogate-Control", "No-Store, max-age=7"),
    "no-store;edge": ("Surrogate-Control", "no-store;edge, no-store"),
    "private, max-age=8": ("Surrogate-Control", "private, no-store"),
    "no-store-remote": ("Surrogate-Control", "no-store-remote, no-store"),
    "cache-maxage=60m, downstream-ttl=5m": ("Edge-Control", "downstream-ttl=5m, no-store"),
    # ngx_http_proxy_module, proxy_cache_valid.
    "60": ("X-Accel-Expires", "0"),
    "@4102444800": ("X-Accel-Expires", "0"),
    "0": ("x-accel-expires", "0"),
}


@pytest.mark.parametrize("value", TARGETED)
@pytest.mark.parametrize("declared", [False, True], ids=["sent", "declared"])
def test_targeted_field(value: str, declared: bool) -> None:
    """It follows, whoever made it; without a cookie it stays."""
    name, after = TARGETED[value]
    if declared and not value:
        return
    policy = Policy(CacheSafety(), Set(name, value)) if declared else SAFE
    lines = [] if declared else [(name, value)]
    assert respond(policy, PLAIN, *lines).lines == [PLAIN, (name, value)]
    response = respond(policy, PLAIN, *lines, COOKIE)
    assert response.values(name) == [after]
    assert response.values("Cache-Control") == ["private"]
    assert respond(SAFE, PLAIN, (name, after), COOKIE).values(name) == [after]


def test_targeted_fields_together() -> None:
    """Each follows by itself; lines of one field are one value, and of X-Accel-Expires one stays."""
    lines = [
        ("CDN-Cache-Control", "max-age=1"),
        ("Cache-Control", "private, max-age=2"),
        ("cdn-cache-control", "public"),
        ("Surrogate-Control", "max-age=3"),
        ("X-Accel-Expires", "4"),
        ("X-Accel-Expires", "0"),
    ]
    assert by_field(respond(SAFE, *lines, COOKIE).lines) == {
        "cdn-cache-control": [("CDN-Cache-Control", "max-age=1, private")],
        "cache-control": [("Cache-Control", "private, max-age=2")],
        "surrogate-control": [("Surrogate-Control", "no-store")],
        "x-accel-expires": [("X-Accel-Expires", "0")],
        "set-cookie": [COOKIE],
    }


# ----------------------------------------------------------------------------------------------------------------------
# After everything else
# ----------------------------------------------------------------------------------------------------------------------


def doubled(value: str) -> str:
    """Say it twice."""
    return f"{value}, {value}"


# Parts beside CacheSafety, the application's Cache-Control, that of the response with a cookie and of one without.
POLICIES: dict[str, tuple[list[Any], list[str], list[str], list[str]]] = {
    "Set": ([Set("Cache-Control", "public, max-age=60")], ["no-store"], ["max-age=60, private"], [PUBLIC[1]]),
    "a typed field": ([CacheControl(public=True)], [], ["private"], ["public"]),
    "Default, sent": ([Default("Cache-Control", "public")], ["max-age=1"], ["max-age=1, private"], ["max-age=1"]),
    "Default, sent private": ([Default("Cache-Control", "public")], ["private, a"], ["private, a"], ["private, a"]),
    "Default, not sent": ([Default("Cache-Control", "public")], [], ["private"], ["public"]),
    "Default no-store": ([Default(CacheControl(no_store=True))], [], ["no-store"], ["no-store"]),
    "Append": ([Append("Cache-Control", "public")], ["a"], ["a, private"], ["a", "public"]),
    "Append, not sent": ([Append("Cache-Control", "public")], [], ["private"], ["public"]),
    "Merge": ([Merge("Cache-Control", "public")], ["a"], ["a, private"], ["a, public"]),
    "Merge, not sent": ([Merge("Cache-Control", "public")], [], ["private"], ["public"]),
    "Remove": ([Remove("Cache-Control")], ["no-store"], ["private"], []),
    "Edit": ([Edit("Cache-Control", doubled)], ["public"], ["private"], ["public, public"]),
    "Edit, not sent": ([Edit("Cache-Control", doubled)], [], ["private"], []),
    "a callable": ([Set("Cache-Control", lambda environ: "public, a")], ["b"], ["a, private"], ["public, a"]),
    "a callable of nothing": ([Set("Cache-Control", lambda environ: None)], ["b"], ["b, private"], ["b"]),
    "Merge of a callable": ([Merge("Cache-Control", lambda environ: "a")], ["b"], ["b, a, private"], ["b, a"]),
}


@pytest.mark.parametrize("first", [True, False], ids=["before", "after"])
@pytest.mark.parametrize(("parts", "values", "after", "otherwise"), POLICIES.values(), ids=POLICIES)
def test_after_every_operation(
    parts: list[Any], values: list[str], after: list[str], otherwise: list[str], first: bool
) -> None:
    """Wherever it stands, it judges what the operations made, in every way that a response can be personal."""
    policy = Policy(CacheSafety(), *parts) if first else Policy(*parts, CacheSafety())
    lines = [("Cache-Control", value) for value in values]
    cookies = CookieAttributes(http_only=True)
    for whole in (policy, Policy(policy, cookies), Policy(policy, cookies, CookieBudget())):
        for _ in range(2):
            assert respond(whole, *lines, COOKIE).values("Cache-Control") == after
            assert respond(whole, COOKIE, *lines).values("Cache-Control") == after
            assert respond(whole, *lines, HTTP_AUTHORIZATION="x").values("Cache-Control") == after
            assert respond(whole, *lines, does=asks).values("Cache-Control") == after
            assert respond(whole, *lines).values("Cache-Control") == otherwise


@pytest.mark.parametrize(("lines", "request_"), [((COOKIE,), {}), ((), {"HTTP_AUTHORIZATION": "x"})])
def test_beats_overrides(lines: Sequence[Line], request_: dict[str, Any]) -> None:
    """The application's own word for one response comes before it too."""
    does = overriding(Set("Cache-Control", "public"), CDNCacheControl(max_age=60))
    response = respond(SAFE, *lines, does=does, **request_)
    assert response.values("Cache-Control") == ["private"]
    assert response.values("CDN-Cache-Control") == ["max-age=60, private"]
    assert respond(SAFE, does=does).values("Cache-Control") == ["public"]


def test_beats_overrides_beside_the_nonce() -> None:
    """A response that asked for its nonce is personal whatever it overrides; a removed line comes back."""
    for operation in (Set("Cache-Control", "public"), Remove("Cache-Control")):

        def does(environ: Any, operation: Any = operation) -> None:
            overrides.nonce(environ)
            overrides.apply(environ, operation)

        assert respond(SAFE, PUBLIC, does=does).values("Cache-Control") == ["private"]


OFF = CacheSafety(insecure_off=True)
SPEAKS: dict[str, tuple[Policy, str, bool]] = {
    "off for a path": (Policy(CacheSafety(), Rule(Match(path="/x/"), OFF)), "/x/a", False),
    "on elsewhere": (Policy(CacheSafety(), Rule(Match(path="/x/"), OFF)), "/y", True),
    "the last speaks": (Policy(Rule(Match(path="/x/"), OFF), CacheSafety()), "/x/a", True),
    "off, then on": (Policy(OFF, CacheSafety()), "/", True),
    "off": (Policy(CacheSafety(), OFF), "/", False),
    "off alone": (Policy(OFF), "/", False),
    "off for a status": (Policy(CacheSafety(), Rule(Match(status=200), OFF)), "/", False),
    "off for another status": (Policy(CacheSafety(), Rule(Match(status=404), OFF)), "/", True),
    "off in STRICT": (Policy(presets.STRICT, OFF), "/", False),
    "on for a media type": (Policy(Rule(Match(media_type="text/*"), CacheSafety())), "/", True),
    "on for a path": (Policy(Rule(Match(path="/x/"), CacheSafety())), "/y", False),
    "off where when says no": (Policy(CacheSafety(), Rule(Match(when=lambda environ: False), OFF)), "/", True),
}


@pytest.mark.parametrize(("policy", "path", "safe"), SPEAKS.values(), ids=SPEAKS)
def test_the_last_that_matches_speaks(policy: Policy, path: str, safe: bool) -> None:
    """A part under a rule switches it on or off there."""
    wanted = ["max-age=60, private"] if safe else [PUBLIC[1]]
    assert respond(policy, PLAIN, PUBLIC, COOKIE, path=path).values("Cache-Control") == wanted
    assert respond(policy, PLAIN, PUBLIC, path=path, HTTP_AUTHORIZATION="x").values("Cache-Control") == wanted
    assert respond(policy, PLAIN, PUBLIC, path=path, does=asks).values("Cache-Control") == wanted
    assert respond(policy, PLAIN, PUBLIC, path=path).values("Cache-Control") == [PUBLIC[1]]


def test_a_304_with_the_nonce() -> None:
    """It has no policy with a nonce, and is personal all the same; one without is as the application sent it."""
    policy = Policy(WITH_NONCE, CacheSafety())
    lines = [PUBLIC, ("ETag", '"1"')]
    asked = respond(policy, *lines, status="304 Not Modified", does=asks)
    assert by_field(asked.lines) == by_field([("Cache-Control", "max-age=60, private"), ("ETag", '"1"')])
    assert respond(policy, *lines, status="304 Not Modified").lines == lines
    cookie = respond(policy, *lines, COOKIE, status="304 Not Modified")
    assert by_field(cookie.lines) == by_field([("Cache-Control", "max-age=60, private"), ("ETag", '"1"'), COOKIE])


@pytest.mark.parametrize("first", [True, False], ids=["before", "after"])
def test_beside_conditional(first: bool) -> None:
    """A 304 that is made in the place of a personal response says the same as that one; a 412 is not stored anyway."""
    policy = Policy(CacheSafety(), Conditional()) if first else Policy(Conditional(), CacheSafety())
    lines = [PLAIN, ("ETag", '"1"'), PUBLIC]
    hit, miss = {"HTTP_IF_NONE_MATCH": '"1"'}, {"HTTP_IF_MATCH": '"2"'}
    for more, request, does, personal in (
        ([], {}, None, False),
        ([COOKIE], {}, None, True),
        ([], {"HTTP_AUTHORIZATION": "x"}, None, True),
        ([], {}, asks, True),
        ([], {}, overriding(Set("Cache-Control", "max-age=60, public")), False),
        ([COOKIE], {}, overriding(Set("Cache-Control", "max-age=60, public")), True),
    ):
        wanted = "max-age=60, private" if personal else "max-age=60, public" if does else PUBLIC[1]
        for conditions, status in (({}, "200 OK"), (hit, "304 Not Modified")):
            response = respond(policy, *lines, *more, does=does, **request, **conditions)
            assert (response.status, response.values("Cache-Control")) == (status, [wanted])
        refused = respond(policy, *lines, *more, does=does, **request, **miss)
        assert (refused.status, refused.values("Cache-Control")) == ("412 Precondition Failed", ["no-store"])


def test_budget_measures_what_goes_out(caplog: pytest.LogCaptureFixture) -> None:
    """The line that CacheSafety adds counts: HTTP/1.1 200 OK, two lines and the empty one have 60 octets."""
    caplog.set_level(logging.WARNING, "wsgi_headers")
    for head, events in ((60, []), (59, ["cookie.budget.exceeded"])):
        caplog.clear()
        response = respond(Policy(CacheSafety(), CookieBudget(head=head)), ("Set-Cookie", "a=1"))
        assert response.values("Cache-Control") == ["private"]
        assert [record.__dict__["event"] for record in caplog.records] == events


def test_an_answer_of_a_guard() -> None:
    """It is not stored anyway."""
    policy = Policy(CacheSafety(), CrossOriginProtection(), CORS(origins=["https://a.example"]))
    refused = call(
        HeadersMiddleware(responding(PLAIN), policy),
        method="POST",
        HTTP_SEC_FETCH_SITE="cross-site",
        HTTP_AUTHORIZATION="x",
    )
    assert (refused.status, refused.values("Cache-Control")) == ("403 Forbidden", ["no-store"])
    preflight = call(
        HeadersMiddleware(responding(PLAIN), policy),
        method="OPTIONS",
        validate=False,
        HTTP_ORIGIN="https://a.example",
        HTTP_ACCESS_CONTROL_REQUEST_METHOD="GET",
        HTTP_AUTHORIZATION="x",
    )
    assert (preflight.status, preflight.values("Cache-Control")) == ("204 No Content", ["no-store"])
    actual = respond(policy, PUBLIC, HTTP_ORIGIN="https://a.example", HTTP_AUTHORIZATION="x")
    assert actual.values("Cache-Control") == ["max-age=60, private"]
    assert actual.values("Access-Control-Allow-Origin") == ["https://a.example"]


def test_an_error_replaces_a_head() -> None:
    """Each head that an application starts is judged by itself."""

    def app(environ: Any, start_response: Any) -> list[bytes]:
        start_response("200 OK", [PUBLIC, COOKIE])
        try:
            raise ValueError
        except ValueError:
            import sys

            start_response("500 Oops", [PUBLIC], sys.exc_info())
        return [b""]

    response = call(HeadersMiddleware(app, SAFE), validate=False)
    assert [by_field(call.lines)["cache-control"][0][1] for call in response.calls] == [
        "max-age=60, private",
        PUBLIC[1],
    ]


# ----------------------------------------------------------------------------------------------------------------------
# Stacked middlewares
# ----------------------------------------------------------------------------------------------------------------------


def stacked(app: Any, *policies: Policy, **request: Any) -> list[str]:
    """Return Cache-Control of the response of an application below middlewares, the innermost first."""
    for policy in policies:
        app = HeadersMiddleware(app, policy)
    return call(app, validate=False, **request).values("Cache-Control")


OTHER = Policy(Set("X-Other", "1"))
INNER_CONSENT = Policy(CookieConsent(), CookieRule("ad", category="ads"))


@pytest.mark.parametrize("policies", [(SAFE, OTHER), (OTHER, SAFE), (SAFE, SAFE), (OTHER, SAFE, Policy())])
def test_stacked(policies: tuple[Policy, ...]) -> None:
    """Inside or outside of others it does the same, the nonce and overrides of the innermost application included."""
    override = overriding(Set("Cache-Control", "public"), Remove("X-A"))
    assert stacked(responding(PUBLIC, COOKIE), *policies) == ["max-age=60, private"]
    assert stacked(responding(PUBLIC), *policies) == [PUBLIC[1]]
    assert stacked(responding(PUBLIC), *policies, HTTP_AUTHORIZATION="x") == ["max-age=60, private"]
    assert stacked(asking(PUBLIC, before=asks), *policies) == ["max-age=60, private"]
    assert stacked(asking(COOKIE, before=override), *policies) == ["private"]
    assert stacked(asking(before=override), *policies) == ["public"]


def test_above_the_consent_of_another() -> None:
    """What the middleware below withheld is no line of its head; it is told."""
    assert stacked(responding(PUBLIC, AD), INNER_CONSENT, SAFE) == ["max-age=60, private"]
    assert stacked(responding(PUBLIC, AD), SAFE, INNER_CONSENT) == ["max-age=60, private"]
    assert stacked(responding(PUBLIC), INNER_CONSENT, SAFE) == [PUBLIC[1]]


def test_what_a_policy_derives_stays_below_another_middleware() -> None:
    """The overrides of an application act in the outermost middleware, and undo nothing that one below derives."""
    inner = Policy(Rule(Match(when=lambda environ: True, varies_on="X-Key"), Set("X-A", "1")))
    app = asking(before=overriding(Remove("Vary")))
    response = call(HeadersMiddleware(HeadersMiddleware(app, inner), OTHER), validate=False)
    assert response.values("Vary") == ["X-Key"]


# ----------------------------------------------------------------------------------------------------------------------
# The part itself
# ----------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("value", [1, 0, None, "yes"])
def test_bad_argument(value: Any) -> None:
    """Only a bool switches it off."""
    with pytest.raises(PolicyError) as caught:
        CacheSafety(insecure_off=value)
    assert [problem.code for problem in caught.value.problems] == ["cache_safety.insecure_off"]


def test_misspelt_argument() -> None:
    """The nearest right one is named."""
    with pytest.raises(PolicyError, match="insecure_off"):
        CacheSafety(off=True)  # type: ignore[call-arg]


@pytest.mark.parametrize("part", [CacheSafety(), OFF])
def test_a_value(part: CacheSafety) -> None:
    """Equal to its copy and to what its repr says, and found in a policy."""
    assert_value(part)
    assert Policy(Policy(part)).find(CacheSafety) == part
    assert SAFE != Policy(OFF)


def test_explained() -> None:
    """Each line that it changed or made names it, and nothing else does."""
    told = explain(SAFE, environ_for(), "200 OK", [PUBLIC, COOKIE, ("CDN-Cache-Control", "max-age=1"), PLAIN])
    assert [(line.after, line.parts) for line in told.lines] == [
        (("Cache-Control", "max-age=60, private"), (CacheSafety(),)),
        (COOKIE, ()),
        (("CDN-Cache-Control", "max-age=1, private"), (CacheSafety(),)),
        (PLAIN, ()),
    ]
    bare = explain(SAFE, environ_for(HTTP_AUTHORIZATION="x"), "200 OK", [PLAIN])
    assert [(line.before, line.after, line.parts) for line in bare.lines] == [
        (PLAIN, PLAIN, ()),
        (None, ("Cache-Control", "private"), (CacheSafety(),)),
    ]
    both = explain(Policy(Set(*PUBLIC), CacheSafety()), environ_for(), "200 OK", [COOKIE])
    assert both.lines[1].parts == (Set(*PUBLIC), CacheSafety())
    assert explain(SAFE, environ_for(), "200 OK", [PUBLIC]).lines[0].parts == ()
    withheld = explain(CONSENT, environ_for(), "200 OK", [AD, PUBLIC])
    assert ("Cache-Control", "max-age=60, private") in withheld.head


def test_explained_where_the_nonce_was_asked_for() -> None:
    """An explanation inside a response knows what the application asked for."""
    heads: list[list[Line]] = []

    def app(environ: Any, start_response: Any) -> list[bytes]:
        overrides.nonce(environ)
        heads.append(explain(SAFE, environ, "200 OK", [PUBLIC]).head)
        start_response("200 OK", [PUBLIC])
        return [b""]

    response = call(HeadersMiddleware(app, SAFE), validate=False)
    assert heads == [response.lines] == [[("Cache-Control", "max-age=60, private")]]


# ----------------------------------------------------------------------------------------------------------------------
# Whatever is sent
# ----------------------------------------------------------------------------------------------------------------------

DIRECTIVES = (
    *("public", "private", "no-store", "must-understand", "s-maxage=9", "max-age=60", "max-age=0", "no-cache"),
    *(
        "must-revalidate",
        "PRIVATE",
        "No-Store",
        'private="Set-Cookie"',
        'private="a, no-store"',
        "private=?0",
        "private;x",
    ),
    *(
        "no-store=?0",
        "no-store;edge",
        'a="private, b"',
        'a="private',
        "max-age=abc",
        "S-MaxAge = 4",
        "",
        "@",
        "public=1",
    ),
    *('content="ESI/1.0"', "cache-maxage=5", "must-understand=?0", "private=1", "0", "60"),
)
values = st.one_of(
    st.lists(st.sampled_from(DIRECTIVES), max_size=4).flatmap(
        lambda some: st.sampled_from([", ", ",", " ,\t"]).map(lambda between: between.join(some))
    ),
    st.text('privatenos-mx=60,"\\ ;?', max_size=14),
)
FIELDS = (
    *("Cache-Control", "cache-control", "CDN-Cache-Control", "cdn-cache-control", "Surrogate-Control"),
    *("Netlify-CDN-Cache-Control", "Akamai-Cache-Control", "Edge-Control", "X-Accel-Expires"),
)
caching: st.SearchStrategy[Line] = st.one_of(
    st.tuples(st.sampled_from(FIELDS[:2]), values),
    st.tuples(st.sampled_from(FIELDS), values),
    st.tuples(st.sampled_from(["Expires", "X-A", "Content-Type"]), st.sampled_from(["0", "text/html"])),
)
setting: st.SearchStrategy[Line] = st.tuples(st.sampled_from(["Set-Cookie", "set-cookie"]), st.just("a=1"))
heads = st.lists(st.one_of(caching, caching, setting), max_size=6)
credentials = st.fixed_dictionaries(
    {}, optional={"HTTP_AUTHORIZATION": st.just("x"), "AUTH_TYPE": st.sampled_from(["", "Basic"])}
)
declared = values.map(lambda value: value.strip(" \t")).filter(bool)
parts: st.SearchStrategy[Any] = st.one_of(
    st.sampled_from([CacheSafety(), CacheSafety(), OFF, Remove("Cache-Control"), Edit("Cache-Control", EDITS[0])]),
    st.builds(lambda name, value: Set(name, value), st.sampled_from(FIELDS), declared),
    st.builds(lambda name, value: Default(name, value), st.sampled_from(FIELDS), declared),
    st.builds(lambda name, value: Append(name, value), st.sampled_from(FIELDS[:7]), declared),
    st.builds(lambda value: Set("Cache-Control", lambda environ: value), declared),
)
policies = st.lists(nested(parts), max_size=4).map(lambda some: Policy(CacheSafety(), *some))


def sent(head: list[Line], status: str = "200 OK", policy: Policy = SAFE, **request: Any) -> list[Line]:
    """Return what becomes of a head."""
    return call(HeadersMiddleware(responding(*head, status=status), policy), validate=False, **request).lines


@given(heads, statuses, credentials)
def test_a_personal_response_is_never_stored(head: list[Line], status: str, request: dict[str, str]) -> None:
    """No kind of shared cache may store it, by RFC 9111 3 and the specifications of the targeted fields."""
    authorized = "HTTP_AUTHORIZATION" in request or bool(request.get("AUTH_TYPE"))
    after = sent(head, status, **request)
    if authorized or any(name.lower() == "set-cookie" for name, _ in head):
        for cache in CACHES:
            assert not storable(status, after, cache, authorized), cache
        assert by_field(sent(after, status, **request)) == by_field(after)
        others = [line for line in head if line[0].lower() not in {field.lower() for field in FIELDS}]
        assert [line for line in after if line in others] == others
    else:
        assert after == head
        assert all(now[1] is then[1] for now, then in zip(after, head, strict=True))


@given(heads)
def test_nothing_is_left_out_that_is_no_permission(head: list[Line]) -> None:
    """Every directive that the application sent is there afterwards, but for those that let a shared cache store."""
    after = by_field(sent([*head, COOKIE]))
    for name, lines in by_field(head).items():
        if name == "cache-control":
            there = ",".join(value for _, value in after[name])
            for directive in ("no-cache", "must-revalidate", "max-age=60", "must-understand", "No-Store", "@"):
                if any(value == directive for _, value in lines):
                    assert directive in there


@given(policies, st.lists(st.tuples(requests, credentials, statuses, heads), min_size=1, max_size=4))
def test_plan_does_what_the_interpreter_does(policy: Policy, several: list[Any]) -> None:
    """Among operations and rules, whatever was sent before through the same middleware, line by line."""
    sending: list[Any] = []
    middleware = HeadersMiddleware(lambda environ, start: sending[0](environ, start), policy)
    for request, credential, status, head in [*several, *several]:
        sending[:] = [responding(*head, status=status)]
        request = {**request, **credential}
        response = call(middleware, validate=False, **request)
        wanted = expected(policy, environ_for(**request), status, head)
        assert by_field(response.lines) == by_field(wanted)
        assert by_field(explain(policy, environ_for(**request), status, head).head) == by_field(wanted)
        sending[:] = [asking(*head, status=status, before=overriding(Set("X-Own", "1")))]
        overridden = call(middleware, validate=False, **request)
        assert by_field(overridden.lines) == by_field([*wanted, ("X-Own", "1")])


@given(policies, st.tuples(requests, credentials, statuses, heads))
def test_twice_is_once(policy: Policy, exchange: Any) -> None:
    """An equal policy nested in itself does what one does."""
    request, credential, status, head = exchange
    inner = HeadersMiddleware(responding(*head, status=status), policy)
    twice = call(HeadersMiddleware(inner, policy), validate=False, **request, **credential)
    assert by_field(twice.lines) == by_field(sent(head, status, policy, **request, **credential))


@given(heads, st.sampled_from([Set, Default]), st.sampled_from(FIELDS), declared)
def test_overrides_of_a_personal_response(head: list[Line], operation: Any, name: str, value: str) -> None:
    """Whatever an application asks for, no shared cache may store it."""
    does = overriding(operation(name, value))
    for policy in (SAFE, Policy(SAFE, Rule(Match(status=200), Set("X-A", "1")))):
        response = respond(policy, *head, COOKIE, does=does)
        assert not any(storable("200 OK", response.lines, cache, False) for cache in CACHES)


def test_beside_cors() -> None:
    """An authorized request and a preflight are both told apart from others, in one policy."""
    policy = Policy(CacheSafety(), CORS(origins=["https://a.example"]))
    app = HeadersMiddleware(responding(PLAIN, ("Cache-Control", "public")), policy)

    preflight = call(app, method="OPTIONS", HTTP_ORIGIN="https://a.example", HTTP_ACCESS_CONTROL_REQUEST_METHOD="GET")
    assert preflight.status == "204 No Content"
    assert call(app, HTTP_AUTHORIZATION="x").values("Cache-Control") == ["private"]
    assert call(app, AUTH_TYPE="Basic").values("Cache-Control") == ["private"]
    assert call(app).values("Cache-Control") == ["public"]
