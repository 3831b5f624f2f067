"""What a database refuses for good is set aside with its reason, and holds up nobody. Over real HTTP and PostgreSQL."""

from collections.abc import AsyncIterator
from pathlib import Path

import psycopg
import pytest

from deeplinks import Association, Deep, Event, GraphQLStorage, Refusal, Synchronizer, load, synchronize
from deeplinks.batch import Batch, Written
from deeplinks.errors import RefusedError, StaleError, UnavailableError
from tests.sync.test_local_crashes import copied
from tests.waiting import until

# A rule of the people who own the database.
RULES = """
    create function public.no_poison() returns trigger language plpgsql as $$
    begin
        if new._data = 'poison' then
            raise exception 'no poison here' using errcode = '23514';
        end if;
        return new;
    end
    $$;
    create trigger no_poison before insert or update on deep.strings for each row execute function public.no_poison();
    create function public.stays() returns trigger language plpgsql as $$
    begin
        if exists (select from deep.strings where id = old.id and _data = 'stays') then
            raise exception 'it stays' using errcode = 'P0001';
        end if;
        return old;
    end
    $$;
    create trigger stays before delete on deep.links for each row execute function public.stays();
    create function public.untyped() returns trigger language plpgsql as $$
    begin
        raise exception 'no typed marks' using errcode = '23514';
    end
    $$;
    create trigger untyped before insert on deep.links for each row
        when (new._type = 'MARK') execute function public.untyped();
"""


@pytest.fixture
async def ruled(endpoint: str, database_url: str) -> str:
    """A server over a database with rules of its own."""
    with psycopg.connect(database_url) as connection:
        connection.execute(RULES.replace("MARK", Deep().TypedTrue.id).encode())
    return endpoint


@pytest.fixture
async def database(ruled: str) -> AsyncIterator[Synchronizer]:
    """A space that is kept there; what is refused is let be at the end."""
    async with synchronize(Deep(), ruled) as database:
        yield database
        database.refused.discard()


@pytest.fixture
def deep(database: Synchronizer) -> Deep:
    return database._deep


async def refused(database: Synchronizer) -> Refusal:
    """What is refused by the next flush."""
    with pytest.raises(RefusedError):
        await database.flush()
    return database.refused[-1]


async def stored(deep: Deep, ruled: str) -> Deep:
    return await load(ruled, space=deep.id)


async def text(deep: Deep, database: Synchronizer, data: str) -> Association:
    """A text that is written."""
    made = deep.String(data).store(database)
    await database.flush()
    return made


async def test_a_refused_value_goes_back_and_everything_else_is_written(
    deep: Deep, database: Synchronizer, ruled: str
) -> None:
    bad, good = await text(deep, database, "a"), await text(deep, database, "b")
    bad.data = "poison"
    good.data = "c"
    await refused(database)
    copy = await stored(deep, ruled)

    assert (bad.data, good.data) == ("a", "c")
    assert (copy[bad.id].data, copy[good.id].data) == ("a", "c")


async def test_a_refusal_says_what_and_why(deep: Deep, database: Synchronizer) -> None:
    bad = await text(deep, database, "a")
    bad.data = "poison"
    refusal = await refused(database)
    (change,) = refusal.changes

    assert (change.id, change.field, change.mine, change.base) == (bad.id, "data", "poison", "a")
    assert refusal.associations == [bad]
    assert refusal.reason == "23514"
    assert "no poison here" in str(refusal.error)
    assert "poison" in repr(refusal)


async def test_that_a_value_goes_back_is_an_event_with_the_storage_as_its_origin(
    deep: Deep, database: Synchronizer
) -> None:
    bad = await text(deep, database, "a")
    bad.data = "poison"
    heard: list[Event] = []
    bad.on("data_set", heard.append)
    await refused(database)

    assert [(event.old, event.new, event.origin) for event in heard] == [("poison", "a", "database")]


