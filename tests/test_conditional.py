"""Conditional requests: 304 and 412 as RFC 9110 13 has them, and everything else as it was."""

from __future__ import annotations

import contextlib
import gc
import io
import json
import logging
import pickle
import sys
import time
import weakref
from collections.abc import Callable, Iterable, Iterator
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any
from wsgiref.types import StartResponse, WSGIEnvironment
from wsgiref.util import FileWrapper

import pytest
from assertions import assert_head, assert_value
from hypothesis import given
from hypothesis import strategies as st
from wsgi import PLAIN, Line, Response, call, environ_for, responding, run, validated

from wsgi_headers import (
    CORS,
    NONCE,
    AllowedHosts,
    Conditional,
    ContentSecurityPolicy,
    CookieBudget,
    Default,
    Edit,
    HeadError,
    HeadersMiddleware,
    Match,
    Policy,
    PolicyError,
    Remove,
    Rule,
    Set,
    explain,
    overrides,
)
from wsgi_headers.conditional import Preconditions, evaluate
from wsgi_headers.exchange import ENVIRON_KEY
from wsgi_headers.inspector import as_text, inspect, request_environ

DATA = json.loads((Path(__file__).parent / "data" / "conditional_requests.json").read_text(encoding="ascii"))

# Three consecutive seconds, and one that is still to come.
BEFORE = "Mon, 01 Jan 2024 09:59:59 GMT"
MODIFIED = "Mon, 01 Jan 2024 10:00:00 GMT"
AFTER = "Mon, 01 Jan 2024 10:00:01 GMT"
FUTURE = "Fri, 01 Jan 2100 00:00:00 GMT"

STRONG = [("ETag", '"a"')]
WEAK = [("ETag", 'W/"a"')]
DATED = [("Last-Modified", MODIFIED)]
BOTH = [*STRONG, *DATED]

TAGGING = Policy(Conditional(etag="weak"))
JUDGING = Policy(Conditional())


def fields(**values: str) -> dict[str, str]:
    """Return the environ of request fields, `if_match` for If-Match."""
    return {f"HTTP_{name.upper()}": value for name, value in values.items()}


class Body:
    """A body that counts how often it was read and closed."""

    def __init__(self, *chunks: bytes) -> None:
        self.chunks = chunks
        self.read = 0
        self.closed = 0

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self.chunks:
            self.read += 1
            yield chunk

    def close(self) -> None:
        self.closed += 1


# ----------------------------------------------------------------------------------------------------------------------
# The decision
# ----------------------------------------------------------------------------------------------------------------------

# the application's validators, the request's fields, the status
DECISIONS: dict[str, tuple[list[Line], dict[str, str], int]] = {
    # RFC 9110 13.1.2, weak comparison
    "if-none-match, the tag": (STRONG, fields(if_none_match='"a"'), 304),
    "if-none-match, another": (STRONG, fields(if_none_match='"b"'), 200),
    "if-none-match, in a list": (STRONG, fields(if_none_match='"b", "a"'), 304),
    "if-none-match, in no list": (STRONG, fields(if_none_match='"b", "c"'), 200),
    "if-none-match, empty members": (STRONG, fields(if_none_match=' , "b",, "a" ,'), 304),
    "if-none-match, weak of strong": (STRONG, fields(if_none_match='W/"a"'), 304),
    "if-none-match, strong of weak": (WEAK, fields(if_none_match='"a"'), 304),
    "if-none-match, weak of weak": (WEAK, fields(if_none_match='W/"a"'), 304),
    "if-none-match, any": (STRONG, fields(if_none_match="*"), 304),
    "if-none-match, any without a tag": ([], fields(if_none_match="*"), 304),
    "if-none-match, any with blanks": (STRONG, fields(if_none_match=" *\t"), 304),
    "if-none-match, no tag": (DATED, fields(if_none_match='"a"'), 200),
    "if-none-match, case": (STRONG, fields(if_none_match='"A"'), 200),
    "if-none-match, part of a tag": ([("ETag", '"ab"')], fields(if_none_match='"a"'), 200),
    "if-none-match, a comma within": ([("ETag", '"a,b"')], fields(if_none_match='"a,b"'), 304),
    "if-none-match, empty tag": ([("ETag", '""')], fields(if_none_match='""'), 304),
    "if-none-match, 80-FF": ([("ETag", '"\xe9"')], fields(if_none_match='"\xe9"'), 304),
    # 13.1.1, strong comparison
    "if-match, the tag": (STRONG, fields(if_match='"a"'), 200),
    "if-match, another": (STRONG, fields(if_match='"b"'), 412),
    "if-match, in a list": (STRONG, fields(if_match='"b", "a"'), 200),
    "if-match, weak of strong": (STRONG, fields(if_match='W/"a"'), 412),
    "if-match, strong of weak": (WEAK, fields(if_match='"a"'), 412),
    "if-match, weak of weak": (WEAK, fields(if_match='W/"a"'), 412),
    "if-match, any": (STRONG, fields(if_match="*"), 200),
    "if-match, any without a tag": ([], fields(if_match="*"), 200),
    "if-match, no tag": ([], fields(if_match='"a"'), 412),
    # 13.1.3
    "if-modified-since, the date": (DATED, fields(if_modified_since=MODIFIED), 304),
    "if-modified-since, later": (DATED, fields(if_modified_since=AFTER), 304),
    "if-modified-since, earlier": (DATED, fields(if_modified_since=BEFORE), 200),
    "if-modified-since, rfc850": (DATED, fields(if_modified_since="Monday, 01-Jan-24 10:00:00 GMT"), 304),
    "if-modified-since, asctime": (DATED, fields(if_modified_since="Mon Jan  1 10:00:00 2024"), 304),
    "if-modified-since, no date": (STRONG, fields(if_modified_since=AFTER), 200),
    "if-modified-since, in the future": (DATED, fields(if_modified_since=FUTURE), 200),
    "if-modified-since, of the application in asctime": (
        [("Last-Modified", "Mon Jan  1 10:00:00 2024")],
        fields(if_modified_since=MODIFIED),
        304,
    ),
    # 13.1.4
    "if-unmodified-since, the date": (DATED, fields(if_unmodified_since=MODIFIED), 200),
    "if-unmodified-since, later": (DATED, fields(if_unmodified_since=AFTER), 200),
    "if-unmodified-since, earlier": (DATED, fields(if_unmodified_since=BEFORE), 412),
    "if-unmodified-since, no date": (STRONG, fields(if_unmodified_since=BEFORE), 200),
    "if-unmodified-since, in the future": (DATED, fields(if_unmodified_since=FUTURE), 200),
    # 13.2.2, the order
    "a match lets if-none-match speak": (STRONG, fields(if_match='"a"', if_none_match='"a"'), 304),
    "no match comes before if-none-match": (STRONG, fields(if_match='"b"', if_none_match='"a"'), 412),
    "if-match leaves if-unmodified-since out": (BOTH, fields(if_match='"a"', if_unmodified_since=BEFORE), 200),
    "if-unmodified-since comes before if-none-match": (
        BOTH,
        fields(if_unmodified_since=BEFORE, if_none_match='"a"'),
        412,
    ),
    "if-none-match leaves if-modified-since out": (BOTH, fields(if_none_match='"b"', if_modified_since=AFTER), 200),
    "if-none-match without a tag does too": (DATED, fields(if_none_match='"b"', if_modified_since=AFTER), 200),
    "if-none-match hits, if-modified-since not": (BOTH, fields(if_none_match='"a"', if_modified_since=BEFORE), 304),
    "a match lets if-modified-since speak": (BOTH, fields(if_match='"a"', if_modified_since=MODIFIED), 304),
    "if-unmodified-since lets if-modified-since speak": (
        DATED,
        fields(if_unmodified_since=AFTER, if_modified_since=MODIFIED),
        304,
    ),
    # What cannot be read is no reason for anything
    "if-none-match, no tag at all": (STRONG, fields(if_none_match="a"), 200),
    "if-none-match, w is not W": (STRONG, fields(if_none_match='w/"a"'), 200),
    "if-none-match, open": (STRONG, fields(if_none_match='"a'), 200),
    "if-none-match, empty": (STRONG, fields(if_none_match=""), 200),
    "if-none-match, any beside a tag": (STRONG, fields(if_none_match='*, "b"'), 200),
    "if-none-match, one member is none": (STRONG, fields(if_none_match='a b, "a"'), 304),
    "if-none-match, no comma": (STRONG, fields(if_none_match='"b" "a"'), 200),
    "if-none-match unread still leaves if-modified-since out": (
        BOTH,
        fields(if_none_match="a", if_modified_since=AFTER),
        200,
    ),
    "if-match, no tag at all is none": (STRONG, fields(if_match="a"), 200),
    "if-match, empty": (STRONG, fields(if_match=""), 200),
    "if-match, one member is none": (STRONG, fields(if_match='b, "c"'), 412),
    "if-match unread still leaves if-unmodified-since out": (
        BOTH,
        fields(if_match="a", if_unmodified_since=BEFORE),
        200,
    ),
    "if-modified-since, no date at all": (DATED, fields(if_modified_since="yesterday"), 200),
    "if-modified-since, two dates": (DATED, fields(if_modified_since=f"{AFTER}, {AFTER}"), 200),
    "if-modified-since, with a length": (DATED, fields(if_modified_since=f"{MODIFIED}; length=5"), 200),
    "if-unmodified-since, no date at all": (DATED, fields(if_unmodified_since="0"), 200),
    "the application's tag is none": ([("ETag", "a")], fields(if_none_match='a, "a"'), 200),
    "the application's tag is none for if-match": ([("ETag", "a")], fields(if_match='"a"'), 412),
    "the application's tags are two": ([*STRONG, *STRONG], fields(if_none_match='"a"'), 200),
    "the application's date is none": ([("Last-Modified", "soon")], fields(if_modified_since=AFTER), 200),
    "the application's dates are two": ([*DATED, *DATED], fields(if_modified_since=AFTER), 200),
    "names without case": ([("eTAG", '"a"')], fields(if_none_match='"a"'), 304),
    "a date by a name without case": ([("LAST-modified", MODIFIED)], fields(if_modified_since=AFTER), 304),
    # Not ours
    "if-range": (STRONG, {"HTTP_IF_RANGE": '"b"', "HTTP_RANGE": "bytes=0-1"}, 200),
    "nothing asked": (BOTH, {}, 200),
}


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize(("lines", "asked", "status"), DECISIONS.values(), ids=DECISIONS)
def test_decision(lines: list[Line], asked: dict[str, str], status: int, method: str) -> None:
    """What a request is answered with, by the validators that the application sends."""
    body = Body(b"hello") if method == "GET" else Body()
    app = HeadersMiddleware(validated(responding(PLAIN, *lines, body=body)), JUDGING)

    response = call(app, method=method, **asked)

    assert response.status.startswith(str(status))
    assert body.closed == 1
    if status == 200:
        assert (response.status, response.lines) == ("200 OK", [PLAIN, *lines])
        assert response.body == b"".join(body.chunks)
    else:
        assert body.read == 0
        assert bool(response.body) == (status == 412 and method == "GET")


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "get", "QUERY"])
@pytest.mark.parametrize("asked", [fields(if_none_match='"a"'), fields(if_match='"b"')], ids=["304", "412"])
def test_other_methods_pass(method: str, asked: dict[str, str]) -> None:
    """The application has acted already; its answer goes out as the object that it is."""
    body = [b"done"]
    app = HeadersMiddleware(responding(PLAIN, *STRONG, body=body), JUDGING)
    environ = environ_for(method=method, **asked)

    assert app(environ, lambda *head: print) is body


