"""A thread of remarks on a requirement: each is a link with a text of its own, on the link that it is about.

The demo. It makes them one after the other, and counts how long each takes to be seen.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from datetime import UTC, datetime

from deeplinks import Association, Deep, Synchronizer
from deeplinks.demo.environment import named
from deeplinks.demo.watcher import Watcher

SAID = (
    ("Ann", "do we need this one?"),
    ("Bob", "yes, the tests do"),
    ("Ann", "then let us say so here"),
    ("Bob", "you just did"),
)


@dataclass(frozen=True, slots=True)
class Seen:
    """A remark as the other process told it, and how many milliseconds after this one knew of the commit it saw it."""

    depth: int
    who: str
    text: str
    milliseconds: float


class Thread:
    """Ann and Bob, and what they say."""

    def __init__(self, deep: Deep, database: Synchronizer) -> None:
        self._database = database
        # A type that is a String: its instances are links, and have a text.
        self.Remark = deep.String("Remark").store(database, deep.storage_markers.typed_true)
        self.Person = named(deep, "Person").store(database, deep.storage_markers.typed_true)
        self._people = {name: self.Person(value=deep.String(name)) for name in dict(SAID)}

    async def on(self, requirement: Association, watcher: Watcher) -> AsyncGenerator[Seen]:
        """The remarks, the first on the requirement and each further one on the one before; given when it was seen."""
        about = requirement
        await self._database.flush()
        for depth, (who, text) in enumerate(SAID):
            about = self.Remark(text, from_=self._people[who], to=about)
            await self._database.flush()
            committed = datetime.now(UTC)
            seen = await watcher.seen(about.id)
            told = str(watcher.content[about.id]["data"])
            yield Seen(depth, who, told, (seen - committed).total_seconds() * 1000)
