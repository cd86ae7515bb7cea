"""The authority's work: deploying the contracts, admitting households, minting their tokens.

A neighbourhood is one batch: the market's constructor needs the addresses of token and registry, and those
follow from the authority's account and nonce before anything is sent.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from chain import rlp
from chain.keys import checksum, keccak
from contracts.abi import encode, struct
from contracts.bindings import Household, Registry, Token
from contracts.codec import artifact
from contracts.errors import DeploymentFailed
from contracts.manifest import Chain, Manifest, code_hash
from quantities import Tokens


@dataclass(frozen=True)
class Transaction:
    """What the authority sends. Without a recipient it creates a contract."""

    to: str | None
    data: bytes = b""
    value: int = 0
    """Wei."""


class Receipt(Protocol):
    """What a transaction came to: `chain.client.Receipt` has it."""

    @property
    def block(self) -> int:
        """The number of its block."""
        ...

    @property
    def succeeded(self) -> bool:
        """Whether it did what it was to do; False: it reverted."""
        ...


class Sender(Protocol):
    """Whoever holds the authority's key: `contracts.authority.Authority` is one."""

    @property
    def address(self) -> str:
        """Its account."""
        ...

    def nonce(self) -> int:
        """The number of its next transaction."""
        ...

    def send(self, transactions: Sequence[Transaction]) -> Sequence[Receipt]:
        """Send transactions in order, and wait until all are mined."""
        ...


@dataclass(frozen=True, kw_only=True)
class Admission:
    """A household, and what it starts with."""

    household: Household
    tokens: Tokens = field(default_factory=Tokens)
    gas_credit: int = 0
    """Wei, for its transactions' fees: its quota against spam."""


@dataclass(frozen=True, kw_only=True)
class Terms:
    """What the contracts are built with, for good."""

    token_name: str = "Neighbourhood energy token"  # noqa: S105 - not a password
    token_symbol: str = "NET"  # noqa: S105
    mint_cap: Tokens
    """The most that one period may mint."""

    mint_period: int
    """Blocks."""

    supply_blocks: int
    """For how many blocks an order may be supplied."""

    challenge_blocks: int
    """How many blocks a seller has to redeem after the buyer asked to close."""


def deploy(sender: Sender, client: Chain, terms: Terms, admissions: Sequence[Admission] = ()) -> Manifest:
    """Deploy the three contracts and admit the first households.

    Raises:
        DeploymentFailed: a transaction reverted, or the code on chain is not what was sent.
        ChainError: whatever sender and client raise.
    """
    authority, nonce = sender.address, sender.nonce()
    token, registry, market = (address_of(authority, nonce + n) for n in range(3))
    token_terms = (terms.token_name, terms.token_symbol, authority, terms.mint_cap.value, terms.mint_period)
    market_terms = (token, registry, terms.supply_blocks, terms.challenge_blocks, authority)
    receipts = _send(
        sender,
        [
            Transaction(None, creation("EnergyToken", *token_terms)),
            Transaction(None, creation("NodeRegistry", authority)),
            Transaction(None, creation("EnergyMarket", *market_terms)),
            *admission_transactions(token, registry, admissions),
        ],
    )
    block = receipts[2].block
    contracts = {token: "EnergyToken", registry: "NodeRegistry", market: "EnergyMarket"}
    return Manifest(
        chain_id=client.chain_id(),
        genesis_hash=client.genesis_hash().lower(),
        block=block,
        token=token,
        registry=registry,
        current=market,
        code_hashes={at: _checked_hash(client, name, at, block) for at, name in contracts.items()},
    )


def admit(sender: Sender, manifest: Manifest, admissions: Sequence[Admission]) -> None:
    """Admit households to a running neighbourhood.

    Raises:
        DeploymentFailed: a transaction reverted: not the authority, or the mint cap is used up.
        ChainError: whatever the sender raises.
    """
    _send(sender, admission_transactions(manifest.token, manifest.registry, admissions))


def admission_transactions(token: str, registry: str, admissions: Sequence[Admission]) -> list[Transaction]:
    """What admitting takes: the registry's entry, tokens, gas credit."""
    listed = []
    for each in admissions:
        account = each.household.account
        listed.append(Transaction(registry, Registry.encode_admit(each.household)))
        if each.tokens:
            listed.append(Transaction(token, Token.encode_mint(account, each.tokens)))
        if each.gas_credit:
            listed.append(Transaction(account, value=each.gas_credit))
    return listed


def address_of(creator: str, nonce: int) -> str:
    """Where an account's transaction of this number creates its contract (Yellow Paper, section 7)."""
    return checksum(keccak(rlp.encode([bytes.fromhex(creator[2:]), rlp.integer(nonce)]))[12:])


def creation(contract: str, *arguments: Any) -> bytes:
    """The data of the transaction that creates a contract."""
    compiled = artifact(contract)
    constructor = next(item for item in compiled["abi"] if item["type"] == "constructor")
    code = bytes.fromhex(compiled["bytecode"].removeprefix("0x"))
    return code + encode(struct(constructor["inputs"]), arguments)


def same_code(contract: str, code: bytes) -> bool:
    """Whether code from the chain is a compiled contract's, whatever its constructor put into the holes."""
    compiled = artifact(contract)
    expected = bytes.fromhex(compiled["deployedBytecode"].removeprefix("0x"))
    found = bytearray(code)
    for start, length in compiled["immutables"]:
        found[start : start + length] = bytes(length)
    return bytes(found) == expected


def _send(sender: Sender, transactions: Sequence[Transaction]) -> Sequence[Receipt]:
    receipts = sender.send(transactions)
    for number, receipt in enumerate(receipts, start=1):
        if not receipt.succeeded:
            raise DeploymentFailed(
                f"transaction {number} of {len(receipts)} reverted in block {receipt.block}: "
                f"is {sender.address} the neighbourhood's authority, and is enough left of the mint cap?"
            )
    return receipts


def _checked_hash(client: Chain, contract: str, address: str, block: int) -> str:
    code = client.code(address, block)
    if not same_code(contract, code):
        raise DeploymentFailed(f"the code at {address} is not {contract}'s: is this the sender's chain?")
    return code_hash(code)
