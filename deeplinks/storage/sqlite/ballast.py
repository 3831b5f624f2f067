"""Ballast: space of the disk that is held back, and let go of when the disk is full, so that what waits can leave.

The storage room. On a full disk even deleting needs room; what is done with it is not known here.
"""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import Final

logger = logging.getLogger("deeplinks.storage.sqlite")

BYTES: Final = 2 * 1024 * 1024


class Ballast:
    """A file of no meaning beside another one."""

    def __init__(self, path: Path) -> None:
        self._path = path.with_name(f"{path.name}-ballast")

    def load(self) -> None:
        """Hold back the space, if the disk has it; a second time is harmless."""
        if self._path.exists():
            return
        descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            os.posix_fallocate(descriptor, 0, BYTES)
        except OSError as error:
            self._path.unlink()
            logger.warning("%s holds back no space of the disk: %s", self._path, error)
        finally:
            os.close(descriptor)

    def drop(self) -> bool:
        """Let go of it; whether there was any."""
        try:
            self._path.unlink()
        except FileNotFoundError:
            return False
        logger.warning("the disk is full: %s was let go of, so that what waits can leave", self._path)
        return True
