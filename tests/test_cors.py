"""CORS: what it refuses to be, actual responses, preflights, and where it holds."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable
from typing import Any

import pytest
from assertions import assert_value
from cross_origin_fetch import fetch, unsafe_names
from hypothesis import given
from hypothesis import strategies as st
from wsgi import PLAIN, Line, Response, call, environ_for, responding

from wsgi_headers import (
    CORS,
    Append,
    CrossOriginProtection,
    Default,
    Edit,
    HeadersMiddleware,
    Match,
    Merge,
    Policy,
    PolicyError,
    Remove,
    ReportCollector,
    Rule,
    Set,
    explain,
)
from wsgi_headers._part import Part
from wsgi_headers.exchange import Decision, Request, answer_in_words
from wsgi_headers.origins import Origins

pytestmark = pytest.mark.usefixtures("each_loop")

A, B = "https://a.example", "https://b.example"
VARY = "Origin, Access-Control-Request-Method, Access-Control-Request-Headers"
FIELDS = [
    "Access-Control-Allow-Credentials",
    "Access-Control-Allow-Headers",
    "Access-Control-Allow-Methods",
    "Access-Control-Allow-Origin",
    "Access-Control-Allow-Private-Network",
    "Access-Control-Expose-Headers",
    "Access-Control-Max-Age",
]


def codes(**options: Any) -> list[str]:
    """Return the codes of what is wrong with a CORS part; none where nothing is."""
    try:
        CORS(**options)
    except PolicyError as error:
        return [problem.code for problem in error.problems]
    return []


def said(response: Response) -> dict[str, str]:
    """Return the Access-Control fields of a response; each has one line."""
    lines = [line for line in response.lines if line[0].lower().startswith("access-control-")]
    assert len({name.lower() for name, _ in lines}) == len(lines)
    return dict(lines)


def vary(response: Response) -> list[str]:
    """Return the members of Vary, of however many lines."""
    return [member.strip() for value in response.values("Vary") for member in value.split(",")]


def served(*parts: Part, lines: Iterable[Line] = (PLAIN,), status: str = "200 OK") -> HeadersMiddleware:
    """Return an application under a policy of these parts."""
    return HeadersMiddleware(responding(*lines, status=status), Policy(*parts))


def ask(app: HeadersMiddleware, origin: str, method: str, headers: str | None = None, **more: Any) -> Response:
    """Return the answer to a preflight."""
    if headers is not None:
        more["HTTP_ACCESS_CONTROL_REQUEST_HEADERS"] = headers
    more |= {"HTTP_ORIGIN": origin, "HTTP_ACCESS_CONTROL_REQUEST_METHOD": method}
    path = more.pop("path", "/")
    return call(app, method="OPTIONS", path=path, **more)


def never(environ: Any, start_response: Any) -> Any:
    """Stand in for the application where it must not be called."""
    raise AssertionError("the application was called")


# ----------------------------------------------------------------------------------------------------------------------
# Configuration
# ----------------------------------------------------------------------------------------------------------------------

# From the tests of jub0bs/cors (`config_test.go`), tower-http (`cors/mod.rs`) and rack-cors (`resource.rb`), and more.
REFUSED: dict[str, tuple[dict[str, Any], list[str]]] = {
    "null origin": ({"origins": ["null"]}, ["origin.null"]),
    "path": ({"origins": ["http://a.test:6060/path"]}, ["origin.path"]),
    "trailing slash": ({"origins": ["https://a.test/"]}, ["origin.path"]),
    "file": ({"origins": ["file:///x"]}, ["origin.file"]),
    "default port of http": ({"origins": ["http://a.test:80"]}, ["origin.port.default"]),
    "default port of https": ({"origins": ["https://a.test:443"]}, ["origin.port.default"]),
    "port 0": ({"origins": ["https://a.test:0"]}, ["origin.port"]),
    "port 65536": ({"origins": ["https://a.test:65536"]}, ["origin.port"]),
    "Unicode": ({"origins": ["https://www.r\xe9sum\xe9.test"]}, ["origin.characters"]),
    "long form of an address": ({"origins": ["http://[0:0:0:0:0:0:0:1]:9090"]}, ["origin.address"]),
    "star inside": ({"origins": ["https://a.*.test"]}, ["origin.pattern"]),
    "upper case": ({"origins": ["HTTPS://a.test"]}, ["origin.case"]),
    "h*": ({"origins": ["h*"]}, ["origin.scheme"]),
    "star over one label": ({"origins": ["https://*.com"]}, ["origin.suffix"]),
    "star over one label, credentials": ({"origins": ["https://*.com"], "credentials": True}, ["origin.suffix"]),
    "no origins": ({"origins": []}, ["cors.origins.empty"]),
    "origins missing": ({}, ["argument.missing"]),
    "origins as text": ({"origins": A}, ["cors.origins.type"]),
    "origins as a set": ({"origins": {A}}, ["cors.origins.type"]),
    "origins None": ({"origins": None}, ["cors.origins.type"]),
    "origin no text": ({"origins": [None]}, ["origin.type"]),
    "star beside others": ({"origins": ["*", A]}, ["cors.origins.any"]),
    "credentials for all": ({"origins": "*", "credentials": True}, ["cors.origins.credentials"]),
    "credentials for all, in a list": ({"origins": ["*"], "credentials": True}, ["cors.origins.credentials"]),
    "credentials, any method": (
        {"origins": [A], "credentials": True, "methods": "*"},
        ["cors.methods.credentials"],
    ),
    "credentials, any header": (
        {"origins": [A], "credentials": True, "allow_headers": ["*", "Authorization"]},
        ["cors.allow_headers.credentials"],
    ),
    "credentials, all exposed": (
        {"origins": [A], "credentials": True, "expose_headers": ["*"]},
        ["cors.expose_headers.credentials"],
    ),
    "http with credentials": ({"origins": ["http://a.test"], "credentials": True}, ["cors.origins.insecure"]),
    "http below a name with credentials": (
        {"origins": ["http://*.a.test:8080"], "credentials": True},
        ["cors.origins.insecure"],
    ),
    "other scheme with credentials": ({"origins": ["connector://a"], "credentials": True}, ["cors.origins.insecure"]),
    "method empty": ({"origins": [A], "methods": [""]}, ["cors.methods.token"]),
    "method no token": ({"origins": [A], "methods": ["r\xe9sum\xe9"]}, ["cors.methods.token"]),
    "method no text": ({"origins": [A], "methods": [1]}, ["cors.methods.token"]),
    "method of two": ({"origins": [A], "methods": ["GET, PUT"]}, ["cors.methods.token"]),
    "methods as text": ({"origins": [A], "methods": "PUT"}, ["cors.methods.type"]),
    "method CONNECT": ({"origins": [A], "methods": ["CONNECT"]}, ["cors.methods.forbidden"]),
    "method TRACE": ({"origins": [A], "methods": ["Trace"]}, ["cors.methods.forbidden"]),
    "method TRACK": ({"origins": [A], "methods": ["TRACK"]}, ["cors.methods.forbidden"]),
    "method in lower case": ({"origins": [A], "methods": ["put"]}, ["cors.methods.case"]),
    "header empty": ({"origins": [A], "allow_headers": [""]}, ["cors.allow_headers.token"]),
    "header no token": ({"origins": [A], "allow_headers": ["X-A:"]}, ["cors.allow_headers.token"]),
    "headers as text": ({"origins": [A], "allow_headers": "X-A"}, ["cors.allow_headers.type"]),
    "header Connection": ({"origins": [A], "allow_headers": ["Connection"]}, ["cors.allow_headers.forbidden"]),
    "header Sec-": ({"origins": [A], "allow_headers": ["Sec-Foo"]}, ["cors.allow_headers.forbidden"]),
    "header Proxy-": ({"origins": [A], "allow_headers": ["proxy-x"]}, ["cors.allow_headers.forbidden"]),
    "header Cookie": ({"origins": [A], "allow_headers": ["COOKIE"]}, ["cors.allow_headers.forbidden"]),
    "header of responses": (
        {"origins": [A], "allow_headers": ["Access-Control-Allow-Origin"]},
        ["cors.allow_headers.response"],
    ),
    "header Location": ({"origins": [A], "allow_headers": ["location"]}, ["cors.allow_headers.response"]),
    "header glob": ({"origins": [A], "allow_headers": ["X-*"]}, ["cors.allow_headers.glob"]),
    "exposed empty": ({"origins": [A], "expose_headers": [""]}, ["cors.expose_headers.token"]),
    "exposed Set-Cookie": ({"origins": [A], "expose_headers": ["Set-Cookie"]}, ["cors.expose_headers.forbidden"]),
    "exposed Origin": ({"origins": [A], "expose_headers": ["Origin"]}, ["cors.expose_headers.request"]),
    "exposed Access-Control-Request-Method": (
        {"origins": [A], "expose_headers": ["Access-Control-Request-Method"]},
        ["cors.expose_headers.request"],
    ),
    "exposed Access-Control-Max-Age": (
        {"origins": [A], "expose_headers": ["Access-Control-Max-Age"]},
        ["cors.expose_headers.request"],
    ),
    "max_age -1": ({"origins": [A], "max_age": -1}, ["cors.max_age"]),
    "max_age of more than a day": ({"origins": [A], "max_age": 86_401}, ["cors.max_age"]),
    "max_age a bool": ({"origins": [A], "max_age": True}, ["cors.max_age"]),
    "max_age a float": ({"origins": [A], "max_age": 1.5}, ["cors.max_age"]),
    "max_age text": ({"origins": [A], "max_age": "600"}, ["cors.max_age"]),
    "credentials no bool": ({"origins": [A], "credentials": 1}, ["cors.credentials"]),
    "insecure_private_network no bool": (
        {"origins": [A], "insecure_private_network": "no"},
        ["cors.insecure_private_network"],
    ),
    "insecure_origins no bool": ({"origins": [A], "insecure_origins": None}, ["cors.insecure_origins"]),
    "misspelt": ({"origins": [A], "allowed_headers": []}, ["argument.unknown"]),
    "all at once": (
        {
            "origins": ["http://a.test", "https://a.test/"],
            "methods": ["CONNECT", "r\xe9sum\xe9"],
            "allow_headers": ["Access-Control-Allow-Origin"],
            "max_age": 86_401,
        },
        ["origin.path", "cors.methods.forbidden", "cors.methods.token", "cors.allow_headers.response", "cors.max_age"],
    ),
}


@pytest.mark.parametrize("row", REFUSED)
def test_refused(row: str) -> None:
    """What would let every site in, and what no browser would send or heed, is refused; every mistake at once."""
    options, expected = REFUSED[row]
    assert codes(**options) == expected


def test_mistakes_have_their_place_and_value() -> None:
    """Each mistake names the argument, the item and the value."""
    with pytest.raises(PolicyError) as caught:
        CORS(origins=[A, "https://b.example/"], methods=["GET", "TRACE"])

    assert [(problem.where, problem.value) for problem in caught.value.problems] == [
        ("CORS.origins[1]", "https://b.example/"),
        ("CORS.methods[1]", "TRACE"),
    ]


ACCEPTED: dict[str, dict[str, Any]] = {
    "http without credentials": {"origins": ["http://a.test"]},
    "loopback with credentials": {
        "origins": ["http://localhost:*", "http://app.localhost", "http://127.0.0.1:5000", "http://[::1]:5000"],
        "credentials": True,
    },
    "http with credentials, said aloud": {
        "origins": ["http://a.test"],
        "credentials": True,
        "insecure_origins": True,
    },
    "everything for everyone": {"origins": "*", "methods": "*", "allow_headers": "*", "expose_headers": "*"},
    "Authorization beside the star": {"origins": ["*"], "allow_headers": ["*", "Authorization"]},
    "a method of one's own": {"origins": [A], "methods": ["patch", "PURGE", "OPTIONS"]},
    "what needs no word": {"origins": [A], "methods": ["GET", "PUT"], "expose_headers": ["Cache-Control", "X-Foo"]},
    "a pattern within another": {"origins": ["https://*.a.test:8080", "https://*.b.a.test:8080"]},
    "no time": {"origins": [A], "max_age": 0},
    "a day": {"origins": [A], "max_age": 86_400},
    "no methods": {"origins": [A], "methods": []},
}


@pytest.mark.parametrize("options", ACCEPTED.values(), ids=ACCEPTED)
def test_value(options: dict[str, Any]) -> None:
    """A part is frozen, equal by value, hashable, and comes back from its text, a copy and a pickle."""
    assert_value(CORS(**options))


def test_origins_may_be_read_once() -> None:
    """They are kept as a tuple."""
    assert CORS(origins=(f"https://{name}.example" for name in "ab")) == CORS(origins=[A, B])


def test_arguments_are_kept() -> None:
    """They are attributes, in immutable form."""
    cors = CORS(origins=[A], methods=["PUT"], max_age=5)

    assert (cors.origins, cors.methods, cors.allow_headers, cors.max_age) == ((A,), ("PUT",), (), 5)
    assert repr(cors) == "CORS(origins=('https://a.example',), methods=('PUT',), max_age=5)"
    assert Policy(Set("X-A", "1"), cors).find(CORS) is cors


# ----------------------------------------------------------------------------------------------------------------------
# Actual responses
# ----------------------------------------------------------------------------------------------------------------------

APP = CORS(origins=["https://app.example.com"], credentials=True)
BELOW = CORS(origins=["https://*.example.com"])
STAR = CORS(origins="*", expose_headers=["X-A", "X-B"])
ALLOWED = {"Access-Control-Allow-Origin": "https://app.example.com", "Access-Control-Allow-Credentials": "true"}

# Origin fields that must not be taken for `https://app.example.com`, by what they try.
ATTACKS = {
    "upper case": "https://APP.example.com",
    "scheme": "http://app.example.com",
    "default port": "https://app.example.com:443",
    "other port": "https://app.example.com:8443",
    "longer name": "https://evilapp.example.com",
    "dot as any character": "https://app-example.com",
    "dot as any character inside": "https://appXexample.com",
    "null": "null",
    "empty": "",
    "no origin": "not an origin",
    "control": "https://app.example.com\0",
    "line break": "https://app.example.com\r\nSet-Cookie: a=b",
    "two by a blank": "https://app.example.com https://evil.test",
    "two by a tab": "https://app.example.com\thttps://e",
    "two by a comma": "https://app.example.com,https://app.example.com",
    "two run together": "https://app.example.comhttps://app.example.com",
    "user name": "https://user@app.example.com",
    "fragment": "https://app.example.com#",
    "path": "https://app.example.com/",
    "path and query": "https://app.example.com/path?x",
    "backslash": "https://app.example.com\\.evil.test",
    "percent": "https://app.example.com%00.evil.test",
    "backtick": "https://app.example.com`.evil.test",
    "underscore": "https://app.example.com_.evil.test",
    "name that goes on": "https://app.example.com.evil.io",
    "final dot": "https://app.example.com.",
    "file": "file://",
    "homograph": "https://xn--pp-jia.example.com",
    "octets": "https://app.example.com\xe9\xff",
    "blank in front": " https://app.example.com",
    "64 KiB": f"https://{'a' * 65_536}",
}


@pytest.mark.parametrize("origin", ATTACKS.values(), ids=ATTACKS)
def test_other_origins_get_vary_alone(origin: str) -> None:
    """A request from an origin that is not listed reaches the application and gets Vary, nothing else of CORS."""
    response = call(served(APP), HTTP_ORIGIN=origin)

    assert (response.status, response.body) == ("200 OK", b"hello")
    assert (said(response), vary(response)) == ({}, ["Origin"])
    if origin not in (ATTACKS["homograph"], ATTACKS["longer name"]):
        assert said(call(served(BELOW), HTTP_ORIGIN=origin)) == {}


# The parts of a policy, what of the request, the application's lines, the Access-Control fields, and Vary.
ACTUAL: dict[str, tuple[list[Part], dict[str, Any], list[Line], dict[str, str], list[str]]] = {
    "allowed": ([APP], {"HTTP_ORIGIN": "https://app.example.com"}, [], ALLOWED, ["Origin"]),
    "no Origin": ([APP], {}, [], {}, ["Origin"]),
    "without credentials": (
        [CORS(origins=[A])],
        {"HTTP_ORIGIN": A},
        [],
        {"Access-Control-Allow-Origin": A},
        ["Origin"],
    ),
    "exposed": (
        [CORS(origins=[A], expose_headers=["X-A", "X-B"], max_age=5, allow_headers=["X-C"])],
        {"HTTP_ORIGIN": A},
        [],
        {"Access-Control-Allow-Origin": A, "Access-Control-Expose-Headers": "X-A, X-B"},
        ["Origin"],
    ),
    "everything exposed": (
        [CORS(origins=[A], expose_headers=["X-A", "*"])],
        {"HTTP_ORIGIN": A},
        [],
        {"Access-Control-Allow-Origin": A, "Access-Control-Expose-Headers": "*"},
        ["Origin"],
    ),
    "any origin": (
        [STAR],
        {"HTTP_ORIGIN": "https://any.test"},
        [],
        {"Access-Control-Allow-Origin": "*", "Access-Control-Expose-Headers": "X-A, X-B"},
        [],
    ),
    "any origin, none sent": ([CORS(origins=["*"])], {}, [], {"Access-Control-Allow-Origin": "*"}, []),
    "any origin, and null": ([STAR, CORS(origins=["*"])], {"HTTP_ORIGIN": "null"}, [], {FIELDS[3]: "*"}, []),
    "below a name": (
        [BELOW],
        {"HTTP_ORIGIN": "https://b.a.example.com"},
        [],
        {"Access-Control-Allow-Origin": "https://b.a.example.com"},
        ["Origin"],
    ),
    "the application's own fields go": (
        [APP],
        {},
        [(name.lower(), "*") for name in FIELDS],
        {},
        ["Origin"],
    ),
    "the application's own fields go, allowed": (
        [APP],
        {"HTTP_ORIGIN": "https://app.example.com"},
        [(name.swapcase(), "x") for name in (*FIELDS, *FIELDS)],
        ALLOWED,
        ["Origin"],
    ),
    "the application's own fields go, any origin": (
        [CORS(origins="*")],
        {"HTTP_ORIGIN": A},
        [(FIELDS[3], A), ("Access-Control-Allow-Credentials", "true")],
        {FIELDS[3]: "*"},
        [],
    ),
    "Vary is merged": ([APP], {}, [("Vary", "Accept-Encoding")], {}, ["Accept-Encoding", "Origin"]),
    "Vary is there": ([APP], {}, [("vary", "origin, User-Agent")], {}, ["origin", "User-Agent"]),
    "Vary of two lines": ([APP], {}, [("Vary", "A"), ("Vary", "B")], {}, ["A", "B", "Origin"]),
    "Vary of all": ([APP], {}, [("Vary", "*")], {}, ["*"]),
    "Vary that the policy removes": ([APP, Remove("Vary")], {}, [("Vary", "A")], {}, ["Origin"]),
    "Vary with any origin": ([STAR, CORS(origins="*")], {}, [("Vary", "A")], {FIELDS[3]: "*"}, ["A"]),
    "Vary of the request": ([APP], {"HTTP_VARY": "X-Evil"}, [], {}, ["Origin"]),
    "OPTIONS that asks for nothing": (
        [APP],
        {"method": "OPTIONS", "HTTP_ORIGIN": "https://app.example.com"},
        [],
        ALLOWED,
        ["Origin"],
    ),
    "OPTIONS without Origin": (
        [APP],
        {"method": "OPTIONS", "HTTP_ACCESS_CONTROL_REQUEST_METHOD": "PUT"},
        [],
        {},
        ["Origin"],
    ),
    "GET that asks for a method": (
        [APP],
        {"HTTP_ORIGIN": "https://app.example.com", "HTTP_ACCESS_CONTROL_REQUEST_METHOD": "PUT"},
        [],
        ALLOWED,
        ["Origin"],
    ),
    "the last declared speaks": (
        [CORS(origins=[A], credentials=True, expose_headers=["X-A"]), CORS(origins=[B, A])],
        {"HTTP_ORIGIN": A},
        [],
        {"Access-Control-Allow-Origin": A},
        ["Origin"],
    ),
    "the last declared allows none": ([CORS(origins=[A]), CORS(origins=[B])], {"HTTP_ORIGIN": A}, [], {}, ["Origin"]),
    "the last declared is for all": ([APP, CORS(origins="*")], {"HTTP_ORIGIN": A}, [], {FIELDS[3]: "*"}, []),
    "nested policies": ([Policy(STAR), Policy(Policy(APP))], {"HTTP_ORIGIN": A}, [], {}, ["Origin"]),
}


@pytest.mark.parametrize("row", ACTUAL)
def test_actual(row: str) -> None:
    """Every Access-Control field of a response is the part's, and Vary says what it depends on."""
    parts, request, lines, fields, members = ACTUAL[row]
    app = served(*parts, lines=[PLAIN, *lines])

    for _ in range(3):  # a head that was met before takes another way
        response = call(app, **request)
        assert (response.status, response.body) == ("200 OK", b"hello")
        assert (said(response), vary(response)) == (fields, members)
        assert len(response.values("Vary")) <= 1


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "DELETE"])
@pytest.mark.parametrize("status", ["200 OK", "204 No Content", "304 Not Modified", "404 Not Found", "500 Oops"])
def test_every_response(status: str, method: str) -> None:
    """Errors, answers to HEAD and 304 get the same fields."""
    bodiless = status[:3] in ("204", "304") or method == "HEAD"
    lines = [] if status[:3] in ("204", "304") else [PLAIN]
    app = HeadersMiddleware(responding(*lines, status=status, body=[] if bodiless else [b"x"]), Policy(APP))

    for origin, fields in (("https://app.example.com", ALLOWED), ("https://other.test", {})):
        response = call(app, method=method, HTTP_ORIGIN=origin)
        assert (said(response), vary(response)) == (fields, ["Origin"])


