"""Rows on shelves: a table's rows by space, sorted on demand, every change undone if its transaction fails.

The memory storage. Where rows are kept and found; what they may be is for the rules.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from math import inf
from typing import TypeAlias

from deeplinks.dialect.interpret import Found, Key, Row, Sought, Tables
from deeplinks.dialect.interpret.tables import key_of
from deeplinks.dialect.statements import OrderBy
from deeplinks.tables import TABLES, Table

Names: TypeAlias = tuple[str, ...]


@dataclass(slots=True)
class Shelf:
    """A table's rows of one space, and their keys sorted by whatever was asked for so far."""

    rows: dict[Key, Row] = field(default_factory=dict[Key, Row])
    views: dict[Names, list[tuple[Key, Key]]] = field(default_factory=dict[Names, "list[tuple[Key, Key]]"])

    def put(self, key: Key, row: Row) -> None:
        self.rows[key] = row
        for names, view in self.views.items():
            entry = _entry(names, key, row)
            # Nearly all rows come in order.
            if not view or view[-1] < entry:
                view.append(entry)
            else:
                insort(view, entry)

    def drop(self, key: Key) -> None:
        row = self.rows.pop(key)
        for names, view in self.views.items():
            del view[bisect_left(view, _entry(names, key, row))]

    def sorted(self, names: Names) -> list[tuple[Key, Key]]:
        """The keys of all rows in the order of these columns, kept up from now on."""
        if names not in self.views:
            self.views[names] = sorted(_entry(names, key, row) for key, row in self.rows.items())
        return self.views[names]


def _entry(names: Names, key: Key, row: Row) -> tuple[Key, Key]:
    return tuple([row[name] for name in names]), key


@dataclass(slots=True)
class Cabinet:
    """A table: its rows by key, and a shelf for each space."""

    table: Table
    rows: dict[Key, Row] = field(default_factory=dict[Key, Row])
    shelves: dict[str, Shelf] = field(default_factory=dict[str, Shelf])

    def put(self, key: Key, row: Row) -> None:
        self.rows[key] = row
        self.shelves.setdefault(self._space(row), Shelf()).put(key, row)

    def drop(self, key: Key) -> None:
        space = self._space(self.rows.pop(key))
        shelf = self.shelves[space]
        shelf.drop(key)
        if not shelf.rows:
            del self.shelves[space]

    def _space(self, row: Row) -> str:
        return row["_deep" if "_deep" in self.table.by_name else "id"]


class Shelves(Tables):
    """The tables on shelves. What is changed inside `transaction()` is set back if it raises."""

    def __init__(self) -> None:
        self._cabinets = {name: Cabinet(table) for name, table in TABLES.items()}
        self._undo: list[tuple[Cabinet, Key, Row | None]] = []
        super().__init__()

    @contextmanager
    def transaction(self) -> Generator[None]:
        """All of it or nothing."""
        self._undo.clear()
        try:
            yield
        except BaseException:
            for cabinet, key, old in reversed(self._undo):
                _restore(cabinet, key, old)
            raise
        finally:
            self._undo.clear()

    def find(self, table: Table, key: Key) -> Row | None:
        return self._cabinets[table.name].rows.get(key)

    def put(self, table: Table, row: Row) -> None:
        self._set(self._cabinets[table.name], key_of(table, row), row)

    def replace(self, table: Table, old: Row, new: Row) -> None:
        cabinet, before, after = self._cabinets[table.name], key_of(table, old), key_of(table, new)
        if before != after:
            self._set(cabinet, before, None)
        self._set(cabinet, after, new)

    def drop(self, table: Table, row: Row) -> None:
        self._set(self._cabinets[table.name], key_of(table, row), None)

    def _set(self, cabinet: Cabinet, key: Key, row: Row | None) -> None:
        self._undo.append((cabinet, key, cabinet.rows.get(key)))
        _restore(cabinet, key, row)

    # finding

    def seek(self, sought: Sought) -> Found:
        cabinet = self._cabinets[sought.table.name]
        keys = _keys(sought)
        if keys is not None:
            return Found([row for key in keys if (row := cabinet.rows.get(key)) is not None])
        spaces = sought.equals.get("_deep")
        if spaces is None:
            return Found(list(cabinet.rows.values()))
        shelves = [shelf for space in dict.fromkeys(spaces) if (shelf := cabinet.shelves.get(space)) is not None]
        names = _names(sought) if len(shelves) == 1 else None
        if names is not None:
            return Found(_in_order(shelves[0], names, sought), ordered=True)
        return Found([row for shelf in shelves for row in shelf.rows.values()])

    def of_space(self, table: Table, space: str) -> Iterable[Row]:
        """A space's rows of a table."""
        shelf = self._cabinets[table.name].shelves.get(space)
        return shelf.rows.values() if shelf else ()

    def last(self, table: Table, space: str, names: Names, prefix: Key = ()) -> Row | None:
        """The last row of a space in the order of these columns, of numbers; of those alone that begin with `prefix`."""
        shelf = self._cabinets[table.name].shelves.get(space)
        if shelf is None:
            return None
        view = shelf.sorted(names)
        place = bisect_left(view, ((*prefix, inf), ()))
        if not place or view[place - 1][0][: len(prefix)] != prefix:
            return None
        return shelf.rows[view[place - 1][1]]


def _restore(cabinet: Cabinet, key: Key, row: Row | None) -> None:
    if key in cabinet.rows:
        cabinet.drop(key)
    if row is not None:
        cabinet.put(key, row)


def _keys(sought: Sought) -> Iterator[Key] | None:
    """The keys of the rows sought, where the key is one column and its values are known."""
    if len(sought.table.key) != 1 or sought.table.key[0] not in sought.equals:
        return None
    return ((value,) for value in dict.fromkeys(sought.equals[sought.table.key[0]]))


def _names(sought: Sought) -> Names | None:
    """The columns to sort a space's rows by, where all go one way and tell every row apart."""
    order = sought.order
    names = tuple(one.column.name for one in order)
    if not {*sought.table.key} <= {*names, "_deep"} or not all(map(_plain, order)):
        return None
    return names if len({one.descending for one in order}) == 1 else None


def _plain(one: OrderBy) -> bool:
    return not one.path and not one.column.nullable and one.column.scalar != "jsonb"


def _in_order(shelf: Shelf, names: Names, sought: Sought) -> Iterator[Row]:
    view = shelf.sorted(names)
    least = sought.least.get(names[0])
    start = 0 if least is None else bisect_left(view, ((least,), ()))
    places = range(start, len(view))
    return (shelf.rows[view[place][1]] for place in (reversed(places) if sought.order[0].descending else places))
