"""The table of facts about fields: its form, and the facts that a slip of the hand must not change."""

from __future__ import annotations

import re
from collections.abc import Iterator
from wsgiref.util import is_hop_by_hop

import pytest

from wsgi_headers._registry import _TABLE, FIELDS, Field, lookup

every_field = pytest.mark.parametrize("field", _TABLE, ids=lambda field: field.name)

# RFC 9110 18.4, the field names that it registers, each with its section.
RFC_9110 = """
    Accept 12.5.1               Accept-Charset 12.5.2       Accept-Encoding 12.5.3          Accept-Language 12.5.4
    Accept-Ranges 14.3          Allow 10.2.1                Authentication-Info 11.6.3      Authorization 11.6.2
    Connection 7.6.1            Content-Encoding 8.4        Content-Language 8.5            Content-Length 8.6
    Content-Location 8.7        Content-Range 14.4          Content-Type 8.3                Date 6.6.1
    ETag 8.8.3                  Expect 10.1.1               From 10.1.2                     Host 7.2
    If-Match 13.1.1             If-Modified-Since 13.1.3    If-None-Match 13.1.2            If-Range 13.1.5
    If-Unmodified-Since 13.1.4  Last-Modified 8.8.2         Location 10.2.2                 Max-Forwards 7.6.2
    Proxy-Authenticate 11.7.1   Proxy-Authorization 11.7.2  Proxy-Authentication-Info 11.7.3
    Range 14.2                  Referer 10.1.3              Retry-After 10.2.3              Server 10.2.4
    TE 10.1.4                   Trailer 6.6.2               Upgrade 7.8                     User-Agent 10.1.5
    Vary 12.5.5                 Via 7.6.3                   WWW-Authenticate 11.6.1
""".split()

# Specifications that a reference may begin with. The numbered ones are always cited with a section.
NUMBERED = r"RFC (\d{4,5}|6265bis) ([A-Z]\.)?\d+(\.\d+)*"
TITLED = """
    Baggage
    CSP Embedded Enforcement
    CSP3
    Clear Site Data
    Client Hint Reliability
    Device Memory
    Document Isolation Policy
    Document Policy
    ECMA-426
    Edge Architecture
    Feature Policy
    Fetch
    Fetch Metadata
    Global Privacy Control
    HTML
    LDP
    Login Status
    Network Error Logging
    Network Information
    Permissions Policy
    Prerendering Revamped
    Private Network Access
    Referrer Policy
    Reporting API
    Reporting API (2018)
    Resource Timing
    Responsive Image Client Hints
    SOAP 1.1
    Save Data
    Server Timing
    Service Workers
    Storage Access Headers
    Subresource Integrity
    Trace Context
    Tracking Preference Expression
    UA Client Hints
    Upgrade Insecure Requests
    User Preference Media Features
    draft-ietf-httpapi-idempotency-key-header
    draft-ietf-httpapi-ratelimit-headers
    draft-ietf-httpapi-ratelimit-headers-06
    draft-ietf-httpbis-no-vary-search
    draft-ietf-httpbis-unencoded-digest
""".strip().split("\n    ")
REFERENCE = re.compile(
    rf"{NUMBERED}|({'|'.join(map(re.escape, TITLED))})( (B|\d+(\.\d+)*))?|convention( \([A-Za-z, ]+\))?"
)

# What a browser reads to protect a page, and the policies beside it.
SECURITY = """
    Access-Control-Allow-Credentials Access-Control-Allow-Headers Access-Control-Allow-Methods
    Access-Control-Allow-Origin Access-Control-Allow-Private-Network Access-Control-Expose-Headers
    Access-Control-Max-Age Clear-Site-Data Content-Security-Policy Content-Security-Policy-Report-Only
    Cross-Origin-Embedder-Policy Cross-Origin-Embedder-Policy-Report-Only Cross-Origin-Opener-Policy
    Cross-Origin-Opener-Policy-Report-Only Cross-Origin-Resource-Policy Document-Policy Document-Policy-Report-Only
    Integrity-Policy Integrity-Policy-Report-Only Origin-Agent-Cluster Permissions-Policy
    Permissions-Policy-Report-Only Referrer-Policy Reporting-Endpoints Strict-Transport-Security
    Timing-Allow-Origin X-Content-Type-Options X-DNS-Prefetch-Control X-Download-Options X-Frame-Options
    X-Permitted-Cross-Domain-Policies X-Robots-Tag X-XSS-Protection
""".split()


