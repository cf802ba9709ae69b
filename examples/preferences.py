"""Preferences kept in cookies, with Flask: a theme and a font size, for a year at most, and deleted on demand.

Run it with `wsgi-headers serve examples.preferences:application`.
"""

from __future__ import annotations

from flask import Flask, Response, redirect, render_template_string, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from wsgi_headers import (
    CacheControl,
    ContentSecurityPolicy,
    CookieRule,
    CrossOriginProtection,
    HeadersMiddleware,
    Match,
    Policy,
    Rule,
    presets,
)

YEAR = 31_536_000  # seconds

# What can be chosen, the default first.
CHOICES = {"theme": ("light", "dark"), "font_size": ("medium", "small", "large")}

STYLE = """\
body { background: white; color: black; }
.dark body { background: black; color: white; }
.small { font-size: 80%; }
.large { font-size: 150%; }
"""

PAGE = """\
<!doctype html>
<html lang="en" class="{{ chosen.values() | join(' ') }}">
<meta charset="utf-8"><title>Preferences</title><link rel="stylesheet" href="{{ url_for('style') }}">
<h1>A {{ chosen.theme }} page with {{ chosen.font_size }} letters</h1>
<form id="choose" method="post" action="{{ url_for('choose') }}">
{% for name, values in choices.items() %}
<select name="{{ name }}">
{% for value in values %}<option{{ ' selected' if chosen[name] == value }}>{{ value }}</option>{% endfor %}
</select>
{% endfor %}
<button>Remember it</button></form>
<form id="forget" method="post" action="{{ url_for('forget') }}"><button>Forget it</button></form>
"""

app = Flask(__name__)


@app.get("/")
def page() -> str:
    """Show the page as the visitor wants it; a cookie that says something else counts as none."""
    said = {name: request.cookies.get(name, "") for name in CHOICES}
    chosen = {name: said[name] if said[name] in values else values[0] for name, values in CHOICES.items()}
    return render_template_string(PAGE, chosen=chosen, choices=CHOICES)


@app.post("/choose")
def choose() -> AnyResponse:
    """Remember what was chosen."""
    response = redirect(url_for("page"), 303)
    for name, values in CHOICES.items():
        if request.form.get(name) in values:
            response.set_cookie(name, request.form[name], max_age=10 * YEAR)
    return response


@app.post("/forget")
def forget() -> AnyResponse:
    """Delete the cookies."""
    response = redirect(url_for("page"), 303)
    for name in CHOICES:
        response.delete_cookie(name)
    return response


@app.get("/style.css")
def style() -> Response:
    """Give the style sheet, which is the same for everybody."""
    return Response(STYLE, mimetype="text/css")


POLICY = Policy(
    presets.BASELINE,
    # All that the page needs is its own style sheet and its own forms.
    ContentSecurityPolicy(default_src=[], style_src=["'self'"], form_action=["'self'"], base_uri=[]),
    # No page of another site changes what somebody prefers here.
    CrossOriginProtection(),
    # The application asks for ten years, which browsers cut to 400 days (rfc6265bis 5.5); a year is enough. Deletions
    # are no shorter life of a cookie but its end, so they pass. A script may read the theme, the size is the server's.
    CookieRule("theme", max_age=YEAR, http_only=False),
    CookieRule("font_size", max_age=YEAR, http_only=True),
    # A browser may keep the page and asks again before it shows it, so that a choice is seen at once; a cache between
    # keeps none, since the page is as one visitor wants it.
    Rule(Match(media_type="text/html"), CacheControl(private=True, no_cache=True)),
    Rule(Match(path="/style.css"), CacheControl(public=True, max_age=3600)),
)

# Most Flask applications are mounted as `app.wsgi_app = HeadersMiddleware(app.wsgi_app, POLICY)`. This one stays bare
# for behind_proxy.py, which wraps it in another policy.
application = HeadersMiddleware(app, POLICY)
