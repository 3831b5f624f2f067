"""A space as plain values and back, what two spaces differ in, and a part of a space once more."""

import json
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from deeplinks import Association, Change, Deep, Event, FunctionSource, diff
from deeplinks.errors import (
    BuiltInError,
    DestroyedError,
    InvalidError,
    MalformedIdError,
    OtherSpaceError,
    UnstorableError,
    WrongTypeError,
)
from deeplinks.ids import new_id
from deeplinks.space import fields
from tests.space.test_growth import steps

TEXTS = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=8)
NUMBERS = (
    st.integers(-(10**30), 10**30)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**20), max_value=10**20, places=7)
)
SCALARS = st.none() | st.booleans() | TEXTS | NUMBERS
JSON = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3), max_leaves=5
)
MINUTES = st.integers(-839, 839).map(lambda minutes: timezone(timedelta(minutes=minutes)))
DATA = {
    "String": TEXTS,
    "Number": NUMBERS,
    "Function": st.just(lambda: 1) | st.builds(FunctionSource, st.just("python"), TEXTS, TEXTS),
    "Boolean": st.booleans(),
    "Object": st.dictionaries(TEXTS, JSON, max_size=3),
    "Map": st.lists(st.tuples(SCALARS, JSON), max_size=3),
    "Date": st.dates() | st.datetimes(timezones=MINUTES),
}
SETTINGS = settings(max_examples=500, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@st.composite
def graphs(draw: Any) -> Deep:
    """Any space: data of every kind, circles, links on links, sets, names, dangling references, marks, times."""
    deep = Deep()
    made: list[Association] = [deep() for _ in range(draw(st.integers(0, 4)))]
    kinds = draw(st.lists(st.sampled_from(sorted(DATA)), max_size=4))
    made += [getattr(deep, kind)(draw(DATA[kind])) for kind in kinds]
    made += [deep.Set(draw(st.lists(st.sampled_from([deep, *made]), max_size=3)))] if draw(st.booleans()) else []
    one_of = st.sampled_from([deep, deep.String, deep.Set, *made])
    for source, field, target in draw(st.lists(st.tuples(one_of, st.sampled_from(fields.FIELDS), one_of), max_size=8)):
        if source in made and deep.space.kind_of(source) is None:
            setattr(source, field.attribute, target)
    for one in made:
        if draw(st.integers(0, 4)) == 0:
            one.store(draw(st.sampled_from(["a", "b"])), draw(st.sampled_from(list(deep.storage_markers))))
        if draw(st.integers(0, 9)) == 0:
            deep.space.point(one, fields.TO, new_id(), "elsewhere")
    return deep


def members(deep: Deep) -> dict[str, tuple[frozenset[str], ...]]:
    return {
        one.id: tuple(frozenset(each.id for each in live) for live in (one.typed, one.out, one.in_, one.valued))
        for one in (*deep, *deep.space.built_ins.values())
    }


@SETTINGS
@given(graphs())
def test_any_space_comes_back_equal_through_json(deep: Deep) -> None:
    told = deep.to_dict()
    back = Deep.from_dict(json.loads(json.dumps(told)))

    assert diff(deep, back) == diff(back, deep) == ()
    assert back.to_dict() == told
    assert members(back) == members(deep)
    for storage in deep.space.ledgers:
        assert [one.is_stored(storage) for one in back] == [deep[one.id].is_stored(storage) for one in back]


def test_it_is_plain_values_in_the_order_of_making(deep: Deep) -> None:
    User = deep()
    alice = User(value=deep.String("Alice"))
    alice.store("database")
    told = json.loads(json.dumps(deep.to_dict()))

    assert (told["deeplinks"], told["space"]) == (1, deep.id)
    assert [one["id"] for one in told["associations"]] == [deep.id, User.id, alice.value_id, alice.id]
    assert told["associations"][3] == {
        "id": alice.id,
        "type": User.id,
        "value": alice.value_id,
        "created_at": alice.created_at.isoformat(),
        "updated_at": alice.updated_at.isoformat(),
        "marks": {"database": ["one_true"]},
    }


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("String", "a\u0301 \U0001f600 \u202e"),
        ("Number", 10**40 + 1),
        ("Number", 0.1 + 0.2),
        ("Number", 1.0),
        ("Number", Decimal("1.10")),
        ("Boolean", False),
        ("Object", {"decimal": "1", "$map": [1], "list": [{}, None]}),
        ("Map", [(1, "int"), (1.0, "float"), (True, "bool"), (None, [1])]),
        ("Date", date(2024, 2, 29)),
        ("Date", datetime(2024, 2, 29, 1, 2, 3, 4, tzinfo=timezone(timedelta(hours=-3)))),
        ("Function", FunctionSource("js", "f", "() => 1")),
    ],
)
def test_data_is_exact(deep: Deep, kind: str, data: object) -> None:
    one = getattr(deep, kind)(data)
    back = Deep.from_dict(json.loads(json.dumps(deep.to_dict())))[one.id]

    assert type(back.data) is type(one.data)
    assert repr(back.data) == repr(one.data)


