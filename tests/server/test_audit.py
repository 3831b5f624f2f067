"""GraphQL over HTTP as its public audits want it, run against the development profile."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

from ide.build import node
from tests.npm import installed

AUDIT = Path(__file__).parent / "audit"


async def audited(script: Path, address: str) -> list[dict[str, Any]]:
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(node(), str(script), address, stdout=pipe, stderr=pipe)
    output, errors = await process.communicate()
    assert process.returncode == 0, errors.decode()
    return [json.loads(line) for line in output.splitlines()]


async def test_every_must_and_every_should_of_graphql_over_http_holds(address: str) -> None:
    results = await audited(installed(AUDIT) / "run.mjs", address)

    assert len(results) >= 61
    assert [one for one in results if one["status"] != "ok" and not one["name"].startswith("MAY")] == []
