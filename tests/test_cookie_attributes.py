"""CookieAttributes: what becomes of one line, attribute by attribute, and what is refused."""

from __future__ import annotations

import time
import tracemalloc
from email.utils import formatdate
from typing import Any

import pytest
from assertions import assert_value
from cookie_lines import rewriter, rewritten

from wsgi_headers import CookieAttributes, CookieRule, HeadError, PolicyError

pytestmark = pytest.mark.usefixtures("each_loop")

HARDENED = CookieAttributes(secure=True, http_only=True, same_site="Lax")
LONG = "x" * 1025  # one octet more than user agents look at (rfc6265bis 5.6)

# The line of the application to the line that leaves on https; SAME: the very same string.
SAME = "(the same string)"

SECURE = {
    "bare": ("a=1", "a=1; Secure"),
    "there": ("a=1; Secure", SAME),
    "lower case": ("a=1; secure", SAME),
    "with a value": ("a=1; Secure=no", SAME),
    "blanks": ("a=1;\tSecure ; X", SAME),
    "repeated": ("a=1; secure; Secure", SAME),
    "quoted is another attribute": ('a=1; "Secure"', 'a=1; "Secure"; Secure'),
    "two words are another attribute": ("a=1; Secure x", "a=1; Secure x; Secure"),
    "in the value it is none": ("a=Secure", "a=Secure; Secure"),
    "quotes hide nothing": ('a="1; Secure"', 'a="1; Secure"; Secure'),
    "quotes hide nothing between semicolons": ('a="1; Secure; "', SAME),
    "over-long value": (f"a=1; Secure={LONG}; X", "a=1; Secure; X"),
    "over-long beside a good one": (f"a=1; Secure; Secure={LONG}", SAME),
    "no blank but SP and TAB": ("a=1;\xa0Secure", "a=1;\xa0Secure; Secure"),
}
SECURE_STRIPPED = {
    "bare": ("a=1; X", SAME),
    "there": ("a=1; Secure; X", "a=1; X"),
    "any spelling": ("a=1;secure=yes;\tSECURE ; X", "a=1; X"),
    "over-long": (f"a=1; Secure={LONG}", "a=1"),
    "quoted stays": ('a=1; "Secure"', SAME),
    "the last": ("a=1; X; Secure", "a=1; X"),
    "before a last semicolon": ("a=1; Secure;", "a=1;"),
}
HTTP_ONLY = {
    "bare": ("a=1", "a=1; HttpOnly"),
    "there": ("a=1; HTTPONLY", SAME),
    "with a value": ("a=1; httponly=0", SAME),
    "two words are another attribute": ("a=1; Http Only", "a=1; Http Only; HttpOnly"),
}
HTTP_ONLY_STRIPPED = {
    "bare": ("a=1", SAME),
    "there": ("a=1; HttpOnly; Secure", "a=1; Secure"),
    "repeated": ("a=1; httponly; Secure; HttpOnly=x", "a=1; Secure"),
}
LAX = {
    "absent": ("a=1", "a=1; SameSite=Lax"),
    "None": ("a=1; SameSite=None; Secure", "a=1; SameSite=Lax; Secure"),
    "Lax": ("a=1; SameSite=Lax", SAME),
    "Lax in another spelling": ("a=1; samesite = LAX", SAME),
    "Strict": ("a=1; SameSite=Strict", SAME),
    "unknown": ("a=1; SameSite=Laxer", "a=1; SameSite=Lax"),
    "quoted": ('a=1; SameSite="Strict"', "a=1; SameSite=Lax"),
    "empty": ("a=1; SameSite=", "a=1; SameSite=Lax"),
    "without value": ("a=1; SameSite", "a=1; SameSite=Lax"),
    "over-long": (f"a=1; SameSite={LONG}", "a=1; SameSite=Lax"),
    "the last counts and is strict": ("a=1; SameSite=None; SameSite=Strict", SAME),
    "the last counts and is weak": ("a=1; SameSite=Strict; X; SameSite=None", "a=1; X; SameSite=Lax"),
    "the last counts and is unknown": ("a=1; SameSite=Strict; SameSite=x", "a=1; SameSite=Lax"),
    "the last that counts is strict": (f"a=1; SameSite=Strict; SameSite={LONG}", SAME),
    "blanks and spelling stay": ("a=1;  samesite =\tnone ; X", "a=1;  samesite =\tLax ; X"),
}
STRICT = {
    "absent": ("a=1", "a=1; SameSite=Strict"),
    "None": ("a=1; SameSite=None; Secure", "a=1; SameSite=Strict; Secure"),
    "Lax": ("a=1; SameSite=lax", "a=1; SameSite=Strict"),
    "Strict": ("a=1; SameSite=strict", SAME),
}
DEFAULT_LAX = {
    "absent": ("a=1", "a=1; SameSite=Lax"),
    "None": ("a=1; SameSite=None; Secure", SAME),
    "Lax": ("a=1; SameSite=lax", SAME),
    "Strict": ("a=1; SameSite=Strict", SAME),
    "unknown": ("a=1; SameSite=x", "a=1; SameSite=Lax"),
    "without value": ("a=1; SameSite", "a=1; SameSite=Lax"),
    "over-long": (f"a=1; SameSite={LONG}", "a=1; SameSite=Lax"),
    "the last is unknown": ("a=1; SameSite=None; SameSite=x", "a=1; SameSite=Lax"),
}
STRICT_BY_DEFAULT_LAX_AT_LEAST = {
    "absent": ("a=1", "a=1; SameSite=Strict"),
    "None": ("a=1; SameSite=None; Secure", "a=1; SameSite=Lax; Secure"),
    "Lax": ("a=1; SameSite=Lax", SAME),
    "unknown": ("a=1; SameSite=x", "a=1; SameSite=Strict"),
}
LAX_BY_DEFAULT_STRICT_AT_LEAST = {
    "absent": ("a=1", "a=1; SameSite=Strict"),
    "Lax": ("a=1; SameSite=Lax", "a=1; SameSite=Strict"),
}
NONE = {
    "absent": ("a=1", "a=1; Secure; SameSite=None"),
    "Lax": ("a=1; SameSite=Lax", "a=1; SameSite=None; Secure"),
    "Strict": ("a=1; SameSite=Strict; Secure", "a=1; SameSite=None; Secure"),
    "None without Secure": ("a=1; SameSite=none", "a=1; SameSite=none; Secure"),
    "None with Secure": ("a=1; SameSite=NONE; secure", SAME),
    "the last counts": ("a=1; SameSite=None; SameSite=Lax; Secure", "a=1; SameSite=None; Secure"),
}
PATH = {
    "absent": ("a=1", "a=1; Path=/"),
    "there": ("a=1; path=/", SAME),
    "blanks": ("a=1; Path = / ", SAME),
    "another": ("a=1; Path=/x; X", "a=1; Path=/; X"),
    "no path": ("a=1; Path=x", "a=1; Path=/"),
    "empty": ("a=1; Path=", "a=1; Path=/"),
    "without value": ("a=1; Path", "a=1; Path=/"),
    "quoted": ('a=1; Path="/"', "a=1; Path=/"),
    "the last counts and is right": ("a=1; Path=/x; Path=/", SAME),
    "the last counts and is wrong": ("a=1; Path=/; X; Path=/x", "a=1; X; Path=/"),
    "over-long": (f"a=1; Path=/{LONG}", "a=1; Path=/"),
    "over-long after a right one": (f"a=1; Path=/; Path=/{LONG}", SAME),
    "over-long after a wrong one": (f"a=1; Path=/x; Path=/{LONG}", "a=1; Path=/"),
}
HOST_ONLY = {
    "absent": ("a=1; Path=/", SAME),
    "there": ("a=1; Domain=site.test; Path=/", "a=1; Path=/"),
    "every one": ("sid=1; domain=.Example.com; Domain=x.example", "sid=1"),
    "empty": ("a=1; Domain=; Domain", "a=1"),
    "over-long": (f"a=1; Domain={LONG}", "a=1"),
}
DOMAIN = {
    "absent": ("a=1", "a=1; Domain=site.test"),
    "there": ("a=1; Domain=site.test", SAME),
    "in another case": ("a=1; Domain=Site.TEST", SAME),
    "with a leading dot": ("a=1; Domain=.site.test", SAME),
    "with two leading dots": ("a=1; Domain=..site.test", "a=1; Domain=site.test"),
    "below it": ("a=1; Domain=www.site.test; X", "a=1; Domain=site.test; X"),
    "empty": ("a=1; Domain=", "a=1; Domain=site.test"),
    "without value": ("a=1; Domain", "a=1; Domain=site.test"),
    "a trailing dot": ("a=1; Domain=site.test.", "a=1; Domain=site.test"),
    "the last counts": ("a=1; Domain=site.test; Domain=x.test", "a=1; Domain=site.test"),
    "over-long": (f"a=1; Domain={LONG}", "a=1; Domain=site.test"),
}
DOTTED_DOMAIN = {
    "absent": ("a=1", "a=1; Domain=.Site.test"),
    "without the dot": ("a=1; Domain=site.test", SAME),
}
SIXTY_SECONDS = {
    "session": ("a=1", SAME),
    "shorter": ("a=1; Max-Age=59", SAME),
    "as long": ("a=1; Max-Age=60", SAME),
    "longer": ("a=1; Max-Age=61", "a=1; Max-Age=60"),
    "much longer": (f"a=1; Max-Age={'9' * 1000}; X", "a=1; Max-Age=60; X"),
    "zeros in front": (f"a=1; Max-Age={'0' * 1000}60", SAME),
    "zeros in front of a longer one": ("a=1; Max-Age=00061", "a=1; Max-Age=60"),
    "blanks and spelling stay": ("a=1; max-age = 3600 ; X", "a=1; max-age = 60 ; X"),
    "a deletion": ("a=; Max-Age=0", SAME),
    "a deletion below 0": ("a=; Max-Age=-3600", SAME),
    "a deletion by Expires": ("a=; Expires=Thu, 01 Jan 1970 00:00:00 GMT", SAME),
    "a deletion with a late Expires": ("a=; Max-Age=0; Expires=Fri, 01 Jan 2100 00:00:00 GMT", SAME),
    "Max-Age beats Expires": ("a=1; Max-Age=5; Expires=Fri, 01 Jan 2100 00:00:00 GMT", SAME),
    "Max-Age beats a past Expires": (
        "a=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=61",
        "a=1; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=60",
    ),
    "the last Max-Age counts": ("a=1; Max-Age=5; Max-Age=61", "a=1; Max-Age=60"),
    "the last Max-Age counts and is short": ("a=1; Max-Age=61; Max-Age=5", SAME),
    "unreadable is a session": ("a=1; Max-Age=1.5", SAME),
    "no plus sign": ("a=1; Max-Age=+5", SAME),
    "no digits but ASCII": ("a=1; Max-Age=6\xb2", SAME),
    "unreadable after a long one": ("a=1; Max-Age=61; Max-Age=x", "a=1; Max-Age=60"),
    "over-long is not there": (f"a=1; Max-Age=61; Max-Age={'9' * 1025}", "a=1; Max-Age=60"),
    "over-long alone is a session": (f"a=1; Max-Age={'9' * 1025}", SAME),
    "Expires": (
        "a=1; Expires=Fri, 01 Jan 2100 00:00:00 GMT; X",
        "a=1; Expires=Fri, 01 Jan 2100 00:00:00 GMT; X; Max-Age=60",
    ),
    "Expires and an unreadable Max-Age": (
        "a=1; Max-Age=x; Expires=Fri, 01 Jan 2100 00:00:00 GMT",
        "a=1; Max-Age=60; Expires=Fri, 01 Jan 2100 00:00:00 GMT",
    ),
    "unreadable Expires": ("a=1; Expires=Thu, 01 Jan 2100", SAME),
    "the last readable Expires counts": (
        "a=1; Expires=Fri, 01 Jan 2100 00:00:00 GMT; Expires=never",
        "a=1; Expires=Fri, 01 Jan 2100 00:00:00 GMT; Expires=never; Max-Age=60",
    ),
    "the last Expires counts and is past": (
        "a=1; Expires=Fri, 01 Jan 2100 00:00:00 GMT; Expires=Thu, 01 Jan 1970 00:00:00 GMT",
        SAME,
    ),
}
PARTITIONED = {
    "absent": ("a=1", "a=1; Secure; Partitioned"),
    "there": ("a=1; Partitioned", "a=1; Partitioned; Secure"),
    "there with Secure": ("a=1; partitioned; secure", SAME),
    "after SameSite": ("a=1; SameSite=None; Secure", "a=1; SameSite=None; Secure; Partitioned"),
}
PARTITIONED_STRIPPED = {
    "absent": ("a=1; Secure", SAME),
    "there": ("a=1; Secure; Partitioned; X", "a=1; Secure; X"),
}
EVERYTHING = {
    "bare": ("a=1", "a=1; Path=/; Domain=site.test; Secure; HttpOnly; SameSite=Lax; Partitioned"),
    "Expires": (
        "a=1; Expires=Fri, 01 Jan 2100 00:00:00 GMT",
        "a=1; Expires=Fri, 01 Jan 2100 00:00:00 GMT"
        "; Path=/; Domain=site.test; Max-Age=60; Secure; HttpOnly; SameSite=Lax; Partitioned",
    ),
    "some there": (
        "a=1; Partitioned; SameSite=None; Priority=High; HttpOnly; Path=/x",
        "a=1; Partitioned; SameSite=Lax; Priority=High; HttpOnly; Path=/; Domain=site.test; Secure",
    ),
}
WHOLE_LINES = {
    "empty": ("", SAME),
    "nameless": ("abc", "abc; Secure; HttpOnly; SameSite=Lax"),
    "nameless with equals sign": ("=abc", "=abc; Secure; HttpOnly; SameSite=Lax"),
    "no value": ("a=", "a=; Secure; HttpOnly; SameSite=Lax"),
    "a deletion": ("a=; Max-Age=0", "a=; Max-Age=0; Secure; HttpOnly; SameSite=Lax"),
    "a blank before the name": (" a=1; Path=/", " a=1; Path=/; Secure; HttpOnly; SameSite=Lax"),
    "blanks": ("\ta = 1 ", "\ta = 1 ; Secure; HttpOnly; SameSite=Lax"),
    "no blank after semicolons": ("a=1;Path=/", "a=1;Path=/; Secure; HttpOnly; SameSite=Lax"),
    "a last semicolon": ("a=1;", "a=1; Secure; HttpOnly; SameSite=Lax"),
    "a last semicolon and a blank": ("a=1; ", "a=1; Secure; HttpOnly; SameSite=Lax"),
    "a last semicolon where all is there": ("a=1; Secure; HttpOnly; SameSite=Lax;", SAME),
    "semicolons": ("a=1;;Path=/;;", "a=1;;Path=/;; Secure; HttpOnly; SameSite=Lax"),
    "the value stays": ('a="b\\"c%3B=\xe9\xff, d"', 'a="b\\"c%3B=\xe9\xff, d"; Secure; HttpOnly; SameSite=Lax'),
    "TAB stays": ("a=b\tc", "a=b\tc; Secure; HttpOnly; SameSite=Lax"),
    "unknown attributes and Expires stay": (
        "a=1; Foo=bar; Expires=Wed, 09 Jun 2027 10:18:14 GMT; SameSite=None; =; Baz; Comment",
        "a=1; Foo=bar; Expires=Wed, 09 Jun 2027 10:18:14 GMT; SameSite=Lax; =; Baz; Comment; Secure; HttpOnly",
    ),
    "all there in another spelling": ("a=1; SAMESITE=STRICT;httponly;Secure=1", SAME),
}

