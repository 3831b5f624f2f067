"""Many schedules, on all cores: `make simulate`; or one with all that happened in it: `SEED=7 make simulate`.

The simulation. A line a failure, with the seed that replays it.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor

from tests.simulation.schedule import run

CHUNK = 50
EVERYTHING = 1_000_000
FILES = bool(os.environ.get("FILES"))


def main() -> int:
    """Run what the environment asks for: SEED, or SEEDS from FIRST on."""
    if seed := os.environ.get("SEED"):
        return _one(int(seed))
    return _many(int(os.environ.get("FIRST", "0")), int(os.environ.get("SEEDS", "500000")))


def _one(seed: int) -> int:
    outcome = run(seed, EVERYTHING, files=FILES)
    print("\n".join(outcome.lines))
    print(f"seed {seed}: {outcome.swarm}")
    print(f"trace {outcome.digest}, {outcome.seconds:.1f} virtual seconds: {outcome.failure or 'all is well'}")
    return bool(outcome.failure)


def _many(first: int, count: int) -> int:
    began, done, failed, hours = time.monotonic(), 0, 0, 0.0
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        for ran, failures, seconds in pool.map(_chunk, _chunks(first, count)):
            done, hours, failed = done + ran, hours + seconds / 3600, failed + len(failures)
            for seed, failure in failures:
                print(f"SEED={seed} make simulate  # {failure}", flush=True)
            rate = done / (time.monotonic() - began)
            print(f"\r{done} of {count}, {rate:.0f} a second", end="", file=sys.stderr, flush=True)
    print(f"\n{done} schedules, {hours:.0f} virtual hours, {rate:.1f} a second, {failed} failed")
    return bool(failed)


def _chunks(first: int, count: int) -> Iterator[range]:
    return (range(start, min(start + CHUNK, first + count)) for start in range(first, first + count, CHUNK))


def _chunk(seeds: range) -> tuple[int, list[tuple[int, str]], float]:
    outcomes = [run(seed, files=FILES) for seed in seeds]
    failures = [(one.seed, one.failure) for one in outcomes if one.failure]
    return len(outcomes), failures, sum(one.seconds for one in outcomes)


if __name__ == "__main__":
    sys.exit(main())
