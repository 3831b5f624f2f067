"""Counterexamples that were found in associations in memory; each stays."""

import gc
import weakref

import pytest

from deeplinks import Association, Change, Deep, Reason
from deeplinks.errors import BuiltInError, NoCollectionError, NoDataError, WrongTypeError
from deeplinks.ids import new_id
from tests.space.test_growth import LONG, chain, steps


def test_a_long_chain_of_types_comes_along_where_some_type_is_marked() -> None:
    deep = Deep()
    deep().store("s", "typed_true")
    base = deep()
    leaf = chain(deep, "type", base)
    leaf.store("s")

    assert base.is_stored("s")
    assert deep.space.ledger("s").waits == LONG + 3


def test_a_long_chain_of_types_begins_and_ends_being_stored_by_one_type() -> None:
    deep = Deep()
    T = deep().store("s", "typed_true")
    base = deep()
    leaf = chain(deep, "type", base)
    base.type = T
    assert leaf.is_stored("s")
    base.type = deep
    assert not leaf.is_stored("s")


def test_a_long_chain_of_types_ends_being_stored_by_a_type_that_keeps_it_out() -> None:
    deep = Deep()
    T, out = deep().store("s", "typed_true"), deep().store("s", "typed_false")
    base = deep()
    leaf = chain(deep, "type", base)
    base.type = T
    base.type = out

    assert not leaf.is_stored("s")
    assert deep.space.ledger("s").waits == 3


def test_a_long_chain_of_types_that_is_marked_is_destroyed_with_all_below() -> None:
    deep = Deep()
    base = deep()
    leaf = chain(deep, "type", base)
    base.store("s", "typed_true")
    base.destroy(cascade=True)

    assert leaf.destroyed
    assert deep.space.ledger("s").waits == 0


def test_a_long_circle_of_types_that_is_marked_is_destroyed_with_all_below() -> None:
    deep = Deep()
    base = deep()
    leaf = chain(deep, "type", base)
    base.type = leaf
    base.store("s", "typed_true")
    assert leaf.is_stored("s")
    base.destroy(cascade=True)

    assert len(deep) == 1


def test_a_long_chain_below_an_alive_type_is_destroyed_with_all_below() -> None:
    deep = Deep()
    told: list[Association] = []
    base = deep.alive(lambda one, _: told.append(one))
    leaf = chain(deep, "type", base)
    base.destroy(cascade=True)

    assert leaf.destroyed
    assert len(told) == LONG


def test_what_a_function_changes_while_much_is_destroyed_counts_for_those_that_come_after() -> None:
    deep = Deep()

    def let_go(one: Association, reason: Reason) -> None:
        if reason is Reason.destruction and one is low:
            top.store("s", "typed_false")

    top = deep.alive(let_go).store("s", "typed_true")
    middle = top()
    low = middle()
    deep.space.ledger("s").known.update(entry.association for entry in deep.space.ledger("s").take(10)[0])
    middle.destroy(cascade=True)
    entries, _ = deep.space.ledger("s").take(10)

    assert [entry.association for entry in entries if entry.destroyed] == []


def test_a_long_circle_of_types_that_is_marked_is_told_as_values() -> None:
    deep = Deep()
    base = deep()
    leaf = chain(deep, "type", base)
    base.type = leaf
    base.store("s", "typed_true")
    again = Deep.from_dict(deep.to_dict())

    assert again[leaf.id].is_stored("s")
    assert again.space.ledger("s").waits == LONG + 2


def test_data_under_types_that_were_made_after_it_is_copied() -> None:
    deep = Deep()
    text, Name = deep(), deep()
    Name.type = deep.String
    text.type = deep()
    text.type.type = Name
    text.data = "x"

    (copy,) = [one for one in deep.copy([text, Name, text.type]).values() if one.data == "x"]
    assert copy is not text


def test_a_long_chain_of_values_is_stored_told_and_copied() -> None:
    deep = Deep()
    text = deep.String("x")
    first = chain(deep, "value", text)
    first.store("s")
    again = Deep.from_dict(deep.to_dict())
    copies = deep.copy(one for one in deep if one is not deep)

    assert text.is_stored("s")
    assert again[first.id].data == copies[first].data == "x"


def test_a_long_chain_of_values_tells_each_above() -> None:
    deep = Deep()
    text = deep.String("x")
    first = chain(deep, "value", text)
    heard: list[object] = []
    deep.on("data_changed", heard.append)
    first.data = "y"

    assert len(heard) == LONG


