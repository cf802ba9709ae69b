"""Link: what a response is related to, and what a browser should fetch or connect to early."""

from __future__ import annotations

import difflib
import re
from urllib.parse import quote

from .. import _directives, _grammar
from .._directives import Directive, NotDirectives
from .._frozen_mapping import FrozenMapping
from .._part import near_miss
from ..errors import NOTHING, Problems
from ..typed_field import AppendItself, TypedField, unreadable
from . import extended_value, referrer_policy

# RFC 3986 2: the characters of an address; all others are percent-encoded. "<" and ">" are none of them.
_address = re.compile(r"[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=%]+")
_SAFE_IN_ADDRESSES = "-._~:/?#[]@!$&'()*+,;=%"

# RFC 8288 3.3
#   relation-type = reg-rel-type / ext-rel-type      ext-rel-type = URI
#   reg-rel-type = LOALPHA *( LOALPHA / DIGIT / "." / "-" )
_relation = re.compile(r"[a-z][a-z0-9.\-]*")
_extension_relation = re.compile(rf"[A-Za-z][A-Za-z0-9+.\-]*:{_address.pattern}")

# HTML 4.6.8: the relations that browsers act on when they stand in a Link field.
RELATIONS = ("dns-prefetch", "modulepreload", "preconnect", "prefetch", "preload", "stylesheet")

# HTML 4.6.8.20, "translate a preload destination", and 4.6.8.12, "module preload destination". In this case alone.
PRELOADED = ("fetch", "font", "image", "script", "style", "track")
MODULES = (
    "audioworklet",
    "json",
    "paintworklet",
    "script",
    "serviceworker",
    "sharedworker",
    "style",
    "text",
    "worker",
)
# Fetch 2.2.5, "destination": what a prefetch may be for.
_OTHERS = {
    "audio",
    "document",
    "embed",
    "frame",
    "iframe",
    "manifest",
    "object",
    "report",
    "video",
    "webidentity",
    "xslt",
}
DESTINATIONS = tuple(sorted(_OTHERS.union(PRELOADED, MODULES)))

# RFC 8288 3.4.1 and HTML 4.2.4.3, "process link headers".
PARAMETERS = (
    "anchor",
    "blocking",
    "crossorigin",
    "fetchpriority",
    "hreflang",
    "imagesizes",
    "imagesrcset",
    "integrity",
    "media",
    "nonce",
    "referrerpolicy",
    "rev",
    "title",
    "type",
)
# HTML 2.5.4, 2.5.7 and 2.5.6: what they may be; browsers skip the rest.
_VALUES: dict[str, tuple[str, ...]] = {
    "crossorigin": ("anonymous", "use-credentials", ""),
    "fetchpriority": ("high", "low", "auto"),
    "referrerpolicy": referrer_policy.TOKENS,
}
_WITHOUT_VALUE = ("crossorigin",)

# RFC 8288 3.4.1: title is the one that has a form for text beyond ASCII (RFC 8187).
_TITLE, _EXTENDED_TITLE = "title", "title*"

_link = re.compile(r"[ \t]*<([^<>]*)>[ \t]*(?:;(.*))?", re.DOTALL)
_printable = re.compile(r"[\x20-\x7e]*")


