"""Frameworks and the middleware that stands around them: what a client gets, whatever is inside and outside."""

from __future__ import annotations

import contextlib
import copy
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any
from wsgiref.validate import validator

import flask
import pytest
import webtest
from beaker.middleware import SessionMiddleware
from django import VERSION
from django_site import application as django_application
from served_applications import HSTS, LINK, POLICY, POLICY_LINES, late, make_flask, make_policy, plain, replaced
from webtest import lint
from werkzeug.debug import DebuggedApplication
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.middleware.lint import LintMiddleware
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.middleware.shared_data import SharedDataMiddleware
from werkzeug.test import Client, TestResponse
from werkzeug.wrappers import Response
from whitenoise import WhiteNoise

from wsgi_headers import (
    Append,
    CookieAttributes,
    CookieRule,
    Default,
    HeadError,
    HeadersMiddleware,
    Match,
    Merge,
    Policy,
    Remove,
    Rule,
    Set,
    presets,
)

Application = Callable[..., Iterable[bytes]]

HTTPS, HTTP = "https://app.example", "http://app.example"

ON_HTTP = [(name, [value]) for name, value in POLICY_LINES]
ON_HTTPS = [*ON_HTTP, ("strict-transport-security", [HSTS])]


def lines_of(response: Any) -> list[tuple[str, str]]:
    """Return the lines of a response of werkzeug's or webtest's, names in lower case."""
    given = response.headerlist if hasattr(response, "headerlist") else list(response.headers)
    return [(name.lower(), value) for name, value in given]


def values(response: Any, name: str) -> list[str]:
    """Return the values of one field, in order."""
    return [value for known, value in lines_of(response) if known == name.lower()]


def of_policy(response: Any) -> list[tuple[str, list[str]]]:
    """Return what the fields of POLICY hold, without those that are not there."""
    found = [(name, values(response, name)) for name, _ in ON_HTTPS]
    return [(name, there) for name, there in found if there]


def get(app: Application, path: str = "/", base: str = HTTP, **options: Any) -> TestResponse:
    """Return the answer of one request, without cookies."""
    return Client(app, use_cookies=False).get(path, base_url=base, **options)


def got(app: Application, path: str = "/") -> Any:
    """Return the answer of one request, of any status, by a client that knows exc_info; werkzeug's raises it again."""
    return webtest.TestApp(app, lint=False).get(path, expect_errors=True)


# Flask


@pytest.fixture
def app() -> flask.Flask:
    """A Flask application, mounted as documented."""
    made = make_flask()
    made.wsgi_app = HeadersMiddleware(made.wsgi_app, POLICY)  # type: ignore[method-assign]
    return made


FLASK_ANSWERS = {
    "view": ("/flask/", "GET", 200),
    "head": ("/flask/", "HEAD", 200),
    "options": ("/flask/", "OPTIONS", 200),
    "redirect": ("/flask", "GET", 308),
    "handler": ("/flask/forbidden", "GET", 403),
    "view-404": ("/flask/made", "GET", 404),
    "page-404": ("/nowhere", "GET", 404),
    "page-405": ("/flask/", "POST", 405),
    "page-500": ("/flask/boom", "GET", 500),
}


@pytest.mark.parametrize("case", FLASK_ANSWERS)
def test_flask_answers_have_each_field_once(app: flask.Flask, case: str) -> None:
    """The framework's own pages too; HSTS on https alone."""
    path, method, code = FLASK_ANSWERS[case]
    client = app.test_client()
    for base, expected in ((HTTP, ON_HTTP), (HTTPS, ON_HTTPS)):
        response = client.open(path, method=method, base_url=base)
        assert response.status_code == code
        assert of_policy(response) == expected


def test_flask_page_for_405_keeps_allow(app: flask.Flask) -> None:
    """Fields that the policy does not name stay as the framework sent them."""
    assert sorted(values(app.test_client().post("/flask/"), "Allow")[0].split(", ")) == ["GET", "HEAD", "OPTIONS"]


