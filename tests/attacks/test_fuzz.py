"""The short form of the random documents."""

from __future__ import annotations

import os

from tests.attacks.fuzz import run

DOCUMENTS = int(os.environ.get("FUZZ_DOCUMENTS", "400"))


async def test_no_document_is_answered_by_a_failure_of_ours() -> None:
    assert await run(DOCUMENTS, seed=1) == []
