"""The outbox: what changed here and is not known to be written there yet.

The sync room. It decides what is sent, with no clock and no network. Invariants, each with what holds it:

- a batch is frozen before its first send: `Batch.seal` keeps its bytes; `content` is not touched afterwards;
- what sends and what reads may be two threads: both come in under the space's lock;
- batches leave in order, one at a time: `sealed` is a queue and `settle` takes its first only;
- nothing is forgotten before it is acknowledged: what can't be sealed goes back, and only `settle` removes a batch;
- a field is pending from its setter until the log was read past its batch: `_carrying` has it from sealing to reading;
- a batch that did nothing to a field leaves it to what others wrote: `_bases` has that until the batch was read;
- what was refused never takes effect later: the batch that comes after it withdraws its number, in one transaction;
- a refusal holds up nobody: `refuse` halves until one unit is left, and puts an empty batch in its place.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass, field, replace
from threading import RLock
from typing import TYPE_CHECKING, Final, TypeVar

from deeplinks import tables
from deeplinks.batch import Batch, Content, Row, Written
from deeplinks.ids import new_id
from deeplinks.space import Association, Deep
from deeplinks.space.changes import Entry, Group, Mark
from deeplinks.space.fields import DATA
from deeplinks.space.ledger import Ledger, values
from deeplinks.space.values import same
from deeplinks.sync import halving, rows
from deeplinks.sync.keeping import UNKEPT, Unkept
from deeplinks.sync.versions import Versions

if TYPE_CHECKING:
    from deeplinks.sync.refusals import Refusal

T = TypeVar("T")

EVERYTHING: Final = "everything"
WHOLE: Final = frozenset((*tables.REFERENCES, DATA))
GONE: Final = frozenset((EVERYTHING,))


@dataclass(slots=True, eq=False)
class Sealed:
    """A sealed batch on its way: the fields it carries by id, the associations they are of in the order of their changes,
    typed marks by id, and up to which noted change everything is in it or before it.

    `expects`: (unit, id, version) that nobody else may have changed since, a unit being the number of a group or an id.
    `until`: with which change all is written that its associations wait for. `groups` numbers what goes whole, `olds` has
    what fields were before. `whole`: it was acknowledged, and all of it took effect; `certain`: some of it did; `lost`: the
    ids that it was to change and that were not there. `met`: its log entries were read. `carried`: the fields as they were
    sealed, but for what was told as lost. `sent`: it may have arrived, and `early`: before a snapshot began, so that it may be in that. `renewed`: the storage was set back, and it is sent
    as another one since. A half knows its `parent`; once the first half has passed, what is refused is in its `partner`.
    """

    batch: Batch
    through: int
    until: int
    associations: dict[str, Association]
    marks: dict[str, Mark]
    fields: dict[str, frozenset[str]]
    groups: dict[str, int] = field(default_factory=dict[str, int])
    olds: dict[str, dict[str, object]] = field(default_factory=dict[str, "dict[str, object]"])
    expects: list[tuple[str | int, str, int]] = field(default_factory=list["tuple[str | int, str, int]"])
    whole: bool = False
    certain: bool = False
    met: bool = False
    lost: frozenset[str] = frozenset()
    renewed: bool = False
    sent: bool = False
    early: bool = False
    parent: Sealed | None = None
    partner: Sealed | None = None
    carried: dict[str, frozenset[str]] = field(init=False)

    def __post_init__(self) -> None:
        self.carried = dict(self.fields)

    def __len__(self) -> int:
        return len(self.associations) + len(self.marks)

    def created(self) -> list[str]:
        """The ids of what was to be written as a whole, as it is new there or stored again."""
        links = {str(row["id"]) for row in self.batch.content.links}
        again = (id for id, names in self.fields.items() if names == WHOLE and self.olds.get(id, {}).keys() != WHOLE)
        return [id for id in dict.fromkeys((*again, *links)) if id in self.fields]

    def changed(self) -> list[tuple[str, str]]:
        """(id, field) of what was to be changed of what is there, references before data."""
        created = set(self.created())
        changed = ((id, names) for id, names in self.fields.items() if id not in created)
        return [(id, name) for id, names in changed for name in (*tables.REFERENCES, DATA) if name in names]

    def within(self, other: Sealed) -> bool:
        """Whether it is that batch, or a part of it."""
        return self is other or (self.parent is not None and self.parent.within(other))

    @property
    def missed(self) -> bool:
        """Whether, after reading on, its log entries should have been met and were not.

        What did nothing has none: of what a delete forestalled nothing is carried any more.
        """
        content = self.batch.content
        upserts = (id for rows in content.data.values() for id, _ in rows)
        return not self.met and (self.certain or any(id in self.fields for id in (*upserts, *content.deletes)))


class Outbox:
    """What waits for one storage: an open change set, sealed batches, and those whose log entries were not read."""

    def __init__(self, deep: Deep, name: str) -> None:
        self.ledger: Ledger = deep.space.ledger(name)
        self.ledger.sending = self._sends
        self.client = new_id()
        self.versions = Versions()
        self.sealed: deque[Sealed] = deque()
        # At which change something was seen that is to be refused if somebody else changed it since, and somebody did.
        self._seen: dict[str, int] = {}
        self._deep = deep
        self._lock = deep.space.lock
        self._seq = 0
        # By client and number: who was set back is a new client, and has not read yet what the old one wrote.
        self._unread: dict[tuple[str, int], Sealed] = {}
        self._carrying: dict[str, tuple[Sealed, ...]] = {}
        self._bases: dict[tuple[str, str], object] = {}
        # Refused batches whose numbers the next one withdraws.
        self._withdrawing: list[Sealed] = []
        self._through = 0
        self._set_back = self._read_anew = False
        # Who keeps all this in a file, if anybody does.
        self.keeper: Unkept = UNKEPT
        # Somebody else may have this identity: it is another one as soon as what was sealed under it is acknowledged.
        self._renewing = False

    @property
    def lock(self) -> RLock:  # pyright: ignore[reportInvalidTypeForm, reportUnknownParameterType]
        """The space's lock."""
        return self._lock

    @property
    def space_id(self) -> str:
        """The space that it is of."""
        return self._deep.id

    @property
    def space_made(self) -> int | str:
        """When its root was made, as far as it is known here."""
        return self._deep._created_at

    @property
    def seq(self) -> int:
        """The number of the last batch."""
        return self._seq

    def __len__(self) -> int:
        """How many associations wait with their changes."""
        return self.ledger.waits + sum(map(len, self.sealed))

    @property
    def noted(self) -> int:
        """The number of the last accepted change."""
        return self.ledger.last_order

    @property
    def written(self) -> int:
        """Everything up to this number is acknowledged."""
        if self.sealed:
            return self._through
        return self.ledger.first_order - 1

    def accepted(self, association: Association) -> int:
        """The number of the change up to which everything has to be written, so that this association is."""
        with self._lock:
            waiting = self.ledger.last_waiting(association)
            return waiting or max((one.until for one in self.sealed if self._of(one, association.id)), default=0)

    def accepted_values(self, association: Association) -> dict[str, object]:
        """Its fields as they were accepted last: what was let go of may have changed since."""
        now, entry = values(association), self.ledger.waiting(association)
        if self.ledger.holds(association):
            return now
        for sealed in self._carrying.get(association.id, ()):
            now |= rows.sent(sealed.batch.content, {association.id})[association.id]
        return (entry and entry.final) or now

    # sending

    def next(self, most: int) -> Sealed | None:
        """The batch to send: the first sealed one, or a new one of what waits. None if nothing does.

        Where the storage was set back, there is none until all of it was read anew.
        """
        with self._lock:
            if self._set_back and not self._read_anew:
                return None
            if self._renewing and not self.sealed:
                self.start_over()
            while not self.sealed and self.ledger.waits:
                self._seal(most)
            if not self.sealed:
                return None
            self.sealed[0].sent = True
            return self.sealed[0]

    def seal_ahead(self, most: int) -> None:
        """While a batch is on its way, have the next one ready, if a full one waits."""
        with self._lock:
            waits = self.ledger.waits >= most and not (self._set_back or self._renewing)
            if len(self.sealed) == 1 and waits:
                self._seal(most)

    def _seal(self, most: int) -> None:
        entries, marks = self.ledger.take(most)
        try:
            self._seal_entries(entries, marks, self.ledger.first_order - 1)
        except BaseException:
            self.ledger.put_back(entries, marks)
            raise

    def renew_later(self) -> None:
        """Be a new client, once what is sealed is acknowledged: under its numbers it takes effect once, whoever sends it."""
        self._renewing = True

    def set_back(self) -> None:
        """The storage was set back to an older state, which may not know this client's last batches: they wait for what it has."""
        self._set_back, self._read_anew = True, False
        for sealed in self.sealed:
            sealed.renewed = False

    def begin_anew(self) -> list[tuple[str, str, object]]:
        """All is read anew, of a storage that may have been set back.

        What is not acknowledged may be sent again: all that it carries is pending again, whatever was read of it. A delete
        that was acknowledged may be undone: what is read now is there. Gives (id, field, value) of what is pending again and
        to be seen again, whatever came after it.
        """
        again = self._carry_again()
        self.ledger.forget_ended({id for sealed in self.sealed for id in sealed.batch.content.deletes})
        for sealed in self._unread.values():
            sealed.lost = frozenset()
            for id in [id for id, names in sealed.fields.items() if names == GONE]:
                self._release(sealed, id, frozenset())
        self.keeper.set_back(self)
        return again

    def begin_snapshot(self) -> None:
        """All that the storage has is about to be read: what was sent before may be in it, and leave no entry to be met."""
        for sealed in (*self._unread.values(), *self.sealed):
            sealed.early = sealed.sent

    def meet_early(self) -> None:
        """All that the storage has was read."""
        for sealed in (*self._unread.values(), *self.sealed):
            sealed.met = sealed.met or sealed.early

    def read_anew(self) -> None:
        """All that the storage has was read, since it was set back if it was."""
        self._read_anew = True

    @property
    def knows_set_back(self) -> bool:
        """Whether it is known why the storage does not know this client's last batches, and all was read anew since."""
        return self._set_back and self._read_anew

    def _carry_again(self) -> list[tuple[str, str, object]]:
        again: dict[tuple[str, str], object] = {}
        for sealed in self.sealed:
            seen = {(id, name) for id, names in sealed.fields.items() for name in names}
            again = {place: value for place, value in again.items() if place not in seen} | _read_of(sealed)
            sealed.met, sealed.fields = False, dict(sealed.carried)
        # In the order in which they were sealed, whatever was carried until now.
        self._carrying.clear()
        for sealed in (*self._unread.values(), *self.sealed):
            self._carry(sealed)
        return [(id, name, value) for (id, name), value in again.items() if not self._waits(id, name)]

    def start_over(self) -> None:
        """Be a new client: the storage has said that it will never take these batches under their old numbers.

        All was read anew before: what of them was told as lost is sent no more.
        """
        with self._lock:
            self._set_back = self._renewing = False
            for sealed in self.sealed:
                sealed.batch = replace(sealed.batch, content=_carried_still(sealed))
                sealed.renewed, sealed.sent, sealed.early = True, False, False
            self.renew()

    def renew(self) -> None:
        """Be a new client, as somebody else has this identity, or nobody knows it any more; nothing sealed was applied."""
        with self._lock:
            self.client = new_id()
            self._withdrawing.clear()
            self._renumber(0)
            self.keeper.settle(self)

    def _renumber(self, last: int) -> None:
        """What was not sent under its number yet follows on `last`; the first of it withdraws what was refused before."""
        withdraws = [(one.batch.seq, one.batch.checksum) for one in self._withdrawing]
        for seq, sealed in enumerate(self.sealed, last + 1):
            content = replace(sealed.batch.content, withdraws=withdraws if seq == last + 1 else [])
            sealed.batch = Batch.seal(self._deep.id, self.client, seq, content)
        self._seq = last + len(self.sealed)

    def _seal_entries(self, entries: list[Entry], marks: list[Mark], through: int) -> None:
        carried = _Carried(self._deep.id, self.ledger, entries)
        # In the order of creation: rows get their `_i` in this order.
        for entry in sorted(entries, key=_by_seq):
            carried.add(entry)
        for mark in marks:
            carried.add_mark(mark)
        self._expect(carried, entries)
        if not carried.content.size:
            self.keeper.seal(None, entries, marks)
            return
        batch = Batch.seal(self._deep.id, self.client, self._seq + 1, carried.content)
        sealed = carried.sealed(batch, through, {mark.id: mark for mark in marks})
        self.keeper.seal(sealed, entries, marks)
        self._seq += 1
        self.ledger.known.update(carried.fresh)
        self.sealed.append(sealed)
        self._carry(sealed)

    def _carry(self, sealed: Sealed) -> None:
        for id in sealed.fields:
            self._carrying[id] = (*self._carrying.get(id, ()), sealed)

    def resume(self, client: str, seq: int, acknowledged: list[Sealed], sealed: list[Sealed]) -> None:
        """Be who it was: these batches are on their way, the former acknowledged and not read back."""
        self.client, self._seq = client, seq
        self._unread = {(one.batch.client, one.batch.seq): one for one in acknowledged}
        self.sealed.extend(sealed)
        for one in (*acknowledged, *sealed):
            one.sent = one.early = True
            self._carry(one)

    def resume_bases(self, bases: Mapping[tuple[str, str], object]) -> None:
        """What the storage has under fields that batches on their way carry."""
        self._bases.update(bases)

    def _expect(self, carried: _Carried, entries: list[Entry]) -> None:
        """What groups expect, and types whose policy that is; of what nobody else is known to have changed, as of now."""
        if self._deep.space.policies:
            for entry in entries:
                id = entry.association.id
                if (
                    id in carried.fields
                    and id not in carried.made
                    and self._deep.space.policies.locks(entry.association)
                ):
                    carried.expects.append((carried.grouped.get(id, id), id, self._seen.pop(id, self.versions.of(id))))
        for _, id, version in carried.expects:
            carried.content.expects.append({"id": id, "n": self.versions.unchanged_since(id, version)})

    def see(self, id: str) -> None:
        """Somebody else is about to be known to have changed it, and what waits expects that nobody did."""
        self._seen.setdefault(id, self.versions.of(id))

    def expects(self, id: str) -> bool:
        """Whether what is pending of an association is to be refused if somebody else changed it."""
        entry = self._waiting(id)
        group = entry.group.whole() if entry is not None and entry.group is not None else None
        if group is not None and group.expects and id in group.expects:
            return True
        return any(id == one for sealed in self._carrying.get(id, ()) for _, one, _ in sealed.expects)

    def settle(self, sealed: Sealed, written: Written) -> None:
        """The first batch is acknowledged; its fields stay pending until its log entries are read.

        What was to be created and was there already is sent at once as updates (design rule 10).
        """
        with self._lock:
            self._take_first(sealed)
            self._withdrawing.clear()
            self._set_back = self._set_back and not self._read_anew
            # A delete of data does not say whether there was any.
            sealed.whole = not (written.lost or any(sealed.batch.content.data_deletes.values()))
            sealed.lost = written.changed
            sealed.certain = len(written.lost) < len(sealed.batch.content.links) + len(sealed.batch.content.updates)
            self._unread[sealed.batch.client, sealed.batch.seq] = sealed
            self._seal_entries(self._again(written.created), [], sealed.through)
            # What is sent again of this batch is still on its way, as a batch of its own.
            if all(one.through > sealed.through for one in self.sealed):
                self._through = max(self._through, sealed.through)
            if sealed.partner is not None:
                self._halve_unsent(sealed.partner, sealed.batch.seq)
            self.keeper.settle(self)

    def _take_first(self, sealed: Sealed) -> None:
        if not self.sealed or self.sealed[0] is not sealed:
            raise AssertionError(f"batch {sealed.batch.seq} is not the one that was sent")
        self.sealed.popleft()

    def _again(self, there: frozenset[str]) -> list[Entry]:
        found = [self._deep.space.find(id) for id in there]
        entries = [Entry(one, 0) for one in found if one is not None and self.ledger.holds(one)]
        for entry in entries:
            entry.created = True
        return entries

    def _sends(self, id: str) -> bool:
        return any(self._of(sealed, id) for sealed in self.sealed)

    def _of(self, sealed: Sealed, id: str) -> bool:
        return id in sealed.associations or any(mark.type.id == id for mark in sealed.marks.values())

    # refusals

    def refuse(self, sealed: Sealed, set_aside: Callable[[], Refusal]) -> Refusal | None:
        """The first batch was refused for a row of it: its halves take its place, and its number is withdrawn.

        Of one that is one unit an empty batch takes the place; it is set aside, and what it carried is pending until
        `give_up`.
        """
        with self._lock:
            parts = self._split(sealed)
            self._take_first(sealed)
            self._withdrawing.append(sealed)
            self.sealed.extendleft(reversed(parts))
            if len(parts) > 1:
                self._renumber(sealed.batch.seq)
                self.keeper.settle(self)
                return None
            self._keep_out(sealed)
            self._rebase_later(sealed)
            self._renumber(sealed.batch.seq)
            refusal = set_aside()
            self.keeper.refuse(self, refusal)
            return refusal

    def overtaken(self, applied: int) -> bool:
        """A batch that was refused took effect after all, by an old copy of it: it takes the place of its parts again.

        Sent once more, it hears so. Whether it is one that is known.
        """
        with self._lock:
            whole = next((one for one in self._withdrawing if one.batch.seq == applied), None)
            if whole is None:
                return False
            whole.fields.clear()
            whole.carried.clear()
            while self.sealed and self.sealed[0].within(whole):
                self._return(self.sealed.popleft(), whole)
            self._withdrawing.clear()
            first = whole.batch
            self.sealed.appendleft(whole)
            self._renumber(applied - 1)
            whole.batch = first
            self.keeper.settle(self)
            return True

    def withdrawn(self, sealed: Sealed) -> None:
        """The number of the first batch was withdrawn before, so it was never applied: it takes the next one."""
        with self._lock:
            self._withdrawing.clear()
            self._renumber(sealed.batch.seq)
            self.keeper.settle(self)

    def _halve_unsent(self, sealed: Sealed, last: int) -> None:
        """Without being sent it is known to hold what is refused: the request that would say so is saved."""
        if self.sealed and self.sealed[0] is sealed and len(parts := self._split(sealed)) > 1:
            self.sealed.popleft()
            self.sealed.extendleft(reversed(parts))
            self._renumber(last)

    def _split(self, sealed: Sealed) -> list[Sealed]:
        """The halves of a batch; of one that is one unit what is left without it: nothing."""
        touched = set(halving.ids(sealed.batch.content))
        order = [id for id in (*sealed.associations, *sealed.marks) if id in touched]
        cut = halving.halves(order, sealed.groups)
        if cut is None:
            return [self._part(sealed, frozenset(), sealed.through)]
        first, second = self._part(sealed, cut[0], 0), self._part(sealed, cut[1], sealed.through)
        first.partner = second
        return [first, second]

    def _part(self, sealed: Sealed, ids: frozenset[str], through: int) -> Sealed:
        units = {sealed.groups.get(id, id) for id in ids}
        expects = [one for one in sealed.expects if one[0] in units]
        expected = {id for _, id, _ in expects}
        content = replace(
            halving.part(sealed.batch.content, ids),
            expects=[one for one in sealed.batch.content.expects if one["id"] in expected],
        )
        part = Sealed(
            Batch.seal(self._deep.id, self.client, 0, content),
            through,
            sealed.until,
            _only(sealed.associations, ids),
            _only(sealed.marks, ids),
            _only(sealed.fields, ids),
            _only(sealed.groups, ids),
            _only(sealed.olds, ids),
            expects,
            renewed=sealed.renewed,
            parent=sealed,
        )
        for id in part.fields:
            self._replace(id, sealed, part)
        return part

    def _return(self, part: Sealed, whole: Sealed) -> None:
        whole.fields.update(part.fields)
        whole.carried.update(part.carried)
        for id in part.fields:
            self._replace(id, part, whole)

    def _replace(self, id: str, old: Sealed, new: Sealed) -> None:
        self._carrying[id] = tuple(new if one is old else one for one in self._carrying[id])

    def _keep_out(self, sealed: Sealed) -> None:
        """What was to be created is not there: what comes after it of the same is not sent either."""
        for id in sealed.created():
            self.ledger.keep_out(sealed.associations[id])
            for other in self.sealed:
                if id in other.associations:
                    self._leave_out(other, id)

    def _leave_out(self, sealed: Sealed, id: str) -> None:
        del sealed.associations[id]
        sealed.carried.pop(id, None)
        if id in sealed.fields:
            self._release(sealed, id, frozenset())
        left = frozenset(halving.ids(sealed.batch.content)) - {id}
        content = replace(halving.part(sealed.batch.content, left), expects=sealed.batch.content.expects)
        sealed.batch = replace(sealed.batch, content=content)

    def _rebase_later(self, sealed: Sealed) -> None:
        """What is changed after it changes from what the storage has."""
        for id, name in sealed.changed():
            base = self.base_of(sealed, id, name)
            entry = self._waiting(id)
            if entry is not None and name in entry.old:
                entry.old[name] = base
            for later in self._after(sealed, id):
                if name in later.olds.get(id, ()):
                    later.olds[id][name] = base
                    self._delete_data_of(later, id, name, base)

    def _delete_data_of(self, sealed: Sealed, id: str, name: str, base: object) -> None:
        """A delete of data goes to the table in which the data is."""
        deleted = sealed.batch.content.data_deletes
        if name == DATA and base is not None and any(id in ids for ids in deleted.values()):
            ids = deleted.setdefault(rows.table_of(base), [])
            if id not in ids:
                ids.append(id)

    def base_of(self, sealed: Sealed, id: str, name: str) -> object:
        """What the storage has in the place of what a batch carries."""
        carrying = self._carrying.get(id, ())
        before = carrying[: carrying.index(sealed)] if sealed in carrying else ()
        old = sealed.olds.get(id, {}).get(name)
        if any(name in one.fields[id] for one in before):
            return old
        return self._bases.get((id, name), old)

    def _after(self, sealed: Sealed, id: str) -> tuple[Sealed, ...]:
        carrying = self._carrying.get(id, ())
        return carrying[carrying.index(sealed) + 1 :] if sealed in carrying else ()

    def give_up(self, sealed: Sealed) -> list[tuple[str, str, object]]:
        """What a refused batch carried is pending no more: (id, field, value) of what is to be seen in its place."""
        with self._lock:
            self._rebase_later(sealed)
            last = [(id, name) for id, name in sealed.changed() if self._last(sealed, id, name)]
            left = [(id, name, self.base_of(sealed, id, name)) for id, name in last]
            for id, names in list(sealed.fields.items()):
                self._release(sealed, id, frozenset())
                for name in names:
                    if not self._carries(id, name):
                        self._bases.pop((id, name), None)
            return left

    def _last(self, sealed: Sealed, id: str, name: str) -> bool:
        """Whether nothing is pending of a field that came after that batch."""
        if self._waits(id, name):
            return False
        return not any(name in one.fields[id] or EVERYTHING in one.fields[id] for one in self._after(sealed, id))

    # reading one's own log

    def creating(self, id: str, before: Set[Sealed]) -> bool:
        """Whether its creation is not known to be written by the batches that were acknowledged before."""
        entry = self._waiting(id)
        fresh = entry is not None and entry.created
        return fresh or any(sealed.fields.get(id) == WHOLE for sealed in self._since(before))

    def carries_mark(self, id: str, before: Set[Sealed]) -> bool:
        """Whether a typed mark is not known to be written by the batches that were acknowledged before."""
        return self.ledger.marks_waiting(id) or any(
            row["id"] == id for sealed in self._since(before) for row in sealed.batch.content.links
        )

    def _since(self, before: Set[Sealed]) -> list[Sealed]:
        return [sealed for sealed in (*self._unread.values(), *self.sealed) if sealed not in before]

    def pending(self, id: str, name: str) -> bool:
        """Whether a field was changed here and that change was not read back yet."""
        return self._carries(id, name) or self._waits(id, name)

    def _waits(self, id: str, name: str) -> bool:
        """Whether a change of a field is in no batch yet."""
        entry = self._waiting(id)
        return entry is not None and (entry.created or entry.destroyed or name in entry.old)

    def destroying(self, id: str) -> bool:
        """Whether it was destroyed here and is only waiting to be gone there."""
        sent = any(EVERYTHING in sealed.fields[id] for sealed in self._carrying.get(id, ()))
        return sent or self.ledger.destroying(id)

    def rebase(self, id: str, name: str, value: object) -> None:
        """The storage has another value under a change that is pending: that is what it changes from now.

        What waits behind a batch that is on its way changes from what that batch says.
        """
        entry = self._waiting(id)
        if self._carries(id, name):
            # What waits after it changes from what that batch says, whatever the storage has until then.
            self._bases[id, name] = value
        elif entry is not None and name in entry.old:
            entry.old[name] = value

    def base(self, id: str, name: str) -> object:
        """What the storage has under a change that is pending, as far as it was read."""
        carrying = [one for one in self._carrying.get(id, ()) if name in one.fields[id]]
        if carrying:
            return self._bases.get((id, name), carrying[0].olds.get(id, {}).get(name))
        entry = self._waiting(id)
        waits = entry is not None and name in entry.old
        return entry.old[name] if entry and waits and (id, name) not in self._bases else self._bases.get((id, name))

    def drop(self, id: str, seq: int | None = None) -> list[str]:
        """Forget what is pending for an association that is gone there; the fields for which something was.

        Met in the log, whatever a batch still carries came after the delete; `seq` names the one batch that was told so.
        """
        association = self._deep.space.find(id)
        entry = self._waiting(id)
        names = set(WHOLE if entry and entry.created else entry.old if entry else ())
        if association is not None:
            self.ledger.discard(association)
        for sealed in self.sealed:
            if seq in (None, sealed.batch.seq):
                sealed.carried.pop(id, None)
        for sealed in self._carrying.get(id, ()):
            if seq in (None, sealed.batch.seq):
                names |= sealed.fields[id]
                self._release(sealed, id, frozenset())
        return [name for name in (*tables.REFERENCES, DATA) if name in names]

    def read(self, seq: int | None, id: str, names: tuple[str, ...]) -> None:
        """A log entry of an own batch was read: these fields are no longer pending for that batch."""
        sealed = self._batch(seq)
        if sealed is not None and id in sealed.fields:
            self._release(sealed, id, sealed.fields[id].difference(names, GONE))
            for name in names:
                if not self._carries(id, name):
                    self._bases.pop((id, name), None)

    def whole(self, seq: int | None) -> Sealed | None:
        """The batch of that number, if it is acknowledged and all of it took effect."""
        sealed = self._unread.get((self.client, seq or 0))
        return sealed if sealed is not None and sealed.whole else None

    def confirm(self, sealed: Sealed) -> list[tuple[str, str, object]]:
        """All entries of a whole batch were read: what it said is what the storage has, under what is pending still.

        Of some fields a batch says nothing, as of the data of what it found there: gives what `read_batch` gives for them.
        """
        sealed.met = True
        fields, sealed.fields = sealed.fields, dict(sealed.fields)
        for id in fields:
            self._release(sealed, id, frozenset())
        based = {id for id, _ in self._bases}
        contested = {id for id in fields if id in based or id in self._carrying or self._waiting(id) is not None}
        sent = rows.sent(sealed.batch.content, contested)
        silent = [(id, name) for id in contested for name in fields[id] if name not in sent[id]]
        for id in contested:
            for name in fields[id] & sent[id].keys():
                self._settle_field(id, name, sent[id][name])
        left = [one for one in silent if not self._carries(*one) and one in self._bases]
        return [(id, name, self._bases.pop((id, name))) for id, name in left]

    def _settle_field(self, id: str, name: str, value: object) -> None:
        if self.pending(id, name):
            self.rebase(id, name, value)
        else:
            self._bases.pop((id, name), None)

    def read_batch(self, seq: int) -> list[tuple[str, str, object]]:
        """All entries of an own batch were read: nothing of it is pending.

        Gives (id, field, value) for what it did nothing to and others had written meanwhile: that is what counts.
        """
        sealed = self._batch(seq)
        if sealed is None:
            return []
        sealed.met = True
        return self._release_all(sealed)

    def _release_all(self, sealed: Sealed) -> list[tuple[str, str, object]]:
        fields = [(id, name) for id, names in sealed.fields.items() for name in names]
        for id in list(sealed.fields):
            self._release(sealed, id, frozenset())
        left = [(id, name) for id, name in fields if not self._carries(id, name) and (id, name) in self._bases]
        return [(id, name, self._bases.pop((id, name))) for id, name in left]

    def _batch(self, seq: int | None) -> Sealed | None:
        if seq is not None and (self.client, seq) in self._unread:
            return self._unread[self.client, seq]
        return next((one for one in self.sealed if one.batch.seq == seq), None)

    def _carries(self, id: str, name: str) -> bool:
        return any(not sealed.fields[id].isdisjoint((name, EVERYTHING)) for sealed in self._carrying.get(id, ()))

    def unread(self) -> frozenset[Sealed]:
        """The batches that are acknowledged now, and not read back."""
        return frozenset(self._unread.values())

    def acknowledged(self) -> list[Sealed]:
        """The batches that are acknowledged now: a reading that starts now reads all of their entries."""
        return list(self._unread.values())

    def read_through(self, batches: list[Sealed]) -> list[tuple[str, str, object]]:
        """Everything that those batches did was read. Gives what `read_batch` gives."""
        for sealed in batches:
            self._unread.pop((sealed.batch.client, sealed.batch.seq), None)
        left = [found for sealed in batches for found in self._release_all(sealed)]
        self.keeper.settle(self)
        return left

    def _release(self, sealed: Sealed, id: str, left: frozenset[str]) -> None:
        """That batch carries no more than `left` of an association."""
        if left:
            sealed.fields[id] = left
            return
        del sealed.fields[id]
        carrying = tuple(one for one in self._carrying[id] if one is not sealed)
        if carrying:
            self._carrying[id] = carrying
        else:
            del self._carrying[id]

    def _waiting(self, id: str) -> Entry | None:
        association = self._deep.space.find(id)
        return self.ledger.waiting(association) if association else None


