"""Names to objects: tables of what leads to a policy or an application, and of the line that says why not."""

from __future__ import annotations

import importlib
import itertools
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from wsgi_headers import Policy, Set, presets
from wsgi_headers.references import PRESETS, BadReference, application_of, policy_of

MODULE = """\
from wsgi_headers import Policy, Set

POLICY = Policy(Set("X-From", "module"))
text = "text"
nothing = None


def app(environ, start_response):
    start_response("200 OK", [])
    return [b"app"]


class Holder:
    policy = POLICY
    app = staticmethod(app)


holder = Holder()


def make_policy(value="made", *, name="X-From"):
    return Policy(Set(name, value))


def create_app(*arguments, **options):
    def made(environ, start_response):
        start_response("200 OK", [])
        return [repr((arguments, options)).encode()]

    made.nested = lambda *more: create_app("nested", *more)
    return made


def raises(*arguments):
    raise RuntimeError("two\\nlines and\\ttabs")


def raises_nothing_said():
    raise KeyError


def refuses():
    return Policy(Set("X Y", "a\\nb"), Set("", "b"))
"""

BROKEN = {
    "raising": 'raise RuntimeError("said at\\nimport")',
    "syntax": "def (:",
    "wrong_policy": 'from wsgi_headers import Set\n\nSet("X Y", "a\\nb")',
    "missing_inside": "import a_module_that_is_not_there",
    "lazy": "def __getattr__(name):\n    raise ImportError(f'no {name} today')",
}

_numbers = itertools.count()


