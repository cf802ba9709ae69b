"""Ada logs in, works and logs out; others guess, toss, tamper, replay, and post forms of other sites in her name."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from assertions import meaning
from browsing import FORGED, HOST, Kept, browser, heading, kept, settled
from cookie_exchange import stamper
from werkzeug.security import generate_password_hash

from examples import login
from examples.login import KEY, SESSIONS, app

HOUR = 3600

PLEASE, HELLO = "Please log in", "Hello ada"


@pytest.fixture(autouse=True)
def sessions(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No session is open before or after a test, and the hashes of passwords cost no time."""
    monkeypatch.setitem(login.PASSWORDS, "ada", generate_password_hash("analytical", "pbkdf2:sha256:1"))
    monkeypatch.setattr(login, "NOBODYS", generate_password_hash("of nobody", "pbkdf2:sha256:1"))
    yield SESSIONS.clear()
    SESSIONS.clear()


def log_in(visitor: Any, password: str = "analytical", *, status: int = 303) -> Any:
    """Fill the form in, send it, and return the response."""
    form = visitor.get("/").forms["login"]
    form["name"], form["password"] = "ada", password
    return form.submit(status=status)


def cookie_of(visitor: Any) -> str:
    """Return what the browser sends, as a field."""
    return "; ".join(f"{name}={cookie.value}" for name, cookie in kept(visitor).items())


def seen_with(field: str) -> str:
    """Return what the page says to a client that sends this Cookie field."""
    return heading(browser(app).get("/", headers={"Cookie": field}))


def test_ada_logs_in_and_out() -> None:
    """The browser holds one cookie under the prefix, and none when she has logged out."""
    ada = browser(app)
    assert heading(ada.get("/")) == PLEASE
    assert kept(ada) == {}

    page = settled(log_in(ada))
    assert heading(page) == HELLO
    (session_id,) = SESSIONS
    signed = kept(ada)["__Host-login"].value
    assert stamper(KEY, "login").unsign(signed, max_age=60) == session_id.encode()
    assert kept(ada) == {"__Host-login": Kept(signed, None, "/", True, True, "Strict")}
    assert heading(ada.get("/")) == HELLO

    gone = page.forms["logout"].submit()
    assert gone.headers["Clear-Site-Data"] == '"cache", "storage"'
    assert heading(settled(gone)) == PLEASE
    assert kept(ada) == {} == SESSIONS


def test_nothing_of_the_account_is_kept_or_framed() -> None:
    """Every page, the redirects and the refusals included, is never stored, never framed, and runs no script."""
    ada = browser(app)
    for response in (
        ada.get("/"),
        log_in(ada, "wrong", status=403),
        log_in(ada),
        ada.get("/"),
        ada.post("/logout", headers=FORGED, status=403),
        ada.get("/nowhere", status=404),
    ):
        said = meaning(response.headerlist)
        assert said["cache-control"] == ["no-store"]
        assert said["x-frame-options"] == ["DENY"]
        assert said["strict-transport-security"] == ["max-age=63072000; includeSubDomains"]
        (csp,) = said["content-security-policy"]
        assert "script-src 'none'" in csp and "frame-ancestors 'none'" in csp
        assert "clear-site-data" not in said


@pytest.mark.parametrize(
    ("name", "password"), [("ada", "wrong"), ("ada", ""), ("eve", "analytical"), ("", ""), ("<b>", "x")]
)
def test_a_wrong_password(name: str, password: str) -> None:
    """The page says so, opens nothing, sets nothing, and does not say which of the two was wrong."""
    visitor = browser(app)

    refused = visitor.post("/login", {"name": name, "password": password}, status=403)

    assert "That is no name and password of ours." in refused
    assert kept(visitor) == {} == SESSIONS
    assert heading(visitor.get("/")) == PLEASE


def test_each_login_opens_a_session_of_its_own() -> None:
    """No session id outlives the login it was there before (fixation); a second browser is a second session."""
    ada, elsewhere = browser(app), browser(app)
    log_in(ada)
    first = cookie_of(ada)
    log_in(elsewhere)

    assert len(SESSIONS) == 2 and cookie_of(elsewhere) != first
    settled(elsewhere.get("/").forms["logout"].submit())
    assert heading(ada.get("/")) == HELLO


