"""The sites that the browser of the tests visits, all in one process: each has a host name, SITES says which.

`server.ask("/")` goes to none of them and tells what they were asked for, and which reports came.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any
from urllib.parse import parse_qs
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

import account_site
import django_site
import flask
from django.http import HttpRequest, HttpResponse
from django.template import engines
from django.urls import path as route

from wsgi_headers import (
    CORS,
    ContentSecurityPolicy,
    CrossOriginProtection,
    HeadersMiddleware,
    Policy,
    ReportCollector,
    ReportingEndpoints,
    overrides,
    presets,
)

HTML = ("Content-Type", "text/html; charset=utf-8")

# What the applications were called for, "GET api.shop.localhost/?a=b", and what reports came.
CALLS: list[str] = []
REPORTS: list[dict[str, Any]] = []


def recorded(app: WSGIApplication) -> WSGIApplication:
    """Return the application, which says in CALLS when it is called."""

    def recording(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        query = f"?{environ['QUERY_STRING']}" if environ["QUERY_STRING"] else ""
        CALLS.append(f"{environ['REQUEST_METHOD']} {host(environ)}{environ['PATH_INFO']}{query}")
        return app(environ, start_response)

    return recording


def host(environ: WSGIEnvironment) -> str:
    """Return the host of a request without its port."""
    return str(environ["HTTP_HOST"]).partition(":")[0]


def echo(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """Whatever text, media type and cookies the query says: every mistake that a site can make."""
    query = parse_qs(environ["QUERY_STRING"])
    media_type = query.get("type", ["text/html"])[0]
    start_response(
        "200 OK", [("Content-Type", media_type), *(("Set-Cookie", line) for line in query.get("cookie", ()))]
    )
    return ["".join(["<!doctype html>" if media_type == "text/html" else "", *query.get("text", ())]).encode()]


# ----------------------------------------------------------------------------------------------------------------------
# A page with scripts, in two frameworks
# ----------------------------------------------------------------------------------------------------------------------

# Jinja and Django read it alike. The comment is trusted, which is the mistake.
PAGE = """<!doctype html>
<link rel=stylesheet href=/style.css>
<h1>page</h1>
<img src=/picture.svg alt="">
<script nonce="{{ nonce }}">
    window.ran = ["inline"];
    const script = document.createElement("script");
    script.src = "/loaded.js";
    document.head.append(script);
