"""Random Set-Cookie lines under random policies: they mean what the policy says, and otherwise what they meant."""

from __future__ import annotations

import hashlib
import json
import re
import time
from pathlib import Path
from typing import Any

import itsdangerous
import pytest
from cookie_lines import rewriter, rewritten
from hypothesis import event, given
from hypothesis import strategies as st
from user_agent import EXPIRED, LONGEST_LIFE, STORED, Cookie, Request, cookie_field, ends, outcome, read

from wsgi_headers import CookieAttributes, CookieRule, HeadError, HeadersMiddleware, Policy, PolicyError

pytestmark = pytest.mark.usefixtures("each_loop")

HOST = "www.example.test"
VECTORS = json.loads((Path(__file__).parent / "data" / "set_cookie.json").read_text())["rows"]

ALL_LINES = {line for row in VECTORS for line in row["lines"]}
# Those that no response may have: with a control octet other than TAB.
UNSAFE = sorted(line for line in ALL_LINES if re.search(r"[\x00-\x08\x0a-\x1f\x7f]", line))
LINES = sorted(
    line.replace("web-platform.test", "example.test").replace("home.example.org", HOST)
    for line in ALL_LINES.difference(UNSAFE)
)
NAMES = ["a", "sid", "SID", "session", "__Host-a", "__host-A", "__Secure-a", "__Http-a", "__Host-Http-a", "__hosta"]
LONG = "x" * 1025
SEGMENTS = [
    *("Secure", "secure", "SECURE=", "secure=false", '"Secure"', f"Secure={LONG}", " Secure ", "Secure x"),
    *("HttpOnly", "httponly", "HTTPONLY=1", "Http Only", f"HttpOnly={LONG}"),
    *("SameSite=Strict", "samesite=lax", "SameSite = None", "SameSite", "SameSite=", "SameSite=Laxer"),
    *(f"SameSite={LONG}", 'SameSite="Lax"'),
    *("Path=/", "path=/dir", "Path", "Path=", "Path=dir", f"Path=/{LONG}", "Path = / ", 'Path="/"'),
    *("Domain=example.test", "domain=.Example.test", f"Domain={HOST}", "Domain=", "Domain", f"Domain={LONG}"),
    *("Max-Age=0", "max-age=60", "Max-Age=3600", "Max-Age=99999999", "Max-Age=-1", "Max-Age=x", "Max-Age=+60"),
    *(f"Max-Age={'9' * 400}", f"Max-Age={'0' * 400}7", f"Max-Age={'9' * 1025}", "Max-Age=", "Max-Age= 3601 "),
    *("Expires=Thu, 01 Jan 1970 00:00:00 GMT", "expires=Fri, 01 Jan 2100 00:00:00 GMT", "Expires=never", "Expires"),
    *("Expires=Sun, 31 Feb 2100 00:00:00 GMT", "Expires=1-jan-69 0:0:0", f"Expires=1-jan-69 0:0:0 {LONG}"),
    *("Partitioned", "partitioned=x", f"Partitioned={LONG}"),
    *("Priority=High", "Foo", "=", "=x", "", " ", "\t", "Comment=a,b", "\xe9=\xe9", "\xa0Secure"),
]


@st.composite
def built(draw: st.DrawFn) -> str:
    """A line put together from a pair and the attributes above."""
    name = draw(st.sampled_from([*NAMES, "", "\xe9"]))
    value = draw(st.sampled_from(["1", "", '"a b"', "a=b", "\xe9", "__Host-a=1", "x" * 4094]))
    equals = draw(st.sampled_from(["=", "=", "=", " = ", ""]))
    blank = draw(st.sampled_from(["", "", " ", "\t "]))
    joints = st.sampled_from(["; ", "; ", ";", " ;", ";\t"])
    attributes = draw(st.lists(st.sampled_from(SEGMENTS), max_size=6))
    return f"{blank}{name}{equals}{value}" + "".join(draw(joints) + attribute for attribute in attributes)


