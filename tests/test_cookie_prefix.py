"""Prefixes both ways: what leaves under CookieRule(prefix=...), and what the application sees of the Cookie field."""

from __future__ import annotations

import unicodedata
from typing import Any

import pytest
from assertions import assert_value
from cookie_exchange import ABSENT, Exchange, everything, site, told
from user_agent import EXPIRED, STORED, Request, cookie_field, outcome, read

from wsgi_headers import CookieAttributes, CookieRule, HeadersMiddleware, Match, Policy, PolicyError, Rule

pytestmark = pytest.mark.usefixtures("each_loop")

AGENT = Request("https", "app.example", "/app/page")
PREFIXES = ("__Host-", "__Secure-", "__Http-", "__Host-Http-")
HOST = CookieRule("sid", prefix="__Host-")
SECURE = CookieRule("sid", prefix="__Secure-")
HTTP = CookieRule("sid", prefix="__Http-")
HOST_HTTP = CookieRule("sid", prefix="__Host-Http-")
MIGRATING = CookieRule("sid", prefix="__Host-", insecure_accept_unprefixed=True)

# The parts, and what leaves of each line of the application.
OUT: dict[str, tuple[tuple[Any, ...], dict[str, str]]] = {
    "what __Host- demands": (
        (HOST,),
        {
            "sid=1": "__Host-sid=1; Path=/; Secure",
            "sid=1; Path=/": "__Host-sid=1; Path=/; Secure",
            "sid=1; path=/; secure": "__Host-sid=1; path=/; secure",
            "sid=1; Path=/app": "__Host-sid=1; Path=/; Secure",
            "sid=1; Path": "__Host-sid=1; Path=/; Secure",
            "sid=1; Path=/; Path=/app": "__Host-sid=1; Path=/; Secure",
            "sid=1; Path=/app; Path=/": "__Host-sid=1; Path=/app; Path=/; Secure",
            "sid=1; Domain=app.example": "__Host-sid=1; Path=/; Secure",
            "sid=1; Domain=": "__Host-sid=1; Path=/; Secure",
            "sid=1; Domain": "__Host-sid=1; Path=/; Secure",
            "sid=1; Secure; Domain=a; domain=b; Path=/": "__Host-sid=1; Secure; Path=/",
            "sid=1; HttpOnly; SameSite=Strict; Foo=bar": (
                "__Host-sid=1; HttpOnly; SameSite=Strict; Foo=bar; Path=/; Secure"
            ),
            "sid=1; Max-Age=60; Partitioned; Secure": "__Host-sid=1; Max-Age=60; Partitioned; Secure; Path=/",
        },
    ),
    "what __Secure- demands": (
        (SECURE,),
        {
            "sid=1": "__Secure-sid=1; Secure",
            "sid=1; Path=/app; Domain=app.example": "__Secure-sid=1; Path=/app; Domain=app.example; Secure",
            "sid=1; SECURE": "__Secure-sid=1; SECURE",
        },
    ),
    "what __Http- demands": (
        (HTTP,),
        {
            "sid=1": "__Http-sid=1; Secure; HttpOnly",
            "sid=1; httponly; Path=/app": "__Http-sid=1; httponly; Path=/app; Secure",
        },
    ),
    "what __Host-Http- demands": (
        (HOST_HTTP,),
        {
            "sid=1": "__Host-Http-sid=1; Path=/; Secure; HttpOnly",
            "sid=1; Domain=app.example; Path=/app": "__Host-Http-sid=1; Path=/; Secure; HttpOnly",
        },
    ),
    "deletions": (
        (HOST,),
        {
            "sid=; Max-Age=0": "__Host-sid=; Max-Age=0; Path=/; Secure",
            "sid=; Path=/app; Expires=Thu, 01 Jan 1970 00:00:00 GMT": (
                "__Host-sid=; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Secure"
            ),
            'sid=""; Domain=app.example; Max-Age=0; Path=/': '__Host-sid=""; Max-Age=0; Path=/; Secure',
        },
    ),
    "deletions of a cookie that scripts must not write": (
        (HOST_HTTP,),
        {"sid=; Max-Age=0": "__Host-Http-sid=; Max-Age=0; Path=/; Secure; HttpOnly"},
    ),
    "blanks and odd values stay": (
        (HOST,),
        {
            " sid=1; Path=/": " __Host-sid=1; Path=/; Secure",
            '\tsid = "a b"; Path=/': '\t__Host-sid = "a b"; Path=/; Secure',
            "sid=": "__Host-sid=; Path=/; Secure",
            "sid=a=b=": "__Host-sid=a=b=; Path=/; Secure",
            "sid=sid=1": "__Host-sid=sid=1; Path=/; Secure",
            "sid=\xe9\xff": "__Host-sid=\xe9\xff; Path=/; Secure",
            "sid=1;": "__Host-sid=1; Path=/; Secure",
        },
    ),
    "other names stay as they are": (
        (HOST,),
        {
            line: line
            for line in ("SID=1", "Sid=1", "sid2=1", "asid=1", "sid", "=sid", "=sid=1", "a=sid=1", "a=1; sid=1", "")
        },
    ),
    "each name its own prefix": (
        (HOST, CookieRule("csrf", prefix="__Secure-")),
        {"sid=1": "__Host-sid=1; Path=/; Secure", "csrf=1": "__Secure-csrf=1; Secure", "theme=1": "theme=1"},
    ),
    "with the attributes of other parts": (
        (CookieAttributes(secure=True, http_only=True, same_site="Lax"), HOST),
        {"sid=1": "__Host-sid=1; Path=/; Secure; HttpOnly; SameSite=Lax"},
    ),
    "with the attributes of the same part": (
        (CookieRule("sid", prefix="__Host-", http_only=True, max_age=60, partitioned=True, path="/", domain=False),),
        {"sid=1; Max-Age=99": "__Host-sid=1; Max-Age=60; Path=/; Secure; HttpOnly; Partitioned"},
    ),
    "a domain and a path under __Secure-": (
        (CookieRule("sid", prefix="__Secure-", domain="app.example", path="/app"),),
        {"sid=1": "__Secure-sid=1; Path=/app; Domain=app.example; Secure"},
    ),
    "whatever earlier parts say": (
        (CookieAttributes(secure=False, path="/app", domain="app.example"), HOST),
        {"sid=1": "__Host-sid=1; Path=/; Secure", "sid=1; Secure": "__Host-sid=1; Secure; Path=/"},
    ),
    "whatever later parts say": (
        (HOST, CookieAttributes(secure=False, path="/app", domain="app.example")),
        {"sid=1": "__Host-sid=1; Path=/; Secure", "sid=1; Secure": "__Host-sid=1; Secure; Path=/"},
    ),
    "HttpOnly whatever parts say": (
        (HOST_HTTP, CookieAttributes(http_only=False)),
        {"sid=1; HttpOnly": "__Host-Http-sid=1; HttpOnly; Path=/; Secure"},
    ),
    "of two prefixes the last": ((HOST, SECURE), {"sid=1; Path=/app": "__Secure-sid=1; Path=/app; Secure"}),
    "a later part without opinion": (
        (HOST, CookieRule("sid", http_only=True)),
        {"sid=1": "__Host-sid=1; Path=/; Secure; HttpOnly"},
    ),
    "another part exempts": (
        (HOST, CookieRule("sid", exempt=True)),
        {"sid=1; Path=/app": "sid=1; Path=/app"},
    ),
    "the part that exempts": (
        (CookieAttributes(http_only=True), CookieRule("sid", prefix="__Host-", exempt=True)),
        {"sid=1": "__Host-sid=1; Path=/; Secure"},
    ),
    "exempt from an attribute that the prefix does not ask for": (
        (CookieAttributes(http_only=True), HOST, CookieRule("sid", exempt=("http_only",))),
        {"sid=1": "__Host-sid=1; Path=/; Secure"},
    ),
    "the application names a cookie with a prefix": (
        (CookieAttributes(secure=False, http_only=False, path="/app", domain="app.example"),),
        {
            "__Host-a=1; Path=/; Secure": "__Host-a=1; Path=/; Secure",
            "__host-a=1; Path=/; Secure": "__host-a=1; Path=/; Secure",
            "__Host-Http-a=1; Path=/; Secure; HttpOnly": "__Host-Http-a=1; Path=/; Secure; HttpOnly",
        },
    ),
}
OUT_ROWS = [
    pytest.param(parts, before, after, id=f"{row}: {before!r}")
    for row, (parts, lines) in OUT.items()
    for before, after in lines.items()
]