TABLES: dict[str, tuple[CookieAttributes, dict[str, tuple[str, str]]]] = {
    "secure=True": (CookieAttributes(secure=True), SECURE),
    "secure='https'": (CookieAttributes(secure="https"), SECURE),
    "secure=False": (CookieAttributes(secure=False), SECURE_STRIPPED),
    "http_only=True": (CookieAttributes(http_only=True), HTTP_ONLY),
    "http_only=False": (CookieAttributes(http_only=False), HTTP_ONLY_STRIPPED),
    "same_site='Lax'": (CookieAttributes(same_site="Lax"), LAX),
    "same_site='Strict'": (CookieAttributes(same_site="Strict"), STRICT),
    "default_same_site='Lax'": (CookieAttributes(default_same_site="Lax"), DEFAULT_LAX),
    "default_same_site='Strict', same_site='Lax'": (
        CookieAttributes(default_same_site="Strict", same_site="Lax"),
        STRICT_BY_DEFAULT_LAX_AT_LEAST,
    ),
    "default_same_site='Lax', same_site='Strict'": (
        CookieAttributes(default_same_site="Lax", same_site="Strict"),
        LAX_BY_DEFAULT_STRICT_AT_LEAST,
    ),
    "insecure_same_site='None'": (CookieAttributes(insecure_same_site="None"), NONE),
    "path='/'": (CookieAttributes(path="/"), PATH),
    "domain=False": (CookieAttributes(domain=False), HOST_ONLY),
    "domain='site.test'": (CookieAttributes(domain="site.test"), DOMAIN),
    "domain='.Site.test'": (CookieAttributes(domain=".Site.test"), DOTTED_DOMAIN),
    "max_age=60": (CookieAttributes(max_age=60), SIXTY_SECONDS),
    "partitioned=True": (CookieAttributes(partitioned=True), PARTITIONED),
    "partitioned=False": (CookieAttributes(partitioned=False), PARTITIONED_STRIPPED),
    "everything": (
        CookieAttributes(
            partitioned=True, same_site="Lax", http_only=True, secure=True, max_age=60, domain="site.test", path="/"
        ),
        EVERYTHING,
    ),
    "hardened": (HARDENED, WHOLE_LINES),
}
ROWS = [
    pytest.param(part, line, after, id=f"{table}: {row}")
    for table, (part, rows) in TABLES.items()
    for row, (line, after) in rows.items()
]


