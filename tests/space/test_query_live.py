"""A live query tells who comes and who goes, exactly then, and leaves nothing behind."""

import gc
import weakref

import pytest

from deeplinks import Association, Deep, Event, LiveQuery, Q
from deeplinks.errors import InvalidError, WrongTypeError
from deeplinks.space.fields import TO, TYPE
from tests.space.test_query import Graph


@pytest.fixture
def g(deep: Deep) -> Graph:
    return Graph(deep)


class Heard(list[tuple[str, Association | None]]):
    """What a live query tells, in order."""

    def __init__(self, live: LiveQuery) -> None:
        super().__init__()
        for kind in ("data_add", "data_delete"):
            live.on(kind, self.hear)

    def hear(self, event: Event) -> None:
        self.append((event.kind.value.removeprefix("data_"), event.item))


def test_moving_a_link_moves_its_start_in_and_out(g: Graph) -> None:
    with g.deep.query(type=g.A, out=g.b1).live() as live:
        heard = Heard(live)
        g.b1.from_ = g.a2
        assert heard == [("delete", g.a1), ("add", g.a2)]
        heard.clear()
        del g.b1.from_

        assert heard == [("delete", g.a2)]
        assert len(live) == 0


def test_an_instance_joins_its_types_query_and_leaves_it(g: Graph) -> None:
    with g.deep.query(type=g.A).live() as live:
        heard = Heard(live)
        a3 = g.A()
        g.b1.type = g.A
        g.b1.type = g.B
        a3.destroy()

        assert heard == [("add", a3), ("add", g.b1), ("delete", g.b1), ("delete", a3)]
        assert list(live) == [g.a1, g.a2]


def test_the_same_again_tells_nothing(g: Graph) -> None:
    with g.deep.query(out=g.b1).live() as live:
        heard = Heard(live)
        g.b1.from_ = g.a1
        g.b1.value = g.text
        with g.deep.together():
            g.b1.from_ = g.a2
            g.b1.from_ = g.a1

        assert heard == []


def test_inside_together_nothing_is_transient(g: Graph) -> None:
    with g.deep.query(type=g.A).live() as live:
        heard = Heard(live)
        with g.deep.together():
            g.a1.type = g.B
            passing = g.A()
            a3 = g.A()
            g.a1.type = g.A
            passing.destroy()
            assert heard == []

        assert heard == [("add", a3)]
        assert list(live) == [g.a1, g.a2, a3]


def test_what_is_undone_was_never_in_it(g: Graph) -> None:
    with g.deep.query(type=g.A).live() as live:
        heard = Heard(live)
        with pytest.raises(RuntimeError), g.deep.together():
            g.A()
            raise RuntimeError

        assert heard == []
        assert list(live) == list(g.deep.query(type=g.A))


def test_a_change_far_away_counts(g: Graph) -> None:
    with g.deep.query(data={"_like": "n%"}).live() as live:
        heard = Heard(live)
        g.text.data = "new"

        assert set(heard) == {("add", g.text), ("add", g.d1), ("add", g.d2)}
    with g.deep.query(type={"value": {"data": "new"}}).live() as live:
        g.A.value = g.text

        assert list(live) == [g.a1, g.a2]


def test_a_member_is_sorted_again_when_its_key_changes(deep: Deep) -> None:
    one, two = deep.Number(1), deep.Number(2)
    with deep.query(type=deep.Number, order_by="data").live() as live:
        between = deep.Number(1.5)
        assert list(live) == [one, between, two]
        one.data = 3

        assert list(live) == [between, two, one]


def test_what_a_storage_tells_is_followed(g: Graph) -> None:
    ids = ["11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222"]
    space = g.deep.space
    with g.deep.query(type=g.A, to={"type": g.B}).live() as live:
        heard = Heard(live)
        one = space.place(ids[0], "s")
        space.point(one, TYPE, g.A.id, "s")
        space.point(one, TO, ids[1], "s")
        assert heard == []
        other = space.place(ids[1], "s")
        space.point(other, TYPE, g.B.id, "s")
        assert heard == [("add", one)]
        space.remove(other, "s")

        assert heard == [("add", one), ("delete", one)]
        assert len(live) == 0


