"""Random mutations leave the same rows, and answer the same, in PostgreSQL and over dicts with the rules of the tables.

`MUTATIONS=100000` asks for more of them than a test run has time for.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from itertools import count
from typing import Any
from unittest.mock import patch
from uuid import UUID

import psycopg
import pytest
from graphql.language import parse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg import sql

from deeplinks.dialect.interpret import Sought, ViolationError, interpret
from deeplinks.dialect.interpret.spelling import shown
from deeplinks.dialect.plans import Plans
from deeplinks.dialect.refusal import RequestError
from deeplinks.dialect.session import Session
from deeplinks.dialect.statements import Typename
from deeplinks.dialect.values import Value
from deeplinks.server.bodies import loads
from deeplinks.storage.memory.rules import Rules
from deeplinks.tables import DATA_TABLES, LOGGED, RESERVED_SPACE, SCHEMA, TABLES
from tests.dialect.cases import answered
from tests.dialect.test_conditions_agree import IDS, LINKS, SPACE, STRINGS, Row, conditions

RUNS = int(os.environ.get("MUTATIONS", "150"))
# Columns that a clock or a sequence fills.
FLEETING = {"created_at", "updated_at", "_i"}
KNOWN = {*IDS, SPACE}
NUMBERS: list[Row] = [{"id": IDS[0], "_data": "1.50"}, {"id": IDS[2], "_data": "-3"}]
FUNCTIONS: list[Row] = [{"id": SPACE, "_data": {"a": [1, {"b": None}], "c": "x"}}]
PLANTED: Mapping[str, list[Row]] = {
    "links": [{**row, "_deep": SPACE} for row in LINKS],
    "strings": STRINGS,
    "numbers": NUMBERS,
    "functions": FUNCTIONS,
    "objects": [],
}


@pytest.fixture(scope="module")
def database(module_database_url: str) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(module_database_url, autocommit=True) as connection:
        for table, rows in PLANTED.items():
            _ask(connection, INSERT[table], {"rows": rows})
        yield connection


INSERT = {
    name: f"mutation ($rows: [deep_{name}_insert_input!]!) {{ insert_deep_{name}(objects: $rows) {{ affected_rows }} }}"
    for name in PLANTED
}


def rules() -> Rules:
    """The planted rows, over dicts."""
    made = Rules()
    for table, rows in PLANTED.items():
        _interpreted(made, INSERT[table], {"rows": rows})
    return made


def _ask(connection: psycopg.Connection[Any], text: str, values: Mapping[str, Value]) -> Any:
    plan, variables = Plans(parse(text)).find(None, values, Session())
    bound = plan.bind(variables)
    with connection.transaction():
        texts = [answered(field, connection) for field in bound if field]
    return {field.key: loads(text) for field, text in zip(plan.fields, texts, strict=True)}


def _interpreted(made: Rules, text: str, values: Mapping[str, Value]) -> Any:
    plan, variables = Plans(parse(text)).find(None, values, Session())
    made.begin()
    with made.transaction():
        found: dict[str, Any] = {}
        for field in plan.fields:
            assert not isinstance(field.statement, Typename)
            found[field.key] = interpret(field.statement, made, variables, Session())  # type: ignore[arg-type]
    return found


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a document: the answer or the refusal, and all rows after it."""

    answer: Any
    rows: Mapping[str, list[Row]]


def in_postgresql(connection: psycopg.Connection[Any], text: str, values: Mapping[str, Value]) -> Outcome:
    with connection.transaction(force_rollback=True):
        answer = _caught(lambda: _ask(connection, text, values))
        rows = {table.name: _read(connection, table.name) for table in LOGGED}
    return Outcome(answer, rows)


def _read(connection: psycopg.Connection[Any], table: str) -> list[Row]:
    query = sql.SQL("select to_jsonb(t)::text from {} t where _deep <> %s").format(sql.Identifier(SCHEMA, table))
    rows = [loads(str(row[0]).encode()) for row in connection.execute(query, [RESERVED_SPACE])]
    return _lasting(rows)


def over_dicts(text: str, values: Mapping[str, Value]) -> Outcome:
    made = rules()
    answer = _caught(lambda: _interpreted(made, text, values))
    return Outcome(answer, {table.name: _listed(made, table.name) for table in LOGGED})


def _listed(made: Rules, name: str) -> list[Row]:
    table = TABLES[name]
    rows = [row for row in made.seek(Sought(table)).rows if row["_deep"] != RESERVED_SPACE]
    return _lasting([{each.name: shown(each, row[each.name], Session()) for each in table.columns} for row in rows])


def _lasting(rows: list[Row]) -> list[Row]:
    lasting = [{name: value for name, value in row.items() if name not in FLEETING} for row in rows]
    return sorted(map(comparable, lasting), key=by_content)


