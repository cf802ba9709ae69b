"""What all typed fields are: the value of one response field that cannot be wrong, and a part of a policy.

A typed field checks its arguments when it is built, so that writing it out cannot fail. In a policy it stands for
`Set(field)`, and it may stand in Set, Default, Append and Merge in the place of a name and a value.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar, Self

from ._part import Part
from .errors import PolicyError, Problems
from .operations import Append, FieldValue, Set, Valued


class SetItself(Set):
    """What a bare typed field does: Set. A reader is told the field."""

    @property
    def part(self) -> Part:
        """The field."""
        return self.value if isinstance(self.value, Part) else self


class AppendItself(Append):
    """What a bare typed field does where several make one list: Append. A reader is told the field."""

    @property
    def part(self) -> Part:
        """The field."""
        return self.value if isinstance(self.value, Part) else self


class TypedField(FieldValue):
    """A field of the response, checked when it is built.

    A subclass names its field, keeps its arguments as every part does, and has `serialize` and its inverse `parse`.
    """

    # The canonical name, without "-Report-Only".
    field_name: ClassVar[str]
    # The operation that a bare field stands for.
    stands_for: ClassVar[type[Valued]] = SetItself
    # The attribute, a FrozenMapping, with the arguments whose names are the user's own; "" where there are none.
    open_argument: ClassVar[str] = ""

    # Kept by the fields that can be sent for trial, under a name of their own.
    report_only: bool = False

    @property
    def name(self) -> str:
        """The name of the field."""
        return f"{self.field_name}-Report-Only" if self.report_only else self.field_name

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the field whose value is `text`. Raises PolicyError for what is no value of it."""
        raise AssertionError("a typed field reads its value")  # pragma: no cover

    @classmethod
    def option_name(cls, name: str) -> str:
        """Return what the field calls an option that is given by keyword."""
        return name

    def replace(self, **options: Any) -> Self:
        """Return a copy with these arguments instead, each under the name of its attribute.

        What the user names, features or endpoints, is replaced one by one under its name, or all of it as a mapping.
        Raises PolicyError as building it does.
        """
        named = dict(self.__dict__)
        open_ended = dict(named.pop(self.open_argument, {}))
        if isinstance(options.get(self.open_argument), Mapping):
            open_ended = dict(options.pop(self.open_argument))
        for name, value in options.items():
            if name in named or not self.open_argument:
                named[name] = value
            else:
                open_ended[self.option_name(name)] = value
        positional: list[Any] = []
        for parameter in list(inspect.signature(type(self).__init__).parameters.values())[1:]:
            if parameter.kind is parameter.VAR_POSITIONAL:
                values = named.pop(parameter.name)
                several = isinstance(values, Iterable) and not isinstance(values, str)
                positional.extend(values if several else [values])
            elif parameter.kind is parameter.POSITIONAL_ONLY:
                positional.append(open_ended if parameter.name == self.open_argument else named.pop(parameter.name))
            elif parameter.kind is parameter.VAR_KEYWORD and parameter.name == self.open_argument:
                named.update(open_ended)
        return type(self)(*positional, **named)

    def operations(self, scheme: str) -> tuple[Valued, ...]:
        """Return the operation that this field stands for."""
        return (self.stands_for(self),)


def unreadable(field: type[TypedField], text: object, reason: str, reference: str) -> PolicyError:
    """Return the error for a text that is no value of `field` at all, code `<field>.syntax`."""
    problems = Problems()
    code = f"{field.field_name.replace('-', '_').lower()}.syntax"
    problems.add(code, f"{field.__name__}.parse", text, reason, "", reference)
    return PolicyError(problems)
