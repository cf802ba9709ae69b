"""What a real shared cache makes of the heads: nobody gets what was meant for another, and what is public is shared.

Needs nginx: `pytest -m proxies` after `apt-get install nginx`.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import TypeAlias

import pytest
from caching_proxy import nginx
from servers import Reply, Server, running

pytestmark = pytest.mark.proxies

Visit: TypeAlias = Callable[..., Reply]

_numbers = itertools.count(1)


@pytest.fixture(scope="module")
def proxy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A caching proxy in front of all sites."""
    home = tmp_path_factory.mktemp
    # A server that keeps the order of lines: of X-Accel-Expires and Cache-Control this cache obeys the first.
    with (
        running("gunicorn-sync", "cached_sites:site", home("origin")) as origin,
        nginx(origin, home("proxy")) as server,
    ):
        yield server


@pytest.fixture
def visit(proxy: Server) -> Visit:
    """What asks for a page as a visitor; the cache has none of the test's pages yet."""
    number = next(_numbers)

    def ask(page: str, visitor: str, *fields: str) -> Reply:
        sent = [field.format(visitor) for field in ("X-Visitor: {}", *fields)]
        reply = proxy.ask(f"{page}?{number}", fields=sent)
        assert (reply.code, reply.whole) == (200, True), reply.raw
        return reply

    return ask


def cached(reply: Reply) -> bool:
    """Return whether the response comes from the cache."""
    (state,) = reply.values("X-Cache")
    assert state in ("HIT", "MISS")
    return state == "HIT"


def visitor_of(reply: Reply) -> str:
    """Return for whom the page was made."""
    return reply.body.decode().rpartition(" ")[2]


# The page, and what a visitor sends when asking for it.
PERSONAL: dict[str, tuple[str, list[str]]] = {
    "cookie, public": ("/cookie", []),
    "cookie, nothing said of caching": ("/silent-cookie", []),
    "cookie, for shared caches alone": ("/shared-cookie", []),
    "cookie, Expires": ("/expiring-cookie", []),
    "cookie, nginx's own field": ("/accelerated-cookie", []),
    "nonce": ("/nonce", []),
    "authorization": ("/public", ["Authorization: Bearer {}"]),
}
personal = pytest.mark.parametrize(("page", "fields"), PERSONAL.values(), ids=PERSONAL)
safe = pytest.mark.parametrize("site", ["/safe", "/strict"])


@personal
@safe
def test_a_personal_response_is_never_served_to_another(visit: Visit, site: str, page: str, fields: list[str]) -> None:
    """Each visit is answered by the application, a second one too."""
    visitors = ["ada", "eve", "ada"]
    replies = [visit(site + page, visitor, *fields) for visitor in visitors]

    assert [cached(reply) for reply in replies] == [False, False, False]
    assert [visitor_of(reply) for reply in replies] == visitors
    assert len({reply.body for reply in replies}) == 3


@personal
def test_without_the_part_it_is(visit: Visit, page: str, fields: list[str]) -> None:
    """This cache would hand Ada's page, her session and her nonce to Eve."""
    ada, eve = visit(f"/bare{page}", "ada", *fields), visit(f"/bare{page}", "eve", *fields)

    assert (cached(ada), cached(eve), eve.body) == (False, True, ada.body)
    for name in ("Set-Cookie", "Content-Security-Policy"):
        assert eve.values(name) == ada.values(name)


@safe
def test_a_public_response_is_shared(visit: Visit, site: str) -> None:
    """Nothing is kept from the cache that anybody may have."""
    ada, eve = visit(f"{site}/public", "ada"), visit(f"{site}/public", "eve")

    assert (cached(ada), cached(eve), eve.body) == (False, True, ada.body)


# An origin, and what it gets as Access-Control-Allow-Origin.
ORIGINS = {
    "https://a.example": ["https://a.example"],
    "https://b.example": ["https://b.example"],
    "https://c.example": [],
}


@pytest.mark.parametrize("site", ["/bare", "/safe"])
def test_origins_never_get_what_another_may_read(visit: Visit, site: str) -> None:
    """The derived Vary has the cache keep a response for each, which it then serves."""
    for from_cache in (False, True):
        for origin, allowed in ORIGINS.items():
            reply = visit(f"{site}/cors", "anybody", f"Origin: {origin}")
            assert (cached(reply), reply.values("Access-Control-Allow-Origin")) == (from_cache, allowed)


def test_without_a_policy_they_do(visit: Visit) -> None:
    """An application that answers each origin and forgets Vary answers the second one with the first."""
    a, b = (visit("/alone/cors", "anybody", f"Origin: {origin}") for origin in list(ORIGINS)[:2])

    assert (cached(a), cached(b)) == (False, True)
    assert a.values("Access-Control-Allow-Origin") == b.values("Access-Control-Allow-Origin") == ["https://a.example"]


AGREED = "Cookie: consent=analytics"


def test_a_cookie_of_those_who_agreed_reaches_nobody_else(visit: Visit) -> None:
    """By the derived Vary alone: whoever comes with the same cookies gets the same, others do not."""
    first, other, again = (
        visit("/bare/consent", "ada", AGREED),
        visit("/bare/consent", "eve"),
        visit("/bare/consent", "bob", AGREED),
    )

    assert [cached(reply) for reply in (first, other, again)] == [False, False, True]
    assert [reply.values("Set-Cookie") for reply in (first, other, again)] == [["ga=1"], [], ["ga=1"]]


def test_what_consent_judged_is_not_shared_at_all(visit: Visit) -> None:
    """With CacheSafety; a withheld cookie makes a response personal as one that is sent."""
    for visitor, fields in (("ada", [AGREED]), ("eve", []), ("bob", [AGREED]), ("mia", [])):
        reply = visit("/safe/consent", visitor, *fields)
        assert (cached(reply), visitor_of(reply)) == (False, visitor)


def test_without_a_policy_everybody_gets_it(visit: Visit) -> None:
    """Asked or not."""
    visit("/alone/consent", "ada", AGREED)
    eve = visit("/alone/consent", "eve")

    assert (cached(eve), eve.values("Set-Cookie")) == (True, ["ga=1"])
