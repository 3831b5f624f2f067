"""Booleans, Objects, Maps and Dates: what they hold, how they are used as Python's own, what they tell."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from deeplinks import Association, Deep, EventKind
from deeplinks.errors import (
    BuiltInError,
    InvalidError,
    NoCollectionError,
    NoKeyError,
    OtherCollectionError,
    ReadOnlyDataError,
    UnstorableError,
    WrongTypeError,
)
from deeplinks.space.objects import MOST_DEPTH, checked_map, checked_object, with_key, without_key
from deeplinks.space.values import UnknownForm, same
from tests.space.dumping import Ear, dump
from tests.space.values import KINDS, documents, of_kind, scalars

DOCUMENT: dict[str, Any] = {"a": 1, "b": [1.5, None, {"c": ""}], "": True, "price": Decimal("1.50"), "big": 2**70}


def log(ear: Ear) -> list[tuple[object, ...]]:
    return [(event.kind, event.field, event.old, event.new) for event in ear.events]


# values


@given(KINDS.flatmap(of_kind))
def test_data_of_every_kind_is_held_as_it_was_given(data: tuple[str, Any]) -> None:
    deep, (kind, value) = Deep(), data
    held = getattr(deep, kind)(value).data

    if kind == "Map":
        assert held.pairs()[-1:] == [] or held[value[-1][0]] == value[-1][1]
    else:
        assert held == value


@pytest.mark.parametrize(
    ("kind", "falsy"),
    [
        ("Boolean", False),
        ("Object", {}),
        ("Map", {}),
        ("String", ""),
        ("Number", 0),
        ("Number", 0.0),
        ("Number", Decimal(0)),
    ],
)
def test_what_is_false_is_data_too(deep: Deep, kind: str, falsy: object) -> None:
    one, holder = getattr(deep, kind)(falsy), deep()
    holder.value = one

    assert one.data == holder.data == falsy
    assert one.data is not None
    assert deep.with_data(one.data) == [one]


@pytest.mark.parametrize(
    ("kind", "wrong"),
    [
        ("Boolean", 1),
        ("Boolean", None),
        ("Boolean", "true"),
        ("Object", [("a", 1)]),
        ("Object", "{}"),
        ("Object", None),
        ("Map", "ab"),
        ("Map", {1}),
        ("Map", None),
        ("Date", "2024-01-01"),
        ("Date", 0),
    ],
)
def test_data_of_another_type_is_refused(deep: Deep, kind: str, wrong: object) -> None:
    with pytest.raises(WrongTypeError, match=f"{kind}.*{type(wrong).__name__}"):
        getattr(deep, kind)(wrong)
    assert len(deep) == 1


WRONG: list[tuple[Any, str]] = [
    ({"a": {"b": [0, object()]}}, r"\['a'\]\['b'\]\[1\]"),
    ({"a": [b"text"]}, r"bytes is no JSON value.*\['a'\]\[0\]"),
    ({"a": {1: 2}}, r"a key of an Object is a text.*\['a'\]"),
    ({"a": float("nan")}, r"not a finite number.*\['a'\]"),
    ({"a": [Decimal("-Infinity")]}, r"not a finite number.*\['a'\]\[0\]"),
    ({"a": "x\x00"}, r"U\+0000 at position 1.*\['a'\]"),
    ({"x\x00": 1}, r"U\+0000 at position 1"),
    ({"a": ["\ud800"]}, r"lone surrogate at position 0.*\['a'\]\[0\]"),
    ({"a": 1 << 20_000}, r"20001 bits.*\['a'\]"),
    ({"a": Decimal("1E+5000")}, r"4300 digits.*\['a'\]"),
    ({"a": {"b": datetime.now(UTC)}}, r"datetime is no JSON value.*\['a'\]\['b'\]"),
    ({"a": {1, 2}}, r"set is no JSON value"),
]


@pytest.mark.parametrize(("wrong", "what"), WRONG)
def test_what_is_no_json_is_refused_with_its_place(deep: Deep, wrong: object, what: str) -> None:
    with pytest.raises(UnstorableError, match=what):
        deep.Object(wrong)
    with pytest.raises(UnstorableError):
        deep.Map(wrong)
    assert len(deep) == 1


def test_associations_are_no_json_at_any_depth(deep: Deep) -> None:
    alice = deep()
    for wrong in ({"a": alice}, {"a": [{"b": alice}]}):
        with pytest.raises(UnstorableError, match=r"Association is no JSON value.*\['a'\]"):
            deep.Object(wrong)
    with pytest.raises(UnstorableError):
        deep.Object({})["a"] = alice


def test_what_is_inside_itself_or_too_deep_is_refused(deep: Deep) -> None:
    circle: dict[str, object] = {}
    circle["again"] = [circle]
    nested: object = 1
    for _ in range(MOST_DEPTH + 5):
        nested = [nested]

    with pytest.raises(UnstorableError, match=r"circles; it is at \['again'\]\[0\]"):
        deep.Object(circle)
    with pytest.raises(UnstorableError, match="100 levels"):
        deep.Object({"a": nested})


def test_the_same_list_twice_is_no_circle(deep: Deep) -> None:
    shared = [1]

    assert deep.Object({"a": shared, "b": [shared, shared]}).data == {"a": [1], "b": [[1], [1]]}


def test_what_is_larger_than_a_storage_takes_is_refused(deep: Deep) -> None:
    half = "x" * (9 * 1024 * 1024)
    small = deep.Object({"a": half})

    with pytest.raises(UnstorableError, match="16777216 bytes"):
        deep.Object({"a": half, "b": half})
    with pytest.raises(UnstorableError, match="16777216 bytes"):
        small["b"] = half
    small["a"] = "y"
    small["b"] = half
    assert len(small) == 2


@pytest.mark.parametrize("moment", [datetime(2024, 3, 31, 2, 30), datetime(1, 1, 1)])  # noqa: DTZ001
def test_a_moment_without_a_time_zone_is_refused(deep: Deep, moment: datetime) -> None:
    with pytest.raises(UnstorableError, match="no time zone"):
        deep.Date(moment)


def test_of_a_time_zone_the_offset_is_kept(deep: Deep) -> None:
    given = datetime(2024, 7, 1, 12, 0, 0, 5, ZoneInfo("Europe/Paris"))
    held = deep.Date(given).data

    assert held == given
    assert isinstance(held, datetime)
    assert held.tzinfo == timezone(timedelta(hours=2))


def test_a_date_and_its_midnight_are_two(deep: Deep) -> None:
    day = deep.Date(date(2024, 1, 1))
    ear = Ear.on(deep, day=day)
    day.data = datetime(2024, 1, 1, tzinfo=UTC)
    day.data = datetime(2024, 1, 1, 1, tzinfo=timezone(timedelta(hours=1)))

    assert ear.log == ["day:data_set"] * 2


def test_a_subtype_holds_what_its_type_holds(deep: Deep) -> None:
    Settings = deep()
    Settings.type = deep.Object
    one = Settings({"a": 1})
    one["b"] = 2

    assert one.data == {"a": 1, "b": 2}
    assert one.type is Settings


def test_what_may_hold_data_may_wait_for_it(deep: Deep) -> None:
    for kind in ("Boolean", "Object", "Map", "Date"):
        assert getattr(deep, kind)().data is None
    waiting = deep.Object()
    assert (len(waiting), list(waiting), "a" in waiting, waiting.get("a")) == (0, [], False, None)
    waiting["a"] = 1
    assert waiting.data == {"a": 1}


# what is read can't be changed


def test_what_was_given_may_change_after(deep: Deep) -> None:
    source: dict[str, Any] = {"a": [1]}
    one = deep.Object(source)
    source["a"].append(2)
    source["b"] = 1

    assert one.data == {"a": [1]}


CHANGES: list[Callable[[Any], object]] = [
    lambda data: data.__setitem__("a", 2),
    lambda data: data.__delitem__("a"),
    lambda data: data.update(a=2),
    lambda data: data.pop("a"),
    lambda data: data.clear(),
    lambda data: data.setdefault("x", 1),
    lambda data: data.popitem(),
    lambda data: data.__ior__({"a": 2}),
    lambda data: data["b"].append(1),
    lambda data: data["b"].__setitem__(0, 1),
    lambda data: data["b"].__delitem__(0),
    lambda data: data["b"].__iadd__([1]),
    lambda data: data["b"].__imul__(2),
    lambda data: data["b"].extend([1]),
    lambda data: data["b"].insert(0, 1),
    lambda data: data["b"].pop(),
    lambda data: data["b"].remove(None),
    lambda data: data["b"].sort(),
    lambda data: data["b"].reverse(),
    lambda data: data["b"].clear(),
    lambda data: data["b"][2].update(c=1),
]


@pytest.mark.parametrize("change", CHANGES)
def test_what_was_read_can_not_be_changed_in_silence(deep: Deep, change: Callable[[Any], object]) -> None:
    one = deep.Object(DOCUMENT)
    with pytest.raises(TypeError, match="through the association") as raised:
        change(one.data)

    assert isinstance(raised.value, ReadOnlyDataError)
    assert one.data == DOCUMENT


def test_a_map_has_no_verbs_that_change_it(deep: Deep) -> None:
    data: Any = deep.Map({1: [1]}).data

    with pytest.raises(TypeError):
        data[1] = 2
    with pytest.raises(TypeError):
        data[1].append(2)


def test_a_copy_of_what_was_read_is_free(deep: Deep) -> None:
    one = deep.Object(DOCUMENT)
    data: Any = one.data
    for free in (copy.deepcopy(data), data | {}, dict(data), copy.copy(data)):
        free["a"] = 2
        assert type(free) is dict
    assert type(copy.deepcopy(data)["b"]) is list
    assert one.data == DOCUMENT
    assert json.loads(json.dumps(data["b"])) == DOCUMENT["b"] == orjson.loads(orjson.dumps(data["b"]))


# keys


def test_an_object_is_used_as_a_dict(deep: Deep) -> None:
    one = deep.Object({"a": 1, "b": None})
    one["c"] = [1]
    del one["a"]

    assert (one["b"], one["c"], len(one), list(one)) == (None, [1], 2, ["b", "c"])
    assert ("b" in one, "a" in one, 1 in one, [] in one) == (True, False, False, False)
    assert (one.get("c"), one.get("a"), one.get("a", 5), one.get(5)) == ([1], None, 5, None)
    assert (list(one.keys()), list(one.values()), list(one.items())) == (
        ["b", "c"],
        [None, [1]],
        [("b", None), ("c", [1])],
    )
    assert dict(one) == {"b": None, "c": [1]}
    assert (one.pop("c"), one.pop("c", "none"), len(one)) == ([1], "none", 1)
    one.clear()
    assert one.data == {}


def test_the_keys_of_a_map_are_of_any_scalar_kind(deep: Deep) -> None:
    one = deep.Map({1: "int", "1": "text", None: "none"})
    one[True] = "bool"
    one[1.0] = "float"
    one[Decimal("1.0")] = "decimal"

    assert [one[key] for key in (1, "1", None, True, 1.0, Decimal("1.0"))] == [
        "int",
        "text",
        "none",
        "bool",
        "float",
        "decimal",
    ]
    assert len(one) == 6
    del one[True]
    assert True not in one
    assert 1 in one
    one[1] = "again"
    assert [key for key, _ in one.items()] == [1, "1", None, 1.0, Decimal("1.0")]


@pytest.mark.parametrize("kind", ["Object", "Map"])
def test_a_key_that_is_not_there_is_a_key_error(deep: Deep, kind: str) -> None:
    one = getattr(deep, kind)({"a": 1})
    for verb in (lambda: one["x"], lambda: one.__delitem__("x"), lambda: one.pop("x"), lambda: one[5], lambda: one[[]]):
        with pytest.raises(KeyError, match="no key") as raised:
            verb()
        assert isinstance(raised.value, NoKeyError)
    assert one.data == {"a": 1}


def test_a_wrong_key_or_value_changes_nothing(deep: Deep) -> None:
    one, other = deep.Object({"a": 1}), deep.Map({"a": 1})
    before = dump(deep)
    for holder, key, value in [(one, 5, 1), (one, "a\x00", 1), (one, "b", object()), (other, (1,), 1), (other, [], 1)]:
        with pytest.raises(UnstorableError):
            holder[key] = value  # type: ignore[index]

    assert dump(deep) == before


def test_keys_are_used_through_the_value_chain(deep: Deep) -> None:
    alice = deep(value=deep(value=deep.Object({"a": 1})))
    alice["b"] = 2
    del alice["a"]

    assert (alice["b"], alice.data, len(alice), "b" in alice, list(alice)) == (2, {"b": 2}, 1, True, ["b"])


def test_the_root_of_a_space_keeps_its_items(deep: Deep) -> None:
    alice = deep()
    deep.value = deep.Object({"alice": 1})
    deep["alice"] = alice

    assert deep["alice"] is alice


def test_verbs_of_dicts_are_for_objects_and_maps(deep: Deep) -> None:
    verbs: list[Callable[[Association], object]] = [
        lambda one: one.keys(),
        lambda one: one.items(),
        lambda one: one.get(1),
    ]
    for verb in verbs:
        with pytest.raises(NoCollectionError, match="no collection"):
            verb(deep())
        with pytest.raises(OtherCollectionError, match="is a Set and knows no"):
            verb(deep.Set([1]))
    with pytest.raises(OtherCollectionError, match="is an Object and knows no add"):
        deep.Object({}).add(1)


def test_what_another_client_wrote_is_shown_and_kept(deep: Deep) -> None:
    one = deep.Object({"a": 1}).store("s")
    deep.space.put(one, UnknownForm("[1]"), "s")

    assert one.data == UnknownForm("[1]")
    with pytest.raises(InvalidError, match="no keys"):
        one["a"] = 1
    one.data = {"a": 1}
    assert one["a"] == 1


def test_a_built_in_type_is_no_object(deep: Deep) -> None:
    with pytest.raises(BuiltInError):
        deep.Object.data = {}


# events


def test_setting_a_key_tells_the_key_and_both_values(deep: Deep) -> None:
    one = deep.Object({"a": 1})
    above = deep(value=one)
    ear = Ear.on(deep, one=one, above=above)
    one["a"] = 2

    assert ear.log == ["one:data_set", "one:data_changed", "above:data_changed"]
    assert log(ear)[:2] == [("data_set", "a", 1, 2), ("data_changed", "a", 1, 2)]


def test_a_new_key_and_one_that_goes_have_nothing_on_one_side(deep: Deep) -> None:
    one = deep.Object({"a": 1})
    ear = Ear.on(deep, one=one)
    one["b"] = [2]
    del one["a"]
    one.pop("b")

    assert [entry for entry in log(ear) if entry[0] == "data_set"] == [
        ("data_set", "b", None, [2]),
        ("data_set", "a", 1, None),
        ("data_set", "b", [2], None),
    ]


@pytest.mark.parametrize(("old", "new"), [(1, True), (1, 1.0), ([1], [True]), ({"x": 0}, {"x": False})])
def test_equal_values_of_other_kinds_are_a_change(deep: Deep, old: object, new: object) -> None:
    one = deep.Object({"a": old})
    ear = Ear.on(deep, one=one)
    one["a"] = new
    one["a"] = new

    assert ear.log == ["one:data_set", "one:data_changed"]
    assert same(one.data, checked_object({"a": new}, "it"))


def test_the_whole_is_told_as_any_data_is(deep: Deep) -> None:
    one = deep.Object({"a": 1})
    above = deep(value=one)
    ear = Ear.on(deep, one=one, above=above)
    one.data = {"a": 1}
    above.data = {"b": 2}
    one.clear()
    one.clear()
    del one.data

    assert ear.log == ["one:data_set", "above:data_changed"] * 3
    assert [entry[2:] for entry in log(ear)[::2]] == [({"a": 1}, {"b": 2}), ({"b": 2}, {}), ({}, None)]


def test_a_change_set_tells_the_whole_datum(deep: Deep) -> None:
    one, heard = deep.Object({"a": 1}), []
    deep.signals.changed.connect(lambda _, changes: heard.extend(changes))
    with deep.together():
        one["a"] = 2
        one["b"] = 3

    assert [(change.field, change.old, change.new) for change in heard] == [("data", {"a": 1}, {"a": 2, "b": 3})]


def test_what_is_undone_is_as_it_was(deep: Deep) -> None:
    one = deep.Object({"a": 1})
    ear = Ear.on(deep, one=one)
    with pytest.raises(ZeroDivisionError), deep.together():
        one["a"] = 2
        del one["a"]
        raise ZeroDivisionError

    assert one.data == {"a": 1}
    assert ear.log == []


def test_nobody_listening_makes_no_event(deep: Deep, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_event(*_: object, **__: object) -> None:
        raise AssertionError

    monkeypatch.setattr("deeplinks.space.telling.Event", no_event)
    one = deep.Object({"a": 1})
    above = deep(value=one)
    one["a"] = 2
    above.data = {}
    deep.on(EventKind.constructed, print)
    above["a"] = 3


# against a dict


@given(st.dictionaries(st.text("ab", max_size=2), documents), st.lists(st.tuples(st.text("ab", max_size=2), documents)))
def test_the_size_is_right_whatever_is_set(first: dict[str, object], sets: list[tuple[str, object]]) -> None:
    data, plain = checked_object(first, "it"), dict(first)
    for key, value in sets:
        data, plain[key] = with_key(data, key, value, "it"), value
    for key, _ in sets[::2]:
        if key in plain:
            data = without_key(data, key)
            del plain[key]

    assert data == plain
    assert data.bytes == checked_object(plain, "it").bytes


@given(st.lists(st.tuples(scalars, documents)), st.lists(st.tuples(scalars, scalars)))
def test_the_size_of_a_map_is_right_whatever_is_set(
    first: list[tuple[object, object]], sets: list[tuple[object, object]]
) -> None:
    data = checked_map(first, "it")
    for key, value in sets:
        data = with_key(data, key, value, "it")
        assert data[key] == value
    for key, _ in sets[::2]:
        if key in data:
            data = without_key(data, key)

    assert data.bytes == checked_map(data.pairs(), "it").bytes


def test_many_keys_are_set_all_or_none(deep: Deep) -> None:
    settings = deep.Object({"a": 1})
    settings.update({"a": 2, "b": 3}, c=4)

    assert settings.data == {"a": 2, "b": 3, "c": 4}
    with pytest.raises(UnstorableError):
        settings.update({"a": 5, "d": float("nan")})
    with pytest.raises(WrongTypeError, match=r"^update of "):
        settings.update(5)
    assert settings.data == {"a": 2, "b": 3, "c": 4}

    days = deep.Map()
    days.update([(1, "Monday")])
    assert days.data == {1: "Monday"}


def test_a_default_is_set_where_there_is_no_key(deep: Deep) -> None:
    settings = deep.Object({"a": 1})

    assert settings.setdefault("a", 2) == 1
    assert settings.setdefault("b", 2) == 2
    assert settings.data == {"a": 1, "b": 2}
