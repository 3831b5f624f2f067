"""Values of a request: literals, variables, and trees of literals in which variables wait for their values.

The dialect. It knows GraphQL's values and their scalars; tables and SQL may not enter.
"""

from __future__ import annotations

import csv
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from math import isfinite
from typing import TypeAlias

from graphql.language import (
    BooleanValueNode,
    EnumValueNode,
    FloatValueNode,
    IntValueNode,
    ListValueNode,
    NonNullTypeNode,
    ObjectValueNode,
    OperationDefinitionNode,
    StringValueNode,
    ValueNode,
    VariableNode,
)

from deeplinks.dialect.refusal import RequestError, unexpected

Value: TypeAlias = "bool | int | float | Decimal | str | list[Value] | dict[str, Value] | None"
Variables: TypeAlias = "Mapping[str, Value]"


@dataclass(frozen=True, slots=True)
class Given:
    """A variable, or what is at the end of `steps` into its value, where that will stand.

    It is the request's, or with dashes in its name the session's.
    """

    name: str
    steps: tuple[str | int, ...] = ()


Tree: TypeAlias = "bool | int | float | Decimal | str | list[Tree] | dict[str, Tree] | Given | None"

# What a scalar takes, by exact type, so that a boolean is no number. A type that is not here takes anything.
TAKES: Mapping[str, frozenset[type]] = {
    "uuid": frozenset({str}),
    "String": frozenset({str}),
    "timestamptz": frozenset({str}),
    "bigint": frozenset({int, Decimal, float, str}),
    "numeric": frozenset({int, Decimal, float, str}),
    "Boolean": frozenset({bool}),
    "Int": frozenset({int}),
    "limit": frozenset({int}),
    "batch size": frozenset({int}),
    "path": frozenset({str}),
}
EXPECTED = {
    "uuid": "a string",
    "String": "a string",
    "path": "a string",
    "timestamptz": "a string",
    "Boolean": "a boolean",
    "Int": "a 32-bit integer",
    "limit": "a non-negative 32-bit integer",
    "batch size": "a positive 32-bit integer",
}
# Narrower than any scalar of GraphQL's: what they are called there.
CALLED = {"limit": "Int", "batch size": "Int", "path": "String"}
BOUNDS = {"Int": (-(2**31), 2**31 - 1), "limit": (0, 2**31 - 1), "batch size": (1, 2**31 - 1)}


def number(text: str) -> int | Decimal:
    """A number with every digit: past 64 bits an int would be no JSON for the encoder, so it stays decimal."""
    return int(text) if len(text) < 19 and text.lstrip("-").isdigit() else Decimal(text)


def tree(node: ValueNode) -> Tree:
    """A literal as plain values, with `Given` where the document says `$name`."""
    match node:
        case VariableNode():
            return Given(node.name.value)
        case IntValueNode() | FloatValueNode():
            return number(node.value)
        case StringValueNode() | EnumValueNode() | BooleanValueNode():
            return node.value
        case ListValueNode():
            return [tree(item) for item in node.values]
        case ObjectValueNode():
            return {field.name.value: tree(field.value) for field in node.fields}
        case _:
            return None


def resolve(value: Tree, variables: Variables) -> Value:
    """The tree with its variables' values. A variable's own value is taken as it is, never copied.

    An optional variable without a value is null, as in Hasura: a filter can't vanish because a client forgot it.
    """
    if isinstance(value, Given):
        if "-" in value.name and value.name not in variables:
            raise RequestError(f'missing session variable: "{value.name}"', code="not-found")
        return look(value, variables)
    if isinstance(value, list):
        return [resolve(item, variables) for item in value]
    if isinstance(value, dict):
        return {name: resolve(item, variables) for name, item in value.items()}
    return value


def look(given: Given, variables: Variables) -> Value:
    """The value that will stand there; None where the steps lead nowhere."""
    value = variables.get(given.name)
    for step in given.steps:
        if isinstance(value, dict) and isinstance(step, str):
            value = value.get(step)
        elif isinstance(value, list) and isinstance(step, int) and step < len(value):
            value = value[step]
        else:
            return None
    return value


def outline(value: Value) -> Hashable:
    """What of a value decides how it is read: an object's names, a list's length, and all of anything else."""
    if isinstance(value, dict):
        return dict, *value
    if isinstance(value, list):
        return list, len(value)
    return type(value), value


@dataclass(frozen=True, slots=True)
class Operand:
    """A value that a statement needs, checked when it is asked for: a literal, a variable, or a tree of both."""

    tree: Tree
    scalar: str
    path: str
    many: bool = False
    nullable: bool = False

    def value(self, variables: Variables) -> Value:
        """The checked value. Raises `RequestError` at the operand's own path."""
        value = resolve(self.tree, variables)
        if isinstance(self.tree, Given) and "-" in self.tree.name:
            value = _of_session(value, self.scalar, self.many)
        if self.many:
            return self._list(value)
        if value is None and self.nullable:
            return None
        check(self.scalar, value, self.path)
        return value

    def _list(self, value: Value) -> list[Value]:
        if value is None:
            raise RequestError(f"unexpected null value for type '[{self.scalar}!]'", self.path)
        items: list[Value] = value if isinstance(value, list) else [value]
        if not set(map(type, items)) <= TAKES.get(self.scalar, frozenset()):
            for index, item in enumerate(items):
                check(self.scalar, item, f"{self.path}[{index}]")
        return items


def _of_session(value: Value, scalar: str, many: bool) -> Value:
    """What the text of a session variable says: a list as `{a,b}`, which is how PostgreSQL and Hasura write them."""
    if not isinstance(value, str):
        return value
    if many and value.startswith("{") and value.endswith("}"):
        inside = value[1:-1]
        return list(next(csv.reader([inside], skipinitialspace=True, escapechar="\\"))) if inside else []
    return {"true": True, "false": False}.get(value.lower(), value) if scalar == "Boolean" else value


def check(scalar: str, value: Value, path: str) -> None:
    """Hold a value against its scalar. What text means is PostgreSQL's to say. Raises `RequestError`."""
    takes = TAKES.get(scalar)
    if value is None or (takes is not None and type(value) not in takes):
        raise unexpected(EXPECTED.get(scalar, "a number or a string"), CALLED.get(scalar, scalar), value, path)
    if isinstance(value, float) and not isfinite(value):
        raise RequestError(f"{value} is no JSON number: send it as a string", path)
    if isinstance(value, int) and scalar in BOUNDS:
        low, high = BOUNDS[scalar]
        if not low <= value <= high:
            raise RequestError(f"expected {EXPECTED[scalar]} for type 'Int', but found {value}", path)


def declared(operation: OperationDefinitionNode, values: Variables) -> dict[str, Value]:
    """The values of the operation's variables, with defaults. Raises `RequestError` for a stranger or a missing one."""
    definitions = {node.variable.name.value: node for node in operation.variable_definitions or ()}
    strangers = values.keys() - definitions.keys()
    if strangers:
        raise RequestError(f"unexpected variables in variableValues: {', '.join(sorted(strangers))}")
    result = dict(values)
    for name, node in definitions.items():
        if name not in result and node.default_value is not None:
            result[name] = resolve(tree(node.default_value), {})
        if isinstance(node.type, NonNullTypeNode) and result.get(name) is None:
            raise RequestError(f'expecting a value for non-nullable variable: "{name}"')
    return result
