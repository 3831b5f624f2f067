"""Data: what a String, a Number and a Function hold, exactly."""

import re
from decimal import Decimal
from enum import Enum, IntEnum

import pytest

from deeplinks import Association, Deep
from deeplinks.errors import NoDataError, UnstorableError, WrongTypeError
from tests.space.dumping import Ear


class Color(str, Enum):  # noqa: UP042  its str() is its name, a StrEnum's is its value
    red = "#f00"


class Size(IntEnum):
    small = 1


class Loud(str):
    pass


class Measured(float):
    pass


def same(one: object, other: object) -> bool:
    return type(one) is type(other) and repr(one) == repr(other)


@pytest.mark.parametrize("text", ["", "a", "Привет", "😀", "\x01\x7f", "a\nb", " ", "'\"\\"])
def test_texts_are_exact(deep: Deep, text: str) -> None:
    assert same(deep.String(text).data, text)


@pytest.mark.parametrize(
    "number",
    [0, 0.0, 1, 1.0, -5, 10**400, 1e308, 5e-324, Decimal("0"), Decimal("0.10"), Decimal("1E+400"), Decimal("-1.50")],
)
def test_numbers_are_exact(deep: Deep, number: object) -> None:
    assert same(deep.Number(number).data, number)


def test_negative_zero_becomes_zero(deep: Deep) -> None:
    assert same(deep.Number(-0.0).data, 0.0)
    assert same(deep.Number(Decimal("-0.00")).data, Decimal("0.00"))


@pytest.mark.parametrize(
    ("kind", "given", "held"),
    [
        ("String", Color.red, "#f00"),
        ("String", Loud("a"), "a"),
        ("Number", Size.small, 1),
        ("Number", Measured(1.5), 1.5),
    ],
)
def test_subtypes_are_held_as_what_they_are_at_heart(deep: Deep, kind: str, given: object, held: object) -> None:
    assert same(getattr(deep, kind)(given).data, held)


@pytest.mark.parametrize(("one", "other"), [(1, 1.0), (1.0, Decimal("1")), (Decimal("1.0"), Decimal("1.00")), (0, 0.0)])
def test_equal_numbers_of_other_types_or_digits_are_other_data(deep: Deep, one: object, other: object) -> None:
    number = deep.Number(one)
    ear = Ear.on(deep, number=number)
    number.data = other

    assert same(number.data, other)
    assert ear.log == ["number:data_set"]


@pytest.mark.parametrize("number", [float("nan"), float("inf"), -float("inf"), Decimal("NaN"), Decimal("sNaN")])
def test_what_is_not_finite_is_refused(deep: Deep, number: object) -> None:
    with pytest.raises(UnstorableError, match="finite"):
        deep.Number(number)
    assert len(deep) == 1


@pytest.mark.parametrize("number", [pytest.param(10**4_300, id="int"), Decimal("1E+4300"), Decimal("1E-16384")])
def test_more_digits_than_a_storage_has_are_refused(deep: Deep, number: object) -> None:
    with pytest.raises(UnstorableError, match="digits"):
        deep.Number(number)


@pytest.mark.parametrize("number", [pytest.param(10**4_300 - 1, id="int"), Decimal("1E+4299"), Decimal("1E-16383")])
def test_as_many_digits_as_a_storage_has_are_held(deep: Deep, number: object) -> None:
    assert deep.Number(number).data == number


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("a\x00b", "position 1"),
        ("ab\ud800", "position 2"),
        pytest.param("a" * (16 * 1024 * 1024 + 1), "most is", id="long"),
    ],
)
def test_texts_that_can_not_be_stored_are_refused(deep: Deep, text: str, what: str) -> None:
    with pytest.raises(UnstorableError, match=what):
        deep.String(text)
    assert len(deep) == 1


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("String", 5),
        ("String", None),
        ("String", b"a"),
        ("Number", "5"),
        ("Number", True),
        ("Number", None),
        ("Number", 1j),
        ("Function", 3),
        ("Function", "def f(): ..."),
    ],
)
def test_data_of_another_type_is_refused(deep: Deep, kind: str, value: object) -> None:
    with pytest.raises(TypeError, match=f"{kind}.*{type(value).__name__}"):
        getattr(deep, kind)(value)
    assert len(deep) == 1


def test_an_association_is_no_data(deep: Deep) -> None:
    with pytest.raises(WrongTypeError, match="value"):
        deep.Function(deep())


def test_a_data_type_may_wait_for_its_data(deep: Deep) -> None:
    text = deep.String()
    assert text.data is None
    text.data = "late"
    assert text.data == "late"


def test_data_is_an_instance_of_its_type_and_of_the_root(deep: Deep) -> None:
    text = deep.String("a")

    assert (text.data, text.type) == ("a", deep.String)
    assert text.is_a(deep.String)
    assert text.is_a(deep)


def test_two_equal_texts_are_two_associations(deep: Deep) -> None:
    one, other = deep.String("same"), deep.String("same")
    one.data = "else"

    assert one is not other
    assert other.data == "same"


def test_data_is_set_at_the_end_of_the_value_chain(deep: Deep) -> None:
    text = deep.String("old")
    a = deep(value=deep(value=text))
    a.data = "new"

    assert text.data == a.data == "new"
    assert a.own_data() is None


def test_instances_of_a_subtype_hold_the_data_of_their_kind(deep: Deep) -> None:
    Name = deep.String()
    name = Name("Alice")
    name.data = "Alicia"

    assert name.type is Name
    assert name.data == "Alicia"
    with pytest.raises(WrongTypeError):
        name.data = 5


def test_the_nearest_data_type_decides_the_kind(deep: Deep) -> None:
    Text = deep.String()
    Text.type = deep.Number

    assert Text(5).data == 5


def test_a_type_that_becomes_a_data_type_lets_its_instances_hold_data(deep: Deep) -> None:
    Name = deep()
    name = Name()
    with pytest.raises(NoDataError):
        name.data = "Alice"
    Name.type = deep.String
    name.data = "Alice"

    assert name.data == "Alice"


def test_what_has_no_data_type_holds_no_data(deep: Deep) -> None:
    a = deep()
    assert a.data is None
    with pytest.raises(NoDataError, match=re.escape(a.described())):
        a.data = 5
    with pytest.raises(NoDataError):
        deep(5)
    with pytest.raises(NoDataError):
        del a.data
    assert len(deep) == 2


def test_deleting_data_clears_it_with_an_event(deep: Deep) -> None:
    text = deep.String("a")
    ear = Ear.on(deep, text=text)
    del text.data
    del text.data

    assert text.data is None
    assert [(event.kind, event.old, event.new) for event in ear.events] == [("data_set", "a", None)]


def test_data_that_outlived_its_type_can_be_read_and_cleared(deep: Deep) -> None:
    Name = deep.String()
    name = Name("Alice")
    Name.destroy()
    assert name.data == "Alice"
    with pytest.raises(NoDataError):
        name.data = "Bob"
    del name.data

    assert name.data is None


@pytest.mark.parametrize("value", ["", 0, 0.0])
def test_falsy_data_is_data(deep: Deep, value: object) -> None:
    one: Association = (deep.String if isinstance(value, str) else deep.Number)(value)
    ear = Ear.on(deep, one=one)
    del one.data

    assert ear.events[0].old == value
    assert ear.events[0].old is not None


def test_the_same_data_again_is_no_change(deep: Deep) -> None:
    text = deep.String("a")
    ear = Ear.on(deep, text=text)
    text.data = "a"

    assert ear.log == []
