"""Mounting: a gunicorn hook, and a factory for every server that calls one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from werkzeug.middleware.proxy_fix import ProxyFix

from ._part import near_miss
from .errors import Problems
from .middleware import HeadersMiddleware
from .policy import Policy
from .references import application_of, policy_of

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

# The arguments of werkzeug's ProxyFix: how many proxies in front are trusted with each forwarded field.
_PROXY_FIX = ("x_for", "x_proto", "x_host", "x_port", "x_prefix")


def gunicorn(
    policy: Policy | str, *, proxy_fix: Mapping[str, int] | None = None, shadow: bool = False
) -> Callable[[Any], None]:
    """Return the `post_worker_init` hook for gunicorn.conf.py that puts `policy` before the application.

    policy      a Policy, or what the command line takes for one
    proxy_fix   the arguments of werkzeug's ProxyFix, {"x_proto": 1}; a field that is not named is not believed. It then
                stands outside, so that the policy sees scheme and host of the user's request.
    shadow      True: the policy changes nothing, and tells the log of each worker what it would change

        from wsgi_headers import deploy, presets
        post_worker_init = deploy.gunicorn(presets.BASELINE)

    The policy is compiled here, once: a mistake in it stops gunicorn while it reads its configuration. Raises
    PolicyError and BadReference. Workers without a WSGI application (asgi) raise RuntimeError when they start.
    """
    chosen = policy_of(policy) if isinstance(policy, str) else policy
    HeadersMiddleware(_never_called, chosen, shadow=shadow)
    _check_proxy_fix(proxy_fix)

    def post_worker_init(worker: Any) -> None:
        application = getattr(worker, "wsgi", None)
        if application is None:
            kind = f"{type(worker).__module__}.{type(worker).__name__}"
            raise RuntimeError(f"wsgi_headers: the worker {kind} runs no WSGI application; use sync, gthread or gevent")
        wrapped: WSGIApplication = HeadersMiddleware(application, chosen, shadow=shadow)
        if proxy_fix is not None:
            wrapped = ProxyFix(wrapped, **{**dict.fromkeys(_PROXY_FIX, 0), **proxy_fix})
        worker.wsgi = wrapped

    return post_worker_init


def wrap(application: str, policy: str, *, shadow: bool = False) -> HeadersMiddleware:
    """Return the application of `package.module:app` behind a policy, for servers that call a factory.

    policy   a preset's name or `package.module:name`
    shadow   True: the policy changes nothing, and tells the log what it would change

        gunicorn "wsgi_headers.deploy:wrap('package.module:app', 'baseline')"

    Raises BadReference for a name that leads to no application or no policy.
    """
    return HeadersMiddleware(application_of(application), policy_of(policy), shadow=shadow)


def _never_called(environ: object, start_response: object) -> list[bytes]:
    raise AssertionError("only compiled, never called")  # pragma: no cover


def _check_proxy_fix(proxy_fix: Mapping[str, int] | None) -> None:
    problems = Problems()
    where = "deploy.gunicorn.proxy_fix"
    if proxy_fix is not None and not isinstance(proxy_fix, Mapping):
        problems.add("deploy.proxy_fix", where, proxy_fix, "is no mapping", "{'x_proto': 1}")
    for name, count in proxy_fix.items() if isinstance(proxy_fix, Mapping) else ():
        if name not in _PROXY_FIX:
            fix = near_miss(str(name), _PROXY_FIX)
            problems.add("deploy.proxy_fix.unknown", where, name, "is no argument of ProxyFix", fix)
        elif type(count) is not int or count < 0:
            problems.add("deploy.proxy_fix.count", f"{where}[{name!r}]", count, "is no number of proxies", "1")
    problems.raise_any()
