"""What a file of a graph once kept, lost or put in another order. Each found by trying it out."""

from pathlib import Path

import pytest

import deeplinks
from deeplinks import Deep, MemoryStorage, synchronize
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
