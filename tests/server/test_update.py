"""Updates and deletes over real PostgreSQL and HTTP."""

from typing import Any

from tests.server.asked import Tables, new

MANY = """mutation ($updates: [deep_links_updates!]!) {
  update_deep_links_many(updates: $updates) { n: affected_rows returning { id _from _to } }
}"""
ROWS = "query ($ids: [uuid!]!) { deep_links(where: {id: {_in: $ids}}, order_by: {_i: asc}) { id _from _to } }"


def row(id: str, from_: str | None = None, to: str | None = None) -> dict[str, Any]:
    return {"id": id, "_from": from_, "_to": to}


def one(tables: Tables, id: str, /, **values: Any) -> dict[str, Any]:
    return {"where": {"_deep": {"_eq": tables.space}, "id": {"_eq": id}}, "_set": values}


def updates(statements: list[str]) -> int:
    return sum("UPDATE" in text for text in statements)


async def test_rows_that_are_so_get_the_new_values(tables: Tables) -> None:
    a, b, c = await tables.links(count=3)
    answer = await tables.ask(
        """mutation ($ids: [uuid!]!, $to: uuid) {
          update_deep_links(where: {id: {_in: $ids}}, _set: {_to: $to}) { affected_rows returning { _to } }
        }""",
        ids=[a, b],
        to=c,
    )

    assert answer["update_deep_links"] == {"affected_rows": 2, "returning": [{"_to": c}, {"_to": c}]}
    assert (await tables.ask(ROWS, ids=[c]))["deep_links"] == [row(c)]


async def test_null_sets_null(tables: Tables) -> None:
    (id,) = await tables.links({"_to": new(), "_from": new()})
    query = "mutation ($id: uuid!, $set: deep_links_set_input!) { update_deep_links_by_pk(pk_columns: {id: $id}, _set: $set) { _to } }"

    assert await tables.ask(query, id=id, set={"_to": None}) == {"update_deep_links_by_pk": {"_to": None}}


async def test_no_new_values_touch_nothing(tables: Tables, statements: list[str]) -> None:
    await tables.links(count=1)
    for text in ("_set: {}", "_set: null"):
        answer = await tables.ask(f"mutation {{ update_deep_links(where: {{}}, {text}) {{ affected_rows }} }}")
        assert answer == {"update_deep_links": {"affected_rows": 0}}

    assert updates(statements) == 0


async def test_an_update_of_no_row_by_key_is_null(tables: Tables) -> None:
    query = "mutation ($id: uuid!) { update_deep_links_by_pk(pk_columns: {id: $id}, _set: {_to: null}) { id } }"

    assert await tables.ask(query, id=new()) == {"update_deep_links_by_pk": None}


async def test_json_is_set_whole(tables: Tables) -> None:
    (id,) = await tables.data("functions", {"a": 1})
    query = """mutation ($id: uuid!, $data: jsonb) {
      update_deep_functions_by_pk(pk_columns: {id: $id}, _set: {_data: $data}) { _data }
    }"""

    assert await tables.ask(query, id=id, data=["b"]) == {"update_deep_functions_by_pk": {"_data": ["b"]}}


async def test_relations_in_returning_show_what_is_so_after_the_update(tables: Tables) -> None:
    a, b = await tables.links(count=2)
    answer = await tables.ask(
        "mutation ($a: uuid!, $b: uuid!) { update_deep_links_by_pk(pk_columns: {id: $a}, _set: {_to: $b}) { to { id in { id } } } }",
        a=a,
        b=b,
    )

    assert answer["update_deep_links_by_pk"] == {"to": {"id": b, "in": [{"id": a}]}}


async def test_many_updates_of_different_rows_are_one_statement(tables: Tables, statements: list[str]) -> None:
    a, b, c = await tables.links({"_from": new()}, {"_from": new(), "_to": new()}, {})
    target, missing = new(), new()
    answer = await tables.ask(
        MANY,
        updates=[
            one(tables, b, _to=None, _from=target),
            one(tables, missing, _to=target),
            one(tables, a, _from=None),
            one(tables, c, _to=target),
        ],
    )

    assert answer["update_deep_links_many"] == [
        {"n": 1, "returning": [row(b, target)]},
        {"n": 0, "returning": []},
        {"n": 1, "returning": [row(a)]},
        {"n": 1, "returning": [row(c, None, target)]},
    ]
    assert updates(statements) == 1


async def test_a_row_keeps_the_columns_that_its_own_update_does_not_name(tables: Tables) -> None:
    kept, target = new(), new()
    a, b = await tables.links({"_from": kept, "_to": kept}, {"_from": kept, "_to": kept})
    await tables.ask(MANY, updates=[one(tables, a, _to=target), one(tables, b, _from=None)])

    assert (await tables.ask(ROWS, ids=[a, b]))["deep_links"] == [row(a, kept, target), row(b, None, kept)]


