"""Signed cookies: the format as itsdangerous alone reads it, what verifies, and what never comes out of a key."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import pickle
import sys
import time
from email.utils import formatdate
from pathlib import Path
from typing import Any

import itsdangerous
import pytest
from cookie_exchange import ABSENT, everything, signed, signer, site, stamped, stamper, told

from wsgi_headers import (
    CookieAttributes,
    CookieRule,
    HeadError,
    HeadersMiddleware,
    Match,
    Policy,
    PolicyError,
    Rule,
)

KEY = "the signing key of the tests"
OLD = "a key that was retired once"
OLDER = b"\xff\x00 octets of an older key \xfe"
FOREIGN = "the key of somebody else"

SIGNED = CookieRule("sid", signing_key=KEY)
AGED = CookieRule("sid", signing_key=KEY, signature_max_age=3600)
ROTATED = CookieRule("sid", signing_key=KEY, retired_signing_keys=(OLD, OLDER))
MIGRATING = CookieRule("sid", signing_key=KEY, insecure_accept_unsigned=True)
PREFIXED = CookieRule("sid", prefix="__Host-", signing_key=KEY)

PINNED = json.loads((Path(__file__).parent / "data" / "signed_cookies.json").read_text())

# Values as applications write them, one octet a character.
VALUES = {
    "plain": "abc",
    "empty": "",
    "with the separator": "a.b.c",
    "the separator alone": ".",
    "the separator at the end": "a.",
    "equals signs": "a=b==",
    "quoted": '"a b"',
    "quoted, with octal escapes": r'"a\054b\303\251"',
    "latin-1": "caf\xe9 \xff\x80",
    "octets of UTF-8": "caf\xc3\xa9",
    "a blank inside": "a b\tc",
    "commas": "a,b",
    "percent": "%61",
    "like a signature": "x" * 43,
    "signed before": signed(KEY, "other", "1"),
    "signed before, by the same key": signed(KEY, "sid", "1"),
    "long": "v" * 3000,
}


def pair_of(line: str) -> tuple[str, str]:
    name, _, value = line.partition(";")[0].partition("=")
    return name, value


# Out


@pytest.mark.parametrize("value", VALUES.values(), ids=VALUES)
@pytest.mark.parametrize(
    "key", [KEY, KEY.encode(), "sch\xfcssel \u20ac im test", OLDER], ids=["str", "bytes", "UTF-8", "octets"]
)
def test_out(value: str, key: Any) -> None:
    """The value is followed by a dot and a signature that itsdangerous verifies; the attributes stay as they were."""
    (line,) = site(CookieRule("sid", signing_key=key))(None, f"sid={value}; Path=/; HttpOnly").lines

    name, sent = pair_of(line)
    assert line.removeprefix(f"sid={sent}") == "; Path=/; HttpOnly" and name == "sid"
    assert signer(key, "sid").unsign(sent.encode("latin-1")) == value.encode("latin-1")
    assert sent == signed(key, "sid", value)


@pytest.mark.parametrize("value", VALUES.values(), ids=VALUES)
def test_out_with_an_age(value: str) -> None:
    """Under an age there is a stamp of now between value and signature."""
    (line,) = site(AGED)(None, f"sid={value}").lines

    text, stamp = stamper(KEY, "sid").unsign(pair_of(line)[1].encode("latin-1"), return_timestamp=True)
    assert text == value.encode("latin-1")
    assert abs(stamp.timestamp() - time.time()) < 60


def test_the_format_without_itsdangerous() -> None:
    """HMAC-SHA-256 of the value, under a key that is the HMAC of the salt, in base64url without padding."""
    (line,) = site(SIGNED)(None, "sid=abc").lines

    derived = hmac.new(KEY.encode(), b"wsgi_headers.cookie.sid", hashlib.sha256).digest()
    tag = hmac.new(derived, b"abc", hashlib.sha256).digest()
    assert line == f"sid=abc.{base64.urlsafe_b64encode(tag).decode().rstrip('=')}"


@pytest.mark.parametrize("row", PINNED["signed"], ids=lambda row: row["title"])
def test_pinned_out(row: dict[str, Any]) -> None:
    """The format is fixed for good: these lines were made by itsdangerous once and stand here as text."""
    rule = CookieRule(row["name"], signing_key=bytes.fromhex(row["key"]))

    assert site(rule)(None, f"{row['name']}={row['value']}").lines == [f"{row['name']}={row['sent']}"]


@pytest.mark.parametrize("row", PINNED["signed"], ids=lambda row: row["title"])
def test_pinned_in(row: dict[str, Any]) -> None:
    """And they are read back."""
    rule = CookieRule(row["name"], signing_key=bytes.fromhex(row["key"]))

    assert site(rule)(f"{row['name']}={row['sent']}").seen == f"{row['name']}={row['value']}"


@pytest.mark.parametrize("row", PINNED["stamped"], ids=lambda row: row["title"])
def test_pinned_stamps(row: dict[str, Any]) -> None:
    """Stamps of the past, under an age of a hundred years and of one hour."""
    rule = {"signing_key": bytes.fromhex(row["key"])}
    field, seen = f"{row['name']}={row['sent']}", f"{row['name']}={row['value']}"

    assert site(CookieRule(row["name"], signature_max_age=100 * 365 * 86400, **rule))(field).seen == seen
    assert site(CookieRule(row["name"], signature_max_age=3600, **rule))(field).seen is None


LINES = {
    "blanks around the pair": (" sid = abc ; Path=/", "abc"),
    "a TAB": ("\tsid\t=\tabc\t", "abc"),
    "a blank inside": ("sid= a b ", "a b"),
    "a last semicolon": ("sid=abc;", "abc"),
    "a second equals sign": ("sid==abc", "=abc"),
}


@pytest.mark.parametrize(("line", "value"), LINES.values(), ids=LINES)
def test_what_a_browser_sends_back_verifies(line: str, value: str) -> None:
    """Blanks that browsers take off are not part of what is signed (rfc6265bis 5.6)."""
    exchange = site(SIGNED)
    (after,) = exchange(None, line).lines

    _, sent = pair_of(after)
    assert signer(KEY, "sid").unsign(sent.strip(" \t").encode()) == value.encode()
    assert exchange(f"sid={sent.strip(chr(9) + ' ')}").seen == f"sid={value}"


def test_each_cookie_its_own_key_and_name() -> None:
    """Nothing else of the head changes; repeated lines are each signed."""
    exchange = site(SIGNED, CookieRule("csrf", signing_key=OLD), CookieAttributes(http_only=True))

    assert exchange(None, "a=1", "sid=1", "csrf=1", "sid=2", "SID=1", "sid").lines == [
        "a=1; HttpOnly",
        f"sid={signed(KEY, 'sid', '1')}; HttpOnly",
        f"csrf={signed(OLD, 'csrf', '1')}; HttpOnly",
        f"sid={signed(KEY, 'sid', '2')}; HttpOnly",
        "SID=1; HttpOnly",
        "sid; HttpOnly",
    ]


def test_by_star() -> None:
    """A rule for several names signs each under its own."""
    exchange = site(CookieRule("s*", signing_key=KEY))

    assert exchange(None, "s1=1", "s2=1", "a=1").lines == [
        f"s1={signed(KEY, 's1', '1')}",
        f"s2={signed(KEY, 's2', '1')}",
        "a=1",
    ]
    assert exchange(f"s1={signed(KEY, 's1', '1')}; s2={signed(KEY, 's1', '1')}; s3=1; a=1").seen == "s1=1; a=1"


@pytest.mark.parametrize("line", ["", "=", " ", " = ", "=; Path=/", " \t; Path=/", ";Path=/"])
def test_a_line_without_name_and_value_stays_one(line: str) -> None:
    """User agents ignore it (rfc6265bis 5.6 step 5), and a signature would make a nameless cookie of it."""
    (after,) = site(CookieRule("*", signing_key=KEY))(None, line).lines

    assert after is line


def test_nameless_by_star() -> None:
    """A nameless cookie has a value to sign, under the empty name."""
    assert site(CookieRule("*", signing_key=KEY))(None, "x", "=y").lines == [
        signed(KEY, "", "x"),
        f"={signed(KEY, '', 'y')}",
    ]


# rfc6265bis 5.6.1, 5.6.2 and 5.7: whether a line is a deletion.
PAST, FUTURE, LONG = "Thu, 01 Jan 1970 00:00:00 GMT", "Fri, 01 Jan 2100 00:00:00 GMT", "x" * 1025
DELETIONS = {
    "Max-Age=0",
    "max-age=0",
    "Max-Age = 0 ",
    "Max-Age=-1",
    "Max-Age=-0",
    "Max-Age=00",
    f"Max-Age=-{'9' * 400}",
    f"Expires={PAST}",
    f"expires = {PAST}",
    "Expires=Thu, 01-Jan-70 00:00:00 GMT",
    "Expires=1-jan-70 0:0:0",
    f"Max-Age=0; Expires={FUTURE}",
    f"Expires={FUTURE}; Max-Age=0",
    "Max-Age=60; Max-Age=0",
    f"Expires={FUTURE}; Expires={PAST}",
    f"Max-Age=x; Expires={PAST}",
    f"Expires={PAST}; Max-Age",
    f"Expires={PAST}; Max-Age=+60",
    f"Max-Age=0; Max-Age={LONG}",
    f"Expires={PAST}; Expires=never",
    f"Path=/; Max-Age=0; Expires={PAST}; HttpOnly",
}
NO_DELETIONS = {
    "",
    "Max-Age",
    "Max-Age=",
    "Max-Age=x",
    "Max-Age=+0",
    "Max-Age=0x",
    "Max-Age=0.0",
    'Max-Age="0"',
    "Max-Age=-",
    "Max-Age=1",
    f"Max-Age=60; Expires={PAST}",
    f"Expires={PAST}; Max-Age=60",
    "Max-Age=0; Max-Age=60",
    f"Expires={FUTURE}",
    f"Expires={PAST}; Expires={FUTURE}",
    "Expires=never",
    "Expires=Thu, 01 Jan 1970",
    "Expires=Sun, 31 Feb 1999 00:00:00 GMT",
    f"Max-Age={LONG}",
    "X-Max-Age=0",
    "Max_Age=0",
    f"Comment=Max-Age=0, Expires={PAST}",
}


@pytest.mark.parametrize("attributes", sorted(DELETIONS), ids=ascii)
@pytest.mark.parametrize("value", ["", '""', "deleted"])
def test_deletions_are_not_signed(attributes: str, value: str) -> None:
    """A line that a browser reads as a deletion keeps its pair as it is."""
    line = f"sid={value}; {attributes}"

    assert site(SIGNED)(None, line).lines == [line]
    assert site(AGED)(None, line).lines == [line]


@pytest.mark.parametrize("attributes", sorted(NO_DELETIONS), ids=ascii)
def test_what_is_no_deletion_is_signed(attributes: str) -> None:
    """Whatever it looks like, also with an empty value."""
    for value in ("", "1"):
        line = f"sid={value}; {attributes}"
        assert site(SIGNED)(None, line).lines == [f"sid={signed(KEY, 'sid', value)}; {attributes}"]


def test_expires_is_read_by_the_clock() -> None:
    """A date that is a while away is no deletion, one that has just gone by is."""
    exchange = site(SIGNED)

    for seconds, deletes in ((3600, False), (-3600, True), (3600, False)):
        line = f"sid=1; Expires={formatdate(time.time() + seconds, usegmt=True)}"
        (after,) = exchange(None, line).lines
        assert (after == line) == deletes


# In


@pytest.mark.parametrize("value", VALUES.values(), ids=VALUES)
def test_in(value: str) -> None:
    """The application sees the value alone; what it did not sign itself is nobody's business."""
    after = site(SIGNED)(f'a="1"; sid={signed(KEY, "sid", value)};b=\xe9')

    assert after.seen == f'a="1"; sid={value};b=\xe9'
    assert after.environ["HTTP_COOKIE"] == after.seen


