"""What an earlier run of a deployment has put on the chain, found without any notes of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from chain.blocks import Log
from chain.errors import ChainError
from contracts.bindings import Market, Token
from contracts.created import Created, created
from contracts.errors import DeploymentFailed, WrongContract
from contracts.manifest import Chain


class Resumable(Chain, Protocol):
    """What going on needs of a chain client, beyond verifying."""

    def nonce(self, address: str, block: int) -> int:
        """How many transactions an account has in the chain up to a block."""
        ...

    def batch(self, calls: Sequence[tuple[str, Sequence[object]]]) -> list[Any]:
        """Several calls, their results as JSON."""
        ...

    def balance(self, address: str) -> int:
        """Wei of an account."""
        ...

    def logs(
        self, address: str, topics: Sequence[bytes | Sequence[bytes] | None], first: int, last: int
    ) -> list[Log]:
        """A contract's events."""
        ...


@dataclass(frozen=True, kw_only=True)
class Begun:
    """What an earlier run of this account put on the chain; None: it did not come so far."""

    token: Created | None = None
    registry: Created | None = None
    markets: tuple[Created, ...] = ()
    """Oldest first: the last takes the new orders."""

    def all(self) -> tuple[Created, ...]:
        """Every contract that is there."""
        return tuple(each for each in (self.token, self.registry, *self.markets) if each is not None)


def look(client: Resumable, account: str, nonce: int) -> Begun:
    """What an earlier run put on the chain: a token, and what was built for it.

    Args:
        account: the authority's.
        nonce: the number of its next transaction.

    Raises:
        DeploymentFailed: there are contracts of this account that this version does not know.
    """
    listed = created(client, account, nonce)
    if not listed:
        return Begun()
    tokens, registries, markets = (
        [each for each in listed if each.contract == name]
        for name in ("EnergyToken", "NodeRegistry", "EnergyMarket")
    )
    tokens += [each for each in listed if not each.contract and _is_token(client, each.address)]
    if not tokens:
        return Begun()  # contracts of other kinds, or a registry without a token: not ours to judge
    if len(tokens) > 1 or len(registries) > 1 or not tokens[0].contract:
        raise DeploymentFailed(
            f"{account} has created contracts that are no neighbourhood of this version of Commonwatt: "
            f"{', '.join(each.address for each in tokens + registries)}. Use its manifest, go on "
            "with the version that began, or found another neighbourhood with another key"
        )
    [token], registry = tokens, next(iter(registries), None)
    mine = [each for each in markets if Market(client, each.address).token() == token.address]
    return Begun(token=token, registry=registry, markets=tuple(mine))


def _is_token(client: Resumable, address: str) -> bool:
    """Whether a contract of another version is a neighbourhood's token."""
    try:
        return bool(Token(client, address).mint_cap().value)
    except (WrongContract, ChainError):
        return False
