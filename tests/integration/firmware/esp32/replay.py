"""Plays a record of turns and lines to the board's core: the same source for CPython and MicroPython."""

from pathboard.node import Node
from pathboard.settings import Settings


def replay(settings: str, start: int, steps: list[list]) -> list[str]:  # type: ignore[type-arg]
    """Answers what the core said and did, step by step."""
    node = Node(Settings(settings), start, 7)
    sessions: list = []  # type: ignore[type-arg]
    seen = []
    for step in steps:
        if step[0] == "turn":
            node.turn(step[1], step[2], step[3], step[4], step[5])
        elif step[0] == "connect":
            sessions.append(node.session(bytes.fromhex(step[1])))
        else:
            seen.append(node.answer(sessions[step[1]], bytes.fromhex(step[2])).decode())
        seen.append(f"{node.outputs} {node.status()}")
    return seen
