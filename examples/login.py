"""Login, with Flask: a session cookie under `__Host-` with a signature, and what a signature cannot do.

The application sets and reads a cookie `login` that holds a random session id. The policy gives it the prefix, so that
no sibling domain can toss one in, and a signature with a date, so that nobody but this site made it.

A signature cannot be taken back: a copy of the cookie verifies until signature_max_age is over, after logout too. So
the application keeps the list of open sessions, and logout strikes the id off. The copy still verifies, and opens
nothing. An application that kept the name of the user in the cookie, and no list, would let the copy in for as long.

Run it with `wsgi-headers serve examples.login:app`; the name is ada, the password is analytical.
"""

from __future__ import annotations

import os
import secrets

from flask import Flask, redirect, render_template_string, request, url_for
from werkzeug.security import check_password_hash, generate_password_hash
from werkzeug.wrappers import Response as AnyResponse

from wsgi_headers import (
    CacheControl,
    ClearSiteData,
    CookieRule,
    CrossOriginProtection,
    HeadersMiddleware,
    Match,
    Policy,
    Rule,
    presets,
)

HOUR = 3600  # seconds

# One that is made anew at each start logs everybody out. A site keeps it where it keeps its other secrets.
KEY = os.environ.get("LOGIN_SIGNING_KEY") or secrets.token_hex(32)

PASSWORDS = {"ada": generate_password_hash("analytical")}
NOBODYS = generate_password_hash(secrets.token_hex())

# Who is logged in, by session id. In the memory of one process here, in a database on a site.
SESSIONS: dict[str, str] = {}

PAGE = """\
<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Account</title>
{% if user %}
<h1>Hello {{ user }}</h1>
<form id="logout" method="post" action="{{ url_for('logout') }}"><button>Log out</button></form>
{% else %}
<h1>Please log in</h1>
<p>{{ message or "Your browser must take cookies for that." }}
<form id="login" method="post" action="{{ url_for('login') }}">
<label>Name <input name="name" autocomplete="username"></label>
<label>Password <input name="password" type="password" autocomplete="current-password"></label>
<button>Log in</button></form>
{% endif %}
"""

app = Flask(__name__)


@app.get("/")
def account() -> str:
    """Show the account, or the form for who is not logged in."""
    return render_template_string(PAGE, user=SESSIONS.get(request.cookies.get("login", "")))


@app.post("/login")
def login() -> AnyResponse | tuple[str, int]:
    """Open a session for who knows the password."""
    name = request.form.get("name", "")
    # A hash is computed for unknown names too: the time that it takes tells nobody which names there are.
    known = check_password_hash(PASSWORDS.get(name, NOBODYS), request.form.get("password", ""))
    if not known:
        return render_template_string(PAGE, message="That is no name and password of ours."), 403
    # A new id each time: one that was there before the login may be known to somebody else.
    session_id = secrets.token_urlsafe()
    SESSIONS[session_id] = name
    response = redirect(url_for("account"), 303)
    response.set_cookie("login", session_id)
    return response


@app.post("/logout")
def logout() -> AnyResponse:
    """End the session, here and in the browser."""
    SESSIONS.pop(request.cookies.get("login", ""), None)
    response = redirect(url_for("account"), 303)
    response.delete_cookie("login")
    return response


POLICY = Policy(
    # Cookies are Secure, HttpOnly and SameSite=Lax at least, pages load nothing of others and nobody frames them.
    presets.STRICT,
    # No form of another site logs anybody in or out.
    CrossOriginProtection(),
    # The cookie ends with the browser, and at the latest eight hours after the login.
    CookieRule("login", prefix="__Host-", same_site="Strict", signing_key=KEY, signature_max_age=8 * HOUR),
    # What the account showed is not in the history, nor in any cache, when somebody else sits down there.
    CacheControl(no_store=True),
    Rule(Match(path="/logout", method="POST", status=303), ClearSiteData("cache", "storage")),
)

app.wsgi_app = HeadersMiddleware(app.wsgi_app, POLICY)  # type: ignore[method-assign]
