"""Queries find what their criteria say, in order, and make nothing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from deeplinks import Association, Deep, Q
from deeplinks.errors import DestroyedError, InvalidError, MalformedIdError, OtherSpaceError, WrongTypeError
from deeplinks.ids import new_id
from deeplinks.space.objects import checked_object

DAY = date(2024, 5, 1)
NOON = datetime(2024, 5, 1, 12, tzinfo=UTC)


@dataclass
class Graph:
    """Four types with their instances: links from a1, links to a2, and some with one value."""

    deep: Deep

    def __post_init__(self) -> None:
        deep = self.deep
        self.A, self.B, self.C, self.D = deep(), deep(), deep(), deep()
        self.a1, self.a2 = self.A(), self.A()
        self.b1, self.b2 = self.B(from_=self.a1), self.B(from_=self.a1)
        self.c1, self.c2 = self.C(to=self.a2), self.C(to=self.a2)
        self.text = deep.String("text")
        self.d1, self.d2 = self.D(value=self.text), self.D(value=self.text)


@pytest.fixture
def g(deep: Deep) -> Graph:
    return Graph(deep)


def numbers(deep: Deep, *data: object) -> list[Association]:
    return [deep.Number(one) for one in data]


def holding(deep: Deep, data: object) -> Association:
    """An association that holds data of any kind, whichever types there are."""
    one = deep()
    one._data = data
    return one


def test_each_field_finds_those_of_which_it_is_true(g: Graph) -> None:
    query = g.deep.query

    assert list(query(type=g.A)) == [g.a1, g.a2]
    assert list(query(typed=g.a1)) == [g.A]
    assert list(query(from_=g.a1)) == [g.b1, g.b2]
    assert list(query(out=g.b1)) == [g.a1]
    assert list(query(to=g.a2)) == [g.c1, g.c2]
    assert list(query(in_=g.c1)) == [g.a2]
    assert list(query(value=g.text)) == [g.d1, g.d2]
    assert list(query(valued=g.d1)) == [g.text]


def test_several_fields_have_to_match_all(g: Graph) -> None:
    assert list(g.deep.query(type=g.A, out=g.b1)) == [g.a1]
    assert list(g.deep.query(type=g.B, out=g.b1)) == []


def test_criteria_nest_at_any_depth(g: Graph) -> None:
    X = g.deep()
    g.A.type = X

    assert list(g.deep.query(out={"type": g.B})) == [g.a1]
    assert list(g.deep.query(type={"type": X})) == [g.a1, g.a2]
    assert list(g.deep.query(from_={"type": {"type": X}, "out": {"id": g.b2}})) == [g.b1, g.b2]
    assert list(g.deep.query(out=Q(type=g.B))) == [g.a1]


def test_dicts_may_say_from_and_in(g: Graph) -> None:
    assert list(g.deep.query({"from": g.a1})) == list(g.deep.query({"from_": g.a1})) == [g.b1, g.b2]
    assert list(g.deep.query({"in": g.c1})) == [g.a2]


def test_criteria_combine_with_and_or_and_not(g: Graph) -> None:
    assert list(g.deep.query(Q(type=g.A) | Q(type=g.B))) == [g.a1, g.a2, g.b1, g.b2]
    assert list(g.deep.query(Q(type=g.B) & Q(from_=g.a1))) == [g.b1, g.b2]
    assert list(g.deep.query(Q(type=g.A) & ~Q(id=g.a1))) == [g.a2]
    assert list(g.deep.query((Q(type=g.A) | Q(type=g.B)) & ~(Q(id=g.a1) | Q(id=g.b2)))) == [g.a2, g.b1]


def test_criteria_combine_in_words_too(g: Graph) -> None:
    assert list(g.deep.query({"_or": [{"type": g.A}, {"type": g.B}]})) == [g.a1, g.a2, g.b1, g.b2]
    assert list(g.deep.query({"type": g.B, "_and": {"from": g.a1}})) == [g.b1, g.b2]
    assert list(g.deep.query({"type": g.A, "_not": {"id": g.a1}})) == [g.a2]
    assert list(g.deep.query({"_or": []})) == []


def test_an_id_may_be_an_association_or_a_text(g: Graph) -> None:
    assert list(g.deep.query(id=g.a1)) == list(g.deep.query(id=g.a1.id)) == [g.a1]
    assert list(g.deep.query(id=g.a1, type=g.A)) == [g.a1]
    assert list(g.deep.query(id=g.a1, type=g.B)) == []
    assert list(g.deep.query(type=g.A.id)) == [g.a1, g.a2]


def test_an_unknown_id_finds_nothing_and_makes_nothing(g: Graph) -> None:
    before = len(g.deep)

    assert (
        list(g.deep.query(type=new_id())) == list(g.deep.query(id=new_id())) == list(g.deep.query(out=new_id())) == []
    )
    assert len(g.deep) == before


def test_none_asks_for_a_reference_that_is_empty(g: Graph) -> None:
    assert list(g.deep.query(type=g.B, to=None)) == [g.b1, g.b2]
    assert list(g.deep.query(type=g.A, out=None)) == [g.a2]
    assert list(g.deep.query(type=None)) == [g.deep]


def test_no_criteria_are_all_but_the_built_ins_and_a_look_that_changes_nothing(g: Graph) -> None:
    everything = g.deep.query()

    assert [one.id for one in everything] == list(g.deep.ids)
    assert not hasattr(everything, "add")
    g.a1.destroy()
    assert [one.id for one in everything] == list(g.deep.ids)


def test_not_anything_is_nothing(g: Graph) -> None:
    assert list(g.deep.query(~Q())) == list(g.deep.query({"_not": {}})) == []


def test_what_a_not_finds_has_nothing_of_the_query_in_it(g: Graph) -> None:
    before = list(g.deep)

    assert list(g.deep.query(~Q(type=g.A))) == [one for one in before if one.type is not g.A]
    assert list(g.deep) == before


def test_built_ins_are_found_where_they_are_named(g: Graph) -> None:
    assert list(g.deep.query(id=g.deep.String)) == [g.deep.String]
    assert list(g.deep.query(typed=g.text)) == [g.deep.String]
    assert g.deep.String not in g.deep.query(type=g.deep)
    assert g.deep.String in g.deep.query(Q(id=g.deep.String) | Q(type=g.A))
    assert list(g.deep.query(type={"id": g.deep.String})) == [g.text]


def test_a_query_makes_no_associations_and_no_listeners(g: Graph) -> None:
    before = len(g.deep)
    g.deep.query(type=g.A, out={"type": g.B}, order_by="data").count()

    assert len(g.deep) == before
    assert g.deep.space._subscriptions == {}
    assert not g.deep.signals.heard


def test_a_query_is_answered_when_it_is_looked_at(g: Graph) -> None:
    query = g.deep.query(type=g.A)
    a3 = g.A()

    assert list(query) == [g.a1, g.a2, a3]
    assert (len(query), a3 in query, a3.id in query, g.b1 in query, "no id" in query) == (3, True, True, False, False)


@pytest.mark.parametrize(
    ("compare", "found"),
    [
        (5, [5]),
        ({"_eq": 5}, [5]),
        ({"_neq": 5}, [1, 5.0, Decimal("7.5")]),
        ({"_gt": 5}, [Decimal("7.5")]),
        ({"_gte": 5}, [5, 5.0, Decimal("7.5")]),
        ({"_lt": 5}, [1]),
        ({"_lte": 5}, [1, 5, 5.0]),
        ({"_gt": 1, "_lt": 7}, [5, 5.0]),
        ({"_in": [1, 5.0]}, [1, 5.0]),
        ({"_nin": [1, 5]}, [5.0, Decimal("7.5")]),
        (True, []),
    ],
)
def test_numbers_are_compared_in_the_words_of_hasura(deep: Deep, compare: object, found: list[object]) -> None:
    numbers(deep, 1, 5, 5.0, Decimal("7.5"))
    deep.Number()
    seen = [one.data for one in deep.query(type=deep.Number, data=compare)]

    assert [(type(one), one) for one in seen] == [(type(one), one) for one in found]


@pytest.mark.parametrize(
    ("compare", "found"),
    [
        ("b%", ["b%"]),
        ({"_like": "b%"}, ["b%", "bob"]),
        ({"_like": "b\\%"}, ["b%"]),
        ({"_like": "_ob"}, ["bob", "Bob", "\nob"]),
        ({"_ilike": "B%"}, ["b%", "bob", "Bob"]),
        ({"_gt": "b%"}, ["bob"]),
        ({"_like": "a.c"}, []),
    ],
)
def test_texts_are_compared_in_the_words_of_hasura(deep: Deep, compare: object, found: list[str]) -> None:
    for text in ("b%", "bob", "Bob", "\nob", "abc"):
        deep.String(text)

    assert [one.data for one in deep.query(type=deep.String, data=compare)] == found


def test_data_is_that_at_the_end_of_the_value_chain(g: Graph) -> None:
    assert list(g.deep.query(data="text")) == [g.text, g.d1, g.d2]


def test_who_has_no_data_is_asked_for_by_null_alone(deep: Deep) -> None:
    full, empty = deep.Number(1), deep.Number()

    assert list(deep.query(type=deep.Number, data={"_is_null": True})) == [empty]
    assert list(deep.query(type=deep.Number, data=None)) == [empty]
    assert list(deep.query(type=deep.Number, data={"_is_null": False})) == [full]
    assert list(deep.query(type=deep.Number, data={"_neq": 7})) == [full]


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"colour": 5}, "'colour' (given 5)"),
    ({"type": 5}, "type takes an association, an id, criteria or None, not int 5"),
    ({"from_": []}, "from_ takes"),
    ({"out": {"in": 3.5}}, "in takes an association, an id, criteria or None, not float 3.5"),
    ({"id": None}, "id takes an association or an id, not NoneType None"),
    ({"_or": {5}}, "_or takes criteria or a list of them"),
    ({"_and": 5}, "_and takes"),
    ({"_not": 7}, "_not takes criteria"),
    ({"data": {"gt": 5}}, "'gt' of data (given 5)"),
    ({"data": {"_gt": []}}, "_gt of a query takes a text, a number, a date or a datetime, not list []"),
    ({"data": {"_in": 5}}, "_in of a query takes a list of values, not int 5"),
    ({"data": {"_like": 5}}, "_like of a query takes"),
    ({"data": {"_is_null": 1}}, "_is_null of a query takes True or False, not int 1"),
    (
        {"data": object()},
        "data = of a query takes a text, a number, a bool, a date, a dict or a function, not object <obj",
    ),
    (
        {"data": {"_in": [1, b"x"]}},
        "_in of a query takes a text, a number, a bool, a date, a dict or a function, not bytes",
    ),
    ({"data": {"_eq": None}}, "`_is_null` asks for none"),
    ({"order_by": "colour"}, "order_by 'colour'"),
    ({"order_by": {"id": "up"}}, "order_by id: 'up'"),
    ({"order_by": {"id": "asc", "seq": "asc"}}, "order_by takes"),
    ({"order_by": 5}, "order_by takes"),
    ({"limit": -1}, "limit -1"),
    ({"offset": True}, "offset takes a whole number, not bool True"),
]


@pytest.mark.parametrize(("given", "said"), WRONG, ids=[said for _, said in WRONG])
def test_what_is_wrong_is_told_with_its_field_and_its_value(deep: Deep, given: dict[str, Any], said: str) -> None:
    with pytest.raises(InvalidError) as error:
        deep.query(**given)

    assert said in str(error.value)


@pytest.mark.parametrize("criteria", [None, [], 5, "type"])
def test_criteria_are_dicts_or_qs(deep: Deep, criteria: Any) -> None:
    with pytest.raises(WrongTypeError, match="criteria"):
        deep.query(criteria)


def test_a_malformed_id_and_a_stranger_are_told_with_their_field(deep: Deep) -> None:
    with pytest.raises(MalformedIdError, match="type"):
        deep.query(type="no id")
    with pytest.raises(OtherSpaceError, match="from_"):
        deep.query(out={"from_": Deep()()})
    gone = deep()
    gone.destroy()
    with pytest.raises(DestroyedError):
        deep.query(~Q(type=gone) | Q(id=deep))


def test_results_come_in_the_order_of_creation_whatever_index_is_read(g: Graph) -> None:
    g.a1.type = g.deep
    g.a1.type = g.A

    assert list(g.A.typed) == [g.a2, g.a1]
    assert list(g.deep.query(type=g.A)) == [g.a1, g.a2]


def test_order_by_data_puts_none_last_going_up_and_first_going_down(deep: Deep) -> None:
    three, none, one, again = numbers(deep, 3)[0], deep.Number(), deep.Number(Decimal("1.5")), deep.Number(3)

    assert list(deep.query(type=deep.Number, order_by="data")) == [one, three, again, none]
    assert list(deep.query(type=deep.Number, order_by={"data": "desc"})) == [none, three, again, one]


def test_order_by_takes_a_list(deep: Deep) -> None:
    three, one, again = numbers(deep, 3, 1, 3)

    assert list(deep.query(type=deep.Number, order_by=["data", {"seq": "desc"}])) == [one, again, three]


def test_order_by_ids_and_times(g: Graph) -> None:
    by_id = list(g.deep.query(type=g.A, order_by={"id": "desc"}))
    g.a1.to = g.a2

    assert by_id == sorted([g.a1, g.a2], key=str, reverse=True)
    assert list(g.deep.query(type=g.A, order_by="updated_at")) == [g.a2, g.a1]
    assert list(g.deep.query(type=g.A, order_by={"created_at": "asc"})) == [g.a1, g.a2]


def test_mixed_data_has_an_order(deep: Deep) -> None:
    made = [holding(deep, data) for data in (True, 5, "a", DAY, NOON, print)]
    wanted = Q()
    for one in made:
        wanted = wanted & ~Q(id=one)

    assert list(deep.query(~wanted, order_by={"data": "desc"})) == made[::-1]


def test_objects_and_dates_are_compared(deep: Deep) -> None:
    one, day, noon = (holding(deep, data) for data in (checked_object({"a": [1]}, "it"), DAY, NOON))

    assert list(deep.query(data={"_eq": {"a": [1]}})) == [one]
    assert list(deep.query(data={"_in": [{"a": [1.0]}, DAY]})) == [day]
    assert list(deep.query(data={"_gt": NOON - timedelta(hours=1)})) == [noon]
    assert list(deep.query(data={"_gte": DAY})) == [day]
    with pytest.raises(WrongTypeError, match="time zone"):
        deep.query(data={"_gt": NOON.replace(tzinfo=None)})


def test_limit_and_offset_cut_what_is_ordered(deep: Deep) -> None:
    made = numbers(deep, *range(10))
    page = deep.query(type=deep.Number, order_by={"data": "desc"}, limit=3, offset=2)

    assert list(page) == [made[7], made[6], made[5]]
    assert (page.count(), len(page), page.first(), page.exists()) == (3, 3, made[7], True)
    assert (made[7] in page, made[9] in page) == (True, False)
    assert deep.query(type=deep.Number, offset=8).count() == 2
    assert not deep.query(type=deep.Number, limit=0)


def test_first_and_exists_of_nothing(g: Graph) -> None:
    assert (g.deep.query(type=g.b1).first(), g.deep.query(type=g.b1).exists()) == (None, False)
