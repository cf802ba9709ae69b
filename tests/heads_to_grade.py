"""Heads as sites send them, good, bad and odd, made up by hypothesis from pools that meet the graders' rules."""

from __future__ import annotations

from hypothesis import strategies as st
from wsgi import Line

from wsgi_headers.audit import PROBE_ORIGIN

HOST = "www.site.example"
HOSTS = (HOST, HOST, "site.example", "localhost", "127.0.0.1", "[::1]")

SOURCES = (
    *("'self'", "'none'", "'unsafe-inline'", "'unsafe-eval'", "'strict-dynamic'", "'nonce-abc'", "'sha256-abc='"),
    *("'SHA512-x'", "'Nonce-A'", "'Unsafe-Inline'", "https:", "http:", "ftp:", "data:", "blob:", "*", "HTTPS:"),
    *("https://a.test", "https://a.test/x", "https://a.test/x/y", "http://a.test", "a.test", "*.a.test", "https"),
    *("https://*", "http://*", "http://*.*", "https://*.*", "ftp://a.test", "wss://a.test", "a", "ab", "_a", "-a"),
    *("//a.test", "https://a.test:8443", "'none',", "?", "~", "'self'x"),
)
DIRECTIVES = (
    *("default-src", "script-src", "style-src", "object-src", "img-src", "media-src", "connect-src", "font-src"),
    *("base-uri", "form-action", "frame-ancestors", "sandbox", "upgrade-insecure-requests", "report-uri", "report-to"),
    *("Default-Src", "SCRIPT-SRC", "script-src-elem", "frame-src", "trusted-types", "unknown"),
)
blanks = st.sampled_from([" ", " ", " ", "  ", "\t", ""])
directives = st.builds(
    lambda name, sources, before, between: before + between.join([name, *sources]),
    st.sampled_from(DIRECTIVES),
    st.lists(st.sampled_from(SOURCES), max_size=5),
    blanks,
    st.sampled_from([" ", " ", " ", "  ", "\t "]),
)
# Each directive once, as nearly every site has it, or as it comes.
policies = st.one_of(
    st.lists(directives, max_size=6, unique_by=lambda text: text.split()[0].lower()).map(";".join),
    st.lists(directives, max_size=6).map("; ".join),
    st.sampled_from(["", ";", ";;;;;;;", "a", "default", "img-src", "default-src", ", ,", "default-src 'none'"]),
)

names = st.sampled_from(
    ["session", "SESSIONID", "login", "csrftoken", "csrf_session", "x", "X", "heroku-session-affinity", "samesite"]
    + ["__Host-session", "__Secure-x", "__host-x", "", " sid", "a\tb"]
)
cookie_attributes = st.sampled_from(
    ["Secure", "Secure", "secure=1", " HttpOnly", "httponly", "SameSite=Lax", " samesite = strict", "SameSite=None"]
    + ["SameSite", "SameSite=", "SameSite=x", "SameSite=Lax=x", "Path=/", "Path=/a", "path=a", "Path", "Max-Age=0"]
    + ["Domain=site.example", f"Domain={HOST}", "domain=.site.example", "Domain=other.example", "Domain=example"]
    + ["Domain=127.0.0.1", "Domain=.0.0.1", "Domain=[::1]", "domain=::1", "Domain=localhost"]
    + ["Domain=", "Partitioned", "", " ", "Expires=Thu, 01 Jan 1970 00:00:00 GMT", "\xe9=\xe9"]
)
cookie_lines = st.builds(
    lambda name, value, attributes: ";".join([name + value, *attributes]),
    names,
    st.sampled_from(["=1", "=1", "=1", "=", "", "= a=b ", "=a\tb", '="a; b"']),
    st.lists(cookie_attributes, max_size=5),
)

hsts = st.one_of(
    st.builds(
        lambda age, rest, equals: f"max-age{equals}{age}{rest}",
        st.sampled_from(["0", "15551999", "15552000", "31536000", "63072000", '"1"', "", "x", "-1", "+1", " 1", "1e9"]),
        st.sampled_from(["", "; includeSubDomains", ";preload", "; max-age=1", ", max-age=1", ";;", "; x=y"]),
        st.sampled_from(["=", "=", "=", " = "]),
    ),
    st.sampled_from(["", "includeSubDomains", "Max-Age=31536000", "; max-age=99999999 ", "x" * 1020 + ",;max-age=1"]),
)
OTHERS = {
    "X-Frame-Options": ("DENY", "SAMEORIGIN", "deny ", "ALLOW-FROM https://a.test", "allow-from", "ALLOWALL", ""),
    "X-Content-Type-Options": ("nosniff", "NoSniff", "nosniff, nosniff", "sniff", "", " nosniff", "\xa0nosniff"),
    "Referrer-Policy": (
        *("no-referrer", "same-origin", "strict-origin", "strict-origin-when-cross-origin", "origin", "unsafe-url"),
        *("no-referrer-when-downgrade", "origin-when-cross-origin", "No-Referrer", "x", "", "x, no-referrer"),
        *("no-referrer, x", "unsafe-url,same-origin", ","),
    ),
    "Cross-Origin-Resource-Policy": ("same-origin", "same-site", "cross-origin", "Same-Site", "x", "", "same-site, x"),
    "Content-Type": ("text/html", "text/html; charset=utf-8", "Text/HTML", "text/html ;a", "application/json", ""),
    "Access-Control-Allow-Origin": ("*", PROBE_ORIGIN, PROBE_ORIGIN.upper(), "https://a.test", "null", "", " * "),
    "Access-Control-Allow-Credentials": ("true", "TRUE", "false", " true ", ""),
    "Content-Security-Policy-Report-Only": ("default-src 'none'", ""),
    "Server": ("x",),
}
other_lines = st.sampled_from([(name, value) for name, values in OTHERS.items() for value in values])


def spelled(name: str) -> st.SearchStrategy[str]:
    """Give a name as most spell it, or otherwise."""
    return st.sampled_from([name, name, name.lower(), name.upper()])


# What a value may hold at all (RFC 9110 5.5), without any thought of what it says.
octets = st.text([chr(octet) for octet in (0x09, *range(0x20, 0x7F), *range(0x80, 0x100))], max_size=12)

lines: st.SearchStrategy[Line] = st.one_of(
    st.tuples(st.sampled_from([*OTHERS, "Content-Security-Policy", "Set-Cookie", "Strict-Transport-Security"]), octets),
    other_lines.flatmap(lambda line: st.tuples(spelled(line[0]), st.just(line[1]))),
    st.tuples(spelled("Content-Security-Policy"), policies),
    st.tuples(spelled("Set-Cookie"), cookie_lines),
    st.tuples(spelled("Strict-Transport-Security"), hsts),
)
heads = st.lists(lines, max_size=12)
# A site that does nearly everything well, so that bonuses count: one line is replaced or added.
GOOD: tuple[Line, ...] = (
    ("Content-Type", "text/html; charset=utf-8"),
    ("Content-Security-Policy", "default-src 'none'; script-src 'nonce-abcdefgh' 'strict-dynamic'"),
    ("Strict-Transport-Security", "max-age=63072000"),
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),
    ("Referrer-Policy", "no-referrer"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Set-Cookie", "session=1; Secure; HttpOnly; SameSite=Lax"),
)
nearly_good = st.builds(
    lambda added, kept: [line for line in GOOD if not kept or line[0].lower() != added[0].lower()] + [added],
    lines,
    st.booleans(),
)
