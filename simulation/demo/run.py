"""The demo from beginning to end: build, start, watch, report, stop."""

from __future__ import annotations

import json
import sys
import time
from contextlib import suppress
from pathlib import Path

from rich.console import Console

from chain.daemon import Stop
from chain.errors import ChainError
from neighbourhood.ports import RPC
from simulation.demo import gathering, processes
from simulation.demo.authority import Founding
from simulation.demo.changes import Changes
from simulation.demo.cutting import Cutting
from simulation.demo.errors import DemoFailed, DemoRefused, TimedOut
from simulation.demo.options import Options
from simulation.demo.scratch import folders
from simulation.demo.show import Lines, Picture, Show
from simulation.demo.startup import Startup, signs
from simulation.demo.watch import Watch
from simulation.neighbourhood import Scenario, plan
from simulation.neighbourhood.folders import Neighbourhood, build
from simulation.supervisor import GaveUp, Supervisor, ports
from simulation.world.spec import BEGINS, WorldError

BEAT = 0.2
"""Seconds between two looks at everything."""

BOOKS = 30.0
"""Seconds that the households get to write the last settlement into their own books, for the report."""


def demo(options: Options, stop: Stop) -> None:
    """Run the demo until it has what it was asked for, or is stopped.

    Raises:
        DemoFailed: it cannot start, or did not reach what was asked for.
    """
    began = time.monotonic()
    scenario = plan(
        options.households,
        seed=options.seed,
        day=options.day,
        period=options.period,
        first=options.first,
        cuttable=options.cut,
        newcomer=options.newcomer,
    )
    refuse_taken_ports(scenario)
    geth = processes.geth()
    processes.program()
    with folders(options.keep) as (folder, run):
        neighbourhood = build(scenario, folder, run, geth)
        introduce(neighbourhood, options)
        Demo(options, neighbourhood, stop, began).run()


def refuse_taken_ports(scenario: Scenario) -> None:
    """Look for what is in the way before anything starts.

    Raises:
        DemoRefused: an address is taken.
    """
    taken = ports.taken(processes.endpoints(scenario))
    if taken:
        more = f" and {len(taken) - 1} more" if len(taken) > 1 else ""
        raise DemoRefused(
            f"cannot listen on {taken[0]}{more}: is another demo running? End it, then try again"
        )


def introduce(neighbourhood: Neighbourhood, options: Options) -> None:
    """Say once where everything is."""
    for login in neighbourhood.logins:
        how = f"user {login.user}  password {login.password}"
        if login.setup_code:
            how = f"to be set up, in your browser  setup code {login.setup_code}"
        print(f"{login.household.capitalize():9} {login.url}  {how}")
    if neighbourhood.scenario.newcomer is not None:
        print(f"Its request to join is admitted, as its operator, by: {admitting(neighbourhood)}")
    kept = "kept" if options.keep is not None else "removed at the end"
    print(f"Files and logs: {neighbourhood.folder} ({kept}). Ctrl-C ends everything.", flush=True)


def admitting(neighbourhood: Neighbourhood) -> str:
    """The command by which the operator lets a new household in; its tokens come with it."""
    program = Path(sys.executable).with_name("commonwatt")
    authority = neighbourhood.folder.absolute() / "authority"
    words = {
        "rpc": f"http://{neighbourhood.scenario.members[0].address}:{RPC}",
        "keystore": authority / "key.json",
        "password-file": authority / "key.password",
        "manifest": neighbourhood.manifest.absolute(),
    }
    return f"{program} chain admit REQUEST " + " ".join(f"--{name} {value}" for name, value in words.items())