def names(**facts: object) -> set[str]:
    """Return the names of the fields of which all the facts hold."""
    return {field.name for field in _TABLE if all(getattr(field, fact) == value for fact, value in facts.items())}


def spellings(name: str) -> Iterator[str]:
    """Give a name as clients and servers write it."""
    yield from (name, name.lower(), name.upper(), name.title(), name.swapcase())


def test_keys_are_lower_case_names() -> None:
    """FIELDS has every row of the table under its lower-case name, none twice."""
    assert list(FIELDS) == [field.name.lower() for field in _TABLE]


def test_table_cannot_be_changed() -> None:
    """Neither the mapping nor a field can be written to: facts are shared by all policies."""
    with pytest.raises(TypeError):
        FIELDS["x-new"] = _TABLE[0]  # type: ignore[index]
    with pytest.raises(AttributeError):
        _TABLE[0].name = "Other"  # type: ignore[misc]


@every_field
def test_name_is_a_token(field: Field) -> None:
    """A canonical spelling is a token that wsgiref.validate takes too: a letter first, no dash last."""
    assert re.fullmatch(r"[A-Za-z]([A-Za-z0-9-]*[A-Za-z0-9])?", field.name)


@every_field
def test_reference_begins_with_a_known_specification(field: Field) -> None:
    """A reference is a specification on the list and a section, which an RFC's never lacks."""
    assert REFERENCE.fullmatch(field.reference)


@pytest.mark.parametrize("title", TITLED)
def test_known_specification_is_cited(title: str) -> None:
    """The list of specifications holds none that the table has left."""
    assert any(re.fullmatch(rf"{re.escape(title)}( (B|\d+(\.\d+)*))?", field.reference) for field in _TABLE)


@pytest.mark.parametrize(("name", "section"), list(zip(RFC_9110[::2], RFC_9110[1::2], strict=True)))
def test_rfc_9110_is_complete(name: str, section: str) -> None:
    """Every field that RFC 9110 registers is there, in its spelling, with its section."""
    field = lookup(name)
    assert field is not None
    assert (field.name, field.reference) == (name, f"RFC 9110 {section}")


def test_hop_by_hop_fields() -> None:
    """The hop-by-hop fields are those of RFC 2616 13.5.1 and RFC 9110 7.6.1."""
    assert names(hop_by_hop=True) == {
        "Connection",
        "Keep-Alive",
        "Proxy-Authenticate",
        "Proxy-Authorization",
        "Proxy-Connection",
        "TE",
        "Trailer",
        "Trailers",
        "Transfer-Encoding",
        "Upgrade",
    }


# The set of wsgiref as of Python 3.11, after RFC 2616 13.5.1; what a later one adds is asked of the table's own names.
HOPPISH = "connection keep-alive proxy-authenticate proxy-authorization te trailers transfer-encoding upgrade".split()


@pytest.mark.parametrize("name", sorted({*HOPPISH, *filter(is_hop_by_hop, FIELDS)}))
def test_hop_by_hop_for_wsgiref_is_hop_by_hop_here(name: str) -> None:
    """A field that wsgiref refuses as hop-by-hop can be no field of a policy."""
    field = lookup(name)
    assert is_hop_by_hop(name)
    assert field is not None
    assert field.hop_by_hop


