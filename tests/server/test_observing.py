"""What is told of requests: lines in the log, figures for Prometheus, and the trace that they belong to."""

from __future__ import annotations

import json
import logging
from collections.abc import AsyncIterator
from dataclasses import replace

import httpx
import pytest
from starlette.datastructures import Headers

from deeplinks.server.engine import Engine, open_engine
from deeplinks.server.logs import JsonLines
from deeplinks.server.observing import Answered
from deeplinks.server.screen import screen
from deeplinks.server.serve import running
from deeplinks.server.settings import Settings
from deeplinks.server.tracing import traced
from tests.asking import ask, post
from tests.server.asked import Tables
from tests.server.socket import admitted

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
PARENT = f"00-{TRACE}-00f067aa0ba902b7-01"
NAMED = "query Named { deep_links(limit: 1) { id } }"


@pytest.fixture
async def observed(database_url: str) -> AsyncIterator[tuple[Engine, Tables]]:
    """A server that counts and logs."""
    settings = Settings(database_url=database_url, port=0, log_requests=True, metrics=True)
    async with open_engine(settings) as engine, running(settings, engine) as address:
        yield engine, Tables(address)


@pytest.fixture
def answered(observed: tuple[Engine, Tables]) -> list[Answered]:
    """The requests that were answered."""
    told: list[Answered] = []
    observed[0].observers.append(told.append)
    return told


async def test_a_request_is_told_with_its_kind_name_role_and_rows(
    observed: tuple[Engine, Tables], answered: list[Answered]
) -> None:
    tables = observed[1]
    await tables.data("strings", "a", '{"id":', "b")
    answered.clear()
    space = {"space": tables.space}
    nested = "query N($space: uuid!) { deep_links(where: {_deep: {_eq: $space}}) { x: id string { _data } } }"
    await ask(tables.address, nested, **space)
    aggregate = "{ deep_links_aggregate(where: {_deep: {_eq: $space}}) { aggregate { count } nodes { id } } }"
    await ask(tables.address, f"query ($space: uuid!) {aggregate}", **space)
    delete = (
        "mutation ($space: uuid!) { gone: delete_deep_strings(where: {_deep: {_eq: $space}}) { n: affected_rows } }"
    )
    await ask(tables.address, delete, **space)
    await post(tables.address, "{ nope }")

    told = [(one.kind, one.name, one.role, one.code, one.rows) for one in answered]
    assert told == [
        # Three links with a text each, and the root of the space.
        ("query", None, "admin", None, 7),
        ("query", None, "admin", None, 4),
        ("mutation", None, "admin", None, 3),
        ("refused", None, "admin", "validation-failed", 0),
    ]
    assert all(one.seconds > 0 for one in answered)


async def test_a_request_over_a_socket_is_told_too(observed: tuple[Engine, Tables], answered: list[Answered]) -> None:
    engine, tables = observed
    async with admitted(tables.address) as socket:
        await socket.subscribe("subscription { deep_links(limit: 1) { id } }")
        await socket.next()
        assert engine.hub.reading == 1

    assert [(one.kind, one.code) for one in answered] == [("subscription", None)]


async def test_the_log_has_a_line_a_request_under_the_trace_of_its_sender(
    observed: tuple[Engine, Tables], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "deeplinks.server.requests")
    body = {"query": NAMED, "operationName": "Named"}
    headers = {"traceparent": PARENT, "x-request-id": "from-far-away"}
    async with httpx.AsyncClient() as client:
        answer = await client.post(observed[1].address, json=body, headers=headers)

    (record,) = [record for record in caplog.records if record.name == "deeplinks.server.requests"]
    line = json.loads(JsonLines().format(record))
    assert record.getMessage().startswith("query Named by admin: 1 rows in ")
    assert (line["operation"], line["rows"], line["trace"], line["request"]) == ("Named", 1, TRACE, "from-far-away")
    assert answer.headers["x-request-id"] == "from-far-away"
    assert answer.headers["traceparent"].startswith(f"00-{TRACE}-")
    assert answer.headers["traceparent"] != PARENT


