"""Documents: keys, fragments, directives, operations, and questions about the schema."""

import httpx
import pytest

from deeplinks.server import documents
from deeplinks.server.engine import Engine
from tests.asking import post
from tests.server.asked import Tables


async def test_keys_come_in_the_order_and_under_the_names_asked_for(tables: Tables) -> None:
    (id,) = await tables.links(count=1)
    answer = await tables.ask(
        """query ($id: uuid!, $no: Boolean = false) {
          __typename
          one: deep_links_by_pk(id: $id) { kind: __typename b: id ...F ... on deep_links { _to } ... @include(if: $no) { _i } }
        }
        fragment F on deep_links { a: id _type @skip(if: $no) }""",
        id=id,
    )

    assert list(answer) == ["__typename", "one"]
    assert list(answer["one"].items()) == [
        ("kind", "deep_links"),
        ("b", id),
        ("a", id),
        ("_type", None),
        ("_to", None),
    ]


async def test_a_mutation_response_knows_its_type(tables: Tables) -> None:
    answer = await tables.ask(
        "mutation { delete_deep_links(where: {_or: []}) { kind: __typename returning { __typename id } n: affected_rows } }"
    )

    assert answer["delete_deep_links"] == {"kind": "deep_links_mutation_response", "returning": [], "n": 0}


async def test_a_mutation_response_of_nothing_but_its_type(tables: Tables) -> None:
    await tables.links(count=3)
    answer = await tables.ask("mutation { delete_deep_links(where: {_i: {_lt: 0}}) { __typename } __typename }")

    assert answer == {
        "delete_deep_links": {"__typename": "deep_links_mutation_response"},
        "__typename": "mutation_root",
    }


async def test_everything_skipped_is_an_empty_object(tables: Tables) -> None:
    assert await tables.ask("{ deep_links @skip(if: true) { id } }") == {}


async def test_variables_have_defaults(tables: Tables) -> None:
    await tables.links(count=2)
    query = "query ($n: Int! = 1, $order: [deep_links_order_by!] = {_i: asc}) { deep_links(limit: $n, order_by: $order) { id } }"

    assert len((await tables.ask(query))["deep_links"]) == 1
    assert len((await tables.ask(query, n=2))["deep_links"]) == 2


async def test_an_enum_in_a_variable_is_a_json_string(tables: Tables) -> None:
    assert await tables.ask("query ($d: order_by!) { deep_links(order_by: {_i: $d}) { id } }", d="desc_nulls_last")


async def test_one_of_several_operations_is_chosen_by_name(address: str) -> None:
    body = {"query": "query A { a: deep_links(limit: 0) { id } } query B { b: deep_links(limit: 0) { id } }"}
    async with httpx.AsyncClient() as client:
        chosen = (await client.post(address, json=body | {"operationName": "B"})).json()
        unnamed = (await client.post(address, json=body)).json()
        unknown = (await client.post(address, json=body | {"operationName": "C"})).json()

    assert chosen == {"data": {"b": []}}
    assert unnamed["errors"][0]["message"].startswith("exactly one operation has to be present")
    assert unknown["errors"][0]["message"] == 'no such operation found in the document: "C"'


async def test_introspection_is_answered_by_the_schema(tables: Tables, statements: list[str]) -> None:
    answer = await tables.ask('{ __schema { queryType { name } } none: __type(name: "No") { name } __typename }')

    assert answer == {"__schema": {"queryType": {"name": "query_root"}}, "none": None, "__typename": "query_root"}
    assert statements == []


async def test_introspection_and_rows_in_one_document(tables: Tables) -> None:
    (id,) = await tables.data("numbers", "12345678901234567890.5")
    query = """query ($id: uuid!) {
      rows: deep_links(where: {id: {_eq: $id}}) { key: id nothing: type { id } numbers: number { _data __typename } }
      __type(name: "deep_numbers") { name }
    }"""
    async with httpx.AsyncClient() as client:
        answer = await client.post(tables.address, json={"query": query, "variables": {"id": id}})

    assert answer.json()["data"]["__type"] == {"name": "deep_numbers"}
    assert '"_data":12345678901234567890.5' in answer.text
    assert f'"rows":[{{"key":"{id}","nothing":null' in answer.text


