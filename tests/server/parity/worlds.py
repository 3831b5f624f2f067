"""The rows behind the cases: one small graph for what reads, and a copy of it in a space of its own for each that writes."""

from __future__ import annotations

import json
from typing import Any

from tests.dialect.plants import Rows
from tests.server.parity.cases import world

LARGE = 9007199254740993

# id, _i, _type, _from, _to, _value
LINKS: tuple[tuple[int, int, int | None, int | None, int | None, int | None], ...] = (
    (1, 1, None, None, None, None),
    (2, 2, None, None, None, None),
    (3, 3, 1, None, None, 11),
    (4, 4, 1, None, None, 12),
    (5, 5, 1, None, None, None),
    (6, 6, 2, 3, 4, None),
    (7, 7, 2, 4, 3, None),
    (8, 8, 2, 3, 5, 15),
    (9, LARGE, None, 4, 6, None),
    (10, 10, 2, 3, 99, None),
    *((number, number, None, None, None, None) for number in range(11, 23)),
)
STRINGS = {11: "Alice", 12: "Bob", 13: "100%", 14: ""}
NUMBERS = {15: "1.10", 16: "30000000000", 17: "-5", 18: "9007199254740993.25"}
FUNCTIONS: dict[int, Any] = {
    19: {"a": 1, "b": [1, 2, {"c": None}], "x y": True},
    20: ["p", "q"],
    21: "text",
    22: {},
}
TIMES = {3: "2024-01-15T12:34:56.12+00:00", 4: "2024-01-15T12:34:56.123456+00:00"}
COLUMNS = ("_i", "_type", "_from", "_to", "_value")


def rows(number: int) -> Rows:
    """The rows of that world."""
    given: dict[str, Any] = {"spaces": [{"id": "@0", "version": 0, "floor": 0}], "links": [_link(row) for row in LINKS]}
    for name, data in (("strings", STRINGS), ("numbers", NUMBERS), ("functions", FUNCTIONS)):
        given[name] = [{"id": f"@{id}", "_deep": "@0", "_data": value} for id, value in data.items()]
    return json.loads(world(number, json.dumps(given)))


def _link(row: tuple[int | None, ...]) -> dict[str, Any]:
    id, i, *references = row
    named = {name: None if to is None else f"@{to}" for name, to in zip(COLUMNS[1:], references, strict=True)}
    times = {"created_at": TIMES[id]} if id in TIMES else {}
    return {"id": f"@{id}", "_deep": "@0", "_i": i, **named, **times}


def together(worlds: int) -> Rows:
    """The rows of so many worlds."""
    made = [rows(number) for number in range(1, worlds + 1)]
    return {name: [row for one in made for row in one[name]] for name in made[0]}
