"""Who wins where two change one field, by type; the merged value is a change like any other. Over tables in memory."""

from collections.abc import Callable

import pytest

from deeplinks import Association, Deep, MemoryStorage, load, synchronize
from deeplinks.batch import Batch, Written
from deeplinks.errors import StaleError, WrongTypeError
from deeplinks.sync import Conflict, Lost


class Slow(MemoryStorage):
    """Has something done before it writes."""

    before: Callable[[], object] | None = None

    async def write(self, batch: Batch) -> Written:
        before, self.before = self.before, None
        if before is not None:
            await before()  # type: ignore[misc]
        return await super().write(batch)


@pytest.fixture
def storage() -> Slow:
    return Slow()


@pytest.fixture
async def pair(storage: Slow) -> tuple[Deep, Deep]:
    """Two copies of a space with one number in it, both up to date."""
    deep = Deep()
    deep.Number(10).store("database")
    async with synchronize(deep, storage):
        pass
    await load(storage, into=deep)
    return deep, await load(storage, space=deep.id)


@pytest.fixture
def told(pair: tuple[Deep, Deep]) -> list[Conflict]:
    told: list[Conflict] = []
    pair[1].signals.conflict.connect(lambda _, conflict: told.append(conflict))
    return told


def number(deep: Deep) -> Association:
    return next(iter(deep.Number.typed))


async def both(pair: tuple[Deep, Deep], storage: MemoryStorage, first: object, second: object) -> None:
    """The first commits before the second, who knows nothing of it."""
    number(pair[0]).data = first
    number(pair[1]).data = second
    for deep in (*pair, *pair):
        async with synchronize(deep, storage) as database:
            await database.catch_up()


async def ended(pair: tuple[Deep, Deep], storage: MemoryStorage) -> object:
    """What all copies have in the end."""
    values = {number(deep).data for deep in (*pair, await load(storage, space=pair[0].id))}
    assert len(values) == 1
    return values.pop()


async def test_without_a_policy_the_later_commit_wins(
    pair: tuple[Deep, Deep], storage: Slow, told: list[Conflict]
) -> None:
    await both(pair, storage, 11, 12)

    assert await ended(pair, storage) == 12
    assert [(one.mine, one.theirs, one.lost) for one in told] == [(12, 11, Lost.theirs)]


async def test_mine_is_the_same_said_aloud(pair: tuple[Deep, Deep], storage: Slow, told: list[Conflict]) -> None:
    pair[1].on_conflict(pair[1].Number, "mine")
    await both(pair, storage, 11, 12)

    assert await ended(pair, storage) == 12
    assert [one.lost for one in told] == [Lost.theirs]


async def test_theirs_gives_up_what_was_changed_here_and_tells_it(
    pair: tuple[Deep, Deep], storage: Slow, told: list[Conflict]
) -> None:
    pair[1].on_conflict(pair[1].Number, "theirs")
    await both(pair, storage, 11, 12)

    assert await ended(pair, storage) == 11
    assert [(one.mine, one.theirs, one.lost) for one in told] == [(12, 11, Lost.mine)]


async def test_a_function_merges_what_both_made_of_what_there_was(
    pair: tuple[Deep, Deep], storage: Slow, told: list[Conflict]
) -> None:
    pair[1].on_conflict(pair[1].Number, lambda base, mine, theirs: theirs + mine - base)
    await both(pair, storage, 13, 14)

    assert await ended(pair, storage) == 17
    assert [(one.mine, one.theirs, one.lost, one.merged) for one in told] == [(14, 13, Lost.neither, 17)]


async def test_a_change_that_is_on_its_way_is_merged_too(pair: tuple[Deep, Deep], storage: Slow) -> None:
    here, there = pair
    there.on_conflict(there.Number, lambda base, mine, theirs: theirs + mine - base)

    async def overtake() -> None:
        async with synchronize(here, storage):
            number(here).data = 13

    async with synchronize(there, storage) as database:
        storage.before = overtake
        number(there).data = 14
        await database.flush()
        await database.catch_up()
        await database.flush()
    await load(storage, into=here)

    assert await ended(pair, storage) == 17


async def test_of_two_who_count_at_the_same_time_no_count_is_lost(pair: tuple[Deep, Deep], storage: Slow) -> None:
    pair[1].on_conflict(pair[1].Number, lambda base, mine, theirs: theirs + mine - base)
    for step in range(1, 21):
        now = number(pair[0]).data
        await both(pair, storage, now + 1, now + step)  # type: ignore[operator]

    assert await ended(pair, storage) == 10 + 20 + sum(range(1, 21))


async def test_stale_sets_it_aside_and_tells_no_conflict(
    pair: tuple[Deep, Deep], storage: Slow, told: list[Conflict]
) -> None:
    pair[1].on_conflict(pair[1].Number, StaleError)
    with pytest.raises(StaleError, match="was to be 12 and is 11"):
        await both(pair, storage, 11, 12)

    assert await ended(pair, storage) == 11
    assert told == []