async def test_what_goes_back_is_not_written(deep: Deep, database: Synchronizer) -> None:
    bad = await text(deep, database, "a")
    bad.data = "poison"
    await refused(database)
    before = database.storage.requests  # type: ignore[attr-defined]
    await database.flush()

    assert database.pending == 0
    assert database.storage.requests == before  # type: ignore[attr-defined]


async def test_a_refusal_is_told_by_a_signal_once(deep: Deep, database: Synchronizer) -> None:
    told: list[tuple[Deep, str, Refusal]] = []
    deep.signals.refused.connect(lambda sender, storage, refusal: told.append((sender, storage, refusal)))
    bad = await text(deep, database, "a")
    bad.data = "poison"
    refusal = await refused(database)

    assert told == [(deep, "database", refusal)]


async def test_a_refused_association_says_so(deep: Deep, database: Synchronizer) -> None:
    bad = await text(deep, database, "a")
    bad.data = "poison"
    refusal = await refused(database)
    assert bad.sync == {"database": "refused"}
    assert "refused" in repr(bad)
    refusal.discard()

    assert bad.sync == {"database": "stored"}


# told


async def test_a_flush_is_told_once_of_what_it_waited_for(deep: Deep, database: Synchronizer) -> None:
    bad = await text(deep, database, "a")
    bad.data = "poison"
    with pytest.raises(RefusedError, match=r"data of .*no poison here.*23514.*set aside"):
        await database.flush()
    await database.flush()

    assert len(database.refused) == 1


async def test_what_was_refused_while_nobody_waited_is_told_by_the_next_flush(
    deep: Deep, database: Synchronizer
) -> None:
    bad = await text(deep, database, "a")
    bad.data = "poison"
    await until(lambda: database.refused)
    with pytest.raises(RefusedError):
        await database.flush()
    await database.flush()


async def test_several_refusals_are_told_by_one_error(deep: Deep, database: Synchronizer) -> None:
    one, other = await text(deep, database, "a"), await text(deep, database, "b")
    one.data = other.data = "poison"
    with pytest.raises(RefusedError, match="2 changes, the first of them data of"):
        await database.flush()

    assert (one.data, other.data) == ("a", "b")


async def test_a_promise_tells_of_its_own_association_alone(deep: Deep, database: Synchronizer) -> None:
    bad, good = await text(deep, database, "a"), await text(deep, database, "b")
    bad.data = "poison"
    good.data = "c"
    await good.promise
    with pytest.raises(RefusedError):
        await bad.promise


async def test_leaving_tells_what_nobody_was_told(ruled: str) -> None:
    deep = Deep()
    with pytest.raises(RefusedError, match="no poison here"):
        async with synchronize(deep, ruled):
            deep.String("poison").store("database")


async def test_what_was_refused_is_kept_between_two_connections(ruled: str) -> None:
    deep = Deep()
    with pytest.raises(RefusedError):
        async with synchronize(deep, ruled):
            bad = deep.String("poison").store("database")
    async with synchronize(deep, ruled) as database:
        assert [one.associations for one in database.refused] == [[bad]]
        bad.data = "harmless"
        database.refused.retry()

    assert (await load(ruled, space=deep.id))[bad.id].data == "harmless"


# retrying and letting be


async def test_a_refusal_can_be_tried_again_when_the_cause_is_mended(
    deep: Deep, database: Synchronizer, ruled: str, database_url: str
) -> None:
    bad = await text(deep, database, "a")
    bad.data = "poison"
    refusal = await refused(database)
    with psycopg.connect(database_url) as connection:
        connection.execute("drop trigger no_poison on deep.strings")
    refusal.retry()
    assert (bad.data, len(database.refused)) == ("poison", 0)
    await database.flush()

    assert (await stored(deep, ruled))[bad.id].data == "poison"


async def test_a_refusal_that_is_tried_again_in_vain_is_refused_again(deep: Deep, database: Synchronizer) -> None:
    bad = await text(deep, database, "a")
    bad.data = "poison"
    (await refused(database)).retry()
    await refused(database)

    assert (bad.data, len(database.refused)) == ("a", 1)


