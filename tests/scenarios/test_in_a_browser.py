"""The same journeys with a real browser, at the address that the command of README prints: http on a loopback address.

Needs Chromium: `pytest -m browsers` after `apt-get install chromium`.
"""

from __future__ import annotations

import contextlib
import re
import signal
from collections.abc import Iterator

import pytest
from browsers import Tab, chromium, opened
from certificates import certificate
from command_process import ROOT, started
from playwright.sync_api import Browser

pytestmark = pytest.mark.browsers


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """One browser for all tests: a tab has a profile of its own."""
    with chromium(certificate(tmp_path_factory.mktemp("certificate"), "127.0.0.1")) as running_browser:
        yield running_browser


@contextlib.contextmanager
def visiting(browser: Browser, reference: str) -> Iterator[tuple[Tab, str]]:
    """Serve an example, open its first page in a new tab, and give both; nothing may be objected to meanwhile."""
    with started(ROOT, "serve", reference, lines=2) as run, opened(browser) as tab:
        address = run.announced[0].partition("  ")[0]
        tab.open(address)
        yield tab, address
        assert tab.violations() == []


def press(tab: Tab, button: str) -> None:
    """Press the button of that name, and wait for the page that comes of it."""
    with tab.page.expect_navigation():
        tab.page.get_by_role("button", name=button).click()


def test_preferences(browser: Browser) -> None:
    """The page is dark with large letters: its style sheet is let in, and its cookies come back."""
    with visiting(browser, "examples.preferences:application") as (tab, _):
        look = "[getComputedStyle(document.body).backgroundColor, getComputedStyle(document.documentElement).fontSize]"
        assert tab.page.evaluate(look) == ["rgb(255, 255, 255)", "16px"]

        tab.page.select_option("[name=theme]", "dark")
        tab.page.select_option("[name=font_size]", "large")
        press(tab, "Remember it")
        assert tab.page.evaluate(look) == ["rgb(0, 0, 0)", "24px"]
        assert set(tab.cookies()) == {"theme", "font_size"}
        assert tab.page.evaluate("document.cookie") == "theme=dark"

        press(tab, "Forget it")
        assert tab.page.evaluate(look) == ["rgb(255, 255, 255)", "16px"]
        assert tab.cookies() == {}


def test_login(browser: Browser) -> None:
    """The prefixed cookie is kept and out of reach of scripts; after logout the page before shows nothing any more."""
    with visiting(browser, "examples.login:app") as (tab, _):
        tab.page.fill("[name=name]", "ada")
        tab.page.fill("[name=password]", "analytical")
        press(tab, "Log in")
        assert "Hello ada" in tab.text()
        cookie = tab.cookies()["__Host-login"]
        assert (cookie["secure"], cookie["httpOnly"], cookie["sameSite"]) == (True, True, "Strict")
        assert tab.page.evaluate("document.cookie") == ""

        press(tab, "Log out")
        assert "Please log in" in tab.text()
        assert tab.cookies() == {}
        tab.page.go_back()
        assert "Hello" not in tab.text()


def test_consent(browser: Browser) -> None:
    """Nothing is stored before the visitor agrees, and what was stored goes with the withdrawal."""
    with visiting(browser, "examples.consent:app") as (tab, address):
        assert "May we count your visits?" in tab.text()
        assert tab.cookies() == {}

        press(tab, "Yes, count me")
        assert "May we count" not in tab.text()
        assert set(tab.cookies()) == {"consent", "visitor"}

        press(tab, "No, do not count me")
        tab.open(address)
        assert "May we count" not in tab.text()
        assert set(tab.cookies()) == {"consent"}


def test_cookieless(browser: Browser) -> None:
    """The basket is in the cookie and the address is clean."""
    with visiting(browser, "examples.cookieless:app") as (tab, address):
        press(tab, "plums")
        press(tab, "apples")
        assert "In the basket: apples, plums" in tab.text()
        assert tab.page.url == address
        assert set(tab.cookies()) == {"__Host-basket"}


def test_article(browser: Browser) -> None:
    """A reload asks with the tag of what the browser keeps, and shows that; the style sheet is asked for once."""
    with started(ROOT, "serve", "examples.article:application", lines=2) as run, opened(browser) as tab:
        tab.open(run.announced[0].partition("  ")[0])
        tab.page.get_by_role("link", name="Moss").click()
        for _ in range(2):
            assert "It grows where it is wet." in tab.text()
            tab.page.reload()
        _, log = run.ended_by(signal.SIGINT)

    asked = re.findall(r'"GET (\S+) HTTP/1.1" (\d+)', log)
    assert [status for path, status in asked if path == "/articles/moss"] == ["200", "304", "304"]
    assert [status for path, status in asked if path.startswith("/static/")] == ["200"]


def test_csv_download(browser: Browser) -> None:
    """The browser saves the file under the name with its umlaut and its dash."""
    with visiting(browser, "examples.csv_download:application") as (tab, _):
        with tab.page.expect_download() as download:
            tab.page.get_by_role("link", name="2026").click()

        assert download.value.suggested_filename == "Umsätze 2026 – alle Filialen.csv"
        assert "Köln,1310.00" in download.value.path().read_text(encoding="utf-8")
