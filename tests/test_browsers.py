"""What a real browser makes of the heads: which scripts it runs, what it lets other origins do, which cookies it keeps.

Needs Chromium: `pytest -m browsers` after `apt-get install chromium`.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlencode

import pytest
from browsers import REFUSED, Tab, chromium, opened
from certificates import Certificate, certificate
from playwright.sync_api import Browser, Error
from servers import Server, gunicorn, running

pytestmark = pytest.mark.browsers


@pytest.fixture(scope="module")
def trusted(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    """The certificate of the sites below `test`."""
    return certificate(tmp_path_factory.mktemp("certificate"), "*.test", "127.0.0.1")


@pytest.fixture(scope="module")
def browser(trusted: Certificate) -> Iterator[Browser]:
    """One browser for all tests: a tab has a profile of its own."""
    with chromium(trusted) as running_browser:
        yield running_browser


@pytest.fixture(scope="module")
def sites(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server of all sites, by http."""
    with running("waitress", "browsed_sites:site", tmp_path_factory.mktemp("sites")) as server:
        yield server


@pytest.fixture(scope="module")
def secure_sites(browser: Browser, trusted: Certificate, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Another server of all sites, by https."""
    arguments = ["--threads=4", f"--certfile={trusted.file}", "browsed_sites:site"]
    with gunicorn(tmp_path_factory.mktemp("secure"), *arguments, trust=trusted.trust) as server:
        yield server


@pytest.fixture
def tab(browser: Browser) -> Iterator[Tab]:
    """A tab of a new profile."""
    with opened(browser) as new:
        yield new


def url(scheme: str, server: Server, host: str, path: str = "/", **query: str) -> str:
    """Return the address of a page of a server."""
    return f"{scheme}://{host}:{server.address[1]}{path}{'?' if query else ''}{urlencode(query)}"


@pytest.fixture
def at(sites: Server) -> Callable[..., str]:
    """What makes the address of a page by http: at("plain.localhost", "/path", text="<p>")."""
    return functools.partial(url, "http", sites)


def seen(sites: Server, what: str) -> list[Any]:
    """Return what the applications were called for ("calls"), or the "reports" that came."""
    return list(json.loads(sites.ask("/").body)[what])


# ----------------------------------------------------------------------------------------------------------------------
# Content-Security-Policy
# ----------------------------------------------------------------------------------------------------------------------

frameworks = pytest.mark.parametrize("framework", ["flask.localhost", "django.localhost"])

INJECTED = "<script>window.injected = true</script><img src=/picture.svg onload='window.injected = true'>"


@frameworks
def test_a_page_runs_under_strict(tab: Tab, at: Any, framework: str) -> None:
    """Its own scripts with the nonce, what these load, its style sheet and its picture; nothing is objected to."""
    tab.open(at(framework, "/page"))

    assert sorted(tab.get("ran")) == ["application", "inline", "loaded"]
    assert tab.page.evaluate("getComputedStyle(document.querySelector('h1')).color") == "rgb(1, 2, 3)"
    assert tab.page.evaluate("document.querySelector('img').naturalWidth") == 7
    assert (tab.violations(), tab.console) == ([], [])


@frameworks
def test_an_injected_script_is_blocked(tab: Tab, at: Any, framework: str) -> None:
    """And told as a violation; the page's own scripts run as before."""
    tab.open(at(framework, "/page", comment=INJECTED))

    blocked = [["script-src-attr", "inline", "enforce"], ["script-src-elem", "inline", "enforce"]]
    assert tab.violations(2) == blocked
    assert tab.get("injected") is None
    assert sorted(tab.get("ran")) == ["application", "inline", "loaded"]


@frameworks
def test_a_response_that_asked_for_no_nonce_runs_no_script(tab: Tab, at: Any, framework: str) -> None:
    """Neither one with a nonce that somebody guessed, nor one of the site's own address."""
    tab.open(at(framework, "/unasked"))

    script = ["script-src-elem", "inline", "enforce"]
    assert tab.violations(3) == [["script-src-elem", at(framework, "/application.js"), "enforce"], script, script]
    assert (tab.get("ran"), tab.get("injected")) == (None, None)


def test_a_page_that_the_browser_kept_runs_again(tab: Tab, at: Any, sites: Server) -> None:
    """A 304 leaves the policy that the browser keeps with the page: one with a new nonce would block its script."""
    tab.open(at("kept.localhost"))
    nonce = tab.get("ran")
    tab.page.reload()

    assert [call for call in seen(sites, "calls") if "kept" in call] == ["200 kept", "304 kept"]
    assert nonce is not None
    assert (tab.get("ran"), tab.violations()) == (nonce, [])


def test_without_a_policy_the_injected_script_runs(tab: Tab, at: Any) -> None:
    """What the tests above look for can be seen."""
    tab.open(at("bare.localhost", text="<script>window.injected = true</script>"))

    assert (tab.get("injected"), tab.violations()) == (True, [])


# The site that frames, the page that is framed, and whether the visitor sees it.
FRAMED = [
    ("other.localhost", "bare.localhost", True),
    ("other.localhost", "baseline.localhost", False),
    ("baseline.localhost", "baseline.localhost", True),
    ("other.localhost", "flask.localhost", False),
    ("flask.localhost", "flask.localhost", False),
]


@pytest.mark.parametrize(("outer", "inner", "shown"), FRAMED, ids=[f"{inner} in {outer}" for outer, inner, _ in FRAMED])
def test_framing(tab: Tab, at: Any, outer: str, inner: str, shown: bool) -> None:
    """BASELINE lets a site frame itself and nobody else, STRICT nobody."""
    markup = f"<iframe src='{at(inner, '/page')}'></iframe>"
    tab.open(at(outer, "/page", text=markup, comment=markup))

    assert tab.frame().url == (at(inner, "/page") if shown else REFUSED)


def test_a_script_is_what_its_media_type_says(tab: Tab, at: Any) -> None:
    """Under BASELINE: an uploaded text is no script, which it is to the browser elsewhere."""
    for host, ran in (
        ("bare.localhost", ["text/plain", "text/javascript"]),
        ("baseline.localhost", ["text/javascript"]),
    ):
        scripts = [
            f"<script src='{at(host, text=f'ran.push(`{media_type}`)', type=media_type)}'></script>"
            for media_type in ("text/plain", "text/javascript")
        ]
        tab.open(at("page.localhost", text=f"<script>ran = []</script>{''.join(scripts)}"))

        assert tab.get("ran") == ran


# ----------------------------------------------------------------------------------------------------------------------
# CORS, cross-origin protection, reports
# ----------------------------------------------------------------------------------------------------------------------

FETCH = """async ([address, options]) => {
    try {
        const response = await fetch(address, {credentials: "include", ...options});
        const names = ["X-Exposed", "X-Hidden"].filter(name => response.headers.has(name));
        return [response.status, await response.text(), ...names];
    } catch (error) {
        return String(error);
    }
}"""
PREFLIGHTED = {"method": "PUT", "headers": {"X-Version": "2"}}
REFUSED_FETCH = "TypeError: Failed to fetch"


def test_a_listed_origin_reads_with_credentials(tab: Tab, at: Any) -> None:
    """Directly and after a preflight, and of the fields what is exposed; nothing that the policy does not name."""
    api = at("api.shop.localhost", "/account")
    tab.open(api)
    tab.open(at("app.shop.localhost"))

    assert tab.page.evaluate(FETCH, [api, {}]) == [200, "GET user=ada", "X-Exposed"]
    assert tab.page.evaluate(FETCH, [api, PREFLIGHTED]) == [200, "PUT user=ada", "X-Exposed"]
    for refused in ({"method": "DELETE"}, {"headers": {"X-Unknown": "1"}}):
        assert tab.page.evaluate(FETCH, [api, refused]) == REFUSED_FETCH


def test_a_third_origin_reads_nothing(tab: Tab, at: Any, sites: Server) -> None:
    """Of the same site, so that the cookie comes with its requests; what needs a preflight never arrives."""
    api = at("api.shop.localhost", "/third")
    tab.open(api)
    tab.open(at("third.shop.localhost"))

    assert tab.page.evaluate(FETCH, [api, {}]) == REFUSED_FETCH
    assert tab.page.evaluate(FETCH, [api, PREFLIGHTED]) == REFUSED_FETCH
    calls = [call for call in seen(sites, "calls") if "/third" in call]
    assert calls == ["GET api.shop.localhost/third"] * 2


# The page with the form, the site that it posts to, and whether that takes it.
POSTED = [
    ("bank.localhost", "bank.localhost", True),
    ("evil.localhost", "bank.localhost", False),
    ("evil.bank.localhost", "bank.localhost", False),
    # Not over https: no Sec-Fetch-Site, Origin decides.
    ("bank.test", "bank.test", True),
    ("evil.test", "bank.test", False),
]


@pytest.mark.parametrize(("page", "bank", "passes"), POSTED, ids=[f"{page} to {bank}" for page, bank, _ in POSTED])
def test_a_form(tab: Tab, at: Any, sites: Server, page: str, bank: str, passes: bool) -> None:
    """Of another site it is refused and the application never called; of the site's own it passes, under STRICT."""
    path = f"/from/{page}"
    tab.open(at(page, text=f"<form method=post action='{at(bank, path)}'><button>go</button></form>"))

    assert tab.submit().status == (200 if passes else 403)
    assert (f"POST {bank}{path}" in seen(sites, "calls")) == passes


def reports_of(server: Server, page: str, number: int) -> list[Any]:
    """Return the reports of a page, once so many came."""

    def came() -> list[Any]:
        return [report for report in seen(server, "reports") if report["url"] == page]

    server.until(lambda: len(came()) >= number, f"{number} reports", seconds=60)
    return came()


def test_violations_are_reported(tab: Tab, at: Any, sites: Server) -> None:
    """To the site's own collector, beside a protection that refuses what other sites post; enforced and report-only."""
    markup = "<script>window.injected = true</script><img src='data:image/gif;base64,R0lGODlhAQABAAAAACw='>"
    page = at("reporting.localhost", "/reported", text=markup)
    tab.open(page)

    reports = reports_of(sites, page, 2)
    assert sorted((report["type"], report["body"]["effective-directive"]) for report in reports) == [
        ("csp-violation", "img-src"),
        ("csp-violation", "script-src-elem"),
    ]


def test_violations_are_reported_by_name_over_https(tab: Tab, secure_sites: Server) -> None:
    """To an endpoint of Reporting-Endpoints, in the format of the Reporting API."""
    page = url("https", secure_sites, "reporting.test", "/reported", text="<script>window.injected = true</script>")
    tab.open(page)

    (report,) = reports_of(secure_sites, page, 1)
    assert (report["type"], report["body"]["effectiveDirective"]) == ("csp-violation", "script-src-elem")


# ----------------------------------------------------------------------------------------------------------------------
# https
# ----------------------------------------------------------------------------------------------------------------------


def test_a_visitor_of_https_stays_there(tab: Tab, secure_sites: Server) -> None:
    """Under BASELINE the browser itself makes https of the next address by http; no request goes out by http."""
    for host in ("baseline.test", "bare.test"):
        assert tab.open(url("https", secure_sites, host, cookie="session=1")).status == 200

    assert tab.open(url("http", secure_sites, "baseline.test")).url == url("https", secure_sites, "baseline.test")
    with pytest.raises(Error, match="net::ERR_"):  # of a server that speaks TLS alone
        tab.open(url("http", secure_sites, "bare.test"))


def test_cookies_of_baseline_are_secure_over_https(tab: Tab, at: Any, secure_sites: Server) -> None:
    """And stay possible where a site is by http."""
    for address, secure in (
        (url("https", secure_sites, "baseline.test", cookie="session=1"), True),
        (at("baseline.localhost", cookie="session=1"), False),
    ):
        tab.open(address)
        cookie = tab.cookies()["session"]
        assert (cookie["secure"], cookie["httpOnly"], cookie["sameSite"]) == (secure, True, "Lax")
        tab.context.clear_cookies()


# ----------------------------------------------------------------------------------------------------------------------
# Cookies
# ----------------------------------------------------------------------------------------------------------------------


def read(tab: Tab, at: Any, host: str = "account.localhost") -> dict[str, str]:
    """Return the cookies that the application sees."""
    tab.open(at(host, "/read"))
    return dict(json.loads(tab.text()))


def test_cookies_are_set_read_changed_and_deleted(tab: Tab, at: Any) -> None:
    """The browser keeps prefixed and signed ones, the application has its own names and values."""
    tab.open(at("account.localhost", "/set", token="one", csrf="c1", theme="dark", short="s1"))
    stored = tab.cookies()
    assert set(stored) == {"__Host-token", "__Secure-csrf", "theme", "short"}
    assert stored["__Host-token"]["value"].startswith("one.")
    assert tab.page.evaluate("document.cookie") == "__Secure-csrf=c1"
    assert read(tab, at) == {"token": "one", "csrf": "c1", "theme": "dark", "short": "s1"}

    tab.open(at("account.localhost", "/set", token="two"))
    assert read(tab, at) == {"token": "two", "csrf": "c1", "theme": "dark", "short": "s1"}

    tab.open(at("account.localhost", "/delete", token="", csrf="", short=""))
    assert set(tab.cookies()) == {"theme"}
    assert read(tab, at) == {"theme": "dark"}


def test_cookies_are_stored_as_the_policy_says(tab: Tab, at: Any) -> None:
    """What the application left out is there."""
    tab.open(at("account.localhost", "/set", token="1", csrf="1", theme="1"))
    tab.open(at("account.localhost", "/visit"))

    stored = {
        name: (cookie["secure"], cookie["httpOnly"], cookie["sameSite"], cookie["path"], cookie["domain"])
        for name, cookie in tab.cookies().items()
    }
    assert stored == {
        "__Host-token": (True, True, "Lax", "/", "account.localhost"),
        "__Secure-csrf": (True, False, "Lax", "/", "account.localhost"),
        "theme": (True, True, "Lax", "/", "account.localhost"),
        "__Host-Http-session": (True, True, "Strict", "/", "account.localhost"),
    }


def test_a_session_is_counted_until_it_ends(tab: Tab, at: Any) -> None:
    """That of the framework, under the strictest prefix."""
    for visits in ("1", "2", "3"):
        tab.open(at("account.localhost", "/visit"))
        assert tab.text() == visits

    tab.open(at("account.localhost", "/leave"))
    assert tab.cookies() == {}


def test_tossed_cookies_do_not_reach_the_application(tab: Tab, at: Any) -> None:
    """A sibling can store the bare ones in the browser, which sends them; the application sees its own alone."""
    for line in ("token=evil", "csrf=evil", "__Host-token=evil; Secure; Path=/"):
        tab.open(at("evil.account.localhost", cookie=f"{line}; Domain=account.localhost"))
    assert set(tab.cookies()) == {"token", "csrf"}
    assert tab.open(at("account.localhost", "/read")).request.all_headers()["cookie"] == "token=evil; csrf=evil"

    assert read(tab, at) == {}
    tab.open(at("account.localhost", "/set", token="good", csrf="good"))
    assert set(tab.cookies()) == {"token", "csrf", "__Host-token", "__Secure-csrf"}
    assert read(tab, at) == {"token": "good", "csrf": "good"}


def test_a_secure_cookie_is_not_stored_by_http(tab: Tab, at: Any) -> None:
    """Where the network could read it; without the policy it is."""
    tab.open(at("account.test", "/set", theme="dark"))
    assert tab.cookies() == {}

    tab.open(at("bare.test", cookie="theme=dark"))
    assert set(tab.cookies()) == {"theme"}
