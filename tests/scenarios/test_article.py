"""A reader who comes again, a crawler that asks by date, caches between; an article that is changed meanwhile."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from assertions import assert_head, meaning
from browsing import browser, heading
from wsgi import call

from examples.article import ARTICLES, STYLE_PATH, application, page

TIDES = "/articles/tides"
CHANGED = "Sun, 01 Mar 2026 12:00:00 GMT"

KEPT = {
    TIDES: "public, max-age=60, stale-while-revalidate=3600, stale-if-error=86400",
    "/articles/moss": "public, max-age=60, stale-while-revalidate=3600, stale-if-error=86400",
    STYLE_PATH: "public, max-age=31536000, immutable",
    "/": "public, no-cache",
    "/drafts/stones": "no-store",
    "/articles/nothing": "no-store",
    "/static/nothing.css": "no-store",
    "/nothing": "no-store",
}

# What BASELINE says of every response by https.
BASELINE = [
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "SAMEORIGIN"),
    ("Content-Security-Policy", "base-uri 'self'"),
    ("Referrer-Policy", "strict-origin-when-cross-origin"),
    ("Strict-Transport-Security", "max-age=31536000"),
]


@pytest.mark.parametrize(("path", "said"), KEPT.items(), ids=KEPT)
def test_each_route_says_how_long_it_is_kept(path: str, said: str) -> None:
    """What no rule speaks of, drafts and error pages under any path, is not stored."""
    sent = call(application, path=path)

    assert sent.status[:3] == ("404" if "nothing" in path else "200")
    assert sent.values("Cache-Control") == [said]


def test_a_reader_comes_again() -> None:
    """The first visit brings the article, the next ones 304 without a body; the reader sees the stored page."""
    reader = browser(application)

    listed = reader.get("/")
    first = listed.click("Tides")
    assert heading(first) == "Tides" and "twice a day" in first
    tag = first.headers["ETag"]

    for field in (tag, f"W/{tag}", f'"another", {tag}', "*"):
        again = reader.get(TIDES, headers={"If-None-Match": field})
        assert (again.status, again.body) == ("304 Not Modified", b"")


def test_the_head_of_a_304() -> None:
    """It keeps what the policy says of the 200, and the validator; only what would describe a body is gone."""
    whole = call(application, path=TIDES)
    (tag,) = whole.values("ETag")

    not_modified = call(application, path=TIDES, HTTP_IF_NONE_MATCH=tag)

    policy = [*BASELINE, ("Cache-Control", KEPT[TIDES])]
    html = ("Content-Type", "text/html; charset=utf-8")
    assert_head(whole.lines, [html, ("ETag", tag), ("Last-Modified", CHANGED), *policy])
    assert (not_modified.status, not_modified.body) == ("304 Not Modified", b"")
    assert_head(not_modified.lines, [("ETag", tag), *policy])


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"HTTP_IF_MODIFIED_SINCE": CHANGED}, 304),
        ({"HTTP_IF_MODIFIED_SINCE": "Mon, 02 Mar 2026 12:00:00 GMT"}, 304),
        ({"HTTP_IF_MODIFIED_SINCE": "Sun, 01 Mar 2026 11:59:59 GMT"}, 200),
        ({"HTTP_IF_MODIFIED_SINCE": "yesterday"}, 200),
        ({"HTTP_IF_MODIFIED_SINCE": "Sun, 01 Mar 2099 12:00:00 GMT"}, 200),
        ({"HTTP_IF_NONE_MATCH": '"another"', "HTTP_IF_MODIFIED_SINCE": CHANGED}, 200),
        ({"HTTP_IF_NONE_MATCH": "not a tag"}, 200),
        ({"HTTP_IF_MATCH": '"another"'}, 412),
        ({"HTTP_IF_UNMODIFIED_SINCE": "Sun, 01 Mar 2026 11:59:59 GMT"}, 412),
        ({"HTTP_IF_UNMODIFIED_SINCE": CHANGED}, 200),
    ],
    ids=lambda value: " and ".join(map(": ".join, value.items())) if isinstance(value, dict) else str(value),
)
def test_a_crawler_asks_by_date(fields: dict[str, str], status: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """A tag speaks before a date, a date that nobody can read or that is still to come says nothing."""
    sent = call(application, path=TIDES, **fields)

    assert sent.status.startswith(str(status))
    assert (sent.body == page(ARTICLES[TIDES].title, ARTICLES[TIDES].text)) == (status == 200)
    assert sent.values("Cache-Control") == (["no-store"] if status == 412 else [KEPT[TIDES]])


def test_an_article_is_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who has the old one gets the new one, by tag and by date, and its tag from then on."""
    reader = browser(application)
    old = reader.get(TIDES)

    changed = datetime(2026, 4, 1, 9, tzinfo=UTC)
    monkeypatch.setitem(ARTICLES, TIDES, ARTICLES[TIDES]._replace(text="It depends on the moon.", changed=changed))

    for fields in ({"If-None-Match": old.headers["ETag"]}, {"If-Modified-Since": old.headers["Last-Modified"]}):
        new = reader.get(TIDES, headers=fields)
        assert new.status_int == 200 and "It depends on the moon." in new
        assert new.headers["ETag"] != old.headers["ETag"]
    assert reader.get(TIDES, headers={"If-None-Match": new.headers["ETag"]}).status_int == 304


def test_the_list_gets_a_tag_from_the_policy(monkeypatch: pytest.MonkeyPatch) -> None:
    """A weak one of its octets: caches ask with it each time, and get the list when there is a new article."""
    reader = browser(application)
    listed = reader.get("/")
    tag = listed.headers["ETag"]
    assert tag.startswith('W/"')

    again = reader.get("/", headers={"If-None-Match": tag})
    assert (again.status_int, again.body) == (304, b"")
    assert meaning(again.headerlist)["cache-control"] == ["public", "no-cache"]
    assert again.headers["ETag"] == tag

    monkeypatch.setitem(ARTICLES, "/articles/rain", ARTICLES[TIDES]._replace(title="Rain"))
    new = reader.get("/", headers={"If-None-Match": tag})
    assert new.status_int == 200
    assert heading(new.click("Rain")) == "Rain"


def test_head_says_the_same() -> None:
    """HEAD has the head of GET, with a body of nothing, and 304 where GET has it."""
    whole, head = (call(application, path=TIDES, method=method) for method in ("GET", "HEAD"))

    assert_head(head.lines, whole.lines)
    assert (head.body, whole.body != b"") == (b"", True)
    (tag,) = whole.values("ETag")
    assert call(application, path=TIDES, method="HEAD", HTTP_IF_NONE_MATCH=tag).status.startswith("304")


def test_drafts_are_nobodys_to_keep() -> None:
    """Who knows the address sees a draft; it is in no list, and no cache stores it, not even on a 304."""
    reader = browser(application)

    assert "Stones" not in reader.get("/")
    draft = reader.get("/drafts/stones")
    assert heading(draft) == "Stones"
    again = reader.get("/drafts/stones", headers={"If-None-Match": draft.headers["ETag"]})
    assert (again.status_int, again.headers["Cache-Control"]) == (304, "no-store")
