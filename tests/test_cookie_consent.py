"""Consent: which cookies are withheld until the consent cookie grants their category, and what is said about it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest
from assertions import assert_value
from cookie_exchange import Exchange, everything, signed, site, told
from wsgi import environ_for, run

from wsgi_headers import (
    CookieAttributes,
    CookieConsent,
    CookieRule,
    HeadersMiddleware,
    Match,
    Policy,
    PolicyError,
    Remove,
    Rule,
    Set,
)

KEY = "the signing key of the tests"

ANALYTICS = CookieRule("ga", category="analytics")
MARKETING = CookieRule("ad*", category="marketing")
CONSENT = CookieConsent(necessary=("sid",))
SITE = (ANALYTICS, MARKETING, CONSENT)
LINES = ("ga=1; Path=/", "ad1=1", "sid=1; Path=/", "theme=1")
ALL = ("ga", "ad1", "sid", "theme")


def names(exchange: Exchange) -> tuple[str, ...]:
    return tuple(line.partition("=")[0].strip() for line in exchange.lines)


def varies(exchange: Exchange) -> list[str]:
    return [value for name, value in exchange.head if name.lower() == "vary"]


# The Cookie field, and the cookies that leave of ga (analytics), ad1 (marketing), sid (necessary) and theme (unknown).
GRANTED: dict[str, tuple[str | None, tuple[str, ...]]] = {
    "no Cookie field": (None, ("sid",)),
    "an empty Cookie field": ("", ("sid",)),
    "no consent cookie": ("sid=1; ga=1", ("sid",)),
    "consent to nothing": ("consent=", ("sid",)),
    "consent without equals sign": ("consent", ("sid",)),
    "one category": ("consent=analytics", ("ga", "sid")),
    "another category": ("consent=marketing", ("ad1", "sid")),
    "both": ("consent=analytics.marketing", ("ga", "ad1", "sid")),
    "both in another order": ("consent=marketing.analytics", ("ga", "ad1", "sid")),
    "one of many": ("consent=a.b.analytics.c", ("ga", "sid")),
    "an unknown category": ("consent=functional", ("sid",)),
    "dots around": ("consent=.analytics.", ("ga", "sid")),
    "two dots": ("consent=x..analytics", ("ga", "sid")),
    "everything": ("consent=*", ALL),
    "among other cookies": ("a=1; consent=analytics; b=2", ("ga", "sid")),
    "blanks around it": ("a=1;  consent = analytics ;b=2", ("ga", "sid")),
    "the category in another case": ("consent=Analytics", ("sid",)),
    "the cookie in another case": ("Consent=analytics; CONSENT=*", ("sid",)),
    "a longer category": ("consent=analytics2", ("sid",)),
    "a shorter category": ("consent=analytic", ("sid",)),
    "commas": ("consent=analytics,marketing", ("sid",)),
    "in a value": ("a=consent=analytics", ("sid",)),
    "nameless": ("=consent=analytics", ("sid",)),
    "several, the same": ("consent=analytics; consent=analytics", ("ga", "sid")),
    "several, what all grant": ("consent=analytics.marketing; consent=x.marketing", ("ad1", "sid")),
    "several, nothing in common": ("consent=analytics; consent=marketing", ("sid",)),
    "several, one of them empty": ("consent=analytics.marketing; consent=", ("sid",)),
    "several, one of them everything": ("consent=*; a=1; consent=analytics", ("ga", "sid")),
    "several, one of them everything, last": ("consent=analytics; consent=*", ("ga", "sid")),
    "several times everything": ("consent=*; consent=*", ALL),
    "three": ("consent=analytics.marketing; consent=*; consent=marketing", ("ad1", "sid")),
    "octets that are no UTF-8": ("consent=\xe9\xff; \xe9=1", ("sid",)),
}


@pytest.mark.parametrize(("field", "left"), GRANTED.values(), ids=GRANTED)
def test_what_is_granted(field: str | None, left: tuple[str, ...]) -> None:
    """A category is granted by name; necessary cookies always leave, unknown ones under `*` alone."""
    exchange = site(*SITE)

    after = exchange(field, *LINES)
    assert names(after) == left
    assert set(after.lines) <= set(LINES)
    assert varies(after) == ["Cookie"]
    # Consent changes nothing of what the application sees.
    assert after.seen == field


POLICIES: dict[str, tuple[tuple[Any, ...], str | None, tuple[str, ...]]] = {
    "unknown ones are sent": ((ANALYTICS, CookieConsent(unknown="send")), None, ("ad1", "sid", "theme")),
    "nothing said of any cookie": ((CookieConsent(),), None, ()),
    "nothing said of any cookie, everything granted": ((CookieConsent(),), "consent=*", ALL),
    "a category is no consent to unknown ones": ((CookieConsent(),), "consent=analytics", ()),
    "another consent cookie": (
        (ANALYTICS, CookieConsent(cookie="cc", necessary=["sid"])),
        "cc=analytics",
        ("ga", "sid"),
    ),
    "the usual name where another is given": ((ANALYTICS, CookieConsent(cookie="cc")), "consent=analytics", ()),
    "necessary wins over a category": ((ANALYTICS, CookieConsent(necessary=("ga",))), None, ("ga",)),
    "necessary is case-sensitive": ((CookieConsent(necessary=("GA", "sid")),), None, ("sid",)),
    "a category for all": ((CookieRule("*", category="all"), CONSENT), "consent=all", ALL),
    "a category for all, not granted": ((CookieRule("*", category="all"), CONSENT), None, ("sid",)),
    "of two categories the last": (
        (CookieRule("*", category="marketing"), ANALYTICS, CONSENT),
        "consent=analytics",
        ("ga", "sid"),
    ),
    "of two categories the last, though more general": (
        (ANALYTICS, CookieRule("*", category="marketing"), CONSENT),
        "consent=analytics",
        ("sid",),
    ),
    "a later rule without category": ((*SITE, CookieRule("ga", http_only=None)), "consent=analytics", ("ga", "sid")),
    "consent before the categories": ((CONSENT, ANALYTICS, MARKETING), "consent=marketing", ("ad1", "sid")),
    "consent in a nested policy": ((Policy(CONSENT), Policy(ANALYTICS, MARKETING)), "consent=analytics", ("ga", "sid")),
    "no consent asked for": ((CookieAttributes(),), None, ALL),
    "removed whatever is granted": ((*SITE, CookieRule("ga", remove=True)), "consent=*", ("ad1", "sid", "theme")),
    "exempt from other parts": ((CONSENT, CookieRule("theme", exempt=True)), None, ("sid", "theme")),
}


@pytest.mark.parametrize(("parts", "field", "left"), POLICIES.values(), ids=POLICIES)
def test_policies(parts: tuple[Any, ...], field: str | None, left: tuple[str, ...]) -> None:
    """What is unknown, necessary and categorised, and who speaks last."""
    assert names(site(*parts)(field, *LINES)) == left


DELETIONS = (
    "ga=; Max-Age=0",
    "ga=1; max-age=-5; Path=/",
    'ad1=""; expires=Thu, 01 Jan 1970 00:00:00 GMT; Path=/',
    "theme=; Expires=Thu, 01-Jan-70 00:00:00 GMT; Max-Age=x",
)
NO_DELETIONS = (
    "ga=",
    "ga=; Max-Age=60; Expires=Thu, 01 Jan 1970 00:00:00 GMT",
    "theme=; Max-Age=0; Max-Age=60",
    "ad1=; Expires=Fri, 01 Jan 2100 00:00:00 GMT",
)


def test_deletions_pass() -> None:
    """A cookie that must not be set may always be deleted, by a line that browsers read as a deletion."""
    exchange = site(*SITE)

    assert exchange(None, *DELETIONS).lines == list(DELETIONS)
    assert exchange(None, *NO_DELETIONS).lines == []


# The Cookie field, the lines, and the cookies that leave: a response that sets the consent cookie decides for itself.
RESPONSES: dict[str, tuple[str | None, tuple[str, ...], tuple[str, ...]]] = {
    "granting": (None, ("consent=analytics; Path=/", "ga=1", "ad1=1"), ("consent", "ga")),
    "granting after the cookie": (None, ("ga=1", "ad1=1", "consent=analytics"), ("ga", "consent")),
    "granting everything": (None, ("consent=*", "ga=1", "theme=1"), ("consent", "ga", "theme")),
    "granting nothing": ("consent=*", ("consent=", "ga=1", "theme=1", "sid=1"), ("consent", "sid")),
    "granting something else": ("consent=analytics", ("consent=marketing", "ga=1", "ad1=1"), ("consent", "ad1")),
    "withdrawing": ("consent=*", ("consent=; Max-Age=0", "ga=1", "sid=1"), ("consent", "sid")),
    "withdrawing by date": (
        "consent=analytics",
        ("ga=1", "consent=analytics; Expires=Thu, 01 Jan 1970 00:00:00 GMT"),
        ("consent",),
    ),
    "withdrawing without consent": (None, ("consent=x; Max-Age=0", "ga=1"), ("consent",)),
    "printed with a blank": (None, (" consent=analytics; Path=/", " ga=1"), ("consent", "ga")),
    "the attributes do not matter": (None, ("consent=analytics; Max-Age=60; Secure; Foo", "ga=1"), ("consent", "ga")),
    "another cookie": ("consent=analytics", ("Consent=", "consent2=", "ga=1"), ("ga",)),
}


@pytest.mark.parametrize(("field", "lines", "left"), RESPONSES.values(), ids=RESPONSES)
def test_responses_that_set_consent(field: str | None, lines: tuple[str, ...], left: tuple[str, ...]) -> None:
    """What the response says of consent holds for its own cookies, wherever the line stands; it is always necessary."""
    assert names(site(*SITE)(field, *lines)) == left


# A form of consent that is not ours, `analytics:yes|marketing:no`, and readers of it.
def spoken(value: str) -> Iterable[str]:
    return [part.partition(":")[0] for part in value.split("|") if part.endswith(":yes")]


def unreadable(value: str) -> Iterable[str]:
    raise LookupError(f"no consent in {value}")


def later(value: str) -> Iterable[str]:
    yield "analytics"
    raise LookupError(f"no consent in {value}")


READ: dict[str, tuple[Any, str | None, tuple[str, ...]]] = {
    "one granted": (spoken, "consent=analytics:yes|marketing:no", ("ga", "sid")),
    "both granted": (spoken, "consent=analytics:yes|marketing:yes", ("ga", "ad1", "sid")),
    "none granted": (spoken, "consent=analytics:no", ("sid",)),
    "our own form is not read": (spoken, "consent=analytics.marketing", ("sid",)),
    "our own star is not read": (spoken, "consent=*", ("sid",)),
    "no consent cookie": (spoken, None, ("sid",)),
    "several consent cookies": (spoken, "consent=analytics:yes|marketing:yes; consent=marketing:yes", ("ad1", "sid")),
    "a set": (lambda value: {"analytics"}, "consent=1", ("ga", "sid")),
    "a generator": (lambda value: (part for part in ["marketing"]), "consent=1", ("ad1", "sid")),
    "nothing": (lambda value: (), "consent=1", ("sid",)),
    "raising": (unreadable, "consent=analytics", ("sid",)),
    "raising while it is read": (later, "consent=analytics", ("sid",)),
    "raising for one of two": (
        lambda value: {"a": ["analytics"]}[value],
        "consent=a; consent=b",
        ("sid",),
    ),
    "no iterable": (lambda value: 1, "consent=analytics", ("sid",)),
    "None": (lambda value: None, "consent=analytics", ("sid",)),
}


@pytest.mark.parametrize(("granted", "field", "left"), READ.values(), ids=READ)
def test_granted(granted: Any, field: str | None, left: tuple[str, ...]) -> None:
    """A callable reads any other form; where it fails, nothing is granted and the response goes out."""
    exchange = site(ANALYTICS, MARKETING, CookieConsent(necessary=("sid",), granted=granted))

    assert names(exchange(field, *LINES)) == left


def test_granted_is_given_the_value_as_it_was_sent() -> None:
    """Without the blanks around it, and otherwise octet for octet; nothing is decoded."""
    given: list[str] = []

    def granted(value: str) -> Iterable[str]:
        given.append(value)
        return ["analytics"]

    exchange = site(ANALYTICS, CookieConsent(granted=granted))
    for value in ("a%3Ab", '"a b"', "a=b", "caf\xe9", ""):
        given.clear()
        assert names(exchange(f"x=1; consent= {value} ; y=2", "ga=1")) == ("ga",)
        assert set(given) == {value}


def test_granted_reads_the_response_too() -> None:
    """The same form on both ways."""
    exchange = site(ANALYTICS, MARKETING, CookieConsent(granted=spoken))

    assert names(exchange("consent=marketing:yes", "consent=analytics:yes; Path=/", *LINES)) == ("consent", "ga")


def test_a_raising_callable_leaves_no_value_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    """Its exception may quote what it read."""
    exchange = site(ANALYTICS, CookieConsent(granted=unreadable))
    exchange("consent=SECRET", "ga=1")

    assert "SECRET" not in everything(told(caplog))


VARY: dict[str, tuple[tuple[str, ...], list[str]]] = {
    "no cookie": ((), []),
    "a necessary cookie": (("sid=1",), []),
    "the consent cookie": (("consent=analytics",), []),
    "a cookie that is granted or not": (("ga=1",), ["Cookie"]),
    "an unknown cookie": (("theme=1",), ["Cookie"]),
    "a necessary one and another": (("sid=1", "ga=1"), ["Cookie"]),
}


@pytest.mark.parametrize(("lines", "vary"), VARY.values(), ids=VARY)
@pytest.mark.parametrize("field", [None, "consent=analytics", "consent=*"])
def test_vary(field: str | None, lines: tuple[str, ...], vary: list[str]) -> None:
    """Where consent judged a line the response depends on the Cookie field, withheld or sent; elsewhere it does not."""
    assert varies(site(*SITE)(field, *lines)) == vary


def test_vary_is_merged() -> None:
    """The application's members stay, `Cookie` is not said twice, `*` absorbs, and no operation removes it."""
    exchange = site(*SITE)

    def vary(*lines: tuple[str, str]) -> str:
        return ", ".join(varies(exchange(None, "ga=1", more=lines)))

    assert vary(("Vary", "Accept")) == "Accept, Cookie"
    assert vary(("Vary", "Accept, cookie")) == "Accept, cookie"
    assert vary(("Vary", "Accept"), ("vary", "Cookie")) == "Accept, Cookie"
    assert vary(("Vary", "*")) == "*"
    assert varies(site(*SITE, Remove("Vary"))(None, "ga=1", more=[("Vary", "Accept")])) == ["Cookie"]
    assert varies(site(Set("Vary", "Origin"), *SITE)(None, "ga=1")) == ["Origin, Cookie"]
    assert varies(site(Remove("Vary"), *SITE)(None, "sid=1", more=[("Vary", "Accept")])) == []


