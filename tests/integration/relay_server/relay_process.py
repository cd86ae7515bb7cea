"""A relay as a process of its own, to be killed: `python -m … FILE`, its pins are files that outlive it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

from chain import daemon
from chain.client import ChainClient
from relay_server import app
from relay_server.settings import RelaySettings


class FilePins:
    """Outputs that stay as they were driven, as GPIO does when a process dies: one file a pin."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(exist_ok=True)

    def drive(self, pin: int, energised: bool) -> None:
        (self._folder / str(pin)).write_text("1" if energised else "0")
        with (self._folder / "record").open("a") as record:
            record.write(f"{time.monotonic()} {pin} {int(energised)}\n")

    def followed(self, pin: int) -> bool | None:
        return None

    def powered(self, pin: int) -> bool | None:
        return None

    def beat(self) -> None:
        pass

    def close(self) -> None:
        pass


def started(
    folder: Path,
    settings: RelaySettings,
    owner: str,
    rpc: str,
    *,
    stderr: IO[bytes] | None = None,
    environment: Mapping[str, str] | None = None,
) -> subprocess.Popen[bytes]:
    """Start one in a folder, as its `given.json` says from now on.

    Args:
        environment: beside this process's.
    """
    given = {
        "folder": str(folder),
        "settings": settings.model_dump(mode="json"),
        "owner": owner,
        "rpc": rpc,
        "manifest": str(folder / "manifest.json"),
    }
    (folder / "given.json").write_text(json.dumps(given))
    command = [sys.executable, "-m", __name__, str(folder / "given.json")]
    return subprocess.Popen(command, stderr=stderr, env={**os.environ, **(environment or {})})


def main(given: dict[str, Any]) -> int:
    daemon.configure_logs()
    folder = Path(given["folder"])

    def run() -> int:
        return app.run(
            RelaySettings.model_validate(given["settings"]),
            given["owner"],
            registers_directory=folder / "meters",
            state=folder / "relay.db",
            client=ChainClient(given["rpc"], 2.0),
            manifest=Path(given["manifest"]),
            stop=daemon.Stop().on_signals(),
            pins=FilePins(folder / "pins"),
        )

    return daemon.main(run)


if __name__ == "__main__":
    sys.exit(main(json.loads(Path(sys.argv[1]).read_text())))
