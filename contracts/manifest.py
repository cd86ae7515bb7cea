"""Which contracts are the neighbourhood's: written once when they are deployed, checked before they are used.

Whoever can hand a household a wrong address could sell it energy for another token, or take orders that never
pay. So the manifest names the chain by its genesis hash, and each contract by the hash of the code that stood
at its address when it was deployed (with its constructor's values in it, which the compiled artefact lacks).
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol, Self

from chain.keys import checksum, keccak
from contracts.bindings.market import Market
from contracts.bindings.view import Block
from contracts.errors import ChainBehind, ManifestMissing, ManifestUnreadable, WrongContract


class Chain(Protocol):
    """What verifying needs of a chain client: `chain.client.ChainClient` has it."""

    def chain_id(self) -> int:
        """Of the chain that the node follows."""
        ...

    def genesis_hash(self) -> str:
        """Hash of block 0, 0x…"""
        ...

    def block_number(self) -> int:
        """Height of the node's head."""
        ...

    def code(self, address: str, block: Block = "latest") -> bytes:
        """The code at an address; empty if there is none."""
        ...

    def call(self, to: str, data: bytes, block: Block = "latest") -> bytes:
        """What a contract answers."""
        ...


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """The neighbourhood's contracts. Addresses are checksummed, hashes 0x… in small letters."""

    chain_id: int
    genesis_hash: str
    block: int
    """Block in which the current market was deployed: no event of it is older."""

    token: str
    registry: str
    current: str
    """The market that takes new orders."""

    draining: tuple[str, ...] = ()
    """Markets before it, whose last orders are being settled."""

    drained: tuple[str, ...] = ()
    """Markets before those, which hold nothing any more: kept for the history that they tell."""

    blocks: Mapping[str, int] = field(default_factory=dict)
    """Block in which a contract was deployed, where it is another than `block`."""

    code_hashes: Mapping[str, str]
    """Keccak-256 of the code at each of the addresses above."""

    @property
    def founded(self) -> int:
        """Block of the first deployment: no event of any of the contracts is older."""
        return min([self.block, *self.blocks.values()])

    @property
    def live(self) -> tuple[str, ...]:
        """The markets in which orders can be open, the current one first."""
        return (self.current, *self.draining)

    def deployed(self, address: str) -> int:
        """Block in which the contract at an address was deployed; of one not named here, the first of all."""
        known = self.contract_at(address) is not None
        return self.blocks.get(address, self.block if known else self.founded)

    def markets(self) -> tuple[str, ...]:
        """All that ever were, the current one first."""
        return (*self.live, *self.drained)

    def contracts(self) -> Iterator[tuple[str, str]]:
        """Address and contract name of each, the current market first."""
        yield self.current, "EnergyMarket"
        yield self.token, "EnergyToken"
        yield self.registry, "NodeRegistry"
        for market in (*self.draining, *self.drained):
            yield market, "EnergyMarket"

    def contract_at(self, address: str) -> str | None:
        """Which of the contracts stands at an address; None if none does."""
        return {at.lower(): name for at, name in self.contracts()}.get(address.lower())

    def same_neighbourhood(self, other: Manifest) -> bool:
        """Whether another manifest is of the same chain, token and registry: only its markets may differ."""
        own = (self.chain_id, self.genesis_hash, self.token, self.registry)
        return own == (other.chain_id, other.genesis_hash, other.token, other.registry)

    def replacing(self, market: str, block: int, code_hash: str) -> Self:
        """With a new market for new orders; the current one drains.

        Args:
            market: address of the new one.
            block: in which it was deployed.
            code_hash: of its code.
        """
        since = {at: self.deployed(at) for at in (self.token, self.registry, *self.markets())}
        since = {at: number for at, number in since.items() if number != block}
        return replace(
            self,
            block=block,
            current=market,
            draining=self.live,
            blocks=since,
            code_hashes={**self.code_hashes, market: code_hash},
        )

    def dropping(self, markets: Collection[str]) -> Self:
        """With some draining markets as drained: nobody looks for running orders there any more."""
        return replace(
            self,
            draining=tuple(at for at in self.draining if at not in markets),
            drained=(*(at for at in self.draining if at in markets), *self.drained),
        )

    def verify(self, client: Chain) -> None:
        """Make sure that the node's chain and the contracts on it are the neighbourhood's.

        Raises:
            ChainBehind: the node has not reached the deployment yet; try again later.
            WrongContract: another chain, other code, or a market of another token or registry.
            ChainError: whatever the client raises.
        """
        self._verify_chain(client)
        head = client.block_number()
        for address, name in self.contracts():
            code = client.code(address, head)
            if not code and head < self.block:
                raise ChainBehind(
                    f"the chain node has not reached block {self.block} yet, with which the contracts came: "
                    "it is catching up with the neighbourhood"
                )
            if not code:
                raise WrongContract(f"there is no code at {address}, where the manifest has {name}: {FIX}")
            if code_hash(code) != self.code_hashes[address]:
                raise WrongContract(
                    f"the code at {address} is not that of the neighbourhood's {name} "
                    f"(its hash is {code_hash(code)}): {FIX}"
                )
        for address in self.markets():
            market = Market(client, address)
            if (market.token(head), market.registry(head)) != (self.token, self.registry):
                raise WrongContract(f"the market at {address} takes another token or registry: {FIX}")

    def save(self, path: Path) -> None:
        """Write the manifest, complete or not at all."""
        draft = path.with_name(f".{path.name}.draft")
        draft.write_text(self.dumps(), encoding="utf-8")
        draft.replace(path)

    def dumps(self) -> str:
        """As JSON text."""

        def contract(address: str) -> dict[str, str | int]:
            block = {"block": self.blocks[address]} if address in self.blocks else {}
            return {"address": address, "code_hash": self.code_hashes[address], **block}

        content = {
            "chain_id": self.chain_id,
            "genesis_hash": self.genesis_hash,
            "block": self.block,
            "token": contract(self.token),
            "registry": contract(self.registry),
            "current": contract(self.current),
            "draining": [contract(market) for market in self.draining],
            "drained": [contract(market) for market in self.drained],
        }
        return json.dumps(content, indent=2) + "\n"

    @classmethod
    def loads(cls, text: str, source: str = "the manifest") -> Self:
        """Read a manifest from JSON text.

        Raises:
            ManifestUnreadable: not JSON, or a key is missing, unknown or wrong.
        """
        try:
            return cls._parsed(json.loads(text))
        except json.JSONDecodeError as error:
            raise ManifestUnreadable(f"{source} is not JSON ({error}): {FIX}") from None
        except KeyError as error:
            raise ManifestUnreadable(f"{source} lacks {error.args[0]!r}: {FIX}") from None
        except (TypeError, ValueError, AttributeError) as error:
            raise ManifestUnreadable(f"{source} holds a wrong value ({error}): {FIX}") from None

    @classmethod
    def _parsed(cls, content: Mapping[str, Any]) -> Self:
        draining, drained = content.get("draining", []), content.get("drained", [])
        found = [content["token"], content["registry"], content["current"], *draining, *drained]
        addresses = [checksum(entry["address"]) for entry in found]
        hashes = [_hash(entry["code_hash"]) for entry in found]
        token, registry, current, *former = addresses
        return cls(
            chain_id=_number(content["chain_id"]),
            genesis_hash=_hash(content["genesis_hash"]),
            block=_number(content["block"]),
            token=token,
            registry=registry,
            current=current,
            draining=tuple(former[: len(draining)]),
            drained=tuple(former[len(draining) :]),
            blocks={
                at: _number(entry["block"])
                for at, entry in zip(addresses, found, strict=True)
                if "block" in entry
            },
            code_hashes=dict(zip(addresses, hashes, strict=True)),
        )

    def _verify_chain(self, client: Chain) -> None:
        if (found := client.chain_id()) != self.chain_id:
            raise WrongContract(f"the node follows chain {found}, the manifest is of {self.chain_id}: {FIX}")
        if (genesis := client.genesis_hash().lower()) != self.genesis_hash:
            raise WrongContract(
                f"the node's chain begins with {genesis}, the neighbourhood's with {self.genesis_hash}: {FIX}"
            )


FIX = "get the manifest from your neighbourhood's operator, and check chain.rpc and chain.manifest"


def load(path: Path) -> Manifest:
    """Read a manifest file.

    Raises:
        ManifestMissing: it is not there; try again later.
        ManifestUnreadable: no permission, not JSON, or a key is missing or wrong.
    """
    try:
        return Manifest.loads(path.read_text(encoding="utf-8"), str(path))
    except FileNotFoundError:
        raise ManifestMissing(
            f"{path} is not there yet (the neighbourhood's operator hands it out)"
        ) from None
    except OSError as error:
        raise ManifestUnreadable(f"{path} cannot be read ({error.strerror}): {FIX}") from None


def code_hash(code: bytes) -> str:
    """Keccak-256 of a contract's code, 0x…"""
    return f"0x{keccak(code).hex()}"


def _hash(given: object) -> str:
    text = str(given).lower()
    if not text.startswith("0x") or len(bytes.fromhex(text[2:])) != 32:
        raise ValueError(f"{given!r} is not a hash")
    return text


def _number(given: object) -> int:
    if type(given) is not int or given < 0:
        raise ValueError(f"{given!r} is not a number of blocks or of a chain")
    return given
