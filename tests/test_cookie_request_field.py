"""The Cookie field on its way in: whatever a client sends is read, and what no rule names is not touched."""

from __future__ import annotations

import json
import re
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any

import pytest
import webob
from cookie_exchange import signed, signer, site, split, stamped, told
from django.http.cookie import parse_cookie as django_cookies
from hypothesis import event, given
from hypothesis import strategies as st
from itsdangerous import BadSignature
from werkzeug.http import parse_cookie as werkzeug_cookies
from wsgi import environ_for, responding, run

from wsgi_headers import CookieAttributes, CookieConsent, CookieRule, HeadersMiddleware, Match, Policy, Rule

ROWS = json.loads((Path(__file__).parent / "data" / "cookie_request.json").read_text())["rows"]
KEY = "the signing key of the tests"
SID = CookieRule("sid", prefix="__Host-")
SIGNED = CookieRule("tok", signing_key=KEY)

HOST_A = [pytest.param(row["field"], row["host_a"], id=repr(row["field"])) for row in ROWS if "host_a" in row]
SECURE_C = [pytest.param(row["field"], row["secure_c"], id=repr(row["field"])) for row in ROWS if "secure_c" in row]
FIELDS = [pytest.param(row["field"], id=repr(row["field"])) for row in ROWS]


@pytest.mark.parametrize(("field", "seen"), HOST_A)
def test_rows_under_a_prefix(field: str, seen: str | None) -> None:
    """A protected name that came without its prefix is dropped, however parsers differ about the field."""
    assert site(CookieRule("a", prefix="__Host-"))(field).seen == seen
    # Nothing in the table is signed, so a signature drops the same pairs but for the prefixed name, which is then
    # that of another cookie.
    if "__Host-a" not in field:
        assert site(CookieRule("a", signing_key=KEY))(field).seen == seen


@pytest.mark.parametrize(("field", "seen"), SECURE_C)
def test_rows_under_another_prefix(field: str, seen: str | None) -> None:
    """The same of another name in the same fields."""
    assert site(CookieRule("c", prefix="__Secure-"))(field).seen == seen


@pytest.mark.parametrize("field", FIELDS)
def test_rows_that_no_rule_names(field: str) -> None:
    """Not an octet changes."""
    for parts in (
        (CookieAttributes(secure=True),),
        (CookieRule("a", http_only=True), CookieConsent()),
        (CookieRule("other", prefix="__Host-"), CookieRule("another", signing_key=KEY)),
        (Rule(Match(path="/elsewhere/"), CookieRule("a", prefix="__Host-")),),
    ):
        assert site(*parts)(field).seen == field


@pytest.mark.parametrize("row", ROWS, ids=lambda row: repr(row["field"]))
def test_rows_with_every_name_protected(row: dict[str, Any]) -> None:
    """What was signed under the names of the field comes back, pair by pair, and nothing else."""
    values = [(name, value) for name, value in row["pairs"] if re.fullmatch(r"[!-:<>-~]+", name) and "*" not in name]
    rules = [CookieRule(name, signing_key=KEY) for name in dict.fromkeys(name for name, _ in values)]
    field = "; ".join(f"{name}={signed(KEY, name, value)}" for name, value in values)
    plain = "; ".join(f"{name}={value}" for name, value in values)

    assert site(*rules)(field).seen == plain
    if rules:
        assert site(*rules)(plain).seen is None


@pytest.mark.parametrize("row", ROWS, ids=lambda row: repr(row["field"]))
def test_rows_as_frameworks_read_them(row: dict[str, Any]) -> None:
    """A framework sees no `a` of a client that has no `__Host-a`: Django strips blanks, werkzeug reads quotes."""
    seen = site(CookieRule("a", prefix="__Host-"))(row["field"]).seen or ""

    assert "a" not in by_django(seen) and "a" not in by_werkzeug(seen)
    assert "__Host-a" not in by_django(seen) and "__Host-a" not in by_werkzeug(seen)


def by_django(field: str) -> dict[str, list[str]]:
    """Return the values that Django could show under each name; the last one wins there."""
    return {name: [value] for name, value in django_cookies(field).items()}


