"""A query starts from its smallest index, visits no more than it has to, and says so."""

from deeplinks import Deep, Q


def test_a_type_query_visits_its_result_and_not_the_space(deep: Deep) -> None:
    User = deep()
    for _ in range(5):
        User()
    for _ in range(1000):
        deep()
    told = deep.query(type=User).explain()

    assert (told.visited, told.found, told.size) == (5, 5, 5)


def test_it_starts_from_the_smallest_index(deep: Deep) -> None:
    User, Follows = deep(), deep()
    hub = User()
    for _ in range(100):
        User()
        Follows(from_=hub)
    told = deep.query(type=User, out={"type": Follows}, id=hub).explain()

    assert told.size == 1
    assert told.start.startswith("id=")
    assert list(told.sizes.values()) == [101, 100, 1]
    assert told.visited < 10


def test_a_large_index_is_not_walked_where_a_small_one_is_there(deep: Deep) -> None:
    Many = deep()
    target = Many()
    for _ in range(1000):
        Many(to=target)
    one = deep(to=target, from_=Many)
    told = deep.query(to={"type": Many}, from_=Many).explain()

    assert list(deep.query(to={"type": Many}, from_=Many)) == [one]
    assert told.visited == 1


def test_a_nested_criterion_is_an_index_too(deep: Deep) -> None:
    User, Rare = deep(), deep()
    users = [User() for _ in range(100)]
    Rare(from_=users[3])
    told = deep.query(type=User, out={"type": Rare}).explain()

    assert told.start.startswith("out=")
    assert (told.size, told.found) == (1, 1)
    assert told.visited <= 3


def test_alternatives_add_up_their_indexes(deep: Deep) -> None:
    A, B = deep(), deep()
    A(), B(), B()
    for _ in range(100):
        deep()

    assert deep.query(Q(type=A) | Q(type=B)).explain().visited == 3


def test_without_an_index_all_are_visited_and_it_says_so(deep: Deep) -> None:
    deep.Number(1)
    told = deep.query(data=1).explain()

    assert (told.start, told.sizes, told.found) == ("all associations", {"data=1": None}, 1)
    assert told.visited >= len(deep)
    assert "no index" in str(told)


def test_exists_stops_at_the_first(deep: Deep) -> None:
    User = deep()
    for _ in range(10):
        User()

    assert deep.query(type=User).exists()
    assert bool(deep.query(type=User))


def test_nesting_deeply_does_not_multiply_the_work(deep: Deep) -> None:
    top = deep()
    one = top
    for _ in range(30):
        one = one()
    criteria = Q(id=top)
    for _ in range(30):
        criteria = Q(type=criteria, to=None)

    assert list(deep.query(criteria)) == [one]
    assert deep.query(criteria).explain().visited < 2000