def test_other_lines_stay() -> None:
    """Nothing but Set-Cookie lines is withheld, and their order stays."""
    after = site(*SITE)(
        None, "ga=1", "sid=1", "sid=2", more=[("X-Cookie", "ga=1"), ("set-cookie", "ga=2"), ("Cookie", "ga=3")]
    )

    assert after.head == [
        ("Content-Type", "text/plain"),
        ("Set-Cookie", "sid=1"),
        ("Set-Cookie", "sid=2"),
        ("X-Cookie", "ga=1"),
        ("Cookie", "ga=3"),
        ("Vary", "Cookie"),
    ]


@pytest.mark.parametrize("status", ["200 OK", "302 Found", "404 Not Found", "500 Oops"])
def test_every_status(status: str) -> None:
    """An error page asks for consent too."""
    assert names(site(*SITE, status=status)(None, *LINES)) == ("sid",)


# The consent cookie under a prefix and a signature.


def test_prefixed_consent() -> None:
    """Consent is read as the application would: a sibling domain cannot grant it."""
    exchange = site(*SITE, CookieRule("consent", prefix="__Host-"))

    assert names(exchange("__Host-consent=analytics", *LINES)) == ("ga", "sid")
    assert names(exchange("consent=*", *LINES)) == ("sid",)
    assert names(exchange("consent=*; __Host-consent=analytics", *LINES)) == ("ga", "sid")
    assert names(exchange("\xa0__Host-consent=*", *LINES)) == ("sid",)
    assert names(exchange("consent=*", "consent=analytics", "ga=1", "ad1=1")) == ("__Host-consent", "ga")
    assert names(exchange("__Host-consent=*", "consent=; Max-Age=0", "ga=1")) == ("__Host-consent",)


