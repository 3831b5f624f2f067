"""Waiting: for one association, for a storage, and for operations that run one by one."""

import asyncio
import gc
import logging
from weakref import WeakSet

import pytest

from deeplinks import Deep, Event, GraphQLStorage, promise_status, synchronize
from deeplinks.errors import InvalidError, WrongTypeError
from tests.asking import ask


async def test_a_promise_waits_until_the_association_is_written(endpoint: str) -> None:
    deep = Deep()
    async with synchronize(deep, endpoint) as database:
        user = deep.String("Alice").store(database)
        await user.promise

        found = await ask(endpoint, "query ($id: uuid!) { deep_strings_by_pk(id: $id) { _data } }", id=user.id)
        assert found == {"deep_strings_by_pk": {"_data": "Alice"}}


async def test_a_promise_is_kept_already_when_it_was_written_before(storage: GraphQLStorage) -> None:
    deep = Deep()
    async with synchronize(deep, storage) as database:
        user = deep().store(database)
        await database.flush()
        assert await user.promise is True


async def test_a_promise_waits_for_its_own_association_only(storage: GraphQLStorage) -> None:
    deep = Deep()
    async with synchronize(deep, storage) as database:
        first = deep().store(database)
        await first.promise
        deep().store(database)
        assert database.pending == 1
        await first.promise
        assert database.pending == 1


async def test_a_promise_of_what_nobody_writes_says_so() -> None:
    user = Deep()().store("database")
    with pytest.raises(InvalidError, match="nobody writes to 'database'"):
        await user.promise


async def test_ten_entities_with_values_are_waited_for_with_one_batch(storage: GraphQLStorage) -> None:
    deep = Deep()
    started: list[Event] = []
    async with synchronize(deep, storage) as database:
        database.on("db_batch_started", started.append)
        entities = [deep(value=deep.String(f"Entity {number}")).store(database) for number in range(10)]
        await asyncio.gather(*(entity.promise for entity in entities))
        assert [event.new.rows for event in started] == [30]


async def test_a_storages_promise_waits_for_all(storage: GraphQLStorage) -> None:
    deep = Deep()
    async with synchronize(deep, storage) as database:
        for _ in range(3):
            deep().store(database)
        await database.promise
        assert database.pending == 0


async def test_the_promise_of_a_destroyed_association_waits_for_its_delete(storage: GraphQLStorage) -> None:
    deep = Deep()
    async with synchronize(deep, storage) as database:
        user = deep().store(database)
        await database.flush()
        promise = user.promise
        user.destroy()
        assert promise.pending
        await promise
        assert database.pending == 0


async def test_operations_run_strictly_in_order() -> None:
    user = Deep()()
    order: list[str] = []

    async def operation(name: str, turns: int) -> str:
        order.append(f"{name} starts")
        for _ in range(turns):
            await asyncio.sleep(0)
        order.append(f"{name} ends")
        return name

    user.promise = operation("one", 5)
    user.promise = lambda: operation("two", 1)
    user.promise = operation("three", 0)

    assert await user.promise == "three"
    assert order == [f"{name} {when}" for name in ("one", "two", "three") for when in ("starts", "ends")]


async def failing(text: str) -> None:
    raise ValueError(text)


async def test_a_failure_is_raised_to_who_waits_once_and_the_chain_goes_on() -> None:
    user = Deep()()
    done: list[int] = []
    user.promise = failing("risky")
    user.promise = lambda: done.append(1)

    with pytest.raises(ValueError, match="risky"):
        await user.promise
    assert done == [1]
    await user.promise
    user.promise = asyncio.sleep(0, result="again")
    assert await user.promise == "again"


async def test_several_failures_are_raised_together() -> None:
    user = Deep()()
    user.promise = failing("one")
    user.promise = failing("two")
    with pytest.raises(ExceptionGroup) as caught:
        await user.promise
    assert [str(error) for error in caught.value.exceptions] == ["one", "two"]


