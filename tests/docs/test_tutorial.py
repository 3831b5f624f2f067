"""The tutorial does what it says: typed in from top to bottom against a real server, each block shows what the page shows."""

from pathlib import Path

from tests.docs.blocks import read
from tests.processes import ROOT

PAGE = ROOT / "docs" / "tutorial.md"


async def test_the_tutorial_shows_what_it_says_block_by_block(endpoint: str, tmp_path: Path) -> None:
    seen = await read(PAGE, endpoint, tmp_path)

    for one in seen:
        assert one.really == one.shown, one.block
    assert {type(one.really) for one in seen} == {str, dict}
