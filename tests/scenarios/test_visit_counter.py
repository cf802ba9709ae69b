"""A visitor who comes again, from other pages too, with a cookie that was tampered with, and after a month."""

from __future__ import annotations

import pytest
from assertions import assert_head
from browsing import DAY, Kept, browser, kept
from wsgi import call

from examples.visit_counter import application


def test_visits_are_counted() -> None:
    """Each page counts for the whole site, and the counter lives for thirty days from the last visit."""
    visitor = browser(application)

    assert visitor.get("/").text == "Welcome to the garden. This is visit number 1.\n"
    assert visitor.get("/roses/white").text == "Welcome to the white roses. This is visit number 2.\n"
    assert visitor.get("/roses/").text == "Welcome to the roses. This is visit number 3.\n"
    assert kept(visitor) == {"visits": Kept("3", 30, "/", True, True, "Lax")}

    assert browser(application).get("/").text == "Welcome to the garden. This is visit number 1.\n"


def test_the_head_of_a_visit() -> None:
    """The cookie is what the policy makes of it, and nobody stores the page."""
    assert_head(
        call(application, scheme="http").lines,
        [
            ("Content-Type", "text/plain; charset=utf-8"),
            ("Set-Cookie", f"visits=1; Max-Age={30 * DAY}; Path=/; HttpOnly; SameSite=Lax"),
            ("Cache-Control", "no-store"),
            ("X-Content-Type-Options", "nosniff"),
            ("X-Frame-Options", "SAMEORIGIN"),
            ("Content-Security-Policy", "base-uri 'self'"),
            ("Referrer-Policy", "strict-origin-when-cross-origin"),
        ],
    )


def test_what_a_browser_asks_for_by_itself_is_no_visit() -> None:
    """A missing page counts nothing, and is not stored either."""
    visitor = browser(application)
    visitor.get("/")

    missing = visitor.get("/favicon.ico", status=404)

    assert missing.headers.getall("Set-Cookie") == []
    assert missing.headers["Cache-Control"] == "no-store"
    assert "visit number 2" in visitor.get("/")


@pytest.mark.parametrize("value", ["", "-5", "1e9", "9999999", "\u0662".encode().decode("latin-1"), "1; visits=41"])
def test_a_cookie_that_is_no_number(value: str) -> None:
    """Whoever changes the cookie starts again, or has the number that came first."""
    first = 2 if value.startswith("1;") else 1

    assert f"visit number {first}." in browser(application).get("/", headers={"Cookie": f"visits={value}"})
