"""CrossOriginProtection: unsafe requests that a browser makes for another site are refused.

It reads what browsers say about a request and no script can forge, Sec-Fetch-Site and Origin (Fetch Metadata 2.3, RFC
6454 7), so it needs no token. The order of the checks is that of Go's `net/http.CrossOriginProtection`, and the scheme
is compared too: else a page over http could speak for the site over https.

It assumes that safe methods change nothing. Where a request passes that is not known to be the site's own, that is
said beside the line.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from . import origins
from ._guards import check_deny, check_exempt_paths, check_list, exempting
from ._log import plain
from ._part import GuardRank, Part
from .errors import Problems
from .exchange import Decision, Request, answer_in_words, host_of, port_of

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication, WSGIEnvironment

# RFC 9110 9.2.1, as far as browsers send them for other sites; case-sensitive (9.1). Methods of later specifications
# count as unsafe, and TRACE, which no browser sends. Fields that ask for another method are the application's affair.
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})

# Fetch Metadata 2.3: of the four values the two that no other site can bring about.
_OWN_SITES = frozenset({"same-origin", "none"})

_REFUSAL = answer_in_words("403 Forbidden", "This request came from another site.")

_SHOWN = 80  # characters of a field that a reason repeats, so that one leaves room for the other

# RFC 9110 12.5.5. Only refusals say so: a safe request is answered the same whatever these fields say, and what answers
# the others is not reused for them (RFC 9110 9.3.3, RFC 9111 4.2).
_VARY = {"Vary": "Sec-Fetch-Site, Origin"}


class CrossOriginProtection(Part):
    """Refuses unsafe requests that a browser makes for another origin: 403, and the application is not called.

    GET, HEAD and OPTIONS pass. So does what Sec-Fetch-Site calls `same-origin` or `none`; where there is no such field
    (an old browser, or http), what has no Origin, or the request's own. Of what is left trusted origins pass.

    trusted_origins   "https://app.example", or a pattern of origins as in CORS
    exempt_paths      "/exact" or "/prefix/"; they hold for paths as they are sent
    report_only       tells the log what it would refuse, and lets it pass
    deny              the WSGI application that answers a refusal instead

    >>> CrossOriginProtection(trusted_origins=["https://app.example"])
    CrossOriginProtection(trusted_origins=('https://app.example',))

    Raises PolicyError for what is no origin or no path.
    """

    trusted_origins: tuple[str, ...]
    exempt_paths: tuple[str, ...]
    report_only: bool
    deny: WSGIApplication | None

    guard_rank = GuardRank.CROSS_ORIGIN_PROTECTION

    def __init__(
        self,
        *,
        trusted_origins: Iterable[str] = (),
        exempt_paths: Iterable[str] = (),
        report_only: bool = False,
        deny: WSGIApplication | None = None,
    ) -> None:
        problems = Problems()
        where = "CrossOriginProtection"
        code, accepted = "cross_origin.trusted_origins", "'https://app.example'"
        trusted = check_list(problems, code, f"{where}.trusted_origins", trusted_origins, accepted)
        for position, origin in enumerate(trusted):
            _check_trusted(problems, f"{where}.trusted_origins[{position}]", origin)
        exempt = check_exempt_paths(problems, where, exempt_paths)
        if type(report_only) is not bool:
            problems.add("cross_origin.report_only", f"{where}.report_only", report_only, "is no bool", "True or False")
        check_deny(problems, where, deny)
        problems.raise_any()
        self._keep(trusted_origins=trusted, exempt_paths=exempt, report_only=report_only, deny=deny)

    def check(self, environ: WSGIEnvironment) -> str | None:
        """Return why the request of `environ` is refused, also under `report_only`; None where it passes.

        The reason is one line of at most 200 plain characters. Nothing but environ is read, and nothing is changed.
        """
        reason = _remembered(self.trusted_origins, self.exempt_paths)(environ)
        return None if reason is None else plain(reason)

    @property
    def guard(self) -> Callable[[Request], Decision | None]:
        """What refuses an unsafe request for another origin."""
        check = _checking(self.trusted_origins, self.exempt_paths)
        answer = None if self.report_only else _REFUSAL if self.deny is None else self.deny
        event = "cross_origin.reported" if self.report_only else "cross_origin.refused"

        def decide(request: Request) -> Decision | None:
            reason = check(request.environ)
            if reason is None:
                return None
            facts = {"method": request.method, "path": request.path}
            return Decision(event, reason, answer, facts, _VARY)

        return decide


def _check_trusted(problems: Problems, where: str, origin: object) -> None:
    if origin == "*":
        fix = "name the origins; without this part every origin may write"
        problems.add("cross_origin.trusted_origins.any", where, origin, "trusts every site", fix)
    else:
        origins.check_origin(problems, where, origin)


def _checking(
    trusted_origins: tuple[str, ...], exempt_paths: tuple[str, ...]
) -> Callable[[WSGIEnvironment], str | None]:
    """Return the check, compiled: its time does not grow with the number of origins. A reason may hold any text."""
    trusted = origins.Origins(trusted_origins)
    exempt = exempting(exempt_paths)

    def check(environ: WSGIEnvironment) -> str | None:
        if environ.get("REQUEST_METHOD", "") in _SAFE_METHODS:
            return None
        site, origin = environ.get("HTTP_SEC_FETCH_SITE"), environ.get("HTTP_ORIGIN")
        if site is not None:
            if site in _OWN_SITES:
                return None
        # Fails open: a client that sends neither is no browser of these years, and carries nobody's cookies unasked.
        elif origin is None or origin in _own_origins(environ):
            return None
        if origin is not None and origin in trusted:
            return None
        if exempt(environ):
            return None
        if site is not None:
            told = "there is no Origin" if origin is None else f"Origin '{origin[:_SHOWN]}' is not trusted"
            return f"Sec-Fetch-Site is '{site[:_SHOWN]}', and {told}"
        return f"Origin '{(origin or '')[:_SHOWN]}' is neither this request's own nor trusted"

    return check


# For `check` alone: an application has one such part or a few.
_remembered = functools.lru_cache(maxsize=64)(_checking)


def _own_origins(environ: WSGIEnvironment) -> tuple[str, ...]:
    """Return the request's own origin (RFC 6454 4, 6.2), with and without its port where that is the default one.

    None where the Host is malformed. Compared as text, since a browser spells the host of both fields alike.
    """
    told = environ.get("HTTP_HOST")
    if told is None:  # HTTP/1.0; PEP 3333, "URL Reconstruction"
        told = f"{environ.get('SERVER_NAME', '')}:{environ.get('SERVER_PORT', '')}"
    if not host_of(told):
        return ()
    port = port_of(told)
    host = told.lower() if port is None else told.lower().rpartition(":")[0]
    origin = f"{environ.get('wsgi.url_scheme', '')}://{host.removesuffix(':')}"
    default = origins.DEFAULT_PORTS.get(environ.get("wsgi.url_scheme", ""))
    if port is None or str(port) == default:
        return (origin, f"{origin}:{default}")
    return (f"{origin}:{port}",)
