"""The second process: it loads the space and says what it found.

The demo. It is told an address and a space, and knows nothing of who wrote them.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys

from deeplinks import load
from deeplinks.demo.content import digest


async def _read(url: str, space: str) -> None:
    deep = await load(url, space=space)
    print(json.dumps({"process": os.getpid(), "associations": len(deep), "digest": digest(deep)}))  # noqa: T201  the answer


if __name__ == "__main__":
    asyncio.run(_read(sys.argv[1], sys.argv[2]))
