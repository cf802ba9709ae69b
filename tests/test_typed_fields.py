"""What every typed field does, whichever it is: a value, a text and back, and its place in policies and operations.

What a field accepts and refuses stands in tests/fields, a module a field.
"""

from __future__ import annotations

import copy
import datetime
import doctest
import inspect
import itertools
import pickle
from typing import Any
from wsgiref.types import WSGIEnvironment

import pytest
from assertions import assert_head
from wsgi import PLAIN, Line, call, environ_for, responding, validated

import wsgi_headers
from wsgi_headers import (
    NONCE,
    AcceptCH,
    Append,
    CacheControl,
    CDNCacheControl,
    ClearSiteData,
    ContentDisposition,
    ContentSecurityPolicy,
    CrossOriginEmbedderPolicy,
    CrossOriginOpenerPolicy,
    CrossOriginResourcePolicy,
    Default,
    Deprecation,
    DocumentPolicy,
    Edit,
    HeadError,
    HeadersMiddleware,
    IntegrityPolicy,
    Link,
    Match,
    Merge,
    NoVarySearch,
    OriginAgentCluster,
    PermissionsPolicy,
    Policy,
    PolicyError,
    RateLimit,
    RateLimitPolicy,
    ReferrerPolicy,
    Remove,
    ReportingEndpoints,
    Rule,
    Set,
    StrictTransportSecurity,
    Sunset,
    TimingAllowOrigin,
    XContentTypeOptions,
    XDNSPrefetchControl,
    XFrameOptions,
    XPermittedCrossDomainPolicies,
    XRobotsTag,
    explain,
    hash_source,
)
from wsgi_headers._directives import Directive, NotDirectives, parse, repeated, serialize
from wsgi_headers._frozen_mapping import FrozenMapping
from wsgi_headers._grammar import declared_value
from wsgi_headers._registry import lookup
from wsgi_headers._structured import parse_dictionary
from wsgi_headers.fields.content_security_policy import DIRECTIVES as CSP_DIRECTIVES
from wsgi_headers.typed_field import AppendItself, TypedField

NEW_YEAR = datetime.datetime(2027, 1, 1, tzinfo=datetime.UTC)

# One of each class at least; those with options both with and without them.
EXAMPLES: list[TypedField] = [
    ContentSecurityPolicy(default_src=["'self'"], object_src=[], upgrade_insecure_requests=True),
    ContentSecurityPolicy(report_only=True, script_src=[NONCE, "'strict-dynamic'"], report_uri="/reports"),
    CrossOriginEmbedderPolicy("require-corp"),
    CrossOriginEmbedderPolicy("credentialless", report_to="coep", report_only=True),
    CrossOriginOpenerPolicy("same-origin", report_to="coop"),
    DocumentPolicy(
        {"document-write": False, "js-profiling": True, "oversized-images": 2}, report_to="a", report_only=True
    ),
    IntegrityPolicy(blocked_destinations=["script", "style"], sources=["inline"], endpoints=["a"], report_only=True),
    NoVarySearch(key_order=True, params=["a", "b c"]),
    NoVarySearch(except_="a"),
    PermissionsPolicy(camera=(), geolocation=["self", "https://a.example"], fullscreen="*"),
    PermissionsPolicy({"display-capture": "self"}, report_only=True, report_to="a"),
    ReferrerPolicy("no-referrer"),
    ReferrerPolicy("no-referrer", "strict-origin-when-cross-origin"),
    ReportingEndpoints({"csp-1": "https://reports.example/"}, default="/reports"),
    StrictTransportSecurity(0, include_subdomains=False),
    StrictTransportSecurity(63_072_000, include_subdomains=True, preload=True),
    XFrameOptions("DENY"),
    AcceptCH("Sec-CH-UA-Model", "dpr"),
    CacheControl(public=True, max_age=31_536_000, immutable=True),
    CacheControl(private=["Set-Cookie"], no_cache=("A", "B"), max_age=0, stale_if_error=1),
    CDNCacheControl(max_age=600, no_cache=["Set-Cookie"]),
    ClearSiteData("cache", "executionContexts"),
    ContentDisposition(),
    ContentDisposition("report.pdf", disposition="inline"),
    ContentDisposition("\u20ac rates.pdf"),
    CrossOriginResourcePolicy("same-origin"),
    Deprecation(NEW_YEAR),
    Link("/style.css", rel="preload", as_="style"),
    Link("/b?c=d,e", rel=["next", "https://a.example/rel"], title="\u20ac", crossorigin=True, self="x", cls="y"),
    # Parameters whose names cannot be written as keywords of a call.
    Link("/c", rel="next", **{"x-own": "1", "class": True, "a": "2", "a*b": "3"}),
    OriginAgentCluster(False),
    RateLimit({"burst": (50, 30), "daily": (0, None)}),
    RateLimitPolicy({"burst": (100, 60)}),
    Sunset(NEW_YEAR),
    TimingAllowOrigin("https://a.example", "*"),
    XContentTypeOptions(),
    XDNSPrefetchControl("off"),
    XPermittedCrossDomainPolicies("none"),
    XRobotsTag("noindex", "googlebot: nofollow", "googlebot: max-snippet:-1"),
]
CLASSES = [value for value in vars(wsgi_headers).values() if isinstance(value, type) and issubclass(value, TypedField)]