async def test_what_can_not_be_tried_again_stays_set_aside(deep: Deep, database: Synchronizer) -> None:
    bad = deep.String("poison").store(database)
    refusal = await refused(database)
    bad.destroy()
    with pytest.raises(LookupError):
        refusal.retry()

    assert list(database.refused) == [refusal]


async def test_a_discarded_refusal_is_forgotten(deep: Deep, database: Synchronizer) -> None:
    bad = await text(deep, database, "a")
    bad.data = "poison"
    (await refused(database)).discard()
    await database.flush()

    assert (bad.data, len(database.refused)) == ("a", 0)


# what was to be created


async def test_what_the_storage_does_not_want_stays_here_and_is_not_stored(
    deep: Deep, database: Synchronizer, ruled: str
) -> None:
    bad = deep.String("poison").store(database)
    refusal = await refused(database)

    assert [(change.field, change.mine) for change in refusal.changes] == [
        ("created", True),
        ("type", deep.String.id),
        ("data", "poison"),
    ]
    assert (bad.data, bad.is_stored(database), bad.sync) == ("poison", False, {"database": "refused"})
    assert bad.id not in await stored(deep, ruled)


async def test_what_comes_after_a_refused_creation_is_not_sent_either(
    deep: Deep, database: Synchronizer, ruled: str
) -> None:
    bad, good = deep.String("poison").store(database), deep().store(database)
    await refused(database)
    bad.to = good
    bad.data = "other"
    await database.flush()

    assert bad.id not in await stored(deep, ruled)
    assert (bad.to, bad.data) == (good, "other")


async def test_a_reference_to_what_was_refused_is_kept_as_an_id_and_heals(
    deep: Deep, database: Synchronizer, ruled: str
) -> None:
    bad = deep.String("poison").store(database)
    link = deep(to=bad).store(database)
    refusal = await refused(database)
    copy = await stored(deep, ruled)
    assert (copy[link.id].to, copy[link.id].to_id) == (None, bad.id)
    bad.data = "harmless"
    refusal.retry()
    await database.flush()
    await load(ruled, into=copy)

    assert copy[link.id].to is copy[bad.id]


async def test_storing_it_again_tries_again(deep: Deep, database: Synchronizer, ruled: str) -> None:
    bad = deep.String("poison").store(database)
    await refused(database)
    bad.data = "harmless"
    bad.store(database)
    await database.flush()

    assert (await stored(deep, ruled))[bad.id].data == "harmless"


async def test_instances_of_a_type_that_is_stored_are_set_aside_one_by_one(
    deep: Deep, database: Synchronizer, ruled: str, database_url: str
) -> None:
    with psycopg.connect(database_url) as connection:
        connection.execute("drop trigger untyped on deep.links")
    Word = deep.String()
    Word.store(database, "typed_true")
    words = [Word(text) for text in ("a", "poison", "b")]
    await refused(database)
    await database.flush()

    assert {words[0].id, words[2].id} < (await stored(deep, ruled)).ids
    assert [word.is_stored(database) for word in words] == [True, False, True]


# groups


async def test_of_a_group_nothing_is_written_and_all_goes_back(deep: Deep, database: Synchronizer, ruled: str) -> None:
    bad, other, alone = [await text(deep, database, name) for name in "abc"]
    with deep.together():
        bad.data = "poison"
        other.data = "x"
    alone.data = "y"
    refusal = await refused(database)

    assert [one.data for one in (bad, other, alone)] == ["a", "b", "y"]
    assert (await stored(deep, ruled))[other.id].data == "b"
    assert {change.id for change in refusal.changes} == {bad.id, other.id}


async def test_a_group_that_is_tried_again_is_a_group_again(
    deep: Deep, database: Synchronizer, ruled: str, database_url: str
) -> None:
    bad, other = await text(deep, database, "a"), await text(deep, database, "b")
    with deep.together():
        bad.data = "poison"
        other.data = "x"
    (await refused(database)).retry()
    await refused(database)
    assert other.data == "b"
    with psycopg.connect(database_url) as connection:
        connection.execute("drop trigger no_poison on deep.strings")
    database.refused.retry()
    await database.flush()

    copy = await stored(deep, ruled)
    assert (copy[bad.id].data, copy[other.id].data) == ("poison", "x")


