"""Link: targets, relations, and what browsers make of the rest."""

from __future__ import annotations

from typing import Any

import pytest
from assertions import assert_head
from hypothesis import given
from hypothesis import strategies as st
from wsgi import PLAIN, call, responding, validated

from wsgi_headers import Default, HeadersMiddleware, Link, Policy, PolicyError, Set
from wsgi_headers._grammar import declared_value
from wsgi_headers.fields.link import MODULES, PRELOADED

# (field, text)
TEXTS: list[tuple[Link, str]] = [
    (Link("/style.css", rel="preload", as_="style"), "</style.css>; rel=preload; as=style"),
    (
        Link("/f.woff2", rel="preload", as_="font", type="font/woff2", crossorigin=True),
        '</f.woff2>; rel=preload; as=font; type="font/woff2"; crossorigin',
    ),
    (
        Link("/a.js", rel="preload", as_="script", crossorigin="anonymous", fetchpriority="high"),
        "</a.js>; rel=preload; as=script; crossorigin=anonymous; fetchpriority=high",
    ),
    (Link("/m.js", rel="modulepreload"), "</m.js>; rel=modulepreload"),
    (Link("/m.js", rel="modulepreload", as_="worker"), "</m.js>; rel=modulepreload; as=worker"),
    (Link("/next", rel="prefetch", as_="document"), "</next>; rel=prefetch; as=document"),
    (Link("https://cdn.example", rel="preconnect"), "<https://cdn.example>; rel=preconnect"),
    (Link("//cdn.example", rel="DNS-Prefetch"), "<//cdn.example>; rel=dns-prefetch"),
    # RFC 8288 3.5
    (
        Link("http://example.com/TheBook/chapter2", rel="previous", title="previous chapter"),
        '<http://example.com/TheBook/chapter2>; rel=previous; title="previous chapter"',
    ),
    (Link("/", rel="http://example.net/foo"), '</>; rel="http://example.net/foo"'),
    (Link("/terms", rel="copyright", anchor="/#foo"), '</terms>; rel=copyright; anchor="/#foo"'),
    (
        Link("/chapter4", rel="next", title="n\xe4chstes Kapitel"),
        "</chapter4>; rel=next; title*=UTF-8''n%C3%A4chstes%20Kapitel",
    ),
    (
        Link("http://example.org/", rel="start http://example.net/relation/other"),
        '<http://example.org/>; rel="start http://example.net/relation/other"',
    ),
    (Link("?page=2", rel=["next", "last"]), '<?page=2>; rel="next last"'),
    (Link("/a", rel="x", title='a "b" \\c; d, e'), r'</a>; rel=x; title="a \"b\" \\c; d, e"'),
    (Link("/a", rel="preload", as_="image", nopush=True), "</a>; rel=preload; as=image; nopush"),
    (
        Link("/s", rel="service-desc", type="application/json", profile="x"),
        '</s>; rel=service-desc; type="application/json"; profile=x',
    ),
]

