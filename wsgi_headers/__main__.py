"""The command line: `wsgi-headers`, also `python -m wsgi_headers`.

Exit 0 when all went well, 2 with one line that says what to do when it could not; Ctrl-C ends quietly.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib.metadata
import json
import os
import sys
import traceback
from typing import TYPE_CHECKING, NamedTuple, NoReturn

from . import demo
from .errors import PolicyError, escaped
from .inspector import BadRequest, NoHead, as_data, as_text, inspect, printable, request_environ
from .middleware import HeadersMiddleware
from .mounting import middleware_of
from .references import PRESETS, BadReference, application_of, policy_of
from .serving import LOOPBACK, CannotListen, LoopbackServer, serve

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

_NAME = "wsgi-headers"
_USAGE = 2
_INTERRUPTED = 130  # what shells say of a command that SIGINT ended
_DEFAULT_POLICY = "baseline"


class _Unusable(Exception):
    """What the command line asks for and cannot be done; the message is one line."""


# What is told in one line, since the line says what to do.
_EXPECTED = (BadReference, BadRequest, CannotListen, NoHead, PolicyError, _Unusable)


def main(argv: list[str] | None = None) -> int:
    """Run one command and return its exit code; `argv` without the program's name, None for that of the process.

    Raises SystemExit as argparse does: --help, --version, arguments that are none.
    """
    arguments = _parser().parse_args(argv)
    try:
        _go_to(arguments.chdir)
        _COMMANDS[arguments.command](arguments)
        sys.stdout.flush()
    except _EXPECTED as error:
        return _failed(error, arguments.debug)
    except SystemExit as error:
        code = " ".join(str(error.code).split())
        said = f"the application ended the process (SystemExit: {code}); keep that out of what a server runs"
        return _failed(_Unusable(said).with_traceback(error.__traceback__), arguments.debug)
    except KeyboardInterrupt:
        return _INTERRUPTED if arguments.command == "show" else 0
    except BrokenPipeError:
        # Whoever reads has seen enough. The interpreter flushes once more at its end, and finds nobody there either.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


def _demo(arguments: argparse.Namespace) -> None:
    name = arguments.policy or "its own policy"
    with _output_kept_apart():
        policy = policy_of(arguments.policy) if arguments.policy else demo.POLICY
    if arguments.once:
        print(demo.once(policy, as_json=arguments.json))
    else:
        demo.run(policy, name, as_json=arguments.json)


def _serve(arguments: argparse.Namespace) -> None:
    with _output_kept_apart():
        mounted = _mounted(arguments)
    server = LoopbackServer(arguments.host, arguments.port)
    server.set_app(mounted.application)
    address = f"{server.address}/"
    announcement = f"{address}  {arguments.application} behind {mounted.behind}\nCtrl-C ends it."
    serve([server], json.dumps({"address": address}) if arguments.json else announcement)


def _show(arguments: argparse.Namespace) -> None:
    with _output_kept_apart():
        mounted = _mounted(arguments)
        options = {"method": arguments.method, "scheme": arguments.scheme, "host": arguments.host}
        environ = request_environ(arguments.path, **options, fields=arguments.header)
        inspection = inspect(mounted.application, environ)
    if arguments.json:
        print(json.dumps({"policy": mounted.behind, **as_data(inspection)}, indent=2))
    else:
        print(as_text(inspection))


_COMMANDS = {"demo": _demo, "serve": _serve, "show": _show}


def _output_kept_apart() -> contextlib.AbstractContextManager[object]:
    """Return what sends to standard error what is printed by others: it is no part of the answer."""
    return contextlib.redirect_stdout(sys.stderr)


class _Mounted(NamedTuple):
    """An application behind a policy, and what messages call the policy."""

    application: WSGIApplication
    behind: str


def _mounted(arguments: argparse.Namespace) -> _Mounted:
    """Return the application behind the policy that is asked for, else behind its own, else behind the default."""
    application = application_of(arguments.application)
    if arguments.policy is None and middleware_of(application) is not None:
        return _Mounted(application, "its own policy")
    name = arguments.policy or _DEFAULT_POLICY
    return _Mounted(HeadersMiddleware(application, policy_of(name)), name)


def _go_to(directory: str | None) -> None:
    """Make the directory the current one, None being where we are, and importable before all others."""
    if directory is not None:
        try:
            os.chdir(directory)
        except OSError as error:
            raise _Unusable(f"--chdir {escaped(directory)}: {error.strerror}; name a directory") from error
    here = os.getcwd()
    if sys.path[:1] != [here]:
        sys.path.insert(0, here)


def _failed(error: Exception, debug: bool) -> int:
    """Tell what went wrong on standard error, a line a mistake, and return the exit code."""
    if debug:
        traceback.print_exception(error)
    # The message of a failed import is one line; the mistakes of a policy that it declares have a line each.
    policy_error = isinstance(error, BadReference) and isinstance(error.__cause__, PolicyError)
    told = error.__cause__ if policy_error else error
    for line in str(told).splitlines():
        print(f"{_NAME}: {printable(line)}", file=sys.stderr)
    return _USAGE


class _Parser(argparse.ArgumentParser):
    """Tells a mistake in one line."""

    def error(self, message: str) -> NoReturn:
        self.exit(_USAGE, f"{_NAME}: {printable(message)}; {self.prog} --help says more\n")


def _parser() -> argparse.ArgumentParser:
    policy = f"{', '.join(PRESETS)}, or package.module:name"
    purpose = "Response fields and cookies of any WSGI application, decided by one policy."
    parser = _Parser(prog=_NAME, description=purpose)
    parser.add_argument("--version", action="version", version=f"{_NAME} {_version()}")
    _add_common(parser, policy, told=None, wanted=False)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    command = commands.add_parser("demo", help="an application with the usual mistakes, bare and behind a policy")
    command.add_argument("--once", action="store_true", help="print both heads of each page and end")
    _add_common(command, f"{policy}; default: baseline, a prefix for the session cookie, and consent")

    own = f"{policy}; default: the application's own HeadersMiddleware, else {_DEFAULT_POLICY}"
    command = commands.add_parser("serve", help="your application behind a policy, on a loopback port")
    _add_application(command)
    command.add_argument("--host", default=LOOPBACK, help="a loopback address; default: %(default)s")
    command.add_argument("--port", type=_port, default=0, help="default: a free one")
    _add_common(command, own)

    command = commands.add_parser("show", help="the head before and after, line by line, with the part that did it")
    _add_application(command)
    command.add_argument("path", metavar="PATH", nargs="?", default="/", help="path and query; default: /")
    command.add_argument("--method", default="GET", help="default: GET")
    command.add_argument("--scheme", choices=("https", "http"), default="https", help="default: https")
    command.add_argument("--host", default="localhost", help="with a port or without; default: localhost")
    command.add_argument(
        *("-H", "--header"), type=_field, action="append", default=[], metavar="'NAME: VALUE'", help="repeatable"
    )
    _add_common(command, own)
    return parser


def _add_application(command: argparse.ArgumentParser) -> None:
    command.add_argument("application", metavar="APPLICATION", help="module:app, or module:create_app()")


def _add_common(
    command: argparse.ArgumentParser, policy: str, told: object = argparse.SUPPRESS, wanted: object = argparse.SUPPRESS
) -> None:
    """Add what every command takes, before its name or after; `told` and `wanted` are the defaults where neither is."""
    add = command.add_argument
    add("--policy", default=told, metavar="POLICY", help=policy)
    add("--chdir", default=told, metavar="DIR", help="where modules are looked for; default: the current directory")
    add("--json", default=wanted, action="store_true", help="for programs to read")
    add("--debug", default=wanted, action="store_true", help="the traceback of what went wrong too")


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text) <= 65535):
        raise argparse.ArgumentTypeError(f"{escaped(text)} is no port; give a number up to 65535, or none")
    return int(text)


def _field(text: str) -> tuple[str, str]:
    name, colon, value = text.partition(":")
    if not colon:
        raise argparse.ArgumentTypeError(f"{escaped(text)} is no field; write 'Name: value'")
    return name, value


def _version() -> str:
    try:
        return importlib.metadata.version(_NAME)
    except importlib.metadata.PackageNotFoundError:
        return "(not installed)"


if __name__ == "__main__":
    sys.exit(main())
