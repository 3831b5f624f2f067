"""How associations behave, case by case: every case of every group is there, in order, with tests that are there."""

import re

import pytest

from tests.docs.naming import NAMED, missing
from tests.processes import ROOT

FOLDER = ROOT / "docs" / "semantics"
CASES = {"A": 28, "B": 22, "C": 6, "D": 13, "E": 30, "F": 25, "G": 11, "H": 9, "I": 11, "J": 21, "M": 11, "O": 17}
# What may have no test, if it says why: what was an extra, and what was decided otherwise.
MAY_BE_LEFT = {"E-25", "E-26", "F-20", "G-07", "H-07", "H-08", "H-09", "I-07"} | {
    f"O-{number:02}" for number in range(1, 18)
}
DECIDED_OTHERWISE = {"A-20", "A-21", "A-22", "A-23", "E-04", "J-21"}
LEFT = re.compile(r"(superseded|not taken): \w.{10,}")


def rows(group: str) -> list[list[str]]:
    """The cells of a group's table, without its head."""
    lines = (FOLDER / f"{group}.md").read_text().splitlines()
    return [[cell.strip() for cell in line.strip().strip("|").split(" | ")] for line in lines if _is_case(line, group)]


def _is_case(line: str, group: str) -> bool:
    return line.startswith(f"| {group}-")


@pytest.mark.parametrize("group", CASES)
def test_every_case_is_there_once_and_in_order(group: str) -> None:
    assert [row[0] for row in rows(group)] == [f"{group}-{number:02}" for number in range(1, CASES[group] + 1)]


@pytest.mark.parametrize("group", CASES)
def test_every_case_has_a_sentence_and_a_test_or_says_why_not(group: str) -> None:
    may_be_left = MAY_BE_LEFT | DECIDED_OTHERWISE
    wrong = [
        row[0]
        for row in rows(group)
        if len(row) != 3 or not row[1] or not (NAMED.findall(row[2]) or (row[0] in may_be_left and LEFT.search(row[2])))
    ]

    assert wrong == []


@pytest.mark.parametrize("group", CASES)
def test_each_test_that_a_case_names_is_there(group: str) -> None:
    assert missing((FOLDER / f"{group}.md").read_text()) == []
