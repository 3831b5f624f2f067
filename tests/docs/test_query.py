"""The page about queries does what it says: each block shows what the page shows."""

from pathlib import Path

from tests.docs.blocks import read
from tests.processes import ROOT

PAGE = ROOT / "docs" / "query.md"


async def test_the_page_about_queries_shows_what_it_says(tmp_path: Path) -> None:
    seen = await read(PAGE, "", tmp_path)

    assert len(seen) == 10
    for one in seen:
        assert one.really == one.shown, one.block
