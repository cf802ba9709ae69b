"""The command line as a process of its own, and requests to what it serves."""

from __future__ import annotations

import contextlib
import http.client
import os
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parent.parent
PATIENCE = 60  # seconds that a process may take on a busy machine; none is waited for longer than it takes

# What wsgiref adds to every head.
OWN_FIELDS = ("Date", "Server", "Content-Length")


class Started:
    """A running `python -m wsgi_headers`, its first line of output read."""

    def __init__(self, process: subprocess.Popen[str], lines: int) -> None:
        self.process = process
        assert process.stdout is not None
        self.announced = [process.stdout.readline().rstrip("\n") for _ in range(lines)]

    def ended_by(self, number: int) -> tuple[int, str]:
        """Send a signal; return the exit code and what was said on standard error."""
        self.process.send_signal(number)
        _, told = self.process.communicate(timeout=PATIENCE)
        return self.process.returncode, told


@contextlib.contextmanager
def started(directory: Path, *arguments: str, lines: int = 1, before: tuple[str, ...] = ()) -> Iterator[Started]:
    """Run the command line in a directory until the block ends, or until it was asked to end and did."""
    command = [*before, sys.executable, "-m", "wsgi_headers", *arguments]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        command, cwd=directory, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        # Whatever is waited for below ends at the latest with the process.
        limit = threading.Timer(PATIENCE, process.kill)
        limit.start()
        try:
            yield Started(process, lines)
        finally:
            limit.cancel()
            process.kill()


def head_of(address: str, method: str = "GET", fields: Mapping[str, str] | None = None) -> tuple[list[str], bytes]:
    """Return the head that a server sends, without what wsgiref adds, status line first; and the body."""
    parts = urlsplit(address)
    assert parts.hostname in ("127.0.0.1", "::1")
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=PATIENCE)
    try:
        connection.request(method, parts.path or "/", headers=fields or {})
        response = connection.getresponse()
        lines = [f"{name}: {value}" for name, value in response.getheaders() if name not in OWN_FIELDS]
        return [f"{response.status} {response.reason}", *lines], response.read()
    finally:
        connection.close()