@st.composite
def mutated(draw: st.DrawFn) -> str:
    """A line of the vectors, with segments added, dropped, doubled, moved or spelled anew."""
    segments = draw(st.sampled_from(LINES)).split(";")
    for _ in range(draw(st.integers(0, 4))):
        place = draw(st.integers(0, len(segments) - 1))
        match draw(st.sampled_from(["add", "add", "drop", "double", "move", "case", "blanks"])):
            case "add":
                segments.insert(place + 1, draw(st.sampled_from(["", " "])) + draw(st.sampled_from(SEGMENTS)))
            case "drop" if len(segments) > 1 and place:
                del segments[place]
            case "double":
                segments.append(segments[place])
            case "move":
                segments.append(segments.pop(place))
            case "case":
                segments[place] = segments[place].swapcase()
            case "blanks":
                segments[place] = segments[place].replace("=", "\t= ")
    line = ";".join(segments)
    # swapcase() leaves latin-1 for a few letters; native strings do not.
    return line if max(line, default="") <= "\xff" else draw(built())


lines = st.one_of(built(), mutated(), st.sampled_from(LINES))

ATTRIBUTES: dict[str, st.SearchStrategy[Any]] = {
    "secure": st.sampled_from([True, "https", False]),
    "http_only": st.booleans(),
    "same_site": st.sampled_from(["Strict", "Lax"]),
    "default_same_site": st.sampled_from(["Strict", "Lax"]),
    "insecure_same_site": st.just("None"),
    "path": st.sampled_from(["/", "/dir", "/else"]),
    "domain": st.sampled_from([False, "example.test", ".Example.test", HOST]),
    "max_age": st.sampled_from([1, 60, 3600, 3601, LONGEST_LIFE, 10**9, 10**12]),
    "partitioned": st.booleans(),
}
ABOUT_SAME_SITE = ("same_site", "default_same_site", "insecure_same_site")
EXEMPTIBLE = ("secure", "http_only", "same_site", "path", "domain", "max_age", "partitioned")


@st.composite
def cookie_parts(draw: st.DrawFn) -> Any:
    """A CookieAttributes or a CookieRule that no one refuses."""
    options = draw(st.fixed_dictionaries({}, optional=ATTRIBUTES))
    if "insecure_same_site" in options:
        options.pop("same_site", None)
        options.pop("default_same_site", None)
    if options.get("partitioned") or "insecure_same_site" in options:
        if options.get("secure") is False:
            del options["secure"]
    if draw(st.booleans()):
        return CookieAttributes(**options)
    name = draw(st.sampled_from([*NAMES, "*", "s*", "*a", "*es*", "__*", "*Http*", "nobody"]))
    if draw(st.integers(0, 9)) == 0:
        options["remove"] = draw(st.booleans())
    if draw(st.integers(0, 3)) == 0:
        several = st.lists(st.sampled_from(EXEMPTIBLE), min_size=1, unique=True)
        options["exempt"] = draw(st.one_of(st.booleans(), several.map(tuple)))
    return CookieRule(name, **options)


policies = st.lists(cookie_parts(), min_size=1, max_size=4)


def takes(part: Any, name: str) -> bool:
    """Whether a part speaks of the cookies of that name; nameless ones match `*` and CookieAttributes alone."""
    pattern = getattr(part, "name", "*")
    if pattern == "*" or not name:
        return bool(pattern == "*")
    if pattern[0] == pattern[-1] == "*":
        return pattern[1:-1] in name
    if pattern[0] == "*":
        return name.endswith(pattern[1:])
    return name.startswith(pattern[:-1]) if pattern[-1] == "*" else name == pattern


def wanted(parts: list[Any], name: str, scheme: str) -> dict[str, Any] | None:
    """Return what the parts together want of a cookie, None where its line goes: all in order, later ones winning."""
    speaking = [part for part in parts if takes(part, name)]
    exempting = [part for part in speaking if getattr(part, "exempt", None) is not None]
    exempt = exempting[-1].exempt if exempting else False
    if exempt is True:
        speaking = exempting[-1:]
    untouched = exempt if isinstance(exempt, tuple) else ()
    wants: dict[str, Any] = {}
    removed = False
    for part in speaking:
        if getattr(part, "remove", None) is not None:
            removed = part.remove
        for attribute in ATTRIBUTES:
            asked = getattr(part, attribute)
            exempted = "same_site" if attribute in ABOUT_SAME_SITE else attribute
            if asked is None or (exempted in untouched and part is not exempting[-1]):
                continue
            if asked == "https":
                asked = True if scheme == "https" else None
            wants[attribute] = asked
            # Forced and at least: one decision.
            if attribute == "insecure_same_site":
                wants.pop("same_site", None)
            elif attribute == "same_site":
                wants.pop("insecure_same_site", None)
    if removed:
        return None
    # Browsers drop those without Secure, so that no exemption keeps it away.
    if wants.get("partitioned") or wants.get("insecure_same_site"):
        wants["secure"] = True
    # What the name itself demands stays as the application has it.
    prefix = name.lower()
    if prefix.startswith(("__secure-", "__host-", "__http-")) and wants.get("secure") is False:
        del wants["secure"]
    if prefix.startswith(("__http-", "__host-http-")) and wants.get("http_only") is False:
        del wants["http_only"]
    if prefix.startswith("__host-"):
        if wants.get("path") != "/":
            wants.pop("path", None)
        if wants.get("domain"):
            del wants["domain"]
    return {attribute: asked for attribute, asked in wants.items() if asked is not None}


