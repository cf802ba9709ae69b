"""A site with cookies of its own and a session, in Flask and in Django, and the policy that it stands behind.

/set?name=value sets cookies, /delete?name=1 deletes them, /read says which there are, /visit counts visits in the
session, and /leave ends it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import django_site
import flask
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path as route

from wsgi_headers import CookieAttributes, CookieRule, Policy

KEY = "the signing key of the tests"
RETIRED = "a key that was retired once"

POLICY = Policy(
    CookieAttributes(secure=True, http_only=True, default_same_site="Lax"),
    CookieRule("token", prefix="__Host-", signing_key=KEY, retired_signing_keys=[RETIRED]),
    CookieRule("short", signing_key=KEY, signature_max_age=3600),
    CookieRule("csrf", prefix="__Secure-", http_only=False),
    CookieRule("session*", exempt=None, same_site="Strict"),
    CookieRule("session", prefix="__Host-Http-"),  # of Flask
    CookieRule("sessionid", prefix="__Host-Http-"),  # of Django
)


def flask_site() -> Any:
    """The site in Flask."""
    site = flask.Flask(__name__)
    site.secret_key = "a key of the tests"
    site.config["MAX_COOKIE_SIZE"] = 0  # werkzeug has a budget of its own

    @site.get("/set")
    def set_() -> flask.Response:
        response = flask.Response("set")
        for name, value in flask.request.args.items():
            response.set_cookie(name, value, max_age=600)
        return response

    @site.get("/delete")
    def delete() -> flask.Response:
        response = flask.Response("deleted")
        for name in flask.request.args:
            response.delete_cookie(name)
        return response

    @site.get("/read")
    def read_() -> flask.Response:
        return flask.jsonify(dict(flask.request.cookies))

    @site.get("/visit")
    def visit() -> str:
        flask.session["visits"] = flask.session.get("visits", 0) + 1
        return str(flask.session["visits"])

    @site.get("/leave")
    def leave() -> str:
        flask.session.clear()
        return "left"

    return site.wsgi_app


def django_set(request: HttpRequest) -> HttpResponse:
    """/set of the site in Django, and so on."""
    response = HttpResponse("set")
    for name, value in request.GET.items():
        response.set_cookie(name, value, max_age=600)
    return response


def django_delete(request: HttpRequest) -> HttpResponse:
    response = HttpResponse("deleted")
    for name in request.GET:
        response.delete_cookie(name)
    return response


def django_read(request: HttpRequest) -> HttpResponse:
    return JsonResponse(dict(request.COOKIES))


def django_visit(request: HttpRequest) -> HttpResponse:
    request.session["visits"] = request.session.get("visits", 0) + 1
    return HttpResponse(str(request.session["visits"]))


def django_leave(request: HttpRequest) -> HttpResponse:
    request.session.flush()
    return HttpResponse("left")


urlpatterns = [
    route("set", django_set),
    route("delete", django_delete),
    route("read", django_read),
    route("visit", django_visit),
    route("leave", django_leave),
]

# What makes the application, and the name of its session cookie.
FRAMEWORKS: dict[str, tuple[Callable[[], Any], str]] = {
    "Flask": (flask_site, "session"),
    "Django": (lambda: django_site.application, "sessionid"),
}
