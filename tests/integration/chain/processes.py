"""Chain nodes and sealers as processes of their own, as a household has them, on loopback addresses.

`python -m tests.integration.chain.processes run|seal SETTINGS.json STATE.json` is one such process.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from chain import run, sealer
from chain.client import ChainClient
from chain.daemon import Stop, main
from chain.keys import Account, create_node_key, enode
from chain.settings import ChainSettings, NodeSettings, SealSettings
from tests.integration.chain_node import geth, make_key
from tests.integration.ports import free_port
from tests.waiting import BUSY, eventually

CHECKOUT = Path(__file__).parents[3]


def daemon(what: str, settings_file: Path, state: Path) -> int:
    """One process: its settings come as JSON, its state goes to a file."""
    settings = ChainSettings.model_validate_json(settings_file.read_bytes())
    stop = Stop().on_signals()
    if what == "seal":
        assert settings.node is not None
        assert settings.node.seal is not None
        return sealer.run(settings.node.seal, stop)

    def publish(fields: Mapping[str, object]) -> None:
        draft = state.with_suffix(".new")
        draft.write_text(json.dumps(fields))
        draft.replace(state)

    return run.run(settings.plan(), publish, stop)


@dataclass
class Household:
    """One node, and its sealer if it seals."""

    directory: Path
    settings: ChainSettings
    signer: Account | None
    enode: str
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def node(self) -> NodeSettings:
        assert self.settings.node is not None
        return self.settings.node

    @property
    def client(self) -> ChainClient:
        return ChainClient(f"http://{self.node.http}")

    def state(self) -> dict[str, Any]:
        """What the supervisor published last; nothing before it did."""
        with contextlib.suppress(FileNotFoundError):
            found: dict[str, Any] = json.loads((self.directory / "state.json").read_text())
            return found
        return {}

    def start(self, what: str) -> subprocess.Popen[bytes]:
        """Start "run" or "seal"."""
        settings_file = self.directory / "settings.json"
        settings_file.write_text(self.settings.model_dump_json())
        with (self.directory / f"{what}.log").open("ab") as log:
            self.processes[what] = subprocess.Popen(
                [
                    *(sys.executable, "-m", __name__, what),
                    *(str(settings_file), str(self.directory / "state.json")),
                ],
                cwd=CHECKOUT,
                stderr=log,
            )
        return self.processes[what]

    def log(self, what: str) -> str:
        return (self.directory / f"{what}.log").read_text()

    def geth_pids(self) -> list[int]:
        """Nodes that run on this household's data directory, whoever started them."""
        found = []
        for entry in Path("/proc").iterdir():
            with contextlib.suppress(OSError):
                line = (entry / "cmdline").read_bytes().split(b"\0") if entry.name.isdigit() else []
                if b"--config" in line and str(self.node.data).encode() in line:
                    found.append(int(entry.name))
        return found

    def end(self) -> None:
        """End all that still runs; by SIGTERM first."""
        for process in self.processes.values():
            if process.poll() is None:
                process.terminate()
        for process in self.processes.values():
            try:
                process.wait(6 + BUSY)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        for pid in self.geth_pids():
            os.kill(pid, signal.SIGKILL)


def describe(
    directory: Path, sockets: Path, host: str, *, seals: bool, genesis: Path, peers: tuple[str, ...] = ()
) -> Household:
    """The keys and settings of one household; nothing is started."""
    directory.mkdir()
    signer, seal = None, None
    if seals:
        signer, keystore, password_file = make_key(directory, "sealer")
        seal = SealSettings(
            keystore=keystore, password_file=password_file, socket=sockets / f"{directory.name}.seal"
        )
    listen = f"{host}:{free_port(host)}"
    node = NodeSettings(
        geth=geth(),
        data=directory / "chain",
        listen=listen,
        http=f"{host}:{free_port(host)}",
        authrpc_port=free_port("127.0.0.1"),
        ipc=sockets / f"{directory.name}.ipc",
        key_file=directory / "node.key",
        peers=peers,
        seal=seal,
    )
    key = create_node_key(directory / "node.key")
    settings = ChainSettings(rpc=f"http://{node.http}", genesis=genesis, node=node)
    return Household(directory, settings, signer, enode(key, host, int(listen.rpartition(":")[2])))


def acquaint(households: list[Household]) -> None:
    """Give every household the others' enodes to begin with."""
    for each in households:
        others = tuple(other.enode for other in households if other is not each)
        node = each.node.model_copy(update={"peers": others, "max_peers": max(len(others), 1)})
        each.settings = each.settings.model_copy(update={"node": node})


@contextlib.contextmanager
def ended(households: list[Household]) -> Iterator[None]:
    """End all processes of these households at the end of the block."""
    try:
        yield
    finally:
        for each in households:
            each.end()


def until(condition: Callable[[], object], what: str) -> None:
    """Wait until a condition holds, whatever it raises before."""

    def holds() -> bool:
        with contextlib.suppress(Exception):
            return bool(condition())
        return False

    eventually(holds, what)


if __name__ == "__main__":
    what, settings_path, state_path = sys.argv[1:]
    sys.exit(main(lambda: daemon(what, Path(settings_path), Path(state_path))))