@pytest.mark.parametrize("value", VALUES.values(), ids=VALUES)
def test_in_with_an_age(value: str) -> None:
    """The stamp is taken off too."""
    assert site(AGED)(f"sid={stamped(KEY, 'sid', value, age=60)}").seen == f"sid={value}"


GOOD = signed(KEY, "sid", "value")
STAMPED = stamped(KEY, "sid", "value")
SIGNATURE = GOOD.rpartition(".")[2]


def tag_of(value: str, *, key: str = KEY, **options: Any) -> str:
    return signed(key, "sid", value, **options)


BAD = {
    "unsigned": "value",
    "empty": "",
    "the separator alone": ".",
    "an empty signature": "value.",
    "the signature alone": SIGNATURE,
    "the signature and its separator alone": f".{SIGNATURE}",
    "without separator": f"value{SIGNATURE}",
    "another separator": f"value:{SIGNATURE}",
    "another value": f"valuf.{SIGNATURE}",
    "a longer value": f"value2.{SIGNATURE}",
    "a value with a first blank": f'" value".{SIGNATURE}',
    "in quotation marks": f'"{GOOD}"',
    "the signature twice": f"{GOOD}.{SIGNATURE}",
    "the signature doubled": f"{GOOD}{SIGNATURE}",
    "the signature cut": GOOD[:-1],
    "the signature cut to half": GOOD[:-20],
    "the signature with padding": f"{GOOD}=",
    "the signature with more padding": f"{GOOD}==",
    "a separator after it": f"{GOOD}.",
    "the signature in hexadecimal": "value." + base64.urlsafe_b64decode(f"{SIGNATURE}=").hex(),
    "the signature in upper case": f"value.{SIGNATURE.upper()}",
    "non-ASCII after it": f"{GOOD}\xe9",
    "non-ASCII instead": "value.\xe9" + SIGNATURE[1:],
    "a NUL": f"{GOOD}\0",
    "of another cookie": signed(KEY, "other", "value"),
    "of the prefixed name": signed(KEY, "__Host-sid", "value"),
    "of the name in another case": signed(KEY, "SID", "value"),
    "of another key": tag_of("value", key=FOREIGN),
    "with itsdangerous's own salt": tag_of("value", salt="itsdangerous.Signer"),
    "with the name as salt": tag_of("value", salt="sid"),
    "with SHA-1": tag_of("value", digest_method=hashlib.sha1),
    "with SHA-512": tag_of("value", digest_method=hashlib.sha512),
    "with another derivation": tag_of("value", key_derivation="django-concat"),
    "with no derivation": tag_of("value", key_derivation="none"),
    "with no signature at all": "value."
    + signer(KEY, "sid", algorithm=itsdangerous.signer.NoneAlgorithm()).sign(b"value").decode().rpartition(".")[2],
    "an algorithm named inside": f"sha1:{tag_of('value', digest_method=hashlib.sha1)}",
    "percent-encoded": GOOD.replace("v", "%76", 1),
    "in base64": base64.urlsafe_b64encode(GOOD.encode()).decode(),
}


