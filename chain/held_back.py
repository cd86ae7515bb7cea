"""Imports without what a library would load and we do not use: megabytes in each of a Pi's processes."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import ModuleType


@contextmanager
def held_back(modules: Mapping[str, ModuleType | None]) -> Iterator[None]:
    """Let these be missing (None), or others, for whatever is imported inside; those loaded already stay.

    https://docs.python.org/3/reference/import.html#the-module-cache
    """
    mine = {name: instead for name, instead in modules.items() if name not in sys.modules}
    sys.modules.update(mine)  # type: ignore[arg-type]
    try:
        yield
    finally:
        for name in mine:
            del sys.modules[name]