@pytest.mark.parametrize(
    "status", ["301 Moved Permanently", "304 Not Modified", "404 Not Found", "412 No", "416 No", "500 Oops"]
)
def test_other_statuses_pass(status: str) -> None:
    """Preconditions count only where the response without them would be a 2xx (RFC 9110 13.2.1)."""
    lines = STRONG if status.startswith("304") else [PLAIN, *STRONG]
    for asked in (fields(if_none_match='"a"'), fields(if_match='"b"')):
        response = call(HeadersMiddleware(responding(*lines, status=status, body=[]), JUDGING), **asked)
        assert (response.status, response.lines) == (status, lines)


@pytest.mark.parametrize("status", ["200 OK", "201 Created", "203 Other", "206 Partial Content", "226 IM Used"])
def test_every_success_counts(status: str) -> None:
    """The precondition comes before the range and whatever else made it another success (RFC 9110 13.2.2)."""
    app = HeadersMiddleware(responding(PLAIN, *STRONG, status=status), JUDGING)

    assert call(app, **fields(if_none_match='"a"')).status == "304 Not Modified"
    assert call(app, **fields(if_none_match='"b"')).status == status


def test_a_part_of_a_representation_is_the_applications() -> None:
    """A 206 for Range and If-Range goes out as it came, its tag and body too."""
    lines = [PLAIN, *STRONG, ("Content-Range", "bytes 0-1/5")]
    body = [b"he"]
    environ = environ_for(HTTP_RANGE="bytes=0-1", HTTP_IF_RANGE='"a"')
    app = HeadersMiddleware(responding(*lines, status="206 Partial Content", body=body), TAGGING)

    assert app(environ, lambda *head: None) is body
    assert call(app, HTTP_RANGE="bytes=0-1", HTTP_IF_RANGE='"a"').lines == lines


# ----------------------------------------------------------------------------------------------------------------------
# A naive reading of RFC 9110 13
# ----------------------------------------------------------------------------------------------------------------------

# Kept apart from the regular expressions of the package: by characters, by the standard library's dates.
ETAGC = {chr(code) for code in (0x21, *range(0x23, 0x7F), *range(0x80, 0x100))}


def naive_tag(text: str) -> tuple[bool, str] | None:
    """Return (weak, opaque)."""
    text = text.strip(" \t")
    opaque = text.removeprefix("W/")
    if len(opaque) >= 2 and opaque[0] == opaque[-1] == '"' and set(opaque[1:-1]) <= ETAGC:
        return text != opaque, opaque
    return None


def naive_list(text: str) -> list[tuple[bool, str]]:
    """Return the tags of a list in which no tag has a comma."""
    return [tag for member in text.split(",") if (tag := naive_tag(member)) is not None]


def naive_date(text: str) -> float | None:
    """Return the seconds of a date out of a pool in which all that are none are words."""
    return None if " " not in text else parsedate_to_datetime(text).timestamp()


def naive(request: dict[str, str], etag: str | None, modified: str | None) -> int:
    """Step by step, RFC 9110 13.2.2."""
    current = None if etag is None else naive_tag(etag)
    last = None if modified is None else naive_date(modified)
    if_match = request.get("HTTP_IF_MATCH")
    if if_match is not None:  # 1.
        tags = naive_list(if_match)
        true = if_match.strip(" \t") == "*" or not tags or any(tag == current and not tag[0] for tag in tags)
        if not true:
            return 412
    elif (since := request.get("HTTP_IF_UNMODIFIED_SINCE")) is not None:  # 2.
        date = naive_date(since)
        if date is not None and last is not None and last > date:
            return 412
    if_none_match = request.get("HTTP_IF_NONE_MATCH")
    if if_none_match is not None:  # 3.
        opaque = [tag[1] for tag in naive_list(if_none_match)]
        return 304 if if_none_match.strip(" \t") == "*" or (current is not None and current[1] in opaque) else 200
    if (since := request.get("HTTP_IF_MODIFIED_SINCE")) is not None:  # 4.
        date = naive_date(since)
        if date is not None and last is not None and last <= date <= time.time():
            return 304
    return 200


tags = st.sampled_from(['"a"', '"b"', 'W/"a"', 'W/"b"', 'w/"a"', '"a', "a", '""', '"a b"', "*", '"a" "b"', '"\xe9"'])
tag_lists = st.lists(tags, max_size=4).map(", ".join) | st.text('"aW/ *,\t', max_size=12).filter(
    lambda text: not any('"' in member and member.count('"') % 2 for member in text.split(","))
)
dates = st.sampled_from([BEFORE, MODIFIED, AFTER, FUTURE, "Monday, 01-Jan-24 10:00:00 GMT", "soon", ""])
requests = st.fixed_dictionaries(
    {},
    optional={
        "HTTP_IF_MATCH": tag_lists,
        "HTTP_IF_NONE_MATCH": tag_lists,
        "HTTP_IF_MODIFIED_SINCE": dates,
        "HTTP_IF_UNMODIFIED_SINCE": dates,
    },
)


@given(requests, st.none() | tags, st.none() | dates)
def test_decision_is_that_of_the_naive_reading(request: dict[str, str], etag: str | None, modified: str | None) -> None:
    """Whatever is asked and sent, the response has the status that RFC 9110 13.2.2 comes to step by step."""
    lines = [PLAIN]
    lines += [("ETag", etag)] if etag is not None else []
    lines += [("Last-Modified", modified)] if modified is not None else []

    response = call(HeadersMiddleware(responding(*lines), JUDGING), validate=False, **request)

    assert int(response.status[:3]) == naive(request, etag, modified)
    if response.status == "200 OK":
        assert response.lines == lines


anything = st.text(st.characters(codec="latin-1", exclude_categories=["Cc"]), max_size=40)