async def test_updates_that_name_a_row_twice_are_made_in_order(tables: Tables, statements: list[str]) -> None:
    (a,) = await tables.links(count=1)
    x, y = new(), new()
    answer = await tables.ask(
        MANY, updates=[one(tables, a, _to=x), one(tables, a, _from=x), one(tables, a.upper(), _to=y)]
    )

    assert answer["update_deep_links_many"] == [
        {"n": 1, "returning": [row(a, None, x)]},
        {"n": 1, "returning": [row(a, x, x)]},
        {"n": 1, "returning": [row(a, x, y)]},
    ]
    assert updates(statements) == 3


async def test_a_later_update_sees_an_earlier_one(tables: Tables) -> None:
    (a,) = await tables.links(count=1)
    x = new()
    answer = await tables.ask(
        MANY, updates=[one(tables, a, _to=x), {"where": {"_to": {"_eq": x}}, "_set": {"_from": x}}]
    )

    assert answer["update_deep_links_many"][1] == {"n": 1, "returning": [row(a, x, x)]}


async def test_many_updates_follow_relations_in_their_answers(tables: Tables) -> None:
    a, b = await tables.links(count=2)
    query = MANY.replace("{ id _from _to }", "{ to { id } }")
    answer = await tables.ask(query, updates=[one(tables, a, _to=b), one(tables, b, _to=a)])

    assert answer["update_deep_links_many"] == [
        {"n": 1, "returning": [{"to": {"id": b}}]},
        {"n": 1, "returning": [{"to": {"id": a}}]},
    ]


async def test_no_updates_are_an_empty_list(tables: Tables) -> None:
    assert await tables.ask(MANY, updates=[]) == {"update_deep_links_many": []}


async def test_a_row_of_another_space_is_not_updated_by_this_ones(tables: Tables) -> None:
    (foreign,) = await tables.links({"_deep": new()})
    answer = await tables.ask(MANY, updates=[one(tables, foreign, _to=new())])

    assert answer["update_deep_links_many"] == [{"n": 0, "returning": []}]


async def test_ten_thousand_updates_are_one_statement(tables: Tables, statements: list[str]) -> None:
    ids = await tables.links(count=10_000)
    statements.clear()
    answer = await tables.ask(MANY, updates=[one(tables, id, _to=id) for id in ids])

    assert [each["returning"][0]["_to"] for each in answer["update_deep_links_many"]] == ids
    assert len(statements) == 1


async def test_a_delete_returns_the_rows_as_they_were(tables: Tables) -> None:
    a, b = await tables.links({}, {"_to": new()})
    answer = await tables.ask(
        "mutation ($ids: [uuid!]!) { delete_deep_links(where: {id: {_in: $ids}}) { affected_rows returning { id _from _to } } }",
        ids=[b],
    )

    assert answer["delete_deep_links"]["affected_rows"] == 1
    assert answer["delete_deep_links"]["returning"][0]["id"] == b
    assert answer["delete_deep_links"]["returning"][0]["_to"] is not None
    assert [left["id"] for left in (await tables.ask(ROWS, ids=[a, b]))["deep_links"]] == [a]


async def test_what_a_delete_takes_with_it_is_not_counted_and_not_seen_after_it(tables: Tables) -> None:
    (id,) = await tables.data("strings", "gone")
    answer = await tables.ask(
        "mutation ($id: uuid!) { delete_deep_links(where: {id: {_eq: $id}}) { affected_rows returning { id string { id } } } }",
        id=id,
    )

    assert answer["delete_deep_links"] == {"affected_rows": 1, "returning": [{"id": id, "string": []}]}


async def test_a_delete_by_key_is_the_row_or_null(tables: Tables) -> None:
    (id,) = await tables.links(count=1)
    query = "mutation ($id: uuid!) { delete_deep_links_by_pk(id: $id) { id } }"

    assert await tables.ask(query, id=id) == {"delete_deep_links_by_pk": {"id": id}}
    assert await tables.ask(query, id=id) == {"delete_deep_links_by_pk": None}


async def test_a_null_condition_deletes_nothing(tables: Tables) -> None:
    (id,) = await tables.links(count=1)
    for query in (
        "mutation ($x: uuid) { delete_deep_links(where: {id: {_eq: $x}}) { affected_rows } }",
        "mutation { delete_deep_links(where: null) { affected_rows } }",
    ):
        assert (await tables.error(query))["code"] == "validation-failed"

    assert (await tables.ask(ROWS, ids=[id]))["deep_links"] == [row(id)]
