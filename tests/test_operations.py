"""The six operations: what becomes of the lines of a field, what they refuse, and what gives their values."""

# Much here is called as a type checker would not have it.
# mypy: disable-error-code="arg-type, call-arg, misc"

from __future__ import annotations

import enum
import re
from collections.abc import Callable
from typing import Any, NamedTuple
from wsgiref.types import WSGIEnvironment

import pytest
from assertions import assert_head, by_field
from wsgi import PLAIN, Line, Response, call, responding, validated

from wsgi_headers import (
    Append,
    Default,
    Edit,
    HeadError,
    HeadersMiddleware,
    Match,
    Merge,
    Policy,
    PolicyError,
    Remove,
    Rule,
    Set,
)

pytestmark = pytest.mark.usefixtures("each_loop")

Operation = Set | Default | Append | Merge | Remove | Edit


def sent(policy: Policy, *lines: Line, status: str = "200 OK", **request: Any) -> Response:
    """Return the response to an application that sends these lines and a Content-Type, both sides validated."""
    app = responding(PLAIN, *lines, status=status)
    return call(HeadersMiddleware(validated(app), policy), **request)


def of_fields(lines: list[Line]) -> dict[str, list[Line]]:
    """Return the lines of each field but the Content-Type of `sent`."""
    return by_field([line for line in lines if line != PLAIN])


# ----------------------------------------------------------------------------------------------------------------------
# What becomes of the lines of one field
# ----------------------------------------------------------------------------------------------------------------------


class Row(NamedTuple):
    """Operations, the lines that the application sends, and those that go out."""

    id: str
    operations: tuple[Operation, ...]
    app: list[Line]
    expected: list[Line]


def drop(value: str) -> None:
    """Drop each line."""


def shout(value: str) -> str:
    return value.upper()


def drop_old(value: str) -> str | None:
    return None if value == "old" else value


XA, XB = ("X-A", "app"), ("X-A", "app2")

