import pytest

from simulation.world import notes
from simulation.world.notes import Event, Flow, Note, Switching

FLOWS = [
    Flow(10.0, "a-b", 0.0, 0.0),
    Flow(11.0, "a-b", 50.0, 49.0),
    Flow(12.0, "a-b", 100.0, 98.0),
    Flow(20.0, "a-b", 100.0, 98.0),
    Flow(21.0, "a-b", 130.0, 127.0),
]


@pytest.mark.parametrize(
    ("start", "end", "delivered", "received"),
    [
        (0, 30, 130, 127),
        (10.5, 11.5, 50, 49),
        (12, 20, 0, 0),
        (15, 20.5, 15, 14.5),
        (40, 50, 0, 0),
    ],
)
def test_energy_between_two_moments(start: float, end: float, delivered: float, received: float) -> None:
    assert notes.energy(FLOWS, start, end) == pytest.approx((delivered, received))


def test_notes_survive_being_written_and_a_torn_line() -> None:
    written: list[Note] = [
        Switching(1.0, "birch.tie-11", True, 5.0, 4.0),
        Event(2.0, "outage", "birch", 0.2, "why"),
        Flow(3.0, "a-b", 1.0, 0.9),
    ]
    lines = [notes.write(note) for note in written]
    assert notes.read([*lines, lines[0][:20]], until=10) == written
    assert notes.read(lines, until=2.5) == written[:2]
