"""Alive, Field, Method and state: what people's own functions, and this process alone, add to associations.

The space room. Functions that were made in this process run; what was loaded is text and never runs (design rule 11).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from inspect import Parameter, signature
from types import MethodType
from typing import TYPE_CHECKING, TypeAlias

from deeplinks.errors import FunctionNotTrustedError, InvalidError, described
from deeplinks.space.association import Association
from deeplinks.space.ledger import upwards
from deeplinks.space.values import FunctionSource

if TYPE_CHECKING:
    from deeplinks.space.register import Target
    from deeplinks.space.space import Space

Function: TypeAlias = "Callable[..., object]"

# Of a type: whether it is an Alive type, and the nearest function, from it upwards.
Hook: TypeAlias = "tuple[bool, Function | FunctionSource | None]"


class Reason(StrEnum):
    """Why a function of an Alive type or of a Field is called."""

    construction = "construction"
    destruction = "destruction"
    getter = "getter"
    setter = "setter"
    deleter = "deleter"


@dataclass(frozen=True, slots=True)
class Access:
    """One use of a Field: to get, to set or to delete, under which name, and what is set."""

    reason: Reason
    key: str
    value: object = None


class Living:
    """The functions of Alive types, Fields and Methods in one space, and the states of its associations."""

    def __init__(self, space: Space) -> None:
        self._space = space
        self.states: dict[Association, dict[str, object]] = {}
        # What is known of types that were climbed, while there is an Alive type: each is climbed once.
        self.hooks: dict[Association, Hook] = {}
        # Those whose destruction runs right now: a function that destroys its own is called once.
        self._ending: set[Association] = set()

    @cached_property
    def _alive(self) -> Association:
        return self._space.built_in_names["Alive"]

    @cached_property
    def _field(self) -> Association:
        return self._space.built_in_names["Field"]

    @cached_property
    def _method(self) -> Association:
        return self._space.built_in_names["Method"]

    # Alive

    def makes(self, type: Association) -> bool:
        """Whether calling it makes an instance, though it holds a function: it is an Alive type."""
        return self._alive._typed is not None and self._climbed(type.type)[0]

    def hook(self, type: Association | None) -> Function | FunctionSource | None:
        """The function of the nearest Alive type, from a type upwards; asked while there is an Alive type."""
        lives, found = self._climbed(type)
        return found if lives else None

    def _climbed(self, type: Association | None) -> Hook:
        known = self.hooks
        path: list[Association] = []
        hook: Hook = False, None
        for one in upwards(type):
            if one is self._alive or one in known:
                hook = known.get(one, (True, None))
                break
            path.append(one)
        for one in reversed(path):
            if callable(one._data) or isinstance(one._data, FunctionSource):
                hook = hook[0], one._data
            known[one] = hook
        return hook

    def forget_hook(self, type: Association) -> None:
        """What is known of a type that was climbed counts no more, and so of all below it."""
        if type._typed is None:
            self.hooks.pop(type, None)
        else:
            # Another dict: who climbs right now, in another thread, puts what it found into the old one.
            self.hooks = {}

    def make(self, hook: Function | FunctionSource, type: Association, data: object, *targets: Target) -> Association:
        """An instance whose function was told of its construction, or nothing."""
        if isinstance(hook, FunctionSource):
            raise FunctionNotTrustedError(association=type)
        with self._space._undoable():
            association = self._space.construct(type, data, *targets, told=True)
            hook(association, Reason.construction)
        return association

    def part(self, association: Association) -> None:
        """It is about to be destroyed: its function is told once, while everything of it is still there.

        A function that is text here is not run, and keeps nobody from ending what belongs to it.
        """
        hook = None if association.destroyed or association in self._ending else self.hook(association.type)
        if hook is None or isinstance(hook, FunctionSource):
            return
        self._ending.add(association)
        try:
            hook(association, Reason.destruction)
        finally:
            self._ending.discard(association)

    # Field and Method, which names lead to

    def get(self, owner: Association, name: str) -> object:
        """What a name gives there: an association, what a Field gets, or a Method bound to the owner.

        Raises `UnknownNameError`, and `FunctionNotTrustedError` for a Field or a Method that was loaded.
        """
        found = self._space.names.find(owner, name) or self._space.names.reach(owner, name)
        return self.reached(owner, name, found)

    def reached(self, owner: Association, name: str, found: Association) -> object:
        """What an association that was found under a name gives to its owner."""
        kind = self._kind(found)
        if kind is None:
            return found
        function = _own_function(found)
        if kind is self._method:
            return MethodType(function, owner)
        return _use(function, owner, Access(Reason.getter, name))

    def put(self, owner: Association, name: str, value: object) -> None:
        """Give a name there to something, or set the Field that has it; a Field or a Method itself is always placed."""
        field = self._field_at(owner, name)
        if field is None or (isinstance(value, Association) and self._kind(value) is not None):
            self._space.names.put(owner, name, value)
        else:
            _change(field, owner, Access(Reason.setter, name, value))

    def take(self, owner: Association, name: str) -> None:
        """Take a name away there, or have the Field that has it delete. Raises `UnknownNameError`."""
        field = self._field_at(owner, name)
        if field is None:
            self._space.names.take(owner, name)
        else:
            _change(field, owner, Access(Reason.deleter, name))

    def _field_at(self, owner: Association, name: str) -> Association | None:
        if self._field._typed is None:
            return None
        found = self._space.names.find(owner, name)
        return found if found is not None and self.is_field(found) else None

    def is_field(self, found: Association) -> bool:
        """Whether it is a Field."""
        return self._kind(found) is self._field

    def _kind(self, found: Association) -> Association | None:
        """Whether it is a Field or a Method, and which."""
        if self._field._typed is None and self._method._typed is None:
            return None
        return next((one for one in upwards(found.type) if one is self._field or one is self._method), None)

    # state

    def state(self, association: Association) -> dict[str, object]:
        """What this process alone keeps of it; what is set in it from now on is undone with the group that is open."""
        association.space_of()
        state = self.states.setdefault(association, {})
        if self._space.first_touched(association):
            self._space.journal(self._restore_state, association, state, dict(state))
        return state

    def empty(self, association: Association) -> None:
        """Keep nothing of it any more, also for those who hold its state."""
        state = self.states.pop(association, {})
        if state and self._space.grouping:
            self._space.journal(self._restore_state, association, state, dict(state))
        state.clear()

    def _restore_state(self, association: Association, state: dict[str, object], before: dict[str, object]) -> None:
        state.clear()
        state.update(before)
        if before:
            self.states[association] = state
        else:
            self.states.pop(association, None)

    def forget(self, association: Association) -> None:
        """It is gone, and with it what was kept of it."""
        state = self.states.pop(association, None)
        if state is not None:
            self._space.journal(self.states.__setitem__, association, state)


def _own_function(association: Association) -> Function:
    if isinstance(association._data, FunctionSource):
        raise FunctionNotTrustedError(association=association)
    if not callable(association._data):
        raise InvalidError(what=f"{association!r}", why="it has no function; give it one as its data")
    return association._data


def _use(function: Function, owner: Association, access: Access) -> object:
    return function(owner, access) if _takes_access(function) else function(owner)


def _change(field: Association, owner: Association, access: Access) -> None:
    function = _own_function(field)
    if not _takes_access(function):
        raise InvalidError(
            what=f"{access.key} of {described(owner)}", why="its Field is read only: the function takes the owner alone"
        )
    function(owner, access)


def _takes_access(function: Function) -> bool:
    """Whether it takes a second argument; one that takes the owner alone is there for reading."""
    parameters = signature(function).parameters.values()
    if any(one.kind is Parameter.VAR_POSITIONAL for one in parameters):
        return True
    return sum(one.kind in (Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD) for one in parameters) > 1
