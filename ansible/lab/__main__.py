"""Runs a command in the laboratory's namespaces, which end with it: network, mounts and processes.

    python -m ansible.lab COMMAND…

Exit code: the command's; 69 where hosts cannot boot on this machine, with the reason.
"""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

from ansible.lab.hosts import GROUP
from ansible.lab.image import FOLDER, base
from ansible.lab.requirements import UNSHARED, missing

UNAVAILABLE = 69
TOP = Path("/sys/fs/cgroup")


def main(command: list[str]) -> int:
    """Make the image while the network is there, then run the command."""
    why = missing()
    if why is not None:
        print(f"the rollout cannot be tested here: {why}")
        return UNAVAILABLE
    try:
        base()
    except subprocess.CalledProcessError:
        print(*(FOLDER / "base.log").read_text().splitlines()[-3:], sep="\n")
        print("the rollout cannot be tested here: mmdebstrap could not make the hosts' system, see above")
        return UNAVAILABLE
    group = f"commonwatt-lab-{os.getpid()}"
    weigh(group)
    sys.stdout.flush()
    try:
        return subprocess.call([*UNSHARED, *command], env={**os.environ, GROUP: group})
    finally:
        remove_groups(group)


def weigh(group: str) -> None:
    """Join the laboratory's control group, which weighs as much as sixteen processes beside it: it is several
    machines with their operator, and would stand still where many other things run."""
    for top, file, weight in ((TOP / "cpu", "cpu.shares", 16 * 1024), (TOP, "cpu.weight", 16 * 100)):
        if (top / "cgroup.procs").exists():
            with suppress(OSError):
                (top / group).mkdir()
                (top / group / file).write_text(str(weight))
                (top / group / "cgroup.procs").write_text(str(os.getpid()))


def remove_groups(group: str) -> None:
    """Remove the control groups of the hosts that were: their processes ended with the namespaces."""
    for top in [TOP, *TOP.glob("*/")]:
        with suppress(OSError):
            if (top / group).exists():
                (top / "cgroup.procs").write_text(str(os.getpid()))
        for folder, _, _ in os.walk(top / group, topdown=False):
            with suppress(OSError):
                Path(folder).rmdir()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
