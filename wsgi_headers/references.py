"""Names to objects: `module:app` to an application, `baseline` or `module:policy` to a policy.

For the command line and for servers that call a factory: what goes wrong is one line that says what to do.
"""

from __future__ import annotations

import ast
import importlib
import re
from typing import TYPE_CHECKING, Any

from . import presets
from ._part import near_miss
from .errors import escaped
from .policy import Policy

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

PRESETS = {"baseline": presets.BASELINE, "strict": presets.STRICT, "api": presets.API}

# module, attributes, and the arguments of a call if it is one
_reference = re.compile(r"([\w.]+):([\w.]+)(\(.*\))?", re.DOTALL)


class BadReference(ValueError):
    """A name that leads to nothing usable; the message is one line. The cause is what an import raised, if one did."""


def policy_of(reference: str) -> Policy:
    """Return the policy that a preset's name or `module:name` stands for; raises BadReference."""
    _check_text(reference, "policy")
    if reference in PRESETS:
        return PRESETS[reference]
    if ":" not in reference:
        fix = near_miss(reference, PRESETS)
        raise BadReference(f"{escaped(reference)} is no policy; give a preset or package.module:name. {fix}")
    found = _object_of(reference)
    if not isinstance(found, Policy):
        kind = type(found).__name__
        raise BadReference(f"{escaped(reference)} is no policy but {kind}; name a wsgi_headers.Policy")
    return found


def application_of(reference: str) -> WSGIApplication:
    """Return the application of `module:app`, or what `module:create_app()` returns; raises BadReference."""
    _check_text(reference, "WSGI application")
    found = _object_of(reference)
    if not callable(found):
        kind = type(found).__name__
        raise BadReference(f"{escaped(reference)} is no WSGI application but {kind}; name a callable")
    application: WSGIApplication = found
    return application


def _check_text(reference: object, kind: str) -> None:
    if not isinstance(reference, str):
        raise BadReference(f"{kind}: a {type(reference).__name__} is no reference; write package.module:name")


def _object_of(reference: str) -> Any:
    match = _reference.fullmatch(reference)
    if match is None:
        raise BadReference(f"{escaped(reference)} is no reference; write package.module:name")
    module_name, path, call = match.groups()
    try:
        found: Any = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        if error.name is not None and (module_name == error.name or module_name.startswith(f"{error.name}.")):
            fix = "look at the spelling, or say with --chdir where it is"
            raise BadReference(f"no module {escaped(module_name)}; {fix}") from error
        raise BadReference(_failed(f"import of {module_name}", error)) from error
    except Exception as error:
        raise BadReference(_failed(f"import of {module_name}", error)) from error
    for name in path.split("."):
        try:
            found = getattr(found, name)
        except AttributeError:
            public = [known for known in vars(found) if not known.startswith("_")] if hasattr(found, "__dict__") else []
            near = near_miss(name, public)
            fix = near if near.startswith("Did") else "look at the spelling"
            raise BadReference(f"{escaped(module_name)} has no {escaped(name)}. {fix}") from None
        except Exception as error:
            raise BadReference(_failed(f"look-up of {module_name}:{path}", error)) from error
    if call is None:
        return found
    arguments, keywords = _arguments(reference, call)
    if not callable(found):
        raise BadReference(f"{escaped(reference)}: {path} cannot be called; leave the parentheses out")
    try:
        return found(*arguments, **keywords)
    except Exception as error:
        raise BadReference(_failed(f"call of {module_name}:{path}", error)) from error


def _arguments(reference: str, call: str) -> tuple[list[Any], dict[str, Any]]:
    """Return the literal arguments of a call."""
    try:
        tree = ast.parse(f"f{call}", mode="eval").body
        if not (isinstance(tree, ast.Call) and isinstance(tree.func, ast.Name)):
            raise ValueError("more than one call")
        keywords = {str(keyword.arg): ast.literal_eval(keyword.value) for keyword in tree.keywords}
        if any(keyword.arg is None for keyword in tree.keywords):
            raise ValueError("keywords that are not spelled out")
        return [ast.literal_eval(argument) for argument in tree.args], keywords
    except (SyntaxError, TypeError, ValueError):
        raise BadReference(f"{escaped(reference)}: only literal arguments can be given in a reference") from None


def _failed(what: str, error: Exception) -> str:
    said = " ".join(str(error).split())
    return f"{what} failed: {type(error).__name__}{f': {said}' if said else ''}"
