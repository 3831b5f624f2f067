"""The page about the server asks it what it says, and is answered what it shows."""

from pathlib import Path

import pytest

from deeplinks.server.limits import ADMINS, ANONYMOUS, OTHERS
from tests.docs.blocks import read
from tests.processes import ROOT

PAGE = ROOT / "docs" / "server.md"


async def test_the_page_is_answered_what_it_shows(endpoint: str, tmp_path: Path) -> None:
    for seen in await read(PAGE, endpoint, tmp_path):
        assert seen.really == seen.shown, seen.block


@pytest.mark.parametrize(
    ("told", "names"),
    [
        ("levels of fields", ["depth"]),
        ("fields, spread out", ["fields"]),
        ("aliases", ["aliases"]),
        ("root fields", ["roots"]),
        ("variables", ["variables"]),
        ("directives; fragments and spreads", ["directives", "fragments"]),
        ("requests in a batch", ["batch"]),
        ("operations at the same time on one socket", ["subscriptions"]),
        ("rows that lists may come to, multiplied", ["cost"]),
    ],
)
def test_its_table_of_limits_is_what_they_are(told: str, names: list[str]) -> None:
    limits = ["; ".join(_number(getattr(each, name)) for name in names) for each in (ADMINS, OTHERS, ANONYMOUS)]

    assert f"| {told} | {' | '.join(limits)} |" in PAGE.read_text()


def _number(value: int | None) -> str:
    return "–" if value is None else f"{value:,}".replace(",", " ")