@pytest.mark.parametrize("scheme", ["https", "http"])
@pytest.mark.parametrize(("parts", "before", "after"), OUT_ROWS)
def test_out(parts: tuple[Any, ...], before: str, after: str, scheme: str) -> None:
    """The cookie is renamed and given what its prefix demands, Secure on http too; the rest stays as it was."""
    exchange = site(*parts)

    for _ in range(2):  # what is remembered of the first one must not change the second
        assert exchange(None, before, scheme=scheme).lines == [after]


@pytest.mark.parametrize("name", ["Http-sid", "http-sid", "HTTP-"])
def test_a_name_that_makes_a_longer_prefix(name: str) -> None:
    """The browser reads `__Host-Http-` then, and asks for HttpOnly too."""
    (after,) = site(CookieRule(name, prefix="__Host-"))(None, f"{name}=1").lines

    assert after == f"__Host-{name}=1; Path=/; Secure; HttpOnly"
    assert outcome(read(after, AGENT), AGENT) == STORED
    with pytest.raises(PolicyError):
        CookieRule(name, prefix="__Host-", http_only=False)


def test_secure_on_https_alone_does_not_hold_for_a_prefix() -> None:
    """A browser refuses a prefixed cookie without Secure, and a TLS proxy may stand in front."""
    exchange = site(CookieAttributes(secure="https"), HOST)

    assert exchange(None, "sid=1", "a=1", scheme="http").lines == ["__Host-sid=1; Path=/; Secure", "a=1"]
    assert exchange(None, "sid=1", "a=1", scheme="https").lines == ["__Host-sid=1; Path=/; Secure", "a=1; Secure"]


