"""AllowedHosts: a request for another host is refused before anything is built of its name (RFC 9110 7.2)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from ._guards import check_deny, check_exempt_paths, exempting
from ._part import GuardRank, Part
from .errors import NOTHING, Problems
from .exchange import Decision, Request, answer_in_words, host_of
from .match import check_host

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

# RFC 9110 7.2, RFC 9112 3.2: the Host field is the client's word, and a wrong one is a bad request.
_REFUSAL = answer_in_words("400 Bad Request", "This host is not served here.")


class AllowedHosts(Part):
    """Refuses requests for hosts that are not named: 400, and the application is not called.

    hosts          as in Match.host: "www.example.com", "*.example.com" (one or more labels below), "[::1]"; no port
    exempt_paths   "/exact" or "/prefix/", for probes that ask by address; they hold for paths as they are sent
    deny           the WSGI application that answers a refusal instead

    The host is that of the Host field, without one SERVER_NAME (HTTP/1.0), and never that of a forwarded field.

    >>> AllowedHosts("example.com", "*.example.com")
    AllowedHosts('example.com', '*.example.com')

    Raises PolicyError without hosts, for "*", and for what is no host.
    """

    hosts: tuple[str, ...]
    exempt_paths: tuple[str, ...]
    deny: WSGIApplication | None

    guard_rank = GuardRank.ALLOWED_HOSTS

    def __init__(self, *hosts: str, exempt_paths: Iterable[str] = (), deny: WSGIApplication | None = None) -> None:
        problems = Problems()
        if not hosts:
            problems.add("hosts.empty", "AllowedHosts.hosts", NOTHING, "allows no host", "name the hosts of the site")
        for position, host in enumerate(hosts):
            where = f"AllowedHosts.hosts[{position}]"
            if host == "*":
                problems.add("hosts.any", where, host, "allows every host", "name the hosts, or leave the part out")
            elif isinstance(host, (list, tuple)):
                problems.add("hosts.list", where, host, "is no host", "spread it with a star: AllowedHosts(*hosts)")
            else:
                check_host(problems, where, host)
        exempt = check_exempt_paths(problems, "AllowedHosts", exempt_paths)
        check_deny(problems, "AllowedHosts", deny)
        problems.raise_any()
        self._keep(hosts=hosts, exempt_paths=exempt, deny=deny)

    @property
    def guard(self) -> Callable[[Request], Decision | None]:
        """What refuses a request for a host that is not named."""
        exact = frozenset(host_of(host) for host in self.hosts if not host.startswith("*."))
        below = frozenset(host_of(host[2:]) for host in self.hosts if host.startswith("*."))
        exempt = exempting(self.exempt_paths)
        answer = _REFUSAL if self.deny is None else self.deny

        def decide(request: Request) -> Decision | None:
            if request.host in exact or _lies_below(below, request.host) or exempt(request.environ):
                return None
            told = request.environ.get("HTTP_HOST")
            reason = "the host is not among those allowed" if request.host else "the host is malformed"
            facts = {"host": request.environ.get("SERVER_NAME", "") if told is None else told, "path": request.path}
            return Decision("hosts.refused", reason, answer, facts)

        return decide


def _lies_below(names: frozenset[str], host: str) -> bool:
    """Whether a host from `host_of` lies one or more labels below one of the names."""
    dot = host.find(".") if names else -1
    while dot != -1:
        if host[dot + 1 :] in names:
            return True
        dot = host.find(".", dot + 1)
    return False
