"""Random conditions choose the same rows in PostgreSQL as in a small three-valued model."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg import RawCursor

from deeplinks.dialect.payload import JsonText
from tests.dialect.reading import steps

Row: TypeAlias = dict[str, Any]
Truth: TypeAlias = "bool | None"

IDS = [f"{digit}0000000-0000-4000-8000-000000000000" for digit in "abcdef"]
SPACE = "90000000-0000-4000-8000-000000000000"
LINKS: list[Row] = [
    {"id": IDS[0], "_i": 101, "_from": None, "_to": None},
    {"id": IDS[1], "_i": 102, "_from": IDS[0], "_to": None},
    {"id": IDS[2], "_i": 103, "_from": IDS[0], "_to": IDS[1]},
    {"id": IDS[3], "_i": 104, "_from": IDS[2], "_to": IDS[3]},
    {"id": IDS[4], "_i": 105, "_from": None, "_to": "f1111111-0000-4000-8000-000000000000"},
]
STRINGS: list[Row] = [{"id": IDS[1], "_data": ""}, {"id": IDS[3], "_data": "B"}, {"id": IDS[4], "_data": "a"}]
RELATED: dict[str, Callable[[Row], list[Row]]] = {
    "from": lambda row: [other for other in LINKS if other["id"] == row["_from"]],
    "to": lambda row: [other for other in LINKS if other["id"] == row["_to"]],
    "out": lambda row: [other for other in LINKS if other["_from"] == row["id"]],
    "in": lambda row: [other for other in LINKS if other["_to"] == row["id"]],
    "string": lambda row: [other for other in STRINGS if other["id"] == row["id"]],
    "link": lambda row: [other for other in LINKS if other["id"] == row["id"]],
}
COMPARED: dict[str, Callable[[Any, Any], bool]] = {
    "_eq": lambda a, b: a == b,
    "_neq": lambda a, b: a != b,
    "_gt": lambda a, b: a > b,
    "_gte": lambda a, b: a >= b,
    "_lt": lambda a, b: a < b,
    "_lte": lambda a, b: a <= b,
}


def both(parts: list[Truth]) -> Truth:
    return False if False in parts else None if None in parts else True


def inverted(truth: Truth) -> Truth:
    return None if truth is None else not truth


def holds(where: Row, row: Row) -> Truth:
    return both([part(name, value, row) for name, value in where.items()])


def part(name: str, value: Any, row: Row) -> Truth:
    if name == "_and":
        return both([holds(each, row) for each in value])
    if name == "_or":
        return inverted(both([inverted(holds(each, row)) for each in value]))
    if name == "_not":
        return inverted(holds(value, row))
    if name in RELATED:
        return any(holds(value, other) is True for other in RELATED[name](row))
    return both([compared(operator, row[name], operand) for operator, operand in value.items()])


def compared(operator: str, value: Any, operand: Any) -> Truth:
    if operator == "_is_null":
        return (value is None) is operand
    if operator in ("_in", "_nin"):
        found = False if not operand else None if value is None else value in operand
        return found if operator == "_in" else inverted(found)
    return None if value is None else COMPARED[operator](value, operand)


def column(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Row]:
    single = dict.fromkeys(COMPARED, values)
    lists = {name: st.lists(values, max_size=3) for name in ("_in", "_nin")}
    return st.fixed_dictionaries({}, optional={**single, **lists, "_is_null": st.booleans()})


uuids = column(st.sampled_from(IDS))
numbers = column(st.integers(100, 106))
texts = column(st.sampled_from(["", "A", "B", "a", "é"]))


def conditions(depth: int, kind: str) -> st.SearchStrategy[Row]:
    columns: dict[str, Any] = {"id": uuids}
    columns |= {"_i": numbers, "_from": uuids, "_to": uuids} if kind == "links" else {"_data": texts}
    if depth == 0:
        return st.fixed_dictionaries({}, optional=columns)
    same, links, strings = conditions(depth - 1, kind), conditions(depth - 1, "links"), conditions(depth - 1, "strings")
    logic: dict[str, Any] = {"_and": st.lists(same, max_size=2), "_or": st.lists(same, max_size=2), "_not": same}
    relations = (
        dict.fromkeys(("from", "to", "out", "in"), links) | {"string": strings} if kind == "links" else {"link": links}
    )
    return st.one_of(
        st.fixed_dictionaries({}, optional=columns),
        st.fixed_dictionaries({}, optional=logic),
        st.fixed_dictionaries({}, optional=relations),
        st.fixed_dictionaries({}, optional=columns | logic | relations),
    )


@pytest.fixture
def database(database_url: str) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(database_url, autocommit=True) as connection:
        for row in LINKS:
            connection.execute(
                "insert into deep.links (id, _deep, _i, _from, _to) values (%(id)s, %(space)s, %(_i)s, %(_from)s, %(_to)s)",
                {**row, "space": SPACE},
            )
        for row in STRINGS:
            connection.execute("insert into deep.strings (id, _data) values (%(id)s, %(_data)s)", row)
        yield connection


QUERY = """query ($where: deep_links_bool_exp, $space: uuid!) {
  deep_links(where: {_and: [$where, {_deep: {_eq: $space}, id: {_neq: $space}}]}, order_by: {_i: asc}) { id }
}"""


def chosen(database: psycopg.Connection[Any], where: Row) -> str:
    (step,) = steps(QUERY, where=where, space=SPACE)
    parameters = [value.decode() if isinstance(value, JsonText) else value for value in step.parameters]
    row = RawCursor(database).execute(step.text.encode(), parameters).fetchone()
    assert row is not None
    return row[0]


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(where=conditions(3, "links"))
def test_a_condition_chooses_the_rows_for_which_it_is_true(database: psycopg.Connection[Any], where: Row) -> None:
    expected = [row["id"] for row in LINKS if holds(where, row) is True]

    assert chosen(database, where) == "[" + ",".join(f'{{"id":"{id}"}}' for id in expected) + "]"
