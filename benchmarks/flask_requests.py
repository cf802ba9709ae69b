"""Whole requests to a Flask application: what the middleware adds to them and what flask-talisman adds.

Both send the same six fields over https. A figure is the time of a whole request, in requests to bare Flask.
flask-talisman works in Flask's hooks around the view, on Flask's response object. It also decides there on a redirect
to https and on options that a view may have, which the policy of the middleware here does not do.
"""

from functools import partial
from wsgiref.types import WSGIApplication

from flask import Flask, Response
from flask_talisman import Talisman

from wsgi_headers import HeadersMiddleware, Policy, Set

from . import heads
from .contest import BARE, BODY, OURS, Contestant, Feed, Workload

SIX_SETS = Policy(
    Set("Content-Security-Policy", "default-src 'self'; object-src 'none'"),
    Set("Permissions-Policy", "browsing-topics=()"),
    Set("Referrer-Policy", "strict-origin-when-cross-origin"),
    Set("Strict-Transport-Security", "max-age=31556926; includeSubDomains"),
    Set("X-Content-Type-Options", "nosniff"),
    Set("X-Frame-Options", "SAMEORIGIN"),
)


def flask_application(feed: Feed) -> Flask:
    """A Flask application whose one view sends the next head of the feed."""
    flask = Flask(__name__)

    @flask.route("/articles/<name>")
    def article(name: str) -> Response:
        return Response(BODY, headers=feed.popleft())

    return flask


def talisman(application: WSGIApplication) -> WSGIApplication:
    """flask-talisman with what it does unasked."""
    Talisman(application)
    return application


WORKLOAD = Workload(
    "flask",
    "whole requests to a Flask application",
    heads.five_lines,
    (
        Contestant(OURS, partial(HeadersMiddleware, policy=SIX_SETS)),
        Contestant("flask-talisman", talisman),
    ),
    unit=BARE,
    reference=OURS,
    unit_name="bare requests",
    application=flask_application,
    requests=16,
)
