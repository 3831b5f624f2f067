"""Rows that come with a request: their shapes, and where they do not fit."""

from decimal import Decimal

import pytest

from deeplinks.dialect.payload import encoded, objects
from deeplinks.dialect.refusal import RequestError
from deeplinks.dialect.values import Value
from deeplinks.tables import FUNCTIONS, LINKS, NUMBERS, STRINGS, Table

PATH = "$.selectionSet.insert.args.objects"


def refused(table: Table, value: Value) -> RequestError:
    with pytest.raises(RequestError) as caught:
        objects(table, value, PATH)
    return caught.value


def test_columns_that_some_row_leaves_out_are_partial() -> None:
    rows = objects(LINKS, [{"id": "a", "_i": 1}, {"id": "b"}], PATH)

    assert [column.name for column in rows.columns] == ["id", "_i"]
    assert rows.partial == {"_i"}


def test_one_object_is_a_list_of_one() -> None:
    assert objects(LINKS, {"id": "a"}, PATH).rows == [{"id": "a"}]


@pytest.mark.parametrize(
    ("table", "value", "path"),
    [
        (LINKS, [{"id": "a"}, {"nope": 1}], f"{PATH}[1].nope"),
        (LINKS, [{"id": "a"}, None], f"{PATH}[1]"),
        (LINKS, [{"id": 1}], f"{PATH}[0].id"),
        (STRINGS, [{"_data": "a"}, {"_data": {"a": 1}}], f"{PATH}[1]._data"),
        (NUMBERS, [{"_data": True}], f"{PATH}[0]._data"),
        (NUMBERS, [{"_data": float("nan")}], f"{PATH}[0]._data"),
    ],
)
def test_what_does_not_fit_is_refused_with_its_place(table: Table, value: Value, path: str) -> None:
    assert refused(table, value).path == path


def test_null_is_refused_by_nobody_here() -> None:
    assert objects(STRINGS, [{"_data": None}], PATH).columns


def test_any_json_is_data_of_a_function() -> None:
    assert objects(FUNCTIONS, [{"_data": [1, {"a": None}]}, {"_data": "text"}], PATH).columns


def test_a_decimal_is_written_with_all_of_its_digits() -> None:
    assert (
        encoded([{"a": Decimal("12345678901234567890.123456789")}], PATH) == b'[{"a":12345678901234567890.123456789}]'
    )


def test_half_a_surrogate_pair_is_no_text() -> None:
    with pytest.raises(RequestError) as caught:
        encoded([{"a": "\ud800"}], PATH)

    assert caught.value.extension_code == "data-exception"
