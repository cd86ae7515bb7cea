"""The sealer as a process that holds only what sealing needs: half the memory, less code near the key.

    python -m chain.sealer_process KEYSTORE PASSWORD_FILE SOCKET

`commonwatt chain seal` becomes this process once it has checked the configuration.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from chain import sealer
from chain.daemon import Stop, main


@dataclass(frozen=True)
class Files:
    """What the section `chain.node.seal` names."""

    keystore: Path
    password_file: Path
    socket: Path


def command(files: sealer.SealerSettings) -> list[str]:
    """The command line to exec."""
    arguments = (files.keystore, files.password_file, files.socket)
    return [sys.executable, "-m", "chain.sealer_process", *map(str, arguments)]


if __name__ == "__main__":
    [_, keystore, password_file, socket] = sys.argv
    settings = Files(Path(keystore), Path(password_file), Path(socket))
    sys.exit(main(lambda: sealer.run(settings, Stop().on_signals())))