@pytest.mark.parametrize("value", BAD.values(), ids=BAD)
def test_what_does_not_verify_is_dropped(value: str, caplog: pytest.LogCaptureFixture) -> None:
    """As if it were not there, the same way for every cause: the log does not tell one from another."""
    for rule in (SIGNED, ROTATED, CookieRule("sid", signing_key=KEY, http_only=True)):
        caplog.clear()
        assert site(rule)(f"sid={value}").seen is None
        assert site(rule)(f"a=1; sid={value}; b=2").seen == "a=1; b=2"
        assert site(rule)(f"sid={value}; sid={GOOD}").seen == "sid=value"
        assert {(record.__dict__["event"], record.getMessage()) for record in told(caplog)} == {
            (record.__dict__["event"], record.getMessage()) for record in told(caplog)[:1]
        }


BAD_STAMPS = {
    "without an age": GOOD,
    "without an age, a value that has a dot": signed(KEY, "sid", "value.x"),
    "too old": stamped(KEY, "sid", "value", age=2 * 3600),
    "very old": stamped(KEY, "sid", "value", age=int(time.time())),
    "from the future": stamped(KEY, "sid", "value", age=-3600),
    "from the far future": stamped(KEY, "sid", "value", age=-(10**10)),
    "of another cookie": stamped(KEY, "other", "value"),
    "of another key": stamped(FOREIGN, "sid", "value"),
    "a changed stamp": ".".join(["value", stamped(KEY, "sid", "value", age=9).split(".")[1], STAMPED.split(".")[2]]),
    "no stamp": "value." + STAMPED.split(".")[2],
    "an empty stamp": "value.." + STAMPED.split(".")[2],
    "a signed stamp that is no number": signer(KEY, "sid").sign(b"value.?!").decode(),
    "a signed stamp of 100 octets": signer(KEY, "sid").sign(b"value." + b"_" * 100).decode(),
    "a signed stamp without end": signer(KEY, "sid").sign(b"value." + b"_" * 3000).decode(),
    "an empty signed stamp": signer(KEY, "sid").sign(b"value.").decode(),
}


