"""The contract: what every storage does with batches and cursors, a test a fact.

The testing face. It knows a storage by its verbs alone, so a storage of one's own can be held against it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import aclosing

import anyio
import pytest

from deeplinks.batch import Batch, Content, Cursor, Json, LogEntry, SnapshotRow, Written
from deeplinks.errors import ResyncError, StorageError, UnavailableError
from deeplinks.ids import new_id
from deeplinks.storage.protocol import Storage
from deeplinks.tables import SYNCHRONIZED
from deeplinks.testing.batches import Author, history, read_log, read_pages, read_snapshot

PATIENCE = 20.0

TEXTS = ("", "0", " ", "null", "\n\t\\\"'", "é", "𝄞 \N{SNOWMAN}", "\u2028", "x" * 100_000)
NUMBERS = ("0", "-1", "0.0", "1.50", "1" * 30, f"-{'9' * 30}.{'1' * 30}", str(2**63), str(-(2**53) - 1), "0.000001")
FUNCTIONS: tuple[Json, ...] = (
    {"language": "python", "name": "", "source": ""},
    {"language": "python", "name": "f", "source": 'def f(x):\n    return "é" * x\n'},
)
OBJECTS: tuple[Json, ...] = (
    True,
    False,
    {},
    {"a": 1, "b": [None, 1.5, -1, {"": "é"}], "c": {"$number": "9007199254740993"}},
    {"$map": [[1, "a"], [True, "b"], ["1", []]]},
    {"$datetime": "2024-02-29T01:02:03.000004+05:30"},
)
VALUES = [
    *(pytest.param("strings", value, id=f"text {value[:12]!a}") for value in TEXTS),
    *(pytest.param("numbers", value, id=f"number {value[:12]}") for value in NUMBERS),
    *(pytest.param("functions", value, id=f"function {number}") for number, value in enumerate(FUNCTIONS)),
    *(pytest.param("objects", value, id=f"object {number}") for number, value in enumerate(OBJECTS)),
]


async def until(holds: Callable[[], bool]) -> None:
    """Let others go on until it holds, for a while."""
    with anyio.fail_after(PATIENCE):
        while not holds():
            await asyncio.sleep(0.001)


async def heard(bells: AsyncGenerator[int], n: int) -> None:
    """Listen until a bell tells n, or more."""
    with anyio.fail_after(PATIENCE):
        async for newest in bells:
            if newest >= n:
                return


def by_id(rows: Sequence[SnapshotRow], table: str) -> dict[object, Mapping[str, Json]]:
    return {row.row["id"]: row.row for row in rows if row.table == table}


def own(entries: Sequence[LogEntry], batch: Batch) -> list[LogEntry]:
    return [entry for entry in entries if (entry.client, entry.seq) == (batch.client, batch.seq)]


class StorageContract:
    """Subclass it, give it a fixture `storage`, and every test here runs against that storage.

    The fixture's storage keeps what is written while the test runs, and nobody else writes to its new spaces.
    A fixture `unreachable` may give a storage whose backend can't be reached; without it that test is skipped.
    """

    pytestmark = pytest.mark.anyio

    @pytest.fixture
    def anyio_backend(self) -> str:
        """The loop the tests run on."""
        return "asyncio"

    @pytest.fixture
    def storage(self) -> Storage:
        """The storage that is held against the contract: yours to give."""
        raise NotImplementedError("a StorageContract needs a fixture `storage`")

    @pytest.fixture
    def unreachable(self) -> Storage:
        """A storage whose backend can't be reached."""
        pytest.skip("this storage has no backend to lose")

    @pytest.fixture
    def author(self) -> Author:
        """A client with a space of its own."""
        return Author()

    # writing

    async def test_it_has_the_verbs_of_a_storage(self, storage: Storage) -> None:
        assert isinstance(storage, Storage)

    async def test_a_batch_is_written_and_nothing_of_it_is_lost(self, storage: Storage, author: Author) -> None:
        assert await storage.write(author.batch(author.link())) == Written()

    async def test_an_empty_batch_is_written(self, storage: Storage, author: Author) -> None:
        assert await storage.write(author.batch()) == Written()

    async def test_a_batch_is_one_transaction(self, storage: Storage, author: Author) -> None:
        link = author.link()
        await storage.write(author.batch(link, data={"strings": {str(link["id"]): "text"}}))

        assert len({entry.tx for entry in await history(storage, author.space)}) == 1

    async def test_of_a_refused_batch_nothing_is_written(self, storage: Storage, author: Author) -> None:
        await storage.write(author.batch())
        before = await history(storage, author.space)
        with pytest.raises(StorageError):
            # Data needs its link.
            await storage.write(author.batch(author.link(), data={"strings": {new_id(): "of nothing"}}))

        assert await history(storage, author.space) == before
        assert await read_snapshot(storage, author.space) == []

    async def test_what_is_refused_says_why_and_has_its_cause(self, storage: Storage, author: Author) -> None:
        with pytest.raises(StorageError) as caught:
            await storage.write(author.batch(data={"strings": {new_id(): "of nothing"}}))

        assert not isinstance(caught.value, UnavailableError)
        assert caught.value.facts.get("why")
        assert caught.value.__cause__ is not None

    async def test_the_number_of_a_refused_batch_is_free(self, storage: Storage, author: Author) -> None:
        refused = author.batch(data={"strings": {new_id(): "of nothing"}})
        with pytest.raises(StorageError):
            await storage.write(refused)

        assert await storage.write(author.sealed(refused.seq, Content())) == Written()

    async def test_the_same_batch_again_is_already_there(self, storage: Storage, author: Author) -> None:
        batch = author.batch(author.link())
        await storage.write(batch)
        before = await history(storage, author.space)

        assert await storage.write(batch) == Written(already=True)
        assert await history(storage, author.space) == before

    async def test_a_batch_again_tells_the_same_losses(self, storage: Storage, author: Author) -> None:
        link, gone = author.link(), new_id()
        await storage.write(author.batch(link))
        batch = author.batch(link, author.link(), updates={gone: {"_to": None}})
        first = await storage.write(batch)
        again = await storage.write(batch)

        assert (again.already, again.created, again.changed) == (True, first.created, first.changed)
        assert first.lost == {str(link["id"]), gone}

    async def test_other_content_under_a_used_number_is_refused(self, storage: Storage, author: Author) -> None:
        batch = author.batch()
        await storage.write(batch)
        with pytest.raises(StorageError) as caught:
            await storage.write(author.sealed(batch.seq, Content(links=[author.link()])))

        assert not isinstance(caught.value, UnavailableError)
        assert await read_snapshot(storage, author.space) == []

    @pytest.mark.parametrize("seq", [2, 0, 7])
    async def test_a_gap_is_refused(self, storage: Storage, author: Author, seq: int) -> None:
        with pytest.raises(StorageError):
            await storage.write(author.sealed(seq, Content(links=[author.link()])))

        assert await read_snapshot(storage, author.space) == []

    async def test_every_client_counts_by_itself(self, storage: Storage, author: Author) -> None:
        other = Author(author.space)

        assert await storage.write(author.batch(author.link())) == Written()
        assert await storage.write(other.batch(other.link())) == Written()

    async def test_a_link_that_is_there_is_left_as_it_is_and_told(self, storage: Storage, author: Author) -> None:
        link = author.link(to=new_id())
        await storage.write(author.batch(link))
        written = await storage.write(author.batch(author.link(str(link["id"]), to=None)))

        assert written == Written(created=frozenset({str(link["id"])}))
        (row,) = await read_snapshot(storage, author.space)
        assert row.row["_to"] == link["_to"]

    async def test_a_changed_link_that_is_not_there_is_told(self, storage: Storage, author: Author) -> None:
        id = new_id()

        assert await storage.write(author.batch(updates={id: {"_to": None}})) == Written(changed=frozenset({id}))

    async def test_an_update_changes_its_columns_and_no_other(self, storage: Storage, author: Author) -> None:
        link, target = author.link(to=new_id(), type=new_id()), new_id()
        await storage.write(author.batch(link))
        await storage.write(author.batch(updates={str(link["id"]): {"_to": target}}))

        (row,) = await read_snapshot(storage, author.space)
        assert (row.row["_to"], row.row["_type"]) == (target, link["_type"])

    # data

    @pytest.mark.parametrize(("table", "value"), VALUES)
    async def test_data_comes_back_as_it_was(self, storage: Storage, author: Author, table: str, value: Json) -> None:
        link = author.link()
        await storage.write(author.batch(link, data={table: {str(link["id"]): value}}))
        rows = by_id(await read_snapshot(storage, author.space), table)
        entries = [entry.after for entry in await history(storage, author.space) if entry.table == table]

        assert rows[link["id"]]["_data"] == value
        assert [after and after["_data"] for after in entries] == [value]

    async def test_data_is_replaced_by_data(self, storage: Storage, author: Author) -> None:
        link = author.link()
        id = str(link["id"])
        await storage.write(author.batch(link, data={"strings": {id: "old"}}))
        await storage.write(author.batch(data={"strings": {id: ""}}))

        assert by_id(await read_snapshot(storage, author.space), "strings")[id]["_data"] == ""

    @pytest.mark.parametrize(
        ("first", "second"),
        [("strings", "numbers"), ("numbers", "strings"), ("strings", "objects"), ("objects", "strings")],
    )
    async def test_an_id_has_one_datum(self, storage: Storage, author: Author, first: str, second: str) -> None:
        link = author.link()
        id = str(link["id"])
        await storage.write(author.batch(link, data={first: {id: "1"}}))
        await storage.write(author.batch(data={second: {id: "2"}}))
        rows = await read_snapshot(storage, author.space)

        assert [(row.table, row.row["_data"]) for row in rows if row.table != "links"] == [(second, "2")]

    async def test_data_is_deleted_alone(self, storage: Storage, author: Author) -> None:
        link = author.link()
        id = str(link["id"])
        await storage.write(author.batch(link, data={"strings": {id: "text"}}))
        await storage.write(author.batch(data_deletes={"strings": [id]}))

        assert [row.table for row in await read_snapshot(storage, author.space)] == ["links"]

    async def test_data_goes_with_its_link(self, storage: Storage, author: Author) -> None:
        link = author.link()
        id = str(link["id"])
        await storage.write(author.batch(link, data={"strings": {id: "text"}}))
        last = author.batch(deletes=[id])
        await storage.write(last)
        gone = {entry.table for entry in own(await history(storage, author.space), last)}

        assert await read_snapshot(storage, author.space) == []
        assert gone == {"links", "strings"}

    # the dead

    async def test_a_deleted_id_never_comes_back(self, storage: Storage, author: Author) -> None:
        link = author.link()
        id = str(link["id"])
        await storage.write(author.batch(link))
        await storage.write(author.batch(deletes=[id]))
        written = await storage.write(author.batch(link, updates={id: {"_to": None}}, data={"strings": {id: "text"}}))

        assert (written.created, written.changed) == ({id}, {id})
        assert await read_snapshot(storage, author.space) == []

    async def test_the_root_of_a_space_is_never_deleted(self, storage: Storage, author: Author) -> None:
        await storage.write(author.batch())
        with pytest.raises(StorageError):
            await storage.write(author.batch(deletes=[author.space]))

    # the snapshot

    async def test_an_unknown_space_is_an_empty_snapshot(self, storage: Storage) -> None:
        page = await storage.read(Cursor.start(new_id()), 1000)

        assert (page.rows, page.entries, page.more, page.cursor.snapshot) == ([], [], False, False)

    async def test_what_was_written_is_read_in_its_order_of_creation(self, storage: Storage, author: Author) -> None:
        links = [author.link(type=new_id(), from_=new_id(), to=new_id(), value=new_id()) for _ in range(20)]
        links.reverse()
        await storage.write(author.batch(*links[:12]))
        await storage.write(author.batch(*links[12:]))
        rows = [row.row for row in await read_snapshot(storage, author.space)]

        assert [{name: row[name] for name in ("id", "_type", "_from", "_to", "_value")} for row in rows] == [
            {name: value for name, value in link.items() if name != "_deep"} for link in links
        ]
        assert [int(str(row["_i"])) for row in rows] == sorted(int(str(row["_i"])) for row in rows)

    async def test_rows_tell_when_they_were_made_and_changed(self, storage: Storage, author: Author) -> None:
        link = author.link()
        await storage.write(author.batch(link | {"created_at": "2020-01-01T00:00:00+00:00"}))
        (row,) = await read_snapshot(storage, author.space)

        assert row.row["created_at"] == "2020-01-01T00:00:00+00:00"
        assert str(row.row["updated_at"]) > "2020-01-02"

    async def test_spaces_do_not_see_each_other(self, storage: Storage, author: Author) -> None:
        other, link = Author(), author.link()
        await storage.write(author.batch(link))
        await storage.write(other.batch(other.link()))

        assert [row.row["id"] for row in await read_snapshot(storage, author.space)] == [link["id"]]
        assert {entry.id for entry in await history(storage, author.space)} == {author.space, str(link["id"])}

    @pytest.mark.parametrize("limit", [1, 2, 3, 7])
    async def test_a_snapshot_in_small_pages_is_the_same(self, storage: Storage, author: Author, limit: int) -> None:
        await _fill(storage, author)

        assert _sorted(await read_snapshot(storage, author.space, limit)) == _sorted(
            await read_snapshot(storage, author.space)
        )

    async def test_after_its_snapshot_a_space_is_followed_without_a_gap(self, storage: Storage, author: Author) -> None:
        await storage.write(author.batch(author.link()))
        cursor = (await read_pages(storage, Cursor.start(author.space), 1000))[-1].cursor
        batch = author.batch(author.link())
        await storage.write(batch)

        assert await read_log(storage, cursor) == own(await history(storage, author.space), batch)

    # the log

    async def test_the_log_has_no_gaps(self, storage: Storage, author: Author) -> None:
        await _fill(storage, author)
        entries = await history(storage, author.space)

        assert [entry.n for entry in entries] == list(range(1, len(entries) + 1))

    async def test_the_log_goes_on_after_its_cursor(self, storage: Storage, author: Author) -> None:
        await _fill(storage, author)
        entries = await history(storage, author.space)
        middle = entries[len(entries) // 2]

        assert await read_log(storage, Cursor(author.space, middle.n, middle.tag)) == entries[middle.n :]

    @pytest.mark.parametrize("limit", [1, 2, 3, 7])
    async def test_the_log_in_small_pages_is_the_same(self, storage: Storage, author: Author, limit: int) -> None:
        await _fill(storage, author)

        assert await read_log(storage, Cursor(author.space), limit) == await history(storage, author.space)

    @pytest.mark.parametrize("limit", [1, 2, 3, 7])
    async def test_a_page_of_the_log_has_whole_transactions(self, storage: Storage, author: Author, limit: int) -> None:
        await _fill(storage, author)
        pages = await read_pages(storage, Cursor(author.space), limit)
        seen = [tx for page in pages for tx in {entry.tx for entry in page.entries}]

        assert len(seen) == len(set(seen)) > 1

    async def test_an_entry_has_the_images_of_its_row(self, storage: Storage, author: Author) -> None:
        link, target = author.link(), new_id()
        id = str(link["id"])
        await storage.write(author.batch(link))
        await storage.write(author.batch(updates={id: {"_to": target}}))
        await storage.write(author.batch(deletes=[id]))
        entries = [entry for entry in await history(storage, author.space) if entry.id == id]
        images = [[image and image["_to"] for image in (entry.before, entry.after)] for entry in entries]

        assert [entry.operation for entry in entries] == ["insert", "update", "delete"]
        assert images == [[None, None], [None, target], [target, None]]
        assert [entry.before is None for entry in entries] == [True, False, False]

    async def test_an_entry_names_its_batch(self, storage: Storage, author: Author) -> None:
        batch = author.batch(author.link())
        await storage.write(batch)

        assert [entry.table for entry in own(await history(storage, author.space), batch)] == ["links"]

    async def test_nothing_new_is_an_empty_page_at_the_same_cursor(self, storage: Storage, author: Author) -> None:
        await storage.write(author.batch(author.link()))
        cursor = (await read_pages(storage, Cursor(author.space), 1000))[-1].cursor
        page = await storage.read(cursor, 1000)

        assert (page.entries, page.cursor, page.more) == ([], cursor, False)

    async def test_a_cursor_beyond_the_log_can_not_be_continued(self, storage: Storage, author: Author) -> None:
        await storage.write(author.batch())
        with pytest.raises(ResyncError):
            await storage.read(Cursor(author.space, 1000, 1), 1000)

    async def test_a_cursor_of_another_log_can_not_be_continued(self, storage: Storage, author: Author) -> None:
        await storage.write(author.batch())
        last = (await history(storage, author.space))[-1]
        with pytest.raises(ResyncError):
            await storage.read(Cursor(author.space, last.n, last.tag ^ 1), 1000)

    async def test_many_writers_at_once_lose_nothing(self, storage: Storage, author: Author) -> None:
        others = [Author(author.space) for _ in range(8)]
        async with anyio.create_task_group() as group:
            for other in others:
                group.start_soon(_write_all, storage, [other.batch(other.link()) for _ in range(5)])
        entries = await history(storage, author.space)

        assert len(await read_snapshot(storage, author.space)) == 40
        assert [entry.n for entry in entries] == list(range(1, 42))
        assert all([entry.seq for entry in entries if entry.client == one.client] == [1, 2, 3, 4, 5] for one in others)

    # bells

    async def test_a_bell_rings_at_once(self, storage: Storage, author: Author) -> None:
        await storage.write(author.batch(author.link()))
        newest = (await history(storage, author.space))[-1].n
        async with aclosing(storage.bells(author.space)) as bells:
            with anyio.fail_after(PATIENCE):
                assert await anext(bells) == newest

    async def test_a_bell_of_an_unknown_space_rings_nought(self, storage: Storage) -> None:
        async with aclosing(storage.bells(new_id())) as bells:
            with anyio.fail_after(PATIENCE):
                assert await anext(bells) == 0

    async def test_a_bell_rings_after_a_write(self, storage: Storage, author: Author) -> None:
        async with aclosing(storage.bells(author.space)) as bells:
            await heard(bells, 0)
            for _ in range(3):
                await storage.write(author.batch(author.link()))
                await heard(bells, (await history(storage, author.space))[-1].n)

    async def test_every_listener_hears_its_bell(self, storage: Storage, author: Author) -> None:
        async with aclosing(storage.bells(author.space)) as one, aclosing(storage.bells(author.space)) as other:
            await heard(one, 0)
            await heard(other, 0)
            await storage.write(author.batch(author.link()))
            await heard(one, 2)
            await heard(other, 2)

    async def test_closed_bells_leave_no_task(self, storage: Storage, author: Author) -> None:
        before = await _tasks_after_a_first_bell(storage, author)
        bells = storage.bells(author.space)
        await heard(bells, 0)
        await bells.aclose()

        await until(lambda: asyncio.all_tasks() <= before)

    async def test_a_listener_that_is_cancelled_leaves_no_task(self, storage: Storage, author: Author) -> None:
        before = await _tasks_after_a_first_bell(storage, author)
        rung = asyncio.Event()

        async def listen() -> None:
            async with aclosing(storage.bells(author.space)) as bells:
                async for _ in bells:
                    rung.set()

        task = asyncio.create_task(listen())
        await rung.wait()
        task.cancel()

        await until(lambda: task.cancelled() and asyncio.all_tasks() <= before)

    # the end

    async def test_a_second_close_is_harmless(self, storage: Storage, author: Author) -> None:
        await storage.write(author.batch())
        await storage.close()
        await storage.close()

    async def test_what_can_not_be_reached_may_be_tried_again(self, unreachable: Storage, author: Author) -> None:
        for verb in (unreachable.write(author.batch()), unreachable.read(Cursor(author.space), 1000)):
            with pytest.raises(UnavailableError) as caught:
                await verb
            assert caught.value.__cause__ is not None
        await unreachable.close()


async def _write_all(storage: Storage, batches: Sequence[Batch]) -> None:
    for batch in batches:
        await storage.write(batch)


async def _fill(storage: Storage, author: Author) -> None:
    """Three batches of several rows in all tables."""
    for _ in range(3):
        links = [author.link(to=new_id()) for _ in range(6)]
        ids = [str(link["id"]) for link in links]
        data: dict[str, dict[str, Json]] = {"strings": dict.fromkeys(ids[:3], "text"), "numbers": {ids[3]: "1"}}
        data |= {"functions": {ids[4]: FUNCTIONS[0]}, "objects": {ids[5]: OBJECTS[3]}}
        await storage.write(author.batch(*links, updates={ids[0]: {"_to": None}}, data=data))


async def _tasks_after_a_first_bell(storage: Storage, author: Author) -> set[asyncio.Task[object]]:
    """The tasks there are once a storage has done what it does at its first bell."""
    await storage.write(author.batch(author.link()))
    async with aclosing(storage.bells(author.space)) as bells:
        await heard(bells, 0)
        return asyncio.all_tasks()


def _sorted(rows: Sequence[SnapshotRow]) -> list[tuple[int, SnapshotRow]]:
    """Links in their order; data may come in any order of its tables."""
    places = {table: number for number, table in enumerate(("links", *SYNCHRONIZED))}
    return sorted(((places[row.table], row) for row in rows), key=lambda one: (one[0], _place(one[1])))


def _place(row: SnapshotRow) -> tuple[int, str]:
    return (int(str(row.row.get("_i", 0))), str(row.row["id"]))
