"""The middleware as a contestant, as it is installed and as it is where there was no compiler.

The latter is a second copy of the package, which does not find the compiled loop. A copy, and not the same modules with
the loop exchanged, since CPython rewrites call sites to suit what they call: contestants that shared them would slow
each other down.
"""

import importlib
import pickle
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from types import ModuleType
from wsgiref.types import WSGIApplication

import wsgi_headers

from .contest import IN_PYTHON, OURS, Contestant

PACKAGE = wsgi_headers.__name__
COMPILED = f"{PACKAGE}._applying"

_copy: dict[str, ModuleType] = {}


def middleware(policy: wsgi_headers.Policy, name: str = OURS, does_not: str = "") -> Contestant:
    """The middleware with this policy, with the compiled loop where the package has it."""
    return Contestant(name, partial(wsgi_headers.HeadersMiddleware, policy=policy), does_not)


def in_python(policy: wsgi_headers.Policy, name: str = IN_PYTHON) -> Contestant:
    """The same without the compiled loop."""
    dumped = pickle.dumps(policy)

    def wrap(application: WSGIApplication) -> WSGIApplication:
        with _imported() as package:
            wrapped: WSGIApplication = package.HeadersMiddleware(application, pickle.loads(dumped))
        return wrapped

    return Contestant(name, wrap)


def both(policy: wsgi_headers.Policy) -> tuple[Contestant, Contestant]:
    """The one and the other."""
    return middleware(policy), in_python(policy)


@contextmanager
def _imported() -> Iterator[ModuleType]:
    """The copy, which goes by the name of the package meanwhile."""
    ours = {name: module for name, module in sys.modules.items() if name.partition(".")[0] == PACKAGE}
    for name in ours:
        del sys.modules[name]
    # What stands there as None is not imported.
    sys.modules.update(_copy or {COMPILED: None})  # type: ignore[dict-item]
    try:
        yield importlib.import_module(PACKAGE)
    finally:
        copied = {name: module for name, module in sys.modules.items() if name.partition(".")[0] == PACKAGE}
        _copy.update(copied)
        for name in copied:
            del sys.modules[name]
        sys.modules.update(ours)
