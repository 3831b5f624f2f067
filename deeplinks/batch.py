"""What travels between a space and a storage: sealed batches one way, pages of rows or log entries the other.

It imports the ground only; values, never handles, and nothing here does I/O.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import TypeAlias

import orjson

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"
Row: TypeAlias = dict[str, Json]


@dataclass(frozen=True, slots=True)
class Content:
    """The rows of a batch, in the order in which a storage writes them.

    `links` are inserted where their id is not there; `updates` are (id, the changed columns alone) of links;
    `data` is a table's (id, `_data`), upserted; `data_deletes` a table's ids; `deletes` the ids of links. All of it only if
    nobody else changed what `expects` names, {id, n}, since change n. `withdraws` are (seq, checksum) of batches of the same
    client that were refused: they never take effect once this one has.
    """

    links: list[Row] = field(default_factory=list[Row])
    updates: list[tuple[str, Row]] = field(default_factory=list[tuple[str, Row]])
    data: dict[str, list[tuple[str, Json]]] = field(default_factory=dict[str, list[tuple[str, Json]]])
    data_deletes: dict[str, list[str]] = field(default_factory=dict[str, list[str]])
    deletes: list[str] = field(default_factory=list[str])
    expects: list[Row] = field(default_factory=list[Row])
    withdraws: list[tuple[int, str]] = field(default_factory=list[tuple[int, str]])

    @property
    def size(self) -> int:
        """How many rows the batch touches."""
        tables = (*self.data.values(), *self.data_deletes.values())
        return len(self.links) + len(self.updates) + len(self.deletes) + sum(map(len, tables))


@dataclass(frozen=True, slots=True)
class Batch:
    """A sealed batch: frozen before its first send, sent again with the same bytes under the same (client, seq).

    `content` must not be touched after sealing: `checksum` is the sha256 of its bytes.
    """

    space: str
    client: str
    seq: int
    content: Content
    bytes: bytes = field(repr=False)
    checksum: str

    @classmethod
    def seal(cls, space: str, client: str, seq: int, content: Content) -> Batch:
        """Freeze the content under its number."""
        encoded = orjson.dumps(content)
        return cls(space, client, seq, content, encoded, sha256(encoded).hexdigest())


@dataclass(frozen=True, slots=True)
class Written:
    """What became of a batch. `already`: it had been applied before; `lost`: ids of links that were asked to be
    created or changed and were not there to answer: `created` ones (there already, or dead), `changed` ones (dead).
    """

    already: bool = False
    created: frozenset[str] = frozenset()
    changed: frozenset[str] = frozenset()

    @property
    def lost(self) -> frozenset[str]:
        """All of them."""
        return self.created | self.changed


@dataclass(frozen=True, slots=True)
class Cursor:
    """A place in what a storage tells of a space.

    In a snapshot (n, tag, table, position): rows of `table` after `position`, taken while the log stood at n.
    In the log (n, tag), with `table` None: everything up to n is known. Before everything: `Cursor.start(space)`.
    `seen` is the (n, tag) of the newest change when rows were read last, (0, 0) where that is not known: whoever reads on
    meets it there, or the rows are of a log that was set back since.
    """

    space: str
    n: int = 0
    tag: int = 0
    table: str | None = None
    position: tuple[str, ...] = ()
    seen: tuple[int, int] = (0, 0)

    @classmethod
    def start(cls, space: str) -> Cursor:
        """Before everything: the next read begins a snapshot."""
        return cls(space, table="links", n=-1)

    @property
    def snapshot(self) -> bool:
        """Whether it is in a snapshot, not in the log."""
        return self.table is not None

    def after(self, n: int, tag: int) -> Cursor:
        """In the log, past that change; what was seen is to be met as long as that is further on."""
        return Cursor(self.space, n, tag, seen=self.seen if self.seen[0] > n else (0, 0))


@dataclass(frozen=True, slots=True)
class SnapshotRow:
    """A row of a snapshot."""

    table: str
    row: Mapping[str, Json]


@dataclass(frozen=True, slots=True)
class LogEntry:
    """One change of one row, as the log has it: `before` and `after` are the row's images."""

    n: int
    tx: int
    tag: int
    table: str
    operation: str
    id: str
    before: Mapping[str, Json] | None
    after: Mapping[str, Json] | None
    client: str | None
    seq: int | None


@dataclass(frozen=True, slots=True)
class Answer:
    """What a storage says to a question: the ids of the links it means, in order, and rows to know them by.

    `longer`: there are value chains longer than the question could follow.
    """

    ids: list[str]
    rows: list[SnapshotRow]
    longer: bool


@dataclass(frozen=True, slots=True)
class Page:
    """What a read gave: snapshot rows, or log entries in whole transactions; where to go on; whether there is more now."""

    rows: list[SnapshotRow]
    entries: list[LogEntry]
    cursor: Cursor
    more: bool
