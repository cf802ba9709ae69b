"""What every part has in common, and how parts are put together: policies, rules, and what contradicts itself."""

from __future__ import annotations

import copy
import pickle
import re
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple
from wsgiref.types import WSGIEnvironment

import pytest
from assertions import assert_head
from wsgi import PLAIN, Line, call, responding, validated

import wsgi_headers
from wsgi_headers import (
    Append,
    CookieAttributes,
    CookieRule,
    Default,
    Edit,
    HeadersMiddleware,
    Match,
    Merge,
    Policy,
    PolicyError,
    Problem,
    Remove,
    Rule,
    Set,
    explain,
    presets,
)
from wsgi_headers._part import Part

HSTS = "Strict-Transport-Security"


def by_flag(environ: WSGIEnvironment) -> bool:
    return bool(environ.get("FLAG"))


def tenant(environ: WSGIEnvironment) -> str | None:
    return environ.get("HTTP_X_TENANT")


def shout(value: str) -> str:
    return value.upper()


# ----------------------------------------------------------------------------------------------------------------------
# Every part is a value
# ----------------------------------------------------------------------------------------------------------------------


class Value(NamedTuple):
    """How a part is built, its repr, and another part that differs from it."""

    id: str
    build: Callable[[], Part]
    shown: str
    other: Part


VALUES = [
    Value("Set", lambda: Set("X-A", "1"), "Set('X-A', '1')", Set("X-A", "2")),
    Value("Default", lambda: Default("X-A", "1"), "Default('X-A', '1')", Set("X-A", "1")),
    Value("Append", lambda: Append("X-A", 'a "b"'), "Append('X-A', 'a \"b\"')", Append("X-B", 'a "b"')),
    Value("Merge", lambda: Merge("Vary", "A, B"), "Merge('Vary', 'A, B')", Merge("Vary", "A,B")),
    Value("Remove", lambda: Remove("X-A"), "Remove('X-A')", Remove("x-a")),
    Value("tab-and-octets", lambda: Set("X-A", "a\tb\xe9"), r"Set('X-A', 'a\tbé')", Set("X-A", "a b\xe9")),
    Value("Match", lambda: Match(), "Match()", Match(path="/")),
    Value("Match-path", lambda: Match(path="/a/"), "Match(path='/a/')", Match(path="/a")),
    Value("Match-list", lambda: Match(path=["/a", "/b"]), "Match(path=('/a', '/b'))", Match(path=["/b", "/a"])),
    Value("Match-one-of-one", lambda: Match(method=["GET"]), "Match(method=('GET',))", Match(method=["HEAD"])),
    Value(
        "Match-pattern",
        lambda: Match(path=re.compile("/a")),
        "Match(path=re.compile('/a'))",
        Match(path=re.compile("/a", re.IGNORECASE)),
    ),
    Value(
        "Match-pattern-flags",
        lambda: Match(path=re.compile("/a", re.IGNORECASE | re.DOTALL)),
        "Match(path=re.compile('/a', re.RegexFlag(50)))",
        Match(path=re.compile("/a", re.IGNORECASE)),
    ),
    Value(
        "Match-long-pattern",
        lambda: Match(path=re.compile("/a" * 200)),
        f"Match(path=re.compile('{'/a' * 200}'))",
        Match(path=re.compile("/a" * 199)),
    ),
    Value(
        "Match-mixed",
        lambda: Match(path=("/a", re.compile("/b"))),
        "Match(path=('/a', re.compile('/b')))",
        Match(path=("/a", "/b")),
    ),
    Value(
        "Match-all",
        lambda: Match(
            path="/a",
            method=("GET", "POST"),
            host="*.example.com",
            scheme="https",
            status=(404, "5xx"),
            media_type="text/*",
        ),
        "Match(path='/a', method=('GET', 'POST'), host='*.example.com', scheme='https', status=(404, '5xx'), "
        "media_type='text/*')",
        Match(path="/a", method=("GET", "POST"), host="*.example.com", scheme="https", status=(404, "5xx")),
    ),
    Value("Policy", lambda: Policy(), "Policy()", Policy(Policy())),
    Value(
        "Policy-parts",
        lambda: Policy(Set("X-A", "1"), Policy(Remove("X-B"))),
        "Policy(Set('X-A', '1'), Policy(Remove('X-B')))",
        Policy(Policy(Remove("X-B")), Set("X-A", "1")),
    ),
    Value(
        "Rule",
        lambda: Rule(Match(status=404), Set("X-A", "1"), Rule(Match(host="a"), Remove("X-B"))),
        "Rule(Match(status=404), Set('X-A', '1'), Rule(Match(host='a'), Remove('X-B')))",
        Rule(Match(status="4xx"), Set("X-A", "1"), Rule(Match(host="a"), Remove("X-B"))),
    ),
    Value(
        "CookieAttributes",
        lambda: CookieAttributes(secure=True, http_only=False, max_age=60),
        "CookieAttributes(secure=True, http_only=False, max_age=60)",
        CookieAttributes(secure=True, http_only=True, max_age=60),
    ),
    Value(
        "CookieAttributes-one-is-not-true",
        lambda: CookieAttributes(max_age=1),
        "CookieAttributes(max_age=1)",
        CookieAttributes(secure=True),
    ),
    Value(
        "CookieRule",
        lambda: CookieRule("sid*", same_site="Lax", exempt=["secure"]),
        "CookieRule('sid*', same_site='Lax', exempt=('secure',))",
        CookieRule("sid*", same_site="Strict", exempt=["secure"]),
    ),
    Value("BASELINE", lambda: presets.BASELINE, repr(presets.BASELINE), Policy(*presets.BASELINE.parts[1:])),
]
every_value = pytest.mark.parametrize("value", VALUES, ids=lambda value: value.id)

