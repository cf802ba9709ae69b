"""HttpsRedirect: a request over http is sent to the same place over https (RFC 9110 4.2.2, 15.4)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING
from urllib.parse import quote

from ._guards import check_exempt_paths, exempting
from ._part import GuardRank, Part
from .errors import Problem, Problems, escaped
from .exchange import Answer, Decision, Request, answer_in_words, host_of, port_of

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

    from .match import Match

# RFC 9110 15.4.2, 15.4.3, 15.4.8, 15.4.9. After 301 and 302 browsers repeat a POST as GET.
_STATUSES = {
    301: "301 Moved Permanently",
    302: "302 Found",
    307: "307 Temporary Redirect",
    308: "308 Permanent Redirect",
}

# RFC 8555 8.3: an authority asks for the token of a challenge over http.
ACME = "/.well-known/acme-challenge/"

_HTTP_PORT, _HTTPS_PORT = 80, 443  # RFC 9110 4.2.1, 4.2.2

# RFC 3986 3.3: pchar = unreserved / pct-encoded / sub-delims / ":" / "@"; the server took the percent encoding off the
# path, so what is left of "%" is a character of it. The query comes as it was sent (3.4).
_PATH = "/!$&'()*+,;=:@"
_QUERY = f"{_PATH}?%"

# RFC 9112 3.2
_REFUSAL = answer_in_words("400 Bad Request", "The request names no host.")


class HttpsRedirect(Part):
    """Redirects what did not come by https, `wsgi.url_scheme`, to https on the same host.

    host           the host to redirect to, "www.example.com" or "www.example.com:8443"; without it that of the
                   request's Host field, and a request without a well-formed one is refused (400)
    status         301, 302, 307 or 308; the last two keep the method
    exempt_paths   "/exact" or "/prefix/"; they hold for paths as they are sent

    Path and query are kept, SCRIPT_NAME included; the port 80 is dropped, another one stays.

    >>> HttpsRedirect(host="www.example.com", status=307)
    HttpsRedirect(host='www.example.com', status=307)

    Raises PolicyError for another status and for what is no host.
    """

    host: str | None
    status: int
    exempt_paths: tuple[str, ...]

    guard_rank = GuardRank.HTTPS_REDIRECT

    def __init__(self, *, host: str | None = None, status: int = 308, exempt_paths: Iterable[str] = (ACME,)) -> None:
        problems = Problems()
        if host is not None:
            _check_host(problems, host)
        if type(status) is not int or status not in _STATUSES:
            fix = f"{', '.join(map(str, _STATUSES))}; the last two keep the method"
            problems.add(
                "https.status", "HttpsRedirect.status", status, "is no redirect of a site", fix, "RFC 9110 15.4"
            )
        exempt = check_exempt_paths(problems, "HttpsRedirect", exempt_paths)
        problems.raise_any()
        self._keep(host=host, status=status, exempt_paths=exempt)

    def refuses(self, matches: Sequence[Match]) -> Iterable[Problem]:
        """Return that it does nothing under a match on https."""
        if any(match.scheme == "https" for match in matches):
            reason = "never acts under a match on the scheme https"
            yield Problem("https.scheme", "HttpsRedirect", "", reason, "put it outside of that rule", "")

    @property
    def guard(self) -> Callable[[Request], Decision | None]:
        """What redirects a request that did not come by https."""
        exempt = exempting(self.exempt_paths)
        pinned = None if self.host is None else _authority(self.host)
        status = _STATUSES[self.status]

        def decide(request: Request) -> Decision | None:
            environ = request.environ
            # The same word decides about HSTS, so that the two cannot send a client in a circle.
            if request.scheme == "https" or exempt(environ):
                return None
            told = environ.get("HTTP_HOST", "")
            authority = _authority(told) if pinned is None else pinned
            if not authority:
                reason = "the Host field is malformed" if told else "the request has no Host field"
                return Decision("https.refused", reason, _REFUSAL, {"host": told, "path": request.path})
            return Decision("https.redirected", "", _redirect(status, f"https://{authority}{_target(environ)}"))

        return decide


def _redirect(status: str, location: str) -> Answer:
    return answer_in_words(status, "This site is reached over https.", ("Location", location))


def _authority(field: str) -> str:
    """Return host and port of a Host field as https wants them; "" where it is malformed."""
    host = host_of(field)
    port = port_of(field) if host else None
    return host if port in (None, _HTTP_PORT, _HTTPS_PORT) else f"{host}:{port}"


def _target(environ: WSGIEnvironment) -> str:
    """Return path and query of the request as they stand in a URL, whatever octets a client put there.

    It begins with a slash, so that nothing of the path becomes part of the host: `@evil.example`, `.evil.example`.
    """
    path = environ.get("SCRIPT_NAME", "") + environ.get("PATH_INFO", "")
    # PEP 3333, "Unicode Issues": one octet a character. A server that gives others has them replaced, not raised.
    target = quote(path, _PATH, "latin-1", "replace")
    query = quote(environ.get("QUERY_STRING", ""), _QUERY, "latin-1", "replace")
    return f"{'' if target.startswith('/') else '/'}{target}{'?' if query else ''}{query}"


def _check_host(problems: Problems, host: object) -> None:
    fix = "'www.example.com' or 'www.example.com:8443'"
    good = isinstance(host, str) and host_of(host) != ""
    if isinstance(host, str) and good and port_of(host) == _HTTP_PORT:
        bare = host.rpartition(":")[0]
        problems.add("https.host.port", "HttpsRedirect.host", host, "has the port of http", f"write {escaped(bare)}")
    elif not good:
        if isinstance(host, str):
            bare = host.partition("://")[2].partition("/")[0]
            fix = f"Did you mean {escaped(bare)}?" if host_of(bare) else fix
        problems.add("https.host", "HttpsRedirect.host", host, "is no host", fix, "RFC 9110 7.2")
