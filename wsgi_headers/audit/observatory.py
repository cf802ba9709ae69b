"""The grade of a head by a named version of the MDN HTTP Observatory's rules, computed here and offline.

A version is a tuple of tests and what each of their results is worth. Scores: 100 and the sum of the penalties; from
90 on, bonuses count too (npm package `@mdn/mdn-http-observatory` 1.4.8, src/scanner/index.js, src/grader/).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from .._part import near_miss
from .._program import exact_lines
from ..exchange import Line, host_of
from .content_security_policy import content_security_policy
from .cookies import cookies
from .cross_origin_embedder_policy import cross_origin_embedder_policy
from .cross_origin_opener_policy import cross_origin_opener_policy
from .cross_origin_resource_policy import cross_origin_resource_policy
from .cross_origin_resource_sharing import cross_origin_resource_sharing
from .redirection import redirection
from .referrer_policy import referrer_policy
from .results import RESULTS
from .scan import Fields, Scan
from .strict_transport_security import strict_transport_security
from .subresource_integrity import subresource_integrity
from .x_content_type_options import x_content_type_options
from .x_frame_options import x_frame_options


@dataclass(frozen=True)
class Rules:
    """One version of the rules.

    tests       name of each test to its function, in the Observatory's order
    modifiers   what results are worth where it is not what `RESULTS` says
    """

    tests: Mapping[str, Callable[[Scan], str]]
    modifiers: Mapping[str, int] = field(default_factory=dict)


_TESTS_OF_4: dict[str, Callable[[Scan], str]] = {
    "content-security-policy": content_security_policy,
    "cookies": cookies,
    "cross-origin-resource-sharing": cross_origin_resource_sharing,
    "redirection": redirection,
    "referrer-policy": referrer_policy,
    "strict-transport-security": strict_transport_security,
    "subresource-integrity": subresource_integrity,
    "x-content-type-options": x_content_type_options,
    "x-frame-options": x_frame_options,
    "cross-origin-resource-policy": cross_origin_resource_policy,
}

# By the number that the Observatory gives its algorithm (src/constants.js, ALGORITHM_VERSION).
RULES: dict[str, Rules] = {
    # The one that is published as an npm package, 1.4.8: what is computed here is held against it.
    "observatory-4": Rules(_TESTS_OF_4),
    # The one that runs at MDN since 2026. Algorithm 5 gave X-Frame-Options the bonus of frame-ancestors
    # (mdn-http-observatory pull request 332), 6 added two tests (pull request 498).
    "observatory-6": Rules(
        {
            **_TESTS_OF_4,
            "cross-origin-opener-policy": cross_origin_opener_policy,
            "cross-origin-embedder-policy": cross_origin_embedder_policy,
        },
        {"x-frame-options-sameorigin-or-deny": 5},
    ),
}

_FULL_SCORE = 100
_BONUSES_FROM = 90
# The lowest score of each grade (src/grader/charts.js, GRADE_CHART).
_GRADES = (
    *((100, "A+"), (90, "A"), (85, "A-"), (80, "B+"), (70, "B"), (65, "B-"), (60, "C+")),
    *((50, "C"), (45, "C-"), (40, "D+"), (30, "D"), (25, "D-"), (0, "F")),
)


class Finding(NamedTuple):
    """What one test says of a head.

    code       stable, the Observatory's own name of the result, "hsts-not-implemented"
    test       "strict-transport-security"
    modifier   points: a penalty below 0, a bonus above
    passes     whether the Observatory counts the test as passed
    meaning    one sentence
    fix        what to do about it; "" where there is nothing to do
    """

    code: str
    test: str
    modifier: int
    passes: bool
    meaning: str
    fix: str


class Audit(NamedTuple):
    """What the Observatory says of a head.

    rules      the version of the rules, "observatory-6"
    score      points, 0 or more
    grade      "A+" to "F"
    findings   one a test, in the Observatory's order, good ones included
    """

    rules: str
    score: int
    grade: str
    findings: tuple[Finding, ...]

    @property
    def codes(self) -> dict[str, str]:
        """The code of each test's finding."""
        return {finding.test: finding.code for finding in self.findings}


def head(
    lines: Iterable[Line],
    *,
    scheme: str = "https",
    host: str | None = None,
    preflight: Iterable[Line] | None = None,
    redirects: bool = True,
    preloaded: bool = False,
    rules: str = "observatory-6",
) -> Audit:
    """Return the findings and the grade of the head of a page.

    What the head does not show is what the other arguments say. The page is taken to load no scripts of other origins
    and to have no `<meta http-equiv>`, its certificate to verify, its cookies to have no public suffix as their Domain.

    lines       `list[tuple[str, str]]`, as they leave the site
    scheme      "https" or "http": how the page came
    host        of the page, without port, which the Domain of its cookies must fit; None: every Domain fits
    preflight   lines of the answer to an OPTIONS request from `PROBE_ORIGIN`; None: the same as `lines`
    redirects   whether the host redirects http to https, whoever does it; a page that came by http was not redirected
    preloaded   whether the host is on the browsers' HSTS preload list
    rules       "observatory-6", which MDN runs, or "observatory-4", of which there is an npm package (1.4.8)

    Raises HeadError for a head that cannot be sent, ValueError for another argument.
    """
    if rules not in RULES:
        raise ValueError(f"rules: no such version {rules!r}; {near_miss(str(rules), RULES)}")
    if scheme not in ("https", "http"):
        raise ValueError(f"scheme: {scheme!r} is none; write 'https' or 'http'")
    if host is not None and not host_of(host):
        raise ValueError(f"host: {host!r} is none; write 'www.example.com'")
    page = Fields(exact_lines(lines))
    scan = Scan(
        fields=page,
        preflight=page if preflight is None else Fields(exact_lines(preflight)),
        secure=scheme == "https",
        host=None if host is None else host_of(host),
        redirects=redirects,
        preloaded=preloaded,
    )
    version = RULES[rules]
    findings = tuple(_finding(test, judge(scan), version) for test, judge in version.tests.items())
    score, grade = graded(finding.modifier for finding in findings)
    return Audit(rules, score, grade, findings)


def graded(modifiers: Iterable[int]) -> tuple[int, str]:
    """Return score and grade for the modifiers of all findings."""
    modifiers = list(modifiers)
    score = _FULL_SCORE + sum(modifier for modifier in modifiers if modifier < 0)
    if score >= _BONUSES_FROM:
        score += sum(modifier for modifier in modifiers if modifier > 0)
    score = max(score, 0)
    return score, next(grade for lowest, grade in _GRADES if score >= lowest)


def _finding(test: str, code: str, version: Rules) -> Finding:
    result = RESULTS[code]
    modifier = version.modifiers.get(code, result.modifier)
    return Finding(code, test, modifier, result.passes, result.meaning, result.fix)
