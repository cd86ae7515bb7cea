"""What to expect of the rooms: their error trees, and how the command line and the daemons answer them."""

from __future__ import annotations

import sys
from collections.abc import Callable

from chain.errors import ChainError, StartRefused
from contracts.errors import ContractsError
from node.dapp.errors import DappError, TokenError, UserError
from node.readings.errors import ReadingsError
from node.reconciliation.errors import ReconciliationError
from node.sensors.errors import SensorError
from node.statement.errors import StatementError
from node.tariffs.errors import TariffError
from node.treasury.errors import TreasuryError
from node.wallet.errors import WalletError
from relay_server.errors import RelayError
from store.errors import StoreError

EXPECTED = (
    ChainError,
    ContractsError,
    DappError,
    ReadingsError,
    ReconciliationError,
    RelayError,
    SensorError,
    StoreError,
    TariffError,
    WalletError,
)
"""The rooms' error trees: what to tell in one line. Anything else is a fault of this program."""

REFUSALS = (StatementError, TokenError, TreasuryError, UserError)
"""What was asked for cannot be done, though everything needed is there."""

UNAVAILABLE = 69
"""Exit code: something that is needed is not there."""

FOUND = 1
"""Exit code: something was found wrong, or was refused."""


def exit_code(error: Exception) -> int | None:
    """The exit code of an error that is to be expected; None for one that is a fault of this program."""
    if isinstance(error, StartRefused):
        return error.exit_code
    if isinstance(error, REFUSALS):
        return FOUND
    return UNAVAILABLE if isinstance(error, EXPECTED) else None


def answered(daemon: Callable[[], int]) -> int:
    """Run a daemon; say in a line or a few what of the expected stopped it, and answer its exit code."""
    try:
        return daemon()
    except Exception as error:
        code = exit_code(error)
        if code is None:
            raise
        for line in str(error).splitlines():
            print("commonwatt:", line, file=sys.stderr)
        return code
