"""Records: changes that wait, and batches, as bytes in a file; and back.

The sync room. Pure functions: values in, bytes out; which of them are written when is the journal's business.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Final

import orjson

from deeplinks import tables
from deeplinks.batch import Batch, Content, Json
from deeplinks.space import Association
from deeplinks.space.changes import Mark
from deeplinks.space.fields import DATA
from deeplinks.sync import rows

if TYPE_CHECKING:
    from deeplinks.sync.outbox import Sealed

# What stands in the place of a field where the whole association is told of.
CREATED: Final = "+"
DESTROYED: Final = "-"
# The fact of a file that says what groups expect.
EXPECTS: Final = "expects"


def data_form(data: object) -> list[Json] | None:
    """Data with the table in which it rests."""
    return None if data is None else [rows.table_of(data), rows.encoded(data)]


def data_value(form: Json) -> object:
    """The data that a form is of."""
    if not isinstance(form, list):
        return None
    table, data = form
    return rows.decoded(str(table), data)


def old_form(name: str, old: object) -> Json:
    """What a field was."""
    return data_form(old) if name == DATA else None if old is None else str(old)


def old_value(name: str, form: Json) -> object:
    """What a field was, of its form."""
    return data_value(form) if name == DATA else form


def created_record(association: Association, now: dict[str, object]) -> bytes:
    """A whole association but for its data: the references in their order, and its times."""
    references = [now[name] for name in tables.REFERENCES]
    return orjson.dumps([*references, association._created_at, association._updated_at])


def field_record(association: Association, name: str, now: object, old: object) -> bytes:
    """A field: what it is, what it was first, and when that was."""
    if name == DATA:
        now, old = data_form(now), data_form(old)
    return orjson.dumps((now, old, association._updated_at))


def mark_record(mark: Mark, band: int) -> bytes:
    """A typed mark that is to be written, or taken away."""
    return orjson.dumps((mark.kind, mark.type.id, mark.set, band))


@dataclass(frozen=True, slots=True)
class Told:
    """What a batch's record says of it besides its bytes."""

    associations: list[str]
    marks: list[tuple[str, str, str, bool]]
    fields: dict[str, list[str]]
    groups: dict[str, int]
    olds: dict[str, dict[str, Json]]
    renewed: bool
    expects: list[tuple[str | int, str, int]]

    @classmethod
    def of(cls, sealed: Sealed) -> Told:
        """What there is to tell of it."""
        return cls(
            list(sealed.associations),
            [(mark.id, mark.kind, mark.type.id, mark.set) for mark in sealed.marks.values()],
            {id: sorted(names) for id, names in sealed.fields.items()},
            sealed.groups,
            {id: {name: old_form(name, old) for name, old in olds.items()} for id, olds in sealed.olds.items()},
            sealed.renewed,
            sealed.expects,
        )


def expectations(facts: Mapping[str, bytes]) -> dict[str, dict[str, int]]:
    """What the groups of a file expect: by group, at which change an association was seen."""
    return orjson.loads(facts.get(EXPECTS, b"{}"))


def batch_record(batch: Batch, told: Told) -> bytes:
    """A sealed batch: what is told of it, its checksum, its bytes."""
    return b"\n".join((orjson.dumps(told), batch.checksum.encode(), batch.bytes))


def batch_of(space: str, client: str, seq: int, record: bytes) -> tuple[Batch, Told]:
    """The very batch, with its very bytes. Raises ValueError where they are others."""
    told, checksum, content = record.split(b"\n", 2)
    if sha256(content).hexdigest().encode() != checksum:
        raise ValueError("its bytes are not those that were sealed")
    parts = orjson.loads(content)
    parts["withdraws"] = [(seq, checksum) for seq, checksum in parts["withdraws"]]
    parts["updates"] = [(id, row) for id, row in parts["updates"]]
    parts["data"] = {table: [(id, data) for id, data in upserts] for table, upserts in parts["data"].items()}
    batch = Batch(space, client, seq, Content(**parts), content, checksum.decode())
    return batch, Told(**orjson.loads(told))
