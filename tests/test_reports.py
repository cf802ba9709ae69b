"""ReportCollector: where the reports of browsers arrive."""

from __future__ import annotations

import io
import json
import logging
import pickle
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wsgi import PLAIN, Response, call, responding

from wsgi_headers import (
    AllowedHosts,
    Append,
    CrossOriginProtection,
    HeadersMiddleware,
    HttpsRedirect,
    Policy,
    PolicyError,
    ReportCollector,
    Set,
)

CSP, REPORTS = "application/csp-report", "application/reports+json"

VIOLATION = {"document-uri": "https://app.test/page", "blocked-uri": "https://evil.test/x.js"}
REPORT = {
    "type": "deprecation",
    "url": "https://app.test/",
    "age": 42,
    "user_agent": "Browser/1",
    "body": {"id": "x", "lineNumber": 1},
}


class Stream(io.BytesIO):
    """A body that gives a few octets at a time and remembers how many it gave."""

    def __init__(self, octets: bytes, at_once: int = 1 << 20) -> None:
        super().__init__(octets)
        self.at_once = at_once
        self.given = 0

    def read(self, size: int | None = -1, /) -> bytes:
        assert size is not None and size >= 0, "nothing is read without a limit"
        chunk = super().read(min(size, self.at_once))
        self.given += len(chunk)
        return chunk


def posted(
    body: object,
    kind: str = REPORTS,
    *,
    part: ReportCollector | None = None,
    more: dict[str, Any] | None = None,
) -> tuple[Response, list[dict[str, Any]]]:
    """Return the answer to a posted body, JSON or octets, and the reports that were handed on."""
    reports: list[dict[str, Any]] = []
    octets = body if isinstance(body, bytes) else json.dumps(body).encode()
    app = HeadersMiddleware(responding(PLAIN), Policy(part or ReportCollector("/reports", reports.append)))
    environ = {"CONTENT_TYPE": kind, "CONTENT_LENGTH": str(len(octets)), "wsgi.input": Stream(octets), **(more or {})}
    environ = {key: value for key, value in environ.items() if value is not None}
    # wsgiref.validate bears no length that is none.
    validate = "CONTENT_LENGTH" not in environ or environ["CONTENT_LENGTH"] == str(len(octets))
    response = call(app, method="POST", path="/reports", HTTP_USER_AGENT="Agent/1", validate=validate, **environ)
    return response, reports


NORMALISED: list[tuple[str, str, object, list[dict[str, Any]]]] = [
    ("one report", REPORTS, [REPORT], [REPORT]),
    ("two reports", REPORTS, [REPORT, {**REPORT, "type": "crash"}], [REPORT, {**REPORT, "type": "crash"}]),
    ("no reports", REPORTS, [], []),
    ("media type with case and parameters", "Application/Reports+JSON; charset=utf-8", [REPORT], [REPORT]),
    ("more keys than known", REPORTS, [{**REPORT, "destination": "default", "attempts": 1}], [REPORT]),
    (
        "violation",
        CSP,
        {"csp-report": VIOLATION},
        [
            {
                "type": "csp-violation",
                "url": "https://app.test/page",
                "age": 0,
                "user_agent": "Agent/1",
                "body": VIOLATION,
            }
        ],
    ),
    (
        "violation without anything",
        CSP,
        {"csp-report": {}, "more": 1},
        [{"type": "csp-violation", "url": "", "age": 0, "user_agent": "Agent/1", "body": {}}],
    ),
    (
        "violation with a document that is no text",
        CSP,
        {"csp-report": {"document-uri": [1]}},
        [
            {
                "type": "csp-violation",
                "url": "",
                "age": 0,
                "user_agent": "Agent/1",
                "body": {"document-uri": [1]},
            }
        ],
    ),
    (
        "report without anything",
        REPORTS,
        [{}],
        [{"type": "", "url": "", "age": 0, "user_agent": "Agent/1", "body": {}}],
    ),
    (
        "report with values of other kinds",
        REPORTS,
        [{"type": 1, "url": None, "age": "1", "user_agent": {}, "body": [1]}],
        [{"type": "", "url": "", "age": 0, "user_agent": "Agent/1", "body": {}}],
    ),
    ("negative age", REPORTS, [{**REPORT, "age": -1}], [{**REPORT, "age": 0}]),
    ("age that is a bool", REPORTS, [{**REPORT, "age": True}], [{**REPORT, "age": 0}]),
    ("age that is no whole number", REPORTS, [{**REPORT, "age": 1.5}], [{**REPORT, "age": 0}]),
    ("text of half a character", REPORTS, [{**REPORT, "url": "\ud800"}], [{**REPORT, "url": "\ud800"}]),
]