def by_content(row: Row) -> str:
    return json.dumps(row, sort_keys=True, default=str)


def _caught(run: Any) -> Any:
    made = (UUID(int=number) for number in count(1))
    try:
        # Ids that are made for rows are the same on both sides.
        with patch("deeplinks.dialect.nesting.uuid4", made.__next__):
            return run()
    except RequestError as error:
        return error.extension_code, error.path
    except psycopg.Error as error:
        return error.sqlstate
    except ViolationError as error:
        return error.state


# documents


ids = st.sampled_from([*IDS, SPACE])
# Of links that are there, more often than of strangers: their id, and their space.
scalars = st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from(["a", "b", "x", "", "0"])
jsons = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "b", "0"]), inner, max_size=3),
    max_leaves=6,
)
given_json = jsons.filter(lambda value: value is not None)
texts = st.sampled_from(["", "A", "B", "a", "é"])
numbers = st.sampled_from(["0", "1", "-1.5", "2.50", "10000000000000000000000000001"])
DATA = {"strings": texts, "numbers": numbers, "functions": given_json, "objects": given_json}


@cache
def columns(table: str) -> st.SearchStrategy[Row]:
    if table == "links":
        required = {"_deep": st.just(SPACE)}
        return st.fixed_dictionaries(
            {**required}, optional={"id": ids, "_from": st.none() | ids, "_to": st.none() | ids}
        )
    return st.fixed_dictionaries({"id": ids, "_data": DATA[table]})


@cache
def nested(table: str, depth: int) -> st.SearchStrategy[Row]:
    """Rows that bring rows along, of the table's own columns and through its relations."""
    if depth == 0:
        return columns(table)
    if table != "links":
        # With its link it has no id of its own.
        linked = st.builds(
            lambda row, link: {"_data": row["_data"], "link": link}, columns(table), along("links", depth)
        )
        return st.one_of(columns(table), linked)
    one = {name: along("links", depth) for name in ("from", "to")}
    listed = {name: along("links", depth, listed=True) for name in ("out", "in")}
    data = {"string": along("strings", depth, listed=True), "number": along("numbers", depth, listed=True)}
    brought = st.fixed_dictionaries({}, optional={**one, **listed, **data})
    return st.builds(_together, columns(table), brought, st.booleans())


def _together(row: Row, brought: Row, clean: bool) -> Row:
    # Mostly without the columns that what it brings along decides.
    taken = {f"_{name}" for name in brought} if clean else set[str]()
    return {name: value for name, value in row.items() if name not in taken} | brought


@cache
def along(table: str, depth: int, *, listed: bool = False) -> st.SearchStrategy[Row]:
    decided = {"id"} if table != "links" else {"_from", "_to"}
    row = nested(table, depth - 1)
    data = (
        st.lists(row.map(lambda one: {k: v for k, v in one.items() if k not in decided}), max_size=2) if listed else row
    )
    return st.fixed_dictionaries({"data": data}, optional={"on_conflict": conflicts(table)})


@cache
def sets(table: str) -> st.SearchStrategy[Row]:
    if table == "links":
        return st.fixed_dictionaries({}, optional={"_from": st.none() | ids, "_to": st.none() | ids, "_type": ids})
    return st.fixed_dictionaries({}, optional={"_data": DATA[table]})


@cache
def operations(table: str) -> st.SearchStrategy[Row]:
    optional: dict[str, Any] = {"_set": sets(table)}
    if table == "numbers":
        optional["_inc"] = st.builds(lambda value: {"_data": value}, numbers)
    if table in ("functions", "objects"):
        paths = st.lists(st.sampled_from(["a", "b", "0", "1", "-1", "c"]), max_size=3)
        operands = {
            "_append": given_json,
            "_prepend": given_json,
            "_delete_key": st.sampled_from(["a", "c", "x"]),
            "_delete_elem": st.integers(-3, 3),
            "_delete_at_path": paths,
        }
        return st.one_of(
            st.fixed_dictionaries({}, optional=optional),
            *(st.builds(lambda value, name=name: {name: {"_data": value}}, each) for name, each in operands.items()),
        )
    return st.fixed_dictionaries({}, optional=optional)


@cache
def wheres(table: str) -> st.SearchStrategy[Row]:
    if table in ("links", "strings"):
        # Never all rows: a space's root is permanent, and most documents would be refused for it.
        return conditions(1, table).map(lambda where: {"_and": [where, {"id": {"_neq": SPACE}}]})
    return st.builds(lambda found: {"id": {"_in": found}}, st.lists(ids, max_size=4))


@cache
def conflicts(table: str) -> st.SearchStrategy[Row | None]:
    chosen = ["_from", "_to"] if table == "links" else ["_data"]
    return st.none() | st.fixed_dictionaries(
        {"constraint": st.just(f"{table}_pkey")},
        optional={"update_columns": st.lists(st.sampled_from(chosen), max_size=2), "where": wheres(table)},
    )


