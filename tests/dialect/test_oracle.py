"""The oracle: random statements over random rows give the same rows, in the same order, from PostgreSQL and from dicts.

`ORACLE_STATEMENTS=1000000` asks for more of them than a test run has time for.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import psycopg
import pytest
from graphql.language import parse
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from deeplinks.dialect.interpret import Tables, interpret
from deeplinks.dialect.plans import Plans
from deeplinks.dialect.session import Session
from deeplinks.dialect.statements import Typename
from deeplinks.server.bodies import loads
from tests.dialect.cases import answered
from tests.dialect.plants import Planter, as_dicts
from tests.dialect.worlds import World, questions, worlds

TOGETHER = 8
WORLDS = max(1, int(os.environ.get("ORACLE_STATEMENTS", "600")) // TOGETHER)


@pytest.fixture(scope="module")
def planter(module_database_url: str) -> Iterator[Planter]:
    with psycopg.connect(module_database_url, autocommit=True) as connection:
        yield Planter(connection)


def exact(value: Any) -> Any:
    """The value with every digit of its numbers."""
    match value:
        case dict():
            return {name: exact(each) for name, each in value.items()}
        case list():
            return [exact(each) for each in value]
        case bool():
            return value
        case int() | float() | Decimal():
            return f"number {value}"
        case _:
            return value


def both(planter: Planter, tables: Tables, text: str, values: dict[str, Any]) -> tuple[Any, Any]:
    """What PostgreSQL answers, and what dicts do."""
    plan, variables = Plans(parse(text)).find(None, values, Session())
    (field,), (bound,) = plan.fields, plan.bind(variables)
    assert bound is not None
    assert not isinstance(field.statement, Typename)
    found = interpret(field.statement, tables, variables, Session())  # type: ignore[arg-type]
    return exact(loads(answered(bound, planter.connection))), exact(found)


# Not explained: that traces every line of a test that runs thousands.
PHASES = (Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink)


@settings(max_examples=WORLDS, deadline=None, suppress_health_check=list(HealthCheck), phases=PHASES)
@given(world=worlds(), asked=st.lists(questions(), min_size=TOGETHER, max_size=TOGETHER))
def test_a_question_has_the_same_answer(
    planter: Planter, world: World, asked: list[tuple[str, dict[str, Any]]]
) -> None:
    planter.plant(world)
    tables = as_dicts(world)
    for text, values in asked:
        expected, found = both(planter, tables, text, values)
        assert found == expected, text
