"""HTTP manners: media types and statuses, batches, hosts and origins, and what is read of a body."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import httpx
import pytest
from psycopg_pool import AsyncConnectionPool
from websockets.exceptions import InvalidStatus

from deeplinks.errors import SettingsError
from deeplinks.server.app import create_app
from deeplinks.server.database import Database
from deeplinks.server.engine import Engine
from deeplinks.server.limits import Limits
from deeplinks.server.negotiation import GRAPHQL, JSON, chosen
from deeplinks.server.serve import running
from deeplinks.server.settings import Settings
from deeplinks.storage.postgres import Pool
from tests.server.asked import Tables
from tests.server.socket import opened

TYPENAME = {"query": "{ __typename }"}
PAGE = "https://page.example"
SECRET = {"x-hasura-admin-secret": "right"}
LARGE = {"content-length": "40000"}
ADDRESS = "http://localhost/v1/graphql"


def offline(settings: Settings) -> httpx.AsyncClient:
    """A client of an app whose database nobody can reach, for requests that need none."""
    settings = replace(settings, database_url="postgresql://127.0.0.1:1/nowhere")
    pool: Pool = AsyncConnectionPool(settings.database, open=False)
    transport = httpx.ASGITransport(create_app(settings, Engine(settings, Database(pool))))
    return httpx.AsyncClient(transport=transport, base_url=ADDRESS)


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with offline(Settings()) as client:
        yield client


@pytest.fixture
async def guarded() -> AsyncIterator[httpx.AsyncClient]:
    """The same behind a secret, "right"."""
    async with offline(Settings(admin_secret="right")) as client:
        yield client


# media types


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        (None, JSON),
        ("*/*", JSON),
        ("application/*", JSON),
        (f"{JSON}, {GRAPHQL}", JSON),
        (f"{GRAPHQL}, {JSON}", JSON),
        (f"{GRAPHQL},{JSON};q=0.9", GRAPHQL),
        (f"{GRAPHQL};q=0.1", GRAPHQL),
        (f"{GRAPHQL}; charset=utf-8, */*;q=0.1", GRAPHQL),
        (f"{GRAPHQL};q=0", JSON),
        (f"{GRAPHQL};q=nonsense", JSON),
        (f"{GRAPHQL.upper()}", GRAPHQL),
        ("text/html", JSON),
    ],
)
def test_the_newer_media_type_is_for_those_who_like_it_better(accept: str | None, expected: str) -> None:
    assert chosen(accept) == expected


@pytest.mark.parametrize(
    ("query", "old", "new"),
    [
        ("{ __typename }", 200, 200),
        ("{ nope }", 200, 400),
        ("{", 200, 400),
        ("subscription { deep_links { id } }", 200, 400),
    ],
)
async def test_errors_have_a_status_of_their_own_in_the_newer_type_only(
    client: httpx.AsyncClient, query: str, old: int, new: int
) -> None:
    for accept, status in ((JSON, old), (GRAPHQL, new)):
        answer = await client.post(ADDRESS, json={"query": query}, headers={"accept": accept})
        assert (answer.status_code, answer.headers["content-type"]) == (status, accept)


async def test_who_is_not_admitted_is_told_401_in_the_newer_type(guarded: httpx.AsyncClient) -> None:
    answer = await guarded.post(ADDRESS, json=TYPENAME, headers={"accept": GRAPHQL})

    assert (answer.status_code, answer.json()["errors"][0]["extensions"]["code"]) == (401, "access-denied")


async def test_answers_are_compressed_where_both_want_it(client: httpx.AsyncClient) -> None:
    long = {"query": f"{{ {' '.join(f'a{number}: __typename' for number in range(40))} }}"}
    async with offline(Settings(compress=True)) as willing:
        answers = [await one.post(ADDRESS, json=long) for one in (willing, client)]
        short = await willing.post(ADDRESS, json=TYPENAME)
        unasked = await willing.post(ADDRESS, json=long, headers={"accept-encoding": "identity"})

    assert [one.headers.get("content-encoding") for one in (*answers, short, unasked)] == ["gzip", None, None, None]
    assert answers[0].json() == answers[1].json()


async def test_what_is_not_taken_says_what_is(client: httpx.AsyncClient) -> None:
    answer = await client.get(ADDRESS, params=TYPENAME)

    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")


# batches


async def test_a_batch_is_answered_in_its_order_each_with_its_own_errors(tables: Tables) -> None:
    insert = "mutation ($id: uuid!) { insert_deep_links_one(object: {id: $id, _deep: $id}) { id } }"
    (id,) = await tables.links(count=1)
    batch: list[dict[str, Any]] = [
        {"query": insert, "variables": {"id": tables.space}},
        {"query": "{ nope }"},
        {"query": "query ($id: uuid!) { deep_links_by_pk(id: $id) { id } }", "variables": {"id": id}},
    ]
    async with httpx.AsyncClient() as client:
        answer = await client.post(tables.address, json=batch, headers={"accept": GRAPHQL})

    first, second, third = answer.json()
    assert (answer.status_code, answer.headers["content-type"]) == (200, JSON)
    assert first["errors"][0]["extensions"]["code"] == "constraint-violation"
    assert second["errors"][0]["extensions"]["path"] == "$.selectionSet.nope"
    assert third == {"data": {"deep_links_by_pk": {"id": id}}}


async def test_a_later_request_of_a_batch_sees_the_earlier(tables: Tables) -> None:
    insert = f'mutation {{ insert_deep_links_one(object: {{_deep: "{tables.space}"}}) {{ __typename }} }}'
    count = f'{{ deep_links(where: {{_deep: {{_eq: "{tables.space}"}}}}) {{ __typename }} }}'
    async with httpx.AsyncClient() as client:
        answer = await client.post(tables.address, json=[{"query": insert}, {"query": count}])

    # The link, and the root of its space.
    assert len(answer.json()[1]["data"]["deep_links"]) == 2


async def test_an_empty_batch_has_an_empty_answer(client: httpx.AsyncClient) -> None:
    assert (await client.post(ADDRESS, json=[])).json() == []


async def test_a_batch_with_something_else_in_it_is_refused_whole(client: httpx.AsyncClient) -> None:
    answer = await client.post(ADDRESS, json=[TYPENAME, {"query": 1}])

    assert answer.json()["errors"][0]["extensions"] == {"path": "$[1]", "code": "parse-failed"}


async def test_a_batch_of_one_who_may_not_is_refused_as_one(guarded: httpx.AsyncClient) -> None:
    assert (await guarded.post(ADDRESS, json=[TYPENAME])).json().keys() == {"errors"}


async def test_a_batch_over_the_limit_of_its_role_is_refused() -> None:
    async with offline(Settings(limits={"admin": Limits(batch=2)})) as client:
        answer = await client.post(ADDRESS, json=[TYPENAME] * 3)

    assert answer.json()["errors"][0]["extensions"]["code"] == "limit-exceeded"


# bodies


@pytest.mark.parametrize(
    ("told", "code", "read"),
    [({}, "access-denied", 0), (SECRET | LARGE, "payload-too-large", 0), (SECRET, "payload-too-large", 3)],
)
async def test_no_more_is_read_of_a_body_than_its_sender_may_send(told: dict[str, str], code: str, read: int) -> None:
    parts: list[bytes] = []

    async def body() -> AsyncIterator[bytes]:
        for _ in range(100):
            parts.append(b" " * 400)
            yield parts[-1]

    async with offline(Settings(admin_secret="right", limits={"admin": Limits(body=1000)})) as client:
        answer = await client.post(ADDRESS, content=body(), headers={"content-type": JSON, **told})

    assert (answer.json()["errors"][0]["extensions"]["code"], len(parts)) == (code, read)


async def test_a_compressed_body_is_refused(client: httpx.AsyncClient) -> None:
    answer = await client.post(ADDRESS, json=TYPENAME, headers={"content-encoding": "gzip"})

    assert answer.status_code == 415


@pytest.mark.parametrize(
    "content_type", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""]
)
async def test_what_any_page_may_send_unasked_is_refused(client: httpx.AsyncClient, content_type: str) -> None:
    answer = await client.post(ADDRESS, content=b'{"query": "{ __typename }"}', headers={"content-type": content_type})

    assert answer.status_code == 415


# hosts


@pytest.mark.parametrize(
    "host", ["localhost", "LOCALHOST:1", "127.0.0.1:8080", "127.0.0.2", "[::1]:8080", "localhost."]
)
async def test_without_a_secret_this_machine_is_answered(client: httpx.AsyncClient, host: str) -> None:
    assert (await client.post(ADDRESS, json=TYPENAME, headers={"host": host})).status_code == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "localhost.evil.example:80", "", "[", "@localhost"]
)
@pytest.mark.parametrize("path", ["/v1/graphql", "/healthz", "/v1/version"])
async def test_without_a_secret_a_name_made_to_mean_this_machine_is_not(
    client: httpx.AsyncClient, host: str, path: str
) -> None:
    answer = await client.post(ADDRESS.replace("/v1/graphql", path), json=TYPENAME, headers={"host": host})

    assert answer.status_code == 403


async def test_nor_is_a_socket_by_such_a_name(endpoint: str) -> None:
    with pytest.raises(InvalidStatus, match="403"):
        async with opened(endpoint, additional_headers={"host": "evil.example"}):
            pass


async def test_with_a_secret_any_name_will_do(guarded: httpx.AsyncClient) -> None:
    headers = SECRET | {"host": "graph.example"}

    assert (await guarded.post(ADDRESS, json=TYPENAME, headers=headers)).status_code == 200


# origins


def preflight(origin: str) -> dict[str, str]:
    asked = "content-type,x-hasura-admin-secret"
    return {"origin": origin, "access-control-request-method": "POST", "access-control-request-headers": asked}


async def test_no_page_of_another_origin_may_ask_unless_it_is_named(client: httpx.AsyncClient) -> None:
    answer = await client.options(ADDRESS, headers=preflight(PAGE))

    assert (answer.is_success, "access-control-allow-origin" in answer.headers) == (False, False)


@pytest.mark.parametrize(
    ("domains", "origin", "may"),
    [
        ((PAGE,), PAGE, True),
        ((PAGE,), "http://page.example", False),
        ((PAGE,), "https://page.example.evil.example", False),
        (("https://*.page.example",), "https://a.b.page.example", True),
        (("https://*.page.example",), "https://page.example", False),
        (("https://*.page.example",), "https://evil.example/.page.example", False),
        (("https://a.example", "http://localhost:*"), "http://localhost:5173", True),
        (("*",), PAGE, True),
    ],
)
async def test_pages_of_named_origins_may(domains: tuple[str, ...], origin: str, may: bool) -> None:
    async with offline(Settings(admin_secret="right", cors_domains=domains)) as client:
        asked = await client.options(ADDRESS, headers=preflight(origin))
        told = await client.post(ADDRESS, json=TYPENAME, headers={"origin": origin})

    assert (asked.is_success, "access-control-allow-origin" in told.headers) == (may, may)


async def test_pages_of_named_origins_may_open_sockets_and_no_others(database_url: str) -> None:
    settings = Settings(database_url=database_url, port=0, cors_domains=(PAGE,))
    async with running(settings) as address:
        async with opened(address, origin=PAGE) as socket:
            await socket.begin()
        with pytest.raises(InvalidStatus, match="403"):
            async with opened(address, origin="https://other.example"):
                pass


def test_a_server_without_a_secret_is_not_for_everybodys_pages() -> None:
    with pytest.raises(SettingsError, match="ADMIN_SECRET"):
        Settings.from_env({"HASURA_GRAPHQL_CORS_DOMAIN": "*"})


@pytest.mark.parametrize("domain", ["page.example", "https://page.example/", "https://page.example/path", "ftp://a"])
def test_a_domain_that_is_no_origin_is_an_error(domain: str) -> None:
    with pytest.raises(SettingsError, match="no origin"):
        Settings.from_env({"HASURA_GRAPHQL_CORS_DOMAIN": f"https://good.example, {domain}"})