LINES = [
    Row("set-absent", (Set("X-A", "v"),), [], [("X-A", "v")]),
    Row("set-one", (Set("X-A", "v"),), [XA], [("X-A", "v")]),
    Row("set-several", (Set("X-A", "v"),), [XA, XB], [("X-A", "v")]),
    Row("set-same-value", (Set("X-A", "app"),), [XA], [("X-A", "app")]),
    Row("set-takes-the-policy's-spelling", (Set("X-A", "v"),), [("x-a", "app")], [("X-A", "v")]),
    Row("set-empty-app-line", (Set("X-A", "v"),), [("X-A", "")], [("X-A", "v")]),
    Row("default-absent", (Default("X-A", "v"),), [], [("X-A", "v")]),
    Row("default-one", (Default("X-A", "v"),), [XA], [XA]),
    Row("default-several", (Default("X-A", "v"),), [XA, XB], [XA, XB]),
    Row("default-other-spelling", (Default("X-A", "v"),), [("x-a", "app")], [("x-a", "app")]),
    Row("default-empty-app-line-counts-as-sent", (Default("X-A", "v"),), [("X-A", "")], [("X-A", "")]),
    Row("append-absent", (Append("X-A", "v"),), [], [("X-A", "v")]),
    Row("append-one", (Append("X-A", "v"),), [XA], [XA, ("X-A", "v")]),
    Row("append-several", (Append("X-A", "v"),), [XA, XB], [XA, XB, ("X-A", "v")]),
    Row("append-same-value", (Append("X-A", "app"),), [XA], [XA, XA]),
    Row("append-empty-app-line", (Append("X-A", "v"),), [("X-A", "")], [("X-A", ""), ("X-A", "v")]),
    Row("remove-absent", (Remove("X-A"),), [], []),
    Row("remove-several", (Remove("X-A"),), [XA, ("x-A", "2"), ("X-a", "")], []),
    Row("edit-absent", (Edit("X-A", shout),), [], []),
    Row("edit-each", (Edit("X-A", shout),), [XA, XB], [("X-A", "APP"), ("X-A", "APP2")]),
    Row("edit-keeps-spelling", (Edit("X-A", shout),), [("x-a", "app")], [("x-a", "APP")]),
    Row("edit-none-drops-the-line", (Edit("X-A", drop_old),), [("X-A", "old"), XA], [XA]),
    Row("edit-none-drops-all", (Edit("X-A", drop),), [XA, XB], []),
    Row("edit-unchanged-empty-passes", (Edit("X-A", shout),), [("X-A", "")], [("X-A", "")]),
    Row("edit-unchanged-blanks-pass", (Edit("X-A", drop_old),), [("X-A", " old ")], [("X-A", " old ")]),
    Row("merge-absent", (Merge("X-A", "v"),), [], [("X-A", "v")]),
    Row("merge-one", (Merge("X-A", "v"),), [XA], [("X-A", "app, v")]),
    Row("merge-several-lines-are-one-list", (Merge("X-A", "v"),), [XA, XB], [("X-A", "app, app2, v")]),
    Row("merge-several-with-everything", (Merge("X-A", "app"),), [XA, XB], [("X-A", "app, app2")]),
    Row("merge-keeps-the-app's-spelling", (Merge("X-A", "v"),), [("x-a", "1"), ("X-A", "2")], [("x-a", "1, 2, v")]),
    Row("merge-has-it", (Merge("X-A", "b"),), [("X-A", "a,b ,c")], [("X-A", "a,b ,c")]),
    Row("merge-has-it-as-it-is", (Merge("X-A", "a"),), [("X-A", ",a,,b\t,")], [("X-A", ",a,,b\t,")]),
    Row("merge-drops-empty-members", (Merge("X-A", "c"),), [("X-A", ", a,,\t, b,")], [("X-A", "a, b, c")]),
    Row("merge-its-own-empty-members", (Merge("X-A", "b,, c,"),), [("X-A", "a")], [("X-A", "a, b, c")]),
    Row("merge-empty-app-line", (Merge("X-A", "v"),), [("X-A", "")], [("X-A", "v")]),
    Row("merge-some-there", (Merge("X-A", "a, b, c"),), [("X-A", "b")], [("X-A", "b, a, c")]),
    Row("merge-repeated-in-the-value", (Merge("X-A", "b, b"),), [("X-A", "a")], [("X-A", "a, b")]),
    Row("merge-keeps-repeated-ones-of-the-app", (Merge("X-A", "b"),), [("X-A", "a, a")], [("X-A", "a, a, b")]),
    Row("merge-nothing", (Merge("X-A", ","),), [], []),
    Row("merge-unknown-field-by-text", (Merge("X-A", "B"),), [("X-A", "b")], [("X-A", "b, B")]),
    Row("merge-no-part-of-a-member", (Merge("X-A", "app"),), [("X-A", "application")], [("X-A", "application, app")]),
    Row("merge-quoted-comma", (Merge("X-A", "b"),), [("X-A", '"a,b"')], [("X-A", '"a,b", b')]),
    Row("merge-quoted-comma-has-it", (Merge("X-A", '"a,b"'),), [("X-A", 'x, "a,b"')], [("X-A", 'x, "a,b"')]),
    Row("merge-quoted-pair", (Merge("X-A", "b"),), [("X-A", r'"a\",b"')], [("X-A", r'"a\",b", b')]),
    Row("merge-quote-and-backslash", (Merge("X-A", "b"),), [("X-A", r'"a\\",b')], [("X-A", r'"a\\",b')]),
    Row(
        "merge-other-star",
        (Merge("Access-Control-Expose-Headers", "*"),),
        [("Access-Control-Expose-Headers", "ETag")],
        [("Access-Control-Expose-Headers", "ETag, *")],
    ),
    Row(
        "merge-field-names-without-case-expose",
        (Merge("Access-Control-Expose-Headers", "etag, X-Id"),),
        [("Access-Control-Expose-Headers", "ETag")],
        [("Access-Control-Expose-Headers", "ETag, X-Id")],
    ),
    Row(
        "merge-field-names-without-case-allow",
        (Merge("Access-Control-Allow-Headers", "CONTENT-TYPE"),),
        [("Access-Control-Allow-Headers", "Content-Type,Accept")],
        [("Access-Control-Allow-Headers", "Content-Type,Accept")],
    ),
    Row(
        "merge-methods-with-case",
        (Merge("Access-Control-Allow-Methods", "get"),),
        [("Access-Control-Allow-Methods", "GET")],
        [("Access-Control-Allow-Methods", "GET, get")],
    ),
    # a comma inside a quoted list of fields is no delimiter.
    Row(
        "merge-cache-control-quoted-fields",
        (Merge("Cache-Control", "no-store"),),
        [("Cache-Control", 'private="Set-Cookie, X-A"')],
        [("Cache-Control", 'private="Set-Cookie, X-A", no-store')],
    ),
    Row(
        "merge-cache-control-name-inside-quotes",
        (Merge("Cache-Control", "max-age=60"),),
        [("Cache-Control", 'no-cache="x, max-age=1"')],
        [("Cache-Control", 'no-cache="x, max-age=1", max-age=60')],
    ),
    Row(
        "merge-cache-control-the-application's-stays",
        (Merge("Cache-Control", "max-age=60, private"),),
        [("Cache-Control", "Max-Age=5")],
        [("Cache-Control", "Max-Age=5, private")],
    ),
    Row(
        "merge-cache-control-qualified-is-the-same-directive",
        (Merge("Cache-Control", "private"),),
        [("Cache-Control", 'PRIVATE="Set-Cookie"')],
        [("Cache-Control", 'PRIVATE="Set-Cookie"')],
    ),
    # Several operations on one field are a sequence in the order of declaration.
    Row("sequence-set-set", (Set("X-A", "1"), Set("X-A", "2")), [XA], [("X-A", "2")]),
    Row("sequence-set-append", (Set("X-A", "1"), Append("X-A", "2")), [XA], [("X-A", "1"), ("X-A", "2")]),
    Row("sequence-append-set", (Append("X-A", "1"), Set("X-A", "2")), [XA], [("X-A", "2")]),
    Row("sequence-remove-default", (Remove("X-A"), Default("X-A", "1")), [XA], [("X-A", "1")]),
    Row("sequence-default-remove", (Default("X-A", "1"), Remove("X-A")), [], []),
    Row("sequence-default-default", (Default("X-A", "1"), Default("X-A", "2")), [], [("X-A", "1")]),
    Row("sequence-default-append-absent", (Default("X-A", "1"), Append("X-A", "2")), [], [("X-A", "1"), ("X-A", "2")]),
    Row("sequence-default-append-sent", (Default("X-A", "1"), Append("X-A", "2")), [XA], [XA, ("X-A", "2")]),
    Row("sequence-append-default-absent", (Append("X-A", "1"), Default("X-A", "2")), [], [("X-A", "1")]),
    Row("sequence-append-append", (Append("X-A", "1"), Append("x-a", "2")), [XA], [XA, ("X-A", "1"), ("x-a", "2")]),
    Row("sequence-append-merge", (Append("X-A", "1"), Merge("X-A", "2")), [XA], [("X-A", "app, 1, 2")]),
    Row("sequence-merge-append", (Merge("X-A", "2"), Append("X-A", "1")), [XA], [("X-A", "app, 2"), ("X-A", "1")]),
    Row("sequence-set-merge", (Set("X-A", "1"), Merge("X-A", "1, 2")), [XA], [("X-A", "1, 2")]),
    Row("sequence-edit-then-default", (Edit("X-A", drop), Default("X-A", "1")), [XA], [("X-A", "1")]),
    Row("sequence-default-then-edit", (Default("X-A", "a"), Edit("X-A", shout)), [], [("X-A", "A")]),
    Row("sequence-edit-edit", (Edit("X-A", shout), Edit("X-A", drop_old)), [("X-A", "old")], [("X-A", "OLD")]),
    Row("sequence-edit-then-set", (Edit("X-A", shout), Set("X-A", "v")), [XA], [("X-A", "v")]),
    Row("sequence-set-then-edit", (Set("X-A", "v"), Edit("X-A", shout)), [XA, XB], [("X-A", "V")]),
    Row("sequence-names-without-case", (Set("x-a", "1"), Append("X-A", "2")), [], [("x-a", "1"), ("X-A", "2")]),
    Row("other-fields-untouched", (Remove("X-A"),), [("X-AB", "1"), XA, ("X", "2")], [("X-AB", "1"), ("X", "2")]),
    Row("tab-in-a-value", (Set("X-A", "a\tb"),), [], [("X-A", "a\tb")]),
    Row("octets-80-ff-in-a-value", (Set("X-A", "caf\xe9 \x80"),), [], [("X-A", "caf\xe9 \x80")]),
]