def test_error_page_that_replaces_a_head() -> None:
    """Each call of start_response is made afresh from what the application sends."""

    def app(environ: Any, start_response: Any) -> Any:
        start_response("200 OK", [PLAIN, ("Access-Control-Allow-Origin", "*")])
        try:
            raise ValueError
        except ValueError as error:
            start_response("500 Oops", [PLAIN], (ValueError, error, None))
        return [b"oops"]

    response = call(HeadersMiddleware(app, Policy(APP)), HTTP_ORIGIN="https://app.example.com", validate=False)

    assert [said(Response("", sent.lines, b"", [])) for sent in response.calls] == [ALLOWED, ALLOWED]


def test_nothing_is_kept_from_request_to_request() -> None:
    """A list that the application uses again is not changed, and shows no origin of another request."""
    lines = [PLAIN, ("Access-Control-Allow-Origin", "https://own.example")]
    kept = list(lines)

    def reusing(environ: Any, start_response: Any) -> Any:
        start_response("200 OK", lines)
        return [b""]

    app = HeadersMiddleware(reusing, Policy(CORS(origins=[A, B])))

    assert said(call(app, HTTP_ORIGIN=A)) == {"Access-Control-Allow-Origin": A}
    assert said(call(app)) == {}
    assert said(call(app, HTTP_ORIGIN=B)) == {"Access-Control-Allow-Origin": B}
    assert lines == kept