def test_it_asks_only_whom_a_change_may_touch(g: Graph, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(1000):
        g.A()
    asked: list[Association] = []
    query = g.deep.query(type={"type": g.deep}, out={"type": g.B})
    matches = type(query)._meets
    monkeypatch.setattr(type(query), "_meets", lambda self, one, look: asked.append(one) or matches(self, one, look))
    with query.live() as live:
        a3 = g.A()
        g.B(from_=a3)

        assert a3 in live
        assert len(asked) < 10


def test_closing_leaves_nothing(g: Graph) -> None:
    deep = g.deep
    criteria = Q(type=g.A, out={"type": g.B}) | Q(data="text") | ~Q(value=None)
    before = len(deep)
    for _ in range(50):
        with deep.query(criteria).live() as live:
            live.on("data_add", print)
            live.on("data_delete", print)
    signals = [*deep.signals.of_kind.values(), deep.signals.changed, *live._signals.values()]

    assert (len(deep), deep.space._subscriptions) == (before, {})
    assert [len(one.receivers) + len(one._by_receiver) + len(one._by_sender) for one in signals] == [0] * len(signals)
    assert live._handlers == {}


def test_a_closed_one_is_free_and_follows_no_more(g: Graph) -> None:
    live = g.deep.query(type=g.A).live()
    heard = Heard(live)
    live.close()
    live.close()
    g.A()
    assert (list(live), heard) == ([g.a1, g.a2], [])
    with pytest.raises(InvalidError, match="closed"):
        live.on("data_add", print)
    reference = weakref.ref(live)
    del live
    gc.collect()

    assert reference() is None


def test_a_handler_that_stopped_hears_no_more(g: Graph) -> None:
    heard: list[Event] = []
    with g.deep.query(type=g.A).live() as live:
        with live.on("data_add", heard.append):
            a3 = g.A()
        g.A()

        assert [event.item for event in heard] == [a3]
        assert heard[0].source is g.deep


def test_a_handler_that_raises_harms_nobody(g: Graph) -> None:
    errors: list[object] = []
    g.deep.signals.receiver_error.connect(lambda sender, error, receiver: errors.append(error))
    with g.deep.query(type=g.A).live() as live:
        live.on("data_add", lambda event: 1 // 0)
        heard = Heard(live)
        g.A()

        assert len(heard) == len(errors) == 1


def test_a_handler_that_changes_what_it_hears_of_ends_at_the_truth(g: Graph) -> None:
    with g.deep.query(type=g.A, to=None).live() as live:
        live.on("data_add", lambda event: setattr(event.item, "to", g.a1))
        heard = Heard(live)
        a3 = g.A()

        assert heard == [("add", a3), ("delete", a3)]
        assert list(live) == list(g.deep.query(type=g.A, to=None))


def test_what_can_not_be_followed_is_refused(g: Graph) -> None:
    with pytest.raises(InvalidError, match="limit"):
        g.deep.query(type=g.A, limit=1).live()
    with g.deep.together(), pytest.raises(InvalidError, match="together"):
        g.deep.query(type=g.A).live()
    with g.deep.query(type=g.A).live() as live:
        with pytest.raises(InvalidError, match="data_add and data_delete"):
            live.on("data_set", print)
        with pytest.raises(WrongTypeError):
            live.on("data_add", 5)  # type: ignore[arg-type]


def test_live_answers_are_sets_that_keep_their_order(deep: Deep) -> None:
    Kind, start = deep(), deep()
    links = [Kind(from_=start) for _ in range(20)]
    other = deep(from_=start)
    with deep.query(type=Kind).live() as kind, deep.query(from_=start).live() as started:
        assert list(started & kind) == links
        assert list(started - kind) == [other]
        assert list(kind | started) == [*links, other]
        assert kind <= started
        assert {kind: 1}[kind] == 1
