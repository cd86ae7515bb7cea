"""Which account is the household's, for processes that sign nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chain.errors import Misconfigured
from chain.keys import checksum, named

if TYPE_CHECKING:
    from node.wallet.settings import AccountSettings


def own_address(settings: AccountSettings) -> str:
    """The household's account, checksummed: as configured, else as the keystore says without being opened.

    Raises:
        Misconfigured: neither says it.
    """
    if settings.address is not None:
        return checksum(settings.address)
    try:
        return named(settings.keystore)
    except OSError as error:
        raise Misconfigured(
            f"{settings.keystore} cannot be read: {error.strerror}; correct account.keystore, or name the "
            "account as account.address where this process may not read the key"
        ) from None
    except ValueError as error:
        raise Misconfigured(
            f"{settings.keystore} does not say its address ({error}); name the account as account.address"
        ) from None