def meant(before: Cookie, wants: dict[str, Any], clock: int) -> Cookie:
    """Return what the line must mean afterwards."""
    after = before._replace(
        secure=wants.get("secure", before.secure),
        http_only=wants.get("http_only", before.http_only),
        partitioned=wants.get("partitioned", before.partitioned),
        path=wants.get("path", before.path),
    )
    if "domain" in wants:
        after = after._replace(domain=wants["domain"].lower().removeprefix(".") if wants["domain"] else None)
    order = ["Default", "None", "Lax", "Strict"]
    if "insecure_same_site" in wants:
        after = after._replace(same_site="None")
    else:
        if before.same_site == "Default":
            after = after._replace(same_site=wants.get("default_same_site", "Default"))
        after = after._replace(same_site=max(after.same_site, wants.get("same_site", "Default"), key=order.index))
    if "max_age" in wants:
        ceiling = wants["max_age"]
        later = before.expires is not None and before.expires > clock + ceiling
        if before.max_age > ceiling if before.max_age is not None else later:
            after = after._replace(max_age=min(ceiling, LONGEST_LIFE))
    return after


def name_of(line: str) -> str:
    pair = line.split(";")[0]
    return pair.split("=")[0].strip(" \t") if "=" in pair else ""


def named_segments(wants: dict[str, Any]) -> set[str]:
    spelled = {"http_only": "httponly", "max_age": "max-age", **dict.fromkeys(ABOUT_SAME_SITE, "samesite")}
    return {spelled.get(attribute, attribute) for attribute in wants}


def others(line: str, named: set[str]) -> list[str]:
    """Return the pair and the segments of attributes that are not named."""
    pair, *segments = line.split(";")
    return [pair, *(text for text in segments if text.split("=")[0].strip(" \t").lower() not in named)]


@given(lines, policies, st.sampled_from(["https", "http"]))
def test_means_what_the_policy_says(line: str, parts: list[Any], scheme: str) -> None:
    """The named attributes are as the policy has them, and everything else means what it meant."""
    request = Request(scheme, HOST, "/dir/page", int(time.time()))
    before = read(line, request)

    after = rewritten(line, *parts, scheme=scheme)

    wants = wanted(parts, name_of(line), scheme)
    if wants is None:
        event("dropped")
        assert after is None
    elif before is None:
        event("no cookie")
        assert after is not None and read(after, request) is None
    else:
        event("touched" if after != line else "left")
        assert after is not None and read(after, request) == meant(before, wants, request.clock)


@given(lines, policies, st.sampled_from(["https", "http"]))
def test_changes_named_attributes_alone(line: str, parts: list[Any], scheme: str) -> None:
    """Pair and segments that the policy does not name stay byte for byte, in order; without any, so does the line."""
    after = rewritten(line, *parts, scheme=scheme)

    wants = wanted(parts, name_of(line), scheme)
    if wants is not None:
        assert after is not None
        named = named_segments(wants)
        kept = others(line, named)
        # What is added fills the place that a last semicolon left.
        filled = kept[:-1] if len(kept) > 1 and not kept[-1].strip(" \t") else kept
        assert others(after, named) in (kept, filled)
        assert after is line or after != line
        assert wants or after is line


@given(lines, policies, st.sampled_from(["https", "http"]))
def test_twice_is_once(line: str, parts: list[Any], scheme: str) -> None:
    """What was rewritten is left as it is by the same policy, which then repeats nothing."""
    once = rewritten(line, *parts, scheme=scheme)

    if once is not None:
        assert rewritten(once, *parts, scheme=scheme) is once


