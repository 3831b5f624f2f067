"""The notebooks do what they show: executed from top to bottom in a real kernel, their outputs are those that are saved.

`REWRITE_NOTEBOOKS=1` saves the outputs anew, but never where `CI` is set.
"""

import json
import os
import re
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from nbformat import NotebookNode

NOTEBOOKS = sorted((Path(__file__).parents[2] / "notebooks").glob("*.ipynb"))
REWRITE = bool(os.environ.get("REWRITE_NOTEBOOKS"))
# Ids differ from run to run.
ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
SHORT_ID = re.compile(r"[0-9a-f]{4}…[0-9a-f]{4}")


def executed(path: Path, folder: Path) -> NotebookNode:
    notebook = nbformat.read(path, as_version=4)
    NotebookClient(
        notebook, timeout=120, kernel_name="python3", resources={"metadata": {"path": str(folder)}}
    ).execute()
    return notebook


def shown(notebook: NotebookNode) -> list[list[object]]:
    """What each cell shows, without what differs from run to run."""
    return [[_plain(output) for output in cell.get("outputs", ())] for cell in notebook.cells]


def _plain(output: NotebookNode) -> object:
    facts = {name: value for name, value in output.items() if name not in ("execution_count", "metadata")}
    return json.loads(SHORT_ID.sub("id", ID.sub("id", json.dumps(facts, ensure_ascii=False))))


def saved(notebook: NotebookNode, path: Path) -> None:
    assert "CI" not in os.environ, "outputs are saved by a person who looks at them"
    for cell in notebook.cells:
        cell.metadata = {}
    nbformat.write(notebook, path)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_shows_what_it_shows(
    path: Path, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))
    before = nbformat.read(path, as_version=4)
    after = executed(path, tmp_path)
    if REWRITE:
        saved(after, path)
    else:
        assert shown(after) == shown(before)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_was_saved_as_it_ran_from_top_to_bottom(path: Path) -> None:
    cells = [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    assert not any(output.output_type == "error" for cell in cells for output in cell.outputs)
