"""What is refused, is refused with a clear error, and nothing is lost."""

import asyncio
import socket
from collections.abc import AsyncGenerator

import pytest

from deeplinks import Deep, GraphQLStorage, load, synchronize
from deeplinks.batch import Batch, Written
from deeplinks.errors import (
    AccessDeniedError,
    FlushTimeoutError,
    InvalidError,
    NotFoundError,
    QueryError,
    SchemaMissingError,
    SettingsError,
    StoppedError,
    UnavailableError,
    WrongTypeError,
)
from deeplinks.sync import Conflict, Lost
from tests.asking import ask
from tests.waiting import until


def closed_port() -> int:
    """A port at which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


async def test_a_server_that_is_not_there_is_said_on_entering_and_what_waits_stays() -> None:
    deep = Deep()
    deep().store("database")
    url = f"http://127.0.0.1:{closed_port()}/v1/graphql"

    with pytest.raises(UnavailableError, match=r"127\.0\.0\.1"):
        async with synchronize(deep, url):
            pass

    assert deep.space.ledgers["database"].waits == 1


async def test_a_wrong_secret_is_said_on_entering(secret_endpoint: str) -> None:
    with pytest.raises(AccessDeniedError, match="secret"):
        async with synchronize(Deep(), secret_endpoint, secret="wrong"):
            pass


async def test_the_right_secret_opens(secret_endpoint: str) -> None:
    deep = Deep()
    deep.String("kept").store("database")
    async with synchronize(deep, secret_endpoint, secret="right"):
        pass

    assert len(await load(secret_endpoint, space=deep.id, secret="right")) == 2


async def test_a_database_without_migrations_is_said_with_the_command_that_helps(bare_endpoint: str) -> None:
    with pytest.raises(SchemaMissingError, match="deeplinks migrate"):
        async with synchronize(Deep(), bare_endpoint):
            pass


async def test_an_address_that_is_no_graphql_is_said(endpoint: str) -> None:
    with pytest.raises(QueryError):
        async with synchronize(Deep(), endpoint.replace("/v1/graphql", "/healthz")):
            pass


def test_a_url_of_another_kind_is_said_at_once() -> None:
    with pytest.raises(SettingsError, match="postgres://x"):
        synchronize(Deep(), "postgres://x")


def test_something_that_is_no_storage_is_said_at_once() -> None:
    with pytest.raises(WrongTypeError):
        synchronize(Deep(), 5)  # type: ignore[arg-type]


async def test_an_unknown_space_is_not_found(endpoint: str) -> None:
    with pytest.raises(NotFoundError):
        await load(endpoint, space=Deep().id)


async def test_one_name_is_synchronized_once_at_a_time(endpoint: str) -> None:
    deep = Deep()
    async with synchronize(deep, endpoint):
        with pytest.raises(InvalidError, match="already"):
            async with synchronize(deep, endpoint):
                pass


class Refusing(GraphQLStorage):
    """Refuses every batch for good, whatever is in it."""

    refuses = True

    async def write(self, batch: Batch) -> Written:
        if self.refuses:
            raise QueryError(storage="it", path="$", why="no such luck", reason="42P01")
        return await super().write(batch)


async def test_what_is_no_rows_fault_stops_the_sender_and_is_raised_by_flush_and_on_leaving(endpoint: str) -> None:
    deep = Deep()
    deep().store("database")
    storage = Refusing(endpoint)
    with pytest.raises(StoppedError, match="no such luck"):
        async with synchronize(deep, storage) as database:
            with pytest.raises(StoppedError, match="42P01"):
                await database.flush()
    await storage.close()


async def test_what_was_stopped_is_kept_and_sent_when_the_cause_is_mended(endpoint: str) -> None:
    deep = Deep()
    text = deep.String("kept").store("database")
    storage = Refusing(endpoint)
    with pytest.raises(StoppedError):
        async with synchronize(deep, storage):
            pass
    storage.refuses = False
    async with synchronize(deep, storage):
        pass

    assert (await load(storage, space=deep.id))[text.id].data == "kept"
    await storage.close()


class Away(GraphQLStorage):
    """Can be read and never written."""

    async def write(self, batch: Batch) -> Written:
        raise UnavailableError(storage="it", why="it is away")


async def test_a_flush_whose_time_runs_out_says_how_much_waits_and_keeps_it(
    endpoint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("deeplinks.sync.synchronizer.LEAVING", 0.05)
    deep = Deep()
    deep().store("database")
    storage = Away(endpoint)
    with pytest.raises(FlushTimeoutError, match="it is away") as raised:
        async with synchronize(deep, storage):
            pass
    await storage.close()

    assert raised.value.pending == 1


async def test_an_error_in_the_block_is_not_hidden_by_one_on_leaving(endpoint: str) -> None:
    deep = Deep()
    storage = Refusing(endpoint)
    with pytest.raises(ZeroDivisionError) as raised:
        async with synchronize(deep, storage):
            deep().store("database")
            raise ZeroDivisionError
    await storage.close()

    assert "no such luck" in "".join(raised.value.__notes__)


async def test_after_leaving_no_task_and_no_receiver_of_ours_remains(endpoint: str) -> None:
    import asyncio

    before = asyncio.all_tasks()
    deep = Deep()
    async with synchronize(deep, endpoint):
        deep().store("database")

    await until(lambda: asyncio.all_tasks() == before)
    assert not deep.signals.waiting.receivers


async def test_flush_inside_together_is_refused_for_what_is_in_it_cannot_be_written_yet(endpoint: str) -> None:
    deep = Deep()
    async with synchronize(deep, endpoint) as database:
        with pytest.raises(InvalidError, match="together"), deep.together():
            await database.flush()


async def test_load_takes_a_space_or_a_deep_and_not_both(endpoint: str) -> None:
    deep = Deep()
    with pytest.raises(InvalidError, match="either"):
        await load(endpoint, space=deep.id, into=deep)
    with pytest.raises(InvalidError, match="either"):
        await load(endpoint)


@pytest.mark.parametrize("secret", ["right\n", "é", ""])
async def test_a_secret_that_no_header_can_carry_is_refused_and_not_shown(secret: str) -> None:
    with pytest.raises(SettingsError) as raised:
        GraphQLStorage("http://localhost:1/v1/graphql", secret=secret)

    assert not secret.strip() or secret.strip() not in str(raised.value)


class Deaf(GraphQLStorage):
    """Hears of nothing that others write, until it is read."""

    async def bells(self, space: str) -> AsyncGenerator[int]:
        await asyncio.Event().wait()
        yield 0


async def test_a_change_of_what_is_deleted_there_is_told_once_with_its_field_and_value(endpoint: str) -> None:
    deep, storage = Deep(), Deaf(endpoint)
    link, target = deep().store("database"), deep().store("database")
    told: list[Conflict] = []
    deep.signals.conflict.connect(lambda _, conflict: told.append(conflict))
    async with synchronize(deep, storage) as database:
        await database.flush()
        await ask(endpoint, "mutation ($id: uuid!) { delete_deep_links_by_pk(id: $id) { id } }", id=link.id)
        link.to = target
        await database.flush()
        await database.catch_up()
    await storage.close()

    assert [(one.id, one.field, one.mine, one.theirs, one.lost) for one in told] == [
        (link.id, "to", target.id, None, Lost.mine)
    ]
    assert link.destroyed
