"""Restoring: a space out of its file, as it was; what was read, over it what was sent, over that what waits.

The sync room. It reads records and makes a space and an outbox of them; nothing is written here.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass, field, replace
from typing import Final

import orjson

from deeplinks import tables
from deeplinks.batch import Content, Json
from deeplinks.errors import CorruptFileError
from deeplinks.space import Association, Deep
from deeplinks.space.association import Gone
from deeplinks.space.bulk import collector_at_rest
from deeplinks.space.changes import ChangeSet, Entry, Group, Mark
from deeplinks.space.fields import DATA
from deeplinks.space.ledger import TYPED, Ledger, StorageMarker
from deeplinks.space.planting import Plant, fill, follow_names, plant_all
from deeplinks.space.values import NOTHING
from deeplinks.storage.sqlite.copy import Link
from deeplinks.sync import records, rows
from deeplinks.sync.aside import Aside, aside_of
from deeplinks.sync.journal import Journal
from deeplinks.sync.outbox import Outbox, Sealed
from deeplinks.sync.records import CREATED, DESTROYED, Told
from deeplinks.sync.refusals import Refusal, Refusals
from deeplinks.sync.replica import Replica

logger = logging.getLogger("deeplinks.sync.restoring")

MARK_TYPES: Final = {tables.BUILT_INS[kind]: marker for marker, kind in TYPED.items()}
KINDS: Final = {kind: marker for marker, kind in TYPED.items()}


@dataclass(slots=True)
class Waiting:
    """What waits for one association: is it to be written whole, is its row to go, and its fields, each (now, old)."""

    n: int
    created: list[Json] | None = None
    destroyed: bool = False
    fields: dict[str, tuple[object, object]] = field(default_factory=dict[str, "tuple[object, object]"])
    updated_at: int | str | None = None


class Restoring:
    """One restoring of one space. What is read into it is empty."""

    def __init__(self, deep: Deep, replica: Replica, journal: Journal) -> None:
        self._deep = deep
        self._space = deep.space
        self._outbox: Outbox = replica.outbox
        self._inbox = replica.inbox
        self._refused: Refusals = replica.refused
        self._ledger: Ledger = replica.outbox.ledger
        self._name = replica.outbox.ledger.name
        self._journal = journal
        self._file = journal.file
        # What is to be seen of a field, by id, over the rows: of batches, then of what waits.
        self._sent: dict[str, dict[str, object]] = {}
        self._fresh: dict[str, Plant] = {}
        self._gone: set[str] = set()
        self._waiting: dict[str, Waiting] = {}
        self._marks: dict[str, tuple[StorageMarker, str]] = {}
        self._ended: set[str] = set()
        # Marks of batches that the rows do not have.
        self._fresh_marks: set[str] = set()
        self._touched: Set[str] = frozenset()
        # What the rows themselves have, of what is changed over them.
        self._bases: dict[tuple[str, str], object] = {}

    def run(self) -> None:
        """Make all of it. Raises `CorruptFileError`; then the space is of no use."""
        with collector_at_rest():
            batches = list(self._batches())
            self._read_waiting()
            self._touched = self._sent.keys() | self._waiting.keys()
            self._resume_root()
            plant_all(self._space, self._known(), self._name, known=True)
            plant_all(self._space, self._new(), self._name, known=False)
            asides = list(self._asides())
            kept_out = self._plant_kept_out([aside for _, _, aside in asides])
            self._fill()
            follow_names(self._space)
            self._place_marks()
            self._resume_batches(batches)
            self._inbox.spare(self._fresh, self._fresh_marks)
            self._resume_changes(len(batches) + 1)
            self._set_aside(asides, kept_out)

    # what is in the file

    def _batches(self) -> Iterator[tuple[Sealed, Told, bool]]:
        for (client, seq, acknowledged), record in self._file.read("batches"):
            try:
                batch, told = records.batch_of(self._deep.id, str(client), int(seq), record)
            except ValueError as error:
                raise CorruptFileError(file=self._file.path, record=f"batch {seq}", why=str(error)) from error
            fields = {id: frozenset(names) for id, names in told.fields.items()}
            self._apply(batch.content)
            olds = {id: _olds(was) for id, was in told.olds.items()}
            expects = [(unit, id, n) for unit, id, n in told.expects]
            sealed = Sealed(batch, 0, 0, {}, {}, fields, told.groups, olds, expects, renewed=told.renewed)
            yield sealed, told, bool(acknowledged)

    def _apply(self, content: Content) -> None:
        for row in content.links:
            self._apply_link(row)
        for id, columns in content.updates:
            sent = {column.removeprefix("_"): value for column, value in columns.items()}
            self._sent.setdefault(id, {}).update(sent)
        for deleted in content.data_deletes.values():
            for id in deleted:
                self._sent.setdefault(id, {})[DATA] = None
        for table, upserts in content.data.items():
            for id, data in upserts:
                self._sent.setdefault(id, {})[DATA] = rows.decoded(table, data)
        self._gone.update(content.deletes)
        self._ended.update(content.deletes)

    def _apply_link(self, row: Mapping[str, Json]) -> None:
        id = str(row["id"])
        marker = MARK_TYPES.get(str(row.get("_type")))
        if marker is not None:
            self._marks[id] = marker, str(row["_from"])
            self._fresh_marks.add(id)
            return
        created_at = str(row["created_at"])
        targets = tuple(_text(row.get(column)) for column in rows.COLUMN.values())
        self._fresh[id] = Plant(id, targets, None, created_at, created_at)

    def _read_waiting(self) -> None:
        for (id, name, n), record in self._file.read("changes"):
            waiting = self._waiting.setdefault(str(id), Waiting(int(n)))
            if name == CREATED:
                waiting.created = orjson.loads(record)
            elif name == DESTROYED:
                waiting.destroyed = True
                self._gone.add(str(id))
            else:
                now, old, waiting.updated_at = orjson.loads(record)
                if name == DATA:
                    now, old = records.data_value(now), records.data_value(old)
                waiting.fields[str(name)] = now, old
        for (id, _), record in self._file.read("marks"):
            kind, type, set, _band = orjson.loads(record)
            if set:
                self._marks[str(id)] = KINDS[kind], type
            else:
                self._ended.add(str(id))

    # the space

    def _resume_root(self) -> None:
        """When it was made: no storage may have its row yet."""
        made = self._file.facts.get("made", b"").decode()
        if made:
            self._deep._created_at = self._deep._updated_at = int(made) if made.isdecimal() else made

    def _known(self) -> Iterator[Plant]:
        """What the storage has, or what is on its way to it, as it is to be seen here."""
        for link in self._journal.copy.links():
            if link.id in self._gone or self._is_mark(link):
                continue
            self._fresh.pop(link.id, None)
            plant = Plant(link.id, link.targets, link.i, link.created_at, link.updated_at)
            if link.id in self._touched:
                self._bases |= {(link.id, name): id for name, id in zip(tables.REFERENCES, link.targets, strict=True)}
                self._bases[link.id, DATA] = None
                plant = self._over(plant)
            yield plant
        root = self._deep
        if root.id in self._touched and (root.id, DATA) not in self._bases:
            # Its row is planted by the storage, which was never asked.
            self._fresh[root.id] = Plant(root.id, (None,) * len(tables.REFERENCES), None, root._created_at, 0)
        yield from (self._over(plant) for id, plant in self._fresh.items() if id not in self._gone)

    def _is_mark(self, link: Link) -> bool:
        marker = MARK_TYPES.get(link.targets[0] or "")
        if marker is None:
            return False
        self._marks[link.id] = marker, str(link.targets[1])
        self._fresh_marks.discard(link.id)
        return True

    def _over(self, plant: Plant) -> Plant:
        """As batches and what waits have changed it."""
        waiting = self._waiting.get(plant.id)
        if waiting is not None and waiting.created is not None:
            plant = self._made(plant.id, waiting.created, plant.i)
            changed: dict[str, object] = {}
        else:
            changed = dict(self._sent.get(plant.id, ()))
        updated_at = plant.updated_at
        if waiting is not None:
            changed |= {name: now for name, (now, _) in waiting.fields.items()}
            updated_at = waiting.updated_at or updated_at
        known = zip(tables.REFERENCES, plant.targets, strict=True)
        targets = tuple(_text(changed.get(name, target)) for name, target in known)
        return Plant(plant.id, targets, plant.i, plant.created_at, updated_at)

    def _made(self, id: str, record: list[Json], i: int | None = None) -> Plant:
        *targets, created_at, updated_at = record
        return Plant(id, tuple(map(_text, targets)), i, _time(created_at), _time(updated_at))

    def _new(self) -> Iterator[Plant]:
        """What the storage has not heard of yet, in the order of creation: what was made first may be stored last."""
        find = self._space.find
        made = (self._made(id, one.created) for id, one in self._waiting.items() if one.created and not find(id))
        yield from map(self._over, sorted(made, key=_creation))

    def _fill(self) -> None:
        """The data of all of them."""
        find = self._space.associations.get
        for row in self._journal.copy.data():
            one = find(row.id)
            if one is not None:
                data = rows.decoded(row.table, row.data)
                if row.id in self._touched:
                    self._bases[row.id, DATA] = data
                fill(self._space, one, data, self._name)
                if row.id not in self._waiting:
                    one.touch(row.updated_at)
        for id in self._touched:
            self._fill_over(id, find(id))

    def _fill_over(self, id: str, one: Association | None) -> None:
        waiting, data = self._waiting.get(id), self._sent.get(id, {}).get(DATA, NOTHING)
        if one is None:
            return
        if waiting is not None and DATA in waiting.fields:
            data = waiting.fields[DATA][0]
        elif waiting is not None and waiting.created is not None:
            data = None
        if data is not NOTHING:
            fill(self._space, one, NOTHING if data is None else data, self._name)

    def _place_marks(self) -> None:
        self._ledger.end_marks(self._ended)
        self._ledger.resume_marks(self._marks)

    # what was refused

    def _asides(self) -> Iterator[tuple[str, int, Aside]]:
        for (client, seq), record in self._file.read("refused"):
            yield str(client), int(seq), aside_of(record)

    def _plant_kept_out(self, asides: list[Aside]) -> list[str]:
        """What the storage did not want at all is here still, and kept out; the ids of these."""
        find = self._space.find
        plants = {one.id: one for aside in asides for one in aside.plants() if not find(one.id)}
        plant_all(self._space, plants.values(), self._name, known=False)
        for aside in asides:
            for id, data in aside.data():
                one = find(id)
                if one is not None and id in plants:
                    fill(self._space, one, data, self._name)
        return list(plants)

    def _set_aside(self, asides: list[tuple[str, int, Aside]], kept_out: list[str]) -> None:
        for one in filter(None, map(self._space.find, kept_out)):
            self._ledger.keep_out(one)
        for client, seq, aside in asides:
            changes = [replace(one, association=self._space.find(one.id)) for one in aside.changes]
            refusal = Refusal(self._refused, client, seq, changes, aside.error(changes))
            refusal.told = aside.told
            self._refused.add(refusal)

    # the outbox

    def _resume_batches(self, batches: list[tuple[Sealed, Told, bool]]) -> None:
        for order, (sealed, told, acknowledged) in enumerate(batches, 1):
            sealed.through = sealed.until = order
            sealed.marks.update((id, Mark(id, kind, self._one(type), 0, set)) for id, kind, type, set in told.marks)
            sealed.associations.update((id, self._one(id)) for id in told.associations)
            self._journal.known_batch(sealed, acknowledged)
            for id, names in sealed.fields.items():
                bases = {(id, name): self._bases[id, name] for name in names if (id, name) in self._bases}
                self._outbox.resume_bases(bases)
        client, seq = self._client()
        read, sent = ([one for one, _, acknowledged in batches if acknowledged is said] for said in (True, False))
        self._outbox.resume(client, seq, read, sent)
        self._journal.known_client(client, seq)

    def _client(self) -> tuple[str, int]:
        told = self._file.facts.get("client")
        if told is None:
            return self._outbox.client, self._outbox.seq
        client, seq = orjson.loads(told)
        return str(client), int(seq)

    def _one(self, id: str) -> Association:
        """The association; one that stands for it where it is gone."""
        found = self._space.find(id)
        if found is None:
            found = Association(self._space, id, self._space.next_seq(), 0)
            found._space = Gone(id)  # pyright: ignore[reportAttributeAccessIssue]
        return found

    def _resume_changes(self, first: int) -> None:
        changes = ChangeSet(first)
        for id, waiting in self._waiting.items():
            self._wait(changes, id, waiting)
        groups: dict[int, Group] = {}
        expects = records.expectations(self._file.facts)
        for band, entries in self._bands(changes).items():
            groups[band] = Group(sum(entry.weight() for entry in entries), expects.get(str(band)))
            for entry in entries:
                entry.enter(groups[band])
        for (id, _), record in self._file.read("marks"):
            kind, type, set, band = orjson.loads(record)
            changes.mark(str(id), kind, self._one(type), set)
            mark = changes.mark_waiting(str(id))
            if mark is not None:
                mark.group = groups.get(band)
        self._ledger.resume(changes)

    def _wait(self, changes: ChangeSet, id: str, waiting: Waiting) -> None:
        one = self._space.find(id)
        if waiting.destroyed:
            changes.destroy(one or self._one(id), known=True)
        elif one is None:
            logger.warning("%s: what waited for %s is forgotten, for that is gone", self._file.path, id)
        elif waiting.created is not None:
            changes.create(one)
            for name in waiting.fields.keys() - {DATA}:
                changes.entry(one).note(name, waiting.fields[name][1])
        else:
            entry = changes.entry(one)
            for name, (_, old) in waiting.fields.items():
                entry.note(name, self._old(id, name, old))

    def _old(self, id: str, name: str, old: object) -> object:
        """What a field that waits is changed from: what was sent, else what the storage has."""
        sent = self._sent.get(id, {})
        return sent[name] if name in sent else self._bases.get((id, name), old)

    def _bands(self, changes: ChangeSet) -> dict[int, list[Entry]]:
        found: dict[int, list[Entry]] = {}
        for id, band in self._file.run("members").fetchall():
            one = self._space.find(id)
            entry = changes.get(one) if one is not None else None
            if entry is not None:
                found.setdefault(band, []).append(entry)
        return found


def _olds(was: Mapping[str, Json]) -> dict[str, object]:
    return {name: records.old_value(name, form) for name, form in was.items()}


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _creation(plant: Plant) -> int:
    return plant.created_at if isinstance(plant.created_at, int) else 0


def _time(value: Json) -> int | str:
    return value if isinstance(value, int | str) else 0
