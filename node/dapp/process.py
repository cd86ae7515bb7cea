"""gunicorn without its master: this process is the one worker, and the household has 25 MB more.

    python -m node.dapp.process OPTIONS APPLICATION

The arguments are gunicorn's own. What a master does for a single worker (to start it again when it dies, to
end it when it hangs) is done for all daemons by whoever starts them: systemd, with its watchdog.
"""

from __future__ import annotations

import os
import sys
from typing import NoReturn

from gunicorn.app.wsgiapp import WSGIApplication  # type: ignore[import-untyped]
from gunicorn.arbiter import Arbiter  # type: ignore[import-untyped]

from node.errors import answered


class OnlyWorker(Arbiter):  # type: ignore[misc]  # gunicorn has no types
    """Listens as the master does, then works instead of watching a worker."""

    def run(self) -> NoReturn:
        """Serve until SIGTERM or SIGINT."""
        code = answered(self._work)
        sys.stderr.flush()
        os._exit(code)  # A request that hangs is not waited for: a daemon stops within 3 s.

    def _work(self) -> int:
        self.start()
        worker = self.worker_class(1, os.getppid(), self.LISTENERS, self.app, 0, self.cfg, self.log)
        worker.pid = self.pid
        worker.init_process()
        return 0


class Pages(WSGIApplication):  # type: ignore[misc]
    """gunicorn's command line, for a process of its own."""

    def run(self) -> None:
        """Serve."""
        OnlyWorker(self).run()


if __name__ == "__main__":
    Pages("%(prog)s [OPTIONS] APPLICATION").run()