@pytest.mark.parametrize("value", BAD_STAMPS.values(), ids=BAD_STAMPS)
def test_stamps_that_do_not_count(value: str) -> None:
    """Ageless signatures, stamps that are too old and those from the future are dropped like forged ones."""
    assert site(AGED)(f"sid={value}").seen is None
    assert site(AGED)(f"a=1; sid={value}; sid={stamped(KEY, 'sid', 'good')}").seen == "a=1; sid=good"


def test_only_canonical_signatures_count() -> None:
    """Of the texts that a lenient base64 reader takes for the same octets one alone is accepted (RFC 4648 3.5, 12)."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    # A value whose signature has both letters in which the alphabets differ.
    value = next(f"v{n}" for n in range(10**6) if {"-", "_"} <= set(signed(KEY, "sid", f"v{n}").rpartition(".")[2]))
    sent = signed(KEY, "sid", value)
    body, _, tag = sent.rpartition(".")
    octets = base64.urlsafe_b64decode(f"{tag}=")
    last = alphabet.index(tag[-1])
    others = [tag[:-1] + alphabet[last ^ spare] for spare in (1, 2, 3)]
    assert all(base64.urlsafe_b64decode(f"{other}=") == octets for other in others)
    others += [tag.replace("-", "+"), tag.replace("_", "/"), tag.replace("-", "+").replace("_", "/")]
    others += [f"{tag}=", f"{tag}==", f"{tag}=A", f"{tag}%3D"]
    others += [tag[:place] + junk + tag[place:] for place in (0, 1, 20, 43) for junk in '!*:\t ~\xe9\xa0"']

    exchange = site(SIGNED)
    assert exchange(f"sid={sent}").seen == f"sid={value}"
    for other in others:
        if other.strip(" \t") != tag:
            assert exchange(f"sid={body}.{other}").seen is None, other


@pytest.mark.parametrize(("rule", "sent"), [(SIGNED, GOOD), (AGED, STAMPED)], ids=["ageless", "stamped"])
def test_tampered_octet_by_octet(rule: CookieRule, sent: str) -> None:
    """No octet can be changed, left out or put in."""
    exchange = site(rule)

    assert exchange(f"sid={sent}").seen == "sid=value"
    for place in range(len(sent)):
        for changed in (chr(ord(sent[place]) ^ 1), "A", "_", ".", "\xe9", "", sent[place] * 2):
            text = sent[:place] + changed + sent[place + 1 :]
            if text != sent and ";" not in text:
                assert exchange(f"sid={text}").seen is None, (place, changed)


def test_repeated_ones() -> None:
    """Valid ones stay, in order; forged ones go from among them; other cookies stay byte for byte."""
    one, two = signed(KEY, "sid", "1"), signed(KEY, "sid", "2")

    assert (
        site(SIGNED)(f"sid={two};a ; sid=x; sid={one};  b=sid={one} ;sid={two}").seen
        == f"sid=2;a ; sid=1;  b=sid={one} ;sid=2"
    )


def test_lookalikes_are_dropped() -> None:
    """A valid signature does not make a name the protected one."""
    for name in ("\xa0sid", "sid\x85", "\xe2\x80\x80sid", "\fsid"):
        assert site(SIGNED)(f"{name}={GOOD}; SID={GOOD}").seen == f"SID={GOOD}"


# Keys


@pytest.mark.parametrize("key", [KEY, OLD, OLDER], ids=["current", "retired", "retired before"])
def test_retired_keys_verify(key: Any) -> None:
    """The current key signs; all of them verify."""
    exchange = site(ROTATED)

    assert exchange(f"sid={signed(key, 'sid', 'value')}").seen == "sid=value"
    assert exchange(None, "sid=value").lines == [f"sid={signed(KEY, 'sid', 'value')}"]


def test_retired_keys_verify_stamps() -> None:
    """Within the same age."""
    exchange = site(CookieRule("sid", signing_key=KEY, retired_signing_keys=[OLD], signature_max_age=3600))

    assert exchange(f"sid={stamped(OLD, 'sid', 'value', age=60)}").seen == "sid=value"
    assert exchange(f"sid={stamped(OLD, 'sid', 'value', age=7200)}").seen is None
    assert exchange(f"sid={signed(OLD, 'sid', 'value')}").seen is None


def test_rotation() -> None:
    """A key goes from signing to retired to unknown, and a site that is deployed in turn loses nobody."""
    before = site(CookieRule("sid", signing_key=OLD))
    during = site(CookieRule("sid", signing_key=KEY, retired_signing_keys=(OLD,)))
    after = site(CookieRule("sid", signing_key=KEY))
    (first,) = before(None, "sid=1").lines
    (second,) = during(None, "sid=1").lines

    assert (before(first).seen, during(first).seen, after(first).seen) == ("sid=1", "sid=1", None)
    assert (before(second).seen, during(second).seen, after(second).seen) == (None, "sid=1", "sid=1")


def test_a_str_is_its_utf_8() -> None:
    """A key as text and as octets is the same key."""
    text = "schl\xfcssel \u20ac im test"

    assert site(CookieRule("sid", signing_key=text))(f"sid={signed(text.encode(), 'sid', 'v')}").seen == "sid=v"


# Unsigned ones for a while


UNSIGNED = {"plain": "value", "empty": "", "quoted": '"a b"', "equals signs": "a=b", "latin-1": "caf\xe9"}


@pytest.mark.parametrize("value", UNSIGNED.values(), ids=UNSIGNED)
def test_migration(value: str, caplog: pytest.LogCaptureFixture) -> None:
    """Unsigned values are shown while migrating, with a line in the log that has no value; what leaves is signed."""
    exchange = site(MIGRATING)

    assert exchange(f"a=1; sid={signed(KEY, 'sid', 'value')}").seen == "a=1; sid=value"
    assert told(caplog) == []
    assert exchange(f"a=1; sid={value}; b=2").seen == f"a=1; sid={value}; b=2"
    (record,) = told(caplog)
    assert "sid" in record.getMessage()
    assert exchange(None, f"sid={value}").lines == [f"sid={signed(KEY, 'sid', value)}"]


@pytest.mark.parametrize(
    "value",
    [f"{GOOD}=", f"value.{'-_' * 21}E".replace("-", "+"), f"value.{'-_' * 21}E".replace("_", "/"), f"value.{'A' * 43}"],
    ids=["padded", "with plus signs", "with slashes", "of nobody"],
)
def test_what_looks_signed_is_no_unsigned_value(value: str) -> None:
    """A signature that does not count stays one while unsigned values are let in, in whatever base64 it comes."""
    assert site(MIGRATING)(f"a=1; sid={value}").seen == "a=1"


def test_migration_to_ages() -> None:
    """What is unsigned has no stamp either; what is stamped and old stays refused."""
    exchange = site(CookieRule("sid", signing_key=KEY, signature_max_age=3600, insecure_accept_unsigned=True))

    assert exchange("sid=value").seen == "sid=value"
    assert exchange(f"sid={stamped(KEY, 'sid', 'value')}").seen == "sid=value"


def test_lookalikes_are_dropped_while_migrating() -> None:
    """No framework may trim a name to the protected one."""
    assert site(MIGRATING)("\xa0sid=evil; a=1").seen == "a=1"


@pytest.mark.parametrize(
    "pair", ["\xa0sid=evil", "sid\xc2\xa0=evil", "\xe2\x80\x80sid=evil", "\xa0__Host-sid=evil", "sid", "__Host-sid"]
)
def test_lookalikes_are_dropped_where_every_name_may_come_unsigned(pair: str) -> None:
    """What a rule for all names lets in without a signature is no way around the prefix of one of them."""
    exchange = site(
        CookieRule("sid", prefix="__Host-"), CookieRule("*", signing_key=KEY, insecure_accept_unsigned=True)
    )

    assert exchange(f"a=1; {pair}; b=2; x").seen == "a=1; b=2; x"


def test_lookalikes_of_the_one_name_that_must_come_signed() -> None:
    """Nor around the signature of one of them."""
    rules = (
        CookieRule("*", signing_key=KEY, insecure_accept_unsigned=True),
        CookieRule("sid", insecure_accept_unsigned=False),
    )

    assert site(*rules)("a=1; \xa0sid=evil; sid=evil; \xa0b=2; sid").seen == "a=1; \xa0b=2"


def test_nameless_comes_back_by_star() -> None:
    """A nameless cookie is verified under the empty name."""
    exchange = site(CookieRule("*", signing_key=KEY))

    assert exchange(f"{signed(KEY, '', 'x')}; ={signed(KEY, '', 'y')}; z; =z").seen == "x; =y"


@pytest.mark.parametrize("field", ["sid=evil;", "; sid=evil", " ; ;sid=evil; ;\t", ";;sid=evil;;"])
def test_no_key_is_left_where_nothing_but_separators_is(field: str) -> None:
    """What stays beside the cookie that is dropped is no cookie."""
    assert "HTTP_COOKIE" not in site(SIGNED)(field).environ


@pytest.mark.parametrize("name", ["voil\xc3\xa0", "\xa0a", "\xc3\x85"])
def test_a_name_that_ends_like_a_blank_comes_back(name: str) -> None:
    """Octets of letters beyond ASCII are blanks in latin-1; what was signed under such a name verifies under it."""
    exchange = site(CookieRule("*", signing_key=KEY))
    (line,) = exchange(None, f"{name}=1").lines

    assert exchange(line).seen == f"{name}=1"


# With a prefix


def test_with_a_prefix() -> None:
    """The salt has the name that the application uses."""
    exchange = site(PREFIXED)
    sent = signed(KEY, "sid", "value")

    assert exchange(None, "sid=value; Path=/app").lines == [f"__Host-sid={sent}; Path=/; Secure"]
    assert exchange(f"__Host-sid={sent}").seen == "sid=value"
    assert exchange(f"sid={sent}").seen is None
    assert exchange(f"__Host-sid={signed(KEY, '__Host-sid', 'value')}; a=1").seen == "a=1"
    assert exchange("__Host-sid=value; a=1").seen == "a=1"
    assert exchange(f"\xa0__Host-sid={sent}; a=1").seen == "a=1"
    assert exchange(None, "sid=; Max-Age=0").lines == ["__Host-sid=; Max-Age=0; Path=/; Secure"]


def test_prefix_and_signature_of_two_parts() -> None:
    """Later parts win attribute by attribute; prefix and signature are two of them."""
    exchange = site(CookieRule("sid", prefix="__Host-"), CookieRule("s*", signing_key=KEY))

    assert exchange(None, "sid=1").lines == [f"__Host-sid={signed(KEY, 'sid', '1')}; Path=/; Secure"]
    assert exchange(f"__Host-sid={signed(KEY, 'sid', '1')}; sid=1; s=1").seen == "sid=1"


def test_migration_to_both() -> None:
    """From a bare and unsigned cookie to a prefixed and signed one."""
    exchange = site(
        CookieRule(
            "sid", prefix="__Host-", insecure_accept_unprefixed=True, signing_key=KEY, insecure_accept_unsigned=True
        )
    )

    assert exchange("sid=old").seen == "sid=old"
    assert exchange(f"sid=old; __Host-sid={signed(KEY, 'sid', 'new')}").seen == "sid=new"
    assert exchange(f"sid={signed(KEY, 'sid', 'new')}").seen == "sid=new"


def test_unprefixed_but_signed() -> None:
    """While migrating to the prefix a signature is still asked for."""
    exchange = site(CookieRule("sid", prefix="__Host-", insecure_accept_unprefixed=True, signing_key=KEY))

    assert exchange(f"sid={signed(KEY, 'sid', 'old')}").seen == "sid=old"
    assert exchange("sid=old; a=1").seen == "a=1"


# Where it holds


def test_later_key_wins() -> None:
    """A policy that overrides a preset's key."""
    exchange = site(CookieRule("sid", signing_key=OLD), CookieRule("sid", signing_key=KEY))

    assert exchange(None, "sid=1").lines == [f"sid={signed(KEY, 'sid', '1')}"]