# What a `repr` is pasted back among.
NAMES = {**vars(wsgi_headers), "datetime": datetime}

every_example = pytest.mark.parametrize("field", EXAMPLES, ids=repr)

HSTS = StrictTransportSecurity(31_536_000, include_subdomains=True)
NO_REFERRER = ReferrerPolicy("no-referrer")


def sent(policy: Policy, *lines: Line, **request: Any) -> list[Line]:
    """Return what becomes of a head; what fields report to is declared elsewhere."""
    whole = Policy(policy, Rule(Match(path="/elsewhere"), ReportingEndpoints(a="/a", coep="/b", coop="/c")))
    return call(HeadersMiddleware(validated(responding(PLAIN, *lines)), whole), **request).lines


def read_again(field: TypedField) -> TypedField:
    """Return what its own class makes of a field's text."""
    options = {"report_only": True} if field.report_only else {}
    return type(field).parse(field.serialize(), **options)


# ----------------------------------------------------------------------------------------------------------------------
# Every field is a value
# ----------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("field", CLASSES, ids=lambda field: field.__name__)
def test_has_an_example(field: type[TypedField]) -> None:
    """No class escapes the tests below, and each has a section of its specification, a text and errors in its words."""
    assert any(type(example) is field for example in EXAMPLES)
    text = field.__doc__ or ""
    assert "Raises PolicyError" in text and text.splitlines()[0].startswith("Value of the ")


@pytest.mark.parametrize(
    "documented",
    [*CLASSES, hash_source, parse, serialize, parse_dictionary],
    ids=lambda documented: documented.__name__,
)
def test_documented_example(documented: Any) -> None:
    """Every docstring has an example that comes out as it says."""
    report: list[str] = []
    names = {**vars(wsgi_headers), **vars(inspect.getmodule(documented) or wsgi_headers)}
    test = doctest.DocTestParser().get_doctest(documented.__doc__, names, documented.__name__, None, None)
    results = doctest.DocTestRunner(optionflags=doctest.NORMALIZE_WHITESPACE).run(test, out=report.append)
    assert results.attempted and not results.failed, "".join(report)


@every_example
def test_is_a_value(field: TypedField) -> None:
    """A field is equal to its copies, its pickle and what its repr says, and hashes as they do; it is frozen."""
    for other in (
        copy.deepcopy(field),
        pickle.loads(pickle.dumps(field)),
        eval(repr(field), NAMES.copy()),
    ):
        assert other == field
        assert hash(other) == hash(field)
        assert other.serialize() == field.serialize()
    with pytest.raises(AttributeError):
        field.anything = 1  # type: ignore[attr-defined]


@every_example
def test_text_and_back(field: TypedField) -> None:
    """The text can stand in a head, and is read as the same field."""
    assert declared_value.fullmatch(field.serialize())
    assert field.serialize().isascii()
    assert read_again(field) == field


