"""The core example of the storage document, both parts, line by line: over HTTP, between processes, without sleep."""

import json
from pathlib import Path

import deeplinks
from deeplinks import Deep, synchronize
from tests.asking import ask
from tests.processes import run

RESTORE = Path(__file__).with_name("restore.py")


async def restored(endpoint: str, space: str) -> dict[str, dict[str, object]]:
    """What a new process finds: for each id its data, its type and whether it is in String.typed."""
    ran = await run(str(RESTORE), endpoint, space)
    assert ran.status == 0, ran.errors
    return json.loads(ran.output)


async def test_the_core_example(endpoint: str) -> None:
    # Part 1: a new space, three strings, marked; the storage left by leaving its block.
    deep = Deep()
    async with synchronize(deep, endpoint) as database:
        a, b, c = deep.String("a"), deep.String("b"), deep.String("c")
        for string in (a, b, c):
            string.store("database", deep.storage_markers.one_true)
        assert all(string.is_stored("database") for string in (a, b, c))

        await database.flush()

        one = await ask(endpoint, "query ($id: uuid!) { deep_strings(where: {id: {_eq: $id}}) { id _data } }", id=a.id)
        assert one == {"deep_strings": [{"id": a.id, "_data": "a"}]}
        query = "query ($ids: [uuid!]!) { deep_strings(where: {id: {_in: $ids}}, order_by: {id: asc}) { _data } }"
        every = await ask(endpoint, query, ids=[a.id, b.id, c.id])
        assert [row["_data"] for row in every["deep_strings"]] == ["a", "b", "c"]

    # Part 2: a new process loads the space.
    found = await restored(endpoint, deep.id)

    assert {id: row["data"] for id, row in found.items()} == {a.id: "a", b.id: "b", c.id: "c"}
    assert all(row["type"] == deep.String.id for row in found.values())
    assert all(row["in String.typed"] for row in found.values())


async def test_a_changed_value_is_found_by_the_next_process(endpoint: str) -> None:
    deep = Deep()
    async with synchronize(deep, endpoint) as database:
        User = deep()
        user = User(value=deep.String("Alice")).store(database)
        await database.flush()

        user.value = deep.String("Bob")

    copy = await deeplinks.load(endpoint, space=deep.id)
    assert copy[user.id].data == "Bob"


async def test_changed_data_is_found_by_the_next_process(endpoint: str) -> None:
    deep = Deep()
    async with synchronize(deep, endpoint) as database:
        name = deep.String("Alice").store(database)
        await database.flush()

        name.data = "Bob"

    copy = await deeplinks.load(endpoint, space=deep.id)
    assert copy[name.id].data == "Bob"


async def test_a_changed_type_is_found_by_the_next_process(endpoint: str) -> None:
    deep = Deep()
    async with synchronize(deep, endpoint) as database:
        User, Admin = deep(), deep()
        user = User().store(database)
        await database.flush()

        user.type = Admin

    copy = await deeplinks.load(endpoint, space=deep.id)
    assert copy[user.id].type is copy[Admin.id]
    assert list(copy[User.id].typed) == []


async def test_what_is_destroyed_is_gone_for_the_next_process(endpoint: str) -> None:
    deep = Deep()
    async with synchronize(deep, endpoint) as database:
        user = deep(value=deep.String("Alice")).store(database)
        name = user.value
        assert name is not None
        await database.flush()

        name.destroy()

    copy = await deeplinks.load(endpoint, space=deep.id)
    assert copy.get(name.id) is None
    assert copy[user.id].value_id is None


async def test_a_link_on_a_link_comes_back_as_it_was(endpoint: str) -> None:
    deep = Deep()
    User, Follows, Says = deep(), deep(), deep()
    alice, bob = User(value=deep.String("Alice")), User(value=deep.String("Bob"))
    follows = Follows(from_=alice, to=bob)
    doubt = Says(from_=bob, to=follows, value=deep.String("really?")).store("database")
    async with synchronize(deep, endpoint):
        pass

    copy = await deeplinks.load(endpoint, space=deep.id)
    again = copy[doubt.id]
    assert again.data == "really?"
    assert again.to is copy[follows.id]
    assert again.to.to.data == "Bob"
    assert list(copy[alice.id].out) == [copy[follows.id]]
