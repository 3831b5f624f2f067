"""Finding by data: exactly who holds it now, and one association a datum for those who ask for that."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from deeplinks import Association, Deep, FunctionSource
from deeplinks.errors import NoDataError, UnstorableError, WrongTypeError
from deeplinks.space.values import same


def test_equal_texts_are_both_found_in_the_order_of_making(deep: Deep) -> None:
    one, other = deep.String("same"), deep.String("same")

    assert deep.with_data("same") == [one, other]


def test_changed_data_is_found_under_what_it_is_now(deep: Deep) -> None:
    one, other = deep.String("a"), deep.String("a")
    assert deep.with_data("a") == [one, other]
    one.data = "b"

    assert (deep.with_data("a"), deep.with_data("b")) == ([other], [one])


def test_what_is_destroyed_is_found_no_more_and_its_text_can_be_made_again(deep: Deep) -> None:
    gone = deep.String.of("a")
    gone.destroy()
    assert deep.with_data("a") == []
    made = deep.String.of("a")

    assert made is not gone
    assert made.data == "a"
    assert made.type is deep.String


def test_what_was_undone_is_found_as_it_was(deep: Deep) -> None:
    one = deep.String("a")
    deep.with_data("a")
    with pytest.raises(RuntimeError), deep.together():
        one.data = "b"
        made = deep.String.of("c")
        assert (deep.with_data("a"), deep.with_data("b"), deep.with_data("c")) == ([], [one], [made])
        raise RuntimeError

    assert (deep.with_data("a"), deep.with_data("b"), deep.with_data("c")) == ([one], [], [])


@pytest.mark.parametrize("asked", [1, 1.0, True, Decimal(1), Decimal("1.0")])
def test_a_number_is_found_by_its_kind_too(deep: Deep, asked: object) -> None:
    for value in (1, 1.0, True, Decimal(1), Decimal("1.0")):
        deep.wrap(value)
    (found,) = deep.with_data(asked)

    assert same(found.data, asked)


def test_a_function_is_found_by_itself_and_by_its_text(deep: Deep) -> None:
    source = FunctionSource.of(test_a_function_is_found_by_itself_and_by_its_text)
    here, loaded = deep.Function(test_a_function_is_found_by_itself_and_by_its_text), deep.Function(source)

    assert deep.with_data(test_a_function_is_found_by_itself_and_by_its_text) == [here, loaded]


@pytest.mark.parametrize("asked", [None, object(), [1], {1}, b"", float("nan"), "\x00", {1: object()}])
def test_what_can_be_no_data_is_nowhere(deep: Deep, asked: object) -> None:
    deep.String("a")

    assert deep.with_data(asked) == []


def test_of_gives_the_first_there_is_and_makes_one_where_there_is_none(deep: Deep) -> None:
    first, _ = deep.String("red"), deep.String("red")
    before = len(deep)
    assert deep.String.of("red") is first
    assert len(deep) == before
    blue = deep.String.of("blue")

    assert deep.String.of("blue") is blue
    assert len(deep) == before + 1


def test_of_is_asked_of_one_very_type(deep: Deep) -> None:
    Name = deep.String()
    name, text = Name.of("a"), deep.String.of("a")

    assert (name.type, text.type) == (Name, deep.String)
    assert Name.of("a") is name
    name.type = deep.String
    assert Name.of("a") is not name


def test_of_refuses_what_calling_the_type_refuses(deep: Deep) -> None:
    for type, value, error in (
        (deep.String, 5, WrongTypeError),
        (deep.Number, float("nan"), UnstorableError),
        (deep(), "a", NoDataError),
    ):
        before = len(deep)
        with pytest.raises(error):
            type.of(value)
        assert len(deep) == before


def test_an_association_of_no_data_is_not_kept_in_the_index(deep: Deep) -> None:
    deep.with_data("a")
    for _ in range(100):
        deep.String("a").destroy()
    deep.with_data("a")
    index = deep.space.by_data

    assert (index._held, index._placed, index._changed) == ({}, {}, {})


VALUES: list[Any] = ["", "a", 0, 1, 1.0, True, Decimal("1.0"), {"a": 1}, {"a": True}]


class FoundByLooking(RuleBasedStateMachine):
    """The index finds what a look at everybody finds, after any steps."""

    def __init__(self) -> None:
        super().__init__()
        self.deep = Deep()
        self.made: list[Association] = []

    @rule(value=st.sampled_from(VALUES))
    def make(self, value: object) -> None:
        self.made.append(self.deep.wrap(value))

    @rule(value=st.sampled_from(VALUES), number=st.integers(0, 9))
    def change(self, value: object, number: int) -> None:
        wrapped = self.deep.wrap(value)
        one = self.made[number] if number < len(self.made) else wrapped
        one.type = wrapped.type
        one.data = value
        if one is not wrapped:
            wrapped.destroy()
        elif one not in self.made:
            self.made.append(one)

    @rule(number=st.integers(0, 9), way=st.sampled_from(["clear", "destroy", "undo"]))
    def take_away(self, number: int, way: str) -> None:
        if number >= len(self.made):
            return
        if way == "clear":
            del self.made[number].data
        elif way == "destroy":
            self.made.pop(number).destroy()
        else:
            with pytest.raises(ZeroDivisionError), self.deep.together():
                self.made[number].destroy()
                raise ZeroDivisionError

    @invariant()
    def they_agree(self) -> None:
        for value in VALUES:
            held = self.deep.wrap(value).data
            looked = [one for one in self.deep if one.own_data() is not None and same(one.data, held)]
            assert self.deep.with_data(value) == sorted(looked, key=lambda one: one.seq)
            looked[-1].destroy()


TestFoundByLooking = FoundByLooking.TestCase
TestFoundByLooking.settings = settings(
    max_examples=40, stateful_step_count=20, deadline=None, suppress_health_check=list(HealthCheck)
)
