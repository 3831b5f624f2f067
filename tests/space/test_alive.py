"""Alive, Field and Method: people's functions as types and names; run for what is made here, never for what was loaded."""

from __future__ import annotations

import pytest

from deeplinks import Access, Association, Deep, FunctionSource, Reason, load, synchronize
from deeplinks.errors import FunctionNotTrustedError, InvalidError, UnknownNameError, WrongTypeError
from deeplinks.storage.memory import MemoryStorage
from tests.space.dumping import Ear, dump


class Log:
    """A function of an Alive type that writes down what it hears, and what it sees then."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        self.seen: list[object] = []

    def __call__(self, instance: Association, reason: Reason) -> None:
        self.heard.append(reason[0].upper())
        self.seen.append((instance, instance.type, instance.to, len(instance.in_)))


def test_an_alive_type_tells_its_function_of_each_construction_and_destruction(deep: Deep) -> None:
    log = Log()
    T = deep.Alive(log)
    t, u = T(to=deep), T()
    assert deep[t.id] is t
    assert log.heard == ["C", "C"]
    link = deep(to=t)
    t.destroy()
    t.destroy()

    assert log.heard == ["C", "C", "D"]
    assert log.seen == [(t, T, deep, 0), (u, T, None, 0), (t, T, deep, 1)]
    assert link.to is None


def test_making_the_alive_type_itself_tells_nothing(deep: Deep) -> None:
    log = Log()
    T = deep.Alive(log)
    T.destroy()

    assert log.heard == []
    assert (T.destroyed, len(deep)) == (True, 1)


def test_what_is_no_function_makes_no_alive_type(deep: Deep) -> None:
    for type in (deep.Alive, deep.Field, deep.Method):
        with pytest.raises(WrongTypeError):
            type(5)

    assert len(deep) == 1


def test_an_exception_in_construction_undoes_all_of_it(deep: Deep) -> None:
    def fail(instance: Association, reason: Reason) -> None:
        instance.to = deep()
        raise RuntimeError("not today")

    T = deep.Alive(fail).store("s", "typed_true")
    ear = Ear.on(deep, root=deep)
    before = dump(deep)
    with pytest.raises(RuntimeError, match="not today"):
        T(from_=deep)

    assert dump(deep) == before
    assert ear.log == []


def test_an_exception_in_destruction_undoes_all_of_it(deep: Deep) -> None:
    def fail(instance: Association, reason: Reason) -> None:
        if reason is Reason.destruction:
            raise RuntimeError("not today")

    t = deep.Alive(fail)(to=deep)
    with pytest.raises(RuntimeError, match="not today"):
        t.destroy()

    assert not t.destroyed
    assert t.to is deep


def test_the_function_is_found_up_the_types_the_nearest_first(deep: Deep) -> None:
    far, near = Log(), Log()
    T = deep.Alive(far)
    Sub = T()
    x = Sub()
    assert far.heard == ["C", "C"]
    Sub.data = near
    Sub()
    x.destroy()

    assert (far.heard, near.heard) == (["C", "C"], ["C", "D"])


def test_an_instance_that_gets_another_type_ends_as_that_type_says(deep: Deep) -> None:
    log = Log()
    x = deep()
    x.type = deep.Alive(log)
    assert log.heard == []
    x.destroy()
    assert log.heard == ["D"]


def test_a_cascade_tells_each_instance_before_its_type(deep: Deep) -> None:
    log = Log()
    T = deep.Alive(log)
    Sub = T()
    x = Sub()
    T.destroy(cascade=True)

    assert log.heard == ["C", "C", "D", "D"]
    assert [seen[0] for seen in log.seen[2:]] == [x, Sub]  # type: ignore[index]


def test_a_function_may_destroy_its_own_at_both_times(deep: Deep) -> None:
    heard: list[Reason] = []

    def end(instance: Association, reason: Reason) -> None:
        heard.append(reason)
        instance.destroy()

    t = deep.Alive(end)()

    assert t.destroyed
    assert heard == ["construction", "destruction"]


def test_the_function_is_told_before_anybody_hears(deep: Deep) -> None:
    order: list[str] = []
    T = deep.Alive(lambda instance, reason: order.append(reason))
    deep.on("constructed", lambda event: order.append("heard"))
    deep.on("destroyed", lambda event: order.append("heard"))
    T().destroy()

    assert order == ["construction", "heard", "destruction", "heard"]


def test_what_is_made_in_construction_is_one_thought_with_it(deep: Deep) -> None:
    T = deep.Alive(lambda instance, reason: setattr(instance, "value", deep.String("new")))
    told: list[int] = []
    deep.signals.changed.connect(lambda sender, changes: told.append(len(changes)))
    T()

    assert len(told) == 1


def test_calling_an_alive_type_takes_references(deep: Deep) -> None:
    T = deep.Alive(Log())

    assert T(from_=deep, value=T).value is T
    with pytest.raises(TypeError):
        T(1, 2)


def test_decorators_make_alive_types_fields_and_methods(deep: Deep) -> None:
    heard: list[Reason] = []

    @deep.alive
    def User(user: Association, reason: Reason) -> None:
        heard.append(reason)

    @deep.field
    def initials(user: Association) -> object:
        return str(user.data)[0]

    @deep.method
    def greet(user: Association, word: str, *, mark: str = "!") -> str:
        return f"{word} {user.data}{mark}"

    User["initials"], User["greet"] = initials, greet
    alice = User(value=deep.String("Alice"))

    assert (User.type, initials.type, greet.type) == (deep.Alive, deep.Field, deep.Method)
    assert heard == ["construction"]
    assert alice.initials == "A"
    assert alice.greet("Hello", mark="?") == "Hello Alice?"
    assert alice["greet"]("Bye") == "Bye Alice!"  # type: ignore[operator]


# Field


class Age:
    """A Field's function that keeps what it is told in the owner's state, and writes down how it was used."""

    def __init__(self) -> None:
        self.used: list[tuple[Association, Access]] = []

    def __call__(self, owner: Association, access: Access) -> object:
        self.used.append((owner, access))
        if access.reason is Reason.setter:
            owner.state[access.key] = access.value
        if access.reason is Reason.deleter:
            del owner.state[access.key]
        return owner.state.get(access.key)


def test_a_field_sees_owner_reason_key_and_value(deep: Deep) -> None:
    T, age = deep(), Age()
    T["age"] = deep.Field(age)
    x = T()
    x["age"] = 5
    assert (x.age, x["age"]) == (5, 5)
    del x["age"]
    assert x.age is None

    reasons = ["setter", "getter", "getter", "deleter", "getter"]
    assert [(owner, access.reason, access.key, access.value) for owner, access in age.used] == [
        (x, reason, "age", 5 if reason == "setter" else None) for reason in reasons
    ]
    assert dict(x.children) == {}


def test_a_field_on_the_root_is_set_as_an_attribute(deep: Deep) -> None:
    deep.age = deep.Field(Age())
    deep.age = 5
    assert deep.age == 5
    assert deep.get("age") is deep.children["age"]
    del deep.age
    assert deep.age is None


def test_a_field_that_takes_the_owner_alone_is_read_only(deep: Deep) -> None:
    T = deep()
    T["half"] = deep.Field(lambda owner: 0.5)
    x = T()
    with pytest.raises(InvalidError, match="read only"):
        x["half"] = 1
    with pytest.raises(InvalidError, match="read only"):
        del x["half"]

    assert x.half == 0.5


def test_what_a_fields_function_raises_is_raised(deep: Deep) -> None:
    deep.broken = deep.Field(lambda owner: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        deep.broken  # noqa: B018


def test_a_field_is_placed_anew_and_taken_away_as_a_child(deep: Deep) -> None:
    T = deep()
    T["f"] = deep.Field(lambda owner: 1)
    T["f"] = deep.Field(lambda owner: 2)
    assert T().f == 2
    del T.children["f"]
    with pytest.raises(UnknownNameError):
        T()["f"]


def test_a_field_of_a_subtype_of_field_works_too(deep: Deep) -> None:
    Kind = deep()
    Kind.type = deep.Field
    T = deep()
    T["f"] = Kind(lambda owner: owner)
    x = T()

    assert x.f is x


# Method


def test_a_method_sees_owner_and_arguments(deep: Deep) -> None:
    T = deep()
    T["m"] = deep.Method(lambda *args, **named: (args, named))
    x = T()

    assert x.m(1, word="a") == ((x, 1), {"word": "a"})
    assert T.m() == ((T,), {})
    assert T.children["m"](1) == ((1,), {})


def test_a_method_of_a_plain_function_association_is_the_association(deep: Deep) -> None:
    T = deep()
    T["f"] = f = deep.Function(lambda a: a)

    assert T().f is f


# what was loaded


def plain(owner: Association, access: object = None) -> str:
    return "ran"


async def loaded(deep: Deep) -> Deep:
    """The same space in another place, where its functions are text."""
    storage = MemoryStorage()
    T = deep.Alive(plain).store("database")
    T["f"], T["m"] = deep.Field(plain), deep.Method(plain)
    deep.T, T["x"] = T, T()
    for one in (*T.children.values(), T.children["x"]):
        one.store("database")
    async with synchronize(deep, storage) as database:
        await database.flush()
        return await load(storage, space=deep.id)


async def test_functions_that_were_loaded_are_text_and_never_run(deep: Deep) -> None:
    copy = await loaded(deep)
    T = copy.T
    assert isinstance(T.data, FunctionSource)
    for use in (lambda: T(), lambda: T.m, lambda: T.f, lambda: T["m"], lambda: T.x.f):
        with pytest.raises(FunctionNotTrustedError):
            use()
    with pytest.raises(FunctionNotTrustedError):
        T.x["f"] = 1
    T.x.destroy()

    assert "x" not in T.children


async def test_a_function_that_is_given_here_runs(deep: Deep) -> None:
    copy, heard = await loaded(deep), []

    def hear(instance: Association, reason: Reason) -> None:
        heard.append(reason)

    copy.T.data = hear
    copy.T.children["m"].data = plain
    made = copy.T()
    copy.T.x.destroy()

    assert made.m() == "ran"
    assert heard == ["construction", "destruction"]


async def test_what_comes_from_a_storage_tells_no_function(deep: Deep) -> None:
    storage, here, there, heard = MemoryStorage(), Deep(space=deep.id), deep, []

    def hear(instance: Association, reason: Reason) -> None:
        heard.append(reason)

    T = there().store("database", "typed_true")
    async with synchronize(there, storage) as database:
        await database.flush()
        await load(storage, into=here)
        here[T.id].type = here.Alive
        here[T.id].data = hear
        x = T()
        await database.flush()
        await load(storage, into=here)
        assert x.id in here
        x.destroy()
        await database.flush()
        await load(storage, into=here)

    assert x.id not in here
    assert heard == []


# state


def test_a_state_is_of_its_association_and_of_this_space_alone(deep: Deep) -> None:
    a = deep()
    a.state["x"] = 1
    other = Deep(space=deep.id).ensure(a.id)

    assert deep[a.id].state == {"x": 1}
    assert other.state == {}
    assert deep().state == {}


def test_a_state_is_not_replaced_but_emptied(deep: Deep) -> None:
    a = deep()
    state = a.state
    state["x"] = 1
    with pytest.raises(AttributeError):
        a.state = {}  # pyright: ignore[reportAttributeAccessIssue]
    assert a.state is state
    del a.state
    assert state == a.state == {}


def test_a_state_goes_with_its_association_and_comes_back_with_it(deep: Deep) -> None:
    a = deep()
    a.state["x"] = 1
    with pytest.raises(RuntimeError), deep.together():
        a.destroy()
        raise RuntimeError
    assert a.state == {"x": 1}
    a.destroy()
    assert deep.space.living.states == {}


def test_a_state_of_what_was_undone_is_gone(deep: Deep) -> None:
    with pytest.raises(RuntimeError), deep.together():
        deep().state["x"] = 1
        raise RuntimeError

    assert deep.space.living.states == {}


def test_what_is_set_in_a_state_is_undone_with_all_else(deep: Deep) -> None:
    a, b, c = deep(), deep(), deep()
    a.state["x"] = c.state["x"] = 1
    state = a.state
    with pytest.raises(RuntimeError), deep.together():
        with deep.together():
            a.state["x"] = 2
            a.state["y"] = 2
        b.state["x"] = 2
        del a.state
        a.state["z"] = 3
        c.destroy()
        raise RuntimeError

    assert state == a.state == {"x": 1}
    assert a.state is state
    assert c.state == {"x": 1}
    assert deep.space.living.states.keys() == {a, c}


def test_a_state_that_was_emptied_in_what_was_undone_is_as_before(deep: Deep) -> None:
    a = deep()
    a.state["x"] = 1
    with pytest.raises(RuntimeError), deep.together():
        del a.state
        raise RuntimeError

    assert a.state == {"x": 1}


def test_a_state_in_a_group_within_is_undone_with_that_alone(deep: Deep) -> None:
    a = deep()
    with deep.together():
        a.state["x"] = 1
        with pytest.raises(RuntimeError), deep.together():
            a.state["x"] = 2
            raise RuntimeError

    assert a.state == {"x": 1}


def test_a_state_is_no_change_and_is_not_stored(deep: Deep) -> None:
    a = deep().store("s")
    ledger = deep.space.ledger("s")
    ledger.take(10)
    updated = a.updated_at
    a.state["x"] = 1

    assert (ledger.waits, a.updated_at) == (0, updated)