def test_a_path_of_names_may_be_long() -> None:
    deep = Deep()
    last = top = deep()
    deep["top"] = top
    for _ in range(5_000):
        last["x"] = last = deep()
    deep["top"].store("s")

    assert last is deep["top" + "/x" * 5_000]


def test_each_of_a_long_chain_of_types_is_made_at_once_where_there_is_an_alive_type() -> None:
    deep = Deep()
    told: list[Association] = []
    deep.alive(lambda one, _: told.append(one))
    last = deep()
    for _ in range(LONG):
        last = last()

    assert told == []
    assert len(last.type_chain) == LONG + 1


def test_each_of_a_long_chain_below_an_alive_type_is_made_and_told_at_once() -> None:
    deep = Deep()
    told: list[Association] = []
    last = deep.alive(lambda one, _: told.append(one))
    for _ in range(LONG):
        last = last()

    assert len(told) == LONG


def test_making_under_a_long_chain_of_types_takes_as_many_steps_as_under_a_short_one_with_an_alive_type() -> None:
    def made(length: int) -> int:
        deep = Deep()
        deep.alive(lambda one, _: None)
        leaf = chain(deep, "type", deep(), length)
        leaf()
        return steps(leaf)

    assert made(10) == made(1000)


def test_types_that_change_are_asked_anew_whether_they_are_alive() -> None:
    deep = Deep()
    told: list[str] = []
    Alive = deep.alive(lambda *_: told.append("first"))
    Other = deep.alive(lambda *_: told.append("other"))
    base = deep()
    middle = base()
    leaf = middle()
    leaf()
    assert told == []
    base.type = Alive
    leaf()
    base.type = Other
    leaf()
    Other.data = lambda *_: told.append("again")
    leaf()
    middle.type = deep
    leaf()
    Other.destroy()
    Alive.destroy()
    leaf()

    assert told == ["first", "other", "again"]
    assert deep.space.living.hooks == {}


def test_types_whose_change_was_undone_are_alive_as_before() -> None:
    deep = Deep()
    told: list[str] = []
    Alive = deep.alive(lambda *_: told.append("told"))
    leaf = Alive()
    told.clear()
    with pytest.raises(ZeroDivisionError), deep.together():
        leaf.type = deep
        leaf()
        Alive.data = print
        raise ZeroDivisionError
    leaf()

    assert told == ["told"]


def test_a_type_that_was_climbed_for_an_alive_type_is_free_when_it_is_destroyed() -> None:
    deep = Deep()
    deep.alive(lambda *_: None)
    T = deep()
    T().destroy()
    reference = weakref.ref(T)
    T.destroy()
    del T
    gc.collect()

    assert reference() is None


def test_all_of_a_long_chain_of_values_are_found_by_their_data_and_sorted_by_it() -> None:
    deep = Deep()
    chain(deep, "value", deep.String("y"))

    assert deep.query(data="y").count() == LONG + 1
    assert deep.query(data={"_gt": "x"}, order_by={"data": "desc"}).first() is deep.query(data="y").first()


def test_a_change_of_data_at_the_end_of_a_long_chain_is_followed_by_live_queries() -> None:
    deep = Deep()
    text = deep.String("y")
    chain(deep, "value", text)
    with deep.query(data="x").live() as live:
        text.data = "x"
        assert len(live) == LONG + 1
        text.data = "y"
        assert len(live) == 0


def test_a_walk_sees_the_data_that_was_set_since_its_last_step() -> None:
    deep = Deep()
    start, text = deep(), deep.String("no")
    for _ in range(2):
        deep(from_=start, to=deep(), value=text)
    text.data = "yes"
    walk = start.walk(via={"data": "yes"})
    next(walk)
    text.data = "no"

    assert list(walk) == []


def test_queries_see_the_data_that_reading_shows_in_circles_of_values() -> None:
    deep = Deep()
    a, b, c = deep.String("a"), deep.String("b"), deep.String("c")
    lead = [deep(value=a), deep(value=b), deep(value=c)]
    a.value, b.value, c.value = b, c, b
    lead.append(deep(value=lead[0]))

    for data in "abc":
        assert list(deep.query(data=data)) == [one for one in deep if one.data == data]