@pytest.mark.parametrize("first", [0, 1], ids=["the bare one first", "the prefixed one first"])
def test_a_prefixed_cookie_is_judged_by_the_name_of_the_application(first: int) -> None:
    """A rule for the name that the browser gets has no say about it, wherever it stands."""
    rules = [CookieRule("a", prefix="__Host-"), CookieRule("__Host-a", category="marketing")]
    necessary = site(*rules[first:], *rules[:first], CookieConsent(necessary=("a",)))

    assert necessary(None, "a=1").lines == ["__Host-a=1; Path=/; Secure"]


def test_signed_consent() -> None:
    """What does not verify grants nothing."""
    exchange = site(*SITE, CookieRule("consent", signing_key=KEY))
    good = signed(KEY, "consent", "analytics")

    assert names(exchange(f"consent={good}", *LINES)) == ("ga", "sid")
    assert names(exchange("consent=*", *LINES)) == ("sid",)
    assert names(exchange(f"consent=*; consent={good}", *LINES)) == ("ga", "sid")
    assert names(exchange(f"consent={signed(KEY, 'other', '*')}", *LINES)) == ("sid",)
    after = exchange(None, "consent=analytics.marketing; Path=/", "ga=1", "ad1=1")
    assert after.lines == [f"consent={signed(KEY, 'consent', 'analytics.marketing')}; Path=/", "ga=1", "ad1=1"]


