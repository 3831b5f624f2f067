"""What Hasura's dialect says of writing, case by case, each over a world of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest

from tests.server.parity import changes, inserts
from tests.server.parity.asking import holds, named, planted
from tests.server.parity.cases import Case

CASES = (*inserts.CASES, *changes.CASES)


@pytest.fixture(scope="module")
async def client(module_database_url: str) -> AsyncIterator[httpx.AsyncClient]:
    async with planted(module_database_url, len(CASES)) as client:
        yield client


@named(CASES)
async def test_writing(client: httpx.AsyncClient, number: int, case: Case) -> None:
    await holds(client, number, case)