LINES = (
    "sid=1",
    "sid=1; Path=/app/; Domain=app.example; SameSite=None",
    "sid=1; Domain=other.example; path=app; Domain=app.example; Path=/; Max-Age=99",
    " sid=1; Secure=no; domain=.app.example; Expires=Fri, 01 Jan 2100 00:00:00 GMT",
    "sid=1; Domain; Path; Partitioned",
)
OTHERS = {
    "alone": CookieAttributes(),
    "beside what contradicts": CookieAttributes(secure=False, http_only=False, path="/app", domain="app.example"),
    "beside SameSite=None": CookieAttributes(insecure_same_site="None"),
    "beside exemptions": CookieRule("sid", exempt=("http_only", "same_site", "max_age", "partitioned")),
}


@pytest.mark.parametrize("line", LINES)
@pytest.mark.parametrize("prefix", PREFIXES)
@pytest.mark.parametrize("other", OTHERS.values(), ids=OTHERS)
def test_a_browser_stores_what_leaves(line: str, prefix: str, other: Any) -> None:
    """Whatever the application wrote, the line satisfies its prefix, and so does the line that deletes it."""
    for parts in ((CookieRule("sid", prefix=prefix), other), (other, CookieRule("sid", prefix=prefix))):
        for given, verdict in ((line, STORED), (f"{line}; Max-Age=0", EXPIRED)):
            (after,) = site(*parts)(None, given).lines
            cookie = read(after, AGENT)
            assert cookie is not None and cookie.name == f"{prefix}sid"
            assert outcome(cookie, AGENT, chips=True) == verdict


def test_several_lines() -> None:
    """Lines keep their order, twice the same name stays twice, and no other line is touched."""
    after = site(HOST)(
        None, "a=1", "sid=1", "sid=2; Path=/app", "b=1", more=[("X-Cookie", "sid=1"), ("set-cookie", "sid=3")]
    )

    assert after.head == [
        ("Content-Type", "text/plain"),
        ("Set-Cookie", "a=1"),
        ("Set-Cookie", "__Host-sid=1; Path=/; Secure"),
        ("Set-Cookie", "__Host-sid=2; Path=/; Secure"),
        ("Set-Cookie", "b=1"),
        ("X-Cookie", "sid=1"),
        ("set-cookie", "__Host-sid=3; Path=/; Secure"),
    ]


def test_a_line_that_the_rule_does_not_name_is_the_same_object() -> None:
    """Nothing is copied for nothing."""
    line = "theme=dark; Path=/"

    assert site(HOST)(None, line).lines[0] is line


