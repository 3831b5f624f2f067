"""Nothing stays alive that nobody holds."""

import gc
import weakref

import pytest

from deeplinks import Association, Deep
from deeplinks.space.fields import TO


def gone(reference: "weakref.ref[Association]") -> bool:
    gc.collect()
    return reference() is None


def test_a_destroyed_association_is_free(deep: Deep) -> None:
    b = deep()
    a = deep(from_=b, to=b, value=deep.String("a"))
    deep(to=a)
    reference = weakref.ref(a)
    a.destroy()
    del a

    assert gone(reference)


def test_a_destroyed_association_with_listeners_is_free(deep: Deep) -> None:
    a = deep()
    heard: list[object] = []
    for kind in deep.events:
        a.on(kind, lambda event, a=a: heard.append(a))
    a.out.on("data_add", lambda event, a=a: heard.append(a))
    reference = weakref.ref(a)
    a.destroy()
    heard.clear()
    del a

    assert gone(reference)


@pytest.mark.parametrize("taken", [False, True])
def test_a_destroyed_association_that_was_stored_is_free_when_that_is_taken(deep: Deep, taken: bool) -> None:
    a = deep().store("s").store("s", "typed_true")
    ledger = deep.space.ledger("s")
    if taken:
        ledger.known.update(entry.association for entry in ledger.take(10)[0])
    reference = weakref.ref(a)
    a.destroy()
    ledger.take(10)
    del a

    assert gone(reference)


def test_an_association_that_a_storage_removed_is_free(deep: Deep) -> None:
    a = deep.space.place("11111111-1111-4111-8111-111111111111", "s")
    deep.space.point(a, TO, a.id, "s")
    reference = weakref.ref(a)
    deep.space.remove(a, "s")
    del a

    assert gone(reference)


def test_an_association_that_was_undone_is_free(deep: Deep) -> None:
    made: list[weakref.ref[Association]] = []
    try:
        with deep.together():
            a = deep(to=deep).store("s").store("s", "typed_true")
            a.on("to_set", lambda event, a=a: print(a))
            made.append(weakref.ref(a))
            del a
            raise RuntimeError
    except RuntimeError:
        pass

    assert gone(made[0])


def test_a_space_that_nobody_holds_is_free() -> None:
    deep = Deep()
    a = deep(to=deep.String("a")).store("s")
    a.on("to_set", lambda event, a=a: print(a))
    deep.on("to_set", lambda event, deep=deep: print(deep))
    references = [weakref.ref(one) for one in (deep, a, deep.String)]
    del deep, a

    assert all(gone(reference) for reference in references)


def test_a_disposed_handler_is_free(deep: Deep) -> None:
    class Handler:
        def __call__(self, event: object) -> None: ...

    handler = Handler()
    reference = weakref.ref(handler)
    stops = [deep().on("to_set", handler), deep.on("to_set", handler), deep().out.on("data_add", handler)]
    for stop in stops:
        stop()
    del handler, stops, stop
    gc.collect()

    assert reference() is None


def test_subscribing_and_stopping_leaves_nothing(deep: Deep) -> None:
    a = deep()
    for _ in range(100):
        a.on("to_set", print)()
        a.on("to_set", print)
        a.off("to_set", print)
        deep.on("to_set", print)()
        with a.on("to_set", print):
            pass
    signal = deep.signals.to_set

    assert deep.space._subscriptions == {}
    assert (len(signal.receivers), len(signal._by_receiver), len(signal._by_sender)) == (0, 0, 0)


def test_a_listener_that_stopped_makes_no_event_any_more(deep: Deep) -> None:
    a = deep()
    a.on("to_set", print)()

    assert not deep.signals.to_set.receivers
