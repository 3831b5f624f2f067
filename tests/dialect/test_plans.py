"""Plans: written once, shared where the same statements mean the same."""

import pytest
from graphql.language import parse

from deeplinks.dialect import plans
from deeplinks.dialect.plans import Plan, Plans
from deeplinks.dialect.refusal import RequestError
from deeplinks.dialect.session import Session
from deeplinks.dialect.values import Value


def found(prepared: Plans, session: Session | None = None, **values: Value) -> Plan:
    return prepared.find(None, values, session or Session())[0]


def test_requests_with_other_values_share_a_plan() -> None:
    prepared = Plans(parse("query ($id: uuid!, $n: Int) { deep_links(where: {id: {_eq: $id}}, limit: $n) { id } }"))

    assert found(prepared, id="a") is found(prepared, id="b", n=3)


def test_a_directives_variable_tells_plans_apart() -> None:
    prepared = Plans(parse("query ($yes: Boolean!) { deep_links { id _i @include(if: $yes) } }"))

    assert found(prepared, yes=True) is not found(prepared, yes=False)
    assert found(prepared, yes=True) is found(prepared, yes=True)


def test_a_condition_that_is_a_variable_is_read_every_time() -> None:
    prepared = Plans(parse("query ($w: deep_links_bool_exp) { deep_links(where: $w) { id } }"))

    assert found(prepared, w={}) is not found(prepared, w={})


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
