"""What happens to chains, disks and other programs, on a real node: each payment is made once."""

from __future__ import annotations

import random
import resource
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.request import Request, urlopen

import pytest

from chain import ipc
from chain.client import ChainClient
from chain.errors import ChainError, Unreachable
from chain.keys import Account
from chain.transactions import Call
from contracts.authority import Authority
from contracts.deploy import Transaction
from node.wallet.journal import Journal, Stage
from node.wallet.sender import Sender
from tests.integration.chain_node import ETHER, TestChain, one_signer_chain
from tests.integration.wallet.points import LOST
from tests.integration.wallet.victim import DEPTH, Script, opened, start
from tests.waiting import PATIENCE, eventually

DEEPEST = 12


@pytest.fixture(scope="module")
def accounts() -> list[Account]:
    return [Account.generate() for _ in range(10)]


@pytest.fixture(scope="module")
def chain(tmp_path_factory: pytest.TempPathFactory, accounts: list[Account]) -> Iterator[TestChain]:
    alloc = {account.address: ETHER for account in accounts}
    with one_signer_chain(tmp_path_factory.mktemp("chain"), "127.0.7.3", alloc) as running:
        yield running


@pytest.fixture
def payer(accounts: list[Account]) -> Account:
    """One that no other test has."""
    return accounts.pop()


def sink() -> str:
    return Account.generate().address


def pays(to: str) -> Call:
    return Call(to=to, data=b"", gas=21_000, value=1)


def sender(chain: TestChain, payer: Account, journal: Journal, client: object = None) -> Sender:
    node = client or chain.client
    return Sender(journal, payer, chain.genesis.chain_id, node)  # type: ignore[arg-type]


def until(condition: Callable[[], object], what: str, step: Callable[[], object]) -> None:
    """Take a step again and again until something is true."""

    def so() -> bool:
        if condition():
            return True
        with suppress(ChainError):
            step()
        return False

    eventually(so, what)


def through(chain: TestChain, sending: Sender, journal: Journal) -> None:
    """Until nothing is under way."""
    until(lambda: not journal.under_way(), "the end of what is under way", partial(further, chain, sending))


def further(chain: TestChain, sending: Sender) -> None:
    sending.step(chain.client.block_number(), DEPTH)


def script(chain: TestChain, payer: Account, folder: Path, to: str) -> Script:
    folder.mkdir()
    return Script(
        url=chain.url, folder=folder, private=payer.private, chain_id=chain.genesis.chain_id,
        intents=(("send:1", pays(to)),),
    )  # fmt: skip


def ended(victim: object, code: int) -> None:
    victim.join(PATIENCE)  # type: ignore[attr-defined]
    assert victim.exitcode == code  # type: ignore[attr-defined]


def test_payments_one_to_twelve_blocks_deep_survive_that_these_blocks_go_away(
    chain: TestChain, payer: Account, accounts: list[Account], tmp_path: Path
) -> None:
    to, journal = sink(), opened(tmp_path)
    sending, planned, last = sender(chain, payer, journal), 0, 0
    blocks: set[int] = set()
    before_all = chain.client.block_number()
    killed = [script(chain, accounts.pop(), tmp_path / str(n), to) for n in range(len(LOST))]
    for victim in [start(each) for each in killed]:
        ended(victim, 0)

    def block_by_block() -> None:
        nonlocal planned, last
        head = chain.client.block_number()
        if head > last and len(blocks) < DEEPEST:
            sending.plan(f"send:{planned}", pays(to))
            planned, last = planned + 1, head
        sending.step(head, DEPTH)
        entries = [journal.find(f"send:{n}") for n in range(planned)]
        blocks.update(entry.block for entry in entries if entry and entry.block)

    until(
        lambda: len(blocks) >= DEEPEST and not journal.under_way(),
        "payments in twelve blocks",
        block_by_block,
    )
    before = [journal.find(f"send:{n}") for n in range(planned)]
    ipc.request(chain.ipc, "miner_stop")
    ipc.request(chain.ipc, "debug_setHead", hex(before_all))
    ipc.request(chain.ipc, "miner_start")
    assert chain.client.nonce(payer.address) == 0
    dying = [start(replace(each, point=point)) for each, point in zip(killed, LOST, strict=True)]
    until(
        lambda: chain.client.nonce(payer.address) == planned, "all payments in the new blocks",
        partial(further, chain, sending),
    )  # fmt: skip
    for victim in dying:
        ended(victim, -9)
    for victim in [start(each) for each in killed]:
        ended(victim, 0)
    through(chain, sending, journal)
    after = [journal.find(f"send:{n}") for n in range(planned)]
    assert [e and e.hash for e in after] == [e and e.hash for e in before], "the same bytes"
    assert {e and e.stage for e in after} == {Stage.FINAL}
    assert chain.client.balance(to) == planned + len(LOST)