class Demo:
    """One run."""

    def __init__(self, options: Options, neighbourhood: Neighbourhood, stop: Stop, began: float) -> None:
        self.options = options
        self.neighbourhood = neighbourhood
        self.stop = stop
        self.began = began
        """Monotonic seconds."""
        self.supervisor = Supervisor()
        self.founding = Founding(neighbourhood, stop)
        self.startup = Startup(signs(neighbourhood))
        self.watch = Watch.over(neighbourhood)
        self.cutting = None if options.cut is None else Cutting(neighbourhood, options.cut, self.watch.world)
        self.changes = Changes(neighbourhood)
        self.milestones: dict[str, float] = {}

    def run(self) -> None:
        """Start everything, watch, report, and end everything whatever happens."""
        try:
            self._watched()
        except GaveUp as error:
            raise DemoFailed(f"{error} (its log: {self.neighbourhood.logs})") from error
        finally:
            self.stop.set()
            self.supervisor.stop()
            self.watch.close()
            self.changes.close()
            if self.cutting is not None:
                self.cutting.end()

    def _watched(self) -> None:
        """Start, and watch to the end; what came of it is reported, whatever that end is."""
        try:
            with self._show() as show:
                self._start()
                self._until_done(show)
        except DemoFailed:
            if self.options.report is not None and self.founding.manifest is not None:
                with suppress(DemoFailed):
                    self._write_report(self.options.report)
            raise
        if self.options.report is not None:
            self._write_report(self.options.report)

    def _show(self) -> Show:
        console = Console()
        return Lines() if self.options.headless or not console.is_terminal else Picture(console)

    def _start(self) -> None:
        """Everything at once: who needs another waits for it."""
        if self.cutting is not None:
            self.cutting.begin()
        self.supervisor.add(
            [processes.world(self.neighbourhood), *processes.of_households(self.neighbourhood)]
        )
        self.supervisor.step()
        self.founding.start()

    def _until_done(self, show: Show) -> None:
        while not self.stop.wait(BEAT):
            for line in self.supervisor.step():
                show.tell(self._elapsed(), line)
            self._milestones(show)
            for line in self.watch.look(self.supervisor, self.founding.manifest):
                show.tell(self._elapsed(), line)
            for line in self.changes.look(self.supervisor):
                show.tell(self._elapsed(), line)
            for line in self.cutting.look() if self.cutting is not None else ():
                show.tell(self._elapsed(), line)
            show.refresh(self.watch.rows, self._heading())
            if self._enough():
                return
            if self.options.trades is not None and self._elapsed() > self.options.patience:
                raise TimedOut(self._why_not())
        if self.options.trades is not None:
            raise DemoFailed(f"stopped after {len(self.watch.settled)} of {self.options.trades} trades")

    def _milestones(self, show: Show) -> None:
        """Note when what happened for the first time."""
        if self.founding.failure:
            raise DemoFailed(f"the neighbourhood was not founded: {self.founding.failure}")
        self.startup.look(self._elapsed())
        reached = {
            "first_block": self.founding.first_block is not None,
            "contracts_deployed": self.founding.manifest is not None,
            "everything_started": not self.startup.missing,
            "first_order": bool(self.watch.orders),
            "first_settled_trade": bool(self.watch.settled),
        }
        for name, true in reached.items():
            if true and name not in self.milestones:
                self.milestones[name] = round(self._elapsed(), 2)
                show.tell(self._elapsed(), name.replace("_", " "))

    def _enough(self) -> bool:
        """Whether so many trades are settled, and in the books of those who will be asked for a report."""
        wanted = self.options.trades
        if wanted is None or len(self.watch.settled) < wanted:
            return False
        self.milestones.setdefault("trades_settled", round(self._elapsed(), 2))
        waited = self._elapsed() - self.milestones["trades_settled"]
        return waited > BOOKS or gathering.booked(self.neighbourhood, self.watch.settled[:wanted])

    def _heading(self) -> str:
        wanted = self.options.trades
        goal = f" of {wanted}" if wanted is not None else ""
        clock = time_of_day(self.watch.truth["t"] if self.watch.truth else 0.0, self.options.day)
        settled = len(self.watch.settled)
        return f"Commonwatt – {clock} in the demo's day – {settled}{goal} trades settled"

    def _why_not(self) -> str:
        """Where everybody stands, in one line."""
        states = [
            f"{row.household} {row.state}" + (f" ({row.reason})" if row.reason else "")
            for row in self.watch.rows
        ]
        missing = f"; never ready: {', '.join(self.startup.missing)}" if self.startup.missing else ""
        return (
            f"{len(self.watch.settled)} of {self.options.trades} trades settled in "
            f"{self.options.patience:.0f} s: {'; '.join(states)}{missing}"
        )

    def _write_report(self, path: Path) -> None:
        try:
            report = gathering.report(self)
        except (ChainError, WorldError) as error:
            raise DemoFailed(f"no report: {error}") from error
        path.write_text(json.dumps(report, indent=2) + "\n")

    def _elapsed(self) -> float:
        return time.monotonic() - self.began


def time_of_day(t: float, day: float) -> str:
    """The clock in the demo's world, `t` seconds after it began."""
    minutes = int((BEGINS + t / day) % 1.0 * 1_440)
    return f"{minutes // 60:02}:{minutes % 60:02}"
