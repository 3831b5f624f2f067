"""Schedules of faults and changes: every promise is kept in each; and a seed is a schedule, wherever it is run.

As many as fit two minutes, and at least 1 000; `SIMULATE_SECONDS` says for how long instead, `FIRST` from which seed on.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from itertools import count

import pytest

from tests.processes import ROOT
from tests.simulation.schedule import run

PARTS = 10
LEAST = 100
FIRST = int(os.environ.get("FIRST", "0"))
SECONDS = float(os.environ.get("SIMULATE_SECONDS", "120")) / PARTS


@pytest.mark.timeout(900)
@pytest.mark.parametrize("part", range(PARTS))
def test_nothing_is_lost_or_doubled_and_all_end_equal(part: int) -> None:
    end = time.monotonic() + SECONDS
    for number in count():
        if number >= LEAST and time.monotonic() > end:
            break
        seed = FIRST + number * PARTS + part
        failure = run(seed).failure
        assert not failure, f"SEED={seed} make simulate: {failure}"


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
