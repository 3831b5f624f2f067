"""Where a text from outside can stand in a request: values of every scalar, patterns, paths, keys, names, enums, headers."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

Body: TypeAlias = "dict[str, Any]"
IDS = ["a0000000-0000-4000-8000-000000000001", "a0000000-0000-4000-8000-000000000002"]
PLAY = "f0000000-0000-4000-8000-000000000000"
TEXT_OPERATORS = (
    *("_eq", "_neq", "_gt", "_gte", "_lt", "_lte", "_like", "_nlike", "_ilike", "_nilike", "_similar", "_nsimilar"),
    *("_regex", "_nregex", "_iregex", "_niregex"),
)


@dataclass(frozen=True, slots=True)
class Position:
    """A place, and the request that has a text there."""

    name: str
    request: Callable[[str], Body]
    headers: Callable[[str], Mapping[str, str]] = field(default=lambda text: {})


def variable(name: str, kind: str, field_text: str, wrap: Callable[[str], Any] = lambda text: text) -> Position:
    """The text as the value of a variable."""
    operation = "mutation" if field_text.startswith(("insert", "update", "delete")) else "query"
    query = f"{operation} ($v: {kind}) {{ {field_text} }}"
    return Position(name, lambda text: {"query": query, "variables": {"v": wrap(text)}})


def literal(name: str, query: str) -> Position:
    """The text as a string in the document."""
    return Position(name, lambda text: {"query": query.replace("@", json.dumps(text))})


def raw(name: str, query: str) -> Position:
    """The text as it is, in the document."""
    return Position(name, lambda text: {"query": query.replace("@", text)})


def _wheres() -> list[Position]:
    found = [
        variable(f"String {operator}", "String", f"deep_strings(where: {{_data: {{{operator}: $v}}}}) {{ id }}")
        for operator in TEXT_OPERATORS
    ]
    found += [
        variable(
            f"{scalar} {operator}", scalar, f"deep_{table}(where: {{{column}: {{{operator}: $v}}}}) {{ {column} }}"
        )
        for scalar, table, column in (
            ("uuid", "links", "_type"),
            ("bigint", "links", "_i"),
            ("numeric", "numbers", "_data"),
            ("timestamptz", "links", "created_at"),
        )
        for operator in ("_eq", "_gt")
    ]
    return found


QUERIES = [
    *_wheres(),
    variable("uuid by_pk", "uuid!", "deep_links_by_pk(id: $v) { id }"),
    variable("uuid _in", "[uuid!]!", "deep_links(where: {id: {_in: $v}}) { id }", lambda text: [text, IDS[0]]),
    variable("String _in", "[String!]!", "deep_strings(where: {_data: {_nin: $v}}) { id }", lambda text: [text]),
    variable("jsonb _eq", "jsonb!", "deep_functions(where: {_data: {_eq: $v}}) { id }", lambda text: {text: [text]}),
    variable(
        "jsonb _contains", "jsonb!", "deep_functions(where: {_data: {_contains: $v}}) { id }", lambda text: {"a": text}
    ),
    variable("jsonb text", "jsonb!", "deep_functions(where: {_data: {_contained_in: $v}}) { id }"),
    variable("jsonb key", "String!", "deep_functions(where: {_data: {_has_key: $v}}) { id }"),
    variable(
        "jsonb keys", "[String!]!", "deep_functions(where: {_data: {_has_keys_any: $v}}) { id }", lambda text: [text]
    ),
    variable("jsonb cast", "String!", "deep_functions(where: {_data: {_cast: {String: {_like: $v}}}}) { id }"),
    variable("json path", "String", "deep_functions { _data(path: $v) }"),
    variable("limit", "Int", "deep_links(limit: $v) { id }"),
    variable("offset", "Int", "deep_links(limit: 1, offset: $v) { id }"),
    variable("order_by", "[deep_links_order_by!]", "deep_links(order_by: $v) { id }", lambda text: {"id": text}),
    variable("order_by key", "[deep_links_order_by!]", "deep_links(order_by: $v) { id }", lambda text: {text: "asc"}),
    variable("distinct_on", "[deep_links_select_column!]", "deep_links(distinct_on: $v) { id }", lambda text: [text]),
    variable("where key", "deep_links_bool_exp", "deep_links(where: $v) { id }", lambda text: {text: {"_eq": 1}}),
    variable("operator", "deep_links_bool_exp", "deep_links(where: $v) { id }", lambda text: {"id": {text: "x"}}),
    variable(
        "count of a column", "[deep_links_select_column!]", "deep_links_aggregate { aggregate { count(columns: $v) } }"
    ),
    variable("nested where", "String", "deep_links { string(where: {_data: {_like: $v}}) { _data } }"),
    variable("include", "Boolean!", "deep_links { id @include(if: $v) }"),
    literal("uuid literal", "{ deep_links(where: {id: {_eq: @}}) { id } }"),
    literal("String literal", "{ deep_strings(where: {_data: {_eq: @}}) { id } }"),
    literal("json path literal", "{ deep_functions { _data(path: @) } }"),
    literal("jsonb literal", "{ deep_functions(where: {_data: {_contains: {a: @}}}) { id } }"),
    raw("block string", '{ deep_strings(where: {_data: {_eq: """@"""}}) { id } }'),
    raw("alias", "{ @: deep_links { id } }"),
    raw("nested alias", "{ deep_links { @: id } }"),
    raw("operation name", "query @ { deep_links { id } }"),
    raw("field", "{ deep_links { @ } }"),
    raw("argument", "{ deep_links(@: 1) { id } }"),
    raw("enum", "{ deep_links(order_by: {id: @}) { id } }"),
    raw("number", "{ deep_links(limit: @) { id } }"),
    raw("fragment", "{ deep_links { ...@ } }"),
    raw("directive", "{ deep_links @@ { id } }"),
    raw("document", "@"),
    raw("comment", "# @\n{ deep_links { id } }"),
    Position("variable name", lambda text: {"query": "{ deep_links { id } }", "variables": {text: text}}),
    Position("operationName", lambda text: {"query": "query A { deep_links { id } }", "operationName": text}),
    *(
        Position(name, lambda text: {"query": "{ deep_links { id } }"}, lambda text, name=name: {name: text})
        for name in (
            "x-hasura-user-id",
            "x-hasura-role",
            "x-request-id",
            "authorization",
            "x-hasura-admin-secret",
            "origin",
        )
    ),
]
# The session variables by which the roles of the matrix see rows of their own.
_SEEN = "{ deep_links { id _to } deep_strings(where: {link: {}}) { _data } }"
QUERIES += [
    Position(
        f"{name} of {role}", lambda text: {"query": _SEEN}, lambda text, role=role, name=name: _as(role, name, text)
    )
    for role, name in (("reader", "x-hasura-user-id"), ("member", "x-hasura-space"), ("owner", "x-hasura-user-id"))
]


def _as(role: str, variable: str, text: str) -> dict[str, str]:
    return {"x-hasura-role": role, variable: text}


_STRING = (
    "insert_deep_strings_one(object: $v, on_conflict: {constraint: strings_pkey, update_columns: [_data]}) { _data }"
)


def _function(operator: str) -> str:
    return f'update_deep_functions_by_pk(pk_columns: {{id: "{PLAY}"}}, {operator}: {{_data: $v}}) {{ id }}'


MUTATIONS = [
    variable("inserted String", "deep_strings_insert_input!", _STRING, lambda text: {"id": PLAY, "_data": text}),
    variable(
        "inserted key", "deep_strings_insert_input!", _STRING, lambda text: {"id": PLAY, "_data": "x", text: text}
    ),
    variable("inserted uuid", "deep_strings_insert_input!", _STRING, lambda text: {"id": text, "_data": "x"}),
    variable(
        "inserted jsonb",
        "deep_functions_insert_input!",
        "insert_deep_functions_one(object: $v, on_conflict: {constraint: functions_pkey, update_columns: [_data]}) { _data }",
        lambda text: {"id": PLAY, "_data": {text: [text, {"a": text}]}},
    ),
    variable(
        "inserted along",
        "deep_links_insert_input!",
        "insert_deep_links_one(object: $v) { id }",
        lambda text: {
            "_deep": PLAY,
            "string": {"data": [{"_data": text}]},
            "out": {"data": {"_deep": PLAY, "_to": text}},
        },
    ),
    variable(
        "constraint",
        "deep_strings_on_conflict",
        "insert_deep_strings(objects: [], on_conflict: $v) { affected_rows }",
        lambda text: {"constraint": text},
    ),
    variable(
        "update column",
        "deep_strings_on_conflict",
        "insert_deep_strings(objects: [], on_conflict: $v) { affected_rows }",
        lambda text: {"constraint": "strings_pkey", "update_columns": [text]},
    ),
    variable(
        "set String",
        "String",
        f'update_deep_strings(where: {{id: {{_eq: "{PLAY}"}}}}, _set: {{_data: $v}}) {{ affected_rows }}',
    ),
    variable(
        "set uuid",
        "uuid",
        f'update_deep_links(where: {{id: {{_eq: "{PLAY}"}}}}, _set: {{_to: $v}}) {{ affected_rows }}',
    ),
    variable(
        "increment",
        "numeric",
        f'update_deep_numbers(where: {{id: {{_eq: "{PLAY}"}}}}, _inc: {{_data: $v}}) {{ affected_rows }}',
    ),
    variable("appended", "jsonb", _function("_set"), lambda text: [text]),
    variable("deleted key", "String", _function("_delete_key")),
    variable("deleted path", "[String!]", _function("_delete_at_path"), lambda text: [text, "a", text]),
    variable(
        "deleted where",
        "String",
        "delete_deep_strings(where: {_data: {_eq: $v}}) { affected_rows }",
        lambda text: f"~{text}",
    ),
    variable("deleted uuid", "uuid!", "delete_deep_links_by_pk(id: $v) { id }"),
    variable(
        "many",
        "[deep_links_updates!]!",
        "update_deep_links_many(updates: $v) { affected_rows }",
        lambda text: [{"where": {"_deep": {"_eq": PLAY}, "id": {"_eq": text}}, "_set": {"_to": PLAY}}],
    ),
    variable(
        "many by text",
        "[deep_strings_updates!]!",
        "update_deep_strings_many(updates: $v) { affected_rows }",
        lambda text: [{"where": {"_data": {"_eq": f"~{text}"}}, "_set": {"_data": text}}],
    ),
]
POSITIONS = [*QUERIES, *MUTATIONS]
