"""What is worth a line in a log is written under the name of its room, so that people choose what they read."""

import logging

import pytest

from deeplinks import Deep, GraphQLStorage, synchronize
from deeplinks.batch import Batch, Written
from deeplinks.errors import UnavailableError


class Once(GraphQLStorage):
    """Can't be reached at the first sending."""

    sendings = 0

    async def write(self, batch: Batch) -> Written:
        self.sendings += 1
        if self.sendings == 1:
            raise UnavailableError(storage="the cable", why="cut")
        return await super().write(batch)


async def test_a_batch_that_is_sent_again_is_a_warning_of_the_room_that_sends(
    endpoint: str, caplog: pytest.LogCaptureFixture
) -> None:
    deep = Deep()
    storage = Once(endpoint)
    with caplog.at_level(logging.DEBUG, logger="deeplinks.sync"):
        async with synchronize(deep, storage):
            deep.String("a").store("database")
    await storage.close()

    [record] = [record for record in caplog.records if "sent again" in record.message]
    assert record.name.startswith("deeplinks.sync.")
    assert (record.levelno, "cut" in record.message) == (logging.WARNING, True)
