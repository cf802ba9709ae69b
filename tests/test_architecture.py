"""The layers of the package, its public names, and what it may depend on."""

from __future__ import annotations

import ast
import graphlib
import inspect
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

import wsgi_headers
from wsgi_headers import _program

PACKAGE = Path(wsgi_headers.__file__).parent

# Imports go downwards or stay in their layer. A package is one row. Some rows are still to come.
LAYERS: dict[str, int] = {
    # Facts and grammar
    "errors": 0,
    "_grammar": 0,
    "_structured": 0,
    "_directives": 0,
    "_frozen_mapping": 0,
    "_registry": 0,
    # What every feature is made of
    "_log": 1,
    "_part": 1,
    "_state": 1,
    "_personal": 1,
    "_members": 1,
    "_validators": 1,
    "exchange": 1,
    "operations": 1,
    "typed_field": 1,
    "match": 1,
    "origins": 1,
    "_guards": 1,
    "_preflight": 1,
    # Features, none of which knows another
    "fields": 2,
    "cookies": 2,
    "cors": 2,
    "cross_origin": 2,
    "https": 2,
    "hosts": 2,
    "reports": 2,
    "conditional": 2,
    "cache_safety": 2,
    "overrides": 2,
    # Parts together
    "policy": 3,
    # What a policy becomes
    "presets": 4,
    "_program": 4,
    "_applying": 4,  # in C, see below
    "_compiled": 4,
    "_overriding": 4,
    "_selection": 4,
    "_start": 4,
    "_answering": 4,
    "_replacing": 4,
    "_responding": 4,
    "_shadow_log": 4,
    "_plan": 4,
    "_explain": 4,
    "shadow": 4,
    # The WSGI protocol, and policies as files
    "middleware": 5,
    "config": 5,
    # Names to objects, and what looks at policies and responses
    "references": 6,
    "mounting": 6,
    "audit": 6,
    "testing": 6,
    # Ways in
    "deploy": 7,
    "serving": 7,
    "inspector": 7,
    "demo": 7,
    "__init__": 8,
    "__main__": 8,
}
FEATURES = 2

# What is not in the standard library: werkzeug is required, itsdangerous is an extra, _typeshed is for type checkers.
THIRD_PARTY = {"werkzeug", "itsdangerous", "_typeshed"}

VAGUE = {"utils", "util", "helpers", "helper", "common", "base", "manager", "managers", "misc", "core", "tools"}


class Import(NamedTuple):
    """One import of a module of this package by another."""

    importer: str
    imported: str
    runs: bool  # not for type checkers alone


def name_of(path: Path) -> str:
    """Return the dotted name of a module below the package, `cookies.rules`; a package has its own name."""
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" and len(parts) > 1 else parts)


# What is compiled says in a stub what it imports, which is for type checkers alone.
SOURCES = {name_of(path): path for path in sorted([*PACKAGE.rglob("*.py"), *PACKAGE.rglob("*.pyi")])}
TREES = {name: ast.parse(path.read_text(encoding="utf-8")) for name, path in SOURCES.items()}


def statements(tree: ast.AST, runs: bool = True) -> Iterator[tuple[ast.Import | ast.ImportFrom, bool]]:
    """Give every import statement, with whether it is executed at run time."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield node, runs
        elif isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            for below in node.body:
                yield from statements(ast.Module([below], []), False)
        else:
            yield from statements(node, runs)


def absolute(importer: str, node: ast.Import | ast.ImportFrom) -> list[str]:
    """Return the dotted names that a statement imports, each with its package first."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    is_package = SOURCES[importer].name == "__init__.py"
    here = ["wsgi_headers", *([] if importer == "__init__" else importer.split("."))]
    if not is_package:
        here.pop()
    base = (
        [*here[: len(here) - node.level + 1], *([node.module] if node.module else [])] if node.level else [node.module]
    )
    return [".".join([*map(str, base), alias.name]) for alias in node.names]


def own_module(dotted: str) -> str | None:
    """Return the module of this package that a dotted name stands for or lies in; None for another package's."""
    parts = dotted.split(".")
    if parts[0] != "wsgi_headers":
        return None
    for end in range(len(parts), 1, -1):
        if ".".join(parts[1:end]) in SOURCES:
            return ".".join(parts[1:end])
    return "__init__"


STATEMENTS = [
    (importer, dotted, runs and SOURCES[importer].suffix == ".py")
    for importer, tree in TREES.items()
    for node, runs in statements(tree)
    for dotted in absolute(importer, node)
]
IMPORTS = sorted(
    {Import(importer, own, runs) for importer, dotted, runs in STATEMENTS if (own := own_module(dotted)) is not None}
)
every_module = pytest.mark.parametrize("module", SOURCES)


