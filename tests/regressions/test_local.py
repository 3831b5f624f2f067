"""What a file of a graph once kept, lost or put in another order. Each found by trying it out."""

import asyncio
import errno
import os
import shutil
import signal
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

import deeplinks
from deeplinks import Deep, MemoryStorage, diagnose, synchronize
from deeplinks.errors import FileInUseError, LocalFileError, UnknownSpaceError, WrongTypeError
from deeplinks.storage.sqlite import syncing
from deeplinks.sync import LocalGraph
from tests.waiting import until

NOWHERE = "http://127.0.0.1:1/v1/graphql"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "graph.deep"


def texts(deep: Deep) -> list[object]:
    return [one.data for one in deep.String.typed]


def test_what_is_kept_out_after_it_was_made_is_in_the_file_no_more(path: Path) -> None:
    with deeplinks.open(path) as deep:
        deep.String("secret").store("database", "one_false")
        deep.String("known")
        Scratch = deep(value=deep.String("of a type")).store("database", "typed_false")
    with deeplinks.open(path) as deep:
        assert texts(deep) == ["known", "of a type"]
        assert Scratch.id not in deep


def test_what_is_referred_to_is_in_the_file_once_already(path: Path) -> None:
    with deeplinks.open(path) as deep:
        target, other = deep(), deep()
        other.to = target
        assert not target.is_stored("database", "one_true")


async def test_what_was_made_first_and_stored_last_is_first_the_next_time_and_there(path: Path) -> None:
    deep, storage = Deep(), MemoryStorage()
    async with synchronize(deep, NOWHERE, path=path) as database:
        first = deep.String("first").store("database")
        await until(lambda: first.sync[database.name] == "sent")
        one, other = deep.String("made first"), deep.String("made last")
        other.store("database")
        one.store("database")

    next_time = Deep(space=deep.id)
    async with synchronize(next_time, storage, path=path) as database:
        assert texts(next_time) == ["first", "made first", "made last"]
        await database.flush()

    copy = await deeplinks.load(storage, space=deep.id)
    assert texts(copy) == ["first", "made first", "made last"]


@pytest.mark.parametrize(
    "settings",
    [{"fsync_interval": -1}, {"fsync_interval": "0"}, {"max_changes": 0}, {"max_changes": True}, {"max_bytes": 1.5}],
)
def test_a_setting_of_a_file_that_makes_no_sense_is_refused_by_name(path: Path, settings: dict[str, Any]) -> None:
    with pytest.raises(WrongTypeError, match=next(iter(settings))):
        deeplinks.open(path, **settings)
    assert not path.exists()


@pytest.mark.parametrize("wrong", ["", b"graph.deep", None, 7])
def test_what_is_no_path_is_refused_and_nothing_is_made(wrong: Any) -> None:
    with pytest.raises(WrongTypeError, match="path"):
        deeplinks.open(wrong)


def test_a_folder_and_a_file_in_no_folder_are_refused_and_nothing_is_made(tmp_path: Path) -> None:
    with pytest.raises(LocalFileError, match="it is a folder"):
        deeplinks.open(tmp_path)
    with pytest.raises(LocalFileError, match="No such file or directory"):
        deeplinks.open(tmp_path / "none" / "graph.deep")
    assert not list(tmp_path.parent.glob("*-lock"))


def test_a_storage_without_a_name_is_refused(path: Path) -> None:
    with pytest.raises(WrongTypeError, match="storage"):
        deeplinks.open(path, name="")
    with pytest.raises(WrongTypeError, match="storage"):
        synchronize(Deep(), MemoryStorage(), name="")
    assert not path.exists()


def test_who_has_it_open_already_is_told_so(path: Path) -> None:
    with deeplinks.open(path), pytest.raises(FileInUseError, match=r"by this process \d+ .*close it there"):
        deeplinks.open(path)


async def test_a_flush_in_a_forked_child_is_refused_and_waits_for_nobody(path: Path) -> None:
    graph = deeplinks.open(path)
    graph.deep.String("not on the disk yet")
    child = os.fork()
    if child == 0:
        os._exit(_refused(graph))
    try:
        async with asyncio.timeout(20):
            ended = await asyncio.to_thread(os.waitpid, child, 0)
    except TimeoutError:
        os.kill(child, signal.SIGKILL)
        raise
    graph.close()
    assert ended[1] == 0


def _refused(graph: LocalGraph) -> int:
    """What a child that may not flush ends with."""
    try:
        graph.flush()
    except LocalFileError as error:
        return 0 if "forked" in str(error) else 1
    return 2


