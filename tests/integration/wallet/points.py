"""Where a sender can be killed: before and after each durable step and each question to the node."""

from __future__ import annotations


def around(*steps: str) -> tuple[str, ...]:
    return tuple(f"{when} {step}" for step in steps for when in ("before", "after"))


USUAL = around(
    "journal.plan", "node.nonce", "node.balance", "journal.sign", "node.send_raw", "journal.broadcast",
    "node.receipt", "journal.mined", "journal.done", "node.call", "journal.failed",
)  # fmt: skip
"""On the way of a payment, of an order, and of an order that the contract refuses."""

AGAIN = around("journal.sign again")
"""The fee is raised: the node lost the first bytes."""

VOID = around("journal.sign void")
"""The intent can never be done: its nonce is used up."""

ADOPTED = around("journal.adopt")
"""The chain has what this journal only planned."""

LOST = around("journal.lost")
"""A reorganisation took the block away."""

POINTS = (*USUAL, *AGAIN, *VOID, *ADOPTED, *LOST)
