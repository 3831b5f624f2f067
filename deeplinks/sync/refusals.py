"""Refusals: what a storage will never take, set aside with its reason until somebody decides about it.

The sync room. Values and the two verbs about them; what is refused, and how it is found, is not known here.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, overload

from deeplinks.errors import RefusedError, StaleError
from deeplinks.space import Association, Deep
from deeplinks.space.grouping import CREATED, DESTROYED
from deeplinks.space.ledger import Ledger, StorageMarker, SyncState
from deeplinks.sync.merging import set_field

if TYPE_CHECKING:
    from deeplinks.sync.outbox import Outbox

logger = logging.getLogger("deeplinks.sync.refusals")

_MARKERS = frozenset((StorageMarker.typed_true, StorageMarker.typed_false))


@dataclass(frozen=True, slots=True)
class RefusedChange:
    """One field that was not written: `mine` is what it was to be, `base` what the storage has; references are ids.

    The field is "created" of what the storage does not have at all, "destroyed" of what it did not let go of, and a typed
    mark's name for a mark; `mine` and `base` are then whether it was to be so, and whether it is.
    """

    id: str
    field: str
    mine: object
    base: object
    association: Association | None = None


class Refusal:
    """What was refused together: its `changes`, the `error` that says why, and two ways to be done with it."""

    def __init__(
        self, refusals: Refusals, client: str, seq: int, changes: Sequence[RefusedChange], error: RefusedError
    ) -> None:
        self._refusals = refusals
        self.storage = refusals.ledger.name
        self.client = client
        self.seq = seq
        self.changes = tuple(changes)
        self.error = error
        self.told = False

    def __repr__(self) -> str:
        return f"<refused by {self.storage}: {shown(self.changes)}, {self.error.facts.get('why')} ({self.reason})>"

    @property
    def reason(self) -> str:
        """The storage's code: a SQLSTATE, an HTTP status, or one of Hasura's."""
        return str(self.error.facts.get("reason") or "")

    @property
    def associations(self) -> list[Association]:
        """Those that it speaks of, each once."""
        return list(dict.fromkeys(one.association for one in self.changes if one.association is not None))

    def retry(self) -> None:
        """Change it again, whatever it is now, as one group; what was not stored is written as it is now.

        Raises what the setters raise, as `DestroyedError`; then nothing has changed and it stays set aside.
        """
        self._refusals.retry(self)

    def discard(self) -> None:
        """Forget it: what the storage has stays. Raises `LocalFileError` where it is kept in a file that is not open."""
        self._refusals.remove(self)

    def learn(self, changes: Sequence[RefusedChange], error: RefusedError) -> None:
        """More is known of it."""
        self.changes, self.error = tuple(changes), error


class Refusals(Sequence[Refusal]):
    """The refusals of one storage, oldest first: a sequence, with `retry()` and `discard()` for all of them."""

    def __init__(self, deep: Deep, outbox: Outbox) -> None:
        self.ledger: Ledger = outbox.ledger
        # How many there ever were.
        self.total = 0
        self._deep = deep
        self._outbox = outbox
        self._kept: dict[Refusal, int] = {}

    def __len__(self) -> int:
        return len(self._kept)

    @overload
    def __getitem__(self, place: int) -> Refusal: ...
    @overload
    def __getitem__(self, place: slice) -> list[Refusal]: ...
    def __getitem__(self, place: int | slice) -> Refusal | list[Refusal]:
        return list(self._kept)[place]

    def __iter__(self) -> Iterator[Refusal]:
        return iter(list(self._kept))

    def __repr__(self) -> str:
        return repr(list(self))

    def retry(self, refusal: Refusal | None = None) -> None:
        """Change all of it again, each as one group. Raises what the setters raise."""
        for one in self if refusal is None else [refusal]:
            if one in self._kept:
                with self._deep.space.together():
                    for change in _whole(one.changes):
                        _change(self._deep, self.ledger, change)
                self.remove(one)

    def discard(self) -> None:
        """Forget all of it."""
        for one in self:
            self.remove(one)

    # for the synchronizer

    def add(self, refusal: Refusal) -> None:
        """Set something aside."""
        self.total += 1
        self._kept[refusal] = self.total
        self._show()

    def remove(self, refusal: Refusal) -> None:
        """Somebody decided about it."""
        if refusal in self._kept:
            with self._deep.space.lock:
                self._outbox.keeper.forget_refusal(refusal)
            del self._kept[refusal]
            self._show()

    def _show(self) -> None:
        states = {one: _state(refusal) for refusal in self for one in refusal.associations if not one.destroyed}
        self.ledger.set_aside = states

    def since(self, total: int, association: Association | None = None) -> list[Refusal]:
        """Those that were set aside after that many, or that nobody was told of; of one association alone if one is given."""
        return [
            one
            for one, number in list(self._kept.items())
            if (number > total or not one.told) and (association is None or association in one.associations)
        ]

    def check(self, total: int, association: Association | None = None) -> None:
        """Raises `RefusedError` for those of `since`, each told by it once."""
        found = self.since(total, association)
        for one in found:
            one.told = True
            self._outbox.keeper.note_refusal(one)
        if len(found) == 1:
            raise again(found[0].error)
        if found:
            first = found[0].error.facts
            what = f"{len(found)} changes, the first of them {first.get('what')},"
            raise RefusedError(**first | {"what": what})

    def tell(self, refusal: Refusal) -> None:
        """Send the signal `refused`; where nobody listens it is logged as a warning."""
        signal = self._deep.signals.refused
        if signal.receivers:
            self._deep.space.dispatcher.tell(signal, self._deep, storage=self.ledger.name, refusal=refusal)
        else:
            logger.warning("%s", refusal.error)


def again(error: RefusedError) -> RefusedError:
    """The same error, to be raised once more."""
    return type(error)(**error.facts)


def shown(changes: Sequence[RefusedChange]) -> str:
    """What was refused, in a few words."""
    if not changes:
        return "a batch"
    first = changes[0]
    more = f" and {len(changes) - 1} more" if len(changes) > 1 else ""
    return f"{first.field} of {first.association or first.id!r}{more}"


def _state(refusal: Refusal) -> SyncState:
    return SyncState.stale if isinstance(refusal.error, StaleError) else SyncState.refused


def _whole(changes: Sequence[RefusedChange]) -> list[RefusedChange]:
    """Without the fields of what was not written as a whole: it is written with all that it is now."""
    created = {change.id for change in changes if change.field == CREATED}
    return [change for change in changes if change.field == CREATED or change.id not in created]


def _change(deep: Deep, ledger: Ledger, change: RefusedChange) -> None:
    """Do once more what was refused."""
    if change.field == DESTROYED:
        deep[change.id].destroy()
    elif change.field in _MARKERS:
        marked = deep[change.id]
        (marked.store if change.mine else marked.unstore)(ledger.name, change.field)
    elif change.field == CREATED:
        ledger.let_in(deep[change.id])
    else:
        set_field(deep, deep[change.id], change.field, change.mine)
