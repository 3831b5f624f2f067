"""Functions: run when made here, never when loaded."""

import functools
import re

import pytest

from deeplinks import Deep, FunctionSource
from deeplinks.errors import FunctionNotTrustedError, UnstorableError, WrongTypeError
from tests.space.dumping import dump


def add(a: int, b: int = 10) -> int:
    return a + b


def test_a_function_made_here_runs_when_called(deep: Deep) -> None:
    f = deep.Function(add)

    assert f(1, 2) == f(1, b=2) == 3
    assert f.data is add


def test_a_function_gets_references_that_were_given(deep: Deep) -> None:
    a = deep()
    f = deep.Function(lambda **named: named)

    assert f() == {}
    assert f(to=a, color="red") == {"to": a, "color": "red"}


def test_calling_a_function_makes_no_association(deep: Deep) -> None:
    f = deep.Function(add)
    before = len(deep)
    f(1)

    assert len(deep) == before


def test_what_a_function_raises_comes_out(deep: Deep) -> None:
    with pytest.raises(ZeroDivisionError):
        deep.Function(lambda: 1 / 0)()


def test_a_loaded_function_never_runs(deep: Deep) -> None:
    source = FunctionSource("python", "boom", "def boom():\n    raise SystemExit\n")
    f = deep.Function(source)

    assert f.data == source
    with pytest.raises(FunctionNotTrustedError, match=re.escape(f.described())):
        f()


def test_a_function_whose_text_came_from_a_storage_never_runs(deep: Deep) -> None:
    f = deep.Function()
    deep.space.put(f, FunctionSource("python", "add", "def add(): ..."), "s")

    with pytest.raises(FunctionNotTrustedError):
        f(1, 2)


def test_a_function_made_here_stays_one_when_its_own_text_comes_back(deep: Deep) -> None:
    f = deep.Function(add).store("s")
    source = FunctionSource.of(add)
    assert source is not None
    deep.space.put(f, source, "s")

    assert f(1, 2) == 3


def test_another_text_replaces_a_function_made_here(deep: Deep) -> None:
    f = deep.Function(add).store("s")
    other = FunctionSource("python", "add", "def add(): ...")
    deep.space.put(f, other, "s")

    assert f.data == other


@pytest.mark.parametrize(
    "source",
    [FunctionSource("python", "f", "a\x00"), FunctionSource("a\x00", "f", ""), FunctionSource("", "\ud800", "")],
)
def test_a_source_that_can_not_be_stored_is_refused(deep: Deep, source: FunctionSource) -> None:
    with pytest.raises(UnstorableError):
        deep.Function(source)


def test_a_source_is_three_texts(deep: Deep) -> None:
    with pytest.raises(WrongTypeError, match="three texts"):
        deep.Function(FunctionSource("python", "f", None))  # pyright: ignore[reportArgumentType]


def test_a_source_tells_language_name_and_text() -> None:
    assert FunctionSource.of(add) == FunctionSource(
        "python", "add", "def add(a: int, b: int = 10) -> int:\n    return a + b\n"
    )


SOURCELESS = pytest.mark.parametrize("function", [len, functools.partial(add, 1)])


@SOURCELESS
def test_a_function_without_a_source_is_at_home_where_it_is_not_stored(deep: Deep, function: object) -> None:
    deep().store("s")

    assert deep.Function(function).data is function


@SOURCELESS
def test_storing_a_function_without_a_source_is_refused_and_changes_nothing(deep: Deep, function: object) -> None:
    f = deep.Function(function)
    deep().store("s")
    before = dump(deep)
    with pytest.raises(UnstorableError, match=re.escape(f.described())):
        f.store("s")

    assert dump(deep) == before


@SOURCELESS
def test_what_would_bring_a_function_without_a_source_along_is_refused(deep: Deep, function: object) -> None:
    f = deep.Function(function)
    b = deep(value=f)
    Stored = deep().store("s", "typed_true")
    a = Stored()
    before = dump(deep)
    for change in (
        lambda: setattr(a, "to", b),
        lambda: Stored(to=b),
        lambda: b.store("s"),
        lambda: setattr(b, "type", Stored),
        lambda: setattr(f, "type", Stored),
    ):
        with pytest.raises(UnstorableError, match=re.escape(f.described())):
            change()
        assert dump(deep) == before


def test_a_stored_function_takes_no_function_without_a_source(deep: Deep) -> None:
    f = deep.Function(add).store("s")
    with pytest.raises(UnstorableError):
        f.data = len

    assert f.data is add