# ----------------------------------------------------------------------------------------------------------------------
# Preflights
# ----------------------------------------------------------------------------------------------------------------------

PUTS = CORS(origins=[A], credentials=True, methods=["PUT"], allow_headers=["X-A", "Content-Type"], max_age=600)
OPEN = CORS(origins="*", methods="*", allow_headers="*")
GRANTED = {"Access-Control-Allow-Origin": A, "Access-Control-Allow-Credentials": "true"}
METHODS, HEADERS = "Access-Control-Allow-Methods", "Access-Control-Allow-Headers"

# The part, method and header names asked for, and what the answer allows.
SUCCEED: dict[str, tuple[CORS, str, str | None, dict[str, str]]] = {
    "method": (PUTS, "PUT", None, {**GRANTED, METHODS: "PUT", "Access-Control-Max-Age": "600"}),
    "no names": (PUTS, "PUT", "", {**GRANTED, METHODS: "PUT", "Access-Control-Max-Age": "600"}),
    "default": (CORS(origins=[A]), "POST", None, {FIELDS[3]: A, METHODS: "POST"}),
    "one of two names": (
        PUTS,
        "PUT",
        "x-a",
        {**GRANTED, METHODS: "PUT", HEADERS: "x-a", "Access-Control-Max-Age": "600"},
    ),
    "names as browsers send them": (
        PUTS,
        "PUT",
        "content-type,x-a",
        {**GRANTED, METHODS: "PUT", HEADERS: "content-type, x-a", "Access-Control-Max-Age": "600"},
    ),
    "names as gateways change them": (
        PUTS,
        "PUT",
        " , X-A\t,,Content-type , x-a,",
        {**GRANTED, METHODS: "PUT", HEADERS: "x-a, content-type", "Access-Control-Max-Age": "600"},
    ),
    "sixteen empty members": (
        CORS(origins=[A], allow_headers=["X-A"]),
        "GET",
        "x-a" + "," * 16,
        {FIELDS[3]: A, METHODS: "GET", HEADERS: "x-a"},
    ),
    "names again and again": (
        CORS(origins=[A], allow_headers=["X-A"]),
        "GET",
        ",".join(["x-a"] * 16_384),
        {FIELDS[3]: A, METHODS: "GET", HEADERS: "x-a"},
    ),
    "anything": (OPEN, "PURGE", "x-a,x-b", {FIELDS[3]: "*", METHODS: "*", HEADERS: "*"}),
    "anything, no names": (OPEN, "GET", None, {FIELDS[3]: "*", METHODS: "*", HEADERS: "*"}),
    "Authorization beside the star": (
        CORS(origins=[A], allow_headers=["*", "Authorization"]),
        "GET",
        "authorization,x-a",
        {FIELDS[3]: A, METHODS: "GET", HEADERS: "*, authorization"},
    ),
    "any method of a list": (CORS(origins=[A], methods=["PUT", "*"]), "patch", None, {FIELDS[3]: A, METHODS: "*"}),
    "nothing may be kept": (
        CORS(origins=[A], max_age=0),
        "GET",
        None,
        {FIELDS[3]: A, METHODS: "GET", "Access-Control-Max-Age": "0"},
    ),
    "exposed fields are for actual responses": (
        CORS(origins=[A], expose_headers=["X-A"]),
        "GET",
        None,
        {FIELDS[3]: A, METHODS: "GET"},
    ),
}


