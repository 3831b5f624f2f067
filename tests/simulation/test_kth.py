"""Whatever fails, and whenever: every point of every scenario, once with an exception and once cancelled."""

from __future__ import annotations

import pytest

from tests.simulation.kth import Failing, run_failing
from tests.simulation.plants import PLANTS
from tests.simulation.scenarios import SCENARIOS

names = pytest.mark.parametrize("name", SCENARIOS)


@names
def test_a_scenario_is_well_where_nothing_fails(name: str) -> None:
    ran = run_failing(SCENARIOS[name])

    assert ran.failure == ""
    assert ran.requests > 2
    assert ran.steps > 10


@pytest.mark.timeout(600)
@names
def test_every_request_and_every_answer_may_be_lost(name: str) -> None:
    points = run_failing(SCENARIOS[name]).requests
    failed = {k: run_failing(SCENARIOS[name], Failing.exception, k).failure for k in range(1, points + 1)}

    assert {k: failure for k, failure in failed.items() if failure} == {}


@pytest.mark.timeout(600)
@names
def test_every_step_of_a_task_may_be_its_last(name: str) -> None:
    points = run_failing(SCENARIOS[name]).steps
    failed = {k: run_failing(SCENARIOS[name], Failing.cancel, k).failure for k in range(1, points + 1)}

    assert {k: failure for k, failure in failed.items() if failure} == {}


@pytest.mark.parametrize("bug", ["acknowledged_on_send", "no_batch_id", "sent_again_under_a_new_number"])
def test_a_planted_bug_is_found(bug: str, monkeypatch: pytest.MonkeyPatch) -> None:
    PLANTS[bug](monkeypatch)
    scenario = SCENARIOS["two_who_write_the_same"]
    points = run_failing(scenario).requests

    assert any(run_failing(scenario, Failing.exception, k).failure for k in range(1, points + 1))
