"""What the supervisor needs of a chain's engine. Clique is the one there is so far."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from chain.blocks import Header


@dataclass(frozen=True, kw_only=True)
class NodeStatus:
    """How the node is, as it says itself."""

    height: int
    head_time: int
    """Unix seconds of the head's timestamp."""
    peers: int
    syncing: bool
    sealing: bool


class Engine(Protocol):
    """One chain node, of whatever program."""

    def version(self) -> str:
        """The program's version.

        Raises:
            NodeUnavailable: the program is missing, does not run, or is not the one that this chain needs.
        """
        ...

    def init(self) -> None:
        """Make the data directory, unless it is there. Doing it twice does no harm.

        Raises:
            SettingRefused: the directory holds another chain.
            NodeUnavailable: it cannot be written.
        """
        ...

    def command(self, sealer: str | None) -> Sequence[str]:
        """The command line that runs the node.

        Args:
            sealer: the address to seal with; None: this node only follows.
        """
        ...

    def environment(self) -> Mapping[str, str]:
        """What the node's environment holds beside our own."""
        ...

    def status(self) -> NodeStatus:
        """Ask the running node.

        Raises:
            ChainError: it does not answer.
        """
        ...

    def headers(self, first: int, last: int) -> list[Header]:
        """Consecutive headers, both ends included, asked of the running node.

        Raises:
            ChainError: it does not answer, or does not have them.
        """
        ...

    def seal_anew(self) -> None:
        """Have a node that seals prepare the next block once more.

        Raises:
            ChainError: it does not answer.
        """
        ...

    def befriend(self, enode: str) -> None:
        """Connect to another node, and take its calls whatever their number."""
        ...

    def unfriend(self, enode: str) -> None:
        """Part with another node."""
        ...