@pytest.mark.parametrize("row", SUCCEED)
def test_preflight_succeeds(row: str) -> None:
    """It is answered with 204 and what it asked for, without the application."""
    cors, method, headers, fields = SUCCEED[row]
    response = ask(HeadersMiddleware(never, Policy(cors)), A, method, headers)

    assert (response.status, response.body, said(response)) == ("204 No Content", b"", fields)
    assert response.values("Vary") == [VARY]
    assert response.values("Cache-Control") == ["no-store"]
    assert response.values("Content-Length") == response.values("Content-Type") == []


# The part, Origin, method and header names asked for, and the reason.
ORIGIN, METHOD, NAME, LIST = (
    "the origin is not allowed",
    "the method is not allowed",
    "a request header is not allowed",
    "Access-Control-Request-Headers is no list of names",
)
FAIL: dict[str, tuple[CORS, str, str, str | None, str]] = {
    "origin": (PUTS, "https://evil.test", "PUT", None, ORIGIN),
    "origin before all else": (PUTS, "https://evil.test", "TRACE", "@", ORIGIN),
    "origin null": (PUTS, "null", "PUT", None, ORIGIN),
    "origin empty": (PUTS, "", "PUT", None, ORIGIN),
    "two origins": (PUTS, f"{A}, {A}", "PUT", None, ORIGIN),
    "method": (PUTS, A, "DELETE", None, METHOD),
    "method not listed, safelisted": (PUTS, A, "POST", None, METHOD),
    "method in lower case": (PUTS, A, "put", None, METHOD),
    "method empty": (PUTS, A, "", None, METHOD),
    "beginning of a method": (PUTS, A, "PU", None, METHOD),
    "two methods": (PUTS, A, "PUT,PUT", None, METHOD),
    "no method, any allowed": (OPEN, A, "GET POST", None, METHOD),
    "no method at all, any allowed": (OPEN, A, "", None, METHOD),
    "method over lines, any allowed": (OPEN, A, "PUT\r\nX: 1", None, METHOD),
    "name": (PUTS, A, "PUT", "authorization", NAME),
    "one name of two": (PUTS, A, "PUT", "x-a, evil", NAME),
    "name over lines": (PUTS, A, "PUT", "x-a\r\nSet-Cookie: a=b", LIST),
    "name no token": (OPEN, A, "PUT", "x-a,x b", LIST),
    "name of octets": (OPEN, A, "PUT", "x-\xe9", LIST),
    "Authorization under a star": (OPEN, A, "PUT", "x-a,Authorization", NAME),
    "seventeen empty members": (PUTS, A, "PUT", "x-a" + "," * 17, LIST),
    "commas": (PUTS, A, "PUT", "," * 65_536, LIST),
    "names of 64 KiB": (PUTS, A, "PUT", ",".join(f"x-{number}" for number in range(9_000)), NAME),
    "a name of 64 KiB": (PUTS, A, "PUT", "x" * 65_536, NAME),
    "blanks": (PUTS, A, "PUT", "x-a" + " \t" * 32_768 + "x", LIST),
}


