"""The tables that statements are interpreted over: rows by key, and the moments at which a database has its own say.

The dialect's interpreter. Plain rows and no rules of their own; whoever keeps rules overrides the moments.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from deeplinks.dialect.interpret.faults import NotInterpretedError
from deeplinks.dialect.interpret.spelling import Stored
from deeplinks.dialect.statements import OrderBy
from deeplinks.tables import TABLES, Column, Table

# A row by its columns' names. It is never changed once it is in a table: an update puts another in its place.
Row: TypeAlias = dict[str, Stored]
Key: TypeAlias = tuple[Stored, ...]

CONSTANTS: Mapping[str, Stored] = {"0": 0, "false": False}


@dataclass(frozen=True, slots=True)
class Sought:
    """What is known beforehand of the rows that are sought: columns that equal one of some values, or are not below one.

    A hint: every row found is still asked whether it is meant.
    """

    table: Table
    equals: Mapping[str, Sequence[Stored]] = field(default_factory=dict[str, Sequence[Stored]])
    least: Mapping[str, Stored] = field(default_factory=dict[str, Stored])
    order: tuple[OrderBy, ...] = ()


@dataclass(frozen=True, slots=True)
class Found:
    """All rows that are sought, maybe with others; `ordered`: in the order that was asked for."""

    rows: Iterable[Row]
    ordered: bool = False


def key_of(table: Table, row: Row) -> Key:
    """The row's primary key."""
    return tuple([row[name] for name in table.key])


class Tables:
    """Rows of every table. `Tables({"links": [...]})` takes complete rows, whose values are as `spelling` has them."""

    def __init__(self, rows: Mapping[str, Iterable[Row]] | None = None) -> None:
        self._rows: dict[str, dict[Key, Row]] = {name: {} for name in TABLES}
        for name, given in (rows or {}).items():
            for row in given:
                self.put(TABLES[name], row)

    def seek(self, sought: Sought) -> Found:
        """The rows that may be meant."""
        return Found(list(self._rows[sought.table.name].values()))

    def find(self, table: Table, key: Key) -> Row | None:
        """The row with this key."""
        return self._rows[table.name].get(key)

    def put(self, table: Table, row: Row) -> None:
        """Take a row whose key is new."""
        self._rows[table.name][key_of(table, row)] = row

    def replace(self, table: Table, old: Row, new: Row) -> None:
        """Put a row in another's place."""
        rows, before, after = self._rows[table.name], key_of(table, old), key_of(table, new)
        if before != after:
            del rows[before]
        rows[after] = new

    def drop(self, table: Table, row: Row) -> None:
        """Let go of a row."""
        del self._rows[table.name][key_of(table, row)]

    # the moments

    def default(self, column: Column) -> Stored:
        """What a column holds that an insert leaves out. Raises `NotInterpretedError`: clocks are not known here."""
        if column.default is None:
            return None
        if column.default not in CONSTANTS:
            raise NotInterpretedError(f"the default {column.default} of a column")
        return CONSTANTS[column.default]

    def entering(self, table: Table, row: Row) -> Row | None:
        """Before a row is inserted: the row to insert, or None to skip it."""
        return row

    def changing(self, table: Table, old: Row, new: Row) -> Row:
        """Before a row is changed: the row to put in its place."""
        return new

    def leaving(self, table: Table, row: Row) -> None:
        """Before a row is deleted."""

    def done(self, table: Table, verb: str, olds: Sequence[Row], news: Sequence[Row]) -> None:
        """After a statement has inserted, updated or deleted rows."""