@given(
    st.fixed_dictionaries(
        {key: anything for key in fields(if_match="", if_none_match="", if_modified_since="", if_unmodified_since="")}
    ),
    anything,
    anything,
)
def test_no_request_and_no_validator_raises(request: dict[str, str], etag: str, modified: str) -> None:
    """What cannot be read counts as absent and is passed on as it was."""
    response = call(
        HeadersMiddleware(responding(PLAIN, ("ETag", etag), ("Last-Modified", modified)), TAGGING),
        validate=False,
        **request,
    )

    assert response.status[:3] in ("200", "304", "412")
    assert response.values("ETag") == [etag]


def test_a_long_list_is_judged_in_linear_time() -> None:
    """64 KiB of If-None-Match and of If-Match, tags or not."""
    app = HeadersMiddleware(responding(PLAIN, ("ETag", '"z"')), JUDGING)
    for text in ('"a",' * 16_384, '"z' * 32_768, "," * 65_536, ' "z"' * 16_384, '"' + "z," * 32_767, '"z"x,' * 13_107):
        began = time.process_time()
        call(app, **fields(if_none_match=text))
        call(app, **fields(if_match=text))
        assert time.process_time() - began < 1


def test_evaluate_is_pure() -> None:
    """It can be asked alone, with a clock of one's own."""
    asked = Preconditions(if_modified_since=MODIFIED)
    second = int(parsedate_to_datetime(MODIFIED).timestamp())

    assert evaluate(asked, None, MODIFIED, now=second) == 304
    assert evaluate(asked, None, MODIFIED, now=second - 1) == 200
    assert evaluate(Preconditions(), '"a"', MODIFIED) == 200


# ----------------------------------------------------------------------------------------------------------------------
# What goes out
# ----------------------------------------------------------------------------------------------------------------------

CONTENT = [
    ("Content-Type", "text/html; charset=utf-8"),
    ("Content-Length", "5"),
    ("Content-Encoding", "identity"),
    ("Content-Language", "en"),
    ("Content-MD5", "XUFAKrxLKna5cZ2REBfFkg=="),
    ("Content-Digest", "sha-256=:x:"),
    ("Repr-Digest", "sha-256=:x:"),
    ("Transfer-Encoding", "chunked"),
    ("X-Accel-Redirect", "/files/a"),
]
LASTING = [
    ("ETag", '"a"'),
    ("Date", MODIFIED),
    ("Expires", AFTER),
    ("Cache-Control", "private, max-age=5"),
    ("Vary", "Accept"),
    ("Content-Location", "/a.html"),
    ("Set-Cookie", "a=1"),
    ("Set-Cookie", "b=2"),
    ("X-Own", "1"),
    ("Link", "</a>; rel=x"),
]


def test_lines_of_a_304() -> None:
    """Those of its content leave, whoever made them; what guides a cache stays, and so does the policy (15.4.5)."""
    policy = Policy(Conditional(), Set("X-Frame-Options", "DENY"), Set("Content-Language", "fr"), Remove("Link"))
    app = HeadersMiddleware(responding(*CONTENT, *LASTING, *DATED), policy)

    response = call(app, validate=False, **fields(if_none_match='"a"'))

    assert (response.status, response.body) == ("304 Not Modified", b"")
    assert_head(response.lines, [*LASTING[:-1], ("X-Frame-Options", "DENY")])


def test_last_modified_stays_where_there_is_no_tag() -> None:
    """It may guide a cache then (RFC 9110 15.4.5); so does it where the policy removes the tag."""
    asked = fields(if_modified_since=MODIFIED)

    assert call(HeadersMiddleware(responding(PLAIN, *DATED), JUDGING), **asked).lines == DATED
    assert call(HeadersMiddleware(responding(PLAIN, *BOTH), JUDGING), **asked).lines == STRONG
    removing = Policy(Conditional(), Remove("ETag"))
    assert call(HeadersMiddleware(responding(PLAIN, *BOTH), removing), **asked).lines == DATED


def test_a_304_is_judged_by_the_applications_own_validators() -> None:
    """What an operation makes of ETag is not what the application has."""
    app = HeadersMiddleware(responding(PLAIN, *STRONG), Policy(Conditional(), Set("ETag", '"policy"')))

    assert call(app, **fields(if_none_match='"policy"')).status == "200 OK"
    assert call(app, **fields(if_none_match='"a"')).lines == [("ETag", '"policy"')]


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_412(method: str) -> None:
    """A short text, never stored, with the application's cookies and the rest of the policy; no body for HEAD."""
    policy = Policy(Set("X-Frame-Options", "DENY"), Conditional(), Set("Cache-Control", "public, max-age=60"))
    lines = [*CONTENT[:4], *LASTING, *DATED, ("Content-Disposition", "attachment"), ("CDN-Cache-Control", "max-age=9")]
    app = HeadersMiddleware(responding(*lines), policy)

    response = call(app, method=method, **fields(if_match='"b"'))

    assert response.status == "412 Precondition Failed"
    (length,) = response.values("Content-Length")
    text = b"A precondition of the request does not hold for what is here now.\n"
    assert (response.body, length) == (text if method == "GET" else b"", str(len(text)))
    gone = ("Expires", "Cache-Control", "Content-Location")
    assert_head(
        response.lines,
        [
            *[line for line in LASTING if line[0] not in gone],
            *DATED,
            ("Content-Type", "text/plain; charset=utf-8"),
            ("Content-Length", length),
            ("X-Frame-Options", "DENY"),
            ("Cache-Control", "no-store"),
        ],
    )


RULES = Policy(
    Conditional(),
    Rule(Match(status=200), Set("X-200", "1")),
    Rule(Match(status=304), Set("X-304", "1")),
    Rule(Match(status=412), Set("X-412", "1")),
    Rule(Match(media_type="text/html"), Set("X-Html", "1")),
    Rule(Match(media_type="text/plain"), Set("X-Plain", "1")),
)


def test_rules_hold_for_a_304_as_for_the_200() -> None:
    """It stands for that response; one that the application made itself is itself."""
    app = HeadersMiddleware(responding(("Content-Type", "text/html"), *STRONG), RULES)
    response = call(app, **fields(if_none_match='"a"'))
    assert_head(response.lines, [*STRONG, ("X-200", "1"), ("X-Html", "1")])

    own = HeadersMiddleware(responding(*STRONG, status="304 Not Modified", body=[]), RULES)
    assert_head(call(own, **fields(if_none_match='"a"')).lines, [*STRONG, ("X-304", "1")])


def test_rules_hold_for_a_412_as_for_itself() -> None:
    """It is a response of its own."""
    app = HeadersMiddleware(responding(("Content-Type", "text/html"), *STRONG), RULES)

    response = call(app, **fields(if_match='"b"'))

    names = [name for name, _ in response.lines if name.startswith("X-")]
    assert names == ["X-412", "X-Plain"]


NONCED = Policy(Conditional(etag="weak"), ContentSecurityPolicy(script_src=[NONCE]), Set("X-A", "1"))


@pytest.mark.parametrize("tagged", [True, False], ids=["of the application", "made"])
@pytest.mark.parametrize("asking", [True, False], ids=["asked", "unasked"])
def test_a_304_carries_no_policy_with_a_nonce(asking: bool, tagged: bool) -> None:
    """The stored one would be replaced, whose page has another nonce; whatever else has the nonce leaves too."""

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        nonce = overrides.nonce(environ) if asking else ""
        start_response("200 OK", [PLAIN, *([*STRONG] if tagged else []), ("X-Nonce", f"is {nonce}")])
        return [b"page"]

    wrapped = HeadersMiddleware(app, NONCED)
    full = call(wrapped)
    assert ("nonce-" in full.values("Content-Security-Policy")[0]) == asking
    (tag,) = full.values("ETag")

    response = call(wrapped, **fields(if_none_match=tag))

    assert response.status == "304 Not Modified"
    lines = [("ETag", tag), ("X-A", "1"), *([] if asking else [("X-Nonce", "is ")])]
    assert_head(response.lines, lines)


@pytest.mark.parametrize("tagged", [True, False], ids=["of the application", "made"])
def test_what_the_application_asked_for_on_a_304(tagged: bool) -> None:
    """Operations for this response alone come after the policy's, but for a field that was declared with a nonce.

    No line of that is on a 304, whoever says it: the stored one, which may have its nonce, stays as it is.
    """

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        overrides.apply(environ, Set("Content-Security-Policy", "default-src 'none'"), Set("X-A", "2"))
        start_response("200 OK", [PLAIN, *([*STRONG] if tagged else [])])
        return [b"page"]

    wrapped = HeadersMiddleware(app, NONCED)
    (tag,) = call(wrapped).values("ETag")

    response = call(wrapped, **fields(if_none_match=tag))

    assert response.status == "304 Not Modified"
    assert_head(response.lines, [("ETag", tag), ("X-A", "2")])


