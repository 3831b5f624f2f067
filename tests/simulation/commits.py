"""What was committed, as operations in the order of their commits: read from the requests, not from what they led to.

The simulation. It knows what a batch's document is given, and nothing of the rules that it meets.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from deeplinks.tables import SYNCHRONIZED

Given: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Operation:
    """One row: `verb` is insert, update, put, clear or delete; `values` are the columns, or the data."""

    verb: str
    id: str
    table: str = "links"
    values: Any = None


@dataclass(frozen=True, slots=True)
class Commit:
    """A transaction: who sent it, under which number, and what it was to do."""

    who: str
    client: str
    seq: int
    operations: tuple[Operation, ...]

    def said(self) -> Iterator[tuple[str, str, Any]]:
        """(id, field, value) of all that it set."""
        for one in self.operations:
            if one.verb in ("insert", "update"):
                columns = ((name, value) for name, value in one.values.items() if name in COLUMNS)
                yield from ((one.id, name, value) for name, value in columns)
            elif one.verb != "delete":
                yield one.id, DATA, None if one.verb == "clear" else (one.table, one.values)


COLUMNS = ("_type", "_from", "_to", "_value")
DATA = "data"


def of_batch(who: str, given: Given) -> Commit:
    """The commit that a batch is, from the variables of its document."""
    batch = given["batches"][-1]
    return Commit(who, batch["client"], batch["seq"], tuple(_operations(given)))


def _operations(given: Given) -> Iterator[Operation]:
    yield from (Operation("insert", row["id"], values=row) for row in given["links"])
    yield from (Operation("update", one["where"]["id"]["_eq"], values=one["_set"]) for one in given["updates"])
    for table in SYNCHRONIZED:
        yield from (Operation("put", row["id"], table, row["_data"]) for row in given[table])
    for table in SYNCHRONIZED:
        yield from (Operation("clear", id, table) for id in given[f"delete_{table}"])
    yield from (Operation("delete", id) for id in given["delete_links"])
