"""Sections 1, 8 and 13 of the dialect: what a document may not say, and what the schema says of itself."""

from __future__ import annotations

from typing import Any

from tests.server.parity.cases import Case, refused

_BAD = "validation-failed"
_SYNTAX = "$.query"

SYNTAX: tuple[Case, ...] = tuple(
    refused(text, f"the document {text!r}", _BAD, _SYNTAX, "not a valid graphql query")
    for text in (
        "{",
        "}",
        "",
        "   ",
        "{ }",
        "deep_links",
        "{ deep_links { } }",
        "{ deep_links(limit: ) { id } }",
        "query ($x) { a }",
        '{ deep_links(where: "x) { id } }',
        "{ deep_links { id } } }",
        "{ a: }",
        "\u0001",
        "{ deep_links @ { id } }",
    )
)
NAMES: tuple[Case, ...] = (
    refused("{ nope { id } }", "an unknown root", _BAD, "$.selectionSet.nope", "nope", "query_root"),
    refused(
        "mutation { nope { id } }",
        "an unknown root of a mutation",
        _BAD,
        "$.selectionSet.nope",
        "nope",
        "mutation_root",
    ),
    refused(
        "{ deep_links { nope } }",
        "an unknown column",
        _BAD,
        "$.selectionSet.deep_links.selectionSet.nope",
        "nope",
        "deep_links",
    ),
    refused(
        "{ deep_links { from { nope } } }",
        "an unknown column behind a relationship",
        _BAD,
        "$.selectionSet.deep_links.selectionSet.from.selectionSet.nope",
        "nope",
        "deep_links",
    ),
    refused("{ x: deep_links { nope } }", "an unknown column under an alias", _BAD, None, "nope", "deep_links"),
    refused("{ deep_links(nope: 1) { id } }", "an unknown argument", _BAD, None, "nope", "deep_links"),
    refused("{ deep_links { out(nope: 1) { id } } }", "an unknown argument of a relationship", _BAD, None, "nope"),
    refused("{ deep_links }", "rows without a selection", _BAD, None, "deep_links"),
    refused("{ deep_links { id { x } } }", "a column with a selection", _BAD, None, "id"),
    refused("{ deep_links { _data } }", "links have no data", _BAD, None, "_data", "deep_links"),
    refused(
        "mutation { delete_deep_links_many { affected_rows } }",
        "delete_many is not there",
        _BAD,
        None,
        "delete_deep_links_many",
    ),
    refused("mutation { upsert_deep_links { affected_rows } }", "upsert is not there", _BAD, None, "upsert_deep_links"),
    refused(
        "{ insert_deep_links(objects: []) { affected_rows } }",
        "a mutation's field in a query",
        _BAD,
        None,
        "insert_deep_links",
        "query_root",
    ),
    refused(
        "mutation { deep_links { id } }", "a query's field in a mutation", _BAD, None, "deep_links", "mutation_root"
    ),
    refused(
        "mutation { delete_deep_links { affected_rows } }",
        "a delete without where",
        _BAD,
        "$.selectionSet.delete_deep_links.args.where",
        "where",
    ),
    refused(
        "mutation { delete_deep_links(where: null) { affected_rows } }",
        "a delete where null",
        _BAD,
        "$.selectionSet.delete_deep_links.args.where",
        "null",
        "deep_links_bool_exp",
    ),
    refused(
        "mutation ($w: deep_links_bool_exp!) { delete_deep_links(where: $w) { affected_rows } }",
        "a delete of a variable that is left out",
        _BAD,
        None,
        "w",
    ),
    refused(
        "mutation { delete_deep_links(where: {id: {_eq: null}}) { affected_rows } }",
        "a delete of null",
        _BAD,
        "$.selectionSet.delete_deep_links.args.where.id._eq",
        "null",
        "uuid",
    ),
    refused(
        "mutation ($x: uuid) { delete_deep_links(where: {id: {_eq: $x}}) { affected_rows } }",
        "a delete of a null variable",
        _BAD,
        "$.selectionSet.delete_deep_links.args.where.id._eq",
        "null",
        "uuid",
        x=None,
    ),
    refused(
        "mutation ($x: uuid) { delete_deep_links(where: {id: {_eq: $x}}) { affected_rows } }",
        "a delete of a variable without a value",
        _BAD,
        None,
    ),
    refused(
        "mutation ($x: uuid) { update_deep_links(where: {id: {_eq: $x}}, _set: {_to: null}) { affected_rows } }",
        "an update of a null variable",
        _BAD,
        "$.selectionSet.update_deep_links.args.where.id._eq",
        "null",
        "uuid",
        x=None,
    ),
    refused(
        "mutation { update_deep_links(_set: {_to: null}) { affected_rows } }",
        "an update without where",
        _BAD,
        "$.selectionSet.update_deep_links.args.where",
        "where",
    ),
    refused(
        "mutation { insert_deep_links { affected_rows } }",
        "an insert of nothing said",
        _BAD,
        "$.selectionSet.insert_deep_links.args.objects",
        "objects",
    ),
    refused(
        "mutation { insert_deep_links_one(object: null) { id } }",
        "an insert of null",
        _BAD,
        "$.selectionSet.insert_deep_links_one.args.object",
        "null",
    ),
    refused(
        "mutation { delete_deep_links_by_pk { id } }",
        "a delete without a key",
        _BAD,
        "$.selectionSet.delete_deep_links_by_pk.args.id",
        "id",
    ),
    refused(
        "mutation { update_deep_links_by_pk(_set: {_to: null}) { id } }",
        "an update without a key",
        _BAD,
        "$.selectionSet.update_deep_links_by_pk.args.pk_columns",
        "pk_columns",
    ),
    refused(
        "mutation { update_deep_links_many(updates: null) { affected_rows } }",
        "updates of null",
        _BAD,
        "$.selectionSet.update_deep_links_many.args.updates",
        "null",
    ),
)
_BY_PK = "query ($id: uuid!) { deep_links_by_pk(id: $id) { id } }"
VARIABLES: tuple[Case, ...] = (
    refused(_BY_PK, "a variable without a value", _BAD, None, "id"),
    refused(_BY_PK, "a null for a variable that is not", _BAD, None, "id", id=None),
    refused(_BY_PK, "a value for no variable", _BAD, None, "other", id="@3", other=1),
    refused("query ($x: Int) { deep_links(limit: 1) { id } }", "a value for an unused variable", _BAD, None, "x", x=1),
    refused("{ deep_links(limit: $l) { id } }", "a variable that is not declared", _BAD, None, "l"),
    refused(
        "query ($id: ID!) { deep_links_by_pk(id: $id) { id } }", "a variable of the type ID", _BAD, None, "ID", id="@3"
    ),
    refused(
        "query ($id: String!) { deep_links_by_pk(id: $id) { id } }",
        "a variable of another type",
        _BAD,
        None,
        "id",
        "String!",
        "uuid!",
        id="@3",
    ),
    refused(
        "query ($id: uuid) { deep_links_by_pk(id: $id) { id } }",
        "a variable that may be null where none may",
        _BAD,
        None,
        "id",
        "uuid!",
        id="@3",
    ),
    refused(
        "query ($id: nope!) { deep_links_by_pk(id: $id) { id } }",
        "a variable of an unknown type",
        _BAD,
        None,
        "nope",
        id="@3",
    ),
    refused(
        "query ($x: deep_links_bool_exp!) { deep_links(where: $x) { id } }", "a text for an object", _BAD, None, x="x"
    ),
    refused(
        "query ($x: deep_links_bool_exp!) { deep_links(where: $x) { id } }",
        "an unknown column in a variable",
        _BAD,
        None,
        "nope",
        x={"nope": {}},
    ),
    refused(
        "query ($x: deep_links_bool_exp!) { deep_links(where: $x) { id } }",
        "an unknown operator in a variable",
        _BAD,
        None,
        "_nope",
        x={"id": {"_nope": 1}},
    ),
    refused(
        "query ($x: Boolean!) { deep_links { id @include(if: $x) } }",
        "a text for a boolean",
        _BAD,
        None,
        "Boolean",
        x="true",
    ),
    refused("query ($x: Int) { deep_links(limit: $x) { id } }", "a text for an integer", _BAD, None, "Int", x="1"),
    refused(
        "query ($x: order_by) { deep_links(order_by: {id: $x}) { id } }",
        "an unknown direction in a variable",
        _BAD,
        None,
        "order_by",
        "up",
        x="up",
    ),
    refused(
        "query ($x: order_by) { deep_links(order_by: {id: $x}) { id } }",
        "a number for a direction",
        _BAD,
        None,
        "order_by",
        x=1,
    ),
    refused(
        "query ($x: uuid!, $x: uuid!) { deep_links_by_pk(id: $x) { id } }", "a variable twice", _BAD, None, "x", x="@3"
    ),
)
OPERATIONS: tuple[Case, ...] = (
    refused(
        "query A { deep_links { id } } query B { deep_links { id } }",
        "two operations and no name",
        _BAD,
        None,
        "operation",
    ),
    refused("subscription { deep_links { id } }", "a subscription over HTTP", "unexpected-payload", None, "websocket"),
    refused("fragment F on deep_links { id }", "no operation", _BAD, None),
    refused("type A { id: Int }", "a definition of a type", _BAD, None),
)