# With callables: all but the repr, in which a placeholder stands for them.
CALLING = [
    Value("Set-callable", lambda: Set("X-A", tenant), "", Set("X-A", by_flag)),  # type: ignore[arg-type]
    Value("Edit", lambda: Edit("X-A", shout), "", Edit("X-A", str.lower)),
    Value("Match-when", lambda: Match(when=by_flag), "", Match(when=tenant)),  # type: ignore[arg-type]
    Value("Match-varies-on", lambda: Match(when=by_flag, varies_on="Cookie"), "", Match(when=by_flag, varies_on="DNT")),
    Value("Rule-when", lambda: Rule(Match(when=by_flag), Edit("X-A", shout)), "", Rule(Match(), Edit("X-A", shout))),
]
every_part = pytest.mark.parametrize("value", [*VALUES, *CALLING], ids=lambda value: value.id)


@every_part
def test_equal_by_value(value: Value) -> None:
    """Two parts with the same arguments are equal and hash alike; another argument makes them differ."""
    assert value.build() == value.build()
    assert hash(value.build()) == hash(value.build())
    assert value.build() != value.other
    assert value.build() != value.shown
    assert len({value.build(), value.build(), value.other}) == 2


@every_part
def test_frozen(value: Value) -> None:
    """No attribute of a part can be set, added or deleted."""
    part = value.build()
    for name in [*vars(part), "another"]:
        with pytest.raises(AttributeError, match="frozen"):
            setattr(part, name, "1")
    for name in vars(part):
        with pytest.raises(AttributeError, match="frozen"):
            delattr(part, name)
    assert part == value.build()


@every_part
@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
def test_pickled(value: Value, protocol: int) -> None:
    """A part comes back from a pickle equal, with the same hash."""
    again = pickle.loads(pickle.dumps(value.build(), protocol))
    assert (again, hash(again), repr(again)) == (value.build(), hash(value.build()), repr(value.build()))


@every_part
@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy], ids=lambda function: function.__name__)
def test_copied(value: Value, copied: Callable[[Part], Part]) -> None:
    """A copy of a part is equal to it."""
    assert copied(value.build()) == value.build()


@every_value
def test_repr(value: Value) -> None:
    """A part shows itself as it was written, without the defaults; pasted back, that is an equal part."""
    assert repr(value.build()) == value.shown
    assert eval(value.shown, {"re": re, **vars(wsgi_headers)}) == value.build()


@pytest.mark.parametrize(
    ("match", "expected"),
    [
        (Match(when=by_flag, varies_on="Cookie"), ("Cookie",)),
        (Match(when=by_flag, varies_on=["A", "B"]), ("A", "B")),
        (Match(when=by_flag), ()),
    ],
    ids=["one", "two", "none"],
)
def test_varies_on_is_a_tuple(match: Match, expected: tuple[str, ...]) -> None:
    """The fields that `when` reads are a tuple, however they were given."""
    assert match.varies_on == expected
    assert match == Match(when=by_flag, varies_on=expected)


