"""The bell between server processes: PostgreSQL's NOTIFY, sent after commits and heard on a connection of its own.

The server. A bell carries no news; a lost one is made good by the poll.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable
from typing import Final
from uuid import uuid4

import psycopg

from deeplinks import resources
from deeplinks.errors import StorageError
from deeplinks.server.database import Database
from deeplinks.server.tasks import Tasks
from deeplinks.storage.postgres import connect
from deeplinks.tasks import check_called_off

logger = logging.getLogger(__name__)

# How long commits are gathered for one bell (seconds): NOTIFY takes a lock of the whole cluster.
GATHERING: Final = 0.005
FIRST_PAUSE: Final = 0.1
LONGEST_PAUSE: Final = 5.0


class Bell:
    """Rings other processes, and hears them while `hearing` is true; its own rings it does not hear."""

    def __init__(self, database: Database, url: str, tasks: Tasks) -> None:
        self._database = database
        self._tasks = tasks
        self._url = url
        self._name = uuid4().hex
        self._rung = False
        self._ringing: asyncio.Task[None] | None = None
        self.hearing = False
        self._missing = False
        self._pause = FIRST_PAUSE

    def ring(self) -> None:
        """Tell the others, soon: one bell for all that is rung until it was sent."""
        self._rung = True
        if self._ringing is None or self._ringing.done():
            self._ringing = self._tasks.start(self._ring(), "bell")

    async def _ring(self) -> None:
        while self._rung:
            self._rung = False
            try:
                await self._database.rows(resources.text("sql/queries/ring.sql"), [self._name])
            except psycopg.Error as error:
                logger.info("other servers were not told of a commit, and will see it by themselves: %s", error)
            check_called_off()
            await asyncio.sleep(GATHERING)

    async def hear(self, heard: Callable[[], None]) -> None:
        """Call `heard` whenever another process has rung, and after every connecting; goes on until it is cancelled."""
        while True:
            try:
                await self._listen(heard)
            except (StorageError, psycopg.Error) as error:
                self._miss(error)
            await asyncio.sleep(self._pause * random.uniform(0.5, 1.0))
            self._pause = min(self._pause * 2, LONGEST_PAUSE)

    async def _listen(self, heard: Callable[[], None]) -> None:
        async with await connect(self._url) as connection:
            await connection.execute(resources.text("sql/queries/listen.sql").encode())
            check_called_off()
            self.hearing, self._missing, self._pause = True, False, FIRST_PAUSE
            try:
                # What was rung before is not heard any more.
                heard()
                async for bell in connection.notifies():
                    check_called_off()
                    if bell.payload != self._name:
                        heard()
            finally:
                self.hearing = False

    def _miss(self, error: Exception) -> None:
        if not self._missing:
            logger.warning(
                "commits by other servers are found by looking only, until the bell is heard again: %s", error
            )
        self._missing = True
