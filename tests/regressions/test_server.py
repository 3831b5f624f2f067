"""Requests that once were answered by a failure of the server's own. Found by the attacks, then shrunk."""

from typing import Any
from uuid import UUID

import httpx

from deeplinks.server.serve import running
from deeplinks.server.settings import Settings
from tests.asking import post
from tests.server.access.scene import PERMISSIONS


async def test_half_a_surrogate_pair_in_an_unknown_name_is_told_in_json(endpoint: str) -> None:
    half = '"\\ud800"'
    body = f'{{"query": "query ($w: deep_links_bool_exp) {{ deep_links(where: $w) {{ id }} }}", "variables": {{"w": {{{half}: {{}}}}}}}}'
    async with httpx.AsyncClient() as client:
        answer = await client.post(endpoint, content=body, headers={"content-type": "application/json"})

    assert answer.status_code == 200
    assert answer.json()["errors"][0]["extensions"]["code"] == "validation-failed"


async def test_a_number_of_thousands_of_digits_is_refused_by_its_place(endpoint: str) -> None:
    answer = await post(endpoint, f"{{ deep_links(limit: {'9' * 5000}) {{ id }} }}")

    assert answer["errors"][0]["extensions"] == {
        "path": "$.selectionSet.deep_links.args.limit",
        "code": "validation-failed",
    }


async def test_rows_that_are_nested_too_deep_are_refused(endpoint: str) -> None:
    row: dict[str, Any] = {}
    for _ in range(400):
        row = {"from": {"data": row}}
    query = "mutation ($row: deep_links_insert_input!) { insert_deep_links_one(object: $row) { id } }"
    answer = await post(endpoint, query, row=row)

    assert answer["errors"][0]["message"] == "the request is nested too deep"


async def test_no_updates_beside_another_mutation_are_an_empty_list(endpoint: str) -> None:
    query = """mutation ($id: uuid!) {
      many: update_deep_links_many(updates: []) { affected_rows }
      one: delete_deep_links_by_pk(id: $id) { id }
    }"""
    answer = await post(endpoint, query, id=str(UUID(int=1)))

    assert answer == {"data": {"many": [], "one": None}}


async def test_what_would_be_asked_of_rows_is_read_also_where_no_row_is_looked_at(endpoint: str) -> None:
    for text in (
        "update_deep_links(where: {id: {_eq: null}}) { affected_rows }",
        "insert_deep_links(objects: [], on_conflict: {constraint: links_pkey, where: {id: {_eq: null}}}) { affected_rows }",
    ):
        answer = await post(endpoint, f"mutation {{ {text} }}")
        assert answer["errors"][0]["extensions"]["code"] == "validation-failed"


async def test_a_role_may_count_the_log_it_sees(database_url: str) -> None:
    settings = Settings(database_url=database_url, port=0, permissions=PERMISSIONS)
    headers = {"x-hasura-role": "member", "x-hasura-space": str(UUID(int=1))}
    async with running(settings) as endpoint:
        answer = await post(endpoint, "{ deep_changes_aggregate { aggregate { count } nodes { n } } }", headers)

    assert answer == {"data": {"deep_changes_aggregate": {"aggregate": {"count": 0}, "nodes": []}}}
