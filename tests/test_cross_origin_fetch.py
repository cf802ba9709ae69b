"""The model of a page that fetches across origins does what a real browser did."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from cross_origin_fetch import fetch
from wsgi import responding

ROWS = json.loads((Path(__file__).parent / "data" / "cross_origin.json").read_text())["rows"]
SERVER = [("Cache-Control", "no-store"), ("Content-Length", "2"), ("Content-Type", "text/plain")]
PAGE = "https://www.web-platform.test:18443"

# Chromium still lets a star cover Authorization; Fetch, "CORS non-wildcard request-header name", does not.
LENIENT = {"Authorization, star"}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["what"])
def test_model(row: dict[str, Any]) -> None:
    """Which requests it makes, whether the page gets the response, and which fields it can read."""
    asked: list[list[str | None]] = []

    def app(environ: Any, start_response: Any) -> Any:
        method, names = (environ.get(f"HTTP_ACCESS_CONTROL_REQUEST_{what}") for what in ("METHOD", "HEADERS"))
        asked.append([environ["REQUEST_METHOD"], method, names])
        about = "preflight" if method is not None else "actual"
        status = row["preflight_status"] if method is not None else row["status"]
        lines = [tuple(line) for line in row[about]]
        own = [line for line in SERVER if line[0] not in dict(lines)]
        bodiless = status in (204, 304)
        lines += [line for line in own if not bodiless or line[0] == "Cache-Control"]
        return responding(*lines, status=f"{status} As Told", body=[] if bodiless else [b"ok"])(environ, start_response)

    fetched = fetch(app, PAGE, row["method"], row["headers"], credentials=row["credentials"])

    if row["what"] in LENIENT:
        assert (row["ok"], fetched.ok) == (True, False)
        return
    assert asked == row["requests"]
    assert fetched.ok is row["ok"]
    if row["ok"] and row["readable"] is not None:
        assert fetched.readable == row["readable"]