async def test_a_later_change_of_a_refused_field_stays_and_is_written(ruled: str) -> None:
    deep = Deep()
    storage = Held(ruled)
    async with synchronize(deep, storage) as database:
        bad = await text(deep, database, "a")
        storage.later = lambda: setattr(bad, "data", "later")
        bad.data = "poison"
        with pytest.raises(RefusedError):
            await database.flush()
        await database.flush()
        assert bad.data == "later"
        assert database.refused[0].changes[0].base == "a"
        database.refused.discard()

    assert (await load(ruled, space=deep.id))[bad.id].data == "later"
    await storage.close()


class Held(GraphQLStorage):
    """Has something done while a batch is on its way."""

    later = staticmethod(lambda: None)

    async def write(self, batch: Batch) -> Written:
        later, self.later = self.later, lambda: None
        later()
        return await super().write(batch)


# what was to go, and marks


async def test_what_the_storage_does_not_let_go_of_comes_back(deep: Deep, database: Synchronizer) -> None:
    kept = await text(deep, database, "stays")
    link = deep(to=kept).store(database)
    await database.flush()
    kept.destroy()
    assert link.to is None
    refusal = await refused(database)
    await until(lambda: kept.id in deep.ids)

    assert deep[kept.id].data == "stays"
    assert link.to is deep[kept.id]
    assert "destroyed" in {change.field for change in refusal.changes}
    assert kept.destroyed


async def test_a_purge_that_is_refused_leaves_it_to_be_stored_again(
    deep: Deep, database: Synchronizer, ruled: str
) -> None:
    kept = await text(deep, database, "stays")
    kept.unstore(database, purge=True)
    await refused(database)
    kept.store(database)
    kept.data = "again"
    await database.flush()

    assert (await stored(deep, ruled))[kept.id].data == "again"


async def test_a_typed_mark_that_is_refused_is_taken_away(deep: Deep, database: Synchronizer) -> None:
    Thing = deep().store(database)
    Thing.store(database, "typed_true")
    refusal = await refused(database)

    assert [(change.id, change.field, change.mine) for change in refusal.changes] == [(Thing.id, "typed_true", True)]
    assert not Thing.is_stored(database, "typed_true")
    assert Thing.is_stored(database)


# in the way of nobody


async def test_answers_that_are_lost_while_a_batch_is_halved_double_nothing(ruled: str) -> None:
    class Lossy(GraphQLStorage):
        lost = 0

        async def write(self, batch: Batch) -> Written:
            written = await super().write(batch)
            if not written.already:
                self.lost += 1
                raise UnavailableError(storage="the cable", why="cut after the commit")
            return written

    deep = Deep()
    storage = Lossy(ruled)
    async with synchronize(deep, storage) as database:
        made = [deep.String("poison" if number == 5 else str(number)).store(database) for number in range(16)]
        await refused(database)
        assert storage.lost > 3
    await storage.close()
    copy = await load(ruled, space=deep.id)

    assert {one.id for one in made} - copy.ids == {made[5].id}
    assert [copy[one.id].data for one in made if one is not made[5]] == [str(n) for n in range(16) if n != 5]


# with a file


async def refused_with_a_file(deep: Deep, ruled: str, path: Path) -> tuple[Association, Association]:
    """A text that was to become poison, and one that was made as it; both refused, and told."""
    with pytest.raises(RefusedError):
        async with synchronize(deep, ruled, path=path) as database:
            changed = await text(deep, database, "a")
            changed.data = "poison"
            await until(lambda: database.refused)
            made = deep.String("poison").store(database)
            await until(lambda: len(database.refused) == 2)
    return changed, made


