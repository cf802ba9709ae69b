"""The same purchase in three browsers: one takes cookies, one takes none, one loses them."""

from __future__ import annotations

from typing import Any

import pytest
from browsing import FORGED, Kept, browser, heading, kept, settled

from examples.cookieless import app

NOTICE = "Your browser sent no cookie"


def put(page: Any, good: str) -> Any:
    """Press the button of a thing, and return the response."""
    return page.forms["add"].submit("good", value=good)


def test_with_cookies() -> None:
    """The basket is in a cookie, and the address is clean once the cookie came back."""
    visitor = browser(app)

    page = visitor.get("/")
    for good, basket in (("plums", "plums"), ("apples", "apples, plums"), ("plums", "apples, plums")):
        page = settled(put(page, good))
        assert heading(page) == f"In the basket: {basket}"
        assert NOTICE not in page
        assert page.request.query_string == ""
    assert kept(visitor) == {"__Host-basket": Kept("apples.plums", None, "/", True, True, "Lax")}
    assert heading(visitor.get("/")) == "In the basket: apples, plums"


def test_without_cookies() -> None:
    """The basket is in the address, and the page says why; one redirect after each button and no more."""
    visitor = browser(app, cookies=False)

    page = visitor.get("/")
    for good, basket in (("plums", "plums"), ("apples", "apples, plums"), ("pears", "apples, pears, plums")):
        answer = put(page, good)
        assert (answer.status_int, len(answer.headers.getall("Set-Cookie"))) == (303, 1)
        page = answer.follow()
        assert page.status_int == 200
        assert heading(page) == f"In the basket: {basket}"
        assert NOTICE in page
    assert kept(visitor) == {}
    assert page.request.query_string == "basket=apples.pears.plums"
    assert heading(visitor.get("/")) == "In the basket: nothing"


def test_cookies_that_are_lost_on_the_way() -> None:
    """Who deletes the cookie between two pages has an empty basket at the clean address, and is sent nowhere."""
    visitor = browser(app)
    settled(put(visitor.get("/"), "plums"))

    visitor.reset()

    page = visitor.get("/")
    assert page.status_int == 200
    assert heading(page) == "In the basket: nothing"
    assert heading(settled(put(page, "pears"))) == "In the basket: pears"


@pytest.mark.parametrize("basket", ["gold", "", "apples.gold", "<script>", "apples" * 1000])
def test_an_address_that_was_made_up(basket: str) -> None:
    """What the shop does not have is in no basket, nor on the page."""
    page = browser(app, cookies=False).get("/", {"basket": basket})

    assert heading(page) == ("In the basket: apples" if basket == "apples.gold" else "In the basket: nothing")
    assert "gold" not in page and "<script>" not in page


def test_a_basket_that_somebody_tossed() -> None:
    """A cookie without the prefix is none of ours."""
    page = browser(app).get("/", headers={"Cookie": "basket=plums"})

    assert heading(page) == "In the basket: nothing"


def test_the_address_is_nobody_elses_business() -> None:
    """Links to other sites do not tell the basket, nor does a cache; another site puts nothing into it."""
    visitor = browser(app, cookies=False)
    page = put(visitor.get("/"), "plums").follow()

    assert page.headers["Referrer-Policy"] == "same-origin"
    assert page.headers["Cache-Control"] == "no-store"
    visitor.post("/add", {"good": "plums"}, headers=FORGED, status=403)
