"""Many operations over eight replicas that come and go: in the end all are equal. The whole of it is `make converge`."""

import pytest

from tests.simulation.convergence import converge


@pytest.mark.timeout(300)
def test_eight_replicas_that_come_and_go_end_equal() -> None:
    assert converge(4_000, 8, seed=1).failure == ""