def test_a_function_comes_back_as_its_source_and_is_the_same(deep: Deep) -> None:
    function = deep.Function(test_data_is_exact)
    back = Deep.from_dict(deep.to_dict())

    assert isinstance(back[function.id].data, FunctionSource)
    assert diff(deep, back) == ()


def test_a_function_without_a_source_is_refused(deep: Deep) -> None:
    deep.Function(len)
    with pytest.raises(UnstorableError):
        deep.to_dict()


def test_times_and_the_stored_order_come_back(deep: Deep) -> None:
    one = deep()
    one.restore_order(7)
    one.restore_times("2020-01-01T00:00:00.000001+00:00", "2021-01-01T02:00:00+02:00")
    back = Deep.from_dict(deep.to_dict())[one.id]

    assert (back.i, back.created_at) == (7, datetime(2020, 1, 1, microsecond=1, tzinfo=UTC))
    assert back.updated_at == datetime(2021, 1, 1, tzinfo=UTC)


def test_marks_bring_nothing_along_that_was_not_stored(deep: Deep) -> None:
    left_out = deep()
    one = deep(to=left_out).store("s")
    left_out.unstore("s")
    back = Deep.from_dict(deep.to_dict())

    assert [back[each.id].is_stored("s") for each in (one, left_out)] == [True, False]
    assert [entry.association.id for entry in back.space.ledger("s").take(9)[0]] == [one.id]


def test_names_are_found_again(deep: Deep) -> None:
    deep["Users"] = User = deep()
    User["alice"] = alice = User()

    assert Deep.from_dict(deep.to_dict())["Users/alice"].id == alice.id


def test_a_sets_members_come_back_in_order(deep: Deep) -> None:
    tags = deep.Set(["c", "a", "b"])

    assert [one.data for one in Deep.from_dict(deep.to_dict())[tags.id]] == ["c", "a", "b"]


