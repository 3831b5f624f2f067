"""A mailbox: the newest answer, and an end that nothing comes after."""

from __future__ import annotations

from deeplinks.server.mailbox import Mailbox


async def test_the_newest_answer_is_taken_once() -> None:
    box = Mailbox[str]()
    box.put("old")
    box.put("new")

    assert await box.take() == "new"


async def test_an_answer_that_waits_is_taken_before_the_end() -> None:
    box = Mailbox[str]()
    box.put("last")
    box.end()

    assert [await box.take() for _ in range(3)] == ["last", None, None]


async def test_after_the_end_nothing_comes() -> None:
    box = Mailbox[str]()
    box.end()
    box.put("late")

    assert await box.take() is None
