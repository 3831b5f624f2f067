"""The reader's own Python environment as a graph: distributions, their versions, and what they require.

The demo. It knows metadata and associations; that they are stored is not known here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib import metadata

from deeplinks import Association, Deep

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
EXTRA = re.compile(r"extra\s*==\s*[\"']([^\"']+)[\"']")


@dataclass(frozen=True, slots=True)
class Requirement:
    """A line of a distribution's metadata: what it requires, which versions, and with which extra only."""

    name: str
    specifier: str
    extra: str | None

    @classmethod
    def parse(cls, line: str) -> Requirement:
        """Read a `Requires-Dist` line (packaging.python.org, dependency specifiers), its environment markers left out."""
        wanted, _, condition = line.partition(";")
        found = NAME.match(wanted.strip())
        name = found[0] if found else wanted.strip()
        extra = EXTRA.search(condition)
        return cls(normal(name), wanted.strip()[len(name) :].strip(), extra[1] if extra else None)


def normal(name: str) -> str:
    """The one spelling of a distribution's name (packaging.python.org, name normalization)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def named(deep: Deep, name: str) -> Association:
    """A new type of that name."""
    return deep(value=deep.String(name))


class Environment:
    """Distributions, their versions and requirements as a graph; an extra is a link on the requirement it brings."""

    def __init__(self, deep: Deep) -> None:
        self.deep = deep
        self.Distribution, self.Version, self.Requires, self.Extra = (
            named(deep, name) for name in ("Distribution", "Version", "Requires", "Extra")
        )
        self.by_name: dict[str, Association] = {}

    def distribution(self, name: str) -> Association:
        """The distribution of that name, made at its first mention."""
        if name not in self.by_name:
            self.by_name[name] = self.Distribution(value=self.deep.String(name))
        return self.by_name[name]

    def read(self) -> None:
        """Everything that this interpreter can import, as its metadata tells."""
        for one in sorted(metadata.distributions(), key=lambda one: normal(one.metadata["Name"])):
            with self.deep.together():
                self._add(one)

    def _add(self, found: metadata.Distribution) -> None:
        distribution = self.distribution(normal(found.metadata["Name"]))
        self.Version(from_=distribution, value=self.deep.String(found.version))
        for line in found.requires or ():
            wanted = Requirement.parse(line)
            target = self.distribution(wanted.name)
            link = self.Requires(from_=distribution, to=target, value=self.deep.String(wanted.specifier))
            if wanted.extra:
                self.Extra(from_=link, value=self.deep.String(wanted.extra))

    def counts(self) -> dict[str, int]:
        """How many of each type there are."""
        return {str(type.data): len(type.typed) for type in self.types}

    @property
    def types(self) -> tuple[Association, ...]:
        """The four types that there are here."""
        return self.Distribution, self.Version, self.Requires, self.Extra

    def most_required(self) -> Association:
        """The distribution at which most requirements end."""
        return max(self.by_name.values(), key=lambda one: len(one.in_))
