"""How the pages are served: gunicorn's worker with a few threads, and the live hub beside them."""

from __future__ import annotations

import socket
import sys
from typing import TYPE_CHECKING

from node.dapp.household import Household, dumps, loads

if TYPE_CHECKING:
    from flask import Flask

    from node.dapp.context import Context
    from node.dapp.settings import DappSettings

ENVIRONMENT = {"MALLOC_ARENA_MAX": "1", "MALLOC_MMAP_THRESHOLD_": "65536"}
"""For the process. glibc would keep a pool of memory for each thread, and the 19 MB of the first password
that is checked: one pool, and what is large goes back at once (mallopt(3))."""


def arguments(household: Household) -> list[str]:
    """The command line to exec: gunicorn's worker with the application of this household."""
    return [
        sys.executable,
        *("-m", "node.dapp.process"),
        *("--bind", household.listen),
        *("--worker-class", "node.dapp.worker.LiveWorker"),
        *("--threads", str(household.threads)),
        *("--worker-connections", str(64 + household.threads)),
        *("--worker-tmp-dir", "/dev/shm"),  # noqa: S108 - gunicorn wants a file for its heartbeat
        *("--graceful-timeout", "1"),
        *("--keep-alive", "15"),
        *("--limit-request-fields", "50"),
        *("--log-level", "warning"),
        "--no-control-socket",
        f"node.dapp.serve:application({dumps(household)!r})",
    ]


def taken(settings: DappSettings) -> bool:
    """Whether something else listens where we are to listen, or the address is not this host's."""
    from chain.endpoint import host_and_port  # noqa: PLC0415 - not for the process that serves

    host, port = host_and_port(settings.listen)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            sock.bind((host, port))
        except OSError:
            return True
    return False


def application(household: str) -> Flask:
    """The WSGI application of a household, given as `node.dapp.household.dumps` writes it."""
    from chain.daemon import configure_logs, sd_ready  # noqa: PLC0415 - not for the process that only execs

    configure_logs()
    from node.dapp.app import create_app  # noqa: PLC0415 - after that: it loads structlog lean

    app = create_app(loads(household))
    _index(app.extensions["commonwatt"])
    sd_ready()
    return app


def _index(here: Context) -> None:
    """Keep the index of the chain from now on."""
    from chain.client import ChainClient  # noqa: PLC0415 - after the logs are set up
    from node.dapp import indexing  # noqa: PLC0415

    if here.index is not None:
        indexing.start(here.index, ChainClient(here.household.rpc, timeout=10.0))
