"""Journeys of a visitor through Flask and Django: cookies that are set, read, changed, deleted, forged and refused.

Each goes twice: with webtest, whose jar knows Secure, paths and lives, and with the model of a browser, which knows
prefixes too.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import account_site
import pytest
import webtest
from account_site import FRAMEWORKS, KEY, POLICY, RETIRED
from cookie_exchange import signed, signer, stamper
from django.test.utils import override_settings
from user_agent import EXPIRED, STORED, Request, cookie_field, outcome, read
from wsgi import Response, environ_for, run

from wsgi_headers import (
    CookieBudget,
    CookieConsent,
    CookieRule,
    HeadError,
    HeadersMiddleware,
    Policy,
)

HOST = "app.example"


@pytest.fixture(params=FRAMEWORKS.values(), ids=FRAMEWORKS)
def framework(request: pytest.FixtureRequest) -> Iterator[tuple[Any, str]]:
    """The site in one framework, and the name of its session cookie."""
    make, session = request.param
    with override_settings(ROOT_URLCONF=account_site.__name__):
        yield make(), session


class Browser:
    """A browser on one host: what it stores of each response it sends with the next request."""

    def __init__(self, app: Any, policy: Policy = POLICY) -> None:
        self.app = HeadersMiddleware(app, policy)
        self._lines: list[str] = []
        self.last: Response | None = None

    def at(self) -> Request:
        return Request("https", HOST, "/", int(time.time()))

    def field(self) -> str:
        """What it would send now."""
        return cookie_field(self._lines, self.at(), self.at())

    def names(self) -> set[str]:
        return {pair.partition("=")[0] for pair in self.field().split("; ") if pair}

    def value(self, name: str) -> str:
        return dict(pair.split("=", 1) for pair in self.field().split("; "))[name]

    def tossed(self, line: str) -> None:
        """Take a cookie that a sibling domain sets; one that a browser refuses would prove nothing."""
        assert outcome(read(line, self.at()), self.at()) == STORED
        self._lines.append(line)

    def get(self, path: str, *, field: str | None = None) -> str:
        """Return the body of a page; each of its cookies must be one that a browser takes."""
        path, _, query = path.partition("?")
        sent = self.field() if field is None else field
        environ = environ_for(path=path, host=HOST, QUERY_STRING=query, **({"HTTP_COOKIE": sent} if sent else {}))
        self.last = run(self.app, environ)
        assert self.last.status.startswith("200")
        for line in self.last.values("Set-Cookie"):
            assert outcome(read(line, self.at()), self.at(), chips=True) in (STORED, EXPIRED), line
            self._lines.append(line)
        return self.last.body.decode()

    def read(self, *, field: str | None = None) -> dict[str, str]:
        """Return what the application sees of what is sent."""
        return dict(json.loads(self.get("/read", field=field)))


def test_a_browser_sets_reads_changes_and_deletes(framework: tuple[Any, str]) -> None:
    """The application sees its own names and values throughout; the browser holds the protected ones."""
    browser = Browser(framework[0])

    browser.get("/set?token=one&theme=dark&csrf=c1&short=s1")
    assert browser.names() == {"__Host-token", "theme", "__Secure-csrf", "short"}
    assert browser.read() == {"token": "one", "theme": "dark", "csrf": "c1", "short": "s1"}
    assert browser.value("__Host-token") == signed(KEY, "token", "one")
    assert stamper(KEY, "short").unsign(browser.value("short"), max_age=60) == b"s1"

    browser.get("/set?token=two")
    assert browser.names() == {"__Host-token", "theme", "__Secure-csrf", "short"}
    assert browser.read() == {"token": "two", "theme": "dark", "csrf": "c1", "short": "s1"}

    browser.get("/delete?token=1&csrf=1")
    assert browser.names() == {"theme", "short"}
    assert browser.read() == {"theme": "dark", "short": "s1"}

    browser.get("/delete?theme=1&short=1")
    assert (browser.field(), browser.read()) == ("", {})


def test_a_browser_holds_what_the_policy_says(framework: tuple[Any, str]) -> None:
    """The attributes of each cookie as the browser reads them."""
    browser = Browser(framework[0])
    browser.get("/set?token=1&csrf=1&theme=1")

    assert browser.last is not None
    stored = {}
    for line in browser.last.values("Set-Cookie"):
        cookie = read(line, browser.at())
        assert cookie is not None and cookie.max_age == 600
        stored[cookie.name] = (cookie.secure, cookie.http_only, cookie.same_site, cookie.path, cookie.domain)
    assert stored == {
        "__Host-token": (True, True, "Lax", "/", None),
        "__Secure-csrf": (True, False, "Lax", "/", None),
        "theme": (True, True, "Lax", "/", None),
    }


FORGED = {
    "bare": "token=evil",
    "bare with a good signature": f"token={signed(KEY, 'token', 'one')}",
    "prefixed and unsigned": "__Host-token=evil",
    "of a key of one's own": f"__Host-token={signed('the key of somebody else', 'token', 'evil')}",
    "of another cookie": f"__Host-token={signed(KEY, 'short', 'evil')}",
    "tampered": f"__Host-token={signed(KEY, 'token', 'one').replace('one', 'two')}",
    "a lookalike": f"\xa0__Host-token={signed(KEY, 'token', 'one')}",
    "a lookalike of the bare one": "\x85token=evil",
    "a lookalike in UTF-8": f"\xe2\x80\x80__Host-token={signed(KEY, 'token', 'one')}",
    "without a stamp": f"short={signed(KEY, 'short', 'evil')}",
    "too old": f"short={stamper(KEY, 'short', age=7200).sign(b'old').decode()}",
    "of the future": f"short={stamper(KEY, 'short', age=-7200).sign(b'new').decode()}",
    "another prefix": f"__Secure-token={signed(KEY, 'token', 'one')}",
    "in another case": f"__host-token={signed(KEY, 'token', 'one')}",
}


@pytest.mark.parametrize("forged", FORGED.values(), ids=FORGED)
def test_forged_cookies(framework: tuple[Any, str], forged: str) -> None:
    """The framework shows the application none of them, alone or beside the good one."""
    browser = Browser(framework[0])
    good = f"__Host-token={signed(KEY, 'token', 'good')}"

    assert not {"token", "short"} & set(browser.read(field=forged))
    for field in (f"{forged}; {good}; theme=dark", f"{good}; theme=dark; {forged}"):
        seen = browser.read(field=field)
        assert (seen["token"], seen["theme"]) == ("good", "dark") and "short" not in seen


def test_a_key_is_rotated(framework: tuple[Any, str]) -> None:
    """What the retired key signed is read, and the next response signs it with the current one."""
    browser = Browser(framework[0])

    assert browser.read(field=f"__Host-token={signed(RETIRED, 'token', 'kept')}") == {"token": "kept"}
    browser.get("/set?token=kept")
    assert signer(KEY, "token").unsign(browser.value("__Host-token")) == b"kept"


def test_the_session_of_the_framework(framework: tuple[Any, str]) -> None:
    """Its own signed cookie lives under `__Host-Http-`: it counts, nobody tosses it, and it ends."""
    app, session = framework
    browser = Browser(app)

    assert [browser.get("/visit") for _ in range(3)] == ["1", "2", "3"]
    assert browser.names() == {f"__Host-Http-{session}"}

    # A session of the attacker's own, good for the framework, put by a sibling domain beside and before ours.
    attacker = Browser(app)
    attacker.get("/visit")
    theirs = attacker.value(f"__Host-Http-{session}")
    browser.tossed(f"{session}={theirs}; Domain={HOST}; Path=/")
    browser.tossed(f"\xa0__Host-Http-{session}={theirs}; Domain={HOST}; Path=/")
    assert browser.get("/visit") == "4"

    # The same, without ours: nothing is adopted.
    victim = Browser(app)
    victim.tossed(f"{session}={theirs}; Domain={HOST}; Path=/")
    assert victim.get("/visit") == "1"

    browser.get("/leave")
    assert f"__Host-Http-{session}" not in browser.names()
    assert browser.get("/visit") == "1"


def test_a_site_turns_prefix_and_signature_on(framework: tuple[Any, str]) -> None:
    """A visitor of before keeps the cookie over the migration; after it a bare one is no cookie."""
    app, _ = framework
    migrating = CookieRule(
        "token", prefix="__Host-", insecure_accept_unprefixed=True, signing_key=KEY, insecure_accept_unsigned=True
    )
    before, during, after = Policy(), Policy(migrating), Policy(CookieRule("token", prefix="__Host-", signing_key=KEY))
    visitor, absentee = Browser(app, before), Browser(app, before)
    for browser in (visitor, absentee):
        browser.get("/set?token=old")

    visitor.app = HeadersMiddleware(app, during)
    assert visitor.read() == {"token": "old"}
    visitor.get("/set?token=new")
    assert visitor.names() == {"token", "__Host-token"}
    assert visitor.read() == {"token": "new"}

    for browser, seen in ((visitor, {"token": "new"}), (absentee, {})):
        browser.app = HeadersMiddleware(app, after)
        assert browser.read() == seen


def test_consent(framework: tuple[Any, str]) -> None:
    """A visitor is asked, agrees, is remembered, and withdraws."""
    app, _ = framework
    policy = Policy(
        CookieRule("consent", prefix="__Host-", signing_key=KEY),
        CookieRule("ga", category="analytics"),
        CookieRule("ad", category="marketing"),
        CookieConsent(necessary=("lang",)),
    )
    browser = Browser(app, policy)

    browser.get("/set?ga=1&ad=1&lang=de")
    assert browser.names() == {"lang"}
    browser.get("/set?consent=analytics&ga=1&ad=1")
    assert browser.names() == {"lang", "__Host-consent", "ga"}
    browser.get("/set?ga=2&ad=2&x=2")
    assert browser.read() == {"lang": "de", "consent": "analytics", "ga": "2"}
    assert browser.last is not None
    browser.get("/set?ga=3", field="consent=*; __Host-consent=*")
    assert browser.last.values("Set-Cookie") == []

    browser.get("/delete?consent=1&ga=1")
    browser.get("/set?ga=4")
    assert browser.read() == {"lang": "de"}


def test_a_refused_cookie(framework: tuple[Any, str]) -> None:
    """What is too large for a browser is the application's error, not a cookie that never comes back."""
    app, _ = framework
    policy = Policy(CookieRule("token", prefix="__Host-", signing_key=KEY), CookieBudget(excess="refuse"))
    browser = Browser(app, policy)

    # 12 octets of name, 44 of the dot and the signature.
    browser.get(f"/set?token={'x' * (4096 - 12 - 44)}")
    assert len(browser.read()["token"]) == 4040
    for name, length in (("token", 4041), ("theme", 4092)):
        with pytest.raises(HeadError, match=name):
            browser.get(f"/set?{name}={'x' * length}")
    assert len(browser.read()["token"]) == 4040


