"""Ids: unique over processes and forks, canonical in any spelling."""

import os
import subprocess
import sys
import uuid

import pytest

from deeplinks.errors import MalformedIdError, WrongTypeError
from deeplinks.ids import Ids, canonical, new_id, well_known


def test_new_ids_are_canonical_uuids_of_version_8() -> None:
    id = uuid.UUID(new_id())

    assert id.version == 8
    assert id.variant == uuid.RFC_4122


def test_ten_thousand_new_ids_are_ten_thousand() -> None:
    assert len({new_id() for _ in range(10_000)}) == 10_000


def test_two_sessions_give_other_ids() -> None:
    assert Ids()() != Ids()()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_a_fork_gives_other_ids() -> None:
    # In a process of its own: this one may have threads, and they do not survive a fork.
    code = """
import os
from deeplinks import Deep
deep = Deep()
deep()
reading, writing = os.pipe()
child = os.fork() == 0
ids = " ".join(deep().id for _ in range(100))
if child:
    os.write(writing, ids.encode())
    os._exit(0)
os.wait()
print(len(set(ids.split()) | set(os.read(reading, 65536).decode().split())))
"""
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)

    assert result.stdout.strip() == "200"


@pytest.mark.parametrize(
    "spelling", [str.upper, "{{{}}}".format, "urn:uuid:{}".format, lambda text: text.replace("-", ""), uuid.UUID]
)
def test_every_spelling_is_the_same_id(spelling: object) -> None:
    id = new_id()

    assert canonical(spelling(id)) == id  # type: ignore[operator]


@pytest.mark.parametrize("text", ["", "nope", "00000000-0000-0000-0000-00000000000g", "a" * 40])
def test_text_that_is_no_uuid_is_refused_by_name(text: str) -> None:
    with pytest.raises(MalformedIdError, match=repr(text)):
        canonical(text)


@pytest.mark.parametrize("value", [5, None, b"a", object()])
def test_what_is_no_text_is_refused_by_type(value: object) -> None:
    with pytest.raises(WrongTypeError, match=type(value).__name__):
        canonical(value)


def test_well_known_ids_are_the_same_everywhere() -> None:
    assert well_known("String") == well_known("String") != well_known("Number")
