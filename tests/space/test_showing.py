"""What people see: one line, or a small HTML table; bounded, escaped, never an error."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from html.parser import HTMLParser

import pytest

from deeplinks import Association, BackReferences, Deep, FunctionSource
from deeplinks.errors import NoDataError
from deeplinks.space import showing
from deeplinks.space.fields import TYPE

SCRIPT = "<script>alert('&')</script>"


def named(deep: Deep, type: Association, text: str) -> Association:
    return type(value=deep.String(text))


def short(association: Association) -> str:
    return f"{association.id[:4]}…{association.id[-4:]}"


def add(a: int, b: int) -> int:
    return a + b


class Grumpy:
    """A callable that can't be shown."""

    def __call__(self) -> None: ...

    def __repr__(self) -> str:
        raise ZeroDivisionError

    def __getattr__(self, name: str) -> object:
        raise ZeroDivisionError


class Page(HTMLParser):
    """The cells of the tables of a page, and all its tags."""

    def __init__(self, html: object) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self.caption = ""
        self.tags: set[str] = set()
        self._in: list[str] = []
        self.feed(str(html))
        assert not self._in, "a tag was not closed"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self._in.append(tag)
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")

    def handle_endtag(self, tag: str) -> None:
        assert self._in.pop() == tag

    def handle_data(self, data: str) -> None:
        if self._in[-1] in ("td", "th"):
            self.rows[-1][-1] += data
        elif self._in[-1] == "caption":
            self.caption += data

    @property
    def facts(self) -> dict[str, str]:
        return {name: told for name, told in self.rows}  # noqa: C416  dict() takes pairs, not lists


def page(shown: Association | BackReferences) -> Page:
    return Page(shown._repr_html_())


# one line


def test_a_line_has_type_data_id_and_degree(deep: Deep) -> None:
    User = named(deep, deep, "User")
    alice = named(deep, User, "Alice")
    deep()(from_=alice, to=alice)

    assert repr(alice) == f"<User 'Alice' {short(alice)} → 1 out, 1 in>"


@pytest.mark.parametrize(
    ("type", "data", "shown"),
    [
        ("String", "Alice", "String 'Alice'"),
        ("String", "", "String ''"),
        ("String", "a\nb", r"String 'a\nb'"),
        ("Number", 5, "Number 5"),
        ("Number", 1.5, "Number 1.5"),
        ("Number", Decimal("0.10"), "Number Decimal('0.10')"),
        ("Function", add, "Function add()"),
        ("Function", len, "Function len()"),
        ("Function", int, "Function int()"),
        ("Function", FunctionSource("python", "add", "def add(): ..."), "Function add()"),
    ],
)
def test_a_line_shows_the_data(deep: Deep, type: str, data: object, shown: str) -> None:
    one = getattr(deep, type)(data)

    assert repr(one) == f"<{shown} {short(one)} → 0 out, 0 in>"


def test_what_has_no_name_is_called_by_its_type(deep: Deep) -> None:
    T = deep()
    one = T()

    assert repr(T).startswith(f"<deep {short(T)} ")
    assert repr(one).startswith(f"<type {short(T)} {short(one)} ")
    one.type = None
    assert repr(one).startswith(f"<untyped {short(one)} ")


def test_a_given_name_is_shown_and_types_are_called_by_it(deep: Deep) -> None:
    deep.User = User = deep()
    User["alice"] = alice = User(value=deep.String("Alice"))
    link = deep()(from_=alice)

    assert repr(User).startswith(f"<deep User {short(User)} ")
    assert repr(alice).startswith(f"<User alice 'Alice' {short(alice)} ")
    assert ">alice</td>" in link._repr_html_()


def test_a_long_or_broken_name_is_shown_bounded(deep: Deep) -> None:
    deep["a\n" * 100] = one = deep()
    deep[""] = other = deep()

    assert len(repr(one)) < 120
    assert "\n" not in repr(one)
    assert repr(other).startswith(f"<deep {short(other)} ")


def test_root_and_built_ins_are_called_by_their_names(deep: Deep) -> None:
    assert repr(deep) == f"<Deep {short(deep)}: 1 association>"
    assert repr(deep.String).startswith("<String ")