@pytest.mark.parametrize("row", FAIL)
def test_preflight_fails(row: str, caplog: pytest.LogCaptureFixture) -> None:
    """It is answered with 403, without any field of CORS and without the application; the reason goes to the log."""
    cors, origin, method, headers, reason = FAIL[row]
    with caplog.at_level(logging.WARNING, "wsgi_headers"):
        response = ask(HeadersMiddleware(never, Policy(cors)), origin, method, headers)

    assert (response.status, said(response)) == ("403 Forbidden", {})
    assert (response.values("Vary"), response.values("Cache-Control")) == ([VARY], ["no-store"])
    assert response.body == b"The preflight was refused.\n"
    (record,) = caplog.records
    told = record.__dict__
    assert (told["event"], told["reason"]) == ("cors.preflight.refused", reason)
    assert told["origin"] == origin[:200]
    assert len(told.get("header", "")) <= 200
    assert record.getMessage().isprintable()


SHAPES = {
    "commas": ",",
    "blanks": " ",
    "commas and blanks": " ,\t",
    "one name": "x",
    "names": "x-a,",
    "names with blanks": "x-a \t, ",
    "no names": "@,",
}


@pytest.mark.parametrize("shape", SHAPES)
def test_the_names_of_a_preflight_are_read_in_linear_time(shape: str) -> None:
    """Four times as many octets take some four times as long, not sixteen."""
    decide = PUTS.guard

    def seconds(octets: int) -> float:
        names = (SHAPES[shape] * octets)[:octets]
        environ = environ_for(
            method="OPTIONS",
            HTTP_ORIGIN=A,
            HTTP_ACCESS_CONTROL_REQUEST_METHOD="PUT",
            HTTP_ACCESS_CONTROL_REQUEST_HEADERS=names,
        )
        request, least = Request(environ), float("inf")
        for _ in range(7):
            began = time.thread_time()
            decide(request)
            least = min(least, time.thread_time() - began)
        return least

    assert seconds(262_144) < 10 * max(seconds(65_536), 1e-4)


