"""A real browser for tests: Chromium, headless, as Debian packages it, driven by Playwright.

Every name below `localhost` and below `test` is 127.0.0.1 to it. Names below `localhost` are secure contexts, with all
that browsers do there alone (cookies that are Secure, Sec-Fetch-Site); names below `test` are as all others of the web.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from certificates import Certificate
from installed_programs import program
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Frame, Page, Response, sync_playwright

# Nothing of what it does for its own purposes: it would look up hosts of Google's at each start.
_QUIET = (
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-quic",
    "--disable-sync",
    "--no-first-run",
)
_HOSTS = "--host-resolver-rules=MAP *.localhost 127.0.0.1, MAP *.test 127.0.0.1"

_PATIENCE = 60_000  # milliseconds, the longest wait for anything: a shared machine is slow now and then

# Reports go out at once instead of after a minute, but for those of report-uri, which always do.
_REPORTS = "--short-reporting-delay"

# In every document, before anything of its own; CSP3 5.3.
_LISTENER = """
    window.violations = [];
    document.addEventListener("securitypolicyviolation", event => window.violations.push(
        [event.effectiveDirective, event.blockedURI, event.disposition]
    ));
"""

# Of a frame whose document was refused.
REFUSED = "chrome-error://chromewebdata/"


@contextlib.contextmanager
def chromium(certificate: Certificate) -> Iterator[Browser]:
    """Run Chromium until the block ends, as one that trusts a certificate; skips or fails without Chromium."""
    path = program("chromium", "chromium-browser", "google-chrome", package="chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path,
            args=[*_QUIET, _HOSTS, _REPORTS, f"--ignore-certificate-errors-spki-list={certificate.pin}"],
            chromium_sandbox=False,  # root, as in containers, cannot have it
            timeout=_PATIENCE,
        )
        try:
            yield browser
        finally:
            browser.close()


class Tab:
    """One tab of a new profile, and what it said while it showed pages.

    console   errors and warnings, those of the browser itself included
    """

    def __init__(self, context: BrowserContext) -> None:
        context.set_default_timeout(_PATIENCE)
        context.add_init_script(_LISTENER)
        self.context = context
        self.page: Page = context.new_page()
        self.console: list[str] = []
        self.page.on("console", self._told)

    def _told(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.console.append(message.text)

    def open(self, address: str) -> Response:
        """Show a page until all of it is loaded, and return its response."""
        response = self.page.goto(address)
        assert response is not None
        return response

    def text(self) -> str:
        """What the page reads."""
        return self.page.inner_text("body")

    def get(self, name: str) -> Any:
        """Return a global variable of the page; None where it is undefined."""
        return self.page.evaluate(f"window.{name}")

    def violations(self, number: int = 0) -> list[list[str]]:
        """Return directive, blocked address and disposition of each violation, once there are so many."""
        self.page.wait_for_function("number => window.violations.length >= number", arg=number)
        return sorted(self.get("violations"))

    def frame(self) -> Frame:
        """The one frame of the page, once it shows a document."""
        (frame,) = self.page.main_frame.child_frames
        frame.wait_for_load_state()
        return frame

    def submit(self) -> Response:
        """Click the one button of the page, and return the response to its form."""
        with self.page.expect_navigation() as navigation:
            self.page.click("button")
        assert navigation.value is not None
        return navigation.value

    def cookies(self) -> dict[str, Any]:
        """Return what is stored, by name."""
        return {cookie["name"]: cookie for cookie in self.context.cookies()}


@contextlib.contextmanager
def opened(browser: Browser) -> Iterator[Tab]:
    """Open a tab with a profile of its own, that nothing was stored in."""
    context = browser.new_context()
    try:
        yield Tab(context)
    finally:
        context.close()
