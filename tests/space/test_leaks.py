"""Nothing stays alive that nobody holds."""

import gc
import weakref

import pytest

from deeplinks import Association, Deep, LiveQuery
from deeplinks.space.back_references import BackReferences
from deeplinks.space.data_index import MOST_WAITING
from deeplinks.space.fields import TO
from deeplinks.space.query import Query


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
    deep.query(to=a).live().on("data_add", lambda event, deep=deep: print(deep))
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


def test_views_queries_and_live_queries_that_are_over_are_free(deep: Deep) -> None:
    a = deep()

    def there() -> int:
        gc.collect()
        return sum(isinstance(one, BackReferences | Query | LiveQuery) for one in gc.get_objects())

    before = there()
    live = deep.query(type=a).live()
    live.on("data_add", print)
    asked = (a.out, deep.query(type=a), live)
    held = there()
    live.close()
    del live, asked

    assert held > before
    assert there() == before
    assert deep.space._subscriptions == {}


def test_live_queries_that_were_dropped_and_not_closed_listen_no_more(deep: Deep) -> None:
    a = deep()
    for _ in range(100):
        assert len(deep.query(to=a, data="x").live()) == 0
    heard = deep.space._subscriptions[deep]
    assert len(heard) == 7
    deep()

    assert heard == {}
    assert not deep.signals.constructed.receivers
    assert not deep.signals.data_set.receivers


def test_a_live_query_that_was_dropped_stays_until_its_handlers_have_ended(deep: Deep) -> None:
    a, heard = deep(), []
    stop = deep.query(to=a).live().on("data_add", heard.append)
    gc.collect()
    link = deep(to=a)
    assert [event.item for event in heard] == [link]
    stop()
    del stop
    gc.collect()
    deep()

    assert deep.space._subscriptions == {}
    assert deep.space.kept_listening == {}


def test_a_live_query_with_handlers_that_was_closed_is_free(deep: Deep) -> None:
    live = deep.query(to=deep).live()
    live.on("data_add", print)
    reference = weakref.ref(live)
    live.close()
    del live
    gc.collect()

    assert reference() is None


def test_as_many_objects_are_there_after_a_hundred_rounds_as_after_ten(deep: Deep) -> None:
    T = deep().store("s", "typed_true")

    def turn() -> None:
        a = T(to=T, value=deep.String("x"))
        T["a"] = a
        tags = deep.Set([a, "y"])
        with a.on("to_set", print), deep.query(to=T).live():
            a.to = None
        tags.destroy()
        a.destroy(cascade=True)
        deep.space.ledger("s").take(100)
        for one in [one for one in deep if one not in (deep, T)]:
            one.destroy()
        deep.space.ledger("s").take(100)

    def rest(turns: int) -> int:
        for _ in range(turns):
            turn()
        gc.collect()
        return sum(isinstance(one, Association) for one in gc.get_objects())

    assert rest(10) == rest(100)


def test_an_index_that_nobody_asks_any_more_does_not_keep_what_is_gone(deep: Deep) -> None:
    deep.String.of("asked once")
    gone_by: list[weakref.ref[Association]] = []
    for number in range(3 * MOST_WAITING):
        text = deep.String(str(number))
        gone_by.append(weakref.ref(text))
        text.destroy()
    del text
    gc.collect()

    assert sum(one() is not None for one in gone_by) <= MOST_WAITING + 2


def test_a_collection_that_nobody_asks_any_more_does_not_keep_who_left(deep: Deep) -> None:
    tags = deep.Set([deep()])
    len(tags)
    gone_by: list[weakref.ref[Association]] = []
    for _ in range(3 * MOST_WAITING):
        item = deep.Item(from_=tags, to=deep())
        gone_by.append(weakref.ref(item))
        item.destroy()
    del item
    gc.collect()

    assert sum(one() is not None for one in gone_by) <= MOST_WAITING + 2


def test_a_destroyed_collection_that_was_asked_is_free(deep: Deep) -> None:
    tags = deep.Set(["a", "b"])
    assert "a" in tags
    assert len(tags) == 2
    reference = weakref.ref(tags)
    tags.destroy()
    del tags

    assert gone(reference)


def test_a_collection_whose_destruction_was_undone_is_asked_as_before(deep: Deep) -> None:
    tags = deep.Set(["a", "b"])
    assert len(tags) == 2
    with pytest.raises(RuntimeError), deep.together():
        tags.destroy()
        raise RuntimeError

    assert {tag.data for tag in tags} == {"a", "b"}
