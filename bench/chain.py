"""A chain copied and restored: seconds for 100,000 blocks, beside geth's bare import of the same blocks.

The target of a replaced Pi: in sync within a minute for every 100,000 blocks.
"""

from __future__ import annotations

import gzip
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from chain import backup
from chain.clique import Clique
from chain.genesis import Genesis
from chain.keys import Account, create_node_key
from chain.plan import NodePlan
from simulation.long_chain import blocks
from tests.integration.chain.processes import describe, ended, until
from tests.integration.chain_node import chain_id, short_directory

BLOCKS = 100_000


def main() -> None:
    """Print the figures."""
    signer = Account.generate()
    with tempfile.TemporaryDirectory() as name, short_directory() as sockets:
        folder = Path(name)
        genesis = folder / "genesis.json"
        Genesis(chain_id=chain_id(), period=1, signers=(signer.address,)).write(genesis)
        home = describe(folder / "home", sockets, "127.0.3.9", seals=False, genesis=genesis)
        plan = home.settings.plan()
        with ended([home]):
            home.start("run")
            until(lambda: home.client.block_number() >= 0, "node")
            [first] = Clique(plan).headers(0, 0)
            home.processes["run"].terminate()
            home.processes["run"].wait()
            file = folder / "all.rlp.gz"
            with gzip.open(file, "wb", compresslevel=1) as out:
                took(
                    "made and sealed",
                    lambda: [out.write(each.raw) for each in blocks(first, signer, BLOCKS, 1)],
                )
            bare = took("geth's bare import", lambda: Clique(plan).take(file))
            home.start("run")
            until(lambda: home.client.block_number() == BLOCKS, "chain")
            copy = folder / "copy"
            took(
                "backup of the running node",
                lambda: backup.make(plan, Clique(plan), BLOCKS, copy, lambda *_: None),
            )
            took("verify", lambda: backup.check(copy, lambda *_: None))
        size = sum(each.stat().st_size for each in copy.iterdir())
        fresh = fresh_plan(plan, folder / "fresh")
        ours = took("restore", lambda: backup.restore(fresh, Clique(fresh), copy, lambda *_: None))
        print(f"restore / bare import: {ours / bare:.2f}; {ours:.1f} s for {BLOCKS:,} blocks, target 60 s")
        print(f"the copy takes {size / BLOCKS:.0f} bytes a block")


def fresh_plan(plan: NodePlan, data: Path) -> NodePlan:
    """Another node's, with nothing in it."""
    data.mkdir()
    create_node_key(data.with_suffix(".key"))
    return replace(plan, data=data, key_file=data.with_suffix(".key"))


def took(what: str, work: Callable[[], object]) -> float:
    """Do it, and say how long it took."""
    begun = time.monotonic()
    work()
    seconds = time.monotonic() - begun
    print(f"{what}: {seconds:.1f} s, {BLOCKS / seconds:,.0f} blocks/s", flush=True)
    return seconds


if __name__ == "__main__":
    main()