def test_parts_kept() -> None:
    """Policy and Rule keep what they were given, in order."""
    parts = (Set("X-A", "1"), Policy(Remove("X-B")), Rule(Match(path="/"), Remove("X-C")))
    rule = Rule(Match(status=200), *parts)
    assert (Policy(*parts).parts, rule.parts, rule.match) == (parts, parts, Match(status=200))


# ----------------------------------------------------------------------------------------------------------------------
# Parts together
# ----------------------------------------------------------------------------------------------------------------------


class Together(NamedTuple):
    """A policy, the lines of the application, and the lines that go out."""

    id: str
    policy: Policy
    app: list[Line]
    expected: list[Line]


HERE, ELSEWHERE = Match(path="/"), Match(path="/elsewhere")

TOGETHER = [
    Together("empty", Policy(), [("X-A", "1")], [("X-A", "1")]),
    Together("empty-in-empty", Policy(Policy(), Policy(Policy())), [("X-A", "1")], [("X-A", "1")]),
    Together("later-part-overrides", Policy(Set("X-A", "1"), Set("X-A", "2")), [], [("X-A", "2")]),
    Together("later-policy-overrides", Policy(Policy(Set("X-A", "1")), Policy(Set("X-A", "2"))), [], [("X-A", "2")]),
    Together(
        "after-a-preset", Policy(presets.BASELINE, Set("X-Frame-Options", "DENY")), [], [("X-Frame-Options", "DENY")]
    ),
    Together("removed-after-a-preset", Policy(presets.BASELINE, Remove("X-Frame-Options")), [], []),
    Together(
        "before-a-preset", Policy(Set("X-Frame-Options", "DENY"), presets.BASELINE), [], [("X-Frame-Options", "DENY")]
    ),
    Together("rule-after", Policy(Set("X-A", "1"), Rule(HERE, Set("X-A", "2"))), [], [("X-A", "2")]),
    Together("rule-before", Policy(Rule(HERE, Set("X-A", "2")), Set("X-A", "1")), [], [("X-A", "1")]),
    Together("rule-that-does-not-hold", Policy(Set("X-A", "1"), Rule(ELSEWHERE, Set("X-A", "2"))), [], [("X-A", "1")]),
    Together(
        "policy-in-a-rule",
        Policy(Rule(HERE, Policy(Set("X-A", "1"), Append("X-A", "2")))),
        [],
        [("X-A", "1"), ("X-A", "2")],
    ),
    Together("rule-in-a-rule", Policy(Rule(HERE, Rule(Match(status=200), Set("X-A", "1")))), [], [("X-A", "1")]),
    Together("outer-does-not-hold", Policy(Rule(ELSEWHERE, Rule(Match(status=200), Set("X-A", "1")))), [], []),
    Together("inner-does-not-hold", Policy(Rule(HERE, Rule(Match(status=404), Set("X-A", "1")))), [], []),
    Together(
        "rules-of-three-moments",
        Policy(
            Append("X-A", "1"),
            Rule(HERE, Append("X-A", "2")),
            Rule(Match(scheme="https"), Append("X-A", "3")),
            Rule(Match(status=200), Append("X-A", "4")),
            Append("X-A", "5"),
        ),
        [("X-A", "0")],
        [("X-A", number) for number in "012345"],
    ),
    Together("the-same-part-twice", Policy(*[Append("X-A", "1")] * 2), [], [("X-A", "1"), ("X-A", "1")]),
    Together("same-rule-twice", Policy(*[Rule(HERE, Append("X-A", "1"))] * 2), [], [("X-A", "1"), ("X-A", "1")]),
]


@pytest.mark.parametrize("row", TOGETHER, ids=lambda row: row.id)
def test_parts_together(row: Together) -> None:
    """Operations on one field act in the order of declaration, whatever policies and rules they stand in."""
    response = call(HeadersMiddleware(validated(responding(PLAIN, *row.app)), row.policy))
    names = {name.lower() for name in ("X-A", "X-Frame-Options")}
    assert [line for line in response.lines if line[0].lower() in names] == row.expected


# ----------------------------------------------------------------------------------------------------------------------
# Strict-Transport-Security leaves on https only (RFC 6797 7.2)
# ----------------------------------------------------------------------------------------------------------------------