@pytest.fixture(scope="module")
def module(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A package that can be imported during these tests, with `site`, `inner.site` and the broken modules in it."""
    directory = tmp_path_factory.mktemp("references")
    name = f"referred_{next(_numbers)}"
    package = directory / name
    (package / "inner").mkdir(parents=True)
    for path in (package, package / "inner"):
        (path / "__init__.py").touch()
        (path / "site.py").write_text(MODULE)
    for broken, text in BROKEN.items():
        (package / f"{broken}.py").write_text(text)
    sys.path.insert(0, str(directory))
    importlib.invalidate_caches()
    yield name
    sys.path.remove(str(directory))
    for known in [known for known in sys.modules if known.partition(".")[0] == name]:
        del sys.modules[known]


def made_by(value: str, name: str = "X-From") -> Policy:
    """Return what make_policy of the module gives."""
    return Policy(Set(name, value))


POLICIES: dict[str, tuple[str, Policy]] = {
    "preset": ("baseline", presets.BASELINE),
    "module": ("{m}.site:POLICY", made_by("module")),
    "deeper-module": ("{m}.inner.site:POLICY", made_by("module")),
    "attribute-of-object": ("{m}.site:holder.policy", made_by("module")),
    "attribute-of-class": ("{m}.site:Holder.policy", made_by("module")),
    "call": ("{m}.site:make_policy()", made_by("made")),
    "call-with-argument": ("{m}.site:make_policy('given')", made_by("given")),
    "call-with-names": ("{m}.site:make_policy('given', name='X-Other')", made_by("given", "X-Other")),
}


@pytest.mark.parametrize("case", POLICIES)
def test_policy_is_found(module: str, case: str) -> None:
    """A preset's name, a name in a module, or what a call of it returns."""
    reference, expected = POLICIES[case]
    assert policy_of(reference.format(m=module)) == expected


@pytest.mark.parametrize("name", PRESETS)
def test_preset_is_the_object_itself(name: str) -> None:
    """Each name of the table is that preset of the module `presets`, in lower case."""
    assert policy_of(name) is getattr(presets, name.upper())


# The reference, and the body of the application that it leads to: the arguments that create_app was given.
APPLICATIONS = {
    "name": ("{m}.site:app", "app"),
    "attribute": ("{m}.site:holder.app", "app"),
    "call": ("{m}.site:create_app()", "((), {})"),
    "call-with-blanks": ("{m}.site:create_app( )", "((), {})"),
    "text-and-number": ("{m}.site:create_app('a:b', 1)", "(('a:b', 1), {})"),
    "parentheses-in-text": ("{m}.site:create_app(')(')", "((')(',), {})"),
    "list-and-mapping": ("{m}.site:create_app([1, 2], {{'a': None}})", "(([1, 2], {'a': None}), {})"),
    "negative-number": ("{m}.site:create_app(-1)", "((-1,), {})"),
    "names": ("{m}.site:create_app(debug=True, path='/x')", "((), {'debug': True, 'path': '/x'})"),
    "lines": ("{m}.site:create_app(\n1,\n2)", "((1, 2), {})"),
}


@pytest.mark.parametrize("case", APPLICATIONS)
def test_application_is_found(module: str, case: str) -> None:
    """A callable in a module, or what a call with literal arguments returns."""
    reference, expected = APPLICATIONS[case]
    application = application_of(reference.format(m=module))
    assert b"".join(application({}, lambda *_: lambda _: None)).decode() == expected


# The reference, and the whole message.
NO_POLICIES = {
    "misspelt-preset": ("basline", "'basline' is no policy; give a preset or package.module:name. Did you mean 'b"),
    "preset-in-capitals": (
        "BASELINE",
        "'BASELINE' is no policy; give a preset or package.module:name. Did you mean 'b",
    ),
    "empty": ("", "'' is no policy; give a preset or package.module:name. accepted: baseline"),
    "module-alone": ("{m}.site", "'{m}.site' is no policy; give a preset or package.module:name. accepted: baseline"),
    "application": ("{m}.site:app", "'{m}.site:app' is no policy but function; name a wsgi_headers.Policy"),
    "factory-uncalled": ("{m}.site:make_policy", "'{m}.site:make_policy' is no policy but function; name a wsgi_"),
    "class": ("wsgi_headers:Policy", "'wsgi_headers:Policy' is no policy but PartType; name a wsgi_headers.Policy"),
    "none": ("{m}.site:nothing", "'{m}.site:nothing' is no policy but NoneType; name a wsgi_headers.Policy"),
    "policy-that-is-refused": ("{m}.site:refuses()", "call of {m}.site:refuses failed: PolicyError: Set.name: "),
    "module-with-a-wrong-policy": ("{m}.wrong_policy:POLICY", "import of {m}.wrong_policy failed: PolicyError: Set."),
}
NO_APPLICATIONS = {
    "text": ("{m}.site:text", "'{m}.site:text' is no WSGI application but str; name a callable"),
    "result-of-call": ("{m}.site:make_policy()", "'{m}.site:make_policy()' is no WSGI application but Policy; name a"),
}
# References that lead to nothing, whatever is asked for.
NOTHING = {
    "no-name": ("{m}.site:", "'{m}.site:' is no reference; write package.module:name"),
    "no-module": (":app", "':app' is no reference; write package.module:name"),
    "path": ("./site.py:app", "'./site.py:app' is no reference; write package.module:name"),
    "blank": ("{m}.site: app", "'{m}.site: app' is no reference; write package.module:name"),
    "two-colons": ("{m}:site:app", "'{m}:site:app' is no reference; write package.module:name"),
    "line-end": ("{m}.site:app\n", r"'{m}.site:app\n' is no reference; write package.module:name"),
    "controls": ("{m}.site:\x1b[2J", r"'{m}.site:\x1b[2J' is no reference; write package.module:name"),
    "open-call": ("{m}.site:create_app(", "'{m}.site:create_app(' is no reference; write package.module:name"),
    "unknown-module": (
        "a_module_that_is_not_there:app",
        "no module 'a_module_that_is_not_there'; look at the spelling",
    ),
    "unknown-submodule": ("{m}.sight:app", "no module '{m}.sight'; look at the spelling, or say with --chdir where it"),
    "below-a-module": ("{m}.site.deeper:app", "no module '{m}.site.deeper'; look at the spelling"),
    "relative-module": ("..site:app", "import of ..site failed: TypeError: "),
    "missing-inside": (
        "{m}.missing_inside:app",
        "import of {m}.missing_inside failed: ModuleNotFoundError: No module named 'a_module_that_is_not_there'",
    ),
    "import-raises": ("{m}.raising:app", "import of {m}.raising failed: RuntimeError: said at import"),
    "syntax-error": ("{m}.syntax:app", "import of {m}.syntax failed: SyntaxError: "),
    "misspelt-name": ("{m}.site:creat_app", "'{m}.site' has no 'creat_app'. Did you mean 'create_app'?"),
    "misspelt-attribute": ("{m}.site:Holder.polici", "'{m}.site' has no 'polici'. Did you mean 'policy'?"),
    "far-name": ("{m}.site:zzz", "'{m}.site' has no 'zzz'. look at the spelling"),
    "empty-attribute": ("{m}.site:holder.", "'{m}.site' has no ''. look at the spelling"),
    "attribute-of-text": ("{m}.site:nothing.at.all", "'{m}.site' has no 'at'. look at the spelling"),
    "call-raises": ("{m}.site:raises()", "call of {m}.site:raises failed: RuntimeError: two lines and tabs"),
    "call-raises-silently": ("{m}.site:raises_nothing_said()", "call of {m}.site:raises_nothing_said failed: KeyError"),
    "call-misfits": ("{m}.site:make_policy(1, 2, 3)", "call of {m}.site:make_policy failed: TypeError: "),
    "call-of-text": ("{m}.site:text()", "'{m}.site:text()': text cannot be called; leave the parentheses out"),
    "name-as-argument": ("{m}.site:create_app(app)", "'{m}.site:create_app(app)': only literal arguments can be given"),
    "call-as-argument": (
        "{m}.site:create_app(raises())",
        "'{m}.site:create_app(raises())': only literal arguments can be given in a reference",
    ),
    "starred": ("{m}.site:create_app(*[1])", "'{m}.site:create_app(*[1])': only literal arguments can be given in a"),
    "no-expression": ("{m}.site:create_app(1 2)", "'{m}.site:create_app(1 2)': only literal arguments can be given"),
    "more-than-a-call": ("{m}.site:raises() + raises()", "'{m}.site:raises() + raises()': only literal arguments can"),
    # Each of these was once read as another call than the one that is written.
    "double-starred": (
        "{m}.site:create_app(**{{'debug': True}})",
        "\"{m}.site:create_app(**{{'debug': True}})\": only literal arguments can be given in a reference",
    ),
    "call-of-a-call": (
        "{m}.site:create_app('a')('b')",
        "\"{m}.site:create_app('a')('b')\": only literal arguments can be given in a reference",
    ),
    "method-of-a-call": (
        "{m}.site:create_app().nested()",
        "'{m}.site:create_app().nested()': only literal arguments can be given in a reference",
    ),
    "unhashable": ("{m}.site:create_app({{[]: 1}})", "'{m}.site:create_app({{[]: 1}})': only literal arguments can be"),
    "unhashable-set": ("{m}.site:create_app({{[]}})", "'{m}.site:create_app({{[]}})': only literal arguments can be"),
    "lazy-module": ("{m}.lazy:app", ""),
}

_asked: dict[str, tuple[Callable[[str], Any], str, str]] = {
    **{f"policy-{case}": (policy_of, *row) for case, row in {**NO_POLICIES, **NOTHING}.items()},
    **{f"application-{case}": (application_of, *row) for case, row in {**NO_APPLICATIONS, **NOTHING}.items()},
}


@pytest.mark.parametrize("case", _asked)
def test_bad_reference_is_one_line(module: str, case: str) -> None:
    """What is wrong and what to write instead, on one line without controls, whatever was given or raised."""
    find, reference, message = _asked[case]
    with pytest.raises(BadReference) as caught:
        find(reference.format(m=module))
    told = str(caught.value)
    assert told.startswith(message.format(m=module))
    assert told.isprintable()


def test_application_needs_a_colon(module: str) -> None:
    """A module alone is no application: which of its names is meant stands in no rule."""
    with pytest.raises(BadReference, match=r" is no reference; write package\.module:name$"):
        application_of(f"{module}.site")


@pytest.mark.parametrize(
    ("reference", "cause"),
    [
        ("{m}.raising:app", RuntimeError),
        ("{m}.syntax:app", SyntaxError),
        ("{m}.missing_inside:app", ModuleNotFoundError),
        ("{m}.nowhere:app", ModuleNotFoundError),
        ("{m}.site:raises()", RuntimeError),
        ("{m}.site:zzz", type(None)),
    ],
)
def test_cause_is_what_was_raised(module: str, reference: str, cause: type[BaseException] | type[None]) -> None:
    """For whoever wants the traceback (--debug): the error of the import or the call, where there was one."""
    with pytest.raises(BadReference) as caught:
        application_of(reference.format(m=module))
    assert type(caught.value.__cause__) is cause


def test_long_reference_is_cut() -> None:
    """A message stays readable whatever is pasted into it."""
    with pytest.raises(BadReference) as caught:
        policy_of("x" * 10_000 + ":")
    assert len(str(caught.value)) < 300


def test_module_is_imported_once(module: str) -> None:
    """A reference imports as `import` does: a second one finds the same object."""
    assert application_of(f"{module}.site:app") is application_of(f"{module}.site:app")
    assert policy_of(f"{module}.site:POLICY") is policy_of(f"{module}.site:holder.policy")
