"""Strawberry types made from descriptions: a class by name first, its fields after, so that types may name each other.

The server. It knows how strawberry wants its classes; which types there are is decided elsewhere.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum, EnumMeta
from keyword import iskeyword
from types import GenericAlias
from typing import Annotated, NewType, TypeAlias, cast

import strawberry
from strawberry import Info
from strawberry.types.scalar import ScalarDefinition

from deeplinks.tables import SCALARS, TABLES, Table

# What may stand in an annotation: a class, a NewType, a union with None, a list of one of these.
Shape: TypeAlias = object


def _passed(value: object) -> object:
    return value


SCALAR_TYPES: Mapping[str, Shape] = {
    "String": str,
    "Boolean": bool,
    "Int": int,
    "Float": float,
    "uuid": NewType("uuid", str),
    "bigint": NewType("bigint", str),
    "numeric": NewType("numeric", str),
    "jsonb": NewType("jsonb", str),
    "timestamptz": NewType("timestamptz", str),
}
# Values pass as they are: the dialect holds them against their scalars, PostgreSQL says what they mean.
SCALAR_MAP: Mapping[object, ScalarDefinition] = {
    SCALAR_TYPES[name]: strawberry.scalar(name=name, serialize=_passed, parse_value=_passed)
    for name in SCALARS
    if name not in ("String", "Boolean")
}


def maybe(shape: Shape) -> Shape:
    """The shape, or null."""
    return cast("type", shape) | None


def many(shape: Shape) -> Shape:
    """A list of the shape."""
    return GenericAlias(list, (shape,))


@dataclass(frozen=True, slots=True)
class Part:
    """A field or an argument: its shape, what is said about it, and for an output field its arguments."""

    shape: Shape
    description: str = ""
    arguments: Mapping[str, Part] | None = None
    default: object = strawberry.UNSET
    required: bool = False


class Forge:
    """Classes by their GraphQL names; a name asked for before it is made is made later.

    `tables` are what they are made from: all tables, or those of a role's view.
    """

    def __init__(self, tables: Mapping[str, Table] = TABLES) -> None:
        self.tables = tables
        self._classes: dict[str, type] = {}

    def named(self, name: str) -> type:
        """The class of that name, with or without its fields yet."""
        if name not in self._classes:
            self._classes[name] = type(name, (), {"__module__": __name__})
        return self._classes[name]

    def output(self, name: str, parts: Mapping[str, Part], description: str = "") -> type:
        """An object type."""
        made = self.named(name)
        for field, part in parts.items():
            shown = strawberry.field(resolver=_resolver(part), name=field, description=part.description or None)
            setattr(made, _python_name(field), shown)
        return strawberry.type(made, name=name, description=description or None)

    def input(self, name: str, parts: Mapping[str, Part], description: str = "") -> type:
        """An input type."""
        made = self.named(name)
        made.__annotations__ = {_python_name(field): part.shape for field, part in parts.items()}
        for field, part in parts.items():
            setattr(made, _python_name(field), _input_field(field, part))
        return strawberry.input(made, name=name, description=description or None)

    def enum(self, name: str, values: Mapping[str, str], description: str = "") -> EnumMeta:
        """An enum type: values with what is said about them."""
        members = {
            f"value_{number}": strawberry.enum_value(value, name=value, description=said or None)
            for number, (value, said) in enumerate(values.items())
        }
        # The functional call makes a class; its type says otherwise.
        made = strawberry.enum(cast("EnumMeta", Enum(name, members)), name=name, description=description or None)
        self._classes[name] = made
        return made


def _python_name(name: str) -> str:
    return f"{name}_" if iskeyword(name) else name


def _input_field(name: str, part: Part) -> object:
    description = part.description or None
    if part.required:
        return strawberry.field(name=name, description=description)
    if isinstance(part.default, list):
        return strawberry.field(name=name, description=description, default_factory=list)
    return strawberry.field(name=name, description=description, default=part.default)


def _resolver(part: Part) -> Callable[..., object]:
    # Rows never pass through here, but for documents that also ask about the schema: then what PostgreSQL answered
    # is walked once, and it has the response's keys.
    def answered(root: Mapping[object, object], info: Info, **arguments: object) -> object:
        return root[info.path.key]

    parameters = [_parameter("root", object), _parameter("info", Info)]
    for name, argument in (part.arguments or {}).items():
        parameters.append(_argument(name, argument))
    vars(answered)["__signature__"] = inspect.Signature(parameters, return_annotation=part.shape)
    return answered


def _parameter(name: str, shape: Shape, default: object = inspect.Parameter.empty) -> inspect.Parameter:
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, annotation=shape, default=default)


def _argument(name: str, part: Part) -> inspect.Parameter:
    said = strawberry.argument(name=name, description=part.description or None)
    shape = Annotated[part.shape, said]  # pyright: ignore[reportInvalidTypeForm]
    return _parameter(_python_name(name), shape, inspect.Parameter.empty if part.required else part.default)
