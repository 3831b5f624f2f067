"""What tests need out of npm packages, installed once for all workers of a run."""

from __future__ import annotations

import fcntl
import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ide.build import TARGET, NoNodeError, build, install


def explorer() -> None:
    """Have the explorer built."""
    with _there():
        if not (TARGET / "graphiql.js").exists():
            build()


def installed(folder: Path) -> Path:
    """Have what a folder's lock names installed in it."""
    with _there():
        install(folder)
    return folder


@contextmanager
def _there() -> Iterator[None]:
    """One worker at a time. Where there is no npm, or no registry, the test is skipped; where CI is set, it fails."""
    with Path(tempfile.gettempdir(), f"deeplinks-npm-{os.getuid()}.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        try:
            yield
        except (NoNodeError, subprocess.CalledProcessError) as error:
            if os.environ.get("CI"):
                raise
            pytest.skip(f"npm can't install it: {error}")
