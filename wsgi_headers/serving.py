"""Threaded HTTP servers on loopback addresses, for trying out; whoever serves others takes a server made for it."""

from __future__ import annotations

import errno
import ipaddress
import os
import signal
import socket
import sys
import threading
from collections.abc import Iterable, Sequence
from socketserver import TCPServer, ThreadingMixIn
from typing import TYPE_CHECKING, Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer

from .errors import escaped

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

LOOPBACK = "127.0.0.1"


class CannotListen(Exception):
    """An address that cannot be listened on; the message is one line that says what to do."""


class LoopbackServer(ThreadingMixIn, WSGIServer):
    """A listening server; `set_app` gives it the application.

    host   a loopback address or "localhost"
    port   0: a free one

    Raises CannotListen.
    """

    daemon_threads = True  # a request that hangs keeps nobody from ending

    def __init__(self, host: str = LOOPBACK, port: int = 0) -> None:
        host = LOOPBACK if host == "localhost" else host.removeprefix("[").removesuffix("]")
        if not _is_loopback(host):
            fix = "this server is for trying out; give 127.0.0.1, ::1 or localhost"
            raise CannotListen(f"{escaped(host)} is no loopback address; {fix}")
        if ":" in host:
            self.address_family = socket.AF_INET6
        try:
            super().__init__((host, port), WSGIRequestHandler)
        except OSError as error:
            raise CannotListen(_refusal(host, port, error)) from error

    def server_bind(self) -> None:
        """Bind without a look-up of the address's name, which may take its time."""
        TCPServer.server_bind(self)
        self.server_name, self.server_port = self.server_address[:2]  # type: ignore[assignment]
        self.setup_environ()

    def set_app(self, application: WSGIApplication | None) -> None:
        """Give the application that answers the requests from now on."""
        super().set_app(application and _told_of_threads(application))

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of clients that went away."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)

    @property
    def address(self) -> str:
        """The URL of the server, without a slash at its end."""
        host = f"[{self.server_name}]" if ":" in self.server_name else self.server_name
        return f"http://{host}:{self.server_port}"


def _told_of_threads(application: WSGIApplication) -> WSGIApplication:
    # wsgiref says False of every server, and an application may rely on it (PEP 3333, "environ Variables").
    def threaded(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        environ["wsgi.multithread"] = True
        return application(environ, start_response)

    return threaded


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _refusal(host: str, port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"port {port} of {host} is in use; give another --port, or none for a free one"
    if error.errno == errno.EACCES:
        return f"port {port} of {host} is not for this user; give a --port from 1024 on, or none for a free one"
    return f"port {port} of {host}: {os.strerror(error.errno or 0)}; give another --host or --port"


def serve(servers: Sequence[LoopbackServer], announcement: str) -> None:
    """Print `announcement` and serve until SIGINT or SIGTERM comes; the servers are closed then.

    To be called in the main thread, the only one that signals come to.
    """
    *others, last = servers
    threads = [threading.Thread(target=server.serve_forever, daemon=True) for server in others]
    # SIGINT too: a shell that starts a command in the background has it ignored.
    before = {number: signal.signal(number, signal.default_int_handler) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        for thread in threads:
            thread.start()
        print(announcement, flush=True)
        last.serve_forever()
    except KeyboardInterrupt:
        pass
    finally:
        for thread, server in zip(threads, others, strict=True):
            if thread.is_alive():
                server.shutdown()
        for server in servers:
            server.server_close()
        for number, handler in before.items():
            signal.signal(number, handler)
