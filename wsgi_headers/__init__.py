"""One immutable policy decides the response fields and cookies of any WSGI application."""

from . import overrides, presets
from ._explain import Explanation, explain
from .cache_safety import CacheSafety
from .conditional import Conditional
from .cookies.budget import CookieBudget
from .cookies.consent import CookieConsent
from .cookies.rules import CookieAttributes, CookieRule
from .cors import CORS
from .cross_origin import CrossOriginProtection
from .errors import HeadError, PolicyError, Problem
from .fields.accept_ch import AcceptCH
from .fields.cache_control import CacheControl
from .fields.cdn_cache_control import CDNCacheControl
from .fields.clear_site_data import ClearSiteData
from .fields.content_disposition import ContentDisposition
from .fields.content_security_policy import ContentSecurityPolicy, hash_source
from .fields.cross_origin_embedder_policy import CrossOriginEmbedderPolicy
from .fields.cross_origin_opener_policy import CrossOriginOpenerPolicy
from .fields.cross_origin_resource_policy import CrossOriginResourcePolicy
from .fields.deprecation import Deprecation
from .fields.document_policy import DocumentPolicy
from .fields.integrity_policy import IntegrityPolicy
from .fields.link import Link
from .fields.no_vary_search import NoVarySearch
from .fields.origin_agent_cluster import OriginAgentCluster
from .fields.permissions_policy import PermissionsPolicy
from .fields.rate_limit import RateLimit
from .fields.rate_limit_policy import RateLimitPolicy
from .fields.referrer_policy import ReferrerPolicy
from .fields.reporting_endpoints import ReportingEndpoints
from .fields.source_lists import NONCE
from .fields.strict_transport_security import StrictTransportSecurity
from .fields.sunset import Sunset
from .fields.timing_allow_origin import TimingAllowOrigin
from .fields.x_content_type_options import XContentTypeOptions
from .fields.x_dns_prefetch_control import XDNSPrefetchControl
from .fields.x_frame_options import XFrameOptions
from .fields.x_permitted_cross_domain_policies import XPermittedCrossDomainPolicies
from .fields.x_robots_tag import XRobotsTag
from .hosts import AllowedHosts
from .https import HttpsRedirect
from .match import Match
from .middleware import HeadersMiddleware
from .operations import Append, Default, Edit, Merge, Remove, Set
from .policy import Policy, Rule
from .reports import ReportCollector

__all__ = [
    "AcceptCH",
    "AllowedHosts",
    "Append",
    "CDNCacheControl",
    "CORS",
    "CacheControl",
    "CacheSafety",
    "ClearSiteData",
    "Conditional",
    "ContentDisposition",
    "ContentSecurityPolicy",
    "CookieAttributes",
    "CookieBudget",
    "CookieConsent",
    "CookieRule",
    "CrossOriginEmbedderPolicy",
    "CrossOriginOpenerPolicy",
    "CrossOriginProtection",
    "CrossOriginResourcePolicy",
    "Default",
    "Deprecation",
    "DocumentPolicy",
    "Edit",
    "Explanation",
    "HeadError",
    "HeadersMiddleware",
    "HttpsRedirect",
    "IntegrityPolicy",
    "Link",
    "Match",
    "Merge",
    "NONCE",
    "NoVarySearch",
    "OriginAgentCluster",
    "PermissionsPolicy",
    "Policy",
    "PolicyError",
    "Problem",
    "RateLimit",
    "RateLimitPolicy",
    "ReferrerPolicy",
    "Remove",
    "ReportCollector",
    "ReportingEndpoints",
    "Rule",
    "Set",
    "StrictTransportSecurity",
    "Sunset",
    "TimingAllowOrigin",
    "XContentTypeOptions",
    "XDNSPrefetchControl",
    "XFrameOptions",
    "XPermittedCrossDomainPolicies",
    "XRobotsTag",
    "explain",
    "hash_source",
    "overrides",
    "presets",
]
