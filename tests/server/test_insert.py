"""Inserts over real PostgreSQL and HTTP: defaults, nulls, orders, conflicts."""

from tests.server.asked import Tables, new

LINKS = """mutation ($rows: [deep_links_insert_input!]!, $conflict: deep_links_on_conflict) {
  insert_deep_links(objects: $rows, on_conflict: $conflict) { affected_rows returning { id _i _to } }
}"""
STRING = """mutation ($row: deep_strings_insert_input!, $columns: [deep_strings_update_column!]!) {
  insert_deep_strings_one(object: $row, on_conflict: {constraint: strings_pkey, update_columns: $columns}) { id _data }
}"""
NOTHING = {"constraint": "links_pkey", "update_columns": []}


async def test_returning_has_the_order_of_the_objects(tables: Tables) -> None:
    ids = sorted((new() for _ in range(50)), key=lambda text: text[::-1])
    answer = await tables.ask(LINKS, rows=[{"id": id, "_deep": tables.space} for id in ids])

    assert answer["insert_deep_links"]["affected_rows"] == 50
    assert [row["id"] for row in answer["insert_deep_links"]["returning"]] == ids


async def test_rows_may_name_different_columns(tables: Tables) -> None:
    a, b, c, target = new(), new(), new(), new()
    rows = [
        {"id": a, "_deep": tables.space},
        {"id": b, "_deep": tables.space, "_to": target, "_i": 7},
        {"_i": None, "_deep": tables.space, "id": c} | {"_i": 9},
    ]
    returned = (await tables.ask(LINKS, rows=rows))["insert_deep_links"]["returning"]

    assert [row["_to"] for row in returned] == [None, target, None]
    assert [row["_i"] for row in returned][1:] == [7, 9]
    assert returned[0]["_i"] > 0


async def test_a_missing_column_takes_its_default_and_null_is_null(tables: Tables) -> None:
    rows = [{"_deep": tables.space}]
    returned = (await tables.ask(LINKS, rows=rows))["insert_deep_links"]["returning"]
    error = await tables.error(LINKS, rows=[{"_deep": tables.space, "_i": None}])

    assert returned[0]["id"]
    assert error["code"] == "constraint-violation"
    assert error["message"].startswith("Not-NULL violation. ")
    assert error["sqlstate"] == "23502"


async def test_a_null_beside_a_default_is_null_in_rows_of_different_columns(tables: Tables) -> None:
    rows = [{"_deep": tables.space}, {"_deep": tables.space, "_i": None}]

    assert (await tables.error(LINKS, rows=rows))["sqlstate"] == "23502"


async def test_no_objects_touch_nothing(tables: Tables, statements: list[str]) -> None:
    answer = await tables.ask(LINKS, rows=[])

    assert answer == {"insert_deep_links": {"affected_rows": 0, "returning": []}}
    assert not any("INSERT" in text for text in statements)


async def test_one_object_for_a_list_is_a_list_of_one(tables: Tables) -> None:
    answer = await tables.ask(LINKS, rows={"_deep": tables.space})

    assert answer["insert_deep_links"]["affected_rows"] == 1


async def test_objects_may_be_literals_with_variables_in_them(tables: Tables) -> None:
    id = new()
    answer = await tables.ask(
        """mutation ($id: uuid!, $space: uuid!) {
          insert_deep_links(objects: {id: $id, _deep: $space, _i: 123456789012345678}) { returning { id _i } }
        }""",
        id=id,
        space=tables.space,
    )

    assert answer["insert_deep_links"]["returning"] == [{"id": id, "_i": 123456789012345678}]


async def test_a_row_whose_key_is_there_is_an_error(tables: Tables) -> None:
    (id,) = await tables.links(count=1)
    error = await tables.error(LINKS, rows=[{"id": id, "_deep": tables.space}])

    assert error == {
        "message": 'Uniqueness violation. duplicate key value violates unique constraint "links_pkey"',
        "code": "constraint-violation",
        "path": "$.selectionSet.insert_deep_links.args.objects",
        "sqlstate": "23505",
        "constraint": "links_pkey",
    }


async def test_a_conflict_with_no_columns_leaves_the_old_row_and_does_not_return_it(tables: Tables) -> None:
    (old,), fresh = await tables.links(count=1), new()
    rows = [{"id": old, "_deep": tables.space, "_to": old}, {"id": fresh, "_deep": tables.space}]
    answer = await tables.ask(LINKS, rows=rows, conflict=NOTHING)

    assert [row["id"] for row in answer["insert_deep_links"]["returning"]] == [fresh]
    assert (await tables.ask("query ($id: uuid!) { deep_links_by_pk(id: $id) { _to } }", id=old)) == {
        "deep_links_by_pk": {"_to": None}
    }


async def test_update_columns_left_out_are_none(tables: Tables) -> None:
    (old,) = await tables.links(count=1)
    answer = await tables.ask(LINKS, rows=[{"id": old, "_deep": tables.space}], conflict={"constraint": "links_pkey"})

    assert answer["insert_deep_links"] == {"affected_rows": 0, "returning": []}


async def test_an_upsert_of_one_column_sets_that_column_and_no_other(tables: Tables) -> None:
    (id,) = await tables.data("strings", "old")
    before = (await tables.ask("{ deep_strings { created_at } }"))["deep_strings"]
    row = {"id": id, "_deep": tables.space, "_data": "new", "created_at": "2001-01-01T00:00:00Z"}
    answer = await tables.ask(STRING, row=row, columns=["_data"])

    assert answer["insert_deep_strings_one"] == {"id": id, "_data": "new"}
    assert (await tables.ask("{ deep_strings { created_at } }"))["deep_strings"] == before