ID = "11111111-1111-4111-8111-111111111111"
TWICE = {"id": "22222222-2222-4222-8222-222222222222"}
WRONG: dict[str, tuple[Any, type[Exception]]] = {
    "no dict": ([], WrongTypeError),
    "another form": ({"deeplinks": 2, "space": ID, "associations": []}, InvalidError),
    "no space": ({"deeplinks": 1, "associations": []}, InvalidError),
    "an unknown field of a space": ({"deeplinks": 1, "space": ID, "associations": [], "more": 1}, InvalidError),
    "no list": ({"associations": {}}, WrongTypeError),
    "no dicts": ({"associations": [1]}, WrongTypeError),
    "an unknown field": ({"associations": [{**TWICE, "colour": "red"}]}, InvalidError),
    "no id": ({"associations": [{}]}, WrongTypeError),
    "a bad id": ({"associations": [{"id": "x"}]}, MalformedIdError),
    "twice": ({"associations": [TWICE, TWICE]}, InvalidError),
    "a built-in": ({"associations": [{"id": Deep().String.id}]}, InvalidError),
    "a root with a type": ({"associations": [{"id": ID, "type": ID}]}, InvalidError),
    "a bad reference": ({"associations": [{**TWICE, "to": "x"}]}, MalformedIdError),
    "a reference that is no id": ({"associations": [{**TWICE, "to": 1}]}, WrongTypeError),
    "a bad time": ({"associations": [{**TWICE, "created_at": "yesterday"}]}, InvalidError),
    "a time without a zone": ({"associations": [{**TWICE, "created_at": "2020-01-01T00:00:00"}]}, InvalidError),
    "a bad i": ({"associations": [{**TWICE, "i": "1"}]}, WrongTypeError),
    "a bad mark": ({"associations": [{**TWICE, "marks": {"s": ["maybe"]}}]}, InvalidError),
    "no data": ({"associations": [{**TWICE, "data": None}]}, InvalidError),
    "data in no form": ({"associations": [{**TWICE, "data": {"colour": "red"}}]}, InvalidError),
    "data in two forms": ({"associations": [{**TWICE, "data": {"object": {}, "map": []}}]}, InvalidError),
    "a list as data": ({"associations": [{**TWICE, "data": [1]}]}, InvalidError),
    "a text with U+0000": ({"associations": [{**TWICE, "data": "\x00"}]}, UnstorableError),
}


@pytest.mark.parametrize(("told", "error"), WRONG.values(), ids=WRONG)
def test_what_can_not_be_understood_is_refused(told: Any, error: type[Exception]) -> None:
    whole = {"deeplinks": 1, "space": ID, **told} if isinstance(told, dict) and "deeplinks" not in told else told
    with pytest.raises(error):
        Deep.from_dict(whole)


def test_an_unknown_field_is_named(deep: Deep) -> None:
    told = deep.to_dict()
    told["associations"][0]["colour"] = "red"  # type: ignore[index, call-overload]
    with pytest.raises(InvalidError, match="colour"):
        Deep.from_dict(told)


# differences


def test_equal_spaces_do_not_differ(deep: Deep) -> None:
    deep.Set(["a"])

    assert diff(deep, deep) == ()
    assert diff(Deep(), Deep()) == ()


def test_a_difference_is_what_would_be_told(deep: Deep) -> None:
    gone, kept, text = deep(), deep(), deep.String("a")
    other = Deep.from_dict(deep.to_dict())
    told: list[Change] = []

    def hear(sender: object, changes: tuple[Change, ...]) -> None:
        told.extend(changes)

    other.signals.changed.connect(hear)
    made = other(to=other[kept.id])
    other[kept.id].value = other[text.id]
    other[text.id].data = "b"
    other[gone.id].destroy()

    assert diff(deep, other) == tuple(told)
    assert [change.field for change in told] == ["created", "to", "value", "data", "destroyed"]
    assert told[0] == Change(made.id, "created", None, deep.id)


def test_1_and_1_0_differ(deep: Deep) -> None:
    one = deep.Number(1)
    other = Deep.from_dict(deep.to_dict())
    other[one.id].data = 1.0

    assert diff(deep, other) == (Change(one.id, "data", 1, 1.0),)


def test_roots_of_two_spaces_stand_for_each_other(deep: Deep) -> None:
    told = deep.to_dict()
    one = deep(to=deep)
    other = Deep.from_dict({**told, "space": ID, "associations": []})
    other.ensure(one.id).to = other

    assert diff(deep, other) == ()


def test_comparing_takes_steps_in_proportion() -> None:
    def comparing(count: int) -> int:
        deep = Deep()
        for _ in range(count):
            deep()
        other = Deep.from_dict(deep.to_dict())
        return steps(lambda: diff(deep, other))

    assert comparing(2_000) < 12 * comparing(200)


# copies


