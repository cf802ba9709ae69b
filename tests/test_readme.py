"""Every block of README is executed, and what it says comes out is what comes out."""

from __future__ import annotations

import doctest
import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from wsgi import PLAIN, call, responding

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()

SETUP_DEMO = "python3 -m venv .venv && .venv/bin/pip install . && .venv/bin/wsgi-headers demo"
SETUP_TESTS = "python3 -m venv .venv && .venv/bin/pip install -e '.[test]' && .venv/bin/pytest"

DJANGO_SETTINGS = "SECRET_KEY = 'only for this test'\nROOT_URLCONF = 'example_settings'\nurlpatterns = []\n"

SECONDS = 60  # the longest that a block may take to answer


class Block(NamedTuple):
    """One block: its language, its text, and the line of README it begins at."""

    language: str
    text: str
    line: int


def blocks() -> list[Block]:
    """Return the fenced blocks, and the indented ones as shell commands."""
    found = [
        Block(match[1], match[2], README[: match.start()].count("\n") + 1)
        for match in re.finditer(r"^```(\w*)\n(.*?)^```$", README, re.DOTALL | re.MULTILINE)
    ]
    bare = re.sub(r"^```.*?^```$", lambda match: "\n" * match[0].count("\n"), README, flags=re.DOTALL | re.MULTILINE)
    return found + [
        Block("indented", match[1], bare[: match.start()].count("\n") + 1)
        for match in re.finditer(r"^    (\S.*)$", bare, re.MULTILINE)
    ]


def of(language: str) -> list[object]:
    """Return the blocks of a language as parameters with their lines as ids."""
    return [pytest.param(block, id=f"line {block.line}") for block in blocks() if block.language == language]


def rows(*header: str) -> list[list[str]]:
    """Return the rows of the table with that header, a cell each."""
    (table,) = re.findall(rf"^\| {re.escape(' | '.join(header))} \|\n\|[-|]+\|\n((?:\|.*\|\n)+)", README, re.MULTILINE)
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with what README says to save."""
    for name, mark in {"hello.py": "def app(environ", "account.py": "def account("}.items():
        (program,) = (block for block in blocks() if mark in block.text)
        (tmp_path / name).write_text(program.text)
    (tmp_path / "example_settings.py").write_text(DJANGO_SETTINGS)
    return tmp_path


def environment(folder: Path) -> dict[str, str]:
    """Return the environment of a command that README shows."""
    return {
        **os.environ,
        "HOME": str(folder),
        "PYTHONPATH": str(ROOT),
        "PYTHONUNBUFFERED": "1",
        "DJANGO_SETTINGS_MODULE": "example_settings",
    }


def test_no_block_is_left_out() -> None:
    """Every language of a block is one that is executed here."""
    assert {block.language for block in blocks()} == {"python", "pycon", "console", "indented"}


@pytest.mark.parametrize("block", of("python"))
def test_programs_run(block: Block, folder: Path) -> None:
    """A program is run as it stands."""
    ran = subprocess.run(
        [sys.executable, "-c", block.text], cwd=folder, env=environment(folder), capture_output=True, timeout=SECONDS
    )

    assert (ran.returncode, ran.stderr) == (0, b"")


@pytest.mark.parametrize("block", of("pycon"))
def test_sessions_print_what_they_show(block: Block) -> None:
    """What the interpreter prints is what README shows."""
    test = doctest.DocTestParser().get_doctest(block.text, {}, f"README line {block.line}", "README.md", block.line)
    report: list[str] = []
    results = doctest.DocTestRunner().run(test, out=report.append)

    assert results.attempted > 0
    assert not results.failed, "".join(report)


def commands(block: Block) -> Iterator[tuple[str, str]]:
    """Return each command of a console block with the output that follows it."""
    for part in re.split(r"^\$ ", block.text, flags=re.MULTILINE)[1:]:
        command, _, output = part.partition("\n")
        yield command, output


@pytest.mark.parametrize("block", of("console"))
def test_commands_do_what_they_show(block: Block, folder: Path) -> None:
    """A command that ends prints what README shows; one that serves answers with the policy's fields."""
    for command, output in commands(block):
        program, *arguments = shlex.split(command)
        module = {"wsgi-headers": "wsgi_headers", "gunicorn": "gunicorn"}[program]
        arguments = [sys.executable, "-m", module, *arguments]
        if program == "gunicorn" or arguments[3] == "serve":
            with serving(arguments, folder) as address, urllib.request.urlopen(address, timeout=SECONDS) as answer:
                assert answer.headers["X-Content-Type-Options"] == "nosniff"
        else:
            ran = subprocess.run(
                arguments, cwd=folder, env=environment(folder), capture_output=True, timeout=SECONDS, text=True
            )
            assert (ran.returncode, ran.stderr) == (0, "")
            assert not output or ran.stdout == output


