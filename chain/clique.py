"""Geth sealing by Clique (EIP-225), as the engine of a neighbourhood's chain.

1.13.15 is the last geth that seals Clique blocks. It is no longer maintained upstream; what guards it is that
its peer port is open inside the neighbourhood's overlay network only, and its RPC on loopback only.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from chain import genesis, ipc
from chain.blocks import Header, parse_header
from chain.endpoint import host_and_port
from chain.engine import NodeStatus
from chain.errors import BadAnswer, NodeUnavailable, SettingRefused, UnknownBlock
from chain.files import replace_file
from chain.keys import load_node_key
from chain.plan import IPC_LIMIT, NodePlan
from chain.private import place

VERSION = "1.13.15"

MEMORY_GOAL = "96MiB"
"""Above this the Go runtime collects more eagerly (GOMEMLIMIT), so that the node stays below 130 MB."""

MAX_PEERS = 5
"""Geth follows a peer at once when it has five, or as many as it may have; with fewer it looks every ten
seconds. At once means also: with the peer that it has just given up, because a request to its connection of
before a cut was never answered, for which it waits a minute; and so on, minute after minute
(eth/sync.go, `nextSyncOp`, and eth/downloader of 1.13.15). Who may have five and has fewer goes on with the
peer's next connection."""

INIT_TIMEOUT = 60.0
"""Seconds; a Pi's card takes a few."""

EXPORT_TIMEOUT = 600.0
"""Seconds that a node may take to write a segment of its chain."""


