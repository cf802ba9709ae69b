"""Policies to start from. A preset's value changes only in a major release.

Every value has its specification beside it; what a preset decides knowingly against an application is said there too.
"""

from __future__ import annotations

from .cache_safety import CacheSafety
from .cookies.rules import CookieAttributes, CookieRule
from .fields.cache_control import CacheControl
from .fields.content_security_policy import ContentSecurityPolicy
from .fields.cross_origin_opener_policy import CrossOriginOpenerPolicy
from .fields.cross_origin_resource_policy import CrossOriginResourcePolicy
from .fields.permissions_policy import PermissionsPolicy
from .fields.referrer_policy import ReferrerPolicy
from .fields.source_lists import NONCE
from .fields.strict_transport_security import StrictTransportSecurity
from .fields.x_content_type_options import XContentTypeOptions
from .fields.x_frame_options import XFrameOptions
from .fields.x_permitted_cross_domain_policies import XPermittedCrossDomainPolicies
from .operations import Default, Remove
from .policy import Policy

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

_YEAR = 31_536_000  # seconds

_NO_LEAKS = Policy(
    # RFC 9110 10.2.4 says of Server what holds for its kin: they tell an attacker the version, and a browser nothing.
    *(Remove(name) for name in _LEAKY),
)

#: Breaks no working site: nothing here limits scripts, embeds of others, popups or cross-site images.
BASELINE = Policy(
    # Fetch 3.6: a response is what its Content-Type says.
    XContentTypeOptions(),
    # HTML, "The `X-Frame-Options` header": framed by the site itself only. Not also by frame-ancestors of a CSP, which
    # browsers read instead: it would undo a DENY that the application sends in the older field.
    Default(XFrameOptions("SAMEORIGIN")),
    # CSP3 6.3.1: an injected <base> cannot send the relative links and scripts of a page to another site.
    Default(ContentSecurityPolicy(base_uri=["'self'"])),
    # Referrer Policy 3.7: the browsers' own default, said so that none has a weaker one.
    Default(ReferrerPolicy("strict-origin-when-cross-origin")),
    # RFC 6797 6.1.1. Without includeSubDomains, which only the owner can decide.
    Default(StrictTransportSecurity(_YEAR, include_subdomains=False)),
    _NO_LEAKS,
    # rfc6265bis 4.1.2.5-4.1.2.7. Lax is what most browsers take for an absent SameSite already.
    CookieAttributes(secure="https", default_same_site="Lax"),
    *(CookieRule(name, http_only=True) for name in _SESSION_NAMES),
    *(CookieRule(name, exempt=("http_only",)) for name in _SCRIPT_NAMES),
)

_STRICT_COOKIES = Policy(
    # rfc6265bis 4.1.2.5-4.1.2.7. Secure on http too: a site that is strict has no other way in.
    CookieAttributes(secure=True, http_only=True, same_site="Lax"),
    *(CookieRule(name, exempt=("http_only",)) for name in _SCRIPT_NAMES),
)

#: For sites that are written for it: scripts run by nonce alone, nothing else comes from elsewhere, nobody frames.
STRICT = Policy(
    # CSP3 8.2: scripts that carry the nonce, and what these load; injected markup runs nothing. An application that
    # asks for no nonce runs no script.
    ContentSecurityPolicy(
        default_src=["'self'"],
        script_src=[NONCE, "'strict-dynamic'"],
        object_src=[],
        base_uri=[],
        form_action=["'self'"],
        frame_ancestors=[],
    ),
    # For user agents that know no frame-ancestors.
    XFrameOptions("DENY"),
    XContentTypeOptions(),
    # Referrer Policy 3.3. Not no-referrer: browsers then post with `Origin: null` (Fetch 3.2).
    ReferrerPolicy("same-origin"),
    # RFC 6797 6.1.1-6.1.2.
    StrictTransportSecurity(2 * _YEAR, include_subdomains=True),
    # HTML 7.1.3: no window of another site shares a browsing context group with this one.
    CrossOriginOpenerPolicy("same-origin"),
    # Fetch 3.7: no page of another site embeds these responses.
    CrossOriginResourcePolicy("same-origin"),
    # Permissions Policy 6.1: powers that a page asks for knowingly, with `extend` or a rule of its own.
    PermissionsPolicy(camera=(), microphone=(), geolocation=(), payment=(), usb=()),
    XPermittedCrossDomainPolicies("none"),
    # RFC 9111 7.3: a page with a cookie or a nonce is for the one who asked for it.
    CacheSafety(),
    _NO_LEAKS,
    _STRICT_COOKIES,
)

#: For JSON: responses that no browser shows as a page.
API = Policy(
    # CSP3 6.1.3, 6.4.2: should one be shown as a page all the same, it loads nothing and nobody frames it.
    ContentSecurityPolicy(default_src=[], frame_ancestors=[]),
    # RFC 9111 5.2.2.5. A rule or the application says what may be stored.
    Default(CacheControl(no_store=True)),
    # RFC 9111 3.5: what is said to be public all the same is not, where it answers credentials.
    CacheSafety(),
    XContentTypeOptions(),
    ReferrerPolicy("no-referrer"),
    StrictTransportSecurity(2 * _YEAR, include_subdomains=True),
    # Fetch 3.7. What CORS lets another origin read is not concerned.
    CrossOriginResourcePolicy("same-origin"),
    _NO_LEAKS,
    _STRICT_COOKIES,
)