@pytest.mark.parametrize("row", LINES, ids=lambda row: row.id)
def test_lines(row: Row) -> None:
    """The lines of a field become what the sequence of operations says, each field for itself."""
    app = responding(PLAIN, *row.app)
    middleware = HeadersMiddleware(app, Policy(*row.operations))
    for _ in range(3):  # a first head, one whose spellings are known, and one more
        response = call(middleware, validate=False)
        assert of_fields(response.lines) == by_field(row.expected)


@pytest.mark.parametrize("row", LINES, ids=lambda row: row.id)
def test_lines_one_policy_after_the_other(row: Row) -> None:
    """A sequence means the same when each operation stands in a middleware of its own, the first inside."""
    app = responding(PLAIN, *row.app)
    for operation in row.operations:
        app = HeadersMiddleware(app, Policy(operation))
    response = call(app, validate=False)
    assert of_fields(response.lines) == by_field(row.expected)


# The vectors of vary_merge (fields.json): existing field lines and a name make one logical value. RFC 9110 12.5.5; the
# same results as npm vary 1.1.2 where it applies.
VARY_MERGE = [
    ("absent", [], "Origin", "Origin"),
    ("case-insensitive-keep-the-spelling", ["origin"], "Origin", "origin"),
    ("star-covers-all", ["*"], "Origin", "*"),
    ("star-anywhere", ["Accept, *"], "Origin", "*"),
    ("two-lines-order-kept", ["Accept", "Cookie"], "Origin", "Accept, Cookie, Origin"),
    ("has-it", ["Accept,Origin"], "Origin", "Accept,Origin"),
    ("one-of-two", ["Accept-Encoding"], "Origin, Accept-Encoding", "Accept-Encoding, Origin"),
    ("empty-line", [""], "Origin", "Origin"),
    ("trailing-comma", ["Accept-Language, "], "Cookie", "Accept-Language, Cookie"),
    ("substring-is-not-a-match", ["X-Origin"], "Origin", "X-Origin, Origin"),
    ("star-added", ["Accept"], "*", "*"),
    # Ours: more ways to the same.
    ("star-on-two-lines", ["*", "*"], "Origin", "*"),
    ("star-added-to-nothing", [], "*", "*"),
    ("star-among-what-is-added", [], "Origin, *", "*"),
    ("star-with-blanks", [" * "], "Origin", "*"),
    ("cookie-with-blanks", [" Cookie "], "cookie", " Cookie "),  # CVE-2026-48587
]


@pytest.mark.parametrize(
    ("existing", "added", "result"), [row[1:] for row in VARY_MERGE], ids=[row[0] for row in VARY_MERGE]
)
def test_vary_merge(existing: list[str], added: str, result: str) -> None:
    """Merge makes one line of Vary: a union without case, in which a star absorbs the rest."""
    response = sent(Policy(Merge("Vary", added)), *[("Vary", value) for value in existing])
    assert response.values("Vary") == [result]


# The vectors of cache_control (fields.json): values and the directives that they have. RFC 9111 5.2, RFC 8246,
# RFC 5861. Merge compares by directive name and never corrects what the application sent.
CACHE_CONTROL = [
    ("private", "private", ["private"]),
    ("two", "max-age=60, public", ["max-age", "public"]),
    ("case", "MAX-AGE=60", ["max-age"]),
    ("quoted", 'max-age="60"', ["max-age"]),
    ("conflict", "max-age=60, max-age=0", ["max-age"]),
    ("negative", "max-age=-1", ["max-age"]),
    (
        "three",
        "stale-while-revalidate=30, stale-if-error=60, immutable",
        ["stale-while-revalidate", "stale-if-error", "immutable"],
    ),
    ("empty-members", ", ,max-age=1,", ["max-age"]),
    ("without-value", "max-age", ["max-age"]),
    ("blanks-around-equals", "max-age = 1", ["max-age"]),
]


@pytest.mark.parametrize(("value", "names"), [row[1:] for row in CACHE_CONTROL], ids=[row[0] for row in CACHE_CONTROL])
def test_merge_of_directives_that_are_there(value: str, names: list[str]) -> None:
    """A directive that the application sent in any form stays as it is, byte for byte."""
    added = ", ".join(f"{name}=7" for name in names)
    assert sent(Policy(Merge("Cache-Control", added)), ("Cache-Control", value)).values("Cache-Control") == [value]


@pytest.mark.parametrize(("value", "names"), [row[1:] for row in CACHE_CONTROL], ids=[row[0] for row in CACHE_CONTROL])
def test_merge_of_a_directive_that_is_not_there(value: str, names: list[str]) -> None:
    """A directive that the application did not send comes after its own, once."""
    response = sent(Policy(Merge("Cache-Control", "no-transform")), ("Cache-Control", value))
    assert_head(response.lines, [PLAIN, ("Cache-Control", value), ("Cache-Control", "no-transform")])
    assert len(response.values("Cache-Control")) == 1


# ----------------------------------------------------------------------------------------------------------------------
# What other systems do: their tests and documentation, restated as policy, response and expected response
# ----------------------------------------------------------------------------------------------------------------------
# The rows of the groups ops and scope of our table of other systems' behaviour (behaviour.json), by their ids there.
# ops-003 to 012 are caddy's modules/caddyhttp/headers; 016 to 032 Apache's t/modules/headers.t and the manual of
# mod_headers; 033 to 044 openresty's headers-more-nginx-module, t/; 050 to 054 tower-http's set_header; 058 to 063
# Envoy's base.proto; scope the tests of NetEscapades.AspNetCore.SecurityHeaders.
#
# Not expressed here, since the surface cannot or must not:
#   ops-011 remove everything       no operation speaks of several names
#   ops-012 103 before 200          an interim response is no head of a WSGI application (test_head_errors)
#   ops-029 echo by regex           names are declared; the allowlist form is here
#   ops-039 remove "X-Hidden-*"     as ops-011
#   ops-041, 055, 065 Set-Cookie    refused in operations, see REFUSED; cookie parts do it
#   ops-043 append to a singleton   refused, see REFUSED
#   ops-044, 048, 064 set to ""     a literal "" is refused, see REFUSED; a computed one does nothing, see EMPTY_RESULTS
#   ops-057 if a field is present   no match reads fields of the head but Content-Type
#   scope-004 selector gives none   rules have no selector
#   scope-006 nonces                those of ContentSecurityPolicy