@every_example
def test_replace_nothing(field: TypedField) -> None:
    """A copy with nothing replaced is equal; what no argument is called is refused."""
    assert field.replace() == field
    if not field.open_argument:
        with pytest.raises(PolicyError):
            field.replace(no_such_option=1)


OPEN_ENDED: dict[str, tuple[TypedField, dict[str, Any], TypedField]] = {
    "features": (
        PermissionsPolicy(camera=(), report_to="a"),
        {"features": {"usb": "*", "display-capture": "self"}},
        PermissionsPolicy(usb="*", display_capture="self", report_to="a"),
    ),
    "features of documents": (
        DocumentPolicy({"js-profiling": True}),
        {"features": {"document-write": False}},
        DocumentPolicy({"document-write": False}),
    ),
    "endpoints": (ReportingEndpoints(a="/a"), {"endpoints": {"b": "/b"}}, ReportingEndpoints(b="/b")),
    "an endpoint of that name": (
        ReportingEndpoints(a="/a"),
        {"endpoints": "/b"},
        ReportingEndpoints({"a": "/a", "endpoints": "/b"}),
    ),
    "parameters": (
        Link("/a", rel="next", title="x"),
        {"target": "/b", "parameters": {"crossorigin": True}},
        Link("/b", rel="next", crossorigin=True),
    ),
    "directives": (
        ContentSecurityPolicy(img_src="*", report_only=True),
        {"directives": {"script_src": "'self'"}, "style_src": "a.test"},
        ContentSecurityPolicy(script_src="'self'", style_src="a.test", report_only=True),
    ),
}


@pytest.mark.parametrize(("field", "options", "replaced"), OPEN_ENDED.values(), ids=OPEN_ENDED)
def test_replace_all_that_has_names_of_its_own(
    field: TypedField, options: dict[str, Any], replaced: TypedField
) -> None:
    """What is an attribute as a mapping is replaced as one, all of it."""
    assert field.replace(**options) == replaced


@pytest.mark.parametrize("field", [field for field in EXAMPLES if "report_only" in vars(field)], ids=repr)
def test_enforced_and_reported(field: TypedField) -> None:
    """Both fields of one class stand in one policy, each under its own name."""
    try:
        enforced, reported = field.replace(report_only=False), field.replace(report_only=True)
    except PolicyError as error:
        # What has an effect in the enforced field alone.
        assert all("is ignored where violations are only reported" in str(problem) for problem in error.problems)
        return
    assert reported.name == f"{enforced.name}-Report-Only" == f"{type(field).field_name}-Report-Only"
    for parts in ((enforced, reported), (reported, enforced)):
        lines = sent(Policy(*parts), (enforced.name, "app"), (reported.name, "app"))
        assert_head(lines, [PLAIN, (enforced.name, enforced.sent()), (reported.name, reported.sent())])


@every_example
def test_name(field: TypedField) -> None:
    """The registry knows the field by that very spelling."""
    known = lookup(field.name)
    assert known is not None
    assert known.name == field.name


# ----------------------------------------------------------------------------------------------------------------------
# In policies
# ----------------------------------------------------------------------------------------------------------------------


@every_example
def test_bare_field_is_set(field: TypedField) -> None:
    """A field stands for Set of its name and text; the one class that adds to what is there for Append."""
    operation = Append if field.stands_for is AppendItself else Set
    before = [(field.name, "app")]
    assert_head(sent(Policy(field), *before), sent(Policy(operation(field.name, field.sent())), *before))
    assert_head(sent(Policy(operation(field)), *before), sent(Policy(field), *before))
    assert_head(sent(Policy(field)), sent(Policy(operation(field.name, field.sent()))))


@every_example
@pytest.mark.parametrize("operation", [Set, Default, Append, Merge], ids=lambda operation: operation.__name__)
def test_operation_on_a_field(operation: type[Set], field: TypedField) -> None:
    """An operation takes a field in the place of a name and a value; what a singleton does not bear is refused."""
    try:
        untyped = operation(field.name, field.sent())
    except PolicyError as error:
        with pytest.raises(PolicyError) as caught:
            operation(field)
        assert caught.value.problems == error.problems
        return
    typed = operation(field)
    assert repr(typed) == f"{operation.__name__}({field!r})"
    assert eval(repr(typed), NAMES.copy()) == typed == pickle.loads(pickle.dumps(typed))
    assert hash(typed) == hash(operation(field))
    assert (typed.name, typed.value) == (field.name, field)
    for before in ([], [(field.name, "app")], [(field.name, field.serialize())]):
        assert sent(Policy(typed), *before) == sent(Policy(untyped), *before)


