"""The token: balances, and the calldata of payments, approvals and minting."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from contracts.bindings.market import OrderArgs
from contracts.bindings.view import Block, Calls, read
from contracts.codec import interface
from quantities import Tokens

CONTRACT = "EnergyToken"


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
        """All that was ever minted: nothing burns tokens."""
        return Tokens(self._read(block, "totalSupply"))

    def allowance(self, owner: str, spender: str, block: Block = "latest") -> Tokens:
        """What a spender may still take from an owner."""
        return Tokens(self._read(block, "allowance", owner, spender))

    def mintable(self, block: Block = "latest") -> Tokens:
        """What the authority can still mint in the running period."""
        return Tokens(self._read(block, "mintable"))

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
        """Create tokens, as the authority."""
        return _call("mint", to, amount.value)

    def _read(self, block: Block, function: str, *values: Any) -> Any:
        return read(self.client, CONTRACT, self.address, block, function, *values)


def _call(function: str, *values: Any) -> bytes:
    return interface(CONTRACT).encode(function, *values)
