"""The save-update cascade: storing brings along what is referred to."""

import pytest

from deeplinks import Association, Deep

FOUR = pytest.mark.parametrize("name", ["type", "from_", "to", "value"])


def stored(deep: Deep, name: str = "s") -> set[Association]:
    return {one for one in deep if one.is_stored(name)}


@FOUR
def test_storing_brings_every_reference_along(deep: Deep, name: str) -> None:
    a, b = deep(), deep()
    setattr(a, name, b)
    a.store("s")

    assert b.storages("s") == ["one_true"]


@FOUR
def test_a_reference_given_later_comes_along(deep: Deep, name: str) -> None:
    a = deep().store("s")
    c = deep()
    b = deep(to=c)
    setattr(a, name, b)

    assert stored(deep) == {a, b, c}


def test_a_reference_given_at_birth_comes_along(deep: Deep) -> None:
    T = deep().store("s", "typed_true")
    b = deep()
    a = T(value=b)

    assert stored(deep) == {T, a, b}


def test_it_goes_all_the_way_also_in_circles(deep: Deep) -> None:
    first = last = deep()
    for _ in range(2_000):
        last = deep(from_=last)
    first.to = last
    last.store("s")

    assert len(stored(deep)) == 2_001


def test_it_stops_at_the_root_and_at_built_ins(deep: Deep) -> None:
    deep.value = deep.String("not me")
    deep.String("a", to=deep, from_=deep.Number).store("s")

    assert len(stored(deep)) == 1
    assert deep.storages() == deep.String.storages() == deep.Number.storages() == {}


def test_what_refers_to_it_does_not_come_along(deep: Deep) -> None:
    a = deep()
    deep(to=a)
    a.store("s")

    assert stored(deep) == {a}


@pytest.mark.parametrize("how", ["one_false", "typed_false"])
def test_a_false_mark_cuts_it(deep: Deep, how: str) -> None:
    behind = deep()
    out = deep(to=behind).store("s", how)
    a = deep(to=out).store("s")

    assert stored(deep) == {a}
    assert deep.space.ledger("s").take(10)[0][0].association.to_id == out.id


def test_a_type_with_a_false_mark_cuts_it_for_its_instances(deep: Deep) -> None:
    T = deep().store("s", "typed_false")
    a = deep(to=T()).store("s")

    assert stored(deep) == {a}


def test_an_own_mark_lets_it_through(deep: Deep) -> None:
    T = deep().store("s", "typed_false")
    behind = deep()
    a = deep(to=T(to=behind)).store("s")
    assert behind not in stored(deep)
    assert a.to is not None
    a.to.store("s")

    assert behind in stored(deep)


def test_what_comes_along_is_written_in_the_order_in_which_it_was_made(deep: Deep) -> None:
    a, b, c = deep(), deep(), deep()
    a.to, c.to, c.from_ = c, b, a
    b.store("s")
    deep.space.ledger("s").take(10)
    c.store("s")

    assert [entry.association for entry in deep.space.ledger("s").take(10)[0]] == [a, c]


def test_what_is_stored_already_is_not_written_again(deep: Deep) -> None:
    b = deep().store("s")
    deep.space.ledger("s").take(10)
    a = deep(to=b).store("s")

    assert [entry.association for entry in deep.space.ledger("s").take(10)[0]] == [a]


def test_clearing_a_reference_leaves_stored_what_came_along(deep: Deep) -> None:
    b = deep()
    a = deep(to=b).store("s")
    a.to = None
    a.unstore("s")

    assert stored(deep) == {b}


def test_each_storage_has_its_own(deep: Deep) -> None:
    b = deep().store("two", "one_false")
    a = deep().store("one").store("two")
    a.to = b

    assert stored(deep, "one") == {a, b}
    assert stored(deep, "two") == {a}


def test_what_was_purged_does_not_come_along(deep: Deep) -> None:
    b = deep().store("s")
    b.unstore("s", purge=True)
    a = deep(to=b).store("s")

    assert stored(deep) == {a}
