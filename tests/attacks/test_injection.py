"""The short form of the injection corpus."""

from __future__ import annotations

import os

from tests.attacks.injection import run

PAYLOADS = int(os.environ.get("INJECTION_PAYLOADS", "16"))


async def test_no_text_is_read_as_sql_wherever_it_stands() -> None:
    # Another few of them every time would be another test every time.
    assert await run(PAYLOADS, seed=1, specimens=PAYLOADS // 2) == []
