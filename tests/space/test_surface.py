"""What people build with, against plain Python: sets, lists, dicts, names, states, copies and queries, in any order."""

from __future__ import annotations

import json
import os
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from deeplinks import Association, Deep, Event, LiveQuery, diff

MOST = 8
WORDS = ["a", "b", "", "x y"]
NAMES = ["ann", "bob", "cy"]
KEYS = ["k", "l", "name"]

number = st.integers(0, 99)


class Undone(Exception):
    pass


class Plain:
    """Everybody by a number, in the order of making; members and children are numbers too."""

    def __init__(self) -> None:
        self.things: dict[int, int] = {}
        self.sets: dict[int, list[int]] = {}
        self.arrays: dict[int, list[int]] = {}
        self.objects: dict[int, dict[str, object]] = {}
        self.names: dict[tuple[int, str], int] = {}
        self.states: dict[int, int] = {}

    def end(self, n: int) -> None:
        """Who is destroyed is in nothing any more, and is called nothing."""
        for kept in (self.things, self.sets, self.arrays, self.objects, self.states):
            kept.pop(n, None)
        for members in (*self.sets.values(), *self.arrays.values()):
            members[:] = [one for one in members if one != n]
        self.names = {at: child for at, child in self.names.items() if n not in (at[0], child)}
        self.things = {one: -1 if to == n else to for one, to in self.things.items()}