def test_a_set_tells_how_many_it_has_and_the_first(deep: Deep) -> None:
    tags = deep.Set(["a", 5, {"b"}, "d"])

    assert repr(tags).startswith("<Set of 4 {'a', 5, Set ")
    assert repr(tags).endswith(", …} " + f"{short(tags)} → 4 out, 0 in>")
    assert repr(deep.Set()).startswith("<Set of 0 ")
    assert repr(deep(value=tags)).startswith("<deep Set of 4 ")


def test_a_type_of_sets_names_its_sets(deep: Deep) -> None:
    Tags = named(deep, deep, "Tags")
    Tags.type = deep.Set

    assert repr(Tags(["a"])).startswith("<Tags of 1 {'a'} ")


def test_what_is_destroyed_says_so(deep: Deep) -> None:
    tags = deep.Set(["a"])
    tags.destroy()

    assert repr(tags) == f"<destroyed {short(tags)}>"
    assert repr(tags.out) == "{}"


def test_what_points_in_a_circle_is_shown(deep: Deep) -> None:
    a = deep()
    b = a(value=a)
    a.type = a.value = b
    tags = deep.Set()
    tags.add(tags)

    assert all(repr(one).endswith(">") for one in (a, b, tags))


def test_what_refers_to_something_that_is_not_here_is_shown(deep: Deep) -> None:
    away = Deep()().id
    deep.space.ledger("database")
    one = deep.space.place(Deep()().id, "database")
    deep.space.point(one, TYPE, away, "database")

    assert repr(one).startswith(f"<type {away[:4]}…{away[-4:]} ")
    assert page(one).facts["type"] == f"type {away[:4]}…{away[-4:]}"


@pytest.mark.parametrize(
    ("type", "data"),
    [
        ("String", lambda: "x" * 1_000_000),
        ("Number", lambda: 10**4299),
        ("Number", lambda: Decimal(10) ** 4000),
        # pytest would show it, and fail.
        ("Function", Grumpy),
    ],
)
def test_any_data_makes_a_short_line(deep: Deep, type: str, data: Callable[[], object]) -> None:
    one = getattr(deep, type)(data())
    T = deep(value=one)

    for shown in (one, T, T(), deep.Set([one] * 9)):
        assert len(repr(shown)) < 250
        assert "\n" not in repr(shown)
        assert len(shown._repr_html_()) < 5_000


def test_a_long_name_of_a_type_is_cut_and_a_broken_one_is_quoted(deep: Deep) -> None:
    assert repr(named(deep, deep, "x" * 1000)()).count("x") < 50
    assert repr(named(deep, deep, "a\nb")()).startswith(r"<'a\nb' ")


def test_a_stored_one_tells_how_far_it_is(deep: Deep) -> None:
    one = deep()
    assert repr(one).endswith("0 in>")
    one.store("database")
    assert repr(one).endswith("0 in · pending>")
    one.store("backup")
    assert repr(one).endswith("0 in · database: pending, backup: pending>")


def test_a_storage_of_another_name_is_named(deep: Deep) -> None:
    assert repr(deep().store("backup")).endswith("· backup: pending>")


def test_a_live_set_shows_its_first_members(deep: Deep) -> None:
    one = deep()
    for _ in range(8):
        deep()(from_=one)

    assert repr(one.out).count("→") == 5
    assert repr(one.out).endswith(", … and 3 more}")


# HTML


def test_a_page_has_the_facts(deep: Deep) -> None:
    User, Follows = named(deep, deep, "User"), named(deep, deep, "Follows")
    alice, bob = named(deep, User, "Alice"), User()
    follows = Follows(from_=alice, to=bob).store("database")

    assert page(follows).facts == {
        "id": short(follows),
        "type": "Follows",
        "from": "'Alice'",
        "to": f"User {short(bob)}",
        "links": "0 out, 0 in",
        "state": "pending",
    }
    assert page(alice).facts["value"] == page(alice).facts["data"] == "'Alice'"
    assert page(User).facts["links"] == "0 out, 0 in, 2 typed"


def test_a_page_of_a_set_is_a_table_of_its_members(deep: Deep) -> None:
    tags = deep.Set(["a", 5])
    shown = page(tags)

    assert shown.caption.startswith("Set of 2 ")
    assert [row[:2] for row in shown.rows] == [["type", "data"], ["String", "'a'"], ["Number", "5"]]


