"""What a reader of a document has at hand: fragments, variables, and the note of which variables shaped what it read.

The dialect. It collects fields and opens variables; what a field or a value means is not decided here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from graphql.language import (
    DirectiveNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    SelectionNode,
)

from deeplinks.dialect.refusal import RequestError, unexpected
from deeplinks.dialect.values import Given, Tree, Value, Variables, look, tree
from deeplinks.tables import TABLES, Table

TYPENAME = "__typename"

# The grammar's own rule for names. Keys come from the request and end inside quoted text: a second wall.
_name = re.compile(r"[_A-Za-z][_0-9A-Za-z]*").fullmatch


@dataclass(slots=True)
class Scope:
    """Fragments and variables of one reading. `shaped_by` are the values whose outlines decided what was read.

    `tables` are the tables as the reader's role sees them: whatever is not there does not exist.
    """

    variables: Variables
    fragments: Mapping[str, FragmentDefinitionNode] = field(default_factory=dict[str, FragmentDefinitionNode])
    shaped_by: dict[Given, None] = field(default_factory=dict[Given, None])
    tables: Mapping[str, Table] = field(default_factory=lambda: TABLES)

    def open(self, value: Tree) -> Tree:
        """The value itself, if it is a variable: from here on what is read depends on its outline.

        What is inside an object or a list stands for itself, so that other values there are read the same.
        """
        if not isinstance(value, Given):
            return value
        self.shaped_by[value] = None
        found = look(value, self.variables)
        if isinstance(found, dict):
            return {name: Given(value.name, (*value.steps, name)) for name in found}
        if isinstance(found, list):
            return [Given(value.name, (*value.steps, index)) for index in range(len(found))]
        return found


def as_tree(value: Value) -> Tree:
    """A value is a tree without variables."""
    return value  # pyright: ignore[reportReturnType]


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a selection: the key it is answered under, its name, and every node that asks for it."""

    key: str
    name: str
    nodes: list[FieldNode]

    @property
    def arguments(self) -> dict[str, Tree]:
        return {argument.name.value: tree(argument.value) for argument in self.nodes[0].arguments or ()}

    @property
    def selections(self) -> list[SelectionNode]:
        return [node for asked in self.nodes if asked.selection_set for node in asked.selection_set.selections]


def fields(selections: Iterable[SelectionNode], type_name: str, scope: Scope) -> list[Field]:
    """The fields asked for on this type, in order: fragments spread, directives applied, repeats merged."""
    found: dict[str, Field] = {}
    _collect(selections, type_name, scope, found, set())
    return list(found.values())


def _collect(
    selections: Iterable[SelectionNode], type_name: str, scope: Scope, found: dict[str, Field], spread: set[str]
) -> None:
    for node in selections:
        if not _included(node.directives, scope):
            continue
        match node:
            case FieldNode():
                _add(node, found)
            case InlineFragmentNode():
                if node.type_condition is None or node.type_condition.name.value == type_name:
                    _collect(node.selection_set.selections, type_name, scope, found, spread)
            case FragmentSpreadNode() if node.name.value not in spread:
                spread.add(node.name.value)
                fragment = _fragment(node.name.value, scope)
                if fragment.type_condition.name.value == type_name:
                    _collect(fragment.selection_set.selections, type_name, scope, found, spread)
            case _:
                pass


def _add(node: FieldNode, found: dict[str, Field]) -> None:
    name = node.name.value
    key = node.alias.value if node.alias else name
    if not _name(key):
        raise RequestError("a name may hold letters, digits and underscores only")
    same = found.setdefault(key, Field(key, name, []))
    if same.name != name:
        raise RequestError(f"'{key}' is asked for as '{same.name}' and as '{name}'")
    same.nodes.append(node)


def _fragment(name: str, scope: Scope) -> FragmentDefinitionNode:
    fragment = scope.fragments.get(name)
    if fragment is None:
        raise RequestError(f'reference to undefined fragment "{name}"')
    return fragment


def _included(directives: Iterable[DirectiveNode] | None, scope: Scope) -> bool:
    return all(_says(directive, scope) for directive in directives or ())


def _says(directive: DirectiveNode, scope: Scope) -> bool:
    if directive.name.value not in ("skip", "include"):
        return True
    given = next((argument.value for argument in directive.arguments or () if argument.name.value == "if"), None)
    value = scope.open(tree(given)) if given else None
    if not isinstance(value, bool):
        raise unexpected("a boolean", "Boolean!", value, f"$.directives.{directive.name.value}.if")
    return value is (directive.name.value == "include")
