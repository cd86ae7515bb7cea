"""Hosts that boot: each an overlay over the image, a network namespace and a systemd-nspawn of its own.

What hosts write is in memory, which spares the machine's disk the syncing of package managers and databases.

Everything here must run inside namespaces that end with it (`python -m ansible.lab`), so that whatever
happens no host, mount or network is left behind.
"""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import subprocess
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

from ansible.lab.image import LOGS, USER, base

GROUP = "COMMONWATT_LAB_GROUP"
"""Variable of the environment: the control group of the whole laboratory."""

BRIDGE = "street"
BEYOND = "beyond"
"""The bridge of those who are cut off."""

NETWORK = "192.168.77"
"""The home network; its first address is the operator's machine."""

CONTROLLERS = ("systemd", "unified", "memory", "cpu", "cpuacct", "pids", "devices")
ENVIRONMENT = {**os.environ, "SYSTEMD_NSPAWN_API_VFS_WRITABLE": "network"}

NSPAWN = """
group=$1; shift
for controller in {controllers}; do
    place=/sys/fs/cgroup/$controller
    [ -d "$place" ] || continue
    mkdir -p "$place/$group" && echo $$ >"$place/$group/cgroup.procs"
done
if [ -e /sys/fs/cgroup/cgroup.controllers ]; then
    mkdir -p "/sys/fs/cgroup/$group" && echo $$ >"/sys/fs/cgroup/$group/cgroup.procs"
fi
exec systemd-nspawn "$@"
""".format(controllers=" ".join(CONTROLLERS))
"""nspawn in a control group of its own: --keep-unit would share ours among all hosts."""

PATIENCE = 60.0
"""Seconds until a host answers."""


@dataclass
class Host:
    """One host, booted or not."""

    name: str
    address: str
    root: Path
    shared: Path
    """A folder of this machine that hosts see as /srv/world."""
    container: subprocess.Popen[bytes] | None = None
    down: threading.Event = field(default_factory=threading.Event)

    @property
    def log(self) -> Path:
        """What its console says; kept after the laboratory's end."""
        return LOGS / f"{self.name}.log"

    def boot(self) -> None:
        """Start it; a reboot from inside starts it again."""
        self.down.clear()
        threading.Thread(target=self._run, name=self.name, daemon=True).start()

    def _run(self) -> None:
        group = f"{os.environ.get(GROUP, 'commonwatt-lab')}/{self.name}"
        rebooted = 133
        while not self.down.is_set():
            with self.log.open("ab") as log:
                self.container = subprocess.Popen(
                    [
                        *("sh", "-ec", NSPAWN, "nspawn", group),
                        *("-q", "--boot", "-D", str(self.root), f"--machine={self.name}"),
                        *("--register=no", "--keep-unit", "--resolv-conf=off", "--timezone=off"),
                        *("--console=pipe", "--kill-signal=SIGRTMIN+3", "--link-journal=no"),
                        f"--network-namespace-path=/run/netns/{self.name}",
                        *("--capability=CAP_NET_ADMIN,CAP_BPF,CAP_PERFMON", "--system-call-filter=bpf"),
                        *("--bind=/dev/net/tun", f"--bind={self.shared}:/srv/world"),
                    ],
                    stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=ENVIRONMENT,
                )  # fmt: skip
                if self.container.wait() != rebooted:
                    return

    def leader(self) -> int:
        """The process that is the host's own first."""
        nspawn = self._nspawn().pid
        children = Path(f"/proc/{nspawn}/task/{nspawn}/children")
        return int(children.read_text().split()[0])

    def _nspawn(self) -> subprocess.Popen[bytes]:
        if self.container is None:
            raise RuntimeError(f"{self.name} was never booted")
        return self.container

    def limits_take_effect(self) -> None:
        """Let its systemd set limits: nspawn mounts the old control groups read-only."""
        leader = str(self.leader())
        mounts = Path(f"/proc/{leader}/mounts").read_text().splitlines()
        for line in mounts:
            _, place, kind, *_ = line.split()
            if kind == "cgroup":
                quiet("nsenter", "-t", leader, "-m", "mount", "-o", "remount,rw,bind", place)
        quiet("nsenter", "-t", leader, "-a", "systemctl", "daemon-reexec")

    def cut_power(self) -> None:
        """End it at once, as a power cut does."""
        self.down.set()
        os.kill(self.leader(), signal.SIGKILL)
        self._nspawn().wait()

    def plug(self, in_: bool) -> None:
        """Join or leave the home network."""
        run("ip", "link", "set", f"ve-{self.name}", "up" if in_ else "down")


