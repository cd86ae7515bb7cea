"""What processes take of the host's memory, from /proc."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

PROC = Path("/proc")


@dataclass(frozen=True, kw_only=True)
class Memory:
    """Of one process, or of one and its children, in KiB."""

    rss: int
    """Resident: shared pages counted in full."""

    pss: int
    """Proportional: each shared page divided by those that share it."""

    def __add__(self, other: Memory) -> Memory:
        return Memory(rss=self.rss + other.rss, pss=self.pss + other.pss)


NOTHING = Memory(rss=0, pss=0)


def of(pid: int) -> Memory:
    """One process's memory; nothing when it is gone."""
    try:
        lines = (PROC / str(pid) / "smaps_rollup").read_text().splitlines()[1:]
    except OSError:
        return NOTHING
    sizes = {line.split(":")[0]: int(line.split()[1]) for line in lines}
    return Memory(rss=sizes.get("Rss", 0), pss=sizes.get("Pss", 0))


def group(pid: int) -> dict[str, Memory]:
    """The memory of a process and all its descendants, by program name."""
    found: dict[str, Memory] = {}
    for member in (pid, *descendants(pid)):
        name = program(member)
        if name:
            found[name] = found.get(name, NOTHING) + of(member)
    return found


def program(pid: int) -> str:
    """The short name of a process's program: "geth", or "python" for anything that Python runs."""
    try:
        path = (PROC / str(pid) / "exe").readlink()
    except OSError:
        return ""
    return "python" if path.name.startswith("python") else path.name.split("-")[0]


def descendants(pid: int) -> list[int]:
    """All children of a process, and theirs."""
    try:
        text = (PROC / str(pid) / "task" / str(pid) / "children").read_text()
    except OSError:
        return []
    children = [int(child) for child in text.split()]
    return children + [further for child in children for further in descendants(child)]
