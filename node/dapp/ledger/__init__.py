"""The chain as the explorer reads it: blocks, transactions and events in words, from its own node."""

from node.dapp.ledger.ledger import Ledger

__all__ = ["Ledger"]
