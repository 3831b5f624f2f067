"""Values: exact, checked, and told where they do not fit."""

from decimal import Decimal

import pytest
from graphql.language import parse_value

from deeplinks.dialect.refusal import RequestError
from deeplinks.dialect.values import Given, Operand, number, resolve, tree


@pytest.mark.parametrize("text", ["0", "-7", "9223372036854775807", "123456789012345678901234567890", "1.10", "1e400"])
def test_a_number_keeps_all_of_its_digits(text: str) -> None:
    assert Decimal(number(text)) == Decimal(text)


def test_a_short_number_is_an_int() -> None:
    assert type(number("42")) is int


def test_a_literal_becomes_plain_values_with_places_for_variables() -> None:
    assert tree(parse_value('{a: [1, "x", null, true, E], b: $v}')) == {"a": [1, "x", None, True, "E"], "b": Given("v")}


def test_a_variables_value_is_taken_as_it_is() -> None:
    rows = [{"id": "x"}]

    assert resolve(Given("rows"), {"rows": rows}) is rows


def test_a_variable_without_a_value_is_null() -> None:
    assert resolve([Given("missing")], {}) == [None]


@pytest.mark.parametrize(
    ("scalar", "value"),
    [
        ("uuid", 1),
        ("String", 1),
        ("bigint", True),
        ("numeric", []),
        ("Boolean", "true"),
        ("Int", "1"),
        ("Int", 2**31),
        ("limit", -1),
    ],
)
def test_a_value_of_another_kind_is_refused(scalar: str, value: object) -> None:
    with pytest.raises(RequestError):
        Operand(value, scalar, "$").value({})  # type: ignore[arg-type]


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_float_that_is_no_number_is_refused(value: float) -> None:
    with pytest.raises(RequestError, match="no JSON number"):
        Operand(value, "numeric", "$").value({})


def test_a_bare_value_for_a_list_is_a_list_of_one() -> None:
    assert Operand("a", "uuid", "$", many=True).value({}) == ["a"]


def test_a_refusal_speaks_one_sentence() -> None:
    assert str(RequestError("this is {not} a template")) == "this is {not} a template"
