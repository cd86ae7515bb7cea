"""Our own commands, which the pages start as processes of their own: they need not carry what those load."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

PROGRAM = (sys.executable, "-m", "node.cli")


def configured(files: Sequence[Path]) -> list[str]:
    """The options that name the configuration's files."""
    return [part for file in files for part in ("--config", str(file))]
