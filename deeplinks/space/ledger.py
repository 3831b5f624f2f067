"""The ledger of one storage: what of a space it is to hold (marks), and what changed since it was told.

The space room. It decides what is stored and never how: no row, no network, no clock. Design rules 9 and 10.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from operator import attrgetter
from typing import TYPE_CHECKING, TypeAlias, TypeGuard

from deeplinks.errors import DestroyedError
from deeplinks.ids import new_id
from deeplinks.space.back_references import each
from deeplinks.space.changes import BATCH_BYTES, ChangeSet, Entry, Group, Mark, earliest
from deeplinks.space.fields import DATA, FIELDS
from deeplinks.space.values import check_source

if TYPE_CHECKING:
    from deeplinks.space.association import Association
    from deeplinks.space.space import Space


# Hears a change set, and whether it is sent whole.
Keeper: TypeAlias = Callable[[ChangeSet, bool], object]


class StorageMarker(StrEnum):
    """How an association relates to a storage; the typed ones speak of a type and all its instances."""

    one_true = "one_true"
    one_false = "one_false"
    typed_true = "typed_true"
    typed_false = "typed_false"


class SyncState(StrEnum):
    """How far a stored association is: its changes wait, are on their way, or are all written; or were set aside, as the
    storage refused them, or as somebody else had changed what was expected.
    """

    pending = "pending"
    sent = "sent"
    stored = "stored"
    stale = "stale"
    refused = "refused"


TYPED = {StorageMarker.typed_true: "TypedTrue", StorageMarker.typed_false: "TypedFalse"}
_OF_KIND = {kind: marker for marker, kind in TYPED.items()}


@dataclass(frozen=True, slots=True)
class Batch:
    """New associations of one type, and whom they refer to."""

    type: Association
    made: list[Association]
    targets: set[Association]

    def still(self) -> Batch:
        """Those that are still here and of that type."""
        return Batch(self.type, [one for one in self.made if one._type is self.type], self.targets)


# What an association may carry for a storage: one of those that are there, or an instance of the built-in `StorageMarker`.
Marker: TypeAlias = "StorageMarker | Association"

# What the nearest typed mark says of associations, as far as it was asked for.
Said: TypeAlias = "dict[Association, bool | None]"

# How many types up a verdict is looked for before circles are thought of.
NEAR = 4


class Ledger:
    """What one storage is to hold, by name: marks, what it is known to have, and the change set it was not told yet.

    Precedence (design section 3): own one_false, own one_true, then the nearest type that carries a typed mark; false
    wins on one type, and a typed mark covers the type itself.
    """

    def __init__(self, space: Space, name: str) -> None:
        self.name = name
        self._space = space
        self.one: dict[StorageMarker, set[Association]] = {
            StorageMarker.one_true: set(),
            StorageMarker.one_false: set(),
        }
        # The ids of the links that say so: two processes that set the same mark make two.
        self.typed: dict[StorageMarker, dict[Association, tuple[str, ...]]] = {marker: {} for marker in TYPED}
        # The same sets under names of their own: they are asked at every change.
        self._in, self._out = self.one[StorageMarker.one_true], self.one[StorageMarker.one_false]
        self._typed_in, self._typed_out = self.typed[StorageMarker.typed_true], self.typed[StorageMarker.typed_false]
        # Who carries which marker of people's own: for writing they are marked one_true. Those lent it carry no one_true themselves.
        self.custom: dict[Association, dict[Association, None]] = {}
        self._lent: set[Association] = set()
        self.known: set[Association] = set()
        self.purged: set[str] = set()
        # Typed marks that were taken away here, whatever the storage still says; and those of types that are not here yet: type id -> (marker, id of the mark's link).
        self._ended: set[str] = set()
        self.unplaced: dict[str, list[tuple[StorageMarker, str]]] = {}
        # What waits to be taken, and where a change is noted now: apart, inside together().
        self._open = self.changes = ChangeSet()
        self._outer: list[ChangeSet] = []
        self._rung = False
        # What the storage refused to have: kept out by a false mark until it is marked again. And how it is with what was set
        # aside of those that it has.
        self.kept_out: set[Association] = set()
        self.set_aside: dict[Association, SyncState] = {}
        # Whether a batch with that id is on its way: whoever sends them says so.
        self.sending: Callable[[str], bool] = _never
        # What was destroyed here, by id, until that is told: it is not in the space any more.
        self._destroying: dict[str, Association] = {}
        # Who keeps a file hears what changed before it counts, and refuses it by raising; `whole`: it is sent whole.
        self._keeper: Keeper | None = None
        # Whether that file is open.
        self.in_file = False
        # What is said of those of whom no mark says anything: True where all is stored.
        self._otherwise: bool | None = None

    # what is stored

    def holds(self, association: Association) -> bool:
        """Whether the association is stored, by its own mark or by its types'."""
        if association in self._out or (self.purged and association.id in self.purged):
            return False
        if association in self._in or association._type in self._typed_in:
            # Of its type's mark and a false one of its own the latter is nearer.
            return association in self._in or not (self._typed_out and self.verdict(association) is not True)
        return self.verdict(association) is True

    def excludes(self, association: Association, said: Said) -> bool:
        """Whether a false mark, its own or the deciding type's, keeps it out; `said`: what types are known to say."""
        if association in self._out:
            return True
        return association not in self._in and self._verdict_of_many(association, said) is False

    def verdict(self, association: Association | str | None) -> bool | None:
        """What the nearest typed mark says, from the association itself upwards; None if there is none."""
        false, true = self._typed_out, self._typed_in
        if not (false or true):
            return self._otherwise
        type = association
        # Most often it is one of the first to say; whoever climbs higher may be in a circle.
        for _ in range(NEAR):
            if type is None or isinstance(type, str):
                return self._otherwise
            if type in false:
                return False
            if type in true:
                return True
            type = type._type
        return self._far_verdict(type)

    def _far_verdict(self, association: Association | str | None) -> bool | None:
        for type in upwards(None if isinstance(association, str) else association):
            if type in self._typed_out:
                return False
            if type in self._typed_in:
                return True
        return self._otherwise

    def _verdict_of_many(self, association: Association | str | None, said: Said) -> bool | None:
        """`verdict` for one of many, whose types have been climbed in part: each of them is passed once."""
        if not self.speaks_of_types:
            return self._otherwise
        path: list[Association] = []
        verdict = self._otherwise
        for type in upwards(None if isinstance(association, str) else association):
            if type in said:
                verdict = said[type]
                break
            path.append(type)
            if type in self._typed_out or type in self._typed_in:
                verdict = type not in self._typed_out
                break
        said.update(dict.fromkeys(path, verdict))
        return verdict

    def _holds_each(self, associations: Iterable[Association], said: Said) -> Iterator[tuple[Association, bool]]:
        """`holds` for many, of which most are types of others: asked as they come, and typed marks must not change."""
        for one in associations:
            if one in self._out or (self.purged and one.id in self.purged):
                yield one, False
            else:
                yield one, one in self._in or self._verdict_of_many(one, said) is True

    def holds_one(self, association: Association, said: Said) -> bool:
        """`holds` for one of many, of which `said` knows what was asked before."""
        return next(self._holds_each((association,), said))[1]

    def state(self, association: Association) -> SyncState | None:
        """How far it is; None where the storage has nothing to do with it."""
        if any(changes.last_order_of(association) for changes in (self.changes, *self._outer)):
            return SyncState.pending
        if self.sending(association.id):
            return SyncState.sent
        if association in self.set_aside:
            return self.set_aside[association]
        if not self.holds(association):
            return None
        return SyncState.stored if association in self.known else SyncState.pending

    @property
    def speaks_of_types(self) -> bool:
        """Whether there is any typed mark, so that a type may decide anything."""
        return bool(self._typed_in or self._typed_out)

    def marks(self, association: Association) -> bool:
        """Whether it has a mark of its own."""
        one, typed = association in self._in or association in self._out, self._typed_in or self._typed_out
        return one or bool(typed and (association in self._typed_in or association in self._typed_out))

    def markers(self, association: Association) -> list[Marker]:
        """The association's own marks."""
        own: list[Marker] = [marker for marker, marked in self.one.items() if association in marked]
        if association in self._lent:
            own.remove(StorageMarker.one_true)
        own += [marker for marker, marked in self.typed.items() if association in marked]
        return own + [marker for marker, marked in self.custom.items() if association in marked]

    def marked(self) -> list[Association]:
        """All that carry a mark, in the order in which they were made."""
        return sorted(
            {one for marks in (self.one, self.typed) for those in marks.values() for one in those}, key=_by_seq
        )

    # marks

    def mark(self, association: Association, marker: Marker) -> None:
        """Set a mark; what becomes stored by it is to be written, with what it refers to."""
        if association.id in self.purged:
            raise DestroyedError(association=association)
        before = self.standing(association, marker in TYPED)
        self._let_in(association)
        self._set(association, marker)
        self.settle(before)

    def _set(self, association: Association, marker: Marker) -> None:
        if isinstance(marker, StorageMarker) and marker in TYPED:
            id = new_id()
            self._set_typed(association, marker, id)
            self.changes.mark(id, TYPED[marker], association, set=True)
        else:
            self._set_own(association, marker)

    def unmark(self, association: Association, markers: Sequence[Marker]) -> None:
        """Take marks away, all at once; what ends being stored keeps its row and what was changed so far."""
        before = self.standing(association, any(marker in TYPED for marker in markers))
        for marker in markers:
            self._clear(association, marker, told=False)
        self.settle(before)

    def standing(self, association: Association, with_instances: bool = True) -> list[tuple[Association, bool]]:
        """Who is stored now, of an association and everything below it: `settle` takes it after a change."""
        reach = and_instances(association) if with_instances else [association]
        return list(self._holds_each(reach, {}))

    def _set_own(self, association: Association, marker: Marker) -> None:
        if not isinstance(marker, StorageMarker):
            self._set_custom(association, marker)
        elif marker is StorageMarker.one_true and association in self._lent:
            self._lent.discard(association)
            self._space.journal(self._lent.add, association)
        else:
            self.one[marker].add(association)
            self._space.journal(self.one[marker].discard, association)

    def _set_custom(self, association: Association, marker: Association) -> None:
        if association not in self._in:
            self._set_own(association, StorageMarker.one_true)
            self._lend(association)
        self._keep_custom(association, marker)
        self._space.journal(self._drop_custom, association, marker)

    def _lend(self, association: Association) -> None:
        self._lent.add(association)
        self._space.journal(self._lent.discard, association)

    def _keep_custom(self, association: Association, marker: Association) -> None:
        self.custom.setdefault(marker, {})[association] = None

    def _drop_custom(self, association: Association, marker: Association) -> None:
        del self.custom[marker][association]
        if not self.custom[marker]:
            del self.custom[marker]

    def _clear_custom(self, association: Association, marker: Association) -> None:
        self._drop_custom(association, marker)
        self._space.journal(self._keep_custom, association, marker)
        if association in self._lent and not self._carries_custom(association):
            # Given back before it is cleared: it is then as any mark of its own.
            self._set_own(association, StorageMarker.one_true)
            self._clear(association, StorageMarker.one_true, told=False)

    def _carries_custom(self, association: Association) -> bool:
        return any(association in marked for marked in self.custom.values())

    def _set_typed(self, type: Association, marker: StorageMarker, id: str) -> None:
        self._replace_typed(type, marker, (*self.typed[marker].get(type, ()), id))

    def _replace_typed(self, type: Association, marker: StorageMarker, ids: tuple[str, ...]) -> None:
        self._space.journal(self._restore_typed, type, marker, self.typed[marker].get(type, ()))
        self._restore_typed(type, marker, ids)

    def _restore_typed(self, type: Association, marker: StorageMarker, ids: tuple[str, ...]) -> None:
        if ids:
            self.typed[marker][type] = ids
        else:
            self.typed[marker].pop(type, None)

    def _clear(self, association: Association, marker: Marker, *, told: bool) -> None:
        """Drop a mark it carries; `told`: by the storage itself, so there is nothing to write."""
        if not isinstance(marker, StorageMarker):
            self._clear_custom(association, marker)
            return
        if marker is StorageMarker.one_true and self.custom and self._carries_custom(association):
            self._lend(association)
            return
        if marker not in TYPED:
            self.one[marker].discard(association)
            self._space.journal(self.one[marker].add, association)
            if marker is StorageMarker.one_false:
                self.kept_out.discard(association)
            return
        ids = self.typed[marker][association]
        self._replace_typed(association, marker, ())
        for id in () if told else ids:
            self._ended.add(id)
            self._space.journal(self._ended.discard, id)
            self.changes.mark(id, TYPED[marker], association, set=False)

    def keep_out(self, association: Association) -> None:
        """The storage refused to have it: a false mark keeps it out, and nothing of it waits any more."""
        self.known.discard(association)
        self.discard(association)
        if not association.destroyed:
            self.kept_out.add(association)
            self._out.add(association)

    def let_in(self, association: Association) -> None:
        """What was kept out is to be written after all."""
        before = self.standing(association, with_instances=False)
        self._let_in(association)
        self.settle(before)

    def _let_in(self, association: Association) -> None:
        if association in self.kept_out:
            self.kept_out.discard(association)
            self._space.journal(self.kept_out.add, association)
            self._out.discard(association)
            self._space.journal(self._out.add, association)

    def restore_mark(self, mark: Mark) -> None:
        """A typed mark is as it was before: the storage refused to have it, or to let go of it."""
        if mark.set:
            self.remove_mark(mark.id)
        else:
            self._ended.discard(mark.id)
            self.place_mark(mark.type.id, _OF_KIND[mark.kind], mark.id)

    def place_mark(self, type_id: str, marker: StorageMarker, id: str) -> None:
        """A typed mark that the storage has: nothing of it is to be written, but instances made here may be."""
        if id in self._ended or type_id in self.purged:
            return
        type = self._space.find(type_id)
        if type is None:
            self.unplaced.setdefault(type_id, []).append((marker, id))
            return
        before = self.standing(type)
        if id not in self.typed[marker].get(type, ()):
            self._set_typed(type, marker, id)
        self.settle(before)

    def forget_ended(self, waiting: Collection[str]) -> None:
        """The storage may have marks again that were taken away here, but for those whose end waits to be written."""
        self._ended = {id for id in self._ended if id in waiting or self.marks_waiting(id)}

    def resume_marks(self, marks: Mapping[str, tuple[StorageMarker, str]]) -> None:
        """Typed marks that were set when the space was last here, by their ids: what is stored by them is stored already."""
        for id, (marker, type_id) in marks.items():
            type = self._space.find(type_id)
            if id in self._ended:
                continue
            if type is None:
                self.unplaced.setdefault(type_id, []).append((marker, id))
            else:
                self._restore_typed(type, marker, (*self.typed[marker].get(type, ()), id))

    def end_marks(self, ids: Iterable[str]) -> None:
        """Typed marks that were taken away here, whatever the storage still says."""
        self._ended.update(ids)

    def remove_mark(self, id: str) -> bool:
        """A typed mark that the storage has no more. False if that id is no mark."""
        for marker, marked in self.typed.items():
            type = next((type for type, ids in marked.items() if id in ids), None)
            if type is not None:
                before = self.standing(type)
                self._replace_typed(type, marker, tuple(other for other in marked[type] if other != id))
                self.settle(before)
                return True
        return self._remove_unplaced(id)

    def _remove_unplaced(self, id: str) -> bool:
        for marks in self.unplaced.values():
            mark = next((mark for mark in marks if mark[1] == id), None)
            if mark is not None:
                marks.remove(mark)
                return True
        return False

    # changes

    def note(self, association: Association, field: str, old: object) -> None:
        """A field of a stored association is about to change."""
        self.changes.entry(association).note(field, old)

    def note_pointed(
        self, source: Association, field: str, old: Association | None, target: Association | None
    ) -> bool:
        """Note that a reference is about to change, unless something would come along by it; whether that is not so."""
        typed = self._typed_in
        # Most often the types of both say that they are stored, and nothing is kept out.
        if (
            source._type not in typed
            or not (target is None or target._type in typed)
            or self._out
            or self._typed_out
            or self.purged
        ):
            if not self.holds(source):
                return True
            if not (target is None or self.holds(target)):
                return False
        changes = self.changes
        noted = changes._entries.get(source)
        if not (isinstance(noted, tuple) and noted[1] == field):
            changes.note(source, field, None if old is None else old._id)
        return True

    def note_made(self, made: Association) -> bool:
        """Note that an association was made, if it is not held here or brings nothing along; whether it was so."""
        if self._out or self._typed_out or self.purged or callable(made._data):
            return False
        if made._type not in self._typed_in:
            return not self.holds(made)
        for target in (made._from, made._to, made._value):
            # With its type that carries a mark, everything of a type is held; others are asked one by one.
            if isinstance(target, str):
                return False
            if target is not None and target._type not in self._typed_in and not self.holds(target):
                return False
        self.changes.create(made)
        return True

    def settle(self, before: list[tuple[Association, bool]]) -> None:
        """Act on what began or ended being stored, given how it was before."""
        said: Said = {}
        held = self._holds_each((association for association, _ in before), said)
        for (association, was), (_, holds) in zip(before, held, strict=True):
            if holds and not was:
                self.start(association, self.along(self._brings(association), said))
            elif was and not holds:
                self.stop(association, said)

    def check_beginning(self, before: list[tuple[Association, bool]]) -> None:
        """Whether what begins being stored can be. Raises `UnstorableError`."""
        said: Said = {}
        held = self._holds_each((association for association, _ in before), said)
        for (association, was), (_, holds) in zip(before, held, strict=True):
            if holds and not was:
                check_source(association.own_data(), association)
                self.along(self._brings(association), said)

    def start(self, association: Association, along: list[Association]) -> None:
        """Write the association as a whole, and what comes along with it, in the order in which they were made."""
        check_source(association.own_data(), association)
        self.bring(along, association)

    def along(self, referred: Iterable[Association | str | None], said: Said | None = None) -> list[Association]:
        """The save-update cascade: what comes along when these are referred to by what is stored.

        All the way, short of root, built-ins, what is stored already and what a false mark excludes. `said`: what typed
        marks are known to say. Raises `UnstorableError` for a function without a source, before anything is marked.
        """
        found: dict[Association, None] = {}
        said = {} if said is None else said
        stack = [one for one in referred if self._comes(one, said)]
        while stack:
            one = stack.pop()
            if one not in found:
                check_source(one.own_data(), one)
                found[one] = None
                stack.extend(target for target in self._brings(one, found) if self._comes(target, said))
        return list(found)

    def _brings(self, association: Association, along: Collection[Association] = ()) -> list[Association | str | None]:
        """What it refers to; a collection refers to its members by its Items, and both ends of a name to its Contain."""
        referred = [*references(association), *self._space.collections.items(association)]
        if not self._space.naming:
            return referred
        names = self._space.names
        return [*referred, *(link for link in names.at(association) if names.comes(link, self, along))]

    def _comes(self, target: Association | str | None, said: Said) -> TypeGuard[Association]:
        if target is None or isinstance(target, str) or self._space.permanent(target):
            return False
        if target in self._in or target in self._out or (self.purged and target.id in self.purged):
            return False
        return self._verdict_of_many(target, said) is None

    def bring(self, along: list[Association], first: Association | None = None) -> None:
        """Mark `one_true` and write what comes along; `first` is who brings it, when it is to be written too."""
        for one in sorted([*along, first] if first else along, key=_by_seq):
            self.changes.create(one)
            if one is not first:
                self._set_own(one, StorageMarker.one_true)
                self._space.tell_stored(one, self.name, StorageMarker.one_true)

    def concerns(self, association: Association) -> bool:
        """Whether it has a mark of its own, or anything of it waits."""
        return self.changes.get(association) is not None or bool(self.markers(association))

    def build(self, batches: Sequence[Batch]) -> None:
        """Many new associations at once: those that are stored are to be written, with what comes along.

        Raises `UnstorableError` before anything is marked.
        """
        stored: list[Association] = []
        led: set[Association] = set()
        for batch in batches:
            if held := self._held(batch):
                stored += held
                led.update(batch.targets, (batch.type,))
                self._check_sources(batch.type, held)
        coming = self._coming(led)
        self._in.update(coming)
        self._space.journal(self._in.difference_update, coming)
        self.changes.create_all(sorted([*stored, *coming], key=_by_seq))

    def restore(self, marks: Iterable[tuple[Association, Marker]]) -> None:
        """Take over marks as they were: nothing comes along by them, and all that is stored is to be written."""
        for association, marker in marks:
            self._set(association, marker)
        held = self._holds_each(self._space.associations.values(), {})
        self.changes.create_all([one for one, holds in held if holds])

    def _check_sources(self, type: Association, held: Iterable[Association]) -> None:
        if "Function" in (self._space.kinds.get(type), self._space.kind_of(type)):
            for one in held:
                check_source(one.own_data(), one)

    def _held(self, batch: Batch) -> list[Association]:
        """Those of a batch that are stored: most often their type says the same for all of them."""
        says = self.verdict(batch.type)
        if self.purged or self._out or (says and self._typed_out):
            return [one for one in batch.made if self.holds(one)]
        if says:
            return batch.made
        if self._in.isdisjoint(batch.made) and self._typed_in.keys().isdisjoint(batch.made):
            return []
        return [one for one in batch.made if self.holds(one)]

    def _coming(self, led: Iterable[Association]) -> list[Association]:
        """What comes along where much is stored: plain texts, of which there are many, are quick to tell."""
        said: dict[object, bool | None] = {}
        coming: list[Association] = []
        further: list[Association] = []
        for one in led:
            if not _leads_nowhere(one):
                further.append(one)
                continue
            type = one._type
            if type not in said:
                said[type] = self.verdict(type)
            if said[type] is None and one not in self._in and one not in self._out and one._id not in self.purged:
                coming.append(one)
        return [*set(coming).union(self.along(sorted(further, key=_by_seq)))] if further else coming

    def stop(self, association: Association, said: Said) -> None:
        """Freeze what waits: the change that ends storage is written, later ones are not.

        What a false mark keeps out before anything of it was sent is not written at all.
        """
        if association not in self.known and self.excludes(association, said):
            self.changes.lose(association, apart=bool(self._outer))
            return
        entry = self.changes.get(association)
        if entry is None and self._outer:
            entry = self._unstage(association)
        if entry is not None and not entry.destroyed:
            entry.final = values(association)

    def _unstage(self, association: Association) -> Entry | None:
        """Inside together(): what waits outside it is frozen by an entry of its own that is merged at the end."""
        waiting = next((found for outer in self._outer if (found := outer.get(association))), None)
        return self.changes.entry(association) if waiting else None

    def destroy(self, association: Association) -> None:
        """Its rows are to go, if there may be any."""
        self.changes.destroy(association, known=bool(self._outer) or association in self.known)
        self._destroying[association._id] = association
        self._quieten()

    def end(self, association: Association) -> None:
        """One that nobody refers to is about to be gone, outside of any group: its rows are to go, and its marks."""
        if self.holds(association):
            known = association in self.known
            self.changes.destroy(association, known=known)
            if known:
                self._destroying[association._id] = association
            else:
                self._quieten()
        if self.marks(association):
            self.forget(association, told=False)

    def adopt(self, association: Association) -> None:
        """The storage has this association: it came from there."""
        self.known.add(association)
        self._space.journal(self.known.discard, association)
        self._set_own(association, StorageMarker.one_true)
        marks = self.unplaced.pop(association.id, None)
        if marks is not None:
            self._space.journal(self.unplaced.__setitem__, association.id, marks)
            for marker, id in marks:
                self.place_mark(association.id, marker, id)

    def receive(self, association: Association) -> None:
        """`adopt` for a new association that no mark waits for and nobody undoes."""
        self.known.add(association)
        self._in.add(association)

    def hold_all(self, associations: Iterable[Association]) -> None:
        """They carry a mark of their own, unless all is stored here anyway."""
        if self._otherwise is None:
            self._in.update(associations)

    def purge(self, association: Association) -> None:
        """Its row is to go, and its id is never stored here again; the association itself stays."""
        if association.id not in self.purged:
            self.destroy(association)
            self.purged.add(association.id)
            self._space.journal(self.purged.discard, association.id)

    def forget(self, association: Association, *, told: bool) -> None:
        """The association is gone from the space and so are its marks; `told`: by the storage itself, which knows."""
        for marker in self.markers(association):
            self._clear(association, marker, told=told)
        self.set_aside.pop(association, None)
        if told:
            self.changes.lose(association, apart=bool(self._outer))
            self._quieten()
            if association in self.known:
                self.known.discard(association)
                self._space.journal(self.known.add, association)

    def take(self, most: int) -> tuple[list[Entry], list[Mark]]:
        """Take what waits, up to `most` entries or 8 MB, and whole groups; never from an open together(). It never waits."""
        with self._space.lock:
            entries, marks = self._open.take(most, BATCH_BYTES)
            destroyed = [entry.association for entry in entries if entry.destroyed]
            self.known.difference_update(destroyed)
            for association in destroyed:
                self._destroying.pop(association._id, None)
            self._rung = len(self._open) > 0
            return entries, marks

    def put_back(self, entries: list[Entry], marks: list[Mark]) -> None:
        """What was taken could not be told: it waits again, before everything else."""
        with self._space.lock:
            self._open.put_back(entries, marks)
            self._destroying.update((one.association._id, one.association) for one in entries if one.destroyed)

    def rings(self) -> bool:
        """Whether what waits turned from nothing to something and nobody was told of it yet: now somebody is."""
        if self._rung is (len(self._open) > 0):
            return False
        # Under the lock: a taker between the question and the answer would leave a bell rung that nobody heard.
        with self._space.lock:
            was, self._rung = self._rung, len(self._open) > 0
            return self._rung and not was

    def _quieten(self) -> None:
        """What waited may be gone again, untaken: then the next change rings."""
        self._rung = self._rung and len(self._open) > 0

    # a file

    def keep(self, keeper: Keeper | None, *, in_file: bool = False) -> None:
        """Have a keeper hear each change first from now on, or none any more; `in_file`: what it hears is kept."""
        self._keeper, self.in_file = keeper, in_file
        self._space.keeping = any(one._keeper is not None for one in self._space.ledgers.values())
        self._space.followed = self._space.keeping or self._space.indexed

    def tell_keeper(self, *, whole: bool) -> None:
        """Hand over what was noted apart. Raises what the keeper of the file raises."""
        if self._keeper is not None:
            self._keeper(self.changes, whole)

    def hold_everything(self) -> None:
        """Whatever no mark speaks of is stored, as in a graph that lives in a file; the root and built-ins are there."""
        self._otherwise = True
        self.known.update((self._space.root, *self._space.built_ins.values()))

    @property
    def holds_everything(self) -> bool:
        """Whether what no mark speaks of is stored too."""
        return self._otherwise is True

    @property
    def permanent_known(self) -> int:
        """How many of those that the storage has are the root and built-ins."""
        return sum(one in self.known for one in (self._space.root, *self._space.built_ins.values()))

    # together()

    def open(self) -> None:
        """Note apart from now on."""
        self._outer.append(self.changes)
        self.changes = ChangeSet()

    def expect(self, association: Association, n: int) -> None:
        """What is noted apart now is to be written only if nobody else changed an association since change n."""
        self.changes.expects = earliest(self.changes.expects, {association.id: n})

    def weight(self) -> int:
        """About how many bytes it takes to tell what is noted apart."""
        return self.changes.weight()

    def close(self, *, whole: bool) -> None:
        """What was noted apart joins what waits, as one group if it is to be sent whole; an inner one joins the outer."""
        staged, self.changes = self.changes, self._outer.pop()
        ending = self._ending_in(staged)
        if self._outer:
            self.changes.merge(staged, None, None)
        else:
            group = Group(staged.weight(), staged.expects) if whole else None
            self.changes.merge(staged, group, self.known)
            self._quieten()
        self._keep_destroying(ending)

    def drop(self) -> None:
        """What was noted apart was undone."""
        ending = self._ending_in(self.changes)
        self.changes = self._outer.pop()
        self._keep_destroying(ending)

    def _ending_in(self, changes: ChangeSet) -> list[Association]:
        if not self._destroying:
            return []
        return [one for one, entry in changes.each() if entry is not None and entry.destroyed]

    def _keep_destroying(self, ending: Iterable[Association]) -> None:
        """Forget those that need not be told after all."""
        for one in ending:
            self.destroying(one._id)

    @property
    def waits(self) -> int:
        """How many associations and marks wait outside any open together()."""
        return len(self._open)

    @property
    def waiting_set(self) -> ChangeSet:
        """What waits outside any open together()."""
        return self._open

    def destroying(self, id: str) -> bool:
        """Whether what had that id is destroyed here, and that waits to be told."""
        association = self._destroying.get(id)
        if association is None:
            return False
        entries = (changes.get(association) for changes in (self.changes, *self._outer))
        waits = any(entry is not None and entry.destroyed for entry in entries)
        if not waits:
            # It was told, undone, or never known there.
            del self._destroying[id]
        return waits

    def resume(self, changes: ChangeSet) -> None:
        """What waited when the space was last here waits again; nothing does yet."""
        self._open = self.changes = changes
        self._destroying = {one._id: one for one, entry in changes.each() if entry is not None and entry.destroyed}
        self._rung = False

    @property
    def first_order(self) -> int:
        """The number of the first change that waits; past the last one where none does."""
        return self._open.first_order()

    @property
    def last_order(self) -> int:
        """The number of the last change that was noted outside any open together()."""
        return self._open.last_order

    def waiting(self, association: Association) -> Entry | None:
        """What waits for an association."""
        return self._open.get(association)

    def last_waiting(self, association: Association) -> int:
        """The number of the last thing that waits for an association, a typed mark too; 0 where nothing does."""
        return self._open.last_order_of(association)

    def marks_waiting(self, id: str) -> bool:
        """Whether a typed mark of that id waits to be written, or taken away."""
        return any(changes.holds_mark(id) for changes in (self.changes, *self._outer))

    def discard(self, association: Association) -> bool:
        """Forget what waits for an association; whether anything did."""
        waited = self._open.discard(association)
        self._quieten()
        return waited


