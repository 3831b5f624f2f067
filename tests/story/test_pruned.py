"""A program that was away while the log was pruned, and one that was there."""

from __future__ import annotations

from deeplinks import Deep, load, synchronize
from deeplinks.errors import ResyncError
from deeplinks.storage.pruning import Keep, prune
from tests.sync.test_two_replicas import content
from tests.waiting import until


def resynchronized(deep: Deep) -> list[object]:
    """Why a space was read anew, each time it was."""
    told: list[object] = []

    def hear(_: Deep, why: object, **__: object) -> None:
        told.append(why)

    deep.signals.resynchronized.connect(hear, deep, weak=False)
    return told


async def test_who_was_away_reads_anew_and_keeps_what_it_had_not_written_and_who_was_there_notices_nothing(
    endpoint: str, database_url: str
) -> None:
    here = Deep()
    texts = [here.String(str(number)).store("database") for number in range(5)]
    async with synchronize(here, endpoint) as database:
        await database.flush()
        away = await load(endpoint, space=here.id)
        noticed, told = resynchronized(here), resynchronized(away)
        away[texts[1].id].data = "changed while away"
        made = away.String("made while away").store("database")
        texts[0].destroy()
        for number in range(5):
            texts[2].data = f"changed {number}"
            await database.flush()
        await prune(database_url, Keep(entries=1))
        async with synchronize(away, endpoint):
            await until(lambda: made.id in here)
        await until(lambda: here[texts[1].id].data == "changed while away")

    fresh = await load(endpoint, space=here.id)
    assert content(here) == content(away) == content(fresh)
    assert texts[0].id not in away
    assert away[texts[2].id].data == "changed 4"
    assert noticed == []
    assert [type(why) for why in told] == [ResyncError]
