"""A storage over a real server, in this process or over HTTP, and two spaces that are one."""

from collections.abc import AsyncIterator

import pytest

from deeplinks import GraphQLStorage
from deeplinks.server.engine import Engine, open_engine
from deeplinks.server.settings import Settings
from deeplinks.server.transport import InProcessTransport


@pytest.fixture
async def engine(database_url: str) -> AsyncIterator[Engine]:
    async with open_engine(Settings(database_url=database_url)) as engine:
        yield engine


@pytest.fixture
async def storage(engine: Engine) -> AsyncIterator[GraphQLStorage]:
    """A storage in this process."""
    storage = GraphQLStorage(transport=InProcessTransport(engine))
    yield storage
    await storage.close()
