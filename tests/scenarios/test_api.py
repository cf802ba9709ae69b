"""Scripts of other origins ask the API: in development from any port of this machine, in production from one site."""

from __future__ import annotations

import re
from types import SimpleNamespace
from typing import Any

import pytest
from assertions import assert_head, meaning
from browsing import browser
from wsgi import call

from examples import api
from examples.api import QUOTA, create_app

BUNDLER, SITE, EVIL = "http://localhost:5173", "https://app.example", "https://evil.example"

PREFLIGHT_VARY = ["Origin", "Access-Control-Request-Method", "Access-Control-Request-Headers"]


def preflight(client: Any, origin: str, method: str = "PUT", fields: str = "content-type", *, status: int = 204) -> Any:
    """Ask as a browser does before it sends what a form could not."""
    asked = {"Origin": origin, "Access-Control-Request-Method": method, "Access-Control-Request-Headers": fields}
    return client.options("/v2/motto", headers=asked, status=status)


def access(response: Any) -> dict[str, list[str]]:
    """Return what the response says in fields of Access-Control, by the rest of their names."""
    prefix = "access-control-"
    said = meaning(response.headerlist)
    return {name.removeprefix(prefix): value for name, value in said.items() if name.startswith(prefix)}


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time of the API in seconds, a quarter into a window; a test moves it."""
    now = [60_000_015.0]
    monkeypatch.setattr(api, "time", SimpleNamespace(time=lambda: now[0]))
    return now


def test_a_script_in_development_changes_the_motto() -> None:
    """A page of the bundler, on whatever port, asks first, then puts, then reads what it needs of the response."""
    client = browser(create_app("development"))
    for origin in (BUNDLER, "http://localhost:8080", "http://127.0.0.1:3000"):
        allowed = preflight(client, origin)
        assert access(allowed) == {
            "allow-origin": [origin],
            "allow-methods": ["PUT"],
            "allow-headers": ["content-type"],
            "max-age": ["0"],
        }
        assert meaning(allowed.headerlist)["vary"] == PREFLIGHT_VARY

    put = client.put("/v2/motto", "Carpe diem", headers={"Origin": BUNDLER, "Content-Type": "text/plain"})
    assert put.json == {"motto": "Carpe diem"}
    got = client.get("/v2/motto", headers={"Origin": BUNDLER})
    assert got.json == {"motto": "Carpe diem"}
    exposed = ["API-Version", "RateLimit", "RateLimit-Policy", "X-Request-Id"]
    assert access(got) == {"allow-origin": [BUNDLER], "expose-headers": exposed}
    for name in exposed:
        assert name in got.headers


def test_the_same_script_is_refused_in_production() -> None:
    """The browser never sends the request, and could not read what a simple one brings."""
    client = browser(create_app("production"))

    refused = preflight(client, BUNDLER, status=403)
    assert access(refused) == {}
    assert meaning(refused.headerlist)["vary"] == PREFLIGHT_VARY

    got = client.get("/v2/motto", headers={"Origin": BUNDLER})
    assert access(got) == {}
    assert meaning(got.headerlist)["vary"] == ["Origin"]


def test_the_site_in_production() -> None:
    """The pages of the one site are allowed, and their browsers remember it for ten minutes."""
    client = browser(create_app())

    assert access(preflight(client, SITE))["max-age"] == ["600"]
    assert client.put("/v2/motto", "Carpe diem", headers={"Origin": SITE}).json == {"motto": "Carpe diem"}
    assert access(client.get("/v2/motto", headers={"Origin": SITE}))["allow-origin"] == [SITE]


@pytest.mark.parametrize("stage", ["development", "production"])
@pytest.mark.parametrize(
    ("origin", "method", "fields"),
    [
        (EVIL, "PUT", "content-type"),
        ("null", "PUT", "content-type"),
        ("https://app.example.evil.example", "PUT", "content-type"),
        ("http://app.example", "PUT", "content-type"),
        ("https://localhost.evil.example", "PUT", "content-type"),
    ],
)
def test_other_origins_are_refused(stage: str, origin: str, method: str, fields: str) -> None:
    """No policy lets them ask."""
    assert access(preflight(browser(create_app(stage)), origin, method, fields, status=403)) == {}


@pytest.mark.parametrize(("method", "fields"), [("DELETE", "content-type"), ("PUT", "authorization")])
def test_what_the_site_may_not_do(method: str, fields: str) -> None:
    """Neither another method nor another field."""
    assert access(preflight(browser(create_app()), SITE, method, fields, status=403)) == {}


def test_the_head_of_an_answer() -> None:
    """All of it: what the API sent, its preset, the fields from callables, CORS."""
    sent = call(create_app(), path="/v2/motto", HTTP_ORIGIN=SITE, HTTP_X_REQUEST_ID="of-the-client")

    assert_head(
        sent.lines,
        [
            ("Content-Type", "application/json"),
            ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"),
            ("Cache-Control", "no-store"),
            ("X-Content-Type-Options", "nosniff"),
            ("Referrer-Policy", "no-referrer"),
            ("Strict-Transport-Security", "max-age=63072000; includeSubDomains"),
            ("Cross-Origin-Resource-Policy", "same-origin"),
            ("API-Version", "2"),
            ("RateLimit", f'"client";r={QUOTA - 1};t=45'),
            ("RateLimit-Policy", f'"client";q={QUOTA};w=60'),
            ("X-Request-Id", "of-the-client"),
            ("Access-Control-Allow-Origin", SITE),
            ("Access-Control-Expose-Headers", "API-Version, RateLimit, RateLimit-Policy, X-Request-Id"),
            ("Vary", "Origin"),
        ],
    )


def test_a_version_grows_old() -> None:
    """The first says since when it is deprecated and when it ends, the second does not, other paths have none."""
    client = browser(create_app())
    first, second = client.get("/v1/motto"), client.get("/v2/motto")
    other = client.get("/v3/motto", status=404)

    assert [r.headers.get("API-Version") for r in (first, second, other)] == ["1", "2", None]
    assert first.headers["Deprecation"] == "@1767225600"
    assert first.headers["Sunset"] == "Fri, 01 Jan 2027 00:00:00 GMT"
    assert not {"Deprecation", "Sunset"} & ({*second.headers} | {*other.headers})


def test_the_rate_is_limited(clock: list[float]) -> None:
    """The responses count down; what comes too much is refused until the window is over; others are not concerned."""
    client, other = (browser(create_app(), REMOTE_ADDR=address) for address in ("192.0.2.1", "192.0.2.2"))
    other.app = client.app

    told = [client.get("/v2/motto").headers["RateLimit"] for _ in range(QUOTA)]
    assert told == [f'"client";r={remaining};t=45' for remaining in reversed(range(QUOTA))]

    refused = client.get("/v2/motto", status=429, headers={"X-Request-Id": "who-asked-too-much"})
    assert refused.headers["RateLimit"] == '"client";r=0;t=45'
    assert refused.json == {"error": "too many requests", "request": "who-asked-too-much"}
    assert other.get("/v2/motto").headers["RateLimit"] == f'"client";r={QUOTA - 1};t=45'

    clock[0] += 45
    assert client.get("/v2/motto").headers["RateLimit"] == f'"client";r={QUOTA - 1};t=60'


def test_preflights_are_not_counted() -> None:
    """The policy answers them, so the API has nothing to say of them but whose they are."""
    client = browser(create_app("development"))

    for _ in range(QUOTA + 1):
        allowed = preflight(client, BUNDLER)
    assert "RateLimit" not in allowed.headers
    assert re.fullmatch("[0-9a-f]{32}", allowed.headers["X-Request-Id"])
    assert client.get("/v2/motto").headers["RateLimit"] == f'"client";r={QUOTA - 1};t=45'


@pytest.mark.parametrize("given", ["", "short", "a" * 65, "with blank", "<script>", "caf\xe9-caf\xe9"])
def test_an_id_that_is_not_taken_over(given: str) -> None:
    """What a client makes up that is no decent id is replaced by a new one, another each time."""
    client = browser(create_app())

    ids = [client.get("/v2/motto", headers={"X-Request-Id": given}).headers["X-Request-Id"] for _ in range(2)]

    assert all(re.fullmatch("[0-9a-f]{32}", made) for made in ids) and ids[0] != ids[1]


def test_bad_requests() -> None:
    """They are refused in JSON, with every field of the policy, and change nothing."""
    client = browser(create_app())

    too_long = client.put("/v2/motto", "x" * 1000, status=413)
    no_method = client.delete("/v2/motto", status=405)
    no_resource = client.get("/", status=404)

    assert no_method.headers["Allow"] == "GET, HEAD, PUT"
    for refused in (too_long, no_method, no_resource):
        assert "error" in refused.json
        assert refused.headers["Cache-Control"] == "no-store"
        assert refused.headers["X-Content-Type-Options"] == "nosniff"
    assert client.get("/v2/motto").json == {"motto": "Festina lente"}
    assert client.head("/v2/motto").body == b""
