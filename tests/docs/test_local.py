"""The page about graphs in files does what it says: each block shows what the page shows."""

from pathlib import Path

from tests.docs.blocks import read
from tests.processes import ROOT

PAGE = ROOT / "docs" / "local.md"


async def test_the_page_about_graphs_in_files_shows_what_it_says(endpoint: str, tmp_path: Path) -> None:
    seen = await read(PAGE, endpoint, tmp_path)

    assert len(seen) == 5
    for one in seen:
        assert one.really == one.shown, one.block