# What is given to response.set_cookie or, for None, to delete_cookie, and the line that goes out.
FLASK_COOKIES: dict[str, tuple[dict[str, Any] | None, str]] = {
    "bare": ({}, "theme=1; Path=/; Secure; HttpOnly; SameSite=Lax"),
    "no-path": ({"path": None}, "theme=1; Secure; HttpOnly; SameSite=Lax"),
    "strict": ({"samesite": "Strict"}, "theme=1; Path=/; SameSite=Strict; Secure; HttpOnly"),
    "none": ({"samesite": "None", "secure": True}, "theme=1; Secure; Path=/; SameSite=None; HttpOnly"),
    "complete": (
        {"secure": True, "httponly": True, "samesite": "Lax"},
        "theme=1; Secure; HttpOnly; Path=/; SameSite=Lax",
    ),
    "max-age": ({"max_age": 60}, "theme=1; Expires=*; Max-Age=60; Path=/; Secure; HttpOnly; SameSite=Lax"),
    "domain": ({"domain": "app.example"}, "theme=1; Domain=app.example; Path=/; Secure; HttpOnly; SameSite=Lax"),
    "partitioned": (
        {"partitioned": True, "secure": True},
        "theme=1; Secure; Path=/; Partitioned; HttpOnly; SameSite=Lax",
    ),
    "deleted": (
        None,
        "theme=; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0; Path=/; Secure; HttpOnly; SameSite=Lax",
    ),
}


@pytest.mark.parametrize("case", FLASK_COOKIES)
def test_flask_cookies_are_hardened(app: flask.Flask, case: str) -> None:
    """What werkzeug wrote stays in its place, what is missing follows."""
    options, expected = FLASK_COOKIES[case]

    @app.get("/cookie")
    def cookie() -> flask.Response:
        response = flask.Response("cookie")
        if options is None:
            response.delete_cookie("theme")
        else:
            response.set_cookie("theme", "1", **options)
        return response

    [line] = values(app.test_client().get("/cookie", base_url=HTTP), "Set-Cookie")
    attributes = [
        part if not part.startswith("Expires=") or options is None else "Expires=*" for part in line.split("; ")
    ]
    assert "; ".join(attributes) == expected


def test_flask_session_survives_being_hardened(app: flask.Flask) -> None:
    """The cookie comes back as it was signed, and the session is the same; on https, since it is Secure now."""

    @app.get("/who")
    def who() -> str:
        return str(flask.session.get("user"))

    client = app.test_client()
    [line] = values(client.get("/flask/", base_url=HTTPS), "Set-Cookie")
    assert line.partition("; ")[2] == "HttpOnly; Path=/; Secure; SameSite=Lax"
    assert client.get("/who", base_url=HTTPS).text == "1"


def test_flask_file_and_its_304(app: flask.Flask, tmp_path: Path) -> None:
    """A file with a validator, a part of it, and the 304: body and framing are the framework's, fields the policy's."""
    path = tmp_path / "octets.bin"
    path.write_bytes(b"octets" * 1000)

    @app.get("/file")
    def file() -> flask.Response:
        return flask.send_file(path, conditional=True)

    client = app.test_client()
    whole = client.get("/file")
    assert (whole.status_code, whole.data) == (200, b"octets" * 1000)
    assert values(whole, "Content-Length") == ["6000"]
    part = client.get("/file", headers={"Range": "bytes=0-5"})
    assert (part.status_code, part.data) == (206, b"octets")
    fresh = client.get("/file", headers={"If-None-Match": values(whole, "ETag")[0]})
    assert (fresh.status_code, fresh.data) == (304, b"")
    for response in (whole, part, fresh):
        assert of_policy(response) == ON_HTTP


def test_flask_stream_and_its_end(app: flask.Flask) -> None:
    """A generator that uses the request: its chunks, and its context until the end."""
    ended: list[str] = []

    @app.get("/stream")
    def stream() -> flask.Response:
        def parts() -> Iterator[str]:
            try:
                yield flask.request.path
                yield " and more"
            finally:
                ended.append(flask.request.path)

        return flask.Response(flask.stream_with_context(parts()))

    response = app.test_client().get("/stream")
    assert response.text == "/stream and more"
    assert of_policy(response) == ON_HTTP
    response.close()
    assert ended == ["/stream"]


def test_flask_view_decides_what_is_a_default(app: flask.Flask) -> None:
    """Default keeps the view's own line, Set does not."""

    @app.get("/own")
    def own() -> flask.Response:
        return flask.Response("own", headers={"X-Frame-Options": "DENY", "X-Content-Type-Options": "sniff"})

    response = app.test_client().get("/own")
    assert values(response, "X-Frame-Options") == ["DENY"]
    assert values(response, "X-Content-Type-Options") == ["nosniff"]


# A head that is refused


