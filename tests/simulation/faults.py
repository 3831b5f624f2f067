"""Which faults a schedule has, drawn from its seed: each class on or off, so that many are met alone and in every company.

The simulation. Numbers only; what a fault does is the line's and the server's.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from enum import StrEnum


class Fault(StrEnum):
    """What may befall, each class by itself."""

    drop = "drop"
    swallow = "swallow"
    delay = "delay"
    duplicate = "duplicate"
    partition = "partition"
    bells = "bells"
    restart = "restart"
    restore = "restore"
    prune = "prune"
    crash = "crash"
    leave = "leave"
    foreign = "foreign"
    skew = "skew"


class Habit(StrEnum):
    """What people do besides making and changing."""

    groups = "groups"
    deletes = "deletes"
    marks = "marks"
    types = "types"
    pairs = "pairs"


class Extra(StrEnum):
    """How a schedule is besides: drawn last, so that seeds of before there was one are the same without."""

    pages = "pages"
    file = "file"


@dataclass(frozen=True)
class Swarm:
    """The faults and habits of one schedule, how many clients it has, and how hasty they are."""

    faults: frozenset[Fault]
    habits: frozenset[Habit]
    clients: int
    steps: int
    pause: float
    loss: float
    # Many operations: until all are done, over no more associations than these, and looked at in the end only.
    most: int = 0
    extras: frozenset[Extra] = frozenset()

    @classmethod
    def drawn(cls, chance: random.Random, *, plain: bool = False, files: bool = False) -> Swarm:
        """Every class is on in half of all schedules; `plain`: without any extra; `files`: also with files."""
        faults = frozenset(fault for fault in Fault if chance.random() < 0.5)
        habits = frozenset(habit for habit in Habit if chance.random() < 0.6)
        return cls(
            faults,
            habits,
            clients=chance.choice([2, 2, 2, 3, 3, 4]),
            steps=chance.randint(8, 24),
            pause=chance.choice([0.02, 0.5, 2.0]),
            loss=chance.choice([0.1, 0.25, 0.4]),
            extras=frozenset(extra for extra in _extras(plain, files) if chance.random() < 0.5),
        )

    def __str__(self) -> str:
        faults, habits, extras = (",".join(sorted(kind)) or "-" for kind in (self.faults, self.habits, self.extras))
        return f"{self.clients} clients, {self.steps} steps; faults {faults}; habits {habits}; extras {extras}"


def _extras(plain: bool, files: bool) -> list[Extra]:
    return [extra for extra in Extra if not plain and (files or extra is not Extra.file)]
