"""Section 6 of the dialect: inserts, conflicts, and rows within rows."""

from __future__ import annotations

from typing import Any

from tests.server.parity.cases import Case, refused

_NEW = '{id: "@31", _deep: "@0"}'


def inserted(
    arguments: str,
    selection: str,
    name: str,
    answer: Any,
    then: tuple[str, Any] | None = None,
    table: str = "links",
    **variables: Any,
) -> Case:
    """Rows inserted."""
    declared = variables.pop("declared", "")
    field = f"insert_deep_{table}"
    return Case(
        name, f"mutation{declared} {{ {field}({arguments}) {{ {selection} }} }}", {field: answer}, variables, then
    )


def one(
    arguments: str,
    selection: str,
    name: str,
    answer: Any,
    then: tuple[str, Any] | None = None,
    table: str = "links",
    **variables: Any,
) -> Case:
    """One row inserted."""
    declared = variables.pop("declared", "")
    field = f"insert_deep_{table}_one"
    return Case(
        name, f"mutation{declared} {{ {field}({arguments}) {{ {selection} }} }}", {field: answer}, variables, then
    )


def link(id: int, selection: str, answer: Any, table: str = "links") -> tuple[str, Any]:
    """What a row is then."""
    return f'{{ x: deep_{table}_by_pk(id: "@{id}") {{ {selection} }} }}', {"x": answer}


