"""What the triggers of `sql/migrations` keep, over rows in memory: the same refusals under the same states.

The memory storage. Two descriptions of one thing: tests write the same batches to both and compare rows and log.
"""

from __future__ import annotations

import re
import secrets
import uuid
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

from deeplinks.dialect.interpret import Row, Sought, ViolationError
from deeplinks.dialect.interpret.faults import duplicate, missing
from deeplinks.dialect.interpret.spelling import Stored, numeric_text, time_text
from deeplinks.dialect.interpret.writing import NOTHING, Touched, finish, place, remove
from deeplinks.dialect.values import Value
from deeplinks.storage.memory.shelves import Shelves
from deeplinks.tables import (
    BATCHES,
    BUILT_INS,
    CHANGES,
    DATA_TABLES,
    LINKS,
    LOGGED,
    NUMBERS,
    RESERVED_SPACE,
    SPACES,
    TOMBSTONES,
    Column,
    Table,
)

FIXED: Final[Mapping[str, tuple[str, ...]]] = {
    LINKS.name: ("id", "_deep", "_i", "created_at"),
    SPACES.name: ("id", "created_at"),
    **{table.name: ("id", "_deep", "created_at") for table in DATA_TABLES},
}
LOGGED_NAMES: Final = frozenset(table.name for table in LOGGED)
_UUID: Final = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE).fullmatch
DATA_NAMES: Final = frozenset(table.name for table in DATA_TABLES)


def utc_now() -> datetime:
    return datetime.now(UTC)


