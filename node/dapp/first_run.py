"""The first run as the pages see it: how far it is, and what they ask the owner of the key for."""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from node import channel
from node.client_interaction import status
from node.dapp.claims import Claims
from node.dapp.household import Household
from node.dapp.ledger import Ledger
from node.first_run import joining, owner
from node.first_run.steps import Facts, Key, Step, resume

FRESH = 2.0
"""Seconds for which the registry's answer is believed: somebody waits to be admitted."""

LARGEST = 8 << 10
"""Bytes of a request to join: none of ours is longer."""


class FirstRun:
    """Of one household; for several threads."""

    def __init__(self, household: Household, ledger: Ledger) -> None:
        """Look at this household.

        Raises:
            StoreError: `dapp.db` cannot be opened.
        """
        self._household = household
        self._ledger = ledger
        self.claims = Claims(household.state)

    def facts(self) -> Facts:
        """How it stands now."""
        key, address, _ = owner.told(self._household.run)
        return Facts(
            claimed=self.claims.claimed,
            key=key,
            admitted=self._admitted(address),
            ticked=self.claims.ticked(),
        )

    @property
    def over(self) -> bool:
        """Whether there is none, or it is done. Asks neither chain nor trader: the first page needs it.

        On another box than the one on which it was done it goes on until the key is back.
        """
        if not self._household.first_run:
            return True
        key, _, _ = owner.told(self._household.run)
        return key not in {Key.NONE, Key.UNPROVED} and Step.START in self.claims.ticked()

    def request(self) -> str | None:
        """The request to join, as short as it can be; None: it is not there yet."""
        try:
            with (self._household.run / joining.FILE).open("rb") as file:
                return json.dumps(json.loads(file.read(LARGEST)), separators=(",", ":"))
        except (OSError, ValueError):
            return None

    def asking(self) -> tuple[str | None, str]:
        """The household's account, as far as it is known, and what is in the way of its request."""
        _, address, problem = owner.told(self._household.run)
        return address, problem

    def ask(self, op: str, **more: str) -> Mapping[str, Any]:
        """Ask the owner of the key.

        Raises:
            Silent, NotNow: see `node.channel.ask`.
        """
        return channel.ask(self.socket, {"op": op, **more}, silent=owner.SILENT)

    @property
    def socket(self) -> Path:
        """Where the owner of the key listens."""
        return self._household.run / owner.SOCKET

    def trading(self) -> status.Status | None:
        """What the household is doing."""
        return status.read(self._household.run)

    def seen(self) -> str:
        """A word that changes with what the steps show by themselves."""
        if self.over:
            return ""
        facts, trading = self.facts(), self.trading()
        says = None if trading is None else (trading.state, trading.reason)
        shown = (resume(facts), facts.admitted, self.request() is None, says)
        return f"{zlib.crc32(repr(shown).encode()):08x}"

    def _admitted(self, address: str | None) -> bool:
        """By the registry, under this name and this account."""
        own = self._ledger.own(FRESH) if self._household.rpc and address else None
        return own is not None and own.admitted and own.account.lower() == str(address).lower()
