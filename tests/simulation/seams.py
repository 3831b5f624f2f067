"""What a program takes from the system, taken from one seed instead: ids, jitter, the time of day.

The simulation. Everything is put back at the end.
"""

from __future__ import annotations

import logging
import random
from collections.abc import Callable, Generator
from contextlib import contextmanager
from types import SimpleNamespace

import deeplinks.space.changing as changing
import deeplinks.space.quick as quick
from deeplinks.ids import new_id
from tests.simulation.clock import VirtualLoop


def stream(seed: int, name: str) -> random.Random:
    """Chance of its own for one who draws, so that what another draws changes nothing for it."""
    return random.Random(f"{seed}/{name}")


@contextmanager
def seeded(seed: int, loop: VirtualLoop) -> Generator[None]:
    """Inside, the same seed leads to the same ids, pauses and times."""
    bits, jitter, level = new_id.random_bits, random.getstate(), logging.root.manager.disable
    new_id.random_bits = stream(seed, "ids").getrandbits
    new_id.renew()
    random.seed(f"{seed}/jitter")
    logging.disable()
    try:
        with _time_of(lambda: int(loop.moment().timestamp() * 1_000_000) * 1000):
            yield
    finally:
        logging.disable(level)
        random.setstate(jitter)
        new_id.random_bits = bits
        new_id.renew()


@contextmanager
def _time_of(time_ns: Callable[[], int]) -> Generator[None]:
    kept = changing.time, quick.time_ns
    changing.time, quick.time_ns = SimpleNamespace(time_ns=time_ns), time_ns
    try:
        yield
    finally:
        changing.time, quick.time_ns = kept