class Behaviour(NamedTuple):
    """A policy, what the application sends, and the lines that go out."""

    id: str
    policy: Policy
    app: list[Line]
    expected: list[Line]
    request: dict[str, Any] = {}
    status: str = "200 OK"


def substituted(pattern: str, replacement: str) -> Callable[[str], str]:
    return lambda value: re.sub(pattern, replacement, value)


def flagged(environ: WSGIEnvironment) -> bool:
    return environ.get("FLAG") == "1"


def unflagged(environ: WSGIEnvironment) -> bool:
    return not flagged(environ)


def echoed(key: str) -> Callable[[WSGIEnvironment], str | None]:
    return lambda environ: environ.get(key)


HTML = ("Content-Type", "text/html; charset=utf-8")

BEHAVIOUR = [
    Behaviour(
        "ops-003-remove-by-exact-name",
        Policy(Remove("X-A")),
        [PLAIN, ("X-A", "1"), ("X-B", "2")],
        [PLAIN, ("X-B", "2")],
    ),
    Behaviour(
        "ops-005-substring-and-regex-replacement-work-on-every-line-of-the-field",
        Policy(Edit("X-S", substituted("foo", "bar")), Edit("X-S", substituted(r"v(\d+)", "V"))),
        [PLAIN, ("X-S", "a foo b"), ("X-S", "on v2")],
        [PLAIN, ("X-S", "a bar b"), ("X-S", "on V")],
    ),
    Behaviour(
        "ops-006-conditional-on-absence-of-a-response-header-applies",
        Policy(Default("Cache-Control", "no-cache")),
        [PLAIN],
        [PLAIN, ("Cache-Control", "no-cache")],
    ),
    Behaviour(
        "ops-007-conditional-on-absence-of-a-response-header-leaves-existing-alone",
        Policy(Default("Cache-Control", "no-cache")),
        [PLAIN, ("Cache-Control", "max-age=9")],
        [PLAIN, ("Cache-Control", "max-age=9")],
    ),
    Behaviour(
        "ops-008-conditional-on-a-header-value-then-remove",
        Policy(Edit("Cache-Control", lambda value: None if value == "no-cache" else value)),
        [PLAIN, ("Cache-Control", "no-cache")],
        [PLAIN],
    ),
    Behaviour(
        "ops-010-field-matched-case-insensitively-although-stored-in-another-case",
        Policy(Edit("Case-Field", substituted("a", "b"))),
        [PLAIN, ("case-field", "a"), ("Other", "a")],
        [PLAIN, ("case-field", "b"), ("Other", "a")],
    ),
    Behaviour(
        "ops-016-edit-all-with-a-longer-replacement",
        Policy(Edit("X-T", substituted("foo", "bar2"))),
        [PLAIN, ("X-T", "foofoo")],
        [PLAIN, ("X-T", "bar2bar2")],
    ),
    Behaviour(
        "ops-017-edit-all-with-lookbehind-sees-original-text",
        Policy(Edit("X-T", substituted("(?<=a)(ba)", "cd"))),
        [PLAIN, ("X-T", "ababa")],
        [PLAIN, ("X-T", "acdcd")],
    ),
    Behaviour(
        "ops-018-edit-all-with-an-empty-match-terminates",
        Policy(Edit("X-T", substituted("^", "foo"))),
        [PLAIN, ("X-T", "bar")],
        [PLAIN, ("X-T", "foobar")],
    ),
    Behaviour(
        "ops-019-edit-all-on-an-empty-value",
        Policy(Edit("X-T", substituted("^(.*)$", r"\1;httpOnly;secure"))),
        [PLAIN, ("X-T", "")],
        [PLAIN, ("X-T", ";httpOnly;secure")],
    ),
    Behaviour(
        "ops-020-merge-into-a-missing-header-adds-it", Policy(Merge("X-T", "foo")), [PLAIN], [PLAIN, ("X-T", "foo")]
    ),
    Behaviour(
        "ops-021-merge-of-a-value-already-listed-is-a-no-op",
        Policy(Merge("X-T", "foo")),
        [PLAIN, ("X-T", "foo")],
        [PLAIN, ("X-T", "foo")],
    ),
    Behaviour(
        "ops-024-default-set-if-empty-keeps-an-existing-value",
        Policy(Default("X-T", "bar")),
        [PLAIN, ("X-T", "foo")],
        [PLAIN, ("X-T", "foo")],
    ),
    Behaviour(
        "ops-025-default-set-if-empty-fills-a-missing-one",
        Policy(Default("X-T2", "bar")),
        [PLAIN, ("X-T", "foo")],
        [PLAIN, ("X-T", "foo"), ("X-T2", "bar")],
    ),
    Behaviour(
        "ops-026-flag-condition-true",
        Policy(Rule(Match(when=flagged), Set("X-T", "1"))),
        [PLAIN],
        [PLAIN, ("X-T", "1")],
        {"FLAG": "1"},
    ),
    Behaviour("ops-026-off-flag-condition-true", Policy(Rule(Match(when=flagged), Set("X-T", "1"))), [PLAIN], [PLAIN]),
    Behaviour(
        "ops-027-negated-flag-condition",
        Policy(Rule(Match(when=unflagged), Set("X-T", "1"))),
        [PLAIN],
        [PLAIN, ("X-T", "1")],
    ),
    Behaviour(
        "ops-028-request-path-expression-condition",
        Policy(Rule(Match(path=re.compile(".*special.*")), Set("X-T", "1"))),
        [PLAIN],
        [PLAIN, ("X-T", "1")],
        {"path": "/special/x"},
    ),
    Behaviour(
        "ops-029-allowlist-echo-copies-matching-request-headers-regex-into-the-response",
        Policy(Set("X-Trace", echoed("HTTP_X_TRACE")), Set("X-Trace2", echoed("HTTP_X_TRACE2"))),
        [PLAIN],
        [PLAIN, ("X-Trace", "a"), ("X-Trace2", "b")],
        {"HTTP_X_TRACE": "a", "HTTP_X_TRACE2": "b", "HTTP_X_OTHER": "c"},
    ),
    Behaviour(
        "ops-030-merge-used-three-times-with-a-repeated-value-yields-each-once",
        Policy(
            Merge("Cache-Control", "no-cache"), Merge("Cache-Control", "no-cache"), Merge("Cache-Control", "no-store")
        ),
        [PLAIN],
        [PLAIN, ("Cache-Control", "no-cache, no-store")],
    ),
    Behaviour(
        "ops-031-order-matters-append-then-remove-leaves-nothing",
        Policy(Append("X-T", "1"), Remove("X-T")),
        [PLAIN],
        [PLAIN],
    ),
    Behaviour(
        "ops-032-order-matters-remove-then-append-leaves-the-new-value",
        Policy(Remove("X-T"), Append("X-T", "1")),
        [PLAIN, ("X-T", "0")],
        [PLAIN, ("X-T", "1")],
    ),
    Behaviour(
        "ops-033-set-applies-to-every-status-by-default",
        Policy(Set("X-F", "1")),
        [PLAIN],
        [PLAIN, ("X-F", "1")],
        status="404 Not Found",
    ),
    Behaviour("ops-034-status-condition-not-met", Policy(Rule(Match(status=500), Set("X-F", "1"))), [PLAIN], [PLAIN]),
    Behaviour(
        "ops-036-content-type-condition-ignores-parameters-of-the-response-type",
        Policy(Rule(Match(media_type="text/html"), Set("X-F", "1"))),
        [HTML],
        [HTML, ("X-F", "1")],
    ),
    Behaviour(
        "ops-038-status-and-type-must-both-hold",
        Policy(Rule(Match(status=404, media_type="text/html"), Set("X-F", "1"))),
        [HTML],
        [HTML],
    ),
    Behaviour(
        "ops-040-clear-removes-every-duplicate-line",
        Policy(Remove("pragma")),
        [PLAIN, ("Pragma", "no-cache"), ("pragma", "no-cache")],
        [PLAIN],
    ),
    Behaviour(
        "ops-050-mode-set-against-an-existing-header",
        Policy(Set("X-M", "new")),
        [PLAIN, ("X-M", "old")],
        [PLAIN, ("X-M", "new")],
    ),
    Behaviour(
        "ops-051-mode-add-against-an-existing-header",
        Policy(Append("X-M", "new")),
        [PLAIN, ("X-M", "old")],
        [PLAIN, ("X-M", "old"), ("X-M", "new")],
    ),
    Behaviour(
        "ops-052-mode-default-against-an-existing-header",
        Policy(Default("X-M", "new")),
        [PLAIN, ("X-M", "old")],
        [PLAIN, ("X-M", "old")],
    ),
    Behaviour("ops-054-empty-operation-list-is-a-no-op", Policy(), [PLAIN, ("X-M", "old")], [PLAIN, ("X-M", "old")]),
    Behaviour(
        "ops-058-add-if-absent-with-the-header-present",
        Policy(Default("X-M", "new")),
        [PLAIN, ("X-M", "old")],
        [PLAIN, ("X-M", "old")],
    ),
    Behaviour(
        "ops-059-add-if-absent-with-the-header-missing", Policy(Default("X-M", "new")), [PLAIN], [PLAIN, ("X-M", "new")]
    ),
    Behaviour(
        "ops-061-overwrite-if-exists-with-the-header-missing",
        Policy(Edit("X-M", lambda value: "new")),
        [PLAIN],
        [PLAIN],
    ),
    Behaviour(
        "ops-063-overwrite-if-exists-or-add-with-the-header-missing",
        Policy(Set("X-M", "new")),
        [PLAIN],
        [PLAIN, ("X-M", "new")],
    ),
    Behaviour(
        "scope-003-selector-sees-the-response-content-type-and-picks-the-policy",
        Policy(Set("X-P", "api"), Rule(Match(media_type="text/html"), Set("X-P", "html"))),
        [PLAIN],
        [PLAIN, ("X-P", "api")],
    ),
    Behaviour(
        "scope-003-html-selector-sees-the-response-content-type-and-picks-the-policy",
        Policy(Set("X-P", "api"), Rule(Match(media_type="text/html"), Set("X-P", "html"))),
        [HTML],
        [HTML, ("X-P", "html")],
    ),
    Behaviour(
        "scope-005-selector-can-notice-an-app-set-csp-and-choose-a-policy-without-csp",
        Policy(Default("Content-Security-Policy", "default-src 'none'")),
        [PLAIN, ("Content-Security-Policy", "default-src 'self'")],
        [PLAIN, ("Content-Security-Policy", "default-src 'self'")],
    ),
]


