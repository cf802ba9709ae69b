"""Visitors of several countries, one who chooses another language, and a cache between them and the page."""

from __future__ import annotations

from typing import Any

import pytest
from assertions import meaning
from browsing import Kept, browser, heading, kept, settled

from examples.languages import application

ACCEPTED = {
    "de": ("de", "Willkommen"),
    "de-AT": ("de", "Willkommen"),
    "fr-CA, fr;q=0.8, en;q=0.5": ("fr", "Bienvenue"),
    "en;q=0.3, de;q=0.7": ("de", "Willkommen"),
    "es, pt": ("en", "Welcome"),
    "de;q=0, fr;q=0.1": ("fr", "Bienvenue"),
    "": ("en", "Welcome"),
    "*": ("en", "Welcome"),
    ";;q=,": ("en", "Welcome"),
    "de;q=high": ("en", "Welcome"),
}


@pytest.mark.parametrize(("accepted", "said"), ACCEPTED.items(), ids=repr)
def test_the_browser_says_what_it_prefers(accepted: str, said: tuple[str, str]) -> None:
    """The page is in that language, says so in its head, and caches learn what it depends on."""
    language, greeting = said

    page = browser(application, HTTP_ACCEPT_LANGUAGE=accepted).get("/")

    assert heading(page) == greeting
    assert page.html.html["lang"] == language
    head = meaning(page.headerlist)
    assert head["content-language"] == [language]
    assert head["cache-control"] == ["public", "max-age=300"]
    assert head["vary"] == ["Accept-Language", "Cookie"]


def test_a_visitor_chooses() -> None:
    """The choice beats what the browser says, for a year, and can be changed."""
    visitor = browser(application, HTTP_ACCEPT_LANGUAGE="de")
    assert heading(visitor.get("/")) == "Willkommen"

    page = settled(visitor.get("/").click("fr"))
    assert heading(page) == "Bienvenue"
    assert kept(visitor) == {"language": Kept("fr", 365, "/", True, True, "Lax")}

    assert heading(settled(page.click("en"))) == "Welcome"
    assert page.headers["Content-Language"] == "fr"
    assert heading(visitor.get("/")) == "Welcome"


def test_what_was_chosen_is_not_shared() -> None:
    """The page of who has chosen is private, and says like every other what it depends on."""
    visitor = browser(application, HTTP_ACCEPT_LANGUAGE="de")
    page = settled(visitor.get("/fr"))

    head = meaning(page.headerlist)
    assert head["cache-control"] == ["private", "max-age=300"]
    assert head["vary"] == ["Accept-Language", "Cookie"]


def test_a_response_that_sets_the_cookie_is_kept_by_nobody() -> None:
    """The redirect is private and says no lifetime, and what is no 200 has no language."""
    chosen = browser(application).get("/de")

    assert chosen.status_int == 303 and chosen.headers["Set-Cookie"].startswith("language=de")
    assert meaning(chosen.headerlist)["cache-control"] == ["private"]
    assert "Content-Language" not in chosen.headers
    assert "Content-Language" not in browser(application).get("/es", status=404).headers


@pytest.mark.parametrize("value", ["es", "", "DE", "de fr", "<b>"])
def test_a_cookie_that_is_no_language(value: str) -> None:
    """It is no choice, so the browser's preference counts, and the page may be shared."""
    page = browser(application, HTTP_ACCEPT_LANGUAGE="fr").get("/", headers={"Cookie": f"language={value}"})

    assert heading(page) == "Bienvenue"
    assert "public" in meaning(page.headerlist)["cache-control"]


class SharedCache:
    """A cache between, as RFC 9111 4.1 has it: a stored response is for requests whose named fields are the same."""

    def __init__(self, app: Any) -> None:
        self._app = app
        self._stored: list[tuple[dict[str, str], dict[str, str], Any]] = []
        self.passed_on = 0

    def get(self, path: str, fields: dict[str, str]) -> Any:
        """Return what is stored for such a request, else what the application answers."""
        for target, named, response in self._stored:
            if target == {"path": path} and all(fields.get(name, "") == value for name, value in named.items()):
                return response
        self.passed_on += 1
        response = browser(self._app).get(path, headers=fields)
        head = meaning(response.headerlist)
        if "public" in head.get("cache-control", []):
            self._stored.append(({"path": path}, {name: fields.get(name, "") for name in head["vary"]}, response))
        return response


def test_a_cache_between_gives_everybody_the_right_page() -> None:
    """One copy for each list of languages, and none for who has chosen."""
    cache = SharedCache(application)
    asked = [
        ({"Accept-Language": "de"}, "Willkommen", 1),
        ({"Accept-Language": "de"}, "Willkommen", 1),
        ({"Accept-Language": "fr"}, "Bienvenue", 2),
        ({}, "Welcome", 3),
        ({"Accept-Language": "de", "Cookie": "language=en"}, "Welcome", 4),
        ({"Accept-Language": "de", "Cookie": "language=en"}, "Welcome", 5),
        ({"Accept-Language": "de"}, "Willkommen", 5),
        ({"Accept-Language": "de", "Cookie": "language=fr"}, "Bienvenue", 6),
    ]

    assert [(heading(cache.get("/", fields)), cache.passed_on) for fields, _, _ in asked] == [
        (greeting, passed_on) for _, greeting, passed_on in asked
    ]
