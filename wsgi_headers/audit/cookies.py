"""Set-Cookie, as the Observatory judges what its client keeps of it (the jar is that of tough-cookie 5)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from .results import RESULTS
from .scan import BLANKS, Scan
from .strict_transport_security import strict_transport_security

# Names of load balancers, which sites cannot change.
_NOT_JUDGED = frozenset(("heroku-session-affinity",))
_SESSION = ("login", "sess")
_ANTI_CSRF = "csrf"
_SAME_SITE = frozenset(("strict", "lax", "none"))

# From bad to worse.
_PENALTIES = (
    "cookies-without-secure-flag-but-protected-by-hsts",
    "cookies-without-secure-flag",
    "cookies-session-without-secure-flag-but-protected-by-hsts",
    "cookies-samesite-flag-invalid",
    "cookies-anticsrf-without-samesite-flag",
    "cookies-session-without-httponly-flag",
    "cookies-session-without-secure-flag",
)

_control = re.compile(r"[\x00-\x1f]")


class Cookie(NamedTuple):
    """A cookie in the jar; `same_site` in lower case, None where it is absent or unknown; `domain` None: the host's."""

    name: str
    domain: str | None
    path: str
    secure: bool
    http_only: bool
    same_site: str | None


def cookies(scan: Scan) -> str:
    """Return the result of the test."""
    kept: dict[tuple[str, str | None, str], Cookie] = {}
    for line in scan.fields.set_cookie:
        cookie = _kept(line, scan.host)
        if cookie is not None:
            kept[cookie.name, cookie.domain, cookie.path] = cookie
    judged = [cookie for cookie in kept.values() if cookie.name not in _NOT_JUDGED]
    if not judged:
        return "cookies-not-found"
    protected = RESULTS[strict_transport_security(scan)].passes
    found = {penalty for cookie in judged for penalty in _penalties(cookie, protected)}
    # Also of cookies that the jar does not keep.
    if any(_has_unknown_same_site(line) for line in scan.fields.set_cookie):
        found.add("cookies-samesite-flag-invalid")
    if found:
        return max(found, key=_PENALTIES.index)
    if all(cookie.same_site for cookie in judged):
        return "cookies-secure-with-httponly-sessions-and-samesite"
    return "cookies-secure-with-httponly-sessions"


def _penalties(cookie: Cookie, protected: bool) -> Iterator[str]:
    name = cookie.name.lower()
    session = any(word in name for word in _SESSION)
    if not cookie.secure:
        yield f"cookies-without-secure-flag{'-but-protected-by-hsts' if protected else ''}"
        if session:
            yield f"cookies-session-without-secure-flag{'-but-protected-by-hsts' if protected else ''}"
        if cookie.same_site == "none":
            yield "cookies-samesite-flag-invalid"
    if _ANTI_CSRF in name and not cookie.same_site:
        yield "cookies-anticsrf-without-samesite-flag"
    if session and not cookie.http_only:
        yield "cookies-session-without-httponly-flag"


def _has_unknown_same_site(line: str) -> bool:
    # The pair is looked at like an attribute, and what follows a second equals sign is not.
    for part in line.split(";"):
        name, value, *_ = (*part.split("="), "")
        if name.strip(BLANKS).lower() == "samesite" and value.strip(BLANKS).lower() not in _SAME_SITE:
            return True
    return False


def _kept(line: str, host: str | None) -> Cookie | None:
    """Return what the jar keeps of a line that came from `host` for the path "/"; None where it keeps nothing."""
    pair, *attributes = line.strip(BLANKS).split(";")
    name, equals, value = pair.partition("=")
    name, value = name.strip(BLANKS), value.strip(BLANKS)
    if not (name and equals) or _control.search(name + value):
        return None
    domain, path, secure, http_only, same_site = None, "/", False, False, None
    # RFC 6265 5.2: the last attribute of a name counts; one that says nothing is passed over or resets.
    for attribute in attributes:
        key, _, value = attribute.partition("=")
        key, value = key.strip(BLANKS).lower(), value.strip(BLANKS)
        if key == "domain":
            domain = value.removeprefix(".").lower() or domain
        elif key == "path":
            path = value if value.startswith("/") else "/"
        elif key == "secure":
            secure = True
        elif key == "httponly":
            http_only = True
        elif key == "samesite":
            same_site = value.lower() if value.lower() in _SAME_SITE else None
    if domain is not None and not _fits(domain, host):
        return None
    # RFC 6265bis 4.1.3; here with regard to case.
    if name.startswith("__Secure-") and not secure:
        return None
    if name.startswith("__Host-") and not (secure and domain is None and path == "/"):
        return None
    return Cookie(name, None if domain == host else domain, path, secure, http_only, same_site)


def _fits(domain: str, host: str | None) -> bool:
    # RFC 6265 5.1.3. An IPv4 address has no domain, though a browser lets it name itself; an IPv6 address is its own.
    if ":" in domain:
        return host is None or domain.strip("[]") == host.strip("[]")
    if domain.rpartition(".")[2].isdigit():
        return False
    # A name without a dot is a public suffix; longer suffixes (co.uk) are not known here.
    if "." not in domain and domain not in ("localhost", "invalid"):
        return False
    return host is None or domain == host or host.endswith(f".{domain}")
