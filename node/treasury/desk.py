"""Issuing and cashing out: written down first, then sent, then followed until it is final.

A command that is ended anywhere has done nothing, or has written an entry: then whoever asks next for the
same thing is told how that one ended, and nothing is done twice.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

from chain.keys import Account
from chain.transactions import Call
from contracts.bindings import Household, Registry, Token
from node.treasury.book import Draft
from node.treasury.cap import Cap, refusal
from node.treasury.entries import Entry, Kind
from node.treasury.errors import NotDone, Refused
from node.treasury.money import Money
from node.treasury.received import Received, received
from node.treasury.till import Till
from node.wallet.journal import Stage
from quantities import Tokens

GAS = {Kind.ISSUE: 150_000, Kind.CASH_OUT: 120_000}
"""Limits; about half of it is used."""

RECENT = 16
"""Blocks from which the time a block takes is read."""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """An entry, and whether an earlier run had written it."""

    entry: Entry
    earlier: bool = False


class Desk(Till):
    """One treasurer at work: a key, which is the minter's, a book, a node. Close it."""

    def admit(self, account: Account) -> None:
        """See `Till.admit`.

        Raises:
            Refused: the key is not the minter's.
        """
        self._token = Token(self.client, self.manifest.token)
        minter = self._token.minter()
        if minter != account.address:
            raise Refused(
                f"{account.address} is not the token's minter, {minter or 'nobody'} is: nothing was done; "
                "use the treasurer's key, or let the authority name this one"
            )

    # --- what a treasurer does ----------------------------------------------------------------------------

    def issue(self, household: str, tokens: Tokens, paid: Money, reference: str) -> Outcome:
        """Mint tokens for money that a household has paid in.

        Args:
            household: name or account, as the registry lists it.
            tokens: to mint.
            paid: the money.
            reference: what the treasurer notes; used once for each household.

        Raises:
            Refused: unknown or suspended household, cap, or another payment of this reference.
            Unfinished: written down; the chain has not taken it yet.
            NotDone: the chain refused it for good.
        """
        found = self._household(household)
        if not found.admitted:
            raise Refused(f"{found.name} is suspended: nothing was done")
        if tokens.value <= 0:
            raise Refused("issue more than no tokens: nothing was done")
        draft = Draft(
            kind=Kind.ISSUE, account=found.account, name=found.name, tokens=tokens, money=paid,
            reference=reference,
        )  # fmt: skip
        self.finish()
        if earlier := self._earlier(draft):
            return self._ended(earlier, earlier=True)
        if why := refusal(tokens, self.cap()):
            raise Refused(f"{why}; nothing was done")
        data = Token.encode_mint(found.account, tokens)
        return self._done(draft, data)

    def cash_out(self, transfer: str, paid: Money, reference: str) -> Outcome:
        """Burn tokens that a household has sent here, for money that was paid out.

        Args:
            transfer: the transaction with which they came; "hash:index" where it has several.
            paid: the money.
            reference: what the treasurer notes.

        Raises:
            Refused: no such transfer, not deep enough in the chain, or used.
            Unfinished: written down; the chain has not taken it yet.
            NotDone: the chain refused it for good.
        """
        self.finish()
        came = self._came(transfer)
        draft = Draft(
            kind=Kind.CASH_OUT, account=came.sender, name=self._name(came.sender), tokens=-came.tokens,
            money=Money(-paid.minor, paid.currency), reference=reference, transfer=came.id,
        )  # fmt: skip
        if earlier := self._earlier(draft):
            return self._ended(earlier, earlier=True)
        if came.id not in {each.id for each in self.waiting()}:
            raise Refused(f"the transfer {came.id} is in the book already: nothing was done")
        held = self._token.balance(self.address)
        if held < came.tokens:
            raise Refused(f"only {held} of these {came.tokens} tokens are still here: nothing was done")
        return self._done(draft, Token.encode_burn(came.tokens))

    def explain(self, draft: Draft) -> Entry:
        """Write a mint or burn down that no command of this book has made."""
        entry = self.book.write(draft, None, time.time())
        self.book.told(entry.id)
        return entry

    def waiting(self) -> list[Received]:
        """Transfers to the treasurer that no entry has used, oldest first."""
        used = {entry.transfer for entry in self.book.entries() if entry.stage is not Stage.FAILED}
        return [came for came in self.received() if came.id not in used]

    def received(self) -> list[Received]:
        """Transfers to the treasurer that count."""
        return received(self.client, self.manifest, self.address, self.last())

    def cap(self) -> Cap:
        """What can be minted."""
        head = self.client.block_number()
        first, last = self.client.numbered([max(head - RECENT, 0), head])
        taken = max(last.timestamp - first.timestamp, 0) if first.number else 0
        return Cap(
            left=self._token.mintable(head),
            most=self._token.mint_cap(head),
            period=self._token.mint_period(head),
            head=head,
            seconds=taken / (last.number - first.number) if taken else 1.0,
            now=time.time(),
        )

    # --- inside -------------------------------------------------------------------------------------------

    def _done(self, draft: Draft, data: bytes) -> Outcome:
        call = Call(to=self.manifest.token, data=data, gas=GAS[draft.kind])
        entry = self.book.write(draft, call, time.time())
        self.finish()
        return self._ended(entry, earlier=False)

    def _ended(self, entry: Entry, *, earlier: bool) -> Outcome:
        entry = self.book.entry(entry.id)
        if entry.stage is Stage.FAILED:
            self.book.told(entry.id)
            raise NotDone(
                f"entry {entry.id} was not carried out: {entry.error}. The book says so; no tokens were "
                "minted or burned, and it can be tried again"
            )
        return Outcome(entry=entry, earlier=earlier)

    def _earlier(self, draft: Draft) -> Entry | None:
        """The entry of a run that was ended before it could tell, if it is of the same thing."""
        for entry in self.book.entries():
            same = (
                (entry.kind, entry.account, entry.tokens, entry.money, entry.transfer)
                == (draft.kind, draft.account, draft.tokens, draft.money, draft.transfer)
            )  # fmt: skip
            if same and entry.reference == draft.reference and not entry.told:
                return entry
        return None

    def _came(self, transfer: str) -> Received:
        wanted = transfer.lower()
        found = [came for came in self.received() if wanted in (came.id, came.transaction)]
        if not found:
            raise Refused(
                f"no tokens came to {self.address} with {transfer}, or not deep enough in the chain "
                "yet: commonwatt tokens cash-out lists what has come"
            )
        if len(found) > 1:
            listed = ", ".join(came.id for came in found)
            raise Refused(f"{transfer} has several transfers; name one of: {listed}")
        return found[0]

    def _household(self, wanted: str) -> Household:
        listed = Registry(self.client, self.manifest.registry).households()
        found = [h for h in listed if wanted.lower() in (h.name.lower(), h.account.lower())]
        if len(found) != 1:
            names = ", ".join(sorted(h.name for h in listed)) or "nobody"
            which = "several households are" if found else "no household is"
            raise Refused(f"{which} called {wanted!r}; the registry lists {names}: nothing was done")
        return found[0]

    def _name(self, account: str) -> str:
        known = Registry(self.client, self.manifest.registry).household(account)
        if known is None:
            raise Refused(f"{account} is no household of this neighbourhood: nothing was done")
        return known.name
