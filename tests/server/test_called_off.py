"""A request that is called off leaves nothing behind for those that come after it."""

import asyncio
import random

from gql import GraphQLRequest

from deeplinks.server.engine import Engine
from deeplinks.server.transport import InProcessTransport

QUERY = "query { one: deep_links(limit: 0) { id } two: deep_strings(limit: 0) { id } }"


async def test_reading_that_is_called_off_at_any_moment_spoils_no_connection(engine: Engine) -> None:
    chance, transport, request = random.Random(1), InProcessTransport(engine), GraphQLRequest(QUERY)
    for _ in range(100):
        asked = [asyncio.create_task(transport.execute(request)) for _ in range(6)]
        for _ in range(chance.randrange(40)):
            await asyncio.sleep(0)
        for task in asked[:5]:
            task.cancel()
        answers = await asyncio.gather(*asked, return_exceptions=True)

        assert not [
            one for one in answers if not isinstance(one, asyncio.CancelledError) and getattr(one, "errors", one)
        ]