class Rules(Shelves):
    """The tables with their rules. One transaction at a time: whoever uses them holds a lock."""

    def __init__(
        self, clock: Callable[[], datetime] = utc_now, random_bits: Callable[[int], int] = secrets.randbits
    ) -> None:
        super().__init__()
        self._clock = clock
        self._random_bits = random_bits
        self._now = clock()
        self._i = 0
        self._tx = 0
        self._batch: Row | None = None
        self.touched: set[str] = set()
        self._plant_built_ins()

    def begin(self) -> None:
        """A transaction begins: its time, its number, and no batch yet."""
        self._now = self._clock()
        self._tx += 1
        self._batch = None
        self.touched = set()

    def _plant_built_ins(self) -> None:
        # There before the log is, as in the migrations: their space has no root and no entries.
        self.put(SPACES, self._complete(SPACES, id=RESERVED_SPACE))
        for id in BUILT_INS.values():
            self.put(LINKS, self._complete(LINKS, id=id, _deep=RESERVED_SPACE))

    def _complete(self, table: Table, **values: Stored) -> Row:
        return {
            column.name: values[column.name] if column.name in values else self.default(column)
            for column in table.columns
        }

    # the moments

    def default(self, column: Column) -> Stored:
        match column.default:
            case "now()":
                return self._now
            case "gen_random_uuid()":
                return str(uuid.uuid4())
            case "nextval('deep.links_i')":
                self._i += 1
                return self._i
            case _:
                return super().default(column)

    def entering(self, table: Table, row: Row) -> Row | None:
        if table is BATCHES:
            self._admit(row)
        elif table is SPACES:
            self._check_new_space(row)
        elif table.name in LOGGED_NAMES:
            if row["_deep"] is None and table is not LINKS:
                row = row | {"_deep": self._space_of(table, row)}
            # The space can't be left between this look and the end: here nobody else buries meanwhile.
            if self.find(TOMBSTONES, (row["_deep"], row["id"])) is not None:
                return None
        return row

    def changing(self, table: Table, old: Row, new: Row) -> Row:
        if table is BATCHES:
            why = f"append only: entries of deep.{table.name} are never changed; write a new change instead"
            raise ViolationError("22L06", why)
        if any(old[name] != new[name] for name in FIXED[table.name]):
            why = (
                f"fixed: deep.{table.name} {old['id']} keeps its id, created_at, _deep and _i for ever; "
                "leave them out of the update, or make a new row"
            )
            raise ViolationError("22L05", why)
        if table is SPACES:
            self._check_space(old, new)
        return new | {"updated_at": max(old["updated_at"], self._clock())}

    def leaving(self, table: Table, row: Row) -> None:
        if table is LINKS and (row["id"] == row["_deep"] or row["_deep"] == RESERVED_SPACE):
            why = (
                f"permanent: link {row['id']} is the root of its space or a built-in type, and is never deleted; "
                "leave it out of the delete"
            )
            raise ViolationError("22L09", why)

    def done(self, table: Table, verb: str, olds: Sequence[Row], news: Sequence[Row]) -> None:
        if table is SPACES and verb == "insert":
            self._plant_roots(news)
        if table.name not in LOGGED_NAMES:
            return
        if verb == "insert" and table.name in DATA_NAMES:
            self._check_links(table, news)
        self._capture(table, verb, olds, news)
        if verb == "insert" and table is LINKS:
            self._i = max(self._i, *(row["_i"] for row in news))
        if verb == "delete" and table is LINKS:
            self._cascade(olds)

    # spaces

    def _claim(self, space: str) -> None:
        """Make the space if it is not there; its root comes with it."""
        if self.find(SPACES, (space,)) is None:
            touched = Touched()
            place(self, SPACES, self._complete(SPACES, id=space), touched, NOTHING)
            finish(self, SPACES, touched)

    def _plant_roots(self, spaces: Sequence[Row]) -> None:
        for space in spaces:
            touched = Touched()
            place(self, LINKS, self._complete(LINKS, id=space["id"], _deep=space["id"]), touched, NOTHING)
            finish(self, LINKS, touched)

    def newest(self, space: str) -> int:
        """The number of the last change of a space; all of it pruned, the log goes on above the floor."""
        last = self.last(CHANGES, space, ("n",))
        if last is not None:
            return last["n"]
        row = self.find(SPACES, (space,))
        return row["floor"] if row else 0

    def _check_new_space(self, row: Row) -> None:
        self._check_name(row)
        if row["floor"] not in (None, 0):
            why = (
                f"floor: space {row['id']} is new and has no log, so its floor is 0 and not {row['floor']}; "
                "leave the floor out"
            )
            raise ViolationError("22L06", why)

    def _check_space(self, old: Row, new: Row) -> None:
        floor, newest = new["floor"], self.newest(old["id"])
        if floor is not None and floor != old["floor"] and not old["floor"] <= floor <= newest:
            why = (
                f"floor: {floor} is not between the floor {old['floor']} of space {old['id']} and its newest change "
                f"{newest}; the floor only rises, up to the newest"
            )
            raise ViolationError("22L06", why)
        self._check_name(new)

    def _check_name(self, row: Row) -> None:
        name = row["name"]
        if name is None:
            return
        if any(other["name"] == name and other["id"] != row["id"] for other in self.seek(Sought(SPACES)).rows):
            raise duplicate("spaces_name_key")

    # batches

    def _admit(self, row: Row) -> None:
        """Exactly once, in order. Raises `ViolationError`."""
        space, client, seq = row["_deep"], row["client"], row["seq"]
        if None in (space, client, seq, row["checksum"]):
            return
        self._claim(space)
        known = self.find(BATCHES, (space, client, seq))
        if known is not None:
            raise _known_batch(known, row)
        last = self._last_seq(space, client)
        if seq != last + 1:
            why = (
                f"gap: batch {seq} of client {client} does not follow batch {last} in space {space}; "
                f"send {last + 1} first, or write under a new client"
            )
            raise ViolationError("22L03", why)
        if not row["withdrawn"]:
            if row["expects"] is not None:
                self._expect(space, client, row["expects"])
            self._batch = row

    def _last_seq(self, space: str, client: str) -> int:
        last = self.last(BATCHES, space, ("client", "seq"), (client,))
        return last["seq"] if last else 0

    def _expect(self, space: str, writer: str, expects: Value) -> None:
        """Nobody else changed these links since the change that they were seen at. Raises `ViolationError`."""
        seen = sorted(_seen_at(expects), key=lambda one: one[0])
        changed = [(id, n, last) for id, n in seen if (last := self._last_of_others(space, writer, id, n))]
        for id, n, last in sorted(changed, key=lambda one: (one[2], one[0])):
            why = (
                f"stale: {id} was expected at change {n} and somebody else changed it since, at change {last}; "
                "read it again, then decide"
            )
            raise ViolationError("22L04", why)
        row, head = self.find(SPACES, (space,)), self.newest(space)
        floor = row["floor"] if row else 0
        for id, n in seen:
            if not floor <= n <= head:
                why = (
                    f"stale: {id} was expected at change {n}, and the log goes from {floor} to {head}; "
                    "read it again, then decide"
                )
                raise ViolationError("22L04", why)

    def _last_of_others(self, space: str, writer: str, id: str, n: int) -> int:
        found = (row for row in self.of_space(CHANGES, space) if row["id"] == id and row["n"] > n)
        return max((row["n"] for row in found if row["client"] != writer), default=0)

    # data

    def _space_of(self, table: Table, row: Row) -> str:
        if row["id"] is None:
            raise missing(table.name, "id")
        link = self.find(LINKS, (row["id"],))
        if link is None:
            why = (
                f"no link: deep.{table.name} holds data of links, and there is no link {row['id']}; "
                "insert the link first"
            )
            raise ViolationError("23503", why, f"{table.name}_link_fkey")
        return link["_deep"]

    def _check_links(self, table: Table, rows: Sequence[Row]) -> None:
        name = f"{table.name}_link_fkey"
        for row in rows:
            link = self.find(LINKS, (row["id"],))
            if link is None or link["_deep"] != row["_deep"]:
                why = f'insert or update on table "{table.name}" violates foreign key constraint "{name}"'
                raise ViolationError("23503", why, name)

    def _one_datum(self, kept: Table, rows: Sequence[Row]) -> None:
        for table in DATA_TABLES:
            if table is not kept:
                self._remove_of(table, rows)

    def _cascade(self, links: Sequence[Row]) -> None:
        for table in DATA_TABLES:
            self._remove_of(table, links)

    def _remove_of(self, table: Table, rows: Sequence[Row]) -> None:
        remove(self, table, [own for row in rows if (own := self.find(table, (row["id"],))) is not None])

    # the log

    def _capture(self, table: Table, verb: str, olds: Sequence[Row], news: Sequence[Row]) -> None:
        rows = olds if verb == "delete" else news
        for space in dict.fromkeys(row["_deep"] for row in rows):
            self._claim(space)
        if verb == "insert" and table is not LINKS:
            self._one_datum(table, rows)
        if verb == "delete" and table is LINKS:
            for row in olds:
                self.put(TOMBSTONES, {"_deep": row["_deep"], "id": row["id"]})
        mark = self._random_bits(63)
        before = [image(table, row) for row in olds] or [None] * len(rows)
        after = [image(table, row) for row in news] or [None] * len(rows)
        for row, one, other in zip(rows, before, after, strict=True):
            self._note(table, verb, mark, row, one, other)

    def _note(self, table: Table, verb: str, mark: int, row: Row, before: Row | None, after: Row | None) -> None:
        space, batch = row["_deep"], self._batch
        own = batch if batch is not None and batch["_deep"] == space else None
        self.touched.add(space)
        entry: Row = {
            "_deep": space,
            "n": self.newest(space) + 1,
            "tx": self._tx,
            "tag": mark,
            "table": table.name,
            "operation": verb,
            "id": row["id"],
            "before": before,
            "after": after,
            "client": own["client"] if own else None,
            "seq": own["seq"] if own else None,
            "actor": None,
            "at": self._now,
        }
        self.put(CHANGES, entry)


