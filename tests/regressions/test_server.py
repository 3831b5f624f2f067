"""Requests that once were answered by a failure of the server's own. Found by the attacks, then shrunk."""

from typing import Any

import httpx

from tests.asking import post


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