async def test_the_log_has_no_documents_no_values_and_no_secrets(
    database_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    settings = Settings(database_url=database_url, port=0, admin_secret="hush", log_requests=True)
    document = 'query ($name: String!) { deep_strings(where: {_data: {_eq: $name}, id: {_eq: "whisper"}}) { id } }'
    async with running(settings) as address:
        for secret in ("hush", "not hush"):
            await post(address, document, {"x-hasura-admin-secret": secret}, name="murmur")

    told = "".join(JsonLines().format(record) for record in caplog.records if record.name.startswith("deeplinks"))
    assert "access-denied" in told
    assert not [word for word in ("hush", "whisper", "murmur", "_eq") if word in told]


async def test_nobody_is_told_of_requests_unless_it_was_asked_for(
    engine: Engine, tables: Tables, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    await ask(tables.address, NAMED)

    assert engine.observers == []
    assert not [record for record in caplog.records if record.name.startswith("deeplinks")]


@pytest.mark.parametrize(
    "given", ["", "nonsense", f"ff-{TRACE}-00f067aa0ba902b7-01", f"00-{'0' * 32}-00f067aa0ba902b7-01"]
)
def test_a_trace_that_is_none_is_made_anew(given: str) -> None:
    trace = traced(Headers({"traceparent": given, "x-request-id": "two\nlines"}))

    assert len(trace.id) == 32
    assert trace.id != TRACE
    assert trace.request is None


# figures


async def test_figures_tell_of_requests_rows_the_pool_and_subscriptions(observed: tuple[Engine, Tables]) -> None:
    tables = observed[1]
    await tables.links(count=2)
    await post(tables.address, "{ nope }")
    async with admitted(tables.address) as socket, httpx.AsyncClient() as client:
        await socket.subscribe("subscription { deep_links(limit: 1) { id } }")
        await socket.next()
        answer = await client.get(tables.address.replace("v1/graphql", "metrics"))

    told = dict(line.rsplit(" ", 1) for line in answer.text.splitlines() if not line.startswith("#"))
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert told['deeplinks_requests_total{code="",kind="mutation",role="admin"}'] == "1.0"
    assert told['deeplinks_requests_total{code="validation-failed",kind="refused",role="admin"}'] == "1.0"
    assert told['deeplinks_rows_total{kind="mutation"}'] == "2.0"
    assert told["deeplinks_subscriptions"] == told["deeplinks_live_queries"] == "1.0"
    assert float(told["deeplinks_statements_total"]) > 1
    assert float(told['deeplinks_pool_connections{state="idle"}']) >= 1


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 401),
        ({"authorization": "Bearer wrong"}, 401),
        ({"x-hasura-admin-secret": "wrong"}, 401),
        ({"x-hasura-admin-secret": "right"}, 200),
        ({"authorization": "Bearer right"}, 200),
        ({"authorization": "Bearer figures"}, 200),
    ],
)
async def test_figures_are_for_those_who_know_a_secret(database_url: str, headers: dict[str, str], status: int) -> None:
    settings = Settings(database_url=database_url, port=0, metrics=True, admin_secret="right", metrics_secret="figures")
    async with running(settings) as address, httpx.AsyncClient() as client:
        answer = await client.get(address.replace("v1/graphql", "metrics"), headers=headers)

    assert answer.status_code == status


# the screen


def test_the_screen_says_where_everything_is_and_no_password() -> None:
    settings = Settings(
        database_url="postgresql://me:password@db/graph", admin_secret="secret", development=True, metrics=True
    )
    told = screen(settings, "http://127.0.0.1:8080", embedded=True)

    for place in ("http://127.0.0.1:8080/v1/graphql", "ws://127.0.0.1:8080/v1/graphql", "/healthz", "/metrics"):
        assert place in told
    assert "postgresql://me@db/graph, embedded" in told
    assert "password" not in told
    assert "secret    x-hasura-admin-secret" in told
    assert len(told.splitlines()) < 20


def test_the_screen_of_production_has_no_explorer() -> None:
    told = screen(replace(Settings(), database_url="postgresql://db/graph"), "http://[::1]:80")

    assert "--dev" in told
    assert "only this machine is served" in told
