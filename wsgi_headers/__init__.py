"""One immutable policy decides the response fields and cookies of any WSGI application."""

from . import presets
from ._explain import Explanation, explain
from .cookies.rules import CookieAttributes, CookieRule
from .cors import CORS
from .errors import HeadError, PolicyError, Problem
from .match import Match
from .middleware import HeadersMiddleware
from .operations import Append, Default, Edit, Merge, Remove, Set
from .policy import Policy, Rule

__all__ = [
    "Append",
    "CORS",
    "CookieAttributes",
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
