"""What is copied to hosts, in userlands that they may have: each kind but that of the hosts that boot."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO
from urllib.error import URLError
from urllib.request import urlopen

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from ansible.artefacts import LGPIO
from ansible.lab.hosts import run
from ansible.lab.image import FOLDER, LOGS, ROOT
from ansible.lab.userlands import USERLANDS, Userland
from node.notify.desk import SOCKET
from tests.rollout.street import until

RELEASE = ROOT / "build" / "artefacts" / "current"
OURS = "opt/commonwatt/current"
PATH = f"/{OURS}/venv/bin:/{OURS}/bin:/usr/sbin:/usr/bin:/sbin:/bin"

SLOW = 1_800.0
"""Seconds; qemu takes ten times as long, and so does a busy machine."""

IMPORTS = """
import importlib, importlib.metadata, json
found = importlib.metadata.packages_distributions()
said = {}
names = sorted(name for name in found if name.isidentifier())
for name in sorted(names, key="setuptools".__ne__):  # it refuses to come after Python's own distutils
    try:
        importlib.import_module(name)
        said[name] = ""
    except BaseException as error:
        said[name] = f"{type(error).__name__}: {error}"
parts = sorted({part.lower() for parts in found.values() for part in parts})
print(json.dumps({"modules": said, "parts": parts}))
"""

SSH = """#!/bin/sh
# As ssh for Ansible, to a userland: the last word is the command.
for word; do :; done
exec chroot {root} env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 sh -c "$word"
"""

PLAY = [
    {
        "hosts": "neighbourhood",
        "tasks": [
            {"ansible.builtin.import_role": {"name": "base", "tasks_from": "system"}},
            {"ansible.builtin.import_role": {"name": "release"}},
        ],
    }
]

PAGES, RELAY = 8080, 15555
ALDER = "srv/demo/alder/household.yml"
HOUSES = ("127.0.10.1", "127.0.10.2")


@dataclass(frozen=True)
class Host:
    """A userland with a release in it."""

    kind: str
    root: Path
    userland: Userland

    @property
    def log(self) -> Path:
        """What the demo said."""
        return LOGS / f"{self.kind}.log"


BOTH = [pytest.mark.long, pytest.mark.timeout(7_200)]
"""For what is another Debian and another processor: each alone is in every run."""

KINDS = [
    pytest.param(kind, marks=BOTH if userland.emulates and userland.suite != "bookworm" else [])
    for kind, userland in USERLANDS.items()
]


@pytest.fixture(scope="module", params=KINDS)
def host(request: pytest.FixtureRequest) -> Iterator[Host]:
    """A userland with a release in it, as the playbook puts it there; what is written is in memory."""
    kind: str = request.param
    userland = USERLANDS[kind]
    archive = RELEASE / f"{kind}.tar"
    why = userland.missing()
    if why is None and not userland.root.exists():
        why = f"{userland.root} is not there: python -m ansible.lab.userlands makes it, or says why not"
    if why is None and not archive.exists():
        why = f"there are no artefacts for {kind}: run `make artefacts`"
    if why is not None:
        pytest.skip(f"no userland of {kind}: {why}")
    top = FOLDER / f"{kind}.here"
    upper, work, root = (top / part for part in ("upper", "work", "root"))
    top.mkdir(exist_ok=True)
    run("ip", "link", "set", "lo", "up")
    LOGS.mkdir(exist_ok=True)
    with ExitStack() as undo:
        run("mount", "-t", "tmpfs", "none", str(top))
        undo.callback(run, "umount", "-R", "-l", str(top))
        for part in (upper, work, root):
            part.mkdir()
        layers = f"lowerdir={userland.root},upperdir={upper},workdir={work}"
        run("mount", "-t", "overlay", "overlay", "-o", layers, str(root))
        run("mount", "-t", "proc", "proc", str(root / "proc"))
        run("mount", "--rbind", "/dev", str(root / "dev"))
        undo.enter_context(userland.running())
        play(top, kind, root)
        yield Host(kind, root, userland)


def play(folder: Path, kind: str, root: Path) -> str:
    """Bring the release by the playbooks' own role, which asks the host what it is; what that says."""
    ssh, inventory, book = (folder / name for name in ("ssh", "inventory.yml", "play.yml"))
    ssh.write_text(SSH.format(root=root))
    ssh.chmod(0o755)
    said = {
        "ansible_ssh_executable": str(ssh),
        "ansible_ssh_transfer_method": "piped",
        "commonwatt_checkout": str(ROOT),
    }
    inventory.write_text(yaml.safe_dump({"neighbourhood": {"hosts": {"pi": said}}}))
    book.write_text(yaml.safe_dump(PLAY))
    with suppress(FileExistsError):
        (folder / "group_vars").symlink_to(ROOT / "ansible" / "group_vars")
    environment = {
        **os.environ,
        "ANSIBLE_CONFIG": str(ROOT / "ansible" / "ansible.cfg"),
        "ANSIBLE_ROLES_PATH": str(ROOT / "ansible" / "roles"),
        "ANSIBLE_NOCOLOR": "1",
    }
    program = ROOT / "build" / "ansible" / "bin" / "ansible-playbook"
    done = subprocess.run(
        [str(program), "-i", str(inventory), str(book)],
        env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=SLOW,
    )  # fmt: skip
    (LOGS / f"{kind}-release.log").write_text(done.stdout + done.stderr)
    assert done.returncode == 0, (done.stdout + done.stderr)[-6_000:]
    return done.stdout