@given(lines, policies)
def test_keeps_what_browsers_store(line: str, parts: list[Any]) -> None:
    """A cookie that a browser stores on https is still stored, and a deletion still deletes."""
    request = Request("https", HOST, "/dir/page", int(time.time()))
    before = read(line, request)
    verdict = outcome(before, request, chips=True)

    after = rewritten(line, *parts)

    wants = wanted(parts, name_of(line), "https")
    if verdict in (STORED, EXPIRED) and wants is not None:
        assert after is not None
        cookie = read(after, request)
        assert cookie is not None
        # Who strips Secure from what must have it, loses it: nothing else loses a cookie.
        if not (wants.get("secure") is False and (cookie.partitioned or cookie.same_site == "None")):
            event(verdict)
            assert outcome(cookie, request, chips=True) == verdict


@given(lines, policies)
def test_never_a_longer_life(line: str, parts: list[Any]) -> None:
    """No cookie lives longer than before, and a session cookie stays one."""
    request = Request("https", HOST, "/dir/page", int(time.time()))
    before = read(line, request)

    after = rewritten(line, *parts)

    if before is not None and after is not None:
        cookie = read(after, request)
        assert cookie is not None
        end = ends(before, request.clock)
        if end is None:
            assert ends(cookie, request.clock) is None
        else:
            event("limited" if ends(cookie, request.clock) != end else "as it was")
            now = ends(cookie, request.clock)
            assert now is not None and now <= end


def likenesses(line: str) -> list[str]:
    """Return lines that are nearly the same: what is remembered of one must not be taken for another."""
    pair, semicolon, tail = line.partition(";")
    name, equals, value = pair.partition("=")
    upper = "".join(octet.upper() if octet.isascii() else octet for octet in tail)
    return [
        line,
        f"{line};",
        f"{pair};{tail.strip()}",
        f"{pair}; {tail}",
        f"{pair}{semicolon}{upper}",
        f"{name}{equals}{value}2{semicolon}{tail}",
        f"_{pair}{semicolon}{tail}",
        f" {pair}{semicolon}{tail}",
        pair,
    ]


alike = st.lists(lines.flatmap(lambda line: st.sampled_from(likenesses(line))), min_size=1, max_size=4)
one_and_its_like = lines.map(likenesses).flatmap(st.permutations)


@given(st.one_of(alike, one_and_its_like), policies, st.sampled_from(["https", "http"]))
def test_memory_changes_nothing(several: list[str], parts: list[Any], scheme: str) -> None:
    """Lines of one head, met before or not, become what each becomes alone under a policy compiled for it."""
    rewrite = rewriter(*parts, scheme=scheme)

    alone = [after for line in several if (after := rewritten(line, *parts, scheme=scheme)) is not None]
    assert rewrite(*several) == alone
    assert rewrite(*several) == alone
    assert rewrite(*reversed(several)) == alone[::-1]


@pytest.mark.parametrize("part", [CookieAttributes(), CookieRule("*"), CookieRule("nobody", remove=True)], ids=repr)
def test_nothing_wanted(part: Any) -> None:
    """Under a policy that wants nothing of a cookie every line of the vectors leaves as the same string."""
    rewrite = rewriter(part)

    after = rewrite(*LINES)
    assert len(after) == len(LINES)
    assert all(one is other for one, other in zip(after, LINES, strict=True))


HARDENED = CookieAttributes(secure=True, http_only=True, same_site="Lax")
EVERY: dict[str, tuple[Any, ...]] = {
    "hardened": (HARDENED,),
    "default": (CookieAttributes(secure="https", default_same_site="Lax"),),
    "strict": (CookieAttributes(same_site="Strict"),),
    "cross-site": (CookieAttributes(insecure_same_site="None"),),
    "forced": (CookieAttributes(path="/", domain="example.test", max_age=3600, partitioned=True),),
    "stripped": (CookieAttributes(secure=False, http_only=False, domain=False, partitioned=False),),
    "named": (HARDENED, CookieRule("*a*", exempt=("http_only",)), CookieRule("*es*", max_age=60, path="/dir")),
}


