"""Questions that are put differently and mean the same have the same answer, over random rows in PostgreSQL.

`ORACLE_STATEMENTS` says how many, as for the oracle.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

import psycopg
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from deeplinks.server.bodies import loads
from deeplinks.tables import TABLES
from tests.dialect.cases import answered
from tests.dialect.plants import Planter
from tests.dialect.reading import bound
from tests.dialect.worlds import ASKED, Draw, World, filters, order, where, worlds

Where: TypeAlias = "dict[str, Any]"
RUNS = max(10, int(os.environ.get("ORACLE_STATEMENTS", "600")) // 50)
few = settings(
    max_examples=RUNS,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=(Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink),
)


@pytest.fixture(scope="module")
def planter(module_database_url: str) -> Iterator[Planter]:
    with psycopg.connect(module_database_url, autocommit=True) as connection:
        yield Planter(connection)


@st.composite
def lists(draw: Draw) -> tuple[str, Where, list[Where]]:
    """A table, a condition, and an order that tells every row from every other."""
    name = draw(st.sampled_from(ASKED))
    return name, where(draw, TABLES[name], 1), order(draw, TABLES[name])


def ask(planter: Planter, text: str, **values: Any) -> Any:
    return loads(answered(bound(text, **values), planter.connection))


def chosen(planter: Planter, table: str, asked: Where) -> list[str]:
    text = f"query ($w: any) {{ deep_{table}(where: $w, order_by: {{id: asc}}) {{ id }} }}"
    return [row["id"] for row in ask(planter, text, w=asked)]


def turned(asked: Where) -> Where:
    """All that is said together, or instead of each other, said in the contrary order."""
    parts = reversed(asked.items())
    return {name: list(map(turned, reversed(part))) if name in ("_and", "_or") else part for name, part in parts}


SAME: dict[str, Callable[[Where], Where]] = {
    "with a condition that says nothing": lambda asked: {"_and": [asked, {}]},
    "said twice": lambda asked: {"_and": [asked, asked]},
    "or never": lambda asked: {"_or": [asked, {"_or": []}]},
    "in the contrary order": turned,
    "not not": lambda asked: {"_not": {"_not": asked}},
    "by De Morgan": lambda asked: {"_not": {"_or": [{"_not": {name: part}} for name, part in asked.items()]}},
    "as a list of its parts": lambda asked: {"_and": [{name: part} for name, part in asked.items()]},
}


@pytest.mark.parametrize("put", SAME.values(), ids=SAME)
@few
@given(world=worlds(), asked=filters())
def test_the_same_rows_are_chosen(
    planter: Planter, put: Callable[[Where], Where], world: World, asked: tuple[str, Where]
) -> None:
    planter.plant(world)
    table, condition = asked

    assert chosen(planter, table, put(condition)) == chosen(planter, table, condition)


@few
@given(world=worlds(), asked=filters())
def test_no_row_is_chosen_by_a_condition_and_by_its_contrary(
    planter: Planter, world: World, asked: tuple[str, Where]
) -> None:
    planter.plant(world)
    table, condition = asked

    assert not {*chosen(planter, table, condition)} & {*chosen(planter, table, {"_not": condition})}


@few
@given(world=worlds(), asked=filters())
def test_there_are_as_many_rows_as_are_counted(planter: Planter, world: World, asked: tuple[str, Where]) -> None:
    planter.plant(world)
    table, condition = asked
    text = f"query ($w: any) {{ deep_{table}_aggregate(where: $w) {{ aggregate {{ count }} nodes {{ id }} }} }}"
    found = ask(planter, text, w=condition)

    assert found["aggregate"]["count"] == len(found["nodes"]) == len(chosen(planter, table, condition))


@few
@given(world=worlds(), asked=lists())
def test_pages_one_after_another_are_the_whole(
    planter: Planter, world: World, asked: tuple[str, Where, list[Where]]
) -> None:
    planter.plant(world)
    table, condition, keys = asked
    given = "where: $w, order_by: $o"
    declared = "query ($w: any, $o: any, $n: any)"
    whole = ask(planter, f"{declared} {{ deep_{table}({given}, limit: 1000) {{ id }} }}", w=condition, o=keys)
    page = f"{declared} {{ deep_{table}({given}, limit: 2, offset: $n) {{ id }} }}"
    pages = [ask(planter, page, w=condition, o=keys, n=start) for start in range(0, len(whole) + 1, 2)]

    assert [row for rows in pages for row in rows] == whole
    assert whole == ask(planter, f"{declared} {{ deep_{table}({given}) {{ id }} }}", w=condition, o=keys)


@few
@given(world=worlds(), asked=lists())
def test_the_first_of_each_kind_are_as_many_as_there_are_kinds(
    planter: Planter, world: World, asked: tuple[str, Where, list[Where]]
) -> None:
    planter.plant(world)
    table, condition, keys = asked
    first = [{"created_at": "asc"}, *keys]
    text = f"""query ($w: any, $o: any) {{ deep_{table}_aggregate(where: $w, order_by: $o, distinct_on: [created_at]) {{
      aggregate {{ count different: count(columns: [created_at], distinct: true) }} nodes {{ created_at }}
    }} }}"""
    found = ask(planter, text, w=condition, o=first)
    times = [row["created_at"] for row in found["nodes"]]

    assert found["aggregate"] == {"count": len(times), "different": len({*times})}
    assert times == sorted(times)