@every_example
@pytest.mark.parametrize("operation", [Set, Default], ids=lambda operation: operation.__name__)
def test_typed_and_untyped_compile_to_the_same(operation: type[Set], field: TypedField) -> None:
    """The programs of a field and of its text are equal, so that they cost the same."""
    programs = [
        step.compile([step])
        for step in (
            *operation(field).operations("https"),
            *operation(field.name, field.sent()).operations("https"),
        )
    ]
    assert programs[0] == programs[1]


def test_find() -> None:
    """A field is found by its class, also inside an operation; the last that holds everywhere is the one."""
    assert Policy(NO_REFERRER).find(ReferrerPolicy) == NO_REFERRER
    assert Policy(Default(NO_REFERRER), Set("Referrer-Policy", "origin")).find(ReferrerPolicy) == NO_REFERRER
    under_rule = Rule(Match(path="/a/"), Default(ReferrerPolicy("origin")))
    assert Policy(Policy(Default(NO_REFERRER)), under_rule).find(ReferrerPolicy) == NO_REFERRER
    assert Policy(under_rule).find(ReferrerPolicy) == ReferrerPolicy("origin")
    assert Policy(Default("Referrer-Policy", "no-referrer")).find(ReferrerPolicy) is None
    assert Policy(Default(NO_REFERRER)).find(Default) == Default(NO_REFERRER)


@pytest.mark.parametrize("part", [HSTS, Set(HSTS), Default(HSTS)], ids=repr)
def test_https_only(part: Any) -> None:
    """Where a policy has HSTS, no line of it leaves on http, wherever the part stands."""
    line = ("Strict-Transport-Security", HSTS.serialize())
    for policy in (Policy(part), Policy(Rule(Match(path="/elsewhere"), part))):
        assert_head(sent(policy, ("strict-transport-security", "max-age=1"), scheme="http"), [PLAIN])
    assert_head(sent(Policy(part)), [PLAIN, line])


@pytest.mark.parametrize("part", [NO_REFERRER, Set(NO_REFERRER), Default(NO_REFERRER)], ids=repr)
def test_explained(part: Any) -> None:
    """Whoever asks why a line is there is told the part as it was declared."""
    explanation = explain(Policy(part), environ_for(), "200 OK", [PLAIN])
    (line,) = [line for line in explanation.lines if line.before is None]
    assert line.after == ("Referrer-Policy", "no-referrer")
    assert line.parts == (part,)


OWN: list[Line] = [
    ("X-Frame-Options", "app"),
    ("Referrer-Policy", "app"),
    ("Content-Type", "text/plain"),
    ("Set-Cookie", "a=1"),
]


@pytest.mark.parametrize("own", list(itertools.permutations(OWN)), ids=lambda own: " ".join(name for name, _ in own))
def test_two_fields_replace_two_lines(own: tuple[Line, ...]) -> None:
    """Those two lines and no others, whatever stands between them (secure 2.0.1 loses a neighbour)."""
    lines = call(HeadersMiddleware(responding(*own), Policy(ReferrerPolicy("origin"), XFrameOptions("DENY")))).lines
    assert sorted(lines) == [
        ("Content-Type", "text/plain"),
        ("Referrer-Policy", "origin"),
        ("Set-Cookie", "a=1"),
        ("X-Frame-Options", "DENY"),
    ]


def test_fields_and_operations_are_a_sequence() -> None:
    """What comes later acts on what came before, typed or not."""
    policy = Policy(NO_REFERRER, Merge(ReferrerPolicy("origin")), Edit("Referrer-Policy", str.upper))
    assert_head(sent(policy), [PLAIN, ("Referrer-Policy", "NO-REFERRER, ORIGIN")])
    assert_head(sent(Policy(NO_REFERRER, Remove("Referrer-Policy"))), [PLAIN])


