"""The arguments that guards share: paths that they let pass, and the application that answers their refusals."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Set
from typing import TYPE_CHECKING, Any

from .errors import Problems, escaped
from .exchange import normal_path
from .match import check_path, path_holds

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment


def check_exempt_paths(problems: Problems, part: str, paths: Any) -> tuple[str, ...]:
    """Return `paths` as a tuple, after each was checked: "/exact" or "/prefix/"."""
    where = f"{part}.exempt_paths"
    items = check_list(problems, "guard.exempt_paths", where, paths, "'/exact', '/prefix/'")
    for position, path in enumerate(items):
        if isinstance(path, re.Pattern):
            fix = "'/exact' or '/prefix/', so that what is exempt is plain to see"
            problems.add("guard.exempt_paths.pattern", f"{where}[{position}]", path, "is a pattern", fix)
        else:
            check_path(problems, f"{where}[{position}]", path)
    return items


def check_list(problems: Problems, code: str, where: str, value: Any, accepted: str) -> tuple[Any, ...]:
    """Return the items of an argument that is a list; none, with the mistake noted, where it is not."""
    if isinstance(value, Iterable) and not isinstance(value, (str, bytes, Set, Mapping)):
        return tuple(value)
    fix = f"write [{escaped(value)}]" if isinstance(value, str) else f"[{accepted}]"
    problems.add(code, where, value, "is no list", fix)
    return ()


def exempting(paths: Iterable[str]) -> Callable[[WSGIEnvironment], bool]:
    """Return what tells whether the path of an environ is exempt: among `paths`, without any normalising.

    A client that spells `/health/../admin` says that it is exempt, and something behind the guard may read it as the
    other path (RFC 3986 5.2.4).
    """
    exempt_paths = tuple(paths)

    def exempt(environ: WSGIEnvironment) -> bool:
        path = environ.get("PATH_INFO", "") or "/"
        return any(path_holds(pattern, path) for pattern in exempt_paths) and normal_path(path) == path

    return exempt


def check_deny(problems: Problems, part: str, deny: object) -> None:
    """Note why `deny` is no WSGI application."""
    if deny is not None and not callable(deny):
        fix = "give callable(environ, start_response), or None for the part's own answer"
        problems.add("guard.deny", f"{part}.deny", deny, "is no WSGI application", fix, "PEP 3333")
