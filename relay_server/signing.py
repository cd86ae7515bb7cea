"""Who commanded, and who vouched: EIP-712 signatures over frames and vouchers."""

from __future__ import annotations

from dataclasses import replace

from chain.errors import SignatureRefused
from chain.keys import Account, recover
from contracts.messages import frame_digest, voucher_digest
from relay_server.messages import SwitchFrame


def signed(account: Account, chain_id: int, relay: str, session: bytes, frame: SwitchFrame) -> SwitchFrame:
    """The frame with the account's signature.

    Args:
        relay: account of the household that owns the relay.
        session: the relay's, from its HELLO on this connection.
    """
    return replace(frame, signature=account.sign(_digest(chain_id, relay, session, frame)))


def signer(chain_id: int, relay: str, session: bytes, frame: SwitchFrame) -> str | None:
    """The checksummed address that signed this frame for this session; None when nobody can have."""
    return _recovered(_digest(chain_id, relay, session, frame), frame.signature)


def voucher_signer(chain_id: int, market: str, frame: SwitchFrame) -> str | None:
    """The checksummed address that signed the voucher that a frame carries; None when nobody can have."""
    return _recovered(voucher_digest(chain_id, market, frame.order, frame.energy), frame.voucher)


def _digest(chain_id: int, relay: str, session: bytes, frame: SwitchFrame) -> bytes:
    return frame_digest(
        chain_id, relay, session, frame.n, frame.op.value, frame.order, frame.contact, frame.energy
    )


def _recovered(digest: bytes, signature: bytes) -> str | None:
    try:
        return recover(digest, signature)
    except SignatureRefused:
        return None