async def test_what_was_refused_is_set_aside_the_next_time_too(ruled: str, tmp_path: Path) -> None:
    deep = Deep()
    changed, made = await refused_with_a_file(deep, ruled, tmp_path / "graph.deep")
    next_time = Deep(space=deep.id)
    async with synchronize(next_time, ruled, path=tmp_path / "graph.deep") as database:
        first, second = database.refused

        assert [(one.field, one.mine, one.base) for one in first.changes] == [("data", "poison", "a")]
        assert (first.associations, first.reason) == ([next_time[changed.id]], "23514")
        assert "no poison here" in str(first.error)
        assert second.associations == [next_time[made.id]]
        assert next_time[changed.id].sync == next_time[made.id].sync == {"database": "refused"}
        assert (next_time[changed.id].data, next_time[made.id].data) == ("a", "poison")
        assert not next_time[made.id].is_stored(database)


async def test_what_was_told_is_not_told_the_next_time(ruled: str, tmp_path: Path) -> None:
    deep = Deep()
    await refused_with_a_file(deep, ruled, tmp_path / "graph.deep")
    async with synchronize(Deep(space=deep.id), ruled, path=tmp_path / "graph.deep") as database:
        await database.flush()

        assert len(database.refused) == 2


async def test_what_nobody_was_told_is_told_the_next_time(ruled: str, tmp_path: Path) -> None:
    deep, copy = Deep(), tmp_path / "copy"
    async with synchronize(deep, ruled, path=tmp_path / "graph.deep") as database:
        deep.String("poison").store(database)
        await until(lambda: database.refused and not database.pending)
        killed = copied(tmp_path / "graph.deep", copy)
        database.refused.discard()
    with pytest.raises(RefusedError, match="no poison here"):
        async with synchronize(Deep(space=deep.id), ruled, path=killed):
            pass


async def test_what_was_refused_is_tried_again_the_next_time(ruled: str, database_url: str, tmp_path: Path) -> None:
    deep = Deep()
    changed, made = await refused_with_a_file(deep, ruled, tmp_path / "graph.deep")
    with psycopg.connect(database_url) as connection:
        connection.execute("drop trigger no_poison on deep.strings")
    next_time = Deep(space=deep.id)
    async with synchronize(next_time, ruled, path=tmp_path / "graph.deep") as database:
        database.refused.retry()
    copy = await stored(deep, ruled)

    assert (copy[changed.id].data, copy[made.id].data) == ("poison", "poison")


async def test_a_discarded_refusal_is_forgotten_the_next_time_too(ruled: str, tmp_path: Path) -> None:
    deep = Deep()
    await refused_with_a_file(deep, ruled, tmp_path / "graph.deep")
    async with synchronize(deep, ruled, path=tmp_path / "graph.deep") as database:
        database.refused.discard()
    async with synchronize(Deep(space=deep.id), ruled, path=tmp_path / "graph.deep") as database:
        assert not database.refused


async def test_what_is_overtaken_is_set_aside_with_what_there_was_the_next_time(ruled: str, tmp_path: Path) -> None:
    deep, path = Deep(), tmp_path / "graph.deep"
    async with synchronize(deep, ruled, path=path) as database:
        one = await text(deep, database, "a")
        await database.catch_up()
        version = one.version
    other = await stored(deep, ruled)
    async with synchronize(other, ruled):
        other[one.id].data = "theirs"
    offline = Deep(space=deep.id)
    async with synchronize(offline, "http://127.0.0.1:1/v1/graphql", path=path):
        with offline.expect(offline[one.id], version):
            offline[one.id].data = "mine"
    with pytest.raises(StaleError):
        async with synchronize(Deep(space=deep.id), ruled, path=path):
            pass
    async with synchronize(Deep(space=deep.id), ruled, path=path) as database:
        (refusal,) = database.refused

        assert isinstance(refusal.error, StaleError)
        assert (refusal.error.mine, refusal.error.theirs) == ("mine", "theirs")
        assert refusal.associations[0].sync == {"database": "stale"}
