"""The rows that a run gives, and the forms in which they are printed."""

import json
import platform
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from itertools import groupby
from math import isnan
from typing import Any

from wsgi_headers import _program

PACKAGES = (
    "wsgi-headers",
    "secure",
    "werkzeug",
    "itsdangerous",
    "wsgicors",
    "flask",
    "flask-talisman",
    "flask-cors",
)

COLUMNS = ("workload", "contestant", "figure", "spread", "unit", "remark")
TO_THE_RIGHT = ("figure", "spread")


@dataclass(frozen=True, slots=True)
class Row:
    """One figure.

    workload    the key by which the workload is asked for; the title says what it is
    low, high   the least and the greatest figure that the parts of the run give; None where the figure has no noise
    """

    workload: str
    title: str
    contestant: str
    figure: float
    unit: str
    low: float | None = None
    high: float | None = None
    remark: str = ""


def circumstances() -> dict[str, str]:
    """What the figures hold for: interpreter, machine, day, form of the innermost loop, versions of the packages."""
    return {
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "platform": f"{platform.system()} {platform.machine()}",
        "date": datetime.now(UTC).date().isoformat(),
        "loop": "in Python" if _program.innermost is _program.apply else "compiled",
        **{package: _version(package) for package in PACKAGES},
    }


def as_json(rows: Iterable[Row]) -> str:
    """One object: the circumstances, and the rows as objects."""
    return json.dumps(circumstances() | {"rows": [_without_nan(asdict(row)) for row in rows]}, indent=1)


def as_table(rows: Iterable[Row]) -> str:
    """The circumstances and a table in Markdown, with its columns aligned."""
    cells: list[tuple[str, ...]] = [COLUMNS]
    for key, group in groupby(rows, lambda row: row.workload):
        first, *others = group
        cells.append((f"{key}: {first.title}", *_cells(first)))
        cells += [(key, *_cells(row)) for row in others]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    cells.insert(1, tuple(_rule(name, width) for name, width in zip(COLUMNS, widths, strict=True)))
    lines = [f"| {' | '.join(_aligned(row, widths))} |" for row in cells]
    return "\n".join([_line_of(circumstances()), "", *lines])


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "from the checkout"


def _without_nan(row: dict[str, Any]) -> dict[str, Any]:
    """The row with null for what is not a number, which JSON cannot say."""
    return {key: None if isinstance(value, float) and isnan(value) else value for key, value in row.items()}


def _line_of(facts: dict[str, str]) -> str:
    packages = ", ".join(f"{package} {facts[package]}" for package in PACKAGES)
    return f"{facts['python']}, {facts['platform']}, {facts['date']}, loop {facts['loop']}; {packages}"


def _cells(row: Row) -> tuple[str, ...]:
    spread = "" if row.low is None or row.high is None else f"{_number(row.low)}-{_number(row.high)}"
    return row.contestant, _number(row.figure), spread, row.unit, row.remark


def _number(figure: float) -> str:
    return f"{figure:.2f}" if abs(figure) < 10 else f"{figure:.1f}" if abs(figure) < 100 else f"{figure:.0f}"


def _aligned(row: tuple[str, ...], widths: list[int]) -> list[str]:
    return [
        cell.rjust(width) if name in TO_THE_RIGHT else cell.ljust(width)
        for name, cell, width in zip(COLUMNS, row, widths, strict=True)
    ]


def _rule(name: str, width: int) -> str:
    """What stands below the title of a column and aligns it in Markdown."""
    return "-" * (width - 1) + (":" if name in TO_THE_RIGHT else "-")