def test_a_granted_cookie_is_still_ruled() -> None:
    """Attributes, prefix and signature are added to what leaves."""
    exchange = site(
        CookieAttributes(http_only=True),
        CookieRule("ga", category="analytics", prefix="__Secure-", signing_key=KEY, same_site="Lax"),
        CookieConsent(),
    )

    assert exchange("consent=analytics", "ga=1").lines == [
        f"__Secure-ga={signed(KEY, 'ga', '1')}; Secure; HttpOnly; SameSite=Lax"
    ]
    assert exchange(None, "ga=1").lines == []
    assert exchange(None, "ga=; Max-Age=0").lines == ["__Secure-ga=; Max-Age=0; Secure; HttpOnly; SameSite=Lax"]


def test_under_a_path() -> None:
    """Where the rule does not hold, nothing is withheld and nothing varies."""
    exchange = site(Rule(Match(path="/shop/"), *SITE))

    assert names(exchange(None, *LINES, path="/shop/")) == ("sid",)
    elsewhere = exchange(None, *LINES, path="/")
    assert (names(elsewhere), varies(elsewhere)) == (ALL, [])


@pytest.mark.parametrize(
    "match", [Match(method="POST"), Match(host="*.example"), Match(scheme="https"), Match(path="/a")]
)
def test_matches_of_the_request(match: Match) -> None:
    """Consent may stand under whatever is known when the request enters."""
    assert Policy(ANALYTICS, Rule(match, CONSENT)).parts


