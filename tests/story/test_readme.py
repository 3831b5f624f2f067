"""The README does what it says: its code runs, its output is what it shows, its query answers what it shows."""

import re
from pathlib import Path

from tests.docs.blocks import read
from tests.processes import ROOT, run


async def test_the_readme_runs_and_prints_what_it_shows_and_its_query_gives_what_it_shows(
    endpoint: str, tmp_path: Path
) -> None:
    seen = await read(ROOT / "README.md", endpoint, tmp_path)

    shown = [one for one in seen if one.shown]
    assert {type(one.shown) for one in shown} == {str, dict}
    for one in shown:
        assert one.really == one.shown, one.block


async def test_every_command_that_the_readme_names_is_there() -> None:
    readme = (ROOT / "README.md").read_text()
    makefile = (ROOT / "Makefile").read_text()
    commands = set(re.findall(r"deeplinks (serve|migrate|demo|load|watch|version)", readme))

    assert all(f"\n{target}:" in makefile for target in re.findall(r"make (\w+)", readme))
    for command in commands:
        ran = await run("-m", "deeplinks", command, "--help")
        assert ran.status == 0, ran.errors
