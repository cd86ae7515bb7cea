"""How the bindings read: one view of one contract, at one block."""

from __future__ import annotations

from typing import Any, Literal, Protocol

from contracts.codec import interface
from contracts.errors import UndecodableData, WrongContract

Block = int | Literal["latest"]


class Calls(Protocol):
    """What reading needs of a chain client."""

    def call(self, to: str, data: bytes, block: Block = "latest") -> bytes:
        """What a contract answers to `data` at a block."""
        ...


def read(client: Calls, contract: str, address: str, block: Block, function: str, *values: Any) -> Any:
    """The answer of a view.

    Raises:
        WrongContract: the contract at the address does not answer as ours does.
        ChainError: whatever the client raises.
    """
    known = interface(contract)
    data = client.call(address, known.encode(function, *values), block)
    try:
        return known.results(function, data)
    except UndecodableData as error:
        raise WrongContract(
            f"{address} does not answer {function} as an {contract} does, at block {block}: {error}. "
            "Compare the address with the neighbourhood's manifest"
        ) from None