def test_a_chain_that_is_down_for_a_minute_loses_nothing(
    chain: TestChain, payer: Account, tmp_path: Path
) -> None:
    to, journal = sink(), opened(tmp_path)
    sending = sender(chain, payer, journal)
    sending.plan("send:1", pays(to))
    head = chain.client.block_number()
    sending.step(head, DEPTH)
    sending.plan("send:2", pays(to))
    chain.power.off()
    for _ in range(600):  # ten times a second, as a trader does while something is under way
        with pytest.raises(Unreachable):
            sending.step(head, DEPTH)
    chain.power.on()
    through(chain, sending, journal)
    assert chain.client.balance(to) == 2
    assert chain.client.nonce(payer.address) == 2


def test_a_node_that_answers_garbage_or_slowly_is_not_believed(
    chain: TestChain, payer: Account, tmp_path: Path
) -> None:
    to, journal = sink(), opened(tmp_path)
    with bad_node(chain.url, random.Random(7)) as (url, spoilt):
        client = ChainClient(url, timeout=0.4)
        sending = sender(chain, payer, journal, client)
        for n in range(3):
            sending.plan(f"send:{n}", pays(to))
        through(chain, sending, journal)
    assert len(spoilt) > 10
    assert chain.client.balance(to) == 3
    assert chain.client.nonce(payer.address) == 3
    assert {e.stage for n in range(3) if (e := journal.find(f"send:{n}"))} == {Stage.FINAL}


GARBAGE = (
    b"", b"{", b"<html>502 Bad Gateway</html>", b"[]", b"{}", b'{"jsonrpc":"2.0","id":0}',
    b'{"jsonrpc":"2.0","id":0,"result":7}', b'{"jsonrpc":"2.0","id":0,"result":"0xzz"}',
    b'{"jsonrpc":"2.0","id":0,"result":{"blockNumber":"x"}}',
    b'{"jsonrpc":"2.0","id":0,"error":{"code":-32000,"message":"missing trie node"}}',
)  # fmt: skip


@contextmanager
def bad_node(url: str, dice: random.Random) -> Iterator[tuple[str, list[str]]]:
    """The real node behind a bad line: every third answer is garbage, late, or cut off."""
    spoilt: list[str] = []

    class Line(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            asked = Request(url, body, {"Content-Type": "application/json"})
            answer = urlopen(asked, timeout=5).read()
            match dice.randrange(9):
                case 0:
                    spoilt.append("garbage")
                    answer = dice.choice(GARBAGE)
                case 1:
                    spoilt.append("late")
                    time.sleep(0.6)
                case 2:
                    spoilt.append("cut off")
                    answer = answer[: len(answer) // 2]
                case _:
                    pass
            with suppress(OSError):
                self.send_response(200)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.7.3", 0), Line)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.7.3:{server.server_address[1]}", spoilt
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_a_disk_that_is_full_sends_nothing_and_goes_on_when_there_is_room(
    chain: TestChain, payer: Account, tmp_path: Path
) -> None:
    to = sink()
    begun = script(chain, payer, tmp_path / "books", to)
    many = tuple((f"send:{n}", pays(to)) for n in range(30))
    victim = start(replace(begun, intents=many, room=24_000))
    time.sleep(4)
    assert victim.is_alive()
    assert victim.pid is not None
    sent = chain.client.nonce(payer.address, "pending")
    journal = opened(begun.folder)
    assert sent <= journal.next_nonce() < 30
    resource.prlimit(victim.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    ended(victim, 0)
    assert chain.client.balance(to) == 30
    assert chain.client.nonce(payer.address) == 30


def test_a_nonce_that_another_program_used_is_told_with_its_transaction(
    chain: TestChain, payer: Account, tmp_path: Path
) -> None:
    to, elsewhere, journal = sink(), sink(), opened(tmp_path)

    class Deaf:
        """Forgets what is handed to it, once."""

        heard = False

        def __getattr__(self, name: str) -> object:
            return getattr(chain.client, name)

        def send_raw(self, raw: bytes) -> str:
            if not self.heard:
                self.heard = True
                return ""
            return chain.client.send_raw(raw)

    sending = sender(chain, payer, journal, Deaf())
    sending.plan("send:1", pays(to))
    sending.step(chain.client.block_number(), DEPTH)
    [receipt] = Authority(payer, chain.client).send([Transaction(elsewhere, value=1)])
    through(chain, sending, journal)
    found = journal.find("send:1")
    assert found is not None
    assert found.stage is Stage.FAILED
    assert f"the transaction {receipt.transaction} used nonce 0" in found.error  # type: ignore[attr-defined]
    sending.plan("send:1", pays(to))
    through(chain, sending, journal)
    assert (chain.client.balance(to), chain.client.balance(elsewhere)) == (1, 1)
