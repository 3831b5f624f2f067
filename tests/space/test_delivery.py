"""Delivery: guarded, breadth first, loops end by name, threads on their own."""

import logging
import threading
from typing import Any

import pytest

from deeplinks import Deep, Event
from deeplinks.errors import SignalLoopError
from deeplinks.space import events
from tests.space.dumping import Ear


def fail(event: Event) -> None:
    raise RuntimeError("a bad receiver")


def test_a_receiver_that_raises_stops_nobody(deep: Deep, caplog: pytest.LogCaptureFixture) -> None:
    a, ear = deep(), Ear(a=deep())
    a.on("to_set", fail)
    a.on("to_set", ear)
    with caplog.at_level(logging.ERROR):
        a.to = a

    assert a.to is a
    assert len(ear.events) == 1
    assert "fail" in caplog.text


def test_what_a_receiver_raised_is_told(deep: Deep) -> None:
    a, told = deep(), []

    def hear(sender: object, error: Exception, receiver: object) -> None:
        told.append((sender, str(error), getattr(receiver, "__qualname__", "")))

    deep.signals.receiver_error.connect(hear)
    a.on("to_set", fail)
    a.to = a

    assert told == [(a, "a bad receiver", "fail")]


def test_a_listener_to_errors_that_raises_is_logged_and_ends_there(
    deep: Deep, caplog: pytest.LogCaptureFixture
) -> None:
    def also_fail(sender: object, **facts: Any) -> None:
        raise RuntimeError("worse")

    deep.signals.receiver_error.connect(also_fail)
    a = deep()
    a.on("to_set", fail)
    with caplog.at_level(logging.ERROR):
        a.to = a

    assert caplog.text.count("a receiver raised") == 1


def test_what_a_receiver_writes_is_told_after_everybody_heard(deep: Deep) -> None:
    a, b, c = deep(), deep(), deep()
    log: list[str] = []

    def write(event: Event) -> None:
        log.append("write")
        if event.new is b:
            a.to = c

    a.on("to_set", write)
    a.on("to_set", lambda event: log.append("heard b" if event.new is b else "heard c"))
    b.on("in_added", lambda event: log.append("b came"))
    b.on("in_deleted", lambda event: log.append("b went"))
    a.to = b

    assert log == ["write", "heard b", "b came", "write", "heard c", "b went"]
    assert a.to is c


def test_a_loop_of_receivers_ends_by_name(deep: Deep) -> None:
    a, b, c = deep(), deep(), deep()

    def ping(event: Event) -> None:
        a.to = c if a.to is b else b

    a.on("to_set", ping)
    with pytest.raises(SignalLoopError, match="ping"):
        a.to = b


def test_after_a_loop_signals_are_heard_as_before(deep: Deep) -> None:
    a, b = deep(), deep()
    a.on("to_deleted", lambda event: setattr(a, "to", b))
    with a.on("to_set", lambda event: setattr(a, "to", None)), pytest.raises(SignalLoopError):
        a.to = b
    ear = Ear.on(deep, b=b)
    b.to = b

    assert ear.log == ["b:to_set", "b:in_added", "b:in_changed"]


def test_a_fan_of_receivers_ends_too(deep: Deep, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "MOST_SIGNALS", 1_000)
    for _ in range(2):
        deep.on("constructed", lambda event: deep())
    with pytest.raises(SignalLoopError):
        deep()


def test_a_stored_change_is_rung_even_if_receivers_loop(deep: Deep) -> None:
    a, rung = deep().store("s"), []
    deep.space.ledger("s").take(10)

    def hear(sender: object, storage: str) -> None:
        rung.append(storage)

    deep.signals.waiting.connect(hear)
    a.on("value_set", lambda event: setattr(a, "value", deep()))
    with pytest.raises(SignalLoopError):
        a.value = deep()

    assert rung == ["s"]


def test_more_signals_than_a_loop_makes_are_no_loop(deep: Deep, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "MOST_SIGNALS", 100)
    ear = Ear()
    deep.on("constructed", ear)
    deep.on("typed_added", lambda event: setattr(event.item, "to", deep))
    deep.on("to_set", ear)
    with deep.together():
        for _ in range(1_000):
            deep()

    assert len(ear.events) == 2_000


def test_a_cascade_below_the_limit_ends_by_itself(deep: Deep) -> None:
    made: list[object] = []
    deep.on("constructed", lambda event: made.append(deep()) if len(made) < 900 else None)
    deep()

    assert len(made) == 900


def test_a_receiver_that_comes_during_a_signal_does_not_hear_it(deep: Deep) -> None:
    a, late = deep(), Ear()
    a.on("to_set", lambda event: a.on("to_set", late))
    a.to = a

    assert late.events == []


def test_a_receiver_that_is_called_off_during_a_signal_does_not_hear_it(deep: Deep) -> None:
    a, ear = deep(), Ear()
    a.on("to_set", lambda event: a.off("to_set", ear))
    a.on("to_set", ear)
    a.to = a

    assert ear.events == []


def test_each_thread_hears_its_own_changes(deep: Deep) -> None:
    heard: list[tuple[int, object]] = []
    deep.on("to_set", lambda event: heard.append((threading.get_ident(), event.source)))
    users = [deep() for _ in range(8)]
    idents: dict[object, int] = {}

    def work(user: Any) -> None:
        idents[user] = threading.get_ident()
        for _ in range(100):
            user.to = user
            user.to = None

    threads = [threading.Thread(target=work, args=(user,)) for user in users]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(heard) == 800
    assert all(idents[source] == ident for ident, source in heard)


def test_what_another_thread_changes_is_not_undone_with_a_together(deep: Deep) -> None:
    a, b, ear = deep().store("s"), deep().store("s"), Ear(b=deep())
    b.on("to_set", ear)
    inside, done = threading.Event(), threading.Event()

    def work() -> None:
        inside.wait(10)
        b.to = b
        done.set()

    thread = threading.Thread(target=work)
    thread.start()
    with pytest.raises(RuntimeError), deep.together():
        a.to = a
        inside.set()
        raise RuntimeError
    thread.join(10)

    assert done.is_set()
    assert (a.to, b.to) == (None, b)
    assert len(ear.events) == 1


def test_a_loop_of_a_handler_and_a_receiver_of_changes_ends_by_their_names(deep: Deep) -> None:
    a, b = deep(), deep()

    def turn(sender: object, changes: object) -> None:
        a.to = None if a.to else b

    deep.signals.changed.connect(turn)
    with pytest.raises(SignalLoopError, match="turn"):
        a.to = b
