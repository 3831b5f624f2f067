"""Names: given by attribute, by item and by link; found along the types; as true as the links that say them."""

from __future__ import annotations

import subprocess
import sys

import pytest

from deeplinks import Association, Deep, load, synchronize
from deeplinks.errors import (
    BuiltInError,
    DestroyedError,
    InvalidError,
    NoKeyError,
    OtherSpaceError,
    UnknownIdError,
    UnknownNameError,
    WrongTypeError,
)
from deeplinks.ids import new_id
from deeplinks.storage.memory import MemoryStorage
from deeplinks.tables import BUILT_IN_NAMES
from tests.space.dumping import Ear, dump, unordered


def contains(deep: Deep) -> list[Association]:
    """The links that name."""
    return list(deep.Contain.typed)


def test_what_is_set_on_the_root_is_found_there(deep: Deep) -> None:
    User = deep()
    deep.User = User

    assert deep.User is User
    assert deep["User"] is User
    assert User.name == "User"
    assert "User" in dir(deep)
    assert "User" in deep


def test_any_association_contains_by_item(deep: Deep) -> None:
    a, b = deep(), deep()
    a["b"] = b

    assert a["b"] is b
    assert a.b is b
    assert a.children == {"b": b}
    assert "b" in dir(a)


def test_a_name_is_a_link_of_the_type_contain(deep: Deep) -> None:
    a, b = deep(), deep()
    a["b"] = b
    (link,) = contains(deep)

    assert (link.from_, link.to, link.data) == (a, b, "b")
    assert list(a.out) == [link]


def test_a_link_that_somebody_made_names_as_well(deep: Deep) -> None:
    a, b = deep(), deep()
    link = deep.Contain()
    link.from_ = a
    link.to = b
    assert b.name is None
    link.value = deep.String("n")

    assert b.name == "n"
    assert a.n is b


def test_destroying_that_link_takes_the_name_away(deep: Deep) -> None:
    a, b = deep(), deep()
    a["n"] = b
    contains(deep)[0].destroy()

    assert b.name is None
    assert dict(a.children) == {}
    assert not b.destroyed


def test_a_name_follows_its_link_in_every_step(deep: Deep) -> None:
    a, b, c = deep(), deep(), deep()
    a["n"] = b
    (link,) = contains(deep)
    link.to = c
    assert (b.name, c.name, a.n) == (None, "n", c)
    link.from_ = b
    assert dict(a.children) == {}
    assert b.n is c
    link.value = deep.String("m")
    assert (c.name, b["m"]) == ("m", c)
    link.data = "k"
    assert (c.name, b.k) == ("k", c)
    link.type = deep
    assert c.name is None
    link.type = deep.Contain
    assert c.name == "k"


def test_built_ins_are_named(deep: Deep) -> None:
    assert (deep.String.name, deep.Contain.name, deep.Set.name) == ("String", "Contain", "Set")
    assert deep["String"] is deep.String
    assert deep.name is None


def test_every_built_in_has_its_name_and_so_have_events_and_marks(deep: Deep) -> None:
    assert {name: one.name for name, one in deep.space.built_in_names.items()} == {
        name: name for name in BUILT_IN_NAMES
    }
    assert {kind.name for kind in deep.events} == set(deep.events)
    assert {mark.name for mark in deep.storage_markers} == {"one_true", "one_false", "typed_true", "typed_false"}


def test_a_name_is_looked_for_in_itself_its_types_the_root_and_the_built_ins(deep: Deep) -> None:
    A = deep()
    B = A()
    c = B()
    assert c.String is deep.String
    for container in (deep, A, B, c):
        container["x"] = found = deep()
        assert c.x is found
        assert c["x"] is found


def test_an_own_name_wins_over_a_built_in_but_the_root_keeps_its_own(deep: Deep) -> None:
    a, own = deep(), deep()
    a["String"] = own

    assert a.String is own
    with pytest.raises(InvalidError, match="String"):
        deep.String = own


def test_another_type_counts_at_once(deep: Deep) -> None:
    T, U = deep(), deep()
    T["k"], U["k"] = t, u = deep(), deep()
    x = T()
    assert x.k is t
    x.type = U
    assert x.k is u
    del x.type
    with pytest.raises(AttributeError):
        x.k  # noqa: B018


