"""Values on their way: numbers that came as text become numbers again, by the columns they are of.

The client. A shape says under which keys numbers are; what else an answer holds is left as it came.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, TypeAlias

Read: TypeAlias = "Callable[[Any], Any]"


def whole(value: Any) -> Any:
    """A bigint."""
    return int(value) if isinstance(value, str) else value


def exact(value: Any) -> Any:
    """A numeric: an int where it has no point, else a Decimal with all its digits."""
    if not isinstance(value, str):
        return value
    number = Decimal(value)
    return int(number) if number.is_finite() and number.as_tuple().exponent == 0 else number


READERS: Mapping[str, Read] = {"bigint": whole, "numeric": exact}


@dataclass(slots=True)
class Shape:
    """Which keys of an object hold numbers, and which hold objects, or lists of them, that do."""

    numbers: dict[str, Read] = field(default_factory=dict[str, Read])
    inner: dict[str, Shape] = field(default_factory=dict[str, "Shape"])

    def read(self, value: Any) -> Any:
        """The value with its numbers, in place."""
        if isinstance(value, list):
            for item in value:  # pyright: ignore[reportUnknownVariableType]
                self.read(item)
        elif isinstance(value, dict):
            self._fill(value)  # pyright: ignore[reportUnknownArgumentType]
        return value  # pyright: ignore[reportUnknownVariableType]

    def _fill(self, found: dict[str, object]) -> None:
        for key, read in self.numbers.items():
            if key in found:
                found[key] = read(found[key])
        for key, shape in self.inner.items():
            shape.read(found.get(key))

    @property
    def empty(self) -> bool:
        return not self.numbers and not self.inner
