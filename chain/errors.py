"""What can go wrong with the chain, and what a daemon says when it cannot start.

StartRefused            a daemon cannot start: one line on stderr, and its exit code
├── Misconfigured       78: the configuration or a file that it names is wrong
└── Unavailable         69: something that is needed is not there
ChainError              everything that this room raises
├── Unreachable         no node answers at the address            (also Unavailable)
├── RpcError            the node answered with an error: code, message
│   └── Reverted        a contract refused the call: its data
├── UnknownBlock        the node does not have this block (yet)
├── BadAnswer           an answer that is not what the protocol says
├── KeyRefused          a key file cannot be used: missing, open to others, wrong password (Misconfigured)
├── SignatureRefused    a signature that no honest signer makes: length, v, high s
├── StillCounting       the signers are not known yet: ask again at once
├── Unsendable          a transaction that cannot be signed: no such recipient, a number out of range
├── BackupRefused       a copy of the chain cannot be used or written (also Misconfigured)
├── SettingRefused      a setting of the node contradicts another or the disk (also Misconfigured)
└── NodeUnavailable     geth or what it needs is not there         (also Unavailable)
"""

from __future__ import annotations

from typing import ClassVar


class StartRefused(Exception):
    """A daemon cannot start. The message says what, where and what to do, on one line."""

    exit_code: ClassVar[int] = 69


class Misconfigured(StartRefused):
    """The configuration is wrong (EX_CONFIG of sysexits.h): starting again does not help."""

    exit_code: ClassVar[int] = 78


class Unavailable(StartRefused):
    """Something that the daemon needs is not there (EX_UNAVAILABLE): starting later may help."""

    exit_code: ClassVar[int] = 69


class ChainError(Exception):
    """Whatever the chain's room raises."""


class Unreachable(ChainError, Unavailable):
    """No node answers at this address."""


class RpcError(ChainError):
    """The node answered a call with an error."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(f"{message} (code {code})")
        self.code = code
        self.message = message


class Reverted(RpcError):
    """A contract refused the call."""

    def __init__(self, data: bytes, message: str = "execution reverted", code: int = 3) -> None:
        super().__init__(code, message)
        self.data = data
        """What the contract said: selector and arguments of its error, or nothing."""


class UnknownBlock(ChainError):
    """The node does not have this block."""


class BadAnswer(ChainError):
    """The other side answered something that the protocol does not know."""


class KeyRefused(ChainError, Misconfigured):
    """A key file cannot be used."""


class SignatureRefused(ChainError):
    """A signature has the wrong length, recovery value or form."""


class StillCounting(ChainError):
    """The votes since the last checkpoint are still being read: ask again at once."""


class Unsendable(ChainError):
    """A transaction cannot be signed as it is."""


class SettingRefused(ChainError, Misconfigured):
    """A setting of the chain node contradicts another one, or what is on disk."""


class BackupRefused(ChainError, Misconfigured):
    """A copy of the chain cannot be used: another chain's, missing, damaged, or cannot be written."""


class NodeUnavailable(ChainError, Unavailable):
    """The node's program, a port or a file that it needs is not there."""
