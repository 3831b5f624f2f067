"""The page about the server asks it what it says, and is answered what it shows."""

from pathlib import Path

from tests.docs.blocks import read
from tests.processes import ROOT

PAGE = ROOT / "docs" / "server.md"


async def test_the_page_is_answered_what_it_shows(endpoint: str, tmp_path: Path) -> None:
    for seen in await read(PAGE, endpoint, tmp_path):
        assert seen.really == seen.shown, seen.block
