"""Part 2 of the core example, run as a process of its own: load a space and print what its strings are."""

import asyncio
import json
import sys

import deeplinks


async def main(endpoint: str, space: str) -> None:
    deep = await deeplinks.load(endpoint, space=space)
    strings = [one for one in deep if one.type is deep.String]
    found = {
        one.id: {"data": one.data, "type": one.type_id, "in String.typed": one in deep.String.typed} for one in strings
    }
    print(json.dumps(found))


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