def _seen_at(expects: Value) -> list[tuple[str, int]]:
    """The ids, and the change that each was seen at. Raises `ViolationError` for what is none."""
    if not isinstance(expects, list):
        why = "expects: it is no array; give an array of {id, n}, ids of links and numbers of the changes they were seen at"
        raise ViolationError("22L10", why)
    seen: list[tuple[str, int]] = []
    for number, one in enumerate(expects, 1):
        id, n = (one.get("id"), one.get("n")) if isinstance(one, dict) else (None, None)
        if not (
            isinstance(id, str) and _UUID(id) and isinstance(n, int) and not isinstance(n, bool) and 0 <= n < 10**18
        ):
            why = f"expects: number {number} of it is not {{id, n}}, the id of a link and the number of the change it was seen at"
            raise ViolationError("22L10", why)
        seen.append((id.lower(), n))
    return seen


def image(table: Table, row: Row) -> Row:
    """The row as the log keeps it: JSON, and numbers as text, for a JSON parser would cut digits."""
    shown = row | {"created_at": time_text(row["created_at"]), "updated_at": time_text(row["updated_at"])}
    return shown | {"_data": numeric_text(row["_data"])} if table is NUMBERS else shown


def _known_batch(known: Row, given: Row) -> ViolationError:
    """What a batch hears whose (client, seq) is taken."""
    client, seq = given["client"], given["seq"]
    if known["checksum"] != given["checksum"]:
        why = (
            f"checksum: batch {seq} of client {client} was sent before with other content; "
            "two writers share one identity, so take a new client"
        )
        return ViolationError("22L02", why)
    if known["withdrawn"] and not given["withdrawn"]:
        why = (
            f"withdrawn: batch {seq} of client {client} was withdrawn and is not applied; "
            "its content goes under new numbers"
        )
        return ViolationError("22L01", why)
    word = "already withdrawn" if known["withdrawn"] else "already applied"
    return ViolationError("23505", f"{word}: batch {seq} of client {client}", "batches_pkey")
