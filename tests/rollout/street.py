"""The neighbourhood that the tests roll out: the demo's households on hosts, and its world beside them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import yaml

from ansible.lab.hosts import Host, Lab
from ansible.lab.image import LOGS, ROOT, USER
from simulation.neighbourhood import Line, bench, configuration, plan
from simulation.neighbourhood.configuration import Surroundings
from simulation.neighbourhood.scenario import Scenario
from simulation.world import spec

T = TypeVar("T")

PERIOD = 1
SECTIONS = ("sensors", "battery", "relay", "trading", "offers", "intents", "readings", "reports")
WATCHES = "dogwood"
"""Its host watches over all: it seals nothing, so it may be busy."""

SERVED = "dogwood"
"""Its readings are in PostgreSQL, the others' in SQLite."""

FAMILY, NEWCOMER = "fir", "ginkgo"
"""Of the next street, each with a line from alder: one whose family sets it up, and one that we do."""

WIRED = Line(seller="alder", feed=5, feed_pin=6, buyer=NEWCOMER, tie=12, tie_pin=24)
"""The newcomer's line; the family's is in the plan."""

PLAY = 3_600.0
"""Seconds that a playbook may take on a busy machine."""


class Street:
    """Hosts, the operator's folder with the inventory, and the world in which sensors and pins are."""

    def __init__(self, lab: Lab, scenario: Scenario, residents: list[str]) -> None:
        self.lab = lab
        self.residents = residents
        self.served = {SERVED}
        self.led: set[str] = set()
        """Whose families set them up from their pages."""
        self.scenario = scenario
        self.files = lab.folder / "operator"
        self.world: subprocess.Popen[bytes] | None = None
        self.played = 0

    @property
    def inventory(self) -> Path:
        """The operator's file."""
        return self.files / "inventory.yml"

    def describe(self) -> None:
        """Write the inventory and begin the world, which knows those to come as well."""
        self.files.mkdir()
        self.settle(self.residents)
        (self.files / "world.json").write_text(spec.dump(bench.world(self.scenario)))
        socket = self.lab.shared / "world.sock"
        with (self.lab.folder / "world.log").open("wb") as log:
            self.world = subprocess.Popen(
                [
                    # Wires and batteries are never busy: on a machine that is, the world comes first.
                    *("nice", "-n", "-15", sys.executable, "-m", "simulation.world"),
                    f"--spec={self.files / 'world.json'}",
                    *(f"--socket={socket}", f"--folder={self.files / 'world'}"),
                ],
                stdout=log, stderr=log,
            )  # fmt: skip
        until(socket.exists, "the world's socket")
        socket.chmod(0o666)  # every household's logger and relay are other users there

    def settle(self, residents: list[str], signers: tuple[str, ...] = ()) -> None:
        """Write the inventory: who lives here from now on, and who seals, if others than before."""
        self.residents = residents
        written = inventory(self.lab, self.scenario, residents, self.served)
        for name, host in written["neighbourhood"]["hosts"].items():
            if name in self.led:
                host["household"]["first_run"] = True
            if signers:
                host["household"]["chain"] = "signer" if name in signers else "follower"
        self.inventory.write_text(yaml.safe_dump(written, sort_keys=False))

    def play(self, playbook: str, *options: str, artefacts: Path | None = None) -> Played:
        """Run a playbook as an operator does."""
        environment = {
            **os.environ,
            "ANSIBLE_NOCOLOR": "1",
            "PY_COLORS": "0",
            # Its connections outlast a play, and another laboratory's hosts have the same addresses.
            "ANSIBLE_SSH_CONTROL_PATH_DIR": str(self.lab.folder / "ssh"),
        }
        if artefacts is not None:
            environment["COMMONWATT_ARTEFACTS"] = str(artefacts)
        began = time.monotonic()
        self.played += 1
        told = LOGS / f"{self.played}-{playbook}.log"
        with told.open("wb") as log:
            command = [str(ROOT / "ansible" / "play"), playbook, "-i", str(self.inventory), *options]
            played = subprocess.Popen(
                command, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
            try:
                code = played.wait(PLAY)
            except subprocess.TimeoutExpired:
                played.terminate()
                raise AssertionError(f"{playbook} takes more than {PLAY:.0f} s: see {told}") from None
        return Played(code, told.read_text(), time.monotonic() - began)

    def on(self, name: str, command: str) -> str:
        """What a command says on a household's host; it must work."""
        done = self.lab.ssh(self.host(name), command)
        assert done.returncode == 0, f"{name}: {command}: {done.stdout}{done.stderr}"
        return done.stdout

    def ask(self, name: str, method: str, *parameters: Any) -> Any:
        """Ask a household's chain node."""
        body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": parameters})
        said = self.on(
            name, f"curl -sS -H 'Content-Type: application/json' -d '{body}' http://127.0.0.1:8545"
        )
        return json.loads(said)["result"]

    def height(self, name: str) -> int:
        """A household's newest block; 0 while its host or its node does not answer."""
        try:
            return int(self.ask(name, "eth_blockNumber"), 16)
        except (AssertionError, subprocess.TimeoutExpired):
            return 0

    def host(self, name: str) -> Host:
        """A household's host."""
        return self.lab.hosts[name]

    def end(self) -> None:
        """End the world and the hosts."""
        self.lab.stop()
        if self.world is not None:
            self.world.terminate()
            self.world.wait()


class Played:
    """What became of a playbook."""

    def __init__(self, code: int, output: str, seconds: float) -> None:
        self.code = code
        self.output = output
        self.seconds = seconds

    def recap(self) -> dict[str, dict[str, int]]:
        """Host → how many tasks were ok, changed, failed, …"""
        lines = self.output.partition("PLAY RECAP")[2].splitlines()
        counted = {}
        for line in lines:
            name, colon, counts = line.partition(" : ")
            if colon:
                pairs = (pair.split("=") for pair in counts.split())
                counted[name.strip()] = {key: int(value) for key, value in pairs}
        return counted

    def changes(self) -> list[str]:
        """The tasks that changed something, as the output tells them."""
        found, task = [], ""
        for line in self.output.splitlines():
            if line.startswith("TASK ["):
                task = line
            elif line.startswith("changed: "):
                found.append(f"{task.partition(']')[0]}] {line}")
        return found


def inventory(lab: Lab, scenario: Scenario, residents: list[str], served: set[str]) -> dict[str, Any]:
    """The operator's inventory of a scenario's first residents: its sections as the demo has them.

    Args:
        served: whose readings are in PostgreSQL.
    """
    hosts = {}
    none = dict.fromkeys((member.name for member in scenario.members), "0x" + "00" * 20)
    around = Surroundings(geth=Path("geth"), run=Path("/srv/world"), accounts=none, enodes={})
    for number, member in enumerate(scenario.members, start=1):
        if member.name not in residents:
            continue
        written = configuration.household(scenario, member, around)
        sections = {name: written[name] for name in SECTIONS if name in written}
        del sections["relay"]["listen"]
        if member.name in served:
            sections["readings"] = {**sections["readings"], "store": "postgresql"}
        hosts[member.name] = {
            "ansible_host": lab.hosts[member.name].address,
            "household": {
                "role": member.role,
                "chain": "signer" if member.seals else "follower",
                "overlay": f"10.77.0.{number}",
                **sections,
            },
        }
    lines = [
        {"feed": f"{x.seller}.{x.feed}", "tie": f"{x.buyer}.{x.tie}"}
        for x in scenario.lines
        if {x.seller, x.buyer} <= set(residents)
    ]
    shared = {
        "overlay": "10.77.0.0/24", "period": f"{PERIOD} s", "tokens": 1_000, "mint_cap": 100_000,
        "supply": "60 s", "challenge": "60 s", "lines": lines, "monitoring": WATCHES,
    }  # fmt: skip
    variables = {
        "ansible_user": USER,
        "ansible_ssh_private_key_file": str(lab.key),
        "ansible_ssh_common_args": f"-o UserKnownHostsFile={lab.folder / 'known_hosts'} -o LogLevel=ERROR",
        "shared": shared,
    }
    return {"neighbourhood": {"vars": variables, "hosts": hosts}}


def until(true: Callable[[], T], what: str, patience: float = 120.0) -> T:
    """Wait until something holds; what it came to."""
    deadline = time.monotonic() + patience
    while not (found := true()):
        assert time.monotonic() < deadline, f"waited {patience:.0f} s in vain for: {what}"
        time.sleep(0.5)
    return found


def healthy(street: Street, name: str) -> bool:
    """Whether its doctor finds nothing wrong."""
    return street.lab.ssh(street.host(name), "commonwatt-doctor --json").returncode == 0


def booted(folder: Path, households: int) -> Street:
    """A street of empty hosts that have just booted, and its inventory; the next street's may come."""
    planned = plan(households + 3, period=PERIOD)
    scenario = replace(planned, lines=(*planned.lines, WIRED))
    names = [member.name for member in scenario.members][:households]
    street = Street(Lab(folder, names), scenario, names)
    street.lab.start()
    street.describe()
    return street