APP_HSTS = ("strict-transport-security", "max-age=1")

SPEAKS_OF_HSTS = [
    ("set", Policy(Set(HSTS, "max-age=9")), ["max-age=9"]),
    ("default", Policy(Default(HSTS, "max-age=9")), ["max-age=1"]),
    ("edit", Policy(Edit(HSTS, shout)), ["MAX-AGE=1"]),
    ("remove", Policy(Remove(HSTS)), []),
    ("callable", Policy(Set("strict-transport-security", lambda environ: "max-age=9")), ["max-age=9"]),
    ("nested", Policy(Policy(Policy(Set(HSTS, "max-age=9")))), ["max-age=9"]),
    ("rule-that-holds", Policy(Rule(Match(path="/"), Set(HSTS, "max-age=9"))), ["max-age=9"]),
    ("rule-elsewhere", Policy(Rule(Match(path="/elsewhere"), Set(HSTS, "max-age=9"))), ["max-age=1"]),
    ("rule-on-https", Policy(Rule(Match(scheme="https"), Set(HSTS, "max-age=9"))), ["max-age=9"]),
    ("rule-on-http", Policy(Rule(Match(scheme="http"), Set(HSTS, "max-age=9"))), ["max-age=1"]),
    ("rule-on-status", Policy(Rule(Match(status=404), Set(HSTS, "max-age=9"))), ["max-age=1"]),
    ("rule-on-when", Policy(Rule(Match(when=by_flag), Set(HSTS, "max-age=9"))), ["max-age=1"]),
    ("baseline", presets.BASELINE, ["max-age=1"]),
]


@pytest.mark.parametrize(
    ("policy", "secure"), [row[1:] for row in SPEAKS_OF_HSTS], ids=[row[0] for row in SPEAKS_OF_HSTS]
)
@pytest.mark.parametrize("scheme", ["https", "http", "HTTP", ""])
def test_hsts_leaves_on_https_only(policy: Policy, secure: list[str], scheme: str) -> None:
    """Where the policy speaks of HSTS anywhere, no line of it leaves on another scheme, the application's included."""
    middleware = HeadersMiddleware(responding(PLAIN, APP_HSTS), policy)
    values = call(middleware, scheme=scheme, validate=False).values(HSTS)
    assert values == (secure if scheme == "https" else [])


def test_hsts_of_the_application_stays_where_the_policy_says_nothing() -> None:
    """A policy that does not speak of HSTS leaves the application's line alone, on http too."""
    middleware = HeadersMiddleware(responding(PLAIN, APP_HSTS), Policy(Set("X-A", "1")))
    assert call(middleware, scheme="http").values(HSTS) == ["max-age=1"]


def test_hsts_by_the_scheme_when_the_head_is_made() -> None:
    """A proxy middleware below sets the scheme before the application answers."""

    def fixing(environ: WSGIEnvironment, start_response: Any) -> list[bytes]:
        environ["wsgi.url_scheme"] = "http" if environ["wsgi.url_scheme"] == "https" else "https"
        start_response("200 OK", [PLAIN])
        return [b""]

    middleware = HeadersMiddleware(fixing, Policy(Set(HSTS, "max-age=9")))
    assert call(middleware, scheme="http").values(HSTS) == ["max-age=9"]
    assert call(middleware, scheme="https").values(HSTS) == []


# ----------------------------------------------------------------------------------------------------------------------
# find and explain
# ----------------------------------------------------------------------------------------------------------------------

ONE, TWO, THREE = Set("X-A", "1"), Set("X-A", "2"), Set("X-A", "3")

FIND: list[tuple[str, Policy, type[Part], Part | None]] = [
    ("none", Policy(Remove("X-A")), Set, None),
    ("empty", Policy(), Set, None),
    ("one", Policy(Remove("X-A"), ONE), Set, ONE),
    ("last", Policy(ONE, TWO), Set, TWO),
    ("in-a-policy", Policy(Policy(Policy(ONE))), Set, ONE),
    ("last-of-policies", Policy(Policy(ONE), Policy(TWO)), Set, TWO),
    ("everywhere-before-a-rule", Policy(ONE, Rule(HERE, TWO)), Set, ONE),
    ("under-a-rule-alone", Policy(Rule(HERE, TWO)), Set, TWO),
    ("last-under-rules", Policy(Rule(HERE, ONE), Rule(ELSEWHERE, Policy(THREE))), Set, THREE),
    ("other-operations-are-no-set", Policy(Default("X-A", "1"), Merge("X-A", "2")), Set, None),
]