def test_a_name_that_nobody_has_is_an_attribute_error_and_a_key_error(deep: Deep) -> None:
    a = deep()
    with pytest.raises(AttributeError, match="nothing"):
        a.nothing  # noqa: B018
    with pytest.raises(UnknownNameError, match="nothing") as raised:
        a["nothing"]

    assert isinstance(raised.value, KeyError)
    assert not hasattr(a, "nothing")
    assert len(deep) == 2


def test_attributes_that_are_names_of_nothing_are_not_set(deep: Deep) -> None:
    a = deep()
    with pytest.raises(AttributeError):
        a.nothing = deep()  # pyright: ignore[reportAttributeAccessIssue]

    assert len(deep) == 3


def test_what_is_no_association_is_wrapped(deep: Deep) -> None:
    a = deep()
    a["title"] = "On links"
    deep.answer = 42

    assert a.title.data == "On links"
    assert deep["answer"].data == 42
    with pytest.raises(WrongTypeError):
        a["nothing"] = object()
    assert list(a.children) == ["title"]


def test_an_own_attribute_of_the_root_is_no_name(deep: Deep) -> None:
    with pytest.raises(AttributeError):
        deep.ids = deep()  # pyright: ignore[reportAttributeAccessIssue]
    with pytest.raises(BuiltInError):
        deep.type = deep()
    deep["type"] = named = deep()

    assert deep.type is None
    assert deep["type"] is named


def test_deleting_a_name_leaves_its_child_and_no_link_and_no_text(deep: Deep) -> None:
    a, b = deep(), deep()
    before = len(deep)
    a["b"] = b
    del a["b"]
    deep.b = b
    del deep.b

    assert len(deep) == before
    assert b.name is None
    assert not hasattr(a, "b")
    with pytest.raises(AttributeError):
        del deep.b
    with pytest.raises(UnknownNameError):
        del a["b"]


def test_an_inherited_name_is_not_deleted(deep: Deep) -> None:
    T = deep()
    T["k"] = deep()
    with pytest.raises(UnknownNameError):
        del T()["k"]

    assert list(T.children) == ["k"]


def test_a_name_has_one_link_however_often_it_is_given(deep: Deep) -> None:
    a, b, c = deep(), deep(), deep()
    a["n"] = b
    before = len(deep)
    a["n"] = c
    a["n"] = c

    assert a.n is c
    assert b.name is None
    assert (len(contains(deep)), len(deep)) == (1, before)


def test_the_same_name_again_tells_nothing(deep: Deep) -> None:
    a, b = deep(), deep()
    a["n"] = b
    ear = Ear.on(deep, root=deep)
    a["n"] = b

    assert ear.log == []


def test_two_links_of_one_name_are_one_child_the_newer(deep: Deep) -> None:
    a, b, c = deep(), deep(), deep()
    a["n"] = b
    late = deep.Contain(from_=a, to=c, value=deep.String("n"))
    assert (a.n, len(a.children)) == (c, 1)
    late.destroy()
    assert a.n is b


def test_of_several_names_the_last_is_the_name(deep: Deep) -> None:
    a, b, c = deep(), deep(), deep()
    a["one"] = c
    b["two"] = c
    assert c.name == "two"
    del b["two"]
    assert c.name == "one"


def test_a_name_can_be_changed_and_taken_away(deep: Deep) -> None:
    a, b = deep(), deep()
    a["n"] = b
    before = len(deep)
    b.name = "m"
    assert dict(a.children) == {"m": b}
    b.name = ""
    assert (b.name, a[""]) == ("", b)
    assert len(deep) == before
    del b.name
    assert b.name is None
    assert dict(a.children) == {}
    del b.name


def test_what_is_contained_nowhere_may_have_a_name(deep: Deep) -> None:
    a = deep()
    a.name = "alone"
    assert (a.name, a.path) == ("alone", None)
    assert dict(deep.children) == {}
    a.name = "other"
    assert a.name == "other"
    a.name = None
    assert len(deep) == 2


def test_renaming_leaves_a_text_that_others_have(deep: Deep) -> None:
    a, b, c = deep(), deep(), deep()
    text = deep.String("n")
    for child in (b, c):
        deep.Contain(from_=a if child is b else deep, to=child, value=text)
    b.name = "m"

    assert (b.name, c.name, text.data) == ("m", "n", "n")


