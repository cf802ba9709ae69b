"""A small application with the usual mistakes, bare and behind a policy, and a page that shows both heads of each page.

What it shows is what the inspector says of the application itself, so it can be no other than what the servers send.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from html import escape
from typing import TYPE_CHECKING, NamedTuple

from .cookies.consent import CookieConsent
from .cookies.rules import CookieRule
from .exchange import Line
from .inspector import Inspection, as_data, inspect, line_text, printable, request_environ
from .middleware import HeadersMiddleware
from .policy import Policy
from .presets import BASELINE
from .serving import LoopbackServer, serve

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_HTML = ("Content-Type", "text/html; charset=utf-8")


class Page(NamedTuple):
    """A page of the application: what is wrong with it, its head and body, the Cookie field of who asks for it."""

    mistake: str
    status: str
    lines: tuple[Line, ...]
    body: bytes
    cookies: str = ""


PAGES = {
    "/": Page("no security fields at all", "200 OK", (_HTML,), b"<!doctype html><title>Demo</title>Welcome.\n"),
    "/login": Page(
        "a bare session cookie",
        "200 OK",
        (_HTML, ("Cache-Control", "no-store"), ("Set-Cookie", "session=8f2c41d09b7e")),
        b"<!doctype html><title>Login</title>You are logged in.\n",
    ),
    "/preferences": Page(
        "a preferences cookie for a year, sent with every cross-site request",
        "200 OK",
        (_HTML, ("Set-Cookie", "theme=dark; Path=/; Max-Age=31536000")),
        b"<!doctype html><title>Preferences</title>Your theme is dark.\n",
    ),
    "/account": Page(
        "a session cookie that a sibling domain set comes first",
        "200 OK",
        (_HTML, ("Cache-Control", "no-store")),
        b"<!doctype html><title>Account</title>This is your account.\n",
        "session=tossed; __Host-session=8f2c41d09b7e; theme=dark",
    ),
    "/offers": Page(
        "a marketing cookie before anyone agreed to it",
        "200 OK",
        (_HTML, ("Set-Cookie", "campaign=spring; Path=/; Max-Age=31536000")),
        b"<!doctype html><title>Offers</title>Offers of the week.\n",
        "theme=dark; consent=analytics",
    ),
    "/export.csv": Page(
        "a download that a browser may take for something else",
        "200 OK",
        (("Content-Type", "text/csv"), ("Content-Disposition", 'attachment; filename="export.csv"')),
        b"date,amount\r\n2024-02-29,17.50\r\n",
    ),
}
_MISSING = Page("an error page, as bare as the others", "404 Not Found", (_HTML,), b"<!doctype html>No such page.\n")
_SHOWN = {**PAGES, "/missing": _MISSING}

# What the demo shows unless it is told another policy.
POLICY = Policy(
    BASELINE,
    CookieRule("session", prefix="__Host-"),
    CookieRule("campaign", category="marketing"),
    CookieConsent(unknown="send"),
)

_SEEN = "the application sees Cookie: "

_STYLE_PATH = "/style.css"
_STYLE = b"""\
body { font: 16px/1.5 system-ui, sans-serif; max-width: 75rem; margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; width: 100%; table-layout: fixed; }
th { text-align: left; border-bottom: 2px solid #888; padding: .3rem .5rem; }
td { font: 13px/1.5 ui-monospace, monospace; overflow-wrap: anywhere; vertical-align: top; padding: .2rem .5rem; }
tr + tr td { border-top: 1px solid #ddd; }
.removed td:nth-child(1), .changed td:nth-child(1) { background: #fdecea; }
.added td:nth-child(2), .changed td:nth-child(2) { background: #e6f4ea; }
"""
_STYLE_SHEET = Page("", "200 OK", (("Content-Type", "text/css; charset=utf-8"),), _STYLE)


def application(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """Answer with one of PAGES, 404 for any other path; every response says what it is powered by."""
    path = environ.get("PATH_INFO", "") or "/"
    page = _STYLE_SHEET if path == _STYLE_PATH else PAGES.get(path, _MISSING)
    start_response(page.status, [*page.lines, ("X-Powered-By", "ExampleFramework/1.2")])
    return [] if environ["REQUEST_METHOD"] == "HEAD" else [page.body]


def inspections(policy: Policy, *, scheme: str = "https", host: str = "localhost") -> list[Inspection]:
    """Return what `policy` makes of each page."""
    middleware = HeadersMiddleware(application, policy)
    found = []
    for path, page in _SHOWN.items():
        fields = [("Cookie", page.cookies)] if page.cookies else []
        found.append(inspect(middleware, request_environ(path, scheme=scheme, host=host, fields=fields)))
    return found


def once(policy: Policy, *, as_json: bool = False) -> str:
    """Return both heads of each page as they are over https, as text or as JSON."""
    inspected = inspections(policy)
    if as_json:
        return json.dumps([as_data(inspection) for inspection in inspected], indent=2)
    text: list[str] = []
    for inspection in inspected:
        text += [f"{inspection.method} {inspection.url}", ""]
        sent, seen = inspection.cookies
        text += _head_text("bare", sent, inspection.status, inspection.before)
        text += _head_text("behind the policy", seen, inspection.explanation.status, inspection.after)
    return "\n".join(map(printable, text)).rstrip("\n")


def _head_text(title: str, cookies: str | None, status: str, lines: Iterable[Line]) -> list[str]:
    seen = [] if cookies is None else [f"    {_SEEN}{cookies}"]
    return [f"  {title}", *seen, *(f"    {line}" for line in (status, *map(line_text, lines))), ""]


def run(policy: Policy, name: str, *, as_json: bool = False) -> None:
    """Serve the application bare and behind `policy`, which is called `name`, until SIGINT or SIGTERM comes.

    Both addresses are printed first, as text or as JSON. Raises CannotListen.
    """
    bare, wrapped = LoopbackServer(), LoopbackServer()
    addresses = {"bare": bare.address, "wrapped": wrapped.address}
    compared = with_comparison(policy, addresses)
    bare.set_app(compared)
    wrapped.set_app(HeadersMiddleware(compared, policy))
    behind = f"behind {name}"
    announcement = f"{'bare':{len(behind)}}  {bare.address}/\n{behind}  {wrapped.address}/\nCtrl-C ends both."
    if as_json:
        announcement = json.dumps({key: f"{address}/" for key, address in addresses.items()})
    serve([bare, wrapped], announcement)


def with_comparison(policy: Policy, addresses: dict[str, str]) -> WSGIApplication:
    """Return the application with a body for "/" that shows both heads of each page.

    addresses   of the servers "bare" and "wrapped", without a slash at the end
    """

    def compared(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        body = application(environ, start_response)
        if environ.get("PATH_INFO", "") not in ("", "/") or environ["REQUEST_METHOD"] == "HEAD":
            return body
        scheme = "https" if environ.get("QUERY_STRING") == "https" else "http"
        host = addresses["wrapped"].partition("//")[2]
        return [_comparison(inspections(policy, scheme=scheme, host=host), scheme, addresses).encode()]

    return compared


def _comparison(inspected: Iterable[Inspection], scheme: str, addresses: dict[str, str]) -> str:
    """Return the page as HTML."""
    shown = "Shown as these two servers send it, by http. <a href='/?https'>Show it as over https</a>."
    if scheme == "https":
        shown = "Shown as it is over https. <a href='/'>Show it as these two servers send it, by http</a>."
    html = [
        "<!doctype html>",
        "<html lang='en'><meta charset='utf-8'><meta name='viewport' content='width=device-width'>",
        f"<title>wsgi_headers demo</title><link rel='stylesheet' href='{_STYLE_PATH}'>",
        "<h1>The same application, bare and behind a policy</h1>",
        f"<p>{shown} A server adds Date, Server and the like.</p>",
    ]
    for (path, page), inspection in zip(_SHOWN.items(), inspected, strict=True):
        html.append(f"<h2>{escape(path)}: {escape(page.mistake)}</h2>\n<table>")
        links = [f"<a href='{address}{path}'>{name}</a>" for name, address in _titled(addresses)]
        html.append(f"<tr>{''.join(f'<th>{cell}</th>' for cell in (*links, 'what did it'))}</tr>")
        sent, seen = inspection.cookies
        if sent is not None:
            html.append(_row(f"{_SEEN}{sent}", "" if seen is None else f"{_SEEN}{seen}", ""))
        html.append(_row(inspection.status, inspection.explanation.status, ""))
        for before, after, parts in inspection.explanation.lines:
            done_by = "\n".join(map(repr, parts))
            html.append(_row(line_text(before) if before else "", line_text(after) if after else "", done_by))
        html.append("</table>")
    return "\n".join([*html, "</html>\n"])


def _titled(addresses: dict[str, str]) -> list[tuple[str, str]]:
    return [("bare", addresses["bare"]), ("behind the policy", addresses["wrapped"])]


def _row(before: str, after: str, done_by: str) -> str:
    kind = "kept" if before == after else "removed" if not after else "changed" if before else "added"
    cells = (escape(printable(before)), escape(printable(after)), "<br>".join(map(escape, done_by.split("\n"))))
    return f"<tr class='{kind}'>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"
