"""Topping up the gas credit of households: whoever is short is given ether, written down before it is sent.

A command that is ended anywhere is repeated: what it had written down is followed to its end first, and only
then is looked at who is still short. So nobody is given the same twice.
"""

from __future__ import annotations

import time

from chain.transactions import Fees
from contracts.bindings import Registry
from contracts.inspection import open_orders
from node.treasury.errors import NotDone
from node.treasury.gas import Account, Bounds, Gift, Portion, portions, settlements
from node.treasury.till import Till
from node.wallet.credit import kept


class Faucet(Till):
    """One giver at work: a key, a book, a node."""

    def due(self, bounds: Bounds) -> tuple[int, list[Portion]]:
        """The head's time, and who is short then, with what each would be given.

        Raises:
            ChainError: the node does not answer.
        """
        head = self.client.block_number()
        now = self.client.block(head).timestamp
        purse = self.client.balance(self.address, head) - kept(Fees())
        return now, portions(self.accounts(head), self.book.gifts(), bounds, purse, now)

    def top_up(self, bounds: Bounds) -> list[Portion]:
        """Give to all that are short, and wait until it is final.

        Returns:
            Everybody who was short, and what he was given.

        Raises:
            Unfinished: written down; the chain has not taken it yet.
            NotDone: the chain refused it for good.
            ChainError: the node does not answer.
        """
        self.finish()
        now, due = self.due(bounds)
        gifts = [
            self.book.give(
                Gift(account=each.account.account, wei=each.wei, at=now), each.account.name, time.time()
            )
            for each in due
            if each.wei
        ]
        self.finish()
        for entry in gifts:
            done = self.book.journal.find(entry)
            if done is not None and done.failed:
                raise NotDone(f"{entry} was not carried out: {done.error}. It can be tried again")
        return due

    def accounts(self, head: int) -> list[Account]:
        """The admitted households at one block."""
        orders = [
            (order.buyer, order.seller)
            for market in self.manifest.markets()
            for order in open_orders(self.client, self.manifest, market, head).values()
        ]
        households = Registry(self.client, self.manifest.registry).households(head)
        return [
            Account(
                account=each.account,
                name=each.name,
                balance=self.client.balance(each.account, head),
                settlements=settlements(orders, each.account),
            )
            for each in households
            if each.admitted
        ]