@pytest.mark.parametrize("row", BEHAVIOUR, ids=lambda row: row.id)
def test_behaviour_of_other_systems(row: Behaviour) -> None:
    """What other systems do with a policy like this and what is wanted here agree."""
    app = validated(responding(*row.app, status=row.status))
    assert_head(call(HeadersMiddleware(app, row.policy), **row.request).lines, row.expected)


# secure 2.0.1 deletes by list positions that no longer hold.
@pytest.mark.parametrize("turn", range(4))
@pytest.mark.parametrize("first", ["Referrer-Policy", "X-Frame-Options"])
def test_replaced_lines_take_no_others_with_them(turn: int, first: str) -> None:
    """Two fields are replaced wherever they stand; Content-Type and the application's cookie stay."""
    lines = [("X-Frame-Options", "ALLOWALL"), ("Referrer-Policy", "unsafe-url"), PLAIN, ("Set-Cookie", "sid=1")]
    app = validated(responding(*lines[turn:], *lines[:turn]))
    operations = [Set("Referrer-Policy", "no-referrer"), Set("X-Frame-Options", "DENY")]
    policy = Policy(*(operations if first == "Referrer-Policy" else operations[::-1]))
    expected = [PLAIN, ("Set-Cookie", "sid=1"), ("X-Frame-Options", "DENY"), ("Referrer-Policy", "no-referrer")]
    assert_head(call(HeadersMiddleware(app, policy)).lines, expected)


