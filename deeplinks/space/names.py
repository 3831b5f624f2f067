"""Names: who contains whom under which name, as links of the type `Contain` say it; found by attribute, by item and by path.

The space room. The links are the truth, wherever they come from; the index here follows them and is asked instead.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING, Final, NamedTuple, Self, TypeVar, overload

from deeplinks import tables
from deeplinks.errors import BuiltInError, InvalidError, UnknownNameError, WrongTypeError, described, shown
from deeplinks.ids import is_id
from deeplinks.space.association import Association, Reference, here
from deeplinks.space.back_references import Members, added, each, removed
from deeplinks.space.fields import TYPE, VALUE, Field
from deeplinks.space.ledger import Ledger, upwards
from deeplinks.space.values import NOTHING

if TYPE_CHECKING:
    from deeplinks.space.space import Space

Key = TypeVar("Key")

CONTAIN: Final = "Contain"


class _Said(NamedTuple):
    """What a Contain says: in whom, under which name, who. One that starts at nothing names, and contains in nothing."""

    container: Association | None
    name: str
    child: Association


class ContainType(Association):
    """The built-in type `Contain`: with its first instance, names begin to be followed, and cost nothing before that."""

    __slots__ = ()

    @property
    def _typed(self) -> Members:
        return _typed.__get__(self)

    @_typed.setter
    def _typed(self, members: Members) -> None:  # pyright: ignore[reportIncompatibleVariableOverride]
        _typed.__set__(self, members)
        if members is not None and not self._space.naming:
            self._space.naming = True
            # A class that has it reads each of its slots three times as slowly, so it gets it with the first name.
            Association.__getattr__ = _by_name


_typed = Association.__dict__["_typed"]


def _by_name(self: Association, name: str) -> Association:
    """What is no attribute may be a name. Raises AttributeError."""
    if name.startswith("_"):
        # Asked for by Python, and before there is a space to ask.
        raise AttributeError(f"an association has no attribute {name!r}")
    found = None if self.destroyed else self.space_of().names.find(self, name)
    if found is None:
        raise AttributeError(f"{self!r} has no attribute {name!r}, and nothing is called so there")
    return self.space_of().living.reached(self, name, found)  # pyright: ignore[reportReturnType]


class BuiltIn:
    """A built-in as an attribute, which is always there: `deep.String`; an own name, or a type's, comes first."""

    def __init__(self, name: str) -> None:
        self._name = name

    @overload
    def __get__(self, owner: None, type: object) -> Self: ...
    @overload
    def __get__(self, owner: Association, type: object) -> Association: ...
    def __get__(self, owner: Association | None, type: object) -> Self | Association:
        """What the name leads to from there."""
        if owner is None:
            return self
        space = owner.space_of()
        found = space.names.find(owner, self._name) or space.built_in_names[self._name]
        return space.living.reached(owner, self._name, found)  # pyright: ignore[reportReturnType]


for _name in tables.BUILT_IN_NAMES:
    setattr(Association, _name, BuiltIn(_name))


