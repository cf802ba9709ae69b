"""A visitor who is asked, says no, says yes, and changes the mind; another site says yes in the visitor's name."""

from __future__ import annotations

from typing import Any

import pytest
from assertions import meaning
from browsing import FORGED, Kept, browser, buttons, kept, settled

from examples.consent import app

YES, NO = "Yes, count me", "No, do not count me"
QUESTION = "May we count your visits?"


def decide(visitor: Any, decision: str) -> Any:
    """Press one of the buttons, and return the page that comes of it."""
    return settled(visitor.get("/").forms["consent"].submit("decision", value=decision))


def test_nobody_is_counted_before_they_agree() -> None:
    """Page after page sets nothing; the banner asks on each."""
    visitor = browser(app)

    for _ in range(3):
        page = visitor.get("/")
        assert QUESTION in page
        assert buttons(page) == [YES, NO]
        assert page.headers.getall("Set-Cookie") == []
    assert kept(visitor) == {}


def test_opting_in() -> None:
    """The visitor is one and the same from then on, for ninety days after the last visit; nobody is asked again."""
    visitor = browser(app)

    page = decide(visitor, "analytics")
    assert QUESTION not in page and buttons(page) == [NO]
    number = kept(visitor)["visitor"].value
    assert kept(visitor) == {
        "consent": Kept("analytics", 180, "/", True, True, "Lax"),
        "visitor": Kept(number, 90, "/", True, True, "Lax"),
    }
    visitor.get("/")
    assert kept(visitor)["visitor"].value == number


def test_opting_out() -> None:
    """No is remembered, and stops every cookie but the one that says so."""
    visitor = browser(app)

    page = decide(visitor, "nothing")
    assert QUESTION not in page and buttons(page) == [YES]
    for _ in range(2):
        assert visitor.get("/").headers.getall("Set-Cookie") == []
    assert kept(visitor) == {"consent": Kept("nothing", 180, "/", True, True, "Lax")}


def test_withdrawing() -> None:
    """The response that withdraws deletes what was set before, and nothing is set until the visitor agrees anew."""
    visitor = browser(app)
    decide(visitor, "analytics")
    first = kept(visitor)["visitor"].value

    response = visitor.get("/").forms["consent"].submit("decision", value="nothing")
    names = [line.partition("=")[0] for line in response.headers.getall("Set-Cookie")]
    assert names == ["consent", "visitor"]
    assert set(kept(visitor)) == {"consent"}
    assert settled(response).headers.getall("Set-Cookie") == []
    assert set(kept(visitor)) == {"consent"}

    decide(visitor, "analytics")
    assert kept(visitor)["visitor"].value != first


def test_what_was_not_asked_for_stays_away() -> None:
    """The campaign cookie, which the application sets and nobody gave a category, reaches nobody."""
    visitor = browser(app)
    for decision in ("analytics", "nothing", "analytics"):
        decide(visitor, decision)
        assert "campaign" not in kept(visitor)


@pytest.mark.parametrize(
    "consent",
    ["", "yes", "Analytics", "analytic", "nothing", "analytics ads", "\xff", "consent=analytics", "marketing"],
)
def test_a_consent_cookie_that_grants_something_else(consent: str) -> None:
    """What is not the category as the policy spells it grants nothing."""
    page = browser(app).get("/", headers={"Cookie": f"consent={consent}"})

    assert page.headers.getall("Set-Cookie") == []


@pytest.mark.parametrize("field", ["consent=analytics; consent=nothing", "consent=nothing; consent=analytics"])
def test_two_consent_cookies(field: str) -> None:
    """Only what both grant counts: a cookie that a sibling domain set opts nobody in."""
    assert browser(app).get("/", headers={"Cookie": field}).headers.getall("Set-Cookie") == []


def test_another_site_agrees_to_nothing() -> None:
    """A form that is sent in the visitor's name is refused."""
    visitor = browser(app)

    visitor.post("/consent", {"decision": "analytics"}, headers=FORGED, status=403)

    assert QUESTION in visitor.get("/")
    assert kept(visitor) == {}


def test_caches_are_told() -> None:
    """The page is the visitor's own and depends on the cookies, whatever the application said of it."""
    visitor = browser(app)

    for page in (visitor.get("/"), decide(visitor, "analytics"), decide(visitor, "nothing")):
        said = meaning(page.headerlist)
        assert said["cache-control"] == ["max-age=60", "private"]
        assert said["vary"] == ["Cookie"]
    answer = visitor.post("/consent", {"decision": "analytics"})
    assert meaning(answer.headerlist)["cache-control"] == ["private"]
