"""Where in a request a node stands, written as Hasura writes it: `$.selectionSet.deep_links.args.where.id._eq`.

The server. It walks documents for error messages only.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TypeAlias

from graphql import GraphQLError, parse
from graphql.language import ArgumentNode, FieldNode, ListValueNode, Node, ObjectFieldNode, OperationDefinitionNode

ROOT = "$"
# What is missing has no node of its own: graphql-core speaks of what lacks it.
_missing = re.compile(r"^Argument '[\w.]+\((\w+):\)' .* is required|to include required field '(\w+)'")
Span: TypeAlias = "tuple[int, int]"


def place(error: GraphQLError) -> str:
    """The place of the innermost node the error speaks of, `$` where it is not inside an operation."""
    found, missing = _place(error), _missing.search(error.message)
    if missing is None or found == ROOT:
        return found
    argument, field = missing.groups()
    return f"{found}.args.{argument}" if argument else f"{found}.{field}"


def _place(error: GraphQLError) -> str:
    nodes = error.nodes or []
    if not nodes or error.source is None or nodes[0].loc is None:
        return ROOT
    span = (nodes[0].loc.start, nodes[0].loc.end)
    found = ROOT
    for definition in parse(error.source).definitions:
        if isinstance(definition, OperationDefinitionNode):
            for path, where in _walk(definition, ROOT):
                # Parents come first: the last one that still holds the span is the nearest.
                found = path if where[0] <= span[0] and span[1] <= where[1] else found
    return found


def _walk(node: Node, path: str) -> Iterator[tuple[str, Span]]:
    path += _step(node)
    if node.loc is not None:
        yield path, (node.loc.start, node.loc.end)
    for name in node.keys:
        child: object = getattr(node, name)
        if isinstance(child, Node):
            yield from _walk(child, path)
        elif isinstance(child, tuple | list):
            listed = isinstance(node, ListValueNode)
            for number, item in enumerate(child):  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
                if isinstance(item, Node):
                    yield from _walk(item, f"{path}[{number}]" if listed else path)


def _step(node: Node) -> str:
    match node:
        case FieldNode():
            return f".selectionSet.{node.name.value}"
        case ArgumentNode():
            return f".args.{node.name.value}"
        case ObjectFieldNode():
            return f".{node.name.value}"
        case _:
            return ""
