"""A consent banner, with Flask: the application counts as ever, the policy sends the cookie to who agreed.

Run it with `wsgi-headers serve examples.consent:app`.
"""

from __future__ import annotations

import secrets

from flask import Flask, Response, make_response, redirect, render_template_string, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from wsgi_headers import (
    CacheSafety,
    CookieConsent,
    CookieRule,
    CrossOriginProtection,
    HeadersMiddleware,
    Policy,
    presets,
)

DAY = 86_400  # seconds

PAGE = """\
<!doctype html>
<html lang="en"><meta charset="utf-8"><title>News</title>
<h1>News</h1>
{% if decision is none %}<p>May we count your visits?{% endif %}
<form id="consent" method="post" action="{{ url_for('decide') }}">
{% if decision != "analytics" %}<button name="decision" value="analytics">Yes, count me</button>{% endif %}
{% if decision != "nothing" %}<button name="decision" value="nothing">No, do not count me</button>{% endif %}
</form>
"""

app = Flask(__name__)


@app.get("/")
def news() -> Response:
    """Show the news and count the visitor. It asks nobody: whether the cookie leaves is the policy's affair."""
    response = make_response(render_template_string(PAGE, decision=request.cookies.get("consent")))
    visitor = request.cookies.get("visitor") or secrets.token_hex(8)
    response.set_cookie("visitor", visitor, max_age=400 * DAY)
    response.set_cookie("campaign", "autumn")
    # A minute old is new enough.
    response.headers["Cache-Control"] = "public, max-age=60"
    return response


@app.post("/consent")
def decide() -> AnyResponse:
    """Remember what the visitor decided."""
    agreed = request.form.get("decision") == "analytics"
    response = redirect(url_for("news"), 303)
    # No is remembered too, else the banner would ask on every page. No cookie has the category "nothing".
    response.set_cookie("consent", "analytics" if agreed else "nothing", max_age=180 * DAY)
    if not agreed:
        response.delete_cookie("visitor")
    return response


POLICY = Policy(
    presets.BASELINE,
    # A yes that a form of another site sent in the visitor's name is none.
    CrossOriginProtection(),
    # What nobody gave a category, `campaign` here, is withheld: a cookie that somebody adds next year waits for it too.
    # Deletions pass, so who withdraws is rid of the cookie with the same response.
    CookieConsent(),
    CookieRule("visitor", category="analytics", max_age=90 * DAY, http_only=True),
    CookieRule("consent", http_only=True),
    # The application says that the page is the same for everybody, and it is not: the banner is for who did not decide.
    # Where a cookie is set, or consent judged one, the page becomes private, and `Vary: Cookie` comes by itself.
    CacheSafety(),
)

app.wsgi_app = HeadersMiddleware(app.wsgi_app, POLICY)  # type: ignore[method-assign]
