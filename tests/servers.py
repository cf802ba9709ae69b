"""Real servers for tests, each in a process of its own, and requests over a plain socket.

A server inherits a socket that listens already: no port can be lost to somebody else between choosing and binding it,
and a request that comes too early waits in the backlog instead of being refused. What comes back is read as octets:
an HTTP library would fold, sort or drop what a test wants to see.

    python tests/servers.py waitress DESCRIPTOR module:application      what a child runs, gunicorn aside
"""

from __future__ import annotations

import contextlib
import ctypes
import importlib
import os
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

TESTS = Path(__file__).resolve().parent
GUNICORN_WORKERS = ("sync", "gthread", "gevent")
KINDS = (*(f"gunicorn-{worker}" for worker in GUNICORN_WORKERS), "waitress", "cheroot", "wsgiref")

START_SECONDS = 20.0
ANSWER_SECONDS = 10.0
STOP_SECONDS = 10.0

_PR_SET_PDEATHSIG = 1  # prctl(2)


class Reply(NamedTuple):
    """One response as it came over the wire; native strings, one octet a character.

    status_line   "" where the connection ended before one came
    field_lines   in order, as they stand between the line ends
    body          without the framing of chunks
    whole         whether the body ended as its own framing says
    raw           every octet that came
    """

    status_line: str
    field_lines: list[str]
    body: bytes
    whole: bool
    raw: bytes

    @property
    def code(self) -> int:
        """The status code; 0 where none came."""
        parts = self.status_line.split(" ", 2)
        return int(parts[1]) if len(parts) > 1 else 0

    @property
    def lines(self) -> list[tuple[str, str]]:
        """The field lines as (name in lower case, value without the blank after the colon)."""
        pairs = (line.partition(":") for line in self.field_lines)
        return [(name.lower(), value.removeprefix(" ")) for name, _, value in pairs]

    def values(self, name: str) -> list[str]:
        """Return the values of the lines of that field, in order."""
        return [value for known, value in self.lines if known == name.lower()]


class Server:
    """A server that runs; `log` is what it wrote so far to stdout and stderr, `trust` is for one that speaks TLS."""

    def __init__(
        self,
        process: subprocess.Popen[bytes],
        address: tuple[str, int],
        log_file: Path,
        trust: ssl.SSLContext | None = None,
    ) -> None:
        self.process = process
        self.address = address
        self._log_file = log_file
        self._trust = trust

    @property
    def log(self) -> str:
        return self._log_file.read_text(errors="replace")

    def connect(self, timeout: float = ANSWER_SECONDS) -> socket.socket:
        """Return a new connection."""
        connection = socket.create_connection(self.address, timeout=timeout)
        if self._trust is None:
            return connection
        return self._trust.wrap_socket(connection, server_hostname=self.address[0])

    def ask(
        self, path: str, *, method: str = "GET", fields: Iterable[str] = (), timeout: float = ANSWER_SECONDS
    ) -> Reply:
        """Send one request and return what came until the server closed the connection."""
        with self.connect(timeout) as connection:
            connection.sendall(request_octets(path, method=method, fields=fields))
            raw = b""
            with contextlib.suppress(ConnectionResetError):
                while received := connection.recv(65536):
                    raw += received
        return reply_of(raw, method)

    def until(self, holds: Callable[[], bool], what: str, seconds: float = ANSWER_SECONDS) -> None:
        """Wait until something holds; AssertionError with the log where it does not in time."""
        deadline = time.monotonic() + seconds
        while not holds():
            if time.monotonic() > deadline:
                raise AssertionError(f"not in {seconds} s: {what}\n{self.log}")
            time.sleep(0.05)


def request_octets(path: str, *, method: str = "GET", fields: Iterable[str] = ()) -> bytes:
    """Return an HTTP/1.1 request that asks for the end of the connection."""
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", "Connection: close", *fields]
    return "".join(f"{line}\r\n" for line in (*lines, "")).encode("latin-1")


def reply_of(raw: bytes, method: str = "GET") -> Reply:
    """Return the octets of one response, taken apart."""
    head, _, rest = raw.partition(b"\r\n\r\n")
    status_line, *field_lines = head.decode("latin-1").split("\r\n")
    reply = Reply(status_line, field_lines, rest, True, raw)
    if method == "HEAD" or reply.code in (204, 304):
        return reply._replace(whole=not rest)
    if reply.values("Transfer-Encoding") == ["chunked"]:
        body, whole = _unchunked(rest)
        return reply._replace(body=body, whole=whole)
    lengths = reply.values("Content-Length")
    return reply._replace(whole=bool(status_line) and lengths in ([], [str(len(rest))]))


def _unchunked(rest: bytes) -> tuple[bytes, bool]:
    """Return the octets of a chunked body, and whether its last chunk came."""
    body = b""
    while True:
        size, end, rest = rest.partition(b"\r\n")
        if not end:
            return body, False
        length = int(size.partition(b";")[0], 16)
        if length == 0:
            return body, rest == b"\r\n"
        body += rest[:length]
        if rest[length : length + 2] != b"\r\n":
            return body, False
        rest = rest[length + 2 :]