# ----------------------------------------------------------------------------------------------------------------------
# From callables
# ----------------------------------------------------------------------------------------------------------------------


def by_tenant(environ: WSGIEnvironment) -> Any:
    tenant = environ.get("HTTP_X_TENANT")
    return ReferrerPolicy(tenant) if tenant else None


@pytest.mark.parametrize("operation", [Set, Default, Append, Merge], ids=lambda operation: operation.__name__)
def test_callable_gives_a_field(operation: type[Set]) -> None:
    """A callable of environ may give a field of that name; None leaves the head as it is."""
    policy = Policy(operation("referrer-policy", by_tenant))
    assert_head(sent(policy), [PLAIN])
    assert_head(sent(policy, HTTP_X_TENANT="origin"), [PLAIN, ("Referrer-Policy", "origin")])


def test_callable_gives_another_field() -> None:
    """A field of another name is a mistake of the policy, raised in the application's own call."""
    policy = Policy(Set("X-Frame-Options", by_tenant))
    with pytest.raises(HeadError, match="X-Frame-Options: .* Referrer-Policy"):
        sent(policy, HTTP_X_TENANT="origin")


def test_edit_gives_no_field() -> None:
    """A function of values gives values."""
    policy = Policy(Edit("Referrer-Policy", lambda value: NO_REFERRER))  # type: ignore[arg-type,return-value]
    with pytest.raises(HeadError, match="gave ReferrerPolicy"):
        sent(policy, ("Referrer-Policy", "origin"))


def test_plan_reads_no_field_for_each_request(monkeypatch: pytest.MonkeyPatch) -> None:
    """A field is written out when the policy is compiled, also where a callable follows it."""
    policy = Policy(Default(NO_REFERRER), Append("Referrer-Policy", lambda environ: environ.get("HTTP_X_TENANT")))
    app = HeadersMiddleware(validated(responding(PLAIN)), policy)
    assert_head(call(app).lines, [PLAIN, ("Referrer-Policy", "no-referrer")])
    monkeypatch.setattr(ReferrerPolicy, "serialize", lambda self: 1 / 0)
    assert_head(call(app, HTTP_X_TENANT="origin").lines, [PLAIN, ("Referrer-Policy", "no-referrer, origin")])


# ----------------------------------------------------------------------------------------------------------------------
# Mistakes
# ----------------------------------------------------------------------------------------------------------------------

# id: (call, code and place of each problem)
REFUSED: dict[str, tuple[Any, list[tuple[str, str]]]] = {
    "value-beside": (
        lambda: Set(NO_REFERRER, "origin"),
        [("operation.value.surplus", "Set('Referrer-Policy').value")],
    ),
    "name-beside": (
        lambda: Set("Referrer-Policy", NO_REFERRER),  # type: ignore[arg-type]
        [("operation.value.type", "Set('Referrer-Policy').value")],
    ),
    "class": (lambda: Policy(ReferrerPolicy), [("policy.part", "Policy.parts[0]")]),  # type: ignore[arg-type]
    "class-in-operation": (
        lambda: Set(ReferrerPolicy),  # type: ignore[arg-type]
        [("argument.missing", "Set.value"), ("operation.name.type", "Set.name")],
    ),
    "removed": (lambda: Remove(NO_REFERRER), [("operation.name.type", "Remove.name")]),  # type: ignore[arg-type]
    "appended-singleton-and-value": (
        lambda: Append(XFrameOptions("DENY"), "DENY"),
        [
            ("operation.name.singleton", "Append.name"),
            ("operation.value.surplus", "Append('X-Frame-Options').value"),
        ],
    ),
}


@pytest.mark.parametrize(("build", "problems"), REFUSED.values(), ids=REFUSED)
def test_refused(build: Any, problems: list[tuple[str, str]]) -> None:
    """A field where none belongs is refused when the part is built."""
    with pytest.raises(PolicyError) as caught:
        build()
    assert [(problem.code, problem.where) for problem in caught.value.problems] == problems