# With webtest, whose jar is the standard library's.


def client(app: Any, policy: Policy = POLICY, scheme: str = "https") -> webtest.TestApp:
    """Return a client of webtest's; its lint stands outside."""
    environ = {"wsgi.url_scheme": scheme, "HTTP_HOST": HOST}
    return webtest.TestApp(HeadersMiddleware(app, policy), extra_environ=environ)


def test_webtest_sets_reads_changes_and_deletes(framework: tuple[Any, str]) -> None:
    """The jar has the names that a browser has, the application its own."""
    browser = client(framework[0])

    browser.get("/set?token=one&theme=dark&short=s1")
    assert set(browser.cookies) == {"__Host-token", "theme", "short"}
    assert browser.cookies["__Host-token"] == signed(KEY, "token", "one")
    assert browser.get("/read").json == {"token": "one", "theme": "dark", "short": "s1"}

    browser.get("/set?token=two")
    assert browser.get("/read").json == {"token": "two", "theme": "dark", "short": "s1"}

    browser.get("/delete?token=1")
    assert set(browser.cookies) == {"theme", "short"}
    assert browser.get("/read").json == {"theme": "dark", "short": "s1"}


def test_webtest_forges(framework: tuple[Any, str]) -> None:
    """A changed cookie is none, whatever stands beside it."""
    browser = client(framework[0])
    good = signed(KEY, "token", "one")

    for field, seen in (
        (f"__Host-token={good}; theme=dark", {"token": "one", "theme": "dark"}),
        (f"__Host-token={good.replace('one', 'two')}; theme=dark", {"theme": "dark"}),
        (f"token={good}; theme=dark", {"theme": "dark"}),
        (f"token=evil; theme=dark; __Host-token={good}", {"token": "one", "theme": "dark"}),
    ):
        assert browser.get("/read", headers={"Cookie": field}).json == seen


def test_webtest_keeps_a_session(framework: tuple[Any, str]) -> None:
    """The framework's own session counts under its new name."""
    app, session = framework
    browser = client(app)

    assert [browser.get("/visit").text for _ in range(3)] == ["1", "2", "3"]
    assert set(browser.cookies) == {f"__Host-Http-{session}"}
    browser.get("/leave")
    assert set(browser.cookies) == set()
    assert browser.get("/visit").text == "1"


def test_webtest_on_http(framework: tuple[Any, str]) -> None:
    """A prefixed cookie is Secure there too, so that it does not come back; the site goes on without it."""
    browser = client(framework[0], scheme="http")

    response = browser.get("/set?token=one")
    (line,) = response.headers.getall("Set-Cookie")
    assert line.strip().startswith("__Host-token=") and "; Secure" in line
    assert browser.get("/read").json == {}
