"""Looking at a local file: who has it open, whether it is ours and readable, and how much room its disk has.

A face. It opens the file for reading only, and not at all while somebody has it.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Final

from deeplinks.doctor.findings import Cause, Finding, fine, trouble, warning
from deeplinks.errors import FileInUseError, LocalFileError
from deeplinks.storage.sqlite.file import FORM, OURS
from deeplinks.storage.sqlite.lock import Lock, beside

# Bytes that are left where the file is.
LITTLE: Final = 64 * 1024 * 1024
NOTHING: Final = 4 * 1024 * 1024


def look_at_file(path: str | Path) -> Iterator[Finding]:
    """What a file says that `synchronize(..., path=...)` or `open` is to use."""
    file = Path(path).resolve()
    if not file.parent.is_dir():
        yield trouble(Cause.file, f"there is no folder {file.parent}", "make it, or give another path")
        return
    yield _disk(file.parent)
    if not file.exists():
        yield fine(Cause.file, f"{file} is not there yet, and will be made")
        return
    yield _held(file) or _read(file)


def _disk(folder: Path) -> Finding:
    free = shutil.disk_usage(folder).free
    told = f"{free // (1024 * 1024)} MB are left for files in {folder}"
    make = "make room: setters of what is stored raise when there is none; what waits is kept, and can still be sent"
    if free < NOTHING:
        return trouble(Cause.disk, told, make)
    return warning(Cause.disk, told, make) if free < LITTLE else fine(Cause.disk, told)


def _held(file: Path) -> Finding | None:
    """Who has it open, if anybody has."""
    if not beside(file).exists():
        return None
    lock = Lock(file)
    try:
        lock.take()
    except FileInUseError as error:
        if error.facts.get("pid") == os.getpid():
            return fine(Cause.file, f"{file} is open in this process")
        return trouble(
            Cause.file, str(error), "end that process, or use another file; it lets go of it by ending, however it ends"
        )
    except LocalFileError as error:
        return trouble(Cause.file, str(error), "let this user read and write the file and its folder")
    lock.release()
    return None


def _read(file: Path) -> Finding:
    aside = "put a copy of it aside, and start with another file: what was written to the database is there"
    try:
        with closing(sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True)) as connection:
            ((ours,),) = connection.execute("pragma application_id")
            ((form,),) = connection.execute("pragma user_version")
            ((found,),) = connection.execute("pragma quick_check(1)")
    except sqlite3.Error as error:
        return trouble(Cause.file, f"{file} can't be read: {error}", aside)
    if found != "ok":
        return trouble(Cause.file, f"{file} is damaged: {found}", aside)
    if ours != OURS:
        return trouble(Cause.file, f"{file} is a database of something else", "give another path")
    if form != FORM:
        newer = "install the deeplinks that wrote it, or give another path"
        return trouble(Cause.file, f"{file} has the form {form}, and here {FORM} is read", newer)
    return fine(Cause.file, f"{file} is ours, whole, and nobody has it open")
