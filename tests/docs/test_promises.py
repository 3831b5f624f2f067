"""Each promise has a test that holds it, and each test that is named is there."""

import re
from collections.abc import Iterator

from tests.docs.naming import NAMED, missing
from tests.processes import ROOT

PAGE = ROOT / "docs" / "promises.md"
SECTION = re.compile(r"^## (.+?)\n(.*?)(?=^## |\Z)", re.MULTILINE | re.DOTALL)
OPEN = ("Not promised yet", "Never promised")


def promises() -> Iterator[str]:
    """The items of the lists of what is promised."""
    for title, text in SECTION.findall(PAGE.read_text()):
        if title not in OPEN:
            yield from re.split(r"^- ", text, flags=re.MULTILINE)[1:]


def test_each_promise_has_a_test() -> None:
    assert [promise for promise in promises() if not NAMED.findall(promise)] == []


def test_each_test_that_the_page_names_is_there() -> None:
    assert missing(PAGE.read_text()) == []


def test_what_is_not_promised_has_none() -> None:
    sections = dict(SECTION.findall(PAGE.read_text()))

    assert all(not NAMED.findall(sections[title]) for title in OPEN)
