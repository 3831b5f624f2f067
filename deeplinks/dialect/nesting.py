"""Nested inserts: rows that bring related rows along are taken apart into flat ones, in the order in which they are made.

The dialect. It reads rows and gives ids to those that others refer to; nothing is inserted here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final
from uuid import uuid4

from deeplinks.dialect.conflicts import on_conflict
from deeplinks.dialect.operands import check_values, operands
from deeplinks.dialect.payload import Object, Objects, objects
from deeplinks.dialect.refusal import RequestError, unexpected, unknown_field
from deeplinks.dialect.scope import Scope, as_tree
from deeplinks.dialect.statements import ALWAYS, OnConflict
from deeplinks.dialect.values import Value
from deeplinks.errors import InvalidError
from deeplinks.ids import canonical
from deeplinks.tables import DATA_TABLES, TABLES, Relation, Table

BEFORE: Final = "object"
AFTER: Final = "array"
_DATA = frozenset(table.name for table in DATA_TABLES)


@dataclass(slots=True)
class Node:
    """A row with its place, and what is inserted before and after it. `needed` says for what it has to be there, and where."""

    values: Object
    path: str
    before: list[Rows] = field(default_factory=list["Rows"])
    after: list[Rows] = field(default_factory=list["Rows"])
    needed: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows of one table that are given in one place; `first`: those that were asked for, and are answered."""

    table: Table
    nodes: Sequence[Node]
    conflict: OnConflict | None
    path: str
    first: bool = False


@dataclass(frozen=True, slots=True)
class Layer:
    """Rows of one table that one statement inserts; `first`: those that were asked for, and are answered."""

    table: Table
    objects: Objects
    conflict: OnConflict | None
    needed: Mapping[str, tuple[str, str]]
    path: str
    first: bool

    def check(self, ids: Iterable[str]) -> None:
        """Hold the rows that were touched against those that others need. Raises `RequestError`, code not-supported."""
        touched = set(ids)
        for kind, path in (why for id, why in self.needed.items() if id not in touched):
            told = f'insert to table "{self.table.name}" affects zero rows'
            raise RequestError(f"cannot proceed to insert {kind} relations since {told}", path, "not-supported")


def layers(
    table: Table, value: Value, path: str, tables: Mapping[str, Table], conflict: OnConflict | None
) -> list[Layer]:
    """The flat inserts that a nested one comes to. Raises `RequestError` for what does not fit."""
    rows = Rows(table, _Reader(tables).nodes(table, value, path, frozenset()), conflict, path, first=True)
    at_once = _may_be_at_once(rows)
    return [_layer(each) for each in _ordered(rows, at_once)]


# reading