# The parts, and what the application sees of each Cookie field.
IN: dict[str, tuple[tuple[Any, ...], dict[str, str | None]]] = {
    "the bare name": (
        (HOST,),
        {
            "__Host-sid=1": "sid=1",
            "a=1; __Host-sid=1; b=2": "a=1; sid=1; b=2",
            "__Host-sid=": "sid=",
            '__Host-sid="a b"': 'sid="a b"',
            "__Host-sid=a=b": "sid=a=b",
            "__Host-sid=__Host-sid=1": "sid=__Host-sid=1",
            "__Host-sid=\xe9\xff": "sid=\xe9\xff",
        },
    ),
    "the rest stays byte for byte": (
        (HOST,),
        {
            'a=1;b="x, y";  c ; =d;;e=\xe9 ;__Host-sid=1;f = 1; ': 'a=1;b="x, y";  c ; =d;;e=\xe9 ;sid=1;f = 1; ',
            "$Version=1; __Host-sid=1; $Path=/": "$Version=1; sid=1; $Path=/",
            "SID=1; Sid=1; sid2=1; asid=1; a=sid=1": "SID=1; Sid=1; sid2=1; asid=1; a=sid=1",
            "a=__Host-sid; __Host-sid2=1": "a=__Host-sid; __Host-sid2=1",
            "__host-sid=1; __HOST-sid=1; __Host-SID=1": "__host-sid=1; __HOST-sid=1; __Host-SID=1",
            "__Secure-sid=1; __Http-sid=1; __Host-Http-sid=1": "__Secure-sid=1; __Http-sid=1; __Host-Http-sid=1",
            "a=b,sid=evil; c=d,__Host-sid=evil": "a=b,sid=evil; c=d,__Host-sid=evil",
            "=sid=evil; =__Host-sid=evil": "=sid=evil; =__Host-sid=evil",
            "s\xefd=1; \xa0a=1; sid%20=1; %73id=1": "s\xefd=1; \xa0a=1; sid%20=1; %73id=1",
            "s id=1; si\xa0d=1": "s id=1; si\xa0d=1",
            "a=1": "a=1",
        },
    ),
    "without the prefix it is dropped": (
        (HOST,),
        {
            "sid=evil": ABSENT,
            "sid=evil; sid=more": ABSENT,
            "sid=": ABSENT,
            "a=1; sid=evil": "a=1",
            "a=1; sid=evil; b=2": "a=1; b=2",
            "a=1;sid=evil;b=2": "a=1;b=2",
            "sid=evil; a=1": "a=1",
            "sid=evil; __Host-sid=1": "sid=1",
            "__Host-sid=1; sid=evil": "sid=1",
            "sid=evil; a=1; __Host-sid=1; sid=more; b=2": "a=1; sid=1; b=2",
            "sid =evil; a=1": "a=1",
            "a=1;\tsid\t=evil": "a=1",
        },
    ),
    "a quotation mark hides nothing": (
        (HOST,),
        {
            'a="x; sid=evil; b=y"': 'a="x; b=y"',
            'a="x; __Host-sid=1; b=y"': 'a="x; sid=1; b=y"',
        },
    ),
    "repeated ones stay in order": (
        (HOST,),
        {
            "__Host-sid=1; __Host-sid=2": "sid=1; sid=2",
            "__Host-sid=2; a=1; __Host-sid=1; sid=3; __Host-sid=2": "sid=2; a=1; sid=1; sid=2",
        },
    ),
    "each prefix for itself": (
        (
            CookieRule("a", prefix="__Host-"),
            CookieRule("b", prefix="__Secure-"),
            CookieRule("c", prefix="__Host-Http-"),
        ),
        {
            "__Host-a=1; __Secure-b=2; __Host-Http-c=3": "a=1; b=2; c=3",
            "__Secure-a=1; __Host-b=2; __Http-c=3": "__Secure-a=1; __Host-b=2; __Http-c=3",
            "a=1; b=2; c=3; d=4": "d=4",
        },
    ),
    "while migrating": (
        (MIGRATING,),
        {
            "sid=old": "sid=old",
            "a=1; sid=old; b=2": "a=1; sid=old; b=2",
            "__Host-sid=new": "sid=new",
            "sid=old; __Host-sid=new": "sid=new",
            "__Host-sid=new; sid=old": "sid=new",
            "sid=old; a=1; __Host-sid=new; sid=older; __Host-sid=newer": "a=1; sid=new; sid=newer",
            "sid=old; sid=older": "sid=old; sid=older",
            "\xa0sid=evil": ABSENT,
            "\xa0__Host-sid=evil": ABSENT,
            "\xa0__Host-sid=evil; sid=old": "sid=old",
        },
    ),
    "another part exempts": (
        (HOST, CookieRule("sid", exempt=True)),
        {"sid=1": "sid=1", "__Host-sid=1": "__Host-sid=1"},
    ),
    "the part that exempts": (
        (CookieRule("sid", prefix="__Host-", exempt=True),),
        {"sid=1": ABSENT, "__Host-sid=1": "sid=1"},
    ),
    "of two prefixes the last": ((HOST, SECURE), {"__Secure-sid=1": "sid=1", "sid=1": ABSENT}),
    "no rule with a prefix": (
        (CookieAttributes(secure=True), CookieRule("sid", http_only=True)),
        {"sid=1; __Host-sid=2; \xa0sid=3;": "sid=1; __Host-sid=2; \xa0sid=3;"},
    ),
}
IN_ROWS = [
    pytest.param(parts, field, seen, id=f"{row}: {field!r}")
    for row, (parts, fields) in IN.items()
    for field, seen in fields.items()
]


