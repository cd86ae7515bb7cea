"""Builds what is copied to every host, once, on the operator's machine: hosts need no compiler and no index.

    python -m ansible.artefacts [--arch amd64] [--arch arm64]

For each kind of host (its architecture and Python: arm64-python3.13) one archive,
build/artefacts/RELEASE/KIND.tar: geth, and a wheel of Commonwatt and of everything that it needs, by lock
file. RELEASE is the version (pyproject.toml has it, nobody else) with a digest of all that is in the
archives; manifest.json lists every file with its hash, KIND.cdx.json all that they are made of;
build/artefacts/current names the newest. What has not changed has the same digest, so hosts that have it
are left alone.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
import tomllib
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from ansible.bill_of_materials import bill

ROOT = Path(__file__).resolve().parents[1]
TARGET = ROOT / "build" / "artefacts"
CACHE = ROOT / "build" / "wheels"
ARCHES = {"amd64": "x86_64", "arm64": "aarch64"}
PYTHONS = ("3.11", "3.13")
"""Of Debian 12 and 13, and of the Raspberry Pi OS made of each."""

PLATFORMS = ("manylinux_2_28", "manylinux_2_17", "manylinux2014", "manylinux_2_34", "manylinux_2_36")
"""What Debian 12's glibc (2.36) can run, and so Debian 13's."""

LOCKS = ("runtime.txt", "gpio.txt")
LGPIO = {
    "amd64-python3.11": "lgpio.txt",
    "arm64-python3.11": "lgpio.txt",
    "arm64-python3.13": "lgpio-3.13.txt",
}
"""What switches pins, by kind of host: for Python 3.13 there are wheels of others, and for amd64 none."""

SOURCES = ("pi.txt",)
"""Plain Python without wheels: built here, the same for every architecture."""

BUNDLED = {
    ROOT / "node/dapp/frontend/package-lock.json": ("uplot",),
    ROOT / "contracts/package-lock.json": ("@openzeppelin/contracts",),
}
"""What is within our wheel: in the pages' bundle, in the contracts' code."""

LEFT_OUT = shutil.ignore_patterns(
    ".*", "build", "node_modules", "__pycache__", "*.egg-info", "tests", "docs", "firmware", "bench", "lib"
)
EPOCH = "315619200"
"""Of every file in our wheel, so that the same content has the same hash."""


def main(arguments: list[str] | None = None) -> int:
    """Build. Returns the exit code: 0, 1 (a step failed)."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--arch", action="append", choices=sorted(ARCHES), help="default: all")
    arches = parser.parse_args(arguments).arch or sorted(ARCHES)
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    started = time.monotonic()
    try:
        ours = our_wheel(version)
        plain = [wheel for lock in SOURCES for wheel in built_wheels(lock)]
        contents = {
            kind(arch, python): dict(sorted(of(arch, python, [ours, *plain])))
            for arch in arches
            for python in PYTHONS
        }
    except subprocess.CalledProcessError as failure:
        print(failure.stdout, file=sys.stderr)
        print(f"{' '.join(failure.cmd[:4])} … ended with {failure.returncode}", file=sys.stderr)
        return 1
    listed = {
        host: {name: {"sha256": sha256(path), "bytes": path.stat().st_size} for name, path in files.items()}
        for host, files in contents.items()
    }
    digest = hashlib.sha256(json.dumps(listed, sort_keys=True).encode()).hexdigest()
    release = f"{version}-{digest[:8]}"
    folder = TARGET / release
    folder.mkdir(parents=True, exist_ok=True)
    manifest = {"version": version, "release": release, "pythons": PYTHONS, "kinds": listed}
    (folder / "manifest.json").write_text(json.dumps(manifest, indent=1, sort_keys=True) + "\n")
    for host, files in contents.items():
        pack(folder / f"{host}.tar", files)
        made = bill(release, host, files, BUNDLED, datetime.now(UTC))
        (folder / f"{host}.cdx.json").write_text(made, "utf-8")
        total = sum(path.stat().st_size for path in files.values())
        print(f"{release} for {host}: {len(files)} files, {total / 1e6:.0f} MB")
    current = TARGET / "current"
    current.unlink(missing_ok=True)
    current.symlink_to(release)
    print(f"{folder}  ({time.monotonic() - started:.0f} s)")
    return 0