def test_what_a_guard_answers_is_not_judged() -> None:
    """It is no representation of what was asked for, whatever its application says of it."""
    refusal = responding(PLAIN, *STRONG, body=[b"elsewhere"])
    app = HeadersMiddleware(responding(PLAIN), Policy(TAGGING, AllowedHosts("b.example", deny=refusal)))

    response = call(app, **fields(if_none_match="*"))

    assert (response.status, response.body) == ("200 OK", b"elsewhere")


def test_cors_stands_on_both() -> None:
    """A script of an allowed origin may read a 304 and a 412."""
    policy = Policy(Conditional(), CORS(origins=["https://a.example"], credentials=True))
    app = HeadersMiddleware(responding(PLAIN, *STRONG), policy)
    for asked in (fields(if_none_match='"a"'), fields(if_match='"b"')):
        response = call(app, HTTP_ORIGIN="https://a.example", **asked)
        assert response.status[:3] in ("304", "412")
        assert response.values("Access-Control-Allow-Origin") == ["https://a.example"]
        assert response.values("Vary") == ["Origin"]
        assert call(app, **asked).values("Vary") == ["Origin"]


# ----------------------------------------------------------------------------------------------------------------------
# Weak entity tags
# ----------------------------------------------------------------------------------------------------------------------


def tag_of(*lines: Line, body: Any = (b"hello",), policy: Policy = TAGGING, **options: Any) -> list[str]:
    """Return the values of ETag on the response of an application that sends these lines and this body."""
    status = options.pop("status", "200 OK")
    return call(HeadersMiddleware(responding(PLAIN, *lines, status=status, body=body), policy), **options).values(
        "ETag"
    )


def test_a_list_gets_a_weak_tag() -> None:
    """A list and a tuple, of a 200 and a 201; the same however it is cut; another for other octets."""
    (tag,) = tag_of(body=[b"hello"])

    assert tag.startswith('W/"') and tag.isascii() and naive_tag(tag) is not None
    for body in ((b"hello",), [b"he", b"", b"llo"], [b"hello", b""]):
        assert tag_of(body=body) == [tag]
    assert tag_of(body=[b"hello"], status="201 Created") == [tag]
    assert tag_of(body=[b"hello"], method="HEAD", validate=False) == [tag]
    assert tag_of(body=[b"Hello"]) != [tag]


@pytest.mark.parametrize("asked", [{}, fields(if_none_match="*"), fields(if_match='"x"')], ids=["plain", "304", "412"])
@pytest.mark.parametrize("status", ["200 OK", "201 Created"])
def test_what_a_post_made_gets_a_tag(status: str, asked: dict[str, str]) -> None:
    """The tag of the same octets, which a later GET may name; whatever was asked, the POST itself has acted already."""
    (tag,) = tag_of(body=[b"hello"])
    body = [b"hello"]
    heads: list[Any] = []
    app = HeadersMiddleware(responding(PLAIN, status=status, body=body), TAGGING)

    assert app(environ_for(method="POST", **asked), lambda *head: heads.append(head)) is body
    assert heads == [(status, [PLAIN, ("ETag", tag)])]


def test_the_full_response_is_otherwise_untouched() -> None:
    """Lines, and the very list that the application returned."""
    body = [b"hello"]
    heads: list[Any] = []
    app = HeadersMiddleware(responding(PLAIN, ("X-Own", "1"), body=body), TAGGING)

    assert app(environ_for(), lambda *head: heads.append(head)) is body
    assert [(status, lines[:-1]) for status, lines in heads] == [("200 OK", [PLAIN, ("X-Own", "1")])]


def test_a_made_tag_is_judged() -> None:
    """304 for the client that has it, weak or strong in its own words; it meets no If-Match (RFC 9110 13.1.1)."""
    body = [b"he", b"llo"]
    app = HeadersMiddleware(responding(PLAIN, ("Content-Length", "5"), ("Vary", "Accept"), body=body), TAGGING)
    (tag,) = call(app).values("ETag")

    for asked in (tag, tag.removeprefix("W/"), f'"x", {tag}', "*"):
        response = call(app, **fields(if_none_match=asked))
        assert (response.status, response.body) == ("304 Not Modified", b"")
    assert_head(call(app, **fields(if_none_match=tag)).lines, [("ETag", tag), ("Vary", "Accept")])
    assert call(app, **fields(if_none_match='"x"')).values("ETag") == [tag]
    assert call(app, **fields(if_match=tag)).status == "412 Precondition Failed"
    assert call(app, **fields(if_match="*")).status == "200 OK"


def generated() -> Iterator[bytes]:
    """Give a body in pieces."""
    yield b"hello"


class List(list[bytes]):
    """A list of an application's own class, which may do anything when it is read."""


UNTAGGED: dict[str, Callable[[], Any]] = {
    "generator": generated,
    "file": lambda: FileWrapper(io.BytesIO(b"hello")),
    "object": lambda: Body(b"hello"),
    "list of another class": lambda: List([b"hello"]),
    "iterator": lambda: iter([b"hello"]),
    "bytearray": lambda: bytearray(b"hello"),
}


@pytest.mark.parametrize("asked", [{}, fields(if_none_match='"x"')], ids=["plain", "conditional"])
@pytest.mark.parametrize("make", UNTAGGED.values(), ids=UNTAGGED)
def test_other_bodies_pass(make: Callable[[], Any], asked: dict[str, str]) -> None:
    """What is made while it is sent goes out as the same object, without a tag."""
    body = make()
    heads: list[Any] = []

    assert (
        HeadersMiddleware(responding(PLAIN, body=body), TAGGING)(environ_for(**asked), lambda *h: heads.append(h))
        is body
    )
    assert heads == [("200 OK", [PLAIN])]


NO_TAG: dict[str, tuple[list[Line], dict[str, Any]]] = {
    "an ETag": (STRONG, {}),
    "an empty ETag": ([("etag", "")], {}),
    "an ETag that is none": ([("ETag", "a")], {}),
    "a Last-Modified": (DATED, {}),
    "empty": ([], {"body": []}),
    "empty pieces": ([], {"body": [b"", b""]}),
    "another length": ([("Content-Length", "6")], {"body": [b"hello"], "validate": False}),
    "a part": ([("Content-Range", "bytes 0-4/9")], {}),
    "a file of the proxy's": ([("X-Accel-Redirect", "/a")], {}),
    "a file of the server's": ([("X-Sendfile", "/a")], {}),
    "404": ([], {"status": "404 Not Found"}),
    "203": ([], {"status": "203 Other"}),
    "206": ([], {"status": "206 Partial Content"}),
    "PUT": ([], {"method": "PUT"}),
    "PUT that created": ([], {"method": "PUT", "status": "201 Created"}),
    "PATCH": ([], {"method": "PATCH"}),
    "DELETE": ([], {"method": "DELETE"}),
    "POST with an ETag": (STRONG, {"method": "POST", "status": "201 Created"}),
    "POST that failed": ([], {"method": "POST", "status": "400 Bad Request"}),
    "OPTIONS": ([], {"method": "OPTIONS"}),
}


@pytest.mark.parametrize(("lines", "options"), NO_TAG.values(), ids=NO_TAG)
def test_no_tag_is_made(lines: list[Line], options: dict[str, Any]) -> None:
    """Where the application sent a validator, where the body is not the whole, and where the method has none."""
    assert tag_of(*lines, **options) == [value for name, value in lines if name.lower() == "etag"]


def test_largest_body() -> None:
    """It is in octets and may just be reached."""
    policy = Policy(Conditional(etag="weak", max_body=5))

    assert tag_of(body=[b"he", b"llo"], policy=policy)
    assert not tag_of(body=[b"hell", b"o!"], policy=policy)
    assert tag_of(body=[b"x" * 1_048_576]) and not tag_of(body=[b"x" * 1_048_577])
    assert not tag_of(policy=JUDGING)


def test_a_body_that_is_no_octets_is_left_to_the_server() -> None:
    """It gets no tag, and reaches the server as it is."""
    body: Any = ["text"]

    assert HeadersMiddleware(responding(PLAIN, body=body), TAGGING)(environ_for(), lambda *head: None) is body


@pytest.mark.parametrize(
    ("operation", "values"),
    [
        (Remove("ETag"), []),
        (Set("ETag", '"p"'), ['"p"']),
        (Default("ETag", '"p"'), ['"p"']),
        (Edit("ETag", str.upper), []),
    ],
    ids=["Remove", "Set", "Default", "Edit"],
)
def test_an_operation_on_the_field_has_the_last_word(operation: Any, values: list[str]) -> None:
    """No tag is made where one speaks of ETag, of the policy or of this response alone."""
    assert tag_of(policy=Policy(operation, TAGGING)) == values

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        overrides.apply(environ, operation)
        start_response("200 OK", [PLAIN])
        return [b"hello"]

    assert call(HeadersMiddleware(app, TAGGING)).values("ETag") == values


