"""An arm64 userland on this machine: Debian's, whose programs qemu runs.

For wheels and binaries; not for a rollout, since nftables and systemd do not work so.

    python -m ansible.lab.arm64

makes it (some minutes, once), or says why it cannot be made here; exit code 0 in both cases.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ansible.lab.hosts import quiet, run
from ansible.lab.image import FOLDER, sources

PROGRAMS = {"qemu-aarch64-static": "qemu-user-static", "mmdebstrap": "mmdebstrap", "arch-test": "arch-test"}
"""Program → Debian package."""

SYSTEM = ("python3", "python3-venv", "ca-certificates")
"""What a host has before anything of ours."""

BINFMT = Path("/proc/sys/fs/binfmt_misc")
ENTRY = "commonwatt-arm64"
KIND = r"\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\xb7\x00"
MASK = r"\xff\xff\xff\xff\xff\xff\xff\x00\xff\xff\xff\xff\xff\xff\xff\xff\xfe\xff\xff\xff"
"""The head of an arm64 program (ELF, little-endian, machine 0xb7), as Debian's qemu-user-static has it."""


def missing() -> str | None:
    """Why there can be none on this machine; None when there can."""
    if os.geteuid() != 0:
        return "an arm64 userland needs root"
    lacking = sorted({package for program, package in PROGRAMS.items() if shutil.which(program) is None})
    return f"not installed: {', '.join(lacking)}" if lacking else None


def root() -> Path:
    """Where it is, or will be."""
    return FOLDER / f"arm64-{hashlib.sha256(repr(SYSTEM).encode()).hexdigest()[:12]}"


def make() -> None:
    """Make it, if it is not there.

    Raises:
        subprocess.CalledProcessError: mmdebstrap failed; the log is beside it.
        OSError: the kernel takes no format of programs.
    """
    draft = FOLDER / "arm64.draft"
    if root().exists():
        return
    FOLDER.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(draft, ignore_errors=True)
    command = [
        *("mmdebstrap", "--arch=arm64", "--variant=minbase", f"--include={','.join(SYSTEM)}"),
        *("bookworm", str(draft), *sources()),
    ]
    with emulated(), (FOLDER / "arm64.log").open("w") as log:
        subprocess.run(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, check=True)
    draft.rename(root())


@contextmanager
def emulated() -> Iterator[None]:
    """Let the kernel hand arm64 programs to qemu, unless it does so already; afterwards it is as it was.

    Raises:
        OSError: the kernel has no binfmt_misc, or refuses.
    """
    mounted = (BINFMT / "register").exists()
    if not mounted:
        run("mount", "-t", "binfmt_misc", "none", str(BINFMT))
    entries = [entry for entry in BINFMT.iterdir() if entry.name not in ("register", "status")]
    known = any("aarch64" in entry.read_text() for entry in entries)
    if not known:
        qemu = shutil.which("qemu-aarch64-static")
        (BINFMT / "register").write_text(f":{ENTRY}:M::{KIND}:{MASK}:{qemu}:F")
    try:
        yield
    finally:
        if not known:
            (BINFMT / ENTRY).write_text("-1")
        if not mounted:
            quiet("umount", str(BINFMT))


def main() -> int:
    """Make it, or say why not."""
    why = missing()
    try:
        if why is None:
            make()
    except subprocess.CalledProcessError:
        why = f"mmdebstrap could not make it, see {FOLDER / 'arm64.log'}"
    except OSError as error:
        why = f"the kernel runs no programs of others: {error}"
    print(f"there is no arm64 userland: {why}" if why else root())
    return 0


if __name__ == "__main__":
    sys.exit(main())
