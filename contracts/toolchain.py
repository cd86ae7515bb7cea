"""Where this machine has the tools of the contracts: node, and solc and forge from npm's lock file.

Only development needs them. Running needs none: the compiled contracts are committed.
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from contracts.errors import ToolMissing

HERE = Path(__file__).parent
BUILD = HERE.parent / "build"

INSTALL = "run 'make setup', or 'npm ci' in contracts/"


def node() -> str:
    """Path of node: `$NODE`, else the first on the path, else the one beside this Python.

    Raises:
        ToolMissing: none of them is there.
    """
    beside = Path(sys.executable).parent / "node"
    found = os.environ.get("NODE") or shutil.which("node") or (str(beside) if beside.exists() else None)
    if found is None:
        raise ToolMissing("node is not there: install Node.js 20 or later, or run 'make setup'")
    return found


def solc() -> Path:
    """A program that is npm's solc to those who know solc by `--version` and `--standard-json`.

    Raises:
        ToolMissing: node or the npm package is not there.
    """
    if not (HERE / "node_modules" / "solc").is_dir():
        raise ToolMissing(f"solc is not installed: {INSTALL}")
    BUILD.mkdir(exist_ok=True)
    program, draft = BUILD / "solc", BUILD / f".solc.{os.getpid()}"
    draft.write_text(f'#!/bin/sh\nexec "{node()}" "{HERE / "tools" / "solc.mjs"}" "$@"\n')
    draft.chmod(0o755)
    draft.replace(program)
    return program


def forge() -> Path:
    """Path of forge, the test runner.

    Raises:
        ToolMissing: not installed, or there is none for this kind of machine.
    """
    found = sorted(HERE.glob("node_modules/@foundry-rs/forge-*/bin/forge"))
    if not found:
        raise ToolMissing(f"forge is not installed ({INSTALL}), or npm has none for this kind of machine")
    return found[0]


if __name__ == "__main__":
    sys.stdout.write(f"{solc()}\n")