def kind(arch: str, python: str) -> str:
    """The name of a kind of host; the playbooks make the same of what a host says of itself."""
    return f"{arch}-python{python}"


def of(arch: str, python: str, common: list[Path]) -> Iterable[tuple[str, Path]]:
    """The files for one kind of host, by their names in its archive."""
    run([sys.executable, "-m", "chain.geth", "--arch", arch])
    [geth] = list((ROOT / "build").glob(f"geth-*-{arch}"))
    yield "bin/geth", geth
    locks = [*LOCKS, *filter(None, [LGPIO.get(kind(arch, python))])]
    for lock in locks:
        yield from ((f"wheels/{wheel.name}", wheel) for wheel in fetched_wheels(lock, arch, python))
    yield from ((f"wheels/{wheel.name}", wheel) for wheel in common)


def our_wheel(version: str) -> Path:
    """Commonwatt with its pages' bundle, from a clean copy: what lies in `build/` must not get into it."""
    if not (ROOT / "node" / "dapp" / "static" / "build").is_dir():
        raise SystemExit("the pages' bundle is not there: run `make setup` first")
    target = CACHE / "ours"
    shutil.rmtree(target, ignore_errors=True)
    with tempfile.TemporaryDirectory() as scratch:
        copy = Path(scratch) / "commonwatt"
        shutil.copytree(ROOT, copy, ignore=LEFT_OUT)
        shutil.copytree(ROOT / "node/dapp/static/build", copy / "node/dapp/static/build")
        pip("wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", str(target), str(copy))
    [wheel] = target.glob(f"commonwatt-{version}-*.whl")
    return wheel


def built_wheels(lock: str) -> list[Path]:
    """Wheels made of sources, by lock file."""
    return cached(lock, "any", "wheel", "--no-build-isolation", "--wheel-dir")


def fetched_wheels(lock: str, arch: str, python: str) -> list[Path]:
    """Wheels for a kind of host, by lock file.

    Pip judges a line's `; python_version` by its own Python: hence a lock file for each where they differ.
    """
    platforms = [option for each in PLATFORMS for option in ("--platform", f"{each}_{ARCHES[arch]}")]
    target = ("--python-version", python, "--implementation", "cp", *platforms)
    return cached(lock, kind(arch, python), "download", "--only-binary", ":all:", *target, "--dest")


def cached(lock: str, host: str, *command: str) -> list[Path]:
    """The wheels of a lock file, got once; another content, another folder.

    Args:
        host: the kind that they are for, or "any".
        command: pip's that gets them; it ends with the option that names their folder.
    """
    listed = ROOT / "requirements" / lock
    CACHE.mkdir(parents=True, exist_ok=True)
    target = CACHE / f"{sha256(listed)[:16]}-{host}"
    if not target.exists():
        with tempfile.TemporaryDirectory(dir=CACHE) as scratch:
            draft = Path(scratch) / "wheels"
            pip(*command, str(draft), "--no-deps", "--require-hashes", "-r", str(listed))
            draft.rename(target)  # all of them or none, whenever it is ended
    return sorted(target.glob("*.whl"))


def pack(target: Path, files: dict[str, Path]) -> None:
    """Write an archive whose bytes follow from its files alone."""
    draft = target.with_suffix(".draft")
    with tarfile.open(draft, "w", format=tarfile.PAX_FORMAT) as archive:
        for name, path in files.items():
            content = path.read_bytes()
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            entry.mode = 0o644 if name.endswith(".whl") else 0o755
            archive.addfile(entry, io.BytesIO(content))
    draft.replace(target)


def sha256(path: Path) -> str:
    """Of a file's content."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def pip(*arguments: str) -> None:
    """Run pip of this Python, with nothing of the environment that would change what is built."""
    run([sys.executable, "-m", "pip", "--disable-pip-version-check", "--no-input", *arguments])


def run(command: list[str]) -> None:
    """Run a step; what it says is shown only when it fails.

    Raises:
        subprocess.CalledProcessError: it failed.
    """
    environment = {**os.environ, "SOURCE_DATE_EPOCH": EPOCH, "PYTHONHASHSEED": "0"}
    subprocess.run(
        command, cwd=ROOT, env=environment, check=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
