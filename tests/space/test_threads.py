"""Threads: changes of stored associations, made by many while another takes, are all there in the end."""

import sys
import threading
from collections.abc import Callable, Iterator
from itertools import pairwise

import pytest

from deeplinks import Association, Deep
from deeplinks.errors import DestroyedError
from deeplinks.ids import new_id
from deeplinks.space.changes import Entry

THREADS = 8
ROUNDS = 400


@pytest.fixture(autouse=True)
def _switch_often() -> Iterator[None]:
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


def run(work: Callable[[int], None], meanwhile: Callable[[], None]) -> None:
    """Work in eight threads, and do something else over and over until they are done."""
    errors: list[BaseException] = []

    def guarded(number: int) -> None:
        try:
            work(number)
        except BaseException as error:  # noqa: BLE001  told in the thread of the test
            errors.append(error)

    threads = [threading.Thread(target=guarded, args=(number,)) for number in range(THREADS)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        meanwhile()
    for thread in threads:
        thread.join()
    meanwhile()
    assert errors == []


class Storage:
    """Takes what waits and keeps rows of it, as a storage would."""

    def __init__(self, deep: Deep) -> None:
        self._space = deep.space
        self._ledger = deep.space.ledger("s")
        self.rows: dict[str, dict[str, object]] = {}

    def take(self) -> None:
        with self._space.lock:
            for entry in self._ledger.take(7)[0]:
                self._keep(entry)

    def take_all(self) -> None:
        while self._ledger.waits:
            self.take()

    def _keep(self, entry: Entry) -> None:
        one = entry.association
        if entry.destroyed:
            self.rows.pop(one.id)
            return
        now = {"to": one.to_id, "value": one.value_id}
        self._ledger.known.add(one)
        if entry.created:
            self.rows[one.id] = now
        else:
            self.rows[one.id].update({name: now[name] for name in now if name in entry.old})


def as_rows(deep: Deep) -> dict[str, dict[str, object]]:
    return {one.id: {"to": one.to_id, "value": one.value_id} for one in deep if one.is_stored("s")}


def test_no_change_is_lost_when_eight_threads_change_and_another_takes(deep: Deep) -> None:
    targets = [deep().store("s") for _ in range(20)]
    shared = [deep().store("s") for _ in range(10)]
    storage = Storage(deep)

    def work(number: int) -> None:
        for turn in range(ROUNDS):
            one = shared[(number + turn) % len(shared)]
            one.to = targets[(number * turn) % len(targets)]
            one.value = targets[turn % len(targets)] if turn % 3 else None

    run(work, storage.take)
    storage.take_all()

    assert storage.rows == as_rows(deep)


def test_back_references_are_right_after_eight_threads_changed_them(deep: Deep) -> None:
    targets = [deep().store("s") for _ in range(5)]
    shared = [deep().store("s") for _ in range(5)]

    def work(number: int) -> None:
        for turn in range(ROUNDS):
            shared[turn % len(shared)].to = targets[(number + turn) % len(targets)]

    run(work, lambda: None)

    for target in targets:
        assert set(target.in_) == {one for one in shared if one.to is target}


def test_what_is_made_and_destroyed_by_eight_threads_is_all_told(deep: Deep) -> None:
    T = deep().store("s", "typed_true")
    storage = Storage(deep)
    made: list[list[Association]] = [[] for _ in range(THREADS)]

    def work(number: int) -> None:
        for turn in range(ROUNDS):
            made[number].append(T(to=T))
            if turn % 3 == 0:
                made[number].pop(turn % len(made[number])).destroy()

    run(work, storage.take)
    storage.take_all()

    assert len(T.typed) == sum(map(len, made))
    assert storage.rows == as_rows(deep)
    assert deep.space.ledger("s").known == {T, *T.typed}


def test_groups_of_eight_threads_are_each_taken_whole(deep: Deep) -> None:
    pairs = [(deep().store("s"), deep().store("s")) for _ in range(THREADS)]
    ledger = deep.space.ledger("s")
    ledger.take(1000)
    torn: list[object] = []

    def work(number: int) -> None:
        one, other = pairs[number]
        for turn in range(ROUNDS):
            with deep.together():
                one.to = other if turn % 2 else one
                other.to = one if turn % 2 else other

    def take() -> None:
        with deep.space.lock:
            taken = {entry.association for entry in ledger.take(1)[0]}
        torn.extend(pair for pair in pairs if len(taken & set(pair)) == 1)

    run(work, take)

    assert torn == []


def test_the_bell_is_heard_for_every_change_that_waits(deep: Deep) -> None:
    users = [deep().store("s") for _ in range(THREADS)]
    ledger, bell = deep.space.ledger("s"), threading.Event()

    def hear(sender: object, storage: str) -> None:
        bell.set()

    ledger.take(1000)
    deep.signals.waiting.connect(hear)

    def work(number: int) -> None:
        user = users[number]
        for _ in range(ROUNDS):
            user.to = None if user.to else user

    def take_when_rung() -> None:
        if bell.is_set():
            bell.clear()
            while ledger.waits:
                ledger.take(3)

    run(work, take_when_rung)

    assert ledger.waits == 0 or bell.is_set()


def test_an_undone_together_of_one_thread_leaves_the_changes_of_others(deep: Deep) -> None:
    users = [deep().store("s") for _ in range(THREADS)]
    storage = Storage(deep)

    def work(number: int) -> None:
        user = users[number]
        for turn in range(ROUNDS):
            try:
                with deep.together():
                    user.to = users[turn % THREADS]
                    if turn % 2:
                        raise KeyError
            except KeyError:
                pass

    run(work, storage.take)
    storage.take_all()

    assert [user.to for user in users] == [users[(ROUNDS - 2) % THREADS]] * THREADS
    assert storage.rows == as_rows(deep)


def test_one_verb_of_eight_threads_takes_effect_once(deep: Deep) -> None:
    users = [deep() for _ in range(ROUNDS)]
    heard: list[str] = []
    for kind in ("store_added", "destroyed"):
        deep.on(kind, lambda event: heard.append(event.kind))

    def work(number: int) -> None:
        for turn, user in enumerate(users):
            try:
                user.store(f"s{turn % 7}", "typed_true")
                user.destroy()
            except DestroyedError:
                pass

    run(work, lambda: None)

    assert heard.count("destroyed") == ROUNDS
    assert all(user.destroyed for user in users)
    assert not any(ledger.waits for ledger in deep.space.ledgers.values())


def test_eight_threads_that_ask_for_one_text_get_one_association(deep: Deep) -> None:
    found: list[Association] = []

    def work(number: int) -> None:
        found.extend(deep.String.of(str(turn)) for turn in range(ROUNDS))

    run(work, lambda: None)

    assert len(deep.String.typed) == len(set(found)) == ROUNDS


def test_what_eight_threads_build_in_bulk_is_all_there_and_told(deep: Deep) -> None:
    T = deep().store("s", "typed_true")
    storage = Storage(deep)

    def work(number: int) -> None:
        for _ in range(ROUNDS // 40):
            with deep.bulk() as build:
                nodes = build.nodes(T, 20)
                build.links(T, pairwise(nodes))

    run(work, storage.take)
    storage.take_all()

    assert len(T.typed) == len(set(deep.ids)) - 2 == THREADS * (ROUNDS // 40) * 39
    assert len({one.seq for one in deep}) == len(deep)
    assert storage.rows == as_rows(deep)


def test_what_one_thread_builds_and_gives_up_is_seen_by_no_storage(deep: Deep) -> None:
    T = deep().store("s", "typed_true")
    storage = Storage(deep)

    def work(number: int) -> None:
        for turn in range(ROUNDS // 40):
            try:
                with deep.bulk() as build:
                    nodes = build.nodes(T, 20)
                    build.links(T, [(nodes[0], nodes[1])])
                    if turn % 2:
                        raise KeyError
            except KeyError:
                pass

    run(work, storage.take)
    storage.take_all()

    assert len(T.typed) == THREADS * (ROUNDS // 80) * 21
    assert storage.rows == as_rows(deep)


def test_ids_that_eight_threads_make_are_all_different(deep: Deep) -> None:
    made: list[list[str]] = [[] for _ in range(THREADS)]

    def work(number: int) -> None:
        for turn in range(ROUNDS):
            made[number] += new_id.many(3) if turn % 2 else [new_id()]

    run(work, lambda: None)

    ids = [id for own in made for id in own]
    assert len(set(ids)) == len(ids)


def test_reading_while_others_change_gives_whole_answers(deep: Deep) -> None:
    hub = deep().store("s")
    links = [deep(from_=hub).store("s") for _ in range(20)]

    def work(number: int) -> None:
        for turn in range(ROUNDS):
            links[(number + turn) % 20].from_ = hub if turn % 2 else None

    run(work, lambda: [len(set(hub.out)), len(deep.to_dict()), list(deep)])

    assert set(hub.out) == {link for link in links if link.from_ is hub}
