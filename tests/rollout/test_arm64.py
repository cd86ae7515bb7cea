"""What is copied to a Pi, in a Pi's userland: Debian for arm64, its programs run by qemu."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import tarfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest
from prometheus_client.parser import text_string_to_metric_families

from ansible.lab import arm64
from ansible.lab.hosts import run
from ansible.lab.image import FOLDER, LOGS, ROOT
from tests.rollout.street import until

RELEASE = ROOT / "build" / "artefacts" / "current"
OURS = "opt/commonwatt"
PATH = f"/{OURS}/venv/bin:/{OURS}/bin:/usr/sbin:/usr/bin:/sbin:/bin"

SLOW = 1_800.0
"""Seconds; qemu takes ten times as long, and so does a busy machine."""

NOT_HERE = {"RPi": "raises anywhere but on a Pi, on whatever machine"}
"""Top-level modules that cannot be imported, and why."""

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

PAGES, RELAY = 8080, 15555
HOUSES = ("127.0.10.1", "127.0.10.2")


@pytest.fixture(scope="module")
def pi() -> Iterator[Path]:
    """A Pi's userland with a release in it, as the playbook puts it there; what is written is in memory."""
    archive = RELEASE / "arm64.tar"
    why = arm64.missing()
    if why is None and not arm64.root().exists():
        why = f"{arm64.root()} is not there: python -m ansible.lab.arm64 makes it, or says why not"
    if why is None and not archive.exists():
        why = "there are no artefacts for arm64: run `make artefacts`"
    if why is not None:
        pytest.skip(why)
    top = FOLDER / "arm64.here"
    upper, work, root = (top / part for part in ("upper", "work", "root"))
    top.mkdir(exist_ok=True)
    run("ip", "link", "set", "lo", "up")
    LOGS.mkdir(exist_ok=True)
    with ExitStack() as undo:
        run("mount", "-t", "tmpfs", "none", str(top))
        undo.callback(run, "umount", "-R", "-l", str(top))
        for part in (upper, work, root):
            part.mkdir()
        layers = f"lowerdir={arm64.root()},upperdir={upper},workdir={work}"
        run("mount", "-t", "overlay", "overlay", "-o", layers, str(root))
        run("mount", "-t", "proc", "proc", str(root / "proc"))
        run("mount", "--rbind", "/dev", str(root / "dev"))
        undo.enter_context(arm64.emulated())
        (root / OURS).mkdir(parents=True)
        with tarfile.open(archive) as packed:
            packed.extractall(root / OURS, filter="data")
        install = "venv/bin/pip install -q --no-index --no-deps --disable-pip-version-check wheels/*.whl"
        inside(root, "sh", "-ec", f"cd /{OURS} && python3 -m venv venv && {install}")
        yield root


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


def test_every_wheel_of_the_artefacts_imports(pi: Path) -> None:
    assert inside(pi, "uname", "-m").strip() == "aarch64"
    said = json.loads(inside(pi, f"/{OURS}/venv/bin/python", "-c", IMPORTS))
    listed = json.loads((RELEASE / "manifest.json").read_text())["arches"]["arm64"]
    wheels = {plain(Path(name).name.partition("-")[0]) for name in listed if name.endswith(".whl")}
    assert wheels <= {plain(part) for part in said["parts"]}
    print(f"{len(wheels)} wheels, {len(said['modules'])} modules")
    assert {name: why for name, why in said["modules"].items() if why and name not in NOT_HERE} == {}


def test_two_households_of_pis_run_and_their_chain_grows(pi: Path) -> None:
    assert "Architecture: arm64" in inside(pi, "geth", "version")
    began = time.monotonic()
    demo = ["commonwatt", "demo", "--headless", "--households", "2", "--period", "5", "--trades", "1"]
    with (LOGS / "arm64.log").open("wb") as log:
        running = subprocess.Popen(
            command(pi, *demo, "--timeout", f"{SLOW:.0f} s", "--keep", "/srv/demo"),
            stdout=log, stderr=log, start_new_session=True,
        )  # fmt: skip
    try:
        for address in HOUSES:
            until(partial(works, running, address), f"all of the household at {address}", SLOW)
        print(f"two households of Pis run after {time.monotonic() - began:.0f} s")
        height = told(HOUSES[0])["commonwatt_chain_height_blocks"]
        until(lambda: told(HOUSES[1]).get("commonwatt_chain_height_blocks", 0) > height + 3, "blocks", SLOW)
        print(f"and seal: at block {told(HOUSES[1])['commonwatt_chain_height_blocks']:.0f}")
    finally:
        os.killpg(running.pid, signal.SIGTERM)
        running.wait(300)


def works(running: subprocess.Popen[bytes], address: str) -> bool:
    """Whether logger, trader, chain node and pages have said something lately, and the relay answers."""
    assert running.poll() is None, f"the demo ended with {running.returncode}: see {LOGS}/arm64.log"
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
