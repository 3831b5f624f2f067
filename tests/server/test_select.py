"""Queries over real PostgreSQL and HTTP: conditions, orders, pages, keys, relations."""

import pytest

from tests.server.asked import Tables, new

SPACE = "_deep: {_eq: $space}"


async def numbers(tables: Tables, where: str, **more: object) -> list[int]:
    """The `_i` of the space's links that are so, in order; the planted root is left out."""
    declared = "".join(f", ${name}: {kind}" for name, (kind, _) in more.items())
    query = (
        f"query ($space: uuid!{declared}) {{ deep_links(where: {{_and: [{{{SPACE}, _i: {{_gte: 21, _lte: 23}}}}, {where}]}}, "
        "order_by: {_i: asc}) { _i } }"
    )
    answer = await tables.ask(query, space=tables.space, **{name: value for name, (_, value) in more.items()})
    return [row["_i"] for row in answer["deep_links"]]


@pytest.fixture
async def three(tables: Tables) -> list[str]:
    """Links 1, 2 and 3 of low `_i`: the second goes from the first, the third to the second; 3 has a String."""
    a, b, c = new(), new(), new()
    await tables.links({"id": a, "_i": 21}, {"id": b, "_i": 22, "_from": a}, {"id": c, "_i": 23, "_from": a, "_to": b})
    await tables.ask(
        'mutation ($id: uuid!) { insert_deep_strings_one(object: {id: $id, _data: "three"}) { id } }', id=c
    )
    return [a, b, c]


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ("{}", [21, 22, 23]),
        ("{_i: {_eq: 22}}", [22]),
        ('{_i: {_eq: "22"}}', [22]),
        ("{_i: {_neq: 22}}", [21, 23]),
        ("{_i: {_gt: 21, _lt: 23}}", [22]),
        ("{_i: {_gte: 22}}", [22, 23]),
        ("{_i: {_lte: 22}}", [21, 22]),
        ("{_i: {_in: [21, 23, 99]}}", [21, 23]),
        ("{_i: {_in: []}}", []),
        ("{_i: {_in: 21}}", [21]),
        ("{_i: {_nin: [21]}}", [22, 23]),
        ("{_i: {_nin: []}}", [21, 22, 23]),
        ("{_from: {_is_null: true}}", [21]),
        ("{_from: {_is_null: false}}", [22, 23]),
        ("{_and: []}", [21, 22, 23]),
        ("{_or: []}", []),
        ("{_not: {}}", []),
        ("{_or: [{_i: {_eq: 21}}, {_i: {_eq: 23}}]}", [21, 23]),
        ("{_or: {_i: {_eq: 21}, _to: {_is_null: false}}}", []),
        ("{_not: {_i: {_eq: 21}}}", [22, 23]),
        ("{from: {}}", [22, 23]),
        ("{_not: {from: {}}}", [21]),
        ("{from: {_i: {_eq: 21}}, to: {_i: {_eq: 22}}}", [23]),
        ("{out: {_i: {_eq: 23}}}", [21]),
        ("{_not: {out: {}}}", [22, 23]),
        ('{string: {_data: {_eq: "three"}}}', [23]),
        ("{in: {from: {out: {string: {}}}}}", [22]),
    ],
)
async def test_a_condition_chooses_rows(tables: Tables, three: list[str], where: str, expected: list[int]) -> None:
    assert await numbers(tables, where) == expected


async def test_a_null_column_is_neither_equal_nor_unequal_nor_in_nor_out(tables: Tables, three: list[str]) -> None:
    a, b, _ = three
    for where in ("{_to: {_neq: $x}}", "{_to: {_nin: [$x]}}", "{_not: {_to: {_eq: $x}}}"):
        assert await numbers(tables, where, x=("uuid!", a)) == [23], where
    assert await numbers(tables, "{_to: {_nin: $x}}", x=("[uuid!]!", [])) == [21, 22, 23]
    assert await numbers(tables, "{_to: {_in: $x}}", x=("[uuid!]!", [b])) == [23]


async def test_null_for_a_whole_condition_is_all_rows(tables: Tables, three: list[str]) -> None:
    answer = await tables.ask("query ($w: deep_links_bool_exp) { deep_links(where: $w) { id } }", w=None)

    assert len(answer["deep_links"]) > 3


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ("order_by: {_i: desc}", [23, 22, 21]),
        ("order_by: [{_from: asc}, {_i: desc}]", [23, 22, 21]),
        ("order_by: [{_to: asc}, {_i: asc}]", [23, 21, 22]),
        ("order_by: [{_to: desc}, {_i: asc}]", [21, 22, 23]),
        ("order_by: [{_to: asc_nulls_first}, {_i: asc}]", [21, 22, 23]),
        ("order_by: [{_to: desc_nulls_last}, {_i: asc}]", [23, 21, 22]),
        ("order_by: [{to: {_i: asc}}, {_i: desc}]", [23, 22, 21]),
        ("order_by: [{to: {from: {_i: desc}}}, {_i: asc}]", [21, 22, 23]),
        ("order_by: {_i: asc}, limit: 2", [21, 22]),
        ("order_by: {_i: asc}, offset: 1", [22, 23]),
        ("order_by: {_i: asc}, limit: 1, offset: 1", [22]),
        ("order_by: {_i: asc}, limit: 0", []),
        ("order_by: {_i: asc}, limit: null, offset: null", [21, 22, 23]),
    ],
)
async def test_rows_come_in_order_and_in_pages(
    tables: Tables, three: list[str], arguments: str, expected: list[int]
) -> None:
    query = (
        f"query ($space: uuid!) {{ deep_links(where: {{{SPACE}, _i: {{_gte: 21, _lte: 23}}}}, {arguments}) {{ _i }} }}"
    )
    answer = await tables.ask(query, space=tables.space)

    assert [row["_i"] for row in answer["deep_links"]] == expected


