"""Reading what an update does to columns: Hasura's operators, `_set` to `_delete_at_path`.

The dialect. One table says which operators there are and for which columns; which rows change is not its business.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from deeplinks.dialect.refusal import RequestError, unexpected, unknown_field
from deeplinks.dialect.scope import Scope
from deeplinks.dialect.statements import Assign
from deeplinks.dialect.values import Operand, Tree
from deeplinks.tables import Column, Table

SET: Final = "_set"


@dataclass(frozen=True, slots=True)
class Operator:
    """An operator of updates: the scalars of the columns it is for, and its operand's, where that is not the column's own.

    No scalars: it is for every column.
    """

    said: str
    columns: frozenset[str] = frozenset()
    operand: str | None = None
    many: bool = False

    def fits(self, column: Column) -> bool:
        return not self.columns or column.scalar in self.columns


_NUMBERS, _JSON = frozenset({"bigint", "numeric"}), frozenset({"jsonb"})
OPERATORS: Final[Mapping[str, Operator]] = MappingProxyType(
    {
        SET: Operator("new values; null sets null"),
        "_inc": Operator("what is added to numbers", _NUMBERS),
        "_append": Operator("what is put behind the old JSON value", _JSON),
        "_prepend": Operator("what is put before the old JSON value", _JSON),
        "_delete_key": Operator("the key, or the text element, that goes", _JSON, "String"),
        "_delete_elem": Operator(
            "the element of a list that goes, counted from 0, or from the end by -1", _JSON, "Int"
        ),
        "_delete_at_path": Operator("the way to what goes: keys, and numbers of elements", _JSON, "String", many=True),
    }
)


def operators(table: Table) -> Mapping[str, tuple[Operator, tuple[Column, ...]]]:
    """The operators that the table has columns for, each with these columns."""
    found = {name: (each, tuple(filter(each.fits, table.update_by_name.values()))) for name, each in OPERATORS.items()}
    return {name: (each, columns) for name, (each, columns) in found.items() if columns}


def input_name(table: Table, operator: str) -> str:
    """What the operator's input type is called: `deep_links_set_input`."""
    return f"{table.graphql_name}{operator}_input"


def changes(table: Table, arguments: Mapping[str, Tree], scope: Scope, path: str) -> tuple[Assign, ...]:
    """What `_set`, `_inc` and the others among the arguments do; no column twice. Raises `RequestError`."""
    found: list[Assign] = []
    for name in operators(table):
        found += _operator(table, name, scope.open(arguments.get(name)), f"{path}.{name}")
    named = [change.column.name for change in found]
    if twice := sorted({name for name in named if named.count(name) > 1}):
        raise RequestError(f"Column found in multiple operators: {', '.join(twice)}; name it in one", path)
    return tuple(found)


def _operator(table: Table, name: str, value: Tree, path: str) -> list[Assign]:
    if value is None:
        return []
    if not isinstance(value, dict):
        raise unexpected("an object", input_name(table, name), value, path)
    return [_change(table, name, column, operand, path) for column, operand in value.items()]


def _change(table: Table, name: str, named: str, value: Tree, path: str) -> Assign:
    operator, column = OPERATORS[name], table.update_by_name.get(named)
    if column is None or not operator.fits(column):
        raise unknown_field(named, input_name(table, name), path)
    scalar = operator.operand or column.scalar
    operand = Operand(value, scalar, f"{path}.{named}", many=operator.many, nullable=name == SET)
    return Assign(column, operand, name)
