"""What watches over the chain node, without what checked its configuration: 13 MB less, for months.

    python -m node.chain_process PLAN STATE MANIFEST RPC

`commonwatt chain run` becomes this process.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from chain import run
from chain.daemon import Stop, main
from chain.plan import NodePlan
from store import snapshot


def command(plan: NodePlan, state: Path, manifest: Path, rpc: str) -> list[str]:
    """The command line to exec.

    Args:
        plan: the node.
        state: snapshot that tells the household's other processes how the node is.
        manifest: of the contracts; it may come later.
        rpc: where the registry is read.
    """
    return [sys.executable, "-m", "node.chain_process", plan.to_json(), str(state), str(manifest), rpc]


class Neighbours:
    """The enodes of the admitted households, read out of the registry."""

    def __init__(self, manifest: Path, rpc: str) -> None:
        """Read nothing yet: neither manifest nor node need be there when the chain process starts."""
        self._manifest = manifest
        self._rpc = rpc

    def __call__(self) -> Sequence[str]:
        """All of them as the chain's head has them; none while the neighbourhood has no contracts.

        Raises:
            ContractsError: the manifest is no manifest, or another chain's.
            ChainError: the node does not answer.
        """
        if not self._manifest.exists():
            return []
        from chain.client import ChainClient  # noqa: PLC0415 - not before there is something to read
        from contracts import manifest  # noqa: PLC0415
        from contracts.bindings.registry import Registry  # noqa: PLC0415

        client = ChainClient(self._rpc, timeout=1.0)
        try:
            households = Registry(client, manifest.load(self._manifest).registry).households()
        finally:
            client.close()
        return [each.enode for each in households if each.admitted and each.enode]


def watch(plan: NodePlan, state: Path, manifest: Path, rpc: str) -> int:
    """Run the node until SIGTERM or SIGINT."""

    def publish(fields: Mapping[str, object]) -> None:
        snapshot.write(state, fields)

    return run.run(plan, publish, Stop().on_signals(), Neighbours(manifest, rpc))


if __name__ == "__main__":
    [_, plan, state, manifest_file, address] = sys.argv
    sys.exit(main(lambda: watch(NodePlan.from_json(plan), Path(state), Path(manifest_file), address)))
