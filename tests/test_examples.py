"""The examples as README presents them: each is started by its command there, and none needs a cookie to go on."""

from __future__ import annotations

import importlib
import json
import re
import shlex
import signal
import sys
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from browsing import browser, kept, settled
from command_process import ROOT, head_of, started

from wsgi_headers.__main__ import main
from wsgi_headers.mounting import middleware_of
from wsgi_headers.references import application_of

EXAMPLES = ROOT / "examples"
MODULES = sorted(path.stem for path in EXAMPLES.glob("*.py") if path.stem != "__init__")


class Row(NamedTuple):
    """A row of README's table: the file that it links, what it says, and its command."""

    file: str
    shows: str
    command: str

    @property
    def module(self) -> str:
        return Path(self.file).stem

    @property
    def reference(self) -> str:
        """What the command serves."""
        return shlex.split(self.command)[2]


ROWS = [
    Row(*found)
    for found in re.findall(r"^\| \[[^]]+\]\(([^)]+)\) \| (.+) \| `(.+)` \|$", (ROOT / "README.md").read_text(), re.M)
]

# A line of each head that only the policy of that example makes, at the first page of the list.
PAGES = {
    "api": ("/v1/motto", "API-Version: 1"),
    "article": (
        "/articles/tides",
        "Cache-Control: public, max-age=60, stale-while-revalidate=3600, stale-if-error=86400",
    ),
    "behind_proxy": ("/", "Cache-Control: private, no-cache"),
    "consent": ("/", "Vary: Cookie"),
    "cookieless": ("/", "Referrer-Policy: same-origin"),
    "csv_download": ("/", "Content-Security-Policy: base-uri 'self'"),
    "languages": ("/", "Content-Language: en"),
    "login": ("/", "Cross-Origin-Opener-Policy: same-origin"),
    "preferences": ("/style.css", "Cache-Control: public, max-age=3600"),
    "visit_counter": ("/", "Set-Cookie: visits=1; Max-Age=2592000; Path=/; HttpOnly; SameSite=Lax"),
}


def test_readme_has_a_row_for_each() -> None:
    """Every example is linked once, by a file that is there."""
    assert sorted(row.module for row in ROWS) == MODULES
    assert [row for row in ROWS if not (ROOT / row.file).is_file()] == []


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.module)
def test_the_module_says_the_same(row: Row) -> None:
    """Its docstring has the command, says whether there is a framework, and it is a few dozen lines."""
    text = (EXAMPLES / f"{row.module}.py").read_text()
    module = importlib.import_module(f"examples.{row.module}")

    assert module.__doc__ is not None
    assert f"`{row.command}`" in " ".join(module.__doc__.split())
    uses_flask = re.search(r"^from (flask|examples\.preferences) import", text, re.M) is not None
    assert ("(Flask)" in row.shows) == uses_flask
    assert ("without a framework" in module.__doc__) != uses_flask
    assert text.count("\n") < 150


def test_both_kinds_are_there() -> None:
    """Some are without a framework and some are with Flask."""
    with_flask = {row.module for row in ROWS if "(Flask)" in row.shows}

    assert 3 <= len(with_flask) <= len(ROWS) - 3


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.module)
def test_the_command_runs_it(row: Row) -> None:
    """The application is served behind its own policy and no second one, and Ctrl-C ends it quietly."""
    program, *arguments = shlex.split(row.command)
    path, line = PAGES[row.module]
    assert program == "wsgi-headers"

    with started(ROOT, *arguments, lines=2) as run:
        address, _, what = run.announced[0].partition("  ")
        head, body = head_of(address.removesuffix("/") + path)
        code, told = run.ended_by(signal.SIGINT)

    assert what == f"{row.reference} behind its own policy"
    assert head[0] == "200 OK"
    assert line in head and "X-Content-Type-Options: nosniff" in head
    assert [field for field in {name.partition(":")[0] for name in head} if _count(head, field) > 1] == []
    assert body
    assert (code, "Traceback" in told) == (0, False)


def test_the_proxy_can_be_played() -> None:
    """What the module says of curl: with the line of a proxy the answer is one by https, without it none is."""
    (row,) = (row for row in ROWS if row.module == "behind_proxy")
    with started(ROOT, *shlex.split(row.command)[1:], lines=2) as run:
        address = run.announced[0].partition("  ")[0]
        by_http, by_https = (head_of(address, fields=fields)[0] for fields in ({}, {"X-Forwarded-Proto": "https"}))
        run.ended_by(signal.SIGINT)

    hsts = "Strict-Transport-Security: max-age=63072000; includeSubDomains"
    assert (hsts in by_http, hsts in by_https) == (False, True)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.module)
def test_show_explains_it(row: Row, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Line by line, with the parts of its own policy, also where Flask or ProxyFix stands outside."""
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr(sys, "path", list(sys.path))

    assert main(["show", row.reference, PAGES[row.module][0], "--json"]) == 0

    shown = json.loads(capsys.readouterr().out)
    assert shown["policy"] == "its own policy"
    explained = {": ".join(line["after"]): line["parts"] for line in shown["lines"] if line["after"]}
    by_https = PAGES[row.module][1].replace("; HttpOnly", "; Secure; HttpOnly")
    assert explained[by_https] != []


def _count(head: list[str], field: str) -> int:
    return [line.partition(":")[0] for line in head].count(field)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.module)
def test_each_has_a_policy_of_its_own(row: Row) -> None:
    """No two examples show the same policy."""
    policies = [middleware_of(application_of(other.reference)) for other in ROWS if other is not row]
    own = middleware_of(application_of(row.reference))

    assert own is not None
    assert own.policy not in [middleware and middleware.policy for middleware in policies]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.module)
def test_a_browser_without_cookies(row: Row) -> None:
    """Every link and every button of the page leads to a page after a redirect or two; nothing loops."""
    path, _ = PAGES[row.module]
    visitor = browser(application_of(row.reference), cookies=False)
    page = settled(visitor.get(path))
    if page.content_type != "text/html":
        return

    for step in (*_forms(page), *_links(page)):
        assert settled(step()).status_int in (200, 403)
    assert kept(visitor) == {}
    assert settled(visitor.get(path)).status_int == 200


def _forms(page: Any) -> list[Any]:
    """Return a function for each button of the page that presses it; a login is refused, for who gave no password."""
    steps = []
    for form in {id(form): form for form in page.forms.values()}.values():
        named = [field for fields in form.fields.values() for field in fields if field.tag == "button"]
        pressed = [(field.name, field.value_if_submitted()) for field in named if field.name] or [(None, None)]
        steps += [lambda f=form, n=name, v=value: f.submit(n, value=v, expect_errors=True) for name, value in pressed]
    return steps


def _links(page: Any) -> list[Any]:
    """Return a function for each link of the page that follows it."""
    return [lambda target=link["href"]: page.goto(target) for link in page.html.find_all("a")]
