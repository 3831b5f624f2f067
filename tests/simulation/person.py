"""A person: makes, changes, groups, marks and destroys at random; every text is written once and never again.

The simulation. Only the public face of a space is used here.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from itertools import count

from deeplinks import Association, Deep
from deeplinks.errors import DeepError
from tests.simulation.faults import Habit, Swarm
from tests.simulation.journal import NAME


class UndoError(Exception):
    """A group that is taken back."""


class Person:
    """Somebody who changes a space."""

    def __init__(self, who: str, deep: Deep, pair: tuple[str, str], swarm: Swarm, chance: random.Random) -> None:
        self.deep = deep
        self._who = who
        self._pair = pair
        self._chance = chance
        self._numbers = count(1)
        self._verbs = self._habits(swarm.habits)
        self._most = swarm.most

    def _habits(self, habits: frozenset[Habit]) -> list[Callable[[], object]]:
        verbs: list[Callable[[], object]] = [self.make, self.text, self.number, self.point, self.point]
        verbs += [self.write, self.write, self.write, self.clear]
        more: dict[Habit, list[Callable[[], object]]] = {
            Habit.groups: [self.group, self.group],
            Habit.deletes: [self.destroy, self.destroy],
            Habit.marks: [self.mark, self.unmark, self.unstore],
            Habit.types: [self.retype, self.boolean],
            Habit.pairs: [self.write_pair, self.write_pair, self.write_pair],
        }
        return verbs + [verb for habit in more if habit in habits for verb in more[habit]]

    def step(self) -> str:
        """One change; its name."""
        full = self._most and len(self.deep) > self._most
        verb = self.destroy if full else self._chance.choice(self._verbs)
        try:
            verb()
        except DeepError as error:
            # Refused, as data of what holds none; then nothing has changed.
            return f"{verb.__name__} {type(error).__name__}"
        return verb.__name__

    def _new(self) -> str:
        return f"{self._who}:{next(self._numbers)}"

    def _all(self) -> list[Association]:
        return [one for one in self.deep if one is not self.deep and one.id not in self._pair]

    def _one(self) -> Association:
        """Any association but the root; made if there is none."""
        there = self._all()
        return self._chance.choice(there) if there else self.deep().store(NAME)

    def make(self) -> None:
        type = self._chance.choice([self.deep, self._one()])
        type(from_=self._one(), to=self._one()).store(NAME)

    def text(self) -> None:
        self.deep.String(self._new()).store(NAME)

    def number(self) -> None:
        self.deep.Number(int(self._chance.getrandbits(40))).store(NAME)

    def boolean(self) -> None:
        self.deep.Boolean(self._chance.random() < 0.5).store(NAME)

    def point(self) -> None:
        target = self._chance.choice([None, self._one(), self._one()])
        setattr(self._one(), self._chance.choice(["from_", "to", "value"]), target)

    def write(self) -> None:
        texts = [one for one in self._all() if one.type is self.deep.String]
        (self._chance.choice(texts) if texts else self._one()).data = self._new()

    def write_pair(self) -> None:
        """Two that are always changed together, and are always equal."""
        one, other = map(self.deep.get, self._pair)
        if one is not None and other is not None:
            with self.deep.together():
                one.data = other.data = self._new()

    def clear(self) -> None:
        del self._one().data

    def retype(self) -> None:
        self._one().type = self._chance.choice([self.deep, self.deep.String, self.deep.Number, self._one()])

    def destroy(self) -> None:
        self._one().destroy()

    def mark(self) -> None:
        self._one().store(NAME, self._chance.choice(["typed_true", "one_true"]))

    def unmark(self) -> None:
        marked = [one for one in self._all() if one.is_stored(NAME, "typed_true")]
        if marked:
            self._chance.choice(marked).unstore(NAME, "typed_true")

    def unstore(self) -> None:
        self._one().unstore(NAME)

    def group(self) -> None:
        undone = self._chance.random() < 0.2
        try:
            with self.deep.together():
                for _ in range(self._chance.randint(1, 4)):
                    self._chance.choice([self.make, self.text, self.point, self.write, self.write])()
                if undone:
                    raise UndoError
        except UndoError:
            return
