"""A replica: what a space knows of one storage; cursor, outbox and inbox under the storage's name.

The sync room. It lives as long as its space, over any number of connections, so nothing accepted is lost between them.
"""

from __future__ import annotations

from weakref import WeakKeyDictionary

from deeplinks.batch import Cursor, Page
from deeplinks.space import Deep
from deeplinks.storage.protocol import Storage
from deeplinks.sync.inbox import Inbox
from deeplinks.sync.outbox import Outbox

PAGE = 1000

_replicas: WeakKeyDictionary[Deep, dict[str, Replica]] = WeakKeyDictionary()


class Replica:
    """One space at one storage."""

    def __init__(self, deep: Deep, name: str) -> None:
        self.name = name
        self.cursor = Cursor.start(deep.id)
        self.outbox = Outbox(deep, name)
        self.inbox = Inbox(deep, self.outbox)
        self.attached = False

    async def catch_up(self, storage: Storage, limit: int = PAGE) -> int:
        """Read everything since the cursor, first as a snapshot if there is none; how many rows and entries that were."""
        acknowledged = self.outbox.acknowledged()
        count = 0
        more = True
        while more:
            page = await storage.read(self.cursor, limit)
            self._apply(page)
            count += len(page.rows) + len(page.entries)
            more = page.more
        self.outbox.read_through(acknowledged)
        return count

    def _apply(self, page: Page) -> None:
        self.inbox.apply_snapshot(page.rows)
        self.inbox.apply_log(page.entries)
        self.cursor = page.cursor


def replica_of(deep: Deep, name: str) -> Replica:
    """The replica of a space at a storage name, made at its first use."""
    replicas = _replicas.setdefault(deep, {})
    if name not in replicas:
        replicas[name] = Replica(deep, name)
    return replicas[name]