def test_a_name_that_another_has_is_not_taken_by_renaming(deep: Deep) -> None:
    a, b, c = deep(), deep(), deep()
    a["b"], a["c"] = b, c
    with pytest.raises(InvalidError, match="'c'"):
        b.name = "c"

    assert (b.name, c.name) == ("b", "c")


def test_the_root_and_built_ins_are_not_renamed(deep: Deep) -> None:
    for one in (deep, deep.String):
        with pytest.raises(BuiltInError):
            one.name = "other"
        with pytest.raises(BuiltInError):
            del one.name


def test_a_path_leads_from_container_to_child(deep: Deep) -> None:
    deep["Users"] = users = deep()
    users["alice"] = alice = deep()
    alice["class"] = deep()

    assert deep["Users/alice/class"] is deep["/Users/alice/class"] is alice["class"]
    assert users["alice/class"] is alice["class"]
    assert alice["/Users"] is users
    assert deep.get("Users/alice") is alice
    assert deep.get("Users/bob") is None
    assert deep.get("Users/bob", 5) == 5
    assert "Users/alice" in deep
    assert "Users/bob" not in deep
    with pytest.raises(UnknownNameError, match="Users/bob"):
        deep["Users/bob"]
    assert deep["/"] is deep


def test_a_path_can_be_named(deep: Deep) -> None:
    deep["Users"] = users = deep()
    deep["Users/alice"] = alice = deep()

    assert users.children == {"alice": alice}
    with pytest.raises(UnknownNameError, match="Nobody"):
        deep["Nobody/alice"] = alice
    with pytest.raises(InvalidError, match="slash"):
        deep["Users/"] = alice


def test_the_path_of_an_association_finds_it(deep: Deep) -> None:
    deep.Users = users = deep()
    users["alice"] = alice = deep()
    alice["best"] = deep.String("friend")

    assert (deep.path, users.path, alice.best.path) == ("/", "/Users", "/Users/alice/best")
    assert deep[alice.best.path or ""] is alice.best
    assert deep().path is None
    assert deep.String.path == "/String"


def test_the_path_is_the_shortest_and_a_circle_ends(deep: Deep) -> None:
    a, b = deep(), deep()
    a["b"], b["a"] = b, a
    assert a.path is None
    deep.long = b
    assert a.path == "/long/a"
    deep.a = a
    assert a.path == "/a"


def test_an_id_is_never_a_path(deep: Deep) -> None:
    a = deep()
    with pytest.raises(InvalidError, match="id"):
        deep[new_id()] = a
    with pytest.raises(UnknownIdError):
        deep[new_id()]
    with pytest.raises(InvalidError):
        deep.name_of_another = a
        a.name = new_id()

    assert deep[a.id] is a


def test_what_is_no_text_is_no_name(deep: Deep) -> None:
    a = deep()
    for use in (lambda: a[5], lambda: a.__setitem__(5, a), lambda: a.children.__setitem__(5, a)):  # type: ignore[index]
        with pytest.raises(TypeError):
            use()
    with pytest.raises(TypeError):
        a.name = 5  # pyright: ignore[reportAttributeAccessIssue]


def test_the_names_are_completed(deep: Deep) -> None:
    T, x = deep(), deep()
    T["hello"], T["not a word"] = x, x
    deep.T = T

    assert T._ipython_key_completions_() == ["hello", "not a word"]
    assert "T" in deep._ipython_key_completions_()
    assert "hello" in dir(T())
    assert "not a word" not in dir(T())
    assert {"T", "String", "together"} <= set(dir(deep))


def test_children_are_a_mapping(deep: Deep) -> None:
    a, b, c = deep(), deep(), deep()
    children = a.children
    children["b"] = b
    children["c"] = c

    assert (list(children), len(children), children.get("x")) == (["b", "c"], 2, None)
    assert children.pop("b") is b
    assert "b" not in children
    with pytest.raises(UnknownNameError):
        children["b"]
    with pytest.raises(UnknownNameError):
        del children["b"]
    assert repr(children) == repr({"c": c})


