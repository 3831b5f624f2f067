"""The table of capabilities is whole: every id once and in order, each with tests that are there."""

from tests.docs.naming import NAMED, missing
from tests.processes import ROOT

PAGE = ROOT / "docs" / "acceptance.md"
# What is not whole yet is known here too: a row that becomes whole, or stops being so, is changed in both places.
NOT_WHOLE = {"D42"}


def rows() -> list[list[str]]:
    """The cells of the table, without its head."""
    lines = [line for line in PAGE.read_text().splitlines() if line.startswith("| D")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]


def test_every_id_is_there_once_and_in_order() -> None:
    assert [row[0] for row in rows()] == [f"D{number}" for number in range(1, 43)]


def test_each_row_has_a_sentence_and_a_test() -> None:
    assert [row[0] for row in rows() if len(row) != 4 or not row[1] or not NAMED.findall(row[2])] == []


def test_each_test_that_the_table_names_is_there() -> None:
    assert missing(PAGE.read_text()) == []


def test_what_is_not_whole_yet_says_what_is_missing() -> None:
    assert {row[0] for row in rows() if row[3]} == NOT_WHOLE
