"""Scenarios in which each point is to fail once: what people do in the stories, short.

The simulation. Each is a function of a world; what is accepted is noted by the sides themselves.
"""

from __future__ import annotations

from deeplinks import Deep, load, synchronize
from tests.simulation.journal import NAME
from tests.simulation.kth import Scenario, Side, World

SCENARIOS: dict[str, Scenario] = {}


def scenario(one: Scenario) -> Scenario:
    """Known by its name."""
    SCENARIOS[one.__name__] = one
    return one


def begin(side: Side) -> None:
    """A text, a type, and an instance of it."""

    def step(deep: Deep) -> None:
        text = deep.String("begin").store(NAME)
        Thing = deep().store(NAME)
        Thing(from_=text, to=text).store(NAME)

    side.do(step)


def texts(deep: Deep) -> list[str]:
    return [one.id for one in deep.String.typed]


@scenario
async def storing_and_flushing(world: World) -> None:
    side = world.first()
    async with synchronize(side.deep, side.storage) as database:
        begin(side)
        await database.flush()


@scenario
async def changing_one_field_often(world: World) -> None:
    side = world.first()
    begin(side)
    async with synchronize(side.deep, side.storage) as database:
        for number in range(5):
            side.do(lambda deep, number=number: setattr(deep[texts(deep)[0]], "data", f"text {number}"))
            if number % 2:
                await database.flush()


@scenario
async def a_group(world: World) -> None:
    side = world.first()
    begin(side)

    def grouped(deep: Deep) -> None:
        with deep.together():
            one, other = deep.String("one").store(NAME), deep.String("other").store(NAME)
            one.to, other.to = other, one

    async with synchronize(side.deep, side.storage) as database:
        await database.flush()
        side.do(grouped)


@scenario
async def destroying(world: World) -> None:
    side = world.first()
    begin(side)
    async with synchronize(side.deep, side.storage) as database:
        await database.flush()
        side.do(lambda deep: deep[texts(deep)[0]].destroy())
        await database.flush()


@scenario
async def marking_a_type(world: World) -> None:
    side = world.first()
    async with synchronize(side.deep, side.storage) as database:
        side.do(lambda deep: deep().store(NAME, "typed_true"))
        await database.flush()
        side.do(lambda deep: [type() for type in list(deep.typed) if type.is_stored(NAME, "typed_true")])
        await database.flush()
        side.do(
            lambda deep: [one.unstore(NAME, "typed_true") for one in list(deep) if one.is_stored(NAME, "typed_true")]
        )


@scenario
async def leaving_and_coming_back(world: World) -> None:
    side = world.first()
    begin(side)
    for number in range(3):
        async with synchronize(side.deep, side.storage):
            side.do(lambda deep, number=number: deep.String(f"during {number}").store(NAME))
        side.do(lambda deep, number=number: deep.String(f"between {number}").store(NAME))


@scenario
async def loading_and_going_on(world: World) -> None:
    side = world.first()
    begin(side)
    async with synchronize(side.deep, side.storage) as database:
        await database.flush()
        other = await world.another()
        side.do(lambda deep: deep.String("later").store(NAME))
        await database.flush()
        await load(other.storage, into=other.deep)


@scenario
async def two_who_follow_each_other(world: World) -> None:
    side = world.first()
    begin(side)
    async with synchronize(side.deep, side.storage) as database:
        await database.flush()
        other = await world.another()
        async with synchronize(other.deep, other.storage) as second:
            side.do(lambda deep: setattr(deep[texts(deep)[0]], "data", "mine"))
            other.do(lambda deep: setattr(deep[texts(deep)[0]], "to", deep[texts(deep)[0]]))
            await database.flush()
            await second.flush()
            other.do(lambda deep: deep.String("theirs").store(NAME))


@scenario
async def two_who_write_the_same(world: World) -> None:
    side = world.first()
    begin(side)
    async with synchronize(side.deep, side.storage) as database:
        await database.flush()
        other = await world.another()
        async with synchronize(other.deep, other.storage) as second:
            for number in range(2):
                side.do(lambda deep, number=number: setattr(deep[texts(deep)[0]], "data", f"mine {number}"))
                other.do(lambda deep, number=number: setattr(deep[texts(deep)[0]], "data", f"theirs {number}"))
                await database.flush()
            await second.flush()


@scenario
async def an_edit_of_what_another_destroys(world: World) -> None:
    side = world.first()
    begin(side)
    async with synchronize(side.deep, side.storage) as database:
        await database.flush()
        other = await world.another()
        async with synchronize(other.deep, other.storage) as second:
            other.do(lambda deep: deep[texts(deep)[0]].destroy())
            side.do(lambda deep: setattr(deep[texts(deep)[0]], "data", "too late"))
            await second.flush()
            await database.flush()
