"""The four references: set, changed, cleared, and read by id."""

import pytest

from deeplinks import Association, Deep

FOUR = pytest.mark.parametrize(
    ("name", "back"), [("type", "typed"), ("from_", "out"), ("to", "in_"), ("value", "valued")]
)


def test_a_fresh_association_has_its_type_alone(deep: Deep) -> None:
    a = deep()

    assert (a.from_, a.to, a.value) == (None, None, None)
    assert (a.type_id, a.from_id, a.to_id, a.value_id) == (deep.id, None, None, None)


@FOUR
def test_a_reference_is_set_by_association_and_by_id(deep: Deep, name: str, back: str) -> None:
    a, b, target = deep(), deep(), deep()
    setattr(a, name, target)
    setattr(b, name, target.id)

    assert getattr(a, name) is getattr(b, name) is target
    assert list(getattr(target, back)) == [a, b]


@FOUR
def test_another_target_leaves_the_former_one(deep: Deep, name: str, back: str) -> None:
    a, b, c = deep(), deep(), deep()
    setattr(a, name, b)
    setattr(a, name, c)

    assert list(getattr(b, back)) == []
    assert list(getattr(c, back)) == [a]


@FOUR
def test_deleting_and_setting_none_clear_a_reference(deep: Deep, name: str, back: str) -> None:
    a, b, target = deep(), deep(), deep()
    setattr(a, name, target)
    setattr(b, name, target)
    delattr(a, name)
    setattr(b, name, None)

    assert getattr(a, name) is getattr(b, name) is None
    assert len(getattr(target, back)) == 0


@FOUR
def test_clearing_what_is_clear_is_no_error(deep: Deep, name: str, back: str) -> None:
    a = deep()
    delattr(a, name)
    delattr(a, name)

    assert getattr(a, name) is None


@FOUR
def test_an_association_may_point_at_itself(deep: Deep, name: str, back: str) -> None:
    a = deep()
    setattr(a, name, a)

    assert a in getattr(a, back)
    setattr(a, name, None)
    assert a not in getattr(a, back)


def test_clearing_one_reference_leaves_the_others(deep: Deep) -> None:
    b = deep()
    a = deep(from_=b, to=b, value=b)
    del a.to

    assert (a.from_, a.to, a.value) == (b, None, b)
    assert (a in b.out, a in b.in_, a in b.valued) == (True, False, True)


def test_a_link_may_point_at_a_link(deep: Deep) -> None:
    User, Follows, Says = deep(), deep(), deep()
    alice, bob = User(), User()
    follows = Follows(from_=alice, to=bob)
    doubt = Says(from_=bob, to=follows)

    assert doubt.to is follows
    assert list(follows.in_) == [doubt]


def test_the_value_chain_ends_at_what_has_no_value(deep: Deep) -> None:
    text = deep.String("zz")
    b = deep(value=text)
    a = deep(value=b)

    assert a.val is b.val is text.val is text
    assert a.data == b.data == text.data == "zz"


def test_a_cycle_of_values_ends_at_its_first_repeat(deep: Deep) -> None:
    a, b, outside = deep(), deep(), deep()
    a.value, b.value, outside.value = b, a, a

    assert (a.val, b.val, outside.val) == (a, b, a)
    assert a.data is None


def test_an_association_that_is_its_own_value_is_its_own_end(deep: Deep) -> None:
    a = deep()
    a.value = a

    assert a.val is a


def test_chains_of_ten_thousand_are_walked(deep: Deep) -> None:
    first = end = deep.String("end")
    for _ in range(10_000):
        first = deep(value=first)
    last: Association = deep
    for _ in range(10_000):
        last = last()

    assert first.val is end
    assert len(last.type_chain) == 10_000


def test_the_root_may_have_references_but_no_type(deep: Deep) -> None:
    deep.value = deep.String("home")

    assert deep.data == "home"
