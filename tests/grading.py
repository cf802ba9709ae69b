"""What other people's graders say of a head or of a policy for content: programs for Node.js, asked offline.

They are pinned in tests/graders/package-lock.json. Tests that ask them carry the marker `graders`: `pytest` alone
leaves them out, `pytest -m graders` runs them, and fails where they are not installed.
"""

from __future__ import annotations

import atexit
import functools
import json
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

from wsgi import Line

FOLDER = Path(__file__).parent / "graders"

# Of csp_evaluator, from the most serious on (its dist/finding.js); NONE is for what browsers ignore knowingly.
SERIOUS = ("HIGH", "SYNTAX", "MEDIUM", "HIGH_MAYBE", "STRICT_CSP", "MEDIUM_MAYBE")
INFORMATION = ("INFO", "NONE")


class Graded(NamedTuple):
    """What the MDN HTTP Observatory (algorithm 4) says: `tests` is name to `{"result", "modifier", "passes"}`."""

    score: int
    grade: str
    tests: dict[str, dict[str, Any]]


class CspFinding(NamedTuple):
    """One finding of csp_evaluator."""

    severity: str
    type: str
    directive: str
    value: str | None


def observatory(
    lines: Iterable[Line],
    *,
    scheme: str = "https",
    host: str = "site.example",
    preflight: Iterable[Line] | None = None,
    redirects: bool = True,
    preloaded: bool = False,
) -> Graded:
    """Return what the Observatory's own code says of a head; the arguments are those of `audit.head`."""
    lines = list(lines)
    asked = {
        "lines": lines,
        "preflight": lines if preflight is None else list(preflight),
        "scheme": scheme,
        "host": host,
        "redirects": redirects,
        "preloaded": preloaded,
    }
    return Graded(**_answer("observatory.js", asked))


def csp_evaluator(value: str) -> list[CspFinding]:
    """Return what csp_evaluator says of a value of Content-Security-Policy."""
    findings = [CspFinding(**finding) for finding in _answer("csp_evaluator.js", value)]
    unknown = {finding.severity for finding in findings} - {*SERIOUS, *INFORMATION}
    if unknown:
        raise RuntimeError(f"csp_evaluator has severities that are not known here: {unknown}")
    return findings


def serious(findings: Iterable[CspFinding]) -> list[CspFinding]:
    """Return the findings that are more serious than information."""
    return [finding for finding in findings if finding.severity not in INFORMATION]


def _answer(script: str, asked: object) -> Any:
    process = _started(script)
    assert process.stdin is not None and process.stdout is not None
    process.stdin.write(json.dumps(asked) + "\n")
    process.stdin.flush()
    answer = process.stdout.readline()
    if not answer:
        _started.cache_clear()
        raise RuntimeError(f"{script} ended with {process.wait()}; what it said is on stderr")
    return json.loads(answer)


@functools.cache
def _started(script: str) -> subprocess.Popen[str]:
    """Return the program, which answers each line that it is given with one; ended when the tests are over."""
    node = shutil.which("node")
    if node is None:
        raise RuntimeError("Node.js is not installed: apt-get install nodejs npm, then npm ci in tests/graders")
    if not (FOLDER / "node_modules").is_dir():
        raise RuntimeError("the graders are not installed: npm ci --ignore-scripts in tests/graders")
    process = subprocess.Popen(
        [node, script], cwd=FOLDER, stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8"
    )
    atexit.register(_end, process)
    return process


def _end(process: subprocess.Popen[str]) -> None:
    process.communicate()