def test_exempt() -> None:
    """No other part's key touches an exempt cookie; its own part's does."""
    other = site(SIGNED, CookieRule("sid", exempt=True))
    own = site(CookieRule("sid", signing_key=KEY, exempt=True), CookieAttributes(http_only=True))

    assert (other("sid=1").seen, other(None, "sid=1").lines) == ("sid=1", ["sid=1"])
    assert (own("sid=1").seen, own(None, "sid=1").lines) == (None, [f"sid={signed(KEY, 'sid', '1')}"])


def test_under_a_path() -> None:
    """Where the rule does not hold, values go through as they are."""
    exchange = site(Rule(Match(path="/admin/"), SIGNED))

    assert exchange(f"sid={GOOD}", "sid=value", path="/admin/")[:2] == ("sid=value", [f"sid={GOOD}"])
    assert exchange(f"sid={GOOD}", "sid=value", path="/")[:2] == (f"sid={GOOD}", ["sid=value"])


@pytest.mark.parametrize(
    "match",
    [
        Match(method="POST"),
        Match(scheme="https"),
        Match(when=bool),
        Match(status="2xx"),
        Match(media_type="text/html"),
        Match(path="/", status=(200, 201)),
    ],
    ids=["method", "scheme", "when", "status", "media type", "path and status"],
)
def test_matches_that_cannot_hold_both_ways(match: Match) -> None:
    """A cookie that is signed on some responses and verified on every request would be lost, or the other way round."""
    for within in (
        lambda: Policy(Rule(match, SIGNED)),
        lambda: Policy(Rule(Match(path="/"), Rule(match, SIGNED))),
        lambda: Policy(Rule(match, Policy(CookieAttributes(), SIGNED))),
    ):
        with pytest.raises(PolicyError) as raised:
            within()
        assert KEY not in str(raised.value)


