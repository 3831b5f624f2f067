"""Neighbourhoods and paths along links: nearest first, in circles and over long chains."""

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deeplinks import Association, Deep, Q
from deeplinks.errors import DestroyedError, InvalidError, OtherSpaceError, UnknownIdError


def chain(deep: Deep, length: int, type: Association) -> list[Association]:
    nodes = [deep() for _ in range(length)]
    for start, end in pairwise(nodes):
        type(from_=start, to=end)
    return nodes


def test_a_walk_goes_as_deep_as_it_is_told(deep: Deep) -> None:
    a, b, c, d = chain(deep, 4, deep())

    assert list(a.walk(0)) == []
    assert list(a.walk(1)) == [b]
    assert list(a.walk(2)) == [b, c]
    assert list(a.walk()) == [b, c, d]


def test_a_walk_goes_nearest_first_and_each_once(deep: Deep) -> None:
    Follows = deep()
    a, b, c, d = (deep() for _ in range(4))
    for start, end in ((a, b), (b, d), (a, c), (c, d), (a, c)):
        Follows(from_=start, to=end)

    assert list(a.walk()) == [b, c, d]


def test_a_walk_in_a_circle_ends(deep: Deep) -> None:
    Follows = deep()
    nodes = chain(deep, 3, Follows)
    Follows(from_=nodes[2], to=nodes[0])
    Follows(from_=nodes[1], to=nodes[1])

    assert list(nodes[0].walk()) == nodes[1:]


def test_a_walk_goes_via_types_and_criteria(deep: Deep) -> None:
    Follows, Likes, Other = deep(), deep(), deep()
    a, b, c, d = (deep() for _ in range(4))
    for type, end in ((Follows, b), (Likes, c), (Other, d)):
        type(from_=a, to=end)

    assert list(a.walk(via=Follows)) == list(a.walk(via=Follows.id)) == [b]
    assert list(a.walk(via=[Follows, Likes])) == [b, c]
    assert list(a.walk(via={"to": d})) == [d]
    assert list(a.walk(via=~Q(type=Follows))) == [c, d]


def test_a_walk_goes_against_links_and_both_ways(deep: Deep) -> None:
    a, b, c = chain(deep, 3, deep())

    assert list(c.walk(direction="in")) == [b, a]
    assert list(b.walk(direction="both")) == [c, a]


def test_a_walk_goes_on_while_links_are_changed(deep: Deep) -> None:
    a, b, c = chain(deep, 3, deep())
    seen: list[Association] = []
    for one in a.walk():
        seen.append(one)
        for link in one.out:
            link.destroy()

    assert seen == [b]
    assert not c.destroyed


def test_a_chain_of_a_hundred_thousand_is_walked(deep: Deep) -> None:
    nodes = chain(deep, 100_000, deep())

    assert sum(1 for _ in nodes[0].walk()) == 99_999
    assert len(deep.shortest_path(nodes[0], nodes[-1])) == 199_999


def test_a_shortest_path_has_its_links_between_its_ends(deep: Deep) -> None:
    Follows = deep()
    a, b, c, d = chain(deep, 4, Follows)
    short = Follows(from_=a, to=c)
    last = next(iter(c.out))

    assert deep.shortest_path(a, d) == [a, short, c, last, d]
    assert deep.shortest_path(a, b) == [a, next(iter(a.out)), b]


def test_a_path_to_itself_is_itself_and_no_path_is_empty(deep: Deep) -> None:
    a, b = chain(deep, 2, deep())

    assert deep.shortest_path(a, a) == [a]
    assert deep.shortest_path(b, a) == []
    assert deep.shortest_path(a, b, via=deep()) == []
    assert len(deep.shortest_path(b, a, direction="in")) == 3


def test_what_is_wrong_is_refused_by_name(deep: Deep) -> None:
    a, stranger, gone = deep(), Deep()(), deep()
    gone.destroy()
    wrong: Any = "up"

    with pytest.raises(InvalidError, match="direction 'up'"):
        a.walk(direction=wrong)
    with pytest.raises(InvalidError, match="depth -1"):
        a.walk(-1)
    with pytest.raises(OtherSpaceError):
        a.walk(via=stranger)
    with pytest.raises(DestroyedError):
        gone.walk()
    with pytest.raises(UnknownIdError):
        deep.shortest_path(a, stranger)


@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), max_size=15), st.integers(0, 4))
def test_walks_and_paths_agree_with_distances(edges: list[tuple[int, int]], depth: int) -> None:
    deep = Deep()
    nodes = [deep() for _ in range(7)]
    for start, end in edges:
        deep(from_=nodes[start], to=nodes[end])
    far = {0: 0}
    for _ in range(7):
        for start, end in edges:
            if start in far:
                far[end] = min(far.get(end, 99), far[start] + 1)

    assert set(nodes[0].walk(depth)) == {nodes[n] for n, distance in far.items() if 0 < distance <= depth}
    for n, node in enumerate(nodes):
        assert len(deep.shortest_path(nodes[0], node)) == (far[n] * 2 + 1 if n in far else 0)