@pytest.mark.parametrize(
    ("kind", "body", "expected"), [row[1:] for row in NORMALISED], ids=[row[0] for row in NORMALISED]
)
def test_reports(kind: str, body: object, expected: list[dict[str, Any]]) -> None:
    """Each is handed on once, with five keys of known types."""
    response, reports = posted(body, kind)

    assert (response.status, response.body) == ("204 No Content", b"")
    assert reports == expected


REFUSED: list[tuple[str, str, object, dict[str, Any], str]] = [
    ("no Content-Type", "", [REPORT], {"CONTENT_TYPE": None}, "415"),
    ("another media type", "application/json", [REPORT], {}, "415"),
    ("the name of a kind inside another", f"text/plain; x={REPORTS}", [REPORT], {}, "415"),
    ("a violation as a list", REPORTS, {"csp-report": VIOLATION}, {}, "400"),
    ("a list as a violation", CSP, [REPORT], {}, "400"),
    ("a violation that is no object", CSP, {"csp-report": "x"}, {}, "400"),
    ("one of two that is no object", REPORTS, [REPORT, 1], {}, "400"),
    ("text", REPORTS, "x", {}, "400"),
    ("null", REPORTS, None, {}, "400"),
    ("empty body", REPORTS, b"", {}, "400"),
    ("half of JSON", REPORTS, b'[{"type"', {}, "400"),
    ("no UTF-8", REPORTS, b'["\xff\xfe"]', {}, "400"),
    ("no JSON but Python's", REPORTS, b"[NaN]", {}, "400"),
    ("deep lists", REPORTS, b"[" * 60_000, {}, "400"),
    ("deep lists that end", REPORTS, b"[" * 30_000 + b"]" * 30_000, {}, "400"),
    ("deep objects", CSP, b'{"a":' * 10_000, {}, "400"),
    ("a number of thousands of digits", REPORTS, b"[" + b"9" * 10_000 + b"]", {}, "400"),
    ("no Content-Length", REPORTS, [REPORT], {"CONTENT_LENGTH": None}, "411"),
    ("empty Content-Length", REPORTS, [REPORT], {"CONTENT_LENGTH": ""}, "411"),
    (
        "no Content-Length, chunks that the server does not read",
        REPORTS,
        [REPORT],
        {"CONTENT_LENGTH": None, "HTTP_TRANSFER_ENCODING": "chunked"},
        "411",
    ),
    (
        "no Content-Length and no body",
        REPORTS,
        b"",
        {"CONTENT_LENGTH": None, "wsgi.input_terminated": True},
        "411",
    ),
    ("Content-Length that is negative", REPORTS, [REPORT], {"CONTENT_LENGTH": "-1"}, "400"),
    ("Content-Length with a sign", REPORTS, [REPORT], {"CONTENT_LENGTH": "+5"}, "400"),
    ("Content-Length of other digits", REPORTS, [REPORT], {"CONTENT_LENGTH": "\u0665"}, "400"),
    ("Content-Length with superscript", REPORTS, [REPORT], {"CONTENT_LENGTH": "\xb2"}, "400"),
    ("Content-Length twice", REPORTS, [REPORT], {"CONTENT_LENGTH": "5, 5"}, "400"),
    ("Content-Length with a blank", REPORTS, [REPORT], {"CONTENT_LENGTH": " 5"}, "400"),
    ("Content-Length above the limit", REPORTS, b"[]", {"CONTENT_LENGTH": "65537"}, "413"),
    ("Content-Length of thousands of digits", REPORTS, b"[]", {"CONTENT_LENGTH": "9" * 5000}, "413"),
    ("body longer than the limit", REPORTS, b" " * 65_537, {}, "413"),
    ("body shorter than told", REPORTS, b"[]", {"CONTENT_LENGTH": "3"}, "400"),
]


