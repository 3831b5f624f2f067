"""What Hasura's dialect says of reading, case by case, over one world that nobody changes."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest

from tests.server.parity import conditions, errors, figures, pages
from tests.server.parity.asking import holds, named, planted
from tests.server.parity.cases import Case


@pytest.fixture(scope="module")
async def client(module_database_url: str) -> AsyncIterator[httpx.AsyncClient]:
    async with planted(module_database_url, 1) as client:
        yield client


@named((*conditions.CASES, *pages.CASES, *figures.CASES, *errors.CASES))
async def test_reading(client: httpx.AsyncClient, number: int, case: Case) -> None:
    await holds(client, 1, case)
