"""A real chain of one signer for tests: real geth, real sealer, a block every second, up in two seconds.

with one_signer_chain(tmp_path, "127.0.1.1") as chain:
    client = ChainClient(chain.url)
    chain.account   # holds 1,000 ether: pays gas, deploys, sends
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from chain import child, sealer_process
from chain.client import ChainClient
from chain.clique import Clique
from chain.errors import ChainError
from chain.genesis import GAS_LIMIT, Genesis
from chain.keys import Account, create, create_node_key, write_private
from chain.settings import ChainSettings, NodeSettings, SealSettings
from tests.integration.ports import free_port
from tests.waiting import PATIENCE, eventually

ETHER = 10**18
PASSWORD = "for tests only"
CHECKOUT = Path(__file__).parents[2]


@dataclass(frozen=True)
class TestChain:
    """A running chain."""

    __test__ = False

    url: str
    """Of the HTTP RPC."""
    genesis: Genesis
    genesis_file: Path
    account: Account
    """Funded in the genesis."""
    signer: Account
    client: ChainClient
    engine: Clique
    ipc: Path
    """Geth's administrative socket."""
    power: Power


class Power:
    """Geth's process, to be cut off and brought back. Main thread only, see `chain.child`."""

    def __init__(self, begin: Callable[[], subprocess.Popen[bytes]], up: Callable[[], None]) -> None:
        self._begin = begin
        self._up = up
        self._process = begin()

    def off(self) -> None:
        """SIGKILL."""
        self._process.kill()
        self._process.wait()

    def on(self) -> None:
        """Start anew; back when it answers."""
        self._process = self._begin()
        self._up()

    def end(self) -> None:
        child.end(self._process, 3.0)


def geth() -> str:
    """The program under test; the test is skipped where it is not built."""
    built = CHECKOUT / "build" / "geth"
    found = os.environ.get("GETH") or (str(built) if built.exists() else shutil.which("geth"))
    if found is None:
        pytest.skip("geth is not built: run `python -m chain.geth`")
    return found


def make_key(directory: Path, name: str) -> tuple[Account, Path, Path]:
    """A new account with its keystore and password files."""
    keystore, password_file = directory / f"{name}.json", directory / f"{name}.password"
    write_private(password_file, PASSWORD.encode())
    return create(keystore, PASSWORD), keystore, password_file


def chain_id() -> int:
    """A chain id of this test's own."""
    return 1_000_000 + int.from_bytes(os.urandom(3))


@contextlib.contextmanager
def short_directory() -> Iterator[Path]:
    """A directory for Unix sockets, whose paths have at most 107 bytes: pytest's are too long."""
    with tempfile.TemporaryDirectory(prefix="cw-", dir="/tmp") as name:
        yield Path(name)


@contextlib.contextmanager
def running_sealer(settings: SealSettings, log: Path) -> Iterator[None]:
    """A sealer as a process: what it says of each block is in no other test's output."""
    with log.open("wb") as said:
        process = subprocess.Popen(sealer_process.command(settings), cwd=CHECKOUT, stderr=said)
    try:
        wait_for(settings.socket.exists, "the sealer's socket")
        yield
    finally:
        process.terminate()
        process.wait(PATIENCE)


def wait_for(condition: Callable[[], object], what: str) -> None:
    """Wait until something is true of a chain, whose node may not answer yet."""

    def holds() -> bool:
        with contextlib.suppress(ChainError):
            return bool(condition())
        return False

    eventually(holds, what)


def sealing_node(folder: Path, host: str, sockets: Path, seal: SealSettings) -> NodeSettings:
    """A node that seals, on free ports of a loopback address, with its data and its key in a folder."""
    return NodeSettings(
        geth=geth(),
        data=folder / "chain",
        listen=f"{host}:{free_port(host)}",
        http=f"{host}:{free_port(host)}",
        authrpc_port=free_port("127.0.0.1"),
        ipc=sockets / "ipc",
        key_file=folder / "node.key",
        log_level=1,
        seal=seal,
    )


@contextlib.contextmanager
def one_signer_chain(
    tmp_path: Path,
    host: str = "127.0.2.1",
    alloc: Mapping[str, int] | None = None,
    period: int = 1,
    gas_limit: int = GAS_LIMIT,
) -> Iterator[TestChain]:
    """Run a chain of one signer on a loopback address of its own until the block ends.

    Args:
        tmp_path: an empty directory.
        host: loopback address; free ports are chosen on it.
        alloc: wei of further accounts.
        period: seconds between blocks.
        gas_limit: of a block.
    """
    signer, keystore, password_file = make_key(tmp_path, "sealer")
    account = Account.generate()
    genesis = Genesis(
        chain_id=chain_id(),
        period=period,
        signers=(signer.address,),
        alloc={account.address: 1_000 * ETHER, **(alloc or {})},
        gas_limit=gas_limit,
    )
    genesis_file = tmp_path / "genesis.json"
    genesis.write(genesis_file)
    create_node_key(tmp_path / "node.key")
    with short_directory() as sockets:
        seal = SealSettings(keystore=keystore, password_file=password_file, socket=sockets / "seal")
        node = sealing_node(tmp_path, host, sockets, seal)
        engine = Clique(ChainSettings(genesis=genesis_file, node=node).plan())
        engine.init()
        client = ChainClient(f"http://{node.http}")
        with running_sealer(seal, tmp_path / "sealer.log"):
            power = Power(
                lambda: child.start(engine.command(signer.address), engine.environment()),
                lambda: wait_for(lambda: client.block_number() >= 1, "first block"),
            )
            try:
                wait_for(lambda: client.block_number() >= 1, "first block")
                yield TestChain(
                    client.url, genesis, genesis_file, account, signer, client, engine, sockets / "ipc", power
                )
            finally:
                client.close()
                power.end()
