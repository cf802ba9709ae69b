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
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()

SETUP_DEMO = "python3 -m venv .venv && .venv/bin/pip install . && .venv/bin/wsgi-headers demo"
SETUP_TESTS = "python3 -m venv .venv && .venv/bin/pip install -e '.[test]' && .venv/bin/pytest"

DJANGO_SETTINGS = "SECRET_KEY = 'only for this test'\nROOT_URLCONF = 'example_settings'\nurlpatterns = []\n"

SECONDS = 30  # the longest that a block may take to answer


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
            port = free_port()
            arguments += ["--bind", f"127.0.0.1:{port}", "--no-control-socket"] if program == "gunicorn" else []
            arguments += ["--port", str(port)] if program != "gunicorn" else []
            with serving(arguments, folder):
                assert field_of(port, "X-Content-Type-Options") == "nosniff"
        else:
            ran = subprocess.run(
                arguments, cwd=folder, env=environment(folder), capture_output=True, timeout=SECONDS, text=True
            )
            assert (ran.returncode, ran.stderr) == (0, "")
            assert not output or ran.stdout == output


@contextmanager
def serving(arguments: list[str], folder: Path) -> Iterator[None]:
    """Run a server until the block ends; it is interrupted as a person would, and must then end well."""
    server = subprocess.Popen(
        arguments, cwd=folder, env=environment(folder), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        yield
        server.send_signal(signal.SIGINT)
        assert server.wait(SECONDS) == 0
    finally:
        server.kill()
        server.wait(SECONDS)


def free_port() -> int:
    """Return a port of the loopback interface that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def field_of(port: int, name: str) -> str | None:
    """Return a field of the answer to GET /, waiting for the server to listen."""
    until = time.monotonic() + SECONDS
    while True:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=SECONDS) as answer:
                field: str | None = answer.headers[name]
                return field
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.05)


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

    assert set(re.findall(r"^\| `(\w+)\(", README, re.MULTILINE)) == exported