@contextmanager
def serving(arguments: list[str], folder: Path) -> Iterator[str]:
    """Run a server until the block ends, and give its address; interrupted as a person would, it must end well.

    gunicorn inherits a socket that listens already; what `serve` announces tells that it listens.
    """
    with socket.create_server(("127.0.0.1", 0)) as listener:
        inherits = arguments[2] == "gunicorn"
        more = ["--bind", f"fd://{listener.fileno()}", "--no-control-socket"] if inherits else []
        server = subprocess.Popen(
            [*arguments, *more],
            cwd=folder,
            env=environment(folder),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            pass_fds=[listener.fileno()],
            text=True,
        )
        address = "http://{}:{}/".format(*listener.getsockname())
    with server:
        # Whatever is waited for below ends at the latest with the process.
        limit = threading.Timer(SECONDS, server.kill)
        limit.start()
        try:
            assert server.stdout is not None
            yield address if inherits else server.stdout.readline().split()[0]
            server.send_signal(signal.SIGINT)
            assert server.wait(SECONDS) == 0
        finally:
            limit.cancel()
            server.kill()


def test_the_set_up_is_two_commands() -> None:
    """README has the two commands, and the checks of every change run the second as it stands."""
    assert [block.text for block in blocks() if block.language == "indented"] == [SETUP_DEMO, SETUP_TESTS]
    assert SETUP_TESTS in (ROOT / ".ci" / "run").read_text().splitlines()


def test_the_table_of_operations_is_complete() -> None:
    """README shows each operation that the package exports."""
    import wsgi_headers
    from wsgi_headers.operations import Operation

    exported = {
        name
        for name in wsgi_headers.__all__
        if isinstance(kind := getattr(wsgi_headers, name), type) and issubclass(kind, Operation)
    }

    shown = rows("operation", "lines of that field afterwards")
    assert {call.strip("`").partition("(")[0] for call, _ in shown} == exported


def test_the_table_of_fields_is_complete() -> None:
    """README shows each typed field that the package exports, with the value that it has."""
    import datetime

    import wsgi_headers
    from wsgi_headers.typed_field import TypedField

    names = {**vars(wsgi_headers), "datetime": datetime.datetime, "timezone": datetime.timezone}
    shown = [eval(example.strip("` "), names.copy()) for example, _ in rows("class", "its value")]
    assert [f"`{field.serialize()}`" for field in shown] == [value for _, value in rows("class", "its value")]
    exported = {kind for kind in vars(wsgi_headers).values() if isinstance(kind, type) and issubclass(kind, TypedField)}
    assert {type(field) for field in shown} == exported
    assert len(shown) == len(exported)


# What an application sends of which a preset changes the first line, by the first cell of a row.
OWN = {
    "X-Powered-By and its kin": [("X-Powered-By", "me")],
    "Set-Cookie": [("Set-Cookie", "session=1; SameSite=None")],
    "Cache-Control beside a cookie, a nonce or credentials": [("Cache-Control", "public"), ("Set-Cookie", "a=1")],
}
BASELINE_TABLE = ("field", "what `presets.BASELINE` does", "why", "to take it out")
STRICT_TABLE = ("field", "STRICT", "API", "why", "to take it out")
TAKEN_OUT = [
    *(("BASELINE", row) for row in rows(*BASELINE_TABLE)),
    *(("STRICT", row) for row in rows(*STRICT_TABLE) if row[1]),
    *(("API", row) for row in rows(*STRICT_TABLE) if row[2]),
]


