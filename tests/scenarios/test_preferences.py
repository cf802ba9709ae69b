"""Somebody who likes it dark and large: chooses, comes back, changes, forgets; another site tries."""

from __future__ import annotations

import pytest
from assertions import meaning
from browsing import FORGED, Kept, browser, buttons, heading, kept, settled

from examples.preferences import application

YEAR = 31_536_000


def test_preferences_are_kept_and_forgotten() -> None:
    """What was chosen is there for a year at most, until it is chosen anew or forgotten."""
    visitor = browser(application)

    page = visitor.get("/")
    assert heading(page) == "A light page with medium letters"
    assert kept(visitor) == {}

    form = page.forms["choose"]
    form["theme"], form["font_size"] = "dark", "large"
    page = settled(form.submit())
    assert heading(page) == "A dark page with large letters"
    assert page.html.html["class"] == ["dark", "large"]
    assert page.forms["choose"]["theme"].value == "dark"
    assert kept(visitor) == {
        "theme": Kept("dark", 365, "/", True, False, "Lax"),
        "font_size": Kept("large", 365, "/", True, True, "Lax"),
    }

    page.forms["choose"]["font_size"] = "small"
    settled(page.forms["choose"].submit())
    assert heading(visitor.get("/")) == "A dark page with small letters"

    page = settled(visitor.get("/").forms["forget"].submit())
    assert heading(page) == "A light page with medium letters"
    assert buttons(page) == ["Remember it", "Forget it"]
    assert kept(visitor) == {}


def test_deletions_are_no_shorter_life() -> None:
    """A deletion leaves as the application sent it, with the attributes that the policy adds to it."""
    visitor = browser(application)
    settled(visitor.get("/").forms["choose"].submit())

    lines = visitor.get("/").forms["forget"].submit().headers.getall("Set-Cookie")

    gone = "Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=0; Path=/; Secure"
    assert lines == [f"theme=; {gone}; SameSite=Lax", f"font_size=; {gone}; HttpOnly; SameSite=Lax"]


def test_what_may_be_stored() -> None:
    """The page is as one visitor wants it, the style sheet is for all, and both load nothing of others."""
    visitor = browser(application)

    page, style = meaning(visitor.get("/").headerlist), meaning(visitor.get("/style.css").headerlist)

    assert page["cache-control"] == ["private", "no-cache"]
    assert (style["cache-control"], style["content-type"]) == (["public", "max-age=3600"], ["text/css; charset=utf-8"])
    for head in (page, style):
        csp = "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'"
        assert head["content-security-policy"] == [csp]
        assert head["strict-transport-security"] == [f"max-age={YEAR}"]
        assert "set-cookie" not in head


@pytest.mark.parametrize("field", ["theme=purple", "theme=", 'font_size="><script>', "theme=dark; theme=light"])
def test_a_cookie_that_says_something_else(field: str) -> None:
    """It counts as none, and what it says is nowhere on the page; of two the first counts."""
    page = browser(application).get("/", headers={"Cookie": field})

    theme = "dark" if "dark" in field else "light"
    assert heading(page) == f"A {theme} page with medium letters"
    assert "script" not in page and "purple" not in page


def test_what_cannot_be_chosen_is_not_kept() -> None:
    """A form that was tampered with sets no cookie."""
    visitor = browser(application)

    settled(visitor.post("/choose", {"theme": "purple", "size": "large"}))

    assert kept(visitor) == {}


@pytest.mark.parametrize("path", ["/choose", "/forget"])
def test_another_site_changes_nothing(path: str) -> None:
    """Its form is refused before the application sees it, and the refusal is not stored."""
    visitor = browser(application)
    form = visitor.get("/").forms["choose"]
    form["theme"] = "dark"
    settled(form.submit())

    refused = visitor.post(path, {"theme": "light"}, headers=FORGED, status=403)

    assert refused.headers.getall("Set-Cookie") == []
    assert refused.headers["Cache-Control"] == "no-store"
    assert heading(visitor.get("/")) == "A dark page with medium letters"
