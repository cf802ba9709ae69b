"""Origins: what may be named, what is refused and why, and which Origin fields fit."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wsgi_headers.errors import Problems
from wsgi_headers.origins import ANY, Origins, Pattern, check_origin, parse

# Hosts that are as long as they may be, and one character longer.
LONGEST = f"{'.'.join(['a' * 63] * 3)}.{'a' * 61}"

# From the tests of jub0bs/cors, `internal/origins/pattern_test.go`; not all of its schemes: RFC 3986 3.1 has no "_".
ACCEPTED: dict[str, Pattern] = {
    "https://example.com": Pattern("https", "example.com", "", False),
    "http://example.com": Pattern("http", "example.com", "", False),
    "https://example.com:8443": Pattern("https", "example.com", "8443", False),
    "https://example.com:80": Pattern("https", "example.com", "80", False),
    "https://example.com:1": Pattern("https", "example.com", "1", False),
    "https://example.com:65535": Pattern("https", "example.com", "65535", False),
    "https://example.com:*": Pattern("https", "example.com", ANY, False),
    "https://*.example.com": Pattern("https", "example.com", "", True),
    "http://*.example.com:3999": Pattern("http", "example.com", "3999", True),
    "https://*.example.com:*": Pattern("https", "example.com", ANY, True),
    "https://*.example.com.": Pattern("https", "example.com.", "", True),
    "http://example.com.:3999": Pattern("http", "example.com.", "3999", False),
    "http://ex_am-ple.com:3999": Pattern("http", "ex_am-ple.com", "3999", False),
    "https://r3---sn-a.example": Pattern("https", "r3---sn-a.example", "", False),
    "https://xn--e1afmkfd.example": Pattern("https", "xn--e1afmkfd.example", "", False),
    "https://intranet": Pattern("https", "intranet", "", False),
    "http://localhost:*": Pattern("http", "localhost", ANY, False),
    "https://127.0.0.1:90": Pattern("https", "127.0.0.1", "90", False),
    "http://69.254.169.254": Pattern("http", "69.254.169.254", "", False),
    "http://[::1]:90": Pattern("http", "[::1]", "90", False),
    "http://[::1]:*": Pattern("http", "[::1]", ANY, False),
    "http://[2001:db8:aaaa:1111::100]:9090": Pattern("http", "[2001:db8:aaaa:1111::100]", "9090", False),
    "connector://foo": Pattern("connector", "foo", "", False),
    "chrome-extension://abcdefgh": Pattern("chrome-extension", "abcdefgh", "", False),
    f"https://{LONGEST}": Pattern("https", LONGEST, "", False),
}

REFUSED: dict[str, list[str]] = {
    "null": ["null"],
    "scheme": ["", " ", "*", "h*", "a.example", "//a.example", "javascript:alert(1)", "https:a.example", "https:/a"]
    + [
        "42://foo",
        "chrome-extension*://foo",
        " https://a.example",
        "ab:",
        "://a.example",
        "1https://a.example",
        "*://a.example",
    ],
    "file": ["file://", "file:///x"],
    "case": ["HTTPS://a.example", "https://A.example", "http://[2001:DB8::1]"],
    "characters": ["https://r\xe9sum\xe9.example", "https://a.example\u3002com", "https://\u212a.example"],
    "path": [
        "https://a.example/",
        "https://a.example/path",
        "http://a.example:60/path",
        "https://a.example?",
        "https:///",
    ]
    + ["https://a.example?q=1", "https://a.example#", "https://a.example#f", "https://a.example\\b"],
    "userinfo": ["https://user@a.example", "https://user:password@a.example:6060"],
    "port": ["https://a.example:0", "https://a.example:65536", "https://a.example:", "https://a.example:-1"]
    + ["https://a.example:abc", "https://a.example:06060", "https://a.example:123456", "https://a.example:12345b"]
    + ["https://a.example:80:*", "http://127.0.0.1:", "http://[::1]:", "http://[::1]:0"],
    "port.default": ["http://a.example:80", "https://a.example:443", "https://*.a.example:443", "http://[::1]:80"],
    "pattern": ["https://a.*.example", "https://**.a.example", "https://*a.example", "https://*", "https://*.*"]
    + ["https://a.example:4*", "https://*.[::1]", "https://*.127.0.0.1", "https://*.*.a.example"],
    "suffix": ["https://*.com", "https://*.com:*", "https://*.com.", "http://*.localhost"],
    "host": ["https://", "https://^foo", "https://foo.^bar", "https://a..example", "https://.a.example", "https://-a"]
    + ["https://a.example..", "https://a b.example", "https://a.example\n", "https://a%2e.example", "https://[x]"]
    + [
        "https://a.example:80:80",
        "https://::1:90",
        "http://[::1:90",
        "https://::1]:90",
        "https://abc[::1]:90",
        "https://[::1]a:90",
    ]
    + [f"https://a{LONGEST}", f"https://*.{LONGEST}", f"https://{'a' * 64}.example", "https://xn--f.example"]
    + ["https://xn--.example", "https://xn--a-.example", "https://fe80::1%eth2", "https://[fe80::1%eth2]:90"],
    "address": ["http://1:6060", "http://127.1:3999", "http://127.0.0.1.1", "https://127.0.0.1.:90", "http://0x7f.1"]
    + ["http://foo.bar.255", "https://010.0.0.1", "http://[0:0:0:0:0:0:0:1]:9090", "http://[::ffff:7f7f:7f7f]:90"]
    + ["http://[2001:4860:4860:0000:0000:0000:0000:8888]", "http://[::::1]"],
}


def codes(value: object, *, patterns: bool = True) -> list[str]:
    """Return the codes of what is wrong with an origin."""
    problems = Problems()
    check_origin(problems, "origins[0]", value, patterns=patterns)
    return [problem.code for problem in problems]


@pytest.mark.parametrize("text", ACCEPTED)
def test_accepted(text: str) -> None:
    """An origin in the form that browsers send, or a pattern, is taken apart."""
    assert codes(text) == []
    assert parse(text) == ACCEPTED[text]


@pytest.mark.parametrize(("code", "text"), [(code, text) for code, texts in REFUSED.items() for text in texts])
def test_refused(code: str, text: str) -> None:
    """What no browser sends, and what allows more than it seems to, is refused for one reason."""
    assert codes(text) == [f"origin.{code}"]


@pytest.mark.parametrize("value", [None, 1, b"https://a.example", ("https://a.example",)], ids=repr)
def test_no_text(value: object) -> None:
    """An origin is text."""
    assert codes(value) == ["origin.type"]


@pytest.mark.parametrize(
    ("text", "fix"),
    {
        "a.example": "'https://a.example'",
        "https://a.example/": "'https://a.example'",
        "https://A.Example": "'https://a.example'",
        "https://a.example:443": "'https://a.example'",
        "https://me@a.example": "'https://a.example'",
        "http://[0:0:0:0:0:0:0:1]": "'[::1]'",
    }.items(),
)
def test_fix(text: str, fix: str) -> None:
    """The message says what to write instead."""
    problems = Problems()
    check_origin(problems, "origins[0]", text)

    assert [problem.fix for problem in problems] == [f"write {fix}"]


@pytest.mark.parametrize("text", [text for text in ACCEPTED if "*" in text])
def test_patterns_where_none_may_stand(text: str) -> None:
    """Where an exact origin is asked for, a pattern is refused."""
    assert codes(text, patterns=False) == ["origin.pattern"]


@pytest.mark.parametrize(
    ("text", "loopback"),
    {
        "http://localhost": True,
        "http://localhost.:1": True,
        "http://a.localhost:*": True,
        "http://*.a.localhost": True,
        "http://127.127.127.127": True,
        "http://[::1]:90": True,
        "http://notlocalhost": False,
        "http://localhost.example": False,
        "http://169.254.169.254:90": False,
        "http://[2001:db8::1]": False,
    }.items(),
)
def test_loopback(text: str, loopback: bool) -> None:
    """The browser's own machine, by name and by address."""
    assert parse(text).loopback is loopback