@pytest.mark.parametrize(
    ("name", "value"),
    [("X-Bad", "a\0b"), ("X-Bad", "\x7f"), ("X-Bad", "\u20ac"), ("X Bad", "1"), ("", "1"), ("X-Bad\n", "1")],
    ids=["nul", "del", "beyond-latin-1", "blank-in-name", "no-name", "line-feed-in-name"],
)
def test_refused_head_of_a_flask_view(app: flask.Flask, name: str, value: str) -> None:
    """HeadError leaves Flask as it came: the head is made after its error handlers; the request is torn down."""
    handled: list[Exception] = []
    ended: list[str] = []

    @app.errorhandler(Exception)
    def handle(error: Exception) -> str:
        handled.append(error)
        return "handled"

    @app.teardown_request
    def teardown(error: BaseException | None) -> None:
        ended.append(flask.request.path)

    @app.get("/refused")
    def refused() -> flask.Response:
        return flask.Response("refused", headers=[(name, value)])

    client = app.test_client()
    with pytest.raises(HeadError) as caught:
        client.get("/refused")
    assert value == "1" or value not in str(caught.value)
    assert handled == []
    assert ended == ["/refused"]
    assert of_policy(client.get("/flask/")) == ON_HTTP


def test_refused_head_of_a_django_view() -> None:
    """It leaves Django too, and the next request is answered."""
    app = HeadersMiddleware(django_application, POLICY)
    with pytest.raises(HeadError, match=r"^'X-Bad': the value holds a control character"):
        get(app, "/bad/")
    assert of_policy(get(app, "/")) == ON_HTTP


def test_refused_head_under_an_empty_policy() -> None:
    """Every policy refuses it."""
    with pytest.raises(HeadError):
        get(HeadersMiddleware(django_application, Policy()), "/bad/")


