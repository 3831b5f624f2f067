"""Numbers keep every digit, both ways, as numbers and as strings."""

import json
from decimal import Decimal
from typing import Any

import httpx
import pytest

from tests.server.asked import Tables, new

LONG = "123456789012345678901234567890.123456789012345678901234567890"
STRINGIFY = {"x-hasura-stringify-numeric-types": "true"}
INSERT = "mutation ($row: deep_numbers_insert_input!) { insert_deep_numbers_one(object: $row) { _data } }"


async def raw(tables: Tables, query: str, variables: str = "{}", **headers: str) -> str:
    """The answer's text, for a body whose numbers nobody touches on the way."""
    body = f'{{"query":{json.dumps(query)},"variables":{variables}}}'
    async with httpx.AsyncClient() as client:
        answer = await client.post(
            tables.address, content=body, headers={"content-type": "application/json", **headers}
        )
    return answer.text


@pytest.mark.parametrize(
    "number",
    [
        "0",
        "-1",
        "0.1",
        "1.10",
        LONG,
        f"-{LONG}",
        "9007199254740993",
        "18446744073709551616",
        "1e30",
        "0.000000000000000000001",
    ],
)
@pytest.mark.parametrize("quotes", ["", '"'])
async def test_a_number_comes_back_with_the_digits_it_had(tables: Tables, number: str, quotes: str) -> None:
    (id,) = await tables.links(count=1)
    text = await raw(tables, INSERT, f'{{"row":{{"id":"{id}","_data":{quotes}{number}{quotes}}}}}')
    data = json.loads(text, parse_float=Decimal)["data"]["insert_deep_numbers_one"]["_data"]

    assert Decimal(data) == Decimal(number)
    assert "e" in number or f'"_data":{number}}}' in text


async def test_a_literal_keeps_its_digits(tables: Tables) -> None:
    (id,) = await tables.links(count=1)
    text = await raw(
        tables, f'mutation {{ insert_deep_numbers_one(object: {{id: "{id}", _data: {LONG}}}) {{ _data }} }}'
    )

    assert f'"_data":{LONG}' in text


async def test_a_number_in_a_condition_is_exact(tables: Tables) -> None:
    ids = await tables.data("numbers", LONG, LONG + "1")
    query = "query ($x: numeric!) { deep_numbers(where: {_data: {_eq: $x}}) { id } }"

    for value in (LONG, f'"{LONG}"'):
        assert json.loads(await raw(tables, query, f'{{"x":{value}}}'))["data"]["deep_numbers"] == [{"id": ids[0]}]


async def test_numbers_inside_json_are_exact(tables: Tables) -> None:
    (id,) = await tables.links(count=1)
    query = "mutation ($row: deep_functions_insert_input!) { insert_deep_functions_one(object: $row) { _data } }"
    text = await raw(tables, query, f'{{"row":{{"id":"{id}","_data":{{"a":[{LONG}]}}}}}}')

    assert f'"_data":{{"a": [{LONG}]}}' in text


async def test_numerics_and_bigints_are_strings_where_the_request_wants_that(tables: Tables) -> None:
    (id,) = await tables.data("numbers", LONG)
    query = f'{{ deep_numbers_by_pk(id: "{id}") {{ _data link {{ _i number {{ _data }} }} }} }}'
    text = await raw(tables, query, **STRINGIFY)
    link = json.loads(text)["data"]["deep_numbers_by_pk"]["link"]

    assert f'"_data":"{LONG}"' in text
    assert isinstance(link["_i"], str)
    assert link["number"] == [{"_data": LONG}]


async def test_affected_rows_stay_a_number_where_numerics_are_strings(tables: Tables) -> None:
    text = await raw(tables, "mutation { delete_deep_links(where: {_or: []}) { affected_rows } }", **STRINGIFY)

    assert '"affected_rows":0' in text


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity"])
async def test_what_is_no_json_number_is_a_string(tables: Tables, value: str) -> None:
    ids = await tables.data("numbers", value)
    answer = await tables.ask(
        "query ($id: uuid!) { deep_numbers_by_pk(id: $id) { _data link { number { _data } } } }", id=ids[0]
    )

    assert answer["deep_numbers_by_pk"] == {"_data": value, "link": {"number": [{"_data": value}]}}


async def test_a_number_that_no_number_type_holds_is_refused(tables: Tables) -> None:
    answer = json.loads(await raw(tables, INSERT, '{"row":{"_data":1e99999999999999999999}}'))

    assert answer["errors"][0]["extensions"]["code"] == "invalid-json"


async def test_a_bigint_takes_text_and_numbers_up_to_its_bounds(tables: Tables) -> None:
    row: dict[str, Any] = {"id": new(), "_deep": tables.space, "_i": "9223372036854775000"}
    await tables.links(row)
    answer = await tables.ask(
        "query ($i: bigint!) { deep_links(where: {_i: {_eq: $i}}) { _i } }", i=9223372036854775000
    )

    assert answer["deep_links"] == [{"_i": 9223372036854775000}]
    assert (await tables.error("{ deep_links(where: {_i: {_eq: 9223372036854775808}}) { _i } }"))["sqlstate"] == "22003"


async def test_a_fraction_is_no_bigint(tables: Tables) -> None:
    assert (await tables.error("{ deep_links(where: {_i: {_eq: 1.5}}) { _i } }"))["code"] == "data-exception"
