"""A process on a space: it follows, and does what the lines it reads say; a line of JSON answers each.

`write N`: make N texts of its own and change each of them. `edit N`: change N texts, whoever made them. `flush`.
`wait N`: until it has N texts. `dump`: everything it has, and how many batches it wrote.
"""

import asyncio
import json
import random
import sys

import deeplinks
from deeplinks import Deep, GraphQLStorage, Synchronizer
from deeplinks.batch import Batch, Written


class Counting(GraphQLStorage):
    """Counts its batches, by number."""

    def __init__(self, endpoint: str) -> None:
        super().__init__(endpoint)
        self.seqs: set[int] = set()

    async def write(self, batch: Batch) -> Written:
        self.seqs.add(batch.seq)
        return await super().write(batch)


class Peer:
    """What the lines ask for."""

    def __init__(self, name: str, deep: Deep, database: Synchronizer, storage: Counting) -> None:
        self.name = name
        self.deep = deep
        self.database = database
        self.storage = storage
        self.chance = random.Random(name)

    def texts(self) -> list[deeplinks.Association]:
        return list(self.deep.String.typed)

    async def write(self, count: int) -> int:
        for number in range(count):
            text = self.deep.String(f"{self.name} {number}").store("database")
            await asyncio.sleep(0)
            text.data = f"{self.name} {number} changed"
        return count

    async def edit(self, count: int) -> int:
        for number in range(count):
            self.chance.choice(self.texts()).data = f"edited by {self.name} {number}"
            await asyncio.sleep(0.001)
        return count

    async def flush(self) -> int:
        await self.database.flush()
        return self.database.pending

    async def wait(self, count: int) -> int:
        while len(self.texts()) < count:
            await asyncio.sleep(0.005)
        return len(self.texts())

    async def dump(self) -> dict[str, object]:
        rows = {one.id: (one.type_id, one.from_id, one.to_id, one.value_id, one.own_data()) for one in self.deep}
        return {"rows": rows, "batches": len(self.storage.seqs), "pending": self.database.pending}


async def main(endpoint: str, space: str, name: str) -> None:
    storage = Counting(endpoint)
    deep = await deeplinks.load(storage, space=space)
    async with deeplinks.synchronize(deep, storage) as database:
        peer = Peer(name, deep, database, storage)
        print(json.dumps(len(deep)), flush=True)
        while line := await asyncio.to_thread(sys.stdin.readline):
            verb, *numbers = line.split()
            print(json.dumps(await getattr(peer, verb)(*map(int, numbers))), flush=True)
    await storage.close()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