def test_framing_fields() -> None:
    """Content-Length and CGI's Status are the server's, and no field is kept back for two reasons."""
    assert names(framing=True) == {"Content-Length", "Status"}
    assert not names(framing=True, hop_by_hop=True)


def test_set_cookie_is_the_only_separate_field() -> None:
    """Set-Cookie alone is many lines that must not be joined (RFC 9110 5.3)."""
    assert names(combines="separate") == {"Set-Cookie"}


def test_singletons_among_security_fields() -> None:
    """Of the security fields exactly these are one value, so that a second line would void or change the first."""
    assert names(combines="singleton") & set(SECURITY) == {
        "Access-Control-Allow-Credentials",
        "Access-Control-Allow-Origin",
        "Access-Control-Allow-Private-Network",
        "Access-Control-Max-Age",
        "Cross-Origin-Embedder-Policy",
        "Cross-Origin-Embedder-Policy-Report-Only",
        "Cross-Origin-Opener-Policy",
        "Cross-Origin-Opener-Policy-Report-Only",
        "Cross-Origin-Resource-Policy",
        "Origin-Agent-Cluster",
        "Strict-Transport-Security",
        "X-Content-Type-Options",
        "X-DNS-Prefetch-Control",
        "X-Download-Options",
        "X-Frame-Options",
        "X-Permitted-Cross-Domain-Policies",
        "X-XSS-Protection",
    }
    assert set(SECURITY) <= names(combines="singleton") | names(combines="list")


@pytest.mark.parametrize(
    "name",
    """
    Age Authorization Content-Disposition Content-Length Content-Location Content-Range Content-Type Cookie Date
    Deprecation ETag Expires Host Last-Modified Location Origin Range Refresh Retry-After Server Status Sunset
    X-Powered-By X-Request-ID
    """.split(),
)
def test_common_singleton(name: str) -> None:
    """A field of one date, address, type, number or identifier is no list, though its value may hold commas."""
    assert name in names(combines="singleton")


@pytest.mark.parametrize(
    "name",
    """
    Accept-CH Accept-Ranges Allow Alt-Svc Cache-Control Cache-Groups Cache-Status CDN-Cache-Control Content-Digest
    Content-Encoding Content-Language Content-Security-Policy Link No-Vary-Search Permissions-Policy Priority
    Proxy-Status RateLimit RateLimit-Policy Referrer-Policy Reporting-Endpoints Server-Timing Vary Via WWW-Authenticate
    """.split(),
)
def test_common_list(name: str) -> None:
    """A field whose grammar is `#rule`, a structured list or a dictionary is a list."""
    assert name in names(combines="list")


def test_members_that_are_field_names() -> None:
    """The members of these lists are names of fields and compare without case."""
    assert names(members="field names") == {
        "Access-Control-Allow-Headers",
        "Access-Control-Expose-Headers",
        "Access-Control-Request-Headers",
        "Trailer",
        "Vary",
    }


def test_members_that_are_links() -> None:
    """The members of these lists begin with an address in angle brackets."""
    assert names(members="links") == {"Link"}


def test_members_that_are_directives() -> None:
    """The members of Cache-Control and the fields targeted at one kind of cache compare by directive name."""
    assert names(members="directives") == {
        "CDN-Cache-Control",
        "Cache-Control",
        "Cloudflare-CDN-Cache-Control",
        "Netlify-CDN-Cache-Control",
        "Surrogate-Control",
        "Vercel-CDN-Cache-Control",
    }


@every_field
def test_only_lists_have_members(field: Field) -> None:
    """How members compare is said of list fields alone."""
    assert field.combines == "list" or field.members == "text"


