"""The sealer as its own process, behind a real geth and before hostile callers."""

from __future__ import annotations

import json
import os
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from chain import ipc, sealer
from chain.errors import NodeUnavailable, RpcError, SettingRefused
from chain.keys import Account
from chain.sealer import CLIQUE, CONNECTION_LIMIT, FRAME_LIMIT
from tests.integration.chain.processes import CHECKOUT, until
from tests.integration.chain_node import TestChain, make_key, one_signer_chain, short_directory
from tests.waiting import BUSY, PATIENCE


@dataclass
class Running:
    path: Path
    account: Account
    process: subprocess.Popen[str]

    def call(self, method: str, *params: object) -> Any:
        return ipc.request(self.path, method, *params)

    def connect(self) -> socket.socket:
        sock = socket.socket(socket.AF_UNIX)
        sock.settimeout(10)
        sock.connect(str(self.path))
        return sock


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    account, keystore, password_file = make_key(tmp_path, "sealer")
    with short_directory() as sockets:
        path = sockets / "seal"
        process = start(keystore, password_file, path)
        try:
            until(lambda: ipc.request(path, "account_version"), "sealer")
            yield Running(path, account, process)
        finally:
            process.terminate()
            process.communicate(timeout=PATIENCE)


def start(keystore: Path, password_file: Path, path: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "chain.sealer_process", str(keystore), str(password_file), str(path)],
        cwd=CHECKOUT,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_only_owner_and_group_reach_the_socket(running: Running) -> None:
    assert stat.S_IMODE(running.path.stat().st_mode) == 0o660


def test_a_program_that_another_thread_starts_meanwhile_keeps_its_umask(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "umask", lambda _: pytest.fail("the umask is the whole process's"))
    with sealer.listen(tmp_path / "seal.sock"):
        assert stat.S_IMODE((tmp_path / "seal.sock").stat().st_mode) == 0o660


def test_it_is_small(running: Running) -> None:
    status = Path(f"/proc/{running.process.pid}/status").read_text()
    [resident] = [int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS")]
    assert resident < 25_000, "kB"


def test_it_ends_at_once_and_takes_its_socket_along(running: Running) -> None:
    running.process.terminate()
    assert running.process.wait(1 + BUSY) == 0
    assert not running.path.exists()


def test_half_a_request_holds_up_nobody_and_is_hung_up_on(running: Running) -> None:
    with running.connect() as half:
        half.sendall(b'{"jsonrpc": "2.0", "id": 1, "method": "acc')
        assert running.call("account_list") == [running.account.address]
        assert half.recv(1) == b""


def test_a_request_without_end_is_hung_up_on(running: Running) -> None:
    with running.connect() as endless, pytest.raises((BrokenPipeError, ConnectionResetError)):
        for _ in range(1000):
            endless.sendall(b"x" * FRAME_LIMIT)
    assert running.call("account_version")


def test_any_number_of_callers_does_not_lock_geth_out(running: Running) -> None:
    callers = [running.connect() for _ in range(CONNECTION_LIMIT * 3)]
    try:
        assert running.call("account_version")
    finally:
        for each in callers:
            each.close()
    assert running.call("account_version")


def test_a_caller_that_takes_no_answers_is_left(running: Running) -> None:
    request = json.dumps({"id": 1, "method": "account_list"}).encode() + b"\n"
    with running.connect() as deaf, pytest.raises((BrokenPipeError, ConnectionResetError)):
        for _ in range(100_000):
            deaf.sendall(request * 20)
    assert running.call("account_version")


def test_a_socket_that_a_killed_sealer_left_is_replaced(running: Running, tmp_path: Path) -> None:
    running.process.kill()
    running.process.wait()
    assert running.path.exists()
    again = start(tmp_path / "sealer.json", tmp_path / "sealer.password", running.path)
    try:
        until(lambda: running.call("account_version"), "sealer on the same path")
    finally:
        again.terminate()
        again.communicate(timeout=PATIENCE)


def test_a_second_sealer_on_the_same_socket_is_refused(running: Running, tmp_path: Path) -> None:
    with pytest.raises(NodeUnavailable, match="another sealer serves"):
        sealer.listen(running.path)
    second = start(tmp_path / "sealer.json", tmp_path / "sealer.password", running.path)
    _, said = second.communicate(timeout=PATIENCE)
    assert second.returncode == 69
    assert said == f"commonwatt: another sealer serves {running.path}: stop it first\n"
    assert running.call("account_version")


def test_a_file_in_the_sockets_place_is_not_removed(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("precious")
    with pytest.raises(SettingRefused, match="is no socket"):
        sealer.listen(tmp_path / "file")
    assert (tmp_path / "file").read_text() == "precious"


def test_a_socket_that_cannot_be_made_is_told() -> None:
    with pytest.raises(NodeUnavailable, match=r"cannot be made: .*chain\.node\.seal\.socket"):
        sealer.listen(Path("/proc/no/seal"))


@pytest.fixture(scope="module")
def chain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestChain]:
    with one_signer_chain(tmp_path_factory.mktemp("one"), "127.0.2.2") as running:
        yield running


@pytest.mark.parametrize(
    ("method", "arguments"),
    [
        ("eth_sendTransaction", ({"to": "0x" + "11" * 20, "value": "0x1", "gas": "0x5208"},)),
        ("eth_signTransaction", ({"gas": "0x5208", "nonce": "0x0", "gasPrice": "0x1"},)),
        ("eth_sign", ("0x1234",)),
    ],
)
def test_geths_rpc_gets_nothing_signed(chain: TestChain, method: str, arguments: tuple[object, ...]) -> None:
    if method == "eth_sign":
        parameters: tuple[object, ...] = (chain.signer.address, *arguments)
    else:
        [fields] = arguments
        assert isinstance(fields, dict)
        parameters = ({"from": chain.signer.address, **fields},)
    with pytest.raises(RpcError):
        chain.client.request(method, *parameters)
    height = chain.client.block_number()
    until(lambda: chain.client.block_number() > height, "block after the refusal")
    assert chain.client.nonce(chain.signer.address) == 0


@pytest.mark.parametrize(
    "method", ["clique_propose", "admin_peers", "debug_setHead", "miner_stop", "personal_sign"]
)
def test_the_http_rpc_has_no_power_over_the_node(chain: TestChain, method: str) -> None:
    with pytest.raises(RpcError, match="does not exist"):
        chain.client.request(method)


def test_what_geth_has_sealed_was_sealed_by_the_sealers_key(chain: TestChain) -> None:
    from chain.headers import signed_bytes, signer_of
    from chain.keys import keccak

    header = chain.client.block("latest")
    assert signer_of(header) == chain.signer.address
    assert chain.engine.node.sealer is not None
    with pytest.raises(RpcError, match="not a Clique header"):
        ipc.request(
            chain.engine.node.sealer,
            "account_signData",
            CLIQUE,
            chain.signer.address,
            "0x" + keccak(signed_bytes(header)).hex(),
        )
