"""Content-Security-Policy: its directives and their languages, the nonce, and what browsers would skip or misread."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import pytest
from assertions import assert_head
from hypothesis import given
from hypothesis import strategies as st
from wsgi import PLAIN, Line, call, responding, validated

import wsgi_headers
from wsgi_headers import (
    NONCE,
    Append,
    ContentSecurityPolicy,
    Default,
    HeadersMiddleware,
    Match,
    Merge,
    Policy,
    PolicyError,
    Rule,
    Set,
    hash_source,
)
from wsgi_headers.fields.content_security_policy import DIRECTIVES, OBSOLETE
from wsgi_headers.fields.source_lists import INLINE, KEYWORDS, PLACEHOLDER, SANDBOX_TOKENS

CSP = ContentSecurityPolicy
HASH = "'sha256-bhHHL3z2vDgxUt0W3dWQOrprscmda2Y5pLsLg4GF+pI='"

# (options, text). Rows from the tests of helmet and secure_headers, and of the grammar of CSP3 at 3e24aea, come first.
# Where they drop what is redundant (hosts beside `*`, `'none'` beside hosts, a bare host's slash), ours keeps or
# refuses it.
TEXTS: list[tuple[dict[str, Any], str]] = [
    ({"default_src": ["'self'"], "object_src": []}, "default-src 'self'; object-src 'none'"),
    ({"default_src": ["a.test"], "sandbox": []}, "default-src a.test; sandbox"),
    (
        {"default_src": ["'self'"], "report_uri": ["/r"], "report_to": "ep"},
        "default-src 'self'; report-to ep; report-uri /r",
    ),
    ({"default_src": ["a.test"], "upgrade_insecure_requests": True}, "default-src a.test; upgrade-insecure-requests"),
    ({"default_src": ["a.test"], "upgrade_insecure_requests": False}, "default-src a.test"),
    ({"default_src": ["a.test"], "base_uri": None}, "default-src a.test"),
    (
        {"default_src": ["*", "'unsafe-inline'", "http:", "a.test", "data:"]},
        "default-src * 'unsafe-inline' http: a.test data:",
    ),
    ({"default_src": ["a.test/", "b.test/foo/", "wss://c.test/"]}, "default-src a.test/ b.test/foo/ wss://c.test/"),
    (
        {
            "default_src": ["'self'"],
            "base_uri": ["'self'"],
            "font_src": ["'self'", "https:", "data:"],
            "form_action": ["'self'"],
            "frame_ancestors": ["'self'"],
            "img_src": ["'self'", "data:"],
            "object_src": ["'none'"],
            "script_src": ["'self'"],
            "script_src_attr": ["'none'"],
            "style_src": ["'self'", "https:", "'unsafe-inline'"],
            "upgrade_insecure_requests": True,
        },
        "default-src 'self'; base-uri 'self'; font-src 'self' https: data:; form-action 'self'; "
        "frame-ancestors 'self'; img-src 'self' data:; object-src 'none'; script-src 'self'; script-src-attr 'none'; "
        "style-src 'self' https: 'unsafe-inline'; upgrade-insecure-requests",
    ),
    ({"script_src": ["'none'"]}, "script-src 'none'"),
    ({"script_src": []}, "script-src 'none'"),
    ({"script_src": ["'strict-dynamic'"]}, "script-src 'strict-dynamic'"),
    ({"img_src": ["https:"]}, "img-src https:"),
    ({"img_src": ["*.example.com"]}, "img-src *.example.com"),
    ({"img_src": ["https://a.example/p%3Bq"]}, "img-src https://a.example/p%3Bq"),
    ({"report_uri": "/csp"}, "report-uri /csp"),
    ({"report_uri": ["/csp", "https://r.example/csp?a=b"]}, "report-uri /csp https://r.example/csp?a=b"),
    ({"webrtc": "'block'"}, "webrtc 'block'"),
    # One string, split at blanks; iterables of any kind; order as given.
    ({"script_src": " 'self'\thttps://a.example  data: "}, "script-src 'self' https://a.example data:"),
    ({"script_src": (source for source in ("b.example", "a.example"))}, "script-src b.example a.example"),
    ({"script_src": NONCE}, f"script-src {PLACEHOLDER}"),
    ({"object_src": (), "default_src": "'self'"}, "object-src 'none'; default-src 'self'"),
    # Keywords and algorithms have no case, and are written in the usual one.
    (
        {"script_src": ["'SELF'", "'Unsafe-Inline'", HASH.replace("sha", "SHA")]},
        f"script-src 'self' 'unsafe-inline' {HASH}",
    ),
    # Hosts, ports and paths.
    *(
        ({"connect_src": [source]}, f"connect-src {source}")
        for source in (
            "*",
            "*:*",
            "localhost:8000",
            "127.0.0.1",
            "a.example:*",
            "https://*",
            "https://*:8443",
            "ws://a.example",
            "https://*.a.example:443/x/~y/(z)=1",
            "https://a.example/%7Ex",
            "chrome-extension://abc",
            "blob:",
            "a.example.",
            "xn--bcher-kva.example",
        )
    ),
    (
        {"frame_ancestors": ["'self'", "https://*.partner.example", "https:"]},
        "frame-ancestors 'self' https://*.partner.example https:",
    ),
    ({"frame_ancestors": []}, "frame-ancestors 'none'"),
    ({"connect_src": ["'unsafe-webtransport-hashes'", HASH]}, f"connect-src 'unsafe-webtransport-hashes' {HASH}"),
    # Other languages.
    ({"sandbox": "allow-forms Allow-Scripts"}, "sandbox allow-forms allow-scripts"),
    *(({"sandbox": [token]}, f"sandbox {token}") for token in SANDBOX_TOKENS),
    ({"require_trusted_types_for": ["'script'"]}, "require-trusted-types-for 'script'"),
    ({"trusted_types": ["default", "a-b#c", "'allow-duplicates'"]}, "trusted-types default a-b#c 'allow-duplicates'"),
    ({"trusted_types": "*"}, "trusted-types *"),
    ({"trusted_types": []}, "trusted-types 'none'"),
    *(({"script_src": [keyword]}, f"script-src {keyword}") for keyword in KEYWORDS),
    *(({option: ["'self'"]}, f"{option.replace('_', '-')} 'self'") for option in DIRECTIVES if option.endswith("_src")),
]

SELF = "write \"'self'\""

# id: (options, [(code, place below the class, part of the fix)])
REFUSED: dict[str, tuple[dict[str, Any], list[tuple[str, str, str]]]] = {
    # How browsers misread it, observed in Chromium 156: an unquoted keyword is a host, so it allows nothing.
    "unquoted self": ({"script_src": ["self"]}, [("quote", "script_src[0]", SELF)]),
    "unquoted, other case": ({"script_src": "Self"}, [("quote", "script_src[0]", SELF)]),
    "unquoted none": ({"script_src": ["none"]}, [("quote", "script_src[0]", "'none'")]),
    "unquoted hash": ({"script_src": [HASH.strip("'")]}, [("quote", "script_src[0]", HASH)]),
    "unquoted nonce": ({"script_src": ["nonce-abc123"]}, [("nonce", "script_src[0]", "import NONCE")]),
    "static nonce": ({"script_src": ["'nonce-abc'"]}, [("nonce", "script_src[0]", "import NONCE")]),
    "static nonce, other case": ({"script_src": "'NONCE-abc'"}, [("nonce", "script_src[0]", "import NONCE")]),
    "NONCE as text": ({"script_src": ["NONCE"]}, [("nonce", "script_src[0]", "import NONCE")]),
    "placeholder": ({"script_src": [PLACEHOLDER]}, [("nonce", "script_src[0]", "import NONCE")]),
    "double quotes": ({"script_src": ['"self"']}, [("keyword", "script_src[0]", "Did you mean 'self', in single")]),
    "unknown keyword": ({"script_src": ["'unsafe-inlin'"]}, [("keyword", "script_src[0]", "'unsafe-inline'")]),
    "half a quote": ({"script_src": ["'self"]}, [("keyword", "script_src[0]", "'self'")]),
    "none beside another": ({"script_src": ["'none'", "'self'"]}, [("none", "script_src[0]", "alone")]),
    "another beside none": ({"img_src": "a.example 'None'"}, [("none", "img_src[1]", "alone")]),
    "none beside NONCE": ({"script_src": ["'none'", NONCE]}, [("none", "script_src[0]", "alone")]),
    "hash too short": ({"script_src": ["'sha256-xxxx'"]}, [("hash", "script_src[0]", "hash_source")]),
    "hash of another algorithm": (
        {"script_src": [HASH.replace("256", "384")]},
        [("hash", "script_src[0]", "hash_source")],
    ),
    "hash that is no base64": ({"script_src": ["'sha256-x'"]}, [("hash", "script_src[0]", "hash_source")]),
    "algorithm unknown": ({"script_src": ["'md5-abcd'"]}, [("keyword", "script_src[0]", "")]),
    # Injection.
    "semicolon": ({"script_src": ["https://a.example; script-src *"]}, [("separator", "script_src[0]", "%3B")]),
    "comma": ({"script_src": ["a.test,b.test"]}, [("separator", "script_src[0]", "%2C")]),
    "line feed": ({"script_src": ["https://a.example\nscript-src *"]}, [("separator", "script_src[0]", "one ")]),
    "line feed in a string": ({"script_src": "a.example\n*"}, [("separator", "script_src[0]", "one ")]),
    "blank": ({"script_src": ["a.test b.test"]}, [("separator", "script_src[0]", "one ")]),
    "NUL": ({"script_src": ["a.test\0"]}, [("separator", "script_src[0]", "one ")]),
    "not ASCII": ({"img_src": ["https://bücher.example"]}, [("ascii", "img_src[0]", "xn--")]),
    "no-break space": ({"img_src": "'self'\xa0a.example"}, [("ascii", "img_src[0]", "xn--")]),
    "empty expression": ({"img_src": [""]}, [("empty", "img_src[0]", "leave it out")]),
    "empty string": ({"img_src": " "}, [("empty", "img_src[0]", "leave it out")]),
    "a directive among sources": ({"img_src": "'self' script-src"}, [("separator", "img_src[1]", "script_src=")]),
    # What is no source.
    "star inside a label": ({"img_src": ["https://ex*mple.com"]}, [("source", "img_src[0]", "*.example.com")]),
    "star on the right": ({"img_src": ["example.*"]}, [("source", "img_src[0]", "*.example.com")]),
    "two stars": ({"img_src": ["*.*.example.com"]}, [("source", "img_src[0]", "*.example.com")]),
    "query": ({"img_src": ["https://a.example/p?q"]}, [("source", "img_src[0]", "without query")]),
    "fragment": ({"img_src": ["https://a.example/#x"]}, [("source", "img_src[0]", "without query")]),
    "user": ({"img_src": ["me@a.example"]}, [("source", "img_src[0]", "user")]),
    "underscore": ({"img_src": ["a_b.example"]}, [("source", "img_src[0]", "hyphens")]),
    "no host": ({"img_src": ["https://"]}, [("source", "img_src[0]", "host")]),
    "one slash": ({"img_src": ["https:/a.example"]}, [("source", "img_src[0]", "host")]),
    "no scheme": ({"img_src": ["//a.example"]}, [("source", "img_src[0]", "host")]),
    "path alone": ({"img_src": ["/images/"]}, [("source", "img_src[0]", "host")]),
    "port too great": ({"img_src": ["a.example:70000"]}, [("source", "img_src[0]", "host")]),
    "half an escape": ({"img_src": ["a.example/%3"]}, [("source", "img_src[0]", "host")]),
    "IPv6": ({"img_src": ["[::1]"]}, [("source", "img_src[0]", "host")]),
    "scheme without colon": ({"img_src": ["data"]}, [("scheme", "img_src[0]", "'data:'")]),
    # What says nothing where it stands.
    "keyword elsewhere": ({"img_src": ["'unsafe-inline'"]}, [("keyword", "img_src[0]", "leave it out")]),
    "hash elsewhere": ({"img_src": [HASH]}, [("keyword", "img_src[0]", "leave it out")]),
    "nonce for ancestors": ({"frame_ancestors": [NONCE]}, [("keyword", "frame_ancestors[0]", "leave it out")]),
    "keyword for ancestors": ({"frame_ancestors": ["'unsafe-inline'"]}, [("keyword", "frame_ancestors[0]", "leave")]),
    "repeated": ({"img_src": ["'self'", "'SELF'"]}, [("repeated", "img_src[1]", "once")]),
    "NONCE twice": ({"script_src": [NONCE, NONCE]}, [("repeated", "script_src[1]", "once")]),
    # Types.
    "no list": ({"img_src": 5}, [("type", "img_src", "list")]),
    "bytes": ({"img_src": b"'self'"}, [("type", "img_src", "list")]),
    "unordered": ({"img_src": {"'self'"}}, [("type", "img_src", "list")]),
    "True": ({"sandbox": True}, [("type", "sandbox", "list")]),
    "number in a list": ({"img_src": [5]}, [("type", "img_src[0]", "text")]),
    # Other languages.
    "sandbox token": ({"sandbox": ["allow-script"]}, [("token", "sandbox[0]", "Did you mean 'allow-scripts'?")]),
    "sandbox twice": ({"sandbox": "allow-forms allow-forms"}, [("repeated", "sandbox[1]", "once")]),
    "two endpoints": ({"report_to": ["a", "b"]}, [("report_to", "report_to", "one endpoint")]),
    "two endpoints in a string": ({"report_to": "a b"}, [("report_to", "report_to", "one endpoint")]),
    "address": ({"report_uri": ["/csp;script-src *"]}, [("separator", "report_uri[0]", "")]),
    "address, other": ({"report_uri": ["/a\\b"]}, [("address", "report_uri[0]", "/csp-reports")]),
    "address twice": ({"report_uri": ["/a", "/a"]}, [("repeated", "report_uri[1]", "once")]),
    "no address": ({"report_uri": []}, [("empty", "report_uri", "leave it out")]),
    "trusted none": ({"trusted_types": ["'none'", "a"]}, [("none", "trusted_types[0]", "alone")]),
    "trusted unquoted": ({"trusted_types": "allow-duplicates"}, [("quote", "trusted_types[0]", "'allow-duplicates'")]),
    "trusted name": ({"trusted_types": ["a:b"]}, [("type_policy", "trusted_types[0]", "a name")]),
    "trusted for": ({"require_trusted_types_for": "script"}, [("choice", "require_trusted_types_for", "\"'script'\"")]),
    "webrtc": ({"webrtc": "block"}, [("choice", "webrtc", "\"'block'\"")]),
    "flag": ({"upgrade_insecure_requests": ["'self'"]}, [("choice", "upgrade_insecure_requests", "True")]),
    "flag of text": ({"upgrade_insecure_requests": "yes"}, [("choice", "upgrade_insecure_requests", "True")]),
    # Report-only.
    "sandbox, reported": ({"report_only": True, "sandbox": []}, [("report_only", "sandbox", "leave it out")]),
    "upgrade, reported": (
        {"report_only": True, "upgrade_insecure_requests": True},
        [("report_only", "upgrade_insecure_requests", "leave it out")],
    ),
    "report_only no bool": ({"report_only": 1, "img_src": "*"}, [("report_only", "report_only", "True")]),
    "nothing": ({}, [("empty", "", "default_src")]),
    "nothing but None": ({"img_src": None, "upgrade_insecure_requests": False}, [("empty", "", "default_src")]),
    "all at once": (
        {"script_src": ["self", "'none'"], "img_src": ["a;b"], "webrtc": "1"},
        [
            ("quote", "script_src[0]", ""),
            ("none", "script_src[1]", ""),
            ("separator", "img_src[0]", ""),
            ("choice", "webrtc", ""),
        ],
    ),
    **{name: ({name: "x"}, [("obsolete", name, OBSOLETE[name])]) for name in OBSOLETE},
}


@pytest.mark.parametrize(("options", "text"), TEXTS, ids=[text for _, text in TEXTS])
def test_text(options: dict[str, Any], text: str) -> None:
    """Directives and sources stand in the order given, and the text is read again as the same."""
    policy = CSP(**options)
    assert policy.serialize() == text
    assert CSP.parse(text) == policy
    assert CSP.parse(text).serialize() == text
    assert policy == pickle.loads(pickle.dumps(policy)) == copy.deepcopy(policy) == policy.replace()
    assert eval(repr(policy), vars(wsgi_headers).copy()) == policy
    assert hash(CSP.parse(text)) == hash(policy)


@pytest.mark.parametrize(("options", "problems"), REFUSED.values(), ids=REFUSED)
def test_refused(options: dict[str, Any], problems: list[tuple[str, str, str]]) -> None:
    """What a browser would skip or misread is refused, every mistake at once, each with its place and the fix."""
    with pytest.raises(PolicyError) as caught:
        CSP(**options)
    assert [(problem.code, problem.where) for problem in caught.value.problems] == [
        (f"content_security_policy.{code}", f"ContentSecurityPolicy.{place}".rstrip(".")) for code, place, _ in problems
    ]
    for problem, (_, _, fix) in zip(caught.value.problems, problems, strict=True):
        assert fix in problem.fix


@pytest.mark.parametrize(
    ("option", "meant"),
    [
        ("scriptsrc", "script_src"),
        ("DEFAULT_SRC", "default_src"),
        ("frame_ancestor", "frame_ancestors"),
        ("reportOnly", "report_only"),
    ],
)
def test_misspelt_directive(option: str, meant: str) -> None:
    """An unknown directive, which browsers ignore, is told with the one that was meant."""
    with pytest.raises(PolicyError) as caught:
        CSP(**{option: "'self'"})
    assert [problem.code for problem in caught.value.problems] == ["argument.unknown"]
    assert repr(meant) in str(caught.value)


# (text, options)
READ: list[tuple[str, dict[str, Any]]] = [
    ("SCRIPT-SRC 'self'", {"script_src": ["'self'"]}),
    ("script-src\t'self'  a.example ", {"script_src": ["'self'", "a.example"]}),
    (";;; script-src 'self' ;;img-src *", {"script_src": ["'self'"], "img_src": ["*"]}),
    ("script-src", {"script_src": []}),
    ("img-src 'none'", {"img_src": []}),
    ("script-src 'UNSAFE-INLINE'", {"script_src": ["'unsafe-inline'"]}),
    (
        "script-src 'none'; report-uri /x; script-src-elem 'unsafe-inline'",
        {"script_src": [], "script_src_elem": "'unsafe-inline'", "report_uri": "/x"},
    ),
    # The placeholder stands where those pages had a nonce.
    (f"script-src {PLACEHOLDER}", {"script_src": [NONCE]}),
    (f"SCRIPT-SRC\t{PLACEHOLDER}  ", {"script_src": [NONCE]}),
    (f";;; script-src {PLACEHOLDER} ;;", {"script_src": [NONCE]}),
    (f"script-src {PLACEHOLDER};img-src 'none'", {"script_src": [NONCE], "img_src": []}),
    (f"script-src 'unsafe-inline' {PLACEHOLDER}", {"script_src": ["'unsafe-inline'", NONCE]}),
    (f"script-src 'strict-dynamic' {PLACEHOLDER}", {"script_src": ["'strict-dynamic'", NONCE]}),
    (f"default-src 'none'; script-src {PLACEHOLDER}", {"default_src": [], "script_src": [NONCE]}),
    ("report-uri /a; report-to b; img-src *", {"img_src": "*", "report_to": "b", "report_uri": "/a"}),
]
# Observed in Chromium 156: each of these leaves something unprotected or means something else than it looks like.
UNREADABLE = [
    "",
    ";",
    "script-src 'nonce-abc123=='",
    "script-src nonce-abc123==",
    "script-src 'nonce-other'",
    "script-src 'NONCE-abc123=='",
    "script-src 'nonce-abc!'",
    "script-src 'nonce-'",
    "default-src 'nonce-abc123=='",
    "script-src self",
    "script-src none",
    f"script-src 'none' {PLACEHOLDER}",
    f"script-src {PLACEHOLDER.replace('nonce', 'NONCE')}",
    "script-src 'none' é",
    "img-src é; script-src 'none'",
    "\"script-src 'none'\"",
    "script-src: 'none'",
    "script_src 'none'",
    "foo bar; script-src 'none'",
    "script-src 'none'; script-src 'unsafe-inline'",
    f"script-src {PLACEHOLDER}; script-src 'unsafe-inline'",
    "script-src 'unsafe-inline'; script-src 'none'",
    "script-src 'none'; report-uri /x; script-src 'unsafe-inline'",
    "report-uri /x; script-src 'unsafe-inline'; script-src 'none'",
    "script-src 'none', script-src 'self'",
    f"script-src {PLACEHOLDER}, script-src 'none'",
    f"script-src {PLACEHOLDER},'unsafe-inline'",
    "script-src 'self','unsafe-inline'",
    "script-src 'sha256-xxxx'",
    "report-only; script-src 'none'",
    "report_only 1; script-src 'none'",
    "report-to a b",
    "report-to",
    "upgrade-insecure-requests 1",
    "block-all-mixed-content",
]


@pytest.mark.parametrize(("text", "options"), READ, ids=[text for text, _ in READ])
def test_read(text: str, options: dict[str, Any]) -> None:
    """Text is read as browsers read it."""
    assert CSP.parse(text) == CSP(**options)
    assert CSP.parse(text, report_only=True) == CSP(report_only=True, **options)


@pytest.mark.parametrize("text", UNREADABLE)
def test_unreadable(text: str) -> None:
    """What browsers would skip in part is refused when it is read, too."""
    with pytest.raises(PolicyError):
        CSP.parse(text)


def test_unreadable_names_what_it_is() -> None:
    """What is no directive, though an option is called so, is told as it was written."""
    with pytest.raises(PolicyError, match="unknown directive 'Report-Only'"):
        CSP.parse("Report-Only; script-src 'none'")


def test_directives_are_attributes() -> None:
    """A directive is read by its option: a tuple, () for `'none'`, None where it is absent."""
    policy = CSP(script_src=["'self'", NONCE], object_src="'none'", upgrade_insecure_requests=True, report_to="a")
    assert policy.script_src == ("'self'", NONCE)
    assert policy.object_src == ()
    assert (policy.upgrade_insecure_requests, policy.report_to, policy.img_src) == (True, "a", None)
    with pytest.raises(AttributeError):
        policy.script_source  # noqa: B018


# ----------------------------------------------------------------------------------------------------------------------
# Copies
# ----------------------------------------------------------------------------------------------------------------------

# id: (before, more, after)
EXTENDED: dict[str, tuple[dict[str, Any], dict[str, Any], str]] = {
    "present": (
        {"default_src": "'self'", "script_src": "a.test"},
        {"script_src": "b.test"},
        "default-src 'self'; script-src a.test b.test",
    ),
    "absent": ({"default_src": "'self'"}, {"script_src": ["a.test"]}, "default-src 'self'; script-src 'self' a.test"),
    "nothing to start from": ({"img_src": "*"}, {"script_src": "a.test"}, "img-src *; script-src a.test"),
    "no fetch directive": (
        {"default_src": "'self'"},
        {"form_action": "a.test"},
        "default-src 'self'; form-action a.test",
    ),
    "after none": ({"script_src": []}, {"script_src": "a.test"}, "script-src a.test"),
    "none added": ({"script_src": "a.test"}, {"script_src": []}, "script-src a.test"),
    "there already": (
        {"script_src": "a.test 'self'"},
        {"script_src": "'Self' b.test"},
        "script-src a.test 'self' b.test",
    ),
    "nearer list": (
        {"default_src": "*", "script_src": [NONCE]},
        {"script_src_elem": "a.test"},
        f"default-src *; script-src {PLACEHOLDER}; script-src-elem {PLACEHOLDER} a.test",
    ),
    "worker": (
        {"default_src": "*", "script_src": [NONCE, "'self'", "'strict-dynamic'"]},
        {"worker_src": "blob:"},
        f"default-src *; script-src {PLACEHOLDER} 'self' 'strict-dynamic'; worker-src 'self' blob:",
    ),
    "frame": (
        {"default_src": "*", "child_src": "a.test"},
        {"frame_src": "b.test"},
        "default-src *; child-src a.test; frame-src a.test b.test",
    ),
    "for images": (
        {"default_src": ["'self'", "'unsafe-inline'", NONCE, HASH]},
        {"img_src": "data:"},
        f"default-src 'self' 'unsafe-inline' {PLACEHOLDER} {HASH}; img-src 'self' data:",
    ),
    "no list": (
        {"img_src": "*"},
        {"upgrade_insecure_requests": True, "report_to": "a"},
        "img-src *; upgrade-insecure-requests; report-to a",
    ),
    "replaced": ({"img_src": "*", "report_to": "a"}, {"report_to": "b"}, "img-src *; report-to b"),
    "sandbox": ({"sandbox": []}, {"sandbox": "allow-forms"}, "sandbox allow-forms"),
    "nothing": ({"img_src": "*"}, {"script_src": None, "upgrade_insecure_requests": False}, "img-src *"),
}


@pytest.mark.parametrize(("before", "more", "after"), EXTENDED.values(), ids=EXTENDED)
def test_extend(before: dict[str, Any], more: dict[str, Any], after: str) -> None:
    """More sources, from what stood for the list where it was absent; the policy itself stays as it was."""
    policy = CSP(**before)
    assert policy.extend(**more).serialize() == after
    assert policy == CSP(**before)


def test_extend_keeps_the_field() -> None:
    """What is only reported stays so, and mistakes are told by their place in what was given."""
    assert CSP(img_src="*", report_only=True).extend(img_src="data:") == CSP(img_src="* data:", report_only=True)
    with pytest.raises(PolicyError) as caught:
        CSP(script_src="a.test").extend(script_src=["self"], scrip_src="b.test")  # type: ignore[call-arg]
    assert [problem.where for problem in caught.value.problems] == [
        "ContentSecurityPolicy.script_src[0]",
        "ContentSecurityPolicy",
    ]


def test_extend_does_not_change_the_field() -> None:
    """The other field is a matter of replace, so that nothing is lost in silence."""
    with pytest.raises(PolicyError, match="replace"):
        CSP(img_src="*").extend(report_only=True)  # type: ignore[call-arg]


def test_replace() -> None:
    """A directive is replaced, added in its place or, by None, left out; so is the field."""
    policy = CSP(default_src="'self'", img_src="*")
    assert policy.replace(img_src="data:") == CSP(default_src="'self'", img_src="data:")
    assert policy.replace(img_src=None, script_src=[NONCE]) == CSP(default_src="'self'", script_src=[NONCE])
    assert policy.replace(report_only=True) == CSP(report_only=True, default_src="'self'", img_src="*")
    assert policy.replace(report_only=True).name == "Content-Security-Policy-Report-Only"
    with pytest.raises(PolicyError):
        policy.replace(image_src="*")


# ----------------------------------------------------------------------------------------------------------------------
# Nonces and hashes
# ----------------------------------------------------------------------------------------------------------------------

# id: (sources of script-src beside NONCE, what they are for a response that asked for no nonce)
UNASKED: dict[str, tuple[list[str], str]] = {
    "nothing else": ([], "'none'"),
    "a host": (["'self'", "a.example"], "'self' a.example"),
    "unsafe-inline was without effect": (["'self'", "'unsafe-inline'"], "'self'"),
    "nothing but unsafe-inline": (["'unsafe-inline'"], "'none'"),
    "strict-dynamic": (["'strict-dynamic'", "https:", "'unsafe-inline'"], "'none'"),
    "strict-dynamic and a hash": (["'strict-dynamic'", HASH, "https:"], f"'strict-dynamic' {HASH} https:"),
    "a hash": ([HASH, "'unsafe-inline'"], HASH),
    "report-sample": (["'report-sample'", "'self'"], "'report-sample' 'self'"),
}


@pytest.mark.parametrize(("beside", "unasked"), UNASKED.values(), ids=UNASKED)
@pytest.mark.parametrize("place", ["first", "last"])
def test_without_nonce(beside: list[str], unasked: str, place: str) -> None:
    """A response that asked for no nonce is as safe as one that did, and says nothing of one."""
    sources = [NONCE, *beside] if place == "first" else [*beside, NONCE]
    policy = CSP(img_src="*", script_src=sources, style_src="'unsafe-inline'")
    assert policy.sent() == f"img-src *; script-src {unasked}; style-src 'unsafe-inline'"


def test_with_nonce() -> None:
    """The nonce stands in every place of NONCE, and everything else stays."""
    policy = CSP(default_src="'self'", script_src=["'strict-dynamic'", NONCE, "https:"], style_src=[NONCE])
    assert policy.sent("r4nd0m") == (
        "default-src 'self'; script-src 'strict-dynamic' 'nonce-r4nd0m' https:; style-src 'nonce-r4nd0m'"
    )
    assert policy._pieces() == ("default-src 'self'; script-src 'strict-dynamic' ", " https:; style-src ", "")
    assert policy.takes_nonce


def test_policy_without_nonce() -> None:
    """A policy without NONCE is the same with and without one; 'unsafe-inline' stays where it has effect."""
    policy = CSP(script_src="'unsafe-inline' 'strict-dynamic'")
    assert policy._pieces() == (policy.serialize(),)
    assert policy.sent() == policy.sent("abc") == policy.serialize()
    assert not policy.takes_nonce


def test_nonce_is_shown_in_no_way_that_browsers_accept() -> None:
    """The text for reading has a character that no nonce has (CSP3 2.3.1, base64-value)."""
    assert CSP(script_src=[NONCE]).serialize() == "script-src 'nonce-{NONCE}'"


def test_nonce_is_one() -> None:
    """NONCE is itself after every copy."""
    assert copy.deepcopy(NONCE) is NONCE is pickle.loads(pickle.dumps(NONCE))
    assert repr(NONCE) == "NONCE"


@pytest.mark.parametrize(("algorithm", "length"), [("sha256", 44), ("sha384", 64), ("sha512", 88)])
def test_hash_source(algorithm: str, length: int) -> None:
    """A hash is of the text's UTF-8 octets, in base64, and a source list takes it."""
    made = hash_source("alert('é')", algorithm)
    assert made == hash_source("alert('é')".encode(), algorithm) != hash_source("alert('é') ", algorithm)
    assert len(made) == len(f"'{algorithm}-'") + length
    assert CSP(script_src=[made]).script_src == (made,)