@pytest.mark.parametrize(
    ("query", "path"),
    [
        ("{ deep_links { nope } }", "$.selectionSet.deep_links.selectionSet.nope"),
        ("{ deep_links { type { nope } } }", "$.selectionSet.deep_links.selectionSet.type.selectionSet.nope"),
        ("{ nope }", "$.selectionSet.nope"),
        ("{ deep_links(b: 1) { id } }", "$.selectionSet.deep_links.args.b"),
        ("{ deep_links(where: {id: {_foo: 1}}) { id } }", "$.selectionSet.deep_links.args.where.id._foo"),
        (
            "{ deep_links(where: {_and: [{id: {}}, {no: 1}]}) { id } }",
            "$.selectionSet.deep_links.args.where._and[1].no",
        ),
        ('{ deep_links(order_by: {id: "asc"}) { id } }', "$.selectionSet.deep_links.args.order_by.id"),
        ("{ deep_links(where: {id: {_eq: null}}) { id } }", "$.selectionSet.deep_links.args.where.id._eq"),
        (
            "query ($x: uuid) { deep_links(where: {id: {_eq: $x}}) { id } }",
            "$.selectionSet.deep_links.args.where.id._eq",
        ),
        ("{ deep_links", "$.query"),
        ("", "$.query"),
    ],
)
async def test_what_is_wrong_with_a_document_is_told_with_its_place(tables: Tables, query: str, path: str) -> None:
    error = await tables.error(query)

    assert (error["code"], error["path"]) == ("validation-failed", path)


async def test_names_are_not_suggested(tables: Tables) -> None:
    error = await tables.error("{ deep_link { id } }")

    assert "Did you mean" not in error["message"]


async def test_a_variable_of_another_type_is_refused(tables: Tables) -> None:
    error = await tables.error("query ($id: ID!) { deep_links_by_pk(id: $id) { id } }", id="x")

    assert error["code"] == "validation-failed"


async def test_values_nobody_declared_are_refused(tables: Tables) -> None:
    error = await tables.error("{ deep_links { id } }", a=1)

    assert error["message"] == "unexpected variables in variableValues: a"


async def test_a_missing_value_is_refused(tables: Tables) -> None:
    error = await tables.error("query ($id: uuid!) { deep_links_by_pk(id: $id) { id } }")

    assert error["message"] == 'expecting a value for non-nullable variable: "id"'


async def test_a_document_asked_again_is_neither_parsed_nor_validated_nor_planned_again(
    tables: Tables, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    query = "query ($id: uuid!) { deep_links_by_pk(id: $id) { id } }"
    await tables.ask(query, id=tables.space)
    prepared = engine.documents.find(query)
    assert prepared is not None
    plan = prepared.plans.find(None, {"id": "x"}, _session())[0]
    await tables.ask(query, id=tables.space)

    assert engine.documents.find(query) is prepared
    assert prepared.errors == []
    assert prepared.plans.find(None, {"id": "y"}, _session())[0] is plan


def _session() -> object:
    from deeplinks.dialect.session import Session

    return Session()


async def test_documents_are_kept_in_a_bounded_number(
    tables: Tables, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(documents, "KEPT", 3)
    for limit in range(5):
        await tables.ask(f"{{ deep_links(limit: {limit}) {{ id }} }}")

    assert len(engine.documents) == 3


async def test_a_long_document_is_not_kept(tables: Tables, engine: Engine) -> None:
    await tables.ask("{ deep_links(limit: 0) { id } }" + " " * documents.LONGEST)

    assert len(engine.documents) == 0


async def test_a_wrong_document_stays_wrong(address: str) -> None:
    first, second = [await post(address, "{ nope }") for _ in range(2)]

    assert first == second
    assert first["errors"]