def by_werkzeug(field: str) -> dict[str, list[str]]:
    """Return the values that werkzeug shows under each name; octets that are no UTF-8 make it fail."""
    try:
        return {name: values for name, values in werkzeug_cookies({"HTTP_COOKIE": field}).lists()}
    except UnicodeDecodeError:
        return {}


# Hostile fields

LONG = "x" * 65536
HOSTILE = {
    "10,000 pairs": "; ".join(f"c{number}={number}" for number in range(10000)),
    "10,000 pairs of one name": "; ".join(["a=1"] * 10000),
    "64 KiB of one value": f"a={LONG}",
    "64 KiB of one name": f"{LONG}=1",
    "64 KiB without an equals sign": LONG,
    "64 KiB of semicolons": ";" * 65536,
    "64 KiB of equals signs": "=" * 65536,
    "64 KiB of blanks": " " * 65536 + "=",
    "64 KiB of no-break spaces": "\xa0" * 65536 + "=1",
    "64 KiB of dots": "a=" + "." * 65536,
    "64 KiB of quotation marks": 'a="' + '"' * 65536,
    "64 KiB of backslashes": 'a="' + "\\" * 65536,
    "64 KiB of commas": "a=" + "," * 65536,
    "64 KiB of high octets": "a=" + "\xff" * 65536,
    "64 KiB of a cut UTF-8 sequence": "\xe2\x80" * 32768 + "=1",
    "every octet": "".join(map(chr, range(256))),
    "every octet as a name": "; ".join(f"{chr(octet)}=1" for octet in range(256) if chr(octet) not in ";="),
    "every octet as a value": "; ".join(f"a={chr(octet)}" for octet in range(256) if chr(octet) != ";"),
    "controls": "a=\0\r\n\t\x7f; \0=1",
    "beyond latin-1": "a=\u20ac; \u20ac=1; \ud800=\udfff",
}


@pytest.mark.parametrize("field", HOSTILE.values(), ids=HOSTILE)
def test_hostile_fields_without_protected_names(field: str) -> None:
    """They reach the application octet by octet."""
    assert site(SID, SIGNED, CookieConsent())(field).seen == field


@pytest.mark.parametrize("field", HOSTILE.values(), ids=HOSTILE)
def test_hostile_fields_around_protected_names(field: str) -> None:
    """What stands beside them does not hide what is protected, and is not changed by it."""
    exchange = site(SID, SIGNED)
    token = signed(KEY, "tok", "1")

    assert exchange(f"sid=evil;{field};__Host-sid=1;tok={token};tok=x").seen == f"{field};sid=1;tok=1".lstrip(" \t")
    assert exchange(f"__Host-sid=1;{field};sid=evil").seen == f"sid=1;{field}"


PROTECTED = {
    "10,000 unprefixed ones": ("; ".join(["sid=evil"] * 10000), None),
    "10,000 lookalikes": ("; ".join(["\xa0sid=evil"] * 10000), None),
    "10,000 different lookalikes": ("; ".join("\xa0" * (number % 99) + "sid\x85=1" for number in range(10000)), None),
    "10,000 forged ones": ("; ".join(f"tok={number}.{'A' * 43}" for number in range(10000)), None),
    "10,000 good ones": ("; ".join(["__Host-sid=1"] * 10000), "; ".join(["sid=1"] * 10000)),
    "a lookalike of 64 KiB": ("\xa0" * 65536 + "sid=evil; a=1", "a=1"),
    "a forged value of 64 KiB": (f"tok={LONG}.{'A' * 43}; a=1", "a=1"),
    "a forged value of 64 KiB of dots": (f"tok={'.' * 65536}; a=1", "a=1"),
    "a forged value of high octets": ("tok=" + "\xff" * 65536 + "; a=1", "a=1"),
    "a value beyond latin-1": (f"tok=\u20ac.{'A' * 43}; a=1", "a=1"),
    "a signature beyond latin-1": ("tok=1." + "\u0661" * 43 + "; a=1", "a=1"),
    "a good value of 60 KiB": (f"tok={signed(KEY, 'tok', 'x' * 60000)}", f"tok={'x' * 60000}"),
}


