"""ReportCollector: where the reports of browsers arrive.

Browsers POST them, without waiting for an answer, as JSON of one of two kinds: a list (Reporting API, "Serialize a list
of reports to JSON"), or one violation (CSP3 5.5, `report-uri`). Whoever can reach the address can write anything, so
nothing in a report is believed but its shape.
"""

from __future__ import annotations

import inspect
import json
import traceback
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NoReturn, TypeAlias

from . import _registry
from ._part import GuardRank, Part
from .errors import Problems
from .exchange import Answer, Decision, Deferred, Request, answer_in_words
from .match import check_path, media_type_of, path_holds

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

    from ._log import Log

Report: TypeAlias = dict[str, Any]

_CSP_REPORT = "application/csp-report"  # CSP3 5.5
_REPORTS = "application/reports+json"  # Reporting API, "Media Type Registration"

# RFC 9110 10.2.1, 15.5.6
_ALLOW = ("Allow", "OPTIONS, POST")

# Fetch, "CORS protocol". Reports are sent in CORS mode, to another origin without credentials (Reporting API, "Attempt
# to deliver reports to endpoint"), so every origin may read the answer, which says nothing; what CORS parts say
# is meant for the application.
_READABLE: dict[str, str | None] = {
    **{field.name: None for name, field in _registry.FIELDS.items() if name.startswith("access-control-")},
    "Access-Control-Allow-Origin": "*",
}
_PREFLIGHT = {
    **_READABLE,
    "Access-Control-Allow-Methods": "POST",
    "Access-Control-Allow-Headers": "Content-Type",
    "Access-Control-Max-Age": "86400",  # seconds, the most that browsers keep one (Firefox)
}

_RECEIVED = Answer("204 No Content", [])
_OPTIONS = Answer("204 No Content", [_ALLOW])
_NOT_ALLOWED = answer_in_words("405 Method Not Allowed", "Reports are posted here.", _ALLOW)


class ReportCollector(Part):
    """Takes the reports that browsers post to a path, and answers them; the application is not called there.

    path        "/reports", or "/reports/" for all below it
    on_report   called with each report, a dict of `type`, `url` and `user_agent` (str), `age` (int, milliseconds) and
                `body` (dict, as the browser sent it); without it reports are logged. What it raises is logged.
    limit       octets, the longest body that is read

    Both kinds are taken: application/reports+json, and application/csp-report, whose report has the type
    `csp-violation`, its `document-uri` as `url` and the request's User-Agent. The answer is 204, else 400, 405, 411,
    413 or 415, and pages of every origin may read it.

    >>> ReportCollector("/reports", limit=10_000)
    ReportCollector('/reports', limit=10000)

    Raises PolicyError for what is no path of its own, no function, no number of octets.
    """

    path: str
    on_report: Callable[[Report], object] | None
    limit: int

    guard_rank = GuardRank.REPORT_COLLECTOR

    def __init__(self, path: str, on_report: Callable[[Report], object] | None = None, *, limit: int = 65_536) -> None:
        problems = Problems()
        if path == "/":
            problems.add("reports.path", "ReportCollector.path", path, "is the whole site", "'/reports'")
        elif not isinstance(path, str):
            problems.add("reports.path", "ReportCollector.path", path, "is no path", "'/reports'")
        else:
            check_path(problems, "ReportCollector.path", path)
        if on_report is not None and not callable(on_report):
            fix = "give callable(report), or None to log reports"
            problems.add("reports.on_report", "ReportCollector.on_report", on_report, "is no callable", fix)
        elif inspect.iscoroutinefunction(on_report):
            reason = "is a coroutine function, which nobody would await"
            problems.add("reports.on_report", "ReportCollector.on_report", on_report, reason, "give a function")
        if type(limit) is not int or limit < 1:
            reason = "is no number of octets"
            problems.add("reports.limit", "ReportCollector.limit", limit, reason, "an int above 0")
        problems.raise_any()
        self._keep(path=path, on_report=on_report, limit=limit)

    @property
    def guard(self) -> Callable[[Request], Decision | None]:
        """What answers a request to the path."""
        path, collect = self.path, Deferred(_collecting(self.on_report, self.limit))

        def decide(request: Request) -> Decision | None:
            if not path_holds(path, request.path):
                return None
            if request.method == "POST":
                return Decision("reports.received", "", collect, last=_READABLE)
            if request.method == "OPTIONS":
                return Decision("reports.preflight", "", _OPTIONS, last=_PREFLIGHT)
            return Decision(
                "reports.refused", "the method is not POST", _NOT_ALLOWED, {"path": request.path}, _READABLE
            )

        return decide


class _Refused(Exception):
    """A request that is no report: its answer, and the reason for the log."""

    def __init__(self, answer: Answer, reason: str) -> None:
        super().__init__(reason)
        self.answer = answer


def _bad_request(reason: str) -> _Refused:
    return _Refused(answer_in_words("400 Bad Request", "This is no report."), reason)


