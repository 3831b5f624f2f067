"""What became of batches, told as the `db_` events: each once per effect, on the association, the space and the storage.

The sync room. It reads what was sent and what was answered; when to send is not known here.
"""

from __future__ import annotations

import itertools
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from deeplinks.batch import Written
from deeplinks.space import Association, Deep, Event, EventKind
from deeplinks.sync.caller import Caller
from deeplinks.sync.counting import Counts
from deeplinks.sync.outbox import Sealed

logger = logging.getLogger("deeplinks.sync.attempts")


@dataclass(frozen=True, slots=True)
class Attempt:
    """One sending of a batch: to which storage, the batch's number, how many rows, which sending, and why it failed."""

    storage: str
    seq: int
    rows: int
    number: int = 1
    error: Exception | None = None


class Attempts:
    """Tells of the batches of one storage, in the thread of the space."""

    def __init__(self, deep: Deep, name: str, caller: Caller, counts: Counts) -> None:
        self._counts = counts
        self._deep = deep
        self._name = name
        self._caller = caller

    def started(self, sealed: Sealed) -> None:
        """A batch is sent for the first time."""
        self._counts.sent(sealed)
        logger.debug("%s: batch %d is sent: %d rows, %d bytes", self._name, *_measures(sealed))
        self._tell(EventKind.db_batch_started, self._deep, self._attempt(sealed))

    def failed(self, sealed: Sealed, number: int, error: Exception) -> None:
        """A sending failed; it may be sent again."""
        self._counts.failed(error)
        self._tell(EventKind.db_batch_failed, self._deep, self._attempt(sealed, number, error))

    def completed(self, sealed: Sealed, number: int, written: Written) -> None:
        """A batch is committed: first each of its effects is told, then the batch."""
        self._counts.written(sealed, written)
        logger.debug("%s: batch %d is committed: %d rows, %d bytes", self._name, *_measures(sealed))
        attempt = self._attempt(sealed, number)
        if any(self._deep.signals[kind].receivers for kind in EFFECTS):
            for kind, association in effects(sealed, written):
                self._tell(kind, association, attempt)
        for id in sealed.batch.content.deletes:
            if id in sealed.associations:
                self._caller.post(partial(self._deep.space.part, sealed.associations[id]))
        self._tell(EventKind.db_batch_completed, self._deep, attempt)

    def again(self, sealed: Sealed) -> None:
        """A batch is sent once more."""
        self._counts.retries += 1
        self._counts.sent(sealed)

    def _attempt(self, sealed: Sealed, number: int = 1, error: Exception | None = None) -> Attempt:
        return Attempt(self._name, sealed.batch.seq, sealed.batch.content.size, number, error)

    def _tell(self, kind: EventKind, source: Association, attempt: Attempt) -> None:
        signal = self._deep.signals[kind]
        if signal.receivers:
            event = Event(kind, source, new=attempt, origin=self._name)
            self._caller.post(partial(self._deep.space.dispatcher.tell, signal, source, event=event))


def _measures(sealed: Sealed) -> tuple[int, int, int]:
    return sealed.batch.seq, sealed.batch.content.size, len(sealed.batch.bytes)


EFFECTS = (
    EventKind.db_association_created,
    EventKind.db_link_updated,
    EventKind.db_data_updated,
    EventKind.db_association_deleted,
)


def effects(sealed: Sealed, written: Written) -> Iterator[tuple[EventKind, Association]]:
    """What a batch did, each once: a new association comes with its data, which is no effect of its own."""
    content = sealed.batch.content
    fresh = [id for row in content.links if (id := str(row["id"])) not in written.created]
    changed = [id for id, _ in content.updates if id not in written.changed]
    upserts = [id for rows in content.data.values() for id, _ in rows]
    untold = {*fresh, *written.changed}
    texts = dict.fromkeys(id for id in itertools.chain(upserts, *content.data_deletes.values()) if id not in untold)
    for kind, ids in zip(EFFECTS, (fresh, changed, texts, content.deletes), strict=True):
        for id in ids:
            # A typed mark is a row and no association.
            if id in sealed.associations:
                yield kind, sealed.associations[id]
