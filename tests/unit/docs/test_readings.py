"""docs/readings.md has the defaults of the settings, the numbers of the code, and commands that exist."""

from __future__ import annotations

import re
from pathlib import Path

from node.cli import run
from node.databases import WRITERS
from node.logger.recorder import FORGET_EVERY
from node.readings.interface import STEP_ROWS
from node.readings.retention import LATE
from node.readings.settings import ReadingsSettings

TEXT = (Path(__file__).parents[3] / "docs" / "readings.md").read_text()


def test_the_times_are_the_defaults() -> None:
    settings = ReadingsSettings()
    kept = settings.keep_rollups
    told = re.findall(r"\| `readings\.([a-z_.]+)` \| ([\w ]+) \|", TEXT)
    assert told == [
        ("keep_days", str(settings.keep_days)),
        ("keep_rollups.minutes", str(kept.minutes)),
        ("keep_rollups.quarters", str(kept.quarters)),
        ("keep_rollups.days", "for ever" if kept.days is None else str(kept.days)),
    ]


def test_the_steps_are_those_of_the_logger() -> None:
    assert (FORGET_EVERY, LATE) == (2.0, 3_600_000)
    assert f"{STEP_ROWS:,} rows every two seconds" in TEXT
    assert "from an hour past midnight UTC" in TEXT


def test_every_database_is_named() -> None:
    assert all(f"`{name}`" in TEXT for name in WRITERS)


def test_its_commands_exist() -> None:
    commands = set(re.findall(r"commonwatt ((?:store|readings|key|chain) [a-z]+|doctor)", TEXT))
    assert {"store backup", "store check", "store restore", "store move"} <= commands
    for command in commands:
        assert run([*command.split(), "--help"]) == 0
