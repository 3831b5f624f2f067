"""Documents of the client's verbs, made as syntax trees: names come from the tables, and every value is a variable.

The client. It says what to ask; nothing is sent here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from graphql import OperationType, print_ast
from graphql.language import (
    ArgumentNode,
    DocumentNode,
    FieldNode,
    NameNode,
    OperationDefinitionNode,
    SelectionSetNode,
    VariableDefinitionNode,
    VariableNode,
    parse_type,
)

from deeplinks.client.values import Shape

Given: TypeAlias = "Mapping[str, object]"


@dataclass(frozen=True, slots=True)
class Request:
    """What is sent: a document's text and its variables; and how the answer is read, which lies under `key`."""

    text: str
    variables: dict[str, object]
    key: str
    shape: Shape


class Document:
    """An operation with one root field, while it is made: it collects the variables."""

    def __init__(self, kind: OperationType) -> None:
        self._kind = kind
        self._values: dict[str, object] = {}
        self._definitions: list[VariableDefinitionNode] = []

    def arguments(self, types: Mapping[str, str], given: Given) -> list[ArgumentNode]:
        """Arguments of these types, each a variable, for what is given; what is not is left out."""
        return [self._argument(name, types[name], value) for name, value in given.items() if value is not None]

    def request(self, field: FieldNode, shape: Shape) -> Request:
        """The operation with this root field."""
        operation = OperationDefinitionNode(
            operation=self._kind,
            variable_definitions=tuple(self._definitions),
            directives=(),
            selection_set=SelectionSetNode(selections=(field,)),
        )
        text = print_ast(DocumentNode(definitions=(operation,)))
        return Request(text, self._values, field.name.value, shape)

    def _argument(self, name: str, type_text: str, value: Any) -> ArgumentNode:
        variable = VariableNode(name=NameNode(value=self._fresh(name)))
        self._values[variable.name.value] = value
        self._definitions.append(
            VariableDefinitionNode(variable=variable, type=parse_type(type_text), default_value=None, directives=())
        )
        return ArgumentNode(name=NameNode(value=name), value=variable)

    def _fresh(self, name: str) -> str:
        name = name.lstrip("_")
        return name if name not in self._values else f"{name}_{len(self._values)}"


def field(
    name: str,
    selections: Sequence[FieldNode] = (),
    arguments: Sequence[ArgumentNode] = (),
    alias: str | None = None,
) -> FieldNode:
    """A field, with what is asked of it."""
    return FieldNode(
        name=NameNode(value=name),
        alias=NameNode(value=alias) if alias else None,
        arguments=tuple(arguments),
        directives=(),
        selection_set=SelectionSetNode(selections=tuple(selections)) if selections else None,
    )
