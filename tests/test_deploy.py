"""Mounting: the gunicorn hook in a real gunicorn, and the factory that servers call by names."""

from __future__ import annotations

import os
import runpy
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gunicorn.config
import pytest
from served_applications import BAD_HEADS, HSTS, INJECTED, LINK, POLICY, POLICY_LINES, cases, make_policy, plain
from servers import GUNICORN_WORKERS, Reply, Server, gunicorn_that_fails, running
from servers import gunicorn as running_gunicorn
from werkzeug.middleware.proxy_fix import ProxyFix

import wsgi_headers
from wsgi_headers import HeadersMiddleware, Policy, PolicyError, Set, deploy, presets
from wsgi_headers.references import BadReference

SETTINGS = {setting.name for setting in gunicorn.config.KNOWN_SETTINGS}

# gunicorn.conf.py as README has it.
THREE_LINES = """\
from wsgi_headers import deploy, presets

post_worker_init = deploy.gunicorn(presets.BASELINE)
"""

# An equal policy, made anew; that of the application `wrapped` is another object.
POLICY_CONF = """\
from served_applications import make_policy
from wsgi_headers import deploy

post_worker_init = deploy.gunicorn(make_policy())
"""

VERSION_CONF = """\
from wsgi_headers import Append, Policy, deploy

post_worker_init = deploy.gunicorn(Policy(Append("X-Version", "{version}")))
"""

# gunicorn itself believes X-Forwarded-Proto from loopback; here it believes nobody.
PROXY_CONF = """\
from wsgi_headers import deploy, presets

forwarded_allow_ips = "192.0.2.1"
post_worker_init = deploy.gunicorn(presets.BASELINE, proxy_fix={proxy_fix})
"""

CASES = "served_applications:cases"
WRAPPED = "served_applications:wrapped"


def conf(home: Path, text: str) -> Path:
    """Write gunicorn.conf.py where gunicorn looks for it."""
    path = home / "gunicorn.conf.py"
    path.write_text(text)
    return home


def policy_lines(reply: Reply) -> list[tuple[str, list[str]]]:
    """Return the values of each field of POLICY."""
    return [(name, reply.values(name)) for name, _ in POLICY_LINES]


ONCE = [(name, [value]) for name, value in POLICY_LINES]


# The hook, on each worker of gunicorn that runs a WSGI application.


@pytest.fixture(scope="module", params=["", "--preload"], ids=["plain", "preload"])
def options(request: pytest.FixtureRequest) -> list[str]:
    """The options of gunicorn that change where an application is loaded."""
    return [request.param] if request.param else []


@pytest.fixture(scope="module", params=GUNICORN_WORKERS)
def hooked(request: pytest.FixtureRequest, options: list[str], tmp_path_factory: pytest.TempPathFactory) -> Any:
    """gunicorn with POLICY by the hook, before the bare cases."""
    home = conf(tmp_path_factory.mktemp("hooked"), POLICY_CONF)
    with running_gunicorn(home, "--worker-class", request.param, *options, CASES) as server:
        yield server


