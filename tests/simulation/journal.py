"""The journal of one client: what it was told is accepted, to be found again in what was committed and in what it sees.

The simulation. It looks at a space before and after a step; how a change travels is not known here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

from deeplinks import Association, Deep
from deeplinks.sync import rows
from deeplinks.sync.conflicts import Conflict, Lost
from tests.simulation.commits import DATA
from tests.simulation.server import Server

NAME = "database"
Place: TypeAlias = "tuple[str, str]"
State: TypeAlias = "Mapping[str, dict[str, Any]]"


class BrokenError(AssertionError):
    """A promise is broken."""


def state(deep: Deep) -> dict[str, dict[str, Any]]:
    """Every association that the storage holds, its references and its data as a row has them."""
    holds = deep.space.ledger(NAME).holds
    return {one.id: _fields(one) for one in deep if one is not deep and holds(one)}


def _fields(one: Association) -> dict[str, Any]:
    return {
        "_type": one.type_id,
        "_from": one.from_id,
        "_to": one.to_id,
        "_value": one.value_id,
        DATA: encoded(one.own_data()),
    }


def encoded(data: object) -> tuple[str, Any] | None:
    """Data as its row has it, and the table of it."""
    return None if data is None else (rows.table_of(data), rows.encoded(data))


class Journal:
    """What one client accepted, by (id, field): the last value."""

    def __init__(self, who: str, server: Server, deep: Deep, before: Journal | None = None) -> None:
        self.who = who
        self.last: dict[Place, Any] = dict(before.last) if before else {}
        self._server = server
        self._deep = deep
        self._told: set[Place] = set(before._told) if before else set()
        # What was there before it was cleared.
        self._cleared: dict[Place, Any] = dict(before._cleared) if before else {}
        # What was ever here and not stored: it may be stored again as a whole, or destroyed and leave its row.
        self.released: set[str] = set(before.released) if before else set()
        deep.signals.conflict.connect(self._hear, sender=deep)

    def _hear(self, _: Deep, conflict: Conflict) -> None:
        name = conflict.field if conflict.field == DATA else f"_{conflict.field}"
        if conflict.lost is Lost.mine:
            self._told.add((conflict.id, name))

    def note(self, before: State, after: State) -> None:
        """A step was made."""
        for id, fields in after.items():
            known = before.get(id)
            for name, value in fields.items():
                fresh = known is None and not (name == DATA and value is None)
                if known is None and not fresh:
                    # Stored again, without the data that it had when it was let go of.
                    self.last.pop((id, name), None)
                if fresh or (known is not None and known[name] != value):
                    self.last[id, name] = value
                    self._told.discard((id, name))
                    self._cleared[id, name] = known and known[name]
        for id in before.keys() - after.keys():
            self._note_end(id, before[id])
        gone = {id for id in before.keys() - after.keys() if self._deep.get(id) is None}
        self.released |= {one.id for one in self._deep} - after.keys()
        self.last = {place: value for place, value in self.last.items() if place[0] not in gone}

    def _note_end(self, id: str, known: Mapping[str, Any]) -> None:
        """What is stored no more is written as it was at the end."""
        association = self._deep.get(id)
        if association is not None:
            now = _fields(association)
            self.last |= {(id, name): now[name] for name in now if now[name] != known[name]}

    def check_committed(self, accepted: Mapping[Place, Any]) -> None:
        """A flush returned that began when these were accepted: all of it was committed, or told as lost to a delete."""
        for place, value in accepted.items():
            if place not in self._told and not self._committed(*place, value):
                raise BrokenError(f"{self.who} accepted {place[1]} = {value!r} of {place[0]}, and it was not committed")

    def _committed(self, id: str, name: str, value: Any) -> bool:
        # What was taken back before it was sent is what the storage has from somebody else.
        said = self._server.values.get((id, name), ())
        if value in said or value == self._server.value(id, name):
            return True
        if id in self.released and self._stored_again(id, name):
            return True
        # Of data that came and went before anything was sent, nothing is said.
        return value is None and self._cleared.get((id, name)) not in said

    def _stored_again(self, id: str, name: str) -> bool:
        """What was let go of and is stored again, by a mark of somebody's too, is written as it is then."""
        association = self._deep.get(id)
        return association is not None and _fields(association)[name] in self._server.said.get((self.who, id, name), ())

    def check_seen(self) -> None:
        """One's own data is seen until it is committed, whatever comes in."""
        for (id, name), value in self.last.items():
            association = self._deep.get(id) if name == DATA else None
            if association is None or value is None or id in self.released or (id, name) in self._told:
                continue
            seen = encoded(association.own_data())
            if seen != value and value not in self._server.said.get((self.who, id, name), ()):
                raise BrokenError(f"{self.who} wrote {value!r} to {id}, which is not committed, and sees {seen!r}")