def test_hash_of_a_known_script() -> None:
    """The digest of `alert(1)` as other tools write it."""
    assert hash_source("alert(1)") == HASH


@pytest.mark.parametrize(("text", "algorithm"), [("a", "md5"), ("a", "sha-256"), ("a", 5), (5, "sha256")])
def test_hash_refused(text: Any, algorithm: Any) -> None:
    """Only what browsers know."""
    with pytest.raises(PolicyError):
        hash_source(text, algorithm)


# ----------------------------------------------------------------------------------------------------------------------
# In policies
# ----------------------------------------------------------------------------------------------------------------------

ENFORCED = CSP(default_src="'self'", script_src="'self'")
REPORTED = CSP(default_src="'self'", script_src="'self' a.test", report_only=True)


def sent(policy: Policy, *lines: Line, **request: Any) -> list[Line]:
    return call(HeadersMiddleware(validated(responding(PLAIN, *lines)), policy), **request).lines


def test_enforced_and_reported() -> None:
    """Both fields stand side by side."""
    assert_head(
        sent(Policy(ENFORCED, REPORTED)),
        [
            PLAIN,
            ("Content-Security-Policy", "default-src 'self'; script-src 'self'"),
            ("Content-Security-Policy-Report-Only", "default-src 'self'; script-src 'self' a.test"),
        ],
    )


