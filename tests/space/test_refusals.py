"""What is refused: by a clear error that says what and where, and with nothing changed."""

import uuid
from collections.abc import Callable
from typing import Any

import pytest

from deeplinks import Association, Deep, diff
from deeplinks.errors import (
    BuiltInError,
    DeepError,
    DestroyedError,
    InvalidError,
    MalformedIdError,
    NoDataError,
    OtherSpaceError,
    UnknownIdError,
    UnstorableError,
    WrongTypeError,
)
from deeplinks.space.showing import called
from tests.space.dumping import dump

FIELDS = ("type", "from_", "to", "value")
UNKNOWN = str(uuid.uuid4())
BAD_TARGETS: list[tuple[Any, type[DeepError]]] = [
    (UNKNOWN, UnknownIdError),
    (uuid.UUID(UNKNOWN), UnknownIdError),
    ("nope", MalformedIdError),
    ("", MalformedIdError),
    (5, WrongTypeError),
    (object(), WrongTypeError),
    ([], WrongTypeError),
    (False, WrongTypeError),
]


@pytest.fixture
def a(deep: Deep) -> Association:
    """An association with references, back references, data, marks and a listener: there is much to spoil."""
    b = deep().store("s", "typed_true")
    a = deep(from_=b, to=b, value=deep.String("kept")).store("s")
    deep(from_=a, to=a)
    a.on("to_set", print)
    return a


def refused(deep: Deep, error: type[DeepError], change: Callable[[], object]) -> DeepError:
    """The error that a change ends in, after which nothing is different."""
    before = dump(deep)
    with pytest.raises(error) as raised:
        change()
    assert dump(deep) == before
    return raised.value


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize(("target", "error"), BAD_TARGETS, ids=lambda one: getattr(one, "__name__", type(one).__name__))
def test_a_bad_target_is_refused_by_name(
    deep: Deep, a: Association, field: str, target: Any, error: type[DeepError]
) -> None:
    told = refused(deep, error, lambda: setattr(a, field, target))

    named = f"{told} {told.facts}"
    assert field in named
    assert a.described() in named or repr(a) in named
    assert str(target) in named


@pytest.mark.parametrize("field", FIELDS[1:])
@pytest.mark.parametrize(("target", "error"), BAD_TARGETS, ids=lambda one: getattr(one, "__name__", type(one).__name__))
def test_nothing_is_made_with_a_bad_target(
    deep: Deep, a: Association, field: str, target: Any, error: type[DeepError]
) -> None:
    told = refused(deep, error, lambda: a(**{field: target}))

    assert field in str(told)
    assert f"a new {called(a)}" in str(told)


@pytest.mark.parametrize("field", FIELDS)
def test_an_association_of_another_space_is_refused_by_name(deep: Deep, a: Association, field: str) -> None:
    stranger = Deep()()
    there = dump(stranger.space_of().root)
    told = refused(deep, OtherSpaceError, lambda: setattr(a, field, stranger))

    assert field in str(told)
    assert a.described() in str(told)
    assert dump(stranger.space_of().root) == there


def test_a_built_in_of_another_space_is_another_spaces(deep: Deep, a: Association) -> None:
    refused(deep, OtherSpaceError, lambda: setattr(a, "type", Deep().String))


def test_the_id_of_an_association_of_another_space_is_unknown(deep: Deep, a: Association) -> None:
    refused(deep, UnknownIdError, lambda: setattr(a, "to", Deep()().id))


@pytest.mark.parametrize("field", FIELDS)
def test_a_destroyed_target_is_refused(deep: Deep, a: Association, field: str) -> None:
    gone = deep()
    gone.destroy()
    told = refused(deep, DestroyedError, lambda: setattr(a, field, gone))

    assert "destroyed" in str(told)
    refused(deep, UnknownIdError, lambda: setattr(a, field, gone.id))


@pytest.mark.parametrize(
    "use",
    [
        lambda gone: setattr(gone, "to", None),
        lambda gone: setattr(gone, "from_", gone),
        lambda gone: setattr(gone, "data", 5),
        lambda gone: gone(),
        lambda gone: gone.store("s"),
        lambda gone: gone.unstore("s"),
        lambda gone: gone.is_stored("s"),
        lambda gone: gone.storages(),
        lambda gone: gone.on("to_set", print),
        lambda gone: gone.off("to_set", print),
        lambda gone: gone.space_of(),
        lambda gone: gone.out.on("data_add", print),
    ],
)
def test_a_destroyed_association_is_of_no_use(deep: Deep, use: Callable[[Association], object]) -> None:
    gone = deep.String("gone")
    gone.destroy()

    told = refused(deep, DestroyedError, lambda: use(gone))
    assert gone.id in str(told)


def test_a_destroyed_association_still_tells_its_id_and_that_it_is_gone(deep: Deep) -> None:
    gone = deep.String("last words")
    gone.destroy()

    assert gone.destroyed
    assert gone.id in str(gone)
    assert repr(gone).startswith("<destroyed")
    assert gone.data == "last words"
    assert (gone.type, gone.to, list(gone.out), gone.type_chain) == (None, None, [], [])


@pytest.mark.parametrize("field", FIELDS)
def test_the_references_of_a_built_in_are_not_changed(deep: Deep, field: str) -> None:
    target = deep()
    told = refused(deep, BuiltInError, lambda: setattr(deep.String, field, target))

    assert deep.String.described() in str(told)