def test_applied_twice() -> None:
    """Two middlewares of an equal policy are one."""
    exchange = site(*SITE, wrap=lambda app, policy: HeadersMiddleware(HeadersMiddleware(app, policy), Policy(*SITE)))

    after = exchange("consent=analytics", *LINES)
    assert (names(after), varies(after)) == (("ga", "sid"), ["Cookie"])


def test_around_a_policy_that_takes_a_prefix_off() -> None:
    """Different policies both act: the outer one reads the request that came to it, not what became of it inside."""
    inner = Policy(CookieRule("consent", prefix="__Host-"))
    exchange = site(
        ANALYTICS,
        CookieConsent(cookie="__Host-consent"),
        wrap=lambda app, policy: HeadersMiddleware(HeadersMiddleware(app, inner), policy),
    )

    after = exchange("__Host-consent=analytics", "ga=1")
    assert (after.seen, after.lines) == ("consent=analytics", ["ga=1"])
    assert exchange("consent=analytics", "ga=1").lines == []


@pytest.mark.parametrize("field", [None, "consent=*", "a=1"])
def test_an_application_that_changes_its_environ(field: str | None) -> None:
    """Applications may (PEP 3333): what the visitor sent decides."""

    def app(environ: Any, start_response: Any) -> Iterable[bytes]:
        environ.pop("HTTP_COOKIE", None)
        if field is not None:
            environ["HTTP_COOKIE"] = field
        start_response("200 OK", [("Content-Type", "text/plain"), ("Set-Cookie", "ga=1")])
        return [b""]

    middleware = HeadersMiddleware(app, Policy(*SITE))
    assert run(middleware, environ_for(HTTP_COOKIE="consent=analytics")).values("Set-Cookie") == ["ga=1"]
    assert run(middleware, environ_for(HTTP_COOKIE="consent=marketing")).values("Set-Cookie") == []


