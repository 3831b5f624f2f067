"""Attaching: a file and a space become one, whichever of the two knows more; and part again.

The sync room. Opening, reading and writing the file is others' business; here is who starts with whose state.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from functools import partial
from math import inf
from pathlib import Path

from deeplinks.batch import Cursor
from deeplinks.errors import InvalidError, LocalFileError, WrongTypeError
from deeplinks.space import Deep
from deeplinks.space.changes import ChangeSet
from deeplinks.storage.sqlite.file import LocalFile
from deeplinks.sync.journal import Journal
from deeplinks.sync.keeping import Unkept
from deeplinks.sync.refusals import Refusal
from deeplinks.sync.replica import Replica
from deeplinks.sync.restoring import Restoring

logger = logging.getLogger("deeplinks.sync.attaching")


@dataclass(frozen=True, slots=True)
class Keeping:
    """Where a space is kept, how often that is brought to the disk (seconds), and how much may wait."""

    path: str | Path
    fsync_interval: float
    max_changes: int | None
    max_bytes: int | None

    def __post_init__(self) -> None:
        if not _is_path(self.path):
            raise WrongTypeError(what="path", expected="the path of a file", value=self.path)
        if not _counts(self.fsync_interval, float, 0) or self.fsync_interval == inf:
            raise WrongTypeError(what="fsync_interval", expected="seconds, 0 or more", value=self.fsync_interval)
        for what, most in (("max_changes", self.max_changes), ("max_bytes", self.max_bytes)):
            if most is not None and not _counts(most, int, 1):
                raise WrongTypeError(what=what, expected="a whole number above 0, or None", value=most)

    def open(self) -> LocalFile:
        """The file. Raises `FileInUseError`, `CorruptFileError` and `LocalFileError`."""
        return LocalFile(self.path, interval=self.fsync_interval)


def _is_path(value: object) -> bool:
    return isinstance(value, str | Path) and str(value) != ""


def _counts(value: object, kind: type[float], least: int) -> bool:
    return isinstance(value, int | kind) and not isinstance(value, bool) and value >= least


def attach(deep: Deep, replica: Replica, file: LocalFile, keeping: Keeping, *, everything: bool = False) -> Journal:
    """Have a file keep what a replica knows: an empty space is made what the file says, an empty file what the space is.

    Raises `InvalidError` where the two are not of one space, or both know something; `CorruptFileError`.
    """
    with deep.space.lock:
        outbox = replica.outbox
        if everything:
            file.write(lambda: file.set_fact("everything", b"1"))
        if "everything" in file.facts:
            outbox.ledger.hold_everything()
        failed = partial(tell_failed, deep, outbox.ledger.name)
        journal = Journal(
            file, outbox, replica.refused, failed, max_changes=keeping.max_changes, max_bytes=keeping.max_bytes
        )
        _become_one(deep, replica, journal)
        if file.copied:
            file.write(lambda: file.set_fact("renewing", b"1"))
        outbox.keeper = journal
        outbox.ledger.keep(journal.keep, in_file=True)
        if file.facts.get("renewing") == b"1":
            outbox.renew_later()
        return journal


def _become_one(deep: Deep, replica: Replica, journal: Journal) -> None:
    file = journal.file
    space = file.facts.get("space", b"").decode()
    if space not in ("", deep.id):
        why = f"it holds the space {space}, and not {deep.id}: open({str(file.path)!r}), or take Deep(space={space!r})"
        raise InvalidError(what=f"the file {file.path}", why=why)
    if not space or replica.session == file.before:
        journal.write_anew(Cursor.start(deep.id))
        if journal.copy.cursor(deep.id) != replica.cursor:
            replica.forget_cursor()
            journal.begin_again(replica.cursor)
    elif _is_empty(deep, replica):
        Restoring(deep, replica, journal).run()
        replica.cursor = journal.copy.cursor(deep.id)
        # What the file holds was seen at the change up to which it was read.
        replica.outbox.versions.load(replica.cursor.n)
        if replica.cursor.snapshot and journal.copy.renewing(deep.id):
            replica.forget_cursor()
    else:
        why = "it holds this space, and what is in memory is not of it: open it with a Deep in which nothing is yet"
        raise InvalidError(what=f"the file {file.path}", why=why)


def _is_empty(deep: Deep, replica: Replica) -> bool:
    fresh = replica.cursor == Cursor.start(deep.id) and not len(replica.outbox)
    return fresh and len(deep.space.associations) == 1


def tell_failed(deep: Deep, name: str, error: Exception) -> None:
    """Say that the disk failed, and that the file was opened and looked at anew."""
    logger.error("%s: its file was opened anew, for the disk failed: %s", name, error)
    deep.space.dispatcher.tell(deep.signals.file_failed, deep, storage=name, why=error)


def detach(deep: Deep, replica: Replica, journal: Journal, why: str) -> None:
    """Let go of the file: what is stored takes no change until the space is kept in it again."""
    closed = Closed(journal.file.path, why)
    with deep.space.lock:
        replica.outbox.keeper = closed
        replica.outbox.ledger.keep(closed.keep)
        replica.session = journal.file.token
        journal.file.close()


class Closed(Unkept):
    """A file that is not open: nothing is accepted that it can't keep."""

    def __init__(self, file: Path, why: str) -> None:
        self._file = file
        self._why = why

    def keep(self, changes: ChangeSet, whole: bool) -> None:
        """Raises `LocalFileError` for any change."""
        if changes or changes.lost:
            raise LocalFileError(file=self._file, why=self._why)

    def refuse_without(self) -> None:
        """Raises `InvalidError`: who goes on without the file says so first."""
        why = f"this space is kept in {self._file}: give it that path, or call deep.forget_storage first"
        raise InvalidError(what="synchronize without a path", why=why)

    def forget_refusal(self, refusal: Refusal) -> None:
        """Raises `LocalFileError`."""
        raise LocalFileError(file=self._file, why=self._why)
