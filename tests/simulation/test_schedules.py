"""Schedules of faults and changes: every promise is kept in each; and a seed is a schedule, wherever it is run.

The first 1 600, about two minutes of one core; `SIMULATE_SECONDS` has all tests here together go on for so long.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time

import pytest

from tests.processes import ROOT
from tests.simulation.schedule import run

PARTS = 10
LEAST = 160
SECONDS = float(os.environ.get("SIMULATE_SECONDS", "0")) / PARTS


@pytest.mark.timeout(900)
@pytest.mark.parametrize("part", range(PARTS))
def test_nothing_is_lost_or_doubled_and_all_end_equal(part: int) -> None:
    end, seed = time.monotonic() + SECONDS, part
    while seed < PARTS * LEAST or time.monotonic() < end:
        failure = run(seed).failure
        assert not failure, f"SEED={seed} make simulate: {failure}"
        seed += PARTS


def test_a_seed_is_the_same_schedule_twice() -> None:
    assert [run(seed).digest for seed in range(5)] == [run(seed).digest for seed in range(5)]


def test_another_seed_is_another_schedule() -> None:
    assert len({run(seed).digest for seed in range(5)}) == 5


def test_a_seed_is_the_same_schedule_in_another_process_whose_sets_have_another_order() -> None:
    show = "from tests.simulation.schedule import run; print([run(seed).digest for seed in range(5)])"
    environment = os.environ | {"PYTHONHASHSEED": "4711", "PYTHONPATH": str(ROOT)}
    printed = subprocess.run(
        [sys.executable, "-c", show], cwd=ROOT, env=environment, capture_output=True, text=True, check=True, timeout=100
    )

    assert printed.stdout.strip() == str([run(seed).digest for seed in range(5)])