def test_a_budget_measures_the_head_with_its_tag(caplog: pytest.LogCaptureFixture) -> None:
    """As it goes out."""
    (tag,) = tag_of()
    size = sum(
        len(text) for text in ("HTTP/1.1 200 OK\r\n", "Content-Type: text/plain\r\n", f"ETag: {tag}\r\n", "\r\n")
    )

    with caplog.at_level(logging.WARNING, "wsgi_headers"):
        assert tag_of(policy=Policy(TAGGING, CookieBudget(head=size)))
        assert not caplog.records
        assert tag_of(policy=Policy(TAGGING, CookieBudget(head=size - 1)))
    assert [record.__dict__["size"] for record in caplog.records] == [size]


# ----------------------------------------------------------------------------------------------------------------------
# The protocol
# ----------------------------------------------------------------------------------------------------------------------

HIT, MISS, FAIL = fields(if_none_match='"a"'), fields(if_none_match='"b"'), fields(if_match='"b"')
every_policy = pytest.mark.parametrize("policy", [JUDGING, TAGGING], ids=["judging", "tagging"])


def failing() -> Any:
    """Return the exc_info of an exception with a traceback."""
    try:
        raise ZeroDivisionError("in the application")
    except ZeroDivisionError:
        return sys.exc_info()


@pytest.mark.parametrize("asked", [{}, {"HTTP_IF_RANGE": '"a"'}], ids=["plain", "if-range"])
def test_without_a_precondition_nothing_is_touched(asked: dict[str, str]) -> None:
    """The iterable and the server's write are the objects that they were."""
    body = Body(b"hello")
    writes: list[Any] = []

    def server_write(data: bytes) -> None: ...

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        writes.append(start_response("200 OK", [PLAIN, *STRONG]))
        return body

    assert HeadersMiddleware(app, JUDGING)(environ_for(**asked), lambda *head: server_write) is body
    assert writes == [server_write]


@every_policy
def test_a_miss_passes_the_same_objects(policy: Policy) -> None:
    """What is not answered otherwise goes out as it is."""
    body = Body(b"hello")

    def server_write(data: bytes) -> None: ...

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        assert start_response("200 OK", [PLAIN, *STRONG]) is server_write
        return body

    assert HeadersMiddleware(app, policy)(environ_for(**MISS), lambda *head: server_write) is body


def test_the_body_is_closed_when_the_server_closes() -> None:
    """Not before: what an application does then comes after the response, as ever. It may not have a close at all."""
    body = Body(b"hello")
    app = HeadersMiddleware(responding(PLAIN, *STRONG, body=body), JUDGING)

    returned: Any = app(environ_for(**HIT), lambda *head: None)

    assert list(returned) == [] and body.closed == 0
    returned.close()
    assert (body.closed, body.read) == (1, 0)
    assert (
        list(HeadersMiddleware(responding(PLAIN, *STRONG, body=[b"x"]), JUDGING)(environ_for(**HIT), lambda *h: None))
        == []
    )


@every_policy
@pytest.mark.parametrize(("asked", "status", "body"), [(HIT, 304, b""), (MISS, 200, b"onetwo"), (FAIL, 412, None)])
def test_an_application_that_writes(asked: dict[str, str], status: int, body: bytes | None, policy: Policy) -> None:
    """What it writes is swallowed where something else goes out."""

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        write = start_response("200 OK", [PLAIN, *STRONG])
        write(b"one")
        return [b"two"]

    response = call(HeadersMiddleware(app, policy), **asked)

    assert response.status.startswith(str(status))
    assert response.body == body or (body is None and response.body.startswith(b"A precondition"))


def test_what_is_written_sends_a_head_that_waited() -> None:
    """Without a tag, before the first octet, and once."""

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        write = start_response("200 OK", [PLAIN])
        write(b"one")
        write(b"two")
        return [b"three"]

    response = call(HeadersMiddleware(app, TAGGING))

    assert (response.lines, response.body, len(response.calls)) == ([PLAIN], b"onetwothree", 1)


@every_policy
@pytest.mark.parametrize("chunks", [[b"one", b"two"], [b"", b"one"], [], [b""]], ids=repr)
@pytest.mark.parametrize(("asked", "status"), [(HIT, 304), (MISS, 200), (FAIL, 412), ({}, 200)])
def test_a_generator_that_starts_late(asked: dict[str, str], status: int, chunks: list[bytes], policy: Policy) -> None:
    """It is judged when it starts its head, and closed without being read to its end."""
    closed = []

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterator[bytes]:
        try:
            start_response("200 OK", [PLAIN, *STRONG])
            yield from chunks
        finally:
            closed.append(True)

    response = call(HeadersMiddleware(validated(app), policy), **asked)

    assert response.status.startswith(str(status))
    if status == 200:
        assert response.body == b"".join(chunks)
    assert bool(response.body) == (status == 412 or (status == 200 and any(chunks)))
    assert closed == [True]


def test_a_generator_is_not_read_ahead() -> None:
    """Each piece goes on as it comes; nothing of the body is read once it is replaced."""
    made: list[str] = []

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterator[bytes]:
        made.append("start")
        start_response("200 OK", [PLAIN, *STRONG])
        for piece in ("one", "two"):
            made.append(piece)
            yield piece.encode()

    wrapped = HeadersMiddleware(app, JUDGING)
    pieces = iter(wrapped(environ_for(**MISS), lambda *head: None))
    assert made == []
    assert (next(pieces), made) == (b"one", ["start", "one"])
    made.clear()
    assert list(wrapped(environ_for(**HIT), lambda *head: None)) == []
    assert made == ["start", "one"]


def test_a_generator_without_preconditions_is_the_same_object() -> None:
    """Nothing could go out instead."""
    made: list[Iterator[bytes]] = []

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterator[bytes]:
        def pieces() -> Iterator[bytes]:
            start_response("200 OK", [PLAIN])
            yield b"hello"

        made.append(pieces())
        return made[-1]

    for policy in (JUDGING, TAGGING):
        wrapped = HeadersMiddleware(app, policy)
        assert wrapped(environ_for(), lambda *head: None) is made[-1]
        assert call(wrapped).lines == [PLAIN]


def test_a_generator_that_the_server_leaves_is_closed() -> None:
    """Before its first piece, after one, and where it raises."""
    closed: list[bool] = []

    class Pieces:
        def __init__(self, start_response: StartResponse) -> None:
            self.start_response = start_response

        def __iter__(self) -> Iterator[bytes]:
            self.start_response("200 OK", [PLAIN, *STRONG])
            yield b"one"
            raise ZeroDivisionError

        def close(self) -> None:
            closed.append(True)

    app = HeadersMiddleware(lambda environ, start_response: Pieces(start_response), JUDGING)

    unread: Any = app(environ_for(**MISS), lambda *head: None)
    unread.close()
    assert closed == [True]
    begun: Any = app(environ_for(**MISS), lambda *head: None)
    next(iter(begun))
    begun.close()
    assert closed == [True, True]
    with pytest.raises(ZeroDivisionError):
        call(app, validate=False, **MISS)
    assert closed == [True, True, True]


@every_policy
@pytest.mark.parametrize("validators", [STRONG, []], ids=["tag", "none"])
def test_an_error_page_replaces_what_was_decided(policy: Policy, validators: list[Line]) -> None:
    """A second head with exc_info, before anything is sent, is judged afresh and its body goes out."""
    exc_info = failing()

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        start_response("200 OK", [PLAIN, *validators])
        start_response("500 Oops", [PLAIN, ("X-Second", "1")], exc_info)
        return [b"error page"]

    for asked in (HIT, MISS, FAIL, {}):
        response = call(HeadersMiddleware(app, policy), **asked)
        assert (response.status, response.body) == ("500 Oops", b"error page")
        assert response.lines == [PLAIN, ("X-Second", "1")]
        assert response.calls[-1].exc_info == exc_info


def test_an_error_page_does_not_wait_for_its_body() -> None:
    """It goes on at once, with its exc_info and without a tag, whatever its status."""
    exc_info = failing()

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        start_response("200 OK", [PLAIN])
        start_response("200 Sorry", [PLAIN], exc_info)
        return [b"sorry"]

    response = call(HeadersMiddleware(app, TAGGING))

    assert [sent.exc_info for sent in response.calls] == [exc_info]
    assert (response.status, response.lines, response.body) == ("200 Sorry", [PLAIN], b"sorry")