@pytest.mark.parametrize(("part", "line", "after"), ROWS)
def test_line(part: CookieAttributes, line: str, after: str) -> None:
    """What is wanted is changed or added, the rest stays; where nothing changes the same string leaves."""
    made = rewritten(line, part)

    if after == SAME:
        assert made is line
    else:
        assert made == after


BY_SCHEME = {
    "True on http": (True, "http", "a=1", "a=1; Secure"),
    "https on http": ("https", "http", "a=1", SAME),
    "https on http strips nothing": ("https", "http", "a=1; Secure", SAME),
    "https on https": ("https", "https", "a=1", "a=1; Secure"),
    "https on another scheme": ("https", "wss", "a=1", SAME),
    "False on https": (False, "https", "a=1; Secure", "a=1"),
    "False on http": (False, "http", "a=1; Secure", "a=1"),
    "None on https": (None, "https", "a=1", SAME),
    "None on https strips nothing": (None, "https", "a=1; Secure", SAME),
}


@pytest.mark.parametrize(("secure", "scheme", "line", "after"), BY_SCHEME.values(), ids=BY_SCHEME)
def test_secure_by_scheme(secure: Any, scheme: str, line: str, after: str) -> None:
    """`"https"` adds Secure to the responses of https alone; the others do what they say on both."""
    assert rewritten(line, CookieAttributes(secure=secure), scheme=scheme) == (line if after == SAME else after)


