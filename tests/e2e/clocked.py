"""`python -m tests.e2e.clocked HOUSEHOLD FILE …`: the demo, one household's wall clock being what FILE says.

FILE holds what libfaketime reads: "+0", "+3600", "-3600" seconds. Only the wall clock of our own processes is
moved: not the monotonic clocks, and not geth's, which asks the kernel without a library between.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

from simulation.cli import demo
from simulation.demo import processes
from simulation.neighbourhood.folders import Neighbourhood
from simulation.neighbourhood.scenario import Member
from simulation.supervisor import Command

PLACES = ("/usr/lib", "/usr/local/lib")


def library() -> Path | None:
    """Libfaketime for programs with threads, if it is installed."""
    return next((found for place in PLACES for found in Path(place).rglob("libfaketimeMT.so.1")), None)


def main(household: str, file: str, *arguments: str) -> None:
    """Run the demo so."""
    faked = {
        "LD_PRELOAD": str(library()),
        "FAKETIME_TIMESTAMP_FILE": file,
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }
    plain = processes.command

    def command(neighbourhood: Neighbourhood, member: Member, process: str) -> Command:
        found = plain(neighbourhood, member, process)
        return replace(found, environment=faked) if member.name == household else found

    processes.command = command
    demo(args=arguments)


if __name__ == "__main__":
    main(*sys.argv[1:])