async def test_a_function_that_raises_leaves_the_later_commit_and_is_told(
    pair: tuple[Deep, Deep], storage: Slow, told: list[Conflict]
) -> None:
    def fail(base: object, mine: object, theirs: object) -> object:
        raise ZeroDivisionError

    errors: list[Exception] = []
    pair[1].signals.receiver_error.connect(lambda _, error, receiver: errors.append(error))
    pair[1].on_conflict(pair[1].Number, fail)
    await both(pair, storage, 11, 12)

    assert await ended(pair, storage) == 12
    assert [type(error) for error in errors] == [ZeroDivisionError]
    assert [one.lost for one in told] == [Lost.theirs]


async def test_a_function_that_gives_what_can_not_be_stored_leaves_the_later_commit(
    pair: tuple[Deep, Deep], storage: Slow
) -> None:
    pair[1].on_conflict(pair[1].Number, lambda base, mine, theirs: float("nan"))
    await both(pair, storage, 11, 12)

    assert await ended(pair, storage) == 12


async def test_a_policy_taken_away_is_none(pair: tuple[Deep, Deep], storage: Slow) -> None:
    pair[1].on_conflict(pair[1].Number, "theirs")
    pair[1].on_conflict(pair[1].Number, None)
    await both(pair, storage, 11, 12)

    assert await ended(pair, storage) == 12


# which type


async def test_the_nearest_type_decides() -> None:
    deep = Deep()
    Count = deep.Number()
    deep.on_conflict(deep.Number, "theirs")
    deep.on_conflict(Count, "mine")

    assert deep.space.policies.of(Count(1), "data") == "mine"
    assert deep.space.policies.of(deep.Number(1), "data") == "theirs"
    assert deep.space.policies.of(deep.String("a"), "data") is None


async def test_for_data_that_of_its_owner_decides_where_its_own_type_says_nothing() -> None:
    deep = Deep()
    User = deep()
    alice = User(value=deep.String("Alice"))
    deep.on_conflict(User, "theirs")

    assert alice.value is not None
    assert deep.space.policies.of(alice.value, "data") == "theirs"
    assert deep.space.policies.of(alice, "to") == "theirs"


async def test_a_function_merges_references_where_a_field_is_named() -> None:
    def merge(base: object, mine: object, theirs: object) -> object:
        return theirs

    deep = Deep()
    Follows = deep()
    deep.on_conflict(Follows, merge)
    assert deep.space.policies.of(Follows(), "to") is None
    deep.on_conflict(Follows, merge, field="from_")

    assert deep.space.policies.of(Follows(), "from") is merge


async def test_a_reference_that_two_changed_is_merged_as_an_id(storage: Slow) -> None:
    deep = Deep()
    Follows, link = deep(), None
    link, near, far = Follows().store("database"), deep().store("database"), deep().store("database")
    async with synchronize(deep, storage):
        pass
    copy = await load(storage, space=deep.id)
    seen: list[tuple[object, ...]] = []

    def merge(*values: object) -> object:
        seen.append(values)
        return values[2]

    copy.on_conflict(copy[Follows.id], merge, field="to")
    link.to = near
    copy[link.id].to = copy[far.id]
    for one in (deep, copy):
        async with synchronize(one, storage):
            pass

    assert seen == [(None, far.id, near.id)]
    assert copy[link.id].to is copy[near.id]


@pytest.mark.parametrize("policy", ["ours", 5, ValueError])
def test_what_is_no_policy_is_refused(policy: object) -> None:
    deep = Deep()
    with pytest.raises(WrongTypeError, match="conflict policy"):
        deep.on_conflict(deep.Number, policy)  # type: ignore[arg-type]


def test_what_is_no_field_is_refused() -> None:
    deep = Deep()
    with pytest.raises(WrongTypeError, match="field"):
        deep.on_conflict(deep.Number, "mine", field="colour")


# what conflicts are not


async def test_a_text_that_becomes_a_number_is_one_change_there(storage: Slow) -> None:
    deep = Deep()
    Any = deep()
    one = deep.String("1").store("database")
    other = Any().store("database")
    async with synchronize(deep, storage) as database:
        await database.flush()
        copy = await load(storage, space=deep.id)
        heard: list[tuple[object, object]] = []
        changes: list[int] = []
        copy.on("data_set", lambda event: heard.append((event.old, event.new)))
        copy.signals.changed.connect(lambda _, changes: heard_changes(changes))

        def heard_changes(told: tuple[object, ...]) -> None:
            changes.append(len(told))

        with deep.together():
            one.type = deep.Number
            one.data = 2
        await database.flush()
        await load(storage, into=copy)

    assert copy[one.id].data == 2
    assert heard == [("1", 2)]
    assert changes == [2]
    assert other.id in copy