@pytest.fixture(scope="module", params=GUNICORN_WORKERS)
def hooked_twice(request: pytest.FixtureRequest, options: list[str], tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The same before an application that stands behind an equal policy already."""
    home = conf(tmp_path_factory.mktemp("twice"), POLICY_CONF)
    with running_gunicorn(home, "--worker-class", request.param, *options, WRAPPED) as server:
        yield server


@pytest.mark.parametrize(
    ("path", "method", "code"),
    [
        ("plain", "GET", 200),
        ("plain", "HEAD", 200),
        ("late", "GET", 200),
        ("not-modified", "GET", 304),
        ("flask/nowhere", "GET", 404),
        ("flask/boom", "GET", 500),
    ],
)
def test_hook_puts_the_policy_before_the_application(hooked: Server, path: str, method: str, code: int) -> None:
    """Each answer of the application has each field once."""
    reply = hooked.ask(f"/{path}", method=method)
    assert reply.code == code
    assert policy_lines(reply) == ONCE


def test_hook_hardens_cookies(hooked: Server) -> None:
    """Each Set-Cookie line, in order."""
    assert hooked.ask("/plain").values("Set-Cookie") == [
        "sid=1; Path=/; Secure; HttpOnly; SameSite=Lax",
        "theme=dark; Secure; HttpOnly; SameSite=Lax",
    ]


def test_hook_refuses_bad_heads(hooked: Server) -> None:
    """No octet of any of them goes out."""
    for case in BAD_HEADS:
        reply = hooked.ask(f"/bad/{case}")
        assert INJECTED.encode() not in reply.raw
        assert reply.code == 500


def test_equal_policies_act_once(hooked_twice: Server) -> None:
    """The hook around a wrapped application: no second Link, no second attribute."""
    reply = hooked_twice.ask("/plain")
    assert policy_lines(reply) == ONCE
    assert reply.values("Set-Cookie")[1] == "theme=dark; Secure; HttpOnly; SameSite=Lax"


def test_different_policies_both_act(tmp_path: Path) -> None:
    """The inner one first: what the hook sets stands last."""
    text = POLICY_CONF.replace("make_policy())", "Policy(Append('Link', '</hook>'), Set('X-Policy', 'hook')))")
    home = conf(tmp_path, text.replace("import deploy", "import Append, Policy, Set, deploy"))
    with running_gunicorn(home, WRAPPED) as server:
        reply = server.ask("/plain")
    assert reply.values("Link") == [LINK, "</hook>"]
    assert reply.values("X-Policy") == ["hook"]


def test_hook_that_only_watches(tmp_path: Path) -> None:
    """Nothing is changed, and the log of the worker says what would be."""
    home = conf(tmp_path, POLICY_CONF.replace("make_policy())", "make_policy(), shadow=True)"))
    with running_gunicorn(home, CASES) as server:
        reply = server.ask("/plain")
        assert policy_lines(reply) == [(name, []) for name, _ in POLICY_LINES]
        assert reply.values("Set-Cookie") == ["sid=1; Path=/", "theme=dark"]
        server.until(lambda: "shadow: the cookie 'sid' would be changed by " in server.log, "a record")


@pytest.fixture(scope="module")
def baseline_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with the three lines of the documentation."""
    return conf(tmp_path_factory.mktemp("three-lines"), THREE_LINES)


@pytest.fixture(scope="module")
def baseline(baseline_home: Path) -> Iterator[Server]:
    """gunicorn with the three lines."""
    with running_gunicorn(baseline_home, CASES) as server:
        yield server


def test_three_lines_are_enough(baseline: Server) -> None:
    """The conf file as documented, found by gunicorn itself in the working directory."""
    reply = baseline.ask("/plain")
    assert reply.values("X-Content-Type-Options") == ["nosniff"]
    assert reply.values("X-Frame-Options") == ["SAMEORIGIN"]
    assert reply.values("X-Powered-By") == []
    assert reply.values("Set-Cookie") == ["sid=1; Path=/; HttpOnly; SameSite=Lax", "theme=dark; SameSite=Lax"]


def test_gunicorn_believes_loopback_about_the_scheme(baseline: Server) -> None:
    """gunicorn's own default: a proxy on this host says https, and the policy sees https without proxy_fix."""
    assert baseline.ask("/plain").values("Strict-Transport-Security") == []
    reply = baseline.ask("/plain", fields=["X-Forwarded-Proto: https"])
    assert reply.values("Strict-Transport-Security") == [HSTS]
    assert reply.values("Set-Cookie")[1] == "theme=dark; Secure; SameSite=Lax"


def test_names_of_the_conf_file_are_no_settings(baseline_home: Path) -> None:
    """Every global of gunicorn.conf.py that is named like a setting is one: ours are named like none."""
    names = {name for name in runpy.run_path(str(baseline_home / "gunicorn.conf.py")) if not name.startswith("__")}
    assert names & SETTINGS == {"post_worker_init"}


def test_public_names_are_no_settings() -> None:
    """Whatever is imported into gunicorn.conf.py from here changes no setting."""
    assert {"bind", "config", "reload", "post_worker_init"} <= SETTINGS
    public = {*wsgi_headers.__all__, *(name for name in vars(deploy) if not name.startswith("_"))}
    assert {name for name in public if name.lower() in SETTINGS} == set()


@pytest.mark.parametrize("arguments", [[], ["--preload"]], ids=["plain", "preload"])
def test_reload_brings_the_policy_of_the_new_conf(tmp_path: Path, arguments: list[str]) -> None:
    """HUP reads the conf file again: the same one keeps its policy, a new one brings its own, once."""
    home = conf(tmp_path, VERSION_CONF.format(version=1))
    with running_gunicorn(home, *arguments, CASES) as server:

        def versions() -> list[str]:
            return server.ask("/plain").values("X-Version")

        def reload() -> None:
            booted, exited = server.log.count("Booting worker"), server.log.count("Worker exiting")
            os.kill(server.process.pid, signal.SIGHUP)
            server.until(lambda: server.log.count("Booting worker") > booted, "a new worker")
            server.until(lambda: server.log.count("Worker exiting") > exited, "the end of the old worker")

        assert versions() == ["1"]
        reload()
        assert versions() == ["1"]
        conf(tmp_path, VERSION_CONF.format(version=2))
        reload()
        assert versions() == ["2"]


# What goes wrong is said once, before or while gunicorn starts.


@pytest.mark.parametrize("arguments", [[], ["--preload"]], ids=["plain", "preload"])
def test_worker_without_wsgi_application_says_so(tmp_path: Path, arguments: list[str]) -> None:
    """The asgi worker does not boot, and the log says what to use instead."""
    code, log = gunicorn_that_fails(conf(tmp_path, THREE_LINES), "--worker-class", "asgi", *arguments, CASES)
    assert code != 0
    told = [line for line in log.splitlines() if line.startswith("RuntimeError: ")]
    assert told == [
        "RuntimeError: wsgi_headers: the worker gunicorn.workers.gasgi.ASGIWorker runs no WSGI application; "
        "use sync, gthread or gevent"
    ]
    assert "AttributeError" not in log


WRONG_CONFS = {
    "preset": ("deploy.gunicorn('basline')", "wsgi_headers.references.BadReference: 'basline' is no policy; "),
    "module": ("deploy.gunicorn('nowhere:policy')", "wsgi_headers.references.BadReference: no module 'nowhere'; "),
    "value": (
        "deploy.gunicorn(Policy(Set('X-Frame-Options', 'DENY ')))",
        "wsgi_headers.errors.PolicyError: Set('X-Frame-Options').value: begins or ends with a blank 'DENY '; ",
    ),
    "type": (
        "deploy.gunicorn(Set('X-Frame-Options', 'DENY'))",
        "wsgi_headers.errors.PolicyError: HeadersMiddleware.policy: is no Policy ",
    ),
    "shadow": (
        "deploy.gunicorn(Policy(), shadow='yes')",
        "wsgi_headers.errors.PolicyError: HeadersMiddleware.shadow: is no bool 'yes'; ",
    ),
    "proxy-fix": (
        "deploy.gunicorn(Policy(), proxy_fix={'x_prot': 1})",
        "wsgi_headers.errors.PolicyError: deploy.gunicorn.proxy_fix: is no argument of ProxyFix 'x_prot'; ",
    ),
}


@pytest.mark.parametrize("case", WRONG_CONFS)
def test_wrong_policy_stops_gunicorn_at_its_configuration(tmp_path: Path, case: str) -> None:
    """--check-config imports the conf and does not start a worker: it finds the mistake all the same."""
    expression, message = WRONG_CONFS[case]
    text = f"from wsgi_headers import Policy, Set, deploy\n\npost_worker_init = {expression}\n"
    code, log = gunicorn_that_fails(conf(tmp_path, text), "--check-config", CASES)
    assert code == 1
    assert [line for line in log.splitlines() if line.startswith(message)]


def test_right_policy_passes_the_check_of_the_configuration(tmp_path: Path) -> None:
    """The control of the test above."""
    code, log = gunicorn_that_fails(conf(tmp_path, THREE_LINES), "--check-config", CASES)
    assert (code, log) == (0, "")


# A proxy in front, and ProxyFix outside the policy.


@pytest.fixture(scope="module")
def behind_proxy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """gunicorn with BASELINE and one trusted proxy for the scheme."""
    home = conf(tmp_path_factory.mktemp("proxy"), PROXY_CONF.format(proxy_fix={"x_proto": 1}))
    with running_gunicorn(home, CASES) as server:
        yield server


@pytest.fixture(scope="module")
def without_proxy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The same without proxy_fix."""
    home = conf(tmp_path_factory.mktemp("no-proxy"), PROXY_CONF.format(proxy_fix=None))
    with running_gunicorn(home, CASES) as server:
        yield server


def test_proxy_fix_shows_https_to_the_policy(behind_proxy: Server) -> None:
    """X-Forwarded-Proto: https from the trusted proxy: HSTS, Secure, and an application that knows it."""
    reply = behind_proxy.ask("/scheme", fields=["X-Forwarded-Proto: https"])
    assert reply.body.startswith(b"https ")
    assert reply.values("Strict-Transport-Security") == [HSTS]
    assert reply.values("Set-Cookie") == ["sid=1; Secure; HttpOnly; SameSite=Lax"]


@pytest.mark.parametrize("fields", [[], ["X-Forwarded-Proto: http"]], ids=["no-field", "http"])
def test_proxy_fix_adds_nothing_on_http(behind_proxy: Server, fields: list[str]) -> None:
    """Without the word of the proxy, or with http in it: no HSTS, no Secure."""
    reply = behind_proxy.ask("/scheme", fields=fields)
    assert reply.body.startswith(b"http ")
    assert reply.values("Strict-Transport-Security") == []
    assert reply.values("Set-Cookie") == ["sid=1; HttpOnly; SameSite=Lax"]


def test_last_proxy_alone_is_believed(behind_proxy: Server) -> None:
    """With one trusted proxy the last value counts, whatever a client put before it."""
    reply = behind_proxy.ask("/scheme", fields=["X-Forwarded-Proto: https, http"])
    assert reply.values("Strict-Transport-Security") == []


def test_without_proxy_fix_the_forwarded_scheme_is_not_believed(without_proxy: Server) -> None:
    """The field is only a claim of the client then."""
    reply = without_proxy.ask("/scheme", fields=["X-Forwarded-Proto: https"])
    assert reply.body.startswith(b"http ")
    assert reply.values("Strict-Transport-Security") == []
    assert reply.values("Set-Cookie") == ["sid=1; HttpOnly; SameSite=Lax"]


class Worker:
    """What the hook touches of a gunicorn worker."""

    def __init__(self, wsgi: Any) -> None:
        self.wsgi = wsgi


def test_hook_puts_proxy_fix_outside() -> None:
    """ProxyFix around the policy around the application, with werkzeug's own arguments."""
    worker = Worker(cases)
    deploy.gunicorn(POLICY, proxy_fix={"x_proto": 2, "x_host": 1, "x_for": 0})(worker)
    assert type(worker.wsgi) is ProxyFix
    assert (worker.wsgi.x_for, worker.wsgi.x_proto, worker.wsgi.x_host) == (0, 2, 1)
    assert type(worker.wsgi.app) is HeadersMiddleware
    assert worker.wsgi.app.app is cases
    assert worker.wsgi.app.policy is POLICY


def test_hook_without_proxy_fix_puts_the_policy_alone() -> None:
    """No ProxyFix where none was asked for."""
    worker = Worker(cases)
    deploy.gunicorn(POLICY)(worker)
    assert type(worker.wsgi) is HeadersMiddleware


@pytest.mark.parametrize(
    ("policy", "expected"),
    [("baseline", presets.BASELINE), ("served_applications:POLICY", POLICY)],
    ids=["preset", "reference"],
)
def test_hook_takes_a_name_for_the_policy(policy: str, expected: Policy) -> None:
    """What the command line takes for a policy, the hook takes too."""
    worker = Worker(cases)
    deploy.gunicorn(policy)(worker)
    assert worker.wsgi.policy == expected


def test_hook_serves_several_workers() -> None:
    """Each worker has a middleware of its own: nothing is shared but the policy."""
    workers = [Worker(cases), Worker(plain)]
    hook = deploy.gunicorn(POLICY)
    for worker in workers:
        hook(worker)
    assert [worker.wsgi.app for worker in workers] == [cases, plain]


@pytest.mark.parametrize("worker", [object(), Worker(None)], ids=["no-attribute", "none"])
def test_hook_refuses_a_worker_without_wsgi_application(worker: object) -> None:
    """The message names the worker and what to use."""
    with pytest.raises(RuntimeError, match=r"^wsgi_headers: the worker [\w.]+ runs no WSGI application; use sync, "):
        deploy.gunicorn(POLICY)(worker)


WRONG_PROXY_FIX: dict[str, tuple[Any, list[tuple[str, str]]]] = {
    "list": ([1], [("deploy.proxy_fix", "deploy.gunicorn.proxy_fix")]),
    "number": (1, [("deploy.proxy_fix", "deploy.gunicorn.proxy_fix")]),
    "text": ("x_proto", [("deploy.proxy_fix", "deploy.gunicorn.proxy_fix")]),
    "misspelt": ({"x_prot": 1}, [("deploy.proxy_fix.unknown", "deploy.gunicorn.proxy_fix")]),
    "field-name": ({"X-Forwarded-Proto": 1}, [("deploy.proxy_fix.unknown", "deploy.gunicorn.proxy_fix")]),
    "no-str": ({1: 1}, [("deploy.proxy_fix.unknown", "deploy.gunicorn.proxy_fix")]),
    "true": ({"x_proto": True}, [("deploy.proxy_fix.count", "deploy.gunicorn.proxy_fix['x_proto']")]),
    "text-count": ({"x_proto": "1"}, [("deploy.proxy_fix.count", "deploy.gunicorn.proxy_fix['x_proto']")]),
    "negative": ({"x_proto": -1}, [("deploy.proxy_fix.count", "deploy.gunicorn.proxy_fix['x_proto']")]),
    "float": ({"x_proto": 1.0}, [("deploy.proxy_fix.count", "deploy.gunicorn.proxy_fix['x_proto']")]),
    "two-at-once": (
        {"x_prot": 1, "x_host": None},
        [
            ("deploy.proxy_fix.unknown", "deploy.gunicorn.proxy_fix"),
            ("deploy.proxy_fix.count", "deploy.gunicorn.proxy_fix['x_host']"),
        ],
    ),
}


@pytest.mark.parametrize("case", WRONG_PROXY_FIX)
def test_wrong_proxy_fix_is_refused_when_the_hook_is_made(case: str) -> None:
    """Every mistake at once, each with its code and place."""
    proxy_fix, expected = WRONG_PROXY_FIX[case]
    with pytest.raises(PolicyError) as caught:
        deploy.gunicorn(POLICY, proxy_fix=proxy_fix)
    assert [(problem.code, problem.where) for problem in caught.value.problems] == expected


def test_misspelt_argument_of_proxy_fix_is_named() -> None:
    """The nearest right one stands in the message."""
    with pytest.raises(PolicyError, match="Did you mean 'x_proto'"):
        deploy.gunicorn(POLICY, proxy_fix={"x_prot": 1})


# The factory, for every server that calls one.

FACTORY = "wsgi_headers.deploy:wrap('served_applications:cases', '{policy}')"


@pytest.mark.parametrize("worker", GUNICORN_WORKERS)
def test_gunicorn_calls_the_factory(tmp_path: Path, worker: str) -> None:
    """The whole deployment in one argument, with a policy of the site's own."""
    argument = FACTORY.format(policy="served_applications:POLICY")
    with running_gunicorn(tmp_path, "--worker-class", worker, argument) as server:
        assert policy_lines(server.ask("/plain")) == ONCE
        assert policy_lines(server.ask("/flask/boom")) == ONCE


def test_gunicorn_calls_the_factory_with_a_preset(tmp_path: Path) -> None:
    """A preset by its name, on https as the proxy says it."""
    with running_gunicorn(tmp_path, "--preload", FACTORY.format(policy="baseline")) as server:
        reply = server.ask("/plain", fields=["X-Forwarded-Proto: https"])
    assert reply.values("X-Content-Type-Options") == ["nosniff"]
    assert reply.values("Strict-Transport-Security") == [HSTS]
    assert reply.values("X-Policy") == []


@pytest.mark.parametrize("kind", ["waitress", "cheroot", "wsgiref"])
def test_other_servers_call_the_factory(tmp_path: Path, kind: str) -> None:
    """A function without arguments, as `waitress-serve --call` takes it, around the factory."""
    with running(kind, "served_applications:make_wrapped()", tmp_path) as server:
        assert policy_lines(server.ask("/plain")) == ONCE


BAD_NAMES = {
    "policy": ("served_applications:cases", "basline", "'basline' is no policy; give a preset or "),
    "policy-object": (
        "served_applications:cases",
        "served_applications:NOT_A_POLICY",
        "'served_applications:NOT_A_POLICY' is no policy but object; ",
    ),
    "application": ("served_applications:nothing", "baseline", "'served_applications' has no 'nothing'. "),
    "module": ("nowhere.at_all:app", "baseline", "no module 'nowhere.at_all'; "),
    "no-callable": ("served_applications:HSTS", "baseline", "'served_applications:HSTS' is no WSGI "),
}


@pytest.mark.parametrize("case", BAD_NAMES)
def test_factory_refuses_names_that_lead_nowhere(case: str) -> None:
    """One line that says which of the two names, and what to write instead."""
    application, policy, message = BAD_NAMES[case]
    with pytest.raises(BadReference) as caught:
        deploy.wrap(application, policy)
    assert str(caught.value).startswith(message)
    assert len(str(caught.value).splitlines()) == 1


@pytest.mark.parametrize("case", ["policy", "application"])
def test_gunicorn_shows_the_line_of_a_bad_name(tmp_path: Path, case: str) -> None:
    """gunicorn does not start, and its log has that one line."""
    application, policy, message = BAD_NAMES[case]
    code, log = gunicorn_that_fails(tmp_path, f"wsgi_headers.deploy:wrap('{application}', '{policy}')")
    assert code != 0
    told = [line for line in log.splitlines() if line.startswith("wsgi_headers.references.BadReference: ")]
    assert len(told) == 1
    assert message in told[0]


def test_factory_returns_the_middleware() -> None:
    """What it names, found: the application itself and the policy itself."""
    made = deploy.wrap("served_applications:cases", "served_applications:make_policy()")
    assert type(made) is HeadersMiddleware
    assert made.app is cases
    assert made.policy == make_policy()
    assert made.shadow is None


def test_factory_of_one_that_only_watches() -> None:
    """It is said as to the middleware itself."""
    assert deploy.wrap("served_applications:cases", "served_applications:make_policy()", shadow=True).shadow == {}


def test_factory_refuses_what_is_no_policy_of_its_own() -> None:
    """A policy that cannot be right stops the deployment where it is written, not at the first request."""
    with pytest.raises(PolicyError):
        deploy.gunicorn(Set("X", "y"))  # type: ignore[arg-type]


def test_only_the_proxy_fields_that_are_named_are_believed() -> None:
    """werkzeug believes X-Forwarded-For and -Proto unless told otherwise; here what is not named counts no proxies."""

    class Worker:
        wsgi: Any = staticmethod(lambda environ, start_response: [])

    worker = Worker()
    deploy.gunicorn(Policy(), proxy_fix={"x_host": 2})(worker)

    fix = worker.wsgi
    assert (fix.x_for, fix.x_proto, fix.x_host, fix.x_port, fix.x_prefix) == (0, 0, 2, 0, 0)
