"""The node's section of the configuration in plain types.

The process that watches over the node for months need not keep in memory what checked its configuration once.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

IPC_LIMIT = 107
"""Bytes of a Unix socket's path (sun_path of unix(7), without its final zero)."""


@dataclass(frozen=True, kw_only=True)
class NodePlan:
    """How a chain node runs on this host. chain.settings.NodeSettings describes each field."""

    genesis: Path
    geth: str
    data: Path
    listen: str
    http: str
    authrpc_port: int
    ipc: Path
    key_file: Path
    peers: tuple[str, ...] = ()
    max_peers: int | None = None
    network: str | None = None
    cache: int = 64
    log_level: int = 2
    sealer: Path | None = None
    """The sealer's socket; None: this node only follows."""

    def to_json(self) -> str:
        """As one argument of a command line."""
        return json.dumps(asdict(self), default=str)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read what `to_json` wrote."""
        given = json.loads(text)
        paths = {name: Path(given[name]) for name in PATHS if given[name] is not None}
        return cls(**given | paths | {"peers": tuple(given["peers"])})


PATHS = {"genesis", "data", "ipc", "key_file", "sealer"}
