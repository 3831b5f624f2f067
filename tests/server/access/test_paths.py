"""Ways around a role's rights that the matrix does not walk: the log, nested rows, rows given away, variables, the schema, streams."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import psycopg
import pytest

from deeplinks.server import answers
from deeplinks.server.bodies import Request
from deeplinks.server.engine import open_engine
from deeplinks.server.settings import Settings
from tests.server.access.scene import PERMISSIONS, Held, Scene
from tests.server.asked import new

LOG = "{ deep_changes(order_by: {n: asc}) { _deep n id before after } }"
INSERT = "mutation ($row: deep_links_insert_input!) { insert_deep_links(objects: [$row]) { affected_rows } }"
STREAM = """subscription {
  deep_links_stream(
    batch_size: 100
    cursor: {initial_value: {_from: "00000000-0000-0000-0000-000000000000"}, ordering: ASC}
  ) { id _from }
}"""


@pytest.fixture
async def scene(database_url: str) -> AsyncIterator[Scene]:
    settings = Settings(database_url=database_url, permissions=PERMISSIONS, development=True)
    async with open_engine(settings) as engine:
        with psycopg.connect(database_url, autocommit=True) as connection:
            yield Scene(engine, connection)


def changed(scene: Scene) -> dict[str, Held]:
    """A text of each user's, changed once; Bob's is deleted."""
    held = {name: scene.fresh(user, "strings") for name, user in scene.users.items()}
    for one in held.values():
        scene.connection.execute("update deep.strings set _data = _data || 'z' where id = %s", (one.id,))
    scene.connection.execute("delete from deep.links where id = %s", (held["bob"].id,))
    return held


async def entries(scene: Scene, role: str, query: str = LOG) -> tuple[str, list[dict[str, Any]]]:
    text = await scene.ask(role, scene.users["alice"], query)
    return text, json.loads(text)["data"]["deep_changes"]


async def test_the_log_tells_of_hidden_rows_their_number_alone(scene: Scene) -> None:
    held = changed(scene)

    text, rows = await entries(scene, "reader")

    assert held["alice"].secrets["strings"] in text
    assert not [one for name in ("bob", "eve") for one in (held[name].secrets["strings"], held[name].id) if one in text]
    numbers = [row["n"] for row in rows if row["_deep"] == scene.users["alice"].space]
    assert numbers == list(range(1, len(numbers) + 1))


async def test_the_log_shows_no_column_that_is_hidden_in_its_table(scene: Scene) -> None:
    changed(scene)

    _, rows = await entries(scene, "reader")

    assert all(set(row["after"]) <= {"id", "_deep", "_from", "_to", "_data"} for row in rows if row["after"])


async def test_who_is_confined_to_a_space_reads_its_log_whole_and_no_other(scene: Scene) -> None:
    held = changed(scene)

    text, rows = await entries(scene, "member")

    assert held["bob"].secrets["strings"] in text
    assert {row["_deep"] for row in rows} == {scene.users["alice"].space}


@pytest.mark.parametrize("role", ["reader", "member"])
@pytest.mark.parametrize("where", ['{id: {_eq: "%s"}}', '{after: {_contains: {id: "%s"}}}'])
async def test_no_condition_finds_what_the_log_hides(scene: Scene, role: str, where: str) -> None:
    eve = changed(scene)["eve"]

    _, rows = await entries(scene, role, f"{{ deep_changes(where: {where % eve.id}) {{ n }} }}")

    assert rows == []


async def test_a_hidden_column_is_none_in_a_nested_row_either(scene: Scene) -> None:
    alice, eve = scene.users["alice"], scene.users["eve"]
    text = {"data": [{"_data": "mine", "_deep": eve.space}]}

    answer = await scene.ask("writer", alice, INSERT, row={"id": new(), "_from": alice.id, "string": text})

    assert '"validation-failed"' in answer


async def test_the_check_holds_for_nested_rows_and_undoes_those_around_them(scene: Scene) -> None:
    alice, outer = scene.users["alice"], new()
    row = {"id": outer, "_deep": alice.space, "_from": alice.id, "out": {"data": [{"_deep": alice.space}]}}

    answer = await scene.ask("owner", alice, INSERT, row=row)

    assert '"permission-error"' in answer
    assert scene.connection.execute("select from deep.links where id = %s", (outer,)).fetchone() is None


async def test_a_row_can_not_be_given_away(scene: Scene) -> None:
    alice, bob, mine = scene.users["alice"], scene.users["bob"], scene.held["alice"]
    give = (
        "mutation ($id: uuid!, $to: uuid) { update_deep_links_by_pk(pk_columns: {id: $id}, _set: {_from: $to}) { id } }"
    )

    answer = await scene.ask("owner", alice, give, id=mine.id, to=bob.id)

    assert '"permission-error"' in answer
    assert scene.there("links", mine.id)["_from"] == alice.id


@pytest.mark.parametrize("role", ["owner", "member"])
async def test_a_rule_that_needs_a_variable_is_no_rule_for_all_where_there_is_none(scene: Scene, role: str) -> None:
    session = scene.engine.admission.admit({"x-hasura-role": role})

    answer = answers.response(await scene.engine.execute(Request("{ deep_links { id } }", {}, None), session))

    assert answers.code(answer) == "not-found"


async def test_a_variable_of_a_request_is_none_of_the_session(scene: Scene) -> None:
    session = scene.engine.admission.admit({"x-hasura-role": "owner"})
    request = Request("{ deep_links { id } }", {"x-hasura-user-id": scene.users["alice"].id}, None)

    assert answers.code(answers.response(await scene.engine.execute(request, session))) == "validation-failed"


async def test_a_role_is_told_of_its_own_schema_alone(scene: Scene) -> None:
    asked = '{ __type(name: "deep_links") { fields { name } } __schema { mutationType { name } types { name } } }'

    told = json.loads(await scene.ask("reader", scene.users["alice"], asked))["data"]

    columns, relations = (
        {"id", "_deep", "_from", "_to"},
        {"type", "from", "to", "value", "typed", "out", "in", "valued"},
    )
    assert {field["name"] for field in told["__type"]["fields"]} == columns | relations | {"string"}
    assert told["__schema"]["mutationType"] is None
    assert not [one for one in told["__schema"]["types"] if "numbers" in one["name"]]


async def test_a_stream_tells_visible_rows_alone(scene: Scene) -> None:
    for user in scene.users.values():
        scene.fresh(user, "strings")

    told = await scene.ask("reader", scene.users["alice"], STREAM)

    assert scene.users["alice"].id in told
    assert scene.users["bob"].id not in told
