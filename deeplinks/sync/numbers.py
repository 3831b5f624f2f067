"""Numbers as text with every digit, and back; and which of them JSON's own numbers keep.

The sync room. Pure functions; rule 12 of the design says how numbers travel.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final

# What every JSON parser keeps (RFC 7493), and from where on PostgreSQL writes a float as an int writes itself.
LARGEST_INT: Final = 2**53 - 1
LARGEST_FLOAT: Final = 1e15


def number_text(number: int | float | Decimal) -> str:
    """A number with every digit: a float always has a point, an int never."""
    if isinstance(number, int):
        return str(number)
    if isinstance(number, Decimal):
        return format(number, "f")
    text = format(Decimal(repr(number)), "f")
    return text if "." in text else f"{text}.0"


def number_value(text: str) -> int | float | Decimal:
    """An int at scale 0; a float where that float's text is this text; else a Decimal."""
    if "." not in text:
        return int(text)
    number = float(text)
    return number if number_text(number) == text else Decimal(text)


def plain(number: int | float) -> bool:
    """Whether it comes through JSON as it is, its type too, whoever reads it."""
    return abs(number) <= (LARGEST_INT if isinstance(number, int) else LARGEST_FLOAT)
