"""The reference model: operations in the order of their commits over plain dicts; the last wins, and a delete is final.

The simulation. It is not derived from the rules that it is held against, and is small enough to be believed.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tests.simulation.commits import COLUMNS, Commit, Operation


class Model:
    """Links and data as they have to be."""

    def __init__(self) -> None:
        self.links: dict[str, dict[str, Any]] = {}
        self.data: dict[str, tuple[str, Any]] = {}
        self.dead: set[str] = set()

    @classmethod
    def of(cls, commits: Iterable[Commit]) -> Model:
        """What these commits lead to."""
        model = cls()
        for commit in commits:
            for one in commit.operations:
                getattr(model, one.verb)(one)
        return model

    def insert(self, one: Operation) -> None:
        if one.id not in self.links and one.id not in self.dead:
            self.links[one.id] = {name: one.values.get(name) for name in COLUMNS}

    def update(self, one: Operation) -> None:
        if one.id in self.links:
            self.links[one.id] |= one.values

    def put(self, one: Operation) -> None:
        if one.id in self.links:
            self.data[one.id] = (one.table, one.values)

    def clear(self, one: Operation) -> None:
        if self.data.get(one.id, ("",))[0] == one.table:
            del self.data[one.id]

    def delete(self, one: Operation) -> None:
        if self.links.pop(one.id, None) is not None:
            self.data.pop(one.id, None)
            self.dead.add(one.id)
