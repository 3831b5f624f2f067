"""Refusing: what is done when a storage says no for good: halve, set aside, withdraw, or be somebody else.

The sync room. It acts on the outbox and tells; when the next batch is sent is not known here.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Coroutine
from dataclasses import replace
from functools import partial
from typing import Final

import anyio

from deeplinks.errors import OvertakenError, QueryError, RefusedError, StaleError, StoppedError, StorageError
from deeplinks.space import Deep
from deeplinks.space.fields import DATA
from deeplinks.space.grouping import CREATED, DESTROYED
from deeplinks.space.ledger import StorageMarker
from deeplinks.space.values import told_back
from deeplinks.storage import verdicts
from deeplinks.storage.protocol import Storage
from deeplinks.storage.verdicts import Verdict
from deeplinks.sync import halving, rows
from deeplinks.sync.caller import Caller
from deeplinks.sync.outbox import GONE, Sealed
from deeplinks.sync.refusals import Refusal, RefusedChange, shown
from deeplinks.sync.replica import Replica
from deeplinks.tasks import held

logger = logging.getLogger("deeplinks.sync.refusing")

# Somebody else changed what a batch expects, and at which change (sql/migrations/0005_expects.up.sql).
STALE: Final = "22L04"
LAST: Final = re.compile(r"at change (\d+);")

_MARKERS = {"TypedTrue": StorageMarker.typed_true, "TypedFalse": StorageMarker.typed_false}


class Refusing:
    """Answers the refusals of one storage."""

    def __init__(self, deep: Deep, replica: Replica, caller: Caller) -> None:
        self._deep = deep
        self._replica = replica
        self._outbox = replica.outbox
        self._caller = caller

    async def answer(self, storage: Storage, sealed: Sealed, error: StorageError, verdict: Verdict) -> bool:
        """Do what a refusal of the first batch asks for: the outbox has something else to send then.

        Raises `StoppedError`, or the error itself, where there is nothing to be done: it is the whole request's.
        """
        if isinstance(error, OvertakenError) and await self._overtaken(int(str(error.facts["applied"]))):
            logger.warning("%s", error)
        elif verdict is Verdict.taken:
            await self._renew(storage, error)
        elif verdict is Verdict.withdrawn:
            async with held(self._deep.space.lock):
                self._outbox.withdrawn(sealed)
        elif verdict is Verdict.row and halving.ids(sealed.batch.content):
            await self._refused(storage, sealed, error)
        elif isinstance(error, QueryError | RefusedError):
            raise _stopped(sealed, error) from error
        else:
            raise error
        return True

    async def _renew(self, storage: Storage, error: StorageError) -> None:
        """Somebody else writes under this identity: be another one, when all that was acknowledged was read."""
        logger.error("two writers share one identity, and this one takes a new one: %s", error)
        await self._try(self._replica.catch_up(storage, caller=self._caller))
        async with held(self._deep.space.lock):
            self._outbox.renew()

    async def _overtaken(self, applied: int) -> bool:
        async with held(self._deep.space.lock):
            return self._outbox.overtaken(applied)

    async def _try(self, reading: Coroutine[object, object, object]) -> None:
        """Read now if that can be; where it can't be just now, whoever follows will."""
        try:
            await reading
        except StorageError as error:
            if verdicts.of(error) is not Verdict.again:
                raise
            logger.warning("%s will be read later: %s", self._replica.name, error)

    async def _refused(self, storage: Storage, sealed: Sealed, error: StorageError) -> None:
        async with held(self._deep.space.lock):
            refusal = self._outbox.refuse(sealed, partial(self._set_aside, sealed, error))
        if refusal is None:
            return
        try:
            if error.facts.get("reason") == STALE:
                # What somebody else made of it is to be told.
                await self._try(self._replica.catch_up(storage, caller=self._caller))
        finally:
            with anyio.CancelScope(shield=True):
                await self._give_up(sealed, error, refusal)
        if sealed.batch.content.deletes:
            # What it was is known to the storage alone.
            why = f"what was destroyed here is kept there, {error.facts.get('why')}"
            await self._try(self._replica.read_anew(storage, why, self._caller))

    def _set_aside(self, sealed: Sealed, error: StorageError) -> Refusal:
        refusals, changes = self._replica.refused, self._changes(sealed)
        why = self._why(sealed, changes, error)
        refusal = Refusal(refusals, sealed.batch.client, sealed.batch.seq, changes, why)
        refusals.add(refusal)
        return refusal

    async def _give_up(self, sealed: Sealed, error: StorageError, refusal: Refusal) -> None:
        """What was set aside says what the storage has by now, and that is seen here."""
        async with held(self._deep.space.lock):
            changes = [self._based(sealed, change) for change in refusal.changes]
            refusal.learn(changes, self._why(sealed, changes, error))
            self._outbox.keeper.note_refusal(refusal)
        self._caller.post(partial(self._set_back, sealed, refusal))

    def _why(self, sealed: Sealed, changes: list[RefusedChange], error: StorageError) -> RefusedError:
        stale = error.facts.get("reason") == STALE
        return self._stale(sealed, changes, error) if stale else _refused(changes, error)

    def _stale(self, sealed: Sealed, changes: list[RefusedChange], error: StorageError) -> StaleError:
        why = str(error.facts.get("why"))
        seen = {id: version for _, id, version in sealed.expects}
        id = next((id for id in seen if id in why), next(iter(seen), ""))
        change = next((one for one in changes if one.id == id), None)
        actual = LAST.search(why)
        told = "what depends on it was not written" if self._deep.get(id) else "it was deleted"
        if change is not None and self._deep.get(id):
            told = f"{change.field} was to be {change.mine!r} and is {change.base!r}"
        return StaleError(
            **_facts(changes, error),
            association=self._deep.get(id) or id,
            expected=seen.get(id, 0),
            actual=int(actual[1]) if actual else self._outbox.versions.by_others(id),
            mine=change and change.mine,
            theirs=change and change.base,
            told=told,
        )

    def _based(self, sealed: Sealed, change: RefusedChange) -> RefusedChange:
        """With what the storage has now."""
        fields = sealed.fields.get(change.id, frozenset())
        if change.field in fields and change.id not in sealed.created():
            return replace(change, base=self._outbox.base_of(sealed, change.id, change.field))
        return change

    def _changes(self, sealed: Sealed) -> list[RefusedChange]:
        """What a batch of one unit was to do, as it is told to people."""
        sent = rows.sent(sealed.batch.content, sealed.associations.keys())
        created = set(sealed.created())
        changes: list[RefusedChange] = []
        for id, association in sealed.associations.items():
            if sealed.fields.get(id) == GONE:
                changes.append(RefusedChange(id, DESTROYED, True, False, association))
            elif id in created:
                given = ((name, value) for name, value in sent[id].items() if value is not None)
                changes.append(RefusedChange(id, CREATED, True, False, association))
                changes += [RefusedChange(id, name, value, None, association) for name, value in given]
            else:
                names = [name for one, name in sealed.changed() if one == id]
                changes += [self._change(sealed, id, name, sent[id].get(name)) for name in names]
        for mark in sealed.marks.values():
            changes.append(RefusedChange(mark.type.id, _MARKERS[mark.kind], mark.set, not mark.set, mark.type))
        return changes

    def _change(self, sealed: Sealed, id: str, name: str, mine: object) -> RefusedChange:
        association = sealed.associations[id]
        if name == DATA and told_back(association.own_data(), mine):
            # A function is itself, and not its text.
            mine = association.own_data()
        return RefusedChange(id, name, mine, self._outbox.base_of(sealed, id, name), association)

    def _set_back(self, sealed: Sealed, refusal: Refusal) -> None:
        """What is seen here goes back to what the storage has, in the thread of the space; then it is told."""
        space, ledger = self._deep.space, self._replica.outbox.ledger
        with space.together():
            created = [sealed.associations[id] for id in sealed.created()]
            self._replica.inbox.set_back(self._outbox.give_up(sealed))
            for mark in sealed.marks.values():
                ledger.restore_mark(mark)
            for association in created:
                if association in ledger.kept_out:
                    space.tell_stored(association, ledger.name, StorageMarker.one_false)
            ledger.purged.difference_update(sealed.batch.content.deletes)
        self._replica.refused.tell(refusal)


def _facts(changes: list[RefusedChange], error: StorageError) -> dict[str, object]:
    return error.facts | {"what": shown(changes), "changes": tuple(changes)}


def _refused(changes: list[RefusedChange], error: StorageError) -> RefusedError:
    return RefusedError(**_facts(changes, error))


def _stopped(sealed: Sealed, error: StorageError) -> StoppedError:
    facts = error.facts
    return StoppedError(
        storage=facts.get("storage"), seq=sealed.batch.seq, why=facts.get("why"), reason=facts.get("reason")
    )
