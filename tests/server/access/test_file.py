"""The file of permissions: its limits hold, what is wrong in it is told with its place, and it can be looked at before it is used."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from deeplinks.cli import cli
from deeplinks.errors import PermissionsError
from deeplinks.server.limits import ANONYMOUS, OTHERS
from deeplinks.server.permissions import load
from tests.processes import ROOT
from tests.server.access.scene import PERMISSIONS

READS = '[roles.reader.links.select]\ncolumns = ["id"]\n'


def written(folder: Path, text: str) -> Path:
    path = folder / "permissions.toml"
    path.write_text(text)
    return path


def test_a_role_has_the_limits_that_the_file_gives_and_all_others_as_every_role(tmp_path: Path) -> None:
    found = load(written(tmp_path, "[roles.reader]\nlimits = { depth = 3, seconds = 0.5 }\n")).limits["reader"]

    assert (found.depth, found.seconds, found.fields) == (3, 0.5, OTHERS.fields)


def test_who_says_nothing_of_himself_has_the_limits_of_nobody(tmp_path: Path) -> None:
    assert load(written(tmp_path, READS), anonymous="reader").limits["reader"] == ANONYMOUS


@pytest.mark.parametrize(
    ("said", "most"),
    [
        ("", OTHERS.rows),
        ("limit = 5\n", 5),
        ("limit = 5\n[roles.reader.limits]\nrows = 3\n", 3),
        ("[roles.reader.limits]\nrows = 3\n", 3),
    ],
)
def test_a_list_shows_no_more_than_the_least_that_is_said(said: str, most: int, tmp_path: Path) -> None:
    found = load(written(tmp_path, READS + said)).rights["reader"]

    assert found.rules["links"].limit == most


@pytest.mark.parametrize(
    ("said", "place"),
    [
        ("limits = { depht = 3 }", "roles.reader.limits.depht"),
        ("limits = { depth = 0 }", "roles.reader.limits.depth"),
        ("limits = { depth = 1.5 }", "roles.reader.limits.depth"),
        ("limits = { introspection = 1 }", "roles.reader.limits.introspection"),
        ("limits = 3", "roles.reader.limits"),
        ("links = { select = {} }", "roles.reader.links.select"),
        ("lynks = {}", "roles.reader.lynks"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(said: str, place: str, tmp_path: Path) -> None:
    with pytest.raises(PermissionsError) as refused:
        load(written(tmp_path, f"[roles.reader]\n{said}\n"))

    assert f"at {place}:" in str(refused.value)


def test_the_file_that_the_page_about_the_server_shows_is_taken(tmp_path: Path) -> None:
    shown = (ROOT / "docs" / "server.md").read_text().partition("```toml\n")[2].partition("```")[0]

    found = load(written(tmp_path, shown))

    assert set(found.rights) == {"person", "anybody"}
    assert found.limits["person"].depth == 6


def test_the_command_says_what_each_role_may() -> None:
    told = CliRunner().invoke(cli, ["permissions", str(PERMISSIONS)], catch_exceptions=False)

    assert told.exit_code == 0
    assert "reader: select on links\n" in told.output
    assert "owner: aggregate, select, update on numbers\n" in told.output


def test_the_command_ends_with_the_place_of_what_is_wrong(tmp_path: Path) -> None:
    told = CliRunner().invoke(cli, ["permissions", str(written(tmp_path, "[roles.admin]\n"))], catch_exceptions=False)

    assert told.exit_code == 1
    assert "roles.admin" in told.stderr