class Surface(RuleBasedStateMachine):
    """Steps name what they touch by numbers, so that any steps fit any space."""

    def __init__(self) -> None:
        super().__init__()
        self.deep = Deep()
        self.Thing = self.deep()
        self.hear = self.listening()
        self.plain = Plain()
        self.all: dict[int, Association] = {}
        self.members: dict[int, list[int]] = {}
        self.made = 0
        self.live: LiveQuery = self.deep.query(type=self.Thing).live()

    def listening(self) -> bool:
        return False

    def _new(self, one: Association) -> int:
        self.made += 1
        self.all[self.made] = one
        return self.made

    def _pick(self, kept: dict[int, Any], n: int) -> int | None:
        ids = list(kept)
        return ids[n % len(ids)] if ids else None

    # steps

    def thing(self, i: int, j: int) -> None:
        if len(self.plain.things) < MOST:
            to = self._pick(self.plain.things, i) if j % 2 else None
            self.plain.things[self._new(self.Thing(to=self.all[to] if to else None))] = to or -1

    def point(self, i: int, j: int) -> None:
        one, to = self._pick(self.plain.things, i), self._pick(self.plain.things, j)
        if one and to:
            self.all[one].to = self.all[to]
            self.plain.things[one] = to

    def collection(self, i: int, j: int) -> None:
        given = [n for n in (self._pick(self.plain.things, i), self._pick(self.plain.things, j)) if n]
        members = [self.all[n] for n in given]
        if i % 3 == 0 and len(self.plain.sets) < 3:
            self.plain.sets[self._new(self.deep.Set(members))] = list(dict.fromkeys(given))
        elif i % 3 == 1 and len(self.plain.arrays) < 3:
            self.plain.arrays[self._new(self.deep.Array(members))] = given
        elif len(self.plain.objects) < 3:
            self.plain.objects[self._new(self.deep.Object({"k": j}))] = {"k": j}

    def set_add(self, i: int, j: int) -> None:
        at, n = self._pick(self.plain.sets, i), self._pick(self.plain.things, j)
        if at and n:
            self.all[at].add(self.all[n])
            if n not in self.plain.sets[at]:
                self.plain.sets[at].append(n)

    def set_discard(self, i: int, j: int) -> None:
        at, n = self._pick(self.plain.sets, i), self._pick(self.plain.things, j)
        if at and n:
            self.all[at].discard(self.all[n])
            self.plain.sets[at] = [one for one in self.plain.sets[at] if one != n]

    def array_put(self, i: int, j: int) -> None:
        at, n = self._pick(self.plain.arrays, i), self._pick(self.plain.things, j)
        if at and n and len(self.plain.arrays[at]) < 6:
            self.all[at].insert(j % 5, self.all[n])
            self.plain.arrays[at].insert(j % 5, n)

    def array_take(self, i: int, j: int) -> None:
        at = self._pick(self.plain.arrays, i)
        if at and (members := self.plain.arrays[at]):
            place = j % len(members)
            assert self.all[at].pop(place) is self.all[members.pop(place)]

    def object_put(self, i: int, j: int) -> None:
        if at := self._pick(self.plain.objects, i):
            self.all[at][KEYS[j % 3]] = WORDS[j % 4]
            self.plain.objects[at][KEYS[j % 3]] = WORDS[j % 4]

    def object_take(self, i: int, j: int) -> None:
        at, key = self._pick(self.plain.objects, i), KEYS[j % 3]
        if at and key in self.plain.objects[at]:
            del self.all[at][key]
            del self.plain.objects[at][key]

    def name(self, i: int, j: int) -> None:
        holder, child = self._pick(self.plain.things, i), self._pick(self.plain.things, j)
        if holder and child:
            self.all[holder][NAMES[j % 3]] = self.all[child]
            self.plain.names[holder, NAMES[j % 3]] = child

    def unname(self, i: int, j: int) -> None:
        if self.plain.names:
            holder, name = list(self.plain.names)[i % len(self.plain.names)]
            del self.all[holder][name]
            del self.plain.names[holder, name]

    def remember(self, i: int, j: int) -> None:
        if one := self._pick(self.plain.things, i):
            self.all[one].state["n"] = j
            self.plain.states[one] = j

    def bulk(self, i: int, j: int) -> None:
        if len(self.plain.things) < MOST:
            with self.deep.bulk() as build:
                one, other = build.nodes(self.Thing, 2)
            for made in (one, other):
                self.plain.things[self._new(made)] = -1

    def copy(self, i: int, j: int) -> None:
        one = self._pick(self.plain.things, i)
        if one and len(self.plain.things) < MOST:
            copied = self.deep.copy([self.all[one]])[self.all[one]]
            n, to = self._new(copied), self.plain.things[one]
            self.plain.things[n] = n if to == one else to

    def destroy(self, i: int, j: int) -> None:
        kept = [self.plain.things, self.plain.things, self.plain.sets, self.plain.arrays, self.plain.objects][j % 5]
        if one := self._pick(kept, i):
            self.all.pop(one).destroy()
            self.plain.end(one)

    STEPS = (
        thing,
        thing,
        point,
        collection,
        collection,
        set_add,
        set_discard,
        array_put,
        array_put,
        array_take,
        object_put,
        object_take,
        name,
        unname,
        remember,
        bulk,
        copy,
        destroy,
    )
    ONE = st.tuples(st.sampled_from(STEPS), number, number)

    @rule(step=ONE)
    def change(self, step: Any) -> None:
        verb, i, j = step
        verb(self, i, j)

    @rule(steps=st.lists(ONE, min_size=1, max_size=4), fails=st.booleans())
    def together(self, steps: Any, fails: bool) -> None:
        kept = deepcopy(self.plain), dict(self.all)
        try:
            with self.deep.together():
                for step in steps:
                    verb, i, j = step
                    verb(self, i, j)
                if fails:
                    raise Undone
        except Undone:
            self.plain, self.all = kept

    # after every step

    @invariant()
    def things_are_the_same(self) -> None:
        at = {one: n for n, one in self.all.items()}
        for n, to in self.plain.things.items():
            target = self.all[n].to
            assert (at[target] if target else -1) == to
        assert {at[one] for one in self.Thing.typed} == set(self.plain.things)

    @invariant()
    def collections_are_the_same(self) -> None:
        at = {one: n for n, one in self.all.items()}
        for n, members in self.plain.sets.items():
            assert sorted(at[one] for one in self.all[n]) == sorted(members)
            assert len(self.all[n]) == len(members)
        for n, members in self.plain.arrays.items():
            assert [at[one] for one in self.all[n]] == members
        for n, facts in self.plain.objects.items():
            assert dict(self.all[n].data) == facts  # type: ignore[call-overload]

    @invariant()
    def names_and_states_are_the_same(self) -> None:
        for n in self.plain.things:
            children = {name: child for (holder, name), child in self.plain.names.items() if holder == n}
            assert dict(self.all[n].children) == {name: self.all[child] for name, child in children.items()}
        for n, j in self.plain.states.items():
            assert self.all[n].state["n"] == j

    @invariant()
    def live_queries_are_the_plain_ones(self) -> None:
        assert list(self.live) == list(self.deep.query(type=self.Thing))

    def teardown(self) -> None:
        """What is told as values is the same space, and nobody is left in it whom nobody made."""
        assert diff(self.deep, Deep.from_dict(json.loads(json.dumps(self.deep.to_dict())))) == ()
        self.live.close()
        for one in list(self.all.values()):
            one.destroy()
        self.Thing.destroy()
        assert list(self.deep) == [self.deep]


class Heard(Surface):
    """The same where somebody hears all that is told, and what is heard is what holds."""

    def listening(self) -> bool:
        self.of: dict[Association, set[Association]] = {}
        for kind in ("in_added", "in_deleted"):
            self.deep.on(kind, self._hear)
        return True

    def _hear(self, event: Event) -> None:
        assert event.item is not None
        members = self.of.setdefault(event.source, set())
        (members.add if event.kind == "in_added" else members.remove)(event.item)

    @invariant()
    def what_was_heard_is_the_same(self) -> None:
        for one, members in self.of.items():
            assert one.destroyed or members == set(one.in_)


RUNS, STEPS = int(os.environ.get("MACHINE_RUNS", "200")), int(os.environ.get("MACHINE_STEPS", "50"))
SETTINGS = settings(
    max_examples=RUNS, stateful_step_count=STEPS, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)

TestSurface, TestHeard = Surface.TestCase, Heard.TestCase
TestSurface.settings = TestHeard.settings = SETTINGS
TestSurface.pytestmark = TestHeard.pytestmark = [pytest.mark.timeout(0 if RUNS > 1_000 else 300)]
