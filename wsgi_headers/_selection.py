"""Which rules hold for a request as it entered, found through tables: the cost is flat in the number of those that
do not.

A condition is the tuple of matches that a part stands under. Each condition is filed under one thing that it needs
of the request (a path, else a host, else a method); only the conditions found under what the request has are looked
at in full. Conditions that need none of these, or a path pattern, are looked at for every request.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from .exchange import Request, host_of, normal_path
from .match import Match, environ_form, listed

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

_T = TypeVar("_T")

# Bound of the memo of Host fields. They are a site's few names; a client may send any.
_HOSTS = 256


class Holding(NamedTuple):
    """A condition that holds as far as path, host and method go; `active` where its `when` say so too."""

    condition: int
    active: bool


class Selector:
    """Finds the conditions that hold for a request.

    always        the conditions that read nothing of the request as it entered
    conditional   whether there are others
    """

    def __init__(self, conditions: Iterable[tuple[Match, ...]]) -> None:
        self.index: dict[tuple[Match, ...], int] = {}
        for matches in conditions:
            self.index.setdefault(matches, len(self.index))
        self._matches = list(self.index)
        self._whens: list[object] = [
            match.when for matches in self._matches for match in matches if match.when is not None
        ]
        self._exact: dict[str, list[int]] = {}
        self._below: dict[str, list[int]] = {}
        # The first characters after the slash of all these paths: most requests have another, and need no closer look.
        # A path that is to be normalised has one of these two there, or goes up further on.
        self._beginnings: set[str] = {"/", "."}
        self._hosts: dict[str, list[int]] = {}
        self._host_suffixes: dict[str, list[int]] = {}
        self._methods: dict[str, list[int]] = {}
        self._scanned: list[int] = []
        self._known_hosts: dict[str, list[int]] = {}
        always = [number for number, matches in enumerate(self._matches) if not any(m.reads_request for m in matches)]
        self.always = frozenset(Holding(number, True) for number in always)
        self.conditional = len(always) < len(self._matches)
        for number, matches in enumerate(self._matches):
            if number not in always:
                self._file(number, matches)

    def _file(self, number: int, matches: Sequence[Match]) -> None:
        for match in matches:
            paths = [environ_form(path) for path in listed(match.path) if isinstance(path, str)]
            if match.path is not None and len(paths) == len(listed(match.path)) and "/" not in paths:
                for path in paths:
                    (self._below if path.endswith("/") else self._exact).setdefault(path, []).append(number)
                self._beginnings.update(path[1:2] for path in paths)
                return
        for match in matches:
            if match.host is not None:
                for host in listed(match.host):
                    table, name = (self._host_suffixes, host[2:]) if host.startswith("*.") else (self._hosts, host)
                    table.setdefault(host_of(name), []).append(number)
                return
        for match in matches:
            if match.method is not None:
                methods = listed(match.method)
                for method in {*methods, "HEAD"} if "GET" in methods else methods:
                    self._methods.setdefault(method, []).append(number)
                return
        self._scanned.append(number)

    def chooser(
        self, otherwise: _T, look: Callable[[WSGIEnvironment, list[int]], _T]
    ) -> Callable[[WSGIEnvironment], _T]:
        """Return the function that gives `otherwise` for an environ that no condition is filed under.

        For any other it gives what `look` returns for it and the conditions worth a full look, which may repeat.
        """
        by_path, beginnings = bool(self._exact or self._below), self._beginnings
        by_host, known_hosts = bool(self._hosts or self._host_suffixes), self._known_hosts
        methods, scanned = self._methods, self._scanned

        def choose_by_path(environ: WSGIEnvironment) -> _T:
            try:
                path = environ["PATH_INFO"]
            except KeyError:
                path = ""
            if path[1:2] in beginnings or "/.." in path:
                found = self._of_path(normal_path(path))
                if found:
                    return look(environ, found)
            return otherwise

        def choose(environ: WSGIEnvironment) -> _T:
            found = scanned
            if by_path:
                path = environ["PATH_INFO"] if "PATH_INFO" in environ else ""
                if path[1:2] in beginnings or "/.." in path:
                    found = found + self._of_path(normal_path(path))
            if by_host:
                host = environ["HTTP_HOST"] if "HTTP_HOST" in environ else environ.get("SERVER_NAME", "")
                of_host = known_hosts.get(host)
                if of_host is None:
                    of_host = self._of_host(host)
                if of_host:
                    found = found + of_host
            if methods:
                method = environ.get("REQUEST_METHOD")
                if method in methods:
                    found = found + methods[method]
            return look(environ, found) if found else otherwise

        # Most policies have no other rules, and a question less at each request is worth a function of its own.
        return choose if by_host or methods or scanned or not by_path else choose_by_path

    def _of_path(self, path: str) -> list[int]:
        found = list(self._exact.get(path or "/", ()))
        end = path.find("/", 1)
        while end != -1:
            found += self._below.get(path[: end + 1], ())
            end = path.find("/", end + 1)
        return found

    def _of_host(self, field: str) -> list[int]:
        """Return the conditions filed under what a Host field names, and remember them."""
        host = host_of(field)
        found = list(self._hosts.get(host, ()))
        dot = host.find(".")
        while dot != -1:
            found += self._host_suffixes.get(host[dot + 1 :], ())
            dot = host.find(".", dot + 1)
        if len(self._known_hosts) >= _HOSTS:
            self._known_hosts.clear()
        self._known_hosts[field] = found
        return found

    def holding(self, request: Request, candidates: Iterable[int]) -> frozenset[Holding]:
        """Return the conditions that hold for the request; `when` of one match is called once at most."""
        answers: dict[int, bool] = {}
        whens = self._whens
        held = set(self.always)
        for number in dict.fromkeys(candidates):
            matches = self._matches[number]
            if all(match.holds_for_request(request) for match in matches):
                held.add(Holding(number, all(_when_holds(match, request, answers, whens) for match in matches)))
        return frozenset(held)


def _when_holds(match: Match, request: Request, answers: dict[int, bool], whens: list[object]) -> bool:
    if match.when is None:
        return True
    # By equality: each look at a method of an object makes a new one.
    key = whens.index(match.when)
    if key not in answers:
        answers[key] = bool(match.when(request.environ))
    return answers[key]
