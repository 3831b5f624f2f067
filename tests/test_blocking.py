"""The verbs without `await`: in a script, in threads, and inside a running loop. Over a real server in a process of its own."""

import asyncio
import gc
import inspect
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

import deeplinks
from deeplinks import Deep, MemoryStorage, blocking, sync
from deeplinks.batch import Batch, Written
from deeplinks.errors import InvalidError, NotFoundError, QueryError, RefusedError, UnavailableError
from tests.processes import served
from tests.sync.test_two_replicas import content
from tests.waiting import until, until_now


@pytest.fixture
def address(database_url: str) -> Iterator[str]:
    with served(database_url) as address:
        yield address


def public(owner: type) -> dict[str, object]:
    return {name: member for name, member in vars(owner).items() if not name.startswith("_")}


def test_its_synchronizer_has_the_verbs_of_the_async_one() -> None:
    ours, theirs = public(blocking.Synchronizer), public(sync.Synchronizer)
    assert theirs.keys() - ours.keys() <= {"check_ungrouped", "leaving"}
    for name in ours.keys() & theirs.keys():
        mine, other = ours[name], theirs[name]
        assert isinstance(mine, property) == isinstance(other, property), name
        if inspect.isfunction(mine) and inspect.isfunction(other):
            assert inspect.signature(mine).parameters == inspect.signature(other).parameters, name


@pytest.mark.parametrize("verb", ["load", "synchronize"])
def test_its_functions_take_what_the_async_ones_take(verb: str) -> None:
    mine, other = (inspect.signature(getattr(module, verb)).parameters for module in (blocking, deeplinks))
    assert list(mine.values()) == [parameter for parameter in other.values() if parameter.name != "caller"]


def test_a_script_stores_and_loads_without_await(address: str) -> None:
    deep = Deep()
    with blocking.synchronize(deep, address) as database:
        name = deep.String("Alice").store(database)
        database.flush()
        copy = blocking.load(address, space=deep.id)

    assert copy[name.id].data == "Alice"


def test_what_others_write_is_there_after_a_verb_and_not_in_the_middle_of_a_line(address: str) -> None:
    one = Deep()
    one.String("first").store("database")
    with blocking.synchronize(one, address) as database:
        database.flush()
        other = blocking.load(address, space=one.id)
        threads: set[int] = set()
        other.on("constructed", lambda _: threads.add(threading.get_ident()))
        with blocking.synchronize(other, address) as following:
            name = one.String("Alice").store(database)
            database.flush()
            until_now(lambda: following._handover._steps)
            assert name.id not in other

            until_now(lambda: following.flush() or name.id in other)

    assert threads == {threading.get_ident()}


def test_loading_into_a_space_applies_in_the_callers_thread(address: str) -> None:
    one = Deep()
    with blocking.synchronize(one, address) as database:
        one.String("first").store(database)
        database.flush()
        other = blocking.load(address, space=one.id)
        threads: set[int] = set()
        other.on("constructed", lambda _: threads.add(threading.get_ident()))
        name = one.String("late").store(database)
        database.flush()
        blocking.load(address, into=other)

    assert other[name.id].data == "late"
    assert threads == {threading.get_ident()}


def test_events_of_the_storage_are_heard_in_the_callers_thread(address: str) -> None:
    deep = Deep()
    threads: list[int] = []
    with blocking.synchronize(deep, address) as database:
        database.on("db_association_created", lambda _: threads.append(threading.get_ident()))
        deep().store(database)
        database.flush()

    assert threads == [threading.get_ident()]


def test_waiting_for_one_association(address: str) -> None:
    deep = Deep()
    with blocking.synchronize(deep, address) as database:
        user = deep().store(database)
        assert blocking.wait(user) is True
        assert user.sync == {"database": "stored"}


def test_waiting_runs_what_was_assigned(address: str) -> None:
    deep = Deep()
    with blocking.synchronize(deep, address) as database:
        database.promise = asyncio.sleep(0, result="done")
        assert blocking.wait(database, timeout=10) == "done"


def test_waiting_has_an_end() -> None:
    user = Deep()()
    user.promise = asyncio.Event().wait()
    with pytest.raises(TimeoutError):
        blocking.wait(user, timeout=0.01)
    del user.promise


async def test_inside_a_running_loop_it_works_as_in_a_script(address: str) -> None:
    deep = Deep()
    with blocking.synchronize(deep, address) as database:
        name = deep.String("Alice").store(database)
        database.flush()
        assert blocking.wait(name) is True
        assert len(blocking.load(address, space=deep.id)) == 2