async def test_an_ignored_row_is_null(tables: Tables) -> None:
    (id,) = await tables.data("strings", "old")

    assert await tables.ask(STRING, row={"id": id, "_data": "new"}, columns=[]) == {"insert_deep_strings_one": None}


async def test_a_condition_of_a_conflict_is_about_the_old_row(tables: Tables) -> None:
    a, b = await tables.data("strings", "old", "other")
    answer = await tables.ask(
        """mutation ($rows: [deep_strings_insert_input!]!) {
          insert_deep_strings(objects: $rows, on_conflict: {
            constraint: strings_pkey, update_columns: [_data], where: {_data: {_eq: "old"}, link: {id: {_is_null: false}}}
          }) { affected_rows returning { id _data } }
        }""",
        rows=[{"id": a, "_data": "new"}, {"id": b, "_data": "new"}],
    )

    assert answer["insert_deep_strings"] == {"affected_rows": 1, "returning": [{"id": a, "_data": "new"}]}


async def test_an_unknown_constraint_is_refused(tables: Tables) -> None:
    error = await tables.error(LINKS, rows=[], conflict={"constraint": "nope_pkey"})

    assert error["path"] == "$.selectionSet.insert_deep_links.args.on_conflict.constraint"


async def test_one_statement_does_not_touch_a_row_twice(tables: Tables) -> None:
    (id,) = await tables.links(count=1)
    rows = [{"id": id, "_deep": tables.space, "_to": id}, {"id": id, "_deep": tables.space}]
    error = await tables.error(LINKS, rows=rows, conflict={"constraint": "links_pkey", "update_columns": ["_to"]})

    assert (error["code"], error["sqlstate"]) == ("unexpected", "21000")
    assert error["message"].startswith("one statement can't touch a row twice")


async def test_a_row_that_a_trigger_skips_does_not_come_back(tables: Tables) -> None:
    dead, alive = *await tables.links(count=1), new()
    await tables.ask("mutation ($id: uuid!) { delete_deep_links_by_pk(id: $id) { id } }", id=dead)
    rows = [{"id": dead, "_deep": tables.space}, {"id": alive, "_deep": tables.space}]
    answer = await tables.ask(LINKS, rows=rows)

    assert answer["insert_deep_links"]["affected_rows"] == 1
    assert [row["id"] for row in answer["insert_deep_links"]["returning"]] == [alive]


async def test_what_a_trigger_fills_shows_in_returning(tables: Tables) -> None:
    (id,) = await tables.links(count=1)
    answer = await tables.ask(
        'mutation ($id: uuid!) { insert_deep_strings_one(object: {id: $id, _data: "a"}) { _deep } }', id=id
    )

    assert answer["insert_deep_strings_one"] == {"_deep": tables.space}


async def test_relations_in_returning_show_what_is_so_after_the_mutation(tables: Tables) -> None:
    a, b = new(), new()
    rows = [{"id": a, "_deep": tables.space, "_to": b}, {"id": b, "_deep": tables.space, "_to": a}]
    query = LINKS.replace("{ id _i _to }", "{ id to { id in { id } } }")
    answer = await tables.ask(query, rows=rows)

    assert answer["insert_deep_links"]["returning"] == [
        {"id": a, "to": {"id": b, "in": [{"id": a}]}},
        {"id": b, "to": {"id": a, "in": [{"id": b}]}},
    ]


async def test_text_of_any_kind_comes_back_as_it_was(tables: Tables) -> None:
    texts = [
        "",
        "0",
        " ",
        '"',
        "\\",
        "\n\t\u0001\u007f",
        "</script>",
        "é",
        "𝄞",
        "\u2028",
        "%s $1 {} '",
        "null",
        "x" * 100_000,
    ]
    ids = await tables.data("strings", *texts)
    rows = (await tables.ask("{ deep_strings { id _data } }"))["deep_strings"]

    assert {row["id"]: row["_data"] for row in rows} == dict(zip(ids, texts, strict=True))


async def test_json_of_any_kind_comes_back_as_it_was(tables: Tables) -> None:
    values = [0, "", "null", False, [], {}, [None], {"": {"a": ["\u2028", 1.5, -0, 12345678901234567]}}]
    ids = await tables.data("functions", *values)
    rows = (await tables.ask("{ deep_functions { id _data } }"))["deep_functions"]

    assert {row["id"]: row["_data"] for row in rows} == dict(zip(ids, values, strict=True))


async def test_ten_thousand_rows_in_one_request_are_all_there(tables: Tables, statements: list[str]) -> None:
    ids = [new() for _ in range(10_000)]
    answer = await tables.ask(
        LINKS, rows=[{"id": id, "_deep": tables.space, "_to": ids[0]} for id in ids], conflict=NOTHING
    )
    inserted = len(statements)
    page = await tables.ask(
        "query ($s: uuid!) { deep_links(where: {_deep: {_eq: $s}, _to: {_is_null: false}}) { id } }", s=tables.space
    )

    assert [row["id"] for row in answer["insert_deep_links"]["returning"]] == ids
    assert {row["id"] for row in page["deep_links"]} == set(ids)
    assert inserted == 1