</script>
<script nonce="{{ nonce }}" src=/application.js></script>
{{ comment|safe }}
"""

ASSETS = {
    "/style.css": ("text/css", "h1 { color: rgb(1, 2, 3) }"),
    "/picture.svg": ("image/svg+xml", '<svg xmlns="http://www.w3.org/2000/svg" width="7" height="7"></svg>'),
    "/application.js": ("text/javascript", "window.ran.push('application');"),
    "/loaded.js": ("text/javascript", "window.ran.push('loaded');"),
}


def with_assets(app: WSGIApplication) -> WSGIApplication:
    """Return the application with the files that its page asks for."""

    def serving(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if environ["PATH_INFO"] not in ASSETS:
            return app(environ, start_response)
        media_type, text = ASSETS[environ["PATH_INFO"]]
        start_response("200 OK", [("Content-Type", media_type)])
        return [text.encode()]

    return serving


flask_app = flask.Flask(__name__, static_folder=None)


@flask_app.get("/page")
def flask_page() -> str:
    """The page, with a nonce."""
    nonce = overrides.nonce(flask.request.environ)
    return flask.render_template_string(PAGE, nonce=nonce, comment=flask.request.args.get("comment", ""))


@flask_app.get("/unasked")
def flask_unasked() -> str:
    """The page of somebody who forgot to ask."""
    return flask.render_template_string(PAGE, nonce="guessed", comment="<script>window.injected = true</script>")


def django_page(request: HttpRequest) -> HttpResponse:
    """The page, with a nonce."""
    values = {"nonce": overrides.nonce(request.META), "comment": request.GET.get("comment", "")}
    return HttpResponse(engines["django"].from_string(PAGE).render(values))


def django_unasked(request: HttpRequest) -> HttpResponse:
    """The page of somebody who forgot to ask."""
    values = {"nonce": "guessed", "comment": "<script>window.injected = true</script>"}
    return HttpResponse(engines["django"].from_string(PAGE).render(values))


# Before the first request, so that Django has not read them yet.
django_site.urlpatterns += [route("page", django_page), route("unasked", django_unasked)]


def kept(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """A page that the browser keeps, and asks about before it shows it again; CALLS says how it was answered."""
    nonce = overrides.nonce(environ)
    lines = [("ETag", '"1"'), ("Cache-Control", "no-cache")]
    modified = environ.get("HTTP_IF_NONE_MATCH") != '"1"'
    CALLS.append("200 kept" if modified else "304 kept")
    if not modified:
        start_response("304 Not Modified", lines)
        return []
    start_response("200 OK", [HTML, *lines])
    return [f"<!doctype html><script nonce={nonce}>window.ran = document.currentScript.nonce</script>".encode()]


# ----------------------------------------------------------------------------------------------------------------------
# An interface for another origin
# ----------------------------------------------------------------------------------------------------------------------


def account(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """Who the visitor is, as the cookie says; everybody becomes Ada by visiting."""
    lines = [("Content-Type", "text/plain"), ("X-Exposed", "1"), ("X-Hidden", "1"), ("Set-Cookie", "user=ada")]
    start_response("200 OK", lines)
    return [f"{environ['REQUEST_METHOD']} {environ.get('HTTP_COOKIE', 'nobody')}".encode()]


SITES: dict[str, WSGIApplication] = {
    "flask.localhost": HeadersMiddleware(with_assets(flask_app.wsgi_app), presets.STRICT),
    "django.localhost": HeadersMiddleware(with_assets(django_site.application), presets.STRICT),
    "kept.localhost": HeadersMiddleware(kept, presets.STRICT),
    "baseline.localhost": HeadersMiddleware(echo, presets.BASELINE),
    "api.shop.localhost": HeadersMiddleware(
        recorded(account),
        Policy(
            CORS(
                origins=["http://app.shop.localhost:*"],
                methods=["GET", "PUT"],
                allow_headers=["X-Version"],
                expose_headers=["X-Exposed"],
                credentials=True,
            )
        ),
    ),
    **dict.fromkeys(
        ("bank.localhost", "bank.test"),
        HeadersMiddleware(recorded(echo), Policy(presets.STRICT, CrossOriginProtection())),
    ),
    "reporting.localhost": HeadersMiddleware(
        echo,
        Policy(
            ContentSecurityPolicy(script_src=["'self'"], report_uri=["/reports"]),
            ContentSecurityPolicy(img_src=["'self'"], report_uri=["/reports"], report_only=True),
            ReportCollector("/reports", REPORTS.append),
            CrossOriginProtection(),
        ),
    ),
    "reporting.test": HeadersMiddleware(
        echo,
        Policy(
            ReportingEndpoints(site="/reports"),
            ContentSecurityPolicy(script_src=["'self'"], report_to="site"),
            ReportCollector("/reports", REPORTS.append),
        ),
    ),
    "baseline.test": HeadersMiddleware(echo, presets.BASELINE),
    **dict.fromkeys(
        ("account.localhost", "account.test"), HeadersMiddleware(account_site.flask_site(), account_site.POLICY)
    ),
}


def site(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """The site of the host that is asked for, and `echo` without a policy where it is nobody's."""
    if host(environ) == "127.0.0.1":
        start_response("200 OK", [("Content-Type", "application/json")])
        return [json.dumps({"calls": CALLS, "reports": REPORTS}).encode()]
    if environ["PATH_INFO"] == "/favicon.ico":
        start_response("204 No Content", [])
        return []
    return SITES.get(host(environ), echo)(environ, start_response)
