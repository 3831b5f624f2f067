"""The reference is what its sources say now, and has every public name."""

import deeplinks
from tests.processes import ROOT, run

PAGE = ROOT / "docs" / "reference.md"


async def test_the_reference_is_what_make_docs_makes() -> None:
    ran = await run("docs/make_reference.py", "--check")

    assert ran.status == 0, ran.errors


def test_the_reference_has_every_public_name() -> None:
    text = PAGE.read_text()

    assert [name for name in deeplinks.__all__ if f"`{name}`" not in text] == ["EventKind", "__version__"]
    assert "`deep.events`" in text