class _Carried:
    """What a batch carries, gathered entry by entry: rows as they are now, under the space's lock."""

    def __init__(self, space: str, ledger: Ledger, entries: list[Entry]) -> None:
        self.content = Content()
        self.fields: dict[str, frozenset[str]] = {}
        # In the order of their changes, in which they are sent if the batch is cut.
        self.associations = {entry.association.id: entry.association for entry in entries}
        self.olds = {entry.association.id: entry.old for entry in entries if entry.old}
        self.fresh: list[Association] = []
        # (unit, id, version): a unit is the number of a group, or the id of what is in none.
        self.expects: list[tuple[str | int, str, int]] = []
        self.made: set[str] = set()
        self.grouped: dict[str, int] = {}
        self._groups: dict[Group, int] = {}
        self._space = space
        self._known = ledger.known

    def sealed(self, batch: Batch, through: int, marks: dict[str, Mark]) -> Sealed:
        """What was gathered, as a batch on its way."""
        return Sealed(
            batch, through, through, self.associations, marks, self.fields, self.grouped, self.olds, self.expects
        )

    def _group(self, id: str, group: Group) -> None:
        whole = group.whole()
        if whole not in self._groups:
            self._groups[whole] = len(self._groups)
            expects = (whole.expects or {}).items()
            self.expects += [(self._groups[whole], expected, n) for expected, n in expects]
        self.grouped[id] = self._groups[whole]

    def add(self, entry: Entry) -> None:
        """One association's changes."""
        id = entry.association.id
        if entry.group is not None:
            self._group(id, entry.group)
        if entry.destroyed:
            self.content.deletes.append(id)
            self.fields[id] = GONE
        elif entry.created:
            self._add_whole(entry, id, entry.final or values(entry.association))
        else:
            self._add_changes(id, entry, entry.final or values(entry.association))

    def _add_whole(self, entry: Entry, id: str, now: dict[str, object]) -> None:
        association = entry.association
        self.fields[id] = WHOLE
        if association in self._known:
            self.content.updates.append((id, rows.reference_columns(now)))
        else:
            self.fresh.append(association)
            self.made.add(id)
            self.content.links.append(rows.link_row(self._space, association, now))
        if now[DATA] is not None:
            self._upsert(id, now[DATA])
        elif association in self._known and entry.order:
            # Stored again without data: whatever it had there is over. Found there by chance, nothing is said of data.
            for table in tables.SYNCHRONIZED:
                self.content.data_deletes.setdefault(table, []).append(id)

    def _add_changes(self, id: str, entry: Entry, now: dict[str, object]) -> None:
        changed = {name: now[name] for name, old in entry.old.items() if not same(old, now[name])}
        if not changed:
            return
        self.fields[id] = frozenset(changed)
        columns = rows.reference_columns(changed)
        if columns:
            self.content.updates.append((id, columns))
        if DATA in changed:
            self._add_data(id, entry.old[DATA], changed[DATA])

    def _add_data(self, id: str, old: object, new: object) -> None:
        if new is None:
            self.content.data_deletes.setdefault(rows.table_of(old), []).append(id)
        else:
            self._upsert(id, new)

    def _upsert(self, id: str, data: object) -> None:
        self.content.data.setdefault(rows.table_of(data), []).append((id, rows.encoded(data)))

    def add_mark(self, mark: Mark) -> None:
        """A typed mark as a link from the type to itself, or the end of one."""
        if mark.group is not None:
            self._group(mark.id, mark.group)
        if not mark.set:
            self.content.deletes.append(mark.id)
            self.fields[mark.id] = GONE
            return
        type = mark.type.id
        row: Row = {
            "id": mark.id,
            "_deep": self._space,
            "_type": tables.BUILT_INS[mark.kind],
            "_from": type,
            "_to": type,
        }
        self.content.links.append(row)