def _never(_: str) -> bool:
    return False


def _leads_nowhere(one: Association) -> bool:
    """Whether it is a text that refers to its type alone, has no instances, and is in no collection and under no name."""
    if not isinstance(one._data, str):
        return False
    return one._from is one._to is one._value is one._typed is one._out is one._in is None


def references(association: Association) -> list[Association | str | None]:
    """The four references as they are kept: an association, the id of one that is not here, or nothing."""
    return [getattr(association, field.slot) for field in FIELDS]


_by_seq = attrgetter("_seq")


def values(association: Association) -> dict[str, object]:
    """The four references as ids, and the data, as they are now."""
    return {
        "type": association.type_id,
        "from": association.from_id,
        "to": association.to_id,
        "value": association.value_id,
        DATA: association.own_data(),
    }


def upwards(association: Association | None) -> Iterator[Association]:
    """The association and its types, each once: a cycle of types ends."""
    seen: set[Association] = set()
    while association is not None and association not in seen:
        yield association
        seen.add(association)
        association = association.type


def and_instances(type: Association) -> list[Association]:
    """A type and everything below it, each once."""
    found: dict[Association, None] = {type: None}
    stack = [type]
    while stack:
        for instance in each(stack.pop().instances()):
            if instance not in found:
                found[instance] = None
                stack.append(instance)
    return list(found)
