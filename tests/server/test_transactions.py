"""A mutation document is one transaction, in written order."""

import asyncio
from contextlib import suppress

import psycopg

from tests.server.asked import Tables, new
from tests.waiting import until


async def count(tables: Tables) -> int:
    query = "query ($s: uuid!) { deep_links(where: {_deep: {_eq: $s}}) { id } }"
    return len((await tables.ask(query, s=tables.space))["deep_links"])


async def test_a_failing_field_undoes_all_and_only_the_error_is_answered(tables: Tables) -> None:
    id = new()
    query = """mutation ($id: uuid!, $s: uuid!) {
      first: insert_deep_links_one(object: {id: $id, _deep: $s}) { id }
      second: insert_deep_links_one(object: {id: $id, _deep: $s}) { id }
      third: insert_deep_links_one(object: {_deep: $s}) { id }
    }"""
    error = await tables.error(query, id=id, s=tables.space)

    assert (error["sqlstate"], error["path"]) == ("23505", "$.selectionSet.insert_deep_links_one.args.object")
    assert await count(tables) == 0


async def test_a_failure_in_the_last_field_undoes_the_first(tables: Tables) -> None:
    query = """mutation ($s: uuid!) {
      insert_deep_links_one(object: {_deep: $s}) { id }
      update_deep_links(where: {_deep: {_eq: $s}}, _set: {_i: 5}) { affected_rows }
    }"""
    error = await tables.error(query, s=tables.space)

    assert (error["code"], error["sqlstate"]) == ("data-exception", "22L05")
    assert error["message"].startswith("fixed: ")
    assert await count(tables) == 0


async def test_a_failure_after_a_field_that_follows_relations_undoes_it_too(tables: Tables) -> None:
    query = """mutation ($s: uuid!) {
      insert_deep_links_one(object: {_deep: $s}) { type { id } }
      delete_deep_links(where: {id: {_eq: "x"}}) { affected_rows }
    }"""

    assert (await tables.error(query, s=tables.space))["sqlstate"] == "22P02"
    assert await count(tables) == 0


async def test_a_failing_update_of_many_undoes_the_others(tables: Tables) -> None:
    (a,) = await tables.links(count=1)
    updates = [
        {"where": {"id": {"_eq": a}}, "_set": {"_to": a}},
        {"where": {"id": {"_eq": a}}, "_set": {"_i": 3}},
    ]
    await tables.error(
        "mutation ($u: [deep_links_updates!]!) { update_deep_links_many(updates: $u) { affected_rows } }", u=updates
    )
    answer = await tables.ask("query ($a: uuid!) { deep_links_by_pk(id: $a) { _to } }", a=a)

    assert answer["deep_links_by_pk"] == {"_to": None}


async def test_fields_run_in_written_order(tables: Tables) -> None:
    id = new()
    query = """mutation ($id: uuid!, $s: uuid!) {
      z: insert_deep_links_one(object: {id: $id, _deep: $s}) { _to }
      a: update_deep_links_by_pk(pk_columns: {id: $id}, _set: {_to: $id}) { _to }
      m: delete_deep_links_by_pk(id: $id) { _to }
      b: insert_deep_links_one(object: {id: $id, _deep: $s}) { _to }
    }"""
    answer = await tables.ask(query, id=id, s=tables.space)

    assert list(answer.items()) == [("z", {"_to": None}), ("a", {"_to": id}), ("m", {"_to": id}), ("b", None)]


async def test_a_request_that_is_refused_before_it_runs_changes_nothing(tables: Tables, statements: list[str]) -> None:
    query = """mutation ($s: uuid!, $x: uuid) {
      insert_deep_links_one(object: {_deep: $s}) { id }
      delete_deep_links(where: {id: {_eq: $x}}) { affected_rows }
    }"""
    await tables.error(query, s=tables.space)

    assert statements == []


async def test_a_connection_that_saw_an_error_serves_the_next_request(tables: Tables) -> None:
    bad = 'mutation { a: delete_deep_links(where: {id: {_eq: "x"}}) { affected_rows } b: delete_deep_links(where: {_or: []}) { affected_rows } }'
    for _ in range(12):
        await tables.error(bad)
        await tables.error('{ a: deep_links(where: {id: {_eq: "x"}}) { id } b: deep_links(limit: 1) { id } }')
        await tables.ask("mutation ($s: uuid!) { insert_deep_links_one(object: {_deep: $s}) { id } }", s=tables.space)


async def test_a_mutation_that_was_undone_for_a_circle_of_writers_is_begun_anew(
    tables: Tables, database_url: str
) -> None:
    a, b = await tables.links(count=2)
    query = "mutation ($a: uuid!) { update_deep_links_by_pk(pk_columns: {id: $a}, _set: {_to: $a}) { id } }"
    write = "update deep.links set _from = %s where id = %s"
    async with await psycopg.AsyncConnection.connect(database_url) as other:
        # It is the mutation that looks for circles first, unless this machine stands still.
        await other.execute("set deadlock_timeout = '10s'")
        await other.execute(write, [b, b])
        answer = asyncio.create_task(tables.ask(query, a=a))
        await until(lambda: _waits(database_url))
        with suppress(psycopg.errors.DeadlockDetected):
            await other.execute(write, [b, a])
        await other.rollback()

    assert await answer == {"update_deep_links_by_pk": {"id": a}}


def _waits(database_url: str) -> bool:
    query = "select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"
    with psycopg.connect(database_url) as connection:
        return bool(connection.execute(query).fetchall())
