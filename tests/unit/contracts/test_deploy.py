"""The authority deploys, admits and mints in one batch, and notices what went wrong."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest
from eth_account import Account as Independent
from eth_account.typed_transactions.typed_transaction import TypedTransaction
from hexbytes import HexBytes

from chain.keys import Account, checksum
from contracts.authority import Authority
from contracts.bindings import Household, Role
from contracts.codec import artifact, decode_call
from contracts.created import address_of, same_code
from contracts.deploy import Admission, Receipt, Terms, Transaction, admit, deploy
from contracts.errors import DeploymentFailed
from contracts.manifest import code_hash
from quantities import Tokens
from tests.unit.contracts.chain_of_fakes import FakeChain

AUTHORITY = checksum(b"\xa0" * 20)
ALDER = Household(checksum(b"\xa1" * 20), "alder", Role.PRODUCER, "enode://…", "10.0.0.1:15555")
TERMS = Terms(mint_cap=Tokens.parse(1_000), mint_period=100, supply_blocks=60, challenge_blocks=30)
CREATED = ("EnergyToken", "NodeRegistry", "EnergyMarket")
NONCE = 41
TOKEN, REGISTRY, MARKET = (address_of(AUTHORITY, NONCE + n) for n in range(3))


@dataclass(frozen=True)
class Mined:
    block: int
    succeeded: bool = True


@dataclass
class FakeSender:
    """Mines each batch in a block of its own; a created contract's code has its immutables filled in."""

    chain: FakeChain
    reverting: str = ""
    batches: list[list[Transaction]] = field(default_factory=list)
    address: str = AUTHORITY

    def nonce(self) -> int:
        return NONCE

    def send(self, transactions: Sequence[Transaction]) -> list[Receipt]:
        self.batches.append(list(transactions))
        block = len(self.batches)
        return [self.mine(each, block) for each in transactions]

    def mine(self, transaction: Transaction, block: int) -> Mined:
        if transaction.to is not None:
            call = decode_call(transaction.data)
            return Mined(block, succeeded=call is None or call.name != self.reverting)
        number = next(n for n, c in enumerate(CREATED) if transaction.data.startswith(creation_code(c)))
        self.chain.codes[address_of(AUTHORITY, NONCE + number)] = deployed_code(CREATED[number])
        return Mined(block)


def creation_code(name: str) -> bytes:
    return bytes.fromhex(artifact(name)["bytecode"][2:])


def deployed_code(name: str) -> bytes:
    compiled = artifact(name)
    code = bytearray.fromhex(compiled["deployedBytecode"][2:])
    for start, length in compiled["immutables"]:
        code[start : start + length] = b"\x99" * length
    return bytes(code)


@pytest.fixture
def chain() -> FakeChain:
    return FakeChain()


def test_a_neighbourhood_is_one_batch(chain: FakeChain) -> None:
    sender = FakeSender(chain)
    manifest = deploy(sender, chain, TERMS, [Admission(household=ALDER, tokens=Tokens(5), gas_credit=7)])

    [batch] = sender.batches
    assert [each.to for each in batch] == [None, None, None, REGISTRY, TOKEN, ALDER.account]
    calls = [decode_call(each.data) for each in batch[3:]]
    assert [call and call.name for call in calls] == ["admit", "mint", None]
    assert batch[5] == Transaction(ALDER.account, value=7)
    assert manifest.block == 1
    assert (manifest.token, manifest.registry, manifest.current) == (TOKEN, REGISTRY, MARKET)
    assert manifest.code_hashes[manifest.current] == code_hash(deployed_code("EnergyMarket"))


def test_the_market_is_built_with_the_token_the_registry_the_terms_and_the_authority(
    chain: FakeChain,
) -> None:
    sender = FakeSender(chain)
    deploy(sender, chain, TERMS)
    arguments = sender.batches[0][2].data[len(creation_code("EnergyMarket")) :]
    words = [arguments[i : i + 32] for i in range(0, len(arguments), 32)]
    assert [checksum(word[12:]) for word in words[:2]] == [TOKEN, REGISTRY]
    assert [int.from_bytes(word) for word in words[2:4]] == [60, 30]
    assert checksum(words[4][12:]) == AUTHORITY


