"""Every operator of every scalar, plain, negated, through relations and beside others, agrees with dicts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from deeplinks.dialect.interpret import NotInterpretedError, Tables, interpret
from deeplinks.dialect.operators import CASTS, OPERATORS
from deeplinks.dialect.session import Rights, Rules, Session
from deeplinks.dialect.statements import Compare
from deeplinks.dialect.values import Operand, Value
from deeplinks.server.bodies import loads
from deeplinks.tables import LINKS, TABLES
from tests.dialect.cases import GOLDEN, answered
from tests.dialect.plants import as_dicts, plant
from tests.dialect.reading import bound, statement

ROWS: Any = loads((GOLDEN / "rows.json").read_bytes())
ALICE = "a0000000-0000-4000-8000-000000000003"
# Of each scalar a column by its way from a link, and values that some rows have, and none.
COLUMNS: dict[str, tuple[list[str], list[Any]]] = {
    "uuid": (["_from"], [ALICE, "ffffffff-0000-4000-8000-000000000000"]),
    "bigint": (["_i"], [5, "7"]),
    "timestamptz": (["created_at"], ["2020-01-01T12:30:00Z", "2021-01-01"]),
    "String": (["string", "_data"], ["Alice", "a%", "", "B"]),
    "numeric": (["number", "_data"], [1.5, "-2", 0]),
    "jsonb": (["function", "_data"], [{"language": "js", "name": "g"}, {"name": "g"}, "x"]),
    "Int": (["out_aggregate", "count", "predicate"], [0, 2]),
}
TEXT_OPERANDS = {"_has_key": ["name", "nope"], "_has_keys_any": [["name", "nope"], []], "_has_keys_all": [["name"], []]}


@pytest.fixture(scope="module")
def planted(module_database_url: str) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(module_database_url, autocommit=True) as connection:
        connection.execute("set time zone 'UTC'")
        plant(connection, ROWS)
        yield connection


def operands(scalar: str, operator: str) -> list[Any]:
    values = COLUMNS[scalar][1]
    if operator in TEXT_OPERANDS:
        return TEXT_OPERANDS[operator]
    return [values[:1], values, []] if OPERATORS[scalar][operator].many else values


def comparisons(scalar: str) -> Iterator[dict[str, Any]]:
    """Every operator with some operands; two of them at once at last."""
    for operator in OPERATORS[scalar]:
        for operand in operands(scalar, operator):
            yield {operator: operand}
    yield from ({"_is_null": True}, {"_is_null": False}, {"_neq": COLUMNS[scalar][1][0], "_is_null": False})
    if scalar in CASTS:
        yield {"_cast": {"String": {"_like": "%1%"}}}


def nested(scalar: str, comparison: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The comparison as a condition about links: plain, negated, through relations, beside what is unknown."""
    plain: dict[str, Any] = comparison
    for name in reversed(COLUMNS[scalar][0]):
        plain = {name: plain}
    unknown = {"_to": {"_eq": ALICE}}
    yield from (plain, {"_not": plain}, {"from": plain}, {"out": {"_not": plain}})
    yield from ({"_or": [plain, unknown]}, {"_not": {"_and": [plain, unknown]}})


@pytest.mark.parametrize("scalar", COLUMNS)
def test_every_operator_agrees_with_dicts(planted: psycopg.Connection[Any], scalar: str) -> None:
    text = "query ($w: any) { deep_links(where: $w, order_by: {_i: asc}) { _i } }"
    tables, refused = as_dicts(ROWS), set[str]()
    for comparison in comparisons(scalar):
        for where in nested(scalar, comparison):
            values: dict[str, Value] = {"w": where}
            answer = loads(answered(bound(text, **values), planted))
            try:
                assert interpret(statement(text, **values), tables, values) == answer, where
            except NotInterpretedError:
                refused.update(comparison)

    assert refused <= {"_gt", "_gte", "_lt", "_lte", "_cast"} if scalar == "jsonb" else not refused


def limited() -> Session:
    """A role that sees the links without a beginning, two of them in a list."""
    name = Compare(LINKS.by_name["_i"], "_gt", Operand(1, "bigint", "$"))
    return Session("guest", rights=Rights(TABLES, {"links": Rules(select=name, limit=2)}))


def test_a_roles_limit_is_about_what_is_shown_and_not_about_what_is_counted(planted: psycopg.Connection[Any]) -> None:
    text = """{ deep_links_aggregate(order_by: {_i: asc}) {
      aggregate { count min { _i } } nodes { _i typed_aggregate(order_by: {_i: desc}) { aggregate { count } nodes { _i } } }
    } }"""
    typed = {"aggregate": {"count": 3}, "nodes": [{"_i": 5}, {"_i": 4}]}
    expected = {"aggregate": {"count": 14, "min": {"_i": 2}}, "nodes": [{"_i": 2, "typed_aggregate": typed}]}
    tables: Tables = as_dicts(ROWS)
    answer = loads(answered(bound(text, limited()), planted))

    assert interpret(statement(text), tables, {}, limited()) == answer
    assert isinstance(answer, dict)
    assert answer["aggregate"] == expected["aggregate"]
    assert answer["nodes"][:1] == expected["nodes"]
    assert len(answer["nodes"]) == 2
