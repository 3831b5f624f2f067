"""Values and rows: exact as numbers and as text."""

import struct
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deeplinks.space.values import FunctionSource, checked
from deeplinks.sync.numbers import number_text, number_value
from deeplinks.sync.rows import decoded, encoded, table_of


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "0"),
        (0.0, "0.0"),
        (1, "1"),
        (1.0, "1.0"),
        (0.1, "0.1"),
        (1e22, "10000000000000000000000.0"),
        (1e-7, "0.0000001"),
        (2**70, "1180591620717411303424"),
        (Decimal("1.10"), "1.10"),
        (31415926535.89793, "31415926535.89793"),
    ],
)
def test_a_number_is_written_with_every_digit(number: float, text: str) -> None:
    assert number_text(number) == text


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_float_comes_back_bit_for_bit(number: float) -> None:
    kept = checked("Number", number, "it")
    assert isinstance(kept, float)

    again = number_value(number_text(kept))

    assert isinstance(again, float)
    assert struct.pack("d", again) == struct.pack("d", kept)


@given(st.integers())
def test_an_int_comes_back_as_an_int(number: int) -> None:
    again = number_value(number_text(number))

    assert type(again) is int
    assert again == number


@given(st.decimals(allow_nan=False, allow_infinity=False, places=20, min_value=-(10**12), max_value=10**12))
def test_a_decimal_comes_back_equal(number: Decimal) -> None:
    assert Decimal(number_value(number_text(number))) == number or float(number_text(number)) == float(number)


def test_a_decimal_with_a_float_s_text_comes_back_as_that_float() -> None:
    assert number_value(number_text(Decimal("0.1"))) == 0.1


@given(st.text(alphabet=st.characters(exclude_characters="\x00", exclude_categories=("Cs",))))
def test_text_comes_back_as_it_was(text: str) -> None:
    assert decoded(table_of(text), encoded(text)) == text


def test_a_function_travels_as_source_and_comes_back_as_source() -> None:
    row = encoded(number_text)

    assert isinstance(row, dict)
    assert row["language"] == "python"
    assert row["name"] == "number_text"
    source = decoded("functions", row)
    assert isinstance(source, FunctionSource)
    assert "def number_text" in source.source