def _carried_still(sealed: Sealed) -> Content:
    """The content of a batch without what it carries no more. What it has whole may have to be made again."""
    content, lost = sealed.batch.content, sealed.associations.keys() - sealed.carried.keys()
    whole = {id for id, _ in content.updates if sealed.carried.get(id) == WHOLE}
    if not (lost or whole):
        return content
    made = (
        rows.whole_row(sealed.batch.space, sealed.associations[id], row) for id, row in content.updates if id in whole
    )
    return replace(
        content,
        links=[*(row for row in content.links if row["id"] not in lost), *made],
        updates=[(id, row) for id, row in content.updates if id not in lost and id not in whole],
        data={table: [(id, data) for id, data in rows if id not in lost] for table, rows in content.data.items()},
    )


def _read_of(sealed: Sealed) -> dict[tuple[str, str], object]:
    """What a batch says of fields that it was to set and that were read since: others may have set them after it."""
    left = {id: names - sealed.fields.get(id, frozenset()) for id, names in sealed.carried.items()}
    sent = rows.sent(sealed.batch.content, {id for id, names in left.items() if names})
    return {(id, name): value for id, said in sent.items() for name, value in said.items() if name in left[id]}


def _only(found: dict[str, T], ids: Set[str]) -> dict[str, T]:
    return {id: one for id, one in found.items() if id in ids}


def _by_seq(entry: Entry) -> int:
    return entry.association.seq
