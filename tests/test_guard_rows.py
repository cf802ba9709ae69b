"""Guards decide as the systems did that the rows of `data/guards.json` were read from."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from wsgi import call, responding

from wsgi_headers import CORS, AllowedHosts, CrossOriginProtection, HeadersMiddleware, Policy, PolicyError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from wsgiref.types import StartResponse, WSGIEnvironment

    from wsgi_headers._part import Part

ROWS = json.loads((Path(__file__).parent / "data" / "guards.json").read_text())["rows"]
CONFIGURATIONS = [row for row in ROWS if "accepted" in row]
REQUESTS = [row for row in ROWS if "request" in row]

PARTS: dict[str, Callable[..., Part]] = {
    "AllowedHosts": lambda hosts: AllowedHosts(*hosts),
    "CORS": CORS,
    "CrossOriginProtection": CrossOriginProtection,
}


def named(row: dict[str, Any]) -> str:
    """Return what a row is called."""
    return f"{row['id']} {row['what']}"


def test_every_row_is_run() -> None:
    """A row is about a configuration or about a request."""
    assert len(CONFIGURATIONS) + len(REQUESTS) == len(ROWS) > 100
    assert {row["part"] for row in ROWS} == set(PARTS)


@pytest.mark.parametrize("row", CONFIGURATIONS, ids=named)
def test_configurations(row: dict[str, Any]) -> None:
    """Accepted, or refused with every offending value told."""
    if row["accepted"]:
        PARTS[row["part"]](**row["arguments"])
        return
    with pytest.raises(PolicyError) as caught:
        PARTS[row["part"]](**row["arguments"])

    told = [problem.value for problem in caught.value.problems]
    for value in row.get("values", ()):
        assert any(str(value) in one for one in told), told


@pytest.mark.parametrize("row", REQUESTS, ids=named)
def test_requests(row: dict[str, Any]) -> None:
    """Whether the application is called, the status, the lines that are there and those that are not."""
    calls: list[WSGIEnvironment] = []
    status, lines = f"{row.get('status', 200)} As Told", [tuple(line) for line in row.get("application", ())]

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        calls.append(environ)
        return responding(*lines, status=status)(environ, start_response)

    request = dict(row["request"])
    fields = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in request.pop("fields")}
    if "HTTP_CONTENT_TYPE" in fields:
        fields["CONTENT_TYPE"] = fields.pop("HTTP_CONTENT_TYPE")
    part = PARTS[row["part"]](**row["arguments"])
    response = call(HeadersMiddleware(app, Policy(part)), validate=False, **request, **fields)

    expected = row["expected"]
    if "called" in expected:
        assert bool(calls) is expected["called"]
    if "status" in expected:
        assert response.status.startswith(f"{expected['status']} ")
    for name, value in expected.get("lines", ()):
        of_names = name == "Vary" or name.endswith("-Headers")
        sent = response.values(name)
        assert [members(text) for text in sent] == [members(value)] if of_names else sent == [value]
    assert [line for line in response.lines if line[0] in expected.get("absent", ())] == []
    varying = [field for value in response.values("Vary") for field in members(value)]
    assert {field.lower() for field in expected.get("vary", ())} <= set(varying)
    if expected.get("vary") == []:
        assert varying == []


def members(value: str) -> list[str]:
    """Return the names in a list of names of fields, which compare without case, in an order of their own."""
    return sorted(member.strip().lower() for member in value.split(","))