FIELDS = {
    "insert": (
        "insert_deep_{t}(objects: ${v}, on_conflict: ${v}c) {{ affected_rows returning {{ {row} }} }}",
        "${v}: [deep_{t}_insert_input!]!, ${v}c: deep_{t}_on_conflict",
    ),
    "insert_one": (
        "insert_deep_{t}_one(object: ${v}, on_conflict: ${v}c) {{ {row} }}",
        "${v}: deep_{t}_insert_input!, ${v}c: deep_{t}_on_conflict",
    ),
    "update": (
        "update_deep_{t}(where: ${v}, _set: ${v}s) {{ affected_rows returning {{ {row} }} }}",
        "${v}: deep_{t}_bool_exp!, ${v}s: deep_{t}_set_input",
    ),
    "update_one": (
        "update_deep_{t}_by_pk(pk_columns: {{id: ${v}}}, _set: ${v}s) {{ {row} }}",
        "${v}: uuid!, ${v}s: deep_{t}_set_input",
    ),
    "update_many": (
        "update_deep_{t}_many(updates: ${v}) {{ affected_rows returning {{ {row} }} }}",
        "${v}: [deep_{t}_updates!]!",
    ),
    "delete": ("delete_deep_{t}(where: ${v}) {{ affected_rows returning {{ {row} }} }}", "${v}: deep_{t}_bool_exp!"),
    "delete_one": ("delete_deep_{t}_by_pk(id: ${v}) {{ {row} }}", "${v}: uuid!"),
}
SHOWN = {
    "links": ["_from _to", "id _from to { _from } out(order_by: {_i: asc}) { id }", "string { _data }"],
    **{table.name: ["id _data", "_data link { _from }"] for table in DATA_TABLES},
}


@st.composite
def mutations(draw: st.DrawFn) -> tuple[str, dict[str, Value]]:
    """A document of up to three fields, and its variables."""
    fields: list[str] = []
    declared: list[str] = []
    values: dict[str, Value] = {}
    for number in range(draw(st.integers(1, 3))):
        table, verb, name = draw(st.sampled_from(list(PLANTED))), draw(st.sampled_from(list(FIELDS))), f"v{number}"
        field, variables = FIELDS[verb]
        row = draw(st.sampled_from(SHOWN[table]))
        fields.append(f"f{number}: {field.format(t=table, v=name, row=row)}")
        declared.append(variables.format(t=table, v=name))
        values |= draw(_values(verb, table, name))
    return f"mutation ({', '.join(declared)}) {{ {' '.join(fields)} }}", values


@cache
def _values(verb: str, table: str, name: str) -> st.SearchStrategy[dict[str, Value]]:
    rows = st.one_of(columns(table), nested(table, 2))
    update = st.builds(lambda where, done: {**done, "where": where}, wheres(table), operations(table))
    given: dict[str, st.SearchStrategy[Any]] = {
        "insert": st.lists(rows, max_size=3),
        "insert_one": rows,
        "update_many": st.lists(update, max_size=3),
        "delete": wheres(table),
        "update": wheres(table),
        "update_one": ids,
        "delete_one": ids.filter(lambda one: one != SPACE),
    }
    drawn = {name: given[verb]}
    if verb in ("update", "update_one"):
        drawn[f"{name}s"] = sets(table)
    if verb.startswith("insert"):
        drawn[f"{name}c"] = conflicts(table)
    return st.fixed_dictionaries(drawn)


def comparable(answer: Any, key: str = "") -> Any:
    """The answer, with rows that nobody sorted in one order, and without the names of ids that were made for it."""
    if isinstance(answer, dict):
        return {name: comparable(value, name) for name, value in answer.items()}
    if isinstance(answer, list):
        items = [comparable(item) for item in answer]
        return sorted(items, key=str) if key == "returning" else items
    if isinstance(answer, int) and not isinstance(answer, bool):
        return Decimal(answer)
    return "new" if key == "id" and answer not in KNOWN else answer


@pytest.mark.timeout(60 + RUNS)
@settings(max_examples=RUNS, deadline=None, suppress_health_check=list(HealthCheck))
@given(document=mutations())
def test_rows_and_answers_are_the_same(
    database: psycopg.Connection[Any], document: tuple[str, dict[str, Value]]
) -> None:
    text, values = document
    expected, found = in_postgresql(database, text, values), over_dicts(text, values)

    if "f1" in text and not isinstance(expected.answer, dict):
        # All fields are read before the first one runs in PostgreSQL: another one may be the first that is refused.
        assert not isinstance(found.answer, dict)
    else:
        assert comparable(found.answer) == comparable(expected.answer)
    assert found.rows == expected.rows