@pytest.mark.parametrize("scheme", ["https", "http"])
@pytest.mark.parametrize("parts", EVERY.values(), ids=EVERY)
def test_every_line_of_the_vectors(parts: tuple[Any, ...], scheme: str) -> None:
    """None of them means anything but what the policy says, and otherwise what it meant."""
    rewrite = rewriter(*parts, scheme=scheme)
    request = Request(scheme, HOST, "/dir/page", int(time.time()))

    for line in LINES:
        (after,) = rewrite(line)
        before = read(line, request)
        wants = wanted(list(parts), name_of(line), scheme)
        assert wants is not None
        assert read(after, request) == (None if before is None else meant(before, wants, request.clock)), line
        assert others(after, named_segments(wants))[0] == line.split(";")[0]


@pytest.mark.parametrize(
    "parts", [(), (HARDENED,), (CookieRule("*", exempt=True),), (CookieRule("*", remove=True),)], ids=repr
)
def test_every_line_with_a_control(parts: tuple[Any, ...]) -> None:
    """It is refused, whether a part speaks of it or not."""
    rewrite = rewriter(*parts)

    assert len(UNSAFE) > 100
    for line in UNSAFE:
        with pytest.raises(HeadError):
            rewrite(line)


# Prefixes and signatures: on the way out, and back through the browser.

KEY = "sixteen octets at least, this is"
PREFIXES = {
    "__Host-": {"secure": True, "path": "/", "domain": False},
    "__Secure-": {"secure": True},
    "__Http-": {"secure": True, "http_only": True},
    "__Host-Http-": {"secure": True, "http_only": True, "path": "/", "domain": False},
}
PROTECTED = ["a", "sid", "session"]
PROTECTING = (
    *("prefix", "signing_key", "signature_max_age"),
    *("insecure_accept_unprefixed", "insecure_accept_unsigned"),
)


@st.composite
def protections(draw: st.DrawFn) -> CookieRule:
    """A rule that gives the cookies of one name a prefix, a signature or both."""
    options: dict[str, Any] = {}
    if draw(st.booleans()):
        options["signing_key"] = KEY
        if draw(st.booleans()):
            options["signature_max_age"] = 3600
    if not options or draw(st.booleans()):
        options["prefix"] = draw(st.sampled_from(sorted(PREFIXES)))
    return CookieRule(draw(st.sampled_from(PROTECTED)), **options)


def protection(parts: list[Any], name: str) -> dict[str, Any]:
    """Return what the parts together say of prefix and signature of a cookie, later ones winning."""
    speaking = [part for part in parts if isinstance(part, CookieRule) and takes(part, name)]
    exempting = [part for part in speaking if part.exempt is not None]
    if exempting and exempting[-1].exempt is True:
        speaking = exempting[-1:]
    said: dict[str, Any] = {}
    for part in speaking:
        for argument in PROTECTING:
            if getattr(part, argument) is not None:
                said[argument] = getattr(part, argument)
    return said


def verified(value: str, name: str, max_age: int | None) -> str | None:
    """Return what itsdangerous alone makes of a signed value, None where it is none."""
    kind = itsdangerous.Signer if max_age is None else itsdangerous.TimestampSigner
    signer = kind(KEY, salt=f"wsgi_headers.cookie.{name}", key_derivation="hmac", digest_method=hashlib.sha256)
    try:
        return signer.unsign(value.encode("latin-1"), **({} if max_age is None else {"max_age": max_age})).decode(
            "latin-1"
        )
    except itsdangerous.BadSignature:
        return None


protecting = st.tuples(st.lists(cookie_parts(), max_size=3), st.lists(protections(), min_size=1, max_size=2)).flatmap(
    lambda parts: st.permutations([*parts[0], *parts[1]])
)


@given(lines, protecting, st.sampled_from(["https", "http"]))
def test_protected_lines_mean_what_the_policy_says(line: str, parts: list[Any], scheme: str) -> None:
    """Name and value are the protected ones, the attributes what the prefix demands and else what the parts say."""
    request = Request(scheme, HOST, "/dir/page", int(time.time()))
    before = read(line, request)

    after = rewritten(line, *parts, scheme=scheme)

    name = name_of(line)
    wants, said = wanted(parts, name, scheme), protection(parts, name)
    if wants is None or before is None:
        return
    assert after is not None
    cookie = read(after, request)
    if cookie is None:
        assert len(after.split(";")[0]) > 4096, "too long with its prefix and signature, which a budget tells"
        return
    prefix = said.get("prefix", "")
    expected = meant(before, {**wants, **PREFIXES.get(prefix, {})}, request.clock)
    deletes = (end := ends(before, request.clock)) is not None and end <= request.clock
    if "signing_key" in said and not deletes:
        event("signed")
        assert verified(cookie.value, name, said.get("signature_max_age")) == before.value
        cookie = cookie._replace(value=before.value)
    assert cookie == expected._replace(name=prefix + before.name)


