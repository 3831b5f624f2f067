"""Aside: what a storage refused, as bytes in a file; and back, for the next process to decide about.

The sync room. Pure functions: values in, bytes out; when they are written is the journal's business.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import orjson

from deeplinks import tables
from deeplinks.batch import Json
from deeplinks.errors import RefusedError, StaleError
from deeplinks.space.fields import DATA
from deeplinks.space.grouping import CREATED
from deeplinks.space.planting import Plant
from deeplinks.sync.records import data_form, data_value
from deeplinks.sync.refusals import Refusal, RefusedChange

_FACTS: Final = ("storage", "what", "seq", "why", "reason", "expected", "actual", "told")


@dataclass(frozen=True, slots=True)
class Aside:
    """What was set aside, as a file tells it: its changes without their associations, and when what is nowhere else was made."""

    stale: str | None
    facts: dict[str, object]
    changes: list[RefusedChange]
    made: dict[str, Json]
    told: bool

    def error(self, changes: Sequence[RefusedChange]) -> RefusedError:
        """The error that said why."""
        facts = self.facts | {"changes": tuple(changes)}
        if self.stale is None:
            return RefusedError(**facts)
        change = next((one for one in changes if one.id == self.stale), None)
        known = (change and change.association) or self.stale
        return StaleError(**facts, association=known, mine=change and change.mine, theirs=change and change.base)

    def plants(self) -> Iterator[Plant]:
        """What the storage does not have at all, and stays here."""
        given: dict[str, dict[str, object]] = {}
        for change in self.changes:
            given.setdefault(change.id, {})[change.field] = change.mine
        for id, fields in given.items():
            if CREATED in fields:
                targets = tuple(_text(fields.get(name)) for name in tables.REFERENCES)
                yield Plant(id, targets, None, _time(self.made.get(id)), _time(self.made.get(id)))

    def data(self) -> Iterator[tuple[str, object]]:
        """The data of what the storage does not have."""
        whole = {change.id for change in self.changes if change.field == CREATED}
        return ((one.id, one.mine) for one in self.changes if one.field == DATA and one.id in whole)


def refusal_record(refusal: Refusal) -> bytes:
    """What was refused, why, and whether anybody was told."""
    error = refusal.error
    stale = getattr(error.facts.get("association"), "id", error.facts.get("association"))
    facts = {name: _fact(error.facts[name]) for name in _FACTS if name in error.facts}
    made = {one.id: one.association._created_at for one in refusal.changes if one.association and one.field == CREATED}
    changes = [(one.id, one.field, _form(one.field, one.mine), _form(one.field, one.base)) for one in refusal.changes]
    told = stale if isinstance(error, StaleError) else None
    return orjson.dumps((told, facts, changes, made, refusal.told))


def aside_of(record: bytes) -> Aside:
    """What a record tells."""
    stale, facts, changes, made, told = orjson.loads(record)
    known = [RefusedChange(id, field, _value(field, mine), _value(field, base)) for id, field, mine, base in changes]
    return Aside(stale, facts, known, made, told)


def _form(field: str, value: object) -> Json:
    return data_form(value) if field == DATA else value  # pyright: ignore[reportReturnType]


def _value(field: str, form: Json) -> object:
    return data_value(form) if field == DATA else form


def _fact(fact: object) -> Json:
    return fact if isinstance(fact, int | str) else str(fact)


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _time(value: Json) -> int | str:
    return value if isinstance(value, int | str) else 0
