"""An association on a line: in words for people, as JSON for programs, whatever it holds."""

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from deeplinks import Deep, FunctionSource, lines
from deeplinks.space.showing import short
from deeplinks.space.values import UnknownForm

SOURCE = FunctionSource("python", "add", "def add(): ...")
DATA: list[tuple[str, Any, str, Any]] = [
    ("String", "a", "'a'", "a"),
    ("Number", 5, "5", 5),
    ("Number", Decimal("0.10"), "Decimal('0.10')", "0.10"),
    ("Function", SOURCE, "add()", {"language": "python", "name": "add", "source": "def add(): ..."}),
    ("Boolean", False, "False", False),
    ("Object", {"a": [1, Decimal("0.1")]}, "{'a': [1, Decimal('0.1')]}", {"a": [1, {"$decimal": "0.1"}]}),
    ("Map", {1: "x"}, "{1: 'x'}", {"$map": [[1, "x"]]}),
    ("Date", date(2024, 1, 2), "2024-01-02", {"$date": "2024-01-02"}),
    (
        "Date",
        datetime(2024, 1, 2, 3, tzinfo=UTC),
        "2024-01-02T03:00:00+00:00",
        {"$datetime": "2024-01-02T03:00:00+00:00"},
    ),
]


@pytest.mark.parametrize(("kind", "data", "words", "told"), DATA)
def test_data_of_every_kind_is_told_in_words_and_as_json(kind: str, data: Any, words: str, told: Any) -> None:
    one = getattr(Deep(), kind)(data)

    assert lines.in_words(one) == f"{short(one.id)}  {kind:<12}  {words}"
    assert json.loads(lines.as_json(one))["data"] == told


@pytest.mark.parametrize(("kind", "data", "words", "told"), DATA)
def test_changed_data_of_every_kind_is_told_in_words_and_as_json(kind: str, data: Any, words: str, told: Any) -> None:
    deep, heard = Deep(), list[lines.Happening]()
    one = getattr(deep, kind)()
    deep.signals.changed.connect(lambda _, changes: heard.extend(lines.happenings(changes, one.created_at)))
    one.data = data
    (happening,) = heard

    assert lines.told_in_words(deep, happening).endswith(f"nothing → {words}")
    assert json.loads(lines.told_as_json(deep, happening))["new"] == told


def test_what_another_client_wrote_is_told_as_it_is() -> None:
    deep = Deep()
    one = deep.Object().store("s")
    deep.space.put(one, UnknownForm('["a", 1]'), "s")

    assert lines.in_words(one).endswith('  ["a", 1]')
    assert json.loads(lines.as_json(one))["data"] == ["a", 1]


def test_collections_tell_how_many_members_they_have_and_the_first() -> None:
    deep = Deep()

    assert lines.in_words(deep.Array([1, "a"])).endswith("  of 2 [1, 'a']")
    assert lines.in_words(deep.Set("abcd")).endswith("  of 4 {'a', 'b', 'c', …}")
    assert lines.in_words(deep(value=deep.Array([1]))).endswith("  Array of 1")