# id: (arguments, options, codes, what the first fix says)
REFUSED: dict[str, tuple[tuple[Any, ...], dict[str, Any], list[str], str]] = {
    "nothing": ((), {}, ["argument.missing", "argument.missing"], ""),
    "blank": (("/a b",), {"rel": "next"}, ["link.target"], "write '/a%20b'"),
    "beyond ASCII": (("/\xe9",), {"rel": "next"}, ["link.target"], "write '/%C3%A9'"),
    "bracket": (("/a>; rel=preload",), {"rel": "next"}, ["link.target"], "%3E"),
    "line feed": (("/a\r\nX: y",), {"rel": "next"}, ["link.target"], "%0D%0A"),
    "surrogate": (("/\udcff",), {"rel": "next"}, ["link.target"], "write"),
    "empty target": (("",), {"rel": "next"}, ["link.target"], "an address"),
    "target no text": ((5,), {"rel": "next"}, ["link.target"], "an address"),
    "no relation": (("/a",), {"rel": " "}, ["link.rel"], "preload"),
    "relation no text": (("/a",), {"rel": 5}, ["link.rel"], "preload"),
    "relation no token": (("/a",), {"rel": "a_b"}, ["link.rel"], "registered"),
    "relation in a list": (("/a",), {"rel": ["next", None]}, ["link.rel"], "registered"),
    "relation repeated": (("/a",), {"rel": "next Next"}, ["link.rel"], "once"),
    "relation misspelt": (("/a",), {"rel": "pre-connect"}, ["link.rel"], "Did you mean 'preconnect'?"),
    "preload for nothing": (("/a",), {"rel": "preload"}, ["link.as"], "style"),
    "preload for what browsers skip": (("/a",), {"rel": "preload", "as_": "video"}, ["link.as"], "accepted: fetch"),
    "preload misspelt": (("/a",), {"rel": "preload", "as_": "styles"}, ["link.as"], "Did you mean 'style'?"),
    "preload in upper case": (("/a",), {"rel": "preload", "as_": "Font"}, ["link.as"], "Did you mean 'font'?"),
    "module as an image": (("/a",), {"rel": "modulepreload", "as_": "image"}, ["link.as"], "script"),
    "destination no text": (("/a",), {"rel": "prefetch", "as_": True}, ["link.as"], "accepted"),
    "nothing is fetched": (("/a",), {"rel": "next", "as_": "style"}, ["link.as"], "leave it out"),
    "as": (("/a",), {"rel": "next", "as": "style"}, ["link.parameter"], "as_=..."),
    "title*": (("/a",), {"rel": "next", "title*": "x"}, ["link.parameter"], "title=..."),
    "other stars": (("/a",), {"rel": "next", "foo*": "x"}, ["link.parameter"], ""),
    "no token": (("/a",), {"rel": "next", "a b": "x"}, ["link.parameter"], ""),
    "parameter misspelt": (("/a",), {"rel": "next", "cross_origin": True}, ["link.parameter"], "'crossorigin'"),
    "parameter misspelt too": (("/a",), {"rel": "next", "hreflan": "de"}, ["link.parameter"], "'hreflang'"),
    "parameter twice": (("/a",), {"rel": "next", "title": "x", "Title": "y"}, ["link.repeated"], "once"),
    "value browsers skip": (("/a",), {"rel": "next", "crossorigin": "yes"}, ["link.value"], "use-credentials"),
    "priority browsers skip": (("/a",), {"rel": "next", "fetchpriority": True}, ["link.value"], "high"),
    "policy browsers skip": (("/a",), {"rel": "next", "referrerpolicy": "no-referer"}, ["link.value"], "'no-referrer'"),
    "without a value": (("/a",), {"rel": "next", "media": True}, ["link.value"], "give text"),
    "false": (("/a",), {"rel": "next", "nopush": False}, ["link.value"], "None"),
    "value with a line feed": (("/a",), {"rel": "next", "title": "a\nb"}, ["link.value"], "printable"),
    "value beyond ASCII": (("/a",), {"rel": "next", "media": "\xe9"}, ["link.value"], "printable"),
    "title with a surrogate": (("/a",), {"rel": "next", "title": "\udcff"}, ["link.value"], "printable"),
    "anchor": (("/a",), {"rel": "next", "anchor": "# a"}, ["link.value"], "#%20a"),
    "every one": ((" ",), {"rel": "_", "as_": "x", "as": "y"}, ["link.target", "link.rel", "link.parameter"], ""),
}

# (text, field)
READ: list[tuple[str, Link | None]] = [
    ('</a>;rel="preload";AS=style', Link("/a", rel="preload", as_="style")),
    ("</a> ; rel=Next ;;", Link("/a", rel="next")),
    ("</a,b;c>; rel=next", Link("/a,b;c", rel="next")),
    ("</a>; rel=next; title=e; title*=UTF-8'de'%C3%A9", Link("/a", rel="next", title="\xe9")),
    ('</a>; rel=next; target="x"; self=y; cls=z', Link("/a", rel="next", **{"target": "x", "self": "y", "cls": "z"})),
    ("</a>", None),
    ("</a>; rel", None),
    ("</a>; rel=", None),
    ("</a>; as=style", None),
    ("</a>; rel=preload; as", None),
    ("</a>; rel=preload; as=", None),
    ("</a>; rel=next; as_=style", None),
    ("</a>; rel=next; rel=prev", None),
    ("</a>; rel=next; title*=%41", None),
    ("</a>; rel=next; title*", None),
    ("</a>; rel=next, </b>; rel=prev", None),
    ("</a>, </b>; rel=prev", None),
    ("/a; rel=next", None),
    ("<>; rel=next", None),
    ("", None),
]


