"""JSON values as PostgreSQL's jsonb sees them: equal, contained, with keys, at a path, as text.

The dialect's interpreter. It asks values and never changes them.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from deeplinks.dialect.interpret.faults import NotInterpretedError
from deeplinks.dialect.interpret.spelling import Stored
from deeplinks.dialect.values import Value


def frozen(value: Value) -> Stored:
    """A JSON value by its meaning: numbers by size, objects without an order, no boolean a number."""
    if isinstance(value, dict):
        return "object", frozenset((name, frozen(item)) for name, item in value.items())
    if isinstance(value, list):
        return "list", tuple(map(frozen, value))
    return ("boolean", value) if isinstance(value, bool) else ("scalar", value)


def contains(value: Value, part: Value) -> bool:
    """`value @> part`. A list contains a bare scalar too, at the top and nowhere else."""
    if isinstance(value, list) and not isinstance(part, list | dict):
        return _has(value, part)
    return _within(value, part)


def _within(value: Value, part: Value) -> bool:
    if isinstance(part, dict):
        return isinstance(value, dict) and all(
            name in value and _within(value[name], item) for name, item in part.items()
        )
    if isinstance(part, list):
        return isinstance(value, list) and all(_has(value, item) for item in part)
    return not isinstance(value, list | dict) and frozen(value) == frozen(part)


def _has(items: Sequence[Value], part: Value) -> bool:
    return any(_within(item, part) for item in items)


def has_key(value: Value, key: str) -> bool:
    """`value ? key`: a name of an object, a text in a list, or the text itself."""
    if isinstance(value, list):
        return any(isinstance(item, str) and item == key for item in value)
    return key in value if isinstance(value, dict) else isinstance(value, str) and value == key


def at(value: Value, steps: Sequence[str]) -> Value:
    """`value #> steps`: what lies at the end of the path, or None where it leads nowhere."""
    for step in steps:
        if isinstance(value, dict):
            value = value.get(step)
        elif isinstance(value, list):
            value = value[int(step)] if step.isdecimal() and int(step) < len(value) else None
        else:
            return None
    return value


def json_text(value: Value) -> str:
    """The value as PostgreSQL writes it: names by length first. Raises `NotInterpretedError` for digits it can't know."""
    return json.dumps(_sorted(value), ensure_ascii=False)


def _sorted(value: Value) -> Value:
    if isinstance(value, dict):
        names = sorted(value, key=lambda name: (len(name.encode()), name.encode()))
        return {name: _sorted(value[name]) for name in names}
    if isinstance(value, float):
        raise NotInterpretedError(f"the text of the JSON number {value}")
    return [_sorted(item) for item in value] if isinstance(value, list) else value
