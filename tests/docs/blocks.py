"""The code blocks of a page, and one program of them that does what a reader does, in the order in which it is told.

A Python block is typed; one with a file's name is saved under it; a console block that starts such a file is a second
terminal; a GraphQL block is posted with the variable `deep`. The `text` or `json` block after each says what is to be seen.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.processes import ROOT, run

FENCE = re.compile(r"^```(\w+)(?: ([\w.]+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
COMMAND = re.compile(r"^\$ (.+?)(?:\s+#.*)?$", re.MULTILINE)
URL = "http://localhost:8080/v1/graphql"
# The id of the space in the first terminal, as a page writes it where a command wants it.
SPACE = "SPACE"
SEEN = "seen:"

PROLOGUE = f"""
import json as _json, subprocess as _subprocess, sys as _sys, urllib.request as _request

def _seen(block, kind, what):
    print({SEEN!r} + _json.dumps([block, kind, what]), file=_sys.__stdout__, flush=True)

def _typed(block):
    import io
    _seen(block, "text", _sys.stdout.getvalue()) if block >= 0 else None
    _sys.stdout = io.StringIO()

def _ask(block, url, query):
    body = _json.dumps({{"query": query, "variables": {{"deep": deep.id}}}}).encode()
    asked = _request.Request(url, body, {{"content-type": "application/json"}})
    with _request.urlopen(asked) as answer:
        _seen(block, "json", _json.load(answer).get("data"))

def _start(name, arguments):
    command = [_sys.executable, "-W", "error", "-u", name, *arguments]
    process = _subprocess.Popen(command, stdout=_subprocess.PIPE, text=True)
    process.first = process.stdout.readline()
    return process

def _end(process):
    return process.first + process.communicate()[0]

_typed(-1)
"""


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block: its language, the file it is or tells of, its text."""

    language: str
    file: str | None
    text: str


@dataclass(frozen=True, slots=True)
class Seen:
    """What a block showed beside what the page says that it shows."""

    block: str
    shown: object
    really: object


def blocks(page: Path, language: str | None = None) -> list[Block]:
    """The code blocks of a page, or those of one language, in order."""
    found = [Block(*parts) for parts in FENCE.findall(page.read_text())]
    return [block for block in found if language in (None, block.language)]


def commands(page: Path) -> list[str]:
    """What the console blocks of a page type after the prompt."""
    return [line for block in blocks(page, "console") for line in COMMAND.findall(block.text)]


async def read(page: Path, endpoint: str, folder: Path) -> list[Seen]:
    """Do what the page says against a real endpoint, in a folder of one's own: what is shown, and what really was."""
    told = blocks(page)
    for block in told:
        if block.language == "python" and block.file:
            (folder / block.file).write_text(block.text.replace(URL, endpoint))
    typed = folder / "typed.py"
    typed.write_text(f"import os; os.chdir({str(folder)!r})\n" + PROLOGUE + "\n".join(_steps(told, endpoint, folder)))
    ran = await run(str(typed))
    assert ran.status == 0, ran.errors
    lines = [line.removeprefix(SEEN) for line in ran.output.splitlines() if line.startswith(SEEN)]
    really = {(number, kind): what for number, kind, what in map(json.loads, lines)}
    return [Seen(told[number].text, _shown(told, number, kind), what) for (number, kind), what in really.items()]


def _steps(told: list[Block], endpoint: str, folder: Path) -> Iterator[str]:
    for number, block in enumerate(told):
        if block.language == "python" and not block.file:
            yield f"{block.text.replace(URL, endpoint)}\n_typed({number})"
        elif block.language == "graphql":
            yield f"_ask({number}, {endpoint!r}, {block.text!r})"
        elif block.language == "console":
            yield from _second_terminals(block, folder)
        elif block.language == "text" and block.file:
            yield f"_seen({number - 1}, {block.file!r}, _end(_{_name(block.file)}))"


def _second_terminals(block: Block, folder: Path) -> Iterator[str]:
    for command in COMMAND.findall(block.text):
        program, *rest = command.split()
        if Path(program).name == "python" and rest and rest[0].endswith(".py"):
            arguments = ", ".join("deep.id" if one == SPACE else repr(one) for one in rest[1:])
            yield f"_{_name(rest[0])} = _start({str(folder / rest[0])!r}, [{arguments}])"


def _name(file: str) -> str:
    return file.partition(".")[0]


def _shown(told: list[Block], number: int, kind: str) -> object:
    """What the page shows after a block; nothing where nothing is shown."""
    after = told[number + 1 : number + 3]
    if kind == "json":
        return json.loads(after[0].text)
    if kind == "text":
        return "".join(block.text for block in after[:1] if block.language == "text" and not block.file)
    return "".join(block.text for block in after if block.file == kind and block.language == "text")


PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
