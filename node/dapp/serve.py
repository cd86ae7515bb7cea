"""How the pages are served: gunicorn, one worker with a few threads, and the live hub beside them."""

from __future__ import annotations

import socket
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from node.dapp.settings import DappSettings, host_and_port

if TYPE_CHECKING:
    from flask import Flask

ENVIRONMENT = {"MALLOC_ARENA_MAX": "1"}
"""For the process: glibc's memory pools, of which each thread would otherwise keep one."""


def arguments(settings: DappSettings, configurations: Sequence[Path]) -> list[str]:
    """The command line to exec: gunicorn with the application made from these configuration files."""
    files = ", ".join(repr(str(path)) for path in configurations)
    return [
        sys.executable,
        *("-m", "gunicorn"),
        *("--bind", settings.listen),
        *("--workers", "1"),
        *("--worker-class", "node.dapp.worker.LiveWorker"),
        *("--threads", str(settings.threads)),
        *("--worker-connections", str(64 + settings.threads)),
        *("--worker-tmp-dir", "/dev/shm"),  # noqa: S108 - the worker's heartbeat, not a file of ours
        *("--timeout", "60"),
        *("--graceful-timeout", "1"),
        *("--keep-alive", "15"),
        *("--limit-request-fields", "50"),
        *("--log-level", "warning"),
        "--no-control-socket",
        f"node.dapp.serve:application({files})",
    ]


def taken(settings: DappSettings) -> bool:
    """Whether something else listens where we are to listen, or the address is not this host's."""
    host, port = host_and_port(settings.listen)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as sock:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            sock.bind((host, port))
        except OSError:
            return True
    return False


def application(*configurations: str) -> Flask:
    """The WSGI application of the household that these files describe; gunicorn's worker calls it."""
    from chain.daemon import configure_logs, sd_ready  # noqa: PLC0415 - not for the process that only execs
    from node.config import load  # noqa: PLC0415
    from node.dapp.app import create_app  # noqa: PLC0415
    from node.dapp.household import from_settings  # noqa: PLC0415

    configure_logs()
    household = from_settings(load([Path(path) for path in configurations]))
    app = create_app(household)
    sd_ready()
    return app