def test_what_is_withheld_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    """Nothing is lost silently: the cookie's name, never its value; what is sent is not told."""
    exchange = site(*SITE)
    exchange("consent=analytics.SECRET1", "ga=SECRET2", "sid=SECRET3")
    assert told(caplog) == []

    exchange("consent=SECRET1", "ga=SECRET2; Path=/", "sid=SECRET3", "theme=SECRET4")
    records = told(caplog)
    messages = [record.getMessage() for record in records]
    assert len(records) == 2 and "ga" in messages[0] and "theme" in messages[1]
    assert "SECRET" not in everything(records)


def test_deletions_are_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    """They are not withheld."""
    site(*SITE)(None, *DELETIONS)

    assert told(caplog) == []


# ASP.NET's consent tests (dotnet/aspnetcore src/Security/CookiePolicy/test/CookieConsentTests.cs) in our words; theirs
# grant all cookies by the value `yes`. What a callback for each cookie does there, a rule does here. Left out: granting
# when there is consent already (they have a call for it, which then emits nothing). A withdrawal there leaves the
# cookies set before it; here a head is judged as a whole.
def yes(value: str) -> Iterable[str]:
    return ["all"] if value == "yes" else []


ASPNET = (CookieRule("trk", category="all"), CookieConsent(necessary=("sid",), granted=yes))
ROWS: dict[str, tuple[tuple[Any, ...], str | None, tuple[str, ...], list[str]]] = {
    "001 off unless configured": ((), None, ("trk=1; path=/",), ["trk=1; path=/"]),
    "002 no consent": (ASPNET, None, ("trk=1; path=/",), []),
    "003 essential": (ASPNET, None, ("sid=1; path=/",), ["sid=1; path=/"]),
    "004 consent": (ASPNET, "consent=yes", ("trk=1; path=/",), ["trk=1; path=/"]),
    "005 another value": (ASPNET, "consent=maybe", ("trk=1; path=/",), []),
    "006 let through": ((*ASPNET, CookieRule("trk", exempt=True)), None, ("trk=1; path=/",), ["trk=1; path=/"]),
    "007 suppressed": ((*ASPNET, CookieRule("sid", remove=True)), "consent=yes", ("sid=1; path=/",), []),
    "010 withdrawing": (
        ASPNET,
        "consent=yes",
        ("consent=; Max-Age=0; path=/", "trk=2"),
        ["consent=; Max-Age=0; path=/"],
    ),
    "011 withdrawing nothing": (ASPNET, None, ("trk=1",), []),
    "012 attributes of the consent cookie": (
        (*ASPNET, CookieAttributes(same_site="Strict")),
        None,
        ("consent=yes; path=/",),
        ["consent=yes; path=/; SameSite=Strict"],
    ),
}


@pytest.mark.parametrize(("parts", "field", "lines", "left"), ROWS.values(), ids=ROWS)
def test_rows_of_aspnet(parts: tuple[Any, ...], field: str | None, lines: tuple[str, ...], left: list[str]) -> None:
    """What a site that moves here from ASP.NET expects."""
    assert site(*parts)(field, *lines).lines == left


