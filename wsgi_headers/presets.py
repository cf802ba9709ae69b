"""Policies to start from. A preset's value changes only in a major release.

Every value has its specification beside it; what a preset decides knowingly against an application is said there too.
"""

from __future__ import annotations

from .cookies.rules import CookieAttributes, CookieRule
from .match import Match
from .operations import Default, Remove, Set
from .policy import Policy, Rule

# What a cookie's name says about it, in the casings that frameworks use. rfc6265bis 8.4: a session identifier is
# what an injected script would want most, and a page's own scripts have no use for it.
_SESSION_NAMES = (
    *("sid", "SID", "Sid"),
    *(
        f"*{casing}*"
        for word in ("sess", "login", "auth", "remember")
        for casing in (word, word.upper(), word.capitalize())
    ),
)
# Double-submit tokens are read by the page's own scripts.
_SCRIPT_NAMES = tuple(f"*{casing}*" for word in ("csrf", "xsrf") for casing in (word, word.upper(), word.capitalize()))

# Fields that name the software behind a site, from the list of the OWASP Secure Headers Project (July 2026).
_LEAKY = (
    "X-Powered-By",
    "X-Powered-By-Plesk",
    "X-Powered-CMS",
    "Powered-By",
    "X-AspNet-Version",
    "X-AspNetMvc-Version",
    "X-Framework",
    "X-Generator",
    "X-PHP-Version",
    "X-Turbo-Charged-By",
)

#: Breaks no working site: nothing here limits scripts, embeds of others, popups or cross-site images.
BASELINE = Policy(
    # Fetch 3.6: a response is what its Content-Type says.
    Set("X-Content-Type-Options", "nosniff"),
    # HTML, "The `X-Frame-Options` header": framed by the site itself only. Not also by frame-ancestors of a CSP, which
    # browsers read instead: it would undo a DENY that the application sends in the older field.
    Default("X-Frame-Options", "SAMEORIGIN"),
    # CSP3 6.3.1: an injected <base> cannot send the relative links and scripts of a page to another site.
    Default("Content-Security-Policy", "base-uri 'self'"),
    # Referrer Policy 3.7: the browsers' own default, said so that none has a weaker one.
    Default("Referrer-Policy", "strict-origin-when-cross-origin"),
    # RFC 6797 6.1.1: 31,536,000 seconds are a year. Without includeSubDomains, which only the owner can decide.
    Rule(Match(scheme="https"), Default("Strict-Transport-Security", "max-age=31536000")),
    # RFC 9110 10.2.4 says of Server what holds for its kin: they tell an attacker the version, and a browser nothing.
    *(Remove(name) for name in _LEAKY),
    # rfc6265bis 4.1.2.5-4.1.2.7. Lax is what most browsers take for an absent SameSite already.
    CookieAttributes(secure="https", default_same_site="Lax"),
    *(CookieRule(name, http_only=True) for name in _SESSION_NAMES),
    *(CookieRule(name, exempt=("http_only",)) for name in _SCRIPT_NAMES),
)
