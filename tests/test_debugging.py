"""`DEBUG=deeplinks:*`: what it switches on, and what it leaves alone."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from collections.abc import Iterator

import pytest

from deeplinks.debugging import switch_on
from tests.processes import ROOT

PROGRAM = """
import asyncio
from deeplinks import Deep, MemoryStorage, synchronize

async def main():
    deep = Deep()
    async with synchronize(deep, MemoryStorage()):
        deep.String("a").store("database")

asyncio.run(main())
"""


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    """Levels and handlers are the whole process's."""
    names = [name for name in logging.root.manager.loggerDict if name.startswith("deeplinks")]
    before = {name: (logging.getLogger(name).level, list(logging.getLogger(name).handlers)) for name in names}
    yield
    for name in [name for name in logging.root.manager.loggerDict if name.startswith("deeplinks")]:
        level, handlers = before.get(name, (logging.NOTSET, []))
        logging.getLogger(name).setLevel(level)
        logging.getLogger(name).handlers = handlers


def loud(name: str) -> bool:
    return logging.getLogger(name).isEnabledFor(logging.DEBUG)


def said(debug: str) -> list[str]:
    """What a program writes to standard error, without the times."""
    environment = os.environ | {"DEBUG": debug, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", PROGRAM]
    ran = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, check=True)
    return [line.split(" ", 1)[1] for line in ran.stderr.splitlines()]


def test_everything_is_switched_on_for_a_program_that_makes_a_synchronizer() -> None:
    lines = said("deeplinks:*")

    assert any(line.startswith("deeplinks:sync:attempts database: batch 1 is sent: 2 rows") for line in lines)
    assert any(line.startswith("deeplinks:sync:replica database: ") for line in lines)


def test_without_it_nothing_is_said() -> None:
    assert said("") == []


def test_names_of_others_mean_others() -> None:
    assert said("http:*,mydeeplinks") == []


@pytest.mark.parametrize("debug", ["deeplinks:*", "deeplinks*", "deeplinks", "*", "other:*, deeplinks:*"])
def test_all_rooms_are_named_together(debug: str) -> None:
    assert switch_on({"DEBUG": debug}) == ["deeplinks"]
    assert loud("deeplinks.sync.follower")
    assert loud("deeplinks.server.bell")


def test_one_room_is_named_alone() -> None:
    assert switch_on({"DEBUG": "deeplinks:sync:*"}) == ["deeplinks.sync"]
    assert loud("deeplinks.sync.follower")
    assert not loud("deeplinks.server.bell")


def test_what_is_named_with_a_minus_stays_silent() -> None:
    switch_on({"DEBUG": "deeplinks:*,-deeplinks:sync:follower"})

    assert loud("deeplinks.sync.replica")
    assert not loud("deeplinks.sync.follower")


@pytest.mark.parametrize("debug", ["", "1", "true", "deeplinksy:*", "my:deeplinks"])
def test_other_values_switch_nothing_on(debug: str) -> None:
    assert switch_on({"DEBUG": debug}) == []


def test_a_second_time_nothing_is_said_twice() -> None:
    for _ in range(2):
        switch_on({"DEBUG": "deeplinks:*"})

    assert len(logging.getLogger("deeplinks").handlers) == 1
