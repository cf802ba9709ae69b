"""The model of the user agent, against every row of the vectors and the limits that it stands for."""

from __future__ import annotations

import datetime
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from user_agent import Cookie, Request, cookie_field, ends, outcome, read

VECTORS = json.loads((Path(__file__).parent / "data" / "set_cookie.json").read_text())
every_row = pytest.mark.parametrize("row", VECTORS["rows"], ids=lambda row: row["id"])


def seconds(iso: str) -> int:
    return int(datetime.datetime.fromisoformat(iso).replace(tzinfo=datetime.UTC).timestamp())


def request_of(row: dict[str, Any], key: str = "request") -> Request:
    scheme, host, path = row.get(key, row["request"])
    return Request(scheme, host, path, seconds(row["clock"]))


def reading(row: dict[str, Any]) -> Iterator[Cookie | None]:
    nothing: dict[str, Any] = dict.fromkeys(("max_age", "expires", "domain", "path"))
    for said in row["readings"]:
        if said is None:
            yield None
            continue
        named = {**nothing, "secure": False, "httponly": False, "samesite": "Default", "partitioned": False, **said}
        named["http_only"], named["same_site"] = named.pop("httponly"), named.pop("samesite")
        named["expires"] = named["expires"] and seconds(named["expires"].removesuffix("Z"))
        yield Cookie(**named)


@every_row
def test_reading(row: dict[str, Any]) -> None:
    """Each line of the vectors says what the specification reads in it."""
    request = request_of(row)

    assert [read(line, request) for line in row["lines"]] == list(reading(row))


@every_row
def test_outcome(row: dict[str, Any]) -> None:
    """Each line of the vectors is stored, or refused for the reason that the specification gives."""
    request = request_of(row)

    assert [outcome(read(line, request), request) for line in row["lines"]] == row["outcomes"]


@every_row
def test_cookie_field(row: dict[str, Any]) -> None:
    """The next request carries what the specification keeps, in its order."""
    assert cookie_field(row["lines"], request_of(row), request_of(row, "retrieve")) == row["cookie"]


# What draft-ietf-httpbis-layered-cookies says of single lines: group cookie-spec of the behaviour vectors, at
# https://app.site.test/.
DROPPED, KEPT = False, True
SPECIFICATION = {
    "001 __Secure- without Secure": ("__Secure-a=1; Domain=site.test", DROPPED),
    "003 prefixes in any case": ("__secure-a=1; Domain=site.test", DROPPED),
    "006 __Host- with Domain": ("__Host-a=1; Secure; Path=/; Domain=site.test", DROPPED),
    "007 __Host-": ("__Host-a=1; Secure; Path=/", KEPT),
    "009 __Http- without HttpOnly": ("__Http-a=1; Secure", DROPPED),
    "011 __Host-Http- without HttpOnly": ("__Host-Http-a=1; Secure; Path=/", DROPPED),
    "012 __Host-Http-": ("__Host-Http-a=1; Secure; Path=/; HttpOnly", KEPT),
    "013 nameless imitation": ("=__Host-a=1; Secure; Path=/", DROPPED),
    "014 SameSite=None without Secure": ("a=1; SameSite=None", DROPPED),
    "015 SameSite=None with Secure": ("a=1; SameSite=None; Secure", KEPT),
    "016 neither name nor value": ("=", DROPPED),
    "017 4,096 octets": (f"a={'b' * 4095}", KEPT),
    "018 4,097 octets": (f"a={'b' * 4096}", DROPPED),
    "023 control character": ("a=1\x01", DROPPED),
    "attribute with TAB": ("a=1; Pa\tth=/", KEPT),
    "4,096 octets do not count blanks": (f" a = {'b' * 4095} ", KEPT),
    "__Host- with an empty Domain": ("__Host-a=1; Secure; Path=/; Domain=", KEPT),
    "__Host- below a directory": ("__Host-a=1; Secure; Path=/a", DROPPED),
    "__Http- without Secure": ("__Http-a=1; HttpOnly", DROPPED),
    "Partitioned without Secure": ("a=1; Partitioned", DROPPED),
    "Partitioned with Secure": ("a=1; Partitioned; Secure", KEPT),
}


@pytest.mark.parametrize(("line", "accepted"), SPECIFICATION.values(), ids=SPECIFICATION)
def test_accepts(line: str, accepted: bool) -> None:
    """A line is stored or dropped as the specification says; Partitioned as Chromium 156 does."""
    request = Request("https", "app.site.test", "/")

    assert (outcome(read(line, request), request, chips=True) == "stored") is accepted


def test_partitioned_without_chips() -> None:
    """The draft does not know Partitioned: it refuses nothing, and is read all the same."""
    request = Request("https", "app.site.test", "/")
    cookie = read("a=1; Partitioned", request)

    assert cookie is not None and cookie.partitioned
    assert outcome(cookie, request) == "stored"


EFFECTIVE = {
    "019 Path of 1,025 octets is ignored": (f"a=1; Path=/{'a' * 1024}", "path", None),
    "Path of 1,024 octets is not": (f"a=1; Path=/{'a' * 1023}", "path", f"/{'a' * 1023}"),
    "022 the last SameSite counts": ("a=1; SameSite=None; Secure; SameSite=Lax", "same_site", "Lax"),
    "024 leading dot of Domain": ("a=1; Domain=.site.test", "domain", "site.test"),
    "Secure of 1,025 octets is ignored": (f"a=1; Secure={'a' * 1025}", "secure", False),
    "the last Max-Age that can be read counts": ("a=1; Max-Age=5; Max-Age=x", "max_age", 5),
    "the last Expires that can be read counts": ("a=1; Expires=1-jan-1970 0:0:7; Expires=x", "expires", 7),
    "the last SameSite counts, known or not": ("a=1; SameSite=Lax; SameSite=x", "same_site", "Default"),
}


@pytest.mark.parametrize(("line", "attribute", "value"), EFFECTIVE.values(), ids=EFFECTIVE)
def test_effective(line: str, attribute: str, value: object) -> None:
    """Of an attribute the last one that counts is read."""
    cookie = read(line, Request("https", "app.site.test", "/"))

    assert getattr(cookie, attribute) == value


LIVES = {
    "session": ("a=1", None),
    "Max-Age": ("a=1; Max-Age=60", 1060),
    "Max-Age beats Expires": ("a=1; Max-Age=60; Expires=1-jan-1970 1:0:0", 1060),
    "Expires": ("a=1; Expires=1-jan-1970 1:0:0", 3600),
    "Max-Age of more than 400 days": ("a=1; Max-Age=34560001", 34_561_000),
    "Expires in more than 400 days": ("a=1; Expires=1-jan-1972 0:0:0", 34_561_000),
    "Max-Age=0": ("a=1; Max-Age=0", float("-inf")),
    "Max-Age below 0": ("a=1; Max-Age=-1", float("-inf")),
}


@pytest.mark.parametrize(("line", "end"), LIVES.values(), ids=LIVES)
def test_ends(line: str, end: float | None) -> None:
    """A life ends as Max-Age says, else as Expires says, and after 400 days."""
    cookie = read(line, Request("https", "app.site.test", "/"))

    assert cookie is not None and ends(cookie, 1000) == end


@every_row
def test_source_of_every_row(row: dict[str, Any]) -> None:
    """Each row names where it comes from, and says as many readings and outcomes as it has lines."""
    assert VECTORS["sources"][row["source"]]
    assert len(row["lines"]) == len(row["readings"]) == len(row["outcomes"])