class Lab:
    """Several hosts on one home network, and the way to them."""

    def __init__(self, folder: Path, names: list[str]) -> None:
        self.folder = folder
        self.key = folder / "id"
        self.shared = folder / "world"
        self.hosts: dict[str, Host] = {}
        for name in names:
            self._plan(name)

    def start(self) -> None:
        """Make network and hosts, boot all, wait until each answers."""
        self.folder.mkdir(parents=True, exist_ok=True)
        run("mount", "-t", "tmpfs", "none", str(self.folder))
        self.shared.mkdir()
        run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(self.key))
        Path("/run/netns").mkdir(exist_ok=True)
        run("mount", "-t", "tmpfs", "none", "/run/netns")
        run("ip", "link", "set", "lo", "up")
        run("ip", "link", "add", BRIDGE, "type", "bridge")
        run("ip", "address", "add", f"{NETWORK}.1/24", "dev", BRIDGE)
        run("ip", "link", "set", BRIDGE, "up")
        LOGS.mkdir(exist_ok=True)
        for host in self.hosts.values():
            self._furnish(host)
            self._connect(host)
            host.boot()
        for host in self.hosts.values():
            self.await_up(host)

    def add(self, name: str) -> Host:
        """One host more, with nothing of ours on it."""
        host = self._plan(name)
        self._furnish(host)
        self._connect(host)
        host.boot()
        self.await_up(host)
        return host

    def replace(self, host: Host) -> None:
        """End a host for good, with all that was on it, and boot an empty one at its address."""
        host.cut_power()
        run("umount", "-l", str(host.root))
        shutil.rmtree(self.folder / host.name)
        self._furnish(host)
        host.boot()
        self.await_up(host)

    def cut(self, *names: str) -> None:
        """Cut the home network in two: these hosts on the other side; the operator still reaches all."""
        run("ip", "link", "add", BEYOND, "type", "bridge")
        run("ip", "link", "set", BEYOND, "up")
        for name in names:
            run("ip", "link", "set", f"ve-{name}", "master", BEYOND)
            way = (f"{self.hosts[name].address}/32", "dev", BEYOND, "src", f"{NETWORK}.1")
            run("ip", "route", "add", *way)

    def mend(self) -> None:
        """Join what was cut."""
        for host in self.hosts.values():
            run("ip", "link", "set", f"ve-{host.name}", "master", BRIDGE)
        run("ip", "link", "delete", BEYOND)

    def forget(self, host: Host) -> None:
        """Forget the host's key, as an operator does for a new host at an old address."""
        run("ssh-keygen", "-R", host.address, "-f", str(self.folder / "known_hosts"))

    def await_up(self, host: Host) -> None:
        """Wait until a host that boots lets us in, and may set limits."""
        self.await_ssh(host)
        host.limits_take_effect()

    def ssh(self, host: Host, command: str, timeout: float = 60.0) -> subprocess.CompletedProcess[str]:
        """Run a command on a host as its administrator, through sudo."""
        shell = ["sudo", "sh", "-c", shlex.quote(command)]
        line = ["ssh", *self.ssh_options(), f"{USER}@{host.address}", *shell]
        return subprocess.run(line, capture_output=True, text=True, timeout=timeout, check=False)

    def ssh_options(self) -> list[str]:
        """How to log in: with our key, and every host's key taken as it comes."""
        return [
            *("-i", str(self.key), "-o", "StrictHostKeyChecking=no", "-o", "LogLevel=ERROR"),
            *("-o", f"UserKnownHostsFile={self.folder / 'known_hosts'}", "-o", "ConnectTimeout=5"),
        ]

    def await_ssh(self, host: Host) -> None:
        """Wait until a host lets us in."""
        until = time.monotonic() + PATIENCE
        while self.ssh(host, "true").returncode:
            if time.monotonic() > until:
                raise TimeoutError(f"{host.name} does not answer: see {host.log}")
            time.sleep(0.2)

    def stop(self) -> None:
        """End all hosts; what is left of them ends with the namespaces."""
        for host in self.hosts.values():
            host.down.set()
            if host.container is not None and host.container.poll() is None:
                os.kill(host.leader(), signal.SIGKILL)
                host.container.wait()
            quiet("umount", "-l", str(host.root))
        quiet("umount", "-l", str(self.folder))

    def _plan(self, name: str) -> Host:
        address = f"{NETWORK}.{11 + len(self.hosts)}"
        self.hosts[name] = Host(name, address, self.folder / name / "root", self.shared)
        return self.hosts[name]

    def _furnish(self, host: Host) -> None:
        parts = {part: self.folder / host.name / part for part in ("upper", "work", "root")}
        for part in parts.values():
            part.mkdir(parents=True)
        layers = f"lowerdir={base()},upperdir={parts['upper']},workdir={parts['work']}"
        run("mount", "-t", "overlay", "overlay", "-o", layers, str(host.root))
        (host.root / "etc/hostname").write_text(f"{host.name}\n")
        ssh = host.root / "home" / USER / ".ssh"
        ssh.mkdir(mode=0o700)
        shutil.copy(self.key.with_suffix(".pub"), ssh / "authorized_keys")
        owner = (host.root / "home" / USER).stat()
        for path in (ssh, ssh / "authorized_keys"):
            os.chown(path, owner.st_uid, owner.st_gid)
        (host.root / "var/lib/apt/lists").touch()
        for key in (host.root / "etc/ssh").glob("ssh_host_*"):
            key.unlink()  # the image's: each host has its own, as each card has
        run("ssh-keygen", "-A", "-f", str(host.root))

    def _connect(self, host: Host) -> None:
        run("ip", "netns", "add", host.name)
        plug = f"ve-{host.name}"
        run("ip", "link", "add", plug, "type", "veth", "peer", "name", "eth0", "netns", host.name)
        run("ip", "link", "set", plug, "master", BRIDGE, "up")
        run("ip", "-n", host.name, "address", "add", f"{host.address}/24", "dev", "eth0")
        for device in ("lo", "eth0"):
            run("ip", "-n", host.name, "link", "set", device, "up")


def run(*command: str) -> None:
    """Run a command that must work."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise OSError(f"{' '.join(command)}: {done.stderr.strip()}")


def quiet(*command: str) -> None:
    """Run a command that may fail."""
    subprocess.run(command, capture_output=True, check=False)