@pytest.mark.parametrize(
    ("kind", "body", "more", "status"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED]
)
def test_what_is_no_report(
    kind: str, body: object, more: dict[str, Any], status: str, caplog: pytest.LogCaptureFixture
) -> None:
    """It is refused with a clean status and told the log; nothing is handed on."""
    with caplog.at_level(logging.WARNING, "wsgi_headers"):
        response, reports = posted(body, kind, more=more)

    assert (response.status[:3], reports) == (status, [])
    assert response.values("Cache-Control") == ["no-store"]
    assert response.values("Access-Control-Allow-Origin") == ["*"]
    (record,) = caplog.records
    assert record.__dict__["event"] == "reports.refused"
    assert record.__dict__["reason"].isprintable() and record.__dict__["reason"].encode() not in response.body


@pytest.mark.parametrize(
    ("length", "given", "status"),
    [("10", 10, "204"), ("2", 2, "204"), ("1", 1, "400"), ("11", 0, "413"), (None, 11, "413")],
    ids=["as told", "more than told", "less than a report told", "too much told", "not told"],
)
def test_no_more_is_read_than_was_told_and_one_octet_beyond_the_limit(
    length: str | None, given: int, status: str
) -> None:
    """Whatever stands behind it in the stream."""
    stream = Stream(b"[]" + b" " * 100, at_once=3)
    more = {"wsgi.input": stream, "CONTENT_LENGTH": length, "wsgi.input_terminated": True}
    response, _ = posted(b"", part=ReportCollector("/reports", limit=10), more=more)

    assert (response.status[:3], stream.given) == (status, given)


def test_a_body_without_length_is_read_where_the_server_ends_it() -> None:
    """Servers that read chunks say so; a body that comes in small pieces is put together."""
    octets = json.dumps([REPORT]).encode()
    more = {
        "CONTENT_LENGTH": None,
        "HTTP_TRANSFER_ENCODING": "chunked",
        "wsgi.input_terminated": True,
        "wsgi.input": Stream(octets, at_once=7),
    }
    response, reports = posted(octets, more=more)

    assert (response.status, reports) == ("204 No Content", [REPORT])


class Broken(io.BytesIO):
    """A body whose client went away."""

    def read(self, size: int | None = -1, /) -> bytes:
        raise ConnectionResetError("gone")


def test_a_client_that_goes_away(caplog: pytest.LogCaptureFixture) -> None:
    """What the server raises while the body is read goes no further."""
    response, reports = posted([REPORT], more={"wsgi.input": Broken()})

    assert (response.status, reports) == ("400 Bad Request", [])
    assert caplog.records[0].__dict__["reason"] == "the body cannot be read: ConnectionResetError"


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE"])
def test_other_methods(method: str) -> None:
    """405, with those that are allowed."""
    response = call(
        HeadersMiddleware(responding(PLAIN), Policy(ReportCollector("/reports"))), method=method, path="/reports"
    )

    assert (response.status, response.values("Allow")) == ("405 Method Not Allowed", ["OPTIONS, POST"])
    assert (response.body == b"") == (method == "HEAD")


def test_its_preflight_is_answered() -> None:
    """Reports+json is no media type of a simple request, so a collector of another origin is asked first (Fetch)."""
    policy = Policy(ReportCollector("/reports"), CrossOriginProtection(), Set("X-Policy", "1"))
    response = call(
        HeadersMiddleware(responding(PLAIN), policy),
        method="OPTIONS",
        path="/reports",
        HTTP_ORIGIN="https://app.test",
        HTTP_ACCESS_CONTROL_REQUEST_METHOD="POST",
        HTTP_ACCESS_CONTROL_REQUEST_HEADERS="content-type",
    )

    assert (response.status, response.body) == ("204 No Content", b"")
    assert dict(response.lines) == {
        "Allow": "OPTIONS, POST",
        "X-Policy": "1",
        "Access-Control-Allow-Origin": "*",
        "Access-Control-Allow-Methods": "POST",
        "Access-Control-Allow-Headers": "Content-Type",
        "Access-Control-Max-Age": "86400",
        "Cache-Control": "no-store",
    }