@pytest.mark.parametrize("nothing", ["null", "[]", "{}", "[{id: null}]"])
async def test_an_order_that_says_nothing_orders_nothing(tables: Tables, three: list[str], nothing: str) -> None:
    assert await tables.ask(f"{{ deep_links(order_by: {nothing}) {{ id }} }}")


async def test_a_negative_limit_is_refused(tables: Tables) -> None:
    error = await tables.error("query ($n: Int!) { deep_links(limit: $n) { id } }", n=-1)

    assert (error["code"], error["path"]) == ("validation-failed", "$.selectionSet.deep_links.args.limit")


async def test_a_negative_offset_is_postgresqls_to_refuse(tables: Tables) -> None:
    error = await tables.error("{ deep_links(offset: -1) { id } }")

    assert (error["code"], error["message"]) == ("data-exception", "OFFSET must not be negative")


async def test_a_row_is_found_by_its_key(tables: Tables, three: list[str]) -> None:
    query = "query ($id: uuid!) { deep_links_by_pk(id: $id) { _i } }"

    assert await tables.ask(query, id=three[1]) == {"deep_links_by_pk": {"_i": 22}}
    assert await tables.ask(query, id=new()) == {"deep_links_by_pk": None}


async def test_a_key_of_several_columns_is_one_argument_each(tables: Tables, three: list[str]) -> None:
    answer = await tables.ask(
        "query ($space: uuid!) { deep_changes_by_pk(_deep: $space, n: 2) { n table operation after } }",
        space=tables.space,
    )

    assert answer["deep_changes_by_pk"] == {
        "n": 2,
        "table": "links",
        "operation": "insert",
        "after": answer["deep_changes_by_pk"]["after"],
    }
    assert answer["deep_changes_by_pk"]["after"]["_deep"] == tables.space


async def test_relations_nest_with_arguments_of_their_own(tables: Tables, three: list[str]) -> None:
    a, b, c = three
    answer = await tables.ask(
        """query ($a: uuid!) { deep_links_by_pk(id: $a) {
          id
          from { id }
          out(order_by: {_i: desc}, limit: 1) { id to { id in { id } } string { _data link { id } } }
          late: out(where: {_i: {_gt: 22}}) { id }
          none: out(where: {_or: []}) { id }
        } }""",
        a=a,
    )

    assert answer["deep_links_by_pk"] == {
        "id": a,
        "from": None,
        "out": [{"id": c, "to": {"id": b, "in": [{"id": c}]}, "string": [{"_data": "three", "link": {"id": c}}]}],
        "late": [{"id": c}],
        "none": [],
    }


async def test_a_reference_to_nothing_is_null(tables: Tables) -> None:
    (id,) = await tables.links({"_to": new()})
    answer = await tables.ask("query ($id: uuid!) { deep_links_by_pk(id: $id) { _to to { id } } }", id=id)

    assert answer["deep_links_by_pk"]["_to"] is not None
    assert answer["deep_links_by_pk"]["to"] is None


async def test_several_root_fields_see_one_moment_and_are_read_only(tables: Tables, statements: list[str]) -> None:
    answer = await tables.ask("{ a: deep_links(limit: 1) { id } b: deep_spaces(limit: 1) { id } __typename }")

    assert list(answer) == ["a", "b", "__typename"]
    assert len(statements) == 2


async def test_a_root_field_is_one_statement_however_much_it_nests(tables: Tables, statements: list[str]) -> None:
    await tables.ask("{ deep_links { type { out { string { link { typed { id } } } } } in { id } } }")

    assert len(statements) == 1


async def test_json_data_come_as_json(tables: Tables) -> None:
    value = {"b": [1, {"c": None}], "a": "x"}
    (id,) = await tables.data("functions", value)
    answer = await tables.ask("query ($id: uuid!) { deep_functions_by_pk(id: $id) { _data } }", id=id)

    assert answer["deep_functions_by_pk"]["_data"] == value


async def test_json_is_compared_whole(tables: Tables) -> None:
    (id, _) = await tables.data("functions", {"a": 1, "b": 2}, {"a": 1})
    query = "query ($x: jsonb!) { deep_functions(where: {_data: {_in: [$x, 3]}}) { id } }"
    answer = await tables.ask(query, x={"b": 2, "a": 1})

    assert answer["deep_functions"] == [{"id": id}]


async def test_times_are_told_in_utc_without_trailing_zeros(tables: Tables) -> None:
    given = ["2024-01-15T12:34:56.12+00:00", "2024-01-15 14:34:56+02", "2024-01-15T12:34:56.123456"]
    ids = await tables.links(*({"created_at": time} for time in given))
    answer = await tables.ask(
        "query ($ids: [uuid!]!) { deep_links(where: {id: {_in: $ids}}, order_by: {_i: asc}) { created_at } }", ids=ids
    )

    assert [row["created_at"] for row in answer["deep_links"]] == [
        "2024-01-15T12:34:56.12+00:00",
        "2024-01-15T12:34:56+00:00",
        "2024-01-15T12:34:56.123456+00:00",
    ]