NEEDING_SECURE = {
    "SameSite=None": ({"insecure_same_site": "None"}, "a=1; Secure; SameSite=None"),
    "Partitioned": ({"partitioned": True}, "a=1; Secure; Partitioned"),
    "SameSite=None beside 'https'": ({"insecure_same_site": "None", "secure": "https"}, "a=1; Secure; SameSite=None"),
    "Partitioned beside 'https'": ({"partitioned": True, "secure": "https"}, "a=1; Secure; Partitioned"),
}


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize(("options", "after"), NEEDING_SECURE.values(), ids=NEEDING_SECURE)
def test_what_needs_secure_gets_it(options: dict[str, Any], after: str, scheme: str) -> None:
    """Browsers drop SameSite=None and Partitioned without Secure, so it comes along, on http too (R26)."""
    assert rewritten("a=1", CookieAttributes(**options), scheme=scheme) == after


def test_nothing_said() -> None:
    """None is no opinion: nothing is added, nothing stripped."""
    line = "a=1; Domain=x; Secure; HttpOnly; SameSite=None; Max-Age=9999999999; Partitioned"

    assert rewritten(line, CookieAttributes()) is line


# What the name of a cookie demands stays, whatever parts say (rfc6265bis 4.1.3; layered-cookies for the Http ones).
WEAKENING = CookieAttributes(secure=False, http_only=False, path="/x", domain="site.test")
PREFIXES = {
    "__Secure-": (
        "__Secure-a=1; Secure; HttpOnly; Path=/y",
        "__Secure-a=1; Secure; Path=/x; Domain=site.test",
    ),
    "__Host-": ("__Host-a=1; Secure; HttpOnly; Path=/", "__Host-a=1; Secure; Path=/"),
    "__Http-": ("__Http-a=1; Secure; HttpOnly", "__Http-a=1; Secure; HttpOnly; Path=/x; Domain=site.test"),
    "__Host-Http-": ("__Host-Http-a=1; Secure; HttpOnly; Path=/", SAME),
    "in another case": ("__hOST-hTTP-a=1; Secure; HttpOnly; Path=/", SAME),
    "after blanks": ("\t __Host-a=1; Secure; Path=/", SAME),
    "before blanks": ("__Host-a = 1; Secure; Path=/", SAME),
    "nothing but the prefix": ("__Host-=1; Secure; Path=/", SAME),
    "without hyphen it is a name": ("__Host=1; Secure; Path=/", "__Host=1; Path=/x; Domain=site.test"),
    "one underscore": ("_Host-a=1; Secure; Path=/", "_Host-a=1; Path=/x; Domain=site.test"),
    "further in": ("a__Host-a=1; Secure; Path=/", "a__Host-a=1; Path=/x; Domain=site.test"),
    "in the value": ("a=__Host-a; Secure; Path=/", "a=__Host-a; Path=/x; Domain=site.test"),
    "in the value of a nameless cookie": ("=__Host-a=1; Secure; Path=/", "=__Host-a=1; Path=/x; Domain=site.test"),
    "another blank before it": ("\xa0__Host-a=1; Secure; Path=/", "\xa0__Host-a=1; Path=/x; Domain=site.test"),
}