class Link(TypedField):
    """Value of the Link response field.

    RFC 8288 3; HTML 4.2.4.3 for what browsers do with it. In a policy it stands for Append: a page has many links.

        </style.css>; rel=preload; as=style

    target       an address, relative ones too, percent-encoded
    rel          relation types in one text split at blanks, or a list of them
    as_          what a preload, modulepreload or prefetch is for: `style`, `script`, `font`, ...; preload needs it
    parameters   others by their names: text, or True for one without a value (`crossorigin=True`). Browsers know
                 `crossorigin` (fonts need it), `fetchpriority`, `imagesizes`, `imagesrcset`, `integrity`, `media`,
                 `nonce`, `referrerpolicy`, `type`; `title` may be beyond ASCII. None leaves one out

    Raises PolicyError for what is no address, no relation or no destination, for a preload that browsers skip, for
    `as_` where nothing is fetched, and for values and near misses of parameters that browsers do not know.

    >>> Link("/style.css", rel="preload", as_="style").serialize()
    '</style.css>; rel=preload; as=style'
    """

    field_name = "Link"
    stands_for = AppendItself
    open_argument = "parameters"

    target: str
    rel: tuple[str, ...]
    as_: str | None
    parameters: FrozenMapping[str | bool]

    def __init__(
        self,
        target: str,
        /,
        *,
        rel: str | list[str] | tuple[str, ...],
        as_: str | None = None,
        **parameters: str | bool | None,
    ) -> None:
        problems = Problems()
        _check_address(problems, "link.target", "Link.target", target)
        relations = _relations(problems, rel)
        _check_destination(problems, as_, relations)
        kept: dict[str, str | bool] = {}
        for given, value in parameters.items():
            name = given.lower()
            if value is None:
                continue
            if name in kept:
                problems.add("link.repeated", f"Link.{given}", value, "is repeated", "name it once", "RFC 8288 3.4")
            _check_parameter(problems, given, value)
            kept[name] = str.__str__(value) if isinstance(value, str) else value
        problems.raise_any()
        self._keep(target=target, rel=relations, as_=as_, parameters=FrozenMapping(kept))

    def serialize(self) -> str:
        """Return the address in angle brackets and the parameters."""
        directives = [Directive("rel", " ".join(self.rel))]
        if self.as_ is not None:
            directives.append(Directive("as", self.as_))
        for name, value in self.parameters.items():
            if value is True:
                directives.append(Directive(name))
            elif name == _TITLE and isinstance(value, str) and not value.isascii():
                directives.append(Directive(_EXTENDED_TITLE, extended_value.encode(value)))
            else:
                directives.append(Directive(name, str(value)))
        return f"<{self.target}>; {_directives.serialize(directives, ';')}"

    @classmethod
    def parse(cls, text: str) -> Link:
        """Return the field whose value is `text`, one link. Raises PolicyError."""
        reference = "RFC 8288 3"
        match = _link.fullmatch(text)
        if match is None:
            raise unreadable(cls, text, "is no single link, an address in angle brackets and parameters", reference)
        try:
            directives = _directives.parse(match[2] or "", ";")
        except NotDirectives as error:
            raise unreadable(cls, text, f"is no single link: {error}", reference) from None
        for name in _directives.repeated(directives):
            raise unreadable(cls, text, f"repeats {name}", reference)
        given = {name.lower(): True if value is None else value for name, value in directives}
        if _EXTENDED_TITLE in given:
            # RFC 8288 3.4.1: it is preferred to a title beside it.
            given.pop(_TITLE, None)
            given = {_TITLE if name == _EXTENDED_TITLE else name: value for name, value in given.items()}
            title = extended_value.decode(str(given[_TITLE]))
            if title is None:
                raise unreadable(cls, text, "has a title* that is no UTF-8''...", "RFC 8187 3.2.1")
            given[_TITLE] = title
        rel, as_ = given.pop("rel", True), given.pop("as", None)
        if not isinstance(rel, str) or isinstance(as_, bool) or "as_" in given:
            raise unreadable(cls, text, "has no relation type, or no value for as", "RFC 8288 3.3")
        return cls(match[1], rel=rel, as_=as_, **given)


def _check_address(problems: Problems, code: str, where: str, value: object) -> None:
    if not isinstance(value, str):
        problems.add(code, where, value, "is no str", "an address, '/style.css'")
    elif not value:
        problems.add(code, where, NOTHING, "is empty", "an address, '/style.css'", "RFC 3986 4.1")
    elif _address.fullmatch(value) is None:
        encoded = quote(value, safe=_SAFE_IN_ADDRESSES, errors="replace")
        reason = "has characters that are no part of an address"
        problems.add(code, where, value, reason, f"write {encoded!r}", "RFC 3986 2")


