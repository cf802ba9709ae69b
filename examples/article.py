"""Articles, without a framework: each route says how long it is kept, and who has a page already gets 304.

Run it with `wsgi-headers serve examples.article:application`.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import NamedTuple
from wsgiref.types import StartResponse, WSGIEnvironment

from werkzeug.http import http_date

from wsgi_headers import CacheControl, Conditional, Default, HeadersMiddleware, Match, Policy, Rule, presets

HTML = ("Content-Type", "text/html; charset=utf-8")
CSS = ("Content-Type", "text/css; charset=utf-8")

YEAR = 31_536_000  # seconds

STYLE = b"body { max-width: 40rem; margin: auto; }\n"
# The address is another one when the style sheet is: what is there never changes.
STYLE_PATH = f"/static/style.{hashlib.sha256(STYLE).hexdigest()[:8]}.css"


class Article(NamedTuple):
    """What an article says, and when it was changed last."""

    title: str
    text: str
    changed: datetime


ARTICLES = {
    "/articles/tides": Article("Tides", "The sea comes in twice a day.", datetime(2026, 3, 1, 12, tzinfo=UTC)),
    "/articles/moss": Article("Moss", "It grows where it is wet.", datetime(2026, 5, 17, 8, 30, tzinfo=UTC)),
    "/drafts/stones": Article("Stones", "They wait.", datetime(2026, 6, 2, 9, tzinfo=UTC)),
}


def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """Answer with an article and its validators, with the list of articles, or with the style sheet."""
    path = environ["PATH_INFO"] or "/"
    status, lines, body = "200 OK", [HTML], b""
    if path in ARTICLES:
        article = ARTICLES[path]
        body = page(article.title, article.text)
        # The validators: a text of the same octets has the same tag, whenever it was written.
        tag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
        lines = [HTML, ("ETag", tag), ("Last-Modified", http_date(article.changed))]
    elif path == "/":
        published = [path for path in ARTICLES if path.startswith("/articles/")]
        body = page("Articles", " ".join(f'<a href="{path}">{ARTICLES[path].title}</a>' for path in published))
    elif path == STYLE_PATH:
        lines, body = [CSS], STYLE
    else:
        status, body = "404 Not Found", page("Not found", "There is no such article.")
    start_response(status, lines)
    return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]


def page(title: str, text: str) -> bytes:
    """Return a page in HTML."""
    head = f'<meta charset="utf-8"><title>{title}</title><link rel="stylesheet" href="{STYLE_PATH}">'
    return f'<!doctype html>\n<html lang="en">{head}\n<h1>{title}</h1>\n<p>{text}\n'.encode()


POLICY = Policy(
    presets.BASELINE,
    # Answers 304 to who has the same already, with the fields that a cache needs of it and no body. A page without an
    # ETag of its own, the list of articles, gets a weak one.
    Conditional(etag="weak"),
    # What no rule below speaks of, drafts and error pages, is not stored.
    Default(CacheControl(no_store=True)),
    # A new article is in the list at once: every cache may keep it, and asks before it shows it.
    Rule(Match(path=re.compile("/"), status=200), CacheControl(public=True, no_cache=True)),
    # An article may be a minute old. For an hour a cache may give the old one out while it fetches the new one, and for
    # a day where the site is down.
    Rule(
        Match(path="/articles/", status=200),
        CacheControl(public=True, max_age=60, stale_while_revalidate=3600, stale_if_error=86_400),
    ),
    # It is the same for ever, so that browsers need not ask on a reload either.
    Rule(Match(path="/static/", status=200), CacheControl(public=True, max_age=YEAR, immutable=True)),
)

application = HeadersMiddleware(app, POLICY)
