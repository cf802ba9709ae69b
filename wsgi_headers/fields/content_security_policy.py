"""Content-Security-Policy: what a page may load, run, be framed by and send to, and where violations are reported.

The names and kinds of the directives are here, the languages of their values in source_lists.py. How a nonce comes to
a response is not known here, only what the field says with it and without.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from types import MappingProxyType
from typing import Any, TypeAlias, TypedDict, Unpack

from .._frozen_mapping import FrozenMapping
from .._grammar import token
from .._part import Part, near_miss
from ..errors import NOTHING, Problem, Problems
from ..typed_field import TypedField, unreadable
from . import source_lists
from .reporting_endpoints import undeclared
from .source_lists import CODE, DIGESTS, NONCE, NONE, PLACEHOLDER, Nonce, inherited

SourceList: TypeAlias = "Iterable[str | Nonce] | str | Nonce | None"


class Directives(TypedDict, total=False):
    """The directives by their options; None leaves one out."""

    default_src: SourceList
    child_src: SourceList
    connect_src: SourceList
    fenced_frame_src: SourceList
    font_src: SourceList
    frame_src: SourceList
    img_src: SourceList
    manifest_src: SourceList
    media_src: SourceList
    object_src: SourceList
    script_src: SourceList
    script_src_attr: SourceList
    script_src_elem: SourceList
    style_src: SourceList
    style_src_attr: SourceList
    style_src_elem: SourceList
    worker_src: SourceList
    base_uri: SourceList
    form_action: SourceList
    frame_ancestors: SourceList
    sandbox: Iterable[str] | str | None
    webrtc: str | None
    require_trusted_types_for: Iterable[str] | str | None
    trusted_types: Iterable[str] | str | None
    upgrade_insecure_requests: bool | None
    report_to: str | None
    report_uri: Iterable[str] | str | None


# Option: (directive, specification). The kinds of value are told apart in `_checked`.
_FETCH = (
    *("default_src", "child_src", "connect_src", "fenced_frame_src", "font_src", "frame_src", "img_src"),
    *("manifest_src", "media_src", "object_src", "script_src", "script_src_attr", "script_src_elem"),
    *("style_src", "style_src_attr", "style_src_elem", "worker_src"),
)
_SOURCE_LISTS = frozenset((*_FETCH, "base_uri", "form_action"))
DIRECTIVES = MappingProxyType(
    {
        **dict.fromkeys(_FETCH, "CSP3 6.1"),
        "fenced_frame_src": "Fenced Frame 3.2",
        "base_uri": "CSP3 6.3.1",
        "sandbox": "CSP3 6.3.2",
        "form_action": "CSP3 6.4.1",
        "frame_ancestors": "CSP3 6.4.2",
        "webrtc": "CSP3 6.2.1",
        "require_trusted_types_for": "Trusted Types 4.2",
        "trusted_types": "Trusted Types 4.2",
        "upgrade_insecure_requests": "Upgrade Insecure Requests 3.1",
        "report_to": "CSP3 6.5.2",
        "report_uri": "CSP3 6.5.1",
    }
)
_NAMES = frozenset(option.replace("_", "-") for option in DIRECTIVES)

# Directives that browsers ignore by now, and what took their place.
OBSOLETE = MappingProxyType(
    {
        "block_all_mixed_content": "browsers do so by themselves; upgrade_insecure_requests=True repairs the addresses",
        "plugin_types": "object_src=() forbids plugins",
        "referrer": "ReferrerPolicy(...) is a field of its own",
        "reflected_xss": "a script_src with NONCE or hashes keeps injected scripts out",
        "prefetch_src": "prefetches follow default_src",
        "navigate_to": "form_action limits where forms go; nothing limits links",
        "require_sri_for": "IntegrityPolicy(blocked_destinations=['script'])",
        "disown_opener": "CrossOriginOpenerPolicy('same-origin')",
    }
)

# Ignored in the report-only field: CSP3 6.3.2 and Upgrade Insecure Requests 3.1.
_ENFORCED_ONLY = ("sandbox", "upgrade_insecure_requests")

# CSP3 6.8.3: what is asked where a fetch directive is absent, before default-src.
_FALLBACKS = MappingProxyType(
    {
        "script_src_attr": ("script_src",),
        "script_src_elem": ("script_src",),
        "style_src_attr": ("style_src",),
        "style_src_elem": ("style_src",),
        "worker_src": ("child_src", "script_src"),
        "frame_src": ("child_src",),
        "fenced_frame_src": ("frame_src", "child_src"),
    }
)

# CSP3 2.2: directive-name = 1*( ALPHA / DIGIT / "-" )         optional-ascii-whitespace around names and values
_directive = re.compile(r"([A-Za-z0-9\-]+)(?:[ \t]+(.*))?")


class ContentSecurityPolicy(TypedField):
    """Value of the Content-Security-Policy response field, or of its report-only twin.

    CSP3 3.1 and 3.2, with the directives of Trusted Types, Upgrade Insecure Requests and Fenced Frame.

        default-src 'self'; script-src 'self' 'nonce-...'; object-src 'none'

    Options are the directives in snake_case; they stand in the order given, report-to and report-uri last.

    *_src, base_uri, form_action, frame_ancestors   source lists: an iterable of expressions, or one string with blanks
                                                    between them. () is `'none'`. NONCE stands for the nonce of each
                                                    response, `hash_source` makes hashes
    sandbox                     tokens, `allow-forms`; () allows nothing
    trusted_types               names of policies, `'allow-duplicates'`, `*`; () is `'none'`
    require_trusted_types_for   `'script'`
    webrtc                      `'allow'` or `'block'`
    upgrade_insecure_requests   True
    report_to                   the name of an endpoint that a ReportingEndpoints of the policy declares
    report_uri                  addresses, for browsers that do not know report-to
    report_only                 True: violations are reported and nothing is blocked

    Raises PolicyError for whatever a browser would skip or misread: unquoted keywords, `'none'` beside others, a nonce
    that stays the same, separators inside an expression, directives that are unknown, obsolete or without effect, and
    none at all.

    >>> ContentSecurityPolicy(default_src=["'self'"], object_src=[]).serialize()
    "default-src 'self'; object-src 'none'"
    """

    field_name = "Content-Security-Policy"
    open_argument = "directives"

    report_only: bool
    directives: FrozenMapping[Any]

    def __init__(self, *, report_only: bool = False, **directives: Unpack[Directives]) -> None:
        problems = Problems()
        if type(report_only) is not bool:
            where = "ContentSecurityPolicy.report_only"
            problems.add(f"{CODE}.report_only", where, report_only, "is no bool", "True or False")
        kept: dict[str, Any] = {}
        for option, value in directives.items():
            where = f"ContentSecurityPolicy.{option}"
            if option not in DIRECTIVES:
                _refuse_unknown(problems, option)
            elif value is not None and not (option == "upgrade_insecure_requests" and value is False):
                if report_only and option in _ENFORCED_ONLY:
                    reason, fix = "is ignored where violations are only reported", "leave it out"
                    problems.add(f"{CODE}.report_only", where, NOTHING, reason, fix, DIRECTIVES[option])
                kept[option] = _checked(problems, where, option, value)
        if not kept and not problems:
            fix = "ContentSecurityPolicy(default_src=[\"'self'\"])"
            problems.add(f"{CODE}.empty", "ContentSecurityPolicy", NOTHING, "has no directive", fix)
        problems.raise_any()
        for option in ("report_to", "report_uri"):
            if option in kept:
                kept[option] = kept.pop(option)
        self._keep(report_only=report_only, directives=FrozenMapping(kept))

    def __getattr__(self, name: str) -> Any:
        """Return what a directive says, None where it is absent."""
        if name not in DIRECTIVES:
            raise AttributeError(f"{type(self).__name__} has no {name!r}")
        return self.__dict__.get("directives", {}).get(name)

    def serialize(self) -> str:
        """Return the directives; NONCE is shown as a placeholder that no browser accepts."""
        return PLACEHOLDER.join(self._pieces())

    def sent(self, nonce: str | None = None) -> str:
        """Return the field for a response that asked for this nonce, or for none."""
        return self._without_nonce() if nonce is None else f"'nonce-{nonce}'".join(self._pieces())

    def sending(self) -> Callable[[str | None], str]:
        """Return `sent` with the text between the places of the nonce made once."""
        without_nonce = self._without_nonce()
        pieces = "'nonce-\0'".join(self._pieces()).split("\0")
        return lambda nonce: without_nonce if nonce is None else nonce.join(pieces)

    @property
    def takes_nonce(self) -> bool:
        """Whether NONCE stands somewhere in the field."""
        return len(self._pieces()) > 1

    def _pieces(self) -> tuple[str, ...]:
        """Return the text between the places of the nonce: `"'nonce-...'".join` makes the field of a response."""
        return tuple(_text(self.directives).split(PLACEHOLDER))

    def _without_nonce(self) -> str:
        """Return the field for a response that asked for no nonce: as safe as with one.

        'unsafe-inline' beside a nonce does nothing in browsers that know nonces (CSP3 6.7.3.2), and without it would
        allow what the nonce forbade, so both leave. 'strict-dynamic' makes browsers ignore hosts and 'self' (8.2), so
        that a list with neither nonce nor hash allows nothing; older browsers are told so.
        """
        return _text({option: _bereft(value) for option, value in self.directives.items()})

    @classmethod
    def parse(cls, text: str, *, report_only: bool = False) -> ContentSecurityPolicy:
        """Return the field whose value is `text`, one policy. Raises PolicyError."""
        if "," in text:
            raise unreadable(cls, text, "has a comma, which makes several policies of it", "CSP3 2.2")
        options: dict[str, Any] = {}
        for piece in text.split(";"):
            piece = piece.strip(" \t")
            if not piece:
                continue
            match = _directive.fullmatch(piece)
            if match is None:
                raise unreadable(cls, text, f"has no directive in {piece!r}", "CSP3 2.2")
            option = match[1].lower().replace("-", "_")
            if option == "report_only":
                raise unreadable(cls, text, f"has an unknown directive {match[1]!r}", "CSP3 2.2")
            if option in options:
                raise unreadable(cls, text, f"repeats {match[1]}, of which only the first counts", "CSP3 2.2.1")
            words = re.split(r"[ \t]+", match[2]) if match[2] else []
            options[option] = [NONCE if word == PLACEHOLDER else word for word in words]
            if option == "upgrade_insecure_requests" and not words:
                options[option] = True
            elif option == "report_to":
                options[option] = " ".join(words)
        return cls(report_only=report_only, **options)

    def extend(self, **directives: Unpack[Directives]) -> ContentSecurityPolicy:
        """Return a copy with more sources in these lists; a list that was absent starts from what stood for it.

        That is default_src, or a nearer list (script_src for script_src_elem). Sources that are there already are not
        repeated, `'none'` gives way, and what is said of scripts alone is not copied to lists of other things.
        Directives that are no lists are replaced. Raises PolicyError.
        """
        if "report_only" in directives:
            problems = Problems()
            fix = "replace(report_only=...) makes the other field of it"
            problems.add("argument.unknown", "ContentSecurityPolicy.extend", "report_only", "unknown argument", fix)
            problems.raise_any()
        added = {option: value for option, value in directives.items() if value is not None and value is not False}
        # Checked on their own first, so that a mistake is told by its place in what was given.
        more = ContentSecurityPolicy(**added).directives if added else {}  # type: ignore[arg-type]
        options = dict(self.directives)
        for option, value in more.items():
            if type(value) is not tuple:
                options[option] = value
                continue
            start = options.get(option)
            if start is None and option in _FETCH:
                near = (*_FALLBACKS.get(option, ()), "default_src")
                start = inherited(option, next((options[name] for name in near if name in options), ()))
            options[option] = (*(start or ()), *(source for source in value if source not in (start or ())))
        return ContentSecurityPolicy(report_only=self.report_only, **options)

    def conflicts(self, siblings: Sequence[Part], whole: Sequence[Part]) -> Iterator[Problem]:
        """Return that another policy of the same field stands beside this one: the later would drop the earlier."""
        same = [part for part in siblings if isinstance(part, ContentSecurityPolicy) and part.name == self.name]
        if len(same) > 1 and same[-1] is self:
            problems = Problems()
            reason = "stands beside another one, which it would drop"
            fix = "Append(ContentSecurityPolicy(...)) enforces both; or make one of them"
            problems.add(f"{CODE}.two", "ContentSecurityPolicy", self.serialize(), reason, fix, "CSP3 3.1")
            yield from problems

    def unresolved(self, whole: Sequence[Part]) -> Iterable[Problem]:
        """Return that no ReportingEndpoints of the policy declares what report_to names."""
        return undeclared("ContentSecurityPolicy.report_to", [self.report_to] if self.report_to else [], whole)


def hash_source(text: str | bytes, algorithm: str = "sha256") -> str:
    """Return the source expression that allows one inline script or style by its digest.

    text        what stands between the tags, to the character; `str` is read as UTF-8 (CSP3 8.3)
    algorithm   "sha256", "sha384" or "sha512"

    >>> hash_source("alert(1)")
    "'sha256-bhHHL3z2vDgxUt0W3dWQOrprscmda2Y5pLsLg4GF+pI='"

    Raises PolicyError for another algorithm and for what is no text.
    """
    problems = Problems()
    if not isinstance(text, str | bytes):
        problems.add(f"{CODE}.hash", "hash_source.text", text, "is no text", "give the script's own text")
    if not isinstance(algorithm, str) or algorithm not in DIGESTS:
        fix = near_miss(algorithm, DIGESTS) if isinstance(algorithm, str) else ", ".join(DIGESTS)
        problems.add(f"{CODE}.hash", "hash_source.algorithm", algorithm, "is no algorithm", fix, "CSP3 2.3.1")
    problems.raise_any()
    octets = text.encode("utf-8") if isinstance(text, str) else text
    digest = hashlib.new(algorithm, octets).digest()
    return f"'{algorithm}-{base64.b64encode(digest).decode('ascii')}'"


def _refuse_unknown(problems: Problems, option: str) -> None:
    where = f"ContentSecurityPolicy.{option}"
    if option in OBSOLETE:
        problems.add(f"{CODE}.obsolete", where, NOTHING, "is ignored by browsers", OBSOLETE[option], "CSP3")
    else:
        fix = near_miss(option, ("report_only", *DIRECTIVES))
        problems.add("argument.unknown", "ContentSecurityPolicy", option, "unknown argument", fix)


def _checked(problems: Problems, where: str, option: str, value: Any) -> Any:
    """Return the value of a directive in the form in which it is kept."""
    reference = DIRECTIVES[option]
    if option in _SOURCE_LISTS:
        return source_lists.checked_sources(problems, where, option, value, _NAMES)
    if option == "frame_ancestors":
        return source_lists.checked_sources(problems, where, option, value, _NAMES, ancestors=True)
    if option == "sandbox":
        return source_lists.checked_tokens(problems, where, value)
    if option == "trusted_types":
        return source_lists.checked_policy_names(problems, where, value)
    if option == "require_trusted_types_for":
        return source_lists.checked_choice(problems, where, value, ("'script'",), reference)
    if option == "webrtc":
        return source_lists.checked_choice(problems, where, value, ("'allow'", "'block'"), reference)
    if option == "report_uri":
        return source_lists.checked_addresses(problems, where, value)
    if option == "report_to":
        if not isinstance(value, str) or token.fullmatch(value) is None:
            fix = "the name of one endpoint of ReportingEndpoints"
            problems.add(f"{CODE}.report_to", where, value, "is no name of an endpoint", fix, reference)
        return value
    if value is not True:
        problems.add(f"{CODE}.choice", where, value, "takes no value", "True, or leave it out", reference)
    return value


def _text(directives: Any) -> str:
    return "; ".join(_directive_text(option, value) for option, value in directives.items())


def _directive_text(option: str, value: Any) -> str:
    name = option.replace("_", "-")
    if value is True or (option == "sandbox" and not value):
        return name
    if isinstance(value, str):
        return f"{name} {value}"
    words = " ".join(PLACEHOLDER if isinstance(word, Nonce) else word for word in value)
    return f"{name} {words or NONE}"


def _bereft(value: Any) -> Any:
    """Return a source list without the nonce."""
    if type(value) is not tuple or NONCE not in value:
        return value
    left = tuple(source for source in value if source is not NONCE and source != "'unsafe-inline'")
    hashed = any(source.startswith("'sha") for source in left)
    return left if hashed or "'strict-dynamic'" not in left else ()