def test_applied_twice() -> None:
    """Two middlewares of an equal policy sign once and verify once."""
    exchange = site(
        PREFIXED, wrap=lambda app, policy: HeadersMiddleware(HeadersMiddleware(app, policy), Policy(PREFIXED))
    )

    assert exchange(f"__Host-sid={GOOD}", "sid=value")[:2] == ("sid=value", [f"__Host-sid={GOOD}; Path=/; Secure"])


def test_inside_another_policy_with_the_same_rule() -> None:
    """Different policies both act, the inner one first: what both put on, both take off."""
    inner = Policy(SIGNED)
    exchange = site(
        SIGNED,
        CookieAttributes(http_only=True),
        wrap=lambda app, policy: HeadersMiddleware(HeadersMiddleware(app, inner), policy),
    )
    (line,) = exchange(None, "sid=value").lines

    assert exchange(line.partition(";")[0]).seen == "sid=value"


def test_an_injection_is_no_value_to_sign() -> None:
    """A line with controls is refused, and the error has neither the value nor the key."""
    for line in ("sid=SECRET\r\nSet-Cookie: a=1", "sid=SECRET\0", "sid=SECRET; Path=/\n"):
        with pytest.raises(HeadError) as raised:
            site(SIGNED)(None, line)
        assert "SECRET" not in str(raised.value) and KEY not in str(raised.value)


