"""Facts about HTTP fields: canonical spelling, how repeated lines combine, who owns them, what they may carry.

The table decides which operations a field allows: `Append` and `Merge` need a list field, hop-by-hop and framing fields
are the server's, Set-Cookie belongs to the cookie parts. It also decides how the members of two lists are compared
and whose values may be kept from one request to the next.

It does not know the grammar of any value, nor fields that no specification or wide convention defines. A name that
is not here counts as a list field with members compared as text, and as one whose values may be personal.

Sources: the specifications in the comment above each group, PEP 3333. A reference is a specification and, where its
numbers are settled, the section; those of living standards can move (Fetch here is of June, HTML of March 2026).
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal, NamedTuple


class Field(NamedTuple):
    """What is known about one field.

    name          canonical spelling
    combines      how repeated lines combine, RFC 9110 5.2-5.3: "list" (further lines are further members), "singleton"
                  (one line, one value) or "separate" (many lines that no one may join)
    reference     the specification that defines it and the section, "RFC 9110 8.3"
    hop_by_hop    for one connection, never an application's to send: RFC 9110 7.6.1, PEP 3333
    framing       the server's or WSGI's own business, the length of the body and the status: PEP 3333
    request_only  defined for requests alone, without meaning in a response
    members       how members of a list field are compared: as "text", as "field names" (no case) or as "directives"
                  (by the name before the `=`); as "links" they are text, with addresses in angle brackets
    impersonal    the value carries nothing about a person or a request: it may be remembered between requests
    https_only    must not be sent over an insecure transport
    of_content    says something of the content that comes with it, and leaves with that
    """

    name: str
    combines: Literal["list", "singleton", "separate"]
    reference: str
    hop_by_hop: bool = False
    framing: bool = False
    request_only: bool = False
    members: Literal["text", "field names", "directives", "links"] = "text"
    impersonal: bool = False
    https_only: bool = False
    of_content: bool = False


# combines: `#rule` and the lists and dictionaries of RFC 9651 are lists, all else is a singleton. Two lines of a
# singleton are not merely untidy. Browsers join them with a comma, and what is then no single value switches the
# protection off (Cross-Origin-Resource-, -Opener- and -Embedder-Policy, Origin-Agent-Cluster) or fails every request
# (Access-Control-Allow-Origin); two different X-Frame-Options block every frame, of X-Content-Type-Options the first
# member counts, and of Strict-Transport-Security the first line (RFC 6797 8.1).
#
# impersonal: fields that an application sets for a kind of resource. Not those that differ from user to user or from
# response to response: validators, dates, locations and links, nonces (Content-Security-Policy), what echoes the
# request (Access-Control-Allow-Origin), addresses that can be made for one visitor (Reporting-Endpoints, Alt-Svc).
#
# of_content: representation metadata (RFC 9110 8) without what guides a cache to a stored response (15.4.5: ETag,
# Last-Modified, Content-Location), digests, the framing of a body, and the names of files that a proxy would send.
_TABLE = (
    # RFC 9110, HTTP Semantics. Accept and Accept-Encoding have a meaning in responses too (12.5.1, 12.5.3).
    Field("Accept", "list", "RFC 9110 12.5.1"),
    Field("Accept-Charset", "list", "RFC 9110 12.5.2", request_only=True),
    Field("Accept-Encoding", "list", "RFC 9110 12.5.3"),
    Field("Accept-Language", "list", "RFC 9110 12.5.4", request_only=True),
    Field("Accept-Ranges", "list", "RFC 9110 14.3", impersonal=True),
    Field("Allow", "list", "RFC 9110 10.2.1", impersonal=True),
    Field("Authentication-Info", "list", "RFC 9110 11.6.3"),
    Field("Authorization", "singleton", "RFC 9110 11.6.2", request_only=True),
    Field("Connection", "list", "RFC 9110 7.6.1", hop_by_hop=True),
    Field("Content-Encoding", "list", "RFC 9110 8.4", impersonal=True, of_content=True),
    Field("Content-Language", "list", "RFC 9110 8.5", impersonal=True, of_content=True),
    Field("Content-Length", "singleton", "RFC 9110 8.6", framing=True, of_content=True),
    Field("Content-Location", "singleton", "RFC 9110 8.7"),
    Field("Content-Range", "singleton", "RFC 9110 14.4", of_content=True),
    Field("Content-Type", "singleton", "RFC 9110 8.3", impersonal=True, of_content=True),
    Field("Date", "singleton", "RFC 9110 6.6.1"),
    Field("ETag", "singleton", "RFC 9110 8.8.3"),
    Field("Expect", "list", "RFC 9110 10.1.1", request_only=True),
    Field("From", "singleton", "RFC 9110 10.1.2", request_only=True),
    Field("Host", "singleton", "RFC 9110 7.2", request_only=True),
    Field("If-Match", "list", "RFC 9110 13.1.1", request_only=True),
    Field("If-Modified-Since", "singleton", "RFC 9110 13.1.3", request_only=True),
    Field("If-None-Match", "list", "RFC 9110 13.1.2", request_only=True),
    Field("If-Range", "singleton", "RFC 9110 13.1.5", request_only=True),
    Field("If-Unmodified-Since", "singleton", "RFC 9110 13.1.4", request_only=True),
    Field("Last-Modified", "singleton", "RFC 9110 8.8.2"),
    Field("Location", "singleton", "RFC 9110 10.2.2"),
    Field("Max-Forwards", "singleton", "RFC 9110 7.6.2", request_only=True),
    Field("Proxy-Authenticate", "list", "RFC 9110 11.7.1", hop_by_hop=True),
    Field("Proxy-Authentication-Info", "list", "RFC 9110 11.7.3"),
    Field("Proxy-Authorization", "singleton", "RFC 9110 11.7.2", hop_by_hop=True, request_only=True),
    Field("Range", "singleton", "RFC 9110 14.2", request_only=True),
    Field("Referer", "singleton", "RFC 9110 10.1.3", request_only=True),
    Field("Retry-After", "singleton", "RFC 9110 10.2.3"),
    Field("Server", "singleton", "RFC 9110 10.2.4", impersonal=True),
    Field("TE", "list", "RFC 9110 10.1.4", hop_by_hop=True, request_only=True),
    Field("Trailer", "list", "RFC 9110 6.6.2", hop_by_hop=True, members="field names", of_content=True),
    Field("Upgrade", "list", "RFC 9110 7.8", hop_by_hop=True),
    Field("User-Agent", "singleton", "RFC 9110 10.1.5", request_only=True),
    Field("Vary", "list", "RFC 9110 12.5.5", members="field names", impersonal=True),
    Field("Via", "list", "RFC 9110 7.6.3"),
    Field("WWW-Authenticate", "list", "RFC 9110 11.6.1"),
    # RFC 9111, HTTP Caching. Pragma is a request field there; RFC 2616 14.32 had it in responses, as servers still do.
    Field("Age", "singleton", "RFC 9111 5.1"),
    Field("Cache-Control", "list", "RFC 9111 5.2", members="directives", impersonal=True),
    Field("Expires", "singleton", "RFC 9111 5.3"),
    Field("Pragma", "list", "RFC 9111 5.4", impersonal=True),
    Field("Warning", "list", "RFC 9111 5.5"),
    # RFC 9112, HTTP/1.1, and the hop-by-hop names of its predecessors (RFC 2616 13.5.1 lists Trailer as "Trailers").
    # All that wsgiref.util.is_hop_by_hop knows must be hop-by-hop here; a test holds the two together.
    Field("Keep-Alive", "list", "RFC 2068 19.7.1.1", hop_by_hop=True),
    Field("MIME-Version", "singleton", "RFC 9112 B.1", of_content=True),
    Field("Proxy-Connection", "list", "RFC 9110 7.6.1", hop_by_hop=True),
    Field("Trailers", "list", "RFC 2616 13.5.1", hop_by_hop=True, of_content=True),
    Field("Transfer-Encoding", "list", "RFC 9112 6.1", hop_by_hop=True, of_content=True),
    # RFC 3875, The Common Gateway Interface 1.1. A WSGI status is an argument; wsgiref.validate refuses the field.
    Field("Status", "singleton", "RFC 3875 6.3.3", framing=True),
    # RFC 6265bis, Cookies: HTTP State Management Mechanism. Set-Cookie lines cannot be joined: Expires has a comma
    # (RFC 9110 5.3).
    Field("Cookie", "singleton", "RFC 6265bis 4.2", request_only=True),
    Field("Set-Cookie", "separate", "RFC 6265bis 4.1"),
    # RFC 6797, HTTP Strict Transport Security
    Field("Strict-Transport-Security", "singleton", "RFC 6797 6.1", impersonal=True, https_only=True),
    # Content Security Policy Level 3, and its companions Embedded Enforcement and Upgrade Insecure Requests.
    # Members are whole policies, all of them enforced.
    Field("Allow-CSP-From", "singleton", "CSP Embedded Enforcement 2.3"),
    Field("Content-Security-Policy", "list", "CSP3 3.1"),
    Field("Content-Security-Policy-Report-Only", "list", "CSP3 3.2"),
    Field("Sec-Required-CSP", "singleton", "CSP Embedded Enforcement 2.2", request_only=True),
    Field("Upgrade-Insecure-Requests", "singleton", "Upgrade Insecure Requests 3.2.1", request_only=True),
    # Fetch Standard
    Field("Access-Control-Allow-Credentials", "singleton", "Fetch 3.3.3", impersonal=True),
    Field("Access-Control-Allow-Headers", "list", "Fetch 3.3.3", members="field names"),
    Field("Access-Control-Allow-Methods", "list", "Fetch 3.3.3"),
    Field("Access-Control-Allow-Origin", "singleton", "Fetch 3.3.3"),
    Field("Access-Control-Expose-Headers", "list", "Fetch 3.3.3", members="field names", impersonal=True),
    Field("Access-Control-Max-Age", "singleton", "Fetch 3.3.3", impersonal=True),
    Field("Access-Control-Request-Headers", "list", "Fetch 3.3.2", members="field names", request_only=True),
    Field("Access-Control-Request-Method", "singleton", "Fetch 3.3.2", request_only=True),
    Field("Cross-Origin-Resource-Policy", "singleton", "Fetch 3.7", impersonal=True),
    Field("Origin", "singleton", "Fetch 3.2", request_only=True),
    Field("Sec-Purpose", "singleton", "Fetch 3.8", request_only=True),
    Field("X-Content-Type-Options", "singleton", "Fetch 3.6", impersonal=True),
    # Fetch Metadata Request Headers; Storage Access Headers
    Field("Activate-Storage-Access", "singleton", "Storage Access Headers 4.2"),
    Field("Sec-Fetch-Dest", "singleton", "Fetch Metadata 2.1", request_only=True),
    Field("Sec-Fetch-Mode", "singleton", "Fetch Metadata 2.2", request_only=True),
    Field("Sec-Fetch-Site", "singleton", "Fetch Metadata 2.3", request_only=True),
    Field("Sec-Fetch-Storage-Access", "singleton", "Storage Access Headers 4.1", request_only=True),
    Field("Sec-Fetch-User", "singleton", "Fetch Metadata 2.4", request_only=True),
    # Private Network Access, superseded by a permission but still asked for by deployed browsers
    Field("Access-Control-Allow-Private-Network", "singleton", "Private Network Access 2.3", impersonal=True),
    Field("Access-Control-Request-Private-Network", "singleton", "Private Network Access 2.3", request_only=True),
    # HTML Standard
    Field("Cross-Origin-Embedder-Policy", "singleton", "HTML 7.1.4.1", impersonal=True),
    Field("Cross-Origin-Embedder-Policy-Report-Only", "singleton", "HTML 7.1.4.1", impersonal=True),
    Field("Cross-Origin-Opener-Policy", "singleton", "HTML 7.1.3.1", impersonal=True),
    Field("Cross-Origin-Opener-Policy-Report-Only", "singleton", "HTML 7.1.3.1", impersonal=True),
    Field("Last-Event-ID", "singleton", "HTML 9.2.4", request_only=True),
    Field("Origin-Agent-Cluster", "singleton", "HTML 7.1.2", impersonal=True),
    Field("Ping-From", "singleton", "HTML 4.6.7.1", request_only=True),
    Field("Ping-To", "singleton", "HTML 4.6.7.1", request_only=True),
    Field("Refresh", "singleton", "HTML 7.8"),
    Field("Sec-Speculation-Tags", "list", "HTML 7.6.4", request_only=True),
    Field("Speculation-Rules", "list", "HTML 7.6.3"),
    Field("X-Frame-Options", "singleton", "HTML 7.7", impersonal=True),
    # Document Isolation Policy; Prerendering Revamped; Service Workers; ECMA-426, Source Map Format
    Field("Document-Isolation-Policy", "singleton", "Document Isolation Policy 2.1.2.1", impersonal=True),
    Field("Document-Isolation-Policy-Report-Only", "singleton", "Document Isolation Policy 2.1.2.1", impersonal=True),
    Field("Service-Worker", "singleton", "Service Workers B", request_only=True),
    Field("Service-Worker-Allowed", "singleton", "Service Workers B", impersonal=True),
    Field("Service-Worker-Navigation-Preload", "singleton", "Service Workers", request_only=True),
    Field("SourceMap", "singleton", "ECMA-426"),
    Field("Supports-Loading-Mode", "list", "Prerendering Revamped", impersonal=True),
    # Permissions Policy, formerly Feature Policy; Document Policy
    Field("Document-Policy", "list", "Document Policy 7.2.1", impersonal=True),
    Field("Document-Policy-Report-Only", "list", "Document Policy 7.2.2", impersonal=True),
    Field("Feature-Policy", "list", "Feature Policy", impersonal=True),
    Field("Permissions-Policy", "list", "Permissions Policy 6.1", impersonal=True),
    Field("Permissions-Policy-Report-Only", "list", "Permissions Policy 8.1", impersonal=True),
    Field("Require-Document-Policy", "list", "Document Policy 7.2.3", impersonal=True),
    Field("Sec-Required-Document-Policy", "list", "Document Policy 7.2.4", request_only=True),
    # Reporting API; Network Error Logging. Of several NEL policies only the first counts (4.2).
    Field("NEL", "singleton", "Network Error Logging 4.1"),
    Field("Report-To", "list", "Reporting API (2018) 3.1"),
    Field("Reporting-Endpoints", "list", "Reporting API 3.2"),
    # Referrer Policy; Subresource Integrity; Clear Site Data; Login Status API
    Field("Clear-Site-Data", "list", "Clear Site Data 3.1"),
    Field("Integrity-Policy", "list", "Subresource Integrity 3.8", impersonal=True),
    Field("Integrity-Policy-Report-Only", "list", "Subresource Integrity 3.8", impersonal=True),
    Field("Referrer-Policy", "list", "Referrer Policy 4.1", impersonal=True),
    Field("Set-Login", "singleton", "Login Status"),
    # RFC 7469, Public Key Pinning; RFC 9163, Expect-CT; both withdrawn by browsers
    Field("Expect-CT", "list", "RFC 9163 2.1"),
    Field("Public-Key-Pins", "singleton", "RFC 7469 2.1"),
    Field("Public-Key-Pins-Report-Only", "singleton", "RFC 7469 2.1"),
    # RFC 8942, HTTP Client Hints; Client Hint Reliability; and the hints themselves
    Field("Accept-CH", "list", "RFC 8942 3.1", impersonal=True),
    Field("Critical-CH", "list", "Client Hint Reliability 3", impersonal=True),
    Field("DPR", "singleton", "Responsive Image Client Hints", request_only=True),
    Field("Device-Memory", "singleton", "Device Memory", request_only=True),
    Field("Downlink", "singleton", "Network Information", request_only=True),
    Field("ECT", "singleton", "Network Information", request_only=True),
    Field("RTT", "singleton", "Network Information", request_only=True),
    Field("Save-Data", "singleton", "Save Data", request_only=True),
    Field("Sec-CH-DPR", "singleton", "Responsive Image Client Hints", request_only=True),
    Field("Sec-CH-Device-Memory", "singleton", "Device Memory", request_only=True),
    Field("Sec-CH-Prefers-Color-Scheme", "singleton", "User Preference Media Features", request_only=True),
    Field("Sec-CH-Prefers-Reduced-Motion", "singleton", "User Preference Media Features", request_only=True),
    Field("Sec-CH-Prefers-Reduced-Transparency", "singleton", "User Preference Media Features", request_only=True),
    Field("Sec-CH-UA", "list", "UA Client Hints 3.1", request_only=True),
    Field("Sec-CH-UA-Arch", "singleton", "UA Client Hints 3.2", request_only=True),
    Field("Sec-CH-UA-Bitness", "singleton", "UA Client Hints 3.3", request_only=True),
    Field("Sec-CH-UA-Form-Factors", "list", "UA Client Hints 3.4", request_only=True),
    Field("Sec-CH-UA-Full-Version", "singleton", "UA Client Hints 3.5", request_only=True),
    Field("Sec-CH-UA-Full-Version-List", "list", "UA Client Hints 3.6", request_only=True),
    Field("Sec-CH-UA-Mobile", "singleton", "UA Client Hints 3.7", request_only=True),
    Field("Sec-CH-UA-Model", "singleton", "UA Client Hints 3.8", request_only=True),
    Field("Sec-CH-UA-Platform", "singleton", "UA Client Hints 3.9", request_only=True),
    Field("Sec-CH-UA-Platform-Version", "singleton", "UA Client Hints 3.10", request_only=True),
    Field("Sec-CH-UA-WoW64", "singleton", "UA Client Hints 3.11", request_only=True),
    Field("Sec-CH-Viewport-Height", "singleton", "Responsive Image Client Hints", request_only=True),
    Field("Sec-CH-Viewport-Width", "singleton", "Responsive Image Client Hints", request_only=True),
    Field("Sec-CH-Width", "singleton", "Responsive Image Client Hints", request_only=True),
    Field("Viewport-Width", "singleton", "Responsive Image Client Hints", request_only=True),
    Field("Width", "singleton", "Responsive Image Client Hints", request_only=True),
    # RFC 9213, Targeted HTTP Cache Control, with the vendors' own fields that follow it; RFC 9211, Cache-Status;
    # RFC 9209, Proxy-Status; RFC 9875, HTTP Cache Groups; RFC 8586, Loop Detection in CDNs; No-Vary-Search; Edge
    # Architecture Specification. Surrogate-Key separates its keys by blanks, so it is no list.
    Field("CDN-Cache-Control", "list", "RFC 9213 3", members="directives", impersonal=True),
    Field("CDN-Loop", "list", "RFC 8586 2", request_only=True),
    Field("Cache-Group-Invalidation", "list", "RFC 9875 3"),
    Field("Cache-Groups", "list", "RFC 9875 2"),
    Field("Cache-Status", "list", "RFC 9211 2"),
    Field("Cache-Tag", "list", "convention (Cloudflare)"),
    Field("Cloudflare-CDN-Cache-Control", "list", "RFC 9213 2", members="directives", impersonal=True),
    Field("Netlify-CDN-Cache-Control", "list", "RFC 9213 2", members="directives", impersonal=True),
    Field("No-Vary-Search", "list", "draft-ietf-httpbis-no-vary-search", impersonal=True),
    Field("Proxy-Status", "list", "RFC 9209 2"),
    Field("Surrogate-Capability", "list", "Edge Architecture 2.1", request_only=True),
    Field("Surrogate-Control", "list", "Edge Architecture 2.2", members="directives", impersonal=True),
    Field("Surrogate-Key", "singleton", "convention (Fastly)"),
    Field("Vercel-CDN-Cache-Control", "list", "RFC 9213 2", members="directives", impersonal=True),
    # RFC 8288, Web Linking; RFC 9652, Link-Template; RFC 9745, Deprecation; RFC 8594, Sunset; RFC 7089, Memento
    Field("Accept-Datetime", "singleton", "RFC 7089 2.1.1", request_only=True),
    Field("Deprecation", "singleton", "RFC 9745 2"),
    Field("Link", "list", "RFC 8288 3", members="links"),
    Field("Link-Template", "list", "RFC 9652 2"),
    Field("Memento-Datetime", "singleton", "RFC 7089 2.1.1"),
    Field("Sunset", "singleton", "RFC 8594 3"),
    # RateLimit header fields for HTTP, the three fields of its early drafts, and those that services made up before
    Field("RateLimit", "list", "draft-ietf-httpapi-ratelimit-headers 4"),
    Field("RateLimit-Limit", "singleton", "draft-ietf-httpapi-ratelimit-headers-06"),
    Field("RateLimit-Policy", "list", "draft-ietf-httpapi-ratelimit-headers 3"),
    Field("RateLimit-Remaining", "singleton", "draft-ietf-httpapi-ratelimit-headers-06"),
    Field("RateLimit-Reset", "singleton", "draft-ietf-httpapi-ratelimit-headers-06"),
    Field("X-RateLimit-Limit", "singleton", "convention"),
    Field("X-RateLimit-Remaining", "singleton", "convention"),
    Field("X-RateLimit-Reset", "singleton", "convention"),
    # RFC 6266, Content-Disposition; RFC 9530, Digest Fields, with what it replaced (RFC 2616, RFC 3230) and the draft
    # beside it; RFC 9842, Compression Dictionary Transport; RFC 9421, HTTP Message Signatures
    Field("Accept-Signature", "list", "RFC 9421 5.1"),
    Field("Available-Dictionary", "singleton", "RFC 9842 2.2", request_only=True),
    Field("Content-Digest", "list", "RFC 9530 2", of_content=True),
    Field("Content-Disposition", "singleton", "RFC 6266 4"),
    Field("Content-MD5", "singleton", "RFC 2616 14.15", of_content=True),
    Field("Dictionary-ID", "singleton", "RFC 9842 2.3", request_only=True),
    Field("Digest", "list", "RFC 3230 4.3.2", of_content=True),
    Field("Repr-Digest", "list", "RFC 9530 3", of_content=True),
    Field("Signature", "list", "RFC 9421 4.2"),
    Field("Signature-Input", "list", "RFC 9421 4.1"),
    Field("Unencoded-Digest", "list", "draft-ietf-httpbis-unencoded-digest", of_content=True),
    Field("Use-As-Dictionary", "list", "RFC 9842 2.1"),
    Field("Want-Content-Digest", "list", "RFC 9530 4"),
    Field("Want-Digest", "list", "RFC 3230 4.3.1"),
    Field("Want-Repr-Digest", "list", "RFC 9530 4"),
    # RFC 5789, PATCH; Linked Data Platform; RFC 10008, QUERY; RFC 7240, Prefer; RFC 2295, Transparent Content
    # Negotiation; RFC 3229, Delta Encoding; RFC 5023, Atom Publishing Protocol; SOAP 1.1; Idempotency-Key
    Field("A-IM", "list", "RFC 3229 10.5.3", request_only=True),
    Field("Accept-Features", "list", "RFC 2295 8.2", request_only=True),
    Field("Accept-Patch", "list", "RFC 5789 3.1", impersonal=True),
    Field("Accept-Post", "list", "LDP 7.1", impersonal=True),
    Field("Accept-Query", "list", "RFC 10008 3", impersonal=True),
    Field("Alternates", "list", "RFC 2295 8.3"),
    Field("Delta-Base", "singleton", "RFC 3229 10.5.1", of_content=True),
    Field("IM", "list", "RFC 3229 10.5.2", of_content=True),
    Field("Idempotency-Key", "singleton", "draft-ietf-httpapi-idempotency-key-header", request_only=True),
    Field("Negotiate", "list", "RFC 2295 8.4", request_only=True),
    Field("Prefer", "list", "RFC 7240 2", request_only=True),
    Field("Preference-Applied", "list", "RFC 7240 3"),
    Field("SLUG", "singleton", "RFC 5023 9.7", request_only=True),
    Field("SOAPAction", "singleton", "SOAP 1.1 6.1.1", request_only=True),
    Field("TCN", "list", "RFC 2295 8.5"),
    # RFC 7838, HTTP Alternative Services; RFC 9218, Extensible Prioritization; RFC 8470, Using Early Data; RFC 9297,
    # Datagrams and the Capsule Protocol; RFC 6455, The WebSocket Protocol; RFC 8030, Event Delivery Using HTTP Push
    Field("Alt-Svc", "list", "RFC 7838 3"),
    Field("Alt-Used", "singleton", "RFC 7838 5", request_only=True),
    Field("Capsule-Protocol", "singleton", "RFC 9297 3.4"),
    Field("Early-Data", "singleton", "RFC 8470 5.1", request_only=True),
    Field("Priority", "list", "RFC 9218 5"),
    Field("Sec-WebSocket-Accept", "singleton", "RFC 6455 11.3.3"),
    Field("Sec-WebSocket-Extensions", "list", "RFC 6455 11.3.2"),
    Field("Sec-WebSocket-Key", "singleton", "RFC 6455 11.3.1", request_only=True),
    Field("Sec-WebSocket-Protocol", "list", "RFC 6455 11.3.4"),
    Field("Sec-WebSocket-Version", "list", "RFC 6455 11.3.5"),
    Field("TTL", "singleton", "RFC 8030 5.2"),
    Field("Topic", "singleton", "RFC 8030 5.4", request_only=True),
    Field("Urgency", "singleton", "RFC 8030 5.3", request_only=True),
    # RFC 8053, Authentication for Interactive Clients; RFC 8555, ACME; RFC 9440, Client-Cert; RFC 9449, DPoP
    Field("Authentication-Control", "list", "RFC 8053 4"),
    Field("Client-Cert", "singleton", "RFC 9440 2.2", request_only=True),
    Field("Client-Cert-Chain", "list", "RFC 9440 2.3", request_only=True),
    Field("DPoP", "singleton", "RFC 9449 4.1", request_only=True),
    Field("DPoP-Nonce", "singleton", "RFC 9449 8"),
    Field("Optional-WWW-Authenticate", "list", "RFC 8053 3"),
    Field("Replay-Nonce", "singleton", "RFC 8555 6.5.1"),
    # RFC 4918, WebDAV; RFC 3253, Versioning; RFC 5323, SEARCH; RFC 6638, RFC 7809 and RFC 8607, CalDAV
    Field("Cal-Managed-ID", "singleton", "RFC 8607 5.1"),
    Field("CalDAV-Timezones", "singleton", "RFC 7809 7.1", request_only=True),
    Field("DASL", "list", "RFC 5323 3.3", impersonal=True),
    Field("DAV", "list", "RFC 4918 10.1", impersonal=True),
    Field("Depth", "singleton", "RFC 4918 10.2", request_only=True),
    Field("Destination", "singleton", "RFC 4918 10.3", request_only=True),
    Field("If", "singleton", "RFC 4918 10.4", request_only=True),
    Field("If-Schedule-Tag-Match", "singleton", "RFC 6638 8.3", request_only=True),
    Field("Label", "singleton", "RFC 3253 8.3", request_only=True),
    Field("Lock-Token", "singleton", "RFC 4918 10.5"),
    Field("Overwrite", "singleton", "RFC 4918 10.6", request_only=True),
    Field("Schedule-Reply", "singleton", "RFC 6638 8.1", request_only=True),
    Field("Schedule-Tag", "singleton", "RFC 6638 8.2"),
    Field("Timeout", "list", "RFC 4918 10.7", request_only=True),
    # Server Timing; Resource Timing; Trace Context; Baggage; identifiers and times of requests by convention
    Field("Server-Timing", "list", "Server Timing 3"),
    Field("Timing-Allow-Origin", "list", "Resource Timing 3.5.2"),
    Field("X-Correlation-ID", "singleton", "convention"),
    Field("X-Request-ID", "singleton", "convention"),
    Field("X-Runtime", "singleton", "convention (Rails)"),
    Field("baggage", "list", "Baggage 3", request_only=True),
    Field("traceparent", "singleton", "Trace Context 3.2", request_only=True),
    Field("tracestate", "list", "Trace Context 3.3", request_only=True),
    # Global Privacy Control; Tracking Preference Expression, withdrawn
    Field("DNT", "singleton", "Tracking Preference Expression", request_only=True),
    Field("Sec-GPC", "singleton", "Global Privacy Control", request_only=True),
    Field("Tk", "singleton", "Tracking Preference Expression"),
    # What proxies tell the application: RFC 7239, Forwarded HTTP Extension, and the conventions before it
    Field("Forwarded", "list", "RFC 7239 4", request_only=True),
    Field("X-Forwarded-For", "list", "convention", request_only=True),
    Field("X-Forwarded-Host", "list", "convention", request_only=True),
    Field("X-Forwarded-Port", "list", "convention", request_only=True),
    Field("X-Forwarded-Prefix", "list", "convention", request_only=True),
    Field("X-Forwarded-Proto", "list", "convention", request_only=True),
    Field("X-HTTP-Method-Override", "singleton", "convention", request_only=True),
    Field("X-Real-IP", "singleton", "convention", request_only=True),
    Field("X-Requested-With", "singleton", "convention", request_only=True),
    # What applications tell the proxy in front of them
    Field("X-Accel-Buffering", "singleton", "convention (nginx)", impersonal=True),
    Field("X-Accel-Expires", "singleton", "convention (nginx)"),
    Field("X-Accel-Redirect", "singleton", "convention (nginx)", of_content=True),
    Field("X-Sendfile", "singleton", "convention (Apache, lighttpd)", of_content=True),
    # Browsers, plug-ins and crawlers by convention; no list syntax but for X-Robots-Tag, whose lines add up
    Field("X-DNS-Prefetch-Control", "singleton", "convention (browsers)", impersonal=True),
    Field("X-Download-Options", "singleton", "convention (Microsoft)", impersonal=True),
    Field("X-Permitted-Cross-Domain-Policies", "singleton", "convention (Adobe)", impersonal=True),
    Field("X-Robots-Tag", "list", "convention (Google)", impersonal=True),
    Field("X-UA-Compatible", "singleton", "convention (Microsoft)", impersonal=True),
    Field("X-XSS-Protection", "singleton", "convention (Microsoft)", impersonal=True),
    # Names and versions of software: they help an attacker and nobody else
    Field("X-AspNet-Version", "singleton", "convention (Microsoft)", impersonal=True),
    Field("X-AspNetMvc-Version", "singleton", "convention (Microsoft)", impersonal=True),
    Field("X-Generator", "singleton", "convention", impersonal=True),
    Field("X-Powered-By", "singleton", "convention", impersonal=True),
)

FIELDS: Mapping[str, Field] = MappingProxyType({field.name.lower(): field for field in _TABLE})


def lookup(name: str) -> Field | None:
    """Return what is known about the field `name`, in any case, or None.

    Names compare without regard to ASCII case alone (RFC 9110 5.1): a name that only Unicode's rules would fold to a
    known one, with U+212A for k, is unknown.
    """
    return FIELDS.get(name.lower()) if name.isascii() else None