# Refusals


@pytest.mark.parametrize("category", ["", "*", "a.b", ".", "a.", 1, True, b"analytics", ("analytics",)], ids=repr)
def test_refused_categories(category: Any) -> None:
    """A category that a consent cookie could not name."""
    with pytest.raises(PolicyError) as raised:
        CookieRule("ga", category=category)

    (problem,) = raised.value.problems
    assert "category" in problem.where and problem.fix


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "unknown": ({"unknown": "drop"}, "unknown"),
    "unknown True": ({"unknown": True}, "unknown"),
    "unknown None": ({"unknown": None}, "unknown"),
    "cookie empty": ({"cookie": ""}, "cookie"),
    "cookie None": ({"cookie": None}, "cookie"),
    "cookie with an equals sign": ({"cookie": "a=b"}, "cookie"),
    "cookie with a semicolon": ({"cookie": "a;"}, "cookie"),
    "necessary a number": ({"necessary": 1}, "necessary"),
    "necessary of numbers": ({"necessary": (1,)}, "necessary"),
    "granted no callable": ({"granted": "analytics"}, "granted"),
    "granted a list": ({"granted": ["analytics"]}, "granted"),
}


@pytest.mark.parametrize(("options", "argument"), REFUSED.values(), ids=REFUSED)
def test_refused(options: dict[str, Any], argument: str) -> None:
    """What cannot be right is refused with the argument's name."""
    with pytest.raises(PolicyError) as raised:
        CookieConsent(**options)

    assert raised.value.problems
    assert all(argument in problem.where and problem.fix for problem in raised.value.problems)


def test_every_mistake_at_once() -> None:
    """A misspelt argument included."""
    with pytest.raises(PolicyError) as raised:
        CookieConsent(cookie="", unknown="x", granted=1, neccessary=())  # type: ignore[call-arg, arg-type]

    assert len(raised.value.problems) == 4
    assert "Did you mean 'necessary'?" in str(raised.value)


def test_a_category_without_consent_is_refused_where_the_policy_is_whole() -> None:
    """A policy may be a fragment of another, so only the middleware knows."""
    fragment = Policy(ANALYTICS)
    with pytest.raises(PolicyError, match="CookieConsent") as raised:
        HeadersMiddleware(_app, fragment)
    (problem,) = raised.value.problems
    assert "analytics" in problem.value and "ga" in problem.where

    assert HeadersMiddleware(_app, Policy(fragment, CONSENT))
    assert HeadersMiddleware(_app, Policy(CONSENT, Rule(Match(path="/a/"), fragment)))
    with pytest.raises(PolicyError):
        HeadersMiddleware(_app, Policy(Rule(Match(path="/a/"), ANALYTICS)))


@pytest.mark.parametrize("match", [Match(status=200), Match(media_type="text/html"), Match(path="/a/", status="2xx")])
def test_consent_under_a_match_on_the_response_is_refused(match: Match) -> None:
    """Whether a cookie may be set is no matter of the status."""
    for within in (
        lambda: Policy(Rule(match, CONSENT)),
        lambda: Policy(Rule(Match(path="/"), Rule(match, Policy(CONSENT)))),
    ):
        with pytest.raises(PolicyError, match="CookieConsent"):
            within()


WRITTEN = (
    "CookieConsent()",
    "CookieConsent(cookie='cc', necessary=('sid', 'csrf'), unknown='send')",
    "CookieRule('ga', category='analytics')",
)


@pytest.mark.parametrize("text", WRITTEN)
def test_value(text: str) -> None:
    """Frozen, equal by value, hashable, picklable, and the repr pastes back."""
    assert_value(eval(text), text)
    assert CookieConsent(necessary=["sid"]) == CookieConsent(necessary=("sid",))
    assert CookieConsent(granted=spoken) != CookieConsent() and hash(CookieConsent(granted=spoken))


def _app(environ: Any, start_response: Any) -> Iterable[bytes]:
    start_response("200 OK", [])
    return []
