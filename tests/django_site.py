"""The one configuration of Django in a test process, and a small site: it can be configured only once."""

from __future__ import annotations

import io
from typing import Any

import django
from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.core.wsgi import get_wsgi_application
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.middleware.csrf import get_token
from django.urls import path

settings.configure(
    ALLOWED_HOSTS=["*"],
    DEBUG=False,
    LOGGING_CONFIG=None,
    MIDDLEWARE=[
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.common.CommonMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
    ],
    ROOT_URLCONF=__name__,
    SECRET_KEY="a key of the tests",
    SESSION_ENGINE="django.contrib.sessions.backends.signed_cookies",
    TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates"}],
)
django.setup()


def index(request: HttpRequest) -> HttpResponse:
    """How often this session was here."""
    visits = request.session.get("visits", 0) + 1
    request.session["visits"] = visits
    return HttpResponse(f"visit {visits}")


def form(request: HttpRequest) -> HttpResponse:
    """A form with a token; what is posted to it goes back to the index."""
    if request.method == "POST":
        return HttpResponseRedirect("/")
    return HttpResponse(
        f"<form method=post action=/form/><input name=csrfmiddlewaretoken value={get_token(request)}></form>"
    )


def cookies(request: HttpRequest) -> HttpResponse:
    """Cookies as Django makes them: each line begins with a blank."""
    response = HttpResponse("cookies")
    response.set_cookie("theme", "dark")
    response.set_cookie("sid", "1", path="/app", samesite="Strict")
    response.set_cookie("flash", "a b", secure=True, httponly=True)
    response.delete_cookie("gone")
    return response


def boom(request: HttpRequest) -> HttpResponse:
    """An error for Django's own page."""
    raise RuntimeError("handled by Django")


def denied(request: HttpRequest) -> HttpResponse:
    """A refusal for Django's own page."""
    raise PermissionDenied


def stream(request: HttpRequest) -> StreamingHttpResponse:
    """A body in parts."""
    return StreamingHttpResponse(iter([b"one ", b"two"]))


def download(request: HttpRequest) -> FileResponse:
    """A file, which Django hands to wsgi.file_wrapper where there is one."""
    return FileResponse(io.BytesIO(b"octets" * 1000), filename="octets.bin")


def bad(request: HttpRequest) -> HttpResponse:
    """A head that must not be sent; Django itself refuses line ends alone."""
    return HttpResponse("bad", headers={"X-Bad": "a\0b"})


urlpatterns = [
    path("", index),
    path("form/", form),
    path("cookies/", cookies),
    path("boom/", boom),
    path("denied/", denied),
    path("stream/", stream),
    path("download/", download),
    path("bad/", bad),
]

application: Any = get_wsgi_application()
