"""A database with our tables, and sessions in it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack

import pytest

from deeplinks import GraphQLStorage
from deeplinks.server.engine import open_engine
from deeplinks.server.settings import Settings
from deeplinks.server.transport import InProcessTransport
from tests.storage.session import Session, new


@pytest.fixture
def database(database_url: str) -> Iterator[Session]:
    """A fresh database in autocommit."""
    session = Session(database_url)
    yield session
    session.close()


@pytest.fixture
def sessions(database_url: str) -> Iterator[Callable[[], Session]]:
    """Further connections to the database of the test, each in a transaction of its own until it commits."""
    with ExitStack() as stack:

        def another() -> Session:
            session = Session(database_url, autocommit=False)
            stack.callback(session.close)
            return session

        yield another


@pytest.fixture
def space() -> str:
    """The id of a space that nobody has heard of."""
    return new()


@pytest.fixture
async def storage(database_url: str) -> AsyncIterator[GraphQLStorage]:
    """A storage over the engine in this process."""
    async with open_engine(Settings(database_url=database_url)) as engine:
        storage = GraphQLStorage(transport=InProcessTransport(engine))
        yield storage
        await storage.close()
