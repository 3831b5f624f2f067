"""HTTP around GraphQL: methods, bodies, health, version, GraphiQL."""

import socket

import httpx
import pytest

from deeplinks.errors import SettingsError
from deeplinks.server.app import create_app
from deeplinks.server.engine import Engine, open_engine
from deeplinks.server.limits import Limits
from deeplinks.server.serve import listen, running
from deeplinks.server.settings import Settings

JSON = {"content-type": "application/json"}


def beside(address: str, path: str) -> str:
    return address.replace("/v1/graphql", path)


async def test_a_server_over_our_tables_is_healthy(endpoint: str) -> None:
    async with httpx.AsyncClient() as client:
        answer = await client.get(beside(endpoint, "/healthz"))

    assert (answer.status_code, answer.text) == (200, "OK")


async def test_a_server_over_a_database_without_them_is_not(bare_endpoint: str) -> None:
    async with httpx.AsyncClient() as client:
        answer = await client.get(beside(bare_endpoint, "/healthz"))

    assert answer.status_code == 500
    assert "deeplinks migrate" in answer.text


async def test_a_server_without_its_database_is_not_either(engine: Engine, address: str) -> None:
    await engine.database.pool.close()
    async with httpx.AsyncClient() as client:
        answer = await client.get(beside(address, "/healthz"))

    assert answer.status_code == 503


async def test_the_version_is_told(endpoint: str) -> None:
    async with httpx.AsyncClient() as client:
        answer = await client.get(beside(endpoint, "/v1/version"))

    assert answer.json()["server_type"] == "deeplinks"


@pytest.mark.parametrize(
    ("body", "headers", "status", "code"),
    [
        ("{", JSON, 400, "invalid-json"),
        ('{"query": NaN}', JSON, 400, "invalid-json"),
        ("[" * 100_000, JSON, 400, "invalid-json"),
        (b"\xff", JSON, 400, "invalid-json"),
        ("1", JSON, 200, "parse-failed"),
        ("{}", JSON, 200, "parse-failed"),
        ('{"query": null}', JSON, 200, "parse-failed"),
        ('{"query": 1}', JSON, 200, "parse-failed"),
        ('{"query": "{ __typename }", "variables": []}', JSON, 200, "parse-failed"),
        ('{"query": "{ __typename }", "operationName": 1}', JSON, 200, "parse-failed"),
        ('{"query": "{ __typename }"}', {}, 415, "unsupported-media-type"),
        ('{"query": "{ __typename }"}', {"content-type": "text/plain"}, 415, "unsupported-media-type"),
    ],
)
async def test_a_body_that_is_no_request_is_refused(
    endpoint: str, body: str | bytes, headers: dict[str, str], status: int, code: str
) -> None:
    async with httpx.AsyncClient() as client:
        answer = await client.post(endpoint, content=body, headers=headers)

    assert (answer.status_code, answer.json()["errors"][0]["extensions"]["code"]) == (status, code)


async def test_null_variables_and_a_null_name_are_none(endpoint: str) -> None:
    body = {"query": "{ __typename }", "variables": None, "operationName": None, "extensions": {}}
    async with httpx.AsyncClient() as client:
        answer = await client.post(endpoint, json=body)

    assert answer.json() == {"data": {"__typename": "query_root"}}
    assert answer.headers["content-type"] == "application/json"


async def test_a_body_over_the_limit_is_refused(database_url: str) -> None:
    settings = Settings(database_url=database_url, port=0, limits={"admin": Limits(body=1000)})
    async with running(settings) as address, httpx.AsyncClient() as client:
        told = await client.post(address, json={"query": "{ __typename }" + " " * 1000})
        streamed = await client.post(address, content=_chunks(), headers=JSON)
        small = await client.post(address, json={"query": "{ __typename }"})

    assert [told.status_code, streamed.status_code, small.status_code] == [413, 413, 200]


async def _chunks():
    for _ in range(20):
        yield b" " * 100


async def test_a_query_may_be_a_get_in_development(address: str) -> None:
    parameters = {"query": "query ($n: Int) { deep_links(limit: $n) { id } }", "variables": '{"n": 0}'}
    async with httpx.AsyncClient() as client:
        answer = await client.get(address, params=parameters)

    assert answer.json() == {"data": {"deep_links": []}}


async def test_a_mutation_may_not(address: str) -> None:
    parameters = {"query": "mutation { delete_deep_links(where: {}) { affected_rows } }"}
    async with httpx.AsyncClient() as client:
        answer = await client.get(address, params=parameters)

    assert answer.status_code == 405


@pytest.mark.parametrize("query", [{}, {"query": "{ __typename }"}])
async def test_nothing_may_in_production(endpoint: str, query: dict[str, str]) -> None:
    async with httpx.AsyncClient() as client:
        answer = await client.get(endpoint, params=query, headers={"accept": "text/html"})

    assert answer.status_code == 405


async def test_a_browser_is_sent_to_the_explorer_in_development(address: str) -> None:
    async with httpx.AsyncClient() as client:
        answer = await client.get(address, headers={"accept": "text/html,*/*;q=0.8"})

    assert (answer.status_code, answer.headers["location"]) == (307, "/")


async def test_an_app_opens_and_closes_its_own_engine(database_url: str) -> None:
    app = create_app(Settings(database_url=database_url))
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
            answer = await client.post("/v1/graphql", json={"query": "{ __typename }"})
        engine = app.state.engine

    assert answer.json() == {"data": {"__typename": "query_root"}}
    assert engine.database.pool.closed


def test_the_socket_names_its_protocol_or_small_answers_would_wait_for_nagle() -> None:
    with listen(Settings(port=0)) as listening:
        assert listening.proto == socket.IPPROTO_TCP


async def test_an_address_that_is_taken_is_an_error(database_url: str) -> None:
    settings = Settings(database_url=database_url, port=0)
    async with open_engine(settings) as engine, running(settings, engine) as address:
        port = int(address.split(":")[2].split("/")[0])
        with pytest.raises(SettingsError, match="in use"):
            async with running(Settings(database_url=database_url, port=port), engine):
                pass