class Names:
    """The names of one space.

    A link of type `Contain` from a container to a child, with a String as its value, calls the child by that text. Two that
    give one name in one container: the newer one counts.
    """

    def __init__(self, space: Space) -> None:
        self._space = space
        self._said: dict[Association, _Said] = {}
        self._in: dict[Association, dict[str, Members]] = {}
        self._of: dict[Association, Members] = {}

    @cached_property
    def _contain(self) -> Association:
        return self._space.built_in_names[CONTAIN]

    # following the links

    def follow(self, link: Association) -> None:
        """A link that is or was a Contain may say something else now."""
        before, now = self._said.get(link), self._read(link)
        if before == now:
            return
        if before is not None:
            self._forget(link, before)
        if now is not None:
            self._learn(link, now)

    def filled(self, text: Association) -> None:
        """The data of an association has changed, which may be a name."""
        for link in each(text._valued):
            if link._type is self._contain:
                self.follow(link)

    def _read(self, link: Association) -> _Said | None:
        container, child, value = link._from, here(link._to), here(link._value)
        if link._type is not self._contain or child is None or value is None or isinstance(container, str):
            return None
        return _Said(container, value._data, child) if isinstance(value._data, str) else None

    def _learn(self, link: Association, said: _Said) -> None:
        self._said[link] = said
        self._of[said.child] = added(self._of.get(said.child), link)
        if said.container is not None:
            names = self._in.setdefault(said.container, {})
            names[said.name] = added(names.get(said.name), link)

    def _forget(self, link: Association, said: _Said) -> None:
        del self._said[link]
        _put(self._of, said.child, removed(self._of.get(said.child), link))
        if said.container is not None:
            names = self._in[said.container]
            _put(names, said.name, removed(names.get(said.name), link))
            if not names:
                del self._in[said.container]

    # finding

    def child(self, container: Association, name: str) -> Association | None:
        """The own child of that name."""
        links = self._in.get(container, {}).get(name)
        return None if links is None else self._said[_newest(links)].child

    def children(self, container: Association) -> dict[str, Association]:
        """The own children by name, in the order in which they were named."""
        return {name: self._said[_newest(links)].child for name, links in self._in.get(container, {}).items()}

    def paths(self, container: Association, most: int) -> list[str]:
        """The paths of two steps from there, the first so many: to the children of its own children."""
        steps = [(name, child) for name, child in self.children(container).items() if name and "/" not in name]
        found = (
            f"{name}/{step}" for name, child in steps for step in self._in.get(child, ()) if step and "/" not in step
        )
        return list(islice(found, most))

    def count(self, container: Association) -> int:
        """How many own children there are."""
        return len(self._in.get(container, ()))

    def find(self, owner: Association, name: str) -> Association | None:
        """Who has that name as seen from there: an own child, the type's, its type's, and so on, or a built-in."""
        if self._in:
            for one in upwards(owner):
                if (child := self.child(one, name)) is not None:
                    return child
        return self._space.built_in_names.get(name)

    def below_root(self, owner: Association, name: str) -> Association | None:
        """Who has that name as seen from there, of those whom the root itself does not contain."""
        kinds = (one for one in upwards(owner) if one is not self._space.root)
        return next((child for one in kinds if (child := self.child(one, name)) is not None), None)

    def look(self, owner: Association, path: str) -> Association | None:
        """Who has that name, or is at the end of that path: its first step is found as a name is, each further one is an
        own child; one that begins with a slash begins at the root.
        """
        found = self.find(owner, path)
        if found is not None or "/" not in path:
            return found
        steps = [step for step in path.split("/") if step]
        if path.startswith("/"):
            owner = self._space.root
        for number, step in enumerate(steps):
            found = self.child(owner, step) if number else self.find(owner, step)
            if found is None:
                return None
            owner = found
        return owner

    def seen(self, owner: Association) -> Iterator[str]:
        """All names that are found from there, built-ins too; each once."""
        inherited = (name for one in upwards(owner) for name in self._in.get(one, ()))
        return iter(dict.fromkeys((*inherited, *self._space.built_in_names)))

    def named(self, child: Association) -> str | None:
        """Its name: a built-in's, else the one that it was given last."""
        if child.id in self._space.built_ins:
            return self._space.name_of(child)
        return self.given(child)

    def given(self, child: Association) -> str | None:
        """The name that it was given last."""
        links = self._of.get(child)
        return None if links is None else self._said[_newest(links)].name

    def path(self, association: Association) -> str | None:
        """The shortest path from the root, `/Users/alice`; None where there is none."""
        reached = {association: ""}
        queue = deque(reached)
        while queue:
            one = queue.popleft()
            if one is self._space.root:
                return reached[one] or "/"
            for container, name in self._steps_to(one):
                if container not in reached:
                    reached[container] = f"/{name}{reached[one]}"
                    queue.append(container)
        return None

    def _steps_to(self, child: Association) -> Iterator[tuple[Association, str]]:
        """The containers in which it is found, and the names by which it is found there."""
        if child.id in self._space.built_ins:
            yield self._space.root, self._space.name_of(child) or ""
        for link in each(self._of.get(child)):
            container, name, _ = self._said[link]
            if container is not None and name and "/" not in name and self.child(container, name) is child:
                yield container, name

    # naming

    def put(self, owner: Association, path: str, value: object) -> None:
        """Call something by a name in a container, in place of who had it there; a value is wrapped."""
        container, name = self._place(owner, path)
        with self._space._undoable():
            child = self._space.collections.wrap(value, f"{name!r}", container)
            links = tuple(each(self._in.get(container, {}).get(name)))
            kept = next((link for link in links if self._said[link].child is child), None)
            for link in links:
                if link is not kept:
                    self.end(link)
            if kept is None:
                self._call(container, name, child)

    def _place(self, owner: Association, path: str) -> tuple[Association, str]:
        """The container and the name that a path to something new means."""
        owner.space_of()
        if not isinstance(path, str):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise WrongTypeError(what=f"a name in {described(owner)}", expected="a str", value=path)
        before, slash, name = path.rpartition("/")
        if slash and not name:
            raise InvalidError(what=f"the name {path!r}", why="a path ends with a name, and this one with a slash")
        container = self.reach(owner, before or "/") if slash else owner
        if container is self._space.root:
            self._check_for_root(name)
        return container, name

    def _check_for_root(self, name: str) -> None:
        if name in self._space.built_in_names:
            raise InvalidError(what=f"the name {name!r}", why="a built-in of the space is called so")
        if is_id(name):
            raise InvalidError(what=f"the name {name!r}", why="it is an id, and deep[id] finds by id")

    def reach(self, owner: Association, path: str) -> Association:
        """`look`, where there must be somebody. Raises `UnknownNameError`, and `WrongTypeError` for what is no text."""
        if not isinstance(path, str):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise WrongTypeError(what=f"a name in {described(owner)}", expected="a str", value=path)
        found = self.look(owner, path)
        if found is None:
            raise UnknownNameError(name=path, association=owner)
        return found

    def _call(self, container: Association | None, name: str, child: Association) -> None:
        self._space.construct(self._contain, NOTHING, container, child, self._text(name))

    def take(self, container: Association, name: str) -> None:
        """An own child is called so no more; it stays. Raises `UnknownNameError`."""
        container.space_of()
        links = self._in.get(container, {}).get(name)
        if links is None:
            raise UnknownNameError(name=name, association=container)
        self._end_all(links)

    def _end_all(self, links: Members) -> None:
        with self._space._undoable():
            for link in tuple(each(links)):
                self.end(link)

    def end(self, link: Association) -> None:
        """A Contain goes, and with it the text that was its name alone."""
        going = [link, *self._texts((link,))]
        for one in going:
            one.destroy()

    def rename(self, child: Association, name: str | None) -> None:
        """Call it otherwise where it was named last, or, with None, nothing any more. A name without a place is one too."""
        child.space_of()
        if self._space.permanent(child):
            raise BuiltInError(association=child, action="called nothing" if name is None else f"called {shown(name)}")
        links = self._of.get(child)
        if name is None:
            self._end_all(links)
        elif not isinstance(name, str):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise WrongTypeError(what=f"name of {described(child)}", expected="a str", value=name)
        elif links is None:
            with self._space._undoable():
                self._call(None, name, child)
        else:
            self._rename(_newest(links), name)

    def _rename(self, link: Association, name: str) -> None:
        container, before, _ = self._said[link]
        if name == before:
            return
        if container is self._space.root:
            self._check_for_root(name)
        taken = None if container is None else self.child(container, name)
        if taken is not None:
            raise InvalidError(what=f"the name {name!r}", why=f"{container!r} calls {taken!r} so; del it there first")
        text = here(link._value)
        with self._space._undoable():
            if text is not None and len(text.valued) == 1:
                self._space.assign(text, name)
            else:
                self._space.refer(link, VALUE, self._text(name))

    def _text(self, name: str) -> Association:
        return self._space.construct(self._space.built_in_names["String"], name, None, None, None)

    # what names do when their ends are stored, or end

    def at(self, association: Association) -> Iterator[Association]:
        """The Contains at either end of which it is."""
        yield from each(self._of.get(association))
        for links in self._in.get(association, {}).values():
            yield from each(links)

    def with_names(self, ending: Sequence[Association]) -> list[Association]:
        """What goes when these are destroyed: before them the Contains at them, and the texts that were their names alone."""
        if not self._said:
            return list(ending)
        found = dict.fromkeys(ending)
        stack = list(ending)
        while stack:
            for link in self.at(stack.pop()):
                if link not in found:
                    found[link] = None
                    stack.append(link)
        links = list(found)[len(ending) :]
        texts = [text for text in self._texts(links) if text not in found]
        return [*links[::-1], *texts, *ending]

    def _texts(self, links: Iterable[Association]) -> list[Association]:
        """The names of these links that nothing else has to do with."""
        texts = (here(link._value) for link in links)
        return [text for text in texts if text is not None and _alone(text) and not self._space.permanent(text)]

    def comes(self, link: Association, ledger: Ledger, along: Iterable[Association] = ()) -> bool:
        """Whether a Contain is stored for its ends' sake: both are, and not only root or built-ins."""
        said = self._read(link)
        if said is None:
            return False
        ends = [said.child] if said.container is None else [said.container, said.child]
        held = [one for one in ends if one in along or ledger.holds(one)]
        return bool(held) and all(one in held or self._space.permanent(one) for one in ends)

    def may_draw(self, source: Association, field: Field, target: Reference) -> bool:
        """Whether a reference may complete a Contain: asked often, so quick, and not exact."""
        return target is self._contain if field is TYPE else source._type is self._contain


def _alone(text: Association) -> bool:
    others = (text._typed, text._out, text._in, text._value)
    return isinstance(text._valued, Association) and all(other is None for other in others)


def _newest(links: Members) -> Association:
    """The Contain that counts: the newest in the storage's order; what is not written yet is newer still."""
    return max(each(links), key=lambda link: (link._i is None, link._i or 0, link.seq))


def _put(index: dict[Key, Members], key: Key, members: Members) -> None:
    if members is None:
        del index[key]
    else:
        index[key] = members
