"""Sequences that once lost or invented something between a space and its storage. Each found by search, then shrunk."""

import asyncio
import importlib.util
from pathlib import Path

import pytest

from deeplinks import Deep, GraphQLStorage, load, synchronize
from deeplinks.batch import Batch, Cursor, Page, Written
from deeplinks.errors import AccessDeniedError, UnavailableError, UnstorableError
from deeplinks.space.events import Event
from tests.asking import ask, post


async def test_data_that_another_gives_to_what_was_made_without_any_is_taken(endpoint: str) -> None:
    deep = Deep()
    async with synchronize(deep, endpoint) as database:
        text = deep.String().store("database")
        await database.flush()
        other = await load(endpoint, space=deep.id)
        async with synchronize(other, endpoint):
            other[text.id].data = "hello"
        await database.catch_up()

        assert text.data == "hello"


async def test_a_deletion_that_found_nothing_does_not_hide_what_comes_after_it(endpoint: str) -> None:
    deep = Deep()
    async with synchronize(deep, endpoint) as database:
        text = deep.String("a").store("database")
        await database.flush()
        await database.catch_up()
        other = await load(endpoint, space=deep.id)
        async with synchronize(other, endpoint) as second:
            del other[text.id].data
            await second.flush()
            del text.data
            await database.flush()
            await second.catch_up()
            other[text.id].data = "c"
        await database.catch_up()

        assert text.data == "c"


async def test_a_mark_taken_away_here_does_not_come_back_with_its_own_echo(endpoint: str) -> None:
    deep = Deep()
    async with synchronize(deep, endpoint) as database:
        Thing = deep().store("database", "typed_true")
        await database.flush()
        Thing.unstore("database", "typed_true")
        await database.catch_up()
        assert not Thing.is_stored("database", "typed_true")

    copy = await load(endpoint, space=deep.id)
    assert not copy[Thing.id].is_stored("database", "typed_true")


async def test_a_function_is_stored_as_it_was_given_though_its_file_is_gone(endpoint: str, tmp_path: Path) -> None:
    file = tmp_path / "given.py"
    file.write_text("def double(x):\n    return 2 * x\n")
    spec = importlib.util.spec_from_file_location("given", file)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    deep = Deep()
    async with synchronize(deep, endpoint):
        function = deep.Function(module.double).store("database")
        file.unlink()

    source = (await load(endpoint, space=deep.id))[function.id].data
    assert "return 2 * x" in source.source  # type: ignore[attr-defined]