def test_several_lines() -> None:
    """An appended policy is a line of its own, which is enforced beside the first."""
    lines = sent(Policy(ENFORCED, Append(CSP(img_src="*"))), ("Content-Security-Policy", "base-uri 'none'"))
    assert [value for name, value in lines if name == "Content-Security-Policy"] == [ENFORCED.serialize(), "img-src *"]


def test_nonce_not_asked_for() -> None:
    """A response that asked for no nonce carries none, nor the placeholder."""
    policy = CSP(script_src=[NONCE, "'self'"])
    for part in (policy, Set(policy), Default(policy), Append(policy), Merge(policy)):
        assert_head(sent(Policy(part)), [PLAIN, ("Content-Security-Policy", "script-src 'self'")])
    assert_head(
        sent(Policy(Set("Content-Security-Policy", lambda environ: policy))),
        [PLAIN, ("Content-Security-Policy", "script-src 'self'")],
    )


def test_callable_raises() -> None:
    """A mistake in a policy that is made for a request is raised in the application's own call."""
    made = Set("Content-Security-Policy", lambda environ: CSP(default_src=environ["HTTP_X_SOURCES"]))
    with pytest.raises(PolicyError):
        sent(Policy(made), HTTP_X_SOURCES="x;y")
    assert_head(sent(Policy(made), HTTP_X_SOURCES="x y"), [PLAIN, ("Content-Security-Policy", "default-src x y")])