def test_a_file_without_the_log_that_it_had_in_use_is_told_of(
    tmp_path: Path, path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    copy = tmp_path / "copy.deep"
    with deeplinks.open(path) as deep:
        deep.String("in the log")
        shutil.copyfile(path, copy)
    with deeplinks.open(copy):
        assert "may be missing" in caplog.text


def test_a_file_that_was_closed_or_has_its_log_is_told_nothing_of(
    tmp_path: Path, path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    copy = tmp_path / "copy.deep"
    with deeplinks.open(path) as deep:
        deep.String("in the log")
        for end in ("", "-wal"):
            shutil.copyfile(f"{path}{end}", f"{copy}{end}")
    with deeplinks.open(path), deeplinks.open(copy) as deep:
        assert texts(deep) == ["in the log"]
    assert caplog.text == ""


def test_a_file_has_one_opener_by_whichever_path(tmp_path: Path, path: Path) -> None:
    link = tmp_path / "link.deep"
    link.symlink_to(path)
    with deeplinks.open(link) as deep:
        deep.String("through a link")
        with pytest.raises(FileInUseError):
            deeplinks.open(path)
    with deeplinks.open(path) as deep:
        assert texts(deep) == ["through a link"]


async def test_a_file_of_another_form_is_told_of_by_the_doctor(path: Path) -> None:
    with deeplinks.open(path):
        pass
    with closing(sqlite3.connect(path)) as other:
        other.execute("pragma user_version = 99")
    assert any("form 99" in finding.what for finding in (await diagnose(path=path)).troubles)


def test_a_space_is_as_old_as_when_it_was_made(path: Path) -> None:
    with deeplinks.open(path) as deep:
        made = deep.created_at
    with deeplinks.open(path) as deep:
        assert (deep.created_at, deep.updated_at) == (made, made)
        deep.value = deep.String("about me")
        changed = deep.updated_at
    with deeplinks.open(path) as deep:
        assert (deep.created_at, deep.updated_at) == (made, changed)


async def test_a_disk_that_fails_on_closing_is_told_and_the_file_is_let_go_of(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: Path) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    with pytest.raises(LocalFileError, match="Input/output"), deeplinks.open(path) as deep:
        text = deep.String("a")
        monkeypatch.setattr(syncing, "sync", fail)
    monkeypatch.undo()
    with pytest.raises(LocalFileError, match="Input/output"):
        async with deeplinks.open(path) as deep:
            deep[text.id].data = "b"
            monkeypatch.setattr(syncing, "sync", fail)
    monkeypatch.undo()
    with deeplinks.open(path) as deep:
        assert deep[text.id].data == "b"


def test_a_closed_graph_is_entered_no_more(path: Path) -> None:
    graph = deeplinks.open(path)
    graph.close()
    with pytest.raises(LocalFileError, match="closed"), graph:
        pass


async def test_an_open_graph_is_told_of_as_what_it_is(path: Path) -> None:
    async with deeplinks.open(path) as deep:
        deep.String("kept")
        deep.String("kept out").store("database", "one_false")
        assert (await diagnose(space=deep)).troubles == ()
        async with synchronize(deep, MemoryStorage()) as database:
            await database.flush()
            report = database.report()
    assert (report.marked, report.known) == (1, 1)


async def test_a_storage_that_never_heard_of_the_space_empties_no_file(tmp_path: Path) -> None:
    deep, path = Deep(), tmp_path / "graph.deep"
    async with synchronize(deep, MemoryStorage(), path=path):
        text = deep.String("kept").store("database")

    with pytest.raises(UnknownSpaceError, match="never heard"):
        async with synchronize(Deep(deep.id), MemoryStorage(), path=path):
            raise AssertionError

    with deeplinks.open(path) as again:
        assert again[text.id].data == "kept"


async def a_storage_with_a_text() -> tuple[MemoryStorage, Deep, str]:
    deep, storage = Deep(), MemoryStorage()
    async with synchronize(deep, storage) as database:
        text = deep.String("theirs").store("database")
        await database.flush()
    return storage, deep, text.id


async def killed_while_reading(path: Path, storage: MemoryStorage, space: str, id: str) -> Path:
    """A copy of the file as it is when an association has just been read, and was changed by whoever heard of it."""
    deep, copy = Deep(space), path.with_name("killed.deep")

    def hear(deep: Deep, **_: object) -> None:
        if id in deep and not copy.exists():
            deep[id].to = deep
            for end in ("", "-wal"):
                shutil.copyfile(f"{path}{end}", f"{copy}{end}")

    deep.signals.changed.connect(hear)
    async with synchronize(deep, storage, path=path):
        pass
    return copy


async def test_what_was_changed_of_what_is_being_read_is_there_after_a_kill(path: Path) -> None:
    storage, deep, text = await a_storage_with_a_text()
    copy = await killed_while_reading(path, storage, deep.id, text)

    found = Deep(deep.id)
    async with synchronize(found, NOWHERE, path=copy) as database:
        assert found[text].to is found
        assert database.pending == 1


async def test_what_was_read_before_a_kill_and_is_gone_since_is_gone_from_the_file(path: Path) -> None:
    storage, deep, text = await a_storage_with_a_text()
    copy = await killed_while_reading(path, storage, deep.id, text)
    async with synchronize(deep, storage) as database:
        deep[text].destroy()
        await database.flush()

    for place in (storage, NOWHERE):
        found = Deep(deep.id)
        async with synchronize(found, place, path=copy):
            assert text not in found
