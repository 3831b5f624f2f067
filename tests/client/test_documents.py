"""The client's documents: valid in our schema, and where a real Hasura has the tables, in its slice of it.

Set CLIENT_DOCUMENTS to a folder to have them written there, for whoever has another schema to hold them against.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from graphql import GraphQLSchema, TypeInfo, TypeInfoVisitor, build_schema, parse, validate, visit
from graphql.language import FieldNode, ValueNode, VariableNode, Visitor

from deeplinks import resources
from deeplinks.client import requests
from deeplinks.client.documents import Request
from deeplinks.errors import InvalidError, WrongTypeError
from tests.client.calls import CALLS, ID, QUERY

# What a real Hasura over the four tables of old does not have.
OURS = {
    *(f"deep_{table}._deep" for table in ("strings", "numbers", "functions")),
    "deep_links.object",
    "deep_links.object_aggregate",
}
ONLY_OURS = ("deep_objects", "deep_spaces", "deep_changes", "deep_batches")


@pytest.fixture(scope="module")
def schema() -> GraphQLSchema:
    return build_schema(resources.text("graphql/schema.graphql"))


class _Seen(Visitor):
    def __init__(self, info: TypeInfo) -> None:
        super().__init__()
        self.info = info
        self.fields: set[str] = set()
        self.values: list[ValueNode] = []

    def enter_field(self, node: FieldNode, *_: Any) -> None:
        self.fields.add(f"{self.info.get_parent_type()}.{node.name.value}")

    def enter_argument(self, node: Any, *_: Any) -> None:
        self.values.append(node.value)


def seen(request: Request, schema: GraphQLSchema) -> _Seen:
    info = TypeInfo(schema)
    found = _Seen(info)
    visit(parse(request.text), TypeInfoVisitor(info, found))
    return found


@pytest.mark.parametrize("request_", CALLS, ids=lambda request: request.key)
def test_a_document_is_valid(request_: Request, schema: GraphQLSchema) -> None:
    assert validate(schema, parse(request_.text)) == []


@pytest.mark.parametrize("request_", CALLS, ids=lambda request: request.key)
def test_a_document_needs_nothing_that_hasura_lacks(request_: Request, schema: GraphQLSchema) -> None:
    fields = seen(request_, schema).fields

    assert not fields & OURS
    assert not [field for field in fields if field.split(".")[1].startswith(ONLY_OURS)]


@pytest.mark.parametrize("request_", CALLS, ids=lambda request: request.key)
def test_every_value_is_a_variable(request_: Request, schema: GraphQLSchema) -> None:
    assert all(isinstance(value, VariableNode) for value in seen(request_, schema).values)
    assert ID not in request_.text


def test_the_documents_are_written_where_they_are_asked_for(tmp_path: Path) -> None:
    folder = Path(os.environ.get("CLIENT_DOCUMENTS") or tmp_path)
    for number, request in enumerate(CALLS):
        (folder / f"{number:03}_{request.key}.graphql").write_text(request.text + "\n")

    assert len(list(folder.glob("*.graphql"))) == len(CALLS)


def test_both_spellings_of_a_table_are_one() -> None:
    one, other = (requests.select(QUERY, name, None, None, {}) for name in ("deep.links", "deep_links"))

    assert one.text == other.text


@pytest.mark.parametrize(
    ("call", "why"),
    [
        (lambda: requests.select(QUERY, "deep.lniks", None, None, {}), "deep.links"),
        (lambda: requests.select(QUERY, "deep.links", None, ["_tpye"], {}), "_type"),
        (lambda: requests.select(QUERY, "deep.links", None, [{"typ": ["id"]}], {}), "type"),
        (lambda: requests.select(QUERY, "deep.links", None, [{"out": {"limt": 1}}], {}), "limit"),
        (lambda: requests.select(QUERY, "deep.links", None, [{"from": {"limit": 1}}], {}), "limit"),
        (lambda: requests.select(QUERY, "deep.links", None, [], {}), "empty"),
        (lambda: requests.select(QUERY, "deep.links", {"id": ID}, None, {"limit": 1}), "limit"),
        (lambda: requests.select(QUERY, "deep.links", {}, None, {}), "missing"),
        (lambda: requests.select(QUERY, "deep.links", {"_i": 1}, None, {}), "id"),
        (lambda: requests.insert("deep.links", None, None, None, None), "object"),
        (lambda: requests.insert("deep.links", {}, [{}], None, None), "object"),
        (lambda: requests.update("deep.links", None, None, {"_set": {}}, None), "which rows"),
        (lambda: requests.update("deep.links", {}, None, {}, None), "_set"),
        (lambda: requests.update("deep.links", {}, None, {"_ste": {}}, None), "_set"),
        (lambda: requests.delete("deep.links", None, None, None), "which rows"),
        (lambda: requests.delete("deep.links", {}, {"id": ID}, None), "which rows"),
        (lambda: requests.aggregate("deep.links", {"averge": ["_i"]}, {}), "average|avg"),
        (lambda: requests.aggregate("deep.links", {"max": ["_ii"]}, {}), "_i"),
    ],
)
def test_what_is_wrong_is_told_before_it_is_sent(call: Any, why: str) -> None:
    with pytest.raises(InvalidError, match=why):
        call()


@pytest.mark.parametrize(
    "call",
    [
        lambda: requests.select(QUERY, 7, None, None, {}),  # pyright: ignore[reportArgumentType]
        lambda: requests.select(QUERY, "deep.links", None, "id", {}),
        lambda: requests.select(QUERY, "deep.links", None, [7], {}),  # pyright: ignore[reportArgumentType]
        lambda: requests.stream("deep.links", {"_i": 0, "id": ID}, "ASC", 1, None, None),
    ],
)
def test_what_has_another_type_is_told_too(call: Any) -> None:
    with pytest.raises(WrongTypeError):
        call()
