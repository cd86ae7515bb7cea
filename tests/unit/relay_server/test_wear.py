from __future__ import annotations

from relay_server.acts import HOME
from relay_server.wear import lives, wear
from tests.unit.relay_server.bench import FEED, SECOND_TIE, SETTINGS, TIE


def test_every_contact_is_held_against_its_makers_word() -> None:
    used = {each.contact: each for each in wear(lives(SETTINGS), {HOME: 50_000, TIE: 80_000, 99: 7})}
    assert list(used) == [HOME, FEED, TIE, SECOND_TIE]
    assert used[HOME].used == 0.5
    assert not used[HOME].worn
    assert used[TIE].worn
    assert used[FEED].operations == 0