@pytest.mark.parametrize(("policy", "part_type", "found"), [row[1:] for row in FIND], ids=[row[0] for row in FIND])
def test_find(policy: Policy, part_type: type[Part], found: Part | None) -> None:
    """The part of a type that speaks last, one that holds everywhere before one under a rule."""
    assert policy.find(part_type) == found


def test_explain() -> None:
    """Each line is told with the parts that did it, and each rule that did not hold with what did not."""
    default, remove, merge = Default("X-A", "1"), Remove("X-Powered-By"), Merge("Vary", "Origin")
    idle = Rule(Match(path="/x"), Set("X-B", "1"))
    policy = Policy(default, remove, merge, idle)
    lines = [PLAIN, ("x-powered-by", "PHP"), ("Vary", "Accept")]
    told = explain(policy, {"PATH_INFO": "/", "wsgi.url_scheme": "https", "REQUEST_METHOD": "GET"}, "200 OK", lines)
    assert [tuple(line) for line in told.lines] == [
        (PLAIN, PLAIN, ()),
        (("x-powered-by", "PHP"), None, (remove,)),
        (("Vary", "Accept"), ("Vary", "Accept, Origin"), (merge,)),
        (None, ("X-A", "1"), (default,)),
    ]
    assert [tuple(rule) for rule in told.idle] == [((Match(path="/x"),), (Set("X-B", "1"),), "path")]
    assert_head(told.head, call(HeadersMiddleware(responding(*lines), policy)).lines)


