"""The report: how a space stands with one storage, as one value that people and programs read.

The sync room. It looks and changes nothing; where the numbers come from counts them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from deeplinks.space import showing


@dataclass(frozen=True, slots=True, repr=False)
class Report:
    """How a space stands with one storage: what is marked, what waits and why, what was sent and read, what went wrong.

    `file` is what keeps it now, if anything does; `state` is `following`, `open`, `stopped` or `closed`; `lag` how many
    changes of others are not read yet, None while that is not known; times are aware, and None for what has not happened.
    """

    name: str
    storage: str
    space: str
    file: str | None
    state: str
    since: datetime | None
    # what is to be stored
    marked: int
    types: int
    known: int
    # what is not written yet
    waiting: int
    sent: int
    refused: int
    why: str
    waiting_since: datetime | None
    # what was written
    batches: int
    rows: int
    created: int
    updated: int
    deleted: int
    requests: int
    bytes: int
    retries: int
    written_at: datetime | None
    # what was read
    n: int
    lag: int | None
    read: int
    read_at: datetime | None
    # what went wrong last
    error: str
    failed_at: datetime | None

    def lines(self) -> Iterator[tuple[str, str]]:
        """What people read of it, by name; what there is nothing to say of is left out."""
        yield self.name, f"{self.state}{_since(self.since)}: {self.storage}"
        yield "space", self.space
        if self.file is not None:
            yield "file", self.file
        types = f", {self.types} type{'s' if self.types > 1 else ''} with all instances" if self.types else ""
        yield "marked", f"{self.marked:,}{types}; {self.known:,} associations are there"
        if self.waiting or self.sent:
            why = f": {self.why}" if self.why else ""
            yield "waiting", f"{self.waiting:,}, on their way {self.sent:,}{_since(self.waiting_since)}{why}"
        elif self.why:
            yield "waiting", self.why
        if self.refused:
            yield "refused", f"{self.refused:,}, see {self.name}.refused"
        effects = f"{self.created:,} created, {self.updated:,} updated, {self.deleted:,} deleted"
        again = f", {self.retries:,} sent again" if self.retries else ""
        yield "written", f"{effects} in {self.batches:,} batches{again}{_at(self.written_at)}"
        behind = "" if self.lag is None else f", {self.lag:,} behind"
        yield "read", f"{self.read:,} rows, up to change {self.n:,}{behind}{_at(self.read_at)}"
        yield "sent", f"{self.requests:,} requests, {self.bytes:,} bytes of batches"
        if self.error:
            yield "last error", f"{self.error}{_at(self.failed_at)}"

    def __repr__(self) -> str:
        return "\n".join(f"{name:<10} {text}" for name, text in self.lines())

    def _repr_html_(self) -> str:
        return showing.facts(f"{self.name} of {showing.short(self.space)}", self.lines())


def _at(moment: datetime | None) -> str:
    return "" if moment is None else f", at {moment.astimezone():%H:%M:%S}"


def _since(moment: datetime | None) -> str:
    return "" if moment is None else f" since {moment.astimezone():%H:%M:%S}"