def test_success_is_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    """Nothing is told of what goes as it should."""
    with caplog.at_level(logging.DEBUG):
        ask(HeadersMiddleware(never, Policy(PUTS)), A, "PUT")

    assert not caplog.records


@pytest.mark.parametrize(
    ("insecure", "asked", "line"),
    [(True, "true", "true"), (True, "True", None), (True, None, None), (False, "true", None)],
)
def test_private_network(insecure: bool, asked: str | None, line: str | None) -> None:
    """The way into a private network is opened only where the policy says so and the browser asks."""
    more = {} if asked is None else {"HTTP_ACCESS_CONTROL_REQUEST_PRIVATE_NETWORK": asked}
    response = ask(served(CORS(origins=[A], insecure_private_network=insecure)), A, "GET", **more)

    assert response.status == "204 No Content"
    assert said(response).get("Access-Control-Allow-Private-Network") == line


@pytest.mark.parametrize(("method", "status"), [("PUT", "204 No Content"), ("DELETE", "403 Forbidden")])
def test_the_rest_of_the_policy(method: str, status: str) -> None:
    """The answer carries it, except caching; no operation takes its Vary away."""
    rest = (Set("X-Policy", "1"), Set("Cache-Control", "public, max-age=60"), Set("Vary", "Cookie"))
    response = ask(HeadersMiddleware(never, Policy(PUTS, *rest)), A, method)

    assert (response.status, response.values("X-Policy"), response.values("Cache-Control")) == (
        status,
        ["1"],
        ["no-store"],
    )
    assert vary(response) == ["Cookie", *VARY.split(", ")]


def test_the_last_declared_answers() -> None:
    """Of several parts, one answers, whatever the others say."""
    app = HeadersMiddleware(never, Policy(PUTS, CORS(origins=[B])))

    assert ask(app, A, "PUT").status == ask(app, B, "PUT").status == "403 Forbidden"
    assert said(ask(app, B, "GET")) == {FIELDS[3]: B, METHODS: "GET"}


# ----------------------------------------------------------------------------------------------------------------------
# Rules
# ----------------------------------------------------------------------------------------------------------------------

API = Policy(
    Set("X-Everywhere", "1"),
    Rule(Match(path="/api/"), CORS(origins=[A], methods=["GET", "PUT"], credentials=True), Set("X-Api", "1")),
    Rule(Match(path="/api/", method="PUT"), CORS(origins=[B], methods=["PUT"])),
    Rule(Match(path="/api/open/"), CORS(origins="*", methods=["GET", "PUT"])),
    Rule(Match(method="OPTIONS"), Set("X-Options", "1")),
    Rule(Match(method="PUT"), Set("X-Put", "1")),
)


@pytest.mark.parametrize(
    ("path", "method", "origin", "allowed"),
    [
        ("/", "GET", A, None),
        ("/api/x", "GET", A, A),
        ("/api/x", "GET", B, None),
        ("/api/x", "PUT", A, None),
        ("/api/x", "PUT", B, B),
        ("/api/open/x", "GET", B, "*"),
        ("/api/open/x", "PUT", B, "*"),
        ("/API/x", "GET", A, None),
        ("/api", "GET", A, None),
        ("/apiary", "GET", A, None),
        ("/api+x", "GET", A, None),
        ("/%61pi/x", "GET", A, None),
        ("/api/../secret", "GET", A, None),
        ("/x/../api//y", "GET", A, A),
    ],
)
def test_rules(path: str, method: str, origin: str, allowed: str | None) -> None:
    """A preflight matches rules as the method that it asks for, and so gets what the request itself would get."""
    app = HeadersMiddleware(responding(PLAIN), API)
    actual = call(app, path=path, method=method, HTTP_ORIGIN=origin)
    preflight = ask(app, origin, method, path=path)

    assert said(actual).get("Access-Control-Allow-Origin") == allowed
    assert said(preflight).get("Access-Control-Allow-Origin") == allowed
    covered = "api/" in path and path not in ("/api/../secret",) and "API" not in path
    expected = ("204 No Content" if allowed else "403 Forbidden") if covered else "200 OK"
    assert preflight.status == expected
    if covered:
        assert ("Origin" in vary(actual)) is (allowed != "*")
        assert bool(preflight.values("X-Api")) is bool(actual.values("X-Api")) is True
    assert preflight.values("X-Put") == actual.values("X-Put") == (["1"] if method == "PUT" else [])
    assert preflight.values("X-Options") == []


def test_other_options_match_as_options() -> None:
    """What is no preflight is what it says it is."""
    response = call(HeadersMiddleware(responding(PLAIN), API), path="/api/x", method="OPTIONS", HTTP_ORIGIN=A)

    assert (response.values("X-Options"), response.body) == (["1"], b"hello")
    assert said(response)["Access-Control-Allow-Origin"] == A


def test_policies_without_cors_know_no_preflights() -> None:
    """There OPTIONS matches as OPTIONS."""
    response = ask(served(Rule(Match(method="OPTIONS"), Set("X-Options", "1"))), A, "PUT")

    assert (response.status, response.values("X-Options")) == ("200 OK", ["1"])


def test_hosts_schemes_and_functions() -> None:
    """CORS holds where the rest of its match holds, for preflights too."""
    app = served(
        Rule(Match(host="api.example", scheme="https", when=_flagged, varies_on="X-Flag"), CORS(origins=[A])),
    )
    fitting: dict[str, Any] = {"host": "api.example", "HTTP_ORIGIN": A, "HTTP_X_FLAG": "1"}

    assert said(call(app, **fitting)) == {"Access-Control-Allow-Origin": A}
    for other in ({"host": "www.example"}, {"scheme": "http"}):
        assert said(call(app, **{**fitting, **other})) == {}
    del fitting["HTTP_X_FLAG"]
    assert (said(call(app, **fitting)), vary(call(app, **fitting))) == ({}, ["X-Flag"])

    asked: dict[str, Any] = {
        "host": "api.example",
        "method": "OPTIONS",
        "HTTP_ORIGIN": A,
        "HTTP_ACCESS_CONTROL_REQUEST_METHOD": "GET",
    }
    assert call(app, **asked).status == "200 OK"
    assert call(app, HTTP_X_FLAG="1", **asked).status == "204 No Content"
    assert call(app, HTTP_X_FLAG="1", scheme="http", **asked).status == "200 OK"


