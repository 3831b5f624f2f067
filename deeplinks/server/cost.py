"""How many rows a query may come to: the limits of its lists, multiplied where they are in one another.

The server. It estimates from the document and its variables alone; what is there really is known to the database.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from graphql.language import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionNode,
)

from deeplinks.dialect.refusal import RequestError
from deeplinks.dialect.values import Variables, resolve, tree
from deeplinks.server.faults import TOO_MUCH
from deeplinks.tables import DATA_TABLES, TABLES

# What a list without a limit is taken for.
ASSUMED: Final = 100
_KINDS: Final = frozenset(table.name for table in DATA_TABLES)
# Fields inside which there is one row, or as many as around it: what a reference leads to, and a link's own data.
_ONE: Final = frozenset(
    relation.name
    for table in TABLES.values()
    for relation in table.relations
    if not relation.many or relation.table in _KINDS
) | {"aggregate", "nodes", "returning"}
_ENDS: Final = ("_by_pk", "_one")


@dataclass(frozen=True, slots=True)
class Cost:
    """The estimate for an operation of a document."""

    fragments: Mapping[str, FragmentDefinitionNode]
    variables: Variables

    def of(self, selections: Iterable[SelectionNode], rows: int = 1) -> int:
        """The rows of all lists in these selections, of each of which there are `rows`."""
        return sum(self._of(node, rows) for node in selections)

    def _of(self, node: SelectionNode, rows: int) -> int:
        match node:
            case FieldNode() if node.selection_set:
                own = rows * self._times(node)
                return (own if own != rows else 0) + self.of(node.selection_set.selections, own)
            case InlineFragmentNode():
                return self.of(node.selection_set.selections, rows)
            case FragmentSpreadNode() if node.name.value in self.fragments:
                return self.of(self.fragments[node.name.value].selection_set.selections, rows)
            case _:
                return 0

    def _times(self, field: FieldNode) -> int:
        name = field.name.value
        if name in _ONE or name.endswith(_ENDS) or name.startswith("__"):
            return 1
        given = {each.name.value: each.value for each in field.arguments or ()}
        bound = given.get("limit") or given.get("batch_size")
        asked = resolve(tree(bound), self.variables) if bound else None
        return asked if isinstance(asked, int) and asked >= 0 else ASSUMED


def check_cost(document: DocumentNode, operation: OperationDefinitionNode, variables: Variables, most: int) -> None:
    """Hold an operation's estimate against a limit. Raises `RequestError`."""
    fragments = {node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)}
    cost = Cost(fragments, variables).of(operation.selection_set.selections)
    if cost > most:
        why = f"this may come to {cost} rows, and {most} is the limit: give its lists a smaller `limit`"
        raise RequestError(why, code=TOO_MUCH)