# id: parts that contradict each other
CONTRADICTIONS: dict[str, Any] = {
    "enforced": lambda: Policy(ENFORCED, CSP(img_src="*")),
    "equal": lambda: Policy(ENFORCED, CSP.parse(ENFORCED.serialize())),
    "the same twice": lambda: Policy(ENFORCED, ENFORCED),
    "three": lambda: Policy(ENFORCED, CSP(img_src="*"), CSP(font_src="*")),
    "reported": lambda: Policy(REPORTED, CSP(img_src="*", report_only=True)),
    "in a rule": lambda: Rule(Match(path="/a/"), ENFORCED, CSP(img_src="*")),
    "others between": lambda: Policy(ENFORCED, REPORTED, Set("X-A", "1"), CSP(img_src="*")),
}


@pytest.mark.parametrize("build", CONTRADICTIONS.values(), ids=CONTRADICTIONS)
def test_two_side_by_side(build: Any) -> None:
    """The second would drop the first, so it is refused, once, with what to do instead."""
    with pytest.raises(PolicyError) as caught:
        build()
    assert [problem.code for problem in caught.value.problems] == ["content_security_policy.two"]
    assert "Append" in caught.value.problems[0].fix


@pytest.mark.parametrize(
    ("policy", "value"),
    [
        (Policy(Policy(ENFORCED), CSP(img_src="*")), "img-src *"),
        (Policy(ENFORCED, Policy(CSP(img_src="*"))), "img-src *"),
        (Policy(ENFORCED, Rule(Match(path="/"), CSP(img_src="*"))), "img-src *"),
        (Policy(ENFORCED, Set(CSP(img_src="*"))), "img-src *"),
        (Policy(Default(ENFORCED), CSP(img_src="*")), "img-src *"),
    ],
)
def test_replaced(policy: Policy, value: str) -> None:
    """After a nested policy, under a rule and as operations, the later one replaces the earlier, which is meant."""
    assert_head(sent(policy), [PLAIN, ("Content-Security-Policy", value)])