@every_policy
@pytest.mark.parametrize("asked", [HIT, MISS], ids=["304", "200"])
def test_an_error_that_comes_too_late_is_raised_again(policy: Policy, asked: dict[str, str]) -> None:
    """By the server, through the application's own call; it does not wait for the cycle collector."""

    class Late(Exception):
        """Of a class that can be referred to weakly."""

    def server_start(status: str, lines: list[Line], exc_info: Any = None) -> Any:
        try:
            if exc_info is not None:
                raise exc_info[1].with_traceback(exc_info[2])
        finally:
            exc_info = None

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterator[bytes]:
        start_response("200 OK", [PLAIN])
        yield b"one"
        try:
            raise Late
        except Late as error:
            raised.append(weakref.ref(error))
            start_response("200 OK", [PLAIN, *STRONG], sys.exc_info())  # type: ignore[arg-type]
        yield b"two"

    def read() -> None:
        chunks = iter(HeadersMiddleware(app, policy)(environ_for(**asked), server_start))
        assert next(chunks) == b"one"
        with contextlib.suppress(Late):
            next(chunks)

    raised: list[weakref.ref[Late]] = []
    gc.disable()
    try:
        read()
        (error,) = raised
        assert error() is None
    finally:
        gc.enable()


@every_policy
def test_a_second_head_may_be_the_one_that_is_answered(policy: Policy) -> None:
    """Whatever came first."""

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        start_response("500 Oops", [PLAIN])
        start_response("200 OK", [PLAIN, *STRONG], failing())
        return [b"page"]

    response = call(HeadersMiddleware(app, policy), **HIT)

    assert (response.status, response.body) == ("304 Not Modified", b"")


@every_policy
@pytest.mark.parametrize("asked", [HIT, MISS, FAIL, {}], ids=["304", "200", "412", "plain"])
def test_a_second_head_without_exc_info_is_an_error(policy: Policy, asked: dict[str, str]) -> None:
    """Also where the first one waits (PEP 3333)."""

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        for _ in range(2):
            start_response("200 OK", [PLAIN])
        return [b"page"]

    with pytest.raises(HeadError, match="a second time"):
        call(HeadersMiddleware(app, policy), **asked)


BAD_HEADS: dict[str, tuple[Any, Any]] = {
    "line feed in a value": ("200 OK", [PLAIN, ("X-A", "a\nb"), *STRONG]),
    "line feed in a line of the content": ("200 OK", [("Content-Type", "a/b\n"), *STRONG]),
    "line feed in the tag": ("200 OK", [PLAIN, ("ETag", '"a"\n')]),
    "name that is no token": ("200 OK", [PLAIN, ("X A", "1")]),
    "name that is no str": ("200 OK", [PLAIN, (b"X-A", "1")]),
    "value that is no str": ("200 OK", [PLAIN, ("ETag", None)]),
    "no pair": ("200 OK", [PLAIN, ("X-A",)]),
    "no list": ("200 OK", None),
    "status": ("2", [PLAIN, *STRONG]),
    "status that is no str": (200, [PLAIN, *STRONG]),
    "status with a line feed": ("200 OK\n", [PLAIN, *STRONG]),
}


@every_policy
@pytest.mark.parametrize("asked", [HIT, MISS, FAIL, {}], ids=["304", "200", "412", "plain"])
@pytest.mark.parametrize(("status", "lines"), BAD_HEADS.values(), ids=BAD_HEADS)
def test_a_bad_head_is_refused_in_the_applications_own_call(
    status: Any, lines: Any, asked: dict[str, str], policy: Policy
) -> None:
    """With nothing sent, so that it can start another one; also what would have left with the body."""
    caught: list[HeadError] = []

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        try:
            start_response(status, lines)
        except HeadError as error:
            caught.append(error)
            start_response("500 Oops", [PLAIN])
        return [b"sorry"]

    response = call(HeadersMiddleware(app, policy), **asked)

    assert len(caught) == 1
    assert (response.status, response.body, len(response.calls)) == ("500 Oops", b"sorry", 1)


@every_policy
@pytest.mark.parametrize("asked", [HIT, MISS, {}], ids=["304", "200", "plain"])
def test_a_bad_value_of_the_policy_is_refused_there_too(policy: Policy, asked: dict[str, str]) -> None:
    """Before the body is known."""

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        with pytest.raises(HeadError):
            start_response("200 OK", [PLAIN])
        raise LookupError

    with pytest.raises(LookupError):
        call(HeadersMiddleware(app, Policy(policy, Set("X-A", lambda environ: "a\nb"))), **asked)


def test_a_callable_is_called_once() -> None:
    """Also where the head waits for the body and another goes out."""
    called: list[str] = []

    def value(environ: WSGIEnvironment) -> str:
        called.append("x")
        return "1"

    app = HeadersMiddleware(responding(PLAIN, body=[b"hello"]), Policy(TAGGING, Set("X-A", value)))
    (tag,) = call(app).values("ETag")
    called.clear()

    assert call(app, **fields(if_none_match=tag)).lines == [("X-A", "1"), ("ETag", tag)]
    assert called == ["x"]


def test_heads_that_are_no_list_of_tuples_are_judged_all_the_same() -> None:
    """A tuple, a generator, two-item lists, a str of a class of its own."""

    class Text(str):
        """A str."""

    heads: list[Any] = [
        (PLAIN, ("ETag", '"a"')),
        [["ETag", '"a"'], list(PLAIN)],
        [(Text("ETag"), Text('"a"')), PLAIN],
        (line for line in (PLAIN, ("ETag", '"a"'))),
    ]
    for head in heads:

        def app(environ: WSGIEnvironment, start_response: StartResponse, head: Any = head) -> list[bytes]:
            start_response(Text("200 OK"), head)
            return [b"page"]

        response = call(HeadersMiddleware(app, JUDGING), **HIT)
        assert (response.status, response.lines) == ("304 Not Modified", STRONG)
        assert [type(part) for line in response.lines for part in line] == [str, str]


def test_the_applications_list_is_not_changed() -> None:
    """Whatever goes out instead of it."""
    head = [PLAIN, *STRONG, ("Content-Length", "5")]

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        start_response("200 OK", head)
        return [b"hello"]

    for policy in (JUDGING, TAGGING):
        for asked in (HIT, MISS, FAIL, {}):
            call(HeadersMiddleware(app, policy), **asked)
            assert head == [PLAIN, *STRONG, ("Content-Length", "5")]


@every_policy
def test_an_application_that_raises(policy: Policy) -> None:
    """Its exception goes on, and the environ can be used again."""

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        if environ.pop("raises"):
            raise ZeroDivisionError
        start_response("200 OK", [PLAIN, *STRONG])
        return [b"page"]

    wrapped = HeadersMiddleware(app, policy)
    environ = environ_for(raises=True, **HIT)
    with pytest.raises(ZeroDivisionError):
        run(wrapped, environ, validate=False)
    environ["raises"] = False
    assert run(wrapped, environ, validate=False).status == "304 Not Modified"


def test_a_server_that_refuses_a_head_that_waited_has_the_body_closed() -> None:
    """The application's iterable never reached it."""
    body = Body(b"hello")

    def refusing(*head: Any) -> Any:
        raise OSError

    with pytest.raises(OSError):
        HeadersMiddleware(responding(PLAIN, body=body), TAGGING)(environ_for(), refusing)
    assert body.closed == 1


def test_nothing_is_asked_for_after_a_head_that_waits() -> None:
    """The head is made, by this middleware and for those above."""
    late: list[str] = []

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        start_response("200 OK", [PLAIN])
        for ask in (lambda: overrides.nonce(environ), lambda: overrides.apply(environ, Set("X-A", "1"))):
            with pytest.raises(RuntimeError, match="after the head went out"):
                ask()
            late.append("late")
        return [b"page"]

    inner = HeadersMiddleware(app, TAGGING)
    assert call(inner).values("ETag")
    outer = HeadersMiddleware(inner, Policy(ContentSecurityPolicy(script_src=[NONCE])))
    response = call(outer)
    assert response.values("ETag") and response.values("Content-Security-Policy") == ["script-src 'none'"]
    assert late == ["late"] * 4


@every_policy
@pytest.mark.parametrize("asked", [HIT, MISS, FAIL, {}], ids=["304", "200", "412", "plain"])
def test_nothing_waits_for_the_cycle_collector(policy: Policy, asked: dict[str, str]) -> None:
    """No request leaves a cycle behind, a late one neither."""

    def late(environ: WSGIEnvironment, start_response: StartResponse) -> Iterator[bytes]:
        start_response("200 OK", [PLAIN, *STRONG])
        yield b"page"

    apps = [HeadersMiddleware(app, policy) for app in (responding(PLAIN, *STRONG), responding(PLAIN), late)]
    gc.collect()
    gc.disable()
    try:
        for app in apps:
            environ = environ_for(**asked)
            returned: Any = app(environ, lambda *head: None)
            list(returned)
            if hasattr(returned, "close"):
                returned.close()
            assert environ.get(ENVIRON_KEY) is None
            del environ, returned
        assert gc.collect() == 0
    finally:
        gc.enable()


