"""How far long work is, on a terminal only: what is written to a file or a program stays clean."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click


@contextmanager
def counted(what: str, all_: int) -> Iterator[Callable[[int], None]]:
    """A bar; what it gives is told the number that is done."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    with click.progressbar(length=all_, label=what, file=sys.stderr, show_pos=True) as bar:
        yield lambda done: bar.update(done - bar.pos)
