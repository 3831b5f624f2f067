"""Section 3 of the dialect: order, distinctness, pages, one row by its key, and how a selection is written."""

from __future__ import annotations

from typing import Any

from tests.server.parity.cases import Case, page, refused

_PEOPLE = 'where: {_type: {_eq: "@1"}}, order_by: '
_EDGES = 'where: {_type: {_eq: "@2"}}, order_by: '

ORDER: tuple[Case, ...] = (
    page("strings", "order_by: {_data: asc}", "asc, in code points", 14, 13, 11, 12),
    page("strings", "order_by: {_data: desc}", "desc", 12, 11, 13, 14),
    page("numbers", "order_by: {_data: asc}", "numbers are ordered as numbers", 17, 15, 16, 18),
    page("links", _PEOPLE + "[{_value: asc}, {id: asc}]", "asc has nulls last", 3, 4, 5),
    page("links", _PEOPLE + "[{_value: desc}, {id: asc}]", "desc has nulls first", 5, 4, 3),
    page("links", _PEOPLE + "{_value: asc_nulls_first}", "asc_nulls_first", 5, 3, 4),
    page("links", _PEOPLE + "{_value: asc_nulls_last}", "asc_nulls_last", 3, 4, 5),
    page("links", _PEOPLE + "{_value: desc_nulls_first}", "desc_nulls_first", 5, 4, 3),
    page("links", _PEOPLE + "{_value: desc_nulls_last}", "desc_nulls_last", 4, 3, 5),
    page("links", _PEOPLE + "[{_value: desc_nulls_last}, {id: asc}]", "a list of one key each", 4, 3, 5),
    page("links", _EDGES + "[{_from: asc}, {_to: desc}]", "two keys", 10, 8, 6, 7),
    page("links", _EDGES + "{_from: asc, _to: desc}", "two keys in one object, as written", 10, 8, 6, 7),
    page("links", _EDGES + "[{from: {_i: desc}}, {id: asc}]", "by an object relationship", 7, 6, 8, 10),
    page("links", _EDGES + "[{to: {_i: asc}}, {id: asc}]", "a missing row sorts as null", 7, 6, 8, 10),
    page(
        "links",
        _EDGES + "[{to: {_i: desc}}, {id: asc}]",
        "a missing row sorts as null, first when descending",
        10,
        8,
        6,
        7,
    ),
    page(
        "links", _EDGES + "[{from: {value: {_i: desc}}}, {id: desc}]", "by relationships of relationships", 7, 10, 8, 6
    ),
    page("links", _PEOPLE + "{out_aggregate: {count: desc}}", "by a count", 3, 4, 5),
    page("links", _PEOPLE + "{out_aggregate: {count: asc}}", "by a count of none first", 5, 4, 3),
    page("links", _PEOPLE + "{out_aggregate: {max: {_i: desc_nulls_last}}}", "by a maximum", 4, 3, 5),
    page("links", _PEOPLE + "{out_aggregate: {min: {_i: asc}}}", "by a minimum, none last", 3, 4, 5),
    page("links", _PEOPLE + "{out_aggregate: {sum: {_i: asc_nulls_first}}}", "by a sum", 5, 3, 4),
    page("links", _PEOPLE + "{out_aggregate: {avg: {_i: desc_nulls_last}}}", "by an average", 4, 3, 5),
    page(
        "links",
        _EDGES + "[{from: {out_aggregate: {count: asc}}}, {id: asc}]",
        "by a count behind a relationship",
        7,
        6,
        8,
        10,
    ),
    page(
        "links",
        'where: {_type: {_eq: "@1"}}, order_by: [{type: {_i: asc}}, {_i: desc}]',
        "a tie is broken by the next key",
        5,
        4,
        3,
    ),
    page("strings", "order_by: {link: {_i: desc}}", "by the link of data", 14, 13, 12, 11),
    page("strings", "order_by: [{}, {id: desc}]", "an empty key orders nothing", 14, 13, 12, 11),
    page(
        "strings",
        "($o: [deep_strings_order_by!])| order_by: $o",
        "an order in a variable",
        12,
        11,
        13,
        14,
        o=[{"_data": "desc"}],
    ),
    page(
        "strings",
        "($o: [deep_strings_order_by!])| order_by: $o",
        "one object in a variable",
        12,
        11,
        13,
        14,
        o={"_data": "desc"},
    ),
    page("strings", "($o: order_by)| order_by: {_data: $o}", "a direction in a variable", 12, 11, 13, 14, o="desc"),
    page("strings", "($o: order_by = desc)| order_by: {_data: $o}", "a direction by default", 12, 11, 13, 14),
    page("strings", 'where: {_data: {_eq: "Bob"}}, order_by: null', "null orders nothing", 12),
    page("strings", 'where: {_data: {_eq: "Bob"}}, order_by: []', "no keys order nothing", 12),
    page("strings", 'where: {_data: {_eq: "Bob"}}, order_by: {}', "an empty object orders nothing", 12),
)
DISTINCT: tuple[Case, ...] = (
    page(
        "links",
        "where: {_type: {_is_null: false}}, distinct_on: _type, order_by: [{_type: asc}, {_i: desc}]",
        "the rest of the order decides which row stays",
        5,
        10,
    ),
    page(
        "links",
        "where: {_type: {_is_null: false}}, distinct_on: [_type], order_by: [{_type: desc}, {_i: asc}]",
        "distinct in a descending order",
        6,
        3,
    ),
    page(
        "links",
        'where: {_type: {_eq: "@2"}}, distinct_on: [_type, _from], order_by: [{_from: asc}, {_type: asc}, {_i: asc}]',
        "the first keys are a set",
        6,
        7,
    ),
    page(
        "links",
        'where: {id: {_in: ["@3", "@6"]}}, distinct_on: _type',
        "distinct without an order is sorted by its columns",
        3,
        6,
    ),
    page(
        "links",
        "where: {_type: {_is_null: false}}, distinct_on: _type, order_by: [{_type: asc}, {_i: asc}], limit: 1",
        "a limit is of distinct rows",
        3,
    ),
    page(
        "links",
        "where: {_type: {_is_null: false}}, distinct_on: _type, order_by: [{_type: asc}, {_i: asc}], offset: 1",
        "an offset is of distinct rows",
        6,
    ),
    page("strings", "distinct_on: null, order_by: {id: asc}", "distinct_on null is none", 11, 12, 13, 14),
    page("strings", "distinct_on: [], order_by: {id: asc}", "distinct_on of nothing is none", 11, 12, 13, 14),
    page(
        "links",
        "($d: [deep_links_select_column!])| where: {_type: {_is_null: false}}, distinct_on: $d, order_by: [{_type: asc}, {_i: asc}]",
        "columns in a variable",
        3,
        6,
        d=["_type"],
    ),
)
PAGES: tuple[Case, ...] = (
    page("strings", "order_by: {id: asc}, limit: 2", "a limit", 11, 12),
    page("strings", "order_by: {id: asc}, offset: 3", "an offset", 14),
    page("strings", "order_by: {id: asc}, limit: 2, offset: 1", "a page", 12, 13),
    page("strings", "limit: 0", "a limit of none"),
    page("strings", "order_by: {id: asc}, limit: null", "a limit of null is none", 11, 12, 13, 14),
    page("strings", "order_by: {id: asc}, offset: null", "an offset of null is none", 11, 12, 13, 14),
    page("strings", "order_by: {id: asc}, offset: 0", "an offset of none", 11, 12, 13, 14),
    page("strings", "order_by: {id: asc}, offset: 100", "an offset past the end"),
    page("strings", "order_by: {id: asc}, limit: 2147483647", "the largest limit", 11, 12, 13, 14),
    page(
        "strings",
        "($l: Int!, $o: Int!)| order_by: {id: asc}, limit: $l, offset: $o",
        "pages in variables",
        12,
        l=1,
        o=1,
    ),
    page("strings", "($l: Int = 1)| order_by: {id: asc}, limit: $l", "a limit by default", 11),
    page("strings", "($l: Int)| order_by: {id: asc}, limit: $l", "a limit that is left out", 11, 12, 13, 14),
)
_BY_PK = "deep_links_by_pk"