def test_an_application_that_hands_on_to_another() -> None:
    """One beside this, tried first and never started, does not keep the next from acting."""
    policy = Policy(TAGGING, Set("X-A", "1"))
    unstarted = HeadersMiddleware(lambda environ, start_response: [], policy)
    second = HeadersMiddleware(responding(PLAIN, *STRONG), policy)

    def either(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        unstarted(environ, start_response)
        return second(environ, start_response)

    assert call(either).values("X-A") == ["1"]
    assert call(either, **HIT).lines == [*STRONG, ("X-A", "1")]


@pytest.mark.parametrize("asked", [HIT, fields(if_match='"b"')], ids=["304", "412"])
@pytest.mark.parametrize("policy", [JUDGING, TAGGING], ids=["judging", "tagging"])
def test_a_head_that_comes_after_the_body_was_handed_over_has_that_body(policy: Policy, asked: dict[str, str]) -> None:
    """A second head, after an error, is not replaced where the body of the first is with the server already."""

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        start_response("500 Oops", [PLAIN])

        def body() -> Iterator[bytes]:
            try:
                raise RuntimeError("mended")
            except RuntimeError:
                start_response("200 OK", [PLAIN, *STRONG], sys.exc_info())
            yield b"hello"

        return body()

    response = call(HeadersMiddleware(app, policy), **asked)

    assert (response.status, response.body) == ("200 OK", b"hello")
    assert_head(response.lines, [PLAIN, *STRONG])


def test_what_is_asked_is_read_when_the_request_enters() -> None:
    """An application between may take it out of environ; it was asked all the same."""

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        del environ["HTTP_IF_NONE_MATCH"]
        environ["REQUEST_METHOD"] = "POST"
        start_response("200 OK", [PLAIN, *STRONG])
        return [b"page"]

    assert call(HeadersMiddleware(app, JUDGING), **HIT).status == "304 Not Modified"


# ----------------------------------------------------------------------------------------------------------------------
# Under rules, stacked, and beside other parts
# ----------------------------------------------------------------------------------------------------------------------

UNDER: dict[str, Match] = {
    "path": Match(path="/a/"),
    "method": Match(method="GET", path="/a/"),
    "host": Match(host="a.example"),
    "scheme": Match(scheme="http"),
    "when": Match(when=lambda environ: environ["PATH_INFO"] == "/a/x"),
    "status": Match(status=200),
    "media type": Match(media_type="text/plain"),
}


@pytest.mark.parametrize("tagged", [True, False], ids=["of the application", "made"])
@pytest.mark.parametrize("match", UNDER.values(), ids=UNDER)
def test_under_a_rule(match: Match, tagged: bool) -> None:
    """It holds where the rule holds, also by what is known of the response alone; elsewhere nothing is touched."""

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        here = environ["PATH_INFO"] == "/a/x"
        lines = [PLAIN if here else ("Content-Type", "text/html"), *(STRONG if tagged else [])]
        start_response("200 OK" if here else "203 Other", lines)
        return [b"page"]

    wrapped = HeadersMiddleware(app, Policy(Rule(match, Conditional(etag="weak")), Set("X-A", "1")))
    inside = {"path": "/a/x", "host": "a.example", "scheme": "http"}
    outside = {"path": "/b", "host": "b.example", "scheme": "https"}
    (tag,) = call(wrapped, **inside).values("ETag")  # type: ignore[arg-type]

    hit = call(wrapped, **inside, **fields(if_none_match=tag))  # type: ignore[arg-type]
    miss = call(wrapped, **outside, **fields(if_none_match=tag))  # type: ignore[arg-type]

    assert (hit.status, hit.values("X-A")) == ("304 Not Modified", ["1"])
    assert (miss.status, miss.body, miss.values("ETag")) == ("203 Other", b"page", [tag] if tagged else [])


def test_the_last_that_holds_speaks() -> None:
    """One under a rule after one for all, and the other way round."""
    inside = Rule(Match(path="/a"), Conditional(etag="weak"))

    for policy, values in (
        (Policy(Conditional(), inside), (1, 0)),
        (Policy(inside, Conditional()), (0, 0)),
        (Policy(Conditional(etag="weak"), Rule(Match(status=200), Conditional())), (0, 0)),
        (Policy(Conditional(etag="weak"), Rule(Match(status=404), Conditional())), (1, 1)),
    ):
        app = HeadersMiddleware(responding(PLAIN), policy)
        assert (len(call(app, path="/a").values("ETag")), len(call(app, path="/b").values("ETag"))) == values


def test_applied_twice_is_once() -> None:
    """Equal policies, nested in each other or mounted below a path."""
    policy = Policy(TAGGING, Set("X-A", "1"))
    inner = HeadersMiddleware(responding(PLAIN), policy)

    def mounted(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        environ["SCRIPT_NAME"], environ["PATH_INFO"] = "/mount", "/x"
        return inner(environ, start_response)

    twice = HeadersMiddleware(mounted, policy)
    (tag,) = call(inner).values("ETag")
    for asked in ({}, fields(if_none_match=tag), fields(if_match='"b"')):
        once = call(inner, **asked)
        assert call(twice, path="/mount/x", **asked)[:3] == once[:3]


@pytest.mark.parametrize("outer", [JUDGING, TAGGING, Policy(Set("X-A", "1"))], ids=["judging", "tagging", "neither"])
def test_two_policies_both_act(outer: Policy) -> None:
    """The inner one first: what it made is for the other what the application sent."""
    inner = HeadersMiddleware(responding(PLAIN), Policy(Conditional(etag="weak"), Set("X-Inner", "1")))
    both = HeadersMiddleware(inner, outer)
    (tag,) = call(both).values("ETag")

    assert call(both, **fields(if_none_match=tag)).status == "304 Not Modified"
    assert call(both, **fields(if_none_match='"x"')).values("ETag") == [tag]
    assert call(both, **fields(if_match='"x"')).status == "412 Precondition Failed"
    assert call(both).values("X-A") == (["1"] if outer == Policy(Set("X-A", "1")) else [])


def test_between_two_a_head_may_wait_too() -> None:
    """What stands between asks for a nonce of the middleware above, whose head is still to come."""
    inner = HeadersMiddleware(responding(PLAIN), TAGGING)

    def between(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        heads: list[Any] = []
        body = inner(environ, lambda *head: heads.append(head))
        overrides.nonce(environ)
        start_response(*heads[0])
        return body

    outer = HeadersMiddleware(between, Policy(ContentSecurityPolicy(script_src=[NONCE])))

    assert call(outer).values("Content-Security-Policy")[0].startswith("script-src 'nonce-")


def test_below_another_policy() -> None:
    """One above that judges sees the tag that one below made."""
    inner = HeadersMiddleware(responding(PLAIN), Policy(Conditional(etag="weak", max_body=10)))
    (tag,) = call(inner).values("ETag")

    response = call(HeadersMiddleware(inner, Policy(Conditional(), Set("X-A", "1"))), **fields(if_none_match=tag))

    assert (response.status, response.lines) == ("304 Not Modified", [("ETag", tag), ("X-A", "1")])


# ----------------------------------------------------------------------------------------------------------------------
# The part
# ----------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "codes"),
    [
        ({"etag": "strong"}, ["conditional.etag.strong"]),
        ({"etag": "Weak"}, ["conditional.etag"]),
        ({"etag": True}, ["conditional.etag"]),
        ({"etag": ""}, ["conditional.etag"]),
        ({"max_body": -1}, ["conditional.max_body"]),
        ({"max_body": True}, ["conditional.max_body"]),
        ({"max_body": 1.0}, ["conditional.max_body"]),
        ({"max_body": None}, ["conditional.max_body"]),
        ({"max_body": "1024"}, ["conditional.max_body"]),
        ({"etag": "md5", "max_body": -1}, ["conditional.etag", "conditional.max_body"]),
        ({"max_size": 1}, ["argument.unknown"]),
    ],
    ids=repr,
)
def test_bad_arguments(options: dict[str, Any], codes: list[str]) -> None:
    """All mistakes at once."""
    with pytest.raises(PolicyError) as caught:
        Conditional(**options)

    assert [problem.code for problem in caught.value.problems] == codes


def test_it_takes_no_position() -> None:
    """Every argument is named."""
    with pytest.raises(PolicyError):
        Conditional("weak")  # type: ignore[misc]


def test_it_is_a_value() -> None:
    """Equal by value, hashable, picklable, frozen, shown as it is written, found in a policy."""
    part = Conditional(etag="weak", max_body=10)

    assert_value(part, "Conditional(etag='weak', max_body=10)")
    assert (repr(Conditional()), repr(Conditional(max_body=1_048_576))) == ("Conditional()", "Conditional()")
    assert part != Conditional(etag="weak")
    assert Policy(Rule(Match(path="/a"), part)).find(Conditional) == part
    assert Policy(Set("X-A", "1")).find(Conditional) is None
    pickled = pickle.loads(pickle.dumps(HeadersMiddleware(Served(), Policy(part))))
    assert call(pickled, **HIT).status == "304 Not Modified"


class Served:
    """An application that can be pickled."""

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        start_response("200 OK", [PLAIN, *STRONG])
        return [b"page"]


# ----------------------------------------------------------------------------------------------------------------------
# Explained
# ----------------------------------------------------------------------------------------------------------------------

CSP = ContentSecurityPolicy(script_src=[NONCE])
EXPLAINED = Policy(Conditional(), CSP, Set("X-A", "1"), Rule(Match(status=412), Set("X-B", "1")), CookieBudget())


def test_a_304_is_explained() -> None:
    """Which lines leave, and that a rule on its status does not hold."""
    told = explain(EXPLAINED, environ_for(**HIT), "200 OK", [PLAIN, *BOTH])

    assert told.status == "304 Not Modified"
    assert told.lines == (
        (PLAIN, None, (Conditional(),)),
        (STRONG[0], STRONG[0], ()),
        (DATED[0], None, (Conditional(),)),
        (None, ("X-A", "1"), (Set("X-A", "1"),)),
    )
    assert [rule.parts for rule in told.idle] == [(Set("X-B", "1"),)]


def test_a_412_is_explained() -> None:
    """Which lines are the answer's, and the policy under its own status."""
    sent = [("Content-Type", "text/html"), *STRONG, ("Cache-Control", "max-age=5")]
    told = explain(EXPLAINED, environ_for(**FAIL), "200 OK", sent)

    part = (Conditional(),)
    assert told.status == "412 Precondition Failed"
    assert told.lines[:4] == (
        (sent[0], ("Content-Type", "text/plain; charset=utf-8"), part),
        (STRONG[0], STRONG[0], ()),
        (sent[2], ("Cache-Control", "no-store"), part),
        (None, ("Content-Length", "66"), part),
    )
    assert [line.after for line in told.lines[4:]] == [
        ("Content-Security-Policy", "script-src 'none'"),
        ("X-A", "1"),
        ("X-B", "1"),
    ]
    assert told.idle == ()


@pytest.mark.parametrize("asked", [HIT, MISS, FAIL, fields(if_modified_since=AFTER), {}], ids=str)
@pytest.mark.parametrize("policy", [EXPLAINED, RULES, Policy(NONCED)], ids=["explained", "rules", "nonce"])
def test_what_is_explained_is_what_goes_out(policy: Policy, asked: dict[str, str]) -> None:
    """For every answer, under rules too."""
    lines = [("Content-Type", "text/html"), *BOTH, ("Set-Cookie", "a=1")]

    response = call(HeadersMiddleware(responding(*lines), policy), **asked)
    told = explain(policy, environ_for(**asked), "200 OK", lines)

    assert told.status == response.status
    assert_head(told.head, response.lines)


def test_a_rule_that_a_412_came_of_held() -> None:
    """It is not among those that did nothing, though it does not hold for the answer."""
    told = explain(Policy(Rule(Match(status=200), Conditional())), environ_for(**FAIL), "200 OK", [PLAIN, *STRONG])

    assert (told.status, told.idle) == ("412 Precondition Failed", ())


def test_what_is_explained_can_be_shown() -> None:
    """The status before and after, and the part beside the lines that left."""
    environ = request_environ("/", fields=[("If-None-Match", '"a"')])

    shown = as_text(inspect(HeadersMiddleware(responding(PLAIN, *STRONG), JUDGING), environ))

    assert "- 200 OK\n+ 304 Not Modified\n- Content-Type: text/plain\n      Conditional()\n  ETag" in shown


def test_the_part_that_spoke_is_the_one_that_is_named() -> None:
    """Of two that hold, the last."""
    last = Conditional(max_body=1)
    told = explain(Policy(Conditional(), last), environ_for(**HIT), "200 OK", [PLAIN, *STRONG])

    assert told.lines[0] == (PLAIN, None, (last,))


def test_a_304_of_the_application_is_explained() -> None:
    """It carries no line of a field that is declared with a nonce either."""
    told = explain(Policy(CSP), environ_for(), "304 Not Modified", STRONG)

    assert told.head == STRONG


# ----------------------------------------------------------------------------------------------------------------------
# Rows of others
# ----------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("row", DATA["rows"], ids=lambda row: row["id"])
def test_what_others_test(row: dict[str, Any]) -> None:
    """The conditional requests that Rack's own tests have, in this policy's words."""
    etag = row["config"].get("etag")
    cache_control = (etag or {}).get("cache_control")
    policy = Policy(
        Conditional(etag="weak" if etag else None),
        *([Default("Cache-Control", cache_control)] if cache_control else []),
    )
    chunks = row["body"]
    body: Any = Body(b"x")
    if chunks == "file":
        body = FileWrapper(io.BytesIO(b"file"))
    elif chunks is not None:
        body = [chunk.encode() for chunk in chunks]
    lines = [tuple(line) for line in row["lines"]]
    if not any(name == "Content-Type" for name, _ in lines):
        lines.append(PLAIN)
    asked = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in row["fields"]}
    status = f"{row['status']} As Sent"

    response = call(
        HeadersMiddleware(responding(*lines, status=status, body=body), policy), method=row["method"], **asked
    )

    expect = row["expect"]
    assert int(response.status[:3]) == expect.get("status", row["status"])
    if expect.get("etag") == "weak":
        assert response.values("ETag")[0].startswith('W/"')
    for name, value in expect.get("headers", ()):
        assert response.values(name) == [value]
    for name in expect.get("absent", ()):
        assert response.values(name) == []
    if "same_etag_as" in expect:
        same = tag_of(body=[chunk.encode() for chunk in expect["same_etag_as"]])
        assert response.values("ETag") == same
    if expect.get("body_closed"):
        assert (body.closed, response.body) == (1, b"")


def _status(lines: list[Line], asked: dict[str, str], policy: Policy = JUDGING, **options: Any) -> Response:
    return call(HeadersMiddleware(responding(PLAIN, *lines), policy), **asked, **options)


def _keeps_strong_tags() -> bool:
    # The octets are the application's, so its tags stay what they are, and those that are made promise less.
    return tag_of(*STRONG) == ['"a"'] and tag_of()[0].startswith('W/"')


FACTS: dict[str, Callable[[], bool]] = {
    "strong comparison needs both": lambda: (
        _status(STRONG, fields(if_match='"a"')).status == "200 OK"
        and _status(WEAK, fields(if_match='W/"a"')).status.startswith("412")
        and _status(WEAK, fields(if_none_match='"a"')).status.startswith("304")
    ),
    "W/ is case-sensitive": lambda: _status(STRONG, fields(if_none_match='w/"a"')).status == "200 OK",
    "a tag is opaque": lambda: (
        _status([("ETag", '"a\\b"')], fields(if_none_match='"a\\b"')).status.startswith("304")
        and _status([("ETag", "*")], fields(if_none_match='"*"')).status == "200 OK"
    ),
    "If-None-Match uses weak": lambda: (
        _status(STRONG, fields(if_none_match='W/"a"')).status.startswith("304")
        and _status(STRONG, fields(if_match='W/"a"')).status.startswith("412")
    ),
    "a transformation of the body": _keeps_strong_tags,
    "304 carries": lambda: (
        {name for name, _ in _status([*LASTING, *DATED], HIT).lines}
        >= {"Cache-Control", "Content-Location", "Date", "ETag", "Expires", "Vary"}
    ),
    "a cache replaces": lambda: not _status(STRONG, HIT, NONCED).values("Content-Security-Policy"),
    "Set-Cookie does not stop caching": lambda: (
        _status([*STRONG, ("Set-Cookie", "a=1"), ("Cache-Control", "private")], HIT).lines
        == [*STRONG, ("Set-Cookie", "a=1"), ("Cache-Control", "private")]
    ),
    "206 keeps": lambda: tag_of(("Content-Range", "bytes 0-4/9"), *STRONG, status="206 Partial Content") == ['"a"'],
    "HEAD has": lambda: (
        _status([("Content-Length", "5"), *STRONG], MISS, method="HEAD", validate=False).lines
        == [PLAIN, ("Content-Length", "5"), *STRONG]
    ),
    "204 and 1xx": lambda: not _status([("Content-Length", "5"), *STRONG], HIT).values("Content-Length"),
    "Vary: * means": lambda: _status([*STRONG, ("Vary", "*")], HIT).values("Vary") == ["*"],
}


@pytest.mark.parametrize("fact", DATA["facts"]["facts"], ids=lambda fact: fact[:28])
def test_facts(fact: str) -> None:
    """Each fact of RFC 9110 8.8, 13 and 15.4.5 and of RFC 9111 3.2 and 4.3.4 has something that depends on it."""
    (check,) = [check for beginning, check in FACTS.items() if fact.startswith(beginning)]

    assert check()