@pytest.mark.parametrize(("line", "after"), PREFIXES.values(), ids=PREFIXES)
def test_prefix_of_the_application(line: str, after: str) -> None:
    """A cookie that the application named with a prefix keeps what the prefix demands."""
    assert rewritten(line, WEAKENING) == (line if after == SAME else after)


STRENGTHENED = {
    "__Secure-": ("__Secure-a=1", "__Secure-a=1; Path=/; Secure; HttpOnly"),
    "__Host-": ("__Host-a=1; Domain=x.test; Path=/y", "__Host-a=1; Path=/; Secure; HttpOnly"),
    "__Http-": ("__Http-a=1", "__Http-a=1; Path=/; Secure; HttpOnly"),
    "__Host-Http-": ("__Host-Http-a=1; Domain=x.test", "__Host-Http-a=1; Path=/; Secure; HttpOnly"),
}


@pytest.mark.parametrize(("line", "after"), STRENGTHENED.values(), ids=STRENGTHENED)
def test_prefix_given_its_due(line: str, after: str) -> None:
    """What a policy says in the sense of the prefix holds for these cookies too."""
    assert rewritten(line, CookieAttributes(secure=True, http_only=True, path="/", domain=False)) == after


INJECTED = {
    "CR in the value": "a=1\rb",
    "LF in the value": "a=1\nSet-Cookie: b=2",
    "CRLF in the value": "a=b\r\nSet-Cookie: c=d",
    "NUL in the value": "a=b\x00",
    "LF at the end": "a=1\n",
    "LF in the name": "a\nb=1",
    "LF in a nameless one": "a\nb",
    "CR in an attribute": "a=1; Path=/\rx",
    "LF at the end of an attribute": "a=1; Secure; HttpOnly; SameSite=Lax\n",
    "NUL in an attribute": "a=1; Path=/\x00",
    "DEL": "a=1\x7f",
    "US": "a=1; Path=/\x1f",
    "beyond latin-1": "a=\u20ac",
    "beyond latin-1 in an attribute": "a=1; Path=/\u20ac",
    "beyond latin-1 in the name": "\u20ac=1",
}