async def test_what_can_not_be_sealed_waits_and_is_raised(endpoint: str, monkeypatch: pytest.MonkeyPatch) -> None:
    deep = Deep()
    text = deep.String("kept").store("database")
    with monkeypatch.context() as patch:
        patch.setattr("deeplinks.sync.rows.encoded", lambda data: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            async with synchronize(deep, endpoint):
                pass
    async with synchronize(deep, endpoint):
        pass

    assert (await load(endpoint, space=deep.id))[text.id].data == "kept"


class BlindAndAmbiguous(GraphQLStorage):
    """Reads nothing, and loses the first answer to every write."""

    def __init__(self, endpoint: str) -> None:
        super().__init__(endpoint)
        self.answered: set[int] = set()

    async def read(self, cursor: Cursor, limit: int = 1000) -> Page:
        return Page([], [], Cursor(cursor.space), more=False)

    async def write(self, batch: Batch) -> Written:
        written = await super().write(batch)
        if batch.seq not in self.answered:
            self.answered.add(batch.seq)
            raise UnavailableError(storage="the cable", why="cut after the commit")
        return written


async def test_what_was_there_already_is_sent_as_an_update_though_the_answer_was_lost(endpoint: str) -> None:
    deep = Deep()
    one = deep().store("database")
    async with synchronize(deep, endpoint):
        pass
    other = Deep(space=deep.id)
    twin = other.space.place(one.id, "elsewhere")
    twin.type = other.String
    storage = BlindAndAmbiguous(endpoint)
    async with synchronize(other, storage) as database:
        twin.store(database)
    await storage.close()

    copy = await load(endpoint, space=deep.id)
    assert copy[one.id].type is copy.String


async def test_two_readings_at_once_tell_every_change_once_and_in_order(endpoint: str) -> None:
    deep = Deep()
    text = deep.String("0").store("database")
    async with synchronize(deep, endpoint):
        pass
    other = await load(endpoint, space=deep.id)
    told: list[object] = []
    off = other[text.id].on("data_set", lambda event: _note(told, event))
    async with synchronize(other, endpoint) as database, synchronize(deep, endpoint) as writer:
        for number in range(1, 6):
            text.data = str(number)
            await writer.flush()
        await asyncio.gather(*(database.catch_up() for _ in range(4)), load(endpoint, into=other))
    off()

    assert told == ["1", "2", "3", "4", "5"]


def _note(told: list[object], event: Event) -> None:
    told.append(event.new)


async def test_a_change_of_what_was_let_go_of_here_does_not_bring_half_of_it_back(endpoint: str) -> None:
    deep = Deep()
    async with synchronize(deep, endpoint) as database:
        text, target = deep.String("a").store("database"), deep().store("database")
        await database.flush()
        await database.catch_up()
        other = await load(endpoint, space=deep.id)
        text.unstore("database")
        text.destroy()
        async with synchronize(other, endpoint):
            other[text.id].to = other[target.id]
        await database.catch_up()

        assert text.id not in deep


async def test_what_was_unstored_is_not_changed_by_others(endpoint: str) -> None:
    deep = Deep()
    async with synchronize(deep, endpoint) as database:
        text = deep.String("mine").store("database")
        await database.flush()
        other = await load(endpoint, space=deep.id)
        text.unstore("database")
        async with synchronize(other, endpoint):
            other[text.id].data = "theirs"
        await database.catch_up()

        assert text.data == "mine"


async def test_data_that_went_while_it_was_unstored_is_gone_when_it_is_stored_again(endpoint: str) -> None:
    deep = Deep()
    async with synchronize(deep, endpoint) as database:
        text = deep.String("a").store("database")
        await database.flush()
        text.unstore("database")
        del text.data
        text.store("database")

    assert (await load(endpoint, space=deep.id))[text.id].data is None


async def test_a_space_whose_log_was_pruned_to_its_floor_loads_and_goes_on(endpoint: str, database_url: str) -> None:
    import psycopg

    deep = Deep()
    text = deep.String("kept").store("database")
    async with synchronize(deep, endpoint) as database:
        await database.flush()
        await database.catch_up()
        with psycopg.connect(database_url, autocommit=True) as connection:
            newest = "(select max(n) from deep.changes where _deep = %(id)s)"
            connection.execute(f"update deep.spaces set floor = {newest} where id = %(id)s".encode(), {"id": deep.id})
            connection.execute("delete from deep.changes where _deep = %(id)s", {"id": deep.id})
        copy = await load(endpoint, space=deep.id)
        assert copy[text.id].data == "kept"
        text.data = "new"
        await database.flush()
        await load(endpoint, into=copy)
        await database.catch_up()

    assert copy[text.id].data == "new"


async def test_the_root_and_the_built_ins_outlive_a_delete_of_everything(endpoint: str) -> None:
    deep = Deep()
    async with synchronize(deep, endpoint):
        deep().store("database")
    answer = await post(endpoint, "mutation { delete_deep_links(where: {}) { affected_rows } }")
    left = await ask(endpoint, "query ($id: uuid!) { deep_links_by_pk(id: $id) { id } }", id=deep.String.id)

    assert "permanent" in answer["errors"][0]["message"]
    assert left == {"deep_links_by_pk": {"id": deep.String.id}}


@pytest.mark.parametrize("text", ["\x01" * 6_000_000, "😀" * 9_000_000])
def test_text_that_no_request_can_carry_is_refused_by_the_setter(text: str) -> None:
    with pytest.raises(UnstorableError, match="JSON"):
        Deep().String(text)


async def test_groups_that_share_an_association_stay_within_what_one_request_carries(endpoint: str) -> None:
    deep = Deep()
    shared = deep().store("database")
    for number in range(3):
        with deep.together():
            shared.value = deep.String(str(number))
            for _ in range(2):
                deep.String("x" * 7_000_000).store("database")
    async with synchronize(deep, endpoint):
        pass

    assert len(await load(endpoint, space=deep.id)) == len(deep)


async def test_a_synchronizer_may_be_entered_again_when_the_cause_is_mended(endpoint: str) -> None:
    deep = Deep()
    text = deep.String("kept").store("database")
    storage = _Refusing(endpoint)
    database = synchronize(deep, storage)
    with pytest.raises(AccessDeniedError):
        async with database:
            pass
    storage.refuses = False
    async with database:
        pass
    await storage.close()

    assert (await load(endpoint, space=deep.id))[text.id].data == "kept"


class _Refusing(GraphQLStorage):
    refuses = True

    async def write(self, batch: Batch) -> Written:
        if self.refuses:
            raise AccessDeniedError(storage="it", why="no")
        return await super().write(batch)
