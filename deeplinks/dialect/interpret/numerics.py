"""PostgreSQL's numeric arithmetic: exact, and with as many digits as PostgreSQL gives a quotient or a root.

The dialect's interpreter. Numbers only.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from math import isqrt

# PostgreSQL reckons in digits of base 10 000 and gives a quotient 16 decimal ones that count, but not more than 1000.
_DIGITS, _SIGNIFICANT, _MOST = 4, 16, 1000


def summed(values: Sequence[Decimal]) -> Decimal:
    """Their sum, with the digits of the longest."""
    return _decimal(sum(map(Fraction, values), Fraction()), max(map(_scale, values)))


def average(values: Sequence[Decimal]) -> Decimal:
    """Their mean."""
    return _quotient(summed(values), Decimal(len(values)))[0]


def variance(values: Sequence[Decimal], sample: bool) -> Decimal | None:
    """Their variance, of a sample or of all there is."""
    found = _spread(values, sample)
    return None if found is None else found[0]


def deviation(values: Sequence[Decimal], sample: bool) -> Decimal | None:
    """Their standard deviation."""
    found = _spread(values, sample)
    if found is None:
        return None
    spread, scale = found
    square = int(Fraction(spread) * 10 ** (2 * scale))
    return _decimal(Fraction((isqrt(4 * square) + 1) // 2, 10**scale), scale)


def _spread(values: Sequence[Decimal], sample: bool) -> tuple[Decimal, int] | None:
    number = len(values)
    # One value is no sample.
    if number <= sample:
        return None
    total, squares = Fraction(summed(values)), sum((Fraction(value) ** 2 for value in values), Fraction())
    above = number * squares - total * total
    if above <= 0:
        return Decimal(0), 0
    below = number * (number - 1) if sample else number * number
    return _quotient(_decimal(above, 2 * max(map(_scale, values))), Decimal(below))


def _quotient(above: Decimal, below: Decimal) -> tuple[Decimal, int]:
    (weight, first), (other, leading) = _leading(above), _leading(below)
    size = weight - other - (first <= leading)
    scale = min(max(_SIGNIFICANT - size * _DIGITS, _scale(above), _scale(below), 0), _MOST)
    return _decimal(Fraction(above) / Fraction(below), scale), scale


def _leading(value: Decimal) -> tuple[int, int]:
    """The place and the size of the first digit in PostgreSQL's base."""
    if not value:
        return 0, 0
    weight = value.adjusted() // _DIGITS
    return weight, int(abs(Fraction(value)) / Fraction(10) ** (weight * _DIGITS))


def _scale(value: Decimal) -> int:
    exponent = value.as_tuple().exponent
    assert isinstance(exponent, int)
    return max(0, -exponent)


def _decimal(value: Fraction, scale: int) -> Decimal:
    """With so many digits behind the point, a half away from zero."""
    units = abs(value) * 10**scale
    whole = (2 * units.numerator + units.denominator) // (2 * units.denominator)
    return Decimal((int(value < 0), tuple(map(int, str(whole))), -scale))
