"""One immutable policy decides the response fields and cookies of any WSGI application."""

from . import presets
from ._explain import Explanation, explain
from .cookies.rules import CookieAttributes, CookieRule
from .errors import HeadError, PolicyError, Problem
from .fields.accept_ch import AcceptCH
from .fields.cache_control import CacheControl
from .fields.cdn_cache_control import CDNCacheControl
from .fields.clear_site_data import ClearSiteData
from .fields.content_disposition import ContentDisposition
from .fields.cross_origin_resource_policy import CrossOriginResourcePolicy
from .fields.deprecation import Deprecation
from .fields.link import Link
from .fields.origin_agent_cluster import OriginAgentCluster
from .fields.rate_limit import RateLimit
from .fields.rate_limit_policy import RateLimitPolicy
from .fields.referrer_policy import ReferrerPolicy
from .fields.strict_transport_security import StrictTransportSecurity
from .fields.sunset import Sunset
from .fields.timing_allow_origin import TimingAllowOrigin
from .fields.x_content_type_options import XContentTypeOptions
from .fields.x_dns_prefetch_control import XDNSPrefetchControl
from .fields.x_frame_options import XFrameOptions
from .fields.x_permitted_cross_domain_policies import XPermittedCrossDomainPolicies
from .fields.x_robots_tag import XRobotsTag
from .match import Match
from .middleware import HeadersMiddleware
from .operations import Append, Default, Edit, Merge, Remove, Set
from .policy import Policy, Rule

__all__ = [
    "AcceptCH",
    "Append",
    "CDNCacheControl",
    "CacheControl",
    "ClearSiteData",
    "ContentDisposition",
    "CookieAttributes",
    "CookieRule",
    "CrossOriginResourcePolicy",
    "Default",
    "Deprecation",
    "Edit",
    "Explanation",
    "HeadError",
    "HeadersMiddleware",
    "Link",
    "Match",
    "Merge",
    "OriginAgentCluster",
    "Policy",
    "PolicyError",
    "Problem",
    "RateLimit",
    "RateLimitPolicy",
    "ReferrerPolicy",
    "Remove",
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
    "presets",
]
