"""The pages' one background thread: it keeps the index of the chain, at the lowest priority.

It belongs to the pages' process because nobody else reads the index, and because a process of its own would
cost a Pi 25 MB. It works half of the time at most, so pages are answered while a long chain is taken in.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import threading
import time

import structlog

from chain.errors import ChainError
from node.dapp.chain_index import ChainIndex, Node
from store.errors import StoreError

log = structlog.get_logger(__name__)

IDLE = 1.0
"""Seconds between two looks at a chain that is taken in."""

AFTER_FAILURE = 10.0

NICE = 15
"""Of the thread: Linux has priorities by thread (setpriority(2), "C library/kernel differences")."""

TELL_EVERY = 60.0
"""Seconds between two lines of the log while a long chain is taken in."""


def start(index: ChainIndex, node: Node) -> threading.Thread:
    """Begin; the thread ends with its process, and goes on where it was at the next start."""
    thread = threading.Thread(target=_run, args=(index, node), name="index", daemon=True)
    thread.start()
    return thread


def _run(index: ChainIndex, node: Node) -> None:
    with contextlib.suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICE)
    told = time.monotonic()
    while True:
        began = time.monotonic()
        try:
            more = index.step(node)
        except (ChainError, StoreError, sqlite3.Error, KeyError, TypeError, ValueError) as error:
            log.info("index_waits", error=str(error))
            time.sleep(AFTER_FAILURE)
            continue
        if more and began - told > TELL_EVERY:
            reach, told = index.reach(), began
            log.info("indexing", block=reach.done, head=reach.head, percent=reach.percent)
        time.sleep(time.monotonic() - began if more else IDLE)