@pytest.mark.parametrize(("parts", "field", "seen"), IN_ROWS)
def test_in(parts: tuple[Any, ...], field: str, seen: str | None) -> None:
    """The application sees its own name, nothing that came without the prefix, and the rest byte for byte."""
    after = site(*parts)(field)

    assert after.seen == seen
    # The environ is changed in place, and an absent field is no empty one.
    assert after.environ.get("HTTP_COOKIE") == seen
    assert ("HTTP_COOKIE" in after.environ) == (seen is not None)


def test_no_field() -> None:
    """A request without cookies gets none."""
    after = site(HOST, MIGRATING)(None)

    assert after.seen is None and "HTTP_COOKIE" not in after.environ


# What str.strip() takes off: frameworks strip names that way, some after reading the octets as UTF-8.
BLANKS = [chr(code) for code in range(0x110000) if chr(code).isspace()]
LOOKALIKES = {
    f"{name} with {position} U+{ord(blank):04X} {form}": template.format(octets)
    for name in ("sid", "__Host-sid")
    for blank in BLANKS
    for form, octets in (
        ("as latin-1", blank if blank <= "\xff" else None),
        ("as UTF-8", blank.encode().decode("latin-1") if blank > "\x7f" else None),
    )
    if octets is not None and octets not in "\t "
    for position, template in (
        ("a first", "{}" + name),
        ("a last", name + "{}"),
        ("a last and a first", "{0}" + name + "{0}"),
    )
}


def test_the_table_of_blanks_is_what_python_strips() -> None:
    """A blank that a later Unicode adds shows up here by its name."""
    assert len(BLANKS) >= 29
    assert all(unicodedata.category(blank) in ("Zs", "Zl", "Zp", "Cc") for blank in BLANKS)
    assert all(f"{blank}sid{blank}".strip() == "sid" for blank in BLANKS)


@pytest.mark.parametrize("name", LOOKALIKES.values(), ids=LOOKALIKES)
@pytest.mark.parametrize("rule", [HOST, MIGRATING], ids=["strict", "migrating"])
def test_lookalikes(name: str, rule: CookieRule) -> None:
    """A name that frameworks would trim to a protected one is dropped: no browser applies the prefix rules to it."""
    exchange = site(rule)

    assert exchange(f"{name}=evil").seen is None
    assert exchange(f"a=1; {name}=evil; __Host-sid=1").seen == "a=1; sid=1"
    assert exchange(f"{name} =evil; a=1").seen == "a=1"


@pytest.mark.parametrize(
    "blanks", ["\xa0\xa0", "\x1c\xa0", "\xa0 \xa0", "\xe2\x80\x80\xc2\xa0", "\f\v", "\xe2\x80\x80 "]
)
def test_several_blanks(blanks: str) -> None:
    """One of them or many."""
    for name in (f"{blanks}sid", f"{blanks}__Host-sid", f"__Host-sid{blanks}", f"sid{blanks}"):
        assert site(HOST)(f"{name}=evil; a=1").seen == "a=1"