def command(root: Path, *words: str) -> list[str]:
    """A command in the userland, with an environment of its own."""
    return ["chroot", str(root), "env", "-i", f"PATH={PATH}", "HOME=/root", "LANG=C.UTF-8", *words]


def inside(root: Path, *words: str) -> str:
    """What a command says there; it must work."""
    done = subprocess.run(command(root, *words), capture_output=True, text=True, check=False, timeout=SLOW)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def plain(name: str) -> str:
    """A distribution's name as it is compared."""
    return name.lower().replace("-", "_").replace(".", "_")


def test_every_wheel_of_the_artefacts_imports(host: Host) -> None:
    assert inside(host.root, "uname", "-m").strip() == host.userland.machine
    (version,) = (host.root / OURS / "venv/lib").iterdir()
    assert version.name == host.kind.partition("-")[2]
    said = json.loads(inside(host.root, f"/{OURS}/venv/bin/python", "-c", IMPORTS))
    listed = json.loads((RELEASE / "manifest.json").read_text())["kinds"][host.kind]
    wheels = {plain(Path(name).name.partition("-")[0]) for name in listed if name.endswith(".whl")}
    assert wheels <= {plain(part) for part in said["parts"]}
    assert ("lgpio" in said["modules"]) == (host.kind in LGPIO)
    print(f"{len(wheels)} wheels, {len(said['modules'])} modules")
    assert {name: why for name, why in said["modules"].items() if why} == {}


def test_a_release_of_another_python_is_made_anew(host: Host) -> None:
    """As after Debian's own upgrade in place."""
    if host.userland.emulates:
        pytest.skip("it is made anew by the same tasks here, only ten times as slowly")
    modules = host.root / OURS / "venv/lib" / host.kind.partition("-")[2]
    modules.rename(modules.with_name("python3.2"))
    again = play(host.root.parent, host.kind, host.root)
    assert "Take away what is of another Python" in again
    assert inside(host.root, "commonwatt", "--version").strip()
    assert "changed=0" in play(host.root.parent, host.kind, host.root)


def test_two_households_run_and_their_chain_grows(host: Host) -> None:
    assert f"Architecture: {host.userland.arch}" in inside(host.root, "geth", "version")
    began = time.monotonic()
    demo = ["commonwatt", "demo", "--headless", "--households", "2", "--period", "5", "--trades", "1000"]
    with host.log.open("wb") as log, ExitStack() as undo:
        running = begun(undo, log, host, *demo, "--timeout", f"{SLOW:.0f} s", "--keep", "/srv/demo")
        for address in HOUSES:
            until(partial(works, running, host, address), f"all of the household at {address}", SLOW)
        print(f"two households run after {time.monotonic() - began:.0f} s")
        begun(undo, log, host, "commonwatt", "notify", "run", "-c", f"/{ALDER}")
        asked = Path(yaml.safe_load((host.root / ALDER).read_text())["paths"]["run"]) / SOCKET
        until((host.root / asked.relative_to("/")).exists, "the notifier", SLOW)
        height = told(HOUSES[0])["commonwatt_chain_height_blocks"]
        until(lambda: told(HOUSES[1]).get("commonwatt_chain_height_blocks", 0) > height + 3, "blocks", SLOW)
        print(f"and have {told(HOUSES[1])['commonwatt_chain_height_blocks']:.0f} blocks")


def begun(undo: ExitStack, log: IO[bytes], host: Host, *words: str) -> subprocess.Popen[bytes]:
    """Begin a command in the userland; it is ended with the test."""
    running = subprocess.Popen(
        command(host.root, *words), stdout=log, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True
    )

    def end() -> None:
        with suppress(ProcessLookupError):
            os.killpg(running.pid, signal.SIGTERM)
        running.wait(SLOW)

    undo.callback(end)
    return running


def works(running: subprocess.Popen[bytes], host: Host, address: str) -> bool:
    """Whether logger, trader, chain node and pages have said something lately, and the relay answers."""
    assert running.poll() is None, f"the demo ended with {running.returncode}: see {host.log}"
    wanted = {"commonwatt_meter_power_watts", "commonwatt_trading_state", "commonwatt_chain_height_blocks"}
    return wanted <= told(address).keys() and greets(address)


def told(address: str) -> dict[str, float]:
    """A household's metrics by name, one value of each; empty: its pages do not answer."""
    try:
        with urlopen(f"http://{address}:{PAGES}/metrics", timeout=60) as answer:
            families = text_string_to_metric_families(answer.read().decode())
    except (URLError, OSError):
        return {}
    return {sample.name: sample.value for family in families for sample in family.samples}


def greets(address: str) -> bool:
    """Whether the relay says which protocol it speaks."""
    try:
        with socket.create_connection((address, RELAY), timeout=60) as wire:
            wire.sendall(b'{"op":"HELLO","v":[2]}\n')
            return b'"ok":true' in wire.recv(1_024)
    except OSError:
        return False
