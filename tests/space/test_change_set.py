"""The change set: what changed since it was taken, with first old values, in order, whole groups at a time."""

from collections.abc import Iterable

from deeplinks import Association, Deep
from deeplinks.space.changes import Entry
from deeplinks.space.ledger import Ledger, values


def ledger_of(deep: Deep, *stored: Association, name: str = "s") -> Ledger:
    """A ledger that has told what is stored so far."""
    for association in stored:
        association.store(name)
    ledger = deep.space.ledger(name)
    entries, _ = ledger.take(10_000)
    ledger.known.update(entry.association for entry in entries)
    return ledger


def noted(entries: Iterable[Entry]) -> list[tuple[Association, dict[str, object]]]:
    return [(entry.association, entry.old) for entry in entries]


def rings(deep: Deep) -> list[str]:
    """Which storages were rung, so far and from now on."""
    rung: list[str] = []

    def hear(sender: object, storage: str) -> None:
        rung.append(storage)

    # Kept alive by the list, as blinker holds receivers weakly.
    deep.signals.waiting.connect(hear, weak=False)
    return rung


def test_ten_sets_of_one_field_are_one_entry_with_the_first_old_value(deep: Deep) -> None:
    a, b = deep(), deep()
    a.value = b
    ledger = ledger_of(deep, a)
    for _ in range(10):
        a.value = deep()

    assert ledger.waits == 11
    assert noted(ledger.take(100)[0])[0] == (a, {"value": b.id})


def test_set_and_back_leaves_old_as_it_is_now(deep: Deep) -> None:
    a, b = deep(), deep()
    ledger = ledger_of(deep, a, b)
    a.to = b
    a.to = None
    (entry,) = ledger.take(10)[0]

    assert entry.old == {"to": None}
    assert values(a)["to"] is None


def test_each_field_keeps_its_own_first_old_value(deep: Deep) -> None:
    text, b = deep.String("one"), deep()
    ledger = ledger_of(deep, text, b)
    text.data = "two"
    text.to = b
    text.data = "three"
    text.from_ = b

    assert noted(ledger.take(10)[0]) == [(text, {"data": "one", "to": None, "from": None})]


def test_what_is_new_is_made_whole(deep: Deep) -> None:
    a = deep().store("s")
    a.to = a
    (entry,) = deep.space.ledger("s").take(10)[0]

    assert entry.created
    assert entry.final is None


def test_made_and_destroyed_before_a_take_leaves_nothing(deep: Deep) -> None:
    ledger = ledger_of(deep, deep())
    deep(to=deep()).store("s").destroy()
    with deep.together():
        deep().store("s").destroy()

    assert [entry.created for entry in ledger.take(10)[0]] == [True]


def test_order_is_that_of_first_changes(deep: Deep) -> None:
    a, b, c = deep(), deep(), deep()
    ledger = ledger_of(deep, a, b, c)
    b.to = b
    a.to = a
    c.to = c
    b.value = b

    entries = ledger.take(10)[0]
    assert [entry.association for entry in entries] == [b, a, c]
    assert [entry.order for entry in entries] == sorted(entry.order for entry in entries)


def test_a_take_takes_so_many_and_leaves_the_rest(deep: Deep) -> None:
    all_ = [deep() for _ in range(5)]
    ledger = ledger_of(deep, *all_)
    for one in all_:
        one.to = one

    assert [len(ledger.take(2)[0]) for _ in range(4)] == [2, 2, 1, 0]


def test_what_was_taken_is_noted_anew(deep: Deep) -> None:
    a, b = deep(), deep()
    ledger = ledger_of(deep, a, b)
    a.to = b
    ledger.take(10)
    a.to = a

    assert noted(ledger.take(10)[0]) == [(a, {"to": b.id})]


def test_the_numbers_of_changes_tell_what_waits(deep: Deep) -> None:
    a, b = deep(), deep()
    ledger = ledger_of(deep, a, b)
    assert ledger.first_order == ledger.last_order + 1
    a.to = b
    b.to = a
    assert (ledger.first_order, ledger.last_order) == (ledger.last_order - 1, ledger.first_order + 1)
    ledger.take(1)
    assert ledger.first_order == ledger.last_order


def test_a_group_is_taken_whole(deep: Deep) -> None:
    all_ = [deep() for _ in range(5)]
    ledger = ledger_of(deep, *all_)
    with deep.together():
        for one in all_[:4]:
            one.to = one
    all_[4].to = all_[4]

    assert len(ledger.take(1)[0]) == 4
    assert len(ledger.take(1)[0]) == 1


def test_groups_that_change_the_same_are_one(deep: Deep) -> None:
    a, b, c, d = (deep() for _ in range(4))
    ledger = ledger_of(deep, a, b, c, d)
    for one, other in ((a, b), (c, d), (b, c)):
        with deep.together():
            one.to = other
            other.from_ = one

    assert [entry.association for entry in ledger.take(1)[0]] == [a, b, c, d]