def bad_then_page(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """A framework that has an error page for what start_response raises."""
    text = ("Content-Type", "text/plain")
    try:
        start_response("200 OK", [text, ("X-Bad", "a\nb")])
    except ValueError:
        start_response("500 Refused", [text, ("Set-Cookie", "sid=page")], sys.exc_info())
    return [b"page"]


def test_application_may_answer_a_refused_head() -> None:
    """Nothing was sent: another head goes out, under the policy."""
    response = got(HeadersMiddleware(bad_then_page, POLICY))
    assert response.status == "500 Refused"
    assert of_policy(response) == ON_HTTP
    assert values(response, "Set-Cookie") == ["sid=page; Secure; HttpOnly; SameSite=Lax"]


def test_debugger_of_werkzeug_shows_a_refused_head() -> None:
    """Inside, it answers with its page, under the policy; the page names the error."""
    view = Response("refused", headers=[("X-Bad", "a\0b")])
    response = get(HeadersMiddleware(DebuggedApplication(view), POLICY))
    assert response.status_code == 500
    assert "HeadError" in response.text
    assert of_policy(response) == ON_HTTP


# Django

DJANGO_ANSWERS = {
    "view": ("/", "GET", 200),
    "head": ("/", "HEAD", 200),
    "redirect-by-slash": ("/form", "GET", 301),
    "page-404": ("/nowhere/", "GET", 404),
    "page-500": ("/boom/", "GET", 500),
    "page-403": ("/denied/", "GET", 403),
    "csrf-403": ("/form/", "POST", 403),
    "stream": ("/stream/", "GET", 200),
    "file": ("/download/", "GET", 200),
}


@pytest.fixture
def django() -> HeadersMiddleware:
    """The Django site behind POLICY."""
    return HeadersMiddleware(django_application, POLICY)


@pytest.mark.parametrize("case", DJANGO_ANSWERS)
def test_django_answers_have_each_field_once(django: HeadersMiddleware, case: str) -> None:
    """Django's own pages too."""
    path, method, code = DJANGO_ANSWERS[case]
    for base, expected in ((HTTP, ON_HTTP), (HTTPS, ON_HTTPS)):
        response = Client(django).open(path, method=method, base_url=base)
        assert response.status_code == code
        assert of_policy(response) == expected


@pytest.mark.parametrize("path", ["/stream/", "/download/", "/", "/nowhere/"])
def test_django_bodies_stay(django: HeadersMiddleware, path: str) -> None:
    """Octets and length are those of the bare application."""
    bare, response = get(django_application, path), get(django, path)
    assert response.data == bare.data != b""
    for field in ("Content-Length", "Content-Type", "Content-Disposition"):
        assert values(response, field) == values(bare, field)


# Django puts a blank before the name, until version 6.
BLANK = " " if VERSION < (6,) else ""


def test_django_cookies_keep_their_leading_blank(django: HeadersMiddleware) -> None:
    """A blank before the name is no part of it, and stays."""
    assert values(get(django, "/cookies/"), "Set-Cookie") == [
        f"{BLANK}theme=dark; Path=/; Secure; HttpOnly; SameSite=Lax",
        f"{BLANK}sid=1; Path=/app; SameSite=Strict; Secure; HttpOnly",
        f'{BLANK}flash="a b"; HttpOnly; Path=/; Secure; SameSite=Lax',
        f'{BLANK}gone=""; expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0; Path=/; Secure; HttpOnly; SameSite=Lax',
    ]


def test_rule_finds_a_django_cookie_by_its_name() -> None:
    """The leading blank hides no cookie from a rule."""
    policy = Policy(CookieRule("sid", http_only=True), CookieRule("gone", remove=True))
    cookies = values(get(HeadersMiddleware(django_application, policy), "/cookies/"), "Set-Cookie")
    assert cookies[1] == f"{BLANK}sid=1; Path=/app; SameSite=Strict; HttpOnly"
    assert [cookie.partition("=")[0] for cookie in cookies] == [f"{BLANK}{name}" for name in ("theme", "sid", "flash")]


def test_baseline_knows_the_cookies_of_django() -> None:
    """The session gets HttpOnly where it has none, the csrf token none: scripts of the page read it."""
    app = HeadersMiddleware(django_application, presets.BASELINE)
    [session] = values(get(app, "/", HTTPS), "Set-Cookie")
    [token] = values(get(app, "/form/", HTTPS), "Set-Cookie")
    assert session.startswith(f"{BLANK}sessionid=")
    assert session.endswith("; HttpOnly; Max-Age=1209600; Path=/; SameSite=Lax; Secure")
    assert token.startswith(f"{BLANK}csrftoken=")
    assert token.endswith("; Max-Age=31449600; Path=/; SameSite=Lax; Secure")


# Journeys through webtest, whose lint checks both sides of the middleware.


def linted(app: Application, policy: Policy, base: str = HTTPS) -> Any:
    """Return a browser of webtest's: lint outside, and lint inside, between the policy and the application."""
    environ = {"wsgi.url_scheme": base.partition(":")[0], "HTTP_HOST": "app.example"}
    return webtest.TestApp(HeadersMiddleware(lint.middleware(app), policy), extra_environ=environ, lint=True)


def test_journey_through_a_form_of_django() -> None:
    """A form, its token posted back with the cookie, the redirect followed, and a session that counts."""
    browser = linted(django_application, POLICY)
    assert browser.get("/").text == "visit 1"
    page = browser.get("/form/")
    posted = page.form.submit()
    assert (posted.status_code, values(posted, "Location")) == (302, ["/"])
    landed = posted.follow()
    assert landed.text == "visit 2"
    assert browser.post("/form/", status=403).status_code == 403
    for response in (page, posted, landed):
        assert of_policy(response) == ON_HTTPS


def test_journey_through_flask() -> None:
    """Pages, errors and methods of one client."""
    browser = linted(make_flask().wsgi_app, POLICY)
    for path, code in (("/flask/", 200), ("/nowhere", 404), ("/flask/boom", 500), ("/flask/forbidden", 403)):
        assert of_policy(browser.get(path, status=code)) == ON_HTTPS
    assert of_policy(browser.head("/flask/")) == ON_HTTPS
    assert of_policy(browser.options("/flask/")) == ON_HTTPS
    assert set(browser.cookies) == {"session", "sid"}


@pytest.mark.parametrize("policy", [POLICY, Policy(), presets.BASELINE], ids=["policy", "empty", "baseline"])
@pytest.mark.parametrize("inner", [plain, late, replaced], ids=lambda inner: inner.__name__)
def test_checkers_find_nothing_on_either_side(policy: Policy, inner: Application) -> None:
    """webtest.lint, wsgiref.validate and werkzeug's lint, each inside and outside; warnings are errors here."""
    assert linted(inner, policy).get("/", expect_errors=True).status_code in (200, 500)
    assert got(LintMiddleware(HeadersMiddleware(LintMiddleware(inner), policy))).status_code in (200, 500)
    assert got(validator(HeadersMiddleware(validator(inner), policy))).status_code in (200, 500)


# Other middleware, inside and outside


def shows_scheme(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """The scheme and the host that the application sees."""
    start_response("200 OK", [("Content-Type", "text/plain"), ("Set-Cookie", "sid=1")])
    return [f"{environ['wsgi.url_scheme']}://{environ['HTTP_HOST']}".encode()]


BY_HOST = Policy(
    presets.BASELINE,
    Rule(Match(host="public.example"), Set("X-Host", "public")),
    Rule(Match(scheme="https"), Set("X-Scheme", "https")),
)
FORWARDED = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "public.example"}


def behind(app: Application) -> Application:
    """Return the application behind one trusted proxy."""
    return ProxyFix(app, x_for=0, x_proto=1, x_host=1)


# Where ProxyFix stands, and what the policy knows of scheme and host then.
PROXIES: dict[str, tuple[Callable[[Application], Application], list[str], list[str]]] = {
    "outside": (lambda app: behind(HeadersMiddleware(app, BY_HOST)), ["https"], ["public"]),
    # The scheme is read when the head is made, the host when the request enters.
    "inside": (lambda app: HeadersMiddleware(behind(app), BY_HOST), ["https"], []),
    "nowhere": (lambda app: HeadersMiddleware(app, BY_HOST), [], []),
}


@pytest.mark.parametrize("case", PROXIES)
def test_proxy_fix(case: str) -> None:
    """HSTS and Secure follow the scheme that ProxyFix set; no forwarded field is believed without it."""
    mount, scheme, host = PROXIES[case]
    response = get(mount(shows_scheme), headers=FORWARDED)
    assert values(response, "X-Scheme") == scheme
    assert values(response, "X-Host") == host
    assert values(response, "Strict-Transport-Security") == [HSTS] * len(scheme)
    secure = "; Secure" if scheme else ""
    assert values(response, "Set-Cookie") == [f"sid=1{secure}; HttpOnly; SameSite=Lax"]


def test_proxy_fix_that_downgrades() -> None:
    """The proxy's word counts in both directions: http over it means no HSTS, whatever came to this server."""
    response = get(
        behind(HeadersMiddleware(shows_scheme, presets.BASELINE)), "/", HTTPS, headers={"X-Forwarded-Proto": "http"}
    )
    assert response.text == "http://app.example"
    assert values(response, "Strict-Transport-Security") == []


def shows_path(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """The two halves of the path."""
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [f"{environ['SCRIPT_NAME']}|{environ['PATH_INFO']}".encode()]


def by_path(*paths: str) -> Policy:
    """Return a policy with a field for each prefix."""
    return Policy(Append("X-Where", "everywhere"), *(Rule(Match(path=path), Append("X-Where", path)) for path in paths))


# The mounted application, the request, and what holds: rules read PATH_INFO where the middleware stands.
MOUNTS: dict[str, tuple[Application, str, list[str], str]] = {
    "outside": (
        HeadersMiddleware(DispatcherMiddleware(plain, {"/sub": shows_path}), by_path("/sub/", "/admin/")),
        "/sub/admin/x",
        ["everywhere", "/sub/"],
        "/sub|/admin/x",
    ),
    "inside": (
        DispatcherMiddleware(plain, {"/sub": HeadersMiddleware(shows_path, by_path("/sub/", "/admin/"))}),
        "/sub/admin/x",
        ["everywhere", "/admin/"],
        "/sub|/admin/x",
    ),
    "inside-at-its-root": (
        DispatcherMiddleware(plain, {"/sub": HeadersMiddleware(shows_path, by_path("/", "/sub/"))}),
        "/sub",
        ["everywhere", "/"],
        "/sub|",
    ),
    "other-mount": (
        DispatcherMiddleware(shows_path, {"/sub": HeadersMiddleware(plain, by_path("/"))}),
        "/subway",
        [],
        "|/subway",
    ),
    "two-policies": (
        HeadersMiddleware(
            DispatcherMiddleware(plain, {"/sub": HeadersMiddleware(shows_path, by_path("/admin/"))}), by_path("/sub/")
        ),
        "/sub/admin/x",
        ["everywhere", "/admin/", "everywhere", "/sub/"],
        "/sub|/admin/x",
    ),
}


@pytest.mark.parametrize("case", MOUNTS)
def test_dispatcher_and_script_name(case: str) -> None:
    """DispatcherMiddleware moves the path in the same environ: outside, it is the one at entry that counts."""
    app, path, where, body = MOUNTS[case]
    response = get(app, path)
    assert values(response, "X-Where") == where
    assert response.text == body


def test_server_that_mounts_under_script_name() -> None:
    """SCRIPT_NAME from the server: rules and the application see PATH_INFO alone, and redirects keep the mount."""
    app = make_flask()
    app.wsgi_app = HeadersMiddleware(app.wsgi_app, by_path("/flask/", "/mount/"))  # type: ignore[method-assign]
    response = app.test_client().get("/flask/", base_url="http://app.example/mount")
    assert values(response, "X-Where") == ["everywhere", "/flask/"]
    redirect = app.test_client().get("/flask", base_url="http://app.example/mount")
    assert values(redirect, "Location") == ["http://app.example/mount/flask/"]


@pytest.fixture
def static(tmp_path: Path) -> Path:
    """A directory with one static file."""
    (tmp_path / "site.css").write_text("body {}")
    return tmp_path


@pytest.mark.parametrize("policy", [POLICY, Policy(Append("Link", LINK))], ids=["policy", "append"])
def test_whitenoise_inside_is_covered(static: Path, policy: Policy) -> None:
    """Its files, their 304 and HEAD, and the application behind it; again and again the same."""
    app = HeadersMiddleware(WhiteNoise(plain, root=static), policy)
    expected = of_policy(get(app))
    assert ("link", [LINK]) in expected
    for _ in range(3):
        first = get(app, "/site.css")
        assert (first.status_code, first.text) == (200, "body {}")
        fresh = get(app, "/site.css", headers={"If-None-Match": values(first, "ETag")[0]})
        assert (fresh.status_code, fresh.text) == (304, "")
        for response in (first, fresh, Client(app).head("/site.css"), get(app)):
            assert of_policy(response) == expected


def test_whitenoise_outside_stays_bare(static: Path) -> None:
    """It answers before the policy is asked; the application behind it is covered."""
    app = WhiteNoise(HeadersMiddleware(plain, POLICY), root=static)
    assert get(app, "/site.css").text == "body {}"
    assert of_policy(get(app, "/site.css")) == []
    assert of_policy(get(app)) == ON_HTTP


def test_shared_data_inside_is_covered(static: Path) -> None:
    """werkzeug's static files, through wsgi.file_wrapper."""
    app = HeadersMiddleware(SharedDataMiddleware(plain, {"/static": str(static)}), POLICY)
    response = get(app, "/static/site.css")
    assert (response.text, of_policy(response)) == ("body {}", ON_HTTP)


def counts(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """How often beaker's session was here, and a cookie of the application's own."""
    session = environ["beaker.session"]
    session["visits"] = session.get("visits", 0) + 1
    session.save()
    start_response("200 OK", [("Content-Type", "text/plain"), ("Set-Cookie", "theme=dark")])
    return [str(session["visits"]).encode()]


def with_session(app: Application) -> Application:
    """Return the application behind beaker's session middleware."""
    options = {
        "session.type": "cookie",
        "session.validate_key": "a key of the tests",
        "session.data_serializer": "json",
    }
    return SessionMiddleware(app, options)


def test_beaker_inside_is_covered() -> None:
    """Its cookie comes after the application's, with a leading blank, and is hardened; the session goes on."""
    client = Client(HeadersMiddleware(with_session(counts), POLICY))
    for visit in ("1", "2", "3"):
        response = client.get("/", base_url=HTTPS)
        assert response.text == visit
        theme, session = values(response, "Set-Cookie")
        assert theme == "theme=dark; Secure; HttpOnly; SameSite=Lax"
        assert session.startswith(" beaker.session.id=")
        assert session.endswith("; Path=/; SameSite=Lax; Secure; HttpOnly")


def test_beaker_outside_adds_to_its_own_list() -> None:
    """It appends to the list that it is given: that list is made for each response, so nothing gathers in it."""
    client = Client(with_session(HeadersMiddleware(counts, POLICY)))
    for visit in ("1", "2", "3"):
        response = client.get("/", base_url=HTTPS)
        assert response.text == visit
        theme, session = values(response, "Set-Cookie")
        assert theme == "theme=dark; Secure; HttpOnly; SameSite=Lax"
        assert "Secure" not in session
        assert of_policy(response) == ON_HTTPS


# The middleware around itself


class Copying:
    """A middleware that hands a copy of environ on, as some do."""

    def __init__(self, app: Application) -> None:
        self.app = app

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        return self.app(copy.copy(environ), start_response)


def caught(app: Application) -> Application:
    """Return the application with an error page around it."""

    def call(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        try:
            return app(environ, start_response)
        except RuntimeError:
            start_response("500 Caught", [("Content-Type", "text/plain"), ("Set-Cookie", "sid=page")], sys.exc_info())
            return [b"caught"]

    return call


def raises(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    raise RuntimeError("for the page around it")


def inner() -> HeadersMiddleware:
    """Return `plain` behind a policy equal to POLICY, another object."""
    return HeadersMiddleware(plain, make_policy())


NESTED: dict[str, Callable[[], Application]] = {
    "directly": inner,
    "three-times": lambda: HeadersMiddleware(inner(), make_policy()),
    "proxy-fix-between": lambda: ProxyFix(inner()),
    "dispatcher-between": lambda: DispatcherMiddleware(raises, {"/mount": inner()}),
    "lint-between": lambda: lint.middleware(inner()),
    "copied-environ-between": lambda: Copying(inner()),
    "catcher-between": lambda: caught(inner()),
    "other-policy-between": lambda: HeadersMiddleware(inner(), Policy(Set("X-Between", "1"))),
}


@pytest.mark.parametrize("case", NESTED)
def test_applied_twice_is_applied_once(case: str) -> None:
    """An equal policy inside leaves all to the outermost, whatever stands between them."""
    twice = HeadersMiddleware(NESTED[case](), POLICY)
    expected = get(HeadersMiddleware(plain, POLICY), "/mount/x")
    for _ in range(2):
        response = get(twice, "/mount/x")
        own = [line for line in lines_of(response) if line[0] != "x-between"]
        assert sorted(own) == sorted(lines_of(expected))
        assert values(response, "Set-Cookie") == values(expected, "Set-Cookie")
        assert response.data == expected.data


@pytest.mark.parametrize("inner_app", [late, replaced], ids=lambda inner_app: inner_app.__name__)
def test_applied_twice_to_every_kind_of_start(inner_app: Application) -> None:
    """A late start and one that is replaced are rewritten once too."""
    response = got(HeadersMiddleware(HeadersMiddleware(inner_app, make_policy()), POLICY))
    assert of_policy(response) == ON_HTTP
    assert len(values(response, "Set-Cookie")) == 1


def test_flask_wrapped_inside_and_outside() -> None:
    """Mounted in the application and by the server: once."""
    app = make_flask()
    app.wsgi_app = HeadersMiddleware(app.wsgi_app, make_policy())  # type: ignore[method-assign]
    for path in ("/flask/", "/nowhere", "/flask/boom"):
        assert of_policy(get(HeadersMiddleware(app, POLICY), path)) == ON_HTTP


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        (make_policy(), {"x-policy": ["served"], "link": [LINK]}),
        (Policy(Set("X-Policy", "outer")), {"x-policy": ["outer"], "link": []}),
    ],
    ids=["equal", "different"],
)
def test_error_page_between_two(policy: Policy, expected: dict[str, list[str]]) -> None:
    """The inner application raised: the page gets what stands outside of it, once, and nothing of the inside."""
    app = HeadersMiddleware(caught(HeadersMiddleware(raises, POLICY)), policy)
    for _ in range(2):
        response = got(app)
        assert response.status == "500 Caught"
        assert {name: values(response, name) for name in expected} == expected


# The inner policy, the outer one, and the lines of X-F (or of Set-Cookie) that come out; the application sent "app".
STACKED: dict[str, tuple[Policy, Policy, list[str]]] = {
    "outer-set-wins": (Policy(Set("X-F", "inner")), Policy(Set("X-F", "outer")), ["outer"]),
    "outer-default-yields": (Policy(Set("X-F", "inner")), Policy(Default("X-F", "outer")), ["inner"]),
    "outer-default-after-remove": (Policy(Remove("X-F")), Policy(Default("X-F", "outer")), ["outer"]),
    "both-append": (Policy(Append("X-F", "inner")), Policy(Append("X-F", "outer")), ["app", "inner", "outer"]),
    "both-merge": (Policy(Merge("X-F", "inner, app")), Policy(Merge("X-F", "outer, inner")), ["app, inner, outer"]),
    "outer-removes": (Policy(Append("X-F", "inner")), Policy(Remove("X-F")), []),
    "inner-removes-what-is-there": (Policy(Remove("X-F")), Policy(Append("X-F", "outer")), ["outer"]),
    "same-append-in-other-policies": (
        Policy(Append("X-F", "same")),
        Policy(Append("X-F", "same"), Remove("X-Other")),
        ["app", "same", "same"],
    ),
}


def sends_app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    start_response("200 OK", [("Content-Type", "text/plain"), ("X-F", "app"), ("Set-Cookie", "sid=1")])
    return [b""]


@pytest.mark.parametrize("case", STACKED)
@pytest.mark.parametrize(
    "between", [lambda app: app, Copying, ProxyFix], ids=["nothing", "copied-environ", "proxy-fix"]
)
def test_different_policies_both_act(case: str, between: Callable[[Application], Application]) -> None:
    """The inner one first."""
    first, second, expected = STACKED[case]
    app = HeadersMiddleware(between(HeadersMiddleware(sends_app, first)), second)
    for _ in range(2):
        assert values(get(app), "X-F") == expected


def test_different_policies_both_act_on_cookies() -> None:
    """What the inner one wrote, the outer one finds."""
    first = Policy(CookieAttributes(http_only=True, same_site="Strict"))
    second = Policy(CookieAttributes(secure=True, http_only=True, default_same_site="Lax"))
    app = HeadersMiddleware(HeadersMiddleware(sends_app, first), second)
    assert values(get(app), "Set-Cookie") == ["sid=1; HttpOnly; SameSite=Strict; Secure"]


@pytest.mark.parametrize("policy", [Policy(), Policy(Append("Link", LINK)), POLICY], ids=["empty", "append", "policy"])
def test_list_of_the_application_stays_its_own(policy: Policy) -> None:
    """An application may hand the same list over each time."""
    lines = [("Content-Type", "text/plain"), ("Set-Cookie", "sid=1")]

    def constant(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        start_response("200 OK", lines)
        return [b"constant"]

    app = HeadersMiddleware(constant, policy)
    first, second, third = (lines_of(get(app)) for _ in range(3))
    assert first == second == third
    assert lines == [("Content-Type", "text/plain"), ("Set-Cookie", "sid=1")]


def test_cascade_of_wrapped_applications() -> None:
    """An environ that is used again, after an answer that was thrown away, is a new exchange."""

    def missing(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        start_response("404 Not Found", [("Content-Type", "text/plain")])
        return [b"missing"]

    first, second = HeadersMiddleware(missing, POLICY), inner()

    def cascade(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        first(environ, lambda *_: None)
        return second(environ, start_response)

    for app in (cascade, HeadersMiddleware(cascade, make_policy())):
        response = get(app)
        assert response.data == b"plain"
        assert of_policy(response) == ON_HTTP


def test_fallback_of_wrapped_applications() -> None:
    """A late start that was thrown away before it came leaves nothing behind: the next application is covered."""
    first, second = HeadersMiddleware(late, POLICY), inner()

    def fallback(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        thrown_away: Any = first(environ, start_response)
        thrown_away.close()
        return second(environ, start_response)

    for app in (fallback, HeadersMiddleware(fallback, make_policy())):
        response = get(app)
        assert response.data == b"plain"
        assert of_policy(response) == ON_HTTP


def test_retry_after_an_error() -> None:
    """An application that raised before its head leaves nothing behind either."""
    first, second = HeadersMiddleware(raises, POLICY), inner()

    def retry(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        with contextlib.suppress(RuntimeError):
            first(environ, start_response)
        return second(environ, start_response)

    for app in (retry, HeadersMiddleware(retry, make_policy())):
        response = get(app)
        assert response.data == b"plain"
        assert of_policy(response) == ON_HTTP


def test_subrequest_after_the_head() -> None:
    """What is wrapped inside and asked for a part of the body, once the head is out, is an exchange of its own."""
    aside = HeadersMiddleware(late, Policy(Set("X-Aside", "1")))
    part = HeadersMiddleware(plain, Policy(Set("X-Part", "1")))
    seen: list[list[tuple[str, str]]] = []

    def composed(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        own = copy.copy(environ)
        thrown_away: Any = aside(own, start_response)
        thrown_away.close()
        start_response("200 OK", [("Content-Type", "text/plain")])
        return part(own, lambda status, lines, *_: seen.append(lines))

    response = get(HeadersMiddleware(composed, Policy(Set("X-Whole", "1"))))
    assert response.data == b"plain"
    assert values(response, "X-Whole") == ["1"]
    assert ("X-Part", "1") in seen[0]