# ----------------------------------------------------------------------------------------------------------------------
# Made-up policies
# ----------------------------------------------------------------------------------------------------------------------

sources = st.sampled_from(
    ["'self'", "*", "https:", "data:", "a.example", "*.b.example:*", "https://c.example/d/", "127.0.0.1:80", NONCE]
)
inline_sources = st.one_of(sources, st.sampled_from([*KEYWORDS[1:], HASH]))
values = {
    option: st.lists(inline_sources if option in INLINE else sources, unique=True, max_size=4)
    for option in DIRECTIVES
    if option.endswith("_src") or option in ("base_uri", "form_action")
}
others = {
    "frame_ancestors": st.lists(sources.filter(lambda source: source is not NONCE), unique=True, max_size=3),
    "sandbox": st.lists(st.sampled_from(SANDBOX_TOKENS), unique=True, max_size=3),
    "webrtc": st.sampled_from(["'allow'", "'block'"]),
    "trusted_types": st.lists(st.sampled_from(["a", "B-c", "*", "'allow-duplicates'"]), unique=True),
    "require_trusted_types_for": st.just("'script'"),
    "upgrade_insecure_requests": st.just(True),
    "report_to": st.sampled_from(["csp", "default"]),
    "report_uri": st.lists(st.sampled_from(["/a", "https://r.example/b?c"]), unique=True, min_size=1),
}
options = st.lists(st.sampled_from(sorted({**values, **others})), unique=True, min_size=1, max_size=6).flatmap(
    lambda names: st.fixed_dictionaries({name: {**values, **others}[name] for name in names})
)


