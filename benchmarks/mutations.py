"""One mutation with nobody listening, over a bare core that keeps back references and knows nothing else."""

from __future__ import annotations

import gc
from collections.abc import Callable
from statistics import median
from time import perf_counter_ns

from deeplinks import Deep

TURNS = 20_000


class Bare:
    """A link with exact back references, alone or in a dict, and no checks, times, storages or listeners."""

    __slots__ = ("_in", "_to")

    def __init__(self) -> None:
        self._to: Bare | None = None
        self._in: Bare | dict[Bare, None] | None = None

    @property
    def to(self) -> Bare | None:
        """Where it ends."""
        return self._to

    @to.setter
    def to(self, target: Bare | None) -> None:
        old = self._to
        if old is target:
            return
        if old is not None:
            members = old._in
            if not isinstance(members, dict):
                old._in = None
            else:
                del members[self]
                if not members:
                    old._in = None
        self._to = target
        if target is not None:
            members = target._in
            if isinstance(members, dict):
                members[self] = None
            else:
                target._in = self if members is None else {members: None, self: None}


def mutations(rounds: int) -> str:
    """Race the three, and give the Markdown table."""
    contenders = {"the bare core": _bare, "deeplinks, unstored": _unstored, "deeplinks, stored": _stored}
    took: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(rounds):
        for name, prepare in contenders.items():
            took[name].append(_alone(prepare()))
    bare = took["the bare core"]
    lines = ["| one reference set, nobody listens | ns | over the bare core, ns |", "|---|---:|---:|"]
    for name, each in took.items():
        over = median(one - own for one, own in zip(each, bare, strict=True))
        lines.append(f"| {name} | {median(each):,.0f} | {over:,.0f} |")
    return "\n".join(lines)


def _alone(turn: Callable[[], object]) -> float:
    turn()
    gc.collect()
    gc.disable()
    started = perf_counter_ns()
    turn()
    took = perf_counter_ns() - started
    gc.enable()
    return took / TURNS


def _bare() -> Callable[[], object]:
    return _turning(Bare(), [Bare(), Bare()], Bare)


def _unstored() -> Callable[[], object]:
    deep = Deep()
    return _turning(deep(), [deep(), deep()], deep)


def _stored() -> Callable[[], object]:
    deep = Deep()
    T = deep().store("database", "typed_true")
    return _turning(T(), [T(), T()], T)


def _turning(link: object, targets: list[object], make: Callable[[], object]) -> Callable[[], object]:
    """Point a link here and there, where others point too."""
    for target in targets * 2:
        make().to = target  # type: ignore[attr-defined]

    def turn() -> None:
        one, other = targets
        for _ in range(TURNS // 2):
            link.to = one  # type: ignore[attr-defined]
            link.to = other  # type: ignore[attr-defined]

    return turn
