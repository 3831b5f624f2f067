"""Positions: there is always another between two, short, and the same after a storage had it."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deeplinks.space.positions import MOST_DECIMALS, Number, after, before, between, place
from deeplinks.sync.numbers import number_text, number_value

numbers = st.one_of(
    st.integers(-(10**6), 10**6),
    st.decimals(-1000, 1000, places=6),
    st.floats(-1000, 1000, allow_nan=False).filter(lambda number: abs(number) > 1e-6 or number == 0),
)


@pytest.mark.parametrize(
    ("left", "right", "middle"),
    [(1, 2, 1.5), (1, 3, 2), (1, 1.5, 1.2), (0.1, 0.2, Decimal("0.15")), (-1, 0, -0.5), (1, 100, 50), (1, 1.0, None)],
)
def test_between_two_is_a_short_one(left: Number, right: Number, middle: Number | None) -> None:
    assert between(left, right) == (float(middle) if isinstance(middle, Decimal) else middle)


@given(numbers, numbers)
def test_between_two_that_differ_there_is_one(one: Number, other: Number) -> None:
    low, high = sorted((one, other), key=place)
    found = between(low, high)
    if place(low) == place(high):
        assert found is None
        return

    assert found is not None
    assert place(low) < place(found) < place(high)
    assert before(low) < place(low)
    assert after(high) > place(high)


@given(numbers, numbers)
def test_a_new_position_is_the_same_after_a_storage_had_it(one: Number, other: Number) -> None:
    low, high = sorted((one, other), key=place)
    for found in (between(low, high), after(high), before(low)):
        if found is not None:
            again = number_value(number_text(found))
            assert (type(again), again) == (type(found), found)


def test_a_float_and_the_decimal_of_its_text_are_one_place() -> None:
    assert place(0.1) == Decimal("0.1") == place(Decimal("0.1"))


def test_a_narrow_gap_ends_somewhere() -> None:
    left, right, steps = 1, 2, 0
    found: Number | None = right
    while found is not None:
        right, steps = found, steps + 1  # type: ignore[assignment]
        found = between(left, right)

    assert steps > 3 * MOST_DECIMALS / 2
