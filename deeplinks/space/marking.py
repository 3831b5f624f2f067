"""Marking: which associations which storage is to hold, as people say it.

The space room. What a mark means is the ledger's to decide.
"""

from __future__ import annotations

from deeplinks.errors import BuiltInError, InvalidError, WrongTypeError
from deeplinks.space.association import Association
from deeplinks.space.events import EventKind
from deeplinks.space.ledger import Ledger, Marker, StorageMarker, upwards
from deeplinks.space.quick import Quick

_MARKERS = tuple(StorageMarker)


class Marking(Quick):
    """The ledgers of a space, one a storage name, and the verbs that set marks in them."""

    def ledger(self, name: str) -> Ledger:
        """The ledger of a storage name, opened at its first use."""
        return self.ledgers.get(name) or self._open_ledger(name)

    def _open_ledger(self, name: str) -> Ledger:
        with self.lock:
            if name not in self.ledgers:
                ledger = Ledger(self.itself, name)
                for _ in self._together:
                    ledger.open()
                self.attended = True
                self.ledgers[name] = ledger
                self.only = None if len(self.ledgers) > 1 else ledger
            return self.ledgers[name]

    def store(self, association: Association, storage: object, marker: Marker | str) -> None:
        """Set a mark; the same again is no change."""
        marker = self.checked_marker(marker)
        name = storage_name(storage)
        if self.permanent(association):
            raise BuiltInError(association=association, action="marked")
        ledger = self.ledger(name)
        if marker in ledger.markers(association) and association not in ledger.kept_out:
            return
        with self._undoable():
            # Asked again under the lock: another thread may have been quicker.
            association.space_of()
            if marker not in ledger.markers(association) or association in ledger.kept_out:
                ledger.mark(association, marker)
                self.tell_stored(association, name, marker)

    def unstore(self, association: Association, storage: object, marker: Marker | str | None, purge: bool) -> None:
        """Take marks away; `purge` takes all of them and also deletes the row, for good."""
        only = None if marker is None else self.checked_marker(marker)
        ledger = self.ledger(storage_name(storage))
        if purge and self.permanent(association):
            raise BuiltInError(association=association, action="purged")
        with self._undoable():
            if purge:
                ledger.purge(association)
            ending = [own for own in ledger.markers(association) if purge or only in (None, own)]
            ledger.unmark(association, ending)
            for own in ending:
                self._tell(EventKind.store_removed, association, old=(ledger.name, own))

    def is_stored(self, association: Association, storage: object, marker: Marker | str | None) -> bool:
        """Whether a storage is to hold it, or whether it carries that very mark."""
        ledger = self.ledgers.get(storage_name(storage))
        only = None if marker is None else self.checked_marker(marker)
        if ledger is None:
            return False
        return ledger.holds(association) if only is None else only in ledger.markers(association)

    def storages(self, association: Association, storage: object) -> dict[str, list[Marker]] | list[Marker]:
        """The association's own marks."""
        if storage is not None:
            ledger = self.ledgers.get(storage_name(storage))
            return ledger.markers(association) if ledger else []
        marks = {name: ledger.markers(association) for name, ledger in self.ledgers.items()}
        return {name: own for name, own in marks.items() if own}

    def tell_stored(self, association: Association, name: str, marker: Marker) -> None:
        """A mark was set."""
        self._tell(EventKind.store_added, association, new=(name, marker))

    def forget_storage(self, storage: object) -> None:
        """Take all marks of a storage away, with what waits for it and what was kept of it. Raises `InvalidError`."""
        name = storage_name(storage)
        with self.lock:
            if name in self.writers:
                raise InvalidError(what=f"storage name {name!r}", why="it is synchronized now; leave that first")
            if self.grouping:
                raise InvalidError(what="forget_storage", why="it can't be undone, so a together() can't have it in it")
            if name in self.ledgers and self.ledgers[name].in_file:
                raise InvalidError(what=f"storage name {name!r}", why="a file that is open keeps it; close that first")
            self.itself.kept.pop(name, None)
            self.itself.sightings.pop(name, None)
            ledger = self.ledgers.get(name)
            if ledger is not None:
                ledger.keep(None)
                del self.ledgers[name]
        if ledger is not None:
            for association in ledger.marked():
                for own in ledger.markers(association):
                    self._tell(EventKind.store_removed, association, old=(name, own))
            for parting in tuple(self._parting):
                self.part(parting)
            self.dispatcher.deliver()

    def checked_marker(self, marker: Marker | str) -> Marker:
        """One of those that are there, or an instance of `StorageMarker` of this space. Raises `WrongTypeError`."""
        if isinstance(marker, Association):
            if marker.space_of() is self and self.built_in_names["StorageMarker"] in upwards(marker.type):
                return marker
        elif marker in _MARKERS:
            return StorageMarker(marker)
        choice = "one of deep.storage_markers, or an instance of deep.StorageMarker"
        raise WrongTypeError(what="a storage marker", expected=choice, value=marker)


def storage_name(storage: object) -> str:
    """The name of a storage: a str is one, a storage has one. Raises `WrongTypeError`."""
    name = storage if isinstance(storage, str) else getattr(storage, "name", None)
    if not isinstance(name, str) or not name or isinstance(storage, Association):
        raise WrongTypeError(what="a storage", expected="its name or the storage itself", value=storage)
    return name