@pytest.mark.parametrize(("field", "seen"), PROTECTED.values(), ids=PROTECTED)
def test_hostile_fields_of_protected_names(field: str, seen: str | None, caplog: pytest.LogCaptureFixture) -> None:
    """A client can send as many as it likes: nothing raises, and the log is not flooded."""
    assert site(SID, SIGNED)(field).seen == seen
    assert len(told(caplog)) <= 30


@pytest.mark.parametrize("field", HOSTILE.values(), ids=HOSTILE)
def test_hostile_consent(field: str) -> None:
    """The consent cookie is as hostile as any."""
    exchange = site(CookieRule("ga", category="analytics"), CookieConsent())

    assert exchange(field, "ga=1", "b=1").lines == []
    assert exchange(f"{field};consent=analytics", "ga=1", "b=1").lines == ["ga=1"]
    assert exchange(f"consent={field.replace(';', '')}", "ga=1", "b=1").lines == []


def test_many_requests_of_new_names() -> None:
    """What is remembered of names is bounded and never wrong."""
    exchange = site(SID, SIGNED, CookieRule("x*", signing_key=KEY))

    for number in range(3000):
        good = signed(KEY, f"x{number}", "1")
        field = f"c{number}=1; \xa0sid{number}=2; __Host-sid={number}; sid=evil; x{number}={good}; x{number}x={good}"
        assert exchange(field).seen == f"c{number}=1; \xa0sid{number}=2; sid={number}; x{number}=1"


def test_the_environ_is_the_same_dictionary() -> None:
    """It is changed in place, in that one key alone."""
    environ = environ_for(HTTP_COOKIE="__Host-sid=1; a=2", HTTP_X="__Host-sid=1")
    before = {key: value for key, value in environ.items() if key != "HTTP_COOKIE"}

    run(HeadersMiddleware(responding(("Content-Type", "text/plain")), Policy(SID)), environ, validate=False)
    assert environ["HTTP_COOKIE"] == "sid=1; a=2"
    assert {key: environ[key] for key in before} == before
    assert type(environ["HTTP_COOKIE"]) is str


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "OPTIONS", "PROPFIND"])
@pytest.mark.parametrize("scheme", ["https", "http"])
def test_every_request(method: str, scheme: str) -> None:
    """The way in does not depend on the method or the scheme."""
    assert site(SID)("__Host-sid=1; sid=2", scheme=scheme, REQUEST_METHOD=method).seen == "sid=1"


# Properties. A field is put together from pairs that meet: protected names, names that look like them, and noise.

BLANKS = ["\xa0", "\x85", "\x1c", "\x1f", "\f", "\v", "\xe2\x80\x80", "\xc2\xa0", "\xe3\x80\x80", "\xe2\x80\xa8"]
NAMES = [
    "sid",
    "__Host-sid",
    "tok",
    "SID",
    "__host-sid",
    "__Secure-sid",
    "__Host-tok",
    "a",
    "sid2",
    "s\xefd",
    '"sid"',
    "si d",
]
noise = st.text([*map(chr, range(0x20, 0x7F)), *map(chr, range(0x80, 0x100)), "\t", *'=",\\ ' * 8], max_size=12).map(
    lambda text: text.replace(";", "")
)
wild = st.text([*map(chr, range(0x180)), *'=;",\\ \t' * 20, "\u20ac"], max_size=60)
blanks = st.lists(st.sampled_from(BLANKS), max_size=2).map("".join)
VALUES = [
    "",
    "1",
    '"a b"',
    "a=b",
    "\xe9",
    *(signed(KEY, name, value) for name in ("tok", "sid") for value in ("1", "", "a.b", "\xe9", '"x"')),
    *(signed("the key of somebody else", "tok", "1"), stamped(KEY, "tok", "1"), signed(KEY, "tok", "1")[:-1] + "!"),
]


@st.composite
def pair(draw: st.DrawFn) -> str:
    name = draw(st.sampled_from(NAMES))
    name = draw(st.one_of(st.just(name), st.builds("{1}{0}{2}".format, st.just(name), blanks, blanks)))
    equals = draw(st.sampled_from(["=", "=", "=", " = ", "\t="]))
    return f"{name}{equals}{draw(st.sampled_from(VALUES))}"


