"""An engine over a fresh database, what it executed, and a way to ask it over real HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from deeplinks.server.engine import Engine, open_engine
from deeplinks.server.serve import running
from deeplinks.server.settings import Settings
from tests.server.asked import Tables


@pytest.fixture
def statements() -> list[str]:
    """The SQL that the engine of this test executed."""
    return []


@pytest.fixture
async def engine(database_url: str, statements: list[str]) -> AsyncIterator[Engine]:
    """An engine that notes its statements; in development, so that GET and GraphiQL are there."""
    settings = Settings(database_url=database_url, port=0, development=True)
    async with open_engine(settings, statements.append) as engine:
        yield engine


@pytest.fixture
async def address(engine: Engine) -> AsyncIterator[str]:
    """The endpoint of a real server over that engine."""
    async with running(engine.settings, engine) as address:
        yield address


@pytest.fixture
def tables(address: str) -> Tables:
    """The tables behind that endpoint."""
    return Tables(address)
