"""In memory: the same graph built, asked and changed by each contender in turn, and how much memory a link takes."""

from __future__ import annotations

import gc
import random
import subprocess
import sys
from collections.abc import Callable
from statistics import median
from time import perf_counter_ns

from benchmarks.cores import CORES, TYPES, Core, Graph

ASKED = 5_000
WORK = ("build", "neighbours", "two hops", "instances", "update", "delete")
OURS = "deeplinks"
FEW = 20
# Parallel links count once there, so that it has other answers.
ENDS_ONLY = "networkx, ends only"


class Field:
    """The graph, and what is asked of each contender: the same nodes, the same moves."""

    def __init__(self, size: int) -> None:
        chance = random.Random(1)
        self.graph = Graph.of(size)
        asked = min(ASKED, size // 4)
        self.nodes = [chance.randrange(self.graph.nodes) for _ in range(asked)]
        links = chance.sample(range(size), 2 * asked)
        self.moves = [(link, chance.randrange(self.graph.nodes)) for link in links[:asked]]
        self.ends = links[asked:]

    @property
    def fewer(self) -> list[int]:
        """The nodes whose neighbours' neighbours are asked for."""
        return self.nodes[: ASKED // 5]

    def answers(self, core: Core) -> list[tuple[int, int, int]]:
        """What a contender answers when it is built, when as many links were moved as all can, and when some were ended."""
        core.build(self.graph)
        given = [self._asked(core)]
        core.update(self.moves[:FEW])
        given.append(self._asked(core))
        core.delete(self.ends[:FEW])
        return [*given, self._asked(core)]

    def _asked(self, core: Core) -> tuple[int, int, int]:
        return core.neighbours(self.nodes), core.two_hops(self.fewer), core.instances(TYPES - 1)

    def run(self, core: Core) -> dict[str, float]:
        """How many nanoseconds each piece of work took, a link, a node, or an instance."""
        nodes, few = self.nodes, core.FEW
        moves, ends = self.moves[:few], self.ends[:few]
        took = {"build": _took(lambda: core.build(self.graph)) / len(self.graph.links)}
        core.settle()
        took["neighbours"] = _took(lambda: core.neighbours(nodes)) / len(nodes)
        took["two hops"] = _took(lambda: core.two_hops(self.fewer)) / len(self.fewer)
        took["instances"] = _took(lambda: core.instances(TYPES - 1)) / core.instances(TYPES - 1)
        took["update"] = _took(lambda: core.update(moves)) / len(moves)
        core.settle()
        took["delete"] = _took(lambda: core.delete(ends)) / len(ends)
        return took


def _took(work: Callable[[], object]) -> int:
    started = perf_counter_ns()
    work()
    return perf_counter_ns() - started


def in_memory(size: int, rounds: int) -> str:
    """Race all contenders, and give the Markdown table. Raises `ValueError` where they do not say the same."""
    agree(Field(2_000))
    field = Field(size)
    took: dict[str, list[dict[str, float]]] = {name: [] for name in CORES}
    for _ in range(rounds):
        for name, core in CORES.items():
            took[name].append(_alone(field, core))
    bytes = {name: bytes_a_link(name, size) for name in CORES}
    return table(size, took, bytes)


def agree(field: Field) -> None:
    """All contenders do the same work: they give the same answers, before changes and after them."""
    given = {name: field.answers(core()) for name, core in CORES.items() if name != ENDS_ONLY}
    if different := {name: answers for name, answers in given.items() if answers != given[OURS]}:
        raise ValueError(f"they answer otherwise than {given[OURS]}: {different}")


def _alone(field: Field, core: Callable[[], Core]) -> dict[str, float]:
    """One run with the collector off, as bulk loads are run in all of them."""
    gc.collect()
    gc.disable()
    try:
        return field.run(core())
    finally:
        gc.enable()


def table(size: int, took: dict[str, list[dict[str, float]]], bytes: dict[str, float]) -> str:
    """Medians, and how many times as long as ours, the median of each round's ratio; the collector is off for all."""
    head = " | ".join((f"{size:,} links, ns", *WORK, "bytes a link"))
    lines = [f"| {head} |", "|---|" + "---:|" * (len(WORK) + 1)]
    for name, rounds in took.items():
        cells = [_cell(work, rounds, took[OURS]) for work in WORK]
        memory = f"{bytes[name]:,.0f} (x{bytes[name] / bytes[OURS]:.2f})"
        lines.append(f"| {' | '.join((name, *cells, memory))} |")
    return "\n".join(lines)


def _cell(work: str, rounds: list[dict[str, float]], ours: list[dict[str, float]]) -> str:
    ratio = median(each[work] / own[work] for each, own in zip(rounds, ours, strict=True))
    return f"{median(each[work] for each in rounds):,.0f} (x{ratio:.2f})"


# memory, measured in a process of its own


def bytes_a_link(name: str, size: int) -> float:
    """How much the resident memory of a fresh process grows by building the graph, a link."""
    command = [sys.executable, "-m", "benchmarks.memory", name, str(size)]
    return float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def _resident() -> int:
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * 4096


def _measure(name: str, size: int) -> float:
    graph, core = Graph.of(size), CORES[name]()
    # Once before: what the library itself loads and keeps is not counted.
    CORES[name]().build(Graph.of(100))
    gc.collect()
    before = _resident()
    core.build(graph)
    core.settle()
    gc.collect()
    return (_resident() - before) / size


if __name__ == "__main__":
    print(_measure(sys.argv[1], int(sys.argv[2])))
