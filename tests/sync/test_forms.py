"""The forms of jsonb: what is written of Booleans, Objects, Maps and Dates, and what is read of what others wrote."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import orjson
import pytest
from hypothesis import given

from deeplinks.space.values import UnknownForm, checked, same
from deeplinks.sync.rows import decoded, encoded, table_of
from tests.space.values import KINDS, of_kind

FORMS = [
    ("Boolean", True, True),
    ("Boolean", False, False),
    ("Object", {"a": 1, "b": [1.5, None, {"c": ""}]}, {"a": 1, "b": [1.5, None, {"c": ""}]}),
    ("Object", {}, {}),
    ("Object", {"big": 2**53}, {"big": {"$number": "9007199254740992"}}),
    ("Object", {"large": 1e16}, {"large": {"$number": "10000000000000000.0"}}),
    ("Object", {"price": Decimal("1.50")}, {"price": {"$decimal": "1.50"}}),
    ("Object", {"$ref": "#/x"}, {"$ref": "#/x"}),
    ("Object", {"$map": []}, {"$object": {"$map": []}}),
    ("Object", {"a": {"$date": "x"}}, {"a": {"$object": {"$date": "x"}}}),
    ("Map", {1: "a", None: "b"}, {"$map": [[1, "a"], [None, "b"]]}),
    ("Map", [(1, "a"), (True, "b"), (1.0, "c")], {"$map": [[1, "a"], [True, "b"], [1.0, "c"]]}),
    ("Map", {}, {"$map": []}),
    ("Date", date(2024, 2, 29), {"$date": "2024-02-29"}),
    ("Date", datetime(2024, 2, 29, 1, 2, 3, 4, UTC), {"$datetime": "2024-02-29T01:02:03.000004+00:00"}),
    (
        "Date",
        datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=5, minutes=30))),
        {"$datetime": "0001-01-01T00:00:00+05:30"},
    ),
]


@pytest.mark.parametrize(("kind", "data", "form"), FORMS)
def test_data_has_one_form(kind: str, data: Any, form: Any) -> None:
    kept = checked(kind, data, "it")

    assert encoded(kept) == form
    assert table_of(kept) == "objects"


@given(KINDS.flatmap(of_kind))
def test_data_of_any_kind_comes_back_as_it_was_through_json(data: tuple[str, object]) -> None:
    kept = checked(*data, "it")
    sent = orjson.loads(orjson.dumps(encoded(kept)))
    again = decoded(table_of(kept), sent)

    assert again == kept
    assert same(again, kept)


@pytest.mark.parametrize(
    "foreign",
    [
        "text",
        5,
        None,
        [1],
        {"$date": "yesterday"},
        {"$date": 5},
        {"$datetime": "2024-01-01T00:00:00"},
        {"$map": 5},
        {"$map": [[1]]},
        {"$map": [[[], 1]]},
        {"$object": 5},
        {"$number": "5"},
        {"a": {"$number": "many"}},
        {"a": {"$decimal": "NaN"}},
    ],
)
def test_what_is_in_no_form_is_kept_as_it_is(foreign: Any) -> None:
    read = decoded("objects", foreign)

    assert isinstance(read, UnknownForm)
    assert table_of(read) == "objects"
    assert encoded(read) == foreign


def test_another_client_writes_a_moment_of_utc_with_a_z() -> None:
    assert decoded("objects", {"$datetime": "2024-01-01T00:00:00Z"}) == datetime(2024, 1, 1, tzinfo=UTC)