# werkzeug's editing of a CSP reads the first of several lines and loses the others.
def test_edit_loses_no_line() -> None:
    """Of two Content-Security-Policy lines, each goes through the function; neither is lost or joined."""
    lines = [("Content-Security-Policy", "default-src 'self'; sandbox"), ("content-security-policy", "img-src *, x")]
    response = sent(Policy(Edit("Content-Security-Policy", lambda value: f"{value}; base-uri 'none'")), *lines)
    assert of_fields(response.lines) == by_field([(name, f"{value}; base-uri 'none'") for name, value in lines])


# ----------------------------------------------------------------------------------------------------------------------
# Callables
# ----------------------------------------------------------------------------------------------------------------------

VALUED: list[type[Set] | type[Default] | type[Append] | type[Merge]] = [Set, Default, Append, Merge]


@pytest.mark.parametrize("operation", VALUED, ids=lambda operation: operation.__name__)
def test_callable_value(operation: type[Set]) -> None:
    """A callable is given the environ of the request when the head is made, once, and its value is used."""
    seen: list[str] = []

    def tenant(environ: WSGIEnvironment) -> str:
        seen.append(environ["HTTP_X_TENANT"])
        return f"tenant {environ['HTTP_X_TENANT']}"

    middleware = HeadersMiddleware(validated(responding(PLAIN)), Policy(operation("X-Tenant", tenant)))
    for number in "123":
        response = call(middleware, HTTP_X_TENANT=number)
        assert response.values("X-Tenant") == [f"tenant {number}"]
    assert seen == ["1", "2", "3"]


def test_callable_value_sees_what_the_application_put_into_environ() -> None:
    """The callable is asked after the application has put what it knows into environ, not when the request enters."""

    def app(environ: WSGIEnvironment, start_response: Any) -> list[bytes]:
        environ["app.version"] = "7"
        start_response("200 OK", [PLAIN])
        return [b""]

    middleware = HeadersMiddleware(app, Policy(Set("X-Version", lambda environ: environ["app.version"])))
    assert call(middleware).values("X-Version") == ["7"]


# Whether the application sent nothing or something, None and "" leave the field as it is.
EMPTY_RESULTS = [
    (f"{operation.__name__}-{result!r}-{len(lines)}", operation, result, lines)
    for operation in VALUED
    for result in (None, "")
    for lines in ([], [XA], [XA, XB], [("X-A", "")])
]


@pytest.mark.parametrize(
    ("operation", "result", "lines"), [row[1:] for row in EMPTY_RESULTS], ids=[row[0] for row in EMPTY_RESULTS]
)
def test_callable_that_gives_nothing(operation: type[Set], result: str | None, lines: list[Line]) -> None:
    """None or an empty text from a callable: the operation does nothing for this response."""
    response = sent(Policy(operation("X-A", lambda environ: result)), *lines)
    assert of_fields(response.lines) == by_field(lines)


def test_callable_that_gives_nothing_leaves_what_stood_before() -> None:
    """What the operations before it made stays too, and those after it act on that."""
    policy = Policy(Set("X-A", "before"), Set("X-A", lambda environ: None), Append("X-A", "after"))
    assert sent(policy, XA).values("X-A") == ["before", "after"]


def test_callable_merge_reads_members_of_what_it_gives() -> None:
    """What a callable gives to Merge is a list like a literal, merged after each request afresh."""
    policy = Policy(Merge("Vary", lambda environ: environ.get("HTTP_X_VARY")))
    assert sent(policy, ("Vary", "Accept"), HTTP_X_VARY="accept, Cookie").values("Vary") == ["Accept, Cookie"]
    assert sent(policy, ("Vary", "Accept")).values("Vary") == ["Accept"]


BAD_RESULTS = [
    ("cr-lf", "s3cret\r\nSet-Cookie: a=1"),
    ("lf", "s3cret\n"),
    ("nul", "s3cret\0"),
    ("control", "s3cret\x01"),
    ("del", "s3cret\x7f"),
    ("beyond-latin-1", "s3cret\u20ac"),
    ("surrogate", "s3cret\udce9"),
    ("blank-before", " s3cret"),
    ("blank-after", "s3cret\t"),
    ("blank-alone", " "),
    ("bytes", b"s3cret"),
    ("number", 53),
    ("list", ["s3cret"]),
]


@pytest.mark.parametrize("result", [row[1] for row in BAD_RESULTS], ids=[row[0] for row in BAD_RESULTS])
@pytest.mark.parametrize("operation", [*VALUED, Edit], ids=lambda operation: operation.__name__)
def test_bad_result_of_a_callable(operation: Callable[..., Operation], result: object) -> None:
    """What a callable or a function gives is checked like a literal: HeadError in the application's own call."""
    caught: list[HeadError] = []

    def app(environ: WSGIEnvironment, start_response: Any) -> list[bytes]:
        try:
            # Default speaks where nothing was sent, Edit where something was.
            start_response("200 OK", [PLAIN, XA] if operation is Edit else [PLAIN])
        except HeadError as error:
            caught.append(error)
        start_response("500 Oops", [PLAIN] if operation is Edit else [PLAIN, ("X-Passed", "1")])
        return [b""]

    # The second head is made with a callable that behaves.
    results = [result]
    policy = Policy(operation("X-A", lambda given: results.pop() if results else None))
    response = call(HeadersMiddleware(app, policy))
    assert len(caught) == 1
    assert "X-A" in str(caught[0])
    assert "s3cret" not in str(caught[0])
    assert [sent.status for sent in response.calls] == ["500 Oops"]


def test_edit_that_gives_nothing_but_empty_text() -> None:
    """An Edit that empties a value is refused, as a literal empty value is; None drops the line."""
    with pytest.raises(HeadError, match="X-A"):
        sent(Policy(Edit("X-A", lambda value: "")), XA)