@pytest.mark.parametrize(("field", "text"), TEXTS, ids=[text for _, text in TEXTS])
def test_text(field: Link, text: str) -> None:
    """The target, what it is, what it is for and the rest in the order given; read again as the same."""
    assert field.serialize() == text
    assert Link.parse(text) == field


@pytest.mark.parametrize(("arguments", "options", "codes", "fix"), REFUSED.values(), ids=REFUSED)
def test_refused(arguments: tuple[Any, ...], options: dict[str, Any], codes: list[str], fix: str) -> None:
    """What browsers would skip, or read as something else, is refused with the fix."""
    with pytest.raises(PolicyError) as caught:
        Link(*arguments, **options)
    assert [problem.code for problem in caught.value.problems] == codes
    assert fix in caught.value.problems[0].fix


@pytest.mark.parametrize(("text", "field"), READ)
def test_read(text: str, field: Link | None) -> None:
    """One link is read; what would be lost or skipped is refused."""
    if field is None:
        with pytest.raises(PolicyError):
            Link.parse(text)
    else:
        assert Link.parse(text) == field


@pytest.mark.parametrize("destination", PRELOADED)
def test_preloaded(destination: str) -> None:
    """Every destination that browsers preload is taken."""
    assert Link("/a", rel="preload", as_=destination).as_ == destination


@pytest.mark.parametrize("destination", MODULES)
def test_modules(destination: str) -> None:
    """Every destination that a module can have is taken."""
    assert Link("/a", rel="modulepreload", as_=destination).as_ == destination


def test_appends() -> None:
    """Links add up, in a policy and with those of the application; an operation can say otherwise."""
    a, b = Link("/a", rel="next"), Link("/b", rel="prev")
    app = validated(responding(PLAIN, ("Link", "</app>; rel=up")))

    def sent(*parts: Any) -> Any:
        return call(HeadersMiddleware(app, Policy(*parts))).lines

    lines = [("Link", "</app>; rel=up"), ("Link", "</a>; rel=next"), ("Link", "</b>; rel=prev")]
    assert_head(sent(a, b), [PLAIN, *lines])
    assert_head(sent(Set(a), b), [PLAIN, *lines[1:]])
    assert_head(sent(Default(a)), [PLAIN, lines[0]])


def test_replace() -> None:
    """The target, the relation, and each parameter by its own name."""
    field = Link("/a", rel="preload", as_="style", media="print")
    assert field.replace(target="/b") == Link("/b", rel="preload", as_="style", media="print")
    assert field.replace(media=None) == Link("/a", rel="preload", as_="style")
    assert field.replace(title="x") == Link("/a", rel="preload", as_="style", media="print", title="x")
    with pytest.raises(PolicyError, match="is required for preload"):
        field.replace(as_=None)


addresses = st.text("a/:?#[]@!$&'()*+,;=%~>", min_size=1, max_size=8)
parameters = st.dictionaries(
    st.sampled_from(["title", "media", "Type", "crossorigin", "nopush", "x", "as", "target"]),
    st.booleans() | st.text(max_size=6) | st.text('"\\;,= ', max_size=4),
    max_size=3,
)


@given(addresses, st.lists(st.sampled_from(["next", "preload", "a:b", "UP", "_"]), max_size=2), parameters)
def test_accepted_or_refused(target: str, rel: list[str], options: dict[str, Any]) -> None:
    """Whatever comes is refused, or can be written in ASCII and read again."""
    try:
        field = Link(target, rel=rel, **options)
    except PolicyError:
        return
    assert field.serialize().isascii() and declared_value.fullmatch(field.serialize())
    assert Link.parse(field.serialize()) == field


@given(st.text("<>a;= rel\"'*,\\", max_size=20).map("<a>; rel=b; ".__add__))
def test_any_text(text: str) -> None:
    """No text does more than be refused."""
    try:
        field = Link.parse(text)
    except PolicyError:
        return
    assert Link.parse(field.serialize()) == field