def test_a_set_is_used_among_sets() -> None:
    deep = Deep()
    a, b, c = deep(), deep(), deep()
    tags = deep.Set([a, b, "x"])
    x = list(tags)[2]

    assert list(tags | [c, "x", "y"]) == [a, b, x, c, "y"]
    assert list(tags & {"x", a, c}) == [a, x]
    assert list(tags - deep.Set([a])) == [b, x]
    assert list(tags ^ [a, c]) == [b, x, c]
    assert tags <= {a, b, c, "x"}
    assert tags > {"x"}
    assert not tags < tags
    assert tags >= tags
    with pytest.raises(WrongTypeError):
        tags | 5  # pyright: ignore[reportOperatorIssue, reportUnusedExpression]
    with pytest.raises(NoCollectionError):
        a | [b]  # pyright: ignore[reportUnusedExpression]


def test_a_set_is_changed_by_the_operators_of_sets() -> None:
    deep = Deep()
    a, b = deep(), deep()
    same = tags = deep.Set([a])
    tags |= [b, "x"]
    assert [one.data or one for one in tags] == [a, b, "x"]
    tags -= ["x", "y"]
    assert list(tags) == [a, b]
    tags &= [b]
    assert list(tags) == [b]
    assert tags is same


def test_an_array_is_turned_around_and_added_to() -> None:
    deep = Deep()
    same = array = deep.Array([1, 2, 2, 3])
    array += [4]
    heard: list[object] = []
    array.on("data_changed", heard.append)
    array.reverse()

    assert array is same
    assert [one.data for one in array] == [4, 3, 2, 2, 1]
    assert len(heard) == 1
    with pytest.raises(ZeroDivisionError), deep.together():
        array.reverse()
        raise ZeroDivisionError
    assert [one.data for one in array] == [4, 3, 2, 2, 1]


def test_the_last_key_is_taken_out_with_what_it_has() -> None:
    deep = Deep()
    some, other = deep.Object({"a": 1, "b": 2}), deep.Map({1: "x"})

    assert some.popitem() == ("b", 2)
    assert some.data == {"a": 1}
    assert other.popitem() == (1, "x")
    with pytest.raises(KeyError, match="no key 'any'"):
        other.popitem()


def test_the_stored_order_is_only_read() -> None:
    with pytest.raises(AttributeError):
        Deep()().i = 1  # pyright: ignore[reportAttributeAccessIssue]


def test_what_a_built_in_was_to_be_given_is_said() -> None:
    deep = Deep()
    with pytest.raises(BuiltInError, match=r"^String \w{4}…\w{4} is built in: it can't be given deep \S+ as its to\.$"):
        deep.String.to = deep
    with pytest.raises(BuiltInError, match=r"it can't be given nothing as its type\.$"):
        del deep.String.type
    with pytest.raises(BuiltInError, match=r"it can't be called 'Text'\.$"):
        deep.String.name = "Text"
    with pytest.raises(BuiltInError, match=r"it can't be given 5 as data\.$"):
        deep.data = 5


def test_values_are_quoted_once() -> None:
    deep = Deep()
    with pytest.raises(WrongTypeError, match=r"not int 5\.$"):
        deep.String(5)
    for value, said in ((None, "None"), ("x", "'x'"), (b"x", "b'x'")):
        with pytest.raises(NoDataError, match=f"can't hold {said} as data: its type is deep"):
            deep().data = value


def test_paths_are_offered_to_be_completed() -> None:
    deep = Deep()
    deep.Users = users = deep()
    users["alice"] = deep()
    users["alice"].name = "a/b"
    users["alice"] = deep()

    assert deep._ipython_key_completions_() == ["Users", "Users/alice"]


def test_what_goes_comes_and_goes_again_in_one_thought_is_told_as_gone() -> None:
    deep, told = Deep(), list[Change]()
    id = deep.space.place(new_id(), "s").id
    deep.signals.changed.connect(lambda _, changes: told.extend(changes), weak=False)

    with deep.together():
        deep.space.remove(deep[id], "s")
        deep.space.place(id, "s").value = deep
        deep.space.remove(deep[id], "s")

    assert [(one.id, one.field) for one in told] == [(id, "destroyed")]


@pytest.mark.parametrize("heard", [False, True])
def test_what_is_destroyed_is_known_to_be_until_that_is_told(heard: bool) -> None:
    deep = Deep()
    if heard:
        deep.on("destroyed", print)
    ledger = deep.space.ledger("s")
    known, new = deep().store("s"), deep().store("s")
    ledger.known.update(entry.association for entry in ledger.take(1)[0])
    known.destroy()
    new.destroy()

    assert ledger.destroying(known.id)
    assert not ledger.destroying(new.id)
    ledger.take(10)
    assert not ledger.destroying(known.id)
