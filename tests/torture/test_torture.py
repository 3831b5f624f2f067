"""The torture, in short: `make torture` is the long one."""

import os
import random

import pytest

from tests.torture.run import torture


@pytest.mark.timeout(300)
async def test_what_was_acknowledged_survives_every_kill_and_cut_and_is_there_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # What a server says while it is tortured fills pages.
    monkeypatch.setenv("LOG_LEVEL", "CRITICAL")
    outcome = await torture(6, int(os.environ.get("SEED") or random.randrange(2**32)))
    print(outcome)

    assert (outcome.lost, outcome.doubled) == ([], [])
    assert (outcome.whole, outcome.followed) == (True, True)
    assert len(outcome.done) == 8
    assert not outcome.void