@pytest.mark.parametrize("prefix", PREFIXES)
def test_every_line_of_the_vectors_protected(prefix: str) -> None:
    """Every cookie with a name of its own comes to the browser under the prefix, signed unless it is deleted."""
    request = Request("https", HOST, "/dir/page", int(time.time()))
    names = {name_of(line) for line in LINES} - {""}
    rules = [
        CookieRule(name, prefix=prefix, signing_key=KEY)
        for name in sorted(names)
        if "*" not in name and not name.lower().startswith("__") and "\t" not in name
    ]
    rewrite = rewriter(*rules)
    protected = {rule.name for rule in rules}
    assert len(protected) > 50

    for line in LINES:
        before, name = read(line, request), name_of(line)
        if before is None or name not in protected:
            continue
        (after,) = rewrite(line)
        cookie = read(after, request)
        if cookie is None:
            assert len(after.split(";")[0]) > 4096
            continue
        end = ends(before, request.clock)
        if end is None or end > request.clock:
            assert verified(cookie.value, name, None) == before.value
            cookie = cookie._replace(value=before.value)
        assert cookie == meant(before, PREFIXES[prefix], request.clock)._replace(name=prefix + name), line


def seen(field: str, parts: list[Any]) -> list[tuple[str, str]]:
    """Return the pairs that an application behind the parts sees."""
    shown: list[str] = []

    def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        shown.append(environ.get("HTTP_COOKIE", ""))
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [b""]

    environ = {"REQUEST_METHOD": "GET", "PATH_INFO": "/", "HTTP_COOKIE": field, "wsgi.url_scheme": "https"}
    HeadersMiddleware(app, Policy(*parts))(environ, lambda status, head, exc_info=None: lambda data: None)
    pieces = [piece.partition("=") for piece in shown[0].split(";") if piece.strip(" \t")]
    return [
        (name.strip(" \t"), value.strip(" \t")) if equals else ("", name.strip(" \t")) for name, equals, value in pieces
    ]


tossed = st.lists(
    st.tuples(
        st.sampled_from([*PROTECTED, "\xa0sid", "sid\x85", "\xc2\xa0sid", "other", "SID"]),
        st.sampled_from(["evil", "", "evil.AAAA", 'a="b', "evil.1"]),
    ),
    max_size=3,
)


@given(st.sampled_from(PROTECTED), st.sampled_from(["1", '"a b"', "a=b", "\xe9", "x.y", ""]), protecting, tossed)
def test_comes_back_as_the_application_set_it(
    name: str, value: str, parts: list[Any], tossed: list[tuple[str, str]]
) -> None:
    """What the browser stores comes back under the bare name with the value that was set, and nothing tossed does."""
    request = Request("https", HOST, "/", int(time.time()))
    said = protection(parts, name)
    after = rewritten(f"{name}={value}; Path=/", *parts)
    if after is None or not said:
        return
    field = cookie_field([after], request, request)
    assert field.startswith(f"{said.get('prefix', '')}{name}=") or not field
    stored = [(name, value)] if field else []
    noise = [f"{one}={other}" for one, other in tossed]

    shown = seen("; ".join([*noise, *([field] if field else [])]), parts)

    assert [pair for pair in shown if pair[0].strip() == name] == stored
    assert [pair for pair in shown if pair[0] in ("other", "SID")] == [
        pair for pair in tossed if pair[0] in ("other", "SID")
    ]


# Any stack of rules on the way in, and an account of what each pair of the field is.


@st.composite
def incoming_rules(draw: st.DrawFn) -> CookieRule:
    """A rule for one name or many that protects, lets in or exempts."""
    name = draw(st.sampled_from(["sid", "sid", "a", "s*", "*d", "*i*", "*"]))
    options: dict[str, Any] = draw(
        st.fixed_dictionaries(
            {},
            optional={
                "insecure_accept_unprefixed": st.booleans(),
                "insecure_accept_unsigned": st.booleans(),
                "signing_key": st.just(KEY),
                "exempt": st.sampled_from([True, False, ("secure",)]),
            },
        )
    )
    if "*" not in name and draw(st.booleans()):
        options["prefix"] = draw(st.sampled_from(sorted(PREFIXES)))
    return CookieRule(name, **options)