@dataclass(frozen=True, slots=True)
class _Given:
    """What is given at a relation: rows of another table, not read yet."""

    table: Table
    data: Value
    conflict: OnConflict | None
    path: str


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads rows with what is nested in them, of the tables as they are seen."""

    tables: Mapping[str, Table]

    def nodes(self, table: Table, value: Value, path: str, fixed: frozenset[str]) -> list[Node]:
        """The rows of a list, or of one object; columns that are `fixed` are for the row around them to decide."""
        items = value if isinstance(value, list) else [value]
        listed = isinstance(value, list)
        return [
            self._node(table, item, f"{path}[{index}]" if listed else path, fixed) for index, item in enumerate(items)
        ]

    def _node(self, table: Table, value: Value, path: str, fixed: frozenset[str]) -> Node:
        if not isinstance(value, dict):
            raise unexpected("an object", f"{table.graphql_name}_insert_input", value, path)
        related = {name: one for name in value if (one := insertable(table, name, self.tables))}
        flat = {name: item for name, item in value.items() if name not in related}
        # One row has one place: it is held against the columns by itself.
        objects(table, flat, path)
        if taken := sorted(fixed & flat.keys()):
            why = f'"{taken[0]}" is determined by the row around this one: leave it out'
            raise RequestError(why, path)
        node = Node(flat, path)
        for name, relation in related.items():
            if value[name] is not None:
                self._nest(node, relation, value[name], f"{path}.{name}", fixed)
        return node

    def _nest(self, node: Node, relation: Relation, value: Value, path: str, fixed: frozenset[str]) -> None:
        table, kind = self.tables[relation.table], "arr" if relation.many else "obj"
        type_name = f"{table.graphql_name}_{kind}_rel_insert_input"
        if not isinstance(value, dict):
            raise unexpected("an object", type_name, value, path)
        for name in value.keys() - {"data", "on_conflict"}:
            raise unknown_field(name, type_name, path)
        if "data" not in value:
            raise RequestError("missing required field 'data'", f"{path}.data")
        conflict = self._conflict(table, value.get("on_conflict"), f"{path}.on_conflict")
        given = _Given(table, value["data"], conflict, path)
        if relation.many:
            self._after(node, relation, given)
        else:
            self._before(node, relation, given, fixed)

    def _conflict(self, table: Table, value: Value, path: str) -> OnConflict | None:
        if value is not None and not table.conflicts:
            raise unknown_field("on_conflict", f"{table.graphql_name}_rel_insert_input", path)
        found = on_conflict(table, as_tree(value), Scope({}, tables=self.tables), path)
        check_values(operands(found), {})
        return found

    def _before(self, node: Node, relation: Relation, given: _Given, fixed: frozenset[str]) -> None:
        path = given.path
        if relation.ours in node.values or relation.ours in fixed:
            why = f'object relationship "{relation.name}" determines "{relation.ours}", which is determined already: leave one out'
            raise RequestError(why, path)
        if isinstance(given.data, list):
            raise unexpected("an object", f"{given.table.graphql_name}_insert_input", given.data, f"{path}.data")
        (child,) = self.nodes(given.table, given.data, f"{path}.data", frozenset())
        node.values[relation.ours] = _known(child, relation.theirs)
        child.needed.append((BEFORE, path))
        node.before.append(Rows(given.table, [child], given.conflict, f"{path}.data"))

    def _after(self, node: Node, relation: Relation, given: _Given) -> None:
        path = f"{given.path}.data"
        children = self.nodes(given.table, given.data, path, frozenset({relation.theirs}))
        if not children:
            return
        known = _known(node, relation.ours)
        for child in children:
            child.values[relation.theirs] = known
        node.needed.append((AFTER, node.path))
        node.after.append(Rows(given.table, children, given.conflict, path))


def insertable(table: Table, name: str, tables: Mapping[str, Table]) -> Relation | None:
    """The relation of that name, if rows may be inserted through it: at its other side, and with the column that joins them."""
    relation = table.relation_by_name.get(name)
    other = tables.get(relation.table) if relation else None
    if relation is None or other is None or "insert" not in other.verbs:
        return None
    there = relation.theirs in other.insert_by_name if relation.many else relation.ours in table.insert_by_name
    return relation if there else None


def _known(node: Node, column: str) -> Value:
    """The value by which others refer to the row. Where it would be made by the database, it is made here."""
    return node.values.setdefault(column, str(uuid4()))


# order


def _may_be_at_once(rows: Rows) -> bool:
    """Whether all rows of a kind can be inserted together: no row is named twice, and no conflict looks at other rows."""
    seen: set[tuple[bool, str]] = set()
    for each in _all(rows):
        if each.conflict is not None and each.conflict.where != ALWAYS:
            return False
        named = [_name(each.table, node) for node in each.nodes if "id" in node.values]
        if None in named or len({*named}) < len(named) or not seen.isdisjoint(named):
            return False
        seen.update(filter(None, named))
    return True


def _all(rows: Rows) -> Iterator[Rows]:
    yield rows
    for node in rows.nodes:
        for part in (*node.before, *node.after):
            yield from _all(part)


def _name(table: Table, node: Node) -> tuple[bool, str] | None:
    # An id has one datum, in whatever table: the later one takes the place of the earlier.
    try:
        return table.name in _DATA, canonical(node.values["id"])
    except InvalidError:
        return None


# One statement a layer, and not one of all: its parts would not see each other's rows, so that a row could not be changed
# by two of them, and the log would hear of what came after something else at the same time.
def _ordered(rows: Rows, at_once: bool) -> Iterator[Rows]:
    """What a row refers to before it, what refers to it after it; one row after the other where that may matter."""
    nested = any(node.before or node.after for node in rows.nodes)
    parts = [rows] if at_once or not nested else [replace(rows, nodes=[node]) for node in rows.nodes]
    for part in parts:
        for earlier in _merged((each for node in part.nodes for each in node.before), at_once):
            yield from _ordered(earlier, at_once)
        yield part
        for later in _merged((each for node in part.nodes for each in node.after), at_once):
            yield from _ordered(later, at_once)


def _merged(parts: Iterable[Rows], at_once: bool) -> Iterable[Rows]:
    if not at_once:
        return parts
    merged: list[tuple[Rows, list[Node]]] = []
    for part in parts:
        same = next(
            (nodes for each, nodes in merged if (each.table, each.conflict) == (part.table, part.conflict)), None
        )
        if same is None:
            merged.append((part, list(part.nodes)))
        else:
            same.extend(part.nodes)
    return [replace(part, nodes=nodes) for part, nodes in merged]


def _layer(rows: Rows) -> Layer:
    # The columns that join rows are ours to give, whatever a role may.
    columns = TABLES[rows.table.name].by_name
    given = objects(rows.table, [node.values for node in rows.nodes], rows.path, among=columns)
    needed = {_id(node): why for node in rows.nodes for why in node.needed}
    return Layer(rows.table, given, rows.conflict, needed, rows.path, rows.first)


def _id(node: Node) -> str:
    value = node.values.get("id")
    try:
        return canonical(value)
    except InvalidError:
        # PostgreSQL refuses it before anybody misses it.
        return str(value)
