"""The values that a statement needs: found in all of it, and held against their scalars before anything runs.

The dialect. It walks statements and asks operands; what a value means is not its business.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import fields, is_dataclass

from deeplinks.dialect.values import Operand, Variables
from deeplinks.tables import Column, Relation, Table

# Read as a whole, by their own readers.
WHOLE = frozenset({"rows", "updates"})


def operands(part: object) -> Iterator[Operand]:
    """The operands of a statement or of a part of one, but for rows and updates."""
    if isinstance(part, Operand):
        if part.scalar not in WHOLE:
            yield part
    elif isinstance(part, tuple):
        for item in part:  # pyright: ignore[reportUnknownVariableType]
            yield from operands(item)  # pyright: ignore[reportUnknownArgumentType]
    elif is_dataclass(part) and not isinstance(part, Table | Column | Relation):
        for each in fields(part):
            yield from operands(getattr(part, each.name))


def check_values(found: Iterable[Operand], variables: Variables) -> None:
    """Hold the values against their scalars. Raises `RequestError`."""
    for operand in found:
        operand.value(variables)