@given(options)
def test_round_trip(made: dict[str, Any]) -> None:
    """Whatever was accepted is written, read again as the same, and built anew by replacing."""
    policy = CSP(**made)
    assert CSP.parse(policy.serialize()) == policy
    assert policy.replace(img_src="*") == CSP(**{**made, "img_src": "*"})
    assert "{" not in policy.sent() and "nonce" not in policy.sent()
    # Read without its nonce, it is a policy that asks for none.
    assert CSP.parse(policy.sent()).sent() == policy.sent()
    assert policy.sent("x") == policy.serialize().replace("{NONCE}", "x")


@given(options, options)
def test_extending_is_building_anew(before: dict[str, Any], more: dict[str, Any]) -> None:
    """A list that was there has its sources, then the new ones; nothing that was there is lost."""
    extended = CSP(**before).extend(**more)
    assert CSP.parse(extended.serialize()) == extended
    for option, value in CSP(**before).directives.items():
        now = extended.directives[option]
        if type(value) is tuple:
            assert now[: len(value)] == value
            if option in more:
                added = CSP(**more).directives[option]
                assert now[len(value) :] == tuple(source for source in added if source not in value)


@given(st.text(st.characters(max_codepoint=0x17F), max_size=12))
def test_whatever_is_accepted_can_be_sent(text: str) -> None:
    """No text gets out of its place: it is refused, or stands as the one expression that it is."""
    for option in ("script_src", "frame_ancestors", "report_uri", "report_to", "trusted_types", "sandbox"):
        try:
            policy = CSP(img_src="*", **{option: text if option == "report_to" else [text]})  # type: ignore[misc]
        except PolicyError:
            continue
        name, _, value = policy.serialize().partition("; ")[2].partition(" ")
        assert name == option.replace("_", "-")
        assert not set(value) & set(";, \r\n\0") and value.isascii()
