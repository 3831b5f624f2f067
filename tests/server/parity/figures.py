"""Sections 4 and 5 of the dialect: aggregates, and how scalars are written and read."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from tests.server.parity.cases import Case, refused


def counted(arguments: str, selection: str, name: str, answer: Any, table: str = "links", **variables: Any) -> Case:
    """What `aggregate` says over rows of a table."""
    declared = variables.pop("declared", "")
    given = f"({arguments})" if arguments else ""
    field = f"deep_{table}_aggregate"
    query = f"query{declared} {{ {field}{given} {{ aggregate {{ {selection} }} }} }}"
    return Case(name, query, {field: {"aggregate": answer}}, variables)


def told(table: str, row: int, column: str, name: str, answer: Any) -> Case:
    """What a column of a row is written as."""
    field = f"deep_{table}_by_pk"
    return Case(name, f'{{ {field}(id: "@{row}") {{ x: {column} }} }}', {field: {"x": answer}})


_TWO = 'where: {id: {_in: ["@15", "@17"]}}'
_ONE = 'where: {id: {_eq: "@15"}}'
_NONE = "where: {_or: []}"
_EDGES = 'where: {_type: {_eq: "@2"}}'

COUNTS: tuple[Case, ...] = (
    counted("", "count", "count counts rows", {"count": 22}),
    counted("", "count(columns: _type)", "count of a column leaves null out", {"count": 7}),
    counted("", "count(columns: [_type])", "count of a list of one column", {"count": 7}),
    counted("", "count(columns: _type, distinct: true)", "count of distinct values", {"count": 2}),
    counted("", "count(columns: _type, distinct: false)", "count that is not distinct", {"count": 7}),
    counted(_EDGES, "count(columns: [_type, _from], distinct: true)", "count of distinct pairs", {"count": 2}),
    counted("", "count(columns: [_type, _value])", "count of pairs counts rows", {"count": 22}),
    counted("", "count(columns: [])", "count of no columns counts rows", {"count": 22}),
    counted("", "count(columns: null)", "count of null counts rows", {"count": 22}),
    counted("", "n: count", "a count under an alias", {"n": 22}),
    counted("", "count a: count(columns: _type)", "two counts", {"count": 22, "a": 7}),
    counted(
        "",
        "count(columns: $c)",
        "count of columns in a variable",
        {"count": 7},
        declared="($c: [deep_links_select_column!])",
        c=["_type"],
    ),
    counted(
        "",
        "count(distinct: $d, columns: _type)",
        "distinct in a variable",
        {"count": 2},
        declared="($d: Boolean!)",
        d=True,
    ),
    counted("limit: 4", "count", "a limit comes before the count", {"count": 4}),
    counted("limit: 10, offset: 18", "count", "an offset comes before the count", {"count": 4}),
    counted("limit: 0", "count", "a limit of none", {"count": 0}),
    counted("distinct_on: _type, " + _EDGES, "count", "distinct_on comes before the count", {"count": 1}),
    counted(
        "order_by: {_i: desc_nulls_last}, limit: 2",
        "min { _i }",
        "an order comes before the limit",
        {"min": {"_i": 22}},
    ),
    counted(_NONE, "count", "a count of no rows", {"count": 0}),
    counted("where: null", "count", "a null condition", {"count": 22}),
    counted('where: {from: {_type: {_eq: "@1"}}}', "count", "a condition on a relationship", {"count": 5}),
)
FUNCTIONS: tuple[Case, ...] = (
    counted(_TWO, "sum { _data }", "sum", {"sum": {"_data": Decimal("-3.90")}}, "numbers"),
    counted(_TWO, "avg { _data }", "avg", {"avg": {"_data": Decimal("-1.95")}}, "numbers"),
    counted(_TWO, "max { _data }", "max", {"max": {"_data": Decimal("1.10")}}, "numbers"),
    counted(_TWO, "min { _data }", "min", {"min": {"_data": -5}}, "numbers"),
    counted(_TWO, "stddev_pop { _data }", "stddev_pop", {"stddev_pop": {"_data": Decimal("3.05")}}, "numbers"),
    counted(_TWO, "var_pop { _data }", "var_pop", {"var_pop": {"_data": Decimal("9.3025")}}, "numbers"),
    counted(_TWO, "var_samp { _data }", "var_samp", {"var_samp": {"_data": Decimal("18.605")}}, "numbers"),
    counted(
        _TWO, "variance { _data }", "variance is of a sample", {"variance": {"_data": Decimal("18.605")}}, "numbers"
    ),
    counted(
        "", "sum { _data }", "a sum keeps its digits", {"sum": {"_data": Decimal("9007229254740989.35")}}, "numbers"
    ),
    counted("", "max { _i }", "a maximum keeps its digits", {"max": {"_i": 9007199254740993}}),
    counted("where: {_i: {_lt: 5}}", "sum { _i }", "a sum of bigints", {"sum": {"_i": 10}}),
    counted("where: {_i: {_lt: 5}}", "avg { _i }", "an average of bigints", {"avg": {"_i": Decimal("2.5")}}),
    counted(_EDGES, "max { id }", "a maximum of uuids", {"max": {"id": "@10"}}),
    counted(_EDGES, "min { id _from }", "a minimum of uuids", {"min": {"id": "@6", "_from": "@3"}}),
    counted(
        "",
        "max { _data } min { _data }",
        "extremes of texts",
        {"max": {"_data": "Bob"}, "min": {"_data": ""}},
        "strings",
    ),
    counted("", "max { created_at }", "the latest time", {"max": {"created_at": "2024-01-15T12:34:56.123456+00:00"}}),
    counted("", "min { created_at }", "the earliest time", {"min": {"created_at": "2020-01-01T12:30:00+00:00"}}),
    *(
        counted(_ONE, f"{name} {{ _data }}", f"{name} of one row is null", {name: {"_data": None}}, "numbers")
        for name in ("stddev", "stddev_samp", "var_samp", "variance")
    ),
    *(
        counted(_ONE, f"{name} {{ _data }}", f"{name} of one row is 0", {name: {"_data": 0}}, "numbers")
        for name in ("stddev_pop", "var_pop")
    ),
    *(
        counted(_NONE, f"{name} {{ _data }}", f"{name} of no rows is null", {name: {"_data": None}}, "numbers")
        for name in (
            "sum",
            "avg",
            "max",
            "min",
            "stddev",
            "stddev_pop",
            "stddev_samp",
            "var_pop",
            "var_samp",
            "variance",
        )
    ),
    counted(
        "where: {_type: {_is_null: true}}", "max { _type }", "a maximum of nulls is null", {"max": {"_type": None}}
    ),
    counted("", "__typename", "only __typename", {"__typename": "deep_links_aggregate_fields"}),
    counted("", "max { __typename }", "__typename of a maximum", {"max": {"__typename": "deep_links_max_fields"}}),
    counted("", "count @skip(if: true) __typename", "a skipped count", {"__typename": "deep_links_aggregate_fields"}),
    counted("", "m: max { a: _i }", "aliases of functions and columns", {"m": {"a": 9007199254740993}}),
)
_NODES = "deep_strings_aggregate"
NODES: tuple[Case, ...] = (
    Case(
        "nodes are the rows",
        '{ deep_strings_aggregate(where: {_data: {_gt: "A"}}, order_by: {id: asc}) { nodes { id } } }',
        {_NODES: {"nodes": [{"id": "@11"}, {"id": "@12"}]}},
    ),
    Case(
        "nodes beside a count",
        "{ deep_strings_aggregate(order_by: {id: asc}, limit: 1) { aggregate { count } nodes { id } } }",
        {_NODES: {"aggregate": {"count": 1}, "nodes": [{"id": "@11"}]}},
    ),
    Case(
        "nodes of no rows",
        "{ deep_strings_aggregate(where: {_or: []}) { nodes { id } aggregate { count } } }",
        {_NODES: {"nodes": [], "aggregate": {"count": 0}}},
    ),
    Case(
        "nodes follow relationships",
        '{ deep_strings_aggregate(where: {id: {_eq: "@11"}}) { nodes { link { _i } } } }',
        {_NODES: {"nodes": [{"link": {"_i": 11}}]}},
    ),
    Case(
        "__typename of an aggregate",
        "{ deep_strings_aggregate { __typename } }",
        {_NODES: {"__typename": "deep_strings_aggregate"}},
    ),
    Case(
        "aggregate under aliases",
        "{ deep_strings_aggregate { a: aggregate { count } b: aggregate { n: count } } }",
        {_NODES: {"a": {"count": 4}, "b": {"n": 4}}},
    ),
    Case(
        "a nested count",
        '{ deep_links_by_pk(id: "@3") { out_aggregate { aggregate { count } } } }',
        {"deep_links_by_pk": {"out_aggregate": {"aggregate": {"count": 3}}}},
    ),
    Case(
        "a nested count of none",
        '{ deep_links_by_pk(id: "@5") { out_aggregate { aggregate { count max { _i } } nodes { id } } } }',
        {"deep_links_by_pk": {"out_aggregate": {"aggregate": {"count": 0, "max": {"_i": None}}, "nodes": []}}},
    ),
    Case(
        "a nested condition",
        '{ deep_links_by_pk(id: "@3") { out_aggregate(where: {_to: {_eq: "@4"}}) { aggregate { count } } } }',
        {"deep_links_by_pk": {"out_aggregate": {"aggregate": {"count": 1}}}},
    ),
    Case(
        "a nested limit",
        '{ deep_links_by_pk(id: "@3") { out_aggregate(limit: 2) { aggregate { count } } } }',
        {"deep_links_by_pk": {"out_aggregate": {"aggregate": {"count": 2}}}},
    ),
    Case(
        "nested nodes",
        '{ deep_links_by_pk(id: "@3") { out_aggregate(order_by: {id: desc}, limit: 1) { nodes { id } } } }',
        {"deep_links_by_pk": {"out_aggregate": {"nodes": [{"id": "@10"}]}}},
    ),
    Case(
        "a nested sum of data",
        '{ deep_links_by_pk(id: "@15") { number_aggregate { aggregate { sum { _data } } } } }',
        {"deep_links_by_pk": {"number_aggregate": {"aggregate": {"sum": {"_data": Decimal("1.10")}}}}},
    ),
    Case(
        "nested counts of several rows, none twice",
        '{ deep_links(where: {_type: {_eq: "@1"}}, order_by: {id: asc}) { in_aggregate { aggregate { __typename } } } }',
        {"deep_links": [{"in_aggregate": {"aggregate": {"__typename": "deep_links_aggregate_fields"}}}] * 3},
    ),
)
_OBJECT: Any = {"a": 1, "b": [1, 2, {"c": None}], "x y": True}
SCALARS: tuple[Case, ...] = (
    told("links", 3, "created_at", "a time has no zeros at its end", "2024-01-15T12:34:56.12+00:00"),
    told("links", 4, "created_at", "a time has microseconds", "2024-01-15T12:34:56.123456+00:00"),
    told("links", 5, "created_at", "a time without a fraction has none", "2020-01-01T12:30:00+00:00"),
    told("links", 9, "_i", "a bigint is a number with all digits", 9007199254740993),
    told("numbers", 18, "_data", "a numeric is a number with all digits", Decimal("9007199254740993.25")),
    told("numbers", 16, "_data", "a large integer has no exponent", 30000000000),
    told("numbers", 17, "_data", "a negative number", -5),
    told("strings", 14, "_data", "empty text", ""),
    told("links", 3, "_from", "null", None),
    told("functions", 19, "_data", "jsonb is inline", _OBJECT),
    told("functions", 21, "_data", "a JSON text is a text", "text"),
    told("functions", 22, "_data", "an empty object", {}),
    told("functions", 19, '_data(path: "$.a")', "a path from the root", 1),
    told("functions", 19, '_data(path: "a")', "a path of a bare name", 1),
    told("functions", 19, '_data(path: ".a")', "a path that begins with a dot", 1),
    told("functions", 19, '_data(path: "$")', "the path of the whole", _OBJECT),
    told("functions", 19, '_data(path: "b[0]")', "a path to an element", 1),
    told("functions", 19, '_data(path: "$.b[2].c")', "a path to a null", None),
    told("functions", 19, '_data(path: "b[9]")', "a path past the end", None),
    told("functions", 19, '_data(path: "nope.a")', "a path to nothing", None),
    told("functions", 19, """_data(path: "['x y']")""", "a path of a quoted name", True),
    told("functions", 19, """_data(path: "$['x y']")""", "a path of a quoted name from the root", True),
    told("functions", 20, '_data(path: "[1]")', "a path into an array", "q"),
    told("functions", 20, '_data(path: "$[1]")', "a path into an array from the root", "q"),
    told("functions", 21, '_data(path: "a")', "a path into a text", None),
    told("functions", 19, "_data(path: null)", "a null path is none", _OBJECT),
    Case(
        "two paths of a column",
        '{ deep_functions_by_pk(id: "@19") { a: _data(path: "a") b: _data(path: "b[1]") } }',
        {"deep_functions_by_pk": {"a": 1, "b": 2}},
    ),
    Case(
        "a path in a variable",
        'query ($p: String) { deep_functions_by_pk(id: "@19") { _data(path: $p) } }',
        {"deep_functions_by_pk": {"_data": 1}},
        {"p": "$.a"},
    ),
    Case(
        "a key without hyphens",
        '{ deep_links_by_pk(id: "00000001000040008000000000000003") { id } }',
        {"deep_links_by_pk": {"id": "@3"}},
    ),
    Case(
        "a key in braces",
        '{ deep_links_by_pk(id: "{00000001-0000-4000-8000-000000000003}") { id } }',
        {"deep_links_by_pk": {"id": "@3"}},
    ),
)
_PATH = "$.selectionSet.deep_functions.selectionSet._data.args"
REFUSED: tuple[Case, ...] = (
    *(
        refused(
            f'{{ deep_functions {{ _data(path: "{path}") }} }}',
            f"the path {path!r}",
            "validation-failed",
            _PATH,
            "path",
        )
        for path in ("", "$.", "a..b", "a[", "a[x]", "[", "]", "$$", "a.[")
    ),
    refused('{ deep_strings { _data(path: "a") } }', "a path into text", "validation-failed", None, "path"),
    refused("{ deep_functions { _data(path: 1) } }", "a number for a path", "validation-failed", None, "String"),
    refused(
        "{ deep_links_aggregate { aggregate { max { nope } } } }",
        "a maximum of an unknown column",
        "validation-failed",
        None,
        "nope",
    ),
    refused(
        "{ deep_links_aggregate { aggregate { nope } } }",
        "an unknown function",
        "validation-failed",
        None,
        "nope",
        "deep_links_aggregate_fields",
    ),
    refused(
        "{ deep_functions_aggregate { aggregate { max { _data } } } }",
        "a maximum of jsonb",
        "validation-failed",
        None,
        "_data",
    ),
    refused(
        "{ deep_strings_aggregate { aggregate { sum { _data } } } }", "a sum of text", "validation-failed", None, "sum"
    ),
    refused("{ deep_links_aggregate { aggregate { sum { id } } } }", "a sum of uuids", "validation-failed", None, "id"),
    refused(
        "{ deep_links_aggregate { aggregate { count(columns: nope) } } }",
        "a count of an unknown column",
        "validation-failed",
        None,
        "nope",
    ),
    refused(
        "{ deep_links_aggregate { count } }",
        "a count outside of aggregate",
        "validation-failed",
        None,
        "count",
        "deep_links_aggregate",
    ),
    refused(
        "{ deep_links_aggregate }",
        "an aggregate without a selection",
        "validation-failed",
        None,
        "deep_links_aggregate",
    ),
    refused(
        '{ deep_links_by_pk(id: "@3") { from_aggregate { aggregate { count } } } }',
        "an aggregate of an object relationship",
        "validation-failed",
        None,
        "from_aggregate",
    ),
)
CASES = (*COUNTS, *FUNCTIONS, *NODES, *SCALARS, *REFUSED)