@st.composite
def cookie_fields(draw: st.DrawFn) -> str:
    # A pair that is nothing but a protected name is no pair to browsers and one to some frameworks: another test.
    pieces = st.one_of(pair(), noise.filter(lambda text: "=" in text or not ({"sid", "tok"} & set(readings(text)))))
    joints = st.sampled_from(["; ", "; ", ";", ";  ", ";\t", ";;"])
    made = draw(pieces)
    for piece in draw(st.lists(pieces, max_size=6)):
        made += draw(joints) + piece
    return made


def readings(name: str) -> list[str]:
    """Return what frameworks may read in a name: without the blanks of Unicode, from latin-1 or from UTF-8."""
    read = [name.strip()]
    try:
        read.append(name.encode("latin-1").decode().strip())
    except UnicodeError:
        pass
    return read


def named(piece: str) -> str | None:
    """Return the protected name that a pair has or seems to have, None for one that no rule names."""
    name, equals, _ = piece.partition("=")
    if not equals:
        return None
    return next((read for read in readings(name) if read in ("sid", "__Host-sid", "tok")), None)


def verified(value: str) -> str | None:
    try:
        return signer(KEY, "tok").unsign(value.encode("latin-1")).decode("latin-1")
    except BadSignature:
        return None


EXCHANGE = site(SID, SIGNED)


@given(wild)
def test_never_raises(field: str) -> None:
    """Whatever a server takes from a client."""
    seen = EXCHANGE(field).seen

    assert seen != "" or field == ""


@given(cookie_fields())
def test_the_application_sees_what_the_rules_say(field: str) -> None:
    """Other pairs stay octet by octet and in order; of the protected ones those stay that have what they must have."""
    expected = []
    for piece in field.split(";"):
        name, _, value = piece.partition("=")
        if named(piece) is None:
            expected.append(piece.strip(" \t"))
        elif name.strip(" \t") == "__Host-sid":
            expected.append(piece.replace("__Host-sid", "sid", 1).strip(" \t"))
        elif name.strip(" \t") == "tok" and (shown := verified(value.strip(" \t"))) is not None:
            expected.append(f"{name}={value.replace(value.strip(' ' + chr(9)), shown, 1)}".strip(" \t"))

    seen = EXCHANGE(field).seen
    event("nothing left" if seen is None else "untouched" if seen == field else "changed")
    assert split(seen) == [piece for piece in expected if piece]
    if all(named(piece) is None for piece in field.split(";")):
        assert seen == field


@given(cookie_fields())
def test_frameworks_see_no_bare_cookie(field: str) -> None:
    """Whatever Django and werkzeug make of the field, each value of `sid` came under `__Host-sid`, or there is none."""
    seen = EXCHANGE(field).seen or ""
    prefixed = any(piece.partition("=")[0].strip(" \t") == "__Host-sid" for piece in field.split(";") if "=" in piece)

    for read in (by_django, by_werkzeug):
        assert "__Host-sid" not in read(seen)
        assert prefixed or "sid" not in read(seen)


@given(cookie_fields(), st.sampled_from(["ga=1", "sid=1", "tok=1", "b=1; Max-Age=0"]))
def test_two_middlewares_of_an_equal_policy(field: str, line: str) -> None:
    """Applied twice, the result is that of once."""
    after = TWICE(field, line)

    assert (after.seen, after.lines) == (EXCHANGE(field, line).seen, EXCHANGE(field, line).lines)


TWICE = site(
    SID, SIGNED, wrap=lambda app, policy: HeadersMiddleware(HeadersMiddleware(app, policy), Policy(SID, SIGNED))
)


def webob_names(field: str) -> set[str]:
    return set(webob.Request(environ_for(HTTP_COOKIE=field)).cookies)


@pytest.mark.parametrize(
    ("field", "splits"), [("a=1 sid=eve", SimpleCookie), ("a=1,sid=eve", webob_names)], ids=["blanks", "commas"]
)
def test_parsers_that_split_elsewhere(field: str, splits: Any) -> None:
    """What no rule names stays byte for byte, so a parser that splits at more than semicolons still finds a name."""
    assert site(SID)(field).seen == field

    assert "sid" in splits(field)
    assert "sid" not in django_cookies(field) and "sid" not in werkzeug_cookies(field)