def _relations(problems: Problems, rel: object) -> tuple[str, ...]:
    """Return the relation types, registered ones in lower case, and note what is wrong with them."""
    if isinstance(rel, str):
        given: list[object] = [*rel.split()]
    elif isinstance(rel, list | tuple):
        given = [*rel]
    else:
        problems.add("link.rel", "Link.rel", rel, "is no relation type", "text, 'preload'", "RFC 8288 3.3")
        return ()
    if not given:
        problems.add("link.rel", "Link.rel", NOTHING, "names no relation type", "text, 'preload'", "RFC 8288 3.3")
    kept: list[str] = []
    for relation in given:
        name = relation.lower() if isinstance(relation, str) and ":" not in relation else relation
        if not isinstance(name, str) or not (_relation.fullmatch(name) or _extension_relation.fullmatch(name)):
            fix = "a registered name or an absolute address"
            problems.add("link.rel", "Link.rel", relation, "is no relation type", fix, "RFC 8288 3.3")
            continue
        near = _near(name, RELATIONS)
        if near is not None:
            problems.add(
                "link.rel", "Link.rel", relation, "is no relation type", f"Did you mean {near!r}?", "HTML 4.6.8"
            )
        if name in kept:
            problems.add("link.rel", "Link.rel", relation, "is repeated", "name it once", "RFC 8288 3.3")
        kept.append(name)
    return tuple(kept)


def _check_destination(problems: Problems, as_: object, relations: tuple[str, ...]) -> None:
    code, where, reference = "link.as", "Link.as_", "HTML 4.6.8"
    if as_ is None:
        if "preload" in relations:
            fix = f"say what it is for: {', '.join(PRELOADED)}"
            problems.add(code, where, NOTHING, "is required for preload: browsers skip it without", fix, reference)
        return
    if not relations:
        return
    accepted: tuple[str, ...] | None = None
    for relation, destinations in (("preload", PRELOADED), ("modulepreload", MODULES), ("prefetch", DESTINATIONS)):
        if relation in relations:
            accepted = destinations
            break
    if accepted is None:
        reason = "says what is fetched, which this relation does not do"
        problems.add(code, where, as_, reason, "leave it out", reference)
    elif not isinstance(as_, str) or as_ not in accepted:
        fix = near_miss(as_ if isinstance(as_, str) else "", accepted)
        problems.add(code, where, as_, "is no destination that browsers know here", fix, reference)


def _check_parameter(problems: Problems, given: str, value: object) -> None:
    name, where = given.lower(), f"Link.{given}"
    if name in ("as", "rel", _EXTENDED_TITLE) or _grammar.token.fullmatch(name) is None or name.endswith("*"):
        fix = {"as": "as_=...", _EXTENDED_TITLE: "title=..., which goes out in the form that it needs"}.get(name, "")
        problems.add("link.parameter", where, given, "is no parameter", fix, "RFC 8288 3.4")
        return
    near = _near(name, PARAMETERS)
    if near is not None:
        problems.add("link.parameter", where, given, "is no parameter", f"Did you mean {near!r}?", "RFC 8288 3.4.1")
    elif value is not True and not isinstance(value, str):
        problems.add("link.value", where, value, "is neither text nor True", "None leaves it out", "RFC 8288 3.4")
    elif name in _VALUES:
        accepted = _VALUES[name]
        if value not in accepted and not (value is True and name in _WITHOUT_VALUE):
            fix = near_miss(value if isinstance(value, str) else "", filter(None, accepted))
            problems.add("link.value", where, value, "is nothing that browsers know", fix, "HTML 4.2.4.3")
    elif name in PARAMETERS and value is True:
        problems.add("link.value", where, value, "is no value for it", "give text", "RFC 8288 3.4.1")
    elif name == "anchor":
        _check_address(problems, "link.value", where, value)
    elif isinstance(value, str) and not _can_be_written(name, value):
        reason = "has characters that a parameter cannot have"
        problems.add("link.value", where, value, reason, "printable ASCII; title may be beyond it", "RFC 8288 3.4.1")


def _can_be_written(name: str, value: str) -> bool:
    return _printable.fullmatch(value) is not None or (name == _TITLE and value.isprintable())


def _near(name: str, known: tuple[str, ...]) -> str | None:
    """Return the known name that `name` is misspelt for; names that nobody knows may be a user's own."""
    if name in known:
        return None
    folded = {candidate.replace("-", ""): candidate for candidate in known}
    near = difflib.get_close_matches(name.replace("-", "").replace("_", ""), folded, n=1, cutoff=0.85)
    return folded[near[0]] if near else None
