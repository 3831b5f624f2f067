"""Positions in an Array: numbers between which there is always another, so that one insert is one row.

The space room. Numbers in, numbers out; who is at a position is not known here.
"""

from __future__ import annotations

from decimal import Context, Decimal
from math import floor
from typing import Final, TypeAlias

Number: TypeAlias = int | float | Decimal

# A position with more digits after its point is refused: then all get new ones.
MOST_DECIMALS: Final = 100
_EXACT: Final = Context(prec=20_000)
_HALF: Final = Decimal("0.5")


def place(position: Number) -> int | Decimal:
    """A position to compare by: its text counts, so that a float and the Decimal it is read as are one place."""
    return Decimal(repr(position)) if isinstance(position, float) else position


def after(last: Number | None) -> int:
    """A position behind the last."""
    return 1 if last is None else floor(place(last)) + 1


def before(first: Number) -> int:
    """A position in front of the first."""
    return floor(place(first)) - 1


def between(left: Number, right: Number) -> Number | None:
    """A short number strictly between two, near their middle; None where there is none that is short enough."""
    low, high = Decimal(place(left)), Decimal(place(right))
    if low >= high:
        return None
    middle = _EXACT.multiply(_EXACT.add(low, high), _HALF)
    gap = _EXACT.subtract(high, low)
    for decimals in range(max(0, -gap.adjusted() - 1), MOST_DECIMALS + 1):
        found = middle.quantize(Decimal(1).scaleb(-decimals), context=_EXACT)
        if low < found < high:
            return _shortest(found)
    return None


def _shortest(number: Decimal) -> Number:
    """As it is read back from a storage: an int, a float where that has the same text, else a Decimal."""
    if number == number.to_integral_value():
        return int(number)
    number = number.normalize(_EXACT)
    as_float = float(number)
    return as_float if Decimal(repr(as_float)) == number else number
