"""Convergence: many operations over several replicas that come and go; when they stop, all copies are the tables.

The simulation. `make converge` runs 100 000 operations over 8 replicas; OPERATIONS, REPLICAS and SEED say otherwise.
"""

from __future__ import annotations

import os
import sys
import time

from tests.simulation.faults import Fault, Habit, Swarm
from tests.simulation.schedule import Outcome, run

# Nobody dies here, and the storage is what it was: what is measured is that everybody meets everybody's changes.
FAULTS = frozenset({Fault.partition, Fault.leave, Fault.bells, Fault.restart, Fault.swallow, Fault.drop})
# Associations: where there are more, people destroy some.
MOST = 300


def converge(operations: int, replicas: int, seed: int) -> Outcome:
    """Run so many operations over so many replicas."""
    habits = frozenset(Habit) - {Habit.marks}
    swarm = Swarm(FAULTS, habits, clients=replicas, steps=operations // replicas, pause=0.05, loss=0.02, most=MOST)
    return run(seed, swarm=swarm)


def main() -> int:
    """Run what the environment asks for, and tell what came of it."""
    operations, replicas = int(os.environ.get("OPERATIONS", "100000")), int(os.environ.get("REPLICAS", "8"))
    began = time.monotonic()
    outcome = converge(operations, replicas, int(os.environ.get("SEED", "1")))
    taken = time.monotonic() - began
    print(
        f"{operations} operations over {replicas} replicas, seed {outcome.seed}: {taken:.0f} s, {outcome.seconds:.0f} virtual"
    )
    print(outcome.failure or "all equal")
    return bool(outcome.failure)


if __name__ == "__main__":
    sys.exit(main())
