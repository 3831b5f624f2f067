"""What the page on running does is done, and prints what it shows."""

from pathlib import Path

from tests.docs.blocks import read
from tests.processes import ROOT

PAGE = ROOT / "docs" / "running.md"


async def test_the_page_runs_and_prints_what_it_shows(endpoint: str, tmp_path: Path) -> None:
    for seen in await read(PAGE, endpoint, tmp_path):
        assert seen.really == seen.shown, seen.block