def test_impersonal_fields() -> None:
    """Exactly these values may be remembered between requests; a new one is to be thought about twice."""
    assert names(impersonal=True) == set(
        """
        Accept-CH Accept-Patch Accept-Post Accept-Query Accept-Ranges Access-Control-Allow-Credentials
        Access-Control-Allow-Private-Network Access-Control-Expose-Headers Access-Control-Max-Age Allow
        CDN-Cache-Control Cache-Control Cloudflare-CDN-Cache-Control Content-Encoding Content-Language Content-Type
        Critical-CH Cross-Origin-Embedder-Policy Cross-Origin-Embedder-Policy-Report-Only Cross-Origin-Opener-Policy
        Cross-Origin-Opener-Policy-Report-Only Cross-Origin-Resource-Policy DASL DAV Document-Isolation-Policy
        Document-Isolation-Policy-Report-Only Document-Policy Document-Policy-Report-Only Feature-Policy
        Integrity-Policy Integrity-Policy-Report-Only Netlify-CDN-Cache-Control No-Vary-Search Origin-Agent-Cluster
        Permissions-Policy Permissions-Policy-Report-Only Pragma Referrer-Policy Require-Document-Policy Server
        Service-Worker-Allowed Strict-Transport-Security Supports-Loading-Mode Surrogate-Control Vary
        Vercel-CDN-Cache-Control X-Accel-Buffering X-AspNet-Version X-AspNetMvc-Version X-Content-Type-Options
        X-DNS-Prefetch-Control X-Download-Options X-Frame-Options X-Generator X-Permitted-Cross-Domain-Policies
        X-Powered-By X-Robots-Tag X-UA-Compatible X-XSS-Protection
        """.split()
    )


@pytest.mark.parametrize(
    "name",
    """
    Access-Control-Allow-Headers Access-Control-Allow-Origin Age Alt-Svc Authentication-Info Authorization
    Content-Disposition Content-Length Content-Location Content-Range Content-Security-Policy
    Content-Security-Policy-Report-Only Cookie DPoP-Nonce Date Deprecation ETag Expires Last-Modified Link Location
    RateLimit Refresh Replay-Nonce Report-To Reporting-Endpoints Retry-After Server-Timing Set-Cookie Set-Login Sunset
    Timing-Allow-Origin WWW-Authenticate X-Accel-Redirect X-Request-ID
    """.split(),
)
def test_personal_field(name: str) -> None:
    """Cookies, validators, dates, nonces, locations and what echoes the request are never remembered."""
    assert name in names(impersonal=False)


def test_impersonal_fields_are_fields_of_responses() -> None:
    """What speaks for a user agent or a connection is never impersonal."""
    assert not names(impersonal=True) & (names(request_only=True) | names(hop_by_hop=True) | names(framing=True))


@pytest.mark.parametrize(
    "name", "Accept Accept-Encoding Cache-Control DAV Date Lock-Token Pragma Priority Set-Cookie Upgrade Via".split()
)
def test_field_of_responses_too(name: str) -> None:
    """A field that a response may have is not marked as the request's, known though it be from there."""
    assert name in names(request_only=False)


@pytest.mark.parametrize(
    "name",
    """
    Accept-Language Access-Control-Request-Headers Access-Control-Request-Method Authorization Cookie Host If-Match
    If-None-Match Last-Event-ID Origin Range Referer Sec-CH-UA Sec-Fetch-Site TE Upgrade-Insecure-Requests User-Agent
    X-Forwarded-For
    """.split(),
)
def test_field_of_requests_alone(name: str) -> None:
    """A field without meaning in a response is marked as such."""
    assert name in names(request_only=True)


@every_field
def test_lookup_disregards_case(field: Field) -> None:
    """A field is found by every spelling that clients and servers use."""
    assert [lookup(spelling) for spelling in spellings(field.name)] == [field] * 5


@pytest.mark.parametrize(
    "name",
    ["", "X-Custom", "Vary ", " Vary", "Set_Cookie", "vary\n", "\u212aeep-Alive", "\u017fet-Cookie"],
    ids=["empty", "own", "blank after", "blank before", "underscore", "line feed", "kelvin sign", "long s"],
)
def test_unknown_name(name: str) -> None:
    """A name that the table does not have gives None, also one that only Unicode's case rules would bring to it."""
    assert lookup(name) is None
