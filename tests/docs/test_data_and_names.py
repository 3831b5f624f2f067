"""The pages about data and about names do what they say: each block shows what the page shows."""

from pathlib import Path

import pytest

from tests.docs.blocks import read
from tests.processes import ROOT


@pytest.mark.parametrize(("page", "shown"), [("data.md", 11), ("names.md", 9)])
async def test_the_page_shows_what_it_says(page: str, shown: int, endpoint: str, tmp_path: Path) -> None:
    seen = await read(ROOT / "docs" / page, endpoint, tmp_path)

    assert len(seen) == shown
    for one in seen:
        assert one.really == one.shown, one.block