def _collecting(on_report: Callable[[Report], object] | None, limit: int) -> Callable[[Request, Log], Answer]:
    """Return what reads the reports of a request, hands each of them on, and gives the answer."""

    def collect(request: Request, log: Log) -> Answer:
        environ = request.environ
        try:
            kind = media_type_of(environ.get("CONTENT_TYPE", ""))
            if kind not in (_CSP_REPORT, _REPORTS):
                answer = answer_in_words("415 Unsupported Media Type", "This is no kind of report.", _ACCEPT)
                raise _Refused(answer, f"the media type is '{kind}'")
            reports = _normalised(kind, _parsed(_body(environ, limit)), environ.get("HTTP_USER_AGENT", ""))
        except _Refused as refused:
            log.warn("reports.refused", "%(event)s: %(reason)s", reason=str(refused), path=request.path)
            return refused.answer
        for report in reports:
            if on_report is None:
                _tell(report, log)
                continue
            try:
                on_report(report)
            except Exception as error:
                reason = " ".join(traceback.format_exception_only(error))
                log.warn("reports.callback", "on_report raised %(reason)s", reason=reason, type=report["type"])
        return _RECEIVED

    return collect


# RFC 9110 12.5.1, 15.5.16: in an answer, what would have been accepted.
_ACCEPT = ("Accept", f"{_REPORTS}, {_CSP_REPORT}")


def _body(environ: WSGIEnvironment, limit: int) -> bytes:
    """Return the body of a request, reading no more than one octet beyond `limit`; raises _Refused."""
    told = environ.get("CONTENT_LENGTH", "")
    if told:
        # RFC 9110 8.6: 1*DIGIT. `isdigit` alone would take other scripts' digits, and `int` refuses thousands of them.
        if not (told.isascii() and told.isdigit()):
            raise _bad_request("Content-Length is no number")
        significant = told.lstrip("0")
        if len(significant) > len(str(limit)) or int(significant or "0") > limit:
            raise _too_long(limit)
        length = int(significant or "0")
        body = _read(environ, length)
        if len(body) < length:
            raise _bad_request("the body is shorter than Content-Length")
        return body
    # PEP 3333 knows no other way to find the end. Servers that read chunks promise with this key that there is one.
    body = _read(environ, limit + 1) if environ.get("wsgi.input_terminated") else b""
    if not body:
        raise _Refused(answer_in_words("411 Length Required", "This report has no length."), "the body has no length")
    if len(body) > limit:
        raise _too_long(limit)
    return body


def _too_long(limit: int) -> _Refused:
    answer = answer_in_words("413 Content Too Large", "This report is too long.")
    return _Refused(answer, f"the body is longer than {limit} octets")


def _read(environ: WSGIEnvironment, length: int) -> bytes:
    """Return the next octets of the body, fewer than `length` where it ends before; raises _Refused."""
    chunks: list[bytes] = []
    left = length
    try:
        while left > 0:
            chunk = environ["wsgi.input"].read(left)
            if not chunk:
                break
            chunks.append(chunk)
            left -= len(chunk)
        return b"".join(chunks)
    except Exception as error:
        # A client that goes away, or chunks that are none: servers raise errors of their own for them.
        raise _bad_request(f"the body cannot be read: {type(error).__name__}") from None


def _parsed(body: bytes) -> object:
    try:
        return json.loads(body, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise _bad_request(f"the body is no JSON: {type(error).__name__}") from None


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")  # RFC 8259 6: numbers that cannot be written are not permitted


def _normalised(kind: str, content: object, user_agent: str) -> list[Report]:
    """Return the reports in the content of a request, each with its five keys and values of their types.

    kind         the media type, lower case
    content      the JSON as Python has it; raises _Refused where it is no report of that kind
    user_agent   of the request
    """
    if kind == _CSP_REPORT:
        violation = content.get("csp-report") if isinstance(content, dict) else None
        if not isinstance(violation, dict):
            raise _bad_request("the csp-report is no object")
        return [_report("csp-violation", violation.get("document-uri"), 0, user_agent, violation)]
    if not isinstance(content, list) or not all(isinstance(report, dict) for report in content):
        raise _bad_request("the reports are no list of objects")
    reports = []
    for report in content:
        told = report.get("user_agent")
        agent = told if isinstance(told, str) else user_agent
        reports.append(_report(report.get("type"), report.get("url"), report.get("age"), agent, report.get("body")))
    return reports


def _report(kind: object, url: object, age: object, user_agent: str, body: object) -> Report:
    return {
        "type": kind if isinstance(kind, str) else "",
        "url": url if isinstance(url, str) else "",
        "age": age if type(age) is int and age >= 0 else 0,
        "user_agent": user_agent,
        "body": body if isinstance(body, dict) else {},
    }


def _tell(report: Report, log: Log) -> None:
    """Log a report: what its body says in words and numbers, on its uppermost level."""
    said = (f"{name}={value}" for name, value in report["body"].items() if isinstance(value, (str, int, float)))
    log.warn(
        "reports.report",
        "%(type)s at %(url)s: %(body)s",
        type=report["type"],
        url=report["url"],
        age=report["age"],
        user_agent=report["user_agent"],
        body=" ".join(said),
    )
