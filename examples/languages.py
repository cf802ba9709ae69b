"""A page in several languages, without a framework: caches may keep it, and are told what it depends on.

Run it with `wsgi-headers serve examples.languages:application`.
"""

from __future__ import annotations

from collections.abc import Iterable
from wsgiref.types import StartResponse, WSGIEnvironment

from werkzeug.datastructures import LanguageAccept
from werkzeug.http import parse_accept_header, parse_cookie

from wsgi_headers import (
    CacheControl,
    CacheSafety,
    CookieRule,
    HeadersMiddleware,
    Match,
    Merge,
    Policy,
    Rule,
    Set,
    presets,
)

YEAR = 31_536_000  # seconds

GREETINGS = {"en": "Welcome", "de": "Willkommen", "fr": "Bienvenue"}
CHOOSING = {f"/{language}": language for language in GREETINGS}
LINKS = "\n".join(f'<a href="{path}" hreflang="{language}">{language}</a>' for path, language in CHOOSING.items())


def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """Greet in the visitor's language, or remember the one that was chosen. Of caches it knows nothing."""
    path = environ["PATH_INFO"] or "/"
    if path in CHOOSING:
        cookie = f"language={CHOOSING[path]}; Path=/; Max-Age={YEAR}"
        start_response("303 See Other", [("Location", environ.get("SCRIPT_NAME", "") + "/"), ("Set-Cookie", cookie)])
        return []
    if path != "/":
        start_response("404 Not Found", [("Content-Type", "text/plain; charset=utf-8")])
        return [b"There is no such page.\n"]
    language = language_of(environ)
    page = f'<!doctype html>\n<html lang="{language}"><meta charset="utf-8">\n<h1>{GREETINGS[language]}</h1>\n{LINKS}\n'
    start_response("200 OK", [("Content-Type", "text/html; charset=utf-8")])
    return [page.encode()]


def language_of(environ: WSGIEnvironment) -> str:
    """Return what the visitor chose, else what the browser prefers of what there is, else English."""
    return chosen(environ) or preferred(environ) or "en"


def chosen(environ: WSGIEnvironment) -> str | None:
    """Return the language of the visitor's cookie, None without one of ours."""
    said = parse_cookie(environ).get("language")
    return said if said in GREETINGS else None


def preferred(environ: WSGIEnvironment) -> str | None:
    """Return the language that Accept-Language asks for most, None where there is none of it."""
    return parse_accept_header(environ.get("HTTP_ACCEPT_LANGUAGE"), LanguageAccept).best_match(GREETINGS)


def has_chosen(environ: WSGIEnvironment) -> bool:
    """Return whether the visitor has chosen a language."""
    return chosen(environ) is not None


POLICY = Policy(
    presets.BASELINE,
    CookieRule("language", http_only=True),
    # A response that sets the cookie is for one visitor, whatever the rules below come to say one day.
    CacheSafety(),
    Rule(
        Match(status=200),
        Set("Content-Language", language_of),
        # Caches keep one copy for each list of languages that browsers ask with.
        CacheControl(public=True, max_age=300),
        Merge("Vary", "Accept-Language"),
        # Who has chosen gets a page that caches between leave alone. The rule reads the cookie, so the policy says
        # `Vary: Cookie` by itself, also where the rule does not hold: the shared copy is not for who has chosen.
        Rule(Match(when=has_chosen, varies_on=["Cookie"]), CacheControl(private=True, max_age=300)),
    ),
)

application = HeadersMiddleware(app, POLICY)