@contextlib.contextmanager
def running(kind: str, application: str, home: Path) -> Iterator[Server]:
    """Run `module:application` under a server of one of KINDS, until the block ends.

    home   an empty directory: HOME, working directory, and the place of the log
    """
    if kind.startswith("gunicorn-"):
        with gunicorn(home, "--worker-class", kind.removeprefix("gunicorn-"), application) as server:
            yield server
        return

    def command(descriptor: int) -> list[str]:
        return [sys.executable, str(TESTS / "servers.py"), kind, str(descriptor), application]

    with started(command, home) as server:
        yield server


@contextlib.contextmanager
def gunicorn(home: Path, *arguments: str, trust: ssl.SSLContext | None = None) -> Iterator[Server]:
    """Run gunicorn with `arguments`; a gunicorn.conf.py in `home`, its working directory, is read as everywhere.

    trust   what a client trusts, where the arguments name a certificate
    """

    def command(descriptor: int) -> list[str]:
        options = ["--no-control-socket", "--graceful-timeout", "1", "--bind", f"fd://{descriptor}"]
        return [sys.executable, "-m", "gunicorn", *options, *arguments]

    with started(command, home, trust) as server:
        yield server


def gunicorn_that_fails(home: Path, *arguments: str) -> tuple[int, str]:
    """Run gunicorn until it gives up, and return its exit code and all that it wrote."""
    options = ["--no-control-socket", "--bind", "127.0.0.1:0"]
    command = [sys.executable, "-m", "gunicorn", *options, *arguments]
    done = subprocess.run(
        command,
        cwd=home,
        env=_environment(home),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=START_SECONDS,
        check=False,
    )
    return done.returncode, done.stdout.decode(errors="replace")


def _environment(home: Path) -> dict[str, str]:
    """Return an environment without the settings that servers read from it."""
    path = os.pathsep.join((str(home), str(TESTS.parent), str(TESTS)))
    return {
        "HOME": str(home),
        "PATH": os.environ["PATH"],
        "PYTHONPATH": path,
        "PYTHONUNBUFFERED": "1",
        # gunicorn imports its conf file: one of the same length written within a second would come from the cache.
        "PYTHONDONTWRITEBYTECODE": "1",
    }


@contextlib.contextmanager
def started(command: Callable[[int], list[str]], home: Path, trust: ssl.SSLContext | None = None) -> Iterator[Server]:
    """Run what `command` makes of the descriptor of an inherited socket that listens, until the block ends."""
    log_file = home / "server.log"
    with socket.socket() as listener, log_file.open("wb") as log:
        listener.bind(("127.0.0.1", 0))
        listener.listen(64)
        address = listener.getsockname()
        process = subprocess.Popen(
            command(listener.fileno()),
            cwd=home,
            env=_environment(home),
            pass_fds=[listener.fileno()],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            preexec_fn=_end_with_parent,
        )
    # The child alone holds the listening socket now: where it ends, connections are refused at once.
    server = Server(process, address, log_file, trust)
    try:
        try:
            answered = server.ask("/", timeout=START_SECONDS).status_line
        except OSError as error:
            answered = ""
            print(f"{type(error).__name__}: {error}")
        assert answered, f"no answer from {process.args!r}\n{server.log}"
        yield server
    finally:
        _stop(process)


def _end_with_parent() -> None:
    """Have this process end when the one that started it is killed and cannot end it; Linux alone knows how."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def _stop(process: subprocess.Popen[bytes]) -> None:
    """End the process, and what it left behind in the session that was made for it."""
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(STOP_SECONDS)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def _serve_waitress(application: Any, listener: socket.socket) -> None:
    import waitress

    waitress.serve(application, sockets=[listener], threads=4)


def _serve_cheroot(application: Any, listener: socket.socket) -> None:
    from cheroot.wsgi import Server as CherootServer

    class Inheriting(CherootServer):
        def bind(self, family: int, type: int, proto: int = 0) -> socket.socket:
            self.socket = listener
            self.bind_addr = listener.getsockname()
            return listener

    Inheriting(listener.getsockname(), application, numthreads=4).start()


def _serve_wsgiref(application: Any, listener: socket.socket) -> None:
    from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

    class Inheriting(WSGIServer):
        def server_bind(self) -> None:
            self.socket.close()
            self.socket = listener
            self.server_name, self.server_port = listener.getsockname()
            self.setup_environ()

    server = Inheriting(listener.getsockname(), WSGIRequestHandler)
    server.set_app(application)
    server.serve_forever()


_SERVE: dict[str, Callable[[Any, socket.socket], None]] = {
    "waitress": _serve_waitress,
    "cheroot": _serve_cheroot,
    "wsgiref": _serve_wsgiref,
}


def main(kind: str, descriptor: str, reference: str) -> None:
    """Serve `module:application`, or what `module:make()` returns, on an inherited socket that listens."""
    module, _, name = reference.partition(":")
    found = getattr(importlib.import_module(module), name.removesuffix("()"))
    _SERVE[kind](found() if name.endswith("()") else found, socket.socket(fileno=int(descriptor)))


if __name__ == "__main__":
    main(*sys.argv[1:])