# Patterns, the Origin fields that fit, and those that do not.
FIT: dict[str, tuple[list[str], list[str]]] = {
    "https://*.example.com": (
        [
            "https://a.example.com",
            "https://b.a.example.com",
            "https://xn--e1afmkfd.example.com",
            "https://_.example.com",
        ],
        ["https://example.com", "https://.example.com", "https://evilexample.com", "http://a.example.com"]
        + ["https://a.example.com:8443", "https://a.example.com:443", "https://a.example.com.", "https://A.example.com"]
        + ["https://a.example.com.evil.example", "https://.example.com.evil", "https://evil.com/.example.com"]
        + ["https://a..example.com", "https://a`b.example.com", "https://a.example.com\n", "\nhttps://a.example.com"]
        + ["https://a.example.com,https://b.example.com", "https://me@a.example.com", "https://a.example.com/", "null"]
        + ["https://a.example.com https://b.example.com", "https://a%00.example.com", "https://a.exampleXcom", ""]
        + ["https://*.example.com", f"https://{'a' * 64}.example.com", f"https://{'a.' * 40_000}example.com"],
    ),
    "https://example.com:*": (
        ["https://example.com", "https://example.com:1", "https://example.com:65535"],
        ["https://example.com:443", "https://example.com:0", "https://example.com:65536", "https://example.com:"]
        + ["https://example.com:08443", "https://a.example.com", "https://example.com:*", "https://example.com:\u0661"],
    ),
    "http://*.example.com:8080": (
        ["http://a.example.com:8080"],
        ["http://a.example.com", "http://a.example.com:80801", "http://example.com:8080"],
    ),
    "https://*.example.com:*": (
        ["https://a.example.com", "https://a.example.com:8443"],
        ["https://example.com:8443", "http://a.example.com:8443"],
    ),
    "http://[::1]:*": (["http://[::1]", "http://[::1]:9090"], ["http://[::2]", "http://::1", "http://[0::1]"]),
}


