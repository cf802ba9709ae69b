"""What becomes of an application's Set-Cookie lines under a policy, through the middleware."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from wsgi_headers import HeadersMiddleware, Policy


def rewriter(*parts: Any, scheme: str = "https") -> Callable[..., list[str]]:
    """Return a function of Set-Cookie lines that gives those that leave under `parts`; it keeps what the plan keeps."""
    lines: list[str] = []

    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        start_response("200 OK", [("Content-Type", "text/plain"), *(("Set-Cookie", line) for line in lines)])
        return [b""]

    middleware = HeadersMiddleware(app, Policy(*parts))

    def rewrite(*given: str) -> list[str]:
        lines[:] = given
        heads: list[Any] = []
        environ = {"REQUEST_METHOD": "GET", "PATH_INFO": "/", "HTTP_HOST": "a.test", "wsgi.url_scheme": scheme}
        middleware(environ, lambda status, head, exc_info=None: heads.append(head))
        (head,) = heads
        return [value for name, value in head if name == "Set-Cookie"]

    return rewrite


def rewritten(line: str, *parts: Any, scheme: str = "https") -> str | None:
    """Return the one line that leaves under `parts`, None where it is dropped."""
    after = rewriter(*parts, scheme=scheme)(line)
    assert len(after) <= 1
    return after[0] if after else None
