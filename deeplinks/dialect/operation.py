"""Reading an operation: a parsed document, a name and variables become statements under response keys.

The dialect. It finds the operation and gives each root field to its reader; one table says which reader that is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

from graphql.language import DocumentNode, FragmentDefinitionNode, OperationDefinitionNode

from deeplinks.dialect import mutations
from deeplinks.dialect.conditions import key_condition
from deeplinks.dialect.refusal import RequestError, unknown_field
from deeplinks.dialect.scope import TYPENAME, Field, Scope, fields
from deeplinks.dialect.selections import only, select, selection
from deeplinks.dialect.statements import ByKey, Statement, Typename
from deeplinks.dialect.values import Variables
from deeplinks.tables import TABLES, Table

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
    """A query, a mutation or a subscription, read. `shaped_by` names the variables on whose values this reading rests."""

    kind: str
    fields: tuple[RootField, ...]
    shaped_by: frozenset[str]

    @property
    def introspects(self) -> bool:
        return any(isinstance(field.statement, Introspection) for field in self.fields)


def by_key(table: Table, field: Field, scope: Scope, path: str) -> ByKey:
    """`T_by_pk`: the row with this key."""
    key = key_condition(table, only(field, table.key, path), f"{path}.args")
    return ByKey(table, selection(table, field.selections, scope, path), key)


def _readers(table: Table) -> Iterator[tuple[str, str, Table, Reader]]:
    name = table.graphql_name
    if "select" in table.verbs:
        for kind in ("query", "subscription"):
            yield kind, name, table, select
            yield kind, f"{name}_by_pk", table, by_key
    if "insert" in table.verbs:
        yield "mutation", f"insert_{name}", table, mutations.insert
        yield "mutation", f"insert_{name}_one", table, mutations.insert_one
    if "update" in table.verbs:
        yield "mutation", f"update_{name}", table, mutations.update
        yield "mutation", f"update_{name}_by_pk", table, mutations.update_by_key
        yield "mutation", f"update_{name}_many", table, mutations.update_many
    if "delete" in table.verbs:
        yield "mutation", f"delete_{name}", table, mutations.delete
        yield "mutation", f"delete_{name}_by_pk", table, mutations.delete_by_key


READERS = {(kind, name): (table, read) for each in TABLES.values() for kind, name, table, read in _readers(each)}


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


def read(document: DocumentNode, operation: OperationDefinitionNode, variables: Variables) -> Operation:
    """The operation as statements. `variables` are declared ones, with defaults. Raises `RequestError`."""
    fragments = {node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)}
    scope = Scope(variables, fragments)
    kind = operation.operation.value
    asked = fields(operation.selection_set.selections, ROOT_TYPES[kind], scope)
    if kind == "subscription" and (len(asked) != 1 or asked[0].name == TYPENAME):
        raise RequestError("subscriptions must select one top level field")
    return Operation(kind, tuple(_root(kind, field, scope) for field in asked), frozenset(scope.shaped_by))


def _root(kind: str, field: Field, scope: Scope) -> RootField:
    path = f"$.selectionSet.{field.name}"
    if field.name == TYPENAME:
        return RootField(field.key, path, Typename(field.key, ROOT_TYPES[kind]))
    if field.name in META and kind == "query":
        return RootField(field.key, path, Introspection(field.name))
    reader = READERS.get((kind, field.name))
    if reader is None:
        raise unknown_field(field.name, ROOT_TYPES[kind], "$.selectionSet")
    table, read_field = reader
    return RootField(field.key, path, read_field(table, field, scope, path))
