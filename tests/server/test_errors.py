"""What a client hears when something goes wrong, and what it never hears."""

import json
from collections.abc import Iterator

import httpx
import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from deeplinks.server.engine import open_engine
from deeplinks.server.serve import running
from deeplinks.server.settings import Settings
from tests.asking import post
from tests.server.asked import Tables, new

INSERT = "mutation ($row: deep_strings_insert_input!) { insert_deep_strings_one(object: $row) { id } }"


async def test_malformed_text_is_a_data_exception(tables: Tables) -> None:
    error = await tables.error('{ deep_links(where: {id: {_eq: "x"}}) { id } }')

    assert error == {
        "message": 'invalid input syntax for type uuid: "x"',
        "code": "data-exception",
        "path": "$",
        "sqlstate": "22P02",
    }


async def test_a_missing_link_is_a_foreign_key_violation_in_the_triggers_own_words(tables: Tables) -> None:
    error = await tables.error(INSERT, row={"id": new(), "_data": "a"})

    assert (error["code"], error["sqlstate"]) == ("constraint-violation", "23503")
    assert error["constraint"] == "strings_link_fkey"
    assert error["message"].startswith("Foreign key violation. no link: ")


async def test_a_second_link_of_one_id_names_the_constraint_and_no_row(tables: Tables) -> None:
    (id,) = await tables.links(count=1)
    error = await tables.error(
        "mutation ($id: uuid!, $s: uuid!) { insert_deep_links_one(object: {id: $id, _deep: $s}) { id } }",
        id=id,
        s=tables.space,
    )

    assert id not in str(error)


async def test_a_batch_that_was_applied_is_told_by_its_constraint(tables: Tables) -> None:
    row = {"_deep": tables.space, "client": new(), "seq": 1, "checksum": "a"}
    query = "mutation ($row: deep_batches_insert_input!) { insert_deep_batches_one(object: $row) { seq } }"
    await tables.ask(query, row=row)
    error = await tables.error(query, row=row)

    assert (error["sqlstate"], error["constraint"]) == ("23505", "batches_pkey")
    assert "already applied" in error["message"]


@pytest.mark.parametrize("text", ["a\x00b", "\ud800"])
@pytest.mark.parametrize(
    "query",
    [
        INSERT.replace("$row: deep_strings_insert_input!", "$x: String!").replace("$row", '{id: "x", _data: $x}'),
        "query ($x: String!) { deep_strings(where: {_data: {_eq: $x}}) { id } }",
        "query ($x: [String!]!) { deep_strings(where: {_data: {_in: $x}}) { id } }",
    ],
)
async def test_text_that_cannot_be_stored_is_a_data_exception(tables: Tables, query: str, text: str) -> None:
    body = json.dumps({"query": query, "variables": {"x": text}})
    async with httpx.AsyncClient() as client:
        answer = await client.post(tables.address, content=body, headers={"content-type": "application/json"})

    assert answer.json()["errors"][0]["extensions"]["code"] == "data-exception"


async def test_a_database_without_our_tables_names_the_command_that_makes_them(bare_endpoint: str) -> None:
    answer = await post(bare_endpoint, "{ deep_links { id } }")

    assert answer["errors"][0]["extensions"]["code"] == "schema-missing"
    assert "deeplinks migrate" in answer["errors"][0]["message"]


@pytest.fixture
def locked(database_url: str) -> Iterator[None]:
    """Somebody holds the links, and who waits for a lock soon gives up."""
    with psycopg.connect(database_url) as other:
        other.execute("lock table deep.links")
        yield


async def status(address: str) -> httpx.Response:
    async with httpx.AsyncClient() as client:
        return await client.post(address, json={"query": "{ deep_links(limit: 1) { id } }"})


async def test_a_lock_that_is_not_got_is_unavailable_and_may_be_tried_again(database_url: str, locked: None) -> None:
    impatient = make_conninfo(database_url, options="-c lock_timeout=50ms")
    async with running(Settings(database_url=impatient, port=0)) as address:
        answer = await status(address)

    assert (answer.status_code, answer.headers["retry-after"]) == (503, "1")
    assert answer.json()["errors"][0]["extensions"]["code"] == "unavailable"
    assert answer.json()["errors"][0]["extensions"]["sqlstate"] == "55P03"


async def test_a_database_that_went_away_is_unavailable_and_then_comes_back(database_url: str, tables: Tables) -> None:
    await tables.ask("{ deep_links(limit: 1) { id } }")
    with psycopg.connect(database_url, autocommit=True) as admin:
        admin.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity "
            "where datname = current_database() and pid <> pg_backend_pid()"
        )

    assert (await status(tables.address)).status_code in (200, 503)
    assert await tables.ask("{ deep_links(limit: 1) { id } }")


async def test_all_connections_busy_is_unavailable(database_url: str) -> None:
    settings = Settings(database_url=database_url, port=0, pool_size=1, pool_timeout=2)
    async with open_engine(settings) as engine, running(settings, engine) as address, engine.database.pool.connection():
        answer = await status(address)

    assert answer.status_code == 503


INJECTIONS = ["id; drop table deep.links", 'id" desc; --', "id') returning *; --", "(select 1)", "pg_sleep(1)", "é"]


@pytest.mark.parametrize("evil", INJECTIONS)
async def test_a_name_that_is_no_name_of_ours_goes_nowhere(tables: Tables, statements: list[str], evil: str) -> None:
    order = "query ($o: [deep_links_order_by!]) { deep_links(order_by: $o) { id } }"
    where = "query ($w: deep_links_bool_exp) { deep_links(where: $w) { id } }"
    insert = """mutation ($rows: [deep_links_insert_input!]!, $c: deep_links_on_conflict) {
      insert_deep_links(objects: $rows, on_conflict: $c) { affected_rows }
    }"""
    update = "mutation ($u: [deep_links_updates!]!) { update_deep_links_many(updates: $u) { affected_rows } }"
    requests: list[tuple[str, dict[str, object]]] = [
        (order, {"o": [{evil: "asc"}]}),
        (order, {"o": [{"id": evil}]}),
        (where, {"w": {evil: {"_eq": "x"}}}),
        (where, {"w": {"id": {evil: "x"}}}),
        (where, {"w": {"from": {evil: {}}}}),
        (insert, {"rows": [{evil: "x"}]}),
        (insert, {"rows": [], "c": {"constraint": evil}}),
        (insert, {"rows": [], "c": {"constraint": "links_pkey", "update_columns": [evil]}}),
        (update, {"u": [{"where": {}, "_set": {evil: "x"}}]}),
        (update, {"u": [{"where": {}, evil: {}}]}),
        (f"{{ deep_links {{ {evil} }} }}", {}),
        (f"{{ {evil}: deep_links {{ id }} }}", {}),
    ]
    for query, variables in requests:
        assert (await tables.error(query, **variables))["code"] == "validation-failed", (query, variables)

    assert statements == []
