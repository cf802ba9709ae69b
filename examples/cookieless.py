"""A shop whose basket works in a browser that takes no cookies, with Flask.

The basket is in a cookie, and in the address until the cookie came back once. Nothing is ever redirected because a
cookie is missing, only because one is there: a browser that sends none is never sent round in circles.

Run it with `wsgi-headers serve examples.cookieless:app`.
"""

from __future__ import annotations

from flask import Flask, redirect, render_template_string, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from wsgi_headers import (
    CacheControl,
    CookieRule,
    CrossOriginProtection,
    HeadersMiddleware,
    Policy,
    ReferrerPolicy,
    presets,
)

GOODS = ("apples", "pears", "plums")

PAGE = """\
<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Shop</title>
<h1>In the basket: {{ basket | join(", ") or "nothing" }}</h1>
{% if in_address %}<p>Your browser sent no cookie, so the basket is in the address of this page.{% endif %}
<form id="add" method="post" action="{{ url_for('add') }}">
<input type="hidden" name="basket" value="{{ basket | join('.') }}">
{% for good in goods %}<button name="good" value="{{ good }}">{{ good }}</button>{% endfor %}
</form>
"""

app = Flask(__name__)


def basket_of(text: str) -> list[str]:
    """Return what is in a basket, each thing once; what the shop does not have is nothing."""
    return [good for good in GOODS if good in text.split(".")]


@app.get("/")
def shop() -> str | AnyResponse:
    """Show the basket."""
    cookie, address = request.cookies.get("basket"), request.args.get("basket")
    if cookie is not None and address is not None:
        # The cookie came back, so the address need not carry the basket any longer.
        return redirect(url_for("shop"), 303)
    text = cookie if cookie is not None else address
    return render_template_string(PAGE, goods=GOODS, basket=basket_of(text or ""), in_address=address is not None)


@app.post("/add")
def add() -> AnyResponse:
    """Put one thing into the basket that the form tells of."""
    basket = ".".join(basket_of(f"{request.form.get('basket', '')}.{request.form.get('good', '')}"))
    response = redirect(url_for("shop", basket=basket), 303)
    response.set_cookie("basket", basket)
    return response


POLICY = Policy(
    presets.BASELINE,
    # No page of another site puts anything into the basket.
    CrossOriginProtection(),
    CookieRule("basket", prefix="__Host-", http_only=True),
    # An address that carries the basket is no other site's business.
    ReferrerPolicy("same-origin"),
    # The same address shows another basket each time.
    CacheControl(no_store=True),
)

app.wsgi_app = HeadersMiddleware(app.wsgi_app, POLICY)  # type: ignore[method-assign]