INJECTED_UNDER = {
    "hardened": (HARDENED,),
    "nothing": (CookieAttributes(),),
    "a rule": (HARDENED, CookieRule("a", path="/")),
    "a rule of others": (CookieRule("b", path="/"),),
}


@pytest.mark.parametrize("parts", INJECTED_UNDER.values(), ids=INJECTED_UNDER)
@pytest.mark.parametrize("line", INJECTED.values(), ids=INJECTED)
def test_injection(line: str, parts: tuple[Any, ...]) -> None:
    """A line with such a character is refused in the application's own call; the message does not repeat it (R20)."""
    rewrite = rewriter(*parts)

    for before in ([], ["a=1; Path=/"], ["a=1; Path=/"]):
        if before:
            assert len(rewrite(*before)) == 1
        with pytest.raises(HeadError) as raised:
            rewrite("fine=1; Secure; HttpOnly; SameSite=Lax", line)
        assert str(raised.value).startswith("'Set-Cookie': the value holds a c")
        assert line not in str(raised.value)


def at(moment: float) -> str:
    return formatdate(moment, usegmt=True)


EXPIRES = {
    "before the ceiling": (3600 - 60, False),
    "after the ceiling": (3600 + 60, True),
    "past": (-60, False),
    "in a hundred days": (8_640_000, True),
}


@pytest.mark.parametrize(("life", "added"), EXPIRES.values(), ids=EXPIRES)
def test_expires_against_the_clock(life: int, added: bool) -> None:
    """Max-Age is added where Expires lies later than the ceiling, and Expires kept."""
    line = f"a=1; Expires={at(time.time() + life)}; Path=/"

    assert rewritten(line, CookieAttributes(max_age=3600)) == (f"{line}; Max-Age=3600" if added else line)