def _flagged(environ: Any) -> bool:
    return "HTTP_X_FLAG" in environ


@pytest.mark.parametrize("match", [Match(status=404), Match(media_type="text/html")], ids=["status", "media type"])
def test_not_under_a_match_on_the_response(match: Match) -> None:
    """A preflight is answered before there is one."""
    with pytest.raises(PolicyError) as caught:
        Rule(match, APP)

    assert [problem.code for problem in caught.value.problems] == ["rule.guard"]


OPERATIONS = [
    Set("Access-Control-Allow-Origin", "*"),
    Default("access-control-max-age", "5"),
    Append("Access-Control-Allow-Headers", "X-A"),
    Merge("Access-Control-Expose-Headers", "X-A"),
    Remove("Access-Control-Allow-Credentials"),
    Edit("Access-Control-Allow-Private-Network", str.lower),
]


@pytest.mark.parametrize("operation", OPERATIONS, ids=repr)
@pytest.mark.parametrize(
    "place",
    {
        "beside": lambda cors, operation: Policy(cors, operation),
        "the rule is deeper": lambda cors, operation: Policy(operation, Rule(Match(path="/a"), cors)),
        "the operation is deeper": lambda cors, operation: Policy(cors, Policy(Rule(Match(path="/a"), operation))),
        "in different rules": lambda cors, operation: Policy(
            Rule(Match(path="/a"), cors), Rule(Match(path="/b"), Rule(Match(method="GET"), operation))
        ),
        "in one rule": lambda cors, operation: Rule(Match(path="/a"), operation, cors),
        "after a nested policy": lambda cors, operation: Policy(Policy(Policy(cors)), operation),
    }.values(),
)
def test_operations_on_its_fields(place: Callable[[CORS, Part], Part], operation: Set) -> None:
    """An operation on an Access-Control field anywhere in a policy with CORS is a contradiction, told once."""
    with pytest.raises(PolicyError) as caught:
        place(APP, operation)

    assert [(problem.code, problem.value) for problem in caught.value.problems] == [("cors.operation", operation.field)]
    assert place(APP, Set("X-Access-Control-Allow-Origin", "*"))


# ----------------------------------------------------------------------------------------------------------------------
# Beside other guards, and other middleware
# ----------------------------------------------------------------------------------------------------------------------


class Deny(Part):
    """A guard that refuses everything."""

    def __init__(self, rank: int) -> None:
        self._keep(rank=rank)

    @property
    def guard_rank(self) -> int:  # type: ignore[override]
        rank: int = self.__dict__["rank"]
        return rank

    @property
    def guard(self) -> Callable[[Request], Decision | None]:
        return deny


def deny(request: Request) -> Decision:
    """Refuse."""
    return Decision("denied", "always", answer_in_words("403 Forbidden", "No.", ("Access-Control-Allow-Origin", "*")))


def test_refusals_of_other_guards_carry_it() -> None:
    """A page can read why it was refused, if it may read anything."""
    app = HeadersMiddleware(never, Policy(Deny(9), APP))
    response = call(app, method="POST", HTTP_ORIGIN="https://app.example.com")

    assert (response.status, said(response), vary(response)) == ("403 Forbidden", ALLOWED, ["Origin"])
    assert said(call(app, method="POST", HTTP_ORIGIN=A)) == {}


def test_beside_cross_origin_protection() -> None:
    """What one origin may read is not what it may post; preflights are answered as themselves."""
    app = HeadersMiddleware(never, Policy(CrossOriginProtection(trusted_origins=[B]), CORS(origins=[A, B])))
    refused = call(app, method="POST", HTTP_ORIGIN=A, HTTP_SEC_FETCH_SITE="cross-site")

    assert (refused.status, said(refused)) == ("403 Forbidden", {"Access-Control-Allow-Origin": A})
    assert refused.values("Cache-Control") == ["no-store"]
    assert ask(app, A, "POST", HTTP_SEC_FETCH_SITE="cross-site").status == "204 No Content"


def test_beside_a_report_collector() -> None:
    """Any site may post reports, whatever CORS says of the rest."""
    app = HeadersMiddleware(never, Policy(CORS(origins=[A]), ReportCollector("/reports")))

    assert said(ask(app, B, "POST", "content-type", path="/reports"))["Access-Control-Allow-Origin"] == "*"
    assert ask(app, B, "POST", path="/other").status == "403 Forbidden"


def test_order_of_guards() -> None:
    """A guard before it refuses preflights, one after it never sees them."""
    before = HeadersMiddleware(never, Policy(APP, Deny(1)))
    after = HeadersMiddleware(never, Policy(Deny(9), APP))

    assert ask(before, "https://app.example.com", "GET").body == b"No.\n"
    assert ask(after, "https://app.example.com", "GET").status == "204 No Content"


def test_stacked() -> None:
    """The outer part owns the fields of the inner one's responses, and answers preflights first."""
    inner = HeadersMiddleware(responding(PLAIN), Policy(CORS(origins="*", methods=["PUT"])))
    outer = HeadersMiddleware(inner, Policy(CORS(origins=[A], methods=["DELETE"])))

    assert said(call(outer, HTTP_ORIGIN=A)) == {"Access-Control-Allow-Origin": A}
    assert said(call(outer, HTTP_ORIGIN=B)) == {}
    assert ask(outer, A, "PUT").status == "403 Forbidden"
    assert ask(outer, A, "DELETE").status == "204 No Content"


def test_inner_answer_passes_where_the_outer_one_does_not_hold() -> None:
    """An answer of a middleware below is a response like any other."""
    inner = HeadersMiddleware(never, Policy(CORS(origins=[A])))
    outer = HeadersMiddleware(inner, Policy(Rule(Match(path="/outer/"), CORS(origins=[B])), Set("X-Outer", "1")))
    response = ask(outer, A, "GET")

    assert (response.status, response.values("X-Outer")) == ("204 No Content", ["1"])
    assert said(response) == {"Access-Control-Allow-Origin": A, METHODS: "GET"}
    assert response.values("Vary") == [VARY]


