"""The lock of a file: one process at a time, and a note of who has it, which tells a file from its copy.

The storage room. A lock of the operating system on a file beside it: it ends with its process, however that ends.
"""

from __future__ import annotations

import fcntl
import os
import secrets
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import orjson

from deeplinks.errors import FileInUseError, LocalFileError

LINKED: Final = "it has several names (hard links), and each would have a lock and a log of its own; copy it instead"
BOOT: Final = Path("/proc/sys/kernel/random/boot_id")


class Lock:
    """The lock of one file, held from `take` to `release`. `token` is what the holder before noted, "" if nobody did."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._beside = beside(path)
        self._descriptor: int | None = None
        self.token = ""

    def take(self) -> None:
        """Lock it. Raises `FileInUseError` naming who has it, `LocalFileError` where nobody may lock it."""
        if self._path.is_dir():
            raise LocalFileError(file=self._path, why="it is a folder")
        if self._path.exists() and self._path.stat().st_nlink > 1:
            raise LocalFileError(file=self._path, why=LINKED)
        try:
            descriptor = os.open(self._beside, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise LocalFileError(file=self._path, why=f"{self._beside} can't be made: {error.strerror}") from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            found = _noted(descriptor)
            os.close(descriptor)
            raise FileInUseError(file=self._path, pid=found.get("pid"), since=found.get("since")) from None
        self._descriptor = descriptor
        self.token = str(_noted(descriptor).get("token", ""))

    def note(self, token: str) -> None:
        """Say who has it, and under which token."""
        if self._descriptor is None:
            raise AssertionError("the lock is not held")
        boot = BOOT.read_text().strip() if BOOT.exists() else ""
        since = datetime.now(UTC).isoformat(timespec="seconds")
        record = orjson.dumps({"token": token, "pid": os.getpid(), "boot": boot, "since": since})
        os.ftruncate(self._descriptor, 0)
        os.pwrite(self._descriptor, record, 0)
        os.fsync(self._descriptor)

    def release(self) -> None:
        """Let others have it; a second time is harmless. In a forked child: let go of it, and the parent still has it."""
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            os.close(descriptor)


def beside(path: Path) -> Path:
    """The file that is locked for another."""
    return path.with_name(f"{path.name}-lock")


def new_token() -> str:
    """What one opening of a file is told by."""
    return secrets.token_hex(16)


def _noted(descriptor: int) -> dict[str, object]:
    try:
        return orjson.loads(os.pread(descriptor, 4096, 0))
    except orjson.JSONDecodeError:
        # A holder that was killed in the middle of its note.
        return {}