@pytest.mark.parametrize("field", ["sid=SECRET; a=1", "\xa0__Host-sid=SECRET; a=1", "\xe2\x80\x80sid=SECRET; a=1"])
def test_what_is_dropped_is_logged(field: str, caplog: pytest.LogCaptureFixture) -> None:
    """With the cookie's name, never its value."""
    site(HOST)(field)

    (record,) = told(caplog)
    assert "sid" in record.getMessage()
    assert "SECRET" not in everything([record])


def test_what_a_migration_lets_in_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    """So that a site knows when the migration is over."""
    exchange = site(MIGRATING)
    exchange("__Host-sid=SECRET; a=1")
    assert told(caplog) == []

    exchange("sid=SECRET; a=1")
    (record,) = told(caplog)
    assert "sid" in record.getMessage()
    assert "SECRET" not in everything([record])


def test_a_good_request_logs_nothing(caplog: pytest.LogCaptureFixture) -> None:
    """Nor does one without cookies."""
    exchange = site(HOST, CookieRule("b", prefix="__Secure-"))
    exchange("__Host-sid=1; __Secure-b=1; c=1", "sid=1", "b=1", "c=1")
    exchange(None)

    assert told(caplog) == []


def test_under_a_path() -> None:
    """Where the rule does not hold, names go through as they are, both ways."""
    exchange = site(CookieAttributes(http_only=True), Rule(Match(path="/admin/"), HOST))

    inside = exchange("__Host-sid=1; sid=2", "sid=1", path="/admin/x")
    assert (inside.seen, inside.lines) == ("sid=1", ["__Host-sid=1; Path=/; Secure; HttpOnly"])
    for path in ("/", "/admin", "/adminx"):
        outside = exchange("__Host-sid=1; sid=2", "sid=1", path=path)
        assert (outside.seen, outside.lines) == ("__Host-sid=1; sid=2", ["sid=1; HttpOnly"])


def test_under_a_host() -> None:
    """A host is a match that both directions know."""
    exchange = site(Rule(Match(host="app.example"), HOST))

    assert exchange("__Host-sid=1").seen == "sid=1"
    assert exchange("__Host-sid=1", HTTP_HOST="other.example").seen == "__Host-sid=1"


def test_rules_of_two_paths() -> None:
    """Each path its own prefix, and a later one wins where both hold."""
    exchange = site(Rule(Match(path="/"), SECURE), Rule(Match(path="/admin/"), HOST))

    assert exchange("__Host-sid=1; __Secure-sid=2", "sid=1", path="/admin/").seen == "sid=1; __Secure-sid=2"
    assert exchange(None, "sid=1", path="/admin/").lines == ["__Host-sid=1; Path=/; Secure"]
    assert exchange("__Host-sid=1; __Secure-sid=2", path="/").seen == "__Host-sid=1; sid=2"


@pytest.mark.parametrize("status", ["200 OK", "404 Not Found", "500 Oops", "302 Found"])
def test_every_status(status: str) -> None:
    """An error page that sets the cookie sets the same one."""
    assert site(HOST, status=status)(None, "sid=1").lines == ["__Host-sid=1; Path=/; Secure"]


def both(exchange: Exchange) -> tuple[str | None, list[str]]:
    return exchange.seen, exchange.lines


def test_applied_twice() -> None:
    """Two middlewares of an equal policy are one: the outermost acts, both ways."""
    twice = site(HOST, wrap=lambda app, policy: HeadersMiddleware(HeadersMiddleware(app, policy), Policy(HOST)))

    assert both(twice("__Host-sid=1; sid=evil", "sid=1")) == ("sid=1", ["__Host-sid=1; Path=/; Secure"])


def test_around_another_policy() -> None:
    """A different policy inside works with the names that the application uses."""
    inner = Policy(CookieRule("sid", http_only=True))
    nested = site(HOST, wrap=lambda app, policy: HeadersMiddleware(HeadersMiddleware(app, inner), policy))

    assert both(nested("__Host-sid=1; sid=evil", "sid=1")) == ("sid=1", ["__Host-sid=1; HttpOnly; Path=/; Secure"])


@pytest.mark.parametrize("prefix", PREFIXES)
def test_there_and_back(prefix: str) -> None:
    """What the browser keeps of a line comes back as the application wrote it."""
    exchange = site(CookieRule("sid", prefix=prefix))
    lines = exchange(None, "a=1; Path=/", 'sid="a, b=c"; Path=/', "b=2; Path=/").lines

    field = cookie_field(lines, AGENT, AGENT)
    assert f'{prefix}sid="a, b=c"' in field
    assert exchange(field).seen == 'a=1; sid="a, b=c"; b=2'


