"""Whether to stay at home for a while after a supply, so that no contact flaps. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from node.client_interaction.situation import Situation
from quantities import SoC

if TYPE_CHECKING:
    from node.client_interaction.settings import TradingSettings


def rests(s: Situation, soc: SoC, trading: TradingSettings) -> bool:
    """Whether the last supply ended less than `trading.dwell` ago, and the battery can wait.

    Below `trading.urgent` it cannot. A clock that was set back to before the last supply ends the wait.
    """
    if s.came_home is None or soc < trading.urgent:
        return False
    return 0 <= s.wall - s.came_home < trading.dwell
