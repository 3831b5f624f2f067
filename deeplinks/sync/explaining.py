"""Explaining: the GraphQL by which a storage is asked a query, and the SQL that a server makes of it.

The sync room. It asks nobody. The document is `graphql/ask.graphql` with its variables' values in their places.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from graphql import DocumentNode, parse, print_ast
from graphql.language import (
    ArgumentNode,
    BooleanValueNode,
    ConstListValueNode,
    ConstObjectFieldNode,
    ConstObjectValueNode,
    ConstValueNode,
    FieldNode,
    IntValueNode,
    NameNode,
    NullValueNode,
    StringValueNode,
    VariableNode,
    Visitor,
    visit,
)

from deeplinks import resources
from deeplinks.dialect.plans import Plans
from deeplinks.dialect.session import Session
from deeplinks.dialect.sql import Step
from deeplinks.dialect.values import Value
from deeplinks.space.query import Query
from deeplinks.sync.criteria import asked


@dataclass(frozen=True, slots=True)
class Asking:
    """How a storage is asked: the GraphQL, and the SQL of a deeplinks server with its parameters."""

    graphql: str
    sql: tuple[str, ...]
    parameters: tuple[tuple[object, ...], ...]

    def __str__(self) -> str:
        lines = [self.graphql]
        for text, parameters in zip(self.sql, self.parameters, strict=True):
            lines += ["", f"{text};", *(f"-- ${number} = {value!r}" for number, value in enumerate(parameters, 1))]
        return "\n".join(lines)

    __repr__ = __str__


def explain(query: Query) -> Asking:
    """How a storage would be asked this query. Raises `InvalidError` for criteria that mean something in memory alone."""
    document = parse(resources.text("graphql/ask.graphql"))
    # JSON is what a request's variables are, too.
    variables = cast("dict[str, Value]", asked(query).variables)
    shown = print_ast(_placed(document, variables))
    plan, values = Plans(document).find(None, variables, Session())
    steps = [step for bound in plan.bind(values) if bound for chain in bound.chains for step in chain]
    return Asking(shown, tuple(step.text for step in steps), tuple(map(_parameters, steps)))


def _parameters(step: Step) -> tuple[object, ...]:
    return tuple(value.decode() if isinstance(value, bytes) else value for value in step.parameters)


def _placed(document: DocumentNode, variables: Mapping[str, Value]) -> DocumentNode:
    return cast("DocumentNode", visit(document, _Placing(variables)))


class _Placing(Visitor):
    """Puts values in the places of variables, and leaves out what they exclude and what is null."""

    def __init__(self, variables: Mapping[str, Value]) -> None:
        super().__init__()
        self._variables = variables

    def enter_field(self, node: FieldNode, *_: Any) -> Any:
        if any(directive.name.value == "include" for directive in node.directives or ()):
            return None if self._variables["by_data"] else self.REMOVE
        return None

    def enter_directive(self, *_: Any) -> Any:
        return self.REMOVE

    def enter_argument(self, node: ArgumentNode, *_: Any) -> Any:
        value = node.value
        return self.REMOVE if isinstance(value, VariableNode) and self._variables[value.name.value] is None else None

    def enter_variable_definition(self, *_: Any) -> Any:
        return self.REMOVE

    def leave_variable(self, node: VariableNode, *_: Any) -> ConstValueNode:
        return _literal(self._variables[node.name.value])


def _literal(value: Value) -> ConstValueNode:
    match value:
        case None:
            return NullValueNode()
        case bool():
            return BooleanValueNode(value=value)
        case int():
            return IntValueNode(value=str(value))
        case list():
            return ConstListValueNode(values=tuple(map(_literal, value)))
        case dict():
            fields = (
                ConstObjectFieldNode(name=NameNode(value=name), value=_literal(part)) for name, part in value.items()
            )
            return ConstObjectValueNode(fields=tuple(fields))
        case _:
            return StringValueNode(value=str(value))