# What is refused, and what is never shown


SHORT = "s3cret 15 octet"
assert len(SHORT) == 15
REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "key empty": ({"signing_key": ""}, "signing_key"),
    "key empty bytes": ({"signing_key": b""}, "signing_key"),
    "key of 15 octets": ({"signing_key": SHORT}, "signing_key"),
    "key of 15 octets as bytes": ({"signing_key": SHORT.encode()}, "signing_key"),
    "key a number": ({"signing_key": 12345678901234567890}, "signing_key"),
    "key a list": ({"signing_key": [KEY]}, "signing_key"),
    "key True": ({"signing_key": True}, "signing_key"),
    "retired key of 15 octets": ({"signing_key": KEY, "retired_signing_keys": (OLD, SHORT)}, "retired_signing_keys"),
    "retired key empty": ({"signing_key": KEY, "retired_signing_keys": ("",)}, "retired_signing_keys"),
    "retired key None": ({"signing_key": KEY, "retired_signing_keys": (None,)}, "retired_signing_keys"),
    "retired key a number": ({"signing_key": KEY, "retired_signing_keys": (1,)}, "retired_signing_keys"),
    "retired keys a number": ({"signing_key": KEY, "retired_signing_keys": 1}, "retired_signing_keys"),
    "retired keys a text": ({"signing_key": KEY, "retired_signing_keys": OLD}, "retired_signing_keys"),
    "retired keys bytes": ({"signing_key": KEY, "retired_signing_keys": OLDER}, "retired_signing_keys"),
    "age zero": ({"signing_key": KEY, "signature_max_age": 0}, "signature_max_age"),
    "age negative": ({"signing_key": KEY, "signature_max_age": -1}, "signature_max_age"),
    "age True": ({"signing_key": KEY, "signature_max_age": True}, "signature_max_age"),
    "age a text": ({"signing_key": KEY, "signature_max_age": "3600"}, "signature_max_age"),
    "insecure_accept_unsigned 1": ({"signing_key": KEY, "insecure_accept_unsigned": 1}, "insecure_accept_unsigned"),
}
SECRETS = (KEY, OLD, SHORT, "octets of an older key", "12345678901234567890")


@pytest.mark.parametrize(("options", "argument"), REFUSED.values(), ids=REFUSED)
def test_refused(options: dict[str, Any], argument: str) -> None:
    """What cannot be right is refused with the argument's name; no key is in the error."""
    with pytest.raises(PolicyError) as raised:
        CookieRule("sid", **options)

    assert raised.value.problems
    assert all(argument in problem.where for problem in raised.value.problems)
    assert all(problem.code.startswith("cookie.") and problem.fix for problem in raised.value.problems)
    for text in (str(raised.value), repr(raised.value), repr(raised.value.problems)):
        assert not any(secret in text for secret in SECRETS)


MISTAKEN: dict[str, tuple[tuple[Any, ...], dict[str, Any]]] = {
    "a misspelt argument": ((), {"signing_keys": KEY}),
    "a key by position": ((KEY,), {}),
    "a misspelt argument beside a good key": ((), {"signing_key": KEY, "retired_keys": (OLD,)}),
    "another mistake beside a good key": ((), {"signing_key": KEY, "retired_signing_keys": (OLD,), "secure": "x"}),
    "a short key beside another mistake": ((), {"signing_key": SHORT, "same_site": "lax"}),
    "keys in the wrong place": ((), {"signing_key": (KEY, OLD)}),
    "keys nested": ((), {"signing_key": KEY, "retired_signing_keys": ((OLD,),)}),
    "keys by name": ((), {"signing_key": KEY, "retired_signing_keys": {"old": SHORT}}),
}


@pytest.mark.parametrize(("arguments", "options"), MISTAKEN.values(), ids=MISTAKEN)
def test_no_mistake_shows_a_key(arguments: tuple[Any, ...], options: dict[str, Any]) -> None:
    """A key that was put in the wrong place is a key."""
    with pytest.raises(PolicyError) as raised:
        CookieRule("sid", *arguments, **options)

    for text in (str(raised.value), repr(raised.value), repr(raised.value.problems), repr(raised.value.args)):
        assert not any(secret in text for secret in SECRETS)


@pytest.mark.parametrize("key", ["x" * 16, b"x" * 16, "\xe9" * 8, "\u20ac" * 6, "k" * 1000, b"\0" * 16])
def test_accepted_keys(key: Any) -> None:
    """Sixteen octets or more, counted as UTF-8."""
    assert site(CookieRule("sid", signing_key=key))(f"sid={signed(key, 'sid', '1')}").seen == "sid=1"


def test_seven_letters_of_two_octets_are_too_short() -> None:
    """Fourteen octets."""
    with pytest.raises(PolicyError):
        CookieRule("sid", signing_key="\xe9" * 7)


FULL = CookieRule("sid", signing_key=KEY, retired_signing_keys=[OLD, OLDER], signature_max_age=60, prefix="__Host-")