async def test_a_failure_that_nobody_waited_for_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    user = Deep()()
    user.promise = failing("lost")
    while promise_status(user).is_pending:
        await asyncio.sleep(0)
    with caplog.at_level(logging.ERROR):
        del user.promise
        gc.collect()
    assert [str(record.exc_info[1]) for record in caplog.records if record.exc_info] == ["lost"]


async def test_a_failure_that_was_raised_is_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    user = Deep()()
    user.promise = failing("heard")
    with pytest.raises(ValueError):
        await user.promise
    del user.promise
    gc.collect()
    assert not caplog.records


async def test_del_starts_clean() -> None:
    user = Deep()()
    user.promise = asyncio.sleep(0, result=1)
    await user.promise
    del user.promise
    assert promise_status(user).has_promise is False
    assert await user.promise is True
    del user.promise


async def test_the_status_is_right_at_each_stage(storage: GraphQLStorage) -> None:
    deep = Deep()
    user = deep()
    _ = user.promise
    fresh = promise_status(user)
    assert (fresh.has_promise, fresh.is_pending, fresh.promise) == (False, False, None)

    user.promise = asyncio.sleep(0)
    assert promise_status(user).is_pending
    await user.promise
    assert (promise_status(user).has_promise, promise_status(user).is_pending) == (True, False)

    other = deep()
    async with synchronize(deep, storage) as database:
        other.store(database)
        assert promise_status(other).is_pending
        assert promise_status(database).is_pending
        await other.promise
        assert not promise_status(other).is_pending
        assert not promise_status(database).is_pending


async def test_an_operation_that_waits_for_itself_is_an_error_and_no_deadlock() -> None:
    user = Deep()()

    async def waits() -> None:
        await user.promise

    user.promise = waits()
    with pytest.raises(InvalidError, match="wait for itself"):
        await user.promise


async def test_a_promise_assigned_to_itself_is_no_change() -> None:
    user = Deep()()
    user.promise = asyncio.sleep(0, result=1)
    user.promise = user.promise
    assert await user.promise == 1


def test_without_a_loop_operations_start_when_they_are_waited_for() -> None:
    user = Deep()()
    user.promise = asyncio.sleep(0, result="done")
    assert promise_status(user).is_pending

    async def wait() -> object:
        return await user.promise

    assert asyncio.run(wait()) == "done"


def test_what_never_started_is_given_up_by_del() -> None:
    user = Deep()()
    user.promise = failing("never run")
    del user.promise
    assert not promise_status(user).has_promise


@pytest.mark.parametrize("value", [5, "text", None])
def test_what_can_not_be_waited_for_is_refused(value: object) -> None:
    user = Deep()()
    with pytest.raises(WrongTypeError, match="promise"):
        user.promise = value  # type: ignore[assignment]


def test_an_association_is_no_promise() -> None:
    deep = Deep()
    with pytest.raises(WrongTypeError, match="promise"):
        deep().promise = deep()  # type: ignore[assignment]


class Result:
    """What an operation gave, that can be missed."""


async def test_many_operations_leave_nothing_behind() -> None:
    user, results = Deep()(), WeakSet[Result]()

    async def operation() -> Result:
        result = Result()
        results.add(result)
        return result

    for _ in range(10_000):
        user.promise = operation()
    last = await user.promise
    gc.collect()

    assert list(results) == [last]
    assert user.promise.chain is not None
    assert not user.promise.chain._waiting


async def test_the_state_of_synchronisation_goes_from_pending_over_sent_to_stored(storage: GraphQLStorage) -> None:
    deep = Deep()
    seen: list[dict[str, str]] = []
    user = deep()
    assert user.sync == {}
    async with synchronize(deep, storage) as database:
        deep.on("db_batch_started", lambda _: seen.append(dict(user.sync)))
        user.store(database)
        seen.append(dict(user.sync))
        await user.promise
        seen.append(dict(user.sync))

    assert seen == [{"database": "pending"}, {"database": "sent"}, {"database": "stored"}]