ODD: list[Any] = [
    *(None, 5, True, 1.5, float("nan"), b"x", "", "é", "a\nb", "\ud800", [[]], [{}], {}, set(), object(), [None]),
    *([b"a"], range(3), [NONCE], str, len, {"a": [[]]}, {5: 5}, {"camera": 5}, {"camera": [[]]}),
    *({"js-profiling": []}, {"oversized-images": "x"}),
]


@pytest.mark.parametrize("field", CLASSES, ids=lambda field: field.__name__)
@pytest.mark.parametrize("value", ODD, ids=repr)
def test_odd_arguments(field: type[TypedField], value: Any) -> None:
    """Whatever a field is given, it is refused with PolicyError alone, or can be written, read and shown."""
    named = [p.name for p in inspect.signature(field.__init__).parameters.values() if p.kind is p.KEYWORD_ONLY]
    calls: list[tuple[tuple[Any, ...], dict[str, Any]]] = [((value,), {}), ((value, value), {})]
    for name in (*named, *(CSP_DIRECTIVES if field is ContentSecurityPolicy else ()), "camera", "js_profiling"):
        calls += [((), {name: value}), ((value,), {name: value})]
    for arguments, options in calls:
        try:
            made = field(*arguments, **options)
        except PolicyError as error:
            assert str(error)
        else:
            assert read_again(made) == made
            assert hash(made) == hash(eval(repr(made), vars(wsgi_headers).copy()))


# ----------------------------------------------------------------------------------------------------------------------
# What fields are written with
# ----------------------------------------------------------------------------------------------------------------------

# (text, separator, directives)
DIRECTIVES: list[tuple[str, Any, list[tuple[str, str | None]]]] = [
    ("max-age=60", ",", [("max-age", "60")]),
    ('a, b=c ,\td="e, f"', ",", [("a", None), ("b", "c"), ("d", "e, f")]),
    ('a="b;c"; D', ";", [("a", "b;c"), ("D", None)]),
    ('a="\\"\\\\"', ",", [("a", '"\\')]),
    (";; a = 1 ;", ";", [("a", "1")]),
    ("", ";", []),
    ("a=1, a=2", ",", [("a", "1"), ("a", "2")]),
]
NO_DIRECTIVES: list[tuple[str, Any]] = [
    ("a b", ","),
    ("=1", ","),
    ("a=", ","),
    ('a="', ","),
    ("a=b c", ";"),
    ("a=é", ";"),
    ("a, b", ";"),
    ('a="b"c', ","),
]


@pytest.mark.parametrize(("text", "separator", "directives"), DIRECTIVES)
def test_directives(text: str, separator: Any, directives: list[tuple[str, str | None]]) -> None:
    """Directives are read with their quotes undone, empty ones skipped, and what is written is read as the same."""
    found = parse(text, separator)
    assert found == directives
    assert parse(serialize(found, separator), separator) == directives


@pytest.mark.parametrize(("text", "separator"), NO_DIRECTIVES)
def test_no_directives(text: str, separator: Any) -> None:
    """What is no list of directives raises, whatever it is."""
    with pytest.raises(NotDirectives):
        parse(text, separator)


def test_repeated_directives() -> None:
    """Names have no case."""
    assert repeated([Directive("a"), Directive("b", "1"), Directive("A", "2"), Directive("B"), Directive("c")]) == [
        "a",
        "b",
    ]


def test_frozen_mapping() -> None:
    """A mapping among the arguments of a part is a value too; its order counts, since it is written in that order."""
    mapping = FrozenMapping({"a": (1,), "b": ()})
    assert mapping == pickle.loads(pickle.dumps(mapping)) == copy.copy(mapping)
    assert (dict(mapping), len(mapping), mapping["a"], repr(mapping)) == (
        {"a": (1,), "b": ()},
        2,
        (1,),
        "{'a': (1,), 'b': ()}",
    )
    assert hash(mapping) == hash(FrozenMapping({"a": (1,), "b": ()}))
    assert mapping != FrozenMapping({"b": (), "a": (1,)})
    with pytest.raises(AttributeError):
        mapping.anything = 1  # type: ignore[attr-defined]
