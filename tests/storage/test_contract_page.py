"""The page about storages does what it says, and its storage of one's own keeps the contract."""

from pathlib import Path

from tests.docs.blocks import blocks, read
from tests.processes import ROOT, run

PAGE = ROOT / "docs" / "storages.md"


async def test_the_page_shows_what_it_says_block_by_block(endpoint: str, tmp_path: Path) -> None:
    for one in await read(PAGE, endpoint, tmp_path):
        assert one.really == one.shown, one.block


async def test_the_storage_of_ones_own_keeps_the_contract(tmp_path: Path) -> None:
    (block,) = [block for block in blocks(PAGE, "python") if block.file]
    (tmp_path / "test_mirrored.py").write_text(block.text)
    ran = await run("-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", str(tmp_path), str(tmp_path))

    assert ran.status == 0, ran.output
    assert " failed" not in ran.output
    assert int(ran.output.rsplit(" passed", 1)[0].split()[-1]) > 60, ran.output