def test_its_answers_are_readable_whatever_the_policy_says_of_other_answers() -> None:
    """What the policy says of Access-Control fields is meant for the application."""
    policy = Policy(
        Set("Access-Control-Allow-Origin", "https://app.test"),
        Set("Access-Control-Allow-Credentials", "true"),
        Append("Access-Control-Expose-Headers", "X-A"),
        ReportCollector("/reports", lambda report: None),
    )
    octets = b"[]"
    app = HeadersMiddleware(responding(PLAIN), policy)
    environ = {"CONTENT_TYPE": REPORTS, "CONTENT_LENGTH": "2", "wsgi.input": Stream(octets)}
    response = call(app, method="POST", path="/reports", **environ)

    assert [line for line in response.lines if line[0].startswith("Access-")] == [("Access-Control-Allow-Origin", "*")]


def test_it_stands_before_cross_origin_protection_and_after_hosts_and_https() -> None:
    """Browsers post reports of other sites; a foreign host and http are refused or redirected all the same."""
    reports: list[object] = []
    policy = Policy(
        CrossOriginProtection(),
        ReportCollector("/reports", reports.append),
        HttpsRedirect(),
        AllowedHosts("app.example"),
    )
    app = HeadersMiddleware(responding(PLAIN), policy)

    def status(**more: Any) -> str:
        environ = {"CONTENT_TYPE": REPORTS, "CONTENT_LENGTH": "4", "wsgi.input": Stream(b"[{}]"), **more}
        return call(app, method="POST", path="/reports", HTTP_SEC_FETCH_SITE="cross-site", **environ).status

    assert status() == "204 No Content"
    assert status(scheme="http") == "308 Permanent Redirect"
    assert status(scheme="http", host="evil.test") == "400 Bad Request"
    assert len(reports) == 1


@pytest.mark.parametrize(
    ("pattern", "path", "taken"),
    [
        ("/reports", "/reports", True),
        ("/reports", "/reports/", False),
        ("/reports", "//reports", True),
        ("/reports", "/x/../reports", True),
        ("/reports/", "/reports/csp", True),
        ("/reports/", "/reports", False),
        ("/reports", "/", False),
    ],
)
def test_paths(pattern: str, path: str, taken: bool) -> None:
    """As in Match: exact, or all below a prefix."""
    app = HeadersMiddleware(responding(PLAIN), Policy(ReportCollector(pattern)))
    assert (call(app, path=path).status[:3] == "405") == taken


def test_an_exception_of_the_callback_is_told_the_log(caplog: pytest.LogCaptureFixture) -> None:
    """The answer stays, and the next report is handed on."""
    seen: list[str] = []

    def on_report(report: dict[str, Any]) -> None:
        seen.append(report["type"])
        raise KeyError("evil\n")

    response, _ = posted([REPORT, {**REPORT, "type": "crash"}], part=ReportCollector("/reports", on_report))

    assert (response.status, seen) == ("204 No Content", ["deprecation", "crash"])
    assert [record.__dict__["event"] for record in caplog.records] == ["reports.callback"] * 2
    assert caplog.records[0].__dict__["reason"].startswith(r"KeyError: 'evil\\n'")


class Unspeakable(Exception):
    """An error that cannot say what it is."""

    def __str__(self) -> str:
        raise RuntimeError("no words")


def test_an_exception_that_cannot_be_written(caplog: pytest.LogCaptureFixture) -> None:
    """Its name is told."""

    def on_report(report: dict[str, Any]) -> None:
        raise Unspeakable

    response, _ = posted([REPORT], part=ReportCollector("/reports", on_report))

    assert response.status == "204 No Content"
    assert "Unspeakable" in caplog.records[0].__dict__["reason"]