@pytest.mark.parametrize(("preset", "row"), TAKEN_OUT, ids=[f"{preset} {row[0]}" for preset, row in TAKEN_OUT])
def test_what_takes_a_field_of_a_preset_out(preset: str, row: list[str]) -> None:
    """README says of each field of a preset how it is taken out, and then the preset changes nothing about it."""
    import wsgi_headers
    from wsgi_headers import HeadersMiddleware, Policy, presets

    own = OWN.get(row[0], [])
    lines = [PLAIN, *own]
    name = own[0][0] if own else row[0]
    part = eval(row[-1].strip("`"), vars(wsgi_headers).copy())
    policy = getattr(presets, preset)
    expected = own[:1]
    assert [line for line in call(HeadersMiddleware(responding(*lines), policy)).lines if line[0] == name] != expected
    after = call(HeadersMiddleware(responding(*lines), Policy(policy, part))).lines
    assert [line for line in after if line[0] == name] == expected


@pytest.mark.parametrize("preset", ["BASELINE", "STRICT", "API"])
def test_the_tables_of_presets_are_complete(preset: str) -> None:
    """README has a row for each field that a preset sends."""
    from wsgi_headers import HeadersMiddleware, presets

    sent = {name for name, _ in call(HeadersMiddleware(responding(PLAIN), getattr(presets, preset))).lines}
    assert sent - {"Content-Type"} == {row[0] for of_preset, row in TAKEN_OUT if of_preset == preset} - set(OWN)


def programs(mark: str) -> dict[str, Any]:
    """Return the names of the one Python block with `mark` in it, executed."""
    (block,) = (block for block in blocks() if block.language == "python" and mark in block.text)
    names: dict[str, Any] = {"__name__": "readme"}
    exec(compile(block.text, f"README.md line {block.line}", "exec"), names)
    return names


def test_nonce_in_a_jinja_template() -> None:
    """The page of the Flask program runs its script under STRICT; the other can be framed by every site."""
    app = programs("jinja_env")["app"]
    response = call(app)
    (nonce,) = re.findall(r'^<script nonce="([^"]+)">go\(\)</script>$', response.body.decode())
    assert f"'nonce-{nonce}'" in response.values("Content-Security-Policy")[0]
    embedded = call(app, path="/embed")
    assert embedded.values("X-Frame-Options") == embedded.values("Content-Security-Policy") == []
    assert embedded.values("X-Content-Type-Options") == ["nosniff"]


def test_nonce_in_a_django_template() -> None:
    """The context processor gives the template its nonce, and costs nothing to a template that has no place for it."""
    import django_site
    from django.http import HttpRequest, HttpResponse
    from django.template import Context, engines
    from django.test import override_settings
    from django.urls import path

    from wsgi_headers import HeadersMiddleware, presets

    nonce = programs("def nonce(request)")["nonce"]
    (template,) = re.findall(r"`(<script nonce=.*?</script>)` in the template", README)

    def page(request: HttpRequest) -> HttpResponse:
        source = template if request.path == "/" else "plain"
        return HttpResponse(engines["django"].from_string(source).template.render(Context(nonce(request))))

    class Urls:
        urlpatterns = [path("", page), path("plain", page)]

    app = HeadersMiddleware(django_site.application, presets.STRICT)
    with override_settings(ROOT_URLCONF=Urls):
        response, plain = call(app), call(app, path="/plain")
    (made,) = re.findall(r'^<script nonce="([^"]+)">go\(\)</script>$', response.body.decode())
    assert f"'nonce-{made}'" in response.values("Content-Security-Policy")[0]
    assert "script-src 'none'" in plain.values("Content-Security-Policy")[0]


def test_a_preset_and_one_more_host() -> None:
    """Two lines add a host to what the preset says."""
    from wsgi_headers import HeadersMiddleware

    made = programs("cdn.example")
    (value,) = call(HeadersMiddleware(responding(PLAIN), made["policy"])).values("Content-Security-Policy")
    assert value.endswith("; img-src 'self' https://cdn.example; style-src 'self' https://cdn.example")
    assert "script-src 'none'" in value
