"""The command line: in this process through `main(argv)`, and as a process where signals and pipes count."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import signal
import socket
import sys
import threading
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit
from wsgiref.validate import validator

import pytest
from command_process import PATIENCE, head_of, started

from wsgi_headers import demo, presets
from wsgi_headers.__main__ import main
from wsgi_headers.inspector import request_environ
from wsgi_headers.serving import CannotListen, LoopbackServer

MODULES = {
    "corner_shop.py": """
        from wsgi_headers import HeadersMiddleware, Match, Policy, Rule, Set, presets

        policy = Policy(Set("X-Frame-Options", "DENY"))
        by_scheme = Policy(presets.BASELINE, Rule(Match(scheme="https"), Set("X-Secure", "1")))
        number = 17

        def app(environ, start_response):
            print("noise of a request")
            start_response("200 OK", [("Content-Type", "text/html"), ("Set-Cookie", "session=1")])
            return [b"shop"]

        def create_app(name="plain"):
            def made(environ, start_response):
                start_response("200 OK", [("X-Made", name)])
                return []
            return made

        def create_nothing():
            return None

        def create_late():
            raise RuntimeError("no database:\\n  give one")

        def fails(environ, start_response):
            raise LookupError("no such page")

        wrapped = HeadersMiddleware(app, policy)
        print("noise of an import")
    """,
    "corner_mounted.py": """
        from werkzeug.middleware.proxy_fix import ProxyFix

        from corner_shop import app, policy
        from wsgi_headers import HeadersMiddleware, HttpsRedirect, Policy, StrictTransportSecurity

        class Site:
            def __init__(self, wsgi_app):
                self.wsgi_app = wsgi_app

            def __call__(self, environ, start_response):
                return self.wsgi_app(environ, start_response)

        bare = Site(app)
        site = Site(HeadersMiddleware(app, policy))
        behind_proxy = Site(ProxyFix(HeadersMiddleware(app, policy)))
        proxied = ProxyFix(Site(HeadersMiddleware(app, policy)))
        secure = Policy(HttpsRedirect(), StrictTransportSecurity(1, include_subdomains=False))
        redirecting = Site(ProxyFix(HeadersMiddleware(app, secure), x_proto=1))

        class Robots(Site):
            def __call__(self, environ, start_response):
                if environ["PATH_INFO"] != "/robots.txt":
                    return super().__call__(environ, start_response)
                start_response("200 OK", [])
                return [b"User-agent: *"]

        outside = Robots(HeadersMiddleware(app, policy))
        endless = Site(app)
        endless.wsgi_app = endless
    """,
    "corner_broken.py": """
        raise RuntimeError("no settings:\\n  give some")
    """,
    "corner_unfinished.py": """
        import corner_that_is_not_there
    """,
    "corner_misspelt.py": """
        def app(environ, start_response)
            pass
    """,
    "corner_quits.py": """
        import sys
        sys.exit(3)
    """,
    "corner_policies.py": """
        from wsgi_headers import Policy, Set
        policy = Policy(Set("X Y", "a\\n"))
    """,
    "corner_waits.py": """
        import threading

        def app(environ, start_response):
            print("waiting", flush=True)
            threading.Event().wait()
    """,
}


def written(directory: Path) -> Path:
    for name, text in MODULES.items():
        lines = text.strip("\n").splitlines()
        margin = len(lines[0]) - len(lines[0].lstrip())
        (directory / name).write_text("\n".join(line[margin:] for line in lines) + "\n", encoding="utf-8")
    return directory


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The directory of MODULES, which is the current one; what is imported from it is forgotten again."""
    monkeypatch.chdir(written(tmp_path))
    monkeypatch.setattr(sys, "path", list(sys.path))
    before = set(sys.modules)
    yield tmp_path
    for name in set(sys.modules) - before:
        if name.startswith("corner_"):
            del sys.modules[name]


# show

SHOWN = """\
GET https://localhost/

  200 OK
  Content-Type: text/html
- Set-Cookie: session=1
+ Set-Cookie: session=1; Secure; HttpOnly; SameSite=Lax
      CookieAttributes(secure='https', default_same_site='Lax')
      CookieRule('*sess*', http_only=True)
"""


