"""Reading an operation: a parsed document, a name and variables become statements under response keys.

The dialect. It finds the operation and gives each root field to its reader; one table says which reader that is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from graphql.language import DocumentNode, FragmentDefinitionNode, OperationDefinitionNode

from deeplinks.dialect import mutations
from deeplinks.dialect.conditions import key_condition
from deeplinks.dialect.refusal import RequestError, unknown_field
from deeplinks.dialect.scope import TYPENAME, Field, Scope, fields
from deeplinks.dialect.selecting import only
from deeplinks.dialect.selections import aggregate, select, selection
from deeplinks.dialect.statements import ByKey, Statement, Typename
from deeplinks.dialect.streams import stream
from deeplinks.dialect.values import Given, Variables
from deeplinks.tables import LOGGED, TABLES, Table

Reader: TypeAlias = "Callable[[Table, Field, Scope, str], Statement]"
ROOT_TYPES = {"query": "query_root", "mutation": "mutation_root", "subscription": "subscription_root"}
META = frozenset({"__schema", "__type"})


@dataclass(frozen=True, slots=True)
class Introspection:
    """A question about the schema: not the dialect's to answer."""

    name: str


@dataclass(frozen=True, slots=True)
class RootField:
    """A root field: the key it is answered under, its place in the request, and what it means."""

    key: str
    path: str
    statement: Statement | Typename | Introspection


@dataclass(frozen=True, slots=True)
class Operation:
    """A query, a mutation or a subscription, read. `shaped_by` are the values on whose outlines this reading rests."""

    kind: str
    fields: tuple[RootField, ...]
    shaped_by: tuple[Given, ...]

    @property
    def introspects(self) -> bool:
        return any(isinstance(field.statement, Introspection) for field in self.fields)


def by_key(table: Table, field: Field, scope: Scope, path: str) -> ByKey:
    """`T_by_pk`: the row with this key."""
    key = key_condition(table, only(field, table.key, path), f"{path}.args")
    return ByKey(table, selection(table, field.selections, scope, path), key)


@dataclass(frozen=True, slots=True)
class Root:
    """A root field as the schema has it: its table, what has to be granted there, and its reader."""

    kind: str
    name: str
    table: str
    needs: frozenset[str]
    read: Reader
    keyed: bool = False

    def there(self, tables: Mapping[str, Table]) -> Table | None:
        """The table, where it is seen and all that the field needs is granted."""
        table = tables.get(self.table)
        granted = table is not None and self.needs <= table.verbs and (table.keyed or not self.keyed)
        return table if granted else None


def _roots(table: Table) -> Iterator[Root]:
    def root(kind: str, name: str, read: Reader, *needs: str, keyed: bool = False) -> Root:
        return Root(kind, name.replace("*", table.graphql_name), table.name, frozenset(needs), read, keyed)

    for kind in ("query", "subscription"):
        yield root(kind, "*", select, "select")
        yield root(kind, "*_aggregate", aggregate, "select", "aggregate")
        yield root(kind, "*_by_pk", by_key, "select", keyed=True)
    if table in LOGGED:
        yield root("subscription", "*_stream", stream, "select")
    yield root("mutation", "insert_*", mutations.insert, "insert")
    yield root("mutation", "insert_*_one", mutations.insert_one, "insert", "select")
    yield root("mutation", "update_*", mutations.update, "update", "select")
    yield root("mutation", "update_*_by_pk", mutations.update_by_key, "update", "select", keyed=True)
    yield root("mutation", "update_*_many", mutations.update_many, "update", "select")
    yield root("mutation", "delete_*", mutations.delete, "delete", "select")
    yield root("mutation", "delete_*_by_pk", mutations.delete_by_key, "delete", "select", keyed=True)


ROOTS = {(root.kind, root.name): root for table in TABLES.values() for root in _roots(table)}


def choose(document: DocumentNode, name: str | None) -> OperationDefinitionNode:
    """The operation to run. Raises `RequestError` where there is none, or one can't be told."""
    operations = [node for node in document.definitions if isinstance(node, OperationDefinitionNode)]
    if name is None:
        if len(operations) != 1:
            raise RequestError(
                "exactly one operation has to be present in the document when operationName is not specified"
            )
        return operations[0]
    for node in operations:
        if node.name is not None and node.name.value == name:
            return node
    raise RequestError(f'no such operation found in the document: "{name}"')


def read(
    document: DocumentNode,
    operation: OperationDefinitionNode,
    variables: Variables,
    tables: Mapping[str, Table] = TABLES,
) -> Operation:
    """The operation as statements over the tables as they are seen. `variables` are declared ones, with defaults.

    Raises `RequestError`.
    """
    fragments = {node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)}
    scope = Scope(variables, fragments, tables=tables)
    kind = operation.operation.value
    asked = fields(operation.selection_set.selections, ROOT_TYPES[kind], scope)
    if kind == "subscription" and (len(asked) != 1 or asked[0].name == TYPENAME):
        raise RequestError("subscriptions must select one top level field")
    return Operation(kind, tuple(_root(kind, field, scope) for field in asked), tuple(scope.shaped_by))


def _root(kind: str, field: Field, scope: Scope) -> RootField:
    path = f"$.selectionSet.{field.name}"
    if field.name == TYPENAME:
        return RootField(field.key, path, Typename(field.key, ROOT_TYPES[kind]))
    if field.name in META and kind == "query":
        return RootField(field.key, path, Introspection(field.name))
    root = ROOTS.get((kind, field.name))
    table = root.there(scope.tables) if root else None
    if root is None or table is None:
        raise unknown_field(field.name, ROOT_TYPES[kind], "$.selectionSet")
    return RootField(field.key, path, root.read(table, field, scope, path))
