"""How far long work is, on a terminal only: what is written to a file or a program stays clean."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

import click


@contextmanager
def counted(what: str, all_: int) -> Iterator[Callable[[int], None]]:
    """A bar; what it gives is told the number that is done."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    with click.progressbar(length=all_, label=what, file=sys.stderr, show_pos=True) as bar:
        yield lambda done: bar.update(done - bar.pos)


@contextmanager
def followed(what: str) -> Iterator[Callable[[int, int], None]]:
    """A bar for work whose size shows once it has begun: what it gives is told both, done and all."""
    if not sys.stderr.isatty():
        yield lambda _done, _all: None
        return
    with ExitStack() as opened:
        bars: list[Callable[[int], None]] = []

        def tell(done: int, all_: int) -> None:
            if not bars:
                bars.append(opened.enter_context(counted(what, all_)))
            bars[0](done)

        yield tell