def test_a_sibling_cannot_toss() -> None:
    """A cookie that another host of the domain sets never reaches the application as the protected one."""
    exchange = site(HOST)
    mine = exchange(None, "sid=mine").lines
    sibling = Request("https", "evil.app.example", "/")
    tossed = [
        "sid=evil; Domain=app.example; Path=/app",
        "__Host-sid=evil; Domain=app.example; Path=/app; Secure",
        "\xa0__Host-sid=evil; Domain=app.example; Path=/app",
        "\xa0sid=evil; Domain=app.example; Path=/app",
        "__host-sid=evil; Domain=app.example; Path=/app; Secure",
    ]
    # The model keeps one jar a call: what the sibling sets is stored as the host of its Domain sees it.
    stored = [line for line in tossed if outcome(read(line, sibling), sibling) == STORED]
    assert len(stored) == 3

    seen = exchange(cookie_field([*mine, *stored], AGENT, AGENT)).seen
    assert seen == "sid=mine"


# How a rule is built, and the argument that a problem names.
REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "no such prefix": ({"prefix": "Host-"}, "prefix"),
    "prefix in another case": ({"prefix": "__host-"}, "prefix"),
    "prefix without its dash": ({"prefix": "__Host"}, "prefix"),
    "prefix empty": ({"prefix": ""}, "prefix"),
    "prefix True": ({"prefix": True}, "prefix"),
    "prefix bytes": ({"prefix": b"__Host-"}, "prefix"),
    "prefix a tuple": ({"prefix": ("__Host-",)}, "prefix"),
    "__Host- with a domain": ({"prefix": "__Host-", "domain": "app.example"}, "domain"),
    "__Host- with another path": ({"prefix": "__Host-", "path": "/app"}, "path"),
    "__Host-Http- with a domain": ({"prefix": "__Host-Http-", "domain": "app.example"}, "domain"),
    "__Host-Http- with another path": ({"prefix": "__Host-Http-", "path": "/app"}, "path"),
    "secure False": ({"prefix": "__Secure-", "secure": False}, "secure"),
    "secure False under __Host-": ({"prefix": "__Host-", "secure": False}, "secure"),
    "insecure_accept_unprefixed 1": (
        {"prefix": "__Host-", "insecure_accept_unprefixed": 1},
        "insecure_accept_unprefixed",
    ),
}


@pytest.mark.parametrize(("options", "argument"), REFUSED.values(), ids=REFUSED)
def test_refused(options: dict[str, Any], argument: str) -> None:
    """What contradicts the prefix is refused, with the argument's name and what to do instead."""
    with pytest.raises(PolicyError) as raised:
        CookieRule("sid", **options)

    (problem,) = raised.value.problems
    assert argument in f"{problem.where} {problem.reason}" and "'sid'" in problem.where
    assert problem.code.startswith("cookie.") and problem.reason and problem.fix


@pytest.mark.parametrize("name", ["*", "s*", "*d", "*i*"])
@pytest.mark.parametrize("prefix", PREFIXES)
def test_a_glob_with_a_prefix_is_refused(name: str, prefix: str) -> None:
    """On the way in nobody could say which names are meant."""
    with pytest.raises(PolicyError) as raised:
        CookieRule(name, prefix=prefix)

    (problem,) = raised.value.problems
    assert problem.fix


def test_every_contradiction_at_once() -> None:
    """One error for the whole part."""
    with pytest.raises(PolicyError) as raised:
        CookieRule("sid", prefix="__Host-", domain="app.example", path="/app", secure=False)

    told = [f"{problem.where} {problem.reason}" for problem in raised.value.problems]
    assert len(told) == 3
    assert all(any(argument in text for text in told) for argument in ("domain", "path", "secure"))


def test_did_you_mean() -> None:
    """A prefix that is nearly right is answered with the right one."""
    with pytest.raises(PolicyError, match="__Host-"):
        CookieRule("sid", prefix="__host-")


MATCHES = {
    "method": Match(method="POST"),
    "scheme": Match(scheme="https"),
    "when": Match(when=bool),
    "status": Match(status="2xx"),
    "media type": Match(media_type="text/html"),
    "status beside a path": Match(path="/admin/", status=200),
}


