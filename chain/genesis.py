"""The first block, written in Python before any node starts: its hash says which chain this is.

Clique (EIP-225) wants the signers in the extra data: 32 bytes of free use, the addresses in order, 65 zero
bytes. The free ones hold the chain id, which the hash of a first block would not cover otherwise: two chains
of the same signers could not be told apart by it.

Every fork up to London is on from block 0. Clique refuses the later ones: contracts are compiled for London.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from chain.errors import SettingRefused
from chain.files import replace_file
from chain.keys import checksum

EPOCH = 30_000
"""Blocks between two checkpoints, which list all signers (the value of EIP-225)."""

GAS_LIMIT = 30_000_000
"""Gas in one block: about 170 token transfers a second at a period of 5 s."""

FORKS = (
    "homesteadBlock",
    "eip150Block",
    "eip155Block",
    "eip158Block",
    "byzantiumBlock",
    "constantinopleBlock",
    "petersburgBlock",
    "istanbulBlock",
    "berlinBlock",
    "londonBlock",
)

VANITY, SEAL = 32, 65
"""Bytes of the extra data before and after the signers."""


@dataclass(frozen=True, kw_only=True)
class Genesis:
    """What the neighbourhood decides about its chain, once.

    Raises:
        SettingRefused: no signer, a signer twice, or a number that no chain can have.
    """

    chain_id: int
    """A number of its own for every chain ever started, so that nothing signed for one counts on another."""

    period: int
    """Seconds between blocks."""

    signers: tuple[str, ...]
    """Who seals. 1 or 3: with 2 or 4, two equal heads can stall the chain."""

    alloc: Mapping[str, int] = field(default_factory=dict)
    """Wei of each account from the start: the gas credits."""

    gas_limit: int = GAS_LIMIT

    def __post_init__(self) -> None:
        if not self.signers:
            raise SettingRefused("a chain needs at least one signer")
        if len(set(map(str.lower, self.signers))) != len(self.signers):
            raise SettingRefused("a signer is named twice in the genesis")
        if not 0 < self.chain_id < 1 << 53:
            raise SettingRefused(f"a chain id lies between 1 and 2^53, not at {self.chain_id}")
        if self.period < 1:
            raise SettingRefused(f"blocks come at least a second apart, not {self.period} s")

    def as_geth(self) -> dict[str, Any]:
        """The genesis as geth's `init` reads it."""
        signers = sorted(bytes.fromhex(signer.removeprefix("0x")) for signer in self.signers)
        extra = self.chain_id.to_bytes(VANITY) + b"".join(signers) + bytes(SEAL)
        return {
            "config": {
                "chainId": self.chain_id,
                **dict.fromkeys(FORKS, 0),
                "clique": {"period": self.period, "epoch": EPOCH},
            },
            "difficulty": "0x1",
            "gasLimit": hex(self.gas_limit),
            "baseFeePerGas": "0x0",
            "timestamp": "0x0",
            "extraData": "0x" + extra.hex(),
            "alloc": {account[2:].lower(): {"balance": hex(wei)} for account, wei in self.alloc.items()},
        }

    @classmethod
    def from_geth(cls, given: Any) -> Self:
        """Read what `as_geth` wrote.

        Raises:
            ValueError, KeyError, TypeError: it is no genesis of a Clique chain.
        """
        extra = bytes.fromhex(given["extraData"].removeprefix("0x"))
        listed = extra[VANITY:-SEAL]
        if len(listed) % 20:
            raise ValueError("the extra data lists no whole addresses")
        return cls(
            chain_id=int(given["config"]["chainId"]),
            period=int(given["config"]["clique"]["period"]),
            signers=tuple(checksum(listed[n : n + 20]) for n in range(0, len(listed), 20)),
            alloc={checksum(a): int(entry["balance"], 16) for a, entry in given["alloc"].items()},
            gas_limit=int(given["gasLimit"], 16),
        )

    def write(self, path: Path) -> None:
        """Write the file that every household gets, the same to the byte."""
        replace_file(path, json.dumps(self.as_geth(), indent=1, sort_keys=True).encode() + b"\n", mode=0o644)


def load(path: Path) -> Genesis:
    """Read a genesis file.

    Raises:
        SettingRefused: missing, or no genesis of a Clique chain.
    """
    try:
        return Genesis.from_geth(json.loads(path.read_bytes()))
    except OSError as error:
        raise SettingRefused(f"the genesis file {path} cannot be read: {error.strerror}") from None
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise SettingRefused(f"{path} is not the genesis of a Clique chain: {error!r}") from None
