"""What pages point at is there: files, headings, commands, options, and what `make` is asked for."""

import re
from collections.abc import Iterator
from pathlib import Path
from shlex import split

import click
import pytest

from deeplinks.cli import cli
from tests.docs.blocks import PAGES, blocks, commands
from tests.processes import ROOT

LINK = re.compile(r"\[[^\]]+\]\(([^)\s]+)\)")
FENCED = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)


def links(page: Path) -> Iterator[tuple[Path, str]]:
    """The files, and the headings in them, that a page points at."""
    for target in LINK.findall(FENCED.sub("", page.read_text())):
        if not re.match(r"\w+:", target):
            file, _, heading = target.partition("#")
            yield (page.parent / file if file else page), heading


def headings(page: Path) -> set[str]:
    """What the headings of a page are called in links."""
    found = HEADING.findall(FENCED.sub("", page.read_text()))
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in found}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_what_a_page_points_at_is_there(page: Path) -> None:
    lost = [
        f"{file.name}#{heading}"
        for file, heading in links(page)
        if not file.exists() or (heading and heading not in headings(file))
    ]
    assert not lost


def test_the_index_names_every_page() -> None:
    index = ROOT / "docs" / "README.md"
    cases = index.parent / "semantics" / "README.md"
    named = {file.resolve() for page in (index, cases) for file, _ in links(page)}

    assert named >= set(index.parent.rglob("*.md")) - {index}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_what_a_page_types_in_a_terminal_is_there(page: Path) -> None:
    files = {block.file for block in blocks(page)}
    for command in commands(page):
        words = [word for word in split(command) if not re.fullmatch(r"[A-Z_]+=.*", word)]
        program, rest = Path(words[0]).name, words[1:]
        if program == "deeplinks":
            check_command(rest)
        elif program == "make":
            assert all(f"\n{target}:" in (ROOT / "Makefile").read_text() for target in rest), command
        else:
            assert program in ("python", "pip", "psql"), command
            assert all(word in files for word in rest if word.endswith(".py")), command


def check_command(words: list[str]) -> None:
    """The command is one of ours, and takes these words."""
    command = cli.commands[words[0]]
    command.make_parser(click.Context(command)).parse_args(words[1:])
