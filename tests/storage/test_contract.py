"""The contract of `deeplinks.testing` holds for every storage of ours, and for one made as the documentation says."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from socket import socket

import pytest
from anyio.from_thread import start_blocking_portal

from deeplinks import GraphQLStorage, MemoryStorage
from deeplinks.batch import Batch, Written
from deeplinks.server.engine import open_engine
from deeplinks.server.serve import running
from deeplinks.server.settings import Settings
from deeplinks.server.transport import InProcessTransport
from deeplinks.storage.protocol import Storage
from deeplinks.testing import StorageContract
from tests.conftest import _database, at


@pytest.fixture(scope="module")
def shared_url(server_url: str, template: str) -> Iterator[str]:
    """One database for all: every test of the contract has spaces of its own."""
    with _database(server_url, template) as name:
        yield at(server_url, name)


@pytest.fixture(scope="module")
def address(shared_url: str) -> Iterator[str]:
    """One server for all, on a loop of its own: whatever task a test leaves behind is a storage's."""
    settings = Settings(database_url=shared_url, port=0)
    with start_blocking_portal() as portal, portal.wrap_async_context_manager(running(settings)) as address:
        yield address


class TestMemory(StorageContract):
    @pytest.fixture
    async def storage(self) -> AsyncIterator[Storage]:
        storage = MemoryStorage()
        yield storage
        await storage.close()


class TestGraphQLOverHTTP(StorageContract):
    @pytest.fixture
    async def storage(self, address: str) -> AsyncIterator[Storage]:
        storage = GraphQLStorage(address)
        yield storage
        await storage.close()

    @pytest.fixture
    def unreachable(self) -> Iterator[Storage]:
        # Bound and never listening: nobody else can take the port meanwhile.
        with closing(socket()) as held:
            held.bind(("127.0.0.1", 0))
            yield GraphQLStorage(f"http://127.0.0.1:{held.getsockname()[1]}/v1/graphql")


class TestGraphQLInProcess(StorageContract):
    @pytest.fixture
    async def storage(self, shared_url: str) -> AsyncIterator[Storage]:
        async with open_engine(Settings(database_url=shared_url)) as engine:
            storage = GraphQLStorage(transport=InProcessTransport(engine))
            yield storage
            await storage.close()


class Mirrored(MemoryStorage):
    """Hands every batch that was written to another storage too."""

    def __init__(self, mirror: Storage) -> None:
        super().__init__()
        self.mirror = mirror

    async def write(self, batch: Batch) -> Written:
        written = await super().write(batch)
        await self.mirror.write(batch)
        return written


class TestAStorageOfOnesOwn(StorageContract):
    @pytest.fixture
    def storage(self) -> Storage:
        return Mirrored(MemoryStorage())
