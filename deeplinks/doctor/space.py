"""Looking at a space in memory: what is marked, what waits, and whether anybody writes it.

A face. It reads what the space and its replica know.
"""

from __future__ import annotations

from collections.abc import Iterator

from deeplinks.doctor.findings import Cause, Finding, fine, trouble, warning
from deeplinks.space import Deep, StorageMarker
from deeplinks.sync.replica import Replica, replica_of


def look_at_space(deep: Deep, name: str) -> Iterator[Finding]:
    """What a space says of one storage, by the storage's name."""
    replica = replica_of(deep, name)
    yield _marks(deep, replica, name)
    yield _waiting(deep, replica, name)
    if replica.refused:
        first = replica.refused[0]
        what = f"{name} refused {len(replica.refused)} changes for good, which were set aside; the first: {first!r}"
        next = "look at .refused of the synchronizer: mend the cause and retry(), or discard()"
        yield trouble(Cause.refused, what, next)


def _marks(deep: Deep, replica: Replica, name: str) -> Finding:
    ledger = replica.outbox.ledger
    marked = len(ledger.one[StorageMarker.one_true]) + len(ledger.typed[StorageMarker.typed_true])
    out = len(ledger.one[StorageMarker.one_false]) + len(ledger.typed[StorageMarker.typed_false])
    if ledger.holds_everything:
        kept_out = f", but for what {out} false marks keep out" if out else ""
        return fine(Cause.marks, f"all of {len(deep)} associations are kept, marked or not{kept_out}")
    if not marked:
        others = [other for other, kept in deep.space.kept.items() if isinstance(kept, Replica) and other != name]
        meant = f"; is another name meant: {', '.join(sorted(others))}?" if others else ""
        return trouble(
            Cause.marks,
            f"nothing of {len(deep)} associations is marked for {name!r}, so nothing is stored{meant}",
            f'mark what is to be stored: association.store({name!r}), or a type: User.store({name!r}, "typed_true")',
        )
    kept_out = f", {out} false marks keep others out" if out else ""
    return fine(Cause.marks, f"{marked} marks for {name!r}{kept_out}")


def _waiting(deep: Deep, replica: Replica, name: str) -> Finding:
    waiting = len(replica.outbox)
    if not waiting:
        return fine(Cause.waiting, "nothing waits to be written")
    path = replica.outbox.keeper.path
    if path is not None and not replica.attached:
        return fine(Cause.waiting, f"{waiting} associations are in {path}, and are written once there is a server")
    if not replica.attached:
        return trouble(
            Cause.waiting,
            f"{waiting} associations wait for {name!r}, and nobody writes them",
            f"enter its block: `async with synchronize(deep, url, name={name!r})`",
        )
    if deep.space.grouping:
        what = f"{waiting} associations wait for {name!r}, and a together() is open"
        return warning(Cause.waiting, what, "they are written when it ends")
    error = replica.counts.error
    if error and (
        replica.counts.written_at is None
        or (replica.counts.failed_at or replica.counts.written_at) > replica.counts.written_at
    ):
        return trouble(
            Cause.waiting,
            f"{waiting} associations wait for {name!r}: {error}",
            "mend that; nothing is lost meanwhile, and they are sent again by themselves",
        )
    return fine(Cause.waiting, f"{waiting} associations are on their way")