def test_the_root_is_given_no_type_and_no_data(deep: Deep) -> None:
    target = deep()
    refused(deep, BuiltInError, lambda: setattr(deep, "type", target))
    refused(deep, BuiltInError, lambda: setattr(deep, "data", 5))
    refused(deep, BuiltInError, lambda: setattr(deep.String, "data", "a"))


def test_bad_data_is_refused_by_name(deep: Deep) -> None:
    text, number = deep.String("a").store("s"), deep.Number(1)
    for one, value, error in (
        (text, 5, WrongTypeError),
        (text, "bad\x00", UnstorableError),
        (text, "bad\udfff", UnstorableError),
        (number, "5", WrongTypeError),
        (number, True, WrongTypeError),
        (number, float("nan"), UnstorableError),
        (deep(), 5, NoDataError),
    ):
        told = refused(deep, error, lambda one=one, value=value: setattr(one, "data", value))
        assert one.described() in str(told)
        assert ascii(value) in f"{told} {told.facts}"


def test_bad_data_is_named_by_what_was_to_be_made(deep: Deep) -> None:
    told = refused(deep, WrongTypeError, lambda: deep.String(5))

    assert "a new String" in str(told)
    assert "int 5" in str(told)


def test_an_error_about_a_long_value_is_short(deep: Deep) -> None:
    told = refused(deep, UnstorableError, lambda: deep.String("\x00" + "a" * 1_000_000))

    assert len(str(told)) < 300


@pytest.mark.parametrize("storage", [5, None, "", object()])
def test_what_is_no_storage_is_refused(deep: Deep, a: Association, storage: object) -> None:
    refused(deep, WrongTypeError, lambda: a.store(storage))
    refused(deep, WrongTypeError, lambda: a.is_stored(storage))
    if storage is not None:
        refused(deep, WrongTypeError, lambda: a.storages(storage))


def test_an_association_is_no_storage(deep: Deep, a: Association) -> None:
    refused(deep, WrongTypeError, lambda: a.store(a))


@pytest.mark.parametrize("marker", ["one", 5, None, ""])
def test_what_is_no_marker_is_refused(deep: Deep, a: Association, marker: Any) -> None:
    refused(deep, WrongTypeError, lambda: a.store("s", marker))


@pytest.mark.parametrize("marker", ["one_true", "one_false", "typed_true", "typed_false"])
def test_the_root_and_built_ins_are_never_marked(deep: Deep, a: Association, marker: str) -> None:
    for one in (deep, deep.String, deep.TypedTrue):
        refused(deep, BuiltInError, lambda one=one: one.store("s", marker))
        refused(deep, BuiltInError, lambda one=one: one.unstore("s", purge=True))


@pytest.mark.parametrize("kind", [5, None, "", ("to_set",)])
def test_what_is_no_event_kind_is_refused(deep: Deep, a: Association, kind: Any) -> None:
    for verb in (a.on, a.once, a.off, a.emit):
        refused(deep, WrongTypeError, lambda verb=verb: verb(kind, print))


def test_an_association_that_is_no_event_is_no_event_kind(deep: Deep, a: Association) -> None:
    refused(deep, WrongTypeError, lambda: a.on(a, print))
    refused(deep, WrongTypeError, lambda: a.on(deep.Event, print))


@pytest.mark.parametrize("kind", ["nonsense", "typeSetted"])
def test_a_set_tells_no_events_of_peoples_own(deep: Deep, a: Association, kind: str) -> None:
    refused(deep, WrongTypeError, lambda: a.out.on(kind, print))


async def hear_later(event: object) -> None: ...


@pytest.mark.parametrize("handler", [5, None, "print", hear_later])
def test_what_is_no_handler_is_refused(deep: Deep, a: Association, handler: Any) -> None:
    refused(deep, WrongTypeError, lambda: a.on("to_set", handler))


def test_refusals_are_errors_that_python_people_know() -> None:
    assert issubclass(UnknownIdError, KeyError)
    assert issubclass(WrongTypeError, TypeError)
    assert issubclass(InvalidError, ValueError)
    assert issubclass(DestroyedError, LookupError)


def test_an_association_in_an_object_is_called_by_its_name(deep: Deep) -> None:
    deep.alice = alice = deep()
    settings = deep.Object({})

    with pytest.raises(UnstorableError, match=rf"^alice {alice.id[:4]}….* at \['who'\]"):
        settings["who"] = alice


def test_a_destroyed_target_is_named_with_whom_it_was_given_to(deep: Deep) -> None:
    deep.alice = alice = deep()
    gone = deep()
    gone.destroy()

    with pytest.raises(DestroyedError, match=r"given as to of alice "):
        alice.to = gone


def test_what_can_not_be_wrapped_is_named_with_whom_it_was_given_to(deep: Deep) -> None:
    deep.User = User = deep()

    with pytest.raises(WrongTypeError, match=rf"^'age' of User {User.id[:4]}….* not object"):
        User["age"] = object()


def test_a_copy_of_what_is_not_here_says_so(deep: Deep) -> None:
    gone = deep()
    gone.destroy()

    with pytest.raises(DestroyedError, match="given as copy of"):
        deep.copy([gone])
    with pytest.raises(UnknownIdError):
        deep.copy(["00000000-0000-4000-8000-000000000000"])


def test_a_difference_is_one_of_two_spaces(deep: Deep) -> None:
    for wrong in (5, deep(), deep.to_dict()):
        with pytest.raises(WrongTypeError, match=r"^diff takes two spaces"):
            diff(deep, wrong)  # pyright: ignore[reportArgumentType]
