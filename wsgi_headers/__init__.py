"""One immutable policy decides the response fields and cookies of any WSGI application."""

from . import presets
from ._explain import Explanation, explain
from .cookies.budget import CookieBudget
from .cookies.consent import CookieConsent
from .cookies.rules import CookieAttributes, CookieRule
from .errors import HeadError, PolicyError, Problem
from .match import Match
from .middleware import HeadersMiddleware
from .operations import Append, Default, Edit, Merge, Remove, Set
from .policy import Policy, Rule

__all__ = [
    "Append",
    "CookieAttributes",
    "CookieBudget",
    "CookieConsent",
    "CookieRule",
    "Default",
    "Edit",
    "Explanation",
    "HeadError",
    "HeadersMiddleware",
    "Match",
    "Merge",
    "Policy",
    "PolicyError",
    "Problem",
    "Remove",
    "Rule",
    "Set",
    "explain",
    "presets",
]