def described(query: str, name: str, answer: Any) -> Case:
    """What the schema says of itself."""
    return Case(name, query, answer)


def fields(type_name: str, *names: str) -> Case:
    """A type's fields, by name."""
    query = f'{{ __type(name: "{type_name}") {{ fields {{ name }} }} }}'
    return described(query, f"the fields of {type_name}", {"__type": {"fields": [{"name": name} for name in names]}})


SCHEMA: tuple[Case, ...] = (
    described(
        "{ __schema { queryType { name } mutationType { name } subscriptionType { name } } }",
        "the names of the roots",
        {
            "__schema": {
                "queryType": {"name": "query_root"},
                "mutationType": {"name": "mutation_root"},
                "subscriptionType": {"name": "subscription_root"},
            }
        },
    ),
    described('{ __type(name: "nope") { name } }', "an unknown type is null", {"__type": None}),
    described('{ __type(name: "deep_links") { kind } }', "a table is an object", {"__type": {"kind": "OBJECT"}}),
    *(
        described(f'{{ __type(name: "{name}") {{ kind }} }}', f"{name} is a scalar", {"__type": {"kind": "SCALAR"}})
        for name in ("uuid", "bigint", "numeric", "jsonb", "timestamptz")
    ),
    described('{ __type(name: "ID") { name } }', "there is no ID", {"__type": None}),
    *(
        described(
            f'{{ __type(name: "deep_{table}_constraint") {{ enumValues {{ name }} }} }}',
            f"the constraint of {table}",
            {"__type": {"enumValues": [{"name": f"{table}_pkey"}]}},
        )
        for table in ("links", "strings", "numbers", "functions")
    ),
    fields("deep_links_mutation_response", "affected_rows", "returning"),
    fields("deep_strings_mutation_response", "affected_rows", "returning"),
    fields("deep_links_aggregate", "aggregate", "nodes"),
    described(
        '{ __type(name: "deep_links_on_conflict") { inputFields { name defaultValue } } }',
        "update_columns are none by default",
        {
            "__type": {
                "inputFields": [
                    {"name": "constraint", "defaultValue": None},
                    {"name": "update_columns", "defaultValue": "[]"},
                    {"name": "where", "defaultValue": None},
                ]
            }
        },
    ),
    described(
        '{ __type(name: "deep_links") { name } deep_links_by_pk(id: "@3") { id } }',
        "the schema beside rows",
        {"__type": {"name": "deep_links"}, "deep_links_by_pk": {"id": "@3"}},
    ),
)
CASES = (*SYNTAX, *NAMES, *VARIABLES, *OPERATIONS, *SCHEMA)
