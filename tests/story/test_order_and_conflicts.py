"""What two who share a space can build on: the order in which they hear, and who wins. Over real HTTP."""

from deeplinks import Deep, load, synchronize
from deeplinks.sync import Conflict, Lost
from tests.sync.test_two_replicas import content
from tests.waiting import until


async def test_who_follows_hears_changes_in_the_order_in_which_they_were_made(endpoint: str) -> None:
    deep = Deep()
    one, other = deep.Number(0).store("database"), deep.Number(0).store("database")
    async with synchronize(deep, endpoint) as database:
        await database.flush()
        copy = await load(endpoint, space=deep.id)
        heard: list[object] = []
        copy.on("data_set", lambda event: heard.append(event.new))
        async with synchronize(copy, endpoint):
            for number in range(1, 41):
                (one if number % 2 else other).data = number
                await database.flush()
            await until(lambda: copy[other.id].data == 40)

    assert heard == list(range(1, 41))


async def test_of_two_who_change_one_field_the_later_commit_wins_everywhere(endpoint: str) -> None:
    deep = Deep()
    text = deep.String("first").store("database")
    async with synchronize(deep, endpoint):
        pass
    copy = await load(endpoint, space=deep.id)
    told: list[Conflict] = []
    copy.signals.conflict.connect(lambda _, conflict: told.append(conflict))
    copy[text.id].data = "committed later"
    async with synchronize(deep, endpoint):
        text.data = "committed first"
    async with synchronize(copy, endpoint):
        pass
    await load(endpoint, into=deep)

    assert {text.data, copy[text.id].data, (await load(endpoint, space=deep.id))[text.id].data} == {"committed later"}
    values = [(conflict.mine, conflict.theirs, conflict.lost) for conflict in told]
    assert values == [("committed later", "committed first", Lost.theirs)]


async def test_a_delete_beats_a_change_and_is_final_everywhere(endpoint: str) -> None:
    deep = Deep()
    text = deep.String("first").store("database")
    async with synchronize(deep, endpoint):
        pass
    copy = await load(endpoint, space=deep.id)
    told: list[Conflict] = []
    copy.signals.conflict.connect(lambda _, conflict: told.append(conflict))
    copy[text.id].data = "too late"
    async with synchronize(deep, endpoint):
        text.destroy()
    async with synchronize(copy, endpoint):
        pass

    assert content(deep) == content(copy) == content(await load(endpoint, space=deep.id)) == {}
    assert [(conflict.field, conflict.mine, conflict.lost) for conflict in told] == [("data", "too late", Lost.mine)]