def shape(name: str, query: str, answer: Any, **variables: Any) -> Case:
    """A request with its whole answer."""
    return Case(name, query, answer, variables)


SHAPES: tuple[Case, ...] = (
    shape("a row by its key", '{ deep_links_by_pk(id: "@3") { id _type } }', {_BY_PK: {"id": "@3", "_type": "@1"}}),
    shape("no row of that key is null", '{ deep_links_by_pk(id: "@98") { id } }', {_BY_PK: None}),
    shape(
        "a key in a variable",
        "query ($id: uuid!) { deep_links_by_pk(id: $id) { id } }",
        {_BY_PK: {"id": "@3"}},
        id="@3",
    ),
    shape(
        "one field under two aliases",
        '{ a: deep_links_by_pk(id: "@3") { id } b: deep_links_by_pk(id: "@4") { id } }',
        {"a": {"id": "@3"}, "b": {"id": "@4"}},
    ),
    shape(
        "aliases of columns",
        '{ deep_links_by_pk(id: "@3") { key: id again: id } }',
        {_BY_PK: {"key": "@3", "again": "@3"}},
    ),
    shape(
        "an alias that is another's name",
        '{ deep_links_by_pk(id: "@3") { id: _type _type: id } }',
        {_BY_PK: {"id": "@1", "_type": "@3"}},
    ),
    shape(
        "fields of one name are merged",
        '{ deep_links_by_pk(id: "@6") { from { id } from { _i } } }',
        {_BY_PK: {"from": {"id": "@3", "_i": 3}}},
    ),
    shape(
        "roots of one name are merged",
        '{ deep_links_by_pk(id: "@6") { id } deep_links_by_pk(id: "@6") { _i } }',
        {_BY_PK: {"id": "@6", "_i": 6}},
    ),
    shape(
        "__typename of a row", '{ deep_links_by_pk(id: "@3") { __typename } }', {_BY_PK: {"__typename": "deep_links"}}
    ),
    shape("__typename of the root", "{ __typename }", {"__typename": "query_root"}),
    shape(
        "__typename under an alias",
        '{ deep_strings_by_pk(id: "@11") { t: __typename } }',
        {"deep_strings_by_pk": {"t": "deep_strings"}},
    ),
    shape(
        "an object relationship",
        '{ deep_links_by_pk(id: "@6") { from { id } to { id } } }',
        {_BY_PK: {"from": {"id": "@3"}, "to": {"id": "@4"}}},
    ),
    shape(
        "an object relationship to nothing", '{ deep_links_by_pk(id: "@3") { from { id } } }', {_BY_PK: {"from": None}}
    ),
    shape(
        "an object relationship to a missing row",
        '{ deep_links_by_pk(id: "@10") { _to to { id } } }',
        {_BY_PK: {"_to": "@99", "to": None}},
    ),
    shape(
        "an array relationship",
        '{ deep_links_by_pk(id: "@4") { out(order_by: {id: asc}) { id } } }',
        {_BY_PK: {"out": [{"id": "@7"}, {"id": "@9"}]}},
    ),
    shape("an array relationship of none", '{ deep_links_by_pk(id: "@5") { out { id } } }', {_BY_PK: {"out": []}}),
    shape(
        "string is an array",
        '{ deep_links_by_pk(id: "@11") { string { _data } } }',
        {_BY_PK: {"string": [{"_data": "Alice"}]}},
    ),
    shape(
        "number is an array",
        '{ deep_links_by_pk(id: "@17") { number { _data } } }',
        {_BY_PK: {"number": [{"_data": -5}]}},
    ),
    shape(
        "function is an array",
        '{ deep_links_by_pk(id: "@20") { function { _data } } }',
        {_BY_PK: {"function": [{"_data": ["p", "q"]}]}},
    ),
    shape(
        "data of another kind is none", '{ deep_links_by_pk(id: "@11") { number { _data } } }', {_BY_PK: {"number": []}}
    ),
    shape(
        "data knows its link",
        '{ deep_strings_by_pk(id: "@11") { link { valued { id } } } }',
        {"deep_strings_by_pk": {"link": {"valued": [{"id": "@3"}]}}},
    ),
    shape(
        "a nested limit is for each row",
        '{ deep_links(where: {id: {_in: ["@3", "@4"]}}, order_by: {id: asc}) { out(order_by: {id: desc}, limit: 1) { id } } }',
        {"deep_links": [{"out": [{"id": "@10"}]}, {"out": [{"id": "@9"}]}]},
    ),
    shape(
        "a nested offset is for each row",
        '{ deep_links(where: {id: {_in: ["@3", "@4"]}}, order_by: {id: asc}) { out(order_by: {id: asc}, offset: 1) { id } } }',
        {"deep_links": [{"out": [{"id": "@8"}, {"id": "@10"}]}, {"out": [{"id": "@9"}]}]},
    ),
    shape(
        "a nested condition",
        '{ deep_links_by_pk(id: "@3") { out(where: {_to: {_eq: "@4"}}) { id } } }',
        {_BY_PK: {"out": [{"id": "@6"}]}},
    ),
    shape(
        "a nested distinct_on",
        '{ deep_links_by_pk(id: "@3") { out(distinct_on: _type, order_by: [{_type: asc}, {id: desc}]) { id } } }',
        {_BY_PK: {"out": [{"id": "@10"}]}},
    ),
    shape(
        "one relationship under two aliases",
        '{ deep_links_by_pk(id: "@3") { a: out(where: {_to: {_eq: "@4"}}) { id } b: out(where: {_to: {_eq: "@5"}}) { id } } }',
        {_BY_PK: {"a": [{"id": "@6"}], "b": [{"id": "@8"}]}},
    ),
    shape(
        "@include of true",
        '{ deep_links_by_pk(id: "@3") { id _i @include(if: true) } }',
        {_BY_PK: {"id": "@3", "_i": 3}},
    ),
    shape("@include of false", '{ deep_links_by_pk(id: "@3") { id _i @include(if: false) } }', {_BY_PK: {"id": "@3"}}),
    shape("@skip of true", '{ deep_links_by_pk(id: "@3") { id _i @skip(if: true) } }', {_BY_PK: {"id": "@3"}}),
    shape(
        "@skip of false", '{ deep_links_by_pk(id: "@3") { id _i @skip(if: false) } }', {_BY_PK: {"id": "@3", "_i": 3}}
    ),
    shape(
        "@include of a variable",
        'query ($x: Boolean!) { deep_links_by_pk(id: "@3") { id _i @include(if: $x) } }',
        {_BY_PK: {"id": "@3"}},
        x=False,
    ),
    shape(
        "@skip and @include together",
        '{ deep_links_by_pk(id: "@3") { id _i @skip(if: false) @include(if: false) } }',
        {_BY_PK: {"id": "@3"}},
    ),
    shape(
        "a root that is skipped",
        '{ a: deep_links_by_pk(id: "@3") { id } b: deep_links @skip(if: true) { id } }',
        {"a": {"id": "@3"}},
    ),
    shape("all roots skipped", "{ deep_links @skip(if: true) { id } }", {}),
    shape(
        "a skipped relationship",
        '{ deep_links_by_pk(id: "@6") { id from @skip(if: true) { id } } }',
        {_BY_PK: {"id": "@6"}},
    ),
    shape(
        "a skipped fragment", '{ deep_links_by_pk(id: "@6") { id ... @skip(if: true) { _i } } }', {_BY_PK: {"id": "@6"}}
    ),
    shape(
        "a fragment",
        '{ deep_links_by_pk(id: "@3") { ...F } } fragment F on deep_links { id _i }',
        {_BY_PK: {"id": "@3", "_i": 3}},
    ),
    shape(
        "a fragment in a fragment",
        '{ deep_links_by_pk(id: "@3") { ...F } } fragment F on deep_links { id ...G } fragment G on deep_links { _i }',
        {_BY_PK: {"id": "@3", "_i": 3}},
    ),
    shape(
        "a fragment with a directive",
        '{ deep_links_by_pk(id: "@3") { id ...F @include(if: false) } } fragment F on deep_links { _i }',
        {_BY_PK: {"id": "@3"}},
    ),
    shape("an inline fragment", '{ deep_links_by_pk(id: "@3") { ... on deep_links { id } } }', {_BY_PK: {"id": "@3"}}),
    shape("an inline fragment without a type", '{ deep_links_by_pk(id: "@3") { ... { id } } }', {_BY_PK: {"id": "@3"}}),
    shape(
        "a fragment of the root",
        '{ ...Q } fragment Q on query_root { deep_links_by_pk(id: "@3") { id } }',
        {_BY_PK: {"id": "@3"}},
    ),
    shape(
        "a variable in a fragment",
        "query ($id: uuid!) { ...Q } fragment Q on query_root { deep_links_by_pk(id: $id) { id } }",
        {_BY_PK: {"id": "@3"}},
        id="@3",
    ),
    shape("@cached", 'query @cached { deep_links_by_pk(id: "@3") { id } }', {_BY_PK: {"id": "@3"}}),
    shape(
        "@cached with its arguments",
        'query @cached(ttl: 5, refresh: true) { deep_links_by_pk(id: "@3") { id } }',
        {_BY_PK: {"id": "@3"}},
    ),
    shape("commas and comments are nothing", '{,,deep_links_by_pk(id:"@3")#x\n{id,}}', {_BY_PK: {"id": "@3"}}),
)
_ARGS = "$.selectionSet.deep_links.args"
REFUSED: tuple[Case, ...] = (
    refused(
        "{ deep_links(order_by: {nope: asc}) { id } }",
        "an order by an unknown column",
        "validation-failed",
        f"{_ARGS}.order_by.nope",
        "nope",
        "deep_links_order_by",
    ),
    refused(
        '{ deep_links(order_by: {id: "asc"}) { id } }',
        "a text for a direction",
        "validation-failed",
        f"{_ARGS}.order_by.id",
        "order_by",
    ),
    refused(
        "{ deep_links(order_by: {id: up}) { id } }",
        "an unknown direction",
        "validation-failed",
        f"{_ARGS}.order_by.id",
        "order_by",
        "up",
    ),
    refused(
        "{ deep_links(order_by: {id: asc, id: desc}) { id } }",
        "a key twice in an object",
        "validation-failed",
        None,
        "id",
    ),
    refused("{ deep_links(limit: 1, limit: 2) { id } }", "an argument twice", "validation-failed", None, "limit"),
    refused(
        "{ deep_links(order_by: {out: {id: asc}}) { id } }",
        "an order by rows of an array relationship",
        "validation-failed",
        f"{_ARGS}.order_by.out",
        "out",
    ),
    refused(
        "{ deep_links(distinct_on: _type, order_by: {id: asc}) { id } }",
        "distinct_on that does not begin the order",
        "validation-failed",
        _ARGS,
        "distinct_on",
        "order_by",
    ),
    refused(
        "{ deep_links(distinct_on: [_type, _from], order_by: [{_type: asc}, {id: asc}, {_from: asc}]) { id } }",
        "distinct_on with a column late in the order",
        "validation-failed",
        _ARGS,
        "distinct_on",
        "order_by",
    ),
    refused(
        "{ deep_links(distinct_on: id, order_by: {from: {id: asc}}) { id } }",
        "a relationship's column is not distinct_on's",
        "validation-failed",
        _ARGS,
        "distinct_on",
        "order_by",
    ),
    refused(
        "{ deep_links(distinct_on: nope) { id } }",
        "distinct_on of an unknown column",
        "validation-failed",
        None,
        "nope",
        "deep_links_select_column",
    ),
    refused(
        "{ deep_links(limit: -1) { id } }",
        "a negative limit",
        "validation-failed",
        f"{_ARGS}.limit",
        "non-negative",
        "Int",
    ),
    refused('{ deep_links(limit: "1") { id } }', "a text for a limit", "validation-failed", f"{_ARGS}.limit", "Int"),
    refused(
        "{ deep_links(limit: 1.5) { id } }", "a fraction for a limit", "validation-failed", f"{_ARGS}.limit", "Int"
    ),
    refused(
        "query ($l: Int) { deep_links(limit: $l) { id } }",
        "a negative limit in a variable",
        "validation-failed",
        f"{_ARGS}.limit",
        "non-negative",
        l=-1,
    ),
    refused("{ deep_links(offset: -1) { id } }", "a negative offset", "data-exception", None, "OFFSET"),
    refused(
        "{ deep_links_by_pk { id } }", "no key", "validation-failed", "$.selectionSet.deep_links_by_pk.args.id", "id"
    ),
    refused(
        "{ deep_links_by_pk(id: null) { id } }",
        "a null key",
        "validation-failed",
        "$.selectionSet.deep_links_by_pk.args.id",
        "null",
        "uuid",
    ),
    refused('{ deep_links_by_pk(id: "x") { id } }', "a malformed key", "data-exception", "$", "uuid", "x"),
    refused(
        "{ deep_links_by_pk(id: 3) { id } }",
        "a number for a key",
        "validation-failed",
        "$.selectionSet.deep_links_by_pk.args.id",
        "uuid",
    ),
    refused(
        '{ deep_links_by_pk(id: "@3", where: {}) { id } }', "a key with a condition", "validation-failed", None, "where"
    ),
    refused("{ deep_links { ...F } }", "an undefined fragment", "validation-failed", None, "F"),
    refused("{ deep_links { id @include(if: null) } }", "@include of null", "validation-failed", None),
    refused("{ deep_links { id @include } }", "@include of nothing", "validation-failed", None, "if"),
    refused("{ deep_links { id @nope } }", "an unknown directive", "validation-failed", None, "nope"),
    refused(
        "{ deep_links { ...F } } fragment F on deep_links { ...F }",
        "a fragment of itself",
        "validation-failed",
        None,
        "F",
    ),
    refused("{ deep_links { a: id a: _i } }", "two columns under one alias", "validation-failed", None, "a"),
    refused(
        "{ deep_links(limit: 1) { id } deep_links(limit: 2) { id } }",
        "two arguments under one name",
        "validation-failed",
        None,
        "deep_links",
    ),
)
CASES = (*ORDER, *DISTINCT, *PAGES, *SHAPES, *REFUSED)
