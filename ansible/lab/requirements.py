"""What the laboratory needs of the machine: found before anything is made."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

PROGRAMS = {
    "systemd-nspawn": "systemd-container",
    "mmdebstrap": "mmdebstrap",
    "ip": "iproute2",
    "ssh": "openssh-client",
    "setpriv": "util-linux",
    "unshare": "util-linux",
}
"""Program → Debian package."""

UNSHARED = (
    *("setpriv", "--pdeathsig", "KILL", "unshare", "--net", "--mount", "--pid"),
    *("--fork", "--kill-child", "--mount-proc"),
)
"""Namespaces that end with what runs in them, and with whoever began them."""


def missing() -> str | None:
    """Why hosts cannot boot on this machine; None when they can."""
    if os.geteuid() != 0:
        return "booting hosts needs root"
    lacking = sorted({package for program, package in PROGRAMS.items() if shutil.which(program) is None})
    if lacking:
        return f"not installed: {', '.join(lacking)}"
    if not Path("/sys/fs/cgroup").is_dir() or not os.access("/dev/net/tun", os.R_OK | os.W_OK):
        return "no /sys/fs/cgroup or no /dev/net/tun here"
    return refused()


def refused() -> str | None:
    """What the kernel does not let us do, tried in namespaces that end with the trial."""
    trial = (
        "ip link add lab-a type veth peer name lab-b && ip link add lab-c type bridge && "
        "mkdir -p /run/lab-trial && mount -t tmpfs none /run/lab-trial && cd /run/lab-trial && "
        "mkdir lower upper work root && "
        "mount -t overlay overlay -o lowerdir=lower,upperdir=upper,workdir=work root && "
        "base=/sys/fs/cgroup && { [ -e $base/cgroup.controllers ] || base=$base/systemd; } && "
        "mkdir $base/lab-trial && rmdir $base/lab-trial"
    )
    done = subprocess.run([*UNSHARED, "sh", "-ec", trial], capture_output=True, text=True, check=False)
    if done.returncode:
        said = " ".join(done.stderr.split()) or "no reason given"
        return f"the kernel refuses namespaces, networks, mounts or control groups: {said}"
    return None
