"""The README does what it says: its code runs, its output is what it shows, its query answers what it shows."""

import json
import re
from pathlib import Path

from tests.asking import ask
from tests.processes import run

ROOT = Path(__file__).parents[2]
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)
URL = "http://localhost:8080/v1/graphql"


def blocks(language: str) -> list[str]:
    """The code blocks of one language, in order."""
    return [text for name, text in BLOCK.findall((ROOT / "README.md").read_text()) if name == language]


async def test_the_readme_runs_and_prints_what_it_shows_and_its_query_gives_what_it_shows(endpoint: str) -> None:
    shown, [query], [expected] = blocks("python"), blocks("graphql"), blocks("json")
    assert any(URL in block for block in shown)
    program = "\n".join(shown).replace(URL, endpoint) + "\nprint('space', deep.id)\n"

    ran = await run("-c", program)

    assert ran.status == 0, ran.errors
    lines = ran.output.splitlines()
    printed = "".join(blocks("text")).splitlines()
    assert lines[: len(printed)] == printed
    assert await ask(endpoint, query, deep=lines[-1].split()[1]) == json.loads(expected)


async def test_every_command_that_the_readme_names_is_there() -> None:
    readme = (ROOT / "README.md").read_text()
    makefile = (ROOT / "Makefile").read_text()
    commands = set(re.findall(r"deeplinks (serve|migrate|demo|version)", readme))

    assert all(f"\n{target}:" in makefile for target in re.findall(r"make (\w+)", readme))
    for command in commands:
        ran = await run("-m", "deeplinks", command, "--help")
        assert ran.status == 0, ran.errors