def row(module: str) -> str:
    """Return the row of the table that a module belongs to."""
    return module.split(".")[0]


def test_imports_are_found() -> None:
    """What the rules below are held against is there: some edges that must be, and one of each kind."""
    assert Import("operations", "_members", True) in IMPORTS
    assert Import("cookies.rules", "_part", True) in IMPORTS
    assert Import("cookies.rules", "cookies.rewriting", True) in IMPORTS
    assert Import("_part", "match", False) in IMPORTS
    assert Import("__init__", "middleware", True) in IMPORTS


@every_module
def test_module_has_a_layer(module: str) -> None:
    """A new module takes a place in the table before it is imported from anywhere."""
    assert row(module) in LAYERS


def test_imports_go_downwards() -> None:
    """A module imports from its own layer or below, also what it imports for type checkers alone."""
    assert [edge for edge in IMPORTS if LAYERS[row(edge.imported)] > LAYERS[row(edge.importer)]] == []


def test_no_feature_imports_another() -> None:
    """What two features need lies below both."""
    between = [edge for edge in IMPORTS if LAYERS[row(edge.importer)] == LAYERS[row(edge.imported)] == FEATURES]
    assert [edge for edge in between if row(edge.importer) != row(edge.imported)] == []


def test_no_circle() -> None:
    """No module needs itself to be imported, by way of others."""
    graph: dict[str, set[str]] = {module: set() for module in SOURCES}
    for edge in IMPORTS:
        if edge.runs and edge.importer != edge.imported:
            graph[edge.importer].add(edge.imported)
    assert set(graphlib.TopologicalSorter(graph).static_order()) == set(SOURCES)


@every_module
def test_dependencies(module: str) -> None:
    """Nothing but the standard library and what the distribution declares is imported."""
    packages = {dotted.split(".")[0] for importer, dotted, _ in STATEMENTS if importer == module}
    assert packages <= {"wsgi_headers", *THIRD_PARTY, *sys.stdlib_module_names}


@every_module
def test_name_of_a_file_says_what_is_in_it(module: str) -> None:
    """No file is named after nothing."""
    assert not VAGUE & {part.strip("_") for part in module.split(".")}


def test_middleware_stays_small() -> None:
    """The protocol fits on a few screens: middleware.py has fewer than 150 lines."""
    assert len(SOURCES["middleware"].read_text(encoding="utf-8").splitlines()) < 150


def test_what_is_compiled_has_a_twin() -> None:
    """C is for the innermost loop alone: one file, with its types in a stub and a twin in Python, in a few screens."""
    (source,) = PACKAGE.rglob("*.c")
    assert [path.stem for path in PACKAGE.rglob("*.pyi")] == [source.stem] == ["_applying"]
    assert Import("_program", "_applying", True) in IMPORTS
    assert [node.name for node in TREES["_applying"].body if isinstance(node, ast.FunctionDef)] == ["apply"]
    assert inspect.isfunction(_program.apply)
    assert len(source.read_text(encoding="utf-8").splitlines()) < 450


# ----------------------------------------------------------------------------------------------------------------------
# Public names
# ----------------------------------------------------------------------------------------------------------------------


def test_all_is_exact() -> None:
    """`__all__` has what the package's `__init__` binds, no more and no less."""
    bound = {
        alias.asname or alias.name
        for node in TREES["__init__"].body
        if isinstance(node, ast.ImportFrom) and node.module != "__future__"
        for alias in node.names
    }
    assert set(wsgi_headers.__all__) == {name for name in bound if not name.startswith("_")}


def test_all_is_sorted() -> None:
    """`__all__` is in order and has each name once."""
    assert wsgi_headers.__all__ == sorted(set(wsgi_headers.__all__))


@pytest.mark.parametrize("name", wsgi_headers.__all__)
def test_public_name_is_documented(name: str) -> None:
    """A public name has a docstring of its own; so has every public method and property of a public class."""
    value = getattr(wsgi_headers, name)
    documented = value if inspect.ismodule(value) or inspect.isroutine(value) or inspect.isclass(value) else type(value)
    assert (documented.__doc__ or "").strip()
    if inspect.isclass(documented):
        for attribute, member in vars(documented).items():
            if not attribute.startswith("_") and (inspect.isroutine(member) or isinstance(member, property)):
                assert (member.__doc__ or "").strip(), attribute


@every_module
def test_module_is_documented(module: str) -> None:
    """Every module begins with what it is."""
    assert (ast.get_docstring(TREES[module]) or "").strip()