def test_the_container_or_the_child_may_end_and_nothing_is_left(deep: Deep) -> None:
    for end in (0, 1):
        before = len(deep)
        two = deep(), deep()
        two[0]["n"] = two[1]
        two[end].destroy()
        two[1 - end].destroy()

        assert len(deep) == before
        assert contains(deep) == []
    names = deep.space.names
    assert (names._said, names._in, names._of) == ({}, {}, {})


def test_a_text_that_others_have_outlives_the_name(deep: Deep) -> None:
    a, b = deep(), deep()
    a["n"] = b
    text = contains(deep)[0].value
    other = deep(value=text)
    b.destroy()

    assert other.data == "n"


def test_names_of_what_is_not_here_or_destroyed_are_refused(deep: Deep) -> None:
    a, gone = deep(), deep()
    gone.destroy()
    with pytest.raises(DestroyedError):
        a["n"] = gone
    with pytest.raises(DestroyedError):
        gone["n"] = a
    with pytest.raises(DestroyedError):
        gone.name  # noqa: B018
    with pytest.raises(OtherSpaceError):
        a["n"] = Deep()()

    assert len(deep) == 2


def test_an_undone_name_was_never_given(deep: Deep) -> None:
    a, b, c = deep(), deep(), deep()
    a["n"] = b
    before = unordered(dump(deep))
    with pytest.raises(RuntimeError), deep.together():
        a["n"] = c
        b.name = "free"
        a["m"] = b
        c.destroy()
        raise RuntimeError

    assert unordered(dump(deep)) == before
    assert (dict(a.children), b.name) == ({"n": b}, "n")


def test_ten_thousand_names_in_one_container_are_given_and_found(deep: Deep) -> None:
    for number in range(10_000):
        deep[f"n{number}"] = deep

    assert deep.n9999 is deep
    assert deep["n5000"] is deep
    assert len(deep.children) == 10_000


def test_hasattr_and_getattr_see_names(deep: Deep) -> None:
    a = deep()
    a["b"] = deep()

    assert hasattr(a, "b")
    assert getattr(a, "c", None) is None
    assert not hasattr(a, "__array__")


# stored


async def test_a_named_space_is_loaded_with_its_names() -> None:
    deep, storage = Deep(), MemoryStorage()
    deep.User = User = deep()
    User["alice"] = alice = User(value=deep.String("Alice"))
    alice["nowhere"] = deep()
    async with synchronize(deep, storage) as database:
        User.store("database")
        alice.store("database")
        await database.flush()
        alice.name = "alice2"
        deep.Other = deep().store("database")
        del deep.Other
        await database.flush()
        copy = await load(storage, space=deep.id)

    assert copy.User.id == User.id
    assert copy["User/alice2"].data == "Alice"
    assert list(copy.children) == ["User"]
    assert dict(copy["User/alice2"].children) == {}


def test_a_name_is_stored_once_both_its_ends_are(deep: Deep) -> None:
    a, b = deep(), deep()
    a["b"] = b
    (link,) = contains(deep)
    a.store("s")
    assert not link.is_stored("s")
    b.store("s")
    assert link.is_stored("s")
    assert link.value is not None
    assert link.value.is_stored("s")


def test_a_name_between_stored_ones_is_stored_when_it_is_given(deep: Deep) -> None:
    T = deep().store("s", "typed_true")
    a, b = T(), T()
    a["b"] = b
    deep["a"] = a

    assert [link.is_stored("s") for link in contains(deep)] == [True, True]


def test_a_link_that_gets_its_ends_later_is_stored_then(deep: Deep) -> None:
    a, b = deep().store("s"), deep().store("s")
    link = deep.Contain(value=deep.String("n"))
    link.from_ = a
    assert not link.is_stored("s")
    link.to = b
    assert link.is_stored("s")


def test_a_name_comes_along_with_ends_that_come_along(deep: Deep) -> None:
    a, b = deep(), deep()
    a["b"] = b
    deep(from_=a, to=b).store("s")

    assert contains(deep)[0].is_stored("s")


def test_a_name_of_a_built_in_is_stored_for_nobodys_sake(deep: Deep) -> None:
    deep.space.ledger("s")
    deep.Text = deep.String
    deep().store("s")

    assert not contains(deep)[0].is_stored("s")


