"""One immutable policy decides the response fields and cookies of any WSGI application."""

from . import presets
from ._explain import Explanation, explain
from .cookies.rules import CookieAttributes, CookieRule
from .cors import CORS
from .cross_origin import CrossOriginProtection
from .errors import HeadError, PolicyError, Problem
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
    "CookieAttributes",
    "CookieRule",
    "CrossOriginProtection",
    "Default",
    "Edit",
    "Explanation",
    "HeadError",
    "HeadersMiddleware",
    "HttpsRedirect",
    "Match",
    "Merge",
    "Policy",
    "PolicyError",
    "Problem",
    "Remove",
    "ReportCollector",
    "Rule",
    "Set",
    "explain",
    "presets",
]