def test_naming_an_association_does_not_join_groups(deep: Deep) -> None:
    T, a, b = deep(), deep(), deep()
    ledger = ledger_of(deep, T, a, b)
    for one in (a, b):
        with deep.together():
            one.type = T
            one.to = T

    assert [entry.association for entry in ledger.take(1)[0]] == [a]


def test_a_change_after_a_group_joins_its_entry(deep: Deep) -> None:
    a, b = deep(), deep()
    ledger = ledger_of(deep, a, b)
    with deep.together():
        a.to = b
        b.to = a
    b.value = b

    assert noted(ledger.take(1)[0]) == [(a, {"to": None}), (b, {"to": None, "value": None})]


def test_a_group_stands_apart_in_every_storage(deep: Deep) -> None:
    a, b, c = deep(), deep(), deep()
    one, two = ledger_of(deep, a, b, name="one"), ledger_of(deep, b, c, name="two")
    with deep.together():
        for association in (a, b, c):
            association.to = association

    assert [entry.association for entry in one.take(1)[0]] == [a, b]
    assert [entry.association for entry in two.take(1)[0]] == [b, c]


def test_what_left_a_group_is_not_taken_with_it(deep: Deep) -> None:
    a, b = deep(), deep()
    ledger = ledger_of(deep, a)
    with deep.together():
        a.to = a
        b.store("s")
    b.destroy()

    assert [entry.association for entry in ledger.take(1)[0]] == [a]


def test_nothing_is_taken_from_an_open_together(deep: Deep) -> None:
    a, b = deep(), deep()
    ledger = ledger_of(deep, a, b)
    b.to = b
    with deep.together():
        a.to = a
        b.value = b
        assert noted(ledger.take(10)[0]) == [(b, {"to": None})]
        assert ledger.waits == 0
        assert ledger.take(10) == ([], [])

    assert noted(ledger.take(10)[0]) == [(a, {"to": None}), (b, {"value": None})]


def test_an_undone_together_leaves_what_waited_before(deep: Deep) -> None:
    a, b = deep(), deep()
    ledger = ledger_of(deep, a, b)
    a.to = b
    try:
        with deep.together():
            a.to = None
            a.value = b
            raise RuntimeError
    except RuntimeError:
        pass

    assert noted(ledger.take(10)[0]) == [(a, {"to": None})]


def test_the_bell_rings_once_for_a_set_that_was_empty(deep: Deep) -> None:
    rung = rings(deep)
    a = deep().store("s")
    assert rung == ["s"]
    a.to = a
    deep().store("s")
    assert rung == ["s"]
    deep.space.ledger("s").take(10)
    assert rung == ["s"]
    a.to = None
    assert rung == ["s", "s"]


def test_the_bell_rings_at_the_end_of_together(deep: Deep) -> None:
    rung = rings(deep)
    with deep.together():
        deep().store("s")
        assert rung == []

    assert rung == ["s"]


def test_the_bell_does_not_ring_for_what_was_undone(deep: Deep) -> None:
    a, rung = deep(), rings(deep)
    try:
        with deep.together():
            a.store("s")
            raise RuntimeError
    except RuntimeError:
        pass
    assert rung == []
    a.store("s")
    assert rung == ["s"]


def test_the_bell_rings_again_after_what_waited_was_gone_untaken(deep: Deep) -> None:
    rung = rings(deep)
    deep().store("s").destroy()
    deep().store("s")
    assert rung == ["s", "s"]
    deep.space.ledger("s").discard(list(deep)[-1])
    deep().store("s")
    assert rung == ["s", "s", "s"]


def test_what_a_take_left_rings_no_bell_but_what_comes_when_all_is_taken_does(deep: Deep) -> None:
    rung = rings(deep)
    a, b = deep().store("s"), deep().store("s")
    ledger = deep.space.ledger("s")
    ledger.take(1)
    a.to = b
    assert rung == ["s"]
    ledger.take(10)
    a.to = a
    assert rung == ["s", "s"]


def test_each_storage_has_its_own_bell(deep: Deep) -> None:
    rung = rings(deep)
    deep().store("one").store("two")

    assert rung == ["one", "two"]


def test_a_bell_that_raises_does_not_reach_the_setter(deep: Deep) -> None:
    def fail(sender: object, storage: str) -> None:
        raise RuntimeError

    errors: list[Exception] = []

    def hear(sender: object, error: Exception, receiver: object) -> None:
        errors.append(error)

    deep.signals.waiting.connect(fail)
    deep.signals.receiver_error.connect(hear)
    a = deep().store("s")

    assert a.is_stored("s")
    assert len(errors) == 1


def test_nothing_waits_for_what_is_not_stored(deep: Deep) -> None:
    a = deep()
    ledger = ledger_of(deep, deep())
    a.to = a
    deep.String("a").data = "b"

    assert ledger.waits == 0