_TYPE = "update_columns: [_type]"
PLAIN: tuple[Case, ...] = (
    inserted(
        f"objects: [{_NEW}]",
        "affected_rows returning { id }",
        "one of many",
        {"affected_rows": 1, "returning": [{"id": "@31"}]},
        link(31, "id", {"id": "@31"}),
    ),
    inserted(f"objects: {_NEW}", "affected_rows", "a bare object is a list of one", {"affected_rows": 1}),
    inserted("objects: []", "affected_rows returning { id }", "nothing", {"affected_rows": 0, "returning": []}),
    inserted(
        'objects: [{id: "@33", _deep: "@0"}, {id: "@31", _deep: "@0"}, {id: "@32", _deep: "@0"}]',
        "returning { id }",
        "returning has the order of objects",
        {"returning": [{"id": "@33"}, {"id": "@31"}, {"id": "@32"}]},
    ),
    inserted(
        'objects: [{id: "@31", _deep: "@0", _type: "@1"}, {id: "@32", _deep: "@0", _from: "@3"}]',
        "returning { _type _from }",
        "rows with different columns",
        {"returning": [{"_type": "@1", "_from": None}, {"_type": None, "_from": "@3"}]},
    ),
    inserted(
        "objects: $x",
        "affected_rows",
        "rows in a variable",
        {"affected_rows": 2},
        declared="($x: [deep_links_insert_input!]!)",
        x=[{"_deep": "@0"}, {"_deep": "@0"}],
    ),
    inserted(
        "objects: $x",
        "affected_rows",
        "a bare row in a variable",
        {"affected_rows": 1},
        declared="($x: [deep_links_insert_input!]!)",
        x={"_deep": "@0"},
    ),
    inserted(
        'objects: [{_deep: "@0", id: $x}]',
        "returning { id }",
        "a column in a variable",
        {"returning": [{"id": "@31"}]},
        declared="($x: uuid!)",
        x="@31",
    ),
    inserted(
        'objects: [{_deep: "@0", id: "@31", _type: $x}]',
        "returning { _type }",
        "a column of a variable without a value",
        {"returning": [{"_type": None}]},
        declared="($x: uuid)",
    ),
    Case(
        "a key in capitals is answered in small letters",
        'mutation { insert_deep_links_one(object: {id: "ABCDEF00-0000-4000-8000-00000000000F", _deep: "@0"}) { id } }',
        {"insert_deep_links_one": {"id": "abcdef00-0000-4000-8000-00000000000f"}},
    ),
    inserted(
        f"objects: [{_NEW}]", "__typename", "__typename of the answer", {"__typename": "deep_links_mutation_response"}
    ),
    inserted(
        f"objects: [{_NEW}]",
        "n: affected_rows r: returning { k: id }",
        "aliases in the answer",
        {"n": 1, "r": [{"k": "@31"}]},
    ),
    one(
        f"object: {_NEW}",
        "id _type _from _to _value",
        "a row",
        {"id": "@31", "_type": None, "_from": None, "_to": None, "_value": None},
    ),
    one(
        'object: {id: "@31", _deep: "@0", _type: null}', "_type", "null for a column that may be null", {"_type": None}
    ),
    one(
        'object: {id: "@31", _deep: "@0", _from: "@3", _to: "@4"}',
        "from { id } to { id }",
        "relationships of the new row",
        {"from": {"id": "@3"}, "to": {"id": "@4"}},
    ),
    one(
        'object: {id: "@31", _deep: "@0", _from: "@3"}',
        "from { out_aggregate { aggregate { count } } }",
        "relationships show the state after",
        {"from": {"out_aggregate": {"aggregate": {"count": 4}}}},
    ),
    one(
        'object: {id: "@31", _deep: "@0", _to: "@31"}',
        "to { id in { id } }",
        "a row that refers to itself",
        {"to": {"id": "@31", "in": [{"id": "@31"}]}},
    ),
    one(
        'object: {id: "@31", _deep: "@0", _to: "@98"}',
        "_to to { id }",
        "a reference may come before its row",
        {"_to": "@98", "to": None},
    ),
    one('object: {id: "@22", _data: "new"}', "_data", "text", {"_data": "new"}, table="strings"),
    one('object: {id: "@9", _data: 5}', "_data", "a number", {"_data": 5}, table="numbers"),
    one(
        'object: {id: "@9", _data: "12345678901234567890.5"}',
        "id",
        "a number as a string",
        {"id": "@9"},
        (
            '{ deep_numbers(where: {_deep: {_eq: "@0"}, _data: {_eq: "12345678901234567890.5"}}) { id } }',
            {"deep_numbers": [{"id": "@9"}]},
        ),
        table="numbers",
    ),
    one(
        'object: {id: "@9", _data: {a: [1, "x", null, true]}}',
        "_data",
        "an object",
        {"_data": {"a": [1, "x", None, True]}},
        table="functions",
    ),
    one(
        'object: {id: "@9", _data: "[1]"}',
        "_data",
        "a text for jsonb is a JSON text",
        {"_data": "[1]"},
        table="functions",
    ),
    one(
        'object: {id: "@9", _data: $x}',
        "_data",
        "jsonb in a variable",
        {"_data": [1, {"b": None}]},
        table="functions",
        declared="($x: jsonb!)",
        x=[1, {"b": None}],
    ),
    one(
        'object: {id: "@9", _data: {a: $x}}',
        "_data",
        "a variable inside jsonb",
        {"_data": {"a": "v"}},
        table="functions",
        declared="($x: jsonb)",
        x="v",
    ),
    one('object: {id: "@9", _data: false}', "_data", "false is no null", {"_data": False}, table="functions"),
    one(
        'object: {id: "@9", _data: "a\\u0007b \\ud83d\\ude00 é"}',
        "_data",
        "text of any characters",
        {"_data": "a\x07b 😀 é"},
        table="strings",
    ),
    Case(
        "two inserts are done in their order",
        'mutation { a: insert_deep_links_one(object: {id: "@31", _deep: "@0"}) { id } b: insert_deep_strings_one(object: {id: "@31", _data: "x"}) { link { id } } }',
        {"a": {"id": "@31"}, "b": {"link": {"id": "@31"}}},
    ),
    Case(
        "__typename beside an insert",
        'mutation { __typename insert_deep_links_one(object: {id: "@31", _deep: "@0"}) { __typename } }',
        {"__typename": "mutation_root", "insert_deep_links_one": {"__typename": "deep_links"}},
    ),
    Case(
        "a skipped insert does nothing",
        'mutation { a: insert_deep_links_one(object: {id: "@31", _deep: "@0"}) @skip(if: true) { id } b: insert_deep_links_one(object: {id: "@32", _deep: "@0"}) { id } }',
        {"b": {"id": "@32"}},
        then=link(31, "id", None),
    ),
    Case(
        "a failure undoes what was before it",
        'mutation { a: insert_deep_links_one(object: {id: "@31", _deep: "@0"}) { id } b: insert_deep_links_one(object: {id: "@3", _deep: "@0"}) { id } }',
        refused(
            "", "", "constraint-violation", "$.selectionSet.insert_deep_links_one.args.object", "links_pkey"
        ).answer,
        then=link(31, "id", None),
    ),
)
_C = "on_conflict: {constraint: links_pkey"
_OLD = 'objects: [{id: "@3", _deep: "@0", _type: "@2", _to: "@5"}], '
CONFLICTS: tuple[Case, ...] = (
    inserted(
        _OLD + _C + "}",
        "affected_rows returning { id }",
        "columns left out: the old row stays",
        {"affected_rows": 0, "returning": []},
        link(3, "_type", {"_type": "@1"}),
    ),
    inserted(
        _OLD + _C + ", update_columns: []}",
        "affected_rows returning { id }",
        "no columns: the old row stays",
        {"affected_rows": 0, "returning": []},
        link(3, "_type", {"_type": "@1"}),
    ),
    inserted(
        _OLD + _C + f", {_TYPE}}}",
        "affected_rows returning { id _type _to }",
        "the named columns change, the others stay",
        {"affected_rows": 1, "returning": [{"id": "@3", "_type": "@2", "_to": None}]},
    ),
    inserted(
        _OLD + _C + ", update_columns: _type}",
        "returning { _type }",
        "a bare column is a list of one",
        {"returning": [{"_type": "@2"}]},
    ),
    inserted(
        _OLD + _C + ", update_columns: [_type, _to]}",
        "returning { _type _to }",
        "two columns",
        {"returning": [{"_type": "@2", "_to": "@5"}]},
    ),
    inserted(
        'objects: [{id: "@3", _deep: "@0"}], ' + _C + f", {_TYPE}}}",
        "returning { _type }",
        "a column that is left out is set to its default",
        {"returning": [{"_type": None}]},
    ),
    inserted(
        _OLD + _C + f', {_TYPE}, where: {{_type: {{_eq: "@2"}}}}}}',
        "affected_rows returning { id }",
        "where is about the old row: it stays",
        {"affected_rows": 0, "returning": []},
        link(3, "_type", {"_type": "@1"}),
    ),
    inserted(
        _OLD + _C + f', {_TYPE}, where: {{_type: {{_eq: "@1"}}}}}}',
        "affected_rows",
        "where is about the old row: it changes",
        {"affected_rows": 1},
        link(3, "_type", {"_type": "@2"}),
    ),
    inserted(_OLD + _C + f", {_TYPE}, where: {{}}}}", "affected_rows", "an empty where is all", {"affected_rows": 1}),
    inserted(_OLD + _C + f", {_TYPE}, where: null}}", "affected_rows", "a null where is all", {"affected_rows": 1}),
    refused(
        f"mutation {{ insert_deep_links({_OLD} on_conflict: null) {{ affected_rows }} }}",
        "a null on_conflict is none",
        "constraint-violation",
        "$.selectionSet.insert_deep_links.args.objects",
        "links_pkey",
    ),
    inserted(
        'objects: [{id: "@3", _deep: "@0"}, {id: "@31", _deep: "@0"}], ' + _C + "}",
        "affected_rows returning { id }",
        "an old row and a new one: only the new one is there",
        {"affected_rows": 1, "returning": [{"id": "@31"}]},
    ),
    inserted(
        'objects: [{id: "@31", _deep: "@0", _type: "@1"}, {id: "@3", _deep: "@0", _type: "@2"}], '
        + _C
        + f", {_TYPE}}}",
        "affected_rows returning { id _type }",
        "an old row and a new one, both written",
        {"affected_rows": 2, "returning": [{"id": "@31", "_type": "@1"}, {"id": "@3", "_type": "@2"}]},
    ),
    inserted(
        'objects: [{id: "@31", _deep: "@0"}, {id: "@31", _deep: "@0"}], ' + _C + "}",
        "affected_rows",
        "one new key twice, ignored once",
        {"affected_rows": 1},
    ),
    inserted(
        _OLD + "on_conflict: $c",
        "affected_rows",
        "on_conflict in a variable",
        {"affected_rows": 1},
        declared="($c: deep_links_on_conflict!)",
        c={"constraint": "links_pkey", "update_columns": ["_type"]},
    ),
    inserted(
        _OLD + "on_conflict: $c",
        "affected_rows",
        "on_conflict in a variable without columns",
        {"affected_rows": 0},
        declared="($c: deep_links_on_conflict!)",
        c={"constraint": "links_pkey"},
    ),
    inserted(
        _OLD + "on_conflict: $c",
        "affected_rows",
        "on_conflict with a condition in a variable",
        {"affected_rows": 0},
        declared="($c: deep_links_on_conflict!)",
        c={"constraint": "links_pkey", "update_columns": ["_type"], "where": {"_type": {"_eq": "@2"}}},
    ),
    one('object: {id: "@3", _deep: "@0"}, ' + _C + "}", "id", "an ignored row is null", None),
    one(
        'object: {id: "@3", _deep: "@0", _type: "@2"}, ' + _C + f", {_TYPE}}}",
        "id _type",
        "a row that changed",
        {"id": "@3", "_type": "@2"},
    ),
    one(
        'object: {id: "@11", _data: "Eve"}, on_conflict: {constraint: strings_pkey, update_columns: [_data]}',
        "id _data",
        "text that changes",
        {"id": "@11", "_data": "Eve"},
        table="strings",
    ),
    one(
        'object: {id: "@15", _data: 7}, on_conflict: {constraint: numbers_pkey, update_columns: [_data]}',
        "id _data",
        "a number that changes",
        {"id": "@15", "_data": 7},
        table="numbers",
    ),
    one(
        'object: {id: "@20", _data: {z: 1}}, on_conflict: {constraint: functions_pkey, update_columns: [_data]}',
        "id _data",
        "jsonb that changes",
        {"id": "@20", "_data": {"z": 1}},
        table="functions",
    ),
    one(
        'object: {id: "@11", _data: "Eve"}, on_conflict: {constraint: strings_pkey, update_columns: [_data], where: {_data: {_eq: "Bob"}}}',
        "id",
        "text that stays",
        None,
        link(11, "_data", {"_data": "Alice"}, "strings"),
        table="strings",
    ),
    refused(
        f"mutation {{ insert_deep_links({_OLD} on_conflict: {{constraint: nope}}) {{ affected_rows }} }}",
        "an unknown constraint",
        "validation-failed",
        "$.selectionSet.insert_deep_links.args.on_conflict.constraint",
        "deep_links_constraint",
        "nope",
    ),
    refused(
        f"mutation {{ insert_deep_links({_OLD} on_conflict: {{}}) {{ affected_rows }} }}",
        "no constraint",
        "validation-failed",
        None,
        "constraint",
    ),
    refused(
        f"mutation {{ insert_deep_links({_OLD} on_conflict: {{constraint: links_pkey, update_columns: [nope]}}) {{ affected_rows }} }}",
        "an unknown column to update",
        "validation-failed",
        None,
        "nope",
        "deep_links_update_column",
    ),
    refused(
        f"mutation {{ insert_deep_links({_OLD} on_conflict: {{constraint: links_pkey, update_columns: [_type], where: {{_type: {{_eq: null}}}}}}) {{ affected_rows }} }}",
        "a null in its condition",
        "validation-failed",
        None,
        "null",
        "uuid",
    ),
    refused(
        'mutation { insert_deep_links(objects: [{id: "@31", _deep: "@0"}, {id: "@31", _deep: "@0"}], on_conflict: {constraint: links_pkey, update_columns: [_type]}) { affected_rows } }',
        "one key twice, to be updated",
        "unexpected",
        None,
    ),
)
NESTED: tuple[Case, ...] = (
    inserted(
        'objects: [{id: "@31", _deep: "@0", from: {data: {id: "@32", _deep: "@0"}}}]',
        "affected_rows returning { id _from from { id } }",
        "an object relationship",
        {"affected_rows": 2, "returning": [{"id": "@31", "_from": "@32", "from": {"id": "@32"}}]},
    ),
    inserted(
        'objects: [{id: "@31", _deep: "@0", out: {data: [{id: "@32", _deep: "@0"}, {id: "@33", _deep: "@0"}]}}]',
        "affected_rows returning { out(order_by: {id: asc}) { id _from } }",
        "an array relationship",
        {"affected_rows": 3, "returning": [{"out": [{"id": "@32", "_from": "@31"}, {"id": "@33", "_from": "@31"}]}]},
    ),
    inserted(
        'objects: [{id: "@31", _deep: "@0", out: {data: {id: "@32", _deep: "@0"}}}]',
        "affected_rows",
        "a bare row for an array relationship",
        {"affected_rows": 2},
    ),
    inserted(
        'objects: [{id: "@31", _deep: "@0", out: {data: []}}]',
        "affected_rows",
        "no rows of an array relationship",
        {"affected_rows": 1},
    ),
    inserted(
        'objects: [{id: "@31", _deep: "@0", string: {data: [{_data: "x"}]}}]',
        "affected_rows returning { string { id _data } }",
        "text with its link",
        {"affected_rows": 2, "returning": [{"string": [{"id": "@31", "_data": "x"}]}]},
    ),
    inserted(
        'objects: [{id: "@31", _deep: "@0", number: {data: [{_data: 4}]}}]',
        "affected_rows returning { number { _data } }",
        "a number with its link",
        {"affected_rows": 2, "returning": [{"number": [{"_data": 4}]}]},
    ),
    inserted(
        'objects: [{id: "@31", _deep: "@0", function: {data: [{_data: {a: 1}}]}}]',
        "affected_rows returning { function { _data } }",
        "jsonb with its link",
        {"affected_rows": 2, "returning": [{"function": [{"_data": {"a": 1}}]}]},
    ),
    one(
        'object: {id: "@31", _deep: "@0", value: {data: {id: "@32", _deep: "@0", string: {data: [{_data: "deep"}]}}}}',
        "value { string { _data } }",
        "rows within rows within rows",
        {"value": {"string": [{"_data": "deep"}]}},
    ),
    one(
        'object: {_data: "x", link: {data: {id: "@31", _deep: "@0"}}}',
        "id link { id }",
        "the link with its text",
        {"id": "@31", "link": {"id": "@31"}},
        table="strings",
    ),
    one(
        'object: {id: "@31", _deep: "@0", from: {data: {id: "@32", _deep: "@0"}}, to: {data: {id: "@33", _deep: "@0"}}, type: {data: {id: "@34", _deep: "@0"}}}',
        "_from _to _type",
        "three object relationships",
        {"_from": "@32", "_to": "@33", "_type": "@34"},
    ),
    one(
        'object: {id: "@31", _deep: "@0", from: {data: {id: "@3", _deep: "@0"}, on_conflict: {constraint: links_pkey, update_columns: [id]}}}',
        "_from",
        "a row around that is there",
        {"_from": "@3"},
    ),
    one(
        'object: {id: "@31", _deep: "@0", out: {data: [{id: "@6", _deep: "@0"}], on_conflict: {constraint: links_pkey, update_columns: [_from]}}}',
        "out { id }",
        "a row within that is there is taken over",
        {"out": [{"id": "@6"}]},
    ),
    inserted(
        'objects: [{id: "@31", _deep: "@0", out: {data: [{id: "@6", _deep: "@0"}], on_conflict: {constraint: links_pkey}}}]',
        "affected_rows",
        "a row within that is ignored",
        {"affected_rows": 1},
        link(6, "_from", {"_from": "@3"}),
    ),
    one('object: {id: "@31", _deep: "@0", from: null}', "_from", "a null relationship is none", {"_from": None}),
    one(
        "object: $x",
        "out { id }",
        "rows within rows in a variable",
        {"out": [{"id": "@32"}]},
        declared="($x: deep_links_insert_input!)",
        x={"id": "@31", "_deep": "@0", "out": {"data": [{"id": "@32", "_deep": "@0"}]}},
    ),
    inserted(
        'objects: [{id: "@31", _deep: "@0", out: {data: [{id: "@32", _deep: "@0"}]}}, {id: "@33", _deep: "@0", out: {data: [{id: "@34", _deep: "@0"}]}}]',
        "affected_rows returning { out { id } }",
        "rows within each of several",
        {"affected_rows": 4, "returning": [{"out": [{"id": "@32"}]}, {"out": [{"id": "@34"}]}]},
    ),
    refused(
        'mutation { insert_deep_links(objects: [{_deep: "@0", _from: "@3", from: {data: {_deep: "@0"}}}]) { affected_rows } }',
        "a column beside its object relationship",
        "validation-failed",
        "$.selectionSet.insert_deep_links.args.objects[0].from",
        "from",
        "_from",
    ),
    refused(
        'mutation { insert_deep_links(objects: [{_deep: "@0", out: {data: [{_deep: "@0", _from: "@3"}]}}]) { affected_rows } }',
        "a column that the row around decides",
        "validation-failed",
        "$.selectionSet.insert_deep_links.args.objects[0].out.data[0]",
        "_from",
    ),
    refused(
        'mutation { insert_deep_links_one(object: {_deep: "@0", _from: "@3", from: {data: {_deep: "@0"}}}) { id } }',
        "a column beside its object relationship, in one",
        "validation-failed",
        None,
        "from",
        "_from",
    ),
    refused(
        'mutation { insert_deep_links(objects: [{id: "@3", _deep: "@0", out: {data: [{_deep: "@0"}]}}], on_conflict: {constraint: links_pkey}) { affected_rows } }',
        "rows within an ignored row",
        "not-supported",
        None,
        "links",
    ),
    refused(
        'mutation { insert_deep_links(objects: [{_deep: "@0", from: {data: {id: "@3", _deep: "@0"}, on_conflict: {constraint: links_pkey}}}]) { affected_rows } }',
        "a row around that is ignored",
        "not-supported",
        None,
        "links",
    ),
    refused(
        'mutation { insert_deep_links(objects: [{_deep: "@0", from: {data: null}}]) { affected_rows } }',
        "null within",
        "validation-failed",
        None,
        "null",
    ),
    refused(
        'mutation { insert_deep_links(objects: [{_deep: "@0", from: {}}]) { affected_rows } }',
        "nothing within",
        "validation-failed",
        None,
        "data",
    ),
    Case(
        "a failure within undoes the row around",
        'mutation { insert_deep_links(objects: [{id: "@31", _deep: "@0", out: {data: [{id: "@3", _deep: "@0"}]}}]) { affected_rows } }',
        refused("", "", "constraint-violation", None, "links_pkey").answer,
        then=link(31, "id", None),
    ),
)
REFUSED: tuple[Case, ...] = (
    refused(
        'mutation { insert_deep_links(objects: [{id: "@3", _deep: "@0"}]) { affected_rows } }',
        "a key that is there",
        "constraint-violation",
        "$.selectionSet.insert_deep_links.args.objects",
        "Uniqueness violation",
        "links_pkey",
    ),
    refused(
        'mutation { insert_deep_links_one(object: {id: "@3", _deep: "@0"}) { id } }',
        "a key that is there, in one",
        "constraint-violation",
        "$.selectionSet.insert_deep_links_one.args.object",
        "Uniqueness violation",
        "links_pkey",
    ),
    refused(
        'mutation { insert_deep_links(objects: [{id: "@31", _deep: "@0"}, {id: "@31", _deep: "@0"}]) { affected_rows } }',
        "one key twice",
        "constraint-violation",
        "$.selectionSet.insert_deep_links.args.objects",
        "Uniqueness violation",
        "links_pkey",
    ),
    refused(
        'mutation { insert_deep_strings_one(object: {id: "@31", _data: "x"}) { id } }',
        "text without a link",
        "constraint-violation",
        "$.selectionSet.insert_deep_strings_one.args.object",
        "Foreign key violation",
    ),
    refused(
        'mutation { insert_deep_strings_one(object: {id: "@9", _data: null}) { id } }',
        "a null for text",
        "constraint-violation",
        "$.selectionSet.insert_deep_strings_one.args.object",
        "Not-NULL violation",
        "_data",
    ),
    refused(
        'mutation { insert_deep_strings_one(object: {id: "@9"}) { id } }',
        "no text",
        "constraint-violation",
        "$.selectionSet.insert_deep_strings_one.args.object",
        "Not-NULL violation",
        "_data",
    ),
    refused(
        'mutation { insert_deep_functions_one(object: {id: "@9", _data: null}) { id } }',
        "a bare null for jsonb",
        "constraint-violation",
        None,
        "Not-NULL violation",
        "_data",
    ),
    refused(
        'mutation { insert_deep_links_one(object: {id: "x", _deep: "@0"}) { id } }',
        "a malformed key",
        "data-exception",
        "$",
        "uuid",
        "x",
    ),
    refused(
        'mutation { insert_deep_numbers_one(object: {id: "@9", _data: "x"}) { id } }',
        "a malformed number",
        "data-exception",
        "$",
        "x",
    ),
    refused(
        'mutation { insert_deep_strings_one(object: {id: "@9", _data: 1}) { id } }',
        "a number for text",
        "validation-failed",
        "$.selectionSet.insert_deep_strings_one.args.object._data",
        "String",
    ),
    refused(
        'mutation { insert_deep_numbers_one(object: {id: "@9", _data: true}) { id } }',
        "a boolean for a number",
        "validation-failed",
        None,
        "numeric",
    ),
    refused(
        "mutation { insert_deep_links_one(object: {nope: 1}) { id } }",
        "an unknown column",
        "validation-failed",
        "$.selectionSet.insert_deep_links_one.args.object.nope",
        "nope",
        "deep_links_insert_input",
    ),
    refused(
        "mutation { insert_deep_links(objects: [{nope: 1}]) { affected_rows } }",
        "an unknown column of many",
        "validation-failed",
        "$.selectionSet.insert_deep_links.args.objects[0].nope",
        "nope",
        "deep_links_insert_input",
    ),
    refused(
        "mutation { insert_deep_links(objects: [null]) { affected_rows } }",
        "a null row",
        "validation-failed",
        None,
        "null",
    ),
    refused(
        "mutation { insert_deep_links(objects: null) { affected_rows } }",
        "null rows",
        "validation-failed",
        "$.selectionSet.insert_deep_links.args.objects",
        "null",
    ),
    refused(
        "mutation { insert_deep_links(objects: []) { nope } }",
        "an unknown field of the answer",
        "validation-failed",
        None,
        "nope",
        "deep_links_mutation_response",
    ),
    refused(
        'mutation { insert_deep_links_one(object: {_deep: "@0"}) { affected_rows } }',
        "affected_rows of one",
        "validation-failed",
        None,
        "affected_rows",
        "deep_links",
    ),
)
CASES = (*PLAIN, *CONFLICTS, *NESTED, *REFUSED)