def test_applied_twice() -> None:
    """An equal policy nested gives the result of once."""
    once = served(APP)
    twice = HeadersMiddleware(once, once.policy)

    requests: list[dict[str, Any]] = [{}, {"HTTP_ORIGIN": "https://app.example.com"}]
    for request in requests:
        assert call(twice, **request)[:3] == call(once, **request)[:3]
    assert ask(twice, "https://app.example.com", "GET")[:3] == ask(once, "https://app.example.com", "GET")[:3]


def test_explained() -> None:
    """The part is told to have dropped the application's line and made the others."""
    lines = [("Access-Control-Max-Age", "1")]
    explanation = explain(Policy(APP), {"HTTP_ORIGIN": "https://app.example.com"}, "200 OK", lines)

    assert {line.parts for line in explanation.lines} == {(APP,)}
    assert explanation.lines[0].after is None
    assert sorted(explanation.head) == sorted([*ALLOWED.items(), ("Vary", "Origin")])
    assert explain(Policy(CORS(origins="*")), {}, "200 OK", []).head == [(FIELDS[3], "*")]
    assert explain(Policy(APP), {}, "200 OK", lines).head == [("Vary", "Origin")]


def test_rule_of_options_is_explained_as_idle_for_a_preflight() -> None:
    """The reason is the method that the preflight asks for."""
    asked = {"REQUEST_METHOD": "OPTIONS", "HTTP_ORIGIN": A, "HTTP_ACCESS_CONTROL_REQUEST_METHOD": "GET"}
    policy = Policy(Rule(Match(path="/api/"), APP), Rule(Match(method="OPTIONS"), Set("X-A", "1")))

    assert [rule.reason for rule in explain(policy, asked, "200 OK", []).idle] == ["path", "method"]


# ----------------------------------------------------------------------------------------------------------------------
# Properties
# ----------------------------------------------------------------------------------------------------------------------

ORIGINS = (A, B, "https://*.a.example", "https://a.example:*", "http://localhost:8080", "https://c.b.a.example:8443")
PAGES = (A, B, "https://b.a.example", "https://a.example:1", "http://localhost:8080", "http://localhost", "null")
PAGES += ("https://c.b.a.example:8443", "https://b.a.example:8443", "http://a.example", "https://b.example.a.example")
METHOD_NAMES = ("GET", "HEAD", "POST", "PUT", "PATCH", "PURGE", "DELETE")
NAMES = ("X-A", "X-B", "Authorization", "Content-Type", "Range", "Accept-Language")
VALUES = ("1", "text/plain", "application/json", "bytes=0-", "bytes=5-3", "a" * 129)


def some(values: Iterable[str]) -> st.SearchStrategy[list[str]]:
    """Give lists of these, each at most once."""
    return st.lists(st.sampled_from(list(values)), max_size=4, unique=True)


parts = st.one_of(
    st.builds(
        CORS,
        origins=st.just("*") | some(ORIGINS).filter(bool),
        methods=st.just("*") | some(METHOD_NAMES),
        allow_headers=some(("*", *NAMES)),
        expose_headers=some(("*", "X-A", "Content-Type")),
    ),
    st.builds(
        CORS,
        origins=some(ORIGINS).filter(bool),
        methods=some(METHOD_NAMES),
        allow_headers=some(NAMES),
        expose_headers=some(("X-A",)),
        credentials=st.just(True),
        max_age=st.none() | st.integers(0, 9),
    ),
)
sent_headers = st.dictionaries(st.sampled_from(NAMES), st.sampled_from(VALUES))


@given(parts, st.sampled_from(PAGES), st.sampled_from(METHOD_NAMES), sent_headers, st.booleans())
def test_browsers_allow_what_the_policy_says(
    cors: CORS, page: str, method: str, headers: dict[str, str], credentials: bool
) -> None:
    """A page gets a response where the words of the policy allow it, and nowhere else."""
    fetched = fetch(served(cors, lines=[PLAIN, ("X-A", "1")]), page, method, headers, credentials=credentials)

    unsafe = unsafe_names({name.lower(): value for name, value in headers.items()})
    allowed = {name.lower() for name in cors.allow_headers}
    words = cors.any_origin or page in Origins(cors.origins)
    words &= cors.credentials or not credentials
    if unsafe or method not in ("GET", "HEAD", "POST"):
        words &= "*" in cors.methods or method in cors.methods
        words &= all(name in allowed or ("*" in allowed and name != "authorization") for name in unsafe)
    assert fetched.ok is words
    if fetched.ok:
        assert ("x-a" in fetched.readable) is ("X-A" in cors.expose_headers or "*" in cors.expose_headers)


octets = st.text([chr(code) for code in range(0x100)], max_size=40)
hostile = st.one_of(octets, st.lists(st.sampled_from(["x-a", "X-A", ",", " ", "*", "@", "\0"])).map("".join))


@given(parts, st.sampled_from(["OPTIONS", "GET"]), *[st.none() | hostile | st.sampled_from(PAGES)] * 4)
def test_any_request(
    cors: CORS, method: str, origin: str | None, asked: str | None, names: str | None, network: str | None
) -> None:
    """Whatever a client sends gets a clean answer, in which nothing stands that the policy does not name."""
    keys = ("ORIGIN", "METHOD", "HEADERS", "PRIVATE_NETWORK")
    prefixes = ("HTTP_", *["HTTP_ACCESS_CONTROL_REQUEST_"] * 3)
    sent = zip(prefixes, keys, (origin, asked, names, network), strict=True)
    environ: dict[str, Any] = {prefix + key: value for prefix, key, value in sent if value is not None}
    response = call(served(cors), method=method, **environ)

    assert response.status in ("200 OK", "204 No Content", "403 Forbidden")
    fields = said(response)
    assert fields.get("Access-Control-Allow-Origin", origin) in ("*", origin)
    if origin is not None and not cors.any_origin and origin not in Origins(cors.origins):
        assert fields == {}
    assert all(value.isprintable() and value.isascii() for value in fields.values())
    assert cors.any_origin or "Origin" in vary(response)
