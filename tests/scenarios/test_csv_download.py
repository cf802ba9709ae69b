"""Somebody fetches the figures of a year: what the file is called, what is in it, what a browser does with it."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from assertions import assert_head
from browsing import browser
from werkzeug.http import parse_options_header
from wsgi import call, environ_for

from examples.csv_download import POLICY, app, application
from wsgi_headers import HeadersMiddleware


def test_the_file_is_saved() -> None:
    """A click on the page brings an attachment with a name of its year, and every row of it."""
    page = browser(application).get("/")
    file = page.click("2026")

    disposition, options = parse_options_header(file.headers["Content-Disposition"])
    assert (disposition, options["filename"]) == ("attachment", "Umsätze 2026 – alle Filialen.csv")
    assert list(csv.reader(io.StringIO(file.text, newline=""))) == [
        ["branch", "revenue"],
        ["Köln", "1310.00"],
        ["'=HYPERLINK(1)", "-20.00"],
    ]


def test_the_head_of_the_file() -> None:
    """Type and name say what it is, nobody guesses another type, nobody keeps it, and shown it does nothing."""
    sent = call(application, path="/revenue.csv", QUERY_STRING="year=2025")

    assert_head(
        sent.lines,
        [
            ("Content-Type", "text/csv; charset=utf-8"),
            (
                "Content-Disposition",
                'attachment; filename="Umsatze 2025 _ alle Filialen.csv"; '
                "filename*=UTF-8''Ums%C3%A4tze%202025%20%E2%80%93%20alle%20Filialen.csv",
            ),
            ("Cache-Control", "no-store"),
            ("X-Content-Type-Options", "nosniff"),
            ("X-Frame-Options", "SAMEORIGIN"),
            ("Content-Security-Policy", "default-src 'none'; sandbox"),
            ("Referrer-Policy", "strict-origin-when-cross-origin"),
            ("Strict-Transport-Security", "max-age=31536000"),
        ],
    )


@pytest.mark.parametrize(
    "query", ["", "year=1999", "year=20260", "year=2026&year=2025", "year=2026%0d%0aSet-Cookie:%20a=1", 'year=";x="']
)
def test_a_year_that_is_not_there(query: str) -> None:
    """The page that says so is shown, not saved, and nothing of what was asked for is in the head."""
    missing = browser(application).get(f"/revenue.csv?{query}", status=404)

    assert "There is no such year." in missing
    assert missing.content_type == "text/html"
    assert "Content-Disposition" not in missing.headers
    assert missing.headers["Content-Security-Policy"] == "base-uri 'self'"
    assert "Set-Cookie" not in missing.headers


def test_rows_are_sent_while_they_are_made() -> None:
    """The body is the application's own iterable: the policy neither collects nor copies it."""
    handed = []

    def looked_at(environ: Any, start_response: Any) -> Any:
        handed.append(app(environ, start_response))
        return handed[0]

    environ = environ_for(path="/revenue.csv", QUERY_STRING="year=2025")
    given = HeadersMiddleware(looked_at, POLICY)(environ, lambda *_: None)

    assert given is handed[0]
