"""The rooms and what may enter them."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MODULES = sorted((ROOT / "deeplinks").rglob("*.py"))


def run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=110)


def test_every_import_keeps_to_its_floor() -> None:
    result = run(str(Path(sys.executable).with_name("lint-imports")), "--no-cache")

    assert result.returncode == 0, result.stdout


def test_importing_deeplinks_loads_no_server_no_driver_and_no_client() -> None:
    heavy = ["strawberry", "starlette", "psycopg", "gql", "graphql", "httpx", "IPython", "click", "rich"]
    result = run(sys.executable, "-c", f"import sys, deeplinks; print([m for m in {heavy!r} if m in sys.modules])")

    assert result.stdout.strip() == "[]", result.stderr


def test_pytest_started_from_the_root_sees_the_library_graphql_and_not_our_folder(tmp_path: Path) -> None:
    probe = tmp_path / "test_probe.py"
    probe.write_text("import graphql\ndef test_it():\n    assert hasattr(graphql, 'parse'), graphql.__path__\n")
    result = run(
        sys.executable, "-m", "pytest", "-q", "-c", "/dev/null", "--rootdir", ".", "-p", "no:cacheprovider", str(probe)
    )

    assert "1 passed" in result.stdout, result.stdout


def test_python_started_from_the_root_sees_the_library_graphql_and_not_our_folder() -> None:
    result = run(sys.executable, "-c", "import graphql; print(graphql.parse)")

    assert "function parse" in result.stdout, result.stderr


def test_pyright_started_from_the_root_sees_the_library_graphql_and_not_our_folder(tmp_path: Path) -> None:
    probe = tmp_path / "probe.py"
    probe.write_text("from graphql import parse\nreveal_type(parse)\n")
    result = run(str(Path(sys.executable).with_name("pyright")), "--outputjson", str(probe))
    messages = [one["message"] for one in json.loads(result.stdout)["generalDiagnostics"]]

    assert any("DocumentNode" in message for message in messages), messages


def test_our_graphql_folder_is_no_package() -> None:
    assert not (ROOT / "graphql" / "__init__.py").exists()


@pytest.mark.parametrize("module", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_says_first_what_its_room_is_for(module: Path) -> None:
    lines = module.read_text().splitlines()

    assert lines, module
    assert lines[0].startswith('"""')
    assert len([line for line in lines[:4] if line.strip()]) >= 2


@pytest.mark.parametrize("name", ["utils", "core", "common", "helpers", "managers"])
def test_no_room_has_a_name_that_says_nothing(name: str) -> None:
    assert not [path for path in MODULES if name in (path.stem, path.parent.name)]