@st.composite
def incoming_pairs(draw: st.DrawFn) -> str:
    """A pair of a Cookie field, with a prefix, blanks of Unicode, a signature, without an equals sign."""
    bare = draw(st.sampled_from(["sid", "a", "SID", "other"]))
    blank = draw(st.sampled_from(["", "", "\xa0", "\x85", "\xe2\x80\x80"]))
    name = draw(st.sampled_from(["", *sorted(PREFIXES)])) + bare
    name = draw(st.sampled_from([blank + name, name + blank]))
    good = itsdangerous.Signer(
        KEY, salt=f"wsgi_headers.cookie.{bare}", key_derivation="hmac", digest_method=hashlib.sha256
    ).sign("v")
    value = draw(st.sampled_from(["v", "", "a=b", "a.b", good.decode(), good.decode() + "=", good.decode()[1:]]))
    return draw(st.sampled_from([f"{name}={value}", f" {name} = {value} ", name, f"={value}", value]))


def known_as(parts: list[Any], name: str) -> tuple[str, dict[str, Any], bool] | None:
    """Return the name that the application uses, what is said of it, and whether the prefix is there or none asked."""
    for part in parts:
        said = protection(parts, part.name)
        if "prefix" in said and said["prefix"] + part.name == name:
            return part.name, said, True
    said = protection(parts, name)
    return (name, said, "prefix" not in said) if "prefix" in said or "signing_key" in said else None


def shown_of(parts: list[Any], field: str) -> list[tuple[str, str]]:
    """Return the pairs that an application sees, one judged after the other."""
    read_pairs = []
    for piece in field.split(";"):
        name, equals, value = (text.strip(" \t") for text in piece.partition("="))
        name, value = (name, value) if equals else ("", name)
        likenesses = {name} if name else set() if equals else {value}
        likenesses |= {like.strip() for like in likenesses}
        likenesses |= {like.encode("latin-1").decode("utf-8", "replace").strip() for like in likenesses}
        imitated = [known_as(parts, like) for like in likenesses - {name, ""}]
        read_pairs.append((name, value, known_as(parts, name), [known for known in imitated if known]))
    prefixed = {known[0] for _, _, known, _ in read_pairs if known and known[2]}
    shown = []
    for name, value, known, imitated in read_pairs:
        if known is None or not (name or value):
            if not imitated and (name or value):
                shown.append((name, value))
            continue
        bare, said, complete = known
        strict = any("prefix" in other or not other.get("insecure_accept_unsigned") for _, other, _ in imitated)
        if not complete and (strict or bare in prefixed or not said.get("insecure_accept_unprefixed")):
            continue
        if "signing_key" in said:
            looks = re.fullmatch(r".*\.[\w+/=-]{43,44}", value, re.ASCII | re.DOTALL)
            unsigned = value if said.get("insecure_accept_unsigned") and not strict and not looks else None
            canonical = re.fullmatch(r".*\.[\w-]{43}", value, re.ASCII | re.DOTALL)
            counts = verified(value, bare, None) if canonical else None
            value = unsigned if counts is None else counts
        if value is not None:
            shown.append((bare, value))
    return shown


@given(st.lists(incoming_rules(), min_size=1, max_size=4), st.lists(incoming_pairs(), max_size=5))
def test_what_any_rules_let_in(parts: list[Any], pairs: list[str]) -> None:
    """The application sees what the rules together say of each pair, in order."""
    field = "; ".join(pairs)
    try:
        found = seen(field, parts)
    except PolicyError:
        event("rules that say nothing")
        return

    assert [pair for pair in found if pair != ("", "")] == shown_of(parts, field)


