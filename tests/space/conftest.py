"""What the tests of the space share: a space."""

import pytest

from deeplinks import Deep


@pytest.fixture
def deep() -> Deep:
    return Deep()
