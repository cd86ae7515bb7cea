"""The token: balances, and the calldata of payments, approvals, minting and burning."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from contracts.bindings.market import OrderArgs
from contracts.bindings.view import Block, Calls, read
from contracts.codec import interface
from quantities import Tokens

CONTRACT = "EnergyToken"
NOBODY = f"0x{bytes(20).hex()}"


@dataclass(frozen=True)
class Token:
    """The token at an address, read through a chain client. Encoding needs no client.

    Every reader raises `WrongContract` if something else answers, and what the client raises.
    """

    client: Calls
    address: str

    def balance(self, account: str, block: Block = "latest") -> Tokens:
        """What an account holds."""
        return Tokens(self._read(block, "balanceOf", account))

    def supply(self, block: Block = "latest") -> Tokens:
        """All that was minted, less what holders burned."""
        return Tokens(self._read(block, "totalSupply"))

    def allowance(self, owner: str, spender: str, block: Block = "latest") -> Tokens:
        """What a spender may still take from an owner."""
        return Tokens(self._read(block, "allowance", owner, spender))

    def mintable(self, block: Block = "latest") -> Tokens:
        """What the minter can still mint in the running period."""
        return Tokens(self._read(block, "mintable"))

    def minter(self, block: Block = "latest") -> str | None:
        """The account that creates tokens; None if nobody does."""
        found = str(self._read(block, "minter"))
        return None if found == NOBODY else found

    def owner(self, block: Block = "latest") -> str:
        """The authority, which says who the minter is."""
        return str(self._read(block, "owner"))

    def mint_cap(self, block: Block = "latest") -> Tokens:
        """The most that one period may mint."""
        return Tokens(self._read(block, "mintCap"))

    def mint_period(self, block: Block = "latest") -> int:
        """Length of a minting period, in blocks."""
        return int(self._read(block, "mintPeriod"))

    def name(self, block: Block = "latest") -> str:
        """The token's name."""
        return str(self._read(block, "name"))

    def symbol(self, block: Block = "latest") -> str:
        """The token's short name."""
        return str(self._read(block, "symbol"))

    @staticmethod
    def encode_approve_and_call(market: str, amount: Tokens, order: OrderArgs) -> bytes:
        """Fund an order in one transaction; `amount` is `order.cost`, exactly."""
        function = "approveAndCall(address,uint256,bytes)"
        return _call(function, market, amount.value, order.encode())

    @staticmethod
    def encode_approve(spender: str, amount: Tokens) -> bytes:
        """Let a spender take up to an amount."""
        return _call("approve", spender, amount.value)

    @staticmethod
    def encode_transfer(to: str, amount: Tokens) -> bytes:
        """Send tokens."""
        return _call("transfer", to, amount.value)

    @staticmethod
    def encode_mint(to: str, amount: Tokens) -> bytes:
        """Create tokens, as the minter."""
        return _call("mint", to, amount.value)

    @staticmethod
    def encode_set_minter(account: str | None) -> bytes:
        """Let another account create tokens instead, or none at all, as the owner."""
        return _call("setMinter", account or NOBODY)

    @staticmethod
    def encode_burn(amount: Tokens) -> bytes:
        """Destroy tokens of the sender's own."""
        return _call("burn", amount.value)

    def _read(self, block: Block, function: str, *values: Any) -> Any:
        return read(self.client, CONTRACT, self.address, block, function, *values)


def _call(function: str, *values: Any) -> bytes:
    return interface(CONTRACT).encode(function, *values)
