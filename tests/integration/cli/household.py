"""One household's configuration and files in a folder, and `commonwatt` run upon them as a process."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import yaml

from chain import keys
from chain.genesis import Genesis
from tests.waiting import PATIENCE

CHECKOUT = Path(__file__).parents[3]


@dataclass(frozen=True)
class Answer:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def complaint(self) -> str:
        """Its one line on stderr."""
        lines = [line for line in self.err.splitlines() if line.startswith("commonwatt: ")]
        assert len(lines) == 1, self.err
        assert "Traceback" not in self.err
        return lines[0]


@dataclass(frozen=True)
class Home:
    """A household on disk."""

    folder: Path
    account: keys.Account

    @property
    def file(self) -> Path:
        """Its configuration."""
        return self.folder / "household.yml"

    def change(self, **sections: object) -> None:
        """Replace sections of its configuration."""
        self.file.write_text(yaml.safe_dump({**yaml.safe_load(self.file.read_text()), **sections}))

    def run(self, *command: str, seconds: float = PATIENCE) -> Answer:
        """Run a command that ends by itself."""
        return ran(line(self, command), seconds)

    @contextmanager
    def running(self, *command: str) -> Iterator[subprocess.Popen[str]]:
        """Run a daemon as long as the block lasts."""
        with subprocess.Popen(
            line(self, command), stderr=subprocess.PIPE, text=True, cwd=CHECKOUT
        ) as process:
            try:
                yield process
            finally:
                process.send_signal(signal.SIGTERM)
                process.communicate(timeout=PATIENCE)


def ran(command: list[str], seconds: float = PATIENCE) -> Answer:
    """Run a command line that ends by itself."""
    done = subprocess.run(command, capture_output=True, text=True, timeout=seconds, check=False, cwd=CHECKOUT)
    return Answer(done.returncode, done.stdout, done.stderr)


def line(home: Home, command: tuple[str, ...]) -> list[str]:
    """A command line with the household's configuration."""
    return [sys.executable, "-m", "node.cli", *command, "--config", str(home.file)]


def settled(folder: Path, host: str) -> Home:
    """Write a household's keys, genesis and configuration; no process runs."""
    account = keys.create(folder / "key.json", "secret")
    keys.write_private(folder / "key.password", b"secret")
    keys.create_node_key(folder / "node.key")
    Genesis(chain_id=4_205, period=1, signers=(account.address,)).write(folder / "genesis.json")
    world = str(folder / "world.sock")
    settings = {
        "household": {"name": "birch", "role": "consumer"},
        "paths": {"run": str(folder / "run"), "state": str(folder / "state")},
        "account": {"keystore": "key.json", "password_file": "key.password"},
        "chain": {"rpc": f"http://{host}:8545", "genesis": "genesis.json", "timeout": "1 s"},
        "relay": {
            "listen": f"{host}:15555",
            "pins": {"driver": "simulated", "world": world, "household": "birch"},
            "feeds": [{"contact": 1, "pin": 17, "meter": "feed-1"}],
        },
        "sensors": {"feed-1": {"driver": "simulated", "world": world, "point": "birch.feed-1"}},
        "dapp": {"listen": f"{host}:8080"},
    }
    (folder / "household.yml").write_text(yaml.safe_dump(settings))
    (folder / "state").mkdir()
    return Home(folder, account)
