"""A whole neighbourhood of real processes, as `commonwatt demo` starts it, to look at and to hurt."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import cached_property
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any, TypeVar

import psutil

from chain.client import ChainClient
from chain.errors import ChainError
from contracts import manifest as manifests
from contracts.bindings import Registry
from contracts.manifest import Manifest
from node.config import Settings, load
from simulation.demo import ledger
from simulation.demo.evidence import BuyersBook, bought
from simulation.demo.ledger import Order
from simulation.neighbourhood import plan
from simulation.world.client import WorldClient
from store import snapshot
from tests.e2e.demo_run import processes_of
from tests.waiting import BUSY, PATIENCE

T = TypeVar("T")

COMMONWATT = Path(sys.executable).with_name("commonwatt")


class Neighbourhood:
    """A demo that runs, seen from outside."""

    def __init__(self, folder: Path, first: str, demo: subprocess.Popen[str], households: int = 4) -> None:
        self.folder = folder
        self.demo = demo
        self.scenario = plan(households, first=IPv4Address(first))
        self.names = tuple(member.name for member in self.scenario.members)

    # --- looking ---------------------------------------------------------------------------------------

    def settings(self, household: str) -> Settings:
        """A household's configuration."""
        return load([self.folder / household / "household.yml"])

    def lease(self, household: str) -> float:
        """How long its relay holds a contact without a frame, s."""
        relay = self.settings(household).relay
        assert relay is not None
        return relay.lease

    @cached_property
    def runs(self) -> Mapping[str, Path]:
        """Household → where its processes publish."""
        return {name: self.settings(name).paths.run for name in self.names}

    @cached_property
    def manifest(self) -> Manifest:
        """The contracts, once they are deployed."""
        return manifests.load(self.folder / "manifest.json")

    @cached_property
    def accounts(self) -> Mapping[str, str]:
        """Household → account, by the registry."""
        listed = Registry(self.client(), self.manifest.registry).households()
        return {household.name: household.account for household in listed}

    def client(self, household: str | None = None) -> ChainClient:
        """A household's own chain node (the follower's, unless named)."""
        return ChainClient(self.settings(household or self.names[-1]).chain.rpc, timeout=5.0)

    @cached_property
    def world(self) -> WorldClient:
        """The physical world."""
        return WorldClient(str(self.runs[self.names[0]].parent / "world.sock"), patience=PATIENCE)

    def trading(self, household: str) -> Mapping[str, Any]:
        """What its client-interaction says it is doing; empty while it says nothing fresh."""
        found = snapshot.read(self.runs[household] / "trading.json")
        return found.fields if found is not None and found.age() < 3 else {}

    def orders(self, household: str | None = None) -> dict[str, Order]:
        """All orders, by the chain."""
        client = self.client(household)
        return ledger.read(client, self.manifest, client.block_number())

    def books(self, household: str) -> list[BuyersBook]:
        """What a household bought, by its own books."""

        class Folders:
            def state(_, name: str) -> Path:  # noqa: N805 - only what `bought` looks at
                return self.folder / name / "state"

        return bought(Folders(), household)  # type: ignore[arg-type]

    def conservation(self) -> dict[str, Any]:
        """The books of the whole neighbourhood, at a final block."""
        client = self.client()
        last = ledger.final(client, len(self.scenario.signers))
        return ledger.conservation(client, self.manifest, self.accounts, last)

    def events(self, kind: str) -> list[Mapping[str, Any]]:
        """What the world noted: shorts, outages."""
        truth = self.world.ask("truth")["truth"]
        return [event for event in truth["events"] if event["kind"] == kind]

    def switchings(self, contact: str) -> list[Mapping[str, Any]]:
        """How one contact of the world really moved; `at` in Unix seconds."""
        return [s for s in self.world.ask("switchings")["switchings"] if s["contact"] == contact]

    # --- waiting and hurting ---------------------------------------------------------------------------

    def processes(self, household: str, process: str) -> list[psutil.Process]:
        """The running processes of one kind of one household: geth by its folder, ours by their log."""
        return [p for p in psutil.process_iter() if self._is(p, household, process)]

    def _is(self, candidate: psutil.Process, household: str, process: str) -> bool:
        with suppress(OSError, psutil.Error):
            geth = candidate.name().startswith("geth")
            if process == "geth":
                return geth and f"{self.folder / household}/" in " ".join(candidate.cmdline())
            log = self.folder / "logs" / f"{household}.{process}.log"
            return not geth and Path(f"/proc/{candidate.pid}/fd/2").readlink() == log
        return False

    def kill(self, household: str, process: str) -> set[int]:
        """SIGKILL what runs of that kind; answers the process ids that are gone."""
        victims = self.processes(household, process)
        assert victims, f"no {process} of {household} is running"
        for victim in victims:
            victim.kill()
        return {victim.pid for victim in victims}

    def until(self, what: str, look: Callable[[], T | None], seconds: float) -> T:
        """Wait for something; fail with its name."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            assert self.demo.poll() is None, f"the demo ended with {self.demo.returncode}"
            try:
                found = look()
            except ChainError:
                found = None
            if found:
                return found
            time.sleep(0.1)
        raise AssertionError(f"{what} did not come in {seconds:.0f} s; {self.told()}")

    def told(self) -> str:
        """What every household says it is doing."""
        return "; ".join(f"{name}: {self.trading(name).get('reason')}" for name in self.names)

    def supplied(self, other_than: Container[str] = (), seconds: float = 150.0) -> tuple[str, str, str]:
        """Wait for a trade in the middle of its supply, and none of those: (buyer, seller, order)."""

        def look() -> tuple[str, str, str] | None:
            homes = self.world.ask("truth")["truth"]["homes"]
            for name in self.names:
                trading = self.trading(name)
                received, energy = trading.get("received_mwh") or 0, trading.get("energy_mwh") or 0
                # What it says may be a second old: whether energy flows is the world's to say.
                flowing = homes[name]["source"] not in ("home", None)
                new = trading.get("order") not in other_than
                if trading.get("state") == "supplied" and flowing and new and 30 < received < energy // 2:
                    return name, str(trading["seller"]), str(trading["order"])
            return None

        return self.until("a supply", look, seconds)


@contextmanager
def neighbourhood(
    folder: Path,
    first: str,
    *options: str,
    program: Sequence[str] = (str(COMMONWATT), "demo"),
    households: int = 4,
) -> Iterator[Neighbourhood]:
    """Run a demo for as long as the block lasts, and see that nothing of it is left."""
    log = folder.with_suffix(".log")
    with log.open("w") as output:
        demo = subprocess.Popen(
            [
                *program,
                "--headless",
                "--keep",
                str(folder),
                "--address",
                first,
                f"--households={households}",
                *options,
            ],
            stdout=output,
            stderr=subprocess.STDOUT,
            text=True,
        )
    running = Neighbourhood(folder, first, demo, households)
    try:
        running.until("the manifest", (folder / "manifest.json").exists, 2 * PATIENCE)
        yield running
    except AssertionError as error:
        error.add_note(f"--- the demo said, in {log}:\n{log.read_text()[-3000:]}")
        raise
    finally:
        began = time.monotonic()
        demo.send_signal(signal.SIGINT)
        demo.wait(PATIENCE)
        took = time.monotonic() - began
    assert took < 5 + BUSY, f"the demo took {took:.1f} s to end"
    assert not processes_of(folder), processes_of(folder)
