"""What every part of a policy is: frozen, equal by value, hashable, picklable, with a `repr` that can be pasted back.

A part keeps its constructor's arguments, brought to immutable form, as attributes of the same names, and nothing else.
Whatever is computed from them belongs to the plan, which is compiled when the middleware is built.

The phases of a response in which a part may have a say are the optional members of `Part`. The policy and the plan
ask for these alone, never for the class of a part.
"""

from __future__ import annotations

import difflib
import enum
import inspect
import keyword
import re
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn, TypeVar

from .errors import MISSING, NOTHING, PolicyError, Problem, Problems

if TYPE_CHECKING:
    from ._log import Log
    from .exchange import BodyPhase, Decision, Head, Request
    from .match import Match
    from .operations import Operation, Step

_T = TypeVar("_T")


class PartType(type):
    """Builds parts so that a misspelt, missing or surplus argument is one more mistake beside those of the values."""

    def __call__(cls: type[_T], /, *arguments: Any, **options: Any) -> _T:
        arguments = tuple(map(_exact, arguments))
        options = {name: _exact(value) for name, value in options.items()}
        problems, arguments, options = _fit(cls, arguments, options)
        if not problems:
            return type.__call__(cls, *arguments, **options)  # type: ignore[no-any-return]
        try:
            type.__call__(cls, *arguments, **options)
        except PolicyError as error:
            problems.extend(problem for problem in error.problems if problem.code)
        raise PolicyError(problems)


def _exact(value: Any) -> Any:
    """Return text as an exact `str`, in a list or tuple too: a subclass may say of itself what it likes."""
    if isinstance(value, str):
        return str.__str__(value)
    if type(value) in (list, tuple):
        return type(value)(map(_exact, value))
    return value