def test_a_copy_refers_to_copies_inside_and_to_the_same_outside(deep: Deep) -> None:
    User, outside = deep(), deep()
    alice, bob = User(to=outside), User()
    follows = deep(from_=alice, to=bob, value=deep.String("x"))
    about = deep(from_=follows, to=follows)
    copies = deep.copy([about, follows, alice, bob])

    assert len({one.id for one in (*copies, *copies.values())}) == 8
    assert (copies[alice].type, copies[alice].to) == (User, outside)
    assert (copies[follows].from_, copies[follows].to) == (copies[alice], copies[bob])
    assert copies[follows].value is follows.value
    assert copies[about].from_ is copies[about].to is copies[follows]
    assert (follows.from_, list(alice.out)) == (alice, [follows])


def test_circles_of_every_reference_are_copied(deep: Deep) -> None:
    a, b = deep(), deep()
    for field in ("type", "from_", "to", "value"):
        setattr(a, field, b)
        setattr(b, field, a)
    copies = deep.copy([a, b])

    for field in ("type", "from_", "to", "value"):
        assert (getattr(copies[a], field), getattr(copies[b], field)) == (copies[b], copies[a])


def test_a_set_is_copied_with_the_items_that_are_given(deep: Deep) -> None:
    tags = deep.Set(["a", "b"])
    copies = deep.copy([tags, *tags.out])

    assert list(copies[tags]) == list(tags)


def test_data_of_copied_types_is_copied(deep: Deep) -> None:
    Name = deep.String()
    name = Name("x")
    copies = deep.copy([name.id, Name])

    assert copies[name].type is copies[Name]
    assert copies[name].data == "x"


def test_a_reference_to_what_is_not_here_is_copied_and_heals(deep: Deep) -> None:
    one, missing = deep(), new_id()
    deep.space.point(one, fields.TO, missing, "s")
    copy = deep.copy([one])[one]

    assert (copy.to, copy.to_id) == (None, missing)
    assert deep.ensure(missing) is copy.to


def test_a_copy_is_stored_as_its_type_says(deep: Deep) -> None:
    T = deep().store("s", "typed_true")
    plain = deep().store("s")
    copies = deep.copy([T(), plain])

    assert [copy.is_stored("s") for copy in copies.values()] == [False, True]


def test_copying_tells_of_the_copies_once(deep: Deep) -> None:
    one, two = deep(), deep()
    one.to, two.to = two, one
    heard: list[Event] = []
    deep.on("constructed", heard.append)
    copies = deep.copy([one, two])

    assert [event.source for event in heard] == list(copies.values())


def test_what_can_not_be_copied_leaves_nothing(deep: Deep) -> None:
    gone, one = deep(), deep()
    gone.destroy()
    for wrong, error in ((gone, DestroyedError), (deep, BuiltInError), (deep.String, BuiltInError)):
        with pytest.raises(error):
            deep.copy([one, wrong])
    with pytest.raises(OtherSpaceError):
        deep.copy([one, Deep()()])

    assert list(deep) == [deep, one]


def test_who_was_told_with_the_time_of_making_alone_was_last_changed_then(deep: Deep) -> None:
    one = deep()
    told = deep.to_dict()
    facts: Any = told["associations"]
    for each in facts:
        del each["updated_at"]
        each["created_at"] = "2020-01-01T00:00:00+00:00"
    back = Deep.from_dict(told)[one.id]

    assert back.created_at == back.updated_at == datetime(2020, 1, 1, tzinfo=UTC)


def test_what_is_made_after_a_telling_comes_after_all_that_was_told(deep: Deep) -> None:
    deep(), deep()
    back = Deep.from_dict(deep.to_dict())
    before = {one.seq for one in back}

    assert back().seq > max(before)


def test_ids_that_were_told_are_there_at_once_and_never_given_again(deep: Deep) -> None:
    made = [deep() for _ in range(3)]
    back = Deep.from_dict(deep.to_dict())
    further = {back().id for _ in range(10)}

    assert [one.id for one in made] == list(back.ids)[1:4]
    assert further.isdisjoint(one.id for one in made)
    assert back.String.id == deep.String.id
