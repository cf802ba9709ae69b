"""The values of directives in a Content-Security-Policy: source lists, and the smaller languages beside them.

Each `checked_...` function notes what is wrong with an argument and returns it as a tuple in the form in which it is
kept. Browsers skip an expression that they cannot read and ignore a whole directive with an octet beyond ASCII, in
silence, so nothing is let through here that one of them would not read as it is meant.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable, Mapping, Set
from typing import Any, Final, final

from .._part import near_miss
from ..errors import NOTHING, Problems


@final
class Nonce:
    """The type of NONCE, which stands in a source list for the nonce of each response."""

    def __repr__(self) -> str:
        return "NONCE"

    def __reduce__(self) -> str:
        return "NONCE"


#: Stands in a source list for the nonce of each response, `'nonce-...'`; a nonce that stays the same protects nothing.
NONCE: Final = Nonce()

# How NONCE is shown. No browser takes braces for a nonce (CSP3 2.3.1: nonce-source is of base64-value).
PLACEHOLDER = "'nonce-{NONCE}'"

# How an empty list is written: browsers of every age read it so.
NONE = "'none'"

# CSP3 2.3.1, keyword-source, and what other specifications add to it: 'inline-speculation-rules' is HTML's (7.6),
# 'trusted-types-eval' that of Trusted Types, 'unsafe-webtransport-hashes' that of WebTransport.
KEYWORDS = (
    "'none'",
    "'self'",
    "'unsafe-inline'",
    "'unsafe-eval'",
    "'strict-dynamic'",
    "'unsafe-hashes'",
    "'report-sample'",
    "'unsafe-allow-redirects'",
    "'wasm-unsafe-eval'",
    "'trusted-types-eval'",
    "'inline-speculation-rules'",
    "'report-sha256'",
    "'report-sha384'",
    "'report-sha512'",
    "'unsafe-webtransport-hashes'",
)

# The directives that speak of scripts and styles; what a nonce, a hash or a keyword other than 'self' says, it says
# there (CSP3 6.7.1, 6.7.3). Elsewhere it does nothing, but for those here.
INLINE = frozenset(
    ("default_src", "script_src", "script_src_elem", "script_src_attr", "style_src", "style_src_elem", "style_src_attr")
)
_ELSEWHERE = {
    "connect_src": {"'self'", "'unsafe-webtransport-hashes'"},
    "form_action": {"'self'", "'unsafe-allow-redirects'"},
}

# Octets of a digest, by the name of its algorithm (CSP3 2.3.1, hash-algorithm).
DIGESTS = {"sha256": 32, "sha384": 48, "sha512": 64}

# HTML 4.8.5, "the sandbox attribute"; allow-storage-access-by-user-activation is that of the Storage Access API.
SANDBOX_TOKENS = (
    "allow-downloads",
    "allow-forms",
    "allow-modals",
    "allow-orientation-lock",
    "allow-pointer-lock",
    "allow-popups",
    "allow-popups-to-escape-sandbox",
    "allow-presentation",
    "allow-same-origin",
    "allow-scripts",
    "allow-storage-access-by-user-activation",
    "allow-top-navigation",
    "allow-top-navigation-by-user-activation",
    "allow-top-navigation-to-custom-protocols",
)

# Schemes that are written without their colon now and then, and are hosts then.
_SCHEMES = ("http", "https", "ws", "wss", "data", "blob", "mediastream", "filesystem")

# CSP3 2.3.1
#   hash-source   = "'" hash-algorithm "-" base64-value "'"
#   base64-value  = 1*( ALPHA / DIGIT / "+" / "/" / "-" / "_" )*2( "=" )
_hash_source = re.compile(r"'(sha256|sha384|sha512)-([A-Za-z0-9+/_\-]+={0,2})'", re.IGNORECASE)
_nonce_source = re.compile(r"'?nonce-.*", re.IGNORECASE)
_bare_hash = re.compile(r"sha(?:256|384|512)-.*", re.IGNORECASE)
#   scheme-source = scheme-part ":"       RFC 3986 3.1: scheme = ALPHA *( ALPHA / DIGIT / "+" / "-" / "." )
_scheme = r"[A-Za-z][A-Za-z0-9+\-.]*"
_scheme_source = re.compile(rf"{_scheme}:")
#   host-source   = [ scheme-part "://" ] host-part [ ":" port-part ] [ path-part ]
#   host-part     = "*" / [ "*." ] 1*host-char *( "." 1*host-char ) [ "." ]       host-char = ALPHA / DIGIT / "-"
#   port-part     = 1*DIGIT / "*"
#   path-part     = path-absolute without ";" and ","             RFC 3986 3.3
_host = r"\*|(?:\*\.)?[A-Za-z0-9\-]+(?:\.[A-Za-z0-9\-]+)*\.?"
_path = r"(?:/(?:[A-Za-z0-9\-._~!$&'()*+=:@/]|%[0-9A-Fa-f]{2})*)?"
_host_source = re.compile(rf"(?:{_scheme}://)?(?:{_host})(?::([0-9]{{1,5}}|\*))?{_path}")

# CSP3 6.5.1: report-uri is of uri-reference (RFC 3986 4.1), here without what would end the directive or the policy.
_uri_reference = re.compile(r"(?:[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+=]|%[0-9A-Fa-f]{2})+")

# Trusted Types 4.2
#   tt-policy-name = 1*( ALPHA / DIGIT / "-" / "#" / "=" / "_" / "/" / "@" / "." / "%" )
_policy_name = re.compile(r"[A-Za-z0-9\-#=_/@.%]+")
_TYPE_KEYWORDS = ("'none'", "'allow-duplicates'")

CODE = "content_security_policy"


def checked_sources(
    problems: Problems, where: str, directive: str, value: Any, directives: Iterable[str], *, ancestors: bool = False
) -> tuple[str | Nonce, ...]:
    """Return a source list; () where it is `'none'`.

    directive    its option, `script_src`
    directives   the names of all directives, which are no hosts
    ancestors    whether it is the ancestor-source-list of frame-ancestors (CSP3 6.4.2): `'self'`, schemes and hosts
    """
    given = _listed(problems, where, value)
    kept: list[str | Nonce] = []
    for position, expression in enumerate(given):
        place = f"{where}[{position}]"
        if isinstance(expression, Nonce) and not ancestors:
            made: str | Nonce | None = expression
        else:
            made = _expression(problems, place, directive, expression, directives, ancestors)
        if made is None:
            continue
        if made == "'none'" and len(given) > 1:
            reason, fix = "stands beside other expressions, and is ignored there", "let it stand alone, or leave it out"
            problems.add(f"{CODE}.none", place, expression, reason, fix, "CSP3 2.3.1")
        elif made in kept:
            problems.add(f"{CODE}.repeated", place, str(expression), "is repeated", "name it once")
        elif made != "'none'":
            kept.append(made)
    return tuple(kept)


def _listed(problems: Problems, where: str, value: Any) -> tuple[Any, ...]:
    """Return the elements of an argument: one string is split at blanks."""
    if isinstance(value, str):
        return tuple(map(str.__str__, re.split(r"[ \t]+", value.strip(" \t")))) if value.strip(" \t") else ("",)
    if isinstance(value, Nonce):
        return (value,)
    if isinstance(value, (bytes, Set, Mapping)) or not isinstance(value, Iterable):
        problems.add(f"{CODE}.type", where, value, "is no list", "a list of expressions, or one string with blanks")
        return ()
    return tuple(str.__str__(one) if isinstance(one, str) else one for one in value)


def _is_word(problems: Problems, where: str, word: Any, kind: str) -> bool:
    """Note why an element of a list cannot stand in a policy at all."""
    if not isinstance(word, str):
        problems.add(f"{CODE}.type", where, word, f"is no {kind}", "give text")
    elif not word:
        problems.add(f"{CODE}.empty", where, NOTHING, f"is an empty {kind}", "leave it out")
    elif not word.isascii():
        reason = "is not ASCII, for which browsers drop the whole directive"
        problems.add(
            f"{CODE}.ascii", where, word, reason, "write hosts as A-labels (xn--...), paths with %", "CSP3 2.2.1"
        )
    elif ";" in word or "," in word:
        reason = "has a separator, which would end the directive or the policy"
        problems.add(
            f"{CODE}.separator", where, word, reason, "one expression each; write %3B and %2C in a path", "CSP3 2.2"
        )
    elif not word.isprintable() or " " in word:
        problems.add(f"{CODE}.separator", where, word, "has a blank or a control in it", f"one {kind} each", "CSP3 2.2")
    else:
        return True
    return False


def _expression(
    problems: Problems, where: str, directive: str, expression: Any, directives: Iterable[str], ancestors: bool
) -> str | None:
    """Return one source expression, keywords in lower case; None where it is none."""
    if isinstance(expression, Nonce):
        reason, fix = "has no meaning for who may frame a page", "leave it out"
        problems.add(f"{CODE}.keyword", where, expression, reason, fix, "CSP3 6.4.2")
        return None
    if not _is_word(problems, where, expression, "source expression"):
        return None
    low: str = expression.lower()
    bare_keywords = {keyword.strip("'"): keyword for keyword in KEYWORDS}
    reference = "CSP3 2.3.1"
    if low in KEYWORDS:
        if low != "'none'" and not _has_effect(directive, low, ancestors):
            reason = f"says nothing in {directive}"
            problems.add(f"{CODE}.keyword", where, expression, reason, "leave it out", reference)
            return None
        return low
    if _nonce_source.fullmatch(expression) or low == "nonce":
        reason = "is a nonce that stays the same, which anybody can read and use"
        fix = "put NONCE itself into the list: from wsgi_headers import NONCE"
        problems.add(f"{CODE}.nonce", where, expression, reason, fix, "CSP3 7.1")
    elif _hash_source.fullmatch(expression):
        return _hash(problems, where, directive, expression, ancestors)
    elif low in bare_keywords or _bare_hash.fullmatch(expression):
        quoted = bare_keywords.get(low, f"'{expression}'")
        fix = f'write "{quoted}"'
        problems.add(f"{CODE}.quote", where, expression, "is read as a host without its quotes", fix, reference)
    elif "'" in expression[:1] or '"' in expression:
        fix = near_miss(low.strip("\"'"), bare_keywords)
        problems.add(
            f"{CODE}.keyword", where, expression, "is no keyword", fix.replace("?", ", in single quotes?"), reference
        )
    elif low in directives:
        fix = f"give it as {low.replace('-', '_')}=..."
        problems.add(
            f"{CODE}.separator", where, expression, "is the name of a directive, read as a host here", fix, reference
        )
    elif low in _SCHEMES:
        fix = f"write {low + ':'!r}"
        problems.add(f"{CODE}.scheme", where, expression, "is read as a host without its colon", fix, reference)
    elif _scheme_source.fullmatch(expression):
        return str(expression)
    elif (host := _host_source.fullmatch(expression)) is not None and (
        host[1] in (None, "*") or int(host[1]) <= 65_535
    ):
        return str(expression)
    else:
        problems.add(f"{CODE}.source", where, expression, "is no source expression", _source_fix(expression), reference)
    return None


def _has_effect(directive: str, keyword: str, ancestors: bool) -> bool:
    if ancestors:
        return keyword == "'self'"
    return directive in INLINE or keyword in _ELSEWHERE.get(directive, {"'self'"})


def _hash(problems: Problems, where: str, directive: str, expression: str, ancestors: bool) -> str | None:
    algorithm, _, digest = expression.strip("'").partition("-")
    try:
        octets = len(base64.b64decode(digest.replace("-", "+").replace("_", "/"), validate=True))
    except binascii.Error:
        octets = 0
    if octets != DIGESTS[algorithm.lower()]:
        reason, fix = "is no digest of that algorithm in base64", "hash_source(text) makes one"
        problems.add(f"{CODE}.hash", where, expression, reason, fix, "CSP3 2.3.1")
        return None
    if ancestors or (directive not in INLINE and directive != "connect_src"):
        problems.add(f"{CODE}.keyword", where, expression, f"says nothing in {directive}", "leave it out", "CSP3 2.3.1")
        return None
    return f"'{algorithm.lower()}-{digest}'"


def _source_fix(expression: str) -> str:
    if "?" in expression or "#" in expression:
        return "a path without query and fragment"
    if "@" in expression.partition("/")[0]:
        return "a host without a user's name"
    if "*" in expression:
        return "a star is a whole host, port or left-most label: *.example.com"
    if "_" in expression:
        return "hosts are of letters, digits and hyphens"
    return "a scheme with its colon, or [scheme://]host[:port][/path]"


def inherited(directive: str, sources: tuple[str | Nonce, ...]) -> tuple[str | Nonce, ...]:
    """Return those of the sources of default-src that say something in `directive`."""
    if directive in INLINE:
        return sources
    return tuple(
        source
        for source in sources
        if isinstance(source, str) and (not source.startswith("'") or _has_effect(directive, source, False))
    )


def checked_tokens(problems: Problems, where: str, value: Any) -> tuple[str, ...]:
    """Return the tokens of sandbox, which may be none (CSP3 6.3.2)."""
    kept: list[str] = []
    for position, token in enumerate(_listed(problems, where, value)):
        place = f"{where}[{position}]"
        if not _is_word(problems, place, token, "token"):
            continue
        if token.lower() not in SANDBOX_TOKENS:
            fix = near_miss(token, SANDBOX_TOKENS)
            problems.add(f"{CODE}.token", place, token, "is no token of sandbox", fix, "HTML 4.8.5")
        elif token.lower() in kept:
            problems.add(f"{CODE}.repeated", place, token, "is repeated", "name it once")
        else:
            kept.append(token.lower())
    return tuple(kept)


def checked_addresses(problems: Problems, where: str, value: Any) -> tuple[str, ...]:
    """Return the addresses of report-uri, one at least."""
    kept: list[str] = []
    given = _listed(problems, where, value)
    if not given and not problems:
        problems.add(f"{CODE}.empty", where, NOTHING, "names no address", "leave it out", "CSP3 6.5.1")
    for position, address in enumerate(given):
        place = f"{where}[{position}]"
        if not _is_word(problems, place, address, "address"):
            continue
        if _uri_reference.fullmatch(address) is None:
            fix = "'/csp-reports' or 'https://example.com/reports'"
            problems.add(f"{CODE}.address", place, address, "is no address", fix, "RFC 3986 4.1")
        elif address in kept:
            problems.add(f"{CODE}.repeated", place, address, "is repeated", "name it once")
        else:
            kept.append(address)
    return tuple(kept)


def checked_policy_names(problems: Problems, where: str, value: Any) -> tuple[str, ...]:
    """Return the expressions of trusted-types; () where it is `'none'`."""
    kept: list[str] = []
    given = _listed(problems, where, value)
    for position, name in enumerate(given):
        place = f"{where}[{position}]"
        if not _is_word(problems, place, name, "policy name"):
            continue
        low, reference = name.lower(), "Trusted Types 4.2"
        made = low if low in _TYPE_KEYWORDS else name
        if made == "'none'" and len(given) > 1:
            reason, fix = "stands beside other names, and is ignored there", "let it stand alone, or leave it out"
            problems.add(f"{CODE}.none", place, name, reason, fix, reference)
        elif low in ("none", "allow-duplicates"):
            problems.add(
                f"{CODE}.quote", place, name, "is a policy's name without its quotes", f"write \"'{low}'\"", reference
            )
        elif made not in (*_TYPE_KEYWORDS, "*") and _policy_name.fullmatch(name) is None:
            fix = "a name, '*', \"'allow-duplicates'\" or \"'none'\""
            problems.add(f"{CODE}.type_policy", place, name, "is no name of a policy", fix, reference)
        elif made in kept:
            problems.add(f"{CODE}.repeated", place, name, "is repeated", "name it once")
        elif made != "'none'":
            kept.append(made)
    return tuple(kept)


def checked_choice(problems: Problems, where: str, value: Any, choices: tuple[str, ...], reference: str) -> str:
    """Return the one keyword of a directive that takes one of a few."""
    given = _listed(problems, where, value)
    wrong = [one for one in given if not (isinstance(one, str) and one.lower() in choices)]
    if len(given) == 1 and not wrong:
        return str(given[0]).lower()
    fix = " or ".join(f'"{choice}"' for choice in choices)
    problems.add(f"{CODE}.choice", where, wrong[0] if wrong else value, "is no value of the directive", fix, reference)
    return ""