def test_show_prints_the_head_line_by_line(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Each line as the application sent it and as it goes out, and the part that did it."""
    assert main(["show", "corner_shop:app", "/"]) == 0

    assert capsys.readouterr().out.startswith(SHOWN)


def test_show_says_which_rules_did_not_hold(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With the reason, and the parts that did not act for it."""
    assert main(["show", "corner_shop:app", "--scheme", "http", "--policy", "corner_shop:by_scheme"]) == 0

    shown = capsys.readouterr().out
    assert "+ Set-Cookie: session=1; HttpOnly; SameSite=Lax\n" in shown
    assert shown.endswith(
        "Rules that did not hold:\n  Match(scheme='https'): the scheme does not match\n      Set('X-Secure', '1')\n"
    )


def test_show_as_json_is_all_that_is_printed(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What modules print while they are imported goes to standard error."""
    assert main(["show", "corner_shop:app", "/cart?a=b", "--json", "--policy", "corner_shop:policy"]) == 0

    captured = capsys.readouterr()
    data = json.loads(captured.out)
    assert data["policy"] == "corner_shop:policy"
    assert data["url"] == "https://localhost/cart?a=b"
    assert data["after"]["lines"][-1] == ["X-Frame-Options", "DENY"]
    assert "noise" in captured.err


def test_show_sends_the_request_that_is_asked_for(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Method, scheme, host, path and fields reach the application."""
    (shop / "corner_echo.py").write_text(
        "def app(environ, start_response):\n"
        "    keys = ('REQUEST_METHOD', 'wsgi.url_scheme', 'HTTP_HOST', 'PATH_INFO', 'HTTP_COOKIE', 'HTTP_ACCEPT')\n"
        "    start_response('200 OK', [('X-' + key.replace('.', '-'), environ[key]) for key in keys])\n"
        "    return []\n",
        encoding="utf-8",
    )
    fields = ["--header", "Cookie: a=1", "-H", "Accept:text/html"]
    argv = ["show", "corner_echo:app", "/a b", "--method", "PUT", "--scheme", "http", "--host", "a.example:81", *fields]

    assert main([*argv, "--json"]) == 0

    lines = json.loads(capsys.readouterr().out)["before"]["lines"]
    assert [value for _, value in lines] == ["PUT", "http", "a.example:81", "/a b", "a=1", "text/html"]


@pytest.mark.parametrize(
    ("reference", "made"),
    [("create_app()", "plain"), ("create_app('eu')", "eu"), ("create_app(name='us')", "us")],
)
def test_a_factory_is_called(reference: str, made: str, shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A reference with parentheses stands for what the call returns."""
    assert main(["show", f"corner_shop:{reference}"]) == 0

    assert f"  X-Made: {made}\n" in capsys.readouterr().out


def test_an_application_with_a_policy_of_its_own_is_shown_with_it(
    shop: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where none is asked for."""
    assert main(["show", "corner_shop:wrapped", "--json"]) == 0

    data = json.loads(capsys.readouterr().out)
    assert data["policy"] == "its own policy"
    assert [line["parts"] for line in data["lines"] if line["parts"]] == [["Set('X-Frame-Options', 'DENY')"]]


@pytest.mark.parametrize("name", ["site", "behind_proxy", "proxied"])
def test_a_policy_mounted_within_an_application_is_its_own(
    name: str, shop: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """As `wsgi_app`, and below other middleware."""
    assert main(["show", f"corner_mounted:{name}", "--json"]) == 0

    data = json.loads(capsys.readouterr().out)
    assert data["policy"] == "its own policy"
    assert [line["parts"] for line in data["lines"] if line["parts"]] == [["Set('X-Frame-Options', 'DENY')"]]


def test_show_goes_through_what_stands_outside_of_the_policy(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A proxy's word counts where ProxyFix believes it, for guards as for the head; the application stays as it was."""
    argv = ["show", "corner_mounted:redirecting", "--scheme", "http", "--json"]

    assert main([*argv, "-H", "X-Forwarded-Proto: https"]) == 0
    by_https = json.loads(capsys.readouterr().out)
    assert main(argv) == 0
    by_http = json.loads(capsys.readouterr().out)

    assert (by_https["after"]["status"], by_http["after"]["status"]) == ("200 OK", "308 Permanent Redirect")
    assert (by_https["answered"], by_http["answered"]) == (False, True)
    assert by_https["url"] == by_http["url"] == "http://localhost/"
    assert ["Strict-Transport-Security", "max-age=1"] in by_https["after"]["lines"]


def test_show_tells_where_the_policy_was_not_asked(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What an application answers outside of its middleware has no policy, and is not shown as if it had."""
    assert main(["show", "corner_mounted:outside", "/robots.txt"]) == 2
    told = capsys.readouterr().err.replace("noise of an import\n", "")
    assert told == "wsgi-headers: the request did not reach the policy; what stands outside of it answered\n"

    assert main(["show", "corner_mounted:outside", "/"]) == 0


@pytest.mark.parametrize(("name", "code"), [("bare", 0), ("endless", 2)])
def test_an_application_without_a_policy_of_its_own_is_shown_with_baseline(
    name: str, code: int, shop: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Also one that stands below itself, which is looked through to a depth alone."""
    assert main(["show", f"corner_mounted:{name}"]) == code

    captured = capsys.readouterr()
    assert ("+ X-Content-Type-Options: nosniff\n" in captured.out) == (name == "bare")
    assert ("RecursionError" in captured.err) == (name == "endless")


def test_a_policy_that_is_asked_for_comes_on_top_of_its_own(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Both act."""
    assert main(["show", "corner_shop:wrapped", "--policy", "baseline"]) == 0

    shown = capsys.readouterr().out
    assert "  X-Frame-Options: DENY\n" in shown
    assert "+ X-Content-Type-Options: nosniff\n" in shown


def test_another_directory_is_where_modules_are_looked_for(
    shop: Path, tmp_path_factory: pytest.TempPathFactory, capsys: pytest.CaptureFixture[str]
) -> None:
    """`--chdir` goes there; without it the message names it."""
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    os.chdir(elsewhere)

    assert main(["show", "corner_shop:app"]) == 2
    assert "--chdir" in capsys.readouterr().err
    assert main(["show", "corner_shop:app", "--chdir", str(shop)]) == 0
    assert Path.cwd() == shop


def test_what_every_command_takes_may_stand_before_its_name(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """And means the same there."""
    argv = ["--json", "--policy", "corner_shop:policy", "show", "corner_shop:app"]

    assert main(argv) == 0
    before = capsys.readouterr().out
    assert main([*argv[3:], *argv[:3]]) == 0
    assert capsys.readouterr().out == before


# What cannot be done.

COMPLAINTS = {
    "show corner_shops:app": "no module 'corner_shops'; look at the spelling, or say with --chdir where it is",
    "show corner_shop.py": "'corner_shop.py' is no reference; write package.module:name",
    "show corner_shop:apps": "'corner_shop' has no 'apps'. Did you mean 'app'?",
    "show corner_shop:number": "'corner_shop:number' is no WSGI application but int; name a callable",
    "show corner_shop:create_nothing()": "'corner_shop:create_nothing()' is no WSGI application but NoneType; "
    "name a callable",
    "show corner_shop:create_late()": "call of corner_shop:create_late failed: RuntimeError: no database: give one",
    "show corner_shop:fails": "the application raised LookupError: no such page",
    "show corner_broken:app": "import of corner_broken failed: RuntimeError: no settings: give some",
    "show corner_unfinished:app": "import of corner_unfinished failed: ModuleNotFoundError: "
    "No module named 'corner_that_is_not_there'",
    "show corner_misspelt:app": "import of corner_misspelt failed: SyntaxError: expected ':' "
    "(corner_misspelt.py, line 1)",
    "show corner_quits:app": "the application ended the process (SystemExit: 3); keep that out of what a server runs",
    "show corner_shop:app cart": "'cart' is no path; begin it with a slash",
    "show corner_shop:app / --host a/b": "'a/b' is no host; write localhost or localhost:8000",
    "show corner_shop:app --policy basline": "'basline' is no policy; give a preset or package.module:name. "
    "Did you mean 'baseline'?",
    "show corner_shop:app --policy corner_shop:number": "'corner_shop:number' is no policy but int; "
    "name a wsgi_headers.Policy",
    "demo --policy corner_shop:polic": "'corner_shop' has no 'polic'. Did you mean 'policy'?",
    "serve corner_shop:app --host 0.0.0.0": "'0.0.0.0' is no loopback address; this server is for trying out; "
    "give 127.0.0.1, ::1 or localhost",
    "serve corner_shop:app --host shop.example": "'shop.example' is no loopback address; this server is for trying "
    "out; give 127.0.0.1, ::1 or localhost",
    "demo --chdir nowhere": "--chdir 'nowhere': No such file or directory; name a directory",
}


@pytest.mark.parametrize("arguments", COMPLAINTS)
def test_what_cannot_be_done_is_told_in_one_line(
    arguments: str, shop: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """On standard error, with exit code 2, and nothing else is printed."""
    assert main(arguments.split()) == 2

    captured = capsys.readouterr()
    assert captured.err.replace("noise of an import\n", "") == f"wsgi-headers: {COMPLAINTS[arguments]}\n"
    assert captured.out == ""


USAGE = {
    "": "the following arguments are required: COMMAND; wsgi-headers --help says more",
    "serve": "the following arguments are required: APPLICATION; wsgi-headers serve --help says more",
    "serve corner_shop:app --port 65536": "argument --port: '65536' is no port; give a number up to 65535, or none; "
    "wsgi-headers serve --help says more",
    "show corner_shop:app / --header Cookie": "argument -H/--header: 'Cookie' is no field; write 'Name: value'; "
    "wsgi-headers show --help says more",
    "show corner_shop:app / --sheme http": "unrecognized arguments: --sheme http; wsgi-headers --help says more",
}


@pytest.mark.parametrize("arguments", USAGE)
def test_a_wrong_argument_is_told_in_one_line(arguments: str, capsys: pytest.CaptureFixture[str]) -> None:
    """With exit code 2, and a word on where help is."""
    with pytest.raises(SystemExit) as raised:
        main(arguments.split())

    assert raised.value.code == 2
    assert capsys.readouterr() == ("", f"wsgi-headers: {USAGE[arguments]}\n")


def test_the_mistakes_of_a_policy_have_a_line_each(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A module whose policy is refused tells all of them."""
    assert main(["show", "corner_shop:app", "--policy", "corner_policies:policy"]) == 2

    told = [line for line in capsys.readouterr().err.splitlines() if "noise" not in line]
    assert [line.partition(": is")[0].partition(": holds")[0] for line in told] == [
        "wsgi-headers: Set.name",
        "wsgi-headers: Set.value",
    ]


def test_a_port_in_use_is_told_in_one_line(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With what to do about it."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        assert main(["serve", "corner_shop:app", "--port", str(port)]) == 2

    fix = "give another --port, or none for a free one"
    told = capsys.readouterr().err.removeprefix("noise of an import\n")
    assert told == f"wsgi-headers: port {port} of 127.0.0.1 is in use; {fix}\n"


def test_debug_shows_the_traceback_before_the_line(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`--debug` adds what a bug report needs."""
    assert main(["show", "corner_shop:fails", "--debug"]) == 2

    told = capsys.readouterr().err
    assert "Traceback" in told
    assert 'raise LookupError("no such page")' in told
    assert told.endswith("\nwsgi-headers: the application raised LookupError: no such page\n")


def test_the_version_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    """`--version` prints the name and the version of the distribution."""
    with pytest.raises(SystemExit) as raised:
        main(["--version"])

    assert raised.value.code == 0
    assert capsys.readouterr().out.startswith("wsgi-headers ")


# demo


def test_demo_once_prints_both_heads_of_each_page(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The bare one has the mistakes, the one behind the policy has not."""
    assert main(["demo", "--once"]) == 0

    pages = capsys.readouterr().out.split("GET https://localhost")[1:]
    assert [page.splitlines()[0] for page in pages] == [*demo.PAGES, "/missing"]
    for page in pages:
        bare, wrapped = page.split("  behind the policy\n")
        assert "    X-Powered-By: " in bare
        assert "    X-Powered-By: " not in wrapped
        assert "    X-Content-Type-Options: nosniff\n" not in bare
        assert "    X-Content-Type-Options: nosniff\n" in wrapped
    assert "    Set-Cookie: session=8f2c41d09b7e\n" in pages[1]
    assert "    Set-Cookie: __Host-session=8f2c41d09b7e; Path=/; Secure; HttpOnly; SameSite=Lax\n" in pages[1]
    assert "    404 Not Found\n" in pages[-1]


def test_the_demo_shows_the_way_back_and_consent(capsys: pytest.CaptureFixture[str]) -> None:
    """What a sibling domain tossed does not reach the application, and marketing waits for consent."""
    assert main(["demo", "--once"]) == 0

    printed = capsys.readouterr()
    pages = dict(zip([*demo.PAGES, "/missing"], printed.out.split("GET https://localhost")[1:], strict=True))
    bare, wrapped = pages["/account"].split("  behind the policy\n")
    assert "sees Cookie: session=tossed; __Host-session=8f2c41d09b7e; theme=dark\n" in bare
    assert "sees Cookie: session=8f2c41d09b7e; theme=dark\n" in wrapped
    bare, wrapped = pages["/offers"].split("  behind the policy\n")
    assert "Set-Cookie: campaign=spring" in bare
    assert "Set-Cookie" not in wrapped and "    Vary: Cookie\n" in wrapped
    assert printed.err == ""


def test_demo_once_takes_a_policy_and_gives_json(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`--policy` and `--json` hold for it as for the others."""
    assert main(["demo", "--once", "--json", "--policy", "corner_shop:policy"]) == 0

    pages = json.loads(capsys.readouterr().out)
    assert [page["after"]["lines"][-1] for page in pages] == [["X-Frame-Options", "DENY"]] * (len(demo.PAGES) + 1)


def test_no_line_of_the_demo_is_wider_than_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing breaks at 100 columns."""
    assert main(["demo", "--once"]) == 0

    assert max(map(len, capsys.readouterr().out.splitlines())) <= 100


def start_nothing(status: str, lines: Any, exc_info: Any = None) -> Any:
    return lambda data: None


@pytest.mark.parametrize("path", [*demo.PAGES, "/missing", "/style.css"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_the_demo_application_keeps_to_pep_3333(method: str, path: str) -> None:
    """wsgiref.validate finds nothing, and there is no body for HEAD."""
    addresses = {"bare": "http://127.0.0.1:1", "wrapped": "http://127.0.0.1:2"}
    app = validator(demo.with_comparison(presets.BASELINE, addresses))
    environ = request_environ(path, method=method)

    body = app(environ, start_nothing)
    try:
        assert b"".join(body) == b"" if method == "HEAD" else b"".join(body)
    finally:
        body.close()  # type: ignore[attr-defined]


class Comparison(HTMLParser):
    """The demo's page: what it refers to, and the cells of its tables, a list a table."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.references: list[str] = []
        self.tags: set[str] = set()
        self.tables: list[list[str]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.references += [value or "" for name, value in attrs if name in ("href", "src", "style", "onclick")]
        if tag == "table":
            self.tables.append([])
        elif tag == "td":
            self.tables[-1].append("")

    def handle_data(self, data: str) -> None:
        if self.tables and self.tables[-1]:
            self.tables[-1][-1] += data.strip("\n")

    def column(self, table: int, number: int) -> list[str]:
        return [cell for cell in self.tables[table][number::3] if cell]


# As a process.


def test_demo_serves_what_its_page_says(tmp_path: Path) -> None:
    """Each head on the page is the one that its address sends."""
    with started(tmp_path, "demo", "--json") as run:
        addresses = json.loads(run.announced[0])
        head, body = head_of(addresses["wrapped"])
        page = Comparison(body.decode())

        for number, path in enumerate([*demo.PAGES, "/missing"]):
            cookies = demo.PAGES[path].cookies if path in demo.PAGES else ""
            for column, address in enumerate(addresses.values()):
                shown = page.column(number, column)[1 if cookies else 0 :]
                assert shown == head_of(urljoin(address, path), fields={"Cookie": cookies} if cookies else {})[0]
        assert head_of(addresses["bare"])[1] == body
        assert head_of(addresses["wrapped"], "HEAD") == (head, b"")
        assert head_of(urljoin(addresses["bare"], "/style.css"))[1].startswith(b"body {")
        code, told = run.ended_by(signal.SIGINT)

    assert (code, "Traceback" in told) == (0, False)
    assert addresses["bare"] != addresses["wrapped"]
    assert not page.tags & {"script", "style", "img", "iframe"}
    own = ("/", "http://127.0.0.1:")
    assert [reference for reference in page.references if not reference.startswith(own)] == []
    for address in addresses.values():
        assert [urljoin(address, path) for path in demo.PAGES if urljoin(address, path) not in page.references] == []


def test_demo_announces_both_addresses(tmp_path: Path) -> None:
    """And ends by SIGTERM with exit code 0."""
    with started(tmp_path, "demo", lines=3) as run:
        bare, wrapped, ends = run.announced
        code, told = run.ended_by(signal.SIGTERM)

    assert bare.startswith("bare                   http://127.0.0.1:")
    assert wrapped.startswith("behind its own policy  http://127.0.0.1:")
    assert ends == "Ctrl-C ends both."
    assert (code, told) == (0, "")


def test_the_page_can_be_seen_as_over_https() -> None:
    """What https alone brings is shown on request, though the server speaks http."""
    addresses = {"bare": "http://127.0.0.1:1", "wrapped": "http://127.0.0.1:2"}
    app = demo.with_comparison(presets.BASELINE, addresses)

    bodies = [b"".join(app(request_environ(target), start_nothing)) for target in ("/", "/?https")]

    assert [b"Strict-Transport-Security" in body for body in bodies] == [False, True]
    assert [b"; Secure; HttpOnly" in body for body in bodies] == [False, True]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_serve_ends_quietly(tmp_path: Path, number: int) -> None:
    """By SIGINT and SIGTERM: exit code 0, no traceback."""
    with started(written(tmp_path), "serve", "corner_shop:create_app()", lines=2) as run:
        served, ends = run.announced
        address, _, what = served.partition("  ")
        head, _ = head_of(address)
        code, told = run.ended_by(number)

    assert "X-Made: plain" in head
    assert "X-Content-Type-Options: nosniff" in head
    assert what == "corner_shop:create_app() behind baseline"
    assert ends == "Ctrl-C ends it."
    assert (code, "Traceback" in told) == (0, False)


def test_serve_calls_an_application_as_it_is_mounted(tmp_path: Path) -> None:
    """What stands outside of its own middleware, ProxyFix say, acts too, and no second policy does."""
    with started(written(tmp_path), "serve", "corner_mounted:behind_proxy", lines=2) as run:
        address, _, what = run.announced[0].partition("  ")
        head, _ = head_of(address)
        code, _ = run.ended_by(signal.SIGTERM)

    assert what == "corner_mounted:behind_proxy behind its own policy"
    assert head == ["200 OK", "Content-Type: text/html", "Set-Cookie: session=1", "X-Frame-Options: DENY"]
    assert code == 0


def test_serve_ends_by_sigint_where_a_shell_has_it_ignored(tmp_path: Path) -> None:
    """As shells do for what runs in the background."""
    before = ("/bin/sh", "-c", "trap '' INT; exec \"$@\"", "sh")

    with started(written(tmp_path), "serve", "corner_shop:app", lines=2, before=before) as run:
        assert run.ended_by(signal.SIGINT) == (0, "noise of an import\n")


def test_serve_ends_while_a_request_hangs(tmp_path: Path) -> None:
    """Nobody has to wait for it."""
    with started(written(tmp_path), "serve", "corner_waits:app", "--json") as run:
        address = json.loads(run.announced[0])["address"]
        with socket.create_connection(("127.0.0.1", urlsplit(address).port or 0), timeout=PATIENCE) as client:
            client.sendall(b"GET / HTTP/1.0\r\n\r\n")
            assert run.process.stdout is not None
            assert run.process.stdout.readline() == "waiting\n"

            assert run.ended_by(signal.SIGINT) == (0, "")


def test_show_ends_quietly_too(tmp_path: Path) -> None:
    """With the exit code that shells give to what SIGINT ended."""
    # A test run in the background has SIGINT ignored, and so have its children.
    heeded = "import os, signal, sys; signal.signal(signal.SIGINT, signal.SIG_DFL); os.execv(sys.argv[1], sys.argv[1:])"

    with started(written(tmp_path), "show", "corner_waits:app", lines=0, before=(sys.executable, "-c", heeded)) as run:
        assert run.process.stderr is not None
        assert run.process.stderr.readline() == "waiting\n"

        assert run.ended_by(signal.SIGINT) == (130, "")


def test_nobody_reading_is_no_reason_to_complain(tmp_path: Path) -> None:
    """Its output closed, it ends with exit code 0 and no traceback."""
    with started(tmp_path, "demo", "--once", lines=0) as run:
        assert run.process.stdout is not None and run.process.stderr is not None
        run.process.stdout.close()

        assert run.process.stderr.read() == ""
        assert run.process.wait(PATIENCE) == 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("serve", "corner_shops:app"), "no module 'corner_shops'"),
        (("serve", "corner_broken:app"), "no settings: give some"),
        (("demo", "--policy", "corner_shop:number"), "is no policy but int"),
    ],
)
def test_a_process_that_cannot_serve_ends_with_one_line(arguments: tuple[str, ...], words: str, tmp_path: Path) -> None:
    """With exit code 2."""
    with started(written(tmp_path), *arguments, lines=0) as run:
        _, told = run.process.communicate(timeout=PATIENCE)

    assert run.process.returncode == 2
    told = told.removeprefix("noise of an import\n")
    assert told.startswith("wsgi-headers: ")
    assert words in told
    assert told.count("\n") == 1


def test_a_port_in_use_ends_the_process_with_one_line(tmp_path: Path) -> None:
    """With exit code 2 and what to do about it."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        with started(written(tmp_path), "serve", "corner_shop:app", "--port", port, lines=0) as run:
            _, told = run.process.communicate(timeout=PATIENCE)

    assert run.process.returncode == 2
    fix = "give another --port, or none for a free one"
    assert told.removeprefix("noise of an import\n") == f"wsgi-headers: port {port} of 127.0.0.1 is in use; {fix}\n"


# The server.


@contextlib.contextmanager
def serving(server: LoopbackServer) -> Iterator[str]:
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.address
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_an_application_is_told_of_the_servers_threads() -> None:
    """`wsgi.multithread` is true, since the server has a thread for each request."""

    def app(environ: Any, start_response: Any) -> list[bytes]:
        start_response("200 OK", [("X-Multithread", str(environ["wsgi.multithread"]))])
        return []

    server = LoopbackServer()
    server.set_app(app)
    with serving(server) as address:
        assert "X-Multithread: True" in head_of(address)[0]


def test_loopback_has_other_names() -> None:
    """`localhost`, and all of 127.0.0.0/8."""
    for host in ("localhost", "127.0.0.2"):
        server = LoopbackServer(host)
        server.server_close()
        assert server.address.startswith("http://127.0.0.")


def test_loopback_of_ip_version_6_is_served() -> None:
    """Where the machine has it."""
    try:
        server = LoopbackServer("::1")
    except CannotListen as error:
        # A machine without IPv6 is told so in one line.
        assert "::1" in str(error) and "\n" not in str(error)
        return
    server.set_app(demo.application)
    with serving(server) as address:
        assert address.startswith("http://[::1]:")
        assert head_of(address)[0][0] == "200 OK"


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "", "shop.example", "127.0.0.1.example"])
def test_no_other_address_is_listened_on(host: str) -> None:
    """What tries policies out is nothing for a network to reach."""
    with pytest.raises(CannotListen, match="is no loopback address"):
        LoopbackServer(host)


@pytest.mark.parametrize(
    ("number", "message"),
    [
        (
            errno.EACCES,
            "port 80 of 127.0.0.1 is not for this user; give a --port from 1024 on, or none for a free one",
        ),
        (
            errno.EADDRNOTAVAIL,
            f"port 80 of 127.0.0.1: {os.strerror(errno.EADDRNOTAVAIL)}; give another --host or --port",
        ),
    ],
)
def test_a_refusal_of_the_system_is_told_in_one_line(
    number: int, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A port that only root may take, and whatever else the system says."""

    def refuse(server: LoopbackServer) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(LoopbackServer, "server_bind", refuse)

    with pytest.raises(CannotListen) as raised:
        LoopbackServer(port=80)

    assert str(raised.value) == message


def test_a_client_that_goes_away_is_not_told_of(capsys: pytest.CaptureFixture[str]) -> None:
    """A mistake of the application is."""
    server = LoopbackServer()
    try:
        for error in (ConnectionResetError("gone"), KeyError("a mistake")):
            try:
                raise error
            except (ConnectionResetError, KeyError):
                server.handle_error(None, ("127.0.0.1", 1))
    finally:
        server.server_close()

    told = capsys.readouterr().err
    assert "a mistake" in told
    assert "gone" not in told
