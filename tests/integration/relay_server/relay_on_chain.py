"""One chain with a seller and a buyer, the real contracts, and the seller's relay as a process of its own."""

from __future__ import annotations

import secrets
import signal
import subprocess
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from chain.keys import Account
from contracts.authority import Authority
from contracts.bindings import Household, Market, OrderArgs, Role, Token
from contracts.deploy import Admission, Terms, Transaction, deploy
from contracts.manifest import Manifest
from contracts.messages import voucher_digest
from quantities import Energy, Price, Tokens
from relay_server.client import RelayClient, RelayUnreachable
from relay_server.messages import Code, Granted
from relay_server.records import BestVoucher, open_records
from relay_server.settings import RelaySettings
from tests.integration.chain_node import ETHER, TestChain, one_signer_chain
from tests.integration.ports import free_port
from tests.integration.relay_server import relay_process
from tests.integration.relay_server.relay_rig import FEED, Meters, make_settings
from tests.waiting import PATIENCE, eventually

PRICE = Price.parse("0.25")
HOST = "127.0.3.1"


@dataclass
class Place:
    """One chain with a seller and a buyer, and the seller's relay, which can be killed and started."""

    chain: TestChain
    manifest: Manifest
    seller: Account
    buyer: Account
    folder: Path
    meters: Meters
    settings: RelaySettings
    environment: Mapping[str, str] = field(default_factory=dict)
    """Of the relay's process, beside this one's."""

    process: subprocess.Popen[bytes] | None = None

    @property
    def listen(self) -> str:
        return self.settings.listen

    def start(self) -> None:
        self.process = relay_process.started(
            self.folder, self.settings, self.seller.address, self.chain.url, environment=self.environment
        )

        def sees_the_chain() -> bool:
            with suppress(RelayUnreachable), self.client(None) as client:
                return client.hello().head_age_ms < 5_000
            return False

        eventually(sees_the_chain, "relay")

    def end(self, how: signal.Signals) -> int:
        assert self.process
        self.process.send_signal(how)
        return self.process.wait(PATIENCE)

    def client(self, account: Account | None) -> RelayClient:
        return RelayClient(self.listen, self.seller.address, account, self.manifest.chain_id)

    def send(self, sender: Account, to: str, data: bytes) -> None:
        self.send_all(sender, [Transaction(to, data)])

    def send_all(self, sender: Account, transactions: list[Transaction]) -> None:
        receipts = Authority(sender, self.chain.client).send(transactions)
        assert all(receipt.succeeded for receipt in receipts)

    def offer(self, contacts: Iterable[int] = (FEED,)) -> None:
        offers = (
            Market.encode_set_offer(contact, PRICE, Energy(5_000), self.manifest.block + 10_000)
            for contact in contacts
        )
        self.send_all(self.seller, [Transaction(self.manifest.current, data) for data in offers])

    def buy(self, energy: int = 2_000, contact: int = FEED) -> bytes:
        args = OrderArgs(secrets.token_bytes(32), self.seller.address, contact, Energy(energy), PRICE)
        market = self.manifest.current
        data = Token.encode_approve_and_call(market, args.cost, args)
        self.send(self.buyer, self.manifest.token, data)
        return args.id(self.manifest.chain_id, market, self.buyer.address)

    def voucher(self, order: bytes, energy: int) -> bytes:
        digest = voucher_digest(self.manifest.chain_id, self.manifest.current, order, energy)
        return self.buyer.sign(digest)

    def closed(self, client: RelayClient, order: bytes, contact: int = FEED) -> Granted:
        """CLOSE, asked again as the answers say, until the order is at depth."""
        for _ in range(100):
            answer = client.close(order, contact)
            if isinstance(answer, Granted):
                return answer
            assert answer.code in {Code.NOT_FUNDED, Code.STALE_CHAIN, Code.BUSY}, answer
            time.sleep(answer.retry_ms / 1_000)
        raise AssertionError("never closed")

    def energised(self, pin: int) -> bool:
        return (self.folder / "pins" / str(pin)).read_text() == "1"

    def drives(self, pin: int) -> list[bool]:
        """How a coil was driven, from the beginning."""
        record = (self.folder / "pins" / "record").read_text().splitlines()
        return [on == "1" for _, number, on in map(str.split, record) if int(number) == pin]

    def records(self) -> list[BestVoucher]:
        return open_records(self.folder / "relay.db").best_vouchers()


@contextmanager
def place(
    tmp_path: Path,
    *,
    supply_blocks: int = 60,
    environment: Mapping[str, str] | None = None,
    seller: Account | None = None,
    buyer: Account | None = None,
    **changes: object,
) -> Iterator[Place]:
    """Begin with an offer at each feed; `changes` are of the relay's settings."""
    seller, buyer = seller or Account.generate(), buyer or Account.generate()
    (tmp_path / "chain").mkdir()
    alloc = {seller.address: 1_000 * ETHER, buyer.address: 1_000 * ETHER}
    with one_signer_chain(tmp_path / "chain", HOST, alloc) as chain:
        terms = Terms(
            mint_cap=Tokens.parse(10_000), mint_period=1_000, supply_blocks=supply_blocks, challenge_blocks=5
        )
        admissions = [
            Admission(
                household=Household(
                    account=account.address, name=name, role=role, enode="", relay="", admitted=True
                ),
                tokens=Tokens.parse(100),
            )
            for account, name, role in ((seller, "alder", Role.PRODUCER), (buyer, "birch", Role.CONSUMER))
        ]
        manifest = deploy(Authority(chain.account, chain.client), chain.client, terms, admissions)
        manifest.save(tmp_path / "manifest.json")
        meters = Meters(tmp_path / "meters")
        meters.start()
        given = {"listen": f"{HOST}:{free_port(HOST)}", "lease": "3 s", "stale_meter": "2 s"} | changes
        settings = make_settings(**given)
        running = Place(chain, manifest, seller, buyer, tmp_path, meters, settings, environment or {})
        try:
            running.offer([feed.contact for feed in settings.feeds])
            running.start()
            yield running
        finally:
            if running.process and running.process.poll() is None:
                running.end(signal.SIGKILL)
            meters.stop()