@pytest.mark.parametrize("match", MATCHES.values(), ids=MATCHES)
@pytest.mark.parametrize(
    "within",
    [
        lambda match: Policy(Rule(match, HOST)),
        lambda match: Policy(Rule(Match(path="/"), Rule(match, HOST))),
        lambda match: Policy(Rule(match, Policy(CookieAttributes(), Rule(Match(path="/"), HOST)))),
    ],
    ids=["directly", "around a path", "nested"],
)
def test_matches_that_cannot_hold_both_ways(match: Match, within: Any) -> None:
    """The way in and the way out must be the same for every request that could carry the cookie."""
    with pytest.raises(PolicyError) as raised:
        within(match)

    assert any("prefix" in f"{problem.where} {problem.reason}" for problem in raised.value.problems)


@pytest.mark.parametrize("match", MATCHES.values(), ids=MATCHES)
@pytest.mark.parametrize("argument", ["insecure_accept_unprefixed", "insecure_accept_unsigned"])
def test_a_migration_under_such_a_match(match: Match, argument: str) -> None:
    """Nor may a part that only says what is let in: it would hold on one way alone."""
    with pytest.raises(PolicyError) as raised:
        Rule(match, CookieRule("sid", **{argument: True}))

    (problem,) = raised.value.problems
    assert problem.where == f"CookieRule('sid').{argument}"
    assert problem.fix


@pytest.mark.parametrize("match", [Match(path="/a/"), Match(host="*.example"), Match(path="/a", host="a.example")])
def test_matches_that_can(match: Match) -> None:
    """A path and a host are known on both ways."""
    assert site(Rule(match, HOST))("sid=1", HTTP_HOST="other.test").seen == "sid=1"


@pytest.mark.parametrize(
    ("line", "leaves"),
    [
        ("sid=1", ["__Host-sid=1; Path=/; Secure"]),
        ("sid=; Max-Age=0; Path=/app", ["__Host-sid=; Max-Age=0; Path=/; Secure", "sid=; Max-Age=0; Path=/app"]),
        (
            "sid=; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Domain=app.example",
            [
                "__Host-sid=; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Path=/; Secure",
                "sid=; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Domain=app.example",
            ],
        ),
    ],
    ids=["set", "deleted by age", "deleted by date"],
)
def test_a_deletion_while_migrating_deletes_both(line: str, leaves: list[str]) -> None:
    """The browser may have the cookie under both names; each is deleted where it was set."""
    assert site(MIGRATING)(None, line).lines == leaves
    assert site(HOST)(None, line).lines == leaves[:1]


def test_a_cookie_without_a_prefix_is_deleted_once() -> None:
    """A rule for many names may let unprefixed ones in; that says nothing of those which have no prefix."""
    exchange = site(HOST, CookieRule("s*", insecure_accept_unprefixed=True, signing_key="the signing key of the tests"))

    assert exchange(None, "sa=; Max-Age=0", "a=; Max-Age=0").lines == ["sa=; Max-Age=0", "a=; Max-Age=0"]


def test_a_logout_while_migrating() -> None:
    """After it the application sees neither the old cookie nor the new one."""
    exchange = site(MIGRATING, CookieAttributes(http_only=True))
    old = exchange(None).lines + ["sid=old; Path=/"]
    new = exchange(None, "sid=new; Path=/").lines
    assert exchange(cookie_field([*old, *new], AGENT, AGENT)).seen == "sid=new"

    deleted = exchange(None, "sid=; Max-Age=0; Path=/").lines
    assert deleted[1] == "sid=; Max-Age=0; Path=/; HttpOnly"
    assert cookie_field([*old, *new, *deleted], AGENT, AGENT) == ""


ACCEPTED = (
    "CookieRule('sid', prefix='__Host-')",
    "CookieRule('sid', secure=True, http_only=True, path='/', domain=False, prefix='__Host-Http-')",
    "CookieRule('sid', path='/app', domain='app.example', prefix='__Secure-', insecure_accept_unprefixed=True)",
)


@pytest.mark.parametrize("text", ACCEPTED)
def test_value(text: str) -> None:
    """The repr pastes back, whatever the order of the arguments in it."""
    rule = eval(text)

    assert_value(rule)
    assert rule != CookieRule("sid")