def test_what_is_excluded_takes_no_name_along(deep: Deep) -> None:
    a, b = deep(), deep()
    a["b"] = b
    (link,) = contains(deep)
    link.store("s", "one_false")
    a.store("s")
    b.store("s")

    assert not link.is_stored("s")


def test_a_name_in_nothing_is_stored_with_who_has_it(deep: Deep) -> None:
    a = deep().store("s")
    a.name = "alone"

    assert contains(deep)[0].is_stored("s")


async def test_a_name_that_another_gives_and_takes_is_followed() -> None:
    deep, storage = Deep(), MemoryStorage()
    async with synchronize(deep, storage) as database:
        a, b = deep().store("database"), deep().store("database")
        a["b"] = b
        await database.flush()
        there = await load(storage, space=deep.id)
        assert there[a.id].b.id == b.id
        b.name = "c"
        await database.flush()
        await load(storage, into=there)
        assert list(there[a.id].children) == ["c"]
        del a["c"]
        await database.flush()
        await load(storage, into=there)

    assert there[b.id].name is None
    assert not hasattr(there[a.id], "c")


def test_a_process_without_names_reads_attributes_as_quickly_as_ever() -> None:
    program = (
        "from deeplinks import Association, Deep; deep = Deep(); a = deep(to=deep); a.out, a.String, hasattr(a, 'x')"
    )
    asked = "'__getattr__' in vars(Association)"
    told = subprocess.run(
        [sys.executable, "-c", f"{program}; print({asked}); deep.a = a; print({asked}, deep.a is a)"],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )

    assert told.stdout.split() == ["False", "True", "True"]


def test_what_is_destroyed_has_no_names(deep: Deep) -> None:
    a = deep()
    a["b"] = deep()
    a.destroy()

    assert not hasattr(a, "b")
    assert "b" not in dir(a)


def test_a_name_that_is_no_key_is_a_name_where_the_value_is_an_object() -> None:
    deep = Deep()
    deep.User = User = deep()
    User["twice"] = deep.field(lambda owner: 2 * owner.data["age"])
    alice = User(value=deep.Object({"age": 5}))
    alice["name"] = "Alice"

    assert (alice["age"], alice["name"], alice["twice"]) == (5, "Alice", 10)
    assert alice.data == {"age": 5, "name": "Alice"}


def test_a_key_comes_before_a_name() -> None:
    deep = Deep()
    User = deep()
    User["age"] = deep()
    alice = User(value=deep.Object({"age": 5}))

    assert alice["age"] == 5
    assert alice.age is User["age"]


def test_names_of_the_root_and_of_built_ins_are_in_no_keys_way(deep: Deep) -> None:
    settings = deep.Object({"a": 1})
    deep.theme = deep()
    for key in ("theme", "Date", "Object"):
        with pytest.raises(NoKeyError):
            settings[key]
        settings[key] = 5

    assert settings.data == {"a": 1, "theme": 5, "Date": 5, "Object": 5}
    assert dict(settings.children) == {}
    del settings["Date"]
    assert "Date" not in settings


def test_what_is_set_in_an_object_is_a_key_but_for_the_name_of_a_field(deep: Deep) -> None:
    User = deep()
    User["best"], own = deep(), deep()
    User["age"] = deep.field(lambda owner, access: owner.state.setdefault(access.key, access.value))
    alice = User(value=deep.Object({}))
    alice.children["own"] = own
    alice["age"] = 5
    assert (alice["own"], alice["best"], alice["age"]) == (own, User["best"], 5)
    alice["best"] = 1
    alice["own"] = 2

    assert alice.data == {"best": 1, "own": 2}
    del alice["own"]
    assert alice["own"] is own
    del alice["own"]
    with pytest.raises(NoKeyError):
        alice["own"]


def test_an_own_name_wins_over_that_of_the_type_and_another_type_brings_its_own(deep: Deep) -> None:
    User, Robot = deep(), deep()
    User["color"], Robot["color"] = "red", "grey"
    alice, bob = User(), User()
    alice["color"] = "blue"
    assert [one.color.data for one in (alice, bob)] == ["blue", "red"]

    bob.type = Robot
    assert bob.color.data == "grey"
    del bob.type
    assert not hasattr(bob, "color")
