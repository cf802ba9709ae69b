"""The innermost loop of a program, compiled; there only where the package was built with a compiler."""

from typing import Any

from _typeshed.wsgi import WSGIEnvironment

from ._program import Spellings, Tables
from .exchange import Line

def apply(tables: Tables, spellings: Spellings, lines: Any, environ: WSGIEnvironment, /) -> list[Line] | None: ...
