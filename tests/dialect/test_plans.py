"""Plans: written once, shared where the same statements mean the same."""

from typing import Any

import pytest
from graphql.language import parse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from deeplinks.dialect import plans
from deeplinks.dialect.plans import Plan, Plans
from deeplinks.dialect.refusal import RequestError
from deeplinks.dialect.session import Session
from deeplinks.dialect.values import Value
from deeplinks.tables import TABLES
from tests.dialect.reading import bound
from tests.dialect.worlds import ASKED, filters, order


def found(prepared: Plans, session: Session | None = None, **values: Value) -> Plan:
    return prepared.find(None, values, session or Session())[0]


def test_requests_with_other_values_share_a_plan() -> None:
    prepared = Plans(parse("query ($id: uuid!, $n: Int) { deep_links(where: {id: {_eq: $id}}, limit: $n) { id } }"))

    assert found(prepared, id="a") is found(prepared, id="b", n=3)


def test_a_directives_variable_tells_plans_apart() -> None:
    prepared = Plans(parse("query ($yes: Boolean!) { deep_links { id _i @include(if: $yes) } }"))

    assert found(prepared, yes=True) is not found(prepared, yes=False)
    assert found(prepared, yes=True) is found(prepared, yes=True)


WHERE = "query ($w: deep_links_bool_exp, $o: [deep_links_order_by!]) { deep_links(where: $w, order_by: $o) { id } }"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"w": {"_i": {"_eq": 1}}}, {"w": {"_i": {"_eq": "2"}}}),
        ({"w": {"_i": {"_in": [1]}}}, {"w": {"_i": {"_in": [2, 3]}}}),
        ({"w": {"_or": [{"_i": {"_gt": 1}}, {"out": {}}]}}, {"w": {"_or": [{"_i": {"_gt": 9}}, {"out": {}}]}}),
        ({"w": {"function": {"_data": {"_eq": {"a": 1}}}}}, {"w": {"function": {"_data": {"_eq": [2]}}}}),
    ],
)
def test_conditions_that_differ_in_operands_alone_share_a_plan(one: dict[str, Value], other: dict[str, Value]) -> None:
    prepared = Plans(parse(WHERE))

    assert found(prepared, **one) is found(prepared, **other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"w": {"_i": {"_eq": 1}}}, {"w": {"_i": {"_gt": 1}}}),
        ({"w": {"_i": {"_is_null": True}}}, {"w": {"_i": {"_is_null": False}}}),
        ({"w": {"_or": [{"_i": {"_gt": 1}}]}}, {"w": {"_or": [{"_i": {"_gt": 1}}] * 2}}),
        ({"w": None}, {"w": {}}),
        ({"o": [{"_i": "asc"}]}, {"o": [{"_i": "desc"}]}),
        ({"o": [{"_i": "asc", "id": "asc"}]}, {"o": [{"id": "asc", "_i": "asc"}]}),
    ],
)
def test_conditions_and_orders_of_another_shape_do_not(one: dict[str, Value], other: dict[str, Value]) -> None:
    prepared = Plans(parse(WHERE))

    assert found(prepared, **one) is not found(prepared, **other)


def test_a_condition_of_very_many_parts_is_read_every_time() -> None:
    prepared, many = Plans(parse(WHERE)), {"_or": [{"_i": {"_eq": number}} for number in range(100)]}

    assert found(prepared, w=many) is not found(prepared, w=many)


def test_a_document_that_is_asked_in_ever_new_shapes_looks_at_a_bounded_number_of_values() -> None:
    prepared = Plans(parse(WHERE))
    for number in range(200):
        plan = found(prepared, w={"_or": [{"_i": {"_eq": 1}}] * (number % 20), "_and": [{}] * (number // 20)})

    assert len(prepared._shaping) <= plans.LOOKED_AT
    assert found(prepared, w={"_or": [{"_i": {"_eq": 2}}] * 19, "_and": [{}] * 9}) is plan


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(asked=st.lists(filters(), min_size=2, max_size=8), data=st.data())
def test_a_plan_that_is_shared_says_what_a_new_one_would(asked: list[Any], data: st.DataObject) -> None:
    texts = {table: f"query ($w: any, $o: any) {{ deep_{table}(where: $w, order_by: $o) {{ id }} }}" for table in ASKED}
    prepared = {table: Plans(parse(text)) for table, text in texts.items()}
    for table, condition in asked + asked:
        values: dict[str, Value] = {"w": condition, "o": order(data.draw, TABLES[table])}
        plan, variables = prepared[table].find(None, values, Session())

        assert plan.bind(variables) == [bound(texts[table], **values)]


@pytest.mark.parametrize("other", [Session("user"), Session(stringify_numerics=True)])
def test_sessions_that_see_other_things_do_not_share(other: Session) -> None:
    prepared = Plans(parse("{ __typename }"))

    assert found(prepared) is not found(prepared, other)


def test_a_condition_nested_without_end_is_refused() -> None:
    deep: Value = {}
    for _ in range(2000):
        deep = {"_not": deep}

    with pytest.raises(RequestError, match="too deep"):
        found(Plans(parse("query ($w: deep_links_bool_exp) { deep_links(where: $w) { id } }")), w=deep)


def test_plans_are_kept_in_a_bounded_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plans, "KEPT", 2)
    prepared = Plans(
        parse("query ($a: Boolean!, $b: Boolean!) { deep_links { id @skip(if: $a) _i _to @skip(if: $b) } }")
    )
    first = found(prepared, a=True, b=True)
    found(prepared, a=True, b=False)
    found(prepared, a=False, b=True)

    assert found(prepared, a=True, b=True) is not first
