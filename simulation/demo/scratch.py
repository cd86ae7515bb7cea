"""The demo's folders, removed when it ends; or by the next demo, if it was killed."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from simulation.demo.errors import DemoRefused
from store.claim import Claim
from store.errors import StoreError

PREFIX = "commonwatt-demo-"
"""Of every folder that a demo makes for a while. Its demo claims it, which ends with the process."""


@contextmanager
def folders(keep: Path | None) -> Iterator[tuple[Path, Path]]:
    """The neighbourhood's folder, and a short one for its sockets; removed unless kept.

    Raises:
        DemoRefused: the folder to keep is not empty.
    """
    if keep is not None and keep.exists() and (not keep.is_dir() or any(keep.iterdir())):
        raise DemoRefused(f"{keep} is not empty: name a new folder with --keep")
    clear_up()
    with ExitStack() as made:
        run = made.enter_context(_scratch())
        yield (made.enter_context(_scratch()) if keep is None else keep.absolute()), run


def clear_up() -> None:
    """Remove what demos left behind that were killed before they could."""
    for left in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        with suppress(StoreError), Claim(left, "run a demo in"):  # refused: in use, or somebody else's
            shutil.rmtree(left, ignore_errors=True)


@contextmanager
def _scratch() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix=PREFIX))
    with Claim(folder, "run a demo in"):
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)