@dataclass(frozen=True)
class Clique:
    """One geth node on this host."""

    node: NodePlan

    def version(self) -> str:
        """Geth's version.

        Raises:
            NodeUnavailable: geth is missing, does not run here, or seals no Clique blocks.
        """
        program = self._program()
        try:
            said = subprocess.run(
                [program, "version"], capture_output=True, text=True, timeout=20, check=False
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise NodeUnavailable(f"{program} does not run on this machine: {error}") from None
        found = re.search(r"^Version: (\d+\.\d+\.\d+)", said.stdout, re.MULTILINE)
        if found is None:
            raise NodeUnavailable(f"{program} is no geth: correct chain.node.geth")
        if found[1] != VERSION:
            raise NodeUnavailable(
                f"{program} is geth {found[1]}, but this chain is run by {VERSION}, the last that seals "
                "Clique: build it with `python -m chain.geth`, and correct chain.node.geth"
            )
        return found[1]

    def init(self) -> None:
        """Make the chain's data directory from the genesis file, once.

        Raises:
            SettingRefused: the genesis file is wrong, or the directory holds another chain.
            NodeUnavailable: geth is missing or cannot write.
        """
        wanted = genesis.load(self.node.genesis)
        kept = self.node.data / "genesis.json"
        if kept.exists():
            if genesis.load(kept) != wanted:
                raise self._other_chain()
            return
        self._run_init()
        replace_file(kept, self.node.genesis.read_bytes(), mode=0o644)

    def command(self, sealer: str | None) -> Sequence[str]:
        """Geth's command line; writes its configuration file first."""
        chain = genesis.load(self.node.genesis)
        load_node_key(self.node.key_file)
        if len(str(self.node.ipc).encode()) > IPC_LIMIT:
            raise SettingRefused(
                f"the socket {self.node.ipc} has a path of more than {IPC_LIMIT} bytes: "
                "name a shorter one as chain.node.ipc"
            )
        self.node.ipc.parent.mkdir(parents=True, exist_ok=True)
        config = self.node.data / "config.toml"
        replace_file(config, p2p_config(self.node).encode(), mode=0o644)
        host, port = host_and_port(self.node.http)
        line = [
            self._program(),
            *("--config", str(config), "--datadir", str(self.node.data)),
            *("--networkid", str(chain.chain_id), "--nodekey", str(place(self.node.key_file))),
            *("--syncmode", "full", "--gcmode", "archive", "--state.scheme", "hash", "--db.engine", "pebble"),
            *("--history.transactions", "0", "--snapshot=false", "--cache", str(self.node.cache)),
            *("--nat", "none", "--ipcpath", str(self.node.ipc)),
            *("--authrpc.addr", "127.0.0.1", "--authrpc.port", str(self.node.authrpc_port)),
            *("--http", "--http.addr", host, "--http.port", str(port), "--http.api", "eth,net,web3"),
            *("--rpc.txfeecap", "0", "--txpool.pricelimit", "1", "--miner.gasprice", "1"),
            *("--verbosity", str(self.node.log_level), "--log.format", "logfmt"),
        ]
        if sealer is not None and self.node.sealer is not None:
            line += ["--mine", "--miner.etherbase", sealer, "--miner.gaslimit", str(chain.gas_limit)]
            # A block of several seconds is prepared anew for what arrives meanwhile; geth allows no less.
            line += ["--signer", str(self.node.sealer), "--miner.recommit", "1s"]
        return line

    def environment(self) -> Mapping[str, str]:
        """Bounds of geth's memory."""
        return {"GOMEMLIMIT": MEMORY_GOAL}

    def status(self) -> NodeStatus:
        """Ask geth over its administrative socket.

        Raises:
            Unreachable, RpcError, BadAnswer: it does not answer as it should.
        """
        head, peers, syncing, sealing = ipc.batch(
            self.node.ipc,
            [
                ("eth_getBlockByNumber", ("latest", False)),
                ("net_peerCount", ()),
                ("eth_syncing", ()),
                ("eth_mining", ()),
            ],
        )
        try:
            return NodeStatus(
                height=int(head["number"], 16),
                head_time=int(head["timestamp"], 16),
                peers=int(peers, 16),
                syncing=bool(syncing),
                sealing=bool(sealing),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise BadAnswer(f"{self.node.ipc} tells no head: {error!r}") from None

    def headers(self, first: int, last: int) -> list[Header]:
        """Read headers over the administrative socket.

        Raises:
            Unreachable, RpcError, BadAnswer: it does not answer as it should.
            UnknownBlock: it does not have them.
        """
        calls = [("eth_getBlockByNumber", (hex(number), False)) for number in range(first, last + 1)]
        answers = ipc.batch(self.node.ipc, calls) if calls else []
        if None in answers:
            raise UnknownBlock(f"{self.node.ipc} has no block {first + answers.index(None)}")
        return [parse_header(answer) for answer in answers]

    def seal_anew(self) -> None:
        """Stop and start geth's miner, which only then takes up a block that it has given up."""
        ipc.request(self.node.ipc, "miner_stop")
        ipc.request(self.node.ipc, "miner_start")

    def befriend(self, enode: str) -> None:
        """Dial a node, and count its connections beside the limit of peers."""
        ipc.batch(self.node.ipc, [("admin_addTrustedPeer", (enode,)), ("admin_addPeer", (enode,))])

    def unfriend(self, enode: str) -> None:
        """Hang up on a node, and dial it no more."""
        ipc.batch(self.node.ipc, [("admin_removeTrustedPeer", (enode,)), ("admin_removePeer", (enode,))])

    def export(self, first: int, last: int, file: Path) -> None:
        """Have the running node write consecutive blocks into a new file, both ends included, by RLP.

        Raises:
            Unreachable, RpcError, BadAnswer: it does not answer, has them not, or cannot write there.
        """
        ipc.request(self.node.ipc, "admin_exportChain", str(file), first, last, timeout=EXPORT_TIMEOUT)

    def take(self, file: Path) -> None:
        """Take a file's blocks into the data of a node that does not run; known ones are skipped.

        Every block is checked as one from a peer would be: its seal, its transactions, its state.

        Raises:
            NodeUnavailable: the node runs, geth is missing, or a block is not of this chain.
        """
        arguments = ["--datadir", str(self.node.data), "--db.engine", "pebble", "--state.scheme", "hash"]
        arguments += ["--gcmode", "archive", "--history.transactions", "0", "--snapshot=false"]
        done = subprocess.run(
            [self._program(), *arguments, "--cache", str(self.node.cache), "--nousb", "import", str(file)],
            capture_output=True,
            text=True,
            check=False,
            env=os.environ | self.environment(),
        )
        if done.returncode != 0 or "import error" in done.stderr.lower():
            last = done.stderr.strip().rpartition("\n")[2] or f"it ended with {done.returncode}"
            raise NodeUnavailable(f"geth did not take {file} into {self.node.data}: {last}")

    def _program(self) -> str:
        program = shutil.which(self.node.geth)
        if program is None:
            raise NodeUnavailable(
                f"there is no program {self.node.geth!r}: build it with `python -m chain.geth`, "
                "or correct chain.node.geth"
            )
        return program

    def _run_init(self) -> None:
        arguments = ["--datadir", str(self.node.data), "--db.engine", "pebble", "--state.scheme", "hash"]
        try:
            self.node.data.mkdir(parents=True, exist_ok=True)
            done = subprocess.run(
                [self._program(), *arguments, "init", str(self.node.genesis)],
                capture_output=True,
                text=True,
                timeout=INIT_TIMEOUT,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise NodeUnavailable(f"the data directory {self.node.data} cannot be made: {error}") from None
        if done.returncode != 0:
            if "incompatible genesis" in done.stderr:
                raise self._other_chain()
            last = done.stderr.strip().rpartition("\n")[2] or f"it ended with {done.returncode}"
            raise NodeUnavailable(f"geth cannot begin the chain in {self.node.data}: {last}")

    def _other_chain(self) -> SettingRefused:
        return SettingRefused(
            f"{self.node.data} holds the chain of another genesis than {self.node.genesis}: "
            "name another directory as chain.node.data, or remove this one if its chain is given up"
        )


def p2p_config(node: NodePlan) -> str:
    """Geth's configuration file: only who may connect. Every other section would zero what it leaves out."""
    peers = json.dumps(list(node.peers))
    lines = [
        "[Node.P2P]",
        f"MaxPeers = {node.max_peers or MAX_PEERS}",
        "DialRatio = 1",
        "NoDiscovery = true",
        f"StaticNodes = {peers}",
        f"TrustedNodes = {peers}",
        f"ListenAddr = {json.dumps(node.listen)}",
    ]
    if node.network is not None:
        lines.append(f"NetRestrict = [{json.dumps(node.network)}]")
    return "\n".join(lines) + "\n"