def test_without_a_callback_reports_are_logged(caplog: pytest.LogCaptureFixture) -> None:
    """As data, one plain line each, and bounded in rate."""
    hostile = {**REPORT, "type": "a\nb", "body": {"blocked\x1b": "x" * 1000, "deep": [[]], "line": 3}}
    response, _ = posted([hostile], part=ReportCollector("/reports"))

    assert response.status == "204 No Content"
    (record,) = caplog.records
    data = record.__dict__
    assert (data["event"], data["type"], data["url"], data["age"]) == ("reports.report", r"a\nb", REPORT["url"], 42)
    assert data["user_agent"] == "Browser/1"
    assert data["body"] == (r"blocked\x1b=" + "x" * 1000)[:200]
    assert record.getMessage().isprintable()

    posted([REPORT] * 100, part=ReportCollector("/reports"))
    assert len(caplog.records) == 1 + 10


@pytest.mark.parametrize(
    ("arguments", "options", "problems"),
    [
        ((), {}, {"argument.missing"}),
        (("reports",), {}, {"match.path.relative"}),
        (("/",), {}, {"reports.path"}),
        ((None,), {}, {"reports.path"}),
        (("/reports?x",), {}, {"match.path.query"}),
        (("/reports", "print"), {}, {"reports.on_report"}),
        (("/reports",), {"limit": 0}, {"reports.limit"}),
        (("/reports",), {"limit": True}, {"reports.limit"}),
        (("/reports",), {"limit": "64K"}, {"reports.limit"}),
        (
            ("reports", 1),
            {"limits": 1, "limit": -1},
            {"argument.unknown", "match.path.relative", "reports.on_report", "reports.limit"},
        ),
    ],
)
def test_mistakes(arguments: tuple[Any, ...], options: dict[str, Any], problems: set[str]) -> None:
    """All of them at once."""
    with pytest.raises(PolicyError) as caught:
        ReportCollector(*arguments, **options)

    assert {problem.code for problem in caught.value.problems} == problems


def test_a_coroutine_function_is_no_callback() -> None:
    """Nobody would await it."""

    async def on_report(report: dict[str, Any]) -> None: ...

    with pytest.raises(PolicyError, match="coroutine"):
        ReportCollector("/reports", on_report)


def test_it_is_a_value() -> None:
    """Equal by value, hashable, picklable, with a repr that can be pasted back."""
    part = ReportCollector("/reports", print, limit=10)

    assert repr(part) == "ReportCollector('/reports', <built-in function print>, limit=10)"
    assert pickle.loads(pickle.dumps(part)) == part == ReportCollector("/reports", print, limit=10)
    assert eval(repr(ReportCollector("/reports"))) == ReportCollector("/reports")


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda below: (
        st.lists(below, max_size=4)
        | st.dictionaries(
            st.sampled_from(["type", "url", "age", "user_agent", "body", "csp-report", "document-uri"]),
            below,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(json_values | st.lists(json_values, max_size=2), st.sampled_from([CSP, REPORTS]))
def test_any_json_gets_a_clean_answer(body: object, kind: str) -> None:
    """Every report that is handed on has its five keys and their types."""
    response, reports = posted(body, kind)

    assert response.status[:3] in ("204", "400")
    for report in reports:
        assert {name: type(value) for name, value in report.items()} == {
            "type": str,
            "url": str,
            "age": int,
            "user_agent": str,
            "body": dict,
        }


@given(st.binary(max_size=40), st.text(max_size=5) | st.integers(0, 50).map(str), st.text(max_size=20), st.booleans())
def test_any_request_gets_a_clean_answer(body: bytes, length: str, kind: str, terminated: bool) -> None:
    """Octets, lengths and media types of all sorts, with reports to the log."""
    app = HeadersMiddleware(responding(PLAIN), Policy(ReportCollector("/reports", limit=30)))
    stream = Stream(body)
    for media_type in (kind, REPORTS, CSP):
        environ = {"CONTENT_TYPE": media_type, "CONTENT_LENGTH": length, "wsgi.input": stream}
        environ["wsgi.input_terminated"] = terminated
        response = call(app, method="POST", path="/reports", validate=False, **environ)
        assert response.status[:3] in ("204", "400", "411", "413", "415")
    assert stream.given <= 3 * 31