def test_keys_are_in_no_repr() -> None:
    """A placeholder stands for them; a policy and a middleware show no more."""
    policy = Policy(FULL, Rule(Match(path="/"), CookieRule("a", signing_key=OLD)))
    middleware = HeadersMiddleware(lambda environ, start_response: [], policy)  # type: ignore[arg-type]

    assert "signing_key=" in repr(FULL) and "retired_signing_keys=" in repr(FULL)
    for shown in (FULL, policy, middleware):
        for text in (repr(shown), str(shown), f"{shown}"):
            assert not any(secret in text for secret in SECRETS)


def test_a_contradiction_elsewhere_shows_no_key() -> None:
    """Neither where parts of a policy contradict each other nor where a name is not resolved."""
    with pytest.raises(PolicyError) as raised:
        Policy(Rule(Match(status=200), FULL), Rule(Match(method="GET"), FULL))
    assert not any(secret in f"{raised.value!s} {raised.value!r}" for secret in SECRETS)

    with pytest.raises(PolicyError) as raised:
        HeadersMiddleware(
            lambda environ, start_response: [], Policy(FULL, CookieRule("a", signing_key=KEY, category="x"))
        )  # type: ignore[arg-type]
    assert not any(secret in f"{raised.value!s} {raised.value!r}" for secret in SECRETS)


def test_a_rule_is_a_value() -> None:
    """Equal by its keys, hashable, and a pickle holds them."""
    again = pickle.loads(pickle.dumps(FULL))

    assert again == FULL and hash(again) == hash(FULL)
    sent = stamped(OLD, "sid", "value")
    assert site(again)(f"__Host-sid={sent}").seen == "sid=value"
    assert pickle.loads(pickle.dumps(Policy(FULL))) == Policy(FULL)
    assert FULL != CookieRule(
        "sid", signing_key=OLD, retired_signing_keys=[KEY, OLDER], signature_max_age=60, prefix="__Host-"
    )
    assert CookieRule("sid", signing_key=KEY, retired_signing_keys=[OLD]) == CookieRule(
        "sid", signing_key=KEY, retired_signing_keys=(OLD,)
    )


def test_the_log_has_names_alone(caplog: pytest.LogCaptureFixture) -> None:
    """Values, signatures and keys never appear in it."""
    exchange = site(FULL, CookieRule("b", signing_key=OLD, insecure_accept_unsigned=True))
    exchange("__Host-sid=SECRET1; sid=SECRET2; b=SECRET3; \xa0b=SECRET4")
    exchange(f"__Host-sid={tag_of('SECRET5', key=FOREIGN)}")

    records = told(caplog)
    assert records
    assert "SECRET" not in everything(records)
    assert not any(secret in everything(records) for secret in SECRETS)


def test_a_good_request_logs_nothing(caplog: pytest.LogCaptureFixture) -> None:
    """Nor does one without cookies."""
    exchange = site(SIGNED)
    exchange(f"sid={GOOD}; a=1", "sid=1", "sid=; Max-Age=0")
    exchange(None)

    assert told(caplog) == []


# The signing cases of the field vectors, in the order in which they stand there, and the tests above that carry them.
CASES = {
    "tag of cookie a moved to cookie b": (SIGNED, "of another cookie"),
    "value with one bit flipped": (SIGNED, "another value"),
    "tag truncated": (SIGNED, "the signature cut"),
    "tag empty": (SIGNED, "an empty signature"),
    "tag doubled": (SIGNED, "the signature doubled"),
    "unsigned cookie of the same name": (SIGNED, "unsigned"),
    "algorithm named inside the cookie": (SIGNED, "an algorithm named inside"),
}


@pytest.mark.parametrize(("rule", "bad"), CASES.values(), ids=CASES)
def test_cases(rule: CookieRule, bad: str) -> None:
    """Cases that itsdangerous, cookie-signature, cookie-rs, Flask, Django and securecookie were found to differ in."""
    assert site(rule)(f"x=1; sid={BAD[bad]}; y=2").seen == "x=1; y=2"


def test_case_of_nelmio() -> None:
    """A changed way of signing: what the old way signed is read, the new way writes (signed-cookies-003)."""
    exchange = site(CookieRule("a", signing_key=KEY, retired_signing_keys=(OLD,)))

    after = exchange(f"a={signed(OLD, 'a', 'ok')}", "a=ok")
    assert (after.seen, after.lines) == ("a=ok", [f"a={signed(KEY, 'a', 'ok')}"])


def test_no_value_is_both_absent_and_empty() -> None:
    """An empty value is a value."""
    assert site(SIGNED)(f"sid={signed(KEY, 'sid', '')}").seen == "sid="
    assert site(SIGNED)("sid=").seen is ABSENT


def test_without_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who signs without itsdangerous is told when the rule is built, with every other mistake; others need it not."""
    monkeypatch.setitem(sys.modules, "itsdangerous", None)

    with pytest.raises(PolicyError) as raised:
        CookieRule("sid", signing_key="short", max_age=-1)

    assert {problem.code for problem in raised.value.problems} == {
        "cookie.signing_key.extra",
        "cookie.signing_key.short",
        "cookie.max_age",
    }
    assert "wsgi-headers[signing]" in str(raised.value)
    assert HeadersMiddleware(site, Policy(CookieRule("sid", prefix="__Host-"))).policy.parts