def test_tampering() -> None:
    """What was changed, signed with another key, taken from another cookie, or is too old shows nobody's account."""
    log_in(ada := browser(app))
    (session_id,) = SESSIONS
    value = kept(ada)["__Host-login"].value
    assert seen_with(f"__Host-login={value}") == HELLO

    body, stamp, signature = value.rsplit(".", 2)
    others = {
        "another value": f"{'x' * len(body)}.{stamp}.{signature}",
        "another date": f"{body}.{'A' * len(stamp)}.{signature}",
        "another signature": f"{body}.{stamp}.{'A' * len(signature)}",
        "no signature": session_id,
        "cut": value[:-1],
        "lengthened": f"{value}A",
        "another key": stamper("a key of somebody else's", "login").sign(session_id).decode(),
        "another cookie": stamper(KEY, "theme").sign(session_id).decode(),
        "too old": stamper(KEY, "login", age=8 * HOUR + 60).sign(session_id).decode(),
    }
    assert {why: seen_with(f"__Host-login={other}") for why, other in others.items()} == dict.fromkeys(others, PLEASE)
    in_time = stamper(KEY, "login", age=8 * HOUR - 60).sign(session_id).decode()
    assert seen_with(f"__Host-login={in_time}") == HELLO


def test_tossing() -> None:
    """A sibling domain cannot set a cookie of that name; a bare one is not shown to the application, alone or first."""
    log_in(eve := browser(app))
    theirs = kept(eve)["__Host-login"].value
    (session_of_eve,) = SESSIONS
    for tossed in (f"login={theirs}", f"login={session_of_eve}", f"__host-login={theirs}", f"__Secure-login={theirs}"):
        assert seen_with(tossed) == PLEASE

    log_in(ada := browser(app))
    SESSIONS[session_of_eve] = "eve"
    assert seen_with(f"login={theirs}; {cookie_of(ada)}") == HELLO


def test_a_copy_of_the_cookie_after_logout() -> None:
    """It still verifies, as signatures do until their time is over; it opens nothing, since the list is asked too."""
    log_in(ada := browser(app))
    copy = cookie_of(ada)
    (session_id,) = SESSIONS
    assert seen_with(copy) == HELLO

    settled(ada.get("/").forms["logout"].submit())

    assert seen_with(copy) == PLEASE
    # The signature alone would have let it in, and that is what the module says.
    SESSIONS[session_id] = "ada"
    assert seen_with(copy) == HELLO
    assert "A signature cannot be taken back" in (login.__doc__ or "")


@pytest.mark.parametrize(
    "fields",
    [FORGED, {"Origin": "null", "Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}],
    ids=["another site", "a sandbox", "a sibling domain"],
)
def test_forms_of_other_sites(fields: dict[str, str]) -> None:
    """They log nobody out, and nobody in to an account that is somebody else's."""
    log_in(ada := browser(app))

    ada.post("/logout", headers=fields, status=403)
    assert heading(ada.get("/")) == HELLO

    victim = browser(app)
    victim.post("/login", {"name": "ada", "password": "analytical"}, headers=fields, status=403)
    assert kept(victim) == {}


def test_older_browsers() -> None:
    """Without Sec-Fetch-Site the origin of a form is compared with the address of the page."""
    visitor = browser(app)
    del visitor.extra_environ["HTTP_SEC_FETCH_SITE"]
    form = {"name": "ada", "password": "analytical"}

    visitor.post("/login", form, headers={"Origin": "https://evil.example"}, status=403)
    visitor.post("/login", form, headers={"Origin": f"http://{HOST}"}, status=403)
    visitor.post("/login", form, headers={"Origin": f"https://{HOST}"}, status=303)


def test_by_http_the_cookie_does_not_come_back() -> None:
    """It is Secure there too; who logs in by http sees the form again, and is sent nowhere else."""
    visitor = browser(app, scheme="http")

    assert heading(settled(log_in(visitor))) == PLEASE
    assert kept(visitor)["__Host-login"].secure


def test_a_browser_without_cookies() -> None:
    """Who logs in there sees the form again, with what it takes, and is sent round in no circle."""
    visitor = browser(app, cookies=False)

    page = log_in(visitor).follow()

    assert (page.status_int, heading(page)) == (200, PLEASE)
    assert "Your browser must take cookies for that." in page
