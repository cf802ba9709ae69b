"""A download, without a framework: rows that are made while they are sent, saved under a name beyond ASCII.

Run it with `wsgi-headers serve examples.csv_download:application`.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator
from wsgiref.types import StartResponse, WSGIEnvironment

from wsgi_headers import (
    CacheControl,
    ContentDisposition,
    ContentSecurityPolicy,
    HeadersMiddleware,
    Match,
    Policy,
    Rule,
    Set,
    presets,
)

HTML = ("Content-Type", "text/html; charset=utf-8")
CSV = ("Content-Type", "text/csv; charset=utf-8")

REVENUE = {
    "2025": [("Köln", "1200.50"), ("Zürich", "980.00")],
    "2026": [("Köln", "1310.00"), ("=HYPERLINK(1)", "-20.00")],
}

PAGE = """\
<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Revenue</title>
<h1>Revenue</h1>
<p><a href="/revenue.csv?year=2025">2025</a> <a href="/revenue.csv?year=2026">2026</a></p>
"""


def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """Answer with the page, or with the revenue of a year as CSV."""
    path, year = environ["PATH_INFO"] or "/", year_of(environ)
    if path == "/":
        start_response("200 OK", [HTML])
        return [PAGE.encode()]
    if path == "/revenue.csv" and year is not None:
        start_response("200 OK", [CSV])
        return rows(year)
    start_response("404 Not Found", [HTML])
    return [b"<!doctype html><title>Not found</title><p>There is no such year.\n"]


def year_of(environ: WSGIEnvironment) -> str | None:
    """Return the year that is asked for, None where there is none of it."""
    said = re.fullmatch("year=([0-9]{4})", environ.get("QUERY_STRING", ""))
    return said[1] if said and said[1] in REVENUE else None


def rows(year: str) -> Iterator[bytes]:
    """Yield the lines of the file one by one."""
    for row in (("branch", "revenue"), *REVENUE[year]):
        line = io.StringIO()
        # A spreadsheet takes a cell that begins like this for a formula; figures of our own may be negative.
        branch = f"'{row[0]}" if row[0].startswith(("=", "+", "-", "@")) else row[0]
        csv.writer(line).writerow((branch, row[1]))
        yield line.getvalue().encode()


def saved_as(environ: WSGIEnvironment) -> ContentDisposition:
    """Return the name that the file is saved under; its form for other alphabets is the field's affair (RFC 6266)."""
    return ContentDisposition(f"Umsätze {year_of(environ)} – alle Filialen.csv")


POLICY = Policy(
    presets.BASELINE,
    Rule(
        # Of what the path answers, only the file: the page that says 404 is shown and not saved.
        Match(path="/revenue.csv", media_type="text/csv"),
        Set("Content-Disposition", saved_as),
        # Figures of the house are kept by nobody on the way, and not by the browser beside the file either.
        CacheControl(no_store=True),
        # Should a browser show the file all the same, what is in it does nothing: no script, no form, no load.
        ContentSecurityPolicy(default_src=[], sandbox=[]),
    ),
)

application = HeadersMiddleware(app, POLICY)
