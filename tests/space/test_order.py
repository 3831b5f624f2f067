"""Order: the same program run twice says the same in the same order, whatever Python's hashes are and ids are new."""

import os
import subprocess
import sys

PROGRAM = """
from deeplinks import Deep

deep, said = Deep(), []
for kind in deep.events:
    deep.on(kind, lambda event: said.append((event.kind, event.source.seq, event.item and event.item.seq)))
T, Link = deep(), deep().store("s", "typed_true")
nodes = [T(value=deep.String(f"n{n}")) for n in range(20)]
with deep.together():
    for n, one in enumerate(nodes):
        Link(from_=one, to=nodes[n * 7 % 20])
        T[f"name {n}"] = one
tags = deep.Set([*nodes[:9], "a"])
row = deep.Array(nodes[5:12])
row.insert(2, nodes[0])
tags.store("s")
nodes[3].destroy()
T.store("s", "typed_false")
with deep.bulk() as build:
    build.links(Link, [(nodes[0], nodes[1]), (nodes[1], nodes[2])])
copied = deep.copy(nodes[7:9])
print(said)
print([one.seq for one in deep], [one.seq for one in nodes[0].out], [one.seq for one in nodes[0].in_])
print([one.seq for one in tags], [one.seq for one in row], list(T.children), [one.seq for one in copied.values()])
print([one.seq for one in deep.query(type=Link, to=nodes[0])])
print([one.seq for one in nodes[0].walk(3, direction="both")])
print([entry.association.seq for entry in deep.space.ledger("s").take(1000)[0]])
"""


def _said(seed: str) -> str:
    environment = {**os.environ, "PYTHONHASHSEED": seed}
    done = subprocess.run([sys.executable, "-c", PROGRAM], env=environment, check=True, capture_output=True, text=True)
    return done.stdout


def test_two_processes_that_run_one_program_say_the_same_in_the_same_order() -> None:
    assert _said("1") == _said("2") != ""