@pytest.mark.parametrize("before", ["Expires=", "EXPIRES=", "Expires =", "Expires=never; expires="])
def test_expires_is_judged_anew(before: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same line becomes something else as time goes by, in both directions."""
    noon = 1_800_000_000
    now = [float(noon)]
    monkeypatch.setattr("time.time", lambda: now[0])
    rewrite = rewriter(CookieAttributes(max_age=60))
    line = f"a=1; {before}{at(noon + 100)}"

    assert rewrite(line) == [f"{line}; Max-Age=60"]
    now[0] = noon + 40.0
    assert rewrite(line) == [line]
    now[0] = noon + 39.0
    assert rewrite(line) == [f"{line}; Max-Age=60"]
    now[0] = noon + 101.0
    assert rewrite(line) == [line]


@pytest.mark.parametrize("spelling", ["Expires", "EXPIRES"])
def test_expires_at_the_ceiling(spelling: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What ends with the last second of the longest life is as it should be; the clock is read in whole seconds."""
    monkeypatch.setattr("time.time", lambda: 1_800_000_000.9)
    line = f"a=1; {spelling}={at(1_800_000_060)}"
    later = f"a=1; {spelling}={at(1_800_000_061)}"

    assert rewritten(line, CookieAttributes(max_age=60)) is line
    assert rewritten(later, CookieAttributes(max_age=60)) == f"{later}; Max-Age=60"


CEILINGS = [1, 34_560_000, 10**12, 10**30, 10**400]


@pytest.mark.parametrize("ceiling", CEILINGS, ids=lambda ceiling: f"{len(str(ceiling))} digits")
def test_any_ceiling(ceiling: int) -> None:
    """However long the longest life is, a line comes out that lives as long as it says."""
    line = "a=1; Expires=Fri, 31 Dec 9999 23:59:59 GMT"
    limited = ceiling < 10**11

    assert rewritten(line, CookieAttributes(max_age=ceiling)) == (f"{line}; Max-Age={ceiling}" if limited else line)


# The line, what becomes of it, and the octets that 512 of them may weigh while they are kept.
WITHOUT_END = {
    "names": ("__Secure-{}=1; Foo", "__Secure-{}=1; Foo; Path=/; Secure; HttpOnly; SameSite=Lax", 750_000),
    "attribute texts": ("a=1; Path=/{0}; Foo={0}", "a=1; Path=/; Foo={0}; Secure; HttpOnly; SameSite=Lax", 250_000),
    "long texts": (f"a=1; {LONG}={{}}", f"a=1; {LONG}={{}}; Path=/; Secure; HttpOnly; SameSite=Lax", 250_000),
    "both": ("__Secure-{0}=1; Foo={0}", "__Secure-{0}=1; Foo={0}; Path=/; Secure; HttpOnly; SameSite=Lax", 750_000),
}


@pytest.mark.parametrize(("line", "after", "octets"), WITHOUT_END.values(), ids=WITHOUT_END)
def test_more_lines_than_are_remembered(line: str, after: str, octets: int) -> None:
    """Names and attribute texts without end come out as the first of them do, and what is kept of them has an end."""
    rewrite = rewriter(HARDENED, CookieAttributes(path="/"), CookieRule("nobody", path="/nowhere"))

    tracemalloc.start()
    try:
        kept = []
        for numbers in (range(1), range(1_500), range(1_500), range(2_000, 3_400), range(4_000, 5_300)):
            for number in numbers:
                assert rewrite(line.format(number)) == [after.format(number)]
            kept.append(tracemalloc.get_traced_memory()[0])
    finally:
        tracemalloc.stop()
    assert max(kept) - kept[0] < octets


REFUSED: dict[str, tuple[dict[str, Any], list[tuple[str, str]]]] = {
    "secure another word": ({"secure": "http"}, [("cookie.secure", "secure")]),
    "secure the text true": ({"secure": "true"}, [("cookie.secure", "secure")]),
    "secure 1": ({"secure": 1}, [("cookie.secure", "secure")]),
    "secure 0": ({"secure": 0}, [("cookie.secure", "secure")]),
    "http_only 1": ({"http_only": 1}, [("cookie.http_only", "http_only")]),
    "http_only a text": ({"http_only": "yes"}, [("cookie.http_only", "http_only")]),
    "same_site lower case": ({"same_site": "lax"}, [("cookie.same_site", "same_site")]),
    "same_site None": ({"same_site": "None"}, [("cookie.same_site", "same_site")]),
    "same_site with LF": ({"same_site": "Lax\n"}, [("cookie.same_site", "same_site")]),
    "same_site True": ({"same_site": True}, [("cookie.same_site", "same_site")]),
    "same_site a list": ({"same_site": ["Lax"]}, [("cookie.same_site", "same_site")]),
    "default_same_site None": ({"default_same_site": "None"}, [("cookie.same_site", "default_same_site")]),
    "insecure_same_site Lax": ({"insecure_same_site": "Lax"}, [("cookie.insecure_same_site", "insecure_same_site")]),
    "insecure_same_site True": ({"insecure_same_site": True}, [("cookie.insecure_same_site", "insecure_same_site")]),
    "path relative": ({"path": "x"}, [("cookie.path", "path")]),
    "path empty": ({"path": ""}, [("cookie.path", "path")]),
    "path with an attribute": ({"path": "/; HttpOnly"}, [("cookie.path", "path")]),
    "path with CR": ({"path": "/\r"}, [("cookie.path", "path")]),
    "path with a last blank": ({"path": "/ "}, [("cookie.path", "path")]),
    "path of 1,025 octets": ({"path": "/" + "x" * 1024}, [("cookie.path", "path")]),
    "path beyond latin-1": ({"path": "/\u20ac"}, [("cookie.path", "path")]),
    "path bytes": ({"path": b"/"}, [("cookie.path", "path")]),
    "path True": ({"path": True}, [("cookie.path", "path")]),
    "domain empty": ({"domain": ""}, [("cookie.domain", "domain")]),
    "domain True": ({"domain": True}, [("cookie.domain", "domain")]),
    "domain 0": ({"domain": 0}, [("cookie.domain", "domain")]),
    "domain with an attribute": ({"domain": "a.com; Secure"}, [("cookie.domain", "domain")]),
    "domain with CRLF": ({"domain": "a.com\r\n"}, [("cookie.domain", "domain")]),
    "domain with port": ({"domain": "a.com:80"}, [("cookie.domain", "domain")]),
    "domain with two leading dots": ({"domain": "..a.com"}, [("cookie.domain", "domain")]),
    "domain with a trailing dot": ({"domain": "a.com."}, [("cookie.domain", "domain")]),
    "domain with an empty label": ({"domain": "a..com"}, [("cookie.domain", "domain")]),
    "domain not ASCII": ({"domain": "\xe9.com"}, [("cookie.domain", "domain")]),
    "domain a pattern": ({"domain": "*.a.com"}, [("cookie.domain", "domain")]),
    "domain an address": ({"domain": "http://a.com"}, [("cookie.domain", "domain")]),
    "max_age 0": ({"max_age": 0}, [("cookie.max_age", "max_age")]),
    "max_age below 0": ({"max_age": -1}, [("cookie.max_age", "max_age")]),
    "max_age of more digits than Python writes": ({"max_age": 10**5000}, [("cookie.max_age", "max_age")]),
    "max_age True": ({"max_age": True}, [("cookie.max_age", "max_age")]),
    "max_age a text": ({"max_age": "60"}, [("cookie.max_age", "max_age")]),
    "max_age a float": ({"max_age": 60.0}, [("cookie.max_age", "max_age")]),
    "partitioned a text": ({"partitioned": "yes"}, [("cookie.partitioned", "partitioned")]),
    "same_site against insecure_same_site": (
        {"same_site": "Lax", "insecure_same_site": "None"},
        [("cookie.same_site.contradiction", "same_site")],
    ),
    "default_same_site against insecure_same_site": (
        {"default_same_site": "Lax", "insecure_same_site": "None"},
        [("cookie.same_site.contradiction", "default_same_site")],
    ),
    "no secure with partitioned": (
        {"secure": False, "partitioned": True},
        [("cookie.secure.contradiction", "secure")],
    ),
    "no secure with insecure_same_site": (
        {"secure": False, "insecure_same_site": "None"},
        [("cookie.secure.contradiction", "secure")],
    ),
    "every mistake at once": (
        {"secure": 1, "http_only": 1, "same_site": "x", "path": "x", "domain": ".", "max_age": -1, "partitioned": 1},
        [
            ("cookie.domain", "domain"),
            ("cookie.http_only", "http_only"),
            ("cookie.max_age", "max_age"),
            ("cookie.partitioned", "partitioned"),
            ("cookie.path", "path"),
            ("cookie.same_site", "same_site"),
            ("cookie.secure", "secure"),
        ],
    ),
}


@pytest.mark.parametrize(("options", "problems"), REFUSED.values(), ids=REFUSED)
def test_refused(options: dict[str, Any], problems: list[tuple[str, str]]) -> None:
    """What cannot be right is refused, all of it at once, each with its code and the argument (R21)."""
    with pytest.raises(PolicyError) as raised:
        CookieAttributes(**options)

    found = raised.value.problems
    assert sorted((problem.code, problem.where) for problem in found) == [
        (code, f"CookieAttributes.{argument}") for code, argument in problems
    ]
    assert all(problem.fix and problem.reason for problem in found)
    assert len(str(raised.value).splitlines()) == len(problems)


MISSPELT = {
    "samesite": ("samesite", "Did you mean 'same_site'?"),
    "httponly": ("httponly", "Did you mean 'http_only'?"),
    "maxage": ("maxage", "Did you mean 'max_age'?"),
    "prefix, of CookieRule alone": ("prefix", "accepted: secure, "),
    "exempt, of CookieRule alone": ("exempt", "accepted: secure, "),
}


@pytest.mark.parametrize(("argument", "fix"), MISSPELT.values(), ids=MISSPELT)
def test_misspelt_argument(argument: str, fix: str) -> None:
    """A misspelt argument is one more mistake, beside those of the values, with the nearest right one."""
    options: dict[str, Any] = {argument: True, "secure": "x"}
    with pytest.raises(PolicyError) as raised:
        CookieAttributes(**options)

    assert [problem.code for problem in raised.value.problems] == ["argument.unknown", "cookie.secure"]
    assert raised.value.problems[0].fix.startswith(fix)


def test_positional_argument() -> None:
    """Every argument has its name."""
    with pytest.raises(PolicyError) as raised:
        CookieAttributes(True)  # type: ignore[call-arg]

    assert [problem.code for problem in raised.value.problems] == ["argument.surplus"]


WRITTEN = {
    "nothing": "CookieAttributes()",
    "usual": "CookieAttributes(secure=True, http_only=True, default_same_site='Lax')",
    "all": "CookieAttributes(secure='https', http_only=False, same_site='Strict', default_same_site='Lax', path='/', "
    "domain=False, max_age=60, partitioned=False)",
    "insecure": "CookieAttributes(insecure_same_site='None')",
}


@pytest.mark.parametrize("text", WRITTEN.values(), ids=WRITTEN)
def test_value(text: str) -> None:
    """A part is frozen, equal by value, hashable, picklable, and its repr can be pasted back."""
    part = eval(text)

    assert_value(part, text)
    assert part != CookieAttributes(domain="other.test")
