"""The system that every host begins with: Debian as a Pi's system has it, with nothing of ours.

The packages that the roles install lie in apt's cache, so that hosts need no way out; which, the roles' own
variables say. Made once, from the machine's own list of sources.
"""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "build" / "lab"
LOGS = FOLDER / "logs"

SUITE = os.environ.get("COMMONWATT_LAB_SUITE", "bookworm")
"""Which Debian boots."""

SYSTEM = (
    "systemd", "systemd-sysv", "dbus", "libpam-systemd", "python3", "python3-apt", "openssh-server",
    "iproute2", "iputils-ping", "sudo", "ca-certificates", "curl",
)  # fmt: skip

PACKAGES = (
    "avahi-daemon", "chrony", "unattended-upgrades", "python3-venv", "nftables", "wireguard-tools",
    "wireguard-go", "nginx-light", "postgresql", "prometheus", "prometheus-node-exporter",
)  # fmt: skip

USER = "pi"
HOOK = f"""
chroot "$1" useradd --create-home --shell /bin/bash {USER}
printf 'force-unsafe-io\npath-exclude=/usr/share/doc/*\npath-exclude=/usr/share/man/*\n' \
    >"$1/etc/dpkg/dpkg.cfg.d/lab"
echo '{USER} ALL=(ALL) NOPASSWD: ALL' >"$1/etc/sudoers.d/010_{USER}"
chroot "$1" apt-get -y -qq install --download-only --no-install-recommends {" ".join(PACKAGES)}
"""


def base() -> Path:
    """The root folder of the system, made if it is not there.

    Raises:
        subprocess.CalledProcessError: mmdebstrap failed; the log is beside it.
    """
    recipe = hashlib.sha256(repr((SYSTEM, PACKAGES, HOOK)).encode()).hexdigest()[:12]
    folder, draft = FOLDER / f"{SUITE}-{recipe}", FOLDER / "base.draft"
    if folder.exists():
        return folder
    FOLDER.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(draft, ignore_errors=True)
    command = [
        *("mmdebstrap", "--variant=minbase", "--skip=cleanup/apt,cleanup/apt/lists"),
        *(f"--include={','.join(SYSTEM)}", f"--customize-hook={HOOK}", SUITE, str(draft)),
        *sources(SUITE),
    ]
    with (FOLDER / "base.log").open("w") as log:
        subprocess.run(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, check=True)
    draft.rename(folder)
    return folder


def sources(suite: str) -> list[str]:
    """The machine's own lists of Debian's packages, for this release of Debian or another."""
    own = platform.freedesktop_os_release().get("VERSION_CODENAME", suite)
    places = [Path("/etc/apt/sources.list"), *sorted(Path("/etc/apt/sources.list.d").glob("debian*"))]
    written = FOLDER / f"{suite}.sources.d"
    written.mkdir(parents=True, exist_ok=True)
    for path in places:
        if path.is_file() and "debian" in (text := path.read_text()):
            (written / path.name).write_text(text.replace(own, suite))
    return [str(path) for path in sorted(written.iterdir())]
