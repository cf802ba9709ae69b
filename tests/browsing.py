"""A browser for journeys: webtest's client with its lint on, a jar for cookies, and what browsers say of a request."""

from __future__ import annotations

import time
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any, NamedTuple

import webtest

HOST = "www.example"

# What a browser sends with a form that a page of another site posts.
FORGED = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}

DAY = 86_400  # seconds

# The most redirects in a row that a journey may need.
LONGEST = 3


class Kept(NamedTuple):
    """A cookie in a jar; `days` to come, None until the browser is closed."""

    value: str
    days: int | None
    path: str
    secure: bool
    http_only: bool
    same_site: str | None


def browser(app: Any, *, scheme: str = "https", cookies: bool = True, **environ: str) -> webtest.TestApp:
    """Return a browser that asks HOST.

    scheme    what the server was asked by
    cookies   whether it takes any
    environ   more keys of each request, HTTP_ACCEPT_LANGUAGE="de"
    """
    jar = None if cookies else CookieJar(DefaultCookiePolicy(allowed_domains=[]))
    port = "443" if scheme == "https" else "80"
    said = {"wsgi.url_scheme": scheme, "HTTP_HOST": HOST, "SERVER_PORT": port, "HTTP_SEC_FETCH_SITE": "same-origin"}
    return webtest.TestApp(app, extra_environ={**said, **environ}, cookiejar=jar)


def kept(browser: webtest.TestApp) -> dict[str, Kept]:
    """Return what the jar holds, by name."""
    return {
        cookie.name: Kept(
            cookie.value or "",
            None if cookie.expires is None else round((cookie.expires - time.time()) / DAY),
            cookie.path,
            cookie.secure,
            cookie.has_nonstandard_attr("HttpOnly"),
            cookie.get_nonstandard_attr("SameSite"),
        )
        for cookie in browser.cookiejar
    }


def settled(response: webtest.TestResponse) -> webtest.TestResponse:
    """Return the page that the redirects lead to; AssertionError where they do not end."""
    for _ in range(LONGEST):
        if not 300 <= response.status_int < 400:
            return response
        response = response.follow()
    raise AssertionError(f"redirected for the {LONGEST + 1}th time: {response.location}")


def heading(response: webtest.TestResponse) -> str:
    """Return what the page says in its heading."""
    return str(response.html.h1.get_text())


def buttons(response: webtest.TestResponse) -> list[str]:
    """Return what the buttons of the page say."""
    return [button.get_text() for button in response.html.find_all("button")]