@pytest.mark.parametrize("operation", [*VALUED, Edit], ids=lambda operation: operation.__name__)
@pytest.mark.parametrize(
    "error", [KeyError, ValueError, TypeError, ZeroDivisionError], ids=lambda error: error.__name__
)
def test_exception_of_a_callable(operation: Callable[..., Operation], error: type[Exception]) -> None:
    """What a callable raises reaches the application's own call as it is, with nothing sent."""
    raised = error("from the callable")

    def fail(given: object) -> str:
        raise raised

    def app(environ: WSGIEnvironment, start_response: Any) -> list[bytes]:
        with pytest.raises(error) as caught:
            start_response("200 OK", [PLAIN, XA] if operation is Edit else [PLAIN])
        assert caught.value is raised
        return [b"never"]

    calls: list[Any] = []
    body = HeadersMiddleware(app, Policy(operation("X-A", fail)))({}, lambda *arguments: calls.append(arguments))
    assert (list(body), calls) == ([b"never"], [])


class Markup(str):
    """Text of a class of its own, as MarkupSafe's is, that shows itself differently."""

    def __str__(self) -> str:
        return "shown"


class Name(str, enum.Enum):  # noqa: UP042 - such enumerations are what applications have
    """Text by way of an enumeration: `str(Name.FIELD)` is 'Name.FIELD', the text is 'X-Field'."""

    FIELD = "X-Field"
    VALUE = "value"


@pytest.mark.parametrize("operation", VALUED, ids=lambda operation: operation.__name__)
@pytest.mark.parametrize(
    ("name", "value"),
    [(Name.FIELD, Name.VALUE), (Markup("X-Field"), Markup("value"))],
    ids=["enumeration", "subclass"],
)
def test_declared_text_of_a_subclass(operation: type[Set], name: str, value: str) -> None:
    """A name or value of a subclass of str is taken for its text, and goes out as an exact str."""
    response = sent(Policy(operation(name, value)))
    assert of_fields(response.lines) == {"x-field": [("X-Field", "value")]}
    assert {type(text) for line in response.lines for text in line} == {str}


@pytest.mark.parametrize("name", [Name.FIELD, Markup("X-Field")], ids=["enumeration", "subclass"])
def test_removed_name_of_a_subclass(name: str) -> None:
    """Remove and Edit take a name of a subclass of str for its text."""
    assert sent(Policy(Remove(name)), ("X-Field", "1")).values("X-Field") == []
    assert sent(Policy(Edit(name, shout)), ("X-Field", "a")).values("X-Field") == ["A"]


@pytest.mark.parametrize("operation", [*VALUED, Edit], ids=lambda operation: operation.__name__)
def test_result_of_a_subclass(operation: Callable[..., Operation]) -> None:
    """What a callable or function gives as a subclass of str goes out as the exact text."""
    response = sent(Policy(operation("X-A", lambda given: Markup("value"))), *([XA] if operation is Edit else []))
    assert response.values("X-A") == ["value"]
    assert {type(text) for line in response.lines for text in line} == {str}


class Unhashable:
    """A callable that is equal by value and has no hash, as a dataclass is."""

    __hash__ = None  # type: ignore[assignment]

    def __call__(self, given: object) -> str:
        return "made"

    def __eq__(self, other: object) -> bool:
        return type(other) is Unhashable


@pytest.mark.parametrize("operation", [*VALUED, Edit], ids=lambda operation: operation.__name__)
def test_callable_without_hash(operation: Callable[..., Operation]) -> None:
    """A callable need not be hashable; the part is hashed all the same, and equal where its callable is."""
    part = operation("X-A", Unhashable())
    assert part == operation("X-A", Unhashable()) != operation("X-B", Unhashable())
    assert hash(part) == hash(operation("X-A", Unhashable()))
    policy = Policy(Rule(Match(path="/"), part), Rule(Match(path="/x"), operation("X-A", Unhashable())))
    assert "made" in sent(policy, *([XA] if operation is Edit else [])).values("X-A")


# ----------------------------------------------------------------------------------------------------------------------
# What is refused at construction
# ----------------------------------------------------------------------------------------------------------------------


class Refused(NamedTuple):
    """A call that raises PolicyError, and the codes and places of its problems, in order."""

    id: str
    build: Callable[[], object]
    problems: list[tuple[str, str]]


HOP_BY_HOP = "Connection Keep-Alive Proxy-Authenticate TE Trailer Transfer-Encoding Upgrade".split()
FRAMING = ["Content-Length", "Status"]
SINGLETONS = "Server Content-Type Location ETag Age X-Frame-Options Strict-Transport-Security Date Expires".split()