def _fit(cls: type, arguments: tuple[Any, ...], options: dict[str, Any]) -> tuple[Problems, Any, dict[str, Any]]:
    """Return the mistakes in how `cls` was called, and the arguments with what does not fit left out."""
    problems = Problems()
    where = cls.__name__
    parameters = inspect.signature(cls.__init__).parameters  # type: ignore[misc]
    positional = [p for p in list(parameters.values())[1:] if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    keywords = {p.name: p for p in parameters.values() if p.kind is p.KEYWORD_ONLY}
    spread = any(p.kind is p.VAR_POSITIONAL for p in parameters.values())
    open_ended = any(p.kind is p.VAR_KEYWORD for p in parameters.values())

    if len(arguments) > len(positional) and not spread:
        # Not shown: it may be meant for an argument that holds a secret.
        fix = f"name it: {', '.join(keywords)}" if keywords else f"it takes {len(positional)}"
        problems.add("argument.surplus", where, NOTHING, "has a positional argument too many", fix)
        arguments = arguments[: len(positional)]
    by_name = {p.name: p for p in positional[len(arguments) :] if p.kind is p.POSITIONAL_OR_KEYWORD}
    accepted = {**by_name, **keywords}
    if not open_ended:
        for name in [name for name in options if name not in accepted]:
            del options[name]
            if any(p.name == name for p in positional):
                problems.add("argument.repeated", f"{where}.{name}", name, "given by position and by name")
            else:
                fix = "give the parts by position" if spread and not keywords else near_miss(name, accepted)
                problems.add("argument.unknown", where, name, "unknown argument", fix)
    for name, parameter in accepted.items():
        if parameter.default is parameter.empty and name not in options:
            problems.add("argument.missing", f"{where}.{name}", NOTHING, "is required")
            options[name] = MISSING
    missing = [p for p in positional[len(arguments) :] if p.kind is p.POSITIONAL_ONLY and p.default is p.empty]
    for parameter in missing:
        problems.add("argument.missing", f"{where}.{parameter.name}", NOTHING, "is required")
        arguments = (*arguments, MISSING)
    return problems, arguments, options


def _folded(name: str) -> str:
    return name.replace("_", "").replace("-", "").lower()


def near_miss(name: str, accepted: Iterable[str]) -> str:
    """Return "Did you mean ...?" with the accepted name nearest to `name`, or the list of all where none is near."""
    known = {_folded(candidate): candidate for candidate in accepted}
    near = difflib.get_close_matches(_folded(name), known, n=1, cutoff=0.7)
    if near:
        return f"Did you mean {known[near[0]]!r}?"
    return f"accepted: {', '.join(known.values())}" if known else "it takes none"


class GuardRank(enum.IntEnum):
    """The order in which guards are asked, whatever the order of declaration.

    A forged host comes first, since a redirect is built of the host. Nothing of a request over http is judged or kept
    before the client was sent to https. Browsers post reports from any site and ask for that with preflights, so the
    collector stands before what refuses other sites. A preflight is no unsafe request and is answered as itself.
    """

    ALLOWED_HOSTS = 1
    HTTPS_REDIRECT = 2
    REPORT_COLLECTOR = 3
    CORS_PREFLIGHT = 4
    CROSS_ORIGIN_PROTECTION = 5


class Part(metaclass=PartType):
    """One part of a policy. A subclass keeps its arguments with `_keep` and overrides the phases it has a say in."""

    # Attributes that hold a secret: `repr` shows a placeholder in their place.
    _secret: ClassVar[frozenset[str]] = frozenset()

    # The phases, in the order in which a response meets them; None where a part has no say.
    #
    # `incoming`, `body` and `finish` are functions of parts: the plan hands all parts that give the same function to
    # it, in the order of declaration, and it returns what acts for them together, or None where there is nothing to
    # do. What acts may rely on nothing but its arguments, so that threads can share it.

    @property
    def incoming(self) -> Callable[[Sequence[Any]], Callable[[Request, Log], None] | None] | None:
        """What compiles the parts that change the request's environ before the application sees it (cookies).

        Those under a match on what is known later (scheme, status, media type) are not among them.
        """
        return None

    @property
    def guard(self) -> Callable[[Request], Decision | None] | None:
        """What decides whether a request is answered instead of the application; None from it lets the request pass.

        It is asked for once, when the plan is compiled, and only decides: `Decision` says what is then done.
        """
        return None

    guard_rank: ClassVar[int] = 0
    # Whether its guard has a say in CORS preflights alone, so that no other request need be held up for it.
    guards_preflights_alone: ClassVar[bool] = False

    @property
    def body(self) -> Callable[[Sequence[Any]], BodyPhase] | None:
        """What compiles the parts that may put an answer in the place of the application's response (304, 412).

        A function of parts too; of those that hold for one response all give the same, since a body is replaced once.
        """
        return None

    @property
    def finish(self) -> Callable[[Sequence[Any]], Callable[[Head, Log], None] | None] | None:
        """What compiles the parts that look at the whole head after every operation.

        What acts for them may change the head's lines, or raise HeadError.
        """
        return None

    # What looks at the whole head does so in ascending order of rank.
    finish_rank: ClassVar[int] = 0

    @property
    def varies_on(self) -> tuple[str, ...]:
        """The request fields that the outcome of this part depends on (RFC 9110 12.5.5)."""
        return ()

    # Whether, of the parts of this type that hold for a response, the last declared alone speaks.
    last_speaks: ClassVar[bool] = False

    def operations(self, scheme: str) -> tuple[Step, ...]:
        """Return the steps that this part adds to the programs of single fields, for a request by `scheme`."""
        return ()

    def operations_if_personal(self, scheme: str) -> tuple[Operation, ...]:
        """Return the steps that this part adds where the response is personal (`_personal`), after every other step.

        They are operations whose outcome depends on the lines alone.
        """
        return ()

    def conflicts(self, siblings: Sequence[Part], whole: Sequence[Part]) -> Iterable[Problem]:
        """Return how this part contradicts those beside it in a Policy or Rule, or all below them (`whole`)."""
        return ()

    def refuses(self, matches: Sequence[Match]) -> Iterable[Problem]:
        """Return what makes this part impossible under the matches of the rules that it stands in."""
        return ()

    def unresolved(self, whole: Sequence[Part]) -> Iterable[Problem]:
        """Return the names that this part refers to and no part of the `whole` policy declares.

        Asked when the middleware is built, since a policy may be a fragment of another.
        """
        return ()

    def spread(self) -> Iterator[tuple[tuple[Match, ...], Part]]:
        """Return this part, or those that it is made of, each with the matches under which it holds."""
        yield (), self

    def within(self) -> Iterator[Part]:
        """Give this part, and those that stand inside it without being parts of their own: a field in an operation."""
        yield self

    def _keep(self, **arguments: Hashable) -> None:
        self.__dict__.update(arguments)

    def _arguments(self) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """Return the arguments that build this part again: positional ones, and named ones without the defaults."""
        positional: list[Any] = []
        named: dict[str, Any] = {}
        for parameter in list(inspect.signature(type(self).__init__).parameters.values())[1:]:
            if parameter.kind is parameter.VAR_KEYWORD:
                named.update(self.__dict__.get(parameter.name, {}))
                continue
            value = self.__dict__[parameter.name]
            if parameter.kind is parameter.VAR_POSITIONAL:
                positional.extend(value)
            elif parameter.kind is parameter.KEYWORD_ONLY:
                if value != parameter.default or type(value) is not type(parameter.default):
                    named[parameter.name] = value
            elif value is not parameter.default:
                positional.append(value)
        return tuple(positional), named

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError(f"{type(self).__name__} is frozen: build another one")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError(f"{type(self).__name__} is frozen: build another one")

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and self.__dict__ == other.__dict__

    def __hash__(self) -> int:
        return hash((type(self), *map(_hashed, self.__dict__.values())))

    def __repr__(self) -> str:
        positional, named = self._arguments()
        shown = [shown_value(value) for value in positional]
        for name, value in named.items():
            text = "..." if name in self._secret else shown_value(value)
            is_keyword = name.isidentifier() and not keyword.iskeyword(name)
            shown.append(f"{name}={text}" if is_keyword else f"**{{{name!r}: {text}}}")
        return f"{type(self).__name__}({', '.join(shown)})"


def _hashed(value: object) -> int:
    # A callable need not be hashable, where its class compares by value; such parts share a hash, equal or not.
    try:
        return hash(value)
    except TypeError:
        return hash(type(value))


def shown_value(value: object) -> str:
    """Return `value` as it is written in a policy; `repr` cuts long patterns short."""
    if isinstance(value, re.Pattern):
        flags = f", re.RegexFlag({value.flags})" if value.flags & ~re.UNICODE else ""
        return f"re.compile({value.pattern!r}{flags})"
    if type(value) is tuple:
        inside = ", ".join(map(shown_value, value))
        return f"({inside},)" if len(value) == 1 else f"({inside})"
    return repr(value)
