"""Data of every kind, names and people's functions, stored: the same elsewhere, and seen there live. Over real HTTP."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest

from deeplinks import Association, Deep, FunctionSource, Reason, load, synchronize
from deeplinks.errors import FunctionNotTrustedError
from deeplinks.space.values import same
from deeplinks.sync.conflicts import Conflict
from tests.asking import ask
from tests.waiting import until

DOCUMENT: dict[str, Any] = {
    "": "",
    "big": 2**70,
    "price": Decimal("9.90"),
    "ratio": 0.1,
    "whole": 1.0,
    "deep": [{"a": [None, True, False, 0]}, []],
    "$date": "no date",
}
VALUES: list[tuple[str, Any]] = [
    ("Boolean", True),
    ("Boolean", False),
    ("Object", {}),
    ("Object", DOCUMENT),
    ("Object", {"$map": [[1, 2]]}),
    ("Map", {}),
    ("Map", [(1, "int"), ("1", "text"), (1.0, "float"), (True, "bool"), (None, "none"), (Decimal("1.0"), DOCUMENT)]),
    ("Date", date(1, 1, 1)),
    ("Date", datetime(9999, 12, 31, 23, 59, 59, 999_999, UTC)),
    ("Date", datetime(2024, 3, 31, 2, 30, tzinfo=timezone(timedelta(hours=-9, minutes=-30)))),
]


async def stored(deep: Deep, endpoint: str, *associations: Association) -> None:
    """Written, by a synchronizer that is gone again."""
    async with synchronize(deep, endpoint):
        for one in associations:
            one.store("database")


def data(array: Association) -> list[object]:
    return [member.data for member in array]


async def test_data_of_every_kind_is_the_same_elsewhere(endpoint: str) -> None:
    deep = Deep()
    made = [getattr(deep, kind)(value) for kind, value in VALUES]
    await stored(deep, endpoint, *made)
    copy = await load(endpoint, space=deep.id)

    assert all(same(copy[one.id].data, one.data) for one in made)
    assert [copy[one.id].type for one in made] == [getattr(copy, kind) for kind, _ in VALUES]


async def test_an_array_is_the_same_elsewhere_with_its_order_and_its_repeats(endpoint: str) -> None:
    deep = Deep()
    alice = deep()
    array = deep.Array(["b", alice, "a", alice, ["inner", {"a": 1}], {"set"}, True])
    array.insert(1, Decimal("0.50"))
    await stored(deep, endpoint, array)
    copy = await load(endpoint, space=deep.id)
    loaded = copy[array.id]

    assert [one.id for one in loaded] == [one.id for one in array]
    assert data(loaded[5]) == ["inner", {"a": 1}]
    assert loaded.count(copy[alice.id]) == 2
    loaded.append("c")
    assert data(loaded)[-1] == "c"


async def test_data_that_is_changed_and_cleared_is_so_in_the_tables(endpoint: str) -> None:
    deep = Deep()
    async with synchronize(deep, endpoint) as database:
        one, other, day = (deep.Object({"a": 1}), deep.Map({1: 2}), deep.Date(date(2024, 1, 1)))
        for each in (one, other, day):
            each.store(database)
        await database.flush()
        one["b"] = Decimal("1.50")
        del one["a"]
        del other.data
        day.destroy()
        await database.flush()
        rows = await ask(endpoint, "query ($d: uuid!) { deep_objects(where: {_deep: {_eq: $d}}) { _data } }", d=deep.id)

    copy = await load(endpoint, space=deep.id)
    assert rows == {"deep_objects": [{"_data": {"b": {"$decimal": "1.50"}}}]}
    assert (copy[one.id].data, copy[other.id].data, day.id in copy) == ({"b": Decimal("1.50")}, None, False)


async def test_a_type_that_changes_takes_its_data_to_its_table(endpoint: str) -> None:
    deep = Deep()
    async with synchronize(deep, endpoint) as database:
        one = deep.String("a").store(database)
        await database.flush()
        one.type = deep.Object
        one.data = {"a": 1}
        await database.flush()

    assert (await load(endpoint, space=deep.id))[one.id].data == {"a": 1}


# live


async def test_a_key_that_changes_is_seen_elsewhere_with_its_events(endpoint: str) -> None:
    deep = Deep()
    async with synchronize(deep, endpoint) as database:
        settings = deep.Object({"theme": "dark", "size": 1}).store(database)
        alice = deep(value=settings).store(database)
        await database.flush()
        copy = await load(endpoint, space=deep.id)
        there, heard = copy[settings.id], list[tuple[object, ...]]()
        there.on("data_set", lambda event: heard.append(("set", event.old, event.new, event.origin)))
        copy[alice.id].on("data_changed", lambda event: heard.append(("above", event.old, event.new, event.origin)))
        async with synchronize(copy, endpoint):
            alice["theme"] = "light"
            await until(lambda: there["theme"] == "light")

    old, new = {"theme": "dark", "size": 1}, {"theme": "light", "size": 1}
    assert heard == [("set", old, new, "database"), ("above", old, new, "database")]


async def test_what_is_pushed_set_and_taken_out_is_seen_elsewhere_with_its_events(endpoint: str) -> None:
    deep = Deep()
    async with synchronize(deep, endpoint) as database:
        steps = deep.Array(["a", "b"]).store(database)
        await database.flush()
        copy = await load(endpoint, space=deep.id)
        there, heard = copy[steps.id], list[tuple[str, object, object]]()
        for kind in ("data_push", "data_add", "data_delete", "item_set", "data_changed"):
            there.on(kind, lambda event: heard.append((event.kind, event.item and event.item.data, event.origin)))
        async with synchronize(copy, endpoint):
            steps.append("c")
            await until(lambda: data(there) == ["a", "b", "c"])
            steps[0] = "z"
            await until(lambda: data(there) == ["z", "b", "c"])
            steps.pop(1)
            await until(lambda: data(there) == ["z", "c"])

    changed = ("data_changed", None, "database")
    assert heard == [
        *[("data_add", "c", "database"), changed],
        *[("item_set", "z", "database"), changed],
        *[("data_delete", "b", "database"), changed],
    ]


async def test_two_who_insert_at_one_place_at_once_end_equal(endpoint: str) -> None:
    deep = Deep()
    steps = deep.Array(["first", "last"])
    await stored(deep, endpoint, steps)
    copy = await load(endpoint, space=deep.id)
    there = copy[steps.id]
    for number in range(5):
        steps.insert(1, f"mine {number}")
        there.insert(1, f"theirs {number}")
    async with synchronize(deep, endpoint), synchronize(copy, endpoint):
        await until(lambda: len(steps) == len(there) == 12)

    assert data(steps) == data(there)
    assert (data(steps)[0], data(steps)[-1]) == ("first", "last")
    for mine in ("mine", "theirs"):
        assert [one for one in data(steps) if str(one).startswith(mine)] == [f"{mine} {n}" for n in (4, 3, 2, 1, 0)]
    again = await load(endpoint, space=deep.id)
    assert data(again[steps.id]) == data(steps)


async def test_after_two_inserted_at_one_place_both_go_on_there(endpoint: str) -> None:
    deep = Deep()
    steps = deep.Array(["first", "last"])
    await stored(deep, endpoint, steps)
    copy = await load(endpoint, space=deep.id)
    there = copy[steps.id]
    steps.insert(1, "mine")
    there.insert(1, "theirs")
    async with synchronize(deep, endpoint), synchronize(copy, endpoint):
        await until(lambda: len(steps) == len(there) == 4)
        steps.insert(2, "between")
        await until(lambda: data(there) == data(steps))
        there.pop(2)
        await until(lambda: len(steps) == 4)

    assert data(steps) == data(there)
    assert {*data(steps)} == {"first", "mine", "theirs", "last"}


async def test_of_two_who_set_two_keys_at_once_the_later_wins_the_object_whole(endpoint: str) -> None:
    deep = Deep()
    settings = deep.Object({"theme": "dark"})
    await stored(deep, endpoint, settings)
    copy, told = await load(endpoint, space=deep.id), list[Conflict]()
    there = copy[settings.id]
    copy.signals.conflict.connect(lambda _, conflict: told.append(conflict))
    settings["mine"] = 1
    there["theirs"] = 2
    for space in (deep, copy):
        async with synchronize(space, endpoint):
            pass
    await load(endpoint, into=deep)

    assert settings.data == there.data == {"theme": "dark", "theirs": 2}
    assert [(one.field, one.mine, one.theirs) for one in told] == [
        ("data", {"theme": "dark", "theirs": 2}, {"theme": "dark", "mine": 1})
    ]


# names and functions


def age(user: Association) -> object:
    """The Field of the tests; by its text it is stored."""
    return user.data


async def test_names_and_fields_come_back_with_their_space(endpoint: str) -> None:
    deep = Deep()
    deep.Users = User = deep()
    User["alice"] = alice = User(value=deep.String("Alice"))
    User["age"] = field = deep.field(age)
    await stored(deep, endpoint, User, alice, field)
    copy = await load(endpoint, space=deep.id)

    assert copy["Users/alice"] is copy.Users.alice is copy[alice.id]
    assert copy["Users/alice"].path == "/Users/alice"
    assert (alice.age, copy.Users.children["age"].id) == ("Alice", field.id)
    with pytest.raises(FunctionNotTrustedError):
        copy["Users/alice"].age  # noqa: B018


async def test_a_name_that_is_given_changed_and_taken_is_seen_elsewhere(endpoint: str) -> None:
    deep = Deep()
    async with synchronize(deep, endpoint) as database:
        users, alice = deep().store(database), deep().store(database)
        await database.flush()
        copy = await load(endpoint, space=deep.id)
        async with synchronize(copy, endpoint):
            deep.Users = users
            users["alice"] = alice
            await until(lambda: copy.get("Users/alice") is copy[alice.id])
            copy[alice.id].name = "alicia"
            await until(lambda: users.children == {"alicia": alice})
            del users["alicia"]
            await until(lambda: copy[alice.id].name is None)

    assert copy["Users"] is copy[users.id]


async def test_functions_of_alive_types_from_a_storage_never_run(endpoint: str) -> None:
    deep, heard = Deep(), list[str]()

    def hear(one: Association, reason: Reason) -> None:
        heard.append(reason)

    T = deep.alive(hear).store("database", "typed_true")
    one, other = T(), T()
    await stored(deep, endpoint, T)
    assert heard == ["construction", "construction"]
    copy = await load(endpoint, space=deep.id)
    loaded = copy[T.id]

    assert isinstance(loaded.data, FunctionSource)
    with pytest.raises(FunctionNotTrustedError):
        loaded()
    async with synchronize(copy, endpoint), synchronize(deep, endpoint):
        copy[one.id].destroy()
        await until(lambda: one.destroyed)
        made = T()
        await until(lambda: made.id in copy)
        other.destroy()
        await until(lambda: other.id not in copy)

    assert heard == ["construction"] * 3 + ["destruction"]
