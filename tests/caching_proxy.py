"""A real shared cache for tests: nginx, as Debian packages it, in front of a server of the tests.

It is set up as carelessly as many are: what says nothing of caching is stored too, and cookies are no reason not to.
What it knows of Cache-Control and Vary (RFC 9111) it obeys; of Authorization (section 3.5) it knows nothing.
"""

from __future__ import annotations

import contextlib
import grp
import os
import pwd
import socket
from collections.abc import Iterator
from pathlib import Path

from installed_programs import program
from servers import Server, started

CONFIGURATION = """
daemon off;
worker_processes 1;
{user}
pid nginx.pid;
error_log stderr;
events {{ worker_connections 64; }}
http {{
    access_log off;
    client_body_temp_path temporary/body;
    proxy_temp_path temporary/proxy;
    fastcgi_temp_path temporary/fastcgi;
    uwsgi_temp_path temporary/uwsgi;
    scgi_temp_path temporary/scgi;
    proxy_cache_path cache keys_zone=shared:1m;
    server {{
        listen {listen};
        location / {{
            proxy_pass http://{origin};
            proxy_cache shared;
            proxy_cache_valid 200 1m;
            proxy_ignore_headers Set-Cookie;
            add_header X-Cache $upstream_cache_status always;
        }}
    }}
}}
"""


@contextlib.contextmanager
def nginx(origin: Server, home: Path) -> Iterator[Server]:
    """Run nginx in front of a server until the block ends; skips or fails the test where it is not installed.

    Its answers say in X-Cache whether they come from the cache (HIT, else MISS).

    home   an empty directory: of its configuration, its cache and the log
    """
    path = program("nginx", package="nginx")
    (home / "temporary").mkdir()

    def command(descriptor: int) -> list[str]:
        with socket.socket(fileno=os.dup(descriptor)) as listener:
            listen = listener.getsockname()
        text = CONFIGURATION.format(user=_user(), listen=_address(listen), origin=_address(origin.address))
        (home / "nginx.conf").write_text(text)
        # NGINX names sockets that it inherits, as from an nginx that it takes over from.
        return ["env", f"NGINX={descriptor};", path, "-p", str(home), "-c", str(home / "nginx.conf"), "-e", "stderr"]

    with started(command, home) as server:
        yield server


def _address(address: tuple[str, int]) -> str:
    return f"{address[0]}:{address[1]}"


def _user() -> str:
    """Started by root, its worker would become a user who cannot read the folders of a test."""
    if os.geteuid() != 0:
        return ""
    return f"user {pwd.getpwuid(os.geteuid()).pw_name} {grp.getgrgid(os.getegid()).gr_name};"