def test_a_page_of_a_live_set_shows_twenty_and_counts_the_rest(deep: Deep) -> None:
    one = named(deep, deep, "hub")
    for _ in range(25):
        deep()(from_=one)
    shown = page(one.out)

    assert shown.caption == "'hub'.out: 25"
    assert len(shown.rows) == 22
    assert shown.rows[-1] == ["… and 5 more"]


def test_a_page_of_many_is_bounded(deep: Deep) -> None:
    tags = deep.Set(["x" * 1000 + str(number) for number in range(100)])

    assert len(tags._repr_html_()) < 20_000
    assert page(tags).rows[-1] == ["… and 80 more"]


def test_an_empty_page_is_a_page(deep: Deep) -> None:
    assert page(deep.Set()).caption.startswith("Set of 0 ")
    assert page(deep.out).caption == "deep.out: 0"
    assert page(deep).facts["id"] == short(deep)


def test_what_is_destroyed_has_a_page(deep: Deep) -> None:
    tags = deep.Set(["a"])
    out = tags.out
    tags.destroy()

    assert tags._repr_html_() == f"<code>&lt;destroyed {short(tags)}&gt;</code>"
    assert out._repr_html_() == "<code>{}</code>"


def test_everything_on_a_page_is_escaped(deep: Deep) -> None:
    T = named(deep, deep, SCRIPT)
    one = named(deep, T, SCRIPT).store(SCRIPT)
    link = T(from_=one, to=one, value=one)
    tags = deep.Set([SCRIPT, one, link])
    function = deep.Function(FunctionSource("python", SCRIPT, ""))

    for shown in (T, one, link, tags, function, one.out, one.in_, T.typed, tags.out):
        seen = page(shown)
        assert "script" not in seen.tags
        assert "<script" not in shown._repr_html_()


def test_a_page_has_no_colour_and_no_asset_of_its_own(deep: Deep) -> None:
    html = deep.Set(["a"])._repr_html_() + deep()._repr_html_() + deep.typed._repr_html_()

    assert not re.search(r"background|url\(|src=|href=|#[0-9a-f]{3}|rgb|<style|<script", html)


def test_showing_changes_nothing(deep: Deep) -> None:
    tags = deep.Set(["a"])
    before = len(deep)
    repr(tags), tags._repr_html_(), repr(tags.out), tags.out._repr_html_(), repr(deep), deep._repr_html_()

    assert len(deep) == before
    assert showing.short(tags.id) == short(tags)


def test_a_line_tells_the_name_and_the_name_of_the_type() -> None:
    deep = Deep()
    deep["User"] = deep()
    deep["alice"] = alice = deep.User()

    assert re.fullmatch(r"<User alice \w{4}…\w{4} → 0 out, 1 in>", repr(alice))
    assert re.fullmatch(r"<deep User \w{4}…\w{4} → 0 out, 1 in>", repr(deep.User))


def test_an_error_calls_an_association_by_its_name_and_its_short_id() -> None:
    deep = Deep()
    deep["alice"] = deep()

    with pytest.raises(NoDataError, match=r"^alice \w{4}…\w{4} can't hold 5"):
        deep["alice"].data = 5


def test_a_query_is_a_table_of_its_answer(deep: Deep) -> None:
    deep.User = User = deep()
    User(value=deep.String("<b>"))
    query = deep.query(type=User)
    with query.live() as live:
        for page in (query._repr_html_(), live._repr_html_()):
            assert "type=" in page
            assert ": 1</caption>" in page
            assert "&lt;b&gt;" in page


def test_keys_and_names_are_offered_as_items(deep: Deep) -> None:
    users = deep()
    users["alice"] = deep()
    settings = deep.Object({"theme": 1})
    settings.children["note"] = deep()

    assert users._ipython_key_completions_() == ["alice"]
    assert settings._ipython_key_completions_() == ["theme", "note"]
    assert users.children._ipython_key_completions_() == ["alice"]


def test_a_name_that_python_keeps_for_itself_is_not_offered_as_an_attribute(deep: Deep) -> None:
    users = deep()
    users["from"] = deep()

    assert "from" not in dir(users)
    assert "from" in users._ipython_key_completions_()
