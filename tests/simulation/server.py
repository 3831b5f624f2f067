"""The server: the real rules over tables in memory, and what can befall a server: restarts, old backups, pruning.

The simulation. Whoever asks comes through a line; what was committed is noted as it was asked for.
"""

from __future__ import annotations

import asyncio
import random
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from graphql import DocumentNode, parse

from deeplinks.storage.memory.documents import AnswerError, Memory
from deeplinks.storage.memory.rules import Rules, image
from deeplinks.tables import DATA_TABLES, LINKS
from tests.simulation.backups import copied
from tests.simulation.clock import VirtualLoop
from tests.simulation.commits import DATA, Commit, Operation, of_batch
from tests.simulation.trace import Trace

FOREIGN: Mapping[str, DocumentNode] = {
    "insert": parse("mutation ($row: deep_links_insert_input!) { insert_deep_links_one(object: $row) { id } }"),
    "update": parse(
        "mutation ($id: uuid!, $row: deep_links_set_input!) {"
        " update_deep_links_by_pk(pk_columns: {id: $id}, _set: $row) { id } }"
    ),
    "put": parse(
        "mutation ($id: uuid!, $data: String!) { insert_deep_strings_one(object: {id: $id, _data: $data},"
        " on_conflict: {constraint: strings_pkey, update_columns: [_data]}) { id } }"
    ),
    "delete": parse("mutation ($id: uuid!) { delete_deep_links(where: {id: {_eq: $id}}) { affected_rows } }"),
}


@dataclass(eq=False)
class Ear:
    """Somebody who listens to the log of a space; `broken`: the connection is gone."""

    space: str
    rung: asyncio.Event = field(default_factory=asyncio.Event)
    broken: bool = False

    def cut(self) -> None:
        self.broken = True
        self.rung.set()


@dataclass(frozen=True)
class Backup:
    """The tables as they were, and what led to them."""

    rules: Rules
    commits: list[Commit]


class Server:
    """Tables that outlive everything but a restored backup."""

    def __init__(self, loop: VirtualLoop, chance: random.Random, trace: Trace) -> None:
        self._loop = loop
        self._chance = chance
        self._trace = trace
        self._skew = 0.0
        self.rules = Rules(self._now, chance.getrandbits)
        self.memory = Memory(self.rules)
        self.ears: dict[Ear, None] = {}
        # What led to the tables as they are now, and all there ever was, with what each who sent it has set.
        self.commits: list[Commit] = []
        self.ever: list[Commit] = []
        self.said: defaultdict[tuple[str, str, str], list[Any]] = defaultdict(list)
        self.values: defaultdict[tuple[str, str], list[Any]] = defaultdict(list)
        self.epoch = 0
        self.up_at = 0.0

    def _now(self) -> datetime:
        return self._loop.moment() + timedelta(seconds=self._skew)

    # asking

    @property
    def up(self) -> bool:
        return self._loop.now >= self.up_at

    def answer(self, who: str, document: DocumentNode, values: Mapping[str, Any]) -> dict[str, Any]:
        """One request. Raises `AnswerError`."""
        answer: dict[str, Any] = self.memory.answer(document, values)
        if batch_of(values):
            self._committed(of_batch(who, values))
        return answer

    def _committed(self, commit: Commit) -> None:
        self._trace.note(self._loop.now, "server", "commits", commit.who, commit.seq, self._newest())
        self.commits.append(commit)
        self.ever.append(commit)
        for id, name, value in commit.said():
            self.said[commit.who, id, name].append(value)
            self.values[id, name].append(value)
        for ear in self.ears:
            ear.rung.set()

    def _newest(self) -> int:
        return max((self.rules.newest(ear.space) for ear in self.ears), default=0)

    def newest(self, space: str) -> int:
        """Where the log stands."""
        return self.rules.newest(space)

    def value(self, id: str, name: str) -> Any:
        """What a field is in the tables now."""
        if name != DATA:
            link = self.rules.find(LINKS, (id,))
            return link and link[name]
        rows = ((table, self.rules.find(table, (id,))) for table in DATA_TABLES)
        return next(((table.name, image(table, row)["_data"]) for table, row in rows if row), None)

    def foreign(self, operation: Operation, space: str) -> None:
        """Somebody writes who has no batches: a tool, a query by hand."""
        try:
            self.memory.answer(FOREIGN[operation.verb], _given(operation, space))
        except AnswerError:
            # Data of a link that is gone.
            return
        self._committed(Commit("foreign", "", 0, (operation,)))

    # what befalls it

    def restart(self, down: float) -> None:
        """It dies, and comes up again: requests under way and bells are gone, the tables are not."""
        self.epoch += 1
        self.up_at = self._loop.now + down
        for ear in list(self.ears):
            ear.cut()

    def back_up(self) -> Backup:
        return Backup(copied(self.rules), list(self.commits))

    def restore(self, backup: Backup) -> None:
        """The tables are set back to what they were."""
        self.rules = copied(backup.rules)
        self.memory = Memory(self.rules)
        self.commits = list(backup.commits)
        self.restart(0.5)

    def skew(self, seconds: float) -> None:
        """Its clock is wrong by that much from now on."""
        self._skew = seconds


def batch_of(values: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The batch that a request brings, if it brings one."""
    batches = values.get("batches")
    return batches[-1] if batches else None


def _given(one: Operation, space: str) -> dict[str, Any]:
    match one.verb:
        case "insert":
            return {"row": one.values | {"id": one.id, "_deep": space}}
        case "update":
            return {"id": one.id, "row": one.values}
        case "put":
            return {"id": one.id, "data": one.values}
        case _:
            return {"id": one.id}
