"""Statements over dicts choose and show the same as their SQL does in PostgreSQL."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import orjson
import psycopg
import pytest

from deeplinks.dialect.interpret import NotInterpretedError, Tables, ViolationError, interpret
from deeplinks.dialect.interpret.spelling import numeric_text, stored, time_text
from deeplinks.dialect.refusal import RequestError
from deeplinks.dialect.session import Session
from deeplinks.dialect.values import Value
from deeplinks.tables import LINKS as LINKS_TABLE
from deeplinks.tables import NUMBERS, Column, Table
from deeplinks.tables import STRINGS as STRINGS_TABLE
from tests.dialect.reading import statement
from tests.dialect.test_conditions_agree import IDS, LINKS, SPACE, STRINGS, Row, database

__all__ = ["database"]

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


def complete(table: Table, row: Row) -> Row:
    times = {"created_at": LONG_AGO, "updated_at": LONG_AGO}
    return dict.fromkeys(table.by_name) | times | {"_deep": SPACE} | row


def graph() -> Tables:
    """The rows of the agreeing database, as dicts."""
    return Tables(
        {
            "links": [complete(LINKS_TABLE, row) for row in LINKS],
            "strings": [complete(STRINGS_TABLE, row) for row in STRINGS],
        }
    )


def answer(tables: Tables, text: str, session: Session | None = None, **variables: Value) -> Any:
    return interpret(statement(text, **variables), tables, variables, session or Session())


# changes


def test_an_insert_answers_its_rows_in_the_order_given() -> None:
    tables = Tables()
    rows = [
        {"id": id, "_deep": SPACE, "_i": 1, "created_at": "2020-01-01", "updated_at": "2020-01-01"} for id in IDS[::-1]
    ]
    text = "mutation ($rows: [deep_links_insert_input!]!) { insert_deep_links(objects: $rows) { affected_rows returning { id } } }"

    assert answer(tables, text, rows=rows) == {"affected_rows": 6, "returning": [{"id": id} for id in IDS[::-1]]}


def inserted(tables: Tables, conflict: str, **row: Value) -> Any:
    text = f"""mutation ($row: deep_links_insert_input!) {{
      insert_deep_links_one(object: $row, on_conflict: {conflict}) {{ id _to _from }}
    }}"""
    whole: dict[str, Value] = {"_deep": SPACE, "_i": 7, "created_at": "2020-01-01", "updated_at": "2020-01-01"}
    return answer(tables, text, row=whole | row)


def test_a_row_that_is_there_is_left_alone_where_a_conflict_changes_nothing() -> None:
    tables = graph()

    assert inserted(tables, "{constraint: links_pkey, update_columns: []}", id=IDS[0], _to=IDS[5]) is None
    assert answer(tables, f'{{ deep_links_by_pk(id: "{IDS[0]}") {{ _to }} }}') == {"_to": None}


def test_a_conflict_changes_the_columns_it_names_and_no_other() -> None:
    found = inserted(graph(), "{constraint: links_pkey, update_columns: [_to]}", id=IDS[1], _to=IDS[5], _from=IDS[5])

    assert found == {"id": IDS[1], "_to": IDS[5], "_from": IDS[0]}


def test_a_conflict_changes_only_rows_that_are_so() -> None:
    asked = "{constraint: links_pkey, update_columns: [_to], where: {_from: {_is_null: true}}}"

    assert inserted(graph(), asked, id=IDS[1], _to=IDS[5]) is None


def test_one_statement_does_not_change_a_row_twice_by_its_conflict() -> None:
    text = """mutation ($rows: [deep_strings_insert_input!]!) {
      insert_deep_strings(objects: $rows, on_conflict: {constraint: strings_pkey, update_columns: [_data]}) { affected_rows }
    }"""
    row: dict[str, Value] = {"id": IDS[1], "_deep": SPACE, "created_at": "2020-01-01", "updated_at": "2020-01-01"}
    with pytest.raises(ViolationError) as caught:
        answer(graph(), text, rows=[row | {"_data": "a"}, row | {"_data": "b"}])

    assert caught.value.state == "21000"


def test_a_key_that_is_there_is_refused_without_a_conflict() -> None:
    text = "mutation ($rows: [deep_links_insert_input!]!) { insert_deep_links(objects: $rows) { affected_rows } }"
    row: dict[str, Value] = {
        "id": IDS[0],
        "_deep": SPACE,
        "_i": 1,
        "created_at": "2020-01-01",
        "updated_at": "2020-01-01",
    }
    with pytest.raises(ViolationError) as caught:
        answer(graph(), text, rows=[row])

    assert (caught.value.state, caught.value.constraint) == ("23505", "links_pkey")


def test_updates_are_made_in_written_order_and_answered_each() -> None:
    text = """mutation ($updates: [deep_links_updates!]!) {
      update_deep_links_many(updates: $updates) { affected_rows returning { id _to } }
    }"""
    free, taken = {"_to": {"_is_null": True}}, {"_to": {"_eq": IDS[5]}}
    updates: Value = [{"where": free, "_set": {"_to": IDS[5]}}, {"where": taken, "_set": {"_to": None}}]
    first, second = answer(graph(), text, updates=updates)

    assert [row["id"] for row in first["returning"]] == [IDS[0], IDS[1]]
    assert second == {"affected_rows": 2, "returning": [{"id": id, "_to": None} for id in IDS[:2]]}


def test_deleted_rows_are_answered_as_they_were() -> None:
    tables = graph()
    text = "mutation ($id: uuid!) { delete_deep_links_by_pk(id: $id) { id _i } }"

    assert answer(tables, text, id=IDS[2]) == {"id": IDS[2], "_i": 103}
    assert answer(tables, text, id=IDS[2]) is None


def test_an_update_of_nothing_touches_nothing() -> None:
    text = "mutation { update_deep_links(where: {}, _set: {}) { affected_rows __typename } }"

    assert answer(graph(), text) == {"affected_rows": 0, "__typename": "deep_links_mutation_response"}


# values


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("0", "0"),
        ("-0.0", "0.0"),
        ("1.50", "1.50"),
        ("1e5", "100000"),
        ("1E-3", "0.001"),
        (" 007 ", "7"),
        (123456789012345678901234567890, "123456789012345678901234567890"),
    ],
)
def test_a_numeric_is_told_as_postgresql_tells_it(database: psycopg.Connection[Any], given: Any, told: str) -> None:
    assert numeric_text(stored(NUMBERS.by_name["_data"], given)) == told
    assert database.execute("select %s::numeric::text", (str(given),)).fetchone() == (told,)


@pytest.mark.parametrize("given", ["2024-05-01T12:00:00.120+02:00", "2024-05-01", "2024-05-01T00:00:00.000001Z"])
def test_a_time_is_told_as_postgresql_tells_it(database: psycopg.Connection[Any], given: str) -> None:
    database.execute("set timezone = 'UTC'")
    told = database.execute("select to_json(%s::timestamptz) #>> '{}'", (given,)).fetchone()

    assert (time_text(stored(LINKS_TABLE.by_name["created_at"], given)),) == told


@pytest.mark.parametrize(
    ("scalar", "given", "state"),
    [
        ("uuid", "no id", "22P02"),
        ("bigint", "1.0", "22P02"),
        ("bigint", "9223372036854775808", "22003"),
        ("numeric", "one", "22P02"),
        ("numeric", "1e200000", "22003"),
        ("String", "a\0", "22P05"),
        ("timestamptz", "soon", "22007"),
    ],
)
def test_text_that_is_no_value_is_refused_under_postgresqls_state(
    database: psycopg.Connection[Any], scalar: str, given: str, state: str
) -> None:
    column = Column("x", scalar)
    with pytest.raises(ViolationError) as caught:
        stored(column, given)
    with pytest.raises(psycopg.Error) as told:
        text = orjson.dumps({"x": given}).decode()
        database.execute(f"select * from json_to_record(%s::json) as r(x {column.sql_type})", (text,))  # pyright: ignore

    assert caught.value.state == told.value.sqlstate == state


def test_numbers_are_compared_as_numbers() -> None:
    text = '{ deep_links(where: {_i: {_gt: "0102", _lt: 104}}) { id } }'

    assert answer(graph(), text) == [{"id": IDS[2]}]


def test_numbers_come_as_text_to_whoever_asks_so() -> None:
    text = f'{{ deep_links_by_pk(id: "{IDS[0]}") {{ _i }} }}'

    assert answer(graph(), text, Session(stringify_numerics=True)) == {"_i": "101"}
    assert answer(graph(), text) == {"_i": 101}


# what is not known


@pytest.mark.parametrize(
    ("arguments", "construct"),
    [
        ("where: {_data: {_gt: 1}}", "_gt of jsonb"),
        ("order_by: {_data: asc}", "an order by jsonb"),
        ('where: {_data: {_cast: {String: {_regex: "(a)"}}}}', "the regular expression '(a)'"),
        ('where: {_data: {_cast: {String: {_iregex: "a{2}"}}}}', "the regular expression 'a{2}'"),
        ('where: {_data: {_cast: {String: {_regex: "\\\\d"}}}}', "the regular expression '\\\\d'"),
        ('where: {_data: {_cast: {String: {_nsimilar: "(a|b)%"}}}}', "the SQL regular expression '(a|b)%'"),
        ('where: {_data: {_cast: {String: {_like: "a\\\\"}}}}', "ends with an escape character"),
    ],
)
def test_what_is_not_interpreted_is_named(arguments: str, construct: str) -> None:
    with pytest.raises(NotInterpretedError) as caught:
        answer(graph(), f"{{ deep_functions({arguments}) {{ id }} }}")

    assert construct in str(caught.value)


def test_plain_tables_have_no_sequence_and_no_clock() -> None:
    with pytest.raises(NotInterpretedError, match="nextval"):
        answer(Tables(), f'mutation {{ insert_deep_links_one(object: {{id: "{IDS[0]}"}}) {{ id }} }}')


def test_another_role_than_the_admin_sees_no_table() -> None:
    with pytest.raises(RequestError, match="not found"):
        answer(graph(), "{ deep_links { id } }", Session(role="somebody"))