@pytest.mark.parametrize(
    ("match", "reason"),
    [
        (Match(path="/x"), "path"),
        (Match(method="POST"), "method"),
        (Match(host="x.example"), "host"),
        (Match(scheme="http"), "scheme"),
        (Match(status=404), "status"),
        (Match(media_type="text/html"), "media_type"),
        (Match(when=by_flag), "when"),
        (Match(path="/", when=by_flag), "when"),
        (Match(path="/", status="2xx", media_type="image/*"), "media_type"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_explain_idle_rule(match: Match, reason: str) -> None:
    """A rule that did not hold is told with the first thing that did not."""
    environ = {"PATH_INFO": "/", "wsgi.url_scheme": "https", "REQUEST_METHOD": "GET", "HTTP_HOST": "a.example"}
    told = explain(Policy(Rule(match, Set("X-A", "1"))), environ, "200 OK", [PLAIN])
    assert [(rule.matches, rule.parts, rule.reason) for rule in told.idle] == [((match,), (Set("X-A", "1"),), reason)]


# ----------------------------------------------------------------------------------------------------------------------
# What is refused at construction
# ----------------------------------------------------------------------------------------------------------------------


class Refused(NamedTuple):
    """A call that raises PolicyError, the codes and places of its problems, and what the first fix says."""

    id: str
    build: Callable[[], object]
    problems: list[tuple[str, str]]
    fix: str = ""


def app(environ: WSGIEnvironment, start_response: Any) -> list[bytes]:
    start_response("200 OK", [PLAIN])
    return [b""]


BAD: Any = None  # and what a type checker would refuse
policy: Any = Policy
rule: Any = Rule
middleware: Any = HeadersMiddleware

REFUSED = [
    Refused("part-class", lambda: policy(Set), [("policy.part", "Policy.parts[0]")], "Set(...)"),
    Refused("part-match", lambda: policy(Match(path="/")), [("policy.part", "Policy.parts[0]")], "Rule(Match(...)"),
    Refused("part-list", lambda: policy([ONE]), [("policy.part", "Policy.parts[0]")], "star"),
    Refused("part-text", lambda: policy("x"), [("policy.part", "Policy.parts[0]")]),
    Refused("part-none", lambda: policy(ONE, BAD), [("policy.part", "Policy.parts[1]")]),
    Refused(
        "parts-several",
        lambda: policy(BAD, ONE, BAD, Match()),
        [("policy.part", f"Policy.parts[{place}]") for place in (0, 2, 3)],
    ),
    Refused("policy-keyword", lambda: policy(parts=()), [("argument.unknown", "Policy")]),
    Refused("rule-without-parts", lambda: rule(Match()), [("rule.empty", "Rule.parts")]),
    Refused(
        "rule-without-anything", lambda: rule(), [("argument.missing", "Rule.match"), ("rule.empty", "Rule.parts")]
    ),
    Refused("rule-path", lambda: rule("/a", ONE), [("rule.match", "Rule.match")], "Match(path="),
    Refused("rule-no-part", lambda: rule(Match(), BAD), [("policy.part", "Rule.parts[0]")]),
    Refused(
        "rule-everything",
        lambda: rule(BAD, BAD, [ONE]),
        [("rule.match", "Rule.match"), ("policy.part", "Rule.parts[0]"), ("policy.part", "Rule.parts[1]")],
    ),
    Refused("middleware-app", lambda: middleware(BAD, policy()), [("middleware.app", "HeadersMiddleware.app")]),
    Refused("middleware-policy", lambda: middleware(app, BAD), [("middleware.policy", "HeadersMiddleware.policy")]),
    Refused(
        "middleware-part", lambda: middleware(app, ONE), [("middleware.policy", "HeadersMiddleware.policy")], "Policy("
    ),
    Refused(
        "middleware-turned-round",
        lambda: middleware(policy(), app),
        [("middleware.app", "HeadersMiddleware.app"), ("middleware.policy", "HeadersMiddleware.policy")],
    ),
]


@pytest.mark.parametrize("row", REFUSED, ids=lambda row: row.id)
def test_refused(row: Refused) -> None:
    """What is no part of a policy is told when it is put in, every one at once, with a way out."""
    with pytest.raises(PolicyError) as caught:
        row.build()
    problems = caught.value.problems
    assert [(problem.code, problem.where) for problem in problems] == row.problems
    assert row.fix in problems[0].fix


class Quarrelsome(Part):
    """A part that contradicts every other one of its kind beside it, and is never content with the whole."""

    def __init__(self, name: str, /) -> None:
        self._keep(name=name)

    def conflicts(self, siblings: Sequence[Part], whole: Sequence[Part]) -> list[Problem]:
        beside = [part for part in siblings if isinstance(part, Quarrelsome) and part is not self]
        return [Problem("quarrel", repr(self), repr(other), "stands beside", "", "") for other in beside]

    def refuses(self, matches: Sequence[Match]) -> list[Problem]:
        return [Problem("refused", repr(self), repr(match), "under", "", "") for match in matches if match.status]

    def unresolved(self, whole: Sequence[Part]) -> list[Problem]:
        return [Problem("unresolved", repr(self), str(len(whole)), "parts in all", "", "")]


A, B = Quarrelsome("a"), Quarrelsome("b")

CONTRADICTIONS: list[tuple[str, Callable[[], object], list[str]]] = [
    ("beside", lambda: Policy(A, ONE, B), ["quarrel", "quarrel"]),
    ("beside-in-a-rule", lambda: Rule(Match(), A, B), ["quarrel", "quarrel"]),
    ("alone", lambda: Policy(A, ONE), []),
    ("in-another-policy", lambda: Policy(A, Policy(B)), []),
    ("under-another-match", lambda: Policy(A, Rule(Match(), B)), []),
    ("match", lambda: Rule(Match(status=200), A), ["refused"]),
    ("match-of-the-outer-rule", lambda: Rule(Match(status=200), Rule(Match(path="/"), A)), ["refused"]),
    ("match-through-a-policy", lambda: Rule(Match(status=200), Policy(A)), ["refused"]),
    ("match-that-is-fine", lambda: Rule(Match(path="/"), A), []),
    ("fragment", lambda: Policy(A), []),
    ("middleware", lambda: HeadersMiddleware(app, Policy(A, Rule(Match(), B))), ["unresolved", "unresolved"]),
    ("beside-and-no-part", lambda: Policy(A, BAD, B), ["policy.part", "quarrel", "quarrel"]),
]


@pytest.mark.parametrize(
    ("build", "codes"), [row[1:] for row in CONTRADICTIONS], ids=[row[0] for row in CONTRADICTIONS]
)
def test_contradictions(build: Callable[[], object], codes: list[str]) -> None:
    """Parts contradict each other in one Policy or Rule, or their match; the whole is looked at by the middleware."""
    found: list[str] = []
    try:
        build()
    except PolicyError as error:
        found = [problem.code for problem in error.problems]
    assert found == codes
