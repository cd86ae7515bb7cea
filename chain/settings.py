"""The section `chain` of the configuration."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from chain.endpoint import checked, host_and_port
from chain.errors import SettingRefused
from chain.plan import IPC_LIMIT, NodePlan
from quantities.fields import SecondsField
from quantities.said import Said

ENODE = re.compile(r"enode://[0-9a-f]{128}@(\[[0-9a-f:]+\]|[\w.-]+):\d{1,5}\Z")


def on_loopback(text: str) -> str:
    """Check that an endpoint cannot be reached from other hosts: its RPC asks nobody for a password."""
    host, _ = host_and_port(text, "127.0.0.1:8545")
    if not (host.startswith("127.") or host in ("localhost", "::1")):
        raise ValueError(Said("the RPC belongs on loopback: '127.0.0.1:8545'"))
    return text


def an_enode(text: str) -> str:
    """Check an enode."""
    if not ENODE.match(text):
        raise ValueError(Said("write 'enode://<128 hexadecimal digits>@host:port'"))
    return text


def socket_path(path: Path) -> Path:
    """Check that the kernel can take a socket's path."""
    if len(str(path).encode()) > IPC_LIMIT:
        raise ValueError(
            Said(
                "the path of a socket has at most %(most)s bytes, this one has more: shorten it",
                most=IPC_LIMIT,
            )
        )
    return path


def http_address(url: str) -> str:
    """Check the address of an RPC."""
    if not re.match(r"https?://[^\s/]+", url):
        raise ValueError(Said("write an address as http://127.0.0.1:8545"))
    return url


Endpoint = Annotated[str, AfterValidator(checked("10.0.0.2:30303"))]
LoopbackEndpoint = Annotated[str, AfterValidator(on_loopback)]
SocketPath = Annotated[Path, AfterValidator(socket_path)]


class SealSettings(BaseModel):
    """How a signer's sealer holds its key. The key is the sealer's alone: never the household's account."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    keystore: Path = Field(description="Keystore file of the sealing key.")
    password_file: Path = Field(description="File with its password.")
    socket: SocketPath = Field(
        Path("/run/commonwatt/sealer.sock"), description="Unix socket on which geth asks for seals."
    )


class NodeSettings(BaseModel):
    """The chain node that runs on this host."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    geth: str = Field("geth", description="Geth's program: a path, or a name on PATH.")
    data: Path = Field(Path("/var/lib/commonwatt/chain"), description="Geth's data directory.")
    listen: Endpoint = Field(description="Where the other nodes reach this one: address and port.")
    http: LoopbackEndpoint = Field(
        "127.0.0.1:8545", description="JSON-RPC for this host's processes; loopback."
    )
    authrpc_port: int = Field(
        8551, ge=1, le=65_535, description="Geth opens this port on loopback in any case; nothing uses it."
    )
    ipc: SocketPath | None = Field(
        None, description="Geth's administrative socket; `geth.ipc` in the data directory if not given."
    )
    key_file: Path = Field(
        Path("node.key"), description="The node's own key, 64 hexadecimal digits: a file, or credential:NAME."
    )
    peers: tuple[Annotated[str, AfterValidator(an_enode)], ...] = Field(
        (), description="Enodes to begin with; later they come from the registry."
    )
    max_peers: int | None = Field(
        None,
        ge=1,
        le=200,
        description="Connections to nodes that are not in the registry; 5 if not given. With no more than it "
        "has neighbours a node follows at once at its start, not after 10 s, but may hang for minutes on a "
        "neighbour after the network was away.",
    )
    network: str | None = Field(
        None, description="Take peers from this network only, as 10.0.0.0/24; from anywhere if not given."
    )
    cache: int = Field(64, ge=16, le=4_096, description="Geth's caches in MiB.")
    log_level: int = Field(2, ge=0, le=5, description="Geth's own log: 1 errors, 2 warnings, 3 each block.")
    seal: SealSettings | None = Field(None, description="Only where this node seals blocks.")


class ChainSettings(BaseModel):
    """The household's chain: where to read it, which one it is, and the node that this host runs."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    rpc: Annotated[str, AfterValidator(http_address)] = Field(
        "http://127.0.0.1:8545", description="The node that this household's processes read."
    )
    genesis: Path = Field(Path("genesis.json"), description="The chain's first block, the same for all.")
    manifest: Path = Field(Path("manifest.json"), description="Addresses and code hashes of the contracts.")
    timeout: SecondsField = Field(5.0, description="How long one question to the node may take.")
    node: NodeSettings | None = Field(None, description="Absent where this host runs no chain node.")

    def plan(self) -> NodePlan:
        """What the node's own process needs of this.

        Raises:
            SettingRefused: this host runs no node.
        """
        node = self.node
        if node is None:
            raise SettingRefused(
                "there is no section `chain.node` in the configuration: this host runs no chain node"
            )
        return NodePlan(
            genesis=self.genesis,
            geth=node.geth,
            data=node.data,
            listen=node.listen,
            http=node.http,
            authrpc_port=node.authrpc_port,
            ipc=node.ipc or node.data / "geth.ipc",
            key_file=node.key_file,
            peers=node.peers,
            max_peers=node.max_peers,
            network=node.network,
            cache=node.cache,
            log_level=node.log_level,
            sealer=node.seal.socket if node.seal else None,
        )