async def test_inside_a_running_loop_what_others_write_comes_between_the_cells(address: str) -> None:
    one = Deep()
    one.String("first").store("database")
    with blocking.synchronize(one, address) as database:
        database.flush()
        other = blocking.load(address, space=one.id)
        with blocking.synchronize(other, address):
            name = one.String("Alice").store(database)
            await until(lambda: name.id in other)
            assert other[name.id].data == "Alice"


async def test_a_promise_can_be_awaited_on_another_loop_than_the_one_that_writes(address: str) -> None:
    deep = Deep()
    with blocking.synchronize(deep, address) as database:
        user = deep().store(database)
        assert await user.promise is True
        assert database.pending == 0


def test_eight_threads_change_one_space_and_all_of_it_arrives(address: str) -> None:
    deep = Deep()
    Thing = deep()

    def work(number: int) -> None:
        for count in range(50):
            Thing(value=deep.String(f"{number}.{count}")).store("database")
        database.flush()

    with blocking.synchronize(deep, address) as database:
        threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert database.pending == 0

    assert content(blocking.load(address, space=deep.id)) == content(deep)


def test_a_receiver_may_use_a_verb(address: str) -> None:
    one = Deep()
    one.String("first").store("database")
    with blocking.synchronize(one, address) as database:
        database.flush()
        other = blocking.load(address, space=one.id)
        with blocking.synchronize(other, address) as following:

            def answer(event: deeplinks.Event) -> None:
                if event.origin:
                    other.String("heard").store("database")
                    following.flush()

            following.on("constructed", answer)
            name = one.String("Alice").store(database)
            database.flush()
            until_now(lambda: following.catch_up() or name.id in other)

    assert {"Alice", "heard"} <= {one.data for one in other}


def test_open_and_close_where_no_block_fits(address: str) -> None:
    deep = Deep()
    database = blocking.synchronize(deep, address).open()
    name = deep.String("Alice").store(database)
    database.close()
    database.close()

    assert blocking.load(address, space=deep.id)[name.id].data == "Alice"
    with pytest.raises(InvalidError, match="not open"):
        database.flush()


def test_what_nobody_closed_is_written_at_the_end_of_the_program(address: str) -> None:
    import subprocess
    import sys

    script = (
        "from deeplinks import Deep, blocking\n"
        f"deep = Deep()\ndatabase = blocking.synchronize(deep, {address!r}).open()\n"
        "deep.String('kept').store(database)\nprint(deep.id)\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, cwd=Path(__file__).parents[1]
    )
    assert ran.returncode == 0, ran.stderr
    assert {one.data for one in blocking.load(address, space=ran.stdout.strip())} == {None, "kept"}


def test_errors_are_raised_where_the_verb_is() -> None:
    with pytest.raises(UnavailableError), blocking.synchronize(Deep(), "http://127.0.0.1:9/v1/graphql"):
        pass


def test_an_unknown_space_is_an_error(address: str) -> None:
    with pytest.raises(NotFoundError):
        blocking.load(address, space=Deep().id)


def test_flush_inside_together_is_refused(address: str) -> None:
    deep = Deep()
    database = blocking.synchronize(deep, address)
    with database, pytest.raises(InvalidError, match="together"), deep.together():
        database.flush()


def test_after_leaving_no_thread_is_left(address: str) -> None:
    before = threading.active_count()
    deep = Deep()
    with blocking.synchronize(deep, address):
        deep().store("database")
        assert threading.active_count() > before
    gc.collect()
    assert threading.active_count() == before
    assert not deep.signals.waiting.receivers


def test_what_is_refused_is_told_and_goes_back_in_the_callers_thread() -> None:
    class Picky(MemoryStorage):
        async def write(self, batch: Batch) -> Written:
            if any(data == "poison" for _, data in batch.content.data.get("strings", ())):
                raise QueryError(storage="it", path="$", why="no such luck", reason="22003")
            return await super().write(batch)

    deep = Deep()
    threads: list[int] = []
    with blocking.synchronize(deep, Picky()) as database:
        text = deep.String("a").store(database)
        database.flush()
        text.on("data_set", lambda _: threads.append(threading.get_ident()))
        text.data = "poison"
        with pytest.raises(RefusedError, match="no such luck"):
            database.flush()

        assert text.data == "a"
        assert threads == [threading.get_ident()] * 2
        assert database.refused[0].associations == [text]


def test_a_query_is_asked_of_the_database_and_explained(address: str) -> None:
    deep = Deep()
    User = deep()
    alice = User(value=deep.String("Alice"))
    for one in (User, alice, alice.val):
        one.store("database")
    with blocking.synchronize(deep, address) as database:
        database.flush()

        assert database.ask(deep.query(data="Alice", type=User)) == [alice]
        assert "deep_links" in database.explain(deep.query(type=User)).graphql