EXPIRES = re.compile(r"(expires)=[^;]*", re.IGNORECASE)
MOMENTS = st.sampled_from(
    [
        *("Thu, 01 Jan 1970 00:00:00 GMT", "Fri, 01 Jan 2100 00:00:00 GMT", "Sun, 31 Feb 2100 00:00:00 GMT", "never"),
        *(
            "Fri, 01-Jan-2100 00:00:00 GMT",
            "1 jan 2100 0:0:0",
            "",
            " Fri, 01 Jan 2100 00:00:00 GMT ",
            "\xe9",
            "expires=",
        ),
        *(f"Fri, 01 Jan 2100 00:00:00 GMT{' ' * 60}", f"1 Jan 2100 0:0:0 {LONG}", "1 Jan 2100 0:0:0;", "x;Secure"),
    ]
)
DATED = [
    *(
        "a=1; Expires=",
        "a=1;expires=; Path=/",
        "a=1; expires=; expires=",
        "a=1; EXPIRES=; Secure",
        "a=1; Path=/ expires=",
    ),
    *("a=1; Domain=expires=", "a=1; Max-Age=60; Expires=; SameSite=None", "a=1; SameSite=Expires=", "a=1; myexpires="),
    *("a=1; Expires=; Max-Age=99999999", "a=expires=", "expires=; Expires=; HttpOnly", "a=1; Expires=;"),
]


@given(st.one_of(st.sampled_from(DATED), lines), policies, st.lists(MOMENTS, min_size=2, max_size=4))
def test_what_is_remembered_does_not_tell(line: str, parts: list[Any], dates: list[str]) -> None:
    """Lines that differ in a date alone become one after the other what each becomes alone."""
    given_lines = [EXPIRES.sub(lambda found, date=date: f"{found[1]}={date}", line) for date in dates]
    rewrite = rewriter(*parts)

    assert [rewrite(each) for each in given_lines] == [rewriter(*parts)(each) for each in given_lines]


FAR, PAST = "Fri, 01 Jan 2100 00:00:00 GMT", "Thu, 01 Jan 1970 00:00:00 GMT"
IN_TURN: dict[str, tuple[Any, list[tuple[str, str]]]] = {
    "a date within the value of another attribute": (
        CookieAttributes(domain="example.test"),
        [(f"a=1; Domain=expires={date}", "a=1; Domain=example.test") for date in (FAR, PAST)],
    ),
    "a semicolon at the end": (
        CookieAttributes(secure=False),
        [
            (f"a=1; Secure; Expires={FAR}", f"a=1; Expires={FAR}"),
            (f"a=1; Secure; Expires={PAST};", f"a=1; Expires={PAST};"),
        ],
    ),
    "too long to count": (
        CookieAttributes(max_age=60),
        [
            (f"a=1; Expires={FAR} {LONG}", f"a=1; Expires={FAR} {LONG}"),
            (f"a=1; Expires={FAR}", f"a=1; Expires={FAR}; Max-Age=60"),
            (f"a=1; Expires={FAR} {LONG}", f"a=1; Expires={FAR} {LONG}"),
        ],
    ),
    "beyond the longest life and not": (
        CookieAttributes(max_age=60),
        [
            (f"a=1; Expires={FAR}", f"a=1; Expires={FAR}; Max-Age=60"),
            (f"a=1; Expires={PAST}", f"a=1; Expires={PAST}"),
            ("a=1; Expires=never", "a=1; Expires=never"),
            (f"a=1; Expires= {FAR} ", f"a=1; Expires= {FAR} ; Max-Age=60"),
        ],
    ),
    "two dates": (
        CookieAttributes(max_age=60),
        [
            (f"a=1; Expires={FAR}; expires={PAST}", f"a=1; Expires={FAR}; expires={PAST}"),
            (f"a=1; Expires={PAST}; expires={FAR}", f"a=1; Expires={PAST}; expires={FAR}; Max-Age=60"),
            (f"a=1; Expires={FAR}; expires=never", f"a=1; Expires={FAR}; expires=never; Max-Age=60"),
        ],
    ),
}


@pytest.mark.parametrize(("part", "turns"), IN_TURN.values(), ids=IN_TURN)
def test_dates_in_turn(part: Any, turns: list[tuple[str, str]]) -> None:
    """Each line becomes what it should, whichever came before it."""
    for order in (turns, turns[::-1]):
        rewrite = rewriter(part)
        assert [rewrite(before) for before, _ in order] == [[after] for _, after in order]


@pytest.mark.parametrize("octet", ["\0", "\n", "\x7f"], ids=ascii)
def test_a_control_in_a_date(octet: str) -> None:
    """It is refused where the same text went well with another date, too."""
    rewrite = rewriter(CookieAttributes(secure=True))
    rewrite(f"a=1; Expires={FAR}; Path=/")

    with pytest.raises(HeadError):
        rewrite(f"a=1; Expires={FAR}{octet}; Path=/")