def test_a_reverted_transaction_is_numbered(chain: FakeChain) -> None:
    sender = FakeSender(chain, reverting="mint")
    with pytest.raises(DeploymentFailed, match=r"transaction 5 of 5 reverted .* the mint cap"):
        deploy(sender, chain, TERMS, [Admission(household=ALDER, tokens=Tokens(5))])


def test_code_that_is_not_the_compiled_one_is_noticed(chain: FakeChain) -> None:
    class Tampering(FakeSender):
        def mine(self, transaction: Transaction, block: int) -> Mined:
            mined = super().mine(transaction, block)
            self.chain.codes[TOKEN] += b"\0"
            return mined

    with pytest.raises(DeploymentFailed, match="is not EnergyToken's"):
        deploy(Tampering(chain), chain, TERMS)


def test_a_contracts_address_follows_from_creator_and_nonce() -> None:
    """The first contract that a well-known test account creates, as every client tells it."""
    creator = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"
    assert address_of(creator, 0) == "0x5FbDB2315678afecb367f032d93F642f64180aa3"


def test_only_the_holes_of_immutables_may_differ() -> None:
    code = bytearray(deployed_code("EnergyMarket"))
    assert same_code("EnergyMarket", bytes(code))
    code[0] ^= 1
    assert not same_code("EnergyMarket", bytes(code))


def test_admitting_later_is_one_batch(chain: FakeChain) -> None:
    sender = FakeSender(chain)
    manifest = deploy(sender, chain, TERMS)
    nobody = ("0x" + "00" * 20, 0, False, "", "", "")
    entry = "(address,uint8,bool,string,string,string)"
    chain.answer(manifest.registry, "household(address)", [ALDER.account], [entry], [nobody])
    admit(sender, chain, manifest, [Admission(household=ALDER)])
    assert [each.to for each in sender.batches[-1]] == [manifest.registry]


@dataclass
class FakeNode:
    """Has receipts after `delay` seconds, and `lag` seconds later a head that shows them."""

    delay: float = 2
    lag: float = 0.3
    raw: list[bytes] = field(default_factory=list)
    waited: float = 0.0

    def chain_id(self) -> int:
        return 4711

    def nonce(self, address: str) -> int:
        return 5 + len(self.raw) * (self.waited >= self.delay + self.lag)

    def send_raw(self, raw: bytes) -> str:
        self.raw.append(raw)
        return f"0x{len(self.raw):064x}"

    def receipt(self, tx_hash: str) -> Mined | None:
        return Mined(1) if self.waited >= self.delay else None

    def pause(self, seconds: float) -> None:
        self.waited += seconds


def test_a_batch_is_signed_with_rising_nonces_and_waited_for() -> None:
    node, account = FakeNode(), Account.of(b"\1" * 32)
    authority = Authority(account, node, clock=lambda: node.waited, pause=node.pause)
    receipts = authority.send([Transaction(None, b"\1"), Transaction(ALDER.account, b"\2", 3)])
    assert [receipt.block for receipt in receipts] == [1, 1]
    assert node.nonce(account.address) == 7, "what is read next must not be of the block before"
    assert {checksum(Independent.recover_transaction(raw)) for raw in node.raw} == {account.address}
    sent = [TypedTransaction.from_bytes(raw).as_dict() for raw in map(HexBytes, node.raw)]
    assert [each["nonce"] for each in sent] == [5, 6]
    assert [each["maxFeePerGas"] for each in sent] == [100 * 10**9] * 2


def test_a_chain_that_does_not_move_is_given_up_with_a_hint() -> None:
    node = FakeNode(delay=1_000)
    authority = Authority(
        Account.of(b"\1" * 32), node, patience=5, clock=lambda: node.waited, pause=node.pause
    )
    with pytest.raises(DeploymentFailed, match="are the chain's signers running"):
        authority.send([Transaction(ALDER.account, value=1)])


def test_a_head_that_never_shows_what_was_mined_is_told() -> None:
    node = FakeNode(lag=1_000)
    authority = Authority(
        Account.of(b"\1" * 32), node, patience=5, clock=lambda: node.waited, pause=node.pause
    )
    with pytest.raises(DeploymentFailed, match="does not show them"):
        authority.send([Transaction(ALDER.account, value=1)])
