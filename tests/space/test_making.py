"""Spaces and the associations made in them: ids, order, times, looking up."""

import copy
import pickle
import uuid
from datetime import UTC, datetime, timedelta

import pytest

from deeplinks import Association, Deep
from deeplinks.errors import MalformedIdError, UnknownIdError, UnknownNameError, WrongTypeError
from deeplinks.tables import BUILT_INS


def test_the_root_has_no_type_and_comes_first(deep: Deep) -> None:
    assert deep.type is None
    assert deep.seq == 1
    assert list(deep.ids) == [deep.id]


def test_a_space_can_be_given_its_id() -> None:
    id = uuid.uuid4()

    assert Deep(space=id).id == str(id)
    assert Deep(space=str(id).upper()).id == str(id)


def test_the_id_of_a_space_must_be_a_uuid() -> None:
    with pytest.raises(MalformedIdError):
        Deep(space="my space")


def test_two_spaces_share_nothing_but_the_ids_of_built_ins() -> None:
    one, other = Deep(), Deep()
    one()

    assert not set(one.ids) & set(other.ids)
    assert one.String.id == other.String.id
    assert one.String is not other.String


def test_built_ins_have_well_known_ids_and_are_typed_root(deep: Deep) -> None:
    for name, id in BUILT_INS.items():
        assert getattr(deep, name).id == id
        assert getattr(deep, name).type is deep


def test_built_ins_are_left_out_of_ids_length_iteration_and_the_roots_instances(deep: Deep) -> None:
    assert deep.String.id not in deep.ids
    assert len(deep) == 1
    assert list(deep) == [deep]
    assert len(deep.typed) == 0


def test_built_ins_can_be_looked_up(deep: Deep) -> None:
    assert deep[deep.String.id] is deep.String
    assert deep.String in deep


def test_a_space_has_no_attribute_that_it_does_not_know(deep: Deep) -> None:
    with pytest.raises(AttributeError, match="Strin"):
        deep.Strin  # noqa: B018
    assert not hasattr(deep, "_repr_svg_")


def test_an_association_is_typed_by_what_it_was_made_of(deep: Deep) -> None:
    User = deep()
    alice = User()
    shade = alice()

    assert (User.type, alice.type, shade.type) == (deep, User, alice)
    assert list(deep.typed) == [User]


def test_making_one_association_adds_one_id(deep: Deep) -> None:
    before = len(deep)
    made = deep()

    assert len(deep) == before + 1
    assert list(deep.ids)[-1] == made.id


def test_making_takes_references_as_associations_ids_and_uuids(deep: Deep) -> None:
    a, b, c = deep(), deep(), deep()
    link = deep(from_=a, to=b.id.upper(), value=uuid.UUID(c.id))

    assert (link.from_, link.to, link.value) == (a, b, c)


def test_the_order_of_creation_is_never_reused(deep: Deep) -> None:
    one, two, three = deep(), deep(), deep()
    two.destroy()
    four = deep()

    assert [two.seq - one.seq, three.seq - two.seq] == [1, 1]
    assert four.seq > three.seq


def test_the_stored_order_of_creation_is_not_known_here(deep: Deep) -> None:
    assert deep().i is None


def test_an_id_is_a_canonical_uuid_and_the_text_of_its_association(deep: Deep) -> None:
    a = deep()

    assert a.id == str(uuid.UUID(a.id))
    assert str(a) == f"{a}" == a.id


@pytest.mark.parametrize("name", ["id", "seq", "typed", "out", "in_", "valued", "val", "created_at", "nonsense"])
def test_what_is_not_to_be_set_is_not_set(deep: Deep, name: str) -> None:
    a = deep()
    id = a.id
    with pytest.raises(AttributeError):
        setattr(a, name, deep())

    assert a.id == id


@pytest.mark.parametrize("name", ["typed", "out", "in_", "valued", "val", "id"])
def test_what_is_not_to_be_deleted_is_not_deleted(deep: Deep, name: str) -> None:
    with pytest.raises(AttributeError):
        delattr(deep(), name)


def test_times_are_aware_and_now(deep: Deep) -> None:
    a = deep()

    assert a.created_at.tzinfo is UTC
    assert abs(datetime.now(UTC) - a.created_at) < timedelta(seconds=30)
    assert a.updated_at == a.created_at


def test_a_change_updates_the_time_of_its_source_alone(deep: Deep) -> None:
    a, b = deep(), deep()
    a.restore_times("2020-01-01T00:00:00+00:00", "2020-01-01T00:00:00+00:00")
    b.restore_times("2020-01-01T00:00:00+00:00", "2020-01-01T00:00:00+00:00")
    a.to = b

    assert a.updated_at.year > 2020
    assert a.created_at.year == b.updated_at.year == 2020


def test_the_same_value_again_updates_no_time(deep: Deep) -> None:
    b = deep()
    a = deep(to=b)
    a.restore_times("2020-01-01T00:00:00+00:00", "2020-01-01T00:00:00+00:00")
    a.to = b

    assert a.updated_at.year == 2020