REFUSED = [
    *(
        Refused(
            f"{operation.__name__}-{name}", lambda operation=operation, name=name: operation(name, "1"), [(code, where)]
        )
        for operation in VALUED
        for names, code in ((HOP_BY_HOP, "operation.name.hop-by-hop"), (FRAMING, "operation.name.framing"))
        for name in names
        for where in [f"{operation.__name__}.name"]
    ),
    Refused("Remove-hop-by-hop", lambda: Remove("Transfer-Encoding"), [("operation.name.hop-by-hop", "Remove.name")]),
    Refused("Remove-framing", lambda: Remove("content-length"), [("operation.name.framing", "Remove.name")]),
    Refused("Edit-hop-by-hop", lambda: Edit("CONNECTION", shout), [("operation.name.hop-by-hop", "Edit.name")]),
    Refused("Edit-framing", lambda: Edit("Status", shout), [("operation.name.framing", "Edit.name")]),
    *(
        Refused(
            f"{operation.__name__}-cookie",
            lambda operation=operation: operation("set-cookie", "a=1"),
            [("operation.name.cookie", f"{operation.__name__}.name")],
        )
        for operation in VALUED
    ),
    Refused("Remove-cookie", lambda: Remove("Set-Cookie"), [("operation.name.cookie", "Remove.name")]),
    Refused("Edit-cookie", lambda: Edit("Set-Cookie", shout), [("operation.name.cookie", "Edit.name")]),
    *(
        Refused(
            f"{operation.__name__}-singleton-{name}",
            lambda operation=operation, name=name: operation(name, "1"),
            [("operation.name.singleton", f"{operation.__name__}.name")],
        )
        for operation in (Append, Merge)
        for name in SINGLETONS
    ),
    *(
        Refused(f"name-{id}", lambda name=name: Set(name, "1"), [("operation.name.token", "Set.name")])
        for id, name in [
            ("empty", ""),
            ("blank", "X A"),
            ("blank-after", "X-A "),
            ("colon", "X-A:"),
            ("line-feed", "X-A\n"),
            ("cr-lf", "X-A\r\nX-B"),
            ("nul", "X\0"),
            ("non-ascii", "X-\xe9"),
            ("kelvin-sign", "\u212aeep"),
            ("slash", "X/A"),
        ]
    ),
    *(
        Refused(f"name-{type(name).__name__}", lambda name=name: Set(name, "1"), [("operation.name.type", "Set.name")])
        for name in (None, 5, b"X-A", ["X-A"], str)
    ),
    *(
        Refused(f"value-{id}", lambda value=value: Set("X-A", value), [(f"operation.value.{code}", "Set('X-A').value")])
        for id, value, code in [
            ("empty", "", "empty"),
            ("line-feed", "a\n", "characters"),
            ("cr", "a\rb", "characters"),
            ("nul", "a\0b", "characters"),
            ("control", "a\x1fb", "characters"),
            ("del", "a\x7f", "characters"),
            ("beyond-latin-1", "\u20ac", "characters"),
            ("surrogate", "\udc80", "characters"),
            ("blank-before", " a", "blanks"),
            ("blank-after", "a ", "blanks"),
            ("tab-after", "a\t", "blanks"),
            ("blanks-alone", " \t", "blanks"),
            ("none", None, "type"),
            ("number", 5, "type"),
            ("bytes", b"a", "type"),
            ("list", ["a"], "type"),
        ]
    ),
    Refused("function-none", lambda: Edit("X-A", None), [("operation.function", "Edit('X-A').function")]),
    Refused("function-text", lambda: Edit("X-A", "upper"), [("operation.function", "Edit('X-A').function")]),
    # Several at once, in the order of the arguments.
    Refused(
        "name-and-value",
        lambda: Append("Content-Type ", "a\r\nb"),
        [("operation.name.token", "Append.name"), ("operation.value.characters", "Append.value")],
    ),
    Refused(
        "cookie-and-value",
        lambda: Set("Set-Cookie", ""),
        [("operation.name.cookie", "Set.name"), ("operation.value.empty", "Set('Set-Cookie').value")],
    ),
    Refused(
        "name-and-function",
        lambda: Edit("Connection", 5),
        [("operation.name.hop-by-hop", "Edit.name"), ("operation.function", "Edit('Connection').function")],
    ),
    # How the part was called.
    Refused("missing", lambda: Set("X-A"), [("argument.missing", "Set.value")]),
    Refused("missing-all", lambda: Merge(), [("argument.missing", "Merge.name"), ("argument.missing", "Merge.value")]),
    Refused(
        "missing-and-bad",
        lambda: Set("X A"),
        [("argument.missing", "Set.value"), ("operation.name.token", "Set.name")],
    ),
    Refused("surplus", lambda: Set("X-A", "1", "2"), [("argument.surplus", "Set")]),
    Refused("surplus-remove", lambda: Remove("X-A", "1"), [("argument.surplus", "Remove")]),
    Refused(
        "surplus-and-bad",
        lambda: Set("Connection", "1", "2"),
        [("argument.surplus", "Set"), ("operation.name.hop-by-hop", "Set.name")],
    ),
    Refused("unknown", lambda: Set("X-A", "1", always=True), [("argument.unknown", "Set")]),
    Refused(
        "unknown-and-missing",
        lambda: Default("X-A", whatever="1"),
        [("argument.unknown", "Default"), ("argument.missing", "Default.value")],
    ),
    Refused("repeated", lambda: Set("X-A", "1", value="2"), [("argument.repeated", "Set.value")]),
]


@pytest.mark.parametrize("row", REFUSED, ids=lambda row: row.id)
def test_refused(row: Refused) -> None:
    """A mistake is told when the part is built, every one of it at once, with its code and where it stands."""
    with pytest.raises(PolicyError) as caught:
        row.build()
    assert [(problem.code, problem.where) for problem in caught.value.problems] == row.problems


@pytest.mark.parametrize("operation", [Set, Default], ids=lambda operation: operation.__name__)
@pytest.mark.parametrize("name", SINGLETONS)
def test_singletons_can_be_set(operation: type[Set], name: str) -> None:
    """A field of one line can be set and have a default; only what would repeat it is refused."""
    assert operation(name, "1").name == name


@pytest.mark.parametrize("operation", [Append, Merge], ids=lambda operation: operation.__name__)
def test_unknown_names_count_as_lists(operation: type[Append]) -> None:
    """A name that the registry does not know can be appended to and merged into."""
    assert sent(Policy(operation("X-Unheard-Of", "b")), ("X-Unheard-Of", "a")).lines[-1][1] in ("b", "a, b")


# (call, the argument that was meant)
MISSPELT: list[tuple[str, Callable[[], object], str]] = [
    ("value", lambda: Set("X-A", vlaue="1"), "value"),
    ("name", lambda: Remove(nam="X-A"), "name"),
    ("function", lambda: Edit("X-A", func=shout), "function"),
]


@pytest.mark.parametrize(("build", "meant"), [row[1:] for row in MISSPELT], ids=[row[0] for row in MISSPELT])
def test_misspelt_argument(build: Callable[[], object], meant: str) -> None:
    """A misspelt keyword is told together with the right one, also where that goes by position."""
    with pytest.raises(PolicyError) as caught:
        build()
    (unknown,) = [problem for problem in caught.value.problems if problem.code == "argument.unknown"]
    assert meant in unknown.fix


def test_positional_arguments_by_name() -> None:
    """Arguments that go by position can be given by name too."""
    assert Set(name="X-A", value="1") == Set("X-A", value="1") == Set("X-A", "1")
    assert Edit(name="X-A", function=shout) == Edit("X-A", shout)
    assert Remove(name="X-A") == Remove("X-A")
