"""What is installed is whole: the SQL and GraphQL files are in the wheel, and found from there and from a checkout."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from ide.build import FILES, LICENCES
from tests.npm import explorer

ROOT = Path(__file__).parents[2]
LOOK = "from deeplinks import resources; print(resources.folder('sql')); resources.text('graphql/write_batch.graphql')"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel built from the checkout."""
    explorer()
    place = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(place)]
    subprocess.run(build, cwd=ROOT, capture_output=True, check=True, timeout=100)
    return next(place.glob("*.whl"))


def test_the_wheel_has_every_file_of_sql_and_graphql(wheel: Path) -> None:
    shipped = set(zipfile.ZipFile(wheel).namelist())
    files = [file for folder in ("sql", "graphql") for file in (ROOT / folder).rglob("*") if file.is_file()]

    assert {f"deeplinks/{file.relative_to(ROOT)}" for file in files} <= shipped
    assert "deeplinks/py.typed" in shipped


def test_the_wheel_has_the_explorer_with_its_licences(wheel: Path) -> None:
    shipped = set(zipfile.ZipFile(wheel).namelist())

    assert {f"deeplinks/server/ide/{name}" for name in (*FILES, LICENCES)} <= shipped
    assert {"deeplinks/server/page/index.html", "deeplinks/server/page/page.js"} <= shipped


def test_no_lock_names_a_registry() -> None:
    for lock in (ROOT / "ide", ROOT / "tests" / "server" / "audit"):
        assert "resolved" not in (lock / "package-lock.json").read_text()


def test_the_files_are_found_from_a_wheel(wheel: Path, tmp_path: Path) -> None:
    zipfile.ZipFile(wheel).extractall(tmp_path)
    found = _look(tmp_path, tmp_path)

    assert found == str(tmp_path / "deeplinks" / "sql")


def test_the_files_are_found_from_a_bare_checkout(tmp_path: Path) -> None:
    assert _look(ROOT, tmp_path) == str(ROOT / "sql")


def _look(place: Path, elsewhere: Path) -> str:
    code = f"import sys; sys.path.insert(0, {str(place)!r}); {LOOK}"
    ran = subprocess.run(
        [sys.executable, "-c", code], cwd=elsewhere, capture_output=True, text=True, check=True, timeout=60
    )
    return ran.stdout.strip()
