"""The storm, in short: `make storm` is the long one."""

import os
import random

from tests.storage.storm import storm


async def test_no_follower_of_a_storm_of_writers_misses_or_repeats_anything_where_a_cursor_over_i_loses_links(
    database_url: str,
) -> None:
    weather = await storm(database_url, 6, int(os.environ.get("SEED") or random.randrange(2**32)))
    print(weather)

    assert [name for name, whole in weather.whole.items() if not whole] == []
    assert weather.commits > 20
    assert weather.rollbacks > 0
    assert weather.naive_lost > 0
    assert weather.starts > 2
