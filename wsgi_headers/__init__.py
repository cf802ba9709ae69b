"""One immutable policy decides the response fields and cookies of any WSGI application."""

from . import overrides, presets
from ._explain import Explanation, explain
from .cookies.budget import CookieBudget
from .cookies.consent import CookieConsent
from .cookies.rules import CookieAttributes, CookieRule
from .cors import CORS
from .cross_origin import CrossOriginProtection
from .errors import HeadError, PolicyError, Problem
from .fields.content_security_policy import ContentSecurityPolicy, hash_source
from .fields.cross_origin_embedder_policy import CrossOriginEmbedderPolicy
from .fields.cross_origin_opener_policy import CrossOriginOpenerPolicy
from .fields.document_policy import DocumentPolicy
from .fields.integrity_policy import IntegrityPolicy
from .fields.no_vary_search import NoVarySearch
from .fields.permissions_policy import PermissionsPolicy
from .fields.referrer_policy import ReferrerPolicy
from .fields.reporting_endpoints import ReportingEndpoints
from .fields.source_lists import NONCE
from .fields.strict_transport_security import StrictTransportSecurity
from .fields.x_frame_options import XFrameOptions
from .hosts import AllowedHosts
from .https import HttpsRedirect
from .match import Match
from .middleware import HeadersMiddleware
from .operations import Append, Default, Edit, Merge, Remove, Set
from .policy import Policy, Rule
from .reports import ReportCollector

__all__ = [
    "AllowedHosts",
    "Append",
    "CORS",
    "ContentSecurityPolicy",
    "CookieAttributes",
    "CookieBudget",
    "CookieConsent",
    "CookieRule",
    "CrossOriginEmbedderPolicy",
    "CrossOriginOpenerPolicy",
    "CrossOriginProtection",
    "Default",
    "DocumentPolicy",
    "Edit",
    "Explanation",
    "HeadError",
    "HeadersMiddleware",
    "HttpsRedirect",
    "IntegrityPolicy",
    "Match",
    "Merge",
    "NONCE",
    "NoVarySearch",
    "PermissionsPolicy",
    "Policy",
    "PolicyError",
    "Problem",
    "ReferrerPolicy",
    "Remove",
    "ReportCollector",
    "ReportingEndpoints",
    "Rule",
    "Set",
    "StrictTransportSecurity",
    "XFrameOptions",
    "explain",
    "hash_source",
    "overrides",
    "presets",
]
