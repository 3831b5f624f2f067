"""Inserts that bring rows along, over real PostgreSQL and HTTP."""

from typing import Any

from tests.server.asked import Tables, new

LINKS = """mutation ($rows: [deep_links_insert_input!]!, $conflict: deep_links_on_conflict) {
  insert_deep_links(objects: $rows, on_conflict: $conflict) {
    affected_rows returning { id type { id string { _data } } out(order_by: {_i: asc}) { to { id } } string { _data } }
  }
}"""
ROWS = "query ($s: uuid!) { deep_links(where: {_deep: {_eq: $s}, id: {_neq: $s}}, order_by: {_i: asc}) { id _type _from } }"


def linked(tables: Tables, **more: Any) -> dict[str, Any]:
    return {"_deep": tables.space, **more}


def inserts(statements: list[str]) -> int:
    return sum("INSERT" in text for text in statements)


async def test_rows_come_with_their_type_their_data_and_their_links_to_any_depth(tables: Tables) -> None:
    kind = linked(tables, string={"data": {"_data": "User"}})
    follows = linked(tables, to={"data": linked(tables, type={"data": linked(tables)})})
    answer = await tables.ask(
        LINKS,
        rows=[linked(tables, type={"data": kind}, string={"data": [{"_data": "Alice"}]}, out={"data": [follows]})],
    )
    found = answer["insert_deep_links"]

    assert found["affected_rows"] == 7
    assert found["returning"][0]["type"]["string"] == [{"_data": "User"}]
    assert found["returning"][0]["string"] == [{"_data": "Alice"}]
    assert found["returning"][0]["out"][0]["to"]["id"]


async def test_a_thousand_rows_with_rows_of_their_own_are_a_statement_a_kind(
    tables: Tables, statements: list[str]
) -> None:
    data = {"data": [{"_data": "x"}]}
    rows = [linked(tables, string=data, out={"data": [linked(tables), linked(tables)]}) for _ in range(1000)]
    answer = await tables.ask(LINKS, rows=rows)

    assert answer["insert_deep_links"]["affected_rows"] == 4000
    assert inserts(statements) == 3


async def test_what_a_row_refers_to_is_made_before_it_and_what_refers_to_it_after(tables: Tables) -> None:
    kind, own, child = new(), new(), new()
    row = linked(tables, id=own, out={"data": linked(tables, id=child)}, type={"data": linked(tables, id=kind)})
    await tables.ask(LINKS, rows=[row])

    assert (await tables.ask(ROWS, s=tables.space))["deep_links"] == [
        {"id": kind, "_type": None, "_from": None},
        {"id": own, "_type": kind, "_from": None},
        {"id": child, "_type": None, "_from": own},
    ]


async def test_rows_that_name_one_type_are_made_one_after_the_other(tables: Tables) -> None:
    kind = {"data": linked(tables, id=new()), "on_conflict": {"constraint": "links_pkey", "update_columns": ["id"]}}
    answer = await tables.ask(LINKS, rows=[linked(tables, type=kind), linked(tables, type=kind)])

    assert answer["insert_deep_links"]["affected_rows"] == 4
    assert len({row["type"]["id"] for row in answer["insert_deep_links"]["returning"]}) == 1


async def test_below_a_row_that_is_ignored_nothing_is_made_and_nothing_stays(tables: Tables) -> None:
    (old,) = await tables.links(count=1)
    row = linked(tables, id=old, type={"data": linked(tables)}, out={"data": linked(tables)})
    error = await tables.error(LINKS, rows=[row], conflict={"constraint": "links_pkey", "update_columns": []})

    assert (error["code"], error["path"]) == ("not-supported", "$.selectionSet.insert_deep_links.args.objects[0]")
    assert [row["id"] for row in (await tables.ask(ROWS, s=tables.space))["deep_links"]] == [old]


async def test_an_object_that_is_ignored_is_nobodys(tables: Tables) -> None:
    (old,) = await tables.links(count=1)
    kind = {"data": linked(tables, id=old), "on_conflict": {"constraint": "links_pkey"}}
    error = await tables.error(LINKS, rows=[linked(tables, type=kind)])

    assert (error["code"], error["path"]) == ("not-supported", "$.selectionSet.insert_deep_links.args.objects[0].type")


async def test_a_row_without_rows_of_its_own_may_be_ignored_beside_others(tables: Tables) -> None:
    (old,) = await tables.links(count=1)
    rows = [linked(tables, id=old), linked(tables, out={"data": linked(tables)})]
    answer = await tables.ask(LINKS, rows=rows, conflict={"constraint": "links_pkey"})

    assert answer["insert_deep_links"]["affected_rows"] == 2


async def test_a_violation_is_told_with_the_place_of_its_rows(tables: Tables) -> None:
    (old,) = await tables.links(count=1)
    error = await tables.error(LINKS, rows=[linked(tables, out={"data": [linked(tables, id=old)]})])

    assert error["code"] == "constraint-violation"
    assert error["path"] == "$.selectionSet.insert_deep_links.args.objects[0].out.data"


async def test_data_comes_with_its_link(tables: Tables) -> None:
    answer = await tables.ask(
        "mutation ($row: deep_numbers_insert_input!) { insert_deep_numbers_one(object: $row) { _data link { number { _data } } } }",
        row={"_data": 7, "link": {"data": linked(tables)}},
    )

    assert answer["insert_deep_numbers_one"] == {"_data": 7, "link": {"number": [{"_data": 7}]}}


async def test_nested_rows_are_literals_too(tables: Tables) -> None:
    answer = await tables.ask(
        """mutation ($s: uuid!, $name: String!) {
          insert_deep_links_one(object: {_deep: $s, string: {data: {_data: $name}}, out: {data: []}, from: null}) {
            _from string { _data }
          }
        }""",
        s=tables.space,
        name="x",
    )

    assert answer["insert_deep_links_one"] == {"_from": None, "string": [{"_data": "x"}]}