def test_an_id_has_one_association(deep: Deep) -> None:
    a = deep()

    assert deep[a.id] is deep[a.id.upper()] is deep[uuid.UUID(a.id)] is deep[f"{{{a.id}}}"] is deep[a] is a


def test_looking_up_never_creates(deep: Deep) -> None:
    unknown = str(uuid.uuid4())
    with pytest.raises(KeyError) as raised:
        deep[unknown]

    assert isinstance(raised.value, UnknownIdError)
    assert unknown in str(raised.value)
    assert deep.get(unknown) is None
    assert deep.get(unknown, 5) == 5
    assert unknown not in deep
    assert len(deep) == 1


def test_looking_up_by_what_is_no_id_and_no_name_is_refused(deep: Deep) -> None:
    with pytest.raises(UnknownNameError, match="nope"):
        deep["nope"]
    assert deep.get("nope") is None
    with pytest.raises(WrongTypeError):
        deep[5]  # pyright: ignore[reportArgumentType]


def test_what_is_no_id_is_not_in_a_space(deep: Deep) -> None:
    assert "nope" not in deep
    assert 5 not in deep
    assert None not in deep


def test_an_association_of_another_space_is_not_in_this_one(deep: Deep) -> None:
    stranger = Deep()()

    assert stranger not in deep
    assert deep.get(stranger) is None


def test_a_call_takes_one_value_and_references_only(deep: Deep) -> None:
    with pytest.raises(TypeError):
        deep.String("a", "b")
    with pytest.raises(TypeError):
        deep(color="red")
    assert len(deep) == 1


def test_an_association_is_true_whatever_it_holds(deep: Deep) -> None:
    assert all((deep, deep(), deep.String(""), deep.Number(0)))


@pytest.mark.parametrize("copier", [copy.copy, copy.deepcopy, pickle.dumps])
def test_an_association_is_not_copied(deep: Deep, copier: object) -> None:
    for one in (deep, deep()):
        with pytest.raises(TypeError, match=one.id):
            copier(one)  # type: ignore[operator]


def test_type_chains_go_up_to_the_root(deep: Deep) -> None:
    A = deep()
    B = A()
    c = B()

    assert c.type_chain == [B, A, deep]
    assert deep.type_chain == []


def test_is_a_asks_the_type_chain_by_association_and_by_id(deep: Deep) -> None:
    A = deep()
    b = A()()

    assert b.is_a(A)
    assert b.is_a(A.id.upper())
    assert b.is_a(uuid.UUID(A.id))
    assert b.is_a(deep)
    assert not b.is_a(b)
    assert not b.is_a("nope")


def test_another_type_high_in_the_chain_counts_at_once(deep: Deep) -> None:
    A, B = deep(), deep()
    c = B()
    B.type = A

    assert c.is_a(A)


def test_a_cycle_of_types_ends_at_its_first_repeat(deep: Deep) -> None:
    a, b = deep(), deep()
    a.type = b
    b.type = a

    assert a.type_chain == [b, a]
    assert a.is_a(a)


def test_what_people_see_is_short_and_names_the_kind(deep: Deep) -> None:
    assert repr(deep.String("Alice")).startswith("<String 'Alice' ")
    assert repr(deep.String("x" * 1000)).count("x") < 50
    assert repr(deep()).startswith("<deep ")
    assert "1 association>" in repr(Deep())
    assert isinstance(deep(), Association)


def test_nothing_of_one_space_is_heard_in_another(deep: Deep) -> None:
    heard: list[object] = []
    deep.on("to_set", heard.append)
    deep.on("constructed", heard.append)
    other = Deep()
    a = other()
    a.to = a

    assert heard == []


def test_what_is_no_id_and_no_association_is_a_type_error(deep: Deep) -> None:
    for wrong in (5, object(), None, ["a"]):
        for look in (deep.__getitem__, deep.get, deep.ensure):
            with pytest.raises(TypeError):
                look(wrong)  # pyright: ignore[reportArgumentType, reportCallIssue]
    assert len(deep) == 1


def test_an_id_that_is_not_here_is_made_by_ensure_alone(deep: Deep) -> None:
    User, id = deep(), str(uuid.uuid4())
    made = deep.ensure(id, User)

    assert (made.id, made.type) == (id, User)
    assert deep.ensure(id.upper()) is made
    assert deep.ensure(str(uuid.uuid4())).type is deep
    assert id in deep.ids


def test_asking_who_somebody_is_makes_nothing(deep: Deep) -> None:
    a = deep()

    assert a.is_(a)
    assert a.is_(a.id)
    assert not any(a.is_(other) for other in (deep, "no-such-id", str(uuid.uuid4()), Deep(), 5, None))  # pyright: ignore[reportArgumentType]
    assert len(deep) == 2


def test_a_circle_of_types_further_up_ends(deep: Deep) -> None:
    a, b, c = deep(), deep(), deep()
    a.type, b.type, c.type = b, c, b

    assert a.type_chain == [b, c]


def test_who_has_no_type_has_an_empty_chain(deep: Deep) -> None:
    a = deep()
    del a.type

    assert a.type_chain == []
    assert not a.is_a(deep)
