"""Which transaction used a nonce: bisection over the account's count, which an archive node keeps."""

from __future__ import annotations

from chain.transactions import Call
from node.wallet.chain_node import Node, Transaction


def used_by(node: Node, address: str, nonce: int, head: int) -> tuple[Transaction, int] | None:
    """The transaction of this account at a nonce, and its block; None: not in the chain up to `head`.

    Some twenty questions on a chain of a million blocks.
    """
    if node.nonce(address, head) <= nonce:
        return None
    low, high = 0, head
    while low < high:
        middle = (low + high) // 2
        if node.nonce(address, middle) > nonce:
            high = middle
        else:
            low = middle + 1
    found = node.block(low, True).transactions
    return next(((each, low) for each in found if each.sender == address and each.nonce == nonce), None)


def does(transaction: Transaction, call: Call) -> bool:
    """Whether a transaction does what a call asks for, whatever it paid for it."""
    to, asked = transaction.to, call.to
    same = to == asked if to is None or asked is None else to.lower() == asked.lower()
    return same and transaction.value == call.value and transaction.data == call.data
