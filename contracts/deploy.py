"""The authority's work: deploying the contracts, admitting households, minting their tokens.

A neighbourhood is one batch: the market's constructor needs the addresses of token and registry, and those
follow from the authority's account and nonce before anything is sent. For the same reason no notes are needed
of how far a run came that was killed: the next one finds on the chain what this account has created, and goes
on with what is missing, at the nonces at which it would have come. So there is never a second token.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from contracts.abi import encode, struct
from contracts.begun import Begun, Resumable, look
from contracts.bindings import Household, Market, Registry, Token
from contracts.codec import artifact, interface
from contracts.created import Created, address_of, block_of, contract_of
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


def deploy(sender: Sender, client: Resumable, terms: Terms, admissions: Sequence[Admission] = ()) -> Manifest:
    """Deploy the three contracts and admit the first households, or go on where an earlier run was ended.

    Raises:
        DeploymentFailed: a transaction reverted, the code on chain is not what was sent, or this account has
            begun a neighbourhood on other terms, or with another version.
        ChainError: whatever sender and client raise.
    """
    authority, nonce = sender.address, sender.nonce()
    begun = look(client, authority, nonce)
    _same_terms(client, begun, terms)
    free = iter(range(nonce, nonce + 3))
    coming: dict[str, Transaction] = {}

    def there(contract: Created | None, name: str, *arguments: Any) -> str:
        if contract is not None:
            return contract.address
        address = address_of(authority, next(free))
        coming[address] = Transaction(None, creation(name, *arguments))
        return address

    token_terms = (terms.token_name, terms.token_symbol, authority, terms.mint_cap.value, terms.mint_period)
    token = there(begun.token, "EnergyToken", *token_terms)
    registry = there(begun.registry, "NodeRegistry", authority)
    latest = begun.markets[-1] if begun.markets else None
    market_terms = (token, registry, terms.supply_blocks, terms.challenge_blocks, authority)
    market = there(latest, "EnergyMarket", *market_terms)
    if begun.registry is None:
        welcome = admission_transactions(token, registry, admissions)
    else:
        welcome = outstanding(client, token, registry, admissions)
    receipts = send(sender, [*coming.values(), *welcome])
    former = begun.markets[:-1]
    since = {each.address: block_of(client, authority, each.nonce) for each in begun.all()}
    since |= {address: receipt.block for address, receipt in zip(coming, receipts, strict=False)}
    contracts = {token: "EnergyToken", registry: "NodeRegistry", market: "EnergyMarket"}
    contracts |= {each.address: "EnergyMarket" for each in former}
    head = client.block_number()
    return Manifest(
        chain_id=client.chain_id(),
        genesis_hash=client.genesis_hash().lower(),
        block=since[market],
        token=token,
        registry=registry,
        current=market,
        draining=tuple(each.address for each in reversed(former)),
        blocks={at: block for at, block in since.items() if block != since[market]},
        code_hashes={at: checked_hash(client, name, at, head) for at, name in contracts.items()},
    )


def admit(sender: Sender, client: Resumable, manifest: Manifest, admissions: Sequence[Admission]) -> None:
    """Admit households to a running neighbourhood; what an earlier run has done is not done again.

    Raises:
        DeploymentFailed: a transaction reverted: not the authority, or the mint cap is used up.
        ChainError: whatever sender and client raise.
    """
    send(sender, outstanding(client, manifest.token, manifest.registry, admissions))


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


def outstanding(
    client: Resumable, token: str, registry: str, admissions: Sequence[Admission]
) -> list[Transaction]:
    """What is left of that, as the chain has it now: whoever was ever given tokens is given none again."""
    entries, head = Registry(client, registry), client.block_number()
    listed = []
    for each in admissions:
        account = each.household.account
        given = client.logs(token, [_transfer(), bytes(32), _word(account)], 0, head)
        paid = client.balance(account) >= each.gas_credit or client.nonce(account, head) > 0
        left = Admission(
            household=each.household,
            tokens=Tokens(0) if given else each.tokens,
            gas_credit=0 if paid else each.gas_credit,
        )
        there = entries.household(account, head) == each.household
        listed += admission_transactions(token, registry, [left])[1 if there else 0 :]
    return listed


def creation(contract: str, *arguments: Any) -> bytes:
    """The data of the transaction that creates a contract."""
    compiled = artifact(contract)
    constructor = next(item for item in compiled["abi"] if item["type"] == "constructor")
    code = bytes.fromhex(compiled["bytecode"].removeprefix("0x"))
    return code + encode(struct(constructor["inputs"]), arguments)


def checked_hash(client: Chain, contract: str, address: str, block: int) -> str:
    """The hash of a new contract's code, for the manifest.

    Raises:
        DeploymentFailed: it is not the compiled contract's.
    """
    code = client.code(address, block)
    if contract_of(code) != contract:
        raise DeploymentFailed(f"the code at {address} is not {contract}'s: is this the sender's chain?")
    return code_hash(code)


def _same_terms(client: Resumable, begun: Begun, terms: Terms) -> None:
    """Going on with other terms would make a neighbourhood that nobody asked for."""
    found: list[tuple[str, object, object]] = []
    if begun.token is not None:
        token = Token(client, begun.token.address)
        found += [
            ("name", token.name(), terms.token_name),
            ("symbol", token.symbol(), terms.token_symbol),
            ("mint cap", token.mint_cap(), terms.mint_cap),
            ("mint period", token.mint_period(), terms.mint_period),
        ]
    for each in begun.markets[-1:]:
        market = Market(client, each.address)
        found += [
            ("supply blocks", market.supply_blocks(), terms.supply_blocks),
            ("challenge blocks", market.challenge_blocks(), terms.challenge_blocks),
        ]
    for what, there, asked in found:
        if there != asked:
            raise DeploymentFailed(
                f"this account has begun a neighbourhood whose {what} is {there}, not {asked}: repeat the "
                "command with the terms of the first run, or found another neighbourhood with another key"
            )


def send(sender: Sender, transactions: Sequence[Transaction]) -> Sequence[Receipt]:
    """Send transactions that must all succeed.

    Raises:
        DeploymentFailed: one reverted.
    """
    if not transactions:
        return []
    receipts = sender.send(transactions)
    for number, receipt in enumerate(receipts, start=1):
        if not receipt.succeeded:
            raise DeploymentFailed(
                f"transaction {number} of {len(receipts)} reverted in block {receipt.block}: "
                f"is {sender.address} the neighbourhood's authority, and is enough left of the mint cap?"
            )
    return receipts


def _transfer() -> bytes:
    return next(topic for topic, e in interface("EnergyToken").events.items() if e.name == "Transfer")


def _word(account: str) -> bytes:
    return bytes.fromhex(account[2:]).rjust(32, b"\0")