@pytest.mark.parametrize(
    ("pattern", "origin", "fits"),
    [(pattern, origin, False) for pattern, (_, others) in FIT.items() for origin in others]
    + [(pattern, origin, True) for pattern, (fitting, _) in FIT.items() for origin in fitting],
    ids=lambda value: str(value)[:60],
)
def test_fit(pattern: str, origin: str, fits: bool) -> None:
    """A star stands for whole labels in front, or for any port that a browser sends."""
    assert Origins([pattern, "https://other.example"]).fit(origin) is fits


def test_exact() -> None:
    """Exact origins are compared as text, and fit no pattern."""
    origins = Origins(["https://b.example", "https://a.example", "https://b.example"])

    assert origins.exact == {"https://a.example", "https://b.example"}
    assert not origins.patterns
    assert "https://a.example" in origins
    assert not origins.fit("https://a.example")


labels = st.sampled_from(["a", "b", "example", "com", "evil"])
hosts = st.lists(labels, min_size=1, max_size=4).map(".".join)
ports = st.sampled_from(["", ":8443", ":8080"])
urls = st.builds("{}://{}{}".format, st.sampled_from(["https", "http"]), hosts, ports)
stars = st.builds(
    "{}://{}{}{}".format,
    st.sampled_from(["https", "http"]),
    st.sampled_from(["*.", ""]),
    st.lists(labels, min_size=2, max_size=3).map(".".join),
    st.sampled_from(["", ":*", ":8443"]),
)


@given(st.lists(stars, max_size=4), urls)
def test_fit_is_what_a_pattern_says(patterns: list[str], origin: str) -> None:
    """However many patterns there are, an origin is among them where one of them, read part by part, allows it."""
    origins = Origins(patterns)
    scheme, host, port = parse(origin)[:3]

    def allows(text: str) -> bool:
        pattern = parse(text)
        below = host.endswith(f".{pattern.host}") if pattern.subdomains else host == pattern.host
        return scheme == pattern.scheme and below and pattern.port in (port, ANY)

    assert (origin in origins) is any(map(allows, patterns))
