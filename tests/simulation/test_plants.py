"""The test of the test: every planted bug is found within 100 seeds."""

import pytest

from tests.simulation.plants import PLANTS
from tests.simulation.schedule import run

SEEDS = 100


@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", PLANTS)
def test_a_planted_bug_is_found_within_100_seeds(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    PLANTS[name](monkeypatch)

    assert any(run(seed, files=name.endswith("in_the_file")).failure for seed in range(SEEDS)), (
        f"{SEEDS} seeds, and nothing is wrong"
    )


def test_there_are_twelve_at_least() -> None:
    assert len(PLANTS) >= 12
