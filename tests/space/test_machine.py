"""The space against plain dicts: any steps in any order, and after each of them both say the same."""

from __future__ import annotations

import os
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from deeplinks import Association, Change, Deep, Event, StorageMarker
from deeplinks.errors import DestroyedError, NoDataError, WrongTypeError
from deeplinks.ids import new_id
from deeplinks.space import fields
from deeplinks.space.changes import Entry
from deeplinks.space.ledger import values
from deeplinks.space.values import NOTHING
from tests.space.plain import FIELDS, KINDS, NO_REFERENCES, STORAGES, Plain, Row

MOST = 12
MARKERS = list(StorageMarker)
DATA: list[Any] = ["", "a", "б", 0, 1, -5]
FIELD = {field.name: field for field in fields.FIELDS}
ATTRIBUTE = {field.name: field.attribute for field in fields.FIELDS}
BACK = {"type": "typed", "from": "out", "to": "in_", "value": "valued"}

number = st.integers(0, 999)


class Undone(Exception):
    pass


class Machine(RuleBasedStateMachine):
    """Steps name what they touch by numbers, so that any steps fit any space."""

    def __init__(self) -> None:
        super().__init__()
        self.deep = Deep()
        self.space = self.deep.space
        self.plain = Plain(self.deep.id)
        # Rows as each storage has them now, changed by what is taken and by what comes in.
        self.rows: dict[str, dict[str, Row]] = {name: {} for name in STORAGES}
        self.elsewhere = [new_id() for _ in range(3)]
        # What `changed` and the events of back references tell, put together again.
        self.told: dict[str, Row] = {}
        self.heard: dict[tuple[str, str], set[str]] = {}
        self._listen()

    def _listen(self) -> None:
        self.deep.signals.changed.connect(self._hear_changes)
        self.deep.on("destroyed", self._hear_destroyed)
        for field in fields.FIELDS:
            self.deep.on(field.added_kind, self._hear_added)
            self.deep.on(field.removed_kind, self._hear_removed)

    def _hear_changes(self, sender: Deep, changes: tuple[Change, ...]) -> None:
        for change in changes:
            if change.field == "created":
                self.told[change.id] = {**NO_REFERENCES, "data": None, "type": change.new}
            elif change.field == "destroyed":
                del self.told[change.id]
            else:
                assert self.told[change.id][change.field] == change.old
                self.told[change.id][change.field] = change.new

    def _hear_destroyed(self, event: Event) -> None:
        """Who pointed at it told that before, but for itself."""
        for field in FIELDS:
            assert self.heard.pop((event.source.id, field), set()) <= {event.source.id}

    def _hear_added(self, event: Event) -> None:
        assert event.item is not None
        members = self.heard.setdefault((event.source.id, str(event.field)), set())
        assert event.item.id not in members
        members.add(event.item.id)

    def _hear_removed(self, event: Event) -> None:
        assert event.item is not None
        self.heard[event.source.id, str(event.field)].remove(event.item.id)

    # choosing

    def _one(self, n: int) -> Association | None:
        ids = list(self.plain.references)
        return self.deep[ids[n % len(ids)]] if ids else None

    def _target(self, n: int) -> Association | None:
        targets: list[Association | None] = [None, self.deep, self.deep.String, self.deep.Number]
        targets += [self.deep[id] for id in self.plain.references] * 2
        return targets[n % len(targets)]

    def _incoming(self, n: int, storage: str) -> Association | None:
        """One of which that storage may tell something."""
        ledger = self.space.ledger(storage)
        ids = [id for id in self.plain.references if id in self.rows[storage] and id not in ledger.purged]
        return self.deep[ids[n % len(ids)]] if ids else None

    def _pending(self, association: Association, storage: str, field: str) -> bool:
        ledger = self.space.ledger(storage)
        entries = [noted.get(association) for noted in (ledger.changes, *ledger._outer)]
        return any(one and (one.created or one.destroyed or field in one.old or one.final) for one in entries)

    # steps

    def make(self, i: int, j: int, k: int) -> None:
        if len(self.plain.references) >= MOST:
            return
        type = self._target(i) or self.deep
        targets = {field: self._target(j + n) for n, field in enumerate(FIELDS[1:]) if k >> n & 1}
        given = {field: target for field, target in targets.items() if target}
        made = type(**{ATTRIBUTE[field]: target for field, target in given.items()})  # type: ignore[arg-type]
        self.plain.make(made.id, type.id, {field: target.id for field, target in given.items()}, None)

    def make_data(self, i: int, j: int, k: int) -> None:
        if len(self.plain.references) >= MOST:
            return
        data = DATA[i % len(DATA)]
        type = self.deep.String if isinstance(data, str) else self.deep.Number
        made = type(data)
        self.plain.make(made.id, type.id, {}, data)

    def point(self, i: int, j: int, k: int) -> None:
        if one := self._one(i):
            field, target = FIELDS[k % 4], self._target(j)
            setattr(one, ATTRIBUTE[field], target)
            self.plain.point(one.id, field, target.id if target else None)

    def assign(self, i: int, j: int, k: int) -> None:
        one = self._one(i)
        if one is None or self.plain.end(one.id) not in self.plain.references:
            return
        end, data = self.plain.end(one.id), DATA[j % len(DATA)]
        kind = self.plain.kind(end)
        if kind and isinstance(data, kind):
            one.data = data
            self.plain.put(end, data)
        else:
            with pytest.raises(WrongTypeError if kind else NoDataError):
                one.data = data

    def clear(self, i: int, j: int, k: int) -> None:
        one = self._one(i)
        if one is not None and self.plain.data.get(self.plain.end(one.id)) is not None:
            del one.data
            self.plain.put(self.plain.end(one.id), None)

    def destroy(self, i: int, j: int, k: int) -> None:
        if one := self._one(i):
            one.destroy()
            self.plain.destroy(one.id)

    def destroy_all(self, i: int, j: int, k: int) -> None:
        if one := self._one(i):
            below = self.plain.below(one.id)
            one.destroy(cascade=True)
            for id in reversed(below):
                self.plain.destroy(id)

    def store(self, i: int, j: int, k: int) -> None:
        if one := self._one(i):
            storage, marker = STORAGES[j % 2], MARKERS[k % 4]
            if one.id in self.plain.purged[storage]:
                with pytest.raises(DestroyedError):
                    one.store(storage, marker)
            else:
                one.store(storage, marker)
                self.plain.mark(one.id, storage, marker)

    def unstore(self, i: int, j: int, k: int) -> None:
        if one := self._one(i):
            storage, marker = STORAGES[j % 2], [None, *MARKERS][k % 5]
            one.unstore(storage, marker)
            self.plain.unmark(one.id, storage, marker, purge=False)

    def purge(self, i: int, j: int, k: int) -> None:
        if (one := self._one(i)) and k % 3 == 0:
            one.unstore(STORAGES[j % 2], purge=True)
            self.plain.unmark(one.id, STORAGES[j % 2], None, purge=True)

    def place(self, i: int, j: int, k: int) -> None:
        storage = STORAGES[j % 2]
        missing = [id for _, id in self._unresolved()] + self.elsewhere
        id = missing[i % len(missing)]
        kept = any(id in rows for name in STORAGES for rows in (self.rows[name], self.plain.rows[name]))
        free = not (kept or self.plain.here(id) or id in self.plain.purged[storage])
        if free and len(self.plain.references) < MOST:
            self.space.place(id, storage)
            self.rows[storage][id] = {**NO_REFERENCES, "data": None}
            self.plain.place(id, storage)

    def _unresolved(self) -> list[tuple[str, str]]:
        return [
            (id, target)
            for id, references in self.plain.references.items()
            for target in references.values()
            if target is not None and not self.plain.here(target)
        ]

    def incoming_point(self, i: int, j: int, k: int) -> None:
        storage, field = STORAGES[j % 2], FIELDS[k % 4]
        one = self._incoming(i, storage)
        if one is None or self._pending(one, storage, field):
            return
        target = self._target(j)
        id = self.elsewhere[k % 3] if j % 5 == 0 else target.id if target else None
        self.rows[storage][one.id][field] = id
        self.space.point(one, FIELD[field], id, storage)
        self.plain.point(one.id, field, id, storage)

    def incoming_data(self, i: int, j: int, k: int) -> None:
        storage = STORAGES[j % 2]
        one = self._incoming(i, storage)
        if one is not None and not self._pending(one, storage, "data"):
            data = DATA[k % len(DATA)] if k % 4 else None
            self.rows[storage][one.id]["data"] = data
            self.space.put(one, NOTHING if data is None else data, storage)
            self.plain.put(one.id, data, storage)

    def incoming_delete(self, i: int, j: int, k: int) -> None:
        storage = STORAGES[j % 2]
        one = self._incoming(i, storage)
        if one is not None and k % 2:
            del self.rows[storage][one.id]
            self.space.remove(one, storage)
            self.plain.remove(one.id, storage)

    STEPS = (
        make,
        make,
        make_data,
        point,
        point,
        point,
        assign,
        clear,
        destroy,
        destroy_all,
        store,
        store,
        unstore,
        purge,
        place,
        incoming_point,
        incoming_data,
        incoming_delete,
    )
    ONE = st.tuples(st.sampled_from(STEPS), number, number, number)
    GROUP = st.recursive(
        ONE, lambda step: st.tuples(st.lists(step, min_size=1, max_size=4), st.booleans()), max_leaves=6
    )

    @rule(step=ONE)
    def change(self, step: Any) -> None:
        self._apply(step)

    @rule(steps=st.lists(GROUP, min_size=1, max_size=5), fails=st.booleans())
    def together(self, steps: Any, fails: bool) -> None:
        self._group(steps, fails)

    def _apply(self, step: Any) -> None:
        if len(step) == 2:
            self._group(*step)
        else:
            verb, *numbers = step
            verb(self, *numbers)

    def _group(self, steps: Any, fails: bool) -> None:
        plain, rows = (
            self.plain.copy(),
            {name: {id: dict(row) for id, row in self.rows[name].items()} for name in STORAGES},
        )
        try:
            with self.deep.together():
                for step in steps:
                    self._apply(step)
                if fails:
                    raise Undone
        except Undone:
            self.plain, self.rows = plain, rows
            self._accept_order()

    def _accept_order(self) -> None:
        """What an undone change had moved comes back as the last: the members are the same, and their order is taken over."""
        for (id, field), members in self.plain.back.items():
            if self.plain.here(id):
                now = [one.id for one in getattr(self.deep[id], BACK[field])]
            else:
                waiting = self.space.unresolved.get(id, {})
                now = [source.id for source, its in waiting if its.name == field]
            assert sorted(now) == sorted(members)
            self.plain.back[id, field] = now

    @rule(storage=st.sampled_from(STORAGES), most=st.integers(1, 5))
    def take(self, storage: str, most: int) -> None:
        """A storage takes what waits; then it has exactly what is stored."""
        ledger = self.space.ledger(storage)
        while ledger.waits:
            entries, _ = ledger.take(most)
            for entry in entries:
                self._write(storage, entry)
        assert self.rows[storage] == self.plain.rows[storage]

    def _write(self, storage: str, entry: Entry) -> None:
        id, rows = entry.association.id, self.rows[storage]
        if entry.destroyed:
            del rows[id]
            return
        self.plain.sent[storage].add(id)
        now = entry.final or values(entry.association)
        self.space.ledger(storage).known.add(entry.association)
        if entry.created:
            rows[id] = dict(now)
            return
        for field, old in entry.old.items():
            assert rows[id][field] == old, "the first old value is the one that the storage has"
            rows[id][field] = now[field]

    # after every step

    @invariant()
    def ids_are_the_same(self) -> None:
        assert set(self.deep.ids) == {self.deep.id, *self.plain.references}
        assert len(self.deep) == len(self.plain.references) + 1

    @invariant()
    def references_and_data_are_the_same(self) -> None:
        for id, references in self.plain.references.items():
            one = self.deep[id]
            assert values(one) == self.plain.row(id)
            for field in references:
                target = getattr(one, ATTRIBUTE[field])
                assert (target.id if target else None) == self.plain.read(id, field)
            assert one.data == self.plain.data.get(self.plain.end(id))

    @invariant()
    def back_references_are_the_same_and_in_order(self) -> None:
        for id in (self.deep.id, *KINDS, *self.plain.references):
            for field, attribute in BACK.items():
                assert [one.id for one in getattr(self.deep[id], attribute)] == self.plain.back.get((id, field), [])

    @invariant()
    def what_waits_for_a_target_is_the_same(self) -> None:
        waiting = {(source.id, field.name, id) for id, them in self.space.unresolved.items() for source, field in them}
        assert {(id, target) for id, _, target in waiting} == set(self._unresolved())
        assert all(self.space.unresolved.values())

    @invariant()
    def stored_is_the_same(self) -> None:
        for storage in STORAGES:
            for id in self.plain.references:
                assert self.deep[id].is_stored(storage) is self.plain.holds(storage, id)
                assert set(self.deep[id].storages(storage)) == self.plain.marks[storage].get(id, set())

    @invariant()
    def what_was_told_is_the_same(self) -> None:
        assert self.told == {id: self.plain.row(id) for id in self.plain.references}
        for (id, field), members in self.heard.items():
            if self.plain.here(id):
                assert members == set(self.plain.back.get((id, field), []))

    def teardown(self) -> None:
        for storage in STORAGES:
            self.take(storage, 100)
        assert self.space._together == []


class Unheard(Machine):
    """The same where nobody listens: changes then take their quick ways."""

    def _listen(self) -> None:
        assert not self.space.signals.heard

    @invariant()
    def what_was_told_is_the_same(self) -> None:
        assert not self.space.signals.heard


# `make machine` asks for many more.
RUNS, STEPS = int(os.environ.get("MACHINE_RUNS", "1000")), int(os.environ.get("MACHINE_STEPS", "50"))
SETTINGS = settings(
    max_examples=RUNS, stateful_step_count=STEPS, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)

TestMachine, TestUnheard = Machine.TestCase, Unheard.TestCase
TestMachine.settings = TestUnheard.settings = SETTINGS
TestMachine.pytestmark = TestUnheard.pytestmark = [pytest.mark.timeout(0 if RUNS > 1_000 else 300)]
