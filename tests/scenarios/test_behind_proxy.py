"""The same application by http and by https: what the proxy says of the scheme is believed, and nothing else is."""

from __future__ import annotations

from typing import Any

import pytest
from assertions import meaning
from browsing import browser, heading, kept, settled

from examples import behind_proxy, preferences

HSTS = "max-age=63072000; includeSubDomains"

# What the server is told of each request, and whether the user's own was one by https.
TOLD = {
    "no proxy in front": ({}, False),
    "by https": ({"HTTP_X_FORWARDED_PROTO": "https"}, True),
    "by http": ({"HTTP_X_FORWARDED_PROTO": "http"}, False),
    "what the client said comes first": ({"HTTP_X_FORWARDED_PROTO": "https, http"}, False),
    "what the client said is wrong": ({"HTTP_X_FORWARDED_PROTO": "http, https"}, True),
    "in the words of other proxies": (
        {"HTTP_FORWARDED": "proto=https", "HTTP_X_FORWARDED_SSL": "on", "HTTP_FRONT_END_HTTPS": "on"},
        False,
    ),
    "a port alone": ({"HTTP_X_FORWARDED_PORT": "443"}, False),
    "an empty line": ({"HTTP_X_FORWARDED_PROTO": ""}, False),
}


def choose_dark(visitor: Any) -> Any:
    """Choose the dark theme, and return the response to the form."""
    form = visitor.get("/").forms["choose"]
    form["theme"] = "dark"
    return form.submit()


@pytest.mark.parametrize(("environ", "by_https"), TOLD.values(), ids=TOLD)
def test_the_proxys_word_counts(environ: dict[str, str], by_https: bool) -> None:
    """Strict-Transport-Security and Secure are there where the user's request came by https, and only there."""
    visitor = browser(behind_proxy.application, scheme="http", **environ)

    response = choose_dark(visitor)

    assert meaning(response.headerlist).get("strict-transport-security", []) == ([HSTS] if by_https else [])
    assert [cookie.secure for cookie in kept(visitor).values()] == [by_https, by_https]


@pytest.mark.parametrize(("environ", "by_https"), TOLD.values(), ids=TOLD)
def test_without_proxy_fix_it_is_only_what_a_client_says(environ: dict[str, str], by_https: bool) -> None:
    """The same lines change nothing where no ProxyFix stands outside: any client can send them."""
    visitor = browser(preferences.application, scheme="http", **environ)

    response = choose_dark(visitor)

    assert "Strict-Transport-Security" not in response.headers
    assert [cookie.secure for cookie in kept(visitor).values()] == [False, False]


def test_a_journey_behind_the_proxy() -> None:
    """The user is at https throughout, the server at http."""
    visitor = browser(behind_proxy.application, scheme="http", HTTP_X_FORWARDED_PROTO="https")
    response = choose_dark(visitor)

    # The client of this test speaks http to the server; a browser keeps its cookies for the proxy's https.
    assert all(cookie.secure for cookie in kept(visitor).values())
    field = "; ".join(f"{name}={cookie.value}" for name, cookie in kept(visitor).items())
    page = visitor.get(response.location, headers={"Cookie": field})

    assert heading(page) == "A dark page with medium letters"
    assert page.headers["Strict-Transport-Security"] == HSTS


def test_the_visitors_address_is_not_the_clients_to_say() -> None:
    """What no proxy of ours sets is not believed: X-Forwarded-For stays what it is, a field of the request."""
    seen = []

    def app(environ: Any, start_response: Any) -> Any:
        seen.append(environ["REMOTE_ADDR"])
        return behind_proxy.application.app(environ, start_response)

    proxied = type(behind_proxy.application)(app, x_for=behind_proxy.application.x_for, x_proto=1)
    browser(proxied, REMOTE_ADDR="10.0.0.7", HTTP_X_FORWARDED_FOR="203.0.113.9").get("/")

    assert seen == ["10.0.0.7"]


def test_by_https_without_a_proxy_nothing_is_lost() -> None:
    """A server that speaks https itself says so in wsgi.url_scheme, and that stands where no proxy speaks."""
    settled(choose_dark(visitor := browser(behind_proxy.application)))

    assert visitor.get("/").headers["Strict-Transport-Security"] == HSTS
