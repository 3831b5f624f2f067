"""The space as plain dicts: what it should be after every step, written down without a thought for speed."""

from __future__ import annotations

from collections.abc import Iterable
from copy import deepcopy

from deeplinks.ids import well_known

FIELDS = ("type", "from", "to", "value")
KINDS = {well_known("String"): str, well_known("Number"): int}
STORAGES = ("one", "two")
NO_REFERENCES = dict.fromkeys(FIELDS)

Row = dict[str, object]


class Plain:
    """Ids instead of associations; rows are what each storage has once everything that waits is taken."""

    def __init__(self, root: str) -> None:
        self.root = root
        self.references: dict[str, dict[str, str | None]] = {}
        self.data: dict[str, object] = {}
        self.back: dict[tuple[str, str], list[str]] = {}
        self.marks: dict[str, dict[str, set[str]]] = {name: {} for name in STORAGES}
        self.purged: dict[str, set[str]] = {name: set() for name in STORAGES}
        self.rows: dict[str, dict[str, Row]] = {name: {} for name in STORAGES}
        self.sent: dict[str, set[str]] = {name: set() for name in STORAGES}

    def copy(self) -> Plain:
        return deepcopy(self)

    # looking

    def here(self, id: str | None) -> bool:
        return id in self.references or id == self.root or id in KINDS

    def read(self, id: str, field: str) -> str | None:
        """A reference as it reads: None where its target is not here."""
        target = self.references[id][field]
        return target if self.here(target) else None

    def up(self, id: str | None) -> list[str]:
        """It and its types, each once."""
        chain: list[str] = []
        while id is not None and self.here(id) and id not in chain:
            chain.append(id)
            id = self.references[id]["type"] if id in self.references else self.root if id in KINDS else None
        return chain

    def kind(self, id: str) -> type | None:
        return next((KINDS[one] for one in self.up(self.references[id]["type"]) if one in KINDS), None)

    def end(self, id: str) -> str:
        """The end of the value chain."""
        seen: list[str] = []
        while id not in seen:
            seen.append(id)
            following = self.read(id, "value") if id in self.references else None
            if following is None:
                return id
            id = following
        return id

    def says(self, storage: str, id: str) -> bool | None:
        for one in self.up(id):
            marks = self.marks[storage].get(one, set())
            if "typed_false" in marks:
                return False
            if "typed_true" in marks:
                return True
        return None

    def holds(self, storage: str, id: str) -> bool:
        marks = self.marks[storage].get(id, set())
        if "one_false" in marks or id in self.purged[storage]:
            return False
        return "one_true" in marks or self.says(storage, id) is True

    def excludes(self, storage: str, id: str) -> bool:
        marks = self.marks[storage].get(id, set())
        if "one_false" in marks or id in self.purged[storage]:
            return True
        return "one_true" not in marks and self.says(storage, id) is False

    def held(self) -> dict[str, set[str]]:
        return {name: {id for id in self.references if self.holds(name, id)} for name in STORAGES}

    def row(self, id: str) -> Row:
        return {**self.references[id], "data": self.data[id]}

    def below(self, id: str) -> list[str]:
        """It and its instances, all the way down."""
        found, stack = [id], [id]
        while stack:
            for one in self.back.get((stack.pop(), "type"), []):
                if one not in found:
                    found.append(one)
                    stack.append(one)
        return found

    # changing

    def point(self, id: str, field: str, target: str | None, origin: str | None = None) -> None:
        before = self.held()
        if origin and id in self.rows[origin]:
            self.rows[origin][id][field] = target
        if self.references[id][field] == target:
            return
        self._move(id, field, target)
        self._settle(before, [(id, target)], origin)

    def _move(self, id: str, field: str, target: str | None) -> None:
        old = self.references[id][field]
        if old is not None:
            self.back[old, field].remove(id)
        self.references[id][field] = target
        if target is not None:
            self.back.setdefault((target, field), []).append(id)

    def put(self, id: str, data: object, origin: str | None = None) -> None:
        before = self.held()
        self.data[id] = data
        if origin and id in self.rows[origin]:
            self.rows[origin][id]["data"] = data
        self._settle(before, [], origin)

    def make(self, id: str, type: str, given: dict[str, str], data: object) -> None:
        before = self.held()
        self._add(id)
        self.data[id] = data
        self._move(id, "type", type)
        for field, target in given.items():
            self._move(id, field, target)
        self._settle(before, [], None)

    def _add(self, id: str) -> None:
        self.references[id] = dict(NO_REFERENCES)
        self.data[id] = None

    def place(self, id: str, origin: str) -> None:
        before = self.held()
        healed = [(source, id) for field in FIELDS for source in self.back.get((id, field), [])]
        self._add(id)
        self.marks[origin][id] = {"one_true"}
        self.rows[origin][id] = self.row(id)
        self.sent[origin].add(id)
        before[origin].add(id)
        self._settle(before, healed, origin)

    def destroy(self, id: str) -> None:
        held = [name for name in STORAGES if self.holds(name, id)]
        for field in FIELDS:
            for source in list(self.back.get((id, field), [])):
                if source != id:
                    self.point(source, field, self.root if field == "type" else None)
        self._drop(id, held)

    def remove(self, id: str, origin: str) -> None:
        held = [name for name in STORAGES if self.holds(name, id) or name == origin]
        before = self.held()
        self._drop(id, held)
        self._settle(before, [], origin)

    def _drop(self, id: str, held: Iterable[str]) -> None:
        for field in FIELDS:
            self._move(id, field, None)
        del self.references[id], self.data[id]
        for name in STORAGES:
            self.marks[name].pop(id, None)
            # Of one that comes again with that id nothing was sent.
            self.sent[name].discard(id)
        for name in held:
            self.rows[name].pop(id, None)

    def mark(self, id: str, storage: str, marker: str) -> None:
        before = self.held()
        self.marks[storage].setdefault(id, set()).add(marker)
        self._settle(before, [], None)

    def unmark(self, id: str, storage: str, marker: str | None, purge: bool) -> None:
        before = self.held()
        own = self.marks[storage].get(id, set())
        own.difference_update(list(own) if purge or marker is None else [marker])
        if purge:
            self.purged[storage].add(id)
        self._settle(before, [], None)
        if purge:
            self.rows[storage].pop(id, None)

    def _settle(self, before: dict[str, set[str]], given: list[tuple[str, str | None]], origin: str | None) -> None:
        """Bring along what is referred to by what began being stored or was given; write down what is held."""
        for name in STORAGES:
            begun = {id for id in self.references if self.holds(name, id)} - before[name]
            stack = [target for id in begun for target in self.references[id].values()]
            if name != origin:
                stack += [target for id, target in given if id in before[name] and self.holds(name, id)]
            self._bring(name, stack)
            for id in self.references:
                if self.holds(name, id):
                    self.rows[name][id] = self.row(id)
                elif id in before[name] and self._kept_out(name, id):
                    self.rows[name].pop(id, None)
                elif id in before[name]:
                    self.rows[name][id] = self.row(id)

    def _kept_out(self, storage: str, id: str) -> bool:
        """Excluded before anything of it was sent."""
        return self.excludes(storage, id) and id not in self.sent[storage]

    def _bring(self, storage: str, stack: list[str | None]) -> None:
        while stack:
            id = stack.pop()
            if id in self.references and not self.holds(storage, id) and not self.excludes(storage, id):
                self.marks[storage].setdefault(id, set()).add("one_true")
                stack += self.references[id].values()
