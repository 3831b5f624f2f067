"""A server over planted worlds, and the comparison of what it answers with what a case says."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Iterable
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any

import httpx
import psycopg
import pytest

from deeplinks.server.app import GRAPHQL_PATH
from deeplinks.server.serve import running
from deeplinks.server.settings import Settings
from tests.dialect.plants import plant
from tests.server.parity.cases import Case, Refusal, short, world
from tests.server.parity.worlds import together


def named(cases: Iterable[Case]) -> pytest.MarkDecorator:
    """Each case as a test of its name, with the number of its world."""
    listed = [pytest.param(number, case, id=case.name) for number, case in enumerate(cases, 1)]
    return pytest.mark.parametrize(("number", "case"), listed)


@asynccontextmanager
async def planted(database_url: str, worlds: int) -> AsyncGenerator[httpx.AsyncClient]:
    """A client of a server over so many worlds."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        plant(connection, together(worlds))
    settings = Settings(database_url=database_url, port=0, development=True)
    async with (
        running(settings) as address,
        httpx.AsyncClient(base_url=address.removesuffix(GRAPHQL_PATH), timeout=30) as client,
    ):
        yield client


async def holds(client: httpx.AsyncClient, number: int, case: Case) -> None:
    """The server answers the case as it says."""
    answer = await _asked(client, number, case.query, case.variables)
    if isinstance(case.answer, Refusal):
        _is_refused(answer, case.answer)
    else:
        assert answer == {"data": case.answer}
    if case.then is not None:
        query, after = case.then
        assert await _asked(client, number, query, {}) == {"data": after}


async def _asked(client: httpx.AsyncClient, number: int, query: str, variables: dict[str, Any]) -> Any:
    body = {"query": world(number, query), "variables": json.loads(world(number, json.dumps(variables)))}
    answer = await client.post(GRAPHQL_PATH, json=body)
    assert answer.status_code == 200
    return json.loads(short(number, answer.text), parse_float=Decimal)


def _is_refused(answer: Any, refusal: Refusal) -> None:
    assert answer.keys() == {"errors"}, answer
    (error,) = answer["errors"]
    assert error["extensions"]["code"] == refusal.code, error
    assert refusal.path in (None, error["extensions"]["path"]), error
    missing = [name for name in refusal.names if name not in error["message"]]
    assert not missing, error
