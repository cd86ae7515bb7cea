"""Userlands beside the laboratory's: Debian's next release, and Debian for arm64, whose programs qemu runs.

For wheels and binaries; not for a rollout: under qemu nftables and systemd do not work.

    python -m ansible.lab.userlands [KIND…]

makes them (some minutes each, once), or says which cannot be made here, and why; exit code 0 in both cases.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ansible.lab.hosts import quiet, run
from ansible.lab.image import FOLDER, sources

PROGRAMS = {"mmdebstrap": "mmdebstrap"}
EMULATION = {"qemu-aarch64-static": "qemu-user-static", "arch-test": "arch-test"}
"""Program → Debian package: of every userland, and of one for another processor."""

SYSTEM = ("python3", "python3-venv", "ca-certificates")
"""What a host has before anything of ours."""

BINFMT = Path("/proc/sys/fs/binfmt_misc")
ENTRY = "commonwatt-arm64"
KIND = r"\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\xb7\x00"
MASK = r"\xff\xff\xff\xff\xff\xff\xff\x00\xff\xff\xff\xff\xff\xff\xff\xff\xfe\xff\xff\xff"
"""The head of an arm64 program (ELF, little-endian, machine 0xb7), as Debian's qemu-user-static has it."""


@dataclass(frozen=True)
class Userland:
    """One Debian."""

    suite: str
    arch: str
    machine: str
    """As `uname -m` says it."""

    @property
    def emulates(self) -> bool:
        """Whether its programs are of another processor than this machine's."""
        return os.uname().machine != self.machine

    @property
    def root(self) -> Path:
        """Where it is, or will be."""
        recipe = hashlib.sha256(repr(SYSTEM).encode()).hexdigest()[:12]
        return FOLDER / f"{self.suite}-{self.arch}-{recipe}"

    @property
    def log(self) -> Path:
        """What making it said."""
        return FOLDER / f"{self.suite}-{self.arch}.log"

    def missing(self) -> str | None:
        """Why there can be none on this machine; None when there can."""
        if os.geteuid() != 0:
            return "it needs root"
        if self.emulates and self.arch != "arm64":
            return f"nothing here emulates {self.arch}"
        needed = PROGRAMS | (EMULATION if self.emulates else {})
        lacking = sorted({package for program, package in needed.items() if shutil.which(program) is None})
        return f"not installed: {', '.join(lacking)}" if lacking else None

    def make(self) -> None:
        """Make it, if it is not there.

        Raises:
            subprocess.CalledProcessError: mmdebstrap failed; the log is beside it.
            OSError: the kernel takes no format of programs.
        """
        draft = FOLDER / f"{self.suite}-{self.arch}.draft"
        if self.root.exists():
            return
        FOLDER.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(draft, ignore_errors=True)
        command = [
            *("mmdebstrap", f"--arch={self.arch}", "--variant=minbase", f"--include={','.join(SYSTEM)}"),
            *(self.suite, str(draft), *sources(self.suite)),
        ]
        with self.running(), self.log.open("w") as log:
            subprocess.run(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, check=True)
        draft.rename(self.root)

    @contextmanager
    def running(self) -> Iterator[None]:
        """Let the kernel hand its programs to qemu, where it must; afterwards it is as it was.

        Raises:
            OSError: the kernel has no binfmt_misc, or refuses.
        """
        if not self.emulates:
            yield
            return
        mounted = (BINFMT / "register").exists()
        if not mounted:
            run("mount", "-t", "binfmt_misc", "none", str(BINFMT))
        ours = f"{ENTRY}-{os.getpid()}"  # not another run's, which ends with that
        known = any("aarch64" in entry.read_text() for entry in entries() if not entry.name.startswith(ENTRY))
        if not known:
            qemu = shutil.which("qemu-aarch64-static")
            (BINFMT / "register").write_text(f":{ours}:M::{KIND}:{MASK}:{qemu}:F")
        try:
            yield
        finally:
            if not known:
                (BINFMT / ours).write_text("-1")
            if not mounted and not entries():
                quiet("umount", str(BINFMT))


USERLANDS = {
    "arm64-python3.11": Userland("bookworm", "arm64", "aarch64"),
    "amd64-python3.13": Userland("trixie", "amd64", "x86_64"),
    "arm64-python3.13": Userland("trixie", "arm64", "aarch64"),
}
"""By kind of host (`ansible.artefacts.kind`); hosts that boot are of the one that is left."""


def entries() -> list[Path]:
    """What formats of programs the kernel hands to others."""
    return [entry for entry in BINFMT.iterdir() if entry.name not in ("register", "status")]


def main(kinds: list[str]) -> int:
    """Make these, or all, or say why not."""
    for kind in kinds or USERLANDS:
        userland = USERLANDS[kind]
        why = userland.missing()
        try:
            if why is None:
                userland.make()
        except subprocess.CalledProcessError:
            why = f"mmdebstrap could not make it, see {userland.log}"
        except OSError as error:
            why = f"the kernel runs no programs of others: {error}"
        print(f"there is no userland of {kind}: {why}" if why else userland.root)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
